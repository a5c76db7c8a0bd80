/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

/* zmqg_socket_get_events () and zmqg_socket_create_source (). */

typedef struct
{
  guint n_calls;
  guint n_messages;
  guint limit; /* G_SOURCE_REMOVE after so many calls, 0 = never */
  GIOCondition condition; /* of the newest call */
} Watch;

static gboolean
receive_one (ZmqgSocket *socket,
             GIOCondition condition,
             gpointer user_data)
{
  g_autoptr (ZmqgMessage) message = zmqg_socket_try_receive (socket, NULL);
  Watch *self = user_data;

  self->n_calls++;
  self->condition = condition;
  if (message != NULL)
    g_assert_cmpuint (number_of (message), ==, self->n_messages++);
  return self->n_calls != self->limit;
}

static gboolean
only_count (ZmqgSocket *socket,
            GIOCondition condition,
            gpointer user_data)
{
  Watch *self = user_data;

  self->n_calls++;
  self->condition = condition;
  return self->n_calls != self->limit;
}

static GSource *
watch (ZmqgSocket *socket,
       GIOCondition condition,
       GCancellable *cancellable,
       ZmqgSocketSourceFunc callback,
       Watch *self)
{
  GSource *source = zmqg_socket_create_source (socket, condition, cancellable);

  g_source_set_callback (source, G_SOURCE_FUNC (callback), self, NULL);
  g_source_attach (source, NULL);
  return source;
}

static void
end_watch (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

/* The main context comes to rest: nothing spins. */
static void
await_rest (void)
{
  ZMQG_TEST_AWAIT (!g_main_context_iteration (NULL, FALSE), DEADLINE_MS);
}

static void
test_events (Fixture *self)
{
  ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);

  g_assert_cmpint (zmqg_socket_get_events (one), ==, 0);
  join_sockets (self, one, two);
  g_assert_cmpint (zmqg_socket_get_events (one), ==, G_IO_OUT);
  g_assert_cmpint (zmqg_socket_get_events (two), ==, G_IO_OUT);

  send_text (two, "hello");
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (one) == (G_IO_IN | G_IO_OUT),
                   DEADLINE_MS);
  expect_text (one, "hello");
  g_assert_cmpint (zmqg_socket_get_events (one), ==, G_IO_OUT);

  /* A call on a closed socket does not wait. */
  zmqg_socket_close (one);
  g_assert_cmpint (zmqg_socket_get_events (one), ==, G_IO_IN | G_IO_OUT);
  zmqg_context_shutdown (self->context);
  g_assert_cmpint (zmqg_socket_get_events (two), ==, G_IO_IN | G_IO_OUT);
}

static void
test_in (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Watch seen = { 0, };
  GSource *source;

  join_sockets (self, pull, push);
  source = watch (pull, G_IO_IN, NULL, receive_one, &seen);
  await_rest ();
  g_assert_cmpuint (seen.n_calls, ==, 0);

  /* It fires again until all are taken, one at a time. */
  for (guint i = 0; i < 100; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (seen.n_messages == 100, DEADLINE_MS);
  g_assert_cmpint (seen.condition, ==, G_IO_IN);
  await_rest ();
  g_assert_cmpuint (seen.n_calls, ==, 100);

  /* And for those that come later. */
  send_number (push, 100);
  ZMQG_TEST_AWAIT (seen.n_messages == 101, DEADLINE_MS);
  await_rest ();
  g_assert_cmpuint (seen.n_calls, ==, 101);
  end_watch (source);
}

/* A message that was there before the source is seen too. */
static void
test_in_before (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Watch seen = { .limit = 2 };
  GSource *source;

  join_sockets (self, pull, push);
  send_number (push, 0);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (pull) == G_IO_IN, DEADLINE_MS);

  /* Nobody takes it: it fires each time, until the callback wants no more. */
  source = watch (pull, G_IO_IN, NULL, only_count, &seen);
  ZMQG_TEST_AWAIT (seen.n_calls == 2, DEADLINE_MS);
  g_assert_true (g_source_is_destroyed (source));
  await_rest ();
  g_assert_cmpuint (seen.n_calls, ==, 2);
  g_source_unref (source);
  expect_number (pull, 0);
}

static void
test_out (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, push);
  Watch seen = { 0, };
  GSource *source;
  guint n;

  source = watch (push, G_IO_OUT, NULL, only_count, &seen);
  await_rest ();
  g_assert_cmpuint (seen.n_calls, ==, 0);

  connect_to (pull, uri);
  ZMQG_TEST_AWAIT (seen.n_calls >= 3, DEADLINE_MS);
  g_assert_cmpint (seen.condition, ==, G_IO_OUT);

  zmqg_socket_close (pull);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (push) == 0, DEADLINE_MS);
  n = seen.n_calls;
  await_rest ();
  g_assert_cmpuint (seen.n_calls, ==, n);
  end_watch (source);
}

static void
test_both (Fixture *self)
{
  ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  Watch seen = { 0, };
  GSource *source;

  join_sockets (self, one, two);
  source = watch (one, G_IO_IN | G_IO_OUT, NULL, only_count, &seen);
  ZMQG_TEST_AWAIT (seen.n_calls > 0, DEADLINE_MS);
  g_assert_cmpint (seen.condition, ==, G_IO_OUT);
  send_text (two, "hello");
  ZMQG_TEST_AWAIT (seen.condition == (G_IO_IN | G_IO_OUT), DEADLINE_MS);
  end_watch (source);
}

static void
test_several (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Watch first = { 0, };
  Watch second = { 0, };
  GSource *one;
  GSource *two;

  join_sockets (self, pull, push);
  one = watch (pull, G_IO_IN, NULL, only_count, &first);
  two = watch (pull, G_IO_IN, NULL, only_count, &second);
  send_number (push, 0);
  ZMQG_TEST_AWAIT (first.n_calls > 0 && second.n_calls > 0, DEADLINE_MS);
  expect_number (pull, 0);
  end_watch (one);
  end_watch (two);
}

static void
test_cancellable (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *uri G_GNUC_UNUSED = bind_socket (self, pull);
  Watch seen = { .limit = 1 };
  GSource *source;

  source = watch (pull, G_IO_IN, cancellable, only_count, &seen);
  await_rest ();
  g_assert_cmpuint (seen.n_calls, ==, 0);
  g_cancellable_cancel (cancellable);
  ZMQG_TEST_AWAIT (seen.n_calls == 1, DEADLINE_MS);
  g_assert_cmpint (seen.condition, ==, 0);
  await_rest ();
  end_watch (source);
}

static void
test_closed (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri G_GNUC_UNUSED = bind_socket (self, pull);
  Watch seen = { .limit = 1 };
  GSource *source;

  source = watch (pull, G_IO_IN, NULL, only_count, &seen);
  await_rest ();
  zmqg_socket_close (pull);
  ZMQG_TEST_AWAIT (seen.n_calls == 1, DEADLINE_MS);
  end_watch (source);
}

static void
test_keeps_socket (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *weak = pull;
  Watch seen = { 0, };
  GSource *source;

  join_sockets (self, pull, push);
  g_object_add_weak_pointer (G_OBJECT (pull), (gpointer *) &weak);
  source = watch (pull, G_IO_IN, NULL, receive_one, &seen);
  drop_socket (self, pull);
  g_assert_nonnull (weak);
  send_number (push, 0);
  ZMQG_TEST_AWAIT (seen.n_messages == 1, DEADLINE_MS);
  end_watch (source);
  ZMQG_TEST_AWAIT (weak == NULL, DEADLINE_MS);
}

typedef struct
{
  GMainContext *context;
  GSource *source;
  Watch watch;
} Loop;

static gpointer
run_loop (gpointer data)
{
  Loop *self = data;

  g_main_context_push_thread_default (self->context);
  while (!g_source_is_destroyed (self->source))
    g_main_context_iteration (self->context, TRUE);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* In the main context of another thread. */
static void
test_other_context (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Loop loop = { .watch = { .limit = 100 } };
  Call thread;

  join_sockets (self, pull, push);
  loop.context = g_main_context_new ();
  loop.source = zmqg_socket_create_source (pull, G_IO_IN, NULL);
  g_source_set_callback (loop.source, G_SOURCE_FUNC (receive_one),
                         &loop.watch, NULL);
  g_source_attach (loop.source, loop.context);
  call_start (&thread, run_loop, &loop);

  for (guint i = 0; i < 100; i++)
    {
      if (i % 10 == 0)
        call_await_sleep (&thread);
      send_number (push, i);
    }
  ZMQG_TEST_AWAIT (g_atomic_int_get (&thread.done), DEADLINE_MS);
  call_end (&thread);
  g_assert_cmpuint (loop.watch.n_messages, ==, 100);
  g_source_unref (loop.source);
  g_main_context_unref (loop.context);
}

const ConformanceTest source_tests[] = {
  { "sources/events", FOR_ALL, test_events },
  { "sources/in", FOR_ALL, test_in },
  { "sources/in-before", FOR_ALL, test_in_before },
  { "sources/out", FOR_ALL, test_out },
  { "sources/both", FOR_ALL, test_both },
  { "sources/several", FOR_ALL, test_several },
  { "sources/cancellable", FOR_ALL, test_cancellable },
  { "sources/closed", FOR_ALL, test_closed },
  { "sources/keeps-socket", FOR_ALL, test_keeps_socket },
  { "sources/other-context", FOR_ALL, test_other_context },
  { 0, },
};
