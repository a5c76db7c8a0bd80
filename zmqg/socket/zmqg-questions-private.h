/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-load-balancer-private.h"
#include "socket/zmqg-socket-core-private.h"

/*
 * ZmqgQuestions: the requests of a REQ socket that await their reply, apart
 * from that of lock-step. Each carries a number of its own, by which a reply
 * finds it, and goes to connected peers only: what is given up while there is
 * none never leaves. The socket's lock guards everything.
 */
typedef struct _ZmqgQuestion ZmqgQuestion;

typedef enum
{
  ZMQG_QUESTION_WAITING, /* for a peer with room */
  ZMQG_QUESTION_SENT,
  ZMQG_QUESTION_ENDED,   /* has a reply or an error */
} ZmqgQuestionState;

/* Who asks: a thread that is blocked, or a main context. It looks after its
 * questions' times, and takes them when they have ended. */
typedef struct
{
  GQueue open;
  GQueue ended;
  gint64 due; /* monotonic µs: at the latest then it looks at the times of
               * all that are open; G_MAXINT64 = never */
} ZmqgAsker;

/* That a question was sent to a pipe, last as message @number of its queue. */
typedef struct
{
  ZmqgPipe *pipe; /* borrowed */
  guint64 number;
} ZmqgQuestionCopy;

struct _ZmqgQuestion
{
  ZmqgQuestionState state;
  GList place;     /* among those that wait or were sent */
  GList listed;    /* by the asker */
  ZmqgAsker *asker;
  gpointer user;   /* of the asker */
  guint32 id;
  guint retries;   /* left */
  guint interval;  /* ms until it is sent again, 0 = never for its age */
  gint64 deadline; /* monotonic µs, G_MAXINT64 = none */
  gint64 resend_at; /* the same */
  GArray *copies;  /* of ZmqgQuestionCopy, one for each pipe */
  ZmqgMessage *message; /* counted; the views refer to it */
  ZmqgMessage *reply;
  GError *error;
  guint n_views;
  ZmqgFrameView views[]; /* with the envelope */
};

typedef struct
{
  GHashTable *by_id; /* all that have not ended */
  GQueue waiting;    /* first come, first served */
  GQueue sent;       /* oldest first */
  guint32 last_id;
} ZmqgQuestions;

void zmqg_questions_init (ZmqgQuestions *self);
void zmqg_questions_clear (ZmqgQuestions *self);

static inline gboolean
zmqg_questions_is_busy (ZmqgQuestions *self)
{
  return self->waiting.length + self->sent.length > 0;
}

/* A number that no question has. */
guint32 zmqg_questions_next_id (ZmqgQuestions *self);

/* No lock held. @timeout_msec: -1 = for ever. %NULL with @error when the
 * message has no frames, or there is no memory. */
ZmqgQuestion *zmqg_question_new (ZmqgMessage *message, int timeout_msec,
                                 gpointer user, GError **error);
/* It has ended and was taken, or was never added. May run user code. */
void zmqg_question_free (ZmqgQuestion *self);

/* All with the socket's lock held. */
void zmqg_questions_add (ZmqgQuestions *self, ZmqgAsker *asker,
                         ZmqgQuestion *question);

/* Sends those that wait, while there is room. */
void zmqg_questions_send (ZmqgQuestions *self, ZmqgSocketCore *core,
                          ZmqgLoadBalancer *balancer);

/* Takes the message in core->frames, if it is the reply to a question. */
gboolean zmqg_questions_take (ZmqgQuestions *self, ZmqgSocketCore *core,
                              ZmqgPipe *pipe);

/* The pipe's connection was lost, or the pipe itself (then @gone). */
void zmqg_questions_lose (ZmqgQuestions *self, ZmqgSocketCore *core,
                          ZmqgPipe *pipe, gboolean gone);

/* Ends a question that is open. Takes the error. */
void zmqg_questions_fail (ZmqgQuestions *self, ZmqgQuestion *question,
                          GError *error);

/* Ends all of an asker's. */
void zmqg_questions_fail_all (ZmqgQuestions *self, ZmqgAsker *asker,
                              const GError *error);

/* Times out what is late, and sends again what is due for it. */
void zmqg_questions_look_at_times (ZmqgQuestions *self, ZmqgAsker *asker);
