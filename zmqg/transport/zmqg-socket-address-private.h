/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-link-private.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * ZmqgSocketAddress: an address as the system calls take it, by value.
 */
typedef struct
{
  socklen_t size;
  union
  {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
  };
} ZmqgSocketAddress;

/* The two ends of a socket; %FALSE with errno. */
gboolean zmqg_socket_address_from_local (ZmqgSocketAddress *self, int fd);
gboolean zmqg_socket_address_from_remote (ZmqgSocketAddress *self, int fd);

/* Of an IPv4 or IPv6 address: "127.0.0.1", and "127.0.0.1:5" or "[::1]:5". */
char *zmqg_socket_address_get_host (const ZmqgSocketAddress *self);
char *zmqg_socket_address_to_text (const ZmqgSocketAddress *self);

/* Same IPv4 or IPv6 address. */
gboolean zmqg_socket_address_same_host (const ZmqgSocketAddress *a,
                                        const ZmqgSocketAddress *b);

/* Same IPv4 or IPv6 address and port. */
gboolean zmqg_socket_address_equal (const ZmqgSocketAddress *a,
                                    const ZmqgSocketAddress *b);

/* Reports @errsv as "<what> <endpoint>: <reason>". */
void zmqg_socket_error_set (GError **error, int errsv, const char *what,
                            const char *endpoint);

/* Makes a non-blocking, close-on-exec stream socket; -1 with errno. */
int zmqg_socket_open (int family);

/* Sets an option of a socket: a connection works without it, and a peer that
 * has gone already may make it fail. */
void zmqg_socket_tune (int fd, int level, int name, int value);

/* The sizes of the kernel's buffers, as far as they are set. */
void zmqg_socket_tune_buffers (int fd, const ZmqgOptions *options);

/* Whether a descriptor listens for stream connections of one of the families:
 * then it is made non-blocking and close-on-exec. Where it is bound to is in
 * @local. */
gboolean zmqg_socket_check_listening (int fd, int family, int other_family,
                                      const char *scheme,
                                      ZmqgSocketAddress *local,
                                      GError **error);

/* Accepts one connection of a listening; -1 with @error as
 * ZmqgTransport.accept has it. */
int zmqg_socket_accept (const ZmqgListening *listening,
                        ZmqgSocketAddress *remote, GError **error);
