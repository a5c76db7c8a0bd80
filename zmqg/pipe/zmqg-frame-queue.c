/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-frame-queue-private.h"

void
zmqg_frame_queue_init (ZmqgFrameQueue *self,
                       guint hwm,
                       gboolean conflate)
{
  memset (self, 0, sizeof *self);
  self->conflate = conflate;
  self->tail = self->fill = conflate ? &self->blank : &self->stub;
  self->head.segment = self->next.segment = &self->stub;
  self->next_capacity = ZMQG_CHUNK_FIRST;
  atomic_init (&self->hwm, conflate ? 0 : hwm);
}

/* Memory of the user's goes back where user code may run. */
static void
push_released (ZmqgFrameQueue *self,
               ZmqgSegment *segment)
{
  ZmqgSegment *first = atomic_load_explicit (&self->released,
                                             memory_order_relaxed);

  /* Release pairs with the acquire in take_released (). */
  do
    segment->next = first;
  while (!atomic_compare_exchange_weak_explicit (
    &self->released, &first, segment, memory_order_release,
    memory_order_relaxed));
}

static void
free_segment (ZmqgFrameQueue *self,
              ZmqgSegment *segment)
{
  if (segment->bytes != NULL)
    push_released (self, segment);
  else if (segment != &self->stub)
    zmqg_segment_free (segment);
}

static void
free_chain (ZmqgFrameQueue *self,
            ZmqgSegment *segment)
{
  while (segment != NULL)
    {
      ZmqgSegment *next = segment->next;

      free_segment (self, segment);
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

ZmqgSegment *
zmqg_frame_queue_dismantle (ZmqgFrameQueue *self)
{
  zmqg_frame_queue_roll_back (self);
  free_chain (self, self->head.segment);
  free_chain (self, atomic_exchange (&self->newest, NULL));
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
  guint64 queued = self->written + self->unpublished - self->acked_seen;

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

  /* Acquire pairs with the release of acknowledge (): what was acknowledged
   * is not touched any more. */
  self->acked_seen = atomic_load_explicit (&self->acked, memory_order_acquire);
  room = room_left (self, hwm);
  if (room > 0)
    return room;

  /* Sleep, then a last look: either we see the acknowledgement, or the
   * consumer, who looks at the flag after it, sees the flag. */
  atomic_store_explicit (&self->writer_asleep, 1, memory_order_relaxed);
  atomic_thread_fence (memory_order_seq_cst);
  self->acked_seen = atomic_load_explicit (&self->acked, memory_order_acquire);
  room = room_left (self, hwm);
  if (room > 0)
    atomic_store_explicit (&self->writer_asleep, 0, memory_order_relaxed);
  return room;
}

gboolean
zmqg_frame_queue_is_consumed (ZmqgFrameQueue *self)
{
  if (atomic_load_explicit (&self->acked, memory_order_acquire) ==
      self->written)
    return TRUE;

  /* As in room (): one of the two sees the other. */
  atomic_store_explicit (&self->writer_asleep, 1, memory_order_relaxed);
  atomic_thread_fence (memory_order_seq_cst);
  return atomic_load_explicit (&self->acked, memory_order_acquire) ==
         self->written;
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
      segment = zmqg_segment_new_view (self->rest, self->rest_base,
                                       self->rest_capacity);
    }
  else
    {
      segment = zmqg_segment_new_packed (MAX (self->next_capacity, need));
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
      external = zmqg_segment_new_external (view->bytes, view->chunk,
                                            view->data, view->size);
    }
  else
    {
      copy = zmqg_chunk_new (view->size);
      if (copy == NULL)
        return FALSE;
      memcpy (copy->data, view->data, view->size);
      external = zmqg_segment_new_external (NULL, copy, copy->data,
                                            view->size);
      zmqg_chunk_unref (copy);
    }

  if (external == NULL)
    return FALSE;

  packed->fill += zmqg_frame_encode_header (packed->base + packed->fill,
                                            view->flags, view->size);
  note_end (self, TRUE);

  g_clear_pointer (&self->rest, zmqg_chunk_unref);
  if (packed->chunk != NULL && packed->capacity > packed->fill)
    {
      self->rest = zmqg_chunk_ref (packed->chunk);
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

  self->bytes_written += view->size;

  if (G_UNLIKELY (view->size >= ZMQG_FRAME_LARGE) &&
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
  ZmqgSegment *segment = zmqg_segment_new_view (chunk, data, size);

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

  free_segment (self, segment);
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
      free_chain (self, old);
      atomic_fetch_add_explicit (&self->conflated, 1, memory_order_relaxed);
    }
}

void
zmqg_frame_queue_publish (ZmqgFrameQueue *self)
{
  ZmqgSegment *tail = self->tail;
  guint messages = self->unpublished;
  guint64 word;

  g_assert (!self->in_message);

  self->written += messages;
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

/* --- Consumer ----------------------------------------------------------- */

static inline gsize
cursor_limit (const ZmqgQueueCursor *cursor)
{
  return cursor->segment->external ? cursor->segment->length
                                   : ZMQG_WORD_BYTES (cursor->word);
}

/* Conflate: what the consumer has linked ends at @segment; links the newest
 * message behind it. */
static gboolean
cursor_take_newest (ZmqgFrameQueue *self,
                    ZmqgSegment *segment,
                    guint64 word)
{
  /* Acquire pairs with the release in publish_newest (). */
  ZmqgSegment *newest = atomic_exchange_explicit (&self->newest, NULL,
                                                  memory_order_acquire);

  if (newest == NULL)
    return FALSE;

  segment->next = newest;
  atomic_store_explicit (&segment->word, word | ZMQG_WORD_SEALED,
                         memory_order_relaxed);
  return TRUE;
}

/* Makes sure that bytes lie at the cursor, stepping over the ends of sealed
 * segments; %FALSE when nothing more is linked. */
static inline gboolean
cursor_linked (ZmqgQueueCursor *cursor)
{
  while (cursor->pos >= cursor_limit (cursor))
    {
      /* Acquire pairs with the release in publish (). */
      guint64 word = atomic_load_explicit (&cursor->segment->word,
                                           memory_order_acquire);

      if (word != cursor->word)
        {
          cursor->word = word;
          continue;
        }

      if ((word & ZMQG_WORD_SEALED) == 0)
        return FALSE;

      cursor->segment = cursor->segment->next;
      cursor->pos = 0;
      cursor->word = atomic_load_explicit (&cursor->segment->word,
                                           memory_order_acquire);
    }

  return TRUE;
}

/* The same, and takes the newest message where there is a slot for it. */
static inline gboolean
cursor_ready (ZmqgFrameQueue *self,
              ZmqgQueueCursor *cursor)
{
  if (G_LIKELY (cursor_linked (cursor)))
    return TRUE;

  return G_UNLIKELY (self->conflate) &&
         cursor_take_newest (self, cursor->segment, cursor->word) &&
         cursor_linked (cursor);
}

gboolean
zmqg_frame_queue_has_data (ZmqgFrameQueue *self)
{
  ZmqgQueueCursor cursor = self->next;

  if (cursor_linked (&cursor))
    return TRUE;

  /* Looking takes nothing: a newer message may still replace it. */
  return self->conflate &&
         atomic_load_explicit (&self->newest, memory_order_relaxed) != NULL;
}

/* The batches were chosen by a mark that may have changed since: nothing
 * that was read may stay unacknowledged while nothing more is read. */
static void
acknowledge_all (ZmqgFrameQueue *self)
{
  if (self->ack_sent == self->read)
    return;

  self->ack_sent = self->read;
  /* Release pairs with the acquire in room (). */
  atomic_store_explicit (&self->acked, self->read, memory_order_release);
}

gboolean
zmqg_frame_queue_settle (ZmqgFrameQueue *self)
{
  acknowledge_all (self);
  /* Pairs with the fence in room (). */
  atomic_thread_fence (memory_order_seq_cst);
  return zmqg_frame_queue_claim_writer (self);
}

gboolean
zmqg_frame_queue_reader_sleep (ZmqgFrameQueue *self)
{
  acknowledge_all (self);

  atomic_store_explicit (&self->reader_asleep, 1, memory_order_relaxed);
  /* Pairs with the barrier of a producer between publish and its look at the
   * flag (zmqg_frame_queue_reader_sleeps): one of the two sees the other. */
  if (self->batched)
    atomic_thread_fence (memory_order_seq_cst);
  else
    zmqg_barrier_heavy ();

  if (!zmqg_frame_queue_has_data (self))
    return TRUE;

  atomic_store_explicit (&self->reader_asleep, 0, memory_order_relaxed);
  return FALSE;
}

gboolean
zmqg_frame_array_grow (ZmqgFrameArray *self)
{
  guint capacity = self->capacity * 4;
  ZmqgFrameView *views = g_try_new (ZmqgFrameView, capacity);

  if (views == NULL)
    return FALSE;

  memcpy (views, self->views, self->n * sizeof *views);
  zmqg_frame_array_clear (self);
  self->views = views;
  self->capacity = capacity;
  return TRUE;
}

/* Decodes the frame at a cursor that is ready, and moves behind it. */
static inline void
cursor_read_frame (ZmqgFrameQueue *self,
                   ZmqgQueueCursor *cursor,
                   ZmqgFrameView *view)
{
  const guint8 *p = cursor->segment->base + cursor->pos;
  gsize limit = cursor_limit (cursor);
  guint64 size;
  gsize header;

  header = zmqg_frame_decode_header (p, limit - cursor->pos, &view->flags,
                                     &size);
  /* Frames are published whole. */
  g_assert (header > 0);
  cursor->pos += header;
  view->size = size;

  if (G_LIKELY (size <= limit - cursor->pos))
    {
      view->data = p + header;
      view->bytes = NULL;
      /* A large one may be referred to: it pins a few times its size. */
      view->chunk = G_UNLIKELY (size >= ZMQG_FRAME_LARGE)
                      ? cursor->segment->chunk
                      : NULL;
      cursor->pos += size;
      return;
    }

  /* The payload is the external segment that follows. */
  cursor_ready (self, cursor);
  view->data = cursor->segment->base;
  view->bytes = cursor->segment->bytes;
  view->chunk = cursor->segment->chunk;
  cursor->pos = cursor->segment->length;
}

/* Frees the segments before the new head. */
static void
move_head (ZmqgFrameQueue *self,
           const ZmqgQueueCursor *to)
{
  ZmqgSegment *segment = self->head.segment;

  while (segment != to->segment)
    {
      ZmqgSegment *next = segment->next;

      free_segment (self, segment);
      self->head_messages = 0;
      segment = next;
    }

  self->head = *to;
}

/* The many: a small message of one frame that lies right at the head. Field
 * by field: a cursor copied whole right after a part of it was stored stalls. */
static inline gboolean
peek_small_message (ZmqgFrameQueue *self,
                    ZmqgFrameArray *frames)
{
  ZmqgSegment *segment = self->head.segment;
  guint64 word = self->head.word;
  gsize pos = self->head.pos;
  ZmqgFrameView *view = &frames->views[0];
  const guint8 *p = segment->base + pos;
  gsize left;

  if (G_UNLIKELY (segment->external || ZMQG_WORD_BYTES (word) < pos + 2))
    return FALSE;

  left = ZMQG_WORD_BYTES (word) - pos - 2;
  if (p[0] != 0 || p[1] > left)
    return FALSE;

  /* The bytes come from another processor's cache. */
  __builtin_prefetch (p + 512);

  view->data = p + 2;
  view->size = p[1];
  view->flags = 0;
  view->bytes = NULL;
  view->chunk = NULL;
  frames->n = 1;
  self->next.segment = segment;
  self->next.pos = pos + 2 + p[1];
  self->next.word = word;
  return TRUE;
}

gboolean
zmqg_frame_queue_peek (ZmqgFrameQueue *self,
                       ZmqgFrameArray *frames)
{
  ZmqgQueueCursor cursor;
  ZmqgFrameView *view;

  if (G_LIKELY (peek_small_message (self, frames)))
    return TRUE;

  cursor = self->head;
  frames->n = 0;

  do
    {
      if (!cursor_ready (self, &cursor))
        {
          /* What was stepped over may be gone. */
          self->next = self->head;
          return FALSE;
        }

      /* So that the head's tag is that of the message. */
      if (frames->n == 0 && cursor.segment != self->head.segment)
        move_head (self, &cursor);

      view = zmqg_frame_array_add (frames);
      if (G_UNLIKELY (view == NULL))
        return FALSE;
      cursor_read_frame (self, &cursor, view);

      if (G_UNLIKELY (view->flags & ZMQG_FRAME_SKIP))
        {
          frames->n--;
          if (frames->n == 0)
            move_head (self, &cursor);
          continue;
        }
    }
  while (view->flags & (ZMQG_FRAME_MORE | ZMQG_FRAME_SKIP));

  self->next = cursor;
  return TRUE;
}

/* How many messages to gather before they are acknowledged: few, so that
 * small marks are exact, and at most half of the mark. */
static inline guint
ack_batch (ZmqgFrameQueue *self)
{
  guint hwm = atomic_load_explicit (&self->hwm, memory_order_relaxed);

  if (hwm == 0)
    return 256;
  return hwm <= 16 ? 1 : hwm / 2;
}

static gboolean
acknowledge (ZmqgFrameQueue *self,
             guint64 messages)
{
  self->read += messages;
  if (G_LIKELY (self->read - self->ack_sent < ack_batch (self)))
    return FALSE;

  self->ack_sent = self->read;
  /* Release pairs with the acquire in room (). */
  atomic_store_explicit (&self->acked, self->read, memory_order_release);
  atomic_thread_fence (memory_order_seq_cst);
  return zmqg_frame_queue_claim_writer (self);
}

gboolean
zmqg_frame_queue_consume (ZmqgFrameQueue *self)
{
  const guint8 *p = self->head.segment->base + self->head.pos;
  gboolean counted = self->counts_commands ||
                     (p[0] & ZMQG_FRAME_COMMAND) == 0;

  if (G_LIKELY (self->next.segment == self->head.segment))
    {
      self->head.pos = self->next.pos;
      self->head.word = self->next.word;
    }
  else
    {
      move_head (self, &self->next);
    }

  if (G_UNLIKELY (!counted))
    return FALSE;

  /* Raw reading may go on here: a message ends in its last segment. */
  self->head_messages++;
  return acknowledge (self, 1);
}

gboolean
zmqg_frame_queue_trim (ZmqgFrameQueue *self)
{
  ZmqgSegment *last = self->head.segment;
  ZmqgQueueCursor cursor = self->head;

  if (self->conflate || self->unlinked != NULL || self->in_message ||
      !zmqg_frame_queue_at_boundary (self) || cursor_ready (self, &cursor) ||
      cursor.segment != self->tail)
    return FALSE;

  if (last == &self->stub)
    return TRUE;

  move_head (self, &cursor);
  last = self->tail;
  memset (&self->stub, 0, sizeof self->stub);
  self->tail = self->fill = &self->stub;
  self->head = (ZmqgQueueCursor) { .segment = &self->stub };
  self->next = self->head;
  self->head_messages = 0;
  self->next_capacity = ZMQG_CHUNK_FIRST;
  g_clear_pointer (&self->rest, zmqg_chunk_unref);
  last->next = NULL;
  free_segment (self, last);
  return TRUE;
}

guint
zmqg_frame_queue_gather (ZmqgFrameQueue *self,
                         struct iovec *ranges,
                         guint max,
                         gsize max_bytes,
                         gboolean whole,
                         gsize *n_bytes)
{
  ZmqgQueueCursor cursor = self->next;
  gsize total = 0;
  guint n = 0;

  /* Conflate: one message at a time, so that what lies ready to be written
   * can still be replaced. */
  while (n < max && total < max_bytes &&
         (n == 0 ? cursor_ready (self, &cursor) : cursor_linked (&cursor)))
    {
      gsize size = cursor_limit (&cursor) - cursor.pos;

      /* The payload of a large frame goes in one piece. */
      if (!(cursor.segment->external && whole))
        size = MIN (size, max_bytes - total);

      /* Where writing goes on keeps the word that it was seen with. */
      if (n == 0)
        {
          if (zmqg_frame_queue_at_boundary (self))
            move_head (self, &cursor);
          self->next = cursor;
        }

      ranges[n].iov_base = cursor.segment->base + cursor.pos;
      ranges[n].iov_len = size;
      n++;
      total += size;
      cursor.pos += size;
    }

  *n_bytes = total;
  return n;
}

/* Walks the frames from the boundary to what was written, and moves the
 * boundary behind the last message that lies before it. */
static guint
settle_by_walk (ZmqgFrameQueue *self)
{
  ZmqgQueueCursor end = self->next;
  ZmqgQueueCursor cursor = self->head;
  ZmqgQueueCursor boundary = self->head;
  guint messages = 0;       /* that end before the boundary */
  guint in_segment = self->head_messages;
  guint counted_in_boundary = self->head_messages;

  for (;;)
    {
      ZmqgSegment *before = cursor.segment;
      ZmqgQueueCursor after;
      ZmqgFrameView view;

      if (cursor.segment == end.segment && cursor.pos >= end.pos)
        break;
      if (!cursor_ready (self, &cursor))
        break;
      if (cursor.segment != before)
        in_segment = 0;
      if (cursor.segment == end.segment && cursor.pos >= end.pos)
        break;

      after = cursor;
      /* A header that is not out whole cannot be decoded past the end. */
      cursor_read_frame (self, &after, &view);
      if (cursor.segment == end.segment && after.segment != end.segment)
        break;
      if (after.segment == end.segment && after.pos > end.pos)
        break;

      if (after.segment != cursor.segment)
        in_segment = 0;
      cursor = after;

      if (view.flags & ZMQG_FRAME_MORE)
        continue;

      if ((view.flags & ZMQG_FRAME_COMMAND) == 0 || self->counts_commands)
        {
          messages++;
          in_segment++;
        }
      boundary = cursor;
      counted_in_boundary = in_segment;
    }

  move_head (self, &boundary);
  self->head_messages = counted_in_boundary;
  return messages;
}

/* The bytes written end where a publication ended: the words tell how many
 * messages they are. */
static guint
settle_by_words (ZmqgFrameQueue *self)
{
  ZmqgSegment *segment = self->head.segment;
  guint messages = 0;

  while (segment != self->next.segment)
    {
      messages += ZMQG_WORD_MESSAGES (atomic_load_explicit (
        &segment->word, memory_order_relaxed));
      segment = segment->next;
    }

  messages += ZMQG_WORD_MESSAGES (self->next.word);
  messages -= self->head_messages;

  move_head (self, &self->next);
  self->head_messages = ZMQG_WORD_MESSAGES (self->next.word);
  return messages;
}

gboolean
zmqg_frame_queue_advance (ZmqgFrameQueue *self,
                          gsize n_bytes)
{
  ZmqgQueueCursor *next = &self->next;
  guint messages;

  while (n_bytes > 0)
    {
      gsize size;

      if (!cursor_linked (next))
        g_assert_not_reached ();
      size = MIN (n_bytes, cursor_limit (next) - next->pos);
      next->pos += size;
      n_bytes -= size;
    }

  if (next->pos == cursor_limit (next) &&
      (next->word & ZMQG_WORD_MID_MESSAGE) == 0 && !next->segment->external)
    messages = settle_by_words (self);
  else
    messages = settle_by_walk (self);

  return acknowledge (self, messages);
}

gsize
zmqg_frame_queue_partial_left (ZmqgFrameQueue *self,
                               gboolean frame)
{
  ZmqgQueueCursor cursor = self->head;
  ZmqgQueueCursor end = self->next;
  gsize left = 0;
  gboolean passed = FALSE; /* the cursor is at or behind what was written */
  ZmqgFrameView view;

  if (zmqg_frame_queue_at_boundary (self))
    return 0;

  do
    {
      ZmqgQueueCursor from;
      ZmqgSegment *segment;

      if (!cursor_ready (self, &cursor))
        break;
      /* The frame before is out whole, and nothing of this one. */
      if (frame && cursor.segment == end.segment && cursor.pos == end.pos)
        break;
      from = cursor;
      cursor_read_frame (self, &cursor, &view);

      /* The bytes of this frame that lie behind what was written. */
      for (segment = from.segment;; segment = segment->next)
        {
          gsize start = segment == from.segment ? from.pos : 0;
          gsize limit = segment == cursor.segment
                          ? cursor.pos
                          : ZMQG_WORD_BYTES (from.word);

          if (passed)
            left += limit - start;
          else if (segment == end.segment && end.pos <= limit)
            {
              passed = TRUE;
              left += limit - end.pos;
            }
          if (segment == cursor.segment)
            break;
        }

      if (frame && passed)
        break;
    }
  while (view.flags & ZMQG_FRAME_MORE);

  return left;
}

void
zmqg_frame_queue_rewind (ZmqgFrameQueue *self)
{
  self->next = self->head;
}
