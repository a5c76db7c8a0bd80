/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-xpub-socket.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-publisher-private.h"
#include "socket/zmqg-type-private.h"

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
 * received too.
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

typedef enum
{
  PROP_VERBOSE = 1,
  PROP_VERBOSER,
  PROP_MANUAL,
  PROP_MANUAL_LAST_VALUE,
  PROP_NO_DROP,
  PROP_INVERT_MATCHING,
  PROP_ONLY_FIRST_SUBSCRIBE,
  PROP_WELCOME_MESSAGE,
  PROP_TOPICS_COUNT,
} ZmqgXpubSocketProperty;

static GParamSpec *properties[PROP_TOPICS_COUNT + 1];

G_DEFINE_FINAL_TYPE (ZmqgXpubSocket, zmqg_xpub_socket, ZMQG_TYPE_SOCKET)

/* Something to be received. */
typedef struct
{
  GList link;
  ZmqgMessage *message;
  ZmqgPipe *asker; /* manual: whose subscription it is, if still there */
  gboolean is_subscription;
} Notice;

typedef struct
{
  ZmqgPublisher publisher; /* first */
  ZmqgSubscriptionTree *asked; /* manual: what peers asked for */
  GQueue notices; /* of Notice, by its link */
  guint n_askers; /* of those, how many have an asker */
  ZmqgPipe *last; /* manual: the asker of the last one received */
  gboolean verbose;
  gboolean verboser;
  gboolean manual;
  gboolean manual_last_value;
} XpubState;

/* Topics of up to so many bytes need no heap. */
#define STACK_TOPIC 256u

/* --- What is received --------------------------------------------------- */

static void
add_notice (XpubState *self,
            ZmqgMessage *message,
            gboolean is_subscription,
            ZmqgPipe *asker)
{
  Notice *notice = g_new0 (Notice, 1);

  notice->link.data = notice;
  notice->message = message;
  notice->is_subscription = is_subscription;
  if (asker != NULL)
    {
      notice->asker = asker;
      self->n_askers++;
    }
  g_queue_push_tail_link (&self->notices, &notice->link);
}

static Notice *
take_notice (XpubState *self)
{
  GList *link = g_queue_pop_head_link (&self->notices);
  Notice *notice;

  if (link == NULL)
    return NULL;

  notice = link->data;
  if (notice->asker != NULL)
    self->n_askers--;
  return notice;
}

static void
forget_asker (XpubState *self,
              ZmqgPipe *pipe)
{
  if (self->last == pipe)
    self->last = NULL;

  for (GList *l = self->notices.head; l != NULL && self->n_askers > 0;
       l = l->next)
    {
      Notice *notice = l->data;

      if (notice->asker == pipe)
        {
          notice->asker = NULL;
          self->n_askers--;
        }
    }
}

/* Without memory the notice is lost, not the subscription. */
static void
notify (ZmqgSocketCore *core,
        ZmqgPipe *pipe,
        gboolean subscribe,
        const guint8 *topic,
        gsize size)
{
  XpubState *self = core->state;
  guint8 local[1 + STACK_TOPIC];
  guint8 *payload = size > STACK_TOPIC ? g_try_malloc (size + 1) : local;
  ZmqgFrameView view = { .data = payload, .size = size + 1 };
  ZmqgMessage *message;

  if (payload == NULL)
    return;

  payload[0] = subscribe ? 1 : 0;
  if (size > 0)
    memcpy (payload + 1, topic, size);

  message = zmqg_message_new_from_views (
    &view, 1, pipe != NULL ? zmqg_type_peek_tag (pipe) : NULL);
  if (payload != local)
    g_free (payload);

  if (message != NULL)
    add_notice (self, message, TRUE, self->manual ? pipe : NULL);
}

static void
xpub_subscription (ZmqgSocketCore *core,
                   ZmqgPipe *pipe,
                   gboolean subscribe,
                   const guint8 *topic,
                   gsize size)
{
  XpubState *self = core->state;
  ZmqgSubscriptionTree *tree = self->manual ? self->asked
                                            : self->publisher.subscriptions;
  gboolean is_news;

  if (subscribe)
    is_news = zmqg_subscription_tree_add (tree, topic, size, pipe) ==
                ZMQG_SUBSCRIPTION_ADDED_FIRST ||
              self->verbose;
  else
    is_news = zmqg_subscription_tree_remove (tree, topic, size, pipe) !=
                ZMQG_SUBSCRIPTION_REMOVED ||
              self->verboser;

  if (is_news || self->manual)
    notify (core, pipe, subscribe, topic, size);
}

static void
xpub_message (ZmqgSocketCore *core,
              ZmqgPipe *pipe,
              const ZmqgFrameView *views,
              guint n)
{
  ZmqgMessage *message;

  message = zmqg_message_new_from_views (views, n, zmqg_type_peek_tag (pipe));
  if (message != NULL)
    add_notice (core->state, message, FALSE, NULL);
}

static gboolean
xpub_is_full (ZmqgSocketCore *core)
{
  XpubState *self = core->state;
  guint mark = core->options->receive_hwm;

  return mark > 0 && self->notices.length >= mark;
}

static const ZmqgPublisherHooks xpub_hooks = {
  .subscription = xpub_subscription,
  .message = xpub_message,
  .is_full = xpub_is_full,
};

/* --- Operations --------------------------------------------------------- */

static void
xpub_init (ZmqgSocketCore *core)
{
  XpubState *self = core->state;

  zmqg_publisher_init (&self->publisher, &xpub_hooks);
  self->asked = zmqg_subscription_tree_new ();
  g_queue_init (&self->notices);
}

static void
xpub_clear (ZmqgSocketCore *core)
{
  XpubState *self = core->state;
  Notice *notice;

  while ((notice = take_notice (self)) != NULL)
    {
      zmqg_message_unref (notice->message);
      g_free (notice);
    }
  g_clear_pointer (&self->asked, zmqg_subscription_tree_free);
  zmqg_publisher_clear (&self->publisher);
}

/* A topic of a peer that has gone. */
static void
lost_topic (const guint8 *topic,
            gsize size,
            gboolean was_last,
            gpointer user_data)
{
  ZmqgSocketCore *core = user_data;
  XpubState *self = core->state;

  if (!core->closed && (was_last || self->manual || self->verboser))
    notify (core, NULL, FALSE, topic, size);
}

static void
xpub_detach (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  XpubState *self = core->state;

  /* What was asked for, or else what was granted, is told as cancelled. */
  zmqg_subscription_tree_remove_target (self->asked, pipe,
                                        self->manual ? lost_topic : NULL,
                                        core);
  zmqg_subscription_tree_remove_target (self->publisher.subscriptions, pipe,
                                        self->manual ? NULL : lost_topic,
                                        core);
  forget_asker (self, pipe);
  zmqg_publisher_detach (core, pipe);
}

static ZmqgIoResult
xpub_send (ZmqgSocketCore *core,
           const ZmqgFrameView *views,
           guint n,
           GError **error)
{
  XpubState *self = core->state;
  ZmqgIoResult result;

  if (G_LIKELY (!self->manual || !self->manual_last_value))
    return zmqg_publisher_send (core, views, n, error);

  self->publisher.only = self->last;
  result = zmqg_publisher_send (core, views, n, error);
  self->publisher.only = NULL;
  if (result != ZMQG_IO_AGAIN)
    self->last = NULL;

  return result;
}

/* Reads on until there is something to be received, or nothing left. */
static gboolean
has_notice (ZmqgSocketCore *core)
{
  XpubState *self = core->state;

  while (self->notices.length == 0 &&
         zmqg_publisher_has_unread (&self->publisher))
    zmqg_publisher_read (core);

  return self->notices.length > 0;
}

static ZmqgIoResult
xpub_receive (ZmqgSocketCore *core,
              ZmqgMessage **message,
              GError **error G_GNUC_UNUSED)
{
  XpubState *self = core->state;
  Notice *notice;

  if (!has_notice (core))
    return ZMQG_IO_AGAIN;

  notice = take_notice (self);
  if (self->manual && notice->is_subscription)
    self->last = notice->asker;
  *message = notice->message;
  g_free (notice);

  if (zmqg_publisher_has_unread (&self->publisher))
    zmqg_publisher_read (core);

  return ZMQG_IO_DONE;
}

static guint
xpub_events (ZmqgSocketCore *core)
{
  return ZMQG_WAIT_OUT | (has_notice (core) ? ZMQG_WAIT_IN : 0);
}

static const ZmqgSocketOps xpub_ops = {
  .type = ZMQG_SOCKET_TYPE_XPUB,
  .session = &zmqg_xpub_session,
  .state_size = sizeof (XpubState),
  .init = xpub_init,
  .clear = xpub_clear,
  .attach = zmqg_publisher_attach,
  .readable = zmqg_publisher_readable,
  .writable = zmqg_publisher_writable,
  .ended = zmqg_publisher_ended,
  .detach = xpub_detach,
  .send = xpub_send,
  .receive = xpub_receive,
  .events = xpub_events,
};

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
    case PROP_VERBOSE:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_verbose (self));
      break;
    case PROP_VERBOSER:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_verboser (self));
      break;
    case PROP_MANUAL:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_manual (self));
      break;
    case PROP_MANUAL_LAST_VALUE:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_manual_last_value (self));
      break;
    case PROP_NO_DROP:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_no_drop (self));
      break;
    case PROP_INVERT_MATCHING:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_invert_matching (self));
      break;
    case PROP_ONLY_FIRST_SUBSCRIBE:
      g_value_set_boolean (value,
                           zmqg_xpub_socket_get_only_first_subscribe (self));
      break;
    case PROP_WELCOME_MESSAGE:
      g_value_take_boxed (value,
                          zmqg_xpub_socket_get_welcome_message (self));
      break;
    case PROP_TOPICS_COUNT:
      g_value_set_uint (value,
                        zmqg_xpub_socket_get_topics_count (self));
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
    case PROP_VERBOSE:
      zmqg_xpub_socket_set_verbose (self, g_value_get_boolean (value));
      break;
    case PROP_VERBOSER:
      zmqg_xpub_socket_set_verboser (self, g_value_get_boolean (value));
      break;
    case PROP_MANUAL:
      zmqg_xpub_socket_set_manual (self, g_value_get_boolean (value));
      break;
    case PROP_MANUAL_LAST_VALUE:
      zmqg_xpub_socket_set_manual_last_value (self,
                                              g_value_get_boolean (value));
      break;
    case PROP_NO_DROP:
      zmqg_xpub_socket_set_no_drop (self, g_value_get_boolean (value));
      break;
    case PROP_INVERT_MATCHING:
      zmqg_xpub_socket_set_invert_matching (self, g_value_get_boolean (value));
      break;
    case PROP_ONLY_FIRST_SUBSCRIBE:
      zmqg_xpub_socket_set_only_first_subscribe (self,
                                                 g_value_get_boolean (value));
      break;
    case PROP_WELCOME_MESSAGE:
      zmqg_xpub_socket_set_welcome_message (self, g_value_get_boxed (value));
      break;
    case PROP_TOPICS_COUNT:
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

  klass->parent_class.ops = &xpub_ops;
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
  properties[PROP_VERBOSE] =
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
  properties[PROP_VERBOSER] =
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
  properties[PROP_MANUAL] =
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
  properties[PROP_MANUAL_LAST_VALUE] =
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
  properties[PROP_NO_DROP] =
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
  properties[PROP_INVERT_MATCHING] =
    g_param_spec_boolean ("invert-matching", NULL, NULL, FALSE, readwrite);

  /**
   * ZmqgXpubSocket:only-first-subscribe:
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
   * ZmqgXpubSocket:welcome-message:
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
   * ZmqgXpubSocket:topics-count:
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

/* The topics of the peer whose subscription was received last. */
static gboolean
change (ZmqgXpubSocket *self,
        gboolean subscribe,
        const guint8 *topic,
        gsize size,
        GError **error)
{
  ZmqgSocketCore *core = self->parent_instance.core;
  XpubState *state = core->state;
  gboolean ok = TRUE;

  if (!zmqg_socket_core_enter (core, error))
    return FALSE;

  if (!state->manual)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "Only a manual XPUB socket subscribes for others");
      ok = FALSE;
    }
  else if (state->last != NULL && !subscribe)
    {
      zmqg_subscription_tree_remove (state->publisher.subscriptions, topic,
                                     size, state->last);
    }
  else if (state->last != NULL &&
           zmqg_subscription_tree_add (state->publisher.subscriptions, topic,
                                       size, state->last) ==
             ZMQG_SUBSCRIPTION_ADD_FAILED)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                           "No memory for the subscription");
      ok = FALSE;
    }
  zmqg_socket_core_unlock (core);

  return ok;
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

  return change (self, TRUE, (const guint8 *) prefix,
                 strlen (prefix), error);
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
  const guint8 *data;
  gsize size;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  data = g_bytes_get_data (prefix, &size);
  return change (self, TRUE, data, size, error);
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

  return change (self, TRUE, data, size, error);
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

  return change (self, FALSE, (const guint8 *) prefix,
                 strlen (prefix), error);
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
  const guint8 *data;
  gsize size;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);
  g_return_val_if_fail (prefix != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  data = g_bytes_get_data (prefix, &size);
  return change (self, FALSE, data, size, error);
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

  return change (self, FALSE, data, size, error);
}

/* Sets two flags that hang together, and notifies of what changed. */
static void
set_pair (ZmqgXpubSocket *self,
          gboolean *first,
          gboolean first_value,
          ZmqgXpubSocketProperty first_property,
          gboolean *second,
          gboolean second_value,
          ZmqgXpubSocketProperty second_property)
{
  GObject *object = G_OBJECT (self);

  g_object_freeze_notify (object);
  if (zmqg_socket_set_flag (&self->parent_instance, first, first_value))
    g_object_notify_by_pspec (object, properties[first_property]);
  if (zmqg_socket_set_flag (&self->parent_instance, second, second_value))
    g_object_notify_by_pspec (object, properties[second_property]);
  g_object_thaw_notify (object);
}

/**
 * zmqg_xpub_socket_get_verbose:
 * @self: a socket
 *
 * Tells whether every subscription is received.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_verbose (ZmqgXpubSocket *self)
{
  XpubState *state;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->verbose);
}

/**
 * zmqg_xpub_socket_set_verbose:
 * @self: a socket
 * @verbose: the new value
 *
 * Sets whether every subscription is received.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_verbose (ZmqgXpubSocket *self, gboolean verbose)
{
  XpubState *state;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  state = self->parent_instance.core->state;
  set_pair (self, &state->verbose, !!verbose, PROP_VERBOSE,
            &state->verboser, FALSE, PROP_VERBOSER);
}

/**
 * zmqg_xpub_socket_get_verboser:
 * @self: a socket
 *
 * Tells whether every subscription and every cancellation is received.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_verboser (ZmqgXpubSocket *self)
{
  XpubState *state;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->verboser);
}

/**
 * zmqg_xpub_socket_set_verboser:
 * @self: a socket
 * @verboser: the new value
 *
 * Sets whether every subscription and every cancellation is received.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_verboser (ZmqgXpubSocket *self, gboolean verboser)
{
  XpubState *state;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  state = self->parent_instance.core->state;
  set_pair (self, &state->verbose, !!verboser, PROP_VERBOSE,
            &state->verboser, !!verboser, PROP_VERBOSER);
}

/**
 * zmqg_xpub_socket_get_manual:
 * @self: a socket
 *
 * Tells whether the program decides what peers get.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_manual (ZmqgXpubSocket *self)
{
  XpubState *state;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance, &state->manual);
}

/**
 * zmqg_xpub_socket_set_manual:
 * @self: a socket
 * @manual: the new value
 *
 * Sets whether the program decides what peers get.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_manual (ZmqgXpubSocket *self, gboolean manual)
{
  XpubState *state;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  state = self->parent_instance.core->state;
  if (zmqg_socket_set_flag (&self->parent_instance,
                            &state->manual, !!manual))
    g_object_notify_by_pspec (G_OBJECT (self),
                              properties[PROP_MANUAL]);
}

/**
 * zmqg_xpub_socket_get_manual_last_value:
 * @self: a socket
 *
 * Tells whether the first message after a subscription goes to its sender
 * only.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_manual_last_value (ZmqgXpubSocket *self)
{
  XpubState *state;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->manual_last_value);
}

/**
 * zmqg_xpub_socket_set_manual_last_value:
 * @self: a socket
 * @manual_last_value: the new value
 *
 * Sets whether the first message after a subscription goes to its sender
 * only.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_manual_last_value (ZmqgXpubSocket *self,
                                        gboolean manual_last_value)
{
  XpubState *state;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  state = self->parent_instance.core->state;
  set_pair (self, &state->manual_last_value, !!manual_last_value,
            PROP_MANUAL_LAST_VALUE,
            &state->manual, !!manual_last_value, PROP_MANUAL);
}

/**
 * zmqg_xpub_socket_get_no_drop:
 * @self: a socket
 *
 * Tells whether sending waits for peers that have no room.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_no_drop (ZmqgXpubSocket *self)
{
  XpubState *state;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->publisher.no_drop);
}

/**
 * zmqg_xpub_socket_set_no_drop:
 * @self: a socket
 * @no_drop: the new value
 *
 * Sets whether sending waits for peers that have no room.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_no_drop (ZmqgXpubSocket *self, gboolean no_drop)
{
  XpubState *state;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  state = self->parent_instance.core->state;
  if (zmqg_socket_set_flag (&self->parent_instance,
                            &state->publisher.no_drop, !!no_drop))
    g_object_notify_by_pspec (G_OBJECT (self),
                              properties[PROP_NO_DROP]);
}

/**
 * zmqg_xpub_socket_get_invert_matching:
 * @self: a socket
 *
 * Tells whether messages go to the peers that have no subscription for them.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_invert_matching (ZmqgXpubSocket *self)
{
  XpubState *state;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->publisher.invert_matching);
}

/**
 * zmqg_xpub_socket_set_invert_matching:
 * @self: a socket
 * @invert_matching: the new value
 *
 * Sets whether messages go to the peers that have no subscription for them.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_invert_matching (ZmqgXpubSocket *self,
                                      gboolean invert_matching)
{
  XpubState *state;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  state = self->parent_instance.core->state;
  if (zmqg_socket_set_flag (&self->parent_instance,
                            &state->publisher.invert_matching,
                            !!invert_matching))
    g_object_notify_by_pspec (G_OBJECT (self),
                              properties[PROP_INVERT_MATCHING]);
}

/**
 * zmqg_xpub_socket_get_only_first_subscribe:
 * @self: a socket
 *
 * Tells whether later frames are subscriptions only if the first one is.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
zmqg_xpub_socket_get_only_first_subscribe (ZmqgXpubSocket *self)
{
  XpubState *state;

  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), FALSE);

  state = self->parent_instance.core->state;
  return zmqg_socket_get_flag (&self->parent_instance,
                               &state->publisher.only_first_subscribe);
}

/**
 * zmqg_xpub_socket_set_only_first_subscribe:
 * @self: a socket
 * @only_first_subscribe: the new value
 *
 * Sets whether later frames are subscriptions only if the first one is.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_only_first_subscribe (ZmqgXpubSocket *self,
                                           gboolean only_first_subscribe)
{
  XpubState *state;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  state = self->parent_instance.core->state;
  if (zmqg_socket_set_flag (&self->parent_instance,
                            &state->publisher.only_first_subscribe,
                            !!only_first_subscribe))
    g_object_notify_by_pspec (G_OBJECT (self),
                              properties[PROP_ONLY_FIRST_SUBSCRIBE]);
}

/**
 * zmqg_xpub_socket_get_welcome_message:
 * @self: a socket
 *
 * Gets the message that each new peer is sent first.
 *
 * Returns: (transfer full) (nullable): the message, of one frame, or %NULL
 *
 * Since: 1.0
 */
GBytes *
zmqg_xpub_socket_get_welcome_message (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), NULL);

  return zmqg_publisher_dup_welcome (&self->parent_instance);
}

/**
 * zmqg_xpub_socket_set_welcome_message:
 * @self: a socket
 * @message: (nullable): the message, of one frame; %NULL or empty for none
 *
 * Sets the message that each new peer is sent first, whatever it subscribed
 * to. Peers that are there already do not get it.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_welcome_message (ZmqgXpubSocket *self, GBytes *message)
{
  const guint8 *data = NULL;
  gsize size = 0;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  if (message != NULL)
    data = g_bytes_get_data (message, &size);
  zmqg_xpub_socket_set_welcome_message_data (self, data, size);
}

/**
 * zmqg_xpub_socket_set_welcome_message_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the message, of one frame
 * @size: its size in bytes; 0 for no message
 *
 * Sets [property@Zmqg.XpubSocket:welcome-message].
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_welcome_message_data (ZmqgXpubSocket *self,
                                           const guint8 *data,
                                           gsize size)
{
  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));
  g_return_if_fail (data != NULL || size == 0);

  if (zmqg_publisher_set_welcome (&self->parent_instance, data, size))
    g_object_notify_by_pspec (G_OBJECT (self),
                              properties[PROP_WELCOME_MESSAGE]);
}

/**
 * zmqg_xpub_socket_set_welcome_message_string:
 * @self: a socket
 * @string: (nullable): the message, of one frame; %NULL or empty for none
 *
 * Sets [property@Zmqg.XpubSocket:welcome-message] to text.
 *
 * Since: 1.0
 */
void
zmqg_xpub_socket_set_welcome_message_string (ZmqgXpubSocket *self,
                                             const char *string)
{
  gsize size = string != NULL ? strlen (string) : 0;

  g_return_if_fail (ZMQG_IS_XPUB_SOCKET (self));

  zmqg_xpub_socket_set_welcome_message_data (self, (const guint8 *) string,
                                             size);
}

/**
 * zmqg_xpub_socket_get_topics_count:
 * @self: a socket
 *
 * Gets how many different topics have a subscriber.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
zmqg_xpub_socket_get_topics_count (ZmqgXpubSocket *self)
{
  g_return_val_if_fail (ZMQG_IS_XPUB_SOCKET (self), 0);

  return zmqg_publisher_count_topics (&self->parent_instance);
}
