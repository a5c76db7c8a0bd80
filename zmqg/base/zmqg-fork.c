/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-fork-private.h"

#include <pthread.h>
#include <time.h>

/* Read by every lock and every call, and all but never written. */
_Alignas (64) atomic_uint zmqg_fork_generation;

/* A fork, and who would begin work meanwhile, wait so long at most, in ms: a
 * thread may be in a name server's hands, and other libraries' handlers of a
 * fork may wait for a thread that waits for us. */
#define PATIENCE_MS 200
#define NAP_USEC 20

static atomic_uint n_at_work; /* threads */
static atomic_uint n_forks;   /* under way */
static _Thread_local guint work_depth;

/* %FALSE when it takes too long. */
static gboolean
nap (gint64 *deadline)
{
  struct timespec time = { 0, NAP_USEC * 1000 };

  if (*deadline == 0)
    *deadline = g_get_monotonic_time () + PATIENCE_MS * 1000;
  nanosleep (&time, NULL);
  return g_get_monotonic_time () < *deadline;
}

static void
begin (void)
{
  gint64 deadline = 0;

  /* Both seq_cst, as in prepare (): one of the two sees the other. */
  atomic_fetch_add (&n_at_work, 1);
  while (G_UNLIKELY (atomic_load (&n_forks) > 0))
    {
      gboolean goes_on;

      atomic_fetch_sub (&n_at_work, 1);
      goes_on = nap (&deadline);
      atomic_fetch_add (&n_at_work, 1);
      if (!goes_on)
        break;
    }
}

void
zmqg_fork_begin_work (void)
{
  if (work_depth++ == 0)
    begin ();
}

void
zmqg_fork_end_work (void)
{
  if (--work_depth == 0)
    atomic_fetch_sub (&n_at_work, 1);
}

guint
zmqg_fork_pause_work (void)
{
  guint depth = work_depth;

  if (depth > 0)
    {
      work_depth = 0;
      atomic_fetch_sub (&n_at_work, 1);
    }
  return depth;
}

void
zmqg_fork_resume_work (guint depth)
{
  if (depth > 0)
    begin ();
  work_depth = depth;
}

static void
prepare (void)
{
  const guint ours = work_depth > 0 ? 1 : 0;
  gint64 deadline = 0;

  atomic_fetch_add (&n_forks, 1);
  while (atomic_load (&n_at_work) > ours && nap (&deadline))
    continue;
}

static void
go_on_in_parent (void)
{
  atomic_fetch_sub (&n_forks, 1);
}

static void
go_on_in_child (void)
{
  atomic_fetch_add_explicit (&zmqg_fork_generation, 1, memory_order_relaxed);
  atomic_store (&n_forks, 0);
  atomic_store (&n_at_work, work_depth > 0 ? 1 : 0);
}

void
zmqg_fork_watch (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      pthread_atfork (prepare, go_on_in_parent, go_on_in_child);
      g_once_init_leave (&once, 1);
    }
}
