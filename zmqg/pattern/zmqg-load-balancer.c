/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-load-balancer-private.h"

gboolean
zmqg_load_balancer_has_room (ZmqgLoadBalancer *self)
{
  while (self->turns.active > 0)
    {
      ZmqgPipe *pipe = zmqg_turns_get (&self->turns);

      if (zmqg_pipe_has_room (pipe))
        return TRUE;
      zmqg_turns_deactivate (&self->turns, pipe);
    }

  return FALSE;
}

ZmqgPipe *
zmqg_load_balancer_choose (ZmqgLoadBalancer *self)
{
  ZmqgPipe *pipe;

  if (!zmqg_load_balancer_has_room (self))
    return NULL;

  pipe = zmqg_turns_get (&self->turns);
  zmqg_turns_next (&self->turns);
  return pipe;
}

ZmqgPipeResult
zmqg_load_balancer_write (ZmqgLoadBalancer *self,
                          const ZmqgFrameView *views,
                          guint n,
                          ZmqgPipe **pipe)
{
  while (self->turns.active > 0)
    {
      ZmqgPipeResult result;

      *pipe = zmqg_turns_get (&self->turns);
      result = zmqg_pipe_write (*pipe, views, n);
      if (G_LIKELY (result == ZMQG_PIPE_WRITTEN))
        {
          zmqg_turns_next (&self->turns);
          return result;
        }
      if (result == ZMQG_PIPE_NO_MEMORY)
        return result;

      zmqg_turns_deactivate (&self->turns, *pipe);
    }

  return ZMQG_PIPE_FULL;
}
