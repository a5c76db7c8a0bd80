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

/* What a message that is sent may begin with instead of a routing id: its data
 * is the record of a peer. The id may be another's by the time that there is
 * room. */
#define ZMQG_ROUTER_VIEW_PEER 0x200u

static inline ZmqgFrameView
zmqg_router_view_of_peer (const ZmqgPeerRecord *record)
{
  return (ZmqgFrameView) {
    .data = (const guint8 *) record,
    .flags = ZMQG_FRAME_MORE | ZMQG_ROUTER_VIEW_PEER,
  };
}
