/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-message-struct-private.h"

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

G_DEFINE_BOXED_TYPE (ZmqgMessage, zmqg_message, zmqg_message_ref,
                     zmqg_message_unref)

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
    zmqg_message_free (self);
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

  return zmqg_message_swap_variant (value);
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

  if (zmqg_message_check_mutable (self, G_STRFUNC))
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

  if (!zmqg_message_check_mutable (self, G_STRFUNC))
    return;

  /* It may be our own. */
  copy = g_strdup (group);
  g_free (self->group);
  self->group = copy;
}
