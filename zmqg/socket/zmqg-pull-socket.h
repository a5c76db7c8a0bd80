/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_PULL_SOCKET (zmqg_pull_socket_get_type ())
#define ZMQG_PULL_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_PULL_SOCKET, \
                               ZmqgPullSocket))
#define ZMQG_IS_PULL_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_PULL_SOCKET))

typedef struct _ZmqgPullSocket ZmqgPullSocket;
typedef struct _ZmqgPullSocketClass ZmqgPullSocketClass;

ZMQG_PUBLIC
GType zmqg_pull_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgPullSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_pull_socket_new (ZmqgContext *context);

G_END_DECLS
