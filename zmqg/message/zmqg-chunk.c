/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-chunk-private.h"

#include "base/zmqg-fork-private.h"
#include "base/zmqg-lock-private.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Chunks that wait for their next use, by the power of two of their size.
 * Blocks of these sizes that one thread frees and another allocates make
 * malloc trim its arenas (or unmap) and fault the pages in again and again;
 * the chunk given back last is the one that is still in a cache.
 */
#define POOL_FIRST 16 /* 64 KiB */
#define POOL_CLASSES 6
#define POOL_DEPTH 16
#define POOL_BYTES (8u * 1024u * 1024u) /* in all classes */

static ZmqgLock pool_lock = ZMQG_LOCK_INIT;
static ZmqgChunk *pool[POOL_CLASSES][POOL_DEPTH];
static guint pool_n[POOL_CLASSES];
static gsize pool_bytes;

/* The class whose chunks have room for @capacity; -1 when there is none. */
static int
pool_class (gsize capacity)
{
  int class;

  if (capacity < ((gsize) 1 << POOL_FIRST) ||
      capacity > ((gsize) 1 << (POOL_FIRST + POOL_CLASSES - 1)))
    return -1;

  class = (int) g_bit_storage (capacity - 1) - POOL_FIRST;
  return MAX (class, 0);
}

/* In the child of a fork the pool may be in the middle of a change: it begins
 * anew, and what it had is left alone. */
static guint pool_generation;

/* Locked. */
static inline void
pool_look_for_fork (void)
{
  guint generation = zmqg_fork_get_generation ();

  if (G_LIKELY (generation == pool_generation))
    return;

  pool_generation = generation;
  memset (pool_n, 0, sizeof pool_n);
  pool_bytes = 0;
}

static ZmqgChunk *
pool_take (int class)
{
  ZmqgChunk *chunk = NULL;

  zmqg_lock (&pool_lock);
  pool_look_for_fork ();
  if (pool_n[class] > 0)
    {
      chunk = pool[class][--pool_n[class]];
      pool_bytes -= chunk->allocated;
    }
  zmqg_unlock (&pool_lock);

  return chunk;
}

static gboolean
pool_give (ZmqgChunk *chunk)
{
  int class = pool_class (chunk->allocated);
  gboolean kept = FALSE;

  /* Only whole ones: a class promises its size. */
  if (class < 0 || chunk->allocated != (gsize) 1 << (POOL_FIRST + class))
    return FALSE;

  zmqg_lock (&pool_lock);
  pool_look_for_fork ();
  if (pool_n[class] < POOL_DEPTH &&
      pool_bytes + chunk->allocated <= POOL_BYTES)
    {
      pool[class][pool_n[class]++] = chunk;
      pool_bytes += chunk->allocated;
      kept = TRUE;
    }
  zmqg_unlock (&pool_lock);

  return kept;
}

ZmqgChunk *
zmqg_chunk_new (gsize capacity)
{
  int class = pool_class (capacity);
  gsize allocated = capacity;
  ZmqgChunk *chunk = NULL;

  if (capacity > G_MAXSIZE - sizeof *chunk)
    return NULL;

  if (class >= 0)
    {
      allocated = (gsize) 1 << (POOL_FIRST + class);
      chunk = pool_take (class);
    }
  if (chunk == NULL)
    chunk = g_try_malloc (sizeof *chunk + allocated);
  if (chunk == NULL)
    return NULL;

  atomic_init (&chunk->refs, 1);
  chunk->capacity = capacity;
  chunk->allocated = allocated;
  return chunk;
}

ZmqgChunk *
zmqg_chunk_resize (ZmqgChunk *chunk,
                   gsize capacity)
{
  ZmqgChunk *grown = chunk;

  if (capacity > G_MAXSIZE - sizeof *chunk)
    return NULL;

  if (capacity > chunk->allocated)
    {
      grown = g_try_realloc (chunk, sizeof *chunk + capacity);
      if (grown == NULL)
        return NULL;
      grown->allocated = capacity;
    }

  grown->capacity = capacity;
  return grown;
}

void
zmqg_chunk_unref (ZmqgChunk *chunk)
{
  /* Release pairs with the acquire of the last user, who frees. */
  if (atomic_fetch_sub_explicit (&chunk->refs, 1, memory_order_acq_rel) != 1)
    return;

  if (!pool_give (chunk))
    g_free (chunk);
}

void
zmqg_chunk_unref_idle (ZmqgChunk *chunk)
{
  guintptr page = (guintptr) sysconf (_SC_PAGESIZE);
  guintptr from = ((guintptr) chunk->data + page - 1) & ~(page - 1);
  guintptr to = ((guintptr) chunk->data + chunk->allocated) & ~(page - 1);

  /* Acquire as above: nobody else has it any more. */
  if (atomic_load_explicit (&chunk->refs, memory_order_acquire) == 1 &&
      to > from)
    madvise ((gpointer) from, to - from, MADV_DONTNEED);

  zmqg_chunk_unref (chunk);
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
