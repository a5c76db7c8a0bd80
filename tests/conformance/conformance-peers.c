/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

#include <string.h>

/* What a socket knows of its peers, and options that concern one peer. */

typedef struct
{
  guint added;
  guint removed;
  ZmqgPeer *peer; /* the newest, counted */
  GError *reason;
} Peers;

static void
peer_added (ZmqgSocket *socket,
            ZmqgPeer *peer,
            gpointer user_data)
{
  Peers *self = user_data;

  self->added++;
  g_set_object (&self->peer, peer);
}

static void
peer_removed (ZmqgSocket *socket,
              ZmqgPeer *peer,
              GError *reason,
              gpointer user_data)
{
  Peers *self = user_data;

  self->removed++;
  g_assert_true (peer == self->peer);
  g_assert_false (zmqg_peer_is_connected (peer));
  g_clear_error (&self->reason);
  if (reason != NULL)
    self->reason = g_error_copy (reason);
}

static void
watch_peers (ZmqgSocket *socket,
             Peers *self)
{
  g_signal_connect (socket, "peer-added", G_CALLBACK (peer_added), self);
  g_signal_connect (socket, "peer-removed", G_CALLBACK (peer_removed), self);
}

static void
clear_peers (ZmqgSocket *socket,
             Peers *self)
{
  g_signal_handlers_disconnect_by_data (socket, self);
  g_clear_object (&self->peer);
  g_clear_error (&self->reason);
}

static void
test_added_and_removed (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Peers seen = { 0, };

  watch_peers (pull, &seen);
  join_sockets (self, pull, push);
  ZMQG_TEST_AWAIT (seen.added == 1, DEADLINE_MS);
  g_assert_true (zmqg_peer_is_connected (seen.peer));
  g_assert_cmpstr (zmqg_peer_get_socket_type (seen.peer), ==, "PUSH");
  g_assert_cmpuint (seen.removed, ==, 0);

  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (seen.removed == 1, DEADLINE_MS);
  g_assert_cmpuint (seen.added, ==, 1);
  clear_peers (pull, &seen);
}

static void
test_connecting_side (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  Peers seen = { 0, };

  watch_peers (push, &seen);
  connect_to (push, uri);
  ZMQG_TEST_AWAIT (seen.added == 1, DEADLINE_MS);
  g_assert_cmpstr (zmqg_peer_get_socket_type (seen.peer), ==, "PULL");

  /* The connection is lost, and made again. */
  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  ZMQG_TEST_AWAIT (seen.removed == 1, DEADLINE_MS);
  bind_to (pull, uri);
  ZMQG_TEST_AWAIT (seen.added == 2, DEADLINE_MS);
  clear_peers (push, &seen);
}

static void
test_of_message (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgMessage) first = NULL;
  g_autoptr (ZmqgMessage) second = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;
  g_autoptr (ZmqgPeer) again = NULL;

  join_sockets (self, pull, push);
  send_text (push, "one");
  send_text (push, "two");
  first = receive (pull);
  second = receive (pull);

  peer = zmqg_message_get_peer (first);
  again = zmqg_message_get_peer (second);
  g_assert_true (ZMQG_IS_PEER (peer));
  g_assert_true (peer == again);
  g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, "PUSH");
  g_assert_cmpstr (zmqg_peer_get_mechanism (peer), ==, "NULL");
  if (!self->transport->in_process)
    g_assert_cmpstr (zmqg_message_get_property (first, "Socket-Type"), ==,
                     "PUSH");

  /* It outlives its message. */
  g_clear_object (&again);
  g_clear_pointer (&first, zmqg_message_unref);
  g_clear_pointer (&second, zmqg_message_unref);
  g_assert_true (zmqg_peer_is_connected (peer));
  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (!zmqg_peer_is_connected (peer), DEADLINE_MS);
  g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, "PUSH");
}

static void
test_routing_id (Fixture *self)
{
  ZmqgSocket *router = new_socket (self, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_socket (self, ZMQG_TYPE_DEALER_SOCKET);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;
  g_autofree char *id = NULL;
  GBytes *identity;

  zmqg_socket_set_routing_id_string (dealer, "me");
  join_sockets (self, router, dealer);
  send_text (dealer, "hello");

  message = receive (router);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 2);
  id = zmqg_message_get_string (message, 0);
  g_assert_cmpstr (id, ==, "me");
  peer = zmqg_message_get_peer (message);
  g_assert_nonnull (peer);
  identity = zmqg_peer_get_identity (peer);
  g_assert_nonnull (identity);
  g_assert_cmpmem (g_bytes_get_data (identity, NULL),
                   g_bytes_get_size (identity), "me", 2);
}

static void
test_wait_for_peers (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);

  await_peers (pull, 0);
  for (guint i = 1; i <= 3; i++)
    {
      ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

      connect_to (push, uri);
      await_peers (pull, i);
    }
  await_peers (pull, 2);
}

typedef struct
{
  ZmqgSocket *socket;
  guint n;
} Wanted;

static gpointer
wait_for_wanted (gpointer data)
{
  Wanted *self = data;

  await_peers (self->socket, self->n);
  return NULL;
}

/* Each of several who wait is told, whatever the others wait for. */
static void
test_several_wait (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  Wanted wanted[] = { { pull, 3 }, { pull, 1 }, { pull, 2 } };
  Call calls[G_N_ELEMENTS (wanted)];

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      call_start (&calls[i], wait_for_wanted, &wanted[i]);
      call_await_sleep (&calls[i]);
    }

  connect_to (new_socket (self, ZMQG_TYPE_PUSH_SOCKET), uri);
  ZMQG_TEST_AWAIT (g_atomic_int_get (&calls[1].done), DEADLINE_MS);
  connect_to (new_socket (self, ZMQG_TYPE_PUSH_SOCKET), uri);
  ZMQG_TEST_AWAIT (g_atomic_int_get (&calls[2].done), DEADLINE_MS);
  g_assert_false (g_atomic_int_get (&calls[0].done));
  connect_to (new_socket (self, ZMQG_TYPE_PUSH_SOCKET), uri);

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    call_end (&calls[i]);
}

static void
test_incompatible (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *pub = new_socket (self, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  Peers seen = { 0, };

  watch_peers (pull, &seen);
  endpoint = zmqg_socket_connect_endpoint (pub, uri, NULL);
  g_assert_nonnull (endpoint);
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_STOPPED, DEADLINE_MS);
  g_assert_cmpuint (seen.added, ==, 0);
  clear_peers (pull, &seen);
}

/* The connection of a peer that sends too much is closed; others live on. */
static void
test_max_message_size (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *other = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *large = g_malloc0 (1001);
  g_autofree char *uri = NULL;
  Peers seen = { 0, };
  GError *error = NULL;

  g_object_set (pull, "max-message-size", G_GINT64_CONSTANT (1000), NULL);
  g_object_set (push, "reconnect-interval", -1, NULL);
  uri = bind_socket (self, pull);
  connect_to (push, uri);
  await_peers (pull, 1);
  watch_peers (pull, &seen);
  ZMQG_TEST_AWAIT (seen.added == 1, DEADLINE_MS);

  zmqg_socket_send_data (push, large, 1000, NULL, &error);
  g_assert_no_error (error);
  zmqg_message_unref (receive (pull));
  zmqg_socket_send_data (push, large, 1001, NULL, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (seen.removed == 1, DEADLINE_MS);
  g_assert_error (seen.reason, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE);
  expect_nothing (pull);

  clear_peers (pull, &seen);
  connect_to (other, uri);
  send_text (other, "hello");
  expect_text (pull, "hello");
}

static void
test_conflate (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);

  /* Nobody is there: the newest stays. */
  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  g_object_set (push, "conflate", TRUE, NULL);
  connect_to (push, uri);
  for (guint i = 0; i < 100; i++)
    send_number (push, i);

  bind_to (pull, uri);
  expect_number (pull, 99);
  expect_nothing (pull);
}

static void
test_conflate_receiver (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  guint number = 0;
  guint n = 0;

  g_object_set (pull, "conflate", TRUE, NULL);
  join_sockets (self, push, pull);
  for (guint i = 1; i <= 1000; i++)
    send_number (push, i);

  /* The last one is there in the end, and they come in order. */
  while (number != 1000)
    {
      g_autoptr (ZmqgMessage) message = receive (pull);

      g_assert_cmpuint (number_of (message), >, number);
      number = number_of (message);
      n++;
    }
  g_assert_cmpuint (n, <=, 1000);
}

const ConformanceTest peer_tests[] = {
  { "peers/added-and-removed", FOR_ALL, test_added_and_removed },
  { "peers/connecting-side", FOR_NETWORK, test_connecting_side },
  { "peers/of-message", FOR_ALL, test_of_message },
  { "peers/routing-id", FOR_ALL, test_routing_id },
  { "peers/wait-for-peers", FOR_ALL, test_wait_for_peers },
  { "peers/several-wait", FOR_ALL, test_several_wait },
  { "peers/incompatible", FOR_NETWORK, test_incompatible },
  { "peers/max-message-size", FOR_NETWORK, test_max_message_size },
  { "peers/conflate", FOR_ALL, test_conflate },
  { "peers/conflate-receiver", FOR_ALL, test_conflate_receiver },
  { 0, },
};
