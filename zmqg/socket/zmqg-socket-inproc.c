/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-core-private.h"

#include "base/zmqg-error.h"

/* Peers in the process: there is no connection that would tell of them, or
 * that could be ended. */

static void
core_ref (gpointer core)
{
  zmqg_socket_core_ref (core);
}

static void
core_unref (gpointer core)
{
  zmqg_socket_core_unref (core);
}

static void
core_drop (gpointer core)
{
  ZmqgSocketCore *self = core;

  atomic_store (&self->has_dropped, TRUE);
  self->client.ops->attend (&self->client);
}

/* Within the process the connection of a peer is the socket itself. */
static const ZmqgPeerConnectionOps core_connection_ops = {
  .ref = core_ref,
  .unref = core_unref,
  .drop = core_drop,
};

/* Locked: who was connected to has gone, and nobody will connect again: so has
 * the endpoint, as far as it is not being ended anyway. */
static void
end_endpoint (ZmqgSocketCore *self,
              ZmqgEndpointCore *endpoint,
              const GError *reason)
{
  if (endpoint->kind != ZMQG_ENDPOINT_KIND_CONNECT || self->closed ||
      !g_ptr_array_find (self->endpoints, endpoint, NULL))
    return;

  zmqg_lock (&endpoint->lock);
  endpoint->state = ZMQG_ENDPOINT_STATE_CLOSED;
  g_clear_error (&endpoint->last_error);
  endpoint->last_error = g_error_copy (reason);
  zmqg_unlock (&endpoint->lock);

  zmqg_socket_core_add_news (self, ZMQG_NEWS_ENDPOINT, &endpoint->tag, NULL,
                             NULL);
  /* The pipe has another reference. */
  g_ptr_array_remove (self->endpoints, endpoint);
}

void
zmqg_socket_core_tell_of_inproc_peer (ZmqgSocketCore *self,
                                      ZmqgPipe *pipe,
                                      gboolean gone)
{
  ZmqgEndpointCore *endpoint = pipe->endpoint;
  ZmqgPeerRecord *record = (ZmqgPeerRecord *) pipe->peer_tag;
  g_autoptr (GError) reason = NULL;

  if (record == NULL || !endpoint->transport->in_process ||
      (gone && atomic_exchange (&record->gone, TRUE)))
    return;

  atomic_fetch_add (&self->n_peers, gone ? -1 : 1);
  if (!gone)
    {
      zmqg_peer_record_begin (record, pipe->account);
      zmqg_peer_record_connect (record, &core_connection_ops, self);
    }
  else
    {
      zmqg_peer_record_end (record);
      zmqg_peer_record_disconnect (record); /* the caller has a reference, too */
    }
  if (gone && atomic_load (&record->dropped))
    reason = zmqg_peer_record_explain_drop (record, endpoint->uri);
  else if (gone)
    reason = g_error_new (ZMQG_ERROR, ZMQG_ERROR_PEER_LOST,
                          "%s: The peer has gone", endpoint->uri);
  zmqg_socket_core_add_news (self,
                             gone ? ZMQG_NEWS_PEER_REMOVED
                                  : ZMQG_NEWS_PEER_ADDED,
                             &record->tag, NULL,
                             atomic_load (&record->dropped) ? reason : NULL);
  if (gone)
    end_endpoint (self, endpoint, reason);
}

void
zmqg_socket_core_leave_dropped_peers (ZmqgSocketCore *self)
{
  for (guint i = self->pipes->len; i > 0; i--)
    {
      ZmqgPipe *pipe = g_ptr_array_index (self->pipes, i - 1);
      ZmqgEndpointCore *endpoint = pipe->endpoint;
      ZmqgPeerRecord *record = (ZmqgPeerRecord *) pipe->peer_tag;

      if (record == NULL || !endpoint->transport->in_process ||
          !atomic_load (&record->dropped) || pipe->ended)
        continue;

      zmqg_socket_core_tell_of_inproc_peer (self, pipe, TRUE);
      zmqg_socket_core_leave_pipe (self, pipe, 0);
    }
}
