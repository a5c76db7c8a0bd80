/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-turns-private.h"

/*
 * ZmqgLoadBalancer: writes to many pipes, a message to each in turn. Pipes
 * that refused lie behind the active ones until they signal room.
 */
typedef struct
{
  ZmqgTurns turns;
} ZmqgLoadBalancer;

static inline void
zmqg_load_balancer_init (ZmqgLoadBalancer *self)
{
  zmqg_turns_init (&self->turns, TRUE);
}

static inline void
zmqg_load_balancer_clear (ZmqgLoadBalancer *self)
{
  zmqg_turns_clear (&self->turns);
}

static inline void
zmqg_load_balancer_attach (ZmqgLoadBalancer *self,
                           ZmqgPipe *pipe)
{
  zmqg_turns_attach (&self->turns, pipe);
}

static inline void
zmqg_load_balancer_detach (ZmqgLoadBalancer *self,
                           ZmqgPipe *pipe)
{
  zmqg_turns_detach (&self->turns, pipe);
}

/* The pipe may have room again. */
static inline void
zmqg_load_balancer_activate (ZmqgLoadBalancer *self,
                             ZmqgPipe *pipe)
{
  zmqg_turns_activate (&self->turns, pipe);
}

/* Whether a message could be written now. */
gboolean zmqg_load_balancer_has_room (ZmqgLoadBalancer *self);

/* The pipe whose turn it is and that has room, which ends its turn; %NULL when
 * none has. */
ZmqgPipe *zmqg_load_balancer_choose (ZmqgLoadBalancer *self);

/* Writes a message; the reader is not woken. ZMQG_PIPE_FULL when no pipe has
 * room; else @pipe is the one whose turn it was. */
ZmqgPipeResult zmqg_load_balancer_write (ZmqgLoadBalancer *self,
                                         const ZmqgFrameView *views, guint n,
                                         ZmqgPipe **pipe);
