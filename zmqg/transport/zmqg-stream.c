/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-transport-private.h"

#include "base/zmqg-error.h"

/*
 * Streams that the program brings itself: there is nothing to bind or to
 * connect to by name, the uri only names the endpoint.
 */

static void
refuse (const char *address,
        GError **error)
{
  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED,
               "Streams are attached, not bound or connected to: stream://%s",
               address);
}

static gboolean
stream_listen (const char *address,
               const ZmqgOptions *options G_GNUC_UNUSED,
               ZmqgListening *listening G_GNUC_UNUSED,
               GError **error)
{
  refuse (address, error);
  return FALSE;
}

static gboolean
stream_check (const char *address,
              GError **error)
{
  refuse (address, error);
  return FALSE;
}

const ZmqgTransport zmqg_stream_transport = {
  .scheme = "stream",
  .listen = stream_listen,
  .check = stream_check,
};
