/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"
#include "socket/statistics-check.h"

/* --- Peers -------------------------------------------------------------- */

void
chaos_keep_peer (Chaos *self,
                 ZmqgPeer *peer)
{
  chaos_put (self, (gpointer *) &self->peers[chaos_random (CHAOS_N_POOL)],
             g_object_ref (peer));
}

static void
drop_peer (Chaos *self,
           ZmqgPeer *peer)
{
  zmqg_peer_drop (peer);
  atomic_fetch_add (&self->dropped, 1);
}

static void
look_at_peer (ZmqgPeer *peer)
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_peer_get_statistics (peer);
  g_autoptr (GVariant) metadata = zmqg_peer_get_metadata (peer);

  statistics_check (statistics);
  g_assert_nonnull (metadata);
  zmqg_peer_get_remote_address (peer);
  zmqg_peer_get_credentials (peer);
  zmqg_peer_is_connected (peer);
}

void
chaos_use_peer (Chaos *self)
{
  ZmqgPeer *peer;

  peer = chaos_get (self,
                    (gpointer *) &self->peers[chaos_random (CHAOS_N_POOL)]);
  if (peer == NULL)
    return;

  if (chaos_one_in (4))
    drop_peer (self, peer);
  look_at_peer (peer);
  chaos_drop (self, peer);
}

/* --- Requests ----------------------------------------------------------- */

static void
answer (Chaos *self,
        ZmqgRequest *request)
{
  g_autoptr (ZmqgMessage) message = chaos_message_new_reply (self);

  if (!zmqg_request_reply (request, message, NULL))
    return;

  atomic_fetch_add (&self->sent, 1);
  atomic_fetch_add (&self->answered, 1);
  /* Once is enough. */
  g_assert_false (zmqg_request_reply_string (request, "again", NULL));
}

void
chaos_answer (Chaos *self)
{
  ZmqgRequest *request;
  gpointer *place;

  place = (gpointer *) &self->requests[chaos_random (CHAOS_N_POOL)];
  request = chaos_get (self, place);
  if (request == NULL)
    return;

  answer (self, request);
  chaos_drop (self, request);
}

/* --- Handlers ----------------------------------------------------------- */

/* What a handler does to its own socket, at times. */
static void
interfere (Chaos *self,
           ZmqgSocket *socket)
{
  atomic_fetch_add (&self->told, 1);
  if (chaos_one_in (200))
    zmqg_socket_close (socket);
  else if (chaos_one_in (64))
    chaos_socket_leave (self, socket);
  else if (chaos_one_in (16))
    chaos_socket_connect (self, socket);
}

static void
on_message (ZmqgSocket *socket,
            ZmqgMessage *message,
            gpointer user_data)
{
  chaos_message_check (user_data, socket, message);
}

/* Answers, or leaves it to another thread, or nobody. */
static void
on_request (ZmqgSocket *socket,
            ZmqgRequest *request,
            gpointer user_data)
{
  Chaos *self = user_data;
  guint i = chaos_random (CHAOS_N_POOL);

  chaos_message_check (self, socket, zmqg_request_get_message (request));
  if (chaos_one_in (2))
    answer (self, request);
  else
    chaos_put (self, (gpointer *) &self->requests[i], g_object_ref (request));
}

static void
on_peer_added (ZmqgSocket *socket,
               ZmqgPeer *peer,
               gpointer user_data)
{
  Chaos *self = user_data;

  chaos_keep_peer (self, peer);
  if (chaos_one_in (16))
    drop_peer (self, peer);
  interfere (self, socket);
}

static void
on_peer_removed (ZmqgSocket *socket,
                 ZmqgPeer *peer,
                 const GError *error G_GNUC_UNUSED,
                 gpointer user_data)
{
  g_assert_false (zmqg_peer_is_connected (peer));
  look_at_peer (peer);
  interfere (user_data, socket);
}

static void
on_handshake_failed (ZmqgSocket *socket,
                     ZmqgEndpoint *endpoint,
                     GSocketAddress *address G_GNUC_UNUSED,
                     const GError *error,
                     gpointer user_data)
{
  g_assert_nonnull (zmqg_endpoint_get_uri (endpoint));
  g_assert_nonnull (error);
  interfere (user_data, socket);
}

/* Peers are told of here before their connection serves them. */
static void
on_event (ZmqgSocket *socket,
          ZmqgEvent *event,
          gpointer user_data)
{
  g_autofree char *text = zmqg_event_to_string (event);
  g_autoptr (ZmqgPeer) peer = zmqg_event_get_peer (event);
  Chaos *self = user_data;

  g_assert_nonnull (text);
  if (peer != NULL && chaos_one_in (16))
    drop_peer (self, peer);
  else if (peer != NULL)
    chaos_keep_peer (self, peer);
  interfere (self, socket);
}

static void
on_topic (ZmqgSocket *socket,
          ZmqgPeer *peer,
          GBytes *topic,
          gpointer user_data)
{
  Chaos *self = user_data;

  g_assert_nonnull (topic);
  chaos_keep_peer (self, peer);
  interfere (self, socket);
}

static gulong
connect_handler (Chaos *self,
                 ZmqgSocket *socket)
{
  static const struct
  {
    const char *name;
    GCallback handler;
  } signals[] = {
    { "event", G_CALLBACK (on_event) },
    { "peer-added", G_CALLBACK (on_peer_added) },
    { "peer-removed", G_CALLBACK (on_peer_removed) },
    { "handshake-failed", G_CALLBACK (on_handshake_failed) },
    { "subscribed", G_CALLBACK (on_topic) },
    { "unsubscribed", G_CALLBACK (on_topic) },
  };
  gboolean publishes = ZMQG_IS_PUB_SOCKET (socket) ||
                       ZMQG_IS_XPUB_SOCKET (socket);
  guint i = chaos_random (publishes ? 6 : 4);

  return g_signal_connect (socket, signals[i].name, signals[i].handler, self);
}

/* One handler of messages at a time: two would get each message both. */
static gboolean
claim_messages (Chaos *self,
                ZmqgSocket *socket)
{
  gboolean free;

  zmqg_lock (&self->lock);
  free = g_object_get_data (G_OBJECT (socket), "listener") == NULL;
  if (free)
    g_object_set_data (G_OBJECT (socket), "listener", self);
  zmqg_unlock (&self->lock);

  return free;
}

static void
leave (Chaos *self,
       ChaosHandler *handler)
{
  if (handler->socket == NULL)
    return;

  g_signal_handler_disconnect (handler->socket, handler->id);
  if (handler->exclusive)
    {
      zmqg_lock (&self->lock);
      g_object_set_data (G_OBJECT (handler->socket), "listener", NULL);
      zmqg_unlock (&self->lock);
    }
  chaos_drop (self, handler->socket);
  handler->socket = NULL;
}

void
chaos_listen (ChaosWorker *self,
              ZmqgSocket *socket)
{
  ChaosHandler *handler = &self->handlers[chaos_random (CHAOS_N_HANDLERS)];

  leave (self->chaos, handler);
  handler->exclusive = chaos_one_in (4) &&
                       claim_messages (self->chaos, socket);
  if (!handler->exclusive)
    handler->id = connect_handler (self->chaos, socket);
  else
    handler->id = g_signal_connect (socket, "message",
                                    G_CALLBACK (on_message), self->chaos);
  handler->socket = g_object_ref (socket);
}

void
chaos_serve (ChaosWorker *self)
{
  ChaosHandler *handler = &self->handlers[chaos_random (CHAOS_N_HANDLERS)];
  ZmqgSocket *socket = chaos_socket_pick_type (self->chaos,
                                               ZMQG_SOCKET_TYPE_REP);

  leave (self->chaos, handler);
  handler->exclusive = claim_messages (self->chaos, socket);
  if (!handler->exclusive)
    {
      chaos_drop (self->chaos, socket);
      return;
    }

  handler->socket = socket;
  handler->id = g_signal_connect (socket, "request", G_CALLBACK (on_request),
                                  self->chaos);
}

void
chaos_stop_listening (ChaosWorker *self)
{
  for (guint i = 0; i < CHAOS_N_HANDLERS; i++)
    leave (self->chaos, &self->handlers[i]);
}

/* --- Models ------------------------------------------------------------- */

static void
on_items_changed (GListModel *model,
                  guint position,
                  guint removed,
                  guint added,
                  gpointer user_data)
{
  ChaosModel *self = user_data;

  g_assert_cmpuint (position + removed, <=, self->n_items);
  self->n_items += added - removed;
  g_assert_cmpuint (self->n_items, ==, g_list_model_get_n_items (model));
}

static void
walk_peers (Chaos *self,
            GListModel *peers)
{
  ZmqgPeer *peer;

  for (guint i = 0; (peer = g_list_model_get_item (peers, i)) != NULL; i++)
    {
      look_at_peer (peer);
      chaos_keep_peer (self, peer);
      if (chaos_one_in (64))
        drop_peer (self, peer);
      chaos_drop (self, peer);
    }
}

static void
walk_endpoints (Chaos *self,
                GListModel *endpoints)
{
  ZmqgEndpoint *endpoint;

  for (guint i = 0;
       (endpoint = g_list_model_get_item (endpoints, i)) != NULL; i++)
    {
      g_autoptr (GError) error = zmqg_endpoint_get_last_error (endpoint);

      g_assert_nonnull (zmqg_endpoint_get_uri (endpoint));
      zmqg_endpoint_get_state (endpoint);
      chaos_drop (self, endpoint);
    }
}

void
chaos_stop_watching (ChaosWorker *self)
{
  for (guint i = 0; i < 2 && self->watched != NULL; i++)
    g_signal_handlers_disconnect_by_data (self->models[i].model,
                                          &self->models[i]);
  chaos_drop (self->chaos, self->watched);
  self->watched = NULL;
}

/* Models belong to the thread of their socket: this one makes it, and gives it
 * to all others, too. */
static void
begin_watching (ChaosWorker *self)
{
  guint slot = chaos_random (CHAOS_N_SLOTS);
  ZmqgSocket *socket = chaos_socket_new (self->chaos, slot % CHAOS_N_TYPES);

  self->models[0].model = zmqg_socket_get_peers (socket);
  self->models[1].model = zmqg_socket_get_endpoints (socket);
  for (guint i = 0; i < 2; i++)
    {
      self->models[i].n_items =
        g_list_model_get_n_items (self->models[i].model);
      g_signal_connect (self->models[i].model, "items-changed",
                        G_CALLBACK (on_items_changed), &self->models[i]);
    }
  self->watched = socket;
  chaos_socket_bind (self->chaos, socket);
  chaos_socket_connect (self->chaos, socket);
  chaos_put (self->chaos, (gpointer *) &self->chaos->sockets[slot],
             g_object_ref (socket));
}

void
chaos_watch_models (ChaosWorker *self)
{
  if (self->watched != NULL && chaos_one_in (8))
    chaos_stop_watching (self);
  if (self->watched == NULL)
    begin_watching (self);

  chaos_socket_connect (self->chaos, self->watched);
  for (guint i = 0; i < 10; i++)
    {
      g_main_context_iteration (self->context, FALSE);
      walk_peers (self->chaos, self->models[0].model);
      walk_endpoints (self->chaos, self->models[1].model);
    }
}
