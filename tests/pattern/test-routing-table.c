/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-routing-table-private.h"

#include <string.h>

#define N_OPERATIONS 1000000

static void
test_insert (void)
{
  ZmqgRoutingTable *table = zmqg_routing_table_new ();
  const guint8 *name = (const guint8 *) "alice";
  ZmqgRoutingId *id = NULL;
  ZmqgRoutingId *other = NULL;
  int value;

  g_assert_null (zmqg_routing_table_lookup (table, name, 5));
  g_assert_cmpint (zmqg_routing_table_insert (table, name, 5, &value, &id), ==,
                   ZMQG_ROUTING_OK);
  g_assert_cmpmem (id->data, id->size, name, 5);
  g_assert_true (id->value == &value);
  g_assert_true (zmqg_routing_table_lookup (table, name, 5) == id);
  g_assert_null (zmqg_routing_table_lookup (table, name, 4));
  g_assert_cmpint (zmqg_routing_table_insert (table, name, 5, NULL, &other),
                   ==, ZMQG_ROUTING_EXISTS);
  g_assert_null (other);
  zmqg_routing_table_remove (table, id);
  g_assert_null (zmqg_routing_table_lookup (table, name, 5));
  g_assert_cmpuint (zmqg_routing_table_get_n_ids (table), ==, 0);
  zmqg_routing_table_free (table);
}

static void
test_long_id (void)
{
  ZmqgRoutingTable *table = zmqg_routing_table_new ();
  gsize size = 1024 * 1024;
  g_autofree guint8 *name = g_malloc0 (size);
  ZmqgRoutingId *id;

  g_assert_cmpint (zmqg_routing_table_insert (table, name, size, table, &id),
                   ==, ZMQG_ROUTING_OK);
  g_assert_true (zmqg_routing_table_lookup (table, name, size) == id);
  name[size - 1] = 1;
  g_assert_null (zmqg_routing_table_lookup (table, name, size));
  zmqg_routing_table_free (table);
}

/* 4.7: 00, then a counter of 32 bits, big-endian. */
static void
test_generated (void)
{
  static const guint8 taken[] = { 0, 0, 0, 0, 0 };
  static const guint8 first[] = { 0, 0xff, 0xff, 0xff, 0xff };
  static const guint8 second[] = { 0, 0, 0, 0, 1 };
  ZmqgRoutingTable *table = zmqg_routing_table_new ();
  ZmqgRoutingId *id;

  zmqg_routing_table_set_next (table, G_MAXUINT32);
  zmqg_routing_table_insert (table, taken, 5, NULL, &id);
  g_assert_cmpint (zmqg_routing_table_insert_generated (table, table, &id), ==,
                   ZMQG_ROUTING_OK);
  g_assert_cmpmem (id->data, id->size, first, 5);
  g_assert_cmpint (zmqg_routing_table_insert_generated (table, table, &id), ==,
                   ZMQG_ROUTING_OK);
  g_assert_cmpmem (id->data, id->size, second, 5);
  zmqg_routing_table_free (table);
}

static void
count_id (ZmqgRoutingId *id,
          gpointer       user_data)
{
  GHashTable *model = user_data;
  g_autoptr (GBytes) key = g_bytes_new_static (id->data, id->size);

  g_assert_true (g_hash_table_lookup (model, key) == id);
  id->value = GSIZE_TO_POINTER (GPOINTER_TO_SIZE (id->value) + 1);
}

static void
test_model (void)
{
  ZmqgRoutingTable *table = zmqg_routing_table_new ();
  g_autoptr (GHashTable) model = NULL;
  GRand *rand = g_rand_new_with_seed (20262);
  GHashTableIter iter;
  gpointer value;

  model = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                 (GDestroyNotify) g_bytes_unref, NULL);
  for (guint i = 0; i < N_OPERATIONS; i++)
    {
      guint8 data[24] = { 0 };
      gsize size = g_rand_int_range (rand, 2, sizeof data);
      g_autoptr (GBytes) key = NULL;
      ZmqgRoutingId *known;
      ZmqgRoutingId *id = NULL;
      gint action = g_rand_int_range (rand, 0, 100);

      data[size - 1] = g_rand_int (rand) & 31;
      data[size - 2] = g_rand_int (rand) & 15;
      key = g_bytes_new (data, size);
      known = g_hash_table_lookup (model, key);
      g_assert_true (zmqg_routing_table_lookup (table, data, size) == known);

      if (action < (i >> 15 & 1 ? 10 : 50))
        {
          ZmqgRoutingResult result;

          if (action % 2)
            {
              result = zmqg_routing_table_insert_generated (table, NULL, &id);
              g_assert_cmpint (result, ==, ZMQG_ROUTING_OK);
            }
          else
            {
              result = zmqg_routing_table_insert (table, data, size, NULL, &id);
              g_assert_true ((result == ZMQG_ROUTING_EXISTS)
                             == (known != NULL));
            }
          if (id != NULL)
            g_assert_true (g_hash_table_insert (
              model, g_bytes_new (id->data, id->size), id));
        }
      else if (known != NULL)
        {
          g_hash_table_remove (model, key);
          zmqg_routing_table_remove (table, known);
        }
      g_assert_cmpuint (zmqg_routing_table_get_n_ids (table), ==,
                        g_hash_table_size (model));
    }

  zmqg_routing_table_foreach (table, count_id, model);
  g_hash_table_iter_init (&iter, model);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      g_assert_cmpuint (GPOINTER_TO_SIZE (((ZmqgRoutingId *) value)->value),
                        ==, 1);
      zmqg_routing_table_remove (table, value);
    }
  g_assert_cmpuint (zmqg_routing_table_get_n_ids (table), ==, 0);
  zmqg_routing_table_free (table);
  g_rand_free (rand);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/pattern/routing-table/insert", test_insert);
  g_test_add_func ("/zmqg/pattern/routing-table/long-id", test_long_id);
  g_test_add_func ("/zmqg/pattern/routing-table/generated", test_generated);
  g_test_add_func ("/zmqg/pattern/routing-table/model", test_model);

  return g_test_run ();
}
