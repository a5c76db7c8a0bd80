/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-frame-queue-cursor-private.h"

void
zmqg_frame_queue_init (ZmqgFrameQueue *self,
                       guint hwm,
                       gboolean conflate)
{
  memset (self, 0, sizeof *self);
  self->conflate = conflate;
  self->tail = self->fill = conflate ? &self->blank : &self->anchor;
  self->head.segment = self->next.segment = &self->anchor;
  self->next_capacity = ZMQG_CHUNK_FIRST;
  atomic_init (&self->hwm, conflate ? 0 : hwm);
}

/* Where the consumer frees what the producer allocated, both wait for the
 * lock of one malloc arena. So many segments go back to the producer. */
#define LEFT_MAX 256

/* %TRUE when the list was empty. */
static gboolean
push_segment (_Atomic (ZmqgSegment *) *list,
              ZmqgSegment *segment)
{
  ZmqgSegment *first = atomic_load_explicit (list, memory_order_relaxed);

  /* Release pairs with the acquire of who takes the list. */
  do
    segment->next = first;
  while (!atomic_compare_exchange_weak_explicit (
    list, &first, segment, memory_order_release, memory_order_relaxed));

  return first == NULL;
}

void
zmqg_frame_queue_free_segment (ZmqgFrameQueue *self,
                               ZmqgSegment *segment)
{
  /* Memory of the user's goes back where user code may run. */
  if (segment->keeper.bytes != NULL)
    push_segment (&self->released, segment);
  else if (segment != &self->anchor)
    zmqg_segment_free (segment);
}

void
zmqg_frame_queue_leave_segment (ZmqgFrameQueue *self,
                                ZmqgSegment *segment)
{
  if (segment->keeper.bytes != NULL || segment == &self->anchor ||
      self->n_left >= LEFT_MAX)
    {
      zmqg_frame_queue_free_segment (self, segment);
      if (self->n_left >= LEFT_MAX &&
          atomic_load_explicit (&self->left, memory_order_relaxed) == NULL)
        self->n_left = 0;
      return;
    }

  zmqg_segment_reset (segment);
  self->n_left = push_segment (&self->left, segment) ? 1 : self->n_left + 1;
}

/* Producer: a segment as new. */
static ZmqgSegment *
get_segment (ZmqgFrameQueue *self)
{
  ZmqgSegment *segment = self->spare;

  if (segment == NULL &&
      atomic_load_explicit (&self->left, memory_order_relaxed) != NULL)
    segment = atomic_exchange_explicit (&self->left, NULL,
                                        memory_order_acquire);
  if (segment == NULL)
    return zmqg_segment_new ();

  self->spare = g_steal_pointer (&segment->next);
  return segment;
}

static ZmqgSegment *
new_view (ZmqgFrameQueue *self,
          ZmqgChunk *chunk,
          guint8 *base,
          guint32 capacity)
{
  ZmqgSegment *segment = get_segment (self);

  if (segment != NULL)
    zmqg_segment_set_packed (segment, chunk, base, capacity);
  return segment;
}

static ZmqgSegment *
new_packed (ZmqgFrameQueue *self,
            guint32 capacity)
{
  ZmqgChunk *chunk = zmqg_chunk_new (capacity);
  ZmqgSegment *segment;

  if (chunk == NULL)
    return NULL;

  segment = new_view (self, chunk, chunk->data, capacity);
  zmqg_chunk_unref (chunk);
  return segment;
}

static ZmqgSegment *
new_external (ZmqgFrameQueue *self,
              GBytes *bytes,
              ZmqgChunk *chunk,
              const guint8 *data,
              gsize length)
{
  ZmqgSegment *segment = get_segment (self);

  if (segment != NULL)
    zmqg_segment_set_external (segment, bytes, chunk, data, length);
  return segment;
}

static void
free_chain (ZmqgFrameQueue *self,
            ZmqgSegment *segment)
{
  while (segment != NULL)
    {
      ZmqgSegment *next = segment->next;

      zmqg_frame_queue_free_segment (self, segment);
      segment = next;
    }
}

void
zmqg_segment_list_free (ZmqgSegment *list)
{
  while (list != NULL)
    {
      ZmqgSegment *next = list->next;

      zmqg_segment_free (list);
      list = next;
    }
}

void
zmqg_frame_queue_free_spare (ZmqgFrameQueue *self)
{
  zmqg_segment_list_free (g_steal_pointer (&self->spare));
  zmqg_segment_list_free (atomic_exchange (&self->left, NULL));
}

ZmqgSegment *
zmqg_frame_queue_dismantle (ZmqgFrameQueue *self)
{
  zmqg_frame_queue_roll_back (self);
  free_chain (self, self->head.segment);
  free_chain (self, atomic_exchange (&self->newest, NULL));
  zmqg_frame_queue_free_spare (self);
  g_clear_pointer (&self->rest, zmqg_chunk_unref);
  g_clear_pointer (&self->tag, zmqg_tag_unref);
  return zmqg_frame_queue_take_released (self);
}

void
zmqg_frame_queue_clear (ZmqgFrameQueue *self)
{
  zmqg_segment_list_free (zmqg_frame_queue_dismantle (self));
}

/* --- Producer ----------------------------------------------------------- */

static guint
room_left (ZmqgFrameQueue *self,
           guint hwm)
{
  guint64 queued = zmqg_frame_queue_get_written (self) + self->unpublished -
                   self->acked_seen;

  return queued >= hwm ? 0 : (guint) (hwm - queued);
}

guint
zmqg_frame_queue_room (ZmqgFrameQueue *self)
{
  guint hwm = atomic_load_explicit (&self->hwm, memory_order_relaxed);
  guint room;

  if (hwm == 0 || self->conflate)
    return G_MAXUINT;

  room = room_left (self, hwm);
  if (G_LIKELY (room > 0))
    return room;

  /* Acquire pairs with the release of zmqg_frame_queue_acknowledge (): what
   * was acknowledged is not touched any more. */
  self->acked_seen = atomic_load_explicit (&self->acked, memory_order_acquire);
  room = room_left (self, hwm);
  if (room > 0)
    return room;

  /* Sleep, then a last look: either we see the acknowledgement, or the
   * consumer, who looks at the flag after it, sees the flag. Only the consumer
   * takes it back: another thread may wait by it that asked before us. */
  atomic_store_explicit (&self->writer_asleep, 1, memory_order_relaxed);
  atomic_thread_fence (memory_order_seq_cst);
  self->acked_seen = atomic_load_explicit (&self->acked, memory_order_acquire);
  return room_left (self, hwm);
}

/* Acquire: what was consumed is not touched any more. */
static gboolean
all_is_consumed (ZmqgFrameQueue *self)
{
  if (G_UNLIKELY (self->conflate))
    return atomic_load_explicit (&self->newest, memory_order_acquire) == NULL;

  return atomic_load_explicit (&self->consumed, memory_order_acquire) ==
         zmqg_frame_queue_get_written (self);
}

gboolean
zmqg_frame_queue_is_consumed (ZmqgFrameQueue *self)
{
  if (all_is_consumed (self))
    return TRUE;

  /* Then a last look. Pairs with the barrier in zmqg_frame_queue_acknowledge ().
   * As above, only the consumer takes it back. */
  atomic_store_explicit (&self->flush_at,
                         self->conflate ? 1
                                        : zmqg_frame_queue_get_written (self),
                         memory_order_relaxed);
  zmqg_barrier_heavy ();
  return all_is_consumed (self);
}

void
zmqg_frame_queue_set_tag (ZmqgFrameQueue *self,
                          ZmqgTag *tag)
{
  if (self->tag == tag)
    return;

  zmqg_tag_unref (self->tag);
  self->tag = zmqg_tag_ref (tag);
}

static void
add_segment (ZmqgFrameQueue *self,
             ZmqgSegment *segment)
{
  segment->tag = zmqg_tag_ref (self->tag);

  if (self->unlinked == NULL)
    self->unlinked = segment;
  else
    self->fill->next = segment;

  self->fill = segment;
}

/* A segment's word when it is sealed: nothing is appended to it later. */
static guint64
sealed_word (ZmqgSegment *segment,
             gboolean mid_message)
{
  return ZMQG_WORD (segment->fill, segment->messages) | ZMQG_WORD_SEALED |
         (mid_message ? ZMQG_WORD_MID_MESSAGE : 0);
}

/* The segment being filled is full: nothing is appended to it later. The
 * tail's seal is its publication and has to wait. */
static void
note_end (ZmqgFrameQueue *self,
          gboolean mid_message)
{
  ZmqgSegment *segment = self->fill;

  segment->mid_message = mid_message;
  if (segment != self->tail)
    atomic_store_explicit (&segment->word,
                           sealed_word (segment, mid_message),
                           memory_order_relaxed);
}

/* A segment with room for @need bytes as the one to fill. */
static ZmqgSegment *
next_packed (ZmqgFrameQueue *self,
             guint32 need)
{
  ZmqgSegment *segment;

  if (self->rest != NULL && self->rest_capacity >= need)
    {
      segment = new_view (self, self->rest, self->rest_base,
                          self->rest_capacity);
    }
  else
    {
      segment = new_packed (self, MAX (self->next_capacity, need));
      self->next_capacity = MIN (self->next_capacity * 4, ZMQG_CHUNK_SIZE);
    }

  g_clear_pointer (&self->rest, zmqg_chunk_unref);
  if (segment == NULL)
    return NULL;

  note_end (self, self->in_message);
  add_segment (self, segment);
  return segment;
}

static inline ZmqgSegment *
packed_with_room (ZmqgFrameQueue *self,
                  guint32 need)
{
  ZmqgSegment *segment = self->fill;

  if (G_LIKELY (segment->capacity - segment->fill >= need &&
                segment->tag == self->tag))
    return segment;

  return next_packed (self, need);
}

static inline void
count_frame (ZmqgFrameQueue *self,
             guint flags)
{
  self->in_message = (flags & ZMQG_FRAME_MORE) != 0;
  if (flags & ZMQG_FRAME_MORE)
    return;
  if ((flags & ZMQG_FRAME_COMMAND) && !self->counts_commands)
    return;

  self->fill->messages++;
  self->unpublished++;
}

/* The header in the packed segment, then the payload as a segment of its
 * own, by reference where the view has an owner. */
static gboolean
append_large (ZmqgFrameQueue *self,
              const ZmqgFrameView *view)
{
  ZmqgSegment *packed = packed_with_room (self, ZMQG_FRAME_HEADER_MAX);
  ZmqgSegment *external;
  ZmqgChunk *copy = NULL;

  if (packed == NULL)
    return FALSE;

  if (view->bytes != NULL || view->chunk != NULL)
    {
      external = new_external (self, view->bytes, view->chunk, view->data,
                               view->size);
    }
  else
    {
      copy = zmqg_chunk_new (view->size);
      if (copy == NULL)
        return FALSE;
      if (!self->may_borrow)
        memcpy (copy->data, view->data, view->size);
      external = new_external (self, NULL, copy,
                               self->may_borrow ? view->data : copy->data,
                               view->size);
      zmqg_chunk_unref (copy);
      if (external != NULL)
        external->borrowed = self->may_borrow;
      self->may_borrow = FALSE;
    }

  if (external == NULL)
    return FALSE;

  packed->fill += zmqg_frame_encode_header (packed->base + packed->fill,
                                            view->flags, view->size);
  note_end (self, TRUE);

  g_clear_pointer (&self->rest, zmqg_chunk_unref);
  if (packed->keeper.chunk != NULL && packed->capacity > packed->fill)
    {
      self->rest = zmqg_chunk_ref (packed->keeper.chunk);
      self->rest_base = packed->base + packed->fill;
      self->rest_capacity = packed->capacity - packed->fill;
    }

  add_segment (self, external);
  count_frame (self, view->flags);
  return TRUE;
}

gboolean
zmqg_frame_queue_append (ZmqgFrameQueue *self,
                         const ZmqgFrameView *view)
{
  ZmqgSegment *segment;
  guint8 *to;

  if (G_UNLIKELY (view->size >= ZMQG_FRAME_LARGE ||
                  (view->flags & ZMQG_FRAME_REFER) != 0) &&
      view->size > 0 &&
      (view->bytes != NULL || view->chunk != NULL ||
       view->size > ZMQG_FRAME_PACKED_MAX))
    return append_large (self, view);

  segment = packed_with_room (self, view->size + ZMQG_FRAME_HEADER_MAX);
  if (G_UNLIKELY (segment == NULL))
    return FALSE;

  to = segment->base + segment->fill;
  to += zmqg_frame_encode_header (to, view->flags, view->size);
  if (view->size > 0)
    memcpy (to, view->data, view->size);
  segment->fill = to + view->size - segment->base;
  count_frame (self, view->flags);
  return TRUE;
}

static void
count_encoded (ZmqgFrameQueue *self,
               guint messages,
               gboolean in_message)
{
  self->fill->messages += messages;
  self->unpublished += messages;
  self->in_message = in_message;
}

gboolean
zmqg_frame_queue_append_encoded (ZmqgFrameQueue *self,
                                 const guint8 *data,
                                 guint32 size,
                                 guint messages,
                                 gboolean in_message)
{
  ZmqgSegment *segment = packed_with_room (self, size);

  if (segment == NULL)
    return FALSE;

  memcpy (segment->base + segment->fill, data, size);
  segment->fill += size;
  count_encoded (self, messages, in_message);
  return TRUE;
}

gboolean
zmqg_frame_queue_append_range (ZmqgFrameQueue *self,
                               ZmqgChunk *chunk,
                               guint8 *data,
                               guint32 size,
                               guint messages,
                               gboolean in_message)
{
  ZmqgSegment *segment = new_view (self, chunk, data, size);

  if (segment == NULL)
    return FALSE;

  note_end (self, self->in_message);
  g_clear_pointer (&self->rest, zmqg_chunk_unref);
  segment->fill = size;
  add_segment (self, segment);
  count_encoded (self, messages, in_message);
  return TRUE;
}

static ZmqgSegment *
drop_segment (ZmqgFrameQueue *self,
              ZmqgSegment *segment)
{
  ZmqgSegment *next = segment->next;

  zmqg_frame_queue_free_segment (self, segment);
  return next;
}

/* Conflate: drops the first @n of the unpublished messages, behind which
 * there is at least one more. */
static void
drop_first (ZmqgFrameQueue *self,
            guint n)
{
  ZmqgSegment *segment = self->unlinked;
  guint32 pos = 0;
  guint32 ended = 0; /* messages in this segment */

  for (;;)
    {
      guint64 size = 0;
      guint flags = 0;

      if (pos == segment->fill)
        {
          segment = drop_segment (self, segment);
          pos = ended = 0;
          continue;
        }
      if (n == 0)
        break;

      pos += zmqg_frame_decode_header (segment->base + pos,
                                       segment->fill - pos, &flags, &size);
      if (size <= segment->fill - pos)
        {
          pos += size;
        }
      else
        {
          /* The header, and the payload behind it. */
          segment = drop_segment (self, segment);
          segment = drop_segment (self, segment);
          pos = ended = 0;
        }

      if ((flags & (ZMQG_FRAME_MORE | ZMQG_FRAME_SKIP)) == 0 &&
          ((flags & ZMQG_FRAME_COMMAND) == 0 || self->counts_commands))
        {
          n--;
          if (pos > 0)
            ended++;
        }
    }

  segment->base += pos;
  segment->fill -= pos;
  segment->messages -= ended;
  if (segment != self->fill)
    atomic_store_explicit (&segment->word,
                           sealed_word (segment, segment->mid_message),
                           memory_order_relaxed);
  self->unlinked = segment;
}

/* None when it is a command. */
static guint
count_messages (const ZmqgSegment *chain)
{
  guint n = 0;

  for (; chain != NULL; chain = chain->next)
    n += chain->messages;
  return n;
}

/* Puts the last of @messages into the slot; those before it, and one that
 * was not taken yet, are gone. */
static void
publish_newest (ZmqgFrameQueue *self,
                guint messages)
{
  ZmqgSegment *last = self->fill;
  ZmqgSegment *old;

  if (self->unlinked == NULL)
    return;

  if (messages > 1)
    {
      drop_first (self, messages - 1);
      atomic_fetch_add_explicit (&self->conflated, messages - 1,
                                 memory_order_relaxed);
    }

  atomic_store_explicit (&last->word,
                         ZMQG_WORD (last->fill, last->messages),
                         memory_order_relaxed);
  g_clear_pointer (&self->rest, zmqg_chunk_unref);
  /* Release pairs with the acquire in cursor_take_newest (). */
  old = atomic_exchange_explicit (&self->newest, self->unlinked,
                                  memory_order_acq_rel);
  self->unlinked = NULL;
  self->fill = self->tail;
  self->next_capacity = ZMQG_CHUNK_FIRST;

  if (old != NULL)
    {
      guint replaced = count_messages (old);

      free_chain (self, old);
      atomic_fetch_add_explicit (&self->conflated, replaced,
                                 memory_order_relaxed);
    }
}

void
zmqg_frame_queue_publish (ZmqgFrameQueue *self)
{
  ZmqgSegment *tail = self->tail;
  guint messages = self->unpublished;
  guint64 word;

  g_assert (!self->in_message);

  atomic_store_explicit (&self->written,
                         zmqg_frame_queue_get_written (self) + messages,
                         memory_order_relaxed);
  self->unpublished = 0;

  if (G_UNLIKELY (self->conflate))
    {
      publish_newest (self, messages);
      return;
    }

  if (G_LIKELY (self->unlinked == NULL))
    {
      word = ZMQG_WORD (tail->fill, tail->messages);
    }
  else
    {
      ZmqgSegment *last = self->fill;

      atomic_store_explicit (&last->word,
                             ZMQG_WORD (last->fill, last->messages),
                             memory_order_relaxed);
      tail->next = self->unlinked;
      word = sealed_word (tail, tail->mid_message);
      self->tail = last;
      self->unlinked = NULL;
    }

  /* Release pairs with the acquire in cursor_ready (): this one store shows
   * the bytes, the words and links of new segments, and the messages. */
  atomic_store_explicit (&tail->word, word, memory_order_release);
}

void
zmqg_frame_queue_roll_back (ZmqgFrameQueue *self)
{
  guint64 word = atomic_load_explicit (&self->tail->word,
                                       memory_order_relaxed);
  ZmqgSegment *segment = self->unlinked;

  if (segment != NULL)
    {
      self->fill->next = NULL;
      self->unlinked = NULL;
      self->fill = self->tail;
      /* What lies behind an external segment may have been overwritten by a
       * part of what is taken back. */
      g_clear_pointer (&self->rest, zmqg_chunk_unref);
    }

  free_chain (self, segment);

  self->tail->fill = ZMQG_WORD_BYTES (word);
  self->tail->messages = ZMQG_WORD_MESSAGES (word);
  self->unpublished = 0;
  self->in_message = FALSE;
}
