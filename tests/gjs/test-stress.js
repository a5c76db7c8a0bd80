/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// Many messages through promises and signals, while garbage is collected.

import GLib from 'gi://GLib';
import System from 'system';
import Zmqg from 'gi://Zmqg?version=1.0';

import {connected, equal, run, test} from './tap.js';

const MESSAGES = 300000;
const deadline = 90;

// Sends from an idle source as much as fits, so that the loop has both ends.
function sendAll(push, n) {
    let sent = 0;
    GLib.idle_add(GLib.PRIORITY_DEFAULT_IDLE, () => {
        try {
            for (let i = 0; i < 500 && sent < n; i++) {
                push.try_send(Zmqg.Message.new_string(`${sent}`));
                sent++;
            }
        } catch (error) {
            if (!error.matches(Zmqg.Error, Zmqg.Error.WOULD_BLOCK))
                throw error;
        }
        return sent < n;
    });
}

for (const [uri, mode] of [
    [undefined, Zmqg.EngineMode.THREADS],
    ['tcp://127.0.0.1:*', Zmqg.EngineMode.THREADS],
    ['tcp://127.0.0.1:*', Zmqg.EngineMode.MAIN_CONTEXT],
]) {
    const name = `${uri ?? 'inproc'}, mode ${mode}`;

    test(`for await over ${MESSAGES} messages (${name})`, async () => {
        const context = new Zmqg.Context({engine_mode: mode});
        const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket, {uri, context});
        let n = 0;
        sendAll(push, MESSAGES);
        for await (const message of pull) {
            if (message.get_string(0) !== `${n}`)
                equal(message.get_string(0), `${n}`);
            if (++n === MESSAGES)
                break;
            if (n % 50000 === 0)
                System.gc();
        }
    }, {deadline});
}

test('::message with garbage', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const total = 50000;
    sendAll(push, total);
    await new Promise((resolve, reject) => {
        let n = 0;
        pull.connect('message', (_socket, message) => {
            if (message.get_string(0) !== `${n}`)
                reject(new Error(`${message.get_string(0)} instead of ${n}`));
            if (++n === total)
                resolve();
            if (n % 10000 === 0)
                System.gc();
        });
    });
}, {deadline});

test('receive_async, one after the other', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const total = 20000;
    sendAll(push, total);
    for (let n = 0; n < total; n++) {
        const message = await pull.receive_async(null);
        if (message.get_string(0) !== `${n}`)
            equal(message.get_string(0), `${n}`);
    }
}, {deadline});

test('sockets that come and go', async () => {
    for (let i = 0; i < 300; i++) {
        const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
        push.send_string(`${i}`, null);
        equal((await pull.receive_async(null)).get_string(0), `${i}`);
        pull.receive_async(null).catch(() => {});
        if (i % 3 === 0)
            pull.close();
        if (i % 100 === 0)
            System.gc();
    }
}, {deadline});

run();
