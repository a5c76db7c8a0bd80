/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-connection-private.h"
#include "base/zmqg-error.h"
#include "engine/zmqg-heartbeat-private.h"
#include "security/zmqg-mechanism-private.h"

/*
 * What zmqg-connection.c (life, traffic) and zmqg-connection-handshake.c share.
 */

typedef enum
{
  STATE_GREETING,
  STATE_MECHANISM, /* ZMTP 3: commands to and fro */
  STATE_IDENTITY,  /* ZMTP 1 and 2: the first frame is the identity */
  STATE_FLUSH,     /* all was received, our part is not all written yet */
  STATE_TRAFFIC,
  STATE_CLOSED,
} ConnectionState;

struct _ZmqgConnection
{
  guint refs;
  ZmqgFdWatch watch;
  ZmqgEngine *engine;
  ZmqgClient *client;
  ZmqgOptions *options;
  ZmqgTag *endpoint;
  const ZmqgConnectionOwner *ops;
  gpointer owner;

  ZmqgLink *link;
  GPollableInputStream *input_stream; /* when there is no descriptor */
  GPollableOutputStream *output_stream;
  GSource *input_source;
  GSource *output_source;

  ConnectionState state;
  ZmqgGreeting greeting;
  ZmqgMechanism *mechanism;
  GBytes *identity;   /* the peer's, of ZMTP 1 and 2 */
  GByteArray *input;  /* of the handshake, not yet taken */
  GByteArray *output; /* of the handshake, not yet written */
  ZmqgTimer handshake;
  ZmqgEventType failure; /* what monitors are told when the handshake fails;
                          * 0: only that the connection is over */
  int failure_value;
  ZmqgHeartbeat heartbeat;

  ZmqgSession *session; /* counted */
  gboolean want_output; /* the kernel's buffer is full */
  gboolean paused;      /* no room for what would be read */
  GError *write_error;  /* nothing can be written any more */
};

ZmqgConnection *zmqg_connection_ref (ZmqgConnection *self);

/* Closes, with a reason that names the peer. */
void zmqg_connection_fail (ZmqgConnection *self, ZmqgError code,
                           const char *what);

/* The same; takes @error. */
void zmqg_connection_fail_with (ZmqgConnection *self, GError *error);

/* What monitors are told of it beside that the connection is over; 0 for
 * nothing. Before it fails. */
static inline void
zmqg_connection_set_failure (ZmqgConnection *self,
                             ZmqgEventType type,
                             int value)
{
  self->failure = type;
  self->failure_value = value;
}

/* Tells them, in the name of the peer. */
void zmqg_connection_report (ZmqgConnection *self, ZmqgEventType type,
                             int value, ZmqgPeerRecord *record,
                             const GError *error);

/* Waits for what is wanted now. */
void zmqg_connection_update_watch (ZmqgConnection *self);

/* As a ZmqgReadFunc. */
gssize zmqg_connection_read_ranges (ZmqgConnection *self,
                                    struct iovec *ranges, guint n,
                                    GError **error);

/* --- Handshake ---------------------------------------------------------- */

/* Our first bytes, and what follows from the peer's. */
void zmqg_connection_start_handshake_output (ZmqgConnection *self);
void zmqg_connection_read_handshake (ZmqgConnection *self);

/* Writes our part; traffic starts when both are through. */
void zmqg_connection_advance_handshake (ZmqgConnection *self);

/* The routing id of the socket, nullable. */
const guint8 *zmqg_connection_own_identity (ZmqgConnection *self,
                                            gsize *size);

/* --- Traffic ------------------------------------------------------------ */

void zmqg_connection_run_output (ZmqgConnection *self);
void zmqg_connection_note_pause (ZmqgConnection *self);
void zmqg_connection_kick (ZmqgConnection *self, guint events);
void zmqg_connection_drop (ZmqgConnection *self);
void zmqg_connection_handle_command (ZmqgInbound *inbound,
                                     const ZmqgCommand *command);

/* What commands were read that ask for something. */
void zmqg_connection_act_upon_commands (ZmqgConnection *self);
