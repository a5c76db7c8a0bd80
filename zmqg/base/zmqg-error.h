/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-types.h"

G_BEGIN_DECLS

/**
 * ZMQG_ERROR:
 *
 * The error domain of zmqg. Cancellation and plain input and output errors
 * stay in %G_IO_ERROR.
 *
 * Since: 1.0
 */
#define ZMQG_ERROR (zmqg_error_quark ())

/**
 * ZmqgError:
 * @ZMQG_ERROR_WOULD_BLOCK: a try call found nothing to do (EAGAIN)
 * @ZMQG_ERROR_CLOSED: the socket was closed
 * @ZMQG_ERROR_TERMINATED: the context was shut down or terminated (ETERM)
 * @ZMQG_ERROR_STATE: not possible in the socket's current state (EFSM)
 * @ZMQG_ERROR_UNROUTABLE: no such peer (EHOSTUNREACH)
 * @ZMQG_ERROR_NOT_SUPPORTED: the socket type cannot do this (ENOTSUP)
 * @ZMQG_ERROR_INVALID_ENDPOINT: malformed endpoint (EINVAL)
 * @ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED: unknown transport (EPROTONOSUPPORT)
 * @ZMQG_ERROR_INCOMPATIBLE: the transport or the peer does not go with the
 *   socket type (ENOCOMPATPROTO)
 * @ZMQG_ERROR_ADDRESS_IN_USE: the address is taken (EADDRINUSE)
 * @ZMQG_ERROR_ADDRESS_NOT_AVAILABLE: not an address of this machine
 *   (EADDRNOTAVAIL)
 * @ZMQG_ERROR_NO_DEVICE: no such host or interface to bind to (ENODEV)
 * @ZMQG_ERROR_NOT_FOUND: no such endpoint (ENOENT)
 * @ZMQG_ERROR_MESSAGE_TOO_LARGE: over the maximum message size (EMSGSIZE)
 * @ZMQG_ERROR_PROTOCOL: the peer broke the protocol (EPROTO)
 * @ZMQG_ERROR_AUTHENTICATION: the peer refused, or was refused
 * @ZMQG_ERROR_PEER_LOST: the connection to the peer was lost
 * @ZMQG_ERROR_FORKED: used in the child of a fork
 * @ZMQG_ERROR_TIMED_OUT: the time set for the call is over
 * @ZMQG_ERROR_NO_RESOURCES: no thread, descriptor or memory for this (EMFILE,
 *   EMTHREAD, ENOMEM)
 *
 * Error codes of zmqg, with the errno that the plain C API reports for them.
 *
 * Since: 1.0
 */
typedef enum
{
  ZMQG_ERROR_WOULD_BLOCK,
  ZMQG_ERROR_CLOSED,
  ZMQG_ERROR_TERMINATED,
  ZMQG_ERROR_STATE,
  ZMQG_ERROR_UNROUTABLE,
  ZMQG_ERROR_NOT_SUPPORTED,
  ZMQG_ERROR_INVALID_ENDPOINT,
  ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED,
  ZMQG_ERROR_INCOMPATIBLE,
  ZMQG_ERROR_ADDRESS_IN_USE,
  ZMQG_ERROR_ADDRESS_NOT_AVAILABLE,
  ZMQG_ERROR_NO_DEVICE,
  ZMQG_ERROR_NOT_FOUND,
  ZMQG_ERROR_MESSAGE_TOO_LARGE,
  ZMQG_ERROR_PROTOCOL,
  ZMQG_ERROR_AUTHENTICATION,
  ZMQG_ERROR_PEER_LOST,
  ZMQG_ERROR_FORKED,
  ZMQG_ERROR_TIMED_OUT,
  ZMQG_ERROR_NO_RESOURCES,
} ZmqgError;

ZMQG_PUBLIC
GQuark zmqg_error_quark (void);

#define ZMQG_TYPE_ERROR (zmqg_error_get_type ())
ZMQG_PUBLIC
GType zmqg_error_get_type (void);

G_END_DECLS
