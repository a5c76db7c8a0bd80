/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-chaos.h"

#include <signal.h>

/* Threads share the sockets of the plain C API and do everything that it has in
 * random order, while signals interrupt them. Nothing is lost or comes twice,
 * no call fails in another way than it may, and in the end nothing is left. */

/* The test of the other face runs beside, for ZMQG_TEST_SECONDS: each part
 * of this one has a tenth of that. */
#define PART 10

static atomic_uint n_signals;

static void
on_signal (int number G_GNUC_UNUSED)
{
  atomic_fetch_add (&n_signals, 1);
}

typedef void (*Kind) (guint32 seed, gint64 msec);

static void
test_kind (gconstpointer data)
{
  Kind kind = *(const Kind *) data;
  guint32 seed = chaos_get_seed ();
  gint64 msec = chaos_get_time (10) / PART;
  guint n_fds;

  g_test_message ("ZMQG_TEST_SEED=%u", seed);

  /* What GIO opens for good. */
  kind (seed + 1000, 100);
  n_fds = chaos_count_fds ();
  kind (seed, msec);
  ZMQG_TEST_AWAIT (chaos_count_fds () <= n_fds, CHAOS_DEADLINE_MS);
  ZMQG_TEST_AWAIT (chaos_count_threads () == 0, CHAOS_DEADLINE_MS);
  g_assert_cmpuint (atomic_load (&n_signals), >, 0);
}

static const Kind steady = plain_steady;
static const Kind wild = plain_wild;
static const Kind faces = plain_faces;

int
main (int argc, char **argv)
{
  struct sigaction action = { .sa_handler = on_signal };

  g_test_init (&argc, &argv, NULL);
  g_assert_no_errno (sigaction (SIGUSR1, &action, NULL));

  g_test_add_data_func ("/zmqg/compat/chaos/steady", &steady, test_kind);
  g_test_add_data_func ("/zmqg/compat/chaos/wild", &wild, test_kind);
  g_test_add_data_func ("/zmqg/compat/chaos/faces", &faces, test_kind);

  return g_test_run ();
}
