/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-number-index-private.h"

/* Open addressing, linear probing, at most half full. */

static inline guint32
hash (const ZmqgNumberIndex *self,
      guint64                key)
{
  return (guint32) ((key * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 32) &
         (self->n_cells - 1);
}

/* The cell of the key, or the free one where it would go. */
static guint32
find_cell (const ZmqgNumberIndex *self,
           gconstpointer          owner,
           guint64                key)
{
  guint32 at = hash (self, key);

  while (self->cells[at] != 0 &&
         self->key_func (owner, self->cells[at] - 1) != key)
    at = (at + 1) & (self->n_cells - 1);

  return at;
}

void
zmqg_number_index_clear (ZmqgNumberIndex *self)
{
  g_clear_pointer (&self->cells, g_free);
  self->n_cells = 0;
  self->n_used = 0;
}

/* Makes room for @n keys in all, and gives back what is much too large.
 * Returns: whether there is room */
gboolean
zmqg_number_index_reserve (ZmqgNumberIndex *self,
                           gconstpointer    owner,
                           guint32          n)
{
  ZmqgNumberIndex old = *self;
  guint32 n_cells = 8;

  g_assert (n >= self->n_used);

  if (n > G_MAXUINT32 / 4)
    return FALSE;

  while (n_cells < 2 * n)
    n_cells *= 2;
  if (n_cells <= old.n_cells && n_cells >= old.n_cells / 4)
    return TRUE;

  self->cells = g_try_malloc0_n (n_cells, sizeof self->cells[0]);
  if (self->cells == NULL)
    {
      self->cells = old.cells;
      return n_cells <= old.n_cells;
    }

  self->n_cells = n_cells;
  self->n_used = 0;
  for (guint32 i = 0; i < old.n_cells; i++)
    {
      if (old.cells[i] != 0)
        zmqg_number_index_insert (self,
                                  self->key_func (owner, old.cells[i] - 1),
                                  old.cells[i] - 1);
    }
  g_free (old.cells);

  return TRUE;
}

/* The key is not there yet, and room has been reserved. */
void
zmqg_number_index_insert (ZmqgNumberIndex *self,
                          guint64          key,
                          guint32          number)
{
  guint32 at = hash (self, key);

  while (self->cells[at] != 0)
    at = (at + 1) & (self->n_cells - 1);

  self->cells[at] = number + 1;
  self->n_used++;
}

/* Returns: the number of the key, or %ZMQG_NUMBER_NONE */
guint32
zmqg_number_index_lookup (const ZmqgNumberIndex *self,
                          gconstpointer          owner,
                          guint64                key)
{
  if (self->n_used == 0)
    return ZMQG_NUMBER_NONE;

  /* A free cell holds 0, so that this gives NONE for it. */
  return self->cells[find_cell (self, owner, key)] - 1;
}

/* The element with this key moves from @number to @new_number. */
void
zmqg_number_index_change (ZmqgNumberIndex *self,
                          guint64          key,
                          guint32          number,
                          guint32          new_number)
{
  guint32 at = hash (self, key);

  while (self->cells[at] != number + 1)
    at = (at + 1) & (self->n_cells - 1);

  self->cells[at] = new_number + 1;
}

/* The key is there, and the owner still knows the keys of all numbers. */
void
zmqg_number_index_remove (ZmqgNumberIndex *self,
                          gconstpointer    owner,
                          guint64          key)
{
  guint32 mask = self->n_cells - 1;
  guint32 hole = find_cell (self, owner, key);
  guint32 at = hole;

  g_assert (self->cells[hole] != 0);

  self->cells[hole] = 0;
  self->n_used--;

  /* Close the gap: what could not have its own cell moves back. */
  for (at = (at + 1) & mask; self->cells[at] != 0; at = (at + 1) & mask)
    {
      guint32 home = hash (self, self->key_func (owner, self->cells[at] - 1));

      if (((at - home) & mask) >= ((at - hole) & mask))
        {
          self->cells[hole] = self->cells[at];
          self->cells[at] = 0;
          hole = at;
        }
    }
}
