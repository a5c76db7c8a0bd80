/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// for await (const message of socket)

import Gio from 'gi://Gio';
import Zmqg from 'gi://Zmqg?version=1.0';

import {
    assert, connected, equal, rejects, run, test, throws, turn
} from './tap.js';

const numbers = (from, to) =>
    Array.from({length: to - from}, (_, i) => `${from + i}`);

function sendNumbers(push, from, to) {
    for (const number of numbers(from, to))
        push.send_string(number, null);
}

async function take(socket, n) {
    const got = [];
    for await (const message of socket) {
        got.push(message.get_string(0));
        if (got.length === n)
            break;
    }
    return got;
}

for (const uri of [undefined, 'tcp://127.0.0.1:*']) {
    test(`all messages in order (${uri ?? 'inproc'})`, async () => {
        const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket, {uri});
        const all = take(pull, 700);
        sendNumbers(push, 0, 700);
        equal(await all, numbers(0, 700));
    });
}

test('messages that came before the loop', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    sendNumbers(push, 0, 600);
    equal(await take(pull, 600), numbers(0, 600));
});

test('leaving early loses nothing: the next loop goes on', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    sendNumbers(push, 0, 500);
    equal(await take(pull, 3), numbers(0, 3));
    equal(await take(pull, 5), numbers(3, 8));
    equal(await take(pull, 492), numbers(8, 500));
});

test('leaving early loses nothing: every receive call goes on', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    sendNumbers(push, 0, 300);
    equal(await take(pull, 1), ['0']);
    equal(pull.try_receive().get_string(0), '1');
    equal(pull.receive(null).get_string(0), '2');
    equal((await pull.receive_async(null)).get_string(0), '3');
    equal(pull.receive_batch(2, null).map(m => m.get_string(0)), ['4', '5']);
    equal((await pull.receive_batch_async(2, null)).map(m => m.get_string(0)), ['6', '7']);
    const rest = [];
    while (rest.length < 292)
        rest.push(...pull.receive_batch(1000, null).map(m => m.get_string(0)));
    equal(rest, numbers(8, 300));
    throws(() => pull.try_receive(), Zmqg.Error, Zmqg.Error.WOULD_BLOCK);
});

test('an exception in the body loses nothing', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    sendNumbers(push, 0, 10);
    let caught = null;
    try {
        for await (const message of pull)
            throw new Error(`at ${message.get_string(0)}`);
    } catch (error) {
        caught = error;
    }
    equal(caught.message, 'at 0');
    equal(await take(pull, 9), numbers(1, 10));
});

test('ends when the socket is closed', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const got = [];
    const loop = (async () => {
        for await (const message of pull)
            got.push(message.get_string(0));
    })();
    sendNumbers(push, 0, 3);
    while (got.length < 3)
        await turn();
    pull.close();
    await loop;
    equal(got, numbers(0, 3));
    equal(await take(pull, 1), []);
});

test('ends when the body closes the socket', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    sendNumbers(push, 0, 3);
    const got = [];
    for await (const message of pull) {
        got.push(message.get_string(0));
        if (got.length === 3)
            pull.close();
    }
    equal(got, numbers(0, 3));
});

test('ends when the context is shut down', async () => {
    const context = new Zmqg.Context();
    const pull = Zmqg.PullSocket.new(context);
    const loop = take(pull, 1);
    await turn();
    context.shutdown();
    equal(await loop, []);
});

test('other errors are thrown', async () => {
    await rejects(take(new Zmqg.PushSocket(), 1), Zmqg.Error, Zmqg.Error.NOT_SUPPORTED);
});

test('return () ends a pending next ()', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const iterator = pull[Symbol.asyncIterator]();
    const pending = iterator.next();
    await turn();
    equal(await iterator.return('left'), {value: 'left', done: true});
    equal(await pending, {done: true});
    equal(await iterator.next(), {done: true});
    push.send_string('still there', null);
    equal(await take(pull, 1), ['still there']);
});

test('return () in the turn in which a message comes loses nothing', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    for (let i = 0; i < 100; i++) {
        const iterator = pull[Symbol.asyncIterator]();
        const pending = iterator.next();
        push.send_string(`${i}`, null);
        if (i % 2 === 0)
            await turn();
        iterator.return();
        const {value, done} = await pending;
        const got = done ? (await pull.receive_async(null)) : value;
        equal(got.get_string(0), `${i}`);
    }
});

test('several next () at once', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const iterator = pull[Symbol.asyncIterator]();
    const pending = [1, 2, 3, 4].map(() => iterator.next());
    sendNumbers(push, 0, 4);
    const got = await Promise.all(pending);
    equal(got.map(({value}) => value.get_string(0)), numbers(0, 4));
    await iterator.return();
});

test('two loops on two sockets', async () => {
    const [pullA, pushA] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const [pullB, pushB] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const both = Promise.all([take(pullA, 300), take(pullB, 300)]);
    for (let i = 0; i < 300; i++) {
        pushA.send_string(`${i}`, null);
        pushB.send_string(`${i}`, null);
    }
    const [a, b] = await both;
    equal(a, numbers(0, 300));
    equal(b, numbers(0, 300));
});

test('beside a loop a cancelled receive fails, and eats nothing', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const cancellable = new Gio.Cancellable();
    const receive = pull.receive_async(cancellable);
    const loop = take(pull, 2);
    await turn();
    cancellable.cancel();
    sendNumbers(push, 0, 2);
    await rejects(receive, Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    equal(await loop, numbers(0, 2));
});

test('what a loop left behind counts as readable', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    sendNumbers(push, 0, 2);
    await take(pull, 1);
    assert(pull.get_events() & 1, 'readable');
    equal(await take(pull, 1), ['1']);
    assert(!(pull.get_events() & 1), 'drained');
});

run();
