/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-socket-private.h"

#include "base/zmqg-error.h"
#include "compat/compat-error-private.h"
#include "compat/compat-releaser-private.h"
#include "socket/zmqg-socket-small-private.h"
#include "socket/zmqg-socket-wait-private.h"

#include <sys/uio.h>

/* --- Messages ------------------------------------------------------------- */

static int
fail_send (CompatSocket *self,
           GError *error)
{
  /* Whether the type can send is looked at first. */
  if (compat_socket_is_terminated (self))
    {
      g_clear_error (&error);
      return compat_fail (ETERM);
    }

  return compat_fail_with (error);
}

/* There was no room. */
static int
send_again (CompatSocket *self,
            const ZmqgFrameView *views,
            guint n,
            ZmqgSendFlags step,
            int flags)
{
  ZmqgSocketCore *core = self->core;
  ZmqgWait wait = { .core = core, .fd = -1, .interruptible = TRUE };
  ZmqgIoResult result = ZMQG_IO_AGAIN;
  GError *error = NULL;

  if ((flags & ZMQ_DONTWAIT) != 0)
    {
      if (zmqg_socket_core_make_room (core))
        result = zmqg_socket_core_send (core, views, n, step, &error);
      if (result == ZMQG_IO_AGAIN && compat_socket_has_fd (self))
        {
          compat_socket_rearm_fd (self);
          result = zmqg_socket_core_send (core, views, n, step, &error);
        }
      if (result == ZMQG_IO_AGAIN)
        return compat_fail (EAGAIN);
    }
  else
    {
      result = zmqg_wait_send (
        &wait, views, n, step | ZMQG_SEND_PATIENT,
        zmqg_socket_core_get_timeout (core, ZMQG_WAIT_OUT), &error);
      if (wait.interrupted)
        {
          g_error_free (error);
          return compat_fail (EINTR);
        }
    }

  return result == ZMQG_IO_DONE ? 0 : fail_send (self, error);
}

/* The first attempt did not get there. */
static int
send_later (CompatSocket *self,
            const ZmqgFrameView *views,
            guint n,
            ZmqgSendFlags step,
            int flags,
            ZmqgIoResult result,
            GError *error)
{
  return result == ZMQG_IO_AGAIN ? send_again (self, views, n, step, flags)
                                 : fail_send (self, error);
}

static inline int
send_views (CompatSocket *self,
            const ZmqgFrameView *views,
            guint n,
            ZmqgSendFlags step,
            int flags)
{
  ZmqgSendFlags how = step;
  ZmqgIoResult result;
  GError *error = NULL;

  if ((flags & ZMQ_DONTWAIT) == 0)
    how |= ZMQG_SEND_PATIENT;

  result = zmqg_socket_core_send (self->core, views, n, how, &error);
  return G_LIKELY (result == ZMQG_IO_DONE)
           ? 0
           : send_later (self, views, n, step, flags, result, error);
}

int
compat_socket_send_views (CompatSocket *self,
                          const ZmqgFrameView *views,
                          guint n,
                          ZmqgSendFlags step,
                          int flags)
{
  return send_views (self, views, n, step, flags);
}

void
compat_socket_keep_view (CompatSocket *self,
                         ZmqgFrameView *view)
{
  if (G_LIKELY (view->bytes == NULL) || compat_releaser_watch (self))
    return;

  /* Nobody could free it later. */
  view->bytes = NULL;
  view->flags &= ~ZMQG_FRAME_REFER;
}

/* A view of a frame that is sent, and what is to be dropped then. */
static void
get_view (CompatSocket *self,
          CompatMessage *message,
          ZmqgFrameView *view,
          GBytes **bytes)
{
  compat_message_get_view (message, view, bytes);
  compat_socket_keep_view (self, view);
}

/* --- Messages of many frames ---------------------------------------------- */

static void
drop_bytes (gpointer data)
{
  if (data != NULL)
    g_bytes_unref (data);
}

/* Sends all frames of a message that was begun. */
static int
finish (CompatSocket *self,
        GArray *frames,
        int flags)
{
  g_autofree ZmqgFrameView *views = g_try_new (ZmqgFrameView, frames->len);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (drop_bytes);

  if (views == NULL)
    return compat_fail (ENOMEM);

  for (guint i = 0; i < frames->len; i++)
    {
      GBytes *bytes;

      get_view (self, &g_array_index (frames, CompatMessage, i), &views[i],
                &bytes);
      if (i + 1 < frames->len)
        views[i].flags |= ZMQG_FRAME_MORE;
      g_ptr_array_add (all, bytes);
    }

  return compat_socket_send_views (self, views, frames->len,
                                   ZMQG_SEND_FINISH, flags);
}

/* Of the frames so far, whom the message goes to is known; takes the last. */
static GArray *
add_frame (CompatSocket *self,
           CompatMessage *message,
           gboolean more)
{
  GArray *frames = NULL;

  zmqg_lock (&self->lock);
  if (self->outgoing == NULL)
    self->outgoing = g_array_new (FALSE, FALSE, sizeof *message);
  g_array_append_val (self->outgoing, *message);
  if (!more)
    frames = g_steal_pointer (&self->outgoing);
  if (more)
    atomic_fetch_or (&self->partial, COMPAT_OUTGOING);
  else
    atomic_fetch_and (&self->partial, ~COMPAT_OUTGOING);
  zmqg_unlock (&self->lock);

  return frames;
}

static void
drop_frames (GArray *frames)
{
  for (guint i = 0; i < frames->len; i++)
    compat_message_release (&g_array_index (frames, CompatMessage, i));
}

/* The last frame was refused, and may be sent again. */
static void
take_back (CompatSocket *self,
           GArray *frames,
           CompatMessage *message)
{
  gboolean kept;

  *message = g_array_index (frames, CompatMessage, frames->len - 1);
  g_array_set_size (frames, frames->len - 1);

  zmqg_lock (&self->lock);
  kept = self->outgoing == NULL;
  if (kept)
    {
      self->outgoing = g_array_ref (frames);
      atomic_fetch_or (&self->partial, COMPAT_OUTGOING);
    }
  zmqg_unlock (&self->lock);

  /* Only where two threads send frames by one socket. */
  if (!kept)
    drop_frames (frames);
}

/* A frame of many: takes it when the result is 0. */
static int
send_frame (CompatSocket *self,
            CompatMessage *message,
            int flags)
{
  GArray *frames;
  int result;
  int code;

  if (compat_socket_is_terminated (self))
    return compat_fail (ETERM);

  message->flags &= ~COMPAT_MORE;
  if ((atomic_load (&self->partial) & COMPAT_OUTGOING) == 0)
    {
      ZmqgFrameView view = { compat_message_get_data (message),
                             compat_message_get_size (message),
                             ZMQG_FRAME_MORE };

      if (compat_socket_send_views (self, &view, 1, ZMQG_SEND_BEGIN,
                                    flags) < 0)
        return -1;
    }

  frames = add_frame (self, message, (flags & ZMQ_SNDMORE) != 0);
  if (frames == NULL)
    return 0;

  result = finish (self, frames, flags);
  code = errno;
  if (result < 0)
    take_back (self, frames, message);
  if (result < 0 && code != EAGAIN && code != EINTR && code != ENOMEM)
    compat_socket_drop_outgoing (self);
  else if (result == 0)
    drop_frames (frames);
  g_array_unref (frames);

  if (result < 0)
    errno = code;
  return result;
}

void
compat_socket_drop_outgoing (CompatSocket *self)
{
  GArray *frames;

  zmqg_lock (&self->lock);
  frames = g_steal_pointer (&self->outgoing);
  atomic_fetch_and (&self->partial, ~COMPAT_OUTGOING);
  zmqg_unlock (&self->lock);

  if (frames == NULL)
    return;
  drop_frames (frames);
  g_array_unref (frames);
}

/* With lock-step a reply is received whole before the next request, and the
 * other way round. */
static gboolean
is_in_reply (CompatSocket *self)
{
  if (G_LIKELY ((atomic_load_explicit (&self->partial,
                                       memory_order_relaxed) &
                 COMPAT_INCOMING) == 0))
    return FALSE;

  return self->core->ops->lock_step;
}

static gboolean
is_one_of_many (CompatSocket *self,
                int flags)
{
  return (flags & ZMQ_SNDMORE) != 0 ||
         (atomic_load_explicit (&self->partial, memory_order_relaxed) &
          COMPAT_OUTGOING) != 0;
}

/* Takes the message, which is empty then, when the result is no error. */
static int
send_any_message (CompatSocket *self,
              CompatMessage *message,
              int flags)
{
  gsize size = compat_message_get_size (message);
  ZmqgFrameView view;
  GBytes *bytes;
  int result;

  if (is_in_reply (self))
    return compat_fail (EFSM);

  if (G_UNLIKELY (is_one_of_many (self, flags)))
    {
      if (send_frame (self, message, flags) < 0)
        return -1;
    }
  else
    {
      get_view (self, message, &view, &bytes);
      result = compat_socket_send_views (self, &view, 1, 0, flags);
      if (G_UNLIKELY (bytes != NULL))
        g_bytes_unref (bytes);
      if (result < 0)
        return -1;
      compat_message_release (message);
    }

  compat_message_init (message);
  return (int) MIN (size, G_MAXINT);
}

/* The many: neither a frame of a message of several, nor between such. */
static inline gboolean
is_whole (CompatSocket *self,
          int flags)
{
  return (flags & ZMQ_SNDMORE) == 0 &&
         atomic_load_explicit (&self->partial, memory_order_relaxed) == 0;
}

static inline int
send_message (CompatSocket *self,
              CompatMessage *message,
              int flags)
{
  const guint8 *data = compat_message_get_data (message);
  gsize size = compat_message_get_size (message);

  if (G_UNLIKELY (!is_whole (self, flags) ||
                  !compat_message_is_small (message)))
    return send_any_message (self, message, flags);

  if (!zmqg_small_send (self->core, data, size) &&
      send_views (self, &(ZmqgFrameView) { data, size }, 1, 0, flags) < 0)
    return -1;

  compat_message_release (message);
  compat_message_init (message);
  return (int) size;
}

/* --- The API -------------------------------------------------------------- */

int
zmq_msg_send (zmq_msg_t *msg_,
              void *s_,
              int flags_)
{
  CompatMessage *message = (CompatMessage *) msg_;
  CompatSocket *self = compat_socket_enter (s_);
  int result;

  if (G_UNLIKELY (self == NULL))
    return -1;

  if (G_UNLIKELY (!compat_message_is_valid (message)))
    result = compat_fail (compat_socket_is_terminated (self) ? ETERM
                                                             : EFAULT);
  else
    result = send_message (self, message, flags_);

  compat_socket_leave (self);
  return result;
}

int
zmq_sendmsg (void *s_,
             zmq_msg_t *msg_,
             int flags_)
{
  return zmq_msg_send (msg_, s_, flags_);
}

/* A frame whose memory is the caller's: it is copied when it has to be kept. */
static int
send_memory (CompatSocket *self,
             const void *buf,
             gsize size,
             int flags,
             gboolean for_ever)
{
  int result;

  if (G_LIKELY (!for_ever && is_whole (self, flags) &&
                zmqg_small_send (self->core, buf, size)))
    return (int) size;

  if (is_in_reply (self))
    return compat_fail (EFSM);

  if (G_UNLIKELY (for_ever || is_one_of_many (self, flags)))
    {
      CompatMessage message;

      if (for_ever)
        zmq_msg_init_data ((zmq_msg_t *) &message, (void *) buf, size, NULL,
                           NULL);
      else if (!compat_message_init_copy (&message, buf, size))
        return compat_fail (ENOMEM);

      result = send_message (self, &message, flags);
      compat_message_release (&message);
      return result;
    }

  result = send_views (
    self, &(ZmqgFrameView) { size > 0 ? buf : "", size }, 1, 0, flags);
  return result < 0 ? result : (int) MIN (size, G_MAXINT);
}

static int
send_by_handle (void *handle,
                const void *buf,
                gsize size,
                int flags,
                gboolean for_ever)
{
  CompatSocket *self = compat_socket_enter (handle);
  int result;

  if (G_UNLIKELY (self == NULL))
    return -1;

  result = send_memory (self, buf, size, flags, for_ever);
  compat_socket_leave (self);
  return result;
}

int
zmq_send (void *s_,
          const void *buf_,
          size_t len_,
          int flags_)
{
  return send_by_handle (s_, buf_, len_, flags_, FALSE);
}

int
zmq_send_const (void *s_,
                const void *buf_,
                size_t len_,
                int flags_)
{
  return send_by_handle (s_, buf_, len_, flags_, TRUE);
}

int
zmq_sendiov (void *s_,
             struct iovec *iov_,
             size_t count_,
             int flags_)
{
  CompatSocket *self = compat_socket_enter (s_);
  int result = 0;

  if (self == NULL)
    return -1;

  if (count_ == 0 || iov_ == NULL)
    result = compat_fail (EINVAL);
  for (gsize i = 0; i < count_ && result >= 0; i++)
    result = send_memory (self, iov_[i].iov_base, iov_[i].iov_len,
                          i + 1 < count_ ? flags_ : flags_ & ~ZMQ_SNDMORE,
                          FALSE);

  compat_socket_leave (self);
  return result;
}
