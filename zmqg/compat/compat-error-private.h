/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

/* Both set errno and return -1. */
int compat_fail (int code);

/* Frees the error. */
int compat_fail_with (GError *error);
