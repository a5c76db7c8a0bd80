/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"
#include "socket/statistics-check.h"

#include <string.h>

/* Four threads bind, connect, send, receive, wait, cancel, set options, close
 * and drop references in random order, over all types and transports, while
 * a fifth kills connections and the main thread runs a main loop. What
 * arrives is whole and comes once; in the end nothing is left. */

/* A GCancellable that is cancelled in one thread may keep a source that another
 * destroys, for good: GLib 2.74 takes a reference that nobody drops. To see
 * whose memory it is AddressSanitizer has to look through GLib's stack. */
const char *__asan_default_options (void);
const char *__lsan_default_suppressions (void);

const char *
__asan_default_options (void)
{
  return "fast_unwind_on_malloc=0";
}

const char *
__lsan_default_suppressions (void)
{
  return "leak:g_cancellable_source_new";
}

/* Asynchronous calls of one thread. */
#define PENDING_MAX 32

typedef struct
{
  Chaos *chaos;
  guint index;
  GRand *rand;
  GMainContext *context;
  guint pending;
} Worker;

/* --- Calls -------------------------------------------------------------- */

static void
take (Chaos *self,
      ZmqgMessage *message)
{
  if (message == NULL)
    return;

  chaos_message_check (self, message);
  zmqg_message_unref (message);
}

static void
take_batch (Chaos *self,
            GPtrArray *batch)
{
  for (guint i = 0; batch != NULL && i < batch->len; i++)
    chaos_message_check (self, g_ptr_array_index (batch, i));
  g_clear_pointer (&batch, g_ptr_array_unref);
}

static GCancellable *
get_cancellable (Worker *self)
{
  GCancellable *cancellable;

  zmqg_lock (&self->chaos->lock);
  cancellable = g_object_ref (self->chaos->cancellables[self->index]);
  zmqg_unlock (&self->chaos->lock);
  return cancellable;
}

static void
drop_cancellable (Worker *self,
                  GCancellable *cancellable)
{
  zmqg_lock (&self->chaos->lock);
  zmqg_unlock (&self->chaos->lock);
  g_object_unref (cancellable);
}

static void
cancel (Worker *self,
        guint index)
{
  GCancellable *old;

  zmqg_lock (&self->chaos->lock);
  old = self->chaos->cancellables[index];
  self->chaos->cancellables[index] = g_cancellable_new ();
  zmqg_unlock (&self->chaos->lock);
  g_cancellable_cancel (old);
  drop_cancellable (self, old);
}

static void
send_some (Worker *self,
           ZmqgSocket *socket)
{
  ZmqgSocketType type = zmqg_socket_get_socket_type (socket);
  GCancellable *cancellable = get_cancellable (self);
  guint n = g_rand_int_range (self->rand, 1, 30);
  gboolean sent = TRUE;

  for (guint i = 0; i < n && sent; i++)
    {
      ZmqgMessage *message = chaos_message_new (self->chaos, self->rand, type);

      if (g_rand_boolean (self->rand))
        sent = zmqg_socket_send (socket, message, cancellable, NULL);
      else
        sent = zmqg_socket_try_send (socket, message, NULL);
      if (sent)
        atomic_fetch_add (&self->chaos->sent, 1);
      zmqg_message_unref (message);
    }
  drop_cancellable (self, cancellable);
}

static void
receive_some (Worker *self,
              ZmqgSocket *socket)
{
  GCancellable *cancellable = get_cancellable (self);
  guint n = g_rand_int_range (self->rand, 1, 30);

  for (guint i = 0; i < n; i++)
    {
      ZmqgMessage *message;

      message = g_rand_boolean (self->rand)
                  ? zmqg_socket_receive (socket, cancellable, NULL)
                  : zmqg_socket_try_receive (socket, NULL);
      if (message == NULL)
        break;
      take (self->chaos, message);
    }
  drop_cancellable (self, cancellable);
}

static void
receive_batch (Worker *self,
               ZmqgSocket *socket)
{
  GCancellable *cancellable = get_cancellable (self);

  take_batch (self->chaos,
              zmqg_socket_receive_batch (socket,
                                         g_rand_int_range (self->rand, 1, 50),
                                         cancellable, NULL));
  drop_cancellable (self, cancellable);
}

static gboolean
on_ready (ZmqgSocket *socket,
          GIOCondition condition,
          gpointer user_data)
{
  Chaos *self = user_data;

  if (condition & G_IO_IN)
    take (self, zmqg_socket_try_receive (socket, NULL));
  return G_SOURCE_CONTINUE;
}

static void
use_source (Worker *self,
            ZmqgSocket *socket)
{
  GCancellable *cancellable = get_cancellable (self);
  GSource *source;

  source = zmqg_socket_create_source (socket, G_IO_IN | G_IO_OUT,
                                      cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (on_ready), self->chaos, NULL);
  g_source_attach (source, self->context);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (self->context, FALSE);
  g_source_destroy (source);
  g_source_unref (source);
  drop_cancellable (self, cancellable);
}

/* --- Asynchronous calls ------------------------------------------------- */

static void
on_received (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  Worker *self = user_data;

  take (self->chaos,
        zmqg_socket_receive_finish (ZMQG_SOCKET (source), result, NULL));
  self->pending--;
}

static void
on_batch (GObject *source,
          GAsyncResult *result,
          gpointer user_data)
{
  Worker *self = user_data;

  take_batch (self->chaos, zmqg_socket_receive_batch_finish (
                             ZMQG_SOCKET (source), result, NULL));
  self->pending--;
}

static void
on_sent (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Worker *self = user_data;

  if (zmqg_socket_send_finish (ZMQG_SOCKET (source), result, NULL))
    atomic_fetch_add (&self->chaos->sent, 1);
  self->pending--;
}

static void
on_flushed (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  Worker *self = user_data;

  zmqg_socket_flush_finish (ZMQG_SOCKET (source), result, NULL);
  self->pending--;
}

static void
on_peers (GObject *source,
          GAsyncResult *result,
          gpointer user_data)
{
  Worker *self = user_data;

  zmqg_socket_wait_for_peers_finish (ZMQG_SOCKET (source), result, NULL);
  self->pending--;
}

static void
on_closed (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  Worker *self = user_data;
  guint64 unsent;

  zmqg_socket_close_finish (ZMQG_SOCKET (source), result, &unsent, NULL);
  self->pending--;
}

static void
on_reply (GObject *source,
          GAsyncResult *result,
          gpointer user_data)
{
  Worker *self = user_data;

  take (self->chaos, zmqg_req_socket_request_finish (ZMQG_REQ_SOCKET (source),
                                                     result, NULL));
  self->pending--;
}

static void
request (Worker *self,
         ZmqgSocket *socket,
         GCancellable *cancellable)
{
  ZmqgMessage *message;

  message = chaos_message_new (self->chaos, self->rand,
                               ZMQG_SOCKET_TYPE_REQ);
  zmqg_req_socket_request_async (ZMQG_REQ_SOCKET (socket), message,
                                 g_rand_int_range (self->rand, 1, 100),
                                 cancellable, on_reply, self);
  zmqg_message_unref (message);
}

static void
send_async (Worker *self,
            ZmqgSocket *socket,
            GCancellable *cancellable)
{
  ZmqgMessage *message;

  message = chaos_message_new (self->chaos, self->rand,
                               zmqg_socket_get_socket_type (socket));
  zmqg_socket_send_async (socket, message, cancellable, on_sent, self);
  zmqg_message_unref (message);
}

static void
call_async (Worker *self,
            ZmqgSocket *socket)
{
  GCancellable *cancellable;

  if (self->pending >= PENDING_MAX)
    return;

  cancellable = get_cancellable (self);
  self->pending++;
  switch (g_rand_int_range (self->rand, 0, 12))
    {
    case 0:
      zmqg_socket_receive_batch_async (socket, 10, cancellable, on_batch,
                                       self);
      break;
    case 1:
      zmqg_socket_flush_async (socket, cancellable, on_flushed, self);
      break;
    case 2:
      zmqg_socket_wait_for_peers_async (socket, 2, cancellable, on_peers,
                                        self);
      break;
    case 3:
      zmqg_socket_close_async (socket, g_rand_int_range (self->rand, 0, 50),
                               cancellable, on_closed, self);
      break;
    case 4:
    case 5:
    case 6:
      send_async (self, socket, cancellable);
      break;
    default:
      if (ZMQG_IS_REQ_SOCKET (socket))
        request (self, socket, cancellable);
      else
        zmqg_socket_receive_async (socket, cancellable, on_received, self);
      break;
    }
  drop_cancellable (self, cancellable);
}

/* --- Signals and models ------------------------------------------------- */

static void
on_message (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgMessage *message,
            gpointer user_data)
{
  chaos_message_check (user_data, message);
}

/* One handler at a time: two would get each message both. */
static void
listen_to (Worker *self,
           ZmqgSocket *socket)
{
  gboolean free;
  gulong id;

  zmqg_lock (&self->chaos->lock);
  free = g_object_get_data (G_OBJECT (socket), "listener") == NULL;
  if (free)
    g_object_set_data (G_OBJECT (socket), "listener", self);
  zmqg_unlock (&self->chaos->lock);
  if (!free)
    return;

  id = g_signal_connect (socket, "message", G_CALLBACK (on_message),
                         self->chaos);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (self->context, FALSE);
  g_signal_handler_disconnect (socket, id);

  zmqg_lock (&self->chaos->lock);
  g_object_set_data (G_OBJECT (socket), "listener", NULL);
  zmqg_unlock (&self->chaos->lock);
}

/* Models belong to the thread of the socket: this one made it. */
static void
look_at_models (Worker *self,
                guint slot)
{
  ZmqgSocket *socket;
  GListModel *models[2];

  socket = chaos_socket_new (self->chaos, self->rand, slot % CHAOS_N_TYPES);
  models[0] = zmqg_socket_get_peers (socket);
  models[1] = zmqg_socket_get_endpoints (socket);
  chaos_socket_bind (self->chaos, self->rand, socket);
  chaos_socket_connect (self->chaos, self->rand, socket);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (models[i % 2], 0);

      g_main_context_iteration (self->context, FALSE);
    }
  zmqg_socket_close (socket);
  chaos_socket_drop (self->chaos, socket);
}

static void
look_at_statistics (ZmqgSocket *socket)
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);

  statistics_check (statistics);
}

/* Nothing is queued when all is over: each message went somewhere. */
static gboolean
is_all_accounted_for (ZmqgSocket *socket)
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);

  statistics_check (statistics);
  return zmqg_statistics_get_outbound_queued (statistics) == 0 &&
         zmqg_statistics_get_inbound_queued (statistics) == 0 &&
         zmqg_statistics_get_peers (statistics) == 0;
}

/* --- Threads ------------------------------------------------------------ */

static void
act (Worker *self)
{
  guint slot = g_rand_int_range (self->rand, 0, CHAOS_N_SLOTS);
  ZmqgSocket *socket;

  socket = chaos_socket_pick (self->chaos, self->rand);
  switch (g_rand_int_range (self->rand, 0, 40))
    {
    case 0:
    case 1:
      chaos_socket_replace (self->chaos, self->rand, slot);
      break;
    case 2:
    case 3:
      chaos_socket_bind (self->chaos, self->rand, socket);
      break;
    case 4:
    case 5:
    case 6:
      chaos_socket_connect (self->chaos, self->rand, socket);
      break;
    case 7:
    case 8:
      chaos_socket_leave (self->chaos, self->rand, socket);
      break;
    case 9:
    case 10:
      chaos_socket_set_option (self->rand, socket);
      break;
    case 11:
      chaos_socket_subscribe (self->rand, socket);
      break;
    case 12:
    case 13:
      cancel (self, g_rand_int_range (self->rand, 0, CHAOS_N_WORKERS + 1));
      break;
    case 14:
    case 15:
      use_source (self, socket);
      break;
    case 16:
      zmqg_socket_get_events (socket);
      look_at_statistics (socket);
      break;
    case 17:
      look_at_models (self, slot);
      break;
    case 18:
      listen_to (self, socket);
      break;
    case 19:
    case 20:
    case 21:
    case 22:
    case 23:
      call_async (self, socket);
      break;
    case 24:
    case 25:
    case 26:
      receive_batch (self, socket);
      break;
    case 27:
    case 28:
    case 29:
    case 30:
    case 31:
    case 32:
      receive_some (self, socket);
      break;
    default:
      send_some (self, socket);
      break;
    }
  chaos_socket_drop (self->chaos, socket);

  for (guint i = 0; i < 4; i++)
    g_main_context_iteration (self->context, FALSE);
}

static void
finish_worker (Worker *self)
{
  gint64 until =
    g_get_monotonic_time () + CHAOS_DEADLINE_MS * G_GINT64_CONSTANT (1000);

  cancel (self, self->index);
  while (self->pending > 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      zmqg_test_turn (self->context);
    }
}

static gpointer
worker_thread (gpointer data)
{
  Worker *self = data;

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  while (!atomic_load (&self->chaos->over))
    act (self);
  finish_worker (self);
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);

  return NULL;
}

/* The main thread's part: its main loop, and sockets that belong to it. */
static void
run_main_loop (Worker *self,
               gint64 until)
{
  while (g_get_monotonic_time () < until)
    {
      ZmqgSocket *socket = chaos_socket_pick (self->chaos, self->rand);

      if (g_rand_int_range (self->rand, 0, 20) == 0)
        chaos_socket_replace (self->chaos, self->rand,
                              g_rand_int_range (self->rand, 0,
                                                CHAOS_N_SLOTS));
      else if (g_rand_boolean (self->rand))
        listen_to (self, socket);
      else
        call_async (self, socket);
      chaos_socket_drop (self->chaos, socket);
      zmqg_test_turn (self->context);
    }
}

/* --- The whole ---------------------------------------------------------- */

static void
chaos_end (Chaos *self)
{
  for (guint i = 0; i < CHAOS_N_SLOTS; i++)
    zmqg_socket_close (self->sockets[i]);
  for (guint i = 0; i <= CHAOS_N_WORKERS; i++)
    g_clear_object (&self->cancellables[i]);
  for (guint i = 0; i < CHAOS_N_ADDRESSES; i++)
    g_free (self->addresses[i].uri);
}

static void
on_terminated (GObject *source,
               GAsyncResult *result,
               gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  gboolean *terminated = user_data;

  zmqg_context_terminate_finish (ZMQG_CONTEXT (source), result, &error);
  g_assert_no_error (error);
  *terminated = TRUE;
}

static void
run_chaos (ZmqgEngineMode mode,
           guint32 seed,
           gint64 msec)
{
  Chaos *self = g_new0 (Chaos, 1);
  Worker workers[CHAOS_N_WORKERS + 1];
  Worker *main_worker = &workers[CHAOS_N_WORKERS];
  GThread *threads[CHAOS_N_WORKERS + 1];
  gboolean terminated = FALSE;
  gpointer context;

  zmqg_lock_init (&self->lock);
  self->seed = seed;
  self->tag = g_random_int ();
  self->folder = zmqg_test_tmpdir ();
  self->context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode, NULL);
  if (mode == ZMQG_ENGINE_MODE_THREADS)
    zmqg_context_set_io_threads (self->context, 1 + seed % 2);
  for (guint i = 0; i <= CHAOS_N_WORKERS; i++)
    {
      workers[i] = (Worker) { .chaos = self, .index = i };
      workers[i].rand = g_rand_new_with_seed (seed + i);
      self->cancellables[i] = g_cancellable_new ();
    }
  for (guint i = 0; i < CHAOS_N_SLOTS; i++)
    chaos_socket_replace (self, main_worker->rand, i);

  for (guint i = 0; i < CHAOS_N_WORKERS; i++)
    threads[i] = g_thread_new ("worker", worker_thread, &workers[i]);
  threads[CHAOS_N_WORKERS] = g_thread_new ("attack", chaos_attack, self);
  run_main_loop (main_worker, g_get_monotonic_time () + msec * 1000);
  if (seed % 4 >= 2)
    {
      /* And all that wait are told that it is over. */
      zmqg_context_shutdown (self->context);
      run_main_loop (main_worker, g_get_monotonic_time () + 100 * 1000);
    }
  atomic_store (&self->over, TRUE);
  for (guint i = 0; i <= CHAOS_N_WORKERS; i++)
    g_thread_join (threads[i]);
  finish_worker (main_worker);

  chaos_end (self);
  zmqg_context_terminate_async (self->context, NULL, on_terminated,
                                &terminated);
  ZMQG_TEST_AWAIT (terminated, CHAOS_DEADLINE_MS);
  for (guint i = 0; i < CHAOS_N_SLOTS; i++)
    {
      ZMQG_TEST_AWAIT (is_all_accounted_for (self->sockets[i]),
                       CHAOS_DEADLINE_MS);
      g_clear_object (&self->sockets[i]);
    }
  context = self->context;
  g_object_add_weak_pointer (context, &context);
  g_object_unref (self->context);
  ZMQG_TEST_AWAIT (context == NULL, CHAOS_DEADLINE_MS);
  ZMQG_TEST_AWAIT (atomic_load (&self->freed) == atomic_load (&self->made),
                   CHAOS_DEADLINE_MS);

  g_test_message ("seed %u: sent %u, received %u, killed %u", seed,
                  atomic_load (&self->sent), atomic_load (&self->received),
                  atomic_load (&self->killed));
  if (msec >= 1000)
    g_assert_cmpuint (atomic_load (&self->received), >, 0);
  for (guint i = 0; i <= CHAOS_N_WORKERS; i++)
    g_rand_free (workers[i].rand);
  zmqg_test_rmdir (self->folder);
  g_free (self->folder);
  zmqg_lock_clear (&self->lock);
  g_free (self);
}

/* Threads of the library. */
static guint
count_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = NULL;
      g_autofree char *text = NULL;

      path = g_strdup_printf ("/proc/self/task/%s/comm", name);
      if (g_file_get_contents (path, &text, NULL, NULL) &&
          g_str_has_prefix (text, "zmqg"))
        n++;
    }

  return n;
}

static void
test_chaos (gconstpointer data)
{
  ZmqgEngineMode mode = GPOINTER_TO_INT (data);
  const char *seconds = g_getenv ("ZMQG_TEST_SECONDS");
  const char *seed_text = g_getenv ("ZMQG_TEST_SEED");
  guint32 seed = seed_text != NULL ? g_ascii_strtoull (seed_text, NULL, 10)
                                   : g_random_int ();
  guint n_fds;

  g_test_message ("ZMQG_TEST_SEED=%u", seed);

  /* What GIO opens for good. */
  run_chaos (mode, seed + 1000, 200);
  n_fds = zmqg_test_fd_count ();
  run_chaos (mode, seed,
             seconds != NULL ? g_ascii_strtoll (seconds, NULL, 10) * 1000
                             : 3000);
  ZMQG_TEST_AWAIT (zmqg_test_fd_count () <= n_fds + 2, CHAOS_DEADLINE_MS);
  ZMQG_TEST_AWAIT (count_threads () == 0, CHAOS_DEADLINE_MS);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  /* ThreadSanitizer does not see that GLib orders their making. */
  g_type_class_unref (g_type_class_ref (ZMQG_TYPE_ENDPOINT));
  g_type_class_unref (g_type_class_ref (ZMQG_TYPE_PEER));

  g_test_add_data_func ("/zmqg/chaos/threads",
                        GINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS),
                        test_chaos);
  g_test_add_data_func ("/zmqg/chaos/main-context",
                        GINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT),
                        test_chaos);

  return g_test_run ();
}
