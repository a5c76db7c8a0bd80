/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-pipe-private.h"

void
zmqg_tally_add (ZmqgTally *self,
                const ZmqgTally *other)
{
  self->copies += other->copies;
  self->handed_on += other->handed_on;
  self->out_dropped += other->out_dropped;
  self->arrived += other->arrived;
  self->taken += other->taken;
  self->in_dropped += other->in_dropped;
  self->wire_out += other->wire_out;
  self->wire_in += other->wire_in;
  for (guint i = 0; i < ZMQG_N_DROP_REASONS; i++)
    self->dropped[i] += other->dropped[i];
}

void
zmqg_tally_subtract (ZmqgTally *self,
                     const ZmqgTally *other)
{
  self->copies -= other->copies;
  self->handed_on -= other->handed_on;
  self->out_dropped -= other->out_dropped;
  self->arrived -= other->arrived;
  self->taken -= other->taken;
  self->in_dropped -= other->in_dropped;
  self->wire_out -= other->wire_out;
  self->wire_in -= other->wire_in;
  for (guint i = 0; i < ZMQG_N_DROP_REASONS; i++)
    self->dropped[i] -= other->dropped[i];
}

void
zmqg_account_open (ZmqgPipe *pipe)
{
  ZmqgAccount *self = g_new0 (ZmqgAccount, 1);

  atomic_init (&self->refs, 1);
  zmqg_lock_init (&self->lock);
  self->pipe = pipe;
  pipe->account = self;
}

ZmqgAccount *
zmqg_account_ref (ZmqgAccount *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

void
zmqg_account_unref (ZmqgAccount *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  zmqg_lock_clear (&self->lock);
  g_free (self->final);
  g_free (self);
}

/* What is counted last is read first: what is queued is the rest, and never
 * below nothing. */
static void
read_outbound (ZmqgFrameQueue *queue,
               ZmqgTally *tally)
{
  guint64 unsent = tally->dropped[ZMQG_DROP_REASON_LOST] +
                   tally->dropped[ZMQG_DROP_REASON_UNSENT];
  guint64 replaced = atomic_load_explicit (&queue->conflated,
                                           memory_order_acquire);
  guint64 consumed = atomic_load_explicit (&queue->consumed,
                                           memory_order_acquire);

  tally->handed_on = consumed - unsent;
  tally->out_dropped = unsent + replaced;
  tally->dropped[ZMQG_DROP_REASON_REPLACED] += replaced;
  tally->copies = zmqg_frame_queue_get_written (queue);
}

static void
read_inbound (ZmqgFrameQueue *queue,
              guint64 refused,
              ZmqgTally *tally)
{
  guint64 unused = tally->dropped[ZMQG_DROP_REASON_FILTERED] +
                   tally->dropped[ZMQG_DROP_REASON_MALFORMED] +
                   tally->dropped[ZMQG_DROP_REASON_STALE] +
                   tally->dropped[ZMQG_DROP_REASON_UNWANTED];
  guint64 replaced = atomic_load_explicit (&queue->conflated,
                                           memory_order_acquire);
  guint64 consumed = atomic_load_explicit (&queue->consumed,
                                           memory_order_acquire);

  tally->taken = consumed - unused;
  tally->in_dropped = unused + replaced + refused;
  tally->dropped[ZMQG_DROP_REASON_REPLACED] += replaced;
  tally->dropped[ZMQG_DROP_REASON_UNWANTED] += refused;
  tally->arrived = zmqg_frame_queue_get_written (queue) + refused;
}

static void
read_pipe (ZmqgAccount *self,
           ZmqgTally *tally)
{
  guint64 refused = atomic_load_explicit (&self->refused,
                                          memory_order_acquire);

  memset (tally, 0, sizeof *tally);
  for (guint i = 0; i < ZMQG_N_DROP_REASONS; i++)
    tally->dropped[i] = atomic_load_explicit (&self->dropped[i],
                                              memory_order_acquire);
  tally->wire_out = atomic_load_explicit (&self->wire_out,
                                          memory_order_relaxed);
  tally->wire_in = atomic_load_explicit (&self->wire_in,
                                         memory_order_relaxed);
  read_outbound (self->pipe->out, tally);
  read_inbound (self->pipe->in, refused, tally);
}

void
zmqg_account_close (ZmqgAccount *self)
{
  ZmqgTally *final = g_new (ZmqgTally, 1);
  guint64 left;

  zmqg_lock (&self->lock);
  read_pipe (self, final);
  self->pipe = NULL;

  /* What is left in the queues goes with them. */
  left = final->copies - final->handed_on - final->out_dropped;
  final->out_dropped += left;
  final->dropped[ZMQG_DROP_REASON_LOST] += left;
  left = final->arrived - final->taken - final->in_dropped;
  final->in_dropped += left;
  final->dropped[ZMQG_DROP_REASON_UNREAD] += left;
  self->final = final;
  zmqg_unlock (&self->lock);

  zmqg_account_unref (self);
}

gboolean
zmqg_account_read (ZmqgAccount *self,
                   ZmqgTally *tally)
{
  gboolean gone;

  zmqg_lock (&self->lock);
  gone = self->pipe == NULL;
  if (gone)
    *tally = *self->final;
  else
    read_pipe (self, tally);
  zmqg_unlock (&self->lock);

  return gone;
}
