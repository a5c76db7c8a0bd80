/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* For how long something that must happen may take. */
#define RAW_DEADLINE_MS 10000

/*
 * RawPeer: a connection over tcp, or ipc, that plays bytes. They are written
 * as words separated by spaces: two hex digits each, "text" without spaces, or
 * either with *N behind it, for N times. Waiting runs the thread-default main
 * context.
 */
typedef struct
{
  GSocket *listener;
  GSocket *connection;
  GByteArray *unread;
  char *folder; /* nullable */
} RawPeer;

RawPeer *raw_peer_new (void);
/* With unix sockets. */
RawPeer *raw_peer_new_in (const char *folder);
void raw_peer_free (RawPeer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RawPeer, raw_peer_free)

/* Who connects, or who is connected to. */
void raw_peer_connect (RawPeer *self, const char *uri);
char *raw_peer_listen (RawPeer *self);
/* At the same place, after the first listener was closed. */
void raw_peer_listen_again (RawPeer *self, const char *uri);
void raw_peer_accept (RawPeer *self);
/* A port that nobody else gets, and nobody listens on before it is opened. */
char *raw_peer_hold (RawPeer *self);
char *raw_peer_hold_at (RawPeer *self, const char *host);
void raw_peer_open (RawPeer *self);

GByteArray *raw_bytes (const char *text);
GByteArray *raw_format (const char *format, ...) G_GNUC_PRINTF (1, 2);

void raw_send (RawPeer *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void raw_send_bytes (RawPeer *self, const guint8 *data, gsize size);
/* One byte a segment, as far as the kernel lets us say so. */
void raw_trickle (RawPeer *self, const guint8 *data, gsize size);

/* The next bytes are these. */
void raw_expect (RawPeer *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void raw_expect_bytes (RawPeer *self, const guint8 *data, gsize size);
/* So many have come, and stay in unread; the same, and throws them away. */
void raw_await (RawPeer *self, gsize size);
void raw_skip (RawPeer *self, gsize size);
/* Whether the connection has ended; throws away what comes before that. */
gboolean raw_is_at_end (RawPeer *self);
/* Whether something has come that was not read; nothing has. */
gboolean raw_has_some (RawPeer *self);
void raw_expect_nothing (RawPeer *self);
/* Whether somebody waits to be accepted. */
gboolean raw_peer_is_called (RawPeer *self);
/* Closes the connection; a listener stays. */
void raw_peer_hang_up (RawPeer *self);
/* The next byte, which stays. */
guint8 raw_next (RawPeer *self);
/* The connection ends, after so many bytes. */
gsize raw_count_to_end (RawPeer *self);
/* The connection ends, with nothing before that. */
void raw_expect_end (RawPeer *self);
/* The same, with these bytes any number of times before that. */
void raw_expect_end_behind (RawPeer *self, const char *text);

G_END_DECLS
