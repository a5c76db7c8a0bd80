/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-heartbeat-private.h"

#include "zmtp/zmqg-command-private.h"

static void
start (ZmqgHeartbeat *self,
       ZmqgTimer *timer,
       guint msec)
{
  zmqg_reactor_start_timer (zmqg_engine_get_reactor (self->engine), timer,
                            msec);
}

static void
stop (ZmqgHeartbeat *self,
      ZmqgTimer *timer)
{
  zmqg_reactor_stop_timer (zmqg_engine_get_reactor (self->engine), timer);
}

/* A receiver may read the connection, which the engine hears of later: this
 * looks for itself. And while the socket is not read nobody listens. */
static gboolean
has_heard (ZmqgHeartbeat *self)
{
  ZmqgSession *session = self->session;
  guint64 before = self->heard;
  gboolean paused;

  zmqg_lock (&session->reading.lock);
  self->heard = session->inbound.n_reads;
  paused = session->inbound.paused;
  zmqg_unlock (&session->reading.lock);

  return paused || self->heard != before;
}

/* ZMTP 3.1, section heartbeating; libzmq sends no context either. */
static void
beat_expired (ZmqgTimer *timer)
{
  ZmqgHeartbeat *self =
    (ZmqgHeartbeat *) ((guint8 *) timer -
                       G_STRUCT_OFFSET (ZmqgHeartbeat, beat));
  guint8 frame[ZMQG_FRAME_HEADER_MAX + ZMQG_COMMAND_PING_SIZE];
  guint8 body[ZMQG_COMMAND_PING_SIZE];
  gsize size = zmqg_command_write_ping (body, self->ttl);
  gsize header = zmqg_frame_encode_header (frame, ZMQG_FRAME_COMMAND, size);

  memcpy (frame + header, body, size);
  start (self, &self->beat, self->interval);
  if (self->patience > 0 && !zmqg_timer_is_running (&self->answer))
    {
      has_heard (self);
      start (self, &self->answer, self->patience);
    }

  zmqg_outbound_add_control (&self->session->outbound, frame, header + size);
  self->ping (self);
}

static void
answer_expired (ZmqgTimer *timer)
{
  ZmqgHeartbeat *self =
    (ZmqgHeartbeat *) ((guint8 *) timer -
                       G_STRUCT_OFFSET (ZmqgHeartbeat, answer));

  if (!has_heard (self))
    self->dead (self, "The peer did not answer a heartbeat in time");
}

static void
silence_expired (ZmqgTimer *timer)
{
  ZmqgHeartbeat *self =
    (ZmqgHeartbeat *) ((guint8 *) timer -
                       G_STRUCT_OFFSET (ZmqgHeartbeat, silence));

  gint64 now = g_get_monotonic_time ();
  gint64 left;

  if (has_heard (self))
    self->heard_at = now;
  /* libzmq only waits for the next PING after something was heard, and one
   * that never comes is not missed. */
  left = self->heard_at + (gint64) self->promised * 1000 - now;
  if (left > 0)
    start (self, &self->silence, (guint) ((left + 999) / 1000));
  else
    self->dead (self, "The peer was silent for longer than it promised");
}

void
zmqg_heartbeat_init (ZmqgHeartbeat *self,
                     ZmqgEngine *engine,
                     const ZmqgOptions *options)
{
  self->engine = engine;
  self->interval = options->heartbeat_interval;
  self->patience = options->heartbeat_timeout < 0
                     ? options->heartbeat_interval
                     : options->heartbeat_timeout;
  self->ttl = (guint16) (options->heartbeat_ttl / 100);
  self->beat.expired = beat_expired;
  self->answer.expired = answer_expired;
  self->silence.expired = silence_expired;
}

void
zmqg_heartbeat_start (ZmqgHeartbeat *self,
                      ZmqgSession *session,
                      gboolean knows_pings)
{
  self->session = session;
  if (self->interval > 0 && knows_pings)
    start (self, &self->beat, self->interval);
}

void
zmqg_heartbeat_stop (ZmqgHeartbeat *self)
{
  stop (self, &self->beat);
  stop (self, &self->answer);
  stop (self, &self->silence);
  self->promised = 0;
  self->session = NULL;
}

void
zmqg_heartbeat_hear (ZmqgHeartbeat *self)
{
  stop (self, &self->answer);
  if (self->promised == 0)
    return;

  has_heard (self);
  self->heard_at = g_get_monotonic_time ();
}

void
zmqg_heartbeat_expect (ZmqgHeartbeat *self,
                       guint ttl)
{
  if (self->session == NULL)
    return;

  self->promised = ttl;
  if (ttl == 0)
    {
      stop (self, &self->silence);
      return;
    }

  has_heard (self);
  self->heard_at = g_get_monotonic_time ();
  start (self, &self->silence, ttl);
}
