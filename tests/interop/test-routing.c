/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/* Identities, envelopes, lock-step and probes. */

static ZmqgMessage *
receive (ZmqgSocket *socket)
{
  ZmqgMessage *message;
  GError *error = NULL;

  message = zmqg_socket_receive (socket, NULL, &error);
  g_assert_no_error (error);
  return message;
}

/* --- Identities --------------------------------------------------------- */

static void
our_router_knows_their_identity (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealer = interop_peer (test, "DEALER");

  interop_do (dealer, "set routing-id =alpha");
  interop_meet (test, router, dealer);
  interop_peer_sends (dealer, "=hello");
  interop_receive (router, "=alpha =hello");
  interop_send (router, "=alpha =welcome =back");
  interop_peer_receives (dealer, "=welcome =back");
}

static void
their_router_knows_our_identity (Interop *test)
{
  ZmqgSocket *dealer = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *router = interop_peer (test, "ROUTER");

  zmqg_socket_set_routing_id_string (dealer, "alpha");
  interop_meet (test, dealer, router);
  interop_send (dealer, "=hello");
  interop_peer_receives (router, "=alpha =hello");
  interop_peer_sends (router, "=alpha =welcome =back");
  interop_receive (dealer, "=welcome =back");
}

/* The longest that the wire's property can be asked for: 255 bytes. */
static void
longest_identity (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealer = interop_peer (test, "DEALER");

  interop_do (dealer, "set routing-id *255.4");
  interop_meet (test, router, dealer);
  interop_peer_sends (dealer, "=hello");
  interop_receive (router, "*255.4 =hello");
  interop_send (router, "*255.4 =back");
  interop_peer_receives (dealer, "=back");
}

/* A generated id is a zero byte and four others. */
static void
our_router_names_who_has_no_name (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealer = interop_peer (test, "DEALER");
  g_autoptr (ZmqgMessage) message = NULL;
  const guint8 *id;
  gsize size;
  GError *error = NULL;

  interop_meet (test, router, dealer);
  interop_peer_sends (dealer, "=hello");
  message = receive (router);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 2);
  id = zmqg_message_get_data (message, 0, &size);
  g_assert_cmpuint (size, ==, 5);
  g_assert_cmpuint (id[0], ==, 0);

  zmqg_socket_send (router, message, NULL, &error);
  g_assert_no_error (error);
  interop_peer_receives (dealer, "=hello");
}

static void
their_router_names_us (Interop *test)
{
  ZmqgSocket *dealer = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *router = interop_peer (test, "ROUTER");
  g_autofree char *answer = NULL;

  interop_meet (test, dealer, router);
  interop_send (dealer, "=hello");
  answer = interop_ask (router, "recv");
  g_assert_true (g_str_has_prefix (answer, "message =%00"));
  g_assert_true (g_str_has_suffix (answer, " =hello"));
  *strrchr (answer, ' ') = '\0';
  interop_do (router, "send %s =back", answer + strlen ("message "));
  interop_receive (dealer, "=back");
}

static void
router_tells_three_peers_apart (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealers[3];
  static const char *const names[] = { "a", "b", "c" };

  for (guint i = 0; i < 3; i++)
    {
      dealers[i] = interop_peer (test, "DEALER");
      interop_do (dealers[i], "set routing-id =%s", names[i]);
      interop_meet_another (test, router, dealers[i]);
      interop_do (dealers[i], "send =from-%s", names[i]);
    }

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (ZmqgMessage) message = receive (router);
      g_autofree char *name = zmqg_message_get_string (message, 0);
      g_autofree char *content = zmqg_message_get_string (message, 1);
      g_autofree char *expected = g_strdup_printf ("from-%s", name);

      g_assert_cmpstr (content, ==, expected);
    }

  for (guint i = 3; i > 0; i--)
    {
      g_autofree char *to = g_strdup_printf ("=%s =to-%s", names[i - 1],
                                             names[i - 1]);

      interop_send (router, to);
    }
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *expected = g_strdup_printf ("=to-%s", names[i]);

      interop_peer_receives (dealers[i], expected);
    }
}

static void
mandatory_router_refuses_who_is_unknown (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealer = interop_peer (test, "DEALER");
  g_autoptr (ZmqgMessage) unknown = interop_make ("=nobody =x");
  g_autoptr (GError) error = NULL;

  g_object_set (router, "mandatory", TRUE, NULL);
  interop_do (dealer, "set routing-id =alpha");
  interop_meet (test, router, dealer);
  interop_await_peers (router, 1);

  g_assert_false (zmqg_socket_send (router, unknown, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE);
  interop_send (router, "=alpha =x");
  interop_peer_receives (dealer, "=x");
}

/* --- Requests and replies ----------------------------------------------- */

static void
our_req_goes_in_lock_step (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");
  g_autoptr (ZmqgMessage) early = interop_make ("=early");

  interop_meet (test, req, rep);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *request = g_strdup_printf ("=request =%u", i);
      g_autofree char *reply = g_strdup_printf ("=reply =%u", i);
      g_autoptr (GError) error = NULL;

      interop_send (req, request);
      g_assert_false (zmqg_socket_send (req, early, NULL, &error));
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_STATE);
      interop_peer_receives (rep, request);
      interop_peer_sends (rep, reply);
      interop_receive (req, reply);
    }
}

static void
our_rep_goes_in_lock_step (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *req = interop_peer (test, "REQ");
  g_autoptr (ZmqgMessage) early = interop_make ("=early");

  interop_meet (test, rep, req);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *request = g_strdup_printf ("=request =%u", i);
      g_autofree char *reply = g_strdup_printf ("=reply =%u", i);
      g_autoptr (GError) error = NULL;

      g_assert_false (zmqg_socket_send (rep, early, NULL, &error));
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_STATE);
      interop_peer_sends (req, request);
      interop_receive (rep, request);
      interop_send (rep, reply);
      interop_peer_receives (req, reply);
    }
}

static void
correlated_requests (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");

  g_object_set (req, "correlate", TRUE, "relaxed", TRUE, NULL);
  interop_meet (test, req, rep);
  interop_await_peers (req, 1);

  /* The reply to the request that was given up must not be taken for the
   * other's. */
  interop_send (req, "=given-up");
  interop_peer_receives (rep, "=given-up");
  interop_send (req, "=wanted");
  interop_peer_sends (rep, "=late");
  interop_peer_receives (rep, "=wanted");
  interop_peer_sends (rep, "=right");
  interop_receive (req, "=right");
}

static void
their_correlated_requests (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *req = interop_peer (test, "REQ");

  interop_do (req, "set req-correlate 1");
  interop_do (req, "set req-relaxed 1");
  interop_meet (test, rep, req);
  interop_peer_sends (req, "=given-up");
  interop_receive (rep, "=given-up");
  interop_peer_sends (req, "=wanted");
  interop_send (rep, "=late");
  interop_receive (rep, "=wanted");
  interop_send (rep, "=right");
  interop_peer_receives (req, "=right");
}

/* Everything up to the first empty frame is the envelope. */
static void
our_rep_keeps_the_envelope (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *dealer = interop_peer (test, "DEALER");

  interop_meet (test, rep, dealer);
  interop_peer_sends (dealer, "=no-delimiter");
  interop_peer_sends (dealer, "=hop1 =hop2 = =body =");
  interop_receive (rep, "=body =");
  interop_send (rep, "=reply");
  interop_peer_receives (dealer, "=hop1 =hop2 = =reply");
}

static void
their_rep_keeps_our_envelope (Interop *test)
{
  ZmqgSocket *dealer = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *rep = interop_peer (test, "REP");

  interop_meet (test, dealer, rep);
  interop_send (dealer, "=no-delimiter");
  interop_send (dealer, "=hop1 =hop2 = =body =");
  interop_peer_receives (rep, "=body =");
  interop_peer_sends (rep, "=reply");
  interop_receive (dealer, "=hop1 =hop2 = =reply");
}

/* --- Probes ------------------------------------------------------------- */

static void
our_probe_arrives (Interop *test)
{
  ZmqgSocket *dealer = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *router = interop_peer (test, "ROUTER");

  g_object_set (dealer, "probe-router", TRUE, NULL);
  zmqg_socket_set_routing_id_string (dealer, "alpha");
  interop_meet (test, dealer, router);
  interop_peer_receives (router, "=alpha =");
  interop_peer_sends (router, "=alpha =seen");
  interop_receive (dealer, "=seen");
}

static void
their_probe_arrives (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealer = interop_peer (test, "DEALER");
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  interop_do (dealer, "set routing-id =alpha");
  interop_do (dealer, "set probe-router 1");
  interop_meet (test, router, dealer);

  /* A socket of libzmq that is bound probes when it is called. */
  while ((zmqg_socket_get_events (router) & G_IO_IN) == 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      interop_tell (dealer, "try");
      interop_expect (dealer, "nothing");
    }
  interop_receive (router, "=alpha =");
}

static void
our_router_probes (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *other = interop_peer (test, "ROUTER");

  g_object_set (router, "probe-router", TRUE, NULL);
  zmqg_socket_set_routing_id_string (router, "us");
  interop_do (other, "set routing-id =them");
  interop_meet (test, router, other);
  interop_peer_receives (other, "=us =");
  interop_peer_sends (other, "=us =hello");
  interop_receive (router, "=them =hello");
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
    { "our-router-knows-their-identity", our_router_knows_their_identity },
    { "their-router-knows-our-identity", their_router_knows_our_identity },
    { "identity-of-255-bytes", longest_identity },
    { "our-router-names-who-has-no-name", our_router_names_who_has_no_name },
    { "their-router-names-us", their_router_names_us },
    { "router-tells-three-peers-apart", router_tells_three_peers_apart },
    { "mandatory-router-refuses-who-is-unknown",
      mandatory_router_refuses_who_is_unknown },
    { "our-req-goes-in-lock-step", our_req_goes_in_lock_step },
    { "our-rep-goes-in-lock-step", our_rep_goes_in_lock_step },
    { "our-req-correlates-replies", correlated_requests },
    { "our-rep-returns-their-correlation", their_correlated_requests },
    { "our-rep-keeps-the-envelope", our_rep_keeps_the_envelope },
    { "their-rep-keeps-our-envelope", their_rep_keeps_our_envelope },
    { "our-probe-arrives", our_probe_arrives },
    { "their-probe-arrives", their_probe_arrives },
    { "our-router-probes-theirs", our_router_probes },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/routing/",
                                           tests[i].path, NULL);

      interop_add (path, tests[i].func, NULL);
    }

  return g_test_run ();
}
