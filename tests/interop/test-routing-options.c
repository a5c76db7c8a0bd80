/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/* What options of ROUTER and REQ sockets do with libzmq at the other end. */

#define ROUNDS 20

/* --- Identities that two have ------------------------------------------- */

static void
meet_dealers_of_one_name (Interop *test,
                          ZmqgSocket *router,
                          InteropPeer *dealers[2])
{
  for (guint i = 0; i < 2; i++)
    {
      dealers[i] = interop_peer (test, "DEALER");
      interop_do (dealers[i], "set routing-id =same");
      interop_meet_another (test, router, dealers[i]);
      if (i == 0)
        {
          interop_peer_sends (dealers[0], "=first");
          interop_receive (router, "=same =first");
        }
    }
}

/* Both are alive, and stay connected. */
static void
our_router_hands_over (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealers[2];

  g_object_set (router, "handover", TRUE, NULL);
  meet_dealers_of_one_name (test, router, dealers);
  interop_peer_sends (dealers[1], "=second");
  interop_receive (router, "=same =second");

  for (guint i = 0; i < ROUNDS; i++)
    {
      interop_peer_sends (dealers[0], "=unheard");
      interop_peer_sends (dealers[1], "=heard");
      interop_receive (router, "=same =heard");
      interop_send (router, "=same =answer");
      interop_peer_receives (dealers[1], "=answer");
    }

  interop_await_count (router, zmqg_statistics_get_inbound_dropped, ROUNDS);
  interop_nothing (router);
  interop_await_count (router, zmqg_statistics_get_peers, 2);
  g_assert_cmpuint (
    interop_count (router, zmqg_statistics_get_reconnects), ==, 0);
  interop_tell (dealers[0], "try");
  interop_expect (dealers[0], "nothing");
}

static void
their_router_hands_over (Interop *test)
{
  InteropPeer *router = interop_peer (test, "ROUTER");
  ZmqgSocket *dealers[2];

  interop_do (router, "set router-handover 1");
  for (guint i = 0; i < 2; i++)
    {
      dealers[i] = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
      zmqg_socket_set_routing_id_string (dealers[i], "same");
      interop_meet_as_well (test, dealers[i], router);
      interop_send (dealers[i], "=hello");
      interop_peer_receives (router, "=same =hello");
    }

  for (guint i = 0; i < ROUNDS; i++)
    {
      interop_send (dealers[0], "=unheard");
      interop_send (dealers[1], "=heard");
      interop_peer_receives (router, "=same =heard");
      interop_peer_sends (router, "=same =answer");
      interop_receive (dealers[1], "=answer");
    }
  interop_nothing (dealers[0]);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (
      interop_count (dealers[i], zmqg_statistics_get_reconnects), ==, 0);
}

/* It is not heard, not thrown out, and does not take the place of the first
 * that has gone. */
static void
our_router_does_not_hear_a_double (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealers[2];

  meet_dealers_of_one_name (test, router, dealers);
  interop_await_peers (router, 2);
  interop_peer_sends (dealers[1], "=unheard");
  interop_await_count (router, zmqg_statistics_get_inbound_dropped, 1);
  for (guint i = 0; i < ROUNDS; i++)
    {
      interop_peer_sends (dealers[0], "=heard");
      interop_receive (router, "=same =heard");
      interop_send (router, "=same =answer");
      interop_peer_receives (dealers[0], "=answer");
    }
  interop_await_count (router, zmqg_statistics_get_peers, 2);

  interop_peer_kill (dealers[0]);
  interop_await_count (router, zmqg_statistics_get_peers, 1);
  interop_peer_sends (dealers[1], "=unheard");
  interop_await_count (router, zmqg_statistics_get_inbound_dropped, 2);
  interop_nothing (router);
  interop_tell (dealers[1], "try");
  interop_expect (dealers[1], "nothing");
}

static void
their_router_does_not_hear_our_double (Interop *test)
{
  InteropPeer *router = interop_peer (test, "ROUTER");
  ZmqgSocket *dealers[3];
  static const char *const names[] = { "same", "same", "other" };

  for (guint i = 0; i < 3; i++)
    {
      dealers[i] = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
      zmqg_socket_set_routing_id_string (dealers[i], names[i]);
      interop_meet_as_well (test, dealers[i], router);
      interop_send (dealers[i], "=hello");
      if (i == 1)
        interop_await_peers (dealers[1], 1);
      else if (i == 0)
        interop_peer_receives (router, "=same =hello");
      else
        interop_peer_receives (router, "=other =hello");
    }

  for (guint i = 0; i < ROUNDS; i++)
    {
      interop_send (dealers[1], "=unheard");
      interop_send (dealers[0], "=heard");
      interop_peer_receives (router, "=same =heard");
      interop_peer_sends (router, "=same =answer");
      interop_receive (dealers[0], "=answer");
    }

  interop_await_peers (dealers[1], 1);
  zmqg_socket_close (dealers[0]);
  for (guint i = 0; i < ROUNDS; i++)
    {
      interop_send (dealers[1], "=unheard");
      interop_send (dealers[2], "=heard");
      interop_peer_receives (router, "=other =heard");
    }
  interop_nothing (dealers[1]);
  g_assert_cmpuint (
    interop_count (dealers[1], zmqg_statistics_get_reconnects), ==, 0);
}

/* To a REP both are peers like any. (libzmq's is a ROUTER underneath, and
 * serves one of them.) */
static void
our_rep_serves_a_double (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *reqs[2];

  for (guint i = 0; i < 2; i++)
    {
      reqs[i] = interop_peer (test, "REQ");
      interop_do (reqs[i], "set routing-id =same");
      interop_meet_another (test, rep, reqs[i]);
    }
  interop_await_peers (rep, 2);
  for (guint i = 0; i < ROUNDS; i++)
    {
      interop_peer_sends (reqs[i % 2], "=request");
      interop_receive (rep, "=request");
      interop_send (rep, "=reply");
      interop_peer_receives (reqs[i % 2], "=reply");
    }
}

/* --- Probes ------------------------------------------------------------- */

static void
our_rep_probes (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *dealer = interop_peer (test, "DEALER");

  g_object_set (rep, "probe-router", TRUE, NULL);
  interop_meet (test, rep, dealer);
  interop_peer_receives (dealer, "=");
  interop_peer_sends (dealer, "= =request");
  interop_receive (rep, "=request");
}

static void
their_rep_probes (Interop *test)
{
  ZmqgSocket *dealer = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *rep = interop_peer (test, "REP");

  interop_do (rep, "set probe-router 1");
  interop_meet (test, dealer, rep);
  interop_send (dealer, "= =request");
  interop_peer_receives (rep, "=request");
  interop_receive (dealer, "=");
}

/* --- Notices ------------------------------------------------------------ */

static void
our_router_is_notified (Interop *test)
{
  ZmqgRouterNotify bits = (ZmqgRouterNotify) GPOINTER_TO_INT (test->data);
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealer = interop_peer (test, "DEALER");

  g_object_set (router, "notify-peers", bits, NULL);
  for (guint i = 0; i < 3; i++)
    {
      if (i > 0)
        interop_peer_start (dealer);
      interop_do (dealer, "set routing-id =d");
      if (i == 0)
        interop_meet (test, router, dealer);
      else
        interop_meet_again (test, dealer);

      /* All of it is read when the peer has gone. */
      interop_peer_sends (dealer, "=1");
      interop_peer_sends (dealer, "=2 =3");
      interop_await_count (router, zmqg_statistics_get_arrived, 2 * (i + 1));
      interop_peer_kill (dealer);
      interop_await_no_peer (router);

      if (bits & ZMQG_ROUTER_NOTIFY_CONNECT)
        interop_receive (router, "=d =");
      interop_receive (router, "=d =1");
      interop_receive (router, "=d =2 =3");
      if (bits & ZMQG_ROUTER_NOTIFY_DISCONNECT)
        interop_receive (router, "=d =");
      interop_nothing (router);
    }
}

/* Who says nothing is noticed, and may be spoken to. */
static void
our_router_speaks_first (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealer = interop_peer (test, "DEALER");

  g_object_set (router, "notify-peers",
                ZMQG_ROUTER_NOTIFY_CONNECT | ZMQG_ROUTER_NOTIFY_DISCONNECT,
                NULL);
  interop_do (dealer, "set routing-id =d");
  interop_meet (test, router, dealer);
  interop_receive (router, "=d =");
  interop_send (router, "=d =hello");
  interop_peer_receives (dealer, "=hello");
  interop_peer_kill (dealer);
  interop_receive (router, "=d =");
  interop_nothing (router);
}

/* --- Names that who connects gives -------------------------------------- */

static void
we_name_who_we_connect_to (Interop *test)
{
  const char *type = test->data;
  gboolean is_router = g_str_equal (type, "ROUTER");
  ZmqgSocket *socket;
  ZmqgRouterSocket *router;
  InteropPeer *peers[2];
  g_autoptr (GBytes) left = NULL;

  if (interop_skip_unless_they_bind (test))
    return;

  socket = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  router = ZMQG_ROUTER_SOCKET (socket);
  zmqg_socket_set_routing_id_string (socket, "us");
  zmqg_router_socket_set_connect_routing_id_string (router, "chosen");
  for (guint i = 0; i < 2; i++)
    {
      peers[i] = interop_peer (test, type);
      interop_do (peers[i], "set routing-id =own-%u", i);
      interop_meet (test, socket, peers[i]);
      left = zmqg_router_socket_get_connect_routing_id (router);
      g_assert_null (left);
    }

  /* It may be spoken to before it is there. */
  interop_send (socket, "=chosen =hello");
  interop_peer_receives (peers[0], is_router ? "=us =hello" : "=hello");
  interop_peer_sends (peers[0], is_router ? "=us =back" : "=back");
  interop_receive (socket, "=chosen =back");

  interop_await_peers (socket, 2);
  interop_send (socket, "=own-1 =hello");
  interop_peer_receives (peers[1], is_router ? "=us =hello" : "=hello");
  interop_peer_sends (peers[1], is_router ? "=us =back" : "=back");
  interop_receive (socket, "=own-1 =back");
}

static void
they_name_us (Interop *test)
{
  InteropPeer *router;
  ZmqgSocket *dealers[2];

  if (interop_skip_unless_we_bind (test))
    return;

  router = interop_peer (test, "ROUTER");
  interop_do (router, "set connect-routing-id =chosen");
  for (guint i = 0; i < 2; i++)
    {
      dealers[i] = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
      zmqg_socket_set_routing_id_string (dealers[i], "own");
      interop_meet (test, dealers[i], router);
    }

  interop_peer_sends (router, "=chosen =hello");
  interop_receive (dealers[0], "=hello");
  interop_send (dealers[0], "=back");
  interop_peer_receives (router, "=chosen =back");
  interop_send (dealers[1], "=hello");
  interop_peer_receives (router, "=own =hello");
}

/* --- Requests ----------------------------------------------------------- */

/* Without a number it cannot be told from the reply to the second. */
static void
relaxed_takes_a_late_reply (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");

  g_object_set (req, "relaxed", TRUE, NULL);
  interop_meet (test, req, rep);
  interop_send (req, "=given-up");
  interop_peer_receives (rep, "=given-up");
  interop_send (req, "=wanted");
  interop_peer_sends (rep, "=late");
  interop_receive (req, "=late");
  interop_peer_receives (rep, "=wanted");
}

/* Which of them got the message that was sent to either. */
static guint
find_receiver (InteropPeer *peers[2],
               const char *frames)
{
  g_autofree char *seen = interop_seen (frames);
  g_autofree char *expected = g_strconcat ("message ", seen, NULL);
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  for (guint i = 0;; i = 1 - i)
    {
      g_autofree char *answer = interop_ask (peers[i], "try");

      g_assert_cmpint (g_get_monotonic_time (), <, until);
      if (g_str_equal (answer, "nothing"))
        continue;
      g_assert_cmpstr (answer, ==, expected);
      return i;
    }
}

static void
relaxed_asks_the_next (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *reps[2];
  guint first;

  g_object_set (req, "relaxed", TRUE, NULL);
  for (guint i = 0; i < 2; i++)
    {
      reps[i] = interop_peer (test, "REP");
      interop_meet_another (test, req, reps[i]);
    }
  interop_await_peers (req, 2);

  interop_send (req, "=given-up");
  first = find_receiver (reps, "=given-up");
  interop_send (req, "=wanted");
  interop_peer_receives (reps[1 - first], "=wanted");
  interop_peer_sends (reps[first], "=late");
  interop_await_count (req, zmqg_statistics_get_arrived, 1);
  interop_peer_sends (reps[1 - first], "=right");
  interop_receive (req, "=right");
}

static void
correlated_goes_in_lock_step (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");
  g_autoptr (ZmqgMessage) early = interop_make ("=early");

  g_object_set (req, "correlate", TRUE, NULL);
  interop_meet (test, req, rep);
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (GError) error = NULL;

      interop_send (req, "=request");
      g_assert_false (zmqg_socket_send (req, early, NULL, &error));
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_STATE);
      interop_peer_receives (rep, "=request");
      interop_peer_sends (rep, "=reply");
      interop_receive (req, "=reply");
    }
}

/* The reply must carry the number of the request. */
static void
correlated_skips_other_replies (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *router = interop_peer (test, "ROUTER");
  g_autofree char *answer = NULL;
  g_auto (GStrv) words = NULL;

  g_object_set (req, "correlate", TRUE, NULL);
  zmqg_socket_set_routing_id_string (req, "req");
  interop_meet (test, req, router);
  interop_send (req, "=request");
  answer = interop_ask (router, "recv");
  words = g_strsplit (answer, " ", -1);
  g_assert_cmpuint (g_strv_length (words), ==, 5);
  g_assert_cmpstr (words[1], ==, "=req");
  g_assert_cmpstr (words[3], ==, "=");
  g_assert_cmpstr (words[4], ==, "=request");

  interop_peer_sends (router, "=req =%00%00%00%00 = =wrong");
  interop_peer_sends (router, "=req = =unnumbered");
  interop_do (router, "send =req %s = =right", words[2]);
  interop_receive (req, "=right");
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    InteropFunc func;
    gconstpointer data;
  } tests[] = {
    { "our-router-hands-over", our_router_hands_over, NULL },
    { "their-router-hands-over", their_router_hands_over, NULL },
    { "our-router-does-not-hear-a-double",
      our_router_does_not_hear_a_double, NULL },
    { "their-router-does-not-hear-our-double",
      their_router_does_not_hear_our_double, NULL },
    { "our-rep-serves-a-double", our_rep_serves_a_double, NULL },
    { "our-rep-probes", our_rep_probes, NULL },
    { "their-rep-probes", their_rep_probes, NULL },
    { "our-router-is-notified/of-nothing", our_router_is_notified,
      GINT_TO_POINTER (ZMQG_ROUTER_NOTIFY_NONE) },
    { "our-router-is-notified/of-those-who-come", our_router_is_notified,
      GINT_TO_POINTER (ZMQG_ROUTER_NOTIFY_CONNECT) },
    { "our-router-is-notified/of-those-who-go", our_router_is_notified,
      GINT_TO_POINTER (ZMQG_ROUTER_NOTIFY_DISCONNECT) },
    { "our-router-is-notified/of-both", our_router_is_notified,
      GINT_TO_POINTER (ZMQG_ROUTER_NOTIFY_CONNECT |
                       ZMQG_ROUTER_NOTIFY_DISCONNECT) },
    { "our-router-speaks-first", our_router_speaks_first, NULL },
    { "we-name-the-dealer-we-connect-to", we_name_who_we_connect_to,
      "DEALER" },
    { "we-name-the-router-we-connect-to", we_name_who_we_connect_to,
      "ROUTER" },
    { "they-name-us", they_name_us, NULL },
    { "relaxed-takes-a-late-reply", relaxed_takes_a_late_reply, NULL },
    { "relaxed-asks-the-next", relaxed_asks_the_next, NULL },
    { "correlated-goes-in-lock-step", correlated_goes_in_lock_step, NULL },
    { "correlated-skips-other-replies",
      correlated_skips_other_replies, NULL },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/routing-options/",
                                           tests[i].path, NULL);

      interop_add (path, tests[i].func, tests[i].data);
    }

  return g_test_run ();
}
