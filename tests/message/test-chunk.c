/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-chunk-private.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
test_bytes (void)
{
  ZmqgChunk *chunk = zmqg_chunk_new (ZMQG_CHUNK_FIRST);
  g_autoptr (GBytes) bytes = NULL;

  g_assert_cmpuint (chunk->capacity, ==, ZMQG_CHUNK_FIRST);
  g_assert_cmpuint ((guintptr) chunk->data % 16, ==, 0);

  memcpy (chunk->data, "0123456789", 10);
  bytes = zmqg_chunk_new_bytes (chunk, chunk->data + 3, 4);
  zmqg_chunk_unref (chunk);

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                   "3456", 4);
}

static void
test_resize (void)
{
  ZmqgChunk *chunk = zmqg_chunk_new (16);

  memset (chunk->data, 'x', 16);
  chunk = zmqg_chunk_resize (chunk, 4096);
  g_assert_cmpuint (chunk->capacity, ==, 4096);
  memset (chunk->data + 16, 'y', 4080);
  g_assert_cmpint (chunk->data[15], ==, 'x');
  zmqg_chunk_unref (chunk);
}

static void
test_too_large (void)
{
  ZmqgChunk *chunk;

  g_assert_null (zmqg_chunk_new (G_MAXSIZE));
  g_assert_null (zmqg_chunk_new (G_MAXSIZE - 8));

  chunk = zmqg_chunk_new (16);
  g_assert_null (zmqg_chunk_resize (chunk, G_MAXSIZE));
  g_assert_cmpuint (chunk->capacity, ==, 16);
  zmqg_chunk_unref (chunk);
}

/* More than the pool keeps, so that both its ends are met. */
static void
test_pool (void)
{
  ZmqgChunk *chunks[40];

  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (chunks); i++)
        {
          chunks[i] = zmqg_chunk_new (ZMQG_CHUNK_SIZE);
          g_assert_cmpuint (chunks[i]->capacity, ==, ZMQG_CHUNK_SIZE);
          memset (chunks[i]->data, (int) i, ZMQG_CHUNK_SIZE);
        }
      for (guint i = 0; i < G_N_ELEMENTS (chunks); i++)
        {
          g_assert_cmpint (chunks[i]->data[ZMQG_CHUNK_SIZE - 1], ==, i);
          zmqg_chunk_unref (chunks[i]);
        }
    }
}

static gpointer
use_chunks (gpointer data)
{
  ZmqgChunk *shared = data;

  for (guint i = 0; i < 5000; i++)
    {
      ZmqgChunk *chunk = zmqg_chunk_new (ZMQG_CHUNK_SIZE);

      chunk->data[0] = zmqg_chunk_ref (shared)->data[0];
      zmqg_chunk_unref (chunk);
      zmqg_chunk_unref (shared);
    }

  zmqg_chunk_unref (shared);
  return NULL;
}

static void
test_threads (void)
{
  ZmqgChunk *shared = zmqg_chunk_new (ZMQG_CHUNK_SIZE);
  GThread *threads[4];

  shared->data[0] = 1;
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("chunks", use_chunks, zmqg_chunk_ref (shared));
  zmqg_chunk_unref (shared);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* How many of the whole pages of a chunk are in memory. */
static guint
count_pages (const guint8 *data,
             gsize size)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  gsize from = ((gsize) data + page - 1) / page * page;
  gsize n = (((gsize) data + size) / page * page - from) / page;
  g_autofree guint8 *there = g_malloc0 (n);
  guint found = 0;

  g_assert_no_errno (mincore ((gpointer) from, n * page, there));
  for (gsize i = 0; i < n; i++)
    found += there[i] & 1;
  return found;
}

/* What was idle takes no memory, whether the pool has it or malloc. Somebody
 * else's stays. */
static void
test_idle (void)
{
  ZmqgChunk *chunk = zmqg_chunk_new (ZMQG_CHUNK_SIZE);
  guint8 *data = chunk->data;

  memset (data, 'x', ZMQG_CHUNK_SIZE);
  zmqg_chunk_ref (chunk);
  zmqg_chunk_unref_idle (chunk);
  g_assert_cmpuint (count_pages (data, ZMQG_CHUNK_SIZE), >, 0);
  for (gsize i = 0; i < ZMQG_CHUNK_SIZE; i++)
    g_assert_cmpint (data[i], ==, 'x');

  zmqg_chunk_unref_idle (chunk);
  g_assert_cmpuint (count_pages (data, ZMQG_CHUNK_SIZE), ==, 0);

  chunk = zmqg_chunk_new (ZMQG_CHUNK_SIZE);
  memset (chunk->data, 'y', ZMQG_CHUNK_SIZE);
  zmqg_chunk_unref (chunk);
  chunk = zmqg_chunk_new (16);
  zmqg_chunk_unref_idle (chunk);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/chunk/bytes", test_bytes);
  g_test_add_func ("/zmqg/chunk/resize", test_resize);
  g_test_add_func ("/zmqg/chunk/too-large", test_too_large);
  g_test_add_func ("/zmqg/chunk/pool", test_pool);
  g_test_add_func ("/zmqg/chunk/threads", test_threads);
  g_test_add_func ("/zmqg/chunk/idle", test_idle);

  return g_test_run ();
}
