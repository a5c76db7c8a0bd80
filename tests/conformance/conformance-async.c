/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

/* The asynchronous calls. */

typedef struct
{
  guint n_done;
  GQueue numbers; /* as they came */
  guint n_cancelled;
  GError *error; /* the newest other one */
  GPtrArray *batch;
} Results;

static void
clear_results (Results *self)
{
  g_queue_clear (&self->numbers);
  g_clear_error (&self->error);
  g_clear_pointer (&self->batch, g_ptr_array_unref);
}

static void
take_error (Results *self,
            GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      self->n_cancelled++;
      g_error_free (error);
      return;
    }

  g_clear_error (&self->error);
  self->error = error;
}

static void
received (GObject *source,
          GAsyncResult *result,
          gpointer user_data)
{
  g_autoptr (ZmqgMessage) message = NULL;
  Results *self = user_data;
  GError *error = NULL;

  self->n_done++;
  message = zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, &error);
  if (message == NULL)
    take_error (self, error);
  else
    g_queue_push_tail (&self->numbers, GUINT_TO_POINTER (number_of (message)));
}

static void
batch_received (GObject *source,
                GAsyncResult *result,
                gpointer user_data)
{
  Results *self = user_data;
  GError *error = NULL;

  self->n_done++;
  g_clear_pointer (&self->batch, g_ptr_array_unref);
  self->batch = zmqg_socket_receive_batch_finish (ZMQG_SOCKET (source),
                                                  result, &error);
  if (self->batch == NULL)
    take_error (self, error);
}

static void
sent (GObject *source,
      GAsyncResult *result,
      gpointer user_data)
{
  Results *self = user_data;
  GError *error = NULL;

  self->n_done++;
  if (!zmqg_socket_send_finish (ZMQG_SOCKET (source), result, &error))
    take_error (self, error);
}

static void
waited (GObject *source,
        GAsyncResult *result,
        gpointer user_data)
{
  Results *self = user_data;
  GError *error = NULL;

  self->n_done++;
  if (!zmqg_socket_wait_for_peers_finish (ZMQG_SOCKET (source), result,
                                          &error))
    take_error (self, error);
}

static void
flushed (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Results *self = user_data;
  GError *error = NULL;

  self->n_done++;
  if (!zmqg_socket_flush_finish (ZMQG_SOCKET (source), result, &error))
    take_error (self, error);
}

static void
send_number_async (ZmqgSocket *socket,
                   guint number,
                   GCancellable *cancellable,
                   Results *results)
{
  g_autoptr (ZmqgMessage) message = NULL;

  message = zmqg_message_new_data ((const guint8 *) &number, sizeof number);
  zmqg_socket_send_async (socket, message, cancellable, sent, results);
}

static void
test_receive_before (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Results results = { 0, };

  join_sockets (self, pull, push);
  zmqg_socket_receive_async (pull, NULL, received, &results);
  g_assert_cmpuint (results.n_done, ==, 0);
  send_number (push, 5);
  ZMQG_TEST_AWAIT (results.n_done == 1, DEADLINE_MS);
  g_assert_cmpuint (GPOINTER_TO_UINT (results.numbers.head->data), ==, 5);

  /* And with a message that is there already: never from within the call. */
  send_number (push, 6);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (pull) == G_IO_IN, DEADLINE_MS);
  zmqg_socket_receive_async (pull, NULL, received, &results);
  g_assert_cmpuint (results.n_done, ==, 1);
  ZMQG_TEST_AWAIT (results.n_done == 2, DEADLINE_MS);
  g_assert_cmpuint (GPOINTER_TO_UINT (results.numbers.tail->data), ==, 6);
  clear_results (&results);
}

/* Each of several who wait has its own results: the message with number i is
 * for the one with number i. */
static void
test_first_come (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Results results[10] = { 0, };

  join_sockets (self, pull, push);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    zmqg_socket_receive_async (pull, NULL, received, &results[i]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    send_number (push, i);

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      ZMQG_TEST_AWAIT (results[i].n_done == 1, DEADLINE_MS);
      g_assert_cmpuint (GPOINTER_TO_UINT (results[i].numbers.head->data), ==,
                        i);
      clear_results (&results[i]);
    }
}

/* One that comes when messages do stays behind one that waits. */
static void
test_late_comer (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  join_sockets (self, pull, push);
  for (guint i = 0; i < 100; i++)
    {
      Results first = { 0, };
      Results second = { 0, };

      zmqg_socket_receive_async (pull, NULL, received, &first);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      send_number (push, 1);
      if (i % 2 == 0)
        send_number (push, 2);
      zmqg_socket_receive_async (pull, NULL, received, &second);
      if (i % 2 != 0)
        send_number (push, 2);
      ZMQG_TEST_AWAIT (first.n_done == 1 && second.n_done == 1, DEADLINE_MS);
      g_assert_cmpuint (GPOINTER_TO_UINT (first.numbers.head->data), ==, 1);
      g_assert_cmpuint (GPOINTER_TO_UINT (second.numbers.head->data), ==, 2);
      clear_results (&first);
      clear_results (&second);
    }
}

typedef struct
{
  GSource source;
  ZmqgSocket *push;
  ZmqgSocket *pull;
} Between;

static gboolean
between_dispatch (GSource *source,
                  GSourceFunc callback,
                  gpointer user_data)
{
  Between *self = (Between *) source;
  gint64 deadline = g_get_monotonic_time () + DEADLINE_MS * 1000;

  send_number (self->push, 1);
  while ((zmqg_socket_get_events (self->pull) & G_IO_IN) == 0)
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
  return G_SOURCE_REMOVE;
}

/* One that was woken, as by others that were cancelled, stays behind the one
 * that looked before it and found nothing, also when something comes between
 * the two, in whatever turn of the main context. */
static void
test_come_between (Fixture *self)
{
  static GSourceFuncs funcs = { .dispatch = between_dispatch };
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  join_sockets (self, pull, push);
  for (guint turns = 0; turns < 6; turns++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GSource) source = g_source_new (&funcs, sizeof (Between));
      Results cancelled = { 0, };
      Results first = { 0, };
      Results second = { 0, };

      ((Between *) source)->push = push;
      ((Between *) source)->pull = pull;
      for (guint i = 0; i < 2; i++)
        zmqg_socket_receive_async (pull, cancellable, received, &cancelled);
      zmqg_socket_receive_async (pull, NULL, received, &first);
      g_source_attach (source, NULL);
      zmqg_socket_receive_async (pull, NULL, received, &second);
      while (g_main_context_iteration (NULL, FALSE))
        ;

      g_cancellable_cancel (cancellable);
      for (guint i = 0; i < turns; i++)
        g_main_context_iteration (NULL, FALSE);
      g_source_set_ready_time (source, 0);
      ZMQG_TEST_AWAIT (cancelled.n_done == 2 &&
                         (first.n_done == 1 || second.n_done == 1),
                       DEADLINE_MS);
      send_number (push, 2);
      ZMQG_TEST_AWAIT (first.n_done == 1 && second.n_done == 1, DEADLINE_MS);
      g_assert_cmpuint (cancelled.n_cancelled, ==, 2);
      g_assert_cmpuint (GPOINTER_TO_UINT (first.numbers.head->data), ==, 1);
      g_assert_cmpuint (GPOINTER_TO_UINT (second.numbers.head->data), ==, 2);
      clear_results (&cancelled);
      clear_results (&first);
      clear_results (&second);
    }
}

/* One that is cancelled before it ever looked leaves the message to the one
 * behind it. */
static void
test_cancelled_ahead (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  join_sockets (self, pull, push);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Results first = { 0, };
      Results second = { 0, };

      zmqg_socket_receive_async (pull, cancellable, received, &first);
      if (i % 3 == 0)
        send_number (push, i);
      zmqg_socket_receive_async (pull, NULL, received, &second);
      if (i % 3 == 1)
        send_number (push, i);
      g_cancellable_cancel (cancellable);
      if (i % 3 == 2)
        send_number (push, i);
      ZMQG_TEST_AWAIT (first.n_done == 1, DEADLINE_MS);
      if (first.n_cancelled == 0)
        send_number (push, i);
      ZMQG_TEST_AWAIT (second.n_done == 1, DEADLINE_MS);
      g_assert_cmpuint (GPOINTER_TO_UINT (second.numbers.head->data), ==, i);
      clear_results (&first);
      clear_results (&second);
    }
}

static gpointer
send_two_thousand (gpointer data)
{
  for (guint i = 0; i < 2000; i++)
    send_number (data, i);
  return NULL;
}

static void
received_one_of_many (GObject *source,
                      GAsyncResult *result,
                      gpointer user_data)
{
  Results *self = user_data;

  received (source, result, self);
  if (self->error == NULL)
    zmqg_socket_receive_async (ZMQG_SOCKET (source), NULL,
                               received_one_of_many, self);
}

/* The order stays when new calls come while messages do. */
static void
test_order (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Results results = { 0, };
  guint i = 0;
  Call sender;

  join_sockets (self, pull, push);
  for (guint j = 0; j < 5; j++)
    zmqg_socket_receive_async (pull, NULL, received_one_of_many, &results);
  call_start (&sender, send_two_thousand, push);
  ZMQG_TEST_AWAIT (results.numbers.length >= 2000, DEADLINE_MS);
  call_end (&sender);

  for (GList *l = results.numbers.head; l != NULL; l = l->next)
    g_assert_cmpuint (GPOINTER_TO_UINT (l->data), ==, i++);
  g_assert_cmpuint (i, ==, 2000);

  zmqg_socket_close (pull);
  ZMQG_TEST_AWAIT (results.n_done == 2005, DEADLINE_MS);
  clear_results (&results);
}

static void
test_cancelled_before (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Results results = { 0, };

  join_sockets (self, pull, push);
  send_number (push, 1);
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (pull) == G_IO_IN, DEADLINE_MS);
  g_cancellable_cancel (cancellable);
  zmqg_socket_receive_async (pull, cancellable, received, &results);
  zmqg_socket_receive_batch_async (pull, 5, cancellable, batch_received,
                                   &results);
  send_number_async (push, 9, cancellable, &results);
  zmqg_socket_wait_for_peers_async (pull, 1, cancellable, waited, &results);
  g_assert_cmpuint (results.n_done, ==, 0);
  ZMQG_TEST_AWAIT (results.n_done == 4, DEADLINE_MS);
  g_assert_cmpuint (results.n_cancelled, ==, 4);

  send_number (push, 2);
  expect_number (pull, 1);
  expect_number (pull, 2);
  clear_results (&results);
}

static void
test_cancelled_during (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Results cancelled = { 0, };
  Results waiting = { 0, };

  join_sockets (self, pull, push);
  zmqg_socket_receive_async (pull, cancellable, received, &cancelled);
  zmqg_socket_receive_async (pull, NULL, received, &waiting);
  zmqg_socket_receive_batch_async (pull, 5, cancellable, batch_received,
                                   &cancelled);
  g_cancellable_cancel (cancellable);
  ZMQG_TEST_AWAIT (cancelled.n_done == 2, DEADLINE_MS);
  g_assert_cmpuint (cancelled.n_cancelled, ==, 2);
  g_assert_cmpuint (waiting.n_done, ==, 0);

  send_number (push, 1);
  ZMQG_TEST_AWAIT (waiting.n_done == 1, DEADLINE_MS);
  send_number (push, 2);
  expect_number (pull, 2);
  clear_results (&cancelled);
  clear_results (&waiting);
}

/* A message that is there when a call is cancelled goes to that call or to
 * the next. */
static void
test_cancelled_race (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Results results = { 0, };

  join_sockets (self, pull, push);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      zmqg_socket_receive_async (pull, cancellable, received, &results);
      if (i % 3 == 0)
        zmqg_test_turn (NULL);
      send_number (push, i);
      if (i % 2 == 0)
        zmqg_test_turn (NULL);
      g_cancellable_cancel (cancellable);
      ZMQG_TEST_AWAIT (results.n_done == i + 1, DEADLINE_MS);
      if (results.numbers.length == 0)
        expect_number (pull, i);
      else
        g_assert_cmpuint (
          GPOINTER_TO_UINT (g_queue_pop_head (&results.numbers)), ==, i);
    }
  g_assert_no_error (results.error);
  clear_results (&results);
}

static void
test_send (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, push);
  Results results = { 0, };

  /* They wait for a peer, and then go out in order. */
  for (guint i = 0; i < 10; i++)
    send_number_async (push, i, NULL, &results);
  zmqg_test_turn (NULL);
  g_assert_cmpuint (results.n_done, ==, 0);

  connect_to (pull, uri);
  ZMQG_TEST_AWAIT (results.n_done == 10, DEADLINE_MS);
  g_assert_no_error (results.error);
  for (guint i = 0; i < 10; i++)
    expect_number (pull, i);
  clear_results (&results);
}

static void
test_send_cancelled (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *uri = bind_socket (self, push);
  Results results = { 0, };

  for (guint i = 0; i < 10; i++)
    send_number_async (push, i, i % 2 == 0 ? cancellable : NULL, &results);
  g_cancellable_cancel (cancellable);
  ZMQG_TEST_AWAIT (results.n_done == 5, DEADLINE_MS);
  g_assert_cmpuint (results.n_cancelled, ==, 5);

  connect_to (pull, uri);
  ZMQG_TEST_AWAIT (results.n_done == 10, DEADLINE_MS);
  g_assert_no_error (results.error);
  for (guint i = 1; i < 10; i += 2)
    expect_number (pull, i);
  expect_nothing (pull);
  clear_results (&results);
}

static void
test_batch (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Results results = { 0, };
  guint next = 0;

  join_sockets (self, pull, push);
  for (guint turn = 1; next < 100; turn++)
    {
      zmqg_socket_receive_batch_async (pull, 7, NULL, batch_received,
                                       &results);
      if (turn == 1)
        for (guint i = 0; i < 100; i++)
          send_number (push, i);
      ZMQG_TEST_AWAIT (results.n_done == turn, DEADLINE_MS);
      g_assert_no_error (results.error);
      g_assert_cmpuint (results.batch->len, >, 0);
      g_assert_cmpuint (results.batch->len, <=, 7);
      for (guint i = 0; i < results.batch->len; i++)
        g_assert_cmpuint (number_of (g_ptr_array_index (results.batch, i)),
                          ==, next++);
    }
  clear_results (&results);
}

static void
test_peers_and_flush (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  Results three = { 0, };
  Results one = { 0, };
  Results flush = { 0, };

  zmqg_socket_wait_for_peers_async (pull, 3, NULL, waited, &three);
  zmqg_socket_wait_for_peers_async (pull, 1, NULL, waited, &one);
  connect_to (push, uri);
  ZMQG_TEST_AWAIT (one.n_done == 1, DEADLINE_MS);
  g_assert_no_error (one.error);
  g_assert_cmpuint (three.n_done, ==, 0);

  for (guint i = 0; i < 100; i++)
    send_number (push, i);
  zmqg_socket_flush_async (push, NULL, flushed, &flush);
  for (guint i = 0; i < 100; i++)
    expect_number (pull, i);
  /* Over inproc a message counts as taken when the next one is asked for. */
  expect_nothing (pull);
  ZMQG_TEST_AWAIT (flush.n_done == 1, DEADLINE_MS);
  g_assert_no_error (flush.error);

  connect_to (new_socket (self, ZMQG_TYPE_PUSH_SOCKET), uri);
  connect_to (new_socket (self, ZMQG_TYPE_PUSH_SOCKET), uri);
  ZMQG_TEST_AWAIT (three.n_done == 1, DEADLINE_MS);
  g_assert_no_error (three.error);
}

/* What waits when the socket is closed fails. */
static void
test_closed (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *one G_GNUC_UNUSED = bind_socket (self, pull);
  g_autofree char *two G_GNUC_UNUSED = bind_socket (self, push);
  Results results = { 0, };

  for (guint i = 0; i < 3; i++)
    {
      zmqg_socket_receive_async (pull, NULL, received, &results);
      send_number_async (push, i, NULL, &results);
    }
  zmqg_socket_wait_for_peers_async (push, 1, NULL, waited, &results);
  zmqg_socket_close (pull);
  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (results.n_done == 7, DEADLINE_MS);
  g_assert_error (results.error, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
  g_assert_cmpuint (results.numbers.length, ==, 0);

  zmqg_socket_receive_async (pull, NULL, received, &results);
  ZMQG_TEST_AWAIT (results.n_done == 8, DEADLINE_MS);
  g_assert_error (results.error, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
  clear_results (&results);
}

/* What was not sent has not been flushed. */
static void
test_closed_unflushed (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  Results results = { 0, };

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  connect_to (push, uri);
  send_number (push, 1);
  zmqg_socket_flush_async (push, NULL, flushed, &results);
  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (results.n_done == 1, DEADLINE_MS);
  g_assert_error (results.error, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
  clear_results (&results);
}

static void
test_shut_down (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri G_GNUC_UNUSED = bind_socket (self, pull);
  Results results = { 0, };

  zmqg_socket_receive_async (pull, NULL, received, &results);
  zmqg_socket_receive_async (pull, NULL, received, &results);
  zmqg_context_shutdown (self->context);
  ZMQG_TEST_AWAIT (results.n_done == 2, DEADLINE_MS);
  g_assert_error (results.error, ZMQG_ERROR, ZMQG_ERROR_TERMINATED);
  clear_results (&results);
}

/* A call that waits keeps the socket. */
static void
test_keeps_socket (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *weak = pull;
  Results results = { 0, };

  join_sockets (self, pull, push);
  g_object_add_weak_pointer (G_OBJECT (pull), (gpointer *) &weak);
  zmqg_socket_receive_async (pull, NULL, received, &results);
  drop_socket (self, pull);
  g_assert_nonnull (weak);
  send_number (push, 1);
  ZMQG_TEST_AWAIT (results.n_done == 1, DEADLINE_MS);
  g_assert_no_error (results.error);
  ZMQG_TEST_AWAIT (weak == NULL, DEADLINE_MS);
  clear_results (&results);
}

const ConformanceTest async_tests[] = {
  { "async/receive", FOR_ALL, test_receive_before },
  { "async/first-come", FOR_ALL, test_first_come },
  { "async/late-comer", FOR_ALL, test_late_comer },
  { "async/come-between", FOR_ALL, test_come_between },
  { "async/cancelled-ahead", FOR_ALL, test_cancelled_ahead },
  { "async/order", FOR_ALL, test_order },
  { "async/cancelled-before", FOR_ALL, test_cancelled_before },
  { "async/cancelled-during", FOR_ALL, test_cancelled_during },
  { "async/cancelled-race", FOR_ALL, test_cancelled_race },
  { "async/send", FOR_ALL, test_send },
  { "async/send-cancelled", FOR_ALL, test_send_cancelled },
  { "async/batch", FOR_ALL, test_batch },
  { "async/peers-and-flush", FOR_ALL, test_peers_and_flush },
  { "async/closed", FOR_ALL, test_closed },
  { "async/closed-unflushed", FOR_ALL, test_closed_unflushed },
  { "async/shut-down", FOR_ALL, test_shut_down },
  { "async/keeps-socket", FOR_ALL, test_keeps_socket },
  { 0, },
};
