/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <string.h>

#include <glib.h>

#define RANDOM_TOPIC_MAX 3200

/* Topics that meet often and share much: few letters, all bytes, and long
 * ones. */
static inline gsize
random_topic (GRand  *rand,
              guint8 *topic)
{
  gint kind = g_rand_int_range (rand, 0, 100);
  gsize size;

  if (kind < 60)
    {
      size = g_rand_int_range (rand, 0, 9);
      for (gsize i = 0; i < size; i++)
        topic[i] = "ab"[g_rand_int (rand) & 1];
    }
  else if (kind < 97)
    {
      size = g_rand_int_range (rand, 0, 3);
      for (gsize i = 0; i < size; i++)
        topic[i] = g_rand_int (rand);
    }
  else
    {
      size = g_rand_int_range (rand, 0, 4) * 1000 + g_rand_int_range (rand, 0,
                                                                      50);
      memset (topic, 'x', size);
      if (size > 0)
        topic[g_rand_int_range (rand, 0, 3) * (size - 1) / 2] = 'y';
    }

  return size;
}
