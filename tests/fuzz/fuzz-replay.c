/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/*
 * Stands in for libFuzzer: runs a fuzz target with each file of the folder
 * that is its argument, and with what is one cut or one changed byte away
 * from it.
 */

#include "config.h"

#include "fuzz-target.h"

#include <string.h>

/* Files above this size are run only as they are. */
#define NEIGHBOURS_SIZE_MAX 512

/* Runs the target on a block of just that size, so that checkers of memory
 * see reads behind it. */
static void
run (const guint8 *data,
     gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);

  g_assert_cmpint (LLVMFuzzerTestOneInput (copy, size), ==, 0);
}

static void
run_neighbours (guint8 *data,
                gsize size)
{
  static const guint8 masks[] = { 0x01, 0x02, 0x04, 0x80, 0xff };
  gsize i, j;

  for (i = 0; i < size; i++)
    {
      run (data, i);
      for (j = 0; j < G_N_ELEMENTS (masks); j++)
        {
          data[i] ^= masks[j];
          run (data, size);
          data[i] ^= masks[j];
        }
    }
}

static void
test_file (gconstpointer user_data)
{
  const char *path = user_data;
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (path, &contents, &size, &error);
  g_assert_no_error (error);

  run ((const guint8 *) contents, size);
  if (size <= NEIGHBOURS_SIZE_MAX)
    run_neighbours ((guint8 *) contents, size);
}

int
main (int argc,
      char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autofree char *target = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;

  g_test_init (&argc, &argv, NULL);
  if (argc != 2)
    {
      g_printerr ("Usage: %s FOLDER\n", argv[0]);
      return 2;
    }

  dir = g_dir_open (argv[1], 0, &error);
  if (dir == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  target = g_path_get_basename (argv[1]);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path
          = g_strdup_printf ("/zmqg/fuzz/%s/%s", target, name);

      g_test_add_data_func_full (
          path, g_build_filename (argv[1], name, NULL), test_file, g_free);
    }

  return g_test_run ();
}
