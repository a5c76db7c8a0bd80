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

/*
 * The child of a fork may use GLib, of whose locks those stay held for ever that
 * another thread of the parent held in that moment. So threads of ours say when
 * they are at work, and a fork waits until none is, for a while: it never depends
 * on what they do. A thread at work does not wait for others (it pauses then),
 * and runs no code of the program's that may take long.
 */
ZMQG_SHARED
void zmqg_fork_begin_work (void);
ZMQG_SHARED
void zmqg_fork_end_work (void);

/* Around a wait: what to resume with, 0 when the thread is not at work. */
guint zmqg_fork_pause_work (void);
void zmqg_fork_resume_work (guint depth);

/* As long as it is in scope. */
typedef int ZmqgForkGuard;

static inline ZmqgForkGuard
zmqg_fork_guard_new (void)
{
  zmqg_fork_begin_work ();
  return 0;
}

static inline void
zmqg_fork_guard_clear (ZmqgForkGuard *self G_GNUC_UNUSED)
{
  zmqg_fork_end_work ();
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ZmqgForkGuard, zmqg_fork_guard_clear)
