/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-request.h"
#include "socket/zmqg-socket-core-private.h"

/*
 * ZmqgEnvelope: the frames in front of a request, which go in front of the
 * reply.
 */
typedef struct
{
  guint n;
  ZmqgFrameView views[]; /* of bytes that follow */
} ZmqgEnvelope;

/* %NULL when there is no memory. */
ZmqgEnvelope *zmqg_envelope_new (const ZmqgFrameView *views, guint n);

/* Takes message and envelope, and references to the core and the pipe. No
 * lock held. */
ZmqgRequest *zmqg_request_new (ZmqgSocketCore *core, ZmqgPipe *pipe,
                               ZmqgEnvelope *envelope, ZmqgMessage *message);
