/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

#include "message/zmqg-message.h"
#include "socket/zmqg-peer.h"
#include "socket/zmqg-statistics.h"

/* Requests in service that cannot be replied to, and what ::request has
 * beside receive and ::message. */

/* --- What cannot be replied to ------------------------------------------ */

static void
test_a_second_reply_fails (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);

  socket_test_send (dealer, "", "1", NULL);
  service_test_await (requests, 1);
  service_test_reply (requests, 0, "2");
  service_test_refuses (g_ptr_array_index (requests, 0), ZMQG_ERROR_STATE);
  socket_test_expect (dealer, "", "2", NULL);
  socket_test_refuses_receive (dealer, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_what_is_counted (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  g_autoptr (ZmqgStatistics) statistics = NULL;

  socket_test_send (dealer, "envelope", "", "question", NULL);
  socket_test_send (dealer, "envelope", "", "dropped", NULL);
  service_test_await (requests, 2);
  service_test_reply (requests, 0, "answer");
  service_test_refuses (g_ptr_array_index (requests, 0), ZMQG_ERROR_STATE);
  statistics = zmqg_socket_get_statistics (rep);
  g_assert_cmpuint (zmqg_statistics_get_messages_received (statistics), ==, 2);
  g_assert_cmpuint (zmqg_statistics_get_bytes_received (statistics), ==, 15);
  g_assert_cmpuint (zmqg_statistics_get_messages_sent (statistics), ==, 1);
  g_assert_cmpuint (zmqg_statistics_get_bytes_sent (statistics), ==, 6);
  g_assert_cmpuint (zmqg_statistics_get_total_dropped (statistics), ==, 0);
}

static void
test_a_request_may_be_dropped (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);

  socket_test_send (dealer, "", "1", NULL);
  socket_test_send (dealer, "", "2", NULL);
  service_test_await (requests, 2);
  g_ptr_array_remove_index (requests, 0);
  service_test_reply (requests, 0, "re: 2");
  socket_test_expect (dealer, "", "re: 2", NULL);
  socket_test_refuses_receive (dealer, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_the_peer_has_gone (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  g_autoptr (ZmqgPeer) peer = NULL;

  socket_test_send (dealer, "", "1", NULL);
  service_test_await (requests, 1);
  peer = zmqg_request_get_peer (g_ptr_array_index (requests, 0));
  socket_test_close (test, dealer);
  ZMQG_TEST_AWAIT (!zmqg_peer_is_connected (peer), SOCKET_TEST_DEADLINE_MS);
  service_test_refuses (g_ptr_array_index (requests, 0), ZMQG_ERROR_PEER_LOST);
  service_test_refuses (g_ptr_array_index (requests, 0), ZMQG_ERROR_PEER_LOST);
}

/* The pipe of a REP that connected outlives its peer, which knows nothing of
 * what the one before was asked. */
static void
test_the_next_peer_asked_nothing (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, dealer);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);

  socket_test_connect (rep, uri);
  socket_test_await_peers (dealer, 1);
  socket_test_send (dealer, "", "1", NULL);
  service_test_await (requests, 1);
  socket_test_close (test, dealer);

  dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZMQG_TEST_AWAIT (zmqg_socket_bind (dealer, uri, NULL),
                   SOCKET_TEST_DEADLINE_MS);
  socket_test_await_peers (dealer, 1);
  socket_test_send (dealer, "", "2", NULL);
  service_test_await (requests, 2);
  service_test_refuses (g_ptr_array_index (requests, 0), ZMQG_ERROR_PEER_LOST);
  service_test_reply (requests, 1, "re: 2");
  socket_test_expect (dealer, "", "re: 2", NULL);
}

static void
test_the_socket_is_closed (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);

  socket_test_send (dealer, "", "1", NULL);
  socket_test_send (dealer, "", "2", NULL);
  service_test_await (requests, 2);
  zmqg_socket_close (rep);
  service_test_refuses (g_ptr_array_index (requests, 0), ZMQG_ERROR_CLOSED);

  /* The object goes, too. */
  g_signal_handlers_disconnect_by_data (rep, requests);
  g_ptr_array_remove (test->sockets, rep);
  service_test_refuses (g_ptr_array_index (requests, 1), ZMQG_ERROR_CLOSED);
}

static void
test_the_context_is_shut_down (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);

  socket_test_send (dealer, "", "1", NULL);
  service_test_await (requests, 1);
  zmqg_context_shutdown (test->context);
  service_test_refuses (g_ptr_array_index (requests, 0), ZMQG_ERROR_TERMINATED);
}

/* Inproc, where marks are exact. */
static void
test_the_peer_is_full (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = NULL;
  g_autoptr (GPtrArray) requests = service_test_serve (rep);

  g_object_set (rep, "send-hwm", 1, NULL);
  g_object_set (dealer, "receive-hwm", 1, NULL);
  uri = socket_test_bind (test, rep);
  socket_test_connect (dealer, uri);
  for (guint i = 0; i < 3; i++)
    socket_test_send (dealer, "", "x", NULL);
  service_test_await (requests, 3);
  service_test_reply (requests, 0, "0");
  service_test_reply (requests, 1, "1");
  service_test_refuses (g_ptr_array_index (requests, 2),
                        ZMQG_ERROR_WOULD_BLOCK);
  socket_test_expect (dealer, "", "0", NULL);
  socket_test_expect (dealer, "", "1", NULL);
  service_test_reply (requests, 2, "2");
  socket_test_expect (dealer, "", "2", NULL);
}

/* --- Beside lock-step --------------------------------------------------- */

static void
test_lock_step_goes_on (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = NULL;

  socket_test_send (dealer, "l", "", "lock-step", NULL);
  socket_test_expect (rep, "lock-step", NULL);
  requests = service_test_serve (rep);
  socket_test_send (dealer, "r", "", "request", NULL);
  service_test_await (requests, 1);
  g_assert_cmpuint (zmqg_socket_get_events (rep), ==, G_IO_OUT);
  socket_test_refuses_receive (rep, ZMQG_ERROR_STATE);
  service_test_reply (requests, 0, "re: request");
  socket_test_expect (dealer, "r", "", "re: request", NULL);
  socket_test_send (rep, "re: lock-step", NULL);
  socket_test_expect (dealer, "l", "", "re: lock-step", NULL);
  socket_test_refuses_send (rep, ZMQG_ERROR_STATE);
}

static void
on_received (GObject *object,
             GAsyncResult *result,
             gpointer user_data)
{
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  message = zmqg_socket_receive_finish (ZMQG_SOCKET (object), result, &error);
  g_assert_no_error (error);
  *(char **) user_data = zmqg_message_get_string (message, 0);
}

static void
test_calls_that_wait_come_first (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  g_autofree char *text = NULL;

  zmqg_socket_receive_async (rep, NULL, on_received, &text);
  socket_test_send (dealer, "", "1", NULL);
  socket_test_send (dealer, "", "2", NULL);
  service_test_await (requests, 1);
  ZMQG_TEST_AWAIT (text != NULL, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpstr (text, ==, "1");
  service_test_reply (requests, 0, "re: 2");
  socket_test_expect (dealer, "", "re: 2", NULL);
  socket_test_send (rep, "re: 1", NULL);
  socket_test_expect (dealer, "", "re: 1", NULL);
}

static void
count_message (ZmqgSocket *rep,
               ZmqgMessage *message G_GNUC_UNUSED,
               gpointer user_data)
{
  ++*(guint *) user_data;
  socket_test_send (rep, "from ::message", NULL);
}

/* ::message has them while ::request has no handler. */
static void
test_message_comes_second (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = NULL;
  guint n_messages = 0;

  g_signal_connect (rep, "message", G_CALLBACK (count_message), &n_messages);
  requests = service_test_serve (rep);
  socket_test_send (dealer, "", "1", NULL);
  service_test_await (requests, 1);
  g_assert_cmpuint (n_messages, ==, 0);
  g_signal_handlers_disconnect_by_data (rep, requests);
  socket_test_send (dealer, "", "2", NULL);
  ZMQG_TEST_AWAIT (n_messages == 1, SOCKET_TEST_DEADLINE_MS);
  socket_test_expect (dealer, "", "from ::message", NULL);
  service_test_reply (requests, 0, "re: 1");
  socket_test_expect (dealer, "", "re: 1", NULL);

  g_signal_handlers_disconnect_by_data (rep, &n_messages);
  socket_test_send (dealer, "", "3", NULL);
  socket_test_expect (rep, "3", NULL);
  g_assert_cmpuint (requests->len, ==, 1);
}

static void
drop_handler (ZmqgSocket *rep,
              ZmqgRequest *request,
              gpointer user_data)
{
  GError *error = NULL;

  ++*(guint *) user_data;
  zmqg_request_reply_string (request, "reply", &error);
  g_assert_no_error (error);
  g_signal_handlers_disconnect_by_func (rep, drop_handler, user_data);
}

static void
test_a_handler_may_leave (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  guint n = 0;

  g_signal_connect (rep, "request", G_CALLBACK (drop_handler), &n);
  socket_test_send (dealer, "", "1", NULL);
  socket_test_send (dealer, "", "2", NULL);
  ZMQG_TEST_AWAIT (n == 1, SOCKET_TEST_DEADLINE_MS);
  socket_test_expect (dealer, "", "reply", NULL);
  socket_test_expect (rep, "2", NULL);
  g_assert_cmpuint (n, ==, 1);
}

/* Others in the main loop get their turn. */
static void
test_one_turn_is_bounded (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = NULL;
  guint n = 0;

  for (guint i = 0; i < 300; i++)
    socket_test_send (dealer, "", "x", NULL);
  requests = service_test_serve (rep);
  while (requests->len < 300)
    {
      n = requests->len;
      g_main_context_iteration (NULL, TRUE);
      g_assert_cmpuint (requests->len - n, <=, 64);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/service-limits/" name, SOCKET_TEST_##scope, func)

  ADD ("a-second-reply-fails", ALL, test_a_second_reply_fails);
  ADD ("what-is-counted", ALL, test_what_is_counted);
  ADD ("a-request-may-be-dropped", ALL, test_a_request_may_be_dropped);
  ADD ("the-peer-has-gone", ALL, test_the_peer_has_gone);
  ADD ("the-next-peer-asked-nothing", NETWORK,
       test_the_next_peer_asked_nothing);
  ADD ("the-socket-is-closed", ALL, test_the_socket_is_closed);
  ADD ("the-context-is-shut-down", ALL, test_the_context_is_shut_down);
  ADD ("the-peer-is-full", INPROC, test_the_peer_is_full);
  ADD ("lock-step-goes-on", ALL, test_lock_step_goes_on);
  ADD ("calls-that-wait-come-first", ALL, test_calls_that_wait_come_first);
  ADD ("message-comes-second", ALL, test_message_comes_second);
  ADD ("a-handler-may-leave", ALL, test_a_handler_may_leave);
  ADD ("one-turn-is-bounded", ALL, test_one_turn_is_bounded);

  return g_test_run ();
}
