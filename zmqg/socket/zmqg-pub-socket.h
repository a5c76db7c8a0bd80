/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_PUB_SOCKET (zmqg_pub_socket_get_type ())
#define ZMQG_PUB_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_PUB_SOCKET, \
                               ZmqgPubSocket))
#define ZMQG_IS_PUB_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_PUB_SOCKET))

typedef struct _ZmqgPubSocket ZmqgPubSocket;
typedef struct _ZmqgPubSocketClass ZmqgPubSocketClass;

ZMQG_PUBLIC
GType zmqg_pub_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgPubSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_pub_socket_new (ZmqgContext *context);

ZMQG_PUBLIC
gboolean zmqg_pub_socket_wait_for_subscribers (ZmqgPubSocket *self,
                                               const char *topic,
                                               guint n,
                                               GCancellable *cancellable,
                                               GError **error);
ZMQG_PUBLIC
void zmqg_pub_socket_wait_for_subscribers_async (ZmqgPubSocket *self,
                                                 const char *topic,
                                                 guint n,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data);
ZMQG_PUBLIC
gboolean zmqg_pub_socket_wait_for_subscribers_finish (ZmqgPubSocket *self,
                                                      GAsyncResult *result,
                                                      GError **error);

ZMQG_PUBLIC
gboolean zmqg_pub_socket_get_no_drop (ZmqgPubSocket *self);
ZMQG_PUBLIC
void zmqg_pub_socket_set_no_drop (ZmqgPubSocket *self, gboolean no_drop);

ZMQG_PUBLIC
gboolean zmqg_pub_socket_get_invert_matching (ZmqgPubSocket *self);
ZMQG_PUBLIC
void zmqg_pub_socket_set_invert_matching (ZmqgPubSocket *self,
                                          gboolean invert_matching);

ZMQG_PUBLIC
gboolean zmqg_pub_socket_get_only_first_subscribe (ZmqgPubSocket *self);
ZMQG_PUBLIC
void zmqg_pub_socket_set_only_first_subscribe (ZmqgPubSocket *self,
                                               gboolean only_first_subscribe);

ZMQG_PUBLIC
GBytes *zmqg_pub_socket_get_welcome_message (ZmqgPubSocket *self);
ZMQG_PUBLIC
void zmqg_pub_socket_set_welcome_message (ZmqgPubSocket *self,
                                          GBytes *message);
ZMQG_PUBLIC
void zmqg_pub_socket_set_welcome_message_data (ZmqgPubSocket *self,
                                               const guint8 *data,
                                               gsize size);
ZMQG_PUBLIC
void zmqg_pub_socket_set_welcome_message_string (ZmqgPubSocket *self,
                                                 const char *string);

ZMQG_PUBLIC
guint zmqg_pub_socket_get_topics_count (ZmqgPubSocket *self);

G_END_DECLS
