/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-z85-private.h"
#include "compat/compat-error-private.h"
#include "compat/zmq.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Counters, stopwatches, threads: what the API has beside messages. */

/* --- Atomic counters ------------------------------------------------------ */

void *
zmq_atomic_counter_new (void)
{
  return g_new0 (atomic_int, 1);
}

void
zmq_atomic_counter_set (void *counter_,
                        int value_)
{
  atomic_store ((atomic_int *) counter_, value_);
}

int
zmq_atomic_counter_inc (void *counter_)
{
  return atomic_fetch_add ((atomic_int *) counter_, 1);
}

int
zmq_atomic_counter_dec (void *counter_)
{
  return atomic_fetch_sub ((atomic_int *) counter_, 1) != 1;
}

int
zmq_atomic_counter_value (void *counter_)
{
  return atomic_load ((atomic_int *) counter_);
}

void
zmq_atomic_counter_destroy (void **counter_p_)
{
  g_clear_pointer (counter_p_, g_free);
}

/* --- Stopwatches ---------------------------------------------------------- */

void *
zmq_stopwatch_start (void)
{
  gint64 *start = g_new (gint64, 1);

  *start = g_get_monotonic_time ();
  return start;
}

unsigned long
zmq_stopwatch_intermediate (void *watch_)
{
  return (unsigned long) (g_get_monotonic_time () - *(gint64 *) watch_);
}

unsigned long
zmq_stopwatch_stop (void *watch_)
{
  unsigned long passed = zmq_stopwatch_intermediate (watch_);

  g_free (watch_);
  return passed;
}

void
zmq_sleep (int seconds_)
{
  struct timespec time = { .tv_sec = seconds_ };

  if (seconds_ > 0)
    nanosleep (&time, NULL);
}

/* --- Threads -------------------------------------------------------------- */

typedef struct
{
  pthread_t thread;
  zmq_thread_fn *function;
  void *arg;
} AppThread;

static void *
run (void *data)
{
  AppThread *self = data;
  sigset_t all;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL);
  pthread_setname_np (pthread_self (), "ZMQapp");
  self->function (self->arg);
  return NULL;
}

void *
zmq_threadstart (zmq_thread_fn *func_,
                 void *arg_)
{
  AppThread *self = g_new0 (AppThread, 1);
  int code;

  self->function = func_;
  self->arg = arg_;
  code = pthread_create (&self->thread, NULL, run, self);
  if (code == 0)
    return self;

  g_free (self);
  errno = code;
  return NULL;
}

void
zmq_threadclose (void *thread_)
{
  AppThread *self = thread_;

  pthread_join (self->thread, NULL);
  g_free (self);
}

/* --- Capabilities ---------------------------------------------------------- */

int
zmq_has (const char *capability_)
{
  /* Not "draft" as long as its types of sockets are missing. */
  return g_str_equal (capability_, "ipc");
}

int
zmq_curve_keypair (char *z85_public_key_ G_GNUC_UNUSED,
                   char *z85_secret_key_ G_GNUC_UNUSED)
{
  return compat_fail (ENOTSUP);
}

int
zmq_curve_public (char *z85_public_key_ G_GNUC_UNUSED,
                  const char *z85_secret_key_)
{
  guint8 secret[32];

  if (strlen (z85_secret_key_) != 40 ||
      zmq_z85_decode (secret, z85_secret_key_) == NULL)
    return compat_fail (EINVAL);
  return compat_fail (ENOTSUP);
}

/* --- Z85 -------------------------------------------------------------------- */

char *
zmq_z85_encode (char *dest_,
                const uint8_t *data_,
                size_t size_)
{
  if (size_ % 4 != 0)
    {
      errno = EINVAL;
      return NULL;
    }

  zmqg_z85_encode_to (dest_, data_, size_);
  return dest_;
}

uint8_t *
zmq_z85_decode (uint8_t *dest_,
                const char *string_)
{
  if (zmqg_z85_decode_to (dest_, string_, strlen (string_)))
    return dest_;

  errno = EINVAL;
  return NULL;
}
