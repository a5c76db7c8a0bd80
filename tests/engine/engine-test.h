/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-error.h"
#include "engine/zmqg-connection-private.h"
#include "engine/zmqg-dialer-private.h"
#include "engine/zmqg-listener-private.h"
#include "zmqg-test.h"

G_BEGIN_DECLS

#define ENGINE_TEST_DEADLINE 10000

/*
 * EngineTest: an engine that the default main context drives, with a client
 * that takes note instead of a socket, and a transport that does as the test
 * says.
 */
typedef struct
{
  ZmqgClient client; /* must be first */
  ZmqgInbox inbox;
  ZmqgSessionTable table;
  ZmqgEngine *engine;
  ZmqgOptions *options;
  ZmqgTag endpoint;
  atomic_int refs;

  /* What the client was told. */
  guint n_attend;
  guint n_added;
  guint n_removed;
  guint n_failed;
  guint n_started;
  guint n_ended;
  guint64 unsent;
  GArray *states;    /* of ZmqgEndpointState */
  GError *error;     /* the last one */
  ZmqgPipe *pipe;    /* the last that was attached, counted */
  guint pipe_events; /* of any */
  ZmqgFrameArray frames;

  /* The transport. */
  GQueue links;    /* of ZmqgLink, or NULL: dials fail with this code */
  int dial_error;
  GQuark dial_domain;
  gboolean dial_hangs;
  GArray *dials;   /* of gint64: when */
  GQueue accepts;  /* of int: descriptors, or minus a ZmqgError */
  guint n_accepts; /* calls */
  int listening;   /* readable while there is something to accept */
  int listening_far;
} EngineTest;

void engine_test_set_up (EngineTest *self, gconstpointer data);
void engine_test_tear_down (EngineTest *self, gconstpointer data);

/* Takes what the inbox has; keeps the pipe that was attached. */
void engine_test_process (EngineTest *self);

/* Whether a frame with this text has come, which is consumed. */
gboolean engine_test_received (EngineTest *self, const char *text);
void engine_test_send (EngineTest *self, const char *text);
void engine_test_close_pipe (EngineTest *self, int linger);
guint engine_test_count_state (EngineTest *self, ZmqgEndpointState state);

extern const ZmqgTransport engine_test_transport;
void engine_test_listening (EngineTest *self, ZmqgListening *listening);
void engine_test_offer (EngineTest *self, int what);

/* A peer: a descriptor that speaks ZMTP 3.1 as a PAIR. */
int engine_test_peer_new (int *far);
void engine_test_peer_write (int fd, gconstpointer data, gsize size);
void engine_test_peer_greet (int fd);
void engine_test_peer_ready (int fd, const char *type);

/* Reads the other side's greeting and READY, and no more. */
void engine_test_peer_expect_handshake (int fd);
void engine_test_peer_expect (int fd, gconstpointer data, gsize size);

#define ENGINE_TEST_GREETING_SIZE 64
extern const guint8 engine_test_greeting[ENGINE_TEST_GREETING_SIZE];

G_END_DECLS
