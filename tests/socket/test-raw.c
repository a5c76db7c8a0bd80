/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ZmqgRouterSocket:raw: plain programs at the other end. */

/* --- The other end ------------------------------------------------------ */

typedef union
{
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_un un;
} Address;

static socklen_t
parse_uri (const char *uri,
           Address *address)
{
  memset (address, 0, sizeof *address);
  if (g_str_has_prefix (uri, "tcp://"))
    {
      address->in.sin_family = AF_INET;
      address->in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
      address->in.sin_port = htons (atoi (strrchr (uri, ':') + 1));
      return sizeof address->in;
    }

  address->un.sun_family = AF_UNIX;
  g_strlcpy (address->un.sun_path, uri + strlen ("ipc://"),
             sizeof address->un.sun_path);
  return sizeof address->un;
}

static int
plain_connect (const char *uri)
{
  Address address;
  socklen_t size = parse_uri (uri, &address);
  int fd = socket (address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (connect (fd, &address.any, size));
  return fd;
}

/* Where to, is in @uri. */
static int
plain_listen (SocketTest *test,
              char **uri)
{
  gboolean is_tcp = g_str_equal (test->transport, "tcp");
  g_autofree char *text = is_tcp ? g_strdup ("tcp://127.0.0.1:0")
                                 : g_strdup_printf ("ipc://%s/plain",
                                                    test->folder);
  Address address;
  socklen_t size = parse_uri (text, &address);
  int fd = socket (address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (bind (fd, &address.any, size));
  g_assert_no_errno (listen (fd, 10));
  if (!is_tcp)
    {
      *uri = g_steal_pointer (&text);
      return fd;
    }
  g_assert_no_errno (getsockname (fd, &address.any, &size));
  *uri = g_strdup_printf ("tcp://127.0.0.1:%u", ntohs (address.in.sin_port));
  return fd;
}

static gboolean
is_readable (int fd)
{
  struct pollfd pfd = { .fd = fd, .events = POLLIN };

  return poll (&pfd, 1, 0) > 0;
}

static int
plain_accept (int fd)
{
  int accepted;

  ZMQG_TEST_AWAIT (is_readable (fd), SOCKET_TEST_DEADLINE_MS);
  accepted = accept (fd, NULL, NULL);
  g_assert_no_errno (accepted);
  return accepted;
}

static void
plain_write (int fd,
             const char *text)
{
  g_assert_cmpint (send (fd, text, strlen (text), MSG_NOSIGNAL), ==,
                   strlen (text));
}

static void
plain_expect (int fd,
              const char *text)
{
  gsize size = strlen (text);
  g_autofree char *got = g_malloc0 (size + 1);

  for (gsize have = 0; have < size;)
    {
      gssize n;

      ZMQG_TEST_AWAIT (is_readable (fd), SOCKET_TEST_DEADLINE_MS);
      n = recv (fd, got + have, size - have, 0);
      g_assert_cmpint (n, >, 0);
      have += n;
    }
  g_assert_cmpint (memcmp (got, text, size), ==, 0);
}

/* The socket closed the connection, and wrote nothing more. */
static void
plain_expect_end (int fd)
{
  char byte;

  ZMQG_TEST_AWAIT (is_readable (fd), SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpint (recv (fd, &byte, 1, 0), ==, 0);
}

/* --- The socket --------------------------------------------------------- */

static ZmqgSocket *
new_raw (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);

  g_object_set (router, "raw", TRUE, "mandatory", TRUE, NULL);
  return router;
}

/* The id of the peer of the next message, whose bytes are @text. */
static GBytes *
expect_from (ZmqgSocket *router,
             const char *text)
{
  g_autoptr (ZmqgMessage) message = socket_test_receive (router);
  const guint8 *data;
  gsize size;

  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 2);
  data = zmqg_message_get_data (message, 1, &size);
  g_assert_cmpuint (size, ==, strlen (text));
  g_assert_cmpint (memcmp (data, text, size), ==, 0);
  return zmqg_message_get_frame (message, 0);
}

static void
expect_same (ZmqgSocket *router,
             GBytes *id,
             const char *text)
{
  g_autoptr (GBytes) other = expect_from (router, text);

  g_assert_true (g_bytes_equal (id, other));
}

static gboolean
send_to (ZmqgSocket *router,
         GBytes *id,
         const char *text,
         GError **error)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();

  zmqg_message_append_bytes (message, id);
  zmqg_message_append_string (message, text);
  return zmqg_socket_send (router, message, NULL, error);
}

static void
must_send_to (ZmqgSocket *router,
              GBytes *id,
              const char *text)
{
  GError *error = NULL;

  send_to (router, id, text, &error);
  g_assert_no_error (error);
}

static gboolean
is_unroutable (ZmqgSocket *router,
               GBytes *id)
{
  g_autoptr (GError) error = NULL;

  if (send_to (router, id, "x", &error))
    return FALSE;
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE);
  return TRUE;
}

/* --- Tests -------------------------------------------------------------- */

/* Nothing but what is sent is on the wire, in both directions. */
static void
test_talk (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autoptr (GBytes) id = NULL;
  g_autoptr (ZmqgMessage) frames = NULL;
  GError *error = NULL;
  int fd = plain_connect (uri);

  id = expect_from (router, "");
  g_assert_cmpuint (g_bytes_get_size (id), ==, 5);
  plain_write (fd, "GET / HTTP/1.0\r\n\r\n");
  expect_same (router, id, "GET / HTTP/1.0\r\n\r\n");
  must_send_to (router, id, "HTTP/1.0 200 OK\r\n\r\n");
  must_send_to (router, id, "hello");
  plain_expect (fd, "HTTP/1.0 200 OK\r\n\r\nhello");

  /* Frames are only bytes. */
  frames = zmqg_message_new ();
  zmqg_message_append_bytes (frames, id);
  zmqg_message_append_string (frames, "one, ");
  zmqg_message_append_string (frames, "");
  zmqg_message_append_string (frames, "two");
  zmqg_socket_send (router, frames, NULL, &error);
  g_assert_no_error (error);
  plain_expect (fd, "one, two");

  close (fd);
  expect_same (router, id, "");
  ZMQG_TEST_AWAIT (is_unroutable (router, id), SOCKET_TEST_DEADLINE_MS);
}

/* What an empty message closes is told, too; what was sent before goes out. */
static void
test_hang_up (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autofree char *text = g_strnfill (3 * 1024 * 1024, 't');
  g_autoptr (GBytes) id = NULL;
  g_autoptr (GBytes) other = NULL;
  int fd = plain_connect (uri);
  int another;

  id = expect_from (router, "");
  another = plain_connect (uri);
  other = expect_from (router, "");
  g_assert_false (g_bytes_equal (id, other));
  must_send_to (router, id, text);
  must_send_to (router, id, "bye");
  must_send_to (router, id, "");
  must_send_to (router, other, "still here");
  plain_expect (fd, text);
  plain_expect (fd, "bye");
  plain_expect_end (fd);
  expect_same (router, id, "");
  ZMQG_TEST_AWAIT (is_unroutable (router, id), SOCKET_TEST_DEADLINE_MS);
  plain_expect (another, "still here");
  close (fd);
  close (another);
}

/* A receiver that waits reads the connection itself: bytes come as they are,
 * in pieces of at most in-batch-size. */
static void
test_pieces (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  g_autofree char *uri = NULL;
  g_autofree char *text = g_strnfill (20000, 'x');
  g_autoptr (GBytes) id = NULL;
  gsize total = 0;
  guint n = 0;
  int fd;

  g_object_set (router, "in-batch-size", 1000, NULL);
  uri = socket_test_bind (test, router);
  fd = plain_connect (uri);
  id = expect_from (router, "");
  for (guint i = 0; i < 20; i++)
    text[i * 1000] = 'a' + i;
  plain_write (fd, text);
  while (total < 20000)
    {
      g_autoptr (ZmqgMessage) message = socket_test_receive (router);
      gsize size;
      const guint8 *data = zmqg_message_get_data (message, 1, &size);

      g_assert_cmpuint (size, <=, 1000);
      g_assert_cmpuint (size, >, 0);
      g_assert_cmpint (memcmp (data, text + total, size), ==, 0);
      total += size;
      n++;
    }
  g_assert_cmpuint (n, >=, 20);
  close (fd);
}

/* At the mark the socket stops reading; nothing is lost. */
static void
test_mark (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  g_autofree char *uri = NULL;
  g_autofree char *text = g_strnfill (50000, 'm');
  g_autoptr (GBytes) id = NULL;
  gsize total = 0;
  int fd;

  g_object_set (router, "in-batch-size", 500, "receive-hwm", 3, NULL);
  uri = socket_test_bind (test, router);
  fd = plain_connect (uri);
  id = expect_from (router, "");
  plain_write (fd, text);
  while (total < 50000)
    {
      g_autoptr (ZmqgMessage) message = socket_test_receive (router);
      gsize size;

      zmqg_message_get_data (message, 1, &size);
      total += size;
    }
  g_assert_cmpuint (total, ==, 50000);
  close (fd);
  expect_same (router, id, "");
}

/* It connects again, to the same id, unless it hung up itself. */
static void
test_connect (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  g_autofree char *uri = NULL;
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (GBytes) id = NULL;
  GError *error = NULL;
  int listening = plain_listen (test, &uri);
  int fd;

  zmqg_router_socket_set_connect_routing_id_string (
    ZMQG_ROUTER_SOCKET (router), "server");
  endpoint = zmqg_socket_connect_endpoint (router, uri, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      fd = plain_accept (listening);
      if (i == 0)
        id = expect_from (router, "");
      else
        expect_same (router, id, "");
      g_assert_cmpuint (g_bytes_get_size (id), ==, strlen ("server"));
      must_send_to (router, id, "question");
      plain_expect (fd, "question");
      plain_write (fd, "answer");
      expect_same (router, id, "answer");
      close (fd);
      expect_same (router, id, "");
    }

  fd = plain_accept (listening);
  expect_same (router, id, "");
  must_send_to (router, id, "");
  plain_expect_end (fd);
  expect_same (router, id, "");
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_STOPPED,
                   SOCKET_TEST_DEADLINE_MS);
  ZMQG_TEST_AWAIT (is_unroutable (router, id), SOCKET_TEST_DEADLINE_MS);
  g_assert_false (is_readable (listening));
  close (fd);
  close (listening);
}

/* A socket that speaks ZMTP is a peer like any other: its greeting comes. */
static void
test_zmtp_peer (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autoptr (GBytes) id = NULL;
  g_autoptr (ZmqgMessage) message = NULL;
  const guint8 *data;
  gsize size;

  g_object_set (dealer, "reconnect-interval", -1, NULL);
  socket_test_connect (dealer, uri);
  id = expect_from (router, "");
  message = socket_test_receive (router);
  data = zmqg_message_get_data (message, 1, &size);
  g_assert_cmpuint (size, >, 0);
  g_assert_cmpuint (data[0], ==, 0xff);
  must_send_to (router, id, "this is no greeting, is it?");
}

/* Options of the handshake and of messages do not concern it. */
static void
test_other_options (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  g_autofree char *uri = NULL;
  g_autoptr (GBytes) id = NULL;
  gint64 until = g_get_monotonic_time () + 100 * 1000;
  int fd;

  g_object_set (router, "handshake-interval", 20, "heartbeat-interval", 10,
                "heartbeat-timeout", 10, "max-message-size",
                G_GINT64_CONSTANT (1), NULL);
  zmqg_socket_set_hello_message_string (router, "hello");
  uri = socket_test_bind (test, router);
  fd = plain_connect (uri);
  id = expect_from (router, "");
  ZMQG_TEST_AWAIT (g_get_monotonic_time () > until, SOCKET_TEST_DEADLINE_MS);
  g_assert_false (is_readable (fd));
  plain_write (fd, "more than one byte");
  expect_same (router, id, "more than one byte");
  close (fd);
}

/* Linger, as with others: what was sent goes out. */
static void
test_close (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  g_autofree char *uri = socket_test_bind (test, router);
  g_autoptr (GBytes) id = NULL;
  int fd = plain_connect (uri);

  id = expect_from (router, "");
  g_object_set (router, "linger", -1, NULL);
  must_send_to (router, id, "last words");
  socket_test_close (test, router);
  plain_expect (fd, "last words");
  plain_expect_end (fd);
  close (fd);
}

/* There are no bytes within a process. */
static void
test_inproc (SocketTest *test)
{
  ZmqgSocket *router = new_raw (test);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);

  zmqg_socket_set_routing_id_string (dealer, "d");
  socket_test_connect (dealer, uri);
  socket_test_send (dealer, "a", "b", NULL);
  socket_test_expect (router, "d", "a", "b", NULL);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  socket_test_add ("/zmqg/router/raw/" path, SOCKET_TEST_NETWORK, function)
  ADD ("talk", test_talk);
  ADD ("hang-up", test_hang_up);
  ADD ("pieces", test_pieces);
  ADD ("mark", test_mark);
  ADD ("connect", test_connect);
  ADD ("zmtp-peer", test_zmtp_peer);
  ADD ("other-options", test_other_options);
  ADD ("close", test_close);
#undef ADD
  socket_test_add ("/zmqg/router/raw/inproc", SOCKET_TEST_INPROC,
                   test_inproc);

  return g_test_run ();
}
