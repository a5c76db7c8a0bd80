/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg.h"

#include "options-table.h"

#include <stdio.h>
#include <string.h>

/*
 * Compares docs/options.md, row by row, with zmqg and with libzmq, which the
 * program libzmq-options asks: no process may hold both.
 */

static OptionsTable *table;
static GHashTable *theirs;  /* the numbers that libzmq knows */

/* --- libzmq ------------------------------------------------------------- */

/* With a value: sets it, and tells what it then is. */
static char *
ask_row (const OptionRow *row,
         int socket_type,
         const char *value)
{
  g_autofree char *number = g_strdup_printf ("%d", row->number);
  g_autofree char *type = g_strdup_printf ("%d", socket_type);

  return row->of_context
           ? options_table_ask ("context", number, value, NULL)
           : options_table_ask ("socket", type, number, option_row_kind (row),
                                value, NULL);
}

/* Which options can be compared with this build. */
static gboolean
is_theirs (const OptionRow *row)
{
  g_autofree char *key = options_table_key (row->of_context, row->number);

  return g_hash_table_contains (theirs, key);
}

/* --- Objects ------------------------------------------------------------ */

static const struct
{
  const char *name;
  GType (*get_type) (void);
  int number;
} classes[] = {
  { "Context", zmqg_context_get_type, -1 },
  { "Socket", zmqg_dealer_socket_get_type, ZMQG_SOCKET_TYPE_DEALER },
  { "PairSocket", zmqg_pair_socket_get_type, ZMQG_SOCKET_TYPE_PAIR },
  { "PubSocket", zmqg_pub_socket_get_type, ZMQG_SOCKET_TYPE_PUB },
  { "SubSocket", zmqg_sub_socket_get_type, ZMQG_SOCKET_TYPE_SUB },
  { "ReqSocket", zmqg_req_socket_get_type, ZMQG_SOCKET_TYPE_REQ },
  { "RepSocket", zmqg_rep_socket_get_type, ZMQG_SOCKET_TYPE_REP },
  { "DealerSocket", zmqg_dealer_socket_get_type, ZMQG_SOCKET_TYPE_DEALER },
  { "RouterSocket", zmqg_router_socket_get_type, ZMQG_SOCKET_TYPE_ROUTER },
  { "PullSocket", zmqg_pull_socket_get_type, ZMQG_SOCKET_TYPE_PULL },
  { "PushSocket", zmqg_push_socket_get_type, ZMQG_SOCKET_TYPE_PUSH },
  { "XpubSocket", zmqg_xpub_socket_get_type, ZMQG_SOCKET_TYPE_XPUB },
  { "XsubSocket", zmqg_xsub_socket_get_type, ZMQG_SOCKET_TYPE_XSUB },
};

/* One property of one class. */
typedef struct
{
  const OptionRow *row;
  GObject *object;
  GParamSpec *pspec;
  int socket_type; /* of libzmq */
} Member;

/* %FALSE when the text names a function. */
static gboolean
find_member (const OptionRow *row,
             const char *text,
             Member *member)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);

  if (g_strv_length (parts) != 2)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (g_str_equal (classes[i].name, parts[0]))
      {
        member->row = row;
        member->object = g_object_new (classes[i].get_type (), NULL);
        member->socket_type = classes[i].number;
        member->pspec = g_object_class_find_property (
          G_OBJECT_GET_CLASS (member->object), parts[1]);
        if (member->pspec == NULL)
          g_error ("There is no %s", text);
        return TRUE;
      }

  g_error ("There is no class of %s", text);
}

/* The value as libzmq-options would tell it. */
static char *
get_text (const Member *self)
{
  GType type = self->pspec->value_type;
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, type);
  g_object_get_property (self->object, self->pspec->name, &value);
  if (type == G_TYPE_STRING)
    return g_strdup_printf ("%zu", g_value_get_string (&value) != NULL
                                     ? strlen (g_value_get_string (&value))
                                     : 0);
  if (type == G_TYPE_BYTES)
    return g_strdup_printf ("%zu", g_value_get_boxed (&value) != NULL
                                     ? g_bytes_get_size (
                                         g_value_get_boxed (&value))
                                     : 0);
  if (type == G_TYPE_UINT64)
    return g_strdup_printf ("%" G_GUINT64_FORMAT, g_value_get_uint64 (&value));

  if (G_TYPE_IS_FLAGS (type))
    return g_strdup_printf ("%u", g_value_get_flags (&value));
  if (G_TYPE_IS_ENUM (type))
    return g_strdup_printf ("%d", g_value_get_enum (&value));
  if (type == G_TYPE_BOOLEAN)
    return g_strdup (g_value_get_boolean (&value) ? "1" : "0");
  if (type == G_TYPE_UINT)
    return g_strdup_printf ("%u", g_value_get_uint (&value));
  if (type == G_TYPE_INT)
    return g_strdup_printf ("%d", g_value_get_int (&value));
  g_assert_true (type == G_TYPE_INT64);
  return g_strdup_printf ("%" G_GINT64_FORMAT, g_value_get_int64 (&value));
}

static void
init_value (GValue *value,
            GType type,
            gint64 number)
{
  g_value_init (value, type);
  if (type == G_TYPE_STRING)
    g_value_take_string (value, g_strnfill (number, 'a'));
  else if (type == G_TYPE_BYTES)
    g_value_take_boxed (value, g_bytes_new_take (g_strnfill (number, 'a'),
                                                 number));
  else if (type == G_TYPE_UINT64)
    g_value_set_uint64 (value, number);
  else if (G_TYPE_IS_FLAGS (type))
    g_value_set_flags (value, number);
  else if (G_TYPE_IS_ENUM (type))
    g_value_set_enum (value, number);
  else if (type == G_TYPE_BOOLEAN)
    g_value_set_boolean (value, number != 0);
  else if (type == G_TYPE_UINT)
    g_value_set_uint (value, number);
  else if (type == G_TYPE_INT)
    g_value_set_int (value, number);
  else
    g_value_set_int64 (value, number);
}

static guint n_refusals;

static GLogWriterOutput
count_refusals (GLogLevelFlags level,
                const GLogField *fields,
                gsize n_fields,
                gpointer data)
{
  if (level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL))
    {
      n_refusals++;
      return G_LOG_WRITER_HANDLED;
    }
  return g_log_writer_default (level, fields, n_fields, data);
}

/* Whether the value is taken; a refusal is told, and changes nothing. */
static gboolean
set_number (const Member *self,
            gint64 number)
{
  g_autofree char *before = get_text (self);
  g_autofree char *after = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  guint refusals = n_refusals;

  init_value (&value, self->pspec->value_type, number);
  g_object_set_property (self->object, self->pspec->name, &value);
  if (n_refusals == refusals)
    return TRUE;

  after = get_text (self);
  g_assert_cmpstr (after, ==, before);
  return FALSE;
}

/* --- Defaults ----------------------------------------------------------- */

/* As libzmq tells it. */
static const char *
normalize (const char *text)
{
  if (g_str_equal (text, "none") || g_str_equal (text, "false"))
    return "0";
  if (g_str_equal (text, "true"))
    return "1";
  return text;
}

static void
check_default (const Member *self)
{
  const OptionRow *row = self->row;
  const char *expected = normalize (row->fallback.theirs);
  g_autofree char *value = NULL;
  g_autofree char *answer = NULL;
  g_autofree char *wanted = NULL;

  if (row->fallback.ours[0] == '\0')
    return;

  value = get_text (self);
  g_assert_cmpstr (value, ==, normalize (row->fallback.ours));

  if (!is_theirs (row) ||
      (row->of_context && g_str_equal (row->type, "string")))
    return;
  answer = ask_row (row, self->socket_type, NULL);
  /* Some cannot be got, and no kind of them either. */
  if (g_str_has_prefix (answer, "error "))
    {
      static const char *const types[] = { "int", "int64", "bytes" };

      for (guint i = 0; i < G_N_ELEMENTS (types); i++)
        {
          OptionRow other = { row->of_context, row->number };
          g_autofree char *again = NULL;

          other.type = (char *) types[i];
          again = ask_row (&other, self->socket_type, NULL);
          if (g_str_has_prefix (again, "ok "))
            g_error ("%s is of the type %s", row->name, types[i]);
        }
      return;
    }
  wanted = g_strconcat ("ok ", expected, NULL);
  g_assert_cmpstr (answer, ==, wanted);
}

/* --- Ranges ------------------------------------------------------------- */

typedef struct
{
  gint64 minimum;
  gint64 maximum;
  gboolean is_open; /* no maximum */
} Range;

/* Of a GParamSpec or of libzmq: what the type can hold. */
static Range
whole_range (const char *type)
{
  if (g_str_equal (type, "int64"))
    return (Range){ G_MININT64, G_MAXINT64 };
  if (g_str_equal (type, "uint64"))
    return (Range){ 0, G_MAXINT64, TRUE };
  return (Range){ G_MININT, G_MAXINT };
}

static gboolean
parse_range (const char *text,
             const char *type,
             Range *range)
{
  const char *dots = strstr (text, "…");

  if (g_str_equal (text, "read-only"))
    return FALSE;
  if (g_str_equal (text, "boolean"))
    {
      *range = (Range){ 0, 1 };
      return TRUE;
    }
  if (g_str_equal (text, "any"))
    {
      *range = whole_range (type);
      return TRUE;
    }

  if (dots == NULL)
    g_error ("“%s” is no range", text);
  range->minimum = g_ascii_strtoll (text, NULL, 10);
  dots += strlen ("…");
  range->is_open = !g_ascii_isdigit (dots[0]);
  range->maximum = range->is_open ? 1000 : g_ascii_strtoll (dots, NULL, 10);
  return TRUE;
}

static void
check_our_end (const Member *self,
               gint64 value,
               gboolean valid)
{
  gboolean taken = set_number (self, value);

  if (taken != valid)
    g_error ("%s:%s %s %" G_GINT64_FORMAT, G_OBJECT_TYPE_NAME (self->object),
             self->pspec->name, taken ? "takes" : "refuses", value);
}

/* Bytes of no size are none of them, and can always be set. */
static void
check_our_range (const Member *self)
{
  GType type = self->pspec->value_type;
  gboolean is_sized = type == G_TYPE_STRING || type == G_TYPE_BYTES;
  Range whole = whole_range (self->row->type);
  Range range;

  if (!parse_range (self->row->range.ours, self->row->type, &range))
    {
      g_assert_false (self->pspec->flags & G_PARAM_WRITABLE);
      return;
    }

  check_our_end (self, range.minimum, TRUE);
  check_our_end (self, range.maximum, TRUE);
  if (type == G_TYPE_BOOLEAN)
    return;
  if (type == G_TYPE_UINT || G_TYPE_IS_FLAGS (type))
    whole = (Range){ 0, G_MAXUINT };
  if (is_sized)
    whole.minimum = range.minimum;
  if (range.minimum > whole.minimum)
    check_our_end (self, range.minimum - 1, FALSE);
  if (!range.is_open && range.maximum < whole.maximum)
    check_our_end (self, range.maximum + 1, FALSE);
}

static void
check_their_end (const Member *self,
                 gint64 value,
                 gboolean valid)
{
  const OptionRow *row = self->row;
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);
  g_autofree char *answer = ask_row (row, self->socket_type, text);
  g_autofree char *now = NULL;

  if (g_str_has_prefix (answer, "ok ") != valid)
    g_error ("libzmq %s %s of %s: %s", valid ? "refuses" : "takes", text,
             row->name, answer);
  if (!valid || g_str_equal (answer, "ok -"))
    return;

  /* What both take has the same meaning: it may be rounded. (libzmq has
   * the number of a boolean.) */
  if (self->pspec->value_type != G_TYPE_BOOLEAN && set_number (self, value))
    {
      now = get_text (self);
      if (self->pspec->value_type == G_TYPE_UINT64)
        return;
      g_assert_cmpstr (answer + strlen ("ok "), ==, now);
    }
}

static void
check_their_range (const Member *self)
{
  gboolean is_sized = g_str_equal (option_row_kind (self->row), "bytes");
  Range whole = whole_range (self->row->type);
  Range range;

  if (!is_theirs (self->row) ||
      !parse_range (self->row->range.theirs, self->row->type, &range) ||
      (self->row->of_context && is_sized))
    return;

  check_their_end (self, range.minimum, TRUE);
  check_their_end (self, range.maximum, TRUE);
  if (is_sized)
    whole.minimum = range.minimum;
  if (range.minimum > whole.minimum)
    check_their_end (self, range.minimum - 1, FALSE);
  if (!range.is_open && range.maximum < whole.maximum)
    check_their_end (self, range.maximum + 1, FALSE);
}

/* --- Tests -------------------------------------------------------------- */

/* Whether a public header has such a function. */
static gboolean
is_declared (const char *text)
{
  g_autofree char *path = NULL;
  g_autoptr (GDir) dir = NULL;
  gboolean found = FALSE;
  const char *name;

  for (guint i = 0; i < 2 && !found; i++)
    {
      g_clear_pointer (&dir, g_dir_close);
      g_free (path);
      path = g_test_build_filename (G_TEST_DIST, "..", "zmqg",
                                    i == 0 ? "socket" : "message", NULL);
      dir = g_dir_open (path, 0, NULL);
      while (!found && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *file = g_build_filename (path, name, NULL);
          g_autofree char *contents = NULL;

          if (!g_str_has_suffix (name, ".h") ||
              g_str_has_suffix (name, "-private.h"))
            continue;
          g_assert_true (g_file_get_contents (file, &contents, NULL, NULL));
          found = strstr (contents, text) != NULL;
        }
    }
  return found;
}

static void
test_row (gconstpointer data)
{
  const OptionRow *row = data;

  for (guint i = 0; row->members[i] != NULL; i++)
    {
      Member member;

      if (!find_member (row, row->members[i], &member))
        {
          g_autofree char *name = g_strndup (row->members[i],
                                             strcspn (row->members[i], ")"));

          g_assert_true (g_str_has_suffix (name, " ("));
          if (!is_declared (name))
            g_error ("There is no %s", row->members[i]);
          continue;
        }
      check_default (&member);
      check_our_range (&member);
      check_their_range (&member);
      g_object_unref (member.object);
    }
}

/* What libzmq knows is in a table, and what is no draft libzmq knows. */
static void
test_numbers (void)
{
  g_autoptr (GHashTable) known = NULL;
  GHashTableIter iter;
  gpointer key;

  known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < table->rows->len; i++)
    {
      const OptionRow *row = g_ptr_array_index (table->rows, i);

      g_hash_table_add (known,
                        options_table_key (row->of_context, row->number));
      /* One to be taken out of a set can be set once it is in it. */
      if (!row->is_draft && !is_theirs (row) &&
          !g_str_has_suffix (row->name, "_REMOVE"))
        g_error ("libzmq does not know %s %d", row->name, row->number);
    }

  g_hash_table_iter_init (&iter, theirs);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (known, key) &&
        !g_hash_table_contains (table->unknown, key))
      g_error ("No table has the option %s of libzmq", (char *) key);
}

/* Whether one of the tables has that name with that number. */
static gboolean
has_name (gboolean of_context,
          const char *name,
          int number)
{
  g_autofree char *key = options_table_key (of_context, number);
  g_autofree char *full = g_strconcat (key, " ", name, NULL);

  if (g_hash_table_contains (table->unknown, full))
    return TRUE;

  for (guint i = 0; i < table->rows->len; i++)
    {
      const OptionRow *row = g_ptr_array_index (table->rows, i);

      if (row->of_context == of_context && row->number == number &&
          g_str_equal (row->name, name))
        return TRUE;
    }
  return FALSE;
}

/* The sections of zmq.h that list options. */
static const char *const sections[] = {
  "/*  Socket options.", "/*  DRAFT Socket options.", "/*  Context options",
  "/*  DRAFT Context options", "/*  Deprecated options and aliases",
};

/* Every name of the installed header is there, with its number. */
static void
test_names (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GError *error = NULL;
  gboolean listed = FALSE;
  gboolean of_context = FALSE;
  guint n = 0;

  g_file_get_contents (ZMQ_HEADER, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      char name[64];
      int number;

      if (g_str_has_prefix (lines[i], "/*"))
        {
          listed = FALSE;
          for (guint j = 0; j < G_N_ELEMENTS (sections); j++)
            listed |= g_str_has_prefix (lines[i], sections[j]);
          of_context = strstr (lines[i], "Context") != NULL;
        }
      if (!listed ||
          sscanf (lines[i], "#define ZMQ_%63s %d", name, &number) != 2 ||
          g_str_has_suffix (name, "_DFLT"))
        continue;

      n++;
      /* BLOCKY is in the wrong list. */
      if (!has_name (of_context, name, number) &&
          !has_name (!of_context, name, number))
        g_error ("No table has %s %d", name, number);
    }
  g_assert_cmpuint (n, >, 80);
}

/* "DEALER" of "DealerSocket". */
static char *
get_type_name (guint class)
{
  g_autofree char *name = g_strdup (classes[class].name);

  *strstr (name, "Socket") = '\0';
  return g_ascii_strup (name, -1);
}

/* A row whose properties are of some types: whether this one has it. */
static gboolean
has_property (const OptionRow *row,
              const char *class)
{
  for (guint i = 0; row->members[i] != NULL; i++)
    if (g_str_has_prefix (row->members[i], class) &&
        row->members[i][strlen (class)] == ':')
      return TRUE;
  return FALSE;
}

/* What a type of libzmq takes ours has, or the table says why not. */
static void
test_type (const OptionRow *row,
           guint class,
           gboolean is_taken)
{
  g_autofree char *type = get_type_name (class);
  g_autofree char *key = g_strdup_printf ("%d %s", row->number, type);
  gboolean is_told = g_hash_table_contains (table->others, key);
  gboolean is_ours = has_property (row, classes[class].name);

  if (is_taken != (is_told || is_ours))
    g_error ("A %s of libzmq %s %s, and ours %s it", type,
             is_taken ? "takes" : "refuses", row->name,
             is_ours ? "has" : "lacks");
  if (is_told && is_ours)
    g_error ("A %s has %s here, too", type, row->name);
}

static void
test_types_of_row (const OptionRow *row)
{
  const char *kind = option_row_kind (row);
  g_autofree char *number = g_strdup_printf ("%d", row->number);
  g_autofree char *answer = NULL;
  g_auto (GStrv) types = NULL;

  answer = options_table_ask ("types", number, kind,
                              g_str_equal (kind, "bytes") ? "3" : "1", NULL);
  types = g_strsplit (answer, " ", -1);
  /* The first are Context and Socket. */
  for (guint i = 2; i < G_N_ELEMENTS (classes); i++)
    {
      g_autofree char *type = g_strdup_printf ("%d", classes[i].number);

      test_type (row, i, g_strv_contains ((const char *const *) types, type));
    }
}

static void
test_types (void)
{
  guint n = 0;

  for (guint i = 0; i < table->rows->len; i++)
    {
      const OptionRow *row = g_ptr_array_index (table->rows, i);

      if (row->of_context || !is_theirs (row) ||
          g_str_has_prefix (row->members[0], "Socket:") ||
          !strchr (row->members[0], ':') ||
          g_str_equal (row->range.ours, "read-only") ||
          g_str_equal (row->name, "LINGER"))
        continue;
      test_types_of_row (row);
      n++;
    }
  g_assert_cmpuint (n, >, 10);
}

/* Every property that can be set is in a table. */
static void
test_properties (void)
{
  g_autoptr (GHashTable) known = NULL;

  known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < table->rows->len; i++)
    {
      const OptionRow *row = g_ptr_array_index (table->rows, i);

      for (guint j = 0; row->members[j] != NULL; j++)
        g_hash_table_add (known, g_strdup (row->members[j]));
    }

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      GTypeClass *klass = g_type_class_ref (classes[i].get_type ());
      g_autofree GParamSpec **pspecs = NULL;
      guint n;

      pspecs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n);
      for (guint j = 0; j < n; j++)
        {
          gboolean is_shared = pspecs[j]->owner_type == ZMQG_TYPE_SOCKET;
          const char *owner = is_shared ? "Socket" : classes[i].name;
          g_autofree char *text = NULL;

          if (!(pspecs[j]->flags & G_PARAM_WRITABLE) ||
              (is_shared && (pspecs[j]->flags & G_PARAM_CONSTRUCT_ONLY)) ||
              (!is_shared && g_str_equal (classes[i].name, "Socket")))
            continue;

          text = g_strconcat (owner, ":", pspecs[j]->name, NULL);
          if (!g_hash_table_contains (known, text) &&
              !g_hash_table_contains (table->ours, text))
            g_error ("No table has %s", text);
        }
      g_type_class_unref (klass);
    }
}

int
main (int argc,
      char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  /* What is refused is told as a mistake of the programmer. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_writer_func (count_refusals, NULL, NULL);

  table = options_table_new ();
  theirs = options_table_ask_numbers ();
  g_test_add_func ("/zmqg/options/table/numbers", test_numbers);
  g_test_add_func ("/zmqg/options/table/names", test_names);
  g_test_add_func ("/zmqg/options/table/properties", test_properties);
  g_test_add_func ("/zmqg/options/table/types", test_types);
  for (guint i = 0; i < table->rows->len; i++)
    {
      OptionRow *row = g_ptr_array_index (table->rows, i);
      g_autofree char *path = g_strdup_printf (
        "/zmqg/options/table/%s/%u-%s",
        row->of_context ? "context" : "sockets", i, row->name);

      g_test_add_data_func (path, row, test_row);
    }

  result = g_test_run ();
  options_table_free (table);
  g_hash_table_unref (theirs);
  return result;
}
