/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

#include <signal.h>
#include <string.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/* A heartbeat's answer may take that long on a busy machine. */
#define PATIENCE_MS 800

/* And so it is seen whether there are answers at all. */
#define IDLE_MS (2 * PATIENCE_MS)

typedef struct
{
  guint n_added;
  guint n_removed;
  GError *reason; /* of the last one */
} Events;

static void
note_added (ZmqgSocket *socket,
            ZmqgPeer *peer,
            gpointer user_data)
{
  ((Events *) user_data)->n_added++;
}

static void
note_removed (ZmqgSocket *socket,
              ZmqgPeer *peer,
              GError *reason,
              gpointer user_data)
{
  Events *events = user_data;

  events->n_removed++;
  g_clear_error (&events->reason);
  if (reason != NULL)
    events->reason = g_error_copy (reason);
}

static void
watch (ZmqgSocket *socket,
       Events *events)
{
  g_signal_connect (socket, "peer-added", G_CALLBACK (note_added), events);
  g_signal_connect (socket, "peer-removed", G_CALLBACK (note_removed),
                    events);
}

static void
let_pass (guint msec)
{
  gint64 until = g_get_monotonic_time () + msec * G_GINT64_CONSTANT (1000);

  ZMQG_TEST_AWAIT (g_get_monotonic_time () >= until, INTEROP_DEADLINE_MS);
}

/* --- Idle --------------------------------------------------------------- */

static void
stay_idle (Interop *test,
           ZmqgSocket *socket,
           InteropPeer *peer)
{
  Events events = { 0 };

  watch (socket, &events);
  interop_meet (test, socket, peer);
  ZMQG_TEST_AWAIT (events.n_added == 1, INTEROP_DEADLINE_MS);
  let_pass (IDLE_MS);
  g_assert_cmpuint (events.n_added, ==, 1);
  g_assert_cmpuint (events.n_removed, ==, 0);
  interop_send (socket, "=still");
  interop_peer_receives (peer, "=still");
  g_signal_handlers_disconnect_by_data (socket, &events);
}

/* libzmq asks, and hears of an idle socket. */
static void
test_idle_socket_is_heard (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *peer = interop_peer (test, "DEALER");

  interop_do (peer, "set heartbeat-ivl 50");
  interop_do (peer, "set heartbeat-timeout %d", PATIENCE_MS);
  interop_do (peer, "set heartbeat-ttl %d", PATIENCE_MS);
  stay_idle (test, socket, peer);
}

/* The same the other way round. */
static void
test_idle_peer_is_heard (Interop *test)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *peer = interop_peer (test, "DEALER");

  g_object_set (socket, "heartbeat-interval", 50, "heartbeat-timeout",
                PATIENCE_MS, "heartbeat-ttl", PATIENCE_MS, NULL);
  stay_idle (test, socket, peer);
}

/* --- Stopped processes -------------------------------------------------- */

/* libzmq's process is there, and says nothing: because it was asked for a
 * sign, or because it promised one. */
static void
check_stopped_peer (Interop *test,
                    gboolean by_ttl)
{
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_DEALER);
  InteropPeer *peer = interop_peer (test, "DEALER");
  Events events = { 0 };
  gint64 start;

  if (by_ttl)
    {
      interop_do (peer, "set heartbeat-ivl 50");
      interop_do (peer, "set heartbeat-timeout 0");
      interop_do (peer, "set heartbeat-ttl %d", PATIENCE_MS);
    }
  else
    {
      g_object_set (socket, "heartbeat-interval", 50, "heartbeat-timeout",
                    PATIENCE_MS, NULL);
    }
  watch (socket, &events);
  interop_meet (test, socket, peer);
  ZMQG_TEST_AWAIT (events.n_added == 1, INTEROP_DEADLINE_MS);
  /* Promises come with the first question. */
  interop_peer_sends (peer, "=before");
  interop_receive (socket, "=before");
  let_pass (PATIENCE_MS / 2);
  g_assert_cmpuint (events.n_removed, ==, 0);

  start = g_get_monotonic_time ();
  interop_peer_signal (peer, SIGSTOP);
  ZMQG_TEST_AWAIT (events.n_removed >= 1, INTEROP_DEADLINE_MS);
  g_assert_error (events.reason, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  g_assert_cmpint (g_get_monotonic_time () - start, <,
                   6 * PATIENCE_MS * 1000);

  /* It comes back, and so does the connection. */
  interop_peer_signal (peer, SIGCONT);
  ZMQG_TEST_AWAIT (events.n_added >= 2, INTEROP_DEADLINE_MS);
  interop_peer_sends (peer, "=after");
  interop_receive (socket, "=after");
  g_signal_handlers_disconnect_by_data (socket, &events);
  g_clear_error (&events.reason);
}

static void
test_stopped_peer_is_given_up (Interop *test)
{
  check_stopped_peer (test, FALSE);
}

static void
test_broken_promise (Interop *test)
{
  check_stopped_peer (test, TRUE);
}

/* --- A process of zmqg -------------------------------------------------- */

/* What the program does when it is started with --child: a DEALER that
 * promises signs of life, up to the end of its input. */
static int
run_child (char **argv)
{
  ZmqgEngineMode mode = atoi (argv[2]);
  g_autoptr (ZmqgContext) context = g_object_new (ZMQG_TYPE_CONTEXT,
                                                  "engine-mode", mode, NULL);
  g_autoptr (ZmqgSocket) dealer = zmqg_dealer_socket_new (context);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  g_autofree char *uri = NULL;
  gboolean ended = FALSE;
  GError *error = NULL;

#ifdef __linux__
  /* Should the test fail while this is stopped. */
  prctl (PR_SET_PDEATHSIG, SIGKILL);
#endif

  zmqg_socket_set_routing_id_string (dealer, "d");
  g_object_set (dealer, "heartbeat-interval", 50, "heartbeat-timeout", 0,
                "heartbeat-ttl", PATIENCE_MS, "linger", 0, NULL);
  if (g_str_equal (argv[3], "bind"))
    zmqg_socket_bind (dealer, argv[4], &error);
  else
    zmqg_socket_connect_to (dealer, argv[4], &error);
  g_assert_no_error (error);
  uri = zmqg_socket_get_last_endpoint (dealer);
  g_print ("%s\n", uri);

  while (!ended)
    {
      g_autofree char *line = NULL;

      /* The engine needs turns while nothing is to be read. */
      g_io_channel_set_flags (input, G_IO_FLAG_NONBLOCK, NULL);
      ended = g_io_channel_read_line (input, &line, NULL, NULL, NULL) ==
              G_IO_STATUS_EOF;
      zmqg_test_turn (NULL);
    }
  zmqg_socket_close (dealer);
  return 0;
}

static GSubprocess *
start_child (Interop *test,
             const char *what,
             const char *uri)
{
  g_autofree char *mode = g_strdup_printf ("%d", test->mode);
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  GSubprocess *child;
  GError *error = NULL;

  child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE |
                              G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                            &error, self, "--child", mode, what, uri, NULL);
  g_assert_no_error (error);
  return child;
}

static char *
read_uri (GSubprocess *child)
{
  g_autoptr (GDataInputStream) stream = NULL;
  GError *error = NULL;
  char *uri;

  stream = g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));
  g_filter_input_stream_set_close_base_stream (
    G_FILTER_INPUT_STREAM (stream), FALSE);
  uri = g_data_input_stream_read_line (stream, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (uri);
  return uri;
}

/* Whether the ROUTER of libzmq has a connection to the child. */
static gboolean
reaches_child (InteropPeer *peer)
{
  g_autofree char *answer = interop_ask (peer, "send =d =x");

  if (g_str_equal (answer, "ok"))
    return TRUE;
  /* EHOSTUNREACH, as libzmq says it. */
  g_assert_cmpstr (answer, ==, "error Host unreachable");
  return FALSE;
}

/* What we promise libzmq relies on, when our process is stopped. */
static void
test_our_promise (Interop *test)
{
  InteropPeer *peer = interop_peer (test, "ROUTER");
  g_autoptr (GSubprocess) child = NULL;
  g_autofree char *uri = NULL;
  gint64 start;

  interop_do (peer, "set router-mandatory 1");
  interop_do (peer, "set sndhwm 0");
  /* The one that comes back is not to wait until the old one is forgotten. */
  interop_do (peer, "set router-handover 1");
  /* Else it knows the name also while there is no connection. */
  interop_do (peer, "set immediate 1");
  if (test->we_bind)
    {
      g_autofree char *where
        = g_str_equal (test->transport, "tcp")
            ? g_strdup ("tcp://127.0.0.1:*")
            : g_strdup_printf ("ipc://%s/child", test->folder);

      child = start_child (test, "bind", where);
      uri = read_uri (child);
      interop_do (peer, "connect %s", uri);
    }
  else
    {
      g_autofree char *where
        = g_str_equal (test->transport, "tcp")
            ? g_strdup ("tcp://127.0.0.1:*")
            : g_strdup_printf ("ipc://%s/peer", test->folder);
      g_autofree char *answer = interop_ask (peer, "bind %s", where);

      g_assert_true (g_str_has_prefix (answer, "ok "));
      child = start_child (test, "connect", answer + 3);
      uri = read_uri (child);
    }

  ZMQG_TEST_AWAIT (reaches_child (peer), INTEROP_DEADLINE_MS);
  let_pass (IDLE_MS);
  g_assert_true (reaches_child (peer));

  start = g_get_monotonic_time ();
  g_subprocess_send_signal (child, SIGSTOP);
  ZMQG_TEST_AWAIT (!reaches_child (peer), INTEROP_DEADLINE_MS);
  g_assert_cmpint (g_get_monotonic_time () - start, <,
                   6 * PATIENCE_MS * 1000);

  g_subprocess_send_signal (child, SIGCONT);
  ZMQG_TEST_AWAIT (reaches_child (peer), INTEROP_DEADLINE_MS);
  g_subprocess_force_exit (child);
  g_subprocess_wait (child, NULL, NULL);
}

int
main (int argc,
      char **argv)
{
  if (argc == 5 && g_str_equal (argv[1], "--child"))
    return run_child (argv);

  g_test_init (&argc, &argv, NULL);

  interop_add_long ("/zmqg/interop/heartbeats/idle-socket-is-heard",
                    test_idle_socket_is_heard, NULL);
  interop_add_long ("/zmqg/interop/heartbeats/idle-peer-is-heard",
                    test_idle_peer_is_heard, NULL);
  interop_add_long ("/zmqg/interop/heartbeats/stopped-peer-is-given-up",
                    test_stopped_peer_is_given_up, NULL);
  interop_add_long ("/zmqg/interop/heartbeats/broken-promise",
                    test_broken_promise, NULL);
  interop_add_long ("/zmqg/interop/heartbeats/our-promise", test_our_promise,
                    NULL);

  return g_test_run ();
}
