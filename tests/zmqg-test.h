/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef gboolean (*ZmqgTestCondition) (gpointer user_data);

void     zmqg_test_turn     (GMainContext      *context);
gboolean zmqg_test_await    (GMainContext      *context,
                             ZmqgTestCondition  condition,
                             gpointer           user_data,
                             guint              deadline_ms);
guint    zmqg_test_fd_count (void);
char    *zmqg_test_tmpdir   (void);

/* An address of the loopback that no other process of the tests uses: what ran
 * before, or runs beside, may still try to connect to a port that is given
 * out again. */
const char *zmqg_test_loopback (void);

void     zmqg_test_rmdir    (const char        *path);

/* Waits until @expr holds, and fails the test when it does not within
 * @deadline_ms. The thread-default main context runs meanwhile. */
#define ZMQG_TEST_AWAIT(expr, deadline_ms)                                    \
  G_STMT_START                                                                \
  {                                                                           \
    gint64 zmqg_test_until                                                    \
      = g_get_monotonic_time () + (gint64) (deadline_ms) * 1000;              \
    while (!(expr))                                                           \
      {                                                                       \
        if (g_get_monotonic_time () > zmqg_test_until)                        \
          g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC,   \
                               "not within " #deadline_ms " ms: " #expr);     \
        zmqg_test_turn (NULL);                                                \
      }                                                                       \
  }                                                                           \
  G_STMT_END

G_END_DECLS
