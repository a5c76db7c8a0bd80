/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-types.h"
#include "socket/zmqg-statistics.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_PEER (zmqg_peer_get_type ())
#define ZMQG_PEER(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_PEER, ZmqgPeer))
#define ZMQG_IS_PEER(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_PEER))

typedef struct _ZmqgPeerClass ZmqgPeerClass;

ZMQG_PUBLIC
GType zmqg_peer_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgPeer, g_object_unref)

ZMQG_PUBLIC
GSocketAddress *zmqg_peer_get_remote_address (ZmqgPeer *self);
ZMQG_PUBLIC
const char *zmqg_peer_get_remote_uri (ZmqgPeer *self);
ZMQG_PUBLIC
GCredentials *zmqg_peer_get_credentials (ZmqgPeer *self);
ZMQG_PUBLIC
GBytes *zmqg_peer_get_identity (ZmqgPeer *self);
ZMQG_PUBLIC
const char *zmqg_peer_get_socket_type (ZmqgPeer *self);
ZMQG_PUBLIC
const char *zmqg_peer_get_mechanism (ZmqgPeer *self);
ZMQG_PUBLIC
const char *zmqg_peer_lookup_metadata (ZmqgPeer *self, const char *name);
ZMQG_PUBLIC
ZmqgStatistics *zmqg_peer_get_statistics (ZmqgPeer *self);
ZMQG_PUBLIC
const char *zmqg_peer_get_user_id (ZmqgPeer *self);
ZMQG_PUBLIC
GVariant *zmqg_peer_get_metadata (ZmqgPeer *self);
ZMQG_PUBLIC
gboolean zmqg_peer_is_connected (ZmqgPeer *self);

ZMQG_PUBLIC
void zmqg_peer_drop (ZmqgPeer *self);

G_END_DECLS
