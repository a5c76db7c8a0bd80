/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-turns-private.h"

/*
 * ZmqgFairQueue: reads from many pipes, a message of each in turn. Pipes that
 * are known to be empty lie behind the active ones, and cost nothing.
 */
typedef struct
{
  ZmqgTurns turns;
} ZmqgFairQueue;

static inline void
zmqg_fair_queue_init (ZmqgFairQueue *self)
{
  zmqg_turns_init (&self->turns, FALSE);
}

static inline void
zmqg_fair_queue_clear (ZmqgFairQueue *self)
{
  zmqg_turns_clear (&self->turns);
}

static inline void
zmqg_fair_queue_attach (ZmqgFairQueue *self,
                        ZmqgPipe *pipe)
{
  zmqg_turns_attach (&self->turns, pipe);
}

static inline void
zmqg_fair_queue_detach (ZmqgFairQueue *self,
                        ZmqgPipe *pipe)
{
  zmqg_turns_detach (&self->turns, pipe);
}

/* The pipe may have something again. */
static inline void
zmqg_fair_queue_activate (ZmqgFairQueue *self,
                          ZmqgPipe *pipe)
{
  zmqg_turns_activate (&self->turns, pipe);
}

/* The pipe whose turn it is, with its message in @frames; %NULL when no pipe
 * has one. A pipe that is found empty and has ended is returned with no
 * frames: it is to be detached, and the call repeated. */
ZmqgPipe *zmqg_fair_queue_peek (ZmqgFairQueue *self, ZmqgFrameArray *frames);

/* Consumes the message peeked; the next pipe's turn. */
void zmqg_fair_queue_consume (ZmqgFairQueue *self);
