/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-segment-private.h"

#include "base/zmqg-barrier-private.h"

ZmqgSegment *
zmqg_segment_new_view (ZmqgChunk *chunk,
                       guint8 *base,
                       guint32 capacity)
{
  ZmqgSegment *segment = g_try_new0 (ZmqgSegment, 1);

  if (segment == NULL)
    return NULL;

  segment->chunk = zmqg_chunk_ref (chunk);
  segment->base = base;
  segment->capacity = capacity;
  return segment;
}

ZmqgSegment *
zmqg_segment_new_packed (guint32 capacity)
{
  ZmqgChunk *chunk = zmqg_chunk_new (capacity);
  ZmqgSegment *segment;

  if (chunk == NULL)
    return NULL;

  segment = zmqg_segment_new_view (chunk, chunk->data, capacity);
  zmqg_chunk_unref (chunk);
  return segment;
}

ZmqgSegment *
zmqg_segment_new_external (GBytes *bytes,
                           ZmqgChunk *chunk,
                           const guint8 *data,
                           gsize length)
{
  ZmqgSegment *segment = g_try_new0 (ZmqgSegment, 1);

  if (segment == NULL)
    return NULL;

  segment->external = TRUE;
  if (bytes != NULL)
    segment->bytes = g_bytes_ref (bytes);
  if (chunk != NULL)
    segment->chunk = zmqg_chunk_ref (chunk);
  segment->base = (guint8 *) data;
  segment->length = length;
  return segment;
}

void
zmqg_segment_free (ZmqgSegment *segment)
{
  if (segment->chunk != NULL)
    zmqg_chunk_unref (segment->chunk);
  if (segment->bytes != NULL)
    {
      zmqg_order_before_drop (g_bytes_get_data (segment->bytes, NULL));
      g_bytes_unref (segment->bytes);
    }
  zmqg_tag_unref (segment->tag);
  g_free (segment);
}
