/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-greeting-private.h"

#include "zmtp-test.h"

#define SIGNATURE "\377\0\0\0\0\0\0\0\1\177"
#define ZEROS_4 "\0\0\0\0"
#define ZEROS_16 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4
#define ZEROS_32 ZEROS_16 ZEROS_16
#define NULL_20 "NULL" ZEROS_16
#define PLAIN_20 "PLAIN\0\0\0" ZEROS_4 ZEROS_4 ZEROS_4
#define GREETING_3(minor) SIGNATURE "\3" minor NULL_20 ZEROS_32

#define SOCKET_TYPE 5

/* What peers sent, as recorded, and what becomes of it. */
typedef struct
{
  const char *name;
  const guint8 *data;
  gsize size; /* of the greeting alone */
  ZmqgGreetingState state;
  ZmqgZmtpVersion version;
  ZmqgProtocolError protocol_error;
  gsize leftover;
  gsize output_size;
  const char *mechanism;
} Recorded;

static const Recorded recorded[] = {
  { "3.1", BYTES (GREETING_3 ("\1")), ZMQG_GREETING_DONE, ZMQG_ZMTP_3_1,
    .output_size = 64, .mechanism = "NULL" },
  { "3.0", BYTES (GREETING_3 ("\0")), ZMQG_GREETING_DONE, ZMQG_ZMTP_3_0,
    .output_size = 64, .mechanism = "NULL" },
  { "3.1-identity",
    BYTES ("\377\0\0\0\0\0\0\0\4\177\3\1" NULL_20 ZEROS_32),
    ZMQG_GREETING_DONE, ZMQG_ZMTP_3_1, .output_size = 64,
    .mechanism = "NULL" },
  /* as-server and filler are whatever they like */
  { "3.1-as-server", BYTES (SIGNATURE "\3\1" NULL_20 "\1\377\377\377"
                            "zmqgzmqgzmqgzmqgzmqgzmqgzmqg"),
    ZMQG_GREETING_DONE, ZMQG_ZMTP_3_1, .output_size = 64,
    .mechanism = "NULL" },
  /* so are bytes 1 to 8, and bits of byte 9 */
  { "3.1-odd-signature", BYTES ("\377"
                                "ABCDEFGH\1\3\1" NULL_20 ZEROS_32),
    ZMQG_GREETING_DONE, ZMQG_ZMTP_3_1, .output_size = 64,
    .mechanism = "NULL" },
  { "future", BYTES (SIGNATURE "\4\0" NULL_20 ZEROS_32), ZMQG_GREETING_DONE,
    ZMQG_ZMTP_3_1, .output_size = 64, .mechanism = "NULL" },
  { "mechanism-mismatch", BYTES (SIGNATURE "\3\1" PLAIN_20 ZEROS_32),
    ZMQG_GREETING_FAILED, ZMQG_ZMTP_3_1,
    ZMQG_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH, .output_size = 64,
    .mechanism = "PLAIN" },
  { "mechanism-padding",
    BYTES (SIGNATURE "\3\1NULL\0\0\0\0" ZEROS_4 ZEROS_4 "\0\0\0\1" ZEROS_32),
    ZMQG_GREETING_FAILED, ZMQG_ZMTP_3_1,
    ZMQG_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH, .output_size = 64,
    .mechanism = "NULL" },
  { "mechanism-case",
    BYTES (SIGNATURE "\3\1null" ZEROS_16 ZEROS_32), ZMQG_GREETING_FAILED,
    ZMQG_ZMTP_3_1, ZMQG_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH,
    .output_size = 64, .mechanism = "null" },
  { "mechanism-of-20-bytes",
    BYTES (SIGNATURE "\3\1"
                     "ABCDEFGHIJKLMNOPQRST" ZEROS_32),
    ZMQG_GREETING_FAILED, ZMQG_ZMTP_3_1,
    ZMQG_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH, .output_size = 64,
    .mechanism = "ABCDEFGHIJKLMNOPQRST" },
  { "2.0", BYTES (SIGNATURE "\1\2"), ZMQG_GREETING_DONE, ZMQG_ZMTP_2_0,
    .output_size = 12, .mechanism = "" },
  { "1.0-versioned", BYTES (SIGNATURE "\0\2"), ZMQG_GREETING_DONE,
    ZMQG_ZMTP_1_0, .output_size = 12, .mechanism = "" },
  /* an anonymous peer's identity frame is 01 00 */
  { "1.0", BYTES ("\1"), ZMQG_GREETING_DONE, ZMQG_ZMTP_1_0_UNVERSIONED,
    .leftover = 1, .output_size = 10, .mechanism = "" },
  { "1.0-identity", BYTES ("\4"), ZMQG_GREETING_DONE,
    ZMQG_ZMTP_1_0_UNVERSIONED, .leftover = 1, .output_size = 10,
    .mechanism = "" },
  /* an identity frame in the long form, with flags 0 */
  { "1.0-long", BYTES ("\377\0\0\0\0\0\0\1\1\0"), ZMQG_GREETING_DONE,
    ZMQG_ZMTP_1_0_UNVERSIONED, .leftover = 10, .output_size = 10,
    .mechanism = "" },
  { "1.0-long-other-flags", BYTES ("\377\0\0\0\0\0\0\1\1\176"),
    ZMQG_GREETING_DONE, ZMQG_ZMTP_1_0_UNVERSIONED, .leftover = 10,
    .output_size = 10, .mechanism = "" },
  { "http", BYTES ("G"), ZMQG_GREETING_DONE, ZMQG_ZMTP_1_0_UNVERSIONED,
    .leftover = 1, .output_size = 10, .mechanism = "" },
};

static void
check_recorded (const Recorded *self,
                ZmqgGreeting *greeting)
{
  const guint8 *bytes;
  gsize size;

  g_assert_cmpint (greeting->state, ==, self->state);
  g_assert_cmpint (greeting->version, ==, self->version);
  g_assert_cmpint (greeting->protocol_error, ==, self->protocol_error);
  g_assert_true ((greeting->reason != NULL)
                 == (self->state == ZMQG_GREETING_FAILED));
  g_assert_cmpstr (greeting->peer_mechanism, ==, self->mechanism);

  bytes = zmqg_greeting_peek_leftover (greeting, &size);
  g_assert_cmpmem (bytes, size, self->data, self->leftover);

  zmqg_greeting_peek_output (greeting, &size);
  g_assert_cmpuint (size, ==, self->output_size);
}

/* Feeds a block of just that size. */
static gsize
feed (ZmqgGreeting *greeting,
      const guint8 *data,
      gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);

  return zmqg_greeting_feed (greeting, copy, size);
}

static void
test_recorded_at_once (gconstpointer user_data)
{
  const Recorded *self = user_data;
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  ZmqgGreeting greeting;
  gsize extra;

  g_byte_array_append (stream, self->data, self->size);
  for (extra = 0; extra < 200; extra++)
    {
      zmqg_greeting_init (&greeting, "NULL", SOCKET_TYPE, 0);

      /* Nothing behind the greeting is taken. */
      g_assert_cmpuint (feed (&greeting, stream->data, stream->len), ==,
                        self->size);
      check_recorded (self, &greeting);
      g_assert_cmpuint (feed (&greeting, stream->data, stream->len), ==, 0);
      check_recorded (self, &greeting);

      g_byte_array_append (stream, (const guint8 *) "\377", 1);
    }
}

static void
test_recorded_truncated (gconstpointer user_data)
{
  const Recorded *self = user_data;
  ZmqgGreeting greeting;
  gsize n, leftover;

  for (n = 0; n < self->size; n++)
    {
      zmqg_greeting_init (&greeting, "NULL", SOCKET_TYPE, 0);
      g_assert_cmpuint (feed (&greeting, self->data, n), ==, n);
      g_assert_cmpint (greeting.state, ==, ZMQG_GREETING_MORE);
      zmqg_greeting_peek_leftover (&greeting, &leftover);
      g_assert_cmpuint (leftover, ==, 0);
    }
}

static void
test_recorded_bytewise (gconstpointer user_data)
{
  const Recorded *self = user_data;
  ZmqgGreeting greeting;
  gsize n;

  zmqg_greeting_init (&greeting, "NULL", SOCKET_TYPE, 0);
  for (n = 0; n < self->size; n++)
    {
      g_assert_cmpint (greeting.state, ==, ZMQG_GREETING_MORE);
      g_assert_cmpuint (feed (&greeting, self->data + n, 1), ==, 1);
      g_assert_cmpuint (feed (&greeting, self->data + n, 0), ==, 0);
    }
  check_recorded (self, &greeting);
}

/* In two and in three pieces, cut everywhere. */
static void
test_recorded_splits (gconstpointer user_data)
{
  const Recorded *self = user_data;
  ZmqgGreeting greeting;
  gsize a, b;

  for (a = 0; a <= self->size; a++)
    for (b = a; b <= self->size; b++)
      {
        zmqg_greeting_init (&greeting, "NULL", SOCKET_TYPE, 0);
        g_assert_cmpuint (feed (&greeting, self->data, a), ==, a);
        g_assert_cmpuint (feed (&greeting, self->data + a, b - a), ==, b - a);
        g_assert_cmpuint (
            feed (&greeting, self->data + b, self->size - b), ==,
            self->size - b);
        check_recorded (self, &greeting);
      }
}

/* ff 00 00 00 00 00 00 00 04 7f, then 03, then 01 "NULL" and zeros. */
static void
test_output_golden (void)
{
  ZmqgGreeting greeting;
  const guint8 *output;
  gsize size;

  zmqg_greeting_init (&greeting, "NULL", SOCKET_TYPE, 3);
  output = zmqg_greeting_peek_output (&greeting, &size);
  g_assert_cmpmem (output, size, "\377\0\0\0\0\0\0\0\4\177", 10);
  zmqg_greeting_output_written (&greeting, size);
  zmqg_greeting_peek_output (&greeting, &size);
  g_assert_cmpuint (size, ==, 0);

  /* The major version only after the peer's signature. */
  feed (&greeting, BYTES ("\377\0\0\0\0\0\0\0\1"));
  zmqg_greeting_peek_output (&greeting, &size);
  g_assert_cmpuint (size, ==, 0);
  feed (&greeting, BYTES ("\177"));
  output = zmqg_greeting_peek_output (&greeting, &size);
  g_assert_cmpmem (output, size, "\3", 1);
  zmqg_greeting_output_written (&greeting, size);

  /* The rest only after the peer's major version. */
  feed (&greeting, BYTES ("\3"));
  output = zmqg_greeting_peek_output (&greeting, &size);
  g_assert_cmpmem (output, size, "\1" NULL_20 ZEROS_32, 53);
  zmqg_greeting_output_written (&greeting, size);

  g_assert_cmpuint (feed (&greeting, BYTES ("\1" NULL_20 ZEROS_32)), ==, 53);
  zmqg_greeting_peek_output (&greeting, &size);
  g_assert_cmpuint (size, ==, 0);
  g_assert_cmpint (greeting.state, ==, ZMQG_GREETING_DONE);
  g_assert_cmpuint (greeting.peer_revision, ==, 3);
  g_assert_cmpuint (greeting.peer_minor, ==, 1);
}

static void
test_output_to_short_greetings (void)
{
  guint8 revision;

  for (revision = 0; revision <= 1; revision++)
    {
      ZmqgGreeting greeting;
      const guint8 *output;
      gsize size;

      zmqg_greeting_init (&greeting, "NULL", 2, 0);
      feed (&greeting, BYTES (SIGNATURE));
      zmqg_greeting_output_written (&greeting, 11);
      feed (&greeting, &revision, 1);
      output = zmqg_greeting_peek_output (&greeting, &size);
      g_assert_cmpmem (output, size, "\2", 1);
      g_assert_cmpint (greeting.state, ==, ZMQG_GREETING_MORE);
      feed (&greeting, BYTES ("\1"));
      g_assert_cmpint (greeting.state, ==, ZMQG_GREETING_DONE);
      g_assert_cmpuint (greeting.peer_revision, ==, revision);
      g_assert_cmpuint (greeting.peer_socket_type, ==, 1);
    }
}

static void
test_output_bytewise (void)
{
  ZmqgGreeting greeting;
  g_autoptr (GByteArray) written = g_byte_array_new ();
  const guint8 *output;
  gsize size;

  zmqg_greeting_init (&greeting, "CURVE", SOCKET_TYPE, 0);
  feed (&greeting, BYTES (SIGNATURE "\3"));
  while (output = zmqg_greeting_peek_output (&greeting, &size), size > 0)
    {
      g_byte_array_append (written, output, 1);
      zmqg_greeting_output_written (&greeting, 1);
    }
  g_assert_cmpmem (written->data, written->len,
                   SIGNATURE "\3\1"
                             "CURVE\0\0\0" ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_32,
                   64);
}

static void
test_identity_size (void)
{
  static const struct
  {
    gsize size;
    const char *signature;
  } cases[] = {
    { 0, "\377\0\0\0\0\0\0\0\1\177" },
    { 254, "\377\0\0\0\0\0\0\0\377\177" },
    { 255, "\377\0\0\0\0\0\0\1\0\177" },
  };
  gsize i, size;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ZmqgGreeting greeting;
      const guint8 *output;

      zmqg_greeting_init (&greeting, "NULL", SOCKET_TYPE, cases[i].size);
      output = zmqg_greeting_peek_output (&greeting, &size);
      g_assert_cmpmem (output, size, cases[i].signature, 10);
    }
}

static void
test_versions (void)
{
  guint revision, minor;

  for (revision = 0; revision < 256; revision++)
    for (minor = 0; minor < 256; minor++)
      {
        ZmqgGreeting greeting;
        guint8 data[] = GREETING_3 ("\0");
        ZmqgZmtpVersion expected = ZMQG_ZMTP_3_1;

        if (revision == 0)
          expected = ZMQG_ZMTP_1_0;
        else if (revision == 1)
          expected = ZMQG_ZMTP_2_0;
        else if (revision == 3 && minor == 0)
          expected = ZMQG_ZMTP_3_0;

        data[10] = (guint8) revision;
        data[11] = (guint8) minor;
        zmqg_greeting_init (&greeting, "NULL", SOCKET_TYPE, 0);
        g_assert_cmpuint (zmqg_greeting_feed (&greeting, data, 64), ==,
                          revision < 2 ? 12 : 64);
        g_assert_cmpint (greeting.state, ==, ZMQG_GREETING_DONE);
        g_assert_cmpint (greeting.version, ==, expected);
      }
}

static void
test_mechanisms (void)
{
  static const char *const names[] = { "NULL", "PLAIN", "CURVE", "GSSAPI" };
  gsize ours, theirs;

  for (ours = 0; ours < G_N_ELEMENTS (names); ours++)
    for (theirs = 0; theirs < G_N_ELEMENTS (names); theirs++)
      {
        ZmqgGreeting greeting;
        guint8 data[] = SIGNATURE "\3\1" ZEROS_4 ZEROS_16 ZEROS_32;

        memcpy (data + 12, names[theirs], strlen (names[theirs]));
        zmqg_greeting_init (&greeting, names[ours], SOCKET_TYPE, 0);
        g_assert_cmpuint (zmqg_greeting_feed (&greeting, data, 64), ==, 64);
        g_assert_cmpstr (greeting.peer_mechanism, ==, names[theirs]);
        g_assert_cmpint (greeting.state, ==,
                         ours == theirs ? ZMQG_GREETING_DONE
                                        : ZMQG_GREETING_FAILED);
        g_assert_cmphex (greeting.protocol_error, ==,
                         ours == theirs ? 0 : 0x11000002);
      }
}

/* With a mechanism, or when the owner says so, only ZMTP 3. */
static void
test_no_downgrade (void)
{
  guint with_null;
  gsize i;

  for (with_null = 0; with_null < 2; with_null++)
    for (i = 0; i < G_N_ELEMENTS (recorded); i++)
      {
        ZmqgGreeting greeting;
        gsize size;

        if (recorded[i].version >= ZMQG_ZMTP_3_0)
          continue;

        zmqg_greeting_init (&greeting, with_null ? "NULL" : "PLAIN",
                            SOCKET_TYPE, 0);
        g_assert_true (greeting.allow_downgrade == (with_null == 1));
        greeting.allow_downgrade = FALSE;
        feed (&greeting, recorded[i].data, recorded[i].size);
        g_assert_cmpint (greeting.state, ==, ZMQG_GREETING_FAILED);
        g_assert_cmpint (greeting.version, ==, recorded[i].version);
        g_assert_cmpint (greeting.protocol_error, ==,
                         ZMQG_PROTOCOL_ERROR_NONE);
        g_assert_nonnull (greeting.reason);

        /* The socket type is not told either. */
        zmqg_greeting_peek_output (&greeting, &size);
        g_assert_cmpuint (size, <=, 11);
      }
}

static void
check_random (const guint8 *data,
              gsize size,
              gpointer user_data)
{
  static const guint8 start[] = SIGNATURE "\3\1";
  guint known;

  /* Behind each start of a good greeting. */
  for (known = 0; known < sizeof start; known += 3)
    {
      ZmqgGreeting greeting;
      gsize taken, output, leftover;

      zmqg_greeting_init (&greeting, "NULL", SOCKET_TYPE, 0);
      zmqg_greeting_feed (&greeting, start, known);
      taken = zmqg_greeting_feed (&greeting, data, size);
      g_assert_cmpuint (taken, <=, size);
      g_assert_cmpuint (known + taken, <=, 64);
      if (greeting.state == ZMQG_GREETING_MORE)
        g_assert_cmpuint (taken, ==, size);
      zmqg_greeting_peek_output (&greeting, &output);
      g_assert_cmpuint (output, <=, 64);
      zmqg_greeting_peek_leftover (&greeting, &leftover);
      g_assert_cmpuint (leftover, <=, 10);
    }
}

static void
test_random (void)
{
  for_random_bytes (check_random, NULL);
}

static void
add_recorded (const Recorded *self,
              const char *how,
              GTestDataFunc func)
{
  g_autofree char *path
      = g_strdup_printf ("/zmqg/zmtp/greeting/%s/%s", self->name, how);

  g_test_add_data_func (path, self, func);
}

int
main (int argc,
      char *argv[])
{
  gsize i;

  g_test_init (&argc, &argv, NULL);

  for (i = 0; i < G_N_ELEMENTS (recorded); i++)
    {
      add_recorded (&recorded[i], "at-once", test_recorded_at_once);
      add_recorded (&recorded[i], "truncated", test_recorded_truncated);
      add_recorded (&recorded[i], "bytewise", test_recorded_bytewise);
      add_recorded (&recorded[i], "splits", test_recorded_splits);
    }
  g_test_add_func ("/zmqg/zmtp/greeting/output-golden", test_output_golden);
  g_test_add_func ("/zmqg/zmtp/greeting/output-to-short-greetings",
                   test_output_to_short_greetings);
  g_test_add_func ("/zmqg/zmtp/greeting/output-bytewise",
                   test_output_bytewise);
  g_test_add_func ("/zmqg/zmtp/greeting/identity-size", test_identity_size);
  g_test_add_func ("/zmqg/zmtp/greeting/versions", test_versions);
  g_test_add_func ("/zmqg/zmtp/greeting/mechanisms", test_mechanisms);
  g_test_add_func ("/zmqg/zmtp/greeting/no-downgrade", test_no_downgrade);
  g_test_add_func ("/zmqg/zmtp/greeting/random", test_random);

  return g_test_run ();
}
