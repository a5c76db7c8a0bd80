/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-barrier-private.h"
#include "base/zmqg-fork-private.h"
#include "base/zmqg-shared-private.h"

/*
 * ZmqgLock: a mutex of two words. Every message is sent and received under
 * one, mostly by the only thread that wants it: so the unlock is a plain
 * store, and whoever has to wait pays for the barrier between that store and
 * the look at the waiters.
 *
 * A light barrier (see zmqg_barrier_light ()) is between the unlock and what is
 * loaded behind it.
 *
 * Where ThreadSanitizer watches it is a pthread mutex, which that knows.
 */

#ifdef ZMQG_THREAD_SANITIZER

#include <pthread.h>

typedef pthread_mutex_t ZmqgLock;

#define ZMQG_LOCK_INIT PTHREAD_MUTEX_INITIALIZER

static inline void
zmqg_lock_init (ZmqgLock *lock)
{
  pthread_mutex_init (lock, NULL);
}

static inline void
zmqg_lock_clear (ZmqgLock *lock)
{
  pthread_mutex_destroy (lock);
}

static inline void
zmqg_lock (ZmqgLock *lock)
{
  pthread_mutex_lock (lock);
}

static inline gboolean
zmqg_trylock (ZmqgLock *lock)
{
  return pthread_mutex_trylock (lock) == 0;
}

static inline void
zmqg_unlock (ZmqgLock *lock)
{
  pthread_mutex_unlock (lock);
  zmqg_barrier_light ();
}

#elif defined(__linux__)

/* Held, it has the number of the process in the line of forks, plus one: in a
 * child a lock that a thread of the parent held is nobody's. */
typedef struct
{
  atomic_uint held;
  atomic_uint waiters;
} ZmqgLock;

#define ZMQG_LOCK_INIT { 0, 0 }

ZMQG_SHARED
void zmqg_lock_wait (ZmqgLock *lock);
ZMQG_SHARED
void zmqg_lock_wake (ZmqgLock *lock);

static inline void
zmqg_lock_init (ZmqgLock *lock)
{
  atomic_init (&lock->held, 0);
  atomic_init (&lock->waiters, 0);
}

static inline void
zmqg_lock_clear (ZmqgLock *lock G_GNUC_UNUSED)
{
}

static inline gboolean
zmqg_trylock (ZmqgLock *lock)
{
  guint mark = zmqg_fork_get_generation () + 1;
  guint seen = 0;

  /* Acquire pairs with the release in unlock (). */
  if (G_LIKELY (atomic_compare_exchange_strong_explicit (
        &lock->held, &seen, mark, memory_order_acquire,
        memory_order_relaxed)))
    return TRUE;

  return G_UNLIKELY (seen != mark) &&
         atomic_compare_exchange_strong_explicit (
           &lock->held, &seen, mark, memory_order_acquire,
           memory_order_relaxed);
}

static inline void
zmqg_lock (ZmqgLock *lock)
{
  if (G_UNLIKELY (!zmqg_trylock (lock)))
    zmqg_lock_wait (lock);
}

static inline void
zmqg_unlock (ZmqgLock *lock)
{
  atomic_store_explicit (&lock->held, 0, memory_order_release);
  /* Pairs with the heavy barrier in wait (). The waiter frees the lock's
   * memory at the earliest when it has seen the store, so what is read here
   * may be stale memory of a lock that is gone: never freed pages, since
   * locks live in counted objects whose last user holds no lock. */
  zmqg_barrier_light ();
  if (G_UNLIKELY (atomic_load_explicit (&lock->waiters,
                                        memory_order_relaxed) > 0))
    zmqg_lock_wake (lock);
}

#else

typedef GMutex ZmqgLock;

#define ZMQG_LOCK_INIT { NULL }

#define zmqg_lock_init(lock) g_mutex_init (lock)
#define zmqg_lock_clear(lock) g_mutex_clear (lock)
#define zmqg_lock(lock) g_mutex_lock (lock)
#define zmqg_trylock(lock) g_mutex_trylock (lock)

static inline void
zmqg_unlock (ZmqgLock *lock)
{
  g_mutex_unlock (lock);
  zmqg_barrier_light ();
}

#endif
