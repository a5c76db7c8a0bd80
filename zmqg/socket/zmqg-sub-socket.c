/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-sub-socket.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-subscriber-private.h"
#include "socket/zmqg-type-private.h"

/**
 * ZmqgSubSocket:
 *
 * A subscriber: receives what publishers send under the topics that it
 * subscribed to.
 *
 * A message is received if its first frame starts with any of the topics;
 * without a subscription nothing is. Publishers are told of the
 * subscriptions, and again whenever a connection was made anew, so that they
 * send what is wanted only. Subscriptions may be made before and after
 * connecting. A subscriber cannot send.
 *
 * Since: 1.0
 */
struct _ZmqgSubSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgSubSocketClass
{
  ZmqgSocketClass parent_class;
};

typedef enum
{
  PROP_INVERT_MATCHING = 1,
  PROP_TOPICS_COUNT,
  PROP_LINGER,
} ZmqgSubSocketProperty;

static GParamSpec *properties[PROP_LINGER + 1];

G_DEFINE_FINAL_TYPE (ZmqgSubSocket, zmqg_sub_socket, ZMQG_TYPE_SOCKET)

typedef struct
{
  ZmqgSubscriber subscriber; /* first */
  gboolean invert_matching;
} SubState;

/* --- Operations --------------------------------------------------------- */

static gboolean
sub_wants (ZmqgSocketCore *core,
           const guint8 *data,
           gsize size)
{
  SubState *self = core->state;

  return zmqg_topic_set_matches (self->subscriber.topics, data, size) !=
         self->invert_matching;
}

/* Publishers may send more than was asked for, or what was asked for before:
 * such messages are dropped. */
static ZmqgPipe *
peek_wanted (ZmqgSocketCore *core)
{
  SubState *self = core->state;
  ZmqgFairQueue *queue = &self->subscriber.incoming;
  guint n = 0;
  ZmqgPipe *pipe;

  while ((pipe = zmqg_type_peek (core, queue)) != NULL &&
         G_UNLIKELY (!sub_wants (core, core->frames.views[0].data,
                                 core->frames.views[0].size)))
    if (!zmqg_type_drop (core, queue, pipe, ZMQG_DROP_REASON_FILTERED,
                         ZMQG_WAIT_IN, &n))
      return NULL;

  return pipe;
}

static ZmqgIoResult
sub_receive (ZmqgSocketCore *core,
             ZmqgMessage **message,
             GError **error)
{
  SubState *self = core->state;
  ZmqgFairQueue *queue = &self->subscriber.incoming;
  ZmqgIoResult result;
  ZmqgPipe *pipe;

  pipe = peek_wanted (core);
  if (pipe == NULL)
    return ZMQG_IO_AGAIN;

  result = zmqg_type_build (pipe, core->frames.views, core->frames.n, message,
                            error);
  if (G_LIKELY (result == ZMQG_IO_DONE))
    zmqg_fair_queue_consume (queue);
  return result;
}

static guint
sub_events (ZmqgSocketCore *core,
            guint interest G_GNUC_UNUSED)
{
  return peek_wanted (core) != NULL ? ZMQG_WAIT_IN : 0;
}

static const ZmqgSocketOps sub_ops = {
  .type = ZMQG_SOCKET_TYPE_SUB,
  .session = &zmqg_sub_session,
  .state_size = sizeof (SubState),
  .connects_once = TRUE,
  .init = zmqg_subscriber_init,
  .clear = zmqg_subscriber_clear,
  .attach = zmqg_subscriber_attach,
  .readable = zmqg_subscriber_readable,
  .writable = zmqg_subscriber_writable,
  .hiccup = zmqg_subscriber_hiccup,
  .ended = zmqg_subscriber_ended,
  .detach = zmqg_subscriber_detach,
  .receive = sub_receive,
  .wants = sub_wants,
  .events = sub_events,
};

/* --- GObject ------------------------------------------------------------ */

static void
zmqg_sub_socket_get_property (GObject *object,
                              guint property_id,
                              GValue *value,
                              GParamSpec *pspec)
{
  ZmqgSubSocket *self = ZMQG_SUB_SOCKET (object);

  switch ((ZmqgSubSocketProperty) property_id)
    {
    case PROP_INVERT_MATCHING:
      g_value_set_boolean (value,
                           zmqg_sub_socket_get_invert_matching (self));
      break;
    case PROP_TOPICS_COUNT:
      g_value_set_uint (value,
                        zmqg_sub_socket_get_topics_count (self));
      break;
    case PROP_LINGER:
      zmqg_subscriber_get_linger (&self->parent_instance, value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_sub_socket_set_property (GObject *object,
                              guint property_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  ZmqgSubSocket *self = ZMQG_SUB_SOCKET (object);

  switch ((ZmqgSubSocketProperty) property_id)
    {
    case PROP_INVERT_MATCHING:
      zmqg_sub_socket_set_invert_matching (self, g_value_get_boolean (value));
      break;
    case PROP_LINGER:
      zmqg_subscriber_set_linger (&self->parent_instance, pspec, value);
      break;
    case PROP_TOPICS_COUNT:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_sub_socket_class_init (ZmqgSubSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readwrite = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                G_PARAM_EXPLICIT_NOTIFY;

  klass->parent_class.ops = &sub_ops;
  object_class->get_property = zmqg_sub_socket_get_property;
  object_class->set_property = zmqg_sub_socket_set_property;

  /**
   * ZmqgSubSocket:invert-matching:
   *
   * Whether messages are received that no subscription matches, instead of
   * those that one matches.
   *
   * Publishers have to set [property@Zmqg.PubSocket:invert-matching] too.
   *
   * Since: 1.0
   */
  properties[PROP_INVERT_MATCHING] =
    g_param_spec_boolean ("invert-matching", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgSubSocket:topics-count:
   *
   * How many subscriptions the socket has, repeated ones included.
   *
   * There is no notification of changes.
   *
   * Since: 1.0
   */
  properties[PROP_TOPICS_COUNT] =
    g_param_spec_uint ("topics-count", NULL, NULL, 0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgSubSocket:linger:
   *
   * What [property@Zmqg.Socket:linger] is, with another default: subscriptions
   * that were not sent are dropped.
   *
   * Since: 1.0
   */
  properties[PROP_LINGER] = zmqg_subscriber_linger_pspec ();

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties),
                                     properties);
}

static void
zmqg_sub_socket_init (ZmqgSubSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_sub_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a SUB socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.SubSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_sub_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_SUB_SOCKET, "context", context, NULL);
}

static gboolean
subscribe (ZmqgSocketCore *core,
           const guint8 *topic,
           gsize size)
{
  SubState *self = core->state;

  /* A topic that is subscribed to already is told again. */
  return zmqg_topic_set_add (self->subscriber.topics, topic, size) !=
           ZMQG_TOPIC_ADD_FAILED &&
         zmqg_subscriber_tell (core, ZMQG_COMMAND_SUBSCRIBE, topic, size);
}

static gboolean
unsubscribe (ZmqgSocketCore *core,
             const guint8 *topic,
             gsize size)
{
  SubState *self = core->state;

  return zmqg_topic_set_remove (self->subscriber.topics, topic, size) !=
           ZMQG_TOPIC_REMOVED ||
         zmqg_subscriber_tell (core, ZMQG_COMMAND_CANCEL, topic, size);
}

static gboolean
change (ZmqgSocketCore *core,
        gboolean is_subscribe,
        const guint8 *topic,
        gsize size,
        GError **error)
{
  gboolean ok;

  if (!zmqg_socket_core_enter (core, error))
    return FALSE;

  ok = is_subscribe ? subscribe (core, topic, size)
                    : unsubscribe (core, topic, size);
  if (!ok)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                         "No memory for the subscription");
  zmqg_socket_core_unlock (core);

  return ok;
}

/**
 * zmqg_sub_socket_subscribe:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Receives, from now on, messages whose first frame starts with a prefix.
 *
 * A topic that was subscribed to several times has to be cancelled as many
 * times. The call does not wait for the publishers: what they send before
 * they hear of it is not received.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_sub_socket_subscribe (ZmqgSubSocket *self,
                           const char *prefix,
                           GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_string (self->parent_instance.core, change,
                                   TRUE, prefix, error);
}

/**
 * zmqg_sub_socket_subscribe_bytes:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Receives, from now on, messages whose first frame starts with a prefix.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_sub_socket_subscribe_bytes (ZmqgSubSocket *self,
                                 GBytes *prefix,
                                 GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_bytes (self->parent_instance.core, change,
                                  TRUE, prefix, error);
}

/**
 * zmqg_sub_socket_subscribe_data:
 * @self: a socket
 * @data: (array length=size) (nullable): what messages start with
 * @size: its size in bytes; 0 for all messages
 * @error: return location for an error
 *
 * Receives, from now on, messages whose first frame starts with a prefix.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_sub_socket_subscribe_data (ZmqgSubSocket *self,
                                const guint8 *data,
                                gsize size,
                                GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SUB_SOCKET (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return change (self->parent_instance.core, TRUE, data, size, error);
}

/**
 * zmqg_sub_socket_unsubscribe:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Takes back one subscription; one that does not exist is ignored.
 *
 * Messages that came in before and match no other subscription are not
 * received any more.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_sub_socket_unsubscribe (ZmqgSubSocket *self,
                             const char *prefix,
                             GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_string (self->parent_instance.core, change,
                                   FALSE, prefix, error);
}

/**
 * zmqg_sub_socket_unsubscribe_bytes:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Takes back one subscription; one that does not exist is ignored.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_sub_socket_unsubscribe_bytes (ZmqgSubSocket *self,
                                   GBytes *prefix,
                                   GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_bytes (self->parent_instance.core, change,
                                  FALSE, prefix, error);
}

/**
 * zmqg_sub_socket_unsubscribe_data:
 * @self: a socket
 * @data: (array length=size) (nullable): what messages start with
 * @size: its size in bytes; 0 for all messages
 * @error: return location for an error
 *
 * Takes back one subscription; one that does not exist is ignored.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_sub_socket_unsubscribe_data (ZmqgSubSocket *self,
                                  const guint8 *data,
                                  gsize size,
                                  GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SUB_SOCKET (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return change (self->parent_instance.core, FALSE, data, size, error);
}

/**
 * zmqg_sub_socket_get_invert_matching:
 * @self: a socket
 *
 * Tells whether messages are received that no subscription matches.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_sub_socket_get_invert_matching (ZmqgSubSocket *self)
{
  SubState *state;

  g_return_val_if_fail (ZMQG_IS_SUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->invert_matching);
}

/**
 * zmqg_sub_socket_set_invert_matching:
 * @self: a socket
 * @invert_matching: the new value
 *
 * Sets whether messages are received that no subscription matches.
 *
 * Since: 1.0
 */
void
zmqg_sub_socket_set_invert_matching (ZmqgSubSocket *self,
                                     gboolean invert_matching)
{
  SubState *state;

  g_return_if_fail (ZMQG_IS_SUB_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->invert_matching,
                           invert_matching, properties[PROP_INVERT_MATCHING]);
}

/**
 * zmqg_sub_socket_get_topics_count:
 * @self: a socket
 *
 * Gets how many subscriptions the socket has, repeated ones included.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
zmqg_sub_socket_get_topics_count (ZmqgSubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_SUB_SOCKET (self), 0);

  return zmqg_subscriber_count_topics (&self->parent_instance);
}
