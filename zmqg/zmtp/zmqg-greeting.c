/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-greeting-private.h"

#include <string.h>

/* Offsets in a greeting (ZMTP 3.1, section greeting). */
#define OFFSET_REVISION 10
#define OFFSET_MINOR 11 /* or the socket type, in ZMTP 2.0 */
#define OFFSET_MECHANISM 12

#define OUR_MAJOR 3
#define OUR_MINOR 1

static void
fail (ZmqgGreeting *self,
      ZmqgProtocolError protocol_error,
      const char *reason)
{
  self->state = ZMQG_GREETING_FAILED;
  self->protocol_error = protocol_error;
  self->reason = reason;
}

/* Settles on a version before 3.0; FALSE when that is not allowed. */
static gboolean
downgrade (ZmqgGreeting *self,
           ZmqgZmtpVersion version)
{
  self->version = version;

  if (self->allow_downgrade)
    return TRUE;

  fail (self, ZMQG_PROTOCOL_ERROR_NONE,
        version == ZMQG_ZMTP_2_0
            ? "The peer speaks ZMTP 2.0, which has no security"
            : "The peer speaks ZMTP 1.0, which has no security");
  return FALSE;
}

static void
take_signature_byte (ZmqgGreeting *self,
                     guint8 byte)
{
  guint offset = self->n_taken++;

  self->signature[offset] = byte;

  /* Bytes 1 to 8 may be anything. */
  if ((offset == 0 && byte != 0xff) || (offset == 9 && (byte & 1) == 0))
    {
      if (downgrade (self, ZMQG_ZMTP_1_0_UNVERSIONED))
        self->state = ZMQG_GREETING_DONE;
    }
  else if (offset == 9)
    {
      self->n_ready = OFFSET_REVISION + 1;
    }
}

static void
take_revision (ZmqgGreeting *self,
               guint8 byte)
{
  self->n_taken++;
  self->peer_revision = byte;

  if (byte > 1)
    {
      self->n_ready = ZMQG_GREETING_SIZE;
    }
  else if (downgrade (self, byte == 0 ? ZMQG_ZMTP_1_0 : ZMQG_ZMTP_2_0))
    {
      /* A greeting of ZMTP 2.0 ends with the socket type. */
      self->output[OFFSET_MINOR] = self->socket_type;
      self->n_ready = ZMQG_GREETING_SHORT_SIZE;
    }
}

static void
take_minor (ZmqgGreeting *self,
            guint8 byte)
{
  self->n_taken++;

  if (self->version != ZMQG_ZMTP_UNKNOWN)
    {
      self->peer_socket_type = byte;
      self->state = ZMQG_GREETING_DONE;
      return;
    }

  /* Revision 2 is no ZMTP 2.0 to libzmq, whatever ZMTP 3.1 says: what is
   * neither 0, 1 nor 3.0 gets what we speak ourselves. */
  self->peer_minor = byte;
  self->version = self->peer_revision == 3 && byte == 0 ? ZMQG_ZMTP_3_0
                                                        : ZMQG_ZMTP_3_1;
}

/* The mechanism, and as-server and filler, which nobody reads. */
static gsize
take_rest (ZmqgGreeting *self,
           const guint8 *data,
           gsize size)
{
  guint offset = self->n_taken - OFFSET_MECHANISM;

  size = MIN (size, (gsize) (ZMQG_GREETING_SIZE - self->n_taken));
  if (offset < ZMQG_MECHANISM_NAME_SIZE)
    memcpy (self->peer_mechanism + offset, data,
            MIN (size, (gsize) (ZMQG_MECHANISM_NAME_SIZE - offset)));
  self->n_taken += size;

  if (self->n_taken < ZMQG_GREETING_SIZE)
    return size;

  /* The zeros behind the name count too. */
  if (memcmp (self->peer_mechanism, self->output + OFFSET_MECHANISM,
              ZMQG_MECHANISM_NAME_SIZE)
      == 0)
    self->state = ZMQG_GREETING_DONE;
  else
    fail (self, ZMQG_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH,
          "The peer uses another security mechanism");

  return size;
}

/*
 * @mechanism: "NULL", "PLAIN", "CURVE" or "GSSAPI"
 * @socket_type_number: libzmq's number of our socket type, for ZMTP 2.0
 * @routing_id_size: size of our identity
 */
void
zmqg_greeting_init (ZmqgGreeting *self,
                    const char *mechanism,
                    guint8 socket_type_number,
                    gsize routing_id_size)
{
  guint64 be = GUINT64_TO_BE ((guint64) routing_id_size + 1);
  gsize mechanism_size = strlen (mechanism);

  g_assert (mechanism_size <= ZMQG_MECHANISM_NAME_SIZE);

  memset (self, 0, sizeof *self);
  self->allow_downgrade = strcmp (mechanism, "NULL") == 0;
  self->socket_type = socket_type_number;

  /* as-server stays 0, on servers too: that is what libzmq sends. */
  self->output[0] = 0xff;
  memcpy (self->output + 1, &be, sizeof be);
  self->output[9] = 0x7f;
  self->output[OFFSET_REVISION] = OUR_MAJOR;
  self->output[OFFSET_MINOR] = OUR_MINOR;
  memcpy (self->output + OFFSET_MECHANISM, mechanism, mechanism_size);
  self->n_ready = ZMQG_GREETING_SIGNATURE_SIZE;
}

/*
 * Takes what belongs to the greeting from the bytes that the peer sent, and
 * returns how many that were. Fewer than @size only when the state is no
 * longer MORE: the rest is what follows the greeting.
 */
gsize
zmqg_greeting_feed (ZmqgGreeting *self,
                    const guint8 *data,
                    gsize size)
{
  gsize n = 0;

  while (n < size && self->state == ZMQG_GREETING_MORE)
    {
      if (self->n_taken < OFFSET_REVISION)
        take_signature_byte (self, data[n++]);
      else if (self->n_taken == OFFSET_REVISION)
        take_revision (self, data[n++]);
      else if (self->n_taken == OFFSET_MINOR)
        take_minor (self, data[n++]);
      else
        n += take_rest (self, data + n, size - n);
    }

  return n;
}

/* What may be written now; @size is 0 when that is nothing. */
const guint8 *
zmqg_greeting_peek_output (ZmqgGreeting *self,
                           gsize *size)
{
  *size = self->n_ready - self->n_written;
  return self->output + self->n_written;
}

void
zmqg_greeting_output_written (ZmqgGreeting *self,
                              gsize n)
{
  g_assert (n <= (gsize) (self->n_ready - self->n_written));

  self->n_written += n;
}

/*
 * The bytes that were taken for a signature and turned out to be the start
 * of the first frame of a ZMTP 1.0 peer: 1 or 10, else 0.
 */
const guint8 *
zmqg_greeting_peek_leftover (ZmqgGreeting *self,
                             gsize *size)
{
  *size = self->version == ZMQG_ZMTP_1_0_UNVERSIONED ? self->n_taken : 0;
  return self->signature;
}
