/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"
#include "engine/zmqg-attached-stream-private.h"
#include "engine/zmqg-dialer-private.h"
#include "engine/zmqg-listener-private.h"
#include "message/zmqg-message-private.h"
#include "pattern/zmqg-turns-private.h"
#include "pipe/zmqg-inbox-private.h"
#include "socket/zmqg-context-core-private.h"
#include "socket/zmqg-news-private.h"

/*
 * ZmqgSocketCore: a socket without its GObject: what the engine, other
 * threads and pipes refer to. One lock guards routing state and the socket's
 * ends of pipes; it is never held in a blocking call, in a system call of
 * the data path, or while user code runs.
 */
typedef struct _ZmqgSocketCore ZmqgSocketCore;
typedef struct _ZmqgSocketOps ZmqgSocketOps;

typedef enum
{
  ZMQG_IO_DONE,
  ZMQG_IO_AGAIN, /* not now: the caller may wait */
  ZMQG_IO_FAILED,
} ZmqgIoResult;

typedef enum
{
  /* The caller may write a large message itself, and wait a moment for the
   * kernel. */
  ZMQG_SEND_PATIENT = 1 << 0,
  /* The first frame of a message whose others come later: it is not sent, but
   * who gets the message is chosen, and what stands against it found out. */
  ZMQG_SEND_BEGIN = 1 << 1,
  /* The whole of the message that was begun last. */
  ZMQG_SEND_FINISH = 1 << 2,
} ZmqgSendFlags;

/*
 * One socket type, composed of policies. All functions are called with the
 * core's lock held, do not block, and run no user code.
 */
struct _ZmqgSocketOps
{
  ZmqgSocketType type;
  const ZmqgSessionTable *session;
  gsize state_size; /* of the type's own, zeroed */
  gboolean connects_once; /* a second connect to the same text is none */
  gboolean lock_step; /* a message is received, or sent, whole before the next
                       * one goes the other way */
  gboolean sends_to_one;  /* who waits for room waits for that of one peer */

  void (*init) (ZmqgSocketCore *core);
  void (*clear) (ZmqgSocketCore *core);

  /* A pipe is new. */
  void (*attach) (ZmqgSocketCore *core, ZmqgPipe *pipe);
  /* The pipe's peer_tag was set or changed: a handshake is done. Nullable. */
  void (*peer) (ZmqgSocketCore *core, ZmqgPipe *pipe);
  void (*readable) (ZmqgSocketCore *core, ZmqgPipe *pipe);
  void (*writable) (ZmqgSocketCore *core, ZmqgPipe *pipe);
  /* A connection was lost, the pipe goes on. Nullable. */
  void (*hiccup) (ZmqgSocketCore *core, ZmqgPipe *pipe);
  /* The other end has gone. %TRUE when the pipe has nothing to read any
   * more and may be detached; else the type detaches it when it is drained
   * (zmqg_socket_core_detach). */
  gboolean (*ended) (ZmqgSocketCore *core, ZmqgPipe *pipe);
  /* The pipe goes: forget it. */
  void (*detach) (ZmqgSocketCore *core, ZmqgPipe *pipe);

  /* Sends one message. Sets core->push (borrowed) to a pipe whose reader
   * sleeps and may be written through, having flushed all others. %NULL: the
   * type cannot send. */
  ZmqgIoResult (*send) (ZmqgSocketCore *core, const ZmqgFrameView *views,
                        guint n, GError **error);

  /* The first frame of a message that is sent later: chooses core->chosen,
   * which send () then uses when core->finishing is set. AGAIN and FAILED as
   * send () would say it. Nullable: nothing stands against any message. */
  ZmqgIoResult (*begin) (ZmqgSocketCore *core, const ZmqgFrameView *first,
                         GError **error);

  /* The pipe to the peer with that routing id; %NULL when there is none.
   * Nullable: peers have none. */
  ZmqgPipe *(*find_peer) (ZmqgSocketCore *core, const guint8 *id, gsize size);

  /* Takes one message, transfer full. %NULL: the type cannot receive. */
  ZmqgIoResult (*receive) (ZmqgSocketCore *core, ZmqgMessage **message,
                           GError **error);

  /* Whether a message with that first frame is for the program. Nullable: all
   * are. */
  gboolean (*wants) (ZmqgSocketCore *core, const guint8 *data, gsize size);

  /* Those of @interest (ZMQG_WAIT_IN, ZMQG_WAIT_OUT) that hold now. Others may
   * be set, too. */
  guint (*events) (ZmqgSocketCore *core, guint interest);

  /* Publishers: ::subscribed or ::unsubscribed has a handler from now on, or
   * none has; and the news of topics were told, so that what was not read for
   * want of room may be. Nullable. */
  void (*show_topics) (ZmqgSocketCore *core, gboolean shows);
  void (*read_on) (ZmqgSocketCore *core);
};

/*
 * ZmqgMonitor: who hears of a socket's events while they happen: the plain C
 * API. A member of something counted.
 */
typedef struct _ZmqgMonitor ZmqgMonitor;

struct _ZmqgMonitor
{
  guint events; /* mask of ZmqgEventType, constant */

  /* Called where it happens: in the engine, or in the thread of a call that
   * binds, unbinds or closes; by several threads at a time. No lock is held.
   * MONITOR_STOPPED is the last of them, but those that were under way when
   * it came. */
  void (*event) (ZmqgMonitor *monitor, const ZmqgEventReport *report);

  /* The last reference may go in the engine: no user code. */
  void (*ref) (ZmqgMonitor *monitor);
  void (*unref) (ZmqgMonitor *monitor);
};

/* A bind or connect of a socket. A ZmqgTag, for the engine. */
typedef struct
{
  ZmqgTag tag;
  ZmqgEndpointKind kind;
  char *uri;                /* as given to connect, resolved for bind */
  const ZmqgTransport *transport;
  char *address;            /* behind the scheme */
  ZmqgOptions *options;     /* of the bind or connect */
  /* Set under the socket's lock, while it is in the socket's list. */
  ZmqgListener *listener;   /* owned until stopped */
  ZmqgDialer *dialer;       /* owned until stopped */
  ZmqgAttachedStream *attached; /* owned until stopped */

  ZmqgLock lock;            /* a leaf: guards what follows */
  ZmqgEndpointState state;
  GError *last_error;
  guint reconnects;
  gpointer object;          /* GWeakRef of its ZmqgEndpoint, or NULL */
} ZmqgEndpointCore;

#define ZMQG_TO_DO_WAKE 0x1u /* what waits may go on for another reason than its
                              * pipes */
#define ZMQG_TO_DO_TIDY 0x2u /* push, finish, trash, left or released is set */

struct _ZmqgSocketCore
{
  ZmqgClient client;
  ZmqgContextMember member;
  atomic_uint refs;
  const ZmqgSocketOps *ops;
  gpointer state;           /* of the type */
  ZmqgTurns *small_in;      /* in it: the pipes of which a message is taken as it
                             * is; NULL: the type does more. See
                             * socket/zmqg-socket-small-private.h */
  ZmqgTurns *small_out;     /* and those to which it goes in turn; the same */
  ZmqgContextCore *context;
  GMainContext *main_context; /* signals are emitted there; NULL until the
                               * default one is there: at the latest when the
                               * first endpoint is made */
  /* Where the program's memory is freed that is left after the close; counted,
   * NULL: in main_context. */
  _Atomic (GMainContext *) release_context;

  ZmqgInbox inbox;
  atomic_bool structural;   /* a pipe came or went since the last look */
  atomic_bool has_ended;    /* an endpoint ended by itself since then */
  atomic_bool has_dropped;  /* and the program dropped a peer */

  ZmqgLock lock;            /* guards what follows */
  guint to_do;              /* after the unlock, ZMQG_TO_DO_… */
  gboolean closed;
  atomic_bool terminated;
  gboolean joined;          /* counts among the context's sockets */
  ZmqgOptions *options;
  GPtrArray *pipes;         /* attached, counted */
  GPtrArray *endpoints;     /* of ZmqgEndpointCore, counted */
  char *last_endpoint;      /* nullable */
  ZmqgPipe *push;           /* set by send (); with TO_DO_TIDY */
  ZmqgPipe *finish;         /* the same, of a large message; counted */
  gboolean patient;         /* who sends may wait a moment for the kernel */
  gboolean finishing;       /* what is sent was begun before */
  ZmqgPipe *chosen;         /* for it; borrowed, NULL: nobody, or no more */
  ZmqgPipe *fresh;          /* the last one with something to read, borrowed */
  ZmqgPipe *lent;           /* receivers read its connection; borrowed */
  GPtrArray *trash;         /* pipes to be released once the lock is
                             * dropped; nullable */
  GPtrArray *left;          /* pipes that we ended, whose other ends are then
                             * told to take note; nullable, counted */
  ZmqgSegment *released;    /* the same */
  ZmqgFrameArray frames;    /* scratch of receive () */
  guint64 sent;             /* messages accepted */
  guint64 bytes_sent;       /* payload of them */
  guint64 received;         /* messages given to the program */
  guint64 bytes_received;   /* payload of them */
  guint64 dropped_no_peer;  /* messages sent while there was none */
  guint64 dropped_notices;  /* of a ROUTER's peers, unread */

  ZmqgLock accounts_lock;   /* a leaf but for the accounts' */
  GPtrArray *accounts;      /* of pipes, attached or not yet at their end */
  guint next_sweep;         /* of so many */
  ZmqgTally past;           /* of those that are gone */

  ZmqgNewsQueue news;
  _Atomic (const char *) changed; /* a property that changed by itself, to be
                                   * told with the news; static, nullable */
  ZmqgLock monitor_lock;    /* a leaf: guards the next three */
  ZmqgMonitor *monitor;     /* counted, nullable */
  atomic_bool shows_events; /* ::event has a handler */
  gboolean stopped_events;  /* closed: MONITOR_STOPPED was told */
  atomic_bool shows_topics; /* as show_topics () was told; set under lock */
  atomic_uint n_peers;      /* handshaken now */
  _Atomic guint64 unsent;   /* messages that were never sent */
  guint64 unsent_before;    /* of them, before the socket was closed */
  atomic_uint n_sessions;   /* that have not ended for good */
  _Atomic guint64 n_reconnects;
  _Atomic guint64 n_failed_handshakes;
};

/* @main_context is nullable, and set later then. */
ZmqgSocketCore *zmqg_socket_core_new (const ZmqgSocketOps *ops,
                                      ZmqgContextCore *context,
                                      GMainContext *main_context);
ZMQG_SHARED
ZmqgSocketCore *zmqg_socket_core_ref (ZmqgSocketCore *self);
ZMQG_SHARED
void zmqg_socket_core_unref (ZmqgSocketCore *self);

/* Locked: takes what the inbox has. */
ZMQG_SHARED
void zmqg_socket_core_process_inbox (ZmqgSocketCore *self);

/* Locks, and takes what the inbox has. */
static inline void
zmqg_socket_core_lock (ZmqgSocketCore *self)
{
  zmqg_lock (&self->lock);
  if (G_UNLIKELY (zmqg_inbox_is_pending (&self->inbox)) &&
      !zmqg_context_core_is_forked (self->context))
    zmqg_socket_core_process_inbox (self);
}

/* Processes the inbox if an I/O side asked for that and the lock is free:
 * else whoever holds it does, after the unlock. Any thread. */
ZMQG_SHARED
void zmqg_socket_core_attend (ZmqgSocketCore *self);

ZMQG_SHARED
void zmqg_socket_core_unlock_and_tidy (ZmqgSocketCore *self);

/* Unlocks, and does what may run user code or write. */
static inline void
zmqg_socket_core_unlock (ZmqgSocketCore *self)
{
  if (G_UNLIKELY (self->to_do != 0))
    {
      zmqg_socket_core_unlock_and_tidy (self);
      return;
    }

  /* Its barrier pairs with client_attend (). */
  zmqg_unlock (&self->lock);
  if (G_UNLIKELY (atomic_load_explicit (&self->structural,
                                        memory_order_relaxed)))
    zmqg_socket_core_attend (self);
  /* Callers may hold the object only. */
  zmqg_order_before_drop (self);
}

/* Always %FALSE with @error. */
gboolean zmqg_socket_core_explain_fork (GError **error);

/* %FALSE in the child of a fork. Asked before the lock is taken, which may be
 * held there for ever. */
static inline gboolean
zmqg_socket_core_check_fork (ZmqgSocketCore *self,
                             GError **error)
{
  return G_LIKELY (!zmqg_context_core_is_forked (self->context)) ||
         zmqg_socket_core_explain_fork (error);
}

/* Locked: the same with the reason. */
gboolean zmqg_socket_core_explain (ZmqgSocketCore *self, GError **error);

/* Locked: %FALSE when the socket is closed or terminated. */
static inline gboolean
zmqg_socket_core_check (ZmqgSocketCore *self,
                        GError **error)
{
  return G_LIKELY (self->joined && !self->closed &&
                   !atomic_load_explicit (&self->terminated,
                                          memory_order_relaxed)) ||
         zmqg_socket_core_explain (self, error);
}

/* Locked: the socket counts among the context's from now on. Again does
 * nothing. */
ZMQG_SHARED
gboolean zmqg_socket_core_join (ZmqgSocketCore *self, GError **error);

/* Locked: an ended pipe has been read to its end, or is not wanted. */
void zmqg_socket_core_detach (ZmqgSocketCore *self, ZmqgPipe *pipe);

/* Locked: closes a pipe from our side; it is detached too. */
void zmqg_socket_core_close_pipe (ZmqgSocketCore *self, ZmqgPipe *pipe,
                                  int linger);

/* Locked: the same, but what was received can still be read. */
void zmqg_socket_core_leave_pipe (ZmqgSocketCore *self, ZmqgPipe *pipe,
                                  int linger);

/* Locked: tells of who came or went at the other end of a pipe within the
 * process; of other pipes their engine tells. Again does nothing. */
void zmqg_socket_core_tell_of_inproc_peer (ZmqgSocketCore *self,
                                           ZmqgPipe *pipe, gboolean gone);

/* Locked: ends the pipes within the process whose peers were dropped. */
void zmqg_socket_core_leave_dropped_peers (ZmqgSocketCore *self);

/* Locked: attaches a pipe (transfer full). */
void zmqg_socket_core_attach (ZmqgSocketCore *self, ZmqgPipe *pipe);

/* So many messages that nobody wants are dropped in one call. */
#define ZMQG_SOCKET_DROPS_MAX 1000u

/* Locked: drops messages of a pipe that nobody will read. Those behind the
 * first many are left to the next call. */
void zmqg_socket_core_drop_inbound (ZmqgSocketCore *self, ZmqgPipe *pipe);

ZMQG_SHARED
void zmqg_socket_core_flush_asleep (ZmqgSocketCore *self, ZmqgPipe *pipe);

/* Locked: wakes the reader of a pipe that was written to: through
 * core->push when nobody else has that place, else now. */
static inline void
zmqg_socket_core_flush (ZmqgSocketCore *self,
                        ZmqgPipe *pipe)
{
  if (G_UNLIKELY (zmqg_pipe_reader_sleeps (pipe) ||
                  zmqg_frame_queue_has_released (pipe->out)))
    zmqg_socket_core_flush_asleep (self, pipe);
}

/* Once. */
ZMQG_SHARED
void zmqg_socket_core_set_release_context (ZmqgSocketCore *self,
                                           GMainContext *context);

ZMQG_SHARED
void zmqg_socket_core_hand_on_to_consumers (ZmqgSocketCore *self,
                                            guint interest);

/* Locked: one call left something behind: the next in the line may go on. */
static inline void
zmqg_socket_core_hand_on (ZmqgSocketCore *self,
                          guint interest)
{
  if (G_UNLIKELY (zmqg_inbox_has_consumers (&self->inbox)))
    zmqg_socket_core_hand_on_to_consumers (self, interest);
}

/* Closes: rolls back, ends pipes and endpoints. No lock held. */
void zmqg_socket_core_close (ZmqgSocketCore *self);

/* The same with another linger than the option's. */
void zmqg_socket_core_close_lingering (ZmqgSocketCore *self, int linger);

/* Ends an endpoint, for whoever took it out of the socket's list; its pipes
 * are closed by the caller. @asked: the user unbound or disconnected it, the
 * socket goes on. No lock held. */
void zmqg_endpoint_core_stop (ZmqgEndpointCore *self,
                              ZmqgContextCore *context, gboolean asked);

/* The same for one that was taken out before it got what drives it, which is
 * nullable. */
void zmqg_endpoint_core_end (ZmqgEndpointCore *self,
                             ZmqgContextCore *context,
                             ZmqgListener *listener, ZmqgDialer *dialer,
                             gboolean asked);

/* Whether it was stopped, or has ended by itself. */
gboolean zmqg_endpoint_core_has_ended (ZmqgEndpointCore *self);

/* Tells the socket's main context. Any thread. Takes the address: from then
 * on the user may see it. */
void zmqg_socket_core_add_news (ZmqgSocketCore *self, ZmqgNewsKind kind,
                                ZmqgTag *subject, GSocketAddress *address,
                                const GError *error);

/* A property changed by itself: notifies in the socket's main context. @name is
 * static. Any thread. */
void zmqg_socket_core_note_change (ZmqgSocketCore *self, const char *name);

/* Any thread, no lock held: has ::event, and a monitor, told. */
void zmqg_socket_core_report (ZmqgSocketCore *self,
                              const ZmqgEventReport *report);

/* ::event has a handler from now on, or none any more. Any thread. */
void zmqg_socket_core_show_events (ZmqgSocketCore *self, gboolean shows);

/* Who is to hear of events from now on (%NULL: nobody), in the place of who
 * did so far, whom MONITOR_STOPPED is told. %FALSE when the socket is closed:
 * nothing will happen any more. No lock held. */
gboolean zmqg_socket_core_set_monitor (ZmqgSocketCore *self,
                                       ZmqgMonitor *monitor);

/* The same in two steps, of which the first calls nobody, and may be done with
 * locks held: @old is who did so far (transfer full, nullable), for the
 * second. */
ZMQG_SHARED
gboolean zmqg_socket_core_swap_monitor (ZmqgSocketCore *self,
                                        ZmqgMonitor *monitor,
                                        ZmqgMonitor **old);
ZMQG_SHARED
void zmqg_monitor_end (ZmqgMonitor *self);

/* Has PIPES_STATS told, once for each pipe, before it returns. Fails with
 * WOULD_BLOCK when there is no pipe, with STATE when nobody listens to this
 * type of event, and when the socket is closed. No lock held. */
gboolean zmqg_socket_core_report_pipes (ZmqgSocketCore *self, GError **error);

/* The socket is closed: the last event. No lock held. */
void zmqg_socket_core_stop_events (ZmqgSocketCore *self);

/* Counts what becomes of the messages of a pipe, until the end.
 * socket/zmqg-socket-statistics.c. */
void zmqg_socket_core_add_account (ZmqgSocketCore *self,
                                   ZmqgAccount *account);

/* Of all pipes so far. Any thread. */
void zmqg_socket_core_tally (ZmqgSocketCore *self, ZmqgTally *tally);

/* One attempt, locking inside. */
ZMQG_SHARED
ZmqgIoResult zmqg_socket_core_send (ZmqgSocketCore *self,
                                    const ZmqgFrameView *views, guint n,
                                    ZmqgSendFlags flags, GError **error);
ZMQG_SHARED
ZmqgIoResult zmqg_socket_core_receive (ZmqgSocketCore *self,
                                       ZmqgMessage **message,
                                       GError **error);
guint zmqg_socket_core_receive_batch (ZmqgSocketCore *self,
                                      GPtrArray *messages, guint max,
                                      ZmqgIoResult *result, GError **error);

/*
 * ZmqgReceiver: a call that receives and waits, and reads the connection
 * itself where it can.
 */
typedef struct
{
  ZmqgSocketCore *core;
  GPtrArray *batch;           /* NULL: one message */
  guint max;                  /* messages of the batch */
  ZmqgMessage *message;       /* transfer full */
  const ZmqgWaiter *waiter;   /* its own, once it is listed */
  ZmqgPipe *pipe;             /* that it reads; counted, or NULL */
} ZmqgReceiver;

/* One attempt. When there is nothing, self->pipe is one to pull. */
ZMQG_SHARED
ZmqgIoResult zmqg_receiver_try (ZmqgReceiver *self, GError **error);

/* Locked, nothing was found to read: the engine has to read again. */
void zmqg_socket_core_give_back (ZmqgSocketCore *self);

/* In the thread of a sender that found no room, no lock held: writes what is
 * queued. %FALSE when there was nothing that it could write. */
ZMQG_SHARED
gboolean zmqg_socket_core_drain (ZmqgSocketCore *self);

/* Those of @interest (ZMQG_WAIT_IN, ZMQG_WAIT_OUT) that hold now. What does not
 * hold posts to the inbox once it may. */
ZMQG_SHARED
guint zmqg_socket_core_events (ZmqgSocketCore *self, guint interest);

/* Locked: a message of the program's, of that size, was accepted. */
static inline void
zmqg_socket_core_note_sent (ZmqgSocketCore *self,
                            gsize size)
{
  self->sent++;
  self->bytes_sent += size;
}

/* Locked: a message of that size is given to the program. */
static inline void
zmqg_socket_core_note_received (ZmqgSocketCore *self,
                                gsize size)
{
  self->received++;
  self->bytes_received += size;
}

/* Locked helpers of types. */
static inline void
zmqg_set_no_memory (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                       "No memory for the message");
}

/* What the engine calls; socket/zmqg-socket-client.c. */
extern const ZmqgClientOps zmqg_socket_client_ops;

/* Peers' objects; socket/zmqg-peer.c. */
extern const ZmqgTagOps zmqg_peer_record_ops;
