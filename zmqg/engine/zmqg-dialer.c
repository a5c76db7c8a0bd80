/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-dialer-private.h"

#include "base/zmqg-error.h"

#include <errno.h>

struct _ZmqgDialer
{
  atomic_uint refs;
  ZmqgEngine *engine;
  ZmqgClient *client;
  ZmqgOptions *options;
  ZmqgTag *endpoint;
  const ZmqgTransport *transport;
  char *address;
  char *uri; /* with the scheme */

  /* The engine's. */
  GCancellable *cancellable; /* while dialling */
  ZmqgConnection *connection;
  ZmqgSession *session; /* borrowed from its pipe; NULL once it has ended */
  ZmqgTimer retry;
  guint interval;       /* ms waited last, of a back-off */
  gboolean shaking;     /* a connection has not ended its handshake */
  gboolean stopped;     /* no session is to begin */
  gboolean disconnected; /* and that by the user's call */
  gboolean idle;        /* no attempt will be made any more */
};

static ZmqgDialer *
dialer_ref (ZmqgDialer *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

static void
dialer_unref (ZmqgDialer *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  zmqg_tag_unref (self->endpoint);
  self->client->ops->unref (self->client);
  zmqg_options_unref (self->options);
  zmqg_engine_unref (self->engine);
  g_free (self->address);
  g_free (self->uri);
  g_free (self);
}

static void
tell (ZmqgDialer *self,
      ZmqgEndpointState state,
      const GError *error)
{
  self->client->ops->endpoint_changed (self->client, self->endpoint, state,
                                       error);
}

static void
report (ZmqgDialer *self,
        ZmqgEventType type,
        int value,
        const ZmqgLink *link,
        const GError *error)
{
  ZmqgEventReport event = {
    .type = type,
    .value = value,
    .endpoint = self->endpoint,
    .remote = self->uri,
    .error = error,
  };

  if (!zmqg_client_listens (self->client, type))
    return;

  if (link != NULL)
    {
      event.local = link->local_text;
      if (link->remote_text != NULL)
        event.remote = link->remote_text;
    }
  self->client->ops->event (self->client, &event);
}

/* --- Attempts ----------------------------------------------------------- */

static void dial (ZmqgDialer *self);

/* How long to wait before the next attempt, in ms. With no maximum the
 * interval and up to as much again, so that peers that lost the same server
 * do not return together; with one, doubled up to it. */
static guint
next_interval (ZmqgDialer *self)
{
  guint interval = self->options->reconnect_interval;
  guint max = self->options->reconnect_interval_max;

  if (max == 0)
    return MIN (interval + (guint) g_random_int_range (0, (int) interval),
                G_MAXINT);

  if (self->interval == 0)
    self->interval = MIN (interval, max);
  else
    self->interval = self->interval > max / 2 ? max : self->interval * 2;
  return self->interval;
}

/* The socket's end of the pipe ends, too. */
static void
end_session (ZmqgDialer *self)
{
  ZmqgSession *session = g_steal_pointer (&self->session);

  if (session == NULL)
    return;

  zmqg_session_end (session);
  dialer_unref (self); /* the session's; ours is still there */
}

/* What becomes of the endpoint while nothing is connected. */
typedef enum
{
  NEXT_RETRY,
  NEXT_IDLE,  /* it stays, and so does the pipe */
  NEXT_EMPTY, /* it stays, without a pipe */
  NEXT_END,   /* it goes */
} Next;

/* As libzmq has it: a pipe that nobody will ever read again takes no share
 * of the messages, but one that never was connected does, and so does one
 * whose peer is no peer for us. @lost: there was a connection. */
static Next
choose_next (ZmqgDialer *self,
             const GError *reason,
             gboolean lost)
{
  int stop = self->options->reconnect_stop;

  if (zmqg_connection_error_is_permanent (reason))
    return NEXT_IDLE;
  if ((stop & ZMQG_RECONNECT_STOP_CONN_REFUSED) &&
      g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return NEXT_END;
  if (self->options->reconnect_interval <= 0)
    return lost ? NEXT_END : NEXT_IDLE;
  if ((stop & ZMQG_RECONNECT_STOP_HANDSHAKE_FAILED) && self->shaking)
    return NEXT_EMPTY;
  if ((stop & ZMQG_RECONNECT_STOP_AFTER_DISCONNECT) && self->disconnected)
    return NEXT_IDLE;
  return NEXT_RETRY;
}

static void
stay_idle (ZmqgDialer *self,
           const GError *reason,
           Next next)
{
  self->idle = TRUE;
  /* What was still to be sent never will be. */
  if (self->session != NULL && self->session->closing)
    self->session->finished (self->session, self);
  else if (next != NEXT_IDLE)
    end_session (self);

  tell (self,
        next == NEXT_END ? ZMQG_ENDPOINT_STATE_CLOSED
                         : ZMQG_ENDPOINT_STATE_STOPPED,
        reason);
}

/* Nothing is connected: whether and when to try again. */
static void
plan_next (ZmqgDialer *self,
           const GError *reason,
           gboolean lost)
{
  guint interval;
  gboolean over = self->session == NULL &&
                  (self->stopped || !self->options->immediate);
  Next next = choose_next (self, reason, lost);

  self->shaking = FALSE;
  if (over)
    return;

  if (next != NEXT_RETRY)
    {
      stay_idle (self, reason, next);
      return;
    }

  interval = next_interval (self);
  tell (self, ZMQG_ENDPOINT_STATE_WAITING, reason);
  report (self, ZMQG_EVENT_TYPE_CONNECT_RETRIED, (int) interval, NULL,
          reason);
  zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine),
                            &self->retry, interval);
}

static void
retry_expired (ZmqgTimer *timer)
{
  dial ((ZmqgDialer *) ((guint8 *) timer -
                        G_STRUCT_OFFSET (ZmqgDialer, retry)));
}

/* --- The session -------------------------------------------------------- */

/* The pipe is closed and has nothing to send any more. */
static void
session_finished (ZmqgSession *session,
                  gpointer owner)
{
  ZmqgDialer *self = owner;

  dialer_ref (self);
  if (self->session == session)
    self->session = NULL;
  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->retry);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);

  zmqg_session_ref (session);
  if (session->connection != NULL)
    zmqg_connection_close (session->connection, NULL);
  else if (self->connection != NULL)
    zmqg_connection_close (self->connection, NULL); /* in its handshake */
  zmqg_session_end (session);
  zmqg_session_unref (session);
  dialer_unref (self);

  dialer_unref (self); /* the session's */
}

static ZmqgPipe *
start_session (ZmqgDialer *self)
{
  ZmqgPipe *pipe;

  pipe = zmqg_session_new (self->engine, self->client, self->options,
                           self->endpoint, &self->session);
  self->session->finished = session_finished;
  self->session->owner = dialer_ref (self);
  if (self->client->table->hears_hiccups)
    self->session->last_word = self->options->hiccup_message;
  return pipe;
}

/* --- The connection ----------------------------------------------------- */

static ZmqgSession *
connection_established (ZmqgConnection *connection G_GNUC_UNUSED,
                        ZmqgPeerRecord *record,
                        gpointer owner)
{
  ZmqgDialer *self = owner;
  ZmqgPipe *pipe;

  self->interval = 0;
  self->shaking = FALSE;
  tell (self, ZMQG_ENDPOINT_STATE_CONNECTED, NULL);

  if (self->session != NULL)
    {
      zmqg_pipe_announce (self->session->pipe, &record->tag);
      zmqg_pipe_post_peer (self->session->pipe, ZMQG_PIPE_PEER);
      self->client->ops->attend (self->client);
      return self->session;
    }

  if (self->stopped)
    return NULL;

  pipe = start_session (self);
  if (!zmqg_session_attach (self->session, pipe, record))
    {
      session_finished (self->session, self);
      return NULL;
    }

  return self->session;
}

static void
connection_closed (ZmqgConnection *connection,
                   const GError *reason,
                   gpointer owner)
{
  ZmqgDialer *self = owner;
  ZmqgSession *session = self->session;
  gboolean hung_up = session != NULL && session->hung_up;

  self->connection = NULL;

  /* Who closes a raw connection wants no other. */
  if (self->options->immediate || hung_up)
    end_session (self);

  if (hung_up)
    tell (self, ZMQG_ENDPOINT_STATE_STOPPED, reason);
  else
    plan_next (self, reason, TRUE);
  zmqg_connection_unref (connection);
  dialer_unref (self); /* the connection's */
}

static const ZmqgConnectionOwner connection_owner = {
  .established = connection_established,
  .closed = connection_closed,
};

static void
dial_note (int fd,
           const GError *error,
           gpointer user_data)
{
  if (error == NULL)
    report (user_data, ZMQG_EVENT_TYPE_CONNECT_DELAYED, EINPROGRESS, NULL,
            NULL);
  else
    report (user_data, ZMQG_EVENT_TYPE_CLOSED, fd, NULL, error);
}

static void
dial_done (ZmqgLink *link,
           const GError *error,
           gpointer user_data)
{
  ZmqgDialer *self = user_data;
  gboolean cancelled = g_cancellable_is_cancelled (self->cancellable);

  g_clear_object (&self->cancellable);

  if (link != NULL && cancelled)
    g_clear_pointer (&link, zmqg_link_free);

  self->shaking = link != NULL;
  if (link != NULL)
    {
      report (self, ZMQG_EVENT_TYPE_CONNECTED, link->fd, link, NULL);
      self->connection = zmqg_connection_new (self->engine, self->client,
                                              self->options, self->endpoint,
                                              link, &connection_owner,
                                              dialer_ref (self));
    }
  else if (!cancelled)
    {
      plan_next (self, error, FALSE);
    }

  self->client->ops->session_ended (self->client, 0);
  dialer_unref (self);
}

static void
dial (ZmqgDialer *self)
{
  tell (self, ZMQG_ENDPOINT_STATE_CONNECTING, NULL);
  self->cancellable = g_cancellable_new ();
  /* The engine has to go on until the attempt is over, if only because it
   * was cancelled. */
  self->client->ops->session_started (self->client);
  self->transport->dial (self->address, self->options, self->cancellable,
                         dial_note, dial_done, dialer_ref (self));
}

/* --- From other threads ------------------------------------------------- */

static void
dialer_start (gpointer data)
{
  ZmqgDialer *self = data;

  if (self->session != NULL || !self->options->immediate)
    {
      /* The session may have been closed before the engine saw it. */
      if (self->session != NULL && !self->session->done)
        dial (self);
    }
  else
    {
      dial (self);
    }
  dialer_unref (self);
}

ZmqgDialer *
zmqg_dialer_new (ZmqgEngine *engine,
                 ZmqgClient *client,
                 ZmqgOptions *options,
                 ZmqgTag *endpoint,
                 const ZmqgTransport *transport,
                 const char *address,
                 ZmqgPipe **pipe)
{
  ZmqgDialer *self = g_new0 (ZmqgDialer, 1);

  atomic_init (&self->refs, 1);
  self->engine = zmqg_engine_ref (engine);
  self->client = client;
  client->ops->ref (client);
  self->options = zmqg_options_ref (options);
  self->endpoint = zmqg_tag_ref (endpoint);
  self->transport = transport;
  self->address = g_strdup (address);
  self->uri = g_strconcat (transport->scheme, "://", address, NULL);
  self->retry.expired = retry_expired;

  *pipe = options->immediate ? NULL : start_session (self);
  zmqg_engine_call (engine, dialer_start, dialer_ref (self));
  return self;
}

static void
stop (ZmqgDialer *self)
{
  ZmqgReactor *reactor = zmqg_engine_get_reactor (self->engine);

  self->stopped = TRUE;

  /* A session goes on until its pipe has nothing to send: that was told it
   * already, or will be. */
  if (self->session == NULL)
    {
      zmqg_reactor_stop_timer (reactor, &self->retry);
      if (self->cancellable != NULL)
        g_cancellable_cancel (self->cancellable);
      if (self->connection != NULL)
        zmqg_connection_close (self->connection, NULL);
    }
  else if (self->idle && self->session->closing)
    {
      session_finished (self->session, self);
    }
}

/* It was stopped, and what it still had to do counts itself. */
static void
end_stop (ZmqgDialer *self)
{
  self->client->ops->session_ended (self->client, 0);
  dialer_unref (self);
}

static void
stop_in_engine (gpointer data)
{
  ZmqgDialer *self = data;

  stop (self);
  end_stop (self);
}

static void
disconnect_in_engine (gpointer data)
{
  ZmqgDialer *self = data;

  self->disconnected = TRUE;
  /* While it waits nothing else would end it. */
  if (zmqg_timer_is_running (&self->retry) &&
      choose_next (self, NULL, FALSE) != NEXT_RETRY)
    {
      zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                               &self->retry);
      self->idle = TRUE;
    }
  stop (self);
  end_stop (self);
}

void
zmqg_dialer_stop (ZmqgDialer *self,
                  gboolean disconnected)
{
  /* The engine has to go on until it has stopped: without a session nothing
   * else says so, and it may be about to dial again. */
  self->client->ops->session_started (self->client);
  zmqg_engine_call (self->engine,
                    disconnected ? disconnect_in_engine : stop_in_engine,
                    self);
}
