# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""Exceptions of handlers are printed by PyGObject; the socket goes on."""

import sys

from zmqgtest import TestCase, main
from gi.repository import Zmqg


class Exceptions(TestCase):
    def setUp(self):
        self.caught = []
        self.old_hook = sys.excepthook
        sys.excepthook = lambda kind, error, trace: self.caught.append(str(error))

    def tearDown(self):
        sys.excepthook = self.old_hook

    def fail_with(self, text):
        raise RuntimeError(text)

    def test_in_a_message_handler(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        pull.connect('message', lambda s, m: self.fail_with(m.get_string(0)))
        for i in range(5):
            push.send_string(str(i), None)
        self.until(lambda: len(self.caught) == 5)
        self.assertEqual(self.caught, ['0', '1', '2', '3', '4'])

    def test_in_a_callback(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        pull.receive_async(None, lambda s, r: self.fail_with('callback'))
        push.send_string('x', None)
        self.until(lambda: self.caught)
        self.assertEqual(self.caught, ['callback'])
        push.send_string('y', None)
        self.assertEqual(pull.receive(None).get_string(0), 'y')


main()
