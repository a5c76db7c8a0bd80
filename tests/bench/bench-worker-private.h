/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What one worker program is made of: bench-worker.c (roles and command line),
 * bench-util.c (clocks and statistics) and one file that speaks to one library.
 * That file holds the hot loops, so that they make the library's public calls
 * directly: the table below is entered once for a whole run, never for a
 * message. Each library has a program of its own, so that a process never
 * holds two of them.
 */

typedef enum
{
  BENCH_SOCKET_PUSH,
  BENCH_SOCKET_PULL,
  BENCH_SOCKET_REQ,
  BENCH_SOCKET_REP,
  BENCH_SOCKET_XPUB, /* verbose and without dropping */
  BENCH_SOCKET_SUB,  /* subscribed to everything */
} BenchSocketType;

typedef enum
{
  BENCH_POLLING_READY,   /* one socket has something at the call */
  BENCH_POLLING_NOTHING, /* none has, and the call does not wait */
  BENCH_POLLING_WAITING, /* one gets something while the call waits */
} BenchPolling;

typedef struct
{
  gsize size;            /* bytes in a message */
  guint64 count;         /* messages to send or receive, per socket */
  guint64 warm_up;       /* round trips before those that are timed */
  guint peers;           /* subscribers, connections, or sockets polled */
  int hwm;               /* high-water mark, -1 = what the library starts with */
  gboolean by_reference; /* send without copying the payload */
  gboolean batch;        /* receive in batches, where the library can */
  gboolean main_context; /* run the engine without threads, where it can */
  gboolean watch_peers;  /* wait_for_peers will be called */
  BenchPolling polling;
  gboolean poller;       /* poll by zmq_poller */
} BenchOptions;

/* An interval, and what this process did in it. */
typedef struct
{
  gint64 start_ns;
  gint64 end_ns;
  double start_cpu; /* seconds, user and system */
  double end_cpu;
  guint64 messages;
} BenchSpan;

void bench_span_begin (BenchSpan *span);
void bench_span_end (BenchSpan *span, guint64 messages);

gint64 bench_now_ns (void);
gint64 bench_resident_bytes (void);

/* Prints the reason as JSON, for the driver, and exits. */
void bench_fail (const char *format, ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;

/* Sorts @samples. @per_mille is 500 for the median. */
gint64 bench_percentile (GArray *samples, guint per_mille);

/* A 60 Hz timer in the default main context, which notes how late it is. */
typedef struct _BenchTicker BenchTicker;

BenchTicker *bench_ticker_new (void);
void bench_ticker_start (BenchTicker *self); /* the first message came */
void bench_ticker_stop (BenchTicker *self);
GArray *bench_ticker_get_lateness (BenchTicker *self); /* gint64 in µs */
void bench_ticker_free (BenchTicker *self);

typedef struct
{
  const char *name;
  char *(*describe) (void); /* version, transfer full */
  const void *symbol;       /* some function of the library, to find its file */

  gpointer (*context_new) (const BenchOptions *options);
  /* Returns when everything that was sent is delivered. */
  void (*context_free) (gpointer context);

  gpointer (*socket_new) (gpointer context,
                          BenchSocketType type,
                          const BenchOptions *options);
  void (*socket_free) (gpointer socket);
  char *(*bind) (gpointer socket, const char *uri); /* the resolved uri */
  void (*connect) (gpointer socket, const char *uri);

  /* The rest is NULL where a library has no part in such a case. */

  /* Sends options->count messages. */
  void (*send_many) (gpointer socket, const BenchOptions *options);
  /* Receives options->count messages; the span begins after the first. */
  void (*receive_many) (gpointer socket,
                        const BenchOptions *options,
                        BenchSpan *span);
  /* warm_up + count round trips; @samples gets the nanoseconds of the last
   * count. */
  void (*request_many) (gpointer socket,
                        const BenchOptions *options,
                        GArray *samples,
                        BenchSpan *span);
  void (*reply_many) (gpointer socket, const BenchOptions *options);
  /* Takes options->count messages that the peers of an XPUB sent. */
  void (*await_subscriptions) (gpointer socket, const BenchOptions *options);
  /* One thread takes options->count messages from each socket. */
  void (*receive_from_all) (gpointer *sockets,
                            guint n_sockets,
                            const BenchOptions *options,
                            BenchSpan *span);
  /* As receive_many, but from a GMainLoop. */
  void (*receive_in_loop) (gpointer socket,
                           const BenchOptions *options,
                           BenchTicker *ticker,
                           BenchSpan *span);
  /* Until options->peers connections have shaken hands. */
  void (*wait_for_peers) (gpointer socket, const BenchOptions *options);
  /* options->count calls that poll options->peers sockets, made and closed
   * here; @samples gets the nanoseconds of each, or, where the call waits,
   * those since the message was sent. Returns the nanoseconds of CPU that the
   * thread spent in the calls. */
  gint64 (*poll_many) (gpointer context,
                       const char *uri,
                       const BenchOptions *options,
                       GArray *samples,
                       BenchSpan *span);
} BenchLibrary;

extern const BenchLibrary bench_library;

G_END_DECLS
