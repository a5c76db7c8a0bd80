/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_PAIR_SOCKET (zmqg_pair_socket_get_type ())
#define ZMQG_PAIR_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_PAIR_SOCKET, \
                               ZmqgPairSocket))
#define ZMQG_IS_PAIR_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_PAIR_SOCKET))

typedef struct _ZmqgPairSocket ZmqgPairSocket;
typedef struct _ZmqgPairSocketClass ZmqgPairSocketClass;

ZMQG_PUBLIC
GType zmqg_pair_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgPairSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_pair_socket_new (ZmqgContext *context);

G_END_DECLS
