/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "pipe/zmqg-pipe-private.h"

/*
 * ZmqgDistributor: writes a message to all pipes, or to those that were
 * matched for it. A pipe that has no room does not get it.
 */
typedef struct
{
  GPtrArray *pipes;   /* borrowed */
  GPtrArray *targets; /* matched for the next message, borrowed */
  guint64 mark;       /* of that message, so that a pipe matches once */
} ZmqgDistributor;

void zmqg_distributor_init (ZmqgDistributor *self);
void zmqg_distributor_clear (ZmqgDistributor *self);
void zmqg_distributor_attach (ZmqgDistributor *self, ZmqgPipe *pipe);
void zmqg_distributor_detach (ZmqgDistributor *self, ZmqgPipe *pipe);

/* Collect the targets of the next message: nobody yet, one more, all, or all
 * but those collected so far. */
void zmqg_distributor_start (ZmqgDistributor *self);
void zmqg_distributor_match_all (ZmqgDistributor *self);
void zmqg_distributor_invert (ZmqgDistributor *self);

static inline void
zmqg_distributor_match (ZmqgDistributor *self,
                        ZmqgPipe *pipe)
{
  if (pipe->mark == self->mark)
    return;

  pipe->mark = self->mark;
  self->targets->pdata[self->targets->len++] = pipe;
}

/* Whether every target has room. */
gboolean zmqg_distributor_has_room (ZmqgDistributor *self);

/* Writes to the targets and wakes their readers. %FALSE when there was no
 * memory for one of them. */
gboolean zmqg_distributor_write (ZmqgDistributor *self,
                                 const ZmqgFrameView *views, guint n);
