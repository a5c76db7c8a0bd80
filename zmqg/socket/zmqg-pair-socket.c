/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-pair-socket.h"

#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-socket-private.h"
#include "socket/zmqg-type-private.h"

/**
 * ZmqgPairSocket:
 *
 * One of two sockets that talk to each other only.
 *
 * The first peer has the socket to itself: others are turned away until that
 * one has gone and what it sent was received.
 *
 * Since: 1.0
 */
struct _ZmqgPairSocket
{
  ZmqgSocket parent_instance;
};

struct _ZmqgPairSocketClass
{
  ZmqgSocketClass parent_class;
};

G_DEFINE_FINAL_TYPE (ZmqgPairSocket, zmqg_pair_socket, ZMQG_TYPE_SOCKET)

typedef struct
{
  ZmqgPipe *pipe; /* borrowed; NULL: the place is free */
} PairState;

static void
pair_init (ZmqgSocketCore *core G_GNUC_UNUSED)
{
}

static void
pair_clear (ZmqgSocketCore *core G_GNUC_UNUSED)
{
}

static void
pair_attach (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  PairState *self = core->state;

  if (self->pipe == NULL)
    self->pipe = pipe;
  else
    zmqg_socket_core_close_pipe (core, pipe, 0);
}

static void
pair_readable (ZmqgSocketCore *core G_GNUC_UNUSED,
               ZmqgPipe *pipe G_GNUC_UNUSED)
{
}

static void
pair_writable (ZmqgSocketCore *core G_GNUC_UNUSED,
               ZmqgPipe *pipe G_GNUC_UNUSED)
{
}

static gboolean
pair_ended (ZmqgSocketCore *core G_GNUC_UNUSED,
            ZmqgPipe *pipe)
{
  return zmqg_type_is_empty (pipe);
}

static void
pair_detach (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  PairState *self = core->state;

  if (self->pipe == pipe)
    self->pipe = NULL;
}

/* The next message, in core->frames. */
static gboolean
pair_peek (ZmqgSocketCore *core)
{
  PairState *self = core->state;

  if (self->pipe == NULL)
    return FALSE;

  while (zmqg_pipe_peek (self->pipe, &core->frames))
    {
      if (G_LIKELY (!(core->frames.views[0].flags & ZMQG_FRAME_COMMAND)))
        return TRUE;
      zmqg_pipe_consume (self->pipe);
    }

  /* Frames without a message: there was no memory to look at it. */
  if (self->pipe->ended && core->frames.n == 0)
    zmqg_socket_core_detach (core, self->pipe);
  return FALSE;
}

static ZmqgIoResult
pair_begin (ZmqgSocketCore *core,
            const ZmqgFrameView *first G_GNUC_UNUSED,
            GError **error G_GNUC_UNUSED)
{
  PairState *self = core->state;

  if (self->pipe == NULL || self->pipe->ended ||
      !zmqg_pipe_has_room (self->pipe))
    return ZMQG_IO_AGAIN;

  core->chosen = self->pipe;
  return ZMQG_IO_DONE;
}

static ZmqgIoResult
pair_send (ZmqgSocketCore *core,
           const ZmqgFrameView *views,
           guint n,
           GError **error)
{
  PairState *self = core->state;

  if (self->pipe == NULL || self->pipe->ended)
    return ZMQG_IO_AGAIN;

  switch (core->finishing && core->chosen == self->pipe
            ? zmqg_pipe_write_always (self->pipe, views, n)
            : zmqg_pipe_write (self->pipe, views, n))
    {
    case ZMQG_PIPE_WRITTEN:
      zmqg_socket_core_flush (core, self->pipe);
      return ZMQG_IO_DONE;

    case ZMQG_PIPE_FULL:
      return ZMQG_IO_AGAIN;

    case ZMQG_PIPE_NO_MEMORY:
    default:
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }
}

static ZmqgIoResult
pair_receive (ZmqgSocketCore *core,
              ZmqgMessage **message,
              GError **error)
{
  PairState *self = core->state;
  ZmqgIoResult result;

  if (!pair_peek (core))
    return ZMQG_IO_AGAIN;

  result = zmqg_type_build (self->pipe, core->frames.views, core->frames.n,
                            message, error);
  if (G_LIKELY (result == ZMQG_IO_DONE))
    zmqg_pipe_consume (self->pipe);
  return result;
}

static guint
pair_events (ZmqgSocketCore *core,
             guint interest)
{
  PairState *self = core->state;
  guint events = 0;

  if (pair_peek (core))
    events |= ZMQG_WAIT_IN;
  if ((interest & ZMQG_WAIT_OUT) != 0 && self->pipe != NULL &&
      !self->pipe->ended && zmqg_pipe_has_room (self->pipe))
    events |= ZMQG_WAIT_OUT;
  return events;
}

static const ZmqgSocketOps pair_ops = {
  .type = ZMQG_SOCKET_TYPE_PAIR,
  .session = &zmqg_pair_session,
  .state_size = sizeof (PairState),
  .init = pair_init,
  .clear = pair_clear,
  .attach = pair_attach,
  .readable = pair_readable,
  .writable = pair_writable,
  .ended = pair_ended,
  .detach = pair_detach,
  .begin = pair_begin,
  .send = pair_send,
  .receive = pair_receive,
  .events = pair_events,
};

static void
zmqg_pair_socket_class_init (ZmqgPairSocketClass *klass)
{
  klass->parent_class.ops = &pair_ops;
}

static void
zmqg_pair_socket_init (ZmqgPairSocket *self G_GNUC_UNUSED)
{
}

/**
 * zmqg_pair_socket_new: (constructor)
 * @context: (nullable): the context, or %NULL for the default one
 *
 * Makes a pair socket.
 *
 * Returns: (transfer full): a new [class@Zmqg.PairSocket]
 *
 * Since: 1.0
 */
ZmqgSocket *
zmqg_pair_socket_new (ZmqgContext *context)
{
  g_return_val_if_fail (context == NULL || ZMQG_IS_CONTEXT (context), NULL);

  return g_object_new (ZMQG_TYPE_PAIR_SOCKET, "context", context, NULL);
}
