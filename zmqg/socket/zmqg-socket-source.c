/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

/* The sources that zmqg_socket_create_source () makes, and how any source is
 * woken. */

/* --- Waking ------------------------------------------------------------- */

static gboolean
wake_source_dispatch (GSource *source,
                      GSourceFunc callback G_GNUC_UNUSED,
                      gpointer user_data G_GNUC_UNUSED)
{
  /* Children come before their parent, which looks after this. */
  g_source_set_ready_time (source, -1);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs wake_source_funcs = {
  .dispatch = wake_source_dispatch,
};

GSource *
zmqg_wake_source_add (GSource *parent)
{
  GSource *source = g_source_new (&wake_source_funcs, sizeof (GSource));

  g_source_set_static_name (source, "[zmqg] wake");
  g_source_set_can_recurse (source, TRUE);
  g_source_add_child_source (parent, source);
  return source;
}

/* --- Sources of the program --------------------------------------------- */

typedef struct
{
  GSource source;
  ZmqgWaiter waiter;
  GSource *wake;      /* counted, a child */
  ZmqgSocket *socket; /* counted */
  GIOCondition condition;
  gboolean cancelled; /* and the callback was not told yet */
} SocketSource;

static void
socket_source_wake (ZmqgWaiter *waiter)
{
  SocketSource *self =
    (SocketSource *) ((guint8 *) waiter -
                      G_STRUCT_OFFSET (SocketSource, waiter));

  g_source_set_ready_time (self->wake, 0);
}

static GIOCondition
socket_source_condition (SocketSource *self)
{
  guint interest = ((self->condition & G_IO_IN) ? ZMQG_WAIT_IN : 0) |
                   ((self->condition & G_IO_OUT) ? ZMQG_WAIT_OUT : 0);
  guint events = zmqg_socket_core_events (self->socket->core, interest);

  return ((events & ZMQG_WAIT_IN) ? G_IO_IN : 0) |
         ((events & ZMQG_WAIT_OUT) ? G_IO_OUT : 0);
}

static gboolean
socket_source_prepare (GSource *source,
                       int *timeout)
{
  SocketSource *self = (SocketSource *) source;

  *timeout = -1;
  zmqg_inbox_waiter_looks (&self->socket->core->inbox, &self->waiter);
  return socket_source_condition (self) != 0;
}

static gboolean
socket_source_check (GSource *source)
{
  int timeout;

  return socket_source_prepare (source, &timeout);
}

static gboolean
socket_source_dispatch (GSource *source,
                        GSourceFunc callback,
                        gpointer user_data)
{
  SocketSource *self = (SocketSource *) source;
  GIOCondition condition;

  g_source_set_ready_time (source, -1);
  zmqg_inbox_waiter_looks (&self->socket->core->inbox, &self->waiter);

  condition = socket_source_condition (self);
  if ((condition == 0 && !self->cancelled) || callback == NULL)
    return G_SOURCE_CONTINUE;

  self->cancelled = FALSE;

  return ((ZmqgSocketSourceFunc) (void (*) (void)) callback) (
    self->socket, condition, user_data);
}

static void
socket_source_finalize (GSource *source)
{
  SocketSource *self = (SocketSource *) source;

  zmqg_inbox_remove_waiter (&self->socket->core->inbox, &self->waiter);
  g_source_unref (self->wake);
  g_object_unref (self->socket);
}

/* For callbacks that are closures (bindings). */
static gboolean
socket_source_closure_callback (ZmqgSocket *socket,
                                GIOCondition condition,
                                gpointer user_data)
{
  GValue params[2] = { G_VALUE_INIT, G_VALUE_INIT };
  GValue result = G_VALUE_INIT;
  GClosure *closure = user_data;
  gboolean go_on;

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_value_init (&params[0], ZMQG_TYPE_SOCKET);
  g_value_set_object (&params[0], socket);
  g_value_init (&params[1], G_TYPE_IO_CONDITION);
  g_value_set_flags (&params[1], condition);

  g_closure_invoke (closure, &result, 2, params, NULL);
  go_on = g_value_get_boolean (&result);
  g_value_unset (&result);
  g_value_unset (&params[0]);
  g_value_unset (&params[1]);
  return go_on;
}

static GSourceFuncs socket_source_funcs = {
  .prepare = socket_source_prepare,
  .check = socket_source_check,
  .dispatch = socket_source_dispatch,
  .finalize = socket_source_finalize,
  .closure_callback =
    (GSourceFunc) (void (*) (void)) socket_source_closure_callback,
};

static gboolean
cancelled_dispatch (GCancellable *cancellable G_GNUC_UNUSED,
                    gpointer user_data)
{
  SocketSource *self = user_data;

  self->cancelled = TRUE;
  g_source_set_ready_time (&self->source, 0);
  return G_SOURCE_REMOVE;
}

/**
 * zmqg_socket_create_source:
 * @self: a socket
 * @condition: %G_IO_IN, %G_IO_OUT or both, and nothing else; 0 is possible
 *   with a cancellable
 * @cancellable: (nullable): a #GCancellable that makes the source fire once,
 *   perhaps with no condition
 *
 * Makes a source that is dispatched while a message can be received
 * (%G_IO_IN) or sent (%G_IO_OUT). It is level-triggered: it fires again until
 * that is no longer so. The callback is a [callback@SocketSourceFunc]. The
 * source keeps the socket alive.
 *
 * Returns: (transfer full): a new source, to be attached to a main context
 *
 * Since: 1.0
 */
GSource *
zmqg_socket_create_source (ZmqgSocket *self,
                           GIOCondition condition,
                           GCancellable *cancellable)
{
  GSource *source;
  SocketSource *socket_source;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);
  g_return_val_if_fail ((condition & ~(G_IO_IN | G_IO_OUT)) == 0, NULL);
  g_return_val_if_fail (condition != 0 || cancellable != NULL, NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable),
                        NULL);

  source = g_source_new (&socket_source_funcs, sizeof (SocketSource));
  socket_source = (SocketSource *) source;
  socket_source->waiter.wake = socket_source_wake;
  socket_source->wake = zmqg_wake_source_add (source);
  socket_source->socket = g_object_ref (self);
  socket_source->condition = condition;
  g_source_set_static_name (source, "ZmqgSocket");
  zmqg_inbox_add_waiter (&self->core->inbox, &socket_source->waiter,
                         ((condition & G_IO_IN) ? ZMQG_WAIT_IN : 0) |
                           ((condition & G_IO_OUT) ? ZMQG_WAIT_OUT : 0),
                         TRUE);

  if (cancellable != NULL)
    {
      g_autoptr (GSource) child = g_cancellable_source_new (cancellable);

      g_source_set_callback (child, G_SOURCE_FUNC (cancelled_dispatch),
                             socket_source, NULL);
      g_source_add_child_source (source, child);
    }

  return source;
}
