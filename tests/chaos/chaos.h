/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "chaos-base.h"
#include "zmqg-test.h"

#include "base/zmqg-lock-private.h"
#include "zmqg.h"

#include <stdatomic.h>

G_BEGIN_DECLS

/*
 * Chaos: sockets of all types that threads use, misuse and replace at the
 * same time, while their connections are killed. README.md says more.
 */

#define CHAOS_N_SLOTS (2 * CHAOS_N_TYPES)
#define CHAOS_N_WORKERS 4
#define CHAOS_N_CONTEXTS 3
#define CHAOS_N_ADDRESSES 24
#define CHAOS_N_POOL 16
#define CHAOS_N_CLOSED 64
#define CHAOS_N_HANDLERS 12

/* Where somebody listens, or did. */
typedef struct
{
  char *uri;
  ZmqgSocketType type;
} ChaosAddress;

typedef struct
{
  guint modes; /* 1 << each ZmqgEngineMode that contexts may have */
  char *folder;
  guint32 seed;
  ChaosFrames frames;
  atomic_uint n_names;
  atomic_bool over;

  ZmqgLock lock; /* guards what follows */
  ZmqgContext *contexts[CHAOS_N_CONTEXTS];
  ZmqgSocket *sockets[CHAOS_N_SLOTS];
  ZmqgSocket *closed[CHAOS_N_CLOSED]; /* some that were closed; or NULL */
  GObject *peers[CHAOS_N_POOL];       /* some, of any socket; or NULL */
  GObject *requests[CHAOS_N_POOL];    /* some, without a reply; or NULL */
  ChaosAddress addresses[CHAOS_N_ADDRESSES];
  GCancellable *cancellables[CHAOS_N_WORKERS + 1];

  atomic_uint acts;
  atomic_uint sent;
  atomic_uint received;
  atomic_uint killed;
  atomic_uint dropped;  /* peers */
  atomic_uint answered; /* requests of ::request, and how many came back */
  atomic_uint replies;
  atomic_uint told;     /* by signals */
  atomic_uint made;     /* buffers of the user's, and how many came back */
  atomic_uint freed;
  atomic_int objects;   /* contexts and sockets that are not finalised */
  atomic_uint working;  /* threads */
} Chaos;

/* A handler that stays connected for a while. */
typedef struct
{
  ZmqgSocket *socket; /* or NULL */
  gulong id;
  gboolean exclusive; /* nobody else listens to its messages */
} ChaosHandler;

/* A model, and what its ::items-changed says. */
typedef struct
{
  GListModel *model;
  guint n_items;
} ChaosModel;

/* What one thread has. */
typedef struct
{
  Chaos *chaos;
  guint index;
  GMainContext *context;
  guint pending; /* asynchronous calls */
  ChaosHandler handlers[CHAOS_N_HANDLERS];
  ZmqgSocket *watched; /* made by this thread; or NULL */
  ChaosModel models[2]; /* of that */
} ChaosWorker;

/* --- Messages: chaos-message.c ------------------------------------------ */

/* A message that the socket may send; if there is only one receiver for it,
 * it must not arrive twice. */
ZmqgMessage *chaos_message_new (Chaos *self, ZmqgSocket *socket);
ZmqgMessage *chaos_message_new_reply (Chaos *self);
/* The message, that the socket received, is whole, and came for the first
 * time. */
void chaos_message_check (Chaos *self, ZmqgSocket *socket,
                          ZmqgMessage *message);

/* --- Sockets: chaos-socket.c -------------------------------------------- */

/* What was made has to be finalised in the end. */
void chaos_watch_object (Chaos *self, gpointer object);
/* Drops a reference; nullable. */
void chaos_drop (Chaos *self, gpointer object);
/* Puts an object (the reference is taken) into a place that all threads see,
 * instead of the one there; and a reference to what is there, or NULL. */
void chaos_put (Chaos *self, gpointer *place, gpointer object);
gpointer chaos_get (Chaos *self, gpointer *place);

/* Makes a socket, in whose main context the caller is. */
ZmqgSocket *chaos_socket_new (Chaos *self, ZmqgSocketType type);
/* Another one takes its place; the old one is closed, or only let go. */
void chaos_socket_replace (Chaos *self, guint slot);
ZmqgSocket *chaos_socket_pick (Chaos *self);
ZmqgSocket *chaos_socket_pick_type (Chaos *self, ZmqgSocketType type);

/* Makes a context, and gives the one in whose place it is. */
ZmqgContext *chaos_context_replace (Chaos *self, guint slot);

void chaos_socket_bind (Chaos *self, ZmqgSocket *socket);
void chaos_socket_connect (Chaos *self, ZmqgSocket *socket);
/* Joins it and another one by a stream. */
void chaos_socket_attach (Chaos *self, ZmqgSocket *socket);
/* Unbinds, or disconnects from, one of its endpoints. */
void chaos_socket_leave (Chaos *self, ZmqgSocket *socket);

/* Where a peer of @type may be found, or any address; %NULL if there is
 * none. */
char *chaos_pick_address (Chaos *self, const ZmqgSocketType *type);
void chaos_add_address (Chaos *self, const char *uri, ZmqgSocketType type);

/* --- Options: chaos-option.c -------------------------------------------- */

/* Those that are set once. */
void chaos_socket_set_up (ZmqgSocket *socket);
void chaos_socket_set_option (ZmqgSocket *socket);
void chaos_socket_subscribe (ZmqgSocket *socket);

/* --- Calls: chaos-call.c ------------------------------------------------ */

void chaos_cancel (ChaosWorker *self, guint index);
void chaos_send_some (ChaosWorker *self, ZmqgSocket *socket);
void chaos_receive_some (ChaosWorker *self, ZmqgSocket *socket);
void chaos_receive_batch (ChaosWorker *self, ZmqgSocket *socket);
void chaos_wait (ChaosWorker *self, ZmqgSocket *socket);
void chaos_use_source (ChaosWorker *self, ZmqgSocket *socket);
void chaos_call_async (ChaosWorker *self, ZmqgSocket *socket);
/* Asks some REP, by any REQ. */
void chaos_ask (ChaosWorker *self);
/* Ends a context, unless that is cancelled: then only its sockets hear of
 * it. */
void chaos_terminate (ChaosWorker *self, ZmqgContext *context);

/* --- Signals and what they tell: chaos-signal.c ------------------------- */

/* Connects a handler in the place of another one. */
void chaos_listen (ChaosWorker *self, ZmqgSocket *socket);
/* The same, of a REP's requests. */
void chaos_serve (ChaosWorker *self);
void chaos_stop_listening (ChaosWorker *self);
/* Looks at a peer that somebody got to know, and may drop it. */
void chaos_use_peer (Chaos *self);
void chaos_keep_peer (Chaos *self, ZmqgPeer *peer);
/* Replies to a request that somebody got. */
void chaos_answer (Chaos *self);
/* Walks the models of a socket that others use and close. */
void chaos_watch_models (ChaosWorker *self);
void chaos_stop_watching (ChaosWorker *self);

/* --- Attacks: chaos-attack.c -------------------------------------------- */

/* A thread that kills connections until all is over. */
gpointer chaos_attack (gpointer chaos);

G_END_DECLS
