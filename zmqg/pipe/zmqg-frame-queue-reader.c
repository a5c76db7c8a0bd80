/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-frame-queue-cursor-private.h"

/* The consumer of a frame queue that decodes its messages. */

gboolean
zmqg_frame_queue_has_data (ZmqgFrameQueue *self)
{
  ZmqgQueueCursor cursor = self->next;

  if (cursor_linked (&cursor))
    return TRUE;

  /* Looking takes nothing: a newer message may still replace it. */
  return self->conflate &&
         atomic_load_explicit (&self->newest, memory_order_relaxed) != NULL;
}

/* So many messages in a row are a stream. */
#define STREAM 64

/* Each look takes the cache line from the one who writes: few looks, of some
 * 300 ns each. */
#define LOOKS 5
#define LOOK 24

static inline void
relax_for (guint n)
{
  for (guint i = 0; i < n; i++)
    zmqg_relax ();
}

gboolean
zmqg_frame_queue_await_more (ZmqgFrameQueue *self)
{
  gboolean stream = self->read - self->read_when_dry >= STREAM;

  self->read_when_dry = self->read;
  for (guint i = 0; stream && i < LOOKS; i++)
    {
      relax_for (LOOK);
      if (zmqg_frame_queue_has_data (self))
        {
          relax_for (LOOK);
          return TRUE;
        }
    }

  return FALSE;
}

/* The batches were chosen by a mark that may have changed since: nothing
 * that was read may stay unacknowledged while nothing more is read. */
static void
acknowledge_all (ZmqgFrameQueue *self)
{
  if (self->ack_sent == self->read)
    return;

  self->ack_sent = self->read;
  /* Release pairs with the acquire in room (). */
  atomic_store_explicit (&self->acked, self->read, memory_order_release);
}

/* The last segment stays, for the producer to link the next one to it. The
 * payload that it referred to goes once it was read: nobody knows when the
 * next one comes. */
static void
give_back (ZmqgFrameQueue *self)
{
  ZmqgSegment *segment = self->head.segment;
  ZmqgSegment *carrier;

  if (G_LIKELY (!segment->external) || self->head.pos < segment->length ||
      !zmqg_frame_queue_at_boundary (self))
    return;

  g_clear_pointer (&segment->keeper.chunk, zmqg_chunk_unref);
  segment->borrowed = FALSE; /* there is nothing to be copied any more */
  if (segment->keeper.bytes == NULL)
    return;

  carrier = g_try_new0 (ZmqgSegment, 1);
  if (carrier == NULL)
    return;
  carrier->external = TRUE;
  carrier->keeper.bytes = g_steal_pointer (&segment->keeper.bytes);
  zmqg_frame_queue_free_segment (self, carrier);
}

gboolean
zmqg_frame_queue_settle (ZmqgFrameQueue *self)
{
  acknowledge_all (self);
  give_back (self);
  /* Pairs with the fence in room (). */
  atomic_thread_fence (memory_order_seq_cst);
  return zmqg_frame_queue_claim_writer (self);
}

void
zmqg_frame_queue_keep_borrowed (ZmqgFrameQueue *self)
{
  ZmqgQueueCursor cursor = self->head;

  do
    {
      ZmqgSegment *segment = cursor.segment;

      if (segment->borrowed)
        {
          /* At the head, and behind its end: it was written. */
          if (cursor.pos < segment->length)
            memcpy (segment->keeper.chunk->data, segment->base, segment->length);
          segment->base = segment->keeper.chunk->data;
          segment->borrowed = FALSE;
        }
      cursor.pos = cursor_limit (&cursor);
    }
  while (cursor_linked (&cursor));
}

gboolean
zmqg_frame_queue_reader_sleep (ZmqgFrameQueue *self)
{
  acknowledge_all (self);
  give_back (self);

  atomic_store_explicit (&self->reader_asleep, 1, memory_order_relaxed);
  /* Pairs with the barrier of a producer between publish and its look at the
   * flag (zmqg_frame_queue_reader_sleeps): one of the two sees the other. */
  if (self->batched)
    atomic_thread_fence (memory_order_seq_cst);
  else
    zmqg_barrier_heavy ();

  if (!zmqg_frame_queue_has_data (self))
    return TRUE;

  atomic_store_explicit (&self->reader_asleep, 0, memory_order_relaxed);
  return FALSE;
}

gboolean
zmqg_frame_array_grow (ZmqgFrameArray *self)
{
  guint capacity = self->capacity * 4;
  ZmqgFrameView *views = g_try_new (ZmqgFrameView, capacity);

  if (views == NULL)
    return FALSE;

  memcpy (views, self->views, self->n * sizeof *views);
  zmqg_frame_array_clear (self);
  self->views = views;
  self->capacity = capacity;
  return TRUE;
}

static inline gboolean
peek_small_message (ZmqgFrameQueue *self,
                    ZmqgFrameArray *frames)
{
  ZmqgFrameView *view = &frames->views[0];
  gssize size = zmqg_frame_queue_peek_small (self, &view->data);

  if (G_UNLIKELY (size < 0))
    return FALSE;

  view->size = size;
  view->flags = 0;
  view->bytes = NULL;
  view->chunk = NULL;
  view->keeper = NULL;
  frames->n = 1;
  self->next.segment = self->head.segment;
  self->next.pos = self->head.pos + zmqg_frame_header_size (size) + size;
  self->next.word = self->head.word;
  return TRUE;
}

gboolean
zmqg_frame_queue_peek (ZmqgFrameQueue *self,
                       ZmqgFrameArray *frames)
{
  ZmqgQueueCursor cursor;
  ZmqgFrameView *view;

  if (G_LIKELY (peek_small_message (self, frames)))
    return TRUE;

  cursor = self->head;
  frames->n = 0;

  do
    {
      if (!cursor_ready (self, &cursor))
        {
          /* What was stepped over may be gone. */
          self->next = self->head;
          return FALSE;
        }

      /* So that the head's tag is that of the message. */
      if (frames->n == 0 && cursor.segment != self->head.segment)
        move_head (self, &cursor);

      view = zmqg_frame_array_add (frames);
      if (G_UNLIKELY (view == NULL))
        return FALSE;
      cursor_read_frame (self, &cursor, view);

      if (G_UNLIKELY (view->flags & ZMQG_FRAME_SKIP))
        {
          frames->n--;
          if (frames->n == 0)
            move_head (self, &cursor);
          continue;
        }
    }
  while (view->flags & (ZMQG_FRAME_MORE | ZMQG_FRAME_SKIP));

  self->next = cursor;
  return TRUE;
}

gboolean
zmqg_frame_queue_consume (ZmqgFrameQueue *self)
{
  const guint8 *p = self->head.segment->base + self->head.pos;
  gboolean counted = self->counts_commands ||
                     (p[0] & ZMQG_FRAME_COMMAND) == 0;

  if (G_LIKELY (self->next.segment == self->head.segment))
    {
      self->head.pos = self->next.pos;
      self->head.word = self->next.word;
    }
  else
    {
      move_head (self, &self->next);
    }

  if (G_UNLIKELY (!counted))
    return FALSE;

  /* Raw reading may go on here: a message ends in its last segment. */
  self->head_messages++;
  return zmqg_frame_queue_acknowledge (self, 1);
}

gboolean
zmqg_frame_queue_trim (ZmqgFrameQueue *self)
{
  ZmqgSegment *last = self->head.segment;
  ZmqgQueueCursor cursor = self->head;

  if (self->conflate || self->unlinked != NULL || self->in_message ||
      !zmqg_frame_queue_at_boundary (self) || cursor_ready (self, &cursor) ||
      cursor.segment != self->tail)
    return FALSE;

  if (last == &self->anchor)
    {
      zmqg_frame_queue_free_spare (self);
      return TRUE;
    }

  move_head (self, &cursor);
  last = self->tail;
  memset (&self->anchor, 0, sizeof self->anchor);
  self->tail = self->fill = &self->anchor;
  self->head = (ZmqgQueueCursor) { .segment = &self->anchor };
  self->next = self->head;
  self->head_messages = 0;
  self->next_capacity = ZMQG_CHUNK_FIRST;
  g_clear_pointer (&self->rest, zmqg_chunk_unref);
  last->next = NULL;
  g_clear_pointer (&last->keeper.chunk, zmqg_chunk_unref_idle);
  zmqg_frame_queue_free_segment (self, last);
  /* After all that was left on the way. */
  zmqg_frame_queue_free_spare (self);
  return TRUE;
}
