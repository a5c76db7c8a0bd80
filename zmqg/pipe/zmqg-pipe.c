/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-pipe-private.h"

typedef struct
{
  atomic_uint refs;
  ZmqgPipe ends[2];
  ZmqgFrameQueue queues[2]; /* from the first end, from the second */
} ZmqgPipePair;

static ZmqgPipePair *
pair_of (ZmqgPipe *pipe)
{
  ZmqgPipe *first = pipe < pipe->peer ? pipe : pipe->peer;

  return (ZmqgPipePair *) ((guint8 *) first -
                           G_STRUCT_OFFSET (ZmqgPipePair, ends));
}

ZmqgPipe *
zmqg_pipe_new (guint first_out,
               guint second_out,
               gboolean conflate_first,
               gboolean conflate_second)
{
  ZmqgPipePair *pair = g_aligned_alloc0 (1, sizeof *pair, ZMQG_CACHE_LINE);

  atomic_init (&pair->refs, 1);
  zmqg_frame_queue_init (&pair->queues[0], first_out, conflate_first);
  zmqg_frame_queue_init (&pair->queues[1], second_out, conflate_second);

  for (guint i = 0; i < 2; i++)
    {
      pair->ends[i].peer = &pair->ends[1 - i];
      pair->ends[i].out = &pair->queues[i];
      pair->ends[i].in = &pair->queues[1 - i];
    }

  return &pair->ends[0];
}

ZmqgPipe *
zmqg_pipe_ref (ZmqgPipe *pipe)
{
  atomic_fetch_add_explicit (&pair_of (pipe)->refs, 1, memory_order_relaxed);
  return pipe;
}

ZmqgSegment *
zmqg_pipe_unref_quietly (ZmqgPipe *pipe)
{
  ZmqgPipePair *pair = pair_of (pipe);
  ZmqgSegment *left = NULL;

  /* The last one sees what all others wrote. */
  if (atomic_fetch_sub_explicit (&pair->refs, 1, memory_order_acq_rel) != 1)
    return NULL;

  for (guint i = 0; i < 2; i++)
    {
      ZmqgPipe *end = &pair->ends[i];
      ZmqgSegment *list;

      g_clear_pointer (&end->account, zmqg_account_close);
      if (end->ops != NULL && end->ops->release != NULL)
        end->ops->release (end);
      list = zmqg_frame_queue_dismantle (&pair->queues[i]);
      while (list != NULL)
        {
          ZmqgSegment *segment = list;

          list = segment->next;
          segment->next = left;
          left = segment;
        }
      zmqg_tag_unref (end->endpoint);
      zmqg_tag_stock_clear (&end->tags);
      zmqg_tag_unref (end->peer_tag);
      zmqg_tag_unref (atomic_load (&end->new_tag));
    }
  g_aligned_free (pair);
  return left;
}

void
zmqg_pipe_unref (ZmqgPipe *pipe)
{
  zmqg_segment_list_free (zmqg_pipe_unref_quietly (pipe));
}

void
zmqg_pipe_announce (ZmqgPipe *pipe,
                    ZmqgTag *tag)
{
  zmqg_tag_unref (atomic_exchange (&pipe->peer->new_tag, zmqg_tag_ref (tag)));
}

gboolean
zmqg_pipe_take_announced (ZmqgPipe *pipe)
{
  ZmqgTag *tag = atomic_exchange (&pipe->new_tag, NULL);

  if (tag == NULL)
    return FALSE;

  zmqg_tag_unref (pipe->peer_tag);
  pipe->peer_tag = tag;
  return TRUE;
}

ZmqgPipeResult
zmqg_pipe_write_always (ZmqgPipe *pipe,
                        const ZmqgFrameView *views,
                        guint n)
{
  ZmqgFrameQueue *queue = pipe->out;

  for (guint i = 0; i < n; i++)
    {
      if (G_UNLIKELY (!zmqg_frame_queue_append (queue, &views[i])))
        {
          zmqg_frame_queue_roll_back (queue);
          return ZMQG_PIPE_NO_MEMORY;
        }
    }

  zmqg_frame_queue_publish (queue);
  return ZMQG_PIPE_WRITTEN;
}

ZmqgPipeResult
zmqg_pipe_write (ZmqgPipe *pipe,
                 const ZmqgFrameView *views,
                 guint n)
{
  /* Conflating, nothing linked has room. */
  if (G_LIKELY (n == 1 && views[0].size < ZMQG_FRAME_LARGE &&
                views[0].flags == 0) &&
      zmqg_frame_queue_write_small (pipe->out, views[0].data, views[0].size))
    return ZMQG_PIPE_WRITTEN;

  if (G_UNLIKELY (zmqg_frame_queue_room (pipe->out) == 0))
    return ZMQG_PIPE_FULL;

  return zmqg_pipe_write_always (pipe, views, n);
}

gboolean
zmqg_pipe_peek (ZmqgPipe *pipe,
                ZmqgFrameArray *frames)
{
  do
    {
      if (G_LIKELY (zmqg_frame_queue_peek (pipe->in, frames)))
        return TRUE;
      if (frames->n > 0)
        return FALSE;
    }
  while ((!pipe->in->batched && zmqg_frame_queue_await_more (pipe->in)) ||
         !zmqg_frame_queue_reader_sleep (pipe->in));

  /* The mark was changed while the writer waited. */
  if (G_UNLIKELY (zmqg_frame_queue_claim_writer (pipe->in)))
    zmqg_pipe_post_peer (pipe, ZMQG_PIPE_WRITABLE);
  /* Memory of the writer's: where it is freed, over inproc. */
  if (G_UNLIKELY (atomic_load_explicit (&pipe->in->released,
                                        memory_order_relaxed) != NULL))
    zmqg_pipe_post_peer (pipe, ZMQG_PIPE_STATE);

  return FALSE;
}
