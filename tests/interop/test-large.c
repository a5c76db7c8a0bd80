/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-pair.h"

/* Each pair of types, both roles: a message that no buffer on the way has room
 * for. */

/* In one frame, as a part, and back where the types have a way back. */
static void
sixty_four_mebibytes (Interop *test)
{
  const InteropPair *pair = test->data;
  ZmqgSocket *socket;
  InteropPeer *peer;

  socket = interop_pair_socket (test, pair);
  peer = interop_peer (test, pair->theirs);
  interop_pair_prepare (pair, peer);
  interop_meet (test, socket, peer);
  interop_pair_settle (pair, socket, peer);
  interop_pair_exchange (pair, socket, peer, "=before *67108864.1 =after");
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < interop_n_pairs; i++)
    {
      const InteropPair *pair = &interop_pairs[i];
      g_autofree char *path = NULL;

      path = g_strdup_printf ("/zmqg/interop/%s/64-MiB-arrive-intact",
                              pair->name);
      interop_add_threads (path, sixty_four_mebibytes, pair);
    }

  return g_test_run ();
}
