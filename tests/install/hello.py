# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors

import gi
gi.require_version('Zmqg', '1.0')
from gi.repository import Zmqg

pull = Zmqg.PullSocket()
push = Zmqg.PushSocket()
pull.bind('inproc://hello')
push.connect_to('inproc://hello')
push.send_string('hello', None)
print(pull.receive(None).get_string(0))
