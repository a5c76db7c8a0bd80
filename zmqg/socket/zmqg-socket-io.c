/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

#include "base/zmqg-error.h"

/* The calls of ZmqgSocket that send, receive and wait. */

_Atomic GType zmqg_socket_checked_type;

/* Most calls have no GCancellable. */
static inline gboolean
is_cancelled (GCancellable *cancellable,
              GError **error)
{
  return cancellable != NULL &&
         g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* --- Waiting ------------------------------------------------------------ */

/*
 * Wait: a call that sleeps until the socket has news. Made when the first
 * attempt found nothing; until then a call costs none of this.
 */
typedef struct
{
  ZmqgSocketCore *core;
  GCancellable *cancellable; /* nullable */
  gulong cancelled_id;
  ZmqgThreadWaiter *waiter;  /* NULL until the first sleep */
  gint64 deadline;           /* monotonic µs, -1 = none */
  gboolean late;             /* woken at or after it: looks once more */
  int fd;                    /* to sleep on, too; -1 = none */
} Wait;

static void
wait_cancelled (GCancellable *cancellable G_GNUC_UNUSED,
                gpointer user_data)
{
  zmqg_thread_waiter_signal (user_data);
}

static gboolean
wait_begin (Wait *self,
            guint interest,
            int timeout,
            GError **error)
{
  gboolean ok;

  /* So that a shutdown of the context ends the wait. */
  zmqg_socket_core_lock (self->core);
  ok = zmqg_socket_core_join (self->core, error);
  zmqg_socket_core_unlock (self->core);
  if (!ok)
    return FALSE;

  self->waiter = zmqg_thread_waiter_get (error);
  if (self->waiter == NULL)
    return FALSE;

  self->deadline = timeout < 0
                     ? -1
                     : g_get_monotonic_time () + (gint64) timeout * 1000;
  zmqg_thread_waiter_clear (self->waiter);
  /* Who waits for news takes nothing, and must not use up a wake-up. */
  zmqg_inbox_add_waiter (&self->core->inbox, &self->waiter->waiter, interest,
                         (interest & ZMQG_WAIT_NEWS) != 0);
  if (self->cancellable != NULL)
    self->cancelled_id = g_cancellable_connect (
      self->cancellable, G_CALLBACK (wait_cancelled), self->waiter, NULL);
  return TRUE;
}

static void
wait_end (Wait *self)
{
  if (self->waiter == NULL)
    return;

  zmqg_inbox_remove_waiter (&self->core->inbox, &self->waiter->waiter);
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (self->cancellable, self->cancelled_id);
}

static gboolean
set_timed_out (GError **error)
{
  g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT,
                       "The time set for the call is over");
  return FALSE;
}

/* The same without sleeping. */
static gboolean
wait_goes_on (Wait *self,
              guint interest,
              int timeout,
              GError **error)
{
  if (is_cancelled (self->cancellable, error))
    return FALSE;
  if (self->waiter == NULL)
    return wait_begin (self, interest, timeout, error);
  if (self->deadline >= 0 && g_get_monotonic_time () >= self->deadline)
    return set_timed_out (error);
  return TRUE;
}

/* Sleeps until it is worth looking again; %FALSE with @error when the time
 * is over or the call was cancelled. The first call only makes the wait, so
 * that nothing is missed between the look before and the sleep. */
static gboolean
wait_sleep (Wait *self,
            guint interest,
            int timeout,
            GError **error)
{
  if (is_cancelled (self->cancellable, error))
    return FALSE;

  if (self->waiter == NULL)
    return wait_begin (self, interest, timeout, error);

  if (self->late ||
      !(self->fd >= 0
          ? zmqg_thread_waiter_wait_beside (self->waiter, self->fd,
                                            self->deadline)
          : zmqg_context_core_wait (self->core->context, self->waiter,
                                    self->deadline)))
    return set_timed_out (error);

  self->late = self->deadline >= 0 &&
               g_get_monotonic_time () >= self->deadline;

  /* Before the look: who leaves without one passes the wake-up on. */
  if (is_cancelled (self->cancellable, error))
    return FALSE;

  zmqg_inbox_waiter_looks (&self->core->inbox, &self->waiter->waiter);
  return TRUE;
}

/* Where no thread does it, a call that finds nothing lets the engine work. */
static gboolean
poll_engine (ZmqgSocketCore *core)
{
  ZmqgEngine *engine = zmqg_context_core_dup_driven (core->context);

  if (engine == NULL)
    return FALSE;

  zmqg_engine_poll (engine);
  zmqg_engine_unref (engine);
  return TRUE;
}

/* The same where one does: else a program that does not wait could see a queue
 * full of messages that its peer has long received, only because the engine's
 * thread has not come to say so. */
static gboolean
make_room (ZmqgSocketCore *core)
{
  return core->context->mode == ZMQG_ENGINE_MODE_THREADS
           ? zmqg_socket_core_drain (core)
           : poll_engine (core);
}

static int
get_timeout (ZmqgSocketCore *core,
             guint interest)
{
  int timeout;

  zmqg_socket_core_lock (core);
  timeout = interest == ZMQG_WAIT_IN ? core->options->receive_timeout
                                     : core->options->send_timeout;
  zmqg_socket_core_unlock (core);

  return timeout;
}

static void
set_would_block (const char *what,
                 GError **error)
{
  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK, "%s", what);
}

/* --- Sending ------------------------------------------------------------ */

/* The slow path of a send that found no room. */
static gboolean
send_waiting (ZmqgSocketCore *core,
              const ZmqgFrameView *views,
              guint n,
              GCancellable *cancellable,
              GError **error)
{
  Wait wait = { .core = core, .cancellable = cancellable, .fd = -1 };
  int timeout = get_timeout (core, ZMQG_WAIT_OUT);
  ZmqgIoResult result = ZMQG_IO_AGAIN;

  while (result == ZMQG_IO_AGAIN)
    {
      gboolean drained = timeout != 0 && zmqg_socket_core_drain (core);

      if (drained)
        result = zmqg_socket_core_send (core, views, n, TRUE, error);
      if (result != ZMQG_IO_AGAIN)
        break;
      if (!wait_sleep (&wait, ZMQG_WAIT_OUT, timeout, error))
        break;
      result = zmqg_socket_core_send (core, views, n, TRUE, error);
    }
  wait_end (&wait);

  return result == ZMQG_IO_DONE;
}

gboolean
zmqg_socket_send_views (ZmqgSocket *self,
                        const ZmqgFrameView *views,
                        guint n,
                        GCancellable *cancellable,
                        GError **error)
{
  if (is_cancelled (cancellable, error))
    return FALSE;

  switch (zmqg_socket_core_send (self->core, views, n, TRUE, error))
    {
    case ZMQG_IO_DONE:
      return TRUE;
    case ZMQG_IO_AGAIN:
      return send_waiting (self->core, views, n, cancellable, error);
    case ZMQG_IO_FAILED:
    default:
      return FALSE;
    }
}

ZmqgFrameView *
zmqg_socket_get_views (ZmqgMessage *message,
                       ZmqgFrameView *local,
                       guint *n,
                       GError **error)
{
  ZmqgFrameView *views = local;

  *n = zmqg_message_get_n_frames (message);
  if (*n == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "A message without a frame cannot be sent");
      return NULL;
    }

  if (*n > ZMQG_VIEWS_INLINE)
    views = g_try_new (ZmqgFrameView, *n);
  if (views == NULL || zmqg_message_get_views (message, views, *n) == 0)
    {
      if (views != local)
        g_free (views);
      views = NULL;
      zmqg_set_no_memory (error);
    }
  return views;
}

/**
 * zmqg_socket_send:
 * @self: a socket
 * @message: a message of at least one frame; immutable from now on
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a message: hands all of its frames on together, or none. Waits for
 * room up to the property send-timeout where the socket's type does that.
 * After a cancellation or an error nothing was sent.
 *
 * Fails with %ZMQG_ERROR_TIMED_OUT, %ZMQG_ERROR_STATE,
 * %ZMQG_ERROR_UNROUTABLE, %ZMQG_ERROR_NOT_SUPPORTED, %ZMQG_ERROR_CLOSED,
 * %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or a %G_IO_ERROR.
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send (ZmqgSocket *self,
                  ZmqgMessage *message,
                  GCancellable *cancellable,
                  GError **error)
{
  ZmqgFrameView local[ZMQG_VIEWS_INLINE];
  ZmqgFrameView *views;
  gboolean sent;
  guint n;

  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  views = zmqg_socket_get_views (message, local, &n, error);
  if (views == NULL)
    return FALSE;

  sent = zmqg_socket_send_views (self, views, n, cancellable, error);
  if (views != local)
    g_free (views);
  return sent;
}

/**
 * zmqg_socket_send_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the payload
 * @size: the size of @data in bytes
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a message of one frame, copying the payload. See
 * [method@Socket.send].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send_data (ZmqgSocket *self,
                       const guint8 *data,
                       gsize size,
                       GCancellable *cancellable,
                       GError **error)
{
  ZmqgFrameView view = { data, size, 0, NULL, NULL };

  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_socket_send_views (self, &view, 1, cancellable, error);
}

/**
 * zmqg_socket_send_bytes:
 * @self: a socket
 * @bytes: the payload
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a message of one frame. A large payload is not copied: a reference
 * to @bytes is held until it was sent, and dropped in a thread of the
 * program's. See [method@Socket.send].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send_bytes (ZmqgSocket *self,
                        GBytes *bytes,
                        GCancellable *cancellable,
                        GError **error)
{
  ZmqgFrameView view = { NULL, 0, 0, bytes, NULL };

  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  view.data = g_bytes_get_data (bytes, &view.size);
  return zmqg_socket_send_views (self, &view, 1, cancellable, error);
}

/**
 * zmqg_socket_send_string:
 * @self: a socket
 * @string: the payload; the terminating zero is not sent
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a message of one frame of text. See [method@Socket.send].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send_string (ZmqgSocket *self,
                         const char *string,
                         GCancellable *cancellable,
                         GError **error)
{
  g_return_val_if_fail (string != NULL, FALSE);

  return zmqg_socket_send_data (self, (const guint8 *) string,
                                strlen (string), cancellable, error);
}

/**
 * zmqg_socket_try_send:
 * @self: a socket
 * @message: a message of at least one frame; immutable from now on
 * @error: return location for an error
 *
 * Sends a message if that is possible without waiting; else fails with
 * %ZMQG_ERROR_WOULD_BLOCK. See [method@Socket.send].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_try_send (ZmqgSocket *self,
                      ZmqgMessage *message,
                      GError **error)
{
  ZmqgFrameView local[ZMQG_VIEWS_INLINE];
  ZmqgFrameView *views;
  ZmqgIoResult result;
  guint n;

  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  views = zmqg_socket_get_views (message, local, &n, error);
  if (views == NULL)
    return FALSE;

  result = zmqg_socket_core_send (self->core, views, n, FALSE, error);
  if (result == ZMQG_IO_AGAIN && make_room (self->core))
    result = zmqg_socket_core_send (self->core, views, n, FALSE, error);
  if (views != local)
    g_free (views);

  if (result == ZMQG_IO_AGAIN)
    set_would_block ("There is no room for the message", error);
  return result == ZMQG_IO_DONE;
}

/* --- Receiving ---------------------------------------------------------- */

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
      Wait *wait)
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
static ZmqgIoResult
receive_waiting (ZmqgReceiver *self,
                 GCancellable *cancellable,
                 GError **error)
{
  ZmqgSocketCore *core = self->core;
  Wait wait = { .core = core, .cancellable = cancellable, .fd = -1 };
  int timeout = get_timeout (core, ZMQG_WAIT_IN);
  ZmqgPipe *pulled = NULL; /* and had nothing; counted */
  gboolean looked = FALSE; /* since then */
  ZmqgIoResult result = ZMQG_IO_AGAIN;
  gboolean ok = TRUE;
  guint n_news = 0;

  while (result == ZMQG_IO_AGAIN)
    {
      if (self->pipe != NULL && !(looked && self->pipe == pulled) &&
          timeout != 0)
        {
          ZmqgPull found;

          stop_awaiting (&pulled, self->pipe);
          found = pull (self, &wait);
          if (found != ZMQG_PULL_NEWS)
            pulled = zmqg_pipe_ref (self->pipe);

          /* More than once: parts of a large message. */
          if (found == ZMQG_PULL_NEWS && n_news++ > 0)
            ok = wait_goes_on (&wait, ZMQG_WAIT_IN, timeout, error);
          else if (found != ZMQG_PULL_NEWS && wait.waiter == NULL)
            ok = wait_sleep (&wait, ZMQG_WAIT_IN, timeout, error);
        }
      else
        {
          gboolean begun = wait.waiter != NULL;

          if (self->pipe == NULL)
            {
              stop_awaiting (&pulled, NULL);
              wait.fd = -1;
            }
          if (!begun && timeout != 0)
            look_for_news (core);
          ok = wait_sleep (&wait, ZMQG_WAIT_IN, timeout, error);
          looked = !begun;
          if (ok && wait.fd >= 0)
            continue; /* to read what woke us, most likely */
        }
      if (!ok)
        {
          result = ZMQG_IO_FAILED;
          break;
        }

      if (wait.waiter != NULL)
        {
          self->waiter = &wait.waiter->waiter;
          zmqg_inbox_waiter_looks (&core->inbox, &wait.waiter->waiter);
        }
      result = zmqg_receiver_try (self, error);
      looked = TRUE;
    }

  stop_awaiting (&pulled, NULL);
  g_clear_pointer (&self->pipe, zmqg_pipe_unref);
  wait_end (&wait);
  return result;
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

  if (is_cancelled (cancellable, error))
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
  if (result == ZMQG_IO_AGAIN && poll_engine (self->core))
    result = zmqg_socket_core_receive (self->core, &message, error);

  if (result == ZMQG_IO_AGAIN)
    set_would_block ("There is no message", error);
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

  if (is_cancelled (cancellable, error))
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

/**
 * zmqg_socket_get_events:
 * @self: a socket
 *
 * Tells what could be done without waiting: %G_IO_IN when a message can be
 * received, %G_IO_OUT when one can be sent. On a closed or terminated socket
 * both are set, since calls fail at once.
 *
 * Returns: the conditions that hold
 *
 * Since: 1.0
 */
GIOCondition
zmqg_socket_get_events (ZmqgSocket *self)
{
  guint events;

  g_return_val_if_fail (zmqg_socket_is_valid (self), 0);

  events = zmqg_socket_core_events (self->core);
  if (events == 0 && poll_engine (self->core))
    events = zmqg_socket_core_events (self->core);
  if ((events & ZMQG_WAIT_OUT) == 0 && self->core->ops->send != NULL &&
      make_room (self->core))
    events = zmqg_socket_core_events (self->core);

  return ((events & ZMQG_WAIT_IN) ? G_IO_IN : 0) |
         ((events & ZMQG_WAIT_OUT) ? G_IO_OUT : 0);
}

/* --- Waiting for others ------------------------------------------------- */

/* Waits until @condition holds; no timeout. */
static gboolean
wait_until (ZmqgSocketCore *core,
            ZmqgSocketCondition condition,
            guint n,
            GCancellable *cancellable,
            GError **error)
{
  Wait wait = { .core = core, .cancellable = cancellable, .fd = -1 };
  gboolean done = FALSE;
  gboolean ok = zmqg_socket_core_check_fork (core, error);

  while (ok && !done)
    {
      zmqg_socket_core_lock (core);
      done = condition (core, n);
      ok = done || zmqg_socket_core_check (core, error);
      zmqg_socket_core_unlock (core);
      if (ok && !done)
        ok = wait_sleep (&wait, ZMQG_WAIT_NEWS | ZMQG_WAIT_OUT, -1, error);
    }
  wait_end (&wait);

  return done;
}

gboolean
zmqg_socket_core_has_peers (ZmqgSocketCore *core,
                            guint n)
{
  guint peers = 0;

  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);
      ZmqgPeerRecord *record = (ZmqgPeerRecord *) pipe->peer_tag;

      if (record != NULL && !pipe->ended && !atomic_load (&record->gone))
        peers++;
    }

  return peers >= n;
}

/**
 * zmqg_socket_wait_for_peers:
 * @self: a socket
 * @n: a number of peers
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Waits until the socket has at least @n peers whose handshake is done.
 *
 * Fails with %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED or a %G_IO_ERROR.
 *
 * Returns: %TRUE once it has
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_wait_for_peers (ZmqgSocket *self,
                            guint n,
                            GCancellable *cancellable,
                            GError **error)
{
  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return wait_until (self->core, zmqg_socket_core_has_peers, n, cancellable, error);
}

gboolean
zmqg_socket_core_is_flushed (ZmqgSocketCore *core,
                             guint n G_GNUC_UNUSED)
{
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);

      if (!pipe->ended && !zmqg_frame_queue_is_consumed (pipe->out))
        return FALSE;
    }

  return TRUE;
}

/**
 * zmqg_socket_flush:
 * @self: a socket
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Waits until every message that was sent has been handed to the kernel (or,
 * over inproc, received).
 *
 * Fails with %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED or a %G_IO_ERROR.
 *
 * Returns: %TRUE once nothing is queued
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_flush (ZmqgSocket *self,
                   GCancellable *cancellable,
                   GError **error)
{
  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return wait_until (self->core, zmqg_socket_core_is_flushed, 0, cancellable, error);
}
