/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <zmqg.h>

/*
 * The two faces of one socket: the handle of the plain C API (zmq.h) and the
 * object of the GObject API. In libzmq.so.5 of zmqg.
 */

G_BEGIN_DECLS

ZMQG_PUBLIC
ZmqgSocket *zmqg_socket_from_zmq (void *handle);

ZMQG_PUBLIC
void *zmqg_socket_to_zmq (ZmqgSocket *socket);

ZMQG_PUBLIC
ZmqgContext *zmqg_context_from_zmq (void *handle);

ZMQG_PUBLIC
void *zmqg_context_to_zmq (ZmqgContext *context);

G_END_DECLS
