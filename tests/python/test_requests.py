# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors

import threading

from zmqgtest import TestCase, inproc, main
from gi.repository import Gio, GLib, Zmqg

URIS = [None, 'tcp://127.0.0.1:*', 'ipc://*']


class Requests(TestCase):
    def pair(self, uri=None, mode=Zmqg.EngineMode.THREADS):
        context = Zmqg.Context(engine_mode=mode)
        return self.connected(Zmqg.RepSocket, Zmqg.ReqSocket, uri, context)

    def ask(self, req, word, ends, timeout=20000, cancellable=None):
        def end(socket, result):
            try:
                ends.append((word, socket.request_finish(result).get_string(0)))
            except GLib.Error as error:
                ends.append((word, error))

        req.request_async(Zmqg.Message.new_string(word), timeout, cancellable, end)

    def test_any_order(self):
        for mode in (Zmqg.EngineMode.THREADS, Zmqg.EngineMode.MAIN_CONTEXT):
            for uri in URIS:
                with self.subTest(mode=mode, uri=uri):
                    rep, req = self.pair(uri or inproc(), mode)
                    in_service, ends = [], []
                    rep.connect('request', lambda socket, request: in_service.append(request))
                    for word in 'abcd':
                        self.ask(req, word, ends)
                    self.until(lambda: len(in_service) == 4)
                    for request in reversed(in_service):
                        self.assertTrue(request.reply_string(
                            request.get_message().get_string(0).upper()))
                    self.until(lambda: len(ends) == 4)
                    self.assertEqual(ends, [('d', 'D'), ('c', 'C'), ('b', 'B'), ('a', 'A')])

    def test_ends(self):
        rep, req = self.pair('tcp://127.0.0.1:*')
        in_service, ends = [], []
        cancellable = Gio.Cancellable()
        rep.connect('request', lambda socket, request: in_service.append(request))
        self.ask(req, 'late', ends, 5)
        self.until(lambda: len(ends) == 1)
        self.assertTrue(ends[0][1].matches(Zmqg.Error.quark(), Zmqg.Error.TIMED_OUT))
        self.ask(req, 'cancelled', ends, -1, cancellable)
        cancellable.cancel()
        self.until(lambda: len(ends) == 2)
        self.assertTrue(ends[1][1].matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))

        self.ask(req, 'replied', ends)
        self.until(lambda: any(r.props.message.get_string(0) == 'replied' for r in in_service))
        for request in in_service:
            request.reply_data(b'data')
        self.until(lambda: len(ends) == 3)
        self.assertEqual(ends[2], ('replied', 'data'))
        with self.assertZmqgError(Zmqg.Error.STATE):
            in_service[0].reply_string('twice')

        self.ask(req, 'open', ends, -1)
        in_service.clear()
        self.until(lambda: in_service)
        self.assertEqual(in_service[0].get_peer().get_socket_type(), 'REQ')
        req.close()
        self.until(lambda: len(ends) == 4)
        self.assertTrue(ends[3][1].matches(Zmqg.Error.quark(), Zmqg.Error.CLOSED))
        rep.close()
        with self.assertZmqgError(Zmqg.Error.CLOSED):
            in_service[0].reply_bytes(GLib.Bytes.new(b'x'))

    def test_threads(self):
        rep, req = self.pair('tcp://127.0.0.1:*')
        replies = []

        def work(request):
            request.reply_string('re: ' + request.get_message().get_string(0))

        rep.connect('request', lambda socket, request:
                    threading.Thread(target=work, args=(request,)).start())

        def ask(number):
            for i in range(10):
                word = f'{number}/{i}'
                reply = req.request(Zmqg.Message.new_string(word), 20000, None)
                replies.append(reply.get_string(0) == 're: ' + word)
                GLib.MainContext.default().wakeup()

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        self.until(lambda: len(replies) == 40)
        for thread in threads:
            thread.join()
        self.assertTrue(all(replies))

    def test_retries(self):
        rep, req = self.pair('tcp://127.0.0.1:*')
        req.props.request_retries = 1
        req.props.request_retry_interval = 10
        self.assertEqual(req.get_request_retries(), 1)
        in_service, ends = [], []
        rep.connect('request', lambda socket, request: in_service.append(request))
        self.ask(req, 'x', ends)
        self.until(lambda: len(in_service) == 2)
        in_service[1].reply_string('second')
        self.until(lambda: ends)
        self.assertEqual(ends, [('x', 'second')])


main()
