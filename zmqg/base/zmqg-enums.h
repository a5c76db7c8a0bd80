/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-types.h"

G_BEGIN_DECLS

/**
 * ZmqgSocketType:
 * @ZMQG_SOCKET_TYPE_PAIR: exclusive pair
 * @ZMQG_SOCKET_TYPE_PUB: publisher
 * @ZMQG_SOCKET_TYPE_SUB: subscriber
 * @ZMQG_SOCKET_TYPE_REQ: lock-step requester
 * @ZMQG_SOCKET_TYPE_REP: lock-step replier
 * @ZMQG_SOCKET_TYPE_DEALER: asynchronous requester
 * @ZMQG_SOCKET_TYPE_ROUTER: addresses its peers by routing id
 * @ZMQG_SOCKET_TYPE_PULL: receiving end of a pipeline
 * @ZMQG_SOCKET_TYPE_PUSH: sending end of a pipeline
 * @ZMQG_SOCKET_TYPE_XPUB: publisher that sees its subscriptions
 * @ZMQG_SOCKET_TYPE_XSUB: subscriber that subscribes by sending
 *
 * The socket types of ZeroMQ, with the numbers that the wire (ZMTP 2.0,
 * greeting) and the plain C API use.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_SOCKET_TYPE_PAIR = 0,
  ZMQG_SOCKET_TYPE_PUB = 1,
  ZMQG_SOCKET_TYPE_SUB = 2,
  ZMQG_SOCKET_TYPE_REQ = 3,
  ZMQG_SOCKET_TYPE_REP = 4,
  ZMQG_SOCKET_TYPE_DEALER = 5,
  ZMQG_SOCKET_TYPE_ROUTER = 6,
  ZMQG_SOCKET_TYPE_PULL = 7,
  ZMQG_SOCKET_TYPE_PUSH = 8,
  ZMQG_SOCKET_TYPE_XPUB = 9,
  ZMQG_SOCKET_TYPE_XSUB = 10,
} ZmqgSocketType;

#define ZMQG_TYPE_SOCKET_TYPE (zmqg_socket_type_get_type ())
ZMQG_PUBLIC
GType zmqg_socket_type_get_type (void);

/**
 * ZmqgEngineMode:
 * @ZMQG_ENGINE_MODE_THREADS: I/O threads of the context do the work
 * @ZMQG_ENGINE_MODE_MAIN_CONTEXT: no thread; the application's main context
 *   does the work, and blocking calls do it while they wait
 *
 * Where the input and output of a context run.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_ENGINE_MODE_THREADS,
  ZMQG_ENGINE_MODE_MAIN_CONTEXT,
} ZmqgEngineMode;

#define ZMQG_TYPE_ENGINE_MODE (zmqg_engine_mode_get_type ())
ZMQG_PUBLIC
GType zmqg_engine_mode_get_type (void);

/**
 * ZmqgSchedulingPolicy:
 * @ZMQG_SCHEDULING_POLICY_DEFAULT: that of the thread that starts the thread
 * @ZMQG_SCHEDULING_POLICY_OTHER: the system's usual one (SCHED_OTHER)
 * @ZMQG_SCHEDULING_POLICY_FIFO: real time, until it waits (SCHED_FIFO)
 * @ZMQG_SCHEDULING_POLICY_RR: real time, in turns (SCHED_RR)
 * @ZMQG_SCHEDULING_POLICY_BATCH: as the usual one, for work that nobody waits
 *   for (SCHED_BATCH)
 * @ZMQG_SCHEDULING_POLICY_IDLE: when nothing else runs (SCHED_IDLE)
 *
 * How the system schedules a thread, with the numbers that Linux uses.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_SCHEDULING_POLICY_DEFAULT = -1,
  ZMQG_SCHEDULING_POLICY_OTHER = 0,
  ZMQG_SCHEDULING_POLICY_FIFO = 1,
  ZMQG_SCHEDULING_POLICY_RR = 2,
  ZMQG_SCHEDULING_POLICY_BATCH = 3,
  ZMQG_SCHEDULING_POLICY_IDLE = 5,
} ZmqgSchedulingPolicy;

#define ZMQG_TYPE_SCHEDULING_POLICY (zmqg_scheduling_policy_get_type ())
ZMQG_PUBLIC
GType zmqg_scheduling_policy_get_type (void);

/**
 * ZmqgEndpointKind:
 * @ZMQG_ENDPOINT_KIND_BIND: made by bind
 * @ZMQG_ENDPOINT_KIND_CONNECT: made by connect
 *
 * Which side of a connection an endpoint is.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_ENDPOINT_KIND_BIND,
  ZMQG_ENDPOINT_KIND_CONNECT,
} ZmqgEndpointKind;

#define ZMQG_TYPE_ENDPOINT_KIND (zmqg_endpoint_kind_get_type ())
ZMQG_PUBLIC
GType zmqg_endpoint_kind_get_type (void);

/**
 * ZmqgEndpointState:
 * @ZMQG_ENDPOINT_STATE_LISTENING: bound and accepting
 * @ZMQG_ENDPOINT_STATE_CONNECTING: no connection yet, an attempt is going on
 * @ZMQG_ENDPOINT_STATE_CONNECTED: connected, the handshake is done
 * @ZMQG_ENDPOINT_STATE_WAITING: waiting for the next attempt
 * @ZMQG_ENDPOINT_STATE_STOPPED: no further attempt will be made
 * @ZMQG_ENDPOINT_STATE_CLOSED: unbound, disconnected or closed; or it has lost
 *   its peer for good
 *
 * What an endpoint does at the moment.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_ENDPOINT_STATE_LISTENING,
  ZMQG_ENDPOINT_STATE_CONNECTING,
  ZMQG_ENDPOINT_STATE_CONNECTED,
  ZMQG_ENDPOINT_STATE_WAITING,
  ZMQG_ENDPOINT_STATE_STOPPED,
  ZMQG_ENDPOINT_STATE_CLOSED,
} ZmqgEndpointState;

#define ZMQG_TYPE_ENDPOINT_STATE (zmqg_endpoint_state_get_type ())
ZMQG_PUBLIC
GType zmqg_endpoint_state_get_type (void);

/**
 * ZmqgEventType:
 * @ZMQG_EVENT_TYPE_CONNECTED: connected to a peer; the handshake comes next
 * @ZMQG_EVENT_TYPE_CONNECT_DELAYED: an attempt to connect was begun
 * @ZMQG_EVENT_TYPE_CONNECT_RETRIED: the next attempt will be made after an
 *   interval
 * @ZMQG_EVENT_TYPE_LISTENING: bound
 * @ZMQG_EVENT_TYPE_BIND_FAILED: could not bind
 * @ZMQG_EVENT_TYPE_ACCEPTED: a connection was accepted; the handshake comes
 *   next
 * @ZMQG_EVENT_TYPE_ACCEPT_FAILED: a connection could not be accepted
 * @ZMQG_EVENT_TYPE_CLOSED: listening has ended, or an attempt to connect has
 *   failed
 * @ZMQG_EVENT_TYPE_CLOSE_FAILED: what a bind had made could not be removed
 * @ZMQG_EVENT_TYPE_DISCONNECTED: a connection was lost; not when this side
 *   ended it
 * @ZMQG_EVENT_TYPE_MONITOR_STOPPED: the socket was closed: the last event
 * @ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL: the connection was lost during
 *   the handshake, or the time for it was over
 * @ZMQG_EVENT_TYPE_HANDSHAKE_SUCCEEDED: the handshake is done (ZMTP 3)
 * @ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_PROTOCOL: a peer broke the protocol during
 *   the handshake
 * @ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_AUTH: a peer was refused, or has refused
 *   us, with a status code
 * @ZMQG_EVENT_TYPE_PIPES_STATS: how much is queued for and from a peer: only
 *   when that was asked for
 *
 * What a [struct@Event] is about, with the values of libzmq's monitor events.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_EVENT_TYPE_CONNECTED = 0x0001,
  ZMQG_EVENT_TYPE_CONNECT_DELAYED = 0x0002,
  ZMQG_EVENT_TYPE_CONNECT_RETRIED = 0x0004,
  ZMQG_EVENT_TYPE_LISTENING = 0x0008,
  ZMQG_EVENT_TYPE_BIND_FAILED = 0x0010,
  ZMQG_EVENT_TYPE_ACCEPTED = 0x0020,
  ZMQG_EVENT_TYPE_ACCEPT_FAILED = 0x0040,
  ZMQG_EVENT_TYPE_CLOSED = 0x0080,
  ZMQG_EVENT_TYPE_CLOSE_FAILED = 0x0100,
  ZMQG_EVENT_TYPE_DISCONNECTED = 0x0200,
  ZMQG_EVENT_TYPE_MONITOR_STOPPED = 0x0400,
  ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL = 0x0800,
  ZMQG_EVENT_TYPE_HANDSHAKE_SUCCEEDED = 0x1000,
  ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_PROTOCOL = 0x2000,
  ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_AUTH = 0x4000,
  ZMQG_EVENT_TYPE_PIPES_STATS = 0x10000,
} ZmqgEventType;

#define ZMQG_TYPE_EVENT_TYPE (zmqg_event_type_get_type ())
ZMQG_PUBLIC
GType zmqg_event_type_get_type (void);

/**
 * ZmqgProtocolError:
 * @ZMQG_PROTOCOL_ERROR_NONE: no such error
 * @ZMQG_PROTOCOL_ERROR_ZMTP_UNSPECIFIED: something else
 * @ZMQG_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND: a command that is not for now
 * @ZMQG_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE: a nonce out of order
 * @ZMQG_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE: the exchange of keys failed
 * @ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND: a malformed command
 * @ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_MESSAGE: a malformed MESSAGE command
 * @ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_HELLO: a malformed HELLO command
 * @ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_INITIATE: a malformed INITIATE command
 * @ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_ERROR: a malformed ERROR command
 * @ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_READY: a malformed READY command
 * @ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_WELCOME: a malformed WELCOME command
 * @ZMQG_PROTOCOL_ERROR_ZMTP_INVALID_METADATA: malformed metadata
 * @ZMQG_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: a box that cannot be opened
 * @ZMQG_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: another security mechanism
 * @ZMQG_PROTOCOL_ERROR_ZAP_UNSPECIFIED: something else of an authenticator
 * @ZMQG_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY: a malformed reply of one
 * @ZMQG_PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID: a reply to another request
 * @ZMQG_PROTOCOL_ERROR_ZAP_BAD_VERSION: a reply of another version
 * @ZMQG_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE: a reply with no known status
 * @ZMQG_PROTOCOL_ERROR_ZAP_INVALID_METADATA: a reply with malformed metadata
 * @ZMQG_PROTOCOL_ERROR_WS_UNSPECIFIED: something about WebSocket
 *
 * How a peer (or an authenticator) broke the protocol in a handshake, with the
 * values that libzmq's monitor reports.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_PROTOCOL_ERROR_NONE = 0,
  ZMQG_PROTOCOL_ERROR_ZMTP_UNSPECIFIED = 0x10000000,
  ZMQG_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND = 0x10000001,
  ZMQG_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE = 0x10000002,
  ZMQG_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE = 0x10000003,
  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND = 0x10000011,
  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_MESSAGE = 0x10000012,
  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_HELLO = 0x10000013,
  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_INITIATE = 0x10000014,
  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_ERROR = 0x10000015,
  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_READY = 0x10000016,
  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_WELCOME = 0x10000017,
  ZMQG_PROTOCOL_ERROR_ZMTP_INVALID_METADATA = 0x10000018,
  ZMQG_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC = 0x11000001,
  ZMQG_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH = 0x11000002,
  ZMQG_PROTOCOL_ERROR_ZAP_UNSPECIFIED = 0x20000000,
  ZMQG_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY = 0x20000001,
  ZMQG_PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID = 0x20000002,
  ZMQG_PROTOCOL_ERROR_ZAP_BAD_VERSION = 0x20000003,
  ZMQG_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE = 0x20000004,
  ZMQG_PROTOCOL_ERROR_ZAP_INVALID_METADATA = 0x20000005,
  ZMQG_PROTOCOL_ERROR_WS_UNSPECIFIED = 0x30000000,
} ZmqgProtocolError;

#define ZMQG_TYPE_PROTOCOL_ERROR (zmqg_protocol_error_get_type ())
ZMQG_PUBLIC
GType zmqg_protocol_error_get_type (void);

/**
 * ZmqgDropReason:
 * @ZMQG_DROP_REASON_NO_PEER: sent while nobody was there to send to, or to a
 *   routing id that nobody has
 * @ZMQG_DROP_REASON_FULL: sent to a peer whose high-water mark was reached
 * @ZMQG_DROP_REASON_NO_MEMORY: there was no memory for one of the copies
 * @ZMQG_DROP_REASON_REPLACED: a newer message took its place (conflate)
 * @ZMQG_DROP_REASON_LOST: queued for a peer that went before it was sent
 * @ZMQG_DROP_REASON_UNSENT: still queued when the socket or endpoint was
 *   closed and the linger period was over
 * @ZMQG_DROP_REASON_FILTERED: received, and not subscribed to
 * @ZMQG_DROP_REASON_MALFORMED: received without the envelope that the
 *   socket's type needs
 * @ZMQG_DROP_REASON_STALE: received, and a reply that nobody waits for
 * @ZMQG_DROP_REASON_UNWANTED: received by a socket that does not receive, or
 *   from a peer that it does not talk to
 * @ZMQG_DROP_REASON_UNREAD: received, and never read by the program; or news
 *   of a peer that were too many, see [property@RouterSocket:notify-peers]
 *
 * Why a message, or one copy of it, went nowhere.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_DROP_REASON_NO_PEER,
  ZMQG_DROP_REASON_FULL,
  ZMQG_DROP_REASON_NO_MEMORY,
  ZMQG_DROP_REASON_REPLACED,
  ZMQG_DROP_REASON_LOST,
  ZMQG_DROP_REASON_UNSENT,
  ZMQG_DROP_REASON_FILTERED,
  ZMQG_DROP_REASON_MALFORMED,
  ZMQG_DROP_REASON_STALE,
  ZMQG_DROP_REASON_UNWANTED,
  ZMQG_DROP_REASON_UNREAD,
} ZmqgDropReason;

#define ZMQG_TYPE_DROP_REASON (zmqg_drop_reason_get_type ())
ZMQG_PUBLIC
GType zmqg_drop_reason_get_type (void);

/**
 * ZmqgReconnectStop:
 * @ZMQG_RECONNECT_STOP_NONE: it goes on after any of them
 * @ZMQG_RECONNECT_STOP_CONN_REFUSED: a peer refused the connection: nobody
 *   listens there
 * @ZMQG_RECONNECT_STOP_HANDSHAKE_FAILED: the connection was lost, or the time
 *   was up, during the handshake
 * @ZMQG_RECONNECT_STOP_AFTER_DISCONNECT: the endpoint was disconnected from,
 *   and what was still to be sent cannot be
 *
 * After what an endpoint does not connect again.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_RECONNECT_STOP_NONE = 0,
  ZMQG_RECONNECT_STOP_CONN_REFUSED = 1 << 0,
  ZMQG_RECONNECT_STOP_HANDSHAKE_FAILED = 1 << 1,
  ZMQG_RECONNECT_STOP_AFTER_DISCONNECT = 1 << 2,
} ZmqgReconnectStop;

#define ZMQG_TYPE_RECONNECT_STOP (zmqg_reconnect_stop_get_type ())
ZMQG_PUBLIC
GType zmqg_reconnect_stop_get_type (void);

G_END_DECLS
