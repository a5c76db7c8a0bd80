/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

#include "socket/zmqg-endpoint-private.h"
#include "socket/zmqg-peer-private.h"

/* The signals of a socket, and the source that emits them. */

/* ::message, or what a type has instead, is emitted at most so often in one
 * turn of the main loop, and so much other news is told. */
#define MESSAGES_PER_TURN 64
#define NEWS_PER_TURN 1024

guint zmqg_socket_signals[ZMQG_N_SIGNALS];

/* --- The source --------------------------------------------------------- */

typedef struct
{
  GSource source;
  ZmqgWaiter waiter;
  ZmqgSocketCore *core; /* counted */
  GWeakRef socket;
  const ZmqgSocketService *service; /* nullable */
  gboolean serves;      /* the service has a handler */
  gboolean has_handler; /* of that, or of ::message */
  guint interest;       /* of the waiter */
  atomic_bool attached; /* the above is there: GLib's own lock says so too,
                         * but to ThreadSanitizer it does not exist */
} Dispatcher;

static gboolean
has_handler (ZmqgSocket *socket,
             guint signal)
{
  return g_signal_has_handler_pending (socket, signal, 0, TRUE);
}

static void
dispatcher_wake (ZmqgWaiter *waiter)
{
  Dispatcher *self = (Dispatcher *) ((guint8 *) waiter -
                                     G_STRUCT_OFFSET (Dispatcher, waiter));

  g_source_set_ready_time (&self->source, 0);
}

static const guint *
topic_signals (ZmqgSocket *socket)
{
  return ((ZmqgSocketClass *) G_OBJECT_GET_CLASS (socket))->topic_signals;
}

static gboolean
shows_topics (ZmqgSocket *socket)
{
  const guint *signals = topic_signals (socket);

  return signals != NULL &&
         (has_handler (socket, signals[ZMQG_SIGNAL_SUBSCRIBED]) ||
          has_handler (socket, signals[ZMQG_SIGNAL_UNSUBSCRIBED]));
}

static void
show_topics (ZmqgSocketCore *core,
             gboolean shows)
{
  zmqg_socket_core_lock (core);
  if (atomic_load (&core->shows_topics) != shows)
    {
      atomic_store (&core->shows_topics, shows);
      core->ops->show_topics (core, shows);
    }
  zmqg_socket_core_unlock (core);

  if (!shows)
    zmqg_news_queue_drop (&core->news, ZMQG_NEWS_LINE_TOPICS);
}

void
zmqg_socket_look_for_handlers (ZmqgSocket *self)
{
  gboolean shows = has_handler (self,
                                zmqg_socket_signals[ZMQG_SIGNAL_EVENT]);

  /* Relaxed: both sides of a change are on this way. */
  if (G_UNLIKELY (atomic_load_explicit (&self->core->shows_events,
                                        memory_order_relaxed) != shows))
    zmqg_socket_core_show_events (self->core, shows);

  shows = shows_topics (self);
  if (G_UNLIKELY (atomic_load_explicit (&self->core->shows_topics,
                                        memory_order_relaxed) != shows))
    show_topics (self->core, shows);
}

/* Messages are only of interest while a handler for them is there. */
static void
look_for_handler (Dispatcher *self,
                  ZmqgSocket *socket)
{
  guint interest = ZMQG_WAIT_NEWS;
  gboolean serves = self->service != NULL &&
                    self->service->has_handler (socket);
  gboolean handles = serves ||
                     has_handler (socket,
                                  zmqg_socket_signals[ZMQG_SIGNAL_MESSAGE]);

  if (!zmqg_context_core_is_forked (self->core->context))
    zmqg_socket_look_for_handlers (socket);
  /* Written only when it changes: others read it. */
  if (serves != self->serves || handles != self->has_handler)
    {
      self->serves = serves;
      self->has_handler = handles;
    }
  /* Subscriptions lie in a pipe until somebody looks. */
  if (handles || atomic_load (&self->core->shows_topics))
    interest |= ZMQG_WAIT_IN;
  if (interest == self->interest)
    return;

  self->interest = interest;
  zmqg_inbox_set_interest (&self->core->inbox, &self->waiter, interest);
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
                           : (core->ops->events (core, ZMQG_WAIT_IN) &
                              ZMQG_WAIT_IN) != 0);
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
emit_peer (ZmqgSocket *socket,
           const ZmqgNews *news)
{
  ZmqgPeerRecord *record = (ZmqgPeerRecord *) news->subject;
  gboolean added = news->kind == ZMQG_NEWS_PEER_ADDED;
  g_autoptr (ZmqgPeer) peer = NULL;
  guint id = zmqg_socket_signals[added ? ZMQG_SIGNAL_PEER_ADDED
                                       : ZMQG_SIGNAL_PEER_REMOVED];

  if (!added)
    zmqg_peer_record_notify (record);
  if (!has_handler (socket, id))
    return;

  peer = zmqg_peer_for_record (record);
  if (added)
    g_signal_emit (socket, id, 0, peer);
  else
    g_signal_emit (socket, id, 0, peer, news->error);
}

static void
emit_handshake_failed (ZmqgSocket *socket,
                       const ZmqgNews *news)
{
  guint id = zmqg_socket_signals[ZMQG_SIGNAL_HANDSHAKE_FAILED];
  g_autoptr (ZmqgEndpoint) endpoint = NULL;

  if (!has_handler (socket, id))
    return;

  endpoint = zmqg_endpoint_for_core ((ZmqgEndpointCore *) news->subject);
  g_signal_emit (socket, id, 0, endpoint, news->address, news->error);
}

static void
emit_topic (ZmqgSocket *socket,
            const ZmqgNews *news)
{
  g_autoptr (ZmqgPeer) peer = NULL;
  guint id = topic_signals (socket)[news->kind == ZMQG_NEWS_SUBSCRIBED
                                      ? ZMQG_SIGNAL_SUBSCRIBED
                                      : ZMQG_SIGNAL_UNSUBSCRIBED];

  if (!has_handler (socket, id))
    return;

  peer = zmqg_peer_for_record ((ZmqgPeerRecord *) news->subject);
  g_signal_emit (socket, id, 0, peer, news->topic);
}

static void
emit_news (ZmqgSocket *socket,
           const ZmqgNews *news)
{
  zmqg_socket_update_models (socket, news);

  switch (news->kind)
    {
    case ZMQG_NEWS_PEER_ADDED:
    case ZMQG_NEWS_PEER_REMOVED:
      emit_peer (socket, news);
      break;

    case ZMQG_NEWS_HANDSHAKE_FAILED:
      emit_handshake_failed (socket, news);
      break;

    case ZMQG_NEWS_EVENT:
      g_signal_emit (socket, zmqg_socket_signals[ZMQG_SIGNAL_EVENT], 0,
                     news->event);
      break;

    case ZMQG_NEWS_SUBSCRIBED:
    case ZMQG_NEWS_UNSUBSCRIBED:
      emit_topic (socket, news);
      break;

    case ZMQG_NEWS_ENDPOINT:
    default:
      zmqg_endpoint_core_notify ((ZmqgEndpointCore *) news->subject);
      break;
    }
}

/* %FALSE when the socket was disposed of meanwhile. */
static gboolean
emit_all_news (Dispatcher *self,
               ZmqgSocket *socket)
{
  ZmqgNewsQueue *queue = &socket->core->news;
  const char *changed = atomic_exchange (&socket->core->changed, NULL);
  ZmqgNews *news;

  if (changed != NULL)
    g_object_notify (G_OBJECT (socket), changed);
  if (g_source_is_destroyed (&self->source))
    return FALSE;

  if (zmqg_news_queue_take_lost (queue))
    zmqg_socket_renew_models (socket);

  for (guint i = 0; i < NEWS_PER_TURN; i++)
    {
      news = zmqg_news_queue_pop (queue);
      if (news == NULL)
        return TRUE;

      emit_news (socket, news);
      zmqg_news_free (news);
      if (g_source_is_destroyed (&self->source))
        return FALSE;
    }

  if (!zmqg_news_queue_is_empty (queue))
    g_source_set_ready_time (&self->source, 0);
  return TRUE;
}

/* There is room again for what was not read. */
static void
read_on (ZmqgSocketCore *core)
{
  if (core->ops->read_on == NULL || !atomic_load (&core->shows_topics))
    return;

  zmqg_socket_core_lock (core);
  core->ops->read_on (core);
  zmqg_socket_core_unlock (core);
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

/* After a message, whose handler may have changed what handlers there are. The
 * other signals' can wait until the next turn. */
static gboolean
is_still_handled (Dispatcher *self,
                  ZmqgSocket *socket)
{
  gboolean serves = self->service != NULL &&
                    self->service->has_handler (socket);

  if (serves != self->serves)
    {
      look_for_handler (self, socket);
      return self->has_handler;
    }

  return serves || has_handler (socket,
                                zmqg_socket_signals[ZMQG_SIGNAL_MESSAGE]);
}

static void
emit_messages (Dispatcher *self,
               ZmqgSocket *socket)
{
  for (guint i = 0; i < MESSAGES_PER_TURN; i++)
    {
      if (zmqg_inbox_is_awaited (&self->core->inbox, ZMQG_WAIT_IN) ||
          !emit_message (self, socket) ||
          g_source_is_destroyed (&self->source) ||
          !is_still_handled (self, socket))
        return;
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

  if (emit_all_news (self, socket))
    {
      look_for_handler (self, socket);
      read_on (core);
      if (self->has_handler && core->ops->receive != NULL)
        emit_messages (self, socket);
    }

  zmqg_socket_core_unref (core);
  return G_SOURCE_CONTINUE;
}

void
zmqg_socket_dispatcher_stop (GSource *source)
{
  Dispatcher *self = (Dispatcher *) source;

  zmqg_inbox_remove_waiter (&self->core->inbox, &self->waiter);
  zmqg_order_before_drop (source);
}

static void
dispatcher_finalize (GSource *source)
{
  Dispatcher *self = (Dispatcher *) source;

  zmqg_order_after_drop (source);
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
  self->interest = ZMQG_WAIT_NEWS;
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

/* --- The signals -------------------------------------------------------- */

void
zmqg_socket_install_signals (void)
{
  /**
   * ZmqgSocket::message:
   * @self: the socket
   * @message: the message
   *
   * A message was received. While a handler is connected, messages are taken
   * from the socket and given to it, in its main context, at most 64 in one
   * turn. Calls that wait for a message come first.
   *
   * Since: 1.0
   */
  zmqg_socket_signals[ZMQG_SIGNAL_MESSAGE] =
    g_signal_new ("message", ZMQG_TYPE_SOCKET, G_SIGNAL_RUN_LAST, 0, NULL,
                  NULL, g_cclosure_marshal_VOID__BOXED, G_TYPE_NONE, 1,
                  ZMQG_TYPE_MESSAGE);
  g_signal_set_va_marshaller (zmqg_socket_signals[ZMQG_SIGNAL_MESSAGE], ZMQG_TYPE_SOCKET,
                              g_cclosure_marshal_VOID__BOXEDv);

  /**
   * ZmqgSocket::peer-added:
   * @self: the socket
   * @peer: the peer
   *
   * A peer is connected: the handshake is done.
   *
   * Since: 1.0
   */
  zmqg_socket_signals[ZMQG_SIGNAL_PEER_ADDED] =
    g_signal_new ("peer-added", ZMQG_TYPE_SOCKET, G_SIGNAL_RUN_LAST, 0, NULL,
                  NULL, NULL, G_TYPE_NONE, 1, ZMQG_TYPE_PEER);

  /**
   * ZmqgSocket::peer-removed:
   * @self: the socket
   * @peer: the peer
   * @reason: (nullable): why, or %NULL when we ended the connection
   *
   * The connection to a peer has ended.
   *
   * Since: 1.0
   */
  zmqg_socket_signals[ZMQG_SIGNAL_PEER_REMOVED] =
    g_signal_new ("peer-removed", ZMQG_TYPE_SOCKET, G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 2, ZMQG_TYPE_PEER,
                  G_TYPE_ERROR);

  /**
   * ZmqgSocket::handshake-failed:
   * @self: the socket
   * @endpoint: the endpoint concerned
   * @address: (nullable): the address of the other side
   * @error: why
   *
   * A connection ended before its handshake was done: the other side does
   * not speak ZMTP, is no peer for this type of socket, was too slow or was
   * refused.
   *
   * Since: 1.0
   */
  zmqg_socket_signals[ZMQG_SIGNAL_HANDSHAKE_FAILED] =
    g_signal_new ("handshake-failed", ZMQG_TYPE_SOCKET, G_SIGNAL_RUN_LAST, 0,
                  NULL, NULL, NULL, G_TYPE_NONE, 3, ZMQG_TYPE_ENDPOINT,
                  G_TYPE_SOCKET_ADDRESS, G_TYPE_ERROR);

  /**
   * ZmqgSocket::event:
   * @self: the socket
   * @event: the event
   *
   * Something happened to an endpoint or a connection: everything that libzmq's
   * monitor tells, in the same order.
   *
   * Nothing is kept for this signal while it has no handler. A handler that was
   * connected before a call that binds, connects, unbinds or closes is told of
   * everything from that call on; one that is connected between such calls,
   * from the next turn of the socket's main context on. While that context does
   * not run, the newest 1024 events are kept.
   *
   * Since: 1.0
   */
  zmqg_socket_signals[ZMQG_SIGNAL_EVENT] =
    g_signal_new ("event", ZMQG_TYPE_SOCKET, G_SIGNAL_RUN_LAST, 0, NULL,
                  NULL, g_cclosure_marshal_VOID__BOXED, G_TYPE_NONE, 1,
                  ZMQG_TYPE_EVENT);
  g_signal_set_va_marshaller (zmqg_socket_signals[ZMQG_SIGNAL_EVENT],
                              ZMQG_TYPE_SOCKET,
                              g_cclosure_marshal_VOID__BOXEDv);
}
