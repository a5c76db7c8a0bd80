/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */
#include "config.h"

#include "bench-worker-private.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * One peer of a benchmark. Speaks to the driver in lines of JSON on standard
 * output: where it is bound, then what it measured.
 */

typedef struct
{
  const char *name;
  void (*run) (const BenchOptions *options, const char *uri);
} BenchRole;

typedef struct
{
  gpointer context;
  const BenchOptions *options;
  char *uri;
} Partner;

static void
say (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static void
need (gboolean available)
{
  if (!available)
    bench_fail ("%s has no part in this case", bench_library.name);
}

static void
report_span (const BenchSpan *span, const char *more)
{
  say ("{\"seconds\": %.9f, \"cpu\": %.6f, \"messages\": %" G_GUINT64_FORMAT
       "%s}",
       (span->end_ns - span->start_ns) / 1e9,
       span->end_cpu - span->start_cpu, span->messages, more);
}

static gpointer
bind_socket (gpointer context,
             BenchSocketType type,
             const BenchOptions *options,
             const char *uri,
             char **resolved)
{
  gpointer socket = bench_library.socket_new (context, type, options);

  *resolved = bench_library.bind (socket, uri);
  say ("{\"endpoint\": \"%s\"}", *resolved);

  return socket;
}

static gpointer
connect_socket (gpointer context,
                BenchSocketType type,
                const BenchOptions *options,
                const char *uri)
{
  gpointer socket = bench_library.socket_new (context, type, options);

  bench_library.connect (socket, uri);

  return socket;
}

static void
finish (gpointer context, gpointer socket)
{
  bench_library.socket_free (socket);
  bench_library.context_free (context);
}

/* PUSH to PULL */

static gpointer
send_in_thread (gpointer data)
{
  Partner *self = data;
  gpointer socket = connect_socket (self->context, BENCH_SOCKET_PUSH,
                                    self->options, self->uri);

  bench_library.send_many (socket, self->options);
  bench_library.socket_free (socket);

  return NULL;
}

/* In inproc the sender is a thread of this process. */
static GThread *
start_partner (GThreadFunc run, Partner *partner)
{
  if (!g_str_has_prefix (partner->uri, "inproc://"))
    return NULL;

  return g_thread_new ("partner", run, partner);
}

static void
run_sink (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  g_autofree char *resolved = NULL;
  gpointer socket;
  Partner partner;
  GThread *thread;
  BenchSpan span;

  need (bench_library.receive_many != NULL);
  socket = bind_socket (context, BENCH_SOCKET_PULL, options, uri, &resolved);
  partner = (Partner){ context, options, resolved };
  thread = start_partner (send_in_thread, &partner);
  bench_library.receive_many (socket, options, &span);
  report_span (&span, "");
  g_clear_pointer (&thread, g_thread_join);
  finish (context, socket);
}

static void
run_source (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  gpointer socket;
  BenchSpan span;

  need (bench_library.send_many != NULL);
  socket = connect_socket (context, BENCH_SOCKET_PUSH, options, uri);
  bench_span_begin (&span);
  bench_library.send_many (socket, options);
  finish (context, socket);
  bench_span_end (&span, options->count);
  report_span (&span, "");
}

static void
run_loop_sink (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  g_autofree char *resolved = NULL;
  g_autofree char *more = NULL;
  gpointer socket;
  Partner partner;
  GThread *thread;
  BenchTicker *ticker;
  BenchSpan span;
  GArray *lateness;

  need (bench_library.receive_in_loop != NULL);
  socket = bind_socket (context, BENCH_SOCKET_PULL, options, uri, &resolved);
  ticker = bench_ticker_new ();
  partner = (Partner){ context, options, resolved };
  thread = start_partner (send_in_thread, &partner);
  bench_library.receive_in_loop (socket, options, ticker, &span);

  lateness = bench_ticker_get_lateness (ticker);
  more = g_strdup_printf (", \"ticks\": %u, \"late_p99_us\": %" G_GINT64_FORMAT
                          ", \"late_max_us\": %" G_GINT64_FORMAT,
                          lateness->len, bench_percentile (lateness, 990),
                          bench_percentile (lateness, 1000));
  report_span (&span, more);
  bench_ticker_free (ticker);
  g_clear_pointer (&thread, g_thread_join);
  finish (context, socket);
}

/* REQ to REP */

static gpointer
reply_in_thread (gpointer data)
{
  Partner *self = data;
  gpointer socket = connect_socket (self->context, BENCH_SOCKET_REP,
                                    self->options, self->uri);

  bench_library.reply_many (socket, self->options);
  bench_library.socket_free (socket);

  return NULL;
}

static void
request (gpointer socket, const BenchOptions *options)
{
  g_autoptr (GArray) samples = NULL;
  g_autofree char *more = NULL;
  BenchSpan span;

  samples = g_array_sized_new (FALSE, FALSE, sizeof (gint64), options->count);
  bench_library.request_many (socket, options, samples, &span);
  more = g_strdup_printf (", \"p50_ns\": %" G_GINT64_FORMAT
                          ", \"p99_ns\": %" G_GINT64_FORMAT,
                          bench_percentile (samples, 500),
                          bench_percentile (samples, 990));
  report_span (&span, more);
}

static void
run_requester (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  g_autofree char *resolved = NULL;
  gpointer socket;
  GThread *thread = NULL;

  need (bench_library.request_many != NULL);
  if (g_str_has_prefix (uri, "inproc://"))
    {
      Partner partner;

      socket = bind_socket (context, BENCH_SOCKET_REQ, options, uri, &resolved);
      partner = (Partner){ context, options, resolved };
      thread = start_partner (reply_in_thread, &partner);
      request (socket, options);
      g_clear_pointer (&thread, g_thread_join);
    }
  else
    {
      socket = connect_socket (context, BENCH_SOCKET_REQ, options, uri);
      request (socket, options);
    }
  finish (context, socket);
}

static void
run_replier (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  g_autofree char *resolved = NULL;
  gpointer socket;
  BenchSpan span;

  need (bench_library.reply_many != NULL);
  socket = bind_socket (context, BENCH_SOCKET_REP, options, uri, &resolved);
  bench_span_begin (&span);
  bench_library.reply_many (socket, options);
  bench_span_end (&span, options->warm_up + options->count);
  finish (context, socket);
  report_span (&span, "");
}

/* PUB to many SUB */

static void
run_publisher (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  g_autofree char *resolved = NULL;
  gpointer socket;
  BenchSpan span;

  need (bench_library.await_subscriptions != NULL);
  socket = bind_socket (context, BENCH_SOCKET_XPUB, options, uri, &resolved);
  bench_library.await_subscriptions (socket, options);
  bench_span_begin (&span);
  bench_library.send_many (socket, options);
  finish (context, socket);
  bench_span_end (&span, options->count);
  report_span (&span, "");
}

static void
run_subscribers (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  g_autofree gpointer *sockets = g_new0 (gpointer, options->peers);
  BenchSpan span;

  need (bench_library.receive_from_all != NULL);
  for (guint i = 0; i < options->peers; i++)
    sockets[i] = connect_socket (context, BENCH_SOCKET_SUB, options, uri);
  bench_library.receive_from_all (sockets, options->peers, options, &span);
  report_span (&span, "");
  for (guint i = 0; i < options->peers; i++)
    bench_library.socket_free (sockets[i]);
  bench_library.context_free (context);
}

/* Many sockets of one thread */

static void
run_poller (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  g_autoptr (GArray) samples = NULL;
  g_autofree char *more = NULL;
  BenchSpan span;
  gint64 cpu_ns;

  need (bench_library.poll_many != NULL);
  samples = g_array_sized_new (FALSE, FALSE, sizeof (gint64), options->count);
  cpu_ns = bench_library.poll_many (context, uri, options, samples, &span);
  more = g_strdup_printf (", \"p50_ns\": %" G_GINT64_FORMAT
                          ", \"p99_ns\": %" G_GINT64_FORMAT
                          ", \"call_cpu_ns\": %" G_GINT64_FORMAT,
                          bench_percentile (samples, 500),
                          bench_percentile (samples, 990), cpu_ns);
  report_span (&span, more);
  bench_library.context_free (context);
}

/* Many connections of one socket, which do what the driver says. */

static void
obey (gpointer socket, const BenchOptions *options, const char *command)
{
  BenchOptions work = *options;
  g_auto (GStrv) words = g_strsplit (command, " ", 2);
  const char *argument = words[1] != NULL ? words[1] : "";
  BenchSpan span;

  work.count = g_ascii_strtoull (argument, NULL, 10);

  if (g_str_equal (words[0], "resident"))
    {
      say ("{\"resident\": %" G_GINT64_FORMAT "}", bench_resident_bytes ());
      return;
    }

  if (g_str_equal (words[0], "connect"))
    {
      for (guint i = 0; i < options->peers; i++)
        bench_library.connect (socket, argument);
    }
  else if (g_str_equal (words[0], "wait"))
    {
      bench_library.wait_for_peers (socket, options);
    }
  else if (g_str_equal (words[0], "send"))
    {
      bench_library.send_many (socket, &work);
    }
  else if (g_str_equal (words[0], "receive"))
    {
      bench_library.receive_many (socket, &work, &span);
    }
  else
    {
      bench_fail ("No such command: %s", command);
    }
  say ("{\"done\": true}");
}

static void
hold (gpointer context, gpointer socket, const BenchOptions *options)
{
  char line[1024];

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_strchomp (line);
      if (g_str_equal (line, "quit"))
        break;
      obey (socket, options, line);
    }
  finish (context, socket);
  say ("{\"done\": true}");
}

static void
run_holding_sink (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  g_autofree char *resolved = NULL;
  gpointer socket;

  need (bench_library.wait_for_peers != NULL);
  socket = bind_socket (context, BENCH_SOCKET_PULL, options, uri, &resolved);
  hold (context, socket, options);
}

static void
run_holding_source (const BenchOptions *options, const char *uri)
{
  gpointer context = bench_library.context_new (options);
  gpointer socket;

  need (bench_library.wait_for_peers != NULL);
  socket = bench_library.socket_new (context, BENCH_SOCKET_PUSH, options);
  hold (context, socket, options);
}

static void
run_describe (const BenchOptions *options, const char *uri)
{
  g_autofree char *version = bench_library.describe ();
  Dl_info info = { .dli_fname = "" };

  if (bench_library.symbol != NULL)
    dladdr (bench_library.symbol, &info);
  say ("{\"library\": \"%s\", \"version\": \"%s\", \"file\": \"%s\"}",
       bench_library.name, version, info.dli_fname);
}

static const BenchRole roles[] = {
  { "sink", run_sink },
  { "source", run_source },
  { "loop-sink", run_loop_sink },
  { "requester", run_requester },
  { "replier", run_replier },
  { "publisher", run_publisher },
  { "subscribers", run_subscribers },
  { "poller", run_poller },
  { "holding-sink", run_holding_sink },
  { "holding-source", run_holding_source },
  { "describe", run_describe },
};

int
main (int argc, char *argv[])
{
  static char *role, *uri, *polling = "ready";
  static gint64 size = 64, count = 1000, warm_up;
  static int peers, hwm = -1, timeout = 120;
  static gboolean by_reference, batch, main_context, poller;
  static const GOptionEntry entries[] = {
    { "role", 0, 0, G_OPTION_ARG_STRING, &role, "What to do", "ROLE" },
    { "uri", 0, 0, G_OPTION_ARG_STRING, &uri, "Where", "URI" },
    { "size", 0, 0, G_OPTION_ARG_INT64, &size, "Message size", "BYTES" },
    { "count", 0, 0, G_OPTION_ARG_INT64, &count, "How many", "N" },
    { "warm-up", 0, 0, G_OPTION_ARG_INT64, &warm_up, "Not timed", "N" },
    { "peers", 0, 0, G_OPTION_ARG_INT, &peers, "Connections", "N" },
    { "hwm", 0, 0, G_OPTION_ARG_INT, &hwm, "High-water mark", "N" },
    { "timeout", 0, 0, G_OPTION_ARG_INT, &timeout, "Die after", "SECONDS" },
    { "by-reference", 0, 0, G_OPTION_ARG_NONE, &by_reference,
      "Do not copy what is sent", NULL },
    { "batch", 0, 0, G_OPTION_ARG_NONE, &batch, "Receive in batches", NULL },
    { "polling", 0, 0, G_OPTION_ARG_STRING, &polling,
      "What polling meets: ready, timeout-0 or waiting", "WHAT" },
    { "poller", 0, 0, G_OPTION_ARG_NONE, &poller, "Poll by zmq_poller", NULL },
    { "main-context", 0, 0, G_OPTION_ARG_NONE, &main_context,
      "Use no I/O thread", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) parser = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  BenchOptions options;

  g_option_context_add_main_entries (parser, entries, NULL);
  if (!g_option_context_parse (parser, &argc, &argv, &error))
    bench_fail ("%s", error->message);
  if (role == NULL)
    bench_fail ("Which role?");

  /* Nobody is left running when the driver is gone. */
  alarm (timeout);

  options = (BenchOptions){
    .size = size,
    .count = count,
    .warm_up = warm_up,
    .peers = peers,
    .hwm = hwm,
    .by_reference = by_reference,
    .batch = batch,
    .main_context = main_context,
    .watch_peers = g_str_has_prefix (role, "holding-"),
    .polling = g_str_equal (polling, "ready")       ? BENCH_POLLING_READY
               : g_str_equal (polling, "timeout-0") ? BENCH_POLLING_NOTHING
                                                    : BENCH_POLLING_WAITING,
    .poller = poller,
  };

  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    {
      if (!g_str_equal (role, roles[i].name))
        continue;
      roles[i].run (&options, uri);
      return EXIT_SUCCESS;
    }

  bench_fail ("No such role: %s", role);
}
