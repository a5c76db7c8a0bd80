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

G_DEFINE_ENUM_TYPE (ZmqgSchedulingPolicy, zmqg_scheduling_policy,
                    G_DEFINE_ENUM_VALUE (ZMQG_SCHEDULING_POLICY_DEFAULT, "default"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SCHEDULING_POLICY_OTHER, "other"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SCHEDULING_POLICY_FIFO, "fifo"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SCHEDULING_POLICY_RR, "rr"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SCHEDULING_POLICY_BATCH, "batch"),
                    G_DEFINE_ENUM_VALUE (ZMQG_SCHEDULING_POLICY_IDLE, "idle"))

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

G_DEFINE_ENUM_TYPE (ZmqgDropReason, zmqg_drop_reason,
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_NO_PEER, "no-peer"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_FULL, "full"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_NO_MEMORY, "no-memory"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_REPLACED, "replaced"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_LOST, "lost"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_UNSENT, "unsent"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_FILTERED, "filtered"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_MALFORMED, "malformed"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_STALE, "stale"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_UNWANTED, "unwanted"),
                    G_DEFINE_ENUM_VALUE (ZMQG_DROP_REASON_UNREAD, "unread"))

G_DEFINE_ENUM_TYPE (ZmqgEventType, zmqg_event_type,
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_CONNECT_DELAYED, "connect-delayed"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_CONNECT_RETRIED, "connect-retried"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_LISTENING, "listening"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_BIND_FAILED, "bind-failed"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_ACCEPTED, "accepted"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_ACCEPT_FAILED, "accept-failed"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_CLOSE_FAILED, "close-failed"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_MONITOR_STOPPED, "monitor-stopped"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL, "handshake-failed-no-detail"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_HANDSHAKE_SUCCEEDED, "handshake-succeeded"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_PROTOCOL, "handshake-failed-protocol"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_AUTH, "handshake-failed-auth"),
                    G_DEFINE_ENUM_VALUE (ZMQG_EVENT_TYPE_PIPES_STATS, "pipes-stats"))

G_DEFINE_ENUM_TYPE (ZmqgProtocolError, zmqg_protocol_error,
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_UNSPECIFIED, "zmtp-unspecified"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND, "zmtp-unexpected-command"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE, "zmtp-invalid-sequence"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE, "zmtp-key-exchange"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND, "zmtp-malformed-command"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_MESSAGE, "zmtp-malformed-message"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_HELLO, "zmtp-malformed-hello"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_INITIATE, "zmtp-malformed-initiate"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_ERROR, "zmtp-malformed-error"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_READY, "zmtp-malformed-ready"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_WELCOME, "zmtp-malformed-welcome"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_INVALID_METADATA, "zmtp-invalid-metadata"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC, "zmtp-cryptographic"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH, "zmtp-mechanism-mismatch"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZAP_UNSPECIFIED, "zap-unspecified"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY, "zap-malformed-reply"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID, "zap-bad-request-id"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZAP_BAD_VERSION, "zap-bad-version"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE, "zap-invalid-status-code"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_ZAP_INVALID_METADATA, "zap-invalid-metadata"),
                    G_DEFINE_ENUM_VALUE (ZMQG_PROTOCOL_ERROR_WS_UNSPECIFIED, "ws-unspecified"))

G_DEFINE_FLAGS_TYPE (ZmqgReconnectStop, zmqg_reconnect_stop,
                     G_DEFINE_ENUM_VALUE (ZMQG_RECONNECT_STOP_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (ZMQG_RECONNECT_STOP_CONN_REFUSED, "conn-refused"),
                     G_DEFINE_ENUM_VALUE (ZMQG_RECONNECT_STOP_HANDSHAKE_FAILED, "handshake-failed"),
                     G_DEFINE_ENUM_VALUE (ZMQG_RECONNECT_STOP_AFTER_DISCONNECT, "after-disconnect"))
