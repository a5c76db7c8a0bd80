/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-radix-tree-private.h"

#include "pattern/zmqg-radix-node-private.h"

static void
clear_key (ZmqgRadixTree *self)
{
  g_clear_pointer (&self->key, g_free);
  self->key_size = 0;
}

/* Makes the shape right again around @node, which has lost its value. */
static void
tidy (ZmqgRadixTree *self,
      ZmqgRadixNode *node)
{
  while (!node->has_value && node->n_children == 0)
    {
      ZmqgRadixNode *parent = node->parent;

      if (parent == NULL)
        {
          self->root = NULL;
          clear_key (self);
        }
      else
        {
          zmqg_radix_unlink_child (parent, zmqg_radix_get_edge (node)[0]);
        }

      zmqg_radix_node_free (self, node);
      if (parent == NULL)
        return;
      node = parent;
    }

  /* One size is skipped, so that a child that comes and goes costs nothing. */
  if (node->kind >= 2 &&
      node->n_children <= zmqg_radix_capacities[node->kind - 2])
    {
      ZmqgRadixNode *smaller = zmqg_radix_node_change_kind (self, node,
                                                            node->kind - 1);

      if (smaller != NULL)
        node = smaller;
    }

  node = zmqg_radix_node_join (self, node);
  if (node->parent != NULL)
    zmqg_radix_node_join (self, node->parent);
}

/* Frees a chain of nodes that is not linked to the tree. */
static void
free_chain (ZmqgRadixTree *self,
            ZmqgRadixNode *node)
{
  while (node != NULL)
    {
      ZmqgRadixNode *child = node->n_children > 0
                               ? zmqg_radix_get_children (node)[0]
                               : NULL;

      zmqg_radix_node_free (self, node);
      node = child;
    }
}

/* Returns: the first of the nodes that lead to a new @leaf, or %NULL */
static ZmqgRadixNode *
make_chain (ZmqgRadixTree  *self,
            const guint8   *key,
            gsize           size,
            ZmqgRadixNode **leaf)
{
  ZmqgRadixNode *first = NULL;

  while (size > 0)
    {
      gsize n_bytes = (size - 1) % ZMQG_RADIX_MAX_EDGE + 1;
      ZmqgRadixNode *node = zmqg_radix_node_new (self, first != NULL ? 1 : 0,
                                                 n_bytes);

      if (node == NULL)
        {
          free_chain (self, first);
          return NULL;
        }

      memcpy (zmqg_radix_get_edge (node), key + size - n_bytes, n_bytes);
      if (first != NULL)
        zmqg_radix_link_child (node, first);
      else
        *leaf = node;
      first = node;
      size -= n_bytes;
    }

  return first;
}

static gboolean
reserve_key (ZmqgRadixTree *self,
             gsize          size)
{
  gsize wanted;
  guint8 *key;

  if (self->key != NULL && size <= self->key_size)
    return TRUE;

  wanted = MAX (size, 64);
  if (wanted <= G_MAXSIZE - wanted / 8)
    wanted += wanted / 8;
  key = g_try_realloc (self->key, wanted);
  if (key == NULL)
    return FALSE;

  self->key = key;
  self->key_size = wanted;
  return TRUE;
}

static gsize
count_common (const guint8 *a,
              const guint8 *b,
              gsize         size)
{
  gsize n = 0;

  while (n < size && a[n] == b[n])
    n++;

  return n;
}

/* Adds the rest of a key below @node. @child is the child of @node that
 * begins in the same way for @common bytes, if there is one.
 * Returns: the node where the key ends, or %NULL for want of memory */
static ZmqgRadixNode *
grow (ZmqgRadixTree *self,
      ZmqgRadixNode *node,
      ZmqgRadixNode *child,
      gsize          common,
      const guint8  *key,
      gsize          size)
{
  ZmqgRadixNode *leaf = NULL;
  ZmqgRadixNode *chain;

  if (child != NULL && common == size)
    return zmqg_radix_node_split (self, child, common, 1);

  chain = make_chain (self, key + common, size - common, &leaf);
  if (chain == NULL)
    return NULL;

  if (child != NULL)
    node = zmqg_radix_node_split (self, child, common, 2);
  else if (node->n_children == zmqg_radix_capacities[node->kind])
    node = zmqg_radix_node_change_kind (self, node, node->kind + 1);

  if (node == NULL)
    {
      free_chain (self, chain);
      return NULL;
    }

  zmqg_radix_link_child (node, chain);
  return leaf;
}

ZmqgRadixTree *
zmqg_radix_tree_new (ZmqgRadixTreeMovedFunc moved,
                     gpointer               user_data)
{
  ZmqgRadixTree *self = g_new0 (ZmqgRadixTree, 1);

  self->moved = moved;
  self->user_data = user_data;

  return self;
}

void
zmqg_radix_tree_free (ZmqgRadixTree *self)
{
  ZmqgRadixNode *node = self->root;

  g_assert (!self->key_in_use);

  while (node != NULL)
    {
      ZmqgRadixNode **children = zmqg_radix_get_children (node);
      ZmqgRadixNode *next = node->parent;

      if (node->kind == ZMQG_RADIX_DIRECT && node->has_value != 2)
        {
          /* Pack the pointers once, so that below they are taken from the
           * end as in any other node. */
          guint n = 0;

          for (guint i = 0; i < 256; i++)
            {
              if (children[i] != NULL)
                children[n++] = children[i];
            }
          node->has_value = 2;
        }

      if (node->n_children > 0)
        next = children[--node->n_children];
      else
        zmqg_radix_node_free (self, node);
      node = next;
    }

  g_assert (self->n_nodes == 0 && self->memory == 0);
  g_free (self->key);
  g_free (self);
}

/* Returns: the slot of the key, which is set to 0 if it is new; %NULL if there
 * is no memory, and then nothing has changed */
guint64 *
zmqg_radix_tree_insert (ZmqgRadixTree *self,
                        const guint8  *key,
                        gsize          size,
                        gboolean      *inserted)
{
  ZmqgRadixNode *node;
  gsize at = 0;

  g_assert (!self->key_in_use);

  if (!reserve_key (self, size))
    return NULL;
  if (self->root == NULL)
    self->root = zmqg_radix_node_new (self, 0, 0);

  node = self->root;
  while (node != NULL && at < size)
    {
      ZmqgRadixNode **place = zmqg_radix_find_child (node, key[at]);
      ZmqgRadixNode *child = place != NULL ? *place : NULL;
      gsize common = 0;

      if (child != NULL)
        common = count_common (zmqg_radix_get_edge (child), key + at,
                               MIN (child->n_bytes, size - at));

      if (child != NULL && common == child->n_bytes)
        {
          node = child;
          at += common;
        }
      else
        {
          node = grow (self, node, child, common, key + at, size - at);
          at = size;
        }
    }

  if (node == NULL)
    {
      /* Nothing is left behind in a tree that was empty. */
      if (self->root != NULL)
        tidy (self, self->root);
      else
        clear_key (self);
      return NULL;
    }

  *inserted = !node->has_value;
  if (*inserted)
    {
      node->has_value = TRUE;
      node->value = 0;
      self->n_keys++;
    }

  return &node->value;
}

static ZmqgRadixNode *
find_node (const ZmqgRadixTree *self,
           const guint8        *key,
           gsize                size)
{
  ZmqgRadixNode *node = self->root;

  while (node != NULL && size > 0)
    {
      ZmqgRadixNode **place = zmqg_radix_find_child (node, key[0]);

      node = place != NULL ? *place : NULL;
      if (node == NULL || node->n_bytes > size ||
          memcmp (zmqg_radix_get_edge (node), key, node->n_bytes) != 0)
        return NULL;
      key += node->n_bytes;
      size -= node->n_bytes;
    }

  return node != NULL && node->has_value ? node : NULL;
}

guint64 *
zmqg_radix_tree_lookup (ZmqgRadixTree *self,
                        const guint8  *key,
                        gsize          size)
{
  ZmqgRadixNode *node = find_node (self, key, size);

  return node != NULL ? &node->value : NULL;
}

gboolean
zmqg_radix_tree_remove (ZmqgRadixTree *self,
                        const guint8  *key,
                        gsize          size)
{
  ZmqgRadixNode *node = find_node (self, key, size);

  if (node == NULL)
    return FALSE;

  zmqg_radix_tree_remove_slot (self, &node->value);
  return TRUE;
}

void
zmqg_radix_tree_remove_slot (ZmqgRadixTree *self,
                             guint64       *slot)
{
  gsize offset = G_STRUCT_OFFSET (ZmqgRadixNode, value);
  ZmqgRadixNode *node = (ZmqgRadixNode *) (gpointer) ((char *) slot - offset);

  g_assert (!self->key_in_use && node->has_value);

  node->has_value = FALSE;
  self->n_keys--;
  tidy (self, node);
}

/* Returns: the key of a slot, valid until the next call or insertion, or the
 * removal of the last key */
const guint8 *
zmqg_radix_tree_get_key (ZmqgRadixTree *self,
                         guint64       *slot,
                         gsize         *size)
{
  gsize offset = G_STRUCT_OFFSET (ZmqgRadixNode, value);
  ZmqgRadixNode *end = (ZmqgRadixNode *) (gpointer) ((char *) slot - offset);
  guint8 *place;

  g_assert (!self->key_in_use);

  /* Filled from the back, as the way leads upwards. */
  place = self->key + self->key_size;
  for (ZmqgRadixNode *node = end; node != NULL; node = node->parent)
    {
      place -= node->n_bytes;
      memcpy (place, zmqg_radix_get_edge (node), node->n_bytes);
    }

  *size = self->key + self->key_size - place;
  return place;
}

/* Calls @func for each key, in the order of memcmp (). */
void
zmqg_radix_tree_foreach (ZmqgRadixTree     *self,
                         ZmqgRadixTreeFunc  func,
                         gpointer           user_data)
{
  ZmqgRadixNode *node = self->root;
  gsize size = 0;

  g_assert (!self->key_in_use);

  self->key_in_use = TRUE;
  while (node != NULL)
    {
      ZmqgRadixNode *next;

      memcpy (self->key + size, zmqg_radix_get_edge (node), node->n_bytes);
      size += node->n_bytes;
      if (node->has_value)
        func (self->key, size, &node->value, user_data);

      next = zmqg_radix_next_child (node, 0);
      while (next == NULL && node->parent != NULL)
        {
          next = zmqg_radix_next_child (node->parent,
                                        zmqg_radix_get_edge (node)[0] + 1u);
          size -= node->n_bytes;
          node = node->parent;
        }
      node = next;
    }
  self->key_in_use = FALSE;
}

void
zmqg_radix_match_init (ZmqgRadixMatch      *match,
                       const ZmqgRadixTree *tree,
                       const guint8        *data,
                       gsize                size)
{
  match->node = tree->root;
  match->data = data;
  match->left = size;
}

/* Returns: the slot of the next longer key that is a prefix, or %NULL */
guint64 *
zmqg_radix_match_next (ZmqgRadixMatch *match)
{
  while (match->node != NULL)
    {
      const ZmqgRadixNode *node = match->node;
      const ZmqgRadixNode *child = NULL;

      if (match->left > 0)
        {
          ZmqgRadixNode **place = zmqg_radix_find_child (node, match->data[0]);

          child = place != NULL ? *place : NULL;
        }

      /* The first byte is known to be equal. */
      if (child != NULL &&
          (child->n_bytes > match->left ||
           (child->n_bytes > 1 &&
            memcmp (zmqg_radix_get_edge (child) + 1, match->data + 1,
                    child->n_bytes - 1) != 0)))
        child = NULL;

      match->node = child;
      if (child != NULL)
        {
          match->data += child->n_bytes;
          match->left -= child->n_bytes;
        }

      if (node->has_value)
        return (guint64 *) &node->value;
    }

  return NULL;
}

/* Returns: whether any key is a prefix of @data */
gboolean
zmqg_radix_tree_match_any (const ZmqgRadixTree *self,
                           const guint8        *data,
                           gsize                size)
{
  ZmqgRadixMatch match;

  if (self->root != NULL && self->root->has_value)
    return TRUE;

  zmqg_radix_match_init (&match, self, data, size);
  return zmqg_radix_match_next (&match) != NULL;
}

gsize
zmqg_radix_tree_get_n_keys (const ZmqgRadixTree *self)
{
  return self->n_keys;
}

/* For tests: 0 when the tree is empty. */
gsize
zmqg_radix_tree_get_n_nodes (const ZmqgRadixTree *self)
{
  return self->n_nodes;
}

/* For tests and benchmarks: bytes held, without the allocator's own. */
gsize
zmqg_radix_tree_get_memory (const ZmqgRadixTree *self)
{
  return self->memory + self->key_size;
}
