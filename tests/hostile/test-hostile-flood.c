/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "hostile-test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* How much a flood is, and how much of it may be left in memory. */
#define FLOOD_SIZE (24u << 20)
#define FLOOD_MEMORY (8u << 20)

/* More than may be in their handshake at a time. */
#define N_SILENT 1100
#define N_DESCRIPTORS (2 * N_SILENT + 200)

static void
start (HostileTest *test)
{
  hostile_test_make (test, ZMQG_TYPE_PULL_SOCKET);
  hostile_test_listen (test, ZMQG_TYPE_PUSH_SOCKET);
}

/* Many of the same frame. */
static GByteArray *
repeat (GByteArray *frame)
{
  GByteArray *bytes = g_byte_array_new ();

  while (bytes->len < 256 * 1024)
    g_byte_array_append (bytes, frame->data, frame->len);
  g_byte_array_unref (frame);
  return bytes;
}

/* Sends what was repeated over and over; takes it. Sanitizers keep what was
 * freed: the growth is measured behind a first round. */
static void
flood (HostileTest *test,
       int fd,
       GByteArray *bytes)
{
  gsize before = 0;

  for (gsize sent = 0; sent < FLOOD_SIZE; sent += bytes->len)
    {
      g_assert_true (hostile_raw_send (fd, bytes->data, bytes->len));
      if (before == 0 && sent >= FLOOD_SIZE / 4)
        before = hostile_memory ();
    }
  hostile_test_exchange (test);
  g_assert_cmpuint (hostile_memory (), <, before + FLOOD_MEMORY);
  g_byte_array_unref (bytes);
}

static void
leave (HostileTest *test,
       int fd)
{
  hostile_raw_close (fd, FALSE);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  hostile_test_check (test);
}

/* --- Commands ----------------------------------------------------------- */

/* PINGs whose PONGs nobody reads. */
static void
test_pings (HostileTest *test)
{
  GByteArray *ping = g_byte_array_new ();
  int fd;

  start (test);
  fd = hostile_raw_enter (test, "PUSH");
  hostile_bytes_command (ping, "PING", "\0\0 sixteen bytes !", 18);
  flood (test, fd, repeat (ping));
  leave (test, fd);
}

/* Within a message, which stays unfinished. */
static void
test_commands_in_a_message (HostileTest *test)
{
  GByteArray *pong = g_byte_array_new ();
  g_autofree char *filler = g_malloc0 (3000);
  int fd;

  start (test);
  fd = hostile_raw_enter (test, "PUSH");
  hostile_raw_send (fd, "\1\1a", 3);
  hostile_bytes_command (pong, "PONG", filler, 3000);
  flood (test, fd, repeat (pong));

  /* It is whole all the same. */
  hostile_raw_send (fd, "\0\1b", 3);
  {
    g_autoptr (ZmqgMessage) message = NULL;
    g_autofree char *text = NULL;

    message = zmqg_socket_receive (test->socket, NULL, NULL);
    g_assert_nonnull (message);
    g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 2);
    text = zmqg_message_get_string (message, 1);
    g_assert_cmpstr (text, ==, "b");
  }
  leave (test, fd);
}

/* --- Subscriptions ------------------------------------------------------ */

static void
start_publisher (HostileTest *test)
{
  hostile_test_make (test, ZMQG_TYPE_PUB_SOCKET);
  hostile_test_listen (test, ZMQG_TYPE_SUB_SOCKET);
}

static guint
count_topics (HostileTest *test)
{
  return zmqg_pub_socket_get_topics_count (ZMQG_PUB_SOCKET (test->socket));
}

static void
test_same_subscription (HostileTest *test)
{
  GByteArray *frame = g_byte_array_new ();
  int fd;

  start_publisher (test);
  fd = hostile_raw_enter (test, "SUB");
  hostile_bytes_command (frame, "SUBSCRIBE", "topic", 5);
  flood (test, fd, repeat (frame));
  leave (test, fd);
  ZMQG_TEST_AWAIT (count_topics (test) == 1, HOSTILE_DEADLINE_MS);
}

static void
test_unknown_cancels (HostileTest *test)
{
  GByteArray *frame = g_byte_array_new ();
  int fd;

  start_publisher (test);
  fd = hostile_raw_enter (test, "SUB");
  hostile_bytes_command (frame, "CANCEL", "exchange", 8);
  hostile_bytes_command (frame, "CANCEL", "", 0);
  hostile_bytes_command (frame, "CANCEL", "other", 5);
  flood (test, fd, repeat (frame));
  leave (test, fd);
  g_assert_cmpuint (count_topics (test), ==, 1);
}

/* Very many, very long, and in both forms: all gone with the peer. */
static void
test_many_subscriptions (HostileTest *test)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize long_size = 1 << 20;
  g_autofree char *topic = g_malloc (long_size);
  int fd;

  start_publisher (test);
  fd = hostile_raw_enter (test, "SUB");
  memset (topic, 1, long_size);
  hostile_bytes_command (bytes, "SUBSCRIBE", topic, long_size);
  hostile_bytes_frame (bytes, 0, topic, long_size - 1);
  for (guint i = 0; i < 20000; i++)
    hostile_bytes_command (bytes, "SUBSCRIBE", &i, sizeof i);
  hostile_raw_send_bytes (fd, bytes);
  ZMQG_TEST_AWAIT (count_topics (test) == 20003, HOSTILE_DEADLINE_MS);
  hostile_test_exchange (test);
  leave (test, fd);
  ZMQG_TEST_AWAIT (count_topics (test) == 1, HOSTILE_DEADLINE_MS);
  hostile_test_check (test);
}

/* Neither very many nor very long ones fill the memory. */
static void
subscribe_for_ever (HostileTest *test,
                    gsize size,
                    int max)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autofree guint8 *topic = g_malloc0 (size);
  gboolean goes_on = TRUE;
  guint n = 0;
  int fd;

  start_publisher (test);
  if (max > 0)
    g_object_set (test->socket, "max-subscriptions", max, NULL);
  fd = hostile_raw_enter (test, "SUB");
  while (goes_on)
    {
      g_byte_array_set_size (bytes, 0);
      while (bytes->len < 256 * 1024)
        {
          memcpy (topic, &n, sizeof n);
          n++;
          hostile_bytes_command (bytes, "SUBSCRIBE", topic, size);
        }
      goes_on = hostile_raw_send (fd, bytes->data, bytes->len);
      g_assert_cmpuint (n, <, 1024 * 1024);
    }
  g_byte_array_unref (bytes);

  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  close (fd);
  ZMQG_TEST_AWAIT (count_topics (test) == 1, HOSTILE_DEADLINE_MS);
  hostile_test_check (test);
}

static void
test_endless_subscriptions (HostileTest *test)
{
  /* The default takes a while. */
  subscribe_for_ever (test, sizeof (guint), 50000);
}

static void
test_endless_bytes (HostileTest *test)
{
  subscribe_for_ever (test, 64 * 1024, 0);
}

/* --- Connections -------------------------------------------------------- */

/* A new friend of the pull socket gets through. */
static void
expect_welcome (HostileTest *test)
{
  ZmqgSocket *push = hostile_test_new_socket (test, ZMQG_TYPE_PUSH_SOCKET,
                                              NULL);
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  g_object_set (push, "linger", -1, NULL);
  zmqg_socket_connect_to (push, test->uri, &error);
  g_assert_no_error (error);
  zmqg_socket_send_string (push, "hello", NULL, &error);
  g_assert_no_error (error);
  message = zmqg_socket_receive (test->socket, NULL, &error);
  g_assert_no_error (error);
  zmqg_socket_close (push);
  g_object_unref (push);
}

static gboolean
have_descriptors (void)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = MIN (limit.rlim_max, MAX (N_DESCRIPTORS, limit.rlim_cur));
  return limit.rlim_cur >= N_DESCRIPTORS &&
         setrlimit (RLIMIT_NOFILE, &limit) == 0;
}

static void
test_silent_connections (HostileTest *test)
{
  int fds[N_SILENT];
  guint8 signature[10];

  if (!have_descriptors ())
    {
      g_test_skip ("too few descriptors are allowed");
      return;
    }

  start (test);
  for (guint i = 0; i < N_SILENT; i++)
    {
      fds[i] = hostile_raw_connect (test);
      /* Accepted. */
      hostile_raw_read (fds[i], signature, sizeof signature);
      if (i % 100 == 0)
        hostile_test_exchange (test);
    }

  /* The oldest had to go. */
  for (guint i = 1024; i < N_SILENT; i++)
    hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  for (guint i = 0; i < N_SILENT - 1024; i++)
    hostile_raw_await_closed (fds[i]);
  expect_welcome (test);
  hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);

  close (fds[N_SILENT - 1024]);
  for (guint i = N_SILENT - 1023; i < N_SILENT; i++)
    {
      close (fds[i]);
      hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
    }
  hostile_test_check (test);
}

/* --- Descriptors -------------------------------------------------------- */

typedef struct
{
  struct rlimit limit;
  GArray *fillers;
} Shortage;

/* From here on there is no descriptor to be had. */
static void
begin_shortage (Shortage *shortage)
{
  struct rlimit limit;
  int fd;

  getrlimit (RLIMIT_NOFILE, &shortage->limit);
  shortage->fillers = g_array_new (FALSE, FALSE, sizeof (int));
  limit = shortage->limit;
  limit.rlim_cur = zmqg_test_fd_count () + 20;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  while ((fd = fcntl (0, F_DUPFD_CLOEXEC, 0)) >= 0)
    g_array_append_val (shortage->fillers, fd);
  g_assert_cmpint (errno, ==, EMFILE);
}

static void
end_shortage (Shortage *shortage)
{
  for (guint i = 0; i < shortage->fillers->len; i++)
    close (g_array_index (shortage->fillers, int, i));
  g_array_unref (shortage->fillers);
  setrlimit (RLIMIT_NOFILE, &shortage->limit);
}

static gboolean
says_no_resources (ZmqgEndpoint *endpoint)
{
  g_autoptr (GError) error = zmqg_endpoint_get_last_error (endpoint);

  return g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
}

static void
test_no_descriptors (HostileTest *test)
{
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autofree char *uri = NULL;
  Shortage shortage;
  GError *error = NULL;
  guint8 signature[10];
  int fds[2];

  start (test);

  /* A second place to listen at, whose state can be asked for. */
  uri = g_str_equal (test->transport, "tcp")
          ? g_strdup_printf ("tcp://%s:0", zmqg_test_loopback ())
          : g_strdup_printf ("ipc://%s/other", test->folder);
  endpoint = zmqg_socket_bind_endpoint (test->socket, uri, &error);
  g_assert_no_error (error);
  g_free (test->uri);
  test->uri = zmqg_socket_get_last_endpoint (test->socket);
  test->n_fds = zmqg_test_fd_count ();

  fds[0] = hostile_raw_connect (test);
  hostile_raw_read (fds[0], signature, sizeof signature);
  begin_shortage (&shortage);
  /* One more for the attacker; none is left for us. */
  close (g_array_index (shortage.fillers, int, shortage.fillers->len - 1));
  g_array_set_size (shortage.fillers, shortage.fillers->len - 1);
  fds[1] = hostile_raw_connect (test);
  ZMQG_TEST_AWAIT (says_no_resources (endpoint), HOSTILE_DEADLINE_MS);
  hostile_test_exchange (test);
  g_assert_cmpint (zmqg_endpoint_get_state (endpoint), ==,
                   ZMQG_ENDPOINT_STATE_LISTENING);

  /* The first is silent; it gives way. */
  hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  hostile_raw_await_closed (fds[0]);

  end_shortage (&shortage);
  close (fds[1]);
  hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  expect_welcome (test);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  hostile_test_check (test);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) hostile_test_add ("/zmqg/hostile/flood/" name, func)

  ADD ("pings", test_pings);
  ADD ("commands-in-a-message", test_commands_in_a_message);
  ADD ("same-subscription", test_same_subscription);
  ADD ("unknown-cancels", test_unknown_cancels);
  ADD ("many-subscriptions", test_many_subscriptions);
  ADD ("endless-subscriptions", test_endless_subscriptions);
  ADD ("endless-subscription-bytes", test_endless_bytes);
  ADD ("silent-connections", test_silent_connections);
  ADD ("no-descriptors", test_no_descriptors);

  return g_test_run ();
}
