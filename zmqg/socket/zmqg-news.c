/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-news-private.h"

ZmqgNews *
zmqg_news_new (ZmqgNewsKind kind,
               ZmqgTag *subject)
{
  ZmqgNews *self = g_new0 (ZmqgNews, 1);

  self->kind = kind;
  self->subject = zmqg_tag_ref (subject);
  return self;
}

void
zmqg_news_free (ZmqgNews *self)
{
  zmqg_tag_unref (self->subject);
  g_clear_object (&self->address);
  g_clear_error (&self->error);
  g_clear_pointer (&self->event, zmqg_event_unref);
  g_clear_pointer (&self->topic, g_bytes_unref);
  g_free (self);
}

static void
news_free (gpointer data)
{
  zmqg_news_free (data);
}

static ZmqgNewsLine
line_of (ZmqgNewsKind kind)
{
  switch (kind)
    {
    case ZMQG_NEWS_PEER_ADDED:
    case ZMQG_NEWS_PEER_REMOVED:
      return ZMQG_NEWS_LINE_PEERS;
    case ZMQG_NEWS_HANDSHAKE_FAILED:
      return ZMQG_NEWS_LINE_FAILURES;
    case ZMQG_NEWS_EVENT:
      return ZMQG_NEWS_LINE_EVENTS;
    case ZMQG_NEWS_SUBSCRIBED:
    case ZMQG_NEWS_UNSUBSCRIBED:
      return ZMQG_NEWS_LINE_TOPICS;
    case ZMQG_NEWS_ENDPOINT:
    default:
      return ZMQG_NEWS_LINE_ENDPOINTS;
    }
}

void
zmqg_news_queue_init (ZmqgNewsQueue *self)
{
  zmqg_lock_init (&self->lock);
  self->endpoints = g_hash_table_new (NULL, NULL);
  self->endpoints_mark = ZMQG_NEWS_MAX;
  for (guint i = 0; i < ZMQG_NEWS_N_LINES; i++)
    g_queue_init (&self->lines[i]);
}

void
zmqg_news_queue_clear (ZmqgNewsQueue *self)
{
  for (guint i = 0; i < ZMQG_NEWS_N_LINES; i++)
    zmqg_news_queue_drop (self, i);
  g_hash_table_unref (self->endpoints);
  zmqg_lock_clear (&self->lock);
}

/* Locked: takes out the endpoints that are over, and that no object stands for:
 * nobody could see that anything happened to them. */
static void
sweep_endpoints (ZmqgNewsQueue *self,
                 GQueue *swept)
{
  GQueue *line = &self->lines[ZMQG_NEWS_LINE_ENDPOINTS];
  GList *next;

  for (GList *link = line->head; link != NULL; link = next)
    {
      const ZmqgNews *news = link->data;

      next = link->next;
      /* Acquire pairs with the release of who dropped the others. */
      if (atomic_load_explicit (&news->subject->refs,
                                memory_order_acquire) > 1)
        continue;
      g_hash_table_remove (self->endpoints, news->subject);
      g_queue_unlink (line, link);
      g_queue_push_tail_link (swept, link);
    }

  self->endpoints_mark = MAX (ZMQG_NEWS_MAX, 2 * line->length);
}

void
zmqg_news_queue_push (ZmqgNewsQueue *self,
                      ZmqgNews *news)
{
  ZmqgNewsLine line = line_of (news->kind);
  GQueue *queue = &self->lines[line];
  ZmqgNews *unwanted = NULL;
  GQueue swept = G_QUEUE_INIT;

  zmqg_lock (&self->lock);
  if (line == ZMQG_NEWS_LINE_ENDPOINTS &&
      !g_hash_table_add (self->endpoints, news->subject))
    {
      unwanted = news;
    }
  else
    {
      news->number = ++self->last_number;
      g_queue_push_tail (queue, news);
      if (line == ZMQG_NEWS_LINE_TOPICS)
        atomic_store_explicit (&self->n_topics, queue->length,
                               memory_order_relaxed);
      else if (line == ZMQG_NEWS_LINE_ENDPOINTS)
        {
          if (queue->length >= self->endpoints_mark)
            sweep_endpoints (self, &swept);
        }
      else if (queue->length > ZMQG_NEWS_MAX)
        unwanted = g_queue_pop_head (queue);
      if (unwanted != NULL && line == ZMQG_NEWS_LINE_PEERS)
        self->lost_peers = TRUE;
    }
  zmqg_unlock (&self->lock);

  if (unwanted != NULL)
    zmqg_news_free (unwanted);
  g_queue_clear_full (&swept, news_free);
}

/* Locked: the line with the oldest; NULL when all are empty. */
static GQueue *
find_oldest (ZmqgNewsQueue *self)
{
  GQueue *oldest = NULL;
  guint64 number = G_MAXUINT64;

  for (guint i = 0; i < ZMQG_NEWS_N_LINES; i++)
    {
      const ZmqgNews *news = g_queue_peek_head (&self->lines[i]);

      if (news != NULL && news->number < number)
        {
          oldest = &self->lines[i];
          number = news->number;
        }
    }

  return oldest;
}

ZmqgNews *
zmqg_news_queue_pop (ZmqgNewsQueue *self)
{
  ZmqgNews *news = NULL;
  GQueue *queue;

  zmqg_lock (&self->lock);
  queue = find_oldest (self);
  if (queue != NULL)
    news = g_queue_pop_head (queue);
  if (queue == &self->lines[ZMQG_NEWS_LINE_ENDPOINTS])
    g_hash_table_remove (self->endpoints, news->subject);
  if (queue == &self->lines[ZMQG_NEWS_LINE_TOPICS])
    atomic_store_explicit (&self->n_topics, queue->length,
                           memory_order_relaxed);
  zmqg_unlock (&self->lock);

  return news;
}

gboolean
zmqg_news_queue_is_empty (ZmqgNewsQueue *self)
{
  gboolean empty;

  zmqg_lock (&self->lock);
  empty = find_oldest (self) == NULL;
  zmqg_unlock (&self->lock);

  return empty;
}

gboolean
zmqg_news_queue_take_lost (ZmqgNewsQueue *self)
{
  gboolean lost;

  zmqg_lock (&self->lock);
  lost = self->lost_peers;
  self->lost_peers = FALSE;
  zmqg_unlock (&self->lock);

  return lost;
}

void
zmqg_news_queue_drop (ZmqgNewsQueue *self,
                      ZmqgNewsLine line)
{
  GQueue dropped;

  zmqg_lock (&self->lock);
  dropped = self->lines[line];
  g_queue_init (&self->lines[line]);
  if (line == ZMQG_NEWS_LINE_ENDPOINTS)
    g_hash_table_remove_all (self->endpoints);
  if (line == ZMQG_NEWS_LINE_TOPICS)
    atomic_store_explicit (&self->n_topics, 0, memory_order_relaxed);
  zmqg_unlock (&self->lock);

  g_queue_clear_full (&dropped, news_free);
}
