/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-req-socket.h"

/* Called once for each new socket: it gets a line of requests. */
void zmqg_req_request_prepare (ZmqgReqSocket *socket);
