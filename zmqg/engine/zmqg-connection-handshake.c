/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-connection-state-private.h"

#include "zmtp/zmqg-zmtp1-private.h"

#include <errno.h>
#include <sys/socket.h>

/* From the first byte of a connection to traffic. */

/* The largest command, and identity, that a handshake may contain. */
#define HANDSHAKE_COMMAND_MAX (64u * 1024u)

/* Writes what the handshake has to send; %FALSE when the connection died. */
static gboolean
write_handshake (ZmqgConnection *self)
{
  while (self->output->len > 0)
    {
      GError *error = NULL;
      gssize size;

      if (self->link->fd >= 0)
        {
          do
            size = send (self->link->fd, self->output->data,
                         self->output->len, MSG_NOSIGNAL | MSG_DONTWAIT);
          while (size < 0 && errno == EINTR);
          if (size < 0)
            {
              int code = errno;

              if (code == EAGAIN || code == EWOULDBLOCK || code == ENOBUFS)
                break;
              error = g_error_new (ZMQG_ERROR, ZMQG_ERROR_PEER_LOST, "%s",
                                   g_strerror (code));
            }
        }
      else
        {
          size = g_pollable_output_stream_write_nonblocking (
            self->output_stream, self->output->data, self->output->len, NULL,
            &error);
          if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
            {
              g_error_free (error);
              break;
            }
        }

      if (size < 0)
        {
          zmqg_connection_fail_with (self, error);
          return FALSE;
        }
      g_byte_array_remove_range (self->output, 0, size);
    }

  return TRUE;
}

void
zmqg_connection_start_handshake_output (ZmqgConnection *self)
{
  gsize size;
  const guint8 *data = zmqg_greeting_peek_output (&self->greeting, &size);

  g_byte_array_append (self->output, data, size);
  zmqg_greeting_output_written (&self->greeting, size);
}

const guint8 *
zmqg_connection_own_identity (ZmqgConnection *self,
                              gsize *size)
{
  *size = 0;
  return self->options->routing_id != NULL
           ? g_bytes_get_data (self->options->routing_id, size)
           : NULL;
}

/* Monitors learn of some failures only that the connection is over. */
static void
set_protocol_failure (ZmqgConnection *self,
                      ZmqgProtocolError error,
                      guint status)
{
  if (error != ZMQG_PROTOCOL_ERROR_NONE)
    zmqg_connection_set_failure (self,
                                 ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_PROTOCOL,
                                 (int) error);
  else if (status != 0)
    zmqg_connection_set_failure (self, ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_AUTH,
                                 (int) status);
  else
    zmqg_connection_set_failure (self, 0, 0);
}

/* The greeting is done: says who we are in the way of the peer's version. */
static void
start_after_greeting (ZmqgConnection *self)
{
  const ZmqgZmtpType *type = zmqg_zmtp_type_get (self->client->table->number);
  guint8 header[ZMQG_ZMTP1_HEADER_MAX];
  const guint8 *identity;
  gsize size;

  if (self->greeting.version >= ZMQG_ZMTP_3_0)
    {
      ZmqgHandshakeInfo info = { type, self->options->routing_id,
                                 self->options->metadata };

      self->mechanism = zmqg_null_mechanism.start (&info, self->output);
      self->state = STATE_MECHANISM;
      return;
    }

  identity = zmqg_connection_own_identity (self, &size);
  if (self->greeting.version == ZMQG_ZMTP_2_0)
    g_byte_array_append (self->output, header,
                         zmqg_frame_encode_header (header, 0, size));
  else if (self->greeting.version == ZMQG_ZMTP_1_0)
    g_byte_array_append (self->output, header,
                         zmqg_zmtp1_encode_header (header, 0, size));
  if (size > 0)
    g_byte_array_append (self->output, identity, size);
  self->state = STATE_IDENTITY;
}

static gboolean
take_greeting (ZmqgConnection *self)
{
  gsize n = zmqg_greeting_feed (&self->greeting, self->input->data,
                                self->input->len);
  const guint8 *leftover;
  gsize size;

  g_byte_array_remove_range (self->input, 0, n);
  zmqg_connection_start_handshake_output (self);

  switch (self->greeting.state)
    {
    case ZMQG_GREETING_MORE:
      return FALSE;

    case ZMQG_GREETING_FAILED:
      /* The peer shall be able to tell why, too. */
      if (write_handshake (self))
        {
          set_protocol_failure (self, self->greeting.protocol_error, 0);
          zmqg_connection_fail (self, ZMQG_ERROR_PROTOCOL,
                                self->greeting.reason);
        }
      return FALSE;

    case ZMQG_GREETING_DONE:
    default:
      break;
    }

  leftover = zmqg_greeting_peek_leftover (&self->greeting, &size);
  if (size > 0)
    g_byte_array_prepend (self->input, leftover, size);
  start_after_greeting (self);
  return TRUE;
}

/* The size of the first frame in the input, and of its header; 0 while it
 * is not there whole, -1 when the connection is over. */
static gssize
peek_handshake_frame (ZmqgConnection *self,
                      guint64 *size)
{
  gint64 max = self->options->max_message_size;
  gint64 max_frame = self->options->max_frame_size;
  gssize header;
  guint flags;

  if (self->greeting.version >= ZMQG_ZMTP_2_0)
    header = zmqg_frame_decode_header (self->input->data, self->input->len,
                                       &flags, size);
  else
    header = zmqg_zmtp1_decode_header (self->input->data, self->input->len,
                                       &flags, size);

  if (header < 0)
    {
      zmqg_connection_set_failure (self, 0, 0);
      zmqg_connection_fail (self, ZMQG_ERROR_PROTOCOL,
                            "The peer sent a malformed frame");
      return -1;
    }
  if (header == 0)
    return 0;

  if (*size > HANDSHAKE_COMMAND_MAX || (max >= 0 && *size > (guint64) max) ||
      (max_frame >= 0 && *size > (guint64) max_frame))
    {
      zmqg_connection_set_failure (self, 0, 0);
      zmqg_connection_fail (self, ZMQG_ERROR_MESSAGE_TOO_LARGE,
                            "The peer's handshake command is too large");
      return -1;
    }

  return *size <= self->input->len - (gsize) header ? header : 0;
}

/* Old publishers' peers do not send their subscriptions. */
static gboolean
subscribe_all (ZmqgConnection *self)
{
  static const guint8 frame[] = { ZMQG_FRAME_COMMAND, 10, 9, 'S', 'U', 'B',
                                  'S', 'C', 'R', 'I', 'B', 'E' };
  ZmqgFrameView view = { frame + 2, 10, ZMQG_FRAME_COMMAND, NULL, NULL };
  ZmqgPipe *pipe = self->session->pipe;

  if (!zmqg_frame_queue_append (pipe->out, &view))
    return FALSE;

  zmqg_frame_queue_publish (pipe->out);
  zmqg_pipe_flush (pipe);
  return TRUE;
}

/* The message that each connection begins with. */
static void
say_hello (ZmqgConnection *self)
{
  GBytes *hello = self->options->hello_message;
  guint8 header[MAX (ZMQG_FRAME_HEADER_MAX, ZMQG_ZMTP1_HEADER_MAX)];
  gsize size;

  if (hello == NULL || !self->client->table->greets || self->options->raw)
    return;

  size = g_bytes_get_size (hello);
  size = self->greeting.version >= ZMQG_ZMTP_2_0
           ? zmqg_frame_encode_header (header, 0, size)
           : zmqg_zmtp1_encode_header (header, 0, size);
  zmqg_outbound_begin_with (&self->session->outbound, header, size, hello);
}

/* Hands the connection to its session. */
static void
start_traffic (ZmqgConnection *self)
{
  const ZmqgPeerMetadata *metadata = NULL;
  const ZmqgZmtpType *type = zmqg_zmtp_type_get (self->client->table->number);
  ZmqgPeerRecord *record;
  ZmqgSession *session;
  GError *error = NULL;
  ZmqgGreeting *greeting = &self->greeting;
  gboolean has_commands = self->client->table->resubscribes;
  gboolean fed;

  if (self->mechanism != NULL)
    metadata = self->mechanism->ops->get_metadata (self->mechanism);

  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->handshake);
  record = zmqg_peer_record_new (self->client->ops->peer_ops, self->link,
                                 greeting->version, "NULL", metadata);
  if (self->identity != NULL)
    record->identity = g_steal_pointer (&self->identity);
  if (!type->wants_identity)
    g_clear_pointer (&record->identity, g_bytes_unref);
  if (self->mechanism != NULL)
    zmqg_connection_report (self, ZMQG_EVENT_TYPE_HANDSHAKE_SUCCEEDED, 0,
                            record, NULL);

  session = self->ops->established (self, record, self->owner);
  if (session == NULL)
    {
      zmqg_tag_unref (&record->tag);
      zmqg_connection_close (self, NULL);
      return;
    }

  self->state = STATE_TRAFFIC;
  self->session = zmqg_session_ref (session);
  session->kick = zmqg_connection_kick;
  session->drop = zmqg_connection_drop;
  session->inbound.command = zmqg_connection_handle_command;
  zmqg_session_start_traffic (session, self, record);
  zmqg_heartbeat_start (&self->heartbeat, session,
                        greeting->version >= ZMQG_ZMTP_3_0);
  zmqg_tag_unref (&record->tag);
  say_hello (self);
  zmqg_outbound_open (&session->outbound, self->link->fd,
                      self->output_stream, greeting->version, has_commands);

  if (greeting->version == ZMQG_ZMTP_1_0_UNVERSIONED &&
      self->client->table->takes_subscriptions && !subscribe_all (self))
    {
      zmqg_connection_fail (self, ZMQG_ERROR_NO_RESOURCES, "No memory");
      return;
    }

  zmqg_lock (&session->reading.lock);
  fed = zmqg_inbound_feed (&session->inbound, self->input->data,
                           self->input->len, &error);
  zmqg_unlock (&session->reading.lock);
  zmqg_connection_act_upon_commands (self);
  if (!fed)
    {
      zmqg_connection_fail_with (self, error);
      return;
    }

  zmqg_session_open_reading (session, self->link->fd);
  zmqg_connection_note_pause (self);
  g_byte_array_set_size (self->input, 0);
  g_clear_pointer (&self->input, g_byte_array_unref);
  if (self->mechanism != NULL)
    {
      self->mechanism->ops->free (self->mechanism);
      self->mechanism = NULL;
    }
  zmqg_connection_run_output (self);
}

static gboolean
take_command (ZmqgConnection *self)
{
  ZmqgProtocolError protocol_error = ZMQG_PROTOCOL_ERROR_NONE;
  ZmqgMechanismState state;
  GError *error = NULL;
  guint64 size;
  gssize header = peek_handshake_frame (self, &size);

  if (header <= 0)
    return FALSE;

  state = self->mechanism->ops->handle (self->mechanism,
                                        self->input->data + header, size,
                                        self->output, &protocol_error,
                                        &error);
  g_byte_array_remove_range (self->input, 0, header + size);

  switch (state)
    {
    case ZMQG_MECHANISM_FAILED:
      if (write_handshake (self))
        {
          set_protocol_failure (self, protocol_error,
                                self->mechanism->status);
          zmqg_connection_fail_with (self, error);
        }
      else
        {
          g_error_free (error);
        }
      return FALSE;

    case ZMQG_MECHANISM_READY:
      self->state = STATE_FLUSH;
      return FALSE;

    case ZMQG_MECHANISM_WORKING:
    default:
      return TRUE;
    }
}

static gboolean
take_identity (ZmqgConnection *self)
{
  guint64 size;
  gssize header = peek_handshake_frame (self, &size);

  if (header <= 0)
    return FALSE;

  if (size > 0)
    self->identity = g_bytes_new (self->input->data + header, size);
  g_byte_array_remove_range (self->input, 0, header + size);
  self->state = STATE_FLUSH;
  return FALSE;
}

/* Writes our part of the handshake; traffic starts when both are through. */
void
zmqg_connection_advance_handshake (ZmqgConnection *self)
{
  if (self->state >= STATE_TRAFFIC || !write_handshake (self))
    return;

  if (self->state == STATE_FLUSH && self->output->len == 0)
    start_traffic (self);
  else
    zmqg_connection_update_watch (self);
}

static void
run_handshake (ZmqgConnection *self)
{
  gboolean more = TRUE;

  while (more)
    {
      switch (self->state)
        {
        case STATE_GREETING:
          more = take_greeting (self);
          break;
        case STATE_MECHANISM:
          more = take_command (self);
          break;
        case STATE_IDENTITY:
          more = take_identity (self);
          break;
        case STATE_FLUSH:
        case STATE_TRAFFIC:
        case STATE_CLOSED:
        default:
          more = FALSE;
          break;
        }
    }

  zmqg_connection_advance_handshake (self);
}

void
zmqg_connection_read_handshake (ZmqgConnection *self)
{
  guint8 buffer[4096];
  struct iovec range = { buffer, sizeof buffer };
  GError *error = NULL;
  gssize size = zmqg_connection_read_ranges (self, &range, 1, &error);

  if (size == ZMQG_READ_WOULD_BLOCK)
    return;
  if (size < 0)
    {
      zmqg_connection_fail_with (self, error);
      return;
    }
  if (size == 0)
    {
      zmqg_connection_set_failure (self,
                                   ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL,
                                   EPIPE);
      zmqg_connection_fail (self, ZMQG_ERROR_PEER_LOST,
                            "The peer closed the connection during the handshake");
      return;
    }

  g_byte_array_append (self->input, buffer, size);
  run_handshake (self);
}
