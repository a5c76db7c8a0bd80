/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"
#include "raw-peer.h"

#include "../socket/topic-log.h"

/*
 * Waiting for subscribers, ::subscribed and ::unsubscribed, with others at the
 * other end: SUB of libzmq subscribes by command, XSUB by message, as its user
 * sends it.
 */

typedef struct
{
  const char *name;
  ZmqgSocketType type; /* ours */
  const char *peer;    /* SUB or XSUB */
} Pair;

static const Pair pairs[] = {
  { "pub-sub", ZMQG_SOCKET_TYPE_PUB, "SUB" },
  { "pub-xsub", ZMQG_SOCKET_TYPE_PUB, "XSUB" },
  { "xpub-sub", ZMQG_SOCKET_TYPE_XPUB, "SUB" },
  { "xpub-xsub", ZMQG_SOCKET_TYPE_XPUB, "XSUB" },
};

/* --- Both sides --------------------------------------------------------- */

static void
subscribe (Interop *test,
           InteropPeer *peer,
           const char *topic)
{
  const Pair *pair = test->data;

  if (g_str_equal (pair->peer, "SUB"))
    interop_do (peer, "subscribe =%s", topic);
  else
    interop_do (peer, "send =%%01%s", topic);
}

static void
unsubscribe (Interop *test,
             InteropPeer *peer,
             const char *topic)
{
  const Pair *pair = test->data;

  if (g_str_equal (pair->peer, "SUB"))
    interop_do (peer, "unsubscribe =%s", topic);
  else
    interop_do (peer, "send =%%00%s", topic);
}

static ZmqgSocket *
publisher (Interop *test)
{
  const Pair *pair = test->data;

  return interop_socket (test, pair->type);
}

static InteropPeer *
subscriber (Interop *test)
{
  const Pair *pair = test->data;

  return interop_peer (test, pair->peer);
}

static gboolean
wait_for (ZmqgSocket *socket,
          const char *topic,
          guint n,
          GError **error)
{
  return ZMQG_IS_PUB_SOCKET (socket)
           ? zmqg_pub_socket_wait_for_subscribers (ZMQG_PUB_SOCKET (socket),
                                                   topic, n, NULL, error)
           : zmqg_xpub_socket_wait_for_subscribers (ZMQG_XPUB_SOCKET (socket),
                                                    topic, n, NULL, error);
}

typedef struct
{
  gboolean done;
  GError *error;
} Waited;

static void
waited (GObject *source,
        GAsyncResult *result,
        gpointer user_data)
{
  Waited *self = user_data;

  if (ZMQG_IS_PUB_SOCKET (source))
    zmqg_pub_socket_wait_for_subscribers_finish (ZMQG_PUB_SOCKET (source),
                                                 result, &self->error);
  else
    zmqg_xpub_socket_wait_for_subscribers_finish (ZMQG_XPUB_SOCKET (source),
                                                  result, &self->error);
  self->done = TRUE;
}

static void
wait_for_async (ZmqgSocket *socket,
                const char *topic,
                guint n,
                GCancellable *cancellable,
                Waited *result)
{
  *result = (Waited) { FALSE, NULL };
  if (ZMQG_IS_PUB_SOCKET (socket))
    zmqg_pub_socket_wait_for_subscribers_async (ZMQG_PUB_SOCKET (socket),
                                                topic, n, cancellable, waited,
                                                result);
  else
    zmqg_xpub_socket_wait_for_subscribers_async (ZMQG_XPUB_SOCKET (socket),
                                                 topic, n, cancellable, waited,
                                                 result);
}

/* A socket of libzmq subscribes at new peers when it is called. */
static void
call (InteropPeer *peer)
{
  interop_tell (peer, "try");
  interop_expect (peer, "nothing");
}

static void
call_until (InteropPeer *peer,
            const gboolean *done)
{
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  while (!*done)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      call (peer);
    }
}

/* --- Waiting ------------------------------------------------------------ */

static void
waits (Interop *test)
{
  ZmqgSocket *pub = publisher (test);
  InteropPeer *peer = subscriber (test);
  GError *error = NULL;
  Waited any;
  Waited topic;

  wait_for_async (pub, NULL, 1, NULL, &any);
  wait_for_async (pub, "weather.berlin", 1, NULL, &topic);
  subscribe (test, peer, "sport");
  interop_meet (test, pub, peer);
  call_until (peer, &any.done);
  g_assert_no_error (any.error);
  g_assert_false (topic.done);

  subscribe (test, peer, "weather.");
  g_assert_true (wait_for (pub, "weather.berlin", 1, &error));
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (topic.done, INTEROP_DEADLINE_MS);
  g_assert_no_error (topic.error);
  /* And what was waited for arrives. */
  interop_send (pub, "=weather.berlin =1");
  interop_peer_receives (peer, "=weather.berlin =1");

  subscribe (test, peer, "");
  g_assert_true (wait_for (pub, "anything", 1, &error));
  g_assert_no_error (error);
}

/* A peer that asks twice is one subscriber, and who cancels is none. */
static void
counts_peers (Interop *test)
{
  ZmqgSocket *pub = publisher (test);
  InteropPeer *one = subscriber (test);
  InteropPeer *two = subscriber (test);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GError *error = NULL;
  Waited both;

  subscribe (test, one, "a");
  subscribe (test, one, "a");
  subscribe (test, one, "");
  interop_meet (test, pub, one);
  wait_for_async (pub, "", 1, NULL, &both);
  call_until (one, &both.done);
  g_assert_no_error (both.error);

  wait_for_async (pub, "a", 2, NULL, &both);
  call (one);
  g_assert_false (both.done);
  subscribe (test, two, "a");
  interop_meet_another (test, pub, two);
  call_until (two, &both.done);
  g_assert_no_error (both.error);

  unsubscribe (test, two, "a");
  subscribe (test, two, "b");
  g_assert_true (wait_for (pub, "b", 2, &error));
  g_assert_no_error (error);
  wait_for_async (pub, "a", 2, cancellable, &both);
  call (two);
  g_assert_false (both.done);
  g_cancellable_cancel (cancellable);
  ZMQG_TEST_AWAIT (both.done, INTEROP_DEADLINE_MS);
  g_assert_error (both.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&both.error);
}

/* --- Signals ------------------------------------------------------------ */

/* @n lines of the log, while the peer is called. */
static void
call_until_told (InteropPeer *peer,
                 TopicLog *log,
                 guint n)
{
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  while (log->n < n)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      call (peer);
      zmqg_test_turn (NULL);
    }
}

static void
tells (Interop *test)
{
  const Pair *pair = test->data;
  ZmqgSocket *pub = publisher (test);
  InteropPeer *peer = subscriber (test);
  TopicLog log;

  topic_log_init (&log, pub);
  subscribe (test, peer, "one");
  subscribe (test, peer, "");
  interop_meet (test, pub, peer);
  call_until_told (peer, &log, 2);
  topic_log_expect_all (&log, "+one + ");
  g_assert_cmpstr (zmqg_peer_get_socket_type (log.peer), ==, pair->peer);

  subscribe (test, peer, "two");
  unsubscribe (test, peer, "one");
  unsubscribe (test, peer, "");
  topic_log_expect (&log, "+two -one - ");

  /* Twice is once, also for the end of it. */
  subscribe (test, peer, "two");
  unsubscribe (test, peer, "two");
  subscribe (test, peer, "three");
  unsubscribe (test, peer, "two");
  subscribe (test, peer, "four");
  topic_log_expect (&log, "+three -two +four ");
  topic_log_clear (&log);
}

/* Who is killed cancels nothing; who comes again is another peer. */
static void
tells_of_the_dead (Interop *test)
{
  ZmqgSocket *pub = publisher (test);
  InteropPeer *peer = subscriber (test);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (ZmqgPeer) first = NULL;
  TopicLog log;
  Waited again;

  topic_log_init (&log, pub);
  subscribe (test, peer, "a");
  subscribe (test, peer, "b");
  interop_meet (test, pub, peer);
  call_until_told (peer, &log, 2);
  topic_log_expect_all (&log, "+a +b ");
  first = g_object_ref (log.peer);
  g_assert_true (zmqg_peer_is_connected (first));

  interop_peer_kill (peer);
  topic_log_expect_all (&log, "-a -b ");
  g_assert_true (log.peer == first);
  g_assert_false (zmqg_peer_is_connected (first));
  wait_for_async (pub, NULL, 1, NULL, &again);
  g_assert_false (again.done);

  interop_peer_start (peer);
  subscribe (test, peer, "b");
  subscribe (test, peer, "c");
  interop_meet_again (test, peer);
  call_until_told (peer, &log, 6);
  topic_log_expect_all (&log, "+b +c ");
  g_assert_true (log.peer != first);
  ZMQG_TEST_AWAIT (again.done, INTEROP_DEADLINE_MS);
  g_assert_no_error (again.error);
  topic_log_clear (&log);
}

/* libzmq subscribes again when its connection was lost. */
static void
tells_anew (Interop *test)
{
  ZmqgSocket *pub = publisher (test);
  InteropPeer *peer = subscriber (test);
  g_autoptr (ZmqgPeer) first = NULL;
  TopicLog log;

  topic_log_init (&log, pub);
  subscribe (test, peer, "a");
  interop_meet (test, pub, peer);
  call_until_told (peer, &log, 1);
  first = g_object_ref (log.peer);
  zmqg_peer_drop (first);
  call_until_told (peer, &log, 3);
  topic_log_expect (&log, "+a -a +a ");
  g_assert_true (log.peer != first);
  topic_log_clear (&log);
}

/* --- Forms on the wire --------------------------------------------------- */

static const char greeting_3[] =
  "ff 00*8 7f 03 %02x \"NULL\" 00*16 00*32 "
  "04 19 05 \"READY\" 0b \"Socket-Type\" 00*3 03 \"SUB\"";

/* What raw peers of each version say; ZMTP 1.0 has no subscriptions on the
 * wire, such a peer gets all. */
static const struct
{
  const char *name;
  int minor; /* of ZMTP 3; -1: the greeting is another one */
  const char *greeting;
  const char *subscribes;
  const char *cancels;
  const char *told;
} forms[] = {
  { "3.1/command", 1, NULL, "04 0c 09 \"SUBSCRIBE\" \"ab\"",
    "04 09 06 \"CANCEL\" \"ab\"", "+ab " },
  { "3.1/message", 1, NULL, "00 03 01 \"ab\"", "00 03 00 \"ab\"", "+ab " },
  { "3.0/message", 0, NULL, "00 03 01 \"ab\"", "00 03 00 \"ab\"", "+ab " },
  { "3.0/command", 0, NULL, "04 0c 09 \"SUBSCRIBE\" \"ab\"",
    "04 09 06 \"CANCEL\" \"ab\"", "+ab " },
  { "2.0", -1, "ff 00*8 7f 01 02 00 00", "00 03 01 \"ab\"",
    "00 03 00 \"ab\"", "+ab " },
  { "1.0", -1, "01 00", "", NULL, "+ " },
};

typedef struct
{
  guint form;
  ZmqgSocketType type;
  ZmqgEngineMode mode;
} RawCase;

static void
test_form (gconstpointer data)
{
  const RawCase *self = data;
  g_autoptr (ZmqgContext) context =
    g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode, NULL);
  g_autoptr (ZmqgSocket) pub = zmqg_context_create_socket (context,
                                                           self->type);
  RawPeer *raw = raw_peer_new ();
  g_autofree char *uri = NULL;
  GError *error = NULL;
  TopicLog log;
  const char *cancels = forms[self->form].cancels;

  topic_log_init (&log, pub);
  zmqg_socket_bind (pub, "tcp://127.0.0.1:*", &error);
  g_assert_no_error (error);
  uri = zmqg_socket_get_last_endpoint (pub);

  for (guint i = 0; i < 2; i++)
    {
      Waited waiting;

      raw_peer_connect (raw, uri);
      wait_for_async (pub, "abc", 1, NULL, &waiting);
      if (forms[self->form].minor < 0)
        {
          raw_send (raw, "%s", forms[self->form].greeting);
        }
      else
        {
          g_autofree char *greeting =
            g_strdup_printf (greeting_3, (guint) forms[self->form].minor);

          raw_send (raw, "%s", greeting);
        }
      raw_send (raw, "%s", forms[self->form].subscribes);
      topic_log_expect (&log, forms[self->form].told);
      ZMQG_TEST_AWAIT (waiting.done, INTEROP_DEADLINE_MS);
      g_assert_no_error (waiting.error);

      /* The first time by a word, the second by the end. */
      if (i == 0 && cancels != NULL)
        {
          raw_send (raw, "%s", cancels);
          topic_log_expect (&log, "-ab ");
        }
      g_clear_object (&raw->connection);
      if (i == 1 && cancels != NULL)
        topic_log_expect (&log, "-ab ");
      if (cancels == NULL)
        topic_log_expect (&log, "- ");
    }

  topic_log_clear (&log);
  raw_peer_free (raw);
  zmqg_socket_close (pub);
  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
}

static void
add_forms (void)
{
  static const struct
  {
    const char *name;
    ZmqgSocketType type;
    ZmqgEngineMode mode;
  } sides[] = {
    { "pub/threads", ZMQG_SOCKET_TYPE_PUB, ZMQG_ENGINE_MODE_THREADS },
    { "pub/main-context", ZMQG_SOCKET_TYPE_PUB,
      ZMQG_ENGINE_MODE_MAIN_CONTEXT },
    { "xpub/threads", ZMQG_SOCKET_TYPE_XPUB, ZMQG_ENGINE_MODE_THREADS },
    { "xpub/main-context", ZMQG_SOCKET_TYPE_XPUB,
      ZMQG_ENGINE_MODE_MAIN_CONTEXT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (forms) * G_N_ELEMENTS (sides); i++)
    {
      guint form = i / G_N_ELEMENTS (sides);
      guint side = i % G_N_ELEMENTS (sides);
      g_autofree char *path = g_strdup_printf (
        "/zmqg/interop/subscribers/form/%s/%s", forms[form].name,
        sides[side].name);
      RawCase one = { form, sides[side].type, sides[side].mode };

      g_test_add_data_func_full (path, g_memdup2 (&one, sizeof one), test_form,
                                 g_free);
    }
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
    { "waits", waits },
    { "counts-peers", counts_peers },
    { "tells", tells },
    { "tells-of-the-dead", tells_of_the_dead },
    { "tells-anew", tells_anew },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests) * G_N_ELEMENTS (pairs); i++)
    {
      const Pair *pair = &pairs[i % G_N_ELEMENTS (pairs)];
      guint n = i / G_N_ELEMENTS (pairs);
      g_autofree char *path = g_strdup_printf (
        "/zmqg/interop/subscribers/%s/%s", tests[n].path, pair->name);

      interop_add (path, tests[n].func, pair);
    }
  add_forms ();

  return g_test_run ();
}
