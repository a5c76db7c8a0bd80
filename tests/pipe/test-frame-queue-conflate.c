/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "queue-fixture-private.h"

static guint64
conflated (ZmqgFrameQueue *queue)
{
  return atomic_load (&queue->conflated);
}

static void
test_newest_only (void)
{
  ZmqgFrameQueue *queue = queue_new (1, TRUE);

  for (guint round = 0; round < 10; round++)
    {
      g_assert_true (nothing_to_peek (queue));
      g_assert_false (zmqg_frame_queue_has_data (queue));
      for (guint i = 0; i < 100; i++)
        {
          /* The mark does not matter, even when it is set later. */
          g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, G_MAXUINT);
          atomic_store (&queue->hwm, 3);
          put (queue, 0, i, i);
          zmqg_frame_queue_publish (queue);
          /* Looking for data does not take it. */
          g_assert_true (zmqg_frame_queue_has_data (queue));
        }
      take_one (queue, 99, 99);
      g_assert_cmpuint (conflated (queue), ==, 99 * (round + 1));
    }
  g_assert_true (nothing_to_peek (queue));
  queue_free (queue);
}

/* What was looked at stays until it is consumed. */
static void
test_peeked_stays (void)
{
  ZmqgFrameQueue *queue = queue_new (0, TRUE);

  send_text (queue, "old");
  g_assert_false (nothing_to_peek (queue));
  send_text (queue, "newer");
  send_text (queue, "newest");
  take_text (queue, "old");
  take_text (queue, "newest");
  g_assert_true (nothing_to_peek (queue));
  g_assert_cmpuint (conflated (queue), ==, 1);
  queue_free (queue);
}

/* Commands take the slot, too, but nobody has counted them as written. */
static void
test_commands_are_not_counted (void)
{
  ZmqgFrameQueue *queue = queue_new (0, TRUE);

  for (guint i = 0; i < 3; i++)
    {
      put (queue, ZMQG_FRAME_COMMAND, 0, 10);
      zmqg_frame_queue_publish (queue);
    }
  g_assert_cmpuint (conflated (queue), ==, 0);
  send_text (queue, "old");
  g_assert_cmpuint (conflated (queue), ==, 0);
  send_text (queue, "new");
  g_assert_cmpuint (conflated (queue), ==, 1);
  take_text (queue, "new");
  g_assert_cmpuint (zmqg_frame_queue_get_written (queue), ==, 2);
  queue_free (queue);
}

static void
test_multipart_whole (void)
{
  static const gsize sizes[] = { 10, 9000, 300, 8192, 70000, 1 };
  ZmqgFrameQueue *queue = queue_new (0, TRUE);
  guint n = G_N_ELEMENTS (sizes);

  for (guint round = 0; round < 20; round++)
    {
      ZmqgFrameArray frames;

      for (guint m = 0; m < 3; m++)
        {
          for (guint i = 0; i < n; i++)
            put (queue, i + 1 < n ? ZMQG_FRAME_MORE : 0, m * 10 + i, sizes[i]);
          if (m == 1)
            zmqg_frame_queue_roll_back (queue);
          else
            zmqg_frame_queue_publish (queue);
        }
      /* Begun, not finished: not seen, and nothing is replaced. */
      put (queue, ZMQG_FRAME_MORE, 0, 10);
      put (queue, ZMQG_FRAME_MORE, 0, 9000);

      zmqg_frame_array_init (&frames);
      g_assert_true (zmqg_frame_queue_peek (queue, &frames));
      g_assert_cmpuint (frames.n, ==, n);
      for (guint i = 0; i < n; i++)
        assert_view (&frames.views[i], 20 + i, sizes[i],
                     i + 1 < n ? ZMQG_FRAME_MORE : 0);
      zmqg_frame_queue_consume (queue);
      zmqg_frame_array_clear (&frames);
      g_assert_true (nothing_to_peek (queue));
      zmqg_frame_queue_roll_back (queue);
      g_assert_true (nothing_to_peek (queue));
    }
  g_assert_cmpuint (conflated (queue), ==, 20);
  queue_free (queue);
}

/* Of messages that are published together only the last one is kept,
 * wherever in the segments it begins. */
static void
test_published_together (void)
{
  static const gsize sizes[] = { 5, 9000, 300, 8192, 0, 8191, 70000, 1 };
  guint64 before = 0;
  ZmqgFrameQueue *queue = queue_new (0, TRUE);

  for (guint n = 1; n < 40; n++)
    for (guint parts = 1; parts < 5; parts++)
      for (guint start = 0; start < 8; start++)
        {
          ZmqgFrameArray frames;
          struct iovec ranges[16];
          gsize n_bytes;
          gsize total = 0;

          for (guint i = 0; i < n; i++)
            {
              total = 0;
              for (guint p = 0; p < parts; p++)
                {
                  gsize size = sizes[(start + i * parts + p) % 8];

                  put (queue, p + 1 < parts ? ZMQG_FRAME_MORE : 0, i + p,
                       size);
                  total += size + zmqg_frame_header_size (size);
                }
            }
          zmqg_frame_queue_publish (queue);

          before += n - 1;
          g_assert_cmpuint (conflated (queue), ==, before);
          zmqg_frame_array_init (&frames);
          g_assert_true (zmqg_frame_queue_peek (queue, &frames));
          g_assert_cmpuint (frames.n, ==, parts);
          for (guint p = 0; p < parts; p++)
            assert_view (&frames.views[p], n - 1 + p,
                         sizes[(start + (n - 1) * parts + p) % 8],
                         p + 1 < parts ? ZMQG_FRAME_MORE : 0);
          zmqg_frame_array_clear (&frames);

          if (start % 2)
            {
              zmqg_frame_queue_consume (queue);
            }
          else
            {
              guint64 read = queue->read;

              zmqg_frame_queue_rewind (queue);
              zmqg_frame_queue_gather (queue, ranges, 16, G_MAXSIZE, FALSE, &n_bytes);
              g_assert_cmpuint (n_bytes, ==, total);
              zmqg_frame_queue_advance (queue, n_bytes);
              g_assert_cmpuint (queue->read, ==, read + 1);
            }
          g_assert_true (nothing_to_peek (queue));
        }
  queue_free (queue);
}

/* Memory of the user's that was replaced goes back where it may. */
static void
test_large_released (void)
{
  ZmqgFrameQueue *queue = queue_new (0, TRUE);
  guint freed = 0;

  for (guint i = 0; i < 10; i++)
    {
      GBytes *bytes = counted_bytes (i, 10000, &freed);

      put_bytes (queue, 0, bytes);
      g_bytes_unref (bytes);
      zmqg_frame_queue_publish (queue);
    }
  g_assert_cmpuint (freed, ==, 0);
  zmqg_segment_list_free (zmqg_frame_queue_take_released (queue));
  g_assert_cmpuint (freed, ==, 9);
  take_one (queue, 9, 10000);
  g_assert_cmpuint (freed, ==, 9);
  queue_free (queue);
  g_assert_cmpuint (freed, ==, 10);

  /* Never taken. */
  queue = queue_new (0, TRUE);
  {
    GBytes *bytes = counted_bytes (0, 10000, &freed);

    put_bytes (queue, 0, bytes);
    g_bytes_unref (bytes);
  }
  zmqg_frame_queue_publish (queue);
  queue_free (queue);
  g_assert_cmpuint (freed, ==, 11);
}

/* A message that is partly out goes on; only the newest comes behind it. */
static void
test_raw (void)
{
  ZmqgFrameQueue *queue = queue_new (0, TRUE);
  struct iovec ranges[8];
  gsize n_bytes;

  for (guint round = 0; round < 50; round++)
    {
      send_text (queue, "zero");
      send_text (queue, "one");
      g_assert_cmpuint (zmqg_frame_queue_gather (queue, ranges, 8, G_MAXSIZE, FALSE,
                                                 &n_bytes), ==, 1);
      g_assert_cmpmem (ranges[0].iov_base, n_bytes, "\0\3one", 5);
      g_assert_true (zmqg_frame_queue_at_boundary (queue));
      send_text (queue, "two");
      zmqg_frame_queue_advance (queue, 2);
      g_assert_cmpuint (zmqg_frame_queue_partial_left (queue, FALSE), ==, 3);

      /* Nothing newer is bound to the one that is half out. */
      g_assert_cmpuint (zmqg_frame_queue_gather (queue, ranges, 8, G_MAXSIZE, FALSE,
                                                 &n_bytes), ==, 1);
      g_assert_cmpmem (ranges[0].iov_base, n_bytes, "one", 3);
      if (round % 2)
        {
          zmqg_frame_queue_rewind (queue);
          zmqg_frame_queue_gather (queue, ranges, 8, G_MAXSIZE, FALSE, &n_bytes);
          g_assert_cmpmem (ranges[0].iov_base, n_bytes, "\0\3one", 5);
        }
      send_text (queue, "three");
      zmqg_frame_queue_advance (queue, n_bytes);
      g_assert_true (zmqg_frame_queue_at_boundary (queue));

      g_assert_cmpuint (zmqg_frame_queue_gather (queue, ranges, 8, G_MAXSIZE, FALSE,
                                                 &n_bytes), ==, 1);
      g_assert_cmpmem (ranges[0].iov_base, n_bytes, "\0\5three", 7);
      zmqg_frame_queue_advance (queue, n_bytes);
      g_assert_cmpuint (zmqg_frame_queue_gather (queue, ranges, 8, G_MAXSIZE, FALSE,
                                                 &n_bytes), ==, 0);
      g_assert_cmpuint (queue->read, ==, 2 * (round + 1));
      g_assert_cmpuint (conflated (queue), ==, 2 * (round + 1));
    }
  queue_free (queue);
}

static void
test_sleep (void)
{
  ZmqgFrameQueue *queue = queue_new (0, TRUE);

  g_assert_true (zmqg_frame_queue_reader_sleep (queue));
  send_text (queue, "a");
  g_assert_true (zmqg_frame_queue_claim_reader (queue));
  send_text (queue, "b");
  g_assert_false (zmqg_frame_queue_claim_reader (queue));
  g_assert_false (zmqg_frame_queue_reader_sleep (queue));
  send_text (queue, "c");
  take_text (queue, "c");
  g_assert_true (zmqg_frame_queue_reader_sleep (queue));
  queue_free (queue);
}

/* --- Two threads --------------------------------------------------------- */

#define N_MESSAGES 200000u

static gpointer
produce (gpointer data)
{
  ZmqgFrameQueue *queue = data;

  for (guint32 i = 1; i <= N_MESSAGES; i++)
    {
      ZmqgFrameView number = { .data = (const guint8 *) &i, .size = sizeof i,
                               .flags = ZMQG_FRAME_MORE };

      g_assert_true (zmqg_frame_queue_append (queue, &number));
      put (queue, 0, i % 1000, i % 64 == 0 ? 8192 + i % 1000 : i % 1000);
      zmqg_frame_queue_publish (queue);
    }

  return NULL;
}

static void
test_two_threads (gconstpointer data)
{
  gboolean raw = GPOINTER_TO_INT (data);
  ZmqgFrameQueue *queue = queue_new (0, TRUE);
  GThread *thread;
  guint32 last = 0;
  guint64 n = 0;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  pattern ();
  thread = g_thread_new ("producer", produce, queue);
  while (last < N_MESSAGES)
    {
      ZmqgFrameArray frames;
      guint32 number;
      gsize size;

      if (!zmqg_frame_queue_has_data (queue))
        continue;

      if (raw)
        {
          struct iovec ranges[8];
          gsize n_bytes;

          g_byte_array_set_size (bytes, 0);
          do
            {
              guint k = zmqg_frame_queue_gather (queue, ranges, 8, 3000, FALSE,
                                                 &n_bytes);

              g_assert_cmpuint (k, >, 0);
              for (guint i = 0; i < k; i++)
                g_byte_array_append (bytes, ranges[i].iov_base,
                                     ranges[i].iov_len);
              zmqg_frame_queue_advance (queue, n_bytes);
            }
          while (!zmqg_frame_queue_at_boundary (queue));
          memcpy (&number, bytes->data + 2, sizeof number);
          size = number % 64 == 0 ? 8192 + number % 1000 : number % 1000;
          g_assert_cmpmem (bytes->data + 6 + zmqg_frame_header_size (size),
                           bytes->len - 6 - zmqg_frame_header_size (size),
                           pattern () + number % 1000, size);
        }
      else
        {
          zmqg_frame_array_init (&frames);
          g_assert_true (zmqg_frame_queue_peek (queue, &frames));
          g_assert_cmpuint (frames.n, ==, 2);
          memcpy (&number, frames.views[0].data, sizeof number);
          size = number % 64 == 0 ? 8192 + number % 1000 : number % 1000;
          assert_view (&frames.views[1], number % 1000, size, 0);
          zmqg_frame_queue_consume (queue);
          zmqg_frame_array_clear (&frames);
        }

      g_assert_cmpuint (number, >, last);
      last = number;
      n++;
    }
  g_thread_join (thread);

  /* Each was taken or replaced. */
  g_assert_cmpuint (n + conflated (queue), ==, N_MESSAGES);
  g_assert_true (nothing_to_peek (queue));
  queue_free (queue);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add_func ("/zmqg/pipe/frame-queue-conflate/" path, function)
  ADD ("newest-only", test_newest_only);
  ADD ("peeked-stays", test_peeked_stays);
  ADD ("commands-are-not-counted", test_commands_are_not_counted);
  ADD ("multipart-whole", test_multipart_whole);
  ADD ("published-together", test_published_together);
  ADD ("large-released", test_large_released);
  ADD ("raw", test_raw);
  ADD ("sleep", test_sleep);
#undef ADD
  g_test_add_data_func ("/zmqg/pipe/frame-queue-conflate/two-threads/decoded",
                        GINT_TO_POINTER (FALSE), test_two_threads);
  g_test_add_data_func ("/zmqg/pipe/frame-queue-conflate/two-threads/raw",
                        GINT_TO_POINTER (TRUE), test_two_threads);

  return g_test_run ();
}
