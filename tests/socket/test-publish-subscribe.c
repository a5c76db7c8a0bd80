/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-pub-socket.h"
#include "socket/zmqg-sub-socket.h"
#include "socket/zmqg-xpub-socket.h"
#include "socket/zmqg-xsub-socket.h"

/* --- Helpers ------------------------------------------------------------ */

static void
assert_frame (ZmqgMessage *message,
              guint index,
              const char *start,
              gsize start_size,
              const char *rest)
{
  const guint8 *data;
  gsize size;

  data = zmqg_message_get_data (message, index, &size);
  g_assert_cmpuint (size, ==, start_size + strlen (rest));
  g_assert_cmpmem (data, start_size, start, start_size);
  g_assert_cmpmem (data + start_size, size - start_size, rest, strlen (rest));
}

/* The next message is a subscription or a cancellation. */
static ZmqgMessage *
receive_notice (ZmqgSocket *socket,
                gboolean is_subscribe,
                const char *topic)
{
  ZmqgMessage *message = socket_test_receive (socket);

  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 1);
  assert_frame (message, 0, is_subscribe ? "\1" : "\0", 1, topic);
  return message;
}

static void
expect_notice (ZmqgSocket *socket,
               gboolean is_subscribe,
               const char *topic)
{
  zmqg_message_unref (receive_notice (socket, is_subscribe, topic));
}

static void
expect_nothing (ZmqgSocket *socket)
{
  socket_test_refuses_receive (socket, ZMQG_ERROR_WOULD_BLOCK);
}

/* Whatever was sent before has come once this has. */
static void
round_up (ZmqgSocket *xsub,
          ZmqgSocket *xpub)
{
  socket_test_send (xsub, "round up", NULL);
  socket_test_expect (xpub, "round up", NULL);
}

/* --- PUB and SUB -------------------------------------------------------- */

static void
test_pub_without_a_peer (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);

  g_assert_cmpuint (zmqg_socket_get_events (pub), ==, G_IO_OUT);
  g_assert_true (socket_test_try_send (pub, "nobody hears me"));
  socket_test_refuses_receive (pub, ZMQG_ERROR_NOT_SUPPORTED);
}

static void
test_sub_does_not_send (SocketTest *test)
{
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);

  g_assert_cmpuint (zmqg_socket_get_events (sub), ==, 0);
  socket_test_refuses_send (sub, ZMQG_ERROR_NOT_SUPPORTED);
  expect_nothing (sub);
}

static void
test_linger_is_0 (SocketTest *test)
{
  const GType types[] = { ZMQG_TYPE_SUB_SOCKET, ZMQG_TYPE_XSUB_SOCKET };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (ZmqgSocket) socket = NULL;
      int linger;

      socket = g_object_new (types[i], "context", test->context, NULL);
      g_object_get (socket, "linger", &linger, NULL);
      g_assert_cmpint (linger, ==, 0);
    }
}

static void
test_first_frame_decides (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  socket_test_subscribe (sub, "ab");
  socket_test_await_topics (pub, 1);

  socket_test_send (pub, "a", "ab", NULL);
  socket_test_send (pub, "ab", "x", "", NULL);
  socket_test_send (pub, "", NULL);
  socket_test_send (pub, "b", NULL);
  socket_test_send (pub, "abc", NULL);
  socket_test_expect (sub, "ab", "x", "", NULL);
  socket_test_await_events (sub, G_IO_IN);
  socket_test_expect (sub, "abc", NULL);
  expect_nothing (sub);
  g_assert_cmpuint (zmqg_socket_get_events (sub), ==, 0);
}

static void
test_empty_topic_is_everything (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  socket_test_subscribe (sub, "");
  socket_test_await_topics (pub, 1);
  socket_test_send (pub, "", NULL);
  socket_test_send (pub, "x", NULL);
  socket_test_expect (sub, "", NULL);
  socket_test_expect (sub, "x", NULL);
}

static void
test_without_a_subscription_nothing (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *none = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  ZmqgSocket *all = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  socket_test_subscribe (all, "");
  socket_test_await_topics (pub, 1);
  socket_test_send (pub, "x", NULL);
  socket_test_expect (all, "x", NULL);
  expect_nothing (none);
}

static void
test_subscribe_before_connecting (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);

  socket_test_subscribe (sub, "a");
  socket_test_subscribe (sub, "b");
  socket_test_subscribe (sub, "b");
  socket_test_connect (sub, uri);
  socket_test_await_topics (pub, 2);
  socket_test_send (pub, "b", NULL);
  socket_test_expect (sub, "b", NULL);
}

static void
test_sub_binds (SocketTest *test)
{
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, sub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_PUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_PUB_SOCKET, uri);

  socket_test_subscribe (sub, "a");
  socket_test_await_peers (sub, 2);
  g_assert_cmpuint (zmqg_socket_get_events (sub), ==, 0);
  socket_test_await_topics (one, 1);
  socket_test_await_topics (two, 1);
  socket_test_send (one, "a1", NULL);
  socket_test_expect (sub, "a1", NULL);
  socket_test_send (two, "a2", NULL);
  socket_test_expect (sub, "a2", NULL);
}

static void
test_subscriptions_are_counted (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  socket_test_subscribe (sub, "a");
  socket_test_subscribe (sub, "a");
  socket_test_subscribe (sub, "b");
  g_assert_cmpuint (socket_test_count_topics (sub), ==, 3);
  socket_test_unsubscribe (sub, "a");
  socket_test_unsubscribe (sub, "never subscribed");
  g_assert_cmpuint (socket_test_count_topics (sub), ==, 2);
  socket_test_await_topics (pub, 2);
  socket_test_send (pub, "a", NULL);
  socket_test_expect (sub, "a", NULL);

  socket_test_unsubscribe (sub, "a");
  socket_test_await_topics (pub, 1);
  socket_test_send (pub, "a", NULL);
  socket_test_send (pub, "b", NULL);
  socket_test_expect (sub, "b", NULL);
}

static void
test_queued_messages_are_filtered_again (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  socket_test_subscribe (sub, "a");
  socket_test_subscribe (sub, "b");
  socket_test_await_topics (pub, 2);
  socket_test_send (pub, "a", NULL);
  socket_test_send (pub, "b", NULL);
  socket_test_await_events (sub, G_IO_IN);
  socket_test_unsubscribe (sub, "a");
  socket_test_expect (sub, "b", NULL);
  expect_nothing (sub);
}

static void
test_topics_are_bytes (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  const gsize sizes[] = { 2, 245, 246, 247, 255, 256, 8191, 8192, 100000 };
  g_autofree guint8 *data = g_malloc0 (100000);
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (ZmqgMessage) message = NULL;
      g_autoptr (GBytes) got = NULL;

      data[0] = i + 1;
      bytes = g_bytes_new (data, sizes[i]);
      zmqg_sub_socket_subscribe_data (ZMQG_SUB_SOCKET (sub), data, sizes[i],
                                      &error);
      g_assert_no_error (error);
      socket_test_await_topics (pub, 1);
      zmqg_socket_send_bytes (pub, bytes, NULL, &error);
      g_assert_no_error (error);
      message = socket_test_receive (sub);
      got = zmqg_message_get_frame (message, 0);
      g_assert_true (g_bytes_equal (got, bytes));
      zmqg_sub_socket_unsubscribe_bytes (ZMQG_SUB_SOCKET (sub), bytes, &error);
      g_assert_no_error (error);
      socket_test_await_topics (pub, 0);
    }
}

static void
test_many_topics (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);

  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *topic = g_strdup_printf ("topic %u.", i);

      if (i == 1500)
        socket_test_connect (sub, uri);
      socket_test_subscribe (sub, topic);
    }
  socket_test_await_topics (pub, 3000);
  socket_test_send (pub, "topic 2999.", NULL);
  socket_test_expect (sub, "topic 2999.", NULL);
}

static void
test_a_full_subscriber_misses_messages (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  ZmqgSocket *slow = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  ZmqgSocket *quick = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (pub, "send-hwm", 2, NULL);
  g_object_set (slow, "receive-hwm", 1, NULL);
  uri = socket_test_bind (test, pub);
  socket_test_connect (slow, uri);
  socket_test_connect (quick, uri);
  socket_test_subscribe (slow, "s");
  socket_test_subscribe (quick, "s");
  socket_test_subscribe (quick, "q");
  socket_test_await_topics (pub, 2);

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *number = g_strdup_printf ("s%u", i);

      socket_test_send (pub, number, "part", NULL);
      socket_test_expect (quick, number, "part", NULL);
    }
  socket_test_expect (slow, "s0", "part", NULL);
  socket_test_expect (slow, "s1", "part", NULL);
  socket_test_expect (slow, "s2", "part", NULL);
  expect_nothing (slow);

  /* There is room again. */
  socket_test_send (pub, "s5", NULL);
  socket_test_expect (slow, "s5", NULL);
}

static void
test_no_drop_waits (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  ZmqgSocket *slow = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  ZmqgSocket *quick = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (pub, "send-hwm", 1, "no-drop", TRUE, NULL);
  g_object_set (slow, "receive-hwm", 1, NULL);
  uri = socket_test_bind (test, pub);
  socket_test_connect (slow, uri);
  socket_test_connect (quick, uri);
  socket_test_subscribe (slow, "s");
  socket_test_subscribe (quick, "s");
  socket_test_subscribe (quick, "q");
  socket_test_await_topics (pub, 2);

  g_assert_true (socket_test_try_send (pub, "s1"));
  g_assert_true (socket_test_try_send (pub, "s2"));
  g_assert_false (socket_test_try_send (pub, "s3"));
  g_assert_cmpuint (zmqg_socket_get_events (pub), ==, G_IO_OUT);
  g_assert_true (socket_test_try_send (pub, "q"));
  socket_test_expect (quick, "s1", NULL);
  socket_test_expect (quick, "s2", NULL);
  socket_test_expect (quick, "q", NULL);

  socket_test_expect (slow, "s1", NULL);
  socket_test_expect (slow, "s2", NULL);
  socket_test_send (pub, "s4", NULL);
  socket_test_expect (slow, "s4", NULL);
  socket_test_expect (quick, "s4", NULL);
}

static void
test_invert_matching (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  zmqg_pub_socket_set_invert_matching (ZMQG_PUB_SOCKET (pub), TRUE);
  zmqg_sub_socket_set_invert_matching (ZMQG_SUB_SOCKET (sub), TRUE);
  socket_test_subscribe (sub, "a");
  socket_test_await_topics (pub, 1);
  socket_test_send (pub, "ab", NULL);
  socket_test_send (pub, "b", NULL);
  socket_test_expect (sub, "b", NULL);

  /* Back again, for each side by itself. */
  zmqg_pub_socket_set_invert_matching (ZMQG_PUB_SOCKET (pub), FALSE);
  socket_test_send (pub, "a filtered by the subscriber", NULL);
  zmqg_pub_socket_set_invert_matching (ZMQG_PUB_SOCKET (pub), TRUE);
  socket_test_send (pub, "c", NULL);
  socket_test_expect (sub, "c", NULL);
}

static void
test_pub_ignores_messages (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);

  socket_test_send (xsub, "hello", NULL);
  socket_test_send (xsub, "", NULL);
  socket_test_send (xsub, "hello", "\1b", NULL);
  socket_test_send (xsub, "\1a", NULL);
  socket_test_await_topics (pub, 2);
  g_assert_cmpuint (zmqg_socket_get_events (pub), ==, G_IO_OUT);
  socket_test_send (pub, "b", NULL);
  socket_test_expect (xsub, "b", NULL);
}

static void
test_disconnect_drops_subscriptions (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  socket_test_subscribe (one, "a");
  socket_test_subscribe (one, "b");
  socket_test_subscribe (two, "b");
  socket_test_await_topics (pub, 2);
  ZMQG_TEST_AWAIT (socket_test_try_send (pub, "b") &&
                     zmqg_socket_get_events (two) == G_IO_IN,
                   SOCKET_TEST_DEADLINE_MS);
  socket_test_close (test, one);
  socket_test_await_topics (pub, 1);
  socket_test_close (test, two);
  socket_test_await_topics (pub, 0);
}

static void
count_lost (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgPeer *peer G_GNUC_UNUSED,
            const GError *reason G_GNUC_UNUSED,
            gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
}

static void
test_a_connecting_pub_keeps_subscriptions (SocketTest *test)
{
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, sub);
  ZmqgSocket *pub = socket_test_connected (test, ZMQG_TYPE_PUB_SOCKET, uri);
  ZmqgSocket *again;
  guint n_lost = 0;

  g_signal_connect (pub, "peer-removed", G_CALLBACK (count_lost), &n_lost);
  socket_test_subscribe (sub, "a");
  socket_test_await_topics (pub, 1);
  socket_test_close (test, sub);
  ZMQG_TEST_AWAIT (n_lost > 0, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpuint (socket_test_count_topics (pub), ==, 1);

  again = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  socket_test_subscribe (again, "a");
  socket_test_subscribe (again, "b");
  socket_test_rebind (again, uri);
  socket_test_await_topics (pub, 2);
  socket_test_send (pub, "b", NULL);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (again) == G_IO_IN,
                   SOCKET_TEST_DEADLINE_MS);
}

static void
test_topics_are_sent_again (SocketTest *test)
{
  const GType types[] = { ZMQG_TYPE_SUB_SOCKET, ZMQG_TYPE_XSUB_SOCKET };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
      g_autofree char *uri = socket_test_bind (test, xpub);
      ZmqgSocket *sub = socket_test_connected (test, types[i], uri);
      ZmqgSocket *again;

      socket_test_subscribe (sub, "a");
      socket_test_subscribe (sub, "a");
      socket_test_subscribe (sub, "b");
      socket_test_subscribe (sub, "c");
      socket_test_unsubscribe (sub, "c");
      expect_notice (xpub, TRUE, "a");
      expect_notice (xpub, TRUE, "b");
      expect_notice (xpub, TRUE, "c");
      expect_notice (xpub, FALSE, "c");
      socket_test_send (xpub, "a1", NULL);
      socket_test_expect (sub, "a1", NULL);

      socket_test_close (test, xpub);
      socket_test_subscribe (sub, "d");
      again = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
      g_object_set (again, "verbose", TRUE, NULL);
      socket_test_rebind (again, uri);

      /* Each once, in whatever order. */
      for (guint n = 0; n < 3; n++)
        zmqg_message_unref (socket_test_receive (again));
      g_assert_cmpuint (socket_test_count_topics (again), ==, 3);
      socket_test_subscribe (sub, "e");
      expect_notice (again, TRUE, "e");
      socket_test_send (again, "a2", NULL);
      socket_test_expect (sub, "a2", NULL);
      socket_test_close (test, sub);
      socket_test_close (test, again);
    }
}

static void
test_sub_keeps_the_newest (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  ZmqgSocket *mark = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  g_autoptr (ZmqgMessage) message = NULL;

  g_object_set (sub, "conflate", TRUE, NULL);
  socket_test_subscribe (sub, "a");
  socket_test_subscribe (sub, "b");
  socket_test_subscribe (sub, "c");
  socket_test_connect (sub, uri);
  socket_test_subscribe (mark, "z");
  socket_test_await_topics (pub, 4);

  socket_test_send (pub, "a", NULL);
  socket_test_send (pub, "b", NULL);
  socket_test_send (pub, "c", NULL);
  for (;;)
    {
      g_autofree char *text = NULL;

      g_clear_pointer (&message, zmqg_message_unref);
      message = socket_test_receive (sub);
      text = zmqg_message_get_string (message, 0);
      if (g_str_equal (text, "c"))
        break;
    }
  expect_nothing (sub);
}

static void
test_messages_of_a_lost_pub_are_kept (SocketTest *test)
{
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, sub);
  ZmqgSocket *pub = socket_test_connected (test, ZMQG_TYPE_PUB_SOCKET, uri);
  guint n_lost = 0;

  g_signal_connect (sub, "peer-removed", G_CALLBACK (count_lost), &n_lost);
  socket_test_subscribe (sub, "a");
  socket_test_await_peers (sub, 1);
  g_assert_cmpuint (zmqg_socket_get_events (sub), ==, 0);
  socket_test_await_topics (pub, 1);
  socket_test_send (pub, "a1", NULL);
  socket_test_send (pub, "a2", NULL);

  /* To have looked at the first takes nothing from it. */
  socket_test_await_events (sub, G_IO_IN);
  socket_test_expect (sub, "a1", NULL);
  socket_test_await_events (sub, G_IO_IN);
  socket_test_close (test, pub);
  if (!test->in_process)
    ZMQG_TEST_AWAIT (n_lost > 0, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpuint (zmqg_socket_get_events (sub), ==, G_IO_IN);
  socket_test_expect (sub, "a2", NULL);
  expect_nothing (sub);
}

static gboolean
count_and_go_on (ZmqgSocket *socket,
                 GIOCondition condition,
                 gpointer user_data)
{
  guint *n = user_data;

  g_assert_cmpuint (condition, ==, G_IO_IN);
  g_assert_nonnull (socket);
  ++*n;
  return G_SOURCE_CONTINUE;
}

/* More than any call drops, however often it tries. */
#define MANY 5000u

static void
test_many_unwanted_messages_are_dropped_bit_by_bit (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  GError *error = NULL;
  g_autofree char *uri = NULL;

  g_object_set (pub, "send-hwm", 0, NULL);
  g_object_set (sub, "receive-hwm", 0, NULL);
  uri = socket_test_bind (test, pub);
  socket_test_connect (sub, uri);

  /* By a call that waits, and by a source. */
  for (guint round = 0; round < 2; round++)
    {
      socket_test_subscribe (sub, "a");
      socket_test_subscribe (sub, "b");
      socket_test_await_topics (pub, 2);
      for (guint i = 0; i < MANY; i++)
        socket_test_send (pub, "a", NULL);
      socket_test_send (pub, "b", NULL);
      socket_test_unsubscribe (sub, "a");
      g_assert_cmpuint (zmqg_socket_get_events (sub), ==, 0);
      expect_nothing (sub);

      if (round == 1)
        {
          GSource *source = zmqg_socket_create_source (sub, G_IO_IN, NULL);
          guint n = 0;

          g_source_set_callback (source, G_SOURCE_FUNC (count_and_go_on), &n,
                                 NULL);
          g_source_attach (source, NULL);
          ZMQG_TEST_AWAIT (n > 0, SOCKET_TEST_DEADLINE_MS);
          g_source_destroy (source);
          g_source_unref (source);
        }
      socket_test_expect (sub, "b", NULL);
      socket_test_unsubscribe (sub, "b");
      socket_test_await_topics (pub, 0);
    }

  /* Nobody is woken for what is not wanted for ever. */
  g_object_set (sub, "receive-timeout", 0, NULL);
  g_assert_null (zmqg_socket_receive (sub, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  g_clear_error (&error);
}

typedef struct
{
  ZmqgSocket *pub;
  int stop; /* atomic */
} Publishing;

static gpointer
publish_until_stopped (gpointer data)
{
  Publishing *self = data;
  GError *error = NULL;

  while (!g_atomic_int_get (&self->stop))
    {
      zmqg_socket_send_string (self->pub, "a", NULL, &error);
      g_assert_no_error (error);
      g_thread_yield ();
    }

  return NULL;
}

static void
test_subscribers_come_and_go (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  Publishing publishing = { pub, FALSE };
  GThread *threads[2];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("publisher", publish_until_stopped,
                               &publishing);

  for (guint i = 0; i < 20; i++)
    {
      ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
      ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET,
                                               uri);

      socket_test_subscribe (one, "a");
      socket_test_subscribe (two, "a");
      socket_test_expect (one, "a", NULL);
      socket_test_expect (two, "a", NULL);
      socket_test_close (test, one);
      socket_test_expect (two, "a", NULL);
      socket_test_close (test, two);
    }

  g_atomic_int_set (&publishing.stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  socket_test_await_topics (pub, 0);
}

/* --- XPUB --------------------------------------------------------------- */

static void
test_xpub_tells_first_and_last (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;

  g_assert_cmpuint (zmqg_socket_get_events (xpub), ==, G_IO_OUT);
  expect_nothing (xpub);

  socket_test_subscribe (one, "a");
  socket_test_await_events (xpub, G_IO_IN | G_IO_OUT);
  message = receive_notice (xpub, TRUE, "a");
  peer = zmqg_message_get_peer (message);
  g_assert_nonnull (peer);
  g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, "XSUB");

  socket_test_subscribe (one, "a");
  round_up (one, xpub);
  socket_test_subscribe (two, "a");
  round_up (two, xpub);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 1);

  /* It is not counted how often a peer asked. */
  socket_test_send (two, "\1a", NULL);
  socket_test_unsubscribe (two, "a");
  socket_test_unsubscribe (two, "a");
  round_up (two, xpub);
  socket_test_unsubscribe (one, "a");
  round_up (one, xpub);
  socket_test_unsubscribe (one, "a");
  expect_notice (xpub, FALSE, "a");
  expect_nothing (xpub);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 0);
}

static void
test_xpub_tells_unknown_cancellations (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);

  zmqg_xsub_socket_set_verbose_unsubscribe (ZMQG_XSUB_SOCKET (two), TRUE);
  socket_test_unsubscribe (two, "x");
  expect_notice (xpub, FALSE, "x");
  socket_test_subscribe (one, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_unsubscribe (two, "a");
  expect_notice (xpub, FALSE, "a");
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 1);
}

static void
test_xpub_tells_of_a_lost_peer (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;

  socket_test_subscribe (one, "shared");
  expect_notice (xpub, TRUE, "shared");
  socket_test_subscribe (two, "shared");
  socket_test_subscribe (two, "own");
  expect_notice (xpub, TRUE, "own");

  socket_test_close (test, two);
  message = receive_notice (xpub, FALSE, "own");
  peer = zmqg_message_get_peer (message);
  g_assert_nonnull (peer);
  g_assert_false (zmqg_peer_is_connected (peer));
  expect_nothing (xpub);
  socket_test_close (test, one);
  expect_notice (xpub, FALSE, "shared");
}

static void
test_verbose (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  g_object_set (xpub, "verbose", TRUE, NULL);
  socket_test_subscribe (one, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (one, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (two, "a");
  expect_notice (xpub, TRUE, "a");

  socket_test_unsubscribe (two, "a");
  socket_test_subscribe (two, "b");
  expect_notice (xpub, TRUE, "b");
  socket_test_unsubscribe (one, "a");
  socket_test_unsubscribe (one, "a");
  expect_notice (xpub, FALSE, "a");
}

static void
test_verboser (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  g_object_set (xpub, "verboser", TRUE, NULL);
  socket_test_subscribe (one, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (two, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_unsubscribe (two, "a");
  expect_notice (xpub, FALSE, "a");
  socket_test_subscribe (two, "a");
  expect_notice (xpub, TRUE, "a");

  socket_test_close (test, two);
  expect_notice (xpub, FALSE, "a");
  socket_test_close (test, one);
  expect_notice (xpub, FALSE, "a");
  expect_nothing (xpub);
}

static void
count_notify (GObject *object G_GNUC_UNUSED,
              GParamSpec *pspec G_GNUC_UNUSED,
              gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
}

static void
assert_flags (ZmqgSocket *xpub,
              gboolean verbose,
              gboolean verboser,
              gboolean manual,
              gboolean manual_last_value)
{
  ZmqgXpubSocket *self = ZMQG_XPUB_SOCKET (xpub);

  g_assert_cmpint (zmqg_xpub_socket_get_verbose (self), ==, verbose);
  g_assert_cmpint (zmqg_xpub_socket_get_verboser (self), ==, verboser);
  g_assert_cmpint (zmqg_xpub_socket_get_manual (self), ==, manual);
  g_assert_cmpint (zmqg_xpub_socket_get_manual_last_value (self), ==,
                   manual_last_value);
}

static void
test_flags_hang_together (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  guint n_verbose = 0;
  guint n_verboser = 0;

  g_signal_connect (xpub, "notify::verbose", G_CALLBACK (count_notify),
                    &n_verbose);
  g_signal_connect (xpub, "notify::verboser", G_CALLBACK (count_notify),
                    &n_verboser);
  assert_flags (xpub, FALSE, FALSE, FALSE, FALSE);
  g_object_set (xpub, "verboser", TRUE, NULL);
  assert_flags (xpub, TRUE, TRUE, FALSE, FALSE);
  g_assert_cmpuint (n_verbose, ==, 1);
  g_assert_cmpuint (n_verboser, ==, 1);
  g_object_set (xpub, "verbose", TRUE, NULL);
  assert_flags (xpub, TRUE, FALSE, FALSE, FALSE);
  g_object_set (xpub, "verbose", TRUE, NULL);
  g_assert_cmpuint (n_verbose, ==, 1);
  g_assert_cmpuint (n_verboser, ==, 2);
  g_object_set (xpub, "verboser", FALSE, NULL);
  assert_flags (xpub, FALSE, FALSE, FALSE, FALSE);

  g_object_set (xpub, "manual-last-value", TRUE, NULL);
  assert_flags (xpub, FALSE, FALSE, TRUE, TRUE);
  g_object_set (xpub, "manual-last-value", FALSE, NULL);
  assert_flags (xpub, FALSE, FALSE, FALSE, FALSE);
}

static void
test_xpub_receives_messages (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;

  socket_test_send (xsub, "1", "2", NULL);
  socket_test_subscribe (xsub, "a");
  socket_test_send (xsub, "", NULL);
  socket_test_send (xsub, "3", NULL);
  socket_test_expect (xpub, "1", "2", NULL);
  expect_notice (xpub, TRUE, "a");
  socket_test_expect (xpub, "", NULL);
  message = socket_test_receive (xpub);
  peer = zmqg_message_get_peer (message);
  g_assert_nonnull (peer);
}

static void
test_any_frame_may_subscribe (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);

  socket_test_send (xsub, "x", "\1a", NULL);
  socket_test_expect (xpub, "x", "\1a", NULL);
  g_assert_cmpuint (socket_test_count_topics (xsub), ==, 1);

  socket_test_send (xsub, "\1b", "y", "\1c", NULL);
  expect_notice (xpub, TRUE, "b");
  socket_test_expect (xpub, "y", "\1c", NULL);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 3);

  socket_test_send (xsub, "x", "y", "\1d", "\1e", "z", "", NULL);
  socket_test_expect (xpub, "x", "y", "\1d", NULL);
  expect_notice (xpub, TRUE, "e");
  socket_test_expect (xpub, "z", "", NULL);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 5);
}

/* What is not told is not in the message either. */
static void
test_a_known_topic_in_a_message (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);

  socket_test_subscribe (xsub, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_send (xsub, "x", "\1a", "y", NULL);
  socket_test_expect (xpub, "x", "y", NULL);
  socket_test_send (xsub, "\1a", "x", "\1a", "y", "\1b", "z", "\1a", NULL);
  socket_test_expect (xpub, "x", "y", "\1b", NULL);
  socket_test_expect (xpub, "z", NULL);
  socket_test_send (xsub, "x", "\1a", NULL);
  socket_test_expect (xpub, "x", NULL);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 2);

  g_object_set (xpub, "verbose", TRUE, NULL);
  socket_test_send (xsub, "x", "\1a", "y", NULL);
  socket_test_expect (xpub, "x", "\1a", NULL);
  socket_test_expect (xpub, "y", NULL);
}

static void
test_a_manual_topic_in_a_message (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  g_autoptr (ZmqgMessage) many = zmqg_message_new ();
  g_autoptr (ZmqgMessage) received = NULL;
  g_autofree char *last = NULL;
  GError *error = NULL;

  g_object_set (xpub, "manual", TRUE, NULL);
  for (guint i = 0; i < 40; i++)
    zmqg_message_append_string (many, "frame");
  zmqg_message_append_string (many, "\1a");
  zmqg_socket_send (xsub, many, NULL, &error);
  g_assert_no_error (error);
  received = socket_test_receive (xpub);
  g_assert_cmpuint (zmqg_message_get_n_frames (received), ==, 41);
  last = zmqg_message_get_string (received, 40);
  g_assert_cmpstr (last, ==, "\1a");

  /* It was the last one that was heard. */
  socket_test_subscribe (xpub, "b");
  socket_test_send (xpub, "b", NULL);
  socket_test_expect (xsub, "b", NULL);
}

static void
test_only_first_subscribe (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);

  g_object_set (xpub, "only-first-subscribe", TRUE, NULL);
  g_object_set (xsub, "only-first-subscribe", TRUE, NULL);
  socket_test_send (xsub, "x", "\1a", NULL);
  socket_test_expect (xpub, "x", "\1a", NULL);
  g_assert_cmpuint (socket_test_count_topics (xsub), ==, 0);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 0);

  socket_test_send (xsub, "\1b", "\1c", NULL);
  expect_notice (xpub, TRUE, "b");
  expect_notice (xpub, TRUE, "c");
  g_assert_cmpuint (socket_test_count_topics (xsub), ==, 2);
}

static void
test_manual (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  GError *error = NULL;

  g_assert_false (zmqg_xpub_socket_subscribe (ZMQG_XPUB_SOCKET (xpub), "a",
                                              &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_STATE);
  g_clear_error (&error);
  g_object_set (xpub, "manual", TRUE, NULL);
  socket_test_subscribe (xpub, "nobody was heard yet");
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 0);

  socket_test_subscribe (one, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (xpub, "xa");
  socket_test_subscribe (two, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (xpub, "xb");
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 2);

  socket_test_send (xpub, "a", NULL);
  socket_test_send (xpub, "xa", NULL);
  socket_test_send (xpub, "xb", NULL);
  socket_test_expect (one, "xa", NULL);
  socket_test_expect (two, "xb", NULL);

  /* A cancellation changes nothing by itself, a message even less. */
  socket_test_unsubscribe (one, "a");
  expect_notice (xpub, FALSE, "a");
  round_up (two, xpub);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 2);
  socket_test_unsubscribe (xpub, "xa");
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 1);
  expect_nothing (one);
  expect_nothing (two);
}

static void
test_manual_tells_of_a_lost_peer (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  g_object_set (xpub, "manual", TRUE, NULL);
  socket_test_subscribe (one, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (xpub, "granted");
  socket_test_subscribe (two, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (xpub, "granted too");
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 2);

  socket_test_close (test, two);
  expect_notice (xpub, FALSE, "a");
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 1);
  socket_test_subscribe (xpub, "it has gone");
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 1);
  expect_nothing (xpub);
}

static void
test_manual_forgets_a_lost_peer (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  g_object_set (xpub, "manual", TRUE, NULL);
  socket_test_subscribe (sub, "a");
  socket_test_subscribe (sub, "b");
  expect_notice (xpub, TRUE, "a");
  socket_test_close (test, sub);
  expect_notice (xpub, TRUE, "b");
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (xpub) == (G_IO_IN | G_IO_OUT),
                   SOCKET_TEST_DEADLINE_MS);
  socket_test_subscribe (xpub, "b");
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 0);
  zmqg_message_unref (socket_test_receive (xpub));
  zmqg_message_unref (socket_test_receive (xpub));
  expect_nothing (xpub);
}

static void
test_manual_last_value (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);
  ZmqgSocket *two = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  g_object_set (xpub, "manual-last-value", TRUE, NULL);
  socket_test_subscribe (one, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (xpub, "a");
  socket_test_send (xpub, "a1", NULL);
  socket_test_expect (one, "a1", NULL);

  socket_test_subscribe (two, "a");
  expect_notice (xpub, TRUE, "a");
  socket_test_subscribe (xpub, "a");
  socket_test_send (xpub, "a2", NULL);
  socket_test_send (xpub, "a3", NULL);
  socket_test_expect (two, "a2", NULL);
  socket_test_expect (two, "a3", NULL);
  socket_test_expect (one, "a3", NULL);

  /* Not to the last one either, when its topics do not match. */
  socket_test_subscribe (two, "b");
  expect_notice (xpub, TRUE, "b");
  socket_test_send (xpub, "c", NULL);
  socket_test_send (xpub, "a4", NULL);
  socket_test_expect (one, "a4", NULL);
  socket_test_expect (two, "a4", NULL);
}

static void
test_welcome_message (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub;
  ZmqgSocket *sub;
  ZmqgSocket *other;
  ZmqgSocket *late;
  g_autoptr (GBytes) bytes = NULL;

  zmqg_xpub_socket_set_welcome_message_string (ZMQG_XPUB_SOCKET (xpub),
                                               "welcome");
  bytes = zmqg_xpub_socket_get_welcome_message (ZMQG_XPUB_SOCKET (xpub));
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                   "welcome", 7);

  xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  socket_test_subscribe (sub, "wel");
  socket_test_connect (sub, uri);
  other = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  socket_test_subscribe (other, "x");
  socket_test_connect (other, uri);
  socket_test_await_topics (xpub, 2);
  socket_test_expect (xsub, "welcome", NULL);
  socket_test_expect (sub, "welcome", NULL);
  socket_test_send (xpub, "x", NULL);
  socket_test_expect (other, "x", NULL);

  /* Later peers only. */
  g_object_set (xpub, "welcome-message", NULL, NULL);
  g_assert_null (
    zmqg_xpub_socket_get_welcome_message (ZMQG_XPUB_SOCKET (xpub)));
  late = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  socket_test_subscribe (late, "y");
  socket_test_await_topics (xpub, 3);
  socket_test_send (xpub, "y", NULL);
  socket_test_expect (late, "y", NULL);
  expect_nothing (xsub);
  expect_nothing (sub);
}

static void
test_an_unread_xpub_pushes_back (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (xpub, "receive-hwm", 3, NULL);
  uri = socket_test_bind (test, xpub);
  socket_test_connect (sub, uri);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      socket_test_subscribe (sub, topic);
    }

  socket_test_await_topics (xpub, 3);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 3);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      expect_notice (xpub, TRUE, topic);
      g_assert_cmpuint (socket_test_count_topics (xpub), <=, i + 4);
    }
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 200);
}

static void
test_an_ended_peer_is_read_to_its_end (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  ZmqgSocket *xsub = socket_test_new (test, ZMQG_TYPE_XSUB_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (xpub, "receive-hwm", 2, NULL);
  uri = socket_test_bind (test, xpub);
  socket_test_connect (xsub, uri);
  g_object_set (xsub, "linger", -1, NULL);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      socket_test_subscribe (xsub, topic);
    }
  socket_test_await_topics (xpub, 2);
  socket_test_close (test, xsub);

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      socket_test_send (xpub, topic, NULL);
      expect_notice (xpub, TRUE, topic);
    }
  for (guint i = 0; i < 5; i++)
    zmqg_message_unref (socket_test_receive (xpub));
  expect_nothing (xpub);
  g_assert_cmpuint (socket_test_count_topics (xpub), ==, 0);
}

static void
test_xpub_connects (SocketTest *test)
{
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, sub);
  ZmqgSocket *xpub = socket_test_connected (test, ZMQG_TYPE_XPUB_SOCKET, uri);

  socket_test_subscribe (sub, "a");
  socket_test_await_peers (sub, 1);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (sub) == 0 &&
                     zmqg_socket_get_events (xpub) != G_IO_OUT,
                   SOCKET_TEST_DEADLINE_MS);
  expect_notice (xpub, TRUE, "a");
  socket_test_send (xpub, "a", NULL);
  socket_test_expect (sub, "a", NULL);
}

/* --- XSUB --------------------------------------------------------------- */

static void
test_xsub_without_a_peer (SocketTest *test)
{
  ZmqgSocket *xsub = socket_test_new (test, ZMQG_TYPE_XSUB_SOCKET);

  g_assert_cmpuint (zmqg_socket_get_events (xsub), ==, G_IO_OUT);
  g_assert_true (socket_test_try_send (xsub, "\1a"));
  g_assert_true (socket_test_try_send (xsub, "x"));
  g_assert_cmpuint (socket_test_count_topics (xsub), ==, 1);
  expect_nothing (xsub);
}

static void
test_xsub_passes_subscriptions_on (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  GError *error = NULL;

  g_object_set (xpub, "verboser", TRUE, NULL);
  socket_test_send (xsub, "\1a", NULL);
  socket_test_send (xsub, "\1a", NULL);
  expect_notice (xpub, TRUE, "a");
  expect_notice (xpub, TRUE, "a");

  /* The first cancellation is swallowed. */
  zmqg_socket_send_data (xsub, (const guint8 *) "\0a", 2, NULL, &error);
  g_assert_no_error (error);
  round_up (xsub, xpub);
  zmqg_socket_send_data (xsub, (const guint8 *) "\0a", 2, NULL, &error);
  g_assert_no_error (error);
  expect_notice (xpub, FALSE, "a");
  zmqg_socket_send_data (xsub, (const guint8 *) "\0a", 2, NULL, &error);
  g_assert_no_error (error);
  round_up (xsub, xpub);

  g_object_set (xsub, "verbose-unsubscribe", TRUE, NULL);
  zmqg_socket_send_data (xsub, (const guint8 *) "\0a", 2, NULL, &error);
  g_assert_no_error (error);
  expect_notice (xpub, FALSE, "a");
}

static void
test_xsub_swallows_frames (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");
  GError *error = NULL;

  zmqg_message_append_string (message, "y");
  zmqg_message_append_data (message, (const guint8 *) "\0unknown", 8);
  zmqg_socket_send (xsub, message, NULL, &error);
  g_assert_no_error (error);
  socket_test_expect (xpub, "x", "y", NULL);
  round_up (xsub, xpub);
}

static void
test_xsub_does_not_filter (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);

  g_object_set (xpub, "invert-matching", TRUE, NULL);
  round_up (xsub, xpub);
  socket_test_send (xpub, "never asked for", "x", NULL);
  socket_test_expect (xsub, "never asked for", "x", NULL);
}

static void
test_xsub_tells_new_peers (SocketTest *test)
{
  ZmqgSocket *xsub = socket_test_new (test, ZMQG_TYPE_XSUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xsub);
  ZmqgSocket *one = socket_test_connected (test, ZMQG_TYPE_XPUB_SOCKET, uri);
  ZmqgSocket *two;

  socket_test_subscribe (xsub, "a");
  socket_test_subscribe (xsub, "a");
  socket_test_await_peers (xsub, 1);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (xsub) == G_IO_OUT &&
                     zmqg_socket_get_events (one) != G_IO_OUT,
                   SOCKET_TEST_DEADLINE_MS);
  expect_notice (one, TRUE, "a");

  two = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_object_set (two, "verbose", TRUE, NULL);
  socket_test_connect (two, uri);
  socket_test_await_peers (xsub, 2);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (xsub) == G_IO_OUT &&
                     zmqg_socket_get_events (two) != G_IO_OUT,
                   SOCKET_TEST_DEADLINE_MS);
  expect_notice (two, TRUE, "a");
  round_up (xsub, two);
  socket_test_expect (one, "round up", NULL);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, scope, func) \
  socket_test_add ("/zmqg/publish-subscribe/" path, SOCKET_TEST_##scope, func)

  ADD ("pub-without-a-peer-drops", ALL, test_pub_without_a_peer);
  ADD ("sub-does-not-send", INPROC, test_sub_does_not_send);
  ADD ("linger-is-0-by-default", INPROC, test_linger_is_0);
  ADD ("the-first-frame-decides", ALL, test_first_frame_decides);
  ADD ("the-empty-topic-is-everything", ALL, test_empty_topic_is_everything);
  ADD ("without-a-subscription-nothing-comes", ALL,
       test_without_a_subscription_nothing);
  ADD ("subscribe-before-connecting", ALL, test_subscribe_before_connecting);
  ADD ("sub-binds", ALL, test_sub_binds);
  ADD ("subscriptions-are-counted", ALL, test_subscriptions_are_counted);
  ADD ("queued-messages-are-filtered-again", ALL,
       test_queued_messages_are_filtered_again);
  ADD ("topics-are-bytes", ALL, test_topics_are_bytes);
  ADD ("many-topics", ALL, test_many_topics);
  ADD ("a-full-subscriber-misses-messages", INPROC,
       test_a_full_subscriber_misses_messages);
  ADD ("no-drop-waits", INPROC, test_no_drop_waits);
  ADD ("invert-matching", ALL, test_invert_matching);
  ADD ("pub-ignores-messages", ALL, test_pub_ignores_messages);
  ADD ("a-disconnect-drops-subscriptions", ALL,
       test_disconnect_drops_subscriptions);
  ADD ("a-connecting-pub-keeps-subscriptions", NETWORK,
       test_a_connecting_pub_keeps_subscriptions);
  ADD ("topics-are-sent-again", NETWORK, test_topics_are_sent_again);
  ADD ("messages-of-a-lost-pub-are-kept", ALL,
       test_messages_of_a_lost_pub_are_kept);
  ADD ("many-unwanted-messages-are-dropped-bit-by-bit", INPROC,
       test_many_unwanted_messages_are_dropped_bit_by_bit);
  ADD ("subscribers-come-and-go", ALL, test_subscribers_come_and_go);
  ADD ("a-conflating-sub-keeps-the-newest", ALL, test_sub_keeps_the_newest);

  ADD ("xpub-tells-first-and-last", ALL, test_xpub_tells_first_and_last);
  ADD ("xpub-tells-unknown-cancellations", ALL,
       test_xpub_tells_unknown_cancellations);
  ADD ("xpub-tells-of-a-lost-peer", ALL, test_xpub_tells_of_a_lost_peer);
  ADD ("verbose", ALL, test_verbose);
  ADD ("verboser", ALL, test_verboser);
  ADD ("flags-hang-together", INPROC, test_flags_hang_together);
  ADD ("xpub-receives-messages", ALL, test_xpub_receives_messages);
  ADD ("any-frame-may-subscribe", ALL, test_any_frame_may_subscribe);
  ADD ("a-known-topic-in-a-message", ALL, test_a_known_topic_in_a_message);
  ADD ("a-manual-topic-in-a-message", ALL, test_a_manual_topic_in_a_message);
  ADD ("only-first-subscribe", ALL, test_only_first_subscribe);
  ADD ("manual", ALL, test_manual);
  ADD ("manual-tells-of-a-lost-peer", ALL, test_manual_tells_of_a_lost_peer);
  ADD ("manual-forgets-a-lost-peer", ALL, test_manual_forgets_a_lost_peer);
  ADD ("manual-last-value", ALL, test_manual_last_value);
  ADD ("welcome-message", ALL, test_welcome_message);
  ADD ("an-unread-xpub-pushes-back", ALL, test_an_unread_xpub_pushes_back);
  ADD ("an-ended-peer-is-read-to-its-end", ALL,
       test_an_ended_peer_is_read_to_its_end);
  ADD ("xpub-connects", ALL, test_xpub_connects);

  ADD ("xsub-without-a-peer-drops", INPROC, test_xsub_without_a_peer);
  ADD ("xsub-passes-subscriptions-on", ALL,
       test_xsub_passes_subscriptions_on);
  ADD ("xsub-swallows-cancellations", ALL, test_xsub_swallows_frames);
  ADD ("xsub-does-not-filter", ALL, test_xsub_does_not_filter);
  ADD ("xsub-tells-new-peers", ALL, test_xsub_tells_new_peers);

  return g_test_run ();
}
