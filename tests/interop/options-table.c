/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "options-table.h"

#include <stdlib.h>
#include <string.h>

static void
option_row_free (gpointer data)
{
  OptionRow *row = data;

  g_free (row->name);
  g_strfreev (row->members);
  g_free (row->type);
  g_free (row->fallback.ours);
  g_free (row->fallback.theirs);
  g_free (row->range.ours);
  g_free (row->range.theirs);
  g_free (row->applies);
  g_free (row);
}

/* "a (libzmq: b)", or "a" for both. */
static OptionPair
parse_pair (const char *text)
{
  const char *other = strstr (text, " (libzmq: ");
  OptionPair pair = { g_strdup (text), g_strdup (text) };

  if (other == NULL)
    return pair;

  g_assert_true (g_str_has_suffix (text, ")"));
  pair.ours[other - text] = '\0';
  g_free (pair.theirs);
  pair.theirs = g_strdup (other + strlen (" (libzmq: "));
  pair.theirs[strlen (pair.theirs) - 1] = '\0';
  return pair;
}

/* What stands between backticks. */
static GStrv
parse_members (const char *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) parts = g_strsplit (text, "`", -1);

  for (guint i = 1; i < g_strv_length (parts); i += 2)
    g_strv_builder_add (builder, parts[i]);
  return g_strv_builder_end (builder);
}

char *
options_table_key (gboolean of_context,
                   int number)
{
  return g_strdup_printf ("%s %d", of_context ? "context" : "socket", number);
}

static void
take_row (OptionsTable *self,
          GStrv cells,
          gboolean of_context)
{
  OptionRow *row = g_new0 (OptionRow, 1);

  g_assert_cmpuint (g_strv_length (cells), ==, 9);
  row->of_context = of_context;
  row->number = atoi (cells[0]);
  g_assert_cmpint (row->number, >, 0);
  row->is_draft = g_str_has_suffix (cells[1], " (d)");
  row->name = g_strndup (cells[1], strcspn (cells[1], " "));
  row->members = parse_members (cells[2]);
  g_assert_cmpuint (g_strv_length (row->members), >, 0);
  row->type = g_strdup (cells[3]);
  row->fallback = parse_pair (cells[5]);
  row->range = parse_pair (cells[6]);
  row->applies = g_strdup (cells[7]);
  g_ptr_array_add (self->rows, row);
}

static void
take_line (OptionsTable *self,
           const char *section,
           const char *line)
{
  g_auto (GStrv) cells = g_strsplit (line + 1, "|", -1);
  guint n = g_strv_length (cells);

  for (guint i = 0; i < n; i++)
    g_strstrip (cells[i]);
  /* What is behind the last bar. */
  g_assert_cmpuint (n, >, 2);
  g_clear_pointer (&cells[n - 1], g_free);
  if (g_str_has_prefix (cells[0], "---") || g_str_equal (cells[0], "#") ||
      g_str_equal (cells[0], "zmqg"))
    return;

  if (g_str_equal (section, "Context") || g_str_equal (section, "Sockets"))
    {
      take_row (self, cells, g_str_equal (section, "Context"));
    }
  else if (g_str_equal (section, "Those that are nothing here"))
    {
      gboolean of_context = g_str_has_prefix (cells[0], "context ");
      char *key = options_table_key (of_context,
                                     atoi (cells[0] + (of_context ? 8 : 0)));

      g_hash_table_add (self->unknown,
                        g_strdup_printf ("%s %.*s", key,
                                         (int) strcspn (cells[1], " "),
                                         cells[1]));
      g_hash_table_add (self->unknown, key);
    }
  else if (g_str_equal (section, "Those of other types"))
    {
      g_auto (GStrv) types = g_strsplit (cells[2], " ", -1);

      for (guint i = 0; types[i] != NULL; i++)
        g_hash_table_add (self->others,
                          g_strdup_printf ("%s %s", cells[0], types[i]));
    }
  else
    {
      g_auto (GStrv) members = parse_members (cells[0]);

      g_hash_table_add (self->ours, g_strdup (members[0]));
    }
}

OptionsTable *
options_table_new (void)
{
  OptionsTable *self = g_new0 (OptionsTable, 1);
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autofree char *section = g_strdup ("");
  g_auto (GStrv) lines = NULL;
  GError *error = NULL;

  self->rows = g_ptr_array_new_with_free_func (option_row_free);
  self->unknown = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                         NULL);
  self->ours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->others = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                        NULL);

  if (g_getenv ("OPTIONS_MD") != NULL)
    path = g_strdup (g_getenv ("OPTIONS_MD"));
  else
    path = g_test_build_filename (G_TEST_DIST, "..", "docs", "options.md",
                                  NULL);
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], "## "))
        {
          g_free (section);
          section = g_strdup (lines[i] + 3);
        }
      else if (lines[i][0] == '|')
        {
          take_line (self, section, lines[i]);
        }
    }
  g_assert_cmpuint (self->rows->len, >, 50);
  return self;
}

void
options_table_free (OptionsTable *self)
{
  g_ptr_array_unref (self->rows);
  g_hash_table_unref (self->unknown);
  g_hash_table_unref (self->ours);
  g_hash_table_unref (self->others);
  g_free (self);
}

const OptionRow *
options_table_find (OptionsTable *self,
                    const char *member)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      const OptionRow *row = g_ptr_array_index (self->rows, i);

      if (g_strv_contains ((const char *const *) row->members, member))
        return row;
    }
  return NULL;
}

const char *
option_row_kind (const OptionRow *row)
{
  if (g_str_equal (row->type, "int64") || g_str_equal (row->type, "uint64"))
    return "int64";
  if (g_str_equal (row->type, "string") || g_str_equal (row->type, "bytes"))
    return "bytes";
  return "int";
}

/* --- libzmq ------------------------------------------------------------- */

char *
options_table_ask (const char *first,
                   ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *answer = NULL;
  GError *error = NULL;
  va_list args;
  int status;

  g_ptr_array_add (argv, (gpointer) LIBZMQ_OPTIONS);
  va_start (args, first);
  for (const char *next = first; next != NULL; next = va_arg (args, char *))
    g_ptr_array_add (argv, (gpointer) next);
  va_end (args);
  g_ptr_array_add (argv, NULL);

  g_spawn_sync (NULL, (char **) argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                &answer, NULL, &status, &error);
  g_assert_no_error (error);
  g_spawn_check_wait_status (status, &error);
  g_assert_no_error (error);
  return g_strdup (g_strstrip (answer));
}

GHashTable *
options_table_ask_numbers (void)
{
  g_autofree char *list = options_table_ask ("list", NULL);
  g_auto (GStrv) lines = g_strsplit (list, "\n", -1);
  GHashTable *numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                               NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    g_hash_table_add (numbers, g_strdup (lines[i]));
  g_assert_cmpuint (g_hash_table_size (numbers), >, 60);
  return numbers;
}
