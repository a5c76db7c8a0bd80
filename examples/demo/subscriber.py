# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""usage: subscriber.py URI SECONDS

Prints what is published, as signals tell of it, until the end."""

import sys

import gi
gi.require_version('Zmqg', '1.0')
from gi.repository import GLib, Zmqg  # noqa: E402

uri, seconds = sys.argv[1], int(sys.argv[2])
loop = GLib.MainLoop()
received = 0


def on_message(_socket, message):
    global received
    topic, *rest = message.to_strv()
    if topic == 'end':
        loop.quit()
        return
    received += 1
    print(f'{topic}: {rest[0]}', flush=True)


sub = Zmqg.SubSocket()
sub.connect('message', on_message)
for wanted in ('load', 'memory', 'end'):
    sub.subscribe(wanted)
sub.connect_to(uri)

GLib.timeout_add_seconds(seconds, loop.quit)
loop.run()
print(f'received {received} (of load and memory)', flush=True)
sys.exit(0 if received else 1)
