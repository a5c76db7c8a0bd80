# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors
"""What happens to connections: events, peers, subscribers."""

from zmqgtest import TestCase, inproc, main
from gi.repository import Gio, GLib, Zmqg

Type = Zmqg.EventType


class Events(TestCase):
    def watch(self, socket):
        events = []
        socket.connect('event', lambda s, event: events.append(event))
        return events

    def types(self, events):
        return [event.get_event_type() for event in events]

    def test_connection(self):
        pull, push = Zmqg.PullSocket(), Zmqg.PushSocket()
        bound, dialled = self.watch(pull), self.watch(push)
        endpoint = pull.bind_endpoint('tcp://127.0.0.1:*')
        push.connect_to(endpoint.get_uri())
        self.until(lambda: len(bound) == 3 and len(dialled) == 3)
        self.assertEqual(self.types(bound),
                         [Type.LISTENING, Type.ACCEPTED, Type.HANDSHAKE_SUCCEEDED])
        self.assertEqual(self.types(dialled),
                         [Type.CONNECT_DELAYED, Type.CONNECTED, Type.HANDSHAKE_SUCCEEDED])
        self.assertIs(bound[0].get_endpoint(), endpoint)
        self.assertEqual(bound[0].get_local_address(), endpoint.get_uri())
        self.assertIsNone(bound[0].get_remote_address())
        self.assertIsNone(bound[0].get_error())
        self.assertEqual(dialled[2].get_peer().get_socket_type(), 'PULL')

        pull.close()
        self.until(lambda: len(bound) == 5 and len(dialled) > 4)
        self.assertEqual(self.types(bound)[3:], [Type.CLOSED, Type.MONITOR_STOPPED])
        self.assertEqual(self.types(dialled)[3:5], [Type.DISCONNECTED, Type.CONNECT_RETRIED])
        self.assertTrue(dialled[3].get_error().matches(Zmqg.Error.quark(), Zmqg.Error.PEER_LOST))
        self.assertGreaterEqual(dialled[4].get_interval(), 100)
        self.assertEqual(dialled[4].get_value(), dialled[4].get_interval())

    def test_refused_bind(self):
        pull = Zmqg.PullSocket()
        events = self.watch(pull)
        with self.assertZmqgError(Zmqg.Error.ADDRESS_NOT_AVAILABLE):
            pull.bind('tcp://192.0.2.1:*')
        self.until(lambda: len(events) == 2)
        self.assertEqual(self.types(events), [Type.CLOSED, Type.BIND_FAILED])
        self.assertGreater(events[1].get_system_error(), 0)
        self.assertEqual(events[1].get_protocol_error(), Zmqg.ProtocolError.NONE)


    def test_pipes_stats(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        for _ in range(3):
            push.send_string('queued', None)
        with self.assertZmqgError(Zmqg.Error.STATE):
            push.report_pipes_stats()
        here, there = self.watch(push), self.watch(pull)
        self.assertTrue(push.report_pipes_stats())
        self.assertTrue(pull.report_pipes_stats())
        self.until(lambda: here and there)
        self.assertEqual(self.types(here + there), [Type.PIPES_STATS] * 2)
        self.assertEqual((here[0].get_outbound_queued(), here[0].get_inbound_queued()), (3, 0))
        self.assertEqual((there[0].get_outbound_queued(), there[0].get_inbound_queued()), (0, 3))


class Mirror:
    """As a list view does: a copy that follows what the model says has changed."""

    def __init__(self, model):
        self.items, self.changes, self.wrong = [], 0, None
        model.connect('items-changed', self.follow)

    def follow(self, model, position, removed, added):
        fresh = [model.get_item(position + i) for i in range(added)]
        self.items[position:position + removed] = fresh
        self.changes += 1
        if self.items != [model.get_item(i) for i in range(model.get_n_items())]:
            self.wrong = self.wrong or f'after change {self.changes}'


class Models(TestCase):
    def test_list_view(self):
        pull = Zmqg.PullSocket()
        peers, endpoints = Mirror(pull.get_peers()), Mirror(pull.get_endpoints())
        uris = [pull.bind_endpoint('tcp://127.0.0.1:*').get_uri() for _ in range(3)]
        self.until(lambda: len(endpoints.items) == 3)
        self.assertEqual([endpoint.get_uri() for endpoint in endpoints.items], uris)

        pushes = [Zmqg.PushSocket(reconnect_interval=10) for _ in uris]
        for push, uri in zip(pushes, uris):
            push.connect_to(uri)
        self.until(lambda: len(peers.items) == 3)
        for _ in range(5):
            dropped, changes = peers.items[0], peers.changes
            dropped.drop()
            self.until(lambda: peers.changes == changes + 2)
            self.assertEqual(len(peers.items), 3)
            self.assertNotIn(dropped, peers.items)
            self.assertTrue(all(peer.props.connected for peer in peers.items))
        pushes[1].close()
        self.until(lambda: len(peers.items) == 2)
        pull.unbind(uris[1])
        self.until(lambda: len(endpoints.items) == 2)
        self.assertEqual([endpoint.get_uri() for endpoint in endpoints.items], uris[::2])
        pull.close()
        self.until(lambda: not peers.items and not endpoints.items)
        self.assertEqual((peers.wrong, endpoints.wrong), (None, None))


class Peers(TestCase):
    def test_drop(self):
        added, removed, notified = [], [], []
        pull, push = Zmqg.PullSocket(), Zmqg.PushSocket(reconnect_interval=10)
        pull.connect('peer-added', lambda s, peer: added.append(peer))
        pull.connect('peer-removed', lambda s, peer, reason: removed.append((peer, reason)))
        pull.bind('tcp://127.0.0.1:*')
        push.connect_to(pull.get_last_endpoint())
        self.until(lambda: len(added) == 1)
        peer = added[0]
        peer.connect('notify::connected', lambda p, pspec: notified.append(p.props.connected))
        self.assertTrue(peer.props.connected)
        self.assertIsNone(peer.props.user_id)
        metadata = peer.props.metadata.unpack()
        self.assertEqual(metadata['Socket-Type'], 'PUSH')
        self.assertEqual(metadata, peer.get_metadata().unpack())

        peer.drop()
        self.until(lambda: len(removed) == 1 and len(added) == 2)
        self.assertIs(removed[0][0], peer)
        self.assertTrue(removed[0][1].matches(Zmqg.Error.quark(), Zmqg.Error.PEER_LOST))
        self.assertEqual(notified, [False])
        push.send_string('again', None)
        message = pull.receive(None)
        self.assertEqual(self.strings(message), ['again'])
        self.assertIs(message.get_peer(), added[1])


class Subscribers(TestCase):
    def test_wait_and_signals(self):
        for kind in (Zmqg.PubSocket, Zmqg.XpubSocket):
            with self.subTest(kind.__name__):
                log, done = [], []
                pub = kind()
                pub.connect('subscribed', lambda s, peer, topic: log.append(b'+' + topic.get_data()))
                pub.connect('unsubscribed', lambda s, peer, topic: log.append(b'-' + topic.get_data()))
                pub.bind(inproc())
                pub.wait_for_subscribers_async(
                    'a.b', 1, None, lambda s, r: done.append(s.wait_for_subscribers_finish(r)))
                sub = Zmqg.SubSocket()
                sub.subscribe('a.')
                sub.connect_to(pub.get_last_endpoint())
                self.until(lambda: done and log)
                self.assertEqual(done, [True])
                self.assertTrue(pub.wait_for_subscribers(None, 1, None))
                self.assertEqual(log, [b'+a.'])
                sub.close()
                self.until(lambda: len(log) == 2)
                self.assertEqual(log[1], b'-a.')

                cancellable = Gio.Cancellable()
                cancellable.cancel()
                with self.assertRaises(GLib.Error):
                    pub.wait_for_subscribers('never', 1, cancellable)


main()
