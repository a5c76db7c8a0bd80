/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "option-times.h"

#include <string.h>

/*
 * When options take effect: each row of docs/options.md is tried with our
 * socket, in both engine modes, and with libzmq's.
 */

static const OptionCheck *const lists[] = {
  option_checks_of_contexts, option_checks_of_connections,
  option_checks_of_endpoints, option_checks_of_sockets,
};

typedef struct
{
  const OptionCheck *check;
  gboolean is_ours;
  ZmqgEngineMode mode;
} Case;

static OptionsTable *table;
static GHashTable *theirs; /* the numbers that libzmq knows */

void
option_await (Subject *subject,
              RawPeer *raw)
{
  gint64 until = g_get_monotonic_time () + OPTION_DEADLINE_MS * 1000;

  while (!raw_has_some (raw))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      subject_look (subject);
      zmqg_test_turn (NULL);
    }
}

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  const OptionCheck *check = self->check;
  Subject subject;

  subject_init (&subject, table, self->is_ours, self->mode);
  if (check->type != NULL)
    subject_open (&subject, check->type);
  if (check->with != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (check->with, "=", 2);

      subject_set (&subject, parts[0], parts[1]);
    }
  check->func (&subject, check);
  subject_clear (&subject);
}

static void
add_case (const OptionCheck *check,
          const char *name,
          gboolean is_ours,
          ZmqgEngineMode mode)
{
  g_autofree char *member = g_strndup (check->member,
                                       strcspn (check->member, " "));
  g_autofree char *path = NULL;
  Case *self = g_new (Case, 1);

  *self = (Case){ check, is_ours, mode };
  path = g_strdup_printf ("/zmqg/interop/option-times/%s/%s/%s", member,
                          check->type != NULL ? check->type : "CONTEXT",
                          name);
  g_test_add_data_func_full (path, self, run_case, g_free);
}

/* Every member of every row has a check, of the time that the row tells. */
static void
test_rows (void)
{
  g_autoptr (GHashTable) checked = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (const OptionCheck *check = lists[i]; check->member != NULL; check++)
      {
        const OptionRow *row = options_table_find (table, check->member);

        if (row == NULL)
          g_error ("No row has %s", check->member);
        if (!g_str_equal (row->applies, check->applies))
          g_error ("%s applies: “%s” in the table, and “%s” in its check",
                   check->member, row->applies, check->applies);
        g_assert_true (check->func != NULL || check->reason != NULL);
        g_hash_table_add (checked, (gpointer) check->member);
      }

  for (guint i = 0; i < table->rows->len; i++)
    {
      const OptionRow *row = g_ptr_array_index (table->rows, i);

      for (guint j = 0; row->members[j] != NULL; j++)
        if (!g_hash_table_contains (checked, row->members[j]))
          g_error ("Nothing checks when %s applies", row->members[j]);
    }
}

static void
add_cases (const OptionCheck *check)
{
  const OptionRow *row = options_table_find (table, check->member);
  g_autofree char *key = NULL;

  if (row == NULL || check->func == NULL)
    return;

  add_case (check, "ours/threads", TRUE, ZMQG_ENGINE_MODE_THREADS);
  add_case (check, "ours/main-context", TRUE,
            ZMQG_ENGINE_MODE_MAIN_CONTEXT);
  key = options_table_key (row->of_context, row->number);
  if (check->reason == NULL && g_hash_table_contains (theirs, key))
    add_case (check, "theirs", FALSE, ZMQG_ENGINE_MODE_THREADS);
}

int
main (int argc,
      char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);

  table = options_table_new ();
  theirs = options_table_ask_numbers ();
  g_test_add_func ("/zmqg/interop/option-times/rows", test_rows);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (const OptionCheck *check = lists[i]; check->member != NULL; check++)
      add_cases (check);

  result = g_test_run ();
  options_table_free (table);
  g_hash_table_unref (theirs);
  return result;
}
