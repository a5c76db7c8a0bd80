/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "base/zmqg-types.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_ENDPOINT (zmqg_endpoint_get_type ())
#define ZMQG_ENDPOINT(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_ENDPOINT, ZmqgEndpoint))
#define ZMQG_IS_ENDPOINT(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_ENDPOINT))

typedef struct _ZmqgEndpointClass ZmqgEndpointClass;

ZMQG_PUBLIC
GType zmqg_endpoint_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgEndpoint, g_object_unref)

ZMQG_PUBLIC
const char *zmqg_endpoint_get_uri (ZmqgEndpoint *self);
ZMQG_PUBLIC
ZmqgEndpointKind zmqg_endpoint_get_kind (ZmqgEndpoint *self);
ZMQG_PUBLIC
ZmqgEndpointState zmqg_endpoint_get_state (ZmqgEndpoint *self);
ZMQG_PUBLIC
GError *zmqg_endpoint_get_last_error (ZmqgEndpoint *self);
ZMQG_PUBLIC
guint zmqg_endpoint_get_reconnects (ZmqgEndpoint *self);

G_END_DECLS
