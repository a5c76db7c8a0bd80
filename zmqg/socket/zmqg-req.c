/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-req-private.h"

#include "base/zmqg-error.h"
#include "pattern/zmqg-session-tables-private.h"
#include "socket/zmqg-type-private.h"

#include <string.h>

static void
req_init (ZmqgSocketCore *core)
{
  ZmqgReq *self = core->state;

  zmqg_fair_queue_init (&self->queue);
  zmqg_load_balancer_init (&self->balancer);
  zmqg_questions_init (&self->questions);
  self->retry_interval = ZMQG_REQ_RETRY_INTERVAL;
  self->desks = g_ptr_array_new ();
}

static void
req_clear (ZmqgSocketCore *core)
{
  ZmqgReq *self = core->state;

  zmqg_fair_queue_clear (&self->queue);
  zmqg_load_balancer_clear (&self->balancer);
  zmqg_questions_clear (&self->questions);
  g_ptr_array_unref (self->desks);
  g_clear_pointer (&self->reply_account, zmqg_account_unref);
}

static void
req_attach (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  ZmqgReq *self = core->state;

  if (self->probe_router)
    zmqg_type_probe (pipe);
  zmqg_fair_queue_attach (&self->queue, pipe);
  zmqg_load_balancer_attach (&self->balancer, pipe);
}

static void
req_readable (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  ZmqgReq *self = core->state;

  zmqg_fair_queue_activate (&self->queue, pipe);
}

static void
req_writable (ZmqgSocketCore *core,
              ZmqgPipe *pipe)
{
  ZmqgReq *self = core->state;

  /* An ended pipe is not in the load balancer any more. */
  if (!pipe->ended)
    zmqg_load_balancer_activate (&self->balancer, pipe);
}

/* What it had sent until then is still to be read: see zmqg_req_work (). */
static void
req_hiccup (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  ZmqgReq *self = core->state;

  pipe->user = self;
  self->hiccup = TRUE;
}

static gboolean
req_ended (ZmqgSocketCore *core,
           ZmqgPipe *pipe)
{
  ZmqgReq *self = core->state;

  zmqg_load_balancer_detach (&self->balancer, pipe);
  return zmqg_type_is_drained (&self->queue, pipe);
}

static void
req_detach (ZmqgSocketCore *core,
            ZmqgPipe *pipe)
{
  ZmqgReq *self = core->state;

  if (self->asked == pipe)
    self->asked = NULL;
  if (!pipe->ended)
    zmqg_load_balancer_detach (&self->balancer, pipe);
  zmqg_fair_queue_detach (&self->queue, pipe);
  if (zmqg_questions_is_busy (&self->questions))
    zmqg_questions_lose (&self->questions, core, pipe, TRUE);
}

/* How many frames of the message peeked are its envelope; 0: it is not the
 * reply that is awaited. */
static guint
measure_envelope (ZmqgReq *self,
                  const ZmqgFrameArray *frames)
{
  const ZmqgFrameView *views = frames->views;
  guint skip = self->correlated ? 1 : 0;

  if (frames->n < skip + 2 || views[skip].size != 0)
    return 0;
  if (skip > 0 &&
      (views[0].size != sizeof self->request_id ||
       memcmp (views[0].data, &self->request_id, views[0].size) != 0))
    return 0;

  return skip + 1;
}

static gboolean
is_awaited (ZmqgReq *self,
            const ZmqgPipe *pipe,
            const ZmqgFrameArray *frames,
            guint *skip)
{
  if (self->asked != NULL && self->asked != pipe)
    return FALSE;

  *skip = measure_envelope (self, frames);
  return *skip > 0;
}

/* --- Beside questions --------------------------------------------------- */

/* Takes everything off the pipes while there are questions: what is for them
 * goes there, the reply of lock-step is put aside, since what is for others
 * may lie behind it, and all else is dropped. %FALSE when there is more than
 * one call may look at; whoever waits for @interest looks again. */
static gboolean
sort (ZmqgSocketCore *core,
      guint interest)
{
  ZmqgReq *self = core->state;
  guint n_taken = 0;
  guint n_dropped = 0;
  ZmqgPipe *pipe;
  guint skip;

  while ((pipe = zmqg_type_peek (core, &self->queue)) != NULL)
    {
      gboolean taken = zmqg_questions_take (&self->questions, core, pipe);

      if (!taken && self->awaiting && self->reply == NULL &&
          is_awaited (self, pipe, &core->frames, &skip))
        {
          if (zmqg_type_build (pipe, core->frames.views + skip,
                               core->frames.n - skip, &self->reply,
                               NULL) != ZMQG_IO_DONE)
            return FALSE;
          self->reply_account = zmqg_account_ref (pipe->account);
          taken = TRUE;
          core->to_do |= ZMQG_TO_DO_WAKE;
        }

      if (!taken)
        {
          if (!zmqg_type_drop (core, &self->queue, pipe,
                               ZMQG_DROP_REASON_STALE, interest, &n_dropped))
            return FALSE;
          continue;
        }

      zmqg_fair_queue_consume (&self->queue);
      if (++n_taken == ZMQG_SOCKET_DROPS_MAX)
        {
          zmqg_inbox_wake (&core->inbox, interest);
          return FALSE;
        }
    }

  return TRUE;
}

/* Whether the reply of lock-step is to be found in self->reply, or nowhere. */
static gboolean
is_sorted (ZmqgSocketCore *core)
{
  ZmqgReq *self = core->state;

  if (self->reply != NULL)
    return TRUE;
  if (!zmqg_questions_is_busy (&self->questions))
    return FALSE;

  sort (core, ZMQG_WAIT_IN);
  return TRUE;
}

static void
tell_of_hiccups (ZmqgSocketCore *core)
{
  ZmqgReq *self = core->state;

  self->hiccup = FALSE;
  for (guint i = 0; i < core->pipes->len; i++)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, i);

      if (pipe->user == NULL)
        continue;
      pipe->user = NULL;
      zmqg_questions_lose (&self->questions, core, pipe, FALSE);
    }
}

void
zmqg_req_work (ZmqgSocketCore *core)
{
  ZmqgReq *self = core->state;

  if (!zmqg_questions_is_busy (&self->questions))
    return;

  /* What a peer sent before it was lost counts. */
  if (sort (core, ZMQG_WAIT_IN) && self->hiccup)
    tell_of_hiccups (core);
  zmqg_questions_send (&self->questions, core, &self->balancer);
}

void
zmqg_req_ask (ZmqgSocketCore *core,
              ZmqgAsker *asker,
              ZmqgQuestion *question)
{
  ZmqgReq *self = core->state;

  question->retries = self->retries;
  question->interval = self->retry_interval;
  zmqg_questions_add (&self->questions, asker, question);
  /* Who waits for a message must not be alone with the connection. */
  zmqg_socket_core_give_back (core);
  zmqg_req_work (core);
}

static void
unref_message (gpointer data)
{
  zmqg_message_unref (data);
}

void
zmqg_req_tidy (ZmqgSocketCore *core,
               gboolean all)
{
  ZmqgReq *self = core->state;
  ZmqgMessage *reply = NULL;
  GSList *stale;

  zmqg_socket_core_lock (core);
  stale = g_steal_pointer (&self->stale);
  if (all)
    reply = g_steal_pointer (&self->reply);
  zmqg_socket_core_unlock (core);

  g_slist_free_full (stale, unref_message);
  g_clear_pointer (&reply, zmqg_message_unref);
}

/* --- Lock-step ---------------------------------------------------------- */

/* Replies that came too late. %FALSE when there are more than one call may
 * drop. */
static gboolean
drop_stale (ZmqgSocketCore *core)
{
  ZmqgReq *self = core->state;
  guint n = 0;
  ZmqgPipe *pipe;

  if (zmqg_questions_is_busy (&self->questions))
    return sort (core, ZMQG_WAIT_OUT);

  while ((pipe = zmqg_type_peek (core, &self->queue)) != NULL)
    if (!zmqg_type_drop (core, &self->queue, pipe, ZMQG_DROP_REASON_STALE,
                         ZMQG_WAIT_OUT, &n))
      return FALSE;

  return TRUE;
}

/* What is put aside is not the reply to the next request. */
static void
drop_reply (ZmqgReq *self)
{
  if (self->reply == NULL)
    return;

  self->stale = g_slist_prepend (self->stale, g_steal_pointer (&self->reply));
  zmqg_account_drop (self->reply_account, ZMQG_DROP_REASON_STALE);
  g_clear_pointer (&self->reply_account, zmqg_account_unref);
}

static gboolean
check_state (ZmqgReq *self,
             GError **error)
{
  if (!self->awaiting || self->relaxed)
    return TRUE;

  g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                       "The reply to the last request is still awaited");
  return FALSE;
}

static ZmqgIoResult
req_begin (ZmqgSocketCore *core,
           const ZmqgFrameView *first G_GNUC_UNUSED,
           GError **error)
{
  ZmqgReq *self = core->state;

  return check_state (self, error) ? zmqg_type_begin (core, &self->balancer)
                                   : ZMQG_IO_FAILED;
}

static ZmqgIoResult
req_send (ZmqgSocketCore *core,
          const ZmqgFrameView *views,
          guint n,
          GError **error)
{
  ZmqgReq *self = core->state;
  ZmqgFrameView local[ZMQG_TYPE_STACK_VIEWS];
  g_autofree ZmqgFrameView *heap = NULL;
  ZmqgFrameView *all = local;
  guint32 id;
  guint n_all = 0;
  ZmqgIoResult result;
  ZmqgPipe *pipe;

  if (!check_state (self, error))
    return ZMQG_IO_FAILED;

  /* Before anything changes. A reply to this request cannot be among those
   * that are there. */
  if (!(core->finishing && core->chosen != NULL) &&
      !zmqg_load_balancer_has_room (&self->balancer))
    return ZMQG_IO_AGAIN;
  if (!drop_stale (core))
    return ZMQG_IO_AGAIN;

  if (n + 2 > ZMQG_TYPE_STACK_VIEWS)
    all = heap = g_try_new (ZmqgFrameView, (gsize) n + 2);
  if (all == NULL)
    {
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  id = zmqg_questions_next_id (&self->questions);
  if (self->correlate)
    all[n_all++] = (ZmqgFrameView) { (const guint8 *) &id, sizeof id,
                                     ZMQG_FRAME_MORE, NULL, NULL };
  all[n_all++] = (ZmqgFrameView) { (const guint8 *) "", 0, ZMQG_FRAME_MORE,
                                   NULL, NULL };
  memcpy (all + n_all, views, n * sizeof *views);
  n_all += n;

  switch (zmqg_type_write (core, &self->balancer, all, n_all, &pipe))
    {
    case ZMQG_PIPE_WRITTEN:
      result = ZMQG_IO_DONE;
      break;

    case ZMQG_PIPE_FULL:
      return ZMQG_IO_AGAIN;

    case ZMQG_PIPE_NO_MEMORY:
    default:
      zmqg_set_no_memory (error);
      return ZMQG_IO_FAILED;
    }

  self->request_id = id;
  self->correlated = self->correlate;
  self->awaiting = TRUE;
  self->asked = pipe;
  drop_reply (self);
  core->to_do |= ZMQG_TO_DO_WAKE;
  zmqg_socket_core_flush (core, pipe);
  return result;
}

/* The pipe with the reply that is awaited, having dropped what is before it. */
static ZmqgPipe *
req_peek (ZmqgSocketCore *core,
          guint *skip)
{
  ZmqgReq *self = core->state;
  guint n = 0;
  ZmqgPipe *pipe;

  while ((pipe = zmqg_type_peek (core, &self->queue)) != NULL)
    {
      if (is_awaited (self, pipe, &core->frames, skip))
        break;
      if (!zmqg_type_drop (core, &self->queue, pipe, ZMQG_DROP_REASON_STALE,
                           ZMQG_WAIT_IN, &n))
        return NULL;
    }

  return pipe;
}

static ZmqgIoResult
take_reply (ZmqgSocketCore *core,
            ZmqgMessage **message,
            GError **error)
{
  ZmqgReq *self = core->state;
  ZmqgIoResult result;
  ZmqgPipe *pipe;
  guint skip;

  if (is_sorted (core))
    {
      if (self->reply == NULL)
        return ZMQG_IO_AGAIN;
      *message = g_steal_pointer (&self->reply);
      g_clear_pointer (&self->reply_account, zmqg_account_unref);
      return ZMQG_IO_DONE;
    }

  pipe = req_peek (core, &skip);
  if (pipe == NULL)
    return ZMQG_IO_AGAIN;

  result = zmqg_type_build (pipe, core->frames.views + skip,
                            core->frames.n - skip, message, error);
  if (G_LIKELY (result == ZMQG_IO_DONE))
    zmqg_fair_queue_consume (&self->queue);
  return result;
}

static ZmqgIoResult
req_receive (ZmqgSocketCore *core,
             ZmqgMessage **message,
             GError **error)
{
  ZmqgReq *self = core->state;
  ZmqgIoResult result;

  if (!self->awaiting)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
                           "There is no request that awaits a reply");
      return ZMQG_IO_FAILED;
    }

  result = take_reply (core, message, error);
  if (G_LIKELY (result == ZMQG_IO_DONE))
    {
      self->awaiting = FALSE;
      self->asked = NULL;
      core->to_do |= ZMQG_TO_DO_WAKE;
    }
  return result;
}

static gboolean
has_reply (ZmqgSocketCore *core)
{
  ZmqgReq *self = core->state;
  guint skip;

  if (is_sorted (core))
    return self->reply != NULL;
  return req_peek (core, &skip) != NULL;
}

static guint
req_events (ZmqgSocketCore *core,
            guint interest)
{
  ZmqgReq *self = core->state;
  guint events = 0;

  if (self->awaiting && has_reply (core))
    events |= ZMQG_WAIT_IN;
  if ((interest & ZMQG_WAIT_OUT) != 0 &&
      (!self->awaiting || self->relaxed) &&
      zmqg_load_balancer_has_room (&self->balancer))
    events |= ZMQG_WAIT_OUT;
  return events;
}

const ZmqgSocketOps zmqg_req_ops = {
  .type = ZMQG_SOCKET_TYPE_REQ,
  .session = &zmqg_req_session,
  .state_size = sizeof (ZmqgReq),
  .connects_once = TRUE,
  .lock_step = TRUE,
  .init = req_init,
  .clear = req_clear,
  .attach = req_attach,
  .readable = req_readable,
  .writable = req_writable,
  .hiccup = req_hiccup,
  .ended = req_ended,
  .detach = req_detach,
  .begin = req_begin,
  .send = req_send,
  .receive = req_receive,
  .events = req_events,
};
