/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-link-private.h"

#include <sys/socket.h>
#include <unistd.h>

ZmqgLink *
zmqg_link_new_fd (int fd)
{
  ZmqgLink *self = g_new0 (ZmqgLink, 1);

  self->fd = fd;
  return self;
}

ZmqgLink *
zmqg_link_new_stream (GIOStream *stream)
{
  ZmqgLink *self = g_new0 (ZmqgLink, 1);

  self->fd = -1;
  self->stream = g_object_ref (stream);
  return self;
}

void
zmqg_link_free (ZmqgLink *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_clear_object (&self->stream);
  g_clear_object (&self->remote);
  g_clear_object (&self->credentials);
  g_clear_error (&self->refusal);
  g_free (self->local_text);
  g_free (self->remote_text);
  g_free (self->peer_address);
  g_free (self);
}

void
zmqg_listening_close (ZmqgListening *self)
{
  if (self->fd >= 0)
    {
      /* Whoever polls it wakes up, and nobody listens any more, even where
       * another process has the descriptor too: unless we have it from
       * there. */
      if (!self->is_adopted)
        shutdown (self->fd, SHUT_RDWR);
      close (self->fd);
    }
  self->fd = -1;
}
