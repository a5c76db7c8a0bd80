/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

#include "../socket/requests-test.h"

#include <string.h>

/* Many requests at a time, of ours to libzmq and of libzmq's to us. */

#define IN_TIME INTEROP_DEADLINE_MS

/* --- Our REQ ------------------------------------------------------------ */

#define MANY 1000u

/* A REP takes them one by one, while all are under way. */
static void
their_rep_replies_to_many (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");
  g_autofree Answer *answers = g_new0 (Answer, MANY);

  interop_meet (test, req, rep);
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, 6 * IN_TIME, NULL);
    }
  for (guint i = 0; i < MANY; i++)
    interop_tell (rep, "echo");
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      interop_expect (rep, "message =%s", text);
      answer_expect (&answers[i], text);
      answer_clear (&answers[i]);
    }
}

static void
their_router_replies_in_any_order (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *router = interop_peer (test, "ROUTER");
  Answer answers[20] = { 0 };
  char *asked[20];

  interop_meet (test, req, router);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, 6 * IN_TIME, NULL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      asked[i] = interop_ask (router, "recv");
      g_assert_true (g_str_has_prefix (asked[i], "message "));
    }
  for (guint i = G_N_ELEMENTS (answers); i > 0; i--)
    {
      g_autofree char *text = g_strdup_printf ("%u", i - 1);

      interop_do (router, "send %s", asked[i - 1] + strlen ("message "));
      answer_expect (&answers[i - 1], text);
      answer_clear (&answers[i - 1]);
      g_free (asked[i - 1]);
    }
}

/* Lock-step on the same socket meanwhile. */
static void
their_router_replies_to_lock_step_too (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *router = interop_peer (test, "ROUTER");
  g_auto (Answer) a = { 0 };
  g_autofree char *asked = NULL;
  g_autofree char *lock_step = NULL;

  interop_meet (test, req, router);
  answer_ask (&a, req, "a", 6 * IN_TIME, NULL);
  asked = interop_ask (router, "recv");
  interop_send (req, "=lock-step");
  lock_step = interop_ask (router, "recv");
  interop_do (router, "send %s", lock_step + strlen ("message "));
  interop_do (router, "send %s", asked + strlen ("message "));
  answer_expect (&a, "a");
  interop_receive (req, "=lock-step");
}

static void
restart (Interop *test,
         ZmqgSocket *socket,
         InteropPeer *peer)
{
  interop_peer_kill (peer);
  interop_await_no_peer (socket);
  interop_peer_start (peer);
  interop_meet_again (test, peer);
}

static void
a_request_survives_their_restart (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };

  g_object_set (req, "request-retries", 1, "request-retry-interval", 0, NULL);
  interop_meet (test, req, rep);
  answer_ask (&a, req, "a", 6 * IN_TIME, NULL);
  interop_peer_receives (rep, "=a");
  answer_ask (&b, req, "b", 6 * IN_TIME, NULL);
  restart (test, req, rep);
  interop_tell (rep, "echo");
  interop_tell (rep, "echo");
  answer_expect (&a, "a");
  answer_expect (&b, "b");
}

static void
their_death_is_told (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  InteropPeer *rep = interop_peer (test, "REP");
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };

  interop_meet (test, req, rep);
  answer_ask (&a, req, "a", -1, NULL);
  interop_peer_receives (rep, "=a");
  interop_peer_kill (rep);
  answer_expect_error (&a, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);

  /* The next one waits for the next peer. */
  interop_await_no_peer (req);
  answer_ask (&b, req, "b", 6 * IN_TIME, NULL);
  interop_peer_start (rep);
  interop_meet_again (test, rep);
  interop_tell (rep, "echo");
  answer_expect (&b, "b");
}

/* --- Our REP ------------------------------------------------------------ */

static void
echo (ZmqgRequest *request)
{
  GError *error = NULL;

  zmqg_request_reply (request, zmqg_request_get_message (request), &error);
  g_assert_no_error (error);
}

static void
their_reqs_are_served (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  InteropPeer *reqs[3];

  for (guint i = 0; i < G_N_ELEMENTS (reqs); i++)
    {
      reqs[i] = interop_peer (test, "REQ");
      interop_meet_another (test, rep, reqs[i]);
    }
  for (guint turn = 0; turn < 5; turn++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (reqs); i++)
        {
          interop_do (reqs[i], "send =%u =%u", turn, i);
          ZMQG_TEST_AWAIT (requests->len == i + 1, INTEROP_DEADLINE_MS);
        }
      for (guint i = G_N_ELEMENTS (reqs); i > 0; i--)
        {
          echo (g_ptr_array_index (requests, i - 1));
          interop_tell (reqs[i - 1], "recv");
          interop_expect (reqs[i - 1], "message =%u =%u", turn, i - 1);
        }
      g_ptr_array_set_size (requests, 0);
    }
}

static void
their_dealer_is_served (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *dealer = interop_peer (test, "DEALER");
  g_autoptr (GPtrArray) requests = service_test_serve (rep);

  interop_meet (test, rep, dealer);
  interop_do (dealer, "burst 0 500 =envelope = =body");
  ZMQG_TEST_AWAIT (requests->len == 500, INTEROP_DEADLINE_MS);
  for (guint i = 0; i < 500; i++)
    echo (g_ptr_array_index (requests, i));
  interop_do (dealer, "collect 0 500");
}

/* A client that dies with its request in service. */
static void
their_death_is_told_to_a_service (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *req = interop_peer (test, "REQ");
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  g_autoptr (GError) error = NULL;

  interop_meet (test, rep, req);
  interop_do (req, "send =a");
  ZMQG_TEST_AWAIT (requests->len == 1, INTEROP_DEADLINE_MS);
  restart (test, rep, req);
  interop_do (req, "send =b");
  ZMQG_TEST_AWAIT (requests->len == 2, INTEROP_DEADLINE_MS);
  g_assert_false (zmqg_request_reply_string (g_ptr_array_index (requests, 0),
                                             "a", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  echo (g_ptr_array_index (requests, 1));
  interop_peer_receives (req, "=b");
}

/* --- Both --------------------------------------------------------------- */

/* Hands a message of one peer on to another, as a broker does. */
static void
hand_on (InteropPeer *from,
         InteropPeer *to)
{
  g_autofree char *message = interop_ask (from, "recv");

  g_assert_true (g_str_has_prefix (message, "message "));
  interop_do (to, "send %s", message + strlen ("message "));
}

static void
their_broker_is_in_between (Interop *test)
{
  ZmqgSocket *req = interop_socket (test, ZMQG_SOCKET_TYPE_REQ);
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *router = interop_peer (test, "ROUTER");
  InteropPeer *dealer = interop_peer (test, "DEALER");
  g_autoptr (GPtrArray) requests = service_test_serve (rep);
  Answer answers[10] = { 0 };

  interop_meet (test, req, router);
  interop_meet (test, rep, dealer);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, 6 * IN_TIME, NULL);
      hand_on (router, dealer);
    }
  ZMQG_TEST_AWAIT (requests->len == G_N_ELEMENTS (answers),
                   INTEROP_DEADLINE_MS);
  for (guint i = G_N_ELEMENTS (answers); i > 0; i--)
    {
      g_autofree char *text = g_strdup_printf ("%u", i - 1);

      echo (g_ptr_array_index (requests, i - 1));
      hand_on (dealer, router);
      answer_expect (&answers[i - 1], text);
      answer_clear (&answers[i - 1]);
    }
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    InteropFunc func;
  } tests[] = {
    { "their-rep-replies-to-many", their_rep_replies_to_many },
    { "their-router-replies-in-any-order", their_router_replies_in_any_order },
    { "their-router-replies-to-lock-step-too",
      their_router_replies_to_lock_step_too },
    { "a-request-survives-their-restart", a_request_survives_their_restart },
    { "their-death-is-told", their_death_is_told },
    { "their-reqs-are-served", their_reqs_are_served },
    { "their-dealer-is-served", their_dealer_is_served },
    { "their-death-is-told-to-a-service", their_death_is_told_to_a_service },
    { "their-broker-is-in-between", their_broker_is_in_between },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/requests/",
                                           tests[i].path, NULL);

      interop_add (path, tests[i].func, NULL);
    }

  return g_test_run ();
}
