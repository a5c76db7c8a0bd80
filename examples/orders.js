/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// Many requests at a time on one socket: replies come as they are ready. An
// order that is lost, since the kitchen was, is sent again.

import GLib from 'gi://GLib';
import Zmqg from 'gi://Zmqg?version=1.0';

const loop = new GLib.MainLoop(null, false);
const req = new Zmqg.ReqSocket({request_retries: 3});
req.connect_to(ARGV[0] ?? 'tcp://127.0.0.1:5555');

async function order(dish) {
    const reply = await req.request_async(Zmqg.Message.new_string(dish), 5000, null);
    print(reply.get_string(0));
    return reply;
}

const dishes = Array.from({length: 20}, (_, i) => `dish ${i + 1}`);
Promise.all(dishes.map(order))
    .then(replies => print(`${replies.length} served`))
    .catch(logError)
    .finally(() => loop.quit());
loop.run();
