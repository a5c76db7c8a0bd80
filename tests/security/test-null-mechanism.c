/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "security/zmqg-mechanism-private.h"

#include "base/zmqg-error.h"
#include "zmtp/zmtp-test.h"

#define GOOD_READY BYTES ("\5READY\13Socket-Type\0\0\0\4PULL")

typedef struct
{
  ZmqgMechanism *mechanism;
  GByteArray *output;
  ZmqgProtocolError protocol_error; /* of the last command */
  GError *error;
} Handshake;

static void
handshake_start (Handshake *self,
                 const char *type,
                 const char *routing_id)
{
  g_autoptr (GBytes) bytes = NULL;
  ZmqgHandshakeInfo info = { .type = zmqg_zmtp_type_find (type, -1) };

  if (routing_id != NULL)
    bytes = g_bytes_new (routing_id, strlen (routing_id));
  info.routing_id = bytes;

  g_assert_nonnull (info.type);
  *self = (Handshake) { .output = g_byte_array_new () };
  self->mechanism = zmqg_null_mechanism.start (&info, self->output);
  g_assert_nonnull (self->mechanism);
  g_assert_true (self->mechanism->ops == &zmqg_null_mechanism);
}

/* The command is gone when the mechanism has had it, and nothing is ever
 * answered: all there is to say was said at the start. */
static ZmqgMechanismState
handshake_feed (Handshake *self,
                const guint8 *body,
                gsize size)
{
  guint8 *copy = g_memdup2 (body, size);
  guint n_before = self->output->len;
  ZmqgMechanismState state;

  g_clear_error (&self->error);
  self->protocol_error = ZMQG_PROTOCOL_ERROR_NONE;
  state = zmqg_null_mechanism.handle (self->mechanism, copy, size,
                                      self->output, &self->protocol_error,
                                      &self->error);
  g_assert_cmpuint (self->output->len, ==, n_before);
  g_assert_cmpint (state == ZMQG_MECHANISM_FAILED, ==, self->error != NULL);
  if (copy != NULL)
    memset (copy, 0xff, size);
  g_free (copy);
  return state;
}

static void
handshake_end (Handshake *self)
{
  zmqg_null_mechanism.free (self->mechanism);
  g_byte_array_unref (self->output);
  g_clear_error (&self->error);
}

static void
expect_failure (Handshake *self,
                const guint8 *body,
                gsize size,
                ZmqgError code,
                ZmqgProtocolError protocol_error)
{
  g_assert_cmpint (handshake_feed (self, body, size), ==,
                   ZMQG_MECHANISM_FAILED);
  g_assert_error (self->error, ZMQG_ERROR, (int) code);
  g_assert_cmphex (self->protocol_error, ==, protocol_error);
}

/* The same, of a new handshake. */
static void
expect_refused (const char *type,
                const guint8 *body,
                gsize size,
                ZmqgError code,
                ZmqgProtocolError protocol_error)
{
  Handshake self;

  handshake_start (&self, type, NULL);
  expect_failure (&self, body, size, code, protocol_error);
  handshake_end (&self);
}

/* --- What is sent ------------------------------------------------------- */

static void
test_start (void)
{
  static const struct
  {
    const char *type;
    const char *routing_id;
    const guint8 *frame;
    gsize size;
  } cases[] = {
    { "PUSH", NULL,
      BYTES ("\4\32\5READY\13Socket-Type\0\0\0\4PUSH") },
    /* Only some types tell it, and those also when it is empty. */
    { "PUSH", "abc",
      BYTES ("\4\32\5READY\13Socket-Type\0\0\0\4PUSH") },
    { "DEALER", "abc",
      BYTES ("\4\54\5READY\13Socket-Type\0\0\0\6DEALER"
             "\10Identity\0\0\0\3abc") },
    { "REQ", NULL,
      BYTES ("\4\46\5READY\13Socket-Type\0\0\0\3REQ"
             "\10Identity\0\0\0\0") },
  };

  g_assert_cmpstr (zmqg_null_mechanism.name, ==, "NULL");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Handshake self;

      handshake_start (&self, cases[i].type, cases[i].routing_id);
      g_assert_cmpmem (self.output->data, self.output->len, cases[i].frame,
                       cases[i].size);
      handshake_end (&self);
    }
}

/* --- READY -------------------------------------------------------------- */

static void
test_ready (void)
{
  const ZmqgPeerMetadata *metadata;
  const guint8 *value;
  gsize size;
  Handshake self;

  handshake_start (&self, "ROUTER", NULL);
  g_assert_cmpint (
    handshake_feed (&self, BYTES ("\5READY\13Socket-Type\0\0\0\6DEALER"
                                  "\10Identity\0\0\0\3abc"
                                  "\3X-k\0\0\0\2v1")),
    ==, ZMQG_MECHANISM_READY);
  g_assert_no_error (self.error);
  g_assert_cmphex (self.protocol_error, ==, ZMQG_PROTOCOL_ERROR_NONE);

  /* They live longer than the command. */
  metadata = zmqg_null_mechanism.get_metadata (self.mechanism);
  g_assert_cmpstr (metadata->type->name, ==, "DEALER");
  g_assert_true (metadata->has_identity);
  g_assert_cmpmem (metadata->identity, metadata->identity_size, "abc", 3);
  g_assert_true (zmqg_peer_metadata_lookup (metadata, "X-k", &value, &size));
  g_assert_cmpmem (value, size, "v1", 2);
  g_assert_false (zmqg_peer_metadata_lookup (metadata, "X-l", &value, &size));
  handshake_end (&self);
}

/* A peer need not tell anything. */
static void
test_ready_empty (void)
{
  const ZmqgPeerMetadata *metadata;
  Handshake self;

  handshake_start (&self, "PUSH", NULL);
  g_assert_cmpint (handshake_feed (&self, BYTES ("\5READY")), ==,
                   ZMQG_MECHANISM_READY);
  metadata = zmqg_null_mechanism.get_metadata (self.mechanism);
  g_assert_null (metadata->type);
  g_assert_false (metadata->has_identity);
  handshake_end (&self);
}

static void
test_ready_twice (void)
{
  static const struct
  {
    const guint8 *first;
    gsize first_size;
    const guint8 *second;
    gsize second_size;
  } cases[] = {
    { GOOD_READY, GOOD_READY },
    { BYTES ("\5READY"), BYTES ("\5READY") },
    { BYTES ("\5READY"), GOOD_READY },
    /* Whatever is in the second. */
    { GOOD_READY, BYTES ("\5READY\1") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Handshake self;

      handshake_start (&self, "PUSH", NULL);
      g_assert_cmpint (handshake_feed (&self, cases[i].first,
                                       cases[i].first_size),
                       ==, ZMQG_MECHANISM_READY);
      expect_failure (&self, cases[i].second, cases[i].second_size,
                      ZMQG_ERROR_PROTOCOL,
                      ZMQG_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND);

      /* What the first one told stays. */
      if (cases[i].first_size > strlen ("\5READY"))
        g_assert_cmpstr (zmqg_null_mechanism.get_metadata (self.mechanism)
                           ->type->name,
                         ==, "PULL");
      handshake_end (&self);
    }
}

static void
test_incompatible (void)
{
  expect_refused ("PUSH", BYTES ("\5READY\13Socket-Type\0\0\0\3SUB"),
                  ZMQG_ERROR_INCOMPATIBLE, ZMQG_PROTOCOL_ERROR_NONE);
  expect_refused ("PUSH", BYTES ("\5READY\13Socket-Type\0\0\0\4PUSH"),
                  ZMQG_ERROR_INCOMPATIBLE, ZMQG_PROTOCOL_ERROR_NONE);
  expect_refused ("PUSH", BYTES ("\5READY\13Socket-Type\0\0\0\4PULK"),
                  ZMQG_ERROR_INCOMPATIBLE, ZMQG_PROTOCOL_ERROR_NONE);
  expect_refused ("PUSH", BYTES ("\5READY\13Socket-Type\0\0\0\0"),
                  ZMQG_ERROR_INCOMPATIBLE, ZMQG_PROTOCOL_ERROR_NONE);
}

/* Monitors learn no more of it than that the connection ended, as libzmq has
 * it with this mechanism. */
static void
test_malformed_metadata (void)
{
  static const struct
  {
    const guint8 *body;
    gsize size;
  } cases[] = {
    { BYTES ("\5READY\0") },
    { BYTES ("\5READY\13") },
    { BYTES ("\5READY\13Socket") },
    { BYTES ("\5READY\13Socket-Type\0") },
    { BYTES ("\5READY\13Socket-Type\0\0\0\5PULL") },
    { BYTES ("\5READY\13Socket-Type\377\377\377\377PULL") },
    { BYTES ("\5READY\13Socket-Type\0\0\0\4PULL\1") },
    { BYTES ("\5READY\13Socket-Type\0\0\0\4PULL\3X-") },
    { BYTES ("\5READY\13Socket-Type\0\0\0\4PULL\3X-k\0\0\0\2v") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    expect_refused ("PUSH", cases[i].body, cases[i].size, ZMQG_ERROR_PROTOCOL,
                    ZMQG_PROTOCOL_ERROR_NONE);
}

/* --- ERROR -------------------------------------------------------------- */

static void
expect_reason (const guint8 *body,
               gsize size,
               const char *reason)
{
  Handshake self;

  handshake_start (&self, "PUSH", NULL);
  expect_failure (&self, body, size, ZMQG_ERROR_AUTHENTICATION,
                  ZMQG_PROTOCOL_ERROR_NONE);
  g_assert_true (g_str_has_suffix (self.error->message, reason));
  g_assert_true (g_utf8_validate (self.error->message, -1, NULL));
  handshake_end (&self);
}

static void
test_error (void)
{
  /* With the status of an authenticator, */
  expect_reason (BYTES ("\5ERROR\003300"), ": 300");
  expect_reason (BYTES ("\5ERROR\003400"), ": 400");
  expect_reason (BYTES ("\5ERROR\003500"), ": 500");

  /* and without. */
  expect_reason (BYTES ("\5ERROR\003600"), ": 600");
  expect_reason (BYTES ("\5ERROR\011forbidden"), ": forbidden");
  expect_reason (BYTES ("\5ERROR\0"), ": ");
  /* What follows the reason is nothing. */
  expect_reason (BYTES ("\5ERROR\002noise"), ": no");
  /* Peers may send what they like. */
  expect_reason (BYTES ("\5ERROR\002a\377"), ": a\357\277\275");
}

static void
test_malformed_error (void)
{
  expect_refused ("PUSH", BYTES ("\5ERROR"), ZMQG_ERROR_PROTOCOL,
                  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_ERROR);
  expect_refused ("PUSH", BYTES ("\5ERROR\1"), ZMQG_ERROR_PROTOCOL,
                  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_ERROR);
  expect_refused ("PUSH", BYTES ("\5ERROR\00440"), ZMQG_ERROR_PROTOCOL,
                  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_ERROR);
  expect_refused ("PUSH", BYTES ("\5ERROR\377400"), ZMQG_ERROR_PROTOCOL,
                  ZMQG_PROTOCOL_ERROR_ZMTP_MALFORMED_ERROR);
}

/* --- Anything else ------------------------------------------------------ */

static void
test_unexpected (void)
{
  static const struct
  {
    const guint8 *body;
    gsize size;
  } cases[] = {
    { BYTES ("") },
    { BYTES ("\0") },
    { BYTES ("\5") },
    { BYTES ("\5READ") },
    { BYTES ("\5ready") },
    { BYTES ("\6READYX") },
    { BYTES ("\4PING\0\12ctx") },
    { BYTES ("\4PONGctx") },
    { BYTES ("\11SUBSCRIBEab") },
    { BYTES ("\5HELLO\1u\2pw") },
    { BYTES ("\7WELCOME") },
    { BYTES ("\10INITIATE") },
    { BYTES ("hello") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    expect_refused ("PUSH", cases[i].body, cases[i].size, ZMQG_ERROR_PROTOCOL,
                    ZMQG_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND);
}

static void
check_any (const guint8 *data,
           gsize size,
           gpointer user_data G_GNUC_UNUSED)
{
  Handshake self;

  handshake_start (&self, "ROUTER", "id");
  handshake_feed (&self, data, size);
  handshake_end (&self);
}

/* Nothing that a peer sends does harm. */
static void
test_random (void)
{
  for_each_truncation (BYTES ("\5READY\13Socket-Type\0\0\0\6DEALER"
                              "\10Identity\0\0\0\3abc\3X-k\0\0\0\2v1"),
                       check_any, NULL);
  for_each_truncation (BYTES ("\5ERROR\011forbidden"), check_any, NULL);
  for_random_bytes (check_any, NULL);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/security/null/start", test_start);
  g_test_add_func ("/zmqg/security/null/ready", test_ready);
  g_test_add_func ("/zmqg/security/null/ready-empty", test_ready_empty);
  g_test_add_func ("/zmqg/security/null/ready-twice", test_ready_twice);
  g_test_add_func ("/zmqg/security/null/incompatible", test_incompatible);
  g_test_add_func ("/zmqg/security/null/malformed-metadata",
                   test_malformed_metadata);
  g_test_add_func ("/zmqg/security/null/error", test_error);
  g_test_add_func ("/zmqg/security/null/malformed-error",
                   test_malformed_error);
  g_test_add_func ("/zmqg/security/null/unexpected", test_unexpected);
  g_test_add_func ("/zmqg/security/null/random", test_random);

  return g_test_run ();
}
