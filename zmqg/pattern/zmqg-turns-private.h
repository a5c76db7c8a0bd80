/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pipe/zmqg-pipe-private.h"

/*
 * ZmqgTurns: pipes that take turns. Those known to have nothing (to read, or
 * no room to write) lie behind the active ones, and cost nothing.
 */
typedef struct
{
  GPtrArray *pipes; /* borrowed */
  guint active;     /* so many at the front are worth a look */
  guint current;    /* whose turn it is, if there are active ones */
  gboolean out;     /* by the pipes' out_index and active_out */
} ZmqgTurns;

void zmqg_turns_init (ZmqgTurns *self, gboolean out);
void zmqg_turns_clear (ZmqgTurns *self);
void zmqg_turns_attach (ZmqgTurns *self, ZmqgPipe *pipe);
void zmqg_turns_detach (ZmqgTurns *self, ZmqgPipe *pipe);
void zmqg_turns_activate (ZmqgTurns *self, ZmqgPipe *pipe);
void zmqg_turns_deactivate (ZmqgTurns *self, ZmqgPipe *pipe);

/* The pipe whose turn it is; there are active ones. */
static inline ZmqgPipe *
zmqg_turns_get (ZmqgTurns *self)
{
  return g_ptr_array_index (self->pipes, self->current);
}

static inline void
zmqg_turns_next (ZmqgTurns *self)
{
  self->current++;
  if (self->current >= self->active)
    self->current = 0;
}
