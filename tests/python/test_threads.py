# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""Sockets in Python threads: a blocking call lets the others run."""

import threading

from zmqgtest import DEADLINE, TestCase, main
from gi.repository import Gio, GLib, Zmqg


class Threads(TestCase):
    def run_threads(self, *functions):
        errors = []

        def guarded(function):
            try:
                function()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=guarded, args=(f,), daemon=True) for f in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
            self.assertFalse(thread.is_alive(), 'a thread hangs')
        self.assertEqual(errors, [])

    def test_a_blocking_receive_does_not_stop_others(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        got = []
        self.run_threads(lambda: got.append(pull.receive(None).get_string(0)),
                         lambda: push.send_string('from another thread', None))
        self.assertEqual(got, ['from another thread'])

    def test_one_socket_in_many_threads(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket, 'tcp://127.0.0.1:*')
        got = []

        def send(first):
            for i in range(first, first + 500):
                push.send_string(str(i), None)

        def receive():
            for _ in range(500):
                got.append(int(pull.receive(None).get_string(0)))

        self.run_threads(*(lambda n=n: send(n * 500) for n in range(4)), *[receive] * 4)
        self.assertEqual(sorted(got), list(range(2000)))

    def test_cancelled_from_another_thread(self):
        pull = Zmqg.PullSocket()
        cancellable = Gio.Cancellable()
        codes = []

        def receive():
            try:
                pull.receive(cancellable)
            except GLib.Error as error:
                codes.append(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))

        self.run_threads(receive, cancellable.cancel)
        self.assertEqual(codes, [True])

    def test_closed_in_another_thread(self):
        pull = Zmqg.PullSocket()
        codes = []

        def receive():
            try:
                pull.receive(None)
            except GLib.Error as error:
                codes.append(error.matches(Zmqg.Error.quark(), Zmqg.Error.CLOSED))

        self.run_threads(receive, pull.close)
        self.assertEqual(codes, [True])

    def test_a_main_loop_of_a_thread(self):
        """Signals come where the socket was made."""
        results = []

        def service():
            context = GLib.MainContext()
            context.push_thread_default()
            try:
                rep, req = self.connected(Zmqg.RepSocket, Zmqg.ReqSocket, 'tcp://127.0.0.1:*')
                here = threading.current_thread()

                def on_request(socket, message):
                    results.append(threading.current_thread() is here)
                    socket.send(message, None)

                rep.connect('message', on_request)
                req.connect('message', lambda s, m: results.append(m.get_string(0)))
                req.send_string('echo', None)
                self.until(lambda: len(results) == 2, context)
            finally:
                context.pop_thread_default()

        self.run_threads(service)
        self.assertEqual(results, [True, 'echo'])


main()
