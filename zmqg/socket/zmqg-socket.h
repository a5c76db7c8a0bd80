/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "base/zmqg-types.h"
#include "message/zmqg-message.h"
#include "socket/zmqg-statistics.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_SOCKET (zmqg_socket_get_type ())
#define ZMQG_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_SOCKET, ZmqgSocket))
#define ZMQG_IS_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_SOCKET))

typedef struct _ZmqgSocketClass ZmqgSocketClass;

ZMQG_PUBLIC
GType zmqg_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgContext *zmqg_socket_get_context (ZmqgSocket *self);
ZMQG_PUBLIC
ZmqgSocketType zmqg_socket_get_socket_type (ZmqgSocket *self);

ZMQG_PUBLIC
gboolean zmqg_socket_bind (ZmqgSocket *self, const char *uri, GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_bind_fd (ZmqgSocket *self, int fd, GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_connect_to (ZmqgSocket *self,
                                 const char *uri,
                                 GError **error);
ZMQG_PUBLIC
ZmqgEndpoint *zmqg_socket_bind_endpoint (ZmqgSocket *self,
                                         const char *uri,
                                         GError **error);
ZMQG_PUBLIC
ZmqgEndpoint *zmqg_socket_connect_endpoint (ZmqgSocket *self,
                                            const char *uri,
                                            GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_unbind (ZmqgSocket *self,
                             const char *uri,
                             GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_disconnect_from (ZmqgSocket *self,
                                      const char *uri,
                                      GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_attach_stream (ZmqgSocket *self,
                                    GIOStream *stream,
                                    gboolean as_server,
                                    GError **error);
ZMQG_PUBLIC
char *zmqg_socket_get_last_endpoint (ZmqgSocket *self);
ZMQG_PUBLIC
GListModel *zmqg_socket_get_peers (ZmqgSocket *self);
ZMQG_PUBLIC
GListModel *zmqg_socket_get_endpoints (ZmqgSocket *self);

ZMQG_PUBLIC
gboolean zmqg_socket_send (ZmqgSocket *self,
                           ZmqgMessage *message,
                           GCancellable *cancellable,
                           GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_send_data (ZmqgSocket *self,
                                const guint8 *data,
                                gsize size,
                                GCancellable *cancellable,
                                GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_send_bytes (ZmqgSocket *self,
                                 GBytes *bytes,
                                 GCancellable *cancellable,
                                 GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_send_string (ZmqgSocket *self,
                                  const char *string,
                                  GCancellable *cancellable,
                                  GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_try_send (ZmqgSocket *self,
                               ZmqgMessage *message,
                               GError **error);
ZMQG_PUBLIC
void zmqg_socket_send_async (ZmqgSocket *self,
                             ZmqgMessage *message,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
ZMQG_PUBLIC
gboolean zmqg_socket_send_finish (ZmqgSocket *self,
                                  GAsyncResult *result,
                                  GError **error);

ZMQG_PUBLIC
ZmqgMessage *zmqg_socket_receive (ZmqgSocket *self,
                                  GCancellable *cancellable,
                                  GError **error);
ZMQG_PUBLIC
ZmqgMessage *zmqg_socket_try_receive (ZmqgSocket *self, GError **error);
ZMQG_PUBLIC
void zmqg_socket_receive_async (ZmqgSocket *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
ZMQG_PUBLIC
ZmqgMessage *zmqg_socket_receive_finish (ZmqgSocket *self,
                                         GAsyncResult *result,
                                         GError **error);
ZMQG_PUBLIC
GPtrArray *zmqg_socket_receive_batch (ZmqgSocket *self,
                                      guint max,
                                      GCancellable *cancellable,
                                      GError **error);
ZMQG_PUBLIC
void zmqg_socket_receive_batch_async (ZmqgSocket *self,
                                      guint max,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
ZMQG_PUBLIC
GPtrArray *zmqg_socket_receive_batch_finish (ZmqgSocket *self,
                                             GAsyncResult *result,
                                             GError **error);

ZMQG_PUBLIC
GIOCondition zmqg_socket_get_events (ZmqgSocket *self);
ZMQG_PUBLIC
GSource *zmqg_socket_create_source (ZmqgSocket *self,
                                    GIOCondition condition,
                                    GCancellable *cancellable);

/**
 * ZmqgSocketSourceFunc:
 * @socket: the socket
 * @condition: which of the conditions hold
 * @user_data: what was set with the callback
 *
 * The callback of a source of zmqg_socket_create_source(). Called in the main
 * context that the source is attached to.
 *
 * Returns: %G_SOURCE_CONTINUE to be called again, %G_SOURCE_REMOVE to stop
 *
 * Since: 1.0
 */
typedef gboolean (*ZmqgSocketSourceFunc) (ZmqgSocket *socket,
                                          GIOCondition condition,
                                          gpointer user_data);

ZMQG_PUBLIC
ZmqgStatistics *zmqg_socket_get_statistics (ZmqgSocket *self);
ZMQG_PUBLIC
gboolean zmqg_socket_report_pipes_stats (ZmqgSocket *self, GError **error);

ZMQG_PUBLIC
gboolean zmqg_socket_wait_for_peers (ZmqgSocket *self,
                                     guint n,
                                     GCancellable *cancellable,
                                     GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_flush (ZmqgSocket *self,
                            GCancellable *cancellable,
                            GError **error);
ZMQG_PUBLIC
void zmqg_socket_wait_for_peers_async (ZmqgSocket *self,
                                       guint n,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
ZMQG_PUBLIC
gboolean zmqg_socket_wait_for_peers_finish (ZmqgSocket *self,
                                            GAsyncResult *result,
                                            GError **error);
ZMQG_PUBLIC
void zmqg_socket_flush_async (ZmqgSocket *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
ZMQG_PUBLIC
gboolean zmqg_socket_flush_finish (ZmqgSocket *self,
                                   GAsyncResult *result,
                                   GError **error);
ZMQG_PUBLIC
void zmqg_socket_close (ZmqgSocket *self);
ZMQG_PUBLIC
void zmqg_socket_close_async (ZmqgSocket *self,
                              int timeout_msec,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
ZMQG_PUBLIC
gboolean zmqg_socket_close_finish (ZmqgSocket *self,
                                   GAsyncResult *result,
                                   guint64 *n_unsent,
                                   GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_is_closed (ZmqgSocket *self);

ZMQG_PUBLIC
void zmqg_socket_set_routing_id_data (ZmqgSocket *self,
                                      const guint8 *data,
                                      gsize size);
ZMQG_PUBLIC
void zmqg_socket_set_routing_id_string (ZmqgSocket *self, const char *string);
ZMQG_PUBLIC
gboolean zmqg_socket_add_metadata (ZmqgSocket *self,
                                   const char *name,
                                   const char *value,
                                   GError **error);
ZMQG_PUBLIC
gboolean zmqg_socket_add_accept_filter (ZmqgSocket *self,
                                        const char *filter,
                                        GError **error);
ZMQG_PUBLIC
void zmqg_socket_clear_accept_filters (ZmqgSocket *self);
ZMQG_PUBLIC
void zmqg_socket_add_ipc_filter_uid (ZmqgSocket *self, guint uid);
ZMQG_PUBLIC
void zmqg_socket_add_ipc_filter_gid (ZmqgSocket *self, guint gid);
ZMQG_PUBLIC
void zmqg_socket_add_ipc_filter_pid (ZmqgSocket *self, guint pid);
ZMQG_PUBLIC
void zmqg_socket_clear_ipc_filters (ZmqgSocket *self);
ZMQG_PUBLIC
void zmqg_socket_set_hello_message_data (ZmqgSocket *self,
                                         const guint8 *data,
                                         gsize size);
ZMQG_PUBLIC
void zmqg_socket_set_hello_message_string (ZmqgSocket *self,
                                           const char *string);
ZMQG_PUBLIC
void zmqg_socket_set_disconnect_message_data (ZmqgSocket *self,
                                              const guint8 *data,
                                              gsize size);
ZMQG_PUBLIC
void zmqg_socket_set_disconnect_message_string (ZmqgSocket *self,
                                                const char *string);
ZMQG_PUBLIC
void zmqg_socket_set_hiccup_message_data (ZmqgSocket *self,
                                          const guint8 *data,
                                          gsize size);
ZMQG_PUBLIC
void zmqg_socket_set_hiccup_message_string (ZmqgSocket *self,
                                            const char *string);

G_END_DECLS
