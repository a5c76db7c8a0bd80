/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "message/zmqg-block-private.h"
#include "message/zmqg-message-private.h"

#include <stdbool.h>

/*
 * What the files of ZmqgMessage share: its fields, and how it comes and goes.
 */
struct _ZmqgMessage
{
  atomic_uint refs;
  guint8 block;        /* its size, see zmqg_block_room (); 0 = none of those */
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

/* Where empty payloads lie. */
extern const guint8 zmqg_message_no_data[1];

/* Room for what is known to be needed; %NULL without memory for that. */
ZmqgMessage *zmqg_message_try_alloc (guint capacity, gsize room);

/* The same, or without memory for that, room for a start. */
ZmqgMessage *zmqg_message_alloc (guint capacity, gsize room);

/* The last reference is gone. */
void zmqg_message_free (ZmqgMessage *self);

/* Reports the mistake of a caller who changes a message that was sent. */
gboolean zmqg_message_check_mutable (ZmqgMessage *self, const char *caller);

/* Between the machine's byte order and that of our frames, little endian; the
 * result is in normal form. */
static inline GVariant *
zmqg_message_swap_variant (GVariant *value)
{
  return G_BYTE_ORDER == G_BIG_ENDIAN ? g_variant_byteswap (value)
                                      : g_variant_get_normal_form (value);
}
