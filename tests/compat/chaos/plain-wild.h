/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "plain-chaos.h"

G_BEGIN_DECLS

#define WILD_N_SLOTS (2 * CHAOS_N_TYPES)
#define WILD_N_CONTEXTS 3
#define WILD_N_ADDRESSES 24
#define WILD_N_CLOSED 32
#define WILD_N_KEPT 64

/* A handle that was closed is used only as long as fewer than so many others
 * have followed it: the library knows it for a while, not for ever. */
#define WILD_MEMORY 100

typedef struct
{
  void *handle;
  atomic_uint users; /* who may make sockets of it */
} WildContext;

/* A handle that threads share. */
typedef struct
{
  void *handle;
  guint type;
  WildContext *context; /* compared only */
  guint slot;
} WildSocket;

typedef struct
{
  char *uri;
  guint type;
} WildAddress;

typedef struct
{
  PlainChaos base;

  WildContext *contexts[WILD_N_CONTEXTS]; /* base.lock guards what follows */
  WildSocket sockets[WILD_N_SLOTS];
  WildAddress addresses[WILD_N_ADDRESSES];
  void *closed[WILD_N_CLOSED]; /* the last ones, with when they were closed */
  guint closed_at[WILD_N_CLOSED];
  guint next_closed;
  ZmqgSocket *kept[WILD_N_KEPT]; /* the objects of some, counted */

  pthread_mutex_t sending[WILD_N_SLOTS]; /* frame by frame */
  pthread_mutex_t poller_lock; /* guards what follows */
  void *poller;                /* that threads share; or NULL */

  atomic_uint begun[PLAIN_N_WORKERS + 1]; /* what n_closed was then */
  atomic_uint n_closed; /* handles of all kinds */
  atomic_uint opened;   /* sockets, and how many closes of them succeeded */
  atomic_uint ended;
  atomic_int objects;   /* sockets that are not finalised */
  atomic_uint events;   /* of monitors */
  atomic_uint proxied;  /* proxies that ran */
  atomic_uint ready;    /* sockets that polling found ready */
  atomic_uint stale;    /* calls with handles that were closed */
  void *counter;        /* of zmq_atomic_counter_new () */
  atomic_int counted;   /* what it should be */
} Wild;

typedef struct
{
  Wild *wild;
  guint index;
  void *timers;
  guint told; /* by timers */
} WildWorker;

/* --- Sockets: plain-wild-sockets.c -------------------------------------- */

WildContext *wild_context_new (void);
/* The context of a slot, or that @context if it is still in one (or NULL);
 * to be left. */
WildContext *wild_context_enter (Wild *self, WildContext *context);
void wild_context_leave (WildContext *context);

/* A handle from any slot. */
WildSocket wild_pick (Wild *self);
WildSocket wild_pick_type (Wild *self, guint type);

/* Makes a socket that a thread has for itself; NULL when the context was
 * shut down. */
void *wild_open (Wild *self, WildContext *context, guint type);
/* Closes a handle, which another thread may do at the same time. */
void wild_close (Wild *self, void *handle);
/* A thread uses handles that others may close. As long as it does so, only so
 * many are that the library knows them all: what follows says whether one more
 * may be. */
void wild_begin_use (Wild *self, guint worker);
void wild_end_use (Wild *self, guint worker);
gboolean wild_may_close (Wild *self);
/* Puts a new socket in the place of another one, which is closed. */
void wild_replace (Wild *self, guint slot);
/* The socket's context was shut down. */
void wild_terminated (Wild *self, void *handle);

void wild_bind (Wild *self, WildSocket *socket);
void wild_connect (Wild *self, WildSocket *socket);
void wild_leave (Wild *self, WildSocket *socket);
void wild_forget_addresses (Wild *self);
void wild_set_option (Wild *self, WildSocket *socket);
void wild_get_option (Wild *self, WildSocket *socket);

/* One that was closed a short while ago: no call crashes. */
void wild_use_closed (Wild *self);

/* --- Calls: plain-wild-calls.c ------------------------------------------ */

void wild_send (WildWorker *self, WildSocket *socket);
void wild_receive (WildWorker *self, WildSocket *socket);
void wild_poll (WildWorker *self);
void wild_use_poller (WildWorker *self);
void wild_use_fd (WildWorker *self, WildSocket *socket);
void wild_monitor (WildWorker *self, WildSocket *socket);
void wild_run_proxy (WildWorker *self);
void wild_use_timers (WildWorker *self);

/* What may become of any call: the context is shut down, or the handle closed.
 * Others are given. */
#define WILD_EXPECT(self, call, ...) \
  PLAIN_EXPECT (&(self)->base, call, ETERM, ENOTSOCK, __VA_ARGS__)

G_END_DECLS
