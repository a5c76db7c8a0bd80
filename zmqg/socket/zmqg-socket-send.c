/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-wait-private.h"

/* The calls of ZmqgSocket that send. */

ZmqgIoResult
zmqg_wait_send (ZmqgWait *self,
                const ZmqgFrameView *views,
                guint n,
                ZmqgSendFlags flags,
                int timeout,
                GError **error)
{
  ZmqgSocketCore *core = self->core;
  ZmqgIoResult result = ZMQG_IO_AGAIN;

  while (result == ZMQG_IO_AGAIN)
    {
      gboolean drained = timeout != 0 && zmqg_socket_core_drain (core);

      if (drained)
        result = zmqg_socket_core_send (core, views, n, flags, error);
      if (result != ZMQG_IO_AGAIN)
        break;
      if (!zmqg_wait_sleep (self, ZMQG_WAIT_OUT, timeout, error))
        {
          result = ZMQG_IO_FAILED;
          break;
        }
      result = zmqg_socket_core_send (core, views, n, flags, error);
    }
  zmqg_wait_end (self);

  return result;
}

gboolean
zmqg_socket_send_views (ZmqgSocket *self,
                        const ZmqgFrameView *views,
                        guint n,
                        GCancellable *cancellable,
                        GError **error)
{
  ZmqgIoResult result;

  if (zmqg_is_cancelled (cancellable, error))
    return FALSE;

  result = zmqg_socket_core_send (self->core, views, n, ZMQG_SEND_PATIENT,
                                  error);
  if (G_UNLIKELY (result == ZMQG_IO_AGAIN))
    {
      ZmqgWait wait = { .core = self->core, .cancellable = cancellable,
                        .fd = -1 };

      result = zmqg_wait_send (
        &wait, views, n, ZMQG_SEND_PATIENT,
        zmqg_socket_core_get_timeout (self->core, ZMQG_WAIT_OUT), error);
    }
  return result == ZMQG_IO_DONE;
}

ZmqgFrameView *
zmqg_socket_get_views_behind (const ZmqgFrameView *first,
                              ZmqgMessage *message,
                              ZmqgFrameView *local,
                              guint *n,
                              GError **error)
{
  guint n_first = first != NULL ? 1 : 0;
  guint n_frames = zmqg_message_get_n_frames (message);
  ZmqgFrameView *views = local;

  if (n_frames == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "A message without a frame cannot be sent");
      return NULL;
    }

  if (n_frames + n_first > ZMQG_VIEWS_INLINE)
    views = g_try_new (ZmqgFrameView, (gsize) n_frames + n_first);
  if (views == NULL ||
      zmqg_message_get_views (message, views + n_first, n_frames) == 0)
    {
      if (views != local)
        g_free (views);
      zmqg_set_no_memory (error);
      return NULL;
    }

  if (first != NULL)
    views[0] = *first;
  *n = n_frames + n_first;
  return views;
}

ZmqgFrameView *
zmqg_socket_get_views (ZmqgMessage *message,
                       ZmqgFrameView *local,
                       guint *n,
                       GError **error)
{
  return zmqg_socket_get_views_behind (NULL, message, local, n, error);
}

gboolean
zmqg_socket_send_behind (ZmqgSocket *self,
                         const ZmqgFrameView *first,
                         ZmqgMessage *message,
                         GCancellable *cancellable,
                         GError **error)
{
  ZmqgFrameView local[ZMQG_VIEWS_INLINE];
  ZmqgFrameView *views;
  gboolean sent;
  guint n;

  views = zmqg_socket_get_views_behind (first, message, local, &n, error);
  if (views == NULL)
    return FALSE;

  sent = zmqg_socket_send_views (self, views, n, cancellable, error);
  if (views != local)
    g_free (views);
  return sent;
}

gboolean
zmqg_socket_try_send_behind (ZmqgSocket *self,
                             const ZmqgFrameView *first,
                             ZmqgMessage *message,
                             GError **error)
{
  ZmqgFrameView local[ZMQG_VIEWS_INLINE];
  ZmqgFrameView *views;
  ZmqgIoResult result;
  guint n;

  views = zmqg_socket_get_views_behind (first, message, local, &n, error);
  if (views == NULL)
    return FALSE;

  result = zmqg_socket_core_send (self->core, views, n, 0, error);
  if (result == ZMQG_IO_AGAIN && zmqg_socket_core_make_room (self->core))
    result = zmqg_socket_core_send (self->core, views, n, 0, error);
  if (views != local)
    g_free (views);

  if (result == ZMQG_IO_AGAIN)
    zmqg_set_would_block ("There is no room for the message", error);
  return result == ZMQG_IO_DONE;
}

/**
 * zmqg_socket_send:
 * @self: a socket
 * @message: a message of at least one frame; immutable from now on
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a message: hands all of its frames on together, or none. Waits for
 * room up to the property send-timeout where the socket's type does that.
 * After a cancellation or an error nothing was sent.
 *
 * Fails with %ZMQG_ERROR_TIMED_OUT, %ZMQG_ERROR_STATE,
 * %ZMQG_ERROR_UNROUTABLE, %ZMQG_ERROR_NOT_SUPPORTED, %ZMQG_ERROR_CLOSED,
 * %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or a %G_IO_ERROR.
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send (ZmqgSocket *self,
                  ZmqgMessage *message,
                  GCancellable *cancellable,
                  GError **error)
{
  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_socket_send_behind (self, NULL, message, cancellable, error);
}

/**
 * zmqg_socket_send_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the payload
 * @size: the size of @data in bytes
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a message of one frame, copying the payload. See
 * [method@Socket.send].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send_data (ZmqgSocket *self,
                       const guint8 *data,
                       gsize size,
                       GCancellable *cancellable,
                       GError **error)
{
  ZmqgFrameView view = { data, size, 0, NULL, NULL };

  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_socket_send_views (self, &view, 1, cancellable, error);
}

/**
 * zmqg_socket_send_bytes:
 * @self: a socket
 * @bytes: the payload
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a message of one frame. A large payload is not copied: a reference
 * to @bytes is held until it was sent, and dropped in a thread of the
 * program's. See [method@Socket.send].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send_bytes (ZmqgSocket *self,
                        GBytes *bytes,
                        GCancellable *cancellable,
                        GError **error)
{
  ZmqgFrameView view = { NULL, 0, 0, bytes, NULL };

  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  view.data = g_bytes_get_data (bytes, &view.size);
  return zmqg_socket_send_views (self, &view, 1, cancellable, error);
}

/**
 * zmqg_socket_send_string:
 * @self: a socket
 * @string: the payload; the terminating zero is not sent
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Sends a message of one frame of text. See [method@Socket.send].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_send_string (ZmqgSocket *self,
                         const char *string,
                         GCancellable *cancellable,
                         GError **error)
{
  g_return_val_if_fail (string != NULL, FALSE);

  return zmqg_socket_send_data (self, (const guint8 *) string,
                                strlen (string), cancellable, error);
}

/**
 * zmqg_socket_try_send:
 * @self: a socket
 * @message: a message of at least one frame; immutable from now on
 * @error: return location for an error
 *
 * Sends a message if that is possible without waiting; else fails with
 * %ZMQG_ERROR_WOULD_BLOCK. See [method@Socket.send].
 *
 * Returns: %TRUE if the message was accepted
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_try_send (ZmqgSocket *self,
                      ZmqgMessage *message,
                      GError **error)
{
  g_return_val_if_fail (zmqg_socket_is_valid (self), FALSE);
  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return zmqg_socket_try_send_behind (self, NULL, message, error);
}
