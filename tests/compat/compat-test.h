/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <errno.h>
#include <glib.h>

/* A call of the plain C API that gives -1 with that errno. */
#define assert_fails(call, code) \
  G_STMT_START { \
    errno = 0; \
    g_assert_cmpint ((call), ==, -1); \
    g_assert_cmpint (errno, ==, (code)); \
  } G_STMT_END
