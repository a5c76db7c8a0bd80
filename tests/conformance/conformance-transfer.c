/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

#include <string.h>

/* Messages arrive whole, in order, once. */

static void
fill (guint8 *data,
      gsize size,
      guint seed)
{
  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) ((i * 31 + (i >> 8) + seed) & 0xff);
}

static void
test_sizes (Fixture *self)
{
  static const gsize sizes[] = {
    0, 1, 2, 15, 16, 63, 64, 127, 254, 255, 256, 257, 1023, 4096, 8191, 8192,
    8193, 16383, 16384, 65535, 65536, 65537, 262144, 1048575, 1048576,
  };
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc (1 << 20);

  join_sockets (self, pull, push);

  for (guint way = 0; way < 3; way++)
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
      {
        g_autoptr (ZmqgMessage) received = NULL;
        g_autoptr (ZmqgMessage) message = NULL;
        g_autoptr (GBytes) bytes = NULL;
        const guint8 *got;
        GError *error = NULL;
        gsize size;

        fill (data, sizes[i], i + way);
        bytes = g_bytes_new (data, sizes[i]);
        if (way == 0)
          zmqg_socket_send_data (push, data, sizes[i], NULL, &error);
        else if (way == 1)
          zmqg_socket_send_bytes (push, bytes, NULL, &error);
        else
          {
            message = zmqg_message_new_bytes (bytes);
            zmqg_socket_send (push, message, NULL, &error);
          }
        g_assert_no_error (error);

        received = receive (pull);
        g_assert_cmpuint (zmqg_message_get_n_frames (received), ==, 1);
        got = zmqg_message_get_data (received, 0, &size);
        g_assert_cmpmem (got, size, data, sizes[i]);
      }
}

/* Many of all sizes are under way at the same time. */
static void
test_sizes_queued (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc (100000);
  const guint n = 300;

  join_sockets (self, pull, push);
  for (guint i = 0; i < n; i++)
    {
      GError *error = NULL;
      gsize size = (i * 7919) % (i % 10 == 0 ? 100000 : 600);

      fill (data, size, i);
      zmqg_socket_send_data (push, data, size, NULL, &error);
      g_assert_no_error (error);
    }

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ZmqgMessage) message = receive (pull);
      gsize size = (i * 7919) % (i % 10 == 0 ? 100000 : 600);
      const guint8 *got;
      gsize got_size;

      fill (data, size, i);
      got = zmqg_message_get_data (message, 0, &got_size);
      g_assert_cmpmem (got, got_size, data, size);
    }
}

static void
test_multipart (Fixture *self)
{
  static const guint counts[] = { 1, 2, 3, 8, 9, 100, 1000 };
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc (20000);

  join_sockets (self, pull, push);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_autoptr (ZmqgMessage) message = zmqg_message_new ();
      g_autoptr (ZmqgMessage) received = NULL;
      GError *error = NULL;

      for (guint j = 0; j < counts[i]; j++)
        {
          gsize size = j % 50 == 3 ? 20000 : j % 7;

          fill (data, size, j);
          zmqg_message_append_data (message, data, size);
        }
      zmqg_socket_send (push, message, NULL, &error);
      g_assert_no_error (error);

      received = receive (pull);
      g_assert_true (zmqg_message_equal (message, received));
    }
}

static void
test_no_frames (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autoptr (GError) error = NULL;

  join_sockets (self, pull, push);
  g_assert_false (zmqg_socket_send (push, message, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

#define N_ORDERED 100000

static gpointer
send_ordered (gpointer data)
{
  for (guint i = 0; i < N_ORDERED; i++)
    send_number (data, i);
  return NULL;
}

static void
test_order (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  Call sender;

  join_sockets (self, pull, push);
  call_start (&sender, send_ordered, push);
  for (guint i = 0; i < N_ORDERED; i++)
    expect_number (pull, i);
  call_end (&sender);
}

/* The same, taken in batches of all sizes. */
static void
test_batch_order (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  guint next = 0;
  guint max = 1;
  Call sender;

  join_sockets (self, push, pull);
  call_start (&sender, send_ordered, push);
  while (next < N_ORDERED)
    {
      g_autoptr (GPtrArray) batch = NULL;
      GError *error = NULL;

      batch = zmqg_socket_receive_batch (pull, max, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (batch->len, >, 0);
      g_assert_cmpuint (batch->len, <=, max);
      for (guint i = 0; i < batch->len; i++)
        g_assert_cmpuint (number_of (g_ptr_array_index (batch, i)), ==,
                          next++);
      max = max % 700 + 1;
    }
  call_end (&sender);
}

static void
test_batch (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GPtrArray) batch = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  join_sockets (self, pull, push);
  for (guint i = 0; i < 10; i++)
    send_number (push, i);

  /* Never more than asked for, and all of them in the end. */
  while (n < 10)
    {
      g_clear_pointer (&batch, g_ptr_array_unref);
      batch = zmqg_socket_receive_batch (pull, 3, NULL, NULL);
      g_assert_nonnull (batch);
      g_assert_cmpuint (batch->len, <=, 3);
      for (guint i = 0; i < batch->len; i++)
        g_assert_cmpuint (number_of (g_ptr_array_index (batch, i)), ==, n++);
    }

  g_object_set (pull, "receive-timeout", 1, NULL);
  g_assert_null (zmqg_socket_receive_batch (pull, 3, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
}

/* Reading and writing at the same time on one connection. */
static void
test_both_ways (Fixture *self)
{
  ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);

  join_sockets (self, one, two);
  for (guint i = 0; i < 500; i++)
    {
      send_number (one, i);
      send_number (two, i + 1);
    }
  for (guint i = 0; i < 500; i++)
    {
      expect_number (two, i);
      expect_number (one, i + 1);
    }
}

static void
test_round_trips (Fixture *self)
{
  ZmqgSocket *one = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);

  join_sockets (self, one, two);
  for (guint i = 0; i < 500; i++)
    {
      send_number (one, i);
      expect_number (two, i);
      send_number (two, i);
      expect_number (one, i);
    }
}

static gpointer
receive_hundred (gpointer data)
{
  for (guint i = 0; i < 100; i++)
    expect_number (data, i);
  /* Over inproc a message counts as taken when the next one is asked for. */
  expect_nothing (data);
  return NULL;
}

static void
test_flush (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  GError *error = NULL;
  Call receiver;

  join_sockets (self, pull, push);
  zmqg_socket_flush (push, NULL, &error);
  g_assert_no_error (error);

  call_start (&receiver, receive_hundred, pull);
  for (guint i = 0; i < 100; i++)
    send_number (push, i);
  zmqg_socket_flush (push, NULL, &error);
  g_assert_no_error (error);
  call_end (&receiver);
}

/* With nobody there, flushing waits. */
static void
test_flush_cancelled (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *uri = bind_socket (self, pull);
  g_autoptr (GError) error = NULL;

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  connect_to (push, uri);
  send_text (push, "hello");
  g_cancellable_cancel (cancellable);
  g_assert_false (zmqg_socket_flush (push, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  bind_to (pull, uri);
  expect_text (pull, "hello");
}

/* Sent and received at any time, from and to every side. */
static void
test_many_sockets (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  const guint n = 20;
  guint sum = 0;

  for (guint i = 0; i < n; i++)
    {
      ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

      connect_to (push, uri);
      send_number (push, i);
    }
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ZmqgMessage) message = receive (pull);

      sum += number_of (message);
    }
  g_assert_cmpuint (sum, ==, n * (n - 1) / 2);
}

const ConformanceTest transfer_tests[] = {
  { "transfer/sizes", FOR_ALL, test_sizes },
  { "transfer/sizes-queued", FOR_ALL, test_sizes_queued },
  { "transfer/multipart", FOR_ALL, test_multipart },
  { "transfer/no-frames", FOR_ALL, test_no_frames },
  { "transfer/order", FOR_ALL, test_order },
  { "transfer/batch-order", FOR_ALL, test_batch_order },
  { "transfer/batch", FOR_ALL, test_batch },
  { "transfer/both-ways", FOR_ALL, test_both_ways },
  { "transfer/round-trips", FOR_ALL, test_round_trips },
  { "transfer/flush", FOR_ALL, test_flush },
  { "transfer/flush-cancelled", FOR_ALL, test_flush_cancelled },
  { "transfer/many-sockets", FOR_ALL, test_many_sockets },
  { 0, },
};
