/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-command-private.h"

#include "message/zmqg-frame-private.h"

#include <string.h>

#define PING_TTL_SIZE 2

/* How the bodies start: the length of the name, the name. */
static const struct
{
  guint8 size;
  guint8 bytes[ZMQG_COMMAND_PREFIX_MAX + 1];
} prefixes[] = {
  [ZMQG_COMMAND_READY] = { 6, "\5READY" },
  [ZMQG_COMMAND_ERROR] = { 6, "\5ERROR" },
  [ZMQG_COMMAND_SUBSCRIBE] = { 10, "\11SUBSCRIBE" },
  [ZMQG_COMMAND_CANCEL] = { 7, "\6CANCEL" },
  [ZMQG_COMMAND_PING] = { 5, "\4PING" },
  [ZMQG_COMMAND_PONG] = { 5, "\4PONG" },
  [ZMQG_COMMAND_JOIN] = { 5, "\4JOIN" },
  [ZMQG_COMMAND_LEAVE] = { 6, "\5LEAVE" },
  [ZMQG_COMMAND_HELLO] = { 6, "\5HELLO" },
  [ZMQG_COMMAND_WELCOME] = { 8, "\7WELCOME" },
  [ZMQG_COMMAND_INITIATE] = { 9, "\10INITIATE" },
  [ZMQG_COMMAND_MESSAGE] = { 8, "\7MESSAGE" },
};

static ZmqgCommandId
find_name (const guint8 *body)
{
  guint id;

  for (id = ZMQG_COMMAND_READY; id < G_N_ELEMENTS (prefixes); id++)
    {
      /* The length is compared first, so that no byte behind the name is
       * looked at. */
      if (body[0] == prefixes[id].bytes[0]
          && memcmp (body, prefixes[id].bytes, prefixes[id].size) == 0)
        return id;
    }

  return ZMQG_COMMAND_UNKNOWN;
}

/*
 * Takes the body of a command frame apart. Returns what it is, which is in
 * @self too. For MALFORMED, name and data of @self are empty.
 */
ZmqgCommandId
zmqg_command_parse (ZmqgCommand *self,
                    const guint8 *body,
                    gsize size)
{
  ZmqgCommandId id;
  gsize name_size;

  *self = (ZmqgCommand) { .id = ZMQG_COMMAND_MALFORMED };

  if (size == 0)
    return ZMQG_COMMAND_MALFORMED;

  name_size = body[0];
  if (name_size == 0 || name_size > size - 1)
    return ZMQG_COMMAND_MALFORMED;

  id = find_name (body);

  /* libzmq answers a PING without a TTL with bytes from behind the frame. */
  if (id == ZMQG_COMMAND_PING && size < ZMQG_COMMAND_PING_SIZE)
    return ZMQG_COMMAND_MALFORMED;

  self->id = id;
  self->name = body + 1;
  self->name_size = name_size;
  self->data = body + 1 + name_size;
  self->size = size - 1 - name_size;

  return id;
}

/* The time to live of a PING, in tenths of a second; 0 means none. */
guint16
zmqg_command_get_ping_ttl (const ZmqgCommand *self)
{
  g_assert (self->id == ZMQG_COMMAND_PING);

  return (guint16) (self->data[0] << 8 | self->data[1]);
}

/* The context of a PING or PONG, cut to what a PONG gives back. */
const guint8 *
zmqg_command_get_context (const ZmqgCommand *self,
                          gsize *size)
{
  gsize offset = self->id == ZMQG_COMMAND_PING ? PING_TTL_SIZE : 0;

  g_assert (self->id == ZMQG_COMMAND_PING || self->id == ZMQG_COMMAND_PONG);

  *size = MIN (self->size - offset, ZMQG_COMMAND_CONTEXT_MAX);
  return self->data + offset;
}

/*
 * Takes the data of an ERROR command (what follows the name) apart. @reason
 * is a view without a terminating zero; @status is 300, 400 or 500 when that
 * is the whole reason, else 0. Returns FALSE when the data is malformed.
 */
gboolean
zmqg_command_parse_error (const guint8 *data,
                          gsize size,
                          const char **reason,
                          gsize *reason_size,
                          guint *status)
{
  const guint8 *text;

  if (size == 0 || data[0] > size - 1)
    return FALSE;

  text = data + 1;
  *reason = (const char *) text;
  *reason_size = data[0];
  *status = 0;
  if (data[0] == 3 && text[0] >= '3' && text[0] <= '5' && text[1] == '0'
      && text[2] == '0')
    *status = (guint) (text[0] - '0') * 100;

  return TRUE;
}

/* The first bytes of the body of a command: the length of its name, its
 * name. */
const guint8 *
zmqg_command_get_prefix (ZmqgCommandId id,
                         gsize *size)
{
  g_assert (id >= ZMQG_COMMAND_READY && id < G_N_ELEMENTS (prefixes));

  *size = prefixes[id].size;
  return prefixes[id].bytes;
}

/* Writes the body of a PING without context to the ZMQG_COMMAND_PING_SIZE
 * bytes at @dst; returns their number. @ttl_ds is in tenths of a second. */
gsize
zmqg_command_write_ping (guint8 *dst,
                         guint16 ttl_ds)
{
  memcpy (dst, prefixes[ZMQG_COMMAND_PING].bytes, 5);
  dst[5] = (guint8) (ttl_ds >> 8);
  dst[6] = (guint8) ttl_ds;
  return ZMQG_COMMAND_PING_SIZE;
}

/* Writes the body of a PONG to @dst, which has ZMQG_COMMAND_PONG_MAX bytes;
 * returns its size. Longer contexts than a PONG may carry are cut. */
gsize
zmqg_command_write_pong (guint8 *dst,
                         const guint8 *context,
                         gsize context_size)
{
  context_size = MIN (context_size, ZMQG_COMMAND_CONTEXT_MAX);
  memcpy (dst, prefixes[ZMQG_COMMAND_PONG].bytes, 5);
  if (context_size > 0)
    memcpy (dst + 5, context, context_size);
  return 5 + context_size;
}

/* Appends the body of a command, as it stands behind a frame header. */
void
zmqg_command_append (GByteArray *body,
                     ZmqgCommandId id,
                     const guint8 *data,
                     gsize size)
{
  gsize prefix_size;
  const guint8 *prefix = zmqg_command_get_prefix (id, &prefix_size);

  g_byte_array_append (body, prefix, prefix_size);
  if (size > 0)
    g_byte_array_append (body, data, size);
}

/* Appends the body of an ERROR command. @reason has at most 255 bytes. */
void
zmqg_command_append_error (GByteArray *body,
                           const char *reason)
{
  gsize reason_size = strlen (reason);
  guint8 length = (guint8) reason_size;

  g_assert (reason_size <= G_MAXUINT8);

  zmqg_command_append (body, ZMQG_COMMAND_ERROR, &length, 1);
  g_byte_array_append (body, (const guint8 *) reason, reason_size);
}

/* Appends a command frame: frame header and body. */
void
zmqg_command_append_frame (GByteArray *frames,
                           ZmqgCommandId id,
                           const guint8 *data,
                           gsize size)
{
  guint8 header[ZMQG_FRAME_HEADER_MAX];
  gsize header_size, prefix_size;

  zmqg_command_get_prefix (id, &prefix_size);
  header_size = zmqg_frame_encode_header (header, ZMQG_FRAME_COMMAND,
                                          prefix_size + size);
  g_byte_array_append (frames, header, header_size);
  zmqg_command_append (frames, id, data, size);
}
