/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-engine-struct-private.h"

#include "base/zmqg-error.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What an engine has to do, and its life. */

/* How much later queue_later () is. */
#define LATER_NSEC (200 * 1000)

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
      zmqg_engine_take_turn (self, NULL, -1);
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
      zmqg_engine_is_forked (self))
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
      if (!zmqg_engine_acquire (self))
        {
          g_thread_yield ();
          continue;
        }

      run_tasks (self, take_tasks (self));
      zmqg_lock (&self->lock);
      stopped = self->stopped = self->first_task == NULL;
      zmqg_unlock (&self->lock);
      zmqg_engine_release (self);
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
