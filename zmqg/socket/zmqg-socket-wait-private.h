/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-error.h"
#include "base/zmqg-shared-private.h"
#include "socket/zmqg-socket-private.h"

/*
 * What the calls of ZmqgSocket that send, receive and wait share.
 */

/* Most calls have no GCancellable. */
static inline gboolean
zmqg_is_cancelled (GCancellable *cancellable,
                   GError **error)
{
  return cancellable != NULL &&
         g_cancellable_set_error_if_cancelled (cancellable, error);
}

/*
 * ZmqgWait: a call that sleeps until the socket has news. Made when the first
 * attempt found nothing; until then a call costs none of this.
 */
typedef struct
{
  ZmqgSocketCore *core;
  GCancellable *cancellable; /* nullable */
  gulong cancelled_id;
  ZmqgThreadWaiter *waiter;  /* NULL until the first sleep */
  gint64 deadline;           /* monotonic µs, -1 = none */
  gboolean late;             /* woken at or after it: looks once more */
  int fd;                    /* to sleep on, too; -1 = none */
  gboolean interruptible;    /* a POSIX signal ends the call */
  gboolean interrupted;      /* and did */
} ZmqgWait;

/* Sleeps until it is worth looking again; %FALSE with @error when the time
 * (@timeout ms from the first call on, -1 for none) is over or the call was
 * cancelled. The first call only makes the wait, so that nothing is missed
 * between the look before and the sleep. */
gboolean zmqg_wait_sleep (ZmqgWait *self, guint interest, int timeout,
                          GError **error);

/* The same without sleeping. */
gboolean zmqg_wait_goes_on (ZmqgWait *self, guint interest, int timeout,
                            GError **error);

/* The same for a call that keeps its times itself: @deadline (monotonic µs, -1
 * = none) is just another time to look. Only a cancellation is an error. */
gboolean zmqg_wait_sleep_until (ZmqgWait *self, guint interest,
                                gint64 deadline, GError **error);

void zmqg_wait_end (ZmqgWait *self);

/* Sends, after a first attempt has found no room: waits up to @timeout ms (-1
 * for ever). Ends the wait. */
ZMQG_SHARED
ZmqgIoResult zmqg_wait_send (ZmqgWait *self, const ZmqgFrameView *views,
                             guint n, ZmqgSendFlags flags, int timeout,
                             GError **error);

/* Receives, after a first attempt of @receiver has found nothing: the same. */
ZMQG_SHARED
ZmqgIoResult zmqg_wait_receive (ZmqgWait *self, ZmqgReceiver *receiver,
                                int timeout, GError **error);

/* Where no thread does it, a call that finds nothing lets the engine work. */
ZMQG_SHARED
gboolean zmqg_socket_core_poll_engine (ZmqgSocketCore *core);

/* The same where one does: else a program that does not wait could see a queue
 * full of messages that its peer has long received, only because the engine's
 * thread has not come to say so. */
ZMQG_SHARED
gboolean zmqg_socket_core_make_room (ZmqgSocketCore *core);

/* The option send-timeout or receive-timeout, as @interest is. */
ZMQG_SHARED
int zmqg_socket_core_get_timeout (ZmqgSocketCore *core, guint interest);

static inline void
zmqg_set_would_block (const char *what,
                      GError **error)
{
  g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK, what);
}
