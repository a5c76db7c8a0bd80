/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// Pushes the numbers below 10000 to a sink, then the end.

import GLib from 'gi://GLib';
import Zmqg from 'gi://Zmqg?version=1.0';

const loop = new GLib.MainLoop(null, false);
const push = new Zmqg.PushSocket();
push.connect_to(ARGV[0] ?? 'tcp://127.0.0.1:5557');

async function work() {
    for (let number = 0; number < 10000; number++)
        await push.send_async(Zmqg.Message.new_string(`${number}`), null);
    await push.send_async(Zmqg.Message.new_string(''), null);
    await push.flush_async(null);
}

work().catch(logError).finally(() => loop.quit());
loop.run();
