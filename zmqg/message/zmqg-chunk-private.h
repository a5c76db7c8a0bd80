/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"

#include <glib.h>
#include <stdatomic.h>

/*
 * ZmqgChunk: a counted block of memory of ours that segments, connections
 * and messages look into. Blocks of the common size come from and return to
 * a small pool, so that a steady stream allocates nothing.
 */
typedef struct
{
  atomic_uint refs;
  gsize capacity;  /* as asked for */
  gsize allocated; /* at least that */
  _Alignas (16) guint8 data[];
} ZmqgChunk;

#define ZMQG_CHUNK_SIZE (64u * 1024u)
#define ZMQG_CHUNK_FIRST 512u

/* %NULL when there is no memory. */
ZMQG_SHARED
ZmqgChunk *zmqg_chunk_new (gsize capacity);

/* Grows a chunk that has one reference; %NULL (and @chunk as it was) when
 * there is no memory. */
ZmqgChunk *zmqg_chunk_resize (ZmqgChunk *chunk, gsize capacity);

ZMQG_SHARED
void zmqg_chunk_unref (ZmqgChunk *chunk);

/* The same of one that has not been used for a while: its pages go back to the
 * system, which malloc does not do while it has something behind them. */
void zmqg_chunk_unref_idle (ZmqgChunk *chunk);

static inline ZmqgChunk *
zmqg_chunk_ref (ZmqgChunk *chunk)
{
  atomic_fetch_add_explicit (&chunk->refs, 1, memory_order_relaxed);
  return chunk;
}

/* The bytes as GBytes that hold a reference to the chunk. */
GBytes *zmqg_chunk_new_bytes (ZmqgChunk *chunk, const guint8 *data,
                              gsize size);
