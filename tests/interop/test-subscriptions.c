/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/* Subscriptions and cancellations, as commands and as messages. */

/* --- Their subscriptions ------------------------------------------------ */

static void
our_pub_filters_by_their_prefixes (Interop *test)
{
  ZmqgSocket *pub = interop_socket (test, ZMQG_SOCKET_TYPE_PUB);
  InteropPeer *sub = interop_peer (test, "SUB");

  interop_do (sub, "subscribe =red");
  interop_do (sub, "subscribe =blue.");
  interop_meet (test, pub, sub);
  interop_await_topics (pub, sub, 2);

  interop_send (pub, "=green =0");
  interop_send (pub, "=red =1");
  interop_send (pub, "=re =2");
  interop_send (pub, "=reddish =3");
  interop_send (pub, "=blue =4");
  interop_send (pub, "=blue.sky =5");
  interop_send (pub, "= =6");
  interop_send (pub, "=xred =7");
  interop_send (pub, "=blue. =8");

  interop_peer_receives (sub, "=red =1");
  interop_peer_receives (sub, "=reddish =3");
  interop_peer_receives (sub, "=blue.sky =5");
  interop_peer_receives (sub, "=blue. =8");
}

static void
their_sub_cancels (Interop *test)
{
  ZmqgSocket *pub = interop_socket (test, ZMQG_SOCKET_TYPE_PUB);
  InteropPeer *sub = interop_peer (test, "SUB");

  interop_do (sub, "subscribe =a");
  interop_do (sub, "subscribe =b");
  interop_do (sub, "subscribe =b");
  interop_meet (test, pub, sub);
  interop_await_topics (pub, sub, 2);

  /* It counts: one cancellation does not end what was asked for twice. */
  interop_do (sub, "unsubscribe =b");
  interop_do (sub, "unsubscribe =a");
  interop_await_topics (pub, sub, 1);
  interop_send (pub, "=a");
  interop_send (pub, "=b");
  interop_peer_receives (sub, "=b");

  interop_do (sub, "unsubscribe =b");
  interop_await_topics (pub, sub, 0);
  interop_send (pub, "=b");
  interop_do (sub, "subscribe =c");
  interop_await_topics (pub, sub, 1);
  interop_send (pub, "=c");
  interop_peer_receives (sub, "=c");
}

static void
our_xpub_tells_of_their_subscriptions (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *sub = interop_peer (test, "SUB");

  interop_meet (test, xpub, sub);
  interop_do (sub, "subscribe =one");
  interop_await_readable (xpub, sub);
  interop_receive (xpub, "=%01one");
  interop_do (sub, "subscribe =");
  interop_receive (xpub, "=%01");
  interop_do (sub, "unsubscribe =one");
  interop_receive (xpub, "=%00one");
  interop_do (sub, "subscribe *300.1");
  interop_do (sub, "unsubscribe *300.1");
  interop_do (sub, "unsubscribe =");

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      GError *error = NULL;

      message = zmqg_socket_receive (xpub, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (zmqg_message_get_size (message), ==, 301);
    }
  interop_receive (xpub, "=%00");
}

static void
our_xpub_tells_of_raw_subscriptions (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *xsub = interop_peer (test, "XSUB");

  interop_meet (test, xpub, xsub);
  interop_do (xsub, "send =%%01early");
  interop_await_readable (xpub, xsub);
  interop_receive (xpub, "=%01early");
  interop_do (xsub, "send =%%01late");
  interop_receive (xpub, "=%01late");
  interop_send (xpub, "=latest =1");
  interop_peer_receives (xsub, "=latest =1");
  interop_do (xsub, "send =%%00late");
  interop_receive (xpub, "=%00late");
  interop_send (xpub, "=latest =2");
  interop_send (xpub, "=early =3");
  interop_peer_receives (xsub, "=early =3");
}

/* What is no subscription goes through, in both directions. */
static void
their_xsub_sends_messages (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *xsub = interop_peer (test, "XSUB");

  interop_meet (test, xpub, xsub);
  interop_do (xsub, "send =%%01");
  interop_await_readable (xpub, xsub);
  interop_receive (xpub, "=%01");
  interop_do (xsub, "send =hello =world");
  interop_receive (xpub, "=hello =world");
  interop_do (xsub, "send *70000.1");
  interop_receive (xpub, "*70000.1");
  interop_send (xpub, "=answer");
  interop_peer_receives (xsub, "=answer");
}

static void
our_xpub_tells_of_the_last_subscriber (Interop *test)
{
  ZmqgSocket *xpub;
  InteropPeer *first;
  InteropPeer *second;

  if (!test->we_bind)
    {
      g_test_skip ("needs two who connect");
      return;
    }

  xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  first = interop_peer (test, "SUB");
  second = interop_peer (test, "SUB");
  interop_do (first, "subscribe =shared");
  interop_meet (test, xpub, first);
  interop_receive (xpub, "=%01shared");

  /* The second of two is not told of; what follows it is. */
  interop_do (second, "subscribe =shared");
  interop_do (second, "subscribe =own");
  interop_meet_another (test, xpub, second);
  interop_receive (xpub, "=%01own");
  interop_send (xpub, "=shared");
  interop_peer_receives (first, "=shared");
  interop_peer_receives (second, "=shared");

  /* Those who are killed cancel nothing themselves. */
  interop_peer_kill (second);
  interop_receive (xpub, "=%00own");
  interop_peer_kill (first);
  interop_receive (xpub, "=%00shared");
  interop_peer_start (first);
  interop_peer_start (second);
}

/* The peer forwards what it is asked for twice. */
static void
verboser_xpub_tells_of_all (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *xsub = interop_peer (test, "XSUB");

  g_object_set (xpub, "verboser", TRUE, NULL);
  interop_meet (test, xpub, xsub);
  interop_do (xsub, "send =%%01a");
  interop_await_readable (xpub, xsub);
  interop_receive (xpub, "=%01a");
  interop_do (xsub, "send =%%01a");
  interop_receive (xpub, "=%01a");
}

static void
our_welcome_arrives (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *sub = interop_peer (test, "SUB");

  zmqg_xpub_socket_set_welcome_message_string (ZMQG_XPUB_SOCKET (xpub),
                                               "welcome");
  interop_do (sub, "subscribe =wel");
  interop_meet (test, xpub, sub);
  interop_peer_receives (sub, "=welcome");
}

/* --- Our subscriptions -------------------------------------------------- */

static void
their_xpub_sees_our_subscriptions (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  ZmqgSubSocket *sub = ZMQG_SUB_SOCKET (socket);
  InteropPeer *xpub = interop_peer (test, "XPUB");
  GError *error = NULL;

  zmqg_sub_socket_subscribe (sub, "before", &error);
  g_assert_no_error (error);
  interop_meet (test, socket, xpub);
  interop_peer_receives (xpub, "=%01before");

  zmqg_sub_socket_subscribe (sub, "after", &error);
  g_assert_no_error (error);
  interop_peer_receives (xpub, "=%01after");
  zmqg_sub_socket_subscribe (sub, "", &error);
  g_assert_no_error (error);
  interop_peer_receives (xpub, "=%01");

  zmqg_sub_socket_unsubscribe (sub, "before", &error);
  g_assert_no_error (error);
  interop_peer_receives (xpub, "=%00before");
  zmqg_sub_socket_unsubscribe (sub, "", &error);
  g_assert_no_error (error);
  interop_peer_receives (xpub, "=%00");

  interop_peer_sends (xpub, "=before =1");
  interop_peer_sends (xpub, "=afterwards =2");
  interop_receive (socket, "=afterwards =2");
  interop_nothing (socket);
}

/* Sizes around those of a frame whose length has one byte: the name of the
 * command, or the byte in front of the topic, count too. */
static void
long_topics (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  InteropPeer *pub = interop_peer (test, "XPUB");
  static const guint sizes[] = { 244, 245, 246, 254, 255, 256, 9000, 70000 };

  interop_meet (test, socket, pub);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *topic = g_strdup_printf ("*%u.1", sizes[i]);
      g_autoptr (ZmqgMessage) message = interop_make (topic);
      g_autoptr (GBytes) bytes = zmqg_message_get_frame (message, 0);
      g_autofree char *answer = NULL;
      g_autofree char *expected = g_strdup_printf ("message *%u:",
                                                   sizes[i] + 1);
      GError *error = NULL;

      zmqg_sub_socket_subscribe_bytes (ZMQG_SUB_SOCKET (socket), bytes,
                                       &error);
      g_assert_no_error (error);
      answer = interop_ask (pub, "recv");
      g_assert_true (g_str_has_prefix (answer, expected));
      interop_do (pub, "send %s =content", topic);
      zmqg_message_append_string (message, "content");
      g_free (topic);
      topic = interop_describe (message);
      g_clear_pointer (&message, zmqg_message_unref);
      message = zmqg_socket_receive (socket, NULL, &error);
      g_assert_no_error (error);
      g_free (expected);
      expected = interop_describe (message);
      g_assert_cmpstr (expected, ==, topic);
    }
}

static void
their_xpub_sees_our_raw_subscriptions (Interop *test)
{
  ZmqgSocket *xsub = interop_socket (test, ZMQG_SOCKET_TYPE_XSUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");

  interop_send (xsub, "=%01before");
  interop_meet (test, xsub, xpub);
  interop_peer_receives (xpub, "=%01before");
  interop_send (xsub, "=%01after");
  interop_peer_receives (xpub, "=%01after");
  interop_send (xsub, "=plain =message");
  interop_peer_receives (xpub, "=plain =message");
  interop_send (xsub, "=%00before");
  interop_peer_receives (xpub, "=%00before");

  interop_peer_sends (xpub, "=before");
  interop_peer_sends (xpub, "=after =2");
  interop_receive (xsub, "=after =2");
}

static void
our_sub_hears_their_pub (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  ZmqgSubSocket *sub = ZMQG_SUB_SOCKET (socket);
  InteropPeer *pub = interop_peer (test, "PUB");
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;
  GError *error = NULL;

  zmqg_sub_socket_subscribe (sub, "yes", &error);
  g_assert_no_error (error);
  interop_meet (test, socket, pub);

  /* A PUB does not tell when it has got a subscription. */
  while ((zmqg_socket_get_events (socket) & G_IO_IN) == 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      interop_peer_sends (pub, "=yes");
    }
  interop_peer_sends (pub, "=no");
  interop_peer_sends (pub, "=ye");
  interop_peer_sends (pub, "=yes! =end");

  for (gboolean ended = FALSE; !ended;)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autofree char *received = NULL;

      message = zmqg_socket_receive (socket, NULL, &error);
      g_assert_no_error (error);
      received = interop_describe (message);
      ended = g_str_equal (received, "=yes! =end");
      g_assert_true (ended || g_str_equal (received, "=yes"));
    }
}

/* What a peer sends although nobody asked is filtered here, too. */
static void
their_welcome_is_filtered (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");
  GError *error = NULL;

  interop_do (xpub, "set welcome =unwanted");
  zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), "topic", &error);
  g_assert_no_error (error);
  interop_meet (test, socket, xpub);
  interop_peer_receives (xpub, "=%01topic");
  interop_peer_sends (xpub, "=topic");
  interop_receive (socket, "=topic");
}

static void
thousands_of_topics (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  ZmqgSubSocket *sub = ZMQG_SUB_SOCKET (socket);
  InteropPeer *xpub = interop_peer (test, "XPUB");
  GError *error = NULL;

  g_object_set (socket, "send-hwm", 0, NULL);
  interop_do (xpub, "set rcvhwm 0");
  zmqg_sub_socket_subscribe (sub, "first", &error);
  g_assert_no_error (error);
  interop_meet (test, socket, xpub);
  interop_peer_receives (xpub, "=%01first");

  for (guint i = 10000; i < 13000; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      zmqg_sub_socket_subscribe (sub, topic, &error);
      g_assert_no_error (error);
    }
  for (guint i = 10000; i < 13000; i++)
    {
      if (i < 10003 || i > 12996)
        {
          g_autofree char *expected = g_strdup_printf ("=%%01%u", i);

          interop_peer_receives (xpub, expected);
        }
      else
        {
          g_autofree char *any = interop_ask (xpub, "recv");

          g_assert_true (g_str_has_prefix (any, "message =%01"));
        }
    }

  interop_peer_sends (xpub, "=13000");
  interop_peer_sends (xpub, "=12999");
  interop_receive (socket, "=12999");
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    InteropFunc func;
  } tests[] = {
    { "our-pub-filters-by-their-prefixes", our_pub_filters_by_their_prefixes },
    { "their-sub-cancels", their_sub_cancels },
    { "our-xpub-tells-of-their-subscriptions",
      our_xpub_tells_of_their_subscriptions },
    { "our-xpub-tells-of-raw-subscriptions",
      our_xpub_tells_of_raw_subscriptions },
    { "their-xsub-sends-messages", their_xsub_sends_messages },
    { "our-xpub-tells-of-the-last-subscriber",
      our_xpub_tells_of_the_last_subscriber },
    { "verboser-xpub-tells-of-all", verboser_xpub_tells_of_all },
    { "our-welcome-arrives", our_welcome_arrives },
    { "their-xpub-sees-our-subscriptions", their_xpub_sees_our_subscriptions },
    { "topics-of-all-sizes", long_topics },
    { "their-xpub-sees-our-raw-subscriptions",
      their_xpub_sees_our_raw_subscriptions },
    { "our-sub-hears-their-pub", our_sub_hears_their_pub },
    { "their-welcome-is-filtered", their_welcome_is_filtered },
    { "thousands-of-topics", thousands_of_topics },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/subscriptions/",
                                           tests[i].path, NULL);

      interop_add (path, tests[i].func, NULL);
    }

  return g_test_run ();
}
