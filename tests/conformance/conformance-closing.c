/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

/* Closing sockets, and shutting down and terminating contexts. */

static void
expect_all_fail (ZmqgSocket *pull,
                 ZmqgSocket *push,
                 ZmqgError code)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");
  GError *error = NULL;

#define FAILS(call)                                                           \
  g_assert_false (call);                                                      \
  g_assert_error (error, ZMQG_ERROR, (int) code);                             \
  g_clear_error (&error)

  FAILS (zmqg_socket_send (push, message, NULL, &error));
  FAILS (zmqg_socket_send_string (push, "x", NULL, &error));
  FAILS (zmqg_socket_try_send (push, message, &error));
  FAILS (zmqg_socket_receive (pull, NULL, &error) != NULL);
  FAILS (zmqg_socket_try_receive (pull, &error) != NULL);
  FAILS (zmqg_socket_receive_batch (pull, 3, NULL, &error) != NULL);
  FAILS (zmqg_socket_wait_for_peers (pull, 9, NULL, &error));
  FAILS (zmqg_socket_bind (pull, "inproc://late", &error));
  FAILS (zmqg_socket_connect_to (push, "inproc://late", &error));
  FAILS (zmqg_socket_unbind (pull, "inproc://late", &error));
  FAILS (zmqg_socket_disconnect_from (push, "inproc://late", &error));
#undef FAILS
}

static void
test_closed (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  join_sockets (self, pull, push);
  send_text (push, "dropped");
  g_assert_false (zmqg_socket_is_closed (pull));
  for (guint i = 0; i < 3; i++)
    {
      zmqg_socket_close (pull);
      zmqg_socket_close (push);
    }
  g_assert_true (zmqg_socket_is_closed (pull));
  expect_all_fail (pull, push, ZMQG_ERROR_CLOSED);
}

/* The address is free when close returns. */
static void
test_address_is_free (Fixture *self)
{
  g_autofree char *uri = NULL;

  for (guint i = 0; i < 5; i++)
    {
      ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
      ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

      if (uri == NULL)
        uri = bind_socket (self, pull);
      else
        bind_to (pull, uri);
      connect_to (push, uri);
      send_number (push, i);
      expect_number (pull, i);
      zmqg_socket_close (pull);
      zmqg_socket_close (push);
    }
}

static void
test_every_state (Fixture *self)
{
  ZmqgSocket *fresh = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *bound = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *unbound = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *connecting = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *just = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *address = bind_socket (self, bound);
  g_autofree char *nowhere = bind_socket (self, unbound);

  zmqg_socket_close (fresh);
  g_assert_true (zmqg_socket_unbind (unbound, nowhere, NULL));
  zmqg_socket_close (unbound);

  connect_to (connecting, nowhere);
  try_send_text (connecting, "queued");
  zmqg_socket_close (connecting);

  /* The handshake is under way, or not yet begun. */
  connect_to (just, address);
  zmqg_socket_close (just);
  zmqg_socket_close (bound);

  join_sockets (self, one, two);
  while (try_send_text (one, "queued") &&
         zmqg_socket_get_events (two) == G_IO_OUT)
    ;
  zmqg_socket_close (two);
  zmqg_socket_close (one);
}

/* --- While others wait -------------------------------------------------- */

typedef struct
{
  ZmqgSocket *socket;
  GError *error;
} Waiting;

static gpointer
wait_receive (gpointer data)
{
  Waiting *self = data;

  return zmqg_socket_receive (self->socket, NULL, &self->error);
}

static gpointer
wait_batch (gpointer data)
{
  Waiting *self = data;

  return zmqg_socket_receive_batch (self->socket, 3, NULL, &self->error);
}

static gpointer
wait_send (gpointer data)
{
  Waiting *self = data;

  return GINT_TO_POINTER (zmqg_socket_send_string (self->socket, "x", NULL,
                                                   &self->error));
}

static gpointer
wait_peers (gpointer data)
{
  Waiting *self = data;

  return GINT_TO_POINTER (zmqg_socket_wait_for_peers (self->socket, 5, NULL,
                                                      &self->error));
}

/* Two threads in each of the calls; then @end ends it all. */
static void
end_while_waiting (Fixture *self,
                   ZmqgError code,
                   void (*end) (Fixture *self))
{
  static gpointer (*const functions[]) (gpointer data) = {
    wait_receive, wait_send, wait_batch, wait_send, wait_receive, wait_peers,
    wait_batch, wait_peers,
  };
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *one G_GNUC_UNUSED = bind_socket (self, pull);
  g_autofree char *two G_GNUC_UNUSED = bind_socket (self, push);
  Waiting waiting[G_N_ELEMENTS (functions)] = { 0, };
  Call calls[G_N_ELEMENTS (functions)];

  g_object_set (pull, "receive-timeout", -1, NULL);
  g_object_set (push, "send-timeout", -1, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      waiting[i].socket = functions[i] == wait_send ? push : pull;
      call_start (&calls[i], functions[i], &waiting[i]);
      call_await_sleep (&calls[i]);
    }

  end (self);
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      g_assert_null (call_end (&calls[i]));
      g_assert_error (waiting[i].error, ZMQG_ERROR, (int) code);
      g_clear_error (&waiting[i].error);
    }
}

static void
close_all (Fixture *self)
{
  for (guint i = 0; i < self->sockets->len; i++)
    zmqg_socket_close (g_ptr_array_index (self->sockets, i));
}

static void
shut_down (Fixture *self)
{
  zmqg_context_shutdown (self->context);
}

static void
test_close_while_waiting (Fixture *self)
{
  end_while_waiting (self, ZMQG_ERROR_CLOSED, close_all);
}

static void
test_shutdown_while_waiting (Fixture *self)
{
  end_while_waiting (self, ZMQG_ERROR_TERMINATED, shut_down);
}

/* Closed and terminated in one go: the calls may end later than the context. */
static void
close_and_terminate (Fixture *self)
{
  GError *error = NULL;

  close_all (self);
  zmqg_context_terminate (self->context, NULL, &error);
  g_assert_no_error (error);
}

static void
test_terminate_while_waiting (Fixture *self)
{
  end_while_waiting (self, ZMQG_ERROR_CLOSED, close_and_terminate);
}

/* --- Contexts ----------------------------------------------------------- */

static void
test_shutdown (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgSocket) late = NULL;
  g_autoptr (GError) error = NULL;

  join_sockets (self, pull, push);
  zmqg_context_shutdown (self->context);
  zmqg_context_shutdown (self->context);
  expect_all_fail (pull, push, ZMQG_ERROR_TERMINATED);

  late = zmqg_pair_socket_new (self->context);
  g_assert_false (zmqg_socket_bind (late, "inproc://late", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TERMINATED);

  zmqg_socket_close (pull);
  zmqg_socket_close (push);
  expect_all_fail (pull, push, ZMQG_ERROR_CLOSED);
}

typedef struct
{
  ZmqgContext *context;
  GCancellable *cancellable;
  GError *error;
} Termination;

static gpointer
terminate_in_thread (gpointer data)
{
  Termination *self = data;

  return GINT_TO_POINTER (zmqg_context_terminate (
    self->context, self->cancellable, &self->error));
}

static void
test_terminate (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Termination termination = { self->context, cancellable, NULL };
  Call call;

  join_sockets (self, pull, push);

  /* It waits for the sockets, and can be given up. */
  call_start (&call, terminate_in_thread, &termination);
  call_await_sleep (&call);
  g_cancellable_cancel (cancellable);
  g_assert_null (call_end (&call));
  g_assert_error (termination.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&termination.error);

  termination.cancellable = NULL;
  call_start (&call, terminate_in_thread, &termination);
  call_await_sleep (&call);
  zmqg_socket_close (pull);
  g_assert_false (g_atomic_int_get (&call.done));
  zmqg_socket_close (push);
  g_assert_nonnull (call_end (&call));
  g_assert_no_error (termination.error);
}

static void
terminated (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  gboolean *done = user_data;
  GError *error = NULL;

  zmqg_context_terminate_finish (ZMQG_CONTEXT (source), result, &error);
  g_assert_no_error (error);
  *done = TRUE;
}

static void
test_terminate_async (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  gboolean done = FALSE;

  join_sockets (self, pull, push);
  zmqg_context_terminate_async (self->context, NULL, terminated, &done);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (done);
  zmqg_socket_close (pull);
  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (done, DEADLINE_MS);
}

/* --- Linger ------------------------------------------------------------- */

static void
test_linger_forever (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  g_object_set (push, "linger", -1, NULL);
  join_sockets (self, pull, push);
  for (guint i = 0; i < 1000; i++)
    send_number (push, i);
  zmqg_socket_close (push);
  for (guint i = 0; i < 1000; i++)
    expect_number (pull, i);
}

static void
test_linger_large (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc0 (1 << 20);

  g_object_set (push, "linger", DEADLINE_MS, NULL);
  join_sockets (self, pull, push);
  for (guint i = 0; i < 20; i++)
    {
      GError *error = NULL;

      data[0] = (guint8) i;
      zmqg_socket_send_data (push, data, 1 << 20, NULL, &error);
      g_assert_no_error (error);
    }
  zmqg_socket_close (push);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (ZmqgMessage) message = receive (pull);
      gsize size;

      g_assert_cmpuint (zmqg_message_get_data (message, 0, &size)[0], ==, i);
      g_assert_cmpuint (size, ==, 1 << 20);
    }
}

/* The receiver comes when the sender has long been closed. */
static void
test_linger_later (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  gint64 begin;

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));

  /* One that is closed, and one that is just let go. */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgSocket) push = zmqg_push_socket_new (self->context);

      g_object_set (push, "reconnect-interval", 5, NULL);
      connect_to (push, uri);
      send_number (push, 10);
      if (i == 0)
        zmqg_socket_close (push);

      begin = g_get_monotonic_time ();
      g_clear_object (&push);
      g_assert_cmpint (g_get_monotonic_time () - begin, <, G_USEC_PER_SEC);
    }

  bind_to (pull, uri);
  expect_number (pull, 10);
  expect_number (pull, 10);
}

static void
test_linger_none (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  GError *error = NULL;

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  connect_to (push, uri);
  send_text (push, "dropped");
  zmqg_socket_close (push);
  zmqg_socket_close (pull);

  /* Nothing is left to wait for. */
  zmqg_context_terminate (self->context, NULL, &error);
  g_assert_no_error (error);
}

static void
test_linger_some (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  GError *error = NULL;
  gint64 begin;

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  g_object_set (push, "linger", 60, NULL);
  connect_to (push, uri);
  send_text (push, "dropped");

  begin = g_get_monotonic_time ();
  zmqg_socket_close (push);
  zmqg_socket_close (pull);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 60 * 1000);
  zmqg_context_terminate (self->context, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 60 * 1000);
}

/* Over inproc too what was sent before the close is there. */
static void
test_peer_closes (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);

  for (guint i = 0; i < 5; i++)
    {
      ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

      g_object_set (one, "linger", -1, NULL);
      connect_to (one, uri);
      send_number (one, i);
      zmqg_socket_close (one);
      expect_number (pull, i);
    }

  connect_to (push, uri);
  send_text (push, "alive");
  expect_text (pull, "alive");
}

static void
test_dispose (Fixture *self)
{
  g_autoptr (ZmqgContext) context = NULL;
  ZmqgSocket *pull;
  ZmqgSocket *push;
  g_autofree char *address = new_address (self);
  g_autofree char *uri = NULL;
  gint64 begin = g_get_monotonic_time ();

  context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode, NULL);
  pull = zmqg_pull_socket_new (context);
  push = zmqg_push_socket_new (context);
  bind_to (pull, address);
  uri = zmqg_socket_get_last_endpoint (pull);
  connect_to (push, uri);
  for (guint i = 0; i < 100; i++)
    send_number (push, i);

  /* The context goes first; nothing is closed. */
  g_clear_object (&context);
  for (guint i = 0; i < 10; i++)
    expect_number (pull, i);
  g_object_unref (pull);
  g_object_set (push, "linger", 0, NULL);
  g_object_unref (push);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, DEADLINE_MS * 1000);
}

const ConformanceTest closing_tests[] = {
  { "closing/closed", FOR_ALL, test_closed },
  { "closing/address-is-free", FOR_ALL, test_address_is_free },
  { "closing/every-state", FOR_ALL, test_every_state },
  { "closing/close-while-waiting", FOR_ALL, test_close_while_waiting },
  { "closing/shutdown-while-waiting", FOR_ALL, test_shutdown_while_waiting },
  { "closing/terminate-while-waiting", FOR_ALL,
    test_terminate_while_waiting },
  { "closing/shutdown", FOR_ALL, test_shutdown },
  { "closing/terminate", FOR_ALL, test_terminate },
  { "closing/terminate-async", FOR_ALL, test_terminate_async },
  { "closing/linger-forever", FOR_ALL, test_linger_forever },
  { "closing/linger-large", FOR_ALL, test_linger_large },
  { "closing/linger-later", FOR_ALL, test_linger_later },
  { "closing/linger-none", FOR_ALL, test_linger_none },
  { "closing/linger-some", FOR_NETWORK, test_linger_some },
  { "closing/peer-closes", FOR_ALL, test_peer_closes },
  { "closing/dispose", FOR_ALL, test_dispose },
  { 0, },
};
