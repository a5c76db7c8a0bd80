/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-transport-private.h"

#include "base/zmqg-error.h"
#include "transport/zmqg-dial-private.h"
#include "transport/zmqg-socks-private.h"
#include "transport/zmqg-tcp-address-private.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* What has to be there before listen () or connect (), as it has a part in
 * the handshake of TCP. */
static void
tune_socket (int fd,
             int family,
             const ZmqgOptions *options)
{
  zmqg_socket_tune_buffers (fd, options);
  if (options->priority != 0)
    zmqg_socket_tune (fd, SOL_SOCKET, SO_PRIORITY, options->priority);
  if (options->busy_poll > 0)
    zmqg_socket_tune (fd, SOL_SOCKET, SO_BUSY_POLL, options->busy_poll);

  if (options->tos != 0)
    {
      /* Also on a socket of IPv6, which may carry mapped IPv4. */
      zmqg_socket_tune (fd, IPPROTO_IP, IP_TOS, options->tos);
      if (family == AF_INET6)
        zmqg_socket_tune (fd, IPPROTO_IPV6, IPV6_TCLASS, options->tos);
    }
}

static void
tune_connection (int fd,
                 const ZmqgOptions *options)
{
  zmqg_socket_tune (fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options->tcp_max_retransmit > 0)
    zmqg_socket_tune (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, options->tcp_max_retransmit);

  if (options->tcp_keepalive < 0)
    return;
  zmqg_socket_tune (fd, SOL_SOCKET, SO_KEEPALIVE, options->tcp_keepalive);
  if (options->tcp_keepalive_count >= 0)
    zmqg_socket_tune (fd, IPPROTO_TCP, TCP_KEEPCNT, options->tcp_keepalive_count);
  if (options->tcp_keepalive_idle >= 0)
    zmqg_socket_tune (fd, IPPROTO_TCP, TCP_KEEPIDLE, options->tcp_keepalive_idle);
  if (options->tcp_keepalive_interval >= 0)
    zmqg_socket_tune (fd, IPPROTO_TCP, TCP_KEEPINTVL, options->tcp_keepalive_interval);
}

/* Not tuning: who asks for an interface must not get another. */
static gboolean
bind_to_device (int fd,
                const ZmqgOptions *options)
{
  const char *device = options->bind_to_device;

  return device == NULL || setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE,
                                       device, strlen (device)) == 0;
}

/* The loopback has many addresses: who connects to another than 127.0.0.1 is
 * 127.0.0.1 all the same. */
static gboolean
is_loopback (const ZmqgSocketAddress *address)
{
  return address->any.sa_family == AF_INET &&
         ntohl (address->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* Within this machine there is no congestion to control: the algorithm that
 * is always there, since one that paces (BBR) sets a timer for each segment.
 * It is chosen for connections only, so that a listener has what the
 * administrator chose. */
static void
tune_local (int fd,
            const ZmqgSocketAddress *local,
            const ZmqgSocketAddress *remote)
{
#ifdef TCP_CONGESTION
  static const char algorithm[] = "reno";

  if ((zmqg_socket_address_same_host (local, remote) ||
       (is_loopback (local) && is_loopback (remote))) &&
      setsockopt (fd, IPPROTO_TCP, TCP_CONGESTION, algorithm,
                  sizeof algorithm - 1) < 0)
    g_debug ("No “%s” for a connection within this machine: %s", algorithm,
             g_strerror (errno));
#endif
}

static char *
make_uri (const ZmqgSocketAddress *address)
{
  g_autofree char *text = zmqg_socket_address_to_text (address);

  return text != NULL ? g_strconcat ("tcp://", text, NULL) : NULL;
}

static void
describe_link (ZmqgLink *link,
               const ZmqgSocketAddress *local,
               const ZmqgSocketAddress *remote)
{
  link->local_text = make_uri (local);
  link->remote_text = make_uri (remote);
  link->remote = g_socket_address_new_from_native ((gpointer) &remote->any,
                                                   remote->size);
  link->peer_address = zmqg_socket_address_get_host (remote);
}

/* Opens a listening socket on the address; -1 with errno. */
static int
open_listening (const ZmqgSocketAddress *address,
                const ZmqgOptions *options)
{
  int family = address->any.sa_family;
  int fd = zmqg_socket_open (family);
  int errsv;

  if (fd < 0)
    return -1;

  /* A server can be started again while connections of the old one linger
   * in TIME_WAIT; on Linux two cannot listen on one port by this. */
  zmqg_socket_tune (fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == AF_INET6)
    zmqg_socket_tune (fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  tune_socket (fd, family, options);

  if (bind_to_device (fd, options)
      && bind (fd, &address->any, address->size) == 0
      && listen (fd, options->backlog) == 0)
    return fd;

  errsv = errno;
  close (fd);
  errno = errsv;
  return -1;
}

static gboolean
tcp_listen (const char *address,
            const ZmqgOptions *options,
            ZmqgListening *listening,
            GError **error)
{
  g_autofree char *endpoint = g_strconcat ("tcp://", address, NULL);
  ZmqgSocketAddress local;
  int fd;

  if (!zmqg_tcp_address_resolve_local (address, options->ipv6, TRUE, &local,
                                       error))
    goto unresolved;
  fd = open_listening (&local, options);

  /* A kernel without IPv6 still has IPv4. */
  if (fd < 0 && errno == EAFNOSUPPORT && options->ipv6)
    {
      if (!zmqg_tcp_address_resolve_local (address, FALSE, TRUE, &local,
                                           error))
        goto unresolved;
      fd = open_listening (&local, options);
    }

  if (fd < 0 || !zmqg_socket_address_from_local (&local, fd))
    {
      zmqg_socket_error_set (error, errno, "Cannot listen on", endpoint);
      if (fd >= 0)
        close (fd);
      return FALSE;
    }

  *listening = (ZmqgListening){ .fd = fd, .uri = make_uri (&local) };
  return TRUE;

unresolved:
  g_prefix_error (error, "Cannot listen on %s: ", endpoint);
  return FALSE;
}

static gboolean
tcp_adopt (int fd,
           ZmqgListening *listening,
           GError **error)
{
  ZmqgSocketAddress local;

  if (!zmqg_socket_check_listening (fd, AF_INET, AF_INET6, "tcp", &local,
                                    error))
    return FALSE;

  *listening = (ZmqgListening){
    .fd = fd,
    .uri = make_uri (&local),
    .is_adopted = TRUE,
  };
  return TRUE;
}

static int
tcp_unlisten (ZmqgListening *listening)
{
  zmqg_listening_close (listening);
  return 0;
}

/* @zone: of the address, 0 when it has none. */
static gboolean
matches_filter (const ZmqgAddressFilter *filter,
                const guint8 *bytes,
                guint size,
                guint32 zone)
{
  guint whole = filter->bits / 8;
  guint rest = filter->bits % 8;

  if (filter->zone != 0 && zone != 0 && filter->zone != zone)
    return FALSE;

  return filter->size == size && memcmp (filter->bytes, bytes, whole) == 0
         && (rest == 0
             || ((filter->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0);
}

/* Whether one of the filters lets the address in. An IPv4 address that came
 * by IPv6 is one of both. */
static gboolean
is_let_in (const ZmqgSocketAddress *remote,
           const GArray *filters)
{
  const struct in6_addr *in6 = &remote->in6.sin6_addr;
  gboolean is_v6 = remote->any.sa_family == AF_INET6;
  const guint8 *v4 = !is_v6 ? (const guint8 *) &remote->in.sin_addr
                     : IN6_IS_ADDR_V4MAPPED (in6) ? in6->s6_addr + 12 : NULL;

  if (filters == NULL)
    return TRUE;

  for (guint i = 0; i < filters->len; i++)
    {
      const ZmqgAddressFilter *filter
          = &g_array_index (filters, ZmqgAddressFilter, i);

      if ((is_v6
           && matches_filter (filter, in6->s6_addr, 16,
                              remote->in6.sin6_scope_id))
          || (v4 != NULL && matches_filter (filter, v4, 4, 0)))
        return TRUE;
    }

  return FALSE;
}

static ZmqgLink *
tcp_accept (const ZmqgListening *listening,
            const ZmqgOptions *options,
            GError **error)
{
  ZmqgSocketAddress local;
  ZmqgSocketAddress remote;
  ZmqgLink *link;
  int fd = zmqg_socket_accept (listening, &remote, error);

  if (fd < 0)
    return NULL;

  if (!zmqg_socket_address_from_local (&local, fd))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                   "A connection to %s was lost: %s", listening->uri,
                   g_strerror (errno));
      close (fd);
      return NULL;
    }

  link = zmqg_link_new_fd (fd);
  describe_link (link, &local, &remote);
  if (!is_let_in (&remote, options->accept_filters))
    {
      g_set_error (&link->refusal, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "%s: no accept filter of %s lets that address in",
                   link->remote_text, listening->uri);
      return link;
    }

  tune_socket (fd, local.any.sa_family, options);
  tune_connection (fd, options);
  tune_local (fd, &local, &remote);
  return link;
}

/* Where the first connection leads to. */
static const char *
get_first_hop (ZmqgDial *dial)
{
  const char *proxy = zmqg_dial_get_options (dial)->socks_proxy;

  return proxy != NULL ? proxy : zmqg_dial_get_address (dial);
}

static gboolean
tcp_dial_begin (ZmqgDial *dial,
                GError **error)
{
  ZmqgSocketAddress literal;
  ZmqgTcpTarget *target;

  target = zmqg_tcp_target_parse (get_first_hop (dial), error);
  if (target == NULL)
    return FALSE;
  zmqg_dial_set_state (dial, target);

  if (!zmqg_tcp_target_get_literal (target, &literal))
    {
      zmqg_dial_look_up (dial, target->host);
      return TRUE;
    }

  if (literal.any.sa_family == AF_INET6 && !zmqg_dial_get_options (dial)->ipv6)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_HOST_NOT_FOUND,
                   "“%s” is an IPv6 address, and the ipv6 option is off",
                   target->host);
      return FALSE;
    }

  zmqg_dial_add_target (dial, &literal);
  return TRUE;
}

static void
take_address (ZmqgDial *dial,
              GInetAddress *found)
{
  const ZmqgTcpTarget *target = zmqg_dial_get_state (dial);
  gboolean is_ipv6
      = g_inet_address_get_family (found) == G_SOCKET_FAMILY_IPV6;
  ZmqgSocketAddress address = { 0 };

  if (is_ipv6 && !zmqg_dial_get_options (dial)->ipv6)
    return;

  if (is_ipv6)
    {
      address.size = sizeof address.in6;
      address.in6.sin6_family = AF_INET6;
      address.in6.sin6_port = htons (target->port);
      address.in6.sin6_scope_id = target->zone;
      memcpy (&address.in6.sin6_addr, g_inet_address_to_bytes (found),
              sizeof address.in6.sin6_addr);
    }
  else
    {
      address.size = sizeof address.in;
      address.in.sin_family = AF_INET;
      address.in.sin_port = htons (target->port);
      memcpy (&address.in.sin_addr, g_inet_address_to_bytes (found),
              sizeof address.in.sin_addr);
    }

  zmqg_dial_add_target (dial, &address);
}

/* The next address in the list that is (not) of the family. */
static GList *
find_family (GList *list,
             GSocketFamily family,
             gboolean same)
{
  while (list != NULL
         && (g_inet_address_get_family (list->data) == family) != same)
    list = list->next;

  return list;
}

/* The resolver sorts by preference. The families take turns, so that one
 * which does not work costs one head start only (RFC 8305, section 4). */
static void
tcp_dial_resolved (ZmqgDial *dial,
                   GList *addresses)
{
  GSocketFamily first;
  GList *preferred;
  GList *other;

  if (addresses == NULL)
    return;

  first = g_inet_address_get_family (addresses->data);
  preferred = addresses;
  other = find_family (addresses, first, FALSE);
  while (preferred != NULL || other != NULL)
    {
      if (preferred != NULL)
        {
          take_address (dial, preferred->data);
          preferred = find_family (preferred->next, first, TRUE);
        }
      if (other != NULL)
        {
          take_address (dial, other->data);
          other = find_family (other->next, first, FALSE);
        }
    }
}

static gboolean
tcp_dial_prepare (ZmqgDial *dial,
                  int fd,
                  const ZmqgSocketAddress *remote,
                  GError **error)
{
  const ZmqgTcpTarget *target = zmqg_dial_get_state (dial);
  const ZmqgOptions *options = zmqg_dial_get_options (dial);
  int family = remote->any.sa_family;
  ZmqgSocketAddress local;

  tune_socket (fd, family, options);
  tune_connection (fd, options);
  if (!bind_to_device (fd, options))
    {
      g_autofree char *what = g_strdup_printf (
          "Cannot connect by the interface %s to", options->bind_to_device);
      g_autofree char *endpoint
          = g_strconcat ("tcp://", zmqg_dial_get_address (dial), NULL);

      zmqg_socket_error_set (error, errno, what, endpoint);
      return FALSE;
    }
  if (target->source == NULL)
    return TRUE;

  if (!zmqg_tcp_address_resolve_local (target->source, family == AF_INET6,
                                       FALSE, &local, error))
    {
      g_prefix_error (error, "Cannot connect to tcp://%s: ",
                      zmqg_dial_get_address (dial));
      return FALSE;
    }

  zmqg_socket_tune (fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind (fd, &local.any, local.size) < 0)
    {
      g_autofree char *what = g_strdup_printf (
          "Cannot connect from %s to", target->source);
      g_autofree char *endpoint
          = g_strconcat ("tcp://", zmqg_dial_get_address (dial), NULL);

      zmqg_socket_error_set (error, errno, what, endpoint);
      return FALSE;
    }

  return TRUE;
}

static gboolean
tcp_dial_connected (ZmqgDial *dial,
                    ZmqgLink *link,
                    GError **error)
{
  const char *address = zmqg_dial_get_address (dial);
  g_autofree char *endpoint = g_strconcat ("tcp://", address, NULL);
  ZmqgSocketAddress local;
  ZmqgSocketAddress remote;

  if (!zmqg_socket_address_from_local (&local, link->fd)
      || !zmqg_socket_address_from_remote (&remote, link->fd))
    {
      zmqg_socket_error_set (error, errno, "Cannot connect to", endpoint);
      return FALSE;
    }

  /* Nobody listens on a port of the ephemeral range, the kernel chose this
   * port to connect from, and TCP let the socket open to itself. Closed in the
   * ordinary way it would keep the port from who wants to listen there, for a
   * minute. */
  if (zmqg_socket_address_equal (&local, &remote))
    {
      const struct linger none = { .l_onoff = 1, .l_linger = 0 };

      setsockopt (link->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED,
                   "Cannot connect to %s: the connection met itself",
                   endpoint);
      return FALSE;
    }

  tune_local (link->fd, &local, &remote);
  describe_link (link, &local, &remote);
  return TRUE;
}

static const ZmqgDialKind tcp_dial_kind = {
  .scheme = "tcp",
  .begin = tcp_dial_begin,
  .resolved = tcp_dial_resolved,
  .prepare = tcp_dial_prepare,
  .connected = tcp_dial_connected,
  .free_state = (void (*) (gpointer)) zmqg_tcp_target_free,
};

static const ZmqgDialKind socks_dial_kind = {
  .scheme = "tcp",
  .begin = tcp_dial_begin,
  .resolved = tcp_dial_resolved,
  .prepare = tcp_dial_prepare,
  .connected = tcp_dial_connected,
  .negotiate = zmqg_socks_negotiate,
  .free_state = (void (*) (gpointer)) zmqg_tcp_target_free,
};

static void
tcp_dial (const char *address,
          const ZmqgOptions *options,
          GCancellable *cancellable,
          ZmqgDialNote note,
          ZmqgDialDone done,
          gpointer user_data)
{
  const ZmqgDialKind *kind
      = options->socks_proxy != NULL ? &socks_dial_kind : &tcp_dial_kind;

  zmqg_dial_start (kind, address, options, cancellable, note, done,
                   user_data);
}

static gboolean
tcp_matches (const char *asked,
             const char *stored,
             const ZmqgOptions *options)
{
  g_auto (GStrv) texts
      = zmqg_tcp_address_resolve_texts (asked, options->ipv6);

  return g_strv_contains ((const char *const *) texts, stored);
}

const ZmqgTransport zmqg_tcp_transport = {
  .scheme = "tcp",
  .listen = tcp_listen,
  .adopt = tcp_adopt,
  .unlisten = tcp_unlisten,
  .accept = tcp_accept,
  .check = zmqg_tcp_address_check,
  .dial = tcp_dial,
  .matches = tcp_matches,
};
