# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""A context without threads: the main loop does the work."""

import os

from zmqgtest import TestCase, inproc, main
from gi.repository import GLib, Zmqg


URIS = ('tcp://127.0.0.1:*', 'ipc://*', None)


class MainContext(TestCase):
    def setUp(self):
        self.context = Zmqg.Context(engine_mode=Zmqg.EngineMode.MAIN_CONTEXT)

    def test_signals(self):
        for uri in URIS:
            with self.subTest(uri):
                pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket,
                                            uri or inproc(), self.context)
                got = []
                pull.connect('message', lambda s, m: got.append(m.get_string(0)))
                for i in range(100):
                    push.send_async(Zmqg.Message.new_string(str(i)), None,
                                    lambda s, r: s.send_finish(r))
                self.until(lambda: len(got) == 100)
                self.assertEqual(got, [str(i) for i in range(100)])

    def test_blocking_calls(self):
        for uri in URIS:
            with self.subTest(uri):
                rep, req = self.connected(Zmqg.RepSocket, Zmqg.ReqSocket,
                                          uri or inproc(), self.context)
                for word in ('one', 'two'):
                    req.send_string(word, None)
                    self.assertEqual(rep.receive(None).get_string(0), word)
                    rep.send_string(word.upper(), None)
                    self.assertEqual(req.receive(None).get_string(0), word.upper())

    def test_with_a_main_loop(self):
        rep, req = self.connected(Zmqg.RepSocket, Zmqg.ReqSocket, 'tcp://127.0.0.1:*',
                                  self.context)
        loop = GLib.MainLoop()
        replies = []

        def on_reply(_socket, message):
            replies.append(message.get_string(0))
            loop.quit()

        rep.connect('message', lambda s, m: s.send_string('world', None))
        req.connect('message', on_reply)
        req.send_string('hello', None)
        late = GLib.timeout_add_seconds(20, loop.quit)
        loop.run()
        GLib.source_remove(late)
        self.assertEqual(replies, ['world'])

    def test_there_is_no_thread(self):
        before = len(os.listdir('/proc/self/task'))
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket, 'ipc://*', self.context)
        push.send_string('x', None)
        self.assertEqual(pull.receive(None).get_string(0), 'x')
        self.assertEqual(len(os.listdir('/proc/self/task')), before)


main()
