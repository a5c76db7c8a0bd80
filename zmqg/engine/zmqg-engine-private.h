/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "base/zmqg-lock-private.h"
#include "base/zmqg-waiter-private.h"
#include "engine/zmqg-reactor-private.h"
#include "message/zmqg-chunk-private.h"

#include <signal.h>

/*
 * ZmqgEngine: where input and output happen. It has a GMainContext of its
 * own; to have acquired that is the licence to run engine code. In threads
 * mode a thread holds it for its life; else whoever drives the engine does:
 * the application's main context, or a call that waits.
 */
typedef struct _ZmqgEngine ZmqgEngine;

/* Something to do in the engine: a member of what it concerns. */
typedef struct _ZmqgEngineTask ZmqgEngineTask;

struct _ZmqgEngineTask
{
  ZmqgEngineTask *next;
  gboolean queued; /* guarded by the engine's lock */
  /* Called in the engine; @task may be queued again from then on. */
  void (*run) (ZmqgEngineTask *task);
};

/* The global default main context; %NULL with @error when it is not there yet,
 * and the process has no descriptor for it. Borrowed. */
GMainContext *zmqg_engine_get_default_context (GError **error);

/* @name is of the thread; %NULL with @error when there is no descriptor or
 * no thread to be had. */
ZmqgEngine *zmqg_engine_new (ZmqgEngineMode mode, const char *name,
                             GError **error);
ZmqgEngine *zmqg_engine_ref (ZmqgEngine *self);
void zmqg_engine_unref (ZmqgEngine *self);

/* Ends the engine's thread, once nothing uses it any more; waits for it when
 * @join, never from the thread itself. Not threaded: stops being driven. What
 * is queued until then runs, and nothing can be queued behind that. */
void zmqg_engine_stop (ZmqgEngine *self, gboolean join);

ZmqgReactor *zmqg_engine_get_reactor (ZmqgEngine *self);
gboolean zmqg_engine_is_threaded (ZmqgEngine *self);

/* Any thread: has the task run in the engine, soon. %FALSE when it is queued
 * already, or the engine has stopped: a sender may have been about to tell a
 * session of what it wrote when that ended, and all others. The caller sees
 * to it that the task lives until it has run. */
gboolean zmqg_engine_queue (ZmqgEngine *self, ZmqgEngineTask *task);

/* The same, but a fraction of a millisecond later: for what will likely be
 * done by somebody else until then. Only what needs no driver to be awake
 * may wait so: where the engine has no thread the task runs soon. */
gboolean zmqg_engine_queue_later (ZmqgEngine *self, ZmqgEngineTask *task);

/* The same for one function call; the engine may not have stopped. */
void zmqg_engine_call (ZmqgEngine *self, void (*function) (gpointer data),
                       gpointer data);

/* Not threaded: has @context drive the engine, unless another one that
 * still exists does. Any thread. */
void zmqg_engine_attach (ZmqgEngine *self, GMainContext *context);

/* Waits until @waiter is signalled or the deadline (monotonic µs, -1 for
 * none) has passed, driving the engine meanwhile if it needs that. May
 * return early; %FALSE when the deadline has passed. */
ZmqgWoken zmqg_engine_wait (ZmqgEngine *self, ZmqgThreadWaiter *waiter,
                           gint64 deadline);

/*
 * ZmqgEngineTurn: one turn of an engine that is not threaded, in parts, for who
 * polls its descriptors beside others (zmqg-engine-poll.c).
 */
typedef struct
{
  ZmqgEngine *engine; /* borrowed */
  gboolean driving;   /* else another thread does */
  int priority;
  guint first;        /* of its descriptors among all that are polled */
  guint n;
} ZmqgEngineTurn;

/* Adds the engine's descriptors to @fds (of GPollFD), and lowers @timeout (ms,
 * -1 for ever) to when it has something to do. When another thread drives, it
 * signals @waiter at the end of its turn. */
void zmqg_engine_begin_turn (ZmqgEngine *self, ZmqgEngineTurn *turn,
                             ZmqgThreadWaiter *waiter, GArray *fds,
                             int *timeout);

/* The poll is over; before any engine that was part of it goes on. */
void zmqg_engine_end_poll (ZmqgEngineTurn *turn);

/* Does what there is to do. The turn that was begun last ends first. */
void zmqg_engine_end_turn (ZmqgEngineTurn *turn, ZmqgThreadWaiter *waiter,
                           const GArray *fds);

/* ppoll (), which drives the engines (not threaded) meanwhile, too: may
 * return early, also with 0. @waiter is signalled when one of them can be
 * driven that could not so far: its descriptor is among @fds. @deadline is in
 * monotonic µs, -1 for none; @mask is nullable. */
int zmqg_engines_poll (ZmqgEngine **engines, guint n_engines,
                       ZmqgThreadWaiter *waiter, GPollFD *fds, guint n_fds,
                       gint64 deadline, const sigset_t *mask);

/* Not threaded: does what can be done without waiting. */
void zmqg_engine_poll (ZmqgEngine *self);

/* Any thread: awaits the end of the poll () that was going on when the number
 * of the turn was got. Meanwhile something has to be queued, which ends it. */
guint zmqg_engine_get_turn (ZmqgEngine *self);
void zmqg_engine_await_polled (ZmqgEngine *self, guint turn);

/* A chunk of ZMQG_CHUNK_SIZE to read into, kept between reads; in the
 * engine. Whoever keeps a reference makes the engine take another next
 * time. %NULL when there is no memory. */
ZmqgChunk *zmqg_engine_get_read_chunk (ZmqgEngine *self);
