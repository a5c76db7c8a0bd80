/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-pull-socket.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-type-private.h"

/**
 * ZmqgPullSocket:
 *
 * The receiving end of a pipeline.
 *
 * Messages are taken from the connected [class@Zmqg.PushSocket]s in turn. A
 * pull socket cannot send.
 *
 * Since: 1.0
 */
struct _ZmqgPullSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgPullSocketClass
{
  ZmqgSocketClass parent_class;
};

G_DEFINE_FINAL_TYPE (ZmqgPullSocket, zmqg_pull_socket, ZMQG_TYPE_SOCKET)

typedef struct
{
  ZmqgFairQueue queue;
} PullState;

static void
pull_init (ZmqgSocketCore *core)
{
  PullState *self = core->state;

  zmqg_fair_queue_init (&self->queue);
  core->small_in = &self->queue.turns;
}

static void
pull_clear (ZmqgSocketCore *core)
{
  PullState *self = core->state;

  zmqg_fair_queue_clear (&self->queue);
}

static void
pull_attach (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  PullState *self = core->state;

  zmqg_fair_queue_attach (&self->queue, pipe);
}

static void
pull_readable (ZmqgSocketCore *core,
               ZmqgPipe *pipe)
{
  PullState *self = core->state;

  zmqg_fair_queue_activate (&self->queue, pipe);
}

static void
pull_writable (ZmqgSocketCore *core G_GNUC_UNUSED,
               ZmqgPipe *pipe G_GNUC_UNUSED)
{
}

static gboolean
pull_ended (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  PullState *self = core->state;

  return zmqg_type_is_drained (&self->queue, pipe);
}

static void
pull_detach (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  PullState *self = core->state;

  zmqg_fair_queue_detach (&self->queue, pipe);
}

static ZmqgIoResult
pull_receive (ZmqgSocketCore *core,
              ZmqgMessage **message,
              GError **error)
{
  PullState *self = core->state;

  return zmqg_type_receive (core, &self->queue, message, error);
}

static guint
pull_events (ZmqgSocketCore *core,
             guint interest G_GNUC_UNUSED)
{
  PullState *self = core->state;

  return zmqg_type_peek (core, &self->queue) != NULL ? ZMQG_WAIT_IN : 0;
}

static const ZmqgSocketOps pull_ops = {
  .type = ZMQG_SOCKET_TYPE_PULL,
  .session = &zmqg_pull_session,
  .state_size = sizeof (PullState),
  .init = pull_init,
  .clear = pull_clear,
  .attach = pull_attach,
  .readable = pull_readable,
  .writable = pull_writable,
  .ended = pull_ended,
  .detach = pull_detach,
  .receive = pull_receive,
  .events = pull_events,
};

static void
zmqg_pull_socket_class_init (ZmqgPullSocketClass *klass)
{
  klass->parent_class.ops = &pull_ops;
}

static void
zmqg_pull_socket_init (ZmqgPullSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_pull_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a pull socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.PullSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_pull_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_PULL_SOCKET, "context", context, NULL);
}
