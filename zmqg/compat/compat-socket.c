/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-socket-private.h"

#include "base/zmqg-error.h"
#include "compat/compat-error-private.h"
#include "compat/compat-monitor-private.h"
#include "compat/compat-releaser-private.h"
#include "compat/zmqg-zmq.h"
#include "socket/zmqg-socket-types-private.h"

#include <unistd.h>

/* --- Handles ------------------------------------------------------------- */

static GQuark
handle_quark (void)
{
  return g_quark_from_static_string ("zmqg-zmq-handle");
}

/* Takes the reference; %NULL without memory. */
static CompatSocket *
handle_new (ZmqgSocket *socket,
            CompatContext *context)
{
  CompatSocket *self = compat_socket_alloc ();

  if (self == NULL)
    {
      g_object_unref (socket);
      return NULL;
    }

  self->socket = socket;
  self->core = zmqg_socket_core_ref (socket->core);
  self->context = compat_context_ref (context);
  self->is_driven = self->core->context->mode != ZMQG_ENGINE_MODE_THREADS;
  zmqg_lock_init (&self->lock);
  g_object_set_qdata (G_OBJECT (socket), handle_quark (), self);
  atomic_store (&self->tag, COMPAT_SOCKET_ALIVE);
  return self;
}

static void
release_frames (GArray *frames)
{
  for (guint i = 0; i < frames->len; i++)
    compat_message_release (&g_array_index (frames, CompatMessage, i));
  g_array_unref (frames);
}

void
compat_socket_destroy (CompatSocket *self)
{
  ZmqgThreadWaiter *fd;
  int code = errno;

  if (compat_socket_is_forked (self))
    return;

  g_clear_pointer (&self->outgoing, release_frames);
  g_clear_pointer (&self->incoming, zmqg_message_unref);
  fd = atomic_exchange (&self->fd, NULL);
  if (fd != NULL)
    {
      zmqg_inbox_remove_waiter (&self->core->inbox, &fd->waiter);
      zmqg_thread_waiter_unref (fd);
    }
  compat_releaser_leave (self);
  zmqg_lock_clear (&self->lock);
  g_object_set_qdata (G_OBJECT (self->socket), handle_quark (), NULL);
  g_clear_object (&self->socket);
  zmqg_socket_core_unref (self->core);
  compat_context_unref (self->context);
  compat_socket_free (self);

  /* The call that was the last one has said what became of it. */
  errno = code;
}

/* A handle that nobody has seen. */
static void
throw_away (CompatSocket *self)
{
  compat_socket_end (self);
  compat_socket_drop (self);
}

/* What libzmq has other defaults of. */
static void
set_defaults (ZmqgSocket *socket)
{
  g_object_set (socket, "max-message-size", (gint64) -1, "max-frames", 0,
                "max-subscriptions", 0, "max-subscription-bytes", 0, NULL);
}

/* Has the context end what waits at its shutdown, and wait for it. */
static gboolean
join (ZmqgSocketCore *core,
      GError **error)
{
  gboolean joined;

  zmqg_socket_core_lock (core);
  joined = zmqg_socket_core_join (core, error);
  zmqg_socket_core_unlock (core);

  return joined;
}

/* The context has a place for one more socket, which is then in it. */
static gboolean
take_place (CompatContext *context,
            CompatSocket *socket)
{
  gboolean has_place;

  zmqg_lock (&context->lock);
  if (context->socket_limit == 0)
    context->socket_limit = context->max_sockets;
  has_place = context->sockets->len < context->socket_limit;
  if (has_place)
    g_ptr_array_add (context->sockets, socket);
  zmqg_unlock (&context->lock);

  return has_place;
}

static void
leave_place (CompatContext *context,
             CompatSocket *socket)
{
  zmqg_lock (&context->lock);
  g_ptr_array_remove_fast (context->sockets, socket);
  zmqg_unlock (&context->lock);
}

static void *
refuse_new (int code)
{
  errno = code;
  return NULL;
}

void *
zmq_socket (void *context_,
            int type_)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  CompatContext *context = compat_context_get (context_);
  GType gtype = G_TYPE_INVALID;
  CompatSocket *self;
  GError *error = NULL;

  if (context == NULL)
    return NULL;
  if (zmqg_context_core_is_forked (context->core))
    return refuse_new (EINTR);
  if (atomic_load (&context->core->is_shut_down))
    return refuse_new (ETERM);

  if (type_ >= 0)
    gtype = zmqg_socket_type_to_gtype ((ZmqgSocketType) type_);
  if (gtype == G_TYPE_INVALID)
    return refuse_new (EINVAL);

  /* This thread's calls with the socket may wait. */
  if (zmqg_thread_waiter_get (&error) == NULL)
    {
      compat_fail_with (error);
      return NULL;
    }

  self = handle_new (g_object_new (gtype, "context", context->context, NULL),
                     context);
  if (self == NULL)
    return refuse_new (ENOMEM);

  /* Until the program asks for the object nobody can connect a handler. */
  zmqg_news_queue_set_unheard (&self->core->news, TRUE);
  set_defaults (self->socket);
  if (!take_place (context, self))
    {
      throw_away (self);
      return refuse_new (EMFILE);
    }
  if (!join (self->core, &error))
    {
      leave_place (context, self);
      throw_away (self);
      compat_fail_with (error);
      return NULL;
    }

  return self;
}

static void
close_socket (CompatSocket *self)
{
  if (compat_socket_is_forked (self))
    return;

  /* The context may be gone once the socket, or its monitor, is closed; the
   * monitor hears of the close. */
  leave_place (self->context, self);
  zmqg_socket_close (self->socket);
  compat_monitor_stop (self);
}

int
zmq_close (void *s_)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  CompatSocket *self = compat_socket_enter (s_);

  if (self == NULL)
    return -1;

  if (!compat_socket_end (self))
    {
      compat_socket_leave (self);
      return compat_fail (ENOTSOCK);
    }

  close_socket (self);
  compat_socket_leave (self);
  compat_socket_drop (self); /* the handle's */
  return 0;
}

/* --- Endpoints ------------------------------------------------------------ */

/* A context without an I/O thread for the endpoint is another error than a
 * process without descriptors. */
static int
fail_endpoint (CompatSocket *self,
               GError *error)
{
  ZmqgContextCore *context = self->core->context;
  gboolean has_thread = FALSE;
  guint64 affinity;
  guint n;

  if (!g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES))
    return compat_fail_with (error);

  zmqg_socket_core_lock (self->core);
  affinity = self->core->options->affinity;
  zmqg_socket_core_unlock (self->core);
  zmqg_lock (&context->lock);
  n = context->io_threads;
  zmqg_unlock (&context->lock);
  for (guint i = 0; i < n && !has_thread; i++)
    has_thread = affinity == 0 || (i < 64 && (affinity >> i & 1) != 0);
  if (has_thread)
    return compat_fail_with (error);

  g_error_free (error);
  return compat_fail (EMTHREAD);
}

typedef gboolean (*EndpointCall) (ZmqgSocket *socket, const char *uri,
                                  GError **error);

static int
call_endpoint (void *s_,
               const char *addr_,
               EndpointCall call)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  CompatSocket *self = compat_socket_enter (s_);
  GError *error = NULL;
  int result = 0;

  if (self == NULL)
    return -1;

  if (compat_socket_is_terminated (self))
    result = compat_fail (ETERM);
  else if (addr_ == NULL)
    result = compat_fail (EINVAL);
  else if (!call (self->socket, addr_, &error))
    result = fail_endpoint (self, error);
  else
    compat_monitors_flush (self->context);

  compat_socket_leave (self);
  return result;
}

/* A descriptor of USE_FD is libzmq's from then on. */
static gboolean
bind_socket (ZmqgSocket *socket,
             const char *uri,
             GError **error)
{
  int fd;

  if (!zmqg_socket_bind (socket, uri, error))
    return FALSE;

  g_object_get (socket, "use-fd", &fd, NULL);
  if (fd >= 0 && !g_str_has_prefix (uri, "inproc://"))
    close (fd);
  return TRUE;
}

int
zmq_bind (void *s_,
          const char *addr_)
{
  return call_endpoint (s_, addr_, bind_socket);
}

int
zmq_connect (void *s_,
             const char *addr_)
{
  return call_endpoint (s_, addr_, zmqg_socket_connect_to);
}

/* The two are one in libzmq. */
static gboolean
end_endpoint (ZmqgSocket *socket,
              const char *uri,
              GError **error)
{
  g_autoptr (GError) missing = NULL;

  if (zmqg_socket_unbind (socket, uri, &missing))
    return TRUE;
  if (!g_error_matches (missing, ZMQG_ERROR, ZMQG_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&missing));
      return FALSE;
    }

  return zmqg_socket_disconnect_from (socket, uri, error);
}

int
zmq_unbind (void *s_,
            const char *addr_)
{
  return call_endpoint (s_, addr_, end_endpoint);
}

int
zmq_disconnect (void *s_,
                const char *addr_)
{
  return call_endpoint (s_, addr_, end_endpoint);
}

/* --- What may be done ----------------------------------------------------- */

/* In the middle of a message the rest of it can be received or sent, and with
 * lock-step nothing else. */
static short
amend_events (CompatSocket *self,
              short events)
{
  guint partial = atomic_load_explicit (&self->partial, memory_order_relaxed);

  if (G_LIKELY (partial == 0))
    return events;

  if ((partial & COMPAT_INCOMING) != 0)
    {
      events |= ZMQ_POLLIN;
      if (self->core->ops->lock_step)
        events &= ~ZMQ_POLLOUT;
    }
  if ((partial & COMPAT_OUTGOING) != 0)
    events |= ZMQ_POLLOUT;
  return events;
}

short
compat_socket_look (CompatSocket *self,
                    short events)
{
  ZmqgSocketCore *core = self->core;
  guint interest = ((events & ZMQ_POLLIN) != 0 ? ZMQG_WAIT_IN : 0) |
                   ((events & ZMQ_POLLOUT) != 0 ? ZMQG_WAIT_OUT : 0);
  guint found = zmqg_socket_core_events (core, interest);

  if ((interest & ~found & ZMQG_WAIT_OUT) != 0 && core->ops->send != NULL &&
      !self->is_driven && zmqg_socket_core_drain (core))
    found = zmqg_socket_core_events (core, interest);

  return events & amend_events (
                    self, ((found & ZMQG_WAIT_IN) != 0 ? ZMQ_POLLIN : 0) |
                            ((found & ZMQG_WAIT_OUT) != 0 ? ZMQ_POLLOUT : 0));
}

void
compat_socket_rearm_fd (CompatSocket *self)
{
  ZmqgThreadWaiter *fd = atomic_load (&self->fd);

  zmqg_thread_waiter_clear (fd);
  zmqg_inbox_waiter_looks (&self->core->inbox, &fd->waiter);
}

short
compat_socket_process (CompatSocket *self)
{
  GIOCondition condition;

  if (compat_socket_has_fd (self))
    compat_socket_rearm_fd (self);
  /* Also where something holds: the program may ask until the other does. */
  if (self->is_driven)
    zmqg_context_core_poll_engine (self->core->context);
  condition = zmqg_socket_get_events (self->socket);
  return amend_events (self,
                       ((condition & G_IO_IN) != 0 ? ZMQ_POLLIN : 0) |
                         ((condition & G_IO_OUT) != 0 ? ZMQ_POLLOUT : 0));
}

int
compat_socket_get_fd (CompatSocket *self)
{
  g_autoptr (GError) error = NULL;
  ZmqgThreadWaiter *fd;

  zmqg_lock (&self->lock);
  fd = atomic_load (&self->fd);
  if (fd == NULL)
    {
      fd = zmqg_thread_waiter_new (&error);
      if (fd != NULL)
        {
          zmqg_inbox_add_waiter (&self->core->inbox, &fd->waiter,
                                 ZMQG_WAIT_IN | ZMQG_WAIT_OUT, TRUE);
          /* What happened before is to be looked at. */
          zmqg_thread_waiter_signal (fd);
          atomic_store (&self->fd, fd);
        }
    }
  zmqg_unlock (&self->lock);

  return fd != NULL ? fd->fd : compat_fail (EMFILE);
}

/* --- The other face -------------------------------------------------------- */

/**
 * zmqg_socket_from_zmq: (skip)
 * @handle: a handle of `zmq_socket ()`
 *
 * The object behind a handle of the plain C API. Both stay in use: what one
 * sets or sends the other has. Its signals tell what happens after the first
 * call of this function.
 *
 * Returns: (transfer none) (nullable): the socket, as long as the handle is
 *   open; %NULL when @handle is none
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_socket_from_zmq (void *handle)
{
  CompatSocket *self = compat_socket_enter (handle);
  ZmqgSocket *socket;

  if (self == NULL)
    return NULL;

  socket = self->socket;
  zmqg_news_queue_set_unheard (&self->core->news, FALSE);
  compat_socket_leave (self);
  return socket;
}

/* Within GObject's lock: the handle may be about to be destroyed. */
static gpointer
look_at_handle (gpointer handle,
                gpointer user_data)
{
  CompatSocket *self = handle;
  gboolean *found = user_data;

  *found = self != NULL;
  return self != NULL && compat_socket_is_alive (self) ? self : NULL;
}

/* %NULL when the socket is closed, or its context shut down. */
static CompatSocket *
make_handle (ZmqgSocket *socket)
{
  ZmqgSocketCore *core = socket->core;
  CompatContext *context;
  CompatSocket *self;
  gboolean joined;

  /* Another thread may close the socket, and terminate the context, whose
   * handle is there until then. */
  zmqg_socket_core_lock (core);
  joined = zmqg_socket_core_join (core, NULL);
  if (joined)
    zmqg_context_core_hold (core->context);
  zmqg_socket_core_unlock (core);
  if (!joined)
    return NULL;

  context = zmqg_context_to_zmq (socket->context);
  self = handle_new (g_object_ref (socket), context);
  if (self != NULL)
    {
      zmqg_lock (&context->lock);
      g_ptr_array_add (context->sockets, self);
      zmqg_unlock (&context->lock);
    }
  zmqg_context_core_drop (core->context);

  return self;
}

/**
 * zmqg_socket_to_zmq: (skip)
 * @socket: a socket
 *
 * The handle of the plain C API of a socket: the one that it was made with, or
 * one that is made now and keeps a reference to @socket until it is closed with
 * `zmq_close ()`.
 *
 * The handle is one that was open at some moment of the call: another thread
 * may close it.
 *
 * Returns: (nullable): the handle; %NULL when the socket, or the handle, is
 *   closed, or the context shut down
 *
 * Since: 1.0
 */
void *
zmqg_socket_to_zmq (ZmqgSocket *socket)
{
  static ZmqgLock lock = ZMQG_LOCK_INIT;
  CompatSocket *self;
  gboolean found;

  g_return_val_if_fail (ZMQG_IS_SOCKET (socket), NULL);

  zmqg_lock (&lock);
  self = g_object_dup_qdata (G_OBJECT (socket), handle_quark (),
                             look_at_handle, &found);
  /* What was closed is never opened again. */
  if (!found)
    self = make_handle (socket);
  zmqg_unlock (&lock);

  /* One that was closed stays while a call or a poller has it. */
  return self != NULL && compat_socket_is_alive (self) ? self : NULL;
}
