/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdatomic.h>

/*
 * ZmqgWaiter: somebody who wants to know when something happens: a blocked
 * call, a GSource, an asynchronous operation. It is a member of one list at a
 * time (an inbox's), whose lock guards every field.
 */
typedef struct _ZmqgWaiter ZmqgWaiter;

/* What a waiter wants to hear of. */
#define ZMQG_WAIT_IN 0x1u  /* something may be readable */
#define ZMQG_WAIT_OUT 0x2u /* something may be writable */
#define ZMQG_WAIT_NEWS 0x4u /* a signal or a released buffer is due */
#define ZMQG_WAIT_TOPICS 0x8u /* subscriptions have changed */
#define ZMQG_WAIT_ALL 0xfu

struct _ZmqgWaiter
{
  ZmqgWaiter *prev, *next;
  /* Called with the list's lock held (a leaf lock): may take the lock of a
   * GMainContext, nothing else. */
  void (*wake) (ZmqgWaiter *self);
  gboolean is_thread; /* a ZmqgThreadWaiter: signalled after the unlock */
  guint interest;
  gboolean watcher; /* only looks; a consumer takes what it is woken for */
  gboolean listed;
  gboolean woken; /* since it last looked */
  gboolean acts;  /* awake: will look without being signalled */
};

/*
 * ZmqgThreadWaiter: the waiter of a blocked thread. It sleeps in ppoll on an
 * eventfd, never in a condition variable, so that a signal can end the call.
 */
typedef struct _ZmqgThreadWaiter ZmqgThreadWaiter;

struct _ZmqgThreadWaiter
{
  ZmqgWaiter waiter;
  atomic_uint refs; /* the thread's, and of those who signal it */
  int fd;
  guint generation; /* of fork, at the making */
  ZmqgThreadWaiter *inner; /* for a call within a call */
};

ZmqgThreadWaiter *zmqg_thread_waiter_ref (ZmqgThreadWaiter *self);
ZMQG_SHARED
void zmqg_thread_waiter_unref (ZmqgThreadWaiter *self);

/* This thread's waiter, made at its first use; while it is in a list another
 * one: a call that waits may run a free function of the user's, which calls
 * again. The child of a fork has one of its own: what the parent is signalled
 * with is not to wake the child, or to be taken by it. %NULL with @error set when
 * the process is out of descriptors. */
ZMQG_SHARED
ZmqgThreadWaiter *zmqg_thread_waiter_get (GError **error);

/* One that is no thread's. */
ZMQG_SHARED
ZmqgThreadWaiter *zmqg_thread_waiter_new (GError **error);

/* This thread's, for a wait that has other waiters signal it and does not list
 * it: until it is released it counts as listed. No signal is pending. */
ZMQG_SHARED
ZmqgThreadWaiter *zmqg_thread_waiter_claim (GError **error);
ZMQG_SHARED
void zmqg_thread_waiter_release (ZmqgThreadWaiter *self);

/* Any thread. */
ZMQG_SHARED
void zmqg_thread_waiter_signal (ZmqgThreadWaiter *self);

/* Forgets signals that came before. */
ZMQG_SHARED
void zmqg_thread_waiter_clear (ZmqgThreadWaiter *self);

/* ppoll () until @deadline (monotonic microseconds, -1 for none). @mask is
 * nullable. */
ZMQG_SHARED
int zmqg_ppoll (GPollFD *fds, guint n, gint64 deadline, const sigset_t *mask);

typedef enum
{
  ZMQG_WOKEN_LATE, /* the deadline has passed */
  ZMQG_WOKEN,
  ZMQG_WOKEN_BY_SIGNAL, /* a POSIX one */
} ZmqgWoken;

/* Sleeps until signalled, a POSIX signal arrives, or @deadline (monotonic
 * microseconds, -1 for none). */
ZmqgWoken zmqg_thread_waiter_wait (ZmqgThreadWaiter *self, gint64 deadline);

/* The same, but returns also when the descriptor (-1 for none) is readable. */
ZmqgWoken zmqg_thread_waiter_wait_beside (ZmqgThreadWaiter *self, int fd,
                                          gint64 deadline);
