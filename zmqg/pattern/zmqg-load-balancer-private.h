/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pipe/zmqg-pipe-private.h"

/*
 * ZmqgLoadBalancer: writes to many pipes, a message to each in turn. Pipes
 * that refused lie behind the active ones until they signal room.
 */
typedef struct
{
  GPtrArray *pipes; /* borrowed */
  guint active;     /* so many at the front may have room */
  guint current;
} ZmqgLoadBalancer;

void zmqg_load_balancer_init (ZmqgLoadBalancer *self);
void zmqg_load_balancer_clear (ZmqgLoadBalancer *self);
void zmqg_load_balancer_attach (ZmqgLoadBalancer *self, ZmqgPipe *pipe);
void zmqg_load_balancer_detach (ZmqgLoadBalancer *self, ZmqgPipe *pipe);

/* The pipe may have room again. */
void zmqg_load_balancer_activate (ZmqgLoadBalancer *self, ZmqgPipe *pipe);

/* Whether a message could be written now. */
gboolean zmqg_load_balancer_has_room (ZmqgLoadBalancer *self);

/* Writes a message; the reader is not woken. ZMQG_PIPE_FULL when no pipe has
 * room; else @pipe is the one whose turn it was. */
ZmqgPipeResult zmqg_load_balancer_write (ZmqgLoadBalancer *self,
                                         const ZmqgFrameView *views, guint n,
                                         ZmqgPipe **pipe);
