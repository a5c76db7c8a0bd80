/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-metadata-private.h"

#include "base/zmqg-error.h"
#include "message/zmqg-frame-private.h"
#include "zmtp/zmqg-command-private.h"
#include "zmtp-test.h"

#define PROPERTY(name, value)                                                 \
  { name, sizeof (name) - 1, (const guint8 *) value, sizeof (value) - 1 }

/* "Socket-Type" and its length, without a value. */
#define TYPE "\13Socket-Type\0\0\0"
#define TYPE_PUSH TYPE "\4PUSH"
#define IDENTITY "\10Identity\0\0\0"

static const ZmqgZmtpType *
type (const char *name)
{
  const ZmqgZmtpType *found = zmqg_zmtp_type_find (name, -1);

  g_assert_nonnull (found);
  return found;
}

static void
test_ready_golden (void)
{
  static const ZmqgProperty properties[] = { PROPERTY ("X-k", "v1") };
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  zmqg_metadata_append_ready (frame, type ("DEALER"), BYTES ("abc"),
                              properties, 1);
  g_assert_cmpmem (frame->data, frame->len,
                   "\4\66\5READY" TYPE "\6"
                   "DEALER" IDENTITY "\3"
                   "abc\3X-k\0\0\0\2v1",
                   2 + 0x36);
}

static void
test_ready_without_identity (void)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  zmqg_metadata_append_ready (frame, type ("SUB"), BYTES ("abc"), NULL, 0);
  g_assert_cmpmem (frame->data, frame->len, "\4\31\5READY" TYPE "\3SUB", 27);
}

/* "Identity (only REQ, DEALER, ROUTER; sent even when empty, length 0)" */
static void
test_identity_by_type (void)
{
  guint number;

  for (number = 0; number < ZMQG_N_ZMTP_TYPES; number++)
    {
      const ZmqgZmtpType *self = zmqg_zmtp_type_get (number);
      g_autoptr (GByteArray) metadata = g_byte_array_new ();
      ZmqgPeerMetadata parsed;

      zmqg_metadata_append (metadata, self, NULL, 0, NULL, 0);
      g_assert_true (zmqg_peer_metadata_parse (
          &parsed, metadata->data, metadata->len, NULL, NULL));
      g_assert_true (parsed.type == self);
      g_assert_cmpuint (parsed.identity_size, ==, 0);
      g_assert_true (parsed.has_identity
                     == (g_str_equal (self->name, "REQ")
                         || g_str_equal (self->name, "DEALER")
                         || g_str_equal (self->name, "ROUTER")));
      g_assert_true (self->wants_identity
                     == (g_str_equal (self->name, "REP")
                         || g_str_equal (self->name, "ROUTER")));
    }
}

static void
test_properties_are_sorted (void)
{
  static const ZmqgProperty properties[] = {
    PROPERTY ("X-b", "1"),    PROPERTY ("X-\377", "2"), PROPERTY ("X-aa", "3"),
    PROPERTY ("X-a", "4"),    PROPERTY ("X-B", "5"),    PROPERTY ("X-", "6"),
    PROPERTY ("X-a-", ""),
  };
  g_autoptr (GByteArray) metadata = g_byte_array_new ();

  zmqg_metadata_append (metadata, type ("PUSH"), NULL, 0, properties,
                        G_N_ELEMENTS (properties));
  g_assert_cmpmem (metadata->data, metadata->len,
                   TYPE_PUSH "\2X-\0\0\0\0016"
                             "\3X-B\0\0\0\0015"
                             "\3X-a\0\0\0\0014"
                             "\4X-a-\0\0\0\0"
                             "\4X-aa\0\0\0\0013"
                             "\3X-b\0\0\0\0011"
                             "\3X-\377\0\0\0\0012",
                   20 + 8 + 9 + 9 + 9 + 10 + 9 + 9);
}

static void
test_long_ready (void)
{
  g_autofree char *value = g_strnfill (300, 'v');
  g_autofree char *name = g_strnfill (255, 'n');
  const ZmqgProperty property
      = { name, 255, (const guint8 *) value, 300 };
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  ZmqgPeerMetadata parsed;
  const guint8 *found;
  gsize found_size, header_size;
  guint64 size = 0;
  guint flags = 0;

  zmqg_metadata_append_ready (frame, type ("PULL"), NULL, 0, &property, 1);
  header_size
      = zmqg_frame_decode_header (frame->data, frame->len, &flags, &size);
  g_assert_cmpuint (header_size, ==, 9);
  g_assert_cmpuint (flags, ==, ZMQG_FRAME_COMMAND | ZMQG_FRAME_LONG);
  g_assert_cmpuint (size, ==, frame->len - 9);
  g_assert_cmpuint (size, ==, 6 + 20 + 1 + 255 + 4 + 300);

  g_assert_true (zmqg_peer_metadata_parse (&parsed, frame->data + 9 + 6,
                                           size - 6, type ("PUSH"), NULL));
  g_assert_true (zmqg_peer_metadata_lookup (&parsed, name, &found,
                                            &found_size));
  g_assert_cmpmem (found, found_size, value, 300);
}

typedef enum
{
  ACCEPTED,
  MALFORMED,
  INCOMPATIBLE,
} Outcome;

static Outcome
parse (ZmqgPeerMetadata *parsed,
       const guint8 *data,
       gsize size,
       const char *our_type)
{
  g_autoptr (GError) error = NULL;

  if (zmqg_peer_metadata_parse (parsed, data, size, type (our_type), &error))
    {
      g_assert_no_error (error);
      return ACCEPTED;
    }
  g_assert_nonnull (error);
  if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_INCOMPATIBLE))
    return INCOMPATIBLE;
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL);
  return MALFORMED;
}

/* What a PULL socket of libzmq does with these, as measured. */
static void
test_outcomes (void)
{
  static const struct
  {
    const guint8 *data;
    gsize size;
    Outcome outcome;
  } cases[] = {
    { BYTES (""), ACCEPTED },
    { BYTES (TYPE_PUSH), ACCEPTED },
    { BYTES ("\2X-\0\0\0\1v"), ACCEPTED },
    /* One trailing byte. */
    { BYTES ("\0"), MALFORMED },
    { BYTES (TYPE_PUSH "\0"), MALFORMED },
    { BYTES (TYPE_PUSH "\1"), MALFORMED },
    /* Cut off so that exactly nothing remains. */
    { BYTES (TYPE_PUSH "\1a"), ACCEPTED },
    { BYTES (TYPE_PUSH "\1a\0\0\0\5"), ACCEPTED },
    { BYTES (TYPE_PUSH "\2aa\377\377\377\377"), ACCEPTED },
    /* Cut off elsewhere. */
    { BYTES (TYPE_PUSH "\1a\0"), MALFORMED },
    { BYTES (TYPE_PUSH "\1a\0\0"), MALFORMED },
    { BYTES (TYPE_PUSH "\1a\0\0\0"), MALFORMED },
    { BYTES (TYPE_PUSH "\1a\0\0\0\5b"), MALFORMED },
    { BYTES (TYPE_PUSH "\1a\377\377\377\377b"), MALFORMED },
    { BYTES ("\5a"), MALFORMED },
    { BYTES ("\377abc"), MALFORMED },
    /* Names of no bytes, values of no bytes. */
    { BYTES (TYPE_PUSH "\0\0\0\0\0"), ACCEPTED },
    { BYTES (TYPE_PUSH "\0\0\0\0\1v"), ACCEPTED },
    { BYTES (TYPE "\0"), INCOMPATIBLE },
    /* Names are compared with case. */
    { BYTES ("\13socket-type\0\0\0\3PUB"), ACCEPTED },
    { BYTES (TYPE "\4push"), INCOMPATIBLE },
    { BYTES (TYPE "\3PUB"), INCOMPATIBLE },
    { BYTES (TYPE "\5PUSH\0"), INCOMPATIBLE },
    { BYTES (TYPE "\3PUS"), INCOMPATIBLE },
    /* Each of several must fit. */
    { BYTES (TYPE_PUSH TYPE_PUSH), ACCEPTED },
    { BYTES (TYPE_PUSH TYPE "\3PUB"), INCOMPATIBLE },
    { BYTES (TYPE "\3PUB" TYPE_PUSH), INCOMPATIBLE },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree guint8 *data = g_memdup2 (cases[i].data, cases[i].size);
      ZmqgPeerMetadata parsed;

      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (parse (&parsed, data, cases[i].size, "PULL"), ==,
                       cases[i].outcome);
    }
}

/* Starts of metadata are good at the borders of properties, and behind a
 * name or a value's size when nothing follows. */
static void
check_truncation (const guint8 *data,
                  gsize size,
                  gpointer user_data)
{
  ZmqgPeerMetadata parsed;
  gboolean good = size == 0 || size == 12 || size == 16 || size == 20
                  || size == 24 || size == 28 || size == 30;

  g_assert_cmpint (parse (&parsed, data, size, "PULL"), ==,
                   good ? ACCEPTED : MALFORMED);
  g_assert_true ((parsed.type != NULL) == (size >= 20));
}

static void
test_truncations (void)
{
  for_each_truncation (BYTES (TYPE_PUSH "\3X-k\0\0\0\2v1"), check_truncation,
                       NULL);
}

static void
test_missing_socket_type (void)
{
  ZmqgPeerMetadata parsed;

  g_assert_cmpint (parse (&parsed, BYTES (IDENTITY "\1i"), "ROUTER"), ==,
                   ACCEPTED);
  g_assert_null (parsed.type);
  g_assert_true (parsed.has_identity);
}

static void
test_duplicates (void)
{
  ZmqgPeerMetadata parsed;
  const guint8 *value;
  gsize value_size;

  g_assert_cmpint (
      parse (&parsed,
             BYTES (TYPE "\3REQ" IDENTITY "\1a" TYPE "\6"
                         "DEALER" IDENTITY "\2bb"
                         "\3X-k\0\0\0\0011\3X-k\0\0\0\0012"),
             "ROUTER"),
      ==, ACCEPTED);
  g_assert_cmpstr (parsed.type->name, ==, "REQ");
  g_assert_cmpmem (parsed.identity, parsed.identity_size, "bb", 2);

  g_assert_true (zmqg_peer_metadata_lookup (&parsed, "X-k", &value,
                                            &value_size));
  g_assert_cmpmem (value, value_size, "1", 1);
  g_assert_true (zmqg_peer_metadata_lookup (&parsed, "Identity", &value,
                                            &value_size));
  g_assert_cmpmem (value, value_size, "a", 1);
  g_assert_true (zmqg_peer_metadata_lookup (&parsed, "Socket-Type", &value,
                                            &value_size));
  g_assert_cmpmem (value, value_size, "REQ", 3);
  g_assert_false (zmqg_peer_metadata_lookup (&parsed, "X-K", &value,
                                             &value_size));
  g_assert_false (zmqg_peer_metadata_lookup (&parsed, "X-", &value,
                                             &value_size));
}

/* "any length incl. >255 and leading zero accepted" */
static void
test_odd_identities (void)
{
  g_autoptr (GByteArray) metadata = g_byte_array_new ();
  g_autofree guint8 *identity = g_malloc0 (1000);
  ZmqgPeerMetadata parsed;

  zmqg_metadata_append (metadata, type ("DEALER"), identity, 1000, NULL, 0);
  g_assert_cmpint (parse (&parsed, metadata->data, metadata->len, "ROUTER"),
                   ==, ACCEPTED);
  g_assert_cmpmem (parsed.identity, parsed.identity_size, identity, 1000);
}

static void
test_iter (void)
{
  ZmqgMetadataIter iter = { BYTES (TYPE_PUSH "\1a\0\0\0\0\1b") };
  ZmqgProperty property;

  g_assert_cmpint (zmqg_metadata_iter_next (&iter, &property), ==,
                   ZMQG_METADATA_PROPERTY);
  g_assert_cmpmem (property.name, property.name_size, "Socket-Type", 11);
  g_assert_cmpmem (property.value, property.value_size, "PUSH", 4);
  g_assert_cmpint (zmqg_metadata_iter_next (&iter, &property), ==,
                   ZMQG_METADATA_PROPERTY);
  g_assert_cmpmem (property.name, property.name_size, "a", 1);
  g_assert_cmpuint (property.value_size, ==, 0);
  /* The cut-off one, however often it is asked for. */
  g_assert_cmpint (zmqg_metadata_iter_next (&iter, &property), ==,
                   ZMQG_METADATA_END);
  g_assert_cmpint (zmqg_metadata_iter_next (&iter, &property), ==,
                   ZMQG_METADATA_END);
}

static const char *const type_names[ZMQG_N_ZMTP_TYPES] = {
  "PAIR",   "PUB",  "SUB",  "REQ",    "REP",    "DEALER",  "ROUTER",
  "PULL",   "PUSH", "XPUB", "XSUB",   "STREAM", "SERVER",  "CLIENT",
  "RADIO",  "DISH", "GATHER", "SCATTER", "DGRAM", "PEER", "CHANNEL",
};

static void
test_type_table (void)
{
  guint i;

  for (i = 0; i < ZMQG_N_ZMTP_TYPES; i++)
    {
      const ZmqgZmtpType *self = zmqg_zmtp_type_get (i);

      g_assert_cmpstr (self->name, ==, type_names[i]);
      g_assert_cmpuint (zmqg_zmtp_type_get_number (self), ==, i);
      g_assert_true (zmqg_zmtp_type_find (type_names[i], -1) == self);
    }
  g_assert_null (zmqg_zmtp_type_get (ZMQG_N_ZMTP_TYPES));
  g_assert_null (zmqg_zmtp_type_get (G_MAXUINT));
  g_assert_null (zmqg_zmtp_type_find ("XREQ", -1));
  g_assert_null (zmqg_zmtp_type_find ("", 0));
  g_assert_null (zmqg_zmtp_type_find ("PUBX", -1));
  g_assert_true (zmqg_zmtp_type_find ("PUBX", 3) == zmqg_zmtp_type_get (1));
}

/* The table of RFC 37, as written there; every other pair is refused. */
static void
test_compatible_types (void)
{
  static const char *const pairs[] = {
    "REQ REP",      "REQ ROUTER",    "REP REQ",         "REP DEALER",
    "DEALER REP",   "DEALER DEALER", "DEALER ROUTER",   "ROUTER REQ",
    "ROUTER DEALER", "ROUTER ROUTER", "PUB SUB",        "PUB XSUB",
    "XPUB SUB",     "XPUB XSUB",     "SUB PUB",         "SUB XPUB",
    "XSUB PUB",     "XSUB XPUB",     "PUSH PULL",       "PULL PUSH",
    "PAIR PAIR",    "CLIENT SERVER", "SERVER CLIENT",   "RADIO DISH",
    "DISH RADIO",   "SCATTER GATHER", "GATHER SCATTER", "PEER PEER",
    "CHANNEL CHANNEL",
  };
  guint i, j, k;

  for (i = 0; i < ZMQG_N_ZMTP_TYPES; i++)
    for (j = 0; j < ZMQG_N_ZMTP_TYPES; j++)
      {
        g_autofree char *pair
            = g_strdup_printf ("%s %s", type_names[i], type_names[j]);
        gboolean expected = FALSE;

        for (k = 0; k < G_N_ELEMENTS (pairs); k++)
          expected |= g_str_equal (pairs[k], pair);
        g_assert_true (
            zmqg_zmtp_types_compatible (type_names[i], type_names[j])
            == expected);
      }

  g_assert_false (zmqg_zmtp_types_compatible ("PUSH", "pull"));
  g_assert_false (zmqg_zmtp_types_compatible ("PUSH", ""));
  g_assert_false (zmqg_zmtp_types_compatible ("nothing", "PULL"));
}

static void
check_random (const guint8 *data,
              gsize size,
              gpointer user_data)
{
  ZmqgMetadataIter iter = { data, size };
  ZmqgPeerMetadata parsed;
  ZmqgProperty property;
  Outcome outcome;

  while (zmqg_metadata_iter_next (&iter, &property) == ZMQG_METADATA_PROPERTY)
    {
      g_assert_true ((const guint8 *) property.name > data);
      g_assert_true (property.value + property.value_size <= data + size);
    }
  g_assert_true (iter.size <= size);

  outcome = parse (&parsed, data, size, "PULL");
  if (outcome == ACCEPTED && parsed.has_identity)
    g_assert_true (parsed.identity + parsed.identity_size <= data + size);
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

  g_test_add_func ("/zmqg/zmtp/metadata/ready-golden", test_ready_golden);
  g_test_add_func ("/zmqg/zmtp/metadata/ready-without-identity",
                   test_ready_without_identity);
  g_test_add_func ("/zmqg/zmtp/metadata/identity-by-type",
                   test_identity_by_type);
  g_test_add_func ("/zmqg/zmtp/metadata/properties-are-sorted",
                   test_properties_are_sorted);
  g_test_add_func ("/zmqg/zmtp/metadata/long-ready", test_long_ready);
  g_test_add_func ("/zmqg/zmtp/metadata/outcomes", test_outcomes);
  g_test_add_func ("/zmqg/zmtp/metadata/truncations", test_truncations);
  g_test_add_func ("/zmqg/zmtp/metadata/missing-socket-type",
                   test_missing_socket_type);
  g_test_add_func ("/zmqg/zmtp/metadata/duplicates", test_duplicates);
  g_test_add_func ("/zmqg/zmtp/metadata/odd-identities", test_odd_identities);
  g_test_add_func ("/zmqg/zmtp/metadata/iter", test_iter);
  g_test_add_func ("/zmqg/zmtp/metadata/random", test_random);
  g_test_add_func ("/zmqg/zmtp/types/table", test_type_table);
  g_test_add_func ("/zmqg/zmtp/types/compatible", test_compatible_types);

  return g_test_run ();
}
