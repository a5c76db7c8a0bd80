/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-barrier-private.h"
#include "base/zmqg-copy-private.h"
#include "base/zmqg-shared-private.h"
#include "pipe/zmqg-segment-private.h"

#include <sys/uio.h>

/*
 * ZmqgFrameQueue: a queue of encoded ZMTP 3.1 frames with one producer and
 * one consumer at a time, each serialised by its owner (a socket's lock, an
 * I/O side's owner lock). Frames lie packed one behind the other, so that what
 * a socket enqueues is what a connection writes.
 *
 * The producer appends the frames of one or more messages, then publishes
 * them with one release store: all of them become visible, or none.
 */

/* A place in a queue, with the word of its segment as last loaded. */
typedef struct
{
  ZmqgSegment *segment;
  gsize pos;
  guint64 word;
} ZmqgQueueCursor;

typedef struct
{
  /* Producer. */
  _Alignas (ZMQG_CACHE_LINE) ZmqgSegment *tail; /* the last linked one */
  ZmqgSegment *fill;      /* being filled: the tail, or the last unlinked */
  ZmqgSegment *unlinked;  /* the first one of an unpublished chain */
  ZmqgChunk *rest;        /* what an external segment left of a chunk */
  guint8 *rest_base;
  guint32 rest_capacity;
  guint32 next_capacity;  /* of the next packed segment */
  guint32 unpublished;    /* messages appended since the last publish */
  gboolean in_message;    /* the last frame appended had MORE */
  gboolean may_borrow;    /* the next large payload may be referred to though
                           * it has no owner; cleared when one was */
  _Atomic guint64 written; /* messages published; others may look */
  guint64 acked_seen;     /* the consumer's acknowledgement, as last loaded */
  ZmqgTag *tag;           /* of what is appended from now on */
  ZmqgSegment *spare;     /* to be used again */
  ZmqgSegment blank;      /* conflate: nothing linked is ever appended to */

  /* Consumer. */
  _Alignas (ZMQG_CACHE_LINE) ZmqgQueueCursor head; /* a message boundary */
  ZmqgQueueCursor next;      /* behind the message peeked, or written so far */
  guint32 head_messages;     /* messages of the head's word left behind */
  guint64 read;              /* messages consumed */
  guint64 read_when_dry;     /* the same when nothing was left the last time */
  _Atomic guint64 consumed;  /* the same, for the producer to look at */
  guint64 ack_sent;
  guint n_left;           /* segments in @left, or fewer */

  /* Between the two. */
  _Alignas (ZMQG_CACHE_LINE) _Atomic guint64 acked;
  _Alignas (ZMQG_CACHE_LINE) atomic_uint reader_asleep;
  atomic_uint writer_asleep;
  _Atomic (ZmqgSegment *) released; /* hold memory of the user's */
  _Atomic (ZmqgSegment *) left;     /* by the consumer, for the producer */
  _Atomic (ZmqgSegment *) newest;   /* conflate: the message not yet taken */
  _Atomic guint64 conflated;        /* messages that a newer one replaced */

  /* Read by both, all but never written. */
  _Alignas (ZMQG_CACHE_LINE) _Atomic guint hwm; /* messages, 0 = no limit */
  _Atomic guint64 flush_at; /* the producer waits until so many are consumed;
                             * 0 = it does not */
  gboolean conflate;        /* only the newest message is kept */
  gboolean batched;  /* the producer publishes ranges, not messages */
  gboolean counts_commands; /* commands count like messages */
  ZmqgSegment anchor; /* where an empty queue begins; never freed */
} ZmqgFrameQueue;

/* With @conflate only the newest message is kept: publishing puts it into a
 * slot, from which the consumer takes it; the mark then does not matter. */
void zmqg_frame_queue_init (ZmqgFrameQueue *self, guint hwm,
                            gboolean conflate);

/* No producer and no consumer any more. May run user code (releases). */
void zmqg_frame_queue_clear (ZmqgFrameQueue *self);

/* The same, but leaves memory of the user's to the caller: runs none of the
 * user's code. Nullable. */
ZmqgSegment *zmqg_frame_queue_dismantle (ZmqgFrameQueue *self);

/* Both ends excluded: gives the memory of a queue back that is drained.
 * %FALSE when it is not. */
gboolean zmqg_frame_queue_trim (ZmqgFrameQueue *self);

/* --- Producer ----------------------------------------------------------- */

/* Messages published so far. Any thread. */
static inline guint64
zmqg_frame_queue_get_written (ZmqgFrameQueue *self)
{
  return atomic_load_explicit (&self->written, memory_order_relaxed);
}

/* Nothing was ever published, in a queue that nobody has read from: commands
 * count, too. */
static inline gboolean
zmqg_frame_queue_is_unused (ZmqgFrameQueue *self)
{
  return self->conflate
           ? atomic_load_explicit (&self->newest, memory_order_relaxed) == NULL
           : self->tail == &self->anchor;
}

/* How many messages there is room for under the mark (G_MAXUINT: no limit).
 * With 0 the producer counts as asleep: the consumer's next acknowledgement
 * asks for it to be signalled. */
ZMQG_SHARED
guint zmqg_frame_queue_room (ZmqgFrameQueue *self);

/* The same for the many, without a look at what the consumer says: %FALSE when
 * that is needed. */
static inline gboolean
zmqg_frame_queue_has_room (ZmqgFrameQueue *self)
{
  guint hwm = atomic_load_explicit (&self->hwm, memory_order_relaxed);

  return hwm == 0 || zmqg_frame_queue_get_written (self) + self->unpublished -
                         self->acked_seen < hwm;
}

/* It is written to soon. */
static inline void
zmqg_frame_queue_prefetch (ZmqgFrameQueue *self)
{
  zmqg_prefetch_for_write (&self->tail);
  zmqg_prefetch_for_write (&self->written);
  __builtin_prefetch (&self->reader_asleep);
  __builtin_prefetch (&self->hwm);
}

/* Any thread. A producer that sleeps is to be signalled after that. */
static inline void
zmqg_frame_queue_set_hwm (ZmqgFrameQueue *self,
                          guint hwm)
{
  if (!self->conflate)
    atomic_store_explicit (&self->hwm, hwm, memory_order_relaxed);
}

/* Sets the tag of what is appended from now on. */
void zmqg_frame_queue_set_tag (ZmqgFrameQueue *self, ZmqgTag *tag);

/* Append one frame, unpublished. Payloads of ZMQG_FRAME_LARGE and more are
 * referred to (or copied into a chunk of their own). %FALSE without memory:
 * then roll back. */
gboolean zmqg_frame_queue_append (ZmqgFrameQueue *self,
                                  const ZmqgFrameView *view);

/* The many: a message of one frame of less than ZMQG_FRAME_LARGE bytes,
 * published at once. %FALSE when that is not as simple as it can be: then
 * append () and publish (), if there is room. */
static inline gboolean
zmqg_frame_queue_write_small (ZmqgFrameQueue *self,
                              const guint8 *data,
                              guint32 size)
{
  ZmqgSegment *tail = self->tail;
  guint32 fill = tail->fill;
  guint32 messages = tail->messages + 1;
  guint hwm = atomic_load_explicit (&self->hwm, memory_order_relaxed);
  guint64 written = zmqg_frame_queue_get_written (self);
  guint32 header = zmqg_frame_header_size (size);
  guint8 *to;

  if (G_UNLIKELY (tail->capacity - fill < size + header || self->fill != tail ||
                  tail->tag != self->tag || self->unpublished > 0 ||
                  self->in_message ||
                  (hwm > 0 && written - self->acked_seen >= hwm)))
    return FALSE;

  to = tail->base + fill;
  /* Another processor read this memory last. The next lock waits until what is
   * stored here has arrived: fetched ahead, it is there. */
  zmqg_prefetch_for_write (to + 512);
  zmqg_frame_encode_header (to, 0, size);
  zmqg_copy_small (to + header, data, size);
  fill += size + header;
  tail->fill = fill;
  tail->messages = messages;
  atomic_store_explicit (&self->written, written + 1, memory_order_relaxed);
  /* Release pairs with the acquire in cursor_linked (). */
  atomic_store_explicit (&tail->word, ZMQG_WORD (fill, messages),
                         memory_order_release);
  return TRUE;
}

/* Appends already encoded frames, of which @messages end in them; the last
 * one leaves a message open when @in_message. At most ZMQG_CHUNK_SIZE. */
gboolean zmqg_frame_queue_append_encoded (ZmqgFrameQueue *self,
                                          const guint8 *data, guint32 size,
                                          guint messages,
                                          gboolean in_message);

/* The same, referring to the bytes in @chunk instead of copying them. */
gboolean zmqg_frame_queue_append_range (ZmqgFrameQueue *self,
                                        ZmqgChunk *chunk, guint8 *data,
                                        guint32 size, guint messages,
                                        gboolean in_message);

/* Shows everything appended; must end at a message boundary. */
void zmqg_frame_queue_publish (ZmqgFrameQueue *self);

/* Takes back everything appended since the last publish. */
void zmqg_frame_queue_roll_back (ZmqgFrameQueue *self);

/* After a publish: whether the consumer sleeps. */
static inline gboolean
zmqg_frame_queue_reader_sleeps (ZmqgFrameQueue *self)
{
  /* Pairs with the barrier in reader_sleep (). */
  if (self->batched)
    atomic_thread_fence (memory_order_seq_cst);
  else
    zmqg_barrier_light ();
  return atomic_load_explicit (&self->reader_asleep, memory_order_relaxed);
}

/* Claims the duty to wake the consumer; one caller gets %TRUE. */
static inline gboolean
zmqg_frame_queue_claim_reader (ZmqgFrameQueue *self)
{
  return atomic_exchange (&self->reader_asleep, 0) != 0;
}

static inline gboolean
zmqg_frame_queue_claim_writer (ZmqgFrameQueue *self)
{
  return atomic_load_explicit (&self->writer_asleep, memory_order_relaxed) &&
         atomic_exchange (&self->writer_asleep, 0) != 0;
}

/* Producer: whether the consumer has consumed all messages; if not, the
 * producer is signalled as for room once it has. */
gboolean zmqg_frame_queue_is_consumed (ZmqgFrameQueue *self);

/* --- Consumer ----------------------------------------------------------- */

/* Whether anything lies ahead; does not change the sleep flag. */
gboolean zmqg_frame_queue_has_data (ZmqgFrameQueue *self);

/* Nothing lies ahead, but many messages came one behind the other until now: a
 * look now and then, for a microsecond at the most. %TRUE when more has come,
 * and a few at that: messages that are taken one by one as they come make two
 * processors contend for each of their cache lines. */
gboolean zmqg_frame_queue_await_more (ZmqgFrameQueue *self);

/* Acknowledges everything read, and lets go of a payload that was read to its
 * end; %TRUE as in consume. */
gboolean zmqg_frame_queue_settle (ZmqgFrameQueue *self);

/* The consumer goes to sleep: acknowledges all that it read, sets the flag,
 * then looks once more. %FALSE when something has come meanwhile (and the
 * flag is taken back). With %TRUE the caller signals the producer if
 * zmqg_frame_queue_claim_writer () says so: the mark may have changed. */
gboolean zmqg_frame_queue_reader_sleep (ZmqgFrameQueue *self);

/*
 * ZmqgFrameArray: the frames of one message, room for a few inside.
 */
#define ZMQG_FRAME_ARRAY_INLINE 8

typedef struct
{
  ZmqgFrameView *views;
  guint n;
  guint capacity;
  ZmqgFrameView local[ZMQG_FRAME_ARRAY_INLINE];
} ZmqgFrameArray;

static inline void
zmqg_frame_array_init (ZmqgFrameArray *self)
{
  self->views = self->local;
  self->n = 0;
  self->capacity = ZMQG_FRAME_ARRAY_INLINE;
}

static inline void
zmqg_frame_array_clear (ZmqgFrameArray *self)
{
  if (self->views != self->local)
    g_free (self->views);
}

gboolean zmqg_frame_array_grow (ZmqgFrameArray *self);

static inline ZmqgFrameView *
zmqg_frame_array_add (ZmqgFrameArray *self)
{
  if (G_UNLIKELY (self->n == self->capacity) && !zmqg_frame_array_grow (self))
    return NULL;
  return &self->views[self->n++];
}

/* Decodes the message (or command) at the head into @frames, as views that
 * stay valid until it is consumed. %FALSE when there is none, or no memory
 * for the views (then @frames->n is not 0). */
gboolean zmqg_frame_queue_peek (ZmqgFrameQueue *self, ZmqgFrameArray *frames);

/* Who sent the message peeked; borrowed. */
static inline ZmqgTag *
zmqg_frame_queue_peek_tag (ZmqgFrameQueue *self)
{
  return self->head.segment->tag;
}

/* Consumes the message peeked. %TRUE when the producer waits for room and is
 * to be signalled. */
gboolean zmqg_frame_queue_consume (ZmqgFrameQueue *self);

/* Raw reading: the published bytes not yet written, as at most @max ranges
 * of at most @max_bytes together; with @whole the payload of a large frame
 * that has begun to fit goes in one piece. Returns the number of ranges. */
guint zmqg_frame_queue_gather (ZmqgFrameQueue *self, struct iovec *ranges,
                               guint max, gsize max_bytes, gboolean whole,
                               gsize *n_bytes);

/* The first @n_bytes of what was gathered were written. Moves the boundary
 * behind the last message that is out whole; %TRUE as in consume. */
gboolean zmqg_frame_queue_advance (ZmqgFrameQueue *self, gsize n_bytes);

/* Nothing of a message was written without the rest of it. */
static inline gboolean
zmqg_frame_queue_at_boundary (ZmqgFrameQueue *self)
{
  return self->next.segment == self->head.segment &&
         self->next.pos == self->head.pos;
}

/* Bytes that still have to be written of the message (or, with @frame, of
 * the frame) that is partly out. */
gsize zmqg_frame_queue_partial_left (ZmqgFrameQueue *self, gboolean frame);

/* A connection was lost: writing starts again at the boundary. */
void zmqg_frame_queue_rewind (ZmqgFrameQueue *self);

static inline gboolean
zmqg_frame_queue_has_released (ZmqgFrameQueue *self)
{
  return atomic_load_explicit (&self->released, memory_order_relaxed) != NULL;
}

/* A payload that was borrowed is copied if it was not read to its end yet;
 * its memory is not looked at from then on. */
void zmqg_frame_queue_keep_borrowed (ZmqgFrameQueue *self);

/* Takes the list of segments that hold memory of the user's; free them with
 * zmqg_segment_list_free () where user code may run. */
static inline ZmqgSegment *
zmqg_frame_queue_take_released (ZmqgFrameQueue *self)
{
  /* Acquire pairs with the release of the push. */
  if (atomic_load_explicit (&self->released, memory_order_relaxed) == NULL)
    return NULL;
  return atomic_exchange_explicit (&self->released, NULL,
                                   memory_order_acquire);
}

void zmqg_segment_list_free (ZmqgSegment *list);
