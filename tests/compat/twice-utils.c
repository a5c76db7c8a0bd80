/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

/* What the API has beside messages: errors, Z85, counters, timers, threads. */

static void
test_errors (void)
{
  static const int codes[] = {
    EFSM, ENOCOMPATPROTO, ETERM, EMTHREAD, EHOSTUNREACH, EAGAIN, EINVAL,
    ENOTSOCK, EADDRINUSE, 0, ZMQ_HAUSNUMERO, -1,
  };

  section ("errors have texts");
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    printf ("%d: %s\n", codes[i], zmq_strerror (codes[i]));
  errno = 4711;
  CALL (zmq_errno ());
}

static void
test_z85 (void)
{
  static const uint8_t data[] = { 0x86, 0x4f, 0xd2, 0x6f,
                                  0xb5, 0x59, 0xf7, 0x5b };
  static const char *const texts[] = {
    "HelloWorld", "", "Hello", "Hell", "Hello!", "%nSc0", "%nSc1", "#####",
    "00000", "Hel\"o", "Hel o", "Hel\\o", "Hello World",
  };
  uint8_t bytes[64];
  char text[64];

  section ("Z85");
  for (size_t size = 0; size <= 8; size++)
    {
      char *result;

      memset (text, '#', sizeof text);
      errno = 0;
      result = zmq_z85_encode (text, data, size);
      printf ("%zu: %s\n", size,
              result != NULL ? result : error_name (errno));
    }
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    {
      memset (bytes, 0, sizeof bytes);
      errno = 0;
      printf ("%s: ", texts[i]);
      if (zmq_z85_decode (bytes, texts[i]) == bytes)
        print_bytes (bytes, strlen (texts[i]) * 4 / 5);
      else
        printf ("%s", error_name (errno));
      putchar ('\n');
    }
}

static void
test_counters (void)
{
  void *counter = zmq_atomic_counter_new ();

  section ("atomic counters");
  CALL (zmq_atomic_counter_value (counter));
  CALL (zmq_atomic_counter_inc (counter));
  CALL (zmq_atomic_counter_inc (counter));
  CALL (zmq_atomic_counter_dec (counter));
  CALL (zmq_atomic_counter_value (counter));
  CALL (zmq_atomic_counter_dec (counter));
  zmq_atomic_counter_set (counter, 41);
  CALL (zmq_atomic_counter_inc (counter));
  CALL (zmq_atomic_counter_value (counter));
  zmq_atomic_counter_destroy (&counter);
  CALL_POINTER (counter);
}

typedef struct
{
  void *timers;
  int cancel;
  int n;
} State;

static void
timer (int id,
       void *arg)
{
  State *state = arg;

  printf ("timer %d\n", id);
  state->n++;
  if (state->cancel == id)
    CALL (zmq_timers_cancel (state->timers, id));
}

/* Sleeps until one is due, and executes. */
static void
execute (void *timers)
{
  long timeout = zmq_timers_timeout (timers);

  MUST (timeout >= 0);
  zmq_poll (NULL, 0, timeout);
  MUST (zmq_timers_execute (timers) == 0);
}

static void
test_timers (void)
{
  void *timers = zmq_timers_new ();
  State state = { timers, 0, 0 };
  void *none = NULL;

  section ("timers");
  CALL ((int) zmq_timers_timeout (timers));
  CALL (zmq_timers_execute (timers));
  CALL (zmq_timers_add (timers, 10, timer, &state));
  CALL (zmq_timers_timeout (timers) <= 10);
  while (state.n < 2)
    execute (timers);
  CALL (zmq_timers_reset (timers, 1));
  CALL (zmq_timers_set_interval (timers, 1, 1000000));
  CALL (zmq_timers_timeout (timers) > 900000);
  CALL (zmq_timers_cancel (timers, 1));
  CALL (zmq_timers_cancel (timers, 1));
  CALL ((int) zmq_timers_timeout (timers));
  CALL (zmq_timers_reset (timers, 1));
  CALL (zmq_timers_set_interval (timers, 1, 1));

  section ("a timer that cancels itself");
  state.n = 0;
  state.cancel = zmq_timers_add (timers, 5, timer, &state);
  CALL (state.cancel);
  while (state.n < 1)
    execute (timers);
  CALL ((int) zmq_timers_timeout (timers));

  section ("timers that are none");
  CALL (zmq_timers_cancel (timers, 4711));
  CALL (zmq_timers_reset (timers, 4711));
  CALL (zmq_timers_set_interval (timers, 4711, 1));
  CALL (zmq_timers_add (NULL, 1, timer, NULL));
  CALL (zmq_timers_add (timers, 1, NULL, NULL));
  CALL (zmq_timers_cancel (NULL, 1));
  CALL (zmq_timers_execute (NULL));
  CALL ((int) zmq_timers_timeout (NULL));
  CALL (zmq_timers_destroy (&none));
  CALL (zmq_timers_destroy (&timers));
  CALL_POINTER (timers);
}

static void
in_thread (void *arg)
{
  *(int *) arg = 4711;
}

static void
test_threads (void)
{
  void *watch = zmq_stopwatch_start ();
  int value = 0;
  void *thread;

  section ("threads and stopwatches");
  thread = CALL_POINTER (zmq_threadstart (in_thread, &value));
  zmq_threadclose (thread);
  CALL (value);
  zmq_poll (NULL, 0, 2);
  CALL (zmq_stopwatch_intermediate (watch) >= 2000);
  CALL (zmq_stopwatch_stop (watch) >= 2000);
  zmq_sleep (0);
}

static void
test_capabilities (void)
{
  section ("capabilities");
  CALL (zmq_has ("ipc"));
  CALL (zmq_has ("tcp"));
  CALL (zmq_has ("inproc"));
  CALL (zmq_has ("nonsense"));
  CALL (zmq_has ("IPC"));
  CALL (zmq_has (""));
  CALL (zmq_has ("draft"));
  CALL (zmq_has ("vmci"));
}

int
main (void)
{
  test_errors ();
  test_z85 ();
  test_counters ();
  test_timers ();
  test_threads ();
  test_capabilities ();
  return 0;
}
