/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-publisher-private.h"

#include "socket/zmqg-topic-frame-private.h"
#include "socket/zmqg-type-private.h"

/* A peer that never stops to subscribe holds up a call for so many of its
 * messages at most. */
#define READ_MAX 65536u

void
zmqg_publisher_init (ZmqgPublisher *self,
                     const ZmqgPublisherHooks *hooks)
{
  self->hooks = hooks;
  zmqg_distributor_init (&self->distributor);
  zmqg_fair_queue_init (&self->incoming);
  self->subscriptions = zmqg_subscription_tree_new ();
}

void
zmqg_publisher_clear (ZmqgPublisher *self)
{
  zmqg_distributor_clear (&self->distributor);
  zmqg_fair_queue_clear (&self->incoming);
  g_clear_pointer (&self->subscriptions, zmqg_subscription_tree_free);
  zmqg_topic_news_clear (&self->news);
  g_clear_pointer (&self->welcome, g_bytes_unref);
}

/* --- What peers send ---------------------------------------------------- */

typedef struct
{
  gboolean subscribe;
  const guint8 *topic;
  gsize size;
} Subscription;

/* Both forms are taken from any peer (ZMTP 3.1, section subscriptions, and
 * RFC 29). */
static gboolean
parse_subscription (const ZmqgFrameView *view,
                    Subscription *subscription)
{
  if (view->flags & ZMQG_FRAME_COMMAND)
    {
      ZmqgCommand command;
      ZmqgCommandId id = zmqg_command_parse (&command, view->data,
                                             view->size);

      if (id != ZMQG_COMMAND_SUBSCRIBE && id != ZMQG_COMMAND_CANCEL)
        return FALSE;

      subscription->subscribe = id == ZMQG_COMMAND_SUBSCRIBE;
      subscription->topic = command.data;
      subscription->size = command.size;
      return TRUE;
    }

  if (!zmqg_topic_frame_is_message (view))
    return FALSE;

  subscription->subscribe = view->data[0] == ZMQG_COMMAND_BYTE_SUBSCRIBE;
  subscription->topic = view->data + 1;
  subscription->size = view->size - 1;
  return TRUE;
}

/* What it would have too much of. */
static ZmqgPeerExcess
find_excess (const ZmqgOptions *options,
             const ZmqgSubscriptionTree *tree,
             ZmqgPipe *pipe,
             gsize size)
{
  gsize max = (gsize) options->max_subscriptions;
  gsize max_bytes = (gsize) options->max_subscription_bytes;
  gsize bytes;
  gsize n;

  n = zmqg_subscription_tree_get_n_target_topics (tree, pipe, &bytes);
  if (max > 0 && n >= max)
    return ZMQG_PEER_EXCESS_SUBSCRIPTIONS;
  if (max_bytes > 0 && (bytes > max_bytes || size > max_bytes - bytes))
    return ZMQG_PEER_EXCESS_SUBSCRIPTION_BYTES;
  return ZMQG_PEER_EXCESS_NONE;
}

gboolean
zmqg_publisher_admits (ZmqgSocketCore *core,
                       const ZmqgSubscriptionTree *tree,
                       ZmqgPipe *pipe,
                       const guint8 *topic,
                       gsize size)
{
  ZmqgPublisher *self = core->state;
  ZmqgPeerRecord *record = (ZmqgPeerRecord *) zmqg_pipe_peek_tag (pipe);
  ZmqgPeerExcess excess;

  /* What comes behind may have been on its way. */
  if (record != NULL && atomic_load_explicit (&record->dropped,
                                              memory_order_relaxed))
    return FALSE;

  excess = find_excess (core->options, tree, pipe, size);
  if (G_LIKELY (excess == ZMQG_PEER_EXCESS_NONE) || record == NULL ||
      zmqg_subscription_tree_contains (tree, topic, size, pipe))
    return TRUE;

  /* The pipe may outlive the connection, and the memory is wanted now. */
  self->hooks->forget (core, pipe);
  zmqg_peer_record_drop (record, excess);
  return FALSE;
}

static void
take_frames (ZmqgSocketCore *core,
             ZmqgPipe *pipe,
             const ZmqgFrameView *views,
             guint n)
{
  ZmqgPublisher *self = core->state;

  if (n > 0 && self->hooks->message != NULL)
    self->hooks->message (core, pipe, views, n);
}

/* Takes the message in core->frames apart: any frame may be a subscription,
 * and the others are messages of the peer's, which end where the message does
 * or, as in libzmq, with a subscription that is told of. %FALSE when it was of
 * no use. */
static gboolean
take_message (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  ZmqgPublisher *self = core->state;
  ZmqgFrameView *views = core->frames.views;
  guint n = core->frames.n;
  gboolean examine = TRUE;
  gboolean used = self->hooks->message != NULL;
  guint start = 0; /* of those that are kept for what comes behind */
  guint end = 0;

  for (guint i = 0; i < n; i++)
    {
      Subscription subscription;

      if (examine && parse_subscription (&views[i], &subscription))
        {
          ZmqgTopicResult result;

          used = TRUE;
          result = self->hooks->subscription (
            core, pipe, subscription.subscribe, subscription.topic,
            subscription.size, views + start, end - start);
          if (result == ZMQG_TOPIC_TOLD)
            start = end = i + 1;
          if (G_UNLIKELY (self->news.told != NULL) &&
              result != ZMQG_TOPIC_REFUSED)
            zmqg_topic_news_add (&self->news, core, pipe,
                                 subscription.subscribe, subscription.topic,
                                 subscription.size);
          self->has_changed = TRUE;
        }
      /* Other commands are not for us. */
      else if ((views[i].flags & ZMQG_FRAME_COMMAND) == 0)
        {
          views[end++] = views[i];
          if (i == 0)
            examine = !self->only_first_subscribe;
        }
    }

  take_frames (core, pipe, views + start, end - start);
  return used;
}

static gboolean
is_full (ZmqgSocketCore *core)
{
  ZmqgPublisher *self = core->state;

  return (self->hooks->is_full != NULL && self->hooks->is_full (core)) ||
         zmqg_topic_news_is_full (&self->news, core);
}

static void
read_messages (ZmqgSocketCore *core)
{
  ZmqgPublisher *self = core->state;

  for (guint i = 0; i < READ_MAX; i++)
    {
      ZmqgPipe *pipe;
      gboolean used;

      if (is_full (core))
        return;

      pipe = zmqg_fair_queue_peek (&self->incoming, &core->frames);
      if (pipe == NULL)
        return;

      if (core->frames.n == 0)
        {
          zmqg_socket_core_detach (core, pipe);
          continue;
        }

      used = take_message (core, pipe) ||
             !zmqg_pipe_counts (pipe, &core->frames);
      if (!used)
        zmqg_account_begin_drop (pipe->account);
      zmqg_fair_queue_consume (&self->incoming);
      if (!used)
        zmqg_account_end_drop (pipe->account, ZMQG_DROP_REASON_UNWANTED, 1);
    }
}

void
zmqg_publisher_read (ZmqgSocketCore *core)
{
  ZmqgPublisher *self = core->state;

  read_messages (core);
  if (!self->has_changed)
    return;

  self->has_changed = FALSE;
  zmqg_inbox_wake (&core->inbox, ZMQG_WAIT_TOPICS);
}

void
zmqg_publisher_read_on (ZmqgSocketCore *core)
{
  if (!zmqg_publisher_has_unread (core->state))
    return;

  zmqg_publisher_read (core);
  core->to_do |= ZMQG_TO_DO_WAKE;
}

/* --- Operations --------------------------------------------------------- */

static void
send_welcome (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  ZmqgPublisher *self = core->state;
  ZmqgFrameView view = { NULL };

  view.data = g_bytes_get_data (self->welcome, &view.size);
  if (zmqg_pipe_write (pipe, &view, 1) == ZMQG_PIPE_WRITTEN)
    zmqg_pipe_flush (pipe);
  else
    zmqg_account_drop (pipe->account, ZMQG_DROP_REASON_FULL);
}

void
zmqg_publisher_attach (ZmqgSocketCore *core,
                       ZmqgPipe *pipe)
{
  ZmqgPublisher *self = core->state;

  if (self->welcome != NULL)
    send_welcome (core, pipe);

  zmqg_distributor_attach (&self->distributor, pipe);
  pipe->active_out = TRUE;
  zmqg_fair_queue_attach (&self->incoming, pipe);
  zmqg_publisher_read (core);
}

void
zmqg_publisher_readable (ZmqgSocketCore *core,
                         ZmqgPipe *pipe)
{
  ZmqgPublisher *self = core->state;

  zmqg_fair_queue_activate (&self->incoming, pipe);
  zmqg_publisher_read (core);
}

void
zmqg_publisher_writable (ZmqgSocketCore *core G_GNUC_UNUSED,
                         ZmqgPipe *pipe G_GNUC_UNUSED)
{
  /* Room is looked for at each message. */
}

static void
stop_sending (ZmqgPublisher *self,
              ZmqgPipe *pipe)
{
  if (!pipe->active_out)
    return;

  pipe->active_out = FALSE;
  zmqg_distributor_detach (&self->distributor, pipe);
}

void
zmqg_publisher_hiccup (ZmqgSocketCore *core,
                       ZmqgPipe *pipe)
{
  ZmqgPublisher *self = core->state;

  zmqg_topic_news_lose (&self->news, core, pipe, FALSE);
}

void
zmqg_publisher_show_topics (ZmqgSocketCore *core,
                            gboolean shows)
{
  ZmqgPublisher *self = core->state;

  zmqg_topic_news_listen (&self->news, shows);
}

gboolean
zmqg_publisher_ended (ZmqgSocketCore *core,
                      ZmqgPipe *pipe)
{
  ZmqgPublisher *self = core->state;

  stop_sending (self, pipe);
  zmqg_topic_news_lose (&self->news, core, pipe, TRUE);

  /* What was looked at, but not taken, counts too. */
  zmqg_fair_queue_activate (&self->incoming, pipe);
  return !zmqg_pipe_peek (pipe, &core->frames) && core->frames.n == 0;
}

void
zmqg_publisher_detach (ZmqgSocketCore *core,
                       ZmqgPipe *pipe)
{
  ZmqgPublisher *self = core->state;

  stop_sending (self, pipe);
  zmqg_topic_news_lose (&self->news, core, pipe, TRUE);
  zmqg_fair_queue_detach (&self->incoming, pipe);
}

static void
match_target (gpointer target,
              gpointer user_data)
{
  ZmqgPublisher *self = user_data;
  ZmqgPipe *pipe = target;

  /* One that has ended keeps its topics until what it sent is read. */
  if (pipe->active_out && (self->only == NULL || self->only == pipe))
    zmqg_distributor_match (&self->distributor, pipe);
}

/* Collects who gets a message that starts with @view. */
static void
match (ZmqgPublisher *self,
       const ZmqgFrameView *view)
{
  ZmqgDistributor *distributor = &self->distributor;

  zmqg_distributor_start (distributor);
  zmqg_subscription_tree_match (self->subscriptions, view->data, view->size,
                                match_target, self);

  if (!self->invert_matching)
    return;

  if (self->only == NULL)
    {
      zmqg_distributor_invert (distributor);
    }
  else
    {
      gboolean matches = distributor->targets->len > 0;

      zmqg_distributor_start (distributor);
      if (!matches && self->only->active_out)
        zmqg_distributor_match (distributor, self->only);
    }
}

/* The only target may be written to by the caller's thread. */
static gboolean
write_to_one (ZmqgSocketCore *core,
              ZmqgPipe *pipe,
              const ZmqgFrameView *views,
              guint n)
{
  ZmqgPipeResult result = zmqg_pipe_write (pipe, views, n);

  if (G_LIKELY (result == ZMQG_PIPE_WRITTEN))
    zmqg_socket_core_flush (core, pipe);
  else
    zmqg_account_drop (pipe->account,
                       result == ZMQG_PIPE_FULL
                         ? ZMQG_DROP_REASON_FULL
                         : ZMQG_DROP_REASON_NO_MEMORY);

  return result != ZMQG_PIPE_NO_MEMORY;
}

static gboolean
write_to_many (ZmqgSocketCore *core,
               const ZmqgFrameView *views,
               guint n)
{
  ZmqgDistributor *distributor = &((ZmqgPublisher *) core->state)->distributor;
  gboolean memory = zmqg_distributor_write (distributor, views, n);
  gboolean large = FALSE;

  for (guint i = 0; i < n; i++)
    large |= views[i].size >= ZMQG_FRAME_LARGE;

  /* What readers are done with of earlier large frames is released here. */
  for (guint i = 0; large && i < distributor->targets->len; i++)
    zmqg_socket_core_flush (core, g_ptr_array_index (distributor->targets, i));

  return memory;
}

ZmqgIoResult
zmqg_publisher_begin (ZmqgSocketCore *core,
                      const ZmqgFrameView *first,
                      GError **error G_GNUC_UNUSED)
{
  ZmqgPublisher *self = core->state;

  if (!self->no_drop)
    return ZMQG_IO_DONE;

  if (zmqg_publisher_has_unread (self))
    zmqg_publisher_read (core);
  match (self, first);
  return zmqg_distributor_has_room (&self->distributor) ? ZMQG_IO_DONE
                                                        : ZMQG_IO_AGAIN;
}

ZmqgIoResult
zmqg_publisher_send (ZmqgSocketCore *core,
                     const ZmqgFrameView *views,
                     guint n,
                     GError **error)
{
  ZmqgPublisher *self = core->state;
  GPtrArray *targets = self->distributor.targets;
  gboolean memory;

  if (G_UNLIKELY (zmqg_publisher_has_unread (self)))
    zmqg_publisher_read (core);

  match (self, &views[0]);
  if (self->no_drop && !zmqg_distributor_has_room (&self->distributor))
    return ZMQG_IO_AGAIN;

  if (G_UNLIKELY (self->distributor.pipes->len == 0))
    core->dropped_no_peer++;
  if (targets->len == 0)
    return ZMQG_IO_DONE;

  if (targets->len == 1)
    memory = write_to_one (core, g_ptr_array_index (targets, 0), views, n);
  else
    memory = write_to_many (core, views, n);

  if (memory)
    return ZMQG_IO_DONE;

  zmqg_set_no_memory (error);
  return ZMQG_IO_FAILED;
}

/* --- Properties --------------------------------------------------------- */

GBytes *
zmqg_publisher_dup_welcome (ZmqgSocket *socket)
{
  ZmqgPublisher *self = socket->core->state;
  GBytes *welcome = NULL;

  if (zmqg_context_core_is_forked (socket->core->context))
    return NULL;

  zmqg_socket_core_lock (socket->core);
  if (self->welcome != NULL)
    welcome = g_bytes_ref (self->welcome);
  zmqg_socket_core_unlock (socket->core);

  return welcome;
}

gboolean
zmqg_publisher_set_welcome (ZmqgSocket *socket,
                            const guint8 *data,
                            gsize size)
{
  ZmqgPublisher *self = socket->core->state;
  GBytes *welcome = NULL;
  GBytes *old;
  gboolean changed;

  if (zmqg_context_core_is_forked (socket->core->context))
    return FALSE;

  /* A copy: the last reference may go in any thread. */
  if (size > 0)
    welcome = g_bytes_new (data, size);

  zmqg_socket_core_lock (socket->core);
  old = self->welcome;
  self->welcome = welcome;
  if (old == NULL || welcome == NULL)
    changed = old != welcome;
  else
    changed = !g_bytes_equal (old, welcome);
  zmqg_socket_core_unlock (socket->core);

  g_clear_pointer (&old, g_bytes_unref);

  return changed;
}

guint
zmqg_publisher_count_topics (ZmqgSocket *socket)
{
  ZmqgPublisher *self = socket->core->state;
  gsize n;

  if (zmqg_context_core_is_forked (socket->core->context))
    return 0;

  zmqg_socket_core_lock (socket->core);
  if (zmqg_publisher_has_unread (self))
    zmqg_publisher_read (socket->core);
  n = zmqg_subscription_tree_get_n_topics (self->subscriptions);
  zmqg_socket_core_unlock (socket->core);

  return (guint) MIN (n, G_MAXUINT);
}
