/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-barrier-private.h"

/*
 * Small payloads lie in blocks of a few sizes, which threads keep for their next
 * use: not where a tool watches what memory is used for.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(ZMQG_THREAD_SANITIZER)
#define ZMQG_CACHES FALSE
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ZMQG_CACHES FALSE
#endif
#endif
#ifndef ZMQG_CACHES
#define ZMQG_CACHES TRUE
#endif

#define ZMQG_BLOCK_SIZES 3

/* How many bytes there is room for in a block of that size, from 1. */
static inline gsize
zmqg_block_room (guint block)
{
  static const guint16 rooms[ZMQG_BLOCK_SIZES] = { 96, 256, 1024 };

  return rooms[block - 1];
}

/* The size for so many bytes, from 1; 0 when they are too many. */
static inline guint
zmqg_block_for (gsize size)
{
  for (guint block = 1; block <= ZMQG_BLOCK_SIZES; block++)
    if (size <= zmqg_block_room (block))
      return block;

  return 0;
}
