# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors

import sys

import gi
gi.require_version('Zmqg', '1.0')
from gi.repository import GLib, Zmqg

rep = Zmqg.RepSocket()
rep.bind(sys.argv[1] if len(sys.argv) > 1 else 'tcp://127.0.0.1:5555')
print(rep.get_last_endpoint(), flush=True)
rep.connect('message', lambda socket, message: socket.send_string('world', None))
GLib.MainLoop().run()
