/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket/zmqg-endpoint.h"
#include "socket/zmqg-socket-core-private.h"

/* With one reference. Takes @uri and @address. */
ZmqgEndpointCore *zmqg_endpoint_core_new (ZmqgEndpointKind kind,
                                          const ZmqgTransport *transport,
                                          char *uri, char *address,
                                          ZmqgOptions *options);

/* The object of an endpoint: always the same one while somebody holds it.
 * Transfer full. Where user code may run, no lock held. */
ZmqgEndpoint *zmqg_endpoint_for_core (ZmqgEndpointCore *core);

/* The state or the error has changed: notifies, if there is an object. */
void zmqg_endpoint_core_notify (ZmqgEndpointCore *core);
