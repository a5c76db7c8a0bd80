/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-transport-private.h"

#include "transport/zmqg-socket-address-private.h"

#include <errno.h>

static const ZmqgTransport *const transports[] = {
  &zmqg_tcp_transport,
  &zmqg_ipc_transport,
  &zmqg_inproc_transport,
  &zmqg_stream_transport,
};

const ZmqgTransport *
zmqg_transport_find (const char *scheme)
{
  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    if (g_str_equal (transports[i]->scheme, scheme))
      return transports[i];

  return NULL;
}

const ZmqgTransport *
zmqg_transport_find_for_fd (int fd,
                            GError **error)
{
  ZmqgSocketAddress local;

  if (!zmqg_socket_address_from_local (&local, fd))
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "Cannot listen with descriptor %d: %s", fd,
                   g_strerror (errno));
      return NULL;
    }

  switch (local.any.sa_family)
    {
    case AF_INET:
    case AF_INET6:
      return &zmqg_tcp_transport;

    case AF_UNIX:
      return &zmqg_ipc_transport;

    default:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   "Cannot listen with descriptor %d: it is none of tcp or "
                   "ipc", fd);
      return NULL;
    }
}
