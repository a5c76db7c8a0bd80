/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-req-socket.h"

#include "base/zmqg-error.h"
#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-req-request-private.h"
#include "socket/zmqg-entry-private.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-type-private.h"

#include <string.h>

/**
 * ZmqgReqSocket:
 *
 * Sends requests, and receives the reply to each before the next one.
 *
 * Requests go to the connected [class@Zmqg.RepSocket]s and
 * [class@Zmqg.RouterSocket]s in turn. Sending while a reply is due, and
 * receiving while none is, fail with %ZMQG_ERROR_STATE.
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

typedef struct
{
  ZmqgFairQueue queue;
  ZmqgLoadBalancer balancer;
  gboolean awaiting;   /* a reply */
  ZmqgPipe *asked;     /* borrowed; NULL: it has gone, anyone may reply */
  guint32 request_id;  /* of the newest request */
  gboolean correlated; /* that one carries its number */
  gboolean correlate;
  gboolean relaxed;
  gboolean probe_router;
} ReqState;

enum
{
  PROP_0,
  PROP_CORRELATE,
  PROP_RELAXED,
  PROP_PROBE_ROUTER,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
req_init (ZmqgSocketCore *core)
{
  ReqState *self = core->state;

  zmqg_fair_queue_init (&self->queue);
  zmqg_load_balancer_init (&self->balancer);
  self->request_id = g_random_int ();
}

static void
req_clear (ZmqgSocketCore *core)
{
  ReqState *self = core->state;

  zmqg_fair_queue_clear (&self->queue);
  zmqg_load_balancer_clear (&self->balancer);
}

static void
req_attach (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  ReqState *self = core->state;

  if (self->probe_router)
    zmqg_type_probe (pipe);
  zmqg_fair_queue_attach (&self->queue, pipe);
  zmqg_load_balancer_attach (&self->balancer, pipe);
}

static void
req_readable (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  ReqState *self = core->state;

  zmqg_fair_queue_activate (&self->queue, pipe);
}

static void
req_writable (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  ReqState *self = core->state;

  /* An ended pipe is not in the load balancer any more. */
  if (!pipe->ended)
    zmqg_load_balancer_activate (&self->balancer, pipe);
}

static gboolean
req_ended (ZmqgSocketCore *core,
           ZmqgPipe *pipe)
{
  ReqState *self = core->state;

  zmqg_load_balancer_detach (&self->balancer, pipe);
  return zmqg_type_is_drained (&self->queue, pipe);
}

static void
req_detach (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  ReqState *self = core->state;

  if (self->asked == pipe)
    self->asked = NULL;
  if (!pipe->ended)
    zmqg_load_balancer_detach (&self->balancer, pipe);
  zmqg_fair_queue_detach (&self->queue, pipe);
}

/* Replies that came too late. %FALSE when there are more than one call may
 * drop. */
static gboolean
drop_stale (ZmqgSocketCore *core)
{
  ReqState *self = core->state;
  guint n = 0;
  ZmqgPipe *pipe;

  while ((pipe = zmqg_type_peek (core, &self->queue)) != NULL)
    if (!zmqg_type_drop (core, &self->queue, pipe, ZMQG_DROP_REASON_STALE,
                         ZMQG_WAIT_OUT, &n))
      return FALSE;

  return TRUE;
}

static ZmqgIoResult
req_send (ZmqgSocketCore *core,
          const ZmqgFrameView *views,
          guint n,
          GError **error)
{
  ReqState *self = core->state;
  ZmqgFrameView local[ZMQG_TYPE_STACK_VIEWS];
  g_autofree ZmqgFrameView *heap = NULL;
  ZmqgFrameView *all = local;
  guint32 id = self->request_id + 1;
  guint n_all = 0;
  ZmqgIoResult result;
  ZmqgPipe *pipe;

  if (self->awaiting && !self->relaxed)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "The reply to the last request is still awaited");
      return ZMQG_IO_FAILED;
    }

  /* Before anything changes. A reply to this request cannot be among those
   * that are there. */
  if (!zmqg_load_balancer_has_room (&self->balancer) || !drop_stale (core))
    return ZMQG_IO_AGAIN;

  if (n + 2 > ZMQG_TYPE_STACK_VIEWS)
    all = heap = g_try_new (ZmqgFrameView, (gsize) n + 2);
  if (all == NULL)
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  if (self->correlate)
    all[n_all++] = (ZmqgFrameView) { (const guint8 *) &id, sizeof id,
                                     ZMQG_FRAME_MORE, NULL, NULL };
  all[n_all++] = (ZmqgFrameView) { (const guint8 *) "", 0, ZMQG_FRAME_MORE,
                                   NULL, NULL };
  memcpy (all + n_all, views, n * sizeof *views);
  n_all += n;

  switch (zmqg_load_balancer_write (&self->balancer, all, n_all, &pipe))
    {
    case ZMQG_PIPE_WRITTEN:
      result = ZMQG_IO_DONE;
      break;

    case ZMQG_PIPE_FULL:
      return ZMQG_IO_AGAIN;

    case ZMQG_PIPE_NO_MEMORY:
    default:
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  self->request_id = id;
  self->correlated = self->correlate;
  self->awaiting = TRUE;
  self->asked = pipe;
  core->state_changed = TRUE;
  zmqg_socket_core_flush (core, pipe);
  return result;
}

/* How many frames of the message peeked are its envelope; 0: it is not the
 * reply that is awaited. */
static guint
measure_envelope (ReqState *self,
                  const ZmqgFrameArray *frames)
{
  const ZmqgFrameView *views = frames->views;
  guint skip = self->correlated ? 1 : 0;

  if (frames->n < skip + 2 || views[skip].size != 0)
    return 0;
  if (skip > 0 &&
      (views[0].size != sizeof self->request_id ||
       memcmp (views[0].data, &self->request_id, views[0].size) != 0))
    return 0;

  return skip + 1;
}

/* The pipe with the reply that is awaited, having dropped what is before it. */
static ZmqgPipe *
req_peek (ZmqgSocketCore *core,
          guint *skip)
{
  ReqState *self = core->state;
  guint n = 0;
  ZmqgPipe *pipe;

  while ((pipe = zmqg_type_peek (core, &self->queue)) != NULL)
    {
      if (self->asked == NULL || self->asked == pipe)
        {
          *skip = measure_envelope (self, &core->frames);
          if (*skip > 0)
            break;
        }
      if (!zmqg_type_drop (core, &self->queue, pipe, ZMQG_DROP_REASON_STALE,
                           ZMQG_WAIT_IN, &n))
        return NULL;
    }

  return pipe;
}

static ZmqgIoResult
req_receive (ZmqgSocketCore *core,
             ZmqgMessage **message,
             GError **error)
{
  ReqState *self = core->state;
  ZmqgIoResult result;
  ZmqgPipe *pipe;
  guint skip;

  if (!self->awaiting)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "There is no request that awaits a reply");
      return ZMQG_IO_FAILED;
    }

  pipe = req_peek (core, &skip);
  if (pipe == NULL)
    return ZMQG_IO_AGAIN;

  result = zmqg_type_build (pipe, core->frames.views + skip,
                            core->frames.n - skip, message, error);
  if (G_LIKELY (result == ZMQG_IO_DONE))
    {
      zmqg_fair_queue_consume (&self->queue);
      self->awaiting = FALSE;
      self->asked = NULL;
      core->state_changed = TRUE;
    }
  return result;
}

static guint
req_events (ZmqgSocketCore *core)
{
  ReqState *self = core->state;
  guint events = 0;
  guint skip;

  if (self->awaiting && req_peek (core, &skip) != NULL)
    events |= ZMQG_WAIT_IN;
  if ((!self->awaiting || self->relaxed) &&
      zmqg_load_balancer_has_room (&self->balancer))
    events |= ZMQG_WAIT_OUT;
  return events;
}

static const ZmqgSocketOps req_ops = {
  .type = ZMQG_SOCKET_TYPE_REQ,
  .session = &zmqg_req_session,
  .state_size = sizeof (ReqState),
  .connects_once = TRUE,
  .init = req_init,
  .clear = req_clear,
  .attach = req_attach,
  .readable = req_readable,
  .writable = req_writable,
  .ended = req_ended,
  .detach = req_detach,
  .send = req_send,
  .receive = req_receive,
  .events = req_events,
};

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

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_req_socket_class_init (ZmqgReqSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  klass->parent_class.ops = &req_ops;
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

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
zmqg_req_socket_init (ZmqgReqSocket *self)
{
  zmqg_req_request_prepare (self);
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
  ReqState *state;

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
  ReqState *state;

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
  ReqState *state;

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
  ReqState *state;

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
  ReqState *state;

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
  ReqState *state;

  g_return_if_fail (ZMQG_IS_REQ_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->probe_router,
                           probe_router, properties[PROP_PROBE_ROUTER]);
}
