/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/* What options of publishers and subscribers do with libzmq at the other
 * end. */

/* What a peer says that has just come. */
static void
receive_from (ZmqgSocket *socket,
              InteropPeer *peer,
              const char *frames)
{
  interop_await_readable (socket, peer);
  interop_receive (socket, frames);
}

static void
note_reason (ZmqgSocket *socket G_GNUC_UNUSED,
             ZmqgPeer *peer G_GNUC_UNUSED,
             GError *reason,
             gpointer user_data)
{
  GError **noted = user_data;

  if (*noted == NULL && reason != NULL)
    *noted = g_error_copy (reason);
}

static int
compare_texts (gconstpointer a,
               gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

/* Receives as many messages as @frames has lines, in any order. */
static void
receive_all (ZmqgSocket *socket,
             const char *const *frames)
{
  g_autoptr (GPtrArray) received = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; frames[i] != NULL; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      GError *error = NULL;

      message = zmqg_socket_receive (socket, NULL, &error);
      g_assert_no_error (error);
      g_ptr_array_add (received, interop_describe (message));
    }

  g_ptr_array_sort (received, compare_texts);
  for (guint i = 0; frames[i] != NULL; i++)
    g_assert_cmpstr (g_ptr_array_index (received, i), ==, frames[i]);
}

/* --- Verbose ------------------------------------------------------------ */

/* Two SUBs of one topic, which @xpub was told of. */
static void
meet_two_subs (Interop *test,
               ZmqgSocket *xpub,
               InteropPeer *subs[2])
{
  for (guint i = 0; i < 2; i++)
    {
      subs[i] = interop_peer (test, "SUB");
      interop_do (subs[i], "subscribe =t");
      interop_meet_another (test, xpub, subs[i]);
      receive_from (xpub, subs[i], "=%01t");
    }
}

static void
expect_one_cancellation (Interop *test,
                         ZmqgSocket *xpub)
{
  InteropPeer *subs[2];

  meet_two_subs (test, xpub, subs);

  /* The first that goes is not told of; what it does next is. */
  interop_do (subs[0], "unsubscribe =t");
  interop_do (subs[0], "subscribe =next");
  interop_receive (xpub, "=%01next");
  interop_do (subs[1], "unsubscribe =t");
  interop_receive (xpub, "=%00t");
}

static void
verbose_tells_of_all_subscriptions (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);

  g_object_set (xpub, "verbose", TRUE, NULL);
  expect_one_cancellation (test, xpub);
}

static void
verbose_after_verboser (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);

  g_object_set (xpub, "verboser", TRUE, NULL);
  g_object_set (xpub, "verbose", TRUE, NULL);
  expect_one_cancellation (test, xpub);
}

static void
verboser_tells_of_all_cancellations (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *subs[2];

  g_object_set (xpub, "verboser", TRUE, NULL);
  meet_two_subs (test, xpub, subs);

  interop_do (subs[0], "unsubscribe =t");
  interop_receive (xpub, "=%00t");
  interop_do (subs[1], "unsubscribe =t");
  interop_receive (xpub, "=%00t");
}

/* Once per peer and topic, however often the peer asked for it. (Who connects
 * waits for a peer to come back, and keeps what it knows of it.) */
static void
verboser_tells_what_the_killed_had (Interop *test)
{
  static const char *const both[] = { "=%00t", "=%00u", NULL };
  ZmqgSocket *xpub;
  InteropPeer *subs[2];

  if (interop_skip_unless_we_bind (test))
    return;

  xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  g_object_set (xpub, "verboser", TRUE, NULL);
  meet_two_subs (test, xpub, subs);
  for (guint i = 0; i < 2; i++)
    {
      interop_do (subs[i], "subscribe =u");
      interop_receive (xpub, "=%01u");
    }
  interop_do (subs[0], "subscribe =t");
  interop_receive (xpub, "=%01t");

  for (guint i = 0; i < 2; i++)
    {
      interop_peer_kill (subs[i]);
      receive_all (xpub, both);
    }
  interop_nothing (xpub);
}

/* --- Manual ------------------------------------------------------------- */

static void
grant (ZmqgSocket *xpub,
       const char *topic)
{
  GError *error = NULL;

  zmqg_xpub_socket_subscribe (ZMQG_XPUB_SOCKET (xpub), topic, &error);
  g_assert_no_error (error);
}

static void
take_back (ZmqgSocket *xpub,
           const char *topic)
{
  GError *error = NULL;

  zmqg_xpub_socket_unsubscribe (ZMQG_XPUB_SOCKET (xpub), topic, &error);
  g_assert_no_error (error);
}

/* An XSUB gets what it was granted, a SUB what it also asked for. */
static void
our_manual_grants_are_followed (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *xsub = interop_peer (test, "XSUB");
  InteropPeer *sub = interop_peer (test, "SUB");

  g_object_set (xpub, "manual", TRUE, NULL);
  interop_meet (test, xpub, xsub);
  interop_do (xsub, "send =%%01a");
  receive_from (xpub, xsub, "=%01a");
  grant (xpub, "xa");
  interop_do (sub, "subscribe =a");
  interop_meet_another (test, xpub, sub);
  receive_from (xpub, sub, "=%01a");
  grant (xpub, "ab");

  interop_send (xpub, "=a =1");
  interop_send (xpub, "=xa =2");
  interop_send (xpub, "=abc =3");
  interop_peer_receives (xsub, "=xa =2");
  interop_peer_receives (sub, "=abc =3");

  /* A cancellation changes nothing by itself either. */
  interop_do (xsub, "send =%%00a");
  interop_receive (xpub, "=%00a");
  interop_send (xpub, "=xa =4");
  interop_peer_receives (xsub, "=xa =4");
  take_back (xpub, "xa");
  grant (xpub, "other");
  interop_send (xpub, "=xa =5");
  interop_send (xpub, "=other =6");
  interop_peer_receives (xsub, "=other =6");
}

/* What it asked for, not what it was granted; whoever shares it. */
static void
manual_tells_what_the_killed_asked_for (Interop *test)
{
  ZmqgSocket *xpub;
  InteropPeer *subs[2];

  if (interop_skip_unless_we_bind (test))
    return;

  xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  g_object_set (xpub, "manual", TRUE, NULL);
  for (guint i = 0; i < 2; i++)
    {
      subs[i] = interop_peer (test, "SUB");
      interop_do (subs[i], "subscribe =a");
      interop_meet_another (test, xpub, subs[i]);
      receive_from (xpub, subs[i], "=%01a");
      grant (xpub, "xa");
    }

  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (interop_count_topics (xpub), ==, 1);
      interop_peer_kill (subs[i]);
      interop_receive (xpub, "=%00a");
    }
  g_assert_cmpuint (interop_count_topics (xpub), ==, 0);
  interop_nothing (xpub);
}

static void
their_manual_grants_are_followed (Interop *test)
{
  ZmqgSocket *xsub = interop_socket (test, ZMQG_SOCKET_TYPE_XSUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");

  interop_do (xpub, "set xpub-manual 1");
  interop_send (xsub, "=%01a");
  interop_meet (test, xsub, xpub);
  interop_peer_receives (xpub, "=%01a");
  interop_do (xpub, "subscribe =xa");
  interop_peer_sends (xpub, "=a =1");
  interop_peer_sends (xpub, "=xa =2");
  interop_receive (xsub, "=xa =2");

  interop_send (xsub, "=%00a");
  interop_peer_receives (xpub, "=%00a");
  interop_do (xpub, "unsubscribe =xa");
  interop_do (xpub, "subscribe =other");
  interop_peer_sends (xpub, "=xa =3");
  interop_peer_sends (xpub, "=other =4");
  interop_receive (xsub, "=other =4");
}

static void
our_sub_filters_their_grants (Interop *test)
{
  ZmqgSocket *sub = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");
  GError *error = NULL;

  interop_do (xpub, "set xpub-manual 1");
  zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (sub), "a", &error);
  g_assert_no_error (error);
  interop_meet (test, sub, xpub);
  interop_peer_receives (xpub, "=%01a");
  interop_do (xpub, "subscribe =xa");
  interop_do (xpub, "subscribe =ab");
  interop_peer_sends (xpub, "=a =1");
  interop_peer_sends (xpub, "=xa =2");
  interop_peer_sends (xpub, "=abc =3");
  interop_receive (sub, "=abc =3");
  interop_nothing (sub);

  /* Who connects to us waits for us to come back. */
  zmqg_socket_close (sub);
  if (!test->we_bind)
    interop_peer_receives (xpub, "=%00a");
}

/* The first message after a subscription is for its sender only. */
static void
our_last_value_goes_to_the_newest (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *subs[2];

  g_object_set (xpub, "manual-last-value", TRUE, NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *value = g_strdup_printf ("=t =last-%u", i);

      subs[i] = interop_peer (test, "SUB");
      interop_do (subs[i], "subscribe =t");
      interop_meet_another (test, xpub, subs[i]);
      receive_from (xpub, subs[i], "=%01t");
      grant (xpub, "t");
      interop_send (xpub, value);
    }
  interop_send (xpub, "=t =all");

  interop_peer_receives (subs[0], "=t =last-0");
  interop_peer_receives (subs[0], "=t =all");
  interop_peer_receives (subs[1], "=t =last-1");
  interop_peer_receives (subs[1], "=t =all");
}

static void
their_last_value_goes_to_our_newest (Interop *test)
{
  InteropPeer *xpub;
  ZmqgSocket *subs[2];

  if (interop_skip_unless_they_bind (test))
    return;

  xpub = interop_peer (test, "XPUB");
  interop_do (xpub, "set xpub-manual-last-value 1");
  for (guint i = 0; i < 2; i++)
    {
      GError *error = NULL;

      subs[i] = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
      zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (subs[i]), "t", &error);
      g_assert_no_error (error);
      interop_meet_as_well (test, subs[i], xpub);
      interop_peer_receives (xpub, "=%01t");
      interop_do (xpub, "subscribe =t");
      interop_do (xpub, "send =t =last-%u", i);
    }
  interop_peer_sends (xpub, "=t =all");

  interop_receive (subs[0], "=t =last-0");
  interop_receive (subs[0], "=t =all");
  interop_receive (subs[1], "=t =last-1");
  interop_receive (subs[1], "=t =all");
}

/* --- No drop ------------------------------------------------------------ */

static ZmqgMessage *
numbered (guint i)
{
  g_autofree char *frames = g_strdup_printf ("=t *20000.1 =%u", i);

  return interop_make (frames);
}

static void
no_drop_waits_and_loses_nothing (Interop *test)
{
  ZmqgSocketType type = (ZmqgSocketType) GPOINTER_TO_INT (test->data);
  ZmqgSocket *pub = interop_socket (test, type);
  InteropPeer *sub = interop_peer (test, "SUB");
  gboolean full = FALSE;
  guint n = 0;

  g_object_set (pub, "no-drop", TRUE, "send-hwm", 10, "send-buffer", 10000,
                NULL);
  interop_do (sub, "set rcvhwm 10");
  interop_do (sub, "set rcvbuf 10000");
  interop_do (sub, "subscribe =t");
  interop_meet (test, pub, sub);
  interop_await_topics (pub, sub, 1);

  while (!full)
    {
      g_autoptr (ZmqgMessage) message = numbered (n);
      g_autoptr (GError) error = NULL;

      full = !zmqg_socket_try_send (pub, message, &error);
      if (full)
        g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
      else
        n++;
      g_assert_cmpuint (n, <, 5000);
    }

  interop_tell (sub, "collect 0 %u", n + 300);
  for (guint i = n; i < n + 300; i++)
    {
      g_autoptr (ZmqgMessage) message = numbered (i);
      GError *error = NULL;

      zmqg_socket_send (pub, message, NULL, &error);
      g_assert_no_error (error);
    }
  interop_expect (sub, "ok");
}

/* --- Only the first frame ----------------------------------------------- */

/* An XSUB of theirs that is connected: it would only remember what it is told
 * before. */
static InteropPeer *
meet_xsub (Interop *test,
           ZmqgSocket *pub)
{
  InteropPeer *xsub = interop_peer (test, "XSUB");

  interop_do (xsub, "send =%%01first");
  interop_meet (test, pub, xsub);
  interop_await_topics (pub, xsub, 1);
  return xsub;
}

static void
our_xpub_looks_at_all_frames (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *xsub;

  xsub = meet_xsub (test, xpub);
  interop_receive (xpub, "=%01first");
  /* As their XPUB has it, see below. */
  interop_do (xsub, "send =x =%%01a");
  interop_receive (xpub, "=x =%01a");
  interop_do (xsub, "send =%%01b =y =%%01c =z");
  interop_receive (xpub, "=%01b");
  interop_receive (xpub, "=y =%01c");
  interop_receive (xpub, "=z");
  g_assert_cmpuint (interop_count_topics (xpub), ==, 4);
  interop_send (xpub, "=a");
  interop_peer_receives (xsub, "=a");
}

static void
our_xpub_looks_at_the_first_frame (Interop *test)
{
  ZmqgSocket *xpub = interop_socket (test, ZMQG_SOCKET_TYPE_XPUB);
  InteropPeer *xsub;

  g_object_set (xpub, "only-first-subscribe", TRUE, NULL);
  xsub = meet_xsub (test, xpub);
  interop_receive (xpub, "=%01first");
  interop_do (xsub, "send =x =%%01a");
  interop_receive (xpub, "=x =%01a");
  g_assert_cmpuint (interop_count_topics (xpub), ==, 1);

  /* After a subscription, others are looked for. */
  interop_do (xsub, "send =%%01b =%%01c");
  interop_receive (xpub, "=%01b");
  interop_receive (xpub, "=%01c");
  interop_send (xpub, "=a");
  interop_send (xpub, "=c");
  interop_peer_receives (xsub, "=c");
}

static void
our_pub_looks_at_all_frames (Interop *test)
{
  ZmqgSocket *pub = interop_socket (test, ZMQG_SOCKET_TYPE_PUB);
  InteropPeer *xsub;

  xsub = meet_xsub (test, pub);
  interop_do (xsub, "send =x =%%01a");
  interop_await_topics (pub, xsub, 2);
  interop_send (pub, "=a");
  interop_peer_receives (xsub, "=a");
}

static void
our_pub_looks_at_the_first_frame (Interop *test)
{
  ZmqgSocket *pub = interop_socket (test, ZMQG_SOCKET_TYPE_PUB);
  InteropPeer *xsub;

  g_object_set (pub, "only-first-subscribe", TRUE, NULL);
  xsub = meet_xsub (test, pub);
  interop_do (xsub, "send =x =%%01a");
  interop_do (xsub, "send =%%01b =%%01c");
  interop_await_topics (pub, xsub, 3);
  interop_send (pub, "=a");
  interop_send (pub, "=b");
  interop_send (pub, "=c");
  interop_peer_receives (xsub, "=b");
  interop_peer_receives (xsub, "=c");
}

/* What an XSUB counts as subscribed, it asks for again at a new peer. */
static void
our_xsub_looks_at_all_frames (Interop *test)
{
  ZmqgSocket *xsub = interop_socket (test, ZMQG_SOCKET_TYPE_XSUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");

  interop_send (xsub, "=x =%01a");
  g_assert_cmpuint (interop_count_topics (xsub), ==, 1);
  interop_meet (test, xsub, xpub);
  interop_peer_receives (xpub, "=%01a");
}

static void
our_xsub_looks_at_the_first_frame (Interop *test)
{
  ZmqgSocket *xsub = interop_socket (test, ZMQG_SOCKET_TYPE_XSUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");

  g_object_set (xsub, "only-first-subscribe", TRUE, NULL);
  interop_send (xsub, "=x =%01a");
  interop_send (xsub, "=%01b =%01c");
  g_assert_cmpuint (interop_count_topics (xsub), ==, 2);
  interop_send (xsub, "=%00b");
  g_assert_cmpuint (interop_count_topics (xsub), ==, 1);
  interop_meet (test, xsub, xpub);
  interop_peer_receives (xpub, "=%01c");
}

/* The same at their XPUB, with and without the option of theirs. */
static void
their_xpub_looks_at_our_frames (Interop *test)
{
  gboolean only_first = GPOINTER_TO_INT (test->data);
  ZmqgSocket *xsub = interop_socket (test, ZMQG_SOCKET_TYPE_XSUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");

  g_object_set (xsub, "only-first-subscribe", only_first, NULL);
  interop_do (xpub, "set only-first-subscribe %d", only_first);
  interop_send (xsub, "=%01first");
  interop_meet (test, xsub, xpub);
  interop_peer_receives (xpub, "=%01first");
  interop_send (xsub, "=x =%01a");
  interop_send (xsub, "=%01b =y =%01c =z");
  interop_send (xsub, "=%01last");

  /* It looks the same there: the mark of more frames stays on the first. */
  interop_peer_receives (xpub, "=x =%01a");
  interop_peer_receives (xpub, "=%01b");
  interop_peer_receives (xpub, "=y =%01c");
  interop_peer_receives (xpub, "=z");
  interop_peer_receives (xpub, "=%01last");
  interop_peer_sends (xpub, "=a");
  interop_peer_sends (xpub, "=last");
  if (!only_first)
    interop_receive (xsub, "=a");
  interop_receive (xsub, "=last");
}

/* --- Cancellations of ours ---------------------------------------------- */

static void
our_cancellations_are_seen (Interop *test)
{
  gboolean verbose = GPOINTER_TO_INT (test->data);
  ZmqgSocket *xsub = interop_socket (test, ZMQG_SOCKET_TYPE_XSUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");

  g_object_set (xsub, "verbose-unsubscribe", verbose, NULL);
  interop_do (xpub, "set xpub-verboser 1");
  interop_send (xsub, "=%01first");
  interop_meet (test, xsub, xpub);
  interop_peer_receives (xpub, "=%01first");

  for (guint i = 0; i < 3; i++)
    {
      interop_send (xsub, "=%01a");
      interop_peer_receives (xpub, "=%01a");
    }
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *mark = g_strdup_printf ("=%%01mark-%u", i);

      interop_send (xsub, "=%00a");
      interop_send (xsub, mark);
      if (verbose || i == 2)
        interop_peer_receives (xpub, "=%00a");
      interop_peer_receives (xpub, mark);
    }
}

/* --- Inverted ----------------------------------------------------------- */

static void
our_pub_inverts (Interop *test)
{
  ZmqgSocketType type = (ZmqgSocketType) GPOINTER_TO_INT (test->data);
  ZmqgSocket *pub = interop_socket (test, type);
  InteropPeer *xsub = interop_peer (test, "XSUB");
  InteropPeer *sub = interop_peer (test, "SUB");

  g_object_set (pub, "invert-matching", TRUE, NULL);
  interop_do (xsub, "send =%%01no");
  interop_meet (test, pub, xsub);
  interop_do (xsub, "send =%%01not");
  interop_await_topics (pub, xsub, 2);
  interop_do (sub, "set invert-matching 1");
  interop_do (sub, "subscribe =other");
  interop_meet_another (test, pub, sub);
  interop_await_topics (pub, sub, 3);

  interop_send (pub, "=no =1");
  interop_send (pub, "=yes =2");
  interop_send (pub, "=nothing =3");
  interop_send (pub, "=others =4");
  interop_peer_receives (xsub, "=yes =2");
  interop_peer_receives (xsub, "=others =4");
  interop_peer_receives (sub, "=no =1");
  interop_peer_receives (sub, "=yes =2");
  interop_peer_receives (sub, "=nothing =3");
  interop_send (pub, "=end");
  interop_peer_receives (sub, "=end");
}

/* Both filter: what their XPUB sends to all is filtered by us, too. */
static void
our_sub_inverts (Interop *test)
{
  ZmqgSocket *sub = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");
  GError *error = NULL;

  g_object_set (sub, "invert-matching", TRUE, NULL);
  interop_do (xpub, "set invert-matching 1");
  interop_do (xpub, "set welcome =no-welcome");
  zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (sub), "no", &error);
  g_assert_no_error (error);
  interop_meet (test, sub, xpub);
  interop_peer_receives (xpub, "=%01no");

  interop_peer_sends (xpub, "=no =1");
  interop_peer_sends (xpub, "=yes =2");
  interop_peer_sends (xpub, "=nothing =3");
  interop_peer_sends (xpub, "=end");
  interop_receive (sub, "=yes =2");
  interop_receive (sub, "=end");
}

/* --- Welcome ------------------------------------------------------------ */

static void
our_welcome_is_for_each_peer (Interop *test)
{
  ZmqgSocketType type = (ZmqgSocketType) GPOINTER_TO_INT (test->data);
  ZmqgSocket *pub = interop_socket (test, type);
  g_autoptr (GBytes) welcome = g_bytes_new_static ("welcome", 7);
  InteropPeer *xsub = interop_peer (test, "XSUB");

  g_object_set (pub, "welcome-message", welcome, NULL);
  interop_meet (test, pub, xsub);
  interop_peer_receives (xsub, "=welcome");

  for (guint i = 0; i < 2; i++)
    {
      interop_peer_kill (xsub);
      interop_await_no_peer (pub);
      interop_peer_start (xsub);
      interop_meet_again (test, xsub);

      /* To who connects, it is the same peer that has come back. */
      if (test->we_bind)
        interop_peer_receives (xsub, "=welcome");
      interop_do (xsub, "send =%%01t");
      interop_await_topics (pub, xsub, 1);
      interop_send (pub, "=t");
      interop_peer_receives (xsub, "=t");
    }
}

/* One that subscribes to too much loses its connection, and comes again. */
static void
our_limit_ends_the_connection (Interop *test)
{
  ZmqgSocket *pub = interop_socket (test, ZMQG_SOCKET_TYPE_PUB);
  InteropPeer *sub = interop_peer (test, "SUB");
  GError *reason = NULL;

  g_signal_connect (pub, "peer-removed", G_CALLBACK (note_reason), &reason);
  g_object_set (pub, "max-subscriptions", 2, NULL);
  interop_do (sub, "set reconnect-ivl 10");
  interop_meet (test, pub, sub);
  interop_do (sub, "subscribe =a");
  interop_do (sub, "subscribe =b");
  interop_await_topics (pub, sub, 2);
  g_assert_no_error (reason);

  interop_do (sub, "subscribe =c");
  interop_await_topics (pub, sub, 0);
  ZMQG_TEST_AWAIT (reason != NULL, INTEROP_DEADLINE_MS);
  g_assert_error (reason, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_clear_error (&reason);

  interop_do (sub, "unsubscribe =a");
  interop_await_topics (pub, sub, 2);
  ZMQG_TEST_AWAIT (zmqg_pub_socket_wait_for_subscribers (
                     ZMQG_PUB_SOCKET (pub), "c", 1, NULL, NULL),
                   INTEROP_DEADLINE_MS);
  interop_send (pub, "=c");
  interop_peer_receives (sub, "=c");
  g_clear_error (&reason);
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    InteropFunc func;
    int data;
  } tests[] = {
    { "verbose-tells-of-all-subscriptions",
      verbose_tells_of_all_subscriptions, 0 },
    { "verbose-after-verboser", verbose_after_verboser, 0 },
    { "verboser-tells-of-all-cancellations",
      verboser_tells_of_all_cancellations, 0 },
    { "verboser-tells-what-the-killed-had",
      verboser_tells_what_the_killed_had, 0 },
    { "our-manual-grants-are-followed", our_manual_grants_are_followed, 0 },
    { "manual-tells-what-the-killed-asked-for",
      manual_tells_what_the_killed_asked_for, 0 },
    { "their-manual-grants-are-followed",
      their_manual_grants_are_followed, 0 },
    { "our-sub-filters-their-grants", our_sub_filters_their_grants, 0 },
    { "our-last-value-goes-to-the-newest",
      our_last_value_goes_to_the_newest, 0 },
    { "their-last-value-goes-to-our-newest",
      their_last_value_goes_to_our_newest, 0 },
    { "no-drop-waits-and-loses-nothing/pub",
      no_drop_waits_and_loses_nothing, ZMQG_SOCKET_TYPE_PUB },
    { "no-drop-waits-and-loses-nothing/xpub",
      no_drop_waits_and_loses_nothing, ZMQG_SOCKET_TYPE_XPUB },
    { "our-xpub-looks-at-all-frames", our_xpub_looks_at_all_frames, 0 },
    { "our-xpub-looks-at-the-first-frame",
      our_xpub_looks_at_the_first_frame, 0 },
    { "our-pub-looks-at-all-frames", our_pub_looks_at_all_frames, 0 },
    { "our-pub-looks-at-the-first-frame",
      our_pub_looks_at_the_first_frame, 0 },
    { "our-xsub-looks-at-all-frames", our_xsub_looks_at_all_frames, 0 },
    { "our-xsub-looks-at-the-first-frame",
      our_xsub_looks_at_the_first_frame, 0 },
    { "their-xpub-looks-at-all-our-frames",
      their_xpub_looks_at_our_frames, FALSE },
    { "their-xpub-looks-at-our-first-frame",
      their_xpub_looks_at_our_frames, TRUE },
    { "our-verbose-cancellations-are-seen",
      our_cancellations_are_seen, TRUE },
    { "our-last-cancellation-is-seen", our_cancellations_are_seen, FALSE },
    { "our-limit-ends-the-connection", our_limit_ends_the_connection, 0 },
    { "our-pub-inverts", our_pub_inverts, ZMQG_SOCKET_TYPE_PUB },
    { "our-xpub-inverts", our_pub_inverts, ZMQG_SOCKET_TYPE_XPUB },
    { "our-sub-inverts", our_sub_inverts, 0 },
    { "our-pub-welcomes-each-peer", our_welcome_is_for_each_peer,
      ZMQG_SOCKET_TYPE_PUB },
    { "our-xpub-welcomes-each-peer", our_welcome_is_for_each_peer,
      ZMQG_SOCKET_TYPE_XPUB },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = NULL;

      path = g_strconcat ("/zmqg/interop/subscription-options/",
                          tests[i].path, NULL);
      interop_add (path, tests[i].func, GINT_TO_POINTER (tests[i].data));
    }

  return g_test_run ();
}
