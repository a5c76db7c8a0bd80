/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"

#include <string.h>

/* What the last frame of each message begins with; the rest is filled with
 * the lowest byte of the number. */
typedef struct
{
  char magic[4];
  guint32 tag; /* of the run: another one may have got a port that was ours */
  guint32 id;
  guint32 size;
  guint16 single; /* only one receiver may get it, once */
  guint16 type;   /* of the sender */
} Header;

typedef struct
{
  Chaos *chaos;
  guint8 data[];
} Buffer;

static void
buffer_free (gpointer data)
{
  Buffer *self = data;

  zmqg_order_after_drop (self->data);
  /* Whoever looked at it has counted that. */
  atomic_load (&self->chaos->received);
  atomic_fetch_add (&self->chaos->freed, 1);
  g_free (self);
}

static gboolean
has_one_receiver (ZmqgSocketType type)
{
  return type != ZMQG_SOCKET_TYPE_PUB && type != ZMQG_SOCKET_TYPE_XPUB &&
         type != ZMQG_SOCKET_TYPE_XSUB;
}

static GBytes *
make_frame (Chaos *self,
            GRand *rand,
            ZmqgSocketType type)
{
  static const gsize sizes[] = { 0, 1, 20, 200, 240, 300, 5000, 9000, 30000,
                                 300000 };
  gsize size = sizes[g_rand_int_range (rand, 0, G_N_ELEMENTS (sizes))] +
               sizeof (Header);
  Buffer *buffer = g_malloc (sizeof *buffer + size);
  Header header = { { 'Z', 'M', 'Q', 'G' } };

  header.tag = self->tag;
  header.id = atomic_fetch_add (&self->next_id, 1);
  header.size = size;
  header.single = has_one_receiver (type) && header.id < CHAOS_N_IDS;
  header.type = type;
  buffer->chaos = self;
  memcpy (buffer->data, &header, sizeof header);
  memset (buffer->data + sizeof header, header.id & 0xff,
          size - sizeof header);

  atomic_fetch_add (&self->made, 1);
  return g_bytes_new_with_free_func (buffer->data, size, buffer_free, buffer);
}

ZmqgMessage *
chaos_message_new (Chaos *self,
                   GRand *rand,
                   ZmqgSocketType type)
{
  ZmqgMessage *message = zmqg_message_new ();
  g_autoptr (GBytes) frame = make_frame (self, rand, type);

  if (type == ZMQG_SOCKET_TYPE_ROUTER)
    {
      g_autofree char *identity = NULL;

      identity = g_strdup_printf ("id%d", g_rand_int_range (rand, 0, 8));
      zmqg_message_append_string (message, identity);
      if (g_rand_boolean (rand))
        zmqg_message_append_string (message, "");
    }
  else if (type == ZMQG_SOCKET_TYPE_DEALER && g_rand_boolean (rand))
    {
      zmqg_message_append_string (message, "");
    }
  else if (g_rand_int_range (rand, 0, 4) == 0)
    {
      zmqg_message_append_string (message, "Z");
    }

  zmqg_message_append_bytes (message, frame);
  return message;
}

void
chaos_message_check (Chaos *self,
                     ZmqgMessage *message)
{
  guint n = zmqg_message_get_n_frames (message);
  const guint8 *data;
  guint8 fill;
  Header header;
  gsize size;

  g_assert_cmpuint (n, >, 0);
  data = zmqg_message_get_data (message, n - 1, &size);
  /* XPUB and ROUTER receive notices, too. */
  if (size < sizeof header || memcmp (data, "ZMQG", 4) != 0)
    {
      g_assert_cmpuint (size, <, sizeof header);
      return;
    }

  memcpy (&header, data, sizeof header);
  if (header.tag != self->tag)
    return;

  fill = header.id & 0xff;
  g_assert_cmpuint (header.size, ==, size);
  if (size > sizeof header)
    {
      g_assert_cmpuint (data[sizeof header], ==, fill);
      g_assert_cmpuint (data[(sizeof header + size) / 2], ==, fill);
      g_assert_cmpuint (data[size - 1], ==, fill);
    }
  if (header.single && atomic_exchange (&self->seen[header.id], 1) != 0)
    g_error ("message %u of %u bytes from a socket of type %u came twice, "
             "in %u frames",
             header.id, header.size, header.type, n);
  atomic_fetch_add (&self->received, 1);
}
