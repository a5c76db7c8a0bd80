# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""Pushes the numbers below 10000 to a sink, then the end."""

import sys

import gi
gi.require_version('Zmqg', '1.0')
from gi.repository import Zmqg

push = Zmqg.PushSocket()
push.connect_to(sys.argv[1] if len(sys.argv) > 1 else 'tcp://127.0.0.1:5557')
for number in range(10000):
    push.send_string(str(number), None)
push.send_string('', None)
push.flush(None)
