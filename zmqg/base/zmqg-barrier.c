/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-barrier-private.h"

#if HAVE_MEMBARRIER
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

gboolean zmqg_barrier_is_asymmetric = FALSE;

#if HAVE_MEMBARRIER && !defined(ZMQG_THREAD_SANITIZER)

/* Before any thread of ours is there; a process that may not call it keeps
 * the symmetric barriers. */
__attribute__ ((constructor)) static void
set_up (void)
{
  zmqg_barrier_is_asymmetric =
    syscall (SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0,
             0) == 0;
}

void
zmqg_barrier_heavy (void)
{
  if (zmqg_barrier_is_asymmetric)
    syscall (SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  else
    atomic_thread_fence (memory_order_seq_cst);
}

#else

void
zmqg_barrier_heavy (void)
{
  atomic_thread_fence (memory_order_seq_cst);
}

#endif
