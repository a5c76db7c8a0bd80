/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-connection-private.h"

/*
 * ZmqgListener: a bound endpoint: accepts, and owns the connections that it
 * accepted.
 */
typedef struct _ZmqgListener ZmqgListener;

/* Takes over @listening. Accepting starts at once. */
ZmqgListener *zmqg_listener_new (ZmqgEngine *engine, ZmqgClient *client,
                                 ZmqgOptions *options, ZmqgTag *endpoint,
                                 const ZmqgTransport *transport,
                                 ZmqgListening *listening);

/* Any thread: the address is free when this returns. Connections whose
 * handshake is not done end, the others serve their pipes, which the socket
 * closes. Drops the caller's reference. */
void zmqg_listener_stop (ZmqgListener *self);
