/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include <stdatomic.h>

/*
 * Where the kernel takes little at a time, whoever writes stops all the while
 * and has to be woken to go on. Nothing here looks twice: those who wait sleep
 * until they are woken, so that a wake-up that is lost ends the test.
 */

#define BUFFER 4096
#define MARK 20
#define MESSAGES 400u

/* Longer than the others: the kernel's own timers run, too. */
#define DEADLINE_MS (6 * SOCKET_TEST_DEADLINE_MS)

typedef struct
{
  ZmqgContext *far_context; /* with threads of its own */
  ZmqgSocket *push;
  ZmqgSocket *pull;
  GThread *thread;
  atomic_uint done; /* messages that the receiver has */
} Stream;

/* From nothing to more than the kernel takes at a time. */
static gsize
size_of (guint n)
{
  return n % 7 == 0 ? 3 * BUFFER + n : n % 5 == 0 ? 4 : 10 * (n % 60) + 4;
}

static GBytes *
make_payload (guint n)
{
  gsize size = size_of (n);
  guint8 *data = g_malloc (size);

  memset (data, (int) n, size);
  memcpy (data, &n, sizeof n);
  return g_bytes_new_take (data, size);
}

static void
check_payload (ZmqgMessage *message,
               guint n)
{
  g_autoptr (GBytes) expected = make_payload (n);
  g_autoptr (GBytes) frame = zmqg_message_get_frame (message, 0);

  g_assert_true (g_bytes_equal (frame, expected));
}

static void
send_payload (ZmqgSocket *socket,
              guint n)
{
  g_autoptr (GBytes) payload = make_payload (n);
  GError *error = NULL;

  zmqg_socket_send_bytes (socket, payload, NULL, &error);
  g_assert_no_error (error);
}

static void
expect_payload (ZmqgSocket *socket,
                guint n)
{
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  message = zmqg_socket_receive (socket, NULL, &error);
  g_assert_no_error (error);
  check_payload (message, n);
}

static gpointer
send_all (gpointer data)
{
  Stream *self = data;

  for (guint i = 0; i < MESSAGES; i++)
    {
      send_payload (self->push, i);
      if (i % 16 == 0)
        g_thread_yield ();
    }
  return NULL;
}

static gpointer
receive_all (gpointer data)
{
  Stream *self = data;

  for (guint i = 0; i < MESSAGES; i++)
    {
      expect_payload (self->pull, i);
      atomic_store (&self->done, i + 1);
      if (i % 16 == 0)
        g_thread_yield ();
    }
  g_main_context_wakeup (NULL);
  return NULL;
}

/* The receiver, or the sender, is in the context of the test, the other one in
 * one with threads. */
static void
stream_open (Stream *self,
             SocketTest *test,
             gboolean sender_is_far)
{
  g_autofree char *uri = NULL;
  ZmqgContext *near = test->context;

  atomic_init (&self->done, 0);
  self->far_context = zmqg_context_new ();
  if (sender_is_far)
    test->context = self->far_context;
  self->push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  test->context = sender_is_far ? near : self->far_context;
  self->pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  test->context = near;

  g_object_set (self->push, "send-buffer", BUFFER, "send-hwm", MARK,
                "send-timeout", DEADLINE_MS, NULL);
  g_object_set (self->pull, "receive-buffer", BUFFER, "receive-hwm", MARK,
                "receive-timeout", DEADLINE_MS, NULL);
  if (sender_is_far)
    {
      uri = socket_test_bind (test, self->push);
      socket_test_connect (self->pull, uri);
    }
  else
    {
      uri = socket_test_bind (test, self->pull);
      socket_test_connect (self->push, uri);
    }
}

static void
stream_close (Stream *self)
{
  GError *error = NULL;

  zmqg_socket_close (self->push);
  zmqg_socket_close (self->pull);
  zmqg_context_terminate (self->far_context, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (self->far_context);
}

static gboolean
too_late (gpointer user_data G_GNUC_UNUSED)
{
  g_error ("nothing woke the main context");
  return G_SOURCE_REMOVE;
}

/* The main context runs until the receiver has so many; it is woken by what
 * happens alone. */
static void
run_until_done (Stream *self,
                guint n)
{
  g_autoptr (GSource) watchdog = g_timeout_source_new (DEADLINE_MS);

  g_source_set_callback (watchdog, too_late, NULL, NULL);
  g_source_attach (watchdog, NULL);
  while (atomic_load (&self->done) < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_destroy (watchdog);
}

/* --- Those who wait in calls -------------------------------------------- */

static void
test_send_waits (SocketTest *test)
{
  Stream stream;

  stream_open (&stream, test, FALSE);
  stream.thread = g_thread_new ("receiver", receive_all, &stream);
  send_all (&stream);
  /* The main context sends the rest. */
  run_until_done (&stream, MESSAGES);
  g_thread_join (stream.thread);
  stream_close (&stream);
}

static void
test_receive_waits (SocketTest *test)
{
  Stream stream;

  stream_open (&stream, test, TRUE);
  stream.thread = g_thread_new ("sender", send_all, &stream);
  receive_all (&stream);
  g_thread_join (stream.thread);
  stream_close (&stream);
}

/* Who calls is not who runs the main context. */
static void
test_send_beside_a_loop (SocketTest *test)
{
  GThread *sender;
  Stream stream;

  stream_open (&stream, test, FALSE);
  stream.thread = g_thread_new ("receiver", receive_all, &stream);
  sender = g_thread_new ("sender", send_all, &stream);
  run_until_done (&stream, MESSAGES);
  g_thread_join (sender);
  g_thread_join (stream.thread);
  stream_close (&stream);
}

static void
test_receive_beside_a_loop (SocketTest *test)
{
  GThread *sender;
  Stream stream;

  stream_open (&stream, test, TRUE);
  sender = g_thread_new ("sender", send_all, &stream);
  stream.thread = g_thread_new ("receiver", receive_all, &stream);
  run_until_done (&stream, MESSAGES);
  g_thread_join (sender);
  g_thread_join (stream.thread);
  stream_close (&stream);
}

/* --- Those who are called ------------------------------------------------ */

typedef struct
{
  Stream stream;
  guint n;
} Called;

static gboolean
on_writable (ZmqgSocket *socket,
             GIOCondition condition G_GNUC_UNUSED,
             gpointer user_data)
{
  Called *self = user_data;

  for (;;)
    {
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (ZmqgMessage) message = NULL;
      g_autoptr (GError) error = NULL;

      if (self->n == MESSAGES)
        return G_SOURCE_REMOVE;

      payload = make_payload (self->n);
      message = zmqg_message_new_bytes (payload);
      if (!zmqg_socket_try_send (socket, message, &error))
        {
          g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
          return G_SOURCE_CONTINUE;
        }
      self->n++;
    }
}

static void
test_send_when_writable (SocketTest *test)
{
  Called called = { .n = 0 };
  g_autoptr (GSource) source = NULL;

  stream_open (&called.stream, test, FALSE);
  called.stream.thread = g_thread_new ("receiver", receive_all,
                                       &called.stream);
  source = zmqg_socket_create_source (called.stream.push, G_IO_OUT, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_writable), &called, NULL);
  g_source_attach (source, NULL);
  run_until_done (&called.stream, MESSAGES);
  g_thread_join (called.stream.thread);
  stream_close (&called.stream);
}

static void
on_message (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgMessage *message,
            gpointer user_data)
{
  Called *self = user_data;

  check_payload (message, self->n);
  self->n++;
  atomic_store (&self->stream.done, self->n);
}

static void
test_receive_by_signal (SocketTest *test)
{
  Called called = { .n = 0 };

  stream_open (&called.stream, test, TRUE);
  g_signal_connect (called.stream.pull, "message", G_CALLBACK (on_message),
                    &called);
  called.stream.thread = g_thread_new ("sender", send_all, &called.stream);
  run_until_done (&called.stream, MESSAGES);
  g_thread_join (called.stream.thread);
  stream_close (&called.stream);
}

/* --- One at a time ------------------------------------------------------ */

/* What comes into a queue that is empty, while all sleep. */
static gpointer
receive_slowly (gpointer data)
{
  Stream *self = data;

  for (guint i = 0; i < MESSAGES; i++)
    {
      expect_payload (self->pull, i);
      atomic_store (&self->done, i + 1);
      g_main_context_wakeup (NULL);
    }
  return NULL;
}

static void
test_one_at_a_time (SocketTest *test)
{
  Stream stream;

  stream_open (&stream, test, FALSE);
  stream.thread = g_thread_new ("receiver", receive_slowly, &stream);
  for (guint i = 0; i < MESSAGES; i++)
    {
      send_payload (stream.push, i);
      run_until_done (&stream, i + 1);
    }
  g_thread_join (stream.thread);
  stream_close (&stream);
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    SocketTestFunc func;
  } tests[] = {
    { "send-waits", test_send_waits },
    { "receive-waits", test_receive_waits },
    { "send-beside-a-loop", test_send_beside_a_loop },
    { "receive-beside-a-loop", test_receive_beside_a_loop },
    { "send-when-writable", test_send_when_writable },
    { "receive-by-signal", test_receive_by_signal },
    { "one-at-a-time", test_one_at_a_time },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/small-buffers/",
                                           tests[i].path, NULL);

      socket_test_add (path, SOCKET_TEST_NETWORK, tests[i].func);
    }

  return g_test_run ();
}
