/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pipe/zmqg-account-private.h"
#include "pipe/zmqg-frame-queue-private.h"

/*
 * ZmqgPipe: one end of a pair of frame queues, one in each direction. A
 * socket holds one end; its engine (or, inproc, another socket) the other.
 * Both ends live in one counted block. An end writes to its out queue and
 * reads from its in queue; each use is serialised by the owner of the end.
 */
/* What an end is told by the other one. */
#define ZMQG_PIPE_READABLE 0x01u /* messages came while it slept */
#define ZMQG_PIPE_WRITABLE 0x02u /* there is room again */
#define ZMQG_PIPE_ATTACHED 0x04u /* the pipe is new to its owner */
#define ZMQG_PIPE_PEER 0x08u     /* a handshake is done: see peer_tag */
#define ZMQG_PIPE_HICCUP 0x10u   /* a connection was lost, another may come */
#define ZMQG_PIPE_ENDED 0x20u    /* the other end will not read or write */
#define ZMQG_PIPE_STATE 0x40u    /* only the owner's models change */
#define ZMQG_PIPE_READ 0x80u     /* to an engine: a receiver read, or will */
#define ZMQG_PIPE_RETURNED 0x100u /* to an engine: no receiver reads now */
#define ZMQG_PIPE_DROPPED 0x200u /* to an engine: the program drops the peer */

/* What a receiver that read for the engine found. */
typedef enum
{
  ZMQG_PULL_NOTHING, /* it cannot read: the engine does */
  ZMQG_PULL_NEWS,    /* look again */
  ZMQG_PULL_WAIT,    /* nothing, until the descriptor is readable */
} ZmqgPull;

typedef struct
{
  /* Tells the owner of @pipe about events. Any thread; the caller may hold
   * a socket's lock (never this owner's): takes leaf locks only. */
  void (*post) (ZmqgPipe *pipe, guint events);

  /* The other end wrote and found this one asleep. No lock is held, so the
   * caller's thread may do the owner's work at once. Nullable. */
  void (*push) (ZmqgPipe *pipe);

  /* The other end found nothing to read: its thread does the owner's work,
   * without waiting, and may then sleep on @fd. Who has slept there pulls
   * again, or leaves. No lock is held. Nullable. */
  ZmqgPull (*pull) (ZmqgPipe *pipe, int *fd);
  void (*leave) (ZmqgPipe *pipe);

  /* Instead of push (): the other end wrote a large message, whose memory it
   * may have lent. Its thread writes as long as the kernel takes something
   * every now and then; what is left then is copied. Waits for a few
   * milliseconds at the most. No lock is held. Nullable. */
  void (*finish) (ZmqgPipe *pipe);

  /* The other end found no room: its thread writes what it can, without
   * waiting. No lock is held. Nullable. */
  void (*drain) (ZmqgPipe *pipe);

  /* The other end has ended, which was posted: the owner takes note of it now,
   * since it may make no call for long. No lock is held. Nullable. */
  void (*attend) (ZmqgPipe *pipe);

  /* The owner's marks are these from now on, of what it sends and what it
   * receives. The owner's lock is held. Nullable: they are the queues'. */
  void (*set_marks) (ZmqgPipe *pipe, guint send_hwm, guint receive_hwm);

  /* The pipe is being freed. Nullable. */
  void (*release) (ZmqgPipe *pipe);
} ZmqgPipeOwner;

struct _ZmqgPipe
{
  ZmqgPipe *peer; /* the other end; lives as long as this one */
  ZmqgFrameQueue *in;
  ZmqgFrameQueue *out;

  const ZmqgPipeOwner *ops;
  gpointer owner; /* an inbox, or a session */
  ZmqgAccount *account; /* counted, nullable: an engine's end has none */

  /* Guarded by the owner's leaf lock. */
  guint events;
  gboolean queued;
  ZmqgPipe *next_queued;

  /* The owner's own. */
  gboolean attached;
  gboolean ended;      /* no more will come behind what is queued */
  gboolean active_in;  /* not known to be empty */
  gboolean active_out; /* not known to be full */
  guint in_index;      /* in a fair queue */
  guint out_index;     /* in a load balancer or distributor */
  gpointer endpoint;   /* tag of the socket's endpoint it came from, counted */
  gpointer user;       /* of the socket type */
  guint64 mark;        /* of the distributor: the message it matched */

  ZmqgTagStock tags;            /* for messages received */
  ZmqgTag *peer_tag;            /* who is, or was last, at the other end */
  _Atomic (ZmqgTag *) new_tag;  /* set by the engine before it posts PEER */
  atomic_uint epoch;   /* connections lost so far; with HICCUP */
  _Atomic guint64 taken; /* of what this end wrote: messages that were handed
                          * over whole until the last HICCUP */
  int linger;          /* ms, set by the other end before it posts ENDED */
};

/* Marks are in messages, 0 = no limit. @first_out is that of the queue from
 * the first end to the second. Returns the first end, with one reference
 * that counts for both ends until they are given away. */
ZmqgPipe *zmqg_pipe_new (guint first_out, guint second_out,
                         gboolean conflate_first, gboolean conflate_second);

ZmqgPipe *zmqg_pipe_ref (ZmqgPipe *pipe);

/* The last reference may run user code (releases of memory). */
void zmqg_pipe_unref (ZmqgPipe *pipe);

/* For I/O threads: the user's memory that the last reference held is left to
 * the caller. Nullable. */
ZmqgSegment *zmqg_pipe_unref_quietly (ZmqgPipe *pipe);

typedef enum
{
  ZMQG_PIPE_WRITTEN,
  ZMQG_PIPE_FULL,
  ZMQG_PIPE_NO_MEMORY,
} ZmqgPipeResult;

/* Writes a whole message or command. The reader is not woken: see flush. */
ZmqgPipeResult zmqg_pipe_write (ZmqgPipe *pipe, const ZmqgFrameView *views,
                                guint n);

/* Writes a command or message without regard to the mark, to which commands
 * do not count. */
ZmqgPipeResult zmqg_pipe_write_always (ZmqgPipe *pipe,
                                       const ZmqgFrameView *views, guint n);

/* Whether a message could be written now. */
static inline gboolean
zmqg_pipe_has_room (ZmqgPipe *pipe)
{
  return G_LIKELY (zmqg_frame_queue_has_room (pipe->out)) ||
         zmqg_frame_queue_room (pipe->out) > 0;
}

/* Tells the other end who is at this one now, with the next event. */
void zmqg_pipe_announce (ZmqgPipe *pipe, ZmqgTag *tag);

/* Takes what was announced to this end into peer_tag; %FALSE if nothing. */
gboolean zmqg_pipe_take_announced (ZmqgPipe *pipe);

/* After writing: whether the reader sleeps. */
static inline gboolean
zmqg_pipe_reader_sleeps (ZmqgPipe *pipe)
{
  return zmqg_frame_queue_reader_sleeps (pipe->out);
}

static inline void
zmqg_pipe_post_peer (ZmqgPipe *pipe,
                     guint events)
{
  pipe->peer->ops->post (pipe->peer, events);
}

/* After writing: wakes the reader if it sleeps. */
static inline void
zmqg_pipe_flush (ZmqgPipe *pipe)
{
  if (G_UNLIKELY (zmqg_pipe_reader_sleeps (pipe)) &&
      zmqg_frame_queue_claim_reader (pipe->out))
    zmqg_pipe_post_peer (pipe, ZMQG_PIPE_READABLE);
}

/* Shows the message at the head of the in queue; when there is none the end
 * counts as asleep, and the next message posts READABLE. */
gboolean zmqg_pipe_peek (ZmqgPipe *pipe, ZmqgFrameArray *frames);

/* Who sent the message peeked; borrowed, %NULL when nobody knows. */
static inline ZmqgTag *
zmqg_pipe_peek_tag (ZmqgPipe *pipe)
{
  ZmqgTag *tag = zmqg_frame_queue_peek_tag (pipe->in);

  /* Inproc, the segments are the other socket's and tell nothing. */
  return tag != NULL ? tag : pipe->peer_tag;
}

/* Whether what was peeked is a message, as marks and counters see it. */
static inline gboolean
zmqg_pipe_counts (ZmqgPipe *pipe,
                  const ZmqgFrameArray *frames)
{
  return pipe->in->counts_commands ||
         (frames->views[0].flags & ZMQG_FRAME_COMMAND) == 0;
}

static inline void
zmqg_pipe_consume (ZmqgPipe *pipe)
{
  if (G_UNLIKELY (zmqg_frame_queue_consume (pipe->in)))
    zmqg_pipe_post_peer (pipe, ZMQG_PIPE_WRITABLE);
}
