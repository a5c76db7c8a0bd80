/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "message/zmqg-chunk-private.h"

#include <string.h>

/*
 * The frame header of ZMTP 2.0 and 3.x (ZMTP 3.1, section framing): one byte
 * of flags, then the size of the payload in one byte, or in eight (network
 * order) when LONG is set. The queues hold frames in exactly this form.
 *
 * Bits above the three of the wire are ours: they exist between a socket
 * and its I/O side only, and never leave the process.
 */

#define ZMQG_FRAME_MORE 0x01u
#define ZMQG_FRAME_LONG 0x02u
#define ZMQG_FRAME_COMMAND 0x04u
#define ZMQG_FRAME_WIRE_MASK 0x07u

/* The I/O side consumed this frame: readers step over it. */
#define ZMQG_FRAME_SKIP 0x80u

/* An epoch mark (with COMMAND): everything before it belongs to a connection
 * that was lost. */
#define ZMQG_FRAME_EPOCH 0x40u

/* Of a view alone: the payload is referred to whatever its size, since its
 * owner waits for it to be done with. */
#define ZMQG_FRAME_REFER 0x100u

/* The same: the data is no payload, but what a socket type knows a peer by. */
#define ZMQG_FRAME_PEER 0x200u

#define ZMQG_FRAME_HEADER_MAX 9

static inline gsize
zmqg_frame_header_size (guint64 size)
{
  return size > 255 ? 9 : 2;
}

/* Writes the header of a frame of @size payload bytes; returns its length. */
static inline gsize
zmqg_frame_encode_header (guint8 *dst,
                          guint flags,
                          guint64 size)
{
  guint64 be;

  if (G_LIKELY (size <= 255))
    {
      dst[0] = (guint8) (flags & ~ZMQG_FRAME_LONG);
      dst[1] = (guint8) size;
      return 2;
    }

  dst[0] = (guint8) (flags | ZMQG_FRAME_LONG);
  be = GUINT64_TO_BE (size);
  memcpy (dst + 1, &be, sizeof be);
  return 9;
}

/* Reads a header from the @avail bytes at @p; returns its length, or 0 when
 * it is not complete. The flags are as they stand in the frame. */
static inline gsize
zmqg_frame_decode_header (const guint8 *p,
                          gsize avail,
                          guint *flags,
                          guint64 *size)
{
  guint64 be;

  if (G_UNLIKELY (avail < 2))
    return 0;

  *flags = p[0];
  if (G_LIKELY ((p[0] & ZMQG_FRAME_LONG) == 0))
    {
      *size = p[1];
      return 2;
    }

  if (avail < 9)
    return 0;

  memcpy (&be, p + 1, sizeof be);
  *size = GUINT64_FROM_BE (be);
  return 9;
}

/*
 * ZmqgKeeper: counted, what keeps a large payload alive: one of the two, or
 * neither.
 */
typedef struct
{
  ZmqgChunk *chunk;
  GBytes *bytes; /* the user's */
} ZmqgKeeper;

/*
 * ZmqgFrameView: a frame that somebody else owns. @bytes or @chunk, when set,
 * is what keeps @data alive, and may be referred to instead of copied. Who
 * takes the frame out of a queue may take the reference of @keeper instead,
 * and clears it then.
 */
typedef struct
{
  const guint8 *data;
  gsize size;
  guint flags; /* MORE, COMMAND, REFER */
  GBytes *bytes;
  ZmqgChunk *chunk;
  ZmqgKeeper *keeper; /* nullable */
} ZmqgFrameView;

/* All payloads together. */
static inline gsize
zmqg_frame_views_get_size (const ZmqgFrameView *views,
                           guint n)
{
  gsize size = 0;

  for (guint i = 0; i < n; i++)
    size += views[i].size;
  return size;
}

/* From this payload size on a frame is referred to, not copied, where its
 * owner allows. */
#define ZMQG_FRAME_LARGE 8192u

/* Without an owner a frame is copied among others up to this payload size,
 * and beyond it into a chunk of its own. */
#define ZMQG_FRAME_PACKED_MAX (20u * 1024u)
