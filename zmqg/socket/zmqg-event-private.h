/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-event-report-private.h"
#include "socket/zmqg-event.h"

/* A copy of what is reported, with references to what it names. No GObject is
 * made: any thread. */
ZmqgEvent *zmqg_event_new (const ZmqgEventReport *report);
