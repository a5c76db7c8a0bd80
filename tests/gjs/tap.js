/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// A small test runner: tests are asynchronous functions, run one after the
// other in a main loop, each with a deadline; the output is TAP.

import GLib from 'gi://GLib';
import System from 'system';

const DEADLINE = 20;
const tests = [];

export function test(name, run, {deadline = DEADLINE} = {}) {
    tests.push({name, run, deadline});
}

export function assert(condition, what = 'assertion') {
    if (!condition)
        throw new Error(`${what} does not hold`);
}

export function equal(actual, expected, what = 'value') {
    const [a, b] = [actual, expected].map(v => JSON.stringify(v) ?? `${v}`);
    if (a !== b)
        throw new Error(`${what} is ${a}, not ${b}`);
}

export function throws(run, domain, code) {
    try {
        run();
    } catch (error) {
        assert(error instanceof GLib.Error, `${error} as a GLib.Error`);
        assert(error.matches(domain, code), `${error}: the code ${code}`);
        return error;
    }
    throw new Error(`nothing was thrown where ${code} was expected`);
}

export async function rejects(promise, domain, code) {
    let value;
    try {
        value = await promise;
    } catch (error) {
        return throws(() => {
            throw error;
        }, domain, code);
    }
    throw new Error(`resolved to ${value} where ${code} was expected`);
}

// Resolves once the condition holds; the test's deadline is the limit.
export function until(condition) {
    return new Promise((resolve, reject) => {
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, 1, () => {
            try {
                if (!condition())
                    return GLib.SOURCE_CONTINUE;
                resolve();
            } catch (error) {
                reject(error);
            }
            return GLib.SOURCE_REMOVE;
        });
    });
}

// A turn of the main loop, after what is ready now.
export function turn() {
    return new Promise(resolve => {
        GLib.idle_add(GLib.PRIORITY_LOW, () => {
            resolve();
            return GLib.SOURCE_REMOVE;
        });
    });
}

export function text(bytes) {
    return new TextDecoder().decode(bytes.toArray());
}

export function strings(message) {
    return Array.from({length: message.get_n_frames()},
        (_, i) => message.get_string(i));
}

let serial = 0;

export function inproc() {
    return `inproc://gjs-${serial++}`;
}

// Two connected sockets.
export function connected(Bound, Connecting, {uri = inproc(), context = null} = {}) {
    const bound = Bound.new(context);
    const connecting = Connecting.new(context);
    bound.bind(uri);
    connecting.connect_to(bound.last_endpoint);
    return [bound, connecting];
}

async function runOne({name, run, deadline}, number) {
    let id = 0;
    const late = new Promise((_, reject) => {
        id = GLib.timeout_add_seconds(GLib.PRIORITY_HIGH, deadline, () => {
            id = 0;
            reject(new Error(`not done within ${deadline} s`));
            return GLib.SOURCE_REMOVE;
        });
    });
    let good = true;
    try {
        await Promise.race([run(), late]);
        print(`ok ${number} - ${name}`);
    } catch (error) {
        good = false;
        for (const line of `${error}\n${error.stack ?? ''}`.trim().split('\n'))
            print(`# ${line}`);
        print(`not ok ${number} - ${name}`);
    }
    if (id > 0)
        GLib.source_remove(id);
    System.gc();
    return good;
}

export function run() {
    const loop = new GLib.MainLoop(null, false);
    let failed = 0;

    print(`1..${tests.length}`);
    (async () => {
        let number = 0;
        for (const one of tests) {
            if (!await runOne(one, ++number))
                failed++;
        }
    })().catch(error => {
        logError(error);
        failed++;
    }).finally(() => loop.quit());
    loop.run();
    System.exit(failed > 0 ? 1 : 0);
}
