/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include <string.h>

/* --- REQ ---------------------------------------------------------------- */

static void
test_req_without_a_peer (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);

  g_assert_cmpuint (zmqg_socket_get_events (req), ==, 0);
  socket_test_refuses_send (req, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);
}

static void
test_lock_step (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  socket_test_connect (req, uri);
  for (guint i = 0; i < 100; i++)
    {
      socket_test_send (req, "question", "of two frames", NULL);
      socket_test_expect (rep, "question", "of two frames", NULL);
      socket_test_send (rep, "answer", "", NULL);
      socket_test_expect (req, "answer", "", NULL);
    }
}

static void
test_calls_out_of_step_fail (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  socket_test_connect (req, uri);
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);
  socket_test_refuses_send (rep, ZMQG_ERROR_STATE);
  socket_test_refuses_receive (rep, ZMQG_ERROR_WOULD_BLOCK);

  socket_test_send (req, "1", NULL);
  socket_test_refuses_send (req, ZMQG_ERROR_STATE);
  socket_test_refuses_receive (req, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_expect (rep, "1", NULL);
  socket_test_refuses_receive (rep, ZMQG_ERROR_STATE);

  socket_test_send (rep, "2", NULL);
  socket_test_refuses_send (rep, ZMQG_ERROR_STATE);
  socket_test_refuses_receive (rep, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_expect (req, "2", NULL);
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);
}

static void
test_events_follow_the_state (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  g_assert_cmpuint (zmqg_socket_get_events (rep), ==, 0);
  socket_test_connect (req, uri);
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, G_IO_OUT);
  socket_test_send (req, "1", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, 0);
  socket_test_await_events (rep, G_IO_IN);
  socket_test_expect (rep, "1", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (rep), ==, G_IO_OUT);
  socket_test_send (rep, "2", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (rep), ==, 0);
  socket_test_await_events (req, G_IO_IN);
  socket_test_expect (req, "2", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, G_IO_OUT);
}

static void
test_requests_go_round_robin (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *reps[3];

  for (guint i = 0; i < G_N_ELEMENTS (reps); i++)
    {
      g_autofree char *uri = NULL;

      reps[i] = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
      uri = socket_test_bind (test, reps[i]);
      socket_test_connect (req, uri);
    }

  for (guint i = 0; i < 9; i++)
    {
      socket_test_send (req, "1", NULL);
      socket_test_expect (reps[i % 3], "1", NULL);
      socket_test_send (reps[i % 3], "2", NULL);
      socket_test_expect (req, "2", NULL);
    }
}

static void
test_a_request_has_a_delimiter (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);

  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  socket_test_send (req, "1", NULL);
  socket_test_expect (router, "R", "", "1", NULL);
  socket_test_send (router, "R", "", "2", NULL);
  socket_test_expect (req, "2", NULL);
}

static guint32
receive_request_id (ZmqgSocket *router)
{
  g_autoptr (ZmqgMessage) message = socket_test_receive (router);
  const guint8 *data;
  guint32 id;
  gsize size;

  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 4);
  data = zmqg_message_get_data (message, 1, &size);
  g_assert_cmpuint (size, ==, sizeof id);
  memcpy (&id, data, sizeof id);
  zmqg_message_get_data (message, 2, &size);
  g_assert_cmpuint (size, ==, 0);
  return id;
}

static void
send_reply (ZmqgSocket *router,
            const char *peer,
            guint32 id,
            const char *text)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (peer);
  GError *error = NULL;

  zmqg_message_append_data (message, (const guint8 *) &id, sizeof id);
  zmqg_message_append_string (message, "");
  zmqg_message_append_string (message, text);
  zmqg_socket_send (router, message, NULL, &error);
  g_assert_no_error (error);
}

static void
test_correlated_requests_are_counted (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);
  guint32 first = 0;

  g_object_set (req, "correlate", TRUE, NULL);
  g_assert_true (zmqg_req_socket_get_correlate (ZMQG_REQ_SOCKET (req)));
  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);

  for (guint i = 0; i < 3; i++)
    {
      guint32 id;

      socket_test_send (req, "1", NULL);
      id = receive_request_id (router);
      if (i == 0)
        first = id;
      g_assert_cmpuint (id, ==, first + i);
      send_reply (router, "R", id, "2");
      socket_test_expect (req, "2", NULL);
    }
}

static void
test_a_reply_of_another_number_is_skipped (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);
  guint32 id;

  zmqg_req_socket_set_correlate (ZMQG_REQ_SOCKET (req), TRUE);
  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  socket_test_send (req, "1", NULL);
  id = receive_request_id (router);
  send_reply (router, "R", id - 1, "wrong");
  socket_test_send (router, "R", "", "wrong too", NULL);
  send_reply (router, "R", id, "right");
  socket_test_expect (req, "right", NULL);
}

static void
test_only_the_peer_asked_may_reply (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *routers[2];

  zmqg_socket_set_routing_id_string (req, "R");
  for (guint i = 0; i < G_N_ELEMENTS (routers); i++)
    {
      g_autofree char *uri = NULL;

      routers[i] = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
      zmqg_router_socket_set_mandatory (ZMQG_ROUTER_SOCKET (routers[i]), TRUE);
      uri = socket_test_bind (test, routers[i]);
      socket_test_connect (req, uri);
    }

  socket_test_send (req, "1", NULL);
  socket_test_expect (routers[0], "R", "", "1", NULL);
  socket_test_await_events (routers[1], G_IO_OUT);
  socket_test_send (routers[1], "R", "", "not asked", NULL);
  socket_test_send (routers[0], "R", "", "2", NULL);
  socket_test_expect (req, "2", NULL);
}

static void
test_malformed_replies_are_skipped (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);

  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  socket_test_send (req, "1", NULL);
  socket_test_expect (router, "R", "", "1", NULL);
  socket_test_send (router, "R", "bare", NULL);
  socket_test_send (router, "R", "", NULL);
  socket_test_send (router, "R", "no", "", "reply", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, 0);
  socket_test_refuses_receive (req, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_send (router, "R", "", "2", NULL);
  socket_test_expect (req, "2", NULL);
}

static void
test_stale_replies_are_discarded (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);

  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  socket_test_send (req, "1", NULL);
  socket_test_expect (router, "R", "", "1", NULL);
  socket_test_send (router, "R", "", "2", NULL);
  socket_test_send (router, "R", "", "stale", NULL);
  socket_test_expect (req, "2", NULL);
  socket_test_send (req, "3", NULL);
  socket_test_refuses_receive (req, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_expect (router, "R", "", "3", NULL);
  socket_test_send (router, "R", "", "4", NULL);
  socket_test_expect (req, "4", NULL);
}

/* More than any call drops, however often it tries. */
#define MANY 5000u

static void
unlimit (ZmqgSocket *socket)
{
  g_object_set (socket, "send-hwm", 0, "receive-hwm", 0, NULL);
}

static void
test_many_stale_replies_are_dropped_bit_by_bit (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = NULL;

  unlimit (req);
  unlimit (router);
  uri = socket_test_bind (test, router);
  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  socket_test_send (req, "1", NULL);
  socket_test_expect (router, "R", "", "1", NULL);
  socket_test_send (router, "R", "", "2", NULL);
  for (guint i = 0; i < MANY; i++)
    socket_test_send (router, "R", "", "stale", NULL);
  socket_test_expect (req, "2", NULL);

  g_assert_false (socket_test_try_send (req, "3"));
  socket_test_send (req, "3", NULL);
  socket_test_expect (router, "R", "", "3", NULL);
  for (guint i = 0; i < MANY; i++)
    socket_test_send (router, "R", "malformed", NULL);
  socket_test_send (router, "R", "", "4", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, 0);
  socket_test_expect (req, "4", NULL);
}

static void
test_relaxed_gives_a_request_up (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);
  guint32 first, second;

  g_object_set (req, "relaxed", TRUE, "correlate", TRUE, NULL);
  g_assert_true (zmqg_req_socket_get_relaxed (ZMQG_REQ_SOCKET (req)));
  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);

  socket_test_send (req, "1", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, G_IO_OUT);
  socket_test_send (req, "2", NULL);
  first = receive_request_id (router);
  second = receive_request_id (router);
  g_assert_cmpuint (second, ==, first + 1);
  send_reply (router, "R", first, "late");
  send_reply (router, "R", second, "right");
  socket_test_expect (req, "right", NULL);
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);
}

static void
test_relaxed_without_numbers_takes_a_late_reply (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);

  g_object_set (req, "relaxed", TRUE, NULL);
  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  socket_test_send (req, "1", NULL);
  socket_test_send (req, "2", NULL);
  socket_test_expect (router, "R", "", "1", NULL);
  socket_test_expect (router, "R", "", "2", NULL);
  socket_test_send (router, "R", "", "late", NULL);
  socket_test_expect (req, "late", NULL);
}

static void
test_relaxed_asks_the_next_peer (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *reps[2];

  g_object_set (req, "relaxed", TRUE, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (reps); i++)
    {
      g_autofree char *uri = NULL;

      reps[i] = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
      uri = socket_test_bind (test, reps[i]);
      socket_test_connect (req, uri);
    }

  socket_test_send (req, "1", NULL);
  socket_test_send (req, "2", NULL);
  socket_test_expect (reps[0], "1", NULL);
  socket_test_expect (reps[1], "2", NULL);
  socket_test_send (reps[0], "late", NULL);
  socket_test_send (reps[1], "reply", NULL);
  socket_test_expect (req, "reply", NULL);
}

static void
test_anyone_may_reply_for_a_lost_peer (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *routers[2];
  g_autofree char *first = NULL;

  zmqg_socket_set_routing_id_string (req, "R");
  for (guint i = 0; i < G_N_ELEMENTS (routers); i++)
    {
      g_autofree char *uri = NULL;

      routers[i] = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
      zmqg_router_socket_set_mandatory (ZMQG_ROUTER_SOCKET (routers[i]), TRUE);
      uri = socket_test_bind (test, routers[i]);
      socket_test_connect (req, uri);
      if (i == 0)
        first = g_steal_pointer (&uri);
    }

  socket_test_send (req, "1", NULL);
  socket_test_expect (routers[0], "R", "", "1", NULL);
  g_assert_true (zmqg_socket_disconnect_from (req, first, NULL));
  socket_test_refuses_receive (req, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_await_events (routers[1], G_IO_OUT);
  socket_test_send (routers[1], "R", "", "instead", NULL);
  socket_test_expect (req, "instead", NULL);
}

static void
test_long_messages_keep_their_frames (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autoptr (ZmqgMessage) request = NULL;
  g_autoptr (ZmqgMessage) reply = NULL;
  GError *error = NULL;

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *text = g_strdup_printf ("frame %u", i);

      zmqg_message_append_string (message, text);
    }

  socket_test_connect (req, uri);
  zmqg_socket_send (req, message, NULL, &error);
  g_assert_no_error (error);
  request = socket_test_receive (rep);
  g_assert_true (zmqg_message_equal (request, message));
  zmqg_socket_send (rep, request, NULL, &error);
  g_assert_no_error (error);
  reply = socket_test_receive (req);
  g_assert_true (zmqg_message_equal (reply, message));
}

/* --- REP ---------------------------------------------------------------- */

static void
test_the_envelope_comes_back (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "a", "bc", "", "1", "", "2", NULL);
  socket_test_expect (rep, "1", "", "2", NULL);
  socket_test_send (rep, "3", "4", NULL);
  socket_test_expect (dealer, "a", "bc", "", "3", "4", NULL);
}

static void
test_a_long_envelope_comes_back (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);
  g_autoptr (ZmqgMessage) request = zmqg_message_new ();
  g_autoptr (ZmqgMessage) reply = NULL;
  GError *error = NULL;

  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *text = g_strdup_printf ("hop number %u of many", i);

      zmqg_message_append_string (request, text);
    }
  zmqg_message_append_string (request, "");
  zmqg_message_append_string (request, "same");

  socket_test_connect (dealer, uri);
  zmqg_socket_send (dealer, request, NULL, &error);
  g_assert_no_error (error);
  socket_test_expect (rep, "same", NULL);
  socket_test_send (rep, "same", NULL);
  reply = socket_test_receive (dealer);
  g_assert_true (zmqg_message_equal (reply, request));
}

static void
test_messages_without_an_envelope_are_dropped (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "bare", NULL);
  socket_test_send (dealer, "", NULL);
  socket_test_send (dealer, "two", "frames", NULL);
  socket_test_send (dealer, "nothing follows", "", NULL);
  socket_test_send (dealer, "", "1", NULL);
  socket_test_expect (rep, "1", NULL);
}

static void
test_many_malformed_messages_are_dropped_bit_by_bit (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = NULL;

  unlimit (dealer);
  unlimit (rep);
  uri = socket_test_bind (test, rep);
  socket_test_connect (dealer, uri);
  for (guint i = 0; i < MANY; i++)
    socket_test_send (dealer, "bare", NULL);
  socket_test_send (dealer, "", "1", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (rep), ==, 0);
  socket_test_refuses_receive (rep, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_expect (rep, "1", NULL);
}

static void
test_only_malformed_messages_are_no_event (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "bare", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (rep), ==, 0);
}

static void
test_requests_are_taken_in_turn (SocketTest *test)
{
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);
  ZmqgSocket *reqs[3];

  for (guint i = 0; i < G_N_ELEMENTS (reqs); i++)
    {
      reqs[i] = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
      socket_test_connect (reqs[i], uri);
    }

  for (guint turn = 0; turn < 3; turn++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (reqs); i++)
        socket_test_send (reqs[i], "1", NULL);
      for (guint i = 0; i < G_N_ELEMENTS (reqs); i++)
        {
          socket_test_expect (rep, "1", NULL);
          socket_test_send (rep, "2", NULL);
        }
      for (guint i = 0; i < G_N_ELEMENTS (reqs); i++)
        socket_test_expect (reqs[i], "2", NULL);
    }
}

static void
test_the_reply_to_a_lost_peer_is_dropped (SocketTest *test)
{
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  ZmqgSocket *first = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *second = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  socket_test_connect (first, uri);
  socket_test_send (first, "1", NULL);
  socket_test_expect (rep, "1", NULL);
  socket_test_close (test, first);
  socket_test_send (rep, "nobody is there", NULL);
  socket_test_refuses_send (rep, ZMQG_ERROR_STATE);

  socket_test_connect (second, uri);
  socket_test_send (second, "2", NULL);
  socket_test_expect (rep, "2", NULL);
  socket_test_send (rep, "3", NULL);
  socket_test_expect (second, "3", NULL);
}

static void
test_the_reply_to_a_full_peer_is_dropped (SocketTest *test)
{
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (rep, "send-hwm", 1, NULL);
  g_object_set (dealer, "receive-hwm", 1, NULL);
  uri = socket_test_bind (test, rep);
  socket_test_connect (dealer, uri);
  for (guint i = 0; i < 5; i++)
    {
      socket_test_send (dealer, "", "1", NULL);
      socket_test_expect (rep, "1", NULL);
      socket_test_send (rep, "2", NULL);
    }

  socket_test_expect (dealer, "", "2", NULL);
  socket_test_expect (dealer, "", "2", NULL);
  socket_test_refuses_receive (dealer, ZMQG_ERROR_WOULD_BLOCK);
}

/* --- DEALER ------------------------------------------------------------- */

static void
test_dealer_without_a_peer (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);

  g_assert_cmpuint (zmqg_socket_get_events (dealer), ==, 0);
  socket_test_refuses_send (dealer, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_refuses_receive (dealer, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_dealers_change_nothing (SocketTest *test)
{
  ZmqgSocket *a = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *b = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, a);

  socket_test_connect (b, uri);
  socket_test_send (b, "", "1", NULL);
  socket_test_send (b, "2", NULL);
  socket_test_expect (a, "", "1", NULL);
  socket_test_expect (a, "2", NULL);
  socket_test_send (a, "3", NULL);
  socket_test_expect (b, "3", NULL);
}

static void
test_dealer_sends_and_receives_in_turn (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *peers[3];

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_autofree char *uri = NULL;

      peers[i] = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
      uri = socket_test_bind (test, peers[i]);
      socket_test_connect (dealer, uri);
    }

  for (guint i = 0; i < 6; i++)
    socket_test_send (dealer, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", NULL);
  for (guint i = 0; i < 6; i++)
    {
      socket_test_expect (peers[i % 3],
                          i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", NULL);
      socket_test_send (peers[i % 3], "back", NULL);
      socket_test_expect (dealer, "back", NULL);
    }
}

static void
test_dealer_reads_what_a_lost_peer_sent (SocketTest *test)
{
  ZmqgSocket *server = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *client = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, server);

  g_object_set (client, "linger", -1, NULL);
  socket_test_connect (client, uri);
  socket_test_send (client, "1", NULL);
  socket_test_send (client, "2", NULL);
  socket_test_close (test, client);
  socket_test_expect (server, "1", NULL);
  socket_test_expect (server, "2", NULL);
  socket_test_await_events (server, 0);
  socket_test_refuses_send (server, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_probe (SocketTest *test,
            GType type,
            const char *id)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *prober = socket_test_new (test, type);
  g_autofree char *uri = socket_test_bind (test, router);
  gboolean set;

  g_object_set (prober, "probe-router", TRUE, NULL);
  g_object_get (prober, "probe-router", &set, NULL);
  g_assert_true (set);
  zmqg_socket_set_routing_id_string (prober, id);
  socket_test_connect (prober, uri);
  socket_test_expect (router, id, "", NULL);
}

static void
test_dealer_probes (SocketTest *test)
{
  test_probe (test, ZMQG_TYPE_DEALER_SOCKET, "dealer");
}

static void
test_req_probes (SocketTest *test)
{
  test_probe (test, ZMQG_TYPE_REQ_SOCKET, "req");
}

static void
test_router_probes (SocketTest *test)
{
  test_probe (test, ZMQG_TYPE_ROUTER_SOCKET, "router");
}

static void
test_bound_dealer_probes (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (dealer, "probe-router", TRUE, NULL);
  zmqg_socket_set_routing_id_string (dealer, "D");
  uri = socket_test_bind (test, dealer);
  socket_test_connect (router, uri);
  socket_test_expect (router, "D", "", NULL);
}

static void
test_rep_probes (SocketTest *test)
{
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);

  zmqg_rep_socket_set_probe_router (ZMQG_REP_SOCKET (rep), TRUE);
  g_assert_true (zmqg_rep_socket_get_probe_router (ZMQG_REP_SOCKET (rep)));
  socket_test_connect (dealer, uri);
  socket_test_expect (dealer, "", NULL);
  socket_test_send (dealer, "", "request", NULL);
  socket_test_expect (rep, "request", NULL);
  socket_test_send (rep, "reply", NULL);
  socket_test_expect (dealer, "", "reply", NULL);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/request-reply/" name, SOCKET_TEST_##scope, func)

  ADD ("req/without-a-peer", INPROC, test_req_without_a_peer);
  ADD ("lock-step", ALL, test_lock_step);
  ADD ("calls-out-of-step-fail", ALL, test_calls_out_of_step_fail);
  ADD ("events-follow-the-state", ALL, test_events_follow_the_state);
  ADD ("req/round-robin", ALL, test_requests_go_round_robin);
  ADD ("req/delimiter", ALL, test_a_request_has_a_delimiter);
  ADD ("req/correlated-requests-are-counted", ALL,
       test_correlated_requests_are_counted);
  ADD ("req/a-reply-of-another-number-is-skipped", ALL,
       test_a_reply_of_another_number_is_skipped);
  ADD ("req/only-the-peer-asked-may-reply", ALL,
       test_only_the_peer_asked_may_reply);
  ADD ("req/malformed-replies-are-skipped", INPROC,
       test_malformed_replies_are_skipped);
  ADD ("req/stale-replies-are-discarded", INPROC,
       test_stale_replies_are_discarded);
  ADD ("req/relaxed-gives-a-request-up", ALL, test_relaxed_gives_a_request_up);
  ADD ("req/relaxed-without-numbers-takes-a-late-reply", ALL,
       test_relaxed_without_numbers_takes_a_late_reply);
  ADD ("req/many-stale-replies-are-dropped-bit-by-bit", INPROC,
       test_many_stale_replies_are_dropped_bit_by_bit);
  ADD ("req/relaxed-asks-the-next-peer", ALL, test_relaxed_asks_the_next_peer);
  ADD ("req/anyone-may-reply-for-a-lost-peer", ALL,
       test_anyone_may_reply_for_a_lost_peer);
  ADD ("long-messages-keep-their-frames", ALL,
       test_long_messages_keep_their_frames);
  ADD ("rep/the-envelope-comes-back", ALL, test_the_envelope_comes_back);
  ADD ("rep/a-long-envelope-comes-back", ALL, test_a_long_envelope_comes_back);
  ADD ("rep/messages-without-an-envelope-are-dropped", ALL,
       test_messages_without_an_envelope_are_dropped);
  ADD ("rep/many-malformed-messages-are-dropped-bit-by-bit", INPROC,
       test_many_malformed_messages_are_dropped_bit_by_bit);
  ADD ("rep/only-malformed-messages-are-no-event", INPROC,
       test_only_malformed_messages_are_no_event);
  ADD ("rep/requests-are-taken-in-turn", ALL, test_requests_are_taken_in_turn);
  ADD ("rep/the-reply-to-a-lost-peer-is-dropped", ALL,
       test_the_reply_to_a_lost_peer_is_dropped);
  ADD ("rep/the-reply-to-a-full-peer-is-dropped", INPROC,
       test_the_reply_to_a_full_peer_is_dropped);
  ADD ("dealer/without-a-peer", INPROC, test_dealer_without_a_peer);
  ADD ("dealer/changes-nothing", ALL, test_dealers_change_nothing);
  ADD ("dealer/in-turn", ALL, test_dealer_sends_and_receives_in_turn);
  ADD ("dealer/reads-what-a-lost-peer-sent", ALL,
       test_dealer_reads_what_a_lost_peer_sent);
  ADD ("probe/dealer", ALL, test_dealer_probes);
  ADD ("probe/req", ALL, test_req_probes);
  ADD ("probe/router", ALL, test_router_probes);
  ADD ("probe/bound-dealer", ALL, test_bound_dealer_probes);
  ADD ("probe/rep", ALL, test_rep_probes);

  return g_test_run ();
}
