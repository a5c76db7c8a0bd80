/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "hostile-test.h"

#include <unistd.h>

#define GARBAGE_ROUNDS 60
#define GARBAGE_MAX 600

/* A pull socket, and a push socket that is served. */
static void
start (HostileTest *test)
{
  hostile_test_make (test, ZMQG_TYPE_PULL_SOCKET);
  hostile_test_listen (test, ZMQG_TYPE_PUSH_SOCKET);
}

/* Sends it, and is refused for that reason. Takes @bytes. */
static void
expect_refused (HostileTest *test,
                GByteArray *bytes,
                ZmqgError code)
{
  int fd = hostile_raw_connect (test);

  hostile_raw_send_bytes (fd, bytes);
  hostile_test_failed (test, ZMQG_ERROR, code);
  hostile_raw_await_closed (fd);
  hostile_test_check (test);
}

static GByteArray *
greeting (void)
{
  GByteArray *bytes = g_byte_array_new ();

  hostile_bytes_greeting (bytes, "NULL");
  return bytes;
}

/* --- Garbage ------------------------------------------------------------ */

static void
test_garbage (HostileTest *test)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20261121);

  start (test);
  for (guint i = 0; i < GARBAGE_ROUNDS; i++)
    {
      guint8 bytes[GARBAGE_MAX];
      gsize size = (gsize) g_rand_int_range (random, 1, GARBAGE_MAX);
      int fd = hostile_raw_connect (test);

      for (gsize j = 0; j < size; j++)
        bytes[j] = (guint8) g_rand_int (random);
      /* Some go on in the manner of a greeting. */
      if (i % 3 > 0)
        bytes[0] = 0xff;
      if (i % 3 > 1 && size > 11)
        {
          bytes[9] = 0x7f;
          bytes[10] = (guint8) (i % 5);
        }

      hostile_raw_send (fd, bytes, size);
      hostile_raw_close (fd, i % 2 == 0);
      hostile_test_gone (test);
    }
  hostile_test_check (test);
}

static void
test_http (HostileTest *test)
{
  static const char request[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
  int fd;

  hostile_test_make (test, ZMQG_TYPE_PULL_SOCKET);
  g_object_set (test->socket, "handshake-interval", 100, NULL);
  hostile_test_listen (test, ZMQG_TYPE_PUSH_SOCKET);

  /* To ZMTP 1.0 it is the beginning of an identity. */
  fd = hostile_raw_connect (test);
  hostile_raw_send (fd, request, strlen (request));
  hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  hostile_raw_await_closed (fd);
  hostile_test_check (test);
}

/* --- Truncations -------------------------------------------------------- */

static void
truncate_everywhere (HostileTest *test,
                     GByteArray *bytes,
                     gsize needed)
{
  for (gsize n = 0; n < bytes->len; n++)
    for (guint reset = 0; reset < 2; reset++)
      {
        int fd = hostile_raw_connect (test);

        hostile_raw_send (fd, bytes->data, n);
        hostile_raw_close (fd, reset);
        if (n < needed)
          hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
        else
          hostile_test_gone (test);
      }
  hostile_test_check (test);
}

static void
test_truncations (HostileTest *test)
{
  g_autoptr (GByteArray) bytes = hostile_bytes_handshake ("PUSH");

  start (test);
  truncate_everywhere (test, bytes, bytes->len);
}

/* Greetings of ZMTP 1.0, 2.0 and of none, with an identity. */
static void
test_old_truncations (HostileTest *test)
{
  static const guint8 old[][17] = {
    { 5, 0, 'a', 'b', 'c', 'd' },
    { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0, 8, 4, 0, 'a', 'b', 'c' },
    { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 8, 0, 3, 'a', 'b', 'c' },
  };
  static const gsize sizes[] = { 6, 17, 17 };

  start (test);
  for (guint i = 0; i < G_N_ELEMENTS (old); i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      int fd;

      g_byte_array_append (bytes, old[i], sizes[i]);
      truncate_everywhere (test, bytes, bytes->len);

      /* Whole, such a peer is welcome. */
      fd = hostile_raw_connect (test);
      hostile_raw_send (fd, bytes->data, bytes->len);
      ZMQG_TEST_AWAIT (test->news.added == test->n_added + 1,
                       HOSTILE_DEADLINE_MS);
      test->n_added++;
      hostile_raw_close (fd, FALSE);
      hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
      hostile_test_check (test);
    }
}

static void
test_byte_by_byte (HostileTest *test)
{
  g_autoptr (GByteArray) bytes = hostile_bytes_handshake ("PUSH");
  int fd;

  start (test);
  fd = hostile_raw_connect (test);
  for (gsize i = 0; i < bytes->len; i++)
    {
      hostile_raw_send (fd, bytes->data + i, 1);
      zmqg_test_turn (NULL);
    }
  ZMQG_TEST_AWAIT (test->news.added == 2, HOSTILE_DEADLINE_MS);
  hostile_raw_close (fd, FALSE);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  hostile_test_check (test);
}

static void
test_never_ends (HostileTest *test)
{
  g_autoptr (GByteArray) bytes = hostile_bytes_handshake ("PUSH");
  static const gsize cuts[] = { 0, 1, 10, 11, 12, 63, 64, 66, 70 };

  hostile_test_make (test, ZMQG_TYPE_PULL_SOCKET);
  g_object_set (test->socket, "handshake-interval", 50, NULL);
  hostile_test_listen (test, ZMQG_TYPE_PUSH_SOCKET);

  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      int fd = hostile_raw_connect (test);

      hostile_raw_send (fd, bytes->data, cuts[i]);
      hostile_test_failed (test, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
      hostile_raw_await_closed (fd);
    }
  hostile_test_check (test);
}

/* --- Greetings ---------------------------------------------------------- */

static void
test_other_mechanisms (HostileTest *test)
{
  static const char *const names[] = { "PLAIN", "CURVE", "GSSAPI", "null",
                                       "NULLNULLNULLNULLNULL", "NUL", "" };

  start (test);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      GByteArray *bytes = g_byte_array_new ();

      hostile_bytes_greeting (bytes, names[i]);
      expect_refused (test, bytes, ZMQG_ERROR_PROTOCOL);
    }
}

static void
test_old_framing (HostileTest *test)
{
  static const guint8 none[] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f,
                                 0, 8, 0 };
  static const guint8 large[] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0, 8,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0 };
  static const guint8 large2[] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 8,
                                   2, 0x80, 0, 0, 0, 0, 0, 0, 0 };

  start (test);
  expect_refused (test,
                  g_byte_array_append (g_byte_array_new (), none,
                                       sizeof none),
                  ZMQG_ERROR_PROTOCOL);
  expect_refused (test,
                  g_byte_array_append (g_byte_array_new (), large,
                                       sizeof large),
                  ZMQG_ERROR_MESSAGE_TOO_LARGE);
  expect_refused (test,
                  g_byte_array_append (g_byte_array_new (), large2,
                                       sizeof large2),
                  ZMQG_ERROR_MESSAGE_TOO_LARGE);
}

/* --- READY -------------------------------------------------------------- */

static void
test_other_commands (HostileTest *test)
{
  static const char *const names[] = { "SUBSCRIBE", "CANCEL", "PING", "PONG",
                                       "HELLO", "WELCOME", "INITIATE",
                                       "MESSAGE", "READYY", "ready", "FOO" };
  static const guint8 malformed[][4] = { { 4, 0 }, { 4, 1, 0 },
                                         { 4, 1, 200 }, { 4, 2, 5, 'R' } };
  static const gsize sizes[] = { 2, 3, 3, 4 };

  start (test);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      GByteArray *bytes = greeting ();

      hostile_bytes_command (bytes, names[i], "\0\1abcdefgh", 10);
      expect_refused (test, bytes, ZMQG_ERROR_PROTOCOL);
    }
  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      GByteArray *bytes = greeting ();

      g_byte_array_append (bytes, malformed[i], sizes[i]);
      expect_refused (test, bytes, ZMQG_ERROR_PROTOCOL);
    }
}

static void
test_error_command (HostileTest *test)
{
  static const char *const malformed[] = { "", "\1", "\377abc" };
  GByteArray *bytes;

  start (test);
  bytes = greeting ();
  hostile_bytes_command (bytes, "ERROR", "\7go away", 8);
  expect_refused (test, bytes, ZMQG_ERROR_AUTHENTICATION);

  /* A reason that is no text. */
  bytes = greeting ();
  hostile_bytes_command (bytes, "ERROR", "\4\377\376\0\200", 5);
  expect_refused (test, bytes, ZMQG_ERROR_AUTHENTICATION);

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      bytes = greeting ();
      hostile_bytes_command (bytes, "ERROR", malformed[i],
                             strlen (malformed[i]));
      expect_refused (test, bytes, ZMQG_ERROR_PROTOCOL);
    }
}

static void
test_oversized_commands (HostileTest *test)
{
  static const guint64 sizes[] = { 64 * 1024 + 1, G_MAXUINT32,
                                   G_GUINT64_CONSTANT (1) << 63,
                                   G_MAXUINT64 };

  start (test);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      GByteArray *bytes = greeting ();

      /* The length alone is enough. */
      hostile_bytes_header (bytes, HOSTILE_COMMAND, sizes[i]);
      expect_refused (test, bytes, ZMQG_ERROR_MESSAGE_TOO_LARGE);
    }
}

static GByteArray *
ready (const void *metadata,
       gsize size)
{
  GByteArray *bytes = greeting ();

  hostile_bytes_command (bytes, "READY", metadata, size);
  return bytes;
}

/* ZMTP 3.1, section metadata: what is cut off, but for the places where
 * libzmq does not mind either. */
static void
test_truncated_metadata (HostileTest *test)
{
  g_autoptr (GByteArray) metadata = g_byte_array_new ();
  gsize accepted[2];

  hostile_bytes_property (metadata, "Socket-Type", "PUSH", -1);
  hostile_bytes_property (metadata, "X-a", "value", -1);
  accepted[0] = metadata->len - 5;
  accepted[1] = metadata->len - 9;

  start (test);
  for (gsize n = 21; n < metadata->len; n++)
    if (n != accepted[0] && n != accepted[1])
      expect_refused (test, ready (metadata->data, n), ZMQG_ERROR_PROTOCOL);
}

static void
test_lying_metadata (HostileTest *test)
{
  static const struct
  {
    const char *bytes;
    gsize size;
  } lies[] = {
    { "\0", 1 },
    { "\377Socket-Type\0\0\0\4PUSH", 20 },
    { "\13Socket-Type\377\377\377\377PUSH", 20 },
    { "\13Socket-Type\200\0\0\0PUSH", 20 },
    { "\13Socket-Type\0\0\0\5PUSH", 20 },
    { "\13Socket-Type\0\0\0\4PUSH\1", 21 },
    { "\13Socket-Type\0\0\0\4PUSH\0\0\0\0\2a", 26 },
  };

  start (test);
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    expect_refused (test, ready (lies[i].bytes, lies[i].size),
                    ZMQG_ERROR_PROTOCOL);
}

static void
test_wrong_types (HostileTest *test)
{
  static const char *const types[] = { "", "push", "PUSHY", "PUS", "PULL",
                                       "PUB", "SUB", "XPUB", "XSUB", "REQ",
                                       "REP", "DEALER", "ROUTER", "PAIR",
                                       "STREAM", "SCATTER", "\377\376" };
  g_autoptr (GByteArray) both = g_byte_array_new ();

  start (test);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    expect_refused (test, hostile_bytes_handshake (types[i]),
                    ZMQG_ERROR_INCOMPATIBLE);

  hostile_bytes_property (both, "Socket-Type", "PUSH", 5);
  expect_refused (test, ready (both->data, both->len),
                  ZMQG_ERROR_INCOMPATIBLE);
  g_byte_array_set_size (both, 0);
  hostile_bytes_property (both, "Socket-Type", "PUSH", -1);
  hostile_bytes_property (both, "Socket-Type", "REQ", -1);
  expect_refused (test, ready (both->data, both->len),
                  ZMQG_ERROR_INCOMPATIBLE);
}

/* Names and values that are no text, and very many. */
static void
test_odd_metadata (HostileTest *test)
{
  g_autoptr (GByteArray) metadata = g_byte_array_new ();
  GByteArray *bytes;
  int fd;

  hostile_bytes_property (metadata, "Socket-Type", "PUSH", -1);
  hostile_bytes_property (metadata, "\377\376", "\0\377\0", 3);
  hostile_bytes_property (metadata, "", "nameless", -1);
  hostile_bytes_property (metadata, "Identity", "\0zero first", 11);
  while (metadata->len < 60000)
    hostile_bytes_property (metadata, "X", "", 0);

  start (test);
  fd = hostile_raw_connect (test);
  bytes = ready (metadata->data, metadata->len);
  /* The first command of traffic, ignored. */
  hostile_bytes_command (bytes, "READY", metadata->data, metadata->len);
  hostile_bytes_frame (bytes, 0, "heard", 5);
  hostile_raw_send_bytes (fd, bytes);
  {
    g_autoptr (ZmqgMessage) message = NULL;
    g_autofree char *text = NULL;
    GError *error = NULL;

    message = zmqg_socket_receive (test->socket, NULL, &error);
    g_assert_no_error (error);
    text = zmqg_message_get_string (message, 0);
    g_assert_cmpstr (text, ==, "heard");
    g_assert_null (zmqg_message_get_property (message, "Y"));
    zmqg_message_get_property (message, "\377\376");
  }
  hostile_raw_close (fd, FALSE);
  hostile_test_removed (test, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  hostile_test_check (test);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) hostile_test_add ("/zmqg/hostile/handshake/" name, func)

  ADD ("garbage", test_garbage);
  ADD ("http", test_http);
  ADD ("truncations", test_truncations);
  ADD ("old-truncations", test_old_truncations);
  ADD ("byte-by-byte", test_byte_by_byte);
  ADD ("never-ends", test_never_ends);
  ADD ("other-mechanisms", test_other_mechanisms);
  ADD ("old-framing", test_old_framing);
  ADD ("other-commands", test_other_commands);
  ADD ("error-command", test_error_command);
  ADD ("oversized-commands", test_oversized_commands);
  ADD ("truncated-metadata", test_truncated_metadata);
  ADD ("lying-metadata", test_lying_metadata);
  ADD ("wrong-types", test_wrong_types);
  ADD ("odd-metadata", test_odd_metadata);

  return g_test_run ();
}
