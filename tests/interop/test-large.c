/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-pair.h"

/* Each pair of types, both roles: a message that no buffer on the way has room
 * for. */

/* In one frame, as a part, and back where the types have a way back. */
static void
exchange (Interop *test,
          const char *frames)
{
  const InteropPair *pair = test->data;
  ZmqgSocket *socket;
  InteropPeer *peer;

  socket = interop_pair_socket (test, pair);
  peer = interop_peer (test, pair->theirs);
  interop_pair_prepare (pair, peer);
  interop_meet (test, socket, peer);
  interop_pair_settle (pair, socket, peer);
  interop_pair_exchange (pair, socket, peer, frames);
}

static void
sixty_four_mebibytes (Interop *test)
{
  exchange (test, "=before *67108864.1 =after");
}

/* Where the engine runs in the calls and the main context: each takes as much
 * as the kernel has, many times. */
static void
six_mebibytes (Interop *test)
{
  exchange (test, "=before *6291456.1 =after");
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
      g_autofree char *small_path = NULL;

      path = g_strdup_printf ("/zmqg/interop/%s/64-MiB-arrive-intact",
                              pair->name);
      interop_add_threads (path, sixty_four_mebibytes, pair);
      small_path = g_strdup_printf ("/zmqg/interop/%s/6-MiB-arrive-intact",
                                    pair->name);
      interop_add_main_context (small_path, six_mebibytes, pair);
    }

  return g_test_run ();
}
