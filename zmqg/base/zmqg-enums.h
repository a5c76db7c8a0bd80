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
 * @ZMQG_ENDPOINT_STATE_CLOSED: unbound, disconnected or closed
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
