/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"
#include "message/zmqg-frame-private.h"
#include "message/zmqg-message.h"
#include "message/zmqg-tag-private.h"

/* The longest group that a message may belong to, in bytes. */
#define ZMQG_MESSAGE_GROUP_MAX 255u

/* How the bytes of a frame are kept alive. */
typedef enum
{
  ZMQG_FRAME_INLINE, /* they lie in the message's own allocation */
  ZMQG_FRAME_BYTES,  /* @owner is a GBytes */
  ZMQG_FRAME_CHUNK,  /* @owner is a ZmqgChunk */
} ZmqgFrameOwner;

typedef struct
{
  const guint8 *data;
  gsize size;
  gpointer owner;
  ZmqgFrameOwner kind;
} ZmqgMessageFrame;

/* Makes a message of @n received frames: payloads with a chunk or bytes and
 * of at least ZMQG_FRAME_LARGE bytes are referred to, all others copied, into
 * one allocation. Takes a reference to @tag. %NULL when there is no memory.
 * Frames' MORE flags are not looked at. */
ZmqgMessage *zmqg_message_new_from_views (const ZmqgFrameView *views,
                                          guint n,
                                          ZmqgTag *tag);

/* The same of frames that are taken out of a queue next: takes over the
 * references that the queue has to large payloads. Without a tag; it may be
 * given one right after. */
ZmqgMessage *zmqg_message_new_taking (const ZmqgFrameView *views, guint n);

/* The same of one frame of less than ZMQG_FRAME_LARGE bytes. */
ZmqgMessage *zmqg_message_new_small (const guint8 *data, gsize size);

/* Takes the reference. */
void zmqg_message_take_tag (ZmqgMessage *self, ZmqgTag *tag);

/* The frames as views, in order, for sending: writes min (n_frames, max)
 * entries with MORE set on all but the last; none when there was no memory
 * for one of the payloads. From then on the message is
 * immutable (appending is a programmer's mistake). */
ZMQG_SHARED
guint zmqg_message_get_views (ZmqgMessage *self, ZmqgFrameView *views,
                              guint max);

/* Borrowed; %NULL when the message was not received. */
ZMQG_SHARED
ZmqgTag *zmqg_message_get_tag (ZmqgMessage *self);
