/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-lock-private.h"
#include "base/zmqg-shared-private.h"
#include "base/zmqg-waiter-private.h"
#include "pipe/zmqg-pipe-private.h"

/*
 * ZmqgInbox: where a socket is told what happened to its pipes, and who
 * waits for that. Its lock is a leaf: only that of a GMainContext is taken
 * below it.
 */
typedef struct
{
  ZmqgLock lock;
  atomic_uint pending; /* something is in the list */
  ZmqgPipe *first;     /* counted */
  ZmqgPipe *last;
  ZmqgWaiter *waiters; /* first come, first served */
  ZmqgWaiter *last_waiter;
  atomic_uint changes; /* see zmqg_inbox_get_changes () */
  atomic_uint n_consumers;
  gboolean closed; /* posts go nowhere */
} ZmqgInbox;

void zmqg_inbox_init (ZmqgInbox *self);
void zmqg_inbox_clear (ZmqgInbox *self);

/* Any thread. Tells the inbox, and wakes whom that concerns: all watchers,
 * and one consumer. %FALSE when the inbox is closed. */
gboolean zmqg_inbox_post (ZmqgInbox *self, ZmqgPipe *pipe, guint events);

/* A pipe with something to tell and what it is; transfer full, %NULL when
 * there is none. */
ZmqgPipe *zmqg_inbox_take (ZmqgInbox *self, guint *events);

/* The last of those that take () would return; borrowed, %NULL when there
 * is none. */
const ZmqgPipe *zmqg_inbox_get_last (ZmqgInbox *self);

static inline gboolean
zmqg_inbox_is_pending (ZmqgInbox *self)
{
  /* Relaxed: take () looks again under the lock. */
  return atomic_load_explicit (&self->pending, memory_order_relaxed);
}

/* Nothing is taken in any more; what is listed is dropped (which may run
 * user code, as the last reference to a pipe does). */
void zmqg_inbox_close (ZmqgInbox *self);

/* Nothing is taken in any more; what is listed can still be taken out. */
void zmqg_inbox_refuse (ZmqgInbox *self);

ZMQG_SHARED
void zmqg_inbox_add_waiter (ZmqgInbox *self, ZmqgWaiter *waiter,
                            guint interest, gboolean watcher);

/* A number that goes up with everything that a watcher would be told, and
 * whenever somebody found that nobody else waits: who looks first and is listed
 * later must look again when it has changed since before the look. */
static inline guint
zmqg_inbox_get_changes (ZmqgInbox *self)
{
  /* Acquire pairs with the release in note_change (): what it is about is there
   * for the look. */
  return atomic_load_explicit (&self->changes, memory_order_acquire);
}

/* A consumer that leaves with its wake-up unused hands it to the next. */
ZMQG_SHARED
void zmqg_inbox_remove_waiter (ZmqgInbox *self, ZmqgWaiter *waiter);

/* Whether consumers that came before a listed waiter wait for the same; and
 * whether it was woken itself. If those were not, or have looked since and found
 * nothing, it was in vain: it waits as before, and they are woken first. */
gboolean zmqg_inbox_stays_behind (ZmqgInbox *self, ZmqgWaiter *waiter,
                                  gboolean *woken);

/* The waiter is awake, and looks later: until then it keeps its place in the
 * line, but events need not signal it. */
void zmqg_inbox_waiter_acts (ZmqgInbox *self, ZmqgWaiter *waiter);

/* The waiter is about to look: later events wake it again. */
ZMQG_SHARED
void zmqg_inbox_waiter_looks (ZmqgInbox *self, ZmqgWaiter *waiter);

/* Wakes all watchers and one consumer that @interest concerns. */
ZMQG_SHARED
void zmqg_inbox_wake (ZmqgInbox *self, guint interest);

/* Wakes everybody: the socket is closing. */
void zmqg_inbox_wake_all (ZmqgInbox *self);

/* Whether anybody waits to take something. */
static inline gboolean
zmqg_inbox_has_consumers (ZmqgInbox *self)
{
  return atomic_load_explicit (&self->n_consumers, memory_order_relaxed) > 0;
}

/* Changes what a listed waiter wants to hear of. */
ZMQG_SHARED
void zmqg_inbox_set_interest (ZmqgInbox *self, ZmqgWaiter *waiter,
                              guint interest);

/* Whether anybody but @waiter (nullable) waits that @interest concerns, to
 * take something or to watch. */
gboolean zmqg_inbox_has_others (ZmqgInbox *self, const ZmqgWaiter *waiter,
                                guint interest);

/* Whether a consumer waits that @interest concerns. */
gboolean zmqg_inbox_is_awaited (ZmqgInbox *self, guint interest);

/* The owner operations of an end of a pipe whose owner is an inbox. */
extern const ZmqgPipeOwner zmqg_inbox_pipe_owner;
