/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-session-private.h"

/*
 * ZmqgConnection: one link from the first byte of the greeting to its end.
 * Engine only. Its owner (a dialer, a listener) is told of two things: that
 * the handshake is done, and that the connection is over.
 */
typedef struct
{
  /* The handshake is done: returns the session that this connection serves
   * (borrowed), or %NULL when nobody wants it any more. */
  ZmqgSession *(*established) (ZmqgConnection *connection,
                               ZmqgPeerRecord *record, gpointer owner);

  /* It is over, once. The owner's reference is still there. */
  void (*closed) (ZmqgConnection *connection, const GError *reason,
                  gpointer owner);
} ZmqgConnectionOwner;

/* Takes the link, and starts. @owner must outlive the connection. */
ZmqgConnection *zmqg_connection_new (ZmqgEngine *engine, ZmqgClient *client,
                                     ZmqgOptions *options, ZmqgTag *endpoint,
                                     ZmqgLink *link,
                                     const ZmqgConnectionOwner *ops,
                                     gpointer owner);
void zmqg_connection_unref (ZmqgConnection *self);

/* Ends it now; calls closed (). @reason is why, %NULL when we want it. */
void zmqg_connection_close (ZmqgConnection *self, const GError *reason);

/* The session it serves, also still in closed (); borrowed, nullable. */
ZmqgSession *zmqg_connection_get_session (ZmqgConnection *self);

/* From now on somebody else is told. */
void zmqg_connection_set_owner (ZmqgConnection *self,
                                const ZmqgConnectionOwner *ops,
                                gpointer owner);

/* Whether trying again is pointless after this end of a connection. */
gboolean zmqg_connection_error_is_permanent (const GError *reason);
