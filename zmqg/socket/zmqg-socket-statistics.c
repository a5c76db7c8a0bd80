/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-statistics-private.h"

/* What a socket counts. */

/* Accounts of pipes that are gone are added up when there are so many. */
#define SWEEP_FROM 16

/* Locked (accounts): takes those out that will not change. */
static void
sweep (ZmqgSocketCore *self)
{
  for (guint i = self->accounts->len; i > 0; i--)
    {
      ZmqgTally tally;

      if (!zmqg_account_read (g_ptr_array_index (self->accounts, i - 1),
                              &tally))
        continue;

      zmqg_tally_add (&self->past, &tally);
      g_ptr_array_remove_index_fast (self->accounts, i - 1);
    }

  self->next_sweep = MAX (SWEEP_FROM, self->accounts->len * 2);
}

void
zmqg_socket_core_add_account (ZmqgSocketCore *self,
                              ZmqgAccount *account)
{
  zmqg_lock (&self->accounts_lock);
  g_ptr_array_add (self->accounts, zmqg_account_ref (account));
  if (self->accounts->len >= MAX (SWEEP_FROM, self->next_sweep))
    sweep (self);
  zmqg_unlock (&self->accounts_lock);
}

void
zmqg_socket_core_tally (ZmqgSocketCore *self,
                        ZmqgTally *tally)
{
  zmqg_lock (&self->accounts_lock);
  sweep (self);
  *tally = self->past;
  for (guint i = 0; i < self->accounts->len; i++)
    {
      ZmqgTally one;

      zmqg_account_read (g_ptr_array_index (self->accounts, i), &one);
      zmqg_tally_add (tally, &one);
    }
  zmqg_unlock (&self->accounts_lock);
}

/**
 * zmqg_socket_get_statistics:
 * @self: a socket
 *
 * Gets what the socket has counted since it was made, also after it was
 * closed. Any thread may ask.
 *
 * Returns: (transfer full): the statistics of this moment
 *
 * Since: 1.0
 */
ZmqgStatistics *
zmqg_socket_get_statistics (ZmqgSocket *self)
{
  ZmqgStatistics *statistics;
  ZmqgSocketCore *core;
  ZmqgTally tally = { 0 };

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);

  core = self->core;
  if (!zmqg_socket_core_check_fork (core, NULL))
    return zmqg_statistics_new (&tally);

  zmqg_socket_core_lock (core);
  zmqg_socket_core_tally (core, &tally);
  tally.dropped[ZMQG_DROP_REASON_NO_PEER] += core->dropped_no_peer;
  tally.arrived += core->dropped_notices;
  tally.in_dropped += core->dropped_notices;
  tally.dropped[ZMQG_DROP_REASON_UNREAD] += core->dropped_notices;
  statistics = zmqg_statistics_new (&tally);
  statistics->messages_sent = core->sent;
  statistics->bytes_sent = core->bytes_sent;
  statistics->messages_received = core->received;
  statistics->bytes_received = core->bytes_received;
  zmqg_socket_core_unlock (core);

  statistics->reconnects = atomic_load (&core->n_reconnects);
  statistics->failed_handshakes = atomic_load (&core->n_failed_handshakes);
  statistics->peers = atomic_load (&core->n_peers);
  return statistics;
}
