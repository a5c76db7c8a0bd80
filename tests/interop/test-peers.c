/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

#include "../socket/statistics-check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Peers of libzmq, as the program sees them: dropping them, what is known of
 * them and of whom a message came, and the model of those that are there.
 */

typedef struct
{
  GPtrArray *added;   /* of ZmqgPeer */
  GPtrArray *removed; /* the same */
  GError *reason;     /* of the first that went */
} Seen;

static void
on_added (ZmqgSocket *socket G_GNUC_UNUSED,
          ZmqgPeer *peer,
          gpointer user_data)
{
  Seen *seen = user_data;

  g_ptr_array_add (seen->added, g_object_ref (peer));
}

static void
on_removed (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgPeer *peer,
            GError *reason,
            gpointer user_data)
{
  Seen *seen = user_data;

  if (reason != NULL && seen->removed->len == 0)
    seen->reason = g_error_copy (reason);
  g_ptr_array_add (seen->removed, g_object_ref (peer));
}

static void
watch (ZmqgSocket *socket,
       Seen *seen)
{
  seen->added = g_ptr_array_new_with_free_func (g_object_unref);
  seen->removed = g_ptr_array_new_with_free_func (g_object_unref);
  seen->reason = NULL;
  g_signal_connect (socket, "peer-added", G_CALLBACK (on_added), seen);
  g_signal_connect (socket, "peer-removed", G_CALLBACK (on_removed), seen);
}

static void
clear (ZmqgSocket *socket,
       Seen *seen)
{
  g_signal_handlers_disconnect_by_data (socket, seen);
  g_ptr_array_unref (seen->added);
  g_ptr_array_unref (seen->removed);
  g_clear_error (&seen->reason);
}

static ZmqgPeer *
await_added (Seen *seen,
             guint n)
{
  ZMQG_TEST_AWAIT (seen->added->len >= n, INTEROP_DEADLINE_MS);
  g_assert_cmpuint (seen->added->len, ==, n);
  return g_ptr_array_index (seen->added, n - 1);
}

static gboolean
is_readable (ZmqgSocket *socket)
{
  return (zmqg_socket_get_events (socket) & G_IO_IN) != 0;
}

/* --- Dropping ------------------------------------------------------------ */

/* The next event of the peer, but for those of attempts to connect. */
static void
expect_event (InteropPeer *peer,
              ZmqgEventType type)
{
  for (;;)
    {
      g_autofree char *answer = interop_ask (peer, "event");
      int got = atoi (answer + strlen ("event "));

      g_assert_true (g_str_has_prefix (answer, "event "));
      if (got == (int) type)
        return;
      g_assert_true (got == ZMQG_EVENT_TYPE_CONNECT_DELAYED ||
                     got == ZMQG_EVENT_TYPE_CONNECT_RETRIED ||
                     got == ZMQG_EVENT_TYPE_LISTENING);
    }
}

static void
expect_connection (InteropPeer *peer,
                   gboolean accepts)
{
  expect_event (peer, accepts ? ZMQG_EVENT_TYPE_ACCEPTED
                              : ZMQG_EVENT_TYPE_CONNECTED);
  expect_event (peer, ZMQG_EVENT_TYPE_HANDSHAKE_SUCCEEDED);
}

/* The peer sees a lost connection, and whoever connects does so again. What it
 * had sent can still be received. */
static void
dropped_peers_come_again (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *peer = interop_peer (test, "DEALER");
  Seen seen;

  interop_do (peer, "monitor");
  watch (socket, &seen);
  interop_meet (test, socket, peer);
  for (guint i = 1; i <= 3; i++)
    {
      ZmqgPeer *dropped = await_added (&seen, i);
      g_autofree char *text = g_strdup_printf ("=received =%u", i);

      g_assert_true (zmqg_peer_is_connected (dropped));
      expect_connection (peer, !test->we_bind);
      interop_peer_sends (peer, text);
      ZMQG_TEST_AWAIT (is_readable (socket), INTEROP_DEADLINE_MS);
      interop_send (socket, "=sent");
      interop_peer_receives (peer, "=sent");

      zmqg_peer_drop (dropped);
      zmqg_peer_drop (dropped);
      expect_event (peer, ZMQG_EVENT_TYPE_DISCONNECTED);
      ZMQG_TEST_AWAIT (seen.removed->len == i, INTEROP_DEADLINE_MS);
      g_assert_true (g_ptr_array_index (seen.removed, i - 1) == dropped);
      g_assert_error (seen.reason, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
      g_assert_false (zmqg_peer_is_connected (dropped));
      interop_receive (socket, text);
    }

  await_added (&seen, 4);
  interop_send (socket, "=after");
  interop_peer_receives (peer, "=after");
  clear (socket, &seen);
}

/* A peer that stands still, so that messages are queued: on an endpoint that
 * connects they are the next connection's, with a peer that was accepted they
 * are lost. */
static void
what_is_queued_for_a_dropped_peer (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *peer = interop_peer (test, "PULL");
  g_autofree char *last = NULL;
  guint64 n_queued;
  guint n_received;
  guint n = 0;
  Seen seen;

  g_object_set (push, "send-timeout", 0, "send-hwm", 30, NULL);
  interop_do (peer, "set rcvhwm 1");
  watch (push, &seen);
  interop_meet (test, push, peer);
  await_added (&seen, 1);
  interop_peer_signal (peer, SIGSTOP);
  for (;;)
    {
      g_autoptr (ZmqgMessage) message = interop_make ("*1000000.1");

      if (zmqg_socket_try_send (push, message, NULL))
        n++;
      else if (COUNT (push, outbound_queued) >= 20)
        break;
      zmqg_test_turn (NULL);
    }
  n_queued = COUNT (push, outbound_queued);

  zmqg_peer_drop (await_added (&seen, 1));
  ZMQG_TEST_AWAIT (seen.removed->len == 1, INTEROP_DEADLINE_MS);
  g_assert_error (seen.reason, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  if (test->we_bind)
    {
      ZMQG_TEST_AWAIT (COUNT (push, outbound_queued) == 0,
                       INTEROP_DEADLINE_MS);
      g_assert_cmpuint (DROPPED (push, LOST), >=, 20);
      g_assert_cmpuint (COUNT (push, handed_on), ==,
                        n - DROPPED (push, LOST));
    }
  else
    {
      g_assert_cmpuint (DROPPED (push, LOST), ==, 0);
    }

  interop_peer_signal (peer, SIGCONT);
  n_received = 0;
  /* libzmq sees no end behind what it does not read. */
  while (seen.added->len < 2)
    {
      g_autofree char *answer = interop_ask (peer, "try");

      if (!g_str_equal (answer, "nothing"))
        n_received++;
    }
  await_added (&seen, 2);
  g_object_set (push, "send-hwm", 100, NULL); /* room for one more */
  interop_send (push, "=end");
  do
    {
      g_free (last);
      last = interop_ask (peer, "recv");
      n_received++;
    }
  while (!g_str_equal (last, "message =end"));

  /* All that was not with the kernel comes by the new connection, whole. */
  if (!test->we_bind)
    {
      g_assert_cmpuint (n_received, >, n_queued);
      ZMQG_TEST_AWAIT (COUNT (push, handed_on) == n + 1,
                       INTEROP_DEADLINE_MS);
    }
  clear (push, &seen);
}

/* --- Whom a message came from -------------------------------------------- */

typedef struct
{
  const char *name;
  ZmqgSocketType ours;
  const char *theirs;
  const char *sends; /* the peer */
} Flow;

static const Flow flows[] = {
  { "pair", ZMQG_SOCKET_TYPE_PAIR, "PAIR", "=x" },
  { "pull", ZMQG_SOCKET_TYPE_PULL, "PUSH", "=x" },
  { "sub", ZMQG_SOCKET_TYPE_SUB, "XPUB", "=x" },
  { "xsub", ZMQG_SOCKET_TYPE_XSUB, "XPUB", "=x" },
  { "xpub", ZMQG_SOCKET_TYPE_XPUB, "XSUB", "=x" },
  { "dealer", ZMQG_SOCKET_TYPE_DEALER, "DEALER", "=x" },
  { "router", ZMQG_SOCKET_TYPE_ROUTER, "DEALER", "=x" },
  { "rep", ZMQG_SOCKET_TYPE_REP, "REQ", "=x" },
  { "rep-dealer", ZMQG_SOCKET_TYPE_REP, "DEALER", "= =x" },
};

static void
check_known (ZmqgPeer *peer,
             const Flow *flow,
             Interop *test)
{
  g_autoptr (GVariant) metadata = zmqg_peer_get_metadata (peer);
  gboolean tells_name = g_str_equal (flow->theirs, "DEALER") ||
                        g_str_equal (flow->theirs, "REQ");
  GBytes *identity = zmqg_peer_get_identity (peer);
  const char *text;

  g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, flow->theirs);
  g_assert_cmpstr (zmqg_peer_lookup_metadata (peer, "Socket-Type"), ==,
                   flow->theirs);
  g_assert_cmpstr (zmqg_peer_get_mechanism (peer), ==, "NULL");
  g_assert_true (g_variant_lookup (metadata, "Socket-Type", "&s", &text));
  g_assert_cmpstr (text, ==, flow->theirs);
  if (tells_name)
    g_assert_cmpstr (zmqg_peer_lookup_metadata (peer, "Identity"), ==,
                     "its-name");
  if (tells_name && flow->ours == ZMQG_SOCKET_TYPE_ROUTER)
    {
      g_assert_nonnull (identity);
      g_assert_cmpmem (g_bytes_get_data (identity, NULL),
                       g_bytes_get_size (identity), "its-name", 8);
    }
  if (g_str_equal (test->transport, "tcp"))
    {
      GSocketAddress *address = zmqg_peer_get_remote_address (peer);

      g_assert_true (g_str_has_prefix (
        zmqg_peer_lookup_metadata (peer, "Peer-Address"), "127."));
      g_assert_true (G_IS_INET_SOCKET_ADDRESS (address));
      if (test->we_bind)
        g_assert_true (g_str_has_prefix (zmqg_peer_get_remote_uri (peer),
                                         "tcp://127."));
      else
        g_assert_cmpstr (zmqg_peer_get_remote_uri (peer), ==, test->uri);
    }
  else
    {
      g_assert_true (G_IS_CREDENTIALS (zmqg_peer_get_credentials (peer)));
      g_assert_cmpint (g_credentials_get_unix_user (
                         zmqg_peer_get_credentials (peer), NULL), ==,
                       getuid ());
    }
}

static void
drain (ZmqgSocket *socket)
{
  ZmqgMessage *message;

  /* It receives again once it has answered. */
  if (ZMQG_IS_REP_SOCKET (socket))
    interop_send (socket, "=nobody-hears-this");
  while ((message = zmqg_socket_try_receive (socket, NULL)) != NULL)
    zmqg_message_unref (message);
}

/* Of each connection, also when it has gone meanwhile. */
static void
messages_name_their_peer (Interop *test)
{
  const Flow *flow = test->data;
  ZmqgSocket *socket = interop_socket (test, flow->ours);
  InteropPeer *peer = interop_peer (test, flow->theirs);
  g_autoptr (ZmqgPeer) last = NULL;
  Seen seen;

  watch (socket, &seen);
  if (flow->ours == ZMQG_SOCKET_TYPE_SUB)
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), "", NULL);
  if (flow->ours == ZMQG_SOCKET_TYPE_XSUB)
    zmqg_xsub_socket_subscribe (ZMQG_XSUB_SOCKET (socket), "", NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autoptr (ZmqgPeer) from = NULL;
      GError *error = NULL;

      interop_do (peer, "set routing-id =its-name");
      if (i == 0)
        interop_meet (test, socket, peer);
      else
        interop_meet_again (test, peer);
      await_added (&seen, i + 1);
      /* A publisher sends to whom it knows to listen. */
      if (g_str_equal (flow->theirs, "XPUB"))
        interop_peer_receives (peer, "=%01");
      /* One that does not know us yet drops what it sends. */
      do
        interop_peer_sends (peer, flow->sends);
      while (g_str_equal (flow->theirs, "XSUB") && !is_readable (socket));
      if (i == 0)
        {
          message = zmqg_socket_receive (socket, NULL, &error);
          interop_peer_kill (peer);
          /* A PAIR has no place for another one before. */
          ZMQG_TEST_AWAIT (seen.removed->len == 1, INTEROP_DEADLINE_MS);
          interop_peer_start (peer);
          drain (socket);
        }
      else
        {
          ZMQG_TEST_AWAIT (is_readable (socket), INTEROP_DEADLINE_MS);
          interop_peer_kill (peer);
          ZMQG_TEST_AWAIT (seen.removed->len == 2, INTEROP_DEADLINE_MS);
          message = zmqg_socket_receive (socket, NULL, &error);
        }
      g_assert_no_error (error);
      from = zmqg_message_get_peer (message);
      g_assert_true (from == g_ptr_array_index (seen.added, i));
      g_assert_true (from != last);
      check_known (from, flow, test);
      g_set_object (&last, from);
    }
  ZMQG_TEST_AWAIT (!zmqg_peer_is_connected (last), INTEROP_DEADLINE_MS);
  interop_peer_start (peer);
  clear (socket, &seen);
}

static void
replies_name_their_peer (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");

  interop_meet (test, req, rep);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) reply = NULL;
      g_autoptr (ZmqgPeer) peer = NULL;
      GError *error = NULL;

      interop_send (req, "=question");
      interop_tell (rep, "echo");
      interop_expect_message (rep, "=question");
      reply = zmqg_socket_receive (req, NULL, &error);
      g_assert_no_error (error);
      peer = zmqg_message_get_peer (reply);
      g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, "REP");
    }
}

/* --- The model ----------------------------------------------------------- */

/* A list that is kept by what the model says has changed. */
static void
follow (GListModel *model,
        guint position,
        guint removed,
        guint added,
        gpointer user_data)
{
  GPtrArray *mirror = user_data;

  g_assert_cmpuint (position + removed, <=, mirror->len);
  if (removed > 0)
    g_ptr_array_remove_range (mirror, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (mirror, (int) (position + i),
                        g_list_model_get_item (model, position + i));

  g_assert_cmpuint (mirror->len, ==, g_list_model_get_n_items (model));
  for (guint i = 0; i < mirror->len; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (model, i);

      g_assert_true (item == g_ptr_array_index (mirror, i));
    }
}

/* Some come, one is killed, one is dropped and comes again, … */
static void
model_follows_peers (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  GListModel *model = zmqg_socket_get_peers (pull);
  g_autoptr (GPtrArray) mirror =
    g_ptr_array_new_with_free_func (g_object_unref);
  InteropPeer *peers[3];
  Seen seen;

  g_signal_connect (model, "items-changed", G_CALLBACK (follow), mirror);
  watch (pull, &seen);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      peers[i] = interop_peer (test, "PUSH");
      interop_meet_another (test, pull, peers[i]);
      ZMQG_TEST_AWAIT (mirror->len == i + 1, INTEROP_DEADLINE_MS);
      g_assert_true (g_ptr_array_index (mirror, i) == await_added (&seen,
                                                                   i + 1));
    }

  interop_peer_kill (peers[1]);
  ZMQG_TEST_AWAIT (mirror->len == 2, INTEROP_DEADLINE_MS);
  g_assert_true (g_ptr_array_index (seen.removed, 0) ==
                 g_ptr_array_index (seen.added, 1));
  interop_peer_start (peers[1]);

  for (guint i = 0; i < 5; i++)
    {
      zmqg_peer_drop (g_ptr_array_index (mirror, 0));
      await_added (&seen, 4 + i);
      ZMQG_TEST_AWAIT (seen.removed->len == 2 + i, INTEROP_DEADLINE_MS);
      ZMQG_TEST_AWAIT (mirror->len == 2, INTEROP_DEADLINE_MS);
    }
  zmqg_socket_close (pull);
  ZMQG_TEST_AWAIT (mirror->len == 0, INTEROP_DEADLINE_MS);
  g_signal_handlers_disconnect_by_data (model, mirror);
  clear (pull, &seen);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  interop_add ("/zmqg/interop/peers/dropped/come-again",
               dropped_peers_come_again, NULL);
  interop_add ("/zmqg/interop/peers/dropped/what-is-queued",
               what_is_queued_for_a_dropped_peer, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (flows); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/peers/of-message/",
                                           flows[i].name, NULL);

      interop_add (path, messages_name_their_peer, &flows[i]);
    }
  interop_add ("/zmqg/interop/peers/of-message/req", replies_name_their_peer,
               NULL);
  interop_add ("/zmqg/interop/peers/model", model_follows_peers, NULL);

  return g_test_run ();
}
