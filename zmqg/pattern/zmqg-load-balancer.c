/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-load-balancer-private.h"

void
zmqg_load_balancer_init (ZmqgLoadBalancer *self)
{
  self->pipes = g_ptr_array_new ();
  self->active = 0;
  self->current = 0;
}

void
zmqg_load_balancer_clear (ZmqgLoadBalancer *self)
{
  g_clear_pointer (&self->pipes, g_ptr_array_unref);
}

static void
place (ZmqgLoadBalancer *self,
       ZmqgPipe *pipe,
       guint index)
{
  self->pipes->pdata[index] = pipe;
  pipe->out_index = index;
}

static void
swap (ZmqgLoadBalancer *self,
      guint a,
      guint b)
{
  ZmqgPipe *pipe = g_ptr_array_index (self->pipes, a);

  place (self, g_ptr_array_index (self->pipes, b), a);
  place (self, pipe, b);
}

static void
deactivate (ZmqgLoadBalancer *self,
            ZmqgPipe *pipe)
{
  self->active--;
  swap (self, pipe->out_index, self->active);
  pipe->active_out = FALSE;
  if (self->current >= self->active)
    self->current = 0;
}

void
zmqg_load_balancer_attach (ZmqgLoadBalancer *self,
                           ZmqgPipe *pipe)
{
  pipe->out_index = self->pipes->len;
  pipe->active_out = FALSE;
  g_ptr_array_add (self->pipes, pipe);
  zmqg_load_balancer_activate (self, pipe);
}

void
zmqg_load_balancer_activate (ZmqgLoadBalancer *self,
                             ZmqgPipe *pipe)
{
  if (pipe->active_out)
    return;

  pipe->active_out = TRUE;
  swap (self, pipe->out_index, self->active);
  self->active++;
}

void
zmqg_load_balancer_detach (ZmqgLoadBalancer *self,
                           ZmqgPipe *pipe)
{
  if (pipe->active_out)
    deactivate (self, pipe);

  swap (self, pipe->out_index, self->pipes->len - 1);
  g_ptr_array_set_size (self->pipes, (int) self->pipes->len - 1);
}

gboolean
zmqg_load_balancer_has_room (ZmqgLoadBalancer *self)
{
  while (self->active > 0)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->pipes, self->current);

      if (zmqg_pipe_has_room (pipe))
        return TRUE;
      deactivate (self, pipe);
    }

  return FALSE;
}

ZmqgPipeResult
zmqg_load_balancer_write (ZmqgLoadBalancer *self,
                          const ZmqgFrameView *views,
                          guint n,
                          ZmqgPipe **pipe)
{
  while (self->active > 0)
    {
      ZmqgPipeResult result;

      *pipe = g_ptr_array_index (self->pipes, self->current);
      result = zmqg_pipe_write (*pipe, views, n);
      if (G_LIKELY (result == ZMQG_PIPE_WRITTEN))
        {
          self->current++;
          if (self->current >= self->active)
            self->current = 0;
          return result;
        }
      if (result == ZMQG_PIPE_NO_MEMORY)
        return result;

      deactivate (self, *pipe);
    }

  return ZMQG_PIPE_FULL;
}
