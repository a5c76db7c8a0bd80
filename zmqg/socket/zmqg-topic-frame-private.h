/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "message/zmqg-frame-private.h"
#include "zmtp/zmqg-command-private.h"

/* Topics of up to so many bytes need no heap. */
#define ZMQG_TOPIC_FRAME_INLINE 256u

/*
 * ZmqgTopicFrame: a topic behind what says that it is subscribed to or
 * cancelled, as the frame that tells others so. On the stack; to be cleared
 * also where it could not be made.
 */
typedef struct
{
  ZmqgFrameView view;
  guint8 *heap; /* of a long topic; nullable */
  guint8 local[ZMQG_COMMAND_PREFIX_MAX + ZMQG_TOPIC_FRAME_INLINE];
} ZmqgTopicFrame;

/* As a command (ZMTP 3.1, section subscriptions): SUBSCRIBE or CANCEL. %FALSE
 * without memory. */
gboolean zmqg_topic_frame_init_command (ZmqgTopicFrame *self,
                                        ZmqgCommandId id,
                                        const guint8 *topic, gsize size);

/* As a message. %FALSE without memory. */
gboolean zmqg_topic_frame_init_message (ZmqgTopicFrame *self,
                                        gboolean subscribe,
                                        const guint8 *topic, gsize size);

void zmqg_topic_frame_clear (ZmqgTopicFrame *self);

/* Whether a frame of a message says it. */
static inline gboolean
zmqg_topic_frame_is_message (const ZmqgFrameView *view)
{
  return view->size > 0 && view->data[0] <= ZMQG_COMMAND_BYTE_SUBSCRIBE;
}
