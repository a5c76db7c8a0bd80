/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-distributor-private.h"

/* Frames whose size times the number of targets exceeds this are copied once
 * and then referred to. */
#define SHARE_FROM (16u * 1024u)

void
zmqg_distributor_init (ZmqgDistributor *self)
{
  self->pipes = g_ptr_array_new ();
  self->targets = g_ptr_array_new ();
  self->mark = 0;
}

void
zmqg_distributor_clear (ZmqgDistributor *self)
{
  g_clear_pointer (&self->pipes, g_ptr_array_unref);
  g_clear_pointer (&self->targets, g_ptr_array_unref);
}

void
zmqg_distributor_attach (ZmqgDistributor *self,
                         ZmqgPipe *pipe)
{
  pipe->out_index = self->pipes->len;
  pipe->mark = 0;
  g_ptr_array_add (self->pipes, pipe);
  /* Has room for them all from now on: see match (). */
  g_ptr_array_set_size (self->targets, (int) self->pipes->len);
  g_ptr_array_set_size (self->targets, 0);
}

void
zmqg_distributor_detach (ZmqgDistributor *self,
                         ZmqgPipe *pipe)
{
  ZmqgPipe *last = g_ptr_array_index (self->pipes, self->pipes->len - 1);

  self->pipes->pdata[pipe->out_index] = last;
  last->out_index = pipe->out_index;
  g_ptr_array_set_size (self->pipes, (int) self->pipes->len - 1);
  g_ptr_array_set_size (self->targets, 0);
}

void
zmqg_distributor_start (ZmqgDistributor *self)
{
  self->mark++;
  g_ptr_array_set_size (self->targets, 0);
}

void
zmqg_distributor_match_all (ZmqgDistributor *self)
{
  for (guint i = 0; i < self->pipes->len; i++)
    zmqg_distributor_match (self, g_ptr_array_index (self->pipes, i));
}

void
zmqg_distributor_invert (ZmqgDistributor *self)
{
  g_ptr_array_set_size (self->targets, 0);
  for (guint i = 0; i < self->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->pipes, i);

      if (pipe->mark != self->mark)
        g_ptr_array_add (self->targets, pipe);
    }
}

gboolean
zmqg_distributor_has_room (ZmqgDistributor *self)
{
  gboolean room = TRUE;

  /* All are asked, so that each of the full ones signals room. */
  for (guint i = 0; i < self->targets->len; i++)
    if (!zmqg_pipe_has_room (g_ptr_array_index (self->targets, i)))
      room = FALSE;

  return room;
}

static void
drop_for_all (ZmqgDistributor *self)
{
  for (guint i = 0; i < self->targets->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->targets, i);

      zmqg_account_drop (pipe->account, ZMQG_DROP_REASON_NO_MEMORY);
    }
}

/* What is written to of the pipes that come next is fetched from further away
 * than the processor looks ahead by itself. */
static inline void
fetch_ahead (ZmqgDistributor *self,
             guint i)
{
  if (i + 4 < self->targets->len)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->targets, i + 4);

      zmqg_frame_queue_prefetch (pipe->out);
    }
  if (i + 2 < self->targets->len)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->targets, i + 2);

      zmqg_segment_prefetch (pipe->out->tail);
    }
}

static gboolean
write_to_targets (ZmqgDistributor *self,
                  const ZmqgFrameView *views,
                  guint n)
{
  gboolean is_small = n == 1 && views[0].size < ZMQG_FRAME_LARGE &&
                      views[0].flags == 0;
  gboolean memory = TRUE;

  for (guint i = 0; i < self->targets->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->targets, i);

      fetch_ahead (self, i);
      if (G_LIKELY (is_small && zmqg_frame_queue_write_small (
                                  pipe->out, views[0].data, views[0].size)))
        {
          zmqg_pipe_flush (pipe);
          continue;
        }

      switch (zmqg_pipe_write (pipe, views, n))
        {
        case ZMQG_PIPE_WRITTEN:
          zmqg_pipe_flush (pipe);
          break;

        case ZMQG_PIPE_NO_MEMORY:
          memory = FALSE;
          zmqg_account_drop (pipe->account, ZMQG_DROP_REASON_NO_MEMORY);
          break;

        case ZMQG_PIPE_FULL:
        default:
          zmqg_account_drop (pipe->account, ZMQG_DROP_REASON_FULL);
          break;
        }
    }

  return memory;
}

/* Large frames without an owner would be copied for each target. */
static gboolean
write_shared (ZmqgDistributor *self,
              const ZmqgFrameView *views,
              guint n)
{
  g_autofree ZmqgFrameView *shared = g_try_new (ZmqgFrameView, n);
  gboolean memory = shared != NULL;
  guint made = 0;

  for (; memory && made < n; made++)
    {
      ZmqgFrameView *view = &shared[made];

      *view = views[made];
      if (view->size < ZMQG_FRAME_LARGE || view->bytes != NULL)
        view->chunk = NULL;
      else if (view->chunk != NULL)
        zmqg_chunk_ref (view->chunk);
      else if ((view->chunk = zmqg_chunk_new (view->size)) == NULL)
        memory = FALSE;
      else
        {
          memcpy (view->chunk->data, view->data, view->size);
          view->data = view->chunk->data;
        }
    }

  if (memory)
    memory = write_to_targets (self, shared, n);
  else
    drop_for_all (self);
  for (guint i = 0; i < made; i++)
    if (shared[i].chunk != NULL)
      zmqg_chunk_unref (shared[i].chunk);

  return memory;
}

gboolean
zmqg_distributor_write (ZmqgDistributor *self,
                        const ZmqgFrameView *views,
                        guint n)
{
  for (guint i = 0; i < n; i++)
    if (views[i].size >= ZMQG_FRAME_LARGE && views[i].bytes == NULL &&
        views[i].chunk == NULL && self->targets->len > 1 &&
        views[i].size * self->targets->len > SHARE_FROM)
      return write_shared (self, views, n);

  return write_to_targets (self, views, n);
}
