/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>
#include <string.h>

/* The bytes of a literal, and their number. */
#define BYTES(literal) (const guint8 *) (literal), sizeof (literal) - 1

#define RANDOM_SEED 0x5eed
#define RANDOM_ROUNDS 20000
#define RANDOM_SIZE_MAX 300

/* Calls @check with each start of @data, in a block of just its size, so that
 * checkers of memory see reads behind it. */
static inline void
for_each_truncation (const guint8 *data,
                     gsize size,
                     void (*check) (const guint8 *data,
                                    gsize size,
                                    gpointer user_data),
                     gpointer user_data)
{
  gsize n;

  for (n = 0; n <= size; n++)
    {
      g_autofree guint8 *copy = g_memdup2 (data, n);

      check (copy, n, user_data);
    }
}

/* Calls @check with many blocks of random bytes, always the same ones. Most
 * bytes are small, as lengths and flags are. */
static inline void
for_random_bytes (void (*check) (const guint8 *data,
                                 gsize size,
                                 gpointer user_data),
                  gpointer user_data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (RANDOM_SEED);
  int round;

  for (round = 0; round < RANDOM_ROUNDS; round++)
    {
      gsize size = (gsize) g_rand_int_range (rand, 0, RANDOM_SIZE_MAX);
      guint32 mask = g_rand_boolean (rand) ? 0xff : 0x07;
      g_autofree guint8 *data = g_malloc (size);
      gsize i;

      for (i = 0; i < size; i++)
        data[i] = (guint8) (g_rand_int (rand) & mask);
      check (data, size, user_data);
    }
}
