/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

#include "pattern/zmqg-session-tables-private.h"

/**
 * ZmqgSocket:
 *
 * A ZeroMQ socket: the base of all socket types. It binds and connects to any
 * number of endpoints, and exchanges messages with all peers there as its
 * type does; connections come and go behind it.
 *
 * All methods may be called from any thread, also at the same time. Signals
 * are emitted in the main context that was the thread-default one when the
 * socket was made. Properties apply to later binds and connects, but for the
 * high-water marks, linger and the timeouts, which apply at once.
 *
 * Since: 1.0
 */

typedef enum
{
  PROP_CONTEXT = 1,
  PROP_SOCKET_TYPE,
  PROP_LAST_ENDPOINT,
  PROP_PEERS,
  PROP_ENDPOINTS,
  PROP_FIRST_OPTION, /* one for each option from here on */
} ZmqgSocketProperty;

G_DEFINE_ABSTRACT_TYPE (ZmqgSocket, zmqg_socket, G_TYPE_OBJECT)

/* --- A type that nobody defined ----------------------------------------- */

static void
nothing_init (ZmqgSocketCore *core G_GNUC_UNUSED)
{
}

static guint
nothing_events (ZmqgSocketCore *core G_GNUC_UNUSED)
{
  return 0;
}

/* Of subclasses made by a program: they can do nothing. */
static const ZmqgSocketOps nothing_ops = {
  .type = ZMQG_SOCKET_TYPE_PAIR,
  .session = &zmqg_pair_session,
  .init = nothing_init,
  .clear = nothing_init,
  .events = nothing_events,
};

_Atomic GType zmqg_socket_checked_type;

/* --- Options ------------------------------------------------------------ */

static const ZmqgOptionSpec *
spec_of (guint property_id)
{
  return &zmqg_option_specs[property_id - PROP_FIRST_OPTION];
}

/* Marks apply to live pipes too. */
static void
apply_marks (ZmqgSocketCore *core)
{
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);
      ZmqgEndpointCore *endpoint = pipe->endpoint;

      /* Those of inproc are the sum of both sides'. */
      if (endpoint->transport->in_process)
        continue;

      zmqg_frame_queue_set_hwm (pipe->out, core->options->send_hwm);
      zmqg_frame_queue_set_hwm (pipe->in, core->options->receive_hwm);
      zmqg_pipe_post_peer (pipe, ZMQG_PIPE_WRITABLE);
      core->ops->writable (core, pipe);
    }
}

static gboolean
same_value (GParamSpec *pspec,
            const GValue *one,
            const GValue *other)
{
  gpointer a;
  gpointer b;

  if (!G_VALUE_HOLDS (one, G_TYPE_BYTES))
    return g_param_values_cmp (pspec, one, other) == 0;

  a = g_value_get_boxed (one);
  b = g_value_get_boxed (other);
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

static void
set_option (ZmqgSocket *self,
            GParamSpec *pspec,
            const ZmqgOptionSpec *spec,
            const GValue *value)
{
  g_auto (GValue) before = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;
  ZmqgSocketCore *core = self->core;
  gboolean changed;

  if (zmqg_context_core_is_forked (core->context))
    return;

  g_value_init (&before, pspec->value_type);
  zmqg_socket_core_lock (core);
  zmqg_options_get (core->options, spec, &before);
  changed = !same_value (pspec, &before, value);
  core->options = zmqg_options_make_writable (core->options);
  if (zmqg_options_set (core->options, spec, value, &error) &&
      (g_str_equal (spec->name, "send-hwm") ||
       g_str_equal (spec->name, "receive-hwm")))
    {
      apply_marks (core);
      core->state_changed = TRUE;
    }
  zmqg_socket_core_unlock (core);

  if (error != NULL)
    g_critical ("%s", error->message);
  else if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

gboolean
zmqg_socket_set_flag (ZmqgSocket *self,
                      gboolean *field,
                      gboolean value)
{
  gboolean changed;

  if (zmqg_context_core_is_forked (self->core->context))
    return FALSE;

  zmqg_socket_core_lock (self->core);
  changed = *field != value;
  *field = value;
  self->core->state_changed |= changed;
  zmqg_socket_core_unlock (self->core);

  return changed;
}

/* --- GObject ------------------------------------------------------------ */

static void
zmqg_socket_constructed (GObject *object)
{
  ZmqgSocket *self = ZMQG_SOCKET (object);
  ZmqgSocketClass *klass = (ZmqgSocketClass *) G_OBJECT_GET_CLASS (self);
  g_autoptr (GMainContext) main_context = g_main_context_ref_thread_default ();

  if (self->context == NULL)
    self->context = g_object_ref (zmqg_context_get_default ());

  self->core = zmqg_socket_core_new (klass->ops,
                                     zmqg_context_get_core (self->context),
                                     main_context);

  G_OBJECT_CLASS (zmqg_socket_parent_class)->constructed (object);

  self->dispatcher = zmqg_socket_dispatcher_new (self);
}

static void
zmqg_socket_dispose (GObject *object)
{
  ZmqgSocket *self = ZMQG_SOCKET (object);

  if (self->core != NULL)
    zmqg_socket_core_close (self->core);

  if (self->dispatcher != NULL)
    {
      zmqg_socket_dispatcher_stop (self->dispatcher);
      g_source_destroy (self->dispatcher);
      g_clear_pointer (&self->dispatcher, g_source_unref);
    }

  G_OBJECT_CLASS (zmqg_socket_parent_class)->dispose (object);
}

static void
zmqg_socket_finalize (GObject *object)
{
  ZmqgSocket *self = ZMQG_SOCKET (object);

  if (self->core != NULL &&
      !zmqg_context_core_is_forked (self->core->context))
    zmqg_socket_core_unref (self->core);
  g_clear_object (&self->peers);
  g_clear_object (&self->endpoints);
  g_clear_object (&self->context);

  G_OBJECT_CLASS (zmqg_socket_parent_class)->finalize (object);
}

static void
zmqg_socket_get_property (GObject *object,
                          guint property_id,
                          GValue *value,
                          GParamSpec *pspec)
{
  ZmqgSocket *self = ZMQG_SOCKET (object);

  switch ((ZmqgSocketProperty) property_id)
    {
    case PROP_CONTEXT:
      g_value_set_object (value, self->context);
      break;
    case PROP_SOCKET_TYPE:
      g_value_set_enum (value, self->core->ops->type);
      break;
    case PROP_LAST_ENDPOINT:
      g_value_take_string (value, zmqg_socket_get_last_endpoint (self));
      break;
    case PROP_PEERS:
      g_value_set_object (value, zmqg_socket_get_peers (self));
      break;
    case PROP_ENDPOINTS:
      g_value_set_object (value, zmqg_socket_get_endpoints (self));
      break;
    case PROP_FIRST_OPTION:
    default:
      if (property_id - PROP_FIRST_OPTION < zmqg_n_option_specs)
        {
          zmqg_socket_core_lock (self->core);
          zmqg_options_get (self->core->options, spec_of (property_id),
                            value);
          zmqg_socket_core_unlock (self->core);
          break;
        }
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_socket_set_property (GObject *object,
                          guint property_id,
                          const GValue *value,
                          GParamSpec *pspec)
{
  ZmqgSocket *self = ZMQG_SOCKET (object);

  switch ((ZmqgSocketProperty) property_id)
    {
    case PROP_CONTEXT:
      self->context = g_value_dup_object (value);
      break;
    case PROP_SOCKET_TYPE:
    case PROP_LAST_ENDPOINT:
    case PROP_PEERS:
    case PROP_ENDPOINTS:
    case PROP_FIRST_OPTION:
    default:
      if (property_id >= PROP_FIRST_OPTION &&
          property_id - PROP_FIRST_OPTION < zmqg_n_option_specs)
        {
          set_option (self, pspec, spec_of (property_id), value);
          break;
        }
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
install_options (GObjectClass *object_class)
{
  const GParamFlags flags =
    G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  for (guint i = 0; i < zmqg_n_option_specs; i++)
    {
      const ZmqgOptionSpec *spec = &zmqg_option_specs[i];
      GParamSpec *pspec;

      switch (spec->type)
        {
        case ZMQG_OPTION_INT:
          pspec = g_param_spec_int (spec->name, NULL, NULL,
                                    (int) spec->minimum, (int) spec->maximum,
                                    (int) spec->fallback, flags);
          break;
        case ZMQG_OPTION_INT64:
          pspec = g_param_spec_int64 (spec->name, NULL, NULL, spec->minimum,
                                      spec->maximum, spec->fallback, flags);
          break;
        case ZMQG_OPTION_BOOLEAN:
          pspec = g_param_spec_boolean (spec->name, NULL, NULL,
                                        spec->fallback != 0, flags);
          break;
        case ZMQG_OPTION_BYTES:
        default:
          pspec = g_param_spec_boxed (spec->name, NULL, NULL, G_TYPE_BYTES,
                                      flags);
          break;
        }

      g_object_class_install_property (object_class, PROP_FIRST_OPTION + i,
                                       pspec);
    }
}

/*
 * The options' properties are installed from their table; their
 * documentation:
 */

/**
 * ZmqgSocket:send-hwm:
 *
 * High-water mark of outbound messages, for each peer, in messages; 0 for no
 * limit. What happens at the mark depends on the socket's type. Over inproc
 * the marks of both sides are added. Applies at once.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:receive-hwm:
 *
 * High-water mark of inbound messages, for each peer, in messages; 0 for no
 * limit. At the mark the socket stops reading from that peer. Applies at
 * once.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:linger:
 *
 * How long a closed socket goes on sending what was queued, in milliseconds;
 * -1 for as long as it takes, 0 to drop it. SUB and XSUB have 0. Applies when
 * an endpoint or the socket is closed.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:send-timeout:
 *
 * How long a blocking send waits for room, in milliseconds; -1 for ever. At
 * the end it fails with %ZMQG_ERROR_TIMED_OUT.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:receive-timeout:
 *
 * How long a blocking receive waits for a message, in milliseconds; -1 for
 * ever. At the end it fails with %ZMQG_ERROR_TIMED_OUT.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:reconnect-interval:
 *
 * How long to wait before connecting again, in milliseconds; 0 or -1 never to
 * do so. Without a maximum up to as much again is added at random.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:reconnect-interval-max:
 *
 * With more than 0 the interval doubles with each failed attempt, up to this,
 * in milliseconds.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:handshake-interval:
 *
 * How long the handshake of a connection may take, in milliseconds; 0 for no
 * limit.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:connect-timeout:
 *
 * How long an attempt to connect may take, in milliseconds; 0 for as long as
 * the system allows.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:backlog:
 *
 * How many connections may wait to be accepted.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:send-buffer:
 *
 * The size of the kernel's send buffer in bytes; -1 for the system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:receive-buffer:
 *
 * The size of the kernel's receive buffer in bytes; -1 for the system's
 * default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tos:
 *
 * Type of service of IP packets (IP_TOS, IPV6_TCLASS); 0 to leave it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-keepalive:
 *
 * Whether TCP keep-alives are sent: 0, 1, or -1 for the system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-keepalive-count:
 *
 * Keep-alives without an answer before a connection is dropped; -1 for the
 * system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-keepalive-idle:
 *
 * Seconds without traffic before the first keep-alive; -1 for the system's
 * default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-keepalive-interval:
 *
 * Seconds between keep-alives; -1 for the system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:heartbeat-interval:
 *
 * How often a connected peer is asked for a sign of life (ZMTP 3.1, PING), in
 * milliseconds; 0 for never. Peers of ZMTP 1 and 2 are not asked. Applies to the
 * binds and connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:heartbeat-timeout:
 *
 * How long after such a question the connection is given up when nothing at all
 * was received, in milliseconds; 0 for never, -1 for as long as
 * [property@Socket:heartbeat-interval]. The peer is then removed with
 * %ZMQG_ERROR_TIMED_OUT, and connected to again where we connected. Applies to
 * the binds and connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:heartbeat-ttl:
 *
 * What we promise with such a question: the peer may give the connection up when
 * it hears nothing from us for so long, in milliseconds, rounded down to tenths
 * of a second; at most 6,553,500; 0 for no promise. Applies to the binds and
 * connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:max-message-size:
 *
 * The largest inbound message, all frames together, in bytes; -1 for no
 * limit. The connection of a peer that sends a larger one is closed. The
 * default is 1 GiB. Memory is taken as bytes arrive, not as they are
 * announced.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:max-frames:
 *
 * The largest number of frames of an inbound message; 0 for no limit.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:immediate:
 *
 * Whether messages are queued for complete connections only. Otherwise an
 * endpoint takes messages from connect_to() on.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:conflate:
 *
 * Whether only the newest message is kept, for DEALER, PULL, PUSH, PUB and
 * SUB sockets.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:ipv6:
 *
 * Whether IPv6 addresses are used beside those of IPv4.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:routing-id:
 *
 * The name that the socket gives itself to its peers (1 to 255 bytes), or
 * %NULL. A byte of 0 at the start is reserved.
 *
 * Since: 1.0
 */

static void
zmqg_socket_class_init (ZmqgSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = zmqg_socket_constructed;
  object_class->dispose = zmqg_socket_dispose;
  object_class->finalize = zmqg_socket_finalize;
  object_class->get_property = zmqg_socket_get_property;
  object_class->set_property = zmqg_socket_set_property;
  klass->ops = &nothing_ops;

  /**
   * ZmqgSocket:context: (getter get_context)
   *
   * The context that the socket belongs to; %NULL at construction stands for
   * the default one.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, PROP_CONTEXT,
    g_param_spec_object ("context", NULL, NULL, ZMQG_TYPE_CONTEXT,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                           G_PARAM_STATIC_STRINGS));
  /**
   * ZmqgSocket:socket-type: (getter get_socket_type)
   *
   * The type of the socket.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, PROP_SOCKET_TYPE,
    g_param_spec_enum ("socket-type", NULL, NULL, ZMQG_TYPE_SOCKET_TYPE,
                       ZMQG_SOCKET_TYPE_PAIR,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * ZmqgSocket:last-endpoint: (getter get_last_endpoint)
   *
   * The resolved uri of the newest bind or connect; %NULL before the first.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, PROP_LAST_ENDPOINT,
    g_param_spec_string ("last-endpoint", NULL, NULL, NULL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * ZmqgSocket:peers: (getter get_peers)
   *
   * The peers that are connected, for user interfaces.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, PROP_PEERS,
    g_param_spec_object ("peers", NULL, NULL, G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * ZmqgSocket:endpoints: (getter get_endpoints)
   *
   * What the socket is bound and connected to, for user interfaces.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, PROP_ENDPOINTS,
    g_param_spec_object ("endpoints", NULL, NULL, G_TYPE_LIST_MODEL,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  install_options (object_class);
  zmqg_socket_install_signals ();
}

static void
zmqg_socket_init (ZmqgSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_socket_get_context: (get-property context)
 * @self: a socket
 *
 * Gets the context that the socket belongs to.
 *
 * Returns: (transfer none): the context
 *
 * Since: 1.0
 */
ZmqgContext *
zmqg_socket_get_context (ZmqgSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);

  return self->context;
}

/**
 * zmqg_socket_get_socket_type: (get-property socket-type)
 * @self: a socket
 *
 * Gets the type of the socket.
 *
 * Returns: the type
 *
 * Since: 1.0
 */
ZmqgSocketType
zmqg_socket_get_socket_type (ZmqgSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), ZMQG_SOCKET_TYPE_PAIR);

  return self->core->ops->type;
}

/**
 * zmqg_socket_get_last_endpoint: (get-property last-endpoint)
 * @self: a socket
 *
 * Gets the resolved uri of the newest bind or connect: a port 0 or `*` has
 * become a real one.
 *
 * Returns: (transfer full) (nullable): the uri, or %NULL before the first
 *
 * Since: 1.0
 */
char *
zmqg_socket_get_last_endpoint (ZmqgSocket *self)
{
  char *uri;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);

  zmqg_socket_core_lock (self->core);
  uri = g_strdup (self->core->last_endpoint);
  zmqg_socket_core_unlock (self->core);

  return uri;
}

/**
 * zmqg_socket_close:
 * @self: a socket
 *
 * Closes the socket: it listens no more when this returns, calls that wait
 * fail with %ZMQG_ERROR_CLOSED, and what was received is dropped. Never
 * blocks: messages that were queued are sent behind the scenes, as long as
 * the property linger allows.
 *
 * Closing a closed socket does nothing. The last reference that goes closes
 * too.
 *
 * Since: 1.0
 */
void
zmqg_socket_close (ZmqgSocket *self)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));

  if (!zmqg_context_core_is_forked (self->core->context))
    zmqg_socket_look_for_handlers (self);
  zmqg_socket_core_close (self->core);
}

/**
 * zmqg_socket_is_closed:
 * @self: a socket
 *
 * Tells whether the socket was closed.
 *
 * Returns: %TRUE if it was
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_is_closed (ZmqgSocket *self)
{
  gboolean closed;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), TRUE);

  zmqg_socket_core_lock (self->core);
  closed = self->core->closed;
  zmqg_socket_core_unlock (self->core);

  return closed;
}

/**
 * zmqg_socket_set_routing_id_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the routing id
 * @size: the size of @data, at most 255 bytes; 0 for none
 *
 * Sets the property routing-id from bytes.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_routing_id_data (ZmqgSocket *self,
                                 const guint8 *data,
                                 gsize size)
{
  g_autoptr (GBytes) bytes = NULL;

  g_return_if_fail (ZMQG_IS_SOCKET (self));
  g_return_if_fail (data != NULL || size == 0);

  bytes = g_bytes_new (data, size);
  g_object_set (self, "routing-id", bytes, NULL);
}

/**
 * zmqg_socket_set_routing_id_string:
 * @self: a socket
 * @string: (nullable): the routing id, at most 255 bytes
 *
 * Sets the property routing-id from text.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_routing_id_string (ZmqgSocket *self,
                                   const char *string)
{
  zmqg_socket_set_routing_id_data (self, (const guint8 *) string,
                                   string != NULL ? strlen (string) : 0);
}
