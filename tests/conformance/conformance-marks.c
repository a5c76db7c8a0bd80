/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

/* High-water marks: whole messages, for each peer and direction. */

#define LARGE (64 * 1024)

static guint
fill_up (ZmqgSocket *socket,
         guint at_most)
{
  guint n = 0;

  while (n < at_most && try_send_text (socket, "x"))
    n++;
  return n;
}

static char *
nowhere (Fixture *self)
{
  ZmqgSocket *socket = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  char *uri = bind_socket (self, socket);

  g_assert_true (zmqg_socket_unbind (socket, uri, NULL));
  return uri;
}

/* An endpoint where nobody is takes exactly send-hwm messages. */
static void
test_unconnected (Fixture *self)
{
  static const int marks[] = { 1, 2, 3, 10, 17, 100, 1000 };
  g_autofree char *uri = nowhere (self);

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

      g_object_set (push, "send-hwm", marks[i], NULL);
      connect_to (push, uri);
      g_assert_cmpuint (fill_up (push, 2000), ==, marks[i]);
      g_assert_cmpint (zmqg_socket_get_events (push), ==, 0);
    }
}

static void
test_no_mark (Fixture *self)
{
  g_autofree char *uri = nowhere (self);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);

  g_object_set (push, "send-hwm", 0, NULL);
  connect_to (push, uri);
  for (guint i = 0; i < 5000; i++)
    send_number (push, i);
  bind_to (pull, uri);
  for (guint i = 0; i < 5000; i++)
    expect_number (pull, i);
}

/* A message counts once, however many frames it has. */
static void
test_multipart (Fixture *self)
{
  g_autofree char *uri = nowhere (self);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  const char *const strings[] = { "a", "b", "c", "d", NULL };
  g_autoptr (ZmqgMessage) message = zmqg_message_new_strv (strings);
  g_autoptr (GError) error = NULL;

  g_object_set (push, "send-hwm", 2, NULL);
  connect_to (push, uri);
  g_assert_true (zmqg_socket_try_send (push, message, NULL));
  g_assert_true (zmqg_socket_try_send (push, message, NULL));
  g_assert_false (zmqg_socket_try_send (push, message, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);

  bind_to (pull, uri);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) received = receive (pull);

      g_assert_true (zmqg_message_equal (message, received));
    }
}

/* Over inproc the marks of both sides are added, and 0 of either is none. */
static void
test_sum (Fixture *self)
{
  static const int marks[][3] = {
    { 1, 1, 2 }, { 2, 3, 5 }, { 5, 5, 10 }, { 1, 10, 11 }, { 20, 40, 60 },
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (marks); i++)
    {
      const int *mark = marks[i / 2];
      ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
      ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
      guint n = (guint) mark[2];

      g_object_set (push, "send-hwm", mark[0], NULL);
      g_object_set (pull, "receive-hwm", mark[1], NULL);
      if (i % 2 == 0)
        join_sockets (self, pull, push);
      else
        join_sockets (self, push, pull);

      g_assert_cmpuint (fill_up (push, 2000), ==, n);
      for (guint j = 0; j < n; j++)
        expect_text (pull, "x");
      expect_nothing (pull);
      /* All of the room is there again. */
      g_assert_cmpuint (fill_up (push, 2000), ==, n);
    }
}

static void
test_sum_without (Fixture *self)
{
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);

  g_object_set (push, "send-hwm", 3, NULL);
  g_object_set (pull, "receive-hwm", 0, NULL);
  join_sockets (self, pull, push);
  g_assert_cmpuint (fill_up (push, 3000), ==, 3000);
}

/* The connecting side's own mark applies until the other is there. */
static void
test_sum_later (Fixture *self)
{
  g_autofree char *uri = new_address (self);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);

  g_object_set (push, "send-hwm", 3, NULL);
  g_object_set (pull, "receive-hwm", 4, NULL);
  connect_to (push, uri);
  g_assert_cmpuint (fill_up (push, 2000), ==, 3);
  bind_to (pull, uri);
  g_assert_cmpuint (fill_up (push, 2000), ==, 4);
}

/* A reader that does not read stops the writer in the end; then nothing is
 * lost. */
static void
test_stalled_reader (Fixture *self)
{
  static const int marks[] = { 1, 2, 10 };
  g_autofree guint8 *data = g_malloc0 (LARGE);

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
      ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
      g_autoptr (GError) error = NULL;
      guint n = 0;

      g_object_set (push, "send-hwm", marks[i], "send-timeout", 50, NULL);
      g_object_set (pull, "receive-hwm", marks[i], NULL);
      join_sockets (self, pull, push);

      for (;;)
        {
          data[0] = (guint8) n;
          if (!zmqg_socket_send_data (push, data, LARGE, NULL, &error))
            break;
          n++;
        }
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
      g_assert_cmpuint (n, >=, 2 * marks[i]);
      g_assert_cmpuint (n, <, 1000);

      for (guint j = 0; j < n; j++)
        {
          g_autoptr (ZmqgMessage) message = receive (pull);
          gsize size;

          g_assert_cmpuint (zmqg_message_get_data (message, 0, &size)[0], ==,
                            (guint8) j);
          g_assert_cmpuint (size, ==, LARGE);
        }
      expect_nothing (pull);

      g_object_set (push, "send-timeout", DEADLINE_MS, NULL);
      send_text (push, "more");
      expect_text (pull, "more");
    }
}

/* A mark of one still lets everything through. */
static gpointer
send_five_thousand (gpointer data)
{
  for (guint i = 0; i < 5000; i++)
    send_number (data, i);
  return NULL;
}

static void
test_small_marks (Fixture *self)
{
  static const int marks[] = { 1, 2, 10 };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
      ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
      Call sender;

      g_object_set (push, "send-hwm", marks[i], NULL);
      g_object_set (pull, "receive-hwm", marks[i], NULL);
      join_sockets (self, pull, push);
      call_start (&sender, send_five_thousand, push);
      for (guint j = 0; j < 5000; j++)
        expect_number (pull, j);
      call_end (&sender);
    }
}

/* The mark of a live socket applies at once. */
static void
test_changed (Fixture *self)
{
  g_autofree char *uri = nowhere (self);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  g_object_set (push, "send-hwm", 3, NULL);
  connect_to (push, uri);
  g_assert_cmpuint (fill_up (push, 2000), ==, 3);
  g_object_set (push, "send-hwm", 5, NULL);
  g_assert_cmpuint (fill_up (push, 2000), ==, 2);
  g_object_set (push, "send-hwm", 2, NULL);
  g_assert_cmpuint (fill_up (push, 2000), ==, 0);
  g_object_set (push, "send-hwm", 0, NULL);
  g_assert_cmpuint (fill_up (push, 2000), ==, 2000);
}

/* Either side's, once both are there. */
static void
test_sum_changed (Fixture *self)
{
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (push, "send-hwm", 1, NULL);
  g_object_set (pull, "receive-hwm", 2, NULL);
  uri = nowhere (self);
  connect_to (push, uri);
  /* While nobody is there it is our own. */
  g_object_set (push, "send-hwm", 3, NULL);
  g_assert_cmpuint (fill_up (push, 2000), ==, 3);
  bind_to (pull, uri);
  g_assert_cmpuint (fill_up (push, 2000), ==, 2);

  g_object_set (push, "send-hwm", 5, NULL);
  g_assert_cmpuint (fill_up (push, 2000), ==, 2);
  g_object_set (pull, "receive-hwm", 10, NULL);
  g_assert_cmpuint (fill_up (push, 2000), ==, 8);
  g_object_set (pull, "receive-hwm", 1, NULL);
  g_assert_cmpuint (fill_up (push, 2000), ==, 0);
  g_object_set (pull, "receive-hwm", 0, NULL);
  g_assert_cmpuint (fill_up (push, 2000), ==, 2000);
}

static gpointer
send_one (gpointer data)
{
  send_text (data, "waited");
  return NULL;
}

/* ... also for a call that waits. */
static void
test_changed_while_waiting (Fixture *self)
{
  g_autofree char *uri = nowhere (self);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Call sender;

  g_object_set (push, "send-hwm", 1, NULL);
  connect_to (push, uri);
  g_assert_cmpuint (fill_up (push, 2000), ==, 1);
  call_start (&sender, send_one, push);
  call_await_sleep (&sender);
  g_object_set (push, "send-hwm", 2, NULL);
  call_end (&sender);
}

const ConformanceTest mark_tests[] = {
  { "marks/unconnected", FOR_ALL, test_unconnected },
  { "marks/none", FOR_ALL, test_no_mark },
  { "marks/multipart", FOR_ALL, test_multipart },
  { "marks/sum", FOR_IN_PROCESS, test_sum },
  { "marks/sum-without", FOR_IN_PROCESS, test_sum_without },
  { "marks/sum-later", FOR_IN_PROCESS, test_sum_later },
  { "marks/stalled-reader", FOR_ALL, test_stalled_reader },
  { "marks/small", FOR_ALL, test_small_marks },
  { "marks/changed", FOR_ALL, test_changed },
  { "marks/changed-while-waiting", FOR_ALL, test_changed_while_waiting },
  { "marks/sum-changed", FOR_IN_PROCESS, test_sum_changed },
  { 0, },
};
