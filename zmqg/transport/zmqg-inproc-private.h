/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-session-private.h"
#include "transport/zmqg-transport-private.h"

/*
 * ZmqgInprocRegistry: the inproc names of a context. A connection is a pipe
 * whose ends both belong to sockets; connecting before the name is bound
 * makes a pipe that waits, and does as long as somebody may send through it,
 * or has sent something. Any thread; no socket's lock is held in calls.
 */
typedef struct _ZmqgInprocRegistry ZmqgInprocRegistry;

ZmqgInprocRegistry *zmqg_inproc_registry_new (void);
void zmqg_inproc_registry_free (ZmqgInprocRegistry *self);

/* Pipes that wait for the name are attached to @client. ADDRESS_IN_USE. */
gboolean zmqg_inproc_bind (ZmqgInprocRegistry *self, const char *name,
                           ZmqgClient *client, ZmqgOptions *options,
                           ZmqgTag *endpoint, GError **error);

/* The name is free again; pipes live on. Nothing when the name is bound by
 * another endpoint, or by none. */
void zmqg_inproc_unbind (ZmqgInprocRegistry *self, const char *name,
                         ZmqgTag *endpoint);

/* Frees the pipes that wait for a name: there will be none. May run user
 * code. */
void zmqg_inproc_forget_waiting (ZmqgInprocRegistry *self);

/* Returns the connecting socket's end, with a reference. */
ZmqgPipe *zmqg_inproc_connect (ZmqgInprocRegistry *self, const char *name,
                               ZmqgClient *client, ZmqgOptions *options,
                               ZmqgTag *endpoint);
