/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-connection-state-private.h"

#include "zmtp/zmqg-command-private.h"

#include <errno.h>
#include <sys/socket.h>

/* Reads of one connection per turn of the reactor, so that all get theirs. */
#define READS_PER_TURN 4

/* Reads of what a peer sent before it closed. */
#define READS_AFTER_FAILURE 64

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

void
zmqg_connection_report (ZmqgConnection *self,
                        ZmqgEventType type,
                        int value,
                        ZmqgPeerRecord *record,
                        const GError *error)
{
  ZmqgEventReport event = {
    .type = type,
    .value = value,
    .endpoint = self->endpoint,
    .record = record,
    .error = error,
  };

  if (!zmqg_client_listens (self->client, type))
    return;

  /* The record has taken over what the link knew. */
  event.local = record != NULL ? record->local_text : self->link->local_text;
  event.remote = record != NULL ? record->remote_text
                                : self->link->remote_text;
  self->client->ops->event (self->client, &event);
}

/* Nobody is told of what we end ourselves. */
static void
report_end (ZmqgConnection *self,
            gboolean was_traffic,
            const GError *reason)
{
  ZmqgPeerRecord *record = self->session != NULL ? self->session->record
                                                 : NULL;

  if (reason == NULL)
    return;

  if (!was_traffic && self->failure != 0)
    zmqg_connection_report (self, self->failure, self->failure_value, NULL,
                            reason);
  zmqg_connection_report (self, ZMQG_EVENT_TYPE_DISCONNECTED, self->link->fd,
                          record, reason);
}

/* --- Life --------------------------------------------------------------- */

ZmqgConnection *
zmqg_connection_ref (ZmqgConnection *self)
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
input_ready (GObject *stream G_GNUC_UNUSED,
             gpointer user_data)
{
  connection_ready (user_data, G_IO_IN);
  return G_SOURCE_CONTINUE;
}

static gboolean
output_ready (GObject *stream G_GNUC_UNUSED,
              gpointer user_data)
{
  connection_ready (user_data, G_IO_OUT);
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
  g_source_set_callback (*source,
                         condition == G_IO_IN ? G_SOURCE_FUNC (input_ready)
                                              : G_SOURCE_FUNC (output_ready),
                         self, NULL);
  g_source_attach (*source, g_main_context_get_thread_default ());
}

void
zmqg_connection_update_watch (ZmqgConnection *self)
{
  gboolean lent = self->session != NULL &&
                  atomic_load (&self->session->reading.lent);
  gboolean input = self->state != STATE_CLOSED &&
                   self->state != STATE_FLUSH && !self->paused && !lent;
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

  zmqg_connection_ref (self);
  self->state = STATE_CLOSED;
  g_byte_array_set_size (self->output, 0);
  self->want_output = FALSE;
  zmqg_connection_update_watch (self);
  zmqg_reactor_stop_timer (reactor, &self->handshake);
  zmqg_heartbeat_stop (&self->heartbeat);
  report_end (self, was_traffic, reason);

  if (self->session != NULL)
    zmqg_session_stop_traffic (self->session, reason);

  if (!was_traffic && reason != NULL)
    self->client->ops->handshake_failed (self->client, self->endpoint,
                                         g_steal_pointer (&self->link->remote),
                                         reason);

  /* While a receiver or a sender sleeps on the descriptor the kernel would
   * leave the connection open. */
  if (was_traffic && self->link->fd >= 0)
    shutdown (self->link->fd, SHUT_RDWR);
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

void
zmqg_connection_fail (ZmqgConnection *self,
                      ZmqgError code,
                      const char *what)
{
  g_autoptr (GError) error = NULL;

  error = g_error_new (ZMQG_ERROR, code, "%s: %s", peer_text (self), what);
  zmqg_connection_close (self, error);
}

/* Names the peer in an error from below, and closes. Takes @error. */
void
zmqg_connection_fail_with (ZmqgConnection *self,
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
  return zmqg_read_descriptor (((ZmqgConnection *) source)->link->fd, ranges,
                               n, error);
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
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_error_free (local);
          return ZMQG_READ_WOULD_BLOCK;
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

gssize
zmqg_connection_read_ranges (ZmqgConnection *self,
                             struct iovec *ranges,
                             guint n,
                             GError **error)
{
  return self->link->fd >= 0 ? read_fd (self, ranges, n, error)
                             : read_stream (self, ranges, n, error);
}

/* --- Traffic ------------------------------------------------------------ */

/* Whether there is room for more, or who reads, has changed. */
void
zmqg_connection_note_pause (ZmqgConnection *self)
{
  ZmqgReadThrough *reading = &self->session->reading;
  ZmqgClient *client = self->client;

  zmqg_lock (&reading->lock);
  self->paused = self->session->inbound.paused;
  zmqg_unlock (&reading->lock);
  zmqg_connection_update_watch (self);

  /* While paused the end of the connection goes unnoticed. */
  if (self->paused && client->table->drops_inbound)
    client->ops->attend (client);
}

static ZmqgInboundResult
read_once (ZmqgConnection *self,
           GError **error)
{
  return zmqg_inbound_read (&self->session->inbound,
                            zmqg_engine_get_read_chunk (self->engine),
                            self->link->fd >= 0 ? read_fd : read_stream,
                            self, error);
}

/* Nothing can be written any more: reads to the end of what there is, as far
 * as there is room, and then closes. No receiver reads. */
static void
read_rest (ZmqgConnection *self)
{
  ZmqgInboundResult result = ZMQG_INBOUND_MORE;

  for (guint i = 0; !self->paused && i < READS_AFTER_FAILURE &&
                    result == ZMQG_INBOUND_MORE; i++)
    {
      result = read_once (self, NULL);
      if (result == ZMQG_INBOUND_PAUSED)
        zmqg_connection_note_pause (self);
    }

  if (self->paused || result == ZMQG_INBOUND_MORE)
    zmqg_connection_update_watch (self);
  else
    zmqg_connection_close (self, self->write_error);
}

void
zmqg_connection_act_upon_commands (ZmqgConnection *self)
{
  ZmqgInbound *inbound = &self->session->inbound;
  gboolean answered;
  guint ttl;

  zmqg_lock (&self->session->reading.lock);
  answered = inbound->answered;
  ttl = inbound->ttl;
  inbound->answered = FALSE;
  inbound->ttl = 0;
  zmqg_unlock (&self->session->reading.lock);

  if (!answered)
    return;

  self->want_output = TRUE;
  zmqg_heartbeat_expect (&self->heartbeat, ttl);
}

static void
note_input (ZmqgConnection *self)
{
  zmqg_heartbeat_hear (&self->heartbeat);
  zmqg_session_touch (self->session);
}

/* A read, or a receiver's, ended so: goes on, waits or closes. Takes @error. */
static void
follow_up (ZmqgConnection *self,
           ZmqgInboundResult result,
           GError *error)
{
  zmqg_connection_act_upon_commands (self);

  switch (result)
    {
    case ZMQG_INBOUND_END:
      zmqg_connection_fail (self, ZMQG_ERROR_PEER_LOST,
                            "The peer closed the connection");
      break;

    case ZMQG_INBOUND_FAILED:
      zmqg_connection_fail_with (self, error);
      break;

    case ZMQG_INBOUND_PAUSED:
      zmqg_connection_note_pause (self);
      break;

    case ZMQG_INBOUND_MORE:
    case ZMQG_INBOUND_EMPTY:
    default:
      break;
    }
}

static void
read_traffic (ZmqgConnection *self)
{
  ZmqgReadThrough *reading = &self->session->reading;
  ZmqgInboundResult result = ZMQG_INBOUND_MORE;
  GError *error = NULL;
  gboolean lent;

  zmqg_lock (&reading->lock);
  lent = atomic_load (&reading->lent);
  for (guint i = 0; !lent && result == ZMQG_INBOUND_MORE &&
                    i < READS_PER_TURN; i++)
    result = read_once (self, &error);
  if (!lent && self->link->fd >= 0)
    zmqg_read_through_await_body (reading, self->link->fd);
  zmqg_unlock (&reading->lock);

  if (lent)
    {
      zmqg_connection_update_watch (self);
      return;
    }

  note_input (self);
  follow_up (self, result, error);
}

/* The engine's answer to commands of the peer. Called by who reads, while the
 * bytes are walked over: only takes note. */
void
zmqg_connection_handle_command (ZmqgInbound *inbound,
                                const ZmqgCommand *command)
{
  ZmqgSession *session =
    (ZmqgSession *) ((guint8 *) inbound -
                     G_STRUCT_OFFSET (ZmqgSession, inbound));
  guint8 frame[ZMQG_FRAME_HEADER_MAX + ZMQG_COMMAND_PONG_MAX];
  guint8 body[ZMQG_COMMAND_PONG_MAX];
  const guint8 *context;
  gsize context_size;
  gsize header;
  gsize size;

  if (command->id != ZMQG_COMMAND_PING)
    return;

  context = zmqg_command_get_context (command, &context_size);
  size = zmqg_command_write_pong (body, context, context_size);
  header = zmqg_frame_encode_header (frame, ZMQG_FRAME_COMMAND, size);
  memcpy (frame + header, body, size);
  zmqg_outbound_add_control (&session->outbound, frame, header + size);
  inbound->answered = TRUE;
  inbound->ttl = zmqg_command_get_ping_ttl (command) * 100;
}

/* A receiver did something that concerns reading. */
static void
attend_reading (ZmqgConnection *self,
                guint events)
{
  ZmqgSession *session = self->session;
  ZmqgReadThrough *reading = &session->reading;
  ZmqgInbound *inbound = &session->inbound;
  ZmqgInboundResult result = ZMQG_INBOUND_EMPTY;
  GError *error = NULL;
  gboolean beating;
  gboolean heard;

  zmqg_lock (&reading->lock);
  if (events & ZMQG_PIPE_RETURNED)
    {
      zmqg_read_through_take_back (reading);
      reading->wanted = FALSE;
    }

  error = g_steal_pointer (&reading->error);
  if (error != NULL)
    result = ZMQG_INBOUND_FAILED;
  else if (reading->ended)
    result = ZMQG_INBOUND_END;
  else if (!atomic_load (&reading->lent) && inbound->paused &&
           !((events & ZMQG_PIPE_WRITABLE) &&
             zmqg_read_through_lend (reading)))
    result = zmqg_inbound_resume (inbound, &error) ? ZMQG_INBOUND_PAUSED
                                                   : ZMQG_INBOUND_FAILED;
  beating = reading->beating;
  heard = zmqg_read_through_take_heard (reading);
  zmqg_unlock (&reading->lock);

  if (beating && !zmqg_timer_is_running (&session->beat))
    zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine),
                              &session->beat, ZMQG_READ_THROUGH_BEAT_MSEC);
  if (heard)
    note_input (self);
  follow_up (self, result, error);
  if (self->state == STATE_TRAFFIC)
    zmqg_connection_note_pause (self);
}

void
zmqg_connection_run_output (ZmqgConnection *self)
{
  ZmqgSession *session = self->session;
  GError *error = NULL;

  zmqg_session_touch (session);
  switch (zmqg_outbound_run (&session->outbound,
                             zmqg_engine_is_threaded (self->engine), &error))
    {
    case ZMQG_OUTBOUND_DRAINED:
      self->want_output = FALSE;
      zmqg_connection_update_watch (self);
      zmqg_session_drained (session);
      break;

    case ZMQG_OUTBOUND_BLOCKED:
      self->want_output = TRUE;
      zmqg_connection_update_watch (self);
      break;

    case ZMQG_OUTBOUND_LEFT:
      self->want_output = FALSE;
      zmqg_connection_update_watch (self);
      zmqg_session_write_later (session);
      break;

    case ZMQG_OUTBOUND_HUNG_UP:
      session->hung_up = TRUE;
      zmqg_connection_close (self, NULL);
      break;

    case ZMQG_OUTBOUND_FAILED:
    default:
      /* What the peer sent before that can still be read. */
      zmqg_outbound_close (&session->outbound, FALSE, 0);
      zmqg_session_close_reading (session);
      g_prefix_error (&error, "%s: ", peer_text (self));
      self->write_error = error;
      self->want_output = FALSE;
      /* Of what a receiver met, and left when there was no room. */
      attend_reading (self, ZMQG_PIPE_RETURNED);
      if (self->state == STATE_TRAFFIC)
        read_rest (self);
      break;
    }
}

/* The socket's end did something. */
void
zmqg_connection_kick (ZmqgConnection *self,
                      guint events)
{
  zmqg_connection_ref (self);

  if (events & (ZMQG_PIPE_READ | ZMQG_PIPE_RETURNED | ZMQG_PIPE_WRITABLE |
                ZMQG_PIPE_ENDED))
    attend_reading (self, events);

  if (self->state != STATE_TRAFFIC)
    ; /* it failed just now */
  else if (self->write_error != NULL)
    read_rest (self);
  else if ((events & ZMQG_PIPE_READABLE) || self->want_output)
    zmqg_connection_run_output (self);

  zmqg_connection_unref (self);
}

/* We want no more of this peer. */
void
zmqg_connection_drop (ZmqgConnection *self)
{
  g_autoptr (GError) error = NULL;

  error = zmqg_peer_record_explain_drop (self->session->record,
                                         peer_text (self));
  zmqg_connection_close (self, error);
}

/* --- Events ------------------------------------------------------------- */

static void
connection_ready (ZmqgConnection *self,
                  GIOCondition condition)
{
  zmqg_connection_ref (self);

  if (self->state < STATE_TRAFFIC)
    {
      if (self->state == STATE_FLUSH)
        zmqg_connection_advance_handshake (self);
      else if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
        zmqg_connection_read_handshake (self);
      else
        zmqg_connection_advance_handshake (self);
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
        zmqg_connection_run_output (self);
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

  zmqg_connection_set_failure (self,
                               ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL,
                               ETIMEDOUT);
  zmqg_connection_fail (self, ZMQG_ERROR_TIMED_OUT,
                        "The peer did not finish the handshake in time");
}

static ZmqgConnection *
connection_of (ZmqgHeartbeat *heartbeat)
{
  return (ZmqgConnection *) ((guint8 *) heartbeat -
                             G_STRUCT_OFFSET (ZmqgConnection, heartbeat));
}

static void
heartbeat_ping (ZmqgHeartbeat *heartbeat)
{
  ZmqgConnection *self = connection_of (heartbeat);

  zmqg_connection_ref (self);
  if (self->write_error == NULL)
    zmqg_connection_run_output (self);
  zmqg_connection_unref (self);
}

static void
heartbeat_dead (ZmqgHeartbeat *heartbeat,
                const char *what)
{
  zmqg_connection_fail (connection_of (heartbeat), ZMQG_ERROR_TIMED_OUT, what);
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
  zmqg_heartbeat_init (&self->heartbeat, engine, options);
  self->heartbeat.ping = heartbeat_ping;
  self->heartbeat.dead = heartbeat_dead;
  self->input = g_byte_array_new ();
  self->output = g_byte_array_new ();
  zmqg_connection_set_failure (self,
                               ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL,
                               ECONNRESET);

  if (link->stream != NULL)
    {
      self->input_stream = g_object_ref (
        G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (link->stream)));
      self->output_stream = g_object_ref (G_POLLABLE_OUTPUT_STREAM (
        g_io_stream_get_output_stream (link->stream)));
    }

  zmqg_connection_own_identity (self, &identity_size);
  zmqg_greeting_init (&self->greeting, "NULL", client->table->number,
                      identity_size);

  if (options->raw)
    {
      /* There is no handshake: traffic starts with the first turn. */
      self->greeting.version = ZMQG_ZMTP_RAW;
      self->state = STATE_FLUSH;
      self->want_output = TRUE;
      zmqg_connection_update_watch (self);
      return self;
    }

  zmqg_connection_start_handshake_output (self);
  if (options->handshake_interval > 0)
    zmqg_reactor_start_timer (zmqg_engine_get_reactor (engine),
                              &self->handshake, options->handshake_interval);
  zmqg_connection_update_watch (self);
  return self;
}
