/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-zmtp1-private.h"

#include "message/zmqg-frame-private.h"

#include <string.h>

#define LONG_FORM 0xff

/* Writes the header of a frame of @size payload bytes to @dst, which has
 * ZMQG_ZMTP1_HEADER_MAX bytes; returns its length, 2 or 10. */
gsize
zmqg_zmtp1_encode_header (guint8 *dst,
                          guint flags,
                          guint64 size)
{
  guint64 be;

  g_assert (size < G_MAXUINT64);

  flags &= ZMQG_FRAME_MORE;
  if (size + 1 < LONG_FORM)
    {
      dst[0] = (guint8) (size + 1);
      dst[1] = (guint8) flags;
      return 2;
    }

  be = GUINT64_TO_BE (size + 1);
  dst[0] = LONG_FORM;
  memcpy (dst + 1, &be, sizeof be);
  dst[9] = (guint8) flags;
  return 10;
}

/*
 * Reads a header from the @avail bytes at @p. Returns its length, 0 when it
 * is not complete, or -1 when it is malformed, because a size of 0 leaves no
 * room for the flags. @flags and @size (of the payload) are set when a length
 * is returned.
 */
gssize
zmqg_zmtp1_decode_header (const guint8 *p,
                          gsize avail,
                          guint *flags,
                          guint64 *size)
{
  guint64 length;
  gsize flags_offset = 1;

  if (avail < 1)
    return 0;

  length = p[0];
  if (length == LONG_FORM)
    {
      if (avail < 1 + sizeof length)
        return 0;

      memcpy (&length, p + 1, sizeof length);
      length = GUINT64_FROM_BE (length);
      flags_offset += sizeof length;
    }

  if (length == 0)
    return -1;
  if (avail <= flags_offset)
    return 0;

  *flags = p[flags_offset] & ZMQG_FRAME_MORE;
  *size = length - 1;
  return (gssize) flags_offset + 1;
}
