/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pipe/zmqg-frame-queue-private.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/*
 * What the tests of the frame queue share: payloads that are slices of one
 * pattern, short forms of appending and of looking at the head, and how two
 * threads wake each other.
 */

#define PATTERN_SIZE (256u * 1024u)

/* Bytes that do not repeat in a short period. */
static inline const guint8 *
pattern (void)
{
  static guint8 bytes[PATTERN_SIZE];
  static gsize made = 0;

  if (g_once_init_enter (&made))
    {
      guint32 x = 1;

      for (guint i = 0; i < PATTERN_SIZE; i++)
        {
          x = x * 1664525u + 1013904223u;
          bytes[i] = x >> 24;
        }
      g_once_init_leave (&made, 1);
    }

  return bytes;
}

/* A well mixed number for each @n. */
static inline guint64
mix (guint64 n)
{
  n += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  n = (n ^ (n >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  n = (n ^ (n >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return n ^ (n >> 31);
}

/* A fresh queue on the heap, aligned as it wants to be. */
static inline ZmqgFrameQueue *
queue_new (guint hwm,
           gboolean conflate)
{
  ZmqgFrameQueue *queue = g_aligned_alloc (1, sizeof *queue,
                                           ZMQG_CACHE_LINE);

  zmqg_frame_queue_init (queue, hwm, conflate);
  return queue;
}

static inline void
queue_free (ZmqgFrameQueue *queue)
{
  zmqg_frame_queue_clear (queue);
  g_aligned_free (queue);
}

static inline void
put (ZmqgFrameQueue *queue,
     guint flags,
     guint offset,
     gsize size)
{
  ZmqgFrameView view = {
    .data = pattern () + offset,
    .size = size,
    .flags = flags,
  };

  g_assert_true (zmqg_frame_queue_append (queue, &view));
}

static inline void
put_bytes (ZmqgFrameQueue *queue,
           guint flags,
           GBytes *bytes)
{
  ZmqgFrameView view = { .flags = flags, .bytes = bytes };

  view.data = g_bytes_get_data (bytes, &view.size);
  g_assert_true (zmqg_frame_queue_append (queue, &view));
}

static inline void
put_text (ZmqgFrameQueue *queue,
          guint flags,
          const char *text)
{
  ZmqgFrameView view = {
    .data = (const guint8 *) text,
    .size = strlen (text),
    .flags = flags,
  };

  g_assert_true (zmqg_frame_queue_append (queue, &view));
}

static inline void
send_text (ZmqgFrameQueue *queue,
           const char *text)
{
  put_text (queue, 0, text);
  zmqg_frame_queue_publish (queue);
}

static inline void
assert_view (const ZmqgFrameView *view,
             guint offset,
             gsize size,
             guint flags)
{
  g_assert_cmpmem (view->data, view->size, pattern () + offset, size);
  g_assert_cmphex (view->flags & ~ZMQG_FRAME_LONG, ==, flags);
}

static inline gboolean
nothing_to_peek (ZmqgFrameQueue *queue)
{
  ZmqgFrameArray frames;
  gboolean found;

  zmqg_frame_array_init (&frames);
  found = zmqg_frame_queue_peek (queue, &frames);
  g_assert_true (found || frames.n == 0);
  zmqg_frame_array_clear (&frames);
  return !found;
}

/* Takes a message of one frame off and compares it; what consume says. */
static inline gboolean
take_text (ZmqgFrameQueue *queue,
           const char *text)
{
  ZmqgFrameArray frames;

  zmqg_frame_array_init (&frames);
  g_assert_true (zmqg_frame_queue_peek (queue, &frames));
  g_assert_cmpuint (frames.n, ==, 1);
  g_assert_cmpmem (frames.views[0].data, frames.views[0].size, text,
                   strlen (text));
  zmqg_frame_array_clear (&frames);
  return zmqg_frame_queue_consume (queue);
}

static inline gboolean
take_one (ZmqgFrameQueue *queue,
          guint offset,
          gsize size)
{
  ZmqgFrameArray frames;

  zmqg_frame_array_init (&frames);
  g_assert_true (zmqg_frame_queue_peek (queue, &frames));
  g_assert_cmpuint (frames.n, ==, 1);
  assert_view (&frames.views[0], offset, size, 0);
  zmqg_frame_array_clear (&frames);
  return zmqg_frame_queue_consume (queue);
}

/* The bytes of a frame as they lie in the queue. */
static inline void
encode_frame (GByteArray *to,
              guint flags,
              guint offset,
              gsize size)
{
  guint8 header[ZMQG_FRAME_HEADER_MAX];

  g_byte_array_append (to, header,
                       zmqg_frame_encode_header (header, flags, size));
  g_byte_array_append (to, pattern () + offset, size);
}

static inline void
count_free (gpointer data)
{
  ++*(guint *) data;
}

/* Bytes of the pattern whose release is counted in @freed. */
static inline GBytes *
counted_bytes (guint offset,
               gsize size,
               guint *freed)
{
  return g_bytes_new_with_free_func (pattern () + offset, size, count_free,
                                     freed);
}

/* To an eventfd. */
static inline void
signal_fd (int fd)
{
  guint64 one = 1;

  g_assert_cmpint (write (fd, &one, sizeof one), ==, sizeof one);
}

/* A wake-up that does not come is a failure, not a pause. */
static inline void
wait_fd (int fd)
{
  struct pollfd pfd = { .fd = fd, .events = POLLIN };
  guint64 count;
  int n;

  do
    n = poll (&pfd, 1, 30000);
  while (n < 0 && errno == EINTR);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (read (fd, &count, sizeof count), ==, sizeof count);
}
