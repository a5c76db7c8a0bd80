/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-errno-private.h"

#include <errno.h>

/* libzmq's own. */
#define ZMQG_ERRNO_BASE 156384712
#define ZMQG_EFSM (ZMQG_ERRNO_BASE + 51)
#define ZMQG_ENOCOMPATPROTO (ZMQG_ERRNO_BASE + 52)
#define ZMQG_ETERM (ZMQG_ERRNO_BASE + 53)

static int
from_zmqg_error (ZmqgError code)
{
  switch (code)
    {
    case ZMQG_ERROR_WOULD_BLOCK:
    case ZMQG_ERROR_TIMED_OUT:
      return EAGAIN;
    case ZMQG_ERROR_CLOSED:
      return ENOTSOCK;
    case ZMQG_ERROR_TERMINATED:
    case ZMQG_ERROR_FORKED:
      return ZMQG_ETERM;
    case ZMQG_ERROR_STATE:
      return ZMQG_EFSM;
    case ZMQG_ERROR_UNROUTABLE:
      return EHOSTUNREACH;
    case ZMQG_ERROR_NOT_SUPPORTED:
      return ENOTSUP;
    case ZMQG_ERROR_INVALID_ENDPOINT:
      return EINVAL;
    case ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED:
      return EPROTONOSUPPORT;
    case ZMQG_ERROR_INCOMPATIBLE:
      return ZMQG_ENOCOMPATPROTO;
    case ZMQG_ERROR_ADDRESS_IN_USE:
      return EADDRINUSE;
    case ZMQG_ERROR_ADDRESS_NOT_AVAILABLE:
      return EADDRNOTAVAIL;
    case ZMQG_ERROR_NO_DEVICE:
      return ENODEV;
    case ZMQG_ERROR_NOT_FOUND:
      return ENOENT;
    case ZMQG_ERROR_MESSAGE_TOO_LARGE:
      return EMSGSIZE;
    case ZMQG_ERROR_PROTOCOL:
    case ZMQG_ERROR_AUTHENTICATION:
      return EPROTO;
    case ZMQG_ERROR_PEER_LOST:
      return ECONNRESET;
    case ZMQG_ERROR_NO_RESOURCES:
      return EMFILE;
    default:
      return EIO;
    }
}

static int
from_io_error (GIOErrorEnum code)
{
  switch (code)
    {
    case G_IO_ERROR_NOT_FOUND:
      return ENOENT;
    case G_IO_ERROR_EXISTS:
      return EEXIST;
    case G_IO_ERROR_IS_DIRECTORY:
      return EISDIR;
    case G_IO_ERROR_NOT_DIRECTORY:
      return ENOTDIR;
    case G_IO_ERROR_FILENAME_TOO_LONG:
      return ENAMETOOLONG;
    case G_IO_ERROR_INVALID_FILENAME:
    case G_IO_ERROR_INVALID_ARGUMENT:
    case G_IO_ERROR_HOST_NOT_FOUND:
      return EINVAL;
    case G_IO_ERROR_PERMISSION_DENIED:
      return EACCES;
    case G_IO_ERROR_READ_ONLY:
      return EROFS;
    case G_IO_ERROR_NO_SPACE:
      return ENOMEM;
    case G_IO_ERROR_NOT_SUPPORTED:
      return ENOTSUP;
    case G_IO_ERROR_TIMED_OUT:
      return ETIMEDOUT;
    case G_IO_ERROR_WOULD_BLOCK:
    case G_IO_ERROR_BUSY:
      return EAGAIN;
    case G_IO_ERROR_ADDRESS_IN_USE:
      return EADDRINUSE;
    case G_IO_ERROR_CONNECTION_REFUSED:
      return ECONNREFUSED;
    case G_IO_ERROR_HOST_UNREACHABLE:
      return EHOSTUNREACH;
    case G_IO_ERROR_NETWORK_UNREACHABLE:
      return ENETUNREACH;
    case G_IO_ERROR_CONNECTION_CLOSED:
      return ECONNABORTED;
    case G_IO_ERROR_TOO_MANY_OPEN_FILES:
      return EMFILE;
    default:
      return EIO;
    }
}

int
zmqg_error_to_errno (const GError *error)
{
  if (error == NULL)
    return 0;
  if (error->domain == ZMQG_ERROR)
    return from_zmqg_error (error->code);
  if (error->domain == G_IO_ERROR)
    return from_io_error (error->code);
  return EIO;
}
