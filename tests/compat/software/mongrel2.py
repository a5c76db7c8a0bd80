#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""mongrel2: a web server whose pages are made by handlers at PUSH and SUB."""

import http.client
import json
import subprocess
import threading

import software

software.need(['mongrel2', 'm2sh'], ['zmq'])
import zmq  # noqa: E402

CONFIG = '''
pages = Handler(send_spec='tcp://127.0.0.1:{send}', send_ident='pages',
                recv_spec='tcp://127.0.0.1:{recv}', recv_ident='')
main = Server(uuid='main', access_log='/access.log', error_log='/error.log',
              chroot='{folder}', default_host='localhost', name='main',
              pid_file='/mongrel2.pid', bind_addr='127.0.0.1', port={port},
              hosts=[Host(name='localhost', routes={{'/': pages}})])
settings = {{'zeromq.threads': 1, 'server.daemonize': 0, 'control_port': 'ipc://control'}}
servers = [main]
'''


def netstring(data):
    return b'%d:%s,' % (len(data), data)


def handle(requests, replies):
    """A handler: each page says what was asked for."""
    while True:
        message = requests.recv()
        sender, connection, path, rest = message.split(b' ', 3)
        size, rest = rest.split(b':', 1)
        headers = json.loads(rest[:int(size)])
        size, rest = rest[int(size) + 1:].split(b':', 1)
        body = rest[:int(size)]
        if headers['METHOD'] == 'JSON':
            continue  # somebody went
        if path == b'/end':
            return
        page = (b'%s %s %d ' % (headers['METHOD'].encode(), path, len(body))
                + body[:20])
        replies.send(b'%s %s HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s'
                     % (sender, netstring(connection), len(page), page))


def main():
    folder = software.enter_folder()
    ports = {name: software.free_port() for name in ('send', 'recv', 'port')}
    (folder / 'mongrel2.conf').write_text(CONFIG.format(folder=folder,
                                                        **ports))
    subprocess.run(['m2sh', 'load', '-config', 'mongrel2.conf', '-db',
                    'config.sqlite'], check=True, stdout=subprocess.DEVNULL)
    server = software.start(['mongrel2', 'config.sqlite', 'main'])
    software.await_that('mongrel2', lambda: software.listens(ports['port']))
    software.print_library(server.pid)

    context = zmq.Context()
    requests = context.socket(zmq.PULL)
    requests.connect(f'tcp://127.0.0.1:{ports["send"]}')
    replies = context.socket(zmq.PUB)
    # A reply before mongrel2 has subscribed would be lost.
    monitor = replies.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    replies.connect(f'tcp://127.0.0.1:{ports["recv"]}')
    assert monitor.poll(software.DEADLINE * 1000)
    handler = threading.Thread(target=handle, args=(requests, replies))
    handler.start()

    print('== mongrel2: pages of a handler')
    client = http.client.HTTPConnection('127.0.0.1', ports['port'],
                                        timeout=software.DEADLINE)
    for path, body in [('/', None), ('/some/page', None), ('/form', b'text'),
                       ('/large', b'x' * 60000)]:
        client.request('POST' if body else 'GET', path, body)
        response = client.getresponse()
        print(response.status, response.read().decode())

    print('== mongrel2: many at once')
    clients = [http.client.HTTPConnection('127.0.0.1', ports['port'],
                                          timeout=software.DEADLINE)
               for i in range(20)]
    for n in range(10):
        for i, client in enumerate(clients):
            client.request('GET', f'/{n}/{i}')
        for client in reversed(clients):
            page = client.getresponse().read().decode()
            if n == 9:
                print(page)

    print('== mongrel2: its control port')
    control = context.socket(zmq.REQ)
    control.connect(f'ipc://{folder}/control')
    control.send(b'26:6:status,13:4:what,3:net,}]')
    assert control.poll(software.DEADLINE * 1000)
    print('an answer' if b'headers' in control.recv() else 'something else')

    clients[0].request('GET', '/end')
    handler.join(software.DEADLINE)
    print('the handler ended' if not handler.is_alive() else 'it goes on')
    context.destroy(linger=0)


main()
