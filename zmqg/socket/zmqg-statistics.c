/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-statistics-private.h"

/**
 * ZmqgStatistics:
 *
 * What became of the messages of a socket, or of one of its peers, until the
 * moment when this was asked for.
 *
 * At any moment, for a socket and for each of its peers,
 *
 * - copies = handed on + dropped outbound + queued outbound,
 * - arrived = taken + dropped inbound + queued inbound.
 *
 * Drops are counted by [enum@DropReason]. Messages that were dropped before
 * they came into a queue (%ZMQG_DROP_REASON_NO_PEER, %ZMQG_DROP_REASON_FULL,
 * %ZMQG_DROP_REASON_NO_MEMORY) are no copies.
 *
 * Of a peer, messages sent and received are those that were handed on and
 * arrived over this connection. What the socket did with those that arrived,
 * and payload, are not counted for each peer.
 *
 * Since: 1.0
 */

G_DEFINE_BOXED_TYPE (ZmqgStatistics, zmqg_statistics, zmqg_statistics_ref,
                     zmqg_statistics_unref)

ZmqgStatistics *
zmqg_statistics_new (const ZmqgTally *tally)
{
  ZmqgStatistics *self = g_new0 (ZmqgStatistics, 1);

  atomic_init (&self->refs, 1);
  self->tally = *tally;
  return self;
}

/**
 * zmqg_statistics_ref:
 * @self: statistics
 *
 * Takes a reference. Any thread may do so.
 *
 * Returns: (transfer full): the same statistics
 *
 * Since: 1.0
 */
ZmqgStatistics *
zmqg_statistics_ref (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

/**
 * zmqg_statistics_unref:
 * @self: (transfer full): statistics
 *
 * Drops a reference; the last one frees them. Any thread may do so.
 *
 * Since: 1.0
 */
void
zmqg_statistics_unref (ZmqgStatistics *self)
{
  g_return_if_fail (self != NULL);

  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) == 1)
    g_free (self);
}

/**
 * zmqg_statistics_get_messages_sent:
 * @self: statistics
 *
 * Counts messages that calls which send have accepted.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_messages_sent (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->messages_sent;
}

/**
 * zmqg_statistics_get_bytes_sent:
 * @self: statistics
 *
 * Counts payload of the messages that calls which send have accepted.
 *
 * Returns: a number of bytes
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_bytes_sent (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->bytes_sent;
}

/**
 * zmqg_statistics_get_messages_received:
 * @self: statistics
 *
 * Counts messages that the program was given, notifications of XPUB and
 * ROUTER sockets among them.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_messages_received (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->messages_received;
}

/**
 * zmqg_statistics_get_bytes_received:
 * @self: statistics
 *
 * Counts payload of the messages that the program was given.
 *
 * Returns: a number of bytes
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_bytes_received (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->bytes_received;
}

/**
 * zmqg_statistics_get_copies:
 * @self: statistics
 *
 * Counts messages that were queued for peers: one that goes to three
 * subscribers counts three times.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_copies (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.copies;
}

/**
 * zmqg_statistics_get_handed_on:
 * @self: statistics
 *
 * Counts messages that were given whole to the kernel, or taken by the other
 * socket (inproc).
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_handed_on (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.handed_on;
}

/**
 * zmqg_statistics_get_outbound_dropped:
 * @self: statistics
 *
 * Counts messages that were dropped after they had been queued for a peer.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_outbound_dropped (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.out_dropped;
}

/**
 * zmqg_statistics_get_outbound_queued:
 * @self: statistics
 *
 * Counts messages that are queued for peers now.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_outbound_queued (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.copies - self->tally.handed_on - self->tally.out_dropped;
}

/**
 * zmqg_statistics_get_arrived:
 * @self: statistics
 *
 * Counts messages that came from peers, subscriptions that a PUB or XPUB
 * socket was sent among them.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_arrived (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.arrived;
}

/**
 * zmqg_statistics_get_taken:
 * @self: statistics
 *
 * Counts messages that the socket took from its queues: for the program, or,
 * subscriptions, for itself.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_taken (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.taken;
}

/**
 * zmqg_statistics_get_inbound_dropped:
 * @self: statistics
 *
 * Counts messages that came from peers and were dropped.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_inbound_dropped (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.in_dropped;
}

/**
 * zmqg_statistics_get_inbound_queued:
 * @self: statistics
 *
 * Counts messages from peers that wait to be received now.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_inbound_queued (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.arrived - self->tally.taken - self->tally.in_dropped;
}

/**
 * zmqg_statistics_get_wire_bytes_sent:
 * @self: statistics
 *
 * Counts what connections have written: frames and their headers; nothing
 * over inproc.
 *
 * Returns: a number of bytes
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_wire_bytes_sent (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.wire_out;
}

/**
 * zmqg_statistics_get_wire_bytes_received:
 * @self: statistics
 *
 * Counts what connections have read: frames and their headers; nothing over
 * inproc.
 *
 * Returns: a number of bytes
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_wire_bytes_received (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->tally.wire_in;
}

/**
 * zmqg_statistics_get_reconnects:
 * @self: statistics
 *
 * Counts attempts to connect again after a connection was lost, or not made.
 *
 * Returns: a number of attempts
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_reconnects (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->reconnects;
}

/**
 * zmqg_statistics_get_failed_handshakes:
 * @self: statistics
 *
 * Counts connections that ended in their handshake.
 *
 * Returns: a number of connections
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_failed_handshakes (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->failed_handshakes;
}

/**
 * zmqg_statistics_get_peers:
 * @self: statistics
 *
 * Counts peers that are connected now.
 *
 * Returns: a number of peers
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_peers (ZmqgStatistics *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->peers;
}

/**
 * zmqg_statistics_get_dropped:
 * @self: statistics
 * @reason: a reason
 *
 * Counts messages, or copies of them, that went nowhere for one reason.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_dropped (ZmqgStatistics *self,
                             ZmqgDropReason reason)
{
  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail ((guint) reason < ZMQG_N_DROP_REASONS, 0);

  return self->tally.dropped[reason];
}

/**
 * zmqg_statistics_get_total_dropped:
 * @self: statistics
 *
 * Counts messages, or copies of them, that went nowhere for any reason.
 *
 * Returns: a number of messages
 *
 * Since: 1.0
 */
guint64
zmqg_statistics_get_total_dropped (ZmqgStatistics *self)
{
  guint64 sum = 0;

  g_return_val_if_fail (self != NULL, 0);

  for (guint i = 0; i < ZMQG_N_DROP_REASONS; i++)
    sum += self->tally.dropped[i];
  return sum;
}

/**
 * zmqg_statistics_to_string:
 * @self: statistics
 *
 * Shows all that is not 0, on one line, for logs.
 *
 * Returns: (transfer full): for example
 *   `sent 3 (120 bytes), received 0 (0 bytes), copies 3, handed-on 3`
 *
 * Since: 1.0
 */
char *
zmqg_statistics_to_string (ZmqgStatistics *self)
{
  g_autoptr (GEnumClass) reasons = NULL;
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  const struct
  {
    const char *name;
    guint64 value;
  } numbers[] = {
    { "copies", self->tally.copies },
    { "handed-on", self->tally.handed_on },
    { "outbound-queued", zmqg_statistics_get_outbound_queued (self) },
    { "arrived", self->tally.arrived },
    { "taken", self->tally.taken },
    { "inbound-queued", zmqg_statistics_get_inbound_queued (self) },
    { "wire-bytes-sent", self->tally.wire_out },
    { "wire-bytes-received", self->tally.wire_in },
    { "reconnects", self->reconnects },
    { "failed-handshakes", self->failed_handshakes },
    { "peers", self->peers },
  };

  text = g_string_new (NULL);
  g_string_printf (text,
                   "sent %" G_GUINT64_FORMAT " (%" G_GUINT64_FORMAT
                   " bytes), received %" G_GUINT64_FORMAT
                   " (%" G_GUINT64_FORMAT " bytes)",
                   self->messages_sent, self->bytes_sent,
                   self->messages_received, self->bytes_received);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (numbers[i].value != 0)
      g_string_append_printf (text, ", %s %" G_GUINT64_FORMAT,
                              numbers[i].name, numbers[i].value);

  reasons = g_type_class_ref (ZMQG_TYPE_DROP_REASON);
  for (guint i = 0; i < ZMQG_N_DROP_REASONS; i++)
    if (self->tally.dropped[i] != 0)
      g_string_append_printf (text, ", dropped/%s %" G_GUINT64_FORMAT,
                              g_enum_get_value (reasons, (int) i)->value_nick,
                              self->tally.dropped[i]);

  return g_string_free (text, FALSE);
}
