/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

/* Every call may be used from any thread, at the same time. */

#define N_THREADS 4
#define N_EACH 5000
#define STOP G_MAXUINT

typedef struct
{
  ZmqgSocket *socket;
  guint index;
  guint n;
  guint64 sum;
  GMainContext *context;
  gboolean stopped;
} Worker;

static guint64
expected_sum (guint n)
{
  return (guint64) n * (n - 1) / 2;
}

static gpointer
send_share (gpointer data)
{
  Worker *self = data;

  for (guint i = 0; i < N_EACH; i++)
    {
      guint number = self->index * N_EACH + i;

      if (i % 3 == 0)
        {
          g_autoptr (ZmqgMessage) message = NULL;
          GError *error = NULL;

          message = zmqg_message_new_data ((const guint8 *) &number,
                                           sizeof number);
          zmqg_socket_send (self->socket, message, NULL, &error);
          g_assert_no_error (error);
        }
      else
        {
          send_number (self->socket, number);
        }
    }
  return NULL;
}

/* %FALSE when that was the end. */
static gboolean
count_number (Worker *self,
              ZmqgMessage *message)
{
  guint number = number_of (message);

  if (number == STOP)
    return FALSE;
  self->n++;
  self->sum += number;
  return TRUE;
}

static gpointer
receive_share (gpointer data)
{
  Worker *self = data;
  gboolean more = TRUE;

  while (more)
    {
      g_autoptr (ZmqgMessage) message = receive (self->socket);

      more = count_number (self, message);
    }
  return NULL;
}

static gpointer
receive_share_in_batches (gpointer data)
{
  Worker *self = data;
  guint stops = 0;

  while (stops == 0)
    {
      g_autoptr (GPtrArray) batch = NULL;
      GError *error = NULL;

      batch = zmqg_socket_receive_batch (self->socket, 7, NULL, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < batch->len; i++)
        if (!count_number (self, g_ptr_array_index (batch, i)))
          stops++;
    }
  /* What was meant for others goes back. */
  self->index = stops - 1;
  return NULL;
}

static void
share_received (GObject *source,
                GAsyncResult *result,
                gpointer user_data)
{
  g_autoptr (ZmqgMessage) message = NULL;
  Worker *self = user_data;
  GError *error = NULL;

  message = zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, &error);
  g_assert_no_error (error);
  g_assert_true (g_main_context_is_owner (self->context));
  if (count_number (self, message))
    zmqg_socket_receive_async (self->socket, NULL, share_received, self);
  else
    self->stopped = TRUE;
}

static gpointer
receive_share_async (gpointer data)
{
  Worker *self = data;

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  zmqg_socket_receive_async (self->socket, NULL, share_received, self);
  while (!self->stopped)
    g_main_context_iteration (self->context, TRUE);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  return NULL;
}

/* Four threads send, and four receive as @receivers say: all arrives, once. */
static void
exchange (Fixture *self,
          gpointer (*const receivers[N_THREADS]) (gpointer data))
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Worker senders[N_THREADS] = { 0, };
  Worker takers[N_THREADS] = { 0, };
  Call sending[N_THREADS];
  Call taking[N_THREADS];
  guint64 sum = 0;
  guint n = 0;

  join_sockets (self, pull, push);
  for (guint i = 0; i < N_THREADS; i++)
    {
      takers[i].socket = pull;
      call_start (&taking[i], receivers[i], &takers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      senders[i].socket = push;
      senders[i].index = i;
      call_start (&sending[i], send_share, &senders[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    call_end (&sending[i]);
  for (guint i = 0; i < N_THREADS; i++)
    send_number (push, STOP);
  for (guint i = 0; i < N_THREADS; i++)
    {
      ZMQG_TEST_AWAIT (g_atomic_int_get (&taking[i].done), DEADLINE_MS);
      call_end (&taking[i]);
      if (receivers[i] == receive_share_in_batches)
        for (; takers[i].index > 0; takers[i].index--)
          send_number (push, STOP);
      n += takers[i].n;
      sum += takers[i].sum;
    }

  g_assert_cmpuint (n, ==, N_THREADS * N_EACH);
  g_assert_cmpuint (sum, ==, expected_sum (N_THREADS * N_EACH));
}

static void
test_receive (Fixture *self)
{
  static gpointer (*const receivers[]) (gpointer data) = {
    receive_share, receive_share, receive_share, receive_share,
  };

  exchange (self, receivers);
}

static void
test_mixed (Fixture *self)
{
  /* Those that take several at once are waited for first. */
  static gpointer (*const receivers[]) (gpointer data) = {
    receive_share_in_batches, receive_share, receive_share_async,
    receive_share_async,
  };

  exchange (self, receivers);
}

static gpointer
send_and_receive (gpointer data)
{
  Worker *self = data;

  for (guint i = 0; i < N_EACH; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      send_number (self->socket, i);
      message = receive (self->socket);
      self->sum += number_of (message);
    }
  return NULL;
}

/* Four threads on each of two sockets, all in both directions. */
static void
test_both_ways (Fixture *self)
{
  ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  Worker workers[2 * N_THREADS] = { 0, };
  Call calls[2 * N_THREADS];
  guint64 sum = 0;

  join_sockets (self, one, two);
  for (guint i = 0; i < 2 * N_THREADS; i++)
    {
      workers[i].socket = i % 2 == 0 ? one : two;
      call_start (&calls[i], send_and_receive, &workers[i]);
    }
  for (guint i = 0; i < 2 * N_THREADS; i++)
    {
      call_end (&calls[i]);
      sum += workers[i].sum;
    }
  g_assert_cmpuint (sum, ==, 2 * N_THREADS * expected_sum (N_EACH));
}

typedef struct
{
  ZmqgSocket *push;
  const char *uri;
  gboolean stop; /* atomic */
} Connecter;

static gpointer
come_and_go (gpointer data)
{
  Connecter *self = data;

  for (guint i = 0; i < 100; i++)
    {
      connect_to (self->push, self->uri);
      if (i % 2 == 0)
        await_peers (self->push, 1);
      try_send_text (self->push, "x");
      g_assert_true (zmqg_socket_disconnect_from (self->push, self->uri,
                                                  NULL));
    }
  return NULL;
}

static gpointer
look_around (gpointer data)
{
  Connecter *self = data;

  while (!g_atomic_int_get (&self->stop))
    {
      g_autofree char *last G_GNUC_UNUSED = zmqg_socket_get_last_endpoint (self->push);
      int mark;

      zmqg_socket_get_events (self->push);
      g_object_get (self->push, "send-hwm", &mark, NULL);
      g_object_set (self->push, "send-hwm", mark % 100 + 1, NULL);
      g_assert_false (zmqg_socket_is_closed (self->push));
    }
  return NULL;
}

/* Endpoints come and go while others use the socket. */
static void
test_endpoints (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  g_autofree char *other = bind_socket (self, pull);
  Connecter one = { push, uri, FALSE };
  Connecter two = { push, other, FALSE };
  Call calls[3];

  call_start (&calls[0], come_and_go, &one);
  call_start (&calls[1], come_and_go, &two);
  call_start (&calls[2], look_around, &one);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (ZmqgSocket) steady = zmqg_push_socket_new (self->context);
      g_autofree char *got = NULL;

      connect_to (steady, i % 2 == 0 ? uri : other);
      send_text (steady, "steady");
      do
        {
          g_autoptr (ZmqgMessage) message = receive (pull);

          g_free (got);
          got = zmqg_message_get_string (message, 0);
        }
      while (!g_str_equal (got, "steady"));
    }
  g_atomic_int_set (&one.stop, TRUE);
  g_atomic_int_set (&two.stop, TRUE);
  for (guint i = 0; i < 3; i++)
    call_end (&calls[i]);
}

static gpointer
use_until_closed (gpointer data)
{
  for (;;)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autoptr (GError) error = NULL;

      if (!zmqg_socket_send_string (data, "x", NULL, &error))
        {
          g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
          return NULL;
        }
      message = zmqg_socket_try_receive (data, NULL);
    }
}

/* Closed in the middle of everything. */
static void
test_closed (Fixture *self)
{
  for (guint i = 0; i < 10; i++)
    {
      ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
      ZmqgSocket *two = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
      Call calls[N_THREADS];

      join_sockets (self, one, two);
      for (guint j = 0; j < N_THREADS; j++)
        call_start (&calls[j], use_until_closed, j % 2 == 0 ? one : two);
      for (guint j = 0; j < 10 * i; j++)
        zmqg_message_unref (receive (one));
      zmqg_socket_close (i % 2 == 0 ? one : two);
      zmqg_socket_close (i % 2 == 0 ? two : one);
      for (guint j = 0; j < N_THREADS; j++)
        call_end (&calls[j]);
    }
}

/* --- An endpoint that is ended while it begins -------------------------- */

#define N_ROUNDS 200

typedef struct
{
  ZmqgSocket *socket;
  const char *uri;
  gboolean bind;
} Ending;

static gpointer
end_until_it_works (gpointer data)
{
  Ending *self = data;
  gboolean ended = FALSE;

  while (!ended)
    ended = self->bind
              ? zmqg_socket_unbind (self->socket, self->uri, NULL)
              : zmqg_socket_disconnect_from (self->socket, self->uri, NULL);
  return NULL;
}

/* Another thread may find an endpoint before it has what drives it: that ends
 * all the same, and the address is free. */
static void
test_unbind_while_binding (Fixture *self)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *first = new_socket (self, ZMQG_TYPE_PULL_SOCKET);

  /* An address that is free, whatever the transport. */
  uri = bind_socket (self, first);
  drop_socket (self, first);

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      ZmqgSocket *socket = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
      Ending ending = { socket, uri, TRUE };
      Call call;

      call_start (&call, end_until_it_works, &ending);
      bind_to (socket, uri);
      call_end (&call);
      bind_to (socket, uri);
      zmqg_socket_unbind (socket, uri, NULL);
      drop_socket (self, socket);
    }
}

/* The same for connections: none is left. */
static void
test_disconnect_while_connecting (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  GListModel *peers = zmqg_socket_get_peers (pull);
  g_autofree char *uri = bind_socket (self, pull);

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
      Ending ending = { push, uri, FALSE };
      Call call;

      g_object_set (push, "immediate", i % 2 == 0, NULL);
      call_start (&call, end_until_it_works, &ending);
      connect_to (push, uri);
      call_end (&call);
      g_assert_false (try_send_text (push, "nobody is there"));
      if (i % 50 == 0)
        ZMQG_TEST_AWAIT (g_list_model_get_n_items (peers) == 0, DEADLINE_MS);
      if (i % 50 != 0)
        drop_socket (self, push);
    }
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (peers) == 0, DEADLINE_MS);
}

typedef struct
{
  ZmqgSocket *socket;
  const char *uri;
  gboolean over; /* atomic */
} Unbinding;

static gpointer
unbind_in_vain (gpointer data)
{
  Unbinding *self = data;

  while (!g_atomic_int_get (&self->over))
    zmqg_socket_unbind (self->socket, self->uri, NULL);
  return NULL;
}

/* Who fails to bind a name that another has, and unbinds it, takes it away
 * from nobody. */
static void
test_unbind_of_anothers (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *other = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  Unbinding unbinding = { other, uri, FALSE };
  Call call;

  call_start (&call, unbind_in_vain, &unbinding);
  for (guint i = 0; i < 2000; i++)
    g_assert_false (zmqg_socket_bind (other, uri, NULL));
  g_atomic_int_set (&unbinding.over, TRUE);
  call_end (&call);

  connect_to (push, uri);
  send_text (push, "still there");
  expect_text (pull, "still there");
}

const ConformanceTest thread_tests[] = {
  { "threads/receive", FOR_ALL, test_receive },
  { "threads/mixed", FOR_ALL, test_mixed },
  { "threads/both-ways", FOR_ALL, test_both_ways },
  { "threads/endpoints", FOR_ALL, test_endpoints },
  { "threads/closed", FOR_ALL, test_closed },
  { "threads/unbind-while-binding", FOR_ALL, test_unbind_while_binding },
  { "threads/disconnect-while-connecting", FOR_ALL,
    test_disconnect_while_connecting },
  { "threads/unbind-of-anothers", FOR_IN_PROCESS, test_unbind_of_anothers },
  { 0, },
};
