/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "queue-fixture-private.h"

#include "message/zmqg-message-private.h"
#include "pipe/zmqg-frame-queue-cursor-private.h"

/* Payloads that are referred to, and the segments that do so. */

static void
test_by_reference (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  ZmqgFrameArray frames;
  guint freed = 0;
  GBytes *bytes = counted_bytes (7, 8192, &freed);
  ZmqgSegment *released;

  put_bytes (queue, ZMQG_FRAME_MORE, bytes);
  put_bytes (queue, 0, bytes);
  zmqg_frame_queue_publish (queue);
  g_bytes_unref (bytes);

  zmqg_frame_array_init (&frames);
  g_assert_true (zmqg_frame_queue_peek (queue, &frames));
  g_assert_true (frames.views[0].data == pattern () + 7);
  g_assert_true (frames.views[0].bytes == bytes);
  g_assert_true (frames.views[1].data == pattern () + 7);
  zmqg_frame_queue_consume (queue);
  zmqg_frame_array_clear (&frames);

  /* The end of the queue is still the last payload. */
  send_text (queue, "x");
  take_text (queue, "x");
  g_assert_cmpuint (freed, ==, 0);

  released = zmqg_frame_queue_take_released (queue);
  g_assert_nonnull (released);
  g_assert_null (zmqg_frame_queue_take_released (queue));
  g_assert_cmpuint (freed, ==, 0);
  zmqg_segment_list_free (released);
  g_assert_cmpuint (freed, ==, 1);

  queue_free (queue);
  g_assert_cmpuint (freed, ==, 1);
}

/* Small payloads are copied even when they have an owner. */
static void
test_small_is_copied (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  guint freed = 0;
  GBytes *bytes = counted_bytes (7, 8191, &freed);

  put_bytes (queue, 0, bytes);
  zmqg_frame_queue_publish (queue);
  g_bytes_unref (bytes);
  g_assert_cmpuint (freed, ==, 1);
  take_one (queue, 7, 8191);
  g_assert_null (zmqg_frame_queue_take_released (queue));
  queue_free (queue);
}

static void
test_chunk_by_reference (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  ZmqgChunk *chunk = zmqg_chunk_new (10000);
  ZmqgFrameView view = { .data = chunk->data + 5, .size = 9000,
                         .chunk = chunk };
  ZmqgFrameArray frames;

  memcpy (chunk->data, pattern (), 10000);
  g_assert_true (zmqg_frame_queue_append (queue, &view));
  zmqg_frame_queue_publish (queue);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 2);

  zmqg_frame_array_init (&frames);
  g_assert_true (zmqg_frame_queue_peek (queue, &frames));
  g_assert_true (frames.views[0].data == chunk->data + 5);
  g_assert_true (frames.views[0].chunk == chunk);
  zmqg_frame_queue_consume (queue);
  zmqg_frame_array_clear (&frames);
  send_text (queue, "x");
  take_text (queue, "x");
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 1);
  g_assert_null (zmqg_frame_queue_take_released (queue));

  zmqg_chunk_unref (chunk);
  queue_free (queue);
}

/* The user's memory goes back once, and not before it is taken, whichever
 * way the message ends. */
static void
test_release_ways (void)
{
  enum { CONSUME, ADVANCE, ROLL_BACK, CLEAR_UNREAD, CLEAR_UNPUBLISHED, N };

  for (guint way = 0; way < N; way++)
    {
      ZmqgFrameQueue *queue = queue_new (0, FALSE);
      guint freed = 0;

      for (guint i = 0; i < 5; i++)
        {
          GBytes *bytes = counted_bytes (i, 10000 + i, &freed);

          put (queue, ZMQG_FRAME_MORE, i, 30);
          put_bytes (queue, ZMQG_FRAME_MORE, bytes);
          put (queue, 0, i, 100);
          g_bytes_unref (bytes);
        }

      if (way == ROLL_BACK)
        zmqg_frame_queue_roll_back (queue);
      else if (way != CLEAR_UNPUBLISHED)
        zmqg_frame_queue_publish (queue);

      if (way == CONSUME)
        for (guint i = 0; i < 5; i++)
          {
            g_assert_false (nothing_to_peek (queue));
            zmqg_frame_queue_consume (queue);
          }
      else if (way == ADVANCE)
        {
          struct iovec ranges[64];
          gsize n_bytes;

          zmqg_frame_queue_gather (queue, ranges, 64, G_MAXSIZE, FALSE, &n_bytes);
          zmqg_frame_queue_advance (queue, n_bytes);
          g_assert_cmpuint (queue->read, ==, 5);
        }

      g_assert_cmpuint (freed, ==, 0);
      if (way <= ROLL_BACK)
        {
          zmqg_segment_list_free (zmqg_frame_queue_take_released (queue));
          g_assert_cmpuint (freed, ==, 5);
        }
      queue_free (queue);
      g_assert_cmpuint (freed, ==, 5);
    }
}

static void
take_message (ZmqgFrameQueue *queue,
              ZmqgMessage **message)
{
  ZmqgFrameArray frames;

  zmqg_frame_array_init (&frames);
  g_assert_true (zmqg_frame_queue_peek (queue, &frames));
  *message = zmqg_message_new_taking (frames.views, frames.n);
  zmqg_frame_queue_consume (queue);
  zmqg_frame_array_clear (&frames);
}

/* A message takes the queue's references over: nothing is left that would
 * have to be released elsewhere. */
static void
test_taken (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  guint freed = 0;
  GBytes *bytes = counted_bytes (7, 10000, &freed);
  ZmqgChunk *chunk = zmqg_chunk_new (9000);
  ZmqgFrameView view = { .data = chunk->data, .size = 9000,
                         .flags = ZMQG_FRAME_MORE, .chunk = chunk };
  ZmqgMessage *message;
  GBytes *frame;

  memcpy (chunk->data, pattern (), 9000);
  g_assert_true (zmqg_frame_queue_append (queue, &view));
  put (queue, ZMQG_FRAME_MORE, 3, 20);
  put_bytes (queue, 0, bytes);
  zmqg_frame_queue_publish (queue);
  g_bytes_unref (bytes);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 2);

  take_message (queue, &message);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 2);
  send_text (queue, "x");
  take_text (queue, "x");
  g_assert_null (zmqg_frame_queue_take_released (queue));
  queue_free (queue);
  g_assert_cmpuint (freed, ==, 0);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 2);

  frame = zmqg_message_get_frame (message, 2);
  g_assert_true (frame == bytes);
  g_bytes_unref (frame);
  frame = zmqg_message_get_frame (message, 0);
  g_assert_cmpmem (g_bytes_get_data (frame, NULL), g_bytes_get_size (frame),
                   pattern (), 9000);
  g_bytes_unref (frame);
  zmqg_message_unref (message);
  g_assert_cmpuint (freed, ==, 1);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 1);
  zmqg_chunk_unref (chunk);
}

/* The same memory, message after message, is of use again; and where many
 * have piled up not more than some is kept. */
static void
test_segments_come_back (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < 1000; i++)
    {
      put (queue, 0, i, 30000);
      zmqg_frame_queue_publish (queue);
      g_hash_table_add (seen, queue->tail);
      take_one (queue, i, 30000);
    }
  g_assert_cmpuint (g_hash_table_size (seen), <, 10);

  for (guint round = 0; round < 3; round++)
    {
      guint n = 0;

      for (guint i = 0; i < 1000; i++)
        put (queue, 0, i, 30000);
      zmqg_frame_queue_publish (queue);
      for (guint i = 0; i < 1000; i++)
        take_one (queue, i, 30000);
      for (ZmqgSegment *one = atomic_load (&queue->left); one != NULL;
           one = one->next)
        n++;
      g_assert_cmpuint (n, >, 100);
      g_assert_cmpuint (n, <=, 256);
    }

  g_assert_true (zmqg_frame_queue_trim (queue));
  g_assert_null (atomic_load (&queue->left));
  g_assert_null (queue->spare);
  queue_free (queue);
}

#define ADD(path, function) \
  g_test_add_func ("/zmqg/pipe/frame-queue-references/" path, function)

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("by-reference", test_by_reference);
  ADD ("small-is-copied", test_small_is_copied);
  ADD ("chunk-by-reference", test_chunk_by_reference);
  ADD ("release-ways", test_release_ways);
  ADD ("taken", test_taken);
  ADD ("segments-come-back", test_segments_come_back);

  return g_test_run ();
}
