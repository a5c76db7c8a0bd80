/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat/compat-monitor-private.h"

#include "base/zmqg-error.h"
#include "compat/compat-error-private.h"
#include "socket/zmqg-socket-types-private.h"

#include <string.h>

/* Events that a reader may be behind, and that are kept for the first one. A
 * thread that had to wait for a reader, as libzmq's do, would hold up all of
 * its connections. */
#define QUEUED_MAX 100000
#define KEPT_MAX 10000

struct _CompatMonitor
{
  ZmqgMonitor monitor;
  atomic_uint refs;
  ZmqgSocketCore *core; /* of the socket that sends; counted */
  ZmqgSocket *socket;   /* the same, counted, of the CompatSocket alone */
  int version;

  ZmqgLock lock; /* guards what follows, and the order of what is sent */
  GQueue kept;   /* of ZmqgMessage, counted */
};

static void
monitor_ref (ZmqgMonitor *monitor)
{
  atomic_fetch_add_explicit (&((CompatMonitor *) monitor)->refs, 1,
                             memory_order_relaxed);
}

static void
monitor_unref (ZmqgMonitor *monitor)
{
  CompatMonitor *self = (CompatMonitor *) monitor;

  if (atomic_fetch_sub_explicit (&self->refs, 1, memory_order_acq_rel) != 1)
    return;

  g_queue_clear_full (&self->kept, (GDestroyNotify) zmqg_message_unref);
  zmqg_lock_clear (&self->lock);
  zmqg_socket_core_unref (self->core);
  g_free (self);
}

/* --- Events ---------------------------------------------------------------- */

/* Where it happened; libzmq leaves the scheme out of what could not be
 * bound. */
static const char *
get_local (const ZmqgEventReport *report)
{
  const char *rest = NULL;

  if (report->local == NULL)
    return "";
  if (report->type == ZMQG_EVENT_TYPE_BIND_FAILED)
    rest = strstr (report->local, "://");
  return rest != NULL ? rest + 3 : report->local;
}

/* The address of version 1: of the end that the endpoint is. */
static const char *
get_address (const ZmqgEventReport *report)
{
  const ZmqgEndpointCore *endpoint = (const ZmqgEndpointCore *) report->endpoint;

  if (endpoint != NULL && endpoint->kind == ZMQG_ENDPOINT_KIND_CONNECT)
    return endpoint->uri;
  if (report->local == NULL && report->remote != NULL)
    return report->remote;
  return get_local (report);
}

static ZmqgMessage *
encode (CompatMonitor *self,
        const ZmqgEventReport *report)
{
  ZmqgMessage *message = zmqg_message_new ();

  if (self->version == 1)
    {
      guint16 event = (guint16) report->type;
      guint32 value = (guint32) report->value;
      guint8 bytes[sizeof event + sizeof value];

      memcpy (bytes, &event, sizeof event);
      memcpy (bytes + sizeof event, &value, sizeof value);
      zmqg_message_append_data (message, bytes, sizeof bytes);
      zmqg_message_append_string (message, get_address (report));
    }
  else
    {
      const gboolean of_pipe = report->type == ZMQG_EVENT_TYPE_PIPES_STATS;
      const guint64 values[] = {
        of_pipe ? report->outbound : (guint64) report->value,
        report->inbound,
      };
      guint64 event = report->type;
      guint64 n = of_pipe ? 2 : 1;

      zmqg_message_append_data (message, (guint8 *) &event, sizeof event);
      zmqg_message_append_data (message, (guint8 *) &n, sizeof n);
      for (guint i = 0; i < n; i++)
        zmqg_message_append_data (message, (const guint8 *) &values[i],
                                  sizeof values[i]);
      zmqg_message_append_string (message, get_local (report));
      zmqg_message_append_string (
        message, report->remote != NULL ? report->remote : "");
    }

  return message;
}

static ZmqgIoResult
send_one (CompatMonitor *self,
          ZmqgMessage *message)
{
  ZmqgFrameView views[6];
  guint n = zmqg_message_get_views (message, views, G_N_ELEMENTS (views));

  return zmqg_socket_core_send (self->core, views, n, 0, NULL);
}

/* Locked. %FALSE when what is kept cannot be sent yet. */
static gboolean
send_kept (CompatMonitor *self)
{
  ZmqgMessage *message;

  while ((message = g_queue_peek_head (&self->kept)) != NULL)
    {
      if (send_one (self, message) == ZMQG_IO_AGAIN)
        return FALSE;
      zmqg_message_unref (g_queue_pop_head (&self->kept));
    }

  return TRUE;
}

static void
monitor_event (ZmqgMonitor *monitor,
               const ZmqgEventReport *report)
{
  CompatMonitor *self = (CompatMonitor *) monitor;
  ZmqgMessage *message;

  if (self->version != 1 && self->version != 2)
    return;

  message = encode (self, report);
  zmqg_lock (&self->lock);
  if (!send_kept (self) || send_one (self, message) == ZMQG_IO_AGAIN)
    {
      if (self->kept.length == KEPT_MAX)
        {
          g_debug ("A monitor that nobody reads: an event is lost");
          zmqg_message_unref (g_queue_pop_head (&self->kept));
        }
      g_queue_push_tail (&self->kept, zmqg_message_ref (message));
    }
  zmqg_unlock (&self->lock);
  zmqg_message_unref (message);
}

/* --- Life ------------------------------------------------------------------ */

void
compat_monitor_stop (CompatSocket *self)
{
  CompatMonitor *monitor;
  ZmqgMonitor *old = NULL;
  ZmqgSocket *socket;

  zmqg_lock (&self->lock);
  monitor = g_steal_pointer (&self->monitor);
  if (monitor != NULL)
    zmqg_socket_core_swap_monitor (self->core, NULL, &old);
  zmqg_unlock (&self->lock);
  if (monitor == NULL)
    return;

  if (old != NULL)
    zmqg_monitor_end (old);

  socket = g_steal_pointer (&monitor->socket);
  atomic_fetch_sub (&self->context->n_monitors, 1);
  monitor_unref (&monitor->monitor);
  zmqg_socket_close (socket);
  g_object_unref (socket);
}

/* The sockets of a context, each with a reference. */
static GPtrArray *
dup_sockets (CompatContext *context)
{
  GPtrArray *sockets = g_ptr_array_new ();

  zmqg_lock (&context->lock);
  for (guint i = 0; i < context->sockets->len; i++)
    {
      CompatSocket *socket = g_ptr_array_index (context->sockets, i);

      atomic_fetch_add (&socket->refs, 1);
      g_ptr_array_add (sockets, socket);
    }
  zmqg_unlock (&context->lock);

  return sockets;
}

void
compat_monitors_stop (CompatContext *context)
{
  g_autoptr (GPtrArray) sockets = NULL;

  if (atomic_load (&context->n_monitors) == 0)
    return;

  sockets = dup_sockets (context);
  for (guint i = 0; i < sockets->len; i++)
    {
      compat_monitor_stop (g_ptr_array_index (sockets, i));
      compat_socket_drop (g_ptr_array_index (sockets, i));
    }
}

void
compat_monitors_flush (CompatContext *context)
{
  g_autoptr (GPtrArray) sockets = NULL;

  if (atomic_load (&context->n_monitors) == 0)
    return;

  sockets = dup_sockets (context);
  for (guint i = 0; i < sockets->len; i++)
    {
      CompatSocket *socket = g_ptr_array_index (sockets, i);
      CompatMonitor *monitor;

      zmqg_lock (&socket->lock);
      monitor = socket->monitor;
      if (monitor != NULL)
        monitor_ref (&monitor->monitor);
      zmqg_unlock (&socket->lock);

      if (monitor != NULL)
        {
          zmqg_lock (&monitor->lock);
          send_kept (monitor);
          zmqg_unlock (&monitor->lock);
          monitor_unref (&monitor->monitor);
        }
      compat_socket_drop (socket);
    }
}

/* The socket that the events are sent by. */
static ZmqgSocket *
bind_sender (CompatSocket *self,
             const char *addr,
             int type,
             GError **error)
{
  g_autoptr (ZmqgSocket) sender = NULL;

  sender = g_object_new (zmqg_socket_type_to_gtype ((ZmqgSocketType) type),
                         "context", self->socket->context, "linger", 0,
                         "send-hwm", QUEUED_MAX, NULL);
  return zmqg_socket_bind (sender, addr, error) ? g_steal_pointer (&sender)
                                                : NULL;
}

static int
start (CompatSocket *self,
       const char *addr,
       guint64 events,
       int version,
       int type)
{
  CompatMonitor *monitor;
  ZmqgSocket *sender;
  ZmqgMonitor *old = NULL;
  GError *error = NULL;
  gboolean in_time;

  /* Whatever comes of the new one; it may even have the same address. */
  compat_monitor_stop (self);
  sender = bind_sender (self, addr, type, &error);
  if (sender == NULL)
    return compat_fail_with (error);

  monitor = g_new0 (CompatMonitor, 1);
  atomic_init (&monitor->refs, 1);
  monitor->monitor.events = (guint) events;
  monitor->monitor.event = monitor_event;
  monitor->monitor.ref = monitor_ref;
  monitor->monitor.unref = monitor_unref;
  monitor->core = zmqg_socket_core_ref (sender->core);
  monitor->socket = sender;
  monitor->version = version;
  zmqg_lock_init (&monitor->lock);
  g_queue_init (&monitor->kept);

  /* Whoever closes the handle, or ends the context, says so before it looks
   * for a monitor. */
  atomic_fetch_add (&self->context->n_monitors, 1);
  zmqg_lock (&self->lock);
  in_time = self->monitor == NULL &&
            compat_socket_is_alive (self) &&
            !atomic_load (&self->core->terminated) &&
            zmqg_socket_core_swap_monitor (self->core, &monitor->monitor,
                                           &old);
  if (in_time)
    self->monitor = monitor;
  zmqg_unlock (&self->lock);
  if (in_time)
    return 0;

  /* Another thread was faster. */
  atomic_fetch_sub (&self->context->n_monitors, 1);
  monitor_unref (&monitor->monitor);
  zmqg_socket_close (sender);
  g_object_unref (sender);
  if (compat_socket_is_terminated (self))
    return compat_fail (ETERM);
  return compat_fail (compat_socket_is_alive (self) ? EADDRINUSE : ENOTSOCK);
}

static int
monitor (CompatSocket *self,
         const char *addr,
         guint64 events,
         int version,
         int type)
{
  const char *rest;

  if (compat_socket_is_terminated (self))
    return compat_fail (ETERM);
  if (compat_socket_is_forked (self))
    return compat_fail (EINTR);
  if (version == 1 && (events & ~(guint64) 0xffff) != 0)
    return compat_fail (EINVAL);
  if (addr == NULL)
    {
      compat_monitor_stop (self);
      return 0;
    }

  rest = strstr (addr, "://");
  if (rest == NULL || rest == addr || rest[3] == '\0')
    return compat_fail (EINVAL);
  if (strncmp (addr, "inproc://", 9) != 0)
    return compat_fail (EPROTONOSUPPORT);
  if (type != ZMQ_PAIR && type != ZMQ_PUB && type != ZMQ_PUSH)
    return compat_fail (EINVAL);

  return start (self, addr, events, version, type);
}

/* --- The API --------------------------------------------------------------- */

int
zmq_socket_monitor_versioned (void *s_,
                              const char *addr_,
                              uint64_t events_,
                              int event_version_,
                              int type_)
{
  g_auto (ZmqgForkGuard) guard G_GNUC_UNUSED = zmqg_fork_guard_new ();
  CompatSocket *self = compat_socket_enter (s_);
  int result;

  if (self == NULL)
    return -1;

  result = monitor (self, addr_, events_, event_version_, type_);
  compat_socket_leave (self);
  return result;
}

int
zmq_socket_monitor (void *s_,
                    const char *addr_,
                    int events_)
{
  return zmq_socket_monitor_versioned (s_, addr_, (uint64_t) events_, 1,
                                       ZMQ_PAIR);
}
