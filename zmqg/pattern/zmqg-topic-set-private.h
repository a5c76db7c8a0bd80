/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * ZmqgTopicSet: the topics that a SUB or XSUB socket asked for itself, each
 * with the number of times.
 *
 * Time depends on the length of a topic only, not on the number of topics. Not
 * thread-safe: the owner locks. Callbacks must not change the set.
 */
typedef struct _ZmqgTopicSet ZmqgTopicSet;

typedef enum
{
  ZMQG_TOPIC_ADD_FAILED, /* no memory, nothing has changed */
  ZMQG_TOPIC_ADDED_NEW,
  ZMQG_TOPIC_ADDED_AGAIN,
} ZmqgTopicAdded;

typedef enum
{
  ZMQG_TOPIC_NOT_FOUND,
  ZMQG_TOPIC_STILL_HELD,
  ZMQG_TOPIC_REMOVED,
} ZmqgTopicRemoved;

typedef void (*ZmqgTopicFunc) (const guint8 *topic,
                               gsize         size,
                               gpointer      user_data);

ZmqgTopicSet     *zmqg_topic_set_new                 (void);
void              zmqg_topic_set_free                (ZmqgTopicSet       *self);
ZmqgTopicAdded    zmqg_topic_set_add                 (ZmqgTopicSet       *self,
                                                      const guint8       *topic,
                                                      gsize               size);
ZmqgTopicRemoved  zmqg_topic_set_remove              (ZmqgTopicSet       *self,
                                                      const guint8       *topic,
                                                      gsize               size);
gboolean          zmqg_topic_set_contains            (const ZmqgTopicSet *self,
                                                      const guint8       *topic,
                                                      gsize               size);
gboolean          zmqg_topic_set_matches             (const ZmqgTopicSet *self,
                                                      const guint8       *data,
                                                      gsize               size);
void              zmqg_topic_set_foreach             (const ZmqgTopicSet *self,
                                                      ZmqgTopicFunc       func,
                                                      gpointer            user_data);
gsize             zmqg_topic_set_get_n_topics        (const ZmqgTopicSet *self);
guint64           zmqg_topic_set_get_n_subscriptions (const ZmqgTopicSet *self);

G_END_DECLS
