/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Network: two network namespaces, and between them a wire that the test
 * holds in its hand. The main thread lives in the near one; what is to happen
 * in the far one is run there. Sockets belong to the namespace of the thread
 * that makes them, and so do those of the threads that it starts.
 */
typedef struct _Network Network;

#define NETWORK_NEAR "10.77.0.1"
#define NETWORK_FAR "10.77.0.2"

/* The wire's device, on both sides. */
#define NETWORK_DEVICE "zmqgtest"

typedef enum
{
  NETWORK_TO_FAR,
  NETWORK_TO_NEAR,
} NetworkDirection;

/* %NULL, with the test skipped, where that may not be done. */
Network *network_new (void);
void network_free (Network *self);

/* Runs the function in the far namespace, and waits for its end. */
void network_far (Network *self, void (*function) (gpointer data),
                  gpointer data);

/* What becomes of packets from now on: all are lost, some are (percent), or
 * they come later (ms). */
void network_cut (Network *self, NetworkDirection direction, gboolean cut);
void network_lose (Network *self, NetworkDirection direction, guint percent);
void network_delay (Network *self, NetworkDirection direction, guint msec);

/* The near end is unplugged, or plugged in again. */
void network_plug (Network *self, gboolean in);

/* The near side begins connections from these ports only, also to itself.
 * %FALSE where that may not be set. */
gboolean network_let_ports (Network *self, guint first, guint last);

/* When connections were begun from near to far, in ms: by the kernel's clock
 * for TCP, which its first segments tell, so that it does not matter when
 * they are looked at (by that of the test where that may not be set). Those before the last call are forgotten. */
void network_forget_attempts (Network *self);
guint network_count_attempts (Network *self);
guint32 network_get_attempt (Network *self, guint index);

G_END_DECLS
