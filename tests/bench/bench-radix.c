/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* Prints what matching costs by the number of subscriptions, and the memory
 * of a subscription. */

#include "config.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "pattern/zmqg-subscription-tree-private.h"
#include "pattern/zmqg-topic-set-private.h"

#define N_MATCHES 2000000
#define N_HOT 64
#define N_TARGETS 1000
#define TOPIC_MAX 64

typedef gsize (*MakeTopic) (guint32 n,
                            char    topic[TOPIC_MAX]);

static gsize
make_counted (guint32 n,
              char    topic[TOPIC_MAX])
{
  return g_snprintf (topic, TOPIC_MAX, "market/stocks/%07u/price", n);
}

static gsize
make_mixed (guint32 n,
            char    topic[TOPIC_MAX])
{
  /* Bijective, so that all topics differ. */
  guint64 mixed = (n + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  memcpy (topic, &mixed, sizeof mixed);
  return sizeof mixed;
}

static void
count (gpointer target G_GNUC_UNUSED,
       gpointer user_data)
{
  (*(guint64 *) user_data)++;
}

/* Returns: nanoseconds for one match among @n_used of the topics */
static double
measure (ZmqgSubscriptionTree *tree,
         MakeTopic             make,
         guint32               n,
         guint32               n_used)
{
  /* Prepared, so that making topics is not measured; read in order. */
  const guint32 n_data = MIN (n_used, 1u << 18);
  g_autofree char *data = g_malloc (n_data * TOPIC_MAX);
  g_autofree guint8 *sizes = g_malloc (n_data);
  guint32 random = 1;
  guint64 found = 0;
  gint64 begin;

  for (guint32 i = 0; i < n_data; i++)
    {
      random = random * 1664525 + 1013904223;
      sizes[i] = make (((guint64) random * n) >> 32, data + i * TOPIC_MAX);
    }

  begin = g_get_monotonic_time ();
  for (guint32 i = 0, at = 0; i < N_MATCHES; i++)
    {
      zmqg_subscription_tree_match (tree,
                                    (const guint8 *) data + at * TOPIC_MAX,
                                    sizes[at], count, &found);
      if (++at == n_data)
        at = 0;
    }
  begin = g_get_monotonic_time () - begin;
  g_assert_cmpuint (found, ==, N_MATCHES);

  return begin * 1000.0 / N_MATCHES;
}

static void
run (const char *name,
     MakeTopic   make)
{
  printf ("%s\n%10s %12s %12s %12s %12s %12s\n", name, "topics", "match hot",
          "match any", "add", "remove all", "bytes each");

  for (guint32 n = 1000; n <= 1000000; n *= 10)
    {
      ZmqgSubscriptionTree *tree = zmqg_subscription_tree_new ();
      gsize before = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
      gint64 begin = g_get_monotonic_time ();
      double add, hot, any;
      gsize after;
      char topic[TOPIC_MAX];

      for (guint32 i = 0; i < n; i++)
        {
          gsize size = make (i, topic);

          zmqg_subscription_tree_add (tree, (const guint8 *) topic, size,
                                      GUINT_TO_POINTER (i % N_TARGETS + 1));
        }
      add = (g_get_monotonic_time () - begin) * 1000.0 / n;
      after = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;

      hot = measure (tree, make, n, N_HOT);
      any = measure (tree, make, n, n);

      begin = g_get_monotonic_time ();
      for (guint32 i = 0; i < N_TARGETS; i++)
        zmqg_subscription_tree_remove_target (tree, GUINT_TO_POINTER (i + 1),
                                              NULL, NULL);
      begin = g_get_monotonic_time () - begin;
      g_assert_cmpuint (zmqg_subscription_tree_get_n_topics (tree), ==, 0);
      zmqg_subscription_tree_free (tree);

      printf ("%10u %9.0f ns %9.0f ns %9.0f ns %9.0f ns %12.1f\n", n, hot, any,
              add, begin * 1000.0 / n, (double) (after - before) / n);
    }
}

int
main (void)
{
  run ("topics \"market/stocks/<number>/price\", 27 bytes", make_counted);
  run ("topics of 8 mixed bytes", make_mixed);

  return 0;
}
