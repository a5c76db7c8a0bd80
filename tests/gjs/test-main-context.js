/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// A context without threads: the main loop does the work.

import Zmqg from 'gi://Zmqg?version=1.0';

import {connected, equal, run, strings, test, until} from './tap.js';

const makeContext = () =>
    new Zmqg.Context({engine_mode: Zmqg.EngineMode.MAIN_CONTEXT});

for (const uri of [undefined, 'tcp://127.0.0.1:*', 'ipc://*']) {
    const name = uri ?? 'inproc';

    test(`${name}: ::message`, async () => {
        const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket,
            {uri, context: makeContext()});
        const got = [];
        pull.connect('message', (_socket, message) => got.push(strings(message)));
        for (let i = 0; i < 300; i++)
            await push.send_async(Zmqg.Message.new_strv([`${i}`, 'x']), null);
        await until(() => got.length === 300);
        equal(got, Array.from({length: 300}, (_, i) => [`${i}`, 'x']));
    });

    test(`${name}: requests and replies`, async () => {
        const [rep, req] = connected(Zmqg.RepSocket, Zmqg.ReqSocket,
            {uri, context: makeContext()});
        rep.connect('message', (socket, message) => socket.send(message, null));
        for (let i = 0; i < 20; i++) {
            req.send_string(`${i}`, null);
            equal((await req.receive_async(null)).get_string(0), `${i}`);
        }
    });

    test(`${name}: for await`, async () => {
        const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket,
            {uri, context: makeContext()});
        let n = 0;
        for (let i = 0; i < 500; i++)
            push.send_string(`${i}`, null);
        for await (const message of pull) {
            equal(message.get_string(0), `${n}`);
            if (++n === 500)
                break;
        }
    });

    test(`${name}: blocking calls`, async () => {
        const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket,
            {uri, context: makeContext()});
        push.wait_for_peers(1, null);
        push.send_string('one', null);
        // Over inproc that would wait for the receiver.
        if (uri !== undefined)
            push.flush(null);
        equal(pull.receive(null).get_string(0), 'one');
    });
}

test('both modes talk to each other', async () => {
    const pull = Zmqg.PullSocket.new(makeContext());
    const push = new Zmqg.PushSocket();
    pull.bind('tcp://127.0.0.1:*');
    push.connect_to(pull.last_endpoint);
    push.send_string('across', null);
    equal((await pull.receive_async(null)).get_string(0), 'across');
});

run();
