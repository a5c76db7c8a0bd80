# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The zmqg authors

import gc

from zmqgtest import TestCase, main
from gi.repository import GLib, GObject, Zmqg


class Messages(TestCase):
    def test_made_of_strings_bytes_and_variants(self):
        self.assertEqual(Zmqg.Message.new_string('grüße').get_string(0), 'grüße')
        self.assertEqual(Zmqg.Message.new_data(b'\x00\xff').get_frame(0).get_data(), b'\x00\xff')
        self.assertEqual(Zmqg.Message.new_bytes(GLib.Bytes.new(b'ho')).get_frame(0).get_data(), b'ho')
        self.assertEqual(self.strings(Zmqg.Message.new_strv(['a', '', 'b'])), ['a', '', 'b'])
        self.assertEqual(Zmqg.Message.new_strv(['a', 'b']).to_strv(), ['a', 'b'])
        message = Zmqg.Message.new_variant(GLib.Variant('(su)', ('load', 42)))
        self.assertEqual(message.get_variant(0, GLib.VariantType('(su)')).unpack(), ('load', 42))

    def test_frames_are_appended(self):
        message = Zmqg.Message()
        self.assertEqual(message.get_n_frames(), 0)
        message.append_string('one')
        message.append_data(b'\x00\xff')
        message.append_bytes(GLib.Bytes.new(b'!'))
        self.assertEqual(message.get_n_frames(), 3)
        self.assertEqual(message.get_size(), 6)
        self.assertEqual(bytes(message.get_data(1)), b'\x00\xff')

    def test_no_utf8_is_no_string(self):
        self.assertIsNone(Zmqg.Message.new_data(b'\xff').get_string(0))

    def test_equal_and_copy(self):
        message = Zmqg.Message.new_string('a')
        copy = message.copy()
        self.assertTrue(message.equal(copy))
        copy.append_string('b')
        self.assertFalse(message.equal(copy))

    def test_payloads_go_through_sockets(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        push.send_string('string', None)
        push.send_data(b'\x01\x00', None)
        push.send_bytes(GLib.Bytes.new(b'bytes'), None)
        push.send(Zmqg.Message.new_strv(['m', 'n']), None)
        self.assertEqual(pull.receive(None).get_string(0), 'string')
        self.assertEqual(pull.receive(None).get_frame(0).get_data(), b'\x01\x00')
        self.assertEqual(pull.receive(None).get_frame(0).get_data(), b'bytes')
        self.assertEqual(self.strings(pull.receive(None)), ['m', 'n'])

    def test_a_payload_lives_on_without_the_message(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket, 'tcp://127.0.0.1:*')
        push.send_data(b'\x07' * 100000, None)
        message = pull.receive(None)
        frame = message.get_frame(0)
        del message
        gc.collect()
        self.assertEqual(frame.get_data(), b'\x07' * 100000)

    def test_elements_of_a_batch_outlive_the_list(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket)
        kept = []
        for n in range(20):
            for i in range(50):
                push.send_string(f'{n} {i}', None)
            batch = pull.receive_batch(50, None)
            self.assertEqual(len(batch), 50)
            kept += [batch[0], batch[-1]]
            del batch
            gc.collect()
        for n in range(20):
            self.assertEqual(kept[2 * n].get_string(0), f'{n} 0')
            self.assertEqual(kept[2 * n + 1].get_string(0), f'{n} 49')

    def test_no_method_hides_one_of_gobject(self):
        classes = [getattr(Zmqg, name) for name in dir(Zmqg)]
        classes = [c for c in classes if isinstance(c, type) and issubclass(c, GObject.Object)]
        self.assertIn(Zmqg.Peer, classes)
        for one in classes:
            hidden = [name for name in vars(one) if not name.startswith('_')
                      and name not in ('props', 'new') and hasattr(GObject.Object, name)]
            self.assertEqual(hidden, [], one.__name__)

    def test_a_message_knows_its_peer(self):
        pull, push = self.connected(Zmqg.PullSocket, Zmqg.PushSocket, 'tcp://127.0.0.1:*')
        push.send_string('who', None)
        message = pull.receive(None)
        peer = message.get_peer()
        self.assertIsInstance(peer, Zmqg.Peer)
        self.assertEqual(peer.lookup_metadata('Socket-Type'), 'PUSH')
        self.assertEqual(peer.get_property('socket-type'), 'PUSH')
        self.assertEqual(peer.props.socket_type, 'PUSH')
        self.assertEqual(peer.get_remote_address().get_address().to_string(), '127.0.0.1')
        self.assertEqual(message.get_property('Socket-Type'), 'PUSH')
        self.assertIsNone(message.get_property('None'))
        self.assertIs(message.get_peer(), peer)


main()
