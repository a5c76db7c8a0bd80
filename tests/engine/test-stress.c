/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-error.h"
#include "base/zmqg-lock-private.h"
#include "zmqg-test.h"
#include "zmqg.h"

#include <stdatomic.h>
#include <string.h>

/* Threads that send, receive, close and cancel over the same sockets, in
 * both engine modes: run it under ThreadSanitizer. Takes a second for each
 * case, ten with -m slow. */

#define N_PAIRS 4
#define N_SLOTS (N_PAIRS * 2)
#define N_SENDERS 2
#define N_RECEIVERS 2
#define DEADLINE 60000

typedef struct
{
  ZmqgContext *context;
  const char *transport;
  char *folder;
  atomic_uint n_names;
  atomic_uint terminated;
  gint64 until;
  guint pending; /* asynchronous calls of the main thread */

  ZmqgLock lock; /* guards what follows */
  ZmqgSocket *sockets[N_SLOTS]; /* even: binds; the next one connects to it */
  char *uris[N_SLOTS];
  GCancellable *cancellables[N_RECEIVERS];

  atomic_uint sent;
  atomic_uint received;
  atomic_uint cancelled;
  atomic_uint made; /* buffers of the user's, and how many came back */
  atomic_uint freed;
  atomic_uint failed; /* user code where there must be none */
} Stress;

/* --- Sockets ------------------------------------------------------------ */

static ZmqgSocket *
make_socket (Stress *self,
             guint slot)
{
  const GType types[N_SLOTS] = {
    zmqg_dealer_socket_get_type (), zmqg_dealer_socket_get_type (),
    zmqg_pull_socket_get_type (),   zmqg_push_socket_get_type (),
    zmqg_pub_socket_get_type (),    zmqg_sub_socket_get_type (),
    zmqg_router_socket_get_type (), zmqg_dealer_socket_get_type (),
  };
  ZmqgSocket *socket;

  socket = g_object_new (types[slot], "context", self->context,
                         "send-timeout", 20, "receive-timeout", 20,
                         "linger", g_random_int_range (0, 3) * 10,
                         "reconnect-interval", 1,
                         "send-hwm", 50, "receive-hwm", 50,
                         "immediate", g_random_boolean (), NULL);
  if (ZMQG_IS_SUB_SOCKET (socket))
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), "", NULL);
  return socket;
}

/* The references of GObjects are counted where ThreadSanitizer does not see
 * it: the lock tells it. */
static void
drop_socket (Stress *self,
             ZmqgSocket *socket)
{
  zmqg_lock (&self->lock);
  zmqg_unlock (&self->lock);
  g_object_unref (socket);
}

static void
place_socket (Stress *self,
              guint slot)
{
  ZmqgSocket *socket = make_socket (self, slot);
  g_autofree char *uri = NULL;
  ZmqgSocket *old;

  if (slot % 2 == 0)
    {
      guint name = atomic_fetch_add (&self->n_names, 1);

      if (g_str_equal (self->transport, "tcp"))
        uri = g_strdup ("tcp://127.0.0.1:0");
      else if (g_str_equal (self->transport, "ipc"))
        uri = g_strdup_printf ("ipc://%s/%u", self->folder, name);
      else
        uri = g_strdup_printf ("inproc://%u", name);
      g_assert_true (zmqg_socket_bind (socket, uri, NULL));
      g_free (uri);
      uri = zmqg_socket_get_last_endpoint (socket);
    }
  else
    {
      zmqg_lock (&self->lock);
      uri = g_strdup (self->uris[slot - 1]);
      zmqg_unlock (&self->lock);
      zmqg_socket_connect_to (socket, uri, NULL);
    }

  zmqg_lock (&self->lock);
  old = self->sockets[slot];
  self->sockets[slot] = socket;
  g_free (self->uris[slot]);
  self->uris[slot] = g_steal_pointer (&uri);
  zmqg_unlock (&self->lock);

  if (old != NULL)
    {
      zmqg_socket_close (old);
      drop_socket (self, old);
    }
}

static ZmqgSocket *
pick_socket (Stress *self)
{
  ZmqgSocket *socket;

  zmqg_lock (&self->lock);
  socket = g_object_ref (self->sockets[g_random_int_range (0, N_SLOTS)]);
  zmqg_unlock (&self->lock);
  return socket;
}

static gboolean
goes_on (Stress *self)
{
  return g_get_monotonic_time () < self->until;
}

/* --- Messages ----------------------------------------------------------- */

typedef struct
{
  Stress *stress;
  guint8 data[];
} Buffer;

/* User code: never while engine code runs, in whatever thread. */
static void
buffer_free (gpointer data)
{
  Buffer *self = data;

  if (g_main_context_get_thread_default () != NULL)
    atomic_fetch_add (&self->stress->failed, 1);
  zmqg_order_after_drop (self->data);
  /* Whoever looked at it has counted that. */
  atomic_load (&self->stress->received);
  atomic_fetch_add (&self->stress->freed, 1);
  g_free (self);
}

/* Every byte of a frame is its size, modulo 251. */
static GBytes *
make_bytes (Stress *self)
{
  static const gsize sizes[] = { 0, 1, 10, 200, 300, 5000, 9000, 70000 };
  gsize size = sizes[g_random_int_range (0, G_N_ELEMENTS (sizes))];
  Buffer *buffer = g_malloc (sizeof *buffer + size);

  buffer->stress = self;
  memset (buffer->data, size % 251, size);
  atomic_fetch_add (&self->made, 1);
  return g_bytes_new_with_free_func (buffer->data, size, buffer_free, buffer);
}

static void
check_message (ZmqgMessage *message)
{
  guint n = zmqg_message_get_n_frames (message);

  /* ROUTER puts an address before it. */
  for (guint i = n == 3 ? 1 : 0; i < n; i++)
    {
      gsize size;
      const guint8 *data = zmqg_message_get_data (message, i, &size);

      if (size > 0)
        {
          g_assert_cmpuint (data[0], ==, size % 251);
          g_assert_cmpuint (data[size - 1], ==, size % 251);
          g_assert_cmpuint (data[size / 2], ==, size % 251);
        }
    }
}

/* --- Threads ------------------------------------------------------------ */

static gpointer
sender_thread (gpointer data)
{
  Stress *self = data;

  while (goes_on (self))
    {
      ZmqgSocket *socket = pick_socket (self);
      guint n = g_random_int_range (1, 60);

      for (guint i = 0; i < n && goes_on (self); i++)
        {
          g_autoptr (ZmqgMessage) message = zmqg_message_new ();
          g_autoptr (GBytes) first = make_bytes (self);
          g_autoptr (GBytes) second = make_bytes (self);
          gboolean sent;

          zmqg_message_append_bytes (message, first);
          zmqg_message_append_bytes (message, second);
          sent = i % 3 == 0 ? zmqg_socket_send (socket, message, NULL, NULL)
                            : zmqg_socket_try_send (socket, message, NULL);
          if (!sent)
            break;
          atomic_fetch_add (&self->sent, 1);
        }
      drop_socket (self, socket);
    }
  return NULL;
}

typedef struct
{
  Stress *stress;
  guint index;
} Receiver;

static gpointer
receiver_thread (gpointer data)
{
  Receiver *receiver = data;
  Stress *self = receiver->stress;

  while (goes_on (self))
    {
      ZmqgSocket *socket = pick_socket (self);
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      zmqg_lock (&self->lock);
      g_set_object (&self->cancellables[receiver->index], cancellable);
      zmqg_unlock (&self->lock);

      for (guint i = 0; i < 60 && goes_on (self); i++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (ZmqgMessage) message = NULL;

          message = i % 2 == 0
                      ? zmqg_socket_receive (socket, cancellable, &error)
                      : zmqg_socket_try_receive (socket, &error);
          if (message != NULL)
            {
              check_message (message);
              atomic_fetch_add (&self->received, 1);
            }
          else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
            {
              atomic_fetch_add (&self->cancelled, 1);
              break;
            }
          else if (!g_error_matches (error, ZMQG_ERROR,
                                     ZMQG_ERROR_WOULD_BLOCK))
            {
              break;
            }
        }
      drop_socket (self, socket);
    }
  return NULL;
}

static gpointer
churn_thread (gpointer data)
{
  Stress *self = data;

  while (goes_on (self))
    {
      g_autoptr (GCancellable) cancellable = NULL;
      gint64 pause = g_get_monotonic_time () + g_random_int_range (0, 4000);

      place_socket (self, g_random_int_range (0, N_SLOTS));
      zmqg_lock (&self->lock);
      cancellable = self->cancellables[g_random_int_range (0, N_RECEIVERS)];
      if (cancellable != NULL)
        g_object_ref (cancellable);
      zmqg_unlock (&self->lock);
      if (cancellable != NULL)
        g_cancellable_cancel (cancellable);

      while (g_get_monotonic_time () < pause)
        g_thread_yield ();
    }
  return NULL;
}

static void
on_message (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgMessage *message,
            gpointer user_data)
{
  Stress *self = user_data;

  check_message (message);
  atomic_fetch_add (&self->received, 1);
}

static void
on_received (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  Stress *self = user_data;
  g_autoptr (ZmqgMessage) message = NULL;

  message = zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, NULL);
  if (message != NULL)
    {
      check_message (message);
      atomic_fetch_add (&self->received, 1);
    }
  self->pending--;
}

/* The application's main loop takes its part. */
static void
run_main_context (Stress *self)
{
  while (goes_on (self))
    {
      ZmqgSocket *socket = pick_socket (self);
      gulong id = 0;

      if (g_random_boolean ())
        id = g_signal_connect (socket, "message", G_CALLBACK (on_message),
                               self);
      if (g_random_boolean ())
        {
          g_autoptr (GCancellable) cancellable = g_cancellable_new ();

          self->pending++;
          zmqg_socket_receive_async (socket, cancellable, on_received, self);
          for (guint i = 0; i < 10; i++)
            g_main_context_iteration (NULL, FALSE);
          g_cancellable_cancel (cancellable);
        }
      for (guint i = 0; i < 10; i++)
        g_main_context_iteration (NULL, FALSE);
      if (id != 0)
        g_signal_handler_disconnect (socket, id);
      if (g_random_int_range (0, 4) == 0)
        zmqg_test_turn (NULL);
      drop_socket (self, socket);
    }
  ZMQG_TEST_AWAIT (self->pending == 0, DEADLINE);
}

static gpointer
terminate_thread (gpointer data)
{
  Stress *self = data;
  GError *error = NULL;

  zmqg_context_terminate (self->context, NULL, &error);
  g_assert_no_error (error);
  atomic_store (&self->terminated, TRUE);
  return NULL;
}

static void
run_stress (const char *transport,
            ZmqgEngineMode mode)
{
  Stress self = { .transport = transport };
  Receiver receivers[N_RECEIVERS];
  GThread *threads[N_SENDERS + N_RECEIVERS + 1];
  guint n = 0;
  gint64 seconds = g_test_slow () ? 10 : 1;

  zmqg_lock_init (&self.lock);
  self.folder = zmqg_test_tmpdir ();
  self.context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode, NULL);
  for (guint i = 0; i < N_SLOTS; i++)
    place_socket (&self, i);
  self.until = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;

  for (guint i = 0; i < N_SENDERS; i++)
    threads[n++] = g_thread_new ("sender", sender_thread, &self);
  for (guint i = 0; i < N_RECEIVERS; i++)
    {
      receivers[i] = (Receiver) { &self, i };
      threads[n++] = g_thread_new ("receiver", receiver_thread,
                                   &receivers[i]);
    }
  threads[n++] = g_thread_new ("churn", churn_thread, &self);
  run_main_context (&self);
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);

  for (guint i = 0; i < N_SLOTS; i++)
    {
      zmqg_socket_close (self.sockets[i]);
      g_clear_object (&self.sockets[i]);
      g_free (self.uris[i]);
    }
  for (guint i = 0; i < N_RECEIVERS; i++)
    g_clear_object (&self.cancellables[i]);
  threads[0] = g_thread_new ("terminate", terminate_thread, &self);
  ZMQG_TEST_AWAIT (atomic_load (&self.terminated), DEADLINE);
  g_thread_join (threads[0]);
  g_object_unref (self.context);

  g_test_message ("sent %u, received %u, cancelled %u",
                  atomic_load (&self.sent), atomic_load (&self.received),
                  atomic_load (&self.cancelled));
  g_assert_cmpuint (atomic_load (&self.received), >, 0);
  ZMQG_TEST_AWAIT (atomic_load (&self.freed) == atomic_load (&self.made),
                   DEADLINE);
  g_assert_cmpuint (atomic_load (&self.failed), ==, 0);
  zmqg_test_rmdir (self.folder);
  g_free (self.folder);
  zmqg_lock_clear (&self.lock);
}

static void
test_stress (gconstpointer data)
{
  static const char *const transports[] = { "inproc", "tcp", "ipc" };
  guint number = GPOINTER_TO_UINT (data);
  guint n_fds;

  /* What GIO opens for good. */
  if (number == 0)
    run_stress ("tcp", ZMQG_ENGINE_MODE_THREADS);
  n_fds = zmqg_test_fd_count ();
  run_stress (transports[number / 2], number % 2);
  ZMQG_TEST_AWAIT (zmqg_test_fd_count () <= n_fds + 2, DEADLINE);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, number)                                                     \
  g_test_add_data_func ("/zmqg/engine/stress/" path,                          \
                        GUINT_TO_POINTER (number), test_stress)
  ADD ("inproc/threads", 0);
  ADD ("inproc/main-context", 1);
  ADD ("tcp/threads", 2);
  ADD ("tcp/main-context", 3);
  ADD ("ipc/threads", 4);
  ADD ("ipc/main-context", 5);
#undef ADD

  return g_test_run ();
}
