/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-error.h"
#include "zmqg-test.h"
#include "zmqg.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

/* The rules of who may do what in which thread, each by a test that fails
 * without the line that its comment names. Those of the engine alone are in
 * test-engine.c (the engine's context as a licence, handing over, ppoll) and
 * test-outbound.c (the owner word, the sleep flag). */

#define DEADLINE 10000
#define LARGE 100000

typedef struct
{
  ZmqgContext *context;
  ZmqgEngineMode mode;
  ZmqgSocket *a; /* binds */
  ZmqgSocket *b; /* connects */
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  g_autofree char *uri = NULL;

  self->mode = GPOINTER_TO_UINT (data);
  self->context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode,
                                NULL);
  self->a = zmqg_pair_socket_new (self->context);
  self->b = zmqg_pair_socket_new (self->context);
  g_object_set (self->a, "receive-timeout", DEADLINE, "send-timeout", DEADLINE,
                NULL);
  g_object_set (self->b, "receive-timeout", DEADLINE, "send-timeout", DEADLINE,
                NULL);
  g_assert_true (zmqg_socket_bind (self->a, "tcp://127.0.0.1:0", NULL));
  uri = zmqg_socket_get_last_endpoint (self->a);
  g_assert_true (zmqg_socket_connect_to (self->b, uri, NULL));
  g_assert_true (zmqg_socket_wait_for_peers (self->a, 1, NULL, NULL));
  g_assert_true (zmqg_socket_wait_for_peers (self->b, 1, NULL, NULL));
}

static void
close_socket (ZmqgSocket **socket)
{
  if (*socket == NULL)
    return;
  zmqg_socket_close (*socket);
  g_clear_object (socket);
}

static void
tear_down (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  GError *error = NULL;

  close_socket (&self->a);
  close_socket (&self->b);
  zmqg_context_terminate (self->context, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (self->context);
}

/* --- Releases ----------------------------------------------------------- */

typedef struct
{
  atomic_uint n;
  atomic_uint in_engine;
  ZmqgSocket *socket; /* that is called back, nullable */
} Releases;

/* Engine code has its context thread-default, in whatever thread. */
static gboolean
is_engine_code (void)
{
  return g_main_context_get_thread_default () != NULL;
}

static void
note_release (gpointer data)
{
  Releases *self = data;

  if (is_engine_code ())
    atomic_fetch_add (&self->in_engine, 1);
  if (self->socket != NULL)
    zmqg_socket_get_events (self->socket);
  atomic_fetch_add (&self->n, 1);
}

static GBytes *
large_bytes (Releases *releases)
{
  static const guint8 zeros[LARGE];

  return g_bytes_new_with_free_func (zeros, LARGE, note_release, releases);
}

static void
send_large (ZmqgSocket *socket,
            Releases *releases)
{
  g_autoptr (GBytes) bytes = large_bytes (releases);
  g_autoptr (GError) error = NULL;

  zmqg_socket_send_bytes (socket, bytes, NULL, &error);
  g_assert_no_error (error);
}

/* Rule: memory of the user's is released where user code may run. The last
 * message stays at the head of the queue until the pipe goes. Fails with
 * zmqg_pipe_unref () in the place of zmqg_pipe_unref_quietly () in
 * zmqg_session_end (). */
static void
test_release_never_in_engine (Fixture *self,
                              gconstpointer data G_GNUC_UNUSED)
{
  Releases releases = { 0 };
  const guint n = 20;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      send_large (self->b, &releases);
      message = zmqg_socket_receive (self->a, NULL, NULL);
      g_assert_nonnull (message);
      g_assert_cmpuint (zmqg_message_get_size (message), ==, LARGE);
    }
  close_socket (&self->b);
  close_socket (&self->a);
  ZMQG_TEST_AWAIT (atomic_load (&releases.n) == n, DEADLINE);
  g_assert_cmpuint (atomic_load (&releases.in_engine), ==, 0);
}

/* The same for what never was sent. */
static void
test_release_unsent (Fixture *self,
                     gconstpointer data G_GNUC_UNUSED)
{
  Releases releases = { 0 };
  guint n = 0;

  g_object_set (self->b, "send-timeout", 0, "linger", 0, NULL);
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GBytes) bytes = large_bytes (&releases);

      n++;
      if (!zmqg_socket_send_bytes (self->b, bytes, NULL, NULL))
        break;
    }
  close_socket (&self->b);
  ZMQG_TEST_AWAIT (atomic_load (&releases.n) == n, DEADLINE);
  g_assert_cmpuint (atomic_load (&releases.in_engine), ==, 0);
}

/* Rule: no lock is held while user code runs: the release calls the socket.
 * Hangs with free_rubbish () before the unlock of
 * zmqg_socket_core_unlock (). */
static void
test_release_without_lock (Fixture *self,
                           gconstpointer data G_GNUC_UNUSED)
{
  Releases releases = { .socket = self->b };

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      send_large (self->b, &releases);
      message = zmqg_socket_receive (self->a, NULL, NULL);
      g_assert_nonnull (message);
    }
  zmqg_socket_close (self->b);
  ZMQG_TEST_AWAIT (atomic_load (&releases.n) == 20, DEADLINE);
}

/* --- Objects ------------------------------------------------------------ */

static atomic_uint toggles_in_engine;

static void
note_toggle (gpointer data G_GNUC_UNUSED,
             GObject *object G_GNUC_UNUSED,
             gboolean is_last G_GNUC_UNUSED)
{
  if (is_engine_code ())
    atomic_fetch_add (&toggles_in_engine, 1);
}

/* A binding's way to hold an object: it is told when it is the last one, and
 * has to take its interpreter's lock for that. */
static void
hold (gpointer object)
{
  g_object_add_toggle_ref (object, note_toggle, NULL);
  g_object_unref (object);
}

static void
let_go (gpointer object)
{
  g_object_remove_toggle_ref (object, note_toggle, NULL);
}

/* Rule: I/O threads never ref or unref an object that the user can see.
 * Fails if the engine refs the socket instead of its core, or the address of
 * a peer is the record's own. */
static void
test_objects_never_in_engine (Fixture *self,
                              gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (ZmqgMessage) message = NULL;
  ZmqgPeer *peer;
  GSocketAddress *address = NULL;

  atomic_store (&toggles_in_engine, 0);
  hold (g_object_ref (self->a));
  hold (g_object_ref (self->b));
  hold (g_object_ref (self->context));
  g_assert_true (zmqg_socket_send_string (self->b, "x", NULL, NULL));
  message = zmqg_socket_receive (self->a, NULL, NULL);
  g_assert_nonnull (message);
  peer = zmqg_message_get_peer (message);
  g_object_get (peer, "remote-address", &address, NULL);
  g_assert_nonnull (address);
  hold (address);
  hold (peer);
  g_clear_pointer (&message, zmqg_message_unref);

  /* The engine is the last to let go of what it knows of the peer. */
  zmqg_socket_close (self->b);
  let_go (peer);
  for (guint i = 0; i < 20; i++)
    zmqg_test_turn (NULL);
  zmqg_socket_close (self->a);
  for (guint i = 0; i < 20; i++)
    zmqg_test_turn (NULL);
  zmqg_context_terminate (self->context, NULL, NULL);
  g_assert_cmpuint (atomic_load (&toggles_in_engine), ==, 0);
  let_go (address);
  let_go (self->a);
  let_go (self->b);
  let_go (self->context);
}

/* --- Waiting ------------------------------------------------------------ */

typedef struct
{
  ZmqgSocket *socket;
  atomic_uint got;
  atomic_uint waiting;
} Receivers;

static gpointer
receive_one (gpointer data)
{
  Receivers *self = data;
  g_autoptr (ZmqgMessage) message = NULL;

  atomic_fetch_add (&self->waiting, 1);
  message = zmqg_socket_receive (self->socket, NULL, NULL);
  g_assert_nonnull (message);
  atomic_fetch_add (&self->got, 1);
  return NULL;
}

/* Rule: one wake-up goes to one waiter, and one that leaves work behind
 * wakes the next: all get theirs, though the messages come in one piece and
 * so wake once. Hangs without the wake in zmqg_inbox_remove_waiter (). (That
 * hand_on () of the socket does the same for asynchronous receivers is shown by
 * conformance: async/first-come fails without.) */
static void
test_handing_on (Fixture *self,
                 gconstpointer data G_GNUC_UNUSED)
{
  for (guint round = 0; round < 30; round++)
    {
      Receivers receivers = { .socket = self->a };
      GThread *threads[4];

      for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new ("receiver", receive_one, &receivers);
      while (atomic_load (&receivers.waiting) < 4)
        g_thread_yield ();
      for (guint i = 0; i < 4; i++)
        g_assert_true (zmqg_socket_send_string (self->b, "x", NULL, NULL));
      ZMQG_TEST_AWAIT (atomic_load (&receivers.got) == 4, DEADLINE);
      for (guint i = 0; i < 4; i++)
        g_thread_join (threads[i]);
    }
}

static gpointer
receive_cancelled (gpointer data)
{
  gpointer *arguments = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ZmqgMessage) message = NULL;

  message = zmqg_socket_receive (arguments[0], arguments[1], &error);
  return message != NULL ? GINT_TO_POINTER (1) : NULL;
}

/* Rule: who is cancelled takes nothing, and hands its wake-up on. Hangs
 * without the last lines of zmqg_inbox_remove_waiter (). */
static void
test_cancelled_hands_on (Fixture *self,
                         gconstpointer data G_GNUC_UNUSED)
{
  for (guint round = 0; round < 100; round++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      gpointer arguments[] = { self->a, cancellable };
      Receivers receivers = { .socket = self->a };
      GThread *cancelled, *other;
      gboolean took;

      cancelled = g_thread_new ("cancelled", receive_cancelled, arguments);
      other = g_thread_new ("receiver", receive_one, &receivers);
      while (atomic_load (&receivers.waiting) < 1)
        g_thread_yield ();
      g_assert_true (zmqg_socket_send_string (self->b, "x", NULL, NULL));
      g_cancellable_cancel (cancellable);
      took = g_thread_join (cancelled) != NULL;
      if (took)
        g_assert_true (zmqg_socket_send_string (self->b, "y", NULL, NULL));
      ZMQG_TEST_AWAIT (atomic_load (&receivers.got) == 1, DEADLINE);
      g_thread_join (other);
    }
}

static gboolean
must_not_run (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Rule: a call that waits drives the engine, never the application's own
 * sources. */
static void
test_call_runs_no_sources (Fixture *self,
                           gconstpointer data G_GNUC_UNUSED)
{
  gboolean ran = FALSE;
  guint id = g_idle_add (must_not_run, &ran);
  g_autoptr (ZmqgMessage) message = NULL;

  g_assert_true (zmqg_socket_send_string (self->b, "x", NULL, NULL));
  message = zmqg_socket_receive (self->a, NULL, NULL);
  g_assert_nonnull (message);
  g_object_set (self->a, "receive-timeout", 5, NULL);
  g_assert_null (zmqg_socket_receive (self->a, NULL, NULL));
  g_assert_false (ran);
  g_source_remove (id);
}

typedef struct
{
  ZmqgSocket *back;
  guint n;
} Echo;

static void
on_message (ZmqgSocket *socket,
            ZmqgMessage *message G_GNUC_UNUSED,
            gpointer user_data)
{
  Echo *self = user_data;
  g_autoptr (ZmqgMessage) answer = NULL;

  g_assert_false (is_engine_code ());
  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
  /* A round trip by calls that wait, within the handler. */
  g_assert_true (zmqg_socket_send_string (socket, "in", NULL, NULL));
  answer = zmqg_socket_receive (self->back, NULL, NULL);
  g_assert_nonnull (answer);
  self->n++;
}

/* Rule: engine dispatch runs no user code: a handler may make any call. */
static void
test_calls_in_handler (Fixture *self,
                       gconstpointer data G_GNUC_UNUSED)
{
  Echo echo = { .back = self->b };

  g_signal_connect (self->a, "message", G_CALLBACK (on_message), &echo);
  for (guint i = 0; i < 20; i++)
    {
      g_assert_true (zmqg_socket_send_string (self->b, "x", NULL, NULL));
      ZMQG_TEST_AWAIT (echo.n == i + 1, DEADLINE);
    }
}

/* --- The ends ----------------------------------------------------------- */

/* Rule: a pipe outlives its socket: what was sent arrives. Fails without the
 * count of both ends in zmqg_pipe_unref (), or the linger of
 * session_close (). */
static void
test_pipe_outlives_socket (Fixture *self,
                           gconstpointer data G_GNUC_UNUSED)
{
  for (guint i = 0; i < 50; i++)
    g_assert_true (zmqg_socket_send_string (self->b, "x", NULL, NULL));
  close_socket (&self->b);
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      message = zmqg_socket_receive (self->a, NULL, NULL);
      g_assert_nonnull (message);
    }
}

/* Rule: in the child of a fork calls fail, and nothing waits for a lock that
 * a thread of the parent held. Hangs without raise_generation (). */
static void
test_fork (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  int status = -1;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) other = NULL;

      alarm (20);
      if (zmqg_socket_send_string (self->b, "x", NULL, &error) ||
          !g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_FORKED))
        _exit (1);
      if (zmqg_socket_receive (self->a, NULL, &other) != NULL ||
          !g_error_matches (other, ZMQG_ERROR, ZMQG_ERROR_FORKED))
        _exit (2);
      zmqg_socket_close (self->a);
      g_object_unref (self->a);
      g_object_unref (self->b);
      g_object_unref (self->context);
      _exit (0);
    }

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);

  /* The parent's go on. */
  g_assert_true (zmqg_socket_send_string (self->b, "x", NULL, NULL));
  {
    g_autoptr (ZmqgMessage) message = NULL;

    message = zmqg_socket_receive (self->a, NULL, NULL);
    g_assert_nonnull (message);
  }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function)                                                   \
  g_test_add ("/zmqg/engine/ownership/" path "/threads", Fixture,             \
              GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS), set_up, function,  \
              tear_down);                                                     \
  g_test_add ("/zmqg/engine/ownership/" path "/main-context", Fixture,        \
              GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT), set_up,       \
              function, tear_down)
  ADD ("release-never-in-engine", test_release_never_in_engine);
  ADD ("release-unsent", test_release_unsent);
  ADD ("release-without-lock", test_release_without_lock);
  ADD ("objects-never-in-engine", test_objects_never_in_engine);
  ADD ("handing-on", test_handing_on);
  ADD ("cancelled-hands-on", test_cancelled_hands_on);
  ADD ("call-runs-no-sources", test_call_runs_no_sources);
  ADD ("calls-in-handler", test_calls_in_handler);
  ADD ("pipe-outlives-socket", test_pipe_outlives_socket);
  ADD ("fork", test_fork);
#undef ADD

  return g_test_run ();
}
