/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine-test.h"

#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  EngineTest test; /* must be first */
  ZmqgListener *listener;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  engine_test_set_up (&self->test, data);
}

static void
start (Fixture *self)
{
  ZmqgListening listening;

  engine_test_listening (&self->test, &listening);
  self->listener = zmqg_listener_new (self->test.engine, &self->test.client,
                                      self->test.options,
                                      &self->test.endpoint,
                                      &engine_test_transport, &listening);
}

static void
stop (Fixture *self)
{
  g_clear_pointer (&self->listener, zmqg_listener_stop);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  if (self->test.pipe != NULL)
    engine_test_close_pipe (&self->test, 0);
  if (self->listener != NULL)
    stop (self);
  engine_test_tear_down (&self->test, data);
}

/* A peer that waits to be accepted. */
static int
offer_peer (Fixture *self)
{
  int far;

  engine_test_offer (&self->test, engine_test_peer_new (&far));
  return far;
}

static void
shake_hands (int far)
{
  engine_test_peer_greet (far);
  engine_test_peer_ready (far, "PAIR");
  engine_test_peer_expect_handshake (far);
}

static void
turn (guint n)
{
  for (guint i = 0; i < n; i++)
    zmqg_test_turn (NULL);
}

/* That the other side has closed. */
static void
expect_closed (int far)
{
  guint8 byte;
  gint64 until = g_get_monotonic_time () + ENGINE_TEST_DEADLINE * 1000;

  for (;;)
    {
      ssize_t n = read (far, &byte, 1);

      if (n == 0)
        break;
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      if (n < 0)
        zmqg_test_turn (NULL);
    }
  close (far);
}

/* Rule: pipes of accepted connections exist only after the handshake. */
static void
test_pipe_after_handshake (Fixture *self,
                           gconstpointer data G_GNUC_UNUSED)
{
  int far;

  start (self);
  far = offer_peer (self);
  engine_test_peer_greet (far);
  turn (10);
  g_assert_cmpuint (self->test.n_accepts, >, 0);
  g_assert_cmpuint (self->test.n_started, ==, 0);
  engine_test_process (&self->test);
  g_assert_null (self->test.pipe);

  engine_test_peer_ready (far, "PAIR");
  ZMQG_TEST_AWAIT ((engine_test_process (&self->test), self->test.pipe) !=
                     NULL, ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->test.n_attend, >, 0);
  g_assert_cmphex (self->test.pipe_events & ZMQG_PIPE_ATTACHED, !=, 0);
  engine_test_peer_expect_handshake (far);
  engine_test_send (&self->test, "welcome");
  engine_test_peer_expect (far, "\0\7welcome", 9);
  close (far);
}

/* The pipe ends behind what was received. */
static void
test_lost_peer (Fixture *self,
                gconstpointer data G_GNUC_UNUSED)
{
  int far;

  start (self);
  far = offer_peer (self);
  shake_hands (far);
  engine_test_peer_write (far, "\0\4last", 6);
  close (far);
  ZMQG_TEST_AWAIT ((engine_test_process (&self->test),
                    self->test.pipe_events & ZMQG_PIPE_ENDED) != 0,
                   ENGINE_TEST_DEADLINE);
  g_assert_true (engine_test_received (&self->test, "last"));
  g_assert_cmpuint (self->test.n_ended, ==, self->test.n_started);
}

/* A connection that was aborted in the backlog is not the last one. */
static void
test_aborted (Fixture *self,
              gconstpointer data G_GNUC_UNUSED)
{
  int far;

  start (self);
  for (guint i = 0; i < 5; i++)
    engine_test_offer (&self->test, -ZMQG_ERROR_PEER_LOST);
  far = offer_peer (self);
  engine_test_offer (&self->test, -ZMQG_ERROR_PEER_LOST);
  shake_hands (far);
  ZMQG_TEST_AWAIT (self->test.n_added == 1, ENGINE_TEST_DEADLINE);
  g_assert_error (self->test.error, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  g_assert_cmpuint (engine_test_count_state (
                      &self->test, ZMQG_ENDPOINT_STATE_LISTENING), >=, 5);
  close (far);
}

/* Out of descriptors: the backlog stays readable, which must not keep the
 * engine busy; later it goes on. */
static void
test_no_descriptors (Fixture *self,
                     gconstpointer data G_GNUC_UNUSED)
{
  guint before;
  gint64 since;
  char byte;
  int far;

  start (self);
  for (guint i = 0; i < 30; i++)
    engine_test_offer (&self->test, -ZMQG_ERROR_NO_RESOURCES);
  ZMQG_TEST_AWAIT (self->test.n_accepts > 0, ENGINE_TEST_DEADLINE);
  before = self->test.n_accepts;
  since = g_get_monotonic_time ();
  turn (20);
  /* Ten a second. */
  g_assert_cmpuint (self->test.n_accepts, <=,
                    before + 1 +
                      (g_get_monotonic_time () - since) / (100 * 1000));
  g_assert_error (self->test.error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);

  /* Some are free again. */
  for (; self->test.accepts.length > 0; g_queue_pop_head (&self->test.accepts))
    g_assert_cmpint (read (self->test.listening, &byte, 1), ==, 1);
  far = offer_peer (self);
  shake_hands (far);
  ZMQG_TEST_AWAIT (self->test.n_added == 1, ENGINE_TEST_DEADLINE);
  close (far);
}

static void
test_burst (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  int fars[100];

  start (self);
  for (guint i = 0; i < G_N_ELEMENTS (fars); i++)
    fars[i] = offer_peer (self);
  for (guint i = 0; i < G_N_ELEMENTS (fars); i++)
    shake_hands (fars[i]);
  ZMQG_TEST_AWAIT ((engine_test_process (&self->test), self->test.n_added) ==
                     G_N_ELEMENTS (fars), ENGINE_TEST_DEADLINE);
  for (guint i = 0; i < G_N_ELEMENTS (fars); i++)
    close (fars[i]);
  ZMQG_TEST_AWAIT (self->test.n_removed == G_N_ELEMENTS (fars),
                   ENGINE_TEST_DEADLINE);
}

/* The address is free when the call returns; handshakes end, peers stay. */
static void
test_stop (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  int peer, shaking;

  start (self);
  peer = offer_peer (self);
  shake_hands (peer);
  ZMQG_TEST_AWAIT ((engine_test_process (&self->test), self->test.pipe) !=
                     NULL, ENGINE_TEST_DEADLINE);
  shaking = offer_peer (self);
  engine_test_peer_greet (shaking);
  turn (10);

  stop (self);
  g_assert_cmpint (self->test.listening, ==, -1);
  expect_closed (shaking);
  g_assert_cmpuint (self->test.n_failed, ==, 0);

  engine_test_send (&self->test, "still");
  engine_test_peer_expect (peer, "\0\5still", 7);
  engine_test_close_pipe (&self->test, -1);
  expect_closed (peer);
}

typedef struct
{
  ZmqgFdWatch watch;
  guint n_calls;
} Other;

static void
other_ready (ZmqgFdWatch *watch,
             GIOCondition condition G_GNUC_UNUSED)
{
  ((Other *) watch)->n_calls++;
}

/* The descriptor's number is another's before the engine has heard of the
 * stop: that one is not touched. Fails with
 * watch (…, 0) in the place of forget (). */
static void
test_stop_number_used_again (Fixture *self,
                             gconstpointer data G_GNUC_UNUSED)
{
  ZmqgReactor *reactor = zmqg_engine_get_reactor (self->test.engine);
  int number = self->test.listening;
  Other other = { .watch = { .fd = number, .ready = other_ready } };
  int fds[2];

  start (self);
  turn (5);
  stop (self);

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
                   ==, 0);
  if (fds[0] != number)
    {
      g_assert_cmpint (dup2 (fds[0], number), ==, number);
      close (fds[0]);
    }
  zmqg_reactor_watch (reactor, &other.watch, G_IO_IN);
  turn (5);
  g_assert_cmpuint (other.n_calls, ==, 0);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  ZMQG_TEST_AWAIT (other.n_calls > 0, ENGINE_TEST_DEADLINE);
  zmqg_reactor_watch (reactor, &other.watch, 0);
  close (number);
  close (fds[1]);
}

/* A socket that is closed takes no pipe any more. */
static void
test_closed_socket (Fixture *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  int far;

  start (self);
  far = offer_peer (self);
  engine_test_peer_greet (far);
  turn (5);
  zmqg_inbox_refuse (&self->test.inbox);
  engine_test_peer_ready (far, "PAIR");
  expect_closed (far);
  g_assert_cmpuint (self->test.n_added, ==, 0);
  g_assert_cmpuint (self->test.n_started, ==, self->test.n_ended);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function)                                                   \
  g_test_add ("/zmqg/engine/listener/" path, Fixture, NULL, set_up, function, \
              tear_down)
  ADD ("pipe-after-handshake", test_pipe_after_handshake);
  ADD ("lost-peer", test_lost_peer);
  ADD ("aborted", test_aborted);
  ADD ("no-descriptors", test_no_descriptors);
  ADD ("burst", test_burst);
  ADD ("stop", test_stop);
  ADD ("stop-number-used-again", test_stop_number_used_again);
  ADD ("closed-socket", test_closed_socket);
#undef ADD

  return g_test_run ();
}
