/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pipe/zmqg-account-private.h"
#include "socket/zmqg-statistics.h"

/*
 * ZmqgStatistics: counters of a socket or a peer at one moment. Counted,
 * constant.
 */
struct _ZmqgStatistics
{
  atomic_uint refs;
  ZmqgTally tally;
  guint64 messages_sent;
  guint64 bytes_sent;
  guint64 messages_received;
  guint64 bytes_received;
  guint64 reconnects;
  guint64 failed_handshakes;
  guint64 peers;
};

/* Zeroed but for @tally. */
ZmqgStatistics *zmqg_statistics_new (const ZmqgTally *tally);
