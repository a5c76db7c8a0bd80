/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * ZmqgRadixTree: a map from byte strings to one 64 bit value each.
 *
 * Keys have any length (0 included) and hold any bytes. No operation recurses,
 * and the work of each depends on the length of its key, never on the number
 * of keys. Only inserting takes memory that it needs; it reports when there is
 * none. Everything else, removing and walking included, cannot fail.
 *
 * A *slot* is the address of a key's value. It stays valid until the next
 * insertion or removal of any key; who keeps slots for longer hands a moved
 * function to the constructor and hears of each slot that gets a new address.
 *
 * Not thread-safe: the owner locks. Callbacks must not change the tree.
 */
typedef struct _ZmqgRadixTree ZmqgRadixTree;
typedef struct _ZmqgRadixNode ZmqgRadixNode;

/* The key of *slot is now found at slot. Called while the tree is being
 * changed: may only look at the value, not at the tree. */
typedef void (*ZmqgRadixTreeMovedFunc) (guint64  *slot,
                                        gpointer  user_data);

/* The key belongs to the tree and is valid until the function returns. */
typedef void (*ZmqgRadixTreeFunc) (const guint8 *key,
                                   gsize         size,
                                   guint64      *slot,
                                   gpointer      user_data);

/* A walk over the keys that are prefixes of some data, shortest first. */
typedef struct
{
  const ZmqgRadixNode *node;
  const guint8        *data;
  gsize                left;
} ZmqgRadixMatch;

ZmqgRadixTree *zmqg_radix_tree_new         (ZmqgRadixTreeMovedFunc  moved,
                                            gpointer                user_data);
void           zmqg_radix_tree_free        (ZmqgRadixTree          *self);

guint64       *zmqg_radix_tree_insert      (ZmqgRadixTree          *self,
                                            const guint8           *key,
                                            gsize                   size,
                                            gboolean               *inserted);
guint64       *zmqg_radix_tree_lookup      (ZmqgRadixTree          *self,
                                            const guint8           *key,
                                            gsize                   size);
gboolean       zmqg_radix_tree_remove      (ZmqgRadixTree          *self,
                                            const guint8           *key,
                                            gsize                   size);
void           zmqg_radix_tree_remove_slot (ZmqgRadixTree          *self,
                                            guint64                *slot);
const guint8  *zmqg_radix_tree_get_key     (ZmqgRadixTree          *self,
                                            guint64                *slot,
                                            gsize                  *size);
void           zmqg_radix_tree_foreach     (ZmqgRadixTree          *self,
                                            ZmqgRadixTreeFunc       func,
                                            gpointer                user_data);
gboolean       zmqg_radix_tree_match_any   (const ZmqgRadixTree    *self,
                                            const guint8           *data,
                                            gsize                   size);
void           zmqg_radix_match_init       (ZmqgRadixMatch         *match,
                                            const ZmqgRadixTree    *tree,
                                            const guint8           *data,
                                            gsize                   size);
guint64       *zmqg_radix_match_next       (ZmqgRadixMatch         *match);

gsize          zmqg_radix_tree_get_n_keys  (const ZmqgRadixTree    *self);
gsize          zmqg_radix_tree_get_n_nodes (const ZmqgRadixTree    *self);
gsize          zmqg_radix_tree_get_memory  (const ZmqgRadixTree    *self);

G_END_DECLS
