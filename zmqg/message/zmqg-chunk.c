/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-chunk-private.h"

#include "base/zmqg-lock-private.h"

/* Chunks of ZMQG_CHUNK_SIZE that wait for their next use: freeing blocks of
 * this size in one thread and allocating them in another makes malloc trim
 * its arenas and fault them in again and again. */
#define POOL_SIZE 16

static ZmqgLock pool_lock = ZMQG_LOCK_INIT;
static ZmqgChunk *pool[POOL_SIZE];
static guint pool_n;

static ZmqgChunk *
pool_take (void)
{
  ZmqgChunk *chunk = NULL;

  zmqg_lock (&pool_lock);
  if (pool_n > 0)
    chunk = pool[--pool_n];
  zmqg_unlock (&pool_lock);

  return chunk;
}

static gboolean
pool_give (ZmqgChunk *chunk)
{
  gboolean kept = FALSE;

  zmqg_lock (&pool_lock);
  if (pool_n < POOL_SIZE)
    {
      pool[pool_n++] = chunk;
      kept = TRUE;
    }
  zmqg_unlock (&pool_lock);

  return kept;
}

ZmqgChunk *
zmqg_chunk_new (gsize capacity)
{
  ZmqgChunk *chunk = NULL;

  if (capacity > G_MAXSIZE - sizeof *chunk)
    return NULL;

  if (capacity == ZMQG_CHUNK_SIZE)
    chunk = pool_take ();
  if (chunk == NULL)
    chunk = g_try_malloc (sizeof *chunk + capacity);
  if (chunk == NULL)
    return NULL;

  atomic_init (&chunk->refs, 1);
  chunk->capacity = capacity;
  return chunk;
}

ZmqgChunk *
zmqg_chunk_resize (ZmqgChunk *chunk,
                   gsize capacity)
{
  ZmqgChunk *grown;

  if (capacity > G_MAXSIZE - sizeof *chunk)
    return NULL;

  grown = g_try_realloc (chunk, sizeof *chunk + capacity);
  if (grown != NULL)
    grown->capacity = capacity;
  return grown;
}

void
zmqg_chunk_unref (ZmqgChunk *chunk)
{
  /* Release pairs with the acquire of the last user, who frees. */
  if (atomic_fetch_sub_explicit (&chunk->refs, 1, memory_order_acq_rel) != 1)
    return;

  if (chunk->capacity == ZMQG_CHUNK_SIZE && pool_give (chunk))
    return;

  g_free (chunk);
}

GBytes *
zmqg_chunk_new_bytes (ZmqgChunk *chunk,
                      const guint8 *data,
                      gsize size)
{
  return g_bytes_new_with_free_func (data, size,
                                     (GDestroyNotify) zmqg_chunk_unref,
                                     zmqg_chunk_ref (chunk));
}
