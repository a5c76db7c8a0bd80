/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

/* ZmqgSocket::message. */

typedef struct
{
  guint n; /* messages seen, which are numbered from 0 */
  guint in_turn;
  guint limit; /* act after so many */
  gboolean acted;
  ZmqgSocket *socket; /* what the handler drops */
  GPtrArray *kept;
} Handler;

static void
count_message (Handler *self,
               ZmqgMessage *message)
{
  g_assert_cmpuint (number_of (message), ==, self->n);
  self->n++;
  self->in_turn++;
}

static void
on_message (ZmqgSocket *socket,
            ZmqgMessage *message,
            gpointer user_data)
{
  count_message (user_data, message);
}

static void
on_message_keep (ZmqgSocket *socket,
                 ZmqgMessage *message,
                 gpointer user_data)
{
  Handler *self = user_data;

  count_message (self, message);
  g_ptr_array_add (self->kept, zmqg_message_ref (message));
}

static void
on_message_close (ZmqgSocket *socket,
                  ZmqgMessage *message,
                  gpointer user_data)
{
  Handler *self = user_data;

  count_message (self, message);
  if (self->n == self->limit)
    zmqg_socket_close (socket);
}

static void
on_message_stop (ZmqgSocket *socket,
                 ZmqgMessage *message,
                 gpointer user_data)
{
  Handler *self = user_data;

  count_message (self, message);
  if (self->n == self->limit)
    g_signal_handlers_disconnect_by_data (socket, self);
}

static void
on_message_drop (ZmqgSocket *socket,
                 ZmqgMessage *message,
                 gpointer user_data)
{
  Handler *self = user_data;

  count_message (self, message);
  if (self->n == self->limit)
    g_clear_object (&self->socket);
}

static void
on_message_nested (ZmqgSocket *socket,
                   ZmqgMessage *message,
                   gpointer user_data)
{
  Handler *self = user_data;

  count_message (self, message);
  if (self->n == 1)
    {
      /* The others come while this handler runs a main loop of its own. */
      ZMQG_TEST_AWAIT (self->n == self->limit, DEADLINE_MS);
      self->acted = TRUE;
    }
}

static void
on_message_receive (ZmqgSocket *socket,
                    ZmqgMessage *message,
                    gpointer user_data)
{
  Handler *self = user_data;

  count_message (self, message);
  if (self->n == 1)
    {
      /* A blocking call from within the handler. */
      expect_number (socket, 1);
      self->n++;
      self->acted = TRUE;
    }
}

static void
test_message (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { 0, };

  g_signal_connect (pull, "message", G_CALLBACK (on_message), &handler);
  join_sockets (self, pull, push);
  for (guint i = 0; i < 500; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (handler.n == 500, DEADLINE_MS);
  expect_nothing (pull);
}

static gpointer
send_ten_thousand (gpointer data)
{
  for (guint i = 0; i < 10000; i++)
    send_number (data, i);
  return NULL;
}

static void
test_many (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { 0, };
  Call sender;

  g_signal_connect (pull, "message", G_CALLBACK (on_message), &handler);
  join_sockets (self, pull, push);
  call_start (&sender, send_ten_thousand, push);
  ZMQG_TEST_AWAIT (handler.n == 10000, DEADLINE_MS);
  call_end (&sender);
}

/* Other sources get their turn: 64 at a time. */
static void
test_turns (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { 0, };
  gint64 until = g_get_monotonic_time () + DEADLINE_MS * 1000;
  guint most = 0;

  join_sockets (self, pull, push);
  for (guint i = 0; i < 500; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (pull) == G_IO_IN, DEADLINE_MS);

  g_signal_connect (pull, "message", G_CALLBACK (on_message), &handler);
  while (handler.n < 500)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      handler.in_turn = 0;
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpuint (handler.in_turn, <=, 64);
      most = MAX (most, handler.in_turn);
    }
  if (self->transport->in_process)
    g_assert_cmpuint (most, ==, 64);
}

/* Without a handler the messages stay; one that comes later gets them. */
static void
test_connected_later (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { 0, };

  join_sockets (self, pull, push);
  for (guint i = 0; i < 10; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (pull) == G_IO_IN, DEADLINE_MS);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (zmqg_socket_get_events (pull), ==, G_IO_IN);

  g_signal_connect (pull, "message", G_CALLBACK (on_message), &handler);
  ZMQG_TEST_AWAIT (handler.n == 10, DEADLINE_MS);
}

static void
test_disconnected_inside (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { .limit = 3 };

  g_signal_connect (pull, "message", G_CALLBACK (on_message_stop), &handler);
  join_sockets (self, pull, push);
  for (guint i = 0; i < 10; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (handler.n == 3, DEADLINE_MS);
  for (guint i = 3; i < 10; i++)
    expect_number (pull, i);
  g_assert_cmpuint (handler.n, ==, 3);
}

static void
test_closed_inside (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { .limit = 3 };

  g_signal_connect (pull, "message", G_CALLBACK (on_message_close), &handler);
  join_sockets (self, pull, push);
  for (guint i = 0; i < 10; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (handler.n == 3, DEADLINE_MS);
  ZMQG_TEST_AWAIT (!g_main_context_iteration (NULL, FALSE), DEADLINE_MS);
  g_assert_cmpuint (handler.n, ==, 3);
}

static void
test_dropped_inside (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *weak = pull;
  Handler handler = { .limit = 3 };

  g_signal_connect (pull, "message", G_CALLBACK (on_message_drop), &handler);
  join_sockets (self, pull, push);
  g_object_add_weak_pointer (G_OBJECT (pull), (gpointer *) &weak);
  handler.socket = g_object_ref (pull);
  drop_socket (self, pull);
  for (guint i = 0; i < 10; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (weak == NULL, DEADLINE_MS);
  g_assert_cmpuint (handler.n, >=, 3);
}

static void
test_kept (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { 0, };

  handler.kept = g_ptr_array_new_with_free_func (
    (GDestroyNotify) zmqg_message_unref);
  g_signal_connect (pull, "message", G_CALLBACK (on_message_keep), &handler);
  join_sockets (self, pull, push);
  for (guint i = 0; i < 100; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (handler.n == 100, DEADLINE_MS);
  zmqg_socket_close (pull);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (number_of (g_ptr_array_index (handler.kept, i)), ==, i);
  g_ptr_array_unref (handler.kept);
}

static void
test_nested (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { .limit = 100 };

  g_signal_connect (pull, "message", G_CALLBACK (on_message_nested),
                    &handler);
  join_sockets (self, pull, push);
  for (guint i = 0; i < 100; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (handler.acted, DEADLINE_MS);
}

static void
test_blocking_inside (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Handler handler = { 0, };

  g_signal_connect (pull, "message", G_CALLBACK (on_message_receive),
                    &handler);
  join_sockets (self, pull, push);
  for (guint i = 0; i < 10; i++)
    send_number (push, i);
  ZMQG_TEST_AWAIT (handler.n == 10, DEADLINE_MS);
  g_assert_true (handler.acted);
}

static void
on_received (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  ZmqgMessage **message = user_data;

  *message = zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, NULL);
}

/* A call that waits comes before the signal. */
static void
test_waiting_first (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgMessage) first = NULL;
  g_autoptr (ZmqgMessage) second = NULL;
  Handler handler = { .n = 2 };

  g_signal_connect (pull, "message", G_CALLBACK (on_message), &handler);
  join_sockets (self, pull, push);
  zmqg_socket_receive_async (pull, NULL, on_received, &first);
  zmqg_socket_receive_async (pull, NULL, on_received, &second);
  for (guint i = 0; i < 5; i++)
    send_number (push, i);

  ZMQG_TEST_AWAIT (handler.n == 5, DEADLINE_MS);
  g_assert_nonnull (first);
  g_assert_nonnull (second);
  g_assert_cmpuint (number_of (first), ==, 0);
  g_assert_cmpuint (number_of (second), ==, 1);
}

/* An echo in handlers on both sides, no blocking call. */
static void
on_ping (ZmqgSocket *socket,
         ZmqgMessage *message,
         gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
  if (*n < 200)
    {
      g_autoptr (GError) error = NULL;

      zmqg_socket_send (socket, message, NULL, &error);
      g_assert_no_error (error);
    }
}

static void
test_echo (Fixture *self)
{
  ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  guint n = 0;

  join_sockets (self, one, two);
  g_signal_connect (one, "message", G_CALLBACK (on_ping), &n);
  g_signal_connect (two, "message", G_CALLBACK (on_ping), &n);
  send_text (one, "ping");
  ZMQG_TEST_AWAIT (n == 200, DEADLINE_MS);
}

const ConformanceTest signal_tests[] = {
  { "signals/message", FOR_ALL, test_message },
  { "signals/many", FOR_ALL, test_many },
  { "signals/turns", FOR_ALL, test_turns },
  { "signals/connected-later", FOR_ALL, test_connected_later },
  { "signals/disconnected-inside", FOR_ALL, test_disconnected_inside },
  { "signals/closed-inside", FOR_ALL, test_closed_inside },
  { "signals/dropped-inside", FOR_ALL, test_dropped_inside },
  { "signals/kept", FOR_ALL, test_kept },
  { "signals/nested", FOR_ALL, test_nested },
  { "signals/blocking-inside", FOR_ALL, test_blocking_inside },
  { "signals/waiting-first", FOR_ALL, test_waiting_first },
  { "signals/echo", FOR_ALL, test_echo },
  { 0, },
};
