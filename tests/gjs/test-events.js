/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// What happens to connections: events, peers, subscribers.

import Gio from 'gi://Gio';
import Zmqg from 'gi://Zmqg?version=1.0';

import {
    assert, connected, equal, inproc, rejects, run, test, text, throws, until
} from './tap.js';

const TCP = 'tcp://127.0.0.1:*';

// A log of a socket's events, and the events.
function watch(socket) {
    const events = [];
    socket.connect('event', (_s, event) => events.push(event));
    return events;
}

const types = events => events.map(event => event.get_event_type());

test('both sides tell of a connection', async () => {
    const {EventType} = Zmqg;
    const pull = new Zmqg.PullSocket();
    const push = new Zmqg.PushSocket();
    const bound = watch(pull);
    const dialled = watch(push);

    const endpoint = pull.bind_endpoint(TCP);
    push.connect_to(endpoint.uri);
    await until(() => bound.length === 3 && dialled.length === 3);
    equal(types(bound),
        [EventType.LISTENING, EventType.ACCEPTED, EventType.HANDSHAKE_SUCCEEDED]);
    equal(types(dialled),
        [EventType.CONNECT_DELAYED, EventType.CONNECTED, EventType.HANDSHAKE_SUCCEEDED]);

    assert(bound[0].get_endpoint() === endpoint, 'the endpoint');
    equal(bound[0].get_local_address(), endpoint.uri);
    equal(bound[0].get_remote_address(), null);
    assert(bound[0].get_descriptor() >= 0, 'descriptor');
    equal(bound[0].get_error(), null);
    equal(dialled[2].get_remote_address(), endpoint.uri);
    equal(dialled[2].get_peer().socket_type, 'PULL');
    equal(dialled[1].get_peer(), null);
    assert(/^handshake-succeeded /.test(dialled[2].to_string()), dialled[2].to_string());

    pull.close();
    await until(() => bound.length === 5 && dialled.length > 4);
    equal(types(bound).slice(3), [EventType.CLOSED, EventType.MONITOR_STOPPED]);
    equal(types(dialled).slice(3, 5), [EventType.DISCONNECTED, EventType.CONNECT_RETRIED]);
    assert(dialled[3].get_error().matches(Zmqg.Error, Zmqg.Error.PEER_LOST), 'why');
    assert(dialled[4].get_interval() >= 100, 'interval');
});

test('why a bind fails', async () => {
    const pull = new Zmqg.PullSocket();
    const events = watch(pull);
    try {
        pull.bind('tcp://192.0.2.1:*');
    } catch {
    }
    await until(() => events.length === 2);
    equal(types(events), [Zmqg.EventType.CLOSED, Zmqg.EventType.BIND_FAILED]);
    equal(events[1].get_local_address(), 'tcp://192.0.2.1:*');
    assert(events[1].get_system_error() > 0, 'errno');
    assert(events[1].get_error().matches(
        Zmqg.Error, Zmqg.Error.ADDRESS_NOT_AVAILABLE), 'why');
    equal(events[1].get_protocol_error(), Zmqg.ProtocolError.NONE);
});

test('a peer is dropped, and comes again', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket, {uri: TCP});
    const added = [];
    const removed = [];
    push.reconnect_interval = 10;
    pull.connect('peer-added', (_s, peer) => added.push(peer));
    pull.connect('peer-removed', (_s, peer, reason) => removed.push([peer, reason]));
    await until(() => added.length === 1);

    const [peer] = added;
    let notified = 0;
    peer.connect('notify::connected', () => notified++);
    equal(peer.connected, true);
    equal(peer.user_id, null);
    const metadata = peer.metadata.deepUnpack();
    equal(metadata['Socket-Type'], 'PUSH');
    equal(metadata['Peer-Address'], '127.0.0.1');

    peer.drop();
    await until(() => removed.length === 1 && added.length === 2);
    assert(removed[0][0] === peer, 'the peer');
    assert(removed[0][1].matches(Zmqg.Error, Zmqg.Error.PEER_LOST), 'why');
    equal(peer.connected, false);
    equal(notified, 1);
    peer.drop();
    push.send_string('again', null);
    equal((await pull.receive_async(null)).get_string(0), 'again');
});

test('how much is queued is told when asked for', async () => {
    const [pull, push] = connected(Zmqg.PullSocket, Zmqg.PushSocket);
    for (let i = 0; i < 3; i++)
        push.send_string('queued', null);
    throws(() => push.report_pipes_stats(), Zmqg.Error, Zmqg.Error.STATE);

    const [here, there] = [watch(push), watch(pull)];
    assert(push.report_pipes_stats(), 'told');
    assert(pull.report_pipes_stats(), 'told');
    await until(() => here.length === 1 && there.length === 1);
    equal(types(here), [Zmqg.EventType.PIPES_STATS]);
    equal(here[0].get_outbound_queued(), 3);
    equal(here[0].get_inbound_queued(), 0);
    equal(there[0].get_outbound_queued(), 0);
    equal(there[0].get_inbound_queued(), 3);
    equal(there[0].get_peer().socket_type, 'PUSH');
});

// As a list view does: a copy that follows what the model says has changed.
function mirror(model) {
    const copy = {items: [], changes: 0, wrong: null};
    model.connect('items-changed', (_m, position, removed, added) => {
        const fresh = [];
        for (let i = 0; i < added; i++)
            fresh.push(model.get_item(position + i));
        copy.items.splice(position, removed, ...fresh);
        copy.changes++;
        const now = [...Array(model.get_n_items()).keys()].map(i => model.get_item(i));
        if (now.length !== copy.items.length || now.some((item, i) => item !== copy.items[i]))
            copy.wrong ??= `after change ${copy.changes}`;
    });
    return copy;
}

test('a list view follows the peers and endpoints', async () => {
    const pull = new Zmqg.PullSocket();
    const peers = mirror(pull.peers);
    const endpoints = mirror(pull.endpoints);
    const uris = [TCP, TCP, TCP].map(uri => pull.bind_endpoint(uri).uri);
    await until(() => endpoints.items.length === 3);
    equal(endpoints.items.map(endpoint => endpoint.uri), uris);

    const pushes = uris.map(uri => {
        const push = new Zmqg.PushSocket({reconnect_interval: 10});
        push.connect_to(uri);
        return push;
    });
    await until(() => peers.items.length === 3);
    assert(pull.peers.get_item(3) === null, 'nothing behind the last');

    // One is dropped and comes again, behind the others; one goes.
    for (let i = 0; i < 5; i++) {
        const [dropped] = peers.items;
        const {changes} = peers;
        dropped.drop();
        await until(() => peers.changes === changes + 2);
        equal(peers.items.length, 3);
        assert(!peers.items.includes(dropped), 'another peer');
        assert(peers.items.every(peer => peer.connected), 'all are there');
    }
    pushes[1].close();
    await until(() => peers.items.length === 2);
    pull.unbind(uris[1]);
    await until(() => endpoints.items.length === 2);
    equal(endpoints.items.map(endpoint => endpoint.uri), [uris[0], uris[2]]);
    pull.close();
    await until(() => peers.items.length === 0 && endpoints.items.length === 0);
    equal([peers.wrong, endpoints.wrong], [null, null]);
});

for (const name of ['PubSocket', 'XpubSocket']) {
    test(`${name} waits for subscribers`, async () => {
        const pub = new Zmqg[name]();
        const log = [];
        pub.connect('subscribed', (_s, peer, topic) => log.push([peer, `+${text(topic)}`]));
        pub.connect('unsubscribed', (_s, peer, topic) => log.push([peer, `-${text(topic)}`]));
        pub.bind(inproc());

        const waiting = pub.wait_for_subscribers_async('weather.berlin', 2, null);
        const subs = ['weather.', 'weather.berlin'].map(topic => {
            const sub = new Zmqg.SubSocket();
            sub.subscribe(topic);
            sub.connect_to(pub.last_endpoint);
            return sub;
        });
        await waiting;
        assert(pub.wait_for_subscribers(null, 2, null), 'any');
        pub.send_string('weather.berlin', null);
        for (const sub of subs)
            equal((await sub.receive_async(null)).get_string(0), 'weather.berlin');

        await until(() => log.length === 2);
        equal(log.map(([, what]) => what), ['+weather.', '+weather.berlin']);
        equal(log[0][0].socket_type, 'SUB');
        subs[0].close();
        await until(() => log.length === 3);
        equal(log[2][1], '-weather.');
        assert(log[2][0] === log[0][0], 'the same peer');

        const cancellable = new Gio.Cancellable();
        const never = pub.wait_for_subscribers_async('never', 1, cancellable);
        cancellable.cancel();
        await rejects(never, Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
    });
}

run();
