/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-socket-private.h"

#include "compat/compat-error-private.h"
#include "message/zmqg-message-struct-private.h"

#include <string.h>

/* zmq_proxy () and zmq_proxy_steerable (). */

/* Messages of one direction in one turn. */
#define BURST 1000

/* As STATISTICS tells it. */
typedef struct
{
  guint64 frames_in;
  guint64 bytes_in;
  guint64 frames_out;
  guint64 bytes_out;
} Traffic;

/* From one socket to another. */
typedef struct
{
  CompatSocket *from;
  CompatSocket *to;
  Traffic *in;
  Traffic *out;
  gboolean full;        /* @to has no room: nothing is received */
  ZmqgMessage *waiting; /* what was, all the same; counted */
  guint first;          /* frame of it */
} Direction;

typedef struct
{
  CompatSocket *front;
  CompatSocket *back;
  CompatSocket *capture; /* nullable */
  CompatSocket *control; /* nullable */
  Direction forth;
  Direction back_again; /* without use when both ends are one */
  Traffic front_traffic;
  Traffic back_traffic;
  gboolean paused;
  gboolean terminated;
} Proxy;

static gsize
get_views (ZmqgMessage *message,
           guint first,
           ZmqgFrameView *views)
{
  zmqg_message_get_views (message, views, message->n_frames);
  return zmqg_frame_views_get_size (views + first,
                                    message->n_frames - first);
}

/* %FALSE with errno; what a signal interrupts is given back. */
static gboolean
capture (Proxy *self,
         Direction *direction,
         ZmqgMessage *message,
         guint first,
         const ZmqgFrameView *views)
{
  if (self->capture == NULL ||
      compat_socket_send_views (self->capture, views + first,
                                message->n_frames - first, 0, 0) == 0)
    return TRUE;

  if (errno == EINTR)
    {
      compat_socket_give_back (direction->from, zmqg_message_ref (message),
                               first);
      errno = EINTR;
    }
  return FALSE;
}

/* %FALSE with errno. What does not fit is kept. */
static gboolean
pass_on (Proxy *self,
         Direction *direction,
         ZmqgMessage *message,
         guint first,
         gboolean is_new)
{
  ZmqgFrameView local[16];
  g_autofree ZmqgFrameView *heap = NULL;
  ZmqgFrameView *views = local;
  guint n = message->n_frames - first;
  gsize size;

  if (message->n_frames > G_N_ELEMENTS (local))
    views = heap = g_try_new (ZmqgFrameView, message->n_frames);
  if (views == NULL)
    {
      errno = ENOMEM;
      return FALSE;
    }

  size = get_views (message, first, views);
  for (guint i = first; i < message->n_frames; i++)
    {
      compat_socket_keep_view (direction->to, &views[i]);
      if (self->capture != NULL)
        compat_socket_keep_view (self->capture, &views[i]);
    }
  if (is_new)
    {
      direction->in->frames_in += n;
      direction->in->bytes_in += size;
      if (!capture (self, direction, message, first, views))
        return FALSE;
    }

  if (compat_socket_send_views (direction->to, views + first, n, 0,
                                ZMQ_DONTWAIT) == 0)
    {
      direction->out->frames_out += n;
      direction->out->bytes_out += size;
      return TRUE;
    }
  if (errno != EAGAIN)
    return FALSE;

  direction->waiting = zmqg_message_ref (message);
  direction->first = first;
  return TRUE;
}

/* Before something is received that is captured: what had to be given back
 * would be captured twice. */
static gboolean
has_room (Proxy *self,
          Direction *direction)
{
  direction->full = self->capture != NULL && direction->waiting == NULL &&
                    compat_socket_look (direction->to, ZMQ_POLLOUT) == 0;
  return !direction->full;
}

/* When a signal or a command ends the proxy. */
static void
give_back (Direction *direction)
{
  ZmqgMessage *message = g_steal_pointer (&direction->waiting);

  if (message != NULL)
    compat_socket_give_back (direction->from, message, direction->first);
}

/* %FALSE with errno. */
static gboolean
forward (Proxy *self,
         Direction *direction)
{
  for (guint i = 0; i < BURST && has_room (self, direction); i++)
    {
      g_autoptr (ZmqgMessage) message =
        g_steal_pointer (&direction->waiting);
      gboolean is_new = message == NULL;
      guint first = direction->first;

      if (is_new)
        message = compat_socket_receive (direction->from, ZMQ_DONTWAIT,
                                         &first);
      if (message == NULL)
        return errno == EAGAIN;
      if (!pass_on (self, direction, message, first, is_new))
        return FALSE;
      if (direction->waiting != NULL)
        return TRUE;
    }

  return TRUE;
}

/* --- Control ---------------------------------------------------------------- */

static int
send_statistics (Proxy *self)
{
  const guint64 values[] = {
    self->front_traffic.frames_in, self->front_traffic.bytes_in,
    self->front_traffic.frames_out, self->front_traffic.bytes_out,
    self->back_traffic.frames_in, self->back_traffic.bytes_in,
    self->back_traffic.frames_out, self->back_traffic.bytes_out,
  };
  ZmqgFrameView views[G_N_ELEMENTS (values)];

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    views[i] = (ZmqgFrameView) {
      (const guint8 *) &values[i], sizeof values[i],
      i + 1 < G_N_ELEMENTS (values) ? ZMQG_FRAME_MORE : 0
    };

  return compat_socket_send_views (self->control, views,
                                   G_N_ELEMENTS (views), 0, 0);
}

static gboolean
is_command (const ZmqgMessage *message,
            const char *command)
{
  return message->n_frames == 1 &&
         message->frames[0].size == strlen (command) &&
         memcmp (message->frames[0].data, command, strlen (command)) == 0;
}

/* %FALSE with errno. */
static gboolean
obey (Proxy *self)
{
  g_autoptr (ZmqgMessage) message = NULL;
  guint first;

  message = compat_socket_receive (self->control, ZMQ_DONTWAIT, &first);
  if (message == NULL)
    return errno == EAGAIN;

  if (is_command (message, "STATISTICS"))
    return send_statistics (self) == 0;

  if (is_command (message, "PAUSE"))
    self->paused = TRUE;
  else if (is_command (message, "RESUME"))
    self->paused = FALSE;
  else if (is_command (message, "TERMINATE"))
    self->terminated = TRUE;

  /* Who asks by REQ has to be answered. */
  if (self->control->core->ops->type == ZMQG_SOCKET_TYPE_REP)
    return compat_socket_send_views (
             self->control, &(ZmqgFrameView) { (const guint8 *) "", 0 }, 1, 0,
             0) == 0;
  return TRUE;
}

/* --- The loop ---------------------------------------------------------------- */

/* What has to happen for a direction to go on. */
static void
ask_for (const Proxy *self,
         const Direction *direction,
         zmq_pollitem_t *front,
         zmq_pollitem_t *back)
{
  zmq_pollitem_t *from = direction->from == self->front ? front : back;
  zmq_pollitem_t *to = direction->to == self->front ? front : back;

  if (direction->waiting != NULL || direction->full)
    to->events |= ZMQ_POLLOUT;
  else
    from->events |= ZMQ_POLLIN;
}

static gboolean
may_go_on (const Proxy *self,
           const Direction *direction,
           const zmq_pollitem_t *front,
           const zmq_pollitem_t *back)
{
  const zmq_pollitem_t *from = direction->from == self->front ? front : back;
  const zmq_pollitem_t *to = direction->to == self->front ? front : back;

  return direction->waiting != NULL || direction->full
           ? (to->revents & ZMQ_POLLOUT) != 0
           : (from->revents & ZMQ_POLLIN) != 0;
}

static int
run (Proxy *self)
{
  const gboolean is_loop = self->front == self->back;

  while (!self->terminated)
    {
      zmq_pollitem_t items[] = {
        { .socket = self->front },
        { .socket = self->back },
        { .socket = self->control, .events = ZMQ_POLLIN },
      };

      if (!self->paused)
        {
          ask_for (self, &self->forth, &items[0], &items[1]);
          if (!is_loop)
            ask_for (self, &self->back_again, &items[0], &items[1]);
        }
      if (zmq_poll (items, self->control != NULL ? 3 : 2, -1) < 0)
        return -1;

      if (self->control != NULL && items[2].revents != 0 && !obey (self))
        return -1;
      if (self->paused || self->terminated)
        continue;
      if ((may_go_on (self, &self->forth, &items[0], &items[1]) &&
           !forward (self, &self->forth)) ||
          (!is_loop &&
           may_go_on (self, &self->back_again, &items[0], &items[1]) &&
           !forward (self, &self->back_again)))
        return -1;
    }

  return 0;
}

static int
run_with (Proxy *self)
{
  self->forth = (Direction) { self->front, self->back, &self->front_traffic,
                              &self->back_traffic };
  self->back_again = (Direction) { self->back, self->front,
                                   &self->back_traffic,
                                   &self->front_traffic };
  return run (self);
}

static void
leave (CompatSocket *socket)
{
  if (socket != NULL)
    compat_socket_drop (socket);
}

int
zmq_proxy_steerable (void *frontend_,
                     void *backend_,
                     void *capture_,
                     void *control_)
{
  Proxy self = { NULL };
  int result = -1;
  int code;

  if (frontend_ == NULL || backend_ == NULL)
    return compat_fail (EFAULT);

  self.front = compat_socket_hold (frontend_);
  self.back = compat_socket_hold (backend_);
  if (capture_ != NULL)
    self.capture = compat_socket_hold (capture_);
  if (control_ != NULL)
    self.control = compat_socket_hold (control_);

  if (self.front != NULL && self.back != NULL &&
      (capture_ == NULL || self.capture != NULL) &&
      (control_ == NULL || self.control != NULL))
    result = run_with (&self);

  code = errno;
  give_back (&self.forth);
  give_back (&self.back_again);
  leave (self.front);
  leave (self.back);
  leave (self.capture);
  leave (self.control);
  errno = code;
  return result;
}

int
zmq_proxy (void *frontend_,
           void *backend_,
           void *capture_)
{
  return zmq_proxy_steerable (frontend_, backend_, capture_, NULL);
}

int
zmq_device (int type_ G_GNUC_UNUSED,
            void *frontend_,
            void *backend_)
{
  return zmq_proxy_steerable (frontend_, backend_, NULL, NULL);
}
