/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-socket-private.h"

#include <string.h>

/* The options hello-message, disconnect-message and hiccup-message. */

static ZmqgSocket *
new_dealer (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);

  zmqg_socket_set_routing_id_string (dealer, "d");
  return dealer;
}

static void
expect_nothing (ZmqgSocket *socket)
{
  socket_test_refuses_receive (socket, ZMQG_ERROR_WOULD_BLOCK);
}

static gboolean
has_peers (ZmqgSocket *socket,
           guint n)
{
  gboolean has;

  zmqg_socket_core_lock (socket->core);
  has = zmqg_socket_core_has_peers (socket->core, n, NULL);
  zmqg_socket_core_unlock (socket->core);

  return has;
}

static void
await_no_peer (ZmqgSocket *socket)
{
  ZMQG_TEST_AWAIT (!has_peers (socket, 1), SOCKET_TEST_DEADLINE_MS);
}

/* --- Hello -------------------------------------------------------------- */

/* Both say it, whoever connects, and ahead of what was queued. */
static void
test_hello (SocketTest *test)
{
  for (guint i = 0; i < 2; i++)
    {
      ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
      ZmqgSocket *dealer = new_dealer (test);
      g_autofree char *uri = NULL;

      zmqg_socket_set_hello_message_string (router, "welcome");
      zmqg_socket_set_hello_message_data (dealer, (const guint8 *) "hello", 5);
      uri = socket_test_bind (test, i == 0 ? router : dealer);
      socket_test_connect (i == 0 ? dealer : router, uri);
      socket_test_send (dealer, "queued", NULL);

      socket_test_expect (router, "d", "hello", NULL);
      socket_test_expect (router, "d", "queued", NULL);
      socket_test_expect (dealer, "welcome", NULL);
      expect_nothing (dealer);
      socket_test_close (test, router);
      socket_test_close (test, dealer);
    }
}

/* Who binds comes later. */
static void
test_hello_before_bind (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_dealer (test);

  zmqg_socket_set_hello_message_string (router, "welcome");
  zmqg_socket_set_hello_message_string (dealer, "hello");
  socket_test_connect (dealer, "inproc://later");
  socket_test_send (dealer, "queued", NULL);
  socket_test_rebind (router, "inproc://later");
  socket_test_expect (dealer, "welcome", NULL);
  socket_test_expect (router, "d", "hello", NULL);
  socket_test_expect (router, "d", "queued", NULL);
}

static void
test_hello_again (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_dealer (test);
  g_autofree char *uri = socket_test_bind (test, router);

  zmqg_socket_set_hello_message_string (dealer, "hello");
  socket_test_connect (dealer, uri);
  for (guint i = 0; i < 3; i++)
    {
      socket_test_expect (router, "d", "hello", NULL);
      socket_test_send (dealer, "and more", NULL);
      socket_test_expect (router, "d", "and more", NULL);
      socket_test_close (test, router);
      router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
      socket_test_rebind (router, uri);
    }
}

/* It may be larger than what the kernel takes at once. */
static void
test_hello_large (SocketTest *test)
{
  const gsize size = 8 * 1024 * 1024;
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_dealer (test);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autofree char *text = g_strnfill (size, 'h');
  g_autoptr (ZmqgMessage) message = NULL;
  gsize received;

  zmqg_socket_set_hello_message_string (dealer, text);
  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "behind", NULL);
  message = socket_test_receive (router);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 2);
  g_assert_cmpint (memcmp (zmqg_message_get_data (message, 1, &received), text,
                           size), ==, 0);
  g_assert_cmpuint (received, ==, size);
  socket_test_expect (router, "d", "behind", NULL);
}

/* With immediate there is a pipe only while there is a connection. */
static void
test_hello_immediate (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_dealer (test);
  g_autofree char *uri = socket_test_bind (test, router);

  g_object_set (dealer, "immediate", TRUE, NULL);
  zmqg_socket_set_hello_message_string (dealer, "hello");
  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "behind", NULL);
  socket_test_expect (router, "d", "hello", NULL);
  socket_test_expect (router, "d", "behind", NULL);
}

/* They take the option, and do nothing with it. */
static void
test_hello_of_others (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *one = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *other = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *first = socket_test_bind (test, pull);
  g_autofree char *second = NULL;

  zmqg_socket_set_hello_message_string (push, "hello");
  zmqg_socket_set_disconnect_message_string (one, "gone");
  zmqg_socket_set_hiccup_message_string (other, "lost");
  zmqg_socket_set_hello_message_string (one, "hello");
  second = socket_test_bind (test, one);
  socket_test_connect (push, first);
  socket_test_connect (other, second);
  socket_test_send (push, "a", NULL);
  socket_test_expect (pull, "a", NULL);
  socket_test_send (one, "b", NULL);
  socket_test_expect (other, "b", NULL);
  socket_test_send (other, "c", NULL);
  g_object_set (other, "linger", -1, NULL);
  socket_test_close (test, other);
  socket_test_expect (one, "c", NULL);
  expect_nothing (one);
}

/* --- Disconnect --------------------------------------------------------- */

/* Behind what had come; once for each peer. */
static void
test_disconnect (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_dealer (test);
  ZmqgSocket *other = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = NULL;

  zmqg_socket_set_routing_id_string (other, "o");
  zmqg_socket_set_disconnect_message_string (router, "gone");
  uri = socket_test_bind (test, router);
  socket_test_connect (dealer, uri);
  socket_test_connect (other, uri);
  socket_test_send (other, "here", NULL);
  socket_test_expect (router, "o", "here", NULL);

  g_object_set (dealer, "linger", -1, NULL);
  socket_test_send (dealer, "one", NULL);
  socket_test_send (dealer, "two", "frames", NULL);
  socket_test_close (test, dealer);
  socket_test_expect (router, "d", "one", NULL);
  socket_test_expect (router, "d", "two", "frames", NULL);
  socket_test_expect (router, "d", "gone", NULL);
  expect_nothing (router);

  zmqg_socket_disconnect_from (other, uri, NULL);
  socket_test_expect (router, "o", "gone", NULL);
}

/* Not of a connection that it made, nor when it ends one itself. */
static void
test_no_disconnect (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_dealer (test);
  ZmqgSocket *bound = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = NULL;
  g_autofree char *other = NULL;

  zmqg_socket_set_disconnect_message_string (router, "gone");
  uri = socket_test_bind (test, router);
  other = socket_test_bind (test, bound);
  socket_test_connect (dealer, uri);
  socket_test_connect (router, other);
  socket_test_send (dealer, "here", NULL);
  socket_test_expect (router, "d", "here", NULL);
  socket_test_await_peers (router, 2);

  zmqg_socket_unbind (router, uri, NULL);
  await_no_peer (dealer);
  socket_test_close (test, bound);
  await_no_peer (router);
  expect_nothing (router);
}

/* --- Hiccup ------------------------------------------------------------- */

static void
test_hiccup (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_dealer (test);
  g_autofree char *uri = socket_test_bind (test, router);

  zmqg_socket_set_hiccup_message_string (dealer, "lost");
  zmqg_socket_set_disconnect_message_string (dealer, "not this");
  socket_test_connect (dealer, uri);
  for (guint i = 0; i < 3; i++)
    {
      socket_test_send (dealer, "here", NULL);
      socket_test_expect (router, "d", "here", NULL);
      g_object_set (router, "linger", -1, NULL);
      socket_test_send (router, "d", "last", NULL);
      socket_test_close (test, router);
      socket_test_expect (dealer, "last", NULL);
      socket_test_expect (dealer, "lost", NULL);
      expect_nothing (dealer);
      router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
      socket_test_rebind (router, uri);
    }
}

/* Over inproc nothing is made again. */
static void
test_no_hiccup (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_dealer (test);
  g_autofree char *uri = socket_test_bind (test, router);

  zmqg_socket_set_hiccup_message_string (dealer, "lost");
  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "here", NULL);
  socket_test_expect (router, "d", "here", NULL);
  socket_test_close (test, router);
  await_no_peer (dealer);
  expect_nothing (dealer);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/greetings/hello", SOCKET_TEST_ALL, test_hello);
  socket_test_add ("/zmqg/greetings/hello/before-bind", SOCKET_TEST_INPROC,
                   test_hello_before_bind);
  socket_test_add ("/zmqg/greetings/hello/again", SOCKET_TEST_NETWORK,
                   test_hello_again);
  socket_test_add ("/zmqg/greetings/hello/large", SOCKET_TEST_ALL,
                   test_hello_large);
  socket_test_add ("/zmqg/greetings/hello/immediate", SOCKET_TEST_ALL,
                   test_hello_immediate);
  socket_test_add ("/zmqg/greetings/hello/of-others", SOCKET_TEST_ALL,
                   test_hello_of_others);
  socket_test_add ("/zmqg/greetings/disconnect", SOCKET_TEST_ALL,
                   test_disconnect);
  socket_test_add ("/zmqg/greetings/disconnect/not-by-us",
                   SOCKET_TEST_NETWORK, test_no_disconnect);
  socket_test_add ("/zmqg/greetings/hiccup", SOCKET_TEST_NETWORK,
                   test_hiccup);
  socket_test_add ("/zmqg/greetings/hiccup/not-inproc", SOCKET_TEST_INPROC,
                   test_no_hiccup);

  return g_test_run ();
}
