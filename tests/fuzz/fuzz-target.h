/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

/* libFuzzer's name for it: runs one input, returns 0. */
int LLVMFuzzerTestOneInput (const guint8 *data,
                            gsize         size);
