/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

import Zmqg from 'gi://Zmqg?version=1.0';

const pull = new Zmqg.PullSocket();
const push = new Zmqg.PushSocket();
pull.bind('inproc://hello');
push.connect_to('inproc://hello');
push.send_string('hello', null);
// The overrides are there as well.
print(pull[Symbol.asyncIterator] ? pull.receive(null).get_string(0) : 'no overrides');
