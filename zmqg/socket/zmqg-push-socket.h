/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_PUSH_SOCKET (zmqg_push_socket_get_type ())
#define ZMQG_PUSH_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_PUSH_SOCKET, \
                               ZmqgPushSocket))
#define ZMQG_IS_PUSH_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_PUSH_SOCKET))

typedef struct _ZmqgPushSocket ZmqgPushSocket;
typedef struct _ZmqgPushSocketClass ZmqgPushSocketClass;

ZMQG_PUBLIC
GType zmqg_push_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgPushSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_push_socket_new (ZmqgContext *context);

G_END_DECLS
