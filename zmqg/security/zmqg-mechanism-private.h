/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmtp/zmqg-metadata-private.h"
#include "zmtp/zmqg-protocol-error-private.h"

/*
 * ZmqgMechanism: how two peers make themselves known to each other between
 * greeting and traffic. Pure: commands go in, commands come out. One thread
 * at a time, no lock needed.
 */
typedef struct _ZmqgMechanism ZmqgMechanism;

/* What both peers tell of themselves in READY. Borrowed for the handshake. */
typedef struct
{
  const ZmqgZmtpType *type;
  GBytes *routing_id; /* nullable */
  GPtrArray *metadata; /* nullable: names and values in turn, char * */
} ZmqgHandshakeInfo;

typedef enum
{
  ZMQG_MECHANISM_WORKING,
  ZMQG_MECHANISM_READY, /* the peer's part is complete, and so is ours */
  ZMQG_MECHANISM_FAILED,
} ZmqgMechanismState;

typedef struct
{
  /* Of the greeting, at most 20 bytes. */
  const char *name;

  /* The greeting is done: appends the frames to send now to @output. */
  ZmqgMechanism *(*start) (const ZmqgHandshakeInfo *info, GByteArray *output);

  /* A command came in. May append to @output, which is sent also when the
   * result is FAILED (then @error is set, and @protocol_error when a monitor
   * is to learn of it). */
  ZmqgMechanismState (*handle) (ZmqgMechanism *self, const guint8 *body,
                                gsize size, GByteArray *output,
                                ZmqgProtocolError *protocol_error,
                                GError **error);

  /* READY: the peer's metadata, as it came (lives as long as @self). */
  const ZmqgPeerMetadata *(*get_metadata) (ZmqgMechanism *self);

  void (*free) (ZmqgMechanism *self);
} ZmqgMechanismOps;

struct _ZmqgMechanism
{
  const ZmqgMechanismOps *ops;
  guint status; /* of the peer's ERROR: 300, 400 or 500; else 0 */
};

extern const ZmqgMechanismOps zmqg_null_mechanism;
