/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-barrier-private.h"
#include "message/zmqg-frame-private.h"
#include "message/zmqg-tag-private.h"

/*
 * The publication word of a packed segment: how many bytes of it may be read,
 * how many messages end in them, whether anything will follow, and whether
 * the end of a sealed segment lies inside a message. The producer stores it
 * with release, the consumer loads it with acquire.
 */
#define ZMQG_WORD_SEALED (G_GUINT64_CONSTANT (1) << 63)
#define ZMQG_WORD_MID_MESSAGE (G_GUINT64_CONSTANT (1) << 62)
#define ZMQG_WORD_BYTES(word) ((guint32) (word))
#define ZMQG_WORD_MESSAGES(word) ((guint32) ((word) >> 32) & 0x3fffffffu)
#define ZMQG_WORD(bytes, messages) \
  ((guint64) (bytes) | ((guint64) (messages) << 32))

/*
 * ZmqgSegment: the element of a frame queue. A packed segment is a part of a
 * chunk with encoded frames; an external one is the payload of one large
 * frame, in a chunk of its own or in memory of the user's.
 */
typedef struct _ZmqgSegment ZmqgSegment;

struct _ZmqgSegment
{
  /* Written by the producer with each message. */
  _Atomic guint64 word;
  guint32 fill;         /* producer: bytes filled, published or not */
  /* Between fill and messages: side by side they would be read with one load
   * right after two stores, which stalls. */
  guint32 capacity;     /* packed: bytes from base on that may be filled */
  guint32 messages;     /* producer: messages that end in the fill */
  guint8 mid_message;   /* producer: sealed inside a message */

  /* Read by the consumer with each message, and next to never written: never
   * in one cache line with the above, however the segment is aligned. */
  guint8 padding[64];
  ZmqgSegment *next;    /* valid once SEALED was seen */
  guint8 *base;
  gsize length;         /* external: bytes of payload, readable once linked */
  ZmqgKeeper keeper;    /* packed: a chunk; external: of the payload, until
                         * a message takes it */
  ZmqgTag *tag;         /* counted, nullable: who sent the bytes */
  guint8 external;
  guint8 borrowed;      /* base is a sender's memory, until the sender has it
                         * copied to the chunk: see ..._keep_borrowed () */
};

/* Zeroed; %NULL when there is no memory. */
static inline ZmqgSegment *
zmqg_segment_new (void)
{
  return g_try_new0 (ZmqgSegment, 1);
}

/* It is appended to soon. */
static inline void
zmqg_segment_prefetch (ZmqgSegment *self)
{
  zmqg_prefetch_for_write (&self->word);
  __builtin_prefetch (&self->base);
}

/* Make it a packed segment, a part of @chunk, or an external one. */
void zmqg_segment_set_packed (ZmqgSegment *self, ZmqgChunk *chunk,
                              guint8 *base, guint32 capacity);
void zmqg_segment_set_external (ZmqgSegment *self, GBytes *bytes,
                                ZmqgChunk *chunk, const guint8 *data,
                                gsize length);

/* Makes a segment without bytes of the user's as new. */
void zmqg_segment_reset (ZmqgSegment *self);

/* Releasing @bytes may run user code: segments that have some are freed
 * with no lock held and not in an I/O thread. */
void zmqg_segment_free (ZmqgSegment *segment);
