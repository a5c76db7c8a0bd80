/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-questions-private.h"

#include "base/zmqg-error.h"
#include "engine/zmqg-peer-record-private.h"
#include "socket/zmqg-type-private.h"

#include <string.h>

/* The number and the empty frame. */
#define ENVELOPE 2u

void
zmqg_questions_init (ZmqgQuestions *self)
{
  self->by_id = g_hash_table_new (NULL, NULL);
  g_queue_init (&self->waiting);
  g_queue_init (&self->sent);
  self->last_id = g_random_int ();
}

void
zmqg_questions_clear (ZmqgQuestions *self)
{
  /* Who asks keeps the socket. */
  g_assert (!zmqg_questions_is_busy (self));
  g_clear_pointer (&self->by_id, g_hash_table_unref);
}

guint32
zmqg_questions_next_id (ZmqgQuestions *self)
{
  do
    self->last_id++;
  while (g_hash_table_contains (self->by_id, GUINT_TO_POINTER (self->last_id)));

  return self->last_id;
}

/* --- A question --------------------------------------------------------- */

ZmqgQuestion *
zmqg_question_new (ZmqgMessage *message,
                   int timeout_msec,
                   gpointer user,
                   GError **error)
{
  guint n = zmqg_message_get_n_frames (message);
  ZmqgQuestion *self;

  if (n == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                           "A message without a frame cannot be sent");
      return NULL;
    }

  self = g_try_malloc0 (sizeof *self +
                        ((gsize) n + ENVELOPE) * sizeof *self->views);
  if (self == NULL ||
      zmqg_message_get_views (message, self->views + ENVELOPE, n) == 0)
    {
      g_free (self);
      zmqg_set_no_memory (error);
      return NULL;
    }

  self->n_views = n + ENVELOPE;
  self->views[0] = (ZmqgFrameView) { (const guint8 *) &self->id,
                                     sizeof self->id, ZMQG_FRAME_MORE, NULL,
                                     NULL };
  self->views[1] = (ZmqgFrameView) { (const guint8 *) "", 0, ZMQG_FRAME_MORE,
                                     NULL, NULL };
  self->message = zmqg_message_ref (message);
  self->user = user;
  self->state = ZMQG_QUESTION_ENDED;
  self->place.data = self;
  self->listed.data = self;
  self->resend_at = G_MAXINT64;
  self->deadline = timeout_msec < 0
                     ? G_MAXINT64
                     : g_get_monotonic_time () + (gint64) timeout_msec * 1000;
  return self;
}

void
zmqg_question_free (ZmqgQuestion *self)
{
  g_assert (self->state == ZMQG_QUESTION_ENDED);
  g_clear_pointer (&self->copies, g_array_unref);
  zmqg_message_unref (self->message);
  g_clear_pointer (&self->reply, zmqg_message_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static ZmqgQuestionCopy *
find_copy (ZmqgQuestion *self,
           const ZmqgPipe *pipe,
           guint *at)
{
  for (guint i = 0; self->copies != NULL && i < self->copies->len; i++)
    {
      ZmqgQuestionCopy *copy = &g_array_index (self->copies, ZmqgQuestionCopy,
                                               i);

      *at = i;
      if (copy->pipe == pipe)
        return copy;
    }

  return NULL;
}

static void
add_copy (ZmqgQuestion *self,
          ZmqgPipe *pipe)
{
  ZmqgQuestionCopy new_copy = {
    pipe, zmqg_frame_queue_get_written (pipe->out)
  };
  ZmqgQuestionCopy *copy;
  guint at;

  if (self->copies == NULL)
    self->copies = g_array_sized_new (FALSE, FALSE, sizeof new_copy, 1);
  copy = find_copy (self, pipe, &at);
  if (copy != NULL)
    *copy = new_copy;
  else
    g_array_append_val (self->copies, new_copy);
}

/* --- Those that are open ------------------------------------------------ */

static GQueue *
queue_of (ZmqgQuestions *self,
          const ZmqgQuestion *question)
{
  return question->state == ZMQG_QUESTION_SENT ? &self->sent : &self->waiting;
}

void
zmqg_questions_add (ZmqgQuestions *self,
                    ZmqgAsker *asker,
                    ZmqgQuestion *question)
{
  question->id = zmqg_questions_next_id (self);
  question->state = ZMQG_QUESTION_WAITING;
  question->asker = asker;
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (question->id), question);
  g_queue_push_tail_link (&self->waiting, &question->place);
  g_queue_push_tail_link (&asker->open, &question->listed);
  asker->due = MIN (asker->due, question->deadline);
}

/* The asker has to be woken by the caller. */
static void
end (ZmqgQuestions *self,
     ZmqgQuestion *question)
{
  g_queue_unlink (queue_of (self, question), &question->place);
  g_hash_table_remove (self->by_id, GUINT_TO_POINTER (question->id));
  g_queue_unlink (&question->asker->open, &question->listed);
  g_queue_push_tail_link (&question->asker->ended, &question->listed);
  question->state = ZMQG_QUESTION_ENDED;
}

void
zmqg_questions_fail (ZmqgQuestions *self,
                     ZmqgQuestion *question,
                     GError *error)
{
  question->error = error;
  end (self, question);
}

void
zmqg_questions_fail_all (ZmqgQuestions *self,
                         ZmqgAsker *asker,
                         const GError *error)
{
  ZmqgQuestion *question;

  while ((question = g_queue_peek_head (&asker->open)) != NULL)
    zmqg_questions_fail (self, question, g_error_copy (error));
}

/* Before those that came later. */
static void
ask_again (ZmqgQuestions *self,
           ZmqgQuestion *question)
{
  g_queue_unlink (&self->sent, &question->place);
  g_queue_push_head_link (&self->waiting, &question->place);
  question->state = ZMQG_QUESTION_WAITING;
  question->resend_at = G_MAXINT64;
}

void
zmqg_questions_look_at_times (ZmqgQuestions *self,
                              ZmqgAsker *asker)
{
  gint64 now = g_get_monotonic_time ();
  GList *link = asker->open.tail;

  if (now < asker->due)
    return;

  /* From the newest to the oldest, which is then the first one again. */
  asker->due = G_MAXINT64;
  while (link != NULL)
    {
      ZmqgQuestion *question = link->data;

      link = link->prev;
      if (question->deadline <= now)
        {
          zmqg_questions_fail (
            self, question,
            g_error_new_literal (ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT,
                                 "No reply came in the time set for it"));
          continue;
        }

      if (question->resend_at <= now)
        {
          question->retries--;
          ask_again (self, question);
        }
      asker->due = MIN (asker->due,
                        MIN (question->deadline, question->resend_at));
    }
}

/* --- Sending ------------------------------------------------------------ */

/* Whether a handshake is done and the connection was not lost since. */
static gboolean
is_connected (const ZmqgPipe *pipe)
{
  ZmqgPeerRecord *record = (ZmqgPeerRecord *) pipe->peer_tag;

  return record != NULL && !pipe->ended && !atomic_load (&record->gone);
}

/* Brings a pipe to the turn that is connected and has room. */
static gboolean
find_room (ZmqgLoadBalancer *balancer)
{
  for (guint i = balancer->turns.active; i > 0; i--)
    {
      ZmqgPipe *pipe = zmqg_turns_get (&balancer->turns);

      if (!is_connected (pipe))
        zmqg_turns_next (&balancer->turns);
      else if (zmqg_pipe_has_room (pipe))
        return TRUE;
      else
        zmqg_turns_deactivate (&balancer->turns, pipe);
    }

  return FALSE;
}

static void
mark_sent (ZmqgQuestions *self,
           ZmqgSocketCore *core,
           ZmqgQuestion *question,
           ZmqgPipe *pipe)
{
  add_copy (question, pipe);
  g_queue_unlink (&self->waiting, &question->place);
  g_queue_push_tail_link (&self->sent, &question->place);
  question->state = ZMQG_QUESTION_SENT;

  if (question->retries > 0 && question->interval > 0)
    {
      question->resend_at = g_get_monotonic_time () +
                            (gint64) question->interval * 1000;
      if (question->resend_at < question->asker->due)
        {
          /* It may be another one who sends this. */
          question->asker->due = question->resend_at;
          core->to_do |= ZMQG_TO_DO_WAKE;
        }
    }
}

void
zmqg_questions_send (ZmqgQuestions *self,
                     ZmqgSocketCore *core,
                     ZmqgLoadBalancer *balancer)
{
  ZmqgQuestion *question;

  while ((question = g_queue_peek_head (&self->waiting)) != NULL &&
         find_room (balancer))
    {
      ZmqgPipe *pipe;

      switch (zmqg_load_balancer_write (balancer, question->views,
                                        question->n_views, &pipe))
        {
        case ZMQG_PIPE_WRITTEN:
          mark_sent (self, core, question, pipe);
          zmqg_socket_core_note_sent (
            core, zmqg_frame_views_get_size (question->views + ENVELOPE,
                                             question->n_views - ENVELOPE));
          /* What is written through after the unlock is written whole. */
          if (core->push != pipe)
            zmqg_socket_core_flush (core, pipe);
          break;

        case ZMQG_PIPE_FULL:
          return;

        case ZMQG_PIPE_NO_MEMORY:
        default:
          zmqg_set_no_memory (&question->error);
          end (self, question);
          core->to_do |= ZMQG_TO_DO_WAKE;
          break;
        }
    }
}

/* --- Replies ------------------------------------------------------------ */

static ZmqgQuestion *
find (ZmqgQuestions *self,
      const ZmqgFrameArray *frames,
      const ZmqgPipe *pipe)
{
  const ZmqgFrameView *views = frames->views;
  ZmqgQuestion *question;
  guint32 id;
  guint at;

  if (frames->n <= ENVELOPE || views[0].size != sizeof id ||
      views[1].size != 0)
    return NULL;

  memcpy (&id, views[0].data, sizeof id);
  question = g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));
  if (question == NULL || find_copy (question, pipe, &at) == NULL)
    return NULL;

  return question;
}

gboolean
zmqg_questions_take (ZmqgQuestions *self,
                     ZmqgSocketCore *core,
                     ZmqgPipe *pipe)
{
  ZmqgQuestion *question = find (self, &core->frames, pipe);

  if (question == NULL)
    return FALSE;

  if (zmqg_type_build (pipe, core->frames.views + ENVELOPE,
                       core->frames.n - ENVELOPE, &question->reply,
                       &question->error) == ZMQG_IO_DONE)
    zmqg_socket_core_note_received (
      core, zmqg_message_get_size (question->reply));
  end (self, question);
  core->to_do |= ZMQG_TO_DO_WAKE;
  return TRUE;
}

/* --- Losses ------------------------------------------------------------- */

/* How many messages of the pipe may have reached the peer. */
static guint64
count_taken (ZmqgSocketCore *core,
             ZmqgPipe *pipe)
{
  ZmqgEndpointCore *endpoint = pipe->endpoint;

  /* Who reads in this process may go on with it, and what we disconnected
   * from lingers. */
  if ((endpoint->transport != NULL && endpoint->transport->in_process) ||
      !g_ptr_array_find (core->endpoints, endpoint, NULL))
    return G_MAXUINT64;

  return atomic_load (&pipe->taken);
}

/* The last copy is lost. */
static void
lose_question (ZmqgQuestions *self,
               ZmqgQuestion *question,
               gboolean taken)
{
  if (taken && question->retries == 0)
    {
      zmqg_questions_fail (
        self, question,
        g_error_new_literal (ZMQG_ERROR, ZMQG_ERROR_PEER_LOST,
                             "The connection to the peer was lost before it "
                             "replied"));
      return;
    }

  if (taken)
    question->retries--;
  ask_again (self, question);
}

void
zmqg_questions_lose (ZmqgQuestions *self,
                     ZmqgSocketCore *core,
                     ZmqgPipe *pipe,
                     gboolean gone)
{
  guint64 n_taken = count_taken (core, pipe);
  GList *link = self->sent.tail;

  for (GList *one = self->waiting.head; one != NULL && gone; one = one->next)
    {
      ZmqgQuestion *question = one->data;
      guint at;

      if (find_copy (question, pipe, &at) != NULL)
        g_array_remove_index_fast (question->copies, at);
    }

  /* From the newest to the oldest, which is then the first one again. */
  while (link != NULL)
    {
      ZmqgQuestion *question = link->data;
      ZmqgQuestionCopy *copy;
      gboolean taken;
      guint at;

      link = link->prev;
      copy = find_copy (question, pipe, &at);
      if (copy == NULL)
        continue;

      taken = copy->number <= n_taken;
      /* The next connection gets what is still in the queue. */
      if (!taken && !gone)
        continue;

      g_array_remove_index_fast (question->copies, at);
      /* Who asks is told that the socket is closed. */
      if (question->copies->len > 0 || core->closed)
        continue;

      lose_question (self, question, taken);
      core->to_do |= ZMQG_TO_DO_WAKE;
    }
}
