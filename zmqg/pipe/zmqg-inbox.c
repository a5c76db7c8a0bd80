/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-inbox-private.h"

void
zmqg_inbox_init (ZmqgInbox *self)
{
  memset (self, 0, sizeof *self);
  zmqg_lock_init (&self->lock);
}

void
zmqg_inbox_clear (ZmqgInbox *self)
{
  zmqg_inbox_close (self);
  g_assert (self->waiters == NULL);
  zmqg_lock_clear (&self->lock);
}

static guint
interest_of (guint events)
{
  guint interest = 0;

  if (events & ZMQG_PIPE_READABLE)
    interest |= ZMQG_WAIT_IN;
  if (events & ZMQG_PIPE_WRITABLE)
    interest |= ZMQG_WAIT_OUT;
  if (events & ZMQG_PIPE_STATE)
    interest |= ZMQG_WAIT_NEWS;
  if (events &
      ~(ZMQG_PIPE_READABLE | ZMQG_PIPE_WRITABLE | ZMQG_PIPE_STATE))
    interest |= ZMQG_WAIT_ALL;

  return interest;
}

/* Threads to be signalled once the lock is dropped: else they would wake up
 * only to wait for it. */
#define SLEEPERS_MAX 4

typedef struct
{
  ZmqgThreadWaiter *waiters[SLEEPERS_MAX]; /* counted */
  guint n;
} Sleepers;

static void
wake_one (ZmqgWaiter *waiter,
          Sleepers *sleepers)
{
  waiter->woken = TRUE;
  if (waiter->is_thread && sleepers->n < SLEEPERS_MAX)
    sleepers->waiters[sleepers->n++] =
      zmqg_thread_waiter_ref ((ZmqgThreadWaiter *) waiter);
  else
    waiter->wake (waiter);
}

static void
signal_sleepers (Sleepers *sleepers)
{
  for (guint i = 0; i < sleepers->n; i++)
    {
      zmqg_thread_waiter_signal (sleepers->waiters[i]);
      zmqg_thread_waiter_unref (sleepers->waiters[i]);
    }
}

static void
note_change (ZmqgInbox *self)
{
  /* The lock is held: nobody else writes. */
  guint changes = atomic_load_explicit (&self->changes, memory_order_relaxed);

  atomic_store_explicit (&self->changes, changes + 1, memory_order_release);
}

static void
wake_locked (ZmqgInbox *self,
             guint interest,
             Sleepers *sleepers)
{
  guint left = interest; /* what no consumer was woken for yet */

  note_change (self);
  for (ZmqgWaiter *waiter = self->waiters; waiter != NULL;
       waiter = waiter->next)
    {
      if ((waiter->interest & (waiter->watcher ? interest : left)) == 0)
        continue;
      if (waiter->woken)
        continue;

      if (waiter->acts)
        waiter->woken = TRUE;
      else
        wake_one (waiter, sleepers);
      if (!waiter->watcher)
        left &= ~waiter->interest;
    }
}

gboolean
zmqg_inbox_post (ZmqgInbox *self,
                 ZmqgPipe *pipe,
                 guint events)
{
  Sleepers sleepers = { .n = 0 };
  gboolean open;

  zmqg_lock (&self->lock);
  open = !self->closed;
  if (open)
    {
      pipe->events |= events;
      if (!pipe->queued)
        {
          pipe->queued = TRUE;
          pipe->next_queued = NULL;
          zmqg_pipe_ref (pipe);
          if (self->last != NULL)
            self->last->next_queued = pipe;
          else
            self->first = pipe;
          self->last = pipe;
          atomic_store_explicit (&self->pending, 1, memory_order_relaxed);
        }
      wake_locked (self, interest_of (events), &sleepers);
    }
  zmqg_unlock (&self->lock);
  signal_sleepers (&sleepers);

  return open;
}

static ZmqgPipe *
take_locked (ZmqgInbox *self,
             guint *events)
{
  ZmqgPipe *pipe = self->first;

  if (pipe == NULL)
    return NULL;

  self->first = pipe->next_queued;
  if (self->first == NULL)
    {
      self->last = NULL;
      atomic_store_explicit (&self->pending, 0, memory_order_relaxed);
    }

  *events = pipe->events;
  pipe->events = 0;
  pipe->queued = FALSE;
  return pipe;
}

ZmqgPipe *
zmqg_inbox_take (ZmqgInbox *self,
                 guint *events)
{
  ZmqgPipe *pipe;

  zmqg_lock (&self->lock);
  pipe = take_locked (self, events);
  zmqg_unlock (&self->lock);

  return pipe;
}

const ZmqgPipe *
zmqg_inbox_get_last (ZmqgInbox *self)
{
  const ZmqgPipe *last;

  zmqg_lock (&self->lock);
  last = self->last;
  zmqg_unlock (&self->lock);

  return last;
}

void
zmqg_inbox_close (ZmqgInbox *self)
{
  ZmqgPipe *pipe;
  guint events;

  zmqg_lock (&self->lock);
  self->closed = TRUE;
  zmqg_unlock (&self->lock);

  /* The last reference to a pipe may run user code: not under the lock. */
  while ((pipe = zmqg_inbox_take (self, &events)) != NULL)
    zmqg_pipe_unref (pipe);
}

void
zmqg_inbox_refuse (ZmqgInbox *self)
{
  zmqg_lock (&self->lock);
  self->closed = TRUE;
  zmqg_unlock (&self->lock);
}

void
zmqg_inbox_add_waiter (ZmqgInbox *self,
                       ZmqgWaiter *waiter,
                       guint interest,
                       gboolean watcher)
{
  zmqg_lock (&self->lock);
  g_assert (!waiter->listed);
  waiter->interest = interest;
  waiter->watcher = watcher;
  waiter->woken = FALSE;
  waiter->acts = FALSE;
  waiter->listed = TRUE;
  waiter->next = NULL;
  waiter->prev = self->last_waiter;
  if (self->last_waiter != NULL)
    self->last_waiter->next = waiter;
  else
    self->waiters = waiter;
  self->last_waiter = waiter;
  if (!watcher)
    atomic_fetch_add_explicit (&self->n_consumers, 1, memory_order_relaxed);
  zmqg_unlock (&self->lock);
}

void
zmqg_inbox_remove_waiter (ZmqgInbox *self,
                          ZmqgWaiter *waiter)
{
  Sleepers sleepers = { .n = 0 };

  zmqg_lock (&self->lock);
  if (waiter->listed)
    {
      waiter->listed = FALSE;
      if (waiter->prev != NULL)
        waiter->prev->next = waiter->next;
      else
        self->waiters = waiter->next;
      if (waiter->next != NULL)
        waiter->next->prev = waiter->prev;
      else
        self->last_waiter = waiter->prev;
      if (!waiter->watcher)
        atomic_fetch_sub_explicit (&self->n_consumers, 1,
                                   memory_order_relaxed);
      if ((waiter->woken || waiter->acts) && !waiter->watcher)
        wake_locked (self, waiter->interest, &sleepers);
    }
  zmqg_unlock (&self->lock);
  signal_sleepers (&sleepers);
}

void
zmqg_inbox_set_interest (ZmqgInbox *self,
                         ZmqgWaiter *waiter,
                         guint interest)
{
  zmqg_lock (&self->lock);
  waiter->interest = interest;
  zmqg_unlock (&self->lock);
}

gboolean
zmqg_inbox_is_awaited (ZmqgInbox *self,
                       guint interest)
{
  gboolean awaited = FALSE;

  if (!zmqg_inbox_has_consumers (self))
    return FALSE;

  zmqg_lock (&self->lock);
  for (ZmqgWaiter *waiter = self->waiters; waiter != NULL && !awaited;
       waiter = waiter->next)
    awaited = !waiter->watcher && (waiter->interest & interest) != 0;
  zmqg_unlock (&self->lock);

  return awaited;
}

gboolean
zmqg_inbox_has_others (ZmqgInbox *self,
                       const ZmqgWaiter *waiter,
                       guint interest)
{
  gboolean others = FALSE;

  zmqg_lock (&self->lock);
  for (ZmqgWaiter *one = self->waiters; one != NULL && !others;
       one = one->next)
    others = one != waiter && (one->interest & interest) != 0;
  if (!others)
    note_change (self);
  zmqg_unlock (&self->lock);

  return others;
}

gboolean
zmqg_inbox_stays_behind (ZmqgInbox *self,
                         ZmqgWaiter *waiter,
                         gboolean *woken)
{
  gboolean behind = FALSE;
  gboolean pending = FALSE;

  zmqg_lock (&self->lock);
  for (ZmqgWaiter *one = waiter->watcher ? NULL : waiter->prev;
       one != NULL && !pending; one = one->prev)
    if (!one->watcher && (one->interest & waiter->interest) != 0)
      {
        behind = TRUE;
        pending = one->woken || one->acts;
      }

  if (behind && !pending)
    waiter->woken = FALSE;
  *woken = waiter->woken;
  zmqg_unlock (&self->lock);

  return behind;
}

void
zmqg_inbox_waiter_acts (ZmqgInbox *self,
                        ZmqgWaiter *waiter)
{
  zmqg_lock (&self->lock);
  waiter->acts = TRUE;
  zmqg_unlock (&self->lock);
}

void
zmqg_inbox_waiter_looks (ZmqgInbox *self,
                         ZmqgWaiter *waiter)
{
  zmqg_lock (&self->lock);
  waiter->woken = FALSE;
  waiter->acts = FALSE;
  zmqg_unlock (&self->lock);
}

void
zmqg_inbox_wake (ZmqgInbox *self,
                 guint interest)
{
  Sleepers sleepers = { .n = 0 };

  zmqg_lock (&self->lock);
  wake_locked (self, interest, &sleepers);
  zmqg_unlock (&self->lock);
  signal_sleepers (&sleepers);
}

void
zmqg_inbox_wake_all (ZmqgInbox *self)
{
  Sleepers sleepers = { .n = 0 };

  zmqg_lock (&self->lock);
  note_change (self);
  for (ZmqgWaiter *waiter = self->waiters; waiter != NULL;
       waiter = waiter->next)
    {
      wake_one (waiter, &sleepers);
    }
  zmqg_unlock (&self->lock);
  signal_sleepers (&sleepers);
}

static void
inbox_pipe_post (ZmqgPipe *pipe,
                 guint events)
{
  zmqg_inbox_post (pipe->owner, pipe, events);
}

const ZmqgPipeOwner zmqg_inbox_pipe_owner = {
  .post = inbox_pipe_post,
};
