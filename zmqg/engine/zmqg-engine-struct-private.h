/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-fork-private.h"
#include "engine/zmqg-engine-private.h"

/*
 * What the files of ZmqgEngine share: its fields, and the licence to run its
 * code.
 */

/* Polled descriptors of an engine's context: its own wake-up, the epoll set,
 * and what GIO adds meanwhile. */
#define ZMQG_ENGINE_FDS 8

struct _ZmqgEngine
{
  atomic_uint refs;
  ZmqgEngineMode mode;
  guint generation; /* of forks: what it was made in */
  GMainContext *context;
  ZmqgReactor *reactor;
  GThread *thread;
  ZmqgChunk *read_chunk;

  GSource *task_source;
  int wake_fd;          /* readable: there are tasks */
  gpointer wake_tag;
  atomic_uint turns;    /* taken by drivers */
  atomic_uint polls;    /* begun and ended: odd while one goes on */
  atomic_uint sleeping; /* nobody looks for tasks before it polls */
  ZmqgLock lock; /* a leaf: guards what follows */
  ZmqgEngineTask *first_task;
  ZmqgEngineTask *last_task;
  ZmqgEngineTask *first_later;
  ZmqgFdWatch later; /* a timer; -1 where the engine has no thread */
  GQueue drivers; /* of ZmqgThreadWaiter that would drive */
  ZmqgLock app_lock; /* before lock: a source that ends is not changed */
  GSource *app_source;
  GMainContext *app_context; /* borrowed; NULL once it has gone */
  gboolean stopping;
  gboolean stopped; /* nothing will run any more */
};

/* In the child of a fork: its descriptors, and the epoll set above all, are
 * those of the parent. */
static inline gboolean
zmqg_engine_is_forked (ZmqgEngine *self)
{
  return G_UNLIKELY (self->generation != zmqg_fork_get_generation ());
}

/* To have acquired the context is the licence to run engine code. %FALSE when
 * another thread has it, and in the child of a fork. */
gboolean zmqg_engine_acquire (ZmqgEngine *self);
void zmqg_engine_release (ZmqgEngine *self);

/* Whoever found the engine taken may try again. */
void zmqg_engine_call_driver (ZmqgEngine *self);

/* The descriptors that the context, which was prepared, polls with, and room for
 * one more: in @local, or in memory that the caller frees. */
GPollFD *zmqg_engine_query (ZmqgEngine *self, int priority,
                            GPollFD local[ZMQG_ENGINE_FDS + 1], int *n,
                            int *timeout);

/* One turn of the engine's context, which was acquired, with the descriptor of
 * the waiter (nullable) beside it, until the deadline (monotonic µs, -1 for
 * none) at the longest. A signal to the process ends the wait. %FALSE when there
 * was nothing to do. */
gboolean zmqg_engine_take_turn (ZmqgEngine *self, ZmqgThreadWaiter *waiter,
                                gint64 deadline);
