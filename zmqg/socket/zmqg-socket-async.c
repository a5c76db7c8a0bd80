/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

#include "base/zmqg-error.h"

/*
 * The asynchronous calls of ZmqgSocket. One that cannot complete at once
 * becomes a source of the caller's main context, which waits in the socket's
 * inbox behind those that came before it.
 */
typedef struct _Operation Operation;

struct _Operation
{
  GSource source;
  ZmqgWaiter waiter;
  GSource *wake; /* counted, a child */
  GTask *task; /* counted; its source object is the socket */
  gboolean deferred; /* let others go first, once */
  /* Tries once; what comes out is in the task. */
  ZmqgIoResult (*attempt) (ZmqgSocketCore *core, GTask *task, GError **error);
};

/* What an operation is about: the task's data. */
typedef struct
{
  ZmqgMessage *message; /* to send, counted */
  ZmqgFrameView first;  /* to send before it, if there is a keeper */
  ZmqgTag *keeper;      /* of that; counted, nullable */
  guint n;              /* most messages, or peers to wait for */
  ZmqgSocketCondition condition;
  char *topic;          /* for it, nullable */
  ZmqgFlush flush;
  ZmqgMessage *received;
  GPtrArray *batch;
} Request;

static void
request_free (gpointer data)
{
  Request *self = data;

  g_clear_pointer (&self->message, zmqg_message_unref);
  g_clear_pointer (&self->keeper, zmqg_tag_unref);
  g_clear_pointer (&self->received, zmqg_message_unref);
  g_clear_pointer (&self->batch, g_ptr_array_unref);
  g_free (self->topic);
  g_free (self);
}

static void
operation_wake (ZmqgWaiter *waiter)
{
  Operation *self = (Operation *) ((guint8 *) waiter -
                                   G_STRUCT_OFFSET (Operation, waiter));

  g_source_set_ready_time (self->wake, 0);
}

static ZmqgSocketCore *
core_of (GTask *task)
{
  return ZMQG_SOCKET (g_task_get_source_object (task))->core;
}

static void
complete (GTask *task,
          ZmqgIoResult result,
          GError *error)
{
  Request *request = g_task_get_task_data (task);

  if (result == ZMQG_IO_FAILED)
    g_task_return_error (task, error);
  else if (request->received != NULL)
    g_task_return_pointer (task, g_steal_pointer (&request->received),
                           (GDestroyNotify) zmqg_message_unref);
  else if (request->batch != NULL)
    g_task_return_pointer (task, g_steal_pointer (&request->batch),
                           (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_boolean (task, TRUE);
}

/* Whether it is not yet the turn of an operation. Those that came before it
 * wake the next one when they leave something; when it was woken itself they
 * get this turn of the main context to do so, and not more, since theirs may
 * be another one. */
static gboolean
operation_waits (Operation *self,
                 ZmqgInbox *inbox)
{
  gboolean woken;
  gboolean behind = zmqg_inbox_stays_behind (inbox, &self->waiter, &woken);

  if (!behind || (self->deferred && woken))
    {
      self->deferred = FALSE;
      return FALSE;
    }

  self->deferred = woken;
  if (woken)
    g_source_set_ready_time (&self->source, 0);
  return TRUE;
}

/* Who leaves without having got anything wakes the next one: for what it was
 * woken for, or has not seen yet, and since that may go on where this one could
 * not: to a peer that has room. */
static void
operation_leave (Operation *self,
                 ZmqgInbox *inbox,
                 gboolean done)
{
  guint interest = self->waiter.interest;
  gboolean passes_on = self->waiter.listed && !self->waiter.watcher && !done;

  zmqg_inbox_remove_waiter (inbox, &self->waiter);
  if (passes_on)
    zmqg_inbox_wake (inbox, interest);
}

static gboolean
operation_dispatch (GSource *source,
                    GSourceFunc callback G_GNUC_UNUSED,
                    gpointer user_data G_GNUC_UNUSED)
{
  Operation *self = (Operation *) source;
  ZmqgSocketCore *core = core_of (self->task);
  GError *error = NULL;
  ZmqgIoResult result = ZMQG_IO_FAILED;

  g_source_set_ready_time (source, -1);

  if (!g_cancellable_set_error_if_cancelled (
        g_task_get_cancellable (self->task), &error))
    {
      if (operation_waits (self, &core->inbox))
        return G_SOURCE_CONTINUE;

      zmqg_inbox_waiter_looks (&core->inbox, &self->waiter);
      result = self->attempt (core, self->task, &error);
    }
  if (result == ZMQG_IO_AGAIN)
    return G_SOURCE_CONTINUE;

  operation_leave (self, &core->inbox, result == ZMQG_IO_DONE);
  complete (self->task, result, error);
  return G_SOURCE_REMOVE;
}

static void
operation_finalize (GSource *source)
{
  Operation *self = (Operation *) source;

  operation_leave (self, &core_of (self->task)->inbox, FALSE);
  g_source_unref (self->wake);
  g_object_unref (self->task);
}

static GSourceFuncs operation_funcs = {
  .dispatch = operation_dispatch,
  .finalize = operation_finalize,
};

static gboolean
cancelled_dispatch (GCancellable *cancellable G_GNUC_UNUSED,
                    gpointer user_data G_GNUC_UNUSED)
{
  return G_SOURCE_CONTINUE;
}

/* Takes the task: its operation waits from now on. */
static void
await (GTask *task,
       guint interest,
       ZmqgIoResult (*attempt) (ZmqgSocketCore *core, GTask *task,
                                GError **error))
{
  ZmqgSocketCore *core = core_of (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  Operation *self;
  GSource *source;

  source = g_source_new (&operation_funcs, sizeof (Operation));
  self = (Operation *) source;
  self->waiter.wake = operation_wake;
  self->wake = zmqg_wake_source_add (source);
  self->task = task;
  self->attempt = attempt;
  g_source_set_static_name (source, "[zmqg] operation");
  g_source_set_priority (source, g_task_get_priority (task));
  if (cancellable != NULL)
    {
      g_autoptr (GSource) child = g_cancellable_source_new (cancellable);

      g_source_set_callback (child, G_SOURCE_FUNC (cancelled_dispatch), NULL,
                             NULL);
      g_source_add_child_source (source, child);
    }

  /* Who waits for news takes nothing, and must not use up a wake-up. */
  zmqg_inbox_add_waiter (&core->inbox, &self->waiter, interest,
                         (interest & ZMQG_WAIT_NEWS) != 0);
  /* What came between the attempt and the list is met by the first turn. */
  g_source_set_ready_time (source, 0);
  g_source_attach (source, g_task_get_context (task));
  g_source_unref (source);
}

/* Takes the task. @interest is what the operation waits for. */
static void
start (GTask *task,
       guint interest,
       ZmqgIoResult (*attempt) (ZmqgSocketCore *core, GTask *task,
                                GError **error))
{
  ZmqgSocketCore *core = core_of (task);
  GError *error = NULL;
  gboolean joined;

  /* A result that is there is never thrown away for a cancellation. */
  g_task_set_check_cancellable (task, FALSE);

  if (!zmqg_inbox_is_awaited (&core->inbox, interest))
    {
      ZmqgIoResult result = attempt (core, task, &error);

      if (result != ZMQG_IO_AGAIN)
        {
          complete (task, result, error);
          g_object_unref (task);
          return;
        }
    }

  /* So that a shutdown of the context ends the wait. */
  zmqg_socket_core_lock (core);
  joined = zmqg_socket_core_join (core, &error);
  zmqg_socket_core_unlock (core);
  if (!joined)
    {
      complete (task, ZMQG_IO_FAILED, error);
      g_object_unref (task);
      return;
    }

  await (task, interest, attempt);
}

static GTask *
new_task (ZmqgSocket *self,
          gpointer tag,
          Request **request,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  *request = g_new0 (Request, 1);
  g_task_set_task_data (task, *request, request_free);
  if (g_task_return_error_if_cancelled (task))
    g_clear_object (&task);
  return task;
}

/* --- Sending ------------------------------------------------------------ */

static ZmqgIoResult
attempt_send (ZmqgSocketCore *core,
              GTask *task,
              GError **error)
{
  Request *request = g_task_get_task_data (task);
  ZmqgFrameView local[ZMQG_VIEWS_INLINE];
  ZmqgFrameView *views;
  ZmqgIoResult result;
  guint n;

  views = zmqg_socket_get_views_behind (
    request->keeper != NULL ? &request->first : NULL, request->message, local,
    &n, error);
  if (views == NULL)
    return ZMQG_IO_FAILED;

  result = zmqg_socket_core_send (core, views, n, 0, error);
  if (views != local)
    g_free (views);
  return result;
}

void
zmqg_socket_send_behind_async (ZmqgSocket *self,
                               const ZmqgFrameView *first,
                               ZmqgTag *keeper,
                               ZmqgMessage *message,
                               gpointer source_tag,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  Request *request;
  GTask *task = new_task (self, source_tag, &request, cancellable, callback,
                          user_data);

  if (task == NULL)
    return;

  request->message = zmqg_message_ref (message);
  if (keeper != NULL)
    {
      request->first = *first;
      request->keeper = zmqg_tag_ref (keeper);
    }
  start (task, ZMQG_WAIT_OUT, attempt_send);
}

/**
 * zmqg_socket_send_async:
 * @self: a socket
 * @message: a message of at least one frame; immutable from now on
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Sends a message, as [method@Socket.send] does, without blocking. Any number
 * of sends may be under way; they complete in order. A cancelled send is
 * either wholly sent or not at all.
 *
 * Since: 1.0
 */
void
zmqg_socket_send_async (ZmqgSocket *self,
                        ZmqgMessage *message,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));
  g_return_if_fail (message != NULL);

  zmqg_socket_send_behind_async (self, NULL, NULL, message,
                                 zmqg_socket_send_async, cancellable,
                                 callback, user_data);
}

/**
 * zmqg_socket_send_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Socket.send_async].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send_finish (ZmqgSocket *self,
                         GAsyncResult *result,
                         GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- Receiving ---------------------------------------------------------- */

static ZmqgIoResult
attempt_receive (ZmqgSocketCore *core,
                 GTask *task,
                 GError **error)
{
  Request *request = g_task_get_task_data (task);

  return zmqg_socket_core_receive (core, &request->received, error);
}

/**
 * zmqg_socket_receive_async:
 * @self: a socket
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Receives a message, as [method@Socket.receive] does, without blocking and
 * without a timeout. Any number of calls may wait; messages go to them in the
 * order in which they came. A cancelled call takes no message.
 *
 * Since: 1.0
 */
void
zmqg_socket_receive_async (ZmqgSocket *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  Request *request;
  GTask *task;

  g_return_if_fail (ZMQG_IS_SOCKET (self));

  task = new_task (self, zmqg_socket_receive_async, &request, cancellable,
                   callback, user_data);
  if (task != NULL)
    start (task, ZMQG_WAIT_IN, attempt_receive);
}

/**
 * zmqg_socket_receive_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Socket.receive_async].
 *
 * Returns: (transfer full): the message, or %NULL with @error set
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_socket_receive_finish (ZmqgSocket *self,
                            GAsyncResult *result,
                            GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static ZmqgIoResult
attempt_receive_batch (ZmqgSocketCore *core,
                       GTask *task,
                       GError **error)
{
  Request *request = g_task_get_task_data (task);
  ZmqgIoResult result;

  if (request->batch == NULL)
    request->batch = g_ptr_array_new_with_free_func (
      (GDestroyNotify) zmqg_message_unref);

  if (zmqg_socket_core_receive_batch (core, request->batch, request->n,
                                      &result, error) > 0)
    return ZMQG_IO_DONE;
  return result;
}

/**
 * zmqg_socket_receive_batch_async:
 * @self: a socket
 * @max: the largest number of messages, at least 1
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Receives all messages that are there, up to @max, once there is one,
 * without blocking. See [method@Socket.receive_async].
 *
 * Since: 1.0
 */
void
zmqg_socket_receive_batch_async (ZmqgSocket *self,
                                 guint max,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  Request *request;
  GTask *task;

  g_return_if_fail (ZMQG_IS_SOCKET (self));
  g_return_if_fail (max > 0);

  task = new_task (self, zmqg_socket_receive_batch_async, &request,
                   cancellable, callback, user_data);
  if (task == NULL)
    return;

  request->n = max;
  start (task, ZMQG_WAIT_IN, attempt_receive_batch);
}

/**
 * zmqg_socket_receive_batch_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Socket.receive_batch_async].
 *
 * Returns: (transfer container) (element-type ZmqgMessage): at least one
 *   message, or %NULL with @error set
 *
 * Since: 1.0
 */
GPtrArray *
zmqg_socket_receive_batch_finish (ZmqgSocket *self,
                                  GAsyncResult *result,
                                  GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- Waiting for others ------------------------------------------------- */

static ZmqgIoResult
attempt_condition (ZmqgSocketCore *core,
                   GTask *task,
                   GError **error)
{
  Request *request = g_task_get_task_data (task);
  ZmqgIoResult result = ZMQG_IO_AGAIN;

  if (!zmqg_socket_core_check_fork (core, error))
    return ZMQG_IO_FAILED;

  /* As zmqg_socket_wait_until () does. */
  zmqg_socket_core_lock (core);
  if (!zmqg_socket_core_check (core, error))
    result = ZMQG_IO_FAILED;
  else if (request->condition (core, request->n, request->topic))
    result = ZMQG_IO_DONE;
  zmqg_socket_core_unlock (core);

  return result;
}

void
zmqg_socket_wait_until_async (ZmqgSocket *self,
                              ZmqgSocketCondition condition,
                              guint n,
                              const char *topic,
                              guint interest,
                              gpointer source_tag,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  Request *request;
  GTask *task = new_task (self, source_tag, &request, cancellable, callback,
                          user_data);

  if (task == NULL)
    return;

  request->n = n;
  request->topic = g_strdup (topic);
  request->condition = condition;
  start (task, interest, attempt_condition);
}

/**
 * zmqg_socket_wait_for_peers_async:
 * @self: a socket
 * @n: a number of peers
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Waits until the socket has at least @n peers whose handshake is done,
 * without blocking.
 *
 * Since: 1.0
 */
void
zmqg_socket_wait_for_peers_async (ZmqgSocket *self,
                                  guint n,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));

  zmqg_socket_wait_until_async (self, zmqg_socket_core_has_peers, n, NULL,
                                ZMQG_WAIT_NEWS,
                                zmqg_socket_wait_for_peers_async, cancellable,
                                callback, user_data);
}

/**
 * zmqg_socket_wait_for_peers_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Socket.wait_for_peers_async].
 *
 * Returns: %TRUE once the socket has so many peers
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_wait_for_peers_finish (ZmqgSocket *self,
                                   GAsyncResult *result,
                                   GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static ZmqgIoResult
attempt_flush (ZmqgSocketCore *core,
               GTask *task,
               GError **error)
{
  Request *request = g_task_get_task_data (task);

  return zmqg_socket_core_try_flush (core, &request->flush, error);
}

/**
 * zmqg_socket_flush_async:
 * @self: a socket
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Waits until every message that was sent has been handed to the kernel,
 * without blocking. See [method@Socket.flush].
 *
 * Since: 1.0
 */
void
zmqg_socket_flush_async (ZmqgSocket *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  Request *request;
  GTask *task;

  g_return_if_fail (ZMQG_IS_SOCKET (self));

  task = new_task (self, zmqg_socket_flush_async, &request, cancellable,
                   callback, user_data);
  if (task != NULL)
    start (task, ZMQG_WAIT_NEWS | ZMQG_WAIT_OUT, attempt_flush);
}

/**
 * zmqg_socket_flush_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Socket.flush_async].
 *
 * Returns: %TRUE once nothing is queued
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_flush_finish (ZmqgSocket *self,
                          GAsyncResult *result,
                          GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- Closing ------------------------------------------------------------ */

static ZmqgIoResult
attempt_close (ZmqgSocketCore *core,
               GTask *task G_GNUC_UNUSED,
               GError **error)
{
  if (!zmqg_socket_core_check_fork (core, error))
    return ZMQG_IO_FAILED;

  return atomic_load (&core->n_sessions) == 0 ? ZMQG_IO_DONE : ZMQG_IO_AGAIN;
}

/**
 * zmqg_socket_close_async:
 * @self: a socket
 * @timeout_msec: how long what is queued may take to be sent, in
 *   milliseconds; -1 for as long as it takes, 0 to drop it
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Closes the socket as [method@Socket.close] does, but with @timeout_msec in
 * place of the property linger, and tells when everything was sent, or the
 * time is over, and all connections have ended. What was sent to peers within
 * the process counts as sent at once.
 *
 * A cancellation ends the waiting only: the socket is closed, and sending
 * goes on behind the scenes. A socket that was closed already keeps the time
 * that it was given then; the call waits for its end.
 *
 * Since: 1.0
 */
void
zmqg_socket_close_async (ZmqgSocket *self,
                         int timeout_msec,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GError *error = NULL;
  Request *request;
  ZmqgIoResult result;
  GTask *task;

  g_return_if_fail (ZMQG_IS_SOCKET (self));
  g_return_if_fail (timeout_msec >= -1);

  if (!zmqg_context_core_is_forked (self->core->context))
    zmqg_socket_look_for_handlers (self);
  zmqg_socket_core_close_lingering (self->core, timeout_msec);

  task = new_task (self, zmqg_socket_close_async, &request, cancellable,
                   callback, user_data);
  if (task == NULL)
    return;

  g_task_set_check_cancellable (task, FALSE);
  result = attempt_close (self->core, task, &error);
  if (result == ZMQG_IO_AGAIN)
    {
      await (task, ZMQG_WAIT_NEWS, attempt_close);
      return;
    }

  complete (task, result, error);
  g_object_unref (task);
}

/**
 * zmqg_socket_close_finish:
 * @self: a socket
 * @result: what the callback got
 * @n_unsent: (out) (optional): return location for the number of messages
 *   that were queued when the socket was closed and have not been sent
 * @error: return location for an error
 *
 * Finishes [method@Socket.close_async].
 *
 * Fails with %G_IO_ERROR_CANCELLED, or %ZMQG_ERROR_FORKED, only.
 *
 * Returns: %TRUE once nothing of the socket is left to be sent
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_close_finish (ZmqgSocket *self,
                          GAsyncResult *result,
                          guint64 *n_unsent,
                          GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;

  /* Written while the socket was closed, before the wait for its end. */
  if (n_unsent != NULL)
    *n_unsent = atomic_load (&self->core->unsent) - self->core->unsent_before;
  zmqg_order_before_drop (self->core);
  return TRUE;
}
