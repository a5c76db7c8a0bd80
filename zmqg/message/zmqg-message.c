/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-message-private.h"

#include "base/zmqg-barrier-private.h"

#include <stdbool.h>

/**
 * ZmqgMessage:
 *
 * A message of one or more frames.
 *
 * A message is what a socket sends and receives as a whole: an ordered list
 * of frames, each of which is a run of bytes, possibly empty. Frames that
 * hold text carry no terminating NUL.
 *
 * Messages are counted. A message may be changed until it is first handed to
 * a call that sends it; from then on it is immutable (even if that call
 * failed), may be sent again as often as you like, and changing it is a
 * programming error: change a [method@Zmqg.Message.copy] instead. References
 * may be taken and dropped in any thread, and any number of threads may read a
 * message at a time, but while a message is being changed only one thread may
 * use it. Handlers of `ZmqgSocket::message` share what they are given, so they
 * too should change a copy only.
 *
 * ```c
 * g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("weather.berlin");
 *
 * zmqg_message_append_variant (message, g_variant_new ("(di)", 21.5, 40));
 * ```
 *
 * Since: 1.0
 */

/* Room in a message made empty: for most messages built by appending, it is
 * the only allocation. */
#define NEW_FRAMES 4
#define NEW_ROOM 112

/* Allocated beyond what is known to be needed: a second frame. */
#define MIN_FRAMES 2

struct _ZmqgMessage
{
  atomic_uint refs;
  guint8 block;        /* its place in the thread's cache from 1, 0 = none */
  atomic_bool sent; /* immutable from then on */
  gboolean has_owners; /* some frame has an owner to release */
  gboolean no_memory;  /* some payload could not be copied */
  guint n_frames;
  guint capacity; /* entries in frames */
  guint32 routing_id;
  gsize size; /* sum of the payloads */
  ZmqgTag *tag;
  char *group;
  ZmqgMessageFrame *frames; /* inline_frames, or an allocation */

  /* Where the next small payload goes: behind inline_frames, or in the chunk
   * room_chunk, which the frames that lie in it keep alive. Payloads never
   * move. */
  guint8 *room;
  gsize room_left;
  ZmqgChunk *room_chunk;

  ZmqgMessageFrame inline_frames[];
};

G_DEFINE_BOXED_TYPE (ZmqgMessage, zmqg_message, zmqg_message_ref,
                     zmqg_message_unref)

static const guint8 no_data[1];

static inline ZmqgMessage *
message_init (ZmqgMessage *self,
              guint capacity,
              gsize room)
{
  atomic_init (&self->refs, 1);
  self->block = 0;
  atomic_init (&self->sent, false);
  self->has_owners = FALSE;
  self->no_memory = FALSE;
  self->n_frames = 0;
  self->capacity = capacity;
  self->routing_id = 0;
  self->size = 0;
  self->tag = NULL;
  self->group = NULL;
  self->frames = self->inline_frames;
  self->room = (guint8 *) (self->inline_frames + capacity);
  self->room_left = room;
  self->room_chunk = NULL;
  return self;
}

/* --- Small messages ----------------------------------------------------- */

/*
 * Most messages are small, and freed by the thread that received them: a
 * thread keeps a few of their blocks for the next ones. It also keeps the
 * references to the last peer that messages were freed of, and drops them
 * together. Not where a tool watches what memory is used for.
 */
#define CACHE_SIZES 2
#define CACHE_DEPTH 256
#define CACHE_TAGS 256

#if defined(__SANITIZE_ADDRESS__) || defined(ZMQG_THREAD_SANITIZER)
#define CACHES FALSE
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CACHES FALSE
#endif
#endif
#ifndef CACHES
#define CACHES TRUE
#endif

typedef struct
{
  ZmqgMessage *first[CACHE_SIZES]; /* linked by their room */
  guint n[CACHE_SIZES];
  ZmqgTag *tag; /* n_tags references */
  guint n_tags;
  gboolean noted; /* cleared when the thread ends */
} MessageCache;

/* In the static block: it is looked at with each message. */
static __thread MessageCache cache
  __attribute__ ((tls_model ("initial-exec")));

static const gsize cache_rooms[CACHE_SIZES] = { 96, 256 };

static void
cache_clear (gpointer data)
{
  MessageCache *self = data;
  ZmqgTag *tag = g_steal_pointer (&self->tag);
  guint n_tags = self->n_tags;

  for (guint i = 0; i < CACHE_SIZES; i++)
    {
      while (self->first[i] != NULL)
        {
          ZmqgMessage *message = self->first[i];

          self->first[i] = (ZmqgMessage *) message->room;
          g_free (message);
        }
      self->n[i] = 0;
    }

  self->n_tags = 0;
  self->noted = FALSE;
  zmqg_tag_unref_many (tag, n_tags);
}

static GPrivate cache_key = G_PRIVATE_INIT (cache_clear);

static void
cache_note (void)
{
  cache.noted = TRUE;
  g_private_set (&cache_key, &cache);
}

/* A block for the room of a small payload; %NULL without memory. */
static inline ZmqgMessage *
cache_take (guint i)
{
  ZmqgMessage *self = CACHES ? cache.first[i] : NULL;

  if (G_LIKELY (self != NULL))
    {
      cache.first[i] = (ZmqgMessage *) self->room;
      cache.n[i]--;
      return self;
    }

  return g_try_malloc (sizeof *self + sizeof (ZmqgMessageFrame) +
                       cache_rooms[i]);
}

static inline void
cache_give (ZmqgMessage *self)
{
  guint i = self->block - 1;

  if (!CACHES || cache.n[i] >= CACHE_DEPTH)
    {
      g_free (self);
      return;
    }

  if (G_UNLIKELY (!cache.noted))
    cache_note ();
  self->room = (guint8 *) cache.first[i];
  cache.first[i] = self;
  cache.n[i]++;
}

static inline void
cache_drop_tag (ZmqgTag *tag)
{
  if (tag == NULL)
    return;
  if (!CACHES)
    {
      zmqg_tag_unref (tag);
      return;
    }

  if (G_UNLIKELY (cache.tag != tag || cache.n_tags >= CACHE_TAGS))
    {
      ZmqgTag *old = cache.tag;
      guint n_old = cache.n_tags;

      /* Freeing the old one may free messages, too. */
      cache.tag = tag;
      cache.n_tags = 1;
      if (!cache.noted)
        cache_note ();
      zmqg_tag_unref_many (old, n_old);
      return;
    }
  cache.n_tags++;
}

ZmqgMessage *
zmqg_message_new_small (const guint8 *data,
                        gsize size)
{
  guint i = size <= cache_rooms[0] ? 0 : 1;
  ZmqgMessage *self = cache_take (i);
  ZmqgMessageFrame *frame;

  if (G_UNLIKELY (self == NULL))
    return NULL;

  message_init (self, 1, 0);
  self->block = i + 1;
  self->n_frames = 1;
  self->size = size;
  frame = &self->inline_frames[0];
  frame->data = self->room;
  frame->size = size;
  frame->owner = NULL;
  frame->kind = ZMQG_FRAME_INLINE;
  memcpy (self->room, data, size);
  return self;
}

static inline ZmqgMessage *
message_try_new (guint capacity,
                 gsize room)
{
  ZmqgMessage *self;
  gsize size;

  if (!g_size_checked_mul (&size, capacity, sizeof (ZmqgMessageFrame)) ||
      !g_size_checked_add (&size, size, sizeof *self) ||
      !g_size_checked_add (&size, size, room) ||
      size > G_MAXSSIZE)
    return NULL;

  self = g_try_malloc (size);
  if (G_UNLIKELY (self == NULL))
    return NULL;

  return message_init (self, capacity, room);
}

/* Room for what is known to be needed; without memory for that, for a start. */
static ZmqgMessage *
message_new (guint capacity,
             gsize room)
{
  ZmqgMessage *self = message_try_new (MAX (capacity, MIN_FRAMES), room);

  if (G_UNLIKELY (self == NULL))
    self = message_init (g_malloc (sizeof *self +
                                   MIN_FRAMES * sizeof (ZmqgMessageFrame)),
                         MIN_FRAMES, 0);
  return self;
}

static void
frame_release (ZmqgMessageFrame *frame)
{
  switch (frame->kind)
    {
    case ZMQG_FRAME_INLINE:
      break;

    case ZMQG_FRAME_BYTES:
      zmqg_order_before_drop (g_bytes_get_data (frame->owner, NULL));
      g_bytes_unref (frame->owner);
      break;

    case ZMQG_FRAME_CHUNK:
      zmqg_chunk_unref (frame->owner);
      break;

    default:
      g_assert_not_reached ();
    }
}

static void
message_free (ZmqgMessage *self)
{
  if (self->has_owners)
    for (guint i = 0; i < self->n_frames; i++)
      frame_release (&self->frames[i]);

  if (self->frames != self->inline_frames)
    g_free (self->frames);
  g_free (self->group);
  if (self->block > 0)
    {
      cache_drop_tag (self->tag);
      cache_give (self);
    }
  else
    {
      zmqg_tag_unref (self->tag);
      g_free (self);
    }
}

static gboolean
message_check_mutable (ZmqgMessage *self,
                       const char *caller)
{
  if (G_LIKELY (!atomic_load_explicit (&self->sent, memory_order_relaxed)))
    return TRUE;

  g_critical ("%s: the message was sent and is immutable, "
              "change a zmqg_message_copy () of it", caller);
  return FALSE;
}

/* Takes the reference to @owner over. */
static void
message_add_frame (ZmqgMessage *self,
                   const guint8 *data,
                   gsize size,
                   ZmqgFrameOwner kind,
                   gpointer owner)
{
  ZmqgMessageFrame *frame;

  if (G_UNLIKELY (self->n_frames == self->capacity))
    {
      gboolean was_inline = self->frames == self->inline_frames;

      g_assert (self->capacity <= G_MAXUINT / 2);

      self->capacity *= 2;
      self->frames = g_renew (ZmqgMessageFrame,
                              was_inline ? NULL : self->frames,
                              self->capacity);
      if (was_inline)
        memcpy (self->frames, self->inline_frames,
                self->n_frames * sizeof *self->frames);
    }

  frame = &self->frames[self->n_frames++];
  frame->data = size > 0 ? data : no_data;
  frame->size = size;
  frame->owner = owner;
  frame->kind = kind;
  self->has_owners |= kind != ZMQG_FRAME_INLINE;
  self->size += size;
}

/* A payload could not be copied: the frame is empty, and the message cannot
 * be sent. */
static void
message_note_no_memory (ZmqgMessage *self)
{
  self->no_memory = TRUE;
  message_add_frame (self, no_data, 0, ZMQG_FRAME_INLINE, NULL);
}

static void
message_add_copy (ZmqgMessage *self,
                  const guint8 *data,
                  gsize size)
{
  ZmqgChunk *chunk;
  guint8 *to;

  if (size == 0)
    {
      message_add_frame (self, no_data, 0, ZMQG_FRAME_INLINE, NULL);
      return;
    }

  /* A block of its own, that whoever sends it can refer to. */
  if (size >= ZMQG_FRAME_LARGE)
    {
      chunk = zmqg_chunk_new (size);
      if (G_UNLIKELY (chunk == NULL))
        {
          message_note_no_memory (self);
          return;
        }
      memcpy (chunk->data, data, size);
      message_add_frame (self, chunk->data, size, ZMQG_FRAME_CHUNK, chunk);
      return;
    }

  if (size <= self->room_left)
    {
      chunk = self->room_chunk;
      if (chunk != NULL)
        zmqg_chunk_ref (chunk);
    }
  else
    {
      gsize capacity = ZMQG_CHUNK_FIRST;

      if (self->room_chunk != NULL)
        capacity = self->room_chunk->capacity * 4;
      while (capacity < size)
        capacity *= 4;
      capacity = MIN (capacity, ZMQG_CHUNK_SIZE);

      chunk = zmqg_chunk_new (capacity);
      if (G_UNLIKELY (chunk == NULL))
        {
          message_note_no_memory (self);
          return;
        }
      self->room_chunk = chunk;
      self->room = chunk->data;
      self->room_left = capacity;
    }

  to = self->room;
  self->room += size;
  self->room_left -= size;
  memcpy (to, data, size);
  message_add_frame (self, to, size,
                     chunk != NULL ? ZMQG_FRAME_CHUNK : ZMQG_FRAME_INLINE,
                     chunk);
}

/* Takes the reference to @bytes over. */
static void
message_add_bytes (ZmqgMessage *self,
                   GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  message_add_frame (self, data, size, ZMQG_FRAME_BYTES, bytes);
}

/* Between the machine's byte order and that of our frames, little endian; the
 * result is in normal form. */
static GVariant *
variant_swap (GVariant *value)
{
  return G_BYTE_ORDER == G_BIG_ENDIAN ? g_variant_byteswap (value)
                                      : g_variant_get_normal_form (value);
}

/* Large payloads that somebody keeps alive are not copied. */
static inline gboolean
view_is_referred (const ZmqgFrameView *view)
{
  return view->size >= ZMQG_FRAME_LARGE &&
         (view->bytes != NULL || view->chunk != NULL);
}

ZmqgMessage *
zmqg_message_new_from_views (const ZmqgFrameView *views,
                             guint n,
                             ZmqgTag *tag)
{
  ZmqgMessage *self = zmqg_message_new_untagged (views, n);

  if (G_LIKELY (self != NULL))
    self->tag = zmqg_tag_ref (tag);
  return self;
}

void
zmqg_message_take_tag (ZmqgMessage *self,
                       ZmqgTag *tag)
{
  self->tag = tag;
}

ZmqgMessage *
zmqg_message_new_untagged (const ZmqgFrameView *views,
                           guint n)
{
  ZmqgMessage *self;
  gsize room = 0;

  for (guint i = 0; i < n; i++)
    if (!view_is_referred (&views[i]) &&
        !g_size_checked_add (&room, room, views[i].size))
      return NULL;

  self = message_try_new (MAX (n, 1), room);
  if (G_UNLIKELY (self == NULL))
    return NULL;

  for (guint i = 0; i < n; i++)
    {
      const ZmqgFrameView *view = &views[i];

      if (!view_is_referred (view))
        {
          if (view->size > 0)
            memcpy (self->room, view->data, view->size);
          message_add_frame (self, self->room, view->size,
                             ZMQG_FRAME_INLINE, NULL);
          self->room += view->size;
        }
      else if (view->bytes != NULL)
        {
          message_add_frame (self, view->data, view->size,
                             ZMQG_FRAME_BYTES, g_bytes_ref (view->bytes));
        }
      else
        {
          message_add_frame (self, view->data, view->size,
                             ZMQG_FRAME_CHUNK, zmqg_chunk_ref (view->chunk));
        }
    }
  self->room_left = 0;

  return self;
}

guint
zmqg_message_get_views (ZmqgMessage *self,
                        ZmqgFrameView *views,
                        guint max)
{
  guint n = self->no_memory ? 0 : MIN (self->n_frames, max);

  /* A message may be sent in several threads at a time: do not write to what
   * they all read. */
  if (!atomic_load_explicit (&self->sent, memory_order_relaxed))
    atomic_store_explicit (&self->sent, true, memory_order_relaxed);

  for (guint i = 0; i < n; i++)
    {
      const ZmqgMessageFrame *frame = &self->frames[i];

      views[i].data = frame->data;
      views[i].size = frame->size;
      views[i].flags = i + 1 < self->n_frames ? ZMQG_FRAME_MORE : 0;
      views[i].bytes = frame->kind == ZMQG_FRAME_BYTES ? frame->owner : NULL;
      views[i].chunk = frame->kind == ZMQG_FRAME_CHUNK ? frame->owner : NULL;
    }

  return n;
}

ZmqgTag *
zmqg_message_get_tag (ZmqgMessage *self)
{
  return self->tag;
}

/**
 * zmqg_message_new:
 *
 * Makes a message without frames, to append some to.
 *
 * A message without frames cannot be sent; one empty frame can.
 *
 * Returns: (transfer full): the message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_message_new (void)
{
  return message_new (NEW_FRAMES, NEW_ROOM);
}

/**
 * zmqg_message_new_data: (constructor)
 * @data: (array length=size) (nullable): the bytes; may be %NULL if @size is 0
 * @size: the number of bytes
 *
 * Makes a message of one frame that holds a copy of @data.
 *
 * Returns: (transfer full): the message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_message_new_data (const guint8 *data,
                       gsize size)
{
  ZmqgMessage *self;

  g_return_val_if_fail (data != NULL || size == 0, NULL);

  self = message_new (1, size < ZMQG_FRAME_LARGE ? size : 0);
  message_add_copy (self, data, size);
  return self;
}

/**
 * zmqg_message_new_bytes: (constructor)
 * @bytes: the bytes
 *
 * Makes a message of one frame that refers to @bytes.
 *
 * The bytes are not copied, neither here nor, if they are many, when the
 * message is sent: their free function may run in any thread that happens to
 * drop the last reference.
 *
 * Returns: (transfer full): the message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_message_new_bytes (GBytes *bytes)
{
  ZmqgMessage *self;

  g_return_val_if_fail (bytes != NULL, NULL);

  self = message_new (1, 0);
  message_add_bytes (self, g_bytes_ref (bytes));
  return self;
}

/**
 * zmqg_message_new_string: (constructor)
 * @string: text in UTF-8
 *
 * Makes a message of one frame that holds @string, without its terminating
 * NUL.
 *
 * Returns: (transfer full): the message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_message_new_string (const char *string)
{
  g_return_val_if_fail (string != NULL, NULL);

  return zmqg_message_new_data ((const guint8 *) string, strlen (string));
}

/**
 * zmqg_message_new_strv: (constructor)
 * @strv: (array zero-terminated=1): texts in UTF-8
 *
 * Makes a message with one frame for each of the strings, without their
 * terminating NULs.
 *
 * Returns: (transfer full): the message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_message_new_strv (const char *const *strv)
{
  ZmqgMessage *self;
  gsize room = 0;
  guint n;

  g_return_val_if_fail (strv != NULL, NULL);

  for (n = 0; strv[n] != NULL; n++)
    {
      gsize size = strlen (strv[n]);

      if (size < ZMQG_FRAME_LARGE)
        room += size;
    }

  self = message_new (n, room);
  for (guint i = 0; i < n; i++)
    message_add_copy (self, (const guint8 *) strv[i], strlen (strv[i]));
  return self;
}

/**
 * zmqg_message_new_variant: (constructor)
 * @value: a value; consumed if it is floating
 *
 * Makes a message of one frame that holds the serialised data of @value.
 *
 * See [method@Zmqg.Message.append_variant].
 *
 * Returns: (transfer full): the message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_message_new_variant (GVariant *value)
{
  ZmqgMessage *self;

  g_return_val_if_fail (value != NULL, NULL);

  self = message_new (1, 0);
  zmqg_message_append_variant (self, value);
  return self;
}

/**
 * zmqg_message_ref:
 * @self: a message
 *
 * Takes a reference to the message. Any thread may do so.
 *
 * Returns: (transfer full): the same message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_message_ref (ZmqgMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

/**
 * zmqg_message_unref:
 * @self: (transfer full): a message
 *
 * Drops a reference to the message; the last one frees it. Any thread may do
 * so.
 *
 * Since: 1.0
 */
void
zmqg_message_unref (ZmqgMessage *self)
{
  g_return_if_fail (self != NULL);

  /* The only reference is ours: nobody can take another, so that a load is
   * enough. It pairs, like the subtraction, with the release of those who
   * dropped theirs before. */
  if (atomic_load_explicit (&self->refs, memory_order_acquire) == 1 ||
      atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) == 1)
    message_free (self);
}

/**
 * zmqg_message_copy:
 * @self: a message
 *
 * Makes a message with the same frames, routing id and group, that may be
 * changed and sent.
 *
 * Large payloads are shared, not copied. The copy has no peer and no
 * properties.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_message_copy (ZmqgMessage *self)
{
  ZmqgMessage *copy;
  gsize room = 0;

  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->n_frames; i++)
    if (self->frames[i].kind == ZMQG_FRAME_INLINE &&
        self->frames[i].size < ZMQG_FRAME_LARGE)
      room += self->frames[i].size;

  copy = message_new (self->n_frames, room);
  copy->routing_id = self->routing_id;
  copy->group = g_strdup (self->group);

  for (guint i = 0; i < self->n_frames; i++)
    {
      const ZmqgMessageFrame *frame = &self->frames[i];

      if (frame->kind == ZMQG_FRAME_CHUNK)
        message_add_frame (copy, frame->data, frame->size, ZMQG_FRAME_CHUNK,
                           zmqg_chunk_ref (frame->owner));
      else if (frame->kind == ZMQG_FRAME_INLINE &&
               frame->size < ZMQG_FRAME_LARGE)
        message_add_copy (copy, frame->data, frame->size);
      else
        message_add_bytes (copy, zmqg_message_get_frame (self, i));
    }

  return copy;
}

/**
 * zmqg_message_equal:
 * @self: a message
 * @other: another message
 *
 * Tells whether two messages have the same frames.
 *
 * Peer, properties, routing id and group are not compared.
 *
 * Returns: %TRUE if number and content of the frames are the same
 *
 * Since: 1.0
 */
gboolean
zmqg_message_equal (ZmqgMessage *self,
                    ZmqgMessage *other)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (other != NULL, FALSE);

  if (self == other)
    return TRUE;
  if (self->n_frames != other->n_frames || self->size != other->size)
    return FALSE;

  for (guint i = 0; i < self->n_frames; i++)
    {
      const ZmqgMessageFrame *a = &self->frames[i];
      const ZmqgMessageFrame *b = &other->frames[i];

      if (a->size != b->size || memcmp (a->data, b->data, a->size) != 0)
        return FALSE;
    }

  return TRUE;
}

/**
 * zmqg_message_append_data:
 * @self: a message that was not sent
 * @data: (array length=size) (nullable): the bytes; may be %NULL if @size is 0
 * @size: the number of bytes; 0 appends an empty frame
 *
 * Appends a frame that holds a copy of @data.
 *
 * Since: 1.0
 */
void
zmqg_message_append_data (ZmqgMessage *self,
                          const guint8 *data,
                          gsize size)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (data != NULL || size == 0);

  if (message_check_mutable (self, G_STRFUNC))
    message_add_copy (self, data, size);
}

/**
 * zmqg_message_append_bytes:
 * @self: a message that was not sent
 * @bytes: the bytes
 *
 * Appends a frame that refers to @bytes.
 *
 * See [ctor@Zmqg.Message.new_bytes] for when they are freed.
 *
 * Since: 1.0
 */
void
zmqg_message_append_bytes (ZmqgMessage *self,
                           GBytes *bytes)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (bytes != NULL);

  if (message_check_mutable (self, G_STRFUNC))
    message_add_bytes (self, g_bytes_ref (bytes));
}

/**
 * zmqg_message_append_string:
 * @self: a message that was not sent
 * @string: text in UTF-8
 *
 * Appends a frame that holds @string, without its terminating NUL.
 *
 * Since: 1.0
 */
void
zmqg_message_append_string (ZmqgMessage *self,
                            const char *string)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (string != NULL);

  if (message_check_mutable (self, G_STRFUNC))
    message_add_copy (self, (const guint8 *) string, strlen (string));
}

/**
 * zmqg_message_append_variant:
 * @self: a message that was not sent
 * @value: a value; consumed if it is floating
 *
 * Appends a frame that holds the serialised data of @value: in normal form,
 * little endian, without its type.
 *
 * The receiver has to know the type; send a value of type `v` to send the
 * type along.
 *
 * Since: 1.0
 */
void
zmqg_message_append_variant (ZmqgMessage *self,
                             GVariant *value)
{
  g_autoptr (GVariant) sunk = NULL;
  g_autoptr (GVariant) normal = NULL;

  g_return_if_fail (self != NULL);
  g_return_if_fail (value != NULL);

  sunk = g_variant_ref_sink (value);
  if (!message_check_mutable (self, G_STRFUNC))
    return;

  normal = variant_swap (sunk);
  message_add_bytes (self, g_variant_get_data_as_bytes (normal));
}

/**
 * zmqg_message_get_n_frames:
 * @self: a message
 *
 * Gets the number of frames.
 *
 * Returns: how many frames the message has
 *
 * Since: 1.0
 */
guint
zmqg_message_get_n_frames (ZmqgMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_frames;
}

/**
 * zmqg_message_get_size:
 * @self: a message
 *
 * Gets the size of all frames together.
 *
 * Returns: the sum of the payloads, in bytes
 *
 * Since: 1.0
 */
gsize
zmqg_message_get_size (ZmqgMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->size;
}

/**
 * zmqg_message_get_data:
 * @self: a message
 * @index: which frame, less than [method@Zmqg.Message.get_n_frames]
 * @size: (out) (optional): return location for the number of bytes
 *
 * Gets the bytes of a frame.
 *
 * They belong to the message, must not be changed, and need not be aligned.
 * No NUL follows them. For an empty frame this is a pointer that must not be
 * read.
 *
 * Returns: (transfer none) (array length=size): the bytes
 *
 * Since: 1.0
 */
const guint8 *
zmqg_message_get_data (ZmqgMessage *self,
                       guint index,
                       gsize *size)
{
  if (size != NULL)
    *size = 0;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->n_frames, NULL);

  if (size != NULL)
    *size = self->frames[index].size;
  return self->frames[index].data;
}

/**
 * zmqg_message_get_frame:
 * @self: a message
 * @index: which frame, less than [method@Zmqg.Message.get_n_frames]
 *
 * Gets a frame without copying it.
 *
 * The bytes may keep the whole message alive.
 *
 * Returns: (transfer full): the bytes
 *
 * Since: 1.0
 */
GBytes *
zmqg_message_get_frame (ZmqgMessage *self,
                        guint index)
{
  const ZmqgMessageFrame *frame;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->n_frames, NULL);

  frame = &self->frames[index];
  switch (frame->kind)
    {
    case ZMQG_FRAME_BYTES:
      /* Received bytes may be a part of their owner. */
      if (frame->size == g_bytes_get_size (frame->owner))
        return g_bytes_ref (frame->owner);
      return g_bytes_new_with_free_func (frame->data, frame->size,
                                         (GDestroyNotify) g_bytes_unref,
                                         g_bytes_ref (frame->owner));

    case ZMQG_FRAME_CHUNK:
      return zmqg_chunk_new_bytes (frame->owner, frame->data, frame->size);

    case ZMQG_FRAME_INLINE:
      if (frame->size == 0)
        return g_bytes_new_static (NULL, 0);
      return g_bytes_new_with_free_func (frame->data, frame->size,
                                         (GDestroyNotify) zmqg_message_unref,
                                         zmqg_message_ref (self));

    default:
      g_assert_not_reached ();
    }
}

/**
 * zmqg_message_get_string:
 * @self: a message
 * @index: which frame, less than [method@Zmqg.Message.get_n_frames]
 *
 * Gets a copy of a frame as text, if it is text.
 *
 * Returns: (transfer full) (nullable): the text, or %NULL if the frame is not
 *   valid UTF-8, contains a NUL byte, or there is no memory for a copy
 *
 * Since: 1.0
 */
char *
zmqg_message_get_string (ZmqgMessage *self,
                         guint index)
{
  const ZmqgMessageFrame *frame;
  char *string;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->n_frames, NULL);

  frame = &self->frames[index];
  if (!g_utf8_validate_len ((const char *) frame->data, frame->size, NULL))
    return NULL;

  string = g_try_malloc (frame->size + 1);
  if (string == NULL)
    return NULL;
  memcpy (string, frame->data, frame->size);
  string[frame->size] = '\0';
  return string;
}

/**
 * zmqg_message_get_variant:
 * @self: a message
 * @index: which frame, less than [method@Zmqg.Message.get_n_frames]
 * @type: the type of the value, definite
 *
 * Gets a frame that holds serialised data, as
 * [method@Zmqg.Message.append_variant] makes it.
 *
 * The data is checked, so this may be used on messages of peers that are not
 * trusted.
 *
 * Returns: (transfer full) (nullable): the value, not floating, or %NULL if
 *   the frame does not hold a value of this type in normal form
 *
 * Since: 1.0
 */
GVariant *
zmqg_message_get_variant (ZmqgMessage *self,
                          guint index,
                          const GVariantType *type)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) value = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->n_frames, NULL);
  g_return_val_if_fail (type != NULL, NULL);
  g_return_val_if_fail (g_variant_type_is_definite (type), NULL);

  bytes = zmqg_message_get_frame (self, index);
  value = g_variant_ref_sink (g_variant_new_from_bytes (type, bytes, FALSE));

  /* A wrong size turns a value of fixed size silently into zeros. */
  if (g_variant_get_size (value) != g_bytes_get_size (bytes) ||
      !g_variant_is_normal_form (value))
    return NULL;

  return variant_swap (value);
}

/**
 * zmqg_message_to_strv:
 * @self: a message
 *
 * Gets a copy of all frames as text, if all are text.
 *
 * Returns: (transfer full) (nullable) (array zero-terminated=1): the texts, or
 *   %NULL if [method@Zmqg.Message.get_string] would return %NULL for any frame
 *
 * Since: 1.0
 */
char **
zmqg_message_to_strv (ZmqgMessage *self)
{
  g_auto (GStrv) strv = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  strv = g_try_malloc0_n ((gsize) self->n_frames + 1, sizeof *strv);
  if (strv == NULL)
    return NULL;

  for (guint i = 0; i < self->n_frames; i++)
    {
      strv[i] = zmqg_message_get_string (self, i);
      if (strv[i] == NULL)
        return NULL;
    }

  return g_steal_pointer (&strv);
}

/**
 * zmqg_message_get_peer:
 * @self: a message
 *
 * Gets the peer that sent the message.
 *
 * Returns: (transfer full) (nullable): the peer, or %NULL if the message was
 *   not received
 *
 * Since: 1.0
 */
ZmqgPeer *
zmqg_message_get_peer (ZmqgMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->tag != NULL ? self->tag->ops->dup_peer (self->tag) : NULL;
}

/**
 * zmqg_message_get_property:
 * @self: a message
 * @name: the name of a property, for instance `Socket-Type`, `User-Id`,
 *   `Peer-Address` or one of the peer's own, that begins with `X-`
 *
 * Gets a property of the connection that the message came by.
 *
 * Returns: (transfer none) (nullable): the value, or %NULL if there is no such
 *   property, it is not valid UTF-8, or the message was not received
 *
 * Since: 1.0
 */
const char *
zmqg_message_get_property (ZmqgMessage *self,
                           const char *name)
{
  const char *value;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  if (self->tag == NULL)
    return NULL;

  value = self->tag->ops->get_property (self->tag, name);
  if (value == NULL || !g_utf8_validate (value, -1, NULL))
    return NULL;
  return value;
}

/**
 * zmqg_message_get_routing_id:
 * @self: a message
 *
 * Gets the number of the peer that the message is from or for.
 *
 * SERVER and PEER sockets set it on what they receive.
 *
 * Returns: the routing id, 0 if there is none
 *
 * Since: 1.0
 */
guint32
zmqg_message_get_routing_id (ZmqgMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->routing_id;
}

/**
 * zmqg_message_set_routing_id:
 * @self: a message that was not sent
 * @routing_id: the number of a peer, or 0
 *
 * Sets the peer that a SERVER or PEER socket will send the message to.
 *
 * Since: 1.0
 */
void
zmqg_message_set_routing_id (ZmqgMessage *self,
                             guint32 routing_id)
{
  g_return_if_fail (self != NULL);

  if (message_check_mutable (self, G_STRFUNC))
    self->routing_id = routing_id;
}

/**
 * zmqg_message_get_group:
 * @self: a message
 *
 * Gets the group that the message belongs to.
 *
 * DISH sockets set it on what they receive.
 *
 * Returns: (transfer none) (nullable): the group, or %NULL if there is none
 *
 * Since: 1.0
 */
const char *
zmqg_message_get_group (ZmqgMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->group;
}

/**
 * zmqg_message_set_group:
 * @self: a message that was not sent
 * @group: (nullable): a group of at most 255 bytes, or %NULL for none
 *
 * Sets the group that a RADIO socket will send the message to.
 *
 * Since: 1.0
 */
void
zmqg_message_set_group (ZmqgMessage *self,
                        const char *group)
{
  char *copy;

  g_return_if_fail (self != NULL);
  g_return_if_fail (group == NULL || strlen (group) <= ZMQG_MESSAGE_GROUP_MAX);

  if (!message_check_mutable (self, G_STRFUNC))
    return;

  /* It may be our own. */
  copy = g_strdup (group);
  g_free (self->group);
  self->group = copy;
}
