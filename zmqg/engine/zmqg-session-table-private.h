/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmtp/zmqg-zmtp-types-private.h"

/*
 * ZmqgSessionTable: what a socket type has done on the I/O side, so that the
 * engine never asks which type it serves. Constant; one per socket type.
 */
typedef struct
{
  guint number; /* of the socket type on the wire */

  /* SUB, XSUB: subscriptions do not outlive a connection. The socket writes
   * an epoch mark and all of them again; the engine sends nothing on a new
   * connection before that mark. */
  gboolean resubscribes;

  /* PUB, XPUB: SUBSCRIBE and CANCEL go to the socket. */
  gboolean takes_subscriptions;

  /* DEALER, PULL, PUSH, PUB, SUB: the option conflate has an effect. */
  gboolean conflates;

  /* PUSH, PUB: messages of peers are thrown away. The socket's owner has no
   * reason to look after them. */
  gboolean drops_inbound;

  /* The options hello-message (DEALER, ROUTER, REP), disconnect-message
   * (ROUTER) and hiccup-message (DEALER) have an effect. */
  gboolean greets;
  gboolean hears_disconnects;
  gboolean hears_hiccups;

  /* Judges an inbound frame; @state is 0 at the start of each connection.
   * @payload is %NULL for a frame that is still being read. %FALSE ends the
   * connection. Nullable. In the engine. */
  gboolean (*check_frame) (guint *state, guint flags, const guint8 *payload,
                           guint64 size);
} ZmqgSessionTable;
