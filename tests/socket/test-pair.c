/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

static void
test_blocks_without_a_peer (SocketTest *test)
{
  ZmqgSocket *pair = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);

  socket_test_refuses_send (pair, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_refuses_receive (pair, ZMQG_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (zmqg_socket_get_events (pair), ==, 0);
}

static void
test_both_ways (SocketTest *test)
{
  ZmqgSocket *a = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *b = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri = socket_test_bind (test, a);

  socket_test_connect (b, uri);
  socket_test_send (b, "1", "2", NULL);
  socket_test_send (b, "3", NULL);
  socket_test_await_events (a, G_IO_IN | G_IO_OUT);
  socket_test_expect (a, "1", "2", NULL);
  socket_test_expect (a, "3", NULL);
  g_assert_cmpuint (zmqg_socket_get_events (a), ==, G_IO_OUT);
  socket_test_send (a, "4", "", NULL);
  socket_test_expect (b, "4", "", NULL);
}

static void
test_a_full_pipe_blocks (SocketTest *test)
{
  ZmqgSocket *a = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *b = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (a, "receive-hwm", 1, NULL);
  g_object_set (b, "send-hwm", 1, NULL);
  uri = socket_test_bind (test, a);
  socket_test_connect (b, uri);

  g_assert_true (socket_test_try_send (b, "1"));
  g_assert_true (socket_test_try_send (b, "2"));
  socket_test_refuses_send (b, ZMQG_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (zmqg_socket_get_events (b), ==, 0);
  socket_test_expect (a, "1", NULL);
  socket_test_expect (a, "2", NULL);
  socket_test_refuses_receive (a, ZMQG_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (zmqg_socket_get_events (b), ==, G_IO_OUT);
}

static void
test_a_second_peer_is_not_heard (SocketTest *test)
{
  ZmqgSocket *server = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *first = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *second = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri = socket_test_bind (test, server);

  socket_test_connect (first, uri);
  socket_test_send (first, "1", NULL);
  socket_test_expect (server, "1", NULL);

  socket_test_connect (second, uri);
  socket_test_try_send (second, "nobody hears me");
  for (guint i = 0; i < 100; i++)
    {
      socket_test_send (first, "2", NULL);
      socket_test_expect (server, "2", NULL);
      socket_test_send (server, "3", NULL);
      socket_test_expect (first, "3", NULL);
    }
  socket_test_refuses_receive (server, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_refuses_receive (second, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_messages_of_a_lost_peer_stay (SocketTest *test)
{
  ZmqgSocket *server = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *client = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
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

/* Conflate has an effect on DEALER, PULL, PUSH, PUB and SUB only. */
static void
test_conflate_is_ignored (SocketTest *test)
{
  ZmqgSocket *server = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *client = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (server, "conflate", TRUE, NULL);
  g_object_set (client, "conflate", TRUE, NULL);
  uri = socket_test_bind (test, server);
  socket_test_connect (client, uri);
  for (guint i = 0; i < 5; i++)
    socket_test_send (client, "one of five", NULL);
  for (guint i = 0; i < 5; i++)
    socket_test_expect (server, "one of five", NULL);
}

static void
test_the_place_is_free_again (SocketTest *test)
{
  ZmqgSocket *server = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri = socket_test_bind (test, server);

  for (guint i = 0; i < 3; i++)
    {
      ZmqgSocket *client = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);

      socket_test_connect (client, uri);
      socket_test_send (client, "hello", NULL);
      socket_test_expect (server, "hello", NULL);
      socket_test_send (server, "welcome", NULL);
      socket_test_expect (client, "welcome", NULL);
      socket_test_close (test, client);
      socket_test_await_events (server, 0);
    }
}

static void
test_unread_messages_keep_the_place (SocketTest *test)
{
  ZmqgSocket *server = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *first = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *second = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri = socket_test_bind (test, server);

  socket_test_connect (first, uri);
  socket_test_send (first, "unread", NULL);
  socket_test_close (test, first);
  socket_test_connect (second, uri);
  socket_test_try_send (second, "refused");

  socket_test_expect (server, "unread", NULL);
  socket_test_refuses_receive (server, ZMQG_ERROR_WOULD_BLOCK);
}

static void
test_a_second_connect_is_refused (SocketTest *test)
{
  ZmqgSocket *a = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *b = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *client = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri_a = socket_test_bind (test, a);
  g_autofree char *uri_b = socket_test_bind (test, b);

  socket_test_connect (client, uri_a);
  socket_test_connect (client, uri_b);
  socket_test_send (client, "1", NULL);
  socket_test_send (client, "2", NULL);
  socket_test_expect (a, "1", NULL);
  socket_test_expect (a, "2", NULL);
  socket_test_refuses_receive (b, ZMQG_ERROR_WOULD_BLOCK);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, scope, func) \
  socket_test_add ("/zmqg/pair/" name, SOCKET_TEST_##scope, func)

  ADD ("blocks-without-a-peer", INPROC, test_blocks_without_a_peer);
  ADD ("both-ways", ALL, test_both_ways);
  ADD ("a-full-pipe-blocks", INPROC, test_a_full_pipe_blocks);
  ADD ("a-second-peer-is-not-heard", ALL, test_a_second_peer_is_not_heard);
  ADD ("messages-of-a-lost-peer-stay", ALL,
       test_messages_of_a_lost_peer_stay);
  ADD ("conflate-is-ignored", ALL, test_conflate_is_ignored);
  ADD ("the-place-is-free-again", ALL, test_the_place_is_free_again);
  ADD ("unread-messages-keep-the-place", INPROC,
       test_unread_messages_keep_the_place);
  ADD ("a-second-connect-is-refused", ALL, test_a_second_connect_is_refused);

  return g_test_run ();
}
