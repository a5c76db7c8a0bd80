/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pattern/zmqg-routing-table-private.h"

#include <string.h>

#define MIN_CELLS 8

typedef struct
{
  guint64 hash;
  ZmqgRoutingId *id; /* NULL in a free cell */
} Cell;

/* Open addressing, linear probing, at most half full. */
struct _ZmqgRoutingTable
{
  Cell *cells;
  guint32 n_cells; /* 0 or a power of two */
  guint32 n_ids;
  guint32 next; /* what the next generated id counts */
  guint64 secret[2];
};

static inline guint64
rotate (guint64 x,
        guint   bits)
{
  return x << bits | x >> (64 - bits);
}

static inline void
sip_round (guint64 v[4])
{
  v[0] += v[1];
  v[1] = rotate (v[1], 13) ^ v[0];
  v[0] = rotate (v[0], 32);
  v[2] += v[3];
  v[3] = rotate (v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotate (v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotate (v[1], 17) ^ v[2];
  v[2] = rotate (v[2], 32);
}

/* SipHash-1-3: peers cannot make ids that collide, and it is quick for short
 * ones. (The byte order of the words does not matter within one process.) */
static guint64
hash (const ZmqgRoutingTable *self,
      const guint8           *data,
      gsize                   size)
{
  guint64 v[4] = {
    self->secret[0] ^ G_GUINT64_CONSTANT (0x736f6d6570736575),
    self->secret[1] ^ G_GUINT64_CONSTANT (0x646f72616e646f6d),
    self->secret[0] ^ G_GUINT64_CONSTANT (0x6c7967656e657261),
    self->secret[1] ^ G_GUINT64_CONSTANT (0x7465646279746573),
  };
  guint64 last = (guint64) size << 56;
  guint64 word;

  for (; size >= sizeof word; data += sizeof word, size -= sizeof word)
    {
      memcpy (&word, data, sizeof word);
      v[3] ^= word;
      sip_round (v);
      v[0] ^= word;
    }

  for (gsize i = 0; i < size; i++)
    last |= (guint64) data[i] << (8 * i);
  v[3] ^= last;
  sip_round (v);
  v[0] ^= last;

  v[2] ^= 0xff;
  sip_round (v);
  sip_round (v);
  sip_round (v);

  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The cell of the id, or the free one where it would go. */
static Cell *
find_cell (const ZmqgRoutingTable *self,
           guint64                 hash,
           const guint8           *data,
           gsize                   size)
{
  guint32 mask = self->n_cells - 1;

  for (guint32 at = hash & mask;; at = (at + 1) & mask)
    {
      Cell *cell = &self->cells[at];

      if (cell->id == NULL ||
          (cell->hash == hash && cell->id->size == size &&
           memcmp (cell->id->data, data, size) == 0))
        return cell;
    }
}

static Cell *
find_free_cell (const ZmqgRoutingTable *self,
                guint64                 hash)
{
  guint32 mask = self->n_cells - 1;
  guint32 at = hash & mask;

  while (self->cells[at].id != NULL)
    at = (at + 1) & mask;

  return &self->cells[at];
}

/* Returns: whether there was memory; if not nothing has changed */
static gboolean
resize (ZmqgRoutingTable *self,
        guint32           n_cells)
{
  g_autofree Cell *old = self->cells;
  guint32 n_old = self->n_cells;
  Cell *cells = g_try_malloc0_n (n_cells, sizeof (Cell));

  if (cells == NULL)
    {
      old = NULL;
      return FALSE;
    }

  self->cells = cells;
  self->n_cells = n_cells;
  for (guint32 i = 0; i < n_old; i++)
    {
      if (old[i].id != NULL)
        *find_free_cell (self, old[i].hash) = old[i];
    }

  return TRUE;
}

static gboolean
reserve_one (ZmqgRoutingTable *self)
{
  if (self->n_cells == 0)
    return resize (self, MIN_CELLS);
  if (self->n_ids < self->n_cells / 2)
    return TRUE;
  if (self->n_cells > G_MAXUINT32 / 2)
    return FALSE;

  return resize (self, self->n_cells * 2);
}

/* Frees a cell. What could not have its own cell moves back. */
static void
clear_cell (ZmqgRoutingTable *self,
            Cell             *cell)
{
  guint32 mask = self->n_cells - 1;
  guint32 hole = cell - self->cells;
  guint32 at;

  for (at = (hole + 1) & mask; self->cells[at].id != NULL; at = (at + 1) & mask)
    {
      guint32 home = self->cells[at].hash & mask;

      if (((at - home) & mask) >= ((at - hole) & mask))
        {
          self->cells[hole] = self->cells[at];
          hole = at;
        }
    }
  self->cells[hole].id = NULL;
  self->n_ids--;
}

/* The next generated id that is not in use. Peers may have taken some: their
 * own ids can begin with 0 too. */
static void
generate (ZmqgRoutingTable *self,
          guint8            data[ZMQG_ROUTING_ID_GENERATED_SIZE])
{
  do
    {
      guint32 number = GUINT32_TO_BE (self->next);

      data[0] = 0;
      memcpy (data + 1, &number, sizeof number);
      self->next++;
    }
  while (zmqg_routing_table_lookup (self, data,
                                    ZMQG_ROUTING_ID_GENERATED_SIZE) != NULL);
}

ZmqgRoutingTable *
zmqg_routing_table_new (void)
{
  ZmqgRoutingTable *self = g_new0 (ZmqgRoutingTable, 1);

  self->next = g_random_int ();
  for (guint i = 0; i < G_N_ELEMENTS (self->secret); i++)
    self->secret[i] = (guint64) g_random_int () << 32 | g_random_int ();

  return self;
}

/* Frees the table and its ids; the values are the caller's. */
void
zmqg_routing_table_free (ZmqgRoutingTable *self)
{
  for (guint32 i = 0; i < self->n_cells; i++)
    g_free (self->cells[i].id);
  g_free (self->cells);
  g_free (self);
}

/* @id: (out): the new entry; untouched unless the result is OK */
ZmqgRoutingResult
zmqg_routing_table_insert (ZmqgRoutingTable  *self,
                           const guint8      *data,
                           gsize              size,
                           gpointer           value,
                           ZmqgRoutingId    **id)
{
  guint64 key = hash (self, data, size);
  ZmqgRoutingId *made;

  g_assert (size > 0);

  if (self->n_ids > 0 && find_cell (self, key, data, size)->id != NULL)
    return ZMQG_ROUTING_EXISTS;
  if (size > G_MAXSIZE - sizeof *made || !reserve_one (self))
    return ZMQG_ROUTING_NO_MEMORY;

  made = g_try_malloc (sizeof *made + size);
  if (made == NULL)
    return ZMQG_ROUTING_NO_MEMORY;

  made->value = value;
  made->size = size;
  memcpy (made->data, data, size);
  *find_free_cell (self, key) = (Cell) { key, made };
  self->n_ids++;
  *id = made;

  return ZMQG_ROUTING_OK;
}

/* Inserts with an id of our own: 0, then a counter of 32 bits, big-endian.
 * Returns: never EXISTS */
ZmqgRoutingResult
zmqg_routing_table_insert_generated (ZmqgRoutingTable  *self,
                                     gpointer           value,
                                     ZmqgRoutingId    **id)
{
  guint8 data[ZMQG_ROUTING_ID_GENERATED_SIZE];

  generate (self, data);

  return zmqg_routing_table_insert (self, data, sizeof data, value, id);
}

/* Returns: (transfer none) (nullable): the entry */
ZmqgRoutingId *
zmqg_routing_table_lookup (const ZmqgRoutingTable *self,
                           const guint8           *data,
                           gsize                   size)
{
  if (self->n_ids == 0)
    return NULL;

  return find_cell (self, hash (self, data, size), data, size)->id;
}

/* Removes and frees an entry of this table. */
void
zmqg_routing_table_remove (ZmqgRoutingTable *self,
                           ZmqgRoutingId    *id)
{
  Cell *cell = find_cell (self, hash (self, id->data, id->size), id->data,
                          id->size);

  g_assert (cell->id == id);

  clear_cell (self, cell);
  g_free (id);

  if (self->n_ids == 0)
    {
      g_clear_pointer (&self->cells, g_free);
      self->n_cells = 0;
    }
  else if (self->n_cells > MIN_CELLS && self->n_ids < self->n_cells / 8)
    {
      /* Without memory for it the table just stays large. */
      resize (self, self->n_cells / 2);
    }
}

/* Calls @func for each entry, in no particular order. */
void
zmqg_routing_table_foreach (const ZmqgRoutingTable *self,
                            ZmqgRoutingFunc         func,
                            gpointer                user_data)
{
  for (guint32 i = 0; i < self->n_cells; i++)
    {
      if (self->cells[i].id != NULL)
        func (self->cells[i].id, user_data);
    }
}

guint32
zmqg_routing_table_get_n_ids (const ZmqgRoutingTable *self)
{
  return self->n_ids;
}

/* For tests: where generated ids go on. */
void
zmqg_routing_table_set_next (ZmqgRoutingTable *self,
                             guint32           next)
{
  self->next = next;
}
