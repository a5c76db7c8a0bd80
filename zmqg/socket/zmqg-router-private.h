/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-peer-record-private.h"
#include "pattern/zmqg-fair-queue-private.h"
#include "pattern/zmqg-routing-table-private.h"
#include "socket/zmqg-socket-core-private.h"

/*
 * ZmqgRouter: the state of a ROUTER socket, and who is who among its pipes.
 * ZmqgRouterSocket is the object around it.
 */
typedef struct
{
  ZmqgRoutingTable *table; /* the values are pipes */
  ZmqgFairQueue queue;
  GQueue noticing;         /* peers that have notices */
  gboolean mandatory;
  gboolean handover;
  gboolean probe_router;
  guint notify_peers;      /* ZmqgRouterNotify */
  GBytes *connect_id;      /* for the next connect; nullable */
} ZmqgRouter;

extern const ZmqgSocketOps zmqg_router_ops;

/* A copy of the id of the peer with this record, or %NULL with an error when
 * it has gone. Locked. */
GBytes *zmqg_router_dup_id (ZmqgSocketCore *core, const ZmqgPeerRecord *record,
                            GError **error);
