/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

/* How the system treats I/O threads; and what new sockets are. */

/* The number of the thread of that name; 0 when there is none. */
static pid_t
find_thread (const char *name)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;

  while (dir != NULL && (task = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", task,
                                                "comm", NULL);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (path, &comm, NULL, NULL) &&
          g_str_equal (g_strchomp (comm), name))
        return atoi (task);
    }
  return 0;
}

static ZmqgSocket *
new_pull (ZmqgContext *context)
{
  return zmqg_context_create_socket (context, ZMQG_SOCKET_TYPE_PULL);
}

/* Binds, and returns the thread that was started for that. */
static pid_t
start_thread (ZmqgContext *context)
{
  g_autoptr (ZmqgSocket) pull = new_pull (context);
  GError *error = NULL;

  zmqg_socket_bind (pull, "tcp://127.0.0.1:0", &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (find_thread ("zmqg-io/0") > 0, SOCKET_TEST_DEADLINE_MS);
  return find_thread ("zmqg-io/0");
}

static void
check_refused (ZmqgContext *context,
               int code)
{
  g_autoptr (ZmqgSocket) pull = new_pull (context);
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_bind (pull, "tcp://127.0.0.1:0", &error));
  g_assert_error (error, G_IO_ERROR, code);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_connect_to (pull, "tcp://127.0.0.1:9", &error));
  g_assert_error (error, G_IO_ERROR, code);
  ZMQG_TEST_AWAIT (find_thread ("zmqg-io/0") == 0, SOCKET_TEST_DEADLINE_MS);
}

static void
terminate (ZmqgContext *context)
{
  GError *error = NULL;

  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
}

/* --- Processors --------------------------------------------------------- */

static int
any_cpu (void)
{
  cpu_set_t ours;
  int cpu = 0;

  g_assert_no_errno (sched_getaffinity (0, sizeof ours, &ours));
  while (!CPU_ISSET (cpu, &ours))
    cpu++;
  return cpu;
}

static void
test_affinity (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  int cpu = any_cpu ();
  cpu_set_t ours;
  cpu_set_t set;

  g_assert_no_errno (sched_getaffinity (0, sizeof ours, &ours));
  zmqg_context_add_thread_affinity (context, 1000);
  zmqg_context_add_thread_affinity (context, cpu);
  zmqg_context_add_thread_affinity (context, cpu);
  g_assert_true (zmqg_context_remove_thread_affinity (context, 1000));
  g_assert_false (zmqg_context_remove_thread_affinity (context, 1000));

  g_assert_no_errno (sched_getaffinity (start_thread (context), sizeof set,
                                        &set));
  g_assert_cmpint (CPU_COUNT (&set), ==, 1);
  g_assert_true (CPU_ISSET (cpu, &set));
  /* Ours is as it was. */
  g_assert_no_errno (sched_getaffinity (0, sizeof set, &set));
  g_assert_true (CPU_EQUAL (&set, &ours));
  terminate (context);
}

/* What cannot be is told, and can be put right. */
static void
test_affinity_refused (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  cpu_set_t ours;
  cpu_set_t set;

  zmqg_context_add_thread_affinity (context, 1000);
  check_refused (context, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_true (zmqg_context_remove_thread_affinity (context, 1000));
  g_assert_no_errno (sched_getaffinity (0, sizeof ours, &ours));
  g_assert_no_errno (sched_getaffinity (start_thread (context), sizeof set,
                                        &set));
  g_assert_true (CPU_EQUAL (&set, &ours));
  terminate (context);
}

/* --- Scheduling --------------------------------------------------------- */

/* Whether this process may have that; asked of a thread of its own. */
typedef struct
{
  int policy;
  int nice;
  gboolean may;
} Question;

static gpointer
ask (gpointer data)
{
  Question *question = data;
  struct sched_param param = {
    .sched_priority = sched_get_priority_min (question->policy),
  };

  question->may = sched_setscheduler (0, question->policy, &param) == 0 &&
                  (question->nice == 0 ||
                   setpriority (PRIO_PROCESS, 0, question->nice) == 0);
  return NULL;
}

static gboolean
may_have (int policy,
          int nice)
{
  Question question = { policy, nice };

  g_thread_join (g_thread_new ("question", ask, &question));
  return question.may;
}

static void
test_real_time (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  struct sched_param param;
  pid_t thread;

  g_object_set (context, "thread-scheduling-policy",
                ZMQG_SCHEDULING_POLICY_RR,
                "thread-priority", 3, NULL);
  if (!may_have (SCHED_RR, 0))
    {
      check_refused (context, G_IO_ERROR_PERMISSION_DENIED);
      return;
    }

  thread = start_thread (context);
  g_assert_cmpint (sched_getscheduler (thread), ==, SCHED_RR);
  g_assert_no_errno (sched_getparam (thread, &param));
  g_assert_cmpint (param.sched_priority, ==, 3);
  g_assert_cmpint (sched_getscheduler (0), ==, SCHED_OTHER);
  terminate (context);
}

static void
test_nice (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();

  g_object_set (context, "thread-priority", 4, NULL);
  if (!may_have (SCHED_OTHER, -4))
    {
      check_refused (context, G_IO_ERROR_PERMISSION_DENIED);
      return;
    }

  g_assert_cmpint (getpriority (PRIO_PROCESS, start_thread (context)), ==,
                   -4);
  terminate (context);
}

/* Anybody may be modest. */
static void
test_batch (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();

  g_object_set (context, "thread-scheduling-policy",
                ZMQG_SCHEDULING_POLICY_BATCH, NULL);
  g_assert_cmpint (sched_getscheduler (start_thread (context)), ==,
                   SCHED_BATCH);
  terminate (context);
}

static void
test_policy_refused (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();

  g_object_set (context, "thread-scheduling-policy",
                ZMQG_SCHEDULING_POLICY_FIFO, "thread-priority", 1000, NULL);
  check_refused (context, G_IO_ERROR_INVALID_ARGUMENT);
  g_object_set (context, "thread-scheduling-policy",
                ZMQG_SCHEDULING_POLICY_DEFAULT, "thread-priority", -1, NULL);
  start_thread (context);
  terminate (context);
}

/* There is no thread that it could concern. */
static void
test_main_context (void)
{
  g_autoptr (ZmqgContext) context = NULL;
  g_autoptr (ZmqgSocket) pull = NULL;
  GError *error = NULL;

  context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode",
                          ZMQG_ENGINE_MODE_MAIN_CONTEXT,
                          "thread-scheduling-policy",
                          ZMQG_SCHEDULING_POLICY_BATCH, NULL);
  zmqg_context_add_thread_affinity (context, 1000);
  pull = new_pull (context);
  zmqg_socket_bind (pull, "tcp://127.0.0.1:0", &error);
  g_assert_no_error (error);
  g_assert_cmpint (sched_getscheduler (0), ==, SCHED_OTHER);
  zmqg_socket_close (pull);
  terminate (context);
}

/* --- Sockets ------------------------------------------------------------ */

static int
get_linger (ZmqgContext *context,
            ZmqgSocketType type)
{
  g_autoptr (ZmqgSocket) socket = zmqg_context_create_socket (context, type);
  int linger;

  g_object_get (socket, "linger", &linger, NULL);
  return linger;
}

static void
test_blocky (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();

  g_assert_cmpint (get_linger (context, ZMQG_SOCKET_TYPE_PUSH), ==, -1);
  g_assert_cmpint (get_linger (context, ZMQG_SOCKET_TYPE_SUB), ==, 0);
  g_object_set (context, "blocky", FALSE, NULL);
  g_assert_cmpint (get_linger (context, ZMQG_SOCKET_TYPE_PUSH), ==, 0);
  g_assert_cmpint (get_linger (context, ZMQG_SOCKET_TYPE_SUB), ==, 0);
  g_object_set (context, "blocky", TRUE, NULL);
  g_assert_cmpint (get_linger (context, ZMQG_SOCKET_TYPE_PUSH), ==, -1);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/context/threads/affinity", test_affinity);
  g_test_add_func ("/zmqg/context/threads/affinity/refused",
                   test_affinity_refused);
  g_test_add_func ("/zmqg/context/threads/real-time", test_real_time);
  g_test_add_func ("/zmqg/context/threads/nice", test_nice);
  g_test_add_func ("/zmqg/context/threads/batch", test_batch);
  g_test_add_func ("/zmqg/context/threads/policy-refused",
                   test_policy_refused);
  g_test_add_func ("/zmqg/context/threads/main-context", test_main_context);
  g_test_add_func ("/zmqg/context/blocky", test_blocky);

  return g_test_run ();
}
