/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-radix-tree-private.h"

#include <string.h>

/*
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
#define MAX_EDGE 1024

/* Room for children, by kind of node; the last kind is indexed directly. The
 * first bytes fill what the header leaves of 24, 32, 40, 48 and 64 bytes. */
static const guint16 capacities[] = { 0, 1, 2, 4, 6, 10, 18, 26, 42, 256 };

#define DIRECT ((guint8) (G_N_ELEMENTS (capacities) - 1))

struct _ZmqgRadixNode
{
  ZmqgRadixNode *parent;
  guint64 value;
  guint16 n_bytes;    /* length of the edge */
  guint16 n_children;
  guint8 kind;        /* index into capacities */
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
get_children_offset (guint8 kind)
{
  gsize n_first_bytes = kind == DIRECT ? 0 : capacities[kind];

  return (G_STRUCT_OFFSET (ZmqgRadixNode, first_bytes) + n_first_bytes + 7) &
         ~(gsize) 7;
}

static inline ZmqgRadixNode **
get_children (const ZmqgRadixNode *node)
{
  return (ZmqgRadixNode **) ((guintptr) node +
                             get_children_offset (node->kind));
}

static inline guint8 *
get_edge (const ZmqgRadixNode *node)
{
  return (guint8 *) (get_children (node) + capacities[node->kind]);
}

static inline gsize
get_node_size (guint8 kind,
               gsize  n_bytes)
{
  return get_children_offset (kind) +
         capacities[kind] * sizeof (ZmqgRadixNode *) + n_bytes;
}

static ZmqgRadixNode *
node_new (ZmqgRadixTree *self,
          guint8         kind,
          gsize          n_bytes)
{
  gsize size = get_node_size (kind, n_bytes);
  ZmqgRadixNode *node = g_try_malloc (size);

  if (node == NULL)
    return NULL;

  /* Not all of the struct: its padding is where the first bytes begin. */
  memset (node, 0, G_STRUCT_OFFSET (ZmqgRadixNode, first_bytes));
  node->kind = kind;
  node->n_bytes = n_bytes;
  if (kind == DIRECT)
    memset (get_children (node), 0, 256 * sizeof (ZmqgRadixNode *));
  self->n_nodes++;
  self->memory += size;

  return node;
}

static void
node_free (ZmqgRadixTree *self,
           ZmqgRadixNode *node)
{
  self->n_nodes--;
  self->memory -= get_node_size (node->kind, node->n_bytes);
  g_free (node);
}

static inline ZmqgRadixNode **
find_child (const ZmqgRadixNode *node,
            guint8               byte)
{
  ZmqgRadixNode **children = get_children (node);
  const guint8 *found;

  if (node->kind == DIRECT)
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

/* The child with the lowest first byte that is at least @from. */
static ZmqgRadixNode *
next_child (const ZmqgRadixNode *node,
            guint                from)
{
  ZmqgRadixNode **children = get_children (node);

  if (node->kind == DIRECT)
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
static void
link_child (ZmqgRadixNode *node,
            ZmqgRadixNode *child)
{
  guint8 byte = get_edge (child)[0];
  ZmqgRadixNode **children = get_children (node);
  guint at = node->n_children;

  child->parent = node;
  node->n_children++;
  if (node->kind == DIRECT)
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

static void
unlink_child (ZmqgRadixNode *node,
              guint8         byte)
{
  ZmqgRadixNode **place = find_child (node, byte);
  gsize at;

  node->n_children--;
  if (node->kind == DIRECT)
    {
      *place = NULL;
      return;
    }

  at = place - get_children (node);
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
  ZmqgRadixNode **children = get_children (node);

  if (node->parent == NULL)
    self->root = node;
  else
    *find_child (node->parent, get_edge (node)[0]) = node;

  if (node->kind == DIRECT)
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
      gsize pointers = capacities[from->kind] * sizeof (ZmqgRadixNode *);

      memcpy (get_children (to), get_children (from), pointers);
      if (from->kind != DIRECT)
        memcpy (to->first_bytes, from->first_bytes, from->n_children);
      to->n_children = from->n_children;
      return;
    }

  for (ZmqgRadixNode *child = next_child (from, 0); child != NULL;)
    {
      guint byte = get_edge (child)[0];

      link_child (to, child);
      child = next_child (from, byte + 1);
    }
}

/* Makes @node one of another kind. Returns: the node that has taken its place,
 * or %NULL for want of memory, with nothing changed */
static ZmqgRadixNode *
node_change_kind (ZmqgRadixTree *self,
                  ZmqgRadixNode *node,
                  guint8         kind)
{
  ZmqgRadixNode *changed = node_new (self, kind, node->n_bytes);

  if (changed == NULL)
    return NULL;

  changed->parent = node->parent;
  changed->value = node->value;
  changed->has_value = node->has_value;
  copy_children (changed, node);
  memcpy (get_edge (changed), get_edge (node), node->n_bytes);
  node_moved (self, changed);
  node_free (self, node);

  return changed;
}

/* Cuts the first @n_bytes off the edge of @node. The memory behind a shorter
 * edge is given back if the allocator will have it. */
static void
node_trim (ZmqgRadixTree *self,
           ZmqgRadixNode *node,
           gsize          n_bytes)
{
  guint8 *edge = get_edge (node);
  ZmqgRadixNode *shorter;

  memmove (edge, edge + n_bytes, node->n_bytes - n_bytes);
  node->n_bytes -= n_bytes;
  self->memory -= n_bytes;

  shorter = g_try_realloc (node, get_node_size (node->kind, node->n_bytes));
  node_moved (self, shorter != NULL ? shorter : node);
}

/* Puts a node into the edge above @node, @n_bytes from its beginning.
 * Returns: the node put in, or %NULL for want of memory */
static ZmqgRadixNode *
node_split (ZmqgRadixTree *self,
            ZmqgRadixNode *node,
            gsize          n_bytes,
            guint8         kind)
{
  ZmqgRadixNode *upper = node_new (self, kind, n_bytes);
  guint8 *edge = get_edge (node);

  if (upper == NULL)
    return NULL;

  memcpy (get_edge (upper), edge, n_bytes);
  upper->parent = node->parent;
  node_moved (self, upper);

  /* link_child () reads the first byte of the edge, which is to be cut off. */
  upper->first_bytes[0] = edge[n_bytes];
  get_children (upper)[0] = node;
  upper->n_children = 1;
  node->parent = upper;
  node_trim (self, node, n_bytes);

  return upper;
}

/* Joins @node, which has no value, with its only child if the edge is not too
 * long then. Returns: the node that ends where the child did, or @node */
static ZmqgRadixNode *
node_join (ZmqgRadixTree *self,
           ZmqgRadixNode *node)
{
  ZmqgRadixNode *child;
  ZmqgRadixNode *joined;
  gsize n_bytes;

  if (node->parent == NULL || node->has_value || node->n_children != 1)
    return node;

  child = next_child (node, 0);
  n_bytes = (gsize) node->n_bytes + child->n_bytes;
  if (n_bytes > MAX_EDGE)
    return node;

  joined = node_new (self, child->kind, n_bytes);
  if (joined == NULL)
    return node;

  joined->parent = node->parent;
  joined->value = child->value;
  joined->has_value = child->has_value;
  copy_children (joined, child);
  memcpy (get_edge (joined), get_edge (node), node->n_bytes);
  memcpy (get_edge (joined) + node->n_bytes, get_edge (child), child->n_bytes);
  node_moved (self, joined);
  node_free (self, child);
  node_free (self, node);

  return joined;
}

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
          unlink_child (parent, get_edge (node)[0]);
        }

      node_free (self, node);
      if (parent == NULL)
        return;
      node = parent;
    }

  /* One size is skipped, so that a child that comes and goes costs nothing. */
  if (node->kind >= 2 && node->n_children <= capacities[node->kind - 2])
    {
      ZmqgRadixNode *smaller = node_change_kind (self, node, node->kind - 1);

      if (smaller != NULL)
        node = smaller;
    }

  node = node_join (self, node);
  if (node->parent != NULL)
    node_join (self, node->parent);
}

/* Frees a chain of nodes that is not linked to the tree. */
static void
free_chain (ZmqgRadixTree *self,
            ZmqgRadixNode *node)
{
  while (node != NULL)
    {
      ZmqgRadixNode *child = node->n_children > 0 ? get_children (node)[0]
                                                  : NULL;

      node_free (self, node);
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
      gsize n_bytes = (size - 1) % MAX_EDGE + 1;
      ZmqgRadixNode *node = node_new (self, first != NULL ? 1 : 0, n_bytes);

      if (node == NULL)
        {
          free_chain (self, first);
          return NULL;
        }

      memcpy (get_edge (node), key + size - n_bytes, n_bytes);
      if (first != NULL)
        link_child (node, first);
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
    return node_split (self, child, common, 1);

  chain = make_chain (self, key + common, size - common, &leaf);
  if (chain == NULL)
    return NULL;

  if (child != NULL)
    node = node_split (self, child, common, 2);
  else if (node->n_children == capacities[node->kind])
    node = node_change_kind (self, node, node->kind + 1);

  if (node == NULL)
    {
      free_chain (self, chain);
      return NULL;
    }

  link_child (node, chain);
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
      ZmqgRadixNode **children = get_children (node);
      ZmqgRadixNode *next = node->parent;

      if (node->kind == DIRECT && node->has_value != 2)
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
        node_free (self, node);
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
    self->root = node_new (self, 0, 0);

  node = self->root;
  while (node != NULL && at < size)
    {
      ZmqgRadixNode **place = find_child (node, key[at]);
      ZmqgRadixNode *child = place != NULL ? *place : NULL;
      gsize common = 0;

      if (child != NULL)
        common = count_common (get_edge (child), key + at,
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
      ZmqgRadixNode **place = find_child (node, key[0]);

      node = place != NULL ? *place : NULL;
      if (node == NULL || node->n_bytes > size ||
          memcmp (get_edge (node), key, node->n_bytes) != 0)
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
      memcpy (place, get_edge (node), node->n_bytes);
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

      memcpy (self->key + size, get_edge (node), node->n_bytes);
      size += node->n_bytes;
      if (node->has_value)
        func (self->key, size, &node->value, user_data);

      next = next_child (node, 0);
      while (next == NULL && node->parent != NULL)
        {
          next = next_child (node->parent, get_edge (node)[0] + 1u);
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
          ZmqgRadixNode **place = find_child (node, match->data[0]);

          child = place != NULL ? *place : NULL;
        }

      /* The first byte is known to be equal. */
      if (child != NULL &&
          (child->n_bytes > match->left ||
           (child->n_bytes > 1 &&
            memcmp (get_edge (child) + 1, match->data + 1,
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
