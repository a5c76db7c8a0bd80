/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-subscriber-private.h"

#include "socket/zmqg-topic-frame-private.h"

/* Subscriptions that were not sent are of no use to anybody. */
#define DEFAULT_LINGER 0

void
zmqg_subscriber_init (ZmqgSocketCore *core)
{
  ZmqgSubscriber *self = core->state;

  zmqg_fair_queue_init (&self->incoming);
  core->small_in = &self->incoming.turns;
  zmqg_distributor_init (&self->distributor);
  self->topics = zmqg_topic_set_new ();

  core->options->linger = DEFAULT_LINGER;
}

void
zmqg_subscriber_clear (ZmqgSocketCore *core)
{
  ZmqgSubscriber *self = core->state;

  zmqg_fair_queue_clear (&self->incoming);
  zmqg_distributor_clear (&self->distributor);
  g_clear_pointer (&self->topics, zmqg_topic_set_free);
}

/* --- Upstream ----------------------------------------------------------- */

gboolean
zmqg_subscriber_tell (ZmqgSocketCore *core,
                      ZmqgCommandId id,
                      const guint8 *topic,
                      gsize size)
{
  ZmqgSubscriber *self = core->state;
  GPtrArray *pipes = self->distributor.pipes;
  ZmqgTopicFrame frame;
  gboolean is_made = zmqg_topic_frame_init_command (&frame, id, topic, size);
  gboolean memory = is_made;

  for (guint i = 0; is_made && i < pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (pipes, i);

      if (zmqg_pipe_write_always (pipe, &frame.view, 1) == ZMQG_PIPE_WRITTEN)
        zmqg_pipe_flush (pipe);
      else
        memory = FALSE;
    }

  zmqg_topic_frame_clear (&frame);
  return memory;
}

static void
write_topic (const guint8 *topic,
             gsize size,
             gpointer user_data)
{
  ZmqgPipe *pipe = user_data;
  ZmqgTopicFrame frame;

  if (zmqg_topic_frame_init_command (&frame, ZMQG_COMMAND_SUBSCRIBE, topic,
                                     size))
    zmqg_pipe_write_always (pipe, &frame.view, 1);
  zmqg_topic_frame_clear (&frame);
}

void
zmqg_subscriber_attach (ZmqgSocketCore *core,
                        ZmqgPipe *pipe)
{
  ZmqgSubscriber *self = core->state;

  zmqg_fair_queue_attach (&self->incoming, pipe);
  zmqg_distributor_attach (&self->distributor, pipe);
  pipe->active_out = TRUE;
  zmqg_topic_set_foreach (self->topics, write_topic, pipe);
  zmqg_pipe_flush (pipe);
}

void
zmqg_subscriber_hiccup (ZmqgSocketCore *core,
                        ZmqgPipe *pipe)
{
  ZmqgSubscriber *self = core->state;
  guint epoch = atomic_load (&pipe->epoch);
  const ZmqgFrameView mark = {
    .data = (const guint8 *) &epoch,
    .size = sizeof epoch,
    .flags = ZMQG_FRAME_COMMAND | ZMQG_FRAME_EPOCH,
  };

  if (!pipe->active_out)
    return;

  /* What lies before the mark is of the connection that was lost, and is
   * never sent. */
  zmqg_pipe_write_always (pipe, &mark, 1);
  zmqg_topic_set_foreach (self->topics, write_topic, pipe);
  zmqg_pipe_flush (pipe);
}

/* --- Operations --------------------------------------------------------- */

void
zmqg_subscriber_readable (ZmqgSocketCore *core,
                          ZmqgPipe *pipe)
{
  ZmqgSubscriber *self = core->state;

  zmqg_fair_queue_activate (&self->incoming, pipe);
}

void
zmqg_subscriber_writable (ZmqgSocketCore *core G_GNUC_UNUSED,
                          ZmqgPipe *pipe G_GNUC_UNUSED)
{
  /* Room is looked for at each message. */
}

static void
stop_sending (ZmqgSubscriber *self,
              ZmqgPipe *pipe)
{
  if (!pipe->active_out)
    return;

  pipe->active_out = FALSE;
  zmqg_distributor_detach (&self->distributor, pipe);
}

gboolean
zmqg_subscriber_ended (ZmqgSocketCore *core,
                       ZmqgPipe *pipe)
{
  ZmqgSubscriber *self = core->state;

  stop_sending (self, pipe);

  /* What was looked at, but not taken, counts too. */
  zmqg_fair_queue_activate (&self->incoming, pipe);
  return !zmqg_pipe_peek (pipe, &core->frames) && core->frames.n == 0;
}

void
zmqg_subscriber_detach (ZmqgSocketCore *core,
                        ZmqgPipe *pipe)
{
  ZmqgSubscriber *self = core->state;

  stop_sending (self, pipe);
  zmqg_fair_queue_detach (&self->incoming, pipe);
}

/* --- Properties --------------------------------------------------------- */

guint
zmqg_subscriber_count_topics (ZmqgSocket *socket)
{
  ZmqgSubscriber *self = socket->core->state;
  guint64 n;

  if (zmqg_context_core_is_forked (socket->core->context))
    return 0;

  zmqg_socket_core_lock (socket->core);
  n = zmqg_topic_set_get_n_subscriptions (self->topics);
  zmqg_socket_core_unlock (socket->core);

  return (guint) MIN (n, G_MAXUINT);
}

static guint
linger_option (void)
{
  return (guint) (zmqg_option_spec_find ("linger") - zmqg_option_specs);
}

GParamSpec *
zmqg_subscriber_linger_pspec (void)
{
  const ZmqgOptionSpec *spec = &zmqg_option_specs[linger_option ()];

  return g_param_spec_int (spec->name, NULL, NULL, (int) spec->minimum,
                           (int) spec->maximum, DEFAULT_LINGER,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY |
                             G_PARAM_STATIC_STRINGS);
}

void
zmqg_subscriber_get_linger (ZmqgSocket *socket,
                            GValue *value)
{
  zmqg_socket_get_option (socket, linger_option (), value);
}

void
zmqg_subscriber_set_linger (ZmqgSocket *socket,
                            GParamSpec *pspec,
                            const GValue *value)
{
  zmqg_socket_set_option (socket, pspec, linger_option (), value);
}
