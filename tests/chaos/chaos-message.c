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

/* --- Numbers ------------------------------------------------------------ */

static _Thread_local GRand *numbers;

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

/* --- Making ------------------------------------------------------------- */

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

/* A request that may be repeated may be received more than once. */
static gboolean
has_one_receiver (ZmqgSocket *socket)
{
  ZmqgSocketType type = zmqg_socket_get_socket_type (socket);

  if (ZMQG_IS_REQ_SOCKET (socket))
    return zmqg_req_socket_get_request_retries (ZMQG_REQ_SOCKET (socket)) == 0;

  return type != ZMQG_SOCKET_TYPE_PUB && type != ZMQG_SOCKET_TYPE_XPUB &&
         type != ZMQG_SOCKET_TYPE_XSUB;
}

static gboolean
is_raw (ZmqgSocket *socket)
{
  return ZMQG_IS_ROUTER_SOCKET (socket) &&
         zmqg_router_socket_get_raw (ZMQG_ROUTER_SOCKET (socket));
}

static GBytes *
make_frame (Chaos *self,
            ZmqgSocketType type,
            gboolean single)
{
  static const gsize sizes[] = { 0, 1, 20, 200, 240, 300, 5000, 9000, 30000,
                                 300000 };
  gsize size = sizes[chaos_random (G_N_ELEMENTS (sizes))] + sizeof (Header);
  Buffer *buffer = g_malloc (sizeof *buffer + size);
  Header header = { { 'Z', 'M', 'Q', 'G' } };

  header.tag = self->tag;
  header.id = atomic_fetch_add (&self->next_id, 1);
  header.size = size;
  header.single = single && header.id < CHAOS_N_IDS;
  header.type = type;
  buffer->chaos = self;
  memcpy (buffer->data, &header, sizeof header);
  memset (buffer->data + sizeof header, header.id & 0xff,
          size - sizeof header);

  atomic_fetch_add (&self->made, 1);
  return g_bytes_new_with_free_func (buffer->data, size, buffer_free, buffer);
}

/* A part of a greeting, which is nothing that a peer would take for messages
 * of older versions; or nothing, which ends the connection. */
static void
append_raw_bytes (ZmqgMessage *message)
{
  static const guint8 greeting[] = "\377\0\0\0\0\0\0\0\0\177\3";

  zmqg_message_append_data (message, greeting,
                            chaos_one_in (4) ? 0 : sizeof greeting - 1);
}

ZmqgMessage *
chaos_message_new (Chaos *self,
                   ZmqgSocket *socket)
{
  ZmqgSocketType type = zmqg_socket_get_socket_type (socket);
  ZmqgMessage *message = zmqg_message_new ();
  g_autoptr (GBytes) frame = NULL;

  if (type == ZMQG_SOCKET_TYPE_ROUTER)
    {
      g_autofree char *identity = NULL;

      identity = g_strdup_printf ("id%u", chaos_random (8));
      zmqg_message_append_string (message, identity);
      if (is_raw (socket))
        {
          append_raw_bytes (message);
          return message;
        }
      if (chaos_one_in (2))
        zmqg_message_append_string (message, "");
    }
  else if (type == ZMQG_SOCKET_TYPE_DEALER && chaos_one_in (2))
    {
      zmqg_message_append_string (message, "");
    }
  else if (chaos_one_in (4))
    {
      zmqg_message_append_string (message, "Z");
    }

  frame = make_frame (self, type, has_one_receiver (socket));
  zmqg_message_append_bytes (message, frame);
  return message;
}

ZmqgMessage *
chaos_message_new_reply (Chaos *self)
{
  g_autoptr (GBytes) frame = make_frame (self, ZMQG_SOCKET_TYPE_REP, TRUE);
  ZmqgMessage *message = zmqg_message_new ();

  zmqg_message_append_bytes (message, frame);
  return message;
}

/* --- Checking ----------------------------------------------------------- */

static gboolean
has_come_before (Chaos *self,
                 guint id)
{
  guint8 bit = 1u << id % 8;

  return (atomic_fetch_or (&self->seen[id / 8], bit) & bit) != 0;
}

void
chaos_message_check (Chaos *self,
                     ZmqgSocket *socket,
                     ZmqgMessage *message)
{
  guint n = zmqg_message_get_n_frames (message);
  const guint8 *data;
  guint8 fill;
  Header header;
  gsize size;

  g_assert_cmpuint (n, >, 0);
  if (chaos_one_in (64))
    {
      g_autoptr (ZmqgPeer) peer = zmqg_message_get_peer (message);

      g_assert_nonnull (peer);
      chaos_keep_peer (self, peer);
    }
  /* Whatever its peers send, cut anywhere. */
  if (is_raw (socket))
    return;

  data = zmqg_message_get_data (message, n - 1, &size);
  /* Subscriptions, greetings and the like. */
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
  if (header.single && has_come_before (self, header.id))
    g_error ("message %u of %u bytes from a socket of type %u came twice, "
             "in %u frames",
             header.id, header.size, header.type, n);
  atomic_fetch_add (&self->received, 1);
}
