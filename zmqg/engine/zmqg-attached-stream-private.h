/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-connection-private.h"

/*
 * ZmqgAttachedStream: an endpoint that is one stream of the user's. It owns
 * the connection over it, which is like one that a listener accepted. When
 * the stream has ended the client is told that the endpoint is closed.
 */
typedef struct _ZmqgAttachedStream ZmqgAttachedStream;

/* Refers to the stream, and does nothing with it before it is started. @uri
 * names the peer. */
ZmqgAttachedStream *zmqg_attached_stream_new (ZmqgEngine *engine,
                                              ZmqgClient *client,
                                              ZmqgOptions *options,
                                              ZmqgTag *endpoint,
                                              GIOStream *stream,
                                              const char *uri);

/* Any thread, once. */
void zmqg_attached_stream_start (ZmqgAttachedStream *self);

/* Any thread: ends the connection if its handshake is not done; else it
 * serves its pipe, which the socket closes. Drops the caller's reference. */
void zmqg_attached_stream_stop (ZmqgAttachedStream *self);

/* Any thread: whether the connection is over. */
gboolean zmqg_attached_stream_has_ended (ZmqgAttachedStream *self);
