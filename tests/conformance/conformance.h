/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg-test.h"

#include "zmqg.h"

G_BEGIN_DECLS

/*
 * The conformance suite: what every transport does in every engine mode, seen
 * through the public API. test-conformance.c has the table of transports and
 * runs all tests for each of them; the other files have the tests.
 */

/* For how long something that must happen may take. */
#define DEADLINE_MS 20000

/*
 * Transport: what the tests have to know of a transport.
 */
typedef struct
{
  const char *name;
  /* Where to bind; @loopback@ is an address of the process, @folder@ is one
   * for the test, @n@ is new each time. */
  const char *wildcard;
  /* What can be neither bound nor connected to. */
  const char *malformed[4];
  /* A second bind of the same address fails, instead of taking it over. */
  gboolean exclusive;
  /* Both sides share one queue; nothing is connected in between. */
  gboolean in_process;
} Transport;

typedef struct
{
  const Transport *transport;
  ZmqgEngineMode mode;
  ZmqgContext *context;
  char *folder;
  guint n_names;
  GPtrArray *sockets;
} Fixture;

/* For which transports a test is. */
typedef enum
{
  FOR_ALL,
  FOR_NETWORK,    /* with connections */
  FOR_IN_PROCESS, /* with one queue */
} Scope;

typedef struct
{
  const char *path;
  Scope scope;
  void (*run) (Fixture *self);
} ConformanceTest;

extern const ConformanceTest endpoint_tests[];
extern const ConformanceTest peer_tests[];
extern const ConformanceTest transfer_tests[];
extern const ConformanceTest mark_tests[];
extern const ConformanceTest blocking_tests[];
extern const ConformanceTest async_tests[];
extern const ConformanceTest source_tests[];
extern const ConformanceTest signal_tests[];
extern const ConformanceTest closing_tests[];
extern const ConformanceTest thread_tests[];
extern const ConformanceTest waiting_tests[];

/* A socket that ends with the test; borrowed. Its timeouts end the test when
 * something does not happen; linger is 0. */
ZmqgSocket *new_socket (Fixture *self, GType type);
void drop_socket (Fixture *self, ZmqgSocket *socket);

/* An address to bind to, and bind itself: returns where it listens. */
char *new_address (Fixture *self);
char *bind_socket (Fixture *self, ZmqgSocket *socket);
void bind_to (ZmqgSocket *socket, const char *uri);
void connect_to (ZmqgSocket *socket, const char *uri);
/* @connecting is connected to @bound, and both know it. */
void join_sockets (Fixture *self, ZmqgSocket *bound, ZmqgSocket *connecting);
void await_peers (ZmqgSocket *socket, guint n);

void send_text (ZmqgSocket *socket, const char *text);
void send_number (ZmqgSocket *socket, guint number);
gboolean try_send_text (ZmqgSocket *socket, const char *text);
ZmqgMessage *receive (ZmqgSocket *socket);
void expect_text (ZmqgSocket *socket, const char *text);
void expect_number (ZmqgSocket *socket, guint number);
guint number_of (ZmqgMessage *message);
/* Nothing can be received at the moment. */
void expect_nothing (ZmqgSocket *socket);

/*
 * Call: a blocking call in a thread of its own.
 */
typedef struct
{
  GThread *thread;
  gpointer (*function) (gpointer data);
  gpointer data;
  int tid; /* atomic */
  gboolean done; /* atomic */
} Call;

void call_start (Call *self, gpointer (*function) (gpointer data),
                 gpointer data);
/* Waits until the thread sleeps, as one does that waits in a call. */
void call_await_sleep (Call *self);
/* The thread's result; the main context does not run meanwhile. */
gpointer call_end (Call *self);

G_END_DECLS
