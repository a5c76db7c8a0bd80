/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-error.h"
#include "message/zmqg-message-struct-private.h"
#include "socket/zmqg-socket-small-private.h"

/* One attempt of a socket to send, or to receive, and what its thread does of
 * the engine's work when that was in vain. */

/* --- Sending and receiving ---------------------------------------------- */

void
zmqg_socket_core_hand_on_to_consumers (ZmqgSocketCore *self,
                                       guint interest)
{
  interest &= self->ops->events (self, interest);
  if (interest != 0)
    zmqg_inbox_wake (&self->inbox, interest);
}

/* What the type cannot do. That the socket is closed or terminated goes
 * before. */
static ZmqgIoResult
not_supported (ZmqgSocketCore *self,
               const char *what,
               GError **error)
{
  gboolean ok;

  zmqg_socket_core_lock (self);
  ok = zmqg_socket_core_check (self, error);
  zmqg_socket_core_unlock (self);

  if (!ok)
    return ZMQG_IO_FAILED;

  /* One of a program's own class can neither send nor receive. */
  if (self->ops->send == NULL && self->ops->receive == NULL)
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED,
                 "This socket cannot %s", what);
  else
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED,
                 "A %s socket cannot %s",
                 zmqg_zmtp_type_get (self->ops->session->number)->name, what);
  zmqg_order_before_drop (self);
  return ZMQG_IO_FAILED;
}

/* A message whose frames come one by one: the first of them, or all. */
static ZmqgIoResult
send_part (ZmqgSocketCore *self,
           const ZmqgFrameView *views,
           guint n,
           ZmqgSendFlags flags,
           GError **error)
{
  ZmqgIoResult result;

  if ((flags & ZMQG_SEND_BEGIN) != 0)
    {
      self->chosen = NULL;
      return self->ops->begin != NULL ? self->ops->begin (self, views, error)
                                      : ZMQG_IO_DONE;
    }

  if (self->chosen != NULL && self->chosen->ended)
    self->chosen = NULL;
  self->finishing = TRUE;
  result = self->ops->send (self, views, n, error);
  self->finishing = FALSE;
  if (result != ZMQG_IO_AGAIN)
    self->chosen = NULL;
  return result;
}

/* What is not sent the short way. */
static ZmqgIoResult
send_locked (ZmqgSocketCore *self,
             const ZmqgFrameView *views,
             guint n,
             ZmqgSendFlags flags,
             GError **error)
{
  ZmqgIoResult result;

  self->patient = (flags & ZMQG_SEND_PATIENT) != 0 &&
                  self->options->send_timeout != 0;
  if (G_LIKELY ((flags & (ZMQG_SEND_BEGIN | ZMQG_SEND_FINISH)) == 0))
    result = self->ops->send (self, views, n, error);
  else
    result = send_part (self, views, n, flags, error);

  if (G_LIKELY (result == ZMQG_IO_DONE && (flags & ZMQG_SEND_BEGIN) == 0))
    {
      zmqg_socket_core_note_sent (self, zmqg_frame_views_get_size (views, n));
      zmqg_socket_core_hand_on (self, ZMQG_WAIT_OUT);
    }
  return result;
}

ZmqgIoResult
zmqg_socket_core_send (ZmqgSocketCore *self,
                       const ZmqgFrameView *views,
                       guint n,
                       ZmqgSendFlags flags,
                       GError **error)
{
  ZmqgIoResult result = ZMQG_IO_FAILED;

  if (G_LIKELY (n == 1 && views[0].flags == 0 &&
                (flags & (ZMQG_SEND_BEGIN | ZMQG_SEND_FINISH)) == 0 &&
                zmqg_small_send (self, views[0].data, views[0].size)))
    return ZMQG_IO_DONE;

  if (!zmqg_socket_core_check_fork (self, error))
    return result;
  if (self->ops->send == NULL)
    return not_supported (self, "send", error);

  zmqg_socket_core_lock (self);
  if (G_LIKELY (zmqg_socket_core_check (self, error)))
    result = send_locked (self, views, n, flags, error);
  zmqg_socket_core_unlock (self);

  return result;
}

/* A small message that lies ready, as a ZmqgMessage; %NULL also without
 * memory. */
static inline ZmqgMessage *
take_small (ZmqgSocketCore *self)
{
  ZmqgMessage *message;
  const guint8 *data;
  ZmqgPipe *pipe;
  gsize size;

  pipe = zmqg_small_peek (self, &data, &size);
  if (G_UNLIKELY (pipe == NULL))
    return NULL;

  message = zmqg_message_new_small (data, size);
  if (G_UNLIKELY (message == NULL))
    return NULL;

  zmqg_message_take_tag (message,
                         zmqg_tag_stock_take (&pipe->tags,
                                              zmqg_pipe_peek_tag (pipe)));
  zmqg_small_take (self, pipe, size);
  return message;
}

static ZmqgIoResult
receive_locked (ZmqgSocketCore *self,
                ZmqgMessage **message,
                GError **error)
{
  ZmqgIoResult result;

  *message = take_small (self);
  if (G_LIKELY (*message != NULL))
    return ZMQG_IO_DONE;

  result = self->ops->receive (self, message, error);
  if (result == ZMQG_IO_DONE)
    zmqg_socket_core_note_received (self, (*message)->size);
  return result;
}

ZmqgIoResult
zmqg_socket_core_receive (ZmqgSocketCore *self,
                          ZmqgMessage **message,
                          GError **error)
{
  ZmqgIoResult result = ZMQG_IO_FAILED;

  if (!zmqg_socket_core_check_fork (self, error))
    return result;
  if (self->ops->receive == NULL)
    return not_supported (self, "receive", error);

  zmqg_socket_core_lock (self);
  if (G_LIKELY (zmqg_socket_core_check (self, error)))
    {
      result = receive_locked (self, message, error);
      if (result == ZMQG_IO_DONE)
        zmqg_socket_core_hand_on (self, ZMQG_WAIT_IN);
      else
        zmqg_socket_core_give_back (self);
    }
  zmqg_socket_core_unlock (self);

  return result;
}

static guint
receive_batch (ZmqgSocketCore *self,
               GPtrArray *messages,
               guint max,
               ZmqgIoResult *result,
               GError **error)
{
  guint n = 0;

  while (n < max)
    {
      ZmqgMessage *message;

      /* An error behind messages is met again by the next call. */
      *result = receive_locked (self, &message, n == 0 ? error : NULL);
      if (*result != ZMQG_IO_DONE)
        break;
      g_ptr_array_add (messages, message);
      n++;
    }

  if (n > 0)
    zmqg_socket_core_hand_on (self, ZMQG_WAIT_IN);
  return n;
}

guint
zmqg_socket_core_receive_batch (ZmqgSocketCore *self,
                                GPtrArray *messages,
                                guint max,
                                ZmqgIoResult *result,
                                GError **error)
{
  guint n = 0;

  *result = ZMQG_IO_FAILED;
  if (!zmqg_socket_core_check_fork (self, error))
    return 0;
  if (self->ops->receive == NULL)
    {
      not_supported (self, "receive", error);
      return 0;
    }

  zmqg_socket_core_lock (self);
  if (zmqg_socket_core_check (self, error))
    {
      n = receive_batch (self, messages, max, result, error);
      if (*result == ZMQG_IO_AGAIN)
        zmqg_socket_core_give_back (self);
    }
  zmqg_socket_core_unlock (self);

  return n;
}

/* --- Doing the engine's work --------------------------------------------- */

void
zmqg_socket_core_give_back (ZmqgSocketCore *self)
{
  ZmqgPipe *pipe = g_steal_pointer (&self->lent);

  if (G_UNLIKELY (pipe != NULL))
    zmqg_pipe_post_peer (pipe, ZMQG_PIPE_RETURNED);
}

/* Locked: nothing is there. Only a receiver that nobody else waits beside
 * may read, and one connection at a time; the engine reads the others. */
static ZmqgPipe *
lend (ZmqgSocketCore *self,
      const ZmqgWaiter *waiter)
{
  ZmqgPipe *pipe = self->lent != NULL ? self->lent : self->fresh;

  if (pipe == NULL || pipe->ended || pipe->peer->ops->pull == NULL)
    return NULL;

  if (zmqg_inbox_has_others (&self->inbox, waiter, ZMQG_WAIT_IN))
    {
      zmqg_socket_core_give_back (self);
      return NULL;
    }

  self->lent = pipe;
  return zmqg_pipe_ref (pipe);
}

ZmqgIoResult
zmqg_receiver_try (ZmqgReceiver *self,
                   GError **error)
{
  ZmqgSocketCore *core = self->core;
  ZmqgIoResult result = ZMQG_IO_FAILED;
  ZmqgPipe *read = self->pipe;

  self->pipe = NULL;
  if (!zmqg_socket_core_check_fork (core, error))
    return result;
  if (core->ops->receive == NULL)
    return not_supported (core, "receive", error);

  zmqg_socket_core_lock (core);
  /* Others came while this one read. */
  if (read != NULL && core->lent != read && read->attached)
    zmqg_pipe_post_peer (read, ZMQG_PIPE_RETURNED);

  if (G_LIKELY (zmqg_socket_core_check (core, error)))
    {
      if (self->batch == NULL)
        {
          result = receive_locked (core, &self->message, error);
          if (result == ZMQG_IO_DONE)
            zmqg_socket_core_hand_on (core, ZMQG_WAIT_IN);
        }
      else if (receive_batch (core, self->batch, self->max, &result, error) >
               0)
        {
          result = ZMQG_IO_DONE;
        }

      if (result == ZMQG_IO_AGAIN)
        self->pipe = lend (core, self->waiter);
    }
  zmqg_socket_core_unlock (core);

  if (read != NULL)
    zmqg_pipe_unref (read);
  return result;
}

/* A socket with many full pipes leaves them to the engine. */
#define DRAIN_MAX 4

gboolean
zmqg_socket_core_drain (ZmqgSocketCore *self)
{
  ZmqgPipe *pipes[DRAIN_MAX];
  guint n = 0;

  /* It would write for the parent, which does so itself. */
  if (!zmqg_socket_core_check_fork (self, NULL))
    return FALSE;

  zmqg_socket_core_lock (self);
  for (guint i = 0; i < self->pipes->len && n < DRAIN_MAX; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->pipes, i);

      if (!pipe->ended && pipe->peer->ops->drain != NULL &&
          !zmqg_pipe_has_room (pipe))
        pipes[n++] = zmqg_pipe_ref (pipe);
    }
  zmqg_socket_core_unlock (self);

  for (guint i = 0; i < n; i++)
    {
      pipes[i]->peer->ops->drain (pipes[i]->peer);
      zmqg_pipe_unref (pipes[i]);
    }
  return n > 0;
}

guint
zmqg_socket_core_events (ZmqgSocketCore *self,
                         guint interest)
{
  guint events = 0;

  if (zmqg_context_core_is_forked (self->context))
    return 0;

  zmqg_socket_core_lock (self);
  if (!zmqg_socket_core_check (self, NULL))
    events = ZMQG_WAIT_IN | ZMQG_WAIT_OUT; /* a call fails at once */
  else
    /* What could be read is looked at in any case: see below. */
    events = self->ops->events (self, interest | ZMQG_WAIT_IN);
  if ((events & ZMQG_WAIT_IN) == 0)
    zmqg_socket_core_give_back (self);
  zmqg_socket_core_unlock (self);

  return events & interest;
}
