/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

static const Transport transports[] = {
  { "tcp", "tcp://@loopback@:0",
    { "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://1:2:a" }, TRUE },
  { "ipc", "ipc://@folder@/@n@", { "ipc://", "ipc://@" }, FALSE },
  { "inproc", "inproc://@n@", { "inproc://" }, TRUE, TRUE },
};

static const ConformanceTest *const tables[] = {
  endpoint_tests,
  peer_tests,
  transfer_tests,
  mark_tests,
  blocking_tests,
  async_tests,
  source_tests,
  signal_tests,
  closing_tests,
  thread_tests,
  waiting_tests,
};

typedef struct
{
  const Transport *transport;
  ZmqgEngineMode mode;
  const ConformanceTest *test;
} Case;

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  Fixture fixture = { 0, };
  GError *error = NULL;

  fixture.transport = self->transport;
  fixture.mode = self->mode;
  fixture.context = g_object_new (ZMQG_TYPE_CONTEXT,
                                  "engine-mode", self->mode, NULL);
  fixture.folder = zmqg_test_tmpdir ();
  fixture.sockets = g_ptr_array_new_with_free_func (g_object_unref);

  self->test->run (&fixture);

  for (guint i = 0; i < fixture.sockets->len; i++)
    zmqg_socket_close (g_ptr_array_index (fixture.sockets, i));
  g_ptr_array_unref (fixture.sockets);
  zmqg_context_terminate (fixture.context, NULL, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (fixture.context);

  /* What is left of the test is done in the next turns. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  zmqg_test_rmdir (fixture.folder);
  g_free (fixture.folder);
}

static gboolean
is_for (const ConformanceTest *test,
        const Transport *transport)
{
  switch (test->scope)
    {
    case FOR_NETWORK:
      return !transport->in_process;
    case FOR_IN_PROCESS:
      return transport->in_process;
    case FOR_ALL:
    default:
      return TRUE;
    }
}

static void
add_case (const Transport *transport,
          ZmqgEngineMode mode,
          const ConformanceTest *test)
{
  g_autofree char *path = NULL;
  Case *self = g_new (Case, 1);

  path = g_strdup_printf ("/zmqg/conformance/%s/%s/%s", transport->name,
                          mode == ZMQG_ENGINE_MODE_THREADS ? "threads"
                                                           : "main-context",
                          test->path);
  self->transport = transport;
  self->mode = mode;
  self->test = test;
  g_test_add_data_func_full (path, self, run_case, g_free);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    for (guint mode = 0; mode < 2; mode++)
      for (guint j = 0; j < G_N_ELEMENTS (tables); j++)
        for (const ConformanceTest *test = tables[j]; test->path != NULL;
             test++)
          if (is_for (test, &transports[i]))
            add_case (&transports[i], mode, test);

  return g_test_run ();
}
