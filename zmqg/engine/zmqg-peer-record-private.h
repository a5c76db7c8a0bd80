/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-link-private.h"
#include "message/zmqg-tag-private.h"
#include "pipe/zmqg-account-private.h"
#include "zmtp/zmqg-greeting-private.h"
#include "zmtp/zmqg-metadata-private.h"

/*
 * ZmqgPeerRecord: what is known of the peer of one connection. Made when the
 * handshake is done; constant from then on, but for what is counted and
 * @object. Messages, queues and the socket refer to it as a ZmqgTag.
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
  const char *mechanism;       /* static */
  atomic_bool gone;            /* the connection has ended */

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

/* For @ops->release and @ops->get_property. */
void zmqg_peer_record_free (ZmqgPeerRecord *self);
const char *zmqg_peer_record_get_property (ZmqgPeerRecord *self,
                                           const char *name);
