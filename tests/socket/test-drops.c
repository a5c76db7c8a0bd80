/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"
#include "statistics-check.h"

#include "socket/zmqg-peer.h"
#include "socket/zmqg-pub-socket.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-statistics.h"
#include "socket/zmqg-sub-socket.h"
#include "socket/zmqg-xsub-socket.h"

#include <stdatomic.h>

#define AWAIT(condition) ZMQG_TEST_AWAIT (condition, SOCKET_TEST_DEADLINE_MS)

/* --- Why ----------------------------------------------------------------- */

static void
test_no_peer (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  ZmqgSocket *xsub = socket_test_new (test, ZMQG_TYPE_XSUB_SOCKET);
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);

  for (guint i = 0; i < 3; i++)
    {
      socket_test_send (pub, "a", NULL);
      socket_test_send (xsub, "a", NULL);
      socket_test_send (router, "nobody", "a", NULL);
    }
  socket_test_send (router, "only an address", NULL);

  g_assert_cmpuint (DROPPED (pub, NO_PEER), ==, 3);
  g_assert_cmpuint (DROPPED (xsub, NO_PEER), ==, 3);
  g_assert_cmpuint (DROPPED (router, NO_PEER), ==, 4);
  g_assert_cmpuint (COUNT (pub, messages_sent), ==, 3);
  g_assert_cmpuint (COUNT (pub, copies), ==, 0);
}

static void
test_full (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (pub, "send-hwm", 4, NULL);
  g_object_set (sub, "receive-hwm", 3, NULL);
  uri = socket_test_bind (test, pub);
  socket_test_subscribe (sub, "");
  socket_test_connect (sub, uri);
  socket_test_await_topics (pub, 1);

  for (guint i = 0; i < 10; i++)
    socket_test_send (pub, "a", NULL);
  /* Inproc adds the marks. */
  g_assert_cmpuint (COUNT (pub, copies), ==, 7);
  g_assert_cmpuint (DROPPED (pub, FULL), ==, 3);
  g_assert_cmpuint (COUNT (pub, messages_sent), ==, 10);
  for (guint i = 0; i < 7; i++)
    socket_test_expect (sub, "a", NULL);
  socket_test_refuses_receive (sub, ZMQG_ERROR_WOULD_BLOCK);
}

/* The same where messages leave this process: at a subscriber that reads none
 * they stay before the kernel, once that holds enough. */
static void
test_full_of_the_network (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *large = g_strnfill (1 << 17, 'x');
  g_autofree char *uri = NULL;
  guint n = 0;

  g_object_set (pub, "send-hwm", 4, "send-buffer", 65536, NULL);
  g_object_set (sub, "receive-hwm", 3, "receive-buffer", 65536, NULL);
  uri = socket_test_bind (test, pub);
  socket_test_subscribe (sub, "");
  socket_test_connect (sub, uri);
  socket_test_await_topics (pub, 1);

  for (; DROPPED (pub, FULL) < 3; n++)
    {
      socket_test_send (pub, large, NULL);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_cmpuint (COUNT (pub, messages_sent), ==, n);
  g_assert_cmpuint (COUNT (pub, copies), ==, n - 3);
  g_assert_cmpuint (COUNT (pub, total_dropped), ==, 3);

  /* Those that were not dropped arrive. */
  for (guint i = 0; i < n - 3; i++)
    socket_test_expect (sub, large, NULL);
  g_assert_cmpuint (COUNT (sub, arrived), ==, n - 3);
  AWAIT (COUNT (pub, handed_on) == n - 3);
}

/* A size that no memory can hold is refused before the data is looked at. */
static void
test_no_memory (SocketTest *test)
{
  const ZmqgFrameView views[] = {
    { .data = (const guint8 *) "a", .size = 1, .flags = ZMQG_FRAME_MORE },
    { .data = NULL, .size = G_MAXSIZE },
  };
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);

  for (guint i = 1; i <= 3; i++)
    {
      ZmqgSocket *sub = socket_test_connected (test, ZMQG_TYPE_SUB_SOCKET,
                                               uri);
      guint64 before = DROPPED (pub, NO_MEMORY);
      g_autoptr (GError) error = NULL;

      socket_test_subscribe (sub, "a");
      zmqg_pub_socket_wait_for_subscribers (ZMQG_PUB_SOCKET (pub), "a", i,
                                            NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (zmqg_socket_core_send (pub->core, views, 2, FALSE,
                                              &error), ==, ZMQG_IO_FAILED);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      /* One for each that would have got it. */
      g_assert_cmpuint (DROPPED (pub, NO_MEMORY), ==, before + i);
    }
  g_assert_cmpuint (COUNT (pub, messages_sent), ==, 0);
  g_assert_cmpuint (COUNT (pub, copies), ==, 0);

  /* Nothing of it is left in the way. */
  socket_test_send (pub, "a", "whole", NULL);
  for (guint i = 1; i <= 3; i++)
    socket_test_expect (g_ptr_array_index (test->sockets, i), "a", "whole",
                        NULL);
}

static void
test_replaced (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = NULL;

  g_object_set (pull, "conflate", TRUE, NULL);
  g_object_set (push, "conflate", TRUE, NULL);
  uri = socket_test_bind (test, pull);
  socket_test_connect (push, uri);
  socket_test_await_peers (push, 1);

  for (guint i = 0; i < 9; i++)
    socket_test_send (push, "old", NULL);
  socket_test_send (push, "new", NULL);
  AWAIT (COUNT (push, handed_on) + DROPPED (push, REPLACED) == 10 ||
         test->in_process);
  AWAIT (COUNT (pull, arrived) == COUNT (push, handed_on) ||
         test->in_process);

  socket_test_expect (pull, "new", NULL);
  g_assert_cmpuint (COUNT (push, copies), ==, 10);
  g_assert_cmpuint (COUNT (push, outbound_queued), ==, 0);
  g_assert_cmpuint (COUNT (pull, messages_received), ==, 1);
  g_assert_cmpuint (COUNT (pull, arrived), ==,
                    1 + DROPPED (pull, REPLACED));
  if (test->in_process)
    g_assert_cmpuint (DROPPED (push, REPLACED), ==, 9);
}

/* Within the process types are not compared: what a SUB says to a PULL that
 * keeps the newest message only replaces itself. */
static void
test_subscriptions_replaced (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, sub);

  g_object_set (pull, "conflate", TRUE, NULL);
  socket_test_connect (pull, uri);
  socket_test_await_peers (sub, 1);
  for (guint i = 0; i < 3; i++)
    socket_test_subscribe (sub, "topic");
  socket_test_subscribe (sub, "another");
  socket_test_subscribe (sub, "one more");
  g_assert_cmpuint (COUNT (sub, outbound_queued), ==, 0);
  g_assert_cmpuint (COUNT (pull, inbound_queued), ==, 0);
  g_assert_cmpuint (DROPPED (sub, REPLACED), ==, 0);
}

/* An accepted peer goes, and takes along what was queued for it. */
static void
test_lost (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *large = g_strnfill (1 << 17, 'x');
  g_autofree char *uri = NULL;
  guint n = 0;

  g_object_set (push, "send-hwm", 100, NULL);
  g_object_set (pull, "receive-hwm", 1, "receive-buffer", 65536, NULL);
  uri = socket_test_bind (test, push);
  socket_test_connect (pull, uri);
  socket_test_await_peers (push, 1);
  while (socket_test_try_send (push, large))
    n++;
  g_assert_cmpuint (n, >, 50);

  socket_test_close (test, pull);
  AWAIT (COUNT (push, peers) == 0);
  AWAIT (COUNT (push, outbound_queued) == 0);
  g_assert_cmpuint (COUNT (push, copies), ==, n);
  g_assert_cmpuint (DROPPED (push, LOST), ==,
                    n - COUNT (push, handed_on));
  g_assert_cmpuint (DROPPED (push, LOST), >, 10);
}

/* Within the process: what the other socket took along when it was closed. */
static void
test_lost_within_the_process (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);

  for (guint i = 0; i < 5; i++)
    socket_test_send (push, "a", NULL);
  socket_test_expect (pull, "a", NULL);
  zmqg_socket_close (pull);
  AWAIT (COUNT (push, outbound_queued) == 0);
  g_assert_cmpuint (COUNT (push, handed_on), ==, 1);
  g_assert_cmpuint (DROPPED (push, LOST), ==, 4);
  g_assert_cmpuint (DROPPED (pull, UNREAD), ==, 4);
}

static void
test_unsent (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);

  zmqg_socket_unbind (pull, uri, NULL);
  g_object_set (push, "linger", 0, NULL);
  socket_test_connect (push, uri);
  for (guint i = 0; i < 6; i++)
    socket_test_send (push, "a", NULL);
  zmqg_socket_close (push);

  AWAIT (COUNT (push, outbound_queued) == 0);
  g_assert_cmpuint (COUNT (push, copies), ==, 6);
  g_assert_cmpuint (DROPPED (push, UNSENT), ==, 6);
}

/* What waits for somebody to bind a name waits no longer than the context. */
static void
test_lost_without_a_name (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  g_autoptr (ZmqgSocket) push = zmqg_push_socket_new (context);
  g_autoptr (GError) error = NULL;

  socket_test_connect (push, "inproc://nobody-binds-this");
  for (guint i = 0; i < 3; i++)
    socket_test_send (push, "a", NULL);
  zmqg_socket_close (push);
  g_assert_cmpuint (COUNT (push, outbound_queued), ==, 3);

  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (COUNT (push, outbound_queued), ==, 0);
  g_assert_cmpuint (DROPPED (push, LOST), ==, 3);
}

static void
test_filtered (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);
  g_autoptr (GError) error = NULL;

  socket_test_subscribe (sub, "a");
  socket_test_subscribe (sub, "b");
  socket_test_connect (sub, uri);
  socket_test_await_topics (pub, 2);
  for (guint i = 0; i < 5; i++)
    socket_test_send (pub, "a", NULL);
  socket_test_send (pub, "b", NULL);
  AWAIT (COUNT (sub, inbound_queued) == 6);

  zmqg_sub_socket_unsubscribe (ZMQG_SUB_SOCKET (sub), "a", &error);
  g_assert_no_error (error);
  socket_test_expect (sub, "b", NULL);
  g_assert_cmpuint (DROPPED (sub, FILTERED), ==, 5);
  g_assert_cmpuint (COUNT (sub, messages_received), ==, 1);
}

static void
test_malformed (SocketTest *test)
{
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *uri = socket_test_bind (test, rep);
  ZmqgSocket *dealer = socket_test_connected (test, ZMQG_TYPE_DEALER_SOCKET,
                                              uri);

  for (guint i = 0; i < 4; i++)
    socket_test_send (dealer, "no", "delimiter", NULL);
  socket_test_send (dealer, "", "good", NULL);
  socket_test_expect (rep, "good", NULL);
  g_assert_cmpuint (DROPPED (rep, MALFORMED), ==, 4);
}

static void
test_stale (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  g_autoptr (ZmqgMessage) first = NULL;
  g_autoptr (ZmqgMessage) second = NULL;
  g_autoptr (ZmqgMessage) reply = NULL;
  g_autoptr (GError) error = NULL;

  g_object_set (req, "relaxed", TRUE, "correlate", TRUE, NULL);
  socket_test_connect (req, uri);
  socket_test_send (req, "1", NULL);
  first = socket_test_receive (router);
  socket_test_send (req, "2", NULL);
  second = socket_test_receive (router);

  /* Answers are what was asked: the first is of no use any more. */
  reply = zmqg_message_copy (first);
  zmqg_socket_send (router, reply, NULL, &error);
  g_assert_no_error (error);
  zmqg_message_unref (reply);
  reply = zmqg_message_copy (second);
  zmqg_socket_send (router, reply, NULL, &error);
  g_assert_no_error (error);

  socket_test_expect (req, "2", NULL);
  g_assert_cmpuint (DROPPED (req, STALE), ==, 1);
  g_assert_cmpuint (COUNT (req, arrived), ==, 2);
}

/* Two peers of one name: the second is not heard. */
static void
test_unwanted (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);
  ZmqgSocket *dealers[2];

  for (guint i = 0; i < 2; i++)
    {
      dealers[i] = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
      zmqg_socket_set_routing_id_string (dealers[i], "same");
      socket_test_connect (dealers[i], uri);
      socket_test_await_peers (router, i + 1);
    }
  for (guint i = 0; i < 3; i++)
    socket_test_send (dealers[1], "unheard", NULL);
  socket_test_send (dealers[0], "heard", NULL);

  socket_test_expect (router, "same", "heard", NULL);
  AWAIT (DROPPED (router, UNWANTED) == 3);
  g_assert_cmpuint (COUNT (router, arrived), ==, 4);
}

/* A PUSH does not read; what a peer sends all the same is not forgotten. */
static void
test_unwanted_by_a_publisher (SocketTest *test)
{
  ZmqgSocket *pub = socket_test_new (test, ZMQG_TYPE_PUB_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pub);
  ZmqgSocket *xsub = socket_test_connected (test, ZMQG_TYPE_XSUB_SOCKET, uri);

  socket_test_await_peers (pub, 1);
  socket_test_await_peers (xsub, 1);
  for (guint i = 0; i < 3; i++)
    socket_test_send (xsub, "hello", NULL);
  socket_test_send (xsub, "\1topic", NULL);
  AWAIT (DROPPED (pub, UNWANTED) == 3);
  AWAIT (COUNT (pub, taken) == 1);
}

/* Over inproc nobody asks for types: subscriptions may come to any. */
static void
test_subscriptions_are_no_messages (SocketTest *test)
{
  static const char *const names[] = { "name", "name" };
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  g_autofree char *uri = socket_test_bind (test, router);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      ZmqgSocket *sub = socket_test_new (test, ZMQG_TYPE_SUB_SOCKET);

      zmqg_socket_set_routing_id_string (sub, names[i]);
      socket_test_subscribe (sub, "topic");
      socket_test_connect (sub, uri);
      socket_test_subscribe (sub, "another");
    }
  socket_test_await_peers (router, 2);
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (COUNT (router, arrived), ==, 0);
  g_assert_cmpuint (DROPPED (router, UNWANTED), ==, 0);
}

static void
test_unread (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);

  for (guint i = 0; i < 8; i++)
    socket_test_send (push, "a", NULL);
  AWAIT (COUNT (pull, inbound_queued) == 8);
  socket_test_expect (pull, "a", NULL);
  zmqg_socket_close (pull);

  AWAIT (DROPPED (pull, UNREAD) == 7);
  g_assert_cmpuint (COUNT (pull, inbound_queued), ==, 0);
  g_assert_cmpuint (COUNT (pull, messages_received), ==, 1);
}

/* --- Each reason, while somebody looks ----------------------------------- */

typedef struct
{
  ZmqgLock lock;
  GPtrArray *sockets;
  GPtrArray *peers;
  atomic_bool stop;
} Observer;

static void
observe_peer (ZmqgSocket *socket G_GNUC_UNUSED,
              ZmqgPeer *peer,
              gpointer user_data)
{
  Observer *self = user_data;

  zmqg_lock (&self->lock);
  g_ptr_array_add (self->peers, g_object_ref (peer));
  zmqg_unlock (&self->lock);
}

static void
observe_socket (ZmqgSocket *socket,
                gpointer user_data)
{
  Observer *self = user_data;

  g_signal_connect (socket, "peer-added", G_CALLBACK (observe_peer), self);
  zmqg_lock (&self->lock);
  g_ptr_array_add (self->sockets, g_object_ref (socket));
  zmqg_unlock (&self->lock);
}

static gpointer
look_on_and_on (gpointer data)
{
  Observer *self = data;

  while (!atomic_load (&self->stop))
    {
      zmqg_lock (&self->lock);
      for (guint i = 0; i < self->sockets->len; i++)
        COUNT (g_ptr_array_index (self->sockets, i), peers);
      for (guint i = 0; i < self->peers->len; i++)
        {
          g_autoptr (ZmqgStatistics) statistics =
            zmqg_peer_get_statistics (g_ptr_array_index (self->peers, i));

          statistics_check (statistics);
        }
      zmqg_unlock (&self->lock);
      g_thread_yield ();
    }

  return NULL;
}

/* The test of one reason, and another thread that looks meanwhile. */
static void
watch_reason (SocketTest *test,
              ZmqgDropReason reason,
              SocketTestFunc func)
{
  Observer observer = { 0 };
  GThread *thread;
  guint64 n = 0;

  zmqg_lock_init (&observer.lock);
  observer.sockets = g_ptr_array_new_with_free_func (g_object_unref);
  observer.peers = g_ptr_array_new_with_free_func (g_object_unref);
  test->made = observe_socket;
  test->user_data = &observer;
  thread = g_thread_new ("observer", look_on_and_on, &observer);
  func (test);

  while (test->sockets->len > 0)
    socket_test_close (test, g_ptr_array_index (test->sockets, 0));
  for (guint i = 0; i < observer.sockets->len; i++)
    {
      ZmqgSocket *socket = g_ptr_array_index (observer.sockets, i);

      AWAIT (COUNT (socket, inbound_queued) == 0);
      g_signal_handlers_disconnect_by_data (socket, &observer);
      n += statistics_count_dropped (socket, reason);
    }
  atomic_store (&observer.stop, TRUE);
  g_thread_join (thread);
  g_assert_cmpuint (n, >, 0);

  test->made = NULL;
  g_ptr_array_unref (observer.peers);
  g_ptr_array_unref (observer.sockets);
  zmqg_lock_clear (&observer.lock);
}

static void
test_sums_for_each_reason (SocketTest *test)
{
  static const struct
  {
    SocketTestFunc everywhere;
    SocketTestFunc in_process; /* where that is another one */
  } reasons[ZMQG_N_DROP_REASONS] = {
    [ZMQG_DROP_REASON_NO_PEER] = { test_no_peer },
    [ZMQG_DROP_REASON_FULL] = { test_full_of_the_network, test_full },
    [ZMQG_DROP_REASON_NO_MEMORY] = { test_no_memory },
    [ZMQG_DROP_REASON_REPLACED] = { test_replaced },
    [ZMQG_DROP_REASON_LOST] = { test_lost, test_lost_within_the_process },
    [ZMQG_DROP_REASON_UNSENT] = { test_unsent },
    [ZMQG_DROP_REASON_FILTERED] = { test_filtered },
    [ZMQG_DROP_REASON_MALFORMED] = { test_malformed },
    [ZMQG_DROP_REASON_STALE] = { test_stale },
    [ZMQG_DROP_REASON_UNWANTED] = { test_unwanted },
    [ZMQG_DROP_REASON_UNREAD] = { test_unread },
  };

  for (guint i = 0; i < ZMQG_N_DROP_REASONS; i++)
    {
      SocketTestFunc func = reasons[i].everywhere;

      if (test->in_process && reasons[i].in_process != NULL)
        func = reasons[i].in_process;
      /* Within the process nothing is ever on its way: what a closed socket
       * had sent is the other one's. */
      if (test->in_process && i == ZMQG_DROP_REASON_UNSENT)
        continue;
      watch_reason (test, i, func);
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, scope, function) \
  socket_test_add ("/zmqg/statistics/" path, SOCKET_TEST_##scope, function)
  ADD ("dropped/no-peer", ALL, test_no_peer);
  ADD ("dropped/full", INPROC, test_full);
  ADD ("dropped/full-of-the-network", NETWORK, test_full_of_the_network);
  ADD ("dropped/no-memory", ALL, test_no_memory);
  ADD ("dropped/replaced", ALL, test_replaced);
  ADD ("dropped/subscriptions-replaced", INPROC, test_subscriptions_replaced);
  ADD ("dropped/lost", NETWORK, test_lost);
  g_test_add_func ("/zmqg/statistics/dropped/lost-without-a-name",
                   test_lost_without_a_name);
  ADD ("dropped/lost-within-the-process", INPROC,
       test_lost_within_the_process);
  ADD ("dropped/unsent", NETWORK, test_unsent);
  ADD ("dropped/filtered", ALL, test_filtered);
  ADD ("dropped/malformed", ALL, test_malformed);
  ADD ("dropped/stale", ALL, test_stale);
  ADD ("dropped/unwanted", ALL, test_unwanted);
  ADD ("dropped/unwanted-by-a-publisher", ALL, test_unwanted_by_a_publisher);
  ADD ("subscriptions-are-no-messages", INPROC,
       test_subscriptions_are_no_messages);
  ADD ("dropped/unread", ALL, test_unread);
  ADD ("sums/each-reason", ALL, test_sums_for_each_reason);

  return g_test_run ();
}
