/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-socket-private.h"

/* What close_async () waits for, and what it tells. */

typedef struct
{
  gboolean done;
  gboolean closed;
  guint64 n_unsent;
  GError *error;
} Outcome;

static void
note_outcome (GObject *source,
              GAsyncResult *result,
              gpointer user_data)
{
  Outcome *self = user_data;

  self->closed = zmqg_socket_close_finish (ZMQG_SOCKET (source), result,
                                           &self->n_unsent, &self->error);
  g_assert_true (self->closed == (self->error == NULL));
  self->done = TRUE;
}

static void
close_and_expect (ZmqgSocket *socket,
                  int timeout_msec,
                  guint64 n_unsent)
{
  Outcome outcome = { .n_unsent = G_MAXUINT64 };

  zmqg_socket_close_async (socket, timeout_msec, NULL, note_outcome, &outcome);
  g_assert_true (zmqg_socket_is_closed (socket));
  g_assert_false (outcome.done);
  ZMQG_TEST_AWAIT (outcome.done, SOCKET_TEST_DEADLINE_MS);
  g_assert_no_error (outcome.error);
  g_assert_cmpuint (outcome.n_unsent, ==, n_unsent);
}

static void
test_nothing_to_send (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);

  close_and_expect (push, -1, 0);
  /* And once more. */
  close_and_expect (push, -1, 0);
}

static void
test_all_sent (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);

  /* The property says 0, and counts for nothing here. */
  socket_test_connect (push, uri);
  for (guint i = 0; i < 100; i++)
    socket_test_send (push, "message", NULL);
  close_and_expect (push, -1, 0);
  for (guint i = 0; i < 100; i++)
    socket_test_expect (pull, "message", NULL);
}

/* An endpoint that nobody listens at. */
static char *
unused_uri (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  char *uri = socket_test_bind (test, pull);
  GError *error = NULL;

  zmqg_socket_unbind (pull, uri, &error);
  g_assert_no_error (error);
  socket_test_close (test, pull);
  return uri;
}

static void
send_three (SocketTest *test,
            ZmqgSocket *push)
{
  g_autofree char *uri = unused_uri (test);

  socket_test_connect (push, uri);
  for (guint i = 0; i < 3; i++)
    socket_test_send (push, "message", "of two frames", NULL);
}

static void
test_no_time (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);

  send_three (test, push);
  close_and_expect (push, 0, 3);
  close_and_expect (push, 0, 3);
}

static void
test_time_is_over (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  gint64 start = g_get_monotonic_time ();

  send_three (test, push);
  close_and_expect (push, 50, 3);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 50 * 1000);
}

/* What was lost before the close is another matter. */
static void
test_lost_before (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = unused_uri (test);
  GError *error = NULL;

  socket_test_connect (push, uri);
  socket_test_send (push, "lost", NULL);
  zmqg_socket_disconnect_from (push, uri, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (atomic_load (&push->core->n_sessions) == 0,
                   SOCKET_TEST_DEADLINE_MS);
  send_three (test, push);
  close_and_expect (push, 0, 3);
}

static void
test_cancelled (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *uri = unused_uri (test);
  Outcome outcome = { .n_unsent = 17 };
  ZmqgSocket *pull;

  socket_test_connect (push, uri);
  socket_test_send (push, "message", NULL);
  zmqg_socket_close_async (push, -1, cancellable, note_outcome, &outcome);
  for (guint i = 0; i < 10; i++)
    zmqg_test_turn (NULL);
  g_assert_false (outcome.done);
  g_cancellable_cancel (cancellable);
  ZMQG_TEST_AWAIT (outcome.done, SOCKET_TEST_DEADLINE_MS);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (outcome.n_unsent, ==, 17);
  g_clear_error (&outcome.error);

  /* The sending goes on behind. */
  pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  socket_test_rebind (pull, uri);
  socket_test_expect (pull, "message", NULL);
  close_and_expect (push, -1, 0);
}

static void
test_cancelled_before (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Outcome outcome = { 0, };

  g_cancellable_cancel (cancellable);
  zmqg_socket_close_async (push, -1, cancellable, note_outcome, &outcome);
  g_assert_true (zmqg_socket_is_closed (push));
  ZMQG_TEST_AWAIT (outcome.done, SOCKET_TEST_DEADLINE_MS);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&outcome.error);
}

/* What waits on the socket ends, the close is done all the same. */
static void
test_others_wait (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);

  socket_test_connect (push, uri);
  socket_test_await_peers (pull, 1);
  zmqg_socket_receive_async (pull, NULL, NULL, NULL);
  close_and_expect (pull, -1, 0);
}

/* The name of the peer is in the error. */
static void
test_errors_name_the_peer (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  const char *const text[] = { "no\"body", "message", NULL };
  const guint8 bytes[] = { 0, 0xab, 'x' };
  g_autoptr (ZmqgMessage) one = zmqg_message_new_strv (text);
  g_autoptr (ZmqgMessage) two = zmqg_message_new_data (bytes, sizeof bytes);
  GError *error = NULL;

  zmqg_message_append_string (two, "message");
  g_object_set (router, "mandatory", TRUE, NULL);

  g_assert_false (zmqg_socket_try_send (router, one, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE);
  g_assert_nonnull (strstr (error->message, "\"no\\\"body\""));
  g_clear_error (&error);

  g_assert_false (zmqg_socket_try_send (router, two, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE);
  g_assert_nonnull (strstr (error->message, "0x00ab78"));
  g_clear_error (&error);
}

static void
count_notify (GObject *object,
              GParamSpec *pspec,
              gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* Only a change is one. */
static void
test_notify (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  guint n = 0;

  g_signal_connect (push, "notify", G_CALLBACK (count_notify), &n);
  g_object_set (push, "linger", 17, "immediate", TRUE, "max-message-size",
                (gint64) 4000, NULL);
  zmqg_socket_set_routing_id_string (push, "me");
  g_assert_cmpuint (n, ==, 4);
  g_object_set (push, "linger", 17, "immediate", TRUE, "max-message-size",
                (gint64) 4000, NULL);
  zmqg_socket_set_routing_id_string (push, "me");
  g_assert_cmpuint (n, ==, 4);
  zmqg_socket_set_routing_id_string (push, "you");
  g_assert_cmpuint (n, ==, 5);
}

/* A sender wrote, and comes to tell the engine when its socket has been closed
 * and the context terminated: nothing is left all the same. */
static void
test_late_sender (SocketTest *test)
{
  g_autoptr (ZmqgSocket) pull = NULL;
  g_autoptr (ZmqgSocket) push = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  ZmqgContext *context;
  ZmqgPipe *pipe;
  guint n_fds;

  /* What is opened once, and kept. */
  zmqg_thread_waiter_get (NULL);
  g_main_context_wakeup (NULL);
  n_fds = zmqg_test_fd_count ();
  context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode",
                          zmqg_context_get_engine_mode (test->context), NULL);
  pull = zmqg_pull_socket_new (context);
  push = zmqg_push_socket_new (context);
  uri = socket_test_bind (test, pull);
  socket_test_connect (push, uri);
  socket_test_await_peers (push, 1);

  zmqg_lock (&push->core->lock);
  pipe = zmqg_pipe_ref (g_ptr_array_index (push->core->pipes, 0));
  zmqg_unlock (&push->core->lock);
  zmqg_socket_close (push);
  zmqg_socket_close (pull);
  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);

  zmqg_pipe_post_peer (pipe, ZMQG_PIPE_READABLE);
  zmqg_pipe_unref (pipe);
  g_clear_object (&push);
  g_clear_object (&pull);
  g_object_unref (context);
  ZMQG_TEST_AWAIT (zmqg_test_fd_count () <= n_fds, SOCKET_TEST_DEADLINE_MS);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/socket/close-async/nothing-to-send",
                   SOCKET_TEST_INPROC, test_nothing_to_send);
  socket_test_add ("/zmqg/socket/close-async/all-sent", SOCKET_TEST_ALL,
                   test_all_sent);
  socket_test_add ("/zmqg/socket/close-async/no-time", SOCKET_TEST_NETWORK,
                   test_no_time);
  socket_test_add ("/zmqg/socket/close-async/time-is-over",
                   SOCKET_TEST_NETWORK, test_time_is_over);
  socket_test_add ("/zmqg/socket/close-async/lost-before",
                   SOCKET_TEST_NETWORK, test_lost_before);
  socket_test_add ("/zmqg/socket/close-async/cancelled", SOCKET_TEST_NETWORK,
                   test_cancelled);
  socket_test_add ("/zmqg/socket/close-async/cancelled-before",
                   SOCKET_TEST_INPROC, test_cancelled_before);
  socket_test_add ("/zmqg/socket/close-async/others-wait", SOCKET_TEST_ALL,
                   test_others_wait);
  socket_test_add ("/zmqg/socket/late-sender", SOCKET_TEST_NETWORK,
                   test_late_sender);
  socket_test_add ("/zmqg/socket/errors-name-the-peer", SOCKET_TEST_INPROC,
                   test_errors_name_the_peer);
  socket_test_add ("/zmqg/socket/notifies-changes-only", SOCKET_TEST_INPROC,
                   test_notify);

  return g_test_run ();
}
