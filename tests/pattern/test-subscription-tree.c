/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-subscription-tree-private.h"

#include "random-topic-private.h"

#define N_OPERATIONS 1000000
#define N_TARGETS 64

/* Targets are never followed: small numbers will do. */
#define TARGET(n) GUINT_TO_POINTER (n)

static ZmqgSubscriptionAdded
add (ZmqgSubscriptionTree *tree,
     const char           *topic,
     guint                 target)
{
  return zmqg_subscription_tree_add (tree, (const guint8 *) topic,
                                     strlen (topic), TARGET (target));
}

static ZmqgSubscriptionRemoved
take (ZmqgSubscriptionTree *tree,
      const char           *topic,
      guint                 target)
{
  return zmqg_subscription_tree_remove (tree, (const guint8 *) topic,
                                        strlen (topic), TARGET (target));
}

static void
append_target (gpointer target,
               gpointer user_data)
{
  g_string_append_printf (user_data, "%u ", GPOINTER_TO_UINT (target));
}

static void
append_topic (const guint8 *topic,
              gsize         size,
              gboolean      was_last,
              gpointer      user_data)
{
  g_string_append_printf (user_data, "%.*s%s ", (int) size,
                          (const char *) topic, was_last ? "!" : "");
}

static void
assert_matches (ZmqgSubscriptionTree *tree,
                const char           *data,
                const char           *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  zmqg_subscription_tree_match (tree, (const guint8 *) data, strlen (data),
                                append_target, text);
  g_assert_cmpstr (text->str, ==, expected);
  g_assert_true (zmqg_subscription_tree_contains_any (tree,
                                                      (const guint8 *) data,
                                                      strlen (data))
                 == (*expected != '\0'));
}

/* 4.10: not counted per pipe. */
static void
test_add_remove (void)
{
  ZmqgSubscriptionTree *tree = zmqg_subscription_tree_new ();

  g_assert_cmpint (take (tree, "a", 1), ==, ZMQG_SUBSCRIPTION_NOT_FOUND);
  g_assert_cmpint (add (tree, "a", 1), ==, ZMQG_SUBSCRIPTION_ADDED_FIRST);
  g_assert_cmpint (add (tree, "a", 1), ==, ZMQG_SUBSCRIPTION_DUPLICATE);
  g_assert_cmpint (take (tree, "a", 2), ==, ZMQG_SUBSCRIPTION_NOT_FOUND);
  g_assert_cmpint (add (tree, "a", 2), ==, ZMQG_SUBSCRIPTION_ADDED);
  g_assert_cmpint (add (tree, "a", 2), ==, ZMQG_SUBSCRIPTION_DUPLICATE);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_topics (tree), ==, 1);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_subscriptions (tree), ==, 2);
  g_assert_cmpint (take (tree, "a", 1), ==, ZMQG_SUBSCRIPTION_REMOVED);
  g_assert_cmpint (take (tree, "a", 1), ==, ZMQG_SUBSCRIPTION_NOT_FOUND);
  g_assert_cmpint (take (tree, "a", 2), ==, ZMQG_SUBSCRIPTION_REMOVED_LAST);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_topics (tree), ==, 0);
  zmqg_subscription_tree_free (tree);
}

static void
test_match (void)
{
  ZmqgSubscriptionTree *tree = zmqg_subscription_tree_new ();

  assert_matches (tree, "abc", "");
  add (tree, "ab", 1);
  add (tree, "", 2);
  add (tree, "abc", 3);
  add (tree, "ab", 2);
  assert_matches (tree, "", "2 ");
  assert_matches (tree, "a", "2 ");
  assert_matches (tree, "ab", "2 1 2 ");
  assert_matches (tree, "abcd", "2 1 2 3 ");
  take (tree, "", 2);
  assert_matches (tree, "a", "");
  zmqg_subscription_tree_free (tree);
}

static void
test_remove_target (void)
{
  ZmqgSubscriptionTree *tree = zmqg_subscription_tree_new ();
  g_autoptr (GString) text = g_string_new (NULL);

  add (tree, "weather", 1);
  add (tree, "we", 1);
  add (tree, "we", 2);
  add (tree, "", 1);
  add (tree, "west", 3);
  zmqg_subscription_tree_remove_target (tree, TARGET (4), append_topic, text);
  zmqg_subscription_tree_remove_target (tree, TARGET (1), append_topic, text);
  g_assert_cmpstr (text->str, ==, "weather! we ! ");
  assert_matches (tree, "weather", "2 ");
  assert_matches (tree, "west", "2 3 ");
  zmqg_subscription_tree_remove_target (tree, TARGET (3), NULL, NULL);
  zmqg_subscription_tree_remove_target (tree, TARGET (2), append_topic, text);
  g_assert_cmpstr (text->str, ==, "weather! we ! we! ");
  g_assert_cmpuint (zmqg_subscription_tree_get_n_topics (tree), ==, 0);
  zmqg_subscription_tree_free (tree);
}

static void
test_many_targets_of_one_topic (void)
{
  const guint n = 100000;
  ZmqgSubscriptionTree *tree = zmqg_subscription_tree_new ();

  for (guint i = 1; i <= n; i++)
    g_assert_cmpint (add (tree, "abc", i), ==,
                     i == 1 ? ZMQG_SUBSCRIPTION_ADDED_FIRST
                            : ZMQG_SUBSCRIPTION_ADDED);
  for (guint i = 1; i <= n; i++)
    g_assert_cmpint (add (tree, "abc", i), ==, ZMQG_SUBSCRIPTION_DUPLICATE);

  /* The topic's node moves: nobody may notice. */
  for (guint i = 0; i < 256; i++)
    {
      char topic[] = { 'a', 'b', i + 1, '\0' };

      add (tree, topic, 1);
    }
  for (guint i = 2; i <= n; i += 2)
    g_assert_cmpint (take (tree, "abc", i), ==, ZMQG_SUBSCRIPTION_REMOVED);
  for (guint i = 3; i <= n; i += 2)
    zmqg_subscription_tree_remove_target (tree, TARGET (i), NULL, NULL);
  assert_matches (tree, "abcd", "1 1 ");
  zmqg_subscription_tree_remove_target (tree, TARGET (1), NULL, NULL);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_subscriptions (tree), ==, 0);
  zmqg_subscription_tree_free (tree);
}

/* Topic → one bit for each target. */
typedef struct
{
  GHashTable *topics;
  guint target;
  guint n_topics;
  gsize n_bytes;
} Model;

static guint64
model_get (GHashTable   *topics,
           const guint8 *topic,
           gsize         size)
{
  g_autoptr (GBytes) key = g_bytes_new_static (topic, size);
  guint64 *found = g_hash_table_lookup (topics, key);

  return found != NULL ? *found : 0;
}

static void
model_set (GHashTable   *topics,
           const guint8 *topic,
           gsize         size,
           guint64       targets)
{
  GBytes *key = g_bytes_new (topic, size);

  if (targets != 0)
    {
      g_hash_table_insert (topics, key, g_memdup2 (&targets, sizeof targets));
    }
  else
    {
      g_hash_table_remove (topics, key);
      g_bytes_unref (key);
    }
}

static void
model_remove_topic (const guint8 *topic,
                    gsize         size,
                    gboolean      was_last,
                    gpointer      user_data)
{
  Model *model = user_data;
  guint64 targets = model_get (model->topics, topic, size);
  guint64 bit = G_GUINT64_CONSTANT (1) << model->target;

  g_assert_true ((targets & bit) != 0);
  g_assert_true (was_last == (targets == bit));
  model_set (model->topics, topic, size, targets & ~bit);
  model->n_topics++;
  model->n_bytes += size;
}

static void
count_target (gpointer target,
              gpointer user_data)
{
  guint *counts = user_data;

  counts[GPOINTER_TO_UINT (target)]++;
}

static void
model_check_match (Model                *model,
                   ZmqgSubscriptionTree *tree,
                   const guint8         *data,
                   gsize                 size)
{
  guint expected[N_TARGETS] = { 0 };
  guint counts[N_TARGETS] = { 0 };

  for (gsize n = 0; n <= size; n++)
    {
      guint64 targets = model_get (model->topics, data, n);

      for (guint i = 0; i < N_TARGETS; i++)
        expected[i] += targets >> i & 1;
    }
  zmqg_subscription_tree_match (tree, data, size, count_target, counts);
  g_assert_cmpmem (counts, sizeof counts, expected, sizeof expected);
}

static void
model_step (Model                *model,
            ZmqgSubscriptionTree *tree,
            GRand                *rand,
            gboolean              grow)
{
  guint8 topic[RANDOM_TOPIC_MAX];
  gsize size = random_topic (rand, topic);
  guint64 targets = model_get (model->topics, topic, size);
  guint64 bit;
  gpointer target;

  model->target = g_rand_int_range (rand, 0, N_TARGETS);
  bit = G_GUINT64_CONSTANT (1) << model->target;
  target = TARGET (model->target);

  if (g_rand_int_range (rand, 0, 10) < (grow ? 7 : 3))
    {
      g_assert_cmpint (zmqg_subscription_tree_add (tree, topic, size, target),
                       ==,
                       targets == 0      ? ZMQG_SUBSCRIPTION_ADDED_FIRST
                       : (targets & bit) ? ZMQG_SUBSCRIPTION_DUPLICATE
                                         : ZMQG_SUBSCRIPTION_ADDED);
      model_set (model->topics, topic, size, targets | bit);
    }
  else
    {
      g_assert_cmpint (zmqg_subscription_tree_remove (tree, topic, size,
                                                      target),
                       ==,
                       !(targets & bit) ? ZMQG_SUBSCRIPTION_NOT_FOUND
                       : targets == bit ? ZMQG_SUBSCRIPTION_REMOVED_LAST
                                        : ZMQG_SUBSCRIPTION_REMOVED);
      model_set (model->topics, topic, size, targets & ~bit);
    }
  targets = model_get (model->topics, topic, size);
  g_assert_true (zmqg_subscription_tree_contains (tree, topic, size, target)
                 == ((targets & bit) != 0));
}

static void
model_remove_target (Model                *model,
                     ZmqgSubscriptionTree *tree,
                     guint                 target)
{
  gsize bytes;
  gsize n = zmqg_subscription_tree_get_n_target_topics (tree, TARGET (target),
                                                        &bytes);

  model->target = target;
  model->n_topics = 0;
  model->n_bytes = 0;
  zmqg_subscription_tree_remove_target (tree, TARGET (target),
                                        model_remove_topic, model);
  g_assert_cmpuint (model->n_topics, ==, n);
  g_assert_cmpuint (model->n_bytes, ==, bytes);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_target_topics (
                      tree, TARGET (target), &bytes), ==, 0);
  g_assert_cmpuint (bytes, ==, 0);
}

static void
test_model (void)
{
  ZmqgSubscriptionTree *tree = zmqg_subscription_tree_new ();
  GRand *rand = g_rand_new_with_seed (20263);
  Model model = { 0 };

  model.topics = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                        (GDestroyNotify) g_bytes_unref, g_free);
  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      model_step (&model, tree, rand, (i >> 16 & 1) == 0);
      if (i % 8192 == 8191)
        model_remove_target (&model, tree,
                             g_rand_int_range (rand, 0, N_TARGETS));
      if (i % 32 == 0)
        {
          guint8 data[RANDOM_TOPIC_MAX];
          gsize size = random_topic (rand, data);

          model_check_match (&model, tree, data, MIN (size, 100));
        }
      g_assert_cmpuint (zmqg_subscription_tree_get_n_topics (tree), ==,
                        g_hash_table_size (model.topics));
    }

  for (guint i = 0; i < N_TARGETS; i++)
    model_remove_target (&model, tree, i);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_topics (tree), ==, 0);
  g_assert_cmpuint (zmqg_subscription_tree_get_n_subscriptions (tree), ==, 0);
  g_assert_cmpuint (g_hash_table_size (model.topics), ==, 0);

  zmqg_subscription_tree_free (tree);
  g_hash_table_unref (model.topics);
  g_rand_free (rand);
}

static void
test_free_with_subscriptions (void)
{
  ZmqgSubscriptionTree *tree = zmqg_subscription_tree_new ();

  for (guint i = 0; i < 100; i++)
    {
      add (tree, "a", i);
      add (tree, i % 2 ? "ab" : "ac", i);
    }
  zmqg_subscription_tree_free (tree);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/pattern/subscription-tree/add-remove",
                   test_add_remove);
  g_test_add_func ("/zmqg/pattern/subscription-tree/match", test_match);
  g_test_add_func ("/zmqg/pattern/subscription-tree/remove-target",
                   test_remove_target);
  g_test_add_func ("/zmqg/pattern/subscription-tree/many-targets-of-one-topic",
                   test_many_targets_of_one_topic);
  g_test_add_func ("/zmqg/pattern/subscription-tree/model", test_model);
  g_test_add_func ("/zmqg/pattern/subscription-tree/free-with-subscriptions",
                   test_free_with_subscriptions);

  return g_test_run ();
}
