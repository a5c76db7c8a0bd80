/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The tables of docs/options.md. OPTIONS_MD in the environment names another
 * file. */

/* A cell of default or range: what is ours, and what is libzmq's. */
typedef struct
{
  char *ours;
  char *theirs;
} OptionPair;

typedef struct
{
  gboolean of_context;
  int number;
  char *name;
  gboolean is_draft;
  GStrv members; /* properties, and functions */
  char *type;
  OptionPair fallback;
  OptionPair range;
  char *applies;
} OptionRow;

typedef struct
{
  GPtrArray *rows;     /* of OptionRow */
  GHashTable *unknown; /* without one: "socket 8", and "socket 8 RATE" */
  GHashTable *ours;    /* properties that libzmq has not */
  GHashTable *others;  /* of types that we have it not for: "56 REP" */
} OptionsTable;

OptionsTable *options_table_new (void);
void options_table_free (OptionsTable *self);

/* "context 8" or "socket 8". */
char *options_table_key (gboolean of_context, int number);
/* The row with that property or function; %NULL when none has it. */
const OptionRow *options_table_find (OptionsTable *self, const char *member);
/* How libzmq wants its value: int, int64 or bytes. */
const char *option_row_kind (const OptionRow *row);

/* What the program libzmq-options answers. */
char *options_table_ask (const char *first, ...) G_GNUC_NULL_TERMINATED;
/* The options that libzmq knows, by their keys. */
GHashTable *options_table_ask_numbers (void);

G_END_DECLS
