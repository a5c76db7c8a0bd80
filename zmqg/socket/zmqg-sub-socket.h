/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_SUB_SOCKET (zmqg_sub_socket_get_type ())
#define ZMQG_SUB_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_SUB_SOCKET, \
                               ZmqgSubSocket))
#define ZMQG_IS_SUB_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_SUB_SOCKET))

typedef struct _ZmqgSubSocket ZmqgSubSocket;
typedef struct _ZmqgSubSocketClass ZmqgSubSocketClass;

ZMQG_PUBLIC
GType zmqg_sub_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgSubSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_sub_socket_new (ZmqgContext *context);

ZMQG_PUBLIC
gboolean zmqg_sub_socket_subscribe (ZmqgSubSocket *self,
                                    const char *prefix,
                                    GError **error);
ZMQG_PUBLIC
gboolean zmqg_sub_socket_subscribe_bytes (ZmqgSubSocket *self,
                                          GBytes *prefix,
                                          GError **error);
ZMQG_PUBLIC
gboolean zmqg_sub_socket_subscribe_data (ZmqgSubSocket *self,
                                         const guint8 *data,
                                         gsize size,
                                         GError **error);
ZMQG_PUBLIC
gboolean zmqg_sub_socket_unsubscribe (ZmqgSubSocket *self,
                                      const char *prefix,
                                      GError **error);
ZMQG_PUBLIC
gboolean zmqg_sub_socket_unsubscribe_bytes (ZmqgSubSocket *self,
                                            GBytes *prefix,
                                            GError **error);
ZMQG_PUBLIC
gboolean zmqg_sub_socket_unsubscribe_data (ZmqgSubSocket *self,
                                           const guint8 *data,
                                           gsize size,
                                           GError **error);

ZMQG_PUBLIC
gboolean zmqg_sub_socket_get_invert_matching (ZmqgSubSocket *self);
ZMQG_PUBLIC
void zmqg_sub_socket_set_invert_matching (ZmqgSubSocket *self,
                                          gboolean invert_matching);

ZMQG_PUBLIC
guint zmqg_sub_socket_get_topics_count (ZmqgSubSocket *self);

G_END_DECLS
