/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-lock-private.h"
#include "engine/zmqg-session-table-private.h"
#include "pipe/zmqg-pipe-private.h"
#include "zmtp/zmqg-greeting-private.h"

#include <gio/gio.h>

/*
 * ZmqgOutbound: the reading end of an outbound queue, the codec and the
 * descriptor, which one thread at a time owns by the lock: the engine, or a
 * sender that writes through. It is open only while a connection is in
 * traffic.
 *
 * The queue's sleep flag says whose turn it is: while it is set nobody is
 * writing, and whoever publishes next has to; while it is clear the engine
 * looks at the queue again before it stops.
 */
typedef struct
{
  ZmqgLock lock;
  atomic_bool wanted; /* somebody found the lock taken and left */
  atomic_uint drainers; /* senders without room, that write or wait to */
  ZmqgPipe *pipe;     /* the engine's end, borrowed */

  gboolean open;
  int fd;             /* -1: the stream */
  GPollableOutputStream *stream;
  gboolean convert;   /* frames need another form than the queue's */
  ZmqgZmtpVersion version;
  gboolean wait_epoch; /* discard all up to the mark of the epoch */
  guint epoch;
  GByteArray *control; /* frames of our own, nullable */
  gsize control_done;  /* bytes of them written */
  gboolean greeting;   /* among them is a message that was not yet written */
  gsize message_done;  /* convert: bytes of the message written */
  gboolean blocked;    /* the engine waits for the kernel */
  gboolean stalled;    /* the kernel took nothing while a sender waited */
  gboolean patient;    /* the engine writes: waits for more */
  gint64 last_write;   /* monotonic µs */
  gint64 last_drain;   /* the same, by a sender; 0 = all is the engine's */
  guint writes;        /* of the queue, in this turn */
} ZmqgOutbound;

typedef enum
{
  ZMQG_OUTBOUND_DRAINED,
  ZMQG_OUTBOUND_BLOCKED, /* the kernel's buffer is full */
  ZMQG_OUTBOUND_LEFT,    /* to a sender that writes when it finds no room */
  ZMQG_OUTBOUND_HUNG_UP, /* a raw peer was sent nothing: close */
  ZMQG_OUTBOUND_FAILED,
} ZmqgOutboundResult;

void zmqg_outbound_init (ZmqgOutbound *self, ZmqgPipe *pipe);
void zmqg_outbound_clear (ZmqgOutbound *self);

/* In the engine. Writing starts with the next run. */
void zmqg_outbound_open (ZmqgOutbound *self, int fd,
                         GPollableOutputStream *stream,
                         ZmqgZmtpVersion version, gboolean has_commands);

/* In the engine, before it is opened: what the connection begins with. */
void zmqg_outbound_begin_with (ZmqgOutbound *self, const guint8 *header,
                               gsize header_size, GBytes *payload);

/* In the engine: the descriptor is not used from here on. What was written
 * in part will be written again, whole. With @hiccup everything up to the
 * next epoch mark is discarded. */
void zmqg_outbound_close (ZmqgOutbound *self, gboolean hiccup, guint epoch);

/* In the engine: writes until the queue is drained, and then sleeps; or
 * until it is blocked. With @spin it waits a moment for more before that. */
ZmqgOutboundResult zmqg_outbound_run (ZmqgOutbound *self, gboolean spin,
                                      GError **error);

/* In the engine: a frame of our own, ahead of the queue, between messages
 * (or between frames of one that is larger than a chunk). Written by the
 * next run. */
void zmqg_outbound_add_control (ZmqgOutbound *self, const guint8 *frame,
                                gsize size);

typedef enum
{
  ZMQG_OUTBOUND_PUSHED,     /* nothing is left to do */
  ZMQG_OUTBOUND_PUSH_NOW,   /* the engine has to write */
  ZMQG_OUTBOUND_PUSH_LATER, /* it has to look in a moment */
} ZmqgOutboundPush;

/* In a sender's thread, no lock held: writes what little there is. */
ZmqgOutboundPush zmqg_outbound_push (ZmqgOutbound *self);

/* In the thread of a sender of a large message, no lock held: writes, and
 * waits for the kernel meanwhile, for a few milliseconds at the most; then
 * copies what was lent and is not written. %FALSE when the engine has to go
 * on. */
gboolean zmqg_outbound_finish (ZmqgOutbound *self);

/* In the thread of a sender that found no room, no lock held: writes what
 * there is. %FALSE when the engine has to go on. */
gboolean zmqg_outbound_drain (ZmqgOutbound *self);

/* In the engine: whether everything was handed to the kernel. */
gboolean zmqg_outbound_is_drained (ZmqgOutbound *self);

/* In the engine, closed: takes and counts what is left in the queue. */
guint64 zmqg_outbound_discard (ZmqgOutbound *self, ZmqgDropReason reason);
