/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-req-request-private.h"

#include "base/zmqg-error.h"
#include "base/zmqg-lock-private.h"

/*
 * Requests that wait for their reply asynchronously. A REQ socket has one
 * under way at a time: the others stand in a line, each a GTask that works in
 * the main context of its caller.
 */
typedef struct
{
  ZmqgLock lock;  /* a leaf, but for that of main contexts */
  GQueue tasks;   /* counted; the first one is under way, or about to be */
} Line;

typedef struct
{
  Line *line;             /* of the task's source object */
  ZmqgMessage *message;
  GCancellable *giving_up; /* of what is under way */
  GError *reason;         /* why it is given up; nullable */
  GSource *timeout;       /* nullable */
  GSource *cancelled;     /* nullable */
  GSource *start;         /* the line's lock; nullable */
  gboolean begun;
} Request;

static GQuark
line_quark (void)
{
  return g_quark_from_static_string ("zmqg-req-requests");
}

static void
line_free (gpointer data)
{
  Line *self = data;

  zmqg_order_after_drop (self);
  /* Tasks hold the socket. */
  g_assert (self->tasks.length == 0);
  zmqg_lock_clear (&self->lock);
  g_free (self);
}

void
zmqg_req_request_prepare (ZmqgReqSocket *socket)
{
  Line *line = g_new0 (Line, 1);

  zmqg_lock_init (&line->lock);
  g_queue_init (&line->tasks);
  g_object_set_qdata_full (G_OBJECT (socket), line_quark (), line, line_free);
}

static void
request_free (gpointer data)
{
  Request *self = data;

  zmqg_message_unref (self->message);
  g_object_unref (self->giving_up);
  g_clear_error (&self->reason);
  g_free (self);
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gboolean begin_in_context (gpointer user_data);

/* The line's lock is held: the first task begins, in its own context. */
static void
start_first_locked (Line *line)
{
  GTask *task = g_queue_peek_head (&line->tasks);
  Request *request;

  if (task == NULL)
    return;

  request = g_task_get_task_data (task);
  if (request->start != NULL)
    return;

  request->start = g_idle_source_new ();
  g_source_set_static_name (request->start, "[zmqg] next request");
  g_source_set_priority (request->start, g_task_get_priority (task));
  g_source_set_callback (request->start, begin_in_context, task, NULL);
  g_source_attach (request->start, g_task_get_context (task));
}

/* The task's end. Takes @reply or @error, one of which is there. */
static void
complete (GTask *task,
          ZmqgMessage *reply,
          GError *error)
{
  Request *request = g_task_get_task_data (task);
  Line *line = request->line;
  gboolean was_first;

  clear_source (&request->timeout);
  clear_source (&request->cancelled);

  zmqg_lock (&line->lock);
  clear_source (&request->start);
  was_first = g_queue_peek_head (&line->tasks) == task;
  g_queue_remove (&line->tasks, task);
  if (was_first)
    start_first_locked (line);
  zmqg_unlock (&line->lock);
  zmqg_order_before_drop (line);

  if (reply != NULL)
    {
      g_clear_error (&error);
      g_task_return_pointer (task, reply,
                             (GDestroyNotify) zmqg_message_unref);
    }
  else if (request->reason != NULL)
    {
      g_clear_error (&error);
      g_task_return_error (task, g_steal_pointer (&request->reason));
    }
  else
    {
      g_task_return_error (task, error);
    }
  g_object_unref (task);
}

static void
on_reply (GObject *object,
          GAsyncResult *result,
          gpointer user_data)
{
  GError *error = NULL;
  ZmqgMessage *reply;

  reply = zmqg_socket_receive_finish (ZMQG_SOCKET (object), result, &error);
  complete (user_data, reply, error);
}

static void
on_sent (GObject *object,
         GAsyncResult *result,
         gpointer user_data)
{
  ZmqgSocket *socket = ZMQG_SOCKET (object);
  GTask *task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  if (!zmqg_socket_send_finish (socket, result, &error))
    {
      complete (task, NULL, error);
      return;
    }

  zmqg_socket_receive_async (socket, request->giving_up, on_reply, task);
}

/* In the task's main context, which is the thread-default one. */
static void
begin (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  request->begun = TRUE;
  zmqg_socket_send_async (g_task_get_source_object (task), request->message,
                          request->giving_up, on_sent, task);
}

static gboolean
begin_in_context (gpointer user_data)
{
  GTask *task = user_data;
  Request *request = g_task_get_task_data (task);
  GMainContext *context = g_task_get_context (task);

  zmqg_lock (&request->line->lock);
  clear_source (&request->start);
  zmqg_unlock (&request->line->lock);

  g_main_context_push_thread_default (context);
  begin (task);
  g_main_context_pop_thread_default (context);
  return G_SOURCE_REMOVE;
}

/* Takes @reason. In the task's main context. */
static void
give_up (GTask *task,
         GError *reason)
{
  Request *request = g_task_get_task_data (task);

  if (request->reason != NULL)
    {
      g_error_free (reason);
      return;
    }

  request->reason = reason;
  if (request->begun)
    g_cancellable_cancel (request->giving_up);
  else
    complete (task, NULL, NULL);
}

static gboolean
on_timeout (gpointer user_data)
{
  give_up (user_data,
           g_error_new_literal (ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT,
                                "No reply came in the time set for it"));
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable,
              gpointer user_data)
{
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    give_up (user_data, error);
  return G_SOURCE_REMOVE;
}

static void
add_sources (GTask *task,
             int timeout_msec)
{
  Request *request = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (timeout_msec >= 0)
    {
      request->timeout = g_timeout_source_new ((guint) timeout_msec);
      g_source_set_static_name (request->timeout, "[zmqg] request timeout");
      g_source_set_callback (request->timeout, on_timeout, task, NULL);
      g_source_attach (request->timeout, g_task_get_context (task));
    }
  if (cancellable != NULL)
    {
      request->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (request->cancelled,
                                "[zmqg] request cancelled");
      g_source_set_callback (request->cancelled,
                             G_SOURCE_FUNC (on_cancelled), task, NULL);
      g_source_attach (request->cancelled, g_task_get_context (task));
    }
}

/**
 * zmqg_req_socket_request_async:
 * @self: a socket
 * @message: a message of at least one frame; immutable from now on
 * @timeout_msec: how long the whole may take, in milliseconds; -1 for ever
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Sends a request and waits for the reply to it, without blocking. Any number
 * of requests may be under way, from any thread: they are sent one after the
 * other, each once the one before has its reply or was given up.
 *
 * A request that was sent and then given up, for @timeout_msec or
 * @cancellable, leaves the socket awaiting its reply, so that the next one
 * fails with %ZMQG_ERROR_STATE; set [property@Zmqg.ReqSocket:relaxed] and
 * [property@Zmqg.ReqSocket:correlate] to go on after that. Do not connect to
 * [signal@Zmqg.Socket::message] or receive on the same socket.
 *
 * Since: 1.0
 */
void
zmqg_req_socket_request_async (ZmqgReqSocket *self,
                               ZmqgMessage *message,
                               int timeout_msec,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  Request *request;
  gboolean is_first;
  GTask *task;
  Line *line;

  g_return_if_fail (ZMQG_IS_REQ_SOCKET (self));
  g_return_if_fail (message != NULL);
  g_return_if_fail (timeout_msec >= -1);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, zmqg_req_socket_request_async);
  if (g_task_return_error_if_cancelled (task))
    {
      g_object_unref (task);
      return;
    }

  /* A reply that is there is never thrown away for a cancellation. */
  g_task_set_check_cancellable (task, FALSE);
  line = g_object_get_qdata (G_OBJECT (self), line_quark ());
  request = g_new0 (Request, 1);
  request->line = line;
  request->message = zmqg_message_ref (message);
  request->giving_up = g_cancellable_new ();
  g_task_set_task_data (task, request, request_free);
  add_sources (task, timeout_msec);

  zmqg_lock (&line->lock);
  is_first = line->tasks.length == 0;
  g_queue_push_tail (&line->tasks, task);
  zmqg_unlock (&line->lock);

  if (is_first)
    begin (task);
}

/**
 * zmqg_req_socket_request_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Zmqg.ReqSocket.request_async].
 *
 * Fails with %ZMQG_ERROR_TIMED_OUT, %ZMQG_ERROR_STATE, %ZMQG_ERROR_CLOSED,
 * %ZMQG_ERROR_TERMINATED or a %G_IO_ERROR.
 *
 * Returns: (transfer full): the reply, or %NULL with @error set
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_req_socket_request_finish (ZmqgReqSocket *self,
                                GAsyncResult *result,
                                GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
