/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-z85-private.h"

#include <string.h>

static const char digits[] =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
  ".-:+=^!/*?&<>()[]{}@%$#";

G_STATIC_ASSERT (sizeof digits == 85 + 1);

void
zmqg_z85_encode_to (char *text,
                    const guint8 *data,
                    gsize size)
{
  g_assert (size % 4 == 0);

  for (gsize i = 0; i < size; i += 4)
    {
      guint32 value;

      memcpy (&value, data + i, 4);
      value = GUINT32_FROM_BE (value);
      for (int j = 4; j >= 0; j--)
        {
          text[j] = digits[value % 85];
          value /= 85;
        }
      text += 5;
    }

  *text = '\0';
}

gboolean
zmqg_z85_decode_to (guint8 *data,
                    const char *text,
                    gsize length)
{
  if (length == 0 || length % 5 != 0)
    return FALSE;

  for (gsize i = 0; i < length; i += 5)
    {
      guint64 value = 0;
      guint32 be;

      for (guint j = 0; j < 5; j++)
        {
          const char *digit = text[i + j] != '\0'
                                ? strchr (digits, text[i + j])
                                : NULL;

          if (digit == NULL)
            return FALSE;
          value = value * 85 + (guint64) (digit - digits);
        }

      if (value > G_MAXUINT32)
        return FALSE;
      be = GUINT32_TO_BE ((guint32) value);
      memcpy (data, &be, 4);
      data += 4;
    }

  return TRUE;
}
