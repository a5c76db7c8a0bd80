/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "queue-fixture-private.h"

/*
 * Raw reading against a model: the bytes that went in, with a note at each
 * byte that ends a frame or a message.
 */
typedef struct
{
  ZmqgFrameQueue *queue;
  GByteArray *bytes;
  GArray *frame_ends;   /* gsize */
  GArray *message_ends; /* gsize, of commands too */
  GArray *counted;      /* guint64, messages up to each message end */
  guint64 messages;
  gsize written;
} Wire;

static void
wire_init (Wire *wire)
{
  gsize zero = 0;
  guint64 none = 0;

  memset (wire, 0, sizeof *wire);
  wire->queue = queue_new (0, FALSE);
  wire->bytes = g_byte_array_new ();
  wire->frame_ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  wire->message_ends = g_array_new (FALSE, FALSE, sizeof (gsize));
  wire->counted = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_array_append_val (wire->frame_ends, zero);
  g_array_append_val (wire->message_ends, zero);
  g_array_append_val (wire->counted, none);
}

static void
wire_clear (Wire *wire)
{
  queue_free (wire->queue);
  g_byte_array_unref (wire->bytes);
  g_array_unref (wire->frame_ends);
  g_array_unref (wire->message_ends);
  g_array_unref (wire->counted);
}

static void
wire_put (Wire *wire,
          guint flags,
          guint offset,
          gsize size)
{
  gsize end;

  put (wire->queue, flags, offset, size);
  encode_frame (wire->bytes, flags, offset, size);
  end = wire->bytes->len;
  g_array_append_val (wire->frame_ends, end);
  if (flags & ZMQG_FRAME_MORE)
    return;

  if ((flags & ZMQG_FRAME_COMMAND) == 0 || wire->queue->counts_commands)
    wire->messages++;
  g_array_append_val (wire->message_ends, end);
  g_array_append_val (wire->counted, wire->messages);
}

/* The index of the last end that is not behind @pos. */
static guint
last_end (GArray *ends,
          gsize pos)
{
  guint low = 0;
  guint high = ends->len;

  while (high - low > 1)
    {
      guint middle = (low + high) / 2;

      if (g_array_index (ends, gsize, middle) <= pos)
        low = middle;
      else
        high = middle;
    }

  return low;
}

static gsize
wire_boundary (Wire *wire)
{
  return g_array_index (wire->message_ends, gsize,
                        last_end (wire->message_ends, wire->written));
}

/* Everything that the queue says of the place it is at. */
static void
wire_check (Wire *wire)
{
  ZmqgFrameQueue *queue = wire->queue;
  guint message = last_end (wire->message_ends, wire->written);
  guint frame = last_end (wire->frame_ends, wire->written);
  gsize boundary = g_array_index (wire->message_ends, gsize, message);
  gsize frame_end = g_array_index (wire->frame_ends, gsize, frame);
  gsize message_left = 0;
  gsize frame_left = 0;

  if (wire->written > boundary)
    message_left = g_array_index (wire->message_ends, gsize, message + 1) -
                   wire->written;
  if (wire->written > frame_end)
    frame_left = g_array_index (wire->frame_ends, gsize, frame + 1) -
                 wire->written;

  g_assert_cmpuint (queue->read, ==,
                    g_array_index (wire->counted, guint64, message));
  g_assert_cmpint (zmqg_frame_queue_at_boundary (queue), ==,
                   wire->written == boundary);
  g_assert_cmpuint (zmqg_frame_queue_partial_left (queue, FALSE), ==,
                    message_left);
  g_assert_cmpuint (zmqg_frame_queue_partial_left (queue, TRUE), ==,
                    frame_left);
}

/* Gathers, and compares with the bytes that went in. */
static gsize
wire_gather (Wire *wire,
             guint max,
             gsize max_bytes)
{
  struct iovec ranges[64];
  gsize n_bytes;
  guint n = zmqg_frame_queue_gather (wire->queue, ranges, max, max_bytes, FALSE,
                                     &n_bytes);
  gsize pos = wire->written;

  g_assert_cmpuint (n, <=, max);
  g_assert_cmpuint (n_bytes, <=, max_bytes);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (ranges[i].iov_len, >, 0);
      g_assert_cmpuint (pos + ranges[i].iov_len, <=, wire->bytes->len);
      g_assert_true (memcmp (ranges[i].iov_base, wire->bytes->data + pos,
                             ranges[i].iov_len) == 0);
      pos += ranges[i].iov_len;
    }
  g_assert_cmpuint (pos - wire->written, ==, n_bytes);
  return n_bytes;
}

static void
wire_advance (Wire *wire,
              gsize n)
{
  zmqg_frame_queue_advance (wire->queue, n);
  wire->written += n;
}

/* A message of the kinds that lie in the queue in different ways. */
static void
wire_put_random (Wire *wire,
                 gboolean publish)
{
  guint n = g_test_rand_int_range (0, 4) > 0
              ? 1
              : g_test_rand_int_range (1, 12);

  if (g_test_rand_int_range (0, 8) == 0)
    {
      wire_put (wire, ZMQG_FRAME_COMMAND, g_test_rand_int_range (0, 1000),
                g_test_rand_int_range (0, 30) == 0
                  ? 9000
                  : g_test_rand_int_range (0, 300));
    }
  else
    {
      for (guint i = 0; i < n; i++)
        {
          static const gsize edges[] = { 0, 1, 254, 255, 256, 257, 8191, 8192,
                                         8193, 20000 };
          gsize size = g_test_rand_int_range (0, 15) == 0
                         ? edges[g_test_rand_int_range (0, 10)]
                         : (gsize) g_test_rand_int_range (0, 80);

          wire_put (wire, i + 1 < n ? ZMQG_FRAME_MORE : 0,
                    g_test_rand_int_range (0, 1000), size);
        }
    }

  if (publish)
    zmqg_frame_queue_publish (wire->queue);
}

/* --- Tests --------------------------------------------------------------- */

/* One byte at a time; each place is checked, before and after gathering. */
static void
test_byte_by_byte (void)
{
  for (guint counts = 0; counts < 2; counts++)
    for (guint together = 0; together < 2; together++)
      {
        Wire wire;

        wire_init (&wire);
        wire.queue->counts_commands = counts;
        wire_put (&wire, 0, 0, 0);
        wire_put (&wire, 0, 1, 300);
        wire_put (&wire, ZMQG_FRAME_MORE, 2, 8200);
        wire_put (&wire, ZMQG_FRAME_MORE, 3, 8192);
        wire_put (&wire, ZMQG_FRAME_MORE, 4, 5);
        wire_put (&wire, 0, 5, 8192);
        wire_put (&wire, 0, 6, 8192);
        wire_put (&wire, ZMQG_FRAME_COMMAND, 6, 40);
        wire_put (&wire, ZMQG_FRAME_MORE, 6, 30);
        wire_put (&wire, 0, 6, 400);
        wire_put (&wire, ZMQG_FRAME_COMMAND, 6, 9000);
        zmqg_frame_queue_publish (wire.queue);
        for (guint i = 0; i < 300; i++)
          {
            wire_put (&wire, i % 3 ? 0 : ZMQG_FRAME_MORE, i, i);
            if (i % 3 && !together)
              zmqg_frame_queue_publish (wire.queue);
          }
        zmqg_frame_queue_publish (wire.queue);

        wire_check (&wire);
        while (wire_gather (&wire, 1, 1) > 0)
          {
            wire_check (&wire);
            wire_advance (&wire, 1);
            wire_check (&wire);
          }
        g_assert_cmpuint (wire.written, ==, wire.bytes->len);
        wire_clear (&wire);
      }
}

/* Random messages, ranges, partial writes and lost connections. */
static void
test_random_splits (void)
{
  for (guint run = 0; run < 60; run++)
    {
      Wire wire;
      guint n = 400;

      wire_init (&wire);
      wire.queue->counts_commands = run % 2;

      while (n > 0 || wire.written < wire.bytes->len)
        {
          guint reach = 1u << g_test_rand_int_range (0, 18);
          gsize size;

          if (n > 0 && g_test_rand_int_range (0, 3) > 0)
            {
              guint batch = g_test_rand_int_range (1, 6);

              batch = MIN (n, batch);
              n -= batch;
              for (guint i = 0; i < batch; i++)
                wire_put_random (&wire, i + 1 == batch);
            }

          size = wire_gather (&wire, g_test_rand_int_range (1, 65),
                              1 + g_test_rand_int_range (0, reach));
          /* Nothing is out yet: the place is as it was. */
          wire_check (&wire);
          switch (g_test_rand_int_range (0, 6))
            {
            case 0:
              zmqg_frame_queue_rewind (wire.queue);
              wire.written = wire_boundary (&wire);
              break;
            case 1:
              wire_advance (&wire, 0);
              break;
            case 2:
              wire_advance (&wire, size);
              break;
            default:
              wire_advance (&wire, g_test_rand_int_range (0, size + 1));
              break;
            }
          wire_check (&wire);
        }

      g_assert_cmpuint (wire.queue->read, ==, wire.messages);
      g_assert_false (zmqg_frame_queue_has_data (wire.queue));
      wire_clear (&wire);
    }
}

/* A connection is lost after each number of bytes that can be out. */
static void
test_rewind_everywhere (void)
{
  static const gsize sizes[] = { 3, 0, 300, 8192, 10, 700, 8200, 8201, 4 };
  gsize total = 0;

  for (gsize lost = 0; lost == 0 || lost <= total; lost += lost % 97 + 1)
    {
      Wire wire;

      wire_init (&wire);
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        wire_put (&wire, i % 3 == 1 ? ZMQG_FRAME_MORE : 0, i, sizes[i]);
      zmqg_frame_queue_publish (wire.queue);
      total = wire.bytes->len;

      wire_gather (&wire, 64, G_MAXSIZE);
      wire_advance (&wire, lost);
      wire_check (&wire);
      zmqg_frame_queue_rewind (wire.queue);
      wire.written = wire_boundary (&wire);
      wire_check (&wire);

      /* More comes while there is no connection. */
      wire_put (&wire, 0, 5, 600);
      zmqg_frame_queue_publish (wire.queue);
      g_assert_cmpuint (wire_gather (&wire, 64, G_MAXSIZE), ==,
                        wire.bytes->len - wire.written);
      wire_advance (&wire, wire.bytes->len - wire.written);
      wire_check (&wire);
      wire_clear (&wire);
    }
}

/* What was gathered is not yet out: at the boundary, whichever side of the
 * end of a segment that is. */
static void
test_gather_moves_nothing (void)
{
  Wire wire;

  wire_init (&wire);
  for (guint i = 0; i < 200; i++)
    {
      wire_put (&wire, 0, i, i % 10 == 9 ? 8192 : 100);
      zmqg_frame_queue_publish (wire.queue);
    }
  for (guint i = 0; i < 200; i++)
    {
      gsize size = i % 10 == 9 ? 8192 + 9 : 102;

      wire_gather (&wire, 64, 1);
      wire_check (&wire);
      wire_gather (&wire, 64, 20000);
      wire_check (&wire);
      wire_advance (&wire, 0);
      wire_check (&wire);
      wire_gather (&wire, 64, 20000);
      wire_advance (&wire, size);
      wire_check (&wire);
      g_assert_cmpuint (wire.queue->read, ==, i + 1);
    }
  wire_clear (&wire);
}

/* Acknowledged as soon as a message is out whole, not before. */
static void
test_mark (void)
{
  ZmqgFrameQueue *queue = queue_new (2, FALSE);
  struct iovec ranges[8];
  gsize n_bytes;

  put (queue, ZMQG_FRAME_MORE, 0, 10);
  put (queue, 0, 0, 9000);
  put (queue, 0, 0, 10);
  zmqg_frame_queue_publish (queue);
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);

  zmqg_frame_queue_gather (queue, ranges, 8, G_MAXSIZE, FALSE, &n_bytes);
  g_assert_cmpuint (n_bytes, ==, 12 + 9009 + 12);
  g_assert_false (zmqg_frame_queue_advance (queue, 12 + 9008));
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 0);
  g_assert_true (zmqg_frame_queue_advance (queue, 1));
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 1);
  g_assert_false (zmqg_frame_queue_advance (queue, 12));
  /* The writer knows of one, and looks again when that is used up. */
  put (queue, 0, 0, 1);
  g_assert_cmpuint (zmqg_frame_queue_room (queue), ==, 1);
  queue_free (queue);
}

/* A pipe outlives connections that read it in different ways. */
static void
test_ways_alternate (void)
{
  Wire wire;
  guint n = 3000;

  wire_init (&wire);
  while (n > 0 || wire.written < wire.bytes->len)
    {
      gsize size;

      for (guint i = g_test_rand_int_range (0, 5); i > 0 && n > 0; i--, n--)
        wire_put_random (&wire, TRUE);

      for (guint i = g_test_rand_int_range (0, 4); i > 0; i--)
        {
          ZmqgFrameArray frames;

          zmqg_frame_array_init (&frames);
          if (zmqg_frame_queue_peek (wire.queue, &frames))
            {
              zmqg_frame_queue_consume (wire.queue);
              for (guint f = 0; f < frames.n; f++)
                wire.written += zmqg_frame_header_size (frames.views[f].size) +
                                frames.views[f].size;
            }
          zmqg_frame_array_clear (&frames);
          wire_check (&wire);
        }

      size = wire_gather (&wire, 64, g_test_rand_int_range (1, 3000));
      wire_advance (&wire, size);
      wire_check (&wire);
      zmqg_frame_queue_rewind (wire.queue);
      wire.written = wire_boundary (&wire);
      wire_check (&wire);
      /* A message longer than what is gathered at once has to get out. */
      size = wire_gather (&wire, 64, G_MAXSIZE);
      if (g_test_rand_int_range (0, 3) == 0)
        wire_advance (&wire, size);
      if (!zmqg_frame_queue_at_boundary (wire.queue))
        {
          zmqg_frame_queue_rewind (wire.queue);
          wire.written = wire_boundary (&wire);
        }
      wire_check (&wire);
    }
  g_assert_cmpuint (wire.queue->read, ==, wire.messages);
  wire_clear (&wire);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add_func ("/zmqg/pipe/frame-queue-raw/" path, function)
  ADD ("byte-by-byte", test_byte_by_byte);
  ADD ("random-splits", test_random_splits);
  ADD ("rewind-everywhere", test_rewind_everywhere);
  ADD ("gather-moves-nothing", test_gather_moves_nothing);
  ADD ("mark", test_mark);
  ADD ("ways-alternate", test_ways_alternate);
#undef ADD

  return g_test_run ();
}
