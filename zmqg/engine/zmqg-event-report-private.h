/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "engine/zmqg-peer-record-private.h"

/*
 * ZmqgEventReport: what a monitor is told, while it happens: on the stack of
 * who tells it, and everything in it borrowed. @value is libzmq's: a
 * descriptor (-1 when there is none), an errno, an interval in ms, a
 * ZmqgProtocolError or a status code, as the type has it; PIPES_STATS has two
 * others.
 */
typedef struct
{
  ZmqgEventType type;
  int value;
  ZmqgTag *endpoint;      /* nullable: MONITOR_STOPPED, BIND_FAILED */
  ZmqgPeerRecord *record; /* nullable: before the end of the handshake */
  const char *local;      /* nullable: not connected */
  const char *remote;     /* nullable: listening */
  const GError *error;    /* nullable */
  guint64 outbound;       /* PIPES_STATS: messages queued for the peer */
  guint64 inbound;        /* the same: that came from it */
} ZmqgEventReport;
