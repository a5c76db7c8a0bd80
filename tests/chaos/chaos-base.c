/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos-base.h"

#include "zmqg.h"

#include <string.h>

/* --- Numbers ------------------------------------------------------------ */

static _Thread_local GRand *numbers;

guint32
chaos_get_seed (void)
{
  const char *text = g_getenv ("ZMQG_TEST_SEED");

  return text != NULL ? (guint32) g_ascii_strtoull (text, NULL, 10)
                      : g_random_int ();
}

gint64
chaos_get_time (guint seconds)
{
  const char *text = g_getenv ("ZMQG_TEST_SECONDS");

  return 1000 * (text != NULL ? g_ascii_strtoll (text, NULL, 10)
                              : (gint64) seconds);
}

void
chaos_random_begin (guint32 seed)
{
  numbers = g_rand_new_with_seed (seed);
}

void
chaos_random_end (void)
{
  g_clear_pointer (&numbers, g_rand_free);
}

guint
chaos_random (guint n)
{
  return (guint) g_rand_int_range (numbers, 0, (gint32) n);
}

gboolean
chaos_one_in (guint n)
{
  return chaos_random (n) == 0;
}

/* --- Frames ------------------------------------------------------------- */

void
chaos_frames_init (ChaosFrames *self)
{
  self->tag = g_random_int ();
  atomic_init (&self->next_id, 0);
  self->seen = g_malloc0 (CHAOS_N_IDS / 8);
}

void
chaos_frames_clear (ChaosFrames *self)
{
  g_clear_pointer (&self->seen, g_free);
}

guint32
chaos_frames_take (ChaosFrames *self,
                   guint n)
{
  return atomic_fetch_add (&self->next_id, n);
}

gsize
chaos_frame_size (void)
{
  static const gsize sizes[] = { 0, 1, 20, 200, 240, 300, 5000, 9000, 30000,
                                 300000 };

  return sizes[chaos_random (G_N_ELEMENTS (sizes))] + sizeof (ChaosHeader);
}

void
chaos_frames_fill (ChaosFrames *self,
                   guint8 *data,
                   gsize size,
                   const ChaosHeader *what)
{
  ChaosHeader header = *what;

  memcpy (header.magic, "ZMQG", sizeof header.magic);
  header.tag = self->tag;
  header.size = (guint32) size;
  header.single = what->single && what->id < CHAOS_N_IDS;
  memcpy (data, &header, sizeof header);
  memset (data + sizeof header, header.id & 0xff, size - sizeof header);
}

static gboolean
has_come_before (ChaosFrames *self,
                 guint id)
{
  guint8 bit = 1u << id % 8;

  return (atomic_fetch_or (&self->seen[id / 8], bit) & bit) != 0;
}

gboolean
chaos_frames_check (ChaosFrames *self,
                    const guint8 *data,
                    gsize available,
                    gsize size,
                    ChaosHeader *header)
{
  guint8 fill;

  /* Subscriptions, greetings and the like. */
  if (available < sizeof *header || memcmp (data, "ZMQG", 4) != 0)
    {
      g_assert_cmpuint (size, <, sizeof *header);
      return FALSE;
    }

  memcpy (header, data, sizeof *header);
  if (header->tag != self->tag)
    return FALSE;

  fill = header->id & 0xff;
  g_assert_cmpuint (header->size, ==, size);
  if (available > sizeof *header)
    {
      g_assert_cmpuint (data[sizeof *header], ==, fill);
      g_assert_cmpuint (data[(sizeof *header + available) / 2], ==, fill);
      g_assert_cmpuint (data[available - 1], ==, fill);
    }
  if (header->single && has_come_before (self, header->id))
    g_error ("frame %u of %u bytes, %u of %u, from a socket of type %u came "
             "twice",
             header->id, header->size, header->part, header->parts,
             header->type);
  return TRUE;
}

/* --- What is left ------------------------------------------------------- */

gboolean
chaos_may_meet (guint a,
                guint b)
{
  static const guint partners[CHAOS_N_TYPES] = {
    [ZMQG_SOCKET_TYPE_PAIR] = 1u << ZMQG_SOCKET_TYPE_PAIR,
    [ZMQG_SOCKET_TYPE_PUB] =
      1u << ZMQG_SOCKET_TYPE_SUB | 1u << ZMQG_SOCKET_TYPE_XSUB,
    [ZMQG_SOCKET_TYPE_SUB] =
      1u << ZMQG_SOCKET_TYPE_PUB | 1u << ZMQG_SOCKET_TYPE_XPUB,
    [ZMQG_SOCKET_TYPE_REQ] =
      1u << ZMQG_SOCKET_TYPE_REP | 1u << ZMQG_SOCKET_TYPE_ROUTER,
    [ZMQG_SOCKET_TYPE_REP] =
      1u << ZMQG_SOCKET_TYPE_REQ | 1u << ZMQG_SOCKET_TYPE_DEALER,
    [ZMQG_SOCKET_TYPE_DEALER] = 1u << ZMQG_SOCKET_TYPE_REP |
                                1u << ZMQG_SOCKET_TYPE_DEALER |
                                1u << ZMQG_SOCKET_TYPE_ROUTER,
    [ZMQG_SOCKET_TYPE_ROUTER] = 1u << ZMQG_SOCKET_TYPE_REQ |
                                1u << ZMQG_SOCKET_TYPE_DEALER |
                                1u << ZMQG_SOCKET_TYPE_ROUTER,
    [ZMQG_SOCKET_TYPE_PULL] = 1u << ZMQG_SOCKET_TYPE_PUSH,
    [ZMQG_SOCKET_TYPE_PUSH] = 1u << ZMQG_SOCKET_TYPE_PULL,
    [ZMQG_SOCKET_TYPE_XPUB] =
      1u << ZMQG_SOCKET_TYPE_SUB | 1u << ZMQG_SOCKET_TYPE_XSUB,
    [ZMQG_SOCKET_TYPE_XSUB] =
      1u << ZMQG_SOCKET_TYPE_PUB | 1u << ZMQG_SOCKET_TYPE_XPUB,
  };

  return (partners[a] >> b) & 1;
}

guint
chaos_count_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = NULL;
      g_autofree char *text = NULL;

      path = g_strdup_printf ("/proc/self/task/%s/comm", name);
      if (g_file_get_contents (path, &text, NULL, NULL) &&
          g_str_has_prefix (text, "zmqg"))
        n++;
    }

  return n;
}

guint
chaos_count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      if (target != NULL && strstr (target, "eventfd") == NULL)
        n++;
    }

  return n;
}
