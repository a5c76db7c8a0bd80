/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "requests-test.h"

#include "socket/zmqg-statistics.h"

/* Requests of a REQ socket beside lock-step, and the replies to them. */

#define IN_TIME SOCKET_TEST_DEADLINE_MS

static void
test_replies_come_in_any_order (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };
  g_auto (Answer) c = { 0 };
  g_auto (Asked) asked_a = { 0 };
  g_auto (Asked) asked_b = { 0 };
  g_auto (Asked) asked_c = { 0 };

  answer_ask (&a, req, "a", IN_TIME, NULL);
  answer_ask (&b, req, "b", -1, NULL);
  answer_ask (&c, req, "c", IN_TIME, NULL);
  asked_expect (&asked_a, router, "a");
  asked_expect (&asked_b, router, "b");
  asked_expect (&asked_c, router, "c");
  g_assert_cmpuint (asked_a.id, !=, asked_b.id);
  g_assert_cmpuint (asked_b.id, !=, asked_c.id);

  asked_reply (&asked_c, router, "C");
  answer_expect (&c, "C");
  g_assert_cmpuint (a.n_ends + b.n_ends, ==, 0);
  asked_reply (&asked_a, router, "A");
  answer_expect (&a, "A");
  asked_reply (&asked_b, router, "B");
  answer_expect (&b, "B");
}

#define MANY 1000u

/* As many as any mark allows at once, and replies in a wild order. */
static void
test_a_thousand_are_in_flight (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_autofree Answer *answers = g_new0 (Answer, MANY);
  g_autofree Asked *asked = g_new0 (Asked, MANY);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_ask (&answers[i], req, text, 6 * IN_TIME, NULL);
    }
  for (guint i = 0; i < MANY; i++)
    asked_receive (&asked[i], router);

  for (guint i = MANY; i > 0; i--)
    {
      guint at = (guint) g_rand_int_range (rand, 0, (gint32) i);

      asked_reply (&asked[at], router, asked[at].text);
      asked_clear (&asked[at]);
      asked[at] = asked[i - 1];
      asked[i - 1] = (Asked) { 0 };
    }
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      answer_expect (&answers[i], text);
      answer_clear (&answers[i]);
    }
}

static void
test_long_requests_keep_their_frames (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgReqSocket *req = requests_test_meet (test, &router);
  g_autoptr (ZmqgSocket) kept = g_object_ref (ZMQG_SOCKET (req));
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autoptr (ZmqgMessage) received = NULL;
  g_autofree guint8 *large = g_malloc0 (100000);
  GError *error = NULL;

  for (guint i = 0; i < 40; i++)
    zmqg_message_append_string (message, "frame");
  zmqg_message_append_data (message, large, 100000);
  zmqg_req_socket_request_async (req, message, 0, NULL, NULL, NULL);
  received = socket_test_receive (router);
  g_assert_cmpuint (zmqg_message_get_n_frames (received), ==, 44);
  g_assert_cmpuint (zmqg_message_get_size (received), ==,
                    1 + 4 + 40 * 5 + 100000);
  g_assert_no_error (error);
}

static void
test_a_message_without_frames_is_refused (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (zmqg_req_socket_request (ZMQG_REQ_SOCKET (req), message, -1,
                                          NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_unknown_replies_are_dropped (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&a, req, "a", IN_TIME, NULL);
  asked_expect (&asked, router, "a");
  asked.id++;
  asked_reply (&asked, router, "wrong number");
  socket_test_send (router, "R", "", "no number", NULL);
  asked.id--;
  asked_reply (&asked, router, "right");
  asked_reply (&asked, router, "twice");
  answer_expect (&a, "right");

  answer_clear (&a);
  answer_ask (&a, req, "b", IN_TIME, NULL);
  asked_expect (&asked, router, "b");
  asked_reply (&asked, router, "next");
  answer_expect (&a, "next");
}

/* More than any call drops: a peer that never stops holds nobody up. */
static void
test_many_unknown_replies_are_dropped_bit_by_bit (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_autofree char *uri = NULL;
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  g_object_set (req, "send-hwm", 0, "receive-hwm", 0, NULL);
  g_object_set (router, "send-hwm", 0, "receive-hwm", 0, NULL);
  uri = socket_test_bind (test, router);
  zmqg_socket_set_routing_id_string (req, "R");
  socket_test_connect (req, uri);
  socket_test_await_peers (req, 1);
  answer_ask (&a, req, "a", IN_TIME, NULL);
  asked_expect (&asked, router, "a");
  for (guint i = 0; i < 5000; i++)
    socket_test_send (router, "R", "", "nobody's", NULL);
  asked_reply (&asked, router, "A");
  g_assert_cmpuint (zmqg_socket_get_events (req), ==, G_IO_OUT);
  answer_expect (&a, "A");
}

/* Two routers, each of which has been asked by the request whose reply is
 * awaited, or not. */
static void
test_only_who_was_asked_may_reply (SocketTest *test)
{
  ZmqgSocket *routers[2];
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &routers[0]));
  g_autofree char *uri = NULL;
  g_auto (Answer) a = { 0 };
  g_auto (Answer) b = { 0 };
  g_auto (Asked) asked_a = { 0 };
  g_auto (Asked) asked_b = { 0 };

  routers[1] = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  uri = socket_test_bind (test, routers[1]);
  socket_test_connect (req, uri);
  socket_test_await_peers (req, 2);

  answer_ask (&a, req, "a", IN_TIME, NULL);
  answer_ask (&b, req, "b", IN_TIME, NULL);
  asked_expect (&asked_a, routers[0], "a");
  asked_expect (&asked_b, routers[1], "b");
  asked_reply (&asked_a, routers[1], "not asked");
  asked_reply (&asked_b, routers[1], "B");
  answer_expect (&b, "B");
  g_assert_cmpuint (a.n_ends, ==, 0);
  asked_reply (&asked_a, routers[0], "A");
  answer_expect (&a, "A");
}

static void
on_end_ask_again (GObject *object,
                  GAsyncResult *result,
                  gpointer user_data)
{
  ZmqgSocket *router = user_data;
  g_auto (Answer) inner = { 0 };
  g_auto (Asked) asked = { 0 };
  g_autoptr (ZmqgMessage) reply = NULL;
  GError *error = NULL;

  reply = zmqg_req_socket_request_finish (ZMQG_REQ_SOCKET (object), result,
                                          &error);
  g_assert_no_error (error);

  /* A main loop within the callback. */
  answer_ask (&inner, ZMQG_SOCKET (object), "inner", IN_TIME, NULL);
  asked_expect (&asked, router, "inner");
  asked_reply (&asked, router, "inner reply");
  answer_expect (&inner, "inner reply");
  socket_test_send (router, "R", "", "the end", NULL);
  g_object_set_data (G_OBJECT (object), "ended", router);
}

static void
test_callbacks_may_run_the_main_loop (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgReqSocket *req = requests_test_meet (test, &router);
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("outer");
  g_auto (Asked) asked = { 0 };
  g_auto (Answer) other = { 0 };
  g_auto (Asked) other_asked = { 0 };

  zmqg_req_socket_request_async (req, message, -1, NULL, on_end_ask_again,
                                 router);
  answer_ask (&other, ZMQG_SOCKET (req), "other", -1, NULL);
  asked_expect (&asked, router, "outer");
  asked_expect (&other_asked, router, "other");
  asked_reply (&asked, router, "outer reply");
  asked_reply (&other_asked, router, "other reply");
  ZMQG_TEST_AWAIT (g_object_get_data (G_OBJECT (req), "ended") != NULL,
                   SOCKET_TEST_DEADLINE_MS);
  answer_expect (&other, "other reply");
}

static guint64
count (ZmqgSocket *socket,
       guint64 (*get) (ZmqgStatistics *statistics))
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);

  g_assert_cmpuint (zmqg_statistics_get_copies (statistics), ==,
                    zmqg_statistics_get_handed_on (statistics) +
                      zmqg_statistics_get_outbound_dropped (statistics) +
                      zmqg_statistics_get_outbound_queued (statistics));
  g_assert_cmpuint (zmqg_statistics_get_arrived (statistics), ==,
                    zmqg_statistics_get_taken (statistics) +
                      zmqg_statistics_get_inbound_dropped (statistics) +
                      zmqg_statistics_get_inbound_queued (statistics));
  return get (statistics);
}

static guint64
get_stale (ZmqgStatistics *statistics)
{
  return zmqg_statistics_get_dropped (statistics, ZMQG_DROP_REASON_STALE);
}

static void
test_what_is_counted (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) late = { 0 };
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked_late = { 0 };
  g_auto (Asked) asked = { 0 };

  answer_ask (&late, req, "late", 10, NULL);
  answer_ask (&a, req, "a", IN_TIME, NULL);
  asked_expect (&asked_late, router, "late");
  asked_expect (&asked, router, "a");
  answer_expect_error (&late, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  asked_reply (&asked_late, router, "too late");
  asked_reply (&asked, router, "reply");
  answer_expect (&a, "reply");

  g_assert_cmpuint (count (req, zmqg_statistics_get_messages_sent), ==, 2);
  g_assert_cmpuint (count (req, zmqg_statistics_get_bytes_sent), ==, 5);
  g_assert_cmpuint (count (req, zmqg_statistics_get_messages_received), ==, 1);
  g_assert_cmpuint (count (req, zmqg_statistics_get_bytes_received), ==, 5);
  g_assert_cmpuint (count (req, zmqg_statistics_get_taken), ==, 1);
  g_assert_cmpuint (count (req, get_stale), ==, 1);
}

/* A reply of lock-step that was put aside, and that nobody wants then. */
static void
test_what_is_put_aside_is_counted (SocketTest *test)
{
  ZmqgSocket *router;
  ZmqgSocket *req = ZMQG_SOCKET (requests_test_meet (test, &router));
  g_auto (Answer) a = { 0 };
  g_auto (Asked) asked = { 0 };

  g_object_set (req, "relaxed", TRUE, NULL);
  answer_ask (&a, req, "a", IN_TIME, NULL);
  asked_expect (&asked, router, "a");
  socket_test_send (req, "first", NULL);
  socket_test_expect (router, "R", "", "first", NULL);
  socket_test_send (router, "R", "", "reply", NULL);
  asked_reply (&asked, router, "A");
  answer_expect (&a, "A");
  g_assert_cmpuint (count (req, zmqg_statistics_get_messages_received), ==, 1);
  g_assert_cmpuint (count (req, get_stale), ==, 0);
  socket_test_send (req, "second", NULL);
  g_assert_cmpuint (count (req, get_stale), ==, 1);
  socket_test_expect (router, "R", "", "second", NULL);
  socket_test_send (router, "R", "", "second reply", NULL);
  socket_test_expect (req, "second reply", NULL);
  g_assert_cmpuint (count (req, zmqg_statistics_get_messages_received), ==, 2);
  g_assert_cmpuint (count (req, zmqg_statistics_get_taken), ==, 2);
  g_assert_cmpuint (count (req, get_stale), ==, 1);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/requests/" name, SOCKET_TEST_##scope, func)

  ADD ("replies-come-in-any-order", ALL, test_replies_come_in_any_order);
  ADD ("a-thousand-are-in-flight", ALL, test_a_thousand_are_in_flight);
  ADD ("long-requests-keep-their-frames", ALL,
       test_long_requests_keep_their_frames);
  ADD ("a-message-without-frames-is-refused", INPROC,
       test_a_message_without_frames_is_refused);
  ADD ("unknown-replies-are-dropped", ALL, test_unknown_replies_are_dropped);
  ADD ("many-unknown-replies-are-dropped-bit-by-bit", INPROC,
       test_many_unknown_replies_are_dropped_bit_by_bit);
  ADD ("only-who-was-asked-may-reply", ALL, test_only_who_was_asked_may_reply);
  ADD ("callbacks-may-run-the-main-loop", ALL,
       test_callbacks_may_run_the_main_loop);
  ADD ("what-is-counted", ALL, test_what_is_counted);
  ADD ("what-is-put-aside-is-counted", ALL, test_what_is_put_aside_is_counted);

  return g_test_run ();
}
