/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-turns-private.h"
#include "pipe/zmqg-frame-queue-cursor-private.h"
#include "socket/zmqg-socket-core-private.h"

/*
 * The short way of the many: a message of one small frame, of a type that just
 * gives each to the pipe whose turn it is, or takes it from there. Between the
 * program's memory and the queue there is nothing else. Whatever is not as
 * simple as that is left to the operations of the type.
 */

/* --- With the lock held --------------------------------------------------- */

/* Of a type that has such pipes; %FALSE when nothing happened. */
static inline gboolean
zmqg_small_write (ZmqgSocketCore *self,
                  const guint8 *data,
                  gsize size)
{
  ZmqgTurns *turns = self->small_out;
  ZmqgPipe *pipe;

  if (G_UNLIKELY (turns->active == 0))
    return FALSE;

  pipe = zmqg_turns_get (turns);
  if (G_UNLIKELY (!zmqg_frame_queue_write_small (pipe->out, data, size)))
    return FALSE;

  zmqg_turns_next (turns);
  zmqg_socket_core_flush (self, pipe);
  zmqg_socket_core_note_sent (self, size);
  zmqg_socket_core_hand_on (self, ZMQG_WAIT_OUT);
  return TRUE;
}

/* The pipe with a small message that lies ready, which stays there until it is
 * taken; %NULL when it is not as simple as that. */
static inline ZmqgPipe *
zmqg_small_peek (ZmqgSocketCore *self,
                 const guint8 **data,
                 gsize *size)
{
  ZmqgTurns *turns = self->small_in;
  ZmqgPipe *pipe;
  gssize found;

  if (G_UNLIKELY (turns == NULL || turns->active == 0))
    return NULL;

  pipe = zmqg_turns_get (turns);
  found = zmqg_frame_queue_peek_small (pipe->in, data);
  if (G_UNLIKELY (found < 0 || (self->ops->wants != NULL &&
                                !self->ops->wants (self, *data, found))))
    return NULL;

  *size = found;
  return pipe;
}

/* Others that wait may go on then: see zmqg_socket_core_hand_on (). */
static inline void
zmqg_small_take (ZmqgSocketCore *self,
                 ZmqgPipe *pipe,
                 gsize size)
{
  if (G_UNLIKELY (zmqg_frame_queue_consume_small (pipe->in, size)))
    zmqg_pipe_post_peer (pipe, ZMQG_PIPE_WRITABLE);
  zmqg_turns_next (self->small_in);
  zmqg_socket_core_note_received (self, size);
}

/* --- The lock ------------------------------------------------------------- */

/* %FALSE when it is not free, or not all is as it mostly is. */
static inline gboolean
zmqg_small_lock (ZmqgSocketCore *self)
{
  if (G_UNLIKELY (zmqg_context_core_is_forked (self->context) ||
                  !zmqg_trylock (&self->lock)))
    return FALSE;

  if (G_LIKELY (!zmqg_inbox_is_pending (&self->inbox) && self->joined &&
                !self->closed &&
                !atomic_load_explicit (&self->terminated,
                                       memory_order_relaxed)))
    return TRUE;

  zmqg_socket_core_unlock (self);
  return FALSE;
}

/* One attempt; %FALSE when nothing happened. */
static inline gboolean
zmqg_small_send (ZmqgSocketCore *self,
                 const guint8 *data,
                 gsize size)
{
  gboolean sent;

  if (self->small_out == NULL || size >= ZMQG_FRAME_LARGE ||
      G_UNLIKELY (!zmqg_small_lock (self)))
    return FALSE;

  sent = zmqg_small_write (self, data, size);
  zmqg_socket_core_unlock (self);
  return sent;
}
