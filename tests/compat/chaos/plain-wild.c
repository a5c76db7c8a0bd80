/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-wild.h"

#include "socket/statistics-check.h"

/* Handles of all types that threads use, misuse and replace, of contexts that
 * end meanwhile. */

/* --- Threads ------------------------------------------------------------ */

/* The pending end of a context needs its sockets closed. */
static void
look_after (Wild *self,
            WildSocket *socket)
{
  int type;
  size_t size = sizeof type;

  if (zmq_getsockopt (socket->handle, ZMQ_TYPE, &type, &size) == 0)
    return;

  WILD_EXPECT (self, "type", 0);
  wild_terminated (self, socket->handle);
}

/* Two threads may do so at once. */
static void
close_twice (Wild *self,
             WildSocket *socket)
{
  if (!wild_may_close (self))
    return;

  wild_close (self, socket->handle);
  wild_terminated (self, socket->handle);
}

static void
act (WildWorker *self)
{
  Wild *wild = self->wild;
  WildSocket socket;

  wild_begin_use (wild, self->index);
  socket = wild_pick (wild);
  if (socket.handle == NULL)
    return;

  switch (chaos_random (48))
    {
    case 0:
      if (chaos_one_in (4))
        wild_replace (wild, chaos_random (WILD_N_SLOTS));
      else if (chaos_one_in (4))
        close_twice (wild, &socket);
      break;
    case 1:
    case 2:
      wild_bind (wild, &socket);
      break;
    case 3:
    case 4:
    case 5:
      wild_connect (wild, &socket);
      break;
    case 6:
      wild_leave (wild, &socket);
      break;
    case 7:
    case 8:
      wild_set_option (wild, &socket);
      break;
    case 9:
    case 10:
      wild_get_option (wild, &socket);
      break;
    case 11:
    case 12:
      wild_use_closed (wild);
      break;
    case 13:
    case 14:
      wild_poll (self);
      break;
    case 15:
    case 16:
      wild_use_poller (self);
      break;
    case 17:
      wild_use_fd (self, &socket);
      break;
    case 18:
      wild_monitor (self, &socket);
      break;
    case 19:
      wild_run_proxy (self);
      break;
    case 20:
      wild_use_timers (self);
      break;
    default:
      if (chaos_one_in (2))
        wild_receive (self, &socket);
      else
        wild_send (self, &socket);
      break;
    }

  look_after (wild, &socket);
  atomic_fetch_add (&wild->base.acts, 1);
}

static gpointer
worker_thread (gpointer data)
{
  WildWorker *self = data;
  Wild *wild = self->wild;

  chaos_random_begin (wild->base.seed + self->index);
  plain_hear_signals (&wild->base);
  while (!atomic_load (&wild->base.over))
    act (self);
  wild_end_use (wild, self->index);
  if (self->timers != NULL)
    zmq_timers_destroy (&self->timers);
  chaos_random_end ();
  plain_thread_ends (&wild->base);
  return NULL;
}

/* --- Contexts ----------------------------------------------------------- */

static WildContext *
replace_context (Wild *self,
                 guint i,
                 WildContext *context)
{
  WildContext *old;

  pthread_mutex_lock (&self->base.lock);
  old = self->contexts[i];
  self->contexts[i] = context;
  pthread_mutex_unlock (&self->base.lock);
  return old;
}

static void
close_sockets_of (Wild *self,
                  WildContext *context)
{
  wild_begin_use (self, PLAIN_N_WORKERS);
  for (guint i = 0; i < WILD_N_SLOTS; i++)
    {
      gboolean is_of;

      pthread_mutex_lock (&self->base.lock);
      is_of = self->sockets[i].context == context;
      pthread_mutex_unlock (&self->base.lock);
      if (is_of)
        wild_replace (self, i);
    }
  wild_end_use (self, PLAIN_N_WORKERS);
}

/* It is in no slot any more. Other threads may use its sockets yet. */
static void
end_context (Wild *self,
             WildContext *context)
{
  gint64 until =
    g_get_monotonic_time () + CHAOS_DEADLINE_MS * G_GINT64_CONSTANT (1000);

  ZMQG_TEST_AWAIT (atomic_load (&context->users) == 0, CHAOS_DEADLINE_MS);
  while (zmq_ctx_term (context->handle) < 0)
    {
      PLAIN_EXPECT (&self->base, "term", EINTR);
      close_sockets_of (self, context);
      g_assert_cmpint (g_get_monotonic_time (), <, until);
    }
  atomic_fetch_add (&self->n_closed, 1);
  g_free (context);
}

/* The main thread's part: contexts that end. */
static void
run_contexts (Wild *wild,
              gint64 until)
{
  while (g_get_monotonic_time () < until)
    {
      guint i = chaos_random (WILD_N_CONTEXTS);
      guint acts = atomic_load (&wild->base.acts) + 20 + chaos_random (400);
      WildContext *old;

      while ((gint) (atomic_load (&wild->base.acts) - acts) < 0 &&
             g_get_monotonic_time () < until)
        zmqg_test_turn (NULL);

      /* Others go on to make sockets of it. */
      if (chaos_one_in (2))
        g_assert_cmpint (zmq_ctx_shutdown (wild->contexts[i]->handle), ==, 0);
      old = replace_context (wild, i, wild_context_new ());
      end_context (wild, old);
    }
}

/* --- The whole ---------------------------------------------------------- */

/* Nothing is queued when all is over: each message went somewhere. */
static void
check_account (ZmqgSocket *socket)
{
  ZMQG_TEST_AWAIT (COUNT (socket, outbound_queued) == 0 &&
                     COUNT (socket, inbound_queued) == 0 &&
                     COUNT (socket, peers) == 0,
                   CHAOS_DEADLINE_MS);
}

static void
wild_begin (Wild *self,
            guint32 seed)
{
  plain_chaos_init (&self->base, seed);
  wild_end_use (self, PLAIN_N_WORKERS);
  pthread_mutex_init (&self->poller_lock, NULL);
  self->counter = zmq_atomic_counter_new ();
  for (guint i = 0; i < WILD_N_CONTEXTS; i++)
    self->contexts[i] = wild_context_new ();
  for (guint i = 0; i < WILD_N_SLOTS; i++)
    {
      pthread_mutex_init (&self->sending[i], NULL);
      wild_replace (self, i);
    }
}

static void
wild_end (Wild *self)
{
  if (self->poller != NULL)
    zmq_poller_destroy (&self->poller);
  for (guint i = 0; i < WILD_N_SLOTS; i++)
    {
      if (self->sockets[i].handle != NULL)
        wild_close (self, self->sockets[i].handle);
      pthread_mutex_destroy (&self->sending[i]);
    }
  g_assert_cmpuint (atomic_load (&self->ended), ==,
                    atomic_load (&self->opened));
  for (guint i = 0; i < WILD_N_CONTEXTS; i++)
    {
      g_assert_cmpint (zmq_ctx_term (self->contexts[i]->handle), ==, 0);
      g_free (self->contexts[i]);
    }
  for (guint i = 0; i < WILD_N_KEPT; i++)
    if (self->kept[i] != NULL)
      {
        check_account (self->kept[i]);
        g_clear_object (&self->kept[i]);
      }
  ZMQG_TEST_AWAIT (atomic_load (&self->objects) == 0, CHAOS_DEADLINE_MS);

  g_assert_cmpint (zmq_atomic_counter_value (self->counter), ==,
                   atomic_load (&self->counted));
  zmq_atomic_counter_destroy (&self->counter);
  pthread_mutex_destroy (&self->poller_lock);
  wild_forget_addresses (self);
  plain_chaos_clear (&self->base);
}

void
plain_wild (guint32 seed,
            gint64 msec)
{
  Wild *self = g_new0 (Wild, 1);
  WildWorker workers[PLAIN_N_WORKERS];
  GThread *threads[PLAIN_N_WORKERS];
  GThread *signals;

  chaos_random_begin (seed + PLAIN_N_WORKERS);
  wild_begin (self, seed);
  for (guint i = 0; i < PLAIN_N_WORKERS; i++)
    workers[i] = (WildWorker) { .wild = self, .index = i };

  plain_hear_signals (&self->base);
  atomic_store (&self->base.working, PLAIN_N_WORKERS);
  for (guint i = 0; i < PLAIN_N_WORKERS; i++)
    threads[i] = g_thread_new ("worker", worker_thread, &workers[i]);
  signals = g_thread_new ("signals", plain_send_signals, &self->base);
  run_contexts (self, g_get_monotonic_time () + msec * 1000);
  atomic_store (&self->base.over, TRUE);
  ZMQG_TEST_AWAIT (atomic_load (&self->base.working) == 0, CHAOS_DEADLINE_MS);
  atomic_store (&self->base.silent, TRUE);
  g_thread_join (signals);
  for (guint i = 0; i < PLAIN_N_WORKERS; i++)
    g_thread_join (threads[i]);

  g_test_message ("seed %u: acts %u, sent %u, received %u, interrupted %u, "
                  "opened %u, stale %u, events %u, proxied %u, ready %u",
                  seed, atomic_load (&self->base.acts),
                  atomic_load (&self->base.sent),
                  atomic_load (&self->base.received),
                  atomic_load (&self->base.interrupted),
                  atomic_load (&self->opened), atomic_load (&self->stale),
                  atomic_load (&self->events), atomic_load (&self->proxied),
                  atomic_load (&self->ready));
  if (msec >= 1000)
    {
      g_assert_cmpuint (atomic_load (&self->base.received), >, 0);
      g_assert_cmpuint (atomic_load (&self->base.interrupted), >, 0);
      g_assert_cmpuint (atomic_load (&self->stale), >, 0);
      g_assert_cmpuint (atomic_load (&self->events), >, 0);
      g_assert_cmpuint (atomic_load (&self->proxied), >, 0);
      g_assert_cmpuint (atomic_load (&self->ready), >, 0);
    }
  wild_end (self);
  chaos_random_end ();
  g_free (self);
}
