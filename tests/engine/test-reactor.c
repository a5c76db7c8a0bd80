/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-reactor-private.h"
#include "zmqg-test.h"

#include <sys/socket.h>
#include <unistd.h>

#define DEADLINE 10000

/* A reactor, once on epoll and once with a source for each descriptor. */
typedef struct
{
  GMainContext *context;
  ZmqgReactor *reactor;
} Fixture;

typedef struct _Watcher Watcher;

struct _Watcher
{
  ZmqgFdWatch watch;
  Fixture *fixture;
  int other; /* the far end of the socket pair */
  guint n_calls;
  GIOCondition condition; /* as last told */
  void (*action) (Watcher *self);
  Watcher *target;
};

static void
set_up (Fixture *self,
        gconstpointer data)
{
  if (GPOINTER_TO_UINT (data))
    g_setenv ("ZMQG_NO_EPOLL", "1", TRUE);
  else
    g_unsetenv ("ZMQG_NO_EPOLL");

  self->context = g_main_context_new ();
  self->reactor = zmqg_reactor_new (self->context, NULL);
  g_assert_nonnull (self->reactor);
}

static void
tear_down (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  zmqg_reactor_free (self->reactor);
  g_main_context_unref (self->context);
}

static void
watcher_ready (ZmqgFdWatch *watch,
               GIOCondition condition)
{
  Watcher *self = (Watcher *) watch;

  self->n_calls++;
  self->condition = condition;
  if (self->action != NULL)
    self->action (self);
}

static void
watcher_init (Watcher *self,
              Fixture *fixture)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
                   ==, 0);
  *self = (Watcher) {
    .watch = { .fd = fds[0], .ready = watcher_ready },
    .fixture = fixture,
    .other = fds[1],
  };
}

static void
watcher_want (Watcher *self,
              GIOCondition condition)
{
  zmqg_reactor_watch (self->fixture->reactor, &self->watch, condition);
}

static void
watcher_clear (Watcher *self)
{
  watcher_want (self, 0);
  close (self->watch.fd);
  if (self->other >= 0)
    close (self->other);
}

static void
feed (Watcher *self)
{
  g_assert_cmpint (write (self->other, "x", 1), ==, 1);
}

/* Everything that is ready, and no more. */
static void
run_ready (Fixture *self)
{
  guint n = 0;

  while (n < 20 && g_main_context_iteration (self->context, FALSE))
    n++;
}

#define AWAIT(fixture, expr)                                                  \
  G_STMT_START                                                                \
  {                                                                           \
    gint64 until = g_get_monotonic_time () + DEADLINE * 1000;                 \
                                                                              \
    while (!(expr) && g_get_monotonic_time () < until)                        \
      zmqg_test_turn ((fixture)->context);                                    \
    g_assert_true (expr);                                                     \
  }                                                                           \
  G_STMT_END

/* --- Descriptors -------------------------------------------------------- */

static void
test_conditions (Fixture *self,
                 gconstpointer data G_GNUC_UNUSED)
{
  Watcher watcher;

  watcher_init (&watcher, self);
  watcher_want (&watcher, G_IO_IN);
  run_ready (self);
  g_assert_cmpuint (watcher.n_calls, ==, 0);

  /* Told again and again, until it is read. */
  feed (&watcher);
  AWAIT (self, watcher.n_calls >= 3);
  g_assert_cmphex (watcher.condition, ==, G_IO_IN);

  watcher_want (&watcher, G_IO_IN | G_IO_OUT);
  AWAIT (self, watcher.condition == (G_IO_IN | G_IO_OUT));
  watcher_want (&watcher, G_IO_OUT);
  AWAIT (self, watcher.condition == G_IO_OUT);

  watcher_want (&watcher, 0);
  watcher.n_calls = 0;
  run_ready (self);
  g_assert_cmpuint (watcher.n_calls, ==, 0);

  watcher_want (&watcher, G_IO_IN);
  AWAIT (self, watcher.n_calls > 0);
  g_assert_cmphex (watcher.condition, ==, G_IO_IN);
  watcher_clear (&watcher);
}

/* A hang-up is told without being asked for; and not at all to a watch that
 * has left the poll set (EPOLLHUP cannot be masked). */
static void
test_hang_up (Fixture *self,
              gconstpointer data G_GNUC_UNUSED)
{
  Watcher watcher;

  watcher_init (&watcher, self);
  watcher_want (&watcher, G_IO_OUT);
  close (watcher.other);
  watcher.other = -1;
  AWAIT (self, (watcher.condition & G_IO_HUP) != 0);

  watcher_want (&watcher, 0);
  watcher.n_calls = 0;
  run_ready (self);
  g_assert_cmpuint (watcher.n_calls, ==, 0);
  watcher_clear (&watcher);
}

static void
silence_target (Watcher *self)
{
  watcher_want (self->target, 0);
}

/* What this turn still holds of a watch that was taken out is not told: its
 * owner may be gone. */
static void
test_removed_in_same_turn (Fixture *self,
                           gconstpointer data G_GNUC_UNUSED)
{
  Watcher a, b;

  watcher_init (&a, self);
  watcher_init (&b, self);
  a.target = &b;
  b.target = &a;
  a.action = b.action = silence_target;
  feed (&a);
  feed (&b);
  watcher_want (&a, G_IO_IN);
  watcher_want (&b, G_IO_IN);

  /* Whoever is first takes the other one out. */
  AWAIT (self, a.n_calls + b.n_calls >= 4);
  g_assert_true (a.n_calls == 0 || b.n_calls == 0);
  watcher_clear (&a);
  watcher_clear (&b);
}

static void
replace_target (Watcher *self)
{
  Watcher *target = self->target;

  /* Another connection in the same memory, to which nothing came. */
  watcher_clear (target);
  watcher_init (target, self->fixture);
  watcher_want (target, G_IO_IN);
  watcher_want (self, 0);
}

/* Fails without forget_events () in watch_by_epoll (). */
static void
test_replaced_in_same_turn (Fixture *self,
                            gconstpointer data G_GNUC_UNUSED)
{
  Watcher a, b;

  watcher_init (&a, self);
  watcher_init (&b, self);
  a.target = &b;
  b.target = &a;
  a.action = b.action = replace_target;
  feed (&a);
  feed (&b);
  watcher_want (&a, G_IO_IN);
  watcher_want (&b, G_IO_IN);
  AWAIT (self, a.n_calls + b.n_calls > 0);
  run_ready (self);
  g_assert_cmpuint (a.n_calls + b.n_calls, ==, 1);
  watcher_clear (&a);
  watcher_clear (&b);
}

static void
remove_itself (Watcher *self)
{
  watcher_want (self, 0);
}

static void
test_removes_itself (Fixture *self,
                     gconstpointer data G_GNUC_UNUSED)
{
  Watcher watchers[100];

  for (guint i = 0; i < G_N_ELEMENTS (watchers); i++)
    {
      watcher_init (&watchers[i], self);
      watchers[i].action = remove_itself;
      feed (&watchers[i]);
      watcher_want (&watchers[i], G_IO_IN);
    }

  /* More than one turn's worth; each is told once. */
  for (guint i = 0; i < G_N_ELEMENTS (watchers); i++)
    AWAIT (self, watchers[i].n_calls > 0);
  run_ready (self);
  for (guint i = 0; i < G_N_ELEMENTS (watchers); i++)
    {
      g_assert_cmpuint (watchers[i].n_calls, ==, 1);
      watcher_clear (&watchers[i]);
    }
}

static void
only_output (Watcher *self)
{
  if (self->target->n_calls == 0)
    watcher_want (self->target, G_IO_OUT);
}

/* Nobody hears of what he stopped waiting for in the same turn. */
static void
test_changed_in_same_turn (Fixture *self,
                           gconstpointer data G_GNUC_UNUSED)
{
  Watcher a, b;

  watcher_init (&a, self);
  watcher_init (&b, self);
  a.target = &b;
  b.target = &a;
  a.action = b.action = only_output;
  feed (&a);
  feed (&b);
  watcher_want (&a, G_IO_IN);
  watcher_want (&b, G_IO_IN);

  AWAIT (self, a.n_calls > 0 && b.n_calls > 0);
  /* The first was told of input, the second of output only. */
  g_assert_cmphex (a.condition | b.condition, ==, G_IO_IN | G_IO_OUT);
  watcher_clear (&a);
  watcher_clear (&b);
}

static void
take_over (Watcher *self)
{
  Watcher *late = self->target;

  if (late == NULL)
    return;

  /* Its descriptor goes, and a new one has the same number. */
  watcher_want (self, 0);
  g_assert_cmpint (dup2 (late->watch.fd, self->watch.fd), ==, self->watch.fd);
  close (late->watch.fd);
  late->watch.fd = self->watch.fd;
  watcher_want (late, G_IO_IN);
  self->target = NULL;
}

static void
test_number_used_again (Fixture *self,
                        gconstpointer data G_GNUC_UNUSED)
{
  Watcher a, b;

  watcher_init (&a, self);
  watcher_init (&b, self);
  a.target = &b;
  a.action = take_over;
  feed (&a);
  watcher_want (&a, G_IO_IN);
  AWAIT (self, a.n_calls == 1);
  run_ready (self);
  g_assert_cmpuint (b.n_calls, ==, 0);

  feed (&b);
  AWAIT (self, b.n_calls > 0);
  g_assert_cmpuint (a.n_calls, ==, 1);
  watcher_clear (&b);
  close (a.other);
}

/* A descriptor that another thread closes leaves the set before that: what
 * has its number next is not touched when the engine comes to forget it.
 * Fails with watch (…, 0) in the place of forget (). */
static void
test_taken_out (Fixture *self,
                gconstpointer data)
{
  Watcher old, new;
  int number;

  watcher_init (&old, self);
  watcher_want (&old, G_IO_IN);
  number = old.watch.fd;
  g_assert_cmpint (zmqg_reactor_take_out (self->reactor, &old.watch), ==,
                   GPOINTER_TO_UINT (data));
  close (number);

  watcher_init (&new, self);
  g_assert_cmpint (dup2 (new.watch.fd, number), ==, number);
  if (new.watch.fd != number)
    close (new.watch.fd);
  new.watch.fd = number;
  watcher_want (&new, G_IO_IN);

  zmqg_reactor_forget (self->reactor, &old.watch);
  g_assert_cmphex (old.watch.condition, ==, 0);
  feed (&new);
  AWAIT (self, new.n_calls > 0);
  g_assert_cmpuint (old.n_calls, ==, 0);
  watcher_clear (&new);
  if (old.other != number)
    close (old.other);
}

/* --- Timers ------------------------------------------------------------- */

typedef struct _Alarm Alarm;

struct _Alarm
{
  ZmqgTimer timer;
  Fixture *fixture;
  guint n_calls;
  void (*action) (Alarm *self);
  Alarm *all;
};

static gint64 last_deadline;

static void
alarm_expired (ZmqgTimer *timer)
{
  Alarm *self = (Alarm *) timer;

  g_assert_false (zmqg_timer_is_running (timer));
  g_assert_cmpint (timer->deadline, <=, g_get_monotonic_time ());
  self->n_calls++;
  if (self->action != NULL)
    {
      self->action (self);
      return;
    }

  /* In the order of their deadlines. */
  g_assert_cmpint (timer->deadline, >=, last_deadline);
  last_deadline = timer->deadline;
}

#define N_ALARMS 500

static Alarm *
alarms_new (Fixture *fixture,
            void (*action) (Alarm *self))
{
  Alarm *alarms = g_new0 (Alarm, N_ALARMS);

  for (guint i = 0; i < N_ALARMS; i++)
    {
      alarms[i].timer.expired = alarm_expired;
      alarms[i].fixture = fixture;
      alarms[i].action = action;
      alarms[i].all = alarms;
    }
  last_deadline = 0;
  return alarms;
}

static void
test_timers_in_order (Fixture *self,
                      gconstpointer data G_GNUC_UNUSED)
{
  g_autofree Alarm *alarms = alarms_new (self, NULL);
  guint expected = 0;

  for (guint i = 0; i < N_ALARMS; i++)
    zmqg_reactor_start_timer (self->reactor, &alarms[i].timer,
                              g_test_rand_int_range (0, 60));
  /* Moved to and fro, and stopped. */
  for (guint i = 0; i < N_ALARMS; i++)
    {
      Alarm *alarm = &alarms[g_test_rand_int_range (0, N_ALARMS)];

      if (g_test_rand_bit ())
        zmqg_reactor_start_timer (self->reactor, &alarm->timer,
                                  g_test_rand_int_range (0, 60));
      else
        zmqg_reactor_stop_timer (self->reactor, &alarm->timer);
    }
  for (guint i = 0; i < N_ALARMS; i++)
    expected += zmqg_timer_is_running (&alarms[i].timer);

  for (guint i = 0; i < N_ALARMS; i++)
    AWAIT (self, !zmqg_timer_is_running (&alarms[i].timer));
  for (guint i = 0; i < N_ALARMS; i++)
    {
      g_assert_cmpuint (alarms[i].n_calls, <=, 1);
      expected -= alarms[i].n_calls;
    }
  g_assert_cmpuint (expected, ==, 0);
}

/* Callbacks stop and restart others, and themselves. */
static void
meddle (Alarm *self)
{
  ZmqgReactor *reactor = self->fixture->reactor;
  Alarm *stopped = &self->all[g_test_rand_int_range (0, N_ALARMS)];
  Alarm *started = &self->all[g_test_rand_int_range (0, N_ALARMS)];

  zmqg_reactor_stop_timer (reactor, &stopped->timer);
  g_assert_false (zmqg_timer_is_running (&stopped->timer));
  if (started->n_calls < 3)
    {
      zmqg_reactor_start_timer (reactor, &started->timer,
                                g_test_rand_int_range (0, 5));
      g_assert_true (zmqg_timer_is_running (&started->timer));
    }
  if (self->n_calls < 3)
    zmqg_reactor_start_timer (reactor, &self->timer,
                              g_test_rand_int_range (0, 5));
}

static guint
count_running (Alarm *alarms)
{
  guint n = 0;

  for (guint i = 0; i < N_ALARMS; i++)
    n += zmqg_timer_is_running (&alarms[i].timer);
  return n;
}

static void
test_timers_meddle (Fixture *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  g_autofree Alarm *alarms = alarms_new (self, meddle);
  guint total = 0;

  for (guint i = 0; i < N_ALARMS; i++)
    zmqg_reactor_start_timer (self->reactor, &alarms[i].timer,
                              g_test_rand_int_range (0, 5));
  AWAIT (self, count_running (alarms) == 0);
  for (guint i = 0; i < N_ALARMS; i++)
    total += alarms[i].n_calls;
  g_assert_cmpuint (total, >, 0);
  g_assert_cmpint (g_source_get_ready_time (g_main_context_find_source_by_id (
                     self->context, 1)), ==, -1);
}

static void
test_stopped_timer (Fixture *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  g_autofree Alarm *alarms = alarms_new (self, NULL);

  zmqg_reactor_start_timer (self->reactor, &alarms[0].timer, 0);
  zmqg_reactor_start_timer (self->reactor, &alarms[1].timer, 1);
  zmqg_reactor_stop_timer (self->reactor, &alarms[0].timer);
  zmqg_reactor_stop_timer (self->reactor, &alarms[0].timer);
  AWAIT (self, alarms[1].n_calls == 1);
  g_assert_cmpuint (alarms[0].n_calls, ==, 0);
}

/* With nothing ready the context would sleep for as long as the next timer
 * says, and for ever without one. */
static void
test_no_wake_up (Fixture *self,
                 gconstpointer data G_GNUC_UNUSED)
{
  g_autofree Alarm *alarms = alarms_new (self, NULL);
  Watcher watchers[20];
  GPollFD fds[64];
  int timeout;
  int priority;
  int n;

  for (guint i = 0; i < G_N_ELEMENTS (watchers); i++)
    {
      watcher_init (&watchers[i], self);
      watcher_want (&watchers[i], G_IO_IN);
    }
  run_ready (self);

  g_assert_true (g_main_context_acquire (self->context));
  g_assert_false (g_main_context_prepare (self->context, &priority));
  n = g_main_context_query (self->context, priority, &timeout, fds, 64);
  g_assert_cmpint (timeout, ==, -1);
  g_assert_cmpint (n, <=, 64);
  g_assert_cmpint (g_poll (fds, n, 0), ==, 0);
  g_main_context_check (self->context, priority, fds, n);

  zmqg_reactor_start_timer (self->reactor, &alarms[0].timer, 5000);
  g_main_context_prepare (self->context, &priority);
  g_main_context_query (self->context, priority, &timeout, fds, 64);
  g_assert_cmpint (timeout, >, 4000);
  g_assert_cmpint (timeout, <=, 5000);
  g_main_context_check (self->context, priority, fds, 0);
  zmqg_reactor_stop_timer (self->reactor, &alarms[0].timer);
  g_main_context_prepare (self->context, &priority);
  g_main_context_query (self->context, priority, &timeout, fds, 64);
  g_assert_cmpint (timeout, ==, -1);
  g_main_context_check (self->context, priority, fds, 0);
  g_main_context_release (self->context);

  for (guint i = 0; i < G_N_ELEMENTS (watchers); i++)
    {
      g_assert_cmpuint (watchers[i].n_calls, ==, 0);
      watcher_clear (&watchers[i]);
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function)                                                   \
  g_test_add ("/zmqg/engine/reactor/" path "/epoll", Fixture,                 \
              GUINT_TO_POINTER (0), set_up, function, tear_down);             \
  g_test_add ("/zmqg/engine/reactor/" path "/sources", Fixture,               \
              GUINT_TO_POINTER (1), set_up, function, tear_down)
  ADD ("conditions", test_conditions);
  ADD ("hang-up", test_hang_up);
  ADD ("removed-in-same-turn", test_removed_in_same_turn);
  ADD ("replaced-in-same-turn", test_replaced_in_same_turn);
  ADD ("removes-itself", test_removes_itself);
  ADD ("changed-in-same-turn", test_changed_in_same_turn);
  ADD ("number-used-again", test_number_used_again);
  ADD ("taken-out", test_taken_out);
  ADD ("timers-in-order", test_timers_in_order);
  ADD ("timers-meddle", test_timers_meddle);
  ADD ("stopped-timer", test_stopped_timer);
  ADD ("no-wake-up", test_no_wake_up);
#undef ADD

  return g_test_run ();
}
