/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include "compat-test.h"

#include <string.h>
#include <zmq.h>

/* Messages that are received in the place of others: each has the bytes and the
 * properties of its own, whoever it is shared with, and wherever it goes. */

#define DEADLINE 60000 /* ms */

#define check(call) \
  g_assert_cmpint ((call), >=, 0)

/* At the borders of what a zmq_msg_t, and the blocks that a thread keeps, have
 * room for. */
static const guint sizes[] = { 0, 1, 33, 34, 96, 97, 256, 257, 1024, 1025, 8191,
                               8192, 9000, 5, 1000, 20, 90 };

#define MANY 200
#define PEERS 3

/* Peers that send to one socket, and are known by their routing id. */
typedef struct
{
  void *context;
  void *sink;
  void *peers[PEERS];
} Case;

static void
case_init (Case *self)
{
  char address[256];
  gsize size = sizeof address;
  int timeout = DEADLINE;
  int linger = 0;

  self->context = zmq_ctx_new ();
  self->sink = zmq_socket (self->context, ZMQ_DEALER);
  check (zmq_setsockopt (self->sink, ZMQ_RCVTIMEO, &timeout, sizeof timeout));
  check (zmq_bind (self->sink, "tcp://127.0.0.1:*"));
  check (zmq_getsockopt (self->sink, ZMQ_LAST_ENDPOINT, address, &size));
  for (guint i = 0; i < PEERS; i++)
    {
      char id[] = { 'p', (char) ('0' + i) };

      self->peers[i] = zmq_socket (self->context, ZMQ_DEALER);
      check (zmq_setsockopt (self->peers[i], ZMQ_LINGER, &linger,
                             sizeof linger));
      check (zmq_setsockopt (self->peers[i], ZMQ_ROUTING_ID, id, sizeof id));
      check (zmq_connect (self->peers[i], address));
    }
}

static void
case_clear (Case *self)
{
  for (guint i = 0; i < PEERS; i++)
    check (zmq_close (self->peers[i]));
  check (zmq_close (self->sink));
  check (zmq_ctx_term (self->context));
}

/* What the bytes are says which peer it is of. */
static guint8
get_byte (guint peer,
          guint seed,
          guint i)
{
  return (guint8) (peer + 16 * (seed % 16) + i * 3);
}

static void
send_from (Case *self,
           guint peer,
           guint seed,
           guint size)
{
  zmq_msg_t message;
  guint8 *data;

  check (zmq_msg_init_size (&message, size));
  data = zmq_msg_data (&message);
  for (guint i = 0; i < size; i++)
    data[i] = get_byte (peer, seed, i);
  check (zmq_msg_send (&message, self->peers[peer], 0));
}

/* That of peer @peer, as send_from () made it. */
static void
assert_message (zmq_msg_t *message,
                guint peer,
                guint seed,
                guint size)
{
  const guint8 *data = zmq_msg_data (message);
  char id[] = { 'p', (char) ('0' + peer), '\0' };

  g_assert_cmpuint (zmq_msg_size (message), ==, size);
  for (guint i = 0; i < size; i++)
    g_assert_cmphex (data[i], ==, get_byte (peer, seed, i));
  g_assert_cmpstr (zmq_msg_gets (message, "Identity"), ==, id);
  g_assert_cmpint (zmq_msg_more (message), ==, 0);
}

/* One message for all, of all peers in turn, many at a time. */
static void
test_in_place (void)
{
  const guint n_sizes = G_N_ELEMENTS (sizes);
  Case self;
  zmq_msg_t message;

  case_init (&self);
  check (zmq_msg_init (&message));
  for (guint round = 0; round < MANY; round++)
    {
      guint received[PEERS] = { 0 };

      for (guint i = 0; i < n_sizes; i++)
        for (guint peer = 0; peer < PEERS; peer++)
          send_from (&self, peer, i, sizes[(i + round) % n_sizes]);

      /* Who it is of says what is expected, in their order. */
      for (guint i = 0; i < n_sizes * PEERS; i++)
        {
          const char *id;
          guint peer;
          guint n;

          check (zmq_msg_recv (&message, self.sink, 0));
          id = zmq_msg_gets (&message, "Identity");
          g_assert_nonnull (id);
          peer = (guint) id[1] - '0';
          g_assert_cmpuint (peer, <, PEERS);
          n = received[peer]++;
          assert_message (&message, peer, n, sizes[(n + round) % n_sizes]);
        }
    }
  check (zmq_msg_close (&message));
  case_clear (&self);
}

/* What was copied or moved before is left alone. */
static void
test_copied (void)
{
  Case self;
  zmq_msg_t copies[G_N_ELEMENTS (sizes)][2];
  zmq_msg_t message;

  case_init (&self);
  check (zmq_msg_init (&message));
  for (guint round = 0; round < MANY; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          guint peer = (i + round) % PEERS;

          send_from (&self, peer, i, sizes[i]);
          check (zmq_msg_recv (&message, self.sink, 0));
          check (zmq_msg_init (&copies[i][0]));
          check (zmq_msg_init (&copies[i][1]));
          check (zmq_msg_copy (&copies[i][0], &message));
          check (zmq_msg_copy (&copies[i][1], &copies[i][0]));
          assert_message (&message, peer, i, sizes[i]);
          if (i % 3 == 1)
            check (zmq_msg_move (&copies[i][1], &message));
        }
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        for (guint j = 0; j < 2; j++)
          {
            assert_message (&copies[i][j], (i + round) % PEERS, i, sizes[i]);
            check (zmq_msg_close (&copies[i][j]));
          }
    }
  check (zmq_msg_close (&message));
  case_clear (&self);
}

typedef struct
{
  zmq_msg_t messages[MANY];
  guint first;
} Batch;

static gpointer
close_batch (gpointer data)
{
  Batch *batch = data;

  for (guint i = 0; i < MANY; i++)
    {
      assert_message (&batch->messages[i], i % PEERS, i,
                      sizes[i % G_N_ELEMENTS (sizes)]);
      check (zmq_msg_close (&batch->messages[i]));
    }
  return NULL;
}

/* Threads that never saw a socket close what others received, and it stays what
 * it is when socket, peers and context are gone. */
static void
test_outlives (void)
{
  g_autofree Batch *batch = g_new0 (Batch, 1);

  for (guint round = 0; round < 4; round++)
    {
      Case self;
      zmq_msg_t last;

      case_init (&self);
      for (guint i = 0; i < MANY; i++)
        {
          send_from (&self, i % PEERS, i, sizes[i % G_N_ELEMENTS (sizes)]);
          check (zmq_msg_init (&batch->messages[i]));
          check (zmq_msg_recv (&batch->messages[i], self.sink, 0));
        }
      check (zmq_msg_init (&last));
      send_from (&self, 1, 2, 20 + 40 * round);
      check (zmq_msg_recv (&last, self.sink, 0));
      if (round % 2 == 0)
        g_thread_join (g_thread_new ("closes", close_batch, batch));
      case_clear (&self);
      if (round % 2 == 1)
        g_thread_join (g_thread_new ("closes", close_batch, batch));
      assert_message (&last, 1, 2, 20 + 40 * round);
      check (zmq_msg_close (&last));
    }
}

static void
count_free (void *data G_GNUC_UNUSED,
            void *hint)
{
  g_atomic_int_inc ((gint *) hint);
}

/* Into what may not be written to: constants, memory of the program's, what is
 * shared, what another socket received. */
static void
test_into_others (void)
{
  static guint8 memory[100];
  Case self;
  gint n_freed = 0;

  case_init (&self);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint kind = 0; kind < 4; kind++)
      {
        zmq_msg_t message;
        zmq_msg_t other;

        memset (memory, 7, sizeof memory);
        check (zmq_msg_init (&other));
        switch (kind)
          {
          case 0:
            check (zmq_msg_init_data (&message, memory, sizeof memory, NULL,
                                      NULL));
            break;
          case 1:
            n_freed = 0;
            check (zmq_msg_init_data (&message, memory, sizeof memory,
                                      count_free, &n_freed));
            break;
          case 2:
            check (zmq_msg_init_size (&message, 60));
            memset (zmq_msg_data (&message), 7, 60);
            check (zmq_msg_copy (&other, &message));
            break;
          default:
            check (zmq_msg_init_size (&message, 9000));
            memset (zmq_msg_data (&message), 7, 9000);
            check (zmq_msg_copy (&other, &message));
            break;
          }

        send_from (&self, 2, kind, sizes[i]);
        check (zmq_msg_recv (&message, self.sink, 0));
        assert_message (&message, 2, kind, sizes[i]);
        if (kind == 1)
          g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 1);
        for (guint j = 0; j < sizeof memory; j++)
          g_assert_cmpint (memory[j], ==, 7);
        for (guint j = 0; j < zmq_msg_size (&other); j++)
          g_assert_cmpint (((guint8 *) zmq_msg_data (&other))[j], ==, 7);
        check (zmq_msg_close (&message));
        check (zmq_msg_close (&other));
      }
  case_clear (&self);
}

/* Frames of a message and whole messages by turns. */
static void
test_parts_between (void)
{
  Case self;
  zmq_msg_t message;
  char buffer[4];

  case_init (&self);
  check (zmq_msg_init (&message));
  for (guint i = 0; i < MANY; i++)
    {
      guint size = sizes[i % G_N_ELEMENTS (sizes)];
      int more;
      gsize length = sizeof more;

      send_from (&self, 0, i, size);
      check (zmq_send (self.peers[0], "one", 3, ZMQ_SNDMORE));
      check (zmq_send (self.peers[0], "two", 3, 0));
      send_from (&self, 0, i + 1, size);

      check (zmq_msg_recv (&message, self.sink, 0));
      assert_message (&message, 0, i, size);
      check (zmq_msg_recv (&message, self.sink, 0));
      g_assert_cmpint (zmq_msg_more (&message), ==, 1);
      check (zmq_getsockopt (self.sink, ZMQ_RCVMORE, &more, &length));
      g_assert_cmpint (more, ==, 1);
      g_assert_cmpmem (zmq_msg_data (&message), zmq_msg_size (&message), "one",
                       3);
      g_assert_cmpint (zmq_recv (self.sink, buffer, sizeof buffer, 0), ==, 3);
      g_assert_cmpmem (buffer, 3, "two", 3);
      check (zmq_getsockopt (self.sink, ZMQ_RCVMORE, &more, &length));
      g_assert_cmpint (more, ==, 0);
      if (i % 2 == 0)
        {
          check (zmq_msg_recv (&message, self.sink, 0));
          assert_message (&message, 0, i + 1, size);
          check (zmq_getsockopt (self.sink, ZMQ_RCVMORE, &more, &length));
          g_assert_cmpint (more, ==, 0);
        }
      else
        {
          g_assert_cmpint (zmq_recv (self.sink, buffer, sizeof buffer, 0), ==,
                           (int) size);
          for (guint j = 0; j < MIN (size, sizeof buffer); j++)
            g_assert_cmphex ((guint8) buffer[j], ==, get_byte (0, i + 1, j));
        }
    }
  check (zmq_msg_close (&message));
  case_clear (&self);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/zmqg/compat/received/in-place", test_in_place);
  g_test_add_func ("/zmqg/compat/received/copied", test_copied);
  g_test_add_func ("/zmqg/compat/received/outlives", test_outlives);
  g_test_add_func ("/zmqg/compat/received/into-others", test_into_others);
  g_test_add_func ("/zmqg/compat/received/parts-between", test_parts_between);
  return g_test_run ();
}
