/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>
#include <string.h>

/* The first @step bytes, and the last, which overlap. */
#define ZMQG_COPY_ENDS(to, from, size, step) \
  (memcpy ((to), (from), (step)), \
   memcpy ((to) + (size) - (step), (from) + (size) - (step), (step)))

/*
 * memcpy () for payloads, most of which are so small that the call costs more
 * than the bytes. (Where the compiler knows how many it can be at the most, it
 * takes a string instruction for all of them, which is slower than either.)
 */
static inline void
zmqg_copy_small (guint8 *to,
                 const guint8 *from,
                 gsize size)
{
  if (G_LIKELY (size - 16 <= 64 - 16))
    {
      ZMQG_COPY_ENDS (to, from, size, 16);
      if (size > 32)
        {
          memcpy (to + 16, from + 16, 16);
          memcpy (to + size - 32, from + size - 32, 16);
        }
    }
  else if (size > 64)
    {
#if defined(__GNUC__)
      __asm__ ("" : "+r" (size));
#endif
      memcpy (to, from, size);
    }
  else if (size >= 8)
    {
      ZMQG_COPY_ENDS (to, from, size, 8);
    }
  else if (size >= 4)
    {
      ZMQG_COPY_ENDS (to, from, size, 4);
    }
  else if (size > 0)
    {
      to[0] = from[0];
      to[size / 2] = from[size / 2];
      to[size - 1] = from[size - 1];
    }
}
