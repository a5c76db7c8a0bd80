/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-context-private.h"

#include "compat/compat-error-private.h"
#include "compat/zmq.h"

#include <stdlib.h>
#include <string.h>

/* zmq_ctx_set () and zmq_ctx_get (). */

/* The largest that MAX_SOCKETS is said to be able to be. */
#define SOCKET_LIMIT 65535

/* What has a property is set without the handle's lock: the program's handlers
 * of ::notify may call back. */

static gboolean
set_name_prefix (CompatContext *self,
                 const void *value,
                 gsize size)
{
  g_autofree char *prefix = NULL;
  int number;

  if (size == 0 || size > 16)
    return FALSE;

  if (size == sizeof number)
    {
      memcpy (&number, value, sizeof number);
      prefix = g_strdup_printf ("%d", number);
    }
  else
    {
      prefix = g_strndup (value, size);
    }

  zmqg_lock (&self->lock);
  g_free (self->name_prefix);
  self->name_prefix = g_strdup (prefix);
  zmqg_unlock (&self->lock);

  g_object_set (self->context, "thread-name-prefix", prefix, NULL);
  return TRUE;
}

/* One that is the handle's alone. */
static void
set_own (CompatContext *self,
         int option,
         int value)
{
  zmqg_lock (&self->lock);
  if (option == ZMQ_MAX_SOCKETS)
    self->max_sockets = (guint) value;
  else if (option == ZMQ_MAX_MSGSZ)
    self->max_message_size = value;
  else
    self->zero_copy = value != 0;
  zmqg_unlock (&self->lock);
}

static gboolean
set_int (CompatContext *self,
         int option,
         int value)
{
  GObject *context = G_OBJECT (self->context);

  if (value < 0)
    return FALSE;

  switch (option)
    {
    case ZMQ_IO_THREADS:
      g_object_set (context, "io-threads", (guint) value, NULL);
      return TRUE;
    case ZMQ_MAX_SOCKETS:
      if (value < 1)
        return FALSE;
      set_own (self, option, value);
      return TRUE;
    case ZMQ_THREAD_PRIORITY:
      g_object_set (context, "thread-priority", value, NULL);
      return TRUE;
    case ZMQ_THREAD_SCHED_POLICY:
      /* Any number, which the property does not take. */
      zmqg_lock (&self->core->lock);
      self->core->thread_options.policy = value;
      zmqg_unlock (&self->core->lock);
      return TRUE;
    case ZMQ_MAX_MSGSZ:
    case ZMQ_ZERO_COPY_RECV:
      set_own (self, option, value);
      return TRUE;
    case ZMQ_THREAD_AFFINITY_CPU_ADD:
      if (value < 1024)
        zmqg_context_add_thread_affinity (self->context, (guint) value);
      return value < 1024;
    case ZMQ_THREAD_AFFINITY_CPU_REMOVE:
      return zmqg_context_remove_thread_affinity (self->context,
                                                  (guint) value);
    case ZMQ_IPV6:
      g_object_set (context, "ipv6", value != 0, NULL);
      return TRUE;
    case ZMQ_BLOCKY:
      g_object_set (context, "blocky", value != 0, NULL);
      return TRUE;
    default:
      return FALSE;
    }
}

int
zmq_ctx_set_ext (void *context_,
                 int option_,
                 const void *optval_,
                 size_t optvallen_)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  CompatContext *self = compat_context_get (context_);
  gboolean set = FALSE;
  int value;

  if (self == NULL)
    return -1;

  if (optval_ != NULL && option_ == ZMQ_THREAD_NAME_PREFIX)
    {
      set = set_name_prefix (self, optval_, optvallen_);
    }
  else if (optval_ != NULL && optvallen_ == sizeof value)
    {
      memcpy (&value, optval_, sizeof value);
      set = set_int (self, option_, value);
    }

  return set ? 0 : compat_fail (EINVAL);
}

int
zmq_ctx_set (void *context_,
             int option_,
             int optval_)
{
  return zmq_ctx_set_ext (context_, option_, &optval_, sizeof optval_);
}

static gboolean
get_int (CompatContext *self,
         int option,
         int *value)
{
  ZmqgContextCore *core = self->core;
  gboolean known = TRUE;

  zmqg_lock (&core->lock);
  switch (option)
    {
    case ZMQ_IO_THREADS:
      *value = (int) core->io_threads;
      break;
    case ZMQ_MAX_SOCKETS:
      *value = (int) self->max_sockets;
      break;
    case ZMQ_SOCKET_LIMIT:
      *value = SOCKET_LIMIT;
      break;
    case ZMQ_THREAD_SCHED_POLICY:
      *value = core->thread_options.policy;
      break;
    case ZMQ_MAX_MSGSZ:
      *value = self->max_message_size;
      break;
    case ZMQ_MSG_T_SIZE:
      *value = sizeof (zmq_msg_t);
      break;
    case ZMQ_THREAD_NAME_PREFIX:
      *value = self->name_prefix != NULL ? atoi (self->name_prefix) : 0;
      break;
    case ZMQ_ZERO_COPY_RECV:
      *value = self->zero_copy;
      break;
    case ZMQ_IPV6:
      *value = core->ipv6;
      break;
    case ZMQ_BLOCKY:
      *value = core->blocky;
      break;
    default:
      known = FALSE;
    }
  zmqg_unlock (&core->lock);

  return known;
}

int
zmq_ctx_get_ext (void *context_,
                 int option_,
                 void *optval_,
                 size_t *optvallen_)
{
  CompatContext *self = compat_context_get (context_);
  gboolean got = FALSE;
  int value;

  if (self == NULL)
    return -1;
  if (optval_ == NULL || optvallen_ == NULL)
    return compat_fail (EINVAL);

  zmqg_lock (&self->lock);
  if (*optvallen_ == sizeof value)
    {
      got = get_int (self, option_, &value);
      if (got)
        memcpy (optval_, &value, sizeof value);
    }
  else if (option_ == ZMQ_THREAD_NAME_PREFIX)
    {
      gsize size = self->name_prefix != NULL ? strlen (self->name_prefix) : 0;

      /* Without a zero, as libzmq does it. */
      got = *optvallen_ >= size;
      if (got && size > 0)
        memcpy (optval_, self->name_prefix, size);
    }
  zmqg_unlock (&self->lock);

  return got ? 0 : compat_fail (EINVAL);
}

int
zmq_ctx_get (void *context_,
             int option_)
{
  CompatContext *self = compat_context_get (context_);
  gboolean got;
  int value;

  if (self == NULL)
    return -1;

  zmqg_lock (&self->lock);
  got = get_int (self, option_, &value);
  zmqg_unlock (&self->lock);

  return got ? value : compat_fail (EINVAL);
}
