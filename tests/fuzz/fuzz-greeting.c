/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "fuzz-target.h"

#include "zmtp/zmqg-greeting-private.h"

static void
start (ZmqgGreeting *greeting,
       guint8 choice)
{
  static const char *const mechanisms[]
      = { "NULL", "PLAIN", "CURVE", "GSSAPI" };

  zmqg_greeting_init (greeting, mechanisms[choice & 3], choice >> 3, choice);
  if ((choice & 4) != 0)
    greeting->allow_downgrade = !greeting->allow_downgrade;
}

/* The first byte chooses our side and the size of pieces, the others are the
 * peer's. In pieces and at once, the outcome is the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  ZmqgGreeting whole, pieces;
  gsize taken = 0, taken_of_whole, step, n, n_of_whole;

  if (size == 0)
    return 0;

  start (&whole, data[0]);
  start (&pieces, data[0]);
  step = 1 + data[0] % 13;
  data++;
  size--;

  taken_of_whole = zmqg_greeting_feed (&whole, data, size);
  g_assert (taken_of_whole <= size);
  g_assert (taken_of_whole <= ZMQG_GREETING_SIZE);
  g_assert (whole.state != ZMQG_GREETING_MORE || taken_of_whole == size);

  while (taken < size && pieces.state == ZMQG_GREETING_MORE)
    {
      taken += zmqg_greeting_feed (&pieces, data + taken,
                                   MIN (step, size - taken));
      zmqg_greeting_peek_output (&pieces, &n);
      zmqg_greeting_output_written (&pieces, MIN (step, n));
    }

  g_assert (taken == taken_of_whole);
  g_assert (pieces.state == whole.state);
  g_assert (pieces.version == whole.version);
  g_assert (pieces.protocol_error == whole.protocol_error);
  g_assert (pieces.reason == whole.reason);

  zmqg_greeting_peek_leftover (&whole, &n_of_whole);
  zmqg_greeting_peek_leftover (&pieces, &n);
  g_assert (n == n_of_whole && n <= ZMQG_GREETING_SIGNATURE_SIZE);

  return 0;
}
