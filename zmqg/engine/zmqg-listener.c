/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-listener-private.h"

#include "base/zmqg-error.h"

/* Connections accepted per turn of the reactor. */
#define ACCEPT_BURST 32

/* How long to leave a backlog alone when the process is out of descriptors. */
#define ACCEPT_PAUSE_MSEC 100

/* Connections that may be in their handshake at the same time. */
#define HANDSHAKES_MAX 1024

struct _ZmqgListener
{
  atomic_uint refs;
  ZmqgEngine *engine;
  ZmqgClient *client;
  ZmqgOptions *options;
  ZmqgTag *endpoint;
  const ZmqgTransport *transport;

  ZmqgLock lock; /* a leaf: guards the descriptor against being closed */
  ZmqgListening listening;

  /* The engine's. */
  ZmqgFdWatch watch;
  ZmqgTimer pause;
  GHashTable *handshakes; /* of ZmqgConnection, owned */
  gboolean full;          /* too many of them */
  gboolean stopped;
};

static const ZmqgConnectionOwner handshake_owner;
static const ZmqgConnectionOwner traffic_owner;

static ZmqgListener *
listener_ref (ZmqgListener *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

static void
listener_unref (ZmqgListener *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  g_hash_table_unref (self->handshakes);
  zmqg_lock_clear (&self->lock);
  zmqg_tag_unref (self->endpoint);
  self->client->ops->unref (self->client);
  zmqg_options_unref (self->options);
  zmqg_engine_unref (self->engine);
  g_free (self->listening.uri);
  g_free (self->listening.path);
  g_free (self->listening.folder);
  g_free (self);
}

/* --- Accepted connections ----------------------------------------------- */

static void
update_watch (ZmqgListener *self)
{
  gboolean wanted = !self->stopped && !self->full &&
                    !zmqg_timer_is_running (&self->pause);

  zmqg_lock (&self->lock);
  if (self->listening.fd >= 0 || !wanted)
    zmqg_reactor_watch (zmqg_engine_get_reactor (self->engine), &self->watch,
                        wanted ? G_IO_IN : 0);
  zmqg_unlock (&self->lock);
}

static void
session_finished (ZmqgSession *session,
                  gpointer owner G_GNUC_UNUSED)
{
  ZmqgConnection *connection = session->connection;

  /* Ends the session too. */
  zmqg_connection_close (connection, NULL);
}

static void
handshake_left (ZmqgListener *self,
                ZmqgConnection *connection)
{
  g_hash_table_steal (self->handshakes, connection);
  if (self->full)
    {
      self->full = FALSE;
      update_watch (self);
    }
}

static ZmqgSession *
handshake_done (ZmqgConnection *connection,
                ZmqgPeerRecord *record,
                gpointer owner)
{
  ZmqgListener *self = owner;
  ZmqgSession *session;
  ZmqgPipe *pipe;

  if (self->stopped)
    return NULL;

  pipe = zmqg_session_new (self->engine, self->client, self->options,
                           self->endpoint, &session);
  session->finished = session_finished;
  if (!zmqg_session_attach (session, pipe, record))
    {
      zmqg_session_end (session);
      return NULL;
    }

  handshake_left (self, connection);
  zmqg_connection_set_owner (connection, &traffic_owner, self);
  return session;
}

static void
handshake_closed (ZmqgConnection *connection,
                  const GError *reason G_GNUC_UNUSED,
                  gpointer owner)
{
  ZmqgListener *self = owner;

  handshake_left (self, connection);
  zmqg_connection_unref (connection);
  listener_unref (self);
}

static void
traffic_closed (ZmqgConnection *connection,
                const GError *reason G_GNUC_UNUSED,
                gpointer owner)
{
  ZmqgListener *self = owner;

  zmqg_session_end (zmqg_connection_get_session (connection));
  zmqg_connection_unref (connection);
  listener_unref (self);
}

static const ZmqgConnectionOwner handshake_owner = {
  .established = handshake_done,
  .closed = handshake_closed,
};

static const ZmqgConnectionOwner traffic_owner = {
  .closed = traffic_closed,
};

static void
start_connection (ZmqgListener *self,
                  ZmqgLink *link)
{
  ZmqgConnection *connection;

  connection = zmqg_connection_new (self->engine, self->client, self->options,
                                    self->endpoint, link, &handshake_owner,
                                    listener_ref (self));
  g_hash_table_add (self->handshakes, connection);
  self->full = g_hash_table_size (self->handshakes) >= HANDSHAKES_MAX;
}

/* --- Accepting ---------------------------------------------------------- */

static ZmqgLink *
accept_one (ZmqgListener *self,
            GError **error)
{
  ZmqgLink *link = NULL;

  zmqg_lock (&self->lock);
  if (self->listening.fd < 0)
    g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK, "Closed");
  else
    link = self->transport->accept (&self->listening, self->options, error);
  zmqg_unlock (&self->lock);

  return link;
}

static void
listener_ready (ZmqgFdWatch *watch,
                GIOCondition condition G_GNUC_UNUSED)
{
  ZmqgListener *self = (ZmqgListener *) ((guint8 *) watch -
                                         G_STRUCT_OFFSET (ZmqgListener,
                                                          watch));

  for (guint i = 0; i < ACCEPT_BURST && !self->full; i++)
    {
      g_autoptr (GError) error = NULL;
      ZmqgLink *link = accept_one (self, &error);

      if (link != NULL)
        {
          start_connection (self, link);
          continue;
        }

      if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK))
        break;

      self->client->ops->endpoint_changed (self->client, self->endpoint,
                                           ZMQG_ENDPOINT_STATE_LISTENING,
                                           error);
      if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES))
        {
          zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine),
                                    &self->pause, ACCEPT_PAUSE_MSEC);
          break;
        }
    }

  update_watch (self);
}

static void
pause_over (ZmqgTimer *timer)
{
  update_watch ((ZmqgListener *) ((guint8 *) timer -
                                  G_STRUCT_OFFSET (ZmqgListener, pause)));
}

static void
listener_start (gpointer data)
{
  ZmqgListener *self = data;

  update_watch (self);
  listener_unref (self);
}

ZmqgListener *
zmqg_listener_new (ZmqgEngine *engine,
                   ZmqgClient *client,
                   ZmqgOptions *options,
                   ZmqgTag *endpoint,
                   const ZmqgTransport *transport,
                   ZmqgListening *listening)
{
  ZmqgListener *self = g_new0 (ZmqgListener, 1);

  atomic_init (&self->refs, 1);
  self->engine = zmqg_engine_ref (engine);
  self->client = client;
  client->ops->ref (client);
  self->options = zmqg_options_ref (options);
  self->endpoint = zmqg_tag_ref (endpoint);
  self->transport = transport;
  zmqg_lock_init (&self->lock);
  self->listening = *listening;
  self->watch.fd = listening->fd;
  self->watch.ready = listener_ready;
  self->pause.expired = pause_over;
  self->handshakes = g_hash_table_new (NULL, NULL);

  zmqg_engine_call (engine, listener_start, listener_ref (self));
  return self;
}

static void
stop_in_engine (gpointer data)
{
  ZmqgListener *self = data;
  GHashTableIter iter;
  gpointer connection;

  self->stopped = TRUE;
  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->pause);
  update_watch (self);

  g_hash_table_iter_init (&iter, self->handshakes);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    {
      zmqg_connection_close (connection, NULL);
      /* Closing took it out of the table. */
      g_hash_table_iter_init (&iter, self->handshakes);
    }

  listener_unref (self);
}

void
zmqg_listener_stop (ZmqgListener *self)
{
  zmqg_lock (&self->lock);
  self->transport->unlisten (&self->listening);
  zmqg_unlock (&self->lock);

  zmqg_engine_call (self->engine, stop_in_engine, self);
}
