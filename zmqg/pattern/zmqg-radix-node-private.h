/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-radix-tree-private.h"

#include <string.h>

G_BEGIN_DECLS

/*
 * The nodes of ZmqgRadixTree: how they lie in memory, and how they are cut,
 * joined and made larger. For zmqg-radix-tree.c alone.
 *
 * A Patricia tree. A node is one allocation:
 *
 *     header | first bytes of the children, sorted | child pointers | edge
 *
 * and a node with many children has a pointer for each of the 256 bytes
 * instead. So one step of a search reads the cache line of the header and that
 * of the pointer, and the edge only if that is longer than a byte.
 *
 * The edge is the part of the key between the parent and the node. It has a
 * greatest length, so that cutting and joining edges stays cheap however long
 * the keys are: a longer stretch is a chain of nodes.
 *
 * Every node but the root holds a value, has several children, or is a link of
 * such a chain. (Joining needs memory: where there was none a node can be left
 * that need not be there, which later removals clear away.)
 */
#define ZMQG_RADIX_MAX_EDGE 1024

/* Room for children, by kind of node; the last kind is indexed directly. The
 * first bytes fill what the header leaves of 24, 32, 40, 48 and 64 bytes. */
static const guint16 zmqg_radix_capacities[] = {
  0, 1, 2, 4, 6, 10, 18, 26, 42, 256,
};

#define ZMQG_RADIX_DIRECT ((guint8) (G_N_ELEMENTS (zmqg_radix_capacities) - 1))

struct _ZmqgRadixNode
{
  ZmqgRadixNode *parent;
  guint64 value;
  guint16 n_bytes;    /* length of the edge */
  guint16 n_children;
  guint8 kind;        /* index into zmqg_radix_capacities */
  guint8 has_value;
  guint8 first_bytes[];
};

struct _ZmqgRadixTree
{
  ZmqgRadixNode *root; /* NULL while there are no keys; its edge is empty */
  gsize n_keys;
  gsize n_nodes;
  gsize memory;        /* bytes in nodes */

  /* Room for the longest key since the tree was empty, taken when that key is
   * inserted: so walks and get_key never have to ask for memory. */
  guint8 *key;
  gsize key_size;
  gboolean key_in_use;

  ZmqgRadixTreeMovedFunc moved;
  gpointer user_data;
};

static inline gsize
zmqg_radix_get_children_offset (guint8 kind)
{
  gsize n_first_bytes = kind == ZMQG_RADIX_DIRECT
                          ? 0
                          : zmqg_radix_capacities[kind];

  return (G_STRUCT_OFFSET (ZmqgRadixNode, first_bytes) + n_first_bytes + 7) &
         ~(gsize) 7;
}

static inline ZmqgRadixNode **
zmqg_radix_get_children (const ZmqgRadixNode *node)
{
  return (ZmqgRadixNode **) ((guintptr) node +
                             zmqg_radix_get_children_offset (node->kind));
}

static inline guint8 *
zmqg_radix_get_edge (const ZmqgRadixNode *node)
{
  return (guint8 *) (zmqg_radix_get_children (node) +
                     zmqg_radix_capacities[node->kind]);
}

static inline gsize
zmqg_radix_node_get_size (guint8 kind,
                          gsize  n_bytes)
{
  return zmqg_radix_get_children_offset (kind) +
         zmqg_radix_capacities[kind] * sizeof (ZmqgRadixNode *) + n_bytes;
}

/* The place of the child whose edge begins with @byte; nullable. */
static inline ZmqgRadixNode **
zmqg_radix_find_child (const ZmqgRadixNode *node,
                       guint8               byte)
{
  ZmqgRadixNode **children = zmqg_radix_get_children (node);
  const guint8 *found;

  if (node->kind == ZMQG_RADIX_DIRECT)
    return children[byte] != NULL ? &children[byte] : NULL;

  if (node->n_children <= 4)
    {
      for (guint i = 0; i < node->n_children; i++)
        {
          if (node->first_bytes[i] == byte)
            return &children[i];
        }
      return NULL;
    }

  found = memchr (node->first_bytes, byte, node->n_children);
  return found != NULL ? &children[found - node->first_bytes] : NULL;
}

/* Those that need memory return %NULL where there is none, with nothing
 * changed; joining can be left out, and returns @node then. */
ZmqgRadixNode *zmqg_radix_node_new         (ZmqgRadixTree       *self,
                                            guint8               kind,
                                            gsize                n_bytes);
void           zmqg_radix_node_free        (ZmqgRadixTree       *self,
                                            ZmqgRadixNode       *node);
ZmqgRadixNode *zmqg_radix_next_child       (const ZmqgRadixNode *node,
                                            guint                from);
void           zmqg_radix_link_child       (ZmqgRadixNode       *node,
                                            ZmqgRadixNode       *child);
void           zmqg_radix_unlink_child     (ZmqgRadixNode       *node,
                                            guint8               byte);
ZmqgRadixNode *zmqg_radix_node_change_kind (ZmqgRadixTree       *self,
                                            ZmqgRadixNode       *node,
                                            guint8               kind);
ZmqgRadixNode *zmqg_radix_node_split       (ZmqgRadixTree       *self,
                                            ZmqgRadixNode       *node,
                                            gsize                n_bytes,
                                            guint8               kind);
ZmqgRadixNode *zmqg_radix_node_join        (ZmqgRadixTree       *self,
                                            ZmqgRadixNode       *node);

G_END_DECLS
