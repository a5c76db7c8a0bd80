/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-engine-struct-private.h"

/* Who drives an engine, and how: its thread, a call that waits, or whoever polls
 * its descriptors beside others. */

/* Turns of a driven engine per turn of the application's main context. */
#define TURNS_PER_DISPATCH 4

/* One of those who found the engine taken may try again. */
void
zmqg_engine_call_driver (ZmqgEngine *self)
{
  ZmqgThreadWaiter *driver;

  zmqg_lock (&self->lock);
  driver = g_queue_peek_head (&self->drivers);
  if (driver != NULL)
    zmqg_thread_waiter_signal (driver);
  zmqg_unlock (&self->lock);
}

/* Somebody stopped driving: one who waits takes over, and the application's
 * context learns that it may. */
void
zmqg_engine_release (ZmqgEngine *self)
{
  /* The mutex of the GMainContext orders what drivers do, but is one that
   * ThreadSanitizer cannot see. */
  atomic_fetch_add_explicit (&self->turns, 1, memory_order_release);
  g_main_context_pop_thread_default (self->context);
  g_main_context_release (self->context);

  zmqg_engine_call_driver (self);
  zmqg_lock (&self->lock);
  /* Its own thread looks before it sleeps. */
  if (self->app_context != NULL &&
      !g_main_context_is_owner (self->app_context))
    g_main_context_wakeup (self->app_context);
  zmqg_unlock (&self->lock);
}

gboolean
zmqg_engine_acquire (ZmqgEngine *self)
{
  if (zmqg_engine_is_forked (self) || !g_main_context_acquire (self->context))
    return FALSE;

  /* Acquire pairs with the release in zmqg_engine_release (). */
  atomic_load_explicit (&self->turns, memory_order_acquire);
  g_main_context_push_thread_default (self->context);
  return TRUE;
}

static int
poll_timeout (int timeout,
              gint64 deadline)
{
  gint64 left;

  if (deadline < 0)
    return timeout;

  left = (deadline - g_get_monotonic_time () + 999) / 1000;
  left = CLAMP (left, 0, G_MAXINT);
  return timeout < 0 ? (int) left : MIN (timeout, (int) left);
}

/* Only who has acquired the context counts. The beginning is before the
 * context is asked for its descriptors: who took one out, which locks the
 * context too, then sees that it may be polled. */
static void
count_poll (ZmqgEngine *self)
{
  guint polls = atomic_load_explicit (&self->polls, memory_order_relaxed);

  atomic_store_explicit (&self->polls, polls + 1, memory_order_release);
}

guint
zmqg_engine_get_turn (ZmqgEngine *self)
{
  return atomic_load_explicit (&self->polls, memory_order_acquire);
}

void
zmqg_engine_await_polled (ZmqgEngine *self,
                          guint turn)
{
  while (turn % 2 != 0 && zmqg_engine_get_turn (self) == turn)
    g_thread_yield ();
}

GPollFD *
zmqg_engine_query (ZmqgEngine *self,
                   int priority,
                   GPollFD local[ZMQG_ENGINE_FDS + 1],
                   int *n,
                   int *timeout)
{
  GPollFD *fds = local;
  int room;

  *n = g_main_context_query (self->context, priority, timeout, local,
                             ZMQG_ENGINE_FDS);
  if (*n > ZMQG_ENGINE_FDS)
    {
      room = *n;
      fds = g_new (GPollFD, room + 1);
      *n = MIN (g_main_context_query (self->context, priority, timeout, fds,
                                      room), room);
    }
  return fds;
}

gboolean
zmqg_engine_take_turn (ZmqgEngine *self,
           ZmqgThreadWaiter *waiter,
           gint64 deadline)
{
  GPollFD local[ZMQG_ENGINE_FDS + 1];
  GPollFD *fds;
  gboolean ready;
  guint work;
  int priority;
  int timeout;
  int n_all;
  int n;

  count_poll (self);
  g_main_context_prepare (self->context, &priority);
  fds = zmqg_engine_query (self, priority, local, &n, &timeout);
  n_all = n;
  if (waiter != NULL)
    fds[n_all++] = (GPollFD) { .fd = waiter->fd, .events = G_IO_IN };
  work = zmqg_fork_pause_work ();
  g_poll (fds, n_all, poll_timeout (timeout, deadline));
  zmqg_fork_resume_work (work);
  count_poll (self);
  if (waiter != NULL && fds[n].revents != 0)
    zmqg_thread_waiter_clear (waiter);

  ready = g_main_context_check (self->context, priority, fds, n);
  if (fds != local)
    g_free (fds);
  if (ready)
    g_main_context_dispatch (self->context);
  return ready;
}

static void
forget_driver (ZmqgEngine *self,
               ZmqgThreadWaiter *waiter)
{
  zmqg_lock (&self->lock);
  g_queue_remove (&self->drivers, waiter);
  zmqg_unlock (&self->lock);
}

/* %FALSE when another thread drives: the waiter is signalled when it stops, and
 * waits for that until stop_awaiting_context (). */
static gboolean
acquire_or_await_context (ZmqgEngine *self,
                          ZmqgThreadWaiter *waiter)
{
  if (zmqg_engine_acquire (self))
    return TRUE;

  zmqg_lock (&self->lock);
  g_queue_push_tail (&self->drivers, waiter);
  zmqg_unlock (&self->lock);

  /* It may have been released before we were in the list. */
  if (!zmqg_engine_acquire (self))
    return FALSE;

  forget_driver (self, waiter);
  return TRUE;
}

static void
stop_awaiting_context (ZmqgEngine *self,
                       ZmqgThreadWaiter *waiter)
{
  forget_driver (self, waiter);

  /* It may have been us who were to take over, and the caller may have got
   * what it waited for: then the next has to. */
  if (zmqg_engine_acquire (self))
    zmqg_engine_release (self);
}

ZmqgWoken
zmqg_engine_wait (ZmqgEngine *self,
                  ZmqgThreadWaiter *waiter,
                  gint64 deadline)
{
  ZmqgWoken woken = ZMQG_WOKEN;

  if (self->mode == ZMQG_ENGINE_MODE_THREADS)
    return zmqg_thread_waiter_wait (waiter, deadline);

  if (acquire_or_await_context (self, waiter))
    {
      zmqg_engine_take_turn (self, waiter, deadline);
      zmqg_engine_release (self);
    }
  else
    {
      woken = zmqg_thread_waiter_wait (waiter, deadline);
      stop_awaiting_context (self, waiter);
    }

  if (deadline >= 0 && g_get_monotonic_time () >= deadline)
    return ZMQG_WOKEN_LATE;
  return woken == ZMQG_WOKEN_LATE ? ZMQG_WOKEN : woken;
}

void
zmqg_engine_begin_turn (ZmqgEngine *self,
                        ZmqgEngineTurn *turn,
                        ZmqgThreadWaiter *waiter,
                        GArray *fds,
                        int *timeout)
{
  guint room = ZMQG_ENGINE_FDS;
  int own_timeout;

  *turn = (ZmqgEngineTurn) { .engine = self, .first = fds->len };
  turn->driving = acquire_or_await_context (self, waiter);
  if (!turn->driving)
    return;

  count_poll (self);
  g_main_context_prepare (self->context, &turn->priority);
  for (;;)
    {
      g_array_set_size (fds, turn->first + room);
      turn->n = (guint) g_main_context_query (
        self->context, turn->priority, &own_timeout,
        &g_array_index (fds, GPollFD, turn->first), (int) room);
      if (turn->n <= room)
        break;
      room = turn->n;
    }
  g_array_set_size (fds, turn->first + turn->n);

  if (own_timeout >= 0 && (*timeout < 0 || own_timeout < *timeout))
    *timeout = own_timeout;
}

void
zmqg_engine_end_poll (ZmqgEngineTurn *turn)
{
  if (turn->driving)
    count_poll (turn->engine);
}

void
zmqg_engine_end_turn (ZmqgEngineTurn *turn,
                      ZmqgThreadWaiter *waiter,
                      const GArray *fds)
{
  ZmqgEngine *self = turn->engine;

  if (!turn->driving)
    {
      stop_awaiting_context (self, waiter);
      return;
    }

  if (g_main_context_check (self->context, turn->priority,
                            &g_array_index (fds, GPollFD, turn->first),
                            (int) turn->n))
    g_main_context_dispatch (self->context);
  zmqg_engine_release (self);
}

void
zmqg_engine_poll (ZmqgEngine *self)
{
  if (self->mode == ZMQG_ENGINE_MODE_THREADS || !zmqg_engine_acquire (self))
    return;

  for (guint i = 0; i < TURNS_PER_DISPATCH; i++)
    if (!zmqg_engine_take_turn (self, NULL, 0))
      break;
  zmqg_engine_release (self);
}
