/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/* What libzmq reads of our properties, and we of its. */
static void
test_metadata (Interop *test)
{
  ZmqgSocket *dealer = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *peer = interop_peer (test, "DEALER");
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  zmqg_socket_add_metadata (dealer, "X-zone", "north", &error);
  g_assert_no_error (error);
  zmqg_socket_add_metadata (dealer, "X-empty.or+not", ":", &error);
  g_assert_no_error (error);
  interop_do (peer, "set metadata =X-from:libzmq:there");
  interop_meet (test, dealer, peer);
  interop_await_peers (dealer, 1);

  for (guint i = 0; i < 3; i++)
    interop_send (dealer, "=hello");
  interop_tell (peer, "gets X-zone");
  interop_expect (peer, "property north");
  interop_tell (peer, "gets X-empty.or+not");
  interop_expect (peer, "property :");
  interop_tell (peer, "gets X-none");
  interop_expect (peer, "no property");

  interop_peer_sends (peer, "=hello");
  message = zmqg_socket_receive (dealer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (zmqg_message_get_property (message, "X-from"), ==,
                   "libzmq:there");
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  interop_add ("/zmqg/interop/metadata", test_metadata, NULL);

  return g_test_run ();
}
