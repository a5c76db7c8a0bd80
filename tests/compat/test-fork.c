/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

/*
 * The child of a fork makes a context of its own and works with it, whatever the
 * parent's threads were at: those of the library, and those in its calls.
 */

#define CHILD_SECONDS 60
#define N_FORKS 100

/* Locks of another kind stay held in a child, and so do those of a sanitizer's
 * malloc. */
#if defined(__linux__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)

static void *context;
static void *pull;
static char address[64];
static atomic_bool stop;

/* --- What the parent's threads do ---------------------------------------------- */

static gpointer
bind_again_and_again (gpointer data G_GNUC_UNUSED)
{
  while (!atomic_load (&stop))
    {
      void *socket = zmq_socket (context, ZMQ_PUB);

      g_assert_cmpint (zmq_bind (socket, "tcp://127.0.0.1:*"), ==, 0);
      g_assert_cmpint (zmq_close (socket), ==, 0);
    }
  return NULL;
}

static gpointer
make_contexts (gpointer data G_GNUC_UNUSED)
{
  while (!atomic_load (&stop))
    {
      void *other = zmq_ctx_new ();
      void *socket = zmq_socket (other, ZMQ_PUB);

      g_assert_cmpint (zmq_bind (socket, "tcp://127.0.0.1:*"), ==, 0);
      g_assert_cmpint (zmq_close (socket), ==, 0);
      g_assert_cmpint (zmq_ctx_term (other), ==, 0);
    }
  return NULL;
}

static gpointer
connect_again_and_again (gpointer data G_GNUC_UNUSED)
{
  const int linger = 0;

  while (!atomic_load (&stop))
    {
      void *socket = zmq_socket (context, ZMQ_PUSH);

      zmq_setsockopt (socket, ZMQ_LINGER, &linger, sizeof linger);
      g_assert_cmpint (zmq_connect (socket, address), ==, 0);
      zmq_send (socket, "x", 1, ZMQ_DONTWAIT);
      g_assert_cmpint (zmq_close (socket), ==, 0);
    }
  return NULL;
}

static gpointer
receive (gpointer data G_GNUC_UNUSED)
{
  while (!atomic_load (&stop))
    zmq_recv (pull, NULL, 0, 0);
  return NULL;
}

static const GThreadFunc works[] = {
  bind_again_and_again,
  make_contexts,
  connect_again_and_again,
  receive,
};

/* --- The child ------------------------------------------------------------------ */

static int
work_in_child (void)
{
  void *own;
  void *to;
  void *from;
  char text[64];
  size_t size = sizeof text;

  alarm (CHILD_SECONDS);
  own = zmq_ctx_new ();
  to = zmq_socket (own, ZMQ_PULL);
  from = zmq_socket (own, ZMQ_PUSH);
  if (zmq_bind (to, "tcp://127.0.0.1:*") != 0 ||
      zmq_getsockopt (to, ZMQ_LAST_ENDPOINT, text, &size) != 0 ||
      zmq_connect (from, text) != 0)
    return 1;
  if (zmq_send (from, "x", 1, 0) != 1 || zmq_recv (to, text, 1, 0) != 1)
    return 2;
  if (zmq_close (from) != 0 || zmq_close (to) != 0 || zmq_ctx_term (own) != 0)
    return 3;
  /* The parent's may be closed, and do nothing else. */
  if (zmq_recv (pull, NULL, 0, 0) != -1 || errno != EINTR ||
      zmq_close (pull) != 0)
    return 4;
  return 0;
}

static void
test_new_context (void)
{
  GThread *threads[G_N_ELEMENTS (works)];
  size_t size = sizeof address;
  const int timeout = 100;

  context = zmq_ctx_new ();
  pull = zmq_socket (context, ZMQ_PULL);
  zmq_setsockopt (pull, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
  g_assert_cmpint (zmq_bind (pull, "tcp://127.0.0.1:*"), ==, 0);
  zmq_getsockopt (pull, ZMQ_LAST_ENDPOINT, address, &size);
  for (guint i = 0; i < G_N_ELEMENTS (works); i++)
    threads[i] = g_thread_new ("busy", works[i], NULL);

  for (guint i = 0; i < N_FORKS; i++)
    {
      int status;
      pid_t pid = fork ();

      if (pid == 0)
        _exit (work_in_child ());

      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 0);
    }

  atomic_store (&stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (works); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (zmq_close (pull), ==, 0);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

#endif

/* --- A fork within a call -------------------------------------------------------- */

static void
fork_now (void *data G_GNUC_UNUSED,
          void *hint)
{
  const gint64 before = g_get_monotonic_time ();
  pid_t pid = fork ();
  int *status = hint;

  /* Nothing is waited for but the I/O threads. */
  if (pid == 0)
    _exit (g_get_monotonic_time () - before < 60 * G_USEC_PER_SEC ? 7 : 8);
  g_assert_cmpint (waitpid (pid, status, 0), ==, pid);
}

/* From a free function that a call runs. */
static void
test_within_call (void)
{
  void *own = zmq_ctx_new ();
  void *socket = zmq_socket (own, ZMQ_PUSH);
  char text[] = { 'p', 'a', 'r', 't' };
  int status = -1;
  zmq_msg_t part;

  g_assert_cmpint (zmq_bind (socket, "tcp://127.0.0.1:*"), ==, 0);
  g_assert_cmpint (zmq_connect (socket, "inproc://nobody"), ==, 0);
  zmq_msg_init_data (&part, text, sizeof text, fork_now, &status);
  g_assert_cmpint (zmq_msg_send (&part, socket, ZMQ_SNDMORE), ==, 4);
  g_assert_cmpint (zmq_close (socket), ==, 0);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 7);
  g_assert_cmpint (zmq_ctx_term (own), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#if defined(__linux__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)
  g_test_add_func ("/zmqg/compat/fork/new-context", test_new_context);
#endif
  /* ThreadSanitizer has a child answer for the parent's threads. */
#ifndef __SANITIZE_THREAD__
  g_test_add_func ("/zmqg/compat/fork/within-call", test_within_call);
#else
  (void) test_within_call;
#endif

  return g_test_run ();
}
