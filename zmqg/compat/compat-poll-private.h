/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "compat/compat-socket-private.h"

/*
 * What zmq_poll () and zmq_poller share.
 */

/* ms from now as monotonic µs; -1 for ever. */
gint64 compat_deadline (long timeout);

/* Events of the API as those of poll (), and back: what was not asked for is
 * an error of the descriptor. */
gushort compat_to_poll (short events);
short compat_from_poll (gushort revents);

/*
 * CompatDriven: the contexts of the sockets that are polled whose engine has no
 * thread: who polls drives it. Most programs have none.
 */
typedef struct
{
  ZmqgContextCore **cores; /* of the sockets, which are in use */
  guint n;
} CompatDriven;

void compat_driven_add (CompatDriven *self, CompatSocket *socket);
void compat_driven_clear (CompatDriven *self);

/* Does what the engines can do without waiting. */
void compat_driven_run (CompatDriven *self);

/* Waits until one of the descriptors has an event, or the deadline; the first
 * one is @thread's, which is signalled when an engine needs a driver. Returns
 * their number, -1 with errno, or 0, which may be early. @mask is nullable. */
int compat_driven_poll (CompatDriven *self, ZmqgThreadWaiter *thread,
                        GPollFD *fds, guint n, gint64 deadline,
                        const sigset_t *mask);
