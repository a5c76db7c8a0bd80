/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

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
 * Its memory outlives it (see compat-graveyard), so that a call with a handle
 * that was closed finds the tag. A call holds a reference.
 */
typedef struct
{
  atomic_uint tag;        /* COMPAT_SOCKET_ALIVE or COMPAT_DEAD */
  atomic_uint refs;       /* the handle's, and of calls */
  atomic_bool destroyed;  /* refs was 0 */
  gboolean is_driven;     /* the context's engine has no thread; constant */
  ZmqgSocket *socket;     /* counted */
  ZmqgSocketCore *core;   /* the socket's */
  CompatContext *context;
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
} CompatSocket;

#define COMPAT_SOCKET_ALIVE 0xBADDECAFu

#define COMPAT_OUTGOING 0x1u
#define COMPAT_INCOMING 0x2u

void compat_socket_destroy (CompatSocket *self);

static inline void
compat_socket_leave (CompatSocket *self)
{
  if (G_UNLIKELY (atomic_fetch_sub_explicit (&self->refs, 1,
                                             memory_order_acq_rel) == 1))
    compat_socket_destroy (self);
}

CompatSocket *compat_socket_refuse (void);

/* Begins a call: the socket behind a handle, to be left; %NULL with errno
 * ENOTSOCK when it is none. */
static inline CompatSocket *
compat_socket_enter (void *handle)
{
  CompatSocket *self = handle;

  if (G_UNLIKELY (self == NULL || atomic_load_explicit (
                                    &self->tag, memory_order_relaxed) !=
                                    COMPAT_SOCKET_ALIVE))
    return compat_socket_refuse ();

  /* Acquire, seq_cst: closing sets the tag before it drops its reference. */
  atomic_fetch_add (&self->refs, 1);
  if (G_UNLIKELY (atomic_load (&self->tag) != COMPAT_SOCKET_ALIVE))
    {
      compat_socket_leave (self);
      return compat_socket_refuse ();
    }

  return self;
}

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

/* Before a view is sent: what it refers to may be the program's memory, be it
 * that another socket received it as it is. */
void compat_socket_keep_view (CompatSocket *self, ZmqgFrameView *view);

/* 0, or -1 with errno. */
int compat_socket_send_views (CompatSocket *self, const ZmqgFrameView *views,
                              guint n, ZmqgSendFlags step, int flags);

/* Forgets a message of which not all frames were sent. */
void compat_socket_drop_outgoing (CompatSocket *self);
