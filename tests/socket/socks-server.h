/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  SOCKS_SERVER_OPEN,      /* lets everybody through */
  SOCKS_SERVER_PASSWORD,  /* only user “me”, password “secret” */
  SOCKS_SERVER_REFUSES,   /* connections: not allowed by its rules */
  SOCKS_SERVER_GARBAGE,   /* is no SOCKS server */
  SOCKS_SERVER_SILENT,    /* says nothing */
  SOCKS_SERVER_HALF,      /* is silent in the middle */
  SOCKS_SERVER_CLOSES,    /* in the middle */
} SocksServerMode;

/*
 * SocksServer: a SOCKS 5 proxy (RFC 1928, 1929) on loopback, with threads of
 * its own. For it every name is one of this machine.
 */
typedef struct _SocksServer SocksServer;

SocksServer *socks_server_new (SocksServerMode mode);
void socks_server_free (SocksServer *self);

/* "127.0.0.1:port". */
const char *socks_server_get_address (SocksServer *self);
void socks_server_set_mode (SocksServer *self, SocksServerMode mode);

/* How many connections came, and how many were let through. */
guint socks_server_get_n_accepted (SocksServer *self);
guint socks_server_get_n_connected (SocksServer *self);

/* Where to the last request was, as type of address, ':', text. */
char *socks_server_dup_request (SocksServer *self);

/* Ends all connections that go through it. */
void socks_server_cut (SocksServer *self);

G_END_DECLS
