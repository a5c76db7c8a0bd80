/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

#include "socket/zmqg-endpoint-private.h"
#include "socket/zmqg-peer-private.h"

/* The sources of a socket: the one that emits its signals, and those of
 * zmqg_socket_create_source (). */

/* ::message, or what a type has instead, is emitted at most so often in one
 * turn of the main loop. */
#define MESSAGES_PER_TURN 64

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

/* --- Signals ------------------------------------------------------------ */

typedef struct
{
  GSource source;
  ZmqgWaiter waiter;
  ZmqgSocketCore *core; /* counted */
  GWeakRef socket;
  const ZmqgSocketService *service; /* nullable */
  gboolean serves;      /* the service has a handler */
  gboolean has_handler; /* of that, or of ::message */
  atomic_bool attached; /* the above is there: GLib's own lock says so too,
                         * but to ThreadSanitizer it does not exist */
} Dispatcher;

static void
dispatcher_wake (ZmqgWaiter *waiter)
{
  Dispatcher *self = (Dispatcher *) ((guint8 *) waiter -
                                     G_STRUCT_OFFSET (Dispatcher, waiter));

  g_source_set_ready_time (&self->source, 0);
}

/* Messages are only of interest while a handler for them is there. */
static void
look_for_handler (Dispatcher *self,
                  ZmqgSocket *socket)
{
  gboolean serves = self->service != NULL &&
                    self->service->has_handler (socket);
  gboolean has_handler;

  has_handler = serves ||
                g_signal_has_handler_pending (
                  socket, zmqg_socket_signals[ZMQG_SIGNAL_MESSAGE], 0, TRUE);
  if (serves == self->serves && has_handler == self->has_handler)
    return;

  self->serves = serves;
  self->has_handler = has_handler;
  zmqg_inbox_set_interest (&self->core->inbox, &self->waiter,
                           ZMQG_WAIT_NEWS | (has_handler ? ZMQG_WAIT_IN : 0));
}

static gboolean
has_messages (Dispatcher *self)
{
  ZmqgSocketCore *core = self->core;
  gboolean readable;

  if (!self->has_handler || core->ops->receive == NULL ||
      !zmqg_socket_core_check_fork (core, NULL))
    return FALSE;

  /* Not the events of a closed socket, where every call is possible. */
  zmqg_socket_core_lock (core);
  readable = zmqg_socket_core_check (core, NULL) &&
             (self->serves ? self->service->is_readable (core)
                           : (core->ops->events (core) & ZMQG_WAIT_IN) != 0);
  if (!readable)
    zmqg_socket_core_give_back (core);
  zmqg_socket_core_unlock (core);

  return readable && !zmqg_inbox_is_awaited (&core->inbox, ZMQG_WAIT_IN);
}

static gboolean
dispatcher_prepare (GSource *source,
                    int *timeout)
{
  Dispatcher *self = (Dispatcher *) source;
  g_autoptr (ZmqgSocket) socket = NULL;
  ZmqgSocketCore *core;
  gboolean ready;

  *timeout = -1;
  /* Acquire pairs with the release of the attaching thread. */
  if (!atomic_load_explicit (&self->attached, memory_order_acquire))
    return FALSE;
  socket = g_weak_ref_get (&self->socket);
  if (socket == NULL)
    return FALSE;

  look_for_handler (self, socket);
  core = self->core;
  zmqg_inbox_waiter_looks (&core->inbox, &self->waiter);
  ready = has_messages (self);
  /* Another thread may end the source, and with it the socket. */
  zmqg_order_before_drop (core);
  return ready;
}

static gboolean
dispatcher_check (GSource *source)
{
  /* A handler may have been connected while the loop slept. */
  int timeout;

  return dispatcher_prepare (source, &timeout);
}

static void
emit_news (ZmqgSocket *socket,
           ZmqgNews *news)
{
  zmqg_socket_update_models (socket, news);

  switch (news->kind)
    {
    case ZMQG_NEWS_PEER_ADDED:
    case ZMQG_NEWS_PEER_REMOVED:
      {
        g_autoptr (ZmqgPeer) peer = NULL;
        guint id = zmqg_socket_signals[news->kind == ZMQG_NEWS_PEER_ADDED
                                         ? ZMQG_SIGNAL_PEER_ADDED
                                         : ZMQG_SIGNAL_PEER_REMOVED];

        if (!g_signal_has_handler_pending (socket, id, 0, TRUE))
          break;
        peer = zmqg_peer_for_record ((ZmqgPeerRecord *) news->subject);
        if (news->kind == ZMQG_NEWS_PEER_ADDED)
          g_signal_emit (socket, id, 0, peer);
        else
          g_signal_emit (socket, id, 0, peer, news->error);
        break;
      }

    case ZMQG_NEWS_HANDSHAKE_FAILED:
      {
        guint id = zmqg_socket_signals[ZMQG_SIGNAL_HANDSHAKE_FAILED];
        g_autoptr (ZmqgEndpoint) endpoint = NULL;

        if (!g_signal_has_handler_pending (socket, id, 0, TRUE))
          break;
        endpoint = zmqg_endpoint_for_core ((ZmqgEndpointCore *) news->subject);
        g_signal_emit (socket, id, 0, endpoint, news->address, news->error);
        break;
      }

    case ZMQG_NEWS_ENDPOINT:
    default:
      zmqg_endpoint_core_notify ((ZmqgEndpointCore *) news->subject);
      break;
    }
}

/* %FALSE when there was none. */
static gboolean
emit_message (Dispatcher *self,
              ZmqgSocket *socket)
{
  ZmqgMessage *message;

  if (self->serves)
    return self->service->emit (socket);

  if (zmqg_socket_core_receive (self->core, &message, NULL) != ZMQG_IO_DONE)
    return FALSE;

  g_signal_emit (socket, zmqg_socket_signals[ZMQG_SIGNAL_MESSAGE], 0, message);
  zmqg_message_unref (message);
  return TRUE;
}

static void
emit_messages (Dispatcher *self,
               ZmqgSocket *socket)
{
  for (guint i = 0; i < MESSAGES_PER_TURN && self->has_handler; i++)
    {
      if (zmqg_inbox_is_awaited (&self->core->inbox, ZMQG_WAIT_IN) ||
          !emit_message (self, socket))
        return;

      if (g_source_is_destroyed (&self->source))
        return;
      look_for_handler (self, socket);
    }
}

static gboolean
dispatcher_dispatch (GSource *source,
                     GSourceFunc callback G_GNUC_UNUSED,
                     gpointer user_data G_GNUC_UNUSED)
{
  Dispatcher *self = (Dispatcher *) source;
  g_autoptr (ZmqgSocket) socket = g_weak_ref_get (&self->socket);
  ZmqgSocketCore *core;
  ZmqgNews *news;

  g_source_set_ready_time (source, -1);
  if (socket == NULL)
    return G_SOURCE_REMOVE;

  /* A reference of our own: that of the object may be dropped by another
   * thread meanwhile, and ThreadSanitizer cannot see GObject's counter. */
  core = zmqg_socket_core_ref (self->core);
  zmqg_inbox_waiter_looks (&core->inbox, &self->waiter);

  /* Frees what others left to be freed here. */
  zmqg_socket_core_lock (core);
  zmqg_socket_core_unlock (core);

  while ((news = zmqg_socket_core_take_news (core)) != NULL)
    {
      emit_news (socket, news);
      zmqg_news_free (news);
    }

  look_for_handler (self, socket);
  if (core->ops->receive != NULL)
    emit_messages (self, socket);

  zmqg_socket_core_unref (core);
  return G_SOURCE_CONTINUE;
}

void
zmqg_socket_dispatcher_stop (GSource *source)
{
  Dispatcher *self = (Dispatcher *) source;

  zmqg_inbox_remove_waiter (&self->core->inbox, &self->waiter);
}

static void
dispatcher_finalize (GSource *source)
{
  Dispatcher *self = (Dispatcher *) source;

  g_weak_ref_clear (&self->socket);
  zmqg_socket_core_unref (self->core);
}

static GSourceFuncs dispatcher_funcs = {
  .prepare = dispatcher_prepare,
  .check = dispatcher_check,
  .dispatch = dispatcher_dispatch,
  .finalize = dispatcher_finalize,
};

GSource *
zmqg_socket_dispatcher_new (ZmqgSocket *socket)
{
  GSource *source = g_source_new (&dispatcher_funcs, sizeof (Dispatcher));
  Dispatcher *self = (Dispatcher *) source;

  self->waiter.wake = dispatcher_wake;
  self->core = zmqg_socket_core_ref (socket->core);
  self->service =
    ((ZmqgSocketClass *) G_OBJECT_GET_CLASS (socket))->service;
  g_weak_ref_init (&self->socket, socket);
  g_source_set_static_name (source, "[zmqg] signals");
  g_source_set_can_recurse (source, TRUE);
  zmqg_inbox_add_waiter (&self->core->inbox, &self->waiter, ZMQG_WAIT_NEWS,
                         TRUE);
  atomic_store_explicit (&self->attached, TRUE, memory_order_release);
  g_source_attach (source, self->core->main_context);
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
  guint events = zmqg_socket_core_events (self->socket->core);

  return self->condition & (((events & ZMQG_WAIT_IN) ? G_IO_IN : 0) |
                            ((events & ZMQG_WAIT_OUT) ? G_IO_OUT : 0));
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
 * @condition: %G_IO_IN, %G_IO_OUT or both
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
