# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""usage: libzmq-subscriber.py URI SECONDS

The same with libzmq: a program that knows nothing of zmqg."""

import sys

import zmq

uri, seconds = sys.argv[1], int(sys.argv[2])
sub = zmq.Context().socket(zmq.SUB)
sub.setsockopt(zmq.SUBSCRIBE, b'')
sub.setsockopt(zmq.RCVTIMEO, seconds * 1000)
sub.connect(uri)
received = 0
try:
    while True:
        topic, text = sub.recv_multipart()
        if topic == b'end':
            break
        received += 1
        print(f'{topic.decode()}: {text.decode()}', flush=True)
except zmq.Again:
    print('no end came', flush=True)
print(f'received {received} (of all)', flush=True)
sys.exit(0 if received else 1)
