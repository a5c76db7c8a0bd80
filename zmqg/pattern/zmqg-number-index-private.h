/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * ZmqgNumberIndex: finds the number of an element of somebody's array by the
 * element's key. It stores the numbers alone, 4 bytes each, and asks the owner
 * of the array for the key of a number. Keys are ours (addresses, numbers),
 * not chosen by peers, so that the hash needs no secret.
 */
typedef guint64 (*ZmqgNumberIndexKeyFunc) (gconstpointer owner,
                                           guint32       number);

#define ZMQG_NUMBER_NONE G_MAXUINT32

typedef struct
{
  ZmqgNumberIndexKeyFunc key_func;
  guint32               *cells;   /* number + 1; 0 is free */
  guint32                n_cells; /* 0 or a power of two */
  guint32                n_used;
} ZmqgNumberIndex;

#define ZMQG_NUMBER_INDEX_INIT(key_func) { (key_func), NULL, 0, 0 }

void     zmqg_number_index_clear   (ZmqgNumberIndex       *self);
gboolean zmqg_number_index_reserve (ZmqgNumberIndex       *self,
                                    gconstpointer          owner,
                                    guint32                n);
void     zmqg_number_index_insert  (ZmqgNumberIndex       *self,
                                    guint64                key,
                                    guint32                number);
guint32  zmqg_number_index_lookup  (const ZmqgNumberIndex *self,
                                    gconstpointer          owner,
                                    guint64                key);
void     zmqg_number_index_change  (ZmqgNumberIndex       *self,
                                    guint64                key,
                                    guint32                number,
                                    guint32                new_number);
void     zmqg_number_index_remove  (ZmqgNumberIndex       *self,
                                    gconstpointer          owner,
                                    guint64                key);

G_END_DECLS
