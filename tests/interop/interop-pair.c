/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-pair.h"

#define T(type) ZMQG_SOCKET_TYPE_##type

/* Our routing id is "us", theirs is "them". */
const InteropPair interop_pairs[] = {
  { "pair-pair", T (PAIR), "PAIR", INTEROP_ASK | INTEROP_ANSWER },
  { "pub-sub", T (PUB), "SUB", INTEROP_OUT },
  { "pub-xsub", T (PUB), "XSUB", INTEROP_OUT },
  { "xpub-sub", T (XPUB), "SUB", INTEROP_OUT },
  { "xpub-xsub", T (XPUB), "XSUB", INTEROP_OUT },
  { "sub-pub", T (SUB), "PUB", INTEROP_IN },
  { "sub-xpub", T (SUB), "XPUB", INTEROP_IN },
  { "xsub-pub", T (XSUB), "PUB", INTEROP_IN },
  { "xsub-xpub", T (XSUB), "XPUB", INTEROP_IN },
  { "req-rep", T (REQ), "REP", INTEROP_ASK },
  { "req-router", T (REQ), "ROUTER", INTEROP_ASK,
    .their_view = "=us =" },
  { "rep-req", T (REP), "REQ", INTEROP_ANSWER },
  { "rep-dealer", T (REP), "DEALER", INTEROP_ANSWER,
    .their_request = "=" },
  { "dealer-rep", T (DEALER), "REP", INTEROP_ASK,
    .our_request = "=" },
  { "dealer-dealer", T (DEALER), "DEALER", INTEROP_ASK | INTEROP_ANSWER },
  { "dealer-router", T (DEALER), "ROUTER", INTEROP_ASK | INTEROP_ANSWER,
    .their_view = "=us", .their_request = "=us" },
  { "router-req", T (ROUTER), "REQ", INTEROP_ANSWER,
    .our_view = "=them =" },
  { "router-dealer", T (ROUTER), "DEALER", INTEROP_ASK | INTEROP_ANSWER,
    .our_request = "=them", .our_view = "=them" },
  { "router-router", T (ROUTER), "ROUTER", INTEROP_ASK | INTEROP_ANSWER,
    .our_request = "=them", .their_view = "=us",
    .their_request = "=us", .our_view = "=them" },
  { "push-pull", T (PUSH), "PULL", INTEROP_OUT },
  { "pull-push", T (PULL), "PUSH", INTEROP_IN },
};

const guint interop_n_pairs = G_N_ELEMENTS (interop_pairs);

static gboolean
is_one_of (ZmqgSocketType type,
           ZmqgSocketType a,
           ZmqgSocketType b)
{
  return type == a || type == b;
}

ZmqgSocket *
interop_pair_socket (Interop *test,
                     const InteropPair *pair)
{
  ZmqgSocket *socket = interop_socket (test, pair->ours);
  GError *error = NULL;

  if (is_one_of (pair->ours, T (REQ), T (DEALER)) ||
      is_one_of (pair->ours, T (ROUTER), T (REP)))
    zmqg_socket_set_routing_id_string (socket, "us");
  if (pair->ours == T (SUB))
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), "", &error);
  if (pair->ours == T (XSUB))
    zmqg_socket_send_data (socket, (const guint8 *) "\1", 1, NULL, &error);
  /* What cannot be sent shall fail, not vanish. */
  if (pair->ours == T (ROUTER))
    zmqg_router_socket_set_mandatory (ZMQG_ROUTER_SOCKET (socket), TRUE);
  /* One that connects keeps what it knows of a peer that was lost: what the
   * next one subscribes to may be nothing new. */
  if (pair->ours == T (XPUB))
    g_object_set (socket, "verbose", TRUE, NULL);
  g_assert_no_error (error);

  return socket;
}

void
interop_pair_prepare (const InteropPair *pair,
                      InteropPeer *peer)
{
  const char *type = pair->theirs;

  if (g_str_equal (type, "REQ") || g_str_equal (type, "DEALER") ||
      g_str_equal (type, "ROUTER"))
    interop_do (peer, "set routing-id =them");
  if (g_str_equal (type, "ROUTER"))
    interop_do (peer, "set router-mandatory 1");
  if (g_str_equal (type, "SUB"))
    interop_do (peer, "subscribe =");
  if (g_str_equal (type, "XSUB"))
    interop_do (peer, "send =%%01");
}

/* Receives up to and with @frames. */
static void
skip_to (ZmqgSocket *socket,
         const char *frames)
{
  g_autofree char *expected = interop_seen (frames);

  for (;;)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autofree char *received = NULL;
      GError *error = NULL;

      message = zmqg_socket_receive (socket, NULL, &error);
      g_assert_no_error (error);
      received = interop_describe (message);
      if (g_str_equal (received, expected))
        return;
    }
}

/* A PUB does not tell when it has got a subscription. Not faster than they can
 * be received: it drops what is beyond its mark, and "settled" must come. */
static void
await_pub (ZmqgSocket *socket,
           InteropPeer *peer)
{
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;
  g_autoptr (ZmqgMessage) early = NULL;

  g_object_set (socket, "receive-timeout", 1, NULL);
  do
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      interop_peer_sends (peer, "=early");
      early = zmqg_socket_receive (socket, NULL, NULL);
    }
  while (early == NULL);
  g_object_set (socket, "receive-timeout", INTEROP_DEADLINE_MS, NULL);

  interop_peer_sends (peer, "=settled");
  skip_to (socket, "=settled");
}

/* A socket of libzmq that is bound subscribes at a new peer when it is called
 * next. */
static void
await_subscription (ZmqgSocket *socket,
                    InteropPeer *peer)
{
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;
  gboolean subscribed = FALSE;

  while (!subscribed)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      interop_tell (peer, "try");
      interop_expect (peer, "nothing");
      if (ZMQG_IS_PUB_SOCKET (socket))
        subscribed = zmqg_pub_socket_get_topics_count (
                         ZMQG_PUB_SOCKET (socket)) > 0;
      else
        subscribed = (zmqg_socket_get_events (socket) & G_IO_IN) != 0;
    }
}

void
interop_pair_settle (const InteropPair *pair,
                     ZmqgSocket *socket,
                     InteropPeer *peer)
{
  interop_await_peers (socket, 1);

  if (pair->ours == T (PUB) || pair->ours == T (XPUB))
    await_subscription (socket, peer);
  if (pair->ours == T (XPUB))
    interop_receive (socket, "=%01");
  else if (g_str_equal (pair->theirs, "PUB"))
    await_pub (socket, peer);
  else if (g_str_equal (pair->theirs, "XPUB"))
    interop_peer_receives (peer, "=%01");
}

static char *
put_together (const char *address,
              const char *frames)
{
  return address == NULL ? g_strdup (frames)
                         : g_strconcat (address, " ", frames, NULL);
}

static void
ask (const InteropPair *pair,
     ZmqgSocket *socket,
     InteropPeer *peer,
     const char *frames)
{
  g_autofree char *request = put_together (pair->our_request, frames);
  g_autofree char *view = put_together (pair->their_view, frames);

  interop_tell (peer, "echo");
  interop_send (socket, request);
  interop_expect_message (peer, view);
  interop_receive (socket, request);
}

static void
send_back (ZmqgSocket *socket,
           const char *frames)
{
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *expected = interop_seen (frames);
  g_autofree char *received = NULL;
  GError *error = NULL;

  message = zmqg_socket_receive (socket, NULL, &error);
  g_assert_no_error (error);
  received = interop_describe (message);
  g_assert_cmpstr (received, ==, expected);

  zmqg_socket_send (socket, message, NULL, &error);
  g_assert_no_error (error);
}

static void
answer (const InteropPair *pair,
        ZmqgSocket *socket,
        InteropPeer *peer,
        const char *frames)
{
  g_autofree char *request = put_together (pair->their_request, frames);
  g_autofree char *view = put_together (pair->our_view, frames);

  interop_tell (peer, "send %s", request);
  interop_tell (peer, "recv");
  send_back (socket, view);
  interop_expect (peer, "ok");
  interop_expect_message (peer, request);
}

void
interop_pair_exchange (const InteropPair *pair,
                       ZmqgSocket *socket,
                       InteropPeer *peer,
                       const char *frames)
{
  if (pair->flow & INTEROP_OUT)
    {
      interop_tell (peer, "recv");
      interop_send (socket, frames);
      interop_expect_message (peer, frames);
    }
  if (pair->flow & INTEROP_IN)
    {
      interop_tell (peer, "send %s", frames);
      interop_receive (socket, frames);
      interop_expect (peer, "ok");
    }
  if (pair->flow & INTEROP_ASK)
    ask (pair, socket, peer, frames);
  if (pair->flow & INTEROP_ANSWER)
    answer (pair, socket, peer, frames);
}
