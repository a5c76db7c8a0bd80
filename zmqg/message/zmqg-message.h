/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-types.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_MESSAGE (zmqg_message_get_type ())
ZMQG_PUBLIC
GType zmqg_message_get_type (void);

ZMQG_PUBLIC
ZmqgMessage *zmqg_message_new (void);
ZMQG_PUBLIC
ZmqgMessage *zmqg_message_new_data (const guint8 *data,
                                    gsize         size);
ZMQG_PUBLIC
ZmqgMessage *zmqg_message_new_bytes (GBytes *bytes);
ZMQG_PUBLIC
ZmqgMessage *zmqg_message_new_string (const char *string);
ZMQG_PUBLIC
ZmqgMessage *zmqg_message_new_strv (const char *const *strv);
ZMQG_PUBLIC
ZmqgMessage *zmqg_message_new_variant (GVariant *value);

ZMQG_PUBLIC
ZmqgMessage *zmqg_message_ref (ZmqgMessage *self);
ZMQG_PUBLIC
void zmqg_message_unref (ZmqgMessage *self);
ZMQG_PUBLIC
ZmqgMessage *zmqg_message_copy (ZmqgMessage *self);
ZMQG_PUBLIC
gboolean zmqg_message_equal (ZmqgMessage *self,
                             ZmqgMessage *other);

ZMQG_PUBLIC
void zmqg_message_append_data (ZmqgMessage  *self,
                               const guint8 *data,
                               gsize         size);
ZMQG_PUBLIC
void zmqg_message_append_bytes (ZmqgMessage *self,
                                GBytes      *bytes);
ZMQG_PUBLIC
void zmqg_message_append_string (ZmqgMessage *self,
                                 const char  *string);
ZMQG_PUBLIC
void zmqg_message_append_variant (ZmqgMessage *self,
                                  GVariant    *value);

ZMQG_PUBLIC
guint zmqg_message_get_n_frames (ZmqgMessage *self);
ZMQG_PUBLIC
gsize zmqg_message_get_size (ZmqgMessage *self);
ZMQG_PUBLIC
const guint8 *zmqg_message_get_data (ZmqgMessage *self,
                                     guint        index,
                                     gsize       *size);
ZMQG_PUBLIC
GBytes *zmqg_message_get_frame (ZmqgMessage *self,
                                guint        index);
ZMQG_PUBLIC
char *zmqg_message_get_string (ZmqgMessage *self,
                               guint        index);
ZMQG_PUBLIC
GVariant *zmqg_message_get_variant (ZmqgMessage        *self,
                                    guint               index,
                                    const GVariantType *type);
ZMQG_PUBLIC
char **zmqg_message_to_strv (ZmqgMessage *self);

ZMQG_PUBLIC
ZmqgPeer *zmqg_message_get_peer (ZmqgMessage *self);
ZMQG_PUBLIC
const char *zmqg_message_get_property (ZmqgMessage *self,
                                       const char  *name);
ZMQG_PUBLIC
guint32 zmqg_message_get_routing_id (ZmqgMessage *self);
ZMQG_PUBLIC
void zmqg_message_set_routing_id (ZmqgMessage *self,
                                  guint32      routing_id);
ZMQG_PUBLIC
const char *zmqg_message_get_group (ZmqgMessage *self);
ZMQG_PUBLIC
void zmqg_message_set_group (ZmqgMessage *self,
                             const char  *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgMessage, zmqg_message_unref)

G_END_DECLS
