/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-distributor-private.h"
#include "pattern/zmqg-fair-queue-private.h"
#include "pattern/zmqg-subscription-tree-private.h"
#include "socket/zmqg-entry-private.h"
#include "socket/zmqg-topic-news-private.h"

typedef enum
{
  ZMQG_TOPIC_REFUSED, /* the peer may not subscribe */
  ZMQG_TOPIC_TAKEN,
  ZMQG_TOPIC_TOLD, /* to the program, with the frames before it: else they go
                    * with what comes behind */
} ZmqgTopicResult;

/*
 * ZmqgPublisher: what PUB and XPUB share: peers say which topics they want,
 * and get the messages whose first frame starts with one of them. It is the
 * first member of the state of both types.
 */
typedef struct
{
  /* A peer subscribed, or cancelled, in a message with other frames before
   * it, perhaps. */
  ZmqgTopicResult (*subscription) (ZmqgSocketCore *core, ZmqgPipe *pipe,
                                   gboolean subscribe, const guint8 *topic,
                                   gsize size, const ZmqgFrameView *before,
                                   guint n_before);

  /* It wants nothing any more. */
  void (*forget) (ZmqgSocketCore *core, ZmqgPipe *pipe);

  /* A peer sent frames that are no subscription. Nullable: dropped. */
  void (*message) (ZmqgSocketCore *core, ZmqgPipe *pipe,
                   const ZmqgFrameView *views, guint n);

  /* Whether nothing more may be read now. Nullable: never. */
  gboolean (*is_full) (ZmqgSocketCore *core);
} ZmqgPublisherHooks;

typedef struct
{
  const ZmqgPublisherHooks *hooks;
  ZmqgDistributor distributor;
  ZmqgFairQueue incoming; /* what peers sent and was not read yet */
  ZmqgSubscriptionTree *subscriptions; /* targets are pipes */
  ZmqgTopicNews news; /* for the signals */
  ZmqgPipe *only; /* what is sent is for this pipe alone; nullable */

  GBytes *welcome; /* first message to each peer; nullable */
  gboolean no_drop;
  gboolean invert_matching;
  gboolean only_first_subscribe;
  gboolean has_changed; /* subscriptions, and who waits was not told yet */
} ZmqgPublisher;

void zmqg_publisher_init (ZmqgPublisher *self,
                          const ZmqgPublisherHooks *hooks);
void zmqg_publisher_clear (ZmqgPublisher *self);

/* Operations of the types, with the core's lock held. */
void zmqg_publisher_attach (ZmqgSocketCore *core, ZmqgPipe *pipe);
void zmqg_publisher_readable (ZmqgSocketCore *core, ZmqgPipe *pipe);
void zmqg_publisher_writable (ZmqgSocketCore *core, ZmqgPipe *pipe);
void zmqg_publisher_hiccup (ZmqgSocketCore *core, ZmqgPipe *pipe);
gboolean zmqg_publisher_ended (ZmqgSocketCore *core, ZmqgPipe *pipe);
void zmqg_publisher_detach (ZmqgSocketCore *core, ZmqgPipe *pipe);
ZmqgIoResult zmqg_publisher_begin (ZmqgSocketCore *core,
                                   const ZmqgFrameView *first,
                                   GError **error);
ZmqgIoResult zmqg_publisher_send (ZmqgSocketCore *core,
                                  const ZmqgFrameView *views, guint n,
                                  GError **error);

/* For the hook: whether the peer whose message was peeked on @pipe may have one
 * more topic in @tree, which holds what it asked for. One that has too many is
 * dropped. */
gboolean zmqg_publisher_admits (ZmqgSocketCore *core,
                                const ZmqgSubscriptionTree *tree,
                                ZmqgPipe *pipe, const guint8 *topic,
                                gsize size);

void zmqg_publisher_show_topics (ZmqgSocketCore *core, gboolean shows);
void zmqg_publisher_read_on (ZmqgSocketCore *core);

/* In class_init of the types; @signals is theirs. */
void zmqg_publisher_install_signals (ZmqgSocketClass *klass,
                                     guint signals[ZMQG_N_TOPIC_SIGNALS]);

/* Reads what peers sent, as far as that may be read now. */
void zmqg_publisher_read (ZmqgSocketCore *core);

/* Whether peers sent more than was read. */
static inline gboolean
zmqg_publisher_has_unread (ZmqgPublisher *self)
{
  return self->incoming.turns.active > 0;
}

/* Properties of the types; no lock held. The setter tells whether the value
 * changed. */
GBytes *zmqg_publisher_dup_welcome (ZmqgSocket *socket);
gboolean zmqg_publisher_set_welcome (ZmqgSocket *socket, const guint8 *data,
                                     gsize size);
guint zmqg_publisher_count_topics (ZmqgSocket *socket);
