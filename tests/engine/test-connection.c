/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine-test.h"

#include <unistd.h>

/* One connection over a link of one of these kinds. */
typedef enum
{
  KIND_FD,
  KIND_SOCKET_STREAM,
} Kind;

typedef struct
{
  EngineTest test; /* must be first */
  Kind kind;
  ZmqgLink *link;
  ZmqgConnection *connection;
  ZmqgSession *session;
  guint n_closed;
  GError *reason;
  int far;
} Fixture;

static ZmqgSession *
established (ZmqgConnection *connection G_GNUC_UNUSED,
             ZmqgPeerRecord *record,
             gpointer owner)
{
  Fixture *self = owner;
  ZmqgPipe *pipe;

  pipe = zmqg_session_new (self->test.engine, &self->test.client,
                           self->test.options, &self->test.endpoint,
                           &self->session);
  g_assert_true (zmqg_session_attach (self->session, pipe, record));
  return self->session;
}

static void
closed (ZmqgConnection *connection,
        const GError *reason,
        gpointer owner)
{
  Fixture *self = owner;

  self->n_closed++;
  if (reason != NULL)
    self->reason = g_error_copy (reason);
  if (self->session != NULL)
    zmqg_session_end (self->session);
  self->session = NULL;
  self->connection = NULL;
  zmqg_connection_unref (connection);
}

static const ZmqgConnectionOwner owner_ops = {
  .established = established,
  .closed = closed,
};

static void
finished (ZmqgSession *session,
          gpointer owner G_GNUC_UNUSED)
{
  if (session->connection != NULL)
    zmqg_connection_close (session->connection, NULL);
}

static void
connect_in_engine (gpointer data)
{
  Fixture *self = data;

  self->connection = zmqg_connection_new (
    self->test.engine, &self->test.client, self->test.options,
    &self->test.endpoint, g_steal_pointer (&self->link), &owner_ops, self);
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  int fd;

  engine_test_set_up (&self->test, NULL);
  self->kind = GPOINTER_TO_UINT (data);
  fd = engine_test_peer_new (&self->far);
  if (self->kind == KIND_FD)
    {
      self->link = zmqg_link_new_fd (fd);
    }
  else
    {
      g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, NULL);
      g_autoptr (GSocketConnection) stream = NULL;

      stream = g_socket_connection_factory_create_connection (socket);
      self->link = zmqg_link_new_stream (G_IO_STREAM (stream));
    }
}

static void
start (Fixture *self)
{
  zmqg_engine_call (self->test.engine, connect_in_engine, self);
  ZMQG_TEST_AWAIT (self->connection != NULL || self->n_closed > 0,
                   ENGINE_TEST_DEADLINE);
}

static void
close_in_engine (gpointer data)
{
  Fixture *self = data;

  if (self->connection != NULL)
    zmqg_connection_close (self->connection, NULL);
}

static void
tear_down (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  if (self->connection != NULL)
    zmqg_engine_call (self->test.engine, close_in_engine, self);
  ZMQG_TEST_AWAIT (self->connection == NULL, ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->n_closed, ==, 1);
  engine_test_process (&self->test);
  if (self->test.pipe != NULL)
    g_clear_pointer (&self->test.pipe, zmqg_pipe_unref);
  g_clear_error (&self->reason);
  if (self->far >= 0)
    close (self->far);
  engine_test_tear_down (&self->test, NULL);
}

static void
await_pipe (Fixture *self)
{
  ZMQG_TEST_AWAIT ((engine_test_process (&self->test), self->test.pipe) !=
                     NULL, ENGINE_TEST_DEADLINE);
  self->session->finished = finished;
}

static void
shake_hands (Fixture *self)
{
  start (self);
  engine_test_peer_greet (self->far);
  engine_test_peer_ready (self->far, "PAIR");
  engine_test_peer_expect_handshake (self->far);
  await_pipe (self);
}

static void
await_closed (Fixture *self)
{
  ZMQG_TEST_AWAIT (self->n_closed == 1, ENGINE_TEST_DEADLINE);
}

/* --- Tests -------------------------------------------------------------- */

static void
test_traffic (Fixture *self,
              gconstpointer data G_GNUC_UNUSED)
{
  shake_hands (self);
  g_assert_cmpuint (self->test.n_added, ==, 1);
  engine_test_peer_write (self->far, "\0\5hello\0\5world", 14);
  ZMQG_TEST_AWAIT (engine_test_received (&self->test, "hello"),
                   ENGINE_TEST_DEADLINE);
  ZMQG_TEST_AWAIT (engine_test_received (&self->test, "world"),
                   ENGINE_TEST_DEADLINE);
  engine_test_send (&self->test, "answer");
  engine_test_peer_expect (self->far, "\0\6answer", 8);

  close (self->far);
  self->far = -1;
  await_closed (self);
  g_assert_error (self->reason, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  g_assert_cmpuint (self->test.n_removed, ==, 1);
  g_assert_cmpuint (self->test.n_failed, ==, 0);
}

static void
test_byte_by_byte (Fixture *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  static const guint8 rest[] = "\4\32\5READY\13Socket-Type\0\0\0\4PAIR"
                               "\0\2ab";

  start (self);
  for (guint i = 0; i < ENGINE_TEST_GREETING_SIZE; i++)
    {
      engine_test_peer_write (self->far, engine_test_greeting + i, 1);
      zmqg_test_turn (NULL);
    }
  for (guint i = 0; i + 1 < sizeof rest; i++)
    {
      /* Rule: nothing is seen of a peer before its handshake is done. */
      if (i < 28)
        {
          g_assert_cmpuint (self->test.n_started, ==, 0);
          g_assert_cmpuint (self->test.n_added, ==, 0);
        }
      engine_test_peer_write (self->far, rest + i, 1);
      zmqg_test_turn (NULL);
    }
  await_pipe (self);
  ZMQG_TEST_AWAIT (engine_test_received (&self->test, "ab"),
                   ENGINE_TEST_DEADLINE);
}

static void
test_lost_in_handshake (Fixture *self,
                        gconstpointer data G_GNUC_UNUSED)
{
  start (self);
  engine_test_peer_greet (self->far);
  for (guint i = 0; i < 10; i++)
    zmqg_test_turn (NULL);
  close (self->far);
  self->far = -1;
  await_closed (self);
  g_assert_error (self->reason, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  g_assert_false (zmqg_connection_error_is_permanent (self->reason));
  g_assert_cmpuint (self->test.n_failed, ==, 1);
  g_assert_cmpuint (self->test.n_started, ==, 0);
}

static void
test_incompatible (Fixture *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  start (self);
  engine_test_peer_greet (self->far);
  engine_test_peer_ready (self->far, "SUB");
  await_closed (self);
  g_assert_nonnull (self->reason);
  g_assert_true (zmqg_connection_error_is_permanent (self->reason));
  g_assert_cmpuint (self->test.n_failed, ==, 1);
  g_assert_cmpuint (self->test.n_started, ==, 0);
}

static void
test_handshake_too_large (Fixture *self,
                          gconstpointer data G_GNUC_UNUSED)
{
  start (self);
  engine_test_peer_greet (self->far);
  engine_test_peer_write (self->far, "\6\0\0\0\0\1\0\0\0", 9);
  await_closed (self);
  g_assert_error (self->reason, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE);
}

static void
test_handshake_in_time (Fixture *self,
                        gconstpointer data G_GNUC_UNUSED)
{
  self->test.options->handshake_interval = 5;
  start (self);
  engine_test_peer_greet (self->far);
  await_closed (self);
  g_assert_error (self->reason, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  g_assert_cmpuint (self->test.n_failed, ==, 1);
}

static void
test_ping (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  shake_hands (self);
  engine_test_peer_write (self->far, "\4\11\4PING\0\0hi", 11);
  engine_test_peer_expect (self->far, "\4\7\4PONGhi", 9);

  /* In one read with the messages around it. */
  engine_test_peer_write (self->far, "\0\1a\4\7\4PING\0\0\0\1b", 15);
  engine_test_peer_expect (self->far, "\4\5\4PONG", 7);
  ZMQG_TEST_AWAIT (engine_test_received (&self->test, "a"),
                   ENGINE_TEST_DEADLINE);
  ZMQG_TEST_AWAIT (engine_test_received (&self->test, "b"),
                   ENGINE_TEST_DEADLINE);
}

/* A peer that promised to be heard of within a tenth of a second. */
static void
test_ping_ttl (Fixture *self,
               gconstpointer data G_GNUC_UNUSED)
{
  shake_hands (self);
  engine_test_peer_write (self->far, "\4\7\4PING\0\1", 9);
  engine_test_peer_expect (self->far, "\4\5\4PONG", 7);
  await_closed (self);
  g_assert_error (self->reason, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
}

/* It holds for the time behind a message, too: the connection may be cut
 * before the next PING. Counted from the message, not from when the time of
 * the PING is over. */
static void
test_ping_ttl_and_a_message (Fixture *self,
                             gconstpointer data G_GNUC_UNUSED)
{
  gint64 begin;

  shake_hands (self);
  begin = g_get_monotonic_time ();
  engine_test_peer_write (self->far, "\4\7\4PING\0\12", 9); /* 1 s */
  engine_test_peer_expect (self->far, "\4\5\4PONG", 7);
  engine_test_peer_write (self->far, "\0\1a", 3);
  await_closed (self);
  g_assert_error (self->reason, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 1900 * 1000);
}

/* A promise is given for as long as the next PING repeats it. */
static void
test_ping_ttl_taken_back (Fixture *self,
                          gconstpointer data G_GNUC_UNUSED)
{
  gint64 end;

  shake_hands (self);
  engine_test_peer_write (self->far, "\4\7\4PING\0\1\4\7\4PING\0\0", 18);
  engine_test_peer_expect (self->far, "\4\5\4PONG\4\5\4PONG", 14);
  end = g_get_monotonic_time () + 300 * 1000;
  ZMQG_TEST_AWAIT (g_get_monotonic_time () > end, ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->n_closed, ==, 0);
}

static void
test_pause (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  self->test.options->receive_hwm = 2;
  shake_hands (self);
  for (guint i = 0; i < 50; i++)
    engine_test_peer_write (self->far, "\0\1x", 3);
  for (guint i = 0; i < 20; i++)
    zmqg_test_turn (NULL);

  /* Paused: what comes now stays where it is, and wakes nobody. */
  for (guint i = 0; i < 50; i++)
    engine_test_peer_write (self->far, "\0\1x", 3);
  for (guint i = 0; i < 100; i++)
    ZMQG_TEST_AWAIT (engine_test_received (&self->test, "x"),
                     ENGINE_TEST_DEADLINE);
  g_assert_false (engine_test_received (&self->test, "x"));
}

/* What was sent before the close arrives, then the connection ends. */
static void
test_closing_pipe (Fixture *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  shake_hands (self);
  engine_test_send (&self->test, "last");
  engine_test_close_pipe (&self->test, -1);
  engine_test_peer_expect (self->far, "\0\4last", 6);
  await_closed (self);
  g_assert_no_error (self->reason);
  g_assert_cmpuint (self->test.n_ended, ==, 1);
  g_assert_cmpuint (self->test.unsent, ==, 0);
}

/* --- Streams that are no descriptors ------------------------------------ */

/* The peer's part is in memory: bytes of another program, read at once. */
/* A sender that finds the outbound lock taken leaves its message to whoever
 * holds it; here that is the engine's look at a pipe that closes. */
static void
test_closing_pipe_meets_a_sender (Fixture *self,
                                  gconstpointer data G_GNUC_UNUSED)
{
  ZmqgFrameView view = { (const guint8 *) "left", 4, 0, NULL, NULL };
  ZmqgPipe *pipe;

  shake_hands (self);
  pipe = self->test.pipe;
  ZMQG_TEST_AWAIT (zmqg_pipe_reader_sleeps (pipe), ENGINE_TEST_DEADLINE);

  zmqg_lock (&self->session->outbound.lock);
  g_assert_cmpint (zmqg_pipe_write (pipe, &view, 1), ==, ZMQG_PIPE_WRITTEN);
  pipe->peer->ops->push (pipe->peer);
  zmqg_unlock (&self->session->outbound.lock);
  engine_test_close_pipe (&self->test, -1);

  engine_test_peer_expect (self->far, "\0\4left", 6);
  await_closed (self);
}

static void
test_memory_stream (void)
{
  Fixture fixture = { 0 };
  Fixture *self = &fixture;
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GOutputStream) output = NULL;
  g_autoptr (GIOStream) stream = NULL;
  static const guint8 rest[] = "\4\32\5READY\13Socket-Type\0\0\0\4PAIR"
                               "\0\5hello\4\7\4PING\0\0";
  const guint8 *written;

  engine_test_set_up (&self->test, NULL);
  self->far = -1;
  input = g_memory_input_stream_new ();
  g_memory_input_stream_add_data (G_MEMORY_INPUT_STREAM (input),
                                  engine_test_greeting,
                                  ENGINE_TEST_GREETING_SIZE, NULL);
  g_memory_input_stream_add_data (G_MEMORY_INPUT_STREAM (input), rest,
                                  sizeof rest - 1, NULL);
  output = g_memory_output_stream_new_resizable ();
  stream = g_simple_io_stream_new (input, output);
  self->link = zmqg_link_new_stream (stream);

  start (self);
  ZMQG_TEST_AWAIT (self->n_closed == 1, ENGINE_TEST_DEADLINE);
  g_assert_error (self->reason, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  g_assert_true (engine_test_received (&self->test, "hello"));

  written = g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (output));
  g_assert_cmpuint (g_memory_output_stream_get_data_size (
                      G_MEMORY_OUTPUT_STREAM (output)), >=,
                    ENGINE_TEST_GREETING_SIZE + 28);
  g_assert_cmpuint (written[0], ==, 0xff);
  g_assert_cmpmem (written + ENGINE_TEST_GREETING_SIZE + 2, 6, "\5READY", 6);
  tear_down (self, NULL);
}

/* A program drops its peer just before the engine stops, or just after: it has
 * got hold of the session before that ended. Nobody keeps it then. Fails
 * without the unref of session_drop (). */
static void
drop_at_the_end (Fixture *self,
                 gboolean stop_first)
{
  const ZmqgPeerConnectionOps *ops;
  ZmqgSession *session;

  shake_hands (self);
  session = self->session;
  ops = session->record->connection_ops;
  ops->ref (session);
  zmqg_engine_call (self->test.engine, close_in_engine, self);
  await_closed (self);

  if (stop_first)
    zmqg_engine_stop (self->test.engine, TRUE);
  ops->drop (session);
  ops->drop (session);
  zmqg_engine_stop (self->test.engine, TRUE);
  /* The pipe has another one. */
  engine_test_process (&self->test);
  g_clear_pointer (&self->test.pipe, zmqg_pipe_unref);
  g_assert_cmpuint (atomic_load (&session->refs), ==, 1);
  ops->unref (session);
}

static void
test_drop_before_the_stop (Fixture *self,
                           gconstpointer data G_GNUC_UNUSED)
{
  drop_at_the_end (self, FALSE);
}

static void
test_drop_after_the_stop (Fixture *self,
                          gconstpointer data G_GNUC_UNUSED)
{
  drop_at_the_end (self, TRUE);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function)                                                   \
  g_test_add ("/zmqg/engine/connection/" path "/fd", Fixture,                 \
              GUINT_TO_POINTER (KIND_FD), set_up, function, tear_down);       \
  g_test_add ("/zmqg/engine/connection/" path "/stream", Fixture,             \
              GUINT_TO_POINTER (KIND_SOCKET_STREAM), set_up, function,        \
              tear_down)
  ADD ("traffic", test_traffic);
  ADD ("byte-by-byte", test_byte_by_byte);
  ADD ("lost-in-handshake", test_lost_in_handshake);
  ADD ("incompatible", test_incompatible);
  ADD ("handshake-too-large", test_handshake_too_large);
  ADD ("handshake-in-time", test_handshake_in_time);
  ADD ("ping", test_ping);
  ADD ("ping-ttl", test_ping_ttl);
  ADD ("ping-ttl-and-a-message", test_ping_ttl_and_a_message);
  ADD ("ping-ttl-taken-back", test_ping_ttl_taken_back);
  ADD ("pause", test_pause);
  ADD ("closing-pipe", test_closing_pipe);
  ADD ("closing-pipe-meets-a-sender", test_closing_pipe_meets_a_sender);
  ADD ("drop-before-the-stop", test_drop_before_the_stop);
  ADD ("drop-after-the-stop", test_drop_after_the_stop);
#undef ADD
  g_test_add_func ("/zmqg/engine/connection/memory-stream",
                   test_memory_stream);

  return g_test_run ();
}
