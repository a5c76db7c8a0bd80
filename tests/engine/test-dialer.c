/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine-test.h"

#include <unistd.h>

typedef struct
{
  EngineTest test; /* must be first */
  ZmqgDialer *dialer;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  engine_test_set_up (&self->test, data);
  self->test.options->reconnect_interval = 1;
}

static void
start (Fixture *self)
{
  ZmqgPipe *pipe;

  self->dialer = zmqg_dialer_new (self->test.engine, &self->test.client,
                                  self->test.options, &self->test.endpoint,
                                  &engine_test_transport, "address", &pipe);
  g_assert_cmpint (pipe == NULL, ==, self->test.options->immediate);
  self->test.pipe = pipe;
}

static void
stop (Fixture *self)
{
  zmqg_dialer_stop (g_steal_pointer (&self->dialer), FALSE);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  if (self->test.pipe != NULL)
    engine_test_close_pipe (&self->test, 0);
  if (self->dialer != NULL)
    stop (self);
  engine_test_tear_down (&self->test, data);
}

static void
await_dials (Fixture *self,
             guint n)
{
  ZMQG_TEST_AWAIT (self->test.dials->len >= n, ENGINE_TEST_DEADLINE);
}

/* Microseconds between one attempt and the next. */
static gint64
gap (Fixture *self,
     guint i)
{
  return g_array_index (self->test.dials, gint64, i + 1) -
         g_array_index (self->test.dials, gint64, i);
}

/* The peer's end of the connection that the next dial makes. */
static int
prepare_link (Fixture *self)
{
  int far;

  g_queue_push_tail (&self->test.links,
                     zmqg_link_new_fd (engine_test_peer_new (&far)));
  return far;
}

static void
shake_hands (int far)
{
  engine_test_peer_greet (far);
  engine_test_peer_ready (far, "PAIR");
  engine_test_peer_expect_handshake (far);
}

/* --- Intervals ---------------------------------------------------------- */

/* At least the interval, and up to as much again. */
static void
test_interval (Fixture *self,
               gconstpointer data G_GNUC_UNUSED)
{
  gint64 shortest = G_MAXINT64;
  gint64 longest = 0;

  self->test.options->reconnect_interval = 10;
  start (self);
  await_dials (self, 13);
  for (guint i = 0; i < 12; i++)
    {
      g_assert_cmpint (gap (self, i), >=, 10 * 1000);
      shortest = MIN (shortest, gap (self, i));
      longest = MAX (longest, gap (self, i));
    }
  /* A machine may be late, but not each time. */
  g_assert_cmpint (shortest, <, 20 * 1000);
  g_assert_cmpint (longest - shortest, >, 500);
  g_assert_cmpuint (engine_test_count_state (
                      &self->test, ZMQG_ENDPOINT_STATE_WAITING), >=, 12);
  g_assert_error (self->test.error, G_IO_ERROR,
                  G_IO_ERROR_CONNECTION_REFUSED);
}

static void
test_back_off (Fixture *self,
               gconstpointer data G_GNUC_UNUSED)
{
  static const int expected[] = { 5, 10, 20, 30, 30 };

  self->test.options->reconnect_interval = 5;
  self->test.options->reconnect_interval_max = 30;
  start (self);
  await_dials (self, G_N_ELEMENTS (expected) + 1);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpint (gap (self, i), >=, expected[i] * 1000);
}

/* A connection makes the next interval a short one again. */
static void
test_back_off_starts_again (Fixture *self,
                            gconstpointer data G_GNUC_UNUSED)
{
  int far;

  self->test.options->reconnect_interval = 1;
  self->test.options->reconnect_interval_max = 100000;
  start (self);
  await_dials (self, 7);
  far = prepare_link (self);
  shake_hands (far);
  ZMQG_TEST_AWAIT (self->test.n_added == 1, ENGINE_TEST_DEADLINE);
  g_array_set_size (self->test.dials, 0);
  close (far);
  /* With 128 ms and more these would take over a second. */
  await_dials (self, 4);
  g_assert_cmpint (gap (self, 0) + gap (self, 1) + gap (self, 2), <,
                   500 * 1000);
}

static void
test_never_again (Fixture *self,
                  gconstpointer data)
{
  self->test.options->reconnect_interval = GPOINTER_TO_INT (data);
  start (self);
  ZMQG_TEST_AWAIT (engine_test_count_state (
                     &self->test, ZMQG_ENDPOINT_STATE_STOPPED) == 1,
                   ENGINE_TEST_DEADLINE);
  for (guint i = 0; i < 10; i++)
    zmqg_test_turn (NULL);
  g_assert_cmpuint (self->test.dials->len, ==, 1);
}

/* What cannot be sent any more does not keep the pipe. */
static void
test_never_again_with_messages (Fixture *self,
                                gconstpointer data G_GNUC_UNUSED)
{
  self->test.options->reconnect_interval = -1;
  start (self);
  engine_test_send (&self->test, "never");
  ZMQG_TEST_AWAIT (engine_test_count_state (
                     &self->test, ZMQG_ENDPOINT_STATE_STOPPED) == 1,
                   ENGINE_TEST_DEADLINE);
  engine_test_close_pipe (&self->test, -1);
  stop (self);
  ZMQG_TEST_AWAIT (self->test.n_ended == self->test.n_started,
                   ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->test.unsent, ==, 1);
}

static void
test_permanent (Fixture *self,
                gconstpointer data G_GNUC_UNUSED)
{
  int far = prepare_link (self);

  start (self);
  engine_test_peer_greet (far);
  engine_test_peer_ready (far, "SUB");
  ZMQG_TEST_AWAIT (engine_test_count_state (
                     &self->test, ZMQG_ENDPOINT_STATE_STOPPED) == 1,
                   ENGINE_TEST_DEADLINE);
  for (guint i = 0; i < 10; i++)
    zmqg_test_turn (NULL);
  g_assert_cmpuint (self->test.dials->len, ==, 1);
  g_assert_cmpuint (self->test.n_failed, ==, 1);
  close (far);
}

/* --- Ending ------------------------------------------------------------- */

static void
await_ended (Fixture *self)
{
  ZMQG_TEST_AWAIT (engine_test_count_state (
                     &self->test, ZMQG_ENDPOINT_STATE_CLOSED) == 1,
                   ENGINE_TEST_DEADLINE);
  /* With immediate there may be none. */
  if (self->test.pipe != NULL)
    ZMQG_TEST_AWAIT ((engine_test_process (&self->test),
                      self->test.pipe_events & ZMQG_PIPE_ENDED) != 0,
                     ENGINE_TEST_DEADLINE);
  for (guint i = 0; i < 10; i++)
    zmqg_test_turn (NULL);
}

/* A pipe that no connection will serve again ends, in whatever state that
 * connection was lost. */
static void
test_lost_for_good (Fixture *self,
                    gconstpointer data)
{
  gboolean in_handshake = GPOINTER_TO_INT (data) & 1;
  int far = prepare_link (self);

  self->test.options->immediate = (GPOINTER_TO_INT (data) & 2) != 0;
  self->test.options->reconnect_interval = -1;
  start (self);
  if (!in_handshake)
    {
      shake_hands (far);
      ZMQG_TEST_AWAIT (self->test.n_added == 1, ENGINE_TEST_DEADLINE);
      engine_test_process (&self->test);
    }
  close (far);
  await_ended (self);
  g_assert_cmpuint (self->test.dials->len, ==, 1);
  ZMQG_TEST_AWAIT (self->test.n_ended == self->test.n_started,
                   ENGINE_TEST_DEADLINE);
  g_clear_pointer (&self->test.pipe, zmqg_pipe_unref);
}

/* What was queued for it is counted as lost. */
static void
test_lost_with_messages (Fixture *self,
                         gconstpointer data G_GNUC_UNUSED)
{
  int far = prepare_link (self);

  self->test.options->reconnect_interval = 0;
  start (self);
  engine_test_send (&self->test, "queued");
  ZMQG_TEST_AWAIT (self->test.links.length == 0, ENGINE_TEST_DEADLINE);
  close (far);
  await_ended (self);
  ZMQG_TEST_AWAIT (self->test.n_ended == self->test.n_started,
                   ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->test.unsent, ==, 1);
  g_clear_pointer (&self->test.pipe, zmqg_pipe_unref);
}

/* --- Stopping ----------------------------------------------------------- */

static void
await_stopped (Fixture *self,
               guint n_dials)
{
  ZMQG_TEST_AWAIT (engine_test_count_state (
                     &self->test, ZMQG_ENDPOINT_STATE_STOPPED) == 1,
                   ENGINE_TEST_DEADLINE);
  for (guint i = 0; i < 10; i++)
    zmqg_test_turn (NULL);
  g_assert_cmpuint (self->test.dials->len, ==, n_dials);
}

static void
test_refused_ends (Fixture *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  guint n;

  self->test.options->reconnect_stop = ZMQG_RECONNECT_STOP_CONN_REFUSED;
  self->test.dial_error = G_IO_ERROR_TIMED_OUT;
  start (self);
  await_dials (self, 3);
  /* Seen by the next one. */
  self->test.dial_error = G_IO_ERROR_CONNECTION_REFUSED;
  ZMQG_TEST_AWAIT (engine_test_count_state (
                     &self->test, ZMQG_ENDPOINT_STATE_CLOSED) == 1,
                   ENGINE_TEST_DEADLINE);
  n = self->test.dials->len;
  await_ended (self);
  g_assert_cmpuint (self->test.dials->len, ==, n);
  g_clear_pointer (&self->test.pipe, zmqg_pipe_unref);
}

/* Those of other kinds are no reason. */
static void
test_refused_does_not_stop (Fixture *self,
                            gconstpointer data)
{
  self->test.options->reconnect_stop = GPOINTER_TO_INT (data);
  start (self);
  await_dials (self, 5);
  g_assert_cmpuint (engine_test_count_state (
                      &self->test, ZMQG_ENDPOINT_STATE_STOPPED), ==, 0);
}

static void
test_handshake_stops (Fixture *self,
                      gconstpointer data)
{
  gboolean is_silent = GPOINTER_TO_INT (data);
  int far = prepare_link (self);

  self->test.options->reconnect_stop = ZMQG_RECONNECT_STOP_HANDSHAKE_FAILED;
  self->test.options->handshake_interval = 20;
  start (self);
  if (!is_silent)
    close (far);
  await_stopped (self, 1);
  g_assert_cmpuint (self->test.n_failed, ==, 1);
  /* The endpoint stays, the pipe does not. */
  ZMQG_TEST_AWAIT ((engine_test_process (&self->test),
                    self->test.pipe_events & ZMQG_PIPE_ENDED) != 0,
                   ENGINE_TEST_DEADLINE);
  g_clear_pointer (&self->test.pipe, zmqg_pipe_unref);
  if (is_silent)
    close (far);
}

/* A connection that was complete may be lost. */
static void
test_handshake_does_not_stop (Fixture *self,
                              gconstpointer data G_GNUC_UNUSED)
{
  int far = prepare_link (self);

  self->test.options->reconnect_stop = ZMQG_RECONNECT_STOP_HANDSHAKE_FAILED;
  start (self);
  shake_hands (far);
  ZMQG_TEST_AWAIT (self->test.n_added == 1, ENGINE_TEST_DEADLINE);
  close (far);
  await_dials (self, 4);
  g_assert_cmpuint (engine_test_count_state (
                      &self->test, ZMQG_ENDPOINT_STATE_STOPPED), ==, 0);
}

/* What is still to be sent may use the connection that there is, and makes
 * no other. */
static void
test_disconnect_stops (Fixture *self,
                       gconstpointer data)
{
  gboolean is_waiting = GPOINTER_TO_INT (data);

  self->test.options->reconnect_stop = ZMQG_RECONNECT_STOP_AFTER_DISCONNECT;
  if (is_waiting)
    self->test.options->reconnect_interval = 3600 * 1000;
  start (self);
  engine_test_send (&self->test, "never");
  if (is_waiting)
    ZMQG_TEST_AWAIT (engine_test_count_state (
                       &self->test, ZMQG_ENDPOINT_STATE_WAITING) == 1,
                     ENGINE_TEST_DEADLINE);
  else
    await_dials (self, 3);
  engine_test_close_pipe (&self->test, -1);
  zmqg_dialer_stop (g_steal_pointer (&self->dialer), TRUE);
  ZMQG_TEST_AWAIT (self->test.n_ended == self->test.n_started,
                   ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->test.unsent, ==, 1);
}

static void
test_disconnect_sends (Fixture *self,
                       gconstpointer data G_GNUC_UNUSED)
{
  int far = prepare_link (self);

  self->test.options->reconnect_stop = ZMQG_RECONNECT_STOP_AFTER_DISCONNECT;
  start (self);
  engine_test_send (&self->test, "last");
  ZMQG_TEST_AWAIT (self->test.links.length == 0, ENGINE_TEST_DEADLINE);
  engine_test_close_pipe (&self->test, -1);
  zmqg_dialer_stop (g_steal_pointer (&self->dialer), TRUE);
  shake_hands (far);
  engine_test_peer_expect (far, "\0\4last", 6);
  ZMQG_TEST_AWAIT (self->test.n_ended == self->test.n_started,
                   ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->test.unsent, ==, 0);
  close (far);
}

/* --- Pipes -------------------------------------------------------------- */

/* One pipe over all connections: what is sent waits for the next. */
static void
test_one_pipe (Fixture *self,
               gconstpointer data G_GNUC_UNUSED)
{
  ZmqgPipe *pipe;
  int far;

  start (self);
  pipe = self->test.pipe;
  engine_test_send (&self->test, "early");
  await_dials (self, 3);

  for (guint i = 0; i < 3; i++)
    {
      far = prepare_link (self);
      shake_hands (far);
      engine_test_peer_expect (far, "\0\5early", 7);
      ZMQG_TEST_AWAIT (self->test.n_added == i + 1, ENGINE_TEST_DEADLINE);
      engine_test_process (&self->test);
      g_assert_cmphex (self->test.pipe_events & ZMQG_PIPE_PEER, !=, 0);
      engine_test_peer_write (far, "\0\2hi", 4);
      ZMQG_TEST_AWAIT (engine_test_received (&self->test, "hi"),
                       ENGINE_TEST_DEADLINE);
      close (far);
      ZMQG_TEST_AWAIT (self->test.n_removed == i + 1, ENGINE_TEST_DEADLINE);
      engine_test_send (&self->test, "early");
    }
  engine_test_process (&self->test);
  g_assert_cmphex (self->test.pipe_events & ZMQG_PIPE_HICCUP, !=, 0);
  g_assert_cmphex (self->test.pipe_events & ZMQG_PIPE_ENDED, ==, 0);
  g_assert_true (self->test.pipe == pipe);
}

/* With immediate a pipe is there only while a connection is. */
static void
test_immediate (Fixture *self,
                gconstpointer data G_GNUC_UNUSED)
{
  self->test.options->immediate = TRUE;
  start (self);
  await_dials (self, 3);
  engine_test_process (&self->test);
  g_assert_null (self->test.pipe);

  for (guint i = 0; i < 3; i++)
    {
      int far = prepare_link (self);

      shake_hands (far);
      ZMQG_TEST_AWAIT (self->test.n_added == i + 1, ENGINE_TEST_DEADLINE);
      engine_test_process (&self->test);
      g_assert_nonnull (self->test.pipe);
      engine_test_send (&self->test, "x");
      engine_test_peer_expect (far, "\0\1x", 3);
      self->test.pipe_events = 0;
      close (far);
      ZMQG_TEST_AWAIT ((engine_test_process (&self->test),
                        self->test.pipe_events & ZMQG_PIPE_ENDED) != 0,
                       ENGINE_TEST_DEADLINE);
      g_clear_pointer (&self->test.pipe, zmqg_pipe_unref);
    }
}

/* --- The end ------------------------------------------------------------ */

static void
test_stop_while_waiting (Fixture *self,
                         gconstpointer data)
{
  self->test.options->immediate = GPOINTER_TO_INT (data);
  self->test.options->reconnect_interval = 3600 * 1000;
  start (self);
  ZMQG_TEST_AWAIT (engine_test_count_state (
                     &self->test, ZMQG_ENDPOINT_STATE_WAITING) == 1,
                   ENGINE_TEST_DEADLINE);
}

/* Fails without the count of dials under way: whoever terminates would stop
 * the engine while the dial is still to end. */
static void
test_stop_while_dialling (Fixture *self,
                          gconstpointer data)
{
  guint sessions;

  self->test.options->immediate = GPOINTER_TO_INT (data);
  sessions = !self->test.options->immediate;
  self->test.dial_hangs = TRUE;
  start (self);
  await_dials (self, 1);
  g_assert_cmpuint (self->test.n_started, ==, 1 + sessions);
  g_assert_cmpuint (self->test.n_ended, ==, 0);
}

/* Fails without the count of stops under way: whoever terminates would stop
 * the engine when the dialer, with no session, may just dial again. */
static void
test_stop_counts (Fixture *self,
                  gconstpointer data)
{
  test_stop_while_waiting (self, data);
  stop (self);
  g_assert_cmpuint (self->test.n_ended, <, self->test.n_started);
  ZMQG_TEST_AWAIT (self->test.n_ended == self->test.n_started,
                   ENGINE_TEST_DEADLINE);
}

/* A peer that says nothing does not keep what has nothing to do any more. */
static void
test_stop_in_handshake (Fixture *self,
                        gconstpointer data)
{
  int far = prepare_link (self);
  guint8 byte;

  self->test.options->immediate = GPOINTER_TO_INT (data);
  self->test.options->handshake_interval = 0;
  start (self);
  ZMQG_TEST_AWAIT (self->test.links.length == 0, ENGINE_TEST_DEADLINE);
  for (guint i = 0; i < 5; i++)
    zmqg_test_turn (NULL);

  if (self->test.pipe != NULL)
    {
      /* It lingers: the stop comes first, the end of the pipe later. */
      engine_test_send (&self->test, "unsent");
      engine_test_close_pipe (&self->test, 20);
    }
  stop (self);
  ZMQG_TEST_AWAIT (atomic_load (&self->test.refs) == 0,
                   ENGINE_TEST_DEADLINE);
  while (read (far, &byte, 1) == 1)
    ;
  g_assert_cmpint (read (far, &byte, 1), ==, 0);
  close (far);
}

/* It dials on for what is still to be sent. */
static void
test_linger (Fixture *self,
             gconstpointer data G_GNUC_UNUSED)
{
  int far;

  start (self);
  engine_test_send (&self->test, "late");
  engine_test_close_pipe (&self->test, -1);
  stop (self);
  await_dials (self, 5);
  far = prepare_link (self);
  shake_hands (far);
  engine_test_peer_expect (far, "\0\4late", 6);
  ZMQG_TEST_AWAIT (atomic_load (&self->test.refs) == 0,
                   ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->test.unsent, ==, 0);
  close (far);
}

static void
test_linger_is_over (Fixture *self,
                     gconstpointer data G_GNUC_UNUSED)
{
  start (self);
  engine_test_send (&self->test, "a");
  engine_test_send (&self->test, "b");
  engine_test_close_pipe (&self->test, 10);
  stop (self);
  ZMQG_TEST_AWAIT (atomic_load (&self->test.refs) == 0,
                   ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->test.unsent, ==, 2);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD_WITH(path, function, data)                                        \
  g_test_add ("/zmqg/engine/dialer/" path, Fixture,                           \
              GINT_TO_POINTER (data), set_up, function, tear_down)
#define ADD(path, function) ADD_WITH (path, function, 0)
  ADD ("interval", test_interval);
  ADD ("back-off", test_back_off);
  ADD ("back-off-starts-again", test_back_off_starts_again);
  ADD_WITH ("never-again/0", test_never_again, 0);
  ADD_WITH ("never-again/-1", test_never_again, -1);
  ADD ("never-again-with-messages", test_never_again_with_messages);
  ADD ("permanent", test_permanent);
  ADD_WITH ("lost-for-good/traffic", test_lost_for_good, 0);
  ADD_WITH ("lost-for-good/handshake", test_lost_for_good, 1);
  ADD_WITH ("lost-for-good/immediate-traffic", test_lost_for_good, 2);
  ADD_WITH ("lost-for-good/immediate-handshake", test_lost_for_good, 3);
  ADD ("lost-for-good/with-messages", test_lost_with_messages);
  ADD ("stop/refused", test_refused_ends);
  ADD_WITH ("stop/not-when-refused", test_refused_does_not_stop,
            ZMQG_RECONNECT_STOP_HANDSHAKE_FAILED |
              ZMQG_RECONNECT_STOP_AFTER_DISCONNECT);
  ADD_WITH ("stop/handshake-lost", test_handshake_stops, FALSE);
  ADD_WITH ("stop/handshake-silent", test_handshake_stops, TRUE);
  ADD ("stop/not-when-lost-later", test_handshake_does_not_stop);
  ADD_WITH ("stop/disconnect-while-dialling", test_disconnect_stops, FALSE);
  ADD_WITH ("stop/disconnect-while-waiting", test_disconnect_stops, TRUE);
  ADD ("stop/disconnect-sends", test_disconnect_sends);
  ADD ("one-pipe", test_one_pipe);
  ADD ("immediate", test_immediate);
  ADD_WITH ("stop-while-waiting/pipe", test_stop_while_waiting, FALSE);
  ADD_WITH ("stop-while-waiting/immediate", test_stop_while_waiting, TRUE);
  ADD_WITH ("stop-counts", test_stop_counts, TRUE);
  ADD_WITH ("stop-while-dialling/pipe", test_stop_while_dialling, FALSE);
  ADD_WITH ("stop-while-dialling/immediate", test_stop_while_dialling, TRUE);
  ADD_WITH ("stop-in-handshake/pipe", test_stop_in_handshake, FALSE);
  ADD_WITH ("stop-in-handshake/immediate", test_stop_in_handshake, TRUE);
  ADD ("linger", test_linger);
  ADD ("linger-is-over", test_linger_is_over);
#undef ADD
#undef ADD_WITH

  return g_test_run ();
}
