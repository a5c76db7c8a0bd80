/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-wait-private.h"

/* The calls of ZmqgSocket that receive. */

/* A message that is just being handed over is there in a moment: looking for
 * it so long is cheaper than going to sleep and being woken. */
#define LOOKS 40

static void
look_for_news (ZmqgSocketCore *core)
{
  if (core->context->mode != ZMQG_ENGINE_MODE_THREADS)
    return;

  for (guint i = 0; i < LOOKS && !zmqg_inbox_is_pending (&core->inbox); i++)
    for (guint j = 0; j < 4; j++)
      zmqg_relax ();
}

/* Reads what the pipe's connection has. What is posted meanwhile does not
 * wake this thread: a look has to follow before it sleeps. Should it leave
 * without one, others are woken instead. */
static ZmqgPull
pull (ZmqgReceiver *self,
      ZmqgWait *wait)
{
  ZmqgPipe *end = self->pipe->peer;
  ZmqgPull found;

  if (wait->waiter != NULL)
    zmqg_inbox_waiter_acts (&self->core->inbox, &wait->waiter->waiter);
  found = end->ops->pull (end, &wait->fd);

  if (found != ZMQG_PULL_WAIT)
    wait->fd = -1;
  return found;
}

/* Nobody sleeps on the descriptor of @pulled any more; but who pulls from the
 * @next says so by that. */
static void
stop_awaiting (ZmqgPipe **pulled,
               const ZmqgPipe *next)
{
  if (*pulled == NULL)
    return;

  if (*pulled != next)
    (*pulled)->peer->ops->leave ((*pulled)->peer);
  g_clear_pointer (pulled, zmqg_pipe_unref);
}

/* The slow path of a receive that found nothing: reads the connection itself
 * where it may, else waits for the engine to. */
ZmqgIoResult
zmqg_wait_receive (ZmqgWait *self,
                   ZmqgReceiver *receiver,
                   int timeout,
                   GError **error)
{
  ZmqgSocketCore *core = self->core;
  ZmqgPipe *pulled = NULL; /* and had nothing; counted */
  gboolean looked = FALSE; /* since then */
  ZmqgIoResult result = ZMQG_IO_AGAIN;
  gboolean ok = TRUE;
  guint n_news = 0;

  while (result == ZMQG_IO_AGAIN)
    {
      if (receiver->pipe != NULL && !(looked && receiver->pipe == pulled) &&
          timeout != 0)
        {
          ZmqgPull found;

          stop_awaiting (&pulled, receiver->pipe);
          found = pull (receiver, self);
          if (found != ZMQG_PULL_NEWS)
            pulled = zmqg_pipe_ref (receiver->pipe);

          /* More than once: parts of a large message. */
          if (found == ZMQG_PULL_NEWS && n_news++ > 0)
            ok = zmqg_wait_goes_on (self, ZMQG_WAIT_IN, timeout, error);
          else if (found != ZMQG_PULL_NEWS && self->waiter == NULL)
            ok = zmqg_wait_sleep (self, ZMQG_WAIT_IN, timeout, error);
        }
      else
        {
          gboolean begun = self->waiter != NULL;

          if (receiver->pipe == NULL)
            {
              stop_awaiting (&pulled, NULL);
              self->fd = -1;
            }
          if (!begun && timeout != 0)
            look_for_news (core);
          ok = zmqg_wait_sleep (self, ZMQG_WAIT_IN, timeout, error);
          looked = !begun;
          if (ok && self->fd >= 0)
            continue; /* to read what woke us, most likely */
        }
      if (!ok)
        {
          result = ZMQG_IO_FAILED;
          break;
        }

      if (self->waiter != NULL)
        {
          receiver->waiter = &self->waiter->waiter;
          zmqg_inbox_waiter_looks (&core->inbox, &self->waiter->waiter);
        }
      result = zmqg_receiver_try (receiver, error);
      looked = TRUE;
    }

  stop_awaiting (&pulled, NULL);
  g_clear_pointer (&receiver->pipe, zmqg_pipe_unref);
  zmqg_wait_end (self);
  return result;
}

/* The same of a call of the GObject face. */
static ZmqgIoResult
receive_waiting (ZmqgReceiver *receiver,
                 GCancellable *cancellable,
                 GError **error)
{
  ZmqgWait wait = { .core = receiver->core, .cancellable = cancellable,
                    .fd = -1 };

  return zmqg_wait_receive (
    &wait, receiver,
    zmqg_socket_core_get_timeout (receiver->core, ZMQG_WAIT_IN), error);
}

/**
 * zmqg_socket_receive:
 * @self: a socket
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Receives a message, waiting for one up to the property receive-timeout. A
 * cancelled call takes no message.
 *
 * Fails with %ZMQG_ERROR_TIMED_OUT, %ZMQG_ERROR_STATE,
 * %ZMQG_ERROR_NOT_SUPPORTED, %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED,
 * %ZMQG_ERROR_FORKED or a %G_IO_ERROR.
 *
 * Returns: (transfer full): the message, or %NULL with @error set
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_socket_receive (ZmqgSocket *self,
                     GCancellable *cancellable,
                     GError **error)
{
  ZmqgReceiver receiver = { .message = NULL };
  ZmqgIoResult result;

  g_return_val_if_fail (zmqg_socket_is_valid (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (zmqg_is_cancelled (cancellable, error))
    return NULL;

  receiver.core = self->core;
  result = zmqg_receiver_try (&receiver, error);
  if (G_UNLIKELY (result == ZMQG_IO_AGAIN))
    result = receive_waiting (&receiver, cancellable, error);

  return result == ZMQG_IO_DONE ? receiver.message : NULL;
}

/**
 * zmqg_socket_try_receive:
 * @self: a socket
 * @error: return location for an error
 *
 * Receives a message if there is one; else fails with
 * %ZMQG_ERROR_WOULD_BLOCK. See [method@Socket.receive].
 *
 * Returns: (transfer full): the message, or %NULL with @error set
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_socket_try_receive (ZmqgSocket *self,
                         GError **error)
{
  ZmqgMessage *message = NULL;
  ZmqgIoResult result;

  g_return_val_if_fail (zmqg_socket_is_valid (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  result = zmqg_socket_core_receive (self->core, &message, error);
  if (result == ZMQG_IO_AGAIN && zmqg_socket_core_poll_engine (self->core))
    result = zmqg_socket_core_receive (self->core, &message, error);

  if (result == ZMQG_IO_AGAIN)
    zmqg_set_would_block ("There is no message", error);
  return result == ZMQG_IO_DONE ? message : NULL;
}

/**
 * zmqg_socket_receive_batch:
 * @self: a socket
 * @max: the largest number of messages, at least 1
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Receives all messages that are there, up to @max; waits for the first one
 * as [method@Socket.receive] does.
 *
 * Returns: (transfer container) (element-type ZmqgMessage): at least one
 *   message, or %NULL with @error set
 *
 * Since: 1.0
 */
GPtrArray *
zmqg_socket_receive_batch (ZmqgSocket *self,
                           guint max,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (GPtrArray) messages = NULL;
  ZmqgReceiver receiver = { .max = max };
  ZmqgIoResult result;

  g_return_val_if_fail (zmqg_socket_is_valid (self), NULL);
  g_return_val_if_fail (max > 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (zmqg_is_cancelled (cancellable, error))
    return NULL;

  messages = g_ptr_array_new_with_free_func (
    (GDestroyNotify) zmqg_message_unref);
  receiver.core = self->core;
  receiver.batch = messages;
  result = zmqg_receiver_try (&receiver, error);
  if (result == ZMQG_IO_AGAIN)
    result = receive_waiting (&receiver, cancellable, error);

  return result == ZMQG_IO_DONE ? g_steal_pointer (&messages) : NULL;
}
