/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-context-core-private.h"

typedef struct _CompatReleaser CompatReleaser;

/*
 * CompatContext: what zmq_ctx_new () returns: a view of a ZmqgContext.
 */
typedef struct
{
  atomic_uint tag; /* COMPAT_CONTEXT_ALIVE or COMPAT_DEAD */
  atomic_uint refs; /* the handle's, and those of sockets: a call with one may
                     * go on for a moment when both were ended */
  gboolean holds; /* a reference to: */
  ZmqgContext *context;
  ZmqgContextCore *core;
  atomic_uint n_monitors; /* of sockets */

  ZmqgLock lock;        /* guards what follows */
  GPtrArray *sockets;   /* open, borrowed CompatSocket */
  guint max_sockets;    /* as set; and since the first socket: */
  guint socket_limit;   /* the one that counts; 0 before */
  int max_message_size; /* as set: nothing follows from it */
  gboolean zero_copy;   /* the same */
  char *name_prefix;    /* nullable */
  CompatReleaser *releaser; /* nullable: not needed yet */
} CompatContext;

#define COMPAT_CONTEXT_ALIVE 0xABADCAFEu
#define COMPAT_DEAD 0xDEADBEEFu

/* The context behind a handle; %NULL with errno EFAULT when it is none. */
CompatContext *compat_context_get (void *handle);

static inline CompatContext *
compat_context_ref (CompatContext *self)
{
  atomic_fetch_add_explicit (&self->refs, 1, memory_order_relaxed);
  return self;
}

void compat_context_unref (CompatContext *self);
