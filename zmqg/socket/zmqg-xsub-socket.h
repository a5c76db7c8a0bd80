/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_XSUB_SOCKET (zmqg_xsub_socket_get_type ())
#define ZMQG_XSUB_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_XSUB_SOCKET, \
                               ZmqgXsubSocket))
#define ZMQG_IS_XSUB_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_XSUB_SOCKET))

typedef struct _ZmqgXsubSocket ZmqgXsubSocket;
typedef struct _ZmqgXsubSocketClass ZmqgXsubSocketClass;

ZMQG_PUBLIC
GType zmqg_xsub_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgXsubSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_xsub_socket_new (ZmqgContext *context);

ZMQG_PUBLIC
gboolean zmqg_xsub_socket_subscribe (ZmqgXsubSocket *self,
                                     const char *prefix,
                                     GError **error);
ZMQG_PUBLIC
gboolean zmqg_xsub_socket_subscribe_bytes (ZmqgXsubSocket *self,
                                           GBytes *prefix,
                                           GError **error);
ZMQG_PUBLIC
gboolean zmqg_xsub_socket_subscribe_data (ZmqgXsubSocket *self,
                                          const guint8 *data,
                                          gsize size,
                                          GError **error);
ZMQG_PUBLIC
gboolean zmqg_xsub_socket_unsubscribe (ZmqgXsubSocket *self,
                                       const char *prefix,
                                       GError **error);
ZMQG_PUBLIC
gboolean zmqg_xsub_socket_unsubscribe_bytes (ZmqgXsubSocket *self,
                                             GBytes *prefix,
                                             GError **error);
ZMQG_PUBLIC
gboolean zmqg_xsub_socket_unsubscribe_data (ZmqgXsubSocket *self,
                                            const guint8 *data,
                                            gsize size,
                                            GError **error);

ZMQG_PUBLIC
gboolean zmqg_xsub_socket_get_only_first_subscribe (ZmqgXsubSocket *self);
ZMQG_PUBLIC
void zmqg_xsub_socket_set_only_first_subscribe (ZmqgXsubSocket *self,
                                                gboolean only_first_subscribe);

ZMQG_PUBLIC
gboolean zmqg_xsub_socket_get_verbose_unsubscribe (ZmqgXsubSocket *self);
ZMQG_PUBLIC
void zmqg_xsub_socket_set_verbose_unsubscribe (ZmqgXsubSocket *self,
                                               gboolean verbose_unsubscribe);

ZMQG_PUBLIC
guint zmqg_xsub_socket_get_topics_count (ZmqgXsubSocket *self);

G_END_DECLS
