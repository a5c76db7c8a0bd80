/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"

#include <glib.h>

/*
 * Z85 (RFC 32): four bytes, as one number in network order, are five digits of
 * base 85, all of which can be written in source code and on command lines.
 */

/* @size is a multiple of 4; @text has room for 5 / 4 of it, and a zero. */
ZMQG_SHARED
void zmqg_z85_encode_to (char *text, const guint8 *data, gsize size);

/* @data has room for 4 / 5 of @length. %FALSE when the length is no multiple
 * of 5, or 0, a character is no digit, or five are too large a number. */
ZMQG_SHARED
gboolean zmqg_z85_decode_to (guint8 *data, const char *text, gsize length);
