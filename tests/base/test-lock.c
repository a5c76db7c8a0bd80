/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-lock-private.h"

#include "zmqg-test.h"

#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000
#define N_THREADS 16
#define N_ROUNDS 20000
#define N_TURNS 200

#if defined(__linux__) && !defined(ZMQG_THREAD_SANITIZER)
#define ZMQG_LOCK_HAS_WAITERS 1
#else
#define ZMQG_LOCK_HAS_WAITERS 0
#endif

typedef struct
{
  ZmqgLock lock;

  /* Guarded by it, and no atomics: who is not alone spoils them. */
  guint64 n;
  guint64 twice;
  GThread *owner;

  atomic_uint n_begun;
  atomic_uint n_failed; /* trylocks */
  atomic_uint n_done;
} Shared;

static void
enter (Shared *self)
{
  g_assert_null (self->owner);
  self->owner = g_thread_self ();
  g_assert_cmpuint (self->twice, ==, 2 * self->n);
  self->n++;
}

static void
leave (Shared *self)
{
  self->twice += 2;
  g_assert_true (self->owner == g_thread_self ());
  self->owner = NULL;
}

static void
run_threads (GThreadFunc function,
             Shared *shared,
             guint n,
             GThread **threads)
{
  for (guint i = 0; i < n; i++)
    threads[i] = g_thread_new ("lock", function, shared);
}

static void
join_threads (GThread **threads,
              guint n)
{
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);
}

/* --- One thread --------------------------------------------------------- */

static void
test_trylock (void)
{
  static ZmqgLock constant = ZMQG_LOCK_INIT;
  ZmqgLock lock;

  zmqg_lock_init (&lock);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (zmqg_trylock (&lock));
      g_assert_false (zmqg_trylock (&lock));
      g_assert_false (zmqg_trylock (&lock));
      zmqg_unlock (&lock);

      zmqg_lock (&lock);
      g_assert_false (zmqg_trylock (&lock));
      zmqg_unlock (&lock);
    }
  zmqg_lock_clear (&lock);

  zmqg_lock (&constant);
  g_assert_false (zmqg_trylock (&constant));
  zmqg_unlock (&constant);
  g_assert_true (zmqg_trylock (&constant));
  zmqg_unlock (&constant);
}

/* --- Exclusion ---------------------------------------------------------- */

static gpointer
lock_often (gpointer data)
{
  Shared *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      zmqg_lock (&self->lock);
      enter (self);
      /* At times the processor goes to another one in between. */
      if (i % 512 == 0)
        g_thread_yield ();
      leave (self);
      zmqg_unlock (&self->lock);
    }
  return NULL;
}

static gpointer
try_often (gpointer data)
{
  Shared *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      while (!zmqg_trylock (&self->lock))
        {
          atomic_fetch_add (&self->n_failed, 1);
          g_thread_yield ();
        }
      enter (self);
      leave (self);
      zmqg_unlock (&self->lock);
    }
  return NULL;
}

static gpointer
mix_often (gpointer data)
{
  Shared *self = data;
  guint random = GPOINTER_TO_UINT (g_thread_self ()) | 1;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      random = random * 1103515245u + 12345u;
      if ((random >> 16) % 2 == 0 || !zmqg_trylock (&self->lock))
        zmqg_lock (&self->lock);
      enter (self);
      leave (self);
      zmqg_unlock (&self->lock);
    }
  return NULL;
}

static void
test_exclusion (void)
{
  static const GThreadFunc functions[] = { lock_often, try_often, mix_often };
  GThread *threads[N_THREADS];
  Shared shared = { 0 };

  zmqg_lock_init (&shared.lock);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new (
      "lock", functions[i % G_N_ELEMENTS (functions)], &shared);
  join_threads (threads, N_THREADS);

  g_assert_cmpuint (shared.n, ==, N_THREADS * N_ROUNDS);
  g_assert_cmpuint (shared.twice, ==, 2 * shared.n);
  g_test_message ("%u attempts failed", atomic_load (&shared.n_failed));
  g_assert_true (zmqg_trylock (&shared.lock));
  zmqg_unlock (&shared.lock);
  zmqg_lock_clear (&shared.lock);
}

/* --- Sleeping and waking up --------------------------------------------- */

static gpointer
lock_once (gpointer data)
{
  Shared *self = data;

  atomic_fetch_add (&self->n_begun, 1);
  zmqg_lock (&self->lock);
  enter (self);
  leave (self);
  zmqg_unlock (&self->lock);
  atomic_fetch_add (&self->n_done, 1);
  return NULL;
}

/* All sleep; the one unlock makes each of them the next in turn. */
static void
test_sleepers (void)
{
  GThread *threads[N_THREADS];
  Shared shared = { 0 };

  zmqg_lock_init (&shared.lock);
  for (guint round = 0; round < 50; round++)
    {
      atomic_store (&shared.n_begun, 0);
      atomic_store (&shared.n_done, 0);
      zmqg_lock (&shared.lock);
      run_threads (lock_once, &shared, N_THREADS, threads);
      ZMQG_TEST_AWAIT (atomic_load (&shared.n_begun) == N_THREADS,
                       DEADLINE_MS);
#if ZMQG_LOCK_HAS_WAITERS
      ZMQG_TEST_AWAIT (atomic_load (&shared.lock.waiters) == N_THREADS,
                       DEADLINE_MS);
#endif
      g_assert_cmpuint (atomic_load (&shared.n_done), ==, 0);
      g_assert_false (zmqg_trylock (&shared.lock));
      zmqg_unlock (&shared.lock);

      ZMQG_TEST_AWAIT (atomic_load (&shared.n_done) == N_THREADS,
                       DEADLINE_MS);
      join_threads (threads, N_THREADS);
      g_assert_cmpuint (shared.n, ==, (round + 1) * N_THREADS);
#if ZMQG_LOCK_HAS_WAITERS
      g_assert_cmpuint (atomic_load (&shared.lock.waiters), ==, 0);
      g_assert_cmpuint (atomic_load (&shared.lock.held), ==, 0);
#endif
    }
  zmqg_lock_clear (&shared.lock);
}

/* --- Everybody gets a turn ---------------------------------------------- */

static gpointer
take_turns (gpointer data)
{
  Shared *self = data;

  for (guint i = 0; i < N_TURNS; i++)
    {
      zmqg_lock (&self->lock);
      enter (self);
      leave (self);
      zmqg_unlock (&self->lock);
    }
  atomic_fetch_add (&self->n_done, 1);
  return NULL;
}

/* Wants the lock again as soon as it has left it. */
static gpointer
be_greedy (gpointer data)
{
  Shared *self = data;

  while (atomic_load (&self->n_done) < N_THREADS)
    {
      zmqg_lock (&self->lock);
      enter (self);
      leave (self);
      zmqg_unlock (&self->lock);
    }
  return NULL;
}

/* No wake-up is lost, and nobody is passed over for ever. */
static void
test_turns (void)
{
  GThread *threads[N_THREADS];
  GThread *greedy[2];
  Shared shared = { 0 };

  zmqg_lock_init (&shared.lock);
  run_threads (be_greedy, &shared, G_N_ELEMENTS (greedy), greedy);
  run_threads (take_turns, &shared, N_THREADS, threads);
  ZMQG_TEST_AWAIT (atomic_load (&shared.n_done) == N_THREADS, DEADLINE_MS);
  join_threads (threads, N_THREADS);
  join_threads (greedy, G_N_ELEMENTS (greedy));

  g_assert_cmpuint (shared.n, >=, N_THREADS * N_TURNS);
  g_assert_cmpuint (shared.twice, ==, 2 * shared.n);
  g_assert_true (zmqg_trylock (&shared.lock));
  zmqg_unlock (&shared.lock);
  zmqg_lock_clear (&shared.lock);
}

/* --- Two threads that hand it to each other ----------------------------- */

static gpointer
hand_over (gpointer data)
{
  Shared *self = data;
  guint mine = atomic_fetch_add (&self->n_begun, 1);
  gboolean over = FALSE;

  while (!over)
    {
      zmqg_lock (&self->lock);
      over = self->n >= N_ROUNDS;
      if (!over && self->n % 2 == mine)
        {
          enter (self);
          leave (self);
        }
      zmqg_unlock (&self->lock);
    }
  return NULL;
}

/* What one wrote under the lock the next sees. */
static void
test_hand_over (void)
{
  GThread *threads[2];
  Shared shared = { 0 };

  zmqg_lock_init (&shared.lock);
  run_threads (hand_over, &shared, G_N_ELEMENTS (threads), threads);
  join_threads (threads, G_N_ELEMENTS (threads));
  g_assert_cmpuint (shared.n, ==, N_ROUNDS);
  zmqg_lock_clear (&shared.lock);
}

#if ZMQG_LOCK_HAS_WAITERS
static gpointer
lock_for_a_while (gpointer data)
{
  Shared *self = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      zmqg_lock (&self->lock);
      self->n++;
      zmqg_unlock (&self->lock);
    }
  return NULL;
}

/* What a thread of the parent held, or waited for, is free in the child, and
 * keeps its threads apart. */
static void
be_child (Shared *self)
{
  GThread *threads[4];

  alarm (DEADLINE_MS / 1000);
  if (!zmqg_trylock (&self->lock))
    _exit (1);
  if (zmqg_trylock (&self->lock))
    _exit (2);
  zmqg_unlock (&self->lock);

  self->n = 0;
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("lock", lock_for_a_while, self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  _exit (self->n == G_N_ELEMENTS (threads) * N_ROUNDS ? 0 : 3);
}

static void
test_fork (void)
{
  Shared shared = { .n = 0 };
  GThread *thread;

  zmqg_fork_watch ();
  zmqg_lock_init (&shared.lock);
  zmqg_lock (&shared.lock);
  thread = g_thread_new ("lock", lock_for_a_while, &shared);
  for (guint i = 0; i < 3; i++)
    {
      int status = 0;
      pid_t pid = fork ();

      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        be_child (&shared);
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 0);
      g_assert_false (zmqg_trylock (&shared.lock));
    }
  zmqg_unlock (&shared.lock);
  g_thread_join (thread);
  zmqg_lock_clear (&shared.lock);
}
#endif

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/base/lock/trylock", test_trylock);
  g_test_add_func ("/zmqg/base/lock/exclusion", test_exclusion);
  g_test_add_func ("/zmqg/base/lock/sleepers", test_sleepers);
  g_test_add_func ("/zmqg/base/lock/turns", test_turns);
  g_test_add_func ("/zmqg/base/lock/hand-over", test_hand_over);
#if ZMQG_LOCK_HAS_WAITERS
  g_test_add_func ("/zmqg/base/lock/fork", test_fork);
#endif

  return g_test_run ();
}
