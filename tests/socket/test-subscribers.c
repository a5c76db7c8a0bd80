/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"
#include "topic-log.h"

#include "zmqg.h"

#include "socket/zmqg-socket-private.h"

/* What publishers tell of their subscribers, and waiting for those. */

#define DEADLINE SOCKET_TEST_DEADLINE_MS

static GType
publisher_type (guint i)
{
  return i == 0 ? ZMQG_TYPE_PUB_SOCKET : ZMQG_TYPE_XPUB_SOCKET;
}

static gboolean
wait_for (ZmqgSocket *socket,
          const char *topic,
          guint n,
          GCancellable *cancellable,
          GError **error)
{
  return ZMQG_IS_PUB_SOCKET (socket)
           ? zmqg_pub_socket_wait_for_subscribers (ZMQG_PUB_SOCKET (socket),
                                                   topic, n, cancellable,
                                                   error)
           : zmqg_xpub_socket_wait_for_subscribers (ZMQG_XPUB_SOCKET (socket),
                                                    topic, n, cancellable,
                                                    error);
}

static void
wait_for_async (ZmqgSocket *socket,
                const char *topic,
                guint n,
                GCancellable *cancellable,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  if (ZMQG_IS_PUB_SOCKET (socket))
    zmqg_pub_socket_wait_for_subscribers_async (
      ZMQG_PUB_SOCKET (socket), topic, n, cancellable, callback, user_data);
  else
    zmqg_xpub_socket_wait_for_subscribers_async (
      ZMQG_XPUB_SOCKET (socket), topic, n, cancellable, callback, user_data);
}

static gboolean
wait_for_finish (GObject *socket,
                 GAsyncResult *result,
                 GError **error)
{
  return ZMQG_IS_PUB_SOCKET (socket)
           ? zmqg_pub_socket_wait_for_subscribers_finish (
               ZMQG_PUB_SOCKET (socket), result, error)
           : zmqg_xpub_socket_wait_for_subscribers_finish (
               ZMQG_XPUB_SOCKET (socket), result, error);
}

static ZmqgSocket *
subscriber (SocketTest *test,
            const char *uri,
            const char *topic)
{
  ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET, uri);

  if (topic != NULL)
    socket_test_subscribe (sub, topic);
  return sub;
}

/* --- Waiting ------------------------------------------------------------ */

typedef struct
{
  guint done;
  GError *error;
} Waited;

static void
waited (GObject *socket,
        GAsyncResult *result,
        gpointer user_data)
{
  Waited *self = user_data;

  wait_for_finish (socket, result, &self->error);
  self->done++;
}

static void
test_wait (SocketTest *test)
{
  for (guint i = 0; i < 2; i++)
    {
      ZmqgSocket *pub = socket_test_new (test, publisher_type (i));
      g_autofree char *uri = socket_test_bind (test, pub);
      ZmqgSocket *one;
      GError *error = NULL;

      g_assert_true (wait_for (pub, NULL, 0, NULL, &error));
      one = subscriber (test, uri, "weather.");
      g_assert_true (wait_for (pub, NULL, 1, NULL, &error));
      g_assert_true (wait_for (pub, "weather.berlin", 1, NULL, &error));
      subscriber (test, uri, "weather.berlin");
      g_assert_true (wait_for (pub, "weather.berlin", 2, NULL, &error));
      subscriber (test, uri, "");
      g_assert_true (wait_for (pub, "sport", 1, NULL, &error));
      g_assert_true (wait_for (pub, "weather.berlin", 3, NULL, &error));
      g_assert_no_error (error);

      /* And nothing that was waited for is lost. */
      socket_test_send (pub, "weather.berlin", NULL);
      socket_test_expect (one, "weather.berlin", NULL);
    }
}

static void
test_wait_async (SocketTest *test)
{
  for (guint i = 0; i < 2; i++)
    {
      ZmqgSocket *pub = socket_test_new (test, publisher_type (i));
      g_autofree char *uri = socket_test_bind (test, pub);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Waited topic = { 0, };
      Waited any = { 0, };
      Waited many = { 0, };
      Waited for_ever = { 0, };
      ZmqgSocket *sub;

      wait_for_async (pub, "a", 1, NULL, waited, &topic);
      wait_for_async (pub, NULL, 1, NULL, waited, &any);
      wait_for_async (pub, "a", 2, cancellable, waited, &many);
      wait_for_async (pub, "never", 1, NULL, waited, &for_ever);
      sub = subscriber (test, uri, "b");
      ZMQG_TEST_AWAIT (any.done == 1, DEADLINE);
      g_assert_cmpuint (topic.done, ==, 0);
      socket_test_subscribe (sub, "a");
      ZMQG_TEST_AWAIT (topic.done == 1, DEADLINE);
      g_assert_no_error (topic.error);
      g_assert_no_error (any.error);

      g_assert_cmpuint (many.done, ==, 0);
      g_cancellable_cancel (cancellable);
      ZMQG_TEST_AWAIT (many.done == 1, DEADLINE);
      g_assert_error (many.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&many.error);

      g_assert_cmpuint (for_ever.done, ==, 0);
      zmqg_socket_close (pub);
      ZMQG_TEST_AWAIT (for_ever.done == 1, DEADLINE);
      g_assert_error (for_ever.error, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
      g_clear_error (&for_ever.error);
    }
}

static gpointer
wait_in_thread (gpointer data)
{
  GError *error = NULL;

  g_assert_false (wait_for (data, "never", 1, NULL, &error));
  return error;
}

static void
test_wait_ends_with_the_context (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  g_autoptr (GError) error = NULL;
  GThread *thread;

  subscriber (test, uri, "other");
  g_assert_true (wait_for (pub, "other", 1, NULL, NULL));
  thread = g_thread_new ("wait", wait_in_thread, pub);
  zmqg_context_shutdown (test->context);
  error = g_thread_join (thread);
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TERMINATED);
}

/* Of a manual XPUB what it grants counts. */
static void
test_wait_manual (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, xpub);
  g_autoptr (ZmqgMessage) notice = NULL;
  Waited granted = { 0, };
  GError *error = NULL;

  zmqg_xpub_socket_set_manual (ZMQG_XPUB_SOCKET (xpub), TRUE);
  subscriber (test, uri, "asked");
  wait_for_async (xpub, "granted", 1, NULL, waited, &granted);
  notice = socket_test_receive (xpub);
  g_assert_cmpuint (granted.done, ==, 0);
  zmqg_xpub_socket_subscribe (ZMQG_XPUB_SOCKET (xpub), "granted", &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (granted.done == 1, DEADLINE);
  g_assert_no_error (granted.error);
}

/* --- Signals ------------------------------------------------------------ */

static void
test_signals (SocketTest *test)
{
  for (guint i = 0; i < 2; i++)
    {
      ZmqgSocket *pub = socket_test_new (test, publisher_type (i));
      g_autofree char *uri = NULL;
      g_autoptr (ZmqgPeer) first = NULL;
      ZmqgSocket *one;
      ZmqgSocket *two;
      TopicLog log;

      topic_log_init (&log, pub);
      uri = socket_test_bind (test, pub);
      one = subscriber (test, uri, "a");
      topic_log_expect (&log, "+a ");
      g_assert_cmpstr (zmqg_peer_get_socket_type (log.peer), ==, "SUB");
      first = g_object_ref (log.peer);

      /* Of each peer, though the topic is not new. */
      two = subscriber (test, uri, "a");
      topic_log_expect (&log, "+a ");
      g_assert_true (log.peer != first);
      socket_test_subscribe (two, "");
      socket_test_subscribe (two, "b");
      socket_test_unsubscribe (two, "a");
      topic_log_expect (&log, "+ +b -a ");

      socket_test_subscribe (one, "c");
      topic_log_expect (&log, "+c ");
      g_assert_true (log.peer == first);
      socket_test_close (test, one);
      topic_log_expect_all (&log, "-a -c ");
      g_assert_true (log.peer == first);

      socket_test_unsubscribe (two, "b");
      topic_log_expect (&log, "-b ");
      topic_log_clear (&log);
    }
}

/* Messages are as they would be without. */
static void
test_xpub_receives_the_same (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = NULL;
  ZmqgSocket *one;
  ZmqgSocket *two;
  TopicLog log;

  topic_log_init (&log, xpub);
  uri = socket_test_bind (test, xpub);
  one = subscriber (test, uri, "a");
  topic_log_expect (&log, "+a ");
  two = subscriber (test, uri, "a");
  topic_log_expect (&log, "+a ");
  socket_test_unsubscribe (one, "a");
  topic_log_expect (&log, "-a ");
  socket_test_unsubscribe (two, "a");
  topic_log_expect (&log, "-a ");

  socket_test_expect (xpub, "\1a", NULL);
  {
    g_autoptr (ZmqgMessage) last = socket_test_receive (xpub);
    g_autoptr (GBytes) frame = zmqg_message_get_frame (last, 0);

    g_assert_cmpmem (g_bytes_get_data (frame, NULL), g_bytes_get_size (frame),
                     "\0a", 2);
  }
  g_assert_cmpuint (zmqg_socket_get_events (xpub), ==, G_IO_OUT);
  topic_log_clear (&log);
}

/* What a manual one grants is its own matter. */
static void
test_manual_tells_what_is_asked_for (SocketTest *test)
{
  ZmqgSocket *xpub = socket_test_new (test, ZMQG_TYPE_XPUB_SOCKET);
  g_autofree char *uri = NULL;
  g_autoptr (ZmqgMessage) notice = NULL;
  ZmqgSocket *sub;
  TopicLog log;

  zmqg_xpub_socket_set_manual (ZMQG_XPUB_SOCKET (xpub), TRUE);
  topic_log_init (&log, xpub);
  uri = socket_test_bind (test, xpub);
  sub = subscriber (test, uri, "asked");
  topic_log_expect (&log, "+asked ");
  notice = socket_test_receive (xpub);
  g_assert_true (zmqg_xpub_socket_subscribe (ZMQG_XPUB_SOCKET (xpub),
                                             "granted", NULL));
  socket_test_close (test, sub);
  topic_log_expect (&log, "-asked ");
  topic_log_clear (&log);
}

/* A publisher that connects keeps its pipe, but the peer is another one. */
static void
test_each_connection_tells_anew (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, sub);
  g_autoptr (ZmqgPeer) first = NULL;
  TopicLog log;

  socket_test_subscribe (sub, "a");
  topic_log_init (&log, pub);
  socket_test_connect (pub, uri);
  topic_log_expect (&log, "+a ");
  first = g_object_ref (log.peer);
  zmqg_peer_drop (first);
  ZMQG_TEST_AWAIT (log.n >= 2, DEADLINE);
  ZMQG_TEST_AWAIT (log.n == 3, DEADLINE);
  topic_log_expect (&log, "+a -a +a " + 3);
  g_assert_true (log.peer != first);
  topic_log_clear (&log);
}

/* Who listens late is told of what changes from then on; and every loss had
 * its beginning. */
static void
test_late_handler (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = subscriber (test, uri, "old");
  TopicLog log;

  g_assert_true (wait_for (pub, "old", 1, NULL, NULL));
  g_assert_false (atomic_load (&pub->core->shows_topics));
  topic_log_init (&log, pub);
  ZMQG_TEST_AWAIT (atomic_load (&pub->core->shows_topics), DEADLINE);
  socket_test_subscribe (sub, "new");
  topic_log_expect (&log, "+new ");
  socket_test_unsubscribe (sub, "old");
  socket_test_close (test, sub);
  topic_log_expect (&log, "-new ");

  topic_log_clear (&log);
  ZMQG_TEST_AWAIT (!atomic_load (&pub->core->shows_topics), DEADLINE);
}

/* A main context that does not run holds up the subscribers, and loses
 * nothing. */
#define MANY 20000

static void
test_no_topic_is_lost (SocketTest *test)
{
  for (guint i = 0; i < 2; i++)
    {
      ZmqgSocket *pub = socket_test_new (test, publisher_type (i));
      g_autofree char *uri = NULL;
      ZmqgNewsQueue *news = &pub->core->news;
      ZmqgSocket *sub;
      TopicLog log;

      g_object_set (pub, "receive-hwm", 0, NULL);
      topic_log_init (&log, pub);
      uri = socket_test_bind (test, pub);
      sub = subscriber (test, uri, NULL);
      for (guint j = 0; j < MANY; j++)
        {
          char topic[16];

          g_snprintf (topic, sizeof topic, "%u", j);
          socket_test_subscribe (sub, topic);
        }

      /* Blocking calls do not run the main context. */
      g_assert_true (wait_for (pub, "16000", 1, NULL, NULL));
      for (guint j = 0; j < 100; j++)
        g_assert_cmpuint ((zmqg_socket_get_events (pub),
                           atomic_load (&news->n_topics)), <=,
                          ZMQG_NEWS_TOPICS_MAX);
      g_assert_cmpuint (log.n, ==, 0);
      ZMQG_TEST_AWAIT (log.n == MANY, DEADLINE);
      socket_test_close (test, sub);
      ZMQG_TEST_AWAIT (log.n == 2 * MANY, DEADLINE);
      topic_log_clear (&log);
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/subscribers/wait", SOCKET_TEST_ALL, test_wait);
  socket_test_add ("/zmqg/subscribers/wait-async", SOCKET_TEST_ALL,
                   test_wait_async);
  socket_test_add ("/zmqg/subscribers/wait-ends-with-the-context",
                   SOCKET_TEST_ALL, test_wait_ends_with_the_context);
  socket_test_add ("/zmqg/subscribers/wait-manual", SOCKET_TEST_ALL,
                   test_wait_manual);
  socket_test_add ("/zmqg/subscribers/signals", SOCKET_TEST_ALL, test_signals);
  socket_test_add ("/zmqg/subscribers/xpub-receives-the-same",
                   SOCKET_TEST_ALL, test_xpub_receives_the_same);
  socket_test_add ("/zmqg/subscribers/manual-tells-what-is-asked-for",
                   SOCKET_TEST_ALL, test_manual_tells_what_is_asked_for);
  socket_test_add ("/zmqg/subscribers/each-connection-tells-anew",
                   SOCKET_TEST_NETWORK, test_each_connection_tells_anew);
  socket_test_add ("/zmqg/subscribers/late-handler", SOCKET_TEST_ALL,
                   test_late_handler);
  socket_test_add ("/zmqg/subscribers/no-topic-is-lost", SOCKET_TEST_ALL,
                   test_no_topic_is_lost);

  return g_test_run ();
}
