/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "compat/compat-socket-private.h"

#include <poll.h>

/*
 * What zmq_poll () and zmq_poller share.
 */

/* ms from now as monotonic µs; -1 for ever. */
gint64 compat_deadline (long timeout);

/* Waits until one of the descriptors has an event, or the deadline. Their
 * number, 0 at the deadline, or -1 with errno. @mask is nullable. */
int compat_ppoll (struct pollfd *fds, nfds_t n, gint64 deadline,
                  const sigset_t *mask);

/* Events of the API as those of poll (), and back: what was not asked for is
 * an error of the descriptor. */
short compat_to_poll (short events);
short compat_from_poll (short revents);
