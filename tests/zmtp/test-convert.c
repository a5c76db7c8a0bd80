/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-convert-private.h"

#include "message/zmqg-frame-private.h"
#include "zmtp/zmqg-command-private.h"
#include "zmtp/zmqg-zmtp1-private.h"
#include "zmtp-test.h"

#define MORE ZMQG_FRAME_MORE
#define COMMAND ZMQG_FRAME_COMMAND

static const ZmqgZmtpVersion versions[] = {
  ZMQG_ZMTP_1_0_UNVERSIONED, ZMQG_ZMTP_1_0, ZMQG_ZMTP_2_0, ZMQG_ZMTP_3_0,
  ZMQG_ZMTP_3_1,
};

static gboolean
is_1_0 (ZmqgZmtpVersion version)
{
  return version == ZMQG_ZMTP_1_0 || version == ZMQG_ZMTP_1_0_UNVERSIONED;
}

/* Writes the frame as a connection would, from blocks of just the sizes that
 * are promised; NULL if it is dropped. */
static GByteArray *
convert (ZmqgZmtpVersion version,
         guint flags,
         const guint8 *payload,
         gsize size)
{
  g_autofree guint8 *head
      = g_memdup2 (payload, MIN (size, ZMQG_CONVERT_HEAD));
  g_autoptr (GByteArray) wire = g_byte_array_new ();
  ZmqgConverted out;

  if (!zmqg_zmtp_convert_header (version, flags, head, size, &out))
    {
      g_assert_true (out.drop);
      return NULL;
    }

  g_assert_false (out.drop);
  g_assert_cmpuint (out.header_size, <=, sizeof out.header);
  g_assert_cmpuint (out.skip, <=, size);
  g_assert_cmpuint (out.size, ==, size - out.skip + out.prefix_size);
  g_byte_array_append (wire, out.header, out.header_size);
  if (size > out.skip)
    g_byte_array_append (wire, payload + out.skip, size - out.skip);
  return g_steal_pointer (&wire);
}

static void
assert_wire (ZmqgZmtpVersion version,
             guint flags,
             const guint8 *payload,
             gsize size,
             const guint8 *expected,
             gsize expected_size)
{
  g_autoptr (GByteArray) wire = convert (version, flags, payload, size);

  g_assert_nonnull (wire);
  g_assert_cmpmem (wire->data, wire->len, expected, expected_size);
}

static void
assert_dropped (ZmqgZmtpVersion version,
                const guint8 *payload,
                gsize size)
{
  g_autoptr (GByteArray) wire = convert (version, COMMAND, payload, size);

  g_assert_null (wire);
}

static void
test_messages_golden (void)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      if (is_1_0 (versions[i]))
        {
          assert_wire (versions[i], MORE, BYTES ("hello"),
                       BYTES ("\6\1hello"));
          assert_wire (versions[i], 0, BYTES ("world"), BYTES ("\6\0world"));
          assert_wire (versions[i], 0, BYTES (""), BYTES ("\1\0"));
        }
      else
        {
          assert_wire (versions[i], MORE, BYTES ("hello"),
                       BYTES ("\1\5hello"));
          assert_wire (versions[i], 0, BYTES ("world"), BYTES ("\0\5world"));
          assert_wire (versions[i], 0, BYTES (""), BYTES ("\0\0"));
        }
    }
}

/* LONG, and the bits that are ours, are not taken from the flags given. */
static void
test_other_flags (void)
{
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (versions); i++)
    assert_wire (versions[i], MORE | ZMQG_FRAME_LONG | 0xf8, BYTES ("x"),
                 is_1_0 (versions[i]) ? (const guint8 *) "\2\1x"
                                      : (const guint8 *) "\1\1x",
                 3);
}

static void
test_message_sizes (void)
{
  static const guint64 sizes[] = {
    0, 1, 15, 16, 17, 252, 253, 254, 255, 256, 257, 65536,
    G_GUINT64_CONSTANT (0x7fffffffffffffff),
  };
  guint8 head[ZMQG_CONVERT_HEAD] = { 0 };
  gsize i, j;

  for (i = 0; i < G_N_ELEMENTS (versions); i++)
    for (j = 0; j < G_N_ELEMENTS (sizes); j++)
      {
        ZmqgConverted out;
        guint64 size = 0;
        guint flags = 0;
        gsize n;

        g_assert_true (zmqg_zmtp_convert_header (versions[i], MORE, head,
                                                 sizes[j], &out));
        g_assert_cmpuint (out.skip, ==, 0);
        g_assert_cmpuint (out.prefix_size, ==, 0);
        g_assert_cmpuint (out.size, ==, sizes[j]);
        if (is_1_0 (versions[i]))
          n = (gsize) zmqg_zmtp1_decode_header (out.header, out.header_size,
                                                &flags, &size);
        else
          n = zmqg_frame_decode_header (out.header, out.header_size, &flags,
                                        &size);
        g_assert_cmpuint (n, ==, out.header_size);
        g_assert_cmpuint (size, ==, sizes[j]);
        g_assert_cmpuint (flags & ~ZMQG_FRAME_LONG, ==, MORE);
      }
}

static void
test_long_message_golden (void)
{
  guint8 payload[256] = { 0 };
  g_autoptr (GByteArray) wire
      = convert (ZMQG_ZMTP_3_1, 0, payload, sizeof payload);

  g_assert_cmpuint (wire->len, ==, 9 + 256);
  g_assert_cmpmem (wire->data, 9, "\2\0\0\0\0\0\0\1\0", 9);
}

static void
test_subscriptions_golden (void)
{
  static const struct
  {
    ZmqgZmtpVersion version;
    const guint8 *subscribe;
    gsize subscribe_size;
    const guint8 *cancel;
    gsize cancel_size;
  } cases[] = {
    { ZMQG_ZMTP_3_1, BYTES ("\4\14\11SUBSCRIBEab"),
      BYTES ("\4\11\6CANCELab") },
    { ZMQG_ZMTP_3_0, BYTES ("\0\3\1ab"), BYTES ("\0\3\0ab") },
    { ZMQG_ZMTP_2_0, BYTES ("\0\3\1ab"), BYTES ("\0\3\0ab") },
    { ZMQG_ZMTP_1_0, BYTES ("\4\0\1ab"), BYTES ("\4\0\0ab") },
    { ZMQG_ZMTP_1_0_UNVERSIONED, BYTES ("\4\0\1ab"), BYTES ("\4\0\0ab") },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      assert_wire (cases[i].version, COMMAND, BYTES ("\11SUBSCRIBEab"),
                   cases[i].subscribe, cases[i].subscribe_size);
      assert_wire (cases[i].version, COMMAND, BYTES ("\6CANCELab"),
                   cases[i].cancel, cases[i].cancel_size);
    }
}

static void
test_empty_topics (void)
{
  assert_wire (ZMQG_ZMTP_3_0, COMMAND, BYTES ("\11SUBSCRIBE"),
               BYTES ("\0\1\1"));
  assert_wire (ZMQG_ZMTP_3_0, COMMAND, BYTES ("\6CANCEL"), BYTES ("\0\1\0"));
  assert_wire (ZMQG_ZMTP_1_0, COMMAND, BYTES ("\11SUBSCRIBE"),
               BYTES ("\2\0\1"));
}

/* Topics of all sizes around the border between short and long: what comes
 * out is always a frame that decodes to 01 or 00 and the topic. libzmq sends
 * a broken one for a topic of 255 bytes. */
static void
test_subscription_border (void)
{
  static const ZmqgCommandId ids[]
      = { ZMQG_COMMAND_SUBSCRIBE, ZMQG_COMMAND_CANCEL };
  g_autofree char *topic = g_strnfill (300, 't');
  gsize i, j, n;

  for (i = 0; i < G_N_ELEMENTS (versions) - 1; i++)
    for (j = 0; j < G_N_ELEMENTS (ids); j++)
      for (n = 0; n < 300; n++)
        {
          g_autoptr (GByteArray) body = g_byte_array_new ();
          g_autoptr (GByteArray) wire = NULL;
          guint64 size = 0;
          guint flags = 0;
          gsize header;

          zmqg_command_append (body, ids[j], (const guint8 *) topic, n);
          wire = convert (versions[i], COMMAND, body->data, body->len);
          if (is_1_0 (versions[i]))
            header = (gsize) zmqg_zmtp1_decode_header (
                wire->data, wire->len, &flags, &size);
          else
            header = zmqg_frame_decode_header (wire->data, wire->len, &flags,
                                               &size);
          g_assert_cmpuint (flags & ~ZMQG_FRAME_LONG, ==, 0);
          g_assert_cmpuint (size, ==, n + 1);
          g_assert_cmpuint (wire->len, ==, header + size);
          g_assert_cmpuint (wire->data[header], ==,
                            ids[j] == ZMQG_COMMAND_SUBSCRIBE);
          g_assert_cmpmem (wire->data + header + 1, n, topic, n);
        }
}

static void
test_topic_of_255_bytes (void)
{
  g_autofree char *topic = g_strnfill (255, 't');
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GByteArray) wire = NULL;

  zmqg_command_append (body, ZMQG_COMMAND_SUBSCRIBE, (const guint8 *) topic,
                       255);
  wire = convert (ZMQG_ZMTP_3_0, COMMAND, body->data, body->len);
  g_assert_cmpuint (wire->len, ==, 9 + 256);
  g_assert_cmpmem (wire->data, 11, "\2\0\0\0\0\0\0\1\0\1t", 11);
}

static void
test_other_commands (void)
{
  static const struct
  {
    const guint8 *body;
    gsize size;
  } cases[] = {
    { BYTES ("\4PING\0\0") },
    { BYTES ("\4PONG") },
    { BYTES ("\4JOINg1") },
    { BYTES ("\5LEAVEg1") },
    { BYTES ("\5READY") },
    { BYTES ("\11SUBSCRIBF") },
    { BYTES ("\11SUBSCRIB") },
    { BYTES ("\12SUBSCRIBEx") },
    { BYTES ("\24name-of-twenty-bytes") },
    { BYTES ("") },
  };
  gsize i, j;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    for (j = 0; j < G_N_ELEMENTS (versions); j++)
      {
        g_autoptr (GByteArray) expected = g_byte_array_new ();

        if (versions[j] < ZMQG_ZMTP_3_0)
          {
            assert_dropped (versions[j], cases[i].body, cases[i].size);
            continue;
          }

        g_byte_array_append (expected, (const guint8 *) "\4", 1);
        g_byte_array_append (expected, &(guint8){ (guint8) cases[i].size }, 1);
        g_byte_array_append (expected, cases[i].body, cases[i].size);
        assert_wire (versions[j], COMMAND, cases[i].body, cases[i].size,
                     expected->data, expected->len);
      }
}

/* A message that looks like a command is a message. */
static void
test_messages_are_not_looked_at (void)
{
  assert_wire (ZMQG_ZMTP_3_0, 0, BYTES ("\11SUBSCRIBEab"),
               BYTES ("\0\14\11SUBSCRIBEab"));
  assert_wire (ZMQG_ZMTP_2_0, MORE, BYTES ("\4PING\0\0"),
               BYTES ("\1\7\4PING\0\0"));
  /* What an XSUB sends by hand stays a message for everyone. */
  assert_wire (ZMQG_ZMTP_3_1, 0, BYTES ("\1ab"), BYTES ("\0\3\1ab"));
}

/* For those with a framing of their own: encrypted, or over WebSocket. */
static void
test_payload_without_header (void)
{
  ZmqgConverted out;

  g_assert_true (zmqg_zmtp_convert_header (
      ZMQG_ZMTP_3_0, COMMAND, BYTES ("\11SUBSCRIBEab"), &out));
  g_assert_cmpuint (out.flags, ==, 0);
  g_assert_cmpuint (out.size, ==, 3);
  g_assert_cmpuint (out.prefix_size, ==, 1);
  g_assert_cmpuint (out.header[out.header_size - 1], ==, 1);
  g_assert_cmpuint (out.skip, ==, 10);

  g_assert_true (zmqg_zmtp_convert_header (
      ZMQG_ZMTP_3_0, COMMAND, BYTES ("\4PING\0\0"), &out));
  g_assert_cmpuint (out.flags, ==, COMMAND);
  g_assert_cmpuint (out.size, ==, 7);
  g_assert_cmpuint (out.prefix_size, ==, 0);
}

static void
check_any (const guint8 *data,
           gsize size,
           gpointer user_data)
{
  gsize i;
  guint flags;

  for (i = 0; i < G_N_ELEMENTS (versions); i++)
    for (flags = 0; flags < 8; flags++)
      {
        g_autoptr (GByteArray) wire
            = convert (versions[i], flags, data, size);

        g_assert_true (wire == NULL || wire->len >= 2);
      }
}

static void
test_truncations (void)
{
  for_each_truncation (BYTES ("\11SUBSCRIBE-a-topic-of-some-length"),
                       check_any, NULL);
  for_each_truncation (BYTES ("\6CANCEL-a-topic"), check_any, NULL);
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (RANDOM_SEED);
  int round;

  for (round = 0; round < 2000; round++)
    {
      gsize size = (gsize) g_rand_int_range (rand, 0, 40);
      g_autofree guint8 *data = g_malloc (size);
      gsize i;

      for (i = 0; i < size; i++)
        data[i] = (guint8) g_rand_int (rand);
      check_any (data, size, NULL);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/zmtp/convert/messages-golden",
                   test_messages_golden);
  g_test_add_func ("/zmqg/zmtp/convert/other-flags", test_other_flags);
  g_test_add_func ("/zmqg/zmtp/convert/message-sizes", test_message_sizes);
  g_test_add_func ("/zmqg/zmtp/convert/long-message-golden",
                   test_long_message_golden);
  g_test_add_func ("/zmqg/zmtp/convert/subscriptions-golden",
                   test_subscriptions_golden);
  g_test_add_func ("/zmqg/zmtp/convert/empty-topics", test_empty_topics);
  g_test_add_func ("/zmqg/zmtp/convert/subscription-border",
                   test_subscription_border);
  g_test_add_func ("/zmqg/zmtp/convert/topic-of-255-bytes",
                   test_topic_of_255_bytes);
  g_test_add_func ("/zmqg/zmtp/convert/other-commands", test_other_commands);
  g_test_add_func ("/zmqg/zmtp/convert/messages-are-not-looked-at",
                   test_messages_are_not_looked_at);
  g_test_add_func ("/zmqg/zmtp/convert/payload-without-header",
                   test_payload_without_header);
  g_test_add_func ("/zmqg/zmtp/convert/truncations", test_truncations);
  g_test_add_func ("/zmqg/zmtp/convert/random", test_random);

  return g_test_run ();
}
