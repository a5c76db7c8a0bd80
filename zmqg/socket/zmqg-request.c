/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-request-private.h"

#include "base/zmqg-error.h"
#include "message/zmqg-message-struct-private.h"
#include "socket/zmqg-peer-private.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-type-private.h"

#include <string.h>

/**
 * ZmqgRequest:
 *
 * A request that a [class@Zmqg.RepSocket] is to reply to: what
 * [signal@Zmqg.RepSocket::request] gives.
 *
 * It may be replied to once, from any thread, at any later time, in any order;
 * the socket may have any number of them in service. One that is dropped
 * without a reply is not replied to. A request does not keep its socket alive.
 *
 * Requests are made by sockets. One that a program makes is empty, and cannot
 * be replied to.
 *
 * Since: 1.0
 */
struct _ZmqgRequest
{
  GObject parent_instance;

  ZmqgSocketCore *core;   /* counted; NULL: a program made it, and nothing
                           * of what follows is there */
  ZmqgPipe *pipe;         /* that it came by; counted */
  ZmqgEnvelope *envelope;
  ZmqgMessage *message;   /* counted */
  gboolean replied;       /* guarded by the core's lock */
};

struct _ZmqgRequestClass
{
  GObjectClass parent_class;
};

G_DEFINE_FINAL_TYPE (ZmqgRequest, zmqg_request, G_TYPE_OBJECT)

typedef enum
{
  PROP_MESSAGE = 1,
  PROP_PEER,
} ZmqgRequestProperty;

static GParamSpec *properties[PROP_PEER + 1];

ZmqgEnvelope *
zmqg_envelope_new (const ZmqgFrameView *views,
                   guint n)
{
  ZmqgEnvelope *self;
  guint8 *bytes;

  self = g_try_malloc (sizeof *self + (gsize) n * sizeof *views +
                       zmqg_frame_views_get_size (views, n));
  if (self == NULL)
    return NULL;

  self->n = n;
  bytes = (guint8 *) (self->views + n);
  for (guint i = 0; i < n; i++)
    {
      if (views[i].size > 0)
        memcpy (bytes, views[i].data, views[i].size);
      self->views[i] = (ZmqgFrameView) { bytes, views[i].size,
                                         ZMQG_FRAME_MORE, NULL, NULL };
      bytes += views[i].size;
    }

  return self;
}

static void
zmqg_request_finalize (GObject *object)
{
  ZmqgRequest *self = ZMQG_REQUEST (object);

  zmqg_order_after_drop (self);
  /* In the child of a fork what belongs to the socket is left alone. */
  if (self->core != NULL &&
      !zmqg_context_core_is_forked (self->core->context))
    {
      zmqg_pipe_unref (self->pipe);
      zmqg_socket_core_unref (self->core);
    }
  g_free (self->envelope);
  g_clear_pointer (&self->message, zmqg_message_unref);

  G_OBJECT_CLASS (zmqg_request_parent_class)->finalize (object);
}

static void
zmqg_request_get_property (GObject *object,
                           guint property_id,
                           GValue *value,
                           GParamSpec *pspec)
{
  ZmqgRequest *self = ZMQG_REQUEST (object);

  switch ((ZmqgRequestProperty) property_id)
    {
    case PROP_MESSAGE:
      g_value_set_boxed (value, zmqg_request_get_message (self));
      break;

    case PROP_PEER:
      g_value_take_object (value, zmqg_request_get_peer (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
zmqg_request_class_init (ZmqgRequestClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = zmqg_request_finalize;
  object_class->get_property = zmqg_request_get_property;

  /**
   * ZmqgRequest:message: (getter get_message)
   *
   * What is asked, without the envelope.
   *
   * Since: 1.0
   */
  properties[PROP_MESSAGE] =
    g_param_spec_boxed ("message", NULL, NULL, ZMQG_TYPE_MESSAGE,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * ZmqgRequest:peer: (getter get_peer)
   *
   * The peer that the request came from: who asks, or a broker in between.
   *
   * Since: 1.0
   */
  properties[PROP_PEER] =
    g_param_spec_object ("peer", NULL, NULL, ZMQG_TYPE_PEER,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties),
                                     properties);
}

static void
zmqg_request_init (ZmqgRequest *self G_GNUC_UNUSED)
{
}

/* What is asked by one that a program made: any binding can. */
static ZmqgMessage *
get_nothing (void)
{
  static gsize nothing = 0;

  if (g_once_init_enter (&nothing))
    {
      ZmqgMessage *message = zmqg_message_new ();

      /* Others have it, too. */
      atomic_store (&message->sent, TRUE);
      g_once_init_leave (&nothing, (gsize) message);
    }

  return (ZmqgMessage *) nothing;
}

ZmqgRequest *
zmqg_request_new (ZmqgSocketCore *core,
                  ZmqgPipe *pipe,
                  ZmqgEnvelope *envelope,
                  ZmqgMessage *message)
{
  ZmqgRequest *self = g_object_new (ZMQG_TYPE_REQUEST, NULL);

  self->core = core;
  self->pipe = pipe;
  self->envelope = envelope;
  self->message = message;
  return self;
}

/**
 * zmqg_request_get_message: (get-property message)
 * @self: a request
 *
 * Gets what is asked, without the envelope.
 *
 * Returns: (transfer none): the message
 *
 * Since: 1.0
 */
ZmqgMessage *
zmqg_request_get_message (ZmqgRequest *self)
{
  g_return_val_if_fail (ZMQG_IS_REQUEST (self), NULL);

  return self->message != NULL ? self->message : get_nothing ();
}

/**
 * zmqg_request_get_peer: (get-property peer)
 * @self: a request
 *
 * Gets the peer that the request came from: who asks, or a broker in between.
 *
 * Returns: (transfer full) (nullable): the peer, or %NULL when it is not known
 *
 * Since: 1.0
 */
ZmqgPeer *
zmqg_request_get_peer (ZmqgRequest *self)
{
  g_return_val_if_fail (ZMQG_IS_REQUEST (self), NULL);

  return zmqg_message_get_peer (zmqg_request_get_message (self));
}

/* --- Replying ----------------------------------------------------------- */

/* Locked: %FALSE with @error when no reply can be sent. */
static gboolean
check_reply (ZmqgRequest *self,
             GError **error)
{
  ZmqgPeerRecord *record =
    (ZmqgPeerRecord *) zmqg_message_get_tag (self->message);

  if (self->replied)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "The request has been replied to");
      return FALSE;
    }

  if (!zmqg_socket_core_check (self->core, error))
    return FALSE;

  /* A pipe that we connected outlives its peer: the next one asked nothing. */
  if (!self->pipe->attached || self->pipe->ended ||
      (record != NULL && atomic_load (&record->gone)))
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST,
                           "The peer that the request came from has gone");
      return FALSE;
    }

  return TRUE;
}

/* Locked. */
static gboolean
write_reply (ZmqgRequest *self,
             const ZmqgFrameView *all,
             guint n,
             GError **error)
{
  if (!check_reply (self, error))
    return FALSE;

  switch (zmqg_pipe_write (self->pipe, all, n))
    {
    case ZMQG_PIPE_WRITTEN:
      self->replied = TRUE;
      zmqg_socket_core_note_sent (
        self->core, zmqg_frame_views_get_size (all + self->envelope->n,
                                               n - self->envelope->n));
      zmqg_socket_core_flush (self->core, self->pipe);
      return TRUE;

    case ZMQG_PIPE_FULL:
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK,
                           "The peer has no room for the reply now");
      return FALSE;

    case ZMQG_PIPE_NO_MEMORY:
    default:
      zmqg_set_no_memory (error);
      return FALSE;
    }
}

static gboolean
reply_views (ZmqgRequest *self,
             const ZmqgFrameView *views,
             guint n,
             GError **error)
{
  ZmqgFrameView local[ZMQG_TYPE_STACK_VIEWS];
  g_autofree ZmqgFrameView *heap = NULL;
  ZmqgFrameView *all = local;
  gboolean replied;
  guint n_envelope;
  gsize n_all;

  if (self->core == NULL)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "The request came from nobody");
      return FALSE;
    }

  n_envelope = self->envelope->n;
  n_all = (gsize) n_envelope + n;
  if (n_all > ZMQG_TYPE_STACK_VIEWS)
    all = heap = g_try_new (ZmqgFrameView, n_all);
  if (all == NULL)
    {
      zmqg_set_no_memory (error);
      return FALSE;
    }

  memcpy (all, self->envelope->views, n_envelope * sizeof *all);
  memcpy (all + n_envelope, views, n * sizeof *all);

  /* Before the lock: in the child of a fork it may be held for ever. */
  if (!zmqg_socket_core_check_fork (self->core, error))
    return FALSE;

  zmqg_socket_core_lock (self->core);
  replied = write_reply (self, all, (guint) n_all, error);
  zmqg_socket_core_unlock (self->core);
  zmqg_order_before_drop (self);
  return replied;
}

/**
 * zmqg_request_reply:
 * @self: a request
 * @message: a message of at least one frame; immutable from now on
 * @error: return location for an error
 *
 * Replies to the request. Never waits, and may be called from any thread. After
 * an error nothing was sent, and the request can still be replied to.
 *
 * Fails with %ZMQG_ERROR_STATE when it has been replied to or came from nobody,
 * %ZMQG_ERROR_PEER_LOST when the peer that it came from has gone,
 * %ZMQG_ERROR_WOULD_BLOCK when that peer's queue is full
 * ([property@Zmqg.Socket:send-hwm]), %ZMQG_ERROR_CLOSED when the socket is
 * closed, %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or a %G_IO_ERROR.
 *
 * Returns: %TRUE if the reply was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_request_reply (ZmqgRequest *self,
                    ZmqgMessage *message,
                    GError **error)
{
  ZmqgFrameView local[ZMQG_VIEWS_INLINE];
  ZmqgFrameView *views;
  gboolean replied;
  guint n;

  g_return_val_if_fail (ZMQG_IS_REQUEST (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  views = zmqg_socket_get_views (message, local, &n, error);
  if (views == NULL)
    return FALSE;

  replied = reply_views (self, views, n, error);
  if (views != local)
    g_free (views);
  return replied;
}

/**
 * zmqg_request_reply_data:
 * @self: a request
 * @data: (array length=size) (nullable): the payload
 * @size: the size of @data in bytes
 * @error: return location for an error
 *
 * Replies with a message of one frame, copying the payload. See
 * [method@Zmqg.Request.reply].
 *
 * Returns: %TRUE if the reply was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_request_reply_data (ZmqgRequest *self,
                         const guint8 *data,
                         gsize size,
                         GError **error)
{
  ZmqgFrameView view = { data, size, 0, NULL, NULL };

  g_return_val_if_fail (ZMQG_IS_REQUEST (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return reply_views (self, &view, 1, error);
}

/**
 * zmqg_request_reply_bytes:
 * @self: a request
 * @bytes: the payload
 * @error: return location for an error
 *
 * Replies with a message of one frame. A large payload is not copied; see
 * [method@Zmqg.Socket.send_bytes] and [method@Zmqg.Request.reply].
 *
 * Returns: %TRUE if the reply was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_request_reply_bytes (ZmqgRequest *self,
                          GBytes *bytes,
                          GError **error)
{
  ZmqgFrameView view = { NULL, 0, 0, bytes, NULL };

  g_return_val_if_fail (ZMQG_IS_REQUEST (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  view.data = g_bytes_get_data (bytes, &view.size);
  return reply_views (self, &view, 1, error);
}

/**
 * zmqg_request_reply_string:
 * @self: a request
 * @string: the payload; the terminating zero is not sent
 * @error: return location for an error
 *
 * Replies with a message of one frame of text. See
 * [method@Zmqg.Request.reply].
 *
 * Returns: %TRUE if the reply was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_request_reply_string (ZmqgRequest *self,
                           const char *string,
                           GError **error)
{
  g_return_val_if_fail (string != NULL, FALSE);

  return zmqg_request_reply_data (self, (const guint8 *) string,
                                  strlen (string), error);
}
