/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-socket-private.h"

#include "compat/compat-error-private.h"

/* Calls of draft types, which refuse all others. */

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
