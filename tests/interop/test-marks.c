/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include "zmqg.h"

/* High-water marks are as exact as libzmq's: the same is done with both, and
 * what each says is compared. See libzmq-marks.c. */

#define AT_MOST 3000

static const char *const cases[] = {
  "receiver-binds", "sender-binds", "connect-first", "nobody", "immediate",
};

static const int marks[][2] = {
  { 1, 1 }, { 2, 3 }, { 5, 5 },  { 1, 10 },     { 3, 1 },
  { 20, 40 }, { 0, 5 }, { 5, 0 }, { 1000, 1000 }, { 7, 100 },
};

static guint
fill_up (ZmqgSocket *socket)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");
  guint n = 0;

  while (n < AT_MOST && zmqg_socket_try_send (socket, message, NULL))
    n++;
  return n;
}

static guint
drain (ZmqgSocket *socket)
{
  ZmqgMessage *message;
  guint n = 0;

  while ((message = zmqg_socket_try_receive (socket, NULL)) != NULL)
    {
      zmqg_message_unref (message);
      n++;
    }
  return n;
}

static void
bind_to (ZmqgSocket *socket)
{
  GError *error = NULL;

  zmqg_socket_bind (socket, "inproc://marks", &error);
  g_assert_no_error (error);
}

static void
connect_to (ZmqgSocket *socket,
            const char *uri)
{
  GError *error = NULL;

  zmqg_socket_connect_to (socket, uri, &error);
  g_assert_no_error (error);
}

static char *
run_ours (ZmqgEngineMode mode,
          const char *name,
          const int *mark)
{
  g_autoptr (ZmqgContext) context = NULL;
  g_autoptr (ZmqgSocket) push = NULL;
  g_autoptr (ZmqgSocket) pull = NULL;
  GString *result = g_string_new (NULL);

  context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode, NULL);
  push = zmqg_push_socket_new (context);
  pull = zmqg_pull_socket_new (context);
  g_object_set (push, "send-hwm", mark[0], "linger", 0, NULL);
  g_object_set (pull, "receive-hwm", mark[1], "linger", 0, NULL);

  if (g_str_equal (name, "receiver-binds"))
    {
      bind_to (pull);
      connect_to (push, "inproc://marks");
    }
  else if (g_str_equal (name, "sender-binds"))
    {
      bind_to (push);
      connect_to (pull, "inproc://marks");
    }
  else if (g_str_equal (name, "connect-first"))
    {
      connect_to (push, "inproc://marks");
      g_string_append_printf (result, "%u ", fill_up (push));
      bind_to (pull);
    }
  else
    {
      g_object_set (push, "immediate", g_str_equal (name, "immediate"), NULL);
      connect_to (push, "tcp://127.0.0.1:9");
    }

  g_string_append_printf (result, "%u ", fill_up (push));
  g_string_append_printf (result, "%u ", drain (pull));
  g_string_append_printf (result, "%d\n", fill_up (push) > 0);
  zmqg_socket_close (push);
  zmqg_socket_close (pull);
  return g_string_free (result, FALSE);
}

static char *
run_theirs (const char *name,
            const int *mark)
{
  g_autofree char *first = g_strdup_printf ("%d", mark[0]);
  g_autofree char *second = g_strdup_printf ("%d", mark[1]);
  const char *arguments[] = { LIBZMQ_MARKS, name, first, second, NULL };
  GError *error = NULL;
  char *output = NULL;
  int status;

  g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                &output, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));
  return output;
}

static void
test_marks (gconstpointer data)
{
  const char *name = data;

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      g_autofree char *theirs = run_theirs (name, marks[i]);

      for (ZmqgEngineMode mode = ZMQG_ENGINE_MODE_THREADS;
           mode <= ZMQG_ENGINE_MODE_MAIN_CONTEXT; mode++)
        {
          g_autofree char *ours = run_ours (mode, name, marks[i]);

          g_test_message ("%s %d %d: %s", name, marks[i][0], marks[i][1],
                          ours);
          g_assert_cmpstr (ours, ==, theirs);
        }
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/marks/", cases[i],
                                           NULL);

      g_test_add_data_func (path, cases[i], test_marks);
    }

  return g_test_run ();
}
