/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_REQ_SOCKET (zmqg_req_socket_get_type ())
#define ZMQG_REQ_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_REQ_SOCKET, \
                               ZmqgReqSocket))
#define ZMQG_IS_REQ_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_REQ_SOCKET))

typedef struct _ZmqgReqSocket ZmqgReqSocket;
typedef struct _ZmqgReqSocketClass ZmqgReqSocketClass;

ZMQG_PUBLIC
GType zmqg_req_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgReqSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_req_socket_new (ZmqgContext *context);

ZMQG_PUBLIC
gboolean zmqg_req_socket_get_correlate (ZmqgReqSocket *self);
ZMQG_PUBLIC
void zmqg_req_socket_set_correlate (ZmqgReqSocket *self, gboolean correlate);
ZMQG_PUBLIC
gboolean zmqg_req_socket_get_relaxed (ZmqgReqSocket *self);
ZMQG_PUBLIC
void zmqg_req_socket_set_relaxed (ZmqgReqSocket *self, gboolean relaxed);
ZMQG_PUBLIC
gboolean zmqg_req_socket_get_probe_router (ZmqgReqSocket *self);
ZMQG_PUBLIC
void zmqg_req_socket_set_probe_router (ZmqgReqSocket *self,
                                       gboolean probe_router);
ZMQG_PUBLIC
guint zmqg_req_socket_get_request_retries (ZmqgReqSocket *self);
ZMQG_PUBLIC
void zmqg_req_socket_set_request_retries (ZmqgReqSocket *self, guint retries);
ZMQG_PUBLIC
guint zmqg_req_socket_get_request_retry_interval (ZmqgReqSocket *self);
ZMQG_PUBLIC
void zmqg_req_socket_set_request_retry_interval (ZmqgReqSocket *self,
                                                 guint interval_msec);

ZMQG_PUBLIC
ZmqgMessage *zmqg_req_socket_request (ZmqgReqSocket *self,
                                      ZmqgMessage *message, int timeout_msec,
                                      GCancellable *cancellable,
                                      GError **error);
ZMQG_PUBLIC
void zmqg_req_socket_request_async (ZmqgReqSocket *self,
                                    ZmqgMessage *message,
                                    int timeout_msec,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
ZMQG_PUBLIC
ZmqgMessage *zmqg_req_socket_request_finish (ZmqgReqSocket *self,
                                             GAsyncResult *result,
                                             GError **error);

G_END_DECLS
