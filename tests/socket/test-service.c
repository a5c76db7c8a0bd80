/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

#include "message/zmqg-message.h"
#include "socket/zmqg-peer.h"
#include "socket/zmqg-request.h"
#include "socket/zmqg-statistics.h"

#include <stdatomic.h>

/* ZmqgRepSocket::request, and what becomes of the requests. */

#define IN_TIME SOCKET_TEST_DEADLINE_MS

static void
keep_request (ZmqgSocket *rep G_GNUC_UNUSED,
              ZmqgRequest *request,
              gpointer user_data)
{
  g_ptr_array_add (user_data, g_object_ref (request));
}

/* The requests in service, in the order in which they came. */
static GPtrArray *
serve (ZmqgSocket *rep)
{
  GPtrArray *requests = g_ptr_array_new_with_free_func (g_object_unref);

  g_signal_connect (rep, "request", G_CALLBACK (keep_request), requests);
  return requests;
}

static void
await_requests (GPtrArray *requests,
                guint n)
{
  ZMQG_TEST_AWAIT (requests->len >= n, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpuint (requests->len, ==, n);
}

static char *
text_of (ZmqgRequest *request)
{
  return zmqg_message_get_string (zmqg_request_get_message (request), 0);
}

static void
reply (GPtrArray *requests,
       guint i,
       const char *text)
{
  GError *error = NULL;

  zmqg_request_reply_string (g_ptr_array_index (requests, i), text, &error);
  g_assert_no_error (error);
}

static void
refuses_reply (ZmqgRequest *request,
               ZmqgError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_request_reply_string (request, "x", &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
}

/* A client and a service, and where the latter is. */
static ZmqgSocket *
meet (SocketTest *test,
      GType type,
      ZmqgSocket **rep)
{
  ZmqgSocket *client = socket_test_new (test, type);
  g_autofree char *uri = NULL;

  *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  uri = socket_test_bind (test, *rep);
  socket_test_connect (client, uri);
  socket_test_await_peers (client, 1);
  return client;
}

/* --- In service --------------------------------------------------------- */

static void
test_replies_in_any_order (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *req = meet (test, ZMQG_TYPE_REQ_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);
  Answer answers[3] = { 0 };

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, IN_TIME, NULL);
    }
  await_requests (requests, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text = text_of (g_ptr_array_index (requests, i));
      g_autofree char *expected = g_strdup_printf ("%u", i);

      g_assert_cmpstr (text, ==, expected);
    }
  reply (requests, 2, "C");
  answer_expect (&answers[2], "C");
  g_assert_cmpuint (answers[0].n_ends + answers[1].n_ends, ==, 0);
  reply (requests, 0, "A");
  reply (requests, 1, "B");
  answer_expect (&answers[0], "A");
  answer_expect (&answers[1], "B");
  for (guint i = 0; i < 3; i++)
    answer_clear (&answers[i]);
}

#define MANY 1000u

static void
test_a_thousand_are_in_service (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *req = meet (test, ZMQG_TYPE_REQ_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);
  g_autofree Answer *answers = g_new0 (Answer, MANY);

  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, 6 * IN_TIME, NULL);
    }
  await_requests (requests, MANY);
  for (guint i = MANY; i > 0; i--)
    {
      g_autofree char *text = text_of (g_ptr_array_index (requests, i - 1));

      reply (requests, i - 1, text);
    }
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_expect (&answers[i], text);
      answer_clear (&answers[i]);
    }
}

static void
test_the_envelope_comes_back (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);
  g_autoptr (ZmqgMessage) message = NULL;
  const char *frames[] = { "one", "", "two", NULL };
  GError *error = NULL;

  socket_test_send (dealer, "no envelope", NULL);
  socket_test_send (dealer, "a", "bc", "", "1", "", "2", NULL);
  socket_test_send (dealer, "", "3", NULL);
  await_requests (requests, 2);
  reply (requests, 1, "three");
  socket_test_expect (dealer, "", "three", NULL);
  message = zmqg_message_new_strv (frames);
  zmqg_request_reply (g_ptr_array_index (requests, 0), message, &error);
  g_assert_no_error (error);
  socket_test_expect (dealer, "a", "bc", "", "one", "", "two", NULL);
  g_assert_cmpuint (zmqg_message_get_n_frames (zmqg_request_get_message (
                      g_ptr_array_index (requests, 0))),
                    ==, 3);
}

/* Through a broker: ROUTER and DEALER that hand everything on. */
static void
test_a_broker_is_in_between (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autoptr (GPtrArray) requests = serve (rep);
  Answer answers[5] = { 0 };

  socket_test_connect (req, uri);
  socket_test_await_peers (req, 1);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      answer_ask (&answers[i], req, "x", IN_TIME, NULL);
      message = socket_test_receive (router);
      g_assert_true (zmqg_socket_send (dealer, message, NULL, NULL));
    }
  await_requests (requests, 5);
  for (guint i = 5; i > 0; i--)
    {
      g_autofree char *text = g_strdup_printf ("%u", i - 1);
      g_autoptr (ZmqgMessage) message = NULL;

      reply (requests, i - 1, text);
      message = socket_test_receive (dealer);
      g_assert_true (zmqg_socket_send (router, message, NULL, NULL));
      answer_expect (&answers[i - 1], text);
      answer_clear (&answers[i - 1]);
    }
}

static void
test_forms_of_replies (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("bytes", 5);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (ZmqgMessage) property = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;
  g_autoptr (ZmqgPeer) same = NULL;
  g_autoptr (GError) refused = NULL;
  ZmqgRequest *request;
  GError *error = NULL;

  for (guint i = 0; i < 3; i++)
    socket_test_send (dealer, "", "x", NULL);
  await_requests (requests, 3);
  zmqg_request_reply_data (g_ptr_array_index (requests, 0),
                           (const guint8 *) "data", 4, &error);
  g_assert_no_error (error);
  zmqg_request_reply_bytes (g_ptr_array_index (requests, 1), bytes, &error);
  g_assert_no_error (error);
  socket_test_expect (dealer, "", "data", NULL);
  socket_test_expect (dealer, "", "bytes", NULL);

  request = g_ptr_array_index (requests, 2);
  message = zmqg_message_new ();
  g_assert_false (zmqg_request_reply (request, message, &refused));
  g_assert_error (refused, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  zmqg_request_reply_data (request, NULL, 0, &error);
  g_assert_no_error (error);
  socket_test_expect (dealer, "", "", NULL);

  g_object_get (request, "message", &property, "peer", &peer, NULL);
  g_assert_true (property == zmqg_request_get_message (request));
  same = zmqg_request_get_peer (request);
  g_assert_true (peer == same);
  g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, "DEALER");
}

/* --- What cannot be replied to ------------------------------------------ */

static void
test_a_second_reply_fails (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);

  socket_test_send (dealer, "", "1", NULL);
  await_requests (requests, 1);
  reply (requests, 0, "2");
  refuses_reply (g_ptr_array_index (requests, 0), ZMQG_ERROR_STATE);
  socket_test_expect (dealer, "", "2", NULL);
  socket_test_refuses_receive (dealer, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_what_is_counted (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);
  g_autoptr (ZmqgStatistics) statistics = NULL;

  socket_test_send (dealer, "envelope", "", "question", NULL);
  socket_test_send (dealer, "envelope", "", "dropped", NULL);
  await_requests (requests, 2);
  reply (requests, 0, "answer");
  refuses_reply (g_ptr_array_index (requests, 0), ZMQG_ERROR_STATE);
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
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);

  socket_test_send (dealer, "", "1", NULL);
  socket_test_send (dealer, "", "2", NULL);
  await_requests (requests, 2);
  g_ptr_array_remove_index (requests, 0);
  reply (requests, 0, "re: 2");
  socket_test_expect (dealer, "", "re: 2", NULL);
  socket_test_refuses_receive (dealer, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_the_peer_has_gone (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);
  g_autoptr (ZmqgPeer) peer = NULL;

  socket_test_send (dealer, "", "1", NULL);
  await_requests (requests, 1);
  peer = zmqg_request_get_peer (g_ptr_array_index (requests, 0));
  socket_test_close (test, dealer);
  ZMQG_TEST_AWAIT (!zmqg_peer_is_connected (peer), SOCKET_TEST_DEADLINE_MS);
  refuses_reply (g_ptr_array_index (requests, 0), ZMQG_ERROR_PEER_LOST);
  refuses_reply (g_ptr_array_index (requests, 0), ZMQG_ERROR_PEER_LOST);
}

/* The pipe of a REP that connected outlives its peer, which knows nothing of
 * what the one before was asked. */
static void
test_the_next_peer_asked_nothing (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, dealer);
  g_autoptr (GPtrArray) requests = serve (rep);

  socket_test_connect (rep, uri);
  socket_test_await_peers (dealer, 1);
  socket_test_send (dealer, "", "1", NULL);
  await_requests (requests, 1);
  socket_test_close (test, dealer);

  dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZMQG_TEST_AWAIT (zmqg_socket_bind (dealer, uri, NULL),
                   SOCKET_TEST_DEADLINE_MS);
  socket_test_await_peers (dealer, 1);
  socket_test_send (dealer, "", "2", NULL);
  await_requests (requests, 2);
  refuses_reply (g_ptr_array_index (requests, 0), ZMQG_ERROR_PEER_LOST);
  reply (requests, 1, "re: 2");
  socket_test_expect (dealer, "", "re: 2", NULL);
}

static void
test_the_socket_is_closed (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);

  socket_test_send (dealer, "", "1", NULL);
  socket_test_send (dealer, "", "2", NULL);
  await_requests (requests, 2);
  zmqg_socket_close (rep);
  refuses_reply (g_ptr_array_index (requests, 0), ZMQG_ERROR_CLOSED);

  /* The object goes, too. */
  g_signal_handlers_disconnect_by_data (rep, requests);
  g_ptr_array_remove (test->sockets, rep);
  refuses_reply (g_ptr_array_index (requests, 1), ZMQG_ERROR_CLOSED);
}

static void
test_the_context_is_shut_down (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);

  socket_test_send (dealer, "", "1", NULL);
  await_requests (requests, 1);
  zmqg_context_shutdown (test->context);
  refuses_reply (g_ptr_array_index (requests, 0), ZMQG_ERROR_TERMINATED);
}

/* Inproc, where marks are exact. */
static void
test_the_peer_is_full (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = NULL;
  g_autoptr (GPtrArray) requests = serve (rep);

  g_object_set (rep, "send-hwm", 1, NULL);
  g_object_set (dealer, "receive-hwm", 1, NULL);
  uri = socket_test_bind (test, rep);
  socket_test_connect (dealer, uri);
  for (guint i = 0; i < 3; i++)
    socket_test_send (dealer, "", "x", NULL);
  await_requests (requests, 3);
  reply (requests, 0, "0");
  reply (requests, 1, "1");
  refuses_reply (g_ptr_array_index (requests, 2), ZMQG_ERROR_WOULD_BLOCK);
  socket_test_expect (dealer, "", "0", NULL);
  socket_test_expect (dealer, "", "1", NULL);
  reply (requests, 2, "2");
  socket_test_expect (dealer, "", "2", NULL);
}

/* --- Beside lock-step --------------------------------------------------- */

static void
test_lock_step_goes_on (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = NULL;

  socket_test_send (dealer, "l", "", "lock-step", NULL);
  socket_test_expect (rep, "lock-step", NULL);
  requests = serve (rep);
  socket_test_send (dealer, "r", "", "request", NULL);
  await_requests (requests, 1);
  g_assert_cmpuint (zmqg_socket_get_events (rep), ==, G_IO_OUT);
  socket_test_refuses_receive (rep, ZMQG_ERROR_STATE);
  reply (requests, 0, "re: request");
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
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);
  g_autofree char *text = NULL;

  zmqg_socket_receive_async (rep, NULL, on_received, &text);
  socket_test_send (dealer, "", "1", NULL);
  socket_test_send (dealer, "", "2", NULL);
  await_requests (requests, 1);
  ZMQG_TEST_AWAIT (text != NULL, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpstr (text, ==, "1");
  reply (requests, 0, "re: 2");
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
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = NULL;
  guint n_messages = 0;

  g_signal_connect (rep, "message", G_CALLBACK (count_message), &n_messages);
  requests = serve (rep);
  socket_test_send (dealer, "", "1", NULL);
  await_requests (requests, 1);
  g_assert_cmpuint (n_messages, ==, 0);
  g_signal_handlers_disconnect_by_data (rep, requests);
  socket_test_send (dealer, "", "2", NULL);
  ZMQG_TEST_AWAIT (n_messages == 1, SOCKET_TEST_DEADLINE_MS);
  socket_test_expect (dealer, "", "from ::message", NULL);
  reply (requests, 0, "re: 1");
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
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
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
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = NULL;
  guint n = 0;

  for (guint i = 0; i < 300; i++)
    socket_test_send (dealer, "", "x", NULL);
  requests = serve (rep);
  while (requests->len < 300)
    {
      n = requests->len;
      g_main_context_iteration (NULL, TRUE);
      g_assert_cmpuint (requests->len - n, <=, 64);
    }
}

/* --- Threads ------------------------------------------------------------ */

static gpointer
reply_thread (gpointer user_data)
{
  g_autoptr (ZmqgRequest) request = user_data;
  g_autofree char *text = text_of (request);
  GError *error = NULL;

  zmqg_request_reply_string (request, text, &error);
  g_assert_no_error (error);
  return NULL;
}

static void
hand_to_thread (ZmqgSocket *rep G_GNUC_UNUSED,
                ZmqgRequest *request,
                gpointer user_data)
{
  g_ptr_array_add (user_data, g_thread_new ("worker", reply_thread,
                                            g_object_ref (request)));
}

#define N_THREADS 20

static void
test_replies_from_threads (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *req = meet (test, ZMQG_TYPE_REQ_SOCKET, &rep);
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();
  Answer answers[N_THREADS] = { 0 };

  g_signal_connect (rep, "request", G_CALLBACK (hand_to_thread), threads);
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, 6 * IN_TIME, NULL);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_expect (&answers[i], text);
      answer_clear (&answers[i]);
    }
  g_ptr_array_foreach (threads, (GFunc) (void (*) (void)) g_thread_join, NULL);
}

typedef struct
{
  ZmqgRequest *request;
  atomic_uint *n_ready;
  atomic_uint *n_replied;
} Racer;

static gpointer
race_thread (gpointer user_data)
{
  Racer *self = user_data;
  g_autoptr (GError) error = NULL;

  atomic_fetch_add (self->n_ready, 1);
  while (atomic_load (self->n_ready) < 3)
    g_thread_yield ();
  if (zmqg_request_reply_string (self->request, "reply", &error))
    atomic_fetch_add (self->n_replied, 1);
  else
    g_assert_true (error->domain == ZMQG_ERROR &&
                   (error->code == ZMQG_ERROR_STATE ||
                    error->code == ZMQG_ERROR_CLOSED));
  return NULL;
}

/* Two threads reply, and a third one closes the socket. */
static void
test_one_of_two_replies (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *dealer = meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = serve (rep);
  atomic_uint n_ready = 0;
  atomic_uint n_replied = 0;
  GThread *threads[2];
  Racer racer;

  socket_test_send (dealer, "", "1", NULL);
  await_requests (requests, 1);
  racer = (Racer) { g_ptr_array_index (requests, 0), &n_ready, &n_replied };
  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("racer", race_thread, &racer);
  atomic_fetch_add (&n_ready, 1);
  zmqg_socket_close (rep);
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (atomic_load (&n_replied), <=, 1);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/service/" name, SOCKET_TEST_##scope, func)

  ADD ("replies-in-any-order", ALL, test_replies_in_any_order);
  ADD ("a-thousand-are-in-service", ALL, test_a_thousand_are_in_service);
  ADD ("the-envelope-comes-back", ALL, test_the_envelope_comes_back);
  ADD ("a-broker-is-in-between", ALL, test_a_broker_is_in_between);
  ADD ("forms-of-replies", ALL, test_forms_of_replies);
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
  ADD ("replies-from-threads", ALL, test_replies_from_threads);
  ADD ("one-of-two-replies", ALL, test_one_of_two_replies);

  return g_test_run ();
}
