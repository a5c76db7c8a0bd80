/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-subscription-tree-private.h"
#include "socket/zmqg-socket-core-private.h"

/*
 * ZmqgTopicNews: which topics of which peers a publisher's signals have told
 * of. It is apart from the publisher's own subscriptions: those are of pipes,
 * which may outlive a connection, and of a manual XPUB what it grants. All with
 * the core's lock held.
 */
typedef struct
{
  ZmqgSubscriptionTree *told; /* targets are tags; NULL: nobody listens */
  GHashTable *peers;          /* those tags, counted → the pipe of each */
} ZmqgTopicNews;

void zmqg_topic_news_clear (ZmqgTopicNews *self);

/* The signals have handlers from now on, or none any more. */
void zmqg_topic_news_listen (ZmqgTopicNews *self, gboolean listen);

/* The peer that sent the message peeked on @pipe subscribed, or cancelled. */
void zmqg_topic_news_add (ZmqgTopicNews *self, ZmqgSocketCore *core,
                          ZmqgPipe *pipe, gboolean subscribe,
                          const guint8 *topic, gsize size);

/* A connection of the pipe was lost: its peers that have gone want nothing
 * any more. With @all the pipe goes, and nobody of it is left. */
void zmqg_topic_news_lose (ZmqgTopicNews *self, ZmqgSocketCore *core,
                           ZmqgPipe *pipe, gboolean all);

/* Whether what peers subscribe to is to be read later. */
static inline gboolean
zmqg_topic_news_is_full (const ZmqgTopicNews *self,
                         ZmqgSocketCore *core)
{
  return self->told != NULL &&
         !zmqg_news_queue_has_room_for_topics (&core->news);
}
