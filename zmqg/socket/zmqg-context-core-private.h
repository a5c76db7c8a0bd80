/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-fork-private.h"
#include "base/zmqg-shared-private.h"
#include "engine/zmqg-thread-options-private.h"
#include "pipe/zmqg-inbox-private.h"
#include "socket/zmqg-context.h"
#include "transport/zmqg-inproc-private.h"

/*
 * ZmqgContextCore: what sockets and sessions share of a context: the engines
 * and the inproc names. Counted; goes on until the last message has been
 * sent, also when the ZmqgContext is gone.
 */
typedef struct _ZmqgContextCore ZmqgContextCore;

/* A socket that is open. */
typedef struct _ZmqgContextMember ZmqgContextMember;

struct _ZmqgContextMember
{
  /* The context was shut down: wakes everybody who waits. Any thread, the
   * context's lock held; takes leaf locks only. */
  void (*shutdown) (ZmqgContextMember *member);

  /* Guarded by the context's lock. */
  gboolean listed;
  gboolean joined; /* counts */
};

struct _ZmqgContextCore
{
  atomic_uint refs;
  ZmqgEngineMode mode;
  ZmqgInprocRegistry *inproc;
  guint generation; /* of fork, at the making */
  atomic_bool is_shut_down;

  ZmqgLock lock; /* guards what follows */
  char *name_prefix;  /* of threads, nullable */
  guint io_threads;
  guint max_sockets;
  ZmqgThreadOptions thread_options; /* of those that are started later */
  gboolean ipv6;
  gboolean blocky; /* sockets linger for ever by default */
  gint64 max_message_size;
  GPtrArray *engines; /* NULL until the first endpoint needs one; then one
                       * for each thread, NULL until that is needed */
  guint next_engine;
  GPtrArray *members; /* sockets that are open, borrowed */
  guint n_joined;     /* of them, those that bound or connected */

  ZmqgInbox waiters; /* for the end of sockets and sessions */
  atomic_uint alive; /* sockets that are open, and sessions */
};

ZmqgContextCore *zmqg_context_core_new (ZmqgEngineMode mode);
ZmqgContextCore *zmqg_context_core_ref (ZmqgContextCore *self);
void zmqg_context_core_unref (ZmqgContextCore *self);

/* Until it is removed the member is told of a shutdown, and termination waits
 * for it. One that comes after the shutdown can do nothing, and is not waited
 * for. */
void zmqg_context_core_add_member (ZmqgContextCore *self,
                                   ZmqgContextMember *member);
void zmqg_context_core_remove_member (ZmqgContextCore *self,
                                      ZmqgContextMember *member);

/* It binds or connects: from now on it counts. Refused with TERMINATED, or
 * NO_RESOURCES over max-sockets. */
gboolean zmqg_context_core_join (ZmqgContextCore *self,
                                 ZmqgContextMember *member, GError **error);

/* Something that termination waits for begins, or ends. */
ZMQG_SHARED
void zmqg_context_core_hold (ZmqgContextCore *self);
ZMQG_SHARED
void zmqg_context_core_drop (ZmqgContextCore *self);

/* An engine for a new endpoint, started if need be; borrowed: one of those
 * that have their bit in @affinity, or any when it is 0. Driven, where it has
 * no thread, by @context. */
ZmqgEngine *zmqg_context_core_get_engine (ZmqgContextCore *self,
                                          guint64 affinity,
                                          GMainContext *context,
                                          GError **error);

/* Not threaded: the engine that a call has to drive while it waits, counted
 * since the context may be terminated meanwhile; %NULL when there is none
 * (yet). */
ZmqgEngine *zmqg_context_core_dup_driven (ZmqgContextCore *self);

/* Not threaded: does what the engine can do without waiting. %FALSE where there
 * is none (yet). */
ZMQG_SHARED
gboolean zmqg_context_core_poll_engine (ZmqgContextCore *self);

void zmqg_context_core_shutdown (ZmqgContextCore *self);

/* Waits until @waiter is signalled, driving the engine if that is needed (a
 * signal does not end that then). */
ZmqgWoken zmqg_context_core_wait (ZmqgContextCore *self,
                                  ZmqgThreadWaiter *waiter, gint64 deadline);

/* ppoll (), which drives the engines of all @cores (not threaded) meanwhile; see
 * zmqg_engines_poll (). */
ZMQG_SHARED
int zmqg_context_cores_poll (ZmqgContextCore **cores, guint n_cores,
                             ZmqgThreadWaiter *waiter, GPollFD *fds,
                             guint n_fds, gint64 deadline,
                             const sigset_t *mask);

/* Waits until all sockets are closed and all sessions have ended. A POSIX signal
 * ends that, too, if @interrupted is given, which is then set. */
ZMQG_SHARED
gboolean zmqg_context_core_wait_for_end (ZmqgContextCore *self,
                                         GCancellable *cancellable,
                                         gboolean *interrupted,
                                         GError **error);

/* Ends the engines; waits for their threads with @join. */
void zmqg_context_core_stop_engines (ZmqgContextCore *self, gboolean join);

/* The child of a fork: nothing of the parent's may be touched. */
static inline gboolean
zmqg_context_core_is_forked (ZmqgContextCore *self)
{
  return G_UNLIKELY (zmqg_fork_get_generation () != self->generation);
}

ZMQG_SHARED
ZmqgContextCore *zmqg_context_get_core (ZmqgContext *self);
