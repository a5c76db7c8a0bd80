/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmtp/zmqg-protocol-error-private.h"

G_BEGIN_DECLS

/* What is spoken with a peer after the greeting, oldest first. */
typedef enum
{
  ZMQG_ZMTP_UNKNOWN,
  ZMQG_ZMTP_RAW, /* no ZMTP at all: bytes as they are, and no greeting */
  ZMQG_ZMTP_1_0_UNVERSIONED, /* ZMTP 1.0 framing, the peer has no greeting */
  ZMQG_ZMTP_1_0,             /* ZMTP 1.0 framing behind a greeting */
  ZMQG_ZMTP_2_0,
  ZMQG_ZMTP_3_0, /* subscriptions are messages */
  ZMQG_ZMTP_3_1,
} ZmqgZmtpVersion;

typedef enum
{
  ZMQG_GREETING_MORE, /* wants more of the peer's bytes */
  ZMQG_GREETING_DONE,
  ZMQG_GREETING_FAILED,
} ZmqgGreetingState;

#define ZMQG_GREETING_SIGNATURE_SIZE 10
#define ZMQG_GREETING_SHORT_SIZE 12
#define ZMQG_GREETING_SIZE 64
#define ZMQG_MECHANISM_NAME_SIZE 20

/*
 * ZmqgGreeting: both directions of the ZMTP greeting, and the detection of
 * the peer's version (ZMTP 3.1, sections greeting and version negotiation).
 *
 * Lives by value in a connection, and owns no memory. Feed it what arrives
 * until it is no longer in MORE, and write what peek_output () shows. Output
 * may be left when the state is DONE: it goes before anything else.
 *
 * With a peer of ZMTP 1.0 without a greeting our signature is the header of
 * our identity frame, so that the identity's bytes, without a header, have to
 * follow the output. The identity size in the signature is for them.
 */
typedef struct
{
  ZmqgGreetingState state;
  ZmqgZmtpVersion version;

  /* For FAILED; the reason is a static string. */
  ZmqgProtocolError protocol_error;
  const char *reason;

  /* Whether peers of ZMTP 1 and 2 are accepted. Set by init for the
   * mechanism NULL; owners with other reasons against them clear it. */
  gboolean allow_downgrade;

  guint8 peer_revision;    /* the major version, as the peer sent it */
  guint8 peer_minor;       /* for ZMTP 3 */
  guint8 peer_socket_type; /* for revisions 0 and 1 */
  char peer_mechanism[ZMQG_MECHANISM_NAME_SIZE + 1];

  /*< private >*/
  guint8 signature[ZMQG_GREETING_SIGNATURE_SIZE]; /* the peer's */
  guint8 n_taken; /* bytes of the peer */

  guint8 socket_type;
  guint8 output[ZMQG_GREETING_SIZE]; /* our whole greeting of ZMTP 3 … */
  guint8 n_ready;                    /* … of which so much may be written */
  guint8 n_written;
} ZmqgGreeting;

void          zmqg_greeting_init           (ZmqgGreeting *self,
                                            const char   *mechanism,
                                            guint8        socket_type_number,
                                            gsize         routing_id_size);
gsize         zmqg_greeting_feed           (ZmqgGreeting *self,
                                            const guint8 *data,
                                            gsize         size);
const guint8 *zmqg_greeting_peek_output    (ZmqgGreeting *self,
                                            gsize        *size);
void          zmqg_greeting_output_written (ZmqgGreeting *self,
                                            gsize         n);
const guint8 *zmqg_greeting_peek_leftover  (ZmqgGreeting *self,
                                            gsize        *size);

G_END_DECLS
