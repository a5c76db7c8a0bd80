/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"

#include <glib.h>
#include <stdatomic.h>

#if defined(__SANITIZE_THREAD__)
#define ZMQG_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ZMQG_THREAD_SANITIZER 1
#endif
#endif

/*
 * Two threads that each store and then load what the other stored: at least
 * one has to see the other's store. The side that does it for each message
 * calls the light barrier between store and load, the side that is about to
 * sleep the heavy one. Where the kernel can interrupt all threads of the
 * process for a barrier (membarrier), the light one costs nothing.
 */
ZMQG_SHARED_DATA gboolean zmqg_barrier_is_asymmetric;

static inline void
zmqg_barrier_light (void)
{
#ifdef ZMQG_THREAD_SANITIZER
  atomic_thread_fence (memory_order_seq_cst);
#else
  if (G_LIKELY (zmqg_barrier_is_asymmetric))
    atomic_signal_fence (memory_order_seq_cst);
  else
    atomic_thread_fence (memory_order_seq_cst);
#endif
}

ZMQG_SHARED
void zmqg_barrier_heavy (void);

/*
 * What the counts of GLib's own types order, in a library that is built
 * without ThreadSanitizer: before the one who drops a reference to @what
 * drops it, and after the last one was dropped.
 */
#ifdef ZMQG_THREAD_SANITIZER
void __tsan_acquire (void *address);
void __tsan_release (void *address);
#endif

static inline void
zmqg_order_before_drop (gconstpointer what G_GNUC_UNUSED)
{
#ifdef ZMQG_THREAD_SANITIZER
  __tsan_release ((void *) what);
#endif
}

static inline void
zmqg_order_after_drop (gconstpointer what G_GNUC_UNUSED)
{
#ifdef ZMQG_THREAD_SANITIZER
  __tsan_acquire ((void *) what);
#endif
}

/* What one processor writes much, and another reads, lies in lines of its own. */
#define ZMQG_CACHE_LINE 64

/* Fetches a cache line of which nobody else shall have a copy. */
static inline void
zmqg_prefetch_for_write (gconstpointer what)
{
#if defined(__x86_64__)
  /* The compiler does not use it for the oldest of these processors, where it
   * does nothing. */
  __asm__ volatile ("prefetchw %0" : : "m" (*(const char *) what));
#else
  __builtin_prefetch (what, 1);
#endif
}

/* Between two looks at what another processor is about to change. */
static inline void
zmqg_relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#elif defined(__aarch64__)
  __asm__ volatile ("yield");
#else
  atomic_signal_fence (memory_order_seq_cst);
#endif
}
