/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-fair-queue-private.h"

ZmqgPipe *
zmqg_fair_queue_peek (ZmqgFairQueue *self,
                      ZmqgFrameArray *frames)
{
  while (self->turns.active > 0)
    {
      ZmqgPipe *pipe = zmqg_turns_get (&self->turns);

      if (G_LIKELY (zmqg_pipe_peek (pipe, frames)))
        return pipe;

      /* No memory to look at it: it stays where it is. */
      if (frames->n > 0)
        return NULL;

      zmqg_turns_deactivate (&self->turns, pipe);
      if (pipe->ended)
        return pipe;
    }

  return NULL;
}

void
zmqg_fair_queue_consume (ZmqgFairQueue *self)
{
  zmqg_pipe_consume (zmqg_turns_get (&self->turns));

  zmqg_turns_next (&self->turns);
}
