/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pipe/zmqg-pipe-private.h"
#include "socket/zmqg-router-private.h"

/* Of a connection that came or went, to be told to the user: connects before
 * the connection's messages, disconnects behind them. */
typedef struct
{
  gboolean is_connect;
  ZmqgTag *tag; /* of the connection */
} ZmqgRouterNotice;

/*
 * What a pipe is to this type (pipe->user). A peer is anonymous, neither read
 * nor addressed, until it has an id.
 */
typedef struct
{
  ZmqgPipe *pipe;      /* borrowed */
  ZmqgRoutingId *id;   /* in the table; NULL: anonymous, or ended */
  GBytes *old_id;      /* ended: what is read still has this id */
  gboolean is_queued;  /* in the fair queue */
  gboolean in_process;
  ZmqgTag *told;       /* of whom a connect was noted, and no disconnect */
  GQueue notices;
  GList noticing_link; /* in the list of those with notices */
} ZmqgRouterPeer;

/*
 * What becomes of a peer's connections, as far as the user is to be told. All
 * with the core's lock held.
 */

/* The pipe has a connection. */
void zmqg_router_note_connection (ZmqgSocketCore *core, ZmqgRouterPeer *peer);

/* The connection that was the pipe's is over. */
void zmqg_router_note_loss (ZmqgSocketCore *core, ZmqgRouterPeer *peer);

/* A peer with a notice to be told now; it may leave its next message in
 * core->frames. Nullable. */
ZmqgRouterPeer *zmqg_router_find_notice (ZmqgSocketCore *core);

/* The first notice of the peer was told. */
void zmqg_router_pop_notice (ZmqgRouter *self, ZmqgRouterPeer *peer);
