/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

/*
 * ZmqgLock: a mutex of one word. A GMutex, but where ThreadSanitizer watches
 * a pthread mutex, since GLib's own is a futex that it cannot see.
 */

#if defined(__SANITIZE_THREAD__)
#define ZMQG_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ZMQG_THREAD_SANITIZER 1
#endif
#endif

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
}

#else

typedef GMutex ZmqgLock;

#define ZMQG_LOCK_INIT { NULL }

#define zmqg_lock_init(lock) g_mutex_init (lock)
#define zmqg_lock_clear(lock) g_mutex_clear (lock)
#define zmqg_lock(lock) g_mutex_lock (lock)
#define zmqg_trylock(lock) g_mutex_trylock (lock)
#define zmqg_unlock(lock) g_mutex_unlock (lock)

#endif
