/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-engine-private.h"
#include "zmqg-test.h"

#include <pthread.h>
#include <signal.h>

#define DEADLINE 10000

typedef struct
{
  ZmqgEngine *engine;
  ZmqgEngineMode mode;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->mode = GPOINTER_TO_UINT (data);
  self->engine = zmqg_engine_new (self->mode, "engine", NULL);
  g_assert_nonnull (self->engine);
  zmqg_engine_attach (self->engine, g_main_context_default ());
}

static void
tear_down (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  if (self->engine == NULL)
    return;

  zmqg_engine_stop (self->engine, TRUE);
  zmqg_engine_unref (self->engine);
}

static gint64
deadline (void)
{
  return g_get_monotonic_time () + DEADLINE * 1000;
}

/* --- Tasks -------------------------------------------------------------- */

typedef struct
{
  ZmqgEngineTask task;
  ZmqgEngine *engine;
  atomic_uint queued; /* times that queue () said so */
  atomic_uint runs;
  atomic_uint *inside;
} Job;

#define N_THREADS 4
#define N_JOBS 50
#define N_ROUNDS 400

static void
job_run (ZmqgEngineTask *task)
{
  Job *self = (Job *) task;

  /* Never two at the same time. */
  g_assert_cmpuint (atomic_fetch_add (self->inside, 1), ==, 0);
  atomic_fetch_sub (self->inside, 1);
  /* Last: the jobs may be freed once all are counted. */
  atomic_fetch_add (&self->runs, 1);
}

static gpointer
queue_often (gpointer data)
{
  Job *jobs = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    for (guint j = 0; j < N_JOBS; j++)
      if (zmqg_engine_queue (jobs[j].engine, &jobs[j].task))
        atomic_fetch_add (&jobs[j].queued, 1);
  return NULL;
}

static gboolean
all_ran (Job *jobs)
{
  for (guint i = 0; i < N_JOBS; i++)
    if (atomic_load (&jobs[i].runs) != atomic_load (&jobs[i].queued))
      return FALSE;
  return TRUE;
}

/* As often as it was queued, one at a time, and none is forgotten. */
static void
test_tasks_from_many_threads (Fixture *self,
                              gconstpointer data G_GNUC_UNUSED)
{
  g_autofree Job *jobs = g_new0 (Job, N_JOBS);
  GThread *threads[N_THREADS];
  atomic_uint inside = 0;

  for (guint i = 0; i < N_JOBS; i++)
    {
      jobs[i].task.run = job_run;
      jobs[i].engine = self->engine;
      jobs[i].inside = &inside;
    }
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("queue", queue_often, jobs);
  for (guint i = 0; i < 100; i++)
    zmqg_test_turn (NULL);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  ZMQG_TEST_AWAIT (all_ran (jobs), DEADLINE);
  for (guint i = 0; i < N_JOBS; i++)
    g_assert_cmpuint (atomic_load (&jobs[i].runs), >, 0);
}

typedef struct
{
  GString *order;
  ZmqgEngine *engine;
  ZmqgEngineTask again;
  guint left;
  atomic_uint done;
} Order;

static void
append_a (gpointer data)
{
  g_string_append_c (((Order *) data)->order, 'a');
}

static void
append_b (gpointer data)
{
  g_string_append_c (((Order *) data)->order, 'b');
}

static void
run_again (ZmqgEngineTask *task)
{
  Order *self = (Order *) ((guint8 *) task -
                           G_STRUCT_OFFSET (Order, again));

  g_string_append_c (self->order, 'r');
  if (--self->left > 0)
    g_assert_true (zmqg_engine_queue (self->engine, task));
  else
    atomic_store (&self->done, TRUE);
}

static void
queue_in_engine (gpointer data)
{
  Order *self = data;

  /* One that is queued already is not queued twice. */
  zmqg_engine_call (self->engine, append_a, self);
  g_assert_true (zmqg_engine_queue (self->engine, &self->again));
  g_assert_false (zmqg_engine_queue (self->engine, &self->again));
  zmqg_engine_call (self->engine, append_b, self);
}

static void
test_order (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  Order order = { .order = g_string_new (NULL), .engine = self->engine,
                  .again.run = run_again, .left = 3 };

  zmqg_engine_call (self->engine, queue_in_engine, &order);
  ZMQG_TEST_AWAIT (atomic_load (&order.done), DEADLINE);
  g_assert_cmpstr (order.order->str, ==, "arbrr");
  g_string_free (order.order, TRUE);
}

typedef struct
{
  atomic_uint done;
  GMainContext *context;
  GThread *thread;
  gboolean owner;
  sigset_t blocked;
  atomic_uint source_ran;
  GThread *source_thread;
} Look;

static gboolean
look_source (gpointer data)
{
  Look *self = data;

  self->source_thread = g_thread_self ();
  g_assert_true (g_main_context_get_thread_default () == self->context);
  atomic_store (&self->source_ran, TRUE);
  return G_SOURCE_REMOVE;
}

static void
look (gpointer data)
{
  Look *self = data;
  g_autoptr (GSource) source = g_idle_source_new ();

  self->context = g_main_context_get_thread_default ();
  self->owner = self->context != NULL &&
                g_main_context_is_owner (self->context);
  self->thread = g_thread_self ();
  pthread_sigmask (SIG_BLOCK, NULL, &self->blocked);
  g_source_set_callback (source, look_source, self, NULL);
  g_source_attach (source, self->context);
  atomic_store (&self->done, TRUE);
}

/* Rule: engine code has its engine's context, acquired and thread-default, so
 * that what GIO starts there ends there. Fails without the push of
 * acquire_context () or of engine_thread (). */
/* What is put off runs all the same, once for each time that it was queued;
 * it may queue itself, or be queued at once while it waits. */
static void
test_later (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  atomic_uint inside = 0;
  Job jobs[3];

  for (guint i = 0; i < 3; i++)
    jobs[i] = (Job) { .task.run = job_run, .engine = self->engine,
                      .inside = &inside };
  for (guint round = 1; round <= 200; round++)
    {
      gboolean added;

      g_assert_true (zmqg_engine_queue_later (self->engine, &jobs[0].task));
      if (zmqg_engine_queue_later (self->engine, &jobs[0].task))
        jobs[0].queued++;
      g_assert_true (zmqg_engine_queue (self->engine, &jobs[1].task));
      added = zmqg_engine_queue_later (self->engine, &jobs[2].task);
      g_assert_true (added);
      ZMQG_TEST_AWAIT (atomic_load (&jobs[0].runs) ==
                         round + atomic_load (&jobs[0].queued), DEADLINE);
      ZMQG_TEST_AWAIT (atomic_load (&jobs[1].runs) == round, DEADLINE);
      ZMQG_TEST_AWAIT (atomic_load (&jobs[2].runs) == round, DEADLINE);
    }
}

static gpointer
queue_later_often (gpointer data)
{
  Job *jobs = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    for (guint j = 0; j < N_JOBS; j++)
      if (zmqg_engine_queue_later (jobs[j].engine, &jobs[j].task))
        atomic_fetch_add (&jobs[j].queued, 1);
  return NULL;
}

/* From many threads, beside others that queue the same at once. */
static void
test_later_from_many_threads (Fixture *self,
                              gconstpointer data G_GNUC_UNUSED)
{
  atomic_uint inside = 0;
  Job jobs[N_JOBS];
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_JOBS; i++)
    jobs[i] = (Job) { .task.run = job_run, .engine = self->engine,
                      .inside = &inside };
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("queue", i % 2 == 0 ? queue_later_often
                                                   : queue_often, jobs);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_JOBS; i++)
    ZMQG_TEST_AWAIT (atomic_load (&jobs[i].runs) ==
                       atomic_load (&jobs[i].queued), DEADLINE);
}

/* An engine that is stopped does not forget what was put off. */
static void
test_stop_runs_later (void)
{
  for (guint i = 0; i < 50; i++)
    {
      atomic_uint inside = 0;
      ZmqgEngine *engine = zmqg_engine_new (ZMQG_ENGINE_MODE_THREADS, "e",
                                            NULL);
      Job job = { .task.run = job_run, .engine = engine, .inside = &inside };

      zmqg_engine_queue_later (engine, &job.task);
      zmqg_engine_stop (engine, TRUE);
      g_assert_cmpuint (atomic_load (&job.runs), ==, 1);
      zmqg_engine_unref (engine);
    }
}

static void
test_thread_default_context (Fixture *self,
                             gconstpointer data G_GNUC_UNUSED)
{
  Look seen = { 0 };

  zmqg_engine_call (self->engine, look, &seen);
  ZMQG_TEST_AWAIT (atomic_load (&seen.source_ran), DEADLINE);
  g_assert_nonnull (seen.context);
  g_assert_true (seen.context != g_main_context_default ());
  g_assert_true (seen.owner);
  g_assert_null (g_main_context_get_thread_default ());
  if (self->mode == ZMQG_ENGINE_MODE_THREADS)
    {
      g_assert_true (seen.thread != g_thread_self ());
      g_assert_true (seen.source_thread == seen.thread);
      /* The application's threads get its signals. */
      g_assert_true (sigismember (&seen.blocked, SIGTERM));
      g_assert_true (sigismember (&seen.blocked, SIGUSR1));
    }
  else
    {
      g_assert_true (seen.thread == g_thread_self ());
    }
}

static void
set_flag (gpointer data)
{
  atomic_store ((atomic_uint *) data, TRUE);
}

/* --- Driving ------------------------------------------------------------ */

typedef struct
{
  ZmqgEngine *engine;
  GThread *thread;
  atomic_uint leave;
  atomic_uint told; /* the waiter is needed until then */
  atomic_uint waits; /* calls of wait () */
  ZmqgThreadWaiter *_Atomic waiter;
} Driver;

static gpointer
driver_thread (gpointer data)
{
  Driver *self = data;

  atomic_store (&self->waiter, zmqg_thread_waiter_get (NULL));
  while (!atomic_load (&self->leave))
    {
      atomic_fetch_add (&self->waits, 1);
      zmqg_engine_wait (self->engine, atomic_load (&self->waiter), -1);
    }
  while (!atomic_load (&self->told))
    g_thread_yield ();
  return NULL;
}

static void
driver_start (Driver *self,
              ZmqgEngine *engine)
{
  *self = (Driver) { .engine = engine };
  self->thread = g_thread_new ("driver", driver_thread, self);
  while (atomic_load (&self->waits) == 0)
    g_thread_yield ();
}

static void
driver_tell (Driver *self)
{
  atomic_store (&self->leave, TRUE);
  zmqg_thread_waiter_signal (atomic_load (&self->waiter));
  atomic_store (&self->told, TRUE);
}

static gboolean
comes_true (atomic_uint *flag)
{
  gint64 until = deadline ();

  while (!atomic_load (flag) && g_get_monotonic_time () < until)
    g_thread_yield ();
  return atomic_load (flag);
}

/* A call that waits does the work while nobody runs the main loop. */
static void
test_driven_by_wait (void)
{
  ZmqgEngine *engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e",
                                        NULL);
  ZmqgThreadWaiter *waiter = zmqg_thread_waiter_get (NULL);
  atomic_uint flag = FALSE;

  zmqg_engine_call (engine, set_flag, &flag);
  while (!atomic_load (&flag))
    g_assert_true (zmqg_engine_wait (engine, waiter, deadline ()));

  /* Nothing to do: until the deadline, or a signal to the waiter. */
  g_assert_false (zmqg_engine_wait (engine, waiter,
                                    g_get_monotonic_time () - 1));
  zmqg_thread_waiter_signal (waiter);
  g_assert_true (zmqg_engine_wait (engine, waiter, deadline ()));

  /* And one that does not wait. */
  atomic_store (&flag, FALSE);
  zmqg_engine_call (engine, set_flag, &flag);
  zmqg_engine_poll (engine);
  g_assert_true (atomic_load (&flag));
  zmqg_engine_stop (engine, TRUE);
  zmqg_engine_unref (engine);
}

/* One call drives several engines, and polls descriptors of its own. */
static void
test_polled_together (void)
{
  ZmqgThreadWaiter *waiter = zmqg_thread_waiter_get (NULL);
  GPollFD own = { .fd = waiter->fd, .events = G_IO_IN };
  ZmqgEngine *engines[3];
  atomic_uint flags[3] = { FALSE };

  zmqg_thread_waiter_clear (waiter);
  for (guint i = 0; i < 3; i++)
    {
      engines[i] = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e", NULL);
      zmqg_engine_call (engines[i], set_flag, &flags[i]);
    }
  while (!flags[0] || !flags[1] || !flags[2])
    {
      g_assert_cmpint (zmqg_engines_poll (engines, 3, waiter, &own, 1,
                                          deadline (), NULL), >=, 0);
      g_assert_cmpint (own.revents, ==, 0);
    }

  /* Each of them alone ends the wait, and so do the deadline and the caller's
   * own descriptor. */
  for (guint i = 0; i < 3; i++)
    {
      atomic_store (&flags[i], FALSE);
      zmqg_engine_call (engines[i], set_flag, &flags[i]);
      while (!flags[i])
        g_assert_cmpint (zmqg_engines_poll (engines, 3, waiter, &own, 1,
                                            deadline (), NULL), >=, 0);
    }
  zmqg_engines_poll (engines, 3, waiter, &own, 1,
                     g_get_monotonic_time () - 1, NULL);
  g_assert_cmpint (own.revents, ==, 0);
  zmqg_thread_waiter_signal (waiter);
  while (own.revents == 0)
    g_assert_cmpint (zmqg_engines_poll (engines, 3, waiter, &own, 1,
                                        deadline (), NULL), >=, 0);
  g_assert_cmpint (own.revents, ==, G_IO_IN);
  zmqg_thread_waiter_clear (waiter);

  for (guint i = 0; i < 3; i++)
    {
      zmqg_engine_stop (engines[i], TRUE);
      zmqg_engine_unref (engines[i]);
    }
}

typedef struct
{
  ZmqgEngine *engines[2];
  _Atomic (ZmqgThreadWaiter *) waiter;
  atomic_bool leave;
  atomic_bool told; /* the waiter is needed until then */
} Poller;

static gpointer
poller_thread (gpointer data)
{
  Poller *self = data;
  ZmqgThreadWaiter *waiter = zmqg_thread_waiter_get (NULL);
  GPollFD own = { .fd = waiter->fd, .events = G_IO_IN };

  zmqg_thread_waiter_clear (waiter);
  atomic_store (&self->waiter, waiter);
  while (!atomic_load (&self->leave))
    {
      zmqg_engines_poll (self->engines, 2, waiter, &own, 1, -1, NULL);
      if (own.revents != 0)
        zmqg_thread_waiter_clear (waiter);
    }
  while (!atomic_load (&self->told))
    g_thread_yield ();
  return NULL;
}

/* Of two engines it drives the one that it can, and the other one once whoever
 * drives that leaves. */
static void
test_polled_together_with_others (void)
{
  Poller poller = { .leave = FALSE };
  GThread *thread = NULL;

  for (guint i = 0; i < 2; i++)
    poller.engines[i] = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e",
                                         NULL);
  for (guint round = 0; round < 100; round++)
    {
      Driver driver;

      driver_start (&driver, poller.engines[round % 2]);
      if (thread == NULL)
        thread = g_thread_new ("poller", poller_thread, &poller);
      for (guint i = 0; i < 2; i++)
        {
          atomic_uint flag = FALSE;

          zmqg_engine_call (poller.engines[i], set_flag, &flag);
          g_assert_true (comes_true (&flag));
        }
      driver_tell (&driver);
      g_thread_join (driver.thread);
      for (guint i = 0; i < 2; i++)
        {
          atomic_uint flag = FALSE;

          zmqg_engine_call (poller.engines[i], set_flag, &flag);
          g_assert_true (comes_true (&flag));
        }
    }

  atomic_store (&poller.leave, TRUE);
  zmqg_thread_waiter_signal (atomic_load (&poller.waiter));
  atomic_store (&poller.told, TRUE);
  g_thread_join (thread);
  for (guint i = 0; i < 2; i++)
    {
      zmqg_engine_stop (poller.engines[i], TRUE);
      zmqg_engine_unref (poller.engines[i]);
    }
}

/* Rule: who does not get the engine waits, and whoever leaves it lets one of
 * them take over. Fails without call_driver () in release_context (). */
static void
test_hand_over (void)
{
  ZmqgEngine *engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e",
                                        NULL);

  for (guint round = 0; round < 100; round++)
    {
      Driver first, second;
      atomic_uint flag = FALSE;

      driver_start (&first, engine);
      driver_start (&second, engine);
      driver_tell (&first);
      g_thread_join (first.thread);
      zmqg_engine_call (engine, set_flag, &flag);
      g_assert_true (comes_true (&flag));
      driver_tell (&second);
      g_thread_join (second.thread);
    }
  zmqg_engine_stop (engine, TRUE);
  zmqg_engine_unref (engine);
}

/* The one that was called to take over had got what it waited for, and left:
 * the next is called. Fails without the try in stop_awaiting_context (). */
static void
test_hand_over_to_one_that_leaves (void)
{
  ZmqgEngine *engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e",
                                        NULL);

  for (guint round = 0; round < 200; round++)
    {
      Driver drivers[3];
      atomic_uint flag = FALSE;

      for (guint i = 0; i < 3; i++)
        driver_start (&drivers[i], engine);
      driver_tell (&drivers[round % 3]);
      driver_tell (&drivers[(round + 1) % 3]);
      g_thread_join (drivers[round % 3].thread);
      g_thread_join (drivers[(round + 1) % 3].thread);
      zmqg_engine_call (engine, set_flag, &flag);
      g_assert_true (comes_true (&flag));
      driver_tell (&drivers[(round + 2) % 3]);
      g_thread_join (drivers[(round + 2) % 3].thread);
    }
  zmqg_engine_stop (engine, TRUE);
  zmqg_engine_unref (engine);
}

/* The application's context looks at the engine in each of its turns; a
 * thread that came then must not sleep until the next one. */
static void
test_main_context_lets_others_drive (void)
{
  ZmqgEngine *engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e",
                                        NULL);
  GMainContext *context = g_main_context_new ();

  zmqg_engine_attach (engine, context);
  for (guint round = 0; round < 200; round++)
    {
      Driver driver;
      atomic_uint flag = FALSE;

      driver = (Driver) { .engine = engine };
      driver.thread = g_thread_new ("driver", driver_thread, &driver);
      while (atomic_load (&driver.waits) == 0)
        g_main_context_iteration (context, FALSE);
      for (guint i = 0; i < 5; i++)
        g_main_context_iteration (context, FALSE);

      /* From here on nobody runs the context. */
      zmqg_engine_call (engine, set_flag, &flag);
      g_assert_true (comes_true (&flag));
      driver_tell (&driver);
      g_thread_join (driver.thread);
    }
  zmqg_engine_stop (engine, TRUE);
  zmqg_engine_unref (engine);
  g_main_context_unref (context);
}

/* A context that goes takes nothing with it: calls go on driving, and the
 * next socket's context does. */
static void
test_context_goes_first (void)
{
  ZmqgEngine *engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e",
                                        NULL);
  GMainContext *context = g_main_context_new ();
  atomic_uint flag = FALSE;

  zmqg_engine_attach (engine, context);
  g_main_context_iteration (context, FALSE);
  g_main_context_unref (context);

  zmqg_engine_call (engine, set_flag, &flag);
  zmqg_engine_poll (engine);
  g_assert_true (atomic_load (&flag));

  context = g_main_context_new ();
  zmqg_engine_attach (engine, context);
  zmqg_engine_attach (engine, context);
  atomic_store (&flag, FALSE);
  zmqg_engine_call (engine, set_flag, &flag);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (context, FALSE);
  g_assert_true (atomic_load (&flag));

  zmqg_engine_stop (engine, TRUE);
  zmqg_engine_unref (engine);
  /* The source went with the stop. */
  g_assert_false (g_main_context_pending (context));
  g_main_context_unref (context);
}

static gpointer
attach_thread (gpointer data)
{
  zmqg_engine_attach (data, g_main_context_default ());
  return NULL;
}

static guint
count_sources (void)
{
  guint n = 0;

  for (guint id = 1; id < 2000; id++)
    {
      GSource *source = g_main_context_find_source_by_id (
        g_main_context_default (), id);

      n += source != NULL &&
           g_strcmp0 (g_source_get_name (source), "[zmqg] engine") == 0;
    }
  return n;
}

static void
test_attached_once (void)
{
  for (guint round = 0; round < 50; round++)
    {
      ZmqgEngine *engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT,
                                            "e", NULL);
      GThread *threads[4];

      for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new ("attach", attach_thread, engine);
      for (guint i = 0; i < 4; i++)
        g_thread_join (threads[i]);
      g_assert_cmpuint (count_sources (), ==, 1);
      zmqg_engine_stop (engine, TRUE);
      zmqg_engine_unref (engine);
      g_assert_cmpuint (count_sources (), ==, 0);
    }
}

static gboolean
poll_in_dispatch (gpointer data)
{
  zmqg_engine_poll (data);
  return G_SOURCE_CONTINUE;
}

/* A call made by a handler, in a loop that a handler runs: the engine is
 * driven at any depth. */
static gboolean
nested_loop (gpointer data)
{
  Job *job = data;
  guint before = atomic_load (&job->runs);
  gint64 until = deadline ();

  zmqg_engine_queue (job->engine, &job->task);
  while (atomic_load (&job->runs) == before &&
         g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (atomic_load (&job->runs), ==, before + 1);
  return G_SOURCE_REMOVE;
}

static void
test_nested (Fixture *self,
             gconstpointer data G_GNUC_UNUSED)
{
  atomic_uint inside = 0;
  Job job = { .task.run = job_run, .engine = self->engine,
              .inside = &inside };
  guint id = g_idle_add (poll_in_dispatch, self->engine);

  for (guint i = 0; i < 20; i++)
    {
      g_idle_add (nested_loop, &job);
      ZMQG_TEST_AWAIT (atomic_load (&job.runs) == i + 1, DEADLINE);
    }
  g_source_remove (id);
}

/* --- Sleeping ----------------------------------------------------------- */

/* No wake-up is lost between a look at the tasks and the sleep. */
static void
test_no_lost_wake_up (Fixture *self,
                      gconstpointer data G_GNUC_UNUSED)
{
  atomic_uint inside = 0;
  Job job = { .task.run = job_run, .engine = self->engine,
              .inside = &inside };
  Driver driver;

  if (self->mode == ZMQG_ENGINE_MODE_MAIN_CONTEXT)
    driver_start (&driver, self->engine);
  for (guint i = 0; i < 5000; i++)
    {
      gint64 until = deadline ();

      g_assert_true (zmqg_engine_queue (self->engine, &job.task));
      while (atomic_load (&job.runs) != i + 1)
        g_assert_cmpint (g_get_monotonic_time (), <, until);
      if (i % 16 == 0)
        g_thread_yield ();
    }
  if (self->mode == ZMQG_ENGINE_MODE_MAIN_CONTEXT)
    {
      driver_tell (&driver);
      g_thread_join (driver.thread);
    }
}

static atomic_uint handled;

static void
handle_signal (int number G_GNUC_UNUSED)
{
  atomic_store (&handled, TRUE);
}

typedef struct
{
  ZmqgEngine *engine;
  pthread_t thread;
  atomic_uint ready;
  atomic_uint returned;
} Sleeper;

static gpointer
sleep_once (gpointer data)
{
  Sleeper *self = data;
  ZmqgThreadWaiter *waiter = zmqg_thread_waiter_get (NULL);

  self->thread = pthread_self ();
  atomic_store (&self->ready, TRUE);
  g_assert_true (zmqg_engine_wait (self->engine, waiter, -1));
  atomic_store (&self->returned, TRUE);
  return NULL;
}

/* Rule: threads wait in ppoll, not in a condition variable: a POSIX signal
 * ends the sleep. Fails with a loop around ppoll () or g_poll (). */
static void
test_signal_ends_sleep (Fixture *self,
                        gconstpointer data G_GNUC_UNUSED)
{
  struct sigaction action = { .sa_handler = handle_signal };
  struct sigaction before;
  Sleeper sleeper = { .engine = self->engine };
  GThread *thread;
  gint64 until = deadline ();

  sigaction (SIGUSR2, &action, &before);
  thread = g_thread_new ("sleeper", sleep_once, &sleeper);
  while (!atomic_load (&sleeper.ready))
    g_thread_yield ();
  /* One that came before the sleep ends nothing. */
  while (!atomic_load (&sleeper.returned) && g_get_monotonic_time () < until)
    {
      pthread_kill (sleeper.thread, SIGUSR2);
      zmqg_test_turn (NULL);
    }
  g_assert_true (atomic_load (&sleeper.returned));
  g_assert_true (atomic_load (&handled));
  g_thread_join (thread);
  sigaction (SIGUSR2, &before, NULL);
}

/* --- The end ------------------------------------------------------------ */

static void
stop_self (gpointer data)
{
  ZmqgEngine *engine = data;

  zmqg_engine_stop (engine, TRUE);
  zmqg_engine_unref (engine);
}

static gboolean
thread_is_there (const char *name)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *id;

  while ((id = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_strdup_printf ("/proc/self/task/%s/comm", id);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (path, &comm, NULL, NULL) &&
          g_str_has_prefix (comm, name))
        return TRUE;
    }
  return FALSE;
}

/* The last reference may be dropped by the engine itself: no join of
 * itself. */
static void
test_stop_from_own_thread (void)
{
  guint n_fds;
  ZmqgEngine *engine;

  zmqg_thread_waiter_get (NULL);
  n_fds = zmqg_test_fd_count ();
  engine = zmqg_engine_new (ZMQG_ENGINE_MODE_THREADS, "own", NULL);
  ZMQG_TEST_AWAIT (thread_is_there ("own"), DEADLINE);
  zmqg_engine_call (engine, stop_self, engine);
  ZMQG_TEST_AWAIT (!thread_is_there ("own"), DEADLINE);
  ZMQG_TEST_AWAIT (zmqg_test_fd_count () == n_fds, DEADLINE);
}

static void
never (ZmqgEngineTask *task G_GNUC_UNUSED)
{
  g_assert_not_reached ();
}

/* What is queued at the stop still runs, and nothing is queued behind that:
 * nobody would run it. */
static void
test_stop_runs_tasks (gconstpointer data)
{
  for (guint i = 0; i < 100; i++)
    {
      ZmqgEngine *engine = zmqg_engine_new (GPOINTER_TO_UINT (data), "e",
                                            NULL);
      ZmqgEngineTask late = { .run = never };
      atomic_uint flags[10];

      for (guint j = 0; j < 10; j++)
        {
          atomic_init (&flags[j], FALSE);
          zmqg_engine_call (engine, set_flag, &flags[j]);
        }
      zmqg_engine_stop (engine, TRUE);
      for (guint j = 0; j < 10; j++)
        g_assert_true (atomic_load (&flags[j]));
      g_assert_false (zmqg_engine_queue (engine, &late));
      g_assert_false (zmqg_engine_queue_later (engine, &late));
      zmqg_engine_unref (engine);
    }
}

static void
test_read_chunk (void)
{
  ZmqgEngine *engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e",
                                        NULL);
  ZmqgChunk *chunk = zmqg_engine_get_read_chunk (engine);

  g_assert_cmpuint (chunk->capacity, ==, ZMQG_CHUNK_SIZE);
  g_assert_true (zmqg_engine_get_read_chunk (engine) == chunk);
  /* Somebody keeps it: the next bytes go elsewhere. */
  zmqg_chunk_ref (chunk);
  g_assert_true (zmqg_engine_get_read_chunk (engine) != chunk);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 1);
  zmqg_chunk_unref (chunk);
  zmqg_engine_stop (engine, TRUE);
  zmqg_engine_unref (engine);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function)                                                   \
  g_test_add_func ("/zmqg/engine/engine/" path, function)
#define ADD_BOTH(path, function)                                              \
  g_test_add ("/zmqg/engine/engine/" path "/threads", Fixture,                \
              GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS), set_up, function,  \
              tear_down);                                                     \
  g_test_add ("/zmqg/engine/engine/" path "/main-context", Fixture,           \
              GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT), set_up,       \
              function, tear_down)
  ADD_BOTH ("tasks-from-many-threads", test_tasks_from_many_threads);
  ADD_BOTH ("later", test_later);
  ADD_BOTH ("later-from-many-threads", test_later_from_many_threads);
  ADD ("stop-runs-later", test_stop_runs_later);
  ADD_BOTH ("order", test_order);
  ADD_BOTH ("thread-default-context", test_thread_default_context);
  ADD ("driven-by-wait", test_driven_by_wait);
  ADD ("polled-together", test_polled_together);
  ADD ("polled-together-with-others", test_polled_together_with_others);
  ADD ("hand-over", test_hand_over);
  ADD ("hand-over-to-one-that-leaves", test_hand_over_to_one_that_leaves);
  ADD ("main-context-lets-others-drive", test_main_context_lets_others_drive);
  ADD ("context-goes-first", test_context_goes_first);
  ADD ("attached-once", test_attached_once);
  ADD_BOTH ("nested", test_nested);
  ADD_BOTH ("no-lost-wake-up", test_no_lost_wake_up);
  ADD_BOTH ("signal-ends-sleep", test_signal_ends_sleep);
  ADD ("stop-from-own-thread", test_stop_from_own_thread);
  g_test_add_data_func ("/zmqg/engine/engine/stop-runs-tasks/threads",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_THREADS),
                        test_stop_runs_tasks);
  g_test_add_data_func ("/zmqg/engine/engine/stop-runs-tasks/main-context",
                        GUINT_TO_POINTER (ZMQG_ENGINE_MODE_MAIN_CONTEXT),
                        test_stop_runs_tasks);
  ADD ("read-chunk", test_read_chunk);
#undef ADD
#undef ADD_BOTH

  return g_test_run ();
}
