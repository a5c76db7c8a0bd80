/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

/* In which main context things happen. */

typedef struct
{
  SocketTest *test;
  ZmqgSocket *socket;
  GMainContext *context;
  gboolean received;
  gboolean sent;
  guint n;
  gint done; /* atomic */
} Fixture;

static void
received (GObject *source,
          GAsyncResult *result,
          gpointer user_data)
{
  g_autoptr (ZmqgMessage) message = NULL;
  Fixture *self = user_data;
  GError *error = NULL;

  message = zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (message);
  g_assert_true (g_main_context_is_owner (self->context));
  self->received = TRUE;
}

static void
sent (GObject *source,
      GAsyncResult *result,
      gpointer user_data)
{
  Fixture *self = user_data;
  GError *error = NULL;

  zmqg_socket_send_finish (ZMQG_SOCKET (source), result, &error);
  g_assert_no_error (error);
  g_assert_true (g_main_context_is_owner (self->context));
  self->sent = TRUE;
}

static gpointer
call_in_context (gpointer data)
{
  Fixture *self = data;
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("hello");

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  zmqg_socket_receive_async (self->socket, NULL, received, self);
  zmqg_socket_send_async (self->socket, message, NULL, sent, self);
  ZMQG_TEST_AWAIT (self->received && self->sent, SOCKET_TEST_DEADLINE_MS);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

/* The callback comes to the caller's context, wherever the socket was made. */
static void
test_callers_context (SocketTest *test)
{
  ZmqgSocket *one = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri = socket_test_bind (test, one);
  Fixture fixture = { .test = test, .socket = two };
  GThread *thread;

  socket_test_connect (two, uri);
  socket_test_await_peers (two, 1);
  thread = g_thread_new ("caller", call_in_context, &fixture);
  socket_test_expect (one, "hello", NULL);
  socket_test_send (one, "back", NULL);
  ZMQG_TEST_AWAIT (g_atomic_int_get (&fixture.done), SOCKET_TEST_DEADLINE_MS);
  g_thread_join (thread);
}

static void
on_message (ZmqgSocket *socket,
            ZmqgMessage *message,
            gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true (g_main_context_is_owner (self->context));
  self->n++;
}

static void
on_peer (ZmqgSocket *socket,
         ZmqgPeer *peer,
         gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true (g_main_context_is_owner (self->context));
  self->received = TRUE;
}

static gpointer
own_socket (gpointer data)
{
  Fixture *self = data;
  ZmqgSocket *socket;

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  socket = g_object_new (ZMQG_TYPE_PULL_SOCKET, "context",
                         self->test->context, NULL);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "peer-added", G_CALLBACK (on_peer), self);
  g_atomic_pointer_set (&self->socket, socket);
  ZMQG_TEST_AWAIT (self->n == 100 && self->received,
                   SOCKET_TEST_DEADLINE_MS);
  g_object_unref (socket);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

/* Signals come to the context where the socket was made. */
static void
test_sockets_context (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, push);
  Fixture fixture = { .test = test };
  GThread *thread;

  thread = g_thread_new ("owner", own_socket, &fixture);
  ZMQG_TEST_AWAIT (g_atomic_pointer_get (&fixture.socket) != NULL,
                   SOCKET_TEST_DEADLINE_MS);
  socket_test_connect (g_atomic_pointer_get (&fixture.socket), uri);
  for (guint i = 0; i < 100; i++)
    socket_test_send (push, "x", NULL);
  ZMQG_TEST_AWAIT (g_atomic_int_get (&fixture.done), SOCKET_TEST_DEADLINE_MS);
  g_thread_join (thread);
}

static gpointer
cancel_in_thread (gpointer data)
{
  g_cancellable_cancel (data);
  return NULL;
}

static void
cancelled (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gboolean *done = user_data;

  g_assert_null (zmqg_socket_receive_finish (ZMQG_SOCKET (source), result,
                                             &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  *done = TRUE;
}

static void
test_cancelled_elsewhere (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri G_GNUC_UNUSED = socket_test_bind (test, pull);

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      gboolean done = FALSE;
      GThread *thread;

      zmqg_socket_receive_async (pull, cancellable, cancelled, &done);
      thread = g_thread_new ("cancel", cancel_in_thread, cancellable);
      ZMQG_TEST_AWAIT (done, SOCKET_TEST_DEADLINE_MS);
      g_thread_join (thread);
    }
}

typedef struct
{
  ZmqgSocket *socket;
  GQueue order;
} Order;

static void
completed (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  g_autoptr (ZmqgMessage) message = NULL;
  Order *self = user_data;

  message = zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, NULL);
  g_assert_nonnull (message);
  g_queue_push_tail (&self->order, zmqg_message_get_string (message, 0));
  /* From within a callback. */
  if (self->order.length < 20)
    zmqg_socket_receive_async (self->socket, NULL, completed, self);
}

/* A callback that begins the next call. */
static void
test_chain (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  Order order = { .socket = pull };

  socket_test_connect (push, uri);
  zmqg_socket_receive_async (pull, NULL, completed, &order);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      socket_test_send (push, text, NULL);
    }
  ZMQG_TEST_AWAIT (order.order.length == 20, SOCKET_TEST_DEADLINE_MS);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autofree char *got = g_queue_pop_head (&order.order);

      g_assert_cmpstr (got, ==, text);
    }
}

/* A call that waits does not keep others from the socket: one in a thread
 * comes behind it. */
static gpointer
receive_second (gpointer data)
{
  return socket_test_receive (data);
}

static void
test_beside_blocking (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (ZmqgMessage) message = NULL;
  Fixture fixture = { .context = g_main_context_default () };
  GThread *thread;

  socket_test_connect (push, uri);
  zmqg_socket_receive_async (pull, NULL, received, &fixture);
  thread = g_thread_new ("second", receive_second, pull);
  socket_test_send (push, "one", NULL);
  socket_test_send (push, "two", NULL);
  ZMQG_TEST_AWAIT (fixture.received, SOCKET_TEST_DEADLINE_MS);
  message = g_thread_join (thread);
  g_assert_nonnull (message);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/socket-async/callers-context", SOCKET_TEST_ALL,
                   test_callers_context);
  socket_test_add ("/zmqg/socket-async/sockets-context", SOCKET_TEST_ALL,
                   test_sockets_context);
  socket_test_add ("/zmqg/socket-async/cancelled-elsewhere", SOCKET_TEST_ALL,
                   test_cancelled_elsewhere);
  socket_test_add ("/zmqg/socket-async/chain", SOCKET_TEST_ALL, test_chain);
  socket_test_add ("/zmqg/socket-async/beside-blocking", SOCKET_TEST_ALL,
                   test_beside_blocking);

  return g_test_run ();
}
