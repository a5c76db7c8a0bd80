/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-types.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_REQUEST (zmqg_request_get_type ())
#define ZMQG_REQUEST(object) \
  (G_TYPE_CHECK_INSTANCE_CAST ((object), ZMQG_TYPE_REQUEST, ZmqgRequest))
#define ZMQG_IS_REQUEST(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), ZMQG_TYPE_REQUEST))

typedef struct _ZmqgRequest ZmqgRequest;
typedef struct _ZmqgRequestClass ZmqgRequestClass;

ZMQG_PUBLIC
GType zmqg_request_get_type (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgRequest, g_object_unref)

ZMQG_PUBLIC
ZmqgMessage *zmqg_request_get_message (ZmqgRequest *self);
ZMQG_PUBLIC
ZmqgPeer *zmqg_request_get_peer (ZmqgRequest *self);

ZMQG_PUBLIC
gboolean zmqg_request_reply (ZmqgRequest *self, ZmqgMessage *message,
                             GError **error);
ZMQG_PUBLIC
gboolean zmqg_request_reply_data (ZmqgRequest *self, const guint8 *data,
                                  gsize size, GError **error);
ZMQG_PUBLIC
gboolean zmqg_request_reply_bytes (ZmqgRequest *self, GBytes *bytes,
                                   GError **error);
ZMQG_PUBLIC
gboolean zmqg_request_reply_string (ZmqgRequest *self, const char *string,
                                    GError **error);

G_END_DECLS
