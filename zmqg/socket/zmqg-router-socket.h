/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-peer.h"
#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

/**
 * ZmqgRouterNotify:
 * @ZMQG_ROUTER_NOTIFY_NONE: nothing
 * @ZMQG_ROUTER_NOTIFY_CONNECT: a peer has connected
 * @ZMQG_ROUTER_NOTIFY_DISCONNECT: the connection to a peer was lost
 *
 * Of what a router socket tells by a message: the peer's routing id and an
 * empty frame.
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/
{
  ZMQG_ROUTER_NOTIFY_NONE = 0,
  ZMQG_ROUTER_NOTIFY_CONNECT = 1 << 0,
  ZMQG_ROUTER_NOTIFY_DISCONNECT = 1 << 1,
} ZmqgRouterNotify;

#define ZMQG_TYPE_ROUTER_NOTIFY (zmqg_router_notify_get_type ())
ZMQG_PUBLIC
GType zmqg_router_notify_get_type (void);

#define ZMQG_TYPE_ROUTER_SOCKET (zmqg_router_socket_get_type ())
#define ZMQG_ROUTER_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_ROUTER_SOCKET, \
                               ZmqgRouterSocket))
#define ZMQG_IS_ROUTER_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_ROUTER_SOCKET))

typedef struct _ZmqgRouterSocket ZmqgRouterSocket;
typedef struct _ZmqgRouterSocketClass ZmqgRouterSocketClass;

ZMQG_PUBLIC
GType zmqg_router_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgRouterSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_router_socket_new (ZmqgContext *context);

ZMQG_PUBLIC
gboolean zmqg_router_socket_send_to (ZmqgRouterSocket *self,
                                     ZmqgPeer *peer,
                                     ZmqgMessage *message,
                                     GCancellable *cancellable,
                                     GError **error);
ZMQG_PUBLIC
gboolean zmqg_router_socket_try_send_to (ZmqgRouterSocket *self,
                                         ZmqgPeer *peer,
                                         ZmqgMessage *message,
                                         GError **error);
ZMQG_PUBLIC
void zmqg_router_socket_send_to_async (ZmqgRouterSocket *self,
                                       ZmqgPeer *peer,
                                       ZmqgMessage *message,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
ZMQG_PUBLIC
gboolean zmqg_router_socket_send_to_finish (ZmqgRouterSocket *self,
                                            GAsyncResult *result,
                                            GError **error);

ZMQG_PUBLIC
gboolean zmqg_router_socket_get_mandatory (ZmqgRouterSocket *self);
ZMQG_PUBLIC
void zmqg_router_socket_set_mandatory (ZmqgRouterSocket *self,
                                       gboolean mandatory);
ZMQG_PUBLIC
gboolean zmqg_router_socket_get_handover (ZmqgRouterSocket *self);
ZMQG_PUBLIC
void zmqg_router_socket_set_handover (ZmqgRouterSocket *self,
                                      gboolean handover);
ZMQG_PUBLIC
gboolean zmqg_router_socket_get_probe_router (ZmqgRouterSocket *self);
ZMQG_PUBLIC
void zmqg_router_socket_set_probe_router (ZmqgRouterSocket *self,
                                          gboolean probe_router);
ZMQG_PUBLIC
ZmqgRouterNotify zmqg_router_socket_get_notify_peers (ZmqgRouterSocket *self);
ZMQG_PUBLIC
void zmqg_router_socket_set_notify_peers (ZmqgRouterSocket *self,
                                          ZmqgRouterNotify notify_peers);
ZMQG_PUBLIC
GBytes *zmqg_router_socket_get_connect_routing_id (ZmqgRouterSocket *self);
ZMQG_PUBLIC
void zmqg_router_socket_set_connect_routing_id (ZmqgRouterSocket *self,
                                                GBytes *routing_id);
ZMQG_PUBLIC
void zmqg_router_socket_set_connect_routing_id_data (ZmqgRouterSocket *self,
                                                     const guint8 *data,
                                                     gsize size);
ZMQG_PUBLIC
void zmqg_router_socket_set_connect_routing_id_string (ZmqgRouterSocket *self,
                                                       const char *string);

ZMQG_PUBLIC
gboolean zmqg_router_socket_get_raw (ZmqgRouterSocket *self);
ZMQG_PUBLIC
void zmqg_router_socket_set_raw (ZmqgRouterSocket *self, gboolean raw);

G_END_DECLS
