/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-dealer-socket.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-entry-private.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-type-private.h"

/**
 * ZmqgDealerSocket:
 *
 * Asks and answers without order: messages go to all peers in turn, and come
 * from all peers in turn.
 *
 * Nothing is added to messages and nothing taken off: to speak with a
 * [class@Zmqg.RepSocket], put an empty frame before each message.
 *
 * Since: 1.0
 */
struct _ZmqgDealerSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgDealerSocketClass
{
  ZmqgSocketClass parent_class;
};

G_DEFINE_FINAL_TYPE (ZmqgDealerSocket, zmqg_dealer_socket, ZMQG_TYPE_SOCKET)

typedef struct
{
  ZmqgFairQueue queue;
  ZmqgLoadBalancer balancer;
  gboolean probe_router;
} DealerState;

enum
{
  PROP_0,
  PROP_PROBE_ROUTER,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
dealer_init (ZmqgSocketCore *core)
{
  DealerState *self = core->state;

  zmqg_fair_queue_init (&self->queue);
  zmqg_load_balancer_init (&self->balancer);
  core->small_in = &self->queue.turns;
  core->small_out = &self->balancer.turns;
}

static void
dealer_clear (ZmqgSocketCore *core)
{
  DealerState *self = core->state;

  zmqg_fair_queue_clear (&self->queue);
  zmqg_load_balancer_clear (&self->balancer);
}

static void
dealer_attach (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  DealerState *self = core->state;

  if (self->probe_router)
    zmqg_type_probe (pipe);
  zmqg_fair_queue_attach (&self->queue, pipe);
  zmqg_load_balancer_attach (&self->balancer, pipe);
}

static void
dealer_readable (ZmqgSocketCore *core,
                 ZmqgPipe *pipe)
{
  DealerState *self = core->state;

  zmqg_fair_queue_activate (&self->queue, pipe);
}

static void
dealer_writable (ZmqgSocketCore *core,
                 ZmqgPipe *pipe)
{
  DealerState *self = core->state;

  /* An ended pipe is not in the load balancer any more. */
  if (!pipe->ended)
    zmqg_load_balancer_activate (&self->balancer, pipe);
}

static gboolean
dealer_ended (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  DealerState *self = core->state;

  zmqg_load_balancer_detach (&self->balancer, pipe);
  return zmqg_type_is_drained (&self->queue, pipe);
}

static void
dealer_detach (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  DealerState *self = core->state;

  if (!pipe->ended)
    zmqg_load_balancer_detach (&self->balancer, pipe);
  zmqg_fair_queue_detach (&self->queue, pipe);
}

static ZmqgIoResult
dealer_begin (ZmqgSocketCore *core,
              const ZmqgFrameView *first G_GNUC_UNUSED,
              GError **error G_GNUC_UNUSED)
{
  DealerState *self = core->state;

  return zmqg_type_begin (core, &self->balancer);
}

static ZmqgIoResult
dealer_send (ZmqgSocketCore *core,
             const ZmqgFrameView *views,
             guint n,
             GError **error)
{
  DealerState *self = core->state;

  return zmqg_type_send (core, &self->balancer, views, n, error);
}

static ZmqgIoResult
dealer_receive (ZmqgSocketCore *core,
                ZmqgMessage **message,
                GError **error)
{
  DealerState *self = core->state;

  return zmqg_type_receive (core, &self->queue, message, error);
}

static guint
dealer_events (ZmqgSocketCore *core,
               guint interest)
{
  DealerState *self = core->state;
  guint events = 0;

  if (zmqg_type_peek (core, &self->queue) != NULL)
    events |= ZMQG_WAIT_IN;
  if ((interest & ZMQG_WAIT_OUT) != 0 &&
      zmqg_load_balancer_has_room (&self->balancer))
    events |= ZMQG_WAIT_OUT;
  return events;
}

static const ZmqgSocketOps dealer_ops = {
  .type = ZMQG_SOCKET_TYPE_DEALER,
  .session = &zmqg_dealer_session,
  .state_size = sizeof (DealerState),
  .connects_once = TRUE,
  .init = dealer_init,
  .clear = dealer_clear,
  .attach = dealer_attach,
  .readable = dealer_readable,
  .writable = dealer_writable,
  .ended = dealer_ended,
  .detach = dealer_detach,
  .begin = dealer_begin,
  .send = dealer_send,
  .receive = dealer_receive,
  .events = dealer_events,
};

static void
zmqg_dealer_socket_get_property (GObject *object,
                                 guint property_id,
                                 GValue *value,
                                 GParamSpec *pspec)
{
  ZmqgDealerSocket *self = ZMQG_DEALER_SOCKET (object);

  switch (property_id)
    {
    case PROP_PROBE_ROUTER:
      g_value_set_boolean (value, zmqg_dealer_socket_get_probe_router (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_dealer_socket_set_property (GObject *object,
                                 guint property_id,
                                 const GValue *value,
                                 GParamSpec *pspec)
{
  ZmqgDealerSocket *self = ZMQG_DEALER_SOCKET (object);

  switch (property_id)
    {
    case PROP_PROBE_ROUTER:
      zmqg_dealer_socket_set_probe_router (self, g_value_get_boolean (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_dealer_socket_class_init (ZmqgDealerSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  klass->parent_class.ops = &dealer_ops;
  object_class->get_property = zmqg_dealer_socket_get_property;
  object_class->set_property = zmqg_dealer_socket_set_property;

  /**
   * ZmqgDealerSocket:probe-router: (getter get_probe_router) (setter set_probe_router)
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
zmqg_dealer_socket_init (ZmqgDealerSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_dealer_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a dealer socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.DealerSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_dealer_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_DEALER_SOCKET, "context", context, NULL);
}

/**
 * zmqg_dealer_socket_get_probe_router: (get-property probe-router)
 * @self: the socket
 *
 * Tells whether a new peer is sent an empty message first.
 *
 * Returns: the value of [property@Zmqg.DealerSocket:probe-router]
 *
 * Since: 1.0
 */
gboolean
zmqg_dealer_socket_get_probe_router (ZmqgDealerSocket *self)
{
  DealerState *state;

  g_return_val_if_fail (ZMQG_IS_DEALER_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->probe_router);
}

/**
 * zmqg_dealer_socket_set_probe_router: (set-property probe-router)
 * @self: the socket
 * @probe_router: whether a new peer is sent an empty message first
 *
 * Sets [property@Zmqg.DealerSocket:probe-router].
 *
 * Since: 1.0
 */
void
zmqg_dealer_socket_set_probe_router (ZmqgDealerSocket *self,
                                     gboolean probe_router)
{
  DealerState *state;

  g_return_if_fail (ZMQG_IS_DEALER_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->probe_router,
                           probe_router, properties[PROP_PROBE_ROUTER]);
}
