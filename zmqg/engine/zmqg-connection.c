/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-connection-private.h"

#include "base/zmqg-error.h"
#include "security/zmqg-mechanism-private.h"
#include "zmtp/zmqg-command-private.h"
#include "zmtp/zmqg-zmtp1-private.h"

#include <errno.h>
#include <sys/socket.h>

/* The largest command, and identity, that a handshake may contain. */
#define HANDSHAKE_COMMAND_MAX (64u * 1024u)

/* Reads of one connection per turn of the reactor, so that all get theirs. */
#define READS_PER_TURN 4

/* Reads of what a peer sent before it closed. */
#define READS_AFTER_FAILURE 64

typedef enum
{
  STATE_GREETING,
  STATE_MECHANISM, /* ZMTP 3: commands to and fro */
  STATE_IDENTITY,  /* ZMTP 1 and 2: the first frame is the identity */
  STATE_FLUSH,     /* all was received, our part is not all written yet */
  STATE_TRAFFIC,
  STATE_CLOSED,
} ConnectionState;

struct _ZmqgConnection
{
  guint refs;
  ZmqgFdWatch watch;
  ZmqgEngine *engine;
  ZmqgClient *client;
  ZmqgOptions *options;
  ZmqgTag *endpoint;
  const ZmqgConnectionOwner *ops;
  gpointer owner;

  ZmqgLink *link;
  GPollableInputStream *input_stream; /* when there is no descriptor */
  GPollableOutputStream *output_stream;
  GSource *input_source;
  GSource *output_source;

  ConnectionState state;
  ZmqgGreeting greeting;
  ZmqgMechanism *mechanism;
  GBytes *identity;   /* the peer's, of ZMTP 1 and 2 */
  GByteArray *input;  /* of the handshake, not yet taken */
  GByteArray *output; /* of the handshake, not yet written */
  ZmqgTimer handshake;
  ZmqgTimer silence; /* the TTL of the peer's PING */

  ZmqgSession *session; /* counted */
  gboolean want_output; /* the kernel's buffer is full */
  gboolean paused;      /* no room for what would be read */
  GError *write_error;  /* nothing can be written any more */
};

static void connection_ready (ZmqgConnection *self, GIOCondition condition);

static const char *
peer_text (ZmqgConnection *self)
{
  if (self->session != NULL && self->session->record != NULL &&
      self->session->record->remote_text != NULL)
    return self->session->record->remote_text;
  return self->link->remote_text != NULL ? self->link->remote_text
                                         : "the peer";
}

/* --- Life --------------------------------------------------------------- */

static ZmqgConnection *
connection_ref (ZmqgConnection *self)
{
  self->refs++;
  return self;
}

void
zmqg_connection_unref (ZmqgConnection *self)
{
  if (--self->refs > 0)
    return;

  g_assert (self->state == STATE_CLOSED);
  g_clear_pointer (&self->link, zmqg_link_free);
  g_clear_object (&self->input_stream);
  g_clear_object (&self->output_stream);
  if (self->mechanism != NULL)
    self->mechanism->ops->free (self->mechanism);
  g_clear_error (&self->write_error);
  g_clear_pointer (&self->identity, g_bytes_unref);
  g_clear_pointer (&self->input, g_byte_array_unref);
  g_clear_pointer (&self->output, g_byte_array_unref);
  self->client->ops->unref (self->client);
  zmqg_options_unref (self->options);
  zmqg_engine_unref (self->engine);
  g_free (self);
}

static gboolean
stream_ready (GObject *stream G_GNUC_UNUSED,
              gpointer user_data)
{
  connection_ready (user_data, G_IO_IN);
  return G_SOURCE_CONTINUE;
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* A pollable source for a stream that is no plain descriptor. */
static void
update_source (ZmqgConnection *self,
               GSource **source,
               gboolean wanted,
               GIOCondition condition)
{
  if (!wanted || *source != NULL)
    {
      if (!wanted)
        clear_source (source);
      return;
    }

  *source = condition == G_IO_IN
              ? g_pollable_input_stream_create_source (self->input_stream,
                                                       NULL)
              : g_pollable_output_stream_create_source (self->output_stream,
                                                        NULL);
  g_source_set_static_name (*source, "[zmqg] stream");
  g_source_set_callback (*source, G_SOURCE_FUNC (stream_ready), self, NULL);
  g_source_attach (*source, g_main_context_get_thread_default ());
}

static void
update_watch (ZmqgConnection *self)
{
  gboolean input = self->state != STATE_CLOSED &&
                   self->state != STATE_FLUSH && !self->paused;
  gboolean output = self->state != STATE_CLOSED &&
                    (self->want_output || self->output->len > 0);

  if (self->link->fd >= 0)
    {
      zmqg_reactor_watch (zmqg_engine_get_reactor (self->engine),
                          &self->watch,
                          (input ? G_IO_IN : 0) | (output ? G_IO_OUT : 0));
      return;
    }

  update_source (self, &self->input_source, input, G_IO_IN);
  update_source (self, &self->output_source, output, G_IO_OUT);
}

gboolean
zmqg_connection_error_is_permanent (const GError *reason)
{
  return g_error_matches (reason, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL) ||
         g_error_matches (reason, ZMQG_ERROR, ZMQG_ERROR_INCOMPATIBLE) ||
         g_error_matches (reason, ZMQG_ERROR, ZMQG_ERROR_AUTHENTICATION) ||
         g_error_matches (reason, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE);
}

void
zmqg_connection_close (ZmqgConnection *self,
                       const GError *reason)
{
  ZmqgReactor *reactor = zmqg_engine_get_reactor (self->engine);
  gboolean was_traffic = self->state == STATE_TRAFFIC;

  if (self->state == STATE_CLOSED)
    return;

  connection_ref (self);
  self->state = STATE_CLOSED;
  g_byte_array_set_size (self->output, 0);
  self->want_output = FALSE;
  update_watch (self);
  zmqg_reactor_stop_timer (reactor, &self->handshake);
  zmqg_reactor_stop_timer (reactor, &self->silence);

  if (self->session != NULL)
    zmqg_session_stop_traffic (self->session, reason);

  if (!was_traffic && reason != NULL)
    self->client->ops->handshake_failed (self->client, self->endpoint,
                                         g_steal_pointer (&self->link->remote),
                                         reason);

  g_clear_pointer (&self->link, zmqg_link_free);
  self->ops->closed (self, reason, self->owner);
  g_clear_pointer (&self->session, zmqg_session_unref);
  zmqg_connection_unref (self);
}

void
zmqg_connection_set_owner (ZmqgConnection *self,
                           const ZmqgConnectionOwner *ops,
                           gpointer owner)
{
  self->ops = ops;
  self->owner = owner;
}

ZmqgSession *
zmqg_connection_get_session (ZmqgConnection *self)
{
  return self->session;
}

static void
fail (ZmqgConnection *self,
      ZmqgError code,
      const char *what)
{
  g_autoptr (GError) error = NULL;

  error = g_error_new (ZMQG_ERROR, code, "%s: %s", peer_text (self), what);
  zmqg_connection_close (self, error);
}

/* Names the peer in an error from below, and closes. Takes @error. */
static void
fail_with (ZmqgConnection *self,
           GError *error)
{
  g_prefix_error (&error, "%s: ", peer_text (self));
  zmqg_connection_close (self, error);
  g_error_free (error);
}

/* --- Reading and writing ------------------------------------------------ */

static gssize
read_fd (gpointer source,
         struct iovec *ranges,
         guint n,
         GError **error)
{
  ZmqgConnection *self = source;
  struct msghdr message = { .msg_iov = ranges, .msg_iovlen = n };
  gssize size;
  int code;

  do
    size = recvmsg (self->link->fd, &message, MSG_DONTWAIT);
  while (size < 0 && errno == EINTR);

  if (size >= 0)
    return size;

  code = errno;
  if (code == ECONNRESET || code == EPIPE)
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST, "%s",
                 g_strerror (code));
  else
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code),
                         g_strerror (code));
  return -1;
}

static gssize
read_stream (gpointer source,
             struct iovec *ranges,
             guint n,
             GError **error)
{
  ZmqgConnection *self = source;
  gssize total = 0;

  for (guint i = 0; i < n; i++)
    {
      GError *local = NULL;
      gssize size;

      size = g_pollable_input_stream_read_nonblocking (
        self->input_stream, ranges[i].iov_base, ranges[i].iov_len, NULL,
        &local);
      if (size <= 0 && total > 0)
        {
          g_clear_error (&local);
          break;
        }
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
        {
          local->domain = ZMQG_ERROR;
          local->code = ZMQG_ERROR_PEER_LOST;
        }
      if (size < 0)
        g_propagate_error (error, local);
      if (size <= 0)
        return size;

      total += size;
      if ((gsize) size < ranges[i].iov_len)
        break;
    }

  return total;
}

static gssize
read_ranges (ZmqgConnection *self,
             struct iovec *ranges,
             guint n,
             GError **error)
{
  return self->link->fd >= 0 ? read_fd (self, ranges, n, error)
                             : read_stream (self, ranges, n, error);
}

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
          fail_with (self, error);
          return FALSE;
        }
      g_byte_array_remove_range (self->output, 0, size);
    }

  return TRUE;
}

/* --- Traffic ------------------------------------------------------------ */

/* Whether there is room for more has changed. */
static void
note_pause (ZmqgConnection *self)
{
  ZmqgClient *client = self->client;

  self->paused = self->session->inbound.paused;
  update_watch (self);

  /* While paused the end of the connection goes unnoticed. */
  if (self->paused && client->table->drops_inbound)
    client->ops->attend (client);
}

/* Nothing can be written any more: reads to the end of what there is, as far
 * as there is room, and then closes. */
static void
read_rest (ZmqgConnection *self)
{
  ZmqgInbound *inbound = &self->session->inbound;
  ZmqgInboundResult result = ZMQG_INBOUND_MORE;

  for (guint i = 0; !self->paused && i < READS_AFTER_FAILURE &&
                    result == ZMQG_INBOUND_MORE; i++)
    {
      result = zmqg_inbound_read (inbound, self->engine,
                                  self->link->fd >= 0 ? read_fd : read_stream,
                                  self, NULL);
      if (result == ZMQG_INBOUND_PAUSED)
        note_pause (self);
    }

  if (self->paused || result == ZMQG_INBOUND_MORE)
    update_watch (self);
  else
    zmqg_connection_close (self, self->write_error);
}

static void
run_output (ZmqgConnection *self)
{
  ZmqgSession *session = self->session;
  GError *error = NULL;

  zmqg_session_touch (session);
  switch (zmqg_outbound_run (&session->outbound,
                             zmqg_engine_is_threaded (self->engine), &error))
    {
    case ZMQG_OUTBOUND_DRAINED:
      self->want_output = FALSE;
      update_watch (self);
      zmqg_session_drained (session);
      break;

    case ZMQG_OUTBOUND_BLOCKED:
      self->want_output = TRUE;
      update_watch (self);
      break;

    case ZMQG_OUTBOUND_FAILED:
    default:
      /* What the peer sent before that can still be read. */
      zmqg_outbound_close (&session->outbound, FALSE, 0);
      g_prefix_error (&error, "%s: ", peer_text (self));
      self->write_error = error;
      self->want_output = FALSE;
      read_rest (self);
      break;
    }
}

static void
read_traffic (ZmqgConnection *self)
{
  ZmqgSession *session = self->session;
  GError *error = NULL;

  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine),
                           &self->silence);
  zmqg_session_touch (session);

  for (guint i = 0; i < READS_PER_TURN; i++)
    {
      ZmqgInboundResult result;

      result = zmqg_inbound_read (&session->inbound, self->engine,
                                  self->link->fd >= 0 ? read_fd : read_stream,
                                  self, &error);
      switch (result)
        {
        case ZMQG_INBOUND_MORE:
          continue;

        case ZMQG_INBOUND_EMPTY:
          return;

        case ZMQG_INBOUND_PAUSED:
          note_pause (self);
          return;

        case ZMQG_INBOUND_END:
          fail (self, ZMQG_ERROR_PEER_LOST, "The peer closed the connection");
          return;

        case ZMQG_INBOUND_FAILED:
        default:
          fail_with (self, error);
          return;
        }
    }
}

/* The engine's answer to commands of the peer. Called while its bytes are
 * walked over: only takes note. */
static void
handle_command (ZmqgInbound *inbound,
                const ZmqgCommand *command)
{
  ZmqgSession *session =
    (ZmqgSession *) ((guint8 *) inbound -
                     G_STRUCT_OFFSET (ZmqgSession, inbound));
  ZmqgConnection *self = session->connection;
  guint8 frame[ZMQG_FRAME_HEADER_MAX + ZMQG_COMMAND_PONG_MAX];
  guint8 body[ZMQG_COMMAND_PONG_MAX];
  const guint8 *context;
  gsize context_size;
  gsize header;
  gsize size;
  guint ttl;

  if (command->id != ZMQG_COMMAND_PING)
    return;

  context = zmqg_command_get_context (command, &context_size);
  size = zmqg_command_write_pong (body, context, context_size);
  header = zmqg_frame_encode_header (frame, ZMQG_FRAME_COMMAND, size);
  memcpy (frame + header, body, size);
  zmqg_outbound_add_control (&session->outbound, frame, header + size);
  self->want_output = TRUE;

  ttl = zmqg_command_get_ping_ttl (command);
  if (ttl > 0)
    zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine),
                              &self->silence, ttl * 100);
}

/* The socket's end did something. */
static void
connection_kick (ZmqgConnection *self,
                 guint events)
{
  GError *error = NULL;

  connection_ref (self);

  if ((events & (ZMQG_PIPE_WRITABLE | ZMQG_PIPE_ENDED)) && self->paused)
    {
      if (!zmqg_inbound_resume (&self->session->inbound, &error))
        {
          fail_with (self, error);
        }
      else
        {
          note_pause (self);
        }
    }

  if (self->state != STATE_TRAFFIC)
    ; /* it failed just now */
  else if (self->write_error != NULL)
    read_rest (self);
  else if ((events & ZMQG_PIPE_READABLE) || self->want_output)
    run_output (self);

  zmqg_connection_unref (self);
}

/* --- Handshake ---------------------------------------------------------- */

static void
append_greeting_output (ZmqgConnection *self)
{
  gsize size;
  const guint8 *data = zmqg_greeting_peek_output (&self->greeting, &size);

  g_byte_array_append (self->output, data, size);
  zmqg_greeting_output_written (&self->greeting, size);
}

static const guint8 *
own_identity (ZmqgConnection *self,
              gsize *size)
{
  *size = 0;
  return self->options->routing_id != NULL
           ? g_bytes_get_data (self->options->routing_id, size)
           : NULL;
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
      ZmqgHandshakeInfo info = { type, self->options->routing_id };

      self->mechanism = zmqg_null_mechanism.start (&info, self->output);
      self->state = STATE_MECHANISM;
      return;
    }

  identity = own_identity (self, &size);
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
  append_greeting_output (self);

  switch (self->greeting.state)
    {
    case ZMQG_GREETING_MORE:
      return FALSE;

    case ZMQG_GREETING_FAILED:
      /* The peer shall be able to tell why, too. */
      if (write_handshake (self))
        fail (self, ZMQG_ERROR_PROTOCOL, self->greeting.reason);
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
      fail (self, ZMQG_ERROR_PROTOCOL, "The peer sent a malformed frame");
      return -1;
    }
  if (header == 0)
    return 0;

  if (*size > HANDSHAKE_COMMAND_MAX || (max >= 0 && *size > (guint64) max))
    {
      fail (self, ZMQG_ERROR_MESSAGE_TOO_LARGE,
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

  session = self->ops->established (self, record, self->owner);
  if (session == NULL)
    {
      zmqg_tag_unref (&record->tag);
      zmqg_connection_close (self, NULL);
      return;
    }

  self->state = STATE_TRAFFIC;
  self->session = zmqg_session_ref (session);
  session->kick = connection_kick;
  session->inbound.command = handle_command;
  zmqg_session_start_traffic (session, self, record);
  zmqg_tag_unref (&record->tag);
  zmqg_outbound_open (&session->outbound, self->link->fd,
                      self->output_stream, greeting->version, has_commands);

  if (greeting->version == ZMQG_ZMTP_1_0_UNVERSIONED &&
      self->client->table->takes_subscriptions && !subscribe_all (self))
    {
      fail (self, ZMQG_ERROR_NO_RESOURCES, "No memory");
      return;
    }

  if (!zmqg_inbound_feed (&session->inbound, self->input->data,
                          self->input->len, &error))
    {
      fail_with (self, error);
      return;
    }

  note_pause (self);
  g_byte_array_set_size (self->input, 0);
  g_clear_pointer (&self->input, g_byte_array_unref);
  if (self->mechanism != NULL)
    {
      self->mechanism->ops->free (self->mechanism);
      self->mechanism = NULL;
    }
  run_output (self);
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
        fail_with (self, error);
      else
        g_error_free (error);
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
static void
advance_handshake (ZmqgConnection *self)
{
  if (self->state >= STATE_TRAFFIC || !write_handshake (self))
    return;

  if (self->state == STATE_FLUSH && self->output->len == 0)
    start_traffic (self);
  else
    update_watch (self);
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

  advance_handshake (self);
}

static void
read_handshake (ZmqgConnection *self)
{
  guint8 buffer[4096];
  struct iovec range = { buffer, sizeof buffer };
  GError *error = NULL;
  gssize size = read_ranges (self, &range, 1, &error);

  if (size < 0)
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        g_error_free (error);
      else
        fail_with (self, error);
      return;
    }
  if (size == 0)
    {
      fail (self, ZMQG_ERROR_PEER_LOST,
            "The peer closed the connection during the handshake");
      return;
    }

  g_byte_array_append (self->input, buffer, size);
  run_handshake (self);
}

static void
connection_ready (ZmqgConnection *self,
                  GIOCondition condition)
{
  connection_ref (self);

  if (self->state < STATE_TRAFFIC)
    {
      if (self->state == STATE_FLUSH)
        advance_handshake (self);
      else if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
        read_handshake (self);
      else
        advance_handshake (self);
    }
  else if (self->state == STATE_TRAFFIC && self->write_error != NULL)
    {
      read_rest (self);
    }
  else if (self->state == STATE_TRAFFIC)
    {
      if ((condition & (G_IO_IN | G_IO_HUP | G_IO_ERR)) && !self->paused)
        read_traffic (self);
      if (self->state == STATE_TRAFFIC && self->want_output)
        run_output (self);
    }

  zmqg_connection_unref (self);
}

static void
watch_ready (ZmqgFdWatch *watch,
             GIOCondition condition)
{
  connection_ready ((ZmqgConnection *) ((guint8 *) watch -
                                        G_STRUCT_OFFSET (ZmqgConnection,
                                                         watch)),
                    condition);
}

static void
handshake_expired (ZmqgTimer *timer)
{
  ZmqgConnection *self =
    (ZmqgConnection *) ((guint8 *) timer -
                        G_STRUCT_OFFSET (ZmqgConnection, handshake));

  fail (self, ZMQG_ERROR_TIMED_OUT,
        "The peer did not finish the handshake in time");
}

static void
silence_expired (ZmqgTimer *timer)
{
  ZmqgConnection *self =
    (ZmqgConnection *) ((guint8 *) timer -
                        G_STRUCT_OFFSET (ZmqgConnection, silence));

  fail (self, ZMQG_ERROR_TIMED_OUT,
        "The peer was silent for longer than it promised");
}

ZmqgConnection *
zmqg_connection_new (ZmqgEngine *engine,
                     ZmqgClient *client,
                     ZmqgOptions *options,
                     ZmqgTag *endpoint,
                     ZmqgLink *link,
                     const ZmqgConnectionOwner *ops,
                     gpointer owner)
{
  ZmqgConnection *self = g_new0 (ZmqgConnection, 1);
  gsize identity_size;

  self->refs = 1;
  self->engine = zmqg_engine_ref (engine);
  self->client = client;
  client->ops->ref (client);
  self->options = zmqg_options_ref (options);
  self->endpoint = endpoint;
  self->link = link;
  self->ops = ops;
  self->owner = owner;
  self->watch.fd = link->fd;
  self->watch.ready = watch_ready;
  self->handshake.expired = handshake_expired;
  self->silence.expired = silence_expired;
  self->input = g_byte_array_new ();
  self->output = g_byte_array_new ();

  if (link->stream != NULL)
    {
      self->input_stream = g_object_ref (
        G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (link->stream)));
      self->output_stream = g_object_ref (G_POLLABLE_OUTPUT_STREAM (
        g_io_stream_get_output_stream (link->stream)));
    }

  own_identity (self, &identity_size);
  zmqg_greeting_init (&self->greeting, "NULL", client->table->number,
                      identity_size);
  append_greeting_output (self);

  if (options->handshake_interval > 0)
    zmqg_reactor_start_timer (zmqg_engine_get_reactor (engine),
                              &self->handshake, options->handshake_interval);
  update_watch (self);
  return self;
}
