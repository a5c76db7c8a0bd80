/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-inbox-private.h"

typedef struct
{
  ZmqgWaiter waiter;
  guint woken;
} Sleeper;

static void
wake (ZmqgWaiter *waiter)
{
  ((Sleeper *) waiter)->woken++;
}

static void
sleeper_add (Sleeper *sleeper,
             ZmqgInbox *inbox,
             guint interest,
             gboolean watcher)
{
  memset (sleeper, 0, sizeof *sleeper);
  sleeper->waiter.wake = wake;
  zmqg_inbox_add_waiter (inbox, &sleeper->waiter, interest, watcher);
}

static void
post_none (ZmqgPipe *pipe,
           guint events)
{
}

static const ZmqgPipeOwner nobody = { post_none };

static ZmqgPipe *
pipe_new (void)
{
  ZmqgPipe *pipe = zmqg_pipe_new (0, 0, FALSE, FALSE);

  pipe->ops = pipe->peer->ops = &nobody;
  return pipe;
}

static void
assert_next (ZmqgInbox *inbox,
             ZmqgPipe *expected,
             guint expected_events)
{
  guint events = 0;
  ZmqgPipe *pipe = zmqg_inbox_take (inbox, &events);

  g_assert_true (pipe == expected);
  g_assert_cmphex (events, ==, expected_events);
  if (pipe != NULL)
    zmqg_pipe_unref (pipe);
}

/* In the order of the first event; later ones of a listed pipe are added. */
static void
test_order (void)
{
  ZmqgInbox inbox;
  ZmqgPipe *pipes[4];

  zmqg_inbox_init (&inbox);
  for (guint i = 0; i < 4; i++)
    pipes[i] = pipe_new ();

  g_assert_false (zmqg_inbox_is_pending (&inbox));
  assert_next (&inbox, NULL, 0);
  for (guint i = 0; i < 4; i++)
    g_assert_true (zmqg_inbox_post (&inbox, pipes[i], ZMQG_PIPE_READABLE));
  g_assert_true (zmqg_inbox_post (&inbox, pipes[0], ZMQG_PIPE_WRITABLE));
  g_assert_true (zmqg_inbox_post (&inbox, pipes[2], ZMQG_PIPE_ENDED));
  g_assert_true (zmqg_inbox_is_pending (&inbox));

  assert_next (&inbox, pipes[0], ZMQG_PIPE_READABLE | ZMQG_PIPE_WRITABLE);
  /* Posted again while the others wait: behind them. */
  zmqg_inbox_post (&inbox, pipes[0], ZMQG_PIPE_HICCUP);
  assert_next (&inbox, pipes[1], ZMQG_PIPE_READABLE);
  assert_next (&inbox, pipes[2], ZMQG_PIPE_READABLE | ZMQG_PIPE_ENDED);
  assert_next (&inbox, pipes[3], ZMQG_PIPE_READABLE);
  g_assert_true (zmqg_inbox_is_pending (&inbox));
  assert_next (&inbox, pipes[0], ZMQG_PIPE_HICCUP);
  g_assert_false (zmqg_inbox_is_pending (&inbox));
  assert_next (&inbox, NULL, 0);

  for (guint i = 0; i < 4; i++)
    zmqg_pipe_unref (pipes[i]);
  zmqg_inbox_clear (&inbox);
}

static void
count_release (ZmqgTag *tag)
{
}

static const ZmqgTagOps tag_ops = { .release = count_release };

static gboolean
has_changed (ZmqgInbox *inbox,
             guint *seen)
{
  guint before = *seen;

  *seen = zmqg_inbox_get_changes (inbox);
  return *seen != before;
}

/* Who looked before it was listed learns whether it would have been told of
 * something meanwhile. */
static void
test_changes (void)
{
  ZmqgInbox inbox;
  ZmqgPipe *pipe = pipe_new ();
  Sleeper sleeper;
  guint seen;
  guint events;

  zmqg_inbox_init (&inbox);
  seen = zmqg_inbox_get_changes (&inbox);
  sleeper_add (&sleeper, &inbox, ZMQG_WAIT_IN, TRUE);
  zmqg_inbox_waiter_looks (&inbox, &sleeper.waiter);
  g_assert_true (zmqg_inbox_has_others (&inbox, NULL, ZMQG_WAIT_IN));
  g_assert_false (has_changed (&inbox, &seen));
  zmqg_inbox_remove_waiter (&inbox, &sleeper.waiter);
  g_assert_false (has_changed (&inbox, &seen));

  zmqg_inbox_post (&inbox, pipe, ZMQG_PIPE_READABLE);
  g_assert_true (has_changed (&inbox, &seen));
  /* Again, of a pipe that is listed. */
  zmqg_inbox_post (&inbox, pipe, ZMQG_PIPE_READABLE);
  g_assert_true (has_changed (&inbox, &seen));
  zmqg_pipe_unref (zmqg_inbox_take (&inbox, &events));
  g_assert_false (has_changed (&inbox, &seen));
  zmqg_inbox_wake (&inbox, ZMQG_WAIT_OUT);
  g_assert_true (has_changed (&inbox, &seen));
  zmqg_inbox_wake_all (&inbox);
  g_assert_true (has_changed (&inbox, &seen));
  /* Who found itself alone may act as if that stayed so. */
  g_assert_false (zmqg_inbox_has_others (&inbox, NULL, ZMQG_WAIT_IN));
  g_assert_true (has_changed (&inbox, &seen));

  zmqg_pipe_unref (pipe);
  zmqg_inbox_clear (&inbox);
}

static void
test_closed (void)
{
  ZmqgInbox inbox;
  ZmqgPipe *listed = pipe_new ();
  ZmqgPipe *late = pipe_new ();
  ZmqgTag tag;
  Sleeper sleeper;

  zmqg_inbox_init (&inbox);
  zmqg_tag_init (&tag, &tag_ops);
  listed->peer_tag = zmqg_tag_ref (&tag);
  sleeper_add (&sleeper, &inbox, ZMQG_WAIT_ALL, FALSE);
  g_assert_true (zmqg_inbox_post (&inbox, listed, ZMQG_PIPE_READABLE));
  zmqg_pipe_unref (listed);
  g_assert_cmpuint (atomic_load (&tag.refs), ==, 2);

  /* What is listed goes with it: here the last reference to the pipe. */
  zmqg_inbox_close (&inbox);
  g_assert_cmpuint (atomic_load (&tag.refs), ==, 1);
  assert_next (&inbox, NULL, 0);

  sleeper.waiter.woken = FALSE;
  g_assert_false (zmqg_inbox_post (&inbox, late, ZMQG_PIPE_READABLE));
  g_assert_cmpuint (sleeper.woken, ==, 1);
  g_assert_false (zmqg_inbox_is_pending (&inbox));
  g_assert_false (late->queued);
  assert_next (&inbox, NULL, 0);
  zmqg_inbox_remove_waiter (&inbox, &sleeper.waiter);
  zmqg_inbox_close (&inbox);
  zmqg_inbox_clear (&inbox);
  zmqg_pipe_unref (late);
}

/* One consumer for each event, the one that came first; all watchers. */
static void
test_one_consumer (void)
{
  ZmqgInbox inbox;
  ZmqgPipe *pipe = pipe_new ();
  Sleeper consumers[3];
  Sleeper watchers[2];
  static const guint woken[][3] = {
    { 1, 0, 0 }, { 1, 1, 0 }, { 1, 1, 1 }, { 1, 1, 1 }
  };

  zmqg_inbox_init (&inbox);
  g_assert_false (zmqg_inbox_has_consumers (&inbox));
  sleeper_add (&watchers[0], &inbox, ZMQG_WAIT_IN, TRUE);
  for (guint i = 0; i < 3; i++)
    sleeper_add (&consumers[i], &inbox, ZMQG_WAIT_IN, FALSE);
  sleeper_add (&watchers[1], &inbox, ZMQG_WAIT_IN, TRUE);
  g_assert_true (zmqg_inbox_has_consumers (&inbox));

  for (guint n = 0; n < G_N_ELEMENTS (woken); n++)
    {
      zmqg_inbox_post (&inbox, pipe, ZMQG_PIPE_READABLE);
      for (guint i = 0; i < 3; i++)
        g_assert_cmpuint (consumers[i].woken, ==, woken[n][i]);
      /* Once, until they look. */
      for (guint i = 0; i < 2; i++)
        g_assert_cmpuint (watchers[i].woken, ==, 1);
    }

  zmqg_inbox_waiter_looks (&inbox, &watchers[1].waiter);
  zmqg_inbox_waiter_looks (&inbox, &consumers[1].waiter);
  zmqg_inbox_wake (&inbox, ZMQG_WAIT_IN);
  g_assert_cmpuint (watchers[0].woken, ==, 1);
  g_assert_cmpuint (watchers[1].woken, ==, 2);
  g_assert_cmpuint (consumers[0].woken, ==, 1);
  g_assert_cmpuint (consumers[1].woken, ==, 2);
  g_assert_cmpuint (consumers[2].woken, ==, 1);

  for (guint i = 0; i < 3; i++)
    zmqg_inbox_remove_waiter (&inbox, &consumers[i].waiter);
  for (guint i = 0; i < 2; i++)
    zmqg_inbox_remove_waiter (&inbox, &watchers[i].waiter);
  g_assert_false (zmqg_inbox_has_consumers (&inbox));
  zmqg_inbox_clear (&inbox);
  zmqg_pipe_unref (pipe);
}

static void
test_handed_on (void)
{
  ZmqgInbox inbox;
  Sleeper a, b, c;

  zmqg_inbox_init (&inbox);
  sleeper_add (&a, &inbox, ZMQG_WAIT_IN, FALSE);
  sleeper_add (&b, &inbox, ZMQG_WAIT_OUT, FALSE);
  sleeper_add (&c, &inbox, ZMQG_WAIT_IN, FALSE);

  zmqg_inbox_wake (&inbox, ZMQG_WAIT_IN);
  g_assert_cmpuint (a.woken, ==, 1);
  g_assert_cmpuint (c.woken, ==, 0);

  /* Cancelled before it looked: the next one gets it. */
  zmqg_inbox_remove_waiter (&inbox, &a.waiter);
  g_assert_cmpuint (b.woken, ==, 0);
  g_assert_cmpuint (c.woken, ==, 1);

  /* It looked, and so used it up. */
  sleeper_add (&a, &inbox, ZMQG_WAIT_IN, FALSE);
  zmqg_inbox_waiter_looks (&inbox, &c.waiter);
  zmqg_inbox_remove_waiter (&inbox, &c.waiter);
  g_assert_cmpuint (a.woken, ==, 0);

  /* Nobody is left to hand it to; removing twice does nothing. */
  zmqg_inbox_wake (&inbox, ZMQG_WAIT_IN);
  g_assert_cmpuint (a.woken, ==, 1);
  zmqg_inbox_remove_waiter (&inbox, &a.waiter);
  zmqg_inbox_remove_waiter (&inbox, &a.waiter);
  zmqg_inbox_remove_waiter (&inbox, &b.waiter);
  g_assert_false (zmqg_inbox_has_consumers (&inbox));
  zmqg_inbox_clear (&inbox);
}

static void
test_interest (void)
{
  static const struct
  {
    guint event;
    gboolean in, out, news;
  } cases[] = {
    { ZMQG_PIPE_READABLE, TRUE, FALSE, FALSE },
    { ZMQG_PIPE_WRITABLE, FALSE, TRUE, FALSE },
    { ZMQG_PIPE_READABLE | ZMQG_PIPE_WRITABLE, TRUE, TRUE, FALSE },
    { ZMQG_PIPE_ATTACHED, TRUE, TRUE, TRUE },
    { ZMQG_PIPE_PEER, TRUE, TRUE, TRUE },
    { ZMQG_PIPE_HICCUP, TRUE, TRUE, TRUE },
    { ZMQG_PIPE_ENDED, TRUE, TRUE, TRUE },
    { ZMQG_PIPE_STATE, FALSE, FALSE, TRUE },
  };
  ZmqgPipe *pipe = pipe_new ();

  for (guint watcher = 0; watcher < 2; watcher++)
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
      {
        ZmqgInbox inbox;
        Sleeper in, out, news;

        zmqg_inbox_init (&inbox);
        sleeper_add (&in, &inbox, ZMQG_WAIT_IN, watcher);
        sleeper_add (&out, &inbox, ZMQG_WAIT_OUT, watcher);
        sleeper_add (&news, &inbox, ZMQG_WAIT_NEWS, watcher);
        zmqg_inbox_post (&inbox, pipe, cases[i].event);
        g_assert_cmpuint (in.woken, ==, cases[i].in);
        g_assert_cmpuint (out.woken, ==, cases[i].out);
        g_assert_cmpuint (news.woken, ==, cases[i].news);
        assert_next (&inbox, pipe, cases[i].event);

        zmqg_inbox_remove_waiter (&inbox, &in.waiter);
        zmqg_inbox_remove_waiter (&inbox, &out.waiter);
        zmqg_inbox_remove_waiter (&inbox, &news.waiter);
        zmqg_inbox_clear (&inbox);
      }
  zmqg_pipe_unref (pipe);
}

/* A consumer of both is woken for both, and nobody else is. */
static void
test_both_interests (void)
{
  ZmqgInbox inbox;
  Sleeper both, in, out;

  zmqg_inbox_init (&inbox);
  sleeper_add (&both, &inbox, ZMQG_WAIT_IN | ZMQG_WAIT_OUT, FALSE);
  sleeper_add (&in, &inbox, ZMQG_WAIT_IN, FALSE);
  sleeper_add (&out, &inbox, ZMQG_WAIT_OUT, FALSE);
  zmqg_inbox_wake (&inbox, ZMQG_WAIT_IN | ZMQG_WAIT_OUT);
  g_assert_cmpuint (both.woken, ==, 1);
  g_assert_cmpuint (in.woken, ==, 0);
  g_assert_cmpuint (out.woken, ==, 0);

  zmqg_inbox_wake (&inbox, ZMQG_WAIT_OUT);
  g_assert_cmpuint (in.woken, ==, 0);
  g_assert_cmpuint (out.woken, ==, 1);

  zmqg_inbox_wake_all (&inbox);
  g_assert_cmpuint (both.woken, ==, 2);
  g_assert_cmpuint (in.woken, ==, 1);
  g_assert_cmpuint (out.woken, ==, 2);

  zmqg_inbox_remove_waiter (&inbox, &in.waiter);
  zmqg_inbox_remove_waiter (&inbox, &both.waiter);
  zmqg_inbox_remove_waiter (&inbox, &out.waiter);
  zmqg_inbox_clear (&inbox);
}

/* --- Threads ------------------------------------------------------------- */

#define N_THREADS 4
#define N_POSTS 20000

typedef struct
{
  ZmqgInbox inbox;
  ZmqgPipe *pipes[N_THREADS];
  atomic_uint next; /* thread */
  atomic_uint done;
  atomic_uint taken;
} Shared;

static gpointer
post_often (gpointer data)
{
  Shared *shared = data;
  ZmqgPipe *pipe = shared->pipes[atomic_fetch_add (&shared->next, 1)];

  for (guint i = 0; i < N_POSTS; i++)
    zmqg_inbox_post (&shared->inbox, pipe,
                     i + 1 < N_POSTS ? ZMQG_PIPE_READABLE : ZMQG_PIPE_ENDED);
  return NULL;
}

/* Sleeps until somebody posts; no event may be lost on the way. */
static gpointer
take_often (gpointer data)
{
  Shared *shared = data;
  ZmqgThreadWaiter *waiter = zmqg_thread_waiter_get (NULL);
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  zmqg_inbox_add_waiter (&shared->inbox, &waiter->waiter, ZMQG_WAIT_IN,
                         FALSE);
  for (;;)
    {
      ZmqgPipe *pipe;
      guint events;

      zmqg_inbox_waiter_looks (&shared->inbox, &waiter->waiter);
      while ((pipe = zmqg_inbox_take (&shared->inbox, &events)) != NULL)
        {
          atomic_fetch_add (&shared->taken, 1);
          if ((events & ZMQG_PIPE_ENDED) &&
              atomic_fetch_add (&shared->done, 1) == N_THREADS - 1)
            zmqg_inbox_wake_all (&shared->inbox);
          zmqg_pipe_unref (pipe);
        }
      if (atomic_load (&shared->done) == N_THREADS)
        break;
      g_assert_true (zmqg_thread_waiter_wait (waiter, deadline));
    }
  zmqg_inbox_remove_waiter (&shared->inbox, &waiter->waiter);
  return NULL;
}

static void
test_threads (void)
{
  Shared shared = { 0 };
  GThread *threads[N_THREADS + 2];

  zmqg_inbox_init (&shared.inbox);
  for (guint i = 0; i < N_THREADS; i++)
    shared.pipes[i] = pipe_new ();
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("inbox", i < 2 ? take_often : post_often,
                               &shared);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (atomic_load (&shared.done), ==, N_THREADS);
  g_assert_cmpuint (atomic_load (&shared.taken), >=, N_THREADS);
  g_assert_cmpuint (atomic_load (&shared.taken), <=, N_THREADS * N_POSTS);
  assert_next (&shared.inbox, NULL, 0);
  for (guint i = 0; i < N_THREADS; i++)
    zmqg_pipe_unref (shared.pipes[i]);
  zmqg_inbox_clear (&shared.inbox);
}

/* One that acts keeps its place without being signalled; if it leaves without
 * a look, the next one is woken. */
static void
test_acts (void)
{
  ZmqgInbox inbox;
  Sleeper first;
  Sleeper second;
  Sleeper watcher;

  zmqg_inbox_init (&inbox);
  sleeper_add (&first, &inbox, ZMQG_WAIT_IN, FALSE);
  sleeper_add (&second, &inbox, ZMQG_WAIT_IN, FALSE);
  sleeper_add (&watcher, &inbox, ZMQG_WAIT_IN, TRUE);

  zmqg_inbox_waiter_acts (&inbox, &first.waiter);
  zmqg_inbox_wake (&inbox, ZMQG_WAIT_IN);
  g_assert_cmpuint (first.woken, ==, 0);
  g_assert_cmpuint (second.woken, ==, 0);
  g_assert_cmpuint (watcher.woken, ==, 1);
  /* It takes one only. */
  zmqg_inbox_wake (&inbox, ZMQG_WAIT_IN);
  g_assert_cmpuint (first.woken, ==, 0);
  g_assert_cmpuint (second.woken, ==, 1);

  /* It looks, and sleeps. */
  zmqg_inbox_waiter_looks (&inbox, &first.waiter);
  zmqg_inbox_waiter_looks (&inbox, &second.waiter);
  zmqg_inbox_wake (&inbox, ZMQG_WAIT_IN);
  g_assert_cmpuint (first.woken, ==, 1);
  g_assert_cmpuint (second.woken, ==, 1);

  /* What woke it was forgotten by a look that did not come. */
  zmqg_inbox_waiter_looks (&inbox, &first.waiter);
  zmqg_inbox_waiter_acts (&inbox, &first.waiter);
  zmqg_inbox_remove_waiter (&inbox, &first.waiter);
  g_assert_cmpuint (second.woken, ==, 2);

  /* After a look there is nothing to hand on. */
  zmqg_inbox_waiter_looks (&inbox, &second.waiter);
  sleeper_add (&first, &inbox, ZMQG_WAIT_IN, FALSE);
  zmqg_inbox_waiter_acts (&inbox, &second.waiter);
  zmqg_inbox_waiter_looks (&inbox, &second.waiter);
  zmqg_inbox_remove_waiter (&inbox, &second.waiter);
  g_assert_cmpuint (first.woken, ==, 0);

  zmqg_inbox_remove_waiter (&inbox, &first.waiter);
  zmqg_inbox_remove_waiter (&inbox, &watcher.waiter);
  zmqg_inbox_clear (&inbox);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add_func ("/zmqg/pipe/inbox/" path, function)
  ADD ("order", test_order);
  ADD ("changes", test_changes);
  ADD ("closed", test_closed);
  ADD ("one-consumer", test_one_consumer);
  ADD ("handed-on", test_handed_on);
  ADD ("acts", test_acts);
  ADD ("interest", test_interest);
  ADD ("both-interests", test_both_interests);
  ADD ("threads", test_threads);
#undef ADD

  return g_test_run ();
}
