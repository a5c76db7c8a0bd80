/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What the kernel knows of a TCP socket of this process, asked of the
 * descriptor itself: which is the one between @local, 0 for any port, and
 * @remote, 0 for one that listens. (Two connections may have one port at the
 * other end, where that goes to two of ours.)
 *
 * Returns: (nullable): the number or name as text; %NULL while there is no
 *   such socket
 */
char *interop_descriptor_tell (guint local, guint remote, const char *what);

G_END_DECLS
