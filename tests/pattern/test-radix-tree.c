/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include <pthread.h>

#include "pattern/zmqg-radix-tree-private.h"

#include "random-topic-private.h"

#define N_OPERATIONS 1000000
#define MIB (1024 * 1024)

static guint64 *
insert (ZmqgRadixTree *tree,
        const char    *key,
        guint64        value)
{
  gboolean is_new;
  guint64 *slot = zmqg_radix_tree_insert (tree, (const guint8 *) key,
                                          strlen (key), &is_new);

  g_assert_nonnull (slot);
  g_assert_true (is_new);
  g_assert_cmpuint (*slot, ==, 0);
  *slot = value;

  return slot;
}

static gboolean
take (ZmqgRadixTree *tree,
      const char    *key)
{
  return zmqg_radix_tree_remove (tree, (const guint8 *) key, strlen (key));
}

static void
assert_empty (ZmqgRadixTree *tree)
{
  g_assert_cmpuint (zmqg_radix_tree_get_n_keys (tree), ==, 0);
  g_assert_cmpuint (zmqg_radix_tree_get_n_nodes (tree), ==, 0);
  g_assert_cmpuint (zmqg_radix_tree_get_memory (tree), ==, 0);
}

static void
append_key (const guint8 *key,
            gsize         size,
            guint64      *slot,
            gpointer      user_data)
{
  g_string_append_printf (user_data, "%.*s=%" G_GUINT64_FORMAT " ", (int) size,
                          (const char *) key, *slot);
}

static void
test_empty_tree (void)
{
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_null (zmqg_radix_tree_lookup (tree, NULL, 0));
  g_assert_false (zmqg_radix_tree_match_any (tree, (const guint8 *) "a", 1));
  g_assert_false (zmqg_radix_tree_remove (tree, NULL, 0));
  zmqg_radix_tree_foreach (tree, append_key, text);
  g_assert_cmpstr (text->str, ==, "");
  assert_empty (tree);
  zmqg_radix_tree_free (tree);
}

static void
test_empty_key (void)
{
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  gboolean is_new;

  g_assert_nonnull (zmqg_radix_tree_insert (tree, NULL, 0, &is_new));
  g_assert_true (is_new);
  g_assert_nonnull (zmqg_radix_tree_insert (tree, NULL, 0, &is_new));
  g_assert_false (is_new);
  g_assert_true (zmqg_radix_tree_match_any (tree, NULL, 0));
  g_assert_true (zmqg_radix_tree_match_any (tree, (const guint8 *) "a", 1));
  g_assert_true (zmqg_radix_tree_remove (tree, NULL, 0));
  g_assert_false (zmqg_radix_tree_match_any (tree, NULL, 0));
  assert_empty (tree);
  zmqg_radix_tree_free (tree);
}

static void
test_order (void)
{
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  insert (tree, "weather", 1);
  insert (tree, "west", 2);
  insert (tree, "we", 3);
  insert (tree, "", 4);
  insert (tree, "weather.paris", 5);
  insert (tree, "\xff", 6);
  insert (tree, "a", 7);

  zmqg_radix_tree_foreach (tree, append_key, text);
  g_assert_cmpstr (text->str, ==,
                   "=4 a=7 we=3 weather=1 weather.paris=5 west=2 \xff=6 ");
  zmqg_radix_tree_free (tree);
}

static void
test_match_prefixes (void)
{
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  ZmqgRadixMatch match;

  insert (tree, "weather.paris", 5);
  insert (tree, "we", 3);
  insert (tree, "", 4);
  insert (tree, "weather", 1);
  insert (tree, "weathen", 2);

  zmqg_radix_match_init (&match, tree, (const guint8 *) "weather.pa", 10);
  g_assert_cmpuint (*zmqg_radix_match_next (&match), ==, 4);
  g_assert_cmpuint (*zmqg_radix_match_next (&match), ==, 3);
  g_assert_cmpuint (*zmqg_radix_match_next (&match), ==, 1);
  g_assert_null (zmqg_radix_match_next (&match));
  g_assert_null (zmqg_radix_match_next (&match));
  zmqg_radix_tree_free (tree);
}

static void
test_join (void)
{
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  gsize n_nodes;

  insert (tree, "weather", 1);
  n_nodes = zmqg_radix_tree_get_n_nodes (tree);
  insert (tree, "weave", 2);
  insert (tree, "we", 3);
  g_assert_cmpuint (zmqg_radix_tree_get_n_nodes (tree), >, n_nodes);
  g_assert_true (take (tree, "weave"));
  g_assert_false (take (tree, "weave"));
  g_assert_false (take (tree, "wea"));
  g_assert_true (take (tree, "we"));
  g_assert_cmpuint (zmqg_radix_tree_get_n_nodes (tree), ==, n_nodes);
  g_assert_cmpuint (*zmqg_radix_tree_lookup (tree, (const guint8 *) "weather",
                                             7), ==, 1);
  g_assert_true (take (tree, "weather"));
  assert_empty (tree);
  zmqg_radix_tree_free (tree);
}

/* Through all sizes of node and back, at two levels. */
static void
test_all_bytes (void)
{
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  gboolean is_new;

  for (guint i = 0; i < 65536; i++)
    {
      guint mixed = i * 40503u;
      guint8 key[2] = { mixed >> 8, mixed };

      *zmqg_radix_tree_insert (tree, key, 2, &is_new) = mixed & 0xffff;
      g_assert_true (is_new);
    }
  g_assert_cmpuint (zmqg_radix_tree_get_n_nodes (tree), ==, 1 + 256 + 65536);

  for (guint i = 0; i < 65536; i++)
    {
      guint mixed = i * 25173u;
      guint8 key[2] = { mixed >> 8, mixed };
      guint64 *slot = zmqg_radix_tree_lookup (tree, key, 2);
      gsize size;

      g_assert_cmpuint (*slot, ==, mixed & 0xffff);
      g_assert_cmpmem (key, 2, zmqg_radix_tree_get_key (tree, slot, &size), 2);
      g_assert_cmpuint (size, ==, 2);
      zmqg_radix_tree_remove_slot (tree, slot);
      g_assert_null (zmqg_radix_tree_lookup (tree, key, 2));
    }
  assert_empty (tree);
  zmqg_radix_tree_free (tree);
}

static void
test_long_keys (void)
{
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  g_autofree guint8 *key = g_malloc0 (MIB + 1);
  ZmqgRadixMatch match;
  gboolean is_new;
  gsize n_nodes;
  gsize size;

  *zmqg_radix_tree_insert (tree, key, MIB, &is_new) = 1;
  n_nodes = zmqg_radix_tree_get_n_nodes (tree);

  /* Cuts at many places, and some that end in between. */
  for (guint i = 0; i < 250; i++)
    {
      key[i * 4093] = 1;
      *zmqg_radix_tree_insert (tree, key, MIB - i, &is_new) = 2 + 2 * i;
      key[i * 4093] = 0;
      *zmqg_radix_tree_insert (tree, key, i * 4051, &is_new) = 3 + 2 * i;
    }
  g_assert_cmpuint (zmqg_radix_tree_get_n_keys (tree), ==, 501);

  zmqg_radix_match_init (&match, tree, key, MIB + 1);
  for (guint i = 0; i < 250; i++)
    g_assert_cmpuint (*zmqg_radix_match_next (&match), ==, 3 + 2 * i);
  g_assert_cmpuint (*zmqg_radix_match_next (&match), ==, 1);
  g_assert_null (zmqg_radix_match_next (&match));

  g_assert_cmpmem (zmqg_radix_tree_get_key (
                     tree, zmqg_radix_tree_lookup (tree, key, MIB), &size),
                   MIB, key, MIB);
  g_assert_cmpuint (size, ==, MIB);

  for (guint i = 0; i < 250; i++)
    {
      g_assert_true (zmqg_radix_tree_remove (tree, key, i * 4051));
      key[i * 4093] = 1;
      g_assert_true (zmqg_radix_tree_remove (tree, key, MIB - i));
      key[i * 4093] = 0;
    }
  /* A chain need not be cut where it was before, but is as good. */
  g_assert_cmpuint (zmqg_radix_tree_get_n_nodes (tree), <=, 2 * n_nodes);
  g_assert_true (zmqg_radix_tree_remove (tree, key, MIB));
  assert_empty (tree);
  zmqg_radix_tree_free (tree);
}

static void
count_depth (const guint8 *key G_GNUC_UNUSED,
             gsize         size,
             guint64      *slot G_GNUC_UNUSED,
             gpointer      user_data)
{
  gsize *next = user_data;

  g_assert_cmpuint (size, ==, *next);
  (*next)++;
}

/* One node for each byte of the longest key, used with a stack that has not
 * 16 bytes for each of them: nothing recurses. (Building this takes n² time,
 * so that more depth is left to thorough runs.) */
static gpointer
use_deep_tree (gpointer user_data G_GNUC_UNUSED)
{
  const gsize depth = g_test_thorough () ? 100000 : 10000;
  ZmqgRadixTree *tree = zmqg_radix_tree_new (NULL, NULL);
  g_autofree guint8 *key = g_malloc (depth);
  gboolean is_new;
  gsize n = 0;

  memset (key, 'd', depth);
  for (gsize size = 0; size < depth; size++)
    *zmqg_radix_tree_insert (tree, key, size, &is_new) = size;
  g_assert_cmpuint (zmqg_radix_tree_get_n_nodes (tree), ==, depth);

  zmqg_radix_tree_foreach (tree, count_depth, &n);
  g_assert_cmpuint (n, ==, depth);

  for (gsize size = 0; size < depth; size += 2)
    g_assert_true (zmqg_radix_tree_remove (tree, key, size));
  g_assert_cmpuint (zmqg_radix_tree_get_n_keys (tree), ==, depth / 2);
  zmqg_radix_tree_free (tree);

  return NULL;
}

static void
test_deep_tree (void)
{
  pthread_attr_t attributes;
  pthread_t thread;

  pthread_attr_init (&attributes);
  g_assert_cmpint (pthread_attr_setstacksize (&attributes, 128 * 1024), ==, 0);
  g_assert_cmpint (pthread_create (&thread, &attributes, use_deep_tree, NULL),
                   ==, 0);
  pthread_join (thread, NULL);
  pthread_attr_destroy (&attributes);
}

typedef struct
{
  ZmqgRadixTree *tree;
  GHashTable *model;  /* GBytes → number, which is the value in the tree */
  GPtrArray *slots;   /* number → slot, kept right by the moved function */
} Model;

static void
model_moved (guint64  *slot,
             gpointer  user_data)
{
  Model *model = user_data;

  model->slots->pdata[*slot] = slot;
}

typedef struct
{
  Model *model;
  GBytes *last;
  guint n;
} ModelWalk;

static void
model_visit (const guint8 *key,
             gsize         size,
             guint64      *slot,
             gpointer      user_data)
{
  ModelWalk *walk = user_data;
  GBytes *bytes = g_bytes_new (key, size);

  g_assert_true (walk->last == NULL || g_bytes_compare (walk->last, bytes) < 0);
  g_assert_cmpuint (GPOINTER_TO_SIZE (g_hash_table_lookup (walk->model->model,
                                                           bytes)),
                    ==, *slot);
  g_assert_true (walk->model->slots->pdata[*slot] == slot);
  g_clear_pointer (&walk->last, g_bytes_unref);
  walk->last = bytes;
  walk->n++;
}

static void
model_check (Model *model)
{
  ModelWalk walk = { model, NULL, 0 };

  zmqg_radix_tree_foreach (model->tree, model_visit, &walk);
  g_clear_pointer (&walk.last, g_bytes_unref);
  g_assert_cmpuint (walk.n, ==, g_hash_table_size (model->model));
  g_assert_cmpuint (walk.n, ==, zmqg_radix_tree_get_n_keys (model->tree));
}

static void
model_check_match (Model        *model,
                   const guint8 *data,
                   gsize         size)
{
  ZmqgRadixMatch match;

  zmqg_radix_match_init (&match, model->tree, data, size);
  for (gsize n = 0; n <= size; n++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (data, n);
      gsize value = GPOINTER_TO_SIZE (g_hash_table_lookup (model->model,
                                                           bytes));

      if (value != 0)
        g_assert_cmpuint (*zmqg_radix_match_next (&match), ==, value);
    }
  g_assert_null (zmqg_radix_match_next (&match));
}

static void
test_model (void)
{
  Model model;
  GRand *rand = g_rand_new_with_seed (20260);
  guint8 key[RANDOM_TOPIC_MAX];
  GHashTableIter iter;
  gpointer number;

  model.tree = zmqg_radix_tree_new (model_moved, &model);
  model.model = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                       (GDestroyNotify) g_bytes_unref, NULL);
  model.slots = g_ptr_array_new ();
  g_ptr_array_add (model.slots, NULL);

  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      gsize size = random_topic (rand, key);
      g_autoptr (GBytes) bytes = g_bytes_new (key, size);
      gsize known = GPOINTER_TO_SIZE (g_hash_table_lookup (model.model, bytes));
      /* Turns of growing and of shrinking. */
      gboolean add = g_rand_int_range (rand, 0, 10) < (i >> 16 & 1 ? 3 : 7);

      if (add)
        {
          gboolean is_new;
          guint64 *slot = zmqg_radix_tree_insert (model.tree, key, size,
                                                  &is_new);

          g_assert_true (is_new == (known == 0));
          if (is_new)
            {
              *slot = model.slots->len;
              g_hash_table_insert (model.model, g_bytes_ref (bytes),
                                   GSIZE_TO_POINTER (model.slots->len));
              g_ptr_array_add (model.slots, slot);
            }
          else
            {
              g_assert_true (slot == model.slots->pdata[known]);
            }
        }
      else
        {
          g_assert_true (zmqg_radix_tree_remove (model.tree, key, size)
                         == (known != 0));
          g_hash_table_remove (model.model, bytes);
        }

      if (i % 16 == 0)
        {
          size = random_topic (rand, key);
          model_check_match (&model, key, size);
        }
      if (i % 20000 == 0)
        model_check (&model);
    }
  model_check (&model);

  /* Empty it by slot: memory returns to the start. */
  g_hash_table_iter_init (&iter, model.model);
  while (g_hash_table_iter_next (&iter, NULL, &number))
    zmqg_radix_tree_remove_slot (model.tree,
                                 model.slots->pdata[GPOINTER_TO_SIZE (number)]);
  assert_empty (model.tree);

  zmqg_radix_tree_free (model.tree);
  g_hash_table_unref (model.model);
  g_ptr_array_unref (model.slots);
  g_rand_free (rand);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/pattern/radix-tree/empty-tree", test_empty_tree);
  g_test_add_func ("/zmqg/pattern/radix-tree/empty-key", test_empty_key);
  g_test_add_func ("/zmqg/pattern/radix-tree/order", test_order);
  g_test_add_func ("/zmqg/pattern/radix-tree/match-prefixes",
                   test_match_prefixes);
  g_test_add_func ("/zmqg/pattern/radix-tree/join", test_join);
  g_test_add_func ("/zmqg/pattern/radix-tree/all-bytes", test_all_bytes);
  g_test_add_func ("/zmqg/pattern/radix-tree/long-keys", test_long_keys);
  g_test_add_func ("/zmqg/pattern/radix-tree/deep-tree", test_deep_tree);
  g_test_add_func ("/zmqg/pattern/radix-tree/model", test_model);

  return g_test_run ();
}
