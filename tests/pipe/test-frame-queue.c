/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "queue-fixture-private.h"

#include "pipe/zmqg-frame-queue-cursor-private.h"

#include <sys/mman.h>

static const gsize border_sizes[] = {
  0,    1,    2,    3,    127,  128,  253,  254,  255,   256,   257,
  258,  500,  501,  502,  503,  504,  510,  511,  512,   513,   2038,
  2039, 2040, 2047, 2048, 8180, 8190, 8191, 8192, 8193,  8194,  16384,
  32768, 65526, 65527, 65528, 65535, 65536, 65537, 131072,
};

/* --- Marks --------------------------------------------------------------- */

static void
test_mark_exact (void)
{
  static const guint marks[] = { 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 18, 33,
                                 100, 1000 };

  for (guint m = 0; m < G_N_ELEMENTS (marks); m++)
    {
      guint hwm = marks[m];
      ZmqgFrameQueue *queue = queue_new (hwm, FALSE);

      for (guint round = 0; round < 5; round++)
        {
          guint woken = 0;
          guint n = 0;

          /* Whole messages count, however many frames they have. */
          while (zmqg_frame_queue_room (queue) > 0)
            {
              g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, hwm - n);
              put (queue, ZMQG_FRAME_MORE, n, 3);
              g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, hwm - n);
              put (queue, 0, n, 5);
              n++;
              zmqg_frame_queue_publish (queue);
            }
          g_assert_cmpuint (n, ==, hwm);

          /* Nothing is acknowledged later than after half of the mark. */
          for (guint i = 1; i <= n; i++)
            {
              ZmqgFrameArray frames;
              guint64 acked;

              zmqg_frame_array_init (&frames);
              g_assert_true (zmqg_frame_queue_peek (queue, &frames));
              g_assert_cmpuint (frames.n, ==, 2);
              assert_view (&frames.views[0], i - 1, 3, ZMQG_FRAME_MORE);
              assert_view (&frames.views[1], i - 1, 5, 0);
              if (zmqg_frame_queue_consume (queue))
                woken++;
              zmqg_frame_array_clear (&frames);

              acked = atomic_load (&queue->acked);
              g_assert_cmpuint (queue->read - acked, <, MAX (1, hwm / 2));
              g_assert_cmpuint (acked, <=, queue->read);
              if (hwm <= 16)
                g_assert_cmpuint (acked, ==, queue->read);
            }
          g_assert_cmpuint (woken, ==, 1);

          /* Who sleeps has acknowledged everything. */
          g_assert_true (nothing_to_peek (queue));
          g_assert_true (zmqg_frame_queue_reader_sleep (queue));
          g_assert_true (zmqg_frame_queue_claim_reader (queue));
          g_assert_false (zmqg_frame_queue_claim_writer (queue));
        }
      queue_free (queue);
    }
}

static void
test_mark_unpublished (void)
{
  ZmqgFrameQueue *queue = queue_new (3, FALSE);

  /* What is appended and not yet published takes room, too. */
  put (queue, 0, 0, 1);
  put (queue, 0, 1, 1);
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 1);
  zmqg_frame_queue_roll_back (queue);
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 3);
  put (queue, 0, 0, 1);
  put (queue, 0, 1, 1);
  put (queue, 0, 2, 1);
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);
  zmqg_frame_queue_publish (queue);
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);
  g_assert_true (take_one (queue, 0, 1));
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 1);
  queue_free (queue);
}

static void
test_mark_none (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);

  for (guint i = 0; i < 20000; i++)
    {
      g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, G_MAXUINT);
      put (queue, 0, i, i % 50);
      zmqg_frame_queue_publish (queue);
    }
  for (guint i = 0; i < 20000; i++)
    g_assert_false (take_one (queue, i, i % 50));
  g_assert_true (nothing_to_peek (queue));
  queue_free (queue);
}

/* A writer that found no room is woken although the mark was changed. */
static void
test_mark_changes (void)
{
  static const guint changes[][2] = {
    { 10, 1000 }, { 10, 0 }, { 3, 1003 }, { 1000, 10 }, { 1000, 1 },
    { 0, 1 },     { 0, 5 },  { 20, 19 },
  };

  for (guint c = 0; c < G_N_ELEMENTS (changes); c++)
    {
      ZmqgFrameQueue *queue = queue_new (changes[c][0], FALSE);
      guint n = changes[c][0] == 0 ? 100 : changes[c][0];
      gboolean woken = FALSE;

      for (guint i = 0; i < n; i++)
        send_text (queue, "x");
      if (changes[c][0] > 0)
        g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);

      atomic_store (&queue->hwm, changes[c][1]);
      if (changes[c][1] > 0 && changes[c][1] <= n)
        g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);

      for (guint i = 0; i < n; i++)
        woken |= take_text (queue, "x");
      g_assert_true (nothing_to_peek (queue));
      g_assert_true (zmqg_frame_queue_reader_sleep (queue));
      woken |= zmqg_frame_queue_claim_writer (queue);
      g_assert_true (woken);
      g_assert_cmpuint (zmqg_frame_queue_room (queue), >, 0);
      queue_free (queue);
    }
}

/* The mark is lowered when the reader has read what it did not acknowledge
 * yet, and sleeps: there is room all the same. */
static void
test_mark_lowered_when_drained (void)
{
  ZmqgFrameQueue *queue = queue_new (1000, FALSE);

  for (guint i = 0; i < 300; i++)
    send_text (queue, "x");
  for (guint i = 0; i < 300; i++)
    g_assert_false (take_text (queue, "x"));
  g_assert_true (zmqg_frame_queue_reader_sleep (queue));

  atomic_store (&queue->hwm, 1);
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 1);
  queue_free (queue);
}

/* --- Borders ------------------------------------------------------------- */

static void
test_border_sizes (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);

  /* Each alone. */
  for (guint i = 0; i < G_N_ELEMENTS (border_sizes); i++)
    {
      put (queue, 0, i, border_sizes[i]);
      g_assert_true (nothing_to_peek (queue));
      zmqg_frame_queue_publish (queue);
      take_one (queue, i, border_sizes[i]);
      g_assert_true (nothing_to_peek (queue));
    }

  /* All as one message, and all as messages published together. */
  for (guint together = 0; together < 2; together++)
    {
      ZmqgFrameArray frames;
      guint n = G_N_ELEMENTS (border_sizes);

      for (guint i = 0; i < n; i++)
        put (queue, together && i + 1 < n ? ZMQG_FRAME_MORE : 0, i,
             border_sizes[i]);
      zmqg_frame_queue_publish (queue);

      if (!together)
        {
          for (guint i = 0; i < n; i++)
            take_one (queue, i, border_sizes[i]);
          continue;
        }

      zmqg_frame_array_init (&frames);
      g_assert_true (zmqg_frame_queue_peek (queue, &frames));
      g_assert_cmpuint (frames.n, ==, n);
      for (guint i = 0; i < n; i++)
        assert_view (&frames.views[i], i, border_sizes[i],
                     i + 1 < n ? ZMQG_FRAME_MORE : 0);
      zmqg_frame_queue_consume (queue);
      zmqg_frame_array_clear (&frames);
    }

  g_assert_true (nothing_to_peek (queue));
  queue_free (queue);
}

/* A frame at every distance from the end of the first segment: some fill it
 * exactly, and the header of a large one ends where it ends. */
static void
test_segment_end (void)
{
  static const gsize sizes[] = { 0, 1, 20, 246, 255, 256, 400, 8192 };
  guint exact = 0;
  guint header_at_end = 0;

  for (guint fill = 0; fill <= 600; fill++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
      {
        ZmqgFrameQueue *queue = queue_new (0, FALSE);
        ZmqgSegment *first;
        g_autoptr (GByteArray) encoded = g_byte_array_new ();

        /* Up to 255 bytes a frame, so that any filling can be made. */
        for (guint left = fill; left >= 2;)
          {
            guint size = MIN (left - 2, 200);

            if (left - 2 - size == 1)
              size--;
            encode_frame (encoded, ZMQG_FRAME_MORE, left, size);
            left -= size + 2;
          }
        if (encoded->len > 0)
          g_assert_true (zmqg_frame_queue_append_encoded (
            queue, encoded->data, encoded->len, 0, TRUE));
        first = queue->fill;
        put (queue, ZMQG_FRAME_MORE, 1, sizes[s]);
        if (first->capacity > 0 && first->fill == first->capacity)
          {
            exact++;
            if (sizes[s] == 8192)
              header_at_end++;
          }
        put (queue, 0, 2, sizes[s]);
        zmqg_frame_queue_publish (queue);

        for (guint again = 0; again < 2; again++)
          {
            ZmqgFrameArray frames;

            zmqg_frame_array_init (&frames);
            g_assert_true (zmqg_frame_queue_peek (queue, &frames));
            if (again == 1)
              {
                g_assert_cmpuint (frames.n, ==, 1);
                assert_view (&frames.views[0], 3, 9, 0);
              }
            else
              {
                g_assert_cmpuint (frames.n, >=, 2);
                assert_view (&frames.views[frames.n - 2], 1, sizes[s],
                             ZMQG_FRAME_MORE);
                assert_view (&frames.views[frames.n - 1], 2, sizes[s], 0);
                put (queue, 0, 3, 9);
                zmqg_frame_queue_publish (queue);
              }
            zmqg_frame_queue_consume (queue);
            zmqg_frame_array_clear (&frames);
          }
        g_assert_true (nothing_to_peek (queue));
        queue_free (queue);
      }

  g_assert_cmpuint (exact, >, 0);
  g_assert_cmpuint (header_at_end, >, 0);
}

static void
unmap (gpointer data)
{
  munmap (data, G_GUINT64_CONSTANT (3) << 30);
}

/* Lengths have 64 bits; the pages of this one are never touched. */
static void
test_three_gigabytes (void)
{
  const guint64 size = G_GUINT64_CONSTANT (3) << 30;
  ZmqgFrameQueue *queue;
  ZmqgFrameArray frames;
  GBytes *bytes;
  guint64 sum = 0;
  guint8 *p;

  if (sizeof (gsize) < 8)
    {
      g_test_skip ("needs 64 bit");
      return;
    }

  p = mmap (NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1, 0);
  if (p == MAP_FAILED)
    {
      g_test_skip ("no address space");
      return;
    }

  queue = queue_new (0, FALSE);
  bytes = g_bytes_new_with_free_func (p, size, unmap, p);

  for (guint round = 0; round < 2; round++)
    {
      put_text (queue, ZMQG_FRAME_MORE, "before");
      put_bytes (queue, ZMQG_FRAME_MORE, bytes);
      put_text (queue, 0, "after");
      send_text (queue, "next");

      zmqg_frame_array_init (&frames);
      g_assert_true (zmqg_frame_queue_peek (queue, &frames));
      g_assert_cmpuint (frames.n, ==, 3);
      g_assert_true (frames.views[1].data == p);
      g_assert_cmpuint (frames.views[1].size, ==, size);
      g_assert_true (frames.views[1].bytes == bytes);
      zmqg_frame_array_clear (&frames);

      if (round == 1)
        {
          zmqg_frame_queue_consume (queue);
          take_text (queue, "next");
          continue;
        }

      /* Raw, in steps of nearly 1 GiB. */
      zmqg_frame_queue_rewind (queue);
      for (;;)
        {
          struct iovec ranges[8];
          const gsize step = (1u << 30) - 12345;
          guint64 message = 8 + 9 + size + 7;
          gsize n_bytes;

          if (zmqg_frame_queue_gather (queue, ranges, 8, step, FALSE, &n_bytes) == 0)
            break;
          g_assert_cmpuint (n_bytes, <=, step);
          zmqg_frame_queue_advance (queue, n_bytes);
          sum += n_bytes;
          if (sum < message)
            {
              g_assert_cmpuint (zmqg_frame_queue_partial_left (queue, FALSE),
                                ==, message - sum);
              g_assert_cmpuint (zmqg_frame_queue_partial_left (queue, TRUE),
                                ==, message - 7 - sum);
            }
        }
      g_assert_cmpuint (sum, ==, 8 + 9 + size + 7 + 6);
      g_assert_cmpuint (queue->read, ==, 2);
      g_assert_true (zmqg_frame_queue_at_boundary (queue));
    }

  g_bytes_unref (bytes);
  queue_free (queue);
}

/* --- Whole messages only ------------------------------------------------- */

static void
test_unfinished_is_invisible (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  ZmqgFrameArray frames;
  struct iovec ranges[4];
  gsize n_bytes;
  guint n = 3000;

  send_text (queue, "first");
  take_text (queue, "first");

  for (guint i = 0; i < n; i++)
    {
      put (queue, i + 1 < n ? ZMQG_FRAME_MORE : 0, i,
           i % 500 == 499 ? 9000 : i % 150);
      g_assert_true (nothing_to_peek (queue));
      g_assert_false (zmqg_frame_queue_has_data (queue));
      g_assert_cmpuint (zmqg_frame_queue_gather (queue, ranges, 4, 1000, FALSE,
                                                 &n_bytes), ==, 0);
      g_assert_cmpuint (n_bytes, ==, 0);
    }

  zmqg_frame_queue_publish (queue);
  g_assert_true (zmqg_frame_queue_has_data (queue));
  zmqg_frame_array_init (&frames);
  g_assert_true (zmqg_frame_queue_peek (queue, &frames));
  g_assert_cmpuint (frames.n, ==, n);
  for (guint i = 0; i < n; i++)
    assert_view (&frames.views[i], i, i % 500 == 499 ? 9000 : i % 150,
                 i + 1 < n ? ZMQG_FRAME_MORE : 0);
  zmqg_frame_array_clear (&frames);

  /* Looking takes nothing off. */
  g_assert_false (nothing_to_peek (queue));
  zmqg_frame_queue_consume (queue);
  g_assert_true (nothing_to_peek (queue));
  queue_free (queue);
}

/* Taken back at each frame of a message that spans segments of both kinds;
 * what follows is not disturbed. */
static void
test_roll_back (void)
{
  static const gsize sizes[] = { 10, 300, 9000, 5, 400, 8192, 8192, 1, 70000,
                                 20, 3000, 8191, 0 };

  for (guint before = 0; before < 3; before++)
    for (guint n = 0; n <= G_N_ELEMENTS (sizes); n++)
      {
        ZmqgFrameQueue *queue = queue_new (5, FALSE);

        /* The tail: the stub, packed, or a payload of its own. */
        if (before > 0)
          {
            put (queue, 0, 50, before == 1 ? 60 : 10000);
            zmqg_frame_queue_publish (queue);
          }

        for (guint again = 0; again < 3; again++)
          {
            for (guint i = 0; i < n; i++)
              put (queue, i % 4 == 3 ? 0 : ZMQG_FRAME_MORE, i, sizes[i]);
            zmqg_frame_queue_roll_back (queue);
            g_assert_cmpuint (zmqg_frame_queue_room (queue), ==,
                              before > 0 ? 4 : 5);
          }

        put (queue, 0, 60, 77);
        put (queue, 0, 61, 8500);
        put (queue, 0, 62, 200);
        zmqg_frame_queue_publish (queue);

        if (before > 0)
          take_one (queue, 50, before == 1 ? 60 : 10000);
        take_one (queue, 60, 77);
        take_one (queue, 61, 8500);

        for (guint i = 0; i < n; i++)
          put (queue, ZMQG_FRAME_MORE, i, sizes[i]);
        zmqg_frame_queue_roll_back (queue);

        put (queue, 0, 63, 99);
        zmqg_frame_queue_publish (queue);
        take_one (queue, 62, 200);
        take_one (queue, 63, 99);
        g_assert_true (nothing_to_peek (queue));
        queue_free (queue);
      }
}

/* A frame behind a large one goes on in the rest of the chunk; taking that
 * back must not let it be overwritten. */
static void
test_roll_back_rest_of_chunk (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);

  put (queue, 0, 0, 100);
  zmqg_frame_queue_publish (queue);
  put (queue, 0, 1, 9000);
  put (queue, ZMQG_FRAME_MORE, 2, 50);
  zmqg_frame_queue_roll_back (queue);
  put (queue, 0, 3, 120);
  put (queue, 0, 4, 9000);
  zmqg_frame_queue_publish (queue);
  put (queue, ZMQG_FRAME_MORE, 5, 60);
  zmqg_frame_queue_roll_back (queue);
  put (queue, 0, 6, 60);
  zmqg_frame_queue_publish (queue);

  take_one (queue, 0, 100);
  take_one (queue, 3, 120);
  take_one (queue, 4, 9000);
  take_one (queue, 6, 60);
  queue_free (queue);
}

/* --- Encoded frames and tags --------------------------------------------- */

typedef struct
{
  ZmqgTag tag;
  guint released;
} TestTag;

static void
test_tag_release (ZmqgTag *tag)
{
  ((TestTag *) tag)->released++;
}

static const ZmqgTagOps tag_ops = { .release = test_tag_release };

static ZmqgTag *
head_tag (ZmqgFrameQueue *queue)
{
  g_assert_false (nothing_to_peek (queue));
  return zmqg_frame_queue_peek_tag (queue);
}

static void
test_encoded_and_tags (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  g_autoptr (GByteArray) encoded = g_byte_array_new ();
  ZmqgChunk *chunk = zmqg_chunk_new (4096);
  TestTag a = { 0 };
  TestTag b = { 0 };
  ZmqgSegment *segment;

  zmqg_tag_init (&a.tag, &tag_ops);
  zmqg_tag_init (&b.tag, &tag_ops);
  encode_frame (encoded, 0, 1, 20);
  encode_frame (encoded, 0, 2, 300);
  encode_frame (encoded, ZMQG_FRAME_MORE, 3, 5);
  memcpy (chunk->data, encoded->data, encoded->len);

  zmqg_frame_queue_set_tag (queue, &a.tag);
  g_assert_true (zmqg_frame_queue_append_encoded (queue, encoded->data,
                                                  encoded->len, 2, TRUE));
  put (queue, 0, 4, 6);
  segment = queue->fill;
  zmqg_frame_queue_publish (queue);

  /* The same tag again changes nothing, another one the segment. */
  zmqg_frame_queue_set_tag (queue, &a.tag);
  put (queue, 0, 5, 7);
  g_assert_true (queue->fill == segment);
  zmqg_frame_queue_set_tag (queue, &b.tag);
  put (queue, 0, 6, 8);
  g_assert_true (queue->fill != segment);
  zmqg_frame_queue_publish (queue);

  zmqg_frame_queue_set_tag (queue, NULL);
  put (queue, 0, 7, 9);
  zmqg_frame_queue_publish (queue);

  /* By reference: the chunk is shared, and not written to. */
  zmqg_frame_queue_set_tag (queue, &b.tag);
  g_assert_true (zmqg_frame_queue_append_range (queue, chunk, chunk->data,
                                                encoded->len, 2, TRUE));
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 2);
  put (queue, 0, 8, 9500);
  put (queue, 0, 9, 1);
  zmqg_frame_queue_publish (queue);
  g_assert_cmpmem (chunk->data, encoded->len, encoded->data, encoded->len);
  g_assert_cmpuint (queue->written, ==, 3 + 2 + 1 + 4);

  g_assert_true (head_tag (queue) == &a.tag);
  take_one (queue, 1, 20);
  g_assert_true (head_tag (queue) == &a.tag);
  take_one (queue, 2, 300);
  g_assert_true (head_tag (queue) == &a.tag);
  zmqg_frame_queue_consume (queue);
  g_assert_true (head_tag (queue) == &a.tag);
  take_one (queue, 5, 7);
  g_assert_true (head_tag (queue) == &b.tag);
  take_one (queue, 6, 8);
  g_assert_true (head_tag (queue) == NULL);
  take_one (queue, 7, 9);
  g_assert_true (head_tag (queue) == &b.tag);
  take_one (queue, 1, 20);
  take_one (queue, 2, 300);
  g_assert_true (head_tag (queue) == &b.tag);
  zmqg_frame_queue_consume (queue);
  g_assert_true (head_tag (queue) == &b.tag);
  take_one (queue, 9, 1);
  g_assert_true (nothing_to_peek (queue));
  g_assert_cmpuint (queue->read, ==, queue->written);

  queue_free (queue);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 1);
  zmqg_chunk_unref (chunk);
  zmqg_tag_unref (&a.tag);
  zmqg_tag_unref (&b.tag);
  g_assert_cmpuint (a.released, ==, 1);
  g_assert_cmpuint (b.released, ==, 1);
}

/* What was referred to is full: nothing is ever appended behind it. */
static void
test_range_is_not_written (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  g_autoptr (GByteArray) encoded = g_byte_array_new ();
  ZmqgChunk *chunk = zmqg_chunk_new (4096);

  encode_frame (encoded, 0, 1, 20);
  memset (chunk->data, 0xee, 4096);
  memcpy (chunk->data, encoded->data, encoded->len);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (zmqg_frame_queue_append_range (
        queue, chunk, chunk->data, encoded->len, 1, FALSE));
      put (queue, 0, 2, 30);
      put (queue, 0, 3, 8192);
      zmqg_frame_queue_publish (queue);
    }
  for (guint i = encoded->len; i < 4096; i++)
    g_assert_cmphex (chunk->data[i], ==, 0xee);
  for (guint i = 0; i < 3; i++)
    {
      take_one (queue, 1, 20);
      take_one (queue, 2, 30);
      take_one (queue, 3, 8192);
    }
  zmqg_chunk_unref (chunk);
  queue_free (queue);
}

/* --- Frames that the I/O side took out ----------------------------------- */

static void
append_skips (GByteArray *encoded,
              guint n)
{
  for (guint i = 0; i < n; i++)
    encode_frame (encoded, ZMQG_FRAME_SKIP | ZMQG_FRAME_COMMAND, i, i);
}

/* Frames to skip in front of, inside and behind messages, in segments of
 * their own or not. */
static void
test_skip (void)
{
  for (guint pattern_bits = 0; pattern_bits < 32; pattern_bits++)
    for (guint split = 0; split < 2; split++)
      {
        ZmqgFrameQueue *queue = queue_new (0, FALSE);
        ZmqgFrameArray frames;
        g_autoptr (GByteArray) encoded = g_byte_array_new ();
        guint n_skips = (pattern_bits & 16) ? 40 : 1;

        for (guint step = 0; step < 4; step++)
          {
            if (pattern_bits & (1u << step))
              append_skips (encoded, n_skips);
            if (step < 3)
              encode_frame (encoded, step == 1 ? ZMQG_FRAME_MORE : 0, step,
                            40);
            if ((split || step == 3) && encoded->len > 0)
              {
                g_assert_true (zmqg_frame_queue_append_encoded (
                  queue, encoded->data, encoded->len,
                  split ? step % 2 == 0 : 2, step == 1));
                g_byte_array_set_size (encoded, 0);
              }
          }
        /* Split, the steps 0 and 2 end a message each. */
        zmqg_frame_queue_publish (queue);

        take_one (queue, 0, 40);
        zmqg_frame_array_init (&frames);
        g_assert_true (zmqg_frame_queue_peek (queue, &frames));
        g_assert_cmpuint (frames.n, ==, 2);
        assert_view (&frames.views[0], 1, 40, ZMQG_FRAME_MORE);
        assert_view (&frames.views[1], 2, 40, 0);
        zmqg_frame_queue_consume (queue);
        zmqg_frame_array_clear (&frames);
        g_assert_true (nothing_to_peek (queue));
        g_assert_false (zmqg_frame_queue_has_data (queue));
        g_assert_true (zmqg_frame_queue_reader_sleep (queue));
        g_assert_cmpuint (queue->read, ==, 2);

        /* Only frames to skip, now and again in the next segment. */
        for (guint i = 0; i < 3; i++)
          {
            append_skips (encoded, n_skips);
            g_assert_true (zmqg_frame_queue_append_encoded (
              queue, encoded->data, encoded->len, 0, FALSE));
            zmqg_frame_queue_publish (queue);
            g_assert_true (nothing_to_peek (queue));
            g_assert_false (zmqg_frame_queue_has_data (queue));
          }
        send_text (queue, "end");
        take_text (queue, "end");
        queue_free (queue);
      }
}

/* --- Commands ------------------------------------------------------------ */

static void
test_commands_and_the_mark (void)
{
  for (guint counts = 0; counts < 2; counts++)
    {
      ZmqgFrameQueue *queue = queue_new (4, FALSE);

      queue->counts_commands = counts;
      put (queue, ZMQG_FRAME_COMMAND, 0, 10);
      put (queue, ZMQG_FRAME_COMMAND, 1, 9000);
      put (queue, 0, 2, 10);
      g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, counts ? 1 : 3);
      zmqg_frame_queue_publish (queue);
      g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, counts ? 1 : 3);

      for (guint i = 0; i < 3; i++)
        {
          ZmqgFrameArray frames;

          zmqg_frame_array_init (&frames);
          g_assert_true (zmqg_frame_queue_peek (queue, &frames));
          g_assert_cmpuint (frames.n, ==, 1);
          assert_view (&frames.views[0], i, i == 1 ? 9000 : 10,
                       i < 2 ? ZMQG_FRAME_COMMAND : 0);
          zmqg_frame_array_clear (&frames);
          zmqg_frame_queue_consume (queue);
          g_assert_cmpuint (queue->read, ==, counts ? i + 1 : i / 2);
        }
      g_assert_true (nothing_to_peek (queue));
      queue_free (queue);
    }
}

/* --- Memory back --------------------------------------------------------- */

static void
test_trim (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  struct iovec range;
  gsize size;

  /* Nothing was there yet. */
  g_assert_true (zmqg_frame_queue_trim (queue));

  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; i < 200; i++)
        put (queue, 0, i, 1000);
      /* Not with what is not published, nor with what is not read. */
      g_assert_false (zmqg_frame_queue_trim (queue));
      zmqg_frame_queue_publish (queue);
      g_assert_false (zmqg_frame_queue_trim (queue));
      for (guint i = 0; i < 200; i++)
        take_one (queue, i, 1000);

      g_assert_true (zmqg_frame_queue_trim (queue));
      g_assert_true (queue->tail == &queue->anchor);
      g_assert_true (queue->head.segment == &queue->anchor);
      g_assert_cmpuint (queue->next_capacity, ==, ZMQG_CHUNK_FIRST);
    }

  /* Nor with a message that is half written. */
  put (queue, 0, 1, 100);
  zmqg_frame_queue_publish (queue);
  g_assert_cmpuint (zmqg_frame_queue_gather (queue, &range, 1, 1000, FALSE,
                                             &size), ==, 1);
  zmqg_frame_queue_advance (queue, 50);
  g_assert_false (zmqg_frame_queue_trim (queue));
  zmqg_frame_queue_advance (queue, size - 50);
  g_assert_true (zmqg_frame_queue_trim (queue));
  queue_free (queue);
}

/* --- Sleep and wake ------------------------------------------------------ */

static void
test_reader_sleeps (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);

  g_assert_false (zmqg_frame_queue_reader_sleeps (queue));
  g_assert_false (zmqg_frame_queue_claim_reader (queue));

  g_assert_true (zmqg_frame_queue_reader_sleep (queue));
  g_assert_true (zmqg_frame_queue_reader_sleeps (queue));
  /* Nothing is seen before it is published. */
  put (queue, 0, 0, 10);
  g_assert_true (zmqg_frame_queue_reader_sleep (queue));
  zmqg_frame_queue_publish (queue);
  g_assert_true (zmqg_frame_queue_claim_reader (queue));
  g_assert_false (zmqg_frame_queue_claim_reader (queue));

  g_assert_false (zmqg_frame_queue_reader_sleep (queue));
  g_assert_false (zmqg_frame_queue_reader_sleeps (queue));
  take_one (queue, 0, 10);
  g_assert_true (zmqg_frame_queue_reader_sleep (queue));
  queue_free (queue);
}

static void
test_writer_sleeps (void)
{
  ZmqgFrameQueue *queue = queue_new (2, FALSE);

  send_text (queue, "a");
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 1);
  /* Nobody waits, nobody is woken. */
  g_assert_false (take_text (queue, "a"));
  send_text (queue, "b");
  send_text (queue, "c");
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);
  g_assert_true (take_text (queue, "b"));
  g_assert_false (take_text (queue, "c"));
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 2);
  queue_free (queue);
}

/* --- Small messages -------------------------------------------------------- */

/* Takes a small message off, the short way if it is there. */
static void
take_small (ZmqgFrameQueue *queue,
            guint offset,
            gsize size)
{
  const guint8 *data;
  gssize found = zmqg_frame_queue_peek_small (queue, &data);

  /* The word of a segment is seen by looking the long way. */
  if (found < 0)
    {
      take_one (queue, offset, size);
      return;
    }

  g_assert_cmpmem (data, found, pattern () + offset, size);
  zmqg_frame_queue_consume_small (queue, found);
}

static void
test_small_sizes (void)
{
  static const guint sizes[] = { 0, 1, 2, 95, 96, 97, 127, 128, 254, 255, 256,
                                 257, 1000, ZMQG_FRAME_LARGE - 1 };
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  const guint8 *data;

  /* Nothing is there to be filled yet. */
  g_assert_false (zmqg_frame_queue_write_small (queue, pattern (), 1));
  g_assert_cmpint (zmqg_frame_queue_peek_small (queue, &data), ==, -1);
  put (queue, 0, 0, 1);
  zmqg_frame_queue_publish (queue);
  take_one (queue, 0, 1);
  g_assert_cmpint (zmqg_frame_queue_peek_small (queue, &data), ==, -1);

  for (guint round = 0; round < 100; round++)
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
      {
        if (!zmqg_frame_queue_write_small (queue, pattern () + i, sizes[i]))
          {
            put (queue, 0, i, sizes[i]);
            zmqg_frame_queue_publish (queue);
          }
        take_small (queue, i, sizes[i]);
        g_assert_true (nothing_to_peek (queue));
        g_assert_cmpint (zmqg_frame_queue_peek_small (queue, &data), ==, -1);
      }

  /* The first that has memory of its own. */
  put (queue, 0, 3, ZMQG_FRAME_LARGE);
  put (queue, 0, 4, 255);
  zmqg_frame_queue_publish (queue);
  g_assert_cmpint (zmqg_frame_queue_peek_small (queue, &data), ==, -1);
  take_one (queue, 3, ZMQG_FRAME_LARGE);
  g_assert_cmpint (zmqg_frame_queue_peek_small (queue, &data), ==, 255);
  take_small (queue, 4, 255);
  queue_free (queue);
}

/* What only a peer says, or what is not whole, is left to the long way. */
static void
test_small_odd_headers (void)
{
  static const struct
  {
    guint8 bytes[12];
    guint size;    /* of them */
    guint payload;
  } cases[] = {
    /* The length of a small frame in eight bytes, and of no payload at all. */
    { { 2, 0, 0, 0, 0, 0, 0, 0, 3, 'a', 'b', 'c' }, 12, 3 },
    { { 2, 0, 0, 0, 0, 0, 0, 0, 0 }, 9, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ZmqgFrameQueue *queue = queue_new (0, FALSE);
      ZmqgFrameArray frames;
      const guint8 *data = NULL;

      put (queue, 0, 0, 1);
      g_assert_true (zmqg_frame_queue_append_encoded (
        queue, cases[i].bytes, cases[i].size, 1, FALSE));
      g_assert_true (zmqg_frame_queue_append_encoded (
        queue, (const guint8 *) "\0\1z", 3, 1, FALSE));
      zmqg_frame_queue_publish (queue);
      take_one (queue, 0, 1);

      g_assert_cmpint (zmqg_frame_queue_peek_small (queue, &data), ==, -1);
      zmqg_frame_array_init (&frames);
      g_assert_true (zmqg_frame_queue_peek (queue, &frames));
      g_assert_cmpuint (frames.views[0].size, ==, cases[i].payload);
      zmqg_frame_queue_consume (queue);
      zmqg_frame_array_clear (&frames);
      g_assert_cmpint (zmqg_frame_queue_peek_small (queue, &data), ==, 1);
      g_assert_cmpint (data[0], ==, 'z');
      zmqg_frame_queue_consume_small (queue, 1);
      g_assert_true (nothing_to_peek (queue));
      queue_free (queue);
    }
}

/* Up to the last byte of a segment, and not one more. */
static void
test_small_fills_segment (void)
{
  for (guint left = 0; left < 6; left++)
    {
      ZmqgFrameQueue *queue = queue_new (0, FALSE);
      guint32 room;

      put (queue, 0, 0, 1);
      zmqg_frame_queue_publish (queue);
      while ((room = queue->tail->capacity - queue->tail->fill) > 300)
        g_assert_true (zmqg_frame_queue_write_small (queue, pattern (), 50));
      while (room > 60)
        {
          g_assert_true (zmqg_frame_queue_write_small (queue, pattern (), 20));
          room -= 22;
        }
      g_assert_true (zmqg_frame_queue_write_small (queue, pattern (),
                                                   room - 2 - left));
      g_assert_cmpuint (queue->tail->capacity - queue->tail->fill, ==, left);
      if (left >= 2)
        g_assert_true (zmqg_frame_queue_write_small (queue, pattern () + 1,
                                                     left - 2));
      g_assert_false (zmqg_frame_queue_write_small (queue, pattern (), 0));
      put (queue, 0, 5, 7);
      zmqg_frame_queue_publish (queue);
      g_assert_true (zmqg_frame_queue_write_small (queue, pattern () + 6, 9));

      while (queue->read + 2 < queue->written)
        {
          ZmqgFrameArray frames;

          zmqg_frame_array_init (&frames);
          g_assert_true (zmqg_frame_queue_peek (queue, &frames));
          zmqg_frame_array_clear (&frames);
          zmqg_frame_queue_consume (queue);
        }
      take_small (queue, 5, 7);
      take_small (queue, 6, 9);
      g_assert_true (nothing_to_peek (queue));
      queue_free (queue);
    }
}

static void
test_small_mark (void)
{
  ZmqgFrameQueue *queue = queue_new (3, FALSE);

  put (queue, 0, 0, 1);
  zmqg_frame_queue_publish (queue);
  g_assert_true (zmqg_frame_queue_write_small (queue, pattern () + 1, 1));
  g_assert_true (zmqg_frame_queue_write_small (queue, pattern () + 2, 1));
  g_assert_false (zmqg_frame_queue_write_small (queue, pattern () + 3, 1));
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);
  take_small (queue, 0, 1);
  /* The acknowledgement is seen by who asks for room. */
  g_assert_false (zmqg_frame_queue_write_small (queue, pattern () + 3, 1));
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 1);
  g_assert_true (zmqg_frame_queue_write_small (queue, pattern () + 3, 1));
  for (guint i = 1; i < 4; i++)
    take_small (queue, i, 1);
  g_assert_true (nothing_to_peek (queue));
  queue_free (queue);
}

/* In the middle of a message, or before what is not published, there is no
 * place for another. */
static void
test_small_behind_unpublished (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);

  put (queue, 0, 0, 1);
  g_assert_false (zmqg_frame_queue_write_small (queue, pattern (), 1));
  zmqg_frame_queue_publish (queue);
  put (queue, ZMQG_FRAME_MORE, 1, 1);
  g_assert_false (zmqg_frame_queue_write_small (queue, pattern (), 1));
  put (queue, 0, 2, 1);
  g_assert_false (zmqg_frame_queue_write_small (queue, pattern (), 1));
  zmqg_frame_queue_publish (queue);
  g_assert_true (zmqg_frame_queue_write_small (queue, pattern () + 3, 1));

  /* Behind a payload of its own neither. */
  put (queue, 0, 4, 30000);
  zmqg_frame_queue_publish (queue);
  g_assert_false (zmqg_frame_queue_write_small (queue, pattern () + 5, 1));

  take_small (queue, 0, 1);
  zmqg_frame_queue_roll_back (queue);
  g_assert_cmpuint (queue->written, ==, 4);
  queue_free (queue);
}

/* Only the newest message is kept: nothing is published beside it. */
static void
test_small_conflate (void)
{
  ZmqgFrameQueue *queue = queue_new (0, TRUE);

  for (guint i = 0; i < 3; i++)
    {
      g_assert_false (zmqg_frame_queue_write_small (queue, pattern () + i, 1));
      put (queue, 0, i, 1);
      zmqg_frame_queue_publish (queue);
      g_assert_false (zmqg_frame_queue_write_small (queue, pattern () + i, 1));
    }
  take_small (queue, 2, 1);
  g_assert_true (nothing_to_peek (queue));
  queue_free (queue);
}

/* --- Borrowed payloads ------------------------------------------------------ */

/* A payload of 30000 bytes that is not copied. */
static guint8 *
put_borrowed (ZmqgFrameQueue *queue,
              guint offset)
{
  guint8 *bytes = g_memdup2 (pattern () + offset, 30000);
  ZmqgFrameView view = { .data = bytes, .size = 30000 };

  queue->may_borrow = TRUE;
  g_assert_true (zmqg_frame_queue_append (queue, &view));
  /* Once. */
  g_assert_false (queue->may_borrow);
  zmqg_frame_queue_publish (queue);
  return bytes;
}

static void
test_keep_borrowed (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  struct iovec ranges[4];
  guint8 *first;
  guint8 *second;
  gsize total;

  put (queue, 0, 0, 10);
  first = put_borrowed (queue, 1);
  put (queue, 0, 2, 10);
  second = put_borrowed (queue, 3);

  /* Nothing was read, then a part of one. */
  g_assert_cmpuint (zmqg_frame_queue_gather (queue, ranges, 2, 100000, TRUE,
                                             &total), ==, 2);
  g_assert_true (ranges[1].iov_base == first);
  zmqg_frame_queue_advance (queue, ranges[0].iov_len + 10000);
  zmqg_frame_queue_keep_borrowed (queue);
  memset (first, 0xee, 30000);
  memset (second, 0xee, 30000);
  g_free (first);
  g_free (second);
  /* Again does nothing. */
  zmqg_frame_queue_keep_borrowed (queue);

  g_assert_cmpuint (zmqg_frame_queue_gather (queue, ranges, 1, 100000, TRUE,
                                             &total), ==, 1);
  g_assert_cmpmem (ranges[0].iov_base, ranges[0].iov_len,
                   pattern () + 1 + 10000, 20000);
  zmqg_frame_queue_rewind (queue);
  take_one (queue, 1, 30000);
  take_one (queue, 2, 10);
  take_one (queue, 3, 30000);
  zmqg_frame_queue_keep_borrowed (queue);
  g_assert_true (nothing_to_peek (queue));
  queue_free (queue);
}

/* What was read to its end may be gone, and its chunk too. */
static void
test_keep_borrowed_late (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  struct iovec ranges[4];
  guint8 *bytes;
  gsize total;

  for (guint i = 0; i < 3; i++)
    {
      bytes = put_borrowed (queue, i);
      zmqg_frame_queue_gather (queue, ranges, 4, 100000, TRUE, &total);
      g_assert_cmpuint (total, ==, 30009);
      zmqg_frame_queue_advance (queue, total);
      if (i == 0)
        zmqg_frame_queue_settle (queue);
      else if (i == 1)
        g_assert_true (zmqg_frame_queue_reader_sleep (queue));
      zmqg_frame_queue_keep_borrowed (queue);
      g_assert_false (queue->head.segment->borrowed);
      memset (bytes, 0xee, 30000);
      g_free (bytes);
      put (queue, 0, 7, 10);
      zmqg_frame_queue_publish (queue);
      take_one (queue, 7, 10);
    }
  queue_free (queue);
}

/* Taken back before it was published. */
static void
test_borrowed_rolled_back (void)
{
  ZmqgFrameQueue *queue = queue_new (0, FALSE);
  ZmqgFrameView view = { .data = pattern (), .size = 30000 };

  queue->may_borrow = TRUE;
  g_assert_true (zmqg_frame_queue_append (queue, &view));
  zmqg_frame_queue_roll_back (queue);
  zmqg_frame_queue_keep_borrowed (queue);
  put (queue, 0, 1, 10);
  zmqg_frame_queue_publish (queue);
  take_one (queue, 1, 10);
  queue_free (queue);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add_func ("/zmqg/pipe/frame-queue/" path, function)
  ADD ("mark-exact", test_mark_exact);
  ADD ("mark-unpublished", test_mark_unpublished);
  ADD ("mark-none", test_mark_none);
  ADD ("mark-changes", test_mark_changes);
  ADD ("mark-lowered-when-drained", test_mark_lowered_when_drained);
  ADD ("border-sizes", test_border_sizes);
  ADD ("segment-end", test_segment_end);
  ADD ("three-gigabytes", test_three_gigabytes);
  ADD ("unfinished-is-invisible", test_unfinished_is_invisible);
  ADD ("roll-back", test_roll_back);
  ADD ("roll-back-rest-of-chunk", test_roll_back_rest_of_chunk);
  ADD ("encoded-and-tags", test_encoded_and_tags);
  ADD ("range-is-not-written", test_range_is_not_written);
  ADD ("skip", test_skip);
  ADD ("commands-and-the-mark", test_commands_and_the_mark);
  ADD ("trim", test_trim);
  ADD ("reader-sleeps", test_reader_sleeps);
  ADD ("writer-sleeps", test_writer_sleeps);
  ADD ("small-sizes", test_small_sizes);
  ADD ("small-odd-headers", test_small_odd_headers);
  ADD ("small-fills-segment", test_small_fills_segment);
  ADD ("small-mark", test_small_mark);
  ADD ("small-behind-unpublished", test_small_behind_unpublished);
  ADD ("small-conflate", test_small_conflate);
  ADD ("keep-borrowed", test_keep_borrowed);
  ADD ("keep-borrowed-late", test_keep_borrowed_late);
  ADD ("borrowed-rolled-back", test_borrowed_rolled_back);
#undef ADD

  return g_test_run ();
}
