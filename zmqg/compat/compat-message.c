/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-message-private.h"

#include "base/zmqg-barrier-private.h"
#include "compat/compat-error-private.h"
#include "compat/compat-socket-private.h"
#include "engine/zmqg-peer-record-private.h"

#include <stdlib.h>
#include <string.h>

/* zmq_msg_t: a frame. */

/* --- Contents ------------------------------------------------------------ */

static CompatContent *
content_init (CompatContent *self,
              guint block)
{
  atomic_init (&self->refs, 1);
  self->block = (guint8) block;
  self->tag = NULL;
  self->free = NULL;
  self->data = self + 1;
  return self;
}

static CompatContent *
content_new (void *data,
             zmq_free_fn *free_fn,
             void *hint)
{
  CompatContent *self = g_try_malloc (sizeof *self);

  if (self == NULL)
    return NULL;

  content_init (self, 0);
  self->data = data;
  self->free = free_fn;
  self->hint = hint;
  return self;
}

/* With room for the payload. */
static inline CompatContent *
content_new_room (gsize size)
{
  guint block = zmqg_block_for (size);
  CompatContent *self;

  if (G_LIKELY (block > 0 && compat_calls != NULL &&
                compat_calls->spare[block - 1] != NULL))
    return g_steal_pointer (&compat_calls->spare[block - 1]);

  if (size > G_MAXSSIZE - sizeof *self)
    return NULL;
  self = g_try_malloc (sizeof *self +
                       (block > 0 ? zmqg_block_room (block) : size));
  return self != NULL ? content_init (self, block) : NULL;
}

static CompatContent *
content_ref (CompatContent *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

static void
content_unref (gpointer data)
{
  CompatContent *self = data;

  /* As of a ZmqgMessage: nobody can take another reference than ours. */
  if (atomic_load_explicit (&self->refs, memory_order_acquire) != 1 &&
      atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  /* A GBytes that other threads had may have held it. */
  zmqg_order_after_drop (self->data);
  if (self->free != NULL)
    self->free (self->data, self->hint);
  compat_tag_drop (self->tag);
  g_free (self);
}

static void
group_unref (CompatGroup *self)
{
  if (self != NULL &&
      atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) == 1)
    g_free (self);
}

/* --- For sending and receiving -------------------------------------------- */

/* Nothing is in it that is to be let go of. */
static inline gboolean
take_room (CompatMessage *self,
           gsize size)
{
  CompatContent *content = content_new_room (size);

  if (G_UNLIKELY (content == NULL))
    return FALSE;

  self->kind = COMPAT_HEAP;
  self->owner = content;
  self->out.data = content->data;
  self->out.size = size;
  return TRUE;
}

static gboolean
take_chunk (CompatMessage *self,
            gsize size)
{
  ZmqgChunk *chunk = zmqg_chunk_new (size);

  if (chunk == NULL)
    return FALSE;

  self->kind = COMPAT_CHUNK;
  self->owner = chunk;
  self->out.data = chunk->data;
  self->out.size = size;
  return TRUE;
}

gboolean
compat_message_init_size (CompatMessage *self,
                          gsize size)
{
  compat_message_init (self);
  if (size > COMPAT_INLINE_MAX)
    return size < ZMQG_FRAME_LARGE ? take_room (self, size)
                                   : take_chunk (self, size);

  self->in.size = (guint8) size;
  return TRUE;
}

gboolean
compat_message_init_copy (CompatMessage *self,
                          const void *data,
                          gsize size)
{
  if (!compat_message_init_size (self, size))
    return FALSE;

  if (size > 0)
    memcpy (compat_message_get_data (self), data, size);
  return TRUE;
}

gboolean
compat_message_make_room (CompatMessage *self,
                          gsize size)
{
  CompatMessage old = *self;

  if (!take_room (self, size))
    return FALSE;

  compat_message_release (&old);
  return TRUE;
}

void
compat_message_release_held (CompatMessage *self)
{
  switch ((CompatMessageKind) self->kind)
    {
    case COMPAT_HEAP:
      content_unref (self->owner);
      break;
    case COMPAT_CHUNK:
      zmqg_chunk_unref (self->owner);
      break;
    case COMPAT_FRAME:
      zmqg_message_unref (self->owner);
      break;
    case COMPAT_INLINE:
      compat_tag_drop (self->owner);
      break;
    case COMPAT_CLOSED:
    case COMPAT_CONSTANT:
    default:
      break;
    }

  if (G_UNLIKELY (self->group != NULL))
    group_unref (self->group);
}

/* What keeps the payload of a received frame, which another socket may take
 * over as it is. */
static void
lend_frame (ZmqgMessage *message,
            ZmqgFrameView *view)
{
  for (guint i = 0; i < message->n_frames; i++)
    {
      const ZmqgMessageFrame *frame = &message->frames[i];

      if (frame->data != view->data || frame->size != view->size)
        continue;
      if (frame->kind == ZMQG_FRAME_BYTES)
        view->bytes = frame->owner;
      else if (frame->kind == ZMQG_FRAME_CHUNK)
        view->chunk = frame->owner;
      return;
    }
}

void
compat_message_get_view (CompatMessage *self,
                         ZmqgFrameView *view,
                         GBytes **bytes)
{
  *view = (ZmqgFrameView) { compat_message_get_data (self),
                            compat_message_get_size (self) };
  *bytes = NULL;
  if (compat_message_is_small (self))
    return;

  switch ((CompatMessageKind) self->kind)
    {
    case COMPAT_HEAP:
      *bytes = g_bytes_new_with_free_func (view->data, view->size,
                                           content_unref,
                                           content_ref (self->owner));
      view->flags = ZMQG_FRAME_REFER;
      break;
    case COMPAT_CHUNK:
      view->chunk = self->owner;
      break;
    case COMPAT_CONSTANT:
      *bytes = g_bytes_new_static (view->data, view->size);
      break;
    case COMPAT_FRAME:
      lend_frame (self->owner, view);
      break;
    case COMPAT_CLOSED:
    case COMPAT_INLINE:
    default:
      break;
    }

  if (*bytes != NULL)
    view->bytes = *bytes;
}

/* --- The API ------------------------------------------------------------- */

int
zmq_msg_init (zmq_msg_t *msg_)
{
  compat_message_init ((CompatMessage *) msg_);
  return 0;
}

int
zmq_msg_init_size (zmq_msg_t *msg_,
                   size_t size_)
{
  CompatMessage *self = (CompatMessage *) msg_;

  return compat_message_init_size (self, size_) ? 0 : compat_fail (ENOMEM);
}

int
zmq_msg_init_buffer (zmq_msg_t *msg_,
                     const void *buf_,
                     size_t size_)
{
  CompatMessage *self = (CompatMessage *) msg_;

  return compat_message_init_copy (self, buf_, size_) ? 0
                                                      : compat_fail (ENOMEM);
}

int
zmq_msg_init_data (zmq_msg_t *msg_,
                   void *data_,
                   size_t size_,
                   zmq_free_fn *ffn_,
                   void *hint_)
{
  CompatMessage *self = (CompatMessage *) msg_;

  compat_message_init (self);
  if (ffn_ != NULL)
    {
      self->owner = content_new (data_, ffn_, hint_);
      if (self->owner == NULL)
        return compat_fail (ENOMEM);
    }

  self->kind = ffn_ != NULL ? COMPAT_HEAP : COMPAT_CONSTANT;
  self->out.data = data_;
  self->out.size = size_;
  return 0;
}

int
zmq_msg_close (zmq_msg_t *msg_)
{
  CompatMessage *self = (CompatMessage *) msg_;

  if (!compat_message_is_valid (self))
    return compat_fail (EFAULT);

  compat_message_release (self);
  return 0;
}

int
zmq_msg_move (zmq_msg_t *dest_,
              zmq_msg_t *src_)
{
  CompatMessage *dest = (CompatMessage *) dest_;
  CompatMessage *src = (CompatMessage *) src_;

  if (!compat_message_is_valid (src) || !compat_message_is_valid (dest))
    return compat_fail (EFAULT);
  if (dest == src)
    return 0;

  compat_message_release (dest);
  *dest = *src;
  compat_message_init (src);
  return 0;
}

/* What is as small as to lie in a zmq_msg_t is not shared, wherever it lies. */
static gboolean
copy_small (CompatMessage *dest,
            const CompatMessage *src)
{
  ZmqgTag *tag = NULL;

  if ((src->kind != COMPAT_HEAP && src->kind != COMPAT_FRAME) ||
      src->out.size > COMPAT_INLINE_MAX || compat_message_is_of_program (src) ||
      zmq_msg_group ((zmq_msg_t *) src)[0] != '\0')
    return FALSE;

  if (src->kind == COMPAT_HEAP)
    tag = ((const CompatContent *) src->owner)->tag;
  else
    tag = zmqg_message_get_tag (src->owner);
  compat_message_init (dest);
  dest->in.size = (guint8) src->out.size;
  zmqg_copy_small (dest->in.bytes, src->out.data, src->out.size);
  dest->owner = zmqg_tag_ref (tag);
  dest->routing_id = src->routing_id;
  dest->flags = src->flags;
  return TRUE;
}

int
zmq_msg_copy (zmq_msg_t *dest_,
              zmq_msg_t *src_)
{
  CompatMessage *dest = (CompatMessage *) dest_;
  CompatMessage *src = (CompatMessage *) src_;

  if (!compat_message_is_valid (src) || !compat_message_is_valid (dest))
    return compat_fail (EFAULT);
  if (dest == src)
    return 0;

  compat_message_release (dest);
  if (copy_small (dest, src))
    return 0;

  if (src->kind == COMPAT_INLINE)
    zmqg_tag_ref (src->owner);
  else if (src->kind == COMPAT_HEAP)
    content_ref (src->owner);
  else if (src->kind == COMPAT_CHUNK)
    zmqg_chunk_ref (src->owner);
  else if (src->kind == COMPAT_FRAME)
    zmqg_message_ref (src->owner);
  if (src->group != NULL)
    atomic_fetch_add_explicit (&src->group->refs, 1, memory_order_relaxed);

  if (src->kind == COMPAT_HEAP || src->kind == COMPAT_CHUNK ||
      src->kind == COMPAT_FRAME)
    src->flags |= COMPAT_SHARED;
  *dest = *src;
  return 0;
}

void *
zmq_msg_data (zmq_msg_t *msg_)
{
  CompatMessage *self = (CompatMessage *) msg_;

  return compat_message_is_valid (self) ? compat_message_get_data (self)
                                        : NULL;
}

size_t
zmq_msg_size (const zmq_msg_t *msg_)
{
  const CompatMessage *self = (const CompatMessage *) msg_;

  return compat_message_is_valid (self) ? compat_message_get_size (self) : 0;
}

int
zmq_msg_more (const zmq_msg_t *msg_)
{
  return zmq_msg_get (msg_, ZMQ_MORE);
}

/* What is known of the peer that a frame came from. */
static const ZmqgPeerRecord *
get_record (const CompatMessage *self)
{
  switch ((CompatMessageKind) self->kind)
    {
    case COMPAT_INLINE:
      return self->owner;
    case COMPAT_HEAP:
      return (const ZmqgPeerRecord *) ((CompatContent *) self->owner)->tag;
    case COMPAT_FRAME:
      return (const ZmqgPeerRecord *) zmqg_message_get_tag (self->owner);
    case COMPAT_CLOSED:
    case COMPAT_CHUNK:
    case COMPAT_CONSTANT:
    default:
      return NULL;
    }
}

int
zmq_msg_get (const zmq_msg_t *msg_,
             int property_)
{
  const CompatMessage *self = (const CompatMessage *) msg_;
  const char *fd;

  switch (property_)
    {
    case ZMQ_MORE:
      return (self->flags & COMPAT_MORE) != 0;
    case ZMQ_SHARED:
      return self->kind == COMPAT_CONSTANT ||
             (self->flags & COMPAT_SHARED) != 0;
    case ZMQ_SRCFD:
      fd = zmq_msg_gets (msg_, "__fd");
      return fd != NULL ? atoi (fd) : -1;
    default:
      return compat_fail (EINVAL);
    }
}

int
zmq_msg_set (zmq_msg_t *msg_ G_GNUC_UNUSED,
             int property_ G_GNUC_UNUSED,
             int optval_ G_GNUC_UNUSED)
{
  return compat_fail (EINVAL);
}

const char *
zmq_msg_gets (const zmq_msg_t *msg_,
              const char *property_)
{
  const CompatMessage *self = (const CompatMessage *) msg_;
  const ZmqgPeerRecord *record = get_record (self);
  const char *value = NULL;

  /* Within the process nothing is known, as in libzmq. */
  if (record != NULL && property_ != NULL &&
      (record->fd[0] != '\0' || record->peer_address != NULL))
    value = zmqg_peer_record_get_property ((ZmqgPeerRecord *) record,
                                           property_);
  if (value == NULL)
    errno = EINVAL;
  return value;
}

/* --- Drafts -------------------------------------------------------------- */

int
zmq_msg_set_routing_id (zmq_msg_t *msg,
                        uint32_t routing_id)
{
  if (routing_id == 0)
    return compat_fail (EINVAL);

  ((CompatMessage *) msg)->routing_id = routing_id;
  return 0;
}

uint32_t
zmq_msg_routing_id (zmq_msg_t *msg)
{
  return ((CompatMessage *) msg)->routing_id;
}

int
zmq_msg_set_group (zmq_msg_t *msg,
                   const char *group)
{
  CompatMessage *self = (CompatMessage *) msg;
  gsize length = MIN (strlen (group), ZMQ_GROUP_MAX_LENGTH);
  CompatGroup *copy = NULL;

  if (length > 0)
    {
      copy = g_try_malloc (sizeof *copy + length + 1);
      if (copy == NULL)
        return compat_fail (ENOMEM);
      atomic_init (&copy->refs, 1);
      memcpy (copy->name, group, length);
      copy->name[length] = '\0';
    }

  group_unref (self->group);
  self->group = copy;
  return 0;
}

const char *
zmq_msg_group (zmq_msg_t *msg)
{
  const CompatMessage *self = (const CompatMessage *) msg;

  if (self->group != NULL)
    return self->group->name;
  if (self->kind == COMPAT_FRAME && ((ZmqgMessage *) self->owner)->group != NULL)
    return ((ZmqgMessage *) self->owner)->group;
  return "";
}
