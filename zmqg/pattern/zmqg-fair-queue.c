/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-fair-queue-private.h"

void
zmqg_fair_queue_init (ZmqgFairQueue *self)
{
  self->pipes = g_ptr_array_new ();
  self->active = 0;
  self->current = 0;
}

void
zmqg_fair_queue_clear (ZmqgFairQueue *self)
{
  g_clear_pointer (&self->pipes, g_ptr_array_unref);
}

static void
place (ZmqgFairQueue *self,
       ZmqgPipe *pipe,
       guint index)
{
  self->pipes->pdata[index] = pipe;
  pipe->in_index = index;
}

static void
swap (ZmqgFairQueue *self,
      guint a,
      guint b)
{
  ZmqgPipe *pipe = g_ptr_array_index (self->pipes, a);

  place (self, g_ptr_array_index (self->pipes, b), a);
  place (self, pipe, b);
}

static void
deactivate (ZmqgFairQueue *self,
            ZmqgPipe *pipe)
{
  self->active--;
  swap (self, pipe->in_index, self->active);
  pipe->active_in = FALSE;
  if (self->current >= self->active)
    self->current = 0;
}

void
zmqg_fair_queue_attach (ZmqgFairQueue *self,
                        ZmqgPipe *pipe)
{
  pipe->in_index = self->pipes->len;
  pipe->active_in = FALSE;
  g_ptr_array_add (self->pipes, pipe);
  zmqg_fair_queue_activate (self, pipe);
}

void
zmqg_fair_queue_activate (ZmqgFairQueue *self,
                          ZmqgPipe *pipe)
{
  if (pipe->active_in)
    return;

  pipe->active_in = TRUE;
  swap (self, pipe->in_index, self->active);
  self->active++;
}

void
zmqg_fair_queue_detach (ZmqgFairQueue *self,
                        ZmqgPipe *pipe)
{
  if (pipe->active_in)
    deactivate (self, pipe);

  swap (self, pipe->in_index, self->pipes->len - 1);
  g_ptr_array_set_size (self->pipes, (int) self->pipes->len - 1);
}

ZmqgPipe *
zmqg_fair_queue_peek (ZmqgFairQueue *self,
                      ZmqgFrameArray *frames)
{
  while (self->active > 0)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->pipes, self->current);

      if (G_LIKELY (zmqg_pipe_peek (pipe, frames)))
        return pipe;

      /* No memory to look at it: it stays where it is. */
      if (frames->n > 0)
        return NULL;

      deactivate (self, pipe);
      if (pipe->ended)
        return pipe;
    }

  return NULL;
}

void
zmqg_fair_queue_consume (ZmqgFairQueue *self)
{
  zmqg_pipe_consume (g_ptr_array_index (self->pipes, self->current));

  self->current++;
  if (self->current >= self->active)
    self->current = 0;
}
