#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""rsyslog: two of it, by the modules that it has for czmq.  One takes what
programs log, and sends that by PUSH and DEALER to the other, which writes it
down, and by PUB to whom it may concern."""

import socket

import software

RSYSLOGD = '/usr/sbin/rsyslogd'
software.need(modules=['zmq'], files=[RSYSLOGD])
import zmq  # noqa: E402

SENDER = '''
module(load="imuxsock" SysSock.Use="off")
module(load="omczmq")
template(name="line" type="string" string="%syslogtag%%msg%")
template(name="topic" type="string" string="%programname%")
input(type="imuxsock" Socket="{folder}/log" CreatePath="off"
      RateLimit.Interval="0")
action(type="omczmq" name="push" endpoints=">ipc://{folder}/pull"
       socktype="PUSH" template="line")
action(type="omczmq" name="dealer" endpoints=">ipc://{folder}/router"
       socktype="DEALER" template="line")
action(type="omczmq" name="pub" endpoints="@ipc://{folder}/pub"
       socktype="PUB" topics="topic" dynatopic="on" topicframe="on"
       template="line")
'''
RECEIVER = '''
module(load="imczmq")
template(name="line" type="string" string="%rawmsg%\\n")
ruleset(name="pull") {{
  action(type="omfile" file="{folder}/pulled" template="line")
}}
ruleset(name="router") {{
  action(type="omfile" file="{folder}/routed" template="line")
}}
input(type="imczmq" endpoints="@ipc://{folder}/pull" socktype="PULL"
      ruleset="pull")
input(type="imczmq" endpoints="@ipc://{folder}/router" socktype="ROUTER"
      ruleset="router")
'''


def start(folder, name, config):
    (folder / f'{name}.conf').write_text(config.format(folder=folder))
    return software.start([RSYSLOGD, '-n', '-f', f'{folder}/{name}.conf',
                           '-i', f'{folder}/{name}.pid'])


def main():
    folder = software.enter_folder()
    receiver = start(folder, 'receiver', RECEIVER)
    for name in ('pull', 'router'):
        software.await_that(name, (folder / name).exists)
    sender = start(folder, 'sender', SENDER)
    software.await_that('log', (folder / 'log').exists)
    programs = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    programs.connect(str(folder / 'log'))

    def log(program, text):
        programs.send(f'<14>Jan  1 00:00:00 {program}: {text}'.encode())

    # A frame is a line to it: what tells who sent a message is one, too, but
    # begins with a zero, which ends a line.
    def lines_of(name):
        path = folder / name
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if line and 'ready' not in line]

    def await_line(name, line):
        software.await_that(f'{name}: {line}', lambda: line in lines_of(name))

    # What is published before the subscriptions came is lost.
    context = zmq.Context()
    sub = context.socket(zmq.SUB)
    sub.setsockopt(zmq.RCVTIMEO, software.DEADLINE * 1000)
    sub.setsockopt(zmq.SUBSCRIBE, b'even')
    sub.setsockopt(zmq.SUBSCRIBE, b'ready')
    sub.connect(f'ipc://{folder}/pub')

    def passes():
        log('ready', 'text')
        return sub.poll(100)
    software.await_that('a first line', passes)
    software.print_library(receiver.pid)
    software.print_library(sender.pid)

    for i in range(500):
        log('even' if i % 2 == 0 else 'odd', f'line {i}')

    print('== rsyslog: PUSH and PULL')
    await_line('pulled', 'odd: line 499')
    print(*lines_of('pulled'), sep='\n')

    print('== rsyslog: DEALER and ROUTER')
    await_line('routed', 'odd: line 499')
    print(*lines_of('routed'), sep='\n')

    print('== rsyslog: PUB and SUB')
    published = None
    while published != b'even: line 498':
        topic, published = sub.recv_multipart()
        if topic != b'ready':
            print(topic, published)

    print('== rsyslog: DEALER of another')
    dealer = context.socket(zmq.DEALER)
    dealer.connect(f'ipc://{folder}/router')
    dealer.send(b'a line')
    dealer.send(b'x' * 5000)
    dealer.send(b'a last line')
    await_line('routed', 'a last line')
    print(*lines_of('routed')[-3:], sep='\n')

    print('== rsyslog: ends')
    # Not of the receiver: its module frees what is not its own, with libzmq, too.
    software.end(sender, 'sender')
    context.destroy(linger=0)


main()
