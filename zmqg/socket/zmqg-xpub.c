/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-xpub-private.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-topic-frame-private.h"
#include "socket/zmqg-type-private.h"

/* Something to be received. */
typedef struct
{
  GList link;
  ZmqgMessage *message;
  ZmqgPipe *asker; /* manual: whose subscription it is, if still there */
  gboolean is_subscription;
} Notice;

/* --- What is received --------------------------------------------------- */

static void
add_notice (ZmqgXpub *self,
            ZmqgMessage *message,
            gboolean is_subscription,
            ZmqgPipe *asker)
{
  Notice *notice = g_new0 (Notice, 1);

  notice->link.data = notice;
  notice->message = message;
  notice->is_subscription = is_subscription;
  if (asker != NULL)
    {
      notice->asker = asker;
      self->n_askers++;
    }
  g_queue_push_tail_link (&self->notices, &notice->link);
}

static Notice *
take_notice (ZmqgXpub *self)
{
  GList *link = g_queue_pop_head_link (&self->notices);
  Notice *notice;

  if (link == NULL)
    return NULL;

  notice = link->data;
  if (notice->asker != NULL)
    self->n_askers--;
  return notice;
}

static void
forget_asker (ZmqgXpub *self,
              ZmqgPipe *pipe)
{
  if (self->last == pipe)
    self->last = NULL;

  for (GList *l = self->notices.head; l != NULL && self->n_askers > 0;
       l = l->next)
    {
      Notice *notice = l->data;

      if (notice->asker == pipe)
        {
          notice->asker = NULL;
          self->n_askers--;
        }
    }
}

/* Without memory the notice is lost, not the subscription. */
static void
notify (ZmqgSocketCore *core,
        ZmqgTag *tag,
        ZmqgPipe *asker,
        gboolean subscribe,
        const guint8 *topic,
        gsize size)
{
  ZmqgTopicFrame frame;
  ZmqgMessage *message = NULL;

  if (zmqg_topic_frame_init_message (&frame, subscribe, topic, size))
    message = zmqg_message_new_from_views (&frame.view, 1, tag);
  zmqg_topic_frame_clear (&frame);

  if (message != NULL)
    add_notice (core->state, message, TRUE, asker);
}

/* The same behind other frames of a message. */
static void
notify_behind (ZmqgSocketCore *core,
               ZmqgPipe *pipe,
               const ZmqgFrameView *before,
               guint n_before,
               gboolean subscribe,
               const guint8 *topic,
               gsize size)
{
  ZmqgXpub *self = core->state;
  ZmqgFrameView local[ZMQG_TYPE_STACK_VIEWS];
  g_autofree ZmqgFrameView *heap = NULL;
  ZmqgFrameView *views = local;
  ZmqgTopicFrame frame;
  ZmqgMessage *message = NULL;

  if (n_before + 1 > ZMQG_TYPE_STACK_VIEWS)
    views = heap = g_try_new (ZmqgFrameView, (gsize) n_before + 1);

  if (zmqg_topic_frame_init_message (&frame, subscribe, topic, size) &&
      views != NULL)
    {
      memcpy (views, before, n_before * sizeof *views);
      views[n_before] = frame.view;
      message = zmqg_message_new_from_views (views, n_before + 1,
                                             zmqg_pipe_peek_tag (pipe));
    }
  zmqg_topic_frame_clear (&frame);

  if (message != NULL)
    add_notice (self, message, TRUE, self->manual ? pipe : NULL);
}

static ZmqgTopicResult
xpub_subscription (ZmqgSocketCore *core,
                   ZmqgPipe *pipe,
                   gboolean subscribe,
                   const guint8 *topic,
                   gsize size,
                   const ZmqgFrameView *before,
                   guint n_before)
{
  ZmqgXpub *self = core->state;
  ZmqgSubscriptionTree *tree = self->manual ? self->asked
                                            : self->publisher.subscriptions;
  gboolean is_news;

  if (subscribe && !zmqg_publisher_admits (core, tree, pipe, topic, size))
    return ZMQG_TOPIC_REFUSED;

  if (subscribe)
    is_news = zmqg_subscription_tree_add (tree, topic, size, pipe) ==
                ZMQG_SUBSCRIPTION_ADDED_FIRST ||
              self->verbose;
  else
    is_news = zmqg_subscription_tree_remove (tree, topic, size, pipe) !=
                ZMQG_SUBSCRIPTION_REMOVED ||
              self->verboser;

  if (!is_news && !self->manual)
    return ZMQG_TOPIC_TAKEN;

  if (n_before > 0)
    notify_behind (core, pipe, before, n_before, subscribe, topic, size);
  else
    notify (core, zmqg_pipe_peek_tag (pipe), self->manual ? pipe : NULL,
            subscribe, topic, size);
  return ZMQG_TOPIC_TOLD;
}

typedef struct
{
  ZmqgSocketCore *core;
  ZmqgPipe *pipe;
} Loss;

/* A topic of a peer that wants it no more. */
static void
lost_topic (const guint8 *topic,
            gsize size,
            gboolean was_last,
            gpointer user_data)
{
  const Loss *loss = user_data;
  ZmqgXpub *self = loss->core->state;

  if (!loss->core->closed && (was_last || self->manual || self->verboser))
    notify (loss->core, loss->pipe->peer_tag, NULL, FALSE, topic, size);
}

/* What was asked for, or else what was granted, is told as cancelled. */
static void
xpub_forget (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  ZmqgXpub *self = core->state;
  Loss loss = { core, pipe };

  zmqg_subscription_tree_remove_target (self->asked, pipe,
                                        self->manual ? lost_topic : NULL,
                                        &loss);
  zmqg_subscription_tree_remove_target (self->publisher.subscriptions, pipe,
                                        self->manual ? NULL : lost_topic,
                                        &loss);
}

static void
xpub_message (ZmqgSocketCore *core,
              ZmqgPipe *pipe,
              const ZmqgFrameView *views,
              guint n)
{
  ZmqgMessage *message;

  message = zmqg_message_new_from_views (views, n, zmqg_pipe_peek_tag (pipe));
  if (message != NULL)
    add_notice (core->state, message, FALSE, NULL);
}

static gboolean
xpub_is_full (ZmqgSocketCore *core)
{
  ZmqgXpub *self = core->state;
  guint mark = core->options->receive_hwm;

  return mark > 0 && self->notices.length >= mark;
}

static const ZmqgPublisherHooks xpub_hooks = {
  .subscription = xpub_subscription,
  .forget = xpub_forget,
  .message = xpub_message,
  .is_full = xpub_is_full,
};

/* --- Operations --------------------------------------------------------- */

static void
xpub_init (ZmqgSocketCore *core)
{
  ZmqgXpub *self = core->state;

  zmqg_publisher_init (&self->publisher, &xpub_hooks);
  self->asked = zmqg_subscription_tree_new ();
  g_queue_init (&self->notices);
}

static void
xpub_clear (ZmqgSocketCore *core)
{
  ZmqgXpub *self = core->state;
  Notice *notice;

  while ((notice = take_notice (self)) != NULL)
    {
      zmqg_message_unref (notice->message);
      g_free (notice);
    }
  g_clear_pointer (&self->asked, zmqg_subscription_tree_free);
  zmqg_publisher_clear (&self->publisher);
}

static void
xpub_detach (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  xpub_forget (core, pipe);
  forget_asker (core->state, pipe);
  zmqg_publisher_detach (core, pipe);
}

static ZmqgIoResult
xpub_send (ZmqgSocketCore *core,
           const ZmqgFrameView *views,
           guint n,
           GError **error)
{
  ZmqgXpub *self = core->state;
  ZmqgIoResult result;

  if (G_LIKELY (!self->manual || !self->manual_last_value))
    return zmqg_publisher_send (core, views, n, error);

  self->publisher.only = self->last;
  result = zmqg_publisher_send (core, views, n, error);
  self->publisher.only = NULL;
  if (result != ZMQG_IO_AGAIN)
    self->last = NULL;

  return result;
}

/* Reads on until there is something to be received, or nothing left. */
static gboolean
has_notice (ZmqgSocketCore *core)
{
  ZmqgXpub *self = core->state;

  while (self->notices.length == 0 &&
         zmqg_publisher_has_unread (&self->publisher) &&
         !zmqg_topic_news_is_full (&self->publisher.news, core))
    zmqg_publisher_read (core);

  return self->notices.length > 0;
}

static ZmqgIoResult
xpub_receive (ZmqgSocketCore *core,
              ZmqgMessage **message,
              GError **error G_GNUC_UNUSED)
{
  ZmqgXpub *self = core->state;
  Notice *notice;

  if (!has_notice (core))
    return ZMQG_IO_AGAIN;

  notice = take_notice (self);
  if (self->manual && notice->is_subscription)
    self->last = notice->asker;
  *message = notice->message;
  g_free (notice);

  if (zmqg_publisher_has_unread (&self->publisher))
    zmqg_publisher_read (core);

  return ZMQG_IO_DONE;
}

static guint
xpub_events (ZmqgSocketCore *core,
             guint interest G_GNUC_UNUSED)
{
  return ZMQG_WAIT_OUT | (has_notice (core) ? ZMQG_WAIT_IN : 0);
}

const ZmqgSocketOps zmqg_xpub_ops = {
  .type = ZMQG_SOCKET_TYPE_XPUB,
  .session = &zmqg_xpub_session,
  .state_size = sizeof (ZmqgXpub),
  .init = xpub_init,
  .clear = xpub_clear,
  .attach = zmqg_publisher_attach,
  .readable = zmqg_publisher_readable,
  .writable = zmqg_publisher_writable,
  .hiccup = zmqg_publisher_hiccup,
  .ended = zmqg_publisher_ended,
  .detach = xpub_detach,
  .begin = zmqg_publisher_begin,
  .send = xpub_send,
  .receive = xpub_receive,
  .events = xpub_events,
  .show_topics = zmqg_publisher_show_topics,
  .read_on = zmqg_publisher_read_on,
};

/* --- For the object ------------------------------------------------------ */

gboolean
zmqg_xpub_change (ZmqgSocketCore *core,
                  gboolean subscribe,
                  const guint8 *topic,
                  gsize size,
                  GError **error)
{
  ZmqgXpub *self = core->state;
  gboolean ok = TRUE;

  if (!zmqg_socket_core_enter (core, error))
    return FALSE;

  if (!self->manual)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "Only a manual XPUB socket subscribes for others");
      ok = FALSE;
    }
  else if (self->last != NULL && !subscribe)
    {
      zmqg_subscription_tree_remove (self->publisher.subscriptions, topic,
                                     size, self->last);
    }
  else if (self->last != NULL &&
           zmqg_subscription_tree_add (self->publisher.subscriptions, topic,
                                       size, self->last) ==
             ZMQG_SUBSCRIPTION_ADD_FAILED)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                           "No memory for the subscription");
      ok = FALSE;
    }
  zmqg_inbox_wake (&core->inbox, ZMQG_WAIT_TOPICS);
  zmqg_socket_core_unlock (core);

  return ok;
}
