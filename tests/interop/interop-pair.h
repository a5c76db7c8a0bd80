/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "interop-test.h"

G_BEGIN_DECLS

typedef enum
{
  INTEROP_OUT = 1 << 0,    /* we send */
  INTEROP_IN = 1 << 1,     /* they send */
  INTEROP_ASK = 1 << 2,    /* we send, they send the same back */
  INTEROP_ANSWER = 1 << 3, /* they send, we send the same back */
} InteropFlow;

/*
 * InteropPair: two types that may talk, what they do, and the address and
 * delimiter frames that either has in front of the content.
 */
typedef struct
{
  const char *name;
  ZmqgSocketType ours;
  const char *theirs;
  InteropFlow flow;

  /* When we ask: as we send, and as they receive. */
  const char *our_request;
  const char *their_view;
  /* When they ask. */
  const char *their_request;
  const char *our_view;
} InteropPair;

extern const InteropPair interop_pairs[];
extern const guint interop_n_pairs;

/* Makes our socket and their options as the pair's table expects. */
ZmqgSocket *interop_pair_socket (Interop *test, const InteropPair *pair);
void interop_pair_prepare (const InteropPair *pair, InteropPeer *peer);
/* Waits until messages arrive in the directions of the pair. */
void interop_pair_settle (const InteropPair *pair, ZmqgSocket *socket,
                          InteropPeer *peer);
/* Sends one message in every direction of the pair and checks it. */
void interop_pair_exchange (const InteropPair *pair, ZmqgSocket *socket,
                            InteropPeer *peer, const char *frames);

G_END_DECLS
