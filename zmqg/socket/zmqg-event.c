/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-event-private.h"

#include "socket/zmqg-endpoint-private.h"
#include "socket/zmqg-peer-private.h"

/**
 * ZmqgEvent:
 *
 * Something that happened to a socket's endpoints and connections, as libzmq's
 * monitor tells it: what [signal@Socket::event] is about.
 *
 * What is typical, on the side that connects over tcp:
 *
 * - all is well: connect-delayed, connected, handshake-succeeded;
 * - nobody listens: connect-delayed, closed, connect-retried, and so on;
 * - the peer dies: disconnected, connect-retried, and so on;
 * - it goes in the handshake, or takes too long: connected,
 *   handshake-failed-no-detail, disconnected, connect-retried;
 * - it has another security mechanism: connected, handshake-failed-protocol,
 *   disconnected; or it is of a type that does not match: connected,
 *   disconnected;
 * - its name cannot be resolved: connect-retried, and so on.
 *
 * On the side that binds: listening; for each connection accepted and then as
 * above from there on; and at the end closed. A socket that is closed tells
 * monitor-stopped last. Within the process (inproc) there are no others than
 * pipes-stats, which [method@Socket.report_pipes_stats] asks for.
 *
 * Events are counted and immutable; any thread may use them.
 *
 * Since: 1.0
 */
struct _ZmqgEvent
{
  gatomicrefcount refs;
  ZmqgEventType type;
  int value;
  ZmqgEndpointCore *endpoint; /* counted, nullable */
  ZmqgPeerRecord *record;     /* counted, nullable */
  char *local;                /* nullable */
  char *remote;               /* nullable */
  GError *error;              /* nullable */
  guint64 outbound;           /* messages queued, of pipes-stats */
  guint64 inbound;
};

G_DEFINE_BOXED_TYPE (ZmqgEvent, zmqg_event, zmqg_event_ref, zmqg_event_unref)

ZmqgEvent *
zmqg_event_new (const ZmqgEventReport *report)
{
  ZmqgEvent *self = g_new0 (ZmqgEvent, 1);

  g_atomic_ref_count_init (&self->refs);
  self->type = report->type;
  self->value = report->value;
  self->endpoint = (ZmqgEndpointCore *) zmqg_tag_ref (report->endpoint);
  if (report->record != NULL)
    self->record = (ZmqgPeerRecord *) zmqg_tag_ref (&report->record->tag);
  self->local = g_strdup (report->local);
  self->remote = g_strdup (report->remote);
  if (report->error != NULL)
    self->error = g_error_copy (report->error);
  self->outbound = report->outbound;
  self->inbound = report->inbound;
  return self;
}

/**
 * zmqg_event_ref:
 * @self: an event
 *
 * Takes a reference to the event.
 *
 * Returns: (transfer full): the same event
 *
 * Since: 1.0
 */
ZmqgEvent *
zmqg_event_ref (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * zmqg_event_unref:
 * @self: (transfer full): an event
 *
 * Drops a reference to the event.
 *
 * Since: 1.0
 */
void
zmqg_event_unref (ZmqgEvent *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  if (self->endpoint != NULL)
    zmqg_tag_unref (&self->endpoint->tag);
  if (self->record != NULL)
    zmqg_tag_unref (&self->record->tag);
  g_free (self->local);
  g_free (self->remote);
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * zmqg_event_get_event_type:
 * @self: an event
 *
 * Gets what the event is about.
 *
 * Returns: the type
 *
 * Since: 1.0
 */
ZmqgEventType
zmqg_event_get_event_type (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, ZMQG_EVENT_TYPE_MONITOR_STOPPED);

  return self->type;
}

/**
 * zmqg_event_get_endpoint:
 * @self: an event
 *
 * Gets the endpoint concerned.
 *
 * Returns: (transfer full) (nullable): the endpoint, or %NULL when a bind
 *   failed and when the socket was closed
 *
 * Since: 1.0
 */
ZmqgEndpoint *
zmqg_event_get_endpoint (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->endpoint != NULL ? zmqg_endpoint_for_core (self->endpoint)
                                : NULL;
}

/**
 * zmqg_event_get_peer:
 * @self: an event
 *
 * Gets the peer concerned. There is one from the end of the handshake on: for
 * handshake-succeeded, for disconnected after it, and for pipes-stats when a
 * peer is connected.
 *
 * Returns: (transfer full) (nullable): the peer, or %NULL
 *
 * Since: 1.0
 */
ZmqgPeer *
zmqg_event_get_peer (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->record != NULL ? zmqg_peer_for_record (self->record) : NULL;
}

/**
 * zmqg_event_get_local_address:
 * @self: an event
 *
 * Gets the address of this side, for example `tcp://127.0.0.1:5555`.
 *
 * Returns: (nullable): the address, or %NULL while nothing is connected on the
 *   side that connects
 *
 * Since: 1.0
 */
const char *
zmqg_event_get_local_address (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->local;
}

/**
 * zmqg_event_get_remote_address:
 * @self: an event
 *
 * Gets the address of the other side: of the peer, or before there is a
 * connection what the program connects to.
 *
 * Returns: (nullable): the address, or %NULL when it is about listening, or not
 *   known (ipc)
 *
 * Since: 1.0
 */
const char *
zmqg_event_get_remote_address (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->remote;
}

/**
 * zmqg_event_get_error:
 * @self: an event
 *
 * Gets why it happened, for the types that tell of a failure and for
 * connect-retried. The domain is %ZMQG_ERROR or %G_IO_ERROR.
 *
 * Returns: (transfer none) (nullable): the reason, or %NULL
 *
 * Since: 1.0
 */
const GError *
zmqg_event_get_error (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->error;
}

/**
 * zmqg_event_get_value:
 * @self: an event
 *
 * Gets the number that libzmq's monitor gives for this type of event, whatever
 * it means there. The other getters know that.
 *
 * Returns: the number; 0 for pipes-stats, which has two
 *
 * Since: 1.0
 */
int
zmqg_event_get_value (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->value;
}

/**
 * zmqg_event_get_descriptor:
 * @self: an event
 *
 * Gets the number of the file descriptor concerned, of connected, listening,
 * accepted, closed and disconnected. It may have been closed since, and the
 * number may stand for another file: good for log files only.
 *
 * Returns: the number, or -1 when there is none
 *
 * Since: 1.0
 */
int
zmqg_event_get_descriptor (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, -1);

  switch (self->type)
    {
    case ZMQG_EVENT_TYPE_CONNECTED:
    case ZMQG_EVENT_TYPE_LISTENING:
    case ZMQG_EVENT_TYPE_ACCEPTED:
    case ZMQG_EVENT_TYPE_CLOSED:
    case ZMQG_EVENT_TYPE_DISCONNECTED:
      return self->value;
    default:
      return -1;
    }
}

/**
 * zmqg_event_get_system_error:
 * @self: an event
 *
 * Gets the number (errno) of the failure that connect-delayed, bind-failed,
 * accept-failed, close-failed and handshake-failed-no-detail tell of. See
 * [method@Event.get_error] for more.
 *
 * Returns: the number, or 0 when there is none
 *
 * Since: 1.0
 */
int
zmqg_event_get_system_error (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, 0);

  switch (self->type)
    {
    case ZMQG_EVENT_TYPE_CONNECT_DELAYED:
    case ZMQG_EVENT_TYPE_BIND_FAILED:
    case ZMQG_EVENT_TYPE_ACCEPT_FAILED:
    case ZMQG_EVENT_TYPE_CLOSE_FAILED:
    case ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL:
      return self->value;
    default:
      return 0;
    }
}

/**
 * zmqg_event_get_interval:
 * @self: an event
 *
 * Gets how long connect-retried waits for the next attempt.
 *
 * Returns: the interval in milliseconds, or -1 for other types
 *
 * Since: 1.0
 */
int
zmqg_event_get_interval (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->type == ZMQG_EVENT_TYPE_CONNECT_RETRIED ? self->value : -1;
}

/**
 * zmqg_event_get_protocol_error:
 * @self: an event
 *
 * Gets how the protocol was broken, for handshake-failed-protocol.
 *
 * Returns: the code; %ZMQG_PROTOCOL_ERROR_NONE for other types
 *
 * Since: 1.0
 */
ZmqgProtocolError
zmqg_event_get_protocol_error (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, ZMQG_PROTOCOL_ERROR_NONE);

  return self->type == ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_PROTOCOL
           ? (ZmqgProtocolError) self->value
           : ZMQG_PROTOCOL_ERROR_NONE;
}

/**
 * zmqg_event_get_status_code:
 * @self: an event
 *
 * Gets the status with which a peer was refused, for handshake-failed-auth
 * (RFC 27): 300 for a temporary reason, 400 for wrong credentials, 500 for a
 * failure of the authenticator.
 *
 * Returns: the status; 0 for other types
 *
 * Since: 1.0
 */
guint
zmqg_event_get_status_code (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->type == ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_AUTH
           ? (guint) self->value
           : 0;
}

/**
 * zmqg_event_get_outbound_queued:
 * @self: an event
 *
 * Gets how many messages were queued for the peer, for pipes-stats: accepted
 * from the program, and not yet given to the kernel or, within the process
 * (inproc), taken by the other socket.
 *
 * Returns: a number of messages; 0 for other types
 *
 * Since: 1.0
 */
guint64
zmqg_event_get_outbound_queued (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->outbound;
}

/**
 * zmqg_event_get_inbound_queued:
 * @self: an event
 *
 * Gets how many messages from the peer waited to be received, for pipes-stats.
 *
 * Returns: a number of messages; 0 for other types
 *
 * Since: 1.0
 */
guint64
zmqg_event_get_inbound_queued (ZmqgEvent *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->inbound;
}

/**
 * zmqg_event_to_string:
 * @self: an event
 *
 * Describes the event in a line for people, whose form may change.
 *
 * Returns: (transfer full): the text
 *
 * Since: 1.0
 */
char *
zmqg_event_to_string (ZmqgEvent *self)
{
  GEnumClass *klass;
  GEnumValue *value;
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  klass = g_type_class_ref (ZMQG_TYPE_EVENT_TYPE);
  value = g_enum_get_value (klass, (int) self->type);
  text = g_string_new (value->value_nick);
  if (self->type == ZMQG_EVENT_TYPE_PIPES_STATS)
    g_string_append_printf (text,
                            " outbound %" G_GUINT64_FORMAT
                            " inbound %" G_GUINT64_FORMAT,
                            self->outbound, self->inbound);
  else
    g_string_append_printf (text, " %d", self->value);
  if (self->local != NULL)
    g_string_append_printf (text, " local %s", self->local);
  if (self->remote != NULL)
    g_string_append_printf (text, " remote %s", self->remote);
  if (self->error != NULL)
    g_string_append_printf (text, ": %s", self->error->message);
  g_type_class_unref (klass);
  return g_string_free (text, FALSE);
}
