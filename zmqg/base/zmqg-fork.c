/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-fork-private.h"

#include <pthread.h>

/* Read by every lock and every call, and all but never written. */
_Alignas (64) atomic_uint zmqg_fork_generation;

/* In the child. */
static void
raise_generation (void)
{
  atomic_fetch_add_explicit (&zmqg_fork_generation, 1, memory_order_relaxed);
}

void
zmqg_fork_watch (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      pthread_atfork (NULL, NULL, raise_generation);
      g_once_init_leave (&once, 1);
    }
}
