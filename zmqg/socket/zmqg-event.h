/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "base/zmqg-types.h"

G_BEGIN_DECLS

#define ZMQG_TYPE_EVENT (zmqg_event_get_type ())

ZMQG_PUBLIC
GType zmqg_event_get_type (void);

ZMQG_PUBLIC
ZmqgEvent *zmqg_event_ref (ZmqgEvent *self);
ZMQG_PUBLIC
void zmqg_event_unref (ZmqgEvent *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgEvent, zmqg_event_unref)

ZMQG_PUBLIC
ZmqgEventType zmqg_event_get_event_type (ZmqgEvent *self);
ZMQG_PUBLIC
ZmqgEndpoint *zmqg_event_get_endpoint (ZmqgEvent *self);
ZMQG_PUBLIC
ZmqgPeer *zmqg_event_get_peer (ZmqgEvent *self);
ZMQG_PUBLIC
const char *zmqg_event_get_local_address (ZmqgEvent *self);
ZMQG_PUBLIC
const char *zmqg_event_get_remote_address (ZmqgEvent *self);
ZMQG_PUBLIC
const GError *zmqg_event_get_error (ZmqgEvent *self);

ZMQG_PUBLIC
int zmqg_event_get_value (ZmqgEvent *self);
ZMQG_PUBLIC
int zmqg_event_get_descriptor (ZmqgEvent *self);
ZMQG_PUBLIC
int zmqg_event_get_system_error (ZmqgEvent *self);
ZMQG_PUBLIC
int zmqg_event_get_interval (ZmqgEvent *self);
ZMQG_PUBLIC
ZmqgProtocolError zmqg_event_get_protocol_error (ZmqgEvent *self);
ZMQG_PUBLIC
guint zmqg_event_get_status_code (ZmqgEvent *self);
ZMQG_PUBLIC
guint64 zmqg_event_get_outbound_queued (ZmqgEvent *self);
ZMQG_PUBLIC
guint64 zmqg_event_get_inbound_queued (ZmqgEvent *self);

ZMQG_PUBLIC
char *zmqg_event_to_string (ZmqgEvent *self);

G_END_DECLS
