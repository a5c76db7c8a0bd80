/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

#include "message/zmqg-message.h"
#include "socket/zmqg-peer.h"

#include <stdatomic.h>

/* ZmqgRepSocket::request, with many requests in service. */

#define IN_TIME SOCKET_TEST_DEADLINE_MS

/* --- In service --------------------------------------------------------- */

static void
test_replies_in_any_order (SocketTest *test)
{
  ZmqgSocket *rep;
  ZmqgSocket *req = service_test_meet (test, ZMQG_TYPE_REQ_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  Answer answers[3] = { 0 };

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, IN_TIME, NULL);
    }
  service_test_await (requests, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text =
        service_test_get_text (g_ptr_array_index (requests, i));
      g_autofree char *expected = g_strdup_printf ("%u", i);

      g_assert_cmpstr (text, ==, expected);
    }
  service_test_reply (requests, 2, "C");
  answer_expect (&answers[2], "C");
  g_assert_cmpuint (answers[0].n_ends + answers[1].n_ends, ==, 0);
  service_test_reply (requests, 0, "A");
  service_test_reply (requests, 1, "B");
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
  ZmqgSocket *req = service_test_meet (test, ZMQG_TYPE_REQ_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  g_autofree Answer *answers = g_new0 (Answer, MANY);

  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, 6 * IN_TIME, NULL);
    }
  service_test_await (requests, MANY);
  for (guint i = MANY; i > 0; i--)
    {
      g_autofree char *text =
        service_test_get_text (g_ptr_array_index (requests, i - 1));

      service_test_reply (requests, i - 1, text);
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
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  g_autoptr (ZmqgMessage) message = NULL;
  const char *frames[] = { "one", "", "two", NULL };
  GError *error = NULL;

  socket_test_send (dealer, "no envelope", NULL);
  socket_test_send (dealer, "a", "bc", "", "1", "", "2", NULL);
  socket_test_send (dealer, "", "3", NULL);
  service_test_await (requests, 2);
  service_test_reply (requests, 1, "three");
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
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
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
  service_test_await (requests, 5);
  for (guint i = 5; i > 0; i--)
    {
      g_autofree char *text = g_strdup_printf ("%u", i - 1);
      g_autoptr (ZmqgMessage) message = NULL;

      service_test_reply (requests, i - 1, text);
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
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
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
  service_test_await (requests, 3);
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

/* --- Threads ------------------------------------------------------------ */

static gpointer
reply_thread (gpointer user_data)
{
  g_autoptr (ZmqgRequest) request = user_data;
  g_autofree char *text = service_test_get_text (request);
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
  ZmqgSocket *req = service_test_meet (test, ZMQG_TYPE_REQ_SOCKET, &rep);
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
  ZmqgSocket *dealer = service_test_meet (test, ZMQG_TYPE_DEALER_SOCKET, &rep);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  atomic_uint n_ready = 0;
  atomic_uint n_replied = 0;
  GThread *threads[2];
  Racer racer;

  socket_test_send (dealer, "", "1", NULL);
  service_test_await (requests, 1);
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
  ADD ("replies-from-threads", ALL, test_replies_from_threads);
  ADD ("one-of-two-replies", ALL, test_one_of_two_replies);

  return g_test_run ();
}
