/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-transport-private.h"

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
