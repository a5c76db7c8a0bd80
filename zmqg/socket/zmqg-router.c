/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-router-private.h"

#include "base/zmqg-error.h"
#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-router-notices-private.h"
#include "socket/zmqg-type-private.h"

#include <string.h>

static void
router_init (ZmqgSocketCore *core)
{
  ZmqgRouter *self = core->state;

  self->table = zmqg_routing_table_new ();
  zmqg_fair_queue_init (&self->queue);
  g_queue_init (&self->noticing);
}

static void
router_clear (ZmqgSocketCore *core)
{
  ZmqgRouter *self = core->state;

  zmqg_routing_table_free (self->table);
  zmqg_fair_queue_clear (&self->queue);
  g_clear_pointer (&self->connect_id, g_bytes_unref);
}

/* --- Peers -------------------------------------------------------------- */

static gboolean
is_anonymous (const ZmqgRouterPeer *peer)
{
  return !peer->is_queued;
}

static void
begin_to_read (ZmqgRouter *self,
               ZmqgRouterPeer *peer)
{
  if (peer->is_queued)
    return;

  peer->is_queued = TRUE;
  zmqg_fair_queue_attach (&self->queue, peer->pipe);
}

/* The id is free for others. Messages that are unread keep it. */
static void
give_up_id (ZmqgRouter *self,
            ZmqgRouterPeer *peer)
{
  ZmqgRoutingId *id = g_steal_pointer (&peer->id);

  if (id == NULL)
    return;

  peer->old_id = g_bytes_new (id->data, id->size);
  zmqg_routing_table_remove (self->table, id);
}

/* Another has come with its id: from here on it is not heard. What was sent to
 * it still is. Its connection stays: a peer that is alive would only come
 * again, and take the id back, without end. */
static void
hand_id_over (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  ZmqgRouter *self = core->state;
  ZmqgRouterPeer *peer = pipe->user;

  if (peer->in_process)
    {
      zmqg_socket_core_close_pipe (core, pipe, core->options->linger);
      return;
    }

  zmqg_routing_table_remove (self->table, g_steal_pointer (&peer->id));
  if (peer->is_queued)
    zmqg_fair_queue_detach (&self->queue, pipe);
  peer->is_queued = FALSE;
  while (peer->notices.length > 0)
    zmqg_router_pop_notice (self, peer);
  g_clear_pointer (&peer->told, zmqg_tag_unref);
  zmqg_socket_core_drop_inbound (core, pipe);
}

/* Gives a peer the id, or with %NULL one that is made up. */
static void
identify (ZmqgSocketCore *core,
          ZmqgRouterPeer *peer,
          GBytes *identity)
{
  ZmqgRouter *self = core->state;
  ZmqgRoutingResult result;
  const guint8 *data = NULL;
  gsize size = 0;

  if (identity != NULL)
    data = g_bytes_get_data (identity, &size);

  if (size == 0)
    {
      result = zmqg_routing_table_insert_generated (self->table, peer->pipe,
                                                    &peer->id);
    }
  else
    {
      ZmqgRoutingId *old = zmqg_routing_table_lookup (self->table, data, size);

      if (old != NULL && !self->handover)
        {
          g_debug ("A peer's routing id is in use: it will not be heard");
          return;
        }

      if (old != NULL)
        hand_id_over (core, old->value);
      result = zmqg_routing_table_insert (self->table, data, size, peer->pipe,
                                          &peer->id);
    }

  if (result != ZMQG_ROUTING_OK)
    {
      peer->id = NULL;
      g_debug ("No memory for the routing id of a peer");
      return;
    }

  begin_to_read (self, peer);
}

/* A pipe of ours may be given its id before anybody is there. */
static void
identify_connect (ZmqgSocketCore *core,
                  ZmqgRouterPeer *peer)
{
  ZmqgRouter *self = core->state;
  g_autoptr (GBytes) id = g_steal_pointer (&self->connect_id);
  gsize size;
  const guint8 *data = g_bytes_get_data (id, &size);

  if (zmqg_routing_table_lookup (self->table, data, size) != NULL)
    {
      g_debug ("The routing id for a connect is in use: it gets another");
      g_clear_pointer (&id, g_bytes_unref);
    }

  identify (core, peer, id);
  zmqg_socket_core_note_change (core, "connect-routing-id");
}

static void
router_attach (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  ZmqgRouter *self = core->state;
  const ZmqgEndpointCore *endpoint = pipe->endpoint;
  ZmqgRouterPeer *peer = g_new0 (ZmqgRouterPeer, 1);
  gboolean is_connect;

  is_connect = endpoint != NULL &&
               endpoint->kind == ZMQG_ENDPOINT_KIND_CONNECT;
  peer->pipe = pipe;
  peer->in_process = endpoint != NULL && endpoint->transport != NULL &&
                     endpoint->transport->in_process;
  g_queue_init (&peer->notices);
  peer->noticing_link.data = peer;
  pipe->user = peer;

  if (self->probe_router)
    zmqg_type_probe (pipe);
  if (is_connect && self->connect_id != NULL)
    identify_connect (core, peer);
}

static void
router_peer (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  const ZmqgPeerRecord *record = (const ZmqgPeerRecord *) pipe->peer_tag;
  ZmqgRouterPeer *peer = pipe->user;

  /* Over connections a peer keeps its id. */
  if (is_anonymous (peer))
    identify (core, peer, record->identity);
  if (!is_anonymous (peer))
    zmqg_router_note_connection (core, peer);
  else
    zmqg_socket_core_drop_inbound (core, pipe);
}

static void
router_hiccup (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  zmqg_router_note_loss (core, pipe->user);
}

static void
router_readable (ZmqgSocketCore *core,
                 ZmqgPipe *pipe)
{
  ZmqgRouter *self = core->state;
  ZmqgRouterPeer *peer = pipe->user;

  /* One that is not heard must not keep its connection by what it says. */
  if (!is_anonymous (peer))
    zmqg_fair_queue_activate (&self->queue, pipe);
  else if (pipe->peer_tag != NULL)
    zmqg_socket_core_drop_inbound (core, pipe);
}

static void
router_writable (ZmqgSocketCore *core G_GNUC_UNUSED,
                 ZmqgPipe *pipe G_GNUC_UNUSED)
{
}

static gboolean
router_ended (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  ZmqgRouter *self = core->state;
  ZmqgRouterPeer *peer = pipe->user;

  if (is_anonymous (peer))
    return TRUE;

  /* Not when it was we who left. */
  if (peer->told != NULL &&
      atomic_load (&((ZmqgPeerRecord *) peer->told)->gone))
    zmqg_router_note_loss (core, peer);
  if (peer->notices.length == 0 && zmqg_type_is_drained (&self->queue, pipe))
    return TRUE;

  zmqg_fair_queue_activate (&self->queue, pipe);
  give_up_id (self, peer);
  return FALSE;
}

static void
router_detach (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  ZmqgRouter *self = core->state;
  ZmqgRouterPeer *peer = g_steal_pointer (&pipe->user);

  if (peer->is_queued)
    zmqg_fair_queue_detach (&self->queue, pipe);
  if (peer->id != NULL)
    zmqg_routing_table_remove (self->table, peer->id);
  g_clear_pointer (&peer->old_id, g_bytes_unref);
  while (peer->notices.length > 0)
    zmqg_router_pop_notice (self, peer);
  zmqg_tag_unref (peer->told);
  g_free (peer);
}

/* --- Sending ------------------------------------------------------------ */

/* A longer routing id is nobody's; a text shows the start. */
#define SHOWN_ID_MAX 255

/* As a text with escapes where it is one, else in hex. */
static char *
describe_id (const guint8 *data,
             gsize size)
{
  gsize shown = MIN (size, SHOWN_ID_MAX);
  gboolean is_text = shown > 0;
  GString *text;

  for (gsize i = 0; i < shown && is_text; i++)
    is_text = g_ascii_isprint (data[i]);

  text = g_string_new (is_text ? "\"" : "0x");
  for (gsize i = 0; i < shown; i++)
    if (!is_text)
      g_string_append_printf (text, "%02x", data[i]);
    else if (data[i] == '"' || data[i] == '\\')
      g_string_append_printf (text, "\\%c", data[i]);
    else
      g_string_append_c (text, (char) data[i]);
  if (is_text)
    g_string_append_c (text, '"');
  if (size > shown)
    g_string_append (text, "…");

  return g_string_free (text, FALSE);
}

static void
set_unroutable (GError **error,
                const ZmqgFrameView *id)
{
  g_autofree char *shown = describe_id (id->data, id->size);

  if (id->size > 0)
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE,
                 "No peer has the routing id %s", shown);
  else
    g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE,
                         "No peer has an empty routing id");
}

static ZmqgPipe *
router_find_peer (ZmqgSocketCore *core,
                  const guint8 *id,
                  gsize size)
{
  ZmqgRouter *self = core->state;
  ZmqgRoutingId *found = NULL;

  if (size > 0)
    found = zmqg_routing_table_lookup (self->table, id, size);
  return found != NULL ? found->value : NULL;
}

static ZmqgIoResult
drop_unroutable (ZmqgSocketCore *core,
                 const ZmqgFrameView *id,
                 GError **error)
{
  ZmqgRouter *self = core->state;

  if (self->mandatory)
    {
      set_unroutable (error, id);
      return ZMQG_IO_FAILED;
    }

  core->dropped_no_peer++;
  return ZMQG_IO_DONE;
}

/* With mandatory a message is refused at its first frame, or not at all. */
static ZmqgIoResult
router_begin (ZmqgSocketCore *core,
              const ZmqgFrameView *first,
              GError **error)
{
  ZmqgRouter *self = core->state;
  ZmqgPipe *pipe;

  if (!self->mandatory)
    return ZMQG_IO_DONE;

  pipe = router_find_peer (core, first->data, first->size);
  if (pipe == NULL)
    {
      set_unroutable (error, first);
      return ZMQG_IO_FAILED;
    }
  if (!zmqg_pipe_has_room (pipe))
    return ZMQG_IO_AGAIN;

  core->chosen = pipe;
  return ZMQG_IO_DONE;
}

/* The same of all frames. */
static ZmqgIoResult
finish_mandatory (ZmqgSocketCore *core,
                  const ZmqgFrameView *views,
                  guint n,
                  GError **error)
{
  ZmqgPipe *pipe = core->chosen;

  if (pipe == NULL)
    {
      core->dropped_no_peer++;
      return ZMQG_IO_DONE;
    }

  if (zmqg_pipe_write_always (pipe, views + 1, n - 1) == ZMQG_PIPE_NO_MEMORY)
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  zmqg_socket_core_flush (core, pipe);
  return ZMQG_IO_DONE;
}

static void
set_peer_gone (GError **error,
               const ZmqgPeerRecord *record)
{
  /* Those that connected over ipc have no address, and those in the process
   * no connection. */
  if (record->remote_text != NULL)
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE,
                 "The peer at %s has gone", record->remote_text);
  else if (record->local_text != NULL)
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE,
                 "The peer that connected to %s has gone",
                 record->local_text);
  else
    g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE,
                         "The inproc peer has gone");
}

/* %NULL with @error when it has gone. */
static ZmqgPipe *
find_pipe_of_peer (ZmqgSocketCore *core,
                   const ZmqgPeerRecord *record,
                   GError **error)
{
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);
      const ZmqgRouterPeer *peer = pipe->user;

      if (pipe->peer_tag == &record->tag && peer->id != NULL)
        return pipe;
    }

  set_peer_gone (error, record);
  return NULL;
}

static ZmqgIoResult
write_to_peer (ZmqgSocketCore *core,
               ZmqgPipe *pipe,
               const ZmqgFrameView *views,
               guint n,
               GError **error)
{
  ZmqgRouter *self = core->state;

  switch (zmqg_pipe_write (pipe, views, n))
    {
    case ZMQG_PIPE_WRITTEN:
      zmqg_socket_core_flush (core, pipe);
      return ZMQG_IO_DONE;

    case ZMQG_PIPE_FULL:
      if (self->mandatory)
        return ZMQG_IO_AGAIN;
      zmqg_account_drop (pipe->account, ZMQG_DROP_REASON_FULL);
      return ZMQG_IO_DONE;

    case ZMQG_PIPE_NO_MEMORY:
    default:
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }
}

static ZmqgIoResult
router_send (ZmqgSocketCore *core,
             const ZmqgFrameView *views,
             guint n,
             GError **error)
{
  ZmqgRouter *self = core->state;
  ZmqgPipe *pipe;

  /* Nothing but an address. */
  if (G_UNLIKELY (n < 2))
    {
      core->dropped_no_peer++;
      return ZMQG_IO_DONE;
    }

  if (G_UNLIKELY (core->finishing && self->mandatory))
    return finish_mandatory (core, views, n, error);

  if (views[0].flags & ZMQG_FRAME_PEER)
    {
      pipe = find_pipe_of_peer (core, (const ZmqgPeerRecord *) views[0].data,
                                error);
      if (pipe == NULL)
        return ZMQG_IO_FAILED;
    }
  else
    {
      pipe = router_find_peer (core, views[0].data, views[0].size);
      if (pipe == NULL)
        return drop_unroutable (core, &views[0], error);
    }

  return write_to_peer (core, pipe, views + 1, n - 1, error);
}

/* --- Receiving ---------------------------------------------------------- */

static ZmqgFrameView
view_of_id (const ZmqgRouterPeer *peer)
{
  ZmqgFrameView view = { 0, };

  view.flags = ZMQG_FRAME_MORE;
  if (G_LIKELY (peer->id != NULL))
    {
      view.data = peer->id->data;
      view.size = peer->id->size;
    }
  else
    {
      view.data = g_bytes_get_data (peer->old_id, &view.size);
    }

  return view;
}

static ZmqgIoResult
receive_notice (ZmqgSocketCore *core,
                ZmqgRouterPeer *peer,
                ZmqgMessage **message,
                GError **error)
{
  ZmqgRouter *self = core->state;
  ZmqgRouterNotice *notice = g_queue_peek_head (&peer->notices);
  ZmqgFrameView views[2] = {
    view_of_id (peer),
    { (const guint8 *) "", 0, 0, NULL, NULL },
  };
  ZmqgMessage *built;

  built = zmqg_message_new_from_views (views, 2, notice->tag);
  if (built == NULL)
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  *message = built;
  zmqg_router_pop_notice (self, peer);
  return ZMQG_IO_DONE;
}

static ZmqgIoResult
router_receive (ZmqgSocketCore *core,
                ZmqgMessage **message,
                GError **error)
{
  ZmqgRouter *self = core->state;
  ZmqgFrameView local[ZMQG_TYPE_STACK_VIEWS];
  g_autofree ZmqgFrameView *heap = NULL;
  ZmqgFrameView *all = local;
  ZmqgIoResult result;
  ZmqgPipe *pipe;
  guint n;

  if (G_UNLIKELY (self->noticing.length > 0))
    {
      ZmqgRouterPeer *peer = zmqg_router_find_notice (core);

      if (peer != NULL)
        return receive_notice (core, peer, message, error);
    }

  /* Ended pipes that are empty have no notices by now: they may go. */
  pipe = zmqg_type_peek (core, &self->queue);
  if (pipe == NULL)
    return ZMQG_IO_AGAIN;

  n = core->frames.n;
  if (G_UNLIKELY (n + 1 > ZMQG_TYPE_STACK_VIEWS))
    all = heap = g_try_new (ZmqgFrameView, (gsize) n + 1);
  if (G_UNLIKELY (all == NULL))
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  all[0] = view_of_id (pipe->user);
  memcpy (all + 1, core->frames.views, n * sizeof *all);
  result = zmqg_type_build (pipe, all, n + 1, message, error);
  if (G_LIKELY (result == ZMQG_IO_DONE))
    zmqg_fair_queue_consume (&self->queue);
  return result;
}

static gboolean
has_room (ZmqgSocketCore *core)
{
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);
      const ZmqgRouterPeer *peer = pipe->user;

      if (peer->id != NULL && zmqg_pipe_has_room (pipe))
        return TRUE;
    }

  return FALSE;
}

static guint
router_events (ZmqgSocketCore *core,
               guint interest)
{
  ZmqgRouter *self = core->state;
  guint events = 0;

  if ((self->noticing.length > 0 && zmqg_router_find_notice (core) != NULL) ||
      zmqg_type_peek (core, &self->queue) != NULL)
    events |= ZMQG_WAIT_IN;
  if ((interest & ZMQG_WAIT_OUT) != 0 &&
      (!self->mandatory || has_room (core)))
    events |= ZMQG_WAIT_OUT;
  return events;
}

const ZmqgSocketOps zmqg_router_ops = {
  .type = ZMQG_SOCKET_TYPE_ROUTER,
  .session = &zmqg_router_session,
  .state_size = sizeof (ZmqgRouter),
  .sends_to_one = TRUE,
  .init = router_init,
  .clear = router_clear,
  .attach = router_attach,
  .peer = router_peer,
  .readable = router_readable,
  .writable = router_writable,
  .hiccup = router_hiccup,
  .ended = router_ended,
  .detach = router_detach,
  .begin = router_begin,
  .send = router_send,
  .find_peer = router_find_peer,
  .receive = router_receive,
  .events = router_events,
};
