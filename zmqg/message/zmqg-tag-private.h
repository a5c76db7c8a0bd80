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
zmqg_tag_unref_many (ZmqgTag *tag,
                     guint n)
{
  /* Release pairs with the acquire of whoever drops the last reference. */
  if (tag != NULL && n > 0 &&
      atomic_fetch_sub_explicit (&tag->refs, n, memory_order_acq_rel) == n)
    tag->ops->release (tag);
}

static inline void
zmqg_tag_unref (ZmqgTag *tag)
{
  zmqg_tag_unref_many (tag, 1);
}

/*
 * ZmqgTagStock: references to one tag that were taken in advance, so that
 * handing them out one by one needs no atomic operation.
 */
#define ZMQG_TAG_STOCK 256

typedef struct
{
  ZmqgTag *tag; /* n references */
  guint n;
} ZmqgTagStock;

static inline void
zmqg_tag_stock_clear (ZmqgTagStock *self)
{
  ZmqgTagStock old = *self;

  /* What goes with it may fill the stock again. */
  self->tag = NULL;
  self->n = 0;
  zmqg_tag_unref_many (old.tag, old.n);
}

/* Takes a reference to @tag, to be handed out again, or dropped together with
 * others. */
static inline void
zmqg_tag_stock_give (ZmqgTagStock *self,
                     ZmqgTag *tag)
{
  if (G_UNLIKELY (self->tag != tag || self->n >= ZMQG_TAG_STOCK))
    {
      ZmqgTagStock old = *self;

      self->tag = tag;
      self->n = 1;
      zmqg_tag_unref_many (old.tag, old.n);
      return;
    }
  self->n++;
}

/* A reference to @tag (nullable). */
static inline ZmqgTag *
zmqg_tag_stock_take (ZmqgTagStock *self,
                     ZmqgTag *tag)
{
  if (tag == NULL)
    return NULL;

  if (G_UNLIKELY (self->n == 0 || self->tag != tag))
    {
      zmqg_tag_stock_clear (self);
      atomic_fetch_add_explicit (&tag->refs, ZMQG_TAG_STOCK,
                                 memory_order_relaxed);
      self->tag = tag;
      self->n = ZMQG_TAG_STOCK;
    }

  self->n--;
  return tag;
}
