/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-session-private.h"

/*
 * ZmqgHeartbeat: finds out that a peer is gone which the network does not tell
 * of: sends PINGs of our own, waits for a sign of life after each, and keeps
 * the peer to the TTL that its PINGs promise. A member of a connection in traffic;
 * engine only.
 */
typedef struct _ZmqgHeartbeat ZmqgHeartbeat;

struct _ZmqgHeartbeat
{
  ZmqgEngine *engine;   /* borrowed */
  ZmqgSession *session; /* borrowed; NULL before and after traffic */
  int interval;         /* ms between PINGs */
  int patience;         /* ms until the answer, 0 = any time */
  guint16 ttl;          /* that ours promise, in tenths of a second */
  ZmqgTimer beat;
  ZmqgTimer answer;
  ZmqgTimer silence;    /* whether the peer keeps its promise */
  guint promised;       /* ms, the TTL of the peer's last PING; 0 = none */
  gint64 heard_at;      /* monotonic µs, where there is a promise */
  guint64 heard;        /* reads, when a timer was last stopped or started */

  /* There is a PING to write. */
  void (*ping) (ZmqgHeartbeat *self);
  /* The peer was silent for too long; @what says after what. */
  void (*dead) (ZmqgHeartbeat *self, const char *what);
};

void zmqg_heartbeat_init (ZmqgHeartbeat *self, ZmqgEngine *engine,
                          const ZmqgOptions *options);

/* Traffic starts: with PINGs of our own when the peer knows what they are. */
void zmqg_heartbeat_start (ZmqgHeartbeat *self, ZmqgSession *session,
                           gboolean knows_pings);
void zmqg_heartbeat_stop (ZmqgHeartbeat *self);

/* Something was received. */
void zmqg_heartbeat_hear (ZmqgHeartbeat *self);

/* The peer promised to be silent for no longer than @ttl ms from now on, again
 * and again; 0 takes that back. */
void zmqg_heartbeat_expect (ZmqgHeartbeat *self, guint ttl);
