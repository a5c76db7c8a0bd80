/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-fork-private.h"

#include "zmqg-test.h"

#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  atomic_bool at_work;
  atomic_bool may_end;
  atomic_bool ended;  /* just before the work does */
  atomic_uint turns;
} Worker;

static gpointer
work_once (gpointer data)
{
  Worker *self = data;

  zmqg_fork_begin_work ();
  atomic_store (&self->at_work, TRUE);
  while (!atomic_load (&self->may_end))
    g_thread_yield ();
  atomic_store (&self->ended, TRUE);
  zmqg_fork_end_work ();
  return NULL;
}

static void
check_child (pid_t pid)
{
  int status;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static gpointer
let_end (gpointer data)
{
  atomic_store (&((Worker *) data)->may_end, TRUE);
  return NULL;
}

/* No child sees work that had begun and not ended, but where the one that ends
 * it did not run for longer than a fork waits. */
static void
test_waits (void)
{
  guint n_unfinished = 0;

  for (guint i = 0; i < 50; i++)
    {
      int status;
      Worker worker = { FALSE };
      GThread *thread = g_thread_new ("worker", work_once, &worker);
      GThread *other;
      pid_t pid;

      ZMQG_TEST_AWAIT (atomic_load (&worker.at_work), 20000);
      other = g_thread_new ("other", let_end, &worker);
      pid = fork ();
      if (pid == 0)
        _exit (atomic_load (&worker.ended) ? 0 : 1);
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_true (WIFEXITED (status));
      n_unfinished += (guint) WEXITSTATUS (status);
      g_thread_join (thread);
      g_thread_join (other);
    }

  g_test_message ("%u were not waited for", n_unfinished);
  g_assert_cmpuint (n_unfinished, <, 25);
}

/* A thread that does not end its work is not waited for, for ever. */
static void
test_gives_up (void)
{
  Worker worker = { FALSE };
  GThread *thread = g_thread_new ("worker", work_once, &worker);
  pid_t pid;

  ZMQG_TEST_AWAIT (atomic_load (&worker.at_work), 20000);
  pid = fork ();
  if (pid == 0)
    {
      /* The other thread is not here: work can begin, and another fork. */
      zmqg_fork_begin_work ();
      zmqg_fork_end_work ();
      pid = fork ();
      if (pid == 0)
        _exit (0);
      check_child (pid);
      _exit (atomic_load (&worker.ended) ? 1 : 0);
    }
  check_child (pid);
  atomic_store (&worker.may_end, TRUE);
  g_thread_join (thread);
}

/* Who is at work itself forks at once, in the midst of it; a pause is none. */
static void
test_own_work (void)
{
  guint depth;
  pid_t pid;

  g_assert_cmpuint (zmqg_fork_pause_work (), ==, 0);
  zmqg_fork_resume_work (0);
  zmqg_fork_begin_work ();
  zmqg_fork_begin_work ();
  pid = fork ();
  if (pid == 0)
    {
      zmqg_fork_end_work ();
      _exit (zmqg_fork_pause_work () == 1 ? 0 : 1);
    }
  check_child (pid);
  depth = zmqg_fork_pause_work ();
  g_assert_cmpuint (depth, ==, 2);
  zmqg_fork_resume_work (depth);
  zmqg_fork_end_work ();
  g_assert_cmpuint (zmqg_fork_pause_work (), ==, 1);
  zmqg_fork_resume_work (1);
  zmqg_fork_end_work ();
}

static gpointer
work_on (gpointer data)
{
  Worker *self = data;

  while (!atomic_load (&self->may_end))
    {
      zmqg_fork_begin_work ();
      zmqg_fork_resume_work (zmqg_fork_pause_work ());
      zmqg_fork_end_work ();
      atomic_fetch_add (&self->turns, 1);
    }
  return NULL;
}

/* The parent's threads go on after each. */
static void
test_many (void)
{
  Worker worker = { FALSE };
  GThread *threads[3];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("worker", work_on, &worker);
  for (guint i = 0; i < 50; i++)
    {
      guint turns = atomic_load (&worker.turns);
      pid_t pid = fork ();

      if (pid == 0)
        {
          zmqg_fork_begin_work ();
          zmqg_fork_end_work ();
          _exit (0);
        }
      check_child (pid);
      ZMQG_TEST_AWAIT (atomic_load (&worker.turns) > turns, 20000);
    }
  atomic_store (&worker.may_end, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  zmqg_fork_watch ();

  /* ThreadSanitizer has a child answer for the parent's threads. */
#ifndef __SANITIZE_THREAD__
  g_test_add_func ("/zmqg/base/fork/waits", test_waits);
  g_test_add_func ("/zmqg/base/fork/gives-up", test_gives_up);
#else
  (void) test_waits;
  (void) test_gives_up;
#endif
  g_test_add_func ("/zmqg/base/fork/own-work", test_own_work);
  g_test_add_func ("/zmqg/base/fork/many", test_many);

  return g_test_run ();
}
