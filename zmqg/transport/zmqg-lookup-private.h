/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

/*
 * ZmqgLookup: the addresses of a host name, looked up by the default
 * GResolver. At most eight look-ups run at once in the process; the others
 * wait in order.
 */
typedef struct _ZmqgLookup ZmqgLookup;

/* The end of a look-up: a list of GInetAddress, or an error; both stay with
 * the look-up. */
typedef void (*ZmqgLookupDone) (GList *addresses, const GError *error,
                                gpointer user_data);

/* @done is called once, later, in the thread-default main context of the
 * caller, unless the look-up is cancelled. Cancel it after that too: the
 * handle stays valid until then. */
ZmqgLookup *zmqg_lookup_start (const char *host, gboolean ipv6,
                               ZmqgLookupDone done, gpointer user_data);

/* Gives the look-up up and frees it; @done is not called any more. In the
 * context that started it. */
void zmqg_lookup_cancel (ZmqgLookup *self);
