/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-publisher-private.h"

#include "socket/zmqg-peer.h"
#include "socket/zmqg-pub-socket.h"
#include "socket/zmqg-xpub-socket.h"

/* What publishers tell of their subscribers: signals, and calls that wait for
 * them. */

/**
 * ZmqgPubSocket::subscribed:
 * @self: the socket
 * @peer: the subscriber
 * @topic: what messages start with that it wants from now on
 *
 * A peer has subscribed to a topic that it had not subscribed to. A handler that
 * was connected before the socket was bound or connected is told of all
 * subscriptions, a later one of those that are made from the next turn of the
 * socket's main context on. While that context does not run, the socket stops
 * listening to its subscribers after 16,384 topics.
 *
 * Since: 1.0
 */
/**
 * ZmqgPubSocket::unsubscribed:
 * @self: the socket
 * @peer: who was the subscriber
 * @topic: what messages start with that it does not want any more
 *
 * A peer has cancelled a subscription, or has gone: then this is emitted for
 * each topic of its. For each topic of a peer [signal@PubSocket::subscribed]
 * was emitted before.
 *
 * Since: 1.0
 */
/**
 * ZmqgXpubSocket::subscribed:
 * @self: the socket
 * @peer: the subscriber
 * @topic: what messages start with that it wants from now on
 *
 * A peer has subscribed to a topic that it had not subscribed to. What is
 * received as messages is the same with and without handlers, and has to be
 * received: at [property@Socket:receive-hwm] the socket stops listening to its
 * subscribers. With [property@XpubSocket:manual] this tells what peers ask for.
 *
 * See [signal@PubSocket::subscribed] for what a handler hears of.
 *
 * Since: 1.0
 */
/**
 * ZmqgXpubSocket::unsubscribed:
 * @self: the socket
 * @peer: who was the subscriber
 * @topic: what messages start with that it does not want any more
 *
 * A peer has cancelled a subscription, or has gone: then this is emitted for
 * each topic of its. For each topic of a peer [signal@XpubSocket::subscribed]
 * was emitted before.
 *
 * Since: 1.0
 */

void
zmqg_publisher_install_signals (ZmqgSocketClass *klass,
                                guint signals[ZMQG_N_TOPIC_SIGNALS])
{
  static const char *const names[ZMQG_N_TOPIC_SIGNALS] = { "subscribed",
                                                           "unsubscribed" };

  for (guint i = 0; i < ZMQG_N_TOPIC_SIGNALS; i++)
    signals[i] = g_signal_new (names[i], G_TYPE_FROM_CLASS (klass),
                               G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 2, ZMQG_TYPE_PEER, G_TYPE_BYTES);
  klass->topic_signals = signals;
}

/* --- Waiting ------------------------------------------------------------ */

static gboolean
is_there (ZmqgPipe *pipe)
{
  ZmqgPeerRecord *record = (ZmqgPeerRecord *) pipe->peer_tag;

  return record != NULL && !pipe->ended && !atomic_load (&record->gone);
}

static void
match_target (gpointer target,
              gpointer user_data)
{
  ZmqgPipe *pipe = target;

  if (pipe->active_out && is_there (pipe))
    zmqg_distributor_match (user_data, pipe);
}

/* Locked. */
static gboolean
has_subscribers (ZmqgSocketCore *core,
                 guint n,
                 const char *topic)
{
  ZmqgPublisher *self = core->state;
  guint found = 0;

  if (zmqg_publisher_has_unread (self))
    zmqg_publisher_read (core);

  if (topic != NULL)
    {
      zmqg_distributor_start (&self->distributor);
      zmqg_subscription_tree_match (self->subscriptions,
                                    (const guint8 *) topic, strlen (topic),
                                    match_target, &self->distributor);
      return self->distributor.targets->len >= n;
    }

  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);

      if (is_there (pipe) &&
          zmqg_subscription_tree_get_n_target_topics (self->subscriptions,
                                                      pipe, NULL) > 0)
        found++;
    }

  return found >= n;
}

#define WAIT_FOR_SUBSCRIBERS \
  (ZMQG_WAIT_NEWS | ZMQG_WAIT_IN | ZMQG_WAIT_TOPICS)

/**
 * zmqg_pub_socket_wait_for_subscribers:
 * @self: a socket
 * @topic: (nullable): what a message may start with, or %NULL for any
 * @n: a number of peers
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Waits until a message that starts with @topic would go to at least @n peers
 * that are connected, because of what they subscribed to; with %NULL until so
 * many have subscribed to anything. A peer that subscribed to `weather.` counts
 * for the topic `weather.berlin`, not the other way round.
 *
 * The property send-timeout does not apply: use @cancellable.
 *
 * Fails with %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or
 * a %G_IO_ERROR.
 *
 * Returns: %TRUE once there are so many
 *
 * Since: 1.0
 */
gboolean
zmqg_pub_socket_wait_for_subscribers (ZmqgPubSocket *self,
                                      const char *topic,
                                      guint n,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_return_val_if_fail (ZMQG_IS_PUB_SOCKET (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_socket_wait_until (ZMQG_SOCKET (self), has_subscribers, n, topic,
                                 WAIT_FOR_SUBSCRIBERS, cancellable, error);
}

/**
 * zmqg_pub_socket_wait_for_subscribers_async:
 * @self: a socket
 * @topic: (nullable): what a message may start with, or %NULL for any
 * @n: a number of peers
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Waits for subscribers as [method@PubSocket.wait_for_subscribers] does,
 * without blocking.
 *
 * Since: 1.0
 */
void
zmqg_pub_socket_wait_for_subscribers_async (ZmqgPubSocket *self,
                                            const char *topic,
                                            guint n,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data)
{
  g_return_if_fail (ZMQG_IS_PUB_SOCKET (self));

  zmqg_socket_wait_until_async (ZMQG_SOCKET (self), has_subscribers, n, topic,
                                WAIT_FOR_SUBSCRIBERS,
                                zmqg_pub_socket_wait_for_subscribers_async,
                                cancellable, callback, user_data);
}

/**
 * zmqg_pub_socket_wait_for_subscribers_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@PubSocket.wait_for_subscribers_async].
 *
 * Returns: %TRUE once there are so many
 *
 * Since: 1.0
 */
gboolean
zmqg_pub_socket_wait_for_subscribers_finish (ZmqgPubSocket *self,
                                             GAsyncResult *result,
                                             GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * zmqg_xpub_socket_wait_for_subscribers:
 * @self: a socket
 * @topic: (nullable): what a message may start with, or %NULL for any
 * @n: a number of peers
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Waits until a message that starts with @topic would go to at least @n peers,
 * as [method@PubSocket.wait_for_subscribers] does. With
 * [property@XpubSocket:manual] what the program granted counts. Messages of
 * subscriptions stay to be received.
 *
 * Fails with %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or
 * a %G_IO_ERROR.
 *
 * Returns: %TRUE once there are so many
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_wait_for_subscribers (ZmqgXpubSocket *self,
                                       const char *topic,
                                       guint n,
                                       GCancellable *cancellable,
                                       GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_socket_wait_until (ZMQG_SOCKET (self), has_subscribers, n, topic,
                                 WAIT_FOR_SUBSCRIBERS, cancellable, error);
}

/**
 * zmqg_xpub_socket_wait_for_subscribers_async:
 * @self: a socket
 * @topic: (nullable): what a message may start with, or %NULL for any
 * @n: a number of peers
 * @cancellable: (nullable): a #GCancellable
 * @callback: called in the thread-default main context of the caller
 * @user_data: for @callback
 *
 * Waits for subscribers as [method@XpubSocket.wait_for_subscribers] does,
 * without blocking.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_wait_for_subscribers_async (ZmqgXpubSocket *self,
                                             const char *topic,
                                             guint n,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer user_data)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  zmqg_socket_wait_until_async (ZMQG_SOCKET (self), has_subscribers, n, topic,
                                WAIT_FOR_SUBSCRIBERS,
                                zmqg_xpub_socket_wait_for_subscribers_async,
                                cancellable, callback, user_data);
}

/**
 * zmqg_xpub_socket_wait_for_subscribers_finish:
 * @self: a socket
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@XpubSocket.wait_for_subscribers_async].
 *
 * Returns: %TRUE once there are so many
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_wait_for_subscribers_finish (ZmqgXpubSocket *self,
                                              GAsyncResult *result,
                                              GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
