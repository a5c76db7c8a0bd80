#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""zurl: a client of HTTP that is asked by REQ, or by PUSH, ROUTER and SUB."""

import http.server
import json
import threading

import software

software.need(['zurl'], ['zmq'])
import zmq  # noqa: E402

CONFIG = '''[General]
instance_id=zurl
in_spec=ipc://{folder}/in
in_stream_spec=ipc://{folder}/in-stream
out_spec=ipc://{folder}/out
in_req_spec=ipc://{folder}/req
ipc_file_mode=600
defpolicy=allow
allow=
deny=10.*
max_open_requests=100
buffer_size=200000
timeout=60
in_hwm=1000
out_hwm=1000
'''


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = b'page ' + self.path.encode() if self.path != '/large' \
            else b'large' * 100000
        self.send_response(200)
        self.send_header('Content-Length', str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(201, 'Made')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.upper())

    def log_message(self, *arguments):
        pass


class Site(http.server.ThreadingHTTPServer):
    # The default is five, and all others try again after seconds.
    request_queue_size = 128


def ask(socket, **request):
    socket.send(b'J' + json.dumps(request).encode())
    assert socket.poll(software.DEADLINE * 1000)
    return json.loads(socket.recv()[1:])


def main():
    folder = software.enter_folder()
    (folder / 'zurl.conf').write_text(CONFIG.format(folder=folder))
    pages = Site(('127.0.0.1', 0), Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    site = f'http://127.0.0.1:{pages.server_address[1]}'
    server = software.start(['zurl', f'--config={folder}/zurl.conf'])
    software.await_that('zurl', (folder / 'req').exists)
    software.print_library(server.pid)

    context = zmq.Context()
    print('== zurl: requests by REQ')
    req = context.socket(zmq.REQ)
    req.connect(f'ipc://{folder}/req')
    for path in ('/', '/other'):
        answer = ask(req, method='GET', uri=site + path)
        print(answer['code'], answer['reason'], answer['body'])
    answer = ask(req, method='POST', uri=site + '/', body='some text')
    print(answer['code'], answer['reason'], answer['body'])
    answer = ask(req, method='GET', uri='http://10.0.0.1/')
    print(answer['type'], answer['condition'])
    answer = ask(req, method='GET', uri='http://127.0.0.1:1/')
    print(answer['type'], answer['condition'])

    print('== zurl: requests by DEALER, many at once')
    dealer = context.socket(zmq.DEALER)
    dealer.connect(f'ipc://{folder}/req')
    for i in range(50):
        request = {'id': str(i), 'method': 'GET', 'uri': f'{site}/{i}'}
        dealer.send_multipart([b'', b'J' + json.dumps(request).encode()])
    answers = {}
    for i in range(50):
        assert dealer.poll(software.DEADLINE * 1000)
        answer = json.loads(dealer.recv_multipart()[1][1:])
        answers[int(answer['id'])] = answer['body']
    print(*(answers[i] for i in range(50)), sep='\n')

    print('== zurl: a stream')
    push = context.socket(zmq.PUSH)
    push.connect(f'ipc://{folder}/in')
    stream = context.socket(zmq.ROUTER)
    stream.setsockopt(zmq.ROUTER_MANDATORY, 1)
    stream.connect(f'ipc://{folder}/in-stream')
    sub = context.socket(zmq.SUB)
    sub.setsockopt(zmq.SUBSCRIBE, b'client ')
    sub.connect(f'ipc://{folder}/out')

    def answers_of(name, timeout):
        """The parts of an answer; what else is told of it has a type."""
        while sub.poll(timeout):
            answer = json.loads(sub.recv()[len('client J'):])
            if answer['id'] == name and answer.get('type') == 'error':
                return
            if answer['id'] == name and 'type' not in answer:
                timeout = software.DEADLINE * 1000
                yield answer

    # What is published before the subscription came is lost: so again, until
    # there is the first part.
    def begin():
        request = {'from': 'client', 'id': f'id-{begin.n}', 'seq': 0,
                   'method': 'GET', 'uri': site + '/large', 'stream': True,
                   'credits': 10000}
        begin.n += 1
        push.send(b'J' + json.dumps(request).encode())
        answers = answers_of(request['id'], 2000)
        return next(((answer, answers) for answer in answers
                     if 'code' in answer), None)
    begin.n = 0
    answer, answers = software.await_that('the stream', begin)
    print(answer['code'], answer['reason'])
    n = len(answer.get('body', ''))
    sequence = 0
    while answer.get('more'):
        if answer.get('body'):
            sequence += 1
            credit = {'from': 'client', 'id': answer['id'], 'seq': sequence,
                      'type': 'credit', 'credits': len(answer['body'])}
            stream.send_multipart([b'zurl', b'', b'J' +
                                   json.dumps(credit).encode()])
        answer = next(answers)
        n += len(answer.get('body', ''))
    print(n)

    software.end(server, 'zurl')
    context.destroy(linger=0)


main()
