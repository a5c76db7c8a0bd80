/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-session-private.h"

static void session_post (ZmqgPipe *pipe, guint events);

/* --- The engine's end of the pipe --------------------------------------- */

static void
session_push (ZmqgPipe *pipe)
{
  ZmqgSession *self = pipe->owner;

  ZmqgOutboundPush result = zmqg_outbound_push (&self->outbound);

  if (result == ZMQG_OUTBOUND_PUSHED ||
      !zmqg_frame_queue_claim_reader (pipe->in))
    return;

  if (result == ZMQG_OUTBOUND_PUSH_LATER)
    zmqg_session_write_later (self);
  else
    session_post (pipe, ZMQG_PIPE_READABLE);
}

static void
session_finish_large (ZmqgPipe *pipe)
{
  ZmqgSession *self = pipe->owner;

  if (!zmqg_outbound_finish (&self->outbound) &&
      zmqg_frame_queue_claim_reader (pipe->in))
    session_post (pipe, ZMQG_PIPE_READABLE);
}

static void
session_drain (ZmqgPipe *pipe)
{
  ZmqgSession *self = pipe->owner;

  if (!zmqg_outbound_drain (&self->outbound))
    session_post (pipe, ZMQG_PIPE_READABLE);
}

static ZmqgPull
session_pull (ZmqgPipe *pipe,
              int *fd)
{
  ZmqgSession *self = pipe->owner;
  gboolean tell;
  ZmqgPull result = zmqg_read_through_pull (&self->reading, fd, &tell);

  if (tell)
    session_post (pipe, ZMQG_PIPE_READ);
  return result;
}

static void
session_leave (ZmqgPipe *pipe)
{
  ZmqgSession *self = pipe->owner;

  if (zmqg_read_through_leave (&self->reading))
    session_post (pipe, ZMQG_PIPE_READ);
}

static void
session_release (ZmqgPipe *pipe)
{
  zmqg_session_unref (pipe->owner);
}

/* Where a thread of its own serves the engine, others may do its work. */
static const ZmqgPipeOwner session_pipe_owner = {
  .post = session_post,
  .push = session_push,
  .finish = session_finish_large,
  .pull = session_pull,
  .leave = session_leave,
  .drain = session_drain,
  .release = session_release,
};

static const ZmqgPipeOwner driven_session_pipe_owner = {
  .post = session_post,
  .push = session_push,
  .release = session_release,
};

/* The socket's end waits in the inbox of the client; these are the events of
 * the socket's end to us. */
static void
session_post (ZmqgPipe *pipe,
              guint events)
{
  ZmqgSession *self = pipe->owner;

  atomic_fetch_or (&self->events, events);
  zmqg_session_ref (self);
  if (!zmqg_engine_queue (self->engine, &self->task))
    zmqg_session_unref (self);
}

/* To be called when the lock of the outbound side was held and let go: a
 * sender that found it taken has left what it wrote to its holder. */
static void
heed_sender (ZmqgSession *self)
{
  /* Pairs with the order in zmqg_outbound_push (). */
  atomic_thread_fence (memory_order_seq_cst);
  if (atomic_load_explicit (&self->outbound.wanted, memory_order_relaxed) &&
      atomic_exchange (&self->outbound.wanted, FALSE))
    session_post (self->pipe, ZMQG_PIPE_READABLE);
}

/* --- Closing ------------------------------------------------------------ */

static void
session_finish (ZmqgSession *self)
{
  if (self->done)
    return;

  self->done = TRUE;
  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->linger);
  self->finished (self, self->owner);
}

static void
linger_expired (ZmqgTimer *timer)
{
  ZmqgSession *self = (ZmqgSession *) ((guint8 *) timer -
                                       G_STRUCT_OFFSET (ZmqgSession, linger));

  session_finish (self);
}

static void
session_close (ZmqgSession *self)
{
  int linger = self->pipe->linger;

  if (self->closing)
    return;

  self->closing = TRUE;
  zmqg_session_close_reading (self);
  zmqg_lock (&self->reading.lock);
  self->inbound.discard = TRUE;
  zmqg_unlock (&self->reading.lock);

  if (linger == 0 || zmqg_outbound_is_drained (&self->outbound))
    {
      session_finish (self);
      return;
    }

  /* A sender may be about to write, or at it, and would tell nobody when it
   * is through. */
  session_post (self->pipe, ZMQG_PIPE_READABLE);
  if (linger > 0)
    zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine),
                              &self->linger, linger);
}

void
zmqg_session_drained (ZmqgSession *self)
{
  if (self->closing && zmqg_outbound_is_drained (&self->outbound))
    session_finish (self);
}

static void
session_run (ZmqgEngineTask *task)
{
  ZmqgSession *self = (ZmqgSession *) ((guint8 *) task -
                                       G_STRUCT_OFFSET (ZmqgSession, task));
  guint events = atomic_exchange (&self->events, 0);

  if (self->pipe != NULL && (events & ZMQG_PIPE_ENDED))
    session_close (self);
  if (self->pipe != NULL && self->connection != NULL)
    self->kick (self->connection, events);
  if (self->connection != NULL && (events & ZMQG_PIPE_DROPPED) &&
      atomic_load (&self->record->dropped))
    self->drop (self->connection);

  zmqg_session_unref (self);
}

static void
session_run_later (ZmqgEngineTask *task)
{
  ZmqgSession *self = (ZmqgSession *) ((guint8 *) task -
                                       G_STRUCT_OFFSET (ZmqgSession, later));

  if (self->pipe != NULL && self->connection != NULL)
    self->kick (self->connection, ZMQG_PIPE_READABLE);

  zmqg_session_unref (self);
}

void
zmqg_session_write_later (ZmqgSession *self)
{
  zmqg_session_ref (self);
  if (!zmqg_engine_queue_later (self->engine, &self->later))
    zmqg_session_unref (self);
}

/* --- Reading by receivers ------------------------------------------------ */

static void
beat_expired (ZmqgTimer *timer)
{
  ZmqgSession *self = (ZmqgSession *) ((guint8 *) timer -
                                       G_STRUCT_OFFSET (ZmqgSession, beat));

  switch (zmqg_read_through_beat (&self->reading))
    {
    case ZMQG_BEAT_AGAIN:
    case ZMQG_BEAT_BACK:
      if (self->connection != NULL)
        self->kick (self->connection, ZMQG_PIPE_READ);
      break;

    case ZMQG_BEAT_STOP:
    default:
      break;
    }
}

void
zmqg_session_open_reading (ZmqgSession *self,
                           int fd)
{
  if (fd >= 0 && self->pipe->ops->pull != NULL && !self->inbound.discard)
    zmqg_read_through_open (&self->reading, fd);
}

void
zmqg_session_close_reading (ZmqgSession *self)
{
  zmqg_read_through_close (&self->reading);
  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->beat);
}

/* --- Idleness ----------------------------------------------------------- */

/* The queues of a connection that has been idle for so long are emptied of
 * their last chunk. */
#define IDLE_MSEC 1000

static gboolean
trim_queues (gpointer data)
{
  ZmqgSession *self = data;
  gboolean trimmed;

  zmqg_lock (&self->outbound.lock);
  trimmed = zmqg_frame_queue_trim (self->pipe->in);
  zmqg_unlock (&self->outbound.lock);
  heed_sender (self);

  if (!zmqg_trylock (&self->reading.lock))
    return FALSE;
  trimmed = zmqg_frame_queue_trim (self->pipe->out) && trimmed;
  zmqg_unlock (&self->reading.lock);

  return trimmed;
}

static void
idle_expired (ZmqgTimer *timer)
{
  ZmqgSession *self = (ZmqgSession *) ((guint8 *) timer -
                                       G_STRUCT_OFFSET (ZmqgSession, idle));
  gboolean was_active = self->active;

  self->active = FALSE;
  /* What the socket has not read keeps its memory; it is looked at again
   * after the next traffic. */
  if (was_active)
    zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine),
                              &self->idle, IDLE_MSEC);
  else
    self->client->ops->try_locked (self->client, trim_queues, self);
}

void
zmqg_session_touch (ZmqgSession *self)
{
  self->active = TRUE;
  if (!zmqg_timer_is_running (&self->idle))
    zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine),
                              &self->idle, IDLE_MSEC);
}

/* --- Dropping ----------------------------------------------------------- */

static void
session_ref (gpointer session)
{
  zmqg_session_ref (session);
}

static void
session_unref (gpointer session)
{
  zmqg_session_unref (session);
}

static void
session_drop (gpointer session)
{
  ZmqgSession *self = session;

  atomic_fetch_or (&self->events, ZMQG_PIPE_DROPPED);
  zmqg_session_ref (self);
  if (!zmqg_engine_queue (self->engine, &self->task))
    zmqg_session_unref (self);
}

static const ZmqgPeerConnectionOps session_connection_ops = {
  .ref = session_ref,
  .unref = session_unref,
  .drop = session_drop,
};

/* --- Life --------------------------------------------------------------- */

ZmqgPipe *
zmqg_client_new_pipe (ZmqgClient *client,
                      const ZmqgOptions *options)
{
  gboolean conflate = options->conflate && client->table->conflates;

  /* Subscriptions must not replace each other. */
  return zmqg_pipe_new (options->send_hwm, options->receive_hwm,
                        conflate && !client->table->resubscribes,
                        conflate && !client->table->takes_subscriptions);
}

ZmqgPipe *
zmqg_session_new (ZmqgEngine *engine,
                  ZmqgClient *client,
                  ZmqgOptions *options,
                  ZmqgTag *endpoint,
                  ZmqgSession **session)
{
  ZmqgSession *self = g_new0 (ZmqgSession, 1);
  ZmqgPipe *pipe;

  pipe = zmqg_client_new_pipe (client, options);
  pipe->endpoint = zmqg_tag_ref (endpoint);
  pipe->ops = &zmqg_inbox_pipe_owner;
  pipe->owner = client->inbox;
  zmqg_account_open (pipe);

  atomic_init (&self->refs, 1); /* the pipe's */
  self->engine = zmqg_engine_ref (engine);
  self->client = client;
  client->ops->ref (client);
  self->options = zmqg_options_ref (options);
  self->pipe = zmqg_pipe_ref (pipe->peer);
  self->pipe->ops = zmqg_engine_is_threaded (engine)
                      ? &session_pipe_owner
                      : &driven_session_pipe_owner;
  self->pipe->owner = self;
  self->task.run = session_run;
  self->later.run = session_run_later;
  self->beat.expired = beat_expired;
  self->linger.expired = linger_expired;
  self->idle.expired = idle_expired;
  zmqg_outbound_init (&self->outbound, self->pipe);
  zmqg_inbound_init (&self->inbound, self->pipe, client->table, options);
  zmqg_read_through_init (&self->reading, &self->inbound);
  /* Nothing but messages comes, and nobody would read them. */
  self->inbound.discard = client->table->drops_inbound &&
                          !client->table->takes_subscriptions;
  client->ops->session_started (client);

  *session = self;
  return pipe;
}

ZmqgSession *
zmqg_session_ref (ZmqgSession *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

void
zmqg_session_unref (ZmqgSession *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  zmqg_outbound_clear (&self->outbound);
  zmqg_inbound_clear (&self->inbound);
  zmqg_read_through_clear (&self->reading);
  if (self->client != NULL)
    self->client->ops->unref (self->client);
  zmqg_options_unref (self->options);
  zmqg_engine_unref (self->engine);
  g_free (self);
}

gboolean
zmqg_session_attach (ZmqgSession *self,
                     ZmqgPipe *pipe,
                     ZmqgPeerRecord *record)
{
  zmqg_pipe_announce (self->pipe, &record->tag);

  /* The list of the inbox holds a reference, which becomes the socket's. */
  if (!zmqg_inbox_post (self->client->inbox, pipe, ZMQG_PIPE_ATTACHED))
    {
      self->closing = TRUE;
      zmqg_pipe_unref (pipe);
      return FALSE;
    }

  zmqg_pipe_unref (pipe);
  self->client->ops->attend (self->client);
  return TRUE;
}

void
zmqg_session_start_traffic (ZmqgSession *self,
                            ZmqgConnection *connection,
                            ZmqgPeerRecord *record)
{
  self->connection = connection;
  self->record = (ZmqgPeerRecord *) zmqg_tag_ref (&record->tag);
  zmqg_lock (&self->reading.lock);
  zmqg_inbound_reset (&self->inbound, record->version, &record->tag);
  zmqg_read_through_reset (&self->reading);
  zmqg_unlock (&self->reading.lock);
  zmqg_peer_record_begin (record, self->pipe->peer->account);
  zmqg_peer_record_connect (record, &session_connection_ops, self);
  self->client->ops->peer_added (self->client, record);
}

/* Behind everything that has come whole. */
static void
add_last_word (ZmqgSession *self)
{
  ZmqgFrameView view = { 0 };

  if (self->closing || self->last_word == NULL)
    return;

  view.data = g_bytes_get_data (self->last_word, &view.size);
  view.bytes = self->last_word;
  zmqg_frame_queue_roll_back (self->pipe->out);
  if (zmqg_pipe_write_always (self->pipe, &view, 1) == ZMQG_PIPE_WRITTEN)
    zmqg_pipe_flush (self->pipe);
}

void
zmqg_session_stop_traffic (ZmqgSession *self,
                           const GError *reason)
{
  gboolean hiccup = self->client->table->resubscribes;
  ZmqgPeerRecord *record = self->record;
  guint epoch;

  self->connection = NULL;
  self->record = NULL;
  /* Before anybody is told. */
  atomic_store (&record->gone, TRUE);
  zmqg_peer_record_disconnect (record);

  epoch = atomic_load (&self->pipe->peer->epoch) + 1;
  zmqg_outbound_close (&self->outbound, hiccup, epoch);
  zmqg_session_close_reading (self);
  zmqg_lock (&self->reading.lock);
  add_last_word (self);
  zmqg_inbound_reset (&self->inbound, ZMQG_ZMTP_UNKNOWN, NULL);
  zmqg_read_through_reset (&self->reading);
  zmqg_unlock (&self->reading.lock);

  /* Before the socket hears of it. */
  atomic_store (&record->gone, TRUE);
  if (!self->closing)
    {
      if (hiccup)
        atomic_store (&self->pipe->peer->epoch, epoch);
      zmqg_pipe_post_peer (self->pipe, ZMQG_PIPE_HICCUP);
      self->client->ops->attend (self->client);
    }

  zmqg_peer_record_end (record);
  self->client->ops->peer_removed (self->client, record, reason);
  zmqg_tag_unref (&record->tag);
}

void
zmqg_session_end (ZmqgSession *self)
{
  ZmqgPipe *pipe = self->pipe;
  ZmqgClient *client = self->client;
  ZmqgSegment *released;
  guint64 unsent;

  if (pipe == NULL)
    return;

  self->done = TRUE;
  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->linger);
  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->idle);
  unsent = zmqg_outbound_discard (&self->outbound,
                                  self->closing ? ZMQG_DROP_REASON_UNSENT
                                                : ZMQG_DROP_REASON_LOST);
  zmqg_session_close_reading (self);
  zmqg_lock (&self->reading.lock);
  zmqg_inbound_clear (&self->inbound);
  zmqg_frame_queue_roll_back (pipe->out);
  zmqg_unlock (&self->reading.lock);

  self->pipe = NULL;
  self->client = NULL;
  if (!self->closing)
    {
      zmqg_pipe_post_peer (pipe, ZMQG_PIPE_ENDED);
      client->ops->attend (client);
    }
  released = zmqg_frame_queue_take_released (pipe->in);
  if (released != NULL)
    client->ops->release_later (client, released);
  released = zmqg_pipe_unref_quietly (pipe);
  if (released != NULL)
    client->ops->release_later (client, released);

  client->ops->session_ended (client, unsent);
  client->ops->unref (client);
}

void
zmqg_pipe_close (ZmqgPipe *pipe,
                 int linger)
{
  pipe->peer->linger = linger;
  zmqg_pipe_post_peer (pipe, ZMQG_PIPE_ENDED);
}
