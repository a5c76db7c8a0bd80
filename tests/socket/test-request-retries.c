/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

/* Requests that are sent again, and whose peers are lost. */

#define IN_TIME SOCKET_TEST_DEADLINE_MS

static void
set_retries (ZmqgSocket *req,
             guint retries,
             guint interval)
{
  g_object_set (req, "request-retries", retries, "request-retry-interval",
                interval, NULL);
}

/* Another router that the socket is connected to. */
static ZmqgSocket *
meet_another (SocketTest *test,
              ZmqgSocket *req)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);

  socket_test_connect (req, uri);
  socket_test_await_peers (req, 2);
  return router;
}

static void
test_properties (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgReqSocket *self = ZMQG_REQ_SOCKET (req);
  guint retries, interval;

  g_assert_cmpuint (zmqg_req_socket_get_request_retries (self), ==, 0);
  g_assert_cmpuint (zmqg_req_socket_get_request_retry_interval (self), ==,
                    2500);
  set_retries (req, 3, 40);
  g_object_get (req, "request-retries", &retries, "request-retry-interval",
                &interval, NULL);
  g_assert_cmpuint (retries, ==, 3);
  g_assert_cmpuint (interval, ==, 40);
}

static void
test_a_request_is_sent_again (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };
  g_auto (Asked) asked = { 0 };
  g_auto (Asked) again = { 0 };

  set_retries (req, 2, 10);
  answer_ask (&a, req, "a", 3 * IN_TIME, NULL);
  asked_expect (&asked, router, "a");
  for (guint i = 0; i < 2; i++)
    {
      ZMQG_TEST_AWAIT (zmqg_socket_get_events (router) & G_IO_IN,
                       SOCKET_TEST_DEADLINE_MS);
      asked_expect (&again, router, "a");
      g_assert_cmpuint (again.id, ==, asked.id);
    }
  asked_reply (&again, router, "A");
  asked_reply (&asked, router, "once more");
  answer_expect (&a, "A");

  /* It was sent three times and not more. */
  set_retries (req, 0, 10);
  answer_ask (&b, req, "b", -1, NULL);
  asked_expect (&asked, router, "b");
  asked_reply (&asked, router, "B");
  answer_expect (&b, "B");
}

static void
test_a_retry_ends_with_its_time (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  set_retries (req, G_MAXUINT, 3);
  answer_ask (&a, req, "a", 60, NULL);
  answer_expect_error (&a, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  asked_expect (&asked, router, "a");
  asked_expect (&asked, router, "a");
}

/* The first one that was asked replies after the second was asked, too. */
static void
test_both_who_were_asked_may_reply (SocketTest *test)
{
  ZmqgSocket *routers[2];
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &routers[0]));

  routers[1] = meet_another (test, req);
  set_retries (req, 1, 10);
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Answer) a = { 0 };
      g_auto (Asked) first = { 0 };
      g_auto (Asked) second = { 0 };

      answer_ask (&a, req, "a", 3 * IN_TIME, NULL);
      asked_expect (&first, routers[0], "a");
      ZMQG_TEST_AWAIT (zmqg_socket_get_events (routers[1]) & G_IO_IN,
                       SOCKET_TEST_DEADLINE_MS);
      asked_expect (&second, routers[1], "a");
      asked_reply (i == 0 ? &first : &second, routers[i], "A");
      answer_expect (&a, "A");
      asked_reply (i == 0 ? &second : &first, routers[1 - i], "late");
    }
}

static void
test_a_lost_peer_is_told (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&a, req, "a", -1, NULL);
  asked_expect (&asked, router, "a");
  socket_test_close (test, router);
  answer_expect_error (&a, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
}

/* The other peer is asked at once, whatever the interval is. */
static void
test_the_next_peer_is_asked_at_once (SocketTest *test)
{
  ZmqgSocket *routers[2];
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &routers[0]));
  Answer answers[3] = { 0 };
  g_auto (Asked) asked = { 0 };

  set_retries (req, 1, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, 3 * IN_TIME, NULL);
      asked_expect (&asked, routers[0], text);
    }
  routers[1] = meet_another (test, req);
  socket_test_close (test, routers[0]);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      ZMQG_TEST_AWAIT (zmqg_socket_get_events (routers[1]) & G_IO_IN,
                       SOCKET_TEST_DEADLINE_MS);
      asked_expect (&asked, routers[1], text);
      asked_reply (&asked, routers[1], text);
    }
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_expect (&answers[i], text);
      answer_clear (&answers[i]);
    }
}

/* A reply that was sent before the peer went counts. */
static void
test_the_reply_of_a_lost_peer_counts (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };
  g_auto (Asked) asked = { 0 };
  g_auto (Asked) asked_b = { 0 };

  g_object_set (router, "linger", -1, NULL);
  answer_ask (&a, req, "a", -1, NULL);
  answer_ask (&b, req, "b", -1, NULL);
  asked_expect (&asked, router, "a");
  asked_expect (&asked_b, router, "b");
  asked_reply (&asked, router, "A");
  socket_test_close (test, router);
  answer_expect (&a, "A");
  answer_expect_error (&b, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
}

static void
test_the_server_comes_back (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_autofree char *uri = zmqg_socket_get_last_endpoint (router);

  set_retries (req, 1, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_auto (Answer) a = { 0 };
      g_auto (Answer) b = { 0 };
      g_auto (Asked) asked = { 0 };

      answer_ask (&a, req, "a", 3 * IN_TIME, NULL);
      asked_expect (&asked, router, "a");
      socket_test_close (test, router);
      answer_ask (&b, req, "b", 3 * IN_TIME, NULL);

      router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
      ZMQG_TEST_AWAIT (zmqg_socket_bind (router, uri, NULL),
                       SOCKET_TEST_DEADLINE_MS);
      /* The second may have gone out before the loss was noticed. */
      for (guint j = 0; j < 2; j++)
        {
          ZMQG_TEST_AWAIT (zmqg_socket_get_events (router) & G_IO_IN,
                           SOCKET_TEST_DEADLINE_MS);
          asked_receive (&asked, router);
          asked_reply (&asked, router, asked.text);
        }
      answer_expect (&a, "a");
      answer_expect (&b, "b");
    }
}

/* A REQ that is bound: its peers connect, and go for good. */
static void
test_a_bound_req_asks_who_connects (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_autofree char *uri = NULL;
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };
  ZmqgSocket *reps[3];

  set_retries (req, 1, 0);
  uri = socket_test_bind (test, req);
  answer_ask (&a, req, "a", -1, NULL);
  for (guint i = 0; i < 2; i++)
    {
      reps[i] = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
      socket_test_connect (reps[i], uri);
      ZMQG_TEST_AWAIT (zmqg_socket_get_events (reps[i]) & G_IO_IN,
                       SOCKET_TEST_DEADLINE_MS);
      socket_test_expect (reps[i], "a", NULL);
      if (i == 0)
        socket_test_close (test, reps[i]);
    }
  socket_test_send (reps[1], "A", NULL);
  answer_expect (&a, "A");

  set_retries (req, 0, 0);
  answer_ask (&b, req, "b", -1, NULL);
  socket_test_expect (reps[1], "b", NULL);
  socket_test_close (test, reps[1]);
  answer_expect_error (&b, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
}

/* Whom we disconnect from. */
static void
test_disconnecting_loses_requests (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_autofree char *uri = zmqg_socket_get_last_endpoint (router);
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&a, req, "a", -1, NULL);
  asked_expect (&asked, router, "a");
  g_assert_true (zmqg_socket_disconnect_from (req, uri, NULL));
  answer_expect_error (&a, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/request-retries/" name, SOCKET_TEST_##scope, func)

  ADD ("properties", INPROC, test_properties);
  ADD ("a-request-is-sent-again", ALL, test_a_request_is_sent_again);
  ADD ("a-retry-ends-with-its-time", ALL, test_a_retry_ends_with_its_time);
  ADD ("both-who-were-asked-may-reply", ALL,
       test_both_who_were_asked_may_reply);
  ADD ("a-lost-peer-is-told", ALL, test_a_lost_peer_is_told);
  ADD ("the-next-peer-is-asked-at-once", ALL,
       test_the_next_peer_is_asked_at_once);
  ADD ("the-reply-of-a-lost-peer-counts", ALL,
       test_the_reply_of_a_lost_peer_counts);
  ADD ("the-server-comes-back", NETWORK, test_the_server_comes_back);
  ADD ("a-bound-req-asks-who-connects", ALL,
       test_a_bound_req_asks_who_connects);
  ADD ("disconnecting-loses-requests", ALL,
       test_disconnecting_loses_requests);

  return g_test_run ();
}
