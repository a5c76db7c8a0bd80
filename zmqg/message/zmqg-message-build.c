/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-message-struct-private.h"

/* Making messages, and adding frames to them. */

/* Room in a message made empty: for most messages built by appending, it is
 * the only allocation. */
#define NEW_FRAMES 4
#define NEW_ROOM 112

const guint8 zmqg_message_no_data[1];

gboolean
zmqg_message_check_mutable (ZmqgMessage *self,
                            const char *caller)
{
  if (G_LIKELY (!atomic_load_explicit (&self->sent, memory_order_relaxed)))
    return TRUE;

  g_critical ("%s: the message was sent and is immutable, "
              "change a zmqg_message_copy () of it", caller);
  return FALSE;
}

/* --- Frames ------------------------------------------------------------- */

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
  frame->data = size > 0 ? data : zmqg_message_no_data;
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
  message_add_frame (self, zmqg_message_no_data, 0, ZMQG_FRAME_INLINE, NULL);
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
      message_add_frame (self, zmqg_message_no_data, 0, ZMQG_FRAME_INLINE,
                         NULL);
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

/* --- Views -------------------------------------------------------------- */

/* Large payloads that somebody keeps alive are not copied, and neither is what
 * the queue has not copied either: who gave it waits for it. */
static inline gboolean
view_is_referred (const ZmqgFrameView *view)
{
  if (view->size >= ZMQG_FRAME_LARGE)
    return view->bytes != NULL || view->chunk != NULL;
  return view->keeper != NULL && view->bytes != NULL;
}

static ZmqgMessage *
new_from_views (const ZmqgFrameView *views,
                guint n,
                gboolean takes)
{
  ZmqgMessage *self;
  gsize room = 0;

  for (guint i = 0; i < n; i++)
    if (!view_is_referred (&views[i]) &&
        !g_size_checked_add (&room, room, views[i].size))
      return NULL;

  self = zmqg_message_try_alloc (MAX (n, 1), room);
  if (G_UNLIKELY (self == NULL))
    return NULL;

  for (guint i = 0; i < n; i++)
    {
      const ZmqgFrameView *view = &views[i];
      gboolean take = takes && view->keeper != NULL;

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
          message_add_frame (self, view->data, view->size, ZMQG_FRAME_BYTES,
                             take ? g_steal_pointer (&view->keeper->bytes)
                                  : g_bytes_ref (view->bytes));
        }
      else
        {
          message_add_frame (self, view->data, view->size, ZMQG_FRAME_CHUNK,
                             take ? g_steal_pointer (&view->keeper->chunk)
                                  : zmqg_chunk_ref (view->chunk));
        }
    }
  self->room_left = 0;

  return self;
}

ZmqgMessage *
zmqg_message_new_from_views (const ZmqgFrameView *views,
                             guint n,
                             ZmqgTag *tag)
{
  ZmqgMessage *self = new_from_views (views, n, FALSE);

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
zmqg_message_new_taking (const ZmqgFrameView *views,
                         guint n)
{
  return new_from_views (views, n, TRUE);
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

/* --- The public functions ------------------------------------------------ */

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
  return zmqg_message_alloc (NEW_FRAMES, NEW_ROOM);
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

  self = zmqg_message_alloc (1, size < ZMQG_FRAME_LARGE ? size : 0);
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

  self = zmqg_message_alloc (1, 0);
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

  self = zmqg_message_alloc (n, room);
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

  self = zmqg_message_alloc (1, 0);
  zmqg_message_append_variant (self, value);
  return self;
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

  copy = zmqg_message_alloc (self->n_frames, room);
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

  if (zmqg_message_check_mutable (self, G_STRFUNC))
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

  if (zmqg_message_check_mutable (self, G_STRFUNC))
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

  if (zmqg_message_check_mutable (self, G_STRFUNC))
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
  if (!zmqg_message_check_mutable (self, G_STRFUNC))
    return;

  normal = zmqg_message_swap_variant (sunk);
  message_add_bytes (self, g_variant_get_data_as_bytes (normal));
}
