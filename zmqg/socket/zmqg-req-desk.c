/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-req-desk-private.h"

#include "socket/zmqg-socket-private.h"

/* So many callbacks are called in one turn of a main loop. */
#define REPLIES_PER_TURN 64

/* Who asks in one main context. Whoever comes upon replies hands them all
 * out, so that nobody depends on another one's main loop. A desk lasts as long
 * as it has questions. */
typedef struct
{
  GSource source;
  ZmqgWaiter waiter;
  GSource *wake;         /* counted, a child */
  ZmqgSocketCore *core;  /* counted */
  GMainContext *context; /* borrowed */
  atomic_bool attached;  /* the above is there: GLib's own lock says so too,
                          * but to ThreadSanitizer it does not exist */

  /* Guarded by the core's lock. */
  ZmqgAsker asker;
  gint64 armed;          /* when the source wakes up by itself */
} Desk;

/* A question's user. */
typedef struct
{
  ZmqgSocketCore *core;  /* the socket's, which the task keeps */
  ZmqgQuestion *question;
  GTask *task;           /* counted */
  GSource *cancelled;    /* counted; nullable */
} Pending;

static void
pending_free (Pending *self)
{
  if (self->cancelled != NULL)
    {
      g_source_destroy (self->cancelled);
      g_source_unref (self->cancelled);
    }
  g_object_unref (self->task);
  g_free (self);
}

/* --- Desks -------------------------------------------------------------- */

static void
desk_wake (ZmqgWaiter *waiter)
{
  Desk *self = (Desk *) ((guint8 *) waiter - G_STRUCT_OFFSET (Desk, waiter));

  g_source_set_ready_time (self->wake, 0);
}

static ZmqgQuestion *
take_ended (Desk *self)
{
  ZmqgQuestion *question = NULL;
  GList *link;

  zmqg_socket_core_lock (self->core);
  link = g_queue_pop_head_link (&self->asker.ended);
  if (link != NULL)
    question = link->data;
  zmqg_socket_core_unlock (self->core);

  return question;
}

/* The end of a request, in its main context. */
static void
complete (ZmqgQuestion *question)
{
  Pending *pending = question->user;
  g_autoptr (GTask) task = g_object_ref (pending->task);
  ZmqgMessage *reply = g_steal_pointer (&question->reply);
  GError *error = g_steal_pointer (&question->error);

  pending_free (pending);
  zmqg_question_free (question);

  if (reply != NULL)
    g_task_return_pointer (task, reply, (GDestroyNotify) zmqg_message_unref);
  else
    g_task_return_error (task, error);
}

/* Locked. */
static void
desk_work (Desk *self)
{
  ZmqgReq *req = self->core->state;
  g_autoptr (GError) error = NULL;

  if (!zmqg_socket_core_check (self->core, &error))
    {
      zmqg_questions_fail_all (&req->questions, &self->asker, error);
      return;
    }

  zmqg_questions_look_at_times (&req->questions, &self->asker);
  zmqg_req_work (self->core);
}

/* Locked. %FALSE when it has nothing to do any more. */
static gboolean
desk_arm (Desk *self)
{
  ZmqgReq *req = self->core->state;

  if (self->asker.open.length + self->asker.ended.length == 0)
    {
      g_ptr_array_remove_fast (req->desks, self);
      return FALSE;
    }

  self->armed = self->asker.ended.length > 0 ? 0 : self->asker.due;
  g_source_set_ready_time (&self->source,
                           self->armed == G_MAXINT64 ? -1 : self->armed);
  return TRUE;
}

/* In the child of a fork: nobody else is there, and the lock may be held for
 * ever. */
static void
desk_give_up (Desk *self)
{
  ZmqgReq *req = self->core->state;
  g_autoptr (GError) error = NULL;
  GList *link;

  zmqg_socket_core_explain_fork (&error);
  zmqg_questions_fail_all (&req->questions, &self->asker, error);
  while ((link = g_queue_pop_head_link (&self->asker.ended)) != NULL)
    complete (link->data);
}

static gboolean
desk_dispatch (GSource *source,
               GSourceFunc callback G_GNUC_UNUSED,
               gpointer user_data G_GNUC_UNUSED)
{
  Desk *self = (Desk *) source;
  ZmqgSocketCore *core;
  ZmqgQuestion *question;
  gboolean untidy;
  gboolean goes_on;

  /* Acquire pairs with the release of the attaching thread. */
  if (!atomic_load_explicit (&self->attached, memory_order_acquire))
    return G_SOURCE_CONTINUE;

  core = self->core;
  if (!zmqg_socket_core_check_fork (core, NULL))
    {
      desk_give_up (self);
      return G_SOURCE_REMOVE;
    }

  zmqg_inbox_waiter_looks (&core->inbox, &self->waiter);
  zmqg_socket_core_lock (core);
  desk_work (self);
  untidy = ((ZmqgReq *) core->state)->stale != NULL;
  zmqg_socket_core_unlock (core);
  if (untidy)
    zmqg_req_tidy (core, FALSE);

  for (guint i = 0;
       i < REPLIES_PER_TURN && (question = take_ended (self)) != NULL; i++)
    {
      complete (question);
      /* In a main loop within the callback. */
      if (g_source_is_destroyed (source))
        return G_SOURCE_REMOVE;
    }

  zmqg_socket_core_lock (core);
  goes_on = desk_arm (self);
  zmqg_socket_core_unlock (core);
  if (!goes_on)
    zmqg_inbox_remove_waiter (&core->inbox, &self->waiter);
  return goes_on;
}

/* Its main context may have gone before the replies came. */
static void
desk_drop_questions (Desk *self)
{
  ZmqgReq *req = self->core->state;
  g_autoptr (GError) error = NULL;
  GList *link;

  g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                       "The main context has gone");
  zmqg_socket_core_lock (self->core);
  g_ptr_array_remove_fast (req->desks, self);
  zmqg_questions_fail_all (&req->questions, &self->asker, error);
  zmqg_socket_core_unlock (self->core);

  while ((link = g_queue_pop_head_link (&self->asker.ended)) != NULL)
    {
      ZmqgQuestion *question = link->data;

      pending_free (question->user);
      zmqg_question_free (question);
    }
}

static void
desk_finalize (GSource *source)
{
  Desk *self = (Desk *) source;

  zmqg_inbox_remove_waiter (&self->core->inbox, &self->waiter);
  if (self->asker.open.length + self->asker.ended.length > 0 &&
      zmqg_socket_core_check_fork (self->core, NULL))
    desk_drop_questions (self);
  g_source_unref (self->wake);
  zmqg_socket_core_unref (self->core);
}

static GSourceFuncs desk_funcs = {
  .dispatch = desk_dispatch,
  .finalize = desk_finalize,
};

static Desk *
desk_new (ZmqgSocketCore *core,
          GMainContext *context)
{
  GSource *source = g_source_new (&desk_funcs, sizeof (Desk));
  Desk *self = (Desk *) source;

  self->waiter.wake = desk_wake;
  self->wake = zmqg_wake_source_add (source);
  self->core = zmqg_socket_core_ref (core);
  self->context = context;
  self->asker.due = G_MAXINT64;
  self->armed = G_MAXINT64;
  g_source_set_static_name (source, "[zmqg] requests");
  g_source_set_can_recurse (source, TRUE);
  zmqg_inbox_add_waiter (&core->inbox, &self->waiter, ZMQG_REQ_INTEREST, TRUE);
  atomic_store_explicit (&self->attached, TRUE, memory_order_release);
  g_source_attach (source, context);
  g_source_unref (source);
  return self;
}

/* Locked. */
static Desk *
find_desk (ZmqgSocketCore *core,
           GMainContext *context)
{
  ZmqgReq *req = core->state;
  Desk *desk;

  for (guint i = 0; i < req->desks->len; i++)
    {
      desk = g_ptr_array_index (req->desks, i);
      if (desk->context == context)
        return desk;
    }

  desk = desk_new (core, context);
  g_ptr_array_add (req->desks, desk);
  return desk;
}

/* --- Asking ------------------------------------------------------------- */

static gboolean
on_cancelled (GCancellable *cancellable,
              gpointer user_data)
{
  Pending *pending = user_data;
  ZmqgSocketCore *core = pending->core;
  ZmqgQuestion *question = pending->question;
  ZmqgReq *req = core->state;
  GError *error = NULL;

  if (!g_cancellable_set_error_if_cancelled (cancellable, &error))
    return G_SOURCE_CONTINUE;
  if (!zmqg_socket_core_check_fork (core, NULL))
    {
      g_error_free (error);
      return G_SOURCE_REMOVE;
    }

  zmqg_socket_core_lock (core);
  if (question->state != ZMQG_QUESTION_ENDED)
    {
      zmqg_questions_fail (&req->questions, question,
                           g_steal_pointer (&error));
      core->to_do |= ZMQG_TO_DO_WAKE;
    }
  zmqg_socket_core_unlock (core);

  g_clear_error (&error);
  return G_SOURCE_REMOVE;
}

static Pending *
pending_new (ZmqgSocketCore *core,
             GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Pending *self = g_new0 (Pending, 1);

  self->core = core;
  self->task = g_object_ref (task);
  if (cancellable != NULL)
    {
      self->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_static_name (self->cancelled, "[zmqg] request cancelled");
      g_source_set_callback (self->cancelled, G_SOURCE_FUNC (on_cancelled),
                             self, NULL);
    }
  return self;
}

/* %FALSE with @error when the socket cannot be used. */
static gboolean
ask_later (Pending *pending,
           GError **error)
{
  ZmqgSocketCore *core = pending->core;
  GMainContext *context = g_task_get_context (pending->task);
  Desk *desk;

  if (!zmqg_socket_core_check_fork (core, error))
    return FALSE;

  zmqg_socket_core_lock (core);
  if (!zmqg_socket_core_join (core, error))
    {
      zmqg_socket_core_unlock (core);
      return FALSE;
    }

  /* Before anything can end the question. */
  if (pending->cancelled != NULL)
    g_source_attach (pending->cancelled, context);
  desk = find_desk (core, context);
  zmqg_req_ask (core, &desk->asker, pending->question);
  if (desk->asker.due < desk->armed)
    {
      desk->armed = desk->asker.due;
      g_source_set_ready_time (desk->wake, 0);
    }
  zmqg_socket_core_unlock (core);
  return TRUE;
}

gboolean
zmqg_req_desk_ask (ZmqgSocketCore *core,
                   ZmqgMessage *message,
                   int timeout_msec,
                   GTask *task,
                   GError **error)
{
  Pending *pending = pending_new (core, task);

  pending->question = zmqg_question_new (message, timeout_msec, pending,
                                         error);
  if (pending->question != NULL && ask_later (pending, error))
    return TRUE;

  g_clear_pointer (&pending->question, zmqg_question_free);
  pending_free (pending);
  return FALSE;
}
