/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/* Bursts, back-pressure over the wire, and what linger promises. Messages end
 * with a frame that has their number. */

static ZmqgMessage *
numbered (const char *frames,
          guint number)
{
  ZmqgMessage *message = interop_make (frames);
  g_autofree char *text = g_strdup_printf ("%u", number);

  zmqg_message_append_string (message, text);
  return message;
}

static void
burst (ZmqgSocket *socket,
       const char *frames,
       guint first,
       guint n)
{
  for (guint i = first; i < first + n; i++)
    {
      g_autoptr (ZmqgMessage) message = numbered (frames, i);
      GError *error = NULL;

      zmqg_socket_send (socket, message, NULL, &error);
      g_assert_no_error (error);
    }
}

static void
collect (ZmqgSocket *socket,
         const char *frames,
         guint first,
         guint n)
{
  for (guint i = first; i < first + n; i++)
    {
      g_autoptr (ZmqgMessage) expected = numbered (frames, i);
      g_autoptr (ZmqgMessage) received = NULL;
      GError *error = NULL;

      received = zmqg_socket_receive (socket, NULL, &error);
      g_assert_no_error (error);
      if (!zmqg_message_equal (received, expected))
        {
          g_autofree char *got = interop_describe (received);
          g_autofree char *wanted = interop_describe (expected);

          g_assert_cmpstr (got, ==, wanted);
        }
    }
}

/* --- Bursts ------------------------------------------------------------- */

#define BURST 20000u

static void
small_messages_out (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");

  interop_meet (test, push, pull);
  interop_tell (pull, "collect 0 %u", BURST);
  burst (push, "=small", 0, BURST);
  interop_expect (pull, "ok");
}

static void
small_messages_in (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");

  interop_meet (test, pull, push);
  interop_tell (push, "burst 0 %u =small", BURST);
  collect (pull, "=small", 0, BURST);
  interop_expect (push, "ok");
}

static void
small_messages_both_ways_at_once (Interop *test)
{
  ZmqgSocket *ours = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *theirs = interop_peer (test, "DEALER");

  /* Nobody reads before all is sent. */
  g_object_set (ours, "send-hwm", 0, "receive-hwm", 0, NULL);
  interop_do (theirs, "set sndhwm 0");
  interop_do (theirs, "set rcvhwm 0");
  interop_meet (test, ours, theirs);
  interop_tell (theirs, "burst 0 %u =theirs", BURST);
  interop_tell (theirs, "collect 0 %u", BURST);
  burst (ours, "=ours", 0, BURST);
  collect (ours, "=theirs", 0, BURST);
  interop_expect (theirs, "ok");
  interop_expect (theirs, "ok");
}

static void
mixed_sizes_both_ways (Interop *test)
{
  ZmqgSocket *ours = interop_socket (test, ZMQG_SOCKET_TYPE_PAIR);
  InteropPeer *theirs = interop_peer (test, "PAIR");
  static const char *const frames[] = {
    "=", "*10000.1", "=a = =b", "*100000.2 *3.3", "*255.4", "*256.5",
  };

  interop_meet (test, ours, theirs);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      interop_tell (theirs, "collect 0 100");
      interop_tell (theirs, "burst 0 100 %s", frames[i]);
      burst (ours, frames[i], 0, 100);
      collect (ours, frames[i], 0, 100);
      interop_expect (theirs, "ok");
      interop_expect (theirs, "ok");
    }
}

/* --- Marks -------------------------------------------------------------- */

/* Sends until it would block; returns how many. */
static guint
fill (ZmqgSocket *socket,
      const char *frames)
{
  for (guint n = 0;; n++)
    {
      g_autoptr (ZmqgMessage) message = numbered (frames, n);
      g_autoptr (GError) error = NULL;

      if (!zmqg_socket_try_send (socket, message, &error))
        {
          g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
          return n;
        }
    }
}

static void
our_sender_waits_for_a_slow_receiver (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");
  guint n;

  g_object_set (push, "send-hwm", 5, NULL);
  interop_do (pull, "set rcvhwm 5");
  interop_meet (test, push, pull);
  interop_await_peers (push, 1);

  n = fill (push, "*100000.1");
  g_assert_cmpuint (n, >=, 5);
  g_assert_cmpuint (n, <, 1000);

  interop_tell (pull, "collect 0 %u", n + 100);
  burst (push, "*100000.1", n, 100);
  interop_expect (pull, "ok");
}

static void
their_sender_waits_for_us (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");
  g_autofree char *answer = NULL;
  guint n;

  g_object_set (pull, "receive-hwm", 5, NULL);
  interop_do (push, "set sndhwm 5");
  interop_meet (test, pull, push);

  interop_peer_sends (push, "*100000.1");
  answer = interop_ask (push, "flood *100000.1");
  g_assert_true (g_str_has_prefix (answer, "ok "));
  n = 1 + (guint) g_ascii_strtoull (answer + 3, NULL, 10);
  g_assert_cmpuint (n, <, 1000);
  for (guint i = 0; i < n; i++)
    interop_receive (pull, "*100000.1");

  interop_tell (push, "burst 0 200 *100000.2");
  collect (pull, "*100000.2", 0, 200);
  interop_expect (push, "ok");
}

/* The mark of one message. */
static void
mark_of_one (Interop *test)
{
  ZmqgSocket *ours = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *theirs = interop_peer (test, "DEALER");

  g_object_set (ours, "send-hwm", 1, "receive-hwm", 1, NULL);
  interop_do (theirs, "set sndhwm 1");
  interop_do (theirs, "set rcvhwm 1");
  interop_meet (test, ours, theirs);

  interop_tell (theirs, "collect 0 500");
  burst (ours, "=x", 0, 500);
  interop_expect (theirs, "ok");
  interop_tell (theirs, "burst 0 500 =y");
  collect (ours, "=y", 0, 500);
  interop_expect (theirs, "ok");
}

static void
a_blocked_router_peer_gets_all (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *dealer = interop_peer (test, "DEALER");

  g_object_set (router, "mandatory", TRUE, "send-hwm", 3, NULL);
  interop_do (dealer, "set routing-id =alpha");
  interop_do (dealer, "set rcvhwm 3");
  interop_meet (test, router, dealer);
  interop_await_peers (router, 1);
  interop_tell (dealer, "collect 0 300");
  burst (router, "=alpha *50000.1", 0, 300);
  interop_expect (dealer, "ok");
}

/* --- Linger ------------------------------------------------------------- */

#define LINGERING 2000u

static void
what_we_sent_arrives_after_close (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");
  GError *error = NULL;

  g_object_set (push, "linger", -1, "send-hwm", 0, NULL);
  interop_meet (test, push, pull);
  /* Who is bound keeps nothing for those who are still to come. */
  interop_await_peers (push, 1);
  burst (push, "*1000.1", 0, LINGERING);
  zmqg_socket_close (push);
  interop_tell (pull, "collect 0 %u", LINGERING);
  zmqg_context_terminate (test->context, NULL, &error);
  g_assert_no_error (error);
  interop_expect (pull, "ok");
}

static void
a_large_message_arrives_after_close (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");
  GError *error = NULL;

  g_object_set (push, "linger", 20000, NULL);
  interop_meet (test, push, pull);
  interop_await_peers (push, 1);
  interop_send (push, "=head *8000000.1 =tail");
  zmqg_socket_close (push);
  interop_tell (pull, "recv");
  zmqg_context_terminate (test->context, NULL, &error);
  g_assert_no_error (error);
  interop_expect_message (pull, "=head *8000000.1 =tail");
}

/* A connection that is not there yet is waited for. */
static void
what_we_sent_early_arrives_after_close (Interop *test)
{
  ZmqgSocket *push;
  InteropPeer *pull;
  GError *error = NULL;

  if (test->we_bind)
    {
      g_test_skip ("who is bound has nobody to wait for");
      return;
    }

  push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  pull = interop_peer (test, "PULL");
  g_object_set (push, "linger", -1, NULL);
  interop_meet (test, push, pull);
  burst (push, "=early", 0, 100);
  zmqg_socket_close (push);
  interop_tell (pull, "collect 0 100");
  zmqg_context_terminate (test->context, NULL, &error);
  g_assert_no_error (error);
  interop_expect (pull, "ok");
}

static void
what_they_sent_arrives_after_their_close (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");

  interop_do (push, "set sndhwm 0");
  interop_meet (test, pull, push);
  interop_tell (push, "burst 0 %u *1000.1", LINGERING);
  interop_tell (push, "close");
  collect (pull, "*1000.1", 0, LINGERING);
  interop_expect (push, "ok");
  interop_expect (push, "ok");
}

static void
no_linger_does_not_wait (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");
  gint64 started;
  GError *error = NULL;

  g_object_set (push, "send-hwm", 5, NULL);
  interop_do (pull, "set rcvhwm 1");
  interop_meet (test, push, pull);
  interop_await_peers (push, 1);
  fill (push, "*100000.1");

  started = g_get_monotonic_time ();
  zmqg_socket_close (push);
  zmqg_context_terminate (test->context, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - started, <,
                   INTEROP_DEADLINE_MS * 1000 / 2);
}

static void
flush_returns_when_the_kernel_has_it (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");
  GError *error = NULL;

  interop_meet (test, push, pull);
  interop_await_peers (push, 1);
  burst (push, "=flushed", 0, 500);
  zmqg_socket_flush (push, NULL, &error);
  g_assert_no_error (error);

  /* With linger 0 the rest would be lost. */
  zmqg_socket_close (push);
  interop_tell (pull, "collect 0 500");
  interop_expect (pull, "ok");
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
    { "burst/small-messages-out", small_messages_out },
    { "burst/small-messages-in", small_messages_in },
    { "burst/small-messages-both-ways-at-once",
      small_messages_both_ways_at_once },
    { "burst/mixed-sizes-both-ways", mixed_sizes_both_ways },
    { "mark/our-sender-waits-for-a-slow-receiver",
      our_sender_waits_for_a_slow_receiver },
    { "mark/their-sender-waits-for-us", their_sender_waits_for_us },
    { "mark/of-one-message", mark_of_one },
    { "mark/a-blocked-peer-of-a-router-gets-all",
      a_blocked_router_peer_gets_all },
    { "linger/what-we-sent-arrives-after-close",
      what_we_sent_arrives_after_close },
    { "linger/a-large-message-arrives-after-close",
      a_large_message_arrives_after_close },
    { "linger/what-we-sent-early-arrives-after-close",
      what_we_sent_early_arrives_after_close },
    { "linger/what-they-sent-arrives-after-their-close",
      what_they_sent_arrives_after_their_close },
    { "linger/none-does-not-wait", no_linger_does_not_wait },
    { "flush-returns-when-the-kernel-has-it",
      flush_returns_when_the_kernel_has_it },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/flow/",
                                           tests[i].path, NULL);

      interop_add (path, tests[i].func, NULL);
    }

  return g_test_run ();
}
