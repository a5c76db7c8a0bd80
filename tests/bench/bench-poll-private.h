/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */
#pragma once

#include "bench-worker-private.h"

/* The part of bench-libzmq.c that polls: BenchLibrary.poll_many. */
gint64 bench_poll_many (gpointer context,
                        const char *uri,
                        const BenchOptions *options,
                        GArray *samples,
                        BenchSpan *span);
