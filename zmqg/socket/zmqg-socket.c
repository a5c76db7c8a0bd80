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
 * high-water marks, linger, the timeouts of calls and the limits of
 * subscriptions, which apply at once.
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
nothing_events (ZmqgSocketCore *core G_GNUC_UNUSED,
                guint interest G_GNUC_UNUSED)
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

_Atomic GType zmqg_socket_checked_types[ZMQG_CHECKED_TYPES];

/* --- GObject ------------------------------------------------------------ */

gboolean
zmqg_socket_ensure_dispatcher (ZmqgSocket *self,
                               GError **error)
{
  ZmqgSocketCore *core = self->core;
  GMainContext *context;

  if (G_LIKELY (g_atomic_pointer_get (&self->dispatcher) != NULL))
    return TRUE;

  zmqg_socket_core_lock (core);
  context = core->main_context;
  zmqg_socket_core_unlock (core);

  /* GLib would end the process where it cannot make it. */
  if (context == NULL)
    context = zmqg_engine_get_default_context (error);
  if (context == NULL)
    return FALSE;

  zmqg_socket_core_lock (core);
  if (self->dispatcher == NULL)
    {
      if (core->main_context == NULL)
        core->main_context = g_main_context_ref (context);
      g_atomic_pointer_set (&self->dispatcher,
                            zmqg_socket_dispatcher_new (self));
    }
  zmqg_socket_core_unlock (core);

  return TRUE;
}

static void
zmqg_socket_constructed (GObject *object)
{
  ZmqgSocket *self = ZMQG_SOCKET (object);
  ZmqgSocketClass *klass = (ZmqgSocketClass *) G_OBJECT_GET_CLASS (self);
  /* %NULL is the global one, which may be still to be made. */
  GMainContext *main_context = g_main_context_get_thread_default ();

  if (self->context == NULL)
    self->context = g_object_ref (zmqg_context_get_default ());

  self->core = zmqg_socket_core_new (klass->ops,
                                     zmqg_context_get_core (self->context),
                                     main_context);

  G_OBJECT_CLASS (zmqg_socket_parent_class)->constructed (object);

  /* Making a socket cannot fail: it is tried again then. */
  zmqg_socket_ensure_dispatcher (self, NULL);
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
          zmqg_socket_get_option (self, property_id - PROP_FIRST_OPTION,
                                  value);
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
          zmqg_socket_set_option (self, pspec,
                                  property_id - PROP_FIRST_OPTION, value);
          break;
        }
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

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
  zmqg_socket_install_options (object_class, PROP_FIRST_OPTION);
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
 * Returns: (transfer full) (nullable): the uri, or %NULL before the first,
 *   and in the child of a fork
 *
 * Since: 1.0
 */
char *
zmqg_socket_get_last_endpoint (ZmqgSocket *self)
{
  char *uri;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);

  if (zmqg_context_core_is_forked (self->core->context))
    return NULL;

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
