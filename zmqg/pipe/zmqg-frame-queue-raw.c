/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-frame-queue-cursor-private.h"

/* The consumer of a frame queue that writes its bytes as they are. */

guint
zmqg_frame_queue_gather (ZmqgFrameQueue *self,
                         struct iovec *ranges,
                         guint max,
                         gsize max_bytes,
                         gboolean whole,
                         gsize *n_bytes)
{
  ZmqgQueueCursor cursor = self->next;
  gsize total = 0;
  guint n = 0;

  /* Conflate: one message at a time, so that what lies ready to be written
   * can still be replaced. */
  while (n < max && total < max_bytes &&
         (n == 0 ? cursor_ready (self, &cursor) : cursor_linked (&cursor)))
    {
      gsize size = cursor_limit (&cursor) - cursor.pos;

      /* The payload of a large frame goes in one piece. */
      if (!(cursor.segment->external && whole))
        size = MIN (size, max_bytes - total);

      /* Where writing goes on keeps the word that it was seen with. */
      if (n == 0)
        {
          if (zmqg_frame_queue_at_boundary (self))
            move_head (self, &cursor);
          self->next = cursor;
        }

      ranges[n].iov_base = cursor.segment->base + cursor.pos;
      ranges[n].iov_len = size;
      n++;
      total += size;
      cursor.pos += size;
    }

  *n_bytes = total;
  return n;
}

/* Walks the frames from the boundary to what was written, and moves the
 * boundary behind the last message that lies before it. */
static guint
settle_by_walk (ZmqgFrameQueue *self)
{
  ZmqgQueueCursor end = self->next;
  ZmqgQueueCursor cursor = self->head;
  ZmqgQueueCursor boundary = self->head;
  guint messages = 0;       /* that end before the boundary */
  guint in_segment = self->head_messages;
  guint counted_in_boundary = self->head_messages;

  for (;;)
    {
      ZmqgSegment *before = cursor.segment;
      ZmqgQueueCursor after;
      ZmqgFrameView view;

      if (cursor.segment == end.segment && cursor.pos >= end.pos)
        break;
      if (!cursor_ready (self, &cursor))
        break;
      if (cursor.segment != before)
        in_segment = 0;
      if (cursor.segment == end.segment && cursor.pos >= end.pos)
        break;

      after = cursor;
      /* A header that is not out whole cannot be decoded past the end. */
      cursor_read_frame (self, &after, &view);
      if (cursor.segment == end.segment && after.segment != end.segment)
        break;
      if (after.segment == end.segment && after.pos > end.pos)
        break;

      if (after.segment != cursor.segment)
        in_segment = 0;
      cursor = after;

      if (view.flags & ZMQG_FRAME_MORE)
        continue;

      if ((view.flags & ZMQG_FRAME_COMMAND) == 0 || self->counts_commands)
        {
          messages++;
          in_segment++;
        }
      boundary = cursor;
      counted_in_boundary = in_segment;
    }

  move_head (self, &boundary);
  self->head_messages = counted_in_boundary;
  return messages;
}

/* The bytes written end where a publication ended: the words tell how many
 * messages they are. */
static guint
settle_by_words (ZmqgFrameQueue *self)
{
  ZmqgSegment *segment = self->head.segment;
  guint messages = 0;

  while (segment != self->next.segment)
    {
      messages += ZMQG_WORD_MESSAGES (atomic_load_explicit (
        &segment->word, memory_order_relaxed));
      segment = segment->next;
    }

  messages += ZMQG_WORD_MESSAGES (self->next.word);
  messages -= self->head_messages;

  move_head (self, &self->next);
  self->head_messages = ZMQG_WORD_MESSAGES (self->next.word);
  return messages;
}

gboolean
zmqg_frame_queue_advance (ZmqgFrameQueue *self,
                          gsize n_bytes)
{
  ZmqgQueueCursor *next = &self->next;
  guint messages;

  while (n_bytes > 0)
    {
      gsize size;

      if (!cursor_linked (next))
        g_assert_not_reached ();
      size = MIN (n_bytes, cursor_limit (next) - next->pos);
      next->pos += size;
      n_bytes -= size;
    }

  if (next->pos == cursor_limit (next) &&
      (next->word & ZMQG_WORD_MID_MESSAGE) == 0 && !next->segment->external)
    messages = settle_by_words (self);
  else
    messages = settle_by_walk (self);

  return zmqg_frame_queue_acknowledge (self, messages);
}

gsize
zmqg_frame_queue_partial_left (ZmqgFrameQueue *self,
                               gboolean frame)
{
  ZmqgQueueCursor cursor = self->head;
  ZmqgQueueCursor end = self->next;
  gsize left = 0;
  gboolean passed = FALSE; /* the cursor is at or behind what was written */
  ZmqgFrameView view;

  if (zmqg_frame_queue_at_boundary (self))
    return 0;

  do
    {
      ZmqgQueueCursor from;
      ZmqgSegment *segment;

      if (!cursor_ready (self, &cursor))
        break;
      /* The frame before is out whole, and nothing of this one. */
      if (frame && cursor.segment == end.segment && cursor.pos == end.pos)
        break;
      from = cursor;
      cursor_read_frame (self, &cursor, &view);

      /* The bytes of this frame that lie behind what was written. */
      for (segment = from.segment;; segment = segment->next)
        {
          gsize start = segment == from.segment ? from.pos : 0;
          gsize limit = segment == cursor.segment
                          ? cursor.pos
                          : ZMQG_WORD_BYTES (from.word);

          if (passed)
            left += limit - start;
          else if (segment == end.segment && end.pos <= limit)
            {
              passed = TRUE;
              left += limit - end.pos;
            }
          if (segment == cursor.segment)
            break;
        }

      if (frame && passed)
        break;
    }
  while (view.flags & ZMQG_FRAME_MORE);

  return left;
}

void
zmqg_frame_queue_rewind (ZmqgFrameQueue *self)
{
  self->next = self->head;
}
