/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-lock-private.h"

#include <stdatomic.h>

/*
 * Two threads that each store and then load what the other stored: at least
 * one has to see the other's store. The side that does it for each message
 * calls the light barrier between store and load, the side that is about to
 * sleep the heavy one. Where the kernel can interrupt all threads of the
 * process for a barrier (membarrier), the light one costs nothing.
 */
extern gboolean zmqg_barrier_is_asymmetric;

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

void zmqg_barrier_heavy (void);
