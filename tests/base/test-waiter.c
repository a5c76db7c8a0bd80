/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-waiter-private.h"

#include "base/zmqg-error.h"
#include "zmqg-test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000
#define N_ROUNDS 20000

static ZmqgThreadWaiter *
get_waiter (void)
{
  g_autoptr (GError) error = NULL;
  ZmqgThreadWaiter *waiter = zmqg_thread_waiter_get (&error);

  g_assert_no_error (error);
  g_assert_nonnull (waiter);
  return waiter;
}

/* Whether it was signalled since it last waited. */
static gboolean
is_signalled (ZmqgThreadWaiter *waiter)
{
  return zmqg_thread_waiter_wait (waiter, 0);
}

/* --- One thread --------------------------------------------------------- */

static void
test_signal (void)
{
  ZmqgThreadWaiter *waiter = get_waiter ();

  g_assert_true (waiter->waiter.is_thread);
  g_assert_false (is_signalled (waiter));

  /* Before the wait, which then is none, with a deadline or without. */
  zmqg_thread_waiter_signal (waiter);
  g_assert_true (zmqg_thread_waiter_wait (waiter, -1));
  g_assert_false (is_signalled (waiter));

  /* Several are as good as one. */
  for (guint i = 0; i < 1000; i++)
    zmqg_thread_waiter_signal (waiter);
  g_assert_true (is_signalled (waiter));
  g_assert_false (is_signalled (waiter));

  /* As those do who know it from a list. */
  waiter->waiter.wake (&waiter->waiter);
  g_assert_true (is_signalled (waiter));
  g_assert_false (is_signalled (waiter));
}

static void
test_clear (void)
{
  ZmqgThreadWaiter *waiter = get_waiter ();

  /* Does not wait for one. */
  zmqg_thread_waiter_clear (waiter);
  g_assert_false (is_signalled (waiter));

  zmqg_thread_waiter_signal (waiter);
  zmqg_thread_waiter_signal (waiter);
  zmqg_thread_waiter_clear (waiter);
  g_assert_false (is_signalled (waiter));

  zmqg_thread_waiter_signal (waiter);
  g_assert_true (is_signalled (waiter));
}

static void
test_deadline (void)
{
  ZmqgThreadWaiter *waiter = get_waiter ();
  gint64 begun = g_get_monotonic_time ();
  gint64 deadline = begun + 20 * 1000;

  /* One that is over. */
  g_assert_false (zmqg_thread_waiter_wait (waiter, 0));
  g_assert_false (zmqg_thread_waiter_wait (waiter, begun));

  /* One that comes: not before it. */
  while (zmqg_thread_waiter_wait (waiter, deadline))
    ;
  g_assert_cmpint (g_get_monotonic_time (), >=, deadline);

  /* Less than the milliseconds of poll (). */
  deadline = g_get_monotonic_time () + 300;
  while (zmqg_thread_waiter_wait (waiter, deadline))
    ;
  g_assert_cmpint (g_get_monotonic_time (), >=, deadline);

  /* One that is far does not hold up a signal. */
  zmqg_thread_waiter_signal (waiter);
  g_assert_true (zmqg_thread_waiter_wait (
    waiter, g_get_monotonic_time () + G_TIME_SPAN_HOUR));
  g_assert_cmpint (g_get_monotonic_time (), <, begun + G_TIME_SPAN_MINUTE);

  /* What has come counts though the deadline is over. */
  zmqg_thread_waiter_signal (waiter);
  g_assert_true (zmqg_thread_waiter_wait (waiter, begun));
}

/* A call that waits may call what waits too. */
static void
test_nesting (void)
{
  ZmqgThreadWaiter *outer = get_waiter ();
  ZmqgThreadWaiter *inner;
  ZmqgThreadWaiter *innermost;

  g_assert_true (get_waiter () == outer);
  outer->waiter.listed = TRUE;
  inner = get_waiter ();
  g_assert_true (inner != outer);
  g_assert_true (get_waiter () == inner);
  inner->waiter.listed = TRUE;
  innermost = get_waiter ();
  g_assert_true (innermost != outer && innermost != inner);

  /* A signal is for one of them. */
  zmqg_thread_waiter_signal (inner);
  g_assert_false (is_signalled (innermost));
  g_assert_false (is_signalled (outer));
  g_assert_true (is_signalled (inner));

  /* The same ones the next time, from the outside in. */
  inner->waiter.listed = FALSE;
  g_assert_true (get_waiter () == inner);
  inner->waiter.listed = TRUE;
  g_assert_true (get_waiter () == innermost);
  inner->waiter.listed = FALSE;
  outer->waiter.listed = FALSE;
  g_assert_true (get_waiter () == outer);
}

/* --- Threads ------------------------------------------------------------ */

typedef struct
{
  _Atomic (ZmqgThreadWaiter *) waiter; /* of the other thread */
  ZmqgThreadWaiter *first;             /* of the test's */
  atomic_uint n_calls;
  atomic_uint n_returns;
  atomic_uint told;
} Talk;

static gpointer
wait_once (gpointer data)
{
  Talk *self = data;
  ZmqgThreadWaiter *waiter = get_waiter ();

  atomic_store (&self->waiter, waiter);
  while (!atomic_load (&self->told))
    {
      atomic_fetch_add (&self->n_calls, 1);
      g_assert_true (zmqg_thread_waiter_wait (waiter, -1));
      atomic_fetch_add (&self->n_returns, 1);
    }
  return NULL;
}

static void
test_wake (void)
{
  for (guint i = 0; i < 200; i++)
    {
      Talk talk = { 0 };
      GThread *thread = g_thread_new ("waiter", wait_once, &talk);
      ZmqgThreadWaiter *waiter;

      while ((waiter = atomic_load (&talk.waiter)) == NULL)
        g_thread_yield ();
      g_assert_true (waiter != get_waiter ());

      /* Both while it is about to wait, and while it does. */
      zmqg_thread_waiter_ref (waiter);
      if (i % 8 == 0)
        zmqg_test_turn (NULL);
      atomic_store (&talk.told, 1);
      zmqg_thread_waiter_signal (waiter);
      g_thread_join (thread);
      g_assert_cmpuint (atomic_load (&talk.n_returns), <=, 1);
      zmqg_thread_waiter_unref (waiter);
    }
}

static gpointer
answer (gpointer data)
{
  Talk *self = data;
  ZmqgThreadWaiter *waiter = get_waiter ();

  atomic_store (&self->waiter, waiter);
  for (guint i = 1; i <= N_ROUNDS; i++)
    {
      while (atomic_load (&self->n_calls) < i)
        zmqg_thread_waiter_wait (waiter, -1);
      atomic_store (&self->n_returns, i);
      zmqg_thread_waiter_signal (self->first);
    }

  /* The last signal has been sent before the waiter goes. */
  while (!atomic_load (&self->told))
    zmqg_thread_waiter_wait (waiter, -1);
  return NULL;
}

/* Neither side loses a signal. */
static void
test_ping_pong (void)
{
  Talk talk = { .first = get_waiter () };
  GThread *thread = g_thread_new ("waiter", answer, &talk);
  ZmqgThreadWaiter *other;

  while ((other = atomic_load (&talk.waiter)) == NULL)
    g_thread_yield ();
  zmqg_thread_waiter_ref (other);
  for (guint i = 1; i <= N_ROUNDS; i++)
    {
      atomic_store (&talk.n_calls, i);
      zmqg_thread_waiter_signal (other);
      while (atomic_load (&talk.n_returns) < i)
        zmqg_thread_waiter_wait (talk.first, -1);
    }
  atomic_store (&talk.told, 1);
  zmqg_thread_waiter_signal (other);
  g_thread_join (thread);
  zmqg_thread_waiter_unref (other);
  zmqg_thread_waiter_clear (talk.first);
}

static gpointer
nest_and_exit (gpointer data)
{
  _Atomic (ZmqgThreadWaiter *) *kept = data;
  ZmqgThreadWaiter *waiter = get_waiter ();

  waiter->waiter.listed = TRUE;
  get_waiter ();
  waiter->waiter.listed = FALSE;
  if (kept != NULL)
    atomic_store (kept, zmqg_thread_waiter_ref (waiter));
  return NULL;
}

/* The descriptors go with the thread, or with the last who signals it. */
static void
test_exit (void)
{
  _Atomic (ZmqgThreadWaiter *) kept = NULL;
  ZmqgThreadWaiter *waiter;
  guint n_before;

  get_waiter ();
  n_before = zmqg_test_fd_count ();

  for (guint i = 0; i < 10; i++)
    g_thread_join (g_thread_new ("waiter", nest_and_exit, NULL));
  g_assert_cmpuint (zmqg_test_fd_count (), ==, n_before);

  g_thread_join (g_thread_new ("waiter", nest_and_exit, &kept));
  g_assert_cmpuint (zmqg_test_fd_count (), >, n_before);
  waiter = atomic_load (&kept);
  zmqg_thread_waiter_signal (waiter);
  g_assert_true (is_signalled (waiter));
  zmqg_thread_waiter_unref (waiter);
  g_assert_cmpuint (zmqg_test_fd_count (), ==, n_before);
}

/* --- Signals of the system ---------------------------------------------- */

static atomic_uint n_handled;

static void
handle_signal (int number G_GNUC_UNUSED)
{
  atomic_fetch_add (&n_handled, 1);
}

typedef struct
{
  Talk talk;
  pthread_t thread;
  gint64 deadline;
} Interrupted;

static gpointer
wait_interrupted (gpointer data)
{
  Interrupted *self = data;
  ZmqgThreadWaiter *waiter = get_waiter ();

  self->thread = pthread_self ();
  atomic_store (&self->talk.waiter, waiter);
  g_assert_true (zmqg_thread_waiter_wait (waiter, self->deadline));
  atomic_store (&self->talk.n_returns, 1);

  /* It was no signal of ours. */
  while (!atomic_load (&self->talk.told))
    g_thread_yield ();
  g_assert_false (is_signalled (waiter));
  return NULL;
}

/* A signal to the thread ends the wait, also one whose handler has the system
 * go on with what it interrupts. Fails with a loop on EINTR. */
static void
test_interrupted (gconstpointer data)
{
  struct sigaction action = {
    .sa_handler = handle_signal,
    .sa_flags = GPOINTER_TO_INT (data),
  };
  struct sigaction before;

  sigaction (SIGUSR1, &action, &before);
  for (guint i = 0; i < 2; i++)
    {
      Interrupted self = { 0 };
      GThread *thread;

      self.deadline = i == 0 ? -1
                             : g_get_monotonic_time () + G_TIME_SPAN_HOUR;
      atomic_store (&n_handled, 0);
      thread = g_thread_new ("waiter", wait_interrupted, &self);
      while (atomic_load (&self.talk.waiter) == NULL)
        g_thread_yield ();

      /* One may come before the wait. */
      while (!atomic_load (&self.talk.n_returns))
        {
          g_assert_cmpint (pthread_kill (self.thread, SIGUSR1), ==, 0);
          zmqg_test_turn (NULL);
        }
      g_assert_cmpuint (atomic_load (&n_handled), >, 0);
      atomic_store (&self.talk.told, 1);
      g_thread_join (thread);
    }
  sigaction (SIGUSR1, &before, NULL);
}

/* --- Out of descriptors ------------------------------------------------- */

static gpointer
get_without (gpointer data G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;
  struct rlimit before;
  struct rlimit none;
  ZmqgThreadWaiter *waiter;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
  none = before;
  none.rlim_cur = 0;

  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &none));
  waiter = zmqg_thread_waiter_get (&error);
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  g_assert_null (waiter);
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_clear_error (&error);

  /* For the call within a call too; afterwards as if nothing was. */
  waiter = get_waiter ();
  waiter->waiter.listed = TRUE;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &none));
  g_assert_null (zmqg_thread_waiter_get (&error));
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_assert_true (get_waiter () != waiter);
  waiter->waiter.listed = FALSE;
  g_assert_true (get_waiter () == waiter);
  return NULL;
}

static void
test_no_descriptors (void)
{
  g_thread_join (g_thread_new ("waiter", get_without, NULL));
}

/* What wakes the one is nothing to the other. */
static void
test_fork (void)
{
  ZmqgThreadWaiter *waiter = get_waiter ();
  int fd = waiter->fd;
  int status;
  pid_t pid;

  zmqg_thread_waiter_clear (waiter);
  zmqg_thread_waiter_signal (waiter);
  pid = fork ();
  if (pid == 0)
    {
      ZmqgThreadWaiter *other = zmqg_thread_waiter_get (NULL);
      int failed = 0;

      /* The parent's signal is not for us, nor taken by us. */
      failed |= (other == NULL) << 0;
      failed |= (is_signalled (other)) << 1;
      zmqg_thread_waiter_clear (other);
      zmqg_thread_waiter_signal (other);
      failed |= (!is_signalled (other)) << 2;
      failed |= (zmqg_thread_waiter_get (NULL) != other) << 3;
      _exit (failed);
    }

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
  g_assert_true (is_signalled (waiter));
  g_assert_true (get_waiter () == waiter);
  g_assert_cmpint (waiter->fd, ==, fd);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/base/waiter/signal", test_signal);
  g_test_add_func ("/zmqg/base/waiter/clear", test_clear);
  g_test_add_func ("/zmqg/base/waiter/deadline", test_deadline);
  g_test_add_func ("/zmqg/base/waiter/nesting", test_nesting);
  g_test_add_func ("/zmqg/base/waiter/wake", test_wake);
  g_test_add_func ("/zmqg/base/waiter/ping-pong", test_ping_pong);
  g_test_add_func ("/zmqg/base/waiter/exit", test_exit);
  g_test_add_data_func ("/zmqg/base/waiter/interrupted",
                        GINT_TO_POINTER (0), test_interrupted);
  g_test_add_data_func ("/zmqg/base/waiter/interrupted-restart",
                        GINT_TO_POINTER (SA_RESTART), test_interrupted);
  g_test_add_func ("/zmqg/base/waiter/no-descriptors", test_no_descriptors);
  g_test_add_func ("/zmqg/base/waiter/fork", test_fork);

  return g_test_run ();
}
