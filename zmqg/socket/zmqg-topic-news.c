/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-topic-news-private.h"

#include "socket/zmqg-type-private.h"

static void
unref_tag (gpointer tag)
{
  zmqg_tag_unref (tag);
}

void
zmqg_topic_news_clear (ZmqgTopicNews *self)
{
  g_clear_pointer (&self->told, zmqg_subscription_tree_free);
  g_clear_pointer (&self->peers, g_hash_table_unref);
}

void
zmqg_topic_news_listen (ZmqgTopicNews *self,
                        gboolean listen)
{
  zmqg_topic_news_clear (self);
  if (!listen)
    return;

  self->told = zmqg_subscription_tree_new ();
  self->peers = g_hash_table_new_full (NULL, NULL, unref_tag, NULL);
}

static void
tell (ZmqgSocketCore *core,
      ZmqgTag *tag,
      gboolean subscribed,
      const guint8 *topic,
      gsize size)
{
  ZmqgNews *news = zmqg_news_new (subscribed ? ZMQG_NEWS_SUBSCRIBED
                                             : ZMQG_NEWS_UNSUBSCRIBED,
                                  tag);

  news->topic = g_bytes_new (topic, size);
  zmqg_news_queue_push (&core->news, news);
  zmqg_inbox_wake (&core->inbox, ZMQG_WAIT_NEWS);
}

void
zmqg_topic_news_add (ZmqgTopicNews *self,
                     ZmqgSocketCore *core,
                     ZmqgPipe *pipe,
                     gboolean subscribe,
                     const guint8 *topic,
                     gsize size)
{
  ZmqgTag *tag = zmqg_pipe_peek_tag (pipe);

  /* Of one that has gone it was told already that it wants nothing. */
  if (tag == NULL || atomic_load (&((ZmqgPeerRecord *) tag)->gone))
    return;

  if (!subscribe)
    {
      if (zmqg_subscription_tree_remove (self->told, topic, size, tag) !=
          ZMQG_SUBSCRIPTION_NOT_FOUND)
        tell (core, tag, FALSE, topic, size);
      return;
    }

  switch (zmqg_subscription_tree_add (self->told, topic, size, tag))
    {
    case ZMQG_SUBSCRIPTION_ADDED_FIRST:
    case ZMQG_SUBSCRIPTION_ADDED:
      if (!g_hash_table_contains (self->peers, tag))
        g_hash_table_insert (self->peers, zmqg_tag_ref (tag), pipe);
      tell (core, tag, TRUE, topic, size);
      break;

    case ZMQG_SUBSCRIPTION_ADD_FAILED:
    case ZMQG_SUBSCRIPTION_DUPLICATE:
    default:
      break;
    }
}

typedef struct
{
  ZmqgSocketCore *core;
  ZmqgTag *tag;
} Loss;

static void
lost_topic (const guint8 *topic,
            gsize size,
            gboolean was_last G_GNUC_UNUSED,
            gpointer user_data)
{
  const Loss *loss = user_data;

  tell (loss->core, loss->tag, FALSE, topic, size);
}

void
zmqg_topic_news_lose (ZmqgTopicNews *self,
                      ZmqgSocketCore *core,
                      ZmqgPipe *pipe,
                      gboolean all)
{
  GHashTableIter iter;
  gpointer tag;
  gpointer of;

  if (self->told == NULL)
    return;

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, &tag, &of))
    {
      Loss loss = { core, tag };

      if (of != pipe ||
          (!all && !atomic_load (&((ZmqgPeerRecord *) tag)->gone)))
        continue;

      zmqg_subscription_tree_remove_target (self->told, tag, lost_topic,
                                            &loss);
      g_hash_table_iter_remove (&iter);
    }
}
