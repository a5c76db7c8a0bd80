/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-types.h"

#include <stdatomic.h>

/*
 * ZmqgTag: what a message and a queue know of the peer that sent the bytes: a
 * counted object of the layers above, opaque but for these operations.
 */
typedef struct _ZmqgTag ZmqgTag;

typedef struct
{
  /* The last reference is gone. Any thread, no lock held or the socket's;
   * must not run user code. */
  void (*release) (ZmqgTag *tag);

  /* The peer as an object for the user, transfer full, nullable. Called in
   * the user's thread, no lock held. */
  ZmqgPeer *(*dup_peer) (ZmqgTag *tag);

  /* A property of the peer (ZMTP metadata, Peer-Address), %NULL when there
   * is none; lives as long as the tag. Any thread. */
  const char *(*get_property) (ZmqgTag *tag, const char *name);
} ZmqgTagOps;

struct _ZmqgTag
{
  atomic_uint refs;
  const ZmqgTagOps *ops;
};

static inline void
zmqg_tag_init (ZmqgTag *tag,
               const ZmqgTagOps *ops)
{
  atomic_init (&tag->refs, 1);
  tag->ops = ops;
}

static inline ZmqgTag *
zmqg_tag_ref (ZmqgTag *tag)
{
  if (tag != NULL)
    atomic_fetch_add_explicit (&tag->refs, 1, memory_order_relaxed);
  return tag;
}

static inline void
zmqg_tag_unref (ZmqgTag *tag)
{
  /* Release pairs with the acquire of whoever drops the last reference. */
  if (tag != NULL &&
      atomic_fetch_sub_explicit (&tag->refs, 1, memory_order_acq_rel) == 1)
    tag->ops->release (tag);
}
