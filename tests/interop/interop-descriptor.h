/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What the kernel knows of a TCP socket of this process, asked of the
 * descriptor itself: which is the one that is connected to @port, or, when
 * @what begins with "listener-", that listens on it.
 *
 * Returns: (nullable): the number or name as text; %NULL while there is no
 *   such socket
 */
char *interop_descriptor_tell (guint port, const char *what);

G_END_DECLS
