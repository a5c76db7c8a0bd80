/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-lock-private.h"
#include "engine/zmqg-inbound-private.h"

/*
 * ZmqgReadThrough: who reads a connection. Mostly that is the engine. But a
 * thread that wants to receive, finds nothing and would sleep may do it
 * itself, and sleep on the descriptor: so a message is not handed from one
 * thread to another. Then reading is lent, and the engine does not watch the
 * descriptor for input. It looks now and then whether the receiver still
 * reads, and takes reading back when it does not.
 *
 * The lock guards the connection's inbound side, too. It is held in reads
 * (which do not block) and comes before that of the outbound side; nothing
 * that waits for it may hold a socket's lock.
 */
typedef struct
{
  ZmqgLock lock;
  ZmqgInbound *inbound; /* borrowed */
  int fd;               /* -1: only the engine may read */
  atomic_bool lent;     /* written under the lock, by the engine when it
                         * takes reading back */
  gboolean wanted;      /* a receiver reads here whenever it can */
  gboolean awaited;     /* the receiver sleeps on the descriptor */
  gboolean beating;     /* the engine looks after what is lent */
  guint reads;          /* by receivers, since the engine looked */
  gboolean heard;       /* the peer, by receivers, since then */
  int low_water;        /* bytes that make the descriptor readable */

  /* What a receiver met, for the engine to act upon. */
  gboolean ended;
  GError *error;
} ZmqgReadThrough;

/* So often the engine looks. */
#define ZMQG_READ_THROUGH_BEAT_MSEC 10

void zmqg_read_through_init (ZmqgReadThrough *self, ZmqgInbound *inbound);
void zmqg_read_through_clear (ZmqgReadThrough *self);

/* One read of a descriptor, without waiting, as a ZmqgReadFunc. */
gssize zmqg_read_descriptor (int fd, struct iovec *ranges, guint n,
                             GError **error);

/* Locked, after a read: while the body of a large frame comes in the kernel
 * wakes whoever waits only when there is much of it. */
void zmqg_read_through_await_body (ZmqgReadThrough *self, int fd);

/* --- Any thread, no socket's lock held ---------------------------------- */

/* Reads what there is. @fd is what to sleep on; @tell is set when the engine
 * has to look (ZMQG_PIPE_READ). */
ZmqgPull zmqg_read_through_pull (ZmqgReadThrough *self, int *fd,
                                 gboolean *tell);

/* Does not sleep on the descriptor any more, and will not read now. %TRUE
 * when the engine has to look. */
gboolean zmqg_read_through_leave (ZmqgReadThrough *self);

/* --- In the engine ------------------------------------------------------ */

/* Receivers may read. */
void zmqg_read_through_open (ZmqgReadThrough *self, int fd);

/* They may not any more. */
void zmqg_read_through_close (ZmqgReadThrough *self);

/* Locked: a connection begins or is over. What receivers met is forgotten. */
void zmqg_read_through_reset (ZmqgReadThrough *self);

/* Locked: whether receivers have heard the peer since the last time. */
static inline gboolean
zmqg_read_through_take_heard (ZmqgReadThrough *self)
{
  gboolean heard = self->heard;

  self->heard = FALSE;
  return heard;
}

/* Locked. Lends before anybody asked for it; %FALSE when nobody will. */
gboolean zmqg_read_through_lend (ZmqgReadThrough *self);

/* Locked. */
static inline void
zmqg_read_through_take_back (ZmqgReadThrough *self)
{
  atomic_store (&self->lent, FALSE);
}

typedef enum
{
  ZMQG_BEAT_AGAIN, /* the receiver reads: look again after a beat */
  ZMQG_BEAT_STOP,  /* it sleeps on the descriptor, or nothing is lent */
  ZMQG_BEAT_BACK,  /* it does neither: reading was taken back */
} ZmqgBeat;

/* A beat is over. */
ZmqgBeat zmqg_read_through_beat (ZmqgReadThrough *self);
