/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

/* One socket of ours and several peers. */

#define N_PEERS 4

typedef struct
{
  ZmqgSocket *socket;
  InteropPeer *peers[N_PEERS];
} Fan;

static void
open_fan (Interop *test,
          Fan *fan,
          ZmqgSocketType ours,
          const char *theirs)
{
  fan->socket = interop_socket (test, ours);
  for (guint i = 0; i < N_PEERS; i++)
    {
      fan->peers[i] = interop_peer (test, theirs);
      if (g_str_equal (theirs, "SUB"))
        {
          interop_do (fan->peers[i], "subscribe =all");
          interop_do (fan->peers[i], "subscribe =only-%u", i);
        }
      interop_meet_another (test, fan->socket, fan->peers[i]);
      interop_await_peers (fan->socket, i + 1);
    }
}

/* Waits until all have subscribed to both topics. One that is bound does so
 * when it is called. */
static void
settle (Fan *fan)
{
  ZmqgPubSocket *pub = ZMQG_PUB_SOCKET (fan->socket);
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  while (zmqg_pub_socket_get_topics_count (pub) < 1 + N_PEERS)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      for (guint i = 0; i < N_PEERS; i++)
        {
          interop_tell (fan->peers[i], "try");
          interop_expect (fan->peers[i], "nothing");
        }
    }
}

static void
every_subscriber_gets_everything (Interop *test)
{
  static const char *const messages[] = {
    "=all",
    "=all =",
    "=all *100.1",
    "=all *5000.2 *5000.3",
    "=all *20000.4",
    "=all *70000.5 = *70000.6",
    "=all *1000000.7",
  };
  Fan fan;

  open_fan (test, &fan, ZMQG_SOCKET_TYPE_PUB, "SUB");
  settle (&fan);

  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      for (guint j = 0; j < N_PEERS; j++)
        {
          g_autofree char *own = g_strdup_printf ("=only-%u *30000.%u", j, i);

          interop_send (fan.socket, own);
        }
      interop_send (fan.socket, messages[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      for (guint j = 0; j < N_PEERS; j++)
        {
          g_autofree char *own = g_strdup_printf ("=only-%u *30000.%u", j, i);

          interop_peer_receives (fan.peers[j], own);
          interop_peer_receives (fan.peers[j], messages[i]);
        }
    }
}

static void
others_go_on_when_a_subscriber_dies (Interop *test)
{
  Fan fan;

  open_fan (test, &fan, ZMQG_SOCKET_TYPE_PUB, "SUB");
  settle (&fan);

  for (guint i = 1; i < N_PEERS; i++)
    interop_tell (fan.peers[i], "collect 0 300");
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *message = g_strdup_printf ("=all *30000.1 =%u", i);

      if (i == 100)
        interop_peer_kill (fan.peers[0]);
      interop_send (fan.socket, message);
    }
  for (guint i = 1; i < N_PEERS; i++)
    interop_expect (fan.peers[i], "ok");
  interop_peer_start (fan.peers[0]);
}

/* What does not fit is dropped for the slow one alone. */
static void
a_slow_subscriber_holds_nobody_up (Interop *test)
{
  Fan fan;

  open_fan (test, &fan, ZMQG_SOCKET_TYPE_PUB, "SUB");
  settle (&fan);
  g_object_set (fan.socket, "send-hwm", 10, NULL);

  for (guint i = 0; i < 400; i++)
    {
      g_autofree char *message = g_strdup_printf ("=all *50000.1 =%u", i);

      interop_send (fan.socket, message);
      for (guint j = 1; j < N_PEERS; j++)
        interop_tell (fan.peers[j], "collect %u 1", i);
      for (guint j = 1; j < N_PEERS; j++)
        interop_expect (fan.peers[j], "ok");
    }
  interop_tell (fan.peers[0], "collect 0 10");
  interop_expect (fan.peers[0], "ok");
}

static void
work_goes_round (Interop *test)
{
  Fan fan;

  open_fan (test, &fan, ZMQG_SOCKET_TYPE_PUSH, "PULL");
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *message = g_strdup_printf ("=work =%u", i);

      for (guint j = 0; j < N_PEERS; j++)
        interop_send (fan.socket, message);
    }
  for (guint i = 0; i < N_PEERS; i++)
    interop_tell (fan.peers[i], "collect 0 200");
  for (guint i = 0; i < N_PEERS; i++)
    interop_expect (fan.peers[i], "ok");
}

static void
results_keep_their_order (Interop *test)
{
  Fan fan;
  guint seen[N_PEERS] = { 0, };

  open_fan (test, &fan, ZMQG_SOCKET_TYPE_PULL, "PUSH");
  for (guint i = 0; i < N_PEERS; i++)
    interop_tell (fan.peers[i], "burst 0 2000 =%u =result", i);

  for (guint i = 0; i < N_PEERS * 2000; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autofree char *from = NULL;
      g_autofree char *number = NULL;
      guint64 peer;
      GError *error = NULL;

      message = zmqg_socket_receive (fan.socket, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 3);
      from = zmqg_message_get_string (message, 0);
      number = zmqg_message_get_string (message, 2);
      peer = g_ascii_strtoull (from, NULL, 10);
      g_assert_cmpuint (g_ascii_strtoull (number, NULL, 10), ==,
                        seen[peer]++);
    }
  for (guint i = 0; i < N_PEERS; i++)
    {
      g_assert_cmpuint (seen[i], ==, 2000);
      interop_expect (fan.peers[i], "ok");
    }
}

static void
requests_go_round (Interop *test)
{
  Fan fan;

  open_fan (test, &fan, ZMQG_SOCKET_TYPE_REQ, "REP");
  for (guint i = 0; i < 10; i++)
    {
      for (guint j = 0; j < N_PEERS; j++)
        interop_tell (fan.peers[j], "echo");
      for (guint j = 0; j < N_PEERS; j++)
        {
          interop_send (fan.socket, "=question");
          interop_receive (fan.socket, "=question");
        }
      for (guint j = 0; j < N_PEERS; j++)
        interop_expect (fan.peers[j], "message =question");
    }
}

static void
each_asker_gets_its_answer (Interop *test)
{
  Fan fan;

  open_fan (test, &fan, ZMQG_SOCKET_TYPE_REP, "REQ");
  for (guint i = 0; i < 10; i++)
    {
      for (guint j = 0; j < N_PEERS; j++)
        interop_tell (fan.peers[j], "send =from-%u", j);
      for (guint j = 0; j < N_PEERS; j++)
        {
          g_autoptr (ZmqgMessage) message = NULL;
          GError *error = NULL;

          message = zmqg_socket_receive (fan.socket, NULL, &error);
          g_assert_no_error (error);
          zmqg_socket_send (fan.socket, message, NULL, &error);
          g_assert_no_error (error);
        }
      for (guint j = 0; j < N_PEERS; j++)
        {
          g_autofree char *answer = g_strdup_printf ("=from-%u", j);

          interop_expect (fan.peers[j], "ok");
          interop_peer_receives (fan.peers[j], answer);
        }
    }
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    InteropFunc func;
  } tests[] = {
    { "every-subscriber-gets-everything", every_subscriber_gets_everything },
    { "others-go-on-when-a-subscriber-dies",
      others_go_on_when_a_subscriber_dies },
    { "a-slow-subscriber-holds-nobody-up", a_slow_subscriber_holds_nobody_up },
    { "work-goes-round", work_goes_round },
    { "results-keep-their-order", results_keep_their_order },
    { "requests-go-round", requests_go_round },
    { "each-asker-gets-its-answer", each_asker_gets_its_answer },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/interop/fan/",
                                           tests[i].path, NULL);

      interop_add (path, tests[i].func, NULL);
    }

  return g_test_run ();
}
