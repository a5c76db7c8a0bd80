/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-context-private.h"

#include "compat/compat-error-private.h"
#include "compat/compat-graveyard-private.h"
#include "compat/compat-monitor-private.h"
#include "compat/compat-releaser-private.h"
#include "compat/zmqg-zmq.h"

CompatContext *
compat_context_get (void *handle)
{
  CompatContext *self = handle;

  if (self != NULL && atomic_load (&self->tag) == COMPAT_CONTEXT_ALIVE)
    return self;

  errno = EFAULT;
  return NULL;
}

static GQuark
handle_quark (void)
{
  return g_quark_from_static_string ("zmqg-zmq-handle");
}

static CompatContext *
handle_new (ZmqgContext *context)
{
  CompatContext *self = g_new0 (CompatContext, 1);

  atomic_init (&self->tag, COMPAT_CONTEXT_ALIVE);
  atomic_init (&self->refs, 1);
  self->context = context;
  self->core = zmqg_context_get_core (context);
  zmqg_lock_init (&self->lock);
  self->sockets = g_ptr_array_new ();
  self->max_sockets = ZMQ_MAX_SOCKETS_DFLT;
  self->max_message_size = G_MAXINT;
  self->zero_copy = TRUE;
  return self;
}

void *
zmq_ctx_new (void)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  GError *error = NULL;
  CompatContext *self;

  /* What its calls wait with, while it can still be said that there is none:
   * libzmq's contexts and sockets take descriptors, too. */
  if (zmqg_thread_waiter_get (&error) == NULL)
    {
      compat_fail_with (error);
      return NULL;
    }

  self = handle_new (zmqg_context_new ());
  self->holds = TRUE;
  g_object_set_qdata (G_OBJECT (self->context), handle_quark (), self);
  /* The handles are counted here: closed ones not until they are gone. */
  g_object_set (self->context, "max-sockets", G_MAXINT,
                "max-message-size", (gint64) -1, NULL);
  return self;
}

void
compat_context_unref (CompatContext *self)
{
  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  g_clear_pointer (&self->sockets, g_ptr_array_unref);
  g_clear_pointer (&self->name_prefix, g_free);
  zmqg_lock_clear (&self->lock);
  compat_bury (self);
}

static void
handle_free (gpointer data)
{
  CompatContext *self = data;

  atomic_store (&self->tag, COMPAT_DEAD);
  compat_releaser_stop (self);
  compat_context_unref (self);
}

static void
free_with_object (gpointer data,
                  GObject *object G_GNUC_UNUSED)
{
  handle_free (data);
}

/* Handles of sockets that the other face closed may still be closed. They refer
 * to this one, and have references to the object. */
static void
handle_end (CompatContext *self)
{
  gboolean has_sockets;

  g_object_steal_qdata (G_OBJECT (self->context), handle_quark ());
  zmqg_lock (&self->lock);
  has_sockets = self->sockets->len > 0;
  zmqg_unlock (&self->lock);
  if (!has_sockets)
    {
      handle_free (self);
      return;
    }

  atomic_store (&self->tag, COMPAT_DEAD);
  compat_releaser_stop (self);
  g_object_weak_ref (G_OBJECT (self->context), free_with_object, self);
}

int
zmq_ctx_shutdown (void *context_)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  CompatContext *self = compat_context_get (context_);

  if (self == NULL)
    return -1;

  zmqg_context_shutdown (self->context);
  return 0;
}

int
zmq_ctx_term (void *context_)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  CompatContext *self = compat_context_get (context_);
  ZmqgContext *context;
  GError *error = NULL;
  gboolean interrupted = FALSE;

  if (self == NULL)
    return -1;
  if (zmqg_context_core_is_forked (self->core))
    return compat_fail (EINTR);

  zmqg_context_shutdown (self->context);
  compat_monitors_stop (self);
  if (!zmqg_context_core_wait_for_end (self->core, NULL, &interrupted,
                                       &error))
    return compat_fail_with (error);
  if (interrupted)
    return compat_fail (EINTR);
  if (!zmqg_context_terminate (self->context, NULL, &error))
    return compat_fail_with (error);

  /* The other face may have more references. */
  context = self->holds ? self->context : NULL;
  handle_end (self);
  g_clear_object (&context);
  return 0;
}

void *
zmq_init (int io_threads_)
{
  void *context;

  if (io_threads_ < 0)
    {
      errno = EINVAL;
      return NULL;
    }

  context = zmq_ctx_new ();
  if (context != NULL)
    zmq_ctx_set (context, ZMQ_IO_THREADS, io_threads_);
  return context;
}

int
zmq_term (void *context_)
{
  return zmq_ctx_term (context_);
}

int
zmq_ctx_destroy (void *context_)
{
  return zmq_ctx_term (context_);
}

/* --- The other face -------------------------------------------------------- */

/**
 * zmqg_context_from_zmq: (skip)
 * @handle: a handle of `zmq_ctx_new ()`
 *
 * The object behind a handle of the plain C API.
 *
 * Returns: (transfer none) (nullable): the context, as long as the handle is
 *   not terminated; %NULL when @handle is none
 *
 * Since: 1.0
 */
ZmqgContext *
zmqg_context_from_zmq (void *handle)
{
  CompatContext *self = compat_context_get (handle);

  return self != NULL ? self->context : NULL;
}

/**
 * zmqg_context_to_zmq: (skip)
 * @context: a context
 *
 * The handle of the plain C API of a context, for `zmq_socket ()`. It lives as
 * long as @context, or until `zmq_ctx_term ()`.
 *
 * With #ZmqgContext:engine-mode %ZMQG_ENGINE_MODE_MAIN_CONTEXT calls that
 * wait, `zmq_poll ()` and `zmq_poller_wait ()` among them, let the engine work.
 * Who waits with a `poll ()` of its own, for the descriptor of `ZMQ_FD` or
 * `zmq_poller_fd ()`, needs a main loop that runs.
 *
 * Returns: (not nullable): the handle
 *
 * Since: 1.0
 */
void *
zmqg_context_to_zmq (ZmqgContext *context)
{
  static ZmqgLock lock = ZMQG_LOCK_INIT;
  CompatContext *self;

  g_return_val_if_fail (ZMQG_IS_CONTEXT (context), NULL);

  zmqg_lock (&lock);
  self = g_object_get_qdata (G_OBJECT (context), handle_quark ());
  if (self == NULL)
    {
      self = handle_new (context);
      g_object_set_qdata_full (G_OBJECT (context), handle_quark (), self,
                               handle_free);
    }
  zmqg_unlock (&lock);

  return self;
}
