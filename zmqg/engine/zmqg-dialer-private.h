/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-connection-private.h"

/*
 * ZmqgDialer: a connecting endpoint: dials, and dials again when the
 * connection is lost, with one pipe over all connections, or (with the
 * option immediate) with one for each.
 */
typedef struct _ZmqgDialer ZmqgDialer;

/* The first attempt starts at once. Unless immediate, @pipe is set to the
 * socket's end of the pipe (transfer full), else to %NULL. */
ZmqgDialer *zmqg_dialer_new (ZmqgEngine *engine, ZmqgClient *client,
                             ZmqgOptions *options, ZmqgTag *endpoint,
                             const ZmqgTransport *transport,
                             const char *address, ZmqgPipe **pipe);

/* Any thread: no new attempt but for what a closed pipe has still to send.
 * The socket closes the pipes. @disconnected: by the user's call, not with the
 * socket. Drops the caller's reference. */
void zmqg_dialer_stop (ZmqgDialer *self, gboolean disconnected);
