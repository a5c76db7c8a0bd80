/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

/* Splits "scheme://rest" into a copy of the scheme and the rest (a pointer
 * into @uri). Fails with INVALID_ENDPOINT when either is empty. */
gboolean zmqg_endpoint_text_split (const char *uri, char **scheme,
                                   const char **rest, GError **error);
