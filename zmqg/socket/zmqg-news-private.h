/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-lock-private.h"
#include "message/zmqg-tag-private.h"
#include "socket/zmqg-event-private.h"

/*
 * ZmqgNews: something for the socket's signals and models, until its main
 * context runs. No GObject that the user can see is in it.
 */
typedef enum
{
  ZMQG_NEWS_PEER_ADDED,
  ZMQG_NEWS_PEER_REMOVED,
  ZMQG_NEWS_HANDSHAKE_FAILED,
  ZMQG_NEWS_ENDPOINT,
  ZMQG_NEWS_EVENT,
  ZMQG_NEWS_SUBSCRIBED,
  ZMQG_NEWS_UNSUBSCRIBED,
} ZmqgNewsKind;

typedef struct
{
  ZmqgNewsKind kind;
  guint64 number;           /* counts up over all kinds */
  ZmqgTag *subject;         /* a peer record, or an endpoint core; counted,
                             * NULL for EVENT */
  GSocketAddress *address;  /* HANDSHAKE_FAILED, nullable */
  GError *error;            /* nullable */
  ZmqgEvent *event;         /* EVENT, counted */
  GBytes *topic;            /* SUBSCRIBED, UNSUBSCRIBED */
} ZmqgNews;

ZmqgNews *zmqg_news_new (ZmqgNewsKind kind, ZmqgTag *subject);
void zmqg_news_free (ZmqgNews *self);

/*
 * ZmqgNewsQueue: what nobody has fetched yet, in the order in which it
 * happened. It does not grow without bound when nobody ever does: there is a
 * line for each sort of news, and
 *
 *  - as long as nobody can see the socket nothing is kept;
 *  - an endpoint is in its line once, however often it changed, and no longer
 *    than somebody else knows it;
 *  - of events, of failed handshakes, and of peers the oldest go;
 *  - the line of topics has a mark, at which the socket stops reading what
 *    its peers subscribe to.
 */
typedef enum
{
  ZMQG_NEWS_LINE_PEERS,
  ZMQG_NEWS_LINE_FAILURES,
  ZMQG_NEWS_LINE_ENDPOINTS,
  ZMQG_NEWS_LINE_EVENTS,
  ZMQG_NEWS_LINE_TOPICS,
  ZMQG_NEWS_N_LINES,
} ZmqgNewsLine;

/* How much of each sort is kept. */
#define ZMQG_NEWS_MAX 1024u
#define ZMQG_NEWS_TOPICS_MAX 16384u

typedef struct
{
  ZmqgLock lock; /* a leaf */
  GQueue lines[ZMQG_NEWS_N_LINES]; /* of ZmqgNews */
  GHashTable *endpoints; /* those in their line; borrowed */
  guint endpoints_mark;  /* length of their line at which it is swept */
  guint64 last_number;
  gboolean lost_peers;  /* news of peers went unseen */
  atomic_uint n_topics; /* in their line */
  atomic_bool unheard;  /* nobody can be told of anything yet */
} ZmqgNewsQueue;

void zmqg_news_queue_init (ZmqgNewsQueue *self);
void zmqg_news_queue_clear (ZmqgNewsQueue *self);

/* Nobody has the socket's object, until it is said that somebody does: nothing
 * is kept in between. Any thread. */
static inline void
zmqg_news_queue_set_unheard (ZmqgNewsQueue *self,
                             gboolean unheard)
{
  atomic_store_explicit (&self->unheard, unheard, memory_order_relaxed);
}

static inline gboolean
zmqg_news_queue_is_unheard (ZmqgNewsQueue *self)
{
  return atomic_load_explicit (&self->unheard, memory_order_relaxed);
}

/* Any thread. Takes @news. */
void zmqg_news_queue_push (ZmqgNewsQueue *self, ZmqgNews *news);

/* The oldest, transfer full; %NULL when there is none. */
ZmqgNews *zmqg_news_queue_pop (ZmqgNewsQueue *self);

gboolean zmqg_news_queue_is_empty (ZmqgNewsQueue *self);

/* Whether news of peers were dropped since the last call. */
gboolean zmqg_news_queue_take_lost (ZmqgNewsQueue *self);

/* Nobody is interested in a sort any more. */
void zmqg_news_queue_drop (ZmqgNewsQueue *self, ZmqgNewsLine line);

static inline gboolean
zmqg_news_queue_has_room_for_topics (ZmqgNewsQueue *self)
{
  return atomic_load_explicit (&self->n_topics, memory_order_relaxed) <
         ZMQG_NEWS_TOPICS_MAX;
}
