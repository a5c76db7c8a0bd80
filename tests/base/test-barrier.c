/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-barrier-private.h"

#include <stdlib.h>

/*
 * Two threads store a word each and then load the other's: the barriers in
 * between forbid that both miss what the other stored, which processors do
 * without.
 */

#define N_ROUNDS 1000000
#define CACHE_LINE 64

typedef struct
{
  _Alignas (CACHE_LINE) atomic_uint stored;
  _Alignas (CACHE_LINE) atomic_uint round; /* ready for it */
  guint *seen; /* of the other's word, by round */
} Side;

typedef struct
{
  Side light;
  Side heavy;
  guint n_rounds;
} Litmus;

/* Both begin a round at nearly the same time; on a single processor who came
 * first lets the other one run. */
static inline void
meet (Side *mine,
      Side *other,
      guint round)
{
  atomic_store_explicit (&mine->round, round, memory_order_release);
  for (guint tries = 0;
       atomic_load_explicit (&other->round, memory_order_acquire) < round;
       tries++)
    {
      if (tries < 1000)
        zmqg_relax ();
      else
        g_thread_yield ();
    }
}

static gpointer
run_light (gpointer data)
{
  Litmus *self = data;

  for (guint i = 1; i <= self->n_rounds; i++)
    {
      meet (&self->light, &self->heavy, i);
      atomic_store_explicit (&self->light.stored, i, memory_order_relaxed);
      zmqg_barrier_light ();
      self->light.seen[i] = atomic_load_explicit (&self->heavy.stored,
                                                  memory_order_relaxed);
    }
  return NULL;
}

static gpointer
run_heavy (gpointer data)
{
  Litmus *self = data;

  for (guint i = 1; i <= self->n_rounds; i++)
    {
      meet (&self->heavy, &self->light, i);
      atomic_store_explicit (&self->heavy.stored, i, memory_order_relaxed);
      zmqg_barrier_heavy ();
      self->heavy.seen[i] = atomic_load_explicit (&self->light.stored,
                                                  memory_order_relaxed);
    }
  return NULL;
}

static void
run_litmus (guint n_rounds)
{
  Litmus *self = aligned_alloc (CACHE_LINE, sizeof *self);
  guint first_light = 0;
  guint first_heavy = 0;
  GThread *light;
  GThread *heavy;

  g_assert_nonnull (self);
  *self = (Litmus) { .n_rounds = n_rounds };
  self->light.seen = g_new0 (guint, n_rounds + 1);
  self->heavy.seen = g_new0 (guint, n_rounds + 1);
  light = g_thread_new ("light", run_light, self);
  heavy = g_thread_new ("heavy", run_heavy, self);
  g_thread_join (light);
  g_thread_join (heavy);

  for (guint i = 1; i <= n_rounds; i++)
    {
      gboolean light_missed = self->light.seen[i] < i;
      gboolean heavy_missed = self->heavy.seen[i] < i;

      if (light_missed && heavy_missed)
        g_error ("Both missed what the other stored in round %u", i);
      first_light += light_missed;
      first_heavy += heavy_missed;
    }

  g_test_message ("%u rounds: the light side came first in %u of them, "
                  "the heavy one in %u", n_rounds, first_light, first_heavy);
  g_free (self->light.seen);
  g_free (self->heavy.seen);
  free (self);
}

/* Fails without the call in zmqg_barrier_heavy (). */
static void
test_asymmetric (void)
{
  if (!zmqg_barrier_is_asymmetric)
    {
      g_test_skip ("The light barrier is one of the processor here");
      return;
    }

  run_litmus (N_ROUNDS);
}

/* As it is where the kernel has no barrier for all threads. */
static void
test_symmetric (void)
{
  gboolean before = zmqg_barrier_is_asymmetric;

  zmqg_barrier_is_asymmetric = FALSE;
  run_litmus (N_ROUNDS);
  zmqg_barrier_is_asymmetric = before;
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/base/barrier/asymmetric", test_asymmetric);
  g_test_add_func ("/zmqg/base/barrier/symmetric", test_symmetric);

  return g_test_run ();
}
