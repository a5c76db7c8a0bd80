/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

/* Requests of a REQ socket that wait to be sent, and that are given up. */

#define IN_TIME SOCKET_TEST_DEADLINE_MS

/* --- Waiting to be sent ------------------------------------------------- */

static void
test_a_request_waits_for_a_peer (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = NULL;
  g_auto (Answer) a = { 0 };
  g_auto (Answer) late = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&late, req, "late", 1, NULL);
  answer_ask (&a, req, "a", IN_TIME, NULL);
  answer_expect_error (&late, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  g_assert_cmpuint (a.n_ends, ==, 0);

  zmqg_socket_set_routing_id_string (req, "R");
  uri = socket_test_bind (test, router);
  socket_test_connect (req, uri);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (router) & G_IO_IN,
                   SOCKET_TEST_DEADLINE_MS);
  asked_expect (&asked, router, "a");
  asked_reply (&asked, router, "A");
  answer_expect (&a, "A");
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

/* Connected, but nobody is there: what is given up is not sent once he is. */
static void
test_what_is_given_up_is_never_sent (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *first = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, first);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Answer) late = { 0 };
  g_auto (Answer) cancelled = { 0 };
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  socket_test_close (test, first);
  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  answer_ask (&late, req, "late", 5, NULL);
  answer_ask (&cancelled, req, "cancelled", -1, cancellable);
  answer_ask (&a, req, "a", 3 * IN_TIME, NULL);
  g_cancellable_cancel (cancellable);
  answer_expect_error (&cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  answer_expect_error (&late, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);

  ZMQG_TEST_AWAIT (zmqg_socket_bind (router, uri, NULL),
                   SOCKET_TEST_DEADLINE_MS);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (router) & G_IO_IN,
                   SOCKET_TEST_DEADLINE_MS);
  asked_expect (&asked, router, "a");
  asked_reply (&asked, router, "A");
  answer_expect (&a, "A");
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

/* Inproc, where marks are exact: two fit. */
static void
test_requests_without_room_wait_in_order (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *uri = NULL;
  Answer answers[10] = { 0 };

  g_object_set (req, "send-hwm", 1, NULL);
  g_object_set (router, "receive-hwm", 1, NULL);
  zmqg_socket_set_routing_id_string (req, "R");
  uri = socket_test_bind (test, router);
  socket_test_connect (req, uri);
  socket_test_await_peers (req, 1);

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, i == 6 ? 1 : -1,
                  i == 4 ? cancellable : NULL);
    }
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, 0);
  g_cancellable_cancel (cancellable);
  answer_expect_error (&answers[4], G_IO_ERROR, G_IO_ERROR_CANCELLED);
  answer_expect_error (&answers[6], ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_auto (Asked) asked = { 0 };

      if (i != 4 && i != 6)
        {
          ZMQG_TEST_AWAIT (zmqg_socket_get_events (router) & G_IO_IN,
                           SOCKET_TEST_DEADLINE_MS);
          asked_expect (&asked, router, text);
          asked_reply (&asked, router, text);
          answer_expect (&answers[i], text);
        }
      answer_clear (&answers[i]);
    }
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_requests_go_in_turn (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *routers[3];
  Answer answers[9] = { 0 };

  zmqg_socket_set_routing_id_string (req, "R");
  for (guint i = 0; i < G_N_ELEMENTS (routers); i++)
    {
      g_autofree char *uri = NULL;

      routers[i] = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
      uri = socket_test_bind (test, routers[i]);
      socket_test_connect (req, uri);
    }
  socket_test_await_peers (req, G_N_ELEMENTS (routers));

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    answer_ask (&answers[i], req, "x", IN_TIME, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_auto (Asked) asked = { 0 };

      asked_expect (&asked, routers[i % 3], "x");
      asked_reply (&asked, routers[i % 3], "y");
      answer_expect (&answers[i], "y");
      answer_clear (&answers[i]);
    }
}

/* --- Giving up ---------------------------------------------------------- */

static void
test_a_late_reply_is_dropped (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) late = { 0 };
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked_late = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&late, req, "late", 20, NULL);
  asked_expect (&asked_late, router, "late");
  answer_expect_error (&late, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  asked_reply (&asked_late, router, "too late");

  answer_ask (&a, req, "a", IN_TIME, NULL);
  asked_expect (&asked, router, "a");
  asked_reply (&asked_late, router, "much too late");
  asked_reply (&asked, router, "A");
  answer_expect (&a, "A");
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);
}

static void
test_cancellation (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GCancellable) other = g_cancellable_new ();
  g_auto (Answer) before = { 0 };
  g_auto (Answer) flying = { 0 };
  g_auto (Answer) there = { 0 };
  g_auto (Answer) after = { 0 };
  g_auto (Asked) asked = { 0 };

  g_cancellable_cancel (cancellable);
  answer_ask (&before, req, "before", -1, cancellable);
  answer_expect_error (&before, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  g_cancellable_reset (cancellable);
  answer_ask (&flying, req, "flying", -1, cancellable);
  asked_expect (&asked, router, "flying");
  g_cancellable_cancel (cancellable);
  answer_expect_error (&flying, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  asked_reply (&asked, router, "too late");

  /* The reply is there, and found by somebody else, when it is cancelled. */
  answer_ask (&there, req, "there", -1, other);
  asked_expect (&asked, router, "there");
  asked_reply (&asked, router, "reply");
  socket_test_send (req, "lock-step", NULL);
  socket_test_expect (router, "R", "", "lock-step", NULL);
  socket_test_send (router, "R", "", "lock-step reply", NULL);
  socket_test_await_events (req, G_IO_IN);
  g_cancellable_cancel (other);
  answer_expect (&there, "reply");
  g_assert_cmpuint (there.n_ends, ==, 1);

  /* Afterwards. */
  g_cancellable_reset (other);
  answer_ask (&after, req, "after", -1, other);
  asked_expect (&asked, router, "after");
  asked_reply (&asked, router, "reply");
  answer_expect (&after, "reply");
  g_cancellable_cancel (other);
  socket_test_expect (req, "lock-step reply", NULL);
}

static void
test_closing_ends_requests (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  ZmqgSocket *alone = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  Answer answers[3] = { 0 };
  g_auto (Answer) refused = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&answers[0], req, "sent", -1, NULL);
  asked_expect (&asked, router, "sent");
  asked_reply (&asked, router, "not looked at");
  answer_ask (&answers[1], req, "sent too", -1, NULL);
  answer_ask (&answers[2], alone, "waiting", -1, NULL);
  zmqg_socket_close (req);
  zmqg_socket_close (alone);
  answer_ask (&refused, req, "refused", -1, NULL);
  for (guint i = 1; i < G_N_ELEMENTS (answers); i++)
    answer_expect_error (&answers[i], ZMQG_ERROR, ZMQG_ERROR_CLOSED);
  answer_expect_error (&refused, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
  /* Whether its reply was found before is chance. */
  ZMQG_TEST_AWAIT (answers[0].n_ends == 1, SOCKET_TEST_DEADLINE_MS);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    answer_clear (&answers[i]);
}

static void
test_a_shutdown_ends_requests (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  ZmqgSocket *alone = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_auto (Answer) sent = { 0 };
  g_auto (Answer) waiting = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&sent, req, "sent", -1, NULL);
  asked_expect (&asked, router, "sent");
  answer_ask (&waiting, alone, "waiting", -1, NULL);
  zmqg_context_shutdown (test->context);
  answer_expect_error (&sent, ZMQG_ERROR, ZMQG_ERROR_TERMINATED);
  answer_expect_error (&waiting, ZMQG_ERROR, ZMQG_ERROR_TERMINATED);
}

/* A request keeps its socket; the callback drops it. */
static void
test_the_last_reference_is_the_requests (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&a, req, "a", -1, NULL);
  g_object_add_weak_pointer (G_OBJECT (req), (gpointer *) &req);
  g_ptr_array_remove (test->sockets, req);
  g_assert_nonnull (req);
  asked_expect (&asked, router, "a");
  asked_reply (&asked, router, "A");
  answer_expect (&a, "A");
  ZMQG_TEST_AWAIT (req == NULL, SOCKET_TEST_DEADLINE_MS);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/request-ends/" name, SOCKET_TEST_##scope, func)

  ADD ("a-request-waits-for-a-peer", ALL, test_a_request_waits_for_a_peer);
  ADD ("what-is-given-up-is-never-sent", NETWORK,
       test_what_is_given_up_is_never_sent);
  ADD ("requests-without-room-wait-in-order", INPROC,
       test_requests_without_room_wait_in_order);
  ADD ("requests-go-in-turn", ALL, test_requests_go_in_turn);
  ADD ("a-late-reply-is-dropped", ALL, test_a_late_reply_is_dropped);
  ADD ("cancellation", ALL, test_cancellation);
  ADD ("closing-ends-requests", ALL, test_closing_ends_requests);
  ADD ("a-shutdown-ends-requests", ALL, test_a_shutdown_ends_requests);
  ADD ("the-last-reference-is-the-requests", ALL,
       test_the_last_reference_is_the_requests);

  return g_test_run ();
}
