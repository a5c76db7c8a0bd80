/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-engine-private.h"

#include <errno.h>
#include <string.h>

/* A thread that polls descriptors of its own, and drives any number of engines
 * meanwhile. */

static gint64
earlier (gint64 deadline,
         int timeout)
{
  gint64 end;

  if (timeout < 0)
    return deadline;

  end = g_get_monotonic_time () + (gint64) timeout * 1000;
  return deadline < 0 ? end : MIN (deadline, end);
}

int
zmqg_engines_poll (ZmqgEngine **engines,
                   guint n_engines,
                   ZmqgThreadWaiter *waiter,
                   GPollFD *fds,
                   guint n_fds,
                   gint64 deadline,
                   const sigset_t *mask)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (GPollFD));
  g_autofree ZmqgEngineTurn *turns = g_new (ZmqgEngineTurn, n_engines);
  int timeout = -1;
  int result;
  int code;

  g_array_append_vals (all, fds, n_fds);
  for (guint i = 0; i < n_engines; i++)
    zmqg_engine_begin_turn (engines[i], &turns[i], waiter, all, &timeout);

  result = zmqg_ppoll ((GPollFD *) all->data, all->len,
                       earlier (deadline, timeout), mask);
  code = errno;
  if (result < 0)
    for (guint i = 0; i < all->len; i++)
      g_array_index (all, GPollFD, i).revents = 0;
  memcpy (fds, all->data, n_fds * sizeof *fds);

  for (guint i = 0; i < n_engines; i++)
    zmqg_engine_end_poll (&turns[i]);
  for (guint i = n_engines; i > 0; i--)
    zmqg_engine_end_turn (&turns[i - 1], waiter, all);

  errno = code;
  return result;
}
