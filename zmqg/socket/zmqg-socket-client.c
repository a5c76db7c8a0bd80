/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-core-private.h"

/* A socket as the engine sees it, and what it tells the socket's signals. */

static ZmqgSocketCore *
core_of_client (ZmqgClient *client)
{
  return (ZmqgSocketCore *) ((guint8 *) client -
                             G_STRUCT_OFFSET (ZmqgSocketCore, client));
}

/* --- The engine's view -------------------------------------------------- */

static void
client_ref (ZmqgClient *client)
{
  zmqg_socket_core_ref (core_of_client (client));
}

static void
client_unref (ZmqgClient *client)
{
  zmqg_socket_core_unref (core_of_client (client));
}

static void
client_attend (ZmqgClient *client)
{
  ZmqgSocketCore *self = core_of_client (client);

  atomic_store (&self->structural, TRUE);
  /* Either we get the lock, or who has it sees this when it unlocks. */
  zmqg_barrier_heavy ();
  zmqg_socket_core_attend (self);
}

static void
client_endpoint_changed (ZmqgClient *client,
                         ZmqgTag *tag,
                         ZmqgEndpointState state,
                         const GError *error)
{
  ZmqgEndpointCore *endpoint = (ZmqgEndpointCore *) tag;
  ZmqgSocketCore *self = core_of_client (client);

  zmqg_lock (&endpoint->lock);
  if (endpoint->state != ZMQG_ENDPOINT_STATE_CLOSED)
    {
      if (state == ZMQG_ENDPOINT_STATE_CONNECTING &&
          endpoint->state == ZMQG_ENDPOINT_STATE_WAITING)
        {
          endpoint->reconnects++;
          atomic_fetch_add_explicit (&self->n_reconnects, 1,
                                     memory_order_relaxed);
        }
      endpoint->state = state;
    }
  if (error != NULL)
    {
      g_clear_error (&endpoint->last_error);
      endpoint->last_error = g_error_copy (error);
    }
  zmqg_unlock (&endpoint->lock);

  zmqg_socket_core_add_news (self, ZMQG_NEWS_ENDPOINT, tag, NULL, NULL);

  /* It ended by itself: the socket takes it out of its list. */
  if (state == ZMQG_ENDPOINT_STATE_CLOSED)
    {
      atomic_store (&self->has_ended, TRUE);
      client_attend (client);
    }
}

static void
client_peer_added (ZmqgClient *client,
                   ZmqgPeerRecord *record)
{
  ZmqgSocketCore *self = core_of_client (client);

  atomic_fetch_add (&self->n_peers, 1);
  zmqg_socket_core_add_news (self, ZMQG_NEWS_PEER_ADDED, &record->tag, NULL,
                             NULL);
}

static void
client_peer_removed (ZmqgClient *client,
                     ZmqgPeerRecord *record,
                     const GError *reason)
{
  ZmqgSocketCore *self = core_of_client (client);

  atomic_fetch_sub (&self->n_peers, 1);
  zmqg_socket_core_add_news (self, ZMQG_NEWS_PEER_REMOVED, &record->tag, NULL,
                             reason);
}

static void
client_handshake_failed (ZmqgClient *client,
                         ZmqgTag *endpoint,
                         GSocketAddress *address,
                         const GError *error)
{
  ZmqgSocketCore *self = core_of_client (client);

  atomic_fetch_add_explicit (&self->n_failed_handshakes, 1,
                             memory_order_relaxed);
  zmqg_socket_core_add_news (self, ZMQG_NEWS_HANDSHAKE_FAILED, endpoint,
                             address, error);
}

static void
client_event (ZmqgClient *client,
              const ZmqgEventReport *report)
{
  zmqg_socket_core_report (core_of_client (client), report);
}

static void
client_session_started (ZmqgClient *client)
{
  ZmqgSocketCore *self = core_of_client (client);

  atomic_fetch_add (&self->n_sessions, 1);
  zmqg_context_core_hold (self->context);
}

static void
client_session_ended (ZmqgClient *client,
                      guint64 unsent)
{
  ZmqgSocketCore *self = core_of_client (client);

  atomic_fetch_add (&self->unsent, unsent);
  atomic_fetch_sub (&self->n_sessions, 1);
  /* Who waits for everything to be sent. */
  zmqg_inbox_wake (&self->inbox, ZMQG_WAIT_NEWS);
  zmqg_context_core_drop (self->context);
}

/* GLib's lock orders what a source is given before what it does with it, but
 * ThreadSanitizer cannot see that. */
static atomic_uint releases;

static gboolean
release_in_main_context (gpointer data G_GNUC_UNUSED)
{
  /* What it is about is freed with the source. */
  return G_SOURCE_REMOVE;
}

static void
free_released (gpointer data)
{
  /* Acquire pairs with the release in client_release_later (). */
  atomic_load_explicit (&releases, memory_order_acquire);
  zmqg_segment_list_free (data);
}

static gboolean
client_try_locked (ZmqgClient *client,
                   gboolean (*function) (gpointer data),
                   gpointer data)
{
  ZmqgSocketCore *self = core_of_client (client);
  gboolean result;

  if (!zmqg_trylock (&self->lock))
    return FALSE;

  result = function (data);
  /* Its barrier pairs with client_attend (). */
  zmqg_unlock (&self->lock);
  zmqg_socket_core_attend (self);
  return result;
}

static void
client_release_later (ZmqgClient *client,
                      ZmqgSegment *segments)
{
  ZmqgSocketCore *self = core_of_client (client);
  g_autoptr (GSource) source = NULL;
  GMainContext *context = atomic_load (&self->release_context);

  /* The next call of the socket frees it, or its signal source. */
  if (zmqg_trylock (&self->lock))
    {
      gboolean taken = !self->closed;
      ZmqgSegment *last;

      if (taken)
        {
          for (last = segments; last->next != NULL;)
            last = last->next;
          last->next = self->released;
          self->released = segments;
          self->to_do |= ZMQG_TO_DO_TIDY;
        }
      /* Its barrier pairs with client_attend (). */
      zmqg_unlock (&self->lock);
      if (atomic_load (&self->structural))
        zmqg_socket_core_attend (self);
      if (taken)
        {
          zmqg_inbox_wake (&self->inbox, ZMQG_WAIT_NEWS);
          return;
        }
    }

  /* Should the context go without having run, so does the memory. */
  source = g_idle_source_new ();
  g_source_set_callback (source, release_in_main_context, segments,
                         free_released);
  g_source_set_static_name (source, "[zmqg] release");
  atomic_fetch_add_explicit (&releases, 1, memory_order_acq_rel);
  g_source_attach (source, context != NULL ? context : self->main_context);
}

const ZmqgClientOps zmqg_socket_client_ops = {
  .ref = client_ref,
  .unref = client_unref,
  .attend = client_attend,
  .endpoint_changed = client_endpoint_changed,
  .peer_added = client_peer_added,
  .peer_removed = client_peer_removed,
  .handshake_failed = client_handshake_failed,
  .event = client_event,
  .session_started = client_session_started,
  .session_ended = client_session_ended,
  .try_locked = client_try_locked,
  .release_later = client_release_later,
  .peer_ops = &zmqg_peer_record_ops,
};

/* --- News --------------------------------------------------------------- */

void
zmqg_socket_core_add_news (ZmqgSocketCore *self,
                           ZmqgNewsKind kind,
                           ZmqgTag *subject,
                           GSocketAddress *address,
                           const GError *error)
{
  ZmqgNews *news;

  /* Models that are made later are made of what there is then. */
  if (zmqg_news_queue_is_unheard (&self->news))
    {
      g_clear_object (&address);
      return;
    }

  news = zmqg_news_new (kind, subject);
  news->address = address;
  if (error != NULL)
    news->error = g_error_copy (error);

  zmqg_news_queue_push (&self->news, news);
  zmqg_inbox_wake (&self->inbox, ZMQG_WAIT_NEWS);
}

void
zmqg_socket_core_note_change (ZmqgSocketCore *self,
                              const char *name)
{
  atomic_store (&self->changed, name);
  zmqg_inbox_wake (&self->inbox, ZMQG_WAIT_NEWS);
}
