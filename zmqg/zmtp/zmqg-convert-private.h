/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmtp/zmqg-greeting-private.h"

G_BEGIN_DECLS

/* So many first bytes of a payload are looked at, if it has them. */
#define ZMQG_CONVERT_HEAD 16

/*
 * ZmqgConverted: how a frame of our queues goes to a peer of an older
 * version: the bytes of @header, then the payload without its first @skip
 * bytes. The payload itself need not be touched or copied.
 *
 * The last @prefix_size bytes of @header belong to the payload that the peer
 * sees, which has @size bytes and @flags (MORE, COMMAND): that is for those
 * who frame or encrypt it in another way.
 */
typedef struct
{
  gboolean drop; /* the peer's version has no such thing */
  guint8 header[24];
  guint8 header_size;
  guint8 prefix_size;
  guint8 skip;
  guint8 flags;
  guint64 size;
} ZmqgConverted;

gboolean zmqg_zmtp_convert_header (ZmqgZmtpVersion  version,
                                   guint            flags,
                                   const guint8    *payload_head,
                                   guint64          size,
                                   ZmqgConverted   *out);

G_END_DECLS
