/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "compat/compat-calls-private.h"
#include "compat/compat-context-private.h"
#include "compat/compat-message-private.h"
#include "socket/zmqg-socket-private.h"

typedef struct _CompatMonitor CompatMonitor;

/* Lines of the table of options, at most. */
#define COMPAT_OPTIONS_MAX 80

/*
 * CompatSocket: what zmq_socket () returns: a view of a ZmqgSocket, and what
 * the API has that messages of many frames have not: the frames of one that is
 * not complete.
 *
 * A call that uses one keeps it from being destroyed: for the time of the call
 * by what its thread notes (see CompatCalls), or for as long as it likes by a
 * reference. Its memory is never freed, only used for another one, the oldest
 * first: so whoever has a handle that was closed finds the tag.
 */
struct _CompatSocket
{
  atomic_uint tag;  /* COMPAT_SOCKET_ALIVE or COMPAT_DEAD */
  atomic_uint refs; /* the handle's, and those of hold () */
  atomic_uint life; /* grows when it begins, which makes it even, and when it
                     * is destroyed */
  CompatSocket *next_dead;

  gboolean is_driven;     /* the context's engine has no thread; constant */
  ZmqgSocket *socket;     /* counted */
  ZmqgSocketCore *core;   /* counted, the same */
  CompatContext *context; /* counted */
  atomic_uint partial;    /* COMPAT_OUTGOING, COMPAT_INCOMING */
  atomic_bool more;       /* of the frame received last */
  _Atomic (ZmqgThreadWaiter *) fd; /* for ZMQ_FD; NULL until asked for */
  _Atomic (GSource *) release_source; /* see compat-releaser; the same */

  ZmqgLock lock;          /* guards what follows */
  GArray *outgoing;       /* of CompatMessage: the frames sent so far */
  ZmqgMessage *incoming;  /* of which frames are to be received yet */
  guint next_frame;
  CompatMonitor *monitor; /* nullable */
  int kept[COMPAT_OPTIONS_MAX]; /* options without effect, less the default */
};

#define COMPAT_SOCKET_ALIVE 0xBADDECAFu

#define COMPAT_OUTGOING 0x1u
#define COMPAT_INCOMING 0x2u

/* --- Handles in use ------------------------------------------------------- */

/* A new one, all zero but for the reference that is the handle's; it is alive
 * once the tag says so. %NULL without memory. */
CompatSocket *compat_socket_alloc (void);

/* The last to have used it has gone. */
void compat_socket_destroy (CompatSocket *self);

/* For who destroyed it. */
void compat_socket_free (CompatSocket *self);

/* Nobody shall find it any more; what it was destroys itself once nobody uses
 * it. %FALSE when another thread was faster. */
gboolean compat_socket_end (CompatSocket *self);

/* Destroys what was ended, if nobody uses it, and it is still what it was in
 * that life. */
void compat_socket_try_destroy (CompatSocket *self, guint life);

CompatSocket *compat_socket_refuse (void);

/* The socket behind a handle, with a reference; %NULL with errno ENOTSOCK when
 * it is none. */
CompatSocket *compat_socket_hold (void *handle);
void compat_socket_drop (CompatSocket *self);

CompatSocket *compat_socket_enter_slowly (CompatSocket *self);

static inline gboolean
compat_socket_is_alive (CompatSocket *self)
{
  return atomic_load_explicit (&self->tag, memory_order_acquire) ==
         COMPAT_SOCKET_ALIVE;
}

/* Ends a call: the last one that was begun. */
static inline void
compat_socket_leave (CompatSocket *self)
{
  CompatCalls *calls = compat_calls;
  guint life = atomic_load_explicit (&self->life, memory_order_relaxed);
  guint depth = --calls->depth;

  if (G_UNLIKELY (depth >= COMPAT_CALLS_MAX))
    {
      compat_socket_drop (self);
      return;
    }

  /* Release pairs with the look of who destroys it. */
  atomic_store_explicit (&calls->used[depth], NULL, memory_order_release);
  /* Pairs with the barrier in try_destroy (): they see that we have left, or
   * we that it has ended. */
  zmqg_barrier_light ();
  if (G_UNLIKELY (!compat_socket_is_alive (self)))
    compat_socket_try_destroy (self, life);
}

/* Begins a call: the socket behind a handle, to be left by the same thread;
 * %NULL with errno ENOTSOCK when it is none. */
static inline CompatSocket *
compat_socket_enter (void *handle)
{
  CompatSocket *self = handle;
  CompatCalls *calls = compat_calls;

  if (G_UNLIKELY (self == NULL || !compat_socket_is_alive (self)))
    return compat_socket_refuse ();
  if (G_UNLIKELY (calls == NULL || calls->depth >= COMPAT_CALLS_MAX))
    return compat_socket_enter_slowly (self);

  atomic_store_explicit (&calls->used[calls->depth++], self,
                         memory_order_relaxed);
  /* As in leave (). */
  zmqg_barrier_light ();
  if (G_UNLIKELY (!compat_socket_is_alive (self)))
    {
      compat_socket_leave (self);
      return compat_socket_refuse ();
    }

  return self;
}

/* --- Sockets -------------------------------------------------------------- */

static inline gboolean
compat_socket_is_terminated (CompatSocket *self)
{
  return atomic_load_explicit (&self->core->terminated, memory_order_relaxed);
}

/* In the child of a fork. Another thread of the parent may have held one of
 * GLib's locks, so what the parent's sockets have of GLib is left alone. */
static inline gboolean
compat_socket_is_forked (CompatSocket *self)
{
  return zmqg_context_core_is_forked (self->core->context);
}

/* Which of @events (ZMQ_POLLIN, ZMQ_POLLOUT) hold now. What does not hold wakes
 * whoever waits at the socket's inbox once it may. An engine without a thread
 * is the caller's to drive. */
short compat_socket_look (CompatSocket *self, short events);

/* For ZMQ_EVENTS: what holds now. Has the descriptor say nothing until
 * something happens. */
short compat_socket_process (CompatSocket *self);

/* The descriptor of ZMQ_FD; -1 with errno. */
int compat_socket_get_fd (CompatSocket *self);

/* Before a call says EAGAIN, and before EVENTS looks: the descriptor becomes
 * readable again when something happens from now on. */
static inline gboolean
compat_socket_has_fd (CompatSocket *self)
{
  return G_UNLIKELY (atomic_load_explicit (&self->fd, memory_order_acquire) !=
                     NULL);
}

void compat_socket_rearm_fd (CompatSocket *self);

/* The whole of a message, for those that pass it on: transfer full, %NULL with
 * errno. Frames before @first were received already. */
ZmqgMessage *compat_socket_receive (CompatSocket *self, int flags,
                                    guint *first);

/* What that gave could not be passed on, and is to be received next: takes the
 * message. */
void compat_socket_give_back (CompatSocket *self, ZmqgMessage *message,
                              guint first);

/* Before a view is sent: what it refers to may be the program's memory, be it
 * that another socket received it as it is. */
void compat_socket_keep_view (CompatSocket *self, ZmqgFrameView *view);

/* 0, or -1 with errno. */
int compat_socket_send_views (CompatSocket *self, const ZmqgFrameView *views,
                              guint n, ZmqgSendFlags step, int flags);

/* Forgets a message of which not all frames were sent. */
void compat_socket_drop_outgoing (CompatSocket *self);
