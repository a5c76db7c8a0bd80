/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

#include "socket/zmqg-endpoint-private.h"
#include "socket/zmqg-peer-private.h"

/*
 * The models of a socket: made when they are asked for, and kept up to date by
 * the socket's news from then on, in its main context.
 */

static void
add_peer (GListStore *store,
          ZmqgPeerRecord *record)
{
  g_autoptr (ZmqgPeer) peer = NULL;

  if (atomic_load (&record->gone))
    return;

  peer = zmqg_peer_for_record (record);
  if (!g_list_store_find (store, peer, NULL))
    g_list_store_append (store, peer);
}

static void
remove_peer (GListStore *store,
             ZmqgPeerRecord *record)
{
  g_autoptr (ZmqgPeer) peer = zmqg_peer_for_record (record);
  guint position;

  if (g_list_store_find (store, peer, &position))
    g_list_store_remove (store, position);
}

static void
tag_unref (gpointer data)
{
  zmqg_tag_unref (data);
}

/* Puts in who is there, once. */
static void
add_peers (GListStore *store,
           ZmqgSocketCore *core)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (tag_unref);

  zmqg_socket_core_lock (core);
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);

      if (pipe->peer_tag != NULL)
        g_ptr_array_add (records, zmqg_tag_ref (pipe->peer_tag));
    }
  zmqg_socket_core_unlock (core);

  for (guint i = 0; i < records->len; i++)
    add_peer (store, g_ptr_array_index (records, i));
}

static GListStore *
make_peers (ZmqgSocketCore *core)
{
  GListStore *store = g_list_store_new (ZMQG_TYPE_PEER);

  add_peers (store, core);
  return store;
}

void
zmqg_socket_renew_models (ZmqgSocket *self)
{
  if (self->peers == NULL)
    return;

  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->peers)); i > 0;
       i--)
    {
      g_autoptr (ZmqgPeer) peer =
        g_list_model_get_item (G_LIST_MODEL (self->peers), i - 1);

      if (!zmqg_peer_is_connected (peer))
        g_list_store_remove (self->peers, i - 1);
    }
  add_peers (self->peers, self->core);
}

/* Puts in what is new, and takes out what is no more. */
static void
update_endpoints (GListStore *store,
                  ZmqgSocketCore *core)
{
  g_autoptr (GPtrArray) cores = g_ptr_array_new_with_free_func (tag_unref);
  g_autoptr (GPtrArray) wanted = NULL;

  zmqg_socket_core_lock (core);
  for (guint i = 0; i < core->endpoints->len; i++)
    {
      ZmqgEndpointCore *endpoint = g_ptr_array_index (core->endpoints, i);

      g_ptr_array_add (cores, zmqg_tag_ref (&endpoint->tag));
    }
  zmqg_socket_core_unlock (core);

  wanted = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < cores->len; i++)
    g_ptr_array_add (wanted,
                     zmqg_endpoint_for_core (g_ptr_array_index (cores, i)));

  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (store)); i > 0; i--)
    {
      g_autoptr (ZmqgEndpoint) endpoint =
        g_list_model_get_item (G_LIST_MODEL (store), i - 1);

      if (!g_ptr_array_find (wanted, endpoint, NULL))
        g_list_store_remove (store, i - 1);
    }
  for (guint i = 0; i < wanted->len; i++)
    {
      gpointer endpoint = g_ptr_array_index (wanted, i);

      if (!g_list_store_find (store, endpoint, NULL))
        g_list_store_append (store, endpoint);
    }
}

void
zmqg_socket_update_models (ZmqgSocket *self,
                           const ZmqgNews *news)
{
  switch (news->kind)
    {
    case ZMQG_NEWS_PEER_ADDED:
      if (self->peers != NULL)
        add_peer (self->peers, (ZmqgPeerRecord *) news->subject);
      break;

    case ZMQG_NEWS_PEER_REMOVED:
      if (self->peers != NULL)
        remove_peer (self->peers, (ZmqgPeerRecord *) news->subject);
      break;

    case ZMQG_NEWS_ENDPOINT:
      if (self->endpoints != NULL)
        update_endpoints (self->endpoints, self->core);
      break;

    case ZMQG_NEWS_HANDSHAKE_FAILED:
    case ZMQG_NEWS_EVENT:
    case ZMQG_NEWS_SUBSCRIBED:
    case ZMQG_NEWS_UNSUBSCRIBED:
    default:
      break;
    }
}

/**
 * zmqg_socket_get_peers: (get-property peers)
 * @self: a socket
 *
 * Gets a model of the peers that are connected, as [class@Zmqg.Peer] objects.
 * It changes in the main context in which the socket's signals are emitted;
 * call this only there.
 *
 * Returns: (transfer none): the model, always the same one
 *
 * Since: 1.0
 */
GListModel *
zmqg_socket_get_peers (ZmqgSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);

  if (self->peers == NULL)
    {
      if (zmqg_context_core_is_forked (self->core->context))
        self->peers = g_list_store_new (ZMQG_TYPE_PEER);
      else
        self->peers = make_peers (self->core);
    }

  return G_LIST_MODEL (self->peers);
}

/**
 * zmqg_socket_get_endpoints: (get-property endpoints)
 * @self: a socket
 *
 * Gets a model of what the socket is bound and connected to, as
 * [class@Zmqg.Endpoint] objects. It changes in the main context in which the
 * socket's signals are emitted; call this only there.
 *
 * Returns: (transfer none): the model, always the same one
 *
 * Since: 1.0
 */
GListModel *
zmqg_socket_get_endpoints (ZmqgSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);

  if (self->endpoints == NULL)
    {
      self->endpoints = g_list_store_new (ZMQG_TYPE_ENDPOINT);
      if (!zmqg_context_core_is_forked (self->core->context))
        update_endpoints (self->endpoints, self->core);
    }

  return G_LIST_MODEL (self->endpoints);
}
