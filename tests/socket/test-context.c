/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Contexts: who does the work in main-context mode, and what is left of a
 * context when it is gone. */

static guint
count_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
has_thread (const char *name)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;

  g_assert_nonnull (dir);
  while ((task = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_strdup_printf ("/proc/self/task/%s/comm",
                                               task);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (path, &comm, NULL, NULL) &&
          g_str_equal (g_strchomp (comm), name))
        return TRUE;
    }
  return FALSE;
}

static ZmqgContext *
new_context (ZmqgEngineMode mode)
{
  return g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode, NULL);
}

static ZmqgSocket *
new_pair (ZmqgContext *context)
{
  return g_object_new (ZMQG_TYPE_PAIR_SOCKET,
                       "context", context,
                       "send-timeout", SOCKET_TEST_DEADLINE_MS,
                       "receive-timeout", SOCKET_TEST_DEADLINE_MS,
                       "reconnect-interval", 5,
                       "linger", 0,
                       NULL);
}

/* Two PAIR sockets connected over tcp. */
static void
new_pairs (ZmqgContext *context,
           ZmqgSocket **one,
           ZmqgSocket **two)
{
  g_autofree char *uri = NULL;

  *one = new_pair (context);
  *two = new_pair (context);
  socket_test_rebind (*one, "tcp://127.0.0.1:0");
  uri = zmqg_socket_get_last_endpoint (*one);
  socket_test_connect (*two, uri);
  socket_test_await_peers (*one, 1);
  socket_test_await_peers (*two, 1);
}

static void
end_context (ZmqgContext *context)
{
  GError *error = NULL;

  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (context);
}

/* --- Threads of the test ------------------------------------------------ */

typedef struct
{
  ZmqgSocket *socket;
  GCancellable *cancellable;
  const char *text; /* expected, NULL when the call is to fail */
  GThread *thread;
  int tid; /* atomic */
  gboolean done; /* atomic */
} Receiver;

static gpointer
receive_in_thread (gpointer data)
{
  Receiver *self = data;
  g_autoptr (ZmqgMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  g_atomic_int_set (&self->tid, (int) syscall (SYS_gettid));
  message = zmqg_socket_receive (self->socket, self->cancellable, &error);
  if (self->text == NULL)
    {
      g_assert_null (message);
      g_assert_nonnull (error);
    }
  else
    {
      g_autofree char *text = NULL;

      g_assert_no_error (error);
      text = zmqg_message_get_string (message, 0);
      g_assert_cmpstr (text, ==, self->text);
    }
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

static void
receiver_start (Receiver *self)
{
  self->thread = g_thread_new ("receiver", receive_in_thread, self);
}

static gboolean
is_asleep (Receiver *self)
{
  int tid = g_atomic_int_get (&self->tid);
  g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/stat", tid);
  g_autofree char *stat = NULL;
  const char *state;

  if (g_atomic_int_get (&self->done))
    return TRUE;
  if (tid == 0 || !g_file_get_contents (path, &stat, NULL, NULL))
    return FALSE;
  state = strrchr (stat, ')');
  return state != NULL && state[2] == 'S';
}

/* No main context runs meanwhile. */
static void
receiver_await_sleep (Receiver *self)
{
  gint64 until = g_get_monotonic_time () + SOCKET_TEST_DEADLINE_MS * 1000;

  while (!is_asleep (self))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      g_thread_yield ();
    }
}

static void
receiver_join (Receiver *self)
{
  g_thread_join (g_steal_pointer (&self->thread));
  self->tid = 0;
  self->done = FALSE;
}

/* --- Main-context mode -------------------------------------------------- */

static void
test_no_thread (void)
{
  g_autoptr (ZmqgSocket) one = NULL;
  g_autoptr (ZmqgSocket) two = NULL;
  ZmqgContext *context = new_context (ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  guint before = count_threads ();

  new_pairs (context, &one, &two);
  socket_test_send (one, "hello", NULL);
  socket_test_expect (two, "hello", NULL);
  g_assert_cmpuint (count_threads (), <=, before);
  g_assert_false (has_thread ("zmqg-io/0"));
  g_clear_object (&one);
  g_clear_object (&two);
  end_context (context);
}

typedef struct
{
  ZmqgSocket *one;
  ZmqgSocket *two;
  guint depth;
  gboolean done;
} Nested;

/* Each level waits for what the level above it sent. */
static gboolean
go_deeper (gpointer data)
{
  Nested *self = data;
  guint depth = ++self->depth;

  socket_test_send (self->one, "nested", NULL);
  socket_test_expect (self->two, "nested", NULL);
  if (depth < 5)
    {
      g_idle_add (go_deeper, self);
      ZMQG_TEST_AWAIT (self->depth > depth, SOCKET_TEST_DEADLINE_MS);
      socket_test_send (self->two, "back", NULL);
      socket_test_expect (self->one, "back", NULL);
    }
  if (depth == 1)
    self->done = TRUE;
  return G_SOURCE_REMOVE;
}

static void
test_nested_call (void)
{
  ZmqgContext *context = new_context (ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  Nested nested = { 0, };

  new_pairs (context, &nested.one, &nested.two);
  g_idle_add (go_deeper, &nested);
  ZMQG_TEST_AWAIT (nested.done, SOCKET_TEST_DEADLINE_MS);
  g_object_unref (nested.one);
  g_object_unref (nested.two);
  end_context (context);
}

static void
echo (ZmqgSocket *socket,
      ZmqgMessage *message,
      gpointer user_data)
{
  GError *error = NULL;

  zmqg_socket_send (socket, message, NULL, &error);
  g_assert_no_error (error);
}

typedef struct
{
  ZmqgSocket *socket;
  guint n;
  gboolean done; /* atomic */
} Pinger;

static gpointer
ping (gpointer data)
{
  Pinger *self = data;

  for (guint i = 0; i < self->n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      socket_test_send (self->socket, text, NULL);
      socket_test_expect (self->socket, text, NULL);
    }
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

/* A thread calls while the main loop runs, and answers. */
static void
test_thread_beside_loop (void)
{
  g_autoptr (ZmqgSocket) one = NULL;
  g_autoptr (ZmqgSocket) two = NULL;
  ZmqgContext *context = new_context (ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  Pinger pinger = { .n = 200 };
  GThread *thread;

  new_pairs (context, &one, &two);
  g_signal_connect (one, "message", G_CALLBACK (echo), NULL);
  pinger.socket = two;
  thread = g_thread_new ("ping", ping, &pinger);
  while (!g_atomic_int_get (&pinger.done))
    zmqg_test_turn (NULL);
  g_thread_join (thread);
  g_clear_object (&one);
  g_clear_object (&two);
  end_context (context);
}

static gpointer
pong (gpointer data)
{
  Pinger *self = data;

  for (guint i = 0; i < self->n; i++)
    {
      g_autoptr (ZmqgMessage) message = socket_test_receive (self->socket);
      GError *error = NULL;

      zmqg_socket_send (self->socket, message, NULL, &error);
      g_assert_no_error (error);
    }
  return NULL;
}

/* No main loop at all: the threads that wait do the work. */
static void
test_threads_without_loop (void)
{
  g_autoptr (ZmqgSocket) one = NULL;
  g_autoptr (ZmqgSocket) two = NULL;
  ZmqgContext *context = new_context (ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  Pinger pinger = { .n = 500 };
  Pinger ponger = { .n = 500 };
  GThread *first;
  GThread *second;

  new_pairs (context, &one, &two);
  pinger.socket = one;
  ponger.socket = two;
  first = g_thread_new ("ping", ping, &pinger);
  second = g_thread_new ("pong", pong, &ponger);
  g_thread_join (first);
  g_thread_join (second);
  g_clear_object (&one);
  g_clear_object (&two);
  end_context (context);
}

/* The thread that drives leaves, for each of the reasons there are: the other
 * one that waits takes over. */
static void
test_hand_over (void)
{
  ZmqgContext *context = new_context (ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  g_autoptr (ZmqgSocket) one = NULL;
  g_autoptr (ZmqgSocket) two = NULL;
  g_autoptr (ZmqgSocket) three = NULL;
  g_autoptr (ZmqgSocket) four = NULL;

  new_pairs (context, &one, &two);
  new_pairs (context, &three, &four);

  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Receiver driver = { .socket = one, .cancellable = cancellable };
      Receiver other = { .socket = three, .text = "other" };

      g_object_set (one, "receive-timeout",
                    i % 3 == 2 ? 5 : SOCKET_TEST_DEADLINE_MS, NULL);
      driver.text = i % 3 == 0 ? "driver" : NULL;
      receiver_start (&driver);
      receiver_await_sleep (&driver);
      receiver_start (&other);
      receiver_await_sleep (&other);

      if (i % 3 == 0)
        socket_test_send (two, "driver", NULL);
      else if (i % 3 == 1)
        g_cancellable_cancel (cancellable);
      if (i % 2 == 0)
        receiver_join (&driver);
      socket_test_send (four, "other", NULL);
      receiver_join (&other);
      if (i % 2 != 0)
        receiver_join (&driver);
    }

  g_clear_object (&one);
  g_clear_object (&two);
  g_clear_object (&three);
  g_clear_object (&four);
  end_context (context);
}

/* The main loop turns a few times and stops, at any moment of a thread's
 * going to sleep. */
static void
test_loop_stops (void)
{
  ZmqgContext *context = new_context (ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  g_autoptr (ZmqgSocket) one = NULL;
  g_autoptr (ZmqgSocket) two = NULL;

  new_pairs (context, &one, &two);
  for (guint i = 0; i < 400; i++)
    {
      Receiver receiver = { .socket = one, .text = "hello" };

      receiver_start (&receiver);
      while (g_atomic_int_get (&receiver.tid) == 0)
        g_main_context_iteration (NULL, FALSE);
      for (guint j = 0; j < i % 20; j++)
        g_main_context_iteration (NULL, FALSE);
      socket_test_send (two, "hello", NULL);
      receiver_join (&receiver);
    }
  g_clear_object (&one);
  g_clear_object (&two);
  end_context (context);
}

/* ... and the other way round: a thread drove, now the loop has to. */
static void
test_loop_takes_over (void)
{
  ZmqgContext *context = new_context (ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  g_autoptr (ZmqgSocket) one = NULL;
  g_autoptr (ZmqgSocket) two = NULL;

  new_pairs (context, &one, &two);
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Receiver receiver = { .socket = two, .cancellable = cancellable };

      receiver_start (&receiver);
      receiver_await_sleep (&receiver);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_cancellable_cancel (cancellable);
      receiver_join (&receiver);
      socket_test_send (one, "hello", NULL);
      socket_test_await_events (two, G_IO_IN | G_IO_OUT);
      socket_test_expect (two, "hello", NULL);
    }
  g_clear_object (&one);
  g_clear_object (&two);
  end_context (context);
}

/* Names are looked up by GLib's threads, and the answer comes to whoever
 * drives. */
static void
test_names (gconstpointer data)
{
  ZmqgContext *context = new_context (GPOINTER_TO_UINT (data));
  g_autoptr (ZmqgSocket) one = new_pair (context);
  g_autoptr (ZmqgSocket) two = new_pair (context);
  g_autofree char *bound = NULL;
  g_autofree char *uri = NULL;

  socket_test_rebind (one, "tcp://localhost:*");
  bound = zmqg_socket_get_last_endpoint (one);
  g_assert_true (g_str_has_prefix (bound, "tcp://127.0.0.1:"));
  uri = g_strconcat ("tcp://localhost", strrchr (bound, ':'), NULL);
  socket_test_connect (two, uri);
  socket_test_send (two, "hello", NULL);
  socket_test_expect (one, "hello", NULL);
  g_clear_object (&one);
  g_clear_object (&two);
  end_context (context);
}

/* --- Properties --------------------------------------------------------- */

static void
test_default (void)
{
  ZmqgContext *context = zmqg_context_get_default ();
  g_autoptr (ZmqgSocket) socket = zmqg_pair_socket_new (NULL);

  g_assert_true (ZMQG_IS_CONTEXT (context));
  g_assert_true (zmqg_context_get_default () == context);
  g_assert_true (zmqg_socket_get_context (socket) == context);
  g_assert_cmpint (zmqg_context_get_engine_mode (context), ==,
                   ZMQG_ENGINE_MODE_THREADS);
}

static void
test_create_socket (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();

  for (guint type = ZMQG_SOCKET_TYPE_PAIR; type <= ZMQG_SOCKET_TYPE_XSUB;
       type++)
    {
      g_autoptr (ZmqgSocket) socket = zmqg_context_create_socket (context,
                                                                  type);

      g_assert_true (ZMQG_IS_SOCKET (socket));
      g_assert_cmpint (zmqg_socket_get_socket_type (socket), ==, type);
      g_assert_true (zmqg_socket_get_context (socket) == context);
    }
}

static void
count_changes (GObject *object G_GNUC_UNUSED,
               GParamSpec *pspec G_GNUC_UNUSED,
               gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* Only what changes is told. */
static void
test_notify (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  guint n = 0;

  g_signal_connect (context, "notify", G_CALLBACK (count_changes), &n);
  g_object_set (context, "io-threads", 1, "max-sockets", 1023, "ipv6", FALSE,
                "blocky", TRUE, "thread-name-prefix", NULL,
                "thread-scheduling-policy", ZMQG_SCHEDULING_POLICY_DEFAULT,
                NULL);
  g_assert_cmpuint (n, ==, 0);
  g_object_set (context, "io-threads", 2, "thread-name-prefix", "a",
                "thread-scheduling-policy", ZMQG_SCHEDULING_POLICY_IDLE, NULL);
  g_assert_cmpuint (n, ==, 3);
}

static void
test_io_threads (void)
{
  ZmqgContext *context = zmqg_context_new ();
  g_autoptr (ZmqgSocket) one = new_pair (context);

  g_assert_cmpuint (zmqg_context_get_io_threads (context), ==, 1);
  g_object_set (context, "thread-name-prefix", "abc", NULL);
  zmqg_context_set_io_threads (context, 2);
  g_assert_cmpuint (zmqg_context_get_io_threads (context), ==, 2);

  /* Each endpoint takes the next one, until all run. */
  socket_test_rebind (one, "tcp://127.0.0.1:0");
  socket_test_rebind (one, "tcp://127.0.0.1:0");
  ZMQG_TEST_AWAIT (has_thread ("abc/zmqg-io/0"), SOCKET_TEST_DEADLINE_MS);
  ZMQG_TEST_AWAIT (has_thread ("abc/zmqg-io/1"), SOCKET_TEST_DEADLINE_MS);
  zmqg_context_set_io_threads (context, 5);
  g_assert_cmpuint (zmqg_context_get_io_threads (context), ==, 2);
  g_clear_object (&one);
  end_context (context);
  g_assert_false (has_thread ("abc/zmqg-io/0"));
}

static void
test_defaults_of_sockets (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  g_autoptr (ZmqgSocket) socket = NULL;
  gint64 size;
  gboolean ipv6;

  g_object_set (context, "max-message-size", G_GINT64_CONSTANT (1234),
                "ipv6", TRUE, NULL);
  socket = zmqg_pair_socket_new (context);
  g_object_get (socket, "max-message-size", &size, "ipv6", &ipv6, NULL);
  g_assert_cmpint (size, ==, 1234);
  g_assert_true (ipv6);
}

static void
test_error_domain (void)
{
  g_autoptr (GEnumClass) codes = g_type_class_ref (ZMQG_TYPE_ERROR);

  g_assert_cmpstr (g_quark_to_string (ZMQG_ERROR), ==, "zmqg-error-quark");
  g_assert_cmpstr (g_enum_get_value (codes, ZMQG_ERROR_WOULD_BLOCK)->value_nick,
                   ==, "would-block");
  g_assert_cmpuint (codes->n_values, ==, ZMQG_ERROR_NO_RESOURCES + 1);
}

/* --- The end ------------------------------------------------------------ */

static void
use_everything (ZmqgEngineMode mode,
                guint order)
{
  ZmqgContext *context = new_context (mode);
  ZmqgSocket *one;
  ZmqgSocket *two;
  g_autoptr (ZmqgMessage) kept = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;
  g_autoptr (GSource) source = NULL;

  new_pairs (context, &one, &two);
  source = zmqg_socket_create_source (two, G_IO_IN, NULL);
  g_source_attach (source, NULL);
  socket_test_send (one, "kept", NULL);
  kept = socket_test_receive (two);
  peer = zmqg_message_get_peer (kept);
  socket_test_send (one, "left", NULL);
  g_source_destroy (source);
  g_clear_pointer (&source, g_source_unref);

  switch (order)
    {
    case 0:
      g_object_unref (one);
      g_object_unref (two);
      end_context (context);
      break;
    case 1: /* never terminated */
      g_object_unref (one);
      g_object_unref (two);
      g_object_unref (context);
      break;
    case 2: /* the context first */
      g_object_unref (context);
      g_object_unref (two);
      g_object_unref (one);
      break;
    default: /* closed, and kept for a while */
      zmqg_socket_close (one);
      zmqg_socket_close (two);
      zmqg_context_terminate (context, NULL, NULL);
      g_object_unref (context);
      g_object_unref (one);
      g_object_unref (two);
      break;
    }
}

static void
test_nothing_left (gconstpointer data)
{
  ZmqgEngineMode mode = GPOINTER_TO_UINT (data);
  guint threads;
  guint fds;

  /* What GLib makes once and keeps. */
  for (guint order = 0; order < 4; order++)
    use_everything (mode, order);
  ZMQG_TEST_AWAIT (!has_thread ("zmqg-io/0"), SOCKET_TEST_DEADLINE_MS);
  while (g_main_context_iteration (NULL, FALSE))
    ;

  threads = count_threads ();
  fds = zmqg_test_fd_count ();
  for (guint i = 0; i < 20; i++)
    use_everything (mode, i % 4);
  ZMQG_TEST_AWAIT (count_threads () <= threads, SOCKET_TEST_DEADLINE_MS);
  ZMQG_TEST_AWAIT (zmqg_test_fd_count () <= fds, SOCKET_TEST_DEADLINE_MS);
}

/* Sockets that are about to try again, without a session, when they are
 * closed: the engine must not stop before they have. */
static void
dial_and_end (ZmqgEngineMode mode)
{
  g_autoptr (ZmqgContext) context = new_context (mode);
  g_autoptr (GError) error = NULL;
  ZmqgSocket *pushes[8];
  gint64 until;

  for (guint i = 0; i < G_N_ELEMENTS (pushes); i++)
    {
      pushes[i] = zmqg_push_socket_new (context);
      g_object_set (pushes[i], "immediate", TRUE, "reconnect-interval", 1,
                    NULL);
      zmqg_socket_connect_to (pushes[i], "tcp://127.0.0.1:9", &error);
      g_assert_no_error (error);
    }
  until = g_get_monotonic_time () + g_test_rand_int_range (0, 5000);
  while (g_get_monotonic_time () < until)
    zmqg_test_turn (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (pushes); i++)
    {
      zmqg_socket_close (pushes[i]);
      g_object_unref (pushes[i]);
    }
  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
}

static void
test_end_while_dialling (gconstpointer data)
{
  ZmqgEngineMode mode = GPOINTER_TO_UINT (data);
  guint fds;

  for (guint i = 0; i < 4; i++)
    dial_and_end (mode);
  fds = zmqg_test_fd_count ();
  for (guint i = 0; i < 100; i++)
    dial_and_end (mode);
  ZMQG_TEST_AWAIT (zmqg_test_fd_count () <= fds, SOCKET_TEST_DEADLINE_MS);
}

/* A socket takes no descriptor before it is used. */
static void
test_sockets_are_light (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (
    g_object_unref);
  guint threads = count_threads ();
  guint fds;

  /* That of the default main context. */
  g_main_context_wakeup (NULL);
  fds = zmqg_test_fd_count ();

  for (guint i = 0; i < 2000; i++)
    g_ptr_array_add (sockets, zmqg_pair_socket_new (context));
  /* What tests before this one left may go meanwhile: a thread that was joined
   * is seen for a moment longer. */
  g_assert_cmpuint (zmqg_test_fd_count (), <=, fds);
  g_assert_cmpuint (count_threads (), <=, threads);
}

/* --- Memory of the user's ----------------------------------------------- */

#define LARGE (200 * 1024)

typedef struct
{
  ZmqgSocket *socket; /* called from the free function */
  gint freed;         /* atomic */
  gboolean on_io_thread;
  gboolean blocks;
} Memory;

static void
memory_free (gpointer data)
{
  Memory *self = data;
  g_autofree char *comm = NULL;

  g_file_get_contents ("/proc/thread-self/comm", &comm, NULL, NULL);
  if (comm == NULL || strstr (comm, "zmqg-io") != NULL)
    self->on_io_thread = TRUE;

  if (self->socket != NULL)
    {
      g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("freed");
      g_autofree char *last = NULL;

      /* With a lock held these would hang. */
      zmqg_socket_get_events (self->socket);
      zmqg_socket_try_send (self->socket, message, NULL);
      last = zmqg_socket_get_last_endpoint (self->socket);
      if (self->blocks)
        {
          g_autoptr (ZmqgContext) context = zmqg_context_new ();
          g_autoptr (ZmqgSocket) other = zmqg_pair_socket_new (context);
          g_autoptr (GError) error = NULL;

          g_object_set (other, "receive-timeout", 1, NULL);
          g_assert_null (zmqg_socket_receive (other, NULL, &error));
          g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
        }
    }
  g_atomic_int_inc (&self->freed);
}

static void
send_memory (ZmqgSocket *socket,
             const guint8 *data,
             Memory *memory)
{
  g_autoptr (GBytes) bytes = NULL;
  GError *error = NULL;

  bytes = g_bytes_new_with_free_func (data, LARGE, memory_free, memory);
  zmqg_socket_send_bytes (socket, bytes, NULL, &error);
  g_assert_no_error (error);
}

/* Sent, over each transport: freed once, by a thread of the program's. */
static void
test_memory_sent (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc0 (LARGE);
  g_autofree char *uri = socket_test_bind (test, pull);
  Memory memory = { .socket = push };

  socket_test_connect (push, uri);
  socket_test_await_peers (push, 1);
  for (guint i = 0; i < 30; i++)
    {
      send_memory (push, data, &memory);
      if (i % 3 == 2)
        for (guint j = 0; j < 3; j++)
          {
            g_autoptr (ZmqgMessage) message = NULL;

            /* Beside what the free functions sent. */
            do
              {
                g_clear_pointer (&message, zmqg_message_unref);
                message = socket_test_receive (pull);
              }
            while (zmqg_message_get_size (message) != LARGE);
          }
    }

  /* Over inproc the queue keeps the last one until it goes on. */
  if (test->in_process)
    {
      zmqg_socket_close (pull);
      zmqg_socket_close (push);
    }
  ZMQG_TEST_AWAIT (g_atomic_int_get (&memory.freed) == 30,
                   SOCKET_TEST_DEADLINE_MS);
  g_assert_false (memory.on_io_thread);
}

/* One alone: it is not kept until the next one comes. */
static void
test_memory_alone (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc0 (LARGE);
  g_autofree char *uri = socket_test_bind (test, pull);
  Memory memory = { 0, };

  socket_test_connect (push, uri);
  for (gint i = 1; i <= 3; i++)
    {
      send_memory (push, data, &memory);
      zmqg_message_unref (socket_test_receive (pull));
      /* Over inproc it counts as read when the next one is asked for. */
      socket_test_refuses_receive (pull, ZMQG_ERROR_WOULD_BLOCK);
      ZMQG_TEST_AWAIT (g_atomic_int_get (&memory.freed) == i,
                       SOCKET_TEST_DEADLINE_MS);
    }
  g_assert_false (memory.on_io_thread);
}

/* Dropped: queued for a peer that never came, or on a closed socket. */
static void
test_memory_dropped (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc0 (LARGE);
  g_autofree char *uri = socket_test_bind (test, pull);
  Memory memory = { .socket = push };
  GError *error = NULL;

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  socket_test_connect (push, uri);
  for (guint i = 0; i < 10; i++)
    send_memory (push, data, &memory);
  g_assert_cmpint (g_atomic_int_get (&memory.freed), ==, 0);

  zmqg_socket_disconnect_from (push, uri, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (g_atomic_int_get (&memory.freed) == 10,
                   SOCKET_TEST_DEADLINE_MS);

  socket_test_connect (push, uri);
  for (guint i = 0; i < 10; i++)
    send_memory (push, data, &memory);
  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (g_atomic_int_get (&memory.freed) == 20,
                   SOCKET_TEST_DEADLINE_MS);
  g_assert_false (memory.on_io_thread);
}

/* For a name that nobody ever binds: freed with the context. */
static void
test_memory_never_bound (void)
{
  ZmqgContext *context = zmqg_context_new ();
  ZmqgSocket *push = zmqg_push_socket_new (context);
  g_autofree guint8 *data = g_malloc0 (LARGE);
  Memory memory = { 0, };

  socket_test_connect (push, "inproc://never");
  for (guint i = 0; i < 10; i++)
    send_memory (push, data, &memory);
  g_object_unref (push);
  end_context (context);
  ZMQG_TEST_AWAIT (g_atomic_int_get (&memory.freed) == 10,
                   SOCKET_TEST_DEADLINE_MS);
  g_assert_false (memory.on_io_thread);
}

/* Not accepted: the caller's reference is the only one. */
static void
test_memory_refused (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc0 (LARGE);
  g_autoptr (GBytes) bytes = NULL;
  Memory memory = { 0, };
  GError *error = NULL;

  g_object_set (push, "send-timeout", 1, NULL);
  bytes = g_bytes_new_with_free_func (data, LARGE, memory_free, &memory);
  g_assert_false (zmqg_socket_send_bytes (push, bytes, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  g_clear_error (&error);
  g_assert_cmpint (memory.freed, ==, 0);
  g_clear_pointer (&bytes, g_bytes_unref);
  g_assert_cmpint (memory.freed, ==, 1);
}

static gpointer
receive_all (gpointer data)
{
  for (guint i = 0; i < 50;)
    {
      g_autoptr (ZmqgMessage) message = socket_test_receive (data);

      if (zmqg_message_get_size (message) == LARGE)
        i++;
    }
  return NULL;
}

/* A free function that waits in a call, while the call that runs it waits. */
static void
test_memory_blocks (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree guint8 *data = g_malloc0 (LARGE);
  g_autofree char *uri = NULL;
  Memory memory = { .socket = push, .blocks = TRUE };
  GThread *thread;

  g_object_set (push, "send-hwm", 1, NULL);
  g_object_set (pull, "receive-hwm", 1, NULL);
  uri = socket_test_bind (test, pull);
  socket_test_connect (push, uri);
  thread = g_thread_new ("receive", receive_all, pull);
  for (guint i = 0; i < 50; i++)
    send_memory (push, data, &memory);
  g_thread_join (thread);
  zmqg_socket_close (pull);
  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (g_atomic_int_get (&memory.freed) == 50,
                   SOCKET_TEST_DEADLINE_MS);
  g_assert_false (memory.on_io_thread);
}

/* --- Termination --------------------------------------------------------- */

static void
note_terminated (GObject *source,
                 GAsyncResult *result,
                 gpointer user_data)
{
  gboolean *terminated = user_data;
  GError *error = NULL;

  zmqg_context_terminate_finish (ZMQG_CONTEXT (source), result, &error);
  g_assert_no_error (error);
  *terminated = TRUE;
}

/* Also one that never did anything is waited for, and is told of it. */
static void
test_waits_for_idle_sockets (gconstpointer data)
{
  g_autoptr (ZmqgContext) context = new_context (GPOINTER_TO_UINT (data));
  g_autoptr (ZmqgSocket) first = new_pair (context);
  g_autoptr (ZmqgSocket) second = new_pair (context);
  g_autoptr (ZmqgSocket) third = NULL;
  g_autoptr (GError) error = NULL;
  gboolean terminated = FALSE;

  zmqg_context_terminate_async (context, NULL, note_terminated, &terminated);
  ZMQG_TEST_AWAIT (!zmqg_socket_connect_to (first, "inproc://nobody", NULL),
                   SOCKET_TEST_DEADLINE_MS);
  socket_test_refuses_receive (second, ZMQG_ERROR_TERMINATED);
  for (guint i = 0; i < 20; i++)
    zmqg_test_turn (NULL);
  g_assert_false (terminated);
  zmqg_socket_close (first);
  for (guint i = 0; i < 20; i++)
    zmqg_test_turn (NULL);
  g_assert_false (terminated);
  g_clear_object (&second);
  ZMQG_TEST_AWAIT (terminated, SOCKET_TEST_DEADLINE_MS);

  /* Nothing can be done with one that is made from here on. */
  third = new_pair (context);
  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (zmqg_socket_connect_to (third, "inproc://nobody", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TERMINATED);
}

/* --- Descriptors --------------------------------------------------------- */

/* From here on there is none to be had, and GLib has made no main context. */
static void
take_all_descriptors (struct rlimit *limit)
{
  struct rlimit none;
  int fd;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, limit));
  fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_assert_no_errno (fd);
  close (fd);
  none = *limit;
  none.rlim_cur = (rlim_t) fd;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &none));
}

static void
count_added (ZmqgSocket *socket G_GNUC_UNUSED,
             ZmqgPeer *peer G_GNUC_UNUSED,
             gpointer user_data)
{
  (*(guint *) user_data)++;
}

/* Making a socket takes none, and so cannot fail; signals work once there is
 * one. GLib would end the process. */
static void
test_no_descriptors_subprocess (gconstpointer data)
{
  g_autoptr (ZmqgContext) context = NULL;
  g_autoptr (ZmqgSocket) pull = NULL;
  g_autoptr (ZmqgSocket) push = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  struct rlimit limit;
  guint added = 0;

  take_all_descriptors (&limit);
  context = new_context (GPOINTER_TO_UINT (data));
  pull = zmqg_pull_socket_new (context);
  push = zmqg_push_socket_new (context);
  g_signal_connect (pull, "peer-added", G_CALLBACK (count_added), &added);
  g_assert_false (zmqg_socket_bind (pull, "tcp://127.0.0.1:0", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_connect_to (push, "inproc://x", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_clear_error (&error);

  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
  zmqg_socket_bind (pull, "tcp://127.0.0.1:0", &error);
  g_assert_no_error (error);
  uri = zmqg_socket_get_last_endpoint (pull);
  zmqg_socket_connect_to (push, uri, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (added == 1, SOCKET_TEST_DEADLINE_MS);
}

static void
test_no_descriptors (gconstpointer data)
{
  gboolean threads = GPOINTER_TO_UINT (data) == ZMQG_ENGINE_MODE_THREADS;

  g_test_trap_subprocess (threads
                            ? "/zmqg/context/threads/no-descriptors/subprocess"
                            : "/zmqg/context/main-context/no-descriptors/"
                              "subprocess",
                          0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/context/main-context/no-thread", test_no_thread);
  g_test_add_func ("/zmqg/context/main-context/nested-call",
                   test_nested_call);
  g_test_add_func ("/zmqg/context/main-context/thread-beside-loop",
                   test_thread_beside_loop);
  g_test_add_func ("/zmqg/context/main-context/threads-without-loop",
                   test_threads_without_loop);
  g_test_add_func ("/zmqg/context/main-context/hand-over", test_hand_over);
  g_test_add_func ("/zmqg/context/main-context/loop-stops", test_loop_stops);
  g_test_add_func ("/zmqg/context/main-context/loop-takes-over",
                   test_loop_takes_over);
  g_test_add_data_func ("/zmqg/context/main-context/names",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT),
                        test_names);
  g_test_add_data_func ("/zmqg/context/threads/names",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS),
                        test_names);
  g_test_add_func ("/zmqg/context/default", test_default);
  g_test_add_func ("/zmqg/context/create-socket", test_create_socket);
  g_test_add_func ("/zmqg/context/notify", test_notify);
  g_test_add_func ("/zmqg/context/io-threads", test_io_threads);
  g_test_add_func ("/zmqg/context/defaults-of-sockets",
                   test_defaults_of_sockets);
  g_test_add_func ("/zmqg/context/error-domain", test_error_domain);
  g_test_add_data_func ("/zmqg/context/threads/nothing-left",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS),
                        test_nothing_left);
  g_test_add_data_func ("/zmqg/context/main-context/nothing-left",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT),
                        test_nothing_left);
  g_test_add_data_func ("/zmqg/context/threads/waits-for-idle-sockets",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS),
                        test_waits_for_idle_sockets);
  g_test_add_data_func ("/zmqg/context/main-context/waits-for-idle-sockets",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT),
                        test_waits_for_idle_sockets);
  g_test_add_data_func ("/zmqg/context/threads/no-descriptors",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS),
                        test_no_descriptors);
  g_test_add_data_func ("/zmqg/context/threads/no-descriptors/subprocess",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS),
                        test_no_descriptors_subprocess);
  g_test_add_data_func ("/zmqg/context/main-context/no-descriptors",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT),
                        test_no_descriptors);
  g_test_add_data_func ("/zmqg/context/main-context/no-descriptors/subprocess",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT),
                        test_no_descriptors_subprocess);
  g_test_add_data_func ("/zmqg/context/threads/end-while-dialling",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS),
                        test_end_while_dialling);
  g_test_add_data_func ("/zmqg/context/main-context/end-while-dialling",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT),
                        test_end_while_dialling);
  g_test_add_func ("/zmqg/context/sockets-are-light", test_sockets_are_light);
  socket_test_add ("/zmqg/context/memory/sent", SOCKET_TEST_ALL,
                   test_memory_sent);
  socket_test_add ("/zmqg/context/memory/alone", SOCKET_TEST_ALL,
                   test_memory_alone);
  socket_test_add ("/zmqg/context/memory/dropped", SOCKET_TEST_NETWORK,
                   test_memory_dropped);
  g_test_add_func ("/zmqg/context/memory/never-bound",
                   test_memory_never_bound);
  socket_test_add ("/zmqg/context/memory/refused", SOCKET_TEST_ALL,
                   test_memory_refused);
  socket_test_add ("/zmqg/context/memory/blocks", SOCKET_TEST_ALL,
                   test_memory_blocks);

  return g_test_run ();
}
