/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-thread-options-private.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

/* The highest priority that nice () can give. */
#define NICE_MAX 20

/* One thread asks another to treat itself so: nobody else could name it. */
typedef struct
{
  const ZmqgThreadOptions *options;
  ZmqgThreadWaiter *waiter; /* of who asks */
  const char *refused;      /* nullable: what the system did not do */
  int code;                 /* and why */
  atomic_bool done;
} Request;

static int
set_cpus (const GArray *cpus)
{
  cpu_set_t set;

  if (cpus->len == 0)
    return 0;

  CPU_ZERO (&set);
  for (guint i = 0; i < cpus->len; i++)
    CPU_SET (g_array_index (cpus, guint, i), &set);
  /* 0 is the calling thread. */
  return sched_setaffinity (0, sizeof set, &set) < 0 ? errno : 0;
}

static gboolean
is_real_time (const ZmqgThreadOptions *options)
{
  return options->policy == ZMQG_SCHEDULING_POLICY_FIFO ||
         options->policy == ZMQG_SCHEDULING_POLICY_RR;
}

/* The system's number of a policy; -1 where it has none. */
static int
get_number (ZmqgSchedulingPolicy policy)
{
  switch (policy)
    {
    case ZMQG_SCHEDULING_POLICY_OTHER:
      return SCHED_OTHER;
    case ZMQG_SCHEDULING_POLICY_FIFO:
      return SCHED_FIFO;
    case ZMQG_SCHEDULING_POLICY_RR:
      return SCHED_RR;
#ifdef SCHED_BATCH
    case ZMQG_SCHEDULING_POLICY_BATCH:
      return SCHED_BATCH;
#endif
#ifdef SCHED_IDLE
    case ZMQG_SCHEDULING_POLICY_IDLE:
      return SCHED_IDLE;
#endif
    case ZMQG_SCHEDULING_POLICY_DEFAULT:
    default:
      return -1;
    }
}

static int
set_policy (const ZmqgThreadOptions *options)
{
  int number = get_number (options->policy);
  struct sched_param param = { 0 };

  if (options->policy == ZMQG_SCHEDULING_POLICY_DEFAULT)
    return 0;
  if (number < 0)
    return EINVAL;

  if (is_real_time (options))
    param.sched_priority = options->priority >= 0
                             ? options->priority
                             : sched_get_priority_min (number);
  return pthread_setschedparam (pthread_self (), number, &param);
}

static int
set_niceness (const ZmqgThreadOptions *options)
{
  if (options->priority <= 0 || is_real_time (options))
    return 0;

  /* On Linux each thread has its own. */
  return setpriority (PRIO_PROCESS, 0, -MIN (options->priority, NICE_MAX)) < 0
           ? errno : 0;
}

static void
apply_in_thread (gpointer data)
{
  Request *request = data;
  ZmqgThreadWaiter *waiter = zmqg_thread_waiter_ref (request->waiter);
  const ZmqgThreadOptions *options = request->options;

  request->refused = "processors";
  request->code = set_cpus (options->cpus);
  if (request->code == 0)
    {
      request->refused = "scheduling policy";
      request->code = set_policy (options);
    }
  if (request->code == 0)
    {
      request->refused = "priority";
      request->code = set_niceness (options);
    }

  /* Release pairs with the acquire of who waits, whose request it is: nothing
   * of it may be looked at from here on. */
  atomic_store_explicit (&request->done, TRUE, memory_order_release);
  zmqg_thread_waiter_signal (waiter);
  zmqg_thread_waiter_unref (waiter);
}

gboolean
zmqg_thread_options_apply (const ZmqgThreadOptions *self,
                           ZmqgEngine *engine,
                           GError **error)
{
  Request request = { .options = self };

  if (!zmqg_engine_is_threaded (engine) ||
      (self->policy == ZMQG_SCHEDULING_POLICY_DEFAULT && self->priority < 0 &&
       self->cpus->len == 0))
    return TRUE;

  request.waiter = zmqg_thread_waiter_get (error);
  if (request.waiter == NULL)
    return FALSE;

  zmqg_thread_waiter_clear (request.waiter);
  zmqg_engine_call (engine, apply_in_thread, &request);
  while (!atomic_load_explicit (&request.done, memory_order_acquire))
    zmqg_thread_waiter_wait (request.waiter, -1);

  if (request.code == 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (request.code),
               "An I/O thread cannot have the %s that the context says: %s",
               request.refused, g_strerror (request.code));
  return FALSE;
}
