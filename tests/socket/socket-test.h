/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg-test.h"

#include "base/zmqg-error.h"
#include "socket/zmqg-context.h"
#include "socket/zmqg-dealer-socket.h"
#include "socket/zmqg-pair-socket.h"
#include "socket/zmqg-pull-socket.h"
#include "socket/zmqg-push-socket.h"
#include "socket/zmqg-rep-socket.h"
#include "socket/zmqg-req-socket.h"
#include "socket/zmqg-router-socket.h"

G_BEGIN_DECLS

/* For how long something that must happen may take. */
#define SOCKET_TEST_DEADLINE_MS 10000

/*
 * SocketTest: a context in one of the engine modes, and a transport to test
 * with.
 */
typedef struct
{
  ZmqgContext *context;
  const char *transport;
  gboolean in_process;
  char *folder;
  guint n_names;
  GPtrArray *sockets;

  /* Nullable: hears of each socket that is made. */
  void (*made) (ZmqgSocket *socket, gpointer user_data);
  gpointer user_data;
} SocketTest;

typedef void (*SocketTestFunc) (SocketTest *test);

typedef enum
{
  SOCKET_TEST_ALL,
  SOCKET_TEST_INPROC, /* where the order of events must be certain */
  SOCKET_TEST_NETWORK,
  SOCKET_TEST_TCP,
} SocketTestScope;

/* Adds a test for each transport in scope and each engine mode. */
void socket_test_add (const char *path, SocketTestScope scope,
                      SocketTestFunc func);

/* A socket that is closed with the test; borrowed. Its timeouts end the
 * test when something does not happen. */
ZmqgSocket *socket_test_new (SocketTest *test, GType type);
void socket_test_close (SocketTest *test, ZmqgSocket *socket);

/* Returns the address, owned by the caller. */
char *socket_test_bind (SocketTest *test, ZmqgSocket *socket);
void socket_test_rebind (ZmqgSocket *socket, const char *uri);
void socket_test_connect (ZmqgSocket *socket, const char *uri);

/* A socket that connects there. */
ZmqgSocket *socket_test_connected (SocketTest *test, GType type,
                                   const char *uri);

/* Of a SUB, an XSUB, or a manual XPUB. */
void socket_test_subscribe (ZmqgSocket *socket, const char *topic);
void socket_test_unsubscribe (ZmqgSocket *socket, const char *topic);
/* Of a PUB, an XPUB, a SUB or an XSUB. */
guint socket_test_count_topics (ZmqgSocket *socket);
void socket_test_await_topics (ZmqgSocket *socket, guint n);

/* The frames as strings, up to NULL. */
void socket_test_send (ZmqgSocket *socket, ...) G_GNUC_NULL_TERMINATED;
void socket_test_expect (ZmqgSocket *socket, ...) G_GNUC_NULL_TERMINATED;
gboolean socket_test_try_send (ZmqgSocket *socket, const char *text);
ZmqgMessage *socket_test_receive (ZmqgSocket *socket);

/* Calls that must fail at once. */
void socket_test_refuses_send (ZmqgSocket *socket, ZmqgError code);
void socket_test_refuses_receive (ZmqgSocket *socket, ZmqgError code);

void socket_test_await_events (ZmqgSocket *socket, GIOCondition events);
void socket_test_await_peers (ZmqgSocket *socket, guint n);

G_END_DECLS
