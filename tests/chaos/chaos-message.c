/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"

typedef struct
{
  Chaos *chaos;
  guint8 data[];
} Buffer;

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
  gsize size = chaos_frame_size ();
  Buffer *buffer = g_malloc (sizeof *buffer + size);

  buffer->chaos = self;
  chaos_frames_fill (&self->frames, buffer->data, size,
                     &(ChaosHeader) {
                       .id = chaos_frames_take (&self->frames, 1),
                       .single = single != 0,
                       .type = type,
                       .parts = 1,
                     });

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

void
chaos_message_check (Chaos *self,
                     ZmqgSocket *socket,
                     ZmqgMessage *message)
{
  guint n = zmqg_message_get_n_frames (message);
  const guint8 *data;
  ChaosHeader header;
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
  if (chaos_frames_check (&self->frames, data, size, size, &header))
    atomic_fetch_add (&self->received, 1);
}
