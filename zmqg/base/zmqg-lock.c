/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-lock-private.h"

#if defined(__linux__) && !defined(ZMQG_THREAD_SANITIZER)

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Most critical sections are over sooner than a thread could sleep. */
#define TRIES 100

static long
futex (atomic_uint *word,
       int operation,
       guint value)
{
  return syscall (SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value,
                  NULL, NULL, 0);
}

void
zmqg_lock_wait (ZmqgLock *lock)
{
  guint mark = zmqg_fork_get_generation () + 1;

  for (guint i = 0; i < TRIES; i++)
    {
      if (atomic_load_explicit (&lock->held, memory_order_relaxed) != mark &&
          zmqg_trylock (lock))
        return;
      zmqg_relax ();
    }

  atomic_fetch_add_explicit (&lock->waiters, 1, memory_order_relaxed);
  for (;;)
    {
      /* Either we see that the lock is free, or who frees it sees us. */
      zmqg_barrier_heavy ();
      if (zmqg_trylock (lock))
        break;
      futex (&lock->held, FUTEX_WAIT, mark);
    }
  atomic_fetch_sub_explicit (&lock->waiters, 1, memory_order_relaxed);
}

void
zmqg_lock_wake (ZmqgLock *lock)
{
  futex (&lock->held, FUTEX_WAKE, 1);
}

#endif
