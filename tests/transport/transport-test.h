/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "transport/zmqg-transport-private.h"
#include "zmqg-test.h"

#include <string.h>
#include <sys/socket.h>

#define TRANSPORT_TEST_DEADLINE 10000

/* What a transport is tested with: options of its own, and the number of
 * descriptors at the start, which the end compares. */
typedef struct
{
  ZmqgOptions *options;
  guint n_fds;
} TransportTest;

/* One dial and its end. */
typedef struct
{
  guint n_calls;
  ZmqgLink *link;
  GError *error;
  GThread *thread;
} DialTest;

void transport_test_set_up (TransportTest *self, gconstpointer data);
void transport_test_tear_down (TransportTest *self, gconstpointer data);

/* Fails the test when listening fails. */
void transport_test_listen (TransportTest *self,
                            const ZmqgTransport *transport,
                            const char *address, ZmqgListening *listening);

/* Closes what listen () made. */
void transport_test_unlisten (const ZmqgTransport *transport,
                              ZmqgListening *listening);

/* That listening fails so. @domain 0: %G_IO_ERROR. */
void transport_test_listen_fails (TransportTest *self,
                                  const ZmqgTransport *transport,
                                  const char *address, GQuark domain,
                                  int code);

/* Accepts the connection that comes. */
ZmqgLink *transport_test_accept (TransportTest *self,
                                 const ZmqgTransport *transport,
                                 const ZmqgListening *listening);

void dial_test_start (DialTest *dial, TransportTest *test,
                      const ZmqgTransport *transport, const char *address,
                      GCancellable *cancellable);
void dial_test_await (DialTest *dial);
void dial_test_clear (DialTest *dial);

/* Dials, and expects this end. */
void transport_test_dial_fails (TransportTest *self,
                                const ZmqgTransport *transport,
                                const char *address, GQuark domain,
                                int code);

/* That a descriptor is non-blocking and close-on-exec. */
void transport_test_check_fd (int fd);
int transport_test_get_option (int fd, int level, int name);

/* That bytes arrive at the other end. */
void transport_test_check_pair (ZmqgLink *a, ZmqgLink *b);
