/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/* Hello, disconnect and hiccup messages, with libzmq at the other end. */

/* Ahead of what was queued, and again on the next connection. */
static void
test_hello_to_router (Interop *test)
{
  ZmqgSocket *dealer = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *peer = interop_peer (test, "ROUTER");

  zmqg_socket_set_routing_id_string (dealer, "d");
  zmqg_socket_set_hello_message_string (dealer, "hello");
  interop_meet (test, dealer, peer);
  interop_await_peers (dealer, 1);
  interop_send (dealer, "=behind");
  interop_peer_receives (peer, "=d =hello");
  interop_peer_receives (peer, "=d =behind");

  interop_peer_kill (peer);
  interop_await_no_peer (dealer);
  interop_peer_start (peer);
  interop_meet_again (test, peer);
  interop_peer_receives (peer, "=d =hello");
}

static void
test_hello_to_dealer (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  InteropPeer *peer = interop_peer (test, "DEALER");

  zmqg_socket_set_hello_message_string (router, "welcome");
  interop_do (peer, "set routing-id =d");
  interop_meet (test, router, peer);
  interop_await_peers (router, 1);
  interop_send (router, "=d =behind");
  interop_peer_receives (peer, "=welcome");
  interop_peer_receives (peer, "=behind");
}

/* It is no reply: nothing is in front of it. */
static void
test_hello_of_rep (Interop *test)
{
  ZmqgSocket *rep = interop_socket (test, ZMQG_SOCKET_TYPE_REP);
  InteropPeer *peer = interop_peer (test, "DEALER");

  zmqg_socket_set_hello_message_string (rep, "hello");
  interop_meet (test, rep, peer);
  interop_peer_receives (peer, "=hello");
  interop_peer_sends (peer, "= =request");
  interop_receive (rep, "=request");
  interop_send (rep, "=reply");
  interop_peer_receives (peer, "= =reply");

  interop_peer_kill (peer);
  interop_await_no_peer (rep);
  interop_peer_start (peer);
  interop_meet_again (test, peer);
  interop_peer_receives (peer, "=hello");
}

/* A killed process says nothing; the socket hears of it all the same. */
static void
test_loss (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);
  ZmqgSocket *dealer = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *peer = interop_peer (test, "DEALER");

  if (test->we_bind)
    {
      zmqg_socket_set_disconnect_message_string (router, "gone");
      interop_do (peer, "set routing-id =d");
      interop_meet (test, router, peer);
      interop_peer_sends (peer, "=here");
      interop_receive (router, "=d =here");
      interop_peer_kill (peer);
      interop_receive (router, "=d =gone");
    }
  else
    {
      zmqg_socket_set_hiccup_message_string (dealer, "lost");
      interop_meet (test, dealer, peer);
      interop_await_peers (dealer, 1);
      interop_peer_sends (peer, "=here");
      interop_receive (dealer, "=here");
      interop_peer_kill (peer);
      interop_receive (dealer, "=lost");
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  interop_add ("/zmqg/interop/greetings/hello-to-router",
               test_hello_to_router, NULL);
  interop_add ("/zmqg/interop/greetings/hello-to-dealer",
               test_hello_to_dealer, NULL);
  interop_add ("/zmqg/interop/greetings/hello-of-rep", test_hello_of_rep,
               NULL);
  interop_add ("/zmqg/interop/greetings/loss", test_loss, NULL);

  return g_test_run ();
}
