/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * ZmqgSubscriptionTree: which targets want which topics, for PUB and XPUB.
 *
 * A target either has a topic or has not: it is not counted how often it asked.
 * Targets are addresses that are compared and never followed. Adding, removing
 * and asking take time proportional to the length of the topic, and removing a
 * target takes that for each of its own topics: neither depends on the number
 * of topics or on the number of targets.
 *
 * Not thread-safe: the owner locks. Callbacks must not change the tree.
 */
typedef struct _ZmqgSubscriptionTree ZmqgSubscriptionTree;

typedef enum
{
  ZMQG_SUBSCRIPTION_ADD_FAILED, /* no memory, nothing has changed */
  ZMQG_SUBSCRIPTION_ADDED_FIRST,
  ZMQG_SUBSCRIPTION_ADDED,
  ZMQG_SUBSCRIPTION_DUPLICATE,
} ZmqgSubscriptionAdded;

typedef enum
{
  ZMQG_SUBSCRIPTION_NOT_FOUND,
  ZMQG_SUBSCRIPTION_REMOVED,
  ZMQG_SUBSCRIPTION_REMOVED_LAST,
} ZmqgSubscriptionRemoved;

/* @was_last: whether no target is left that has the topic. */
typedef void (*ZmqgSubscriptionTopicFunc) (const guint8 *topic,
                                           gsize         size,
                                           gboolean      was_last,
                                           gpointer      user_data);

typedef void (*ZmqgSubscriptionTargetFunc) (gpointer target,
                                            gpointer user_data);

ZmqgSubscriptionTree    *zmqg_subscription_tree_new                 (void);
void                     zmqg_subscription_tree_free                (ZmqgSubscriptionTree       *self);
ZmqgSubscriptionAdded    zmqg_subscription_tree_add                 (ZmqgSubscriptionTree       *self,
                                                                     const guint8               *topic,
                                                                     gsize                       size,
                                                                     gpointer                    target);
ZmqgSubscriptionRemoved  zmqg_subscription_tree_remove              (ZmqgSubscriptionTree       *self,
                                                                     const guint8               *topic,
                                                                     gsize                       size,
                                                                     gpointer                    target);
void                     zmqg_subscription_tree_remove_target       (ZmqgSubscriptionTree       *self,
                                                                     gpointer                    target,
                                                                     ZmqgSubscriptionTopicFunc   func,
                                                                     gpointer                    user_data);
gboolean                 zmqg_subscription_tree_contains            (const ZmqgSubscriptionTree *self,
                                                                     const guint8               *topic,
                                                                     gsize                       size,
                                                                     gpointer                    target);
void                     zmqg_subscription_tree_match               (const ZmqgSubscriptionTree *self,
                                                                     const guint8               *data,
                                                                     gsize                       size,
                                                                     ZmqgSubscriptionTargetFunc  func,
                                                                     gpointer                    user_data);
gboolean                 zmqg_subscription_tree_contains_any        (const ZmqgSubscriptionTree *self,
                                                                     const guint8               *data,
                                                                     gsize                       size);
gsize                    zmqg_subscription_tree_get_n_topics        (const ZmqgSubscriptionTree *self);
gsize                    zmqg_subscription_tree_get_n_subscriptions (const ZmqgSubscriptionTree *self);
gsize                    zmqg_subscription_tree_get_n_target_topics (const ZmqgSubscriptionTree *self,
                                                                     gpointer                    target,
                                                                     gsize                      *n_bytes);

G_END_DECLS
