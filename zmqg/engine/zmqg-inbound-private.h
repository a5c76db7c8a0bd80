/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-options-private.h"
#include "engine/zmqg-session-table-private.h"
#include "pipe/zmqg-pipe-private.h"
#include "zmtp/zmqg-command-private.h"
#include "zmtp/zmqg-greeting-private.h"

/*
 * ZmqgInbound: turns the bytes of a connection in traffic into messages of
 * the inbound queue. Bytes are looked at once, where they were read; ranges
 * of many messages are handed over at a time. One thread at a time: see
 * ZmqgReadThrough.
 */
typedef struct _ZmqgInbound ZmqgInbound;

struct _ZmqgInbound
{
  ZmqgPipe *pipe; /* the engine's end, borrowed */
  const ZmqgSessionTable *table;
  const ZmqgOptions *options; /* borrowed */

  /* A command that the engine answers (PING, …). Called by who reads. */
  void (*command) (ZmqgInbound *self, const ZmqgCommand *command);
  gboolean answered;     /* there is something of that to write */
  guint ttl;             /* of the peer's PING, in ms, not yet acted upon */

  gboolean zmtp1;        /* the framing of ZMTP 1.0 */
  gboolean raw;          /* no framing: what is read at once is a message */
  gboolean discard;      /* nobody will read what is received */
  gboolean paused;       /* there is no room under the mark */
  guint64 n_reads;       /* that brought something */
  gboolean in_message;   /* the last frame had MORE */
  guint check_state;     /* of the table's check */
  gint64 message_bytes;  /* of the message so far */
  gint message_frames;

  ZmqgChunk *held;       /* bytes that were read and not yet taken */
  gsize held_offset;
  gsize held_size;

  ZmqgChunk *body;       /* a large frame that is being read */
  guint64 body_size;     /* as announced */
  gsize body_have;
  guint body_flags;
};

void zmqg_inbound_init (ZmqgInbound *self, ZmqgPipe *pipe,
                        const ZmqgSessionTable *table,
                        const ZmqgOptions *options);

/* A connection starts: forgets the one before, and rolls back the message
 * that it left unfinished. */
void zmqg_inbound_reset (ZmqgInbound *self, ZmqgZmtpVersion version,
                         ZmqgTag *tag);

void zmqg_inbound_clear (ZmqgInbound *self);

/* Takes bytes that were read otherwise. %FALSE when the peer broke the
 * protocol or there is no memory. May pause. */
gboolean zmqg_inbound_feed (ZmqgInbound *self, const guint8 *data,
                            gsize size, GError **error);

/* Takes what was held back, when there may be room again. */
gboolean zmqg_inbound_resume (ZmqgInbound *self, GError **error);

/* How a descriptor or a stream is read: bytes, 0 at the end, -1 with an error,
 * or this. */
#define ZMQG_READ_WOULD_BLOCK (-2)

typedef gssize (*ZmqgReadFunc) (gpointer source, struct iovec *ranges,
                                guint n, GError **error);

typedef enum
{
  ZMQG_INBOUND_MORE,  /* there may be more to read */
  ZMQG_INBOUND_EMPTY, /* all was read that there is */
  ZMQG_INBOUND_PAUSED,
  ZMQG_INBOUND_END,   /* the peer closed */
  ZMQG_INBOUND_FAILED,
} ZmqgInboundResult;

/* One read into @chunk (nullable: no memory), which nobody else refers to, and
 * what follows from it. */
ZmqgInboundResult zmqg_inbound_read (ZmqgInbound *self, ZmqgChunk *chunk,
                                     ZmqgReadFunc function, gpointer source,
                                     GError **error);
