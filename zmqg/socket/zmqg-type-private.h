/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-fair-queue-private.h"
#include "pattern/zmqg-load-balancer-private.h"
#include "socket/zmqg-socket-small-private.h"

/*
 * What several socket types do alike. All with the core's lock held.
 */

/* Rewritten messages of up to so many frames need no heap. */
#define ZMQG_TYPE_STACK_VIEWS 16

/* The pipe whose turn it is, with its message in core->frames; %NULL when
 * there is none. Steps over commands, which are not for these types, and
 * detaches ended pipes once they are empty. */
static inline ZmqgPipe *
zmqg_type_peek (ZmqgSocketCore *core,
                ZmqgFairQueue *queue)
{
  ZmqgPipe *pipe;

  while ((pipe = zmqg_fair_queue_peek (queue, &core->frames)) != NULL)
    {
      if (G_UNLIKELY (core->frames.n == 0))
        zmqg_socket_core_detach (core, pipe);
      else if (G_UNLIKELY (core->frames.views[0].flags & ZMQG_FRAME_COMMAND))
        zmqg_fair_queue_consume (queue);
      else
        break;
    }

  return pipe;
}

/* Drops the message peeked of @pipe, which is not for the program; @n counts
 * them.
 * %FALSE when that is enough for one call: a peer that never stops must not
 * hold it up, nor others by the lock. The pipe stays active, and whoever
 * waits for @interest looks again. */
static inline gboolean
zmqg_type_drop (ZmqgSocketCore *core,
                ZmqgFairQueue *queue,
                ZmqgPipe *pipe,
                ZmqgDropReason reason,
                guint interest,
                guint *n)
{
  zmqg_account_begin_drop (pipe->account);
  zmqg_fair_queue_consume (queue);
  zmqg_account_end_drop (pipe->account, reason, 1);
  if (G_LIKELY (++*n < ZMQG_SOCKET_DROPS_MAX))
    return TRUE;

  zmqg_inbox_wake (&core->inbox, interest);
  return FALSE;
}

/* Makes a message of frames peeked, which have to be consumed then. */
static inline ZmqgIoResult
zmqg_type_build (ZmqgPipe *pipe,
                 const ZmqgFrameView *views,
                 guint n,
                 ZmqgMessage **message,
                 GError **error)
{
  ZmqgMessage *built;

  built = zmqg_message_new_taking (views, n);
  if (G_UNLIKELY (built == NULL))
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  zmqg_message_take_tag (built,
                         zmqg_tag_stock_take (&pipe->tags,
                                              zmqg_pipe_peek_tag (pipe)));
  *message = built;
  return ZMQG_IO_DONE;
}

/* Receives from all pipes in turn. Without memory nothing is lost. */
static inline ZmqgIoResult
zmqg_type_receive (ZmqgSocketCore *core,
                   ZmqgFairQueue *queue,
                   ZmqgMessage **message,
                   GError **error)
{
  ZmqgPipe *pipe = zmqg_type_peek (core, queue);
  ZmqgIoResult result;

  if (G_UNLIKELY (pipe == NULL))
    return ZMQG_IO_AGAIN;

  result = zmqg_type_build (pipe, core->frames.views, core->frames.n, message,
                            error);
  if (G_LIKELY (result == ZMQG_IO_DONE))
    zmqg_fair_queue_consume (queue);
  return result;
}

/* From this size on a message is written by its sender, if it may wait. */
#define ZMQG_TYPE_LARGE (24u * 1024u)

/* The pipe whose turn it is, if who sends a large message is to write it
 * itself. When nothing is in front of it a payload without an owner need not be
 * copied for that. */
static inline ZmqgPipe *
zmqg_type_lend (ZmqgSocketCore *core,
                ZmqgLoadBalancer *balancer)
{
  ZmqgPipe *pipe;

  if (!core->patient || balancer->turns.active == 0)
    return NULL;

  pipe = zmqg_turns_get (&balancer->turns);
  if (pipe->peer->ops->finish == NULL || pipe->out->conflate)
    return NULL;

  pipe->out->may_borrow = zmqg_pipe_reader_sleeps (pipe);
  return pipe;
}

/* Begins a message for the pipe whose turn it is. */
static inline ZmqgIoResult
zmqg_type_begin (ZmqgSocketCore *core,
                 ZmqgLoadBalancer *balancer)
{
  core->chosen = zmqg_load_balancer_choose (balancer);
  return core->chosen != NULL ? ZMQG_IO_DONE : ZMQG_IO_AGAIN;
}

/* Writes a message to the pipe whose turn it is, or that was chosen when the
 * message began. */
static inline ZmqgPipeResult
zmqg_type_write (ZmqgSocketCore *core,
                 ZmqgLoadBalancer *balancer,
                 const ZmqgFrameView *views,
                 guint n,
                 ZmqgPipe **pipe)
{
  if (G_LIKELY (!core->finishing || core->chosen == NULL))
    return zmqg_load_balancer_write (balancer, views, n, pipe);

  *pipe = core->chosen;
  return zmqg_pipe_write_always (*pipe, views, n);
}

/* Sends to all pipes in turn. */
static inline ZmqgIoResult
zmqg_type_send (ZmqgSocketCore *core,
                ZmqgLoadBalancer *balancer,
                const ZmqgFrameView *views,
                guint n,
                GError **error)
{
  ZmqgPipe *lent = NULL;
  ZmqgPipeResult result;
  ZmqgPipe *pipe;

  if (G_UNLIKELY (n == 1 && views[0].size >= ZMQG_TYPE_LARGE))
    lent = zmqg_type_lend (core, balancer);

  result = zmqg_type_write (core, balancer, views, n, &pipe);
  if (G_UNLIKELY (lent != NULL))
    lent->out->may_borrow = FALSE;

  switch (result)
    {
    case ZMQG_PIPE_WRITTEN:
      if (G_UNLIKELY (lent == pipe))
        {
          core->finish = zmqg_pipe_ref (pipe);
          core->to_do |= ZMQG_TO_DO_TIDY;
        }
      else
        zmqg_socket_core_flush (core, pipe);
      return ZMQG_IO_DONE;

    case ZMQG_PIPE_FULL:
      return ZMQG_IO_AGAIN;

    case ZMQG_PIPE_NO_MEMORY:
    default:
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }
}

/* Whether an ended pipe has nothing to read any more. (A message that was
 * peeked at is still one: has_data () looks behind it.) */
static inline gboolean
zmqg_type_is_empty (ZmqgPipe *pipe)
{
  ZmqgFrameArray frames;
  gboolean empty;

  zmqg_frame_array_init (&frames);
  empty = !zmqg_pipe_peek (pipe, &frames) && frames.n == 0;
  zmqg_frame_array_clear (&frames);

  return empty;
}

/* The same of one in a fair queue. */
static inline gboolean
zmqg_type_is_drained (ZmqgFairQueue *queue,
                      ZmqgPipe *pipe)
{
  if (zmqg_type_is_empty (pipe))
    return TRUE;

  zmqg_fair_queue_activate (queue, pipe);
  return FALSE;
}

/* Tells a ROUTER at the other end that we are there. This may be an I/O
 * thread: the reader is woken at once, not written through. */
static inline void
zmqg_type_probe (ZmqgPipe *pipe)
{
  ZmqgFrameView empty = { (const guint8 *) "", 0, 0, NULL, NULL };

  if (zmqg_pipe_write (pipe, &empty, 1) == ZMQG_PIPE_WRITTEN)
    zmqg_pipe_flush (pipe);
}
