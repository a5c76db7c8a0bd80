/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-router-socket.h"

#include "base/zmqg-error.h"
#include "pattern/zmqg-routing-table-private.h"
#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-peer-private.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-type-private.h"

#include <string.h>

/**
 * ZmqgRouterSocket:
 *
 * Talks to each of its peers by name.
 *
 * The first frame of each message that is received is the routing id of the
 * peer that sent it; the first frame of each message to be sent selects the
 * peer that gets the rest. A peer has the routing id that it chose, or one
 * that is made up for it.
 *
 * To reply to the peer of a message without handling routing ids, see
 * [method@Zmqg.RouterSocket.send_to].
 *
 * Since: 1.0
 */
struct _ZmqgRouterSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgRouterSocketClass
{
  ZmqgSocketClass parent_class;
};

G_DEFINE_FINAL_TYPE (ZmqgRouterSocket, zmqg_router_socket, ZMQG_TYPE_SOCKET)

G_DEFINE_FLAGS_TYPE (ZmqgRouterNotify, zmqg_router_notify,
                     G_DEFINE_ENUM_VALUE (ZMQG_ROUTER_NOTIFY_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (ZMQG_ROUTER_NOTIFY_CONNECT,
                                          "connect"),
                     G_DEFINE_ENUM_VALUE (ZMQG_ROUTER_NOTIFY_DISCONNECT,
                                          "disconnect"))

/* Of a connection that came or went, to be told to the user: connects before
 * the connection's messages, disconnects behind them. */
typedef struct
{
  gboolean is_connect;
  ZmqgTag *tag; /* of the connection */
} Notice;

/* More connections of one pipe than that, all unnoticed, are not told of. */
#define NOTICES_MAX 16

/*
 * What a pipe is to this type (pipe->user). A peer is anonymous, neither read
 * nor addressed, until it has an id.
 */
typedef struct
{
  ZmqgPipe *pipe;      /* borrowed */
  ZmqgRoutingId *id;   /* in the table; NULL: anonymous, or ended */
  GBytes *old_id;      /* ended: what is read still has this id */
  gboolean is_queued;  /* in the fair queue */
  gboolean in_process;
  ZmqgTag *told;       /* of whom a connect was noted, and no disconnect */
  GQueue notices;
  GList noticing_link; /* in the list of those with notices */
} RouterPeer;

typedef struct
{
  ZmqgRoutingTable *table; /* the values are pipes */
  ZmqgFairQueue queue;
  GQueue noticing;         /* of RouterPeer */
  gboolean mandatory;
  gboolean handover;
  gboolean probe_router;
  guint notify_peers;
  GBytes *connect_id;      /* for the next connect; nullable */
} RouterState;

enum
{
  PROP_0,
  PROP_MANDATORY,
  PROP_HANDOVER,
  PROP_PROBE_ROUTER,
  PROP_NOTIFY_PEERS,
  PROP_CONNECT_ROUTING_ID,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
router_init (ZmqgSocketCore *core)
{
  RouterState *self = core->state;

  self->table = zmqg_routing_table_new ();
  zmqg_fair_queue_init (&self->queue);
  g_queue_init (&self->noticing);
}

static void
router_clear (ZmqgSocketCore *core)
{
  RouterState *self = core->state;

  zmqg_routing_table_free (self->table);
  zmqg_fair_queue_clear (&self->queue);
  g_clear_pointer (&self->connect_id, g_bytes_unref);
}

/* --- Notices ------------------------------------------------------------ */

static void
notice_free (Notice *notice)
{
  zmqg_tag_unref (notice->tag);
  g_free (notice);
}

static void
add_notice (RouterState *self,
            RouterPeer *peer,
            gboolean is_connect,
            ZmqgTag *tag)
{
  Notice *notice;

  if (peer->notices.length >= NOTICES_MAX)
    notice_free (g_queue_pop_head (&peer->notices));

  notice = g_new (Notice, 1);
  notice->is_connect = is_connect;
  notice->tag = zmqg_tag_ref (tag);
  if (peer->notices.length == 0)
    g_queue_push_tail_link (&self->noticing, &peer->noticing_link);
  g_queue_push_tail (&peer->notices, notice);
}

static void
pop_notice (RouterState *self,
            RouterPeer *peer)
{
  notice_free (g_queue_pop_head (&peer->notices));
  if (peer->notices.length == 0)
    g_queue_unlink (&self->noticing, &peer->noticing_link);
}

/* The connection that was the pipe's is over. */
static void
note_loss (RouterState *self,
           RouterPeer *peer)
{
  if (peer->told == NULL)
    return;

  if (self->notify_peers & ZMQG_ROUTER_NOTIFY_DISCONNECT)
    add_notice (self, peer, FALSE, peer->told);
  g_clear_pointer (&peer->told, zmqg_tag_unref);
}

/* The pipe has a connection. */
static void
note_connection (RouterState *self,
                 RouterPeer *peer)
{
  ZmqgTag *tag = peer->pipe->peer_tag;

  /* Only of network peers. */
  if (peer->in_process || tag == NULL || peer->told == tag)
    return;

  note_loss (self, peer);
  if (self->notify_peers & ZMQG_ROUTER_NOTIFY_CONNECT)
    add_notice (self, peer, TRUE, tag);
  peer->told = zmqg_tag_ref (tag);
}

/* Whether it is the turn of a peer's first notice: no message that belongs
 * before it is still queued. */
static gboolean
notice_is_due (ZmqgSocketCore *core,
               RouterPeer *peer)
{
  const Notice *notice = g_queue_peek_head (&peer->notices);
  ZmqgTag *tag;

  if (!zmqg_pipe_peek (peer->pipe, &core->frames))
    return core->frames.n == 0;

  tag = zmqg_type_peek_tag (peer->pipe);
  return notice->is_connect ? tag == notice->tag : tag != notice->tag;
}

/* A peer with a notice to be told now. */
static RouterPeer *
find_notice (ZmqgSocketCore *core)
{
  RouterState *self = core->state;

  for (GList *l = self->noticing.head; l != NULL; l = l->next)
    if (notice_is_due (core, l->data))
      return l->data;

  return NULL;
}

/* --- Peers -------------------------------------------------------------- */

static gboolean
is_anonymous (const RouterPeer *peer)
{
  return !peer->is_queued;
}

static void
begin_to_read (RouterState *self,
               RouterPeer *peer)
{
  if (peer->is_queued)
    return;

  peer->is_queued = TRUE;
  zmqg_fair_queue_attach (&self->queue, peer->pipe);
}

/* The id is free for others. Messages that are unread keep it. */
static void
give_up_id (RouterState *self,
            RouterPeer *peer)
{
  ZmqgRoutingId *id = g_steal_pointer (&peer->id);

  if (id == NULL)
    return;

  peer->old_id = g_bytes_new (id->data, id->size);
  zmqg_routing_table_remove (self->table, id);
}

/* Gives a peer the id, or with %NULL one that is made up. */
static void
identify (ZmqgSocketCore *core,
          RouterPeer *peer,
          GBytes *identity)
{
  RouterState *self = core->state;
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

      /* What was sent to the old one still is; what it sent is lost. */
      if (old != NULL)
        zmqg_socket_core_close_pipe (core, old->value,
                                     core->options->linger);
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
                  RouterPeer *peer)
{
  RouterState *self = core->state;
  g_autoptr (GBytes) id = g_steal_pointer (&self->connect_id);
  gsize size;
  const guint8 *data = g_bytes_get_data (id, &size);

  if (zmqg_routing_table_lookup (self->table, data, size) != NULL)
    {
      g_debug ("The routing id for a connect is in use: it gets another");
      g_clear_pointer (&id, g_bytes_unref);
    }

  identify (core, peer, id);
}

static void
router_attach (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  RouterState *self = core->state;
  const ZmqgEndpointCore *endpoint = pipe->endpoint;
  RouterPeer *peer = g_new0 (RouterPeer, 1);
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
  RouterState *self = core->state;
  const ZmqgPeerRecord *record = (const ZmqgPeerRecord *) pipe->peer_tag;
  RouterPeer *peer = pipe->user;

  /* Over connections a peer keeps its id. */
  if (is_anonymous (peer))
    identify (core, peer, record->identity);
  if (!is_anonymous (peer))
    note_connection (self, peer);
  else
    zmqg_socket_core_drop_inbound (core, pipe);
}

static void
router_hiccup (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  note_loss (core->state, pipe->user);
}

static void
router_readable (ZmqgSocketCore *core,
                 ZmqgPipe *pipe)
{
  RouterState *self = core->state;
  RouterPeer *peer = pipe->user;

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
  RouterState *self = core->state;
  RouterPeer *peer = pipe->user;

  if (is_anonymous (peer))
    return TRUE;

  /* Not when it was we who left. */
  if (peer->told != NULL &&
      atomic_load (&((ZmqgPeerRecord *) peer->told)->gone))
    note_loss (self, peer);
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
  RouterState *self = core->state;
  RouterPeer *peer = g_steal_pointer (&pipe->user);

  if (peer->is_queued)
    zmqg_fair_queue_detach (&self->queue, pipe);
  if (peer->id != NULL)
    zmqg_routing_table_remove (self->table, peer->id);
  g_clear_pointer (&peer->old_id, g_bytes_unref);
  while (peer->notices.length > 0)
    pop_notice (self, peer);
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

static ZmqgIoResult
drop_unroutable (ZmqgSocketCore *core,
                 const ZmqgFrameView *id,
                 GError **error)
{
  RouterState *self = core->state;

  if (self->mandatory)
    {
      g_autofree char *shown = describe_id (id->data, id->size);

      if (id->size > 0)
        g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE,
                     "No peer has the routing id %s", shown);
      else
        g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_UNROUTABLE,
                             "No peer has an empty routing id");
      return ZMQG_IO_FAILED;
    }

  core->dropped_no_peer++;
  return ZMQG_IO_DONE;
}

static ZmqgIoResult
router_send (ZmqgSocketCore *core,
             const ZmqgFrameView *views,
             guint n,
             GError **error)
{
  RouterState *self = core->state;
  ZmqgRoutingId *id = NULL;
  ZmqgPipe *pipe;

  /* Nothing but an address. */
  if (G_UNLIKELY (n < 2))
    return ZMQG_IO_DONE;

  if (views[0].size > 0)
    id = zmqg_routing_table_lookup (self->table, views[0].data,
                                    views[0].size);
  if (id == NULL)
    return drop_unroutable (core, &views[0], error);

  pipe = id->value;
  switch (zmqg_pipe_write (pipe, views + 1, n - 1))
    {
    case ZMQG_PIPE_WRITTEN:
      zmqg_socket_core_flush (core, pipe);
      return ZMQG_IO_DONE;

    case ZMQG_PIPE_FULL:
      if (self->mandatory)
        return ZMQG_IO_AGAIN;
      pipe->dropped++;
      return ZMQG_IO_DONE;

    case ZMQG_PIPE_NO_MEMORY:
    default:
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }
}

/* --- Receiving ---------------------------------------------------------- */

static ZmqgFrameView
view_of_id (const RouterPeer *peer)
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
                RouterPeer *peer,
                ZmqgMessage **message,
                GError **error)
{
  RouterState *self = core->state;
  Notice *notice = g_queue_peek_head (&peer->notices);
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
  pop_notice (self, peer);
  return ZMQG_IO_DONE;
}

static ZmqgIoResult
router_receive (ZmqgSocketCore *core,
                ZmqgMessage **message,
                GError **error)
{
  RouterState *self = core->state;
  ZmqgFrameView local[ZMQG_TYPE_STACK_VIEWS];
  g_autofree ZmqgFrameView *heap = NULL;
  ZmqgFrameView *all = local;
  ZmqgIoResult result;
  ZmqgPipe *pipe;
  guint n;

  if (G_UNLIKELY (self->noticing.length > 0))
    {
      RouterPeer *peer = find_notice (core);

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
      const RouterPeer *peer = pipe->user;

      if (peer->id != NULL && zmqg_pipe_has_room (pipe))
        return TRUE;
    }

  return FALSE;
}

static guint
router_events (ZmqgSocketCore *core)
{
  RouterState *self = core->state;
  guint events = 0;

  if ((self->noticing.length > 0 && find_notice (core) != NULL) ||
      zmqg_type_peek (core, &self->queue) != NULL)
    events |= ZMQG_WAIT_IN;
  if (!self->mandatory || has_room (core))
    events |= ZMQG_WAIT_OUT;
  return events;
}

static const ZmqgSocketOps router_ops = {
  .type = ZMQG_SOCKET_TYPE_ROUTER,
  .session = &zmqg_router_session,
  .state_size = sizeof (RouterState),
  .init = router_init,
  .clear = router_clear,
  .attach = router_attach,
  .peer = router_peer,
  .readable = router_readable,
  .writable = router_writable,
  .hiccup = router_hiccup,
  .ended = router_ended,
  .detach = router_detach,
  .send = router_send,
  .receive = router_receive,
  .events = router_events,
};

static gboolean
router_get_flag (ZmqgRouterSocket *self,
                 gsize offset)
{
  ZmqgSocketCore *core = self->parent_instance.core;
  gboolean value;

  zmqg_socket_core_lock (core);
  value = G_STRUCT_MEMBER (gboolean, core->state, offset);
  zmqg_socket_core_unlock (core);

  return value;
}

static void
router_set_flag (ZmqgRouterSocket *self,
                 gsize offset,
                 gboolean value,
                 guint property)
{
  ZmqgSocketCore *core = self->parent_instance.core;

  if (zmqg_socket_set_flag (&self->parent_instance,
                            G_STRUCT_MEMBER_P (core->state, offset), value))
    g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
zmqg_router_socket_get_property (GObject *object,
                                 guint property_id,
                                 GValue *value,
                                 GParamSpec *pspec)
{
  ZmqgRouterSocket *self = ZMQG_ROUTER_SOCKET (object);

  switch (property_id)
    {
    case PROP_MANDATORY:
      g_value_set_boolean (value, zmqg_router_socket_get_mandatory (self));
      break;

    case PROP_HANDOVER:
      g_value_set_boolean (value, zmqg_router_socket_get_handover (self));
      break;

    case PROP_PROBE_ROUTER:
      g_value_set_boolean (value, zmqg_router_socket_get_probe_router (self));
      break;

    case PROP_NOTIFY_PEERS:
      g_value_set_flags (value, zmqg_router_socket_get_notify_peers (self));
      break;

    case PROP_CONNECT_ROUTING_ID:
      g_value_take_boxed (value,
                          zmqg_router_socket_get_connect_routing_id (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_router_socket_set_property (GObject *object,
                                 guint property_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  ZmqgRouterSocket *self = ZMQG_ROUTER_SOCKET (object);

  switch (property_id)
    {
    case PROP_MANDATORY:
      zmqg_router_socket_set_mandatory (self, g_value_get_boolean (value));
      break;

    case PROP_HANDOVER:
      zmqg_router_socket_set_handover (self, g_value_get_boolean (value));
      break;

    case PROP_PROBE_ROUTER:
      zmqg_router_socket_set_probe_router (self, g_value_get_boolean (value));
      break;

    case PROP_NOTIFY_PEERS:
      zmqg_router_socket_set_notify_peers (self, g_value_get_flags (value));
      break;

    case PROP_CONNECT_ROUTING_ID:
      zmqg_router_socket_set_connect_routing_id (self,
                                                 g_value_get_boxed (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_router_socket_class_init (ZmqgRouterSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  klass->parent_class.ops = &router_ops;
  object_class->get_property = zmqg_router_socket_get_property;
  object_class->set_property = zmqg_router_socket_set_property;

  /**
   * ZmqgRouterSocket:mandatory: (getter get_mandatory) (setter set_mandatory)
   *
   * Whether sending to an unknown peer fails with %ZMQG_ERROR_UNROUTABLE, and
   * to one that is full waits, instead of dropping the message.
   *
   * Since: 1.0
   */
  properties[PROP_MANDATORY] =
    g_param_spec_boolean ("mandatory", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                            G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgRouterSocket:handover: (getter get_handover) (setter set_handover)
   *
   * Whether a new peer takes over a routing id that is in use already. Else
   * it is not heard.
   *
   * Since: 1.0
   */
  properties[PROP_HANDOVER] =
    g_param_spec_boolean ("handover", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                            G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgRouterSocket:probe-router: (getter get_probe_router) (setter set_probe_router)
   *
   * Whether each new pipe begins with an empty message, by which a router
   * socket at the other end learns of this one.
   *
   * Since: 1.0
   */
  properties[PROP_PROBE_ROUTER] =
    g_param_spec_boolean ("probe-router", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                            G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgRouterSocket:notify-peers: (getter get_notify_peers) (setter set_notify_peers)
   *
   * Which news of network peers are received as messages: the peer's routing
   * id and an empty frame.
   *
   * Since: 1.0
   */
  properties[PROP_NOTIFY_PEERS] =
    g_param_spec_flags ("notify-peers", NULL, NULL, ZMQG_TYPE_ROUTER_NOTIFY,
                        ZMQG_ROUTER_NOTIFY_NONE,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                          G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgRouterSocket:connect-routing-id: (getter get_connect_routing_id) (setter set_connect_routing_id)
   *
   * The routing id that the peer of the next connect will have here, whatever
   * it calls itself; that connect uses it up.
   *
   * Since: 1.0
   */
  properties[PROP_CONNECT_ROUTING_ID] =
    g_param_spec_boxed ("connect-routing-id", NULL, NULL, G_TYPE_BYTES,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                          G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
zmqg_router_socket_init (ZmqgRouterSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_router_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a router socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.RouterSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_router_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_ROUTER_SOCKET, "context", context, NULL);
}

/* A copy of the id of the peer with this record; %NULL: it has gone. */
static GBytes *
find_id (ZmqgSocketCore *core,
         const ZmqgPeerRecord *record)
{
  for (guint i = 0; i < core->pipes->len; i++)
    {
      const ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);
      const RouterPeer *peer = pipe->user;

      if (pipe->peer_tag == &record->tag && peer->id != NULL)
        return g_bytes_new (peer->id->data, peer->id->size);
    }

  return NULL;
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

/**
 * zmqg_router_socket_send_to:
 * @self: the socket
 * @peer: whom to send to, one of this socket's peers
 * @message: the message, without a routing id
 * @cancellable: (nullable): a cancellable
 *
 * Sends a message to a peer.
 *
 * What happens when the peer cannot take more is set by
 * [property@Zmqg.RouterSocket:mandatory]. Fails with %ZMQG_ERROR_UNROUTABLE
 * when the peer has gone, and otherwise as [method@Zmqg.Socket.send] does.
 *
 * Returns: whether the message was sent
 *
 * Since: 1.0
 */
gboolean
zmqg_router_socket_send_to (ZmqgRouterSocket *self,
                            ZmqgPeer *peer,
                            ZmqgMessage *message,
                            GCancellable *cancellable,
                            GError **error)
{
  ZmqgSocketCore *core;
  ZmqgFrameView local[ZMQG_TYPE_STACK_VIEWS];
  g_autofree ZmqgFrameView *heap = NULL;
  g_autoptr (GBytes) id = NULL;
  ZmqgFrameView *views = local;
  gboolean is_open;
  guint n;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);
  g_return_val_if_fail (ZMQG_IS_PEER (peer), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (zmqg_message_get_n_frames (message) > 0, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable),
                        FALSE);

  core = self->parent_instance.core;
  if (!zmqg_socket_core_check_fork (core, error))
    return FALSE;

  zmqg_socket_core_lock (core);
  is_open = zmqg_socket_core_check (core, error);
  if (is_open)
    id = find_id (core, zmqg_peer_get_record (peer));
  zmqg_socket_core_unlock (core);

  if (!is_open)
    return FALSE;
  if (id == NULL)
    {
      set_peer_gone (error, zmqg_peer_get_record (peer));
      return FALSE;
    }

  n = zmqg_message_get_n_frames (message);
  if (n + 1 > ZMQG_TYPE_STACK_VIEWS)
    views = heap = g_try_new (ZmqgFrameView, (gsize) n + 1);
  if (views == NULL)
    {
      zmqg_set_no_memory (error);
      return FALSE;
    }

  views[0] = (ZmqgFrameView) { .flags = ZMQG_FRAME_MORE };
  views[0].data = g_bytes_get_data (id, &views[0].size);
  n = zmqg_message_get_views (message, views + 1, n);
  return zmqg_socket_send_views (&self->parent_instance, views, n + 1,
                                 cancellable, error);
}

/**
 * zmqg_router_socket_get_mandatory: (get-property mandatory)
 * @self: the socket
 *
 * Tells whether messages that cannot be delivered are refused, not dropped.
 *
 * Returns: the value of [property@Zmqg.RouterSocket:mandatory]
 *
 * Since: 1.0
 */
gboolean
zmqg_router_socket_get_mandatory (ZmqgRouterSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);

  return router_get_flag (self, offsetof (RouterState, mandatory));
}

/**
 * zmqg_router_socket_set_mandatory: (set-property mandatory)
 * @self: the socket
 * @mandatory: whether messages that cannot be delivered are refused
 *
 * Sets [property@Zmqg.RouterSocket:mandatory].
 *
 * Since: 1.0
 */
void
zmqg_router_socket_set_mandatory (ZmqgRouterSocket *self,
                                  gboolean mandatory)
{
  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));

  router_set_flag (self, offsetof (RouterState, mandatory), mandatory,
                   PROP_MANDATORY);
}

/**
 * zmqg_router_socket_get_handover: (get-property handover)
 * @self: the socket
 *
 * Tells whether a new peer takes over a routing id that is in use.
 *
 * Returns: the value of [property@Zmqg.RouterSocket:handover]
 *
 * Since: 1.0
 */
gboolean
zmqg_router_socket_get_handover (ZmqgRouterSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);

  return router_get_flag (self, offsetof (RouterState, handover));
}

/**
 * zmqg_router_socket_set_handover: (set-property handover)
 * @self: the socket
 * @handover: whether a new peer takes over a routing id that is in use
 *
 * Sets [property@Zmqg.RouterSocket:handover].
 *
 * Since: 1.0
 */
void
zmqg_router_socket_set_handover (ZmqgRouterSocket *self,
                                 gboolean handover)
{
  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));

  router_set_flag (self, offsetof (RouterState, handover), handover,
                   PROP_HANDOVER);
}

/**
 * zmqg_router_socket_get_probe_router: (get-property probe-router)
 * @self: the socket
 *
 * Tells whether a new peer is sent an empty message first.
 *
 * Returns: the value of [property@Zmqg.RouterSocket:probe-router]
 *
 * Since: 1.0
 */
gboolean
zmqg_router_socket_get_probe_router (ZmqgRouterSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);

  return router_get_flag (self, offsetof (RouterState, probe_router));
}

/**
 * zmqg_router_socket_set_probe_router: (set-property probe-router)
 * @self: the socket
 * @probe_router: whether a new peer is sent an empty message first
 *
 * Sets [property@Zmqg.RouterSocket:probe-router].
 *
 * Since: 1.0
 */
void
zmqg_router_socket_set_probe_router (ZmqgRouterSocket *self,
                                     gboolean probe_router)
{
  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));

  router_set_flag (self, offsetof (RouterState, probe_router), probe_router,
                   PROP_PROBE_ROUTER);
}

/**
 * zmqg_router_socket_get_notify_peers: (get-property notify-peers)
 * @self: the socket
 *
 * Tells which news of peers are received as messages.
 *
 * Returns: the value of [property@Zmqg.RouterSocket:notify-peers]
 *
 * Since: 1.0
 */
ZmqgRouterNotify
zmqg_router_socket_get_notify_peers (ZmqgRouterSocket *self)
{
  RouterState *state;
  ZmqgRouterNotify value;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self),
                        ZMQG_ROUTER_NOTIFY_NONE);

  state = self->parent_instance.core->state;
  zmqg_socket_core_lock (self->parent_instance.core);
  value = state->notify_peers;
  zmqg_socket_core_unlock (self->parent_instance.core);

  return value;
}

/**
 * zmqg_router_socket_set_notify_peers: (set-property notify-peers)
 * @self: the socket
 * @notify_peers: which news of peers are to be received as messages
 *
 * Sets [property@Zmqg.RouterSocket:notify-peers].
 *
 * Since: 1.0
 */
void
zmqg_router_socket_set_notify_peers (ZmqgRouterSocket *self,
                                     ZmqgRouterNotify notify_peers)
{
  RouterState *state;
  gboolean changed;

  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));
  g_return_if_fail ((notify_peers & ~(ZMQG_ROUTER_NOTIFY_CONNECT |
                                      ZMQG_ROUTER_NOTIFY_DISCONNECT)) == 0);

  state = self->parent_instance.core->state;
  zmqg_socket_core_lock (self->parent_instance.core);
  changed = state->notify_peers != notify_peers;
  state->notify_peers = notify_peers;
  zmqg_socket_core_unlock (self->parent_instance.core);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NOTIFY_PEERS]);
}

/**
 * zmqg_router_socket_get_connect_routing_id: (get-property connect-routing-id)
 * @self: the socket
 *
 * Gets the routing id that the peer of the next connect will have.
 *
 * Returns: (transfer full) (nullable): the value of
 *   [property@Zmqg.RouterSocket:connect-routing-id]; %NULL when none was set,
 *   or a connect has used it up
 *
 * Since: 1.0
 */
GBytes *
zmqg_router_socket_get_connect_routing_id (ZmqgRouterSocket *self)
{
  RouterState *state;
  GBytes *id = NULL;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), NULL);

  state = self->parent_instance.core->state;
  zmqg_socket_core_lock (self->parent_instance.core);
  if (state->connect_id != NULL)
    id = g_bytes_ref (state->connect_id);
  zmqg_socket_core_unlock (self->parent_instance.core);

  return id;
}

/* Takes @id, which is memory of ours. */
static void
take_connect_id (ZmqgRouterSocket *self,
                 GBytes *id)
{
  RouterState *state = self->parent_instance.core->state;
  GBytes *old;

  zmqg_socket_core_lock (self->parent_instance.core);
  old = state->connect_id;
  state->connect_id = id;
  zmqg_socket_core_unlock (self->parent_instance.core);

  g_clear_pointer (&old, g_bytes_unref);
  g_object_notify_by_pspec (G_OBJECT (self),
                            properties[PROP_CONNECT_ROUTING_ID]);
}

/**
 * zmqg_router_socket_set_connect_routing_id: (set-property connect-routing-id)
 * @self: the socket
 * @routing_id: (nullable): an id of one byte or more, or %NULL for none
 *
 * Sets [property@Zmqg.RouterSocket:connect-routing-id]. An id that another
 * peer has when it is used is replaced by one that is made up.
 *
 * Since: 1.0
 */
void
zmqg_router_socket_set_connect_routing_id (ZmqgRouterSocket *self,
                                           GBytes *routing_id)
{
  GBytes *copy = NULL;

  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));
  g_return_if_fail (routing_id == NULL || g_bytes_get_size (routing_id) > 0);

  /* A free function of the user's must not run under the lock. */
  if (routing_id != NULL)
    copy = g_bytes_new (g_bytes_get_data (routing_id, NULL),
                        g_bytes_get_size (routing_id));
  take_connect_id (self, copy);
}

/**
 * zmqg_router_socket_set_connect_routing_id_data:
 * @self: the socket
 * @data: (array length=size): the id
 * @size: its size in bytes, at least 1
 *
 * Sets [property@Zmqg.RouterSocket:connect-routing-id].
 *
 * Since: 1.0
 */
void
zmqg_router_socket_set_connect_routing_id_data (ZmqgRouterSocket *self,
                                                const guint8 *data,
                                                gsize size)
{
  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));
  g_return_if_fail (data != NULL && size > 0);

  take_connect_id (self, g_bytes_new (data, size));
}

/**
 * zmqg_router_socket_set_connect_routing_id_string:
 * @self: the socket
 * @string: the id, not empty
 *
 * Sets [property@Zmqg.RouterSocket:connect-routing-id].
 *
 * Since: 1.0
 */
void
zmqg_router_socket_set_connect_routing_id_string (ZmqgRouterSocket *self,
                                                  const char *string)
{
  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));
  g_return_if_fail (string != NULL && *string != '\0');

  take_connect_id (self, g_bytes_new (string, strlen (string)));
}
