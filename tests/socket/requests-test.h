/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "socket-test.h"

#include "socket/zmqg-request.h"

G_BEGIN_DECLS

/* How an asynchronous request ends: once. */
typedef struct
{
  guint n_ends;
  ZmqgMessage *reply;
  GError *error;
} Answer;

void answer_clear (Answer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

void answer_ask (Answer *self, ZmqgSocket *req, const char *text,
                 int timeout_msec, GCancellable *cancellable);
/* Wait for the end in the thread-default main context. */
void answer_expect (Answer *self, const char *text);
void answer_expect_error (Answer *self, GQuark domain, int code);

/* What a ROUTER receives of a request, and how it replies. */
typedef struct
{
  char *peer;
  guint32 id;
  char *text;
} Asked;

void asked_clear (Asked *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

void asked_receive (Asked *self, ZmqgSocket *router);
void asked_expect (Asked *self, ZmqgSocket *router, const char *text);
void asked_reply (const Asked *self, ZmqgSocket *router, const char *text);

/* A REQ named R that is connected to a new ROUTER, whose handshake is done. */
ZmqgReqSocket *requests_test_meet (SocketTest *test, ZmqgSocket **router);

/* The requests in service from now on, in the order in which they came. */
GPtrArray *service_test_serve (ZmqgSocket *rep);
void service_test_await (GPtrArray *requests, guint n);
char *service_test_get_text (ZmqgRequest *request);
void service_test_reply (GPtrArray *requests, guint i, const char *text);
void service_test_refuses (ZmqgRequest *request, ZmqgError code);

/* A client that is connected to a new REP. */
ZmqgSocket *service_test_meet (SocketTest *test, GType type, ZmqgSocket **rep);

G_END_DECLS
