/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-topic-set-private.h"

#include "random-topic-private.h"

#define N_OPERATIONS 1000000

static const guint8 *
bytes (const char *text)
{
  return (const guint8 *) text;
}

static void
test_counts (void)
{
  ZmqgTopicSet *set = zmqg_topic_set_new ();

  g_assert_cmpint (zmqg_topic_set_remove (set, bytes ("ab"), 2), ==,
                   ZMQG_TOPIC_NOT_FOUND);
  g_assert_cmpint (zmqg_topic_set_add (set, bytes ("ab"), 2), ==,
                   ZMQG_TOPIC_ADDED_NEW);
  g_assert_cmpint (zmqg_topic_set_add (set, bytes ("ab"), 2), ==,
                   ZMQG_TOPIC_ADDED_AGAIN);
  g_assert_cmpuint (zmqg_topic_set_get_n_topics (set), ==, 1);
  g_assert_cmpuint (zmqg_topic_set_get_n_subscriptions (set), ==, 2);
  g_assert_cmpint (zmqg_topic_set_remove (set, bytes ("ab"), 2), ==,
                   ZMQG_TOPIC_STILL_HELD);
  g_assert_true (zmqg_topic_set_contains (set, bytes ("ab"), 2));
  g_assert_cmpint (zmqg_topic_set_remove (set, bytes ("ab"), 2), ==,
                   ZMQG_TOPIC_REMOVED);
  g_assert_false (zmqg_topic_set_contains (set, bytes ("ab"), 2));
  g_assert_cmpint (zmqg_topic_set_remove (set, bytes ("ab"), 2), ==,
                   ZMQG_TOPIC_NOT_FOUND);
  g_assert_cmpuint (zmqg_topic_set_get_n_topics (set), ==, 0);
  g_assert_cmpuint (zmqg_topic_set_get_n_subscriptions (set), ==, 0);
  zmqg_topic_set_free (set);
}

static void
test_matches (void)
{
  ZmqgTopicSet *set = zmqg_topic_set_new ();

  g_assert_false (zmqg_topic_set_matches (set, NULL, 0));
  g_assert_false (zmqg_topic_set_matches (set, bytes ("abc"), 3));
  zmqg_topic_set_add (set, bytes ("ab"), 2);
  g_assert_true (zmqg_topic_set_matches (set, bytes ("abc"), 3));
  g_assert_true (zmqg_topic_set_matches (set, bytes ("ab"), 2));
  g_assert_false (zmqg_topic_set_matches (set, bytes ("a"), 1));
  g_assert_false (zmqg_topic_set_matches (set, bytes ("ac"), 2));
  g_assert_false (zmqg_topic_set_matches (set, NULL, 0));
  zmqg_topic_set_add (set, NULL, 0);
  g_assert_true (zmqg_topic_set_matches (set, NULL, 0));
  g_assert_true (zmqg_topic_set_matches (set, bytes ("ac"), 2));
  zmqg_topic_set_remove (set, NULL, 0);
  g_assert_false (zmqg_topic_set_matches (set, bytes ("ac"), 2));
  zmqg_topic_set_free (set);
}

static void
append_topic (const guint8 *topic,
              gsize         size,
              gpointer      user_data)
{
  g_string_append_printf (user_data, "%.*s ", (int) size,
                          (const char *) topic);
}

static void
test_foreach (void)
{
  ZmqgTopicSet *set = zmqg_topic_set_new ();
  g_autoptr (GString) text = g_string_new (NULL);

  zmqg_topic_set_add (set, bytes ("b"), 1);
  zmqg_topic_set_add (set, bytes ("abc"), 3);
  zmqg_topic_set_add (set, bytes ("ab"), 2);
  zmqg_topic_set_add (set, bytes ("ab"), 2);
  zmqg_topic_set_foreach (set, append_topic, text);
  g_assert_cmpstr (text->str, ==, "ab abc b ");
  zmqg_topic_set_free (set);
}

static gboolean
model_matches (GHashTable   *model,
               const guint8 *data,
               gsize         size)
{
  for (gsize n = 0; n <= size; n++)
    {
      g_autoptr (GBytes) prefix = g_bytes_new_static (data, n);

      if (g_hash_table_contains (model, prefix))
        return TRUE;
    }

  return FALSE;
}

static void
test_model (void)
{
  ZmqgTopicSet *set = zmqg_topic_set_new ();
  g_autoptr (GHashTable) model = NULL;
  GRand *rand = g_rand_new_with_seed (20261);
  guint8 topic[RANDOM_TOPIC_MAX];
  guint64 n_subscriptions = 0;

  model = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                 (GDestroyNotify) g_bytes_unref, NULL);
  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      gsize size = random_topic (rand, topic);
      g_autoptr (GBytes) key = g_bytes_new (topic, size);
      gsize count = GPOINTER_TO_SIZE (g_hash_table_lookup (model, key));

      if (g_rand_int_range (rand, 0, 10) < (i >> 16 & 1 ? 3 : 6))
        {
          g_assert_cmpint (zmqg_topic_set_add (set, topic, size), ==,
                           count == 0 ? ZMQG_TOPIC_ADDED_NEW
                                      : ZMQG_TOPIC_ADDED_AGAIN);
          count++;
          n_subscriptions++;
        }
      else
        {
          g_assert_cmpint (zmqg_topic_set_remove (set, topic, size), ==,
                           count == 0   ? ZMQG_TOPIC_NOT_FOUND
                           : count == 1 ? ZMQG_TOPIC_REMOVED
                                        : ZMQG_TOPIC_STILL_HELD);
          if (count == 0)
            continue;
          count--;
          n_subscriptions--;
        }

      if (count > 0)
        g_hash_table_insert (model, g_bytes_ref (key),
                             GSIZE_TO_POINTER (count));
      else
        g_hash_table_remove (model, key);

      g_assert_cmpuint (zmqg_topic_set_get_n_topics (set), ==,
                        g_hash_table_size (model));
      g_assert_cmpuint (zmqg_topic_set_get_n_subscriptions (set), ==,
                        n_subscriptions);
      size = random_topic (rand, topic);
      if (size < 20)
        g_assert_true (zmqg_topic_set_matches (set, topic, size)
                       == model_matches (model, topic, size));
    }

  zmqg_topic_set_free (set);
  g_rand_free (rand);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/pattern/topic-set/counts", test_counts);
  g_test_add_func ("/zmqg/pattern/topic-set/matches", test_matches);
  g_test_add_func ("/zmqg/pattern/topic-set/foreach", test_foreach);
  g_test_add_func ("/zmqg/pattern/topic-set/model", test_model);

  return g_test_run ();
}
