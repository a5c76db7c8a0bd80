/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// usage: gjs -m subscriber.js URI SECONDS
// Prints what is published, as signals tell of it, until the end.

import GLib from 'gi://GLib';
import System from 'system';
import Zmqg from 'gi://Zmqg?version=1.0';

const [uri, seconds] = ARGV;
const loop = new GLib.MainLoop(null, false);
const sub = new Zmqg.SubSocket();
let received = 0;

sub.connect('message', (_socket, message) => {
    const topic = message.get_string(0);
    if (topic === 'end') {
        loop.quit();
        return;
    }
    received++;
    print(`${topic}: ${message.get_string(1)}`);
});
for (const topic of ['load', 'network', 'end'])
    sub.subscribe(topic);
sub.connect_to(uri);

GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, Number(seconds), () => loop.quit());
loop.run();
print(`received ${received} (of load and network)`);
System.exit(received > 0 ? 0 : 1);
