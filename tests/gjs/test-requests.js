/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// Requests as promises, and services with many requests at a time.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Zmqg from 'gi://Zmqg?version=1.0';

import {
    assert, connected, equal, rejects, run, strings, test, throws, until
} from './tap.js';

const URIS = ['inproc', 'tcp://127.0.0.1:*', 'ipc://*'];

function pair(uri, context = null) {
    return connected(Zmqg.RepSocket, Zmqg.ReqSocket,
        uri === 'inproc' ? {context} : {uri, context});
}

function asker(req) {
    return (word, msec = 20000, cancellable = null) =>
        req.request_async(Zmqg.Message.new_string(word), msec, cancellable);
}

function later(msec, callback) {
    GLib.timeout_add(GLib.PRIORITY_DEFAULT, msec, () => {
        callback();
        return GLib.SOURCE_REMOVE;
    });
}

for (const mode of ['threads', 'main-context']) {
    for (const uri of URIS) {
        test(`${mode}: ${uri}: any order`, async () => {
            const context = new Zmqg.Context({
                engine_mode: Zmqg.EngineMode[mode.toUpperCase().replace('-', '_')],
            });
            const [rep, req] = pair(uri, context);
            const ask = asker(req);
            const inService = [];
            const order = [];
            rep.connect('request', (_rep, request) => {
                inService.push(request);
                if (inService.length === 4) {
                    inService.reverse().forEach(r => r.reply_string(
                        r.get_message().get_string(0).toUpperCase()));
                }
            });
            const words = ['a', 'b', 'c', 'd'];
            const replies = await Promise.all(words.map(async word => {
                const reply = await ask(word);
                order.push(word);
                return reply.get_string(0);
            }));
            equal(replies, ['A', 'B', 'C', 'D']);
            equal(order, ['d', 'c', 'b', 'a']);
        });
    }
}

test('a handler that waits serves others meanwhile', async () => {
    const [rep, req] = pair('tcp://127.0.0.1:*');
    const ask = asker(req);
    let most = 0;
    let now = 0;
    rep.connect('request', async (_rep, request) => {
        most = Math.max(most, ++now);
        await new Promise(resolve => later(5, resolve));
        now--;
        request.reply_string(`re: ${request.message.get_string(0)}`);
    });
    const words = Array.from({length: 50}, (_, i) => `${i}`);
    const replies = await Promise.all(words.map(word => ask(word)));
    equal(replies.map(reply => reply.get_string(0)), words.map(word => `re: ${word}`));
    assert(most > 1, 'several at a time');
});

test('an await, again and again', async () => {
    const [rep, req] = pair('inproc');
    rep.connect('request', (_rep, request) => request.reply(request.message));
    for (let i = 0; i < 200; i++) {
        const reply = await req.request_async(
            Zmqg.Message.new_strv([`${i}`, 'x']), 20000, null);
        equal(strings(reply), [`${i}`, 'x']);
    }
});

test('the ends of requests', async () => {
    const [rep, req] = pair('tcp://127.0.0.1:*');
    const ask = asker(req);
    const cancellable = new Gio.Cancellable();
    const inService = [];
    rep.connect('request', (_rep, request) => inService.push(request));
    const late = ask('late', 5);
    const cancelled = ask('cancelled', -1, cancellable);
    const replied = ask('replied');
    await until(() => inService.length === 3);
    cancellable.cancel();
    await rejects(cancelled, Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    await rejects(late, Zmqg.Error, Zmqg.Error.TIMED_OUT);
    inService.forEach(request => request.reply_data([1, 2]));
    equal([...(await replied).get_frame(0).toArray()], [1, 2]);
    throws(() => inService[0].reply_string('again'), Zmqg.Error, Zmqg.Error.STATE);

    // The socket is as good as before.
    const next = ask('next');
    await until(() => inService.length === 4);
    inService[3].reply_bytes(new GLib.Bytes([3]));
    equal([...(await next).get_frame(0).toArray()], [3]);

    const open = [ask('a', -1), ask('b', -1)];
    await until(() => inService.length === 6);
    req.close();
    for (const request of open)
        await rejects(request, Zmqg.Error, Zmqg.Error.CLOSED);
    await rejects(ask('c'), Zmqg.Error, Zmqg.Error.CLOSED);
    const {peer} = inService[4];
    await until(() => !peer.is_connected());
    throws(() => inService[4].reply_string('x'), Zmqg.Error, Zmqg.Error.PEER_LOST);
    rep.close();
    throws(() => inService[5].reply_string('x'), Zmqg.Error, Zmqg.Error.CLOSED);
});

test('retries', async () => {
    const [rep, req] = pair('tcp://127.0.0.1:*');
    req.request_retries = 1;
    req.request_retry_interval = 10;
    let asked = 0;
    rep.connect('request', (_rep, request) => {
        if (++asked === 2)
            request.reply_string('second');
    });
    equal((await asker(req)('x')).get_string(0), 'second');
    equal(asked, 2);
});

test('lock-step beside requests', async () => {
    const [rep, req] = pair('tcp://127.0.0.1:*');
    const inService = [];
    rep.connect('request', (_rep, request) => inService.push(request));
    const reply = asker(req)('request');
    req.send_string('lock-step', null);
    throws(() => req.send_string('x', null), Zmqg.Error, Zmqg.Error.STATE);
    await until(() => inService.length === 2);
    inService.forEach(request => request.reply(request.message));
    equal((await reply).get_string(0), 'request');
    equal((await req.receive_async(null)).get_string(0), 'lock-step');
});

run();
