/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-topic-frame-private.h"

static gboolean
init (ZmqgTopicFrame *self,
      guint flags,
      const guint8 *prefix,
      gsize prefix_size,
      const guint8 *topic,
      gsize size)
{
  guint8 *body = self->local;

  self->heap = NULL;
  if (size > ZMQG_TOPIC_FRAME_INLINE)
    {
      if (size <= G_MAXSIZE - prefix_size)
        self->heap = g_try_malloc (prefix_size + size);
      body = self->heap;
    }
  if (body == NULL)
    return FALSE;

  memcpy (body, prefix, prefix_size);
  if (size > 0)
    memcpy (body + prefix_size, topic, size);

  self->view = (ZmqgFrameView) {
    .data = body,
    .size = prefix_size + size,
    .flags = flags,
  };
  return TRUE;
}

gboolean
zmqg_topic_frame_init_command (ZmqgTopicFrame *self,
                               ZmqgCommandId id,
                               const guint8 *topic,
                               gsize size)
{
  gsize prefix_size;
  const guint8 *prefix = zmqg_command_get_prefix (id, &prefix_size);

  return init (self, ZMQG_FRAME_COMMAND, prefix, prefix_size, topic, size);
}

gboolean
zmqg_topic_frame_init_message (ZmqgTopicFrame *self,
                               gboolean subscribe,
                               const guint8 *topic,
                               gsize size)
{
  guint8 byte = subscribe ? ZMQG_COMMAND_BYTE_SUBSCRIBE
                          : ZMQG_COMMAND_BYTE_CANCEL;

  return init (self, 0, &byte, 1, topic, size);
}

void
zmqg_topic_frame_clear (ZmqgTopicFrame *self)
{
  g_clear_pointer (&self->heap, g_free);
}
