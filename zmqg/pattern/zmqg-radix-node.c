/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-radix-node-private.h"

ZmqgRadixNode *
zmqg_radix_node_new (ZmqgRadixTree *self,
                     guint8         kind,
                     gsize          n_bytes)
{
  gsize size = zmqg_radix_node_get_size (kind, n_bytes);
  ZmqgRadixNode *node = g_try_malloc (size);

  if (node == NULL)
    return NULL;

  /* Not all of the struct: its padding is where the first bytes begin. */
  memset (node, 0, G_STRUCT_OFFSET (ZmqgRadixNode, first_bytes));
  node->kind = kind;
  node->n_bytes = n_bytes;
  if (kind == ZMQG_RADIX_DIRECT)
    memset (zmqg_radix_get_children (node), 0,
            256 * sizeof (ZmqgRadixNode *));
  self->n_nodes++;
  self->memory += size;

  return node;
}

void
zmqg_radix_node_free (ZmqgRadixTree *self,
                      ZmqgRadixNode *node)
{
  self->n_nodes--;
  self->memory -= zmqg_radix_node_get_size (node->kind, node->n_bytes);
  g_free (node);
}

/* The child with the lowest first byte that is at least @from. */
ZmqgRadixNode *
zmqg_radix_next_child (const ZmqgRadixNode *node,
                       guint                from)
{
  ZmqgRadixNode **children = zmqg_radix_get_children (node);

  if (node->kind == ZMQG_RADIX_DIRECT)
    {
      for (guint i = from; i < 256; i++)
        {
          if (children[i] != NULL)
            return children[i];
        }
      return NULL;
    }

  for (guint i = 0; i < node->n_children; i++)
    {
      if (node->first_bytes[i] >= from)
        return children[i];
    }

  return NULL;
}

/* Puts @child in, for which there is room. */
void
zmqg_radix_link_child (ZmqgRadixNode *node,
                       ZmqgRadixNode *child)
{
  guint8 byte = zmqg_radix_get_edge (child)[0];
  ZmqgRadixNode **children = zmqg_radix_get_children (node);
  guint at = node->n_children;

  child->parent = node;
  node->n_children++;
  if (node->kind == ZMQG_RADIX_DIRECT)
    {
      children[byte] = child;
      return;
    }

  for (; at > 0 && node->first_bytes[at - 1] > byte; at--)
    {
      node->first_bytes[at] = node->first_bytes[at - 1];
      children[at] = children[at - 1];
    }
  node->first_bytes[at] = byte;
  children[at] = child;
}

void
zmqg_radix_unlink_child (ZmqgRadixNode *node,
                         guint8         byte)
{
  ZmqgRadixNode **place = zmqg_radix_find_child (node, byte);
  gsize at;

  node->n_children--;
  if (node->kind == ZMQG_RADIX_DIRECT)
    {
      *place = NULL;
      return;
    }

  at = place - zmqg_radix_get_children (node);
  memmove (&node->first_bytes[at], &node->first_bytes[at + 1],
           node->n_children - at);
  memmove (place, place + 1, (node->n_children - at) * sizeof *place);
}

/* Tells those who point at a node that @node is where it is now. Its parent
 * pointer, children and edge are in place. */
static void
node_moved (ZmqgRadixTree *self,
            ZmqgRadixNode *node)
{
  ZmqgRadixNode **children = zmqg_radix_get_children (node);

  if (node->parent == NULL)
    self->root = node;
  else
    *zmqg_radix_find_child (node->parent,
                            zmqg_radix_get_edge (node)[0]) = node;

  if (node->kind == ZMQG_RADIX_DIRECT)
    {
      for (guint i = 0; i < 256; i++)
        {
          if (children[i] != NULL)
            children[i]->parent = node;
        }
    }
  else
    {
      for (guint i = 0; i < node->n_children; i++)
        children[i]->parent = node;
    }

  if (node->has_value && self->moved != NULL)
    self->moved (&node->value, self->user_data);
}

static void
copy_children (ZmqgRadixNode       *to,
               const ZmqgRadixNode *from)
{
  if (from->kind == to->kind)
    {
      guint n_places = zmqg_radix_capacities[from->kind];

      memcpy (zmqg_radix_get_children (to), zmqg_radix_get_children (from),
              n_places * sizeof (ZmqgRadixNode *));
      if (from->kind != ZMQG_RADIX_DIRECT)
        memcpy (to->first_bytes, from->first_bytes, from->n_children);
      to->n_children = from->n_children;
      return;
    }

  for (ZmqgRadixNode *child = zmqg_radix_next_child (from, 0);
       child != NULL;)
    {
      guint byte = zmqg_radix_get_edge (child)[0];

      zmqg_radix_link_child (to, child);
      child = zmqg_radix_next_child (from, byte + 1);
    }
}

/* Makes @node one of another kind. Returns: the node that has taken its place,
 * or %NULL for want of memory, with nothing changed */
ZmqgRadixNode *
zmqg_radix_node_change_kind (ZmqgRadixTree *self,
                             ZmqgRadixNode *node,
                             guint8         kind)
{
  ZmqgRadixNode *changed = zmqg_radix_node_new (self, kind, node->n_bytes);

  if (changed == NULL)
    return NULL;

  changed->parent = node->parent;
  changed->value = node->value;
  changed->has_value = node->has_value;
  copy_children (changed, node);
  memcpy (zmqg_radix_get_edge (changed), zmqg_radix_get_edge (node),
          node->n_bytes);
  node_moved (self, changed);
  zmqg_radix_node_free (self, node);

  return changed;
}

/* Cuts the first @n_bytes off the edge of @node. The memory behind a shorter
 * edge is given back if the allocator will have it. */
static void
node_trim (ZmqgRadixTree *self,
           ZmqgRadixNode *node,
           gsize          n_bytes)
{
  guint8 *edge = zmqg_radix_get_edge (node);
  ZmqgRadixNode *shorter;

  memmove (edge, edge + n_bytes, node->n_bytes - n_bytes);
  node->n_bytes -= n_bytes;
  self->memory -= n_bytes;

  shorter = g_try_realloc (node, zmqg_radix_node_get_size (node->kind,
                                                           node->n_bytes));
  node_moved (self, shorter != NULL ? shorter : node);
}

/* Puts a node into the edge above @node, @n_bytes from its beginning.
 * Returns: the node put in, or %NULL for want of memory */
ZmqgRadixNode *
zmqg_radix_node_split (ZmqgRadixTree *self,
                       ZmqgRadixNode *node,
                       gsize          n_bytes,
                       guint8         kind)
{
  ZmqgRadixNode *upper = zmqg_radix_node_new (self, kind, n_bytes);
  guint8 *edge = zmqg_radix_get_edge (node);

  if (upper == NULL)
    return NULL;

  memcpy (zmqg_radix_get_edge (upper), edge, n_bytes);
  upper->parent = node->parent;
  node_moved (self, upper);

  /* zmqg_radix_link_child () reads the first byte of the edge, which is to be
   * cut off. */
  upper->first_bytes[0] = edge[n_bytes];
  zmqg_radix_get_children (upper)[0] = node;
  upper->n_children = 1;
  node->parent = upper;
  node_trim (self, node, n_bytes);

  return upper;
}

/* Joins @node, which has no value, with its only child if the edge is not too
 * long then. Returns: the node that ends where the child did, or @node */
ZmqgRadixNode *
zmqg_radix_node_join (ZmqgRadixTree *self,
                      ZmqgRadixNode *node)
{
  ZmqgRadixNode *child;
  ZmqgRadixNode *joined;
  gsize n_bytes;

  if (node->parent == NULL || node->has_value || node->n_children != 1)
    return node;

  child = zmqg_radix_next_child (node, 0);
  n_bytes = (gsize) node->n_bytes + child->n_bytes;
  if (n_bytes > ZMQG_RADIX_MAX_EDGE)
    return node;

  joined = zmqg_radix_node_new (self, child->kind, n_bytes);
  if (joined == NULL)
    return node;

  joined->parent = node->parent;
  joined->value = child->value;
  joined->has_value = child->has_value;
  copy_children (joined, child);
  memcpy (zmqg_radix_get_edge (joined), zmqg_radix_get_edge (node),
          node->n_bytes);
  memcpy (zmqg_radix_get_edge (joined) + node->n_bytes,
          zmqg_radix_get_edge (child), child->n_bytes);
  node_moved (self, joined);
  zmqg_radix_node_free (self, child);
  zmqg_radix_node_free (self, node);

  return joined;
}
