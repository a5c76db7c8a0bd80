/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"

G_BEGIN_DECLS

typedef struct _ZmqgStatistics ZmqgStatistics;

#define ZMQG_TYPE_STATISTICS (zmqg_statistics_get_type ())
ZMQG_PUBLIC
GType zmqg_statistics_get_type (void);

ZMQG_PUBLIC
ZmqgStatistics *zmqg_statistics_ref (ZmqgStatistics *self);
ZMQG_PUBLIC
void zmqg_statistics_unref (ZmqgStatistics *self);

ZMQG_PUBLIC
guint64 zmqg_statistics_get_messages_sent (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_bytes_sent (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_messages_received (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_bytes_received (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_copies (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_handed_on (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_outbound_dropped (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_outbound_queued (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_arrived (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_taken (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_inbound_dropped (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_inbound_queued (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_wire_bytes_sent (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_wire_bytes_received (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_reconnects (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_failed_handshakes (ZmqgStatistics *self);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_peers (ZmqgStatistics *self);

ZMQG_PUBLIC
guint64 zmqg_statistics_get_dropped (ZmqgStatistics *self,
                                     ZmqgDropReason  reason);
ZMQG_PUBLIC
guint64 zmqg_statistics_get_total_dropped (ZmqgStatistics *self);

ZMQG_PUBLIC
char *zmqg_statistics_to_string (ZmqgStatistics *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgStatistics, zmqg_statistics_unref)

G_END_DECLS
