/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "hostile-test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define GARBAGE_ROUNDS 40
#define GARBAGE_MAX 300

/* A pull socket that serves an ally, and connects to a hostile server. */
typedef struct
{
  HostileTest *test;
  int listener;
  char *uri;
  ZmqgEndpoint *endpoint;
} Server;

static void
server_connect (Server *self)
{
  GError *error = NULL;

  self->endpoint = zmqg_socket_connect_endpoint (self->test->socket,
                                                 self->uri, &error);
  g_assert_no_error (error);
}

static void
server_disconnect (Server *self)
{
  GError *error = NULL;

  /* One that lost its peer for good has ended. */
  if (!zmqg_socket_disconnect_from (self->test->socket, self->uri, &error))
    {
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_cmpint (zmqg_endpoint_get_state (self->endpoint), ==,
                       ZMQG_ENDPOINT_STATE_CLOSED);
    }
  g_clear_object (&self->endpoint);
}

static void
server_init (Server *self,
             HostileTest *test)
{
  hostile_test_make (test, ZMQG_TYPE_PULL_SOCKET);
  hostile_test_listen (test, ZMQG_TYPE_PUSH_SOCKET);
  self->test = test;
  self->listener = hostile_raw_listen (test, &self->uri);
  test->n_fds = zmqg_test_fd_count ();
  g_object_set (test->socket, "reconnect-interval", 1, NULL);
}

static void
server_clear (Server *self)
{
  hostile_test_check (self->test);
  close (self->listener);
  g_free (self->uri);
}

/* Returns when the other side knows that it is connected: a reset before
 * that is no failure of a handshake. */
static int
server_accept (Server *self)
{
  int fd = hostile_raw_accept (self->listener);
  guint8 signature[10];

  hostile_raw_read (fd, signature, sizeof signature);
  return fd;
}

static gboolean
is_stopped (Server *self)
{
  return zmqg_endpoint_get_state (self->endpoint) ==
         ZMQG_ENDPOINT_STATE_STOPPED;
}

/* The connecting side gave up: nobody comes again. */
static void
expect_stopped (Server *self)
{
  g_autoptr (GError) error = NULL;

  ZMQG_TEST_AWAIT (is_stopped (self), HOSTILE_DEADLINE_MS);
  error = zmqg_endpoint_get_last_error (self->endpoint);
  g_assert_nonnull (error);
  hostile_test_exchange (self->test);
  g_assert_cmpint (accept4 (self->listener, NULL, NULL, SOCK_CLOEXEC), ==,
                   -1);
  g_assert_cmpint (errno, ==, EAGAIN);
}

/* --- Servers that close ------------------------------------------------- */

/* Each attempt waits for its turn. */
static void
test_accepts_and_closes (HostileTest *test)
{
  Server server;
  gint64 begin;

  server_init (&server, test);
  g_object_set (test->socket, "reconnect-interval", 20, NULL);
  begin = g_get_monotonic_time ();
  server_connect (&server);
  for (guint i = 0; i < 10; i++)
    {
      close (hostile_raw_accept (server.listener));
      hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
    }
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 9 * 20 * 1000);
  server_disconnect (&server);
  server_clear (&server);
}

static void
test_back_off (HostileTest *test)
{
  Server server;
  gint64 begin;

  server_init (&server, test);
  g_object_set (test->socket,
                "reconnect-interval", 5,
                "reconnect-interval-max", 40,
                NULL);
  begin = g_get_monotonic_time ();
  server_connect (&server);
  for (guint i = 0; i < 6; i++)
    {
      close (hostile_raw_accept (server.listener));
      hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
    }
  g_assert_cmpint (g_get_monotonic_time () - begin, >=,
                   (5 + 10 + 20 + 40 + 40) * 1000);
  server_disconnect (&server);
  server_clear (&server);
}

static void
test_truncations (HostileTest *test)
{
  g_autoptr (GByteArray) bytes = hostile_bytes_handshake ("PUSH");
  Server server;

  server_init (&server, test);
  server_connect (&server);
  for (gsize n = 0; n < bytes->len; n++)
    {
      int fd = server_accept (&server);

      hostile_raw_send (fd, bytes->data, n);
      hostile_raw_close (fd, n % 2 == 0);
      hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
    }
  server_disconnect (&server);
  server_clear (&server);
}

static void
test_silence (HostileTest *test)
{
  Server server;

  server_init (&server, test);
  g_object_set (test->socket, "handshake-interval", 50, NULL);
  server_connect (&server);
  for (guint i = 0; i < 3; i++)
    {
      int fd = hostile_raw_accept (server.listener);

      hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
      hostile_raw_await_closed (fd);
    }
  server_disconnect (&server);
  server_clear (&server);
}

/* Servers whose connections never get through do not hold up others. */
static void
test_full_backlogs (HostileTest *test)
{
  g_autofree char *uri = NULL;
  GError *error = NULL;
  Server server;
  int listener;
  int fillers[4];
  int fd;

  server_init (&server, test);
  listener = hostile_raw_listen (test, &uri);
  g_assert_cmpint (listen (listener, 0), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (fillers); i++)
    fillers[i] = hostile_raw_begin (uri);
  for (guint i = 0; i < 20; i++)
    {
      zmqg_socket_connect_to (test->socket, uri, &error);
      g_assert_no_error (error);
    }

  server_connect (&server);
  fd = server_accept (&server);
  hostile_raw_close (fd, FALSE);
  hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  server_disconnect (&server);

  zmqg_socket_disconnect_from (test->socket, uri, &error);
  g_assert_no_error (error);
  close (listener);
  for (guint i = 0; i < G_N_ELEMENTS (fillers); i++)
    close (fillers[i]);
  server_clear (&server);
}

/* One that closes within a message is connected to again, and the message is
 * delivered in no part. */
static void
test_torn_messages (HostileTest *test)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Server server;

  hostile_bytes_frame (bytes, HOSTILE_MORE, "torn", 4);
  hostile_bytes_frame (bytes, 0, "message", 7);
  server_init (&server, test);
  server_connect (&server);
  for (gsize n = 0; n <= bytes->len; n++)
    {
      int fd = hostile_raw_accept (server.listener);
      g_autoptr (ZmqgMessage) message = NULL;
      g_autoptr (GError) error = NULL;

      hostile_raw_send_bytes (fd, hostile_bytes_handshake ("PUSH"));
      hostile_raw_send (fd, bytes->data, n);
      ZMQG_TEST_AWAIT (test->news.added == test->n_added + 1,
                       HOSTILE_DEADLINE_MS);
      test->n_added++;
      hostile_raw_close (fd, FALSE);
      hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
      message = zmqg_socket_try_receive (test->socket, &error);
      g_assert_true ((message != NULL) == (n == bytes->len));
    }
  server_disconnect (&server);
  server_clear (&server);
}

/* --- Servers that make no sense ----------------------------------------- */

static void
test_garbage (HostileTest *test)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20261122);
  Server server;

  server_init (&server, test);
  /* Once is enough. */
  g_object_set (test->socket, "reconnect-interval", -1, NULL);
  for (guint i = 0; i < GARBAGE_ROUNDS; i++)
    {
      guint8 bytes[GARBAGE_MAX];
      gsize size = (gsize) g_rand_int_range (random, 1, GARBAGE_MAX);
      int fd;

      for (gsize j = 0; j < size; j++)
        bytes[j] = (guint8) g_rand_int (random);
      if (i % 3 > 0)
        bytes[0] = 0xff;
      if (i % 3 > 1 && size > 11)
        {
          bytes[9] = 0x7f;
          bytes[10] = (guint8) (i % 5);
        }

      server_connect (&server);
      fd = server_accept (&server);
      hostile_raw_send (fd, bytes, size);
      hostile_raw_close (fd, FALSE);
      hostile_test_gone (test);
      server_disconnect (&server);
    }
  server_clear (&server);
}

static void
refuse (HostileTest *test,
        GByteArray *bytes,
        ZmqgError code)
{
  Server server;
  int fd;

  server_init (&server, test);
  server_connect (&server);
  fd = hostile_raw_accept (server.listener);
  hostile_raw_send_bytes (fd, bytes);
  hostile_test_failed (test, ZMQG_ERROR, (int) code);
  hostile_raw_await_closed (fd);
  expect_stopped (&server);
  server_disconnect (&server);
  server_clear (&server);
}

static void
test_wrong_type (HostileTest *test)
{
  refuse (test, hostile_bytes_handshake ("PUB"), ZMQG_ERROR_INCOMPATIBLE);
}

static void
test_wrong_mechanism (HostileTest *test)
{
  GByteArray *bytes = g_byte_array_new ();

  hostile_bytes_greeting (bytes, "CURVE");
  refuse (test, bytes, ZMQG_ERROR_PROTOCOL);
}

static void
test_refusal (HostileTest *test)
{
  GByteArray *bytes = g_byte_array_new ();

  hostile_bytes_greeting (bytes, "NULL");
  hostile_bytes_command (bytes, "ERROR", "\003400", 4);
  refuse (test, bytes, ZMQG_ERROR_AUTHENTICATION);
}

/* What cannot be delivered any more keeps nobody waiting, whatever the
 * linger: terminating ends. */
static void
test_stopped_with_messages (HostileTest *test)
{
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autofree char *uri = NULL;
  GError *error = NULL;
  int listener;
  int fd;

  listener = hostile_raw_listen (test, &uri);
  hostile_test_make (test, ZMQG_TYPE_PUSH_SOCKET);
  g_object_set (test->socket, "linger", -1, NULL);
  endpoint = zmqg_socket_connect_endpoint (test->socket, uri, &error);
  g_assert_no_error (error);
  zmqg_socket_send_string (test->socket, "never", NULL, &error);
  g_assert_no_error (error);
  fd = hostile_raw_accept (listener);
  hostile_raw_send_bytes (fd, hostile_bytes_handshake ("PUB"));
  hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_INCOMPATIBLE);
  hostile_raw_await_closed (fd);
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_STOPPED,
                   HOSTILE_DEADLINE_MS);
  close (listener);
}

/* --- Publishers --------------------------------------------------------- */

/* A publisher that is lost over and over is told all subscriptions at each
 * connection, once, and none of those before. */
static void
test_lost_publisher (HostileTest *test)
{
  g_autoptr (GByteArray) expected = g_byte_array_new ();
  g_autofree char *uri = NULL;
  guint8 handshake[HOSTILE_GREETING_SIZE + 27];
  guint8 *got;
  GError *error = NULL;
  int listener = hostile_raw_listen (test, &uri);

  hostile_test_make (test, ZMQG_TYPE_SUB_SOCKET);
  g_object_set (test->socket, "reconnect-interval", 1, NULL);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *topic = g_strdup_printf ("topic %03u", i);

      zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (test->socket), topic,
                                 &error);
      g_assert_no_error (error);
      hostile_bytes_command (expected, "SUBSCRIBE", topic, strlen (topic));
    }
  zmqg_socket_connect_to (test->socket, uri, &error);
  g_assert_no_error (error);

  got = g_malloc (expected->len);
  for (guint i = 0; i < 30; i++)
    {
      int fd = hostile_raw_accept (listener);
      guint8 pong[8];

      hostile_raw_send_bytes (fd, hostile_bytes_handshake ("PUB"));
      ZMQG_TEST_AWAIT (test->news.added == test->n_added + 1,
                       HOSTILE_DEADLINE_MS);
      test->n_added++;
      if (i % 10 == 9)
        {
          GByteArray *ping = g_byte_array_new ();

          hostile_raw_read (fd, handshake, sizeof handshake);
          hostile_raw_read (fd, got, expected->len);
          g_assert_cmpint (memcmp (got, "\4\23\11SUBSCRIBEtopic ", 18), ==,
                           0);
          /* Nothing behind them. */
          hostile_bytes_command (ping, "PING", "\0\0x", 3);
          hostile_raw_send_bytes (fd, ping);
          hostile_raw_read (fd, pong, sizeof pong);
          g_assert_cmpmem (pong, sizeof pong, "\4\6\4PONGx", 8);
        }
      hostile_raw_close (fd, i % 2 == 0);
      hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
    }
  g_free (got);
  close (listener);
}

/* --- Replies ------------------------------------------------------------ */

/* RFC 28: a reply of another shape ends the connection, which is not made
 * again. */
static void
test_wrong_replies (HostileTest *test)
{
  static const struct
  {
    const char *bytes;
    gsize size;
  } replies[] = {
    { "\0\2hi", 4 },           /* no delimiter */
    { "\0\0", 2 },             /* only a delimiter */
    { "\1\3abc\1\0\0\1x", 10 }, /* a request id of three bytes */
    { "\1\4abcd\0\0", 8 },     /* a request id, and no body */
    { "\1\4abcd\1\1x\0\1x", 12 },
    { "\1\0\1\1x", 5 },        /* torn: see below */
  };
  HostileNews *news = &test->news;
  g_autofree char *ally_uri = NULL;
  GError *error = NULL;
  guint8 request[HOSTILE_GREETING_SIZE + 64];

  hostile_test_make (test, ZMQG_TYPE_REQ_SOCKET);
  g_object_set (test->socket, "relaxed", TRUE, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (replies); i++)
    {
      g_autoptr (GError) nothing = NULL;
      g_autofree char *uri = NULL;
      int listener = hostile_raw_listen (test, &uri);
      int fd;

      zmqg_socket_connect_to (test->socket, uri, &error);
      g_assert_no_error (error);
      fd = hostile_raw_accept (listener);
      hostile_raw_send_bytes (fd, hostile_bytes_handshake ("REP"));
      ZMQG_TEST_AWAIT (news->added == test->n_added + 1,
                       HOSTILE_DEADLINE_MS);
      test->n_added++;
      zmqg_socket_send_string (test->socket, "request", NULL, &error);
      g_assert_no_error (error);
      hostile_raw_read (fd, request, HOSTILE_GREETING_SIZE + 40);
      hostile_raw_send (fd, replies[i].bytes, replies[i].size);
      if (i + 1 < G_N_ELEMENTS (replies))
        {
          hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL);
          hostile_raw_await_closed (fd);
          g_assert_cmpint (accept4 (listener, NULL, NULL, SOCK_CLOEXEC), ==,
                           -1);
        }
      else
        {
          close (fd);
          hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
        }
      g_assert_null (zmqg_socket_try_receive (test->socket, &nothing));
      zmqg_socket_disconnect_from (test->socket, uri, &error);
      g_assert_no_error (error);
      close (listener);
    }

  /* An honest server is served as ever. */
  test->ally = hostile_test_new_socket (test, ZMQG_TYPE_REP_SOCKET,
                                        &test->ally_news);
  ally_uri = g_str_equal (test->transport, "tcp")
               ? g_strdup_printf ("tcp://%s:0", zmqg_test_loopback ())
               : g_strdup_printf ("ipc://%s/ally", test->folder);
  zmqg_socket_bind (test->ally, ally_uri, &error);
  g_assert_no_error (error);
  test->uri = zmqg_socket_get_last_endpoint (test->ally);
  zmqg_socket_connect_to (test->socket, test->uri, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (ZmqgMessage) asked = NULL;
      g_autoptr (ZmqgMessage) answer = NULL;

      zmqg_socket_send_string (test->socket, "ping", NULL, &error);
      g_assert_no_error (error);
      asked = zmqg_socket_receive (test->ally, NULL, &error);
      g_assert_no_error (error);
      zmqg_socket_send_string (test->ally, "pong", NULL, &error);
      g_assert_no_error (error);
      answer = zmqg_socket_receive (test->socket, NULL, &error);
      g_assert_no_error (error);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) hostile_test_add ("/zmqg/hostile/server/" name, func)

  ADD ("accepts-and-closes", test_accepts_and_closes);
  ADD ("back-off", test_back_off);
  ADD ("truncations", test_truncations);
  ADD ("silence", test_silence);
  ADD ("full-backlogs", test_full_backlogs);
  ADD ("torn-messages", test_torn_messages);
  ADD ("garbage", test_garbage);
  ADD ("wrong-type", test_wrong_type);
  ADD ("wrong-mechanism", test_wrong_mechanism);
  ADD ("refusal", test_refusal);
  ADD ("stopped-with-messages", test_stopped_with_messages);
  ADD ("lost-publisher", test_lost_publisher);
  ADD ("wrong-replies", test_wrong_replies);

  return g_test_run ();
}
