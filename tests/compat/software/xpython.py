#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""xpython: a kernel of Jupyter, which a notebook talks to by five sockets."""

import hashlib
import hmac
import json
import uuid

import software

software.leave_out('xpython')
software.need(['xpython'], ['zmq', 'jedi'])
import zmq  # noqa: E402

KEY = b'key'
CHANNELS = {'shell': zmq.DEALER, 'control': zmq.DEALER, 'stdin': zmq.DEALER,
            'iopub': zmq.SUB, 'hb': zmq.REQ}


class Client:
    def __init__(self, ports):
        self.context = zmq.Context()
        for name, kind in CHANNELS.items():
            socket = self.context.socket(kind)
            socket.setsockopt(zmq.RCVTIMEO, software.DEADLINE * 1000)
            if kind == zmq.DEALER:
                socket.setsockopt(zmq.IDENTITY, b'client')
            if kind == zmq.SUB:
                socket.setsockopt(zmq.SUBSCRIBE, b'')
            socket.connect(f'tcp://127.0.0.1:{ports[name + "_port"]}')
            setattr(self, name, socket)

    def send(self, socket, kind, parent=None, **content):
        header = {'msg_id': uuid.uuid4().hex, 'session': 'client',
                  'username': 'user', 'date': '2026-01-01T00:00:00.000000Z',
                  'msg_type': kind, 'version': '5.3'}
        frames = [json.dumps(part).encode()
                  for part in (header, parent or {}, {}, content)]
        signature = hmac.new(KEY, b''.join(frames), hashlib.sha256)
        socket.send_multipart([b'<IDS|MSG>', signature.hexdigest().encode(),
                               *frames])
        return header['msg_id']

    def receive(self, socket):
        """Its header, what it is an answer to, and its content."""
        frames = socket.recv_multipart()
        start = frames.index(b'<IDS|MSG>')
        header, parent, _, content = map(json.loads, frames[start + 2:
                                                            start + 6])
        return header, parent.get('msg_id'), content

    def reply(self, socket, request):
        while True:
            header, parent, content = self.receive(socket)
            if parent == request:
                return header['msg_type'], content

    def published(self, request):
        """What is published about a request, until all is done."""
        while True:
            header, parent, content = self.receive(self.iopub)
            if parent != request:
                continue
            yield header['msg_type'], content
            if content.get('execution_state') == 'idle':
                return


def execute(client, code, **options):
    request = client.send(client.shell, 'execute_request', code=code,
                          silent=False, store_history=True,
                          user_expressions={}, allow_stdin=True,
                          stop_on_error=True, **options)
    return request


def print_run(client, request):
    for kind, content in client.published(request):
        if kind == 'stream':
            print(kind, content['name'], repr(content['text'])[:60])
        elif kind == 'execute_result':
            print(kind, content['data']['text/plain'][:60])
        elif kind == 'error':
            print(kind, content['ename'], content['evalue'])
        else:
            print(kind, content.get('execution_state', ''))
    kind, content = client.reply(client.shell, request)
    print(kind, content['status'])


def main():
    folder = software.enter_folder()
    ports = {name + '_port': software.free_port() for name in CHANNELS}
    (folder / 'connection.json').write_text(json.dumps(dict(
        ports, transport='tcp', ip='127.0.0.1', key=KEY.decode(),
        signature_scheme='hmac-sha256', kernel_name='xpython')))
    kernel = software.start(['xpython', '--raw', '-f',
                             'connection.json'])
    client = Client(ports)

    print('== xpython: there')
    request = client.send(client.shell, 'kernel_info_request')
    kind, content = client.reply(client.shell, request)
    print(kind, content['implementation'], content['language_info']['name'])
    software.print_library(kernel.pid)
    client.hb.send(b'alive?')
    print(client.hb.recv())
    # What is published before the subscription came is lost: so again.
    client.iopub.setsockopt(zmq.RCVTIMEO, 1000)

    def is_subscribed():
        client.send(client.shell, 'kernel_info_request')
        try:
            return client.iopub.recv_multipart()
        except zmq.Again:
            return None
    software.await_that('the subscription', is_subscribed)
    client.iopub.setsockopt(zmq.RCVTIMEO, software.DEADLINE * 1000)

    print('== xpython: runs code')
    print_run(client, execute(client, 'print(6 * 7)'))
    print_run(client, execute(client, '[n * n for n in range(10)]'))
    print_run(client, execute(client, 'no_such_name'))
    print_run(client, execute(client, 'len("long" * 1000000)'))

    print('== xpython: many requests at once')
    requests = [execute(client, f'{n} + {n}') for n in range(30)]
    for request in requests:
        kind, content = client.reply(client.shell, request)
        print(content['status'])

    print('== xpython: asks back')
    request = execute(client, 'print("it is", input("what? "))')
    header, parent, content = client.receive(client.stdin)
    print(header['msg_type'], content['prompt'])
    client.send(client.stdin, 'input_reply', header, value='this')
    print_run(client, request)

    print('== xpython: ends')
    request = client.send(client.control, 'shutdown_request', restart=False)
    kind, content = client.reply(client.control, request)
    print(kind, content['restart'])
    print(kernel.wait(software.DEADLINE))
    client.context.destroy(linger=0)


main()
