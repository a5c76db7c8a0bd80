/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-wait-private.h"

/* The calls of ZmqgSocket that wait, and how those that send and receive do. */

static void
wait_cancelled (GCancellable *cancellable G_GNUC_UNUSED,
                gpointer user_data)
{
  zmqg_thread_waiter_signal (user_data);
}

static gboolean
wait_begin (ZmqgWait *self,
            guint interest,
            int timeout,
            GError **error)
{
  gboolean watcher;
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
  /* Who waits for news takes nothing, and must not use up a wake-up; nor must
   * who has a message for a peer that is still full, when it is another one
   * that has room. */
  watcher = (interest & ZMQG_WAIT_NEWS) != 0 ||
            (interest == ZMQG_WAIT_OUT && self->core->ops->sends_to_one);
  zmqg_inbox_add_waiter (&self->core->inbox, &self->waiter->waiter, interest,
                         watcher);
  if (self->cancellable != NULL)
    self->cancelled_id = g_cancellable_connect (
      self->cancellable, G_CALLBACK (wait_cancelled), self->waiter, NULL);
  return TRUE;
}

void
zmqg_wait_end (ZmqgWait *self)
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

static gboolean
set_interrupted (ZmqgWait *self,
                 GError **error)
{
  self->interrupted = TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                       "A signal ended the call");
  return FALSE;
}

/* The same without sleeping. */
gboolean
zmqg_wait_goes_on (ZmqgWait *self,
                   guint interest,
                   int timeout,
                   GError **error)
{
  if (zmqg_is_cancelled (self->cancellable, error))
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
gboolean
zmqg_wait_sleep (ZmqgWait *self,
                 guint interest,
                 int timeout,
                 GError **error)
{
  ZmqgWoken woken;

  if (zmqg_is_cancelled (self->cancellable, error))
    return FALSE;

  if (self->waiter == NULL)
    return wait_begin (self, interest, timeout, error);

  if (self->late)
    return set_timed_out (error);

  if (self->fd >= 0)
    woken = zmqg_thread_waiter_wait_beside (self->waiter, self->fd,
                                            self->deadline);
  else
    woken = zmqg_context_core_wait (self->core->context, self->waiter,
                                    self->deadline);
  if (woken == ZMQG_WOKEN_LATE)
    return set_timed_out (error);
  if (woken == ZMQG_WOKEN_BY_SIGNAL && self->interruptible)
    return set_interrupted (self, error);

  self->late = self->deadline >= 0 &&
               g_get_monotonic_time () >= self->deadline;

  /* Before the look: who leaves without one passes the wake-up on. */
  if (zmqg_is_cancelled (self->cancellable, error))
    return FALSE;

  zmqg_inbox_waiter_looks (&self->core->inbox, &self->waiter->waiter);
  return TRUE;
}

gboolean
zmqg_wait_sleep_until (ZmqgWait *self,
                       guint interest,
                       gint64 deadline,
                       GError **error)
{
  if (zmqg_is_cancelled (self->cancellable, error))
    return FALSE;

  if (self->waiter == NULL)
    return wait_begin (self, interest, -1, error);

  zmqg_context_core_wait (self->core->context, self->waiter, deadline);
  zmqg_inbox_waiter_looks (&self->core->inbox, &self->waiter->waiter);
  return !zmqg_is_cancelled (self->cancellable, error);
}

/* Where no thread does it, a call that finds nothing lets the engine work. */
gboolean
zmqg_socket_core_poll_engine (ZmqgSocketCore *core)
{
  return zmqg_context_core_poll_engine (core->context);
}

/* The same where one does: else a program that does not wait could see a queue
 * full of messages that its peer has long received, only because the engine's
 * thread has not come to say so. */
gboolean
zmqg_socket_core_make_room (ZmqgSocketCore *core)
{
  return core->context->mode == ZMQG_ENGINE_MODE_THREADS
           ? zmqg_socket_core_drain (core)
           : zmqg_socket_core_poll_engine (core);
}

int
zmqg_socket_core_get_timeout (ZmqgSocketCore *core,
                              guint interest)
{
  int timeout;

  zmqg_socket_core_lock (core);
  timeout = interest == ZMQG_WAIT_IN ? core->options->receive_timeout
                                     : core->options->send_timeout;
  zmqg_socket_core_unlock (core);

  return timeout;
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
  const guint interest = ZMQG_WAIT_IN | ZMQG_WAIT_OUT;
  guint events;

  g_return_val_if_fail (zmqg_socket_is_valid (self), 0);

  events = zmqg_socket_core_events (self->core, interest);
  if (events == 0 && zmqg_socket_core_poll_engine (self->core))
    events = zmqg_socket_core_events (self->core, interest);
  if ((events & ZMQG_WAIT_OUT) == 0 && self->core->ops->send != NULL &&
      zmqg_socket_core_make_room (self->core))
    events = zmqg_socket_core_events (self->core, interest);

  return ((events & ZMQG_WAIT_IN) ? G_IO_IN : 0) |
         ((events & ZMQG_WAIT_OUT) ? G_IO_OUT : 0);
}

/* --- Waiting for others ------------------------------------------------- */

gboolean
zmqg_socket_wait_until (ZmqgSocket *self,
                        ZmqgSocketCondition condition,
                        guint n,
                        const char *topic,
                        guint interest,
                        GCancellable *cancellable,
                        GError **error)
{
  ZmqgSocketCore *core = self->core;
  ZmqgWait wait = { .core = core, .cancellable = cancellable, .fd = -1 };
  gboolean done = FALSE;
  gboolean ok = zmqg_socket_core_check_fork (core, error);

  while (ok && !done)
    {
      /* A socket that was closed has nothing, and so nothing unsent. */
      zmqg_socket_core_lock (core);
      ok = zmqg_socket_core_check (core, error);
      done = ok && condition (core, n, topic);
      zmqg_socket_core_unlock (core);
      if (ok && !done)
        ok = zmqg_wait_sleep (&wait, interest, -1, error);
    }
  zmqg_wait_end (&wait);

  return done;
}

gboolean
zmqg_socket_core_has_peers (ZmqgSocketCore *core,
                            guint n,
                            const char *topic G_GNUC_UNUSED)
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
 * Fails with %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or
 * a %G_IO_ERROR.
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

  return zmqg_socket_wait_until (self, zmqg_socket_core_has_peers, n, NULL,
                                 ZMQG_WAIT_NEWS, cancellable, error);
}

/* --- Flushing ------------------------------------------------------------ */

/* Locked: whether pipes that are open have messages. */
static gboolean
has_queued (ZmqgSocketCore *core)
{
  gboolean queued = FALSE;

  /* Each of them is asked: it tells of its last one then. */
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);

      queued |= !pipe->ended && !zmqg_frame_queue_is_consumed (pipe->out);
    }

  return queued;
}

/* Locked: how many messages pipes that were closed have still to send, and how
 * many were queued and never will be sent. */
static guint64
count_lingering (ZmqgSocketCore *core,
                 guint64 *lost)
{
  guint64 lingering = 0;

  zmqg_lock (&core->accounts_lock);
  *lost = core->past.dropped[ZMQG_DROP_REASON_LOST] +
          core->past.dropped[ZMQG_DROP_REASON_UNSENT];
  for (guint i = 0; i < core->accounts->len; i++)
    {
      ZmqgAccount *account = g_ptr_array_index (core->accounts, i);
      ZmqgTally tally;
      guint64 queued;

      zmqg_account_read (account, &tally);
      queued = tally.copies - tally.handed_on - tally.out_dropped;
      *lost += tally.dropped[ZMQG_DROP_REASON_LOST] +
               tally.dropped[ZMQG_DROP_REASON_UNSENT];
      if (account->fate == ZMQG_PIPE_FATE_LINGERING)
        lingering += queued;
      else if (account->fate == ZMQG_PIPE_FATE_ORPHANED)
        *lost += queued;
    }
  zmqg_unlock (&core->accounts_lock);

  return lingering;
}

ZmqgIoResult
zmqg_socket_core_try_flush (ZmqgSocketCore *core,
                            ZmqgFlush *flush,
                            GError **error)
{
  ZmqgIoResult result = ZMQG_IO_FAILED;

  if (!zmqg_socket_core_check_fork (core, error))
    return result;

  zmqg_socket_core_lock (core);
  if (zmqg_socket_core_check (core, error))
    {
      gboolean queued = has_queued (core);
      guint64 lost;

      queued |= count_lingering (core, &lost) > 0;
      if (!flush->has_begun)
        flush->lost = lost;
      flush->has_begun = TRUE;

      if (lost > flush->lost)
        g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST,
                     "%" G_GUINT64_FORMAT " messages will not be sent: their "
                     "peer has gone", lost - flush->lost);
      else
        result = queued ? ZMQG_IO_AGAIN : ZMQG_IO_DONE;
    }
  zmqg_socket_core_unlock (core);

  return result;
}

/**
 * zmqg_socket_flush:
 * @self: a socket
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Waits until every message that was sent has been handed to the kernel (or,
 * over inproc, received), also those for endpoints that were unbound or
 * disconnected from and linger. Messages that were dropped before the call do
 * not count.
 *
 * Fails with %ZMQG_ERROR_PEER_LOST when messages that were queued will never be
 * sent: their peer has gone, or they lingered too long. Fails with
 * %ZMQG_ERROR_CLOSED when the socket is closed, %ZMQG_ERROR_TERMINATED,
 * %ZMQG_ERROR_FORKED or a %G_IO_ERROR, too.
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
  const guint interest = ZMQG_WAIT_NEWS | ZMQG_WAIT_OUT;
  ZmqgIoResult result = ZMQG_IO_AGAIN;
  ZmqgFlush flush = { 0 };
  ZmqgWait wait = { .cancellable = cancellable, .fd = -1 };

  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  wait.core = self->core;
  while (result == ZMQG_IO_AGAIN)
    {
      result = zmqg_socket_core_try_flush (self->core, &flush, error);
      if (result == ZMQG_IO_AGAIN &&
          !zmqg_wait_sleep (&wait, interest, -1, error))
        result = ZMQG_IO_FAILED;
    }
  zmqg_wait_end (&wait);

  return result == ZMQG_IO_DONE;
}
