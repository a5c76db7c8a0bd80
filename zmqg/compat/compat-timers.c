/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-error-private.h"
#include "compat/zmq.h"

#include <glib.h>

/* zmq_timers: of one thread, which executes those that are due. */

#define TIMERS_ALIVE 0xCAFEDADAu
#define TIMERS_DEAD 0xDEADBEEFu

typedef struct
{
  guint tag;
  int next_id;
  GSequence *timers; /* by due time */
  guint round;       /* of execute (), so that each timer has one turn in it */
} CompatTimers;

typedef struct
{
  int id;
  gint64 due; /* monotonic ms */
  gsize interval; /* ms */
  zmq_timer_fn *handler;
  void *arg;
  gboolean cancelled; /* to be removed when it is the first */
  guint round;        /* in which it was made or last executed */
} CompatTimer;

static gint64
now (void)
{
  return g_get_monotonic_time () / 1000;
}

static gint64
after (gint64 time,
       gsize interval)
{
  return interval > (gsize) (G_MAXINT64 - time) ? G_MAXINT64
                                                : time + (gint64) interval;
}

static int
compare (gconstpointer a,
         gconstpointer b,
         gpointer user_data G_GNUC_UNUSED)
{
  const CompatTimer *one = a;
  const CompatTimer *other = b;

  return one->due < other->due ? -1 : one->due > other->due;
}

static CompatTimers *
get (void *timers)
{
  CompatTimers *self = timers;

  if (self != NULL && self->tag == TIMERS_ALIVE)
    return self;

  errno = EFAULT;
  return NULL;
}

static GSequenceIter *
find (CompatTimers *self,
      int id)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (self->timers);

  while (!g_sequence_iter_is_end (iter) &&
         ((CompatTimer *) g_sequence_get (iter))->id != id)
    iter = g_sequence_iter_next (iter);

  return iter;
}

/* The first that was not cancelled; %NULL when there is none. */
static CompatTimer *
purge (CompatTimers *self)
{
  GSequenceIter *iter;

  while (!g_sequence_iter_is_end (
    iter = g_sequence_get_begin_iter (self->timers)))
    {
      CompatTimer *timer = g_sequence_get (iter);

      if (!timer->cancelled)
        return timer;
      g_sequence_remove (iter);
    }

  return NULL;
}

void *
zmq_timers_new (void)
{
  CompatTimers *self = g_new0 (CompatTimers, 1);

  self->tag = TIMERS_ALIVE;
  self->timers = g_sequence_new (g_free);
  return self;
}

int
zmq_timers_destroy (void **timers_p)
{
  CompatTimers *self = timers_p != NULL ? get (*timers_p) : NULL;

  if (self == NULL)
    return compat_fail (EFAULT);

  self->tag = TIMERS_DEAD;
  g_sequence_free (self->timers);
  g_free (self);
  *timers_p = NULL;
  return 0;
}

int
zmq_timers_add (void *timers,
                size_t interval,
                zmq_timer_fn handler,
                void *arg)
{
  CompatTimers *self = get (timers);
  CompatTimer *timer;

  if (self == NULL || handler == NULL)
    return compat_fail (EFAULT);

  timer = g_new0 (CompatTimer, 1);
  timer->id = ++self->next_id;
  timer->due = after (now (), interval);
  timer->interval = interval;
  timer->handler = handler;
  timer->arg = arg;
  timer->round = self->round;
  g_sequence_insert_sorted (self->timers, timer, compare, NULL);
  return timer->id;
}

int
zmq_timers_cancel (void *timers,
                   int timer_id)
{
  CompatTimers *self = get (timers);
  GSequenceIter *iter;

  if (self == NULL)
    return -1;

  iter = find (self, timer_id);
  if (g_sequence_iter_is_end (iter) ||
      ((CompatTimer *) g_sequence_get (iter))->cancelled)
    return compat_fail (EINVAL);

  ((CompatTimer *) g_sequence_get (iter))->cancelled = TRUE;
  return 0;
}

/* Another interval, if @interval is given, from now on. */
static int
restart (void *timers,
         int timer_id,
         const gsize *interval)
{
  CompatTimers *self = get (timers);
  GSequenceIter *iter;
  CompatTimer *timer;

  if (self == NULL)
    return -1;

  iter = find (self, timer_id);
  if (g_sequence_iter_is_end (iter))
    return compat_fail (EINVAL);

  timer = g_sequence_get (iter);
  if (interval != NULL)
    timer->interval = *interval;
  timer->due = after (now (), timer->interval);
  g_sequence_sort_changed (iter, compare, NULL);
  return 0;
}

int
zmq_timers_set_interval (void *timers,
                         int timer_id,
                         size_t interval)
{
  return restart (timers, timer_id, &interval);
}

int
zmq_timers_reset (void *timers,
                  int timer_id)
{
  return restart (timers, timer_id, NULL);
}

long
zmq_timers_timeout (void *timers)
{
  CompatTimers *self = get (timers);
  CompatTimer *first;
  gint64 left;

  if (self == NULL)
    return -1;

  first = purge (self);
  if (first == NULL)
    return -1;

  /* Taken once: MAX () looks at it twice. */
  left = first->due - now ();
  return (long) MAX (left, 0);
}

int
zmq_timers_execute (void *timers)
{
  CompatTimers *self = get (timers);
  gint64 begun = now ();
  CompatTimer *timer;

  if (self == NULL)
    return -1;

  self->round++;
  while ((timer = purge (self)) != NULL && timer->due <= begun &&
         timer->round != self->round)
    {
      zmq_timer_fn *handler = timer->handler;
      void *arg = timer->arg;
      int id = timer->id;

      /* The handler may do anything to the timers. */
      timer->round = self->round;
      timer->due = after (begun, timer->interval);
      g_sequence_sort_changed (g_sequence_get_begin_iter (self->timers),
                               compare, NULL);
      handler (id, arg);
    }

  return 0;
}
