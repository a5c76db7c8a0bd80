/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

/* The properties of ZmqgSocket that are options. */

/* Marks apply to live pipes too. */
static void
apply_marks (ZmqgSocketCore *core)
{
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);
      guint send_hwm = (guint) core->options->send_hwm;
      guint receive_hwm = (guint) core->options->receive_hwm;

      /* Those of inproc are the sum of both sides'. */
      if (pipe->ops->set_marks != NULL)
        {
          pipe->ops->set_marks (pipe, send_hwm, receive_hwm);
        }
      else
        {
          zmqg_frame_queue_set_hwm (pipe->out, send_hwm);
          zmqg_frame_queue_set_hwm (pipe->in, receive_hwm);
        }
      zmqg_pipe_post_peer (pipe, ZMQG_PIPE_WRITABLE);
      core->ops->writable (core, pipe);
    }
}

static gboolean
same_value (GParamSpec *pspec,
            const GValue *one,
            const GValue *other)
{
  gpointer a;
  gpointer b;

  if (!G_VALUE_HOLDS (one, G_TYPE_BYTES))
    return g_param_values_cmp (pspec, one, other) == 0;

  a = g_value_get_boxed (one);
  b = g_value_get_boxed (other);
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

void
zmqg_socket_set_option (ZmqgSocket *self,
                        GParamSpec *pspec,
                        guint i,
                        const GValue *value)
{
  const ZmqgOptionSpec *spec = &zmqg_option_specs[i];
  g_auto (GValue) before = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;
  ZmqgSocketCore *core = self->core;
  gboolean changed;

  if (zmqg_context_core_is_forked (core->context))
    return;

  g_value_init (&before, pspec->value_type);
  zmqg_socket_core_lock (core);
  zmqg_options_get (core->options, spec, &before);
  changed = !same_value (pspec, &before, value);
  core->options = zmqg_options_make_writable (core->options);
  if (zmqg_options_set (core->options, spec, value, &error) &&
      (g_str_equal (spec->name, "send-hwm") ||
       g_str_equal (spec->name, "receive-hwm")))
    {
      apply_marks (core);
      core->to_do |= ZMQG_TO_DO_WAKE;
    }
  zmqg_socket_core_unlock (core);

  if (error != NULL)
    g_critical ("%s", error->message);
  else if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

void
zmqg_socket_get_option (ZmqgSocket *self,
                        guint i,
                        GValue *value)
{
  zmqg_socket_core_lock (self->core);
  zmqg_options_get (self->core->options, &zmqg_option_specs[i], value);
  zmqg_socket_core_unlock (self->core);
}

gboolean
zmqg_socket_set_flag (ZmqgSocket *self,
                      gboolean *field,
                      gboolean value)
{
  gboolean changed;

  if (zmqg_context_core_is_forked (self->core->context))
    return FALSE;

  zmqg_socket_core_lock (self->core);
  changed = *field != value;
  *field = value;
  if (changed)
    self->core->to_do |= ZMQG_TO_DO_WAKE;
  zmqg_socket_core_unlock (self->core);

  return changed;
}

void
zmqg_socket_install_options (GObjectClass *object_class,
                             guint first)
{
  const GParamFlags flags =
    G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  for (guint i = 0; i < zmqg_n_option_specs; i++)
    {
      const ZmqgOptionSpec *spec = &zmqg_option_specs[i];
      GParamSpec *pspec;

      switch (spec->type)
        {
        case ZMQG_OPTION_INT:
          pspec = g_param_spec_int (spec->name, NULL, NULL,
                                    (int) spec->minimum, (int) spec->maximum,
                                    (int) spec->fallback, flags);
          break;
        case ZMQG_OPTION_INT64:
          pspec = g_param_spec_int64 (spec->name, NULL, NULL, spec->minimum,
                                      spec->maximum, spec->fallback, flags);
          break;
        case ZMQG_OPTION_UINT64:
          pspec = g_param_spec_uint64 (spec->name, NULL, NULL, 0, G_MAXUINT64,
                                       spec->fallback, flags);
          break;
        case ZMQG_OPTION_FLAGS:
          pspec = g_param_spec_flags (spec->name, NULL, NULL,
                                      spec->get_type (), spec->fallback,
                                      flags);
          break;
        case ZMQG_OPTION_STRING:
          pspec = g_param_spec_string (spec->name, NULL, NULL, NULL, flags);
          break;
        case ZMQG_OPTION_BOOLEAN:
          pspec = g_param_spec_boolean (spec->name, NULL, NULL,
                                        spec->fallback != 0, flags);
          break;
        case ZMQG_OPTION_BYTES:
        default:
          pspec = g_param_spec_boxed (spec->name, NULL, NULL, G_TYPE_BYTES,
                                      flags);
          break;
        }

      g_object_class_install_property (object_class, first + i,
                                       pspec);
    }
}

/*
 * The options' properties are installed from their table; their
 * documentation:
 */

/**
 * ZmqgSocket:send-hwm:
 *
 * High-water mark of outbound messages, for each peer, in messages; 0 for no
 * limit. What happens at the mark depends on the socket's type. Over inproc
 * the marks of both sides are added. Applies at once.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:receive-hwm:
 *
 * High-water mark of inbound messages, for each peer, in messages; 0 for no
 * limit. At the mark the socket stops reading from that peer. Applies at
 * once.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:linger:
 *
 * How long a closed socket goes on sending what was queued, in milliseconds;
 * -1 for as long as it takes, 0 to drop it. The default of SUB and XSUB is 0.
 * Applies when an endpoint or the socket is closed.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:send-timeout:
 *
 * How long a blocking send waits for room, in milliseconds; -1 for ever. At
 * the end it fails with %ZMQG_ERROR_TIMED_OUT.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:receive-timeout:
 *
 * How long a blocking receive waits for a message, in milliseconds; -1 for
 * ever. At the end it fails with %ZMQG_ERROR_TIMED_OUT.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:reconnect-interval:
 *
 * How long to wait before connecting again, in milliseconds; 0 or -1 never to
 * do so. Without a maximum up to as much again is added at random. An endpoint
 * that lost its peer, and never connects again, ends: what was queued for the
 * peer is lost, and further messages go to others. One that never had a
 * connection stays, in the state %ZMQG_ENDPOINT_STATE_STOPPED, and messages are
 * queued for it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:reconnect-interval-max:
 *
 * With more than 0 the interval doubles with each failed attempt, up to this,
 * in milliseconds.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:handshake-interval:
 *
 * How long the handshake of a connection may take, in milliseconds; 0 for no
 * limit.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:connect-timeout:
 *
 * How long an attempt to connect may take, in milliseconds; 0 for as long as
 * the system allows.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:reconnect-stop:
 *
 * After what an endpoint does not connect again. One that was refused ends; one
 * whose handshake failed stays, in the state %ZMQG_ENDPOINT_STATE_STOPPED, and
 * no messages are queued for it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:backlog:
 *
 * How many connections may wait to be accepted.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:send-buffer:
 *
 * The size of the kernel's send buffer in bytes, for tcp and ipc; -1 for the
 * system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:receive-buffer:
 *
 * The size of the kernel's receive buffer in bytes, for tcp and ipc; -1 for
 * the system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:in-batch-size:
 *
 * How many bytes are read at once, at least 1: the largest message that comes
 * from a raw peer (see [property@RouterSocket:raw]); else a hint, which has no
 * effect.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:out-batch-size:
 *
 * How many bytes are written at once, at least 1: a hint, which has no
 * effect.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:priority:
 *
 * The priority of outgoing packets of TCP (SO_PRIORITY); 0 to leave it. More
 * than 6 needs the privilege CAP_NET_ADMIN; a refusal is ignored.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:busy-poll:
 *
 * For how long the kernel looks for packets of TCP before it sleeps, in
 * microseconds (SO_BUSY_POLL); 0 to leave it. Needs the privilege
 * CAP_NET_ADMIN; a refusal is ignored.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-max-retransmit:
 *
 * How long what was sent over TCP may go unacknowledged before the connection
 * is lost, in milliseconds (TCP_USER_TIMEOUT); 0 for as long as the system
 * allows.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:use-fd:
 *
 * A descriptor that listens already: each later bind of tcp and ipc listens
 * with a copy of it, whatever the address says; -1 for none. It stays the
 * caller's. See [method@Socket.bind_fd] for one bind that takes a descriptor
 * over.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:affinity:
 *
 * Which I/O threads may serve an endpoint: bit 0 for the first; 0 for any.
 * Where the context has none of them binding and connecting fail with
 * %ZMQG_ERROR_NO_RESOURCES.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:bind-to-device:
 *
 * The network interface that TCP uses, a name of 1 to 15 bytes
 * (SO_BINDTODEVICE); %NULL for any. Where that is refused, binding fails, and
 * so does each attempt to connect.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:socks-proxy:
 *
 * A SOCKS 5 proxy that connections over tcp are made through, as `host:port`;
 * %NULL for none. The proxy looks names up. Should it be silent, it is given
 * up after [property@Socket:connect-timeout], or else
 * [property@Socket:handshake-interval]. Applies to the connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:socks-username:
 *
 * The user that the proxy knows us as, 1 to 255 bytes; %NULL for none.
 * Applies to the connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:socks-password:
 *
 * The user's password at the proxy, 1 to 255 bytes; %NULL for none. It is sent
 * as it is. Applies to the connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tos:
 *
 * Type of service of IP packets (IP_TOS, IPV6_TCLASS); 0 to leave it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-keepalive:
 *
 * Whether TCP keep-alives are sent: 0, 1, or -1 for the system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-keepalive-count:
 *
 * Keep-alives without an answer before a connection is dropped; -1 for the
 * system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-keepalive-idle:
 *
 * Seconds without traffic before the first keep-alive; -1 for the system's
 * default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:tcp-keepalive-interval:
 *
 * Seconds between keep-alives; -1 for the system's default.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:heartbeat-interval:
 *
 * How often a connected peer is asked for a sign of life (ZMTP 3.1, PING), in
 * milliseconds; 0 for never. Peers of ZMTP 1 and 2 are not asked. Applies to the
 * binds and connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:heartbeat-timeout:
 *
 * How long after such a question the connection is given up when nothing at all
 * was received, in milliseconds; 0 for never, -1 for as long as
 * [property@Socket:heartbeat-interval]. The peer is then removed with
 * %ZMQG_ERROR_TIMED_OUT, and connected to again where we connected. Applies to
 * the binds and connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:heartbeat-ttl:
 *
 * What we promise with such a question: the peer may give the connection up when
 * it hears nothing from us for so long, in milliseconds, rounded down to tenths
 * of a second; at most 6,553,500; 0 for no promise. Applies to the binds and
 * connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:max-message-size:
 *
 * The largest inbound message, all frames together, in bytes; -1 for no
 * limit. The connection of a peer that sends a larger one is closed. The
 * default is 1 GiB. Memory is taken as bytes arrive, not as they are
 * announced.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:max-frame-size:
 *
 * The largest frame that may come in, in bytes; -1 for no limit, which is the
 * default, since [property@Socket:max-message-size] limits the whole message. A
 * peer that announces a larger one loses its connection. (libzmq's
 * ZMQ_MAXMSGSIZE is this.)
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:max-frames:
 *
 * The largest number of frames of an inbound message; 0 for no limit.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:max-subscriptions:
 *
 * How many subscriptions one peer of a PUB or XPUB socket may have; 0 for no
 * limit. One that subscribes to more loses its connection, and the
 * subscriptions, with %ZMQG_ERROR_NO_RESOURCES as the reason in
 * [signal@Socket::peer-removed] and [signal@Socket::event].
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:max-subscription-bytes:
 *
 * How many bytes the topics may have together that one peer of a PUB or XPUB
 * socket subscribes to; 0 for no limit. One that goes beyond loses its
 * connection, as with [property@Socket:max-subscriptions].
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:immediate:
 *
 * Whether messages are queued for complete connections only. Otherwise an
 * endpoint takes messages from connect_to() on.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:conflate:
 *
 * Whether only the newest message is kept, for DEALER, PULL, PUSH, PUB and
 * SUB sockets.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:ipv6:
 *
 * Whether IPv6 addresses are used beside those of IPv4.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:routing-id:
 *
 * The name that the socket gives itself to its peers (1 to 255 bytes), or
 * %NULL. A byte of 0 at the start is reserved.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:hello-message:
 *
 * A message that each connection of a DEALER, ROUTER or REP socket begins
 * with, also when it was made again, ahead of what is queued; %NULL for none.
 * Other types do not send it. Applies to the binds and connects after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:disconnect-message:
 *
 * What a ROUTER socket receives, as if a peer had sent it, when the connection
 * of a peer that it accepted, or an attached stream, is lost; %NULL for
 * nothing. Over inproc: when the socket that connected disconnects or is
 * closed. Other types do not receive it. Applies to the binds after it.
 *
 * Since: 1.0
 */
/**
 * ZmqgSocket:hiccup-message:
 *
 * What a DEALER socket receives, as if the peer had sent it, when a connection
 * that it made is lost, before it connects again; %NULL for nothing. Other
 * types do not receive it, and nobody does over inproc. Applies to the
 * connects after it.
 *
 * Since: 1.0
 */

static void
set_bytes (ZmqgSocket *self,
           const char *property,
           gconstpointer data,
           gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  g_object_set (self, property, bytes, NULL);
}

/**
 * zmqg_socket_set_routing_id_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the routing id
 * @size: the size of @data, at most 255 bytes; 0 for none
 *
 * Sets the property routing-id from bytes.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_routing_id_data (ZmqgSocket *self,
                                 const guint8 *data,
                                 gsize size)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));
  g_return_if_fail (data != NULL || size == 0);

  set_bytes (self, "routing-id", data, size);
}

/**
 * zmqg_socket_set_routing_id_string:
 * @self: a socket
 * @string: (nullable): the routing id, at most 255 bytes
 *
 * Sets the property routing-id from text.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_routing_id_string (ZmqgSocket *self,
                                   const char *string)
{
  zmqg_socket_set_routing_id_data (self, (const guint8 *) string,
                                   string != NULL ? strlen (string) : 0);
}

/**
 * zmqg_socket_set_hello_message_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the message
 * @size: the size of @data; 0 for none
 *
 * Sets the property hello-message from bytes.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_hello_message_data (ZmqgSocket *self,
                                    const guint8 *data,
                                    gsize size)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));
  g_return_if_fail (data != NULL || size == 0);

  set_bytes (self, "hello-message", data, size);
}

/**
 * zmqg_socket_set_hello_message_string:
 * @self: a socket
 * @string: (nullable): the message
 *
 * Sets the property hello-message from text.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_hello_message_string (ZmqgSocket *self,
                                      const char *string)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));

  set_bytes (self, "hello-message", string, string != NULL ? strlen (string) : 0);
}

/**
 * zmqg_socket_set_disconnect_message_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the message
 * @size: the size of @data; 0 for none
 *
 * Sets the property disconnect-message from bytes.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_disconnect_message_data (ZmqgSocket *self,
                                         const guint8 *data,
                                         gsize size)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));
  g_return_if_fail (data != NULL || size == 0);

  set_bytes (self, "disconnect-message", data, size);
}

/**
 * zmqg_socket_set_disconnect_message_string:
 * @self: a socket
 * @string: (nullable): the message
 *
 * Sets the property disconnect-message from text.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_disconnect_message_string (ZmqgSocket *self,
                                           const char *string)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));

  set_bytes (self, "disconnect-message", string, string != NULL ? strlen (string) : 0);
}

/**
 * zmqg_socket_set_hiccup_message_data:
 * @self: a socket
 * @data: (array length=size) (nullable): the message
 * @size: the size of @data; 0 for none
 *
 * Sets the property hiccup-message from bytes.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_hiccup_message_data (ZmqgSocket *self,
                                     const guint8 *data,
                                     gsize size)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));
  g_return_if_fail (data != NULL || size == 0);

  set_bytes (self, "hiccup-message", data, size);
}

/**
 * zmqg_socket_set_hiccup_message_string:
 * @self: a socket
 * @string: (nullable): the message
 *
 * Sets the property hiccup-message from text.
 *
 * Since: 1.0
 */
void
zmqg_socket_set_hiccup_message_string (ZmqgSocket *self,
                                       const char *string)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));

  set_bytes (self, "hiccup-message", string, string != NULL ? strlen (string) : 0);
}
