/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-engine-private.h"

#include "base/zmqg-error.h"
#include "base/zmqg-fork-private.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Polled descriptors of an engine's context: its own wake-up, the epoll set,
 * and what GIO adds meanwhile. */
#define POLL_FDS_INLINE 8

/* How much later queue_later () is. */
#define LATER_NSEC (200 * 1000)

/* Turns of a driven engine per turn of the application's main context. */
#define TURNS_PER_DISPATCH 4

struct _ZmqgEngine
{
  atomic_uint refs;
  ZmqgEngineMode mode;
  guint generation; /* of forks: what it was made in */
  GMainContext *context;
  ZmqgReactor *reactor;
  GThread *thread;
  ZmqgChunk *read_chunk;

  GSource *task_source;
  int wake_fd;          /* readable: there are tasks */
  gpointer wake_tag;
  atomic_uint turns;    /* taken by drivers */
  atomic_uint polls;    /* begun and ended: odd while one goes on */
  atomic_uint sleeping; /* nobody looks for tasks before it polls */
  ZmqgLock lock; /* a leaf: guards what follows */
  ZmqgEngineTask *first_task;
  ZmqgEngineTask *last_task;
  ZmqgEngineTask *first_later;
  ZmqgFdWatch later; /* a timer; -1 where the engine has no thread */
  GQueue drivers; /* of ZmqgThreadWaiter that would drive */
  ZmqgLock app_lock; /* before lock: a source that ends is not changed */
  GSource *app_source;
  GMainContext *app_context; /* borrowed; NULL once it has gone */
  gboolean stopping;
  gboolean stopped; /* nothing will run any more */
};

typedef struct
{
  ZmqgEngineTask task;
  void (*function) (gpointer data);
  gpointer data;
} EngineCall;

typedef struct
{
  GSource source;
  ZmqgEngine *engine;
} EngineSource;

/* --- Tasks -------------------------------------------------------------- */

static ZmqgEngineTask *
take_tasks (ZmqgEngine *self)
{
  ZmqgEngineTask *tasks;

  zmqg_lock (&self->lock);
  tasks = self->first_task;
  self->first_task = self->last_task = NULL;
  zmqg_unlock (&self->lock);

  return tasks;
}

/* Wakes the engine, unless it looks for tasks before it sleeps anyway. Not by
 * way of the GMainContext: its lock, and ours, would be taken by the thread
 * that wakes up while the waker still holds them. */
static void
wake_up (ZmqgEngine *self)
{
  guint64 one = 1;

  /* Pairs with the exchange in task_source_prepare (). */
  if (atomic_exchange (&self->sleeping, 0) != 0)
    while (write (self->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
      ;
}

static gboolean
has_tasks (ZmqgEngine *self)
{
  gboolean has;

  zmqg_lock (&self->lock);
  has = self->first_task != NULL || self->stopping;
  zmqg_unlock (&self->lock);

  return has;
}

static gboolean
task_source_prepare (GSource *source,
                     int *timeout)
{
  ZmqgEngine *self = ((EngineSource *) source)->engine;

  *timeout = -1;
  atomic_exchange (&self->sleeping, 1);
  if (!has_tasks (self))
    return FALSE;

  atomic_store (&self->sleeping, 0);
  return TRUE;
}

static gboolean
task_source_check (GSource *source)
{
  ZmqgEngine *self = ((EngineSource *) source)->engine;
  guint64 count;

  if (g_source_query_unix_fd (source, self->wake_tag) != 0)
    while (read (self->wake_fd, &count, sizeof count) < 0 && errno == EINTR)
      ;

  return has_tasks (self);
}

static void
run_tasks (ZmqgEngine *self,
           ZmqgEngineTask *task)
{
  while (task != NULL)
    {
      ZmqgEngineTask *next = task->next;

      zmqg_lock (&self->lock);
      task->queued = FALSE;
      zmqg_unlock (&self->lock);
      task->run (task);
      task = next;
    }
}

static gboolean
task_source_dispatch (GSource *source,
                      GSourceFunc callback G_GNUC_UNUSED,
                      gpointer user_data G_GNUC_UNUSED)
{
  ZmqgEngine *self = ((EngineSource *) source)->engine;

  run_tasks (self, take_tasks (self));
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs task_source_funcs = {
  .prepare = task_source_prepare,
  .check = task_source_check,
  .dispatch = task_source_dispatch,
};

gboolean
zmqg_engine_queue (ZmqgEngine *self,
                   ZmqgEngineTask *task)
{
  gboolean added;

  zmqg_lock (&self->lock);
  added = !task->queued && !self->stopped;
  if (added)
    {
      task->queued = TRUE;
      task->next = NULL;
      if (self->first_task == NULL)
        self->first_task = task;
      else
        self->last_task->next = task;
      self->last_task = task;
    }
  zmqg_unlock (&self->lock);

  if (added)
    wake_up (self);
  return added;
}

gboolean
zmqg_engine_queue_later (ZmqgEngine *self,
                         ZmqgEngineTask *task)
{
  const struct itimerspec time = { .it_value.tv_nsec = LATER_NSEC };
  gboolean added;
  gboolean arm;

  if (self->later.fd < 0)
    return zmqg_engine_queue (self, task);

  zmqg_lock (&self->lock);
  added = !task->queued && !self->stopped;
  arm = added && self->first_later == NULL;
  if (added)
    {
      task->queued = TRUE;
      task->next = self->first_later;
      self->first_later = task;
    }
  zmqg_unlock (&self->lock);

  if (arm)
    timerfd_settime (self->later.fd, 0, &time, NULL);
  return added;
}

static void
later_ready (ZmqgFdWatch *watch,
             GIOCondition condition G_GNUC_UNUSED)
{
  ZmqgEngine *self = (ZmqgEngine *) ((guint8 *) watch -
                                     G_STRUCT_OFFSET (ZmqgEngine, later));
  ZmqgEngineTask *tasks;
  guint64 count;

  while (read (watch->fd, &count, sizeof count) < 0 && errno == EINTR)
    ;

  zmqg_lock (&self->lock);
  tasks = self->first_later;
  self->first_later = NULL;
  zmqg_unlock (&self->lock);
  run_tasks (self, tasks);
}

static void
run_call (ZmqgEngineTask *task)
{
  EngineCall *call = (EngineCall *) task;

  call->function (call->data);
  g_free (call);
}

void
zmqg_engine_call (ZmqgEngine *self,
                  void (*function) (gpointer data),
                  gpointer data)
{
  EngineCall *call = g_new0 (EngineCall, 1);
  gboolean queued;

  call->task.run = run_call;
  call->function = function;
  call->data = data;
  queued = zmqg_engine_queue (self, &call->task);
  g_assert (queued);
}

/* In the child of a fork: its descriptors, and the epoll set above all, are
 * those of the parent. */
static inline gboolean
is_forked (ZmqgEngine *self)
{
  return G_UNLIKELY (self->generation != zmqg_fork_get_generation ());
}

/* --- Driving ------------------------------------------------------------ */

/* One of those who found the engine taken may try again. */
static void
call_driver (ZmqgEngine *self)
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
static void
release_context (ZmqgEngine *self)
{
  /* The mutex of the GMainContext orders what drivers do, but is one that
   * ThreadSanitizer cannot see. */
  atomic_fetch_add_explicit (&self->turns, 1, memory_order_release);
  g_main_context_pop_thread_default (self->context);
  g_main_context_release (self->context);

  call_driver (self);
  zmqg_lock (&self->lock);
  /* Its own thread looks before it sleeps. */
  if (self->app_context != NULL &&
      !g_main_context_is_owner (self->app_context))
    g_main_context_wakeup (self->app_context);
  zmqg_unlock (&self->lock);
}

static gboolean
acquire_context (ZmqgEngine *self)
{
  if (is_forked (self) || !g_main_context_acquire (self->context))
    return FALSE;

  /* Acquire pairs with the release in release_context (). */
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

/* One turn of the engine's context, with the descriptor of the waiter, if
 * any, beside it. A signal to the process ends the wait. %FALSE when there
 * was nothing to do. */
static gboolean
take_turn (ZmqgEngine *self,
           ZmqgThreadWaiter *waiter,
           gint64 deadline)
{
  GPollFD local[POLL_FDS_INLINE + 1];
  g_autofree GPollFD *allocated = NULL;
  GPollFD *fds = local;
  gboolean ready;
  guint work;
  int priority;
  int timeout;
  int n_all;
  int n;

  count_poll (self);
  g_main_context_prepare (self->context, &priority);
  n = g_main_context_query (self->context, priority, &timeout, local,
                            POLL_FDS_INLINE);
  if (n > POLL_FDS_INLINE)
    {
      int room = n;

      allocated = g_new (GPollFD, room + 1);
      fds = allocated;
      n = MIN (g_main_context_query (self->context, priority, &timeout, fds,
                                     room), room);
    }

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
  if (acquire_context (self))
    return TRUE;

  zmqg_lock (&self->lock);
  g_queue_push_tail (&self->drivers, waiter);
  zmqg_unlock (&self->lock);

  /* It may have been released before we were in the list. */
  if (!acquire_context (self))
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
  if (acquire_context (self))
    release_context (self);
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
      take_turn (self, waiter, deadline);
      release_context (self);
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
  guint room = POLL_FDS_INLINE;
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
  release_context (self);
}

void
zmqg_engine_poll (ZmqgEngine *self)
{
  if (self->mode == ZMQG_ENGINE_MODE_THREADS || !acquire_context (self))
    return;

  for (guint i = 0; i < TURNS_PER_DISPATCH; i++)
    if (!take_turn (self, NULL, 0))
      break;
  release_context (self);
}

/* --- The application's source ------------------------------------------- */

typedef struct
{
  GSource source;
  /* GLib's own lock says that it is there before it is used, but to
   * ThreadSanitizer that does not exist. */
  ZmqgEngine *_Atomic engine;
  GPollFD *fds; /* watched, and by what tag */
  gpointer *tags;
  int n_fds;
  int room;
} AppSource;

static void
app_source_sync (AppSource *self,
                 const GPollFD *fds,
                 int n)
{
  gboolean same = n == self->n_fds;

  if (g_source_is_destroyed (&self->source))
    return;

  for (int i = 0; same && i < n; i++)
    same = fds[i].fd == self->fds[i].fd &&
           fds[i].events == self->fds[i].events;
  if (same)
    return;

  for (int i = 0; i < self->n_fds; i++)
    g_source_remove_unix_fd (&self->source, self->tags[i]);
  if (n > self->room)
    {
      self->room = MAX (n, 2 * self->room);
      self->fds = g_renew (GPollFD, self->fds, self->room);
      self->tags = g_renew (gpointer, self->tags, self->room);
    }
  for (int i = 0; i < n; i++)
    {
      self->fds[i] = fds[i];
      self->tags[i] = g_source_add_unix_fd (&self->source, fds[i].fd,
                                            fds[i].events);
    }
  self->n_fds = n;
}

/* The main context's lock orders the last turn and the end of a source, but
 * ThreadSanitizer cannot see it. */
static inline void
show_turn (AppSource *self)
{
#ifdef ZMQG_THREAD_SANITIZER
  zmqg_lock (&self->engine->lock);
  zmqg_unlock (&self->engine->lock);
#endif
}

static gboolean
app_source_prepare (GSource *source,
                    int *timeout)
{
  AppSource *self = (AppSource *) source;
  /* Acquire pairs with the release in attach (). */
  ZmqgEngine *engine = atomic_load_explicit (&self->engine,
                                             memory_order_acquire);
  GMainContext *context = engine->context;
  GPollFD local[POLL_FDS_INLINE];
  g_autofree GPollFD *allocated = NULL;
  GPollFD *fds = local;
  gboolean ready;
  int priority;
  int n;

  *timeout = -1;
  if (is_forked (self->engine))
    {
      g_source_destroy (source);
      return FALSE;
    }

  /* Another thread drives; it wakes us when it stops. */
  if (!g_main_context_acquire (context))
    {
      show_turn (self);
      return FALSE;
    }

  ready = g_main_context_prepare (context, &priority);
  n = g_main_context_query (context, priority, timeout, local,
                            POLL_FDS_INLINE);
  if (n > POLL_FDS_INLINE)
    {
      int room = n;

      allocated = g_new (GPollFD, room);
      fds = allocated;
      n = MIN (g_main_context_query (context, priority, timeout, fds, room),
               room);
    }
  zmqg_lock (&engine->app_lock);
  app_source_sync (self, fds, n);
  zmqg_unlock (&engine->app_lock);
  g_main_context_release (context);
  /* Whoever came meanwhile must not wait for our next turn. */
  call_driver (engine);
  show_turn (self);

  return ready || *timeout == 0;
}

static gboolean
app_source_check (GSource *source)
{
  AppSource *self = (AppSource *) source;
  gboolean ready = FALSE;
  int timeout;

  if (is_forked (self->engine))
    return FALSE;

  zmqg_lock (&self->engine->app_lock);
  if (!g_source_is_destroyed (source))
    for (int i = 0; i < self->n_fds && !ready; i++)
      ready = g_source_query_unix_fd (source, self->tags[i]) != 0;
  zmqg_unlock (&self->engine->app_lock);
  if (ready)
    {
      show_turn (self);
      return TRUE;
    }

  /* A timer of the engine may be due. */
  return app_source_prepare (source, &timeout);
}

static gboolean
app_source_dispatch (GSource *source,
                     GSourceFunc callback G_GNUC_UNUSED,
                     gpointer user_data G_GNUC_UNUSED)
{
  AppSource *self = (AppSource *) source;

  zmqg_engine_poll (self->engine);
  show_turn (self);
  return G_SOURCE_CONTINUE;
}

static void
app_source_finalize (GSource *source)
{
  AppSource *self = (AppSource *) source;

  show_turn (self);
  g_free (self->fds);
  g_free (self->tags);
  zmqg_engine_unref (self->engine);
}

static GSourceFuncs app_source_funcs = {
  .prepare = app_source_prepare,
  .check = app_source_check,
  .dispatch = app_source_dispatch,
  .finalize = app_source_finalize,
};

/* The source was destroyed, perhaps with its context. */
static void
app_source_gone (gpointer data)
{
  AppSource *self = data;

  zmqg_lock (&self->engine->lock);
  if (self->engine->app_source == &self->source)
    self->engine->app_context = NULL;
  zmqg_unlock (&self->engine->lock);
}

static gboolean
app_source_callback (gpointer data G_GNUC_UNUSED)
{
  return G_SOURCE_CONTINUE;
}

void
zmqg_engine_attach (ZmqgEngine *self,
                    GMainContext *context)
{
  GSource *source;
  GSource *old;

  if (self->mode == ZMQG_ENGINE_MODE_THREADS)
    return;

  zmqg_lock (&self->lock);
  if (self->app_context != NULL || self->stopping)
    {
      zmqg_unlock (&self->lock);
      return;
    }

  source = g_source_new (&app_source_funcs, sizeof (AppSource));
  atomic_store_explicit (&((AppSource *) source)->engine,
                         zmqg_engine_ref (self), memory_order_release);
  g_source_set_static_name (source, "[zmqg] engine");
  g_source_set_can_recurse (source, TRUE);
  g_source_set_callback (source, app_source_callback, source,
                         app_source_gone);
  old = self->app_source;
  self->app_source = source;
  self->app_context = context;
  g_source_attach (source, context);
  zmqg_unlock (&self->lock);

  g_clear_pointer (&old, g_source_unref);
}

/* --- Life --------------------------------------------------------------- */

static gpointer
engine_thread (gpointer data)
{
  ZmqgEngine *self = data;
  gboolean stopping = FALSE;

  zmqg_fork_begin_work ();
  g_main_context_acquire (self->context);
  g_main_context_push_thread_default (self->context);
  while (!stopping)
    {
      take_turn (self, NULL, -1);
      zmqg_lock (&self->lock);
      stopping = self->stopping && self->first_task == NULL &&
                 self->first_later == NULL;
      self->stopped = stopping;
      zmqg_unlock (&self->lock);
    }
  g_main_context_pop_thread_default (self->context);
  g_main_context_release (self->context);

  zmqg_engine_unref (self);
  zmqg_fork_end_work ();
  return NULL;
}

/* All signals stay with the application's threads. */
static GThread *
start_thread (ZmqgEngine *self,
              const char *name,
              GError **error)
{
  GThread *thread;
  sigset_t all;
  sigset_t before;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  zmqg_engine_ref (self);
  thread = g_thread_try_new (name, engine_thread, self, error);
  pthread_sigmask (SIG_SETMASK, &before, NULL);

  if (thread == NULL)
    zmqg_engine_unref (self);
  return thread;
}

/* The descriptor that wakes the engine; -1 with @error when the process has
 * none left. GLib ends the process when it cannot make a GMainContext, so one
 * for that is tried before. */
static int
new_wake_fd (GError **error)
{
  int spare = eventfd (0, EFD_CLOEXEC);
  int fd = spare < 0 ? -1 : eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  int code = errno;

  if (spare >= 0)
    close (spare);
  if (fd >= 0)
    return fd;

  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
               "No descriptor for an engine: %s", g_strerror (code));
  return -1;
}

GMainContext *
zmqg_engine_get_default_context (GError **error)
{
  static atomic_bool is_there;
  int fd;

  if (!atomic_load_explicit (&is_there, memory_order_relaxed))
    {
      fd = new_wake_fd (error);
      if (fd < 0)
        return NULL;

      close (fd);
      g_main_context_default ();
      atomic_store_explicit (&is_there, TRUE, memory_order_relaxed);
    }

  return g_main_context_default ();
}

ZmqgEngine *
zmqg_engine_new (ZmqgEngineMode mode,
                 const char *name,
                 GError **error)
{
  g_autoptr (GMainContext) context = NULL;
  ZmqgReactor *reactor;
  ZmqgEngine *self;
  int wake_fd;

  wake_fd = new_wake_fd (error);
  if (wake_fd < 0)
    return NULL;

  /* Whoever drives it polls without owning it. */
  context = mode == ZMQG_ENGINE_MODE_THREADS
              ? g_main_context_new ()
              : g_main_context_new_with_flags (
                  G_MAIN_CONTEXT_FLAGS_OWNERLESS_POLLING);
  reactor = zmqg_reactor_new (context, error);
  if (reactor == NULL)
    {
      close (wake_fd);
      return NULL;
    }

  self = g_new0 (ZmqgEngine, 1);
  atomic_init (&self->refs, 1);
  zmqg_lock_init (&self->lock);
  zmqg_lock_init (&self->app_lock);
  g_queue_init (&self->drivers);
  self->mode = mode;
  self->generation = zmqg_fork_get_generation ();
  self->context = g_steal_pointer (&context);
  self->reactor = reactor;

  self->task_source = g_source_new (&task_source_funcs, sizeof (EngineSource));
  ((EngineSource *) self->task_source)->engine = self;
  g_source_set_static_name (self->task_source, "[zmqg] tasks");
  /* Else GLib takes its descriptors out of the poll set around each
   * dispatch, and wakes the context for that, twice. */
  g_source_set_can_recurse (self->task_source, TRUE);
  self->later.fd = -1;
  self->later.ready = later_ready;
  self->wake_fd = wake_fd;
  self->wake_tag = g_source_add_unix_fd (self->task_source, wake_fd, G_IO_IN);
  g_source_attach (self->task_source, self->context);

  if (mode == ZMQG_ENGINE_MODE_THREADS)
    {
      /* Without one more descriptor later is at once. */
      self->later.fd = timerfd_create (CLOCK_MONOTONIC,
                                       TFD_CLOEXEC | TFD_NONBLOCK);
      if (self->later.fd >= 0)
        zmqg_reactor_watch (reactor, &self->later, G_IO_IN);
      self->thread = start_thread (self, name, error);
      if (self->thread == NULL)
        {
          zmqg_engine_unref (self);
          return NULL;
        }
    }

  return self;
}

ZmqgEngine *
zmqg_engine_ref (ZmqgEngine *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

void
zmqg_engine_unref (ZmqgEngine *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1 ||
      is_forked (self))
    return;

  g_assert (self->first_task == NULL && self->first_later == NULL);
  g_source_destroy (self->task_source);
  g_source_unref (self->task_source);
  close (self->wake_fd);
  if (self->later.fd >= 0)
    {
      zmqg_reactor_watch (self->reactor, &self->later, 0);
      close (self->later.fd);
    }
  zmqg_reactor_free (self->reactor);
  g_main_context_unref (self->context);
  g_clear_pointer (&self->read_chunk, zmqg_chunk_unref);
  g_queue_clear (&self->drivers);
  zmqg_lock_clear (&self->app_lock);
  zmqg_lock_clear (&self->lock);
  g_free (self);
}

/* Not threaded: runs what is queued, which nobody else might do. */
static void
end_driving (ZmqgEngine *self)
{
  gboolean stopped = FALSE;

  while (!stopped)
    {
      /* Who drives was woken, and has nothing to wait for any more. */
      if (!acquire_context (self))
        {
          g_thread_yield ();
          continue;
        }

      run_tasks (self, take_tasks (self));
      zmqg_lock (&self->lock);
      stopped = self->stopped = self->first_task == NULL;
      zmqg_unlock (&self->lock);
      release_context (self);
    }
}

void
zmqg_engine_stop (ZmqgEngine *self,
                  gboolean join)
{
  GThread *thread;
  GSource *source;

  zmqg_lock (&self->lock);
  self->stopping = TRUE;
  thread = g_steal_pointer (&self->thread);
  source = g_steal_pointer (&self->app_source);
  self->app_context = NULL;
  zmqg_unlock (&self->lock);

  g_main_context_wakeup (self->context);

  if (self->mode != ZMQG_ENGINE_MODE_THREADS)
    end_driving (self);
  if (thread != NULL)
    {
      if (join && thread != g_thread_self ())
        {
          guint work = zmqg_fork_pause_work ();

          g_thread_join (thread);
          zmqg_fork_resume_work (work);
        }
      else
        g_thread_unref (thread);
    }

  if (source != NULL)
    {
      /* The application's thread may be about to look at it. */
      zmqg_lock (&self->app_lock);
      g_source_destroy (source);
      zmqg_unlock (&self->app_lock);
      g_source_unref (source);
    }
}

ZmqgReactor *
zmqg_engine_get_reactor (ZmqgEngine *self)
{
  return self->reactor;
}

gboolean
zmqg_engine_is_threaded (ZmqgEngine *self)
{
  return self->mode == ZMQG_ENGINE_MODE_THREADS;
}

ZmqgChunk *
zmqg_engine_get_read_chunk (ZmqgEngine *self)
{
  /* Acquire: whoever dropped a reference has read what it wanted. */
  if (self->read_chunk != NULL &&
      atomic_load_explicit (&self->read_chunk->refs,
                            memory_order_acquire) > 1)
    g_clear_pointer (&self->read_chunk, zmqg_chunk_unref);

  if (self->read_chunk == NULL)
    self->read_chunk = zmqg_chunk_new (ZMQG_CHUNK_SIZE);

  return self->read_chunk;
}
