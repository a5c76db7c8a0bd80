/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

#include "base/zmqg-lock-private.h"

#include "../socket/statistics-check.h"

#include <stdatomic.h>

/*
 * What is counted of peers of libzmq, which come, are killed and come again,
 * while another thread looks all the time.
 */

#define N 200

typedef struct
{
  ZmqgSocket *socket;
  ZmqgLock lock;
  GPtrArray *peers; /* all that ever came */
  GThread *thread;
  atomic_bool stop;
} Observer;

static void
on_added (ZmqgSocket *socket G_GNUC_UNUSED,
          ZmqgPeer *peer,
          gpointer user_data)
{
  Observer *self = user_data;

  zmqg_lock (&self->lock);
  g_ptr_array_add (self->peers, g_object_ref (peer));
  zmqg_unlock (&self->lock);
}

/* Of all connections so far, and %TRUE for what came. */
static guint64
count_of_peers (Observer *self,
                gboolean received)
{
  guint64 sum = 0;

  zmqg_lock (&self->lock);
  for (guint i = 0; i < self->peers->len; i++)
    {
      g_autoptr (ZmqgStatistics) statistics =
        zmqg_peer_get_statistics (g_ptr_array_index (self->peers, i));

      statistics_check (statistics);
      sum += received ? zmqg_statistics_get_messages_received (statistics)
                      : zmqg_statistics_get_messages_sent (statistics);
    }
  zmqg_unlock (&self->lock);

  return sum;
}

static gpointer
look_on_and_on (gpointer data)
{
  Observer *self = data;

  while (!atomic_load (&self->stop))
    {
      COUNT (self->socket, peers);
      count_of_peers (self, FALSE);
      g_thread_yield ();
    }

  return NULL;
}

static void
observe (Observer *self,
         ZmqgSocket *socket)
{
  *self = (Observer) { .socket = socket };
  zmqg_lock_init (&self->lock);
  self->peers = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (socket, "peer-added", G_CALLBACK (on_added), self);
  self->thread = g_thread_new ("observer", look_on_and_on, self);
}

static void
end (Observer *self)
{
  atomic_store (&self->stop, TRUE);
  g_thread_join (self->thread);
  g_signal_handlers_disconnect_by_data (self->socket, self);
  g_ptr_array_unref (self->peers);
  zmqg_lock_clear (&self->lock);
}

static void
await_peers (Observer *self,
             guint n)
{
  ZMQG_TEST_AWAIT (self->peers->len == n, INTEROP_DEADLINE_MS);
}

/* --- Tests --------------------------------------------------------------- */

#define AWAIT(condition) ZMQG_TEST_AWAIT (condition, INTEROP_DEADLINE_MS)

static void
sends (Interop *test)
{
  ZmqgSocket *push = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  InteropPeer *pull = interop_peer (test, "PULL");
  Observer observer;

  observe (&observer, push);
  interop_meet (test, push, pull);
  await_peers (&observer, 1);
  interop_tell (pull, "collect 0 %u", N);
  for (guint i = 0; i < N; i++)
    {
      g_autofree char *text = g_strdup_printf ("=%u", i);

      interop_send (push, text);
    }
  interop_expect (pull, "ok");
  AWAIT (COUNT (push, handed_on) == N);
  AWAIT (count_of_peers (&observer, FALSE) == N);
  g_assert_cmpuint (COUNT (push, copies), ==, N);
  g_assert_cmpuint (COUNT (push, total_dropped), ==, 0);

  /* While it is being killed. Where we connect nothing is dropped; what an
   * accepted peer leaves in its queue is. */
  g_object_set (push, "send-timeout", 0, NULL);
  interop_tell (pull, "collect 0 100000");
  for (guint i = 0; i < N; i++)
    {
      g_autoptr (ZmqgMessage) message = interop_make ("*10000.1");

      zmqg_socket_try_send (push, message, NULL);
      if (i == N / 2)
        interop_peer_kill (pull);
    }
  AWAIT (COUNT (push, peers) == 0);
  if (test->we_bind)
    AWAIT (COUNT (push, outbound_queued) == 0);
  else
    g_assert_cmpuint (COUNT (push, total_dropped), ==, 0);
  g_assert_cmpuint (COUNT (push, copies), ==,
                    COUNT (push, messages_sent));
  g_assert_cmpuint (COUNT (push, outbound_dropped), ==,
                    DROPPED (push, LOST));

  interop_peer_start (pull);
  interop_meet_again (test, pull);
  await_peers (&observer, 2);
  g_object_set (push, "send-timeout", INTEROP_DEADLINE_MS, "send-hwm", 0,
                NULL);
  interop_send (push, "=end");
  for (;;)
    {
      g_autofree char *answer = interop_ask (pull, "recv");

      if (g_str_equal (answer, "message =end"))
        break;
    }
  AWAIT (COUNT (push, outbound_queued) == 0);
  AWAIT (count_of_peers (&observer, FALSE) ==
         COUNT (push, handed_on));
  g_assert_cmpuint (COUNT (push, peers), ==, 1);
  end (&observer);
}

static void
receives (Interop *test)
{
  ZmqgSocket *pull = interop_socket (test, ZMQG_SOCKET_TYPE_PULL);
  InteropPeer *push = interop_peer (test, "PUSH");
  Observer observer;

  observe (&observer, pull);
  interop_meet (test, pull, push);
  for (guint i = 1; i <= 2; i++)
    {
      interop_tell (push, "burst 0 %u", N);
      for (guint j = 0; j < N; j++)
        {
          g_autofree char *text = g_strdup_printf ("=%u", j);

          interop_receive (pull, text);
        }
      interop_expect (push, "ok");
      await_peers (&observer, i);
      g_assert_cmpuint (COUNT (pull, arrived), ==, i * N);
      g_assert_cmpuint (COUNT (pull, taken), ==, i * N);
      g_assert_cmpuint (count_of_peers (&observer, TRUE), ==, i * N);
      interop_peer_kill (push);
      AWAIT (COUNT (pull, peers) == 0);
      interop_peer_start (push);
      interop_meet_again (test, push);
    }

  interop_do (push, "burst 0 7");
  AWAIT (COUNT (pull, inbound_queued) == 7);
  interop_receive (pull, "=0");
  zmqg_socket_close (pull);
  AWAIT (DROPPED (pull, UNREAD) == 6);
  g_assert_cmpuint (COUNT (pull, inbound_queued), ==, 0);
  g_assert_cmpuint (COUNT (pull, messages_received), ==,
                    2 * N + 1);
  end (&observer);
}

/* A subscriber of libzmq that reads nothing: what it has no room for. */
static void
publishes (Interop *test)
{
  ZmqgSocket *pub = interop_socket (test, ZMQG_SOCKET_TYPE_PUB);
  InteropPeer *sub = interop_peer (test, "SUB");
  Observer observer;
  guint64 n_dropped;
  guint n = 0;

  g_object_set (pub, "send-hwm", 5, "send-buffer", 65536, NULL);
  observe (&observer, pub);
  interop_do (sub, "set rcvhwm 5");
  interop_do (sub, "set rcvbuf 65536");
  interop_do (sub, "subscribe =");
  interop_meet (test, pub, sub);
  do
    {
      interop_tell (sub, "try");
      interop_expect (sub, "nothing");
      zmqg_test_turn (NULL);
    }
  while (zmqg_pub_socket_get_topics_count (ZMQG_PUB_SOCKET (pub)) == 0);

  for (; DROPPED (pub, FULL) < 20; n++)
    {
      interop_send (pub, "*30000.1");
      zmqg_test_turn (NULL);
    }
  n_dropped = DROPPED (pub, FULL);
  g_assert_cmpuint (COUNT (pub, messages_sent), ==, n);
  g_assert_cmpuint (COUNT (pub, copies), ==,
                    n - n_dropped);
  for (guint i = 0; i < n - n_dropped; i++)
    interop_peer_receives (sub, "*30000.1");
  AWAIT (COUNT (pub, handed_on) == n - n_dropped);
  AWAIT (count_of_peers (&observer, FALSE) == n - n_dropped);
  end (&observer);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  interop_add ("/zmqg/interop/statistics/sends", sends, NULL);
  interop_add ("/zmqg/interop/statistics/receives", receives, NULL);
  interop_add ("/zmqg/interop/statistics/publishes", publishes, NULL);

  return g_test_run ();
}
