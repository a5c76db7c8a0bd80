/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-pub-socket.h"
#include "socket/zmqg-sub-socket.h"
#include "socket/zmqg-xpub-socket.h"
#include "socket/zmqg-xsub-socket.h"

/* How many subscriptions one peer of a publisher may have. */

static guint
count_topics (ZmqgSocket *socket)
{
  guint n;

  g_object_get (socket, "topics-count", &n, NULL);
  return n;
}

static void
await_topics (ZmqgSocket *socket,
              guint n)
{
  ZMQG_TEST_AWAIT (count_topics (socket) == n, SOCKET_TEST_DEADLINE_MS);
}

static void
subscribe (ZmqgSocket *sub,
           const char *topic)
{
  GError *error = NULL;

  zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (sub), topic, &error);
  g_assert_no_error (error);
}

static void
unsubscribe (ZmqgSocket *sub,
             const char *topic)
{
  GError *error = NULL;

  zmqg_sub_socket_unsubscribe (ZMQG_SUB_SOCKET (sub), topic, &error);
  g_assert_no_error (error);
}

/* --- Losses --------------------------------------------------------------- */

typedef struct
{
  guint n;
  GError *reason; /* of the first */
} Losses;

static void
peer_removed (ZmqgSocket *socket G_GNUC_UNUSED,
              ZmqgPeer *peer G_GNUC_UNUSED,
              GError *reason,
              gpointer user_data)
{
  Losses *self = user_data;

  if (self->n++ == 0 && reason != NULL)
    self->reason = g_error_copy (reason);
}

static void
watch (ZmqgSocket *socket,
       Losses *self)
{
  g_signal_connect (socket, "peer-removed", G_CALLBACK (peer_removed), self);
}

/* What peers say is looked at in calls of the socket. */
static gboolean
has_lost (ZmqgSocket *socket,
          Losses *self,
          guint n)
{
  zmqg_socket_get_events (socket);
  return self->n >= n;
}

static void
await_loss (ZmqgSocket *socket,
            Losses *self,
            const char *property)
{
  ZMQG_TEST_AWAIT (has_lost (socket, self, 1), SOCKET_TEST_DEADLINE_MS);
  g_assert_error (self->reason, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_assert_nonnull (strstr (self->reason->message, property));
  g_clear_error (&self->reason);
}

static ZmqgSocket *
publisher (SocketTest *test,
           GType type,
           int count,
           int bytes)
{
  ZmqgSocket *pub = socket_test_new (test, type);

  g_object_set (pub, "max-subscriptions", count, "max-subscription-bytes",
                bytes, NULL);
  return pub;
}

/* So that what was sent to it first has come. */
static void
expect_message (ZmqgSocket *pub,
                ZmqgSocket *sub,
                const char *text)
{
  socket_test_send (pub, text, NULL);
  socket_test_expect (sub, text, NULL);
}

/* --- Tests ---------------------------------------------------------------- */

/* Each has so many, whatever others have; what it has twice counts once, and
 * what it gives up makes room. */
static void
test_up_to_the_limit (SocketTest *test)
{
  ZmqgSocket *pub = publisher (test, ZMQG_TYPE_PUB_SOCKET, 3, 6);
  ZmqgSocket *one = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  ZmqgSocket *two = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  Losses losses = { 0 };

  watch (pub, &losses);
  socket_test_connect (one, uri);
  socket_test_connect (two, uri);
  subscribe (one, "a1");
  subscribe (one, "a2");
  subscribe (one, "a3");
  subscribe (one, "a2");
  subscribe (two, "b1");
  subscribe (two, "b2");
  subscribe (two, "b3");
  await_topics (pub, 6);
  for (guint i = 0; i < 10; i++)
    {
      unsubscribe (one, "a3");
      subscribe (one, "a3");
    }
  unsubscribe (one, "a1");
  subscribe (one, "a4");
  ZMQG_TEST_AWAIT (zmqg_pub_socket_wait_for_subscribers (
                     ZMQG_PUB_SOCKET (pub), "a4", 1, NULL, NULL),
                   SOCKET_TEST_DEADLINE_MS);
  await_topics (pub, 6);
  expect_message (pub, one, "a4");
  expect_message (pub, two, "b1");
  g_assert_cmpuint (losses.n, ==, 0);
}

typedef struct
{
  int count;
  int bytes;
  const char *property;
} Limit;

static const Limit limits[] = {
  { 2, 0, "max-subscriptions" },
  { 0, 5, "max-subscription-bytes" },
};

/* Who goes beyond loses its connection, and nobody else anything. */
static void
test_beyond (SocketTest *test)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      ZmqgSocket *pub = publisher (test, ZMQG_TYPE_PUB_SOCKET,
                                   limits[i].count, limits[i].bytes);
      ZmqgSocket *honest = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
      ZmqgSocket *greedy = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
      g_autofree char *uri = socket_test_bind (test, pub);
      Losses losses = { 0 };

      watch (pub, &losses);
      g_object_set (greedy, "reconnect-interval", -1, NULL);
      socket_test_connect (honest, uri);
      subscribe (honest, "h");
      await_topics (pub, 1);
      socket_test_connect (greedy, uri);
      subscribe (greedy, "g1");
      subscribe (greedy, "g2");
      await_topics (pub, 3);
      subscribe (greedy, "g3");
      subscribe (greedy, "g4");
      await_loss (pub, &losses, limits[i].property);
      await_topics (pub, 1);
      expect_message (pub, honest, "h");
      g_assert_cmpuint (losses.n, ==, 1);

      socket_test_close (test, pub);
    }
}

/* Where the publisher connects the pipe outlives the connection: what the peer
 * asked for does not. */
static void
test_connecting_publisher (SocketTest *test)
{
  ZmqgSocket *pub = publisher (test, ZMQG_TYPE_PUB_SOCKET, 3, 0);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, sub);
  Losses losses = { 0 };

  watch (pub, &losses);
  g_object_set (pub, "reconnect-interval", 1, NULL);
  socket_test_connect (pub, uri);
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      subscribe (sub, topic);
    }
  await_loss (pub, &losses, "max-subscriptions");
  /* It comes again and again with as many. */
  ZMQG_TEST_AWAIT (has_lost (pub, &losses, 3), SOCKET_TEST_DEADLINE_MS);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      unsubscribe (sub, topic);
    }
  subscribe (sub, "fresh");
  ZMQG_TEST_AWAIT (zmqg_pub_socket_wait_for_subscribers (
                     ZMQG_PUB_SOCKET (pub), "fresh", 1, NULL, NULL),
                   SOCKET_TEST_DEADLINE_MS);
  await_topics (pub, 2);
  expect_message (pub, sub, "fresh");
}

static void
expect_notice (ZmqgSocket *xpub,
               const char *notice)
{
  g_autoptr (ZmqgMessage) message = socket_test_receive (xpub);
  const guint8 *data;
  gsize size;

  data = zmqg_message_get_data (message, 0, &size);
  g_assert_cmpmem (data, size, notice, 1 + strlen (notice + 1));
}

/* What was told is told to be over, and what was too much never was. */
static void
test_notices (SocketTest *test)
{
  for (guint manual = 0; manual < 2; manual++)
    {
      ZmqgSocket *xpub = publisher (test, ZMQG_TYPE_XPUB_SOCKET, 2, 0);
      ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
      g_autofree char *uri = socket_test_bind (test, xpub);
      Losses losses = { 0 };

      watch (xpub, &losses);
      g_object_set (xpub, "manual", manual, "verbose", TRUE, NULL);
      g_object_set (sub, "reconnect-interval", -1, NULL);
      socket_test_connect (sub, uri);
      subscribe (sub, "a");
      subscribe (sub, "b");
      expect_notice (xpub, "\1a");
      expect_notice (xpub, "\1b");
      subscribe (sub, "c");
      expect_notice (xpub, "\0a");
      expect_notice (xpub, "\0b");
      await_loss (xpub, &losses, "max-subscriptions");
      socket_test_refuses_receive (xpub, ZMQG_ERROR_WOULD_BLOCK);
      g_assert_cmpuint (losses.n, ==, 1);

      socket_test_close (test, xpub);
    }
}

static void
count_topic (ZmqgSocket *socket G_GNUC_UNUSED,
             ZmqgPeer *peer G_GNUC_UNUSED,
             GBytes *topic G_GNUC_UNUSED,
             gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* The signals know of those that count, and of no others. */
static void
test_signals (SocketTest *test)
{
  ZmqgSocket *pub = publisher (test, ZMQG_TYPE_PUB_SOCKET, 2, 0);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = NULL;
  guint subscribed = 0;
  guint unsubscribed = 0;
  Losses losses = { 0 };

  watch (pub, &losses);
  g_signal_connect (pub, "subscribed", G_CALLBACK (count_topic), &subscribed);
  g_signal_connect (pub, "unsubscribed", G_CALLBACK (count_topic),
                    &unsubscribed);
  uri = socket_test_bind (test, pub);
  g_object_set (sub, "reconnect-interval", -1, NULL);
  socket_test_connect (sub, uri);
  subscribe (sub, "a");
  subscribe (sub, "b");
  ZMQG_TEST_AWAIT (subscribed == 2, SOCKET_TEST_DEADLINE_MS);
  subscribe (sub, "c");
  subscribe (sub, "d");
  await_loss (pub, &losses, "max-subscriptions");
  ZMQG_TEST_AWAIT (unsubscribed == 2, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpuint (subscribed, ==, 2);
}

/* Raised and lifted it holds for peers that are there. */
static void
test_changed (SocketTest *test)
{
  ZmqgSocket *pub = publisher (test, ZMQG_TYPE_PUB_SOCKET, 1, 0);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  Losses losses = { 0 };

  watch (pub, &losses);
  socket_test_connect (sub, uri);
  subscribe (sub, "a");
  await_topics (pub, 1);
  g_object_set (pub, "max-subscriptions", 2, NULL);
  subscribe (sub, "b");
  await_topics (pub, 2);
  g_object_set (pub, "max-subscriptions", 0, NULL);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      subscribe (sub, topic);
    }
  await_topics (pub, 102);
  g_assert_cmpuint (losses.n, ==, 0);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, scope, function)                                            \
  socket_test_add ("/zmqg/subscription-limits/" path, scope, function)
  ADD ("up-to-the-limit", SOCKET_TEST_ALL, test_up_to_the_limit);
  ADD ("beyond", SOCKET_TEST_ALL, test_beyond);
  ADD ("connecting-publisher", SOCKET_TEST_NETWORK,
       test_connecting_publisher);
  ADD ("notices", SOCKET_TEST_ALL, test_notices);
  ADD ("signals", SOCKET_TEST_ALL, test_signals);
  ADD ("changed", SOCKET_TEST_ALL, test_changed);
#undef ADD

  return g_test_run ();
}
