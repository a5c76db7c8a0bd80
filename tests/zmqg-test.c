/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include <poll.h>

#include <glib/gstdio.h>
#include <unistd.h>

/* How long one turn waits when the main context has nothing to do. */
#define TURN_NSEC (1000 * 1000)

/*
 * zmqg_test_turn:
 * @context: (nullable): a main context, or %NULL for the thread-default one
 *
 * Dispatches what is ready in @context; waits at most a millisecond when
 * nothing is.
 */
void
zmqg_test_turn (GMainContext *context)
{
  g_autoptr (GMainContext) turned = NULL;
  struct timespec limit = { .tv_nsec = TURN_NSEC };

  turned = context != NULL ? g_main_context_ref (context)
                           : g_main_context_ref_thread_default ();
  if (!g_main_context_iteration (turned, FALSE))
    ppoll (NULL, 0, &limit, NULL);
}

/*
 * zmqg_test_await:
 * @context: (nullable): the context to run, %NULL for the thread-default one
 * @condition: what to wait for
 * @deadline_ms: how long to wait at most
 *
 * Waits until @condition holds, running @context meanwhile.
 *
 * Returns: whether it held in time
 */
gboolean
zmqg_test_await (GMainContext      *context,
                 ZmqgTestCondition  condition,
                 gpointer           user_data,
                 guint              deadline_ms)
{
  gint64 until = g_get_monotonic_time () + (gint64) deadline_ms * 1000;

  while (!condition (user_data))
    {
      if (g_get_monotonic_time () > until)
        return FALSE;
      zmqg_test_turn (context);
    }

  return TRUE;
}

/*
 * zmqg_test_fd_count:
 *
 * Returns: how many descriptors the process has open
 */
guint
zmqg_test_fd_count (void)
{
  g_autoptr (GDir) dir = NULL;
  guint n = 0;

  dir = g_dir_open ("/proc/self/fd", 0, NULL);
  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;

  /* The directory itself was open while it was read. */
  return n - 1;
}

/*
 * zmqg_test_tmpdir:
 *
 * Makes a directory with a path short enough for ipc endpoints below it.
 *
 * Returns: (transfer full): its path; remove it with zmqg_test_rmdir()
 */
const char *
zmqg_test_loopback (void)
{
  static char address[16];
  static gsize made;

  if (g_once_init_enter (&made))
    {
      guint pid = (guint) getpid ();

      g_snprintf (address, sizeof address, "127.%u.%u.%u",
                  1 + pid / 64516 % 250, 1 + pid / 254 % 254, 1 + pid % 254);
      g_once_init_leave (&made, 1);
    }

  return address;
}

char *
zmqg_test_tmpdir (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("zmqg-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

/*
 * zmqg_test_rmdir:
 * @path: a directory from zmqg_test_tmpdir()
 *
 * Removes the files in @path, and @path.
 */
void
zmqg_test_rmdir (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  g_return_if_fail (dir != NULL);

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR)
          && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        zmqg_test_rmdir (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}
