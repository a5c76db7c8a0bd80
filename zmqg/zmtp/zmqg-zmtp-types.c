/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-zmtp-types-private.h"

#include <string.h>

/* libzmq's numbers, which ZMTP 2.0 has on the wire. */
enum
{
  PAIR,
  PUB,
  SUB,
  REQ,
  REP,
  DEALER,
  ROUTER,
  PULL,
  PUSH,
  XPUB,
  XSUB,
  STREAM,
  SERVER,
  CLIENT,
  RADIO,
  DISH,
  GATHER,
  SCATTER,
  DGRAM,
  PEER,
  CHANNEL,
};

#define BIT(type) (1u << (type))

/* ZMTP 3.1, section the Socket-Type property; STREAM and DGRAM do not speak
 * ZMTP. */
static const ZmqgZmtpType types[ZMQG_N_ZMTP_TYPES] = {
  [PAIR] = { "PAIR", BIT (PAIR) },
  [PUB] = { "PUB", BIT (SUB) | BIT (XSUB) },
  [SUB] = { "SUB", BIT (PUB) | BIT (XPUB) },
  [REQ] = { "REQ", BIT (REP) | BIT (ROUTER), .sends_identity = TRUE },
  [REP] = { "REP", BIT (REQ) | BIT (DEALER), .wants_identity = TRUE },
  [DEALER] = { "DEALER", BIT (REP) | BIT (DEALER) | BIT (ROUTER),
               .sends_identity = TRUE },
  [ROUTER] = { "ROUTER", BIT (REQ) | BIT (DEALER) | BIT (ROUTER),
               .sends_identity = TRUE, .wants_identity = TRUE },
  [PULL] = { "PULL", BIT (PUSH) },
  [PUSH] = { "PUSH", BIT (PULL) },
  [XPUB] = { "XPUB", BIT (SUB) | BIT (XSUB) },
  [XSUB] = { "XSUB", BIT (PUB) | BIT (XPUB) },
  [STREAM] = { "STREAM", 0 },
  [SERVER] = { "SERVER", BIT (CLIENT) },
  [CLIENT] = { "CLIENT", BIT (SERVER) },
  [RADIO] = { "RADIO", BIT (DISH) },
  [DISH] = { "DISH", BIT (RADIO) },
  [GATHER] = { "GATHER", BIT (SCATTER) },
  [SCATTER] = { "SCATTER", BIT (GATHER) },
  [DGRAM] = { "DGRAM", 0 },
  [PEER] = { "PEER", BIT (PEER) },
  [CHANNEL] = { "CHANNEL", BIT (CHANNEL) },
};

/* The type of that number, or NULL. */
const ZmqgZmtpType *
zmqg_zmtp_type_get (guint number)
{
  return number < ZMQG_N_ZMTP_TYPES ? &types[number] : NULL;
}

/* The type of that name, or NULL; case matters. @size is -1 when @name ends
 * with a zero. */
const ZmqgZmtpType *
zmqg_zmtp_type_find (const char *name,
                     gssize size)
{
  gsize name_size = size < 0 ? strlen (name) : (gsize) size;
  guint i;

  for (i = 0; i < ZMQG_N_ZMTP_TYPES; i++)
    {
      if (strlen (types[i].name) == name_size
          && memcmp (types[i].name, name, name_size) == 0)
        return &types[i];
    }

  return NULL;
}

guint
zmqg_zmtp_type_get_number (const ZmqgZmtpType *self)
{
  return (guint) (self - types);
}

/* Whether sockets of these types may talk to each other. */
gboolean
zmqg_zmtp_types_compatible (const char *ours,
                            const char *theirs)
{
  const ZmqgZmtpType *our_type = zmqg_zmtp_type_find (ours, -1);
  const ZmqgZmtpType *their_type = zmqg_zmtp_type_find (theirs, -1);

  return our_type != NULL && their_type != NULL
         && (our_type->peers & BIT (zmqg_zmtp_type_get_number (their_type)))
                != 0;
}
