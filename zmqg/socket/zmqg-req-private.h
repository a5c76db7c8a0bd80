/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pattern/zmqg-fair-queue-private.h"
#include "socket/zmqg-questions-private.h"

/*
 * ZmqgReq: the state of a REQ socket. There are two ways to ask: in lock-step
 * by send and receive, one request at a time, and by questions, any number.
 * Both share the pipes; neither sees the other's replies. ZmqgReqSocket is the
 * object around it.
 */
typedef struct
{
  ZmqgFairQueue queue;
  ZmqgLoadBalancer balancer;

  /* Lock-step. */
  gboolean awaiting;   /* a reply */
  ZmqgPipe *asked;     /* borrowed; NULL: it has gone, anyone may reply */
  guint32 request_id;  /* of the newest request */
  gboolean correlated; /* that one carries its number */
  ZmqgMessage *reply;  /* put aside: replies to questions were behind it */
  ZmqgAccount *reply_account; /* of the pipe it came by; counted */
  GSList *stale;       /* the same that nobody wants; freed without the lock */
  gboolean correlate;
  gboolean relaxed;
  gboolean probe_router;

  /* Questions. */
  ZmqgQuestions questions;
  gboolean hiccup;     /* some pipe lost its connection: its user is set */
  guint retries;       /* of the next question */
  guint retry_interval; /* the same, ms */
  GPtrArray *desks;    /* who asks in main contexts; borrowed */
} ZmqgReq;

/* After so many ms the peer is asked again, if it is to be asked again. */
#define ZMQG_REQ_RETRY_INTERVAL 2500u

extern const ZmqgSocketOps zmqg_req_ops;

/* What who asks waits for, as a watcher. */
#define ZMQG_REQ_INTEREST (ZMQG_WAIT_IN | ZMQG_WAIT_OUT)

/* Locked: asks. The asker waits in the inbox already. */
void zmqg_req_ask (ZmqgSocketCore *core, ZmqgAsker *asker,
                   ZmqgQuestion *question);

/* Locked: gives replies to the questions, tells them of lost connections, and
 * sends those that wait. */
void zmqg_req_work (ZmqgSocketCore *core);

/* No lock held: frees what only user code may free. With @all that is what is
 * put aside, too. */
void zmqg_req_tidy (ZmqgSocketCore *core, gboolean all);
