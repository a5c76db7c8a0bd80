/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// Exceptions of handlers are logged by GJS; the socket goes on.

import GLib from 'gi://GLib';
import Zmqg from 'gi://Zmqg?version=1.0';

import {connected, equal, run, test, until} from './tap.js';

test('an exception in ::message', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const got = [];
    pull.connect('message', (_socket, message) => {
        got.push(message.get_string(0));
        throw new Error('expected by the test');
    });
    for (let i = 0; i < 5; i++)
        push.send_string(`${i}`, null);
    await until(() => got.length === 5);
    equal(got, ['0', '1', '2', '3', '4']);
});

test('an exception in ::peer-added', async () => {
    const pull = new Zmqg.PullSocket();
    let added = 0;
    pull.connect('peer-added', () => {
        added++;
        throw new Error('expected by the test');
    });
    pull.bind('tcp://127.0.0.1:*');
    const push = new Zmqg.PushSocket();
    push.connect_to(pull.last_endpoint);
    push.send_string('x', null);
    equal((await pull.receive_async(null)).get_string(0), 'x');
    await until(() => added === 1);
});

test('an exception in a source', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    let calls = 0;
    const source = pull.create_source(GLib.IOCondition.IN, null);
    source.set_callback(() => {
        calls++;
        throw new Error('expected by the test');
    });
    source.attach(null);
    push.send_string('x', null);
    await until(() => calls >= 1);
    source.destroy();
    equal(pull.receive(null).get_string(0), 'x');
});

run();
