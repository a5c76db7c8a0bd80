/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-req-socket.h"

#include "socket/zmqg-req-desk-private.h"
#include "socket/zmqg-socket-wait-private.h"

/* The calls of ZmqgReqSocket that ask. */

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
 * of requests may be under way, from any thread. Each carries a number, as with
 * [property@Zmqg.ReqSocket:correlate], by which its reply is known; they are
 * replied to in any order, and late replies are dropped.
 *
 * Requests go to the peers that are connected in turn. While there is none, or
 * none has room, they wait, in order, and one that is given up then is never
 * sent. What becomes of a request that is not replied to is told by
 * [property@Zmqg.ReqSocket:request-retries].
 *
 * What limits the queues of the peer applies as ever: a REP drops replies that
 * there is no room for, beyond 1000 of them where nothing else is set.
 *
 * The socket may be used in lock-step meanwhile, by send and receive: neither
 * sees the replies of the other.
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
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (ZMQG_IS_REQ_SOCKET (self));
  g_return_if_fail (message != NULL);
  g_return_if_fail (timeout_msec >= -1);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, zmqg_req_socket_request_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  /* A reply that is there is never thrown away for a cancellation. */
  g_task_set_check_cancellable (task, FALSE);
  if (!zmqg_req_desk_ask (ZMQG_SOCKET (self)->core, message, timeout_msec,
                          task, &error))
    g_task_return_error (task, error);
}

/**
 * zmqg_req_socket_request_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Zmqg.ReqSocket.request_async].
 *
 * Fails with %ZMQG_ERROR_TIMED_OUT, %ZMQG_ERROR_PEER_LOST,
 * %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or a
 * %G_IO_ERROR.
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

/* Locked, one look of a thread that waits. @given_up (transfer full) is why
 * it does no longer; nullable. */
static gboolean
look (ZmqgSocketCore *core,
      ZmqgAsker *asker,
      ZmqgQuestion *question,
      GError *given_up)
{
  ZmqgReq *req = core->state;

  if (given_up == NULL && zmqg_socket_core_check (core, &given_up))
    {
      zmqg_questions_look_at_times (&req->questions, asker);
      zmqg_req_work (core);
    }
  else if (question->state != ZMQG_QUESTION_ENDED)
    {
      zmqg_questions_fail (&req->questions, question,
                           g_steal_pointer (&given_up));
    }

  g_clear_error (&given_up);
  return question->state == ZMQG_QUESTION_ENDED;
}

/* The waiter is listed: asks, and waits for the end. */
static void
ask_and_wait (ZmqgWait *wait,
              ZmqgQuestion *question)
{
  ZmqgSocketCore *core = wait->core;
  ZmqgReq *req = core->state;
  ZmqgAsker asker = { G_QUEUE_INIT, G_QUEUE_INIT, G_MAXINT64 };
  GError *given_up = NULL;
  gboolean untidy;
  gboolean ended;
  gint64 due;

  zmqg_socket_core_lock (core);
  zmqg_req_ask (core, &asker, question);
  for (;;)
    {
      ended = look (core, &asker, question, g_steal_pointer (&given_up));
      due = asker.due == G_MAXINT64 ? -1 : asker.due;
      untidy = req->stale != NULL;
      zmqg_socket_core_unlock (core);
      if (untidy)
        zmqg_req_tidy (core, FALSE);
      if (ended)
        return;

      zmqg_wait_sleep_until (wait, ZMQG_REQ_INTEREST, due, &given_up);
      zmqg_socket_core_lock (core);
    }
}

/**
 * zmqg_req_socket_request:
 * @self: a socket
 * @message: a message of at least one frame; immutable from now on
 * @timeout_msec: how long the whole may take, in milliseconds; -1 for ever
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a request and waits for the reply to it; see
 * [method@Zmqg.ReqSocket.request_async]. Any number of threads may do so at the
 * same time.
 *
 * Fails with %ZMQG_ERROR_TIMED_OUT, %ZMQG_ERROR_PEER_LOST,
 * %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or a
 * %G_IO_ERROR.
 *
 * Returns: (transfer full): the reply, or %NULL with @error set
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_req_socket_request (ZmqgReqSocket *self,
                         ZmqgMessage *message,
                         int timeout_msec,
                         GCancellable *cancellable,
                         GError **error)
{
  ZmqgWait wait = { .cancellable = cancellable, .fd = -1 };
  ZmqgMessage *reply = NULL;
  ZmqgQuestion *question;

  g_return_val_if_fail (ZMQG_IS_REQ_SOCKET (self), NULL);
  g_return_val_if_fail (message != NULL, NULL);
  g_return_val_if_fail (timeout_msec >= -1, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  wait.core = ZMQG_SOCKET (self)->core;
  if (zmqg_is_cancelled (cancellable, error) ||
      !zmqg_socket_core_check_fork (wait.core, error))
    return NULL;
  question = zmqg_question_new (message, timeout_msec, NULL, error);
  if (question == NULL)
    return NULL;

  /* The first call only makes the wait; a watcher, since it takes nothing
   * that others were woken for. */
  if (zmqg_wait_sleep_until (&wait, ZMQG_REQ_INTEREST | ZMQG_WAIT_NEWS, -1,
                             error))
    {
      ask_and_wait (&wait, question);
      reply = g_steal_pointer (&question->reply);
      if (reply == NULL)
        g_propagate_error (error, g_steal_pointer (&question->error));
    }

  zmqg_wait_end (&wait);
  zmqg_question_free (question);
  return reply;
}
