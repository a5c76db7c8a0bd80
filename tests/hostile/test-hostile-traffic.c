/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "hostile-test.h"

#include <unistd.h>

#define MAX_SIZE 1000
#define MAX_FRAMES 10

static void
start (HostileTest *test)
{
  hostile_test_make (test, ZMQG_TYPE_PULL_SOCKET);
  g_object_set (test->socket,
                "max-message-size", (gint64) MAX_SIZE,
                "max-frames", MAX_FRAMES,
                NULL);
  hostile_test_listen (test, ZMQG_TYPE_PUSH_SOCKET);
}

static void
start_unlimited (HostileTest *test)
{
  hostile_test_make (test, ZMQG_TYPE_PULL_SOCKET);
  g_object_set (test->socket, "max-message-size", (gint64) -1, NULL);
  hostile_test_listen (test, ZMQG_TYPE_PUSH_SOCKET);
}

static void
receive (HostileTest *test,
         guint n_frames,
         gsize size)
{
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  message = zmqg_socket_receive (test->socket, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, n_frames);
  g_assert_cmpuint (zmqg_message_get_size (message), ==, size);
}

static void
receives_nothing (HostileTest *test)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (zmqg_socket_try_receive (test->socket, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
}

/* Sends it in traffic, and is thrown out. Takes @bytes. */
static void
expect_thrown_out (HostileTest *test,
                   GByteArray *bytes,
                   ZmqgError code)
{
  int fd = hostile_raw_enter (test, "PUSH");

  hostile_raw_send_bytes (fd, bytes);
  hostile_test_removed (test, ZMQG_ERROR, code);
  hostile_raw_await_closed (fd);
  receives_nothing (test);
  hostile_test_check (test);
}

static void
append_zeros (GByteArray *bytes,
              guint flags,
              gsize size)
{
  gsize begin;

  hostile_bytes_header (bytes, flags, size);
  begin = bytes->len;
  g_byte_array_set_size (bytes, begin + size);
  memset (bytes->data + begin, 0, size);
}

/* --- Limits ------------------------------------------------------------- */

static void
test_limits_are_exact (HostileTest *test)
{
  GByteArray *bytes = g_byte_array_new ();
  int fd;

  start (test);
  fd = hostile_raw_enter (test, "PUSH");
  append_zeros (bytes, 0, MAX_SIZE);
  append_zeros (bytes, HOSTILE_MORE, MAX_SIZE - 1);
  append_zeros (bytes, HOSTILE_MORE, 1);
  append_zeros (bytes, 0, 0);
  for (guint i = 1; i < MAX_FRAMES; i++)
    append_zeros (bytes, HOSTILE_MORE, 0);
  append_zeros (bytes, 0, 0);
  hostile_raw_send_bytes (fd, bytes);
  receive (test, 1, MAX_SIZE);
  receive (test, 3, MAX_SIZE);
  receive (test, MAX_FRAMES, 0);

  hostile_raw_close (fd, FALSE);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  hostile_test_check (test);
}

static void
test_too_large (HostileTest *test)
{
  GByteArray *bytes;

  start (test);
  bytes = g_byte_array_new ();
  append_zeros (bytes, 0, MAX_SIZE + 1);
  expect_thrown_out (test, bytes, ZMQG_ERROR_MESSAGE_TOO_LARGE);

  /* In sum. */
  bytes = g_byte_array_new ();
  append_zeros (bytes, HOSTILE_MORE, MAX_SIZE / 2);
  append_zeros (bytes, HOSTILE_MORE, MAX_SIZE / 2);
  append_zeros (bytes, 0, 1);
  expect_thrown_out (test, bytes, ZMQG_ERROR_MESSAGE_TOO_LARGE);

  /* A command. */
  bytes = g_byte_array_new ();
  hostile_bytes_header (bytes, HOSTILE_COMMAND, MAX_SIZE + 1);
  expect_thrown_out (test, bytes, ZMQG_ERROR_MESSAGE_TOO_LARGE);
}

static void
test_too_many_frames (HostileTest *test)
{
  GByteArray *bytes = g_byte_array_new ();

  start (test);
  for (guint i = 0; i < 100 * MAX_FRAMES; i++)
    append_zeros (bytes, HOSTILE_MORE, 0);
  expect_thrown_out (test, bytes, ZMQG_ERROR_MESSAGE_TOO_LARGE);
}

/* Without any end, into the limit that there is by itself. */
static void
test_endless_message (HostileTest *test)
{
  guint8 frames[2 * 4096];
  int fd;

  start_unlimited (test);
  for (guint i = 0; i < sizeof frames; i++)
    frames[i] = i % 2 == 0 ? HOSTILE_MORE : 0;
  fd = hostile_raw_enter (test, "PUSH");
  while (hostile_raw_send (fd, frames, sizeof frames))
    ;
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE);
  hostile_raw_await_closed (fd);
  receives_nothing (test);
  hostile_test_check (test);
}

static void
test_absurd_lengths (HostileTest *test)
{
  static const guint64 sizes[] = {
    G_GUINT64_CONSTANT (1) << 62, G_GUINT64_CONSTANT (1) << 63,
    (G_GUINT64_CONSTANT (1) << 63) - 1, G_MAXUINT64, G_MAXUINT64 - 9,
  };
  static const guint flags[] = { 0, HOSTILE_MORE, HOSTILE_COMMAND };

  start_unlimited (test);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (flags); j++)
      {
        GByteArray *bytes = g_byte_array_new ();

        hostile_bytes_header (bytes, flags[j], sizes[i]);
        expect_thrown_out (test, bytes, ZMQG_ERROR_MESSAGE_TOO_LARGE);
      }
}

/* Memory is taken for what came, not for what was announced. */
static void
test_lying_lengths (HostileTest *test)
{
  static const guint64 sizes[] = { 300, 9000, 3 * G_GUINT64_CONSTANT (1) << 30,
                                   G_GUINT64_CONSTANT (1) << 40 };
  gsize before;
  int fds[32];

  start_unlimited (test);
  before = hostile_memory ();
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      GByteArray *bytes = g_byte_array_new ();

      fds[i] = hostile_raw_enter (test, "PUSH");
      hostile_bytes_header (bytes, i % 2 == 0 ? 0 : HOSTILE_COMMAND,
                            sizes[i % G_N_ELEMENTS (sizes)]);
      g_byte_array_append (bytes, (const guint8 *) "and so on", 9);
      hostile_raw_send_bytes (fds[i], bytes);
      hostile_test_exchange (test);
    }
  g_assert_cmpuint (hostile_memory (), <, before + (128u << 20));

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      hostile_raw_close (fds[i], i % 3 == 0);
      hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
    }
  receives_nothing (test);
  hostile_test_check (test);
}

/* --- Torn messages ------------------------------------------------------ */

/* A whole message, and one that is cut at every byte: the first arrives, the
 * second never does, in no part. */
static void
test_killed_after_each_byte (HostileTest *test)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize first;

  start_unlimited (test);
  hostile_bytes_frame (bytes, 0, "whole", 5);
  first = bytes->len;
  hostile_bytes_frame (bytes, HOSTILE_MORE, "one", 3);
  hostile_bytes_frame (bytes, HOSTILE_MORE, "", 0);
  hostile_bytes_command (bytes, "PING", "\0\0x", 3);
  hostile_bytes_frame (bytes, HOSTILE_MORE | HOSTILE_LONG, "two", 3);
  hostile_bytes_frame (bytes, 0, "three", 5);

  for (gsize n = first; n < bytes->len; n++)
    for (guint reset = 0; reset < 2; reset++)
      {
        int fd = hostile_raw_enter (test, "PUSH");

        hostile_raw_send (fd, bytes->data, n);
        receive (test, 1, 5);
        hostile_raw_close (fd, reset);
        hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
        receives_nothing (test);
      }
  hostile_test_check (test);
}

/* The same with frames of such a size that they get memory of their own. */
static void
test_killed_in_large_frames (HostileTest *test)
{
  static const gsize sizes[] = { 8191, 8192, 40000, 3 << 20 };

  start_unlimited (test);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      gsize cuts[4];

      append_zeros (bytes, HOSTILE_MORE, sizes[i]);
      cuts[0] = bytes->len - 1;
      cuts[1] = bytes->len;
      append_zeros (bytes, 0, sizes[i]);
      cuts[2] = bytes->len - sizes[i];
      cuts[3] = bytes->len - 1;
      for (guint j = 0; j < G_N_ELEMENTS (cuts); j++)
        {
          int fd = hostile_raw_enter (test, "PUSH");

          hostile_raw_send (fd, bytes->data, cuts[j]);
          hostile_raw_close (fd, FALSE);
          hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
          receives_nothing (test);
        }
    }
  hostile_test_check (test);
}

/* Bits of the flags that only our queues know mean nothing on the wire. */
static void
test_reserved_flags (HostileTest *test)
{
  GByteArray *bytes = g_byte_array_new ();
  int fd;

  start (test);
  fd = hostile_raw_enter (test, "PUSH");
  for (guint flags = 0; flags < 256; flags += 8)
    {
      append_zeros (bytes, flags | HOSTILE_MORE, 4);
      append_zeros (bytes, flags | HOSTILE_COMMAND, 4);
      append_zeros (bytes, flags | HOSTILE_COMMAND | HOSTILE_MORE, 0);
      append_zeros (bytes, flags | HOSTILE_LONG, 4);
    }
  append_zeros (bytes, 0, 1);
  hostile_raw_send_bytes (fd, bytes);
  for (guint i = 0; i < 32; i++)
    receive (test, 2, 8);
  receive (test, 1, 1);

  hostile_raw_close (fd, FALSE);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  hostile_test_check (test);
}

/* --- Old framing -------------------------------------------------------- */

static void
test_old_framing (HostileTest *test)
{
  static const guint8 hello[] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f,
                                  0, 8, 1, 0 };
  static const struct
  {
    guint8 bytes[12];
    gsize size;
    ZmqgError code;
  } ends[] = {
    { { 0, 0 }, 2, ZMQG_ERROR_PROTOCOL },
    { { 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 10, ZMQG_ERROR_PROTOCOL },
    { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 }, 10,
      ZMQG_ERROR_MESSAGE_TOO_LARGE },
    { { 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 10,
      ZMQG_ERROR_MESSAGE_TOO_LARGE },
    { { 2, 1, 'a', 0, 0 }, 5, ZMQG_ERROR_PROTOCOL },
  };

  start_unlimited (test);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      int fd = hostile_raw_connect (test);

      hostile_raw_send (fd, hello, sizeof hello);
      hostile_raw_send (fd, ends[i].bytes, ends[i].size);
      hostile_test_removed (test, ZMQG_ERROR, (int) ends[i].code);
      test->n_added++;
      hostile_raw_await_closed (fd);
      receives_nothing (test);
      hostile_test_check (test);
    }
}

/* --- Commands ----------------------------------------------------------- */

/* Malformed commands are nothing; only the last PING is a good one. */
static void
test_odd_commands (HostileTest *test)
{
  static const guint8 pong[] = { 4, 6, 4, 'P', 'O', 'N', 'G', 'x' };
  GByteArray *bytes = g_byte_array_new ();
  guint8 got[HOSTILE_GREETING_SIZE + 28 + sizeof pong];
  int fd;

  start (test);
  fd = hostile_raw_enter (test, "PUSH");
  hostile_bytes_header (bytes, HOSTILE_COMMAND, 0);
  hostile_bytes_frame (bytes, HOSTILE_COMMAND, "\0", 1);
  hostile_bytes_frame (bytes, HOSTILE_COMMAND, "\377PING", 5);
  hostile_bytes_frame (bytes, HOSTILE_COMMAND, "\4PIN", 4);
  hostile_bytes_command (bytes, "PING", "", 0);
  hostile_bytes_command (bytes, "PING", "\1", 1);
  hostile_bytes_command (bytes, "PONG", "", 0);
  hostile_bytes_command (bytes, "ERROR", "\003400", 4);
  hostile_bytes_command (bytes, "SUBSCRIBE", "topic", 5);
  hostile_bytes_command (bytes, "CANCEL", "topic", 5);
  hostile_bytes_command (bytes, "JOIN", "group", 5);
  hostile_bytes_command (bytes, "PING", "\0\0x", 3);
  hostile_raw_send_bytes (fd, bytes);

  /* PULL has a READY of 28 bytes. */
  hostile_raw_read (fd, got, sizeof got);
  g_assert_cmpmem (got + sizeof got - sizeof pong, sizeof pong, pong,
                   sizeof pong);
  receives_nothing (test);
  hostile_raw_close (fd, FALSE);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  hostile_test_check (test);
}

/* A PING promises another sign of life. */
static void
test_broken_promise (HostileTest *test)
{
  GByteArray *bytes = g_byte_array_new ();
  int fd;

  start (test);
  fd = hostile_raw_enter (test, "PUSH");
  hostile_bytes_command (bytes, "PING", "\0\1", 2);
  hostile_raw_send_bytes (fd, bytes);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  hostile_raw_await_closed (fd);
  hostile_test_check (test);
}

/* --- Sockets that do not receive ---------------------------------------- */

/* What a peer sends to a socket that never receives is thrown away, though
 * nobody calls the socket, and the peer's end is noticed. */
static void
talk_to_the_deaf (HostileTest *test,
                  const char *peer)
{
  guint8 frames[1000];

  for (guint i = 0; i < sizeof frames; i += 4)
    memcpy (frames + i, "\0\2\2x", 4);

  for (guint i = 0; i < 3; i++)
    {
      int fd = hostile_raw_enter (test, peer);

      for (guint j = 0; j < 100; j++)
        hostile_raw_send (fd, frames, sizeof frames);
      hostile_raw_close (fd, FALSE);
      hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
    }
  hostile_test_check (test);
}

static void
test_frames_to_push (HostileTest *test)
{
  hostile_test_make (test, ZMQG_TYPE_PUSH_SOCKET);
  hostile_test_listen (test, ZMQG_TYPE_PULL_SOCKET);
  talk_to_the_deaf (test, "PULL");
}

static void
test_frames_to_pub (HostileTest *test)
{
  hostile_test_make (test, ZMQG_TYPE_PUB_SOCKET);
  hostile_test_listen (test, ZMQG_TYPE_SUB_SOCKET);
  talk_to_the_deaf (test, "SUB");
}

/* --- Identities --------------------------------------------------------- */

static int
enter_with_identity (HostileTest *test,
                     const void *identity,
                     gsize size)
{
  g_autoptr (GByteArray) metadata = g_byte_array_new ();
  GByteArray *bytes = g_byte_array_new ();
  int fd = hostile_raw_connect (test);

  hostile_bytes_greeting (bytes, "NULL");
  hostile_bytes_property (metadata, "Socket-Type", "DEALER", -1);
  hostile_bytes_property (metadata, "Identity", identity, (gssize) size);
  hostile_bytes_command (bytes, "READY", metadata->data, metadata->len);
  hostile_raw_send_bytes (fd, bytes);
  ZMQG_TEST_AWAIT (test->news.added == test->n_added + 1,
                   HOSTILE_DEADLINE_MS);
  test->n_added++;
  return fd;
}

/* The first of an id is heard, whatever the id; the second is not, and can
 * talk as much as it likes. */
static void
test_identities (HostileTest *test)
{
  g_autofree char *identity = g_malloc0 (60000);
  static const gsize sizes[] = { 1, 5, 255, 256, 60000 };
  guint8 frames[4000];

  for (guint i = 0; i < sizeof frames; i += 4)
    memcpy (frames + i, "\0\2\2x", 4);

  hostile_test_make (test, ZMQG_TYPE_ROUTER_SOCKET);
  hostile_test_listen (test, ZMQG_TYPE_DEALER_SOCKET);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      int first = enter_with_identity (test, identity, sizes[i]);
      int second;

      hostile_raw_send (first, "\0\2hi", 4);
      receive (test, 2, sizes[i] + 2);
      second = enter_with_identity (test, identity, sizes[i]);
      for (guint j = 0; j < 20; j++)
        hostile_raw_send (second, frames, sizeof frames);
      hostile_raw_close (second, FALSE);
      ZMQG_TEST_AWAIT ((receives_nothing (test),
                        test->news.removed->len > test->n_removed),
                       HOSTILE_DEADLINE_MS);
      hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
      hostile_raw_close (first, FALSE);
      hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
      hostile_test_check (test);
    }
}

/* Requests without an envelope are none, and nothing is replied to them. */
static void
test_no_requests (HostileTest *test)
{
  static const char junk[] = "\0\2hi" "\0\0" "\1\2hi\0\2ho" "\1\2hi\0\0";
  GError *error = NULL;
  int fd;

  hostile_test_make (test, ZMQG_TYPE_REP_SOCKET);
  hostile_test_listen (test, ZMQG_TYPE_REQ_SOCKET);
  fd = hostile_raw_enter (test, "REQ");
  hostile_raw_send (fd, junk, sizeof junk - 1);
  hostile_raw_send (fd, "\1\0\0\3yes", 7);
  receive (test, 1, 3);
  hostile_raw_close (fd, FALSE);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);

  /* To nobody. */
  zmqg_socket_send_string (test->socket, "reply", NULL, &error);
  g_assert_no_error (error);
  receives_nothing (test);
  hostile_test_check (test);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) hostile_test_add ("/zmqg/hostile/traffic/" name, func)

  ADD ("limits-are-exact", test_limits_are_exact);
  ADD ("too-large", test_too_large);
  ADD ("too-many-frames", test_too_many_frames);
  ADD ("endless-message", test_endless_message);
  ADD ("absurd-lengths", test_absurd_lengths);
  ADD ("lying-lengths", test_lying_lengths);
  ADD ("killed-after-each-byte", test_killed_after_each_byte);
  ADD ("killed-in-large-frames", test_killed_in_large_frames);
  ADD ("reserved-flags", test_reserved_flags);
  ADD ("old-framing", test_old_framing);
  ADD ("odd-commands", test_odd_commands);
  ADD ("broken-promise", test_broken_promise);
  ADD ("frames-to-push", test_frames_to_push);
  ADD ("frames-to-pub", test_frames_to_pub);
  ADD ("identities", test_identities);
  ADD ("no-requests", test_no_requests);

  return g_test_run ();
}
