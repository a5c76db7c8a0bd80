/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-socket-private.h"

#include <stdatomic.h>

/* Waiting until everything is sent: in a call that blocks, and in one that
 * does not, at the same time. */

#define LARGE (4u * 1024u * 1024u)

typedef struct
{
  ZmqgSocket *socket;
  GThread *thread;
  atomic_bool returned;
  gboolean ok[2]; /* of the thread, and of the callback */
  GError *error[2];
  gboolean called_back;
} Flush;

static gpointer
flush_in_thread (gpointer data)
{
  Flush *self = data;

  self->ok[0] = zmqg_socket_flush (self->socket, NULL, &self->error[0]);
  atomic_store (&self->returned, TRUE);
  return NULL;
}

static void
flushed (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Flush *self = user_data;

  self->ok[1] = zmqg_socket_flush_finish (ZMQG_SOCKET (source), result,
                                          &self->error[1]);
  self->called_back = TRUE;
}

static Flush *
begin (ZmqgSocket *socket)
{
  Flush *self = g_new0 (Flush, 1);

  self->socket = socket;
  zmqg_socket_flush_async (socket, NULL, flushed, self);
  self->thread = g_thread_new ("flush", flush_in_thread, self);
  return self;
}

static void
end (Flush *self)
{
  ZMQG_TEST_AWAIT (self->called_back && atomic_load (&self->returned),
                   SOCKET_TEST_DEADLINE_MS);
  g_thread_join (self->thread);
}

static void
flush_free (Flush *self)
{
  g_clear_error (&self->error[0]);
  g_clear_error (&self->error[1]);
  g_free (self);
}

static void
expect_done (Flush *self)
{
  end (self);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_no_error (self->error[i]);
      g_assert_true (self->ok[i]);
    }
  flush_free (self);
}

static void
expect_failed (Flush *self,
               ZmqgError code)
{
  end (self);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (self->ok[i]);
      g_assert_error (self->error[i], ZMQG_ERROR, (int) code);
    }
  flush_free (self);
}

static guint
count_waiting (ZmqgSocket *socket)
{
  ZmqgInbox *inbox = &socket->core->inbox;
  guint n = 0;

  zmqg_lock (&inbox->lock);
  for (const ZmqgWaiter *one = inbox->waiters; one != NULL; one = one->next)
    n += (one->interest & ZMQG_WAIT_OUT) != 0;
  zmqg_unlock (&inbox->lock);

  return n;
}

/* Both have looked, and found that there is something to wait for. */
static Flush *
begin_waiting (ZmqgSocket *socket)
{
  Flush *self = begin (socket);

  ZMQG_TEST_AWAIT (count_waiting (socket) == 2, SOCKET_TEST_DEADLINE_MS);
  for (guint i = 0; i < 5; i++)
    zmqg_test_turn (NULL);
  g_assert_false (self->called_back);
  g_assert_false (atomic_load (&self->returned));
  return self;
}

/* More than the kernel takes. */
static void
send_much (ZmqgSocket *socket)
{
  g_autofree guint8 *data = g_malloc0 (LARGE);

  for (guint i = 0; i < 8; i++)
    {
      GError *error = NULL;

      zmqg_socket_send_data (socket, data, LARGE, NULL, &error);
      g_assert_no_error (error);
    }
}

/* One that binds, and a peer that does not read. */
static ZmqgSocket *
new_stuck (SocketTest *test,
           ZmqgSocket **pull)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, push);

  *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_object_set (*pull, "receive-hwm", 1, NULL);
  socket_test_connect (*pull, uri);
  socket_test_await_peers (push, 1);
  send_much (push);
  return push;
}

/* --- Tests ---------------------------------------------------------------- */

static void
test_nothing (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);

  expect_done (begin (push));
}

static void
test_everything_is_sent (SocketTest *test)
{
  ZmqgSocket *pull;
  ZmqgSocket *push = new_stuck (test, &pull);
  Flush *flush = begin_waiting (push);

  for (guint i = 0; i < 8; i++)
    zmqg_message_unref (socket_test_receive (pull));
  expect_done (flush);
}

/* What was queued for it is lost; what comes later has nothing to do with
 * that. */
static void
test_peer_goes (SocketTest *test)
{
  ZmqgSocket *pull;
  ZmqgSocket *push = new_stuck (test, &pull);
  Flush *flush = begin_waiting (push);

  socket_test_close (test, pull);
  expect_failed (flush, ZMQG_ERROR_PEER_LOST);
  expect_done (begin (push));
}

static void
test_closed (SocketTest *test)
{
  ZmqgSocket *pull;
  ZmqgSocket *push = new_stuck (test, &pull);
  Flush *flush = begin_waiting (push);

  zmqg_socket_close (push);
  expect_failed (flush, ZMQG_ERROR_CLOSED);
  expect_failed (begin (push), ZMQG_ERROR_CLOSED);
}

/* What lingers is waited for. */
static void
test_lingering (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  GError *error = NULL;
  Flush *flush;

  zmqg_socket_unbind (pull, uri, &error);
  g_assert_no_error (error);
  g_object_set (push, "linger", -1, "reconnect-interval", 1, NULL);
  socket_test_connect (push, uri);
  socket_test_send (push, "late", NULL);
  zmqg_socket_disconnect_from (push, uri, &error);
  g_assert_no_error (error);

  flush = begin_waiting (push);
  socket_test_rebind (pull, uri);
  socket_test_expect (pull, "late", NULL);
  expect_done (flush);
}

/* Not for longer than it may. */
static void
test_lingered_too_long (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  GError *error = NULL;
  Flush *flush;

  zmqg_socket_unbind (pull, uri, &error);
  g_assert_no_error (error);
  g_object_set (push, "linger", 50, NULL);
  socket_test_connect (push, uri);
  socket_test_send (push, "never", NULL);
  flush = begin_waiting (push);
  zmqg_socket_disconnect_from (push, uri, &error);
  g_assert_no_error (error);
  expect_failed (flush, ZMQG_ERROR_PEER_LOST);
  expect_done (begin (push));
}

/* Within the process what was sent is the other socket's. */
static void
test_left_in_process (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  GError *error = NULL;
  Flush *flush;

  socket_test_connect (push, uri);
  socket_test_send (push, "1", NULL);
  socket_test_send (push, "2", NULL);
  flush = begin_waiting (push);
  zmqg_socket_disconnect_from (push, uri, &error);
  g_assert_no_error (error);
  expect_done (flush);
  socket_test_expect (pull, "1", NULL);
  socket_test_expect (pull, "2", NULL);
}

static void
test_shut_down (SocketTest *test)
{
  ZmqgSocket *pull;
  ZmqgSocket *push = new_stuck (test, &pull);
  Flush *flush = begin_waiting (push);

  zmqg_context_shutdown (test->context);
  expect_failed (flush, ZMQG_ERROR_TERMINATED);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, scope, function)                                            \
  socket_test_add ("/zmqg/flush/" path, scope, function)
  ADD ("nothing", SOCKET_TEST_INPROC, test_nothing);
  ADD ("everything-is-sent", SOCKET_TEST_ALL, test_everything_is_sent);
  ADD ("peer-goes", SOCKET_TEST_ALL, test_peer_goes);
  ADD ("closed", SOCKET_TEST_ALL, test_closed);
  ADD ("lingering", SOCKET_TEST_NETWORK, test_lingering);
  ADD ("lingered-too-long", SOCKET_TEST_NETWORK, test_lingered_too_long);
  ADD ("left-in-process", SOCKET_TEST_INPROC, test_left_in_process);
  ADD ("shut-down", SOCKET_TEST_ALL, test_shut_down);
#undef ADD

  return g_test_run ();
}
