/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-shared-private.h"
#include "engine/zmqg-link-private.h"
#include "message/zmqg-tag-private.h"
#include "pipe/zmqg-account-private.h"
#include "zmtp/zmqg-greeting-private.h"
#include "zmtp/zmqg-metadata-private.h"

/*
 * ZmqgPeerConnection: what can end the connection of a peer, as long as it
 * is there: something counted.
 */
typedef struct
{
  void (*ref) (gpointer connection);
  void (*unref) (gpointer connection);

  /* The peer's @dropped was set: ends the connection, soon. Any thread; the
   * socket's lock may be held. */
  void (*drop) (gpointer connection);
} ZmqgPeerConnectionOps;

/* What a peer has too much of, when it is dropped. */
typedef enum
{
  ZMQG_PEER_EXCESS_NONE, /* the program does not want it */
  ZMQG_PEER_EXCESS_SUBSCRIPTIONS,
  ZMQG_PEER_EXCESS_SUBSCRIPTION_BYTES,
} ZmqgPeerExcess;

/*
 * ZmqgPeerRecord: what is known of the peer of one connection. Made when the
 * handshake is done; constant from then on, but for @gone and what follows.
 * Messages, queues and the socket refer to it as a ZmqgTag.
 */
typedef struct
{
  ZmqgTag tag;
  ZmqgZmtpVersion version;
  const ZmqgZmtpType *type;    /* nullable: the peer did not tell */
  GBytes *identity;            /* nullable: none, or empty */
  GPtrArray *properties;       /* nullable: names and values in turn, char * */
  GSocketAddress *remote;      /* nullable */
  GCredentials *credentials;   /* nullable */
  char *remote_text;           /* nullable */
  char *local_text;            /* nullable */
  char *peer_address;          /* nullable */
  char *user_id;               /* nullable: of an authenticator */
  const char *mechanism;       /* static */
  char fd[12];                 /* the descriptor's number; "": none */
  atomic_bool gone;            /* the connection has ended */
  atomic_bool dropped;         /* and is to end, for one of these reasons */
  atomic_uint excess;          /* ZmqgPeerExcess, set before */

  /* While the connection is there; guarded by a lock of all records. */
  const ZmqgPeerConnectionOps *connection_ops;
  gpointer connection;         /* counted */

  ZmqgLock lock;               /* a leaf but for the account's */
  ZmqgAccount *account;        /* counted; NULL when not connected */
  ZmqgTally *counted;          /* nullable: of the pipe before it was; then,
                                * of this connection */

  /* A weak reference of the layer above to the object that it showed. */
  gpointer object;
} ZmqgPeerRecord;

/* With one reference. Takes over what @link knows. */
ZmqgPeerRecord *zmqg_peer_record_new (const ZmqgTagOps *ops, ZmqgLink *link,
                                      ZmqgZmtpVersion version,
                                      const char *mechanism,
                                      const ZmqgPeerMetadata *metadata);

/* The connection begins and ends: what happens at the pipe between is its. */
void zmqg_peer_record_begin (ZmqgPeerRecord *self, ZmqgAccount *account);
void zmqg_peer_record_end (ZmqgPeerRecord *self);

/* Of the connection. Any thread. */
void zmqg_peer_record_tally (ZmqgPeerRecord *self, ZmqgTally *tally);

/* A connection serves the peer (takes a reference), or does so no more (drops
 * it). Any lock may be held when it is not the last reference. */
void zmqg_peer_record_connect (ZmqgPeerRecord *self,
                               const ZmqgPeerConnectionOps *ops,
                               gpointer connection);
void zmqg_peer_record_disconnect (ZmqgPeerRecord *self);

/* The connection is to be ended. Any thread; the lock of a socket may be held
 * that has a pipe of the connection. Once it has ended this does nothing. */
void zmqg_peer_record_drop (ZmqgPeerRecord *self, ZmqgPeerExcess excess);

/* Why it was dropped: an error about @who, transfer full. */
GError *zmqg_peer_record_explain_drop (ZmqgPeerRecord *self, const char *who);

/* For @ops->release and @ops->get_property. */
void zmqg_peer_record_free (ZmqgPeerRecord *self);
ZMQG_SHARED
const char *zmqg_peer_record_get_property (ZmqgPeerRecord *self,
                                           const char *name);
