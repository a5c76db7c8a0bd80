/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-xpub-socket-private.h"

#include "socket/zmqg-entry-private.h"
#include "socket/zmqg-xpub-private.h"

/**
 * ZmqgXpubSocket:
 *
 * A publisher that sees its subscriptions.
 *
 * It sends as [class@Zmqg.PubSocket] does, and receives a message of one frame
 * for each subscription (a byte of 1, then the topic) and each cancellation (a
 * byte of 0, then the topic). By default those are the first subscription and
 * the last cancellation of each topic, and a cancellation of a topic that the
 * peer had not subscribed to. Peers may send messages of their own, which are
 * received too; a subscription behind frames of their own in one message
 * comes as the last frame of these.
 *
 * What is not received piles up to [property@Zmqg.Socket:receive-hwm]; from
 * there on peers are not listened to any more.
 *
 * Since: 1.0
 */
struct _ZmqgXpubSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgXpubSocketClass
{
  ZmqgSocketClass parent_class;
};

GParamSpec *zmqg_xpub_socket_properties[ZMQG_XPUB_N_PROPS];
static guint signals[ZMQG_N_TOPIC_SIGNALS];

G_DEFINE_FINAL_TYPE (ZmqgXpubSocket, zmqg_xpub_socket, ZMQG_TYPE_SOCKET)

/* --- GObject ------------------------------------------------------------ */

static void
zmqg_xpub_socket_get_property (GObject *object,
                               guint property_id,
                               GValue *value,
                               GParamSpec *pspec)
{
  ZmqgXpubSocket *self = ZMQG_XPUB_SOCKET (object);

  switch ((ZmqgXpubSocketProperty) property_id)
    {
    case ZMQG_XPUB_PROP_VERBOSE:
      g_value_set_boolean (value, zmqg_xpub_socket_get_verbose (self));
      break;
    case ZMQG_XPUB_PROP_VERBOSER:
      g_value_set_boolean (value, zmqg_xpub_socket_get_verboser (self));
      break;
    case ZMQG_XPUB_PROP_MANUAL:
      g_value_set_boolean (value, zmqg_xpub_socket_get_manual (self));
      break;
    case ZMQG_XPUB_PROP_MANUAL_LAST_VALUE:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_manual_last_value (self));
      break;
    case ZMQG_XPUB_PROP_NO_DROP:
      g_value_set_boolean (value, zmqg_xpub_socket_get_no_drop (self));
      break;
    case ZMQG_XPUB_PROP_INVERT_MATCHING:
      g_value_set_boolean (value, zmqg_xpub_socket_get_invert_matching (self));
      break;
    case ZMQG_XPUB_PROP_ONLY_FIRST_SUBSCRIBE:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_only_first_subscribe (self));
      break;
    case ZMQG_XPUB_PROP_WELCOME_MESSAGE:
      g_value_take_boxed (value,
                          zmqg_xpub_socket_get_welcome_message (self));
      break;
    case ZMQG_XPUB_PROP_TOPICS_COUNT:
      g_value_set_uint (value, zmqg_xpub_socket_get_topics_count (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_xpub_socket_set_property (GObject *object,
                               guint property_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  ZmqgXpubSocket *self = ZMQG_XPUB_SOCKET (object);

  switch ((ZmqgXpubSocketProperty) property_id)
    {
    case ZMQG_XPUB_PROP_VERBOSE:
      zmqg_xpub_socket_set_verbose (self, g_value_get_boolean (value));
      break;
    case ZMQG_XPUB_PROP_VERBOSER:
      zmqg_xpub_socket_set_verboser (self, g_value_get_boolean (value));
      break;
    case ZMQG_XPUB_PROP_MANUAL:
      zmqg_xpub_socket_set_manual (self, g_value_get_boolean (value));
      break;
    case ZMQG_XPUB_PROP_MANUAL_LAST_VALUE:
      zmqg_xpub_socket_set_manual_last_value (self,
                                              g_value_get_boolean (value));
      break;
    case ZMQG_XPUB_PROP_NO_DROP:
      zmqg_xpub_socket_set_no_drop (self, g_value_get_boolean (value));
      break;
    case ZMQG_XPUB_PROP_INVERT_MATCHING:
      zmqg_xpub_socket_set_invert_matching (self, g_value_get_boolean (value));
      break;
    case ZMQG_XPUB_PROP_ONLY_FIRST_SUBSCRIBE:
      zmqg_xpub_socket_set_only_first_subscribe (self,
                                                 g_value_get_boolean (value));
      break;
    case ZMQG_XPUB_PROP_WELCOME_MESSAGE:
      zmqg_xpub_socket_set_welcome_message (self, g_value_get_boxed (value));
      break;
    case ZMQG_XPUB_PROP_TOPICS_COUNT:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_xpub_socket_class_init (ZmqgXpubSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readwrite = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                G_PARAM_EXPLICIT_NOTIFY;

  klass->parent_class.ops = &zmqg_xpub_ops;
  object_class->get_property = zmqg_xpub_socket_get_property;
  object_class->set_property = zmqg_xpub_socket_set_property;

  /**
   * ZmqgXpubSocket:verbose:
   *
   * Whether every subscription is received, not only the first one of each
   * topic.
   *
   * Setting it ends [property@Zmqg.XpubSocket:verboser].
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_VERBOSE] =
    g_param_spec_boolean ("verbose", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgXpubSocket:verboser:
   *
   * Whether every subscription and every cancellation is received, not only
   * the first and the last one of each topic.
   *
   * Setting it sets [property@Zmqg.XpubSocket:verbose] to the same value.
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_VERBOSER] =
    g_param_spec_boolean ("verboser", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgXpubSocket:manual:
   *
   * Whether the program decides what peers get: subscriptions and
   * cancellations are all received, and change nothing by themselves.
   *
   * See [method@Zmqg.XpubSocket.subscribe].
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_MANUAL] =
    g_param_spec_boolean ("manual", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgXpubSocket:manual-last-value:
   *
   * Whether the next message that is sent after a subscription was received
   * goes to its sender only (if its subscriptions match), as a cache of last
   * values needs it.
   *
   * Setting it sets [property@Zmqg.XpubSocket:manual] to the same value.
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_MANUAL_LAST_VALUE] =
    g_param_spec_boolean ("manual-last-value", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgXpubSocket:no-drop:
   *
   * Whether sending waits (or fails with %ZMQG_ERROR_WOULD_BLOCK) while a
   * peer that wants the message has no room for it, and then gives it to
   * nobody.
   *
   * Else such a peer does not get the message.
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_NO_DROP] =
    g_param_spec_boolean ("no-drop", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgXpubSocket:invert-matching:
   *
   * Whether messages go to the peers that have no subscription for them,
   * instead of to those that have one.
   *
   * Subscribers have to set [property@Zmqg.SubSocket:invert-matching] too.
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_INVERT_MATCHING] =
    g_param_spec_boolean ("invert-matching", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgXpubSocket:only-first-subscribe:
   *
   * Whether a frame behind the first one of a peer's message is taken for a
   * subscription only if the first one was one.
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_ONLY_FIRST_SUBSCRIBE] =
    g_param_spec_boolean ("only-first-subscribe", NULL, NULL, FALSE,
                          readwrite);

  /**
   * ZmqgXpubSocket:welcome-message:
   *
   * The message of one frame that each new peer is sent first, whatever it
   * subscribed to.
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_WELCOME_MESSAGE] =
    g_param_spec_boxed ("welcome-message", NULL, NULL, G_TYPE_BYTES,
                        readwrite);

  /**
   * ZmqgXpubSocket:topics-count:
   *
   * How many different topics have a subscriber.
   *
   * There is no notification of changes.
   *
   * Since: 1.0
   */
  zmqg_xpub_socket_properties[ZMQG_XPUB_PROP_TOPICS_COUNT] =
    g_param_spec_uint ("topics-count", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, ZMQG_XPUB_N_PROPS,
                                     zmqg_xpub_socket_properties);
  zmqg_publisher_install_signals (&klass->parent_class, signals);
}

static void
zmqg_xpub_socket_init (ZmqgXpubSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_xpub_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a XPUB socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.XpubSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_xpub_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_XPUB_SOCKET, "context", context, NULL);
}

/**
 * zmqg_xpub_socket_subscribe:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Subscribes the peer whose subscription or cancellation was received last.
 *
 * This is for sockets with [property@Zmqg.XpubSocket:manual]; on others it
 * fails with %ZMQG_ERROR_STATE. If that peer has gone, or nothing was
 * received yet, nothing happens. The topic need not be the one that the peer
 * asked for.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_subscribe (ZmqgXpubSocket *self,
                            const char *prefix,
                            GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_string (self->parent_instance.core, zmqg_xpub_change,
                                   TRUE, prefix, error);
}

/**
 * zmqg_xpub_socket_subscribe_bytes:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Subscribes the peer whose subscription or cancellation was received last.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_subscribe_bytes (ZmqgXpubSocket *self,
                                  GBytes *prefix,
                                  GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_bytes (self->parent_instance.core, zmqg_xpub_change,
                                  TRUE, prefix, error);
}

/**
 * zmqg_xpub_socket_subscribe_data:
 * @self: a socket
 * @data: (array length=size) (nullable): what messages start with
 * @size: its size in bytes; 0 for all messages
 * @error: return location for an error
 *
 * Subscribes the peer whose subscription or cancellation was received last.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_subscribe_data (ZmqgXpubSocket *self,
                                 const guint8 *data,
                                 gsize size,
                                 GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_xpub_change (self->parent_instance.core, TRUE, data, size, error);
}

/**
 * zmqg_xpub_socket_unsubscribe:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Takes a subscription from the peer whose subscription or cancellation was
 * received last.
 *
 * This is for sockets with [property@Zmqg.XpubSocket:manual]; on others it
 * fails with %ZMQG_ERROR_STATE. If that peer has gone, or has no such
 * subscription, nothing happens.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_unsubscribe (ZmqgXpubSocket *self,
                              const char *prefix,
                              GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_string (self->parent_instance.core, zmqg_xpub_change,
                                   FALSE, prefix, error);
}

/**
 * zmqg_xpub_socket_unsubscribe_bytes:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Takes a subscription from the peer whose subscription or cancellation was
 * received last.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_unsubscribe_bytes (ZmqgXpubSocket *self,
                                    GBytes *prefix,
                                    GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_bytes (self->parent_instance.core, zmqg_xpub_change,
                                  FALSE, prefix, error);
}

/**
 * zmqg_xpub_socket_unsubscribe_data:
 * @self: a socket
 * @data: (array length=size) (nullable): what messages start with
 * @size: its size in bytes; 0 for all messages
 * @error: return location for an error
 *
 * Takes a subscription from the peer whose subscription or cancellation was
 * received last.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_unsubscribe_data (ZmqgXpubSocket *self,
                                   const guint8 *data,
                                   gsize size,
                                   GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_xpub_change (self->parent_instance.core, FALSE, data, size,
                           error);
}
