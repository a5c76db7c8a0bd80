/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

import GLib from 'gi://GLib';
import Zmqg from 'gi://Zmqg?version=1.0';

const loop = new GLib.MainLoop(null, false);
const sub = new Zmqg.SubSocket();
sub.subscribe('weather.');
sub.connect_to(ARGV[0] ?? 'tcp://127.0.0.1:5556');

async function listen() {
    for await (const message of sub)
        print(message.get_string(0), message.get_string(1));
}

listen().catch(logError).finally(() => loop.quit());
loop.run();
