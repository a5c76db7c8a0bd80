/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "message/zmqg-block-private.h"
#include "message/zmqg-tag-private.h"

typedef struct _CompatSocket CompatSocket;
typedef struct _CompatContent CompatContent;

/* Calls of one thread within each other that are noted; those within them hold
 * a reference. */
#define COMPAT_CALLS_MAX 4

/*
 * CompatCalls: what is one thread's: what its calls use, the innermost last. To
 * note it here costs nothing, where counting made each call wait until the
 * processor had written all that the call before had stored.
 */
typedef struct _CompatCalls CompatCalls;

struct _CompatCalls
{
  _Alignas (ZMQG_CACHE_LINE) _Atomic (CompatSocket *) used[COMPAT_CALLS_MAX];
  guint depth;
  CompatContent *spare[ZMQG_BLOCK_SIZES]; /* for the next message, one of each
                                           * size; nullable */
  ZmqgTagStock tags; /* of the peer that a message was last dropped of */
  atomic_bool taken; /* by a thread */
  CompatCalls *next; /* of all there ever were */
};

/* In the static block: it is looked at with each message. */
extern __thread CompatCalls *compat_calls
  __attribute__ ((tls_model ("initial-exec")));
