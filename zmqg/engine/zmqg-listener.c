/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-listener-private.h"

#include "base/zmqg-errno-private.h"

/* Connections accepted per turn of the reactor. */
#define ACCEPT_BURST 32

/* How long to leave a backlog alone when the process is out of descriptors. */
#define ACCEPT_PAUSE_MSEC 100

/* Connections that may be in their handshake at the same time: the oldest
 * goes when there is one more, so that silent peers keep nobody out. */
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
  GQueue handshakes;      /* of ZmqgConnection, owned; the oldest first */
  GHashTable *links;      /* where they are in it */
  guint droppable;        /* of the oldest, for want of descriptors */
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

  g_hash_table_unref (self->links);
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

static void
report (ZmqgListener *self,
        ZmqgEventType type,
        int value,
        const ZmqgLink *link,
        const GError *error)
{
  ZmqgEventReport event = {
    .type = type,
    .value = value,
    .endpoint = self->endpoint,
    .local = self->listening.uri,
    .error = error,
  };

  if (!zmqg_client_listens (self->client, type))
    return;

  if (link != NULL)
    {
      event.local = link->local_text;
      event.remote = link->remote_text;
    }
  self->client->ops->event (self->client, &event);
}

/* --- Accepted connections ----------------------------------------------- */

static void
update_watch (ZmqgListener *self)
{
  gboolean wanted = !self->stopped && !zmqg_timer_is_running (&self->pause);

  zmqg_lock (&self->lock);
  if (self->listening.fd >= 0)
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
  GList *link = g_hash_table_lookup (self->links, connection);

  g_hash_table_remove (self->links, connection);
  g_queue_delete_link (&self->handshakes, link);
}

/* Makes way for a connection that may be a better one. */
static void
drop_oldest (ZmqgListener *self,
             const char *why)
{
  ZmqgConnection *oldest = g_queue_peek_head (&self->handshakes);
  g_autoptr (GError) error = NULL;

  error = g_error_new (ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                       "%s: dropped in its handshake: %s",
                       self->listening.uri, why);
  zmqg_connection_close (oldest, error);
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
  if (self->client->table->hears_disconnects)
    session->last_word = self->options->disconnect_message;
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

  report (self, ZMQG_EVENT_TYPE_ACCEPTED, link->fd, link, NULL);
  connection = zmqg_connection_new (self->engine, self->client, self->options,
                                    self->endpoint, link, &handshake_owner,
                                    listener_ref (self));
  g_queue_push_tail (&self->handshakes, connection);
  g_hash_table_insert (self->links, connection, self->handshakes.tail);
  if (self->handshakes.length > HANDSHAKES_MAX)
    drop_oldest (self, "too many connections are in theirs");
}

/* It is closed, but something of it is still there. */
static void
report_leftover (ZmqgListener *self,
                 int errsv)
{
  g_autoptr (GError) error = NULL;

  error = g_error_new (G_IO_ERROR, g_io_error_from_errno (errsv),
                       "What %s had made could not be removed: %s",
                       self->listening.uri, g_strerror (errsv));
  report (self, ZMQG_EVENT_TYPE_CLOSE_FAILED, errsv, NULL, error);
}

static void
refuse (ZmqgListener *self,
        ZmqgLink *link)
{
  report (self, ZMQG_EVENT_TYPE_ACCEPT_FAILED,
          zmqg_error_to_errno (link->refusal), link, link->refusal);
  self->client->ops->handshake_failed (self->client, self->endpoint,
                                       g_steal_pointer (&link->remote),
                                       link->refusal);
  zmqg_link_free (link);
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

  for (guint i = 0; i < ACCEPT_BURST; i++)
    {
      g_autoptr (GError) error = NULL;
      ZmqgLink *link = accept_one (self, &error);

      if (link != NULL)
        {
          if (link->refusal == NULL)
            start_connection (self, link);
          else
            refuse (self, link);
          continue;
        }

      if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK))
        break;

      self->client->ops->endpoint_changed (self->client, self->endpoint,
                                           ZMQG_ENDPOINT_STATE_LISTENING,
                                           error);
      report (self, ZMQG_EVENT_TYPE_ACCEPT_FAILED,
              zmqg_error_to_errno (error), NULL, error);
      if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES))
        {
          if (self->droppable > 0 && self->handshakes.length > 0)
            {
              self->droppable--;
              drop_oldest (self, error->message);
              continue;
            }
          zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine),
                                    &self->pause, ACCEPT_PAUSE_MSEC);
          break;
        }
    }

  self->droppable = 0;
  update_watch (self);
}

static void
pause_over (ZmqgTimer *timer)
{
  ZmqgListener *self = (ZmqgListener *) ((guint8 *) timer -
                                         G_STRUCT_OFFSET (ZmqgListener,
                                                          pause));

  /* Nobody was accepted meanwhile: all had the time to get through. */
  self->droppable = MIN (self->handshakes.length, ACCEPT_BURST / 2);
  update_watch (self);
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
  self->links = g_hash_table_new (NULL, NULL);

  /* Before anybody can be accepted. */
  report (self, ZMQG_EVENT_TYPE_LISTENING, listening->fd, NULL, NULL);
  zmqg_engine_call (engine, listener_start, listener_ref (self));
  return self;
}

static void
stop_in_engine (gpointer data)
{
  ZmqgListener *self = data;
  self->stopped = TRUE;
  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->pause);
  zmqg_reactor_forget (zmqg_engine_get_reactor (self->engine), &self->watch);

  /* Closing takes it out of the queue. */
  while (self->handshakes.length > 0)
    zmqg_connection_close (g_queue_peek_head (&self->handshakes), NULL);

  listener_unref (self);
}

void
zmqg_listener_stop (ZmqgListener *self)
{
  ZmqgEngine *engine = zmqg_engine_ref (self->engine);
  gboolean polled = FALSE;
  guint turn;
  int errsv;
  int fd;

  zmqg_lock (&self->lock);
  /* Closed, its number may soon be that of a connection in the same set. */
  if (self->listening.fd >= 0)
    polled = zmqg_reactor_take_out (zmqg_engine_get_reactor (engine),
                                    &self->watch);
  fd = self->listening.fd;
  errsv = self->transport->unlisten (&self->listening);
  zmqg_unlock (&self->lock);
  if (errsv == 0)
    report (self, ZMQG_EVENT_TYPE_CLOSED, fd, NULL, NULL);
  else
    report_leftover (self, errsv);

  turn = zmqg_engine_get_turn (engine);
  zmqg_engine_call (engine, stop_in_engine, self);
  /* A closed socket that is being polled keeps its address. */
  if (polled)
    zmqg_engine_await_polled (engine, turn);
  zmqg_engine_unref (engine);
}
