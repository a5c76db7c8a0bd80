/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-endpoint-private.h"

/**
 * ZmqgEndpoint:
 *
 * One bind or connect of a socket: where to, what it does at the moment, and
 * what went wrong last. Properties notify in the socket's main context.
 *
 * Endpoints are made by sockets. One that a program makes is closed, and has
 * an empty uri.
 *
 * Since: 1.0
 */
struct _ZmqgEndpoint
{
  GObject parent_instance;

  ZmqgEndpointCore *core;

  /* What was notified, or there when the object was made; guarded by the
   * core's lock. */
  ZmqgEndpointState told_state;
  GError *told_error; /* a copy, nullable */
  guint told_reconnects;
};

struct _ZmqgEndpointClass
{
  GObjectClass parent_class;
};

G_DEFINE_TYPE (ZmqgEndpoint, zmqg_endpoint, G_TYPE_OBJECT)

typedef enum
{
  PROP_URI = 1,
  PROP_KIND,
  PROP_STATE,
  PROP_LAST_ERROR,
  PROP_RECONNECTS,
} ZmqgEndpointProperty;

static GParamSpec *properties[PROP_RECONNECTS + 1];

/* --- The core ----------------------------------------------------------- */

static void
core_release (ZmqgTag *tag)
{
  ZmqgEndpointCore *self = (ZmqgEndpointCore *) tag;

  g_assert (self->listener == NULL && self->dialer == NULL &&
            self->attached == NULL);
  /* The object held a reference: it is gone. */
  if (self->object != NULL)
    {
      g_weak_ref_clear (self->object);
      g_free (self->object);
    }
  g_clear_error (&self->last_error);
  zmqg_lock_clear (&self->lock);
  zmqg_options_unref (self->options);
  g_free (self->uri);
  g_free (self->address);
  g_free (self);
}

static const ZmqgTagOps core_ops = {
  .release = core_release,
};

ZmqgEndpointCore *
zmqg_endpoint_core_new (ZmqgEndpointKind kind,
                        const ZmqgTransport *transport,
                        char *uri,
                        char *address,
                        ZmqgOptions *options)
{
  ZmqgEndpointCore *self = g_new0 (ZmqgEndpointCore, 1);

  zmqg_tag_init (&self->tag, &core_ops);
  self->kind = kind;
  self->transport = transport;
  self->uri = uri;
  self->address = address;
  self->options = zmqg_options_ref (options);
  self->state = kind == ZMQG_ENDPOINT_KIND_BIND
                  ? ZMQG_ENDPOINT_STATE_LISTENING
                  : ZMQG_ENDPOINT_STATE_CONNECTING;
  zmqg_lock_init (&self->lock);
  return self;
}

void
zmqg_endpoint_core_stop (ZmqgEndpointCore *self,
                         ZmqgContextCore *context,
                         gboolean asked)
{
  ZmqgAttachedStream *attached = g_steal_pointer (&self->attached);

  if (attached != NULL)
    zmqg_attached_stream_stop (attached);
  zmqg_endpoint_core_end (self, context, g_steal_pointer (&self->listener),
                          g_steal_pointer (&self->dialer), asked);
}

void
zmqg_endpoint_core_end (ZmqgEndpointCore *self,
                        ZmqgContextCore *context,
                        ZmqgListener *listener,
                        ZmqgDialer *dialer,
                        gboolean asked)
{
  if (listener != NULL)
    zmqg_listener_stop (listener);
  if (dialer != NULL)
    zmqg_dialer_stop (dialer, asked);
  if (self->transport->in_process && self->kind == ZMQG_ENDPOINT_KIND_BIND)
    zmqg_inproc_unbind (context->inproc, self->address, &self->tag);

  zmqg_lock (&self->lock);
  self->state = ZMQG_ENDPOINT_STATE_CLOSED;
  zmqg_unlock (&self->lock);
}

gboolean
zmqg_endpoint_core_has_ended (ZmqgEndpointCore *self)
{
  gboolean ended;

  zmqg_lock (&self->lock);
  ended = self->state == ZMQG_ENDPOINT_STATE_CLOSED;
  zmqg_unlock (&self->lock);

  return ended;
}

static ZmqgEndpoint *
dup_object (ZmqgEndpointCore *core)
{
  ZmqgEndpoint *endpoint = NULL;

  zmqg_lock (&core->lock);
  if (core->object != NULL)
    endpoint = g_weak_ref_get (core->object);
  zmqg_unlock (&core->lock);

  return endpoint;
}

static gboolean
same_error (const GError *one,
            const GError *other)
{
  if (one == NULL || other == NULL)
    return one == other;

  return g_error_matches (one, other->domain, other->code) &&
         g_str_equal (one->message, other->message);
}

/* Locked. */
static void
note_told (ZmqgEndpoint *self)
{
  self->told_state = self->core->state;
  self->told_reconnects = self->core->reconnects;
  if (same_error (self->told_error, self->core->last_error))
    return;

  g_clear_error (&self->told_error);
  if (self->core->last_error != NULL)
    self->told_error = g_error_copy (self->core->last_error);
}

ZmqgEndpoint *
zmqg_endpoint_for_core (ZmqgEndpointCore *core)
{
  ZmqgEndpoint *endpoint = dup_object (core);
  ZmqgEndpoint *other = NULL;

  if (endpoint != NULL)
    return endpoint;

  endpoint = g_object_new (ZMQG_TYPE_ENDPOINT, NULL);
  zmqg_tag_unref (&endpoint->core->tag);
  endpoint->core = (ZmqgEndpointCore *) zmqg_tag_ref (&core->tag);

  zmqg_lock (&core->lock);
  if (core->object == NULL)
    {
      core->object = g_new0 (GWeakRef, 1);
      g_weak_ref_init (core->object, NULL);
    }
  other = g_weak_ref_get (core->object);
  if (other == NULL)
    {
      note_told (endpoint);
      g_weak_ref_set (core->object, endpoint);
    }
  zmqg_unlock (&core->lock);

  if (other == NULL)
    return endpoint;

  g_object_unref (endpoint);
  return other;
}

void
zmqg_endpoint_core_notify (ZmqgEndpointCore *core)
{
  g_autoptr (ZmqgEndpoint) endpoint = dup_object (core);
  gboolean state;
  gboolean last_error;
  gboolean reconnects;

  if (endpoint == NULL)
    return;

  zmqg_lock (&core->lock);
  state = endpoint->told_state != core->state;
  last_error = !same_error (endpoint->told_error, core->last_error);
  reconnects = endpoint->told_reconnects != core->reconnects;
  note_told (endpoint);
  zmqg_unlock (&core->lock);

  g_object_freeze_notify (G_OBJECT (endpoint));
  if (state)
    g_object_notify_by_pspec (G_OBJECT (endpoint), properties[PROP_STATE]);
  if (last_error)
    g_object_notify_by_pspec (G_OBJECT (endpoint),
                              properties[PROP_LAST_ERROR]);
  if (reconnects)
    g_object_notify_by_pspec (G_OBJECT (endpoint),
                              properties[PROP_RECONNECTS]);
  g_object_thaw_notify (G_OBJECT (endpoint));
}

/* --- The object --------------------------------------------------------- */

static void
zmqg_endpoint_finalize (GObject *object)
{
  ZmqgEndpoint *self = ZMQG_ENDPOINT (object);

  g_clear_error (&self->told_error);
  if (self->core != NULL)
    zmqg_tag_unref (&self->core->tag);

  G_OBJECT_CLASS (zmqg_endpoint_parent_class)->finalize (object);
}

static void
zmqg_endpoint_get_property (GObject *object,
                            guint property_id,
                            GValue *value,
                            GParamSpec *pspec)
{
  ZmqgEndpoint *self = ZMQG_ENDPOINT (object);

  switch ((ZmqgEndpointProperty) property_id)
    {
    case PROP_URI:
      g_value_set_string (value, self->core->uri);
      break;
    case PROP_KIND:
      g_value_set_enum (value, self->core->kind);
      break;
    case PROP_STATE:
      g_value_set_enum (value, zmqg_endpoint_get_state (self));
      break;
    case PROP_LAST_ERROR:
      g_value_take_boxed (value, zmqg_endpoint_get_last_error (self));
      break;
    case PROP_RECONNECTS:
      g_value_set_uint (value, zmqg_endpoint_get_reconnects (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_endpoint_class_init (ZmqgEndpointClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = zmqg_endpoint_finalize;
  object_class->get_property = zmqg_endpoint_get_property;

  /**
   * ZmqgEndpoint:uri: (getter get_uri)
   *
   * Where to: for a bind with ports and wildcards resolved, for a connect as
   * it was given.
   *
   * Since: 1.0
   */
  properties[PROP_URI] =
    g_param_spec_string ("uri", NULL, NULL, NULL, flags);
  /**
   * ZmqgEndpoint:kind: (getter get_kind)
   *
   * Whether the socket bound or connected.
   *
   * Since: 1.0
   */
  properties[PROP_KIND] =
    g_param_spec_enum ("kind", NULL, NULL, ZMQG_TYPE_ENDPOINT_KIND,
                       ZMQG_ENDPOINT_KIND_BIND, flags);
  /**
   * ZmqgEndpoint:state: (getter get_state)
   *
   * What the endpoint does at the moment.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, ZMQG_TYPE_ENDPOINT_STATE,
                       ZMQG_ENDPOINT_STATE_LISTENING, flags);
  /**
   * ZmqgEndpoint:last-error: (getter get_last_error)
   *
   * What went wrong last, or %NULL. Notifies when it is something else than
   * before.
   *
   * Since: 1.0
   */
  properties[PROP_LAST_ERROR] =
    g_param_spec_boxed ("last-error", NULL, NULL, G_TYPE_ERROR, flags);
  /**
   * ZmqgEndpoint:reconnects: (getter get_reconnects)
   *
   * How many attempts to connect were made after the first.
   *
   * Since: 1.0
   */
  properties[PROP_RECONNECTS] =
    g_param_spec_uint ("reconnects", NULL, NULL, 0, G_MAXUINT, 0, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties),
                                     properties);
}

/* Of those that a program makes: any binding can. */
static ZmqgEndpointCore *
get_nowhere (void)
{
  static gsize nowhere = 0;

  if (g_once_init_enter (&nowhere))
    {
      ZmqgOptions *options = zmqg_options_new ();
      ZmqgEndpointCore *core;

      core = zmqg_endpoint_core_new (ZMQG_ENDPOINT_KIND_BIND, NULL,
                                     g_strdup (""), g_strdup (""), options);
      zmqg_options_unref (options);
      core->state = ZMQG_ENDPOINT_STATE_CLOSED;
      g_once_init_leave (&nowhere, (gsize) core);
    }

  return (ZmqgEndpointCore *) nowhere;
}

static void
zmqg_endpoint_init (ZmqgEndpoint *self)
{
  self->core = (ZmqgEndpointCore *) zmqg_tag_ref (&get_nowhere ()->tag);
}

/**
 * zmqg_endpoint_get_uri: (get-property uri)
 * @self: an endpoint
 *
 * Gets where the endpoint is bound or connects to.
 *
 * Returns: the uri
 *
 * Since: 1.0
 */
const char *
zmqg_endpoint_get_uri (ZmqgEndpoint *self)
{
  g_return_val_if_fail (ZMQG_IS_ENDPOINT (self), NULL);

  return self->core->uri;
}

/**
 * zmqg_endpoint_get_kind: (get-property kind)
 * @self: an endpoint
 *
 * Gets whether the socket bound or connected.
 *
 * Returns: the kind
 *
 * Since: 1.0
 */
ZmqgEndpointKind
zmqg_endpoint_get_kind (ZmqgEndpoint *self)
{
  g_return_val_if_fail (ZMQG_IS_ENDPOINT (self), ZMQG_ENDPOINT_KIND_BIND);

  return self->core->kind;
}

/**
 * zmqg_endpoint_get_state: (get-property state)
 * @self: an endpoint
 *
 * Gets what the endpoint does at the moment.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
ZmqgEndpointState
zmqg_endpoint_get_state (ZmqgEndpoint *self)
{
  ZmqgEndpointState state;

  g_return_val_if_fail (ZMQG_IS_ENDPOINT (self), ZMQG_ENDPOINT_STATE_CLOSED);

  zmqg_lock (&self->core->lock);
  state = self->core->state;
  zmqg_unlock (&self->core->lock);

  return state;
}

/**
 * zmqg_endpoint_get_last_error: (get-property last-error)
 * @self: an endpoint
 *
 * Gets what went wrong last: a refused or failed connection, or an accept
 * that failed.
 *
 * Returns: (transfer full) (nullable): a copy of the error, or %NULL
 *
 * Since: 1.0
 */
GError *
zmqg_endpoint_get_last_error (ZmqgEndpoint *self)
{
  GError *error = NULL;

  g_return_val_if_fail (ZMQG_IS_ENDPOINT (self), NULL);

  zmqg_lock (&self->core->lock);
  if (self->core->last_error != NULL)
    error = g_error_copy (self->core->last_error);
  zmqg_unlock (&self->core->lock);

  return error;
}

/**
 * zmqg_endpoint_get_reconnects: (get-property reconnects)
 * @self: an endpoint
 *
 * Gets how many attempts to connect were made after the first.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
zmqg_endpoint_get_reconnects (ZmqgEndpoint *self)
{
  guint reconnects;

  g_return_val_if_fail (ZMQG_IS_ENDPOINT (self), 0);

  zmqg_lock (&self->core->lock);
  reconnects = self->core->reconnects;
  zmqg_unlock (&self->core->lock);

  return reconnects;
}
