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

static guint
get_port (const struct sockaddr_storage *address)
{
  if (address->ss_family == AF_INET)
    return ntohs (((const struct sockaddr_in *) address)->sin_port);
  if (address->ss_family == AF_INET6)
    return ntohs (((const struct sockaddr_in6 *) address)->sin6_port);
  return 0;
}

static gboolean
is_wanted (int fd,
           guint port,
           gboolean listens)
{
  struct sockaddr_storage address = { 0 };
  socklen_t size = sizeof address;

  if (!listens)
    return getpeername (fd, (struct sockaddr *) &address, &size) == 0 &&
           get_port (&address) == port;

  if (getsockname (fd, (struct sockaddr *) &address, &size) < 0 ||
      get_port (&address) != port)
    return FALSE;
  size = sizeof address;
  return getpeername (fd, (struct sockaddr *) &address, &size) < 0;
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
interop_descriptor_tell (guint port,
                         const char *what)
{
  const char *prefix = "listener-";
  gboolean listens = g_str_has_prefix (what, prefix);

  for (int fd = 0; fd < DESCRIPTORS; fd++)
    if (is_wanted (fd, port, listens))
      return tell (fd, listens ? what + strlen (prefix) : what);

  return NULL;
}
