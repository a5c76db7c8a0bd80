/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-socks-private.h"

#include "transport/zmqg-tcp-address-private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A connection that is told where to. GIO speaks to the proxy through a
 * stream of its own, on a copy of the descriptor. */
typedef struct
{
  ZmqgDial *dial;
  ZmqgLink *link;   /* owned */
} Negotiation;

static void
on_connected (GObject *source,
              GAsyncResult *result,
              gpointer user_data)
{
  g_autofree Negotiation *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = NULL;
  ZmqgLink *link = g_steal_pointer (&self->link);

  stream = g_proxy_connect_finish (G_PROXY (source), result, &error);
  if (stream == NULL)
    g_clear_pointer (&link, zmqg_link_free);
  zmqg_dial_negotiated (self->dial, link, error);
}

static GIOStream *
make_stream (int fd,
             GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 0);

  if (copy < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s",
                   g_strerror (errno));
      return NULL;
    }

  socket = g_socket_new_from_fd (copy, error);
  if (socket == NULL)
    {
      close (copy);
      return NULL;
    }

  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static GProxyAddress *
make_address (const ZmqgLink *link,
              const ZmqgTcpTarget *target,
              const ZmqgOptions *options)
{
  GInetSocketAddress *proxy = G_INET_SOCKET_ADDRESS (link->remote);
  const char *username = options->socks_username;

  return g_object_new (G_TYPE_PROXY_ADDRESS,
                       "address", g_inet_socket_address_get_address (proxy),
                       "port", g_inet_socket_address_get_port (proxy),
                       "protocol", "socks5",
                       "destination-protocol", "tcp",
                       "destination-hostname", target->host,
                       "destination-port", target->port,
                       "username", username,
                       "password", username != NULL ? options->socks_password
                                                    : NULL,
                       NULL);
}

static gboolean
start (Negotiation *self,
       GCancellable *cancellable,
       GError **error)
{
  const char *address = zmqg_dial_get_address (self->dial);
  g_autoptr (GProxy) proxy = g_proxy_get_default_for_protocol ("socks5");
  g_autoptr (ZmqgTcpTarget) target = zmqg_tcp_target_parse (address, error);
  g_autoptr (GProxyAddress) proxy_address = NULL;
  g_autoptr (GIOStream) stream = NULL;

  if (target == NULL)
    return FALSE;
  if (proxy == NULL || !G_IS_INET_SOCKET_ADDRESS (self->link->remote))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "There is no support for SOCKS 5");
      return FALSE;
    }
  stream = make_stream (self->link->fd, error);
  if (stream == NULL)
    return FALSE;

  proxy_address = make_address (self->link, target,
                                zmqg_dial_get_options (self->dial));
  /* From here on it is the peer that errors are about. */
  g_free (self->link->remote_text);
  self->link->remote_text = g_strconcat ("tcp://", address, NULL);
  g_proxy_connect_async (proxy, stream, proxy_address, cancellable,
                         on_connected, self);
  return TRUE;
}

void
zmqg_socks_negotiate (ZmqgDial *dial,
                      ZmqgLink *link,
                      GCancellable *cancellable)
{
  g_autofree Negotiation *self = g_new0 (Negotiation, 1);
  g_autoptr (GError) error = NULL;

  self->dial = dial;
  self->link = link;
  if (start (self, cancellable, &error))
    {
      g_steal_pointer (&self);
      return;
    }

  zmqg_link_free (link);
  zmqg_dial_negotiated (dial, NULL, error);
}
