/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/*
 * The frame queue alone: two threads, messages of one size, a consumer that
 * decodes (or takes the bytes raw). Prints a line for each mark.
 *
 * Usage: bench-queue [size] [millions of messages] [runs]
 */

#include "config.h"

#include "base/zmqg-waiter-private.h"
#include "pipe/zmqg-pipe-private.h"

#include <stdlib.h>

typedef struct
{
  ZmqgPipe *end;
  ZmqgThreadWaiter *waiter;
  guint64 n;
  guint size;
  gboolean raw;
  guint64 sum;
  guint64 sleeps;
} Side;

static void
post (ZmqgPipe *pipe,
      guint events)
{
  Side *side = pipe->owner;

  zmqg_thread_waiter_signal (
    g_atomic_pointer_get (&side->waiter));
}

static const ZmqgPipeOwner owner = { post };

static void
sleep_side (Side *side)
{
  side->sleeps++;
  zmqg_thread_waiter_wait (side->waiter, -1);
}

/* Some 100 ns before the eventfd, as a consumer in a socket does. */
static inline void
pause_cpu (void)
{
  for (guint i = 0; i < 20; i++)
    {
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause ();
#else
      atomic_signal_fence (memory_order_seq_cst);
#endif
    }
}

static gpointer
produce (gpointer data)
{
  Side *side = data;
  guint8 *payload = g_malloc0 (side->size);
  ZmqgFrameView view = { .data = payload, .size = side->size };

  g_atomic_pointer_set (&side->waiter, zmqg_thread_waiter_get (NULL));
  for (guint64 i = 0; i < side->n; i++)
    {
      if (side->size > 0)
        payload[0] = (guint8) i;
      while (zmqg_pipe_write (side->end, &view, 1) == ZMQG_PIPE_FULL)
        sleep_side (side);
      zmqg_pipe_flush (side->end);
    }
  g_free (payload);
  return NULL;
}

static void
consume_decoded (Side *side)
{
  ZmqgFrameArray frames;

  zmqg_frame_array_init (&frames);
  for (guint64 i = 0; i < side->n;)
    {
      if (!zmqg_frame_queue_peek (side->end->in, &frames))
        {
          pause_cpu ();
          if (!zmqg_frame_queue_has_data (side->end->in) &&
              !zmqg_pipe_peek (side->end, &frames))
            sleep_side (side);
          continue;
        }
      side->sum += frames.views[0].size > 0 ? frames.views[0].data[0] : 0;
      zmqg_pipe_consume (side->end);
      i++;
    }
  zmqg_frame_array_clear (&frames);
}

static void
consume_raw (Side *side)
{
  guint64 left = side->n * (side->size + zmqg_frame_header_size (side->size));

  while (left > 0)
    {
      struct iovec ranges[16];
      gsize n_bytes;

      if (zmqg_frame_queue_gather (side->end->in, ranges, 16, 256 * 1024, FALSE,
                                   &n_bytes) == 0)
        {
          pause_cpu ();
          if (!zmqg_frame_queue_has_data (side->end->in) &&
              zmqg_frame_queue_reader_sleep (side->end->in))
            {
              if (zmqg_frame_queue_claim_writer (side->end->in))
                zmqg_pipe_post_peer (side->end, ZMQG_PIPE_WRITABLE);
              sleep_side (side);
            }
          continue;
        }
      if (zmqg_frame_queue_advance (side->end->in, n_bytes))
        zmqg_pipe_post_peer (side->end, ZMQG_PIPE_WRITABLE);
      left -= n_bytes;
    }
}

static int
compare (gconstpointer a,
         gconstpointer b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return x < y ? -1 : x > y;
}

int
main (int argc,
      char **argv)
{
  static const guint marks[] = { 1000, 0 };
  guint size = argc > 1 ? atoi (argv[1]) : 64;
  guint64 n = (guint64) (argc > 2 ? atof (argv[2]) * 1e6 : 10e6);
  guint runs = argc > 3 ? MAX (1, atoi (argv[3])) : 5;
  double *rates = g_new (double, runs);

  for (guint raw = 0; raw < 2; raw++)
    for (guint m = 0; m < G_N_ELEMENTS (marks); m++)
      {
        guint64 sleeps = 0;

        for (guint run = 0; run < runs; run++)
          {
            ZmqgPipe *pipe = zmqg_pipe_new (marks[m], 0, FALSE, FALSE);
            Side producer = { .end = pipe, .n = n, .size = size };
            Side consumer = { .end = pipe->peer, .n = n, .size = size };
            GThread *thread;
            gint64 start;

            pipe->ops = pipe->peer->ops = &owner;
            pipe->owner = &producer;
            pipe->peer->owner = &consumer;
            consumer.waiter = zmqg_thread_waiter_get (NULL);
            start = g_get_monotonic_time ();
            thread = g_thread_new ("producer", produce, &producer);
            if (raw)
              consume_raw (&consumer);
            else
              consume_decoded (&consumer);
            rates[run] = (double) n / (g_get_monotonic_time () - start);
            g_thread_join (thread);
            sleeps += producer.sleeps + consumer.sleeps;
            zmqg_pipe_unref (pipe);
          }
        qsort (rates, runs, sizeof *rates, compare);
        g_print ("%s, %u B, mark %u: median %.1f M/s (%.1f to %.1f), "
                 "%" G_GUINT64_FORMAT " sleeps a run\n",
                 raw ? "raw" : "decoded", size, marks[m], rates[runs / 2],
                 rates[0], rates[runs - 1], sleeps / runs);
      }

  g_free (rates);
  return 0;
}
