/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-steady.h"

#include <poll.h>

/* Sockets that stay, of which no connection is lost: what was sent arrives,
 * whole and once, whoever is interrupted, and whoever reads is woken. */

/* Threads beside the workers: one of each kind that reads, and one more that
 * waits in the call. */
#define N_READERS STEADY_N_READERS

/* --- Workers ------------------------------------------------------------ */

static void
poll_some (Steady *self)
{
  static const int timeouts[] = { -1, 0, 1, 5 };
  zmq_pollitem_t items[8];
  guint n = 1 + chaos_random (G_N_ELEMENTS (items));

  for (guint i = 0; i < n; i++)
    items[i] = (zmq_pollitem_t) {
      self->ends[chaos_random (self->n_ends)].handle, 0,
      (short) chaos_random (4), 0
    };
  if (zmq_poll (items, (int) n, timeouts[chaos_random (4)]) < 0)
    PLAIN_EXPECT (&self->base, "poll", EINTR);
}

/* None that a reader's descriptor depends on. */
static void
use_options (SteadyLink *link)
{
  void *handle = link->from->handle;
  char text[256];
  size_t size = sizeof text;

  switch (chaos_random (6))
    {
    case 0:
      plain_set (handle, ZMQ_SNDTIMEO, chaos_one_in (2) ? -1 : 5);
      break;
    case 1:
      plain_set (handle, ZMQ_LINGER, chaos_one_in (2) ? -1 : 1000);
      break;
    case 2:
      plain_get (handle, ZMQ_EVENTS);
      break;
    case 3:
      g_assert_cmpint (plain_get (handle, ZMQ_FD), >=, 0);
      break;
    case 4:
      g_assert_cmpint (zmq_getsockopt (link->to->handle, ZMQ_LAST_ENDPOINT,
                                       text, &size), ==, 0);
      break;
    default:
      g_assert_cmpint (plain_get (handle, ZMQ_TYPE), <=, ZMQ_XSUB);
      break;
    }
}

static void
monitor (Steady *self,
         SteadyLink *link)
{
  char address[64];
  void *pair = zmq_socket (self->context, ZMQ_PAIR);

  g_snprintf (address, sizeof address, "inproc://steady-%u",
              atomic_fetch_add (&self->base.n_names, 1));
  if (zmq_socket_monitor (link->from->handle, address, ZMQ_EVENT_ALL) < 0)
    PLAIN_EXPECT (&self->base, "monitor", EADDRINUSE);
  g_assert_cmpint (zmq_connect (pair, address), ==, 0);
  if (chaos_one_in (2) &&
      zmq_socket_monitor (link->from->handle, NULL, 0) < 0)
    PLAIN_EXPECT (&self->base, "monitor", 0);
  if (zmq_recv (pair, NULL, 0, ZMQ_DONTWAIT) < 0)
    PLAIN_EXPECT (&self->base, "receive monitor", EAGAIN);
  g_assert_cmpint (zmq_close (pair), ==, 0);
}

static void
act (Steady *self)
{
  SteadyLink *link = &self->links[chaos_random (self->n_links)];
  SteadyProxy *proxy = &self->proxies[chaos_random (self->n_proxies)];
  guint n = 1 + chaos_random (8);

  switch (chaos_random (20))
    {
    case 0:
      poll_some (self);
      break;
    case 1:
      use_options (link);
      break;
    case 2:
      if (chaos_one_in (4))
        steady_steer (self, proxy);
      break;
    case 3:
      if (chaos_one_in (4))
        monitor (self, link);
      break;
    case 4:
    case 5:
      steady_read_capture (self, proxy);
      break;
    default:
      for (guint i = 0; i < n; i++)
        if (link->asks)
          chaos_one_in (2) ? steady_ask (self, link)
                           : steady_serve (self, link);
        else if (link->reader != STEADY_BY_WORKERS || chaos_one_in (2))
          steady_send (self, link);
        else
          steady_receive (self, link, chaos_one_in (2) ? ZMQ_DONTWAIT : 0);
      break;
    }
  atomic_fetch_add (&self->base.acts, 1);
}

static gpointer
worker_thread (gpointer data)
{
  SteadyThread *self = data;

  chaos_random_begin (self->steady->base.seed + self->index);
  plain_hear_signals (&self->steady->base);
  while (!atomic_load (&self->steady->base.over))
    act (self->steady);
  chaos_random_end ();
  plain_thread_ends (&self->steady->base);
  return NULL;
}

/* --- The end ------------------------------------------------------------ */

static gboolean
is_all_there (Steady *self)
{
  gboolean all = TRUE;

  for (guint i = 0; i < self->n_proxies; i++)
    steady_read_capture (self, &self->proxies[i]);
  for (guint i = 0; i < self->n_links; i++)
    {
      SteadyLink *link = &self->links[i];

      if (link->reader == STEADY_BY_WORKERS && !link->asks)
        while (steady_receive (self, link, ZMQ_DONTWAIT))
          continue;
      all = all && atomic_load (&link->received) == atomic_load (&link->sent);
    }

  return all;
}

static void
tell_what_is_missing (Steady *self)
{
  for (guint i = 0; i < self->n_links; i++)
    {
      SteadyLink *link = &self->links[i];

      if (link->received != link->sent)
        g_test_message ("%s %u, read %u: sent %u, received %u", link->name, i,
                        link->reader, link->sent, link->received);
    }
}

/* Workers have ended: all arrives. */
static void
await_all (Steady *self)
{
  gint64 until =
    g_get_monotonic_time () + CHAOS_DEADLINE_MS * G_GINT64_CONSTANT (1000);

  while (!is_all_there (self) && g_get_monotonic_time () < until)
    zmqg_test_turn (NULL);
  tell_what_is_missing (self);
  g_assert_true (is_all_there (self));
  for (guint i = 0; i < self->n_proxies; i++)
    ZMQG_TEST_AWAIT (is_all_there (self) &&
                       atomic_load (&self->proxies[i].captured) ==
                         atomic_load (&self->proxies[i].link->received),
                     CHAOS_DEADLINE_MS);
}

static void
stop_readers (Steady *self)
{
  atomic_store (&self->stopped, TRUE);
  for (guint i = 0; i < self->n_proxies; i++)
    g_assert_cmpint (zmq_send (self->proxies[i].control[1], "TERMINATE", 9,
                               0), ==, 9);
  for (guint i = STEADY_BY_FD; i < STEADY_N_READERS; i++)
    g_assert_cmpint (zmq_send (self->stops[i][0], "", 0, 0), ==, 0);
  for (guint i = 0; i < self->n_links; i++)
    if (self->links[i].reader == STEADY_BY_BLOCKING)
      {
        for (guint j = 0; j < 2; j++)
          g_assert_cmpint (zmq_send (self->links[i].from->handle, "", 0, 0),
                           ==, 0);
        break;
      }
}

/* --- The whole ---------------------------------------------------------- */

/* There is one link at most whose readers wait in the call. */
static void
spread_readers (Steady *self)
{
  gboolean found = FALSE;

  for (guint i = 0; i < self->n_links; i++)
    {
      SteadyLink *link = &self->links[i];

      if (link->reader != STEADY_BY_BLOCKING)
        continue;
      if (found)
        link->reader = STEADY_BY_WORKERS;
      found = TRUE;
    }
}

static void
init_thread (SteadyThread *thread,
             Steady *self,
             guint i)
{
  *thread = (SteadyThread) { .steady = self, .index = i,
                             .signalled = chaos_one_in (2) };
  if (i >= PLAIN_N_WORKERS)
    thread->reader = MIN (STEADY_BY_FD + i - PLAIN_N_WORKERS,
                          STEADY_BY_BLOCKING);
}

void
plain_steady (guint32 seed,
              gint64 msec)
{
  Steady *self = g_new0 (Steady, 1);
  SteadyThread all[PLAIN_N_WORKERS + N_READERS];
  GThread *threads[G_N_ELEMENTS (all)];
  GThread *proxies[STEADY_N_PROXIES];
  GThread *signals;

  chaos_random_begin (seed + 1000);
  plain_chaos_init (&self->base, seed);
  steady_make_links (self);
  spread_readers (self);

  atomic_store (&self->base.working, G_N_ELEMENTS (all) + STEADY_N_PROXIES);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      init_thread (&all[i], self, i);
      threads[i] = g_thread_new ("steady",
                                 i < PLAIN_N_WORKERS ? worker_thread
                                                     : steady_read,
                                 &all[i]);
    }
  for (guint i = 0; i < STEADY_N_PROXIES; i++)
    proxies[i] = g_thread_new ("proxy", steady_proxy, &self->proxies[i]);
  signals = g_thread_new ("signals", plain_send_signals, &self->base);

  poll (NULL, 0, (int) msec);
  atomic_store (&self->base.over, TRUE);
  ZMQG_TEST_AWAIT (atomic_load (&self->base.working) <=
                     N_READERS + STEADY_N_PROXIES,
                   CHAOS_DEADLINE_MS);
  await_all (self);
  stop_readers (self);
  ZMQG_TEST_AWAIT (atomic_load (&self->base.working) == 0, CHAOS_DEADLINE_MS);
  atomic_store (&self->base.silent, TRUE);
  g_thread_join (signals);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < STEADY_N_PROXIES; i++)
    g_thread_join (proxies[i]);

  g_test_message ("seed %u: acts %u, sent %u, received %u, interrupted %u",
                  seed, atomic_load (&self->base.acts),
                  atomic_load (&self->base.sent),
                  atomic_load (&self->base.received),
                  atomic_load (&self->base.interrupted));
  if (msec >= 1000)
    g_assert_cmpuint (atomic_load (&self->base.interrupted), >, 0);
  steady_close_links (self);
  plain_chaos_clear (&self->base);
  chaos_random_end ();
  g_free (self);
}
