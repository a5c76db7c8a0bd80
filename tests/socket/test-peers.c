/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "zmqg.h"

#include <stdatomic.h>

/* Peers: dropping them, what is known of them, and the peer of each message. */

#define DEADLINE SOCKET_TEST_DEADLINE_MS

typedef struct
{
  guint added;
  guint removed;
  guint notified;
  ZmqgPeer *first; /* counted */
  GError *reason;
  gboolean drop;   /* in the handler */
} Seen;

static void
connected_changed (GObject *peer,
                   GParamSpec *pspec G_GNUC_UNUSED,
                   gpointer user_data)
{
  Seen *seen = user_data;

  g_assert_false (zmqg_peer_is_connected (ZMQG_PEER (peer)));
  seen->notified++;
}

static void
on_added (ZmqgSocket *socket G_GNUC_UNUSED,
          ZmqgPeer *peer,
          gpointer user_data)
{
  Seen *seen = user_data;

  if (seen->added++ == 0)
    {
      seen->first = g_object_ref (peer);
      g_signal_connect (peer, "notify::connected",
                        G_CALLBACK (connected_changed), seen);
      if (seen->drop)
        zmqg_peer_drop (peer);
    }
}

static void
on_removed (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgPeer *peer G_GNUC_UNUSED,
            GError *reason,
            gpointer user_data)
{
  Seen *seen = user_data;

  if (seen->removed++ == 0 && reason != NULL)
    seen->reason = g_error_copy (reason);
}

static void
watch (ZmqgSocket *socket,
       Seen *seen)
{
  g_signal_connect (socket, "peer-added", G_CALLBACK (on_added), seen);
  g_signal_connect (socket, "peer-removed", G_CALLBACK (on_removed), seen);
}

static void
clear (ZmqgSocket *socket,
       Seen *seen)
{
  g_signal_handlers_disconnect_by_data (socket, seen);
  if (seen->first != NULL)
    g_signal_handlers_disconnect_by_data (seen->first, seen);
  g_clear_object (&seen->first);
  g_clear_error (&seen->reason);
}

/* --- Dropping ------------------------------------------------------------ */

/* @dropping drops its peer; what was received stays, and what is sent after
 * that arrives where a connection is made again. */
static void
drop (SocketTest *test,
      gboolean drops_accepted)
{
  ZmqgSocket *bound = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *dialled = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *dropping = drops_accepted ? bound : dialled;
  ZmqgSocket *other = drops_accepted ? dialled : bound;
  g_autofree char *uri = socket_test_bind (test, bound);
  Seen seen = { 0, };
  Seen others = { 0, };

  watch (dropping, &seen);
  watch (other, &others);
  socket_test_connect (dialled, uri);
  ZMQG_TEST_AWAIT (seen.added == 1 && others.added == 1, DEADLINE);
  socket_test_send (other, "before", NULL);
  socket_test_await_events (dropping, G_IO_IN | G_IO_OUT);

  zmqg_peer_drop (seen.first);
  zmqg_peer_drop (seen.first);
  ZMQG_TEST_AWAIT (seen.removed == 1 && others.removed == 1, DEADLINE);
  g_assert_error (seen.reason, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  g_assert_false (zmqg_peer_is_connected (seen.first));
  g_assert_cmpuint (seen.notified, ==, 1);
  socket_test_expect (dropping, "before", NULL);

  if (!test->in_process)
    {
      ZMQG_TEST_AWAIT (seen.added == 2 && others.added == 2, DEADLINE);
      /* Another connection: the old peer does not concern it. */
      zmqg_peer_drop (seen.first);
      socket_test_send (dropping, "after", NULL);
      socket_test_expect (other, "after", NULL);
      socket_test_send (other, "and back", NULL);
      socket_test_expect (dropping, "and back", NULL);
      g_assert_cmpuint (seen.removed, ==, 1);
    }

  clear (dropping, &seen);
  clear (other, &others);
}

static void
test_drop_accepted (SocketTest *test)
{
  drop (test, TRUE);
}

static void
test_drop_dialled (SocketTest *test)
{
  drop (test, FALSE);
}

static void
test_drop_in_a_handler (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  Seen seen = { .drop = TRUE };

  watch (pull, &seen);
  socket_test_connect (push, uri);
  ZMQG_TEST_AWAIT (seen.removed == 1, DEADLINE);
  g_assert_error (seen.reason, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  clear (pull, &seen);
}

static void
drop_early (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgEvent *event,
            gpointer user_data)
{
  guint *n_disconnected = user_data;
  g_autoptr (ZmqgPeer) peer = zmqg_event_get_peer (event);

  switch (zmqg_event_get_event_type (event))
    {
    case ZMQG_EVENT_TYPE_HANDSHAKE_SUCCEEDED:
      zmqg_peer_drop (peer);
      break;
    case ZMQG_EVENT_TYPE_DISCONNECTED:
      g_assert_error (zmqg_event_get_error (event), ZMQG_ERROR,
                      ZMQG_ERROR_PEER_LOST);
      ++*n_disconnected;
      break;
    default:
      break;
    }
}

/* An event tells of the peer before the connection is in traffic. */
static void
test_drop_at_the_handshake (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = NULL;
  guint n = 0;

  g_object_set (push, "reconnect-interval", 1, NULL);
  g_signal_connect (pull, "event", G_CALLBACK (drop_early), &n);
  uri = socket_test_bind (test, pull);
  socket_test_connect (push, uri);
  ZMQG_TEST_AWAIT (n >= 50, DEADLINE);
  g_signal_handlers_disconnect_by_data (pull, &n);
}

static void
test_drop_after_close (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  Seen seen = { 0, };

  watch (pull, &seen);
  socket_test_connect (push, uri);
  ZMQG_TEST_AWAIT (seen.added == 1, DEADLINE);
  zmqg_socket_close (pull);
  zmqg_peer_drop (seen.first);
  ZMQG_TEST_AWAIT (!zmqg_peer_is_connected (seen.first), DEADLINE);
  zmqg_peer_drop (seen.first);
  clear (pull, &seen);
}

/* A closed socket that lingers for a peer that takes nothing lets go of it. */
static void
test_drop_ends_lingering (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = NULL;
  g_autofree char *data = g_malloc0 (1 << 20);
  Seen seen = { 0, };

  g_object_set (pull, "receive-hwm", 1, NULL);
  uri = socket_test_bind (test, push);
  g_object_set (push, "linger", -1, "send-timeout", 0, NULL);
  watch (push, &seen);
  socket_test_connect (pull, uri);
  ZMQG_TEST_AWAIT (seen.added == 1, DEADLINE);
  for (guint i = 0; i < 64; i++)
    zmqg_socket_send_data (push, (guint8 *) data, 1 << 20, NULL, NULL);

  zmqg_socket_close (push);
  g_assert_true (zmqg_peer_is_connected (seen.first));
  zmqg_peer_drop (seen.first);
  ZMQG_TEST_AWAIT (!zmqg_peer_is_connected (seen.first), DEADLINE);
  clear (push, &seen);
}

static gpointer
drop_all (gpointer data)
{
  GPtrArray *peers = data;

  for (guint i = 0; i < peers->len; i++)
    zmqg_peer_drop (g_ptr_array_index (peers, i));
  return NULL;
}

static void
collect (ZmqgSocket *socket G_GNUC_UNUSED,
         ZmqgPeer *peer,
         gpointer user_data)
{
  g_ptr_array_add (user_data, g_object_ref (peer));
}

/* Two threads drop the same peers, while these send. */
static void
test_drop_in_threads (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GPtrArray) peers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *pushes[8];
  GThread *threads[2];

  g_signal_connect (pull, "peer-added", G_CALLBACK (collect), peers);
  for (guint i = 0; i < G_N_ELEMENTS (pushes); i++)
    {
      pushes[i] = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
      g_object_set (pushes[i], "reconnect-interval", -1, NULL);
      socket_test_connect (pushes[i], uri);
    }
  ZMQG_TEST_AWAIT (peers->len == G_N_ELEMENTS (pushes), DEADLINE);
  g_signal_handlers_disconnect_by_data (pull, peers);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("drop", drop_all, peers);
  for (guint i = 0; i < 1000; i++)
    zmqg_socket_try_receive (pull, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < peers->len; i++)
    ZMQG_TEST_AWAIT (!zmqg_peer_is_connected (g_ptr_array_index (peers, i)),
                     DEADLINE);
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (zmqg_socket_get_peers (pull)) ==
                     0, DEADLINE);
}

typedef struct
{
  ZmqgPeer *peer;
  atomic_bool over;
} Dropper;

static gpointer
drop_again_and_again (gpointer data)
{
  Dropper *self = data;

  do
    zmqg_peer_drop (self->peer);
  while (!atomic_load (&self->over));

  return NULL;
}

/* A context, with its engine, that ends while its last peer is dropped. */
static void
end_a_context (SocketTest *test)
{
  ZmqgContext *context;
  ZmqgSocket *pull;
  ZmqgSocket *push;
  g_autofree char *uri = NULL;
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  Dropper dropper = { NULL };
  GThread *thread;

  context = g_object_new (
    ZMQG_TYPE_CONTEXT, "engine-mode",
    zmqg_context_get_engine_mode (test->context), NULL);
  pull = zmqg_pull_socket_new (context);
  push = zmqg_push_socket_new (context);
  uri = socket_test_bind (test, pull);
  socket_test_connect (push, uri);
  socket_test_send (push, "x", NULL);
  message = socket_test_receive (pull);
  dropper.peer = zmqg_message_get_peer (message);

  thread = g_thread_new ("drop", drop_again_and_again, &dropper);
  zmqg_socket_close (push);
  zmqg_socket_close (pull);
  g_object_unref (push);
  g_object_unref (pull);
  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (context);
  atomic_store (&dropper.over, TRUE);
  g_thread_join (thread);
  g_object_unref (dropper.peer);
}

static void
test_drop_while_the_context_ends (SocketTest *test)
{
  guint n_fds;

  end_a_context (test);
  n_fds = zmqg_test_fd_count ();
  for (guint i = 0; i < 50; i++)
    end_a_context (test);

  /* A session that is left keeps its engine, and that its descriptors. */
  g_assert_cmpuint (zmqg_test_fd_count (), <=, n_fds);
}

/* --- What is known ------------------------------------------------------- */

static void
test_metadata (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autoptr (GVariant) metadata = NULL;
  g_autoptr (GVariant) property = NULL;
  g_autofree char *user_id = NULL;
  gboolean connected;
  const char *text;
  Seen seen = { 0, };

  zmqg_socket_set_routing_id_string (dealer, "me");
  watch (router, &seen);
  socket_test_connect (dealer, uri);
  ZMQG_TEST_AWAIT (seen.added == 1, DEADLINE);

  metadata = zmqg_peer_get_metadata (seen.first);
  g_assert_true (g_variant_is_of_type (metadata, G_VARIANT_TYPE ("a{ss}")));
  g_object_get (seen.first, "metadata", &property, "user-id", &user_id,
                "connected", &connected, NULL);
  g_assert_true (g_variant_equal (metadata, property));
  g_assert_null (user_id);
  g_assert_null (zmqg_peer_get_user_id (seen.first));
  g_assert_true (connected);
  if (test->in_process)
    {
      g_assert_cmpuint (g_variant_n_children (metadata), ==, 0);
    }
  else
    {
      g_assert_true (g_variant_lookup (metadata, "Socket-Type", "&s", &text));
      g_assert_cmpstr (text, ==, "DEALER");
      g_assert_true (g_variant_lookup (metadata, "Identity", "&s", &text));
      g_assert_cmpstr (text, ==, "me");
      g_assert_true (g_variant_lookup (metadata, "Peer-Address", "&s", &text));
      g_assert_cmpstr (text, ==,
                       zmqg_peer_lookup_metadata (seen.first, "Peer-Address"));
      g_assert_false (g_variant_lookup (metadata, "User-Id", "&s", &text));
    }
  clear (router, &seen);
}

/* --- The peer of a message ------------------------------------------------ */

static void
expect_peer (ZmqgMessage *message,
             const char *socket_type)
{
  g_autoptr (ZmqgPeer) peer = zmqg_message_get_peer (message);

  g_assert_true (ZMQG_IS_PEER (peer));
  g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, socket_type);
}

static const struct
{
  GType (*receiver) (void);
  GType (*sender) (void);
  const char *type;
} pairs[] = {
  { zmqg_pair_socket_get_type, zmqg_pair_socket_get_type, "PAIR" },
  { zmqg_pull_socket_get_type, zmqg_push_socket_get_type, "PUSH" },
  { zmqg_sub_socket_get_type, zmqg_pub_socket_get_type, "PUB" },
  { zmqg_sub_socket_get_type, zmqg_xpub_socket_get_type, "XPUB" },
  { zmqg_xsub_socket_get_type, zmqg_pub_socket_get_type, "PUB" },
  { zmqg_xsub_socket_get_type, zmqg_xpub_socket_get_type, "XPUB" },
  { zmqg_xpub_socket_get_type, zmqg_xsub_socket_get_type, "XSUB" },
  { zmqg_rep_socket_get_type, zmqg_req_socket_get_type, "REQ" },
  { zmqg_rep_socket_get_type, zmqg_dealer_socket_get_type, "DEALER" },
  { zmqg_dealer_socket_get_type, zmqg_dealer_socket_get_type, "DEALER" },
  { zmqg_router_socket_get_type, zmqg_req_socket_get_type, "REQ" },
  { zmqg_router_socket_get_type, zmqg_dealer_socket_get_type, "DEALER" },
};

/* Of small and large messages, in both directions of a connection, and also
 * when the peer has gone meanwhile. */
static void
test_all_types (SocketTest *test)
{
  for (guint i = 0; i < G_N_ELEMENTS (pairs) * 2; i++)
    {
      guint p = i / 2;
      gboolean binds = i % 2 == 0;
      ZmqgSocket *receiver = socket_test_new (test, pairs[p].receiver ());
      ZmqgSocket *sender = socket_test_new (test, pairs[p].sender ());
      g_autofree char *uri = socket_test_bind (test, binds ? receiver : sender);
      g_autoptr (ZmqgMessage) message = NULL;
      g_autoptr (ZmqgPeer) peer = NULL;
      gboolean large = i % 3 == 0;
      g_autofree char *text = g_strnfill (large ? 70000 : 5, 'x');

      if (ZMQG_IS_SUB_SOCKET (receiver) || ZMQG_IS_XSUB_SOCKET (receiver))
        socket_test_subscribe (receiver, "");
      socket_test_connect (binds ? sender : receiver, uri);
      if (ZMQG_IS_PUB_SOCKET (sender))
        zmqg_pub_socket_wait_for_subscribers (ZMQG_PUB_SOCKET (sender), NULL,
                                              1, NULL, NULL);
      if (ZMQG_IS_XPUB_SOCKET (sender))
        zmqg_xpub_socket_wait_for_subscribers (ZMQG_XPUB_SOCKET (sender), NULL,
                                               1, NULL, NULL);
      if (ZMQG_IS_XSUB_SOCKET (sender))
        socket_test_await_peers (sender, 1);
      if (ZMQG_IS_DEALER_SOCKET (sender) && ZMQG_IS_REP_SOCKET (receiver))
        socket_test_send (sender, "", text, NULL);
      else
        socket_test_send (sender, text, NULL);
      ZMQG_TEST_AWAIT (zmqg_socket_get_events (receiver) & G_IO_IN, DEADLINE);
      if (i % 4 < 2)
        socket_test_close (test, sender);
      message = socket_test_receive (receiver);
      expect_peer (message, pairs[p].type);
      peer = zmqg_message_get_peer (message);
      if (i % 4 < 2)
        ZMQG_TEST_AWAIT (!zmqg_peer_is_connected (peer), DEADLINE);
      expect_peer (message, pairs[p].type);
      g_clear_pointer (&message, zmqg_message_unref);
      g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, pairs[p].type);
    }
}

static void
test_replies (SocketTest *test)
{
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  socket_test_connect (req, uri);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) request = NULL;
      g_autoptr (ZmqgMessage) reply = NULL;

      socket_test_send (req, "request", NULL);
      request = socket_test_receive (rep);
      expect_peer (request, "REQ");
      socket_test_send (rep, "reply", NULL);
      reply = socket_test_receive (req);
      expect_peer (reply, "REP");
    }
}

static void
test_router_notices (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autoptr (ZmqgMessage) came = NULL;
  g_autoptr (ZmqgMessage) went = NULL;
  g_autoptr (ZmqgPeer) one = NULL;
  g_autoptr (ZmqgPeer) other = NULL;
  g_autofree char *uri = NULL;

  g_object_set (router, "notify-peers",
                ZMQG_ROUTER_NOTIFY_CONNECT | ZMQG_ROUTER_NOTIFY_DISCONNECT,
                NULL);
  uri = socket_test_bind (test, router);
  socket_test_connect (dealer, uri);
  came = socket_test_receive (router);
  expect_peer (came, "DEALER");
  socket_test_close (test, dealer);
  went = socket_test_receive (router);
  expect_peer (went, "DEALER");
  one = zmqg_message_get_peer (came);
  other = zmqg_message_get_peer (went);
  g_assert_true (one == other);
}

static void
test_conflated (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *uri = NULL;

  g_object_set (pull, "conflate", TRUE, NULL);
  uri = socket_test_bind (test, pull);
  socket_test_connect (push, uri);
  socket_test_send (push, "one", NULL);
  socket_test_send (push, "two", NULL);
  message = socket_test_receive (pull);
  expect_peer (message, "PUSH");
}

/* The connection is another one, and so is the peer. */
static void
test_of_each_connection (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, push);
  g_autoptr (ZmqgPeer) first = NULL;
  g_autoptr (ZmqgPeer) second = NULL;
  Seen seen = { 0, };

  watch (pull, &seen);
  socket_test_connect (pull, uri);
  ZMQG_TEST_AWAIT (seen.added == 1, DEADLINE);
  socket_test_send (push, "one", NULL);
  socket_test_await_events (pull, G_IO_IN);
  zmqg_peer_drop (seen.first);
  ZMQG_TEST_AWAIT (seen.added == 2, DEADLINE);
  socket_test_await_peers (push, 1);
  socket_test_send (push, "two", NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) message = socket_test_receive (pull);

      *(i == 0 ? &first : &second) = zmqg_message_get_peer (message);
    }
  g_assert_true (first == seen.first);
  g_assert_true (second != first);
  g_assert_false (zmqg_peer_is_connected (first));
  g_assert_true (zmqg_peer_is_connected (second));
  clear (pull, &seen);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/peers/drop/accepted", SOCKET_TEST_ALL,
                   test_drop_accepted);
  socket_test_add ("/zmqg/peers/drop/dialled", SOCKET_TEST_ALL,
                   test_drop_dialled);
  socket_test_add ("/zmqg/peers/drop/in-a-handler", SOCKET_TEST_ALL,
                   test_drop_in_a_handler);
  socket_test_add ("/zmqg/peers/drop/at-the-handshake", SOCKET_TEST_NETWORK,
                   test_drop_at_the_handshake);
  socket_test_add ("/zmqg/peers/drop/after-close", SOCKET_TEST_ALL,
                   test_drop_after_close);
  socket_test_add ("/zmqg/peers/drop/ends-lingering", SOCKET_TEST_NETWORK,
                   test_drop_ends_lingering);
  socket_test_add ("/zmqg/peers/drop/in-threads", SOCKET_TEST_ALL,
                   test_drop_in_threads);
  socket_test_add ("/zmqg/peers/drop/while-the-context-ends",
                   SOCKET_TEST_ALL, test_drop_while_the_context_ends);
  socket_test_add ("/zmqg/peers/metadata", SOCKET_TEST_ALL, test_metadata);
  socket_test_add ("/zmqg/peers/of-message/all-types", SOCKET_TEST_ALL,
                   test_all_types);
  socket_test_add ("/zmqg/peers/of-message/replies", SOCKET_TEST_ALL,
                   test_replies);
  socket_test_add ("/zmqg/peers/of-message/router-notices",
                   SOCKET_TEST_NETWORK, test_router_notices);
  socket_test_add ("/zmqg/peers/of-message/conflated", SOCKET_TEST_ALL,
                   test_conflated);
  socket_test_add ("/zmqg/peers/of-message/of-each-connection",
                   SOCKET_TEST_NETWORK, test_of_each_connection);

  return g_test_run ();
}
