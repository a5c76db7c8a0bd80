/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

/*
 * ZmqgReactor: the descriptors and timers of an engine, as one GSource of its
 * context. Descriptors sit in an epoll set, so that idle ones cost nothing;
 * where there is no epoll each is a GSource of its own. Used in the engine's
 * context only.
 */
typedef struct _ZmqgReactor ZmqgReactor;
typedef struct _ZmqgFdWatch ZmqgFdWatch;
typedef struct _ZmqgTimer ZmqgTimer;

/* A watch is a member of what owns the descriptor. */
struct _ZmqgFdWatch
{
  int fd;
  GIOCondition condition; /* 0: not in the poll set */
  void (*ready) (ZmqgFdWatch *watch, GIOCondition condition);
  GSource *source; /* without epoll */
};

struct _ZmqgTimer
{
  gint64 deadline; /* monotonic, µs */
  guint position;  /* in the heap, from 1; 0 = not running */
  void (*expired) (ZmqgTimer *timer);
};

/* %NULL with @error when the process has no descriptor for it. */
ZmqgReactor *zmqg_reactor_new (GMainContext *context, GError **error);
void zmqg_reactor_free (ZmqgReactor *self);

/* Waits for @condition (G_IO_IN, G_IO_OUT, or 0 to leave the poll set);
 * errors and hang-ups are always reported while it is not 0. */
void zmqg_reactor_watch (ZmqgReactor *self, ZmqgFdWatch *watch,
                         GIOCondition condition);

/* Any thread: takes out a descriptor that is about to be closed while a watch
 * still names it; the engine forgets that later. Not while the engine changes
 * the watch. %TRUE when a poll () that has begun may hold it still. */
gboolean zmqg_reactor_take_out (ZmqgReactor *self, ZmqgFdWatch *watch);

/* The descriptor was taken out and closed: its number may be another's. */
void zmqg_reactor_forget (ZmqgReactor *self, ZmqgFdWatch *watch);

/* (Re)starts a timer that expires in @msec. */
void zmqg_reactor_start_timer (ZmqgReactor *self, ZmqgTimer *timer,
                               guint msec);
void zmqg_reactor_stop_timer (ZmqgReactor *self, ZmqgTimer *timer);

static inline gboolean
zmqg_timer_is_running (const ZmqgTimer *timer)
{
  return timer->position != 0;
}
