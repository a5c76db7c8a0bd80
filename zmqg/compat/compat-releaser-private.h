/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "compat/compat-socket-private.h"

/*
 * CompatReleaser: a context's thread that calls the free functions of memory
 * that was sent, when the peer or the kernel has it. A program may wait for
 * that without another call, and no I/O thread runs its code. It is there from
 * the first message on that has such memory.
 */

/* What the socket sends from now on may refer to the program's memory. %FALSE
 * when there is no thread or descriptor for that: then it is copied. */
gboolean compat_releaser_watch (CompatSocket *self);

/* The socket is destroyed. */
void compat_releaser_leave (CompatSocket *self);

/* The context has ended: frees what is left. */
void compat_releaser_stop (CompatContext *context);
