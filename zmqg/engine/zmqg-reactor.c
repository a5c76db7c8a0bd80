/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-reactor-private.h"

#include "base/zmqg-error.h"

#include <errno.h>
#include <unistd.h>

#if HAVE_EPOLL
#include <sys/epoll.h>
#endif

#define EVENTS_PER_TURN 64

struct _ZmqgReactor
{
  GMainContext *context;
  GSource *source;
  int epoll_fd;      /* -1: each descriptor is a source */
  GPtrArray *timers; /* a heap of ZmqgTimer, borrowed */
#if HAVE_EPOLL
  struct epoll_event events[EVENTS_PER_TURN];
  int n_events; /* of the turn that is being dispatched */
#endif
};

typedef struct
{
  GSource source;
  ZmqgReactor *reactor;
} ReactorSource;

/* --- Timers ------------------------------------------------------------- */

static ZmqgTimer *
heap_at (ZmqgReactor *self,
         guint position)
{
  return g_ptr_array_index (self->timers, position - 1);
}

static void
heap_put (ZmqgReactor *self,
          guint position,
          ZmqgTimer *timer)
{
  self->timers->pdata[position - 1] = timer;
  timer->position = position;
}

static void
heap_up (ZmqgReactor *self,
         ZmqgTimer *timer)
{
  guint position = timer->position;

  while (position > 1 &&
         heap_at (self, position / 2)->deadline > timer->deadline)
    {
      heap_put (self, position, heap_at (self, position / 2));
      position /= 2;
    }
  heap_put (self, position, timer);
}

static void
heap_down (ZmqgReactor *self,
           ZmqgTimer *timer)
{
  guint position = timer->position;

  for (;;)
    {
      guint child = position * 2;

      if (child > self->timers->len)
        break;
      if (child < self->timers->len &&
          heap_at (self, child + 1)->deadline < heap_at (self, child)->deadline)
        child++;
      if (heap_at (self, child)->deadline >= timer->deadline)
        break;
      heap_put (self, position, heap_at (self, child));
      position = child;
    }
  heap_put (self, position, timer);
}

static void
heap_remove (ZmqgReactor *self,
             ZmqgTimer *timer)
{
  guint position = timer->position;
  ZmqgTimer *last = heap_at (self, self->timers->len);

  g_ptr_array_set_size (self->timers, (int) self->timers->len - 1);
  timer->position = 0;
  if (last == timer)
    return;

  heap_put (self, position, last);
  heap_up (self, last);
  heap_down (self, last);
}

static void
update_deadline (ZmqgReactor *self)
{
  gint64 deadline = self->timers->len > 0 ? heap_at (self, 1)->deadline : -1;

  if (g_source_get_ready_time (self->source) != deadline)
    g_source_set_ready_time (self->source, deadline);
}

void
zmqg_reactor_start_timer (ZmqgReactor *self,
                          ZmqgTimer *timer,
                          guint msec)
{
  if (timer->position != 0)
    heap_remove (self, timer);

  timer->deadline = g_get_monotonic_time () + (gint64) msec * 1000;
  g_ptr_array_add (self->timers, timer);
  timer->position = self->timers->len;
  heap_up (self, timer);
  update_deadline (self);
}

void
zmqg_reactor_stop_timer (ZmqgReactor *self,
                         ZmqgTimer *timer)
{
  if (timer->position == 0)
    return;

  heap_remove (self, timer);
  update_deadline (self);
}

static void
run_timers (ZmqgReactor *self)
{
  gint64 now;

  if (self->timers->len == 0)
    return;

  now = g_get_monotonic_time ();
  while (self->timers->len > 0 && heap_at (self, 1)->deadline <= now)
    {
      ZmqgTimer *timer = heap_at (self, 1);

      heap_remove (self, timer);
      timer->expired (timer);
    }
  update_deadline (self);
}

/* --- Descriptors -------------------------------------------------------- */

/* Unlike one of g_unix_fd_source_new () it may be destroyed by another thread
 * while it is dispatched: what it looks at is its own. */
typedef struct
{
  GSource source;
  ZmqgFdWatch *watch;
  GPollFD poll;
} WatchSource;

static gboolean
watch_source_check (GSource *source)
{
  return ((WatchSource *) source)->poll.revents != 0;
}

static gboolean
watch_source_dispatch (GSource *source,
                       GSourceFunc callback G_GNUC_UNUSED,
                       gpointer user_data G_GNUC_UNUSED)
{
  WatchSource *self = (WatchSource *) source;

  self->watch->ready (self->watch, self->poll.revents);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs watch_source_funcs = {
  .check = watch_source_check,
  .dispatch = watch_source_dispatch,
};

static void
watch_by_source (ZmqgReactor *self,
                 ZmqgFdWatch *watch,
                 GIOCondition condition)
{
  WatchSource *source;

  if (watch->source != NULL)
    {
      g_source_destroy (watch->source);
      g_clear_pointer (&watch->source, g_source_unref);
    }

  watch->condition = condition;
  if (condition == 0)
    return;

  watch->source = g_source_new (&watch_source_funcs, sizeof (WatchSource));
  source = (WatchSource *) watch->source;
  source->watch = watch;
  source->poll.fd = watch->fd;
  source->poll.events = condition | G_IO_ERR | G_IO_HUP;
  g_source_set_static_name (watch->source, "[zmqg] descriptor");
  /* As the reactor's. */
  g_source_set_can_recurse (watch->source, TRUE);
  g_source_add_poll (watch->source, &source->poll);
  g_source_attach (watch->source, self->context);
}

#if HAVE_EPOLL

/* G_IO_* have the values of POLL*, which those of EPOLL* equal. */
G_STATIC_ASSERT ((int) G_IO_IN == (int) EPOLLIN);
G_STATIC_ASSERT ((int) G_IO_OUT == (int) EPOLLOUT);
G_STATIC_ASSERT ((int) G_IO_ERR == (int) EPOLLERR);
G_STATIC_ASSERT ((int) G_IO_HUP == (int) EPOLLHUP);

/* What this turn still holds of a watch that goes must not be dispatched. */
static void
forget_events (ZmqgReactor *self,
               ZmqgFdWatch *watch)
{
  for (int i = 0; i < self->n_events; i++)
    if (self->events[i].data.ptr == watch)
      self->events[i].data.ptr = NULL;
}

static void
watch_by_epoll (ZmqgReactor *self,
                ZmqgFdWatch *watch,
                GIOCondition condition)
{
  struct epoll_event event = { .events = condition, .data.ptr = watch };
  int operation;

  if (condition == watch->condition)
    return;

  if (condition == 0)
    {
      operation = EPOLL_CTL_DEL;
      forget_events (self, watch);
    }
  else
    {
      operation = watch->condition == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    }

  watch->condition = condition;
  if (epoll_ctl (self->epoll_fd, operation, watch->fd, &event) == 0)
    return;

  if (operation == EPOLL_CTL_DEL)
    return;

  /* No memory or over the user's limit of watches: the source does it. */
  if (operation == EPOLL_CTL_ADD)
    watch_by_source (self, watch, condition);
}

static void
run_epoll (ZmqgReactor *self)
{
  int n = epoll_wait (self->epoll_fd, self->events, EVENTS_PER_TURN, 0);

  self->n_events = MAX (n, 0);
  for (int i = 0; i < self->n_events; i++)
    {
      ZmqgFdWatch *watch = self->events[i].data.ptr;
      GIOCondition condition;

      if (watch == NULL)
        continue;

      /* A handler of this turn may have changed what is wanted. */
      condition = self->events[i].events &
                  (watch->condition | G_IO_ERR | G_IO_HUP);
      if (condition != 0)
        watch->ready (watch, condition);
    }
  self->n_events = 0;
}

#endif /* HAVE_EPOLL */

void
zmqg_reactor_watch (ZmqgReactor *self,
                    ZmqgFdWatch *watch,
                    GIOCondition condition)
{
#if HAVE_EPOLL
  if (self->epoll_fd >= 0 && watch->source == NULL)
    {
      watch_by_epoll (self, watch, condition);
      return;
    }
#endif

  if (condition != watch->condition)
    watch_by_source (self, watch, condition);
}

gboolean
zmqg_reactor_take_out (ZmqgReactor *self G_GNUC_UNUSED,
                       ZmqgFdWatch *watch)
{
  if (watch->source != NULL)
    {
      /* The reference goes with forget (). */
      g_source_destroy (watch->source);
      return TRUE;
    }

#if HAVE_EPOLL
  if (self->epoll_fd >= 0 && watch->condition != 0)
    {
      struct epoll_event event = { 0 };

      epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, watch->fd, &event);
    }
#endif
  return FALSE;
}

void
zmqg_reactor_forget (ZmqgReactor *self,
                     ZmqgFdWatch *watch)
{
#if HAVE_EPOLL
  forget_events (self, watch);
#endif
  if (watch->source != NULL)
    watch_by_source (self, watch, 0);
  watch->condition = 0;
}

/* --- The source --------------------------------------------------------- */

static gboolean
reactor_source_dispatch (GSource *source,
                         GSourceFunc callback G_GNUC_UNUSED,
                         gpointer user_data G_GNUC_UNUSED)
{
  ZmqgReactor *self = ((ReactorSource *) source)->reactor;

#if HAVE_EPOLL
  if (self->epoll_fd >= 0)
    run_epoll (self);
#endif
  run_timers (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs reactor_source_funcs = {
  .dispatch = reactor_source_dispatch,
};

ZmqgReactor *
zmqg_reactor_new (GMainContext *context,
                  GError **error)
{
  ZmqgReactor *self;
  int epoll_fd = -1;

#if HAVE_EPOLL
  if (g_getenv ("ZMQG_NO_EPOLL") == NULL)
    {
      epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
      if (epoll_fd < 0 && errno != ENOSYS)
        {
          int code = errno;

          g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                       "No descriptor to watch others with: %s",
                       g_strerror (code));
          return NULL;
        }
    }
#else
  (void) error;
#endif

  self = g_new0 (ZmqgReactor, 1);
  self->context = context;
  self->epoll_fd = epoll_fd;
  self->timers = g_ptr_array_new ();
  self->source = g_source_new (&reactor_source_funcs, sizeof (ReactorSource));
  ((ReactorSource *) self->source)->reactor = self;
  g_source_set_static_name (self->source, "[zmqg] reactor");
  /* Else GLib takes its descriptors out of the poll set around each
   * dispatch, and wakes the context for that, twice. */
  g_source_set_can_recurse (self->source, TRUE);
  if (epoll_fd >= 0)
    g_source_add_unix_fd (self->source, epoll_fd, G_IO_IN);
  g_source_attach (self->source, context);
  return self;
}

void
zmqg_reactor_free (ZmqgReactor *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  if (self->epoll_fd >= 0)
    close (self->epoll_fd);
  g_ptr_array_unref (self->timers);
  g_free (self);
}
