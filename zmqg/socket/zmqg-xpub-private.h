/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-publisher-private.h"

/*
 * ZmqgXpub: the state of an XPUB socket, a publisher that hands on what it
 * hears. ZmqgXpubSocket is the object around it.
 */
typedef struct
{
  ZmqgPublisher publisher; /* first */
  ZmqgSubscriptionTree *asked; /* manual: what peers asked for */
  GQueue notices; /* what is to be received next */
  guint n_askers; /* of those, how many have an asker */
  ZmqgPipe *last; /* manual: the asker of the last one received */
  gboolean verbose;
  gboolean verboser;
  gboolean manual;
  gboolean manual_last_value;
} ZmqgXpub;

extern const ZmqgSocketOps zmqg_xpub_ops;

/* Manual: changes the topics of the peer whose subscription was received
 * last. Takes the lock. */
gboolean zmqg_xpub_change (ZmqgSocketCore *core, gboolean subscribe,
                           const guint8 *topic, gsize size, GError **error);
