/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-router-socket.h"

#include "socket/zmqg-entry-private.h"
#include "socket/zmqg-peer-private.h"
#include "socket/zmqg-router-private.h"
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

enum
{
  PROP_0,
  PROP_MANDATORY,
  PROP_HANDOVER,
  PROP_PROBE_ROUTER,
  PROP_NOTIFY_PEERS,
  PROP_CONNECT_ROUTING_ID,
  PROP_RAW,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

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

    case PROP_RAW:
      g_value_set_boolean (value, zmqg_router_socket_get_raw (self));
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

    case PROP_RAW:
      zmqg_router_socket_set_raw (self, g_value_get_boolean (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_router_socket_class_init (ZmqgRouterSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  klass->parent_class.ops = &zmqg_router_ops;
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
   * Where connections of one endpoint are lost and made again while nobody
   * receives, up to [property@Zmqg.Socket:receive-hwm] of them wait (at least
   * 16; 0 for no limit). Beyond that all news of the oldest connection are
   * dropped, and counted as %ZMQG_DROP_REASON_UNREAD.
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
   * it calls itself; that connect uses it up, which notifies in the socket's
   * main context.
   *
   * Since: 1.0
   */
  properties[PROP_CONNECT_ROUTING_ID] =
    g_param_spec_boxed ("connect-routing-id", NULL, NULL, G_TYPE_BYTES,
                        G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                          G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgRouterSocket:raw: (getter get_raw) (setter set_raw)
   *
   * Whether peers over tcp and ipc speak no ZMTP: what they send comes as
   * messages of their routing id, which is made up here, and some bytes, as
   * many as were read at once and at most [property@Socket:in-batch-size].
   * What is sent to them is written as it is; an empty message closes the
   * connection, and one that this socket made is not made again. A peer that
   * comes or goes is told by its routing id and an empty frame. Applies to
   * the binds and connects after it.
   *
   * Since: 1.0
   */
  properties[PROP_RAW] =
    g_param_spec_boolean ("raw", NULL, NULL, FALSE,
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

/**
 * zmqg_router_socket_send_to:
 * @self: the socket
 * @peer: whom to send to, one of this socket's peers
 * @message: the message, without a routing id
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Sends a message to a peer.
 *
 * What happens when the peer cannot take more is set by
 * [property@Zmqg.RouterSocket:mandatory]: the message is dropped, or the call
 * waits up to [property@Zmqg.Socket:send-timeout]. Fails with
 * %ZMQG_ERROR_UNROUTABLE when the peer has gone, also while the call waits,
 * and otherwise as [method@Zmqg.Socket.send] does.
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
  ZmqgFrameView first;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);
  g_return_val_if_fail (ZMQG_IS_PEER (peer), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable),
                        FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  first = zmqg_router_view_of_peer (zmqg_peer_get_record (peer));
  return zmqg_socket_send_behind (&self->parent_instance, &first, message,
                                  cancellable, error);
}

/**
 * zmqg_router_socket_try_send_to:
 * @self: the socket
 * @peer: whom to send to, one of this socket's peers
 * @message: the message, without a routing id
 * @error: return location for an error
 *
 * Sends a message to a peer if that is possible without waiting; else, with
 * [property@Zmqg.RouterSocket:mandatory], fails with
 * %ZMQG_ERROR_WOULD_BLOCK. See [method@Zmqg.RouterSocket.send_to].
 *
 * Returns: whether the message was sent
 *
 * Since: 1.0
 */
gboolean
zmqg_router_socket_try_send_to (ZmqgRouterSocket *self,
                                ZmqgPeer *peer,
                                ZmqgMessage *message,
                                GError **error)
{
  ZmqgFrameView first;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);
  g_return_val_if_fail (ZMQG_IS_PEER (peer), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  first = zmqg_router_view_of_peer (zmqg_peer_get_record (peer));
  return zmqg_socket_try_send_behind (&self->parent_instance, &first, message,
                                      error);
}

/**
 * zmqg_router_socket_send_to_async:
 * @self: the socket
 * @peer: whom to send to, one of this socket's peers
 * @message: the message, without a routing id; immutable from now on
 * @cancellable: (nullable): a cancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Sends a message to a peer, as [method@Zmqg.RouterSocket.send_to] does,
 * without blocking and without a timeout.
 *
 * Any number of sends may be under way. They complete in order, those of
 * [method@Zmqg.Socket.send_async] among them, whoever they are for: one that
 * waits for a peer holds up those behind it, until it is cancelled or its
 * peer has gone.
 *
 * Since: 1.0
 */
void
zmqg_router_socket_send_to_async (ZmqgRouterSocket *self,
                                  ZmqgPeer *peer,
                                  ZmqgMessage *message,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  ZmqgPeerRecord *record;
  ZmqgFrameView first;

  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));
  g_return_if_fail (ZMQG_IS_PEER (peer));
  g_return_if_fail (message != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  record = zmqg_peer_get_record (peer);
  first = zmqg_router_view_of_peer (record);
  zmqg_socket_send_behind_async (&self->parent_instance, &first, &record->tag,
                                 message, zmqg_router_socket_send_to_async,
                                 cancellable, callback, user_data);
}

/**
 * zmqg_router_socket_send_to_finish:
 * @self: the socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@Zmqg.RouterSocket.send_to_async].
 *
 * Returns: whether the message was sent
 *
 * Since: 1.0
 */
gboolean
zmqg_router_socket_send_to_finish (ZmqgRouterSocket *self,
                                   GAsyncResult *result,
                                   GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
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
  ZmqgRouter *state;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->mandatory);
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
  ZmqgRouter *state;

  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->mandatory,
                           mandatory, properties[PROP_MANDATORY]);
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
  ZmqgRouter *state;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->handover);
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
  ZmqgRouter *state;

  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->handover,
                           handover, properties[PROP_HANDOVER]);
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
  ZmqgRouter *state;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->probe_router);
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
  ZmqgRouter *state;

  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->probe_router,
                           probe_router, properties[PROP_PROBE_ROUTER]);
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
  ZmqgRouter *state;
  ZmqgRouterNotify value;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self),
                        ZMQG_ROUTER_NOTIFY_NONE);

  state = self->parent_instance.core->state;
  if (zmqg_context_core_is_forked (self->parent_instance.core->context))
    return state->notify_peers;

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
  ZmqgRouter *state;
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
  ZmqgRouter *state;
  GBytes *id = NULL;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), NULL);

  state = self->parent_instance.core->state;
  if (zmqg_context_core_is_forked (self->parent_instance.core->context))
    return NULL;

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
  ZmqgRouter *state = self->parent_instance.core->state;
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

/**
 * zmqg_router_socket_get_raw: (get-property raw)
 * @self: a router socket
 *
 * Gets [property@Zmqg.RouterSocket:raw].
 *
 * Returns: whether peers speak no ZMTP
 *
 * Since: 1.0
 */
gboolean
zmqg_router_socket_get_raw (ZmqgRouterSocket *self)
{
  ZmqgSocketCore *core;
  gboolean raw;

  g_return_val_if_fail (ZMQG_IS_ROUTER_SOCKET (self), FALSE);

  core = self->parent_instance.core;
  if (zmqg_context_core_is_forked (core->context))
    return FALSE;

  zmqg_socket_core_lock (core);
  raw = core->options->raw;
  zmqg_socket_core_unlock (core);

  return raw;
}

/**
 * zmqg_router_socket_set_raw: (set-property raw)
 * @self: a router socket
 * @raw: whether peers speak no ZMTP
 *
 * Sets [property@Zmqg.RouterSocket:raw].
 *
 * Since: 1.0
 */
void
zmqg_router_socket_set_raw (ZmqgRouterSocket *self,
                            gboolean raw)
{
  ZmqgSocketCore *core;
  gboolean changed;

  g_return_if_fail (ZMQG_IS_ROUTER_SOCKET (self));

  core = self->parent_instance.core;
  if (zmqg_context_core_is_forked (core->context))
    return;

  raw = !!raw;
  zmqg_socket_core_lock (core);
  changed = core->options->raw != raw;
  if (changed)
    {
      core->options = zmqg_options_make_writable (core->options);
      core->options->raw = raw;
    }
  zmqg_socket_core_unlock (core);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RAW]);
}
