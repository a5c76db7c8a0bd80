/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg-test.h"

#include "base/zmqg-lock-private.h"
#include "zmqg.h"

#include <stdatomic.h>

G_BEGIN_DECLS

/*
 * Chaos: sockets of all types that threads use, misuse and replace at the
 * same time, while their connections are killed.
 */

#define CHAOS_N_TYPES 11
#define CHAOS_N_SLOTS (2 * CHAOS_N_TYPES)
#define CHAOS_N_WORKERS 4
#define CHAOS_N_ADDRESSES 24
#define CHAOS_N_IDS (1u << 22)

/* For how long what must happen in the end may take. */
#define CHAOS_DEADLINE_MS 60000

/* Where somebody listens, or did. */
typedef struct
{
  char *uri;
  ZmqgSocketType type;
} ChaosAddress;

typedef struct
{
  ZmqgContext *context;
  char *folder;
  guint32 seed;
  guint32 tag; /* of our messages */
  atomic_uint n_names;
  atomic_bool over;

  ZmqgLock lock; /* guards what follows */
  ZmqgSocket *sockets[CHAOS_N_SLOTS];
  ChaosAddress addresses[CHAOS_N_ADDRESSES];
  GCancellable *cancellables[CHAOS_N_WORKERS + 1];

  atomic_uint next_id;
  atomic_uchar seen[CHAOS_N_IDS]; /* messages for one receiver */
  atomic_uint sent;
  atomic_uint received;
  atomic_uint killed;
  atomic_uint made; /* buffers of the user's, and how many came back */
  atomic_uint freed;
} Chaos;

/* --- Messages: chaos-message.c ------------------------------------------ */

/* A message that a socket of that type may send; if there is only one
 * receiver for it, it must not arrive twice. */
ZmqgMessage *chaos_message_new (Chaos *self, GRand *rand,
                                ZmqgSocketType type);
/* The message arrived whole, and for the first time. */
void chaos_message_check (Chaos *self, ZmqgMessage *message);

/* --- Sockets: chaos-socket.c -------------------------------------------- */

/* Makes a socket, in whose main context the caller is. */
ZmqgSocket *chaos_socket_new (Chaos *self, GRand *rand, ZmqgSocketType type);
/* Another one takes its place; the old one is closed, or only let go. */
void chaos_socket_replace (Chaos *self, GRand *rand, guint slot);
ZmqgSocket *chaos_socket_pick (Chaos *self, GRand *rand);
void chaos_socket_drop (Chaos *self, ZmqgSocket *socket);

void chaos_socket_bind (Chaos *self, GRand *rand, ZmqgSocket *socket);
void chaos_socket_connect (Chaos *self, GRand *rand, ZmqgSocket *socket);
/* Unbinds, or disconnects from, one of its endpoints. */
void chaos_socket_leave (Chaos *self, GRand *rand, ZmqgSocket *socket);
void chaos_socket_set_option (GRand *rand, ZmqgSocket *socket);
void chaos_socket_subscribe (GRand *rand, ZmqgSocket *socket);

/* Where a peer of @type may be found, or any address; %NULL if there is
 * none. */
char *chaos_pick_address (Chaos *self, GRand *rand,
                          const ZmqgSocketType *type);
void chaos_add_address (Chaos *self, GRand *rand, const char *uri,
                        ZmqgSocketType type);

/* --- Attacks: chaos-attack.c -------------------------------------------- */

/* A thread that kills connections until all is over. */
gpointer chaos_attack (gpointer chaos);

G_END_DECLS
