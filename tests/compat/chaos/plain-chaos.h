/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "chaos/chaos-base.h"
#include "zmqg-test.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <zmq.h>
#include <zmqg-zmq.h>

G_BEGIN_DECLS

/*
 * Chaos of the plain C API: threads that share sockets, and that signals
 * interrupt all the time. README.md says more.
 */

#define PLAIN_N_WORKERS 4
#define PLAIN_THREADS_MAX 16

typedef struct
{
  guint32 seed;
  ChaosFrames frames;
  char *folder;
  atomic_uint n_names;
  atomic_bool over;
  atomic_uint working; /* threads that have not ended */
  atomic_bool silent;  /* no more signals */

  atomic_uint acts;
  atomic_uint sent;
  atomic_uint received;
  atomic_uint interrupted; /* calls, by signals */
  atomic_uint made;  /* buffers with a free function, and how many came back */
  atomic_uint freed;

  pthread_mutex_t lock; /* guards what follows */
  pthread_t signalled[PLAIN_THREADS_MAX];
  guint n_signalled;
  GPtrArray *constants; /* memory that was sent as such */
} PlainChaos;

/* A frame that was received. */
typedef struct
{
  gsize size;
  gboolean more;
  gboolean ours; /* then: */
  ChaosHeader header;
} PlainFrame;

void plain_chaos_init (PlainChaos *self, guint32 seed);
/* All contexts have ended: each buffer has come back. */
void plain_chaos_clear (PlainChaos *self);

/* --- Threads and signals: plain-calls.c --------------------------------- */

/* The calling thread hears of signals from now on, until all are silent. */
void plain_hear_signals (PlainChaos *self);
/* A thread that sends them. */
gpointer plain_send_signals (gpointer chaos);

/* The thread ends, and then those that have. */
void plain_thread_ends (PlainChaos *self);

/* --- Errors: plain-calls.c ---------------------------------------------- */

/* The errno of a call that failed is one of these. */
void plain_check_errno (PlainChaos *self, const char *call, const int *codes);

#define PLAIN_EXPECT(self, call, ...) \
  plain_check_errno (self, call, (const int[]) { __VA_ARGS__, 0 })

/* --- Frames: plain-calls.c ---------------------------------------------- */

/* Sends a frame, in any of the forms that there are: less than 0 with errno
 * when it was refused, and then it is gone. */
int plain_send_frame (PlainChaos *self, void *socket, const ChaosHeader *what,
                      gsize size, int flags);

/* Receives one in any of the forms: -1 with errno. */
int plain_receive_frame (PlainChaos *self, void *socket, int flags,
                         PlainFrame *frame);

/* --- Options: plain-calls.c --------------------------------------------- */

void plain_set (void *socket, int option, int value);
int plain_get (void *socket, int option);

/* Binds to a new name of a transport: tcp, ipc, inproc; writes it to @uri,
 * of 256 bytes. -1 with errno. */
int plain_bind_new (PlainChaos *self, void *socket, guint transport,
                    char *uri);

/* --- Kinds of chaos ----------------------------------------------------- */

/* Sockets that stay: all that is sent arrives. */
void plain_steady (guint32 seed, gint64 msec);
/* Sockets and contexts that come and go. */
void plain_wild (guint32 seed, gint64 msec);
/* Sockets that are used through both faces. */
void plain_faces (guint32 seed, gint64 msec);

G_END_DECLS
