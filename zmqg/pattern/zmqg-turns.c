/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-turns-private.h"

void
zmqg_turns_init (ZmqgTurns *self,
                 gboolean out)
{
  self->pipes = g_ptr_array_new ();
  self->active = 0;
  self->current = 0;
  self->out = out;
}

void
zmqg_turns_clear (ZmqgTurns *self)
{
  g_clear_pointer (&self->pipes, g_ptr_array_unref);
}

static guint *
index_of (ZmqgTurns *self,
          ZmqgPipe *pipe)
{
  return self->out ? &pipe->out_index : &pipe->in_index;
}

static gboolean *
active_of (ZmqgTurns *self,
           ZmqgPipe *pipe)
{
  return self->out ? &pipe->active_out : &pipe->active_in;
}

static void
swap (ZmqgTurns *self,
      guint a,
      guint b)
{
  ZmqgPipe *at_a = g_ptr_array_index (self->pipes, a);
  ZmqgPipe *at_b = g_ptr_array_index (self->pipes, b);

  self->pipes->pdata[a] = at_b;
  self->pipes->pdata[b] = at_a;
  *index_of (self, at_b) = a;
  *index_of (self, at_a) = b;
}

void
zmqg_turns_attach (ZmqgTurns *self,
                   ZmqgPipe *pipe)
{
  *index_of (self, pipe) = self->pipes->len;
  *active_of (self, pipe) = FALSE;
  g_ptr_array_add (self->pipes, pipe);
  zmqg_turns_activate (self, pipe);
}

void
zmqg_turns_detach (ZmqgTurns *self,
                   ZmqgPipe *pipe)
{
  if (*active_of (self, pipe))
    zmqg_turns_deactivate (self, pipe);

  swap (self, *index_of (self, pipe), self->pipes->len - 1);
  g_ptr_array_set_size (self->pipes, (int) self->pipes->len - 1);
}

void
zmqg_turns_activate (ZmqgTurns *self,
                     ZmqgPipe *pipe)
{
  if (*active_of (self, pipe))
    return;

  *active_of (self, pipe) = TRUE;
  swap (self, *index_of (self, pipe), self->active);
  self->active++;
}

void
zmqg_turns_deactivate (ZmqgTurns *self,
                       ZmqgPipe *pipe)
{
  self->active--;
  swap (self, *index_of (self, pipe), self->active);
  *active_of (self, pipe) = FALSE;
  if (self->current >= self->active)
    self->current = 0;
}
