/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-socket-address-private.h"

#include "base/zmqg-error.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

gboolean
zmqg_socket_address_from_local (ZmqgSocketAddress *self,
                                int fd)
{
  self->size = sizeof self->storage;
  return getsockname (fd, &self->any, &self->size) == 0;
}

gboolean
zmqg_socket_address_from_remote (ZmqgSocketAddress *self,
                                 int fd)
{
  self->size = sizeof self->storage;
  return getpeername (fd, &self->any, &self->size) == 0;
}

char *
zmqg_socket_address_get_host (const ZmqgSocketAddress *self)
{
  char host[NI_MAXHOST];

  if (getnameinfo (&self->any, self->size, host, sizeof host, NULL, 0,
                   NI_NUMERICHOST) != 0)
    return NULL;

  return g_strdup (host);
}

static guint16
get_port (const ZmqgSocketAddress *self)
{
  return ntohs (self->any.sa_family == AF_INET6 ? self->in6.sin6_port
                                                : self->in.sin_port);
}

char *
zmqg_socket_address_to_text (const ZmqgSocketAddress *self)
{
  g_autofree char *host = zmqg_socket_address_get_host (self);

  if (host == NULL)
    return NULL;

  return g_strdup_printf (self->any.sa_family == AF_INET6 ? "[%s]:%u"
                                                          : "%s:%u",
                          host, get_port (self));
}

gboolean
zmqg_socket_address_same_host (const ZmqgSocketAddress *a,
                               const ZmqgSocketAddress *b)
{
  if (a->any.sa_family != b->any.sa_family)
    return FALSE;

  if (a->any.sa_family == AF_INET6)
    return memcmp (&a->in6.sin6_addr, &b->in6.sin6_addr,
                   sizeof a->in6.sin6_addr) == 0
           && a->in6.sin6_scope_id == b->in6.sin6_scope_id;

  return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
}

gboolean
zmqg_socket_address_equal (const ZmqgSocketAddress *a,
                           const ZmqgSocketAddress *b)
{
  return zmqg_socket_address_same_host (a, b) && get_port (a) == get_port (b);
}

void
zmqg_socket_error_set (GError **error,
                       int errsv,
                       const char *what,
                       const char *endpoint)
{
  GQuark domain = ZMQG_ERROR;
  int code;

  switch (errsv)
    {
    case EADDRINUSE:
      code = ZMQG_ERROR_ADDRESS_IN_USE;
      break;
    case EADDRNOTAVAIL:
      code = ZMQG_ERROR_ADDRESS_NOT_AVAILABLE;
      break;
    case ENODEV:
      code = ZMQG_ERROR_NO_DEVICE;
      break;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      code = ZMQG_ERROR_NO_RESOURCES;
      break;
    default:
      domain = G_IO_ERROR;
      code = g_io_error_from_errno (errsv);
      break;
    }

  g_set_error (error, domain, code, "%s %s: %s", what, endpoint,
               g_strerror (errsv));
}

int
zmqg_socket_open (int family)
{
  return socket (family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int
get_number (int fd,
            int name)
{
  socklen_t size = sizeof (int);
  int number = -1;

  return getsockopt (fd, SOL_SOCKET, name, &number, &size) == 0 ? number : -1;
}

void
zmqg_socket_tune (int fd,
                  int level,
                  int name,
                  int value)
{
  if (setsockopt (fd, level, name, &value, sizeof value) < 0)
    g_debug ("Socket option %d of level %d refused %d: %s", name, level,
             value, g_strerror (errno));
}

void
zmqg_socket_tune_buffers (int fd,
                          const ZmqgOptions *options)
{
  if (options->send_buffer >= 0)
    zmqg_socket_tune (fd, SOL_SOCKET, SO_SNDBUF, options->send_buffer);
  if (options->receive_buffer >= 0)
    zmqg_socket_tune (fd, SOL_SOCKET, SO_RCVBUF, options->receive_buffer);
}

gboolean
zmqg_socket_check_listening (int fd,
                             int family,
                             int other_family,
                             const char *scheme,
                             ZmqgSocketAddress *local,
                             GError **error)
{
  int flags;

  if (!zmqg_socket_address_from_local (local, fd))
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "Cannot listen with descriptor %d: %s", fd,
                   g_strerror (errno));
      return FALSE;
    }

  if ((local->any.sa_family != family
       && local->any.sa_family != other_family)
      || get_number (fd, SO_TYPE) != SOCK_STREAM
      || get_number (fd, SO_ACCEPTCONN) != 1)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   "Cannot listen with descriptor %d: it is not one that "
                   "listens for connections of %s", fd, scheme);
      return FALSE;
    }

  flags = fcntl (fd, F_GETFL);
  if (flags >= 0 && fcntl (fd, F_SETFL, flags | O_NONBLOCK) == 0
      && fcntl (fd, F_SETFD, FD_CLOEXEC) == 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
               "Cannot listen with descriptor %d: %s", fd,
               g_strerror (errno));
  return FALSE;
}

static int
accept_descriptor (int fd,
                   ZmqgSocketAddress *remote)
{
  int accepted;

  do
    {
      remote->size = sizeof remote->storage;
#if HAVE_ACCEPT4
      accepted = accept4 (fd, &remote->any, &remote->size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
      accepted = accept (fd, &remote->any, &remote->size);
#endif
    }
  while (accepted < 0 && errno == EINTR);

#if !HAVE_ACCEPT4
  if (accepted >= 0)
    {
      fcntl (accepted, F_SETFD, FD_CLOEXEC);
      fcntl (accepted, F_SETFL, O_NONBLOCK);
    }
#endif

  return accepted;
}

int
zmqg_socket_accept (const ZmqgListening *listening,
                    ZmqgSocketAddress *remote,
                    GError **error)
{
  int fd = accept_descriptor (listening->fd, remote);
  int errsv = errno;

  if (fd >= 0)
    return fd;

  switch (errsv)
    {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK,
                   "No connection to accept on %s", listening->uri);
      break;

    /* Linux passes on errors that were pending on the new connection
     * (accept (2), section error handling). */
    case ECONNABORTED:
    case ECONNRESET:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENONET:
    case EOPNOTSUPP:
    case ETIMEDOUT:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                   "A connection to %s was lost before it was accepted: %s",
                   listening->uri, g_strerror (errsv));
      break;

    default:
      zmqg_socket_error_set (error, errsv, "Cannot accept on",
                             listening->uri);
      break;
    }

  return -1;
}
