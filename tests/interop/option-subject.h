/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg.h"

#include "interop-peer.h"
#include "options-table.h"
#include "raw-peer.h"

G_BEGIN_DECLS

#define SUBJECT_ENDPOINTS 4

/*
 * Subject: a socket, ours or one of libzmq, that is asked to do the same, and
 * raw peers of it. Options are named as docs/options.md has them; what they
 * are set to is text: a number, true or false, or as many bytes.
 */
typedef struct
{
  OptionsTable *table;
  gboolean is_ours;
  ZmqgEngineMode mode; /* of ours */

  const char *type;
  ZmqgContext *context;
  ZmqgSocket *socket; /* ours */
  InteropPeer *peer;  /* or theirs */
  GPtrArray *peers;   /* all of theirs that were opened */
  GPtrArray *raws;
  GPtrArray *events;  /* of texts: TYPE VALUE URI */
  char *folder;
} Subject;

void subject_init (Subject *self, OptionsTable *table, gboolean is_ours,
                   ZmqgEngineMode mode);
void subject_clear (Subject *self);

/* A socket of that type, as "DEALER"; one that was there is kept open. */
void subject_open (Subject *self, const char *type);
/* Closes it, and waits until nothing of it is left. */
void subject_close (Subject *self);

void subject_set (Subject *self, const char *member, const char *value);
/* Where it was bound; owned by the caller. */
char *subject_bind (Subject *self);
char *subject_bind_to (Subject *self, const char *uri);
/* Whether that works. */
gboolean subject_try_bind (Subject *self, const char *uri);
void subject_connect (Subject *self, const char *uri);
void subject_disconnect (Subject *self, const char *uri);

/* Frames as in interop-frame.h. libzmq sees only in calls who has come. */
void subject_look (Subject *self);
void subject_send (Subject *self, const char *frames);
/* How many of so many can be sent at once. */
guint subject_push (Subject *self, guint most, const char *frames);
/* Whether it fails. */
gboolean subject_refuses (Subject *self, const char *frames);
char *subject_receive (Subject *self);
void subject_expect (Subject *self, const char *frames);
/* Whether receiving fails, having waited for as long as the socket does. */
gboolean subject_is_silent (Subject *self);
void subject_expect_nothing (Subject *self);

/* From here on events are kept; counts those of a number of libzmq's, and
 * finds the largest value that one of them had. */
void subject_monitor (Subject *self);
guint subject_count_events (Subject *self, int type, const char *uri,
                            int *largest);

/* See interop-descriptor.h; nullable. */
char *subject_descriptor (Subject *self, guint local, guint remote,
                          const char *what);
/* Waits until it is that. */
void subject_await_descriptor (Subject *self, guint local, guint remote,
                               const char *what, const char *expected);

/* --- Raw peers ---------------------------------------------------------- */

/* One that has connected, or that listens at @uri; borrowed. */
RawPeer *subject_meet (Subject *self, const char *uri);
RawPeer *subject_listen (Subject *self, char **uri);
RawPeer *subject_hold (Subject *self, char **uri);

/* The versions that raw peers may have. */
typedef enum
{
  SUBJECT_ZMTP_2_0,
  SUBJECT_ZMTP_3_0,
  SUBJECT_ZMTP_3_1,
} SubjectVersion;

/* A whole handshake, without a routing id. */
void subject_greet_as (RawPeer *raw, SubjectVersion version,
                       const char *type);
/* The same in the newest version; returns the READY command that came. */
char *subject_greet (RawPeer *raw, const char *type, const char *identity);
/* Both at once. */
RawPeer *subject_meet_as (Subject *self, const char *uri, const char *type);

/* Frames: a flag byte and bytes as in raw-peer.h. */
void subject_raw_send (RawPeer *raw, guint flags, const char *bytes);
void subject_raw_expect (RawPeer *raw, guint flags, const char *bytes);
/* The next frame's payload, unprintable bytes as dots; its flags. */
char *subject_raw_read (RawPeer *raw, guint *flags);

guint subject_port (const char *uri);
guint subject_raw_port (RawPeer *raw);

G_END_DECLS
