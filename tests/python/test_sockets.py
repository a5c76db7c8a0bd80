# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors

import gc
import weakref

from zmqgtest import TestCase, inproc, main
from gi.repository import Gio, GLib, GObject, Zmqg


TYPES = ['Pair', 'Pub', 'Sub', 'Req', 'Rep', 'Dealer', 'Router', 'Pull', 'Push', 'Xpub', 'Xsub']


class Sockets(TestCase):
    def test_constructors(self):
        context = Zmqg.Context()
        for value, name in enumerate(TYPES):
            with self.subTest(name):
                kind = getattr(Zmqg, name + 'Socket')
                for socket in (kind(), kind.new(None)):
                    self.assertIsInstance(socket, kind)
                    self.assertIsInstance(socket, Zmqg.Socket)
                    self.assertIs(socket.props.context, Zmqg.Context.get_default())
                    self.assertEqual(int(socket.get_socket_type()), value)
                for socket in (kind(context=context), kind.new(context),
                               context.create_socket(Zmqg.SocketType(value))):
                    self.assertIsInstance(socket, kind)
                    self.assertIs(socket.get_context(), context)

    def test_properties(self):
        sub = Zmqg.SubSocket(receive_hwm=7, linger=30)
        self.assertEqual(sub.props.receive_hwm, 7)
        self.assertEqual(sub.get_property('linger'), 30)
        notified = []
        sub.connect('notify::receive-hwm', lambda s, pspec: notified.append(pspec.name))
        sub.props.receive_hwm = 8
        sub.set_property('receive-hwm', 9)
        self.assertEqual(sub.props.receive_hwm, 9)
        self.assertEqual(notified, ['receive-hwm'] * 2)
        self.assertTrue(Zmqg.RouterSocket(mandatory=True).props.mandatory)

    def test_objects_that_sockets_make(self):
        """Anybody can construct them; they are of nothing then."""
        class MyPeer(Zmqg.Peer):
            pass

        for peer in (Zmqg.Peer(), GObject.new(Zmqg.Peer), MyPeer()):
            self.assertFalse(peer.is_connected())
            self.assertIsNone(peer.get_identity())
            self.assertIsNone(peer.get_remote_uri())
            self.assertIsNone(peer.get_remote_address())
            self.assertIsNone(peer.get_credentials())
            self.assertIsNone(peer.get_socket_type())
            self.assertIsNone(peer.get_user_id())
            self.assertEqual(peer.get_mechanism(), 'NULL')
            self.assertEqual(peer.get_metadata().unpack(), {})
            self.assertEqual(peer.get_statistics().get_peers(), 0)
            for pspec in peer.list_properties():
                getattr(peer.props, pspec.name.replace('-', '_'))
            peer.drop()
            with self.assertRaises(GLib.Error) as caught:
                Zmqg.RouterSocket().send_to(peer, Zmqg.Message.new_string('x'), None)
            self.assertTrue(caught.exception.matches(Zmqg.Error.quark(), Zmqg.Error.UNROUTABLE))

        endpoint = Zmqg.Endpoint()
        self.assertEqual(endpoint.get_uri(), '')
        self.assertEqual(endpoint.get_kind(), Zmqg.EndpointKind.BIND)
        self.assertEqual(endpoint.props.state, Zmqg.EndpointState.CLOSED)
        self.assertIsNone(endpoint.get_last_error())
        self.assertEqual(endpoint.get_reconnects(), 0)

        request = Zmqg.Request()
        self.assertEqual(request.get_message().get_n_frames(), 0)
        self.assertEqual(request.props.message.get_n_frames(), 0)
        self.assertIsNone(request.get_peer())
        with self.assertRaises(GLib.Error) as caught:
            request.reply_string('x')
        self.assertTrue(caught.exception.matches(Zmqg.Error.quark(), Zmqg.Error.STATE))

    def test_statistics(self):
        uri = inproc()
        pull = Zmqg.PullSocket()
        pull.bind(uri)
        push = Zmqg.PushSocket()
        push.connect_to(uri)
        for i in range(3):
            push.send_data(b'1234', None)
        self.assertEqual(push.get_statistics().get_outbound_queued(), 3)
        for i in range(3):
            pull.receive(None)
        statistics = push.get_statistics()
        self.assertEqual(statistics.get_messages_sent(), 3)
        self.assertEqual(statistics.get_handed_on(), 3)
        self.assertEqual(pull.get_statistics().get_bytes_received(), 12)
        pull.close()
        pub = Zmqg.PubSocket()
        pub.send_string('nobody', None)
        self.assertEqual(
            pub.get_statistics().get_dropped(Zmqg.DropReason.NO_PEER), 1)

    def test_bytes_have_setters(self):
        dealer = Zmqg.DealerSocket()
        dealer.set_routing_id_string('name')
        self.assertEqual(dealer.props.routing_id.get_data(), b'name')
        dealer.set_routing_id_data(b'\x01\x02')
        self.assertEqual(dealer.props.routing_id.get_data(), b'\x01\x02')
        xpub = Zmqg.XpubSocket()
        xpub.set_welcome_message_string('hello')
        self.assertEqual(xpub.get_welcome_message().get_data(), b'hello')
        xpub.set_welcome_message_data(b'\x09')
        self.assertEqual(xpub.get_welcome_message().get_data(), b'\x09')

    def test_endpoints(self):
        rep = Zmqg.RepSocket()
        self.assertIsNone(rep.get_last_endpoint())
        endpoint = rep.bind_endpoint('tcp://127.0.0.1:*')
        self.assertRegex(endpoint.get_uri(), r'^tcp://127\.0\.0\.1:[1-9]\d*$')
        self.assertEqual(endpoint.get_uri(), rep.props.last_endpoint)
        self.assertEqual(endpoint.get_kind(), Zmqg.EndpointKind.BIND)
        self.assertEqual(endpoint.get_state(), Zmqg.EndpointState.LISTENING)
        rep.unbind(endpoint.get_uri())

    def test_errors(self):
        pull, push = Zmqg.PullSocket(), Zmqg.PushSocket()
        with self.assertZmqgError(Zmqg.Error.WOULD_BLOCK):
            pull.try_receive()
        with self.assertZmqgError(Zmqg.Error.WOULD_BLOCK):
            push.try_send(Zmqg.Message.new_string('x'))
        with self.assertZmqgError(Zmqg.Error.NOT_SUPPORTED):
            push.receive(None)
        with self.assertZmqgError(Zmqg.Error.INVALID_ENDPOINT):
            pull.bind('tcp://nonsense')
        with self.assertZmqgError(Zmqg.Error.PROTOCOL_NOT_SUPPORTED):
            pull.bind('nothing://x')
        with self.assertZmqgError(Zmqg.Error.STATE):
            Zmqg.ReqSocket().try_receive()
        pull.props.receive_timeout = 1
        with self.assertZmqgError(Zmqg.Error.TIMED_OUT):
            pull.receive(None)
        other = Zmqg.PullSocket()
        other.bind('tcp://127.0.0.1:*')
        with self.assertZmqgError(Zmqg.Error.ADDRESS_IN_USE) as expected:
            pull.bind(other.get_last_endpoint())
        self.assertIn(other.get_last_endpoint()[6:], expected.error.message)
        pull.close()
        self.assertTrue(pull.is_closed())
        with self.assertZmqgError(Zmqg.Error.CLOSED):
            pull.try_receive()

    def test_message_signal(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket, 'tcp://127.0.0.1:*')
        kept = []
        handler = pull.connect('message', lambda s, m: kept.append((s, m)))
        for i in range(300):
            push.send(Zmqg.Message.new_strv([str(i), 'x' * i]), None)
        self.until(lambda: len(kept) == 300)
        gc.collect()
        for i, (socket, message) in enumerate(kept):
            self.assertIs(socket, pull)
            self.assertEqual(self.strings(message), [str(i), 'x' * i])
        pull.disconnect(handler)
        push.send_string('later', None)
        self.assertEqual(pull.receive(None).get_string(0), 'later')

    def test_main_loop(self):
        """As a service is written: replies come out of a handler."""
        rep, req = self.connected(Zmqg.RepSocket, Zmqg.ReqSocket, 'tcp://127.0.0.1:*')
        loop = GLib.MainLoop()
        replies = []

        def on_reply(_socket, message):
            replies.append(message.get_string(0))
            if len(replies) == 10:
                loop.quit()
            else:
                req.send_string('again', None)

        rep.connect('message', lambda s, m: s.send_string('world', None))
        req.connect('message', on_reply)
        req.send_string('hello', None)
        late = GLib.timeout_add_seconds(20, loop.quit)
        loop.run()
        GLib.source_remove(late)
        self.assertEqual(replies, ['world'] * 10)

    def test_peer_signals(self):
        for uri in ('tcp://127.0.0.1:*', inproc()):
            with self.subTest(uri):
                pull = Zmqg.PullSocket()
                added, removed = [], []
                pull.connect('peer-added', lambda s, peer: added.append(peer))
                pull.connect('peer-removed', lambda s, peer, reason: removed.append(peer))
                pull.bind(uri)
                push = Zmqg.PushSocket()
                push.connect_to(pull.get_last_endpoint())
                self.until(lambda: added)
                self.assertEqual(added[0].get_socket_type(), 'PUSH')
                self.assertTrue(added[0].is_connected())
                push.close()
                self.until(lambda: removed)
                self.assertIs(added[0], removed[0])
                self.assertFalse(added[0].is_connected())

    def test_publish_subscribe(self):
        pub, sub = self.connected(Zmqg.PubSocket, Zmqg.SubSocket, 'ipc://*')
        sub.subscribe('weather.')
        sub.subscribe_data(b'\x01\x02')
        sub.subscribe_bytes(GLib.Bytes.new(b'news.'))
        self.until_polled(lambda: pub.props.topics_count == 3)
        pub.send_string('other', None)
        pub.send(Zmqg.Message.new_strv(['weather.x', 'rain']), None)
        pub.send_data(b'\x01\x02\x03', None)
        pub.send_string('news.y', None)
        self.assertEqual(self.strings(sub.receive(None)), ['weather.x', 'rain'])
        self.assertEqual(sub.receive(None).get_frame(0).get_data(), b'\x01\x02\x03')
        self.assertEqual(self.strings(sub.receive(None)), ['news.y'])

    def until_polled(self, condition):
        source = GLib.timeout_add(1, lambda: GLib.SOURCE_CONTINUE)
        self.until(condition)
        GLib.source_remove(source)

    def test_router_answers_a_peer(self):
        router, dealer = self.connected(Zmqg.RouterSocket, Zmqg.DealerSocket)
        dealer.send_string('question', None)
        message = router.receive(None)
        router.send_to(message.get_peer(), Zmqg.Message.new_string('answer'), None)
        self.assertEqual(self.strings(dealer.receive(None)), ['answer'])

        router.try_send_to(message.get_peer(), Zmqg.Message.new_string('at once'))
        self.assertEqual(self.strings(dealer.receive(None)), ['at once'])
        results = []
        router.send_to_async(message.get_peer(), Zmqg.Message.new_string('later'), None,
                             lambda s, r: results.append(s.send_to_finish(r)))
        self.until(lambda: results)
        self.assertEqual(results, [True])
        self.assertEqual(self.strings(dealer.receive(None)), ['later'])

    def test_asynchronous_calls(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket, 'tcp://127.0.0.1:*')
        results = []

        def finish(name):
            return lambda socket, result: results.append(getattr(socket, name + '_finish')(result))

        pull.receive_async(None, finish('receive'))
        pull.receive_batch_async(10, None, finish('receive_batch'))
        push.send_async(Zmqg.Message.new_string('a'), None, finish('send'))
        push.send_async(Zmqg.Message.new_string('b'), None, finish('send'))
        push.flush_async(None, finish('flush'))
        push.wait_for_peers_async(1, None, finish('wait_for_peers'))
        self.until(lambda: len(results) == 6)
        self.assertEqual(results.count(True), 4)
        messages = [r for r in results if isinstance(r, Zmqg.Message)]
        batches = [r for r in results if isinstance(r, list)]
        self.assertEqual([m.get_string(0) for m in messages + batches[0]], ['a', 'b'])

    def test_cancelling(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        cancellable = Gio.Cancellable()
        errors = []

        def received(socket, result):
            try:
                socket.receive_finish(result)
            except GLib.Error as error:
                errors.append(error)

        pull.receive_async(cancellable, received)
        cancellable.cancel()
        push.send_string('kept', None)
        self.until(lambda: errors)
        self.assertTrue(errors[0].matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        self.assertEqual(pull.receive(None).get_string(0), 'kept')

    def test_source(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        fired = []
        source = pull.create_source(GLib.IOCondition.IN, None)

        def ready(socket, condition):
            fired.append((socket, condition))
            return len(fired) < 3

        GObject.source_set_closure(source, ready)
        source.attach(None)
        push.send_string('stays', None)
        self.until(lambda: len(fired) == 3)
        self.assertIs(fired[0][0], pull)
        self.assertEqual(fired[0][1], GLib.IOCondition.IN)
        self.assertEqual(pull.receive(None).get_string(0), 'stays')

    def test_terminate(self):
        context = Zmqg.Context()
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket, context=context)
        context.shutdown()
        with self.assertZmqgError(Zmqg.Error.TERMINATED):
            pull.receive(None)
        with self.assertZmqgError(Zmqg.Error.TERMINATED):
            Zmqg.PullSocket.new(context).receive(None)
        pull.close()
        push.close()
        self.assertTrue(context.terminate(None))

    def test_sockets_are_freed(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        gone = []
        pull.connect('peer-removed', lambda s, peer, reason: gone.append(peer))
        reference = weakref.ref(push)
        push.send_string('last words', None)
        del push
        gc.collect()
        self.assertIsNone(reference())
        self.assertEqual(pull.receive(None).get_string(0), 'last words')
        self.until(lambda: gone)


main()
