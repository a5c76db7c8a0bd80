/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';
import Zmqg from 'gi://Zmqg?version=1.0';

import {
    assert, connected, equal, inproc, rejects, run, strings, test, text, throws,
    turn, until
} from './tap.js';

test('properties', async () => {
    const sub = new Zmqg.SubSocket({receive_hwm: 7, linger: 30});
    equal(sub.receive_hwm, 7);
    equal(sub.linger, 30);
    equal(sub.send_timeout, -1);
    equal(sub.send_hwm, 1000);
    equal(sub.conflate, false);

    let notified = 0;
    sub.connect('notify::receive-hwm', () => notified++);
    sub.receive_hwm = 8;
    sub['receive-hwm'] = 9;
    sub.receiveHwm = 10;
    equal(sub.receive_hwm, 10);
    equal(notified, 3);

    const router = new Zmqg.RouterSocket({mandatory: true});
    equal(router.mandatory, true);
    router.handover = true;
    equal(router.get_handover(), true);
});

test('bytes have setters for data and strings', async () => {
    const dealer = new Zmqg.DealerSocket();
    dealer.set_routing_id_string('name');
    equal(text(dealer.routing_id), 'name');
    dealer.set_routing_id_data([1, 2]);
    equal([...dealer.routing_id.toArray()], [1, 2]);

    const xpub = new Zmqg.XpubSocket();
    xpub.set_welcome_message_string('hello');
    equal(text(xpub.get_welcome_message()), 'hello');
    xpub.set_welcome_message_data(new Uint8Array([9]));
    equal([...xpub.welcome_message.toArray()], [9]);

    const router = new Zmqg.RouterSocket();
    router.set_connect_routing_id_string('peer');
    router.set_connect_routing_id_data('other');
});

test('statistics', async () => {
    const [push, pull] = connected(Zmqg.PushSocket, Zmqg.PullSocket);
    for (let i = 0; i < 3; i++)
        push.send_string('four', null);
    const before = pull.get_statistics();
    for (let i = 0; i < 3; i++)
        pull.receive(null);

    const sent = push.get_statistics();
    equal(sent.get_messages_sent(), 3);
    equal(sent.get_bytes_sent(), 12);
    const received = pull.get_statistics();
    equal(received.get_messages_received(), 3);
    equal(received.get_inbound_queued(), 0);
    equal(before.get_messages_received(), 0);

    const pub = new Zmqg.PubSocket();
    pub.send_string('nobody', null);
    const {NO_PEER, FULL} = Zmqg.DropReason;
    equal(pub.get_statistics().get_dropped(NO_PEER), 1);
    equal(pub.get_statistics().get_dropped(FULL), 0);
    equal(pub.get_statistics().to_string(),
        'sent 1 (6 bytes), received 0 (0 bytes), dropped/no-peer 1');

    const peer = push.peers.get_item(0);
    equal(peer.statistics.get_messages_sent(), 3);
});

test('the last endpoint has a real port', async () => {
    const rep = new Zmqg.RepSocket();
    equal(rep.last_endpoint, null);
    rep.bind('tcp://127.0.0.1:0');
    assert(/^tcp:\/\/127\.0\.0\.1:[1-9][0-9]*$/.test(rep.last_endpoint),
        rep.last_endpoint);
    equal(rep.get_last_endpoint(), rep.last_endpoint);

    const endpoint = rep.bind_endpoint('tcp://127.0.0.1:*');
    assert(endpoint instanceof Zmqg.Endpoint, 'endpoint');
    equal(endpoint.uri, rep.last_endpoint);
    equal(endpoint.kind, Zmqg.EndpointKind.BIND);
    equal(endpoint.state, Zmqg.EndpointState.LISTENING);
    rep.unbind(endpoint.uri);
});

test('errors are matched by domain and code', async () => {
    const pull = new Zmqg.PullSocket();
    const push = new Zmqg.PushSocket();
    const req = new Zmqg.ReqSocket();

    throws(() => pull.try_receive(), Zmqg.Error, Zmqg.Error.WOULD_BLOCK);
    throws(() => push.try_send(Zmqg.Message.new_string('x')),
        Zmqg.Error, Zmqg.Error.WOULD_BLOCK);
    throws(() => push.receive(null), Zmqg.Error, Zmqg.Error.NOT_SUPPORTED);
    throws(() => pull.bind('tcp://nonsense'), Zmqg.Error, Zmqg.Error.INVALID_ENDPOINT);
    throws(() => pull.bind('nothing://x'), Zmqg.Error, Zmqg.Error.PROTOCOL_NOT_SUPPORTED);
    throws(() => pull.unbind('tcp://127.0.0.1:1'), Zmqg.Error, Zmqg.Error.NOT_FOUND);
    throws(() => req.try_receive(), Zmqg.Error, Zmqg.Error.STATE);

    pull.receive_timeout = 1;
    throws(() => pull.receive(null), Zmqg.Error, Zmqg.Error.TIMED_OUT);

    const [bound] = connected(Zmqg.PullSocket, Zmqg.PushSocket, {uri: 'tcp://127.0.0.1:*'});
    const error = throws(() => pull.bind(bound.last_endpoint),
        Zmqg.Error, Zmqg.Error.ADDRESS_IN_USE);
    assert(error.message.includes(bound.last_endpoint.slice(6)), error.message);
    throws(() => new Zmqg.RouterSocket({mandatory: true})
        .send(Zmqg.Message.new_strv(['nobody', 'x']), null),
    Zmqg.Error, Zmqg.Error.UNROUTABLE);

    pull.close();
    assert(pull.is_closed(), 'closed');
    throws(() => pull.try_receive(), Zmqg.Error, Zmqg.Error.CLOSED);
});

test('a subclass made in JavaScript is told that it cannot', async () => {
    const Own = GObject.registerClass(class Own extends Zmqg.Socket {});
    const own = new Own();
    throws(() => own.try_receive(), Zmqg.Error, Zmqg.Error.NOT_SUPPORTED);
});

test('objects that sockets make are of nothing when a program does', () => {
    const peer = new Zmqg.Peer();
    assert(!peer.connected, 'connected');
    equal(peer.identity, null);
    equal(peer.remote_uri, null);
    equal(peer.mechanism, 'NULL');
    equal(peer.statistics.get_peers(), 0);
    equal(peer.metadata.deepUnpack(), {});
    peer.drop();
    throws(() => new Zmqg.RouterSocket().send_to(peer, Zmqg.Message.new_string('x'), null),
        Zmqg.Error, Zmqg.Error.UNROUTABLE);

    const endpoint = new Zmqg.Endpoint();
    equal(endpoint.uri, '');
    equal(endpoint.state, Zmqg.EndpointState.CLOSED);
    equal(endpoint.last_error, null);
    equal(endpoint.reconnects, 0);

    const request = new Zmqg.Request();
    equal(request.message.get_n_frames(), 0);
    equal(request.peer, null);
    throws(() => request.reply_string('x'), Zmqg.Error, Zmqg.Error.STATE);
});

test('::message', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket,
        {uri: 'tcp://127.0.0.1:*'});
    const got = [];
    const id = pull.connect('message', (socket, message) => {
        assert(socket === pull, 'socket');
        got.push(message.get_string(0));
    });
    for (let i = 0; i < 500; i++)
        push.send_string(`${i}`, null);
    await until(() => got.length === 500);
    equal(got, Array.from({length: 500}, (_, i) => `${i}`));

    pull.disconnect(id);
    push.send_string('later', null);
    equal(pull.receive(null).get_string(0), 'later');
    equal(got.length, 500);
});

test('::message: the object is kept behind the handler', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const kept = [];
    pull.connect('message', (_socket, message) => kept.push(message));
    for (let i = 0; i < 300; i++)
        push.send(Zmqg.Message.new_strv([`${i}`, 'x'.repeat(i)]), null);
    await until(() => kept.length === 300);
    System.gc();
    await turn();
    System.gc();
    kept.forEach((message, i) => equal(strings(message), [`${i}`, 'x'.repeat(i)]));
});

test('::message goes on behind a disconnected handler', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const first = [], second = [];
    for (let i = 0; i < 10; i++)
        push.send_string(`${i}`, null);
    const id = pull.connect('message', (_socket, message) => {
        first.push(message.get_string(0));
        if (first.length === 4)
            pull.disconnect(id);
    });
    await until(() => first.length === 4);
    await turn();
    await turn();
    pull.connect('message', (_socket, message) => second.push(message.get_string(0)));
    await until(() => second.length === 6);
    equal([...first, ...second], Array.from({length: 10}, (_, i) => `${i}`));
});

test('::peer-added and ::peer-removed', async () => {
    const rep = new Zmqg.RepSocket();
    const added = [], removed = [];
    rep.connect('peer-added', (_socket, peer) => added.push(peer));
    rep.connect('peer-removed', (_socket, peer, reason) => removed.push([peer, reason]));
    rep.bind('tcp://127.0.0.1:*');

    const req = new Zmqg.ReqSocket();
    req.connect_to(rep.last_endpoint);
    await until(() => added.length === 1);
    equal(added[0].socket_type, 'REQ');
    req.close();
    await until(() => removed.length === 1);
    assert(removed[0][0] === added[0], 'the same object');
    assert(!added[0].is_connected(), 'end');
});

for (const uri of [undefined, 'tcp://127.0.0.1:*', 'ipc://*']) {
    test(`models of peers and endpoints (${uri ?? 'inproc'})`, async () => {
        const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket, {uri});
        const {peers, endpoints} = pull;
        const items = model => Array.from({length: model.get_n_items()},
            (_, i) => model.get_item(i));
        let changes = 0;
        peers.connect('items-changed', () => changes++);
        equal(peers.get_item_type(), Zmqg.Peer.$gtype);
        assert(pull.get_peers() === peers, 'the same model');
        equal(items(endpoints).map(endpoint => endpoint.uri), [pull.last_endpoint]);
        await until(() => peers.get_n_items() === 1);
        equal(peers.get_item(0).socket_type, 'PUSH');
        equal(items(push.endpoints).map(({kind}) => kind), [Zmqg.EndpointKind.CONNECT]);
        await until(() => push.peers.get_n_items() === 1);

        const other = new Zmqg.PushSocket();
        other.connect_to(pull.last_endpoint);
        await until(() => peers.get_n_items() === 2);
        other.close();
        await until(() => peers.get_n_items() === 1);
        assert(changes >= 2, 'changes');

        pull.bind(inproc());
        await until(() => endpoints.get_n_items() === 2);
        pull.unbind(pull.last_endpoint);
        await until(() => endpoints.get_n_items() === 1);
        pull.close();
        await until(() => peers.get_n_items() + endpoints.get_n_items() === 0);
    });
}

test('REQ and REP in one main loop', async () => {
    const [rep, req] = connected(Zmqg.RepSocket, Zmqg.ReqSocket,
        {uri: 'tcp://127.0.0.1:*'});
    rep.connect('message', (socket, message) => {
        socket.send_string(message.get_string(0).toUpperCase(), null);
    });
    for (const word of ['one', 'two', 'three']) {
        req.send_string(word, null);
        const reply = await req.receive_async(null);
        equal(reply.get_string(0), word.toUpperCase());
    }
});

test('PUB and SUB', async () => {
    const [pub, sub] = connected(Zmqg.PubSocket, Zmqg.SubSocket,
        {uri: 'tcp://127.0.0.1:*'});
    const xsub = new Zmqg.XsubSocket();
    sub.subscribe('weather.');
    sub.subscribe_bytes(new GLib.Bytes([1, 2]));
    sub.subscribe_data('news.');
    sub.subscribe('gone.');
    sub.unsubscribe('gone.');
    xsub.connect_to(pub.last_endpoint);
    xsub.subscribe('sync');
    await until(() => pub.topics_count === 4);
    pub.send(Zmqg.Message.new_strv(['gone.x', 'no']), null);
    pub.send(Zmqg.Message.new_strv(['weather.x', 'rain']), null);
    pub.send_data([1, 2, 3], null);
    pub.send_string('news.x', null);
    equal(strings(await sub.receive_async(null)), ['weather.x', 'rain']);
    equal([...(await sub.receive_async(null)).get_frame(0).toArray()], [1, 2, 3]);
    equal(strings(await sub.receive_async(null)), ['news.x']);
});

test('ROUTER answers a peer by its object', async () => {
    const [router, dealer] = connected(Zmqg.RouterSocket, Zmqg.DealerSocket,
        {uri: 'tcp://127.0.0.1:*'});
    dealer.send_string('question', null);
    const message = await router.receive_async(null);
    router.send_to(message.get_peer(), Zmqg.Message.new_string('answer'), null);
    equal(strings(await dealer.receive_async(null)), ['answer']);
    router.try_send_to(message.get_peer(), Zmqg.Message.new_string('at once'));
    await router.send_to_async(message.get_peer(), Zmqg.Message.new_string('awaited'), null);
    equal(strings(await dealer.receive_async(null)), ['at once']);
    equal(strings(await dealer.receive_async(null)), ['awaited']);

    router.mandatory = true;
    dealer.close();
    await until(() => !message.get_peer().is_connected());
    const late = Zmqg.Message.new_string('late');
    throws(() => router.send_to(message.get_peer(), late, null),
        Zmqg.Error, Zmqg.Error.UNROUTABLE);
    throws(() => router.try_send_to(message.get_peer(), late),
        Zmqg.Error, Zmqg.Error.UNROUTABLE);
    await rejects(router.send_to_async(message.get_peer(), late, null),
        Zmqg.Error, Zmqg.Error.UNROUTABLE);
});

test('promises: send, receive, batch, flush, peers', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket,
        {uri: 'tcp://127.0.0.1:*'});
    await Promise.all([pull.wait_for_peers_async(1, null), push.wait_for_peers_async(1, null)]);
    const first = pull.receive_async(null);
    const second = pull.receive_async(null);
    for (const word of ['a', 'b', 'c', 'd'])
        await push.send_async(Zmqg.Message.new_string(word), null);
    await push.flush_async(null);
    equal((await first).get_string(0), 'a');
    equal((await second).get_string(0), 'b');
    const rest = [];
    while (rest.length < 2)
        rest.push(...await pull.receive_batch_async(10, null));
    equal(rest.map(message => message.get_string(0)), ['c', 'd']);
});

test('a cancelled receive takes no message', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    const cancellable = new Gio.Cancellable();
    const cancelled = pull.receive_async(cancellable);
    const waiting = pull.receive_async(null);
    cancellable.cancel();
    push.send_string('for the other', null);
    await rejects(cancelled, Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    equal((await waiting).get_string(0), 'for the other');
    await rejects(pull.receive_async(cancellable), Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    throws(() => pull.receive(cancellable), Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
});

test('closing ends what waits', async () => {
    const pull = new Zmqg.PullSocket();
    const waiting = pull.receive_async(null);
    await turn();
    pull.close();
    await rejects(waiting, Zmqg.Error, Zmqg.Error.CLOSED);
});

test('shutting a context down ends what waits', async () => {
    const context = new Zmqg.Context();
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket, {context});
    const waiting = pull.receive_async(null);
    await turn();
    context.shutdown();
    await rejects(waiting, Zmqg.Error, Zmqg.Error.TERMINATED);
    throws(() => push.send_string('x', null), Zmqg.Error, Zmqg.Error.TERMINATED);
    pull.close();
    push.close();
    await context.terminate_async(null);
});

test('a source is level-triggered', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    let fired = 0;
    push.send_string('stays', null);
    assert(pull.get_events() & GLib.IOCondition.IN, 'readable');
    await new Promise((resolve, reject) => {
        const source = pull.create_source(GLib.IOCondition.IN, null);
        // A plain callback gets no arguments in GJS, a closure does.
        GObject.source_set_closure(source, (socket, condition) => {
            try {
                assert(socket === pull, 'socket');
                equal(condition, GLib.IOCondition.IN);
                if (++fired < 3)
                    return GLib.SOURCE_CONTINUE;
                equal(pull.receive(null).get_string(0), 'stays');
                resolve();
            } catch (error) {
                reject(error);
            }
            return GLib.SOURCE_REMOVE;
        });
        source.attach(null);
    });
    equal(fired, 3);
    equal(pull.get_events() & GLib.IOCondition.IN, 0);
});

test('sockets are collected, and close', async () => {
    const uri = inproc();
    const pull = new Zmqg.PullSocket();
    const removed = [];
    pull.connect('peer-removed', (_socket, peer) => removed.push(peer));
    pull.bind(uri);
    (() => {
        const push = new Zmqg.PushSocket();
        push.connect_to(uri);
        push.send_string('last words', null);
    })();
    equal((await pull.receive_async(null)).get_string(0), 'last words');
    await until(() => {
        System.gc();
        return removed.length === 1;
    });
});

test('streams are attached, closing tells what was unsent', async () => {
    const listener = new Gio.SocketListener();
    const port = listener.add_any_inet_port(null);
    const client = new Gio.SocketClient();
    const near = client.connect_to_host('127.0.0.1', port, null);
    const [far] = listener.accept(null);

    const push = new Zmqg.PushSocket();
    const pull = new Zmqg.PullSocket();
    push.attach_stream(near, false);
    pull.attach_stream(far, true);
    assert(push.last_endpoint.startsWith('stream://'), push.last_endpoint);
    await push.send_async(Zmqg.Message.new_string('hello'), null);
    equal((await pull.receive_async(null)).get_string(0), 'hello');

    equal(await push.close_async(-1, null), [0]);
    await until(() => pull.endpoints.get_n_items() === 0);

    const lonely = new Zmqg.PushSocket();
    lonely.connect_to('ipc://@zmqg-nobody-is-here');
    await lonely.send_async(Zmqg.Message.new_string('lost'), null);
    equal(await lonely.close_async(0, null), [1]);
});

run();
