/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-segment-private.h"

#include "base/zmqg-barrier-private.h"

void
zmqg_segment_set_packed (ZmqgSegment *self,
                         ZmqgChunk *chunk,
                         guint8 *base,
                         guint32 capacity)
{
  self->keeper.chunk = zmqg_chunk_ref (chunk);
  self->base = base;
  self->capacity = capacity;
}

void
zmqg_segment_set_external (ZmqgSegment *self,
                           GBytes *bytes,
                           ZmqgChunk *chunk,
                           const guint8 *data,
                           gsize length)
{
  self->external = TRUE;
  if (bytes != NULL)
    self->keeper.bytes = g_bytes_ref (bytes);
  if (chunk != NULL)
    self->keeper.chunk = zmqg_chunk_ref (chunk);
  self->base = (guint8 *) data;
  self->length = length;
}

void
zmqg_segment_reset (ZmqgSegment *self)
{
  g_assert (self->keeper.bytes == NULL);

  if (self->keeper.chunk != NULL)
    zmqg_chunk_unref (self->keeper.chunk);
  zmqg_tag_unref (self->tag);

  atomic_store_explicit (&self->word, 0, memory_order_relaxed);
  self->fill = 0;
  self->capacity = 0;
  self->messages = 0;
  self->mid_message = FALSE;
  self->next = NULL;
  self->base = NULL;
  self->length = 0;
  self->keeper = (ZmqgKeeper) { NULL, NULL };
  self->tag = NULL;
  self->external = FALSE;
  self->borrowed = FALSE;
}

void
zmqg_segment_free (ZmqgSegment *segment)
{
  if (segment->keeper.chunk != NULL)
    zmqg_chunk_unref (segment->keeper.chunk);
  if (segment->keeper.bytes != NULL)
    {
      zmqg_order_before_drop (g_bytes_get_data (segment->keeper.bytes, NULL));
      g_bytes_unref (segment->keeper.bytes);
    }
  zmqg_tag_unref (segment->tag);
  g_free (segment);
}
