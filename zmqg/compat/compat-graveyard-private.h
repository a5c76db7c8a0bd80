/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

/*
 * Handles that were closed: a program that uses one of them all the same is to
 * find their tag, as it would with libzmq most of the time. Their memory is
 * freed once so many others have followed them.
 */

/* Takes a block of g_malloc () that begins with a dead tag, and holds nothing
 * any more. Any thread. */
void compat_bury (gpointer block);
