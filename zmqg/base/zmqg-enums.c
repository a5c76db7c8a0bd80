/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-enums.h"

G_DEFINE_ENUM_TYPE (ZmqgSocketType, zmqg_socket_type,
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_PAIR, "pair"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_PUB, "pub"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_SUB, "sub"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_REQ, "req"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_REP, "rep"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_DEALER, "dealer"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_ROUTER, "router"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_PULL, "pull"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_PUSH, "push"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_XPUB, "xpub"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SOCKET_TYPE_XSUB, "xsub"))

G_DEFINE_ENUM_TYPE (ZmqgEngineMode, zmqg_engine_mode,
                    G_DEFINE_ENUM_VALUE (ZMQG_ENGINE_MODE_THREADS, "threads"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "main-context"))

G_DEFINE_ENUM_TYPE (ZmqgEndpointKind, zmqg_endpoint_kind,
                    G_DEFINE_ENUM_VALUE (ZMQG_ENDPOINT_KIND_BIND, "bind"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ENDPOINT_KIND_CONNECT, "connect"))

G_DEFINE_ENUM_TYPE (ZmqgEndpointState, zmqg_endpoint_state,
                    G_DEFINE_ENUM_VALUE (ZMQG_ENDPOINT_STATE_LISTENING, "listening"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ENDPOINT_STATE_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ENDPOINT_STATE_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ENDPOINT_STATE_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ENDPOINT_STATE_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ENDPOINT_STATE_CLOSED, "closed"))

G_DEFINE_FLAGS_TYPE (ZmqgReconnectStop, zmqg_reconnect_stop,
                     G_DEFINE_ENUM_VALUE (ZMQG_RECONNECT_STOP_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (ZMQG_RECONNECT_STOP_CONN_REFUSED, "conn-refused"),
                     G_DEFINE_ENUM_VALUE (ZMQG_RECONNECT_STOP_HANDSHAKE_FAILED, "handshake-failed"),
                     G_DEFINE_ENUM_VALUE (ZMQG_RECONNECT_STOP_AFTER_DISCONNECT, "after-disconnect"))
