/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-error.h"
#include "base/zmqg-shared-private.h"

/* The number of the operating system, or of libzmq, that an error of ours or
 * of GIO stands for; EIO when there is none, 0 for %NULL. Several numbers
 * share a GError: this is the one that libzmq would most likely report. */
ZMQG_SHARED
int zmqg_error_to_errno (const GError *error);
