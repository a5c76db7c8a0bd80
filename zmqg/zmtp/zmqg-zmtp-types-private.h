/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the ZMTP handshake knows of a socket type. */
typedef struct
{
  const char *name;
  guint32 peers;           /* bit n: goes with the type of number n */
  guint sends_identity : 1;  /* has the property Identity in its metadata */
  guint wants_identity : 1;  /* uses the peer's */
} ZmqgZmtpType;

#define ZMQG_N_ZMTP_TYPES 21

const ZmqgZmtpType *zmqg_zmtp_type_get         (guint       number);
const ZmqgZmtpType *zmqg_zmtp_type_find        (const char *name,
                                                gssize      size);
guint               zmqg_zmtp_type_get_number  (const ZmqgZmtpType *self);
gboolean            zmqg_zmtp_types_compatible (const char *ours,
                                                const char *theirs);

G_END_DECLS
