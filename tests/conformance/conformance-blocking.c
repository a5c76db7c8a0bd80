/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls that wait, and that do not. */

static gpointer
receive_in_thread (gpointer data)
{
  return receive (data);
}

static gpointer
send_in_thread (gpointer data)
{
  send_text (data, "waited");
  return NULL;
}

static void
test_receive_waits (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgMessage) message = NULL;
  Call receiver;

  join_sockets (self, pull, push);
  call_start (&receiver, receive_in_thread, pull);
  call_await_sleep (&receiver);
  send_number (push, 7);
  message = call_end (&receiver);
  g_assert_cmpuint (number_of (message), ==, 7);
}

static void
test_send_waits (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc0 (65536);
  g_autoptr (GError) error = NULL;
  guint n = 0;
  Call sender;

  g_object_set (push, "send-hwm", 1, "send-timeout", 20, NULL);
  g_object_set (pull, "receive-hwm", 1, NULL);
  join_sockets (self, pull, push);
  while (zmqg_socket_send_data (push, data, 65536, NULL, &error))
    n++;
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);

  g_object_set (push, "send-timeout", DEADLINE_MS, NULL);
  call_start (&sender, send_in_thread, push);
  call_await_sleep (&sender);
  for (guint i = 0; i < n; i++)
    zmqg_message_unref (receive (pull));
  expect_text (pull, "waited");
  call_end (&sender);
}

/* A send with no peer waits for one. */
static void
test_send_waits_for_peer (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, push);
  Call sender;

  call_start (&sender, send_in_thread, push);
  call_await_sleep (&sender);
  connect_to (pull, uri);
  expect_text (pull, "waited");
  call_end (&sender);
}

/* Those who wait for other things do not take the wake-up of a sender. */
static gpointer
flush_in_thread (gpointer data)
{
  zmqg_socket_flush (data, NULL, NULL);
  return NULL;
}

static gpointer
await_many_in_thread (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_wait_for_peers (data, 100, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
  return NULL;
}

static void
test_send_beside_others (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc0 (65536);
  g_autoptr (GError) error = NULL;
  guint n = 0;
  Call peers;
  Call flush;
  Call sender;

  g_object_set (push, "send-hwm", 1, "send-timeout", 20, NULL);
  g_object_set (pull, "receive-hwm", 1, NULL);
  join_sockets (self, pull, push);
  while (zmqg_socket_send_data (push, data, 65536, NULL, &error))
    n++;
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);

  g_object_set (push, "send-timeout", DEADLINE_MS, NULL);
  call_start (&peers, await_many_in_thread, push);
  call_await_sleep (&peers);
  call_start (&flush, flush_in_thread, push);
  call_await_sleep (&flush);
  call_start (&sender, send_in_thread, push);
  call_await_sleep (&sender);

  for (guint i = 0; i < n; i++)
    zmqg_message_unref (receive (pull));
  expect_text (pull, "waited");
  call_end (&sender);
  call_end (&flush);
  zmqg_socket_close (push);
  call_end (&peers);
}

/* Every message wakes one of those who wait. */
static void
test_several_receivers (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Call receivers[4];
  guint sum = 0;

  join_sockets (self, pull, push);
  for (guint i = 0; i < G_N_ELEMENTS (receivers); i++)
    {
      call_start (&receivers[i], receive_in_thread, pull);
      call_await_sleep (&receivers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (receivers); i++)
    send_number (push, i);
  for (guint i = 0; i < G_N_ELEMENTS (receivers); i++)
    {
      g_autoptr (ZmqgMessage) message = call_end (&receivers[i]);

      sum += number_of (message);
    }
  g_assert_cmpuint (sum, ==, 6);
}

static void
test_timeouts (Fixture *self)
{
  static const int timeouts[] = { 0, 1, 20, 50 };
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *one G_GNUC_UNUSED = bind_socket (self, pull);
  g_autofree char *two G_GNUC_UNUSED = bind_socket (self, push);

  for (guint i = 0; i < G_N_ELEMENTS (timeouts); i++)
    {
      gint64 timeout = (gint64) timeouts[i] * 1000;
      gint64 begin;
      GError *error = NULL;

      g_object_set (pull, "receive-timeout", timeouts[i], NULL);
      g_object_set (push, "send-timeout", timeouts[i], NULL);

      begin = g_get_monotonic_time ();
      g_assert_null (zmqg_socket_receive (pull, NULL, &error));
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
      g_clear_error (&error);
      g_assert_cmpint (g_get_monotonic_time () - begin, >=, timeout);
      g_assert_cmpint (g_get_monotonic_time () - begin, <,
                       timeout + DEADLINE_MS * 1000);

      begin = g_get_monotonic_time ();
      g_assert_false (zmqg_socket_send_string (push, "x", NULL, &error));
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
      g_clear_error (&error);
      g_assert_cmpint (g_get_monotonic_time () - begin, >=, timeout);
      g_assert_cmpint (g_get_monotonic_time () - begin, <,
                       timeout + DEADLINE_MS * 1000);
    }
}

static void
test_try (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  expect_nothing (pull);
  g_assert_false (try_send_text (push, "x"));

  join_sockets (self, pull, push);
  expect_nothing (pull);
  g_assert_true (try_send_text (push, "x"));
  ZMQG_TEST_AWAIT ((message = zmqg_socket_try_receive (pull, NULL)) != NULL,
                   DEADLINE_MS);

  /* The wrong direction. */
  g_clear_pointer (&message, zmqg_message_unref);
  g_assert_null (zmqg_socket_try_receive (push, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED);
}

static void
test_wrong_direction (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  GError *error = NULL;

  g_assert_null (zmqg_socket_receive (push, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_null (zmqg_socket_receive_batch (push, 1, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_send_string (pull, "x", NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
}

static void
test_cancelled_before (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GError *error = NULL;

  join_sockets (self, pull, push);
  send_text (push, "one");
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (pull) == G_IO_IN, DEADLINE_MS);

  g_cancellable_cancel (cancellable);
  g_assert_null (zmqg_socket_receive (pull, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (zmqg_socket_receive_batch (pull, 9, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_send_string (push, "no", cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_wait_for_peers (push, 9, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  send_text (push, "two");
  expect_text (pull, "one");
  expect_text (pull, "two");
}

typedef struct
{
  ZmqgSocket *socket;
  GCancellable *cancellable;
  GError *error;
} Cancelled;

static gpointer
receive_cancellable (gpointer data)
{
  Cancelled *self = data;

  return zmqg_socket_receive (self->socket, self->cancellable, &self->error);
}

static gpointer
send_cancellable (gpointer data)
{
  Cancelled *self = data;

  return GINT_TO_POINTER (zmqg_socket_send_string (
    self->socket, "cancelled", self->cancellable, &self->error));
}

static void
test_cancelled_receive (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Cancelled cancelled = { pull, cancellable, NULL };
  Call receiver;

  join_sockets (self, pull, push);
  call_start (&receiver, receive_cancellable, &cancelled);
  call_await_sleep (&receiver);
  g_cancellable_cancel (cancellable);
  g_assert_null (call_end (&receiver));
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&cancelled.error);

  send_text (push, "hello");
  expect_text (pull, "hello");
}

static void
test_cancelled_send (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Cancelled cancelled = { push, cancellable, NULL };
  g_autofree char *uri = bind_socket (self, push);
  Call sender;

  call_start (&sender, send_cancellable, &cancelled);
  call_await_sleep (&sender);
  g_cancellable_cancel (cancellable);
  g_assert_null (call_end (&sender));
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&cancelled.error);

  connect_to (pull, uri);
  send_text (push, "hello");
  expect_text (pull, "hello");
}

/* A message that comes at the moment of the cancellation is received by that
 * call or by the next. */
static void
test_cancelled_race (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  join_sockets (self, pull, push);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (ZmqgMessage) message = NULL;
      Cancelled cancelled = { pull, cancellable, NULL };
      Call receiver;

      call_start (&receiver, receive_cancellable, &cancelled);
      if (i % 2 == 0)
        call_await_sleep (&receiver);
      send_number (push, i);
      g_cancellable_cancel (cancellable);
      message = call_end (&receiver);
      if (message == NULL)
        {
          g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_clear_error (&cancelled.error);
          message = receive (pull);
        }
      g_assert_cmpuint (number_of (message), ==, i);
    }
}

static void
do_nothing (int number)
{
}

/* A signal to the thread does not end the call. */
static void
test_signals (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  struct sigaction action = { .sa_handler = do_nothing };
  struct sigaction before;
  g_autoptr (ZmqgMessage) message = NULL;
  Call receiver;

  join_sockets (self, pull, push);
  g_assert_cmpint (sigaction (SIGUSR1, &action, &before), ==, 0);
  call_start (&receiver, receive_in_thread, pull);
  for (guint i = 0; i < 20; i++)
    {
      call_await_sleep (&receiver);
      g_assert_cmpint (tgkill (getpid (), g_atomic_int_get (&receiver.tid),
                               SIGUSR1), ==, 0);
    }
  call_await_sleep (&receiver);
  send_number (push, 1);
  message = call_end (&receiver);
  g_assert_cmpuint (number_of (message), ==, 1);
  sigaction (SIGUSR1, &before, NULL);
}

/* What goes wrong in the child of a fork; 0 when all is as it should be. */
static int
check_child (Fixture *self,
             ZmqgSocket *pull,
             ZmqgSocket *push)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("child");
  GError *error = NULL;

#define FORKED(call)                                                          \
  if (call || !g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_FORKED))        \
    return __LINE__ % 200 + 1;                                                \
  g_clear_error (&error)

  FORKED (zmqg_socket_send (push, message, NULL, &error));
  FORKED (zmqg_socket_try_send (push, message, &error));
  FORKED (zmqg_socket_receive (pull, NULL, &error) != NULL);
  FORKED (zmqg_socket_try_receive (pull, &error) != NULL);
  FORKED (zmqg_socket_receive_batch (pull, 1, NULL, &error) != NULL);
  FORKED (zmqg_socket_wait_for_peers (pull, 2, NULL, &error));
  FORKED (zmqg_socket_flush (push, NULL, &error));
  FORKED (zmqg_socket_bind (pull, "inproc://child", &error));
  FORKED (zmqg_socket_connect_to (pull, "inproc://child", &error));
  FORKED (zmqg_socket_unbind (pull, "inproc://child", &error));
  FORKED (zmqg_context_terminate (self->context, NULL, &error));
#undef FORKED

  zmqg_context_shutdown (self->context);
  zmqg_socket_close (pull);
  zmqg_socket_close (push);
  return 0;
}

/* A context that the child makes works. */
static int
check_new_context (Fixture *self)
{
  g_autoptr (ZmqgContext) context = NULL;
  g_autoptr (ZmqgSocket) pull = NULL;
  g_autoptr (ZmqgSocket) push = NULL;
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *address = new_address (self);

  context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode",
                          ZMQG_ENGINE_MODE_MAIN_CONTEXT, NULL);
  pull = zmqg_pull_socket_new (context);
  push = zmqg_push_socket_new (context);
  if (!zmqg_socket_bind (pull, address, NULL))
    return 240;
  uri = zmqg_socket_get_last_endpoint (pull);
  if (!zmqg_socket_connect_to (push, uri, NULL) ||
      !zmqg_socket_send_string (push, "hello", NULL, NULL))
    return 241;
  message = zmqg_socket_receive (pull, NULL, NULL);
  return message != NULL ? 0 : 242;
}

static void
test_fork (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  int status = 0;
  pid_t pid;

  join_sockets (self, pull, push);
  send_text (push, "before");

  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      int failed;

      alarm (DEADLINE_MS / 1000);
      failed = check_child (self, pull, push);
      if (failed == 0)
        failed = check_new_context (self);
      _exit (failed);
    }

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);

  /* The parent is as before. */
  expect_text (pull, "before");
  send_text (push, "after");
  expect_text (pull, "after");
}

const ConformanceTest blocking_tests[] = {
  { "blocking/receive", FOR_ALL, test_receive_waits },
  { "blocking/send", FOR_ALL, test_send_waits },
  { "blocking/send-without-peer", FOR_ALL, test_send_waits_for_peer },
  { "blocking/send-beside-others", FOR_ALL, test_send_beside_others },
  { "blocking/several-receivers", FOR_ALL, test_several_receivers },
  { "blocking/timeouts", FOR_ALL, test_timeouts },
  { "blocking/try", FOR_ALL, test_try },
  { "blocking/wrong-direction", FOR_ALL, test_wrong_direction },
  { "blocking/cancelled-before", FOR_ALL, test_cancelled_before },
  { "blocking/cancelled-receive", FOR_ALL, test_cancelled_receive },
  { "blocking/cancelled-send", FOR_ALL, test_cancelled_send },
  { "blocking/cancelled-race", FOR_ALL, test_cancelled_race },
  { "blocking/signals", FOR_ALL, test_signals },
  { "blocking/fork", FOR_ALL, test_fork },
  { 0, },
};
