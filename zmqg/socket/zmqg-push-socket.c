/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-push-socket.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-type-private.h"

/**
 * ZmqgPushSocket:
 *
 * The sending end of a pipeline.
 *
 * Messages go to the connected [class@Zmqg.PullSocket]s in turn; a peer that
 * cannot take any more is passed over. Without a peer, sending waits. A push
 * socket cannot receive.
 *
 * Since: 1.0
 */
struct _ZmqgPushSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgPushSocketClass
{
  ZmqgSocketClass parent_class;
};

G_DEFINE_FINAL_TYPE (ZmqgPushSocket, zmqg_push_socket, ZMQG_TYPE_SOCKET)

typedef struct
{
  ZmqgLoadBalancer balancer;
} PushState;

static void
push_init (ZmqgSocketCore *core)
{
  PushState *self = core->state;

  zmqg_load_balancer_init (&self->balancer);
  core->small_out = &self->balancer.turns;
}

static void
push_clear (ZmqgSocketCore *core)
{
  PushState *self = core->state;

  zmqg_load_balancer_clear (&self->balancer);
}

static void
push_attach (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  PushState *self = core->state;

  zmqg_load_balancer_attach (&self->balancer, pipe);
}

static void
push_readable (ZmqgSocketCore *core G_GNUC_UNUSED,
               ZmqgPipe *pipe G_GNUC_UNUSED)
{
  /* What peers send is dropped by the engine. */
}

static void
push_writable (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  PushState *self = core->state;

  zmqg_load_balancer_activate (&self->balancer, pipe);
}

static gboolean
push_ended (ZmqgSocketCore *core G_GNUC_UNUSED,
            ZmqgPipe *pipe G_GNUC_UNUSED)
{
  return TRUE;
}

static void
push_detach (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  PushState *self = core->state;

  zmqg_load_balancer_detach (&self->balancer, pipe);
}

static ZmqgIoResult
push_begin (ZmqgSocketCore *core,
            const ZmqgFrameView *first G_GNUC_UNUSED,
            GError **error G_GNUC_UNUSED)
{
  PushState *self = core->state;

  return zmqg_type_begin (core, &self->balancer);
}

static ZmqgIoResult
push_send (ZmqgSocketCore *core,
           const ZmqgFrameView *views,
           guint n,
           GError **error)
{
  PushState *self = core->state;

  return zmqg_type_send (core, &self->balancer, views, n, error);
}

static guint
push_events (ZmqgSocketCore *core,
             guint interest G_GNUC_UNUSED)
{
  PushState *self = core->state;

  return zmqg_load_balancer_has_room (&self->balancer) ? ZMQG_WAIT_OUT : 0;
}

static const ZmqgSocketOps push_ops = {
  .type = ZMQG_SOCKET_TYPE_PUSH,
  .session = &zmqg_push_session,
  .state_size = sizeof (PushState),
  .init = push_init,
  .clear = push_clear,
  .attach = push_attach,
  .readable = push_readable,
  .writable = push_writable,
  .ended = push_ended,
  .detach = push_detach,
  .begin = push_begin,
  .send = push_send,
  .events = push_events,
};

static void
zmqg_push_socket_class_init (ZmqgPushSocketClass *klass)
{
  klass->parent_class.ops = &push_ops;
}

static void
zmqg_push_socket_init (ZmqgPushSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_push_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a push socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.PushSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_push_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_PUSH_SOCKET, "context", context, NULL);
}
