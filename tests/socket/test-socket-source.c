/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

/* The sources of zmqg_socket_create_source (), beside what the conformance
 * suite tests for each transport. */

typedef struct
{
  GString *order;
  char name;
  guint n;
  guint limit;
} Watch;

static gboolean
note (ZmqgSocket *socket,
      GIOCondition condition,
      gpointer user_data)
{
  Watch *self = user_data;

  if (self->order != NULL)
    g_string_append_c (self->order, self->name);
  return ++self->n < self->limit;
}

/* As bindings do it. */
static void
test_closure (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (GSource) source = NULL;
  Watch watch = { .limit = 3 };

  socket_test_connect (push, uri);
  source = zmqg_socket_create_source (pull, G_IO_IN, NULL);
  g_source_set_closure (source, g_cclosure_new (G_CALLBACK (note), &watch,
                                                NULL));
  g_source_attach (source, NULL);
  socket_test_send (push, "hello", NULL);
  ZMQG_TEST_AWAIT (watch.n == 3, SOCKET_TEST_DEADLINE_MS);
  g_assert_true (g_source_is_destroyed (source));
}

static void
test_priority (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GSource) low = zmqg_socket_create_source (pull, G_IO_IN, NULL);
  g_autoptr (GSource) high = zmqg_socket_create_source (pull, G_IO_IN, NULL);
  Watch watch_low = { order, 'l', 0, 2 };
  Watch watch_high = { order, 'h', 0, 2 };

  socket_test_connect (push, uri);
  socket_test_send (push, "hello", NULL);
  socket_test_await_events (pull, G_IO_IN);

  g_source_set_callback (low, G_SOURCE_FUNC (note), &watch_low, NULL);
  g_source_set_priority (low, G_PRIORITY_LOW);
  g_source_attach (low, NULL);
  g_source_set_callback (high, G_SOURCE_FUNC (note), &watch_high, NULL);
  g_source_set_priority (high, G_PRIORITY_HIGH);
  g_source_attach (high, NULL);
  ZMQG_TEST_AWAIT (order->len == 4, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpstr (order->str, ==, "hhll");
}

/* Only the cancellable, and one that was cancelled before. */
static void
test_no_condition (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) source = NULL;
  Watch watch = { .limit = 1 };

  g_cancellable_cancel (cancellable);
  source = zmqg_socket_create_source (pull, 0, cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (note), &watch, NULL);
  g_source_attach (source, NULL);
  ZMQG_TEST_AWAIT (watch.n == 1, SOCKET_TEST_DEADLINE_MS);
}

/* What no socket has, and nothing at all: such a source would never fire. */
static void
test_wrong_condition (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_test_expect_message ("Zmqg", G_LOG_LEVEL_CRITICAL, "*condition*");
  g_assert_null (zmqg_socket_create_source (pull, G_IO_PRI, cancellable));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Zmqg", G_LOG_LEVEL_CRITICAL, "*condition*");
  g_assert_null (zmqg_socket_create_source (pull, G_IO_IN | G_IO_HUP,
                                            NULL));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Zmqg", G_LOG_LEVEL_CRITICAL, "*condition*");
  g_assert_null (zmqg_socket_create_source (pull, 0, NULL));
  g_test_assert_expected_messages ();
}

/* Never attached, never dispatched, or without a callback: the socket goes. */
static void
test_never_used (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *weak = pull;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GSource *one = zmqg_socket_create_source (pull, G_IO_IN, NULL);
  GSource *two = zmqg_socket_create_source (pull, G_IO_OUT, cancellable);
  GSource *three = zmqg_socket_create_source (pull, G_IO_IN, NULL);
  GMainContext *context = g_main_context_new ();

  g_object_add_weak_pointer (G_OBJECT (pull), (gpointer *) &weak);
  g_source_attach (two, context);
  g_source_attach (three, NULL);
  zmqg_socket_close (pull);
  g_main_context_iteration (NULL, FALSE);
  g_source_unref (one);
  g_source_unref (two);
  g_main_context_unref (context);
  g_source_destroy (three);
  g_source_unref (three);
  g_ptr_array_remove (test->sockets, pull);
  g_assert_null (weak);
}

typedef struct
{
  ZmqgSocket *socket;
  gint *left; /* atomic, shared */
  guint n;
  gint done; /* atomic */
} Reader;

static gboolean
take_one (ZmqgSocket *socket,
          GIOCondition condition,
          gpointer user_data)
{
  g_autoptr (ZmqgMessage) message = zmqg_socket_try_receive (socket, NULL);
  Reader *self = user_data;

  if (message != NULL)
    {
      self->n++;
      g_atomic_int_add (self->left, -1);
    }
  return G_SOURCE_CONTINUE;
}

static gpointer
read_in_context (gpointer data)
{
  Reader *self = data;
  GMainContext *context = g_main_context_new ();
  GSource *source = zmqg_socket_create_source (self->socket, G_IO_IN, NULL);

  g_main_context_push_thread_default (context);
  g_source_set_callback (source, G_SOURCE_FUNC (take_one), self, NULL);
  g_source_attach (source, context);
  ZMQG_TEST_AWAIT (g_atomic_int_get (self->left) == 0,
                   SOCKET_TEST_DEADLINE_MS);
  g_source_destroy (source);
  g_source_unref (source);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

/* Loops in several threads read one socket. */
static void
test_several_loops (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  gint left = 2000;
  Reader readers[3] = { 0, };
  GThread *threads[3];
  guint n = 0;

  socket_test_connect (push, uri);
  for (guint i = 0; i < 3; i++)
    {
      readers[i].socket = pull;
      readers[i].left = &left;
      threads[i] = g_thread_new ("reader", read_in_context, &readers[i]);
    }
  for (guint i = 0; i < 2000; i++)
    socket_test_send (push, "x", NULL);
  for (guint i = 0; i < 3; i++)
    {
      ZMQG_TEST_AWAIT (g_atomic_int_get (&readers[i].done),
                       SOCKET_TEST_DEADLINE_MS);
      g_thread_join (threads[i]);
      n += readers[i].n;
    }
  g_assert_cmpuint (n, ==, 2000);
}

/* A source is a watcher: it does not use up the wake-up of a call. */
static gpointer
receive_in_thread (gpointer data)
{
  for (guint i = 0; i < 200; i++)
    socket_test_expect (data, "x", NULL);
  return NULL;
}

static void
test_beside_call (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (GSource) source = zmqg_socket_create_source (pull, G_IO_IN,
                                                          NULL);
  Watch watch = { .limit = G_MAXUINT };
  GThread *thread;

  socket_test_connect (push, uri);
  g_source_set_callback (source, G_SOURCE_FUNC (note), &watch, NULL);
  g_source_attach (source, NULL);
  thread = g_thread_new ("receiver", receive_in_thread, pull);
  for (guint i = 0; i < 200; i++)
    {
      socket_test_send (push, "x", NULL);
      g_main_context_iteration (NULL, FALSE);
    }
  g_thread_join (thread);
  g_source_destroy (source);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/socket-source/closure", SOCKET_TEST_ALL,
                   test_closure);
  socket_test_add ("/zmqg/socket-source/priority", SOCKET_TEST_ALL,
                   test_priority);
  socket_test_add ("/zmqg/socket-source/no-condition", SOCKET_TEST_INPROC,
                   test_no_condition);
  socket_test_add ("/zmqg/socket-source/wrong-condition", SOCKET_TEST_INPROC,
                   test_wrong_condition);
  socket_test_add ("/zmqg/socket-source/never-used", SOCKET_TEST_INPROC,
                   test_never_used);
  socket_test_add ("/zmqg/socket-source/several-loops", SOCKET_TEST_ALL,
                   test_several_loops);
  socket_test_add ("/zmqg/socket-source/beside-call", SOCKET_TEST_ALL,
                   test_beside_call);

  return g_test_run ();
}
