/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-pair.h"

/* Peers that are killed, and others that take their place. */

static void
restart (Interop *test,
         ZmqgSocket *socket,
         InteropPeer *peer)
{
  interop_peer_kill (peer);
  interop_await_no_peer (socket);
  interop_peer_start (peer);
}

/* XPUB: the end of a peer ends its subscriptions. */
static void
take_cancellation (const InteropPair *pair,
                   ZmqgSocket *socket)
{
  if (pair->ours == ZMQG_SOCKET_TYPE_XPUB)
    interop_receive (socket, "=%00");
  else if (pair->ours == ZMQG_SOCKET_TYPE_PUB)
    ZMQG_TEST_AWAIT (
        zmqg_pub_socket_get_topics_count (ZMQG_PUB_SOCKET (socket)) == 0,
        INTEROP_DEADLINE_MS);
}

static void
messages_flow_again (Interop *test)
{
  const InteropPair *pair = test->data;
  ZmqgSocket *socket = interop_pair_socket (test, pair);
  InteropPeer *peer = interop_peer (test, pair->theirs);

  interop_pair_prepare (pair, peer);
  interop_meet (test, socket, peer);
  interop_pair_settle (pair, socket, peer);
  interop_pair_exchange (pair, socket, peer, "=before = =restart");

  for (guint i = 0; i < 2; i++)
    {
      restart (test, socket, peer);
      /* The pipe of one who connects, and what is known of it, stays. */
      if (test->we_bind)
        take_cancellation (pair, socket);
      interop_pair_prepare (pair, peer);
      interop_meet_again (test, peer);
      interop_pair_settle (pair, socket, peer);
      interop_pair_exchange (pair, socket, peer, "=after = =restart");
      interop_pair_exchange (pair, socket, peer, "*100000.1");
    }
}

/* Who connects keeps what is sent before the next connection. */
static void
what_is_sent_meanwhile_arrives (Interop *test)
{
  ZmqgSocket *push;
  InteropPeer *pull;

  if (test->we_bind)
    {
      g_test_skip ("who is bound has nobody to send to meanwhile");
      return;
    }

  push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  pull = interop_peer (test, "PULL");
  interop_meet (test, push, pull);
  interop_send (push, "=first");
  interop_peer_receives (pull, "=first");

  restart (test, push, pull);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *message = g_strdup_printf ("=meanwhile =%u", i);

      interop_send (push, message);
    }
  interop_meet_again (test, pull);
  interop_tell (pull, "collect 0 500");
  interop_expect (pull, "ok");
}

/* Our SUB asks the new publisher for what it wants now. What was cancelled
 * meanwhile may be asked for, and cancelled behind. */
static void
subscriptions_are_made_again (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  ZmqgSubSocket *sub = ZMQG_SUB_SOCKET (socket);
  InteropPeer *xpub = interop_peer (test, "XPUB");
  int kept = 0;
  int cancelled = 0;
  GError *error = NULL;

  zmqg_sub_socket_subscribe (sub, "kept", &error);
  g_assert_no_error (error);
  interop_meet (test, socket, xpub);
  interop_peer_receives (xpub, "=%01kept");
  zmqg_sub_socket_subscribe (sub, "cancelled", &error);
  g_assert_no_error (error);
  interop_peer_receives (xpub, "=%01cancelled");

  restart (test, socket, xpub);
  zmqg_sub_socket_unsubscribe (sub, "cancelled", &error);
  g_assert_no_error (error);
  interop_meet_again (test, xpub);
  zmqg_sub_socket_subscribe (sub, "new", &error);
  g_assert_no_error (error);
  for (gboolean ended = FALSE; !ended;)
    {
      g_autofree char *answer = interop_ask (xpub, "recv");

      kept += g_str_equal (answer, "message =%01kept");
      cancelled += g_str_equal (answer, "message =%01cancelled");
      cancelled -= g_str_equal (answer, "message =%00cancelled");
      ended = g_str_equal (answer, "message =%01new");
      g_assert_false (g_str_has_prefix (answer, "error"));
    }
  g_assert_cmpint (kept, ==, 1);
  g_assert_cmpint (cancelled, ==, 0);

  interop_peer_sends (xpub, "=cancelled");
  interop_peer_sends (xpub, "=kept =1");
  interop_receive (socket, "=kept =1");
}

/* What was sent in part when its sender died is never seen. */
static void
no_part_of_a_message_is_seen (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");

  interop_meet (test, pull, push);
  interop_await_peers (pull, 1);
  interop_peer_sends (push, "=small");
  interop_receive (pull, "=small");

  interop_peer_sends (push, "=head *30000000.1 =tail");
  restart (test, pull, push);
  interop_meet_again (test, push);
  interop_tell (push, "send =whole");
  interop_tell (push, "send =end");

  for (gboolean ended = FALSE; !ended;)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autofree char *received = NULL;
      GError *error = NULL;

      message = zmqg_socket_receive (pull, NULL, &error);
      g_assert_no_error (error);
      received = interop_describe (message);
      ended = g_str_equal (received, "=end");
      if (!ended && !g_str_equal (received, "=whole"))
        {
          g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 3);
          g_assert_cmpuint (zmqg_message_get_size (message), ==,
                            4 + 30000000 + 4);
        }
    }
  interop_expect (push, "ok");
  interop_expect (push, "ok");
}

/* What arrived before its sender died can still be read. */
static void
what_arrived_stays_readable (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");

  interop_meet (test, pull, push);
  interop_tell (push, "burst 0 100 =early");
  interop_tell (push, "close");
  interop_expect (push, "ok");
  interop_expect (push, "ok");
  restart (test, pull, push);

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *expected = g_strdup_printf ("=early =%u", i);

      interop_receive (pull, expected);
    }
  interop_meet_again (test, push);
  interop_peer_sends (push, "=late");
  interop_receive (pull, "=late");
}

/* They come back to the one of us who takes the place of another. */
static void
they_come_back_to_us (Interop *test)
{
  ZmqgSocket *first;
  ZmqgSocket *second;
  InteropPeer *dealer;
  GError *error = NULL;

  if (!test->we_bind)
    {
      g_test_skip ("they do not connect");
      return;
    }

  first = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  second = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  dealer = interop_peer (test, "DEALER");
  interop_do (dealer, "set routing-id =them");
  interop_meet (test, first, dealer);
  interop_peer_sends (dealer, "=1");
  interop_receive (first, "=them =1");

  zmqg_socket_close (first);
  ZMQG_TEST_AWAIT (zmqg_socket_bind (second, test->uri, NULL),
                   INTEROP_DEADLINE_MS);
  interop_await_peers (second, 1);
  interop_peer_sends (dealer, "=2");
  interop_receive (second, "=them =2");
  interop_send (second, "=them =3");
  interop_peer_receives (dealer, "=3");
  g_assert_no_error (error);
}

/* A REQ whose replier died may ask the next one, when it is relaxed. */
static void
a_request_is_given_up (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");

  g_object_set (req, "relaxed", TRUE, "correlate", TRUE, NULL);
  interop_meet (test, req, rep);
  interop_send (req, "=lost");
  interop_peer_receives (rep, "=lost");
  restart (test, req, rep);
  interop_meet_again (test, rep);
  interop_await_peers (req, 1);
  interop_tell (rep, "echo");
  interop_send (req, "=again");
  interop_expect_message (rep, "=again");
  interop_receive (req, "=again");
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
    { "what-is-sent-meanwhile-arrives", what_is_sent_meanwhile_arrives },
    { "subscriptions-are-made-again", subscriptions_are_made_again },
    { "no-part-of-a-message-is-seen", no_part_of_a_message_is_seen },
    { "what-arrived-stays-readable", what_arrived_stays_readable },
    { "they-come-back-to-us", they_come_back_to_us },
    { "a-request-is-given-up", a_request_is_given_up },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < interop_n_pairs; i++)
    {
      const InteropPair *pair = &interop_pairs[i];
      g_autofree char *path = NULL;

      path = g_strdup_printf ("/zmqg/interop/restart/%s/messages-flow-again",
                              pair->name);
      interop_add (path, messages_flow_again, pair);
    }
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/restart/",
                                           tests[i].path, NULL);

      interop_add (path, tests[i].func, NULL);
    }

  return g_test_run ();
}
