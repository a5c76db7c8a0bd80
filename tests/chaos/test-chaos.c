/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"
#include "socket/statistics-check.h"

/* Four threads do everything that the API has in random order, over all types
 * and transports, while a fifth kills connections and the main thread runs a
 * main loop. What arrives is whole and comes once; in the end nothing is
 * left. */

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

/* How many actions of the main thread there are per context that goes. */
#define CONTEXT_AGE 250

/* --- Statistics --------------------------------------------------------- */

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
act (ChaosWorker *self)
{
  ZmqgSocket *socket = chaos_socket_pick (self->chaos);

  switch (chaos_random (52))
    {
    case 0:
      if (chaos_one_in (4))
        chaos_socket_replace (self->chaos, chaos_random (CHAOS_N_SLOTS));
      break;
    case 1:
    case 2:
    case 3:
      chaos_socket_bind (self->chaos, socket);
      break;
    case 4:
    case 5:
    case 6:
      chaos_socket_connect (self->chaos, socket);
      break;
    case 7:
    case 8:
      chaos_socket_leave (self->chaos, socket);
      break;
    case 9:
    case 10:
      chaos_socket_set_option (socket);
      break;
    case 11:
    case 12:
      chaos_socket_subscribe (socket);
      break;
    case 13:
    case 14:
      chaos_cancel (self, chaos_random (CHAOS_N_WORKERS + 1));
      break;
    case 15:
    case 16:
      chaos_use_source (self, socket);
      break;
    case 17:
      zmqg_socket_get_events (socket);
      look_at_statistics (socket);
      break;
    case 18:
      chaos_watch_models (self);
      break;
    case 19:
    case 20:
      chaos_listen (self, socket);
      break;
    case 21:
      chaos_serve (self);
      break;
    case 22:
      chaos_socket_attach (self->chaos, socket);
      break;
    case 23:
      chaos_use_peer (self->chaos);
      break;
    case 24:
    case 25:
      chaos_answer (self->chaos);
      break;
    case 26:
      chaos_wait (self, socket);
      break;
    case 27:
    case 28:
    case 29:
    case 30:
      chaos_call_async (self, socket);
      break;
    case 31:
    case 32:
      chaos_ask (self);
      break;
    case 33:
    case 34:
    case 35:
      chaos_receive_batch (self, socket);
      break;
    case 36:
    case 37:
    case 38:
    case 39:
    case 40:
    case 41:
      chaos_receive_some (self, socket);
      break;
    default:
      chaos_send_some (self, socket);
      break;
    }
  chaos_drop (self->chaos, socket);
  atomic_fetch_add (&self->chaos->acts, 1);

  for (guint i = 0; i < 4; i++)
    g_main_context_iteration (self->context, FALSE);
}

static void
finish_worker (ChaosWorker *self)
{
  gint64 until =
    g_get_monotonic_time () + CHAOS_DEADLINE_MS * G_GINT64_CONSTANT (1000);

  chaos_stop_listening (self);
  chaos_stop_watching (self);
  chaos_cancel (self, self->index);
  while (self->pending > 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      zmqg_test_turn (self->context);
    }
}

static gpointer
worker_thread (gpointer data)
{
  ChaosWorker *self = data;

  chaos_random_begin (self->chaos->seed + self->index);
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  while (!atomic_load (&self->chaos->over))
    act (self);
  finish_worker (self);
  g_main_context_pop_thread_default (self->context);
  chaos_random_end ();
  atomic_fetch_sub (&self->chaos->working, 1);

  return NULL;
}

/* The sockets of the old one may be waited for. */
static void
replace_context (ChaosWorker *self)
{
  ZmqgContext *old = chaos_context_replace (self->chaos,
                                            chaos_random (CHAOS_N_CONTEXTS));

  if (chaos_one_in (3))
    zmqg_context_shutdown (old);
  else if (chaos_one_in (2))
    chaos_terminate (self, old);
  chaos_drop (self->chaos, old);
}

/* The main thread's part: its main loop, sockets that belong to it, contexts
 * that go, and nobody waits for ever. */
static void
run_main_loop (ChaosWorker *self,
               gint64 until)
{
  while (g_get_monotonic_time () < until)
    {
      ZmqgSocket *socket = chaos_socket_pick (self->chaos);

      if (chaos_one_in (CONTEXT_AGE))
        replace_context (self);
      else if (chaos_one_in (64))
        chaos_socket_replace (self->chaos, chaos_random (CHAOS_N_SLOTS));
      else if (chaos_one_in (16))
        chaos_cancel (self, chaos_random (CHAOS_N_WORKERS + 1));
      else if (chaos_one_in (2))
        chaos_listen (self, socket);
      else
        chaos_call_async (self, socket);
      chaos_drop (self->chaos, socket);
      zmqg_test_turn (self->context);
    }
}

/* --- The whole ---------------------------------------------------------- */

static Chaos *
chaos_new (guint modes,
           guint32 seed)
{
  Chaos *self = g_new0 (Chaos, 1);

  zmqg_lock_init (&self->lock);
  self->seed = seed;
  self->modes = modes;
  self->folder = zmqg_test_tmpdir ();
  chaos_frames_init (&self->frames);
  for (guint i = 0; i <= CHAOS_N_WORKERS; i++)
    self->cancellables[i] = g_cancellable_new ();
  for (guint i = 0; i < CHAOS_N_CONTEXTS; i++)
    chaos_context_replace (self, i);
  for (guint i = 0; i < CHAOS_N_SLOTS; i++)
    chaos_socket_replace (self, i);

  return self;
}

static void
on_terminated (GObject *source,
               GAsyncResult *result,
               gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  guint *left = user_data;

  zmqg_context_terminate_finish (ZMQG_CONTEXT (source), result, &error);
  g_assert_no_error (error);
  (*left)--;
}

/* The main contexts of the threads that have ended: they may have engines to
 * drive. */
static gboolean
turn_all (ChaosWorker *workers)
{
  for (guint i = 0; i < CHAOS_N_WORKERS; i++)
    g_main_context_iteration (workers[i].context, FALSE);
  return TRUE;
}

#define AWAIT(expr)                                                           \
  ZMQG_TEST_AWAIT (turn_all (workers) && (expr), CHAOS_DEADLINE_MS)

/* Once: it keeps a thread of GIO's until it has ended. */
static void
end_context (gpointer context,
             guint *left)
{
  if (g_object_get_data (context, "ending") != NULL)
    return;

  g_object_set_data (context, "ending", context);
  (*left)++;
  zmqg_context_terminate_async (context, NULL, on_terminated, left);
}

/* What is still there ends, and with it all that was let go before. A socket
 * that is closed has come to rest when its context has ended, at the latest. */
static void
chaos_end (Chaos *self,
           ChaosWorker *workers)
{
  guint left = 0;

  for (guint i = 0; i < CHAOS_N_SLOTS; i++)
    {
      zmqg_socket_close (self->sockets[i]);
      end_context (zmqg_socket_get_context (self->sockets[i]), &left);
    }
  for (guint i = 0; i < CHAOS_N_CLOSED; i++)
    if (self->closed[i] != NULL)
      end_context (zmqg_socket_get_context (self->closed[i]), &left);
  for (guint i = 0; i < CHAOS_N_CONTEXTS; i++)
    {
      end_context (self->contexts[i], &left);
      g_clear_object (&self->contexts[i]);
    }
  AWAIT (left == 0);

  /* Requests keep what else came with them. */
  for (guint i = 0; i < CHAOS_N_POOL; i++)
    {
      g_clear_object (&self->peers[i]);
      g_clear_object (&self->requests[i]);
    }
  for (guint i = 0; i < CHAOS_N_SLOTS; i++)
    {
      AWAIT (is_all_accounted_for (self->sockets[i]));
      g_clear_object (&self->sockets[i]);
    }
  for (guint i = 0; i < CHAOS_N_CLOSED; i++)
    {
      if (self->closed[i] != NULL)
        AWAIT (is_all_accounted_for (self->closed[i]));
      g_clear_object (&self->closed[i]);
    }
  AWAIT (atomic_load (&self->objects) == 0);
  AWAIT (atomic_load (&self->freed) == atomic_load (&self->made));
  for (guint i = 0; i < CHAOS_N_WORKERS; i++)
    g_main_context_unref (workers[i].context);
}

static void
chaos_free (Chaos *self)
{
  for (guint i = 0; i <= CHAOS_N_WORKERS; i++)
    g_clear_object (&self->cancellables[i]);
  for (guint i = 0; i < CHAOS_N_ADDRESSES; i++)
    g_free (self->addresses[i].uri);
  zmqg_test_rmdir (self->folder);
  g_free (self->folder);
  chaos_frames_clear (&self->frames);
  zmqg_lock_clear (&self->lock);
  g_free (self);
}

static void
run_chaos (guint modes,
           guint32 seed,
           gint64 msec)
{
  ChaosWorker workers[CHAOS_N_WORKERS + 1];
  ChaosWorker *main_worker = &workers[CHAOS_N_WORKERS];
  GThread *threads[CHAOS_N_WORKERS + 1];
  Chaos *self;

  chaos_random_begin (seed + CHAOS_N_WORKERS);
  self = chaos_new (modes, seed);
  for (guint i = 0; i <= CHAOS_N_WORKERS; i++)
    workers[i] = (ChaosWorker) { .chaos = self, .index = i };

  atomic_store (&self->working, CHAOS_N_WORKERS);
  for (guint i = 0; i < CHAOS_N_WORKERS; i++)
    threads[i] = g_thread_new ("worker", worker_thread, &workers[i]);
  threads[CHAOS_N_WORKERS] = g_thread_new ("attack", chaos_attack, self);
  run_main_loop (main_worker, g_get_monotonic_time () + msec * 1000);
  atomic_store (&self->over, TRUE);
  while (atomic_load (&self->working) > 0)
    run_main_loop (main_worker, g_get_monotonic_time () + 1000);
  for (guint i = 0; i <= CHAOS_N_WORKERS; i++)
    g_thread_join (threads[i]);
  finish_worker (main_worker);
  chaos_end (self, workers);

  g_test_message ("seed %u: acts %u, sent %u, received %u, killed %u, "
                  "dropped %u, answered %u, replies %u, told %u",
                  seed, atomic_load (&self->acts),
                  atomic_load (&self->sent), atomic_load (&self->received),
                  atomic_load (&self->killed), atomic_load (&self->dropped),
                  atomic_load (&self->answered), atomic_load (&self->replies),
                  atomic_load (&self->told));
  if (msec >= 1000)
    {
      g_assert_cmpuint (atomic_load (&self->received), >, 0);
      g_assert_cmpuint (atomic_load (&self->dropped), >, 0);
      g_assert_cmpuint (atomic_load (&self->told), >, 0);
    }
  chaos_free (self);
  chaos_random_end ();
}

/* The whole time is ZMQG_TEST_SECONDS. */
static void
test_chaos (guint modes,
            guint parts)
{
  guint32 seed = chaos_get_seed ();
  gint64 msec = chaos_get_time (4);
  guint n_fds;

  g_test_message ("ZMQG_TEST_SEED=%u", seed);

  /* What GIO opens for good. */
  run_chaos (modes, seed + 1000, 200);
  n_fds = chaos_count_fds ();
  run_chaos (modes, seed, msec * parts / 4);
  ZMQG_TEST_AWAIT (chaos_count_fds () <= n_fds, CHAOS_DEADLINE_MS);
  ZMQG_TEST_AWAIT (chaos_count_threads () == 0, CHAOS_DEADLINE_MS);
}

static void
test_threads (void)
{
  test_chaos (1u << ZMQG_ENGINE_MODE_THREADS, 1);
}

static void
test_main_context (void)
{
  test_chaos (1u << ZMQG_ENGINE_MODE_MAIN_CONTEXT, 1);
}

static void
test_both (void)
{
  test_chaos (1u << ZMQG_ENGINE_MODE_THREADS |
                1u << ZMQG_ENGINE_MODE_MAIN_CONTEXT, 2);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  /* ThreadSanitizer does not see that GLib orders their making. */
  g_type_class_unref (g_type_class_ref (ZMQG_TYPE_ENDPOINT));
  g_type_class_unref (g_type_class_ref (ZMQG_TYPE_PEER));
  g_type_class_unref (g_type_class_ref (ZMQG_TYPE_REQUEST));

  g_test_add_func ("/zmqg/chaos/threads", test_threads);
  g_test_add_func ("/zmqg/chaos/main-context", test_main_context);
  g_test_add_func ("/zmqg/chaos/both", test_both);

  return g_test_run ();
}
