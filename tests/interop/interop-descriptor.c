/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-descriptor.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* Descriptors of more have no place in a test. */
#define DESCRIPTORS 1024

static const struct
{
  const char *name;
  int level;
  int option;
} numbers[] = {
  { "send-buffer", SOL_SOCKET, SO_SNDBUF },
  { "receive-buffer", SOL_SOCKET, SO_RCVBUF },
  { "keepalive", SOL_SOCKET, SO_KEEPALIVE },
  { "keepalive-count", IPPROTO_TCP, TCP_KEEPCNT },
  { "keepalive-idle", IPPROTO_TCP, TCP_KEEPIDLE },
  { "keepalive-interval", IPPROTO_TCP, TCP_KEEPINTVL },
  { "user-timeout", IPPROTO_TCP, TCP_USER_TIMEOUT },
  { "tos", IPPROTO_IP, IP_TOS },
  { "traffic-class", IPPROTO_IPV6, IPV6_TCLASS },
  { "priority", SOL_SOCKET, SO_PRIORITY },
  { "busy-poll", SOL_SOCKET, SO_BUSY_POLL },
  { "family", SOL_SOCKET, SO_DOMAIN },
  { "no-delay", IPPROTO_TCP, TCP_NODELAY },
};

/* 0 when there is no such address. */
static guint
get_port (int fd,
          int (*get) (int fd, struct sockaddr *address, socklen_t *size))
{
  struct sockaddr_storage address = { 0 };
  socklen_t size = sizeof address;

  if (get (fd, (struct sockaddr *) &address, &size) < 0)
    return 0;
  if (address.ss_family == AF_INET)
    return ntohs (((struct sockaddr_in *) &address)->sin_port);
  if (address.ss_family == AF_INET6)
    return ntohs (((struct sockaddr_in6 *) &address)->sin6_port);
  return 0;
}

static int
get_local (int fd,
           struct sockaddr *address,
           socklen_t *size)
{
  return getsockname (fd, address, size);
}

static int
get_remote (int fd,
            struct sockaddr *address,
            socklen_t *size)
{
  return getpeername (fd, address, size);
}

static char *
tell (int fd,
      const char *what)
{
  struct tcp_info info = { 0 };
  char device[IFNAMSIZ] = "";
  socklen_t size;

  if (g_str_equal (what, "device"))
    {
      size = sizeof device;
      return getsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, device, &size) == 0
               ? g_strndup (device, sizeof device) : NULL;
    }

  /* Of a socket that listens it is how many may wait. */
  if (g_str_equal (what, "backlog"))
    {
      size = sizeof info;
      return getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0
               ? g_strdup_printf ("%u", info.tcpi_sacked) : NULL;
    }

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      int number;

      if (!g_str_equal (numbers[i].name, what))
        continue;
      size = sizeof number;
      return getsockopt (fd, numbers[i].level, numbers[i].option, &number,
                         &size) == 0
               ? g_strdup_printf ("%d", number) : NULL;
    }

  g_error ("Nobody knows what %s is", what);
}

char *
interop_descriptor_tell (guint local,
                         guint remote,
                         const char *what)
{
  for (int fd = 0; fd < DESCRIPTORS; fd++)
    {
      guint port = get_port (fd, get_local);

      if (port != 0 && (local == 0 || port == local) &&
          get_port (fd, get_remote) == remote)
        return tell (fd, what);
    }

  return NULL;
}
