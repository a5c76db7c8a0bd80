/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "message/zmqg-message-struct-private.h"
#include "compat/zmq.h"

/* Payloads of up to so many bytes lie in the zmq_msg_t itself. */
#define COMPAT_INLINE_MAX 33

typedef enum
{
  COMPAT_CLOSED = 0,
  COMPAT_INLINE = 101,
  COMPAT_HEAP = 102,     /* @owner is a CompatContent */
  COMPAT_CHUNK = 103,    /* @owner is a ZmqgChunk: large, and of ours */
  COMPAT_CONSTANT = 104, /* the program's, for ever */
  COMPAT_FRAME = 105, /* @owner is the ZmqgMessage that it was received with */
} CompatMessageKind;

#define COMPAT_MORE 0x01u
#define COMPAT_SHARED 0x80u

/* Memory that messages share, and that the program may have given. */
typedef struct
{
  atomic_uint refs;
  zmq_free_fn *free; /* nullable: the payload follows */
  void *hint;
  void *data;
  gsize size;
} CompatContent;

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

/* @data is nullable: not yet known. %FALSE without memory. */
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

/* Lets go of what it holds; it is to be initialised then. May run the
 * program's free function. */
void compat_message_release_held (CompatMessage *self);

static inline void
compat_message_release (CompatMessage *self)
{
  if (G_LIKELY (self->kind == COMPAT_FRAME && self->group == NULL))
    zmqg_message_unref (self->owner);
  else if (self->kind != COMPAT_INLINE || G_UNLIKELY (self->group != NULL))
    compat_message_release_held (self);
  self->kind = COMPAT_CLOSED;
}

/* How to send it: the view is valid as long as the message is. @bytes is set to
 * what is to be dropped when the view was sent, or to %NULL. */
void compat_message_get_view (CompatMessage *self, ZmqgFrameView *view,
                              GBytes **bytes);
