# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""usage: libzmq-client.py URI SECONDS

Asks the service for each reading, with libzmq."""

import sys

import zmq

uri, seconds = sys.argv[1], int(sys.argv[2])
req = zmq.Context().socket(zmq.REQ)
req.setsockopt(zmq.RCVTIMEO, seconds * 1000)
req.setsockopt(zmq.LINGER, 0)
req.connect(uri)
received = 0
try:
    for topic in ('load', 'memory', 'network'):
        req.send_string(topic)
        reply = req.recv_string()
        if reply == 'unknown':
            continue
        received += 1
        print(f'{topic}? {reply}', flush=True)
except zmq.Again:
    print('no reply came', flush=True)
print(f'received {received}', flush=True)
sys.exit(0 if received else 1)
