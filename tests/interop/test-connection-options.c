/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"
#include "raw-peer.h"

#include "socket/zmqg-socket-private.h"

#include "socket/socks-server.h"

#include <unistd.h>

/* What options of connections, and their number, do with libzmq at the other
 * end. */

/* --- Connecting twice --------------------------------------------------- */

/* A socket of ours with one connection, told to connect there again. */
static ZmqgSocket *
connect_twice (Interop *test,
               ZmqgSocketType type,
               InteropPeer *peer)
{
  ZmqgSocket *socket = interop_socket (test, type);

  interop_meet (test, socket, peer);
  interop_connect (socket, test->uri);
  return socket;
}

/* Over two connections their ROUTER would give us two names. */
static void
twice_is_once_for_dealer_and_req (Interop *test)
{
  ZmqgSocketType type = (ZmqgSocketType) GPOINTER_TO_INT (test->data);
  g_autofree char *first = NULL;
  InteropPeer *router;
  ZmqgSocket *socket;

  if (interop_skip_unless_they_bind (test))
    return;

  router = interop_peer (test, "ROUTER");
  socket = connect_twice (test, type, router);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *answer = NULL;

      interop_send (socket, "=x");
      answer = interop_ask (router, "recv");
      g_assert_true (g_str_has_prefix (answer, "message =%00"));
      g_assert_true (g_str_has_suffix (answer, " =x"));
      if (i == 0)
        first = g_strdup (answer);
      g_assert_cmpstr (answer, ==, first);

      interop_do (router, "send %s", answer + strlen ("message "));
      interop_receive (socket, "=x");
    }
  interop_await_count (socket, zmqg_statistics_get_peers, 1);
}

/* Over two connections they would be told twice. */
static void
twice_is_once_for_sub (Interop *test)
{
  InteropPeer *xpub;
  ZmqgSocket *socket;
  GError *error = NULL;

  if (interop_skip_unless_they_bind (test))
    return;

  xpub = interop_peer (test, "XPUB");
  interop_do (xpub, "set xpub-verboser 1");
  socket = connect_twice (test, ZMQG_SOCKET_TYPE_SUB, xpub);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *topic = g_strdup_printf ("topic-%u", i);
      g_autofree char *notice = g_strdup_printf ("=%%01topic-%u", i);
      g_autofree char *message = g_strdup_printf ("=topic-%u", i);

      zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), topic, &error);
      g_assert_no_error (error);
      interop_peer_receives (xpub, notice);
      interop_peer_sends (xpub, message);
      interop_receive (socket, message);
    }
  interop_await_count (socket, zmqg_statistics_get_peers, 1);
}

static void
twice_is_once_for_pub (Interop *test)
{
  InteropPeer *sub;
  ZmqgSocket *socket;

  if (interop_skip_unless_they_bind (test))
    return;

  sub = interop_peer (test, "SUB");
  interop_do (sub, "subscribe =");
  interop_do (sub, "subscribe =x");
  socket = connect_twice (test, ZMQG_SOCKET_TYPE_PUB, sub);
  interop_await_topics (socket, sub, 2);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *message = g_strdup_printf ("=%u", i);

      interop_send (socket, message);
      interop_peer_receives (sub, message);
    }
  interop_await_count (socket, zmqg_statistics_get_peers, 1);
}

static void
twice_is_twice_for_router (Interop *test)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  InteropPeer *router;
  ZmqgSocket *socket;

  if (interop_skip_unless_they_bind (test))
    return;

  router = interop_peer (test, "ROUTER");
  socket = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  g_object_set (socket, "probe-router", TRUE, NULL);
  interop_meet (test, socket, router);
  interop_connect (socket, test->uri);
  interop_await_count (socket, zmqg_statistics_get_peers, 2);

  first = interop_ask (router, "recv");
  second = interop_ask (router, "recv");
  g_assert_true (g_str_has_prefix (first, "message =%00"));
  g_assert_true (g_str_has_prefix (second, "message =%00"));
  g_assert_cmpstr (first, !=, second);
}

static void
twice_is_twice_for_push (Interop *test)
{
  InteropPeer *pull;
  ZmqgSocket *socket;

  if (interop_skip_unless_they_bind (test))
    return;

  pull = interop_peer (test, "PULL");
  socket = connect_twice (test, ZMQG_SOCKET_TYPE_PUSH, pull);
  interop_await_count (socket, zmqg_statistics_get_peers, 2);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *message = g_strdup_printf ("=%u", i);

      interop_send (socket, message);
      interop_peer_receives (pull, message);
    }
}

/* --- The largest message ------------------------------------------------ */

typedef struct
{
  guint n;
  GError *reason;
} Loss;

static void
note_loss (ZmqgSocket *socket G_GNUC_UNUSED,
           ZmqgPeer *peer G_GNUC_UNUSED,
           GError *reason,
           gpointer user_data)
{
  Loss *loss = user_data;

  loss->n++;
  if (loss->reason == NULL && reason != NULL)
    loss->reason = g_error_copy (reason);
}

/* The only endpoint of a socket that will not try again. */
static void
expect_stopped (ZmqgSocket *socket)
{
  GListModel *endpoints = zmqg_socket_get_endpoints (socket);
  g_autoptr (ZmqgEndpoint) endpoint = g_list_model_get_item (endpoints, 0);
  g_autoptr (GError) error = NULL;

  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_STOPPED,
                   INTEROP_DEADLINE_MS);
  error = zmqg_endpoint_get_last_error (endpoint);
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE);
}

/* 1000 bytes at most, in one frame or in several. */
static void
too_large_ends_the_connection (Interop *test)
{
  static const char *const parts[][2] = {
    { "*1000.1", "*1001.1" },
    { "*600.1 *400.2", "*600.1 *401.2" },
    { "= *999.1 =x", "= *1000.1 =x" },
  };
  guint which = GPOINTER_TO_UINT (test->data);
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");
  Loss loss = { 0, NULL };
  gulong handler;

  g_object_set (pull, "max-message-size", (gint64) 1000, NULL);
  handler = g_signal_connect (pull, "peer-removed", G_CALLBACK (note_loss),
                              &loss);
  interop_meet (test, pull, push);
  for (guint i = 0; i < 3; i++)
    {
      interop_peer_sends (push, parts[which][0]);
      interop_receive (pull, parts[which][0]);
    }

  interop_peer_sends (push, parts[which][1]);
  ZMQG_TEST_AWAIT (loss.n > 0, INTEROP_DEADLINE_MS);
  g_assert_error (loss.reason, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE);
  interop_nothing (pull);

  /* Who connects to us may come again; we do not, to one that does that. */
  if (test->we_bind)
    {
      interop_await_peers (pull, 1);
      interop_peer_sends (push, parts[which][0]);
      interop_receive (pull, parts[which][0]);
    }
  else
    {
      expect_stopped (pull);
    }

  g_signal_handler_disconnect (pull, handler);
  g_clear_error (&loss.reason);
}

/* --- The newest only ---------------------------------------------------- */

static void
our_pull_keeps_the_newest (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");

  g_object_set (pull, "conflate", TRUE, NULL);
  interop_meet (test, pull, push);
  for (guint i = 1; i <= 3; i++)
    {
      interop_do (push, "burst 0 99");
      interop_peer_sends (push, "=newest");
      interop_await_count (pull, zmqg_statistics_get_arrived, 100 * i);
      interop_receive (pull, "=newest");
      interop_nothing (pull);
    }
}

static void
our_sub_keeps_the_newest (Interop *test)
{
  ZmqgSocket *sub = interop_socket (test, ZMQG_SOCKET_TYPE_SUB);
  InteropPeer *xpub = interop_peer (test, "XPUB");
  GError *error = NULL;

  g_object_set (sub, "conflate", TRUE, NULL);
  zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (sub), "", &error);
  g_assert_no_error (error);
  interop_meet (test, sub, xpub);
  interop_peer_receives (xpub, "=%01");
  for (guint i = 1; i <= 3; i++)
    {
      for (guint j = 0; j < 20; j++)
        interop_do (xpub, "send =%u", j);
      interop_await_count (sub, zmqg_statistics_get_arrived, 20 * i);
      interop_receive (sub, "=19");
      interop_nothing (sub);
    }
}

static void
send_numbers (ZmqgSocket *socket,
              guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *message = g_strdup_printf ("=%u", i);

      interop_send (socket, message);
    }
}

/* Sends more numbers than fit between us and a peer that keeps the newest:
 * when all are on their way, it has thrown some away. */
static void
expect_newest (ZmqgSocket *socket,
               InteropPeer *peer)
{
  const gint64 last = 49999;
  gint64 until;
  gint64 previous = 0;

  for (gint64 i = 0; i <= last; i++)
    {
      g_autofree char *message = NULL;

      message = g_strdup_printf ("=%" G_GINT64_FORMAT "%030d", i + 10000, 0);
      interop_send (socket, message);
    }
  interop_await_count (socket, zmqg_statistics_get_outbound_queued, 0);

  until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;
  while (previous != last)
    {
      g_autofree char *answer = interop_ask (peer, "try");
      gint64 number;

      g_assert_cmpint (g_get_monotonic_time (), <, until);
      if (g_str_equal (answer, "nothing"))
        continue;
      g_assert_true (g_str_has_prefix (answer, "message ="));
      answer[strlen ("message =") + 5] = '\0';
      number = g_ascii_strtoll (answer + strlen ("message ="), NULL, 10);
      number -= 10000;
      g_assert_cmpint (number, >, previous);
      previous = number;
    }
  interop_tell (peer, "try");
  interop_expect (peer, "nothing");
}

static void
their_pull_keeps_the_newest (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");

  g_object_set (push, "send-buffer", 10000, NULL);
  interop_do (pull, "set rcvbuf 10000");
  interop_do (pull, "set rcvhwm 0");
  interop_do (pull, "set conflate 1");
  interop_meet (test, push, pull);
  expect_newest (push, pull);
}

static void
their_sub_keeps_the_newest (Interop *test)
{
  ZmqgSocket *pub = interop_socket (test, ZMQG_SOCKET_TYPE_PUB);
  InteropPeer *sub = interop_peer (test, "SUB");

  g_object_set (pub, "no-drop", TRUE, "send-buffer", 10000, NULL);
  interop_do (sub, "set rcvbuf 10000");
  interop_do (sub, "set rcvhwm 0");
  interop_do (sub, "set conflate 1");
  interop_do (sub, "subscribe =");
  interop_meet (test, pub, sub);
  interop_await_topics (pub, sub, 1);
  expect_newest (pub, sub);
}

/* --- Endpoints where nobody is ------------------------------------------ */

/* A place where one can bind later, and nobody else does meanwhile. */
typedef struct
{
  RawPeer *holder;
  char *uri;
} Place;

static void
place_init (Place *place,
            Interop *test)
{
  place->holder = raw_peer_new ();
  place->uri = g_str_equal (test->transport, "ipc")
                 ? g_strdup_printf ("ipc://%s/place", test->folder)
                 : raw_peer_hold (place->holder);
}

static void
place_clear (Place *place)
{
  raw_peer_free (place->holder);
  g_free (place->uri);
}

static void
refuses_to_send (ZmqgSocket *socket)
{
  g_autoptr (ZmqgMessage) message = interop_make ("=refused");
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_try_send (socket, message, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
}

/* What waits for a connection is the newest alone. */
static void
the_newest_waits_for_a_connection (Interop *test)
{
  Place place;

  place_init (&place, test);
  if (test->we_bind)
    {
      InteropPeer *push = interop_peer (test, "PUSH");
      ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);

      interop_do (push, "set conflate 1");
      interop_do (push, "connect %s", place.uri);
      interop_do (push, "burst 0 100");
      interop_bind (pull, place.uri);
      interop_receive (pull, "=99");
      interop_peer_sends (push, "=end");
      interop_receive (pull, "=end");
    }
  else
    {
      InteropPeer *pull = interop_peer (test, "PULL");
      ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);

      g_object_set (push, "conflate", TRUE, NULL);
      interop_connect (push, place.uri);
      send_numbers (push, 100);
      interop_tell (pull, "bind %s", place.uri);
      interop_expect (pull, "ok %s", place.uri);
      interop_peer_receives (pull, "=99");
      interop_send (push, "=end");
      interop_peer_receives (pull, "=end");
    }
  place_clear (&place);
}

static gboolean
has_pipe (ZmqgSocket *socket)
{
  gboolean has;

  zmqg_socket_core_lock (socket->core);
  has = socket->core->pipes->len > 0;
  zmqg_socket_core_unlock (socket->core);

  return has;
}

static void
immediate_waits_for_a_connection (Interop *test)
{
  Place place;

  place_init (&place, test);
  if (test->we_bind)
    {
      InteropPeer *push = interop_peer (test, "PUSH");
      ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);

      interop_do (push, "set immediate 1");
      interop_do (push, "connect %s", place.uri);
      interop_tell (push, "flood =refused");
      interop_expect (push, "ok 0");
      interop_bind (pull, place.uri);
      interop_peer_sends (push, "=sent");
      interop_receive (pull, "=sent");
    }
  else
    {
      InteropPeer *pull = interop_peer (test, "PULL");
      ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);

      g_object_set (push, "immediate", TRUE, NULL);
      interop_connect (push, place.uri);
      refuses_to_send (push);
      interop_tell (pull, "bind %s", place.uri);
      interop_expect (pull, "ok %s", place.uri);
      interop_send (push, "=sent");
      interop_peer_receives (pull, "=sent");
    }
  place_clear (&place);
}

/* Without it, every other message would wait for the one who is not there. */
static void
immediate_sends_to_who_is_there (Interop *test)
{
  InteropPeer *pull;
  ZmqgSocket *push;
  Place place;

  if (interop_skip_unless_they_bind (test))
    return;

  pull = interop_peer (test, "PULL");
  push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  place_init (&place, test);
  g_object_set (push, "immediate", TRUE, NULL);
  interop_connect (push, place.uri);
  interop_meet (test, push, pull);
  interop_tell (pull, "collect 0 100");
  send_numbers (push, 100);
  interop_expect (pull, "ok");
  place_clear (&place);
}

static void
immediate_loses_what_was_queued (Interop *test)
{
  InteropPeer *pull;
  ZmqgSocket *push;
  gboolean full = FALSE;

  if (interop_skip_unless_they_bind (test))
    return;

  pull = interop_peer (test, "PULL");
  push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (push, "immediate", TRUE, "send-hwm", 10, NULL);
  interop_do (pull, "set rcvhwm 10");
  interop_meet (test, push, pull);
  interop_await_peers (push, 1);
  while (!full)
    {
      g_autoptr (ZmqgMessage) message = interop_make ("=old *100000.1");
      g_autoptr (GError) error = NULL;

      full = !zmqg_socket_try_send (push, message, &error);
      if (full)
        g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
    }

  interop_peer_kill (pull);
  ZMQG_TEST_AWAIT (!has_pipe (push), INTEROP_DEADLINE_MS);
  refuses_to_send (push);
  interop_peer_start (pull);
  interop_meet_again (test, pull);
  interop_send (push, "=new");
  interop_peer_receives (pull, "=new");
}

/* --- IPv6 --------------------------------------------------------------- */

/* Brings both together at such an address. */
static void
meet_at (Interop *test,
         ZmqgSocket *socket,
         InteropPeer *peer,
         const char *address,
         const char *to)
{
  g_autofree char *bound = NULL;
  g_autofree char *uri = NULL;

  if (test->we_bind)
    {
      interop_bind (socket, address);
      bound = zmqg_socket_get_last_endpoint (socket);
    }
  else
    {
      bound = interop_ask (peer, "bind %s", address);
    }
  uri = g_strconcat (to, strrchr (bound, ':'), NULL);
  if (test->we_bind)
    interop_do (peer, "connect %s", uri);
  else
    interop_connect (socket, uri);
}

static void
expect_address (ZmqgMessage *message,
                const char *expected)
{
  g_autoptr (ZmqgPeer) peer = zmqg_message_get_peer (message);
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *text = NULL;

  g_object_get (peer, "remote-address", &address, NULL);
  text = g_inet_address_to_string (g_inet_socket_address_get_address (
    G_INET_SOCKET_ADDRESS (address)));
  g_assert_cmpstr (text, ==, expected);
}

/* An answer and where it came from. */
static void
talk (ZmqgSocket *socket,
      InteropPeer *peer,
      const char *address)
{
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  interop_send (socket, "=hello");
  interop_peer_receives (peer, "=hello");
  interop_peer_sends (peer, "=back");
  message = zmqg_socket_receive (socket, NULL, &error);
  g_assert_no_error (error);
  expect_address (message, address);
}

static void
both_use_ipv6 (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_PAIR);
  InteropPeer *peer = interop_peer (test, "PAIR");

  if (interop_skip_without_ipv6 ())
    return;

  g_object_set (socket, "ipv6", TRUE, NULL);
  interop_do (peer, "set ipv6 1");
  meet_at (test, socket, peer, "tcp://[::1]:*", "tcp://[::1]");
  talk (socket, peer, "::1");
}

/* Who binds takes those of IPv4, too; we tell the address as they know it. */
static void
one_uses_ipv4 (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_PAIR);
  InteropPeer *peer = interop_peer (test, "PAIR");

  if (interop_skip_without_ipv6 ())
    return;

  if (test->we_bind)
    g_object_set (socket, "ipv6", TRUE, NULL);
  else
    interop_do (peer, "set ipv6 1");
  meet_at (test, socket, peer, "tcp://*:*", "tcp://127.0.0.1");
  talk (socket, peer, "127.0.0.1");
}

/* --- Filters ------------------------------------------------------------ */

static void
count_refusal (ZmqgSocket *socket G_GNUC_UNUSED,
               ZmqgEndpoint *endpoint G_GNUC_UNUSED,
               GSocketAddress *address G_GNUC_UNUSED,
               GError *error,
               gpointer user_data)
{
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  (*(guint *) user_data)++;
}

static void
add_our_filter (Interop *test,
                ZmqgSocket *socket,
                InteropPeer *peer,
                gboolean is_right)
{
  GError *error = NULL;

  if (g_str_equal (test->transport, "tcp"))
    zmqg_socket_add_accept_filter (socket,
                                   is_right ? "127.0.0.0/8" : "10.0.0.0/8",
                                   &error);
  else
    zmqg_socket_add_ipc_filter_pid (socket,
                                    is_right ? interop_peer_get_pid (peer)
                                             : 1);
  g_assert_no_error (error);
}

static void
add_their_filter (Interop *test,
                  InteropPeer *peer,
                  gboolean is_right)
{
  if (g_str_equal (test->transport, "tcp"))
    interop_do (peer, "set tcp-accept-filter =%s",
                is_right ? "127.0.0.0/8" : "10.0.0.0/8");
  else
    interop_do (peer, "set ipc-filter-pid %u",
                is_right ? (guint) getpid () : 1u);
}

static void
a_filter_lets_in (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");

  for (guint i = 0; i < 2; i++)
    if (test->we_bind)
      add_our_filter (test, push, pull, i == 1);
    else
      add_their_filter (test, pull, i == 1);
  interop_meet (test, push, pull);
  interop_send (push, "=in");
  interop_peer_receives (pull, "=in");
}

static void
a_filter_keeps_out (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");
  guint n_refused = 0;

  if (test->we_bind)
    {
      g_signal_connect (pull, "handshake-failed", G_CALLBACK (count_refusal),
                        &n_refused);
      add_our_filter (test, pull, push, FALSE);
    }
  else
    {
      add_their_filter (test, push, FALSE);
    }
  interop_meet (test, pull, push);

  /* Again and again. */
  if (test->we_bind)
    ZMQG_TEST_AWAIT (n_refused > 2, INTEROP_DEADLINE_MS);
  else
    ZMQG_TEST_AWAIT (interop_count (pull,
                                    zmqg_statistics_get_failed_handshakes) > 2,
                     INTEROP_DEADLINE_MS);
  g_assert_cmpuint (interop_count (pull, zmqg_statistics_get_peers), ==, 0);
  g_signal_handlers_disconnect_by_func (pull, count_refusal, &n_refused);
}

/* --- Proxies ------------------------------------------------------------ */

/* One that asks who it is; and again when the connection was lost. */
static void
through_a_proxy (Interop *test)
{
  SocksServer *server = socks_server_new (SOCKS_SERVER_PASSWORD);
  const char *address = socks_server_get_address (server);
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *peer = interop_peer (test, "DEALER");

  if (test->we_bind)
    {
      interop_do (peer, "set socks-username =me");
      interop_do (peer, "set socks-password =secret");
      interop_do (peer, "set socks-proxy =%s", address);
    }
  else
    {
      g_object_set (socket, "socks-username", "me", "socks-password",
                    "secret", "socks-proxy", address, NULL);
    }
  interop_meet (test, socket, peer);
  interop_send (socket, "=hello");
  interop_peer_receives (peer, "=hello");
  interop_peer_sends (peer, "=back");
  interop_receive (socket, "=back");
  g_assert_cmpuint (socks_server_get_n_connected (server), ==, 1);
  socks_server_cut (server);
  ZMQG_TEST_AWAIT (socks_server_get_n_connected (server) == 2,
                   INTEROP_DEADLINE_MS);
  if (test->we_bind)
    {
      interop_peer_sends (peer, "=again");
      interop_receive (socket, "=again");
    }
  else
    {
      interop_send (socket, "=again");
      interop_peer_receives (peer, "=again");
    }
  socks_server_free (server);
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
    { "connecting-twice-is-once/dealer", twice_is_once_for_dealer_and_req,
      ZMQG_SOCKET_TYPE_DEALER },
    { "connecting-twice-is-once/req", twice_is_once_for_dealer_and_req,
      ZMQG_SOCKET_TYPE_REQ },
    { "connecting-twice-is-once/sub", twice_is_once_for_sub, 0 },
    { "connecting-twice-is-once/pub", twice_is_once_for_pub, 0 },
    { "connecting-twice-is-twice/router", twice_is_twice_for_router, 0 },
    { "connecting-twice-is-twice/push", twice_is_twice_for_push, 0 },
    { "too-large-ends-the-connection/one-frame",
      too_large_ends_the_connection, 0 },
    { "too-large-ends-the-connection/two-frames",
      too_large_ends_the_connection, 1 },
    { "too-large-ends-the-connection/three-frames",
      too_large_ends_the_connection, 2 },
    { "our-pull-keeps-the-newest", our_pull_keeps_the_newest, 0 },
    { "our-sub-keeps-the-newest", our_sub_keeps_the_newest, 0 },
    { "their-pull-keeps-the-newest", their_pull_keeps_the_newest, 0 },
    { "their-sub-keeps-the-newest", their_sub_keeps_the_newest, 0 },
    { "the-newest-waits-for-a-connection",
      the_newest_waits_for_a_connection, 0 },
    { "immediate-waits-for-a-connection",
      immediate_waits_for_a_connection, 0 },
    { "immediate-sends-to-who-is-there", immediate_sends_to_who_is_there, 0 },
    { "immediate-loses-what-was-queued", immediate_loses_what_was_queued, 0 },
    { "a-filter-lets-in", a_filter_lets_in, 0 },
    { "a-filter-keeps-out", a_filter_keeps_out, 0 },
  };

  static const struct
  {
    const char *path;
    InteropFunc func;
  } tests_of_tcp[] = {
    { "both-use-ipv6", both_use_ipv6 },
    { "one-uses-ipv4", one_uses_ipv4 },
    { "through-a-proxy", through_a_proxy },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests_of_tcp); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/connection-options/",
                                           tests_of_tcp[i].path, NULL);

      interop_add_tcp (path, tests_of_tcp[i].func, NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/connection-options/",
                                           tests[i].path, NULL);

      interop_add (path, tests[i].func, GINT_TO_POINTER (tests[i].data));
    }

  return g_test_run ();
}
