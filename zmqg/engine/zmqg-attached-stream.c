/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-attached-stream-private.h"

struct _ZmqgAttachedStream
{
  atomic_uint refs;
  ZmqgEngine *engine;
  ZmqgClient *client;
  ZmqgOptions *options;
  ZmqgTag *endpoint;
  char *uri;
  atomic_bool ended;

  /* The engine's. */
  GIOStream *stream;          /* NULL once it is being closed */
  ZmqgConnection *connection; /* owned; NULL before and after */
  gboolean in_traffic;
  gboolean stopped;
};

static ZmqgAttachedStream *
attached_ref (ZmqgAttachedStream *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

static void
attached_unref (ZmqgAttachedStream *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  g_assert (self->connection == NULL && self->stream == NULL);
  zmqg_tag_unref (self->endpoint);
  self->client->ops->unref (self->client);
  zmqg_options_unref (self->options);
  zmqg_engine_unref (self->engine);
  g_free (self->uri);
  g_free (self);
}

/* --- The stream --------------------------------------------------------- */

static void
stream_closed (GObject *source,
               GAsyncResult *result,
               gpointer user_data)
{
  ZmqgAttachedStream *self = user_data;

  /* Nobody is left who could do something about an error. */
  g_io_stream_close_finish (G_IO_STREAM (source), result, NULL);
  self->client->ops->session_ended (self->client, 0);
  attached_unref (self);
}

/* The peer has to see the end although the user may keep the stream. */
static void
close_stream (ZmqgAttachedStream *self)
{
  g_autoptr (GIOStream) stream = g_steal_pointer (&self->stream);

  g_io_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, stream_closed,
                           attached_ref (self));
}

static ZmqgLink *
make_link (ZmqgAttachedStream *self)
{
  ZmqgLink *link = zmqg_link_new_stream (self->stream);

  link->remote_text = g_strdup (self->uri);
  if (G_IS_SOCKET_CONNECTION (self->stream))
    link->remote = g_socket_connection_get_remote_address (
      G_SOCKET_CONNECTION (self->stream), NULL);
  if (G_IS_INET_SOCKET_ADDRESS (link->remote))
    link->peer_address = g_inet_address_to_string (
      g_inet_socket_address_get_address (
        G_INET_SOCKET_ADDRESS (link->remote)));

  return link;
}

/* --- The connection ----------------------------------------------------- */

static void
session_finished (ZmqgSession *session,
                  gpointer owner G_GNUC_UNUSED)
{
  /* Ends the session too. */
  zmqg_connection_close (session->connection, NULL);
}

static ZmqgSession *
handshake_done (ZmqgConnection *connection G_GNUC_UNUSED,
                ZmqgPeerRecord *record,
                gpointer owner)
{
  ZmqgAttachedStream *self = owner;
  ZmqgSession *session;
  ZmqgPipe *pipe;

  if (self->stopped)
    return NULL;

  pipe = zmqg_session_new (self->engine, self->client, self->options,
                           self->endpoint, &session);
  session->finished = session_finished;
  /* It counts as accepted, and nothing makes it again. */
  if (self->client->table->hears_disconnects)
    session->last_word = self->options->disconnect_message;
  if (!zmqg_session_attach (session, pipe, record))
    {
      zmqg_session_end (session);
      return NULL;
    }

  self->in_traffic = TRUE;
  self->client->ops->endpoint_changed (self->client, self->endpoint,
                                       ZMQG_ENDPOINT_STATE_CONNECTED, NULL);
  return session;
}

static void
connection_closed (ZmqgConnection *connection,
                   const GError *reason,
                   gpointer owner)
{
  ZmqgAttachedStream *self = owner;

  close_stream (self);
  if (self->in_traffic)
    zmqg_session_end (zmqg_connection_get_session (connection));
  self->connection = NULL;

  atomic_store (&self->ended, TRUE);
  self->client->ops->endpoint_changed (self->client, self->endpoint,
                                       ZMQG_ENDPOINT_STATE_CLOSED, reason);
  zmqg_connection_unref (connection);
  attached_unref (self);
}

static const ZmqgConnectionOwner connection_owner = {
  .established = handshake_done,
  .closed = connection_closed,
};

/* --- From other threads ------------------------------------------------- */

static void
start_in_engine (gpointer data)
{
  ZmqgAttachedStream *self = data;
  ZmqgLink *link = make_link (self);

  if (zmqg_client_listens (self->client, ZMQG_EVENT_TYPE_ACCEPTED))
    {
      ZmqgEventReport event = {
        .type = ZMQG_EVENT_TYPE_ACCEPTED,
        .value = -1,
        .endpoint = self->endpoint,
        .remote = link->remote_text,
      };

      self->client->ops->event (self->client, &event);
    }
  self->connection = zmqg_connection_new (self->engine, self->client,
                                          self->options, self->endpoint,
                                          link, &connection_owner,
                                          attached_ref (self));
  attached_unref (self);
}

ZmqgAttachedStream *
zmqg_attached_stream_new (ZmqgEngine *engine,
                          ZmqgClient *client,
                          ZmqgOptions *options,
                          ZmqgTag *endpoint,
                          GIOStream *stream,
                          const char *uri)
{
  ZmqgAttachedStream *self = g_new0 (ZmqgAttachedStream, 1);

  atomic_init (&self->refs, 1);
  self->engine = zmqg_engine_ref (engine);
  self->client = client;
  client->ops->ref (client);
  self->options = zmqg_options_ref (options);
  self->endpoint = zmqg_tag_ref (endpoint);
  self->uri = g_strdup (uri);
  self->stream = g_object_ref (stream);
  return self;
}

void
zmqg_attached_stream_start (ZmqgAttachedStream *self)
{
  /* The engine has to go on until the stream is closed, whether there will be
   * a session or not. */
  self->client->ops->session_started (self->client);
  zmqg_engine_call (self->engine, start_in_engine, attached_ref (self));
}

static void
stop_in_engine (gpointer data)
{
  ZmqgAttachedStream *self = data;

  self->stopped = TRUE;
  if (self->connection != NULL && !self->in_traffic)
    zmqg_connection_close (self->connection, NULL);
  attached_unref (self);
}

void
zmqg_attached_stream_stop (ZmqgAttachedStream *self)
{
  if (zmqg_attached_stream_has_ended (self))
    attached_unref (self);
  else
    zmqg_engine_call (self->engine, stop_in_engine, self);
}

gboolean
zmqg_attached_stream_has_ended (ZmqgAttachedStream *self)
{
  return atomic_load (&self->ended);
}
