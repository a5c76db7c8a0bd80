/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * How frames are written in the lines between a test and its peer. To make:
 *   =TEXT        the text, with %XX for what is not printable; may be empty
 *   *SIZE.SEED   SIZE bytes of a sequence that SEED chooses
 * To tell what arrived: =TEXT, or *SIZE:CHECKSUM when it is long.
 */

/* Makes the frame that @spec tells of; @spec is checked. */
guint8 *interop_frame_make (const char *spec, gsize *size);

/* Appends how a frame looks. */
void interop_frame_describe (GString *string, const guint8 *data, gsize size);

G_END_DECLS
