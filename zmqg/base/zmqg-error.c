/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-error.h"

#include <stdatomic.h>

/**
 * zmqg_error_quark:
 *
 * Gets the error domain of zmqg.
 *
 * Returns: the quark behind %ZMQG_ERROR
 *
 * Since: 1.0
 */
GQuark
zmqg_error_quark (void)
{
  /* As G_DEFINE_QUARK does, which ThreadSanitizer takes for a race. */
  static _Atomic GQuark quark;
  GQuark value = atomic_load_explicit (&quark, memory_order_relaxed);

  if (G_UNLIKELY (value == 0))
    {
      value = g_quark_from_static_string ("zmqg-error-quark");
      atomic_store_explicit (&quark, value, memory_order_relaxed);
    }
  return value;
}

G_DEFINE_ENUM_TYPE (ZmqgError, zmqg_error,
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_WOULD_BLOCK, "would-block"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_TERMINATED, "terminated"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_STATE, "state"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_UNROUTABLE, "unroutable"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_NOT_SUPPORTED, "not-supported"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_INVALID_ENDPOINT, "invalid-endpoint"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED, "protocol-not-supported"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_INCOMPATIBLE, "incompatible"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_ADDRESS_IN_USE, "address-in-use"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_ADDRESS_NOT_AVAILABLE, "address-not-available"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_NO_DEVICE, "no-device"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_NOT_FOUND, "not-found"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_MESSAGE_TOO_LARGE, "message-too-large"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_PROTOCOL, "protocol"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_AUTHENTICATION, "authentication"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_PEER_LOST, "peer-lost"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_FORKED, "forked"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_TIMED_OUT, "timed-out"),
                    G_DEFINE_ENUM_VALUE (ZMQG_ERROR_NO_RESOURCES, "no-resources"))
