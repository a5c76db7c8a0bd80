#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""pushpin: a proxy of HTTP, of which four programs (condure, pushpin-proxy,
pushpin-handler and zurl) talk by PUSH, ROUTER, PUB, DEALER and REP."""

import http.client
import http.server
import json
import socket
import threading

import software

software.need(['condure', 'pushpin-proxy', 'pushpin-handler', 'pushpin-publish',
               'zurl'], ['zmq'])
import zmq  # noqa: E402

PUSHPIN = '''[global]
rundir={folder}
ipc_prefix=

[proxy]
routesfile=routes
updates_check=off
sig_key=key
condure_in_specs=ipc://{folder}/client-out
condure_in_stream_specs=ipc://{folder}/client-out-stream
condure_out_specs=ipc://{folder}/client-in
zurl_out_specs=ipc://{folder}/zurl-in
zurl_out_stream_specs=ipc://{folder}/zurl-in-stream
zurl_in_specs=ipc://{folder}/zurl-out
handler_inspect_spec=ipc://{folder}/inspect
handler_accept_spec=ipc://{folder}/accept
handler_retry_in_spec=ipc://{folder}/retry
stats_spec=ipc://{folder}/proxy-stats
command_spec=ipc://{folder}/proxy-command
intreq_in_specs=ipc://{folder}/intreq-in
intreq_in_stream_specs=ipc://{folder}/intreq-in-stream
intreq_out_specs=ipc://{folder}/intreq-out

[handler]
proxy_inspect_spec=ipc://{folder}/inspect
proxy_accept_spec=ipc://{folder}/accept
proxy_retry_out_spec=ipc://{folder}/retry
proxy_stats_spec=ipc://{folder}/proxy-stats
proxy_command_spec=ipc://{folder}/proxy-command
condure_in_stream_specs=ipc://{folder}/client-out-stream
condure_out_specs=ipc://{folder}/client-in
m2a_in_stream_specs=ipc://{folder}/unused-out-stream
m2a_out_specs=ipc://{folder}/unused-in
proxy_intreq_out_specs=ipc://{folder}/intreq-in
proxy_intreq_out_stream_specs=ipc://{folder}/intreq-in-stream
proxy_intreq_in_specs=ipc://{folder}/intreq-out
push_in_spec=ipc://{folder}/push
push_in_sub_specs=ipc://{folder}/push-sub
command_spec=ipc://{folder}/command
message_rate=2500
message_hwm=25000
'''
ZURL = '''[General]
instance_id=zurl
in_spec=ipc://{folder}/zurl-in
in_stream_spec=ipc://{folder}/zurl-in-stream
out_spec=ipc://{folder}/zurl-out
in_req_spec=
defpolicy=allow
max_open_requests=100
buffer_size=200000
timeout=60
in_hwm=1000
out_hwm=1000
'''


# Times five is less than what a client takes without credit: with libzmq, too,
# a page that waits for credit stalls now and then for ever on a busy machine.
LARGE = 1000


class Pages(http.server.BaseHTTPRequestHandler):
    """The site behind the proxy, which signs what it passes on."""

    def answer(self, code, page, **headers):
        signed = 'signed' if 'Grip-Sig' in self.headers else 'not signed'
        self.send_response(code)
        for name, value in {'From': signed, **headers}.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_GET(self):
        _, kind, *rest = self.path.split('/')
        if kind in ('stream', 'response'):
            self.answer(200, b'first\n', Content_Type='text/plain',
                        Grip_Hold=kind, Grip_Channel=', '.join(rest))
        elif kind == 'large':
            self.answer(200, b'large' * LARGE)
        else:
            self.answer(200, b'page ' + self.path.encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.answer(201, body.upper())

    def log_message(self, *arguments):
        pass


class Site(http.server.ThreadingHTTPServer):
    # The default is five, and all others try again after seconds.
    request_queue_size = 128


class Client(http.client.HTTPConnection):
    """Of a proxy that listens at a path: there is no port that another takes."""

    path = 'server'

    def __init__(self, timeout=software.DEADLINE):
        super().__init__('localhost', timeout=timeout)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def get(path, timeout=software.DEADLINE):
    client = Client(timeout)
    client.request('GET', path)
    return client.getresponse()


def passes(path):
    """Whether an answer comes by now: it is lost where a publisher does not
    know its subscriber yet."""
    try:
        return get(path, timeout=1).status == 200
    except OSError:
        return False


def item(channel, **formats):
    return b'J' + json.dumps({'channel': channel, 'formats': formats}).encode()


def start_programs(folder, port):
    (folder / 'pushpin.conf').write_text(PUSHPIN.format(folder=folder))
    (folder / 'zurl.conf').write_text(ZURL.format(folder=folder))
    (folder / 'routes').write_text(f'* 127.0.0.1:{port}\n')
    programs = {
        'condure': ['--listen', 'server,stream,local',
                    '--zclient-stream', f'ipc://{folder}/client'],
        'zurl': ['--config=zurl.conf'],
        'pushpin-proxy': ['--config=pushpin.conf'],
        'pushpin-handler': ['--config=pushpin.conf'],
    }
    programs = {name: software.start([name, *arguments])
                for name, arguments in programs.items()}
    for name in ('server', 'zurl-in', 'proxy-command', 'command'):
        software.await_that(name, (folder / name).exists)
    software.await_that('a page', lambda: passes('/ready'))
    software.await_that('a stream', lambda: passes('/stream/ready'))
    return programs


def main():
    folder = software.enter_folder()
    site = Site(('127.0.0.1', 0), Pages)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    programs = start_programs(folder, site.server_address[1])
    for process in programs.values():
        software.print_library(process.pid)

    print('== pushpin: pages')
    client = Client()
    for method, path, body in [('GET', '/', None), ('GET', '/some/page', None),
                               ('POST', '/form', b'some text'),
                               ('POST', '/form', b'large' * LARGE)]:
        client.request(method, path, body)
        response = client.getresponse()
        page = response.read().decode()
        print(response.status, response.reason, response.headers['From'],
              len(page), page[:20])
    print(len(get('/large').read()))

    print('== pushpin: many at once')
    clients = [Client() for i in range(20)]
    for n in range(5):
        for i, client in enumerate(clients):
            client.request('GET', f'/{n}/{i}')
        for client in reversed(clients):
            print(client.getresponse().read().decode())

    # The handler subscribes to what its clients want, so that one can wait
    # for that.
    context = zmq.Context()
    publisher = context.socket(zmq.XPUB)
    publisher.setsockopt(zmq.RCVTIMEO, software.DEADLINE * 1000)
    publisher.connect(f'ipc://{folder}/push-sub')

    def await_subscriptions(*channels):
        waiting = {b'\1' + channel.encode() for channel in channels}
        while waiting:
            waiting.discard(publisher.recv())

    print('== pushpin: responses that wait')
    channels = [f'channel-{i}' for i in range(20)]
    for client, channel in zip(clients, channels):
        client.request('GET', f'/response/{channel}')
    await_subscriptions(*channels)
    for channel in reversed(channels):
        answer = {'code': 202, 'body': f'for {channel}\n'}
        publisher.send_multipart([channel.encode(),
                                  item(channel, **{'http-response': answer})])
    for client in clients:
        response = client.getresponse()
        print(response.status, response.read().decode(), end='')

    print('== pushpin: streams')
    streams = [get(f'/stream/news/stream-{i}') for i in range(5)]
    for stream in streams:
        print(stream.status, stream.readline().decode(), end='')
    await_subscriptions(*(f'stream-{i}' for i in range(5)))
    push = context.socket(zmq.PUSH)
    push.connect(f'ipc://{folder}/push')
    for i in range(100):
        news = item('news', **{'http-stream': {'content': f'news {i}\n'}})
        push.send(news)
    for stream in streams:
        print(*(stream.readline().decode() for i in range(100)), sep='')
    publish = software.start(['pushpin-publish', '--spec',
                              f'ipc://{folder}/push', '--no-seq', 'news',
                              'news of a program'])
    for stream in streams:
        print(stream.readline().decode(), end='')
    print('pushpin-publish: ended with', publish.wait(software.DEADLINE))
    push.send(item('news', **{'http-stream': {'action': 'close'}}))
    for stream in streams:
        print(stream.read())

    print('== pushpin: ends')
    for name, process in programs.items():
        software.end(process, name)
    context.destroy(linger=0)


main()
