/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-socket-private.h"

#include "base/zmqg-error.h"
#include "compat/compat-error-private.h"

/* Draft calls; some are for types that are not there yet, and refuse all
 * others. */

static int
refuse (void *s_)
{
  CompatSocket *self = compat_socket_enter (s_);

  if (self == NULL)
    return -1;

  compat_socket_leave (self);
  return compat_fail (ENOTSUP);
}

int
zmq_join (void *s,
          const char *group G_GNUC_UNUSED)
{
  return refuse (s);
}

int
zmq_leave (void *s,
           const char *group G_GNUC_UNUSED)
{
  return refuse (s);
}

uint32_t
zmq_connect_peer (void *s_,
                  const char *addr_ G_GNUC_UNUSED)
{
  refuse (s_);
  return 0;
}

int
zmq_disconnect_peer (void *s_,
                     uint32_t routing_id_ G_GNUC_UNUSED)
{
  return refuse (s_);
}

int
zmq_socket_get_peer_state (void *socket,
                           const void *routing_id,
                           size_t routing_id_size)
{
  CompatSocket *self = compat_socket_enter (socket);
  int result;

  if (self == NULL)
    return -1;

  if (self->core->ops->find_peer == NULL)
    {
      result = compat_fail (ENOTSUP);
    }
  else if (zmqg_context_core_is_forked (self->core->context))
    {
      result = compat_fail (EINTR);
    }
  else
    {
      ZmqgPipe *pipe;

      zmqg_socket_core_lock (self->core);
      pipe = self->core->ops->find_peer (self->core, routing_id,
                                         routing_id_size);
      result = pipe == NULL
                 ? -1
                 : (zmqg_pipe_has_room (pipe) ? ZMQ_POLLOUT : 0);
      zmqg_socket_core_unlock (self->core);
      if (result < 0)
        errno = EHOSTUNREACH;
    }

  compat_socket_leave (self);
  return result;
}

int
zmq_socket_monitor_pipes_stats (void *s)
{
  CompatSocket *self = compat_socket_enter (s);
  GError *error = NULL;
  int result = 0;

  if (self == NULL)
    return -1;

  if (!zmqg_socket_report_pipes_stats (self->socket, &error))
    {
      /* Nobody has asked for this event. */
      if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_STATE))
        {
          g_error_free (error);
          result = compat_fail (EINVAL);
        }
      else
        {
          result = compat_fail_with (error);
        }
    }

  compat_socket_leave (self);
  return result;
}
