/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "fuzz-target.h"

#include "message/zmqg-frame-private.h"
#include "zmtp/zmqg-zmtp1-private.h"

/* What is decoded, encoded and decoded again is the same. */
static void
check_header (guint flags,
              guint64 size)
{
  guint8 header[ZMQG_ZMTP1_HEADER_MAX];
  guint flags_again = ~flags;
  guint64 size_again = ~size;
  gsize n = zmqg_zmtp1_encode_header (header, flags, size);

  g_assert (n <= sizeof header);
  g_assert (zmqg_zmtp1_decode_header (header, n, &flags_again, &size_again)
            == (gssize) n);
  g_assert (flags_again == flags && size_again == size);
}

/* Walks over a stream of frames of ZMTP 1.0. */
static void
walk_zmtp1 (const guint8 *data,
            gsize size)
{
  while (size > 0)
    {
      guint flags;
      guint64 payload;
      gssize n = zmqg_zmtp1_decode_header (data, size, &flags, &payload);

      if (n <= 0)
        return;

      g_assert ((gsize) n <= size);
      check_header (flags, payload);
      data += n;
      size -= (gsize) n;
      if (payload > size)
        return;
      data += payload;
      size -= (gsize) payload;
    }
}

/* The same for ZMTP 2.0 and 3. */
static void
walk_frames (const guint8 *data,
             gsize size)
{
  while (size > 0)
    {
      guint flags;
      guint64 payload;
      gsize n = zmqg_frame_decode_header (data, size, &flags, &payload);

      if (n == 0)
        return;

      g_assert (n <= size);
      data += n;
      size -= n;
      if (payload > size)
        return;
      data += payload;
      size -= (gsize) payload;
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  walk_zmtp1 (data, size);
  walk_frames (data, size);

  return 0;
}
