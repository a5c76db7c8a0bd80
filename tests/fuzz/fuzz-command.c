/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "fuzz-target.h"

#include "zmtp/zmqg-command-private.h"
#include "zmtp/zmqg-convert-private.h"

#include <string.h>

static void
check_command (const guint8 *body,
               gsize size)
{
  g_autoptr (GByteArray) again = g_byte_array_new ();
  ZmqgCommand command;
  const guint8 *context;
  gsize context_size;

  if (zmqg_command_parse (&command, body, size) == ZMQG_COMMAND_MALFORMED)
    return;

  g_assert (command.name == body + 1);
  g_assert (command.data + command.size == body + size);
  if (command.id == ZMQG_COMMAND_UNKNOWN)
    return;

  zmqg_command_append (again, command.id, command.data, command.size);
  g_assert (again->len == size && memcmp (again->data, body, size) == 0);

  if (command.id == ZMQG_COMMAND_PING)
    zmqg_command_get_ping_ttl (&command);
  if (command.id == ZMQG_COMMAND_PING || command.id == ZMQG_COMMAND_PONG)
    {
      guint8 pong[ZMQG_COMMAND_PONG_MAX];

      context = zmqg_command_get_context (&command, &context_size);
      g_assert (context_size <= ZMQG_COMMAND_CONTEXT_MAX);
      g_assert (context + context_size <= body + size);
      zmqg_command_write_pong (pong, context, context_size);
    }
}

static void
check_error (const guint8 *data,
             gsize size)
{
  const char *reason;
  gsize reason_size;
  guint status;

  if (!zmqg_command_parse_error (data, size, &reason, &reason_size, &status))
    return;

  g_assert ((const guint8 *) reason + reason_size <= data + size);
  g_assert (status == 0 || status == 300 || status == 400 || status == 500);
}

static void
check_conversions (const guint8 *payload,
                   gsize size)
{
  g_autofree guint8 *head = g_memdup2 (payload, MIN (size, ZMQG_CONVERT_HEAD));
  guint version, flags;

  for (version = ZMQG_ZMTP_UNKNOWN + 1; version <= ZMQG_ZMTP_3_1; version++)
    for (flags = 0; flags < 8; flags++)
      {
        ZmqgConverted out;

        if (!zmqg_zmtp_convert_header (version, flags, head, size, &out))
          continue;

        g_assert (out.header_size <= sizeof out.header);
        g_assert (out.skip <= size);
        g_assert (out.size == size - out.skip + out.prefix_size);
      }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  check_command (data, size);
  check_error (data, size);
  check_conversions (data, size);

  return 0;
}
