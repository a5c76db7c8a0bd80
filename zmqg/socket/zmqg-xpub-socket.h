/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_XPUB_SOCKET (zmqg_xpub_socket_get_type ())
#define ZMQG_XPUB_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_XPUB_SOCKET, \
                               ZmqgXpubSocket))
#define ZMQG_IS_XPUB_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_XPUB_SOCKET))

typedef struct _ZmqgXpubSocket ZmqgXpubSocket;
typedef struct _ZmqgXpubSocketClass ZmqgXpubSocketClass;

ZMQG_PUBLIC
GType zmqg_xpub_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgXpubSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_xpub_socket_new (ZmqgContext *context);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_wait_for_subscribers (ZmqgXpubSocket *self,
                                               const char *topic,
                                               guint n,
                                               GCancellable *cancellable,
                                               GError **error);
ZMQG_PUBLIC
void zmqg_xpub_socket_wait_for_subscribers_async (ZmqgXpubSocket *self,
                                                 const char *topic,
                                                 guint n,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data);
ZMQG_PUBLIC
gboolean zmqg_xpub_socket_wait_for_subscribers_finish (ZmqgXpubSocket *self,
                                                      GAsyncResult *result,
                                                      GError **error);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_subscribe (ZmqgXpubSocket *self,
                                     const char *prefix,
                                     GError **error);
ZMQG_PUBLIC
gboolean zmqg_xpub_socket_subscribe_bytes (ZmqgXpubSocket *self,
                                           GBytes *prefix,
                                           GError **error);
ZMQG_PUBLIC
gboolean zmqg_xpub_socket_subscribe_data (ZmqgXpubSocket *self,
                                          const guint8 *data,
                                          gsize size,
                                          GError **error);
ZMQG_PUBLIC
gboolean zmqg_xpub_socket_unsubscribe (ZmqgXpubSocket *self,
                                       const char *prefix,
                                       GError **error);
ZMQG_PUBLIC
gboolean zmqg_xpub_socket_unsubscribe_bytes (ZmqgXpubSocket *self,
                                             GBytes *prefix,
                                             GError **error);
ZMQG_PUBLIC
gboolean zmqg_xpub_socket_unsubscribe_data (ZmqgXpubSocket *self,
                                            const guint8 *data,
                                            gsize size,
                                            GError **error);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_get_verbose (ZmqgXpubSocket *self);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_verbose (ZmqgXpubSocket *self, gboolean verbose);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_get_verboser (ZmqgXpubSocket *self);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_verboser (ZmqgXpubSocket *self, gboolean verboser);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_get_manual (ZmqgXpubSocket *self);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_manual (ZmqgXpubSocket *self, gboolean manual);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_get_manual_last_value (ZmqgXpubSocket *self);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_manual_last_value (ZmqgXpubSocket *self,
                                             gboolean manual_last_value);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_get_no_drop (ZmqgXpubSocket *self);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_no_drop (ZmqgXpubSocket *self, gboolean no_drop);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_get_invert_matching (ZmqgXpubSocket *self);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_invert_matching (ZmqgXpubSocket *self,
                                           gboolean invert_matching);

ZMQG_PUBLIC
gboolean zmqg_xpub_socket_get_only_first_subscribe (ZmqgXpubSocket *self);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_only_first_subscribe (ZmqgXpubSocket *self,
                                                gboolean only_first_subscribe);

ZMQG_PUBLIC
GBytes *zmqg_xpub_socket_get_welcome_message (ZmqgXpubSocket *self);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_welcome_message (ZmqgXpubSocket *self,
                                           GBytes *message);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_welcome_message_data (ZmqgXpubSocket *self,
                                                const guint8 *data,
                                                gsize size);
ZMQG_PUBLIC
void zmqg_xpub_socket_set_welcome_message_string (ZmqgXpubSocket *self,
                                                  const char *string);

ZMQG_PUBLIC
guint zmqg_xpub_socket_get_topics_count (ZmqgXpubSocket *self);

G_END_DECLS
