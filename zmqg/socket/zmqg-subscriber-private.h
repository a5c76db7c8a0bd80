/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-distributor-private.h"
#include "pattern/zmqg-fair-queue-private.h"
#include "pattern/zmqg-topic-set-private.h"
#include "socket/zmqg-entry-private.h"
#include "zmtp/zmqg-command-private.h"

/*
 * ZmqgSubscriber: what SUB and XSUB share: a set of topics, which every
 * publisher is told of, and again whenever its connection was lost. It is the
 * first member of the state of both types.
 */
typedef struct
{
  ZmqgFairQueue incoming;
  ZmqgDistributor distributor; /* upstream */
  ZmqgTopicSet *topics;
} ZmqgSubscriber;

void zmqg_subscriber_init (ZmqgSocketCore *core);
void zmqg_subscriber_clear (ZmqgSocketCore *core);

/* Operations of the types, with the core's lock held. */
void zmqg_subscriber_attach (ZmqgSocketCore *core, ZmqgPipe *pipe);
void zmqg_subscriber_readable (ZmqgSocketCore *core, ZmqgPipe *pipe);
void zmqg_subscriber_writable (ZmqgSocketCore *core, ZmqgPipe *pipe);
void zmqg_subscriber_hiccup (ZmqgSocketCore *core, ZmqgPipe *pipe);
gboolean zmqg_subscriber_ended (ZmqgSocketCore *core, ZmqgPipe *pipe);
void zmqg_subscriber_detach (ZmqgSocketCore *core, ZmqgPipe *pipe);

/* Tells all publishers: SUBSCRIBE or CANCEL. Locked. */
gboolean zmqg_subscriber_tell (ZmqgSocketCore *core, ZmqgCommandId id,
                               const guint8 *topic, gsize size);

/* The value of a property; no lock held. */
guint zmqg_subscriber_count_topics (ZmqgSocket *socket);

/* The option linger with the default that these types have: its property, and
 * what that does. */
GParamSpec *zmqg_subscriber_linger_pspec (void);
void zmqg_subscriber_get_linger (ZmqgSocket *socket, GValue *value);
void zmqg_subscriber_set_linger (ZmqgSocket *socket, GParamSpec *pspec,
                                 const GValue *value);
