/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

import GLib from 'gi://GLib';
import System from 'system';
import Zmqg from 'gi://Zmqg?version=1.0';

import {assert, connected, equal, run, strings, test, text} from './tap.js';

test('made of strings, arrays, bytes and variants', async () => {
    equal(Zmqg.Message.new_string('grüße').get_string(0), 'grüße');
    equal(text(Zmqg.Message.new_data(new Uint8Array([104, 105])).get_frame(0)), 'hi');
    equal(text(Zmqg.Message.new_data('text').get_frame(0)), 'text');
    equal(text(Zmqg.Message.new_bytes(new GLib.Bytes([104, 111])).get_frame(0)), 'ho');
    equal(strings(Zmqg.Message.new_strv(['a', '', 'b'])), ['a', '', 'b']);

    const variant = new GLib.Variant('(su)', ['load', 42]);
    const message = Zmqg.Message.new_variant(variant);
    equal(message.get_variant(0, new GLib.VariantType('(su)')).deepUnpack(), ['load', 42]);
});

test('frames are appended', async () => {
    const message = new Zmqg.Message();
    equal(message.get_n_frames(), 0);
    message.append_string('one');
    message.append_data([0, 255]);
    message.append_bytes(new GLib.Bytes(new Uint8Array([3])));
    equal(message.get_n_frames(), 3);
    equal(message.get_size(), 6);
    equal([...message.get_frame(1).toArray()], [0, 255]);
    equal([...message.get_data(1)], [0, 255]);
    equal([...message.get_frame(2).toArray()], [3]);
});

test('what is no UTF-8 is no string', async () => {
    const message = Zmqg.Message.new_data([0xff, 0xfe]);
    equal(message.get_string(0), null);
    assert(message.get_frame(0).equal(new GLib.Bytes([0xff, 0xfe])), 'frame');
});

test('equal and copy', async () => {
    const message = Zmqg.Message.new_strv(['a', 'b']);
    const copy = message.copy();
    assert(message.equal(copy), 'equality');
    copy.append_string('c');
    assert(!message.equal(copy), 'difference');
    equal(message.get_n_frames(), 2);
});

test('payloads go through sockets', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    push.send_string('string', null);
    push.send_data('data', null);
    push.send_data(new Uint8Array([1, 2, 3]), null);
    push.send_bytes(new GLib.Bytes([4, 5]), null);
    push.send(Zmqg.Message.new_strv(['m', 'n']), null);
    equal(pull.receive(null).get_string(0), 'string');
    equal(pull.receive(null).get_string(0), 'data');
    equal([...pull.receive(null).get_frame(0).toArray()], [1, 2, 3]);
    equal([...pull.receive(null).get_frame(0).toArray()], [4, 5]);
    equal(strings(pull.receive(null)), ['m', 'n']);
});

test('a payload lives on without the message', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket,
        {uri: 'tcp://127.0.0.1:*'});
    const size = 100000;
    push.send_data(new Uint8Array(size).fill(7), null);
    let message = pull.receive(null);
    const bytes = message.get_frame(0);
    message = null;
    System.gc();
    const array = bytes.toArray();
    equal(array.length, size);
    assert(array.every(byte => byte === 7), 'content');
});

test('a message that was sent can be sent again', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const message = Zmqg.Message.new_string('twice');
    push.send(message, null);
    push.send(message, null);
    equal(pull.receive(null).get_string(0), 'twice');
    equal(pull.receive(null).get_string(0), 'twice');
});

test('elements of a batch outlive the array', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const kept = [];
    for (let round = 0; round < 20; round++) {
        for (let i = 0; i < 50; i++)
            push.send_string(`${round} ${i}`, null);
        let batch = pull.receive_batch(50, null);
        equal(batch.length, 50);
        kept.push(batch[0], batch[49]);
        batch = null;
        System.gc();
    }
    for (let round = 0; round < 20; round++) {
        equal(kept[2 * round].get_string(0), `${round} 0`);
        equal(kept[2 * round + 1].get_string(0), `${round} 49`);
    }
});

test('a message knows its peer', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket,
        {uri: 'tcp://127.0.0.1:*'});
    push.send_string('who', null);
    const message = pull.receive(null);
    const peer = message.get_peer();
    assert(peer instanceof Zmqg.Peer, 'peer');
    equal(peer.socket_type, 'PUSH');
    equal(peer.mechanism, 'NULL');
    assert(peer.is_connected(), 'connection');
    equal(peer.get_remote_address().get_address().to_string(), '127.0.0.1');
    assert(message.get_peer() === peer, 'identity of the object');
    equal(message.get_property('Socket-Type'), 'PUSH');
    equal(message.get_property('None'), null);
});

run();
