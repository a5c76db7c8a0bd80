/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-pub-socket.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-publisher-private.h"

/**
 * ZmqgPubSocket:
 *
 * A publisher: distributes messages to all who subscribed to them.
 *
 * A message goes to each connected [class@Zmqg.SubSocket] or
 * [class@Zmqg.XsubSocket] with a subscription that the first frame starts
 * with. Sending never waits: a message that nobody wants is dropped, and a
 * subscriber that cannot take any more misses it (unless
 * [property@Zmqg.PubSocket:no-drop] is set). A publisher cannot receive.
 *
 * Since: 1.0
 */
struct _ZmqgPubSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgPubSocketClass
{
  ZmqgSocketClass parent_class;
};

typedef enum
{
  PROP_NO_DROP = 1,
  PROP_INVERT_MATCHING,
  PROP_ONLY_FIRST_SUBSCRIBE,
  PROP_WELCOME_MESSAGE,
  PROP_TOPICS_COUNT,
} ZmqgPubSocketProperty;

static GParamSpec *properties[PROP_TOPICS_COUNT + 1];
static guint signals[ZMQG_N_TOPIC_SIGNALS];

G_DEFINE_FINAL_TYPE (ZmqgPubSocket, zmqg_pub_socket, ZMQG_TYPE_SOCKET)

static ZmqgTopicResult
pub_subscription (ZmqgSocketCore *core,
                  ZmqgPipe *pipe,
                  gboolean subscribe,
                  const guint8 *topic,
                  gsize size,
                  const ZmqgFrameView *before G_GNUC_UNUSED,
                  guint n_before G_GNUC_UNUSED)
{
  ZmqgPublisher *self = core->state;

  if (subscribe && !zmqg_publisher_admits (core, self->subscriptions, pipe,
                                           topic, size))
    return ZMQG_TOPIC_REFUSED;

  if (subscribe)
    zmqg_subscription_tree_add (self->subscriptions, topic, size, pipe);
  else
    zmqg_subscription_tree_remove (self->subscriptions, topic, size, pipe);
  return ZMQG_TOPIC_TAKEN;
}

static void
pub_forget (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  ZmqgPublisher *self = core->state;

  zmqg_subscription_tree_remove_target (self->subscriptions, pipe, NULL, NULL);
}

static const ZmqgPublisherHooks pub_hooks = {
  .subscription = pub_subscription,
  .forget = pub_forget,
};

static void
pub_init (ZmqgSocketCore *core)
{
  zmqg_publisher_init (core->state, &pub_hooks);
}

static void
pub_clear (ZmqgSocketCore *core)
{
  zmqg_publisher_clear (core->state);
}

static gboolean
pub_ended (ZmqgSocketCore *core G_GNUC_UNUSED,
           ZmqgPipe *pipe G_GNUC_UNUSED)
{
  return TRUE;
}

static void
pub_detach (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  pub_forget (core, pipe);
  zmqg_publisher_detach (core, pipe);
}

static guint
pub_events (ZmqgSocketCore *core G_GNUC_UNUSED,
            guint interest G_GNUC_UNUSED)
{
  return ZMQG_WAIT_OUT;
}

static const ZmqgSocketOps pub_ops = {
  .type = ZMQG_SOCKET_TYPE_PUB,
  .session = &zmqg_pub_session,
  .state_size = sizeof (ZmqgPublisher),
  .connects_once = TRUE,
  .init = pub_init,
  .clear = pub_clear,
  .attach = zmqg_publisher_attach,
  .readable = zmqg_publisher_readable,
  .writable = zmqg_publisher_writable,
  .hiccup = zmqg_publisher_hiccup,
  .ended = pub_ended,
  .detach = pub_detach,
  .begin = zmqg_publisher_begin,
  .send = zmqg_publisher_send,
  .events = pub_events,
  .show_topics = zmqg_publisher_show_topics,
  .read_on = zmqg_publisher_read_on,
};

/* --- GObject ------------------------------------------------------------ */

static void
zmqg_pub_socket_get_property (GObject *object,
                              guint property_id,
                              GValue *value,
                              GParamSpec *pspec)
{
  ZmqgPubSocket *self = ZMQG_PUB_SOCKET (object);

  switch ((ZmqgPubSocketProperty) property_id)
    {
    case PROP_NO_DROP:
      g_value_set_boolean (value,
                           zmqg_pub_socket_get_no_drop (self));
      break;
    case PROP_INVERT_MATCHING:
      g_value_set_boolean (value,
                           zmqg_pub_socket_get_invert_matching (self));
      break;
    case PROP_ONLY_FIRST_SUBSCRIBE:
      g_value_set_boolean (value,
                           zmqg_pub_socket_get_only_first_subscribe (self));
      break;
    case PROP_WELCOME_MESSAGE:
      g_value_take_boxed (value,
                          zmqg_pub_socket_get_welcome_message (self));
      break;
    case PROP_TOPICS_COUNT:
      g_value_set_uint (value,
                        zmqg_pub_socket_get_topics_count (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_pub_socket_set_property (GObject *object,
                              guint property_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  ZmqgPubSocket *self = ZMQG_PUB_SOCKET (object);

  switch ((ZmqgPubSocketProperty) property_id)
    {
    case PROP_NO_DROP:
      zmqg_pub_socket_set_no_drop (self, g_value_get_boolean (value));
      break;
    case PROP_INVERT_MATCHING:
      zmqg_pub_socket_set_invert_matching (self, g_value_get_boolean (value));
      break;
    case PROP_ONLY_FIRST_SUBSCRIBE:
      zmqg_pub_socket_set_only_first_subscribe (self,
                                                g_value_get_boolean (value));
      break;
    case PROP_WELCOME_MESSAGE:
      zmqg_pub_socket_set_welcome_message (self, g_value_get_boxed (value));
      break;
    case PROP_TOPICS_COUNT:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_pub_socket_class_init (ZmqgPubSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readwrite = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                G_PARAM_EXPLICIT_NOTIFY;

  klass->parent_class.ops = &pub_ops;
  object_class->get_property = zmqg_pub_socket_get_property;
  object_class->set_property = zmqg_pub_socket_set_property;

  /**
   * ZmqgPubSocket:no-drop:
   *
   * Whether sending waits (or fails with %ZMQG_ERROR_WOULD_BLOCK) while a
   * peer that wants the message has no room for it, and then gives it to
   * nobody.
   *
   * Else such a peer does not get the message.
   *
   * Since: 1.0
   */
  properties[PROP_NO_DROP] =
    g_param_spec_boolean ("no-drop", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgPubSocket:invert-matching:
   *
   * Whether messages go to the peers that have no subscription for them,
   * instead of to those that have one.
   *
   * Subscribers have to set [property@Zmqg.SubSocket:invert-matching] too.
   *
   * Since: 1.0
   */
  properties[PROP_INVERT_MATCHING] =
    g_param_spec_boolean ("invert-matching", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgPubSocket:only-first-subscribe:
   *
   * Whether a frame behind the first one of a peer's message is taken for a
   * subscription only if the first one was one.
   *
   * Since: 1.0
   */
  properties[PROP_ONLY_FIRST_SUBSCRIBE] =
    g_param_spec_boolean ("only-first-subscribe", NULL, NULL, FALSE,
                          readwrite);

  /**
   * ZmqgPubSocket:welcome-message:
   *
   * The message of one frame that each new peer is sent first, whatever it
   * subscribed to.
   *
   * Since: 1.0
   */
  properties[PROP_WELCOME_MESSAGE] =
    g_param_spec_boxed ("welcome-message", NULL, NULL, G_TYPE_BYTES,
                        readwrite);

  /**
   * ZmqgPubSocket:topics-count:
   *
   * How many different topics have a subscriber.
   *
   * There is no notification of changes.
   *
   * Since: 1.0
   */
  properties[PROP_TOPICS_COUNT] =
    g_param_spec_uint ("topics-count", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties),
                                     properties);
  zmqg_publisher_install_signals (&klass->parent_class, signals);
}

static void
zmqg_pub_socket_init (ZmqgPubSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_pub_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a PUB socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.PubSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_pub_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_PUB_SOCKET, "context", context, NULL);
}

/**
 * zmqg_pub_socket_get_no_drop:
 * @self: a socket
 *
 * Tells whether sending waits for peers that have no room.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_pub_socket_get_no_drop (ZmqgPubSocket *self)
{
  ZmqgPublisher *state;

  g_return_val_if_fail (ZMQG_IS_PUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->no_drop);
}

/**
 * zmqg_pub_socket_set_no_drop:
 * @self: a socket
 * @no_drop: the new value
 *
 * Sets whether sending waits for peers that have no room.
 *
 * Since: 1.0
 */
void
zmqg_pub_socket_set_no_drop (ZmqgPubSocket *self, gboolean no_drop)
{
  ZmqgPublisher *state;

  g_return_if_fail (ZMQG_IS_PUB_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->no_drop,
                           no_drop, properties[PROP_NO_DROP]);
}

/**
 * zmqg_pub_socket_get_invert_matching:
 * @self: a socket
 *
 * Tells whether messages go to the peers that have no subscription for them.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_pub_socket_get_invert_matching (ZmqgPubSocket *self)
{
  ZmqgPublisher *state;

  g_return_val_if_fail (ZMQG_IS_PUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->invert_matching);
}

/**
 * zmqg_pub_socket_set_invert_matching:
 * @self: a socket
 * @invert_matching: the new value
 *
 * Sets whether messages go to the peers that have no subscription for them.
 *
 * Since: 1.0
 */
void
zmqg_pub_socket_set_invert_matching (ZmqgPubSocket *self,
                                     gboolean invert_matching)
{
  ZmqgPublisher *state;

  g_return_if_fail (ZMQG_IS_PUB_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->invert_matching,
                           invert_matching, properties[PROP_INVERT_MATCHING]);
}

/**
 * zmqg_pub_socket_get_only_first_subscribe:
 * @self: a socket
 *
 * Tells whether later frames are subscriptions only if the first one is.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_pub_socket_get_only_first_subscribe (ZmqgPubSocket *self)
{
  ZmqgPublisher *state;

  g_return_val_if_fail (ZMQG_IS_PUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->only_first_subscribe);
}

/**
 * zmqg_pub_socket_set_only_first_subscribe:
 * @self: a socket
 * @only_first_subscribe: the new value
 *
 * Sets whether later frames are subscriptions only if the first one is.
 *
 * Since: 1.0
 */
void
zmqg_pub_socket_set_only_first_subscribe (ZmqgPubSocket *self,
                                          gboolean only_first_subscribe)
{
  ZmqgPublisher *state;

  g_return_if_fail (ZMQG_IS_PUB_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->only_first_subscribe,
                           only_first_subscribe,
                           properties[PROP_ONLY_FIRST_SUBSCRIBE]);
}

/**
 * zmqg_pub_socket_get_welcome_message:
 * @self: a socket
 *
 * Gets the message that each new peer is sent first.
 *
 * Returns: (transfer full) (nullable): the message, of one frame, or %NULL
 *
 * Since: 1.0
 */
GBytes *
zmqg_pub_socket_get_welcome_message (ZmqgPubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_PUB_SOCKET (self), NULL);

  return zmqg_publisher_dup_welcome (&self->parent_instance);
}

/**
 * zmqg_pub_socket_set_welcome_message:
 * @self: a socket
 * @message: (nullable): the message, of one frame; %NULL or empty for none
 *
 * Sets the message that each new peer is sent first, whatever it subscribed
 * to. Peers that are there already do not get it.
 *
 * Since: 1.0
 */
void
zmqg_pub_socket_set_welcome_message (ZmqgPubSocket *self, GBytes *message)
{
  const guint8 *data = NULL;
  gsize size = 0;

  g_return_if_fail (ZMQG_IS_PUB_SOCKET (self));

  if (message != NULL)
    data = g_bytes_get_data (message, &size);
  zmqg_pub_socket_set_welcome_message_data (self, data, size);
}

/**
 * zmqg_pub_socket_set_welcome_message_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the message, of one frame
 * @size: its size in bytes; 0 for no message
 *
 * Sets [property@Zmqg.PubSocket:welcome-message].
 *
 * Since: 1.0
 */
void
zmqg_pub_socket_set_welcome_message_data (ZmqgPubSocket *self,
                                          const guint8 *data,
                                          gsize size)
{
  g_return_if_fail (ZMQG_IS_PUB_SOCKET (self));
  g_return_if_fail (data != NULL || size == 0);

  if (zmqg_publisher_set_welcome (&self->parent_instance, data, size))
    g_object_notify_by_pspec (G_OBJECT (self),
                              properties[PROP_WELCOME_MESSAGE]);
}

/**
 * zmqg_pub_socket_set_welcome_message_string:
 * @self: a socket
 * @string: (nullable): the message, of one frame; %NULL or empty for none
 *
 * Sets [property@Zmqg.PubSocket:welcome-message] to text.
 *
 * Since: 1.0
 */
void
zmqg_pub_socket_set_welcome_message_string (ZmqgPubSocket *self,
                                            const char *string)
{
  gsize size = string != NULL ? strlen (string) : 0;

  g_return_if_fail (ZMQG_IS_PUB_SOCKET (self));

  zmqg_pub_socket_set_welcome_message_data (self, (const guint8 *) string,
                                            size);
}

/**
 * zmqg_pub_socket_get_topics_count:
 * @self: a socket
 *
 * Gets how many different topics have a subscriber.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
zmqg_pub_socket_get_topics_count (ZmqgPubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_PUB_SOCKET (self), 0);

  return zmqg_publisher_count_topics (&self->parent_instance);
}
