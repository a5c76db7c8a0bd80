/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-xsub-socket.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-subscriber-private.h"
#include "socket/zmqg-topic-frame-private.h"
#include "socket/zmqg-type-private.h"

/**
 * ZmqgXsubSocket:
 *
 * A subscriber that subscribes by sending.
 *
 * A frame that starts with a byte of 1 subscribes to the topic behind it, one
 * that starts with a byte of 0 cancels; other messages go to all publishers as
 * they are. Whatever publishers send is received, without a filter.
 * Publishers are told of the subscriptions again whenever a connection was
 * made anew. Sending never waits.
 *
 * With [class@Zmqg.XpubSocket] it makes a proxy of publishers.
 *
 * Since: 1.0
 */
struct _ZmqgXsubSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgXsubSocketClass
{
  ZmqgSocketClass parent_class;
};

typedef enum
{
  PROP_ONLY_FIRST_SUBSCRIBE = 1,
  PROP_VERBOSE_UNSUBSCRIBE,
  PROP_TOPICS_COUNT,
  PROP_LINGER,
} ZmqgXsubSocketProperty;

static GParamSpec *properties[PROP_LINGER + 1];

G_DEFINE_FINAL_TYPE (ZmqgXsubSocket, zmqg_xsub_socket, ZMQG_TYPE_SOCKET)

typedef struct
{
  ZmqgSubscriber subscriber; /* first */
  gboolean only_first_subscribe;
  gboolean verbose_unsubscribe;
} XsubState;

/* --- Operations --------------------------------------------------------- */

/* Enters a subscription into the set. %FALSE without memory; @pass says
 * whether publishers are to see it. */
static gboolean
note_subscription (XsubState *self,
                   const ZmqgFrameView *view,
                   gboolean *pass)
{
  ZmqgTopicSet *topics = self->subscriber.topics;
  const guint8 *topic = view->data + 1;
  gsize size = view->size - 1;

  *pass = TRUE;
  if (view->data[0] == ZMQG_COMMAND_BYTE_SUBSCRIBE)
    return zmqg_topic_set_add (topics, topic, size) != ZMQG_TOPIC_ADD_FAILED;

  *pass = zmqg_topic_set_remove (topics, topic, size) == ZMQG_TOPIC_REMOVED ||
          self->verbose_unsubscribe;
  return TRUE;
}

/* Collects in core->frames what of the message goes to the publishers. */
static gboolean
filter_frames (ZmqgSocketCore *core,
               const ZmqgFrameView *views,
               guint n)
{
  XsubState *self = core->state;
  ZmqgFrameArray *frames = &core->frames;
  gboolean examine = TRUE;

  frames->n = 0;
  for (guint i = 0; i < n; i++)
    {
      gboolean pass = TRUE;
      ZmqgFrameView *view;

      if (examine && zmqg_topic_frame_is_message (&views[i]))
        {
          if (!note_subscription (self, &views[i], &pass))
            return FALSE;
        }
      else if (i == 0)
        {
          examine = !self->only_first_subscribe;
        }

      if (!pass)
        continue;

      view = zmqg_frame_array_add (frames);
      if (view == NULL)
        return FALSE;
      *view = views[i];
      view->flags |= ZMQG_FRAME_MORE;
    }

  if (frames->n > 0)
    frames->views[frames->n - 1].flags &= ~ZMQG_FRAME_MORE;
  return TRUE;
}

static ZmqgIoResult
xsub_send (ZmqgSocketCore *core,
           const ZmqgFrameView *views,
           guint n,
           GError **error)
{
  XsubState *self = core->state;
  ZmqgDistributor *distributor = &self->subscriber.distributor;
  GPtrArray *pipes = distributor->pipes;

  if (!filter_frames (core, views, n))
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  if (pipes->len == 0)
    core->dropped_no_peer++;
  if (core->frames.n == 0 || pipes->len == 0)
    return ZMQG_IO_DONE;

  zmqg_distributor_start (distributor);
  zmqg_distributor_match_all (distributor);
  if (!zmqg_distributor_write (distributor, core->frames.views,
                               core->frames.n))
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  /* What readers are done with of earlier large frames is released here. */
  for (guint i = 0; i < pipes->len; i++)
    zmqg_socket_core_flush (core, g_ptr_array_index (pipes, i));

  return ZMQG_IO_DONE;
}

static ZmqgIoResult
xsub_receive (ZmqgSocketCore *core,
              ZmqgMessage **message,
              GError **error)
{
  XsubState *self = core->state;

  return zmqg_type_receive (core, &self->subscriber.incoming, message, error);
}

static guint
xsub_events (ZmqgSocketCore *core,
             guint interest G_GNUC_UNUSED)
{
  XsubState *self = core->state;
  guint events = ZMQG_WAIT_OUT;

  if (zmqg_type_peek (core, &self->subscriber.incoming) != NULL)
    events |= ZMQG_WAIT_IN;
  return events;
}

static const ZmqgSocketOps xsub_ops = {
  .type = ZMQG_SOCKET_TYPE_XSUB,
  .session = &zmqg_xsub_session,
  .state_size = sizeof (XsubState),
  .init = zmqg_subscriber_init,
  .clear = zmqg_subscriber_clear,
  .attach = zmqg_subscriber_attach,
  .readable = zmqg_subscriber_readable,
  .writable = zmqg_subscriber_writable,
  .hiccup = zmqg_subscriber_hiccup,
  .ended = zmqg_subscriber_ended,
  .detach = zmqg_subscriber_detach,
  .send = xsub_send,
  .receive = xsub_receive,
  .events = xsub_events,
};

/* --- GObject ------------------------------------------------------------ */

static void
zmqg_xsub_socket_get_property (GObject *object,
                               guint property_id,
                               GValue *value,
                               GParamSpec *pspec)
{
  ZmqgXsubSocket *self = ZMQG_XSUB_SOCKET (object);

  switch ((ZmqgXsubSocketProperty) property_id)
    {
    case PROP_ONLY_FIRST_SUBSCRIBE:
      g_value_set_boolean (value,
                           zmqg_xsub_socket_get_only_first_subscribe (self));
      break;
    case PROP_VERBOSE_UNSUBSCRIBE:
      g_value_set_boolean (value,
                           zmqg_xsub_socket_get_verbose_unsubscribe (self));
      break;
    case PROP_TOPICS_COUNT:
      g_value_set_uint (value,
                        zmqg_xsub_socket_get_topics_count (self));
      break;
    case PROP_LINGER:
      zmqg_subscriber_get_linger (&self->parent_instance, value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_xsub_socket_set_property (GObject *object,
                               guint property_id,
                               const GValue *value,
                               GParamSpec *pspec)
{
  ZmqgXsubSocket *self = ZMQG_XSUB_SOCKET (object);

  switch ((ZmqgXsubSocketProperty) property_id)
    {
    case PROP_ONLY_FIRST_SUBSCRIBE:
      zmqg_xsub_socket_set_only_first_subscribe (self,
                                                 g_value_get_boolean (value));
      break;
    case PROP_VERBOSE_UNSUBSCRIBE:
      zmqg_xsub_socket_set_verbose_unsubscribe (self,
                                                g_value_get_boolean (value));
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
zmqg_xsub_socket_class_init (ZmqgXsubSocketClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readwrite = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                G_PARAM_EXPLICIT_NOTIFY;

  klass->parent_class.ops = &xsub_ops;
  object_class->get_property = zmqg_xsub_socket_get_property;
  object_class->set_property = zmqg_xsub_socket_set_property;

  /**
   * ZmqgXsubSocket:only-first-subscribe:
   *
   * Whether a frame behind the first one of a message that is sent is taken
   * for a subscription only if the first one is one.
   *
   * Since: 1.0
   */
  properties[PROP_ONLY_FIRST_SUBSCRIBE] =
    g_param_spec_boolean ("only-first-subscribe", NULL, NULL, FALSE,
                          readwrite);

  /**
   * ZmqgXsubSocket:verbose-unsubscribe:
   *
   * Whether every cancellation is passed on, not only the last one of each
   * topic.
   *
   * Since: 1.0
   */
  properties[PROP_VERBOSE_UNSUBSCRIBE] =
    g_param_spec_boolean ("verbose-unsubscribe", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgXsubSocket:topics-count:
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
   * ZmqgXsubSocket:linger:
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
zmqg_xsub_socket_init (ZmqgXsubSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_xsub_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a XSUB socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.XsubSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_xsub_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_XSUB_SOCKET, "context", context, NULL);
}

/* Sends what subscribes or cancels. */
static gboolean
change (ZmqgSocketCore *core,
        gboolean subscribe,
        const guint8 *topic,
        gsize size,
        GError **error)
{
  ZmqgTopicFrame frame;
  gboolean ok = FALSE;

  if (zmqg_topic_frame_init_message (&frame, subscribe, topic, size))
    ok = zmqg_socket_core_send (core, &frame.view, 1, 0, error) ==
         ZMQG_IO_DONE;
  else
    zmqg_set_no_memory (error);
  zmqg_topic_frame_clear (&frame);

  return ok;
}

/**
 * zmqg_xsub_socket_subscribe:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Asks publishers for messages whose first frame starts with a prefix.
 *
 * This sends a message of a byte of 1 and the prefix. A topic that was
 * subscribed to several times has to be cancelled as many times.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xsub_socket_subscribe (ZmqgXsubSocket *self,
                            const char *prefix,
                            GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_string (self->parent_instance.core, change,
                                   TRUE, prefix, error);
}

/**
 * zmqg_xsub_socket_subscribe_bytes:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Asks publishers for messages whose first frame starts with a prefix.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xsub_socket_subscribe_bytes (ZmqgXsubSocket *self,
                                  GBytes *prefix,
                                  GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_bytes (self->parent_instance.core, change,
                                  TRUE, prefix, error);
}

/**
 * zmqg_xsub_socket_subscribe_data:
 * @self: a socket
 * @data: (array length=size) (nullable): what messages start with
 * @size: its size in bytes; 0 for all messages
 * @error: return location for an error
 *
 * Asks publishers for messages whose first frame starts with a prefix.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xsub_socket_subscribe_data (ZmqgXsubSocket *self,
                                 const guint8 *data,
                                 gsize size,
                                 GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return change (self->parent_instance.core, TRUE, data, size, error);
}

/**
 * zmqg_xsub_socket_unsubscribe:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Takes back one subscription.
 *
 * This sends a message of a byte of 0 and the prefix. Publishers are told
 * once the last subscription to the topic is taken back.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xsub_socket_unsubscribe (ZmqgXsubSocket *self,
                              const char *prefix,
                              GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_string (self->parent_instance.core, change,
                                   FALSE, prefix, error);
}

/**
 * zmqg_xsub_socket_unsubscribe_bytes:
 * @self: a socket
 * @prefix: what messages start with; empty for all
 * @error: return location for an error
 *
 * Takes back one subscription.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xsub_socket_unsubscribe_bytes (ZmqgXsubSocket *self,
                                    GBytes *prefix,
                                    GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_topic_change_bytes (self->parent_instance.core, change,
                                  FALSE, prefix, error);
}

/**
 * zmqg_xsub_socket_unsubscribe_data:
 * @self: a socket
 * @data: (array length=size) (nullable): what messages start with
 * @size: its size in bytes; 0 for all messages
 * @error: return location for an error
 *
 * Takes back one subscription.
 *
 * Returns: %TRUE unless there was an error
 *
 * Since: 1.0
 */
gboolean
zmqg_xsub_socket_unsubscribe_data (ZmqgXsubSocket *self,
                                   const guint8 *data,
                                   gsize size,
                                   GError **error)
{
  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return change (self->parent_instance.core, FALSE, data, size, error);
}

/**
 * zmqg_xsub_socket_get_only_first_subscribe:
 * @self: a socket
 *
 * Tells whether later frames are subscriptions only if the first one is.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xsub_socket_get_only_first_subscribe (ZmqgXsubSocket *self)
{
  XsubState *state;

  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->only_first_subscribe);
}

/**
 * zmqg_xsub_socket_set_only_first_subscribe:
 * @self: a socket
 * @only_first_subscribe: the new value
 *
 * Sets whether later frames are subscriptions only if the first one is.
 *
 * Since: 1.0
 */
void
zmqg_xsub_socket_set_only_first_subscribe (ZmqgXsubSocket *self,
                                           gboolean only_first_subscribe)
{
  XsubState *state;

  g_return_if_fail (ZMQG_IS_XSUB_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->only_first_subscribe,
                           only_first_subscribe,
                           properties[PROP_ONLY_FIRST_SUBSCRIBE]);
}

/**
 * zmqg_xsub_socket_get_verbose_unsubscribe:
 * @self: a socket
 *
 * Tells whether every cancellation is passed on.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xsub_socket_get_verbose_unsubscribe (ZmqgXsubSocket *self)
{
  XsubState *state;

  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->verbose_unsubscribe);
}

/**
 * zmqg_xsub_socket_set_verbose_unsubscribe:
 * @self: a socket
 * @verbose_unsubscribe: the new value
 *
 * Sets whether every cancellation is passed on.
 *
 * Since: 1.0
 */
void
zmqg_xsub_socket_set_verbose_unsubscribe (ZmqgXsubSocket *self,
                                          gboolean verbose_unsubscribe)
{
  XsubState *state;

  g_return_if_fail (ZMQG_IS_XSUB_SOCKET (self));

  state = self->parent_instance.core->state;
  zmqg_socket_change_flag (&self->parent_instance, &state->verbose_unsubscribe,
                           verbose_unsubscribe,
                           properties[PROP_VERBOSE_UNSUBSCRIBE]);
}

/**
 * zmqg_xsub_socket_get_topics_count:
 * @self: a socket
 *
 * Gets how many subscriptions the socket has, repeated ones included.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
zmqg_xsub_socket_get_topics_count (ZmqgXsubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XSUB_SOCKET (self), 0);

  return zmqg_subscriber_count_topics (&self->parent_instance);
}
