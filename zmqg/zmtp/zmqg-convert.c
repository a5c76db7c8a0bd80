/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-convert-private.h"

#include "message/zmqg-frame-private.h"
#include "zmtp/zmqg-command-private.h"
#include "zmtp/zmqg-zmtp1-private.h"

#include <string.h>

typedef gsize (*EncodeHeaderFunc) (guint8 *dst,
                                   guint flags,
                                   guint64 size);

/* Raw peers are not told where something begins and ends. */
static gsize
encode_no_header (guint8 *header G_GNUC_UNUSED,
                  guint flags G_GNUC_UNUSED,
                  guint64 size G_GNUC_UNUSED)
{
  return 0;
}

/* One row per version: what becomes of messages and of commands. */
static const struct
{
  EncodeHeaderFunc encode_header;
  gboolean subscription_messages; /* SUBSCRIBE and CANCEL become messages */
  gboolean commands;              /* the other commands exist */
} dialects[] = {
  [ZMQG_ZMTP_RAW] = { encode_no_header, FALSE, FALSE },
  [ZMQG_ZMTP_1_0_UNVERSIONED] = { zmqg_zmtp1_encode_header, TRUE, FALSE },
  [ZMQG_ZMTP_1_0] = { zmqg_zmtp1_encode_header, TRUE, FALSE },
  [ZMQG_ZMTP_2_0] = { zmqg_frame_encode_header, TRUE, FALSE },
  [ZMQG_ZMTP_3_0] = { zmqg_frame_encode_header, TRUE, TRUE },
  [ZMQG_ZMTP_3_1] = { zmqg_frame_encode_header, FALSE, TRUE },
};

static ZmqgCommandId
identify_command (const guint8 *head,
                  guint64 size)
{
  ZmqgCommand command;

  /* A name that goes on behind the head is none of those looked for. */
  return zmqg_command_parse (&command, head,
                             (gsize) MIN (size, ZMQG_CONVERT_HEAD));
}

/*
 * Says how a frame of ZMTP 3.1 is written to a peer of @version. @flags are
 * those of the frame, of which only MORE and COMMAND count. @payload_head
 * points to the first bytes of the payload, ZMQG_CONVERT_HEAD of them or, if
 * it is shorter, all. Returns FALSE when the frame is dropped.
 */
gboolean
zmqg_zmtp_convert_header (ZmqgZmtpVersion version,
                          guint flags,
                          const guint8 *payload_head,
                          guint64 size,
                          ZmqgConverted *out)
{
  ZmqgCommandId id = ZMQG_COMMAND_UNKNOWN;
  guint8 prefix = 0;

  g_assert (version > ZMQG_ZMTP_UNKNOWN && version < G_N_ELEMENTS (dialects));

  *out = (ZmqgConverted) { .drop = FALSE };
  flags &= ZMQG_FRAME_MORE | ZMQG_FRAME_COMMAND;

  if ((flags & ZMQG_FRAME_COMMAND) != 0
      && dialects[version].subscription_messages)
    id = identify_command (payload_head, size);

  if (id == ZMQG_COMMAND_SUBSCRIBE || id == ZMQG_COMMAND_CANCEL)
    {
      gsize name_size;

      zmqg_command_get_prefix (id, &name_size);
      prefix = id == ZMQG_COMMAND_SUBSCRIBE ? ZMQG_COMMAND_BYTE_SUBSCRIBE
                                            : ZMQG_COMMAND_BYTE_CANCEL;
      out->prefix_size = 1;
      out->skip = (guint8) name_size;
      size = size - name_size + 1;
      flags = 0;
    }
  else if ((flags & ZMQG_FRAME_COMMAND) != 0 && !dialects[version].commands)
    {
      out->drop = TRUE;
      return FALSE;
    }

  out->flags = (guint8) flags;
  out->size = size;
  out->header_size
      = (guint8) dialects[version].encode_header (out->header, flags, size);
  if (out->prefix_size > 0)
    out->header[out->header_size++] = prefix;

  return TRUE;
}
