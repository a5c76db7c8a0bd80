/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_DEALER_SOCKET (zmqg_dealer_socket_get_type ())
#define ZMQG_DEALER_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_DEALER_SOCKET, \
                               ZmqgDealerSocket))
#define ZMQG_IS_DEALER_SOCKET(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_DEALER_SOCKET))

typedef struct _ZmqgDealerSocket ZmqgDealerSocket;
typedef struct _ZmqgDealerSocketClass ZmqgDealerSocketClass;

ZMQG_PUBLIC
GType zmqg_dealer_socket_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgDealerSocket, g_object_unref)

ZMQG_PUBLIC
ZmqgSocket *zmqg_dealer_socket_new (ZmqgContext *context);

ZMQG_PUBLIC
gboolean zmqg_dealer_socket_get_probe_router (ZmqgDealerSocket *self);
ZMQG_PUBLIC
void zmqg_dealer_socket_set_probe_router (ZmqgDealerSocket *self,
                                          gboolean probe_router);

G_END_DECLS
