/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat-test.h"
#include "zmqg-test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>
#include <zmqg-zmq.h>

/* What libzmq does not have: two faces of one socket, sockets that threads
 * share, and handles that are closed for good. */

/* --- Two faces ---------------------------------------------------------------- */

static void
test_one_socket (void)
{
  void *context = zmq_ctx_new ();
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push = zmq_socket (context, ZMQ_PUSH);
  ZmqgSocket *object = zmqg_socket_from_zmq (pull);
  g_autoptr (GError) error = NULL;
  char text[64];
  gsize size = sizeof text;
  int linger;

  g_assert_true (ZMQG_IS_PULL_SOCKET (object));
  g_assert_true (zmqg_socket_from_zmq (pull) == object);
  g_assert_true (zmqg_socket_to_zmq (object) == pull);
  g_assert_true (zmqg_context_from_zmq (context) ==
                 zmqg_socket_get_context (object));
  g_assert_true (zmqg_context_to_zmq (zmqg_socket_get_context (object)) ==
                 context);
  g_assert_null (zmqg_socket_from_zmq (NULL));
  g_assert_null (zmqg_socket_from_zmq (text));
  g_assert_null (zmqg_context_from_zmq (NULL));

  /* What one sets the other has. */
  g_object_set (object, "linger", 4711, NULL);
  size = sizeof linger;
  g_assert_cmpint (zmq_getsockopt (pull, ZMQ_LINGER, &linger, &size), ==, 0);
  g_assert_cmpint (linger, ==, 4711);
  linger = 0;
  g_assert_cmpint (zmq_setsockopt (pull, ZMQ_LINGER, &linger, sizeof linger),
                   ==, 0);
  g_object_get (object, "linger", &linger, NULL);
  g_assert_cmpint (linger, ==, 0);

  /* What one binds the other can tell, and what one sends the other gets. */
  g_assert_true (zmqg_socket_bind (object, "inproc://faces", &error));
  g_assert_no_error (error);
  size = sizeof text;
  g_assert_cmpint (zmq_getsockopt (pull, ZMQ_LAST_ENDPOINT, text, &size), ==,
                   0);
  g_assert_cmpstr (text, ==, "inproc://faces");
  g_assert_cmpint (zmq_connect (push, "inproc://faces"), ==, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autofree char *got = NULL;

      g_assert_cmpint (zmq_send (push, "a", 1, ZMQ_SNDMORE), ==, 1);
      /* A message of the other face does not come between. */
      g_assert_true (zmqg_socket_send_string (zmqg_socket_from_zmq (push),
                                              "whole", NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpint (zmq_send (push, "b", 1, 0), ==, 1);

      message = zmqg_socket_receive (object, NULL, &error);
      g_assert_no_error (error);
      got = zmqg_message_get_string (message, 0);
      g_assert_cmpstr (got, ==, "whole");
      g_assert_cmpint (zmq_recv (pull, text, sizeof text, 0), ==, 1);
      g_assert_cmpint (zmq_recv (pull, text, sizeof text, 0), ==, 1);
    }

  g_object_ref (object);
  zmq_close (pull);
  g_assert_true (zmqg_socket_is_closed (object));
  g_assert_null (zmqg_socket_to_zmq (object));
  g_object_unref (object);
  zmq_close (push);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static void
on_notify (ZmqgContext *context,
           GParamSpec *pspec,
           gpointer data)
{
  void *handle = zmqg_context_to_zmq (context);
  int value;

  /* Any call with the handle, and such as change what is being told. */
  if (g_str_equal (pspec->name, "io-threads"))
    {
      g_assert_cmpint (zmq_ctx_get (handle, ZMQ_IO_THREADS), ==, 4);
      g_assert_cmpint (zmq_ctx_set (handle, ZMQ_IPV6, 1), ==, 0);
    }
  else if (g_str_equal (pspec->name, "ipv6"))
    {
      g_assert_cmpint (zmq_ctx_set_ext (handle, ZMQ_THREAD_NAME_PREFIX, "abc",
                                        3), ==, 0);
      g_assert_cmpint (zmq_ctx_get (handle, ZMQ_IPV6), ==, 1);
    }
  else
    {
      g_assert_cmpint (zmq_ctx_set (handle, ZMQ_MAX_SOCKETS, 7), ==, 0);
      g_assert_cmpint (zmq_ctx_get (handle, ZMQ_MAX_SOCKETS), ==, 7);
      value = 1;
      g_assert_cmpint (zmq_ctx_set_ext (handle, ZMQ_BLOCKY, &value,
                                        sizeof value), ==, 0);
    }
  ++*(guint *) data;
}

/* The program's handlers run without a lock. */
static void
test_options_notify (void)
{
  void *context = zmq_ctx_new ();
  guint n = 0;

  g_signal_connect (zmqg_context_from_zmq (context), "notify",
                    G_CALLBACK (on_notify), &n);
  g_assert_cmpint (zmq_ctx_set (context, ZMQ_IO_THREADS, 4), ==, 0);
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpint (zmq_ctx_set (context, ZMQ_THREAD_PRIORITY, 1), ==, 0);
  g_assert_cmpuint (n, ==, 4);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static void
test_handle_of_object (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  g_autoptr (ZmqgSocket) rep = zmqg_rep_socket_new (context);
  void *handle = zmqg_socket_to_zmq (rep);
  void *req = zmq_socket (zmqg_context_to_zmq (context), ZMQ_REQ);
  char text[8];

  g_assert_nonnull (handle);
  g_assert_true (zmqg_socket_to_zmq (rep) == handle);
  g_assert_cmpint (zmq_bind (handle, "inproc://rep"), ==, 0);
  g_assert_cmpint (zmq_connect (req, "inproc://rep"), ==, 0);
  g_assert_cmpint (zmq_send (req, "q", 1, 0), ==, 1);
  g_assert_cmpint (zmq_recv (handle, text, sizeof text, 0), ==, 1);
  g_assert_true (zmqg_socket_send_string (rep, "r", NULL, NULL));
  g_assert_cmpint (zmq_recv (req, text, sizeof text, 0), ==, 1);
  zmq_close (req);
  zmq_close (handle);
  g_assert_true (zmqg_socket_is_closed (rep));
  g_assert_true (zmqg_context_terminate (context, NULL, NULL));
}

/* A poller keeps what was closed, but nobody gets its handle. */
static void
test_closed_in_poller (void)
{
  void *context = zmq_ctx_new ();
  void *pull = zmq_socket (context, ZMQ_PULL);
  g_autoptr (ZmqgSocket) object = g_object_ref (zmqg_socket_from_zmq (pull));
  void *poller = zmq_poller_new ();
  zmq_poller_event_t event;

  g_assert_cmpint (zmq_poller_add (poller, pull, NULL, ZMQ_POLLIN), ==, 0);
  g_assert_cmpint (zmq_close (pull), ==, 0);
  g_assert_null (zmqg_socket_to_zmq (object));
  assert_fails (zmq_poller_wait (poller, &event, 0), ENOTSOCK);
  /* Nor does the context wait for it. */
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
  assert_fails (zmq_poller_wait (poller, &event, 0), ENOTSOCK);
  g_assert_cmpint (zmq_poller_destroy (&poller), ==, 0);
  g_assert_null (zmqg_socket_to_zmq (object));
}

static void
on_message (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgMessage *message,
            gpointer data)
{
  g_autofree char *text = zmqg_message_get_string (message, 0);

  g_assert_cmpstr (text, ==, "x");
  ++*(guint *) data;
}

static void
test_signal (void)
{
  void *context = zmq_ctx_new ();
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push = zmq_socket (context, ZMQ_PUSH);
  char address[64];
  gsize size = sizeof address;
  guint n = 0;

  g_assert_cmpint (zmq_bind (pull, "tcp://127.0.0.1:*"), ==, 0);
  zmq_getsockopt (pull, ZMQ_LAST_ENDPOINT, address, &size);
  g_assert_cmpint (zmq_connect (push, address), ==, 0);
  g_signal_connect (zmqg_socket_from_zmq (pull), "message",
                    G_CALLBACK (on_message), &n);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (zmq_send (push, "x", 1, 0), ==, 1);
  ZMQG_TEST_AWAIT (n == 100, 30000);
  zmq_close (pull);
  zmq_close (push);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

/* --- Threads ------------------------------------------------------------------ */

#define N_THREADS 4
#define N_EACH 2000

typedef struct
{
  void *socket;
  atomic_uint n;
} Shared;

static gpointer
share_send (gpointer data)
{
  Shared *self = data;

  for (guint i = 0; i < N_EACH; i++)
    {
      zmq_msg_t msg;

      zmq_msg_init_size (&msg, i % 100);
      g_assert_cmpint (zmq_msg_send (&msg, self->socket, 0), ==, i % 100);
    }

  return NULL;
}

static gpointer
share_receive (gpointer data)
{
  Shared *self = data;
  zmq_msg_t msg;

  zmq_msg_init (&msg);
  while (zmq_msg_recv (&msg, self->socket, 0) >= 0)
    atomic_fetch_add (&self->n, 1);
  g_assert_true (errno == ETERM || errno == ENOTSOCK);
  zmq_msg_close (&msg);
  return NULL;
}

static void
test_shared (gconstpointer data)
{
  const char *uri = data;
  void *context = zmq_ctx_new ();
  Shared pull = { zmq_socket (context, ZMQ_PULL), 0 };
  Shared push = { zmq_socket (context, ZMQ_PUSH), 0 };
  GThread *senders[N_THREADS];
  GThread *receivers[N_THREADS];
  char address[64];
  gsize size = sizeof address;

  g_assert_cmpint (zmq_bind (pull.socket, uri), ==, 0);
  zmq_getsockopt (pull.socket, ZMQ_LAST_ENDPOINT, address, &size);
  g_assert_cmpint (zmq_connect (push.socket, address), ==, 0);
  for (guint i = 0; i < N_THREADS; i++)
    {
      senders[i] = g_thread_new ("send", share_send, &push);
      receivers[i] = g_thread_new ("receive", share_receive, &pull);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (senders[i]);
  ZMQG_TEST_AWAIT (atomic_load (&pull.n) == N_THREADS * N_EACH, 60000);

  /* Closing under those who wait. */
  g_assert_cmpint (zmq_close (pull.socket), ==, 0);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (receivers[i]);
  g_assert_cmpint (zmq_close (push.socket), ==, 0);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static gpointer
close_again_and_again (gpointer data)
{
  Shared *self = data;
  int result;
  char byte;

  do
    {
      zmq_pollitem_t item = { self->socket, 0, ZMQ_POLLIN, 0 };

      result = zmq_recv (self->socket, &byte, 1, ZMQ_DONTWAIT);
      if (result >= 0 || errno == EAGAIN)
        result = zmq_poll (&item, 1, 0);
      if (result >= 0)
        result = zmq_send (self->socket, "x", 1, ZMQ_DONTWAIT);
      if (result < 0 && errno == EAGAIN)
        result = 0;
    }
  while (result >= 0);
  g_assert_cmpint (errno, ==, ENOTSOCK);
  return NULL;
}

/* A handle that is closed in one thread while others use it. */
static void
test_closed_meanwhile (void)
{
  void *context = zmq_ctx_new ();

  for (guint i = 0; i < 50; i++)
    {
      Shared pair = { zmq_socket (context, ZMQ_PAIR), 0 };
      void *other = zmq_socket (context, ZMQ_PAIR);
      GThread *threads[2];

      g_assert_cmpint (zmq_bind (pair.socket, "inproc://meanwhile"), ==, 0);
      g_assert_cmpint (zmq_connect (other, "inproc://meanwhile"), ==, 0);
      for (guint j = 0; j < 2; j++)
        threads[j] = g_thread_new ("user", close_again_and_again, &pair);
      while (zmq_recv (other, NULL, 0, 0) < 0)
        continue;
      g_assert_cmpint (zmq_close (pair.socket), ==, 0);
      for (guint j = 0; j < 2; j++)
        g_thread_join (threads[j]);
      g_assert_cmpint (zmq_close (other), ==, 0);
    }

  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static void
spoil_errno (void *data G_GNUC_UNUSED,
             void *hint G_GNUC_UNUSED)
{
  errno = EDOM;
}

static gpointer
receive_closed (gpointer data)
{
  Shared *self = data;

  atomic_store (&self->n, 1);
  assert_fails (zmq_recv (self->socket, NULL, 0, 0), ENOTSOCK);
  return NULL;
}

/* The call that was the last one with a handle drops what was sent in part, and
 * says why it failed all the same. */
static void
test_errno_of_closed (void)
{
  static guint8 data[100];
  void *context = zmq_ctx_new ();

  for (guint i = 0; i < 100; i++)
    {
      Shared pair = { zmq_socket (context, ZMQ_PAIR), 0 };
      void *other = zmq_socket (context, ZMQ_PAIR);
      GThread *thread;
      zmq_msg_t msg;

      g_assert_cmpint (zmq_bind (pair.socket, "inproc://errno"), ==, 0);
      g_assert_cmpint (zmq_connect (other, "inproc://errno"), ==, 0);
      zmq_msg_init_data (&msg, data, sizeof data, spoil_errno, NULL);
      g_assert_cmpint (zmq_msg_send (&msg, pair.socket, ZMQ_SNDMORE), ==,
                       sizeof data);
      thread = g_thread_new ("receive", receive_closed, &pair);
      while (atomic_load (&pair.n) == 0)
        g_thread_yield ();
      g_assert_cmpint (zmq_close (pair.socket), ==, 0);
      g_thread_join (thread);
      g_assert_cmpint (zmq_close (other), ==, 0);
    }

  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

/* --- Handles of objects, while others close them ---------------------------- */

static void
ask_for_handle (void *data G_GNUC_UNUSED,
                void *hint)
{
  ZmqgSocket **socket = hint;

  g_assert_null (zmqg_socket_to_zmq (*socket));
  g_clear_object (socket);
}

/* The program's code runs while the handle is being closed. */
static void
test_handle_being_closed (void)
{
  g_autoptr (ZmqgContext) context = zmqg_context_new ();
  ZmqgSocket *socket = zmqg_push_socket_new (context);
  void *handle = zmqg_socket_to_zmq (socket);
  char text[] = { 'p', 'a', 'r', 't' };
  zmq_msg_t part;

  zmq_connect (handle, "inproc://nobody");
  zmq_msg_init_data (&part, text, sizeof text, ask_for_handle, &socket);
  g_assert_cmpint (zmq_msg_send (&part, handle, ZMQ_SNDMORE), ==, 4);
  g_assert_cmpint (zmq_close (handle), ==, 0);
  g_assert_null (socket);
}

typedef struct
{
  ZmqgSocket *socket;
  void *context;
  atomic_uint n_ready;
} Closed;

static void *
get_handle (Closed *self)
{
  atomic_fetch_add (&self->n_ready, 1);
  while (atomic_load (&self->n_ready) < 3)
    g_thread_yield ();
  return zmqg_socket_to_zmq (self->socket);
}

static gpointer
use_handle (gpointer data)
{
  Closed *self = data;
  void *handle = get_handle (self);

  if (handle == NULL)
    return NULL;
  if (zmq_send (handle, "x", 1, ZMQ_DONTWAIT) < 0)
    g_assert_true (errno == EAGAIN || errno == ENOTSOCK || errno == ETERM);
  return handle;
}

static gpointer
close_handle (gpointer data)
{
  void *handle = get_handle (data);

  if (handle != NULL)
    g_assert_cmpint (zmq_close (handle), ==, 0);
  return handle;
}

static gpointer
close_object (gpointer data)
{
  Closed *self = data;

  atomic_fetch_add (&self->n_ready, 1);
  while (atomic_load (&self->n_ready) < 3)
    g_thread_yield ();
  zmqg_socket_close (self->socket);
  g_assert_cmpint (zmq_ctx_term (self->context), ==, 0);
  return NULL;
}

static void
test_handles_closed_meanwhile (void)
{
  void *context = zmq_ctx_new ();

  for (guint i = 0; i < 300; i++)
    {
      Closed closed = { NULL, context, 0 };
      GThread *threads[3];
      void *handles[3];

      closed.socket = zmqg_push_socket_new (zmqg_context_from_zmq (context));
      for (guint j = 0; j < 3; j++)
        threads[j] = g_thread_new ("handle", j == 0 ? close_handle
                                                    : use_handle, &closed);
      for (guint j = 0; j < 3; j++)
        handles[j] = g_thread_join (threads[j]);

      g_assert_nonnull (handles[0]);
      for (guint j = 1; j < 3; j++)
        g_assert_true (handles[j] == NULL || handles[j] == handles[0]);
      g_assert_true (zmqg_socket_is_closed (closed.socket));
      g_assert_null (zmqg_socket_to_zmq (closed.socket));
      g_object_unref (closed.socket);
    }

  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

/* The socket is closed as an object, and its context's handle terminated. */
static void
test_handles_terminated_meanwhile (void)
{
  for (guint i = 0; i < 200; i++)
    {
      Closed closed = { NULL, zmq_ctx_new (), 0 };
      GThread *threads[3];
      void *handles[3];

      closed.socket =
        zmqg_push_socket_new (zmqg_context_from_zmq (closed.context));
      for (guint j = 0; j < 3; j++)
        threads[j] = g_thread_new ("handle", j == 0 ? close_object
                                                    : use_handle, &closed);
      for (guint j = 0; j < 3; j++)
        handles[j] = g_thread_join (threads[j]);

      g_assert_true (handles[1] == handles[2] || handles[1] == NULL ||
                     handles[2] == NULL);
      if (handles[1] != NULL)
        g_assert_cmpint (zmq_close (handles[1]), ==, 0);
      else if (handles[2] != NULL)
        g_assert_cmpint (zmq_close (handles[2]), ==, 0);
      g_object_unref (closed.socket);
    }
}

typedef struct
{
  void *socket;
  const char *address;
  atomic_uint n; /* monitors that it had */
} Monitored;

static gpointer
monitor_again_and_again (gpointer data)
{
  Monitored *self = data;
  int result;

  do
    {
      result = zmq_socket_monitor (self->socket, self->address,
                                   ZMQ_EVENT_ALL);
      if (result == 0)
        atomic_fetch_add (&self->n, 1);
      /* Each of the threads ends what the other began. */
      if (result < 0 && errno == EADDRINUSE)
        result = 0;
    }
  while (result == 0);
  g_assert_cmpint (errno, ==, ENOTSOCK);
  return NULL;
}

/* A handle that is closed while others begin to monitor it: no monitor is left
 * behind, which would keep the context. */
static void
test_monitored_meanwhile (void)
{
  for (guint i = 0; i < 50; i++)
    {
      void *context = zmq_ctx_new ();
      void *socket = zmq_socket (context, ZMQ_PAIR);
      Monitored one = { socket, "inproc://one", 0 };
      Monitored other = { socket, "inproc://other", 0 };
      GThread *threads[2];

      threads[0] = g_thread_new ("one", monitor_again_and_again, &one);
      threads[1] = g_thread_new ("other", monitor_again_and_again, &other);
      ZMQG_TEST_AWAIT (one.n > 0 && other.n > 0, 30000);
      g_assert_cmpint (zmq_close (socket), ==, 0);
      for (guint j = 0; j < 2; j++)
        g_thread_join (threads[j]);
      g_assert_cmpint (zmq_ctx_term (context), ==, 0);
    }
}

static void
free_nothing (void *data G_GNUC_UNUSED,
              void *hint G_GNUC_UNUSED)
{
}

static gpointer
send_again_and_again (gpointer data)
{
  static guint8 memory[100];
  Shared *self = data;
  int result;

  atomic_fetch_add (&self->n, 1);
  do
    {
      zmq_msg_t msg;

      zmq_msg_init_data (&msg, memory, sizeof memory, free_nothing, NULL);
      result = zmq_msg_send (&msg, self->socket, ZMQ_DONTWAIT);
      if (result < 0 && errno == EAGAIN)
        result = 0;
      zmq_msg_close (&msg);
    }
  while (result >= 0);
  return NULL;
}

static guint
count_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

/* A context that ends while calls with its sockets go on: none of them begins a
 * thread for it that nobody would end. */
static void
test_ended_meanwhile (void)
{
  guint n_threads;

  /* What GLib begins for good. */
  zmq_ctx_term (zmq_ctx_new ());
  n_threads = count_threads ();

  for (guint i = 0; i < 300; i++)
    {
      void *context = zmq_ctx_new ();
      Shared push = { zmq_socket (context, ZMQ_PUSH), 0 };
      GThread *threads[4];

      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        threads[j] = g_thread_new ("send", send_again_and_again, &push);
      while (atomic_load (&push.n) <= i % G_N_ELEMENTS (threads))
        g_thread_yield ();
      g_assert_cmpint (zmq_close (push.socket), ==, 0);
      g_assert_cmpint (zmq_ctx_term (context), ==, 0);
      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        g_thread_join (threads[j]);
    }

  ZMQG_TEST_AWAIT (count_threads () <= n_threads, 30000);
}

typedef struct
{
  void *front;
  void *back;
  void *capture;
  void *control;
  atomic_bool over;
  atomic_bool hears;
  pthread_t thread;
} Proxied;

static gpointer
run_proxy (gpointer data)
{
  Proxied *self = data;

  self->thread = pthread_self ();
  atomic_store (&self->hears, TRUE);
  do
    {
      int result = zmq_proxy_steerable (self->front, self->back,
                                        self->capture, self->control);

      g_assert_true (result == 0 || errno == EINTR);
    }
  while (!atomic_load (&self->over));
  return NULL;
}

static void
ignore_signal (int number G_GNUC_UNUSED)
{
}

/* How many numbers, each beginning where the last one was, are there. */
static guint
receive_numbers (void *socket,
                 guint n)
{
  guint number;

  while (zmq_recv (socket, &number, sizeof number, ZMQ_DONTWAIT) >= 0)
    {
      g_assert_cmpuint (number, ==, n);
      n++;
    }

  return n;
}

#define N_PROXIED 200

/* A proxy that a signal or a command ends, while there is no room behind it,
 * loses nothing, and captures nothing twice. */
static void
test_proxy_ended (gconstpointer captures)
{
  struct sigaction action = { .sa_handler = ignore_signal };
  Proxied proxied = { NULL };
  void *context = zmq_ctx_new ();
  void *sockets[8];
  guint n_received = 0;
  guint n_captured = 0;
  guint n_sent = 0;
  GThread *thread;
  int one = 1;

  g_assert_no_errno (sigaction (SIGUSR1, &action, NULL));
  for (guint i = 0; i < 8; i++)
    {
      static const int types[] = { ZMQ_PULL, ZMQ_PUSH, ZMQ_PUSH, ZMQ_PULL,
                                   ZMQ_PAIR, ZMQ_PAIR, ZMQ_PAIR, ZMQ_PAIR };
      g_autofree char *uri = g_strdup_printf ("inproc://%u", i / 2);

      sockets[i] = zmq_socket (context, types[i]);
      zmq_setsockopt (sockets[i], ZMQ_SNDHWM, &one, sizeof one);
      zmq_setsockopt (sockets[i], ZMQ_RCVHWM, &one, sizeof one);
      g_assert_cmpint (i % 2 == 0 ? zmq_bind (sockets[i], uri)
                                  : zmq_connect (sockets[i], uri), ==, 0);
    }
  proxied.front = sockets[0];
  proxied.back = sockets[2];
  proxied.control = sockets[4];
  proxied.capture = captures != NULL ? sockets[6] : NULL;
  thread = g_thread_new ("proxy", run_proxy, &proxied);
  while (!atomic_load (&proxied.hears))
    g_thread_yield ();

  while (n_received < N_PROXIED)
    {
      if (n_sent < N_PROXIED && zmq_send (sockets[1], &n_sent, sizeof n_sent,
                                          ZMQ_DONTWAIT) >= 0)
        n_sent++;
      else if (n_sent % 2 == 0)
        pthread_kill (proxied.thread, SIGUSR1);
      else
        zmq_send (sockets[5], "TERMINATE", 9, ZMQ_DONTWAIT);
      zmqg_test_turn (NULL);
      n_captured = receive_numbers (sockets[7], n_captured);
      if (n_sent == N_PROXIED || g_random_int () % 4 == 0)
        n_received = receive_numbers (sockets[3], n_received);
    }
  if (captures != NULL)
    ZMQG_TEST_AWAIT ((n_captured = receive_numbers (sockets[7],
                                                    n_captured)) ==
                       N_PROXIED, 30000);

  atomic_store (&proxied.over, TRUE);
  g_assert_cmpint (zmq_send (sockets[5], "TERMINATE", 9, 0), ==, 9);
  g_thread_join (thread);
  for (guint i = 0; i < 8; i++)
    g_assert_cmpint (zmq_close (sockets[i]), ==, 0);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

/* --- Handles ------------------------------------------------------------------ */

static void
test_closed_handles (void)
{
  void *context = zmq_ctx_new ();
  void *sockets[100];
  zmq_msg_t msg;
  int value = 0;
  gsize size = sizeof value;

  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++)
    {
      sockets[i] = zmq_socket (context, ZMQ_DEALER);
      g_assert_cmpint (zmq_close (sockets[i]), ==, 0);
    }
  zmq_msg_init (&msg);
  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++)
    {
      zmq_pollitem_t item = { sockets[i], 0, ZMQ_POLLIN, 0 };

      assert_fails (zmq_close (sockets[i]), ENOTSOCK);
      assert_fails (zmq_send (sockets[i], "", 0, 0), ENOTSOCK);
      assert_fails (zmq_recv (sockets[i], NULL, 0, 0), ENOTSOCK);
      assert_fails (zmq_msg_send (&msg, sockets[i], 0), ENOTSOCK);
      assert_fails (zmq_msg_recv (&msg, sockets[i], 0), ENOTSOCK);
      assert_fails (zmq_bind (sockets[i], "inproc://a"), ENOTSOCK);
      assert_fails (zmq_getsockopt (sockets[i], ZMQ_TYPE, &value, &size),
                    ENOTSOCK);
      assert_fails (zmq_setsockopt (sockets[i], ZMQ_LINGER, &value, 4),
                    ENOTSOCK);
      assert_fails (zmq_socket_monitor (sockets[i], "inproc://m", 0),
                    ENOTSOCK);
      assert_fails (zmq_poll (&item, 1, 0), ENOTSOCK);
      assert_fails (zmq_proxy (sockets[i], sockets[i], NULL), ENOTSOCK);
    }
  zmq_msg_close (&msg);
  /* libzmq would end the process. */
  assert_fails (zmq_msg_close (&msg), EFAULT);
  g_assert_null (zmq_msg_data (&msg));
  g_assert_cmpuint (zmq_msg_size (&msg), ==, 0);

  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
  assert_fails (zmq_ctx_term (context), EFAULT);
  assert_fails (zmq_ctx_shutdown (context), EFAULT);
  assert_fails (zmq_ctx_get (context, ZMQ_IO_THREADS), EFAULT);
  g_assert_null (zmq_socket (context, ZMQ_PAIR));
  g_assert_cmpint (errno, ==, EFAULT);
}

static void
test_invalid_message (void)
{
  void *context = zmq_ctx_new ();
  void *socket = zmq_socket (context, ZMQ_PUSH);
  zmq_msg_t msg;

  memset (&msg, 0, sizeof msg);
  /* libzmq would end the process. */
  assert_fails (zmq_msg_send (&msg, socket, 0), EFAULT);
  zmq_close (socket);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

typedef struct
{
  void *context;
  atomic_bool stop;
} Busy;

/* Takes and gives back all locks that GLib has. */
static gpointer
open_again_and_again (gpointer data)
{
  Busy *self = data;
  int linger = 0;

  while (!self->stop)
    {
      void *socket = zmq_socket (self->context, ZMQ_PUSH);

      g_assert_nonnull (socket);
      zmq_setsockopt (socket, ZMQ_LINGER, &linger, sizeof linger);
      zmq_socket_monitor (socket, "inproc://busy", ZMQ_EVENT_ALL);
      zmq_close (socket);
    }
  return NULL;
}

/* What the child does with the parent's handles does not wait for what the
 * parent's threads were at. */
static void
test_fork_of_the_busy (void)
{
  Busy busy = { zmq_ctx_new (), FALSE };
  void *socket = zmq_socket (busy.context, ZMQ_PUSH);
  GThread *thread = g_thread_new ("busy", open_again_and_again, &busy);

  g_assert_cmpint (zmq_socket_monitor (socket, "inproc://m", ZMQ_EVENT_ALL),
                   ==, 0);
  for (guint i = 0; i < 50; i++)
    {
      int status;
      pid_t pid = fork ();

      if (pid == 0)
        {
          int failed = 0;
          int linger = 0;

          alarm (60);
          failed |= (zmq_setsockopt (socket, ZMQ_LINGER, &linger,
                                     sizeof linger) != 0) << 0;
          failed |= (zmq_socket_monitor (socket, NULL, 0) != -1 ||
                     errno != EINTR) << 1;
          failed |= (zmq_send (socket, "x", 1, 0) != -1 || errno != EINTR)
                    << 2;
          failed |= (zmq_close (socket) != 0) << 3;
          failed |= (zmq_close (socket) != -1 || errno != ENOTSOCK) << 4;
          failed |= (zmq_ctx_term (busy.context) != -1 || errno != EINTR)
                    << 5;
          _exit (failed);
        }

      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 0);
    }

  busy.stop = TRUE;
  g_thread_join (thread);
  zmq_close (socket);
  g_assert_cmpint (zmq_ctx_term (busy.context), ==, 0);
}

static void
test_fork (void)
{
  void *context = zmq_ctx_new ();
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push = zmq_socket (context, ZMQ_PUSH);
  char address[64];
  gsize size = sizeof address;
  int status;
  pid_t pid;

  g_assert_cmpint (zmq_bind (pull, "tcp://127.0.0.1:*"), ==, 0);
  zmq_getsockopt (pull, ZMQ_LAST_ENDPOINT, address, &size);
  g_assert_cmpint (zmq_connect (push, address), ==, 0);
  g_assert_cmpint (zmq_send (push, "a", 1, 0), ==, 1);
  g_assert_cmpint (zmq_recv (pull, NULL, 0, 0), ==, 1);

  pid = fork ();
  if (pid == 0)
    {
      int failed = 0;

      failed |= (zmq_recv (pull, NULL, 0, 0) != -1 || errno != EINTR) << 0;
      failed |= (zmq_send (push, "x", 1, 0) != -1 || errno != EINTR) << 1;
      failed |= (zmq_close (pull) != 0) << 2;
      failed |= (zmq_close (push) != 0) << 3;
      failed |= (zmq_ctx_term (context) != -1 || errno != EINTR) << 4;
      /* A context of its own works. */
      context = zmq_ctx_new ();
      pull = zmq_socket (context, ZMQ_PULL);
      push = zmq_socket (context, ZMQ_PUSH);
      failed |= (zmq_bind (pull, "inproc://child") != 0) << 5;
      failed |= (zmq_connect (push, "inproc://child") != 0) << 5;
      failed |= (zmq_send (push, "x", 1, 0) != 1) << 6;
      failed |= (zmq_recv (pull, NULL, 0, 0) != 1) << 6;
      _exit (failed);
    }

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);

  /* The parent goes on. */
  g_assert_cmpint (zmq_send (push, "b", 1, 0), ==, 1);
  g_assert_cmpint (zmq_recv (pull, NULL, 0, 0), ==, 1);
  zmq_close (pull);
  zmq_close (push);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

/* --- Memory of the program's --------------------------------------------------- */

static void
count_free (void *data G_GNUC_UNUSED,
            void *hint)
{
  atomic_fetch_add ((atomic_uint *) hint, 1);
}

/* Each is freed once: sent, dropped at the end, or refused. */
static void
test_memory (void)
{
  static guint8 data[20000];
  atomic_uint freed = 0;
  void *context = zmq_ctx_new ();
  void *push = zmq_socket (context, ZMQ_PUSH);
  zmq_msg_t msg;
  int zero = 0;
  guint n = 0;

  zmq_setsockopt (push, ZMQ_LINGER, &zero, sizeof zero);
  zmq_msg_init_data (&msg, data, 10, count_free, &freed);
  assert_fails (zmq_msg_send (&msg, push, ZMQ_DONTWAIT), EAGAIN);
  g_assert_cmpuint (atomic_load (&freed), ==, 0);
  zmq_msg_close (&msg);
  g_assert_cmpuint (atomic_load (&freed), ==, 1);

  /* To nobody, until the end. */
  g_assert_cmpint (zmq_connect (push, "inproc://nobody"), ==, 0);
  for (gsize size = 1; size <= sizeof data; size *= 3, n++)
    {
      zmq_msg_init_data (&msg, data, size, count_free, &freed);
      g_assert_cmpint (zmq_msg_send (&msg, push, n % 2 ? 0 : ZMQ_SNDMORE),
                       ==, size);
    }
  g_assert_cmpuint (atomic_load (&freed), ==, 1);
  zmq_close (push);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
  g_assert_cmpuint (atomic_load (&freed), ==, 1 + n);
}

/* A peer may do here what it may with libzmq. */
static void
test_no_limits (void)
{
  void *context = zmq_ctx_new ();
  void *pub = zmq_socket (context, ZMQ_PUB);
  gint64 max_size;
  int frames;
  int count;
  int bytes;

  g_object_get (zmqg_socket_from_zmq (pub), "max-message-size", &max_size,
                "max-frames", &frames, "max-subscriptions", &count,
                "max-subscription-bytes", &bytes, NULL);
  g_assert_cmpint (max_size, ==, -1);
  g_assert_cmpint (frames, ==, 0);
  g_assert_cmpint (count, ==, 0);
  g_assert_cmpint (bytes, ==, 0);
  zmq_close (pub);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

/* --- Time --------------------------------------------------------------------- */

/* In the thread that says so each look at the clock finds it advanced. */
static _Thread_local gint64 advance;
static _Thread_local gint64 advanced;

/* In the place of GLib's. */
gint64
g_get_monotonic_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  advanced += advance;
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + advanced;
}

static void
on_time (int id G_GNUC_UNUSED,
         void *arg G_GNUC_UNUSED)
{
}

/* A time that ends while it is looked at is no negative one. */
static void
test_time_ends (void)
{
  void *context = zmq_ctx_new ();
  zmq_pollitem_t item = { zmq_socket (context, ZMQ_PULL), 0, ZMQ_POLLIN, 0 };

  for (gint64 usec = 50; usec < 1500; usec += 50)
    {
      void *timers = zmq_timers_new ();

      advance = usec;
      g_assert_cmpint (zmq_poll (&item, 1, 1), ==, 0);
      g_assert_cmpint (zmq_timers_add (timers, 1, on_time, NULL), >, 0);
      for (guint i = 0; i < 20; i++)
        g_assert_cmpint (zmq_timers_timeout (timers), >=, 0);
      advance = 0;
      zmq_timers_destroy (&timers);
    }

  zmq_close (item.socket);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/compat/faces/one-socket", test_one_socket);
  g_test_add_func ("/zmqg/compat/faces/handle-of-object",
                   test_handle_of_object);
  g_test_add_func ("/zmqg/compat/faces/closed-in-poller",
                   test_closed_in_poller);
  g_test_add_func ("/zmqg/compat/faces/options-notify", test_options_notify);
  g_test_add_func ("/zmqg/compat/faces/no-limits", test_no_limits);
  g_test_add_func ("/zmqg/compat/faces/signal", test_signal);
  g_test_add_data_func ("/zmqg/compat/threads/shared/inproc",
                        "inproc://shared", test_shared);
  g_test_add_data_func ("/zmqg/compat/threads/shared/tcp",
                        "tcp://127.0.0.1:*", test_shared);
  g_test_add_func ("/zmqg/compat/threads/closed-meanwhile",
                   test_closed_meanwhile);
  g_test_add_func ("/zmqg/compat/threads/ended-meanwhile",
                   test_ended_meanwhile);
  g_test_add_func ("/zmqg/compat/threads/errno-of-closed",
                   test_errno_of_closed);
  g_test_add_data_func ("/zmqg/compat/threads/proxy-ended/alone", NULL,
                        test_proxy_ended);
  g_test_add_data_func ("/zmqg/compat/threads/proxy-ended/captures", "",
                        test_proxy_ended);
  g_test_add_func ("/zmqg/compat/handles/closed", test_closed_handles);
  g_test_add_func ("/zmqg/compat/handles/being-closed",
                   test_handle_being_closed);
  g_test_add_func ("/zmqg/compat/handles/closed-meanwhile",
                   test_handles_closed_meanwhile);
  g_test_add_func ("/zmqg/compat/handles/terminated-meanwhile",
                   test_handles_terminated_meanwhile);
  g_test_add_func ("/zmqg/compat/handles/invalid-message",
                   test_invalid_message);
  g_test_add_func ("/zmqg/compat/monitored-meanwhile",
                   test_monitored_meanwhile);
  g_test_add_func ("/zmqg/compat/time-ends", test_time_ends);
  g_test_add_func ("/zmqg/compat/fork", test_fork);
  g_test_add_func ("/zmqg/compat/fork/busy", test_fork_of_the_busy);
  g_test_add_func ("/zmqg/compat/memory", test_memory);

  return g_test_run ();
}
