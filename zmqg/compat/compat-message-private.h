/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-copy-private.h"
#include "compat/compat-calls-private.h"
#include "message/zmqg-message-struct-private.h"
#include "compat/zmq.h"

/* Payloads of up to so many bytes lie in the zmq_msg_t itself. */
#define COMPAT_INLINE_MAX 33

typedef enum
{
  COMPAT_CLOSED = 0,
  COMPAT_INLINE = 101, /* @owner is the peer's ZmqgTag, nullable */
  COMPAT_HEAP = 102,     /* @owner is a CompatContent */
  COMPAT_CHUNK = 103,    /* @owner is a ZmqgChunk: large, and of ours */
  COMPAT_CONSTANT = 104, /* the program's, for ever */
  COMPAT_FRAME = 105, /* @owner is the ZmqgMessage that it was received with */
} CompatMessageKind;

#define COMPAT_MORE 0x01u
#define COMPAT_SHARED 0x80u

/* Memory that messages share, and that the program may have given. */
struct _CompatContent
{
  atomic_uint refs;
  guint8 block;      /* its size, see zmqg_block_room (); 0 = none of those */
  ZmqgTag *tag;      /* of the peer that it was received from; counted,
                      * nullable */
  zmq_free_fn *free; /* nullable: the payload follows */
  void *hint;
  void *data;
};

/* A group too long to lie in the message. */
typedef struct
{
  atomic_uint refs;
  char name[];
} CompatGroup;

/*
 * CompatMessage: what a zmq_msg_t is.
 */
typedef struct
{
  gpointer owner;
  union
  {
    struct
    {
      guint8 *data;
      gsize size;
    } out;
    struct
    {
      guint8 bytes[COMPAT_INLINE_MAX];
      guint8 size;
    } in;
  };
  guint32 routing_id;
  guint8 kind;  /* CompatMessageKind */
  guint8 flags; /* COMPAT_MORE, COMPAT_SHARED */
  CompatGroup *group; /* nullable: "" */
} CompatMessage;

G_STATIC_ASSERT (sizeof (CompatMessage) == sizeof (zmq_msg_t));

static inline gboolean
compat_message_is_valid (const CompatMessage *self)
{
  return self->kind >= COMPAT_INLINE && self->kind <= COMPAT_FRAME;
}

static inline guint8 *
compat_message_get_data (CompatMessage *self)
{
  return self->kind == COMPAT_INLINE ? self->in.bytes : self->out.data;
}

static inline gsize
compat_message_get_size (const CompatMessage *self)
{
  return self->kind == COMPAT_INLINE ? self->in.size : self->out.size;
}

static inline void
compat_message_init (CompatMessage *self)
{
  self->owner = NULL;
  self->in.size = 0;
  self->routing_id = 0;
  self->kind = COMPAT_INLINE;
  self->flags = 0;
  self->group = NULL;
}

/* Of memory of the program's it hears when that is done with, however small it
 * is. */
static inline gboolean
compat_message_is_of_program (const CompatMessage *self)
{
  return self->kind == COMPAT_HEAP &&
         ((const CompatContent *) self->owner)->free != NULL;
}

/* Sending it copies it, and that is all. */
static inline gboolean
compat_message_is_small (const CompatMessage *self)
{
  return compat_message_get_size (self) < ZMQG_FRAME_LARGE &&
         !compat_message_is_of_program (self);
}

/* %FALSE without memory. */
gboolean compat_message_init_size (CompatMessage *self, gsize size);
gboolean compat_message_init_copy (CompatMessage *self, const void *data,
                                   gsize size);

/* The frame with that number of a message, transfer full or with a reference
 * of its own. Nothing that was in @self is released. */
static inline void
compat_message_init_frame (CompatMessage *self,
                           ZmqgMessage *message,
                           guint i)
{
  const ZmqgMessageFrame *frame = &message->frames[i];

  self->owner = message;
  self->out.data = (guint8 *) frame->data;
  self->out.size = frame->size;
  self->routing_id = message->routing_id;
  self->kind = COMPAT_FRAME;
  self->flags = i + 1 < message->n_frames ? COMPAT_MORE : 0;
  self->group = NULL;
}

/* --- What a thread keeps -------------------------------------------------- */

/* A message of that peer goes: its reference is for the next one of it. */
static inline void
compat_tag_drop (ZmqgTag *tag)
{
  CompatCalls *calls = compat_calls;

  if (G_LIKELY (tag == NULL))
    return;

  if (ZMQG_CACHES && calls != NULL)
    zmqg_tag_stock_give (&calls->tags, tag);
  else
    zmqg_tag_unref (tag);
}

/* A reference to @tag (nullable), which @stock (of that tag, perhaps) has,
 * too. */
static inline ZmqgTag *
compat_tag_take (ZmqgTag *tag,
                 ZmqgTagStock *stock)
{
  CompatCalls *calls = compat_calls;

  if (G_LIKELY (calls->tags.tag == tag && calls->tags.n > 0))
    {
      calls->tags.n--;
      return tag;
    }

  return zmqg_tag_stock_take (stock, tag);
}

/* %FALSE when there is none. */
static inline gboolean
compat_message_give_block (CompatMessage *self)
{
  CompatContent *content = self->owner;
  CompatCalls *calls = compat_calls;

  /* Acquire pairs with the release of others that dropped theirs. */
  if (!ZMQG_CACHES || self->kind != COMPAT_HEAP || content->block == 0 ||
      calls == NULL || calls->spare[content->block - 1] != NULL ||
      atomic_load_explicit (&content->refs, memory_order_acquire) != 1)
    return FALSE;

  calls->spare[content->block - 1] = content;
  compat_tag_drop (g_steal_pointer (&content->tag));
  return TRUE;
}

/* --- Their ends ----------------------------------------------------------- */

/* Lets go of what it holds; it is to be initialised then. May run the
 * program's free function. */
void compat_message_release_held (CompatMessage *self);

static inline void
compat_message_release (CompatMessage *self)
{
  if (G_UNLIKELY (self->group != NULL))
    compat_message_release_held (self);
  else if (self->kind == COMPAT_INLINE)
    compat_tag_drop (self->owner);
  else if (self->kind == COMPAT_FRAME)
    zmqg_message_unref (self->owner);
  else if (!compat_message_give_block (self))
    compat_message_release_held (self);
  self->kind = COMPAT_CLOSED;
}

/* The frame received next may take the place of what is in there, of which
 * nobody else knows. */
static inline gboolean
compat_message_is_own (const CompatMessage *self)
{
  const CompatContent *content = self->owner;

  if (G_UNLIKELY (self->group != NULL))
    return FALSE;
  if (self->kind == COMPAT_INLINE)
    return TRUE;

  return self->kind == COMPAT_HEAP && content->block > 0 &&
         atomic_load_explicit (&content->refs, memory_order_acquire) == 1;
}

/* Gives one that is its own, or was just initialised, room for a payload of
 * less than ZMQG_FRAME_LARGE bytes. %FALSE without memory: then it is as it
 * was. */
gboolean compat_message_make_room (CompatMessage *self, gsize size);

/* The payload of a small frame of one, from that peer (nullable, with a stock of
 * it), in such a message. %FALSE without memory. */
static inline gboolean
compat_message_put_small (CompatMessage *self,
                          const guint8 *data,
                          gsize size,
                          ZmqgTag *tag,
                          ZmqgTagStock *stock)
{
  CompatContent *content = self->kind == COMPAT_HEAP ? self->owner : NULL;
  ZmqgTag *old;

  if (content != NULL ? size > zmqg_block_room (content->block)
                      : size > COMPAT_INLINE_MAX)
    {
      if (!compat_message_make_room (self, size))
        return FALSE;
      content = self->owner;
    }

  if (content != NULL)
    {
      old = content->tag;
      self->out.size = size;
      zmqg_copy_small (self->out.data, data, size);
    }
  else
    {
      old = self->owner;
      self->in.size = (guint8) size;
      zmqg_copy_small (self->in.bytes, data, size);
    }

  if (old != tag)
    {
      tag = tag != NULL ? compat_tag_take (tag, stock) : NULL;
      if (content != NULL)
        content->tag = tag;
      else
        self->owner = tag;
      compat_tag_drop (old);
    }
  self->routing_id = 0;
  self->flags = 0;
  return TRUE;
}

/* How to send it: the view is valid as long as the message is. @bytes is set to
 * what is to be dropped when the view was sent, or to %NULL. */
void compat_message_get_view (CompatMessage *self, ZmqgFrameView *view,
                              GBytes **bytes);
