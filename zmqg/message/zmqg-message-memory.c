/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-copy-private.h"
#include "message/zmqg-message-struct-private.h"

/* How messages are allocated and freed. */

/* Allocated beyond what is known to be needed: a second frame. */
#define MIN_FRAMES 2

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
typedef struct
{
  ZmqgMessage *first[ZMQG_BLOCK_SIZES]; /* linked by their room */
  guint n[ZMQG_BLOCK_SIZES];
  ZmqgTagStock tags;
  gboolean noted; /* cleared when the thread ends */
} MessageCache;

/* In the static block: it is looked at with each message. */
static __thread MessageCache cache
  __attribute__ ((tls_model ("initial-exec")));

/* How many blocks of each size. */
static const guint cache_depths[ZMQG_BLOCK_SIZES] = { 256, 256, 64 };

static void
cache_clear (gpointer data)
{
  MessageCache *self = data;

  for (guint i = 0; i < ZMQG_BLOCK_SIZES; i++)
    {
      while (self->first[i] != NULL)
        {
          ZmqgMessage *message = self->first[i];

          self->first[i] = (ZmqgMessage *) message->room;
          g_free (message);
        }
      self->n[i] = 0;
    }

  self->noted = FALSE;
  zmqg_tag_stock_clear (&self->tags);
}

static GPrivate cache_key = G_PRIVATE_INIT (cache_clear);

static void
cache_note (void)
{
  cache.noted = TRUE;
  g_private_set (&cache_key, &cache);
}

/* A message with room for a small payload, in a block of that size; %NULL
 * without memory. */
static inline ZmqgMessage *
cache_take (gsize size,
            guint block)
{
  ZmqgMessage *self = NULL;

  if (G_LIKELY (ZMQG_CACHES && block > 0))
    self = cache.first[block - 1];
  if (G_LIKELY (self != NULL))
    {
      cache.first[block - 1] = (ZmqgMessage *) self->room;
      cache.n[block - 1]--;
      return self;
    }

  return g_try_malloc (sizeof *self + sizeof (ZmqgMessageFrame) +
                       (block > 0 ? zmqg_block_room (block) : size));
}

static inline void
cache_give (ZmqgMessage *self)
{
  guint i = self->block - 1;

  if (!ZMQG_CACHES || cache.n[i] >= cache_depths[i])
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
  if (!ZMQG_CACHES)
    {
      zmqg_tag_unref (tag);
      return;
    }

  if (G_UNLIKELY (!cache.noted))
    cache_note ();
  zmqg_tag_stock_give (&cache.tags, tag);
}

ZmqgMessage *
zmqg_message_new_small (const guint8 *data,
                        gsize size)
{
  guint block = zmqg_block_for (size);
  ZmqgMessage *self = cache_take (size, block);
  ZmqgMessageFrame *frame;

  if (G_UNLIKELY (self == NULL))
    return NULL;

  message_init (self, 1, 0);
  self->block = (guint8) block;
  self->n_frames = 1;
  self->size = size;
  frame = &self->inline_frames[0];
  frame->data = self->room;
  frame->size = size;
  frame->owner = NULL;
  frame->kind = ZMQG_FRAME_INLINE;
  zmqg_copy_small (self->room, data, size);
  return self;
}

ZmqgMessage *
zmqg_message_try_alloc (guint capacity,
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

ZmqgMessage *
zmqg_message_alloc (guint capacity,
                    gsize room)
{
  ZmqgMessage *self = zmqg_message_try_alloc (MAX (capacity, MIN_FRAMES), room);

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

void
zmqg_message_free (ZmqgMessage *self)
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
