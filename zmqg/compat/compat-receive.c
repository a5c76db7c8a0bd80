/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-socket-private.h"

#include "base/zmqg-error.h"
#include "compat/compat-error-private.h"
#include "message/zmqg-message-struct-private.h"
#include "socket/zmqg-socket-small-private.h"
#include "socket/zmqg-socket-wait-private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* --- Messages ------------------------------------------------------------- */

static ZmqgMessage *
fail_receive (CompatSocket *self,
              GError *error)
{
  if (compat_socket_is_terminated (self))
    {
      g_clear_error (&error);
      compat_fail (ETERM);
    }
  else
    {
      compat_fail_with (error);
    }

  return NULL;
}

static ZmqgMessage *
receive_at_once (CompatSocket *self)
{
  ZmqgSocketCore *core = self->core;
  ZmqgMessage *message = NULL;
  GError *error = NULL;
  ZmqgIoResult result;

  result = zmqg_socket_core_receive (core, &message, &error);
  if (result == ZMQG_IO_AGAIN && zmqg_socket_core_poll_engine (core))
    result = zmqg_socket_core_receive (core, &message, &error);
  if (result == ZMQG_IO_AGAIN && compat_socket_has_fd (self))
    {
      compat_socket_rearm_fd (self);
      result = zmqg_socket_core_receive (core, &message, &error);
    }

  if (result == ZMQG_IO_AGAIN)
    errno = EAGAIN;
  else if (result == ZMQG_IO_FAILED)
    fail_receive (self, error);
  return message;
}

/* The first attempt did not get there. */
static ZmqgMessage *
receive_later (CompatSocket *self,
               ZmqgReceiver *receiver,
               ZmqgIoResult result,
               GError *error)
{
  ZmqgWait wait = { .core = self->core, .fd = -1, .interruptible = TRUE };

  if (result == ZMQG_IO_AGAIN)
    result = zmqg_wait_receive (
      &wait, receiver,
      zmqg_socket_core_get_timeout (self->core, ZMQG_WAIT_IN), &error);

  if (wait.interrupted)
    {
      g_error_free (error);
      errno = EINTR;
      return NULL;
    }

  return result == ZMQG_IO_DONE ? receiver->message
                                : fail_receive (self, error);
}

static inline ZmqgMessage *
receive_waiting (CompatSocket *self)
{
  ZmqgReceiver receiver = { .core = self->core };
  GError *error = NULL;
  ZmqgIoResult result;

  result = zmqg_receiver_try (&receiver, &error);
  return G_LIKELY (result == ZMQG_IO_DONE)
           ? receiver.message
           : receive_later (self, &receiver, result, error);
}

/* A request is sent whole before its reply is received. */
static inline gboolean
is_in_request (CompatSocket *self)
{
  return G_UNLIKELY ((atomic_load_explicit (&self->partial,
                                            memory_order_relaxed) &
                      COMPAT_OUTGOING) != 0) &&
         self->core->ops->lock_step;
}

static inline ZmqgMessage *
receive_new (CompatSocket *self,
             int flags)
{
  if (is_in_request (self))
    {
      errno = EFSM;
      return NULL;
    }

  return (flags & ZMQ_DONTWAIT) != 0 ? receive_at_once (self)
                                     : receive_waiting (self);
}

/* --- Frames --------------------------------------------------------------- */

/* The frame in the place of what was there. Takes the reference. */
static inline void
put_frame (CompatMessage *frame,
           ZmqgMessage *message,
           guint i)
{
  compat_message_release (frame);
  compat_message_init_frame (frame, message, i);
}

/* What is left of a message: the next frame of it, with a reference. */
static gboolean
take_next (CompatSocket *self,
           CompatMessage *frame)
{
  ZmqgMessage *message;
  guint i = 0;

  zmqg_lock (&self->lock);
  message = self->incoming;
  if (message != NULL)
    {
      i = self->next_frame++;
      if (self->next_frame == message->n_frames)
        {
          self->incoming = NULL;
          atomic_fetch_and (&self->partial, ~COMPAT_INCOMING);
        }
      else
        {
          zmqg_message_ref (message);
        }
    }
  zmqg_unlock (&self->lock);

  if (message != NULL)
    put_frame (frame, message, i);
  return message != NULL;
}

/* The frames behind the first one are for later calls. */
static void
keep_rest (CompatSocket *self,
           ZmqgMessage *message)
{
  ZmqgMessage *old;

  zmqg_lock (&self->lock);
  old = self->incoming;
  self->incoming = zmqg_message_ref (message);
  self->next_frame = 1;
  atomic_fetch_or (&self->partial, COMPAT_INCOMING);
  zmqg_unlock (&self->lock);

  /* Only where two threads receive frames of one socket. */
  g_clear_pointer (&old, zmqg_message_unref);
}

/* The next frame, in the place of what was in @frame; -1 with errno. */
static int
receive_any_frame (CompatSocket *self,
               CompatMessage *frame,
               int flags)
{
  ZmqgMessage *message;

  if (G_UNLIKELY ((atomic_load_explicit (&self->partial,
                                         memory_order_relaxed) &
                   COMPAT_INCOMING) != 0))
    {
      if (compat_socket_is_terminated (self))
        return compat_fail (ETERM);
      if (take_next (self, frame))
        goto received;
    }

  message = receive_new (self, flags);
  if (message == NULL)
    return -1;

  if (G_UNLIKELY (message->n_frames > 1))
    keep_rest (self, message);
  put_frame (frame, message, 0);

received:
  atomic_store_explicit (&self->more, (frame->flags & COMPAT_MORE) != 0,
                         memory_order_relaxed);
  return 0;
}

/* The many: a small message of one frame that lies ready. Its pipe, with the
 * lock held; %NULL when that is not how it is. */
static inline ZmqgPipe *
begin_small (CompatSocket *self,
             const guint8 **data,
             gsize *size)
{
  ZmqgSocketCore *core = self->core;
  ZmqgPipe *pipe;

  if (G_UNLIKELY (core->small_in == NULL ||
                  atomic_load_explicit (&self->partial,
                                        memory_order_relaxed) != 0 ||
                  !zmqg_small_lock (core)))
    return NULL;

  pipe = zmqg_small_peek (core, data, size);
  if (G_UNLIKELY (pipe == NULL))
    zmqg_socket_core_unlock (core);
  return pipe;
}

static inline void
end_small (CompatSocket *self,
           ZmqgPipe *pipe,
           gsize size)
{
  zmqg_small_take (self->core, pipe, size);
  zmqg_socket_core_hand_on (self->core, ZMQG_WAIT_IN);
  zmqg_socket_core_unlock (self->core);
  atomic_store_explicit (&self->more, FALSE, memory_order_relaxed);
}

/* %FALSE when nothing happened. */
static inline gboolean
receive_small (CompatSocket *self,
               CompatMessage *frame)
{
  gboolean in_place = compat_message_is_own (frame);
  CompatMessage fresh;
  const guint8 *data;
  ZmqgPipe *pipe;
  gsize size;

  pipe = begin_small (self, &data, &size);
  if (G_UNLIKELY (pipe == NULL))
    return FALSE;

  if (G_UNLIKELY (!in_place))
    compat_message_init (&fresh);
  if (G_UNLIKELY (!compat_message_put_small (in_place ? frame : &fresh, data,
                                             size, zmqg_pipe_peek_tag (pipe),
                                             &pipe->tags)))
    {
      zmqg_socket_core_unlock (self->core);
      return FALSE;
    }

  end_small (self, pipe, size);
  if (G_UNLIKELY (!in_place))
    {
      compat_message_release (frame);
      *frame = fresh;
    }
  return TRUE;
}

static inline int
receive_frame (CompatSocket *self,
               CompatMessage *frame,
               int flags)
{
  return G_LIKELY (receive_small (self, frame))
           ? 0
           : receive_any_frame (self, frame, flags);
}

ZmqgMessage *
compat_socket_receive (CompatSocket *self,
                       int flags,
                       guint *first)
{
  ZmqgMessage *message;

  zmqg_lock (&self->lock);
  message = g_steal_pointer (&self->incoming);
  *first = message != NULL ? self->next_frame : 0;
  atomic_fetch_and (&self->partial, ~COMPAT_INCOMING);
  zmqg_unlock (&self->lock);

  return message != NULL ? message : receive_new (self, flags);
}

void
compat_socket_give_back (CompatSocket *self,
                         ZmqgMessage *message,
                         guint first)
{
  ZmqgMessage *old = message;

  zmqg_lock (&self->lock);
  if (self->incoming == NULL)
    {
      self->incoming = g_steal_pointer (&old);
      self->next_frame = first;
      atomic_fetch_or (&self->partial, COMPAT_INCOMING);
    }
  zmqg_unlock (&self->lock);

  /* Only where another thread receives frames of the socket. */
  g_clear_pointer (&old, zmqg_message_unref);
  zmqg_inbox_wake (&self->core->inbox, ZMQG_WAIT_IN);
}

/* --- The API -------------------------------------------------------------- */

/* Nothing came: what was in the message goes all the same, as in libzmq. */
static void
empty_message (CompatMessage *message)
{
  int code = errno;

  compat_message_release (message);
  compat_message_init (message);
  errno = code;
}

int
zmq_msg_recv (zmq_msg_t *msg_,
              void *s_,
              int flags_)
{
  CompatMessage *message = (CompatMessage *) msg_;
  CompatSocket *self = compat_socket_enter (s_);
  int result = -1;

  if (G_UNLIKELY (self == NULL))
    return -1;

  if (G_UNLIKELY (!compat_message_is_valid (message)))
    {
      compat_fail (compat_socket_is_terminated (self) ? ETERM : EFAULT);
    }
  else if (receive_frame (self, message, flags_) == 0)
    {
      result = (int) MIN (compat_message_get_size (message), G_MAXINT);
    }
  else if (errno == EAGAIN || errno == EINTR)
    {
      empty_message (message);
    }

  compat_socket_leave (self);
  return result;
}

int
zmq_recvmsg (void *s_,
             zmq_msg_t *msg_,
             int flags_)
{
  return zmq_msg_recv (msg_, s_, flags_);
}

static int
receive_to_memory (CompatSocket *self,
                   void *buf,
                   gsize room,
                   int flags)
{
  CompatMessage frame;
  gsize size;

  compat_message_init (&frame);
  if (receive_any_frame (self, &frame, flags) < 0)
    return -1;

  size = compat_message_get_size (&frame);
  zmqg_copy_small (buf, compat_message_get_data (&frame), MIN (size, room));
  compat_message_release (&frame);
  return (int) MIN (size, G_MAXINT);
}

int
zmq_recv (void *s_,
          void *buf_,
          size_t len_,
          int flags_)
{
  CompatSocket *self = compat_socket_enter (s_);
  const guint8 *data;
  ZmqgPipe *pipe;
  gsize size;
  int result;

  if (G_UNLIKELY (self == NULL))
    return -1;

  pipe = begin_small (self, &data, &size);
  if (G_LIKELY (pipe != NULL))
    {
      zmqg_copy_small (buf_, data, MIN (size, len_));
      end_small (self, pipe, size);
      result = (int) size;
    }
  else
    {
      result = receive_to_memory (self, buf_, len_, flags_);
    }

  compat_socket_leave (self);
  return result;
}

/* A copy of the frame that the caller frees with free (). */
static gboolean
copy_out (CompatMessage *frame,
          struct iovec *iov)
{
  gsize size = compat_message_get_size (frame);

  iov->iov_base = malloc (MAX (size, 1));
  iov->iov_len = size;
  if (iov->iov_base == NULL)
    return FALSE;

  if (size > 0)
    memcpy (iov->iov_base, compat_message_get_data (frame), size);
  return TRUE;
}

int
zmq_recviov (void *s_,
             struct iovec *iov_,
             size_t *count_,
             int flags_)
{
  CompatSocket *self = compat_socket_enter (s_);
  gsize room;
  gboolean more = TRUE;
  int n = 0;

  if (self == NULL)
    return -1;
  if (count_ == NULL || *count_ == 0 || iov_ == NULL)
    {
      compat_socket_leave (self);
      return compat_fail (EINVAL);
    }

  room = *count_;
  *count_ = 0;
  while (more && *count_ < room)
    {
      CompatMessage frame;

      compat_message_init (&frame);
      if (receive_frame (self, &frame, flags_) < 0)
        {
          n = -1;
          break;
        }

      more = (frame.flags & COMPAT_MORE) != 0;
      if (!copy_out (&frame, &iov_[*count_]))
        n = compat_fail (ENOMEM);
      compat_message_release (&frame);
      if (n < 0)
        break;
      *count_ += 1;
      n++;
    }

  compat_socket_leave (self);
  return n;
}
