/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "option-times.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Options of contexts. */

static ZmqgSocket *
new_pull (Subject *subject)
{
  return zmqg_context_create_socket (subject->context, ZMQG_SOCKET_TYPE_PULL);
}

/* So many. */
static GPtrArray *
new_pulls (Subject *subject,
           guint n)
{
  GPtrArray *sockets = g_ptr_array_new_with_free_func (g_object_unref);

  while (sockets->len < n)
    g_ptr_array_add (sockets, new_pull (subject));
  return sockets;
}

static gboolean
try_to_bind (ZmqgSocket *socket,
             guint64 affinity)
{
  g_autofree char *uri = g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ());
  g_autoptr (GError) error = NULL;

  g_object_set (socket, "affinity", affinity, NULL);
  if (zmqg_socket_bind (socket, uri, &error))
    return TRUE;

  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  return FALSE;
}

/* --- Sockets ------------------------------------------------------------ */

static char *
get_text (ZmqgSocket *socket,
          const char *name)
{
  GParamSpec *pspec = g_object_class_find_property (
    G_OBJECT_GET_CLASS (socket), name);
  g_auto (GValue) value = G_VALUE_INIT;
  g_auto (GValue) number = G_VALUE_INIT;

  g_value_init (&value, pspec->value_type);
  g_value_init (&number, G_TYPE_INT64);
  g_object_get_property (G_OBJECT (socket), name, &value);
  g_assert_true (g_value_transform (&value, &number));
  return g_strdup_printf ("%" G_GINT64_FORMAT, g_value_get_int64 (&number));
}

static char *
ask_ours (Subject *subject,
          const OptionCheck *check)
{
  const char *option = strchr (check->what, ':') + 1;
  g_autoptr (ZmqgSocket) before = new_pull (subject);
  g_autoptr (ZmqgSocket) after = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  if (g_str_equal (check->member, "Context:max-message-size"))
    g_object_set (subject->context, "max-message-size",
                  (gint64) atoi (check->values[1]), NULL);
  else
    g_object_set (subject->context, strchr (check->member, ':') + 1,
                  atoi (check->values[1]), NULL);
  after = new_pull (subject);
  first = get_text (before, option);
  second = get_text (after, option);
  return g_strdup_printf ("ok %s %s", first, second);
}

static char *
ask_theirs (Subject *subject,
            const OptionCheck *check)
{
  const OptionRow *row = options_table_find (subject->table, check->member);
  const OptionRow *other = options_table_find (subject->table, check->what);
  g_autofree char *number = g_strdup_printf ("%d", row->number);
  g_autofree char *asked = g_strdup_printf ("%d", other->number);

  return options_table_ask ("later", number, check->values[1], asked, NULL);
}

/* What an option of sockets is, of one made before the context's was set and
 * one made after it. */
static void
sockets_made_later (Subject *subject,
                    const OptionCheck *check)
{
  g_autofree char *told = NULL;
  g_autofree char *expected = NULL;

  told = subject->is_ours ? ask_ours (subject, check)
                          : ask_theirs (subject, check);
  expected = g_strdup_printf ("ok %s %s", check->seen[0], check->seen[1]);
  g_assert_cmpstr (told, ==, expected);
}

static void
max_sockets (Subject *subject,
             const OptionCheck *check)
{
  g_autoptr (GPtrArray) sockets = new_pulls (subject, 3);

  g_assert_true (try_to_bind (sockets->pdata[0], 0));
  g_object_set (subject->context, "max-sockets", 1, NULL);
  g_assert_false (try_to_bind (sockets->pdata[1], 0));
  g_object_set (subject->context, "max-sockets", 2, NULL);
  g_assert_true (try_to_bind (sockets->pdata[1], 0));
  g_assert_false (try_to_bind (sockets->pdata[2], 0));
}

/* --- Threads ------------------------------------------------------------ */

static gboolean
skip_without_threads (Subject *subject)
{
  if (subject->mode == ZMQG_ENGINE_MODE_MAIN_CONTEXT)
    g_test_skip ("there is no thread");
  return subject->mode == ZMQG_ENGINE_MODE_MAIN_CONTEXT;
}

static void
io_threads (Subject *subject,
            const OptionCheck *check)
{
  g_autoptr (GPtrArray) sockets = new_pulls (subject, 2);

  if (skip_without_threads (subject))
    return;

  zmqg_context_set_io_threads (subject->context, 2);
  g_assert_true (try_to_bind (sockets->pdata[0], 2));
  zmqg_context_set_io_threads (subject->context, 3);
  g_assert_cmpuint (zmqg_context_get_io_threads (subject->context), ==, 2);
  g_assert_false (try_to_bind (sockets->pdata[1], 4));
}

/* A thread whose name ends so; 0: there is none. */
static pid_t
find_thread (const char *suffix)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;

  while (dir != NULL && (task = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", task,
                                                "comm", NULL);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (path, &comm, NULL, NULL) &&
          g_str_has_suffix (g_strchomp (comm), suffix))
        return atoi (task);
    }
  return 0;
}

static int
count_cpus (pid_t thread)
{
  cpu_set_t set;

  g_assert_no_errno (sched_getaffinity (thread, sizeof set, &set));
  return CPU_COUNT (&set);
}

static char *
describe_thread (pid_t thread,
                 const char *what)
{
  g_autofree char *path = NULL;
  char *text = NULL;

  if (g_str_equal (what, "policy"))
    return g_strdup_printf ("%d", sched_getscheduler (thread));
  if (g_str_equal (what, "nice"))
    return g_strdup_printf ("%d", getpriority (PRIO_PROCESS, thread));
  if (g_str_equal (what, "processors"))
    return g_strdup (count_cpus (thread) == 1 ? "one" : "all");

  path = g_strdup_printf ("/proc/self/task/%d/comm", (int) thread);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return g_strchomp (text);
}

static guint
any_cpu (void)
{
  cpu_set_t ours;
  guint cpu = 0;

  g_assert_no_errno (sched_getaffinity (0, sizeof ours, &ours));
  while (!CPU_ISSET (cpu, &ours))
    cpu++;
  return cpu;
}

static void
set_of_context (Subject *subject,
                const char *member,
                const char *value)
{
  if (g_str_has_suffix (member, "add_thread_affinity ()") ||
      g_str_equal (value, "one"))
    zmqg_context_add_thread_affinity (subject->context, any_cpu ());
  else if (g_str_has_suffix (member, "remove_thread_affinity ()"))
    zmqg_context_remove_thread_affinity (subject->context, any_cpu ());
  else if (g_str_equal (member, "Context:thread-name-prefix"))
    g_object_set (subject->context, "thread-name-prefix", value, NULL);
  else
    g_object_set (subject->context, strchr (member, ':') + 1, atoi (value),
                  NULL);
}

/* The first thread is as it was, the second is not. */
static void
threads_started_later (Subject *subject,
                       const OptionCheck *check)
{
  static const char *const names[] = { "zmqg-io/0", "zmqg-io/1" };
  g_autoptr (GPtrArray) sockets = new_pulls (subject, 2);

  if (skip_without_threads (subject))
    return;
  if (g_str_equal (check->what, "processors") && count_cpus (0) < 2)
    {
      g_test_skip ("there is one processor");
      return;
    }

  zmqg_context_set_io_threads (subject->context, 2);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      if (check->values[i] != NULL)
        set_of_context (subject, check->member, check->values[i]);
      g_object_set (sockets->pdata[i], "affinity", G_GUINT64_CONSTANT (1) << i,
                    NULL);
      zmqg_socket_bind (sockets->pdata[i], "tcp://127.0.0.1:*", &error);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
        {
          g_test_skip (error->message);
          return;
        }
      g_assert_no_error (error);
      ZMQG_TEST_AWAIT (find_thread (names[i]) != 0, OPTION_DEADLINE_MS);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *seen = describe_thread (find_thread (names[i]),
                                               check->what);

      g_assert_cmpstr (seen, ==, check->seen[i]);
    }
}

/* ------------------------------------------------------------------------ */

#define LATER "threads started later"
#define AT_ONCE "libzmq starts all threads with the first socket"

const OptionCheck option_checks_of_contexts[] = {
  { "Context:max-sockets", "now", NULL, max_sockets,
    "libzmq hears of it before the first socket only" },
  { "Context:io-threads", "before the first endpoint that needs a thread",
    NULL, io_threads, AT_ONCE },
  { "Context:max-message-size", "sockets made later", NULL,
    sockets_made_later, "libzmq does nothing with it", { NULL, "1000" },
    { "1073741824", "1000" }, "Socket:max-message-size" },
  { "Context:ipv6", "sockets made later", NULL, sockets_made_later, NULL,
    { NULL, "1" }, { "0", "1" }, "Socket:ipv6" },
  { "Context:blocky", "sockets made later", NULL, sockets_made_later, NULL,
    { NULL, "0" }, { "-1", "0" }, "Socket:linger" },

  { "Context:thread-name-prefix", LATER, NULL, threads_started_later, AT_ONCE,
    { "a", "b" }, { "a/zmqg-io/0", "b/zmqg-io/1" }, "name" },
  /* SCHED_OTHER, SCHED_BATCH. */
  { "Context:thread-scheduling-policy", LATER, NULL, threads_started_later,
    AT_ONCE, { NULL, "3" }, { "0", "3" }, "policy" },
  { "Context:thread-priority", LATER, NULL, threads_started_later, AT_ONCE,
    { NULL, "3" }, { "0", "-3" }, "nice" },
  { "zmqg_context_add_thread_affinity ()", LATER, NULL, threads_started_later,
    AT_ONCE, { NULL, "one" }, { "all", "one" }, "processors" },
  { "zmqg_context_remove_thread_affinity ()", LATER, NULL,
    threads_started_later, AT_ONCE, { "one", "all" }, { "one", "all" },
    "processors" },
  { NULL },
};
