/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "plain-chaos.h"

G_BEGIN_DECLS

#define STEADY_LINKS_MAX 48
#define STEADY_ENDS_MAX (2 * STEADY_LINKS_MAX)
#define STEADY_N_PROXIES 2

/* Who receives what comes by a link. */
typedef enum
{
  STEADY_BY_WORKERS,   /* anybody */
  STEADY_BY_FD,        /* one thread each, that polls ZMQ_FD, */
  STEADY_BY_POLL,      /* sleeps in zmq_poll (), */
  STEADY_BY_POLLER,    /* or in a zmq_poller */
  STEADY_BY_BLOCKING,  /* two threads that wait in the call itself */
  STEADY_N_READERS,
} SteadyReader;

/* A socket that threads share. */
typedef struct
{
  void *handle;
  pthread_rwlock_t sending;  /* alone: frame by frame */
  pthread_mutex_t receiving; /* messages of many frames */
} SteadyEnd;

/* One direction between two sockets. */
typedef struct
{
  const char *name;
  SteadyEnd *from;
  SteadyEnd *to;
  gboolean multi;       /* messages of many frames, too */
  const char *identity; /* that a ROUTER sends to; or NULL */
  gboolean asks;        /* REQ and REP */
  SteadyReader reader;
  atomic_uint sent;     /* messages */
  atomic_uint received;
} SteadyLink;

/* A thread that runs a proxy again and again. */
typedef struct
{
  struct _Steady *steady;
  void *front;
  void *back;
  void *capture[2];
  void *control[2];
  pthread_mutex_t steering;
  atomic_uint captured; /* messages */
  SteadyLink *link;     /* that it passes on */
} SteadyProxy;

typedef struct _Steady
{
  PlainChaos base;
  void *context;
  SteadyEnd ends[STEADY_ENDS_MAX];
  guint n_ends;
  SteadyLink links[STEADY_LINKS_MAX];
  guint n_links;
  SteadyProxy proxies[STEADY_N_PROXIES];
  guint n_proxies;
  void *stops[STEADY_N_READERS][2]; /* pairs: a message ends the reader */
  atomic_bool stopped; /* the proxies */
} Steady;

/* A thread: it is signalled, or sleeps until there is something. */
typedef struct
{
  Steady *steady;
  guint index;
  SteadyReader reader;
  gboolean signalled;
} SteadyThread;

/* --- plain-steady-links.c ------------------------------------------------ */

void steady_make_links (Steady *self);
void steady_close_links (Steady *self);

/* Sends one message, if that is possible. */
void steady_send (Steady *self, SteadyLink *link);
/* Receives one; FALSE when there was none, or it was not one of the link's. */
gboolean steady_receive (Steady *self, SteadyLink *link, int flags);
/* A request, until its reply is there; and what serves those. */
void steady_ask (Steady *self, SteadyLink *link);
void steady_serve (Steady *self, SteadyLink *link);

/* --- plain-steady-readers.c ---------------------------------------------- */

gpointer steady_read (gpointer thread);
gpointer steady_proxy (gpointer proxy);
void steady_steer (Steady *self, SteadyProxy *proxy);
void steady_read_capture (Steady *self, SteadyProxy *proxy);

G_END_DECLS
