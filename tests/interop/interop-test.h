/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg-test.h"

#include "zmqg.h"

#include "interop-peer.h"

G_BEGIN_DECLS

/*
 * Interop: a context in one of the engine modes, a transport to meet peers
 * on, and who of both binds.
 */
typedef struct
{
  ZmqgContext *context;
  ZmqgEngineMode mode;
  const char *transport;
  gboolean we_bind;
  gconstpointer data;

  char *folder;
  char *uri; /* where both met */
  guint n_names;
  GPtrArray *sockets;
  GPtrArray *peers;
} Interop;

typedef void (*InteropFunc) (Interop *test);

/* Adds a test for both roles, tcp and ipc, and both engine modes. */
void interop_add (const char *path, InteropFunc func, gconstpointer data);

/* The same over tcp alone, or in one mode alone: for what takes time. */
void interop_add_tcp (const char *path, InteropFunc func, gconstpointer data);
void interop_add_threads (const char *path, InteropFunc func,
                          gconstpointer data);
/* In main-context mode, over each transport in one role. */
void interop_add_main_context (const char *path, InteropFunc func,
                               gconstpointer data);
/* All over tcp, and over ipc each role once, in another mode. */
void interop_add_long (const char *path, InteropFunc func,
                       gconstpointer data);

/* For one role alone: we connect. */
void interop_add_connecting (const char *path, InteropFunc func,
                             gconstpointer data);

/* A socket that is closed with the test; borrowed. */
ZmqgSocket *interop_socket (Interop *test, ZmqgSocketType type);
/* A peer that is killed with the test; borrowed. */
InteropPeer *interop_peer (Interop *test, const char *socket_type);

/* Brings both together; returns when the one who connects was told to. */
void interop_meet (Interop *test, ZmqgSocket *socket, InteropPeer *peer);
/* The same for a peer that was killed and started again. */
void interop_meet_again (Interop *test, InteropPeer *peer);
/* Another peer of a socket: connects to it, or is connected to as well. */
void interop_meet_another (Interop *test, ZmqgSocket *socket,
                           InteropPeer *peer);
/* Waits for connections that are ready for messages, and for their loss. */
void interop_await_peers (ZmqgSocket *socket, guint n);
void interop_await_no_peer (ZmqgSocket *socket);

/* Another socket of ours for a peer: connects to it, or is bound for it. */
void interop_meet_as_well (Interop *test, ZmqgSocket *socket,
                           InteropPeer *peer);
/* One address, without a peer that is told. */
void interop_bind (ZmqgSocket *socket, const char *uri);
void interop_connect (ZmqgSocket *socket, const char *uri);

/* Some tests make sense for one role only: whether this one is skipped. */
gboolean interop_skip_unless_we_bind (Interop *test);
gboolean interop_skip_unless_they_bind (Interop *test);
/* The same where there is no IPv6. */
gboolean interop_skip_without_ipv6 (void);

/* What the socket counts now; until it is so many and no more. */
typedef guint64 (*InteropCounter) (ZmqgStatistics *statistics);
guint64 interop_count (ZmqgSocket *socket, InteropCounter counter);
void interop_await_count (ZmqgSocket *socket, InteropCounter counter,
                          guint64 n);

/* A socket of libzmq subscribes at new peers, and takes subscriptions, when
 * it is called: calls it until our socket knows so many topics, or can be
 * read. */
guint interop_count_topics (ZmqgSocket *socket);
void interop_await_topics (ZmqgSocket *socket, InteropPeer *peer, guint n);
void interop_await_readable (ZmqgSocket *socket, InteropPeer *peer);

/* Messages are written as in interop-frame.h, separated by spaces. */
ZmqgMessage *interop_make (const char *frames);
char *interop_describe (ZmqgMessage *message);
/* How @frames are described. */
char *interop_seen (const char *frames);

void interop_send (ZmqgSocket *socket, const char *frames);
void interop_receive (ZmqgSocket *socket, const char *frames);
void interop_nothing (ZmqgSocket *socket);
/* The same for what the peer does. */
void interop_peer_sends (InteropPeer *peer, const char *frames);
void interop_peer_receives (InteropPeer *peer, const char *frames);
void interop_expect_message (InteropPeer *peer, const char *frames);

G_END_DECLS
