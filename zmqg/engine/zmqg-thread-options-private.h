/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "engine/zmqg-engine-private.h"

/*
 * ZmqgThreadOptions: how the system is to treat an engine's thread.
 */
typedef struct
{
  ZmqgSchedulingPolicy policy;
  int priority; /* of the policy, or of nice (); -1 = leave */
  GArray *cpus; /* of guint: where it may run; empty = anywhere */
} ZmqgThreadOptions;

/* Has the engine's thread be treated so; waits for it. %FALSE when the system
 * refuses. An engine without a thread has nothing to apply. */
gboolean zmqg_thread_options_apply (const ZmqgThreadOptions *self,
                                    ZmqgEngine *engine, GError **error);
