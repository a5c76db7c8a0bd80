/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-pair.h"

/* Around the borders of short and long frames, of libzmq's batches of 8 KiB,
 * and of our chunks of 64 KiB. */
static const char *const messages[] = {
  "=hello",
  "=",
  "= =",
  "= = =",
  "= =last",
  "=first =",
  "=first = =last",
  "=one =two =three =four",
  "*1.1",
  "*254.2",
  "*255.3",
  "*256.4",
  "*257.5",
  "*8191.6",
  "*8192.7",
  "*8193.8",
  "*65535.9",
  "*65536.10",
  "*65537.11",
  "*1048576.12",
  "=head *255.13 *256.14 = *8192.15 *65536.16 =tail",
  "*200000.17 *200000.18 *200000.19",
};

static void
every_message (Interop *test)
{
  const InteropPair *pair = test->data;
  ZmqgSocket *socket = interop_pair_socket (test, pair);
  InteropPeer *peer = interop_peer (test, pair->theirs);
  g_autoptr (GString) many = g_string_new ("=0");

  for (guint i = 1; i < 300; i++)
    g_string_append_printf (many, " *%u.1", i);

  interop_pair_prepare (pair, peer);
  interop_meet (test, socket, peer);
  interop_pair_settle (pair, socket, peer);

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    interop_pair_exchange (pair, socket, peer, messages[i]);
  interop_pair_exchange (pair, socket, peer, many->str);
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

      path = g_strdup_printf ("/zmqg/interop/%s/every-message-arrives-intact",
                              pair->name);
      interop_add (path, every_message, pair);
    }

  return g_test_run ();
}
