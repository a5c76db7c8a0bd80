/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/*
 * Endpoints that lose their peer and do not connect again: they end, with
 * their pipe, in both libraries. Where we connect it is our socket that is
 * asked, where we bind libzmq's.
 */

typedef struct
{
  ZmqgSocketType ours;
  const char *ours_text;
  const char *theirs;
  gboolean sends;     /* and would wait for a peer */
  gboolean asks_back; /* lock-step: nothing is sent twice */
} Types;

static const Types types[] = {
  { ZMQG_SOCKET_TYPE_PUSH, "PUSH", "PULL", TRUE, FALSE },
  { ZMQG_SOCKET_TYPE_DEALER, "DEALER", "DEALER", TRUE, FALSE },
  { ZMQG_SOCKET_TYPE_PAIR, "PAIR", "PAIR", TRUE, FALSE },
  { ZMQG_SOCKET_TYPE_REQ, "REQ", "REP", TRUE, TRUE },
  { ZMQG_SOCKET_TYPE_SUB, "SUB", "PUB", FALSE, FALSE },
  { ZMQG_SOCKET_TYPE_PUB, "PUB", "SUB", FALSE, FALSE },
};

static void
expect_no_room (ZmqgSocket *socket)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_try_send (socket, message, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
}

static void
expect_not_connected (ZmqgSocket *socket,
                      const char *uri)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_disconnect_from (socket, uri, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_FOUND);
}

static ZmqgEndpoint *
only_endpoint (ZmqgSocket *socket)
{
  GListModel *endpoints = zmqg_socket_get_endpoints (socket);

  g_assert_cmpuint (g_list_model_get_n_items (endpoints), ==, 1);
  return g_list_model_get_item (endpoints, 0);
}

static void
expect_ended (ZmqgSocket *socket,
              ZmqgEndpoint *endpoint)
{
  GListModel *endpoints = zmqg_socket_get_endpoints (socket);

  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_CLOSED, INTEROP_DEADLINE_MS);
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (endpoints) == 0,
                   INTEROP_DEADLINE_MS);
}

/* --- One endpoint --------------------------------------------------------- */

static void
ours_ends (Interop *test,
           const Types *pair)
{
  ZmqgSocket *socket = interop_socket (test, pair->ours);
  InteropPeer *peer = interop_peer (test, pair->theirs);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (GError) reason = NULL;
  GError *error = NULL;

  g_object_set (socket, "reconnect-interval", -1, NULL);
  interop_meet (test, socket, peer);
  endpoint = only_endpoint (socket);
  interop_await_peers (socket, 1);
  interop_peer_kill (peer);

  expect_ended (socket, endpoint);
  reason = zmqg_endpoint_get_last_error (endpoint);
  g_assert_nonnull (reason);
  if (pair->sends)
    expect_no_room (socket);
  expect_not_connected (socket, test->uri);

  /* The same text connects again. */
  interop_peer_start (peer);
  interop_meet_again (test, peer);
  zmqg_socket_connect_to (socket, test->uri, &error);
  g_assert_no_error (error);
  interop_await_peers (socket, 1);
  if (pair->sends)
    {
      interop_send (socket, "=again");
      interop_peer_receives (peer, "=again");
    }
}

static void
theirs_ends (Interop *test,
             const Types *pair)
{
  ZmqgSocket *socket = interop_socket (test, pair->ours);
  InteropPeer *peer = interop_peer (test, pair->ours_text);
  g_autofree char *answer = NULL;

  /* A DEALER's peer is one again, a PUSH's is not. */
  if (pair->ours == ZMQG_SOCKET_TYPE_PUSH)
    socket = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  interop_do (peer, "set reconnect-ivl -1");
  /* Not the mark is to be met. */
  interop_do (peer, "set sndhwm 1000000");
  interop_do (peer, "set sndtimeo 0");
  interop_meet (test, socket, peer);
  interop_await_peers (socket, 1);
  zmqg_socket_close (socket);

  do
    {
      g_free (answer);
      answer = interop_ask (peer, "send =x");
    }
  while (g_str_equal (answer, "ok"));
  g_assert_cmpstr (answer, ==, "error Resource temporarily unavailable");
  interop_tell (peer, "disconnect %s", test->uri);
  interop_expect (peer, "error No such file or directory");
}

static void
the_endpoint_ends (Interop *test)
{
  const Types *pair = test->data;

  if (!test->we_bind)
    ours_ends (test, pair);
  else if (pair->sends && !pair->asks_back)
    theirs_ends (test, pair);
  else
    g_test_skip ("libzmq's does not say when");
}

/* --- Two ------------------------------------------------------------------ */

/* A pipe that nobody reads takes no share. */
static void
the_survivor_gets_everything (Interop *test)
{
  ZmqgSocket *push;
  InteropPeer *pull;
  InteropPeer *other;

  if (test->we_bind)
    {
      g_test_skip ("libzmq's share is the one it has had all along");
      return;
    }

  push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  pull = interop_peer (test, "PULL");
  other = interop_peer (test, "PULL");
  g_object_set (push, "reconnect-interval", 0, NULL);
  interop_meet (test, push, pull);
  interop_meet_another (test, push, other);
  interop_await_peers (push, 2);

  interop_peer_kill (other);
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (
                     zmqg_socket_get_endpoints (push)) == 1,
                   INTEROP_DEADLINE_MS);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *message = g_strdup_printf ("=%u", i);

      interop_send (push, message);
    }
  interop_tell (pull, "collect 0 100");
  interop_expect (pull, "ok");
}

/* --- Refused -------------------------------------------------------------- */

/* Nobody listens there, and nobody will: at the first attempt, or at the next
 * one. */
static void
a_refused_one_ends (Interop *test)
{
  gboolean at_first = GPOINTER_TO_INT (test->data);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  ZmqgSocket *push;
  InteropPeer *pull;
  GError *error = NULL;

  if (test->we_bind)
    {
      g_test_skip ("the option is a draft");
      return;
    }

  push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  pull = interop_peer (test, "PULL");
  if (!at_first)
    g_object_set (push, "reconnect-stop", ZMQG_RECONNECT_STOP_CONN_REFUSED,
                  NULL);
  interop_meet (test, push, pull);
  interop_await_peers (push, 1);
  if (at_first)
    {
      zmqg_socket_disconnect_from (push, test->uri, &error);
      g_assert_no_error (error);
      interop_peer_kill (pull);
      g_object_set (push, "reconnect-stop", ZMQG_RECONNECT_STOP_CONN_REFUSED,
                    NULL);
      endpoint = zmqg_socket_connect_endpoint (push, test->uri, &error);
      g_assert_no_error (error);
    }
  else
    {
      endpoint = only_endpoint (push);
      interop_peer_kill (pull);
    }

  expect_ended (push, endpoint);
  expect_no_room (push);
  expect_not_connected (push, test->uri);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *path =
        g_strdup_printf ("/zmqg/interop/lost-for-good/endpoint/%s",
                         types[i].ours_text);

      interop_add_tcp (path, the_endpoint_ends, &types[i]);
    }
  interop_add ("/zmqg/interop/lost-for-good/survivor",
               the_survivor_gets_everything, NULL);
  interop_add ("/zmqg/interop/lost-for-good/refused/at-first",
               a_refused_one_ends, GINT_TO_POINTER (TRUE));
  interop_add ("/zmqg/interop/lost-for-good/refused/later",
               a_refused_one_ends, GINT_TO_POINTER (FALSE));

  return g_test_run ();
}
