/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-steady.h"

#include <poll.h>

/* For how long a reader sleeps; when something is there then, it was not woken
 * for that. */
#define SLEEP_MS 20000

typedef struct
{
  Steady *steady;
  SteadyLink *links[STEADY_LINKS_MAX];
  guint n;
  void *stop;
} Reader;

static void
find_links (Reader *self,
            SteadyReader reader)
{
  for (guint i = 0; i < self->steady->n_links; i++)
    if (self->steady->links[i].reader == reader)
      self->links[self->n++] = &self->steady->links[i];
}

/* Whether it is to end. */
static gboolean
is_stopped (Reader *self)
{
  return zmq_recv (self->stop, NULL, 0, ZMQ_DONTWAIT) >= 0;
}

/* --- By descriptors ----------------------------------------------------- */

/* Takes all there is: EVENTS has said that there is nothing then, and what
 * comes wakes the descriptor. */
static guint
take_by_events (Reader *self)
{
  guint n = 0;

  for (guint i = 0; i < self->n; i++)
    while ((plain_get (self->links[i]->to->handle, ZMQ_EVENTS) &
            ZMQ_POLLIN) != 0)
      {
        if (!steady_receive (self->steady, self->links[i], ZMQ_DONTWAIT))
          g_error ("nothing where EVENTS said that there was something");
        n++;
      }

  return n;
}

static void
read_by_fd (Reader *self)
{
  struct pollfd fds[STEADY_LINKS_MAX + 1];

  for (guint i = 0; i < self->n; i++)
    fds[i] = (struct pollfd) { plain_get (self->links[i]->to->handle, ZMQ_FD),
                               POLLIN, 0 };
  fds[self->n] = (struct pollfd) { plain_get (self->stop, ZMQ_FD), POLLIN,
                                   0 };
  for (;;)
    {
      take_by_events (self);
      if ((plain_get (self->stop, ZMQ_EVENTS) & ZMQ_POLLIN) != 0)
        return;
      if (poll (fds, self->n + 1, SLEEP_MS) == 0 && take_by_events (self) > 0)
        g_error ("no descriptor told of a message");
    }
}

/* --- By polling --------------------------------------------------------- */

static void
read_by_poll (Reader *self)
{
  zmq_pollitem_t items[STEADY_LINKS_MAX + 1];

  for (guint i = 0; i < self->n; i++)
    items[i] = (zmq_pollitem_t) { self->links[i]->to->handle, 0, ZMQ_POLLIN,
                                  0 };
  items[self->n] = (zmq_pollitem_t) { self->stop, 0, ZMQ_POLLIN, 0 };
  for (;;)
    {
      if (zmq_poll (items, (int) self->n + 1, -1) < 0)
        {
          PLAIN_EXPECT (&self->steady->base, "poll", EINTR);
          continue;
        }
      for (guint i = 0; i < self->n; i++)
        if (items[i].revents != 0 &&
            !steady_receive (self->steady, self->links[i], ZMQ_DONTWAIT))
          g_error ("nothing where zmq_poll () said that there was something");
      if (items[self->n].revents != 0 && is_stopped (self))
        return;
    }
}

static void
read_by_poller (Reader *self)
{
  zmq_poller_event_t events[4];
  void *poller = zmq_poller_new ();
  gboolean stopped = FALSE;

  for (guint i = 0; i < self->n; i++)
    g_assert_cmpint (zmq_poller_add (poller, self->links[i]->to->handle,
                                     self->links[i], ZMQ_POLLIN), ==, 0);
  g_assert_cmpint (zmq_poller_add (poller, self->stop, NULL, ZMQ_POLLIN), ==,
                   0);
  while (!stopped)
    {
      int n = zmq_poller_wait_all (poller, events, G_N_ELEMENTS (events), -1);

      if (n < 0)
        PLAIN_EXPECT (&self->steady->base, "poller", EINTR);
      for (int i = 0; i < n; i++)
        {
          void *handle = events[i].socket;

          if (events[i].user_data == NULL)
            stopped = is_stopped (self);
          else if (!steady_receive (self->steady, events[i].user_data,
                                    ZMQ_DONTWAIT))
            g_error ("nothing where the poller said that there was something");
          if (events[i].user_data == NULL || !chaos_one_in (4))
            continue;

          /* Out, and in again. */
          if (chaos_one_in (2))
            {
              g_assert_cmpint (zmq_poller_remove (poller, handle), ==, 0);
              g_assert_cmpint (zmq_poller_add (poller, handle,
                                               events[i].user_data,
                                               ZMQ_POLLIN), ==, 0);
            }
          else
            {
              g_assert_cmpint (zmq_poller_modify (poller, handle, 0), ==, 0);
              g_assert_cmpint (zmq_poller_modify (poller, handle,
                                                  ZMQ_POLLIN), ==, 0);
            }
        }
    }
  g_assert_cmpint (zmq_poller_destroy (&poller), ==, 0);
}

/* --- By waiting --------------------------------------------------------- */

/* One socket; another thread does the same. */
static void
read_by_waiting (Reader *self)
{
  PlainFrame frame;

  if (self->n == 0)
    return;

  for (;;)
    {
      if (plain_receive_frame (&self->steady->base,
                               self->links[0]->to->handle, 0, &frame) < 0)
        {
          PLAIN_EXPECT (&self->steady->base, "receive", EAGAIN, EINTR);
          continue;
        }
      if (!frame.ours)
        return;
      atomic_fetch_add (&self->links[0]->received, 1);
    }
}

gpointer
steady_read (gpointer thread)
{
  SteadyThread *self = thread;
  Reader reader = { .steady = self->steady };

  chaos_random_begin (self->steady->base.seed + 300 + self->index);
  if (self->signalled)
    plain_hear_signals (&self->steady->base);
  reader.stop = self->steady->stops[self->reader][1];
  find_links (&reader, self->reader);
  switch (self->reader)
    {
    case STEADY_BY_FD:
      read_by_fd (&reader);
      break;
    case STEADY_BY_POLL:
      read_by_poll (&reader);
      break;
    case STEADY_BY_POLLER:
      read_by_poller (&reader);
      break;
    case STEADY_BY_BLOCKING:
      read_by_waiting (&reader);
      break;
    case STEADY_BY_WORKERS:
    case STEADY_N_READERS:
    default:
      g_assert_not_reached ();
    }
  chaos_random_end ();
  plain_thread_ends (&self->steady->base);
  return NULL;
}

/* --- Proxies ------------------------------------------------------------ */

/* It ends by signals, and by a command. */
gpointer
steady_proxy (gpointer proxy)
{
  SteadyProxy *self = proxy;
  PlainChaos *chaos = &self->steady->base;

  plain_hear_signals (chaos);
  while (!atomic_load (&self->steady->stopped))
    if (zmq_proxy_steerable (self->front, self->back, self->capture[0],
                             self->control[0]) < 0)
      PLAIN_EXPECT (chaos, "proxy", EINTR);
  plain_thread_ends (chaos);
  return NULL;
}

static void
command (Steady *self,
         SteadyProxy *proxy,
         const char *text)
{
  while (zmq_send (proxy->control[1], text, strlen (text), 0) < 0)
    PLAIN_EXPECT (&self->base, "command", EINTR);
}

/* It may end before it has read the command, and answers when it runs again. */
static void
ask_statistics (Steady *self,
                SteadyProxy *proxy)
{
  guint64 value;

  command (self, proxy, "STATISTICS");
  for (guint i = 0; i < 8; i++)
    {
      int size;

      while ((size = zmq_recv (proxy->control[1], &value, sizeof value,
                               0)) < 0)
        PLAIN_EXPECT (&self->base, "statistics", EINTR);
      g_assert_cmpint (size, ==, sizeof value);
      g_assert_cmpint (plain_get (proxy->control[1], ZMQ_RCVMORE), ==, i < 7);
    }
}

void
steady_steer (Steady *self,
              SteadyProxy *proxy)
{
  if (pthread_mutex_trylock (&proxy->steering) != 0)
    return;

  switch (chaos_random (3))
    {
    case 0:
      ask_statistics (self, proxy);
      break;
    case 1:
      command (self, proxy, "PAUSE");
      command (self, proxy, "RESUME");
      break;
    default:
      command (self, proxy, "TERMINATE");
      break;
    }
  pthread_mutex_unlock (&proxy->steering);
}

void
steady_read_capture (Steady *self,
                     SteadyProxy *proxy)
{
  guint8 data[sizeof (ChaosHeader)];

  if (pthread_mutex_trylock (&proxy->steering) != 0)
    return;

  /* Frames that somebody else receives, too. */
  while (zmq_recv (proxy->capture[1], data, sizeof data, ZMQ_DONTWAIT) >= 0)
    if (plain_get (proxy->capture[1], ZMQ_RCVMORE) == 0)
      atomic_fetch_add (&proxy->captured, 1);
  PLAIN_EXPECT (&self->base, "capture", EAGAIN);
  pthread_mutex_unlock (&proxy->steering);
}
