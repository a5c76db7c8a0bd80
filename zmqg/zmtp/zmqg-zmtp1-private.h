/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The frame header of ZMTP 1.0: the size of flags and payload in one byte, or
 * FF and eight bytes in network order; then flags, of which the lowest bit is
 * MORE (ZMQG_FRAME_MORE) and the others mean nothing.
 */
#define ZMQG_ZMTP1_HEADER_MAX 10

gsize  zmqg_zmtp1_encode_header (guint8       *dst,
                                 guint         flags,
                                 guint64       size);
gssize zmqg_zmtp1_decode_header (const guint8 *p,
                                 gsize         avail,
                                 guint        *flags,
                                 guint64      *size);

G_END_DECLS
