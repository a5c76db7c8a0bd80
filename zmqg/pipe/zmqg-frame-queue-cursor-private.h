/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pipe/zmqg-frame-queue-private.h"

/*
 * What the two ways to consume a frame queue share, by decoding messages and
 * by writing ranges of bytes: places in the queue, and acknowledgements.
 */

/* Frees a segment, or has that done where user code may run. */
void zmqg_frame_queue_free_segment (ZmqgFrameQueue *self,
                                    ZmqgSegment *segment);

/* The same by the consumer, who gives segments back to the producer. */
void zmqg_frame_queue_leave_segment (ZmqgFrameQueue *self,
                                     ZmqgSegment *segment);

/* Both ends excluded: the segments that wait to be used again. */
void zmqg_frame_queue_free_spare (ZmqgFrameQueue *self);

static inline gsize
cursor_limit (const ZmqgQueueCursor *cursor)
{
  return cursor->segment->external ? cursor->segment->length
                                   : ZMQG_WORD_BYTES (cursor->word);
}

/* Conflate: what the consumer has linked ends at @segment; links the newest
 * message behind it. */
static inline gboolean
cursor_take_newest (ZmqgFrameQueue *self,
                    ZmqgSegment *segment,
                    guint64 word)
{
  /* Acquire pairs with the release in publish_newest (). */
  ZmqgSegment *newest = atomic_exchange_explicit (&self->newest, NULL,
                                                  memory_order_acquire);

  if (newest == NULL)
    return FALSE;

  segment->next = newest;
  atomic_store_explicit (&segment->word, word | ZMQG_WORD_SEALED,
                         memory_order_relaxed);
  return TRUE;
}

/* Makes sure that bytes lie at the cursor, stepping over the ends of sealed
 * segments; %FALSE when nothing more is linked. */
static inline gboolean
cursor_linked (ZmqgQueueCursor *cursor)
{
  while (cursor->pos >= cursor_limit (cursor))
    {
      /* Acquire pairs with the release in publish (). */
      guint64 word = atomic_load_explicit (&cursor->segment->word,
                                           memory_order_acquire);

      if (word != cursor->word)
        {
          cursor->word = word;
          continue;
        }

      if ((word & ZMQG_WORD_SEALED) == 0)
        return FALSE;

      cursor->segment = cursor->segment->next;
      cursor->pos = 0;
      cursor->word = atomic_load_explicit (&cursor->segment->word,
                                           memory_order_acquire);
    }

  return TRUE;
}

/* The same, and takes the newest message where there is a slot for it. */
static inline gboolean
cursor_ready (ZmqgFrameQueue *self,
              ZmqgQueueCursor *cursor)
{
  if (G_LIKELY (cursor_linked (cursor)))
    return TRUE;

  return G_UNLIKELY (self->conflate) &&
         cursor_take_newest (self, cursor->segment, cursor->word) &&
         cursor_linked (cursor);
}

/* Decodes the frame at a cursor that is ready, and moves behind it. */
static inline void
cursor_read_frame (ZmqgFrameQueue *self,
                   ZmqgQueueCursor *cursor,
                   ZmqgFrameView *view)
{
  const guint8 *p = cursor->segment->base + cursor->pos;
  gsize limit = cursor_limit (cursor);
  guint64 size;
  gsize header;

  header = zmqg_frame_decode_header (p, limit - cursor->pos, &view->flags,
                                     &size);
  /* Frames are published whole. */
  g_assert (header > 0);
  cursor->pos += header;
  view->size = size;

  if (G_LIKELY (size <= limit - cursor->pos))
    {
      view->data = p + header;
      view->bytes = NULL;
      /* A large one may be referred to: it pins a few times its size. */
      view->chunk = G_UNLIKELY (size >= ZMQG_FRAME_LARGE)
                      ? cursor->segment->keeper.chunk
                      : NULL;
      view->keeper = NULL; /* others lie in it too */
      cursor->pos += size;
      return;
    }

  /* The payload is the external segment that follows. */
  cursor_ready (self, cursor);
  view->data = cursor->segment->base;
  view->bytes = cursor->segment->keeper.bytes;
  view->chunk = cursor->segment->keeper.chunk;
  view->keeper = &cursor->segment->keeper;
  cursor->pos = cursor->segment->length;
}

/* Frees the segments before the new head. */
static inline void
move_head (ZmqgFrameQueue *self,
           const ZmqgQueueCursor *to)
{
  ZmqgSegment *segment = self->head.segment;

  while (segment != to->segment)
    {
      ZmqgSegment *next = segment->next;

      zmqg_frame_queue_leave_segment (self, segment);
      self->head_messages = 0;
      segment = next;
    }

  self->head = *to;
}

/* How many messages to gather before they are acknowledged: few, so that
 * small marks are exact, and at most half of the mark. */
static inline guint
ack_batch (ZmqgFrameQueue *self)
{
  guint hwm = atomic_load_explicit (&self->hwm, memory_order_relaxed);

  if (hwm == 0)
    return 256;
  return hwm <= 16 ? 1 : hwm / 2;
}

static inline gboolean
zmqg_frame_queue_acknowledge (ZmqgFrameQueue *self,
             guint64 messages)
{
  guint64 flush_at;
  gboolean flushed;

  self->read += messages;
  /* Release pairs with the acquire in is_consumed (), and so does the
   * barrier: either the producer sees this, or we that it waits. */
  atomic_store_explicit (&self->consumed, self->read, memory_order_release);
  zmqg_barrier_light ();
  flush_at = atomic_load_explicit (&self->flush_at, memory_order_relaxed);
  /* Once: the producer may have given up, or says again what it waits for. */
  flushed = G_UNLIKELY (flush_at != 0) && self->read >= flush_at &&
            atomic_compare_exchange_strong (&self->flush_at, &flush_at, 0);

  if (G_LIKELY (self->read - self->ack_sent < ack_batch (self) && !flushed))
    return FALSE;

  self->ack_sent = self->read;
  /* Release pairs with the acquire in room (). */
  atomic_store_explicit (&self->acked, self->read, memory_order_release);
  atomic_thread_fence (memory_order_seq_cst);
  return zmqg_frame_queue_claim_writer (self) || flushed;
}

/* The many: a small message of one frame that lies right at the head. Its
 * size, or -1 when what is there, if anything, is something else. Field by
 * field: a cursor copied whole right after a part of it was stored stalls. */
static inline gssize
zmqg_frame_queue_peek_small (ZmqgFrameQueue *self,
                             const guint8 **data)
{
  ZmqgSegment *segment = self->head.segment;
  gsize end = ZMQG_WORD_BYTES (self->head.word);
  gsize pos = self->head.pos;
  const guint8 *p = segment->base + pos;
  gsize header = 2;
  gsize size;

  if (G_UNLIKELY (pos >= end && self->batched))
    {
      /* As in cursor_linked (). Where each message is published by itself the
       * long way is better: meanwhile more come, and the processors need not
       * contend for the word so often. */
      self->head.word = atomic_load_explicit (&segment->word,
                                              memory_order_acquire);
      end = ZMQG_WORD_BYTES (self->head.word);
    }
  if (G_UNLIKELY (segment->external || end < pos + 2))
    return -1;

  size = p[1];
  if (p[0] == ZMQG_FRAME_LONG)
    {
      guint64 be;

      if (end < pos + 9)
        return -1;
      memcpy (&be, p + 1, sizeof be);
      size = GUINT64_FROM_BE (be);
      header = 9;
      /* Of less than 256 bytes only a peer would say it like that. */
      if (size <= G_MAXUINT8 || size >= ZMQG_FRAME_LARGE)
        return -1;
    }
  else if (G_UNLIKELY (p[0] != 0))
    {
      return -1;
    }
  if (G_UNLIKELY (size > end - pos - header))
    return -1;

  /* The bytes come from another processor's cache; but not those that it is
   * about to write. */
  if (end > pos + 512 + 64)
    __builtin_prefetch (p + 512);
  *data = p + header;
  return size;
}

/* Consumes that. %TRUE as in zmqg_frame_queue_consume (). */
static inline gboolean
zmqg_frame_queue_consume_small (ZmqgFrameQueue *self,
                                gsize size)
{
  gsize pos = self->head.pos + zmqg_frame_header_size (size) + size;

  self->head.pos = pos;
  self->next.segment = self->head.segment;
  self->next.pos = pos;
  self->next.word = self->head.word;
  /* Raw reading may go on here: a message ends in its last segment. */
  self->head_messages++;
  return zmqg_frame_queue_acknowledge (self, 1);
}
