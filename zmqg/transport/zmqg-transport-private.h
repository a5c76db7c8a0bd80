/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-link-private.h"

extern const ZmqgTransport zmqg_tcp_transport;
extern const ZmqgTransport zmqg_ipc_transport;
extern const ZmqgTransport zmqg_inproc_transport;
extern const ZmqgTransport zmqg_stream_transport;

/* The transport of a scheme (case-sensitive), or %NULL. */
const ZmqgTransport *zmqg_transport_find (const char *scheme);

/* The transport that listens with such a descriptor. */
const ZmqgTransport *zmqg_transport_find_for_fd (int fd, GError **error);
