/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-copy-private.h"

#define SIZE_MAX_TESTED 300
#define GUARD 16

/* Every size, from and to every place of a word: these bytes, and no other. */
static void
test_sizes (void)
{
  for (gsize size = 0; size <= SIZE_MAX_TESTED; size++)
    for (guint i = 0; i < 64; i++)
      {
        guint8 from[SIZE_MAX_TESTED + 8];
        guint8 to[GUARD + SIZE_MAX_TESTED + 8 + GUARD];
        guint8 *source = from + i % 8;
        guint8 *target = to + GUARD + i / 8;

        for (gsize j = 0; j < sizeof from; j++)
          from[j] = (guint8) (j * 7 + size + i);
        memset (to, 0xee, sizeof to);
        zmqg_copy_small (target, source, size);
        g_assert_cmpmem (target, size, source, size);
        for (guint8 *p = to; p < target; p++)
          g_assert_cmphex (*p, ==, 0xee);
        for (guint8 *p = target + size; p < to + sizeof to; p++)
          g_assert_cmphex (*p, ==, 0xee);
      }
}

/* It touches no byte but these. */
static void
test_bounds (void)
{
  for (gsize size = 0; size <= SIZE_MAX_TESTED; size++)
    {
      /* As long as it is: the sanitizers and valgrind see any other access. */
      g_autofree guint8 *from = g_malloc (MAX (size, 1));
      g_autofree guint8 *to = g_malloc (MAX (size, 1));

      memset (from, (int) size, MAX (size, 1));
      zmqg_copy_small (to, from, size);
      g_assert_cmpmem (to, size, from, size);
    }

  /* No memory at all. */
  zmqg_copy_small (NULL, NULL, 0);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/zmqg/base/copy/sizes", test_sizes);
  g_test_add_func ("/zmqg/base/copy/bounds", test_bounds);
  return g_test_run ();
}
