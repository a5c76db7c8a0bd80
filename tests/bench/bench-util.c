/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */
#include "config.h"

#include "bench-worker-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TICK_USEC (G_USEC_PER_SEC / 60)

struct _BenchTicker
{
  GSource *source;
  GArray *lateness; /* gint64 in µs */
  gint64 due;       /* monotonic time of the next tick, in µs */
  gboolean running; /* between the first message and the last */
};

typedef struct
{
  GSource parent;
  BenchTicker *ticker;
} TickSource;

static double
get_cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);

  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int
compare_samples (gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *) a;
  gint64 second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

static void
note_lateness (BenchTicker *self, gint64 now)
{
  gint64 lateness = MAX (now - self->due, 0);

  g_array_append_val (self->lateness, lateness);
}

static gboolean
tick (GSource *source, GSourceFunc callback, gpointer user_data)
{
  BenchTicker *self = ((TickSource *) source)->ticker;
  gint64 now = g_get_monotonic_time ();

  if (self->running)
    note_lateness (self, now);

  /* Keep the rhythm; ticks that are over count by the lateness of this one. */
  while (self->due <= now)
    self->due += TICK_USEC;
  g_source_set_ready_time (source, self->due);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs tick_funcs = { .dispatch = tick };

gint64
bench_now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);

  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

gint64
bench_resident_bytes (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return -1;

  words = g_strsplit (text, " ", 3);

  return g_ascii_strtoll (words[1], NULL, 10) * sysconf (_SC_PAGESIZE);
}

void
bench_span_begin (BenchSpan *span)
{
  span->start_cpu = get_cpu_seconds ();
  span->start_ns = bench_now_ns ();
}

void
bench_span_end (BenchSpan *span, guint64 messages)
{
  span->end_ns = bench_now_ns ();
  span->end_cpu = get_cpu_seconds ();
  span->messages = messages;
}

void
bench_fail (const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *quoted = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  quoted = g_strescape (text, NULL);

  printf ("{\"error\": \"%s\"}\n", quoted);
  fflush (stdout);
  _exit (EXIT_FAILURE);
}

gint64
bench_percentile (GArray *samples, guint per_mille)
{
  guint index;

  if (samples->len == 0)
    return 0;

  g_array_sort (samples, compare_samples);
  index = (guint) ((guint64) (samples->len - 1) * per_mille / 1000);

  return g_array_index (samples, gint64, index);
}

BenchTicker *
bench_ticker_new (void)
{
  BenchTicker *self = g_new0 (BenchTicker, 1);

  self->lateness = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->due = g_get_monotonic_time () + TICK_USEC;
  self->source = g_source_new (&tick_funcs, sizeof (TickSource));
  ((TickSource *) self->source)->ticker = self;
  g_source_set_static_name (self->source, "bench ticker");
  g_source_set_ready_time (self->source, self->due);
  g_source_attach (self->source, NULL);

  return self;
}

void
bench_ticker_start (BenchTicker *self)
{
  self->running = TRUE;
}

void
bench_ticker_stop (BenchTicker *self)
{
  gint64 now = g_get_monotonic_time ();

  /* A loop that never came to the timer at all must show it. */
  if (now > self->due)
    note_lateness (self, now);
  self->running = FALSE;
}

GArray *
bench_ticker_get_lateness (BenchTicker *self)
{
  return self->lateness;
}

void
bench_ticker_free (BenchTicker *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_array_unref (self->lateness);
  g_free (self);
}
