/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_REP_SOCKET (zmqg_rep_socket_get_type ())
#define ZMQG_REP_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_REP_SOCKET, \
                               ZmqgRepSocket))
#define ZMQG_IS_REP_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_REP_SOCKET))

typedef struct _ZmqgRepSocket ZmqgRepSocket;
typedef struct _ZmqgRepSocketClass ZmqgRepSocketClass;

ZMQG_PUBLIC
GType zmqg_rep_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgRepSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_rep_socket_new (ZmqgContext *context);

ZMQG_PUBLIC
gboolean zmqg_rep_socket_get_probe_router (ZmqgRepSocket *self);
ZMQG_PUBLIC
void zmqg_rep_socket_set_probe_router (ZmqgRepSocket *self,
                                       gboolean probe_router);

G_END_DECLS
