/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "transport/zmqg-dial-private.h"

/* As ZmqgDialKind.negotiate: the link leads to a SOCKS 5 proxy (RFC 1928,
 * 1929), which is to connect to the address of the dial. It looks the name
 * up. */
void zmqg_socks_negotiate (ZmqgDial *dial, ZmqgLink *link,
                           GCancellable *cancellable);
