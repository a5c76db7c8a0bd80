/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"

#include <glib.h>
#include <stdatomic.h>

/*
 * How many forks lie between this process and the first one: what was made
 * under another number is the parent's, and nobody's here.
 */
ZMQG_SHARED_DATA atomic_uint zmqg_fork_generation;

/* Has it raised from now on. */
void zmqg_fork_watch (void);

static inline guint
zmqg_fork_get_generation (void)
{
  return atomic_load_explicit (&zmqg_fork_generation, memory_order_relaxed);
}
