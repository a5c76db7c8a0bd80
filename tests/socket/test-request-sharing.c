/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

/* Requests beside lock-step on the same socket. */

#define IN_TIME SOCKET_TEST_DEADLINE_MS

static void
test_a_reply_to_a_request_is_no_event (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&a, req, "a", IN_TIME, NULL);
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, G_IO_OUT);
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);
  asked_expect (&asked, router, "a");
  asked_reply (&asked, router, "A");
  answer_expect (&a, "A");
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, G_IO_OUT);
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);

  /* While lock-step awaits one. */
  socket_test_send (req, "lock-step", NULL);
  answer_ask (&b, req, "b", IN_TIME, NULL);
  socket_test_refuses_send (req, ZMQG_ERROR_STATE);
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, 0);
  socket_test_expect (router, "R", "", "lock-step", NULL);
  asked_expect (&asked, router, "b");
  asked_reply (&asked, router, "B");
  answer_expect (&b, "B");
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, 0);
  socket_test_refuses_receive (req, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_send (router, "R", "", "reply", NULL);
  socket_test_await_events (req, G_IO_IN);
  socket_test_expect (req, "reply", NULL);
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);
}

/* The reply of lock-step is not fetched, and others lie behind it. */
static void
test_lock_step_holds_nobody_up (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));

  for (guint i = 0; i < 10; i++)
    {
      g_auto (Answer) a = { 0 };
      g_auto (Asked) asked = { 0 };

      socket_test_send (req, "lock-step", NULL);
      answer_ask (&a, req, "a", IN_TIME, NULL);
      socket_test_expect (router, "R", "", "lock-step", NULL);
      asked_expect (&asked, router, "a");
      socket_test_send (router, "R", "", "reply", NULL);
      socket_test_send (router, "R", "", "a second one is stale", NULL);
      asked_reply (&asked, router, "A");
      answer_expect (&a, "A");
      g_assert_cmpuint (zmqg_socket_get_events (req), ==, G_IO_IN);
      socket_test_expect (req, "reply", NULL);
      g_assert_cmpuint (zmqg_socket_get_events (req), ==, G_IO_OUT);
    }
}

/* The next send of lock-step drops stale replies, but no others. */
static void
test_sending_keeps_replies_to_requests (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };
  GError *error = NULL;

  answer_ask (&a, req, "a", IN_TIME, NULL);
  asked_expect (&asked, router, "a");
  socket_test_send (router, "R", "", "stale", NULL);
  asked_reply (&asked, router, "A");
  socket_test_send (router, "R", "", "stale", NULL);
  /* Inproc that waits until they are received. */
  if (!test->in_process)
    zmqg_socket_flush (router, NULL, &error);
  g_assert_no_error (error);

  socket_test_send (req, "lock-step", NULL);
  socket_test_expect (router, "R", "", "lock-step", NULL);
  answer_expect (&a, "A");
  if (test->in_process)
    socket_test_refuses_receive (req, ZMQG_ERROR_WOULD_BLOCK);
}

/* Replies that were put aside and are given up. */
static void
test_relaxed_and_correlated (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };
  g_auto (Asked) first = { 0 };
  g_auto (Asked) second = { 0 };

  g_object_set (req, "relaxed", TRUE, "correlate", TRUE, NULL);
  answer_ask (&a, req, "a", IN_TIME, NULL);
  asked_expect (&asked, router, "a");
  socket_test_send (req, "first", NULL);
  asked_expect (&first, router, "first");
  asked_reply (&first, router, "re: first");
  socket_test_await_events (req, G_IO_IN | G_IO_OUT);
  socket_test_send (req, "second", NULL);
  asked_expect (&second, router, "second");
  g_assert_cmpuint (first.id, !=, second.id);
  g_assert_cmpuint (first.id, !=, asked.id);
  asked_reply (&first, router, "re: first, again");
  asked_reply (&second, router, "re: second");
  asked_reply (&asked, router, "A");
  answer_expect (&a, "A");
  socket_test_expect (req, "re: second", NULL);
  socket_test_refuses_receive (req, ZMQG_ERROR_STATE);
}

static void
on_message (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgMessage *message,
            gpointer user_data)
{
  char **text = user_data;

  g_assert_null (*text);
  *text = zmqg_message_get_string (message, 0);
}

static void
test_message_is_for_lock_step (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_autofree char *text = NULL;
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  g_signal_connect (req, "message", G_CALLBACK (on_message), &text);
  answer_ask (&a, req, "a", IN_TIME, NULL);
  asked_expect (&asked, router, "a");
  socket_test_send (req, "lock-step", NULL);
  socket_test_expect (router, "R", "", "lock-step", NULL);
  asked_reply (&asked, router, "A");
  answer_expect (&a, "A");
  g_assert_null (text);
  socket_test_send (router, "R", "", "reply", NULL);
  ZMQG_TEST_AWAIT (text != NULL, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpstr (text, ==, "reply");
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/request-sharing/" name, SOCKET_TEST_##scope, func)

  ADD ("a-reply-to-a-request-is-no-event", ALL,
       test_a_reply_to_a_request_is_no_event);
  ADD ("lock-step-holds-nobody-up", ALL, test_lock_step_holds_nobody_up);
  ADD ("sending-keeps-replies-to-requests", ALL,
       test_sending_keeps_replies_to_requests);
  ADD ("relaxed-and-correlated", ALL, test_relaxed_and_correlated);
  ADD ("message-is-for-lock-step", ALL, test_message_is_for_lock_step);

  return g_test_run ();
}
