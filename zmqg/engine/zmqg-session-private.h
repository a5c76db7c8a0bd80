/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-enums.h"
#include "engine/zmqg-engine-private.h"
#include "engine/zmqg-event-report-private.h"
#include "engine/zmqg-inbound-private.h"
#include "engine/zmqg-outbound-private.h"
#include "engine/zmqg-peer-record-private.h"
#include "engine/zmqg-read-through-private.h"
#include "pipe/zmqg-inbox-private.h"

/*
 * ZmqgClient: the socket as the engine knows it: a counted object that is no
 * GObject. The functions are called in the engine with no lock held; they do
 * not block and run no user code.
 */
typedef struct _ZmqgClient ZmqgClient;

typedef struct
{
  void (*ref) (ZmqgClient *client);
  void (*unref) (ZmqgClient *client);

  /* Something was posted that should not wait for the socket's next call:
   * a pipe came or went. May process the inbox if nobody else is at it. */
  void (*attend) (ZmqgClient *client);

  /* What an endpoint does changed; the error is why, nullable. */
  void (*endpoint_changed) (ZmqgClient *client, ZmqgTag *endpoint,
                            ZmqgEndpointState state, const GError *error);

  void (*peer_added) (ZmqgClient *client, ZmqgPeerRecord *record);
  void (*peer_removed) (ZmqgClient *client, ZmqgPeerRecord *record,
                        const GError *reason);
  /* Takes the address: the user will see it. */
  void (*handshake_failed) (ZmqgClient *client, ZmqgTag *endpoint,
                            GSocketAddress *address, const GError *error);

  /* What a monitor is told, in the order in which it happens to an endpoint.
   * Only for types that zmqg_client_listens () to. Also called in the thread
   * of who binds, unbinds or closes. */
  void (*event) (ZmqgClient *client, const ZmqgEventReport *report);

  /* A session begins (any thread), and has ended for good: the last thing
   * that is heard of it. */
  void (*session_started) (ZmqgClient *client);
  void (*session_ended) (ZmqgClient *client, guint64 unsent);

  /* Runs @function with the socket's lock held, if nobody else has it: then
   * the socket's ends of pipes are not in use. Takes leaf locks only. */
  gboolean (*try_locked) (ZmqgClient *client,
                          gboolean (*function) (gpointer data),
                          gpointer data);

  /* Memory of the user's, to be freed where user code may run; takes the
   * list. */
  void (*release_later) (ZmqgClient *client, ZmqgSegment *segments);

  const ZmqgTagOps *peer_ops;
} ZmqgClientOps;

struct _ZmqgClient
{
  const ZmqgClientOps *ops;
  const ZmqgSessionTable *table;
  ZmqgInbox *inbox; /* lives as long as the client */
  atomic_uint events; /* mask of ZmqgEventType: what somebody listens to */
};

/* Asked before a report is made: nobody pays who does not listen. */
static inline gboolean
zmqg_client_listens (ZmqgClient *client,
                     ZmqgEventType type)
{
  /* Relaxed: who begins to listen hears of what happens after that. */
  return (atomic_load_explicit (&client->events, memory_order_relaxed) &
          type) != 0;
}

/*
 * ZmqgSession: the engine's end of a pipe, and the connection that serves it
 * at the moment, if there is one. The session of a dialer keeps its pipe
 * over connections; that of an accepted connection lives with it.
 */
typedef struct _ZmqgSession ZmqgSession;
typedef struct _ZmqgConnection ZmqgConnection;

struct _ZmqgSession
{
  atomic_uint refs;
  ZmqgEngine *engine;
  ZmqgClient *client;
  ZmqgOptions *options;
  ZmqgPipe *pipe; /* our end, counted */
  ZmqgOutbound outbound;
  ZmqgInbound inbound;        /* guarded by the lock of reading */
  ZmqgReadThrough reading;
  ZmqgEngineTask task;
  ZmqgEngineTask later;       /* writes what a sender has not */
  atomic_uint events;         /* posted by the socket's end */
  ZmqgPeerRecord *record;     /* of the connection, or NULL */
  ZmqgConnection *connection; /* in traffic, or NULL; borrowed */
  GBytes *last_word; /* that the socket hears when a connection was lost, as
                      * if the peer had said it; nullable, the options' */

  /* The connection has bytes to write, or may read on. */
  void (*kick) (ZmqgConnection *connection, guint events);

  /* The program dropped the peer: the connection ends. */
  void (*drop) (ZmqgConnection *connection);

  /* Told when the pipe has been closed and nothing is left to send (or the
   * linger is over): the owner ends the connection, or stops dialling. */
  void (*finished) (ZmqgSession *self, gpointer owner);
  gpointer owner;

  ZmqgTimer linger;
  ZmqgTimer beat;     /* while a receiver reads for the engine */
  ZmqgTimer idle;     /* gives memory back when nothing happened so long */
  gboolean active;    /* something was read or written since it started */
  gboolean closing; /* the socket's end is gone */
  gboolean done;    /* finished was told */
  gboolean hung_up; /* a raw connection that the user ended */
};

/* A pipe as the socket's options and type want it; its first end is the
 * socket's. */
ZmqgPipe *zmqg_client_new_pipe (ZmqgClient *client,
                                const ZmqgOptions *options);

/* Makes the pipe too; returns its end for the socket with a reference, and
 * the session (owned by the pipe until it has ended) in @session. */
ZmqgPipe *zmqg_session_new (ZmqgEngine *engine, ZmqgClient *client,
                            ZmqgOptions *options, ZmqgTag *endpoint,
                            ZmqgSession **session);
ZmqgSession *zmqg_session_ref (ZmqgSession *self);
void zmqg_session_unref (ZmqgSession *self);

/* In the engine: gives the socket its end of a new pipe, with who is at the
 * other one; takes the reference. %FALSE when the socket is closed: then the
 * session has to end. */
gboolean zmqg_session_attach (ZmqgSession *self, ZmqgPipe *pipe,
                              ZmqgPeerRecord *record);

/* In the engine: a connection is ready for traffic; it opens outbound and
 * feeds inbound next. */
void zmqg_session_start_traffic (ZmqgSession *self,
                                 ZmqgConnection *connection,
                                 ZmqgPeerRecord *record);

/* In the engine: the output is left to a sender that is at it; looks again
 * in a moment. */
void zmqg_session_write_later (ZmqgSession *self);

/* In the engine: receivers may read the descriptor. */
void zmqg_session_open_reading (ZmqgSession *self, int fd);

/* In the engine: they may not any more. */
void zmqg_session_close_reading (ZmqgSession *self);

/* In the engine: something was read or written. */
void zmqg_session_touch (ZmqgSession *self);

/* In the engine: the outbound queue was drained. */
void zmqg_session_drained (ZmqgSession *self);

/* In the engine: that connection is over. A dialer's pipe goes on. */
void zmqg_session_stop_traffic (ZmqgSession *self, const GError *reason);

/* In the engine: the pipe ends, no connection will come again. */
void zmqg_session_end (ZmqgSession *self);

/* The socket closes its end: what is queued may take @linger ms (-1: any
 * time) to be sent. Nobody uses the end from here on; its reference stays
 * the caller's. */
void zmqg_pipe_close (ZmqgPipe *pipe, int linger);
