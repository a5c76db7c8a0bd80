/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-command-private.h"

#include "zmtp-test.h"

typedef struct
{
  const char *name;
  ZmqgCommandId id;
  const guint8 *body;
  gsize size;
  gsize data_size;
} Known;

static const Known known[] = {
  { "READY", ZMQG_COMMAND_READY, BYTES ("\5READY\1x"), 2 },
  { "ERROR", ZMQG_COMMAND_ERROR, BYTES ("\5ERROR\003400"), 4 },
  { "SUBSCRIBE", ZMQG_COMMAND_SUBSCRIBE, BYTES ("\11SUBSCRIBEab"), 2 },
  { "CANCEL", ZMQG_COMMAND_CANCEL, BYTES ("\6CANCELab"), 2 },
  { "PING", ZMQG_COMMAND_PING, BYTES ("\4PING\0\12ctx"), 5 },
  { "PONG", ZMQG_COMMAND_PONG, BYTES ("\4PONGctx"), 3 },
  { "JOIN", ZMQG_COMMAND_JOIN, BYTES ("\4JOINg1"), 2 },
  { "LEAVE", ZMQG_COMMAND_LEAVE, BYTES ("\5LEAVEg1"), 2 },
  { "HELLO", ZMQG_COMMAND_HELLO, BYTES ("\5HELLO\1u\2pw"), 5 },
  { "WELCOME", ZMQG_COMMAND_WELCOME, BYTES ("\7WELCOME"), 0 },
  { "INITIATE", ZMQG_COMMAND_INITIATE, BYTES ("\10INITIATE"), 0 },
  { "MESSAGE", ZMQG_COMMAND_MESSAGE, BYTES ("\7MESSAGEx"), 1 },
};

static void
check_truncation (const guint8 *body,
                  gsize size,
                  gpointer user_data)
{
  const Known *self = user_data;
  ZmqgCommand command;
  ZmqgCommandId id = zmqg_command_parse (&command, body, size);
  gsize least = strlen (self->name) + 1;

  if (self->id == ZMQG_COMMAND_PING)
    least = ZMQG_COMMAND_PING_SIZE;

  g_assert_cmpint (command.id, ==, id);
  if (size < least)
    {
      g_assert_cmpint (id, ==, ZMQG_COMMAND_MALFORMED);
      g_assert_cmpuint (command.name_size, ==, 0);
      g_assert_cmpuint (command.size, ==, 0);
      return;
    }

  g_assert_cmpint (id, ==, self->id);
  g_assert_cmpmem (command.name, command.name_size, self->name,
                   strlen (self->name));
  g_assert_true (command.data == body + 1 + strlen (self->name));
  g_assert_cmpuint (command.size, ==, size - 1 - strlen (self->name));
}

static void
test_known (void)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_assert_cmpuint (known[i].size - 1 - strlen (known[i].name), ==,
                        known[i].data_size);
      for_each_truncation (known[i].body, known[i].size, check_truncation,
                           (gpointer) &known[i]);
    }
}

static void
test_prefixes (void)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (known); i++)
    {
      gsize size;
      const guint8 *prefix = zmqg_command_get_prefix (known[i].id, &size);

      g_assert_cmpuint (size, <=, ZMQG_COMMAND_PREFIX_MAX);
      g_assert_cmpmem (prefix, size, known[i].body,
                       strlen (known[i].name) + 1);
    }
}

static void
test_unknown (void)
{
  static const struct
  {
    const guint8 *body;
    gsize size;
  } cases[] = {
    { BYTES ("\1x") },        { BYTES ("\5ready") },  { BYTES ("\4READY") },
    { BYTES ("\6READY\0") },  { BYTES ("\5PING\0") }, { BYTES ("\3PINGxxx") },
    { BYTES ("\5^RROR\0") },  { BYTES ("\5READX") },
    { BYTES ("\11SUBSCRIBF") }, { BYTES ("\12SUBSCRIBE1") },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree guint8 *body = g_memdup2 (cases[i].body, cases[i].size);
      ZmqgCommand command;

      g_assert_cmpint (zmqg_command_parse (&command, body, cases[i].size), ==,
                       ZMQG_COMMAND_UNKNOWN);
      g_assert_cmpuint (command.name_size, ==, body[0]);
      g_assert_cmpuint (command.size, ==, cases[i].size - 1 - body[0]);
    }
}

static void
test_malformed (void)
{
  static const struct
  {
    const guint8 *body;
    gsize size;
  } cases[] = {
    { BYTES ("") },         { BYTES ("\0") },      { BYTES ("\0READY") },
    { BYTES ("\1") },       { BYTES ("\6READY") }, { BYTES ("\377READY") },
    { BYTES ("\4PING") },   { BYTES ("\4PING\0") },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree guint8 *body = g_memdup2 (cases[i].body, cases[i].size);
      ZmqgCommand command;

      g_assert_cmpint (zmqg_command_parse (&command, body, cases[i].size), ==,
                       ZMQG_COMMAND_MALFORMED);
    }
}

static void
test_ping (void)
{
  static const guint8 long_ping[] = "\4PING\377\376"
                                    "0123456789abcdefXYZ";
  guint8 body[ZMQG_COMMAND_PONG_MAX];
  const guint8 *context;
  ZmqgCommand command;
  gsize size;

  g_assert_cmpuint (zmqg_command_write_ping (body, 0x0102), ==, 7);
  g_assert_cmpmem (body, 7, "\4PING\1\2", 7);

  zmqg_command_parse (&command, body, 7);
  g_assert_cmpuint (zmqg_command_get_ping_ttl (&command), ==, 0x0102);
  zmqg_command_get_context (&command, &size);
  g_assert_cmpuint (size, ==, 0);

  /* Contexts are cut after 16 bytes. */
  zmqg_command_parse (&command, long_ping, sizeof long_ping - 1);
  g_assert_cmpuint (zmqg_command_get_ping_ttl (&command), ==, 0xfffe);
  context = zmqg_command_get_context (&command, &size);
  g_assert_cmpmem (context, size, "0123456789abcdef", 16);
}

static void
test_pong (void)
{
  guint8 body[ZMQG_COMMAND_PONG_MAX];
  const guint8 *context;
  ZmqgCommand command;
  gsize size, n;

  for (n = 0; n <= 19; n++)
    {
      gsize kept = MIN (n, 16);

      size = zmqg_command_write_pong (
          body, (const guint8 *) "0123456789abcdefXYZ", n);
      g_assert_cmpuint (size, ==, 5 + kept);
      g_assert_cmpmem (body, 5, "\4PONG", 5);
      g_assert_cmpmem (body + 5, kept, "0123456789abcdef", kept);

      zmqg_command_parse (&command, body, size);
      context = zmqg_command_get_context (&command, &size);
      g_assert_cmpmem (context, size, "0123456789abcdef", kept);
    }

  g_assert_cmpuint (zmqg_command_write_pong (body, NULL, 0), ==, 5);
}

static void
check_error (const guint8 *data,
             gsize size,
             gpointer user_data)
{
  const char *reason = NULL;
  gsize reason_size = 0;
  guint status = 77;
  gsize least = GPOINTER_TO_SIZE (user_data);
  gboolean ok = zmqg_command_parse_error (data, size, &reason, &reason_size,
                                          &status);

  g_assert_true (ok == (size >= least));
  if (ok)
    g_assert_cmpuint (reason_size, ==, least - 1);
  else
    g_assert_cmpuint (status, ==, 77);
}

static void
test_error (void)
{
  static const struct
  {
    const char *reason;
    guint status;
  } cases[] = {
    { "300", 300 }, { "400", 400 }, { "500", 500 }, { "200", 0 },
    { "600", 0 },   { "301", 0 },   { "310", 0 },   { "4000", 0 },
    { "40", 0 },    { "", 0 },      { "Invalid socket type", 0 },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) body = g_byte_array_new ();
      ZmqgCommand command;
      const char *reason;
      gsize reason_size;
      guint status;

      zmqg_command_append_error (body, cases[i].reason);
      g_assert_cmpint (zmqg_command_parse (&command, body->data, body->len),
                       ==, ZMQG_COMMAND_ERROR);
      g_assert_true (zmqg_command_parse_error (command.data, command.size,
                                               &reason, &reason_size,
                                               &status));
      g_assert_cmpmem (reason, reason_size, cases[i].reason,
                       strlen (cases[i].reason));
      g_assert_cmpuint (status, ==, cases[i].status);

      for_each_truncation (command.data, command.size, check_error,
                           GSIZE_TO_POINTER (strlen (cases[i].reason) + 1));
    }

  /* Bytes behind the reason are not looked at. */
  for_each_truncation (BYTES ("\003400trailing"), check_error,
                       GSIZE_TO_POINTER (4));
}

static void
test_error_golden (void)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autofree char *longest = g_strnfill (255, 'x');

  zmqg_command_append_error (body, "400");
  g_assert_cmpmem (body->data, body->len, "\5ERROR\003400", 10);

  g_byte_array_set_size (body, 0);
  zmqg_command_append_error (body, longest);
  g_assert_cmpuint (body->len, ==, 6 + 1 + 255);
  g_assert_cmpuint (body->data[6], ==, 255);
}

static void
test_frames_golden (void)
{
  static const struct
  {
    ZmqgCommandId id;
    const char *data;
    const guint8 *frame;
    gsize size;
  } cases[] = {
    { ZMQG_COMMAND_SUBSCRIBE, "ab", BYTES ("\4\14\11SUBSCRIBEab") },
    { ZMQG_COMMAND_SUBSCRIBE, "", BYTES ("\4\12\11SUBSCRIBE") },
    { ZMQG_COMMAND_CANCEL, "ab", BYTES ("\4\11\6CANCELab") },
    { ZMQG_COMMAND_JOIN, "g1", BYTES ("\4\7\4JOINg1") },
    { ZMQG_COMMAND_LEAVE, "g1", BYTES ("\4\10\5LEAVEg1") },
    { ZMQG_COMMAND_PING, "\1\2", BYTES ("\4\7\4PING\1\2") },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) frame = g_byte_array_new ();

      zmqg_command_append_frame (frame, cases[i].id,
                                 (const guint8 *) cases[i].data,
                                 strlen (cases[i].data));
      g_assert_cmpmem (frame->data, frame->len, cases[i].frame,
                       cases[i].size);
    }
}

/* LONG is decided on the size with the name: 245 + 10 is the last that is
 * short. */
static void
test_frame_border (void)
{
  g_autofree char *topic = g_strnfill (256, 't');
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  zmqg_command_append_frame (frame, ZMQG_COMMAND_SUBSCRIBE,
                             (const guint8 *) topic, 245);
  g_assert_cmpuint (frame->len, ==, 2 + 255);
  g_assert_cmpmem (frame->data, 3, "\4\377\11", 3);

  g_byte_array_set_size (frame, 0);
  zmqg_command_append_frame (frame, ZMQG_COMMAND_SUBSCRIBE,
                             (const guint8 *) topic, 246);
  g_assert_cmpuint (frame->len, ==, 9 + 256);
  g_assert_cmpmem (frame->data, 10, "\6\0\0\0\0\0\0\1\0\11", 10);
}

static void
check_random (const guint8 *body,
              gsize size,
              gpointer user_data)
{
  ZmqgCommand command;
  const char *reason;
  gsize reason_size;
  guint status;

  if (zmqg_command_parse (&command, body, size) != ZMQG_COMMAND_MALFORMED)
    {
      g_assert_cmpuint (1 + command.name_size + command.size, ==, size);
      g_assert_true (command.data + command.size == body + size);
    }
  if (zmqg_command_parse_error (body, size, &reason, &reason_size, &status))
    g_assert_cmpuint (1 + reason_size, <=, size);
}

static void
test_random (void)
{
  for_random_bytes (check_random, NULL);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/zmtp/command/known", test_known);
  g_test_add_func ("/zmqg/zmtp/command/prefixes", test_prefixes);
  g_test_add_func ("/zmqg/zmtp/command/unknown", test_unknown);
  g_test_add_func ("/zmqg/zmtp/command/malformed", test_malformed);
  g_test_add_func ("/zmqg/zmtp/command/ping", test_ping);
  g_test_add_func ("/zmqg/zmtp/command/pong", test_pong);
  g_test_add_func ("/zmqg/zmtp/command/error", test_error);
  g_test_add_func ("/zmqg/zmtp/command/error-golden", test_error_golden);
  g_test_add_func ("/zmqg/zmtp/command/frames-golden", test_frames_golden);
  g_test_add_func ("/zmqg/zmtp/command/frame-border", test_frame_border);
  g_test_add_func ("/zmqg/zmtp/command/random", test_random);

  return g_test_run ();
}
