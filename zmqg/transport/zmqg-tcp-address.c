/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-tcp-address-private.h"

#include "base/zmqg-error.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

gboolean
zmqg_tcp_address_check (const char *address,
                        GError **error)
{
  const char *port = strrchr (address, ':');

  if (!g_ascii_isalnum (address[0]) && strchr ("[:", address[0]) == NULL)
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
                   "tcp://%s does not begin with a host", address);
      return FALSE;
    }

  for (const char *p = address; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr (".-:%;[]_*", *p) == NULL)
      {
        g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
                     "tcp://%s has a character that no host or port has",
                     address);
        return FALSE;
      }

  if (port == NULL || !g_ascii_isdigit (port[1]))
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
                   "tcp://%s has no port to connect to", address);
      return FALSE;
    }

  return TRUE;
}

/* Digits, then anything: "5555/" and "5555x" are the port 5555, as programs
 * written for libzmq have it. A port out of range is not taken modulo 65536
 * as there. */
static gboolean
parse_port (const char *text,
            guint16 *port,
            GError **error)
{
  guint64 number = 0;

  if (g_ascii_isdigit (text[0]))
    number = g_ascii_strtoull (text, NULL, 10);
  if (!g_ascii_isdigit (text[0]) || number > G_MAXUINT16)
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
                   "“%s” is not a port", text);
      return FALSE;
    }

  *port = (guint16) number;
  return TRUE;
}

/* "*" and "0" are any port; no other way to write zero is. */
static gboolean
parse_local_port (const char *text,
                  guint16 *port,
                  GError **error)
{
  *port = 0;
  if (g_str_equal (text, "*") || g_str_equal (text, "0"))
    return TRUE;
  if (!parse_port (text, port, error))
    return FALSE;
  if (*port != 0)
    return TRUE;

  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
               "“%s” is not a port", text);
  return FALSE;
}

static gboolean
parse_zone (const char *text,
            guint32 *zone,
            GError **error)
{
  char *end;
  guint64 number;

  if (g_ascii_isalpha (text[0]))
    {
      *zone = if_nametoindex (text);
    }
  else
    {
      number = g_ascii_isdigit (text[0]) ? g_ascii_strtoull (text, &end, 10)
                                         : 0;
      *zone = number != 0 && number <= G_MAXUINT32 && *end == '\0'
                  ? (guint32) number
                  : 0;
    }

  if (*zone != 0)
    return TRUE;

  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
               "“%s” is not the zone of an address", text);
  return FALSE;
}

/* Splits "host%zone:port"; @port points into @address. */
static gboolean
split_address (const char *address,
               char **host,
               guint32 *zone,
               const char **port,
               GError **error)
{
  const char *colon = strrchr (address, ':');
  g_autofree char *text = NULL;
  char *percent;

  if (colon == NULL)
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
                   "“%s” has no port", address);
      return FALSE;
    }

  if (colon - address >= 2 && address[0] == '[' && colon[-1] == ']')
    text = g_strndup (address + 1, colon - address - 2);
  else
    text = g_strndup (address, colon - address);

  *zone = 0;
  percent = strrchr (text, '%');
  if (percent != NULL)
    {
      if (!parse_zone (percent + 1, zone, error))
        return FALSE;
      *percent = '\0';
    }

  *host = g_steal_pointer (&text);
  *port = colon + 1;
  return TRUE;
}

ZmqgTcpTarget *
zmqg_tcp_target_parse (const char *address,
                       GError **error)
{
  g_autoptr (ZmqgTcpTarget) self = g_new0 (ZmqgTcpTarget, 1);
  const char *semicolon = strrchr (address, ';');
  const char *port;

  if (semicolon != NULL)
    {
      self->source = g_strndup (address, semicolon - address);
      address = semicolon + 1;
    }

  if (!split_address (address, &self->host, &self->zone, &port, error)
      || !parse_port (port, &self->port, error))
    return NULL;

  if (self->host[0] == '\0')
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
                   "“%s” has no host", address);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
zmqg_tcp_target_free (ZmqgTcpTarget *self)
{
  g_free (self->source);
  g_free (self->host);
  g_free (self);
}

static void
set_port_and_zone (ZmqgSocketAddress *address,
                   guint16 port,
                   guint32 zone)
{
  if (address->any.sa_family == AF_INET6)
    {
      address->in6.sin6_port = htons (port);
      if (zone != 0)
        address->in6.sin6_scope_id = zone;
    }
  else
    {
      address->in.sin_port = htons (port);
    }
}

/* The first address of a literal (with AI_NUMERICHOST) or a name. */
static gboolean
get_address (const char *host,
             int family,
             int flags,
             ZmqgSocketAddress *address)
{
  struct addrinfo hints = {
    .ai_family = family,
    .ai_socktype = SOCK_STREAM,
    .ai_flags = flags,
  };
  struct addrinfo *found = NULL;

  if (host[0] == '\0' || getaddrinfo (host, NULL, &hints, &found) != 0)
    return FALSE;

  address->size = found->ai_addrlen;
  memcpy (&address->storage, found->ai_addr, found->ai_addrlen);
  freeaddrinfo (found);
  return TRUE;
}

gboolean
zmqg_tcp_target_get_literal (const ZmqgTcpTarget *self,
                             ZmqgSocketAddress *literal)
{
  if (!get_address (self->host, AF_UNSPEC, AI_NUMERICHOST, literal))
    return FALSE;

  set_port_and_zone (literal, self->port, self->zone);
  return TRUE;
}

/* The first address of the family that the interface has. */
static gboolean
get_interface_address (const char *name,
                       int family,
                       ZmqgSocketAddress *address)
{
  struct ifaddrs *interfaces;
  gboolean found = FALSE;

  if (getifaddrs (&interfaces) < 0)
    return FALSE;

  for (struct ifaddrs *i = interfaces; i != NULL && !found; i = i->ifa_next)
    {
      if (i->ifa_addr == NULL || i->ifa_addr->sa_family != family
          || !g_str_equal (i->ifa_name, name))
        continue;

      address->size = family == AF_INET6 ? sizeof address->in6
                                         : sizeof address->in;
      memcpy (&address->storage, i->ifa_addr, address->size);
      found = TRUE;
    }

  freeifaddrs (interfaces);
  return found;
}

static void
set_any (ZmqgSocketAddress *address,
         gboolean ipv6)
{
  memset (address, 0, sizeof *address);
  address->any.sa_family = ipv6 ? AF_INET6 : AF_INET;
  address->size = ipv6 ? sizeof address->in6 : sizeof address->in;
}

/* Turns an IPv4 address into one that a socket of IPv6 takes. */
static void
map_to_ipv6 (ZmqgSocketAddress *address)
{
  struct sockaddr_in in = address->in;

  set_any (address, TRUE);
  address->in6.sin6_port = in.sin_port;
  address->in6.sin6_addr.s6_addr[10] = 0xff;
  address->in6.sin6_addr.s6_addr[11] = 0xff;
  memcpy (address->in6.sin6_addr.s6_addr + 12, &in.sin_addr,
          sizeof in.sin_addr);
}

static gboolean
resolve_local_host (const char *host,
                    gboolean ipv6,
                    gboolean names,
                    ZmqgSocketAddress *resolved)
{
  int flags = names ? 0 : AI_NUMERICHOST;

  if (g_str_equal (host, "*"))
    {
      set_any (resolved, ipv6);
      return TRUE;
    }

  if (get_interface_address (host, ipv6 ? AF_INET6 : AF_INET, resolved))
    return TRUE;

  if (ipv6 && get_address (host, AF_INET6, flags, resolved))
    return TRUE;

  /* AI_V4MAPPED would do this, had it not been seen to fail for names that
   * stand in /etc/hosts. */
  if (!get_address (host, AF_INET, flags, resolved))
    return FALSE;
  if (ipv6)
    map_to_ipv6 (resolved);
  return TRUE;
}

gboolean
zmqg_tcp_address_resolve_local (const char *address,
                                gboolean ipv6,
                                gboolean names,
                                ZmqgSocketAddress *resolved,
                                GError **error)
{
  const char *semicolon = strrchr (address, ';');
  g_autofree char *host = NULL;
  const char *port_text;
  guint16 port;
  guint32 zone;

  if (semicolon != NULL)
    {
      g_autofree char *source = g_strndup (address, semicolon - address);
      ZmqgSocketAddress ignored;

      if (!zmqg_tcp_address_resolve_local (source, ipv6, FALSE, &ignored,
                                           error))
        return FALSE;
      address = semicolon + 1;
    }

  if (!split_address (address, &host, &zone, &port_text, error)
      || !parse_local_port (port_text, &port, error))
    return FALSE;

  if (!resolve_local_host (host, ipv6, names, resolved))
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_DEVICE,
                   "there is no host or interface “%s” with an %s address",
                   host, ipv6 ? "IPv6 or IPv4" : "IPv4");
      return FALSE;
    }

  set_port_and_zone (resolved, port, zone);
  return TRUE;
}

/* Adds the text of an address, and, where the ipv6 option has bind show IPv4
 * addresses mapped, that too. */
static void
add_texts (GStrvBuilder *texts,
           const ZmqgSocketAddress *address,
           gboolean ipv6)
{
  g_autofree char *text = zmqg_socket_address_to_text (address);

  if (text != NULL)
    g_strv_builder_add (texts, text);

  if (ipv6 && address->any.sa_family == AF_INET)
    {
      g_autofree char *mapped_text = NULL;
      ZmqgSocketAddress mapped = *address;

      map_to_ipv6 (&mapped);
      mapped_text = zmqg_socket_address_to_text (&mapped);
      if (mapped_text != NULL)
        g_strv_builder_add (texts, mapped_text);
    }
}

GStrv
zmqg_tcp_address_resolve_texts (const char *address,
                                gboolean ipv6)
{
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();
  g_autoptr (ZmqgTcpTarget) target = NULL;
  struct addrinfo hints = {
    .ai_family = ipv6 ? AF_UNSPEC : AF_INET,
    .ai_socktype = SOCK_STREAM,
  };
  struct addrinfo *found = NULL;

  target = zmqg_tcp_target_parse (address, NULL);
  if (target != NULL
      && getaddrinfo (target->host, NULL, &hints, &found) == 0)
    for (struct addrinfo *i = found; i != NULL; i = i->ai_next)
      {
        ZmqgSocketAddress resolved = { .size = i->ai_addrlen };

        memcpy (&resolved.storage, i->ai_addr, i->ai_addrlen);
        set_port_and_zone (&resolved, target->port, target->zone);
        add_texts (texts, &resolved, ipv6);
      }

  g_clear_pointer (&found, freeaddrinfo);
  return g_strv_builder_end (texts);
}
