/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

// The names that programs are written against.

import GObject from 'gi://GObject';
import Zmqg from 'gi://Zmqg?version=1.0';

import {assert, equal, run, test} from './tap.js';

const METHODS = {
    Context: `create_socket shutdown terminate terminate_async
        terminate_finish get_engine_mode get_io_threads set_io_threads
        add_thread_affinity remove_thread_affinity`,
    Endpoint: 'get_uri get_kind get_state get_last_error get_reconnects',
    Event: `get_event_type get_endpoint get_peer get_local_address
        get_remote_address get_error get_value get_descriptor get_system_error
        get_interval get_protocol_error get_status_code get_outbound_queued
        get_inbound_queued to_string ref unref`,
    Message: `append_data append_bytes append_string append_variant copy equal
        get_n_frames get_frame get_string get_data get_size get_variant to_strv
        get_peer get_property get_routing_id set_routing_id get_group set_group
        ref unref`,
    Peer: `get_remote_address get_remote_uri get_credentials get_identity
        get_socket_type get_mechanism get_statistics lookup_metadata get_user_id
        get_metadata is_connected drop`,
    Socket: `bind bind_endpoint bind_fd connect_to connect_endpoint unbind
        disconnect_from get_last_endpoint get_context get_socket_type
        send send_data send_bytes send_string try_send send_async send_finish
        receive try_receive receive_async receive_finish receive_batch
        receive_batch_async receive_batch_finish create_source get_events
        flush flush_async flush_finish close is_closed wait_for_peers
        wait_for_peers_async wait_for_peers_finish set_routing_id_data
        set_routing_id_string set_hello_message_data set_hello_message_string
        set_disconnect_message_data set_disconnect_message_string
        set_hiccup_message_data set_hiccup_message_string
        add_metadata add_accept_filter clear_accept_filters
        add_ipc_filter_uid add_ipc_filter_gid add_ipc_filter_pid
        clear_ipc_filters get_statistics report_pipes_stats`,
    Statistics: `get_messages_sent get_bytes_sent get_messages_received
        get_bytes_received get_copies get_handed_on get_outbound_dropped
        get_outbound_queued get_arrived get_taken get_inbound_dropped
        get_inbound_queued get_wire_bytes_sent get_wire_bytes_received
        get_reconnects get_failed_handshakes get_peers get_dropped
        get_total_dropped to_string`,
    PubSocket: `wait_for_subscribers wait_for_subscribers_async
        wait_for_subscribers_finish`,
    RouterSocket: `send_to try_send_to send_to_async send_to_finish
        get_mandatory set_mandatory get_handover set_handover
        get_notify_peers set_notify_peers get_raw set_raw set_connect_routing_id_data
        set_connect_routing_id_string`,
    ReqSocket: `request request_async request_finish get_correlate set_correlate
        get_relaxed set_relaxed get_request_retries set_request_retries
        get_request_retry_interval set_request_retry_interval`,
    Request: `get_message get_peer reply reply_data reply_bytes reply_string`,
    SubSocket: `subscribe subscribe_bytes subscribe_data unsubscribe
        unsubscribe_bytes unsubscribe_data`,
    XsubSocket: `subscribe subscribe_bytes subscribe_data unsubscribe
        unsubscribe_bytes unsubscribe_data`,
    XpubSocket: `get_verbose set_verbose get_manual set_manual get_no_drop
        set_no_drop get_welcome_message set_welcome_message_data
        set_welcome_message_string wait_for_subscribers
        wait_for_subscribers_async wait_for_subscribers_finish`,
};

const PROPERTIES = {
    Context: `engine-mode io-threads max-sockets max-message-size ipv6
        thread-name-prefix thread-priority thread-scheduling-policy blocky`,
    Endpoint: 'uri kind state last-error reconnects',
    Peer: `remote-address remote-uri credentials identity socket-type mechanism
        statistics user-id metadata connected`,
    PairSocket: `context peers endpoints last-endpoint send-hwm receive-hwm linger send-timeout
        receive-timeout routing-id immediate conflate reconnect-interval
        reconnect-interval-max handshake-interval max-message-size backlog tos
        ipv6 tcp-keepalive tcp-keepalive-count tcp-keepalive-idle
        tcp-keepalive-interval send-buffer receive-buffer connect-timeout
        max-frame-size max-frames max-subscriptions max-subscription-bytes
        heartbeat-interval heartbeat-timeout heartbeat-ttl
        reconnect-stop tcp-max-retransmit bind-to-device priority busy-poll
        use-fd affinity socks-proxy socks-username socks-password
        hello-message disconnect-message hiccup-message in-batch-size
        out-batch-size`,
    ReqSocket: 'correlate relaxed request-retries request-retry-interval',
    RepSocket: 'probe-router',
    Request: 'message peer',
    RouterSocket: 'mandatory handover notify-peers probe-router raw',
    XpubSocket: 'verbose manual no-drop welcome-message',
};

const ERRORS = `WOULD_BLOCK CLOSED TERMINATED STATE UNROUTABLE NOT_SUPPORTED
    INVALID_ENDPOINT PROTOCOL_NOT_SUPPORTED INCOMPATIBLE ADDRESS_IN_USE
    ADDRESS_NOT_AVAILABLE NO_DEVICE NOT_FOUND MESSAGE_TOO_LARGE PROTOCOL
    AUTHENTICATION PEER_LOST FORKED TIMED_OUT`;

const FLAGS = {
    ReconnectStop: 'NONE CONN_REFUSED HANDSHAKE_FAILED AFTER_DISCONNECT',
    RouterNotify: 'NONE CONNECT DISCONNECT',
};

const TYPES = ['Pair', 'Pub', 'Sub', 'Req', 'Rep', 'Dealer', 'Router', 'Pull',
    'Push', 'Xpub', 'Xsub'];

const words = string => string.trim().split(/\s+/);

for (const [name, methods] of Object.entries(METHODS)) {
    test(`methods of ${name}`, async () => {
        for (const method of words(methods)) {
            equal(typeof Zmqg[name].prototype[method], 'function',
                `${name}.${method}`);
        }
    });
}

for (const [name, properties] of Object.entries(PROPERTIES)) {
    test(`properties of ${name}`, async () => {
        const known = GObject.Object.list_properties.call(Zmqg[name])
            .map(pspec => pspec.get_name());
        for (const property of words(properties))
            assert(known.includes(property), `${name}:${property}`);
    });
}

test('error codes', async () => {
    words(ERRORS).forEach(
        code => equal(typeof Zmqg.Error[code], 'number', code));
    assert(Zmqg.Error.quark() > 0, 'quark');
});

test('scheduling policies', async () => {
    words('DEFAULT OTHER FIFO RR BATCH IDLE').forEach(policy => equal(
        typeof Zmqg.SchedulingPolicy[policy], 'number', policy));
    const context = new Zmqg.Context(
        {thread_scheduling_policy: Zmqg.SchedulingPolicy.BATCH});
    equal(context.thread_scheduling_policy, Zmqg.SchedulingPolicy.BATCH, 'batch');
});

for (const [name, flags] of Object.entries(FLAGS)) {
    test(`flags ${name}`, async () => {
        words(flags).forEach(
            flag => equal(typeof Zmqg[name][flag], 'number', flag));
    });
}

test('signals', async () => {
    for (const signal of ['message', 'peer-added', 'peer-removed', 'handshake-failed',
        'event'])
        assert(GObject.signal_lookup(signal, Zmqg.Socket.$gtype) > 0, signal);
    assert(GObject.signal_lookup('request', Zmqg.RepSocket.$gtype) > 0, 'request');
    for (const type of [Zmqg.PubSocket, Zmqg.XpubSocket]) {
        for (const signal of ['subscribed', 'unsubscribed'])
            assert(GObject.signal_lookup(signal, type.$gtype) > 0, signal);
    }
});

test('no method hides those of GObject', async () => {
    const theirs = new Set(Object.getOwnPropertyNames(GObject.Object.prototype));
    for (const [name, Class] of Object.entries(Zmqg)) {
        if (!(Class?.prototype instanceof GObject.Object))
            continue;
        for (const method of Object.getOwnPropertyNames(Class.prototype)) {
            assert(method === 'constructor' || !theirs.has(method),
                `${name}.${method}`);
        }
    }

    const sub = new Zmqg.SubSocket();
    const id = sub.connect('notify::receive-hwm', () => {});
    sub.disconnect(id);
});

for (const [value, type] of TYPES.entries()) {
    test(`${type}Socket: constructors`, async () => {
        const Class = Zmqg[`${type}Socket`];
        const context = new Zmqg.Context();

        equal(Zmqg.SocketType[type.toUpperCase()], value, 'enum');
        for (const socket of [new Class(), Class.new(null)]) {
            assert(socket instanceof Class, 'class');
            assert(socket instanceof Zmqg.Socket, 'base class');
            assert(socket.context === Zmqg.Context.get_default(), 'default context');
            equal(socket.get_socket_type(), value, 'type');
        }
        const others = [new Class({context}), Class.new(context), context.create_socket(value)];
        for (const socket of others) {
            assert(socket instanceof Class, 'class');
            assert(socket.context === context, 'context');
            assert(socket.get_context() === context, 'context');
        }
    });
}

run();
