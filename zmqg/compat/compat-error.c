/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-error-private.h"

#include "base/zmqg-errno-private.h"
#include "compat/zmq.h"

#include <string.h>

int
compat_fail (int code)
{
  errno = code;
  return -1;
}

int
compat_fail_with (GError *error)
{
  int code = zmqg_error_to_errno (error);

  /* In the child of a fork the parent's sockets do nothing. */
  if (g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_FORKED))
    code = EINTR;
  g_error_free (error);
  return compat_fail (code);
}

int
zmq_errno (void)
{
  return errno;
}

const char *
zmq_strerror (int errnum_)
{
  switch (errnum_)
    {
    case EFSM:
      return "Operation cannot be accomplished in current state";
    case ENOCOMPATPROTO:
      return "The protocol is not compatible with the socket type";
    case ETERM:
      return "Context was terminated";
    case EMTHREAD:
      return "No thread available";
    case EHOSTUNREACH:
      return "Host unreachable";
    default:
      return strerror (errnum_);
    }
}

void
zmq_version (int *major_,
             int *minor_,
             int *patch_)
{
  *major_ = ZMQ_VERSION_MAJOR;
  *minor_ = ZMQ_VERSION_MINOR;
  *patch_ = ZMQ_VERSION_PATCH;
}
