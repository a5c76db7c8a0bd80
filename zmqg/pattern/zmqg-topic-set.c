/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-topic-set-private.h"

#include "pattern/zmqg-radix-tree-private.h"

struct _ZmqgTopicSet
{
  ZmqgRadixTree *tree; /* topic → times asked for */
  guint64 n_subscriptions;
};

typedef struct
{
  ZmqgTopicFunc func;
  gpointer user_data;
} Walk;

static void
visit (const guint8 *key,
       gsize         size,
       guint64      *slot G_GNUC_UNUSED,
       gpointer      user_data)
{
  Walk *walk = user_data;

  walk->func (key, size, walk->user_data);
}

ZmqgTopicSet *
zmqg_topic_set_new (void)
{
  ZmqgTopicSet *self = g_new0 (ZmqgTopicSet, 1);

  self->tree = zmqg_radix_tree_new (NULL, NULL);

  return self;
}

void
zmqg_topic_set_free (ZmqgTopicSet *self)
{
  zmqg_radix_tree_free (self->tree);
  g_free (self);
}

ZmqgTopicAdded
zmqg_topic_set_add (ZmqgTopicSet *self,
                    const guint8 *topic,
                    gsize         size)
{
  gboolean is_new;
  guint64 *count = zmqg_radix_tree_insert (self->tree, topic, size, &is_new);

  if (count == NULL)
    return ZMQG_TOPIC_ADD_FAILED;

  (*count)++;
  self->n_subscriptions++;

  return is_new ? ZMQG_TOPIC_ADDED_NEW : ZMQG_TOPIC_ADDED_AGAIN;
}

ZmqgTopicRemoved
zmqg_topic_set_remove (ZmqgTopicSet *self,
                       const guint8 *topic,
                       gsize         size)
{
  guint64 *count = zmqg_radix_tree_lookup (self->tree, topic, size);

  if (count == NULL)
    return ZMQG_TOPIC_NOT_FOUND;

  self->n_subscriptions--;
  if (--*count > 0)
    return ZMQG_TOPIC_STILL_HELD;

  zmqg_radix_tree_remove_slot (self->tree, count);
  return ZMQG_TOPIC_REMOVED;
}

gboolean
zmqg_topic_set_contains (const ZmqgTopicSet *self,
                         const guint8       *topic,
                         gsize               size)
{
  return zmqg_radix_tree_lookup (self->tree, topic, size) != NULL;
}

/* Returns: whether any topic is a prefix of @data */
gboolean
zmqg_topic_set_matches (const ZmqgTopicSet *self,
                        const guint8       *data,
                        gsize               size)
{
  return zmqg_radix_tree_match_any (self->tree, data, size);
}

/* Calls @func once for each distinct topic, in the order of memcmp (). */
void
zmqg_topic_set_foreach (const ZmqgTopicSet *self,
                        ZmqgTopicFunc       func,
                        gpointer            user_data)
{
  Walk walk = { func, user_data };

  zmqg_radix_tree_foreach (self->tree, visit, &walk);
}

/* Returns: the number of distinct topics */
gsize
zmqg_topic_set_get_n_topics (const ZmqgTopicSet *self)
{
  return zmqg_radix_tree_get_n_keys (self->tree);
}

/* Returns: the number of subscriptions, repeated ones included */
guint64
zmqg_topic_set_get_n_subscriptions (const ZmqgTopicSet *self)
{
  return self->n_subscriptions;
}
