/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

static void
test_push_cannot_receive (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);

  socket_test_refuses_receive (push, ZMQG_ERROR_NOT_SUPPORTED);
}

static void
test_pull_cannot_send (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);

  socket_test_refuses_send (pull, ZMQG_ERROR_NOT_SUPPORTED);
}

static void
refuse_all (ZmqgSocket *socket,
            ZmqgError code)
{
  g_autoptr (GPtrArray) batch = NULL;
  g_autoptr (GError) error = NULL;

  socket_test_refuses_send (socket, code);
  socket_test_refuses_receive (socket, code);
  g_assert_false (zmqg_socket_send_string (socket, "x", NULL, &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
  g_clear_error (&error);
  g_assert_null (zmqg_socket_receive (socket, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
  g_clear_error (&error);
  batch = zmqg_socket_receive_batch (socket, 2, NULL, &error);
  g_assert_null (batch);
  g_assert_error (error, ZMQG_ERROR, (int) code);
}

/* As in libzmq, where ETERM goes before all else: the loop of a thread whose
 * socket's type cannot do something ends like the others'. */
static void
test_the_end_goes_before_what_cannot_be_done (SocketTest *test)
{
  ZmqgSocket *sockets[4];

  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++)
    sockets[i] = socket_test_new (test, i % 2 == 0 ? ZMQG_TYPE_PULL_SOCKET
                                                   : ZMQG_TYPE_PUSH_SOCKET);
  g_free (socket_test_bind (test, sockets[2]));
  g_free (socket_test_bind (test, sockets[3]));

  zmqg_context_shutdown (test->context);
  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++)
    refuse_all (sockets[i], ZMQG_ERROR_TERMINATED);
  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++)
    {
      zmqg_socket_close (sockets[i]);
      refuse_all (sockets[i], ZMQG_ERROR_CLOSED);
    }
}

static void
test_blocks_without_a_peer (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);

  socket_test_refuses_send (push, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_refuses_receive (pull, ZMQG_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (zmqg_socket_get_events (push), ==, 0);
  g_assert_cmpuint (zmqg_socket_get_events (pull), ==, 0);
}

static void
test_whole_messages (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);

  socket_test_connect (push, uri);
  socket_test_send (push, "a", "", "b", NULL);
  socket_test_send (push, "c", NULL);
  socket_test_expect (pull, "a", "", "b", NULL);
  socket_test_expect (pull, "c", NULL);
  socket_test_refuses_receive (pull, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_events_tell_of_messages (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);

  socket_test_connect (push, uri);
  g_assert_cmpuint (zmqg_socket_get_events (push), ==, G_IO_OUT);
  g_assert_cmpuint (zmqg_socket_get_events (pull), ==, 0);
  socket_test_send (push, "a", NULL);
  socket_test_await_events (pull, G_IO_IN);
  socket_test_expect (pull, "a", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (pull), ==, 0);
}

static void
test_round_robin_from_the_first_connected (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pulls[3];

  for (guint i = 0; i < G_N_ELEMENTS (pulls); i++)
    {
      g_autofree char *uri = NULL;

      pulls[i] = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
      uri = socket_test_bind (test, pulls[i]);
      socket_test_connect (push, uri);
    }

  for (guint i = 0; i < 9; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      socket_test_send (push, text, NULL);
    }

  for (guint i = 0; i < 9; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      socket_test_expect (pulls[i % 3], text, NULL);
    }
}

static void
test_fair_queueing (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  const char *const names[] = { "a", "b", "c" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);

      socket_test_connect (push, uri);
      for (guint j = 0; j < 3; j++)
        socket_test_send (push, names[i], NULL);
    }

  for (guint i = 0; i < 9; i++)
    socket_test_expect (pull, names[i % 3], NULL);
}

static void
test_a_full_peer_is_passed_over (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pulls[2];

  g_object_set (push, "send-hwm", 1, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (pulls); i++)
    {
      g_autofree char *uri = NULL;

      pulls[i] = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
      g_object_set (pulls[i], "receive-hwm", 1, NULL);
      uri = socket_test_bind (test, pulls[i]);
      socket_test_connect (push, uri);
    }

  /* Each mark is the sum of the two sides'. */
  for (guint i = 0; i < 4; i++)
    g_assert_true (socket_test_try_send (push, "x"));
  g_assert_false (socket_test_try_send (push, "y"));
  g_assert_cmpuint (zmqg_socket_get_events (push), ==, 0);

  socket_test_expect (pulls[1], "x", NULL);
  socket_test_expect (pulls[1], "x", NULL);
  socket_test_refuses_receive (pulls[1], ZMQG_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (zmqg_socket_get_events (push), ==, G_IO_OUT);
  g_assert_true (socket_test_try_send (push, "z"));
  g_assert_true (socket_test_try_send (push, "z"));
  socket_test_expect (pulls[1], "z", NULL);
  socket_test_expect (pulls[1], "z", NULL);
}

static void
test_unsent_messages_wait_for_the_peer (SocketTest *test)
{
  ZmqgSocket *first = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull;
  g_autofree char *uri = socket_test_bind (test, first);

  /* Nobody is there for now. */
  socket_test_close (test, first);
  socket_test_connect (push, uri);
  for (guint i = 0; i < 3; i++)
    socket_test_send (push, "kept", NULL);

  pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  socket_test_rebind (pull, uri);
  for (guint i = 0; i < 3; i++)
    socket_test_expect (pull, "kept", NULL);
}

static void
test_messages_of_a_closed_socket_arrive (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);

  g_object_set (push, "linger", -1, NULL);
  socket_test_connect (push, uri);
  for (guint i = 0; i < 100; i++)
    socket_test_send (push, "last", NULL);
  socket_test_close (test, push);

  for (guint i = 0; i < 100; i++)
    socket_test_expect (pull, "last", NULL);
  socket_test_refuses_receive (pull, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_a_lost_peer_gets_nothing (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pulls[2];
  g_autofree char *uri = socket_test_bind (test, push);

  for (guint i = 0; i < G_N_ELEMENTS (pulls); i++)
    {
      pulls[i] = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
      socket_test_connect (pulls[i], uri);
    }
  if (!test->in_process)
    socket_test_await_peers (push, 2);

  socket_test_close (test, pulls[0]);
  socket_test_close (test, pulls[1]);
  socket_test_await_events (push, 0);
  socket_test_refuses_send (push, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_conflate_keeps_the_newest (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);

  g_object_set (push, "conflate", TRUE, NULL);
  socket_test_connect (push, uri);
  for (guint i = 0; i < 5; i++)
    socket_test_send (push, "old", NULL);
  socket_test_send (push, "new", NULL);

  socket_test_expect (pull, "new", NULL);
  socket_test_refuses_receive (pull, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_many_messages (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  guint sent = 0;
  guint received = 0;

  socket_test_connect (push, uri);
  while (received < 20000)
    {
      while (sent < 20000 && socket_test_try_send (push, "message"))
        sent++;
      socket_test_expect (pull, "message", NULL);
      received++;
    }
  g_assert_cmpuint (sent, ==, received);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/pipeline/" name, SOCKET_TEST_##scope, func)

  ADD ("push-cannot-receive", INPROC, test_push_cannot_receive);
  ADD ("pull-cannot-send", INPROC, test_pull_cannot_send);
  ADD ("the-end-goes-before-what-cannot-be-done", INPROC,
       test_the_end_goes_before_what_cannot_be_done);
  ADD ("blocks-without-a-peer", INPROC, test_blocks_without_a_peer);
  ADD ("whole-messages", ALL, test_whole_messages);
  ADD ("events-tell-of-messages", ALL, test_events_tell_of_messages);
  ADD ("round-robin-from-the-first-connected", ALL,
       test_round_robin_from_the_first_connected);
  ADD ("fair-queueing", INPROC, test_fair_queueing);
  ADD ("a-full-peer-is-passed-over", INPROC, test_a_full_peer_is_passed_over);
  ADD ("unsent-messages-wait-for-the-peer", ALL,
       test_unsent_messages_wait_for_the_peer);
  ADD ("messages-of-a-closed-socket-arrive", ALL,
       test_messages_of_a_closed_socket_arrive);
  ADD ("a-lost-peer-gets-nothing", ALL, test_a_lost_peer_gets_nothing);
  ADD ("conflate-keeps-the-newest", INPROC, test_conflate_keeps_the_newest);
  ADD ("many-messages", ALL, test_many_messages);

  return g_test_run ();
}
