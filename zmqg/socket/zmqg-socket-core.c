/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-core-private.h"

#include "base/zmqg-error.h"

/* --- What the inbox has ------------------------------------------------- */

/* Drops a reference: the last one runs user code, and waits. */
static void
throw_away (ZmqgSocketCore *self,
            ZmqgPipe *pipe)
{
  /* The array has another reference: this is not the last. */
  if (pipe->attached)
    {
      zmqg_pipe_unref (pipe);
      return;
    }

  if (self->trash == NULL)
    self->trash = g_ptr_array_new ();
  g_ptr_array_add (self->trash, pipe);
  self->to_do |= ZMQG_TO_DO_TIDY;
}

static gboolean
has_endpoint (ZmqgSocketCore *self,
              gpointer endpoint)
{
  return g_ptr_array_find (self->endpoints, endpoint, NULL);
}

static void
take_released (ZmqgSocketCore *self,
               ZmqgPipe *pipe)
{
  ZmqgSegment *list = zmqg_frame_queue_take_released (pipe->out);
  ZmqgSegment *last;

  if (list == NULL)
    return;

  for (last = list; last->next != NULL;)
    last = last->next;
  last->next = self->released;
  self->released = list;
  self->to_do |= ZMQG_TO_DO_TIDY;
}

void
zmqg_socket_core_attach (ZmqgSocketCore *self,
                         ZmqgPipe *pipe)
{
  pipe->attached = TRUE;
  g_ptr_array_add (self->pipes, pipe);
  zmqg_socket_core_add_account (self, pipe->account);
  zmqg_pipe_take_announced (pipe);
  zmqg_socket_core_tell_of_inproc_peer (self, pipe, FALSE);
  if (self->fresh == NULL)
    self->fresh = pipe;
  self->ops->attach (self, pipe);
  if (pipe->peer_tag != NULL && self->ops->peer != NULL)
    self->ops->peer (self, pipe);
}

static void
set_fate (ZmqgPipe *pipe,
          ZmqgPipeFate fate)
{
  if (pipe->account->fate == ZMQG_PIPE_FATE_OPEN)
    pipe->account->fate = fate;
}

static gboolean
is_in_process (ZmqgPipe *pipe)
{
  return ((ZmqgEndpointCore *) pipe->endpoint)->transport->in_process;
}

/* We ended the pipe. A socket in the process at its other end takes note of that
 * once our lock is dropped, since it may make no call for long. */
static void
note_left (ZmqgSocketCore *self,
           ZmqgPipe *pipe)
{
  if (pipe->peer->ops->attend == NULL)
    return;

  if (self->left == NULL)
    self->left = g_ptr_array_new ();
  g_ptr_array_add (self->left, zmqg_pipe_ref (pipe));
  self->to_do |= ZMQG_TO_DO_TIDY;
}

/* From our side. */
static void
close_end (ZmqgSocketCore *self,
           ZmqgPipe *pipe,
           int linger)
{
  set_fate (pipe, is_in_process (pipe) ? ZMQG_PIPE_FATE_LEFT
                                       : ZMQG_PIPE_FATE_LINGERING);
  zmqg_pipe_close (pipe, linger);
  note_left (self, pipe);
}

static void
handle_new (ZmqgSocketCore *self,
            ZmqgPipe *pipe)
{
  if (pipe->attached)
    return;

  zmqg_pipe_ref (pipe);
  if (self->closed || !has_endpoint (self, pipe->endpoint))
    {
      /* Its endpoint went while this was under way. */
      zmqg_socket_core_add_account (self, pipe->account);
      zmqg_pipe_close (pipe, 0);
      note_left (self, pipe);
      pipe->ended = TRUE;
      throw_away (self, pipe);
      return;
    }

  zmqg_socket_core_attach (self, pipe);
}

static void
handle_events (ZmqgSocketCore *self,
               ZmqgPipe *pipe,
               guint events)
{
  if (events & ZMQG_PIPE_ATTACHED)
    handle_new (self, pipe);

  /* A pipe that was detached may still tell something. */
  if (!pipe->attached)
    return;

  if (events & ZMQG_PIPE_STATE)
    take_released (self, pipe);
  if ((events & ZMQG_PIPE_PEER) && zmqg_pipe_take_announced (pipe))
    {
      zmqg_socket_core_tell_of_inproc_peer (self, pipe, FALSE);
      if (self->ops->peer != NULL)
        self->ops->peer (self, pipe);
    }
  if ((events & ZMQG_PIPE_HICCUP) && self->ops->hiccup != NULL)
    self->ops->hiccup (self, pipe);
  if (events & ZMQG_PIPE_READABLE)
    {
      self->fresh = pipe;
      self->ops->readable (self, pipe);
    }
  if ((events & ZMQG_PIPE_WRITABLE) && pipe->attached)
    self->ops->writable (self, pipe);
  if ((events & ZMQG_PIPE_ENDED) && pipe->attached && !pipe->ended)
    {
      zmqg_socket_core_tell_of_inproc_peer (self, pipe, TRUE);
      pipe->ended = TRUE;
      if (is_in_process (pipe))
        set_fate (pipe, ZMQG_PIPE_FATE_ORPHANED);
      if (self->ops->ended (self, pipe))
        zmqg_socket_core_detach (self, pipe);
    }
}

void
zmqg_socket_core_process_inbox (ZmqgSocketCore *self)
{
  /* What is posted from here on is left to the next call, which whoever it
   * concerns is woken for: what handle_events () does may post, too. */
  const ZmqgPipe *last = zmqg_inbox_get_last (&self->inbox);
  gboolean more = last != NULL;

  while (more)
    {
      guint events;
      ZmqgPipe *pipe = zmqg_inbox_take (&self->inbox, &events);

      more = pipe != last;
      handle_events (self, pipe, events);
      /* The list's reference; perhaps the last. */
      throw_away (self, pipe);
    }
}

/* --- The lock ----------------------------------------------------------- */

/* What a type wrote while the inbox was processed: the engine sends it. */
static void
wake_pushed (ZmqgSocketCore *self)
{
  ZmqgPipe *pipe = g_steal_pointer (&self->push);

  if (pipe == NULL)
    return;

  if (zmqg_frame_queue_claim_reader (pipe->out))
    zmqg_pipe_post_peer (pipe, ZMQG_PIPE_READABLE);
  throw_away (self, pipe);
}

/* Streams that were attached end by themselves, and so do endpoints that lost
 * their peer and do not connect again. */
static void
drop_ended_endpoints (ZmqgSocketCore *self)
{
  for (guint i = self->endpoints->len; i > 0; i--)
    {
      ZmqgEndpointCore *endpoint = g_ptr_array_index (self->endpoints, i - 1);

      if (!zmqg_endpoint_core_has_ended (endpoint))
        continue;

      zmqg_tag_ref (&endpoint->tag);
      g_ptr_array_remove_index (self->endpoints, i - 1);
      zmqg_endpoint_core_stop (endpoint, self->context, FALSE);
      zmqg_socket_core_add_news (self, ZMQG_NEWS_ENDPOINT, &endpoint->tag,
                                 NULL, NULL);
      zmqg_tag_unref (&endpoint->tag);
    }
}

/* No lock held. */
static void
attend_left (GPtrArray *left)
{
  for (guint i = 0; left != NULL && i < left->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (left, i);

      pipe->peer->ops->attend (pipe->peer);
    }
}

/* Drops the references to pipes; what they have of the user's memory is left
 * to the next call, or to the main context. No lock held. */
static void
free_trash_quietly (ZmqgSocketCore *self,
                    GPtrArray *trash)
{
  for (guint i = 0; trash != NULL && i < trash->len; i++)
    {
      ZmqgSegment *segments =
        zmqg_pipe_unref_quietly (g_ptr_array_index (trash, i));

      if (segments != NULL)
        self->client.ops->release_later (&self->client, segments);
    }
  g_clear_pointer (&trash, g_ptr_array_unref);
}

/* An I/O side posted what should not wait, and found the lock taken. */
void
zmqg_socket_core_attend (ZmqgSocketCore *self)
{
  gboolean rubbish = FALSE;

  /* That is the parent's to do. */
  if (zmqg_context_core_is_forked (self->context))
    return;

  while (atomic_load (&self->structural))
    {
      gboolean has_ended;
      gboolean has_dropped;
      GPtrArray *trash;
      GPtrArray *left;

      if (!zmqg_trylock (&self->lock))
        return;

      atomic_store (&self->structural, FALSE);
      /* Before the look at the inbox: the pipe of an endpoint that came and
       * went is met while the endpoint is still in the list. */
      has_ended = atomic_exchange (&self->has_ended, FALSE);
      has_dropped = atomic_exchange (&self->has_dropped, FALSE);
      zmqg_socket_core_process_inbox (self);
      if (has_dropped)
        zmqg_socket_core_leave_dropped_peers (self);
      if (has_ended)
        drop_ended_endpoints (self);
      wake_pushed (self);
      trash = g_steal_pointer (&self->trash);
      left = g_steal_pointer (&self->left);
      rubbish = self->released != NULL;
      /* Its barrier pairs with client_attend (). */
      zmqg_unlock (&self->lock);

      attend_left (left);
      free_trash_quietly (self, left);
      free_trash_quietly (self, trash);
    }

  /* This may be an I/O thread: user code runs elsewhere. */
  if (rubbish)
    zmqg_inbox_wake (&self->inbox, ZMQG_WAIT_NEWS);
}

static void
free_rubbish (GPtrArray *trash,
              ZmqgSegment *released)
{
  for (guint i = 0; trash != NULL && i < trash->len; i++)
    zmqg_pipe_unref (g_ptr_array_index (trash, i));
  g_clear_pointer (&trash, g_ptr_array_unref);

  zmqg_segment_list_free (released);
}

void
zmqg_socket_core_unlock_and_tidy (ZmqgSocketCore *self)
{
  ZmqgPipe *push = self->push;
  ZmqgPipe *finish = self->finish;
  GPtrArray *trash = self->trash;
  GPtrArray *left = self->left;
  ZmqgSegment *released = self->released;
  gboolean changed = (self->to_do & ZMQG_TO_DO_WAKE) != 0;

  /* What a thread of the parent was at is not to be done twice. */
  if (zmqg_context_core_is_forked (self->context))
    {
      zmqg_unlock (&self->lock);
      return;
    }

  self->push = NULL;
  self->finish = NULL;
  self->trash = NULL;
  self->left = NULL;
  self->released = NULL;
  self->to_do = 0;
  /* Its barrier pairs with client_attend (). */
  zmqg_unlock (&self->lock);

  if (G_UNLIKELY (atomic_load_explicit (&self->structural,
                                        memory_order_relaxed)))
    zmqg_socket_core_attend (self);

  if (G_UNLIKELY (push != NULL))
    {
      push->peer->ops->push (push->peer);
      zmqg_pipe_unref (push);
    }
  if (finish != NULL)
    {
      finish->peer->ops->finish (finish->peer);
      zmqg_pipe_unref (finish);
    }
  if (G_UNLIKELY (left != NULL))
    {
      attend_left (left);
      free_rubbish (left, NULL);
    }
  if (G_UNLIKELY (trash != NULL || released != NULL))
    free_rubbish (trash, released);
  if (G_UNLIKELY (changed))
    zmqg_inbox_wake (&self->inbox, ZMQG_WAIT_IN | ZMQG_WAIT_OUT);

  /* Callers may hold the object only. */
  zmqg_order_before_drop (self);
}

gboolean
zmqg_socket_core_explain (ZmqgSocketCore *self,
                          GError **error)
{
  if (self->closed)
    g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_CLOSED,
                         "The socket is closed");
  else if (atomic_load_explicit (&self->terminated, memory_order_relaxed) ||
           (!self->joined && atomic_load (&self->context->is_shut_down)))
    g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_TERMINATED,
                         "The context was shut down");
  else
    return TRUE;

  return FALSE;
}

gboolean
zmqg_socket_core_join (ZmqgSocketCore *self,
                       GError **error)
{
  if (!zmqg_socket_core_check (self, error))
    return FALSE;

  if (!self->joined)
    self->joined = zmqg_context_core_join (self->context, &self->member,
                                           error);
  return self->joined;
}

gboolean
zmqg_socket_core_explain_fork (GError **error)
{
  g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_FORKED,
                       "The socket's context was made before the process "
                       "forked");
  return FALSE;
}

/* --- Pipes -------------------------------------------------------------- */

void
zmqg_socket_core_detach (ZmqgSocketCore *self,
                         ZmqgPipe *pipe)
{
  zmqg_socket_core_tell_of_inproc_peer (self, pipe, TRUE);
  pipe->attached = FALSE;
  if (self->lent == pipe)
    self->lent = NULL;
  if (self->fresh == pipe)
    self->fresh = NULL;
  if (self->chosen == pipe)
    self->chosen = NULL;
  self->ops->detach (self, pipe);
  take_released (self, pipe);
  pipe->ended = TRUE;
  g_ptr_array_remove_fast (self->pipes, pipe);
  throw_away (self, pipe);
}

void
zmqg_socket_core_close_pipe (ZmqgSocketCore *self,
                             ZmqgPipe *pipe,
                             int linger)
{
  gboolean ended = pipe->ended;

  zmqg_pipe_ref (pipe);
  zmqg_socket_core_detach (self, pipe);
  if (!ended)
    close_end (self, pipe, linger);
  throw_away (self, pipe);
}

void
zmqg_socket_core_leave_pipe (ZmqgSocketCore *self,
                             ZmqgPipe *pipe,
                             int linger)
{
  if (pipe->ended)
    return;

  pipe->ended = TRUE;
  close_end (self, pipe, linger);
  if (self->ops->ended (self, pipe))
    zmqg_socket_core_detach (self, pipe);
}

void
zmqg_socket_core_drop_inbound (ZmqgSocketCore *self,
                               ZmqgPipe *pipe)
{
  guint n = 0;

  while (n < ZMQG_SOCKET_DROPS_MAX && zmqg_pipe_peek (pipe, &self->frames))
    {
      guint64 counts = zmqg_pipe_counts (pipe, &self->frames);

      zmqg_account_begin_drop (pipe->account);
      zmqg_pipe_consume (pipe);
      zmqg_account_end_drop (pipe->account, ZMQG_DROP_REASON_UNWANTED,
                             counts);
      n++;
    }

  /* Its end is not asleep, so nobody else would tell of it. */
  if (n == ZMQG_SOCKET_DROPS_MAX)
    zmqg_inbox_post (&self->inbox, pipe, ZMQG_PIPE_READABLE);
}

void
zmqg_socket_core_flush_asleep (ZmqgSocketCore *self,
                               ZmqgPipe *pipe)
{
  take_released (self, pipe);

  if (!zmqg_pipe_reader_sleeps (pipe))
    return;

  if (self->push == NULL && pipe->peer->ops->push != NULL)
    {
      self->push = zmqg_pipe_ref (pipe);
      self->to_do |= ZMQG_TO_DO_TIDY;
    }
  else if (zmqg_frame_queue_claim_reader (pipe->out))
    zmqg_pipe_post_peer (pipe, ZMQG_PIPE_READABLE);
}

/* --- Life --------------------------------------------------------------- */

static void
member_shutdown (ZmqgContextMember *member)
{
  ZmqgSocketCore *self =
    (ZmqgSocketCore *) ((guint8 *) member -
                        G_STRUCT_OFFSET (ZmqgSocketCore, member));

  atomic_store (&self->terminated, TRUE);
  zmqg_inbox_wake_all (&self->inbox);
}

static void
endpoint_unref (gpointer data)
{
  zmqg_tag_unref (data);
}

ZmqgSocketCore *
zmqg_socket_core_new (const ZmqgSocketOps *ops,
                      ZmqgContextCore *context,
                      GMainContext *main_context)
{
  ZmqgSocketCore *self = g_new0 (ZmqgSocketCore, 1);

  atomic_init (&self->refs, 1);
  self->client.ops = &zmqg_socket_client_ops;
  self->client.table = ops->session;
  self->client.inbox = &self->inbox;
  self->member.shutdown = member_shutdown;
  self->ops = ops;
  self->context = zmqg_context_core_ref (context);
  if (main_context != NULL)
    self->main_context = g_main_context_ref (main_context);
  zmqg_inbox_init (&self->inbox);
  zmqg_lock_init (&self->lock);
  zmqg_lock_init (&self->accounts_lock);
  self->accounts =
    g_ptr_array_new_with_free_func ((GDestroyNotify) zmqg_account_unref);
  zmqg_news_queue_init (&self->news);
  zmqg_lock_init (&self->monitor_lock);
  self->options = zmqg_options_new ();
  self->pipes = g_ptr_array_new ();
  self->endpoints = g_ptr_array_new_with_free_func (endpoint_unref);
  zmqg_frame_array_init (&self->frames);
  self->state = g_malloc0 (ops->state_size);

  zmqg_lock (&context->lock);
  self->options->ipv6 = context->ipv6;
  self->options->max_message_size = context->max_message_size;
  if (!context->blocky)
    self->options->linger = 0;
  zmqg_unlock (&context->lock);

  ops->init (self);
  zmqg_context_core_add_member (context, &self->member);
  return self;
}

ZmqgSocketCore *
zmqg_socket_core_ref (ZmqgSocketCore *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

void
zmqg_socket_core_unref (ZmqgSocketCore *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  zmqg_order_after_drop (self);
  g_assert (self->pipes->len == 0);
  zmqg_news_queue_clear (&self->news);
  if (self->monitor != NULL)
    self->monitor->unref (self->monitor);
  self->ops->clear (self);
  g_free (self->state);
  zmqg_frame_array_clear (&self->frames);
  zmqg_inbox_clear (&self->inbox);
  g_ptr_array_unref (self->pipes);
  g_ptr_array_unref (self->endpoints);
  zmqg_options_unref (self->options);
  g_free (self->last_endpoint);
  zmqg_lock_clear (&self->lock);
  g_ptr_array_unref (self->accounts);
  zmqg_lock_clear (&self->accounts_lock);
  zmqg_lock_clear (&self->monitor_lock);
  g_clear_pointer (&self->main_context, g_main_context_unref);
  if (self->release_context != NULL)
    g_main_context_unref (self->release_context);
  zmqg_context_core_unref (self->context);
  g_free (self);
}

void
zmqg_socket_core_set_release_context (ZmqgSocketCore *self,
                                      GMainContext *context)
{
  atomic_store (&self->release_context, g_main_context_ref (context));
}

static void
close_core (ZmqgSocketCore *self,
            const int *linger)
{
  g_autoptr (GPtrArray) endpoints = NULL;

  if (zmqg_context_core_is_forked (self->context))
    return;

  zmqg_socket_core_lock (self);
  if (self->closed)
    {
      zmqg_socket_core_unlock (self);
      return;
    }

  self->closed = TRUE;
  self->unsent_before = atomic_load (&self->unsent);
  zmqg_inbox_refuse (&self->inbox);
  zmqg_socket_core_process_inbox (self);
  while (self->pipes->len > 0)
    zmqg_socket_core_close_pipe (self, g_ptr_array_index (self->pipes, 0),
                                 linger != NULL ? *linger
                                                : self->options->linger);
  endpoints = self->endpoints;
  self->endpoints = g_ptr_array_new_with_free_func (endpoint_unref);
  self->joined = FALSE;
  zmqg_socket_core_unlock (self);

  for (guint i = 0; i < endpoints->len; i++)
    {
      ZmqgEndpointCore *endpoint = g_ptr_array_index (endpoints, i);

      zmqg_endpoint_core_stop (endpoint, self->context, FALSE);
      zmqg_socket_core_add_news (self, ZMQG_NEWS_ENDPOINT, &endpoint->tag,
                                 NULL, NULL);
    }
  zmqg_socket_core_stop_events (self);

  zmqg_inbox_wake_all (&self->inbox);
  zmqg_context_core_remove_member (self->context, &self->member);

  zmqg_order_before_drop (self);
}

void
zmqg_socket_core_close (ZmqgSocketCore *self)
{
  close_core (self, NULL);
}

void
zmqg_socket_core_close_lingering (ZmqgSocketCore *self,
                                  int linger)
{
  close_core (self, &linger);
}
