/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-frame.h"

#include <string.h>

/* Longer frames are told by size and checksum. */
#define LONGEST_TEXT 40

/* The odd factor of a linear congruential sequence (Knuth's MMIX). */
#define FACTOR G_GUINT64_CONSTANT (6364136223846793005)

static guint8 *
make_sequence (const char *spec,
               gsize *size)
{
  char *end;
  guint64 state;
  guint8 *data;

  *size = g_ascii_strtoull (spec, &end, 10);
  g_assert (*end == '.');
  state = g_ascii_strtoull (end + 1, &end, 10) + *size;
  g_assert (*end == '\0');

  data = g_malloc (MAX (*size, 1));
  for (gsize i = 0; i < *size; i += sizeof state)
    {
      state = state * FACTOR + 1442695040888963407;
      memcpy (data + i, &state, MIN (sizeof state, *size - i));
    }
  return data;
}

static guint8 *
make_text (const char *text,
           gsize *size)
{
  guint8 *data = g_malloc (strlen (text) + 1);
  gsize n = 0;

  while (*text != '\0')
    {
      if (*text == '%')
        {
          g_assert (g_ascii_isxdigit (text[1]) && g_ascii_isxdigit (text[2]));
          data[n++] = (guint8) (g_ascii_xdigit_value (text[1]) << 4 |
                                g_ascii_xdigit_value (text[2]));
          text += 3;
        }
      else
        {
          data[n++] = (guint8) *text++;
        }
    }

  *size = n;
  return data;
}

guint8 *
interop_frame_make (const char *spec,
                    gsize *size)
{
  g_assert (*spec == '=' || *spec == '*');

  if (*spec == '=')
    return make_text (spec + 1, size);
  return make_sequence (spec + 1, size);
}

static guint64
checksum (const guint8 *data,
          gsize size)
{
  guint64 sum = size;

  for (gsize i = 0; i < size; i += sizeof sum)
    {
      guint64 word = 0;

      memcpy (&word, data + i, MIN (sizeof word, size - i));
      sum = (sum ^ word) * FACTOR;
      sum ^= sum >> 29;
    }
  return sum;
}

void
interop_frame_describe (GString *string,
                        const guint8 *data,
                        gsize size)
{
  if (size > LONGEST_TEXT)
    {
      g_string_append_printf (string,
                              "*%" G_GSIZE_FORMAT ":%" G_GINT64_MODIFIER "x",
                              size, checksum (data, size));
      return;
    }

  g_string_append_c (string, '=');
  for (gsize i = 0; i < size; i++)
    {
      if (g_ascii_isgraph (data[i]) && data[i] != '%')
        g_string_append_c (string, (char) data[i]);
      else
        g_string_append_printf (string, "%%%02x", data[i]);
    }
}
