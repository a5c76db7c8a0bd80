/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The commands that have a meaning in ZMTP 3 and its mechanisms. */
typedef enum
{
  ZMQG_COMMAND_MALFORMED, /* no name, or not what its name promises */
  ZMQG_COMMAND_UNKNOWN,
  ZMQG_COMMAND_READY,
  ZMQG_COMMAND_ERROR,
  ZMQG_COMMAND_SUBSCRIBE,
  ZMQG_COMMAND_CANCEL,
  ZMQG_COMMAND_PING,
  ZMQG_COMMAND_PONG,
  ZMQG_COMMAND_JOIN,
  ZMQG_COMMAND_LEAVE,
  ZMQG_COMMAND_HELLO,
  ZMQG_COMMAND_WELCOME,
  ZMQG_COMMAND_INITIATE,
  ZMQG_COMMAND_MESSAGE,
} ZmqgCommandId;

/*
 * ZmqgCommand: a command body taken apart (ZMTP 3.1, section framing: the
 * length of the name, the name, data). A view: the body belongs to others.
 */
typedef struct
{
  ZmqgCommandId id;
  const guint8 *name;
  gsize name_size;
  const guint8 *data;
  gsize size;
} ZmqgCommand;

/* Longest start of a body (length and name) of the commands above. */
#define ZMQG_COMMAND_PREFIX_MAX 10

/* Before ZMTP 3.1 SUBSCRIBE and CANCEL are messages: such a byte and the
 * topic (RFC 29). */
#define ZMQG_COMMAND_BYTE_CANCEL 0
#define ZMQG_COMMAND_BYTE_SUBSCRIBE 1

#define ZMQG_COMMAND_PING_SIZE 7
#define ZMQG_COMMAND_CONTEXT_MAX 16
#define ZMQG_COMMAND_PONG_MAX (5 + ZMQG_COMMAND_CONTEXT_MAX)

ZmqgCommandId zmqg_command_parse          (ZmqgCommand       *self,
                                           const guint8      *body,
                                           gsize              size);
guint16       zmqg_command_get_ping_ttl   (const ZmqgCommand *self);
const guint8 *zmqg_command_get_context    (const ZmqgCommand *self,
                                           gsize             *size);
gboolean      zmqg_command_parse_error    (const guint8      *data,
                                           gsize              size,
                                           const char       **reason,
                                           gsize             *reason_size,
                                           guint             *status);

const guint8 *zmqg_command_get_prefix     (ZmqgCommandId      id,
                                           gsize             *size);
gsize         zmqg_command_write_ping     (guint8            *dst,
                                           guint16            ttl_ds);
gsize         zmqg_command_write_pong     (guint8            *dst,
                                           const guint8      *context,
                                           gsize              context_size);
void          zmqg_command_append         (GByteArray        *body,
                                           ZmqgCommandId      id,
                                           const guint8      *data,
                                           gsize              size);
void          zmqg_command_append_error   (GByteArray        *body,
                                           const char        *reason);
void          zmqg_command_append_frame   (GByteArray        *frames,
                                           ZmqgCommandId      id,
                                           const guint8      *data,
                                           gsize              size);

G_END_DECLS
