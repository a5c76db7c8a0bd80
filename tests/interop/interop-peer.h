/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* For how long something that must happen may take. */
#define INTEROP_DEADLINE_MS 20000

/*
 * InteropPeer: a process with one socket of libzmq. What may be said to it is
 * in libzmq-peer.c. Waiting for its answers runs the thread-default main
 * context, so that an engine that lives there goes on.
 */
typedef struct _InteropPeer InteropPeer;

InteropPeer *interop_peer_new (const char *socket_type);
void interop_peer_free (InteropPeer *self);

/* Says a line, and waits for no answer. */
void interop_tell (InteropPeer *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
/* The next answer. */
char *interop_answer (InteropPeer *self);
/* Expects the next answer. */
void interop_expect (InteropPeer *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

/* Says a line, and returns its answer. */
char *interop_ask (InteropPeer *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
/* Says a line whose answer must be: ok. */
void interop_do (InteropPeer *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);

/* Kills the process as SIGKILL does, and starts another in its place. */
void interop_peer_kill (InteropPeer *self);
void interop_peer_start (InteropPeer *self);

/* The number of the process. */
guint interop_peer_get_pid (InteropPeer *self);

/* SIGSTOP and SIGCONT: the process is there, and does nothing. */
void interop_peer_signal (InteropPeer *self, int number);

G_END_DECLS
