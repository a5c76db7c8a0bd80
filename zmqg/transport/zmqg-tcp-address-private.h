/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "transport/zmqg-socket-address-private.h"

/*
 * The grammar of tcp addresses, "[source;]host:port". Errors are without the
 * endpoint: the caller puts "Cannot … tcp://…: " in front.
 */

/* Where to connect to, its name not looked up. */
typedef struct
{
  char *source; /* owned, nullable: the address to connect from */
  char *host;   /* owned: without brackets and zone */
  guint32 zone; /* 0 = none */
  guint16 port;
} ZmqgTcpTarget;

/* Whether the text may be given to connect. Characters only: much that
 * passes fails at each attempt. */
gboolean zmqg_tcp_address_check (const char *address, GError **error);

ZmqgTcpTarget *zmqg_tcp_target_parse (const char *address, GError **error);
void zmqg_tcp_target_free (ZmqgTcpTarget *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgTcpTarget, zmqg_tcp_target_free)

/* The socket address when the host is a literal, else %FALSE. */
gboolean zmqg_tcp_target_get_literal (const ZmqgTcpTarget *self,
                                      ZmqgSocketAddress *literal);

/* The address of this machine that "host:port" means: "*", an interface, a
 * literal, or with @names a host name, which may block. Of family AF_INET6
 * with @ipv6, IPv4 addresses mapped, else AF_INET. A source in front is
 * checked and ignored. */
gboolean zmqg_tcp_address_resolve_local (const char *address, gboolean ipv6,
                                         gboolean names,
                                         ZmqgSocketAddress *resolved,
                                         GError **error);

/* The texts "host:port", numeric, that the address to connect to may also be
 * written as. May block. Empty when the address is no such. */
GStrv zmqg_tcp_address_resolve_texts (const char *address, gboolean ipv6);
