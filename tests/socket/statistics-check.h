/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-socket.h"
#include "socket/zmqg-statistics.h"

G_BEGIN_DECLS

/* What no number of messages in tests comes near: a difference that went
 * below 0 is beyond. */
#define STATISTICS_TOO_MANY (G_GUINT64_CONSTANT (1) << 40)

/* What holds at any moment. */
static inline void
statistics_check (ZmqgStatistics *self)
{
  guint64 out = zmqg_statistics_get_outbound_queued (self);
  guint64 in = zmqg_statistics_get_inbound_queued (self);
  guint64 unqueued = 0; /* dropped before they came into a queue */

  g_assert_cmpuint (out, <, STATISTICS_TOO_MANY);
  g_assert_cmpuint (in, <, STATISTICS_TOO_MANY);
  g_assert_cmpuint (zmqg_statistics_get_handed_on (self), <,
                    STATISTICS_TOO_MANY);
  g_assert_cmpuint (zmqg_statistics_get_taken (self), <, STATISTICS_TOO_MANY);
  g_assert_cmpuint (zmqg_statistics_get_copies (self), ==,
                    zmqg_statistics_get_handed_on (self) +
                      zmqg_statistics_get_outbound_dropped (self) + out);
  g_assert_cmpuint (zmqg_statistics_get_arrived (self), ==,
                    zmqg_statistics_get_taken (self) +
                      zmqg_statistics_get_inbound_dropped (self) + in);

  unqueued += zmqg_statistics_get_dropped (self, ZMQG_DROP_REASON_NO_PEER);
  unqueued += zmqg_statistics_get_dropped (self, ZMQG_DROP_REASON_FULL);
  unqueued += zmqg_statistics_get_dropped (self, ZMQG_DROP_REASON_NO_MEMORY);
  g_assert_cmpuint (zmqg_statistics_get_total_dropped (self), ==,
                    zmqg_statistics_get_inbound_dropped (self) +
                      zmqg_statistics_get_outbound_dropped (self) + unqueued);
}

/* A number of the socket's, which are checked: COUNT (push, handed_on). */
static inline guint64
statistics_count (ZmqgSocket *socket,
                  guint64 (*what) (ZmqgStatistics *statistics))
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);

  statistics_check (statistics);
  return what (statistics);
}

static inline guint64
statistics_count_dropped (ZmqgSocket *socket,
                          ZmqgDropReason reason)
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);

  statistics_check (statistics);
  return zmqg_statistics_get_dropped (statistics, reason);
}

#define COUNT(socket, what) \
  statistics_count (socket, zmqg_statistics_get_##what)
#define DROPPED(socket, reason) \
  statistics_count_dropped (socket, ZMQG_DROP_REASON_##reason)

G_END_DECLS
