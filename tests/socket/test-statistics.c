/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"
#include "statistics-check.h"

#include "socket/zmqg-peer.h"
#include "socket/zmqg-pub-socket.h"
#include "socket/zmqg-statistics.h"
#include "socket/zmqg-sub-socket.h"

#include <stdatomic.h>

#define AWAIT(condition) ZMQG_TEST_AWAIT (condition, SOCKET_TEST_DEADLINE_MS)

/* --- Messages that arrive ------------------------------------------------ */

static void
test_nothing_yet (SocketTest *test)
{
  ZmqgSocket *pair = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (pair);
  g_autofree char *text = zmqg_statistics_to_string (statistics);

  statistics_check (statistics);
  g_assert_cmpstr (text, ==, "sent 0 (0 bytes), received 0 (0 bytes)");
}

static void
test_messages_and_bytes (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);
  g_autofree char *large = g_strnfill (100000, 'x');

  for (guint i = 0; i < 10; i++)
    {
      socket_test_send (push, "0123456789", NULL);
      socket_test_send (push, "a", "", "bc", NULL);
      socket_test_send (push, large, NULL);
    }
  g_assert_cmpuint (COUNT (push, messages_sent), ==, 30);
  g_assert_cmpuint (COUNT (push, bytes_sent), ==, 10 * 100013);
  g_assert_cmpuint (COUNT (push, copies), ==, 30);

  for (guint i = 0; i < 10; i++)
    {
      socket_test_expect (pull, "0123456789", NULL);
      socket_test_expect (pull, "a", "", "bc", NULL);
      socket_test_expect (pull, large, NULL);
    }
  g_assert_cmpuint (COUNT (pull, messages_received), ==, 30);
  g_assert_cmpuint (COUNT (pull, bytes_received), ==, 10 * 100013);
  g_assert_cmpuint (COUNT (pull, arrived), ==, 30);
  g_assert_cmpuint (COUNT (pull, taken), ==, 30);
  g_assert_cmpuint (COUNT (pull, inbound_queued), ==, 0);
  g_assert_cmpuint (COUNT (pull, total_dropped), ==, 0);

  AWAIT (COUNT (push, handed_on) == 30);
  g_assert_cmpuint (COUNT (push, outbound_queued), ==, 0);
  g_assert_cmpuint (COUNT (push, total_dropped), ==, 0);
  g_assert_cmpuint (COUNT (push, peers), ==, 1);
  g_assert_cmpuint (COUNT (push, messages_received), ==, 0);
  g_assert_cmpuint (COUNT (pull, messages_sent), ==, 0);

  if (test->in_process)
    {
      g_assert_cmpuint (COUNT (push, wire_bytes_sent), ==, 0);
    }
  else
    {
      /* Headers: 2 bytes each, 9 for the large one. */
      g_assert_cmpuint (COUNT (push, wire_bytes_sent), ==,
                        10 * (100013 + 4 * 2 + 9));
      g_assert_cmpuint (COUNT (pull, wire_bytes_received), ==,
                        10 * (100013 + 4 * 2 + 9));
    }
}

static void
test_queued (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);

  for (guint i = 0; i < 5; i++)
    socket_test_send (push, "a", NULL);
  AWAIT (COUNT (pull, inbound_queued) == 5);
  if (test->in_process)
    g_assert_cmpuint (COUNT (push, outbound_queued), ==, 5);
  else
    AWAIT (COUNT (push, outbound_queued) == 0);

  for (guint i = 5; i > 0; i--)
    {
      socket_test_expect (pull, "a", NULL);
      g_assert_cmpuint (COUNT (pull, inbound_queued), ==, i - 1);
    }
  g_assert_cmpuint (COUNT (push, outbound_queued), ==, 0);
}

static void
test_queued_without_a_connection (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push;

  zmqg_socket_unbind (pull, uri, NULL);
  push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);
  for (guint i = 0; i < 7; i++)
    socket_test_send (push, "a", NULL);
  g_assert_cmpuint (COUNT (push, outbound_queued), ==, 7);
  g_assert_cmpuint (COUNT (push, peers), ==, 0);
  if (!test->in_process)
    AWAIT (COUNT (push, reconnects) >= 2);

  socket_test_rebind (pull, uri);
  for (guint i = 0; i < 7; i++)
    socket_test_expect (pull, "a", NULL);
  AWAIT (COUNT (push, handed_on) == 7);
}

static void
test_copies_of_a_publisher (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *subs[3];

  for (guint i = 0; i < G_N_ELEMENTS (subs); i++)
    {
      subs[i] = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
      socket_test_subscribe (subs[i], i == 0 ? "b" : "a");
      socket_test_connect (subs[i], uri);
    }
  socket_test_await_topics (pub, 2);
  socket_test_await_peers (pub, 3);
  /* The second subscription of "a" changes no number of topics. */
  AWAIT (COUNT (pub, taken) == 3 || test->in_process);

  for (guint i = 0; i < 10; i++)
    socket_test_send (pub, "a", "text", NULL);
  socket_test_send (pub, "nobody", NULL);
  for (guint i = 1; i < G_N_ELEMENTS (subs); i++)
    for (guint j = 0; j < 10; j++)
      socket_test_expect (subs[i], "a", "text", NULL);

  g_assert_cmpuint (COUNT (pub, messages_sent), ==, 11);
  g_assert_cmpuint (COUNT (pub, bytes_sent), ==, 10 * 5 + 6);
  g_assert_cmpuint (COUNT (pub, copies), ==, 20);
  AWAIT (COUNT (pub, handed_on) == 20);
  g_assert_cmpuint (COUNT (pub, total_dropped), ==, 0);
  g_assert_cmpuint (COUNT (subs[0], arrived), ==, 0);
}

static void
test_batches_count (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);
  guint n = 0;

  for (guint i = 0; i < 20; i++)
    socket_test_send (push, "abc", NULL);
  while (n < 20)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) batch =
        zmqg_socket_receive_batch (pull, 7, NULL, &error);

      g_assert_no_error (error);
      n += batch->len;
      g_assert_cmpuint (COUNT (pull, messages_received), ==, n);
      g_assert_cmpuint (COUNT (pull, bytes_received), ==, n * 3);
    }
}

static void
test_requests_and_replies (SocketTest *test)
{
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);
  ZmqgSocket *req = socket_test_connected (test, ZMQG_TYPE_REQ_SOCKET, uri);

  for (guint i = 0; i < 3; i++)
    {
      socket_test_send (req, "ask", NULL);
      socket_test_expect (rep, "ask", NULL);
      socket_test_send (rep, "tell", NULL);
      socket_test_expect (req, "tell", NULL);
    }

  g_assert_cmpuint (COUNT (req, messages_sent), ==, 3);
  g_assert_cmpuint (COUNT (req, messages_received), ==, 3);
  /* The envelope is none of the program's. */
  g_assert_cmpuint (COUNT (req, bytes_sent), ==, 9);
  g_assert_cmpuint (COUNT (rep, bytes_received), ==, 9);
  g_assert_cmpuint (COUNT (rep, bytes_sent), ==, 12);
  g_assert_cmpuint (COUNT (req, bytes_received), ==, 12);
  g_assert_cmpuint (COUNT (rep, total_dropped), ==, 0);
  g_assert_cmpuint (COUNT (req, total_dropped), ==, 0);
}

static void
test_failed_handshakes (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *rep = socket_test_connected (test, ZMQG_TYPE_REP_SOCKET, uri);

  AWAIT (COUNT (pull, failed_handshakes) >= 1);
  AWAIT (COUNT (rep, failed_handshakes) >= 1);
  g_assert_cmpuint (COUNT (pull, peers), ==, 0);
}

/* --- Peers --------------------------------------------------------------- */

static ZmqgPeer *
first_peer (ZmqgSocket *socket)
{
  GListModel *peers = zmqg_socket_get_peers (socket);

  AWAIT (g_list_model_get_n_items (peers) == 1);
  return g_list_model_get_item (peers, 0);
}

static void
check_peer (ZmqgPeer *peer,
            guint64 sent,
            guint64 received)
{
  g_autoptr (ZmqgStatistics) statistics = NULL;
  gint64 until = g_get_monotonic_time () +
                 SOCKET_TEST_DEADLINE_MS * G_TIME_SPAN_MILLISECOND;

  do
    {
      g_clear_pointer (&statistics, zmqg_statistics_unref);
      statistics = zmqg_peer_get_statistics (peer);
      statistics_check (statistics);
      if (zmqg_statistics_get_messages_sent (statistics) == sent &&
          zmqg_statistics_get_messages_received (statistics) == received)
        break;
      zmqg_test_turn (NULL);
    }
  while (g_get_monotonic_time () < until);

  g_assert_cmpuint (zmqg_statistics_get_messages_sent (statistics), ==, sent);
  g_assert_cmpuint (zmqg_statistics_get_messages_received (statistics), ==,
                    received);
}

/* Each connection counts for itself, and keeps what it counted. */
static void
test_of_a_peer (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *pair = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pair);
  g_autoptr (ZmqgPeer) first = NULL;
  g_autoptr (ZmqgPeer) second = NULL;

  socket_test_connect (dealer, uri);
  first = first_peer (dealer);
  for (guint i = 0; i < 3; i++)
    socket_test_send (dealer, "there", NULL);
  for (guint i = 0; i < 3; i++)
    socket_test_expect (pair, "there", NULL);
  socket_test_send (pair, "back", NULL);
  socket_test_expect (dealer, "back", NULL);
  check_peer (first, 3, 1);

  socket_test_close (test, pair);
  AWAIT (!zmqg_peer_is_connected (first));
  AWAIT (g_list_model_get_n_items (zmqg_socket_get_peers (dealer)) == 0);
  g_assert_cmpuint (COUNT (dealer, peers), ==, 0);
  check_peer (first, 3, 1);
  if (test->in_process)
    return;

  socket_test_send (dealer, "queued", NULL);
  pair = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  socket_test_rebind (pair, uri);
  socket_test_expect (pair, "queued", NULL);
  second = first_peer (dealer);
  g_assert_true (first != second);
  check_peer (second, 1, 0);
  check_peer (first, 3, 1);
  g_assert_cmpuint (COUNT (dealer, handed_on), ==, 4);
}

/* --- At any moment ------------------------------------------------------- */

typedef struct
{
  ZmqgSocket *socket;
  atomic_bool stop;
  guint64 n;
} Worker;

static gpointer
send_on_and_on (gpointer data)
{
  Worker *self = data;

  while (!atomic_load (&self->stop))
    {
      g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("message");

      if (zmqg_socket_try_send (self->socket, message, NULL))
        self->n++;
      else
        g_thread_yield ();
    }

  return NULL;
}

static gpointer
receive_on_and_on (gpointer data)
{
  Worker *self = data;

  while (!atomic_load (&self->stop))
    {
      g_autoptr (ZmqgMessage) message =
        zmqg_socket_try_receive (self->socket, NULL);

      if (message != NULL)
        self->n++;
      else
        g_thread_yield ();
    }

  return NULL;
}

#define LOOKS 1000

static void
look_at_peers (ZmqgSocket *socket)
{
  GListModel *peers = zmqg_socket_get_peers (socket);

  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (ZmqgPeer) peer = g_list_model_get_item (peers, i);
      g_autoptr (ZmqgStatistics) statistics = zmqg_peer_get_statistics (peer);

      statistics_check (statistics);
    }
}

/* While two threads are at it, connections come and go, and a third looks. */
static void
check_at_any_moment (SocketTest *test,
                     ZmqgSocket *from,
                     ZmqgSocket *to,
                     gboolean each_is_queued)
{
  g_autofree char *uri = socket_test_bind (test, to);
  Worker sender = { .socket = from };
  Worker receiver = { .socket = to };
  GThread *sending;
  GThread *receiving;
  g_autoptr (GError) error = NULL;

  socket_test_connect (from, uri);
  sending = g_thread_new ("sender", send_on_and_on, &sender);
  receiving = g_thread_new ("receiver", receive_on_and_on, &receiver);

  for (guint i = 0; i < LOOKS; i++)
    {
      COUNT (from, outbound_queued);
      COUNT (to, inbound_queued);
      look_at_peers (from);
      look_at_peers (to);
      if (i % 100 == 99)
        {
          zmqg_socket_disconnect_from (from, uri, &error);
          g_assert_no_error (error);
          socket_test_connect (from, uri);
        }
      /* Nobody else drives the engine where it has no thread. */
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }

  atomic_store (&sender.stop, TRUE);
  g_thread_join (sending);
  /* All that was queued arrives: linger has no end here. */
  AWAIT (COUNT (from, outbound_queued) == 0);
  AWAIT (COUNT (to, inbound_queued) == 0);
  /* Over inproc both sides look at one queue. */
  AWAIT (COUNT (to, arrived) == (test->in_process ? COUNT (from, copies)
                                                  : COUNT (from, handed_on)));
  atomic_store (&receiver.stop, TRUE);
  g_thread_join (receiving);

  g_assert_cmpuint (COUNT (from, messages_sent), ==, sender.n);
  g_assert_cmpuint (COUNT (to, messages_received), ==, receiver.n);
  g_assert_cmpuint (COUNT (to, taken), ==, receiver.n);
  if (each_is_queued)
    g_assert_cmpuint (COUNT (from, copies), ==, sender.n);
}

static void
test_sums_of_a_pipeline (SocketTest *test)
{
  check_at_any_moment (test, socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET),
                       socket_test_new (test, ZMQG_TYPE_PULL_SOCKET), TRUE);
}

static void
test_sums_with_few_places (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);

  g_object_set (dealer, "send-hwm", 3, NULL);
  g_object_set (router, "receive-hwm", 2, NULL);
  check_at_any_moment (test, dealer, router, TRUE);
}

static void
test_sums_of_a_conflating_pipeline (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);

  g_object_set (push, "conflate", TRUE, NULL);
  g_object_set (pull, "conflate", TRUE, NULL);
  check_at_any_moment (test, push, pull, TRUE);
}

static void
test_sums_of_a_publisher (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);

  socket_test_subscribe (sub, "mess");
  g_object_set (pub, "send-hwm", 50, "linger", -1, NULL);
  check_at_any_moment (test, pub, sub, FALSE);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, scope, function) \
  socket_test_add ("/zmqg/statistics/" path, SOCKET_TEST_##scope, function)
  ADD ("nothing-yet", ALL, test_nothing_yet);
  ADD ("messages-and-bytes", ALL, test_messages_and_bytes);
  ADD ("queued", ALL, test_queued);
  ADD ("queued-without-a-connection", ALL, test_queued_without_a_connection);
  ADD ("copies-of-a-publisher", ALL, test_copies_of_a_publisher);
  ADD ("batches-count", ALL, test_batches_count);
  ADD ("requests-and-replies", ALL, test_requests_and_replies);
  ADD ("failed-handshakes", NETWORK, test_failed_handshakes);
  ADD ("of-a-peer", ALL, test_of_a_peer);
  ADD ("sums/pipeline", ALL, test_sums_of_a_pipeline);
  ADD ("sums/few-places", ALL, test_sums_with_few_places);
  ADD ("sums/conflating", ALL, test_sums_of_a_conflating_pipeline);
  ADD ("sums/publisher", ALL, test_sums_of_a_publisher);

  return g_test_run ();
}
