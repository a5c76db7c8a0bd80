/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"
#include "statistics-check.h"

#include "socket/zmqg-socket-private.h"

static void
count (guint *n)
{
  (*n)++;
}

static guint
count_unread (ZmqgSocket *socket)
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);

  statistics_check (statistics);
  return (guint) zmqg_statistics_get_dropped (statistics,
                                              ZMQG_DROP_REASON_UNREAD);
}

static ZmqgSocket *
new_router (SocketTest *test,
            gboolean mandatory)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);

  zmqg_router_socket_set_mandatory (ZMQG_ROUTER_SOCKET (router), mandatory);
  return router;
}

static ZmqgSocket *
new_dealer (SocketTest *test,
            const char *id)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);

  if (id != NULL)
    zmqg_socket_set_routing_id_string (dealer, id);
  return dealer;
}

static gboolean
try_send_to (ZmqgSocket *router,
             const char *id,
             ZmqgError refusal)
{
  const char *const frames[] = { id, "x", NULL };
  g_autoptr (ZmqgMessage) message = zmqg_message_new_strv (frames);
  g_autoptr (GError) error = NULL;

  if (zmqg_socket_try_send (router, message, &error))
    return TRUE;

  g_assert_error (error, ZMQG_ERROR, (int) refusal);
  return FALSE;
}

static void
test_messages_begin_with_the_id (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  ZmqgSocket *a = new_dealer (test, "a");
  ZmqgSocket *b = new_dealer (test, "b");
  g_autofree char *uri = socket_test_bind (test, router);

  socket_test_connect (a, uri);
  socket_test_send (a, "1", "", "2", NULL);
  socket_test_expect (router, "a", "1", "", "2", NULL);
  socket_test_connect (b, uri);
  socket_test_send (b, "3", NULL);
  socket_test_expect (router, "b", "3", NULL);
}

static void
test_the_first_frame_selects_the_peer (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *a = new_dealer (test, "a");
  ZmqgSocket *b = new_dealer (test, "b");
  g_autofree char *uri = socket_test_bind (test, router);

  socket_test_connect (a, uri);
  socket_test_connect (b, uri);
  socket_test_send (a, "1", NULL);
  socket_test_expect (router, "a", "1", NULL);
  socket_test_send (b, "1", NULL);
  socket_test_expect (router, "b", "1", NULL);
  socket_test_send (router, "b", "for b", "", NULL);
  socket_test_send (router, "a", "for a", NULL);
  socket_test_expect (a, "for a", NULL);
  socket_test_expect (b, "for b", "", NULL);
}

static void
test_an_address_alone_is_dropped (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *a = new_dealer (test, "a");
  g_autofree char *uri = socket_test_bind (test, router);

  socket_test_connect (a, uri);
  socket_test_send (a, "1", NULL);
  socket_test_expect (router, "a", "1", NULL);
  socket_test_send (router, "a", NULL);
  socket_test_send (router, "nobody", NULL);
  socket_test_send (router, "a", "2", NULL);
  socket_test_expect (a, "2", NULL);
}

static void
test_messages_to_nobody_are_dropped (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);

  g_assert_cmpuint (zmqg_socket_get_events (router), ==, G_IO_OUT);
  socket_test_send (router, "nobody", "x", NULL);
  socket_test_send (router, "", "x", NULL);
}

static void
test_mandatory_refuses_what_has_no_peer (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);

  g_assert_true (zmqg_router_socket_get_mandatory (
    ZMQG_ROUTER_SOCKET (router)));
  g_assert_cmpuint (zmqg_socket_get_events (router), ==, 0);
  g_assert_false (try_send_to (router, "nobody", ZMQG_ERROR_UNROUTABLE));
  g_assert_false (try_send_to (router, "", ZMQG_ERROR_UNROUTABLE));
}

static void
test_mandatory_refuses_a_lost_peer (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *a = new_dealer (test, "a");
  g_autofree char *uri = socket_test_bind (test, router);

  socket_test_connect (a, uri);
  socket_test_await_events (router, G_IO_OUT);
  g_assert_true (try_send_to (router, "a", ZMQG_ERROR_UNROUTABLE));
  socket_test_close (test, a);
  socket_test_await_events (router, 0);
  g_assert_false (try_send_to (router, "a", ZMQG_ERROR_UNROUTABLE));
}

static void
test_a_full_peer_gets_no_more (SocketTest *test,
                               gboolean mandatory)
{
  ZmqgSocket *router = new_router (test, mandatory);
  ZmqgSocket *a = new_dealer (test, "a");
  g_autofree char *uri = NULL;

  g_object_set (router, "send-hwm", 1, NULL);
  g_object_set (a, "receive-hwm", 1, NULL);
  uri = socket_test_bind (test, router);
  socket_test_connect (a, uri);

  g_assert_true (try_send_to (router, "a", ZMQG_ERROR_WOULD_BLOCK));
  g_assert_true (try_send_to (router, "a", ZMQG_ERROR_WOULD_BLOCK));
  g_assert_true (try_send_to (router, "a", ZMQG_ERROR_WOULD_BLOCK) !=
                 mandatory);
  g_assert_cmpuint (zmqg_socket_get_events (router), ==,
                    mandatory ? 0 : G_IO_OUT);
  socket_test_expect (a, "x", NULL);
  socket_test_expect (a, "x", NULL);
  socket_test_refuses_receive (a, ZMQG_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (zmqg_socket_get_events (router), ==, G_IO_OUT);
  g_assert_true (try_send_to (router, "a", ZMQG_ERROR_WOULD_BLOCK));
}

static void
test_messages_to_a_full_peer_are_dropped (SocketTest *test)
{
  test_a_full_peer_gets_no_more (test, FALSE);
}

static void
test_mandatory_waits_for_a_full_peer (SocketTest *test)
{
  test_a_full_peer_gets_no_more (test, TRUE);
}

static void
test_ids_are_made_up (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *dealers[2];
  g_autofree char *uri = socket_test_bind (test, router);
  guint32 counts[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autoptr (ZmqgMessage) reply = zmqg_message_new ();
      g_autoptr (GBytes) id = NULL;
      const guint8 *data;
      gsize size;
      GError *error = NULL;

      dealers[i] = new_dealer (test, NULL);
      socket_test_connect (dealers[i], uri);
      socket_test_send (dealers[i], "1", NULL);
      message = socket_test_receive (router);
      id = zmqg_message_get_frame (message, 0);
      data = g_bytes_get_data (id, &size);
      g_assert_cmpuint (size, ==, 5);
      g_assert_cmpuint (data[0], ==, 0);
      counts[i] = (guint32) data[1] << 24 | (guint32) data[2] << 16 |
                  (guint32) data[3] << 8 | data[4];

      zmqg_message_append_bytes (reply, id);
      zmqg_message_append_string (reply, "2");
      zmqg_socket_send (router, reply, NULL, &error);
      g_assert_no_error (error);
      socket_test_expect (dealers[i], "2", NULL);
    }

  g_assert_cmpuint (counts[1], ==, counts[0] + 1);
}

static void
test_reserved_ids_of_peers_are_accepted (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *dealer = new_dealer (test, NULL);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autoptr (ZmqgMessage) message = NULL;
  const guint8 id[] = { 0, 'x' };
  const guint8 *data;
  gsize size;

  zmqg_socket_set_routing_id_data (dealer, id, sizeof id);
  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "1", NULL);
  message = socket_test_receive (router);
  data = zmqg_message_get_data (message, 0, &size);
  g_assert_cmpmem (data, size, id, sizeof id);
}

static void
note_connect_id (GObject *object,
                 GParamSpec *pspec,
                 gpointer user_data)
{
  g_autoptr (GBytes) id = zmqg_router_socket_get_connect_routing_id (
    ZMQG_ROUTER_SOCKET (object));
  GString *seen = user_data;

  g_string_append_c (seen, id != NULL ? '+' : '-');
}

static void
test_connect_routing_id (SocketTest *test)
{
  g_autoptr (GString) seen = g_string_new (NULL);
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *a = new_dealer (test, "its own name");
  ZmqgSocket *b = new_dealer (test, "b");
  g_autofree char *uri_a = socket_test_bind (test, a);
  g_autofree char *uri_b = socket_test_bind (test, b);
  g_autoptr (GBytes) left = NULL;

  g_signal_connect (router, "notify::connect-routing-id",
                    G_CALLBACK (note_connect_id), seen);
  zmqg_router_socket_set_connect_routing_id_string (
    ZMQG_ROUTER_SOCKET (router), "mine");
  socket_test_connect (router, uri_a);
  left = zmqg_router_socket_get_connect_routing_id (
    ZMQG_ROUTER_SOCKET (router));
  g_assert_null (left);
  ZMQG_TEST_AWAIT (seen->len == 2, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpstr (seen->str, ==, "+-");

  /* Before anybody is there. */
  socket_test_send (router, "mine", "1", NULL);
  socket_test_expect (a, "1", NULL);
  socket_test_send (a, "2", NULL);
  socket_test_expect (router, "mine", "2", NULL);

  socket_test_connect (router, uri_b);
  socket_test_send (b, "3", NULL);
  socket_test_expect (router, "b", "3", NULL);
  g_assert_cmpuint (seen->len, ==, 2);
}

static void
test_a_connect_routing_id_in_use (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *peers[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;

      peers[i] = new_dealer (test, NULL);
      uri = socket_test_bind (test, peers[i]);
      zmqg_router_socket_set_connect_routing_id_data (
        ZMQG_ROUTER_SOCKET (router), (const guint8 *) "same", 4);
      socket_test_connect (router, uri);
      socket_test_send (peers[i], "1", NULL);
    }

  socket_test_send (router, "same", "for the first", NULL);
  socket_test_expect (peers[0], "for the first", NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) message = socket_test_receive (router);
      gsize size;

      zmqg_message_get_data (message, 0, &size);
      g_assert_true (size == 4 || size == 5);
    }
  socket_test_refuses_receive (peers[1], ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_routers_talk_to_each_other (SocketTest *test)
{
  ZmqgSocket *a = new_router (test, TRUE);
  ZmqgSocket *b = new_router (test, TRUE);
  g_autofree char *uri = NULL;

  zmqg_socket_set_routing_id_string (a, "a");
  zmqg_socket_set_routing_id_string (b, "b");
  uri = socket_test_bind (test, a);
  socket_test_connect (b, uri);
  socket_test_await_events (b, G_IO_OUT);
  socket_test_send (b, "a", "1", NULL);
  socket_test_expect (a, "b", "1", NULL);
  socket_test_send (a, "b", "2", NULL);
  socket_test_expect (b, "a", "2", NULL);
}

static void
test_a_second_peer_of_an_id_is_not_heard (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  ZmqgSocket *first = new_dealer (test, "same");
  ZmqgSocket *second = new_dealer (test, "same");
  g_autofree char *uri = socket_test_bind (test, router);

  socket_test_connect (first, uri);
  socket_test_send (first, "1", NULL);
  socket_test_expect (router, "same", "1", NULL);
  socket_test_connect (second, uri);
  socket_test_send (second, "unheard", NULL);
  if (!test->in_process)
    {
      socket_test_await_peers (router, 2);
      socket_test_await_peers (second, 1);
    }

  for (guint i = 0; i < 100; i++)
    {
      socket_test_send (first, "2", NULL);
      socket_test_expect (router, "same", "2", NULL);
      socket_test_send (router, "same", "3", NULL);
      socket_test_expect (first, "3", NULL);
    }
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_refuses_receive (second, ZMQG_ERROR_WOULD_BLOCK);

  /* It is not promoted either. */
  socket_test_close (test, first);
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_handover (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *first = new_dealer (test, "same");
  ZmqgSocket *second = new_dealer (test, "same");
  g_autofree char *uri = socket_test_bind (test, router);

  zmqg_router_socket_set_handover (ZMQG_ROUTER_SOCKET (router), TRUE);
  g_assert_true (zmqg_router_socket_get_handover (
    ZMQG_ROUTER_SOCKET (router)));

  g_object_set (first, "reconnect-interval", 1, NULL);
  socket_test_connect (first, uri);
  socket_test_send (first, "1", NULL);
  socket_test_expect (router, "same", "1", NULL);

  socket_test_connect (second, uri);
  socket_test_send (second, "2", NULL);
  socket_test_expect (router, "same", "2", NULL);
  socket_test_send (router, "same", "3", NULL);
  socket_test_expect (second, "3", NULL);
  socket_test_refuses_receive (first, ZMQG_ERROR_WOULD_BLOCK);

  /* The first does not come back for its id, though it is alive. */
  if (!test->in_process)
    socket_test_send (first, "unheard", NULL);
  for (guint i = 0; i < 20; i++)
    {
      socket_test_send (second, "4", NULL);
      socket_test_expect (router, "same", "4", NULL);
      zmqg_test_turn (NULL);
    }
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_an_id_is_free_when_its_peer_has_gone (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  g_autofree char *uri = socket_test_bind (test, router);

  for (guint i = 0; i < 3; i++)
    {
      ZmqgSocket *dealer = new_dealer (test, "a");

      socket_test_connect (dealer, uri);
      socket_test_send (dealer, "1", NULL);
      socket_test_expect (router, "a", "1", NULL);
      socket_test_send (router, "a", "2", NULL);
      socket_test_expect (dealer, "2", NULL);
      socket_test_close (test, dealer);
      socket_test_await_events (router, 0);
    }
}

static void
test_unread_messages_keep_their_id (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *first = new_dealer (test, "a");
  ZmqgSocket *second = new_dealer (test, "a");
  g_autofree char *uri = socket_test_bind (test, router);

  socket_test_connect (first, uri);
  socket_test_await_events (router, G_IO_OUT);
  socket_test_send (first, "1", NULL);
  socket_test_send (first, "2", NULL);
  socket_test_await_events (router, G_IO_IN | G_IO_OUT);
  socket_test_close (test, first);
  socket_test_await_events (router, G_IO_IN);
  g_assert_false (try_send_to (router, "a", ZMQG_ERROR_UNROUTABLE));

  socket_test_connect (second, uri);
  socket_test_await_events (router, G_IO_IN | G_IO_OUT);
  socket_test_send (router, "a", "for the second", NULL);
  socket_test_expect (second, "for the second", NULL);
  socket_test_expect (router, "a", "1", NULL);
  socket_test_expect (router, "a", "2", NULL);
}

static void
test_a_peer_keeps_its_id_when_it_comes_back (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *server = new_dealer (test, "first");
  g_autofree char *uri = socket_test_bind (test, server);

  socket_test_connect (router, uri);
  socket_test_send (server, "1", NULL);
  socket_test_expect (router, "first", "1", NULL);
  socket_test_close (test, server);

  server = new_dealer (test, "second");
  socket_test_rebind (server, uri);
  socket_test_send (server, "2", NULL);
  socket_test_expect (router, "first", "2", NULL);
  socket_test_send (router, "first", "3", NULL);
  socket_test_expect (server, "3", NULL);
}

static void
test_notices_of_peers (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  ZmqgSocket *dealer = new_dealer (test, "a");
  g_autofree char *uri = NULL;

  zmqg_router_socket_set_notify_peers (ZMQG_ROUTER_SOCKET (router),
                                       ZMQG_ROUTER_NOTIFY_CONNECT |
                                         ZMQG_ROUTER_NOTIFY_DISCONNECT);
  g_assert_cmpuint (zmqg_router_socket_get_notify_peers (
                      ZMQG_ROUTER_SOCKET (router)), ==, 3);
  g_object_set (dealer, "linger", -1, NULL);
  uri = socket_test_bind (test, router);
  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "1", NULL);
  socket_test_send (dealer, "2", NULL);
  socket_test_close (test, dealer);

  socket_test_expect (router, "a", "", NULL);
  socket_test_expect (router, "a", "1", NULL);
  socket_test_expect (router, "a", "2", NULL);
  socket_test_expect (router, "a", "", NULL);
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_a_notice_is_an_event (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, TRUE);
  ZmqgSocket *dealer = new_dealer (test, "a");
  g_autofree char *uri = NULL;

  zmqg_router_socket_set_notify_peers (ZMQG_ROUTER_SOCKET (router),
                                       ZMQG_ROUTER_NOTIFY_DISCONNECT);
  uri = socket_test_bind (test, router);
  socket_test_connect (dealer, uri);
  socket_test_await_events (router, G_IO_OUT);
  socket_test_close (test, dealer);
  socket_test_await_events (router, G_IO_IN);
  socket_test_expect (router, "a", "", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (router), ==, 0);
}

static void
test_notices_of_a_peer_that_comes_back (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  ZmqgSocket *server = new_dealer (test, "a");
  g_autofree char *uri = socket_test_bind (test, server);

  zmqg_router_socket_set_notify_peers (ZMQG_ROUTER_SOCKET (router),
                                       ZMQG_ROUTER_NOTIFY_CONNECT |
                                         ZMQG_ROUTER_NOTIFY_DISCONNECT);
  g_object_set (server, "linger", -1, NULL);
  socket_test_connect (router, uri);
  socket_test_send (server, "1", NULL);
  socket_test_expect (router, "a", "", NULL);
  socket_test_expect (router, "a", "1", NULL);
  socket_test_close (test, server);

  server = new_dealer (test, "a");
  socket_test_rebind (server, uri);
  socket_test_send (server, "2", NULL);
  socket_test_expect (router, "a", "", NULL);
  socket_test_expect (router, "a", "", NULL);
  socket_test_expect (router, "a", "2", NULL);
}

static void
drop_peer (ZmqgSocket *socket,
           ZmqgPeer *peer,
           gpointer user_data)
{
  guint *left = user_data;

  if (*left == 0)
    return;

  (*left)--;
  zmqg_peer_drop (peer);
}

/* Of a connection that is lost over and over some notices are not told, which
 * is counted; what is told of others stays whole. */
static void
test_too_many_notices (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  ZmqgSocket *server = new_dealer (test, "a");
  g_autofree char *uri = socket_test_bind (test, server);
  guint left = 12;
  guint added = 0;
  guint n = 0;

  zmqg_router_socket_set_notify_peers (ZMQG_ROUTER_SOCKET (router),
                                       ZMQG_ROUTER_NOTIFY_CONNECT |
                                         ZMQG_ROUTER_NOTIFY_DISCONNECT);
  g_object_set (router, "receive-hwm", 1, NULL);
  g_signal_connect (server, "peer-added", G_CALLBACK (drop_peer), &left);
  g_signal_connect_swapped (router, "peer-added", G_CALLBACK (count), &added);
  socket_test_connect (router, uri);
  ZMQG_TEST_AWAIT (left == 0 && added == 13, SOCKET_TEST_DEADLINE_MS);
  socket_test_await_peers (server, 1);

  /* 25 came, 16 may wait. (Connections may go by unseen while the machine is
   * busy.) */
  while (zmqg_socket_get_events (router) & G_IO_IN)
    {
      g_autoptr (ZmqgMessage) begin = socket_test_receive (router);
      g_autoptr (ZmqgPeer) peer = zmqg_message_get_peer (begin);

      n++;
      if (!zmqg_peer_is_connected (peer))
        {
          g_autoptr (ZmqgMessage) end = socket_test_receive (router);
          g_autoptr (ZmqgPeer) same = zmqg_message_get_peer (end);

          g_assert_true (peer == same);
          n++;
        }
    }
  g_assert_cmpuint (n, >=, 15);
  g_assert_cmpuint (n, <=, 16);
  g_assert_cmpuint (count_unread (router), >, 0);
  g_assert_cmpuint (count_unread (router), <=, 25 - n);
}

static void
test_no_notices_in_process (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  ZmqgSocket *dealer = new_dealer (test, "a");
  g_autofree char *uri = NULL;

  zmqg_router_socket_set_notify_peers (ZMQG_ROUTER_SOCKET (router),
                                       ZMQG_ROUTER_NOTIFY_CONNECT |
                                         ZMQG_ROUTER_NOTIFY_DISCONNECT);
  uri = socket_test_bind (test, router);
  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "1", NULL);
  socket_test_close (test, dealer);
  socket_test_expect (router, "a", "1", NULL);
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_send_to (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  ZmqgSocket *dealers[2];
  g_autofree char *uri = socket_test_bind (test, router);
  ZmqgPeer *peers[2];
  g_autoptr (GError) error = NULL;
  g_autoptr (ZmqgMessage) late = zmqg_message_new_string ("late");

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      dealers[i] = new_dealer (test, NULL);
      socket_test_connect (dealers[i], uri);
      socket_test_send (dealers[i], "1", NULL);
      message = socket_test_receive (router);
      peers[i] = zmqg_message_get_peer (message);
      g_assert_nonnull (peers[i]);
    }

  for (guint i = 0; i < 2; i++)
    {
      const char *const frames[] = { i == 0 ? "a" : "b", "", NULL };
      g_autoptr (ZmqgMessage) reply = zmqg_message_new_strv (frames);

      zmqg_router_socket_send_to (ZMQG_ROUTER_SOCKET (router), peers[i],
                                  reply, NULL, &error);
      g_assert_no_error (error);
    }
  socket_test_expect (dealers[1], "b", "", NULL);
  socket_test_expect (dealers[0], "a", "", NULL);

  socket_test_close (test, dealers[0]);
  socket_test_close (test, dealers[1]);
  zmqg_router_socket_set_mandatory (ZMQG_ROUTER_SOCKET (router), TRUE);
  socket_test_await_events (router, 0);
  g_assert_false (zmqg_router_socket_send_to (ZMQG_ROUTER_SOCKET (router),
                                              peers[0], late, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE);
  if (!test->in_process)
    {
      const char *remote = zmqg_peer_get_remote_uri (peers[0]);

      g_assert_nonnull (strstr (error->message,
                                remote != NULL ? remote : uri));
    }
  g_object_unref (peers[0]);
  g_object_unref (peers[1]);
}

/* --- To a peer that is full --------------------------------------------- */

typedef struct
{
  ZmqgSocket *router; /* mandatory, bound */
  ZmqgSocket *dealer; /* "a", which takes two messages and no more */
  ZmqgPeer *peer;     /* that */
  char *uri;
} FullPeer;

/* Called where the marks of both sides are one queue's. */
static void
full_peer_set_up (FullPeer *self,
                  SocketTest *test)
{
  g_autoptr (ZmqgMessage) message = NULL;

  self->router = new_router (test, TRUE);
  self->dealer = new_dealer (test, "a");
  g_object_set (self->router, "send-hwm", 1, NULL);
  g_object_set (self->dealer, "receive-hwm", 1, NULL);
  self->uri = socket_test_bind (test, self->router);
  socket_test_connect (self->dealer, self->uri);
  socket_test_send (self->dealer, "1", NULL);
  message = socket_test_receive (self->router);
  self->peer = zmqg_message_get_peer (message);
  while (try_send_to (self->router, "a", ZMQG_ERROR_WOULD_BLOCK))
    ;
}

static void
full_peer_clear (FullPeer *self)
{
  g_object_unref (self->peer);
  g_free (self->uri);
}

static gboolean
try_peer (FullPeer *self,
          const char *text,
          ZmqgError refusal)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (text);
  g_autoptr (GError) error = NULL;

  if (zmqg_router_socket_try_send_to (ZMQG_ROUTER_SOCKET (self->router),
                                      self->peer, message, &error))
    return TRUE;

  g_assert_error (error, ZMQG_ERROR, (int) refusal);
  return FALSE;
}

static void
test_try_send_to (SocketTest *test)
{
  FullPeer self;

  full_peer_set_up (&self, test);
  g_assert_false (try_peer (&self, "no", ZMQG_ERROR_WOULD_BLOCK));
  socket_test_expect (self.dealer, "x", NULL);
  socket_test_expect (self.dealer, "x", NULL);
  g_assert_true (try_peer (&self, "yes", ZMQG_ERROR_WOULD_BLOCK));
  socket_test_expect (self.dealer, "yes", NULL);

  socket_test_close (test, self.dealer);
  socket_test_await_events (self.router, 0);
  g_assert_false (try_peer (&self, "late", ZMQG_ERROR_UNROUTABLE));
  full_peer_clear (&self);
}

typedef struct
{
  GString *order;
  char name;
  gboolean sent;
  GError *error;
} Sending;

static void
sending_done (GObject *object,
              GAsyncResult *result,
              gpointer user_data)
{
  Sending *self = user_data;

  self->sent = zmqg_router_socket_send_to_finish (ZMQG_ROUTER_SOCKET (object),
                                                  result, &self->error);
  g_string_append_c (self->order, self->name);
}

static void
sending_start (Sending *self,
               FullPeer *full,
               GString *order,
               char name,
               GCancellable *cancellable)
{
  const char text[] = { name, '\0' };
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (text);

  *self = (Sending) { .order = order, .name = name };
  zmqg_router_socket_send_to_async (ZMQG_ROUTER_SOCKET (full->router),
                                    full->peer, message, cancellable,
                                    sending_done, self);
}

/* They wait for room, and go in order; one that is cancelled does not. */
static void
test_send_to_async (SocketTest *test)
{
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Sending sendings[4];
  FullPeer self;

  full_peer_set_up (&self, test);
  for (guint i = 0; i < 4; i++)
    sending_start (&sendings[i], &self, order, (char) ('a' + i),
                   i == 1 ? cancellable : NULL);
  for (guint i = 0; i < 10; i++)
    zmqg_test_turn (NULL);
  g_assert_cmpstr (order->str, ==, "");

  g_cancellable_cancel (cancellable);
  ZMQG_TEST_AWAIT (order->len == 1, SOCKET_TEST_DEADLINE_MS);
  g_assert_error (sendings[1].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&sendings[1].error);

  for (guint i = 0; i < 2; i++)
    socket_test_expect (self.dealer, "x", NULL);
  ZMQG_TEST_AWAIT (order->len == 3, SOCKET_TEST_DEADLINE_MS);
  socket_test_expect (self.dealer, "a", NULL);
  socket_test_expect (self.dealer, "c", NULL);
  ZMQG_TEST_AWAIT (order->len == 4, SOCKET_TEST_DEADLINE_MS);
  socket_test_expect (self.dealer, "d", NULL);
  g_assert_cmpstr (order->str, ==, "bacd");
  for (guint i = 0; i < 4; i++)
    {
      g_assert_no_error (sendings[i].error);
      g_assert_true (sendings[i].sent == (i != 1));
    }

  /* With room it is sent at once, and told later. */
  sending_start (&sendings[0], &self, order, 'e', NULL);
  g_assert_cmpuint (order->len, ==, 4);
  socket_test_expect (self.dealer, "e", NULL);
  ZMQG_TEST_AWAIT (order->len == 5, SOCKET_TEST_DEADLINE_MS);
  g_assert_true (sendings[0].sent);
  full_peer_clear (&self);
}

/* Its peer goes, and with it what waits for that. */
static void
test_send_to_async_is_unroutable (SocketTest *test)
{
  g_autoptr (GString) order = g_string_new (NULL);
  Sending sendings[2];
  FullPeer self;

  full_peer_set_up (&self, test);
  for (guint i = 0; i < 2; i++)
    sending_start (&sendings[i], &self, order, (char) ('a' + i), NULL);
  zmqg_test_turn (NULL);
  g_assert_cmpuint (order->len, ==, 0);
  socket_test_close (test, self.dealer);
  ZMQG_TEST_AWAIT (order->len == 2, SOCKET_TEST_DEADLINE_MS);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_error (sendings[i].error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE);
      g_clear_error (&sendings[i].error);
    }
  full_peer_clear (&self);
}

/* Nor does it go to another peer that has the routing id by then. */
static void
test_send_to_means_the_peer (SocketTest *test)
{
  g_autoptr (GString) order = g_string_new (NULL);
  ZmqgSocket *other = new_dealer (test, "a");
  Sending sending;
  FullPeer self;

  full_peer_set_up (&self, test);
  zmqg_router_socket_set_handover (ZMQG_ROUTER_SOCKET (self.router), TRUE);
  sending_start (&sending, &self, order, 'a', NULL);
  zmqg_test_turn (NULL);
  g_assert_cmpuint (order->len, ==, 0);

  socket_test_connect (other, self.uri);
  socket_test_send (other, "2", NULL);
  socket_test_expect (self.router, "a", "2", NULL);
  ZMQG_TEST_AWAIT (order->len == 1, SOCKET_TEST_DEADLINE_MS);
  g_assert_error (sending.error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE);
  g_clear_error (&sending.error);
  socket_test_send (self.router, "a", "3", NULL);
  socket_test_expect (other, "3", NULL);
  full_peer_clear (&self);
}

/* The first in the line gives up: another peer has had room since. */
static void
test_the_next_send_goes_on (SocketTest *test)
{
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  ZmqgSocket *other = new_dealer (test, "b");
  g_autoptr (ZmqgMessage) message = NULL;
  FullPeer second;
  Sending sendings[2];
  FullPeer self;

  full_peer_set_up (&self, test);
  g_object_set (other, "receive-hwm", 1, NULL);
  socket_test_connect (other, self.uri);
  socket_test_send (other, "1", NULL);
  message = socket_test_receive (self.router);
  second = (FullPeer) { .router = self.router,
                        .peer = zmqg_message_get_peer (message) };
  while (try_send_to (self.router, "b", ZMQG_ERROR_WOULD_BLOCK))
    ;

  sending_start (&sendings[0], &self, order, 'a', cancellable);
  sending_start (&sendings[1], &second, order, 'b', NULL);
  for (guint i = 0; i < 2; i++)
    socket_test_expect (other, "x", NULL);
  for (guint i = 0; i < 10; i++)
    zmqg_test_turn (NULL);
  g_assert_cmpstr (order->str, ==, "");

  g_cancellable_cancel (cancellable);
  ZMQG_TEST_AWAIT (order->len == 2, SOCKET_TEST_DEADLINE_MS);
  g_assert_error (sendings[0].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&sendings[0].error);
  g_assert_true (sendings[1].sent);
  socket_test_expect (other, "b", NULL);
  g_object_unref (second.peer);
  full_peer_clear (&self);
}

/* Calls that wait to send. */
static guint
count_senders (ZmqgSocket *socket)
{
  ZmqgInbox *inbox = &socket->core->inbox;
  guint n = 0;

  zmqg_lock (&inbox->lock);
  for (ZmqgWaiter *one = inbox->waiters; one != NULL; one = one->next)
    n += one->interest == ZMQG_WAIT_OUT;
  zmqg_unlock (&inbox->lock);

  return n;
}

static gpointer
send_in_thread (gpointer data)
{
  FullPeer *self = data;
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("waited");
  GError *error = NULL;

  zmqg_router_socket_send_to (ZMQG_ROUTER_SOCKET (self->router), self->peer,
                              message, NULL, &error);
  g_assert_no_error (error);
  return NULL;
}

/* Threads that wait for different peers do not wait for each other: the last
 * peer reads first. */
static void
test_each_waits_for_its_peer (SocketTest *test)
{
  const char *const ids[] = { "a", "b", "c" };
  FullPeer peers[G_N_ELEMENTS (ids)];
  GThread *threads[G_N_ELEMENTS (ids)];
  FullPeer self;

  full_peer_set_up (&self, test);
  peers[0] = self;
  for (guint i = 1; i < G_N_ELEMENTS (ids); i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      peers[i] = (FullPeer) { .router = self.router,
                              .dealer = new_dealer (test, ids[i]) };
      g_object_set (peers[i].dealer, "receive-hwm", 1, NULL);
      socket_test_connect (peers[i].dealer, self.uri);
      socket_test_send (peers[i].dealer, "1", NULL);
      message = socket_test_receive (self.router);
      peers[i].peer = zmqg_message_get_peer (message);
      while (try_send_to (self.router, ids[i], ZMQG_ERROR_WOULD_BLOCK))
        ;
    }

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      threads[i] = g_thread_new ("sender", send_in_thread, &peers[i]);
      ZMQG_TEST_AWAIT (count_senders (self.router) == i + 1,
                       SOCKET_TEST_DEADLINE_MS);
    }
  for (guint i = G_N_ELEMENTS (ids); i > 0; i--)
    {
      for (guint j = 0; j < 2; j++)
        socket_test_expect (peers[i - 1].dealer, "x", NULL);
      socket_test_expect (peers[i - 1].dealer, "waited", NULL);
      g_thread_join (threads[i - 1]);
    }
  for (guint i = 1; i < G_N_ELEMENTS (ids); i++)
    g_object_unref (peers[i].peer);
  full_peer_clear (&self);
}

static void
test_fair_queueing (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  g_autofree char *uri = socket_test_bind (test, router);
  const char *const ids[] = { "a", "b", "c" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      ZmqgSocket *dealer = new_dealer (test, ids[i]);

      socket_test_connect (dealer, uri);
      for (guint j = 0; j < 3; j++)
        socket_test_send (dealer, "x", NULL);
    }

  for (guint i = 0; i < 9; i++)
    socket_test_expect (router, ids[i % 3], "x", NULL);
}

static void
test_long_messages_keep_their_frames (SocketTest *test)
{
  ZmqgSocket *router = new_router (test, FALSE);
  ZmqgSocket *dealer = new_dealer (test, "a");
  g_autofree char *uri = socket_test_bind (test, router);
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autoptr (ZmqgMessage) received = NULL;
  GError *error = NULL;

  for (guint i = 0; i < 50; i++)
    zmqg_message_append_string (message, "frame");
  socket_test_connect (dealer, uri);
  zmqg_socket_send (dealer, message, NULL, &error);
  g_assert_no_error (error);
  received = socket_test_receive (router);
  g_assert_cmpuint (zmqg_message_get_n_frames (received), ==, 51);
  g_assert_cmpuint (zmqg_message_get_size (received), ==, 1 + 50 * 5);
}

/* Two peers with one routing id: the second is not heard, but what it sends
 * is taken all the same, so many messages at a time. */
static void
test_the_second_of_an_id_is_not_heard (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealers[2];
  g_autofree char *uri = NULL;

  g_object_set (router, "receive-hwm", 4000, NULL);
  uri = socket_test_bind (test, router);
  for (guint i = 0; i < G_N_ELEMENTS (dealers); i++)
    {
      dealers[i] = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
      g_object_set (dealers[i], "send-hwm", 4000, NULL);
      zmqg_socket_set_routing_id_string (dealers[i], "D");
      socket_test_connect (dealers[i], uri);
      socket_test_send (dealers[i], "hello", NULL);
    }
  socket_test_expect (router, "D", "hello", NULL);

  /* The queue's writer sees room when half of it was taken. */
  while (socket_test_try_send (dealers[1], "unheard"))
    ;
  g_assert_cmpuint (zmqg_socket_get_events (router), !=, G_IO_IN);
  g_assert_false (socket_test_try_send (dealers[1], "unheard"));
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (router) != G_IO_IN &&
                     socket_test_try_send (dealers[1], "unheard"),
                   SOCKET_TEST_DEADLINE_MS);

  socket_test_send (dealers[0], "1", NULL);
  socket_test_expect (router, "D", "1", NULL);
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/router/" name, SOCKET_TEST_##scope, func)

  ADD ("messages-begin-with-the-id", ALL, test_messages_begin_with_the_id);
  ADD ("the-first-frame-selects-the-peer", ALL,
       test_the_first_frame_selects_the_peer);
  ADD ("an-address-alone-is-dropped", ALL, test_an_address_alone_is_dropped);
  ADD ("messages-to-nobody-are-dropped", INPROC,
       test_messages_to_nobody_are_dropped);
  ADD ("mandatory-refuses-what-has-no-peer", INPROC,
       test_mandatory_refuses_what_has_no_peer);
  ADD ("mandatory-refuses-a-lost-peer", ALL,
       test_mandatory_refuses_a_lost_peer);
  ADD ("messages-to-a-full-peer-are-dropped", INPROC,
       test_messages_to_a_full_peer_are_dropped);
  ADD ("mandatory-waits-for-a-full-peer", INPROC,
       test_mandatory_waits_for_a_full_peer);
  ADD ("ids-are-made-up", ALL, test_ids_are_made_up);
  ADD ("reserved-ids-of-peers-are-accepted", ALL,
       test_reserved_ids_of_peers_are_accepted);
  ADD ("connect-routing-id", ALL, test_connect_routing_id);
  ADD ("a-connect-routing-id-in-use", ALL, test_a_connect_routing_id_in_use);
  ADD ("routers-talk-to-each-other", ALL, test_routers_talk_to_each_other);
  ADD ("a-second-peer-of-an-id-is-not-heard", ALL,
       test_a_second_peer_of_an_id_is_not_heard);
  ADD ("handover", ALL, test_handover);
  ADD ("an-id-is-free-when-its-peer-has-gone", ALL,
       test_an_id_is_free_when_its_peer_has_gone);
  ADD ("unread-messages-keep-their-id", ALL,
       test_unread_messages_keep_their_id);
  ADD ("a-peer-keeps-its-id-when-it-comes-back", NETWORK,
       test_a_peer_keeps_its_id_when_it_comes_back);
  ADD ("notices-of-peers", NETWORK, test_notices_of_peers);
  ADD ("a-notice-is-an-event", NETWORK, test_a_notice_is_an_event);
  ADD ("notices-of-a-peer-that-comes-back", NETWORK,
       test_notices_of_a_peer_that_comes_back);
  ADD ("too-many-notices", NETWORK, test_too_many_notices);
  ADD ("no-notices-in-process", INPROC, test_no_notices_in_process);
  ADD ("send-to", ALL, test_send_to);
  ADD ("try-send-to", INPROC, test_try_send_to);
  ADD ("send-to-async", INPROC, test_send_to_async);
  ADD ("send-to-async-is-unroutable", INPROC,
       test_send_to_async_is_unroutable);
  ADD ("send-to-means-the-peer", INPROC, test_send_to_means_the_peer);
  ADD ("the-next-send-goes-on", INPROC, test_the_next_send_goes_on);
  ADD ("each-waits-for-its-peer", INPROC, test_each_waits_for_its_peer);
  ADD ("the-second-of-an-id-is-not-heard", INPROC,
       test_the_second_of_an_id_is_not_heard);
  ADD ("fair-queueing", INPROC, test_fair_queueing);
  ADD ("long-messages-keep-their-frames", ALL,
       test_long_messages_keep_their_frames);

  return g_test_run ();
}
