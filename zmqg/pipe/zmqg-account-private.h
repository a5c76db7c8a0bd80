/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "base/zmqg-lock-private.h"

#include <stdatomic.h>

#define ZMQG_N_DROP_REASONS (ZMQG_DROP_REASON_UNREAD + 1)

/*
 * ZmqgTally: what became of the messages of a pipe, or of many, as one of
 * its ends sees it. At any moment
 *
 *   copies  = handed_on + out_dropped + what is queued outbound
 *   arrived = taken + in_dropped + what is queued inbound
 */
typedef struct
{
  guint64 copies;      /* messages put into the outbound queue */
  guint64 handed_on;   /* of them, given whole to the kernel, or taken by the
                        * other socket (inproc) */
  guint64 out_dropped; /* of them, dropped when they were in the queue */
  guint64 arrived;     /* messages that the peer sent */
  guint64 taken;       /* of them, taken by the socket: for the program, or
                        * subscriptions */
  guint64 in_dropped;  /* of them, dropped */
  guint64 wire_out;    /* bytes, frames with their headers */
  guint64 wire_in;
  guint64 dropped[ZMQG_N_DROP_REASONS];
} ZmqgTally;

/* @self and @other may be one. */
void zmqg_tally_add (ZmqgTally *self, const ZmqgTally *other);
void zmqg_tally_subtract (ZmqgTally *self, const ZmqgTally *other);

/*
 * ZmqgAccount: what is counted at one end of a pipe, beside what its queues
 * count themselves. Outlives the pipe, and then holds the result.
 */
typedef struct _ZmqgPipe ZmqgPipe;
typedef struct _ZmqgAccount ZmqgAccount;

/* What becomes of the messages that are queued outbound. */
typedef enum
{
  ZMQG_PIPE_FATE_OPEN,      /* the socket has its end */
  ZMQG_PIPE_FATE_LINGERING, /* it has left; they are still being sent */
  ZMQG_PIPE_FATE_LEFT,      /* the same in the process: they are the other
                             * socket's */
  ZMQG_PIPE_FATE_ORPHANED,  /* in the process: the other socket has gone */
} ZmqgPipeFate;

struct _ZmqgAccount
{
  atomic_uint refs;
  _Atomic guint64 dropped[ZMQG_N_DROP_REASONS];
  _Atomic guint64 refused; /* UNWANTED before they came to the queue */
  _Atomic guint64 wire_out;
  _Atomic guint64 wire_in;

  ZmqgLock lock;    /* a leaf but for the inbox: guards what follows, and
                     * drops from the queues */
  ZmqgPipe *pipe;   /* borrowed; NULL once it is being freed */
  ZmqgTally *final; /* set then */

  ZmqgPipeFate fate; /* guarded by the lock of the socket whose it is */
};

/* Of @pipe, which takes the reference. */
void zmqg_account_open (ZmqgPipe *pipe);
ZmqgAccount *zmqg_account_ref (ZmqgAccount *self);
void zmqg_account_unref (ZmqgAccount *self);

/* The pipe is being freed: nobody uses it. */
void zmqg_account_close (ZmqgAccount *self);

/* Any thread. %TRUE when the pipe is gone: the tally does not change. */
gboolean zmqg_account_read (ZmqgAccount *self, ZmqgTally *tally);

/* Any thread: messages that were in no queue were dropped. */
static inline void
zmqg_account_drop (ZmqgAccount *self,
                   ZmqgDropReason reason)
{
  if (self != NULL)
    atomic_fetch_add_explicit (&self->dropped[reason], 1,
                               memory_order_relaxed);
}

/* Messages are dropped that are in a queue: who consumes them does that in
 * between, so that nobody takes them for handed on, or taken. */
static inline void
zmqg_account_begin_drop (ZmqgAccount *self)
{
  if (self != NULL)
    zmqg_lock (&self->lock);
}

static inline void
zmqg_account_end_drop (ZmqgAccount *self,
                       ZmqgDropReason reason,
                       guint64 n)
{
  if (self == NULL)
    return;

  atomic_fetch_add_explicit (&self->dropped[reason], n, memory_order_relaxed);
  zmqg_unlock (&self->lock);
}

/* By one thread at a time. */
static inline void
zmqg_account_add (_Atomic guint64 *counter,
                  guint64 n)
{
  guint64 value = atomic_load_explicit (counter, memory_order_relaxed);

  atomic_store_explicit (counter, value + n, memory_order_relaxed);
}
