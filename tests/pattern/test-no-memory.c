/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* Each allocation that may fail is made to fail in turn. The files are built
 * once more here, with allocation functions of ours. */

#include "config.h"

#include "random-topic-private.h"

static guint allocations_left = G_MAXUINT;

static gboolean
may_allocate (void)
{
  if (allocations_left == 0)
    return FALSE;
  if (allocations_left != G_MAXUINT)
    allocations_left--;

  return TRUE;
}

static gpointer
test_try_malloc (gsize size)
{
  return may_allocate () ? g_malloc (size) : NULL;
}

static gpointer
test_try_malloc0_n (gsize n,
                    gsize size)
{
  return may_allocate () ? g_malloc0_n (n, size) : NULL;
}

static gpointer
test_try_realloc (gpointer memory,
                  gsize    size)
{
  return may_allocate () ? g_realloc (memory, size) : NULL;
}

static gpointer
test_try_realloc_n (gpointer memory,
                    gsize    n,
                    gsize    size)
{
  return may_allocate () ? g_realloc_n (memory, n, size) : NULL;
}

#undef g_try_new
#undef g_try_new0
#define g_try_malloc test_try_malloc
#define g_try_malloc0_n test_try_malloc0_n
#define g_try_realloc test_try_realloc
#define g_try_realloc_n test_try_realloc_n
#define g_try_new(type, n) ((type *) test_try_malloc (sizeof (type) * (n)))
#define g_try_new0(type, n) ((type *) test_try_malloc0_n ((n), sizeof (type)))

#include "pattern/zmqg-number-index.c"
#include "pattern/zmqg-radix-node.c"
#include "pattern/zmqg-radix-tree.c"
#include "pattern/zmqg-subscription-tree.c"

/* Static names that were used above. */
#define find_cell find_id_cell
#define hash hash_id
#define reserve_one reserve_one_id
#include "pattern/zmqg-routing-table.c"

#define N_OPERATIONS 300000
#define N_TARGETS 24

/* Most often the first or second allocation fails. */
static void
limit_allocations (GRand *rand)
{
  allocations_left = g_rand_int (rand) & g_rand_int (rand) & 7;
}

static void
test_radix_tree (void)
{
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  GRand *rand = g_rand_new_with_seed (20264);
  g_autoptr (GHashTable) model = NULL;
  GHashTableIter iter;
  gpointer key;
  guint n_failed = 0;

  model = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                 (GDestroyNotify) g_bytes_unref, NULL);
  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      guint8 topic[RANDOM_TOPIC_MAX];
      gsize size = random_topic (rand, topic);
      gboolean grow = g_rand_int_range (rand, 0, 10) < (i >> 14 & 1 ? 2 : 8);
      g_autoptr (GBytes) bytes = g_bytes_new (topic, size);
      gboolean known = g_hash_table_contains (model, bytes);
      gboolean is_new = FALSE;

      limit_allocations (rand);
      if (!grow)
        {
          g_assert_true (zmqg_radix_tree_remove (tree, topic, size) == known);
          g_hash_table_remove (model, bytes);
        }
      else if (zmqg_radix_tree_insert (tree, topic, size, &is_new) == NULL)
        {
          g_assert_false (known);
          n_failed++;
        }
      else
        {
          g_assert_true (is_new == !known);
          g_hash_table_add (model, g_bytes_ref (bytes));
        }
      g_assert_true ((zmqg_radix_tree_lookup (tree, topic, size) != NULL)
                     == g_hash_table_contains (model, bytes));
      g_assert_cmpuint (zmqg_radix_tree_get_n_keys (tree), ==,
                        g_hash_table_size (model));
    }
  g_assert_cmpuint (n_failed, >, 1000);

  allocations_left = 0;
  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      gsize size;
      const guint8 *topic = g_bytes_get_data (key, &size);

      g_assert_true (zmqg_radix_tree_remove (tree, topic, size));
    }
  g_assert_cmpuint (zmqg_radix_tree_get_n_nodes (tree), ==, 0);
  g_assert_cmpuint (zmqg_radix_tree_get_memory (tree), ==, 0);

  allocations_left = G_MAXUINT;
  zmqg_radix_tree_free (tree);
  g_rand_free (rand);
}

static void
test_subscription_tree (void)
{
  ZmqgSubscriptionTree *tree = zmqg_subscription_tree_new ();
  GRand *rand = g_rand_new_with_seed (20265);
  guint n_failed = 0;
  gsize n = 0;

  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      guint8 topic[RANDOM_TOPIC_MAX];
      gsize size = random_topic (rand, topic);
      gboolean grow = g_rand_int_range (rand, 0, 10) < (i >> 14 & 1 ? 2 : 8);
      gpointer target = GINT_TO_POINTER (g_rand_int_range (rand, 0, N_TARGETS));
      gboolean had = zmqg_subscription_tree_contains (tree, topic, size,
                                                      target);
      gboolean has = had;

      limit_allocations (rand);
      if (grow)
        {
          ZmqgSubscriptionAdded added;

          added = zmqg_subscription_tree_add (tree, topic, size, target);
          has = had || added != ZMQG_SUBSCRIPTION_ADD_FAILED;
          if (added == ZMQG_SUBSCRIPTION_ADD_FAILED)
            n_failed++;
          else
            g_assert_true ((added == ZMQG_SUBSCRIPTION_DUPLICATE) == had);
          n += has && !had;
        }
      else
        {
          g_assert_true ((zmqg_subscription_tree_remove (tree, topic, size,
                                                         target)
                          != ZMQG_SUBSCRIPTION_NOT_FOUND) == had);
          has = FALSE;
          n -= had;
        }
      g_assert_true (zmqg_subscription_tree_contains (tree, topic, size, target)
                     == has);
      g_assert_cmpuint (zmqg_subscription_tree_get_n_subscriptions (tree), ==,
                        n);
      if (i % 4096 == 0)
        {
          n -= zmqg_subscription_tree_get_n_target_topics (tree, target,
                                                           NULL);
          allocations_left = 0;
          zmqg_subscription_tree_remove_target (tree, target, NULL, NULL);
        }
    }
  g_assert_cmpuint (n_failed, >, 1000);

  allocations_left = 0;
  for (guint i = 0; i < N_TARGETS; i++)
    zmqg_subscription_tree_remove_target (tree, GUINT_TO_POINTER (i), NULL,
                                          NULL);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_topics (tree), ==, 0);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_subscriptions (tree), ==, 0);

  allocations_left = G_MAXUINT;
  zmqg_subscription_tree_free (tree);
  g_rand_free (rand);
}

static void
test_routing_table (void)
{
  ZmqgRoutingTable *table = zmqg_routing_table_new ();
  GRand *rand = g_rand_new_with_seed (20266);
  guint n_failed = 0;

  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      guint number = g_rand_int_range (rand, 0, 2000);
      guint8 data[] = { 1, number >> 8, number };
      ZmqgRoutingId *id = zmqg_routing_table_lookup (table, data, sizeof data);
      ZmqgRoutingId *made = NULL;
      guint32 n = zmqg_routing_table_get_n_ids (table);

      limit_allocations (rand);
      if (id == NULL)
        {
          ZmqgRoutingResult result;

          result = zmqg_routing_table_insert (table, data, sizeof data, NULL,
                                              &made);
          g_assert_true ((result == ZMQG_ROUTING_OK) == (made != NULL));
          g_assert_true (zmqg_routing_table_lookup (table, data, sizeof data)
                         == made);
          n += made != NULL;
          n_failed += result == ZMQG_ROUTING_NO_MEMORY;
        }
      else
        {
          zmqg_routing_table_remove (table, id);
          n--;
        }
      g_assert_cmpuint (zmqg_routing_table_get_n_ids (table), ==, n);
    }
  g_assert_cmpuint (n_failed, >, 1000);

  allocations_left = G_MAXUINT;
  zmqg_routing_table_free (table);
  g_rand_free (rand);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/pattern/no-memory/radix-tree", test_radix_tree);
  g_test_add_func ("/zmqg/pattern/no-memory/subscription-tree",
                   test_subscription_tree);
  g_test_add_func ("/zmqg/pattern/no-memory/routing-table",
                   test_routing_table);

  return g_test_run ();
}
