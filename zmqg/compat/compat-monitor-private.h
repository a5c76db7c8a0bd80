/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "compat/compat-socket-private.h"

/*
 * CompatMonitor: sends what happens to a socket to whoever connects to an
 * inproc name, from the threads in which it happens. None of them waits for
 * that: what cannot be sent yet is kept, up to a limit.
 */

/* Ends the socket's monitor, if it has one. */
void compat_monitor_stop (CompatSocket *self);

/* The same for all sockets of a context, which was shut down. */
void compat_monitors_stop (CompatContext *context);

/* A socket of the context has connected, perhaps to a monitor that has kept
 * something for it. */
void compat_monitors_flush (CompatContext *context);
