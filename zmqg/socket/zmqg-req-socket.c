/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-req-socket.h"

#include "socket/zmqg-entry-private.h"
#include "socket/zmqg-req-private.h"
#include "socket/zmqg-socket-private.h"

/**
 * ZmqgReqSocket:
 *
 * Sends requests, and receives the reply to each before the next one.
 *
 * Requests go to the connected [class@Zmqg.RepSocket]s and
 * [class@Zmqg.RouterSocket]s in turn. Sending while a reply is due, and
 * receiving while none is, fail with %ZMQG_ERROR_STATE.
 *
 * Any number of requests may be under way by
 * [method@Zmqg.ReqSocket.request_async].
 *
 * Since: 1.0
 */
struct _ZmqgReqSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgReqSocketClass
{
  ZmqgSocketClass parent_class;
};

G_DEFINE_FINAL_TYPE (ZmqgReqSocket, zmqg_req_socket, ZMQG_TYPE_SOCKET)

enum
{
  PROP_0,
  PROP_CORRELATE,
  PROP_RELAXED,
  PROP_PROBE_ROUTER,
  PROP_REQUEST_RETRIES,
  PROP_REQUEST_RETRY_INTERVAL,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
zmqg_req_socket_get_property (GObject *object,
                              guint property_id,
                              GValue *value,
                              GParamSpec *pspec)
{
  ZmqgReqSocket *self = ZMQG_REQ_SOCKET (object);

  switch (property_id)
    {
    case PROP_CORRELATE:
      g_value_set_boolean (value, zmqg_req_socket_get_correlate (self));
      break;

    case PROP_RELAXED:
      g_value_set_boolean (value, zmqg_req_socket_get_relaxed (self));
      break;

    case PROP_PROBE_ROUTER:
      g_value_set_boolean (value, zmqg_req_socket_get_probe_router (self));
      break;

    case PROP_REQUEST_RETRIES:
      g_value_set_uint (value, zmqg_req_socket_get_request_retries (self));
      break;

    case PROP_REQUEST_RETRY_INTERVAL:
      g_value_set_uint (value,
                        zmqg_req_socket_get_request_retry_interval (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_req_socket_set_property (GObject *object,
                              guint property_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  ZmqgReqSocket *self = ZMQG_REQ_SOCKET (object);

  switch (property_id)
    {
    case PROP_CORRELATE:
      zmqg_req_socket_set_correlate (self, g_value_get_boolean (value));
      break;

    case PROP_RELAXED:
      zmqg_req_socket_set_relaxed (self, g_value_get_boolean (value));
      break;

    case PROP_PROBE_ROUTER:
      zmqg_req_socket_set_probe_router (self, g_value_get_boolean (value));
      break;

    case PROP_REQUEST_RETRIES:
      zmqg_req_socket_set_request_retries (self, g_value_get_uint (value));
      break;

    case PROP_REQUEST_RETRY_INTERVAL:
      zmqg_req_socket_set_request_retry_interval (self,
                                                  g_value_get_uint (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_req_socket_dispose (GObject *object)
{
  ZmqgReqSocket *self = ZMQG_REQ_SOCKET (object);
  ZmqgSocketCore *core = self->parent_instance.core;

  G_OBJECT_CLASS (zmqg_req_socket_parent_class)->dispose (object);

  if (core != NULL && !zmqg_context_core_is_forked (core->context))
    zmqg_req_tidy (core, TRUE);
}

static void
zmqg_req_socket_class_init (ZmqgReqSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  klass->parent_class.ops = &zmqg_req_ops;
  object_class->dispose = zmqg_req_socket_dispose;
  object_class->get_property = zmqg_req_socket_get_property;
  object_class->set_property = zmqg_req_socket_set_property;

  /**
   * ZmqgReqSocket:correlate: (getter get_correlate) (setter set_correlate)
   *
   * Whether each request carries a number, by which replies to requests
   * that were given up are told from the one that is awaited.
   *
   * Since: 1.0
   */
  properties[PROP_CORRELATE] =
    g_param_spec_boolean ("correlate", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                            G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgReqSocket:relaxed: (getter get_relaxed) (setter set_relaxed)
   *
   * Whether a request may be sent while another one is awaiting its reply:
   * that one is given up. Set [property@Zmqg.ReqSocket:correlate] too, so
   * that a late reply is not taken for the new one's.
   *
   * Since: 1.0
   */
  properties[PROP_RELAXED] =
    g_param_spec_boolean ("relaxed", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                            G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgReqSocket:probe-router: (getter get_probe_router) (setter set_probe_router)
   *
   * Whether each new pipe begins with an empty message, by which a
   * [class@Zmqg.RouterSocket] at the other end learns of this socket.
   *
   * Since: 1.0
   */
  properties[PROP_PROBE_ROUTER] =
    g_param_spec_boolean ("probe-router", NULL, NULL, FALSE,
                          G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                            G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgReqSocket:request-retries: (getter get_request_retries) (setter set_request_retries)
   *
   * How many times a request of [method@Zmqg.ReqSocket.request_async] is sent
   * again, beyond the first time; 0 for never.
   *
   * It is, to the peer whose turn it is, when it was not replied to for
   * [property@Zmqg.ReqSocket:request-retry-interval], and at once when the
   * connection was lost by which it went. The first reply counts, whichever
   * peer of those that were asked it comes from; peers have to bear being asked
   * twice.
   *
   * A request whose connection was lost, and that may not be sent again, fails
   * with %ZMQG_ERROR_PEER_LOST. One that is known to have never left goes to
   * the next peer in any case.
   *
   * Applies to the requests after it.
   *
   * Since: 1.0
   */
  properties[PROP_REQUEST_RETRIES] =
    g_param_spec_uint ("request-retries", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                         G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgReqSocket:request-retry-interval: (getter get_request_retry_interval) (setter set_request_retry_interval)
   *
   * After how many milliseconds without a reply a request is sent again, if
   * [property@Zmqg.ReqSocket:request-retries] allows; 0 for only when its
   * connection was lost. Applies to the requests after it.
   *
   * Since: 1.0
   */
  properties[PROP_REQUEST_RETRY_INTERVAL] =
    g_param_spec_uint ("request-retry-interval", NULL, NULL, 0, G_MAXUINT,
                       ZMQG_REQ_RETRY_INTERVAL,
                       G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                         G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
zmqg_req_socket_init (ZmqgReqSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_req_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a req socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.ReqSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_req_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_REQ_SOCKET, "context", context, NULL);
}

/**
 * zmqg_req_socket_get_correlate: (get-property correlate)
 * @self: the socket
 *
 * Tells whether requests carry a number.
 *
 * Returns: the value of [property@Zmqg.ReqSocket:correlate]
 *
 * Since: 1.0
 */
gboolean
zmqg_req_socket_get_correlate (ZmqgReqSocket *self)
{
  ZmqgReq *state;

  g_return_val_if_fail (ZMQG_IS_REQ_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->correlate);
}

/**
 * zmqg_req_socket_set_correlate: (set-property correlate)
 * @self: the socket
 * @correlate: whether requests carry a number
 *
 * Sets [property@Zmqg.ReqSocket:correlate].
 *
 * Since: 1.0
 */
void
zmqg_req_socket_set_correlate (ZmqgReqSocket *self,
                               gboolean correlate)
{
  ZmqgReq *state;

  g_return_if_fail (ZMQG_IS_REQ_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->correlate,
                           correlate, properties[PROP_CORRELATE]);
}

/**
 * zmqg_req_socket_get_relaxed: (get-property relaxed)
 * @self: the socket
 *
 * Tells whether a request may be sent while another one is awaiting its
 * reply.
 *
 * Returns: the value of [property@Zmqg.ReqSocket:relaxed]
 *
 * Since: 1.0
 */
gboolean
zmqg_req_socket_get_relaxed (ZmqgReqSocket *self)
{
  ZmqgReq *state;

  g_return_val_if_fail (ZMQG_IS_REQ_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->relaxed);
}

/**
 * zmqg_req_socket_set_relaxed: (set-property relaxed)
 * @self: the socket
 * @relaxed: whether a request may be sent while another one is awaiting its
 *   reply
 *
 * Sets [property@Zmqg.ReqSocket:relaxed].
 *
 * Since: 1.0
 */
void
zmqg_req_socket_set_relaxed (ZmqgReqSocket *self,
                             gboolean relaxed)
{
  ZmqgReq *state;

  g_return_if_fail (ZMQG_IS_REQ_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->relaxed,
                           relaxed, properties[PROP_RELAXED]);
}

/**
 * zmqg_req_socket_get_probe_router: (get-property probe-router)
 * @self: the socket
 *
 * Tells whether a new peer is sent an empty message first.
 *
 * Returns: the value of [property@Zmqg.ReqSocket:probe-router]
 *
 * Since: 1.0
 */
gboolean
zmqg_req_socket_get_probe_router (ZmqgReqSocket *self)
{
  ZmqgReq *state;

  g_return_val_if_fail (ZMQG_IS_REQ_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->probe_router);
}

/**
 * zmqg_req_socket_set_probe_router: (set-property probe-router)
 * @self: the socket
 * @probe_router: whether a new peer is sent an empty message first
 *
 * Sets [property@Zmqg.ReqSocket:probe-router].
 *
 * Since: 1.0
 */
void
zmqg_req_socket_set_probe_router (ZmqgReqSocket *self,
                                  gboolean probe_router)
{
  ZmqgReq *state;

  g_return_if_fail (ZMQG_IS_REQ_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->probe_router,
                           probe_router, properties[PROP_PROBE_ROUTER]);
}

static guint
get_number (ZmqgReqSocket *self,
            const guint *field)
{
  ZmqgSocketCore *core = self->parent_instance.core;
  guint value;

  if (zmqg_context_core_is_forked (core->context))
    return *field;

  zmqg_socket_core_lock (core);
  value = *field;
  zmqg_socket_core_unlock (core);

  return value;
}

static void
change_number (ZmqgReqSocket *self,
               guint *field,
               guint value,
               GParamSpec *property)
{
  ZmqgSocketCore *core = self->parent_instance.core;
  gboolean changed;

  if (zmqg_context_core_is_forked (core->context))
    return;

  zmqg_socket_core_lock (core);
  changed = *field != value;
  *field = value;
  zmqg_socket_core_unlock (core);

  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), property);
}

/**
 * zmqg_req_socket_get_request_retries: (get-property request-retries)
 * @self: the socket
 *
 * Tells how many times a request is sent again.
 *
 * Returns: the value of [property@Zmqg.ReqSocket:request-retries]
 *
 * Since: 1.0
 */
guint
zmqg_req_socket_get_request_retries (ZmqgReqSocket *self)
{
  ZmqgReq *state;

  g_return_val_if_fail (ZMQG_IS_REQ_SOCKET (self), 0);

  state = self->parent_instance.core->state;
  return get_number (self, &state->retries);
}

/**
 * zmqg_req_socket_set_request_retries: (set-property request-retries)
 * @self: the socket
 * @retries: how many times a request is sent again
 *
 * Sets [property@Zmqg.ReqSocket:request-retries].
 *
 * Since: 1.0
 */
void
zmqg_req_socket_set_request_retries (ZmqgReqSocket *self,
                                     guint retries)
{
  ZmqgReq *state;

  g_return_if_fail (ZMQG_IS_REQ_SOCKET (self));

  state = self->parent_instance.core->state;
  change_number (self, &state->retries, retries,
                 properties[PROP_REQUEST_RETRIES]);
}

/**
 * zmqg_req_socket_get_request_retry_interval: (get-property request-retry-interval)
 * @self: the socket
 *
 * Tells after how many milliseconds a request is sent again.
 *
 * Returns: the value of [property@Zmqg.ReqSocket:request-retry-interval]
 *
 * Since: 1.0
 */
guint
zmqg_req_socket_get_request_retry_interval (ZmqgReqSocket *self)
{
  ZmqgReq *state;

  g_return_val_if_fail (ZMQG_IS_REQ_SOCKET (self), 0);

  state = self->parent_instance.core->state;
  return get_number (self, &state->retry_interval);
}

/**
 * zmqg_req_socket_set_request_retry_interval: (set-property request-retry-interval)
 * @self: the socket
 * @interval_msec: after how many milliseconds a request is sent again; 0 for
 *   only when its connection was lost
 *
 * Sets [property@Zmqg.ReqSocket:request-retry-interval].
 *
 * Since: 1.0
 */
void
zmqg_req_socket_set_request_retry_interval (ZmqgReqSocket *self,
                                            guint interval_msec)
{
  ZmqgReq *state;

  g_return_if_fail (ZMQG_IS_REQ_SOCKET (self));

  state = self->parent_instance.core->state;
  change_number (self, &state->retry_interval, interval_msec,
                 properties[PROP_REQUEST_RETRY_INTERVAL]);
}
