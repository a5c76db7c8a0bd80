/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg-test.h"

#include "zmqg.h"

#include "interop-peer.h"
#include "raw-peer.h"

G_BEGIN_DECLS

/* Of retries. */
#define SUBJECT_INTERVAL_MS 40

/*
 * Subject: the socket that is watched, of either library.
 */
typedef struct
{
  gboolean is_ours;
  InteropPeer *theirs;
  ZmqgContext *context;
  ZmqgSocket *ours;
  GQueue events; /* of ours, of ZmqgEvent */
  GString *log;  /* what happened, a word for each event */
  char *uri;     /* that it binds or connects to */

  /* Who plays with it. */
  InteropPeer *peer;
  RawPeer *raw;
  GSocket *held; /* bound, and nobody listens */
  char *folder;
} Subject;

/* A play, and what both libraries must tell of it. */
typedef struct
{
  const char *name;
  void (*play) (Subject *self, gconstpointer data);
  gconstpointer data;
  const char *log;
  const char *theirs;     /* nullable: where libzmq tells something else */
  gboolean is_ours_alone; /* libzmq is not asked */
} EventCase;

/* Plays each with libzmq, and with ours in both engine modes. */
void event_cases_add (const EventCase *cases, guint n);

/* A socket of that type ("PUSH") is watched from now on. */
void subject_begin (Subject *self, const char *type);
void subject_close (Subject *self);

/* An option, by its names here and in libzmq-peer.c. */
void subject_set (Subject *self, const char *property, const char *option,
                  int value);

void subject_set_uri (Subject *self, const char *uri);
void subject_bind (Subject *self, const char *uri);
void subject_bind_fails (Subject *self, const char *uri);
void subject_connect (Subject *self, const char *uri);
/* @what: "unbind" or "disconnect". */
void subject_end_endpoint (Subject *self, const char *what);

/* Logs the next events: the type, "=" and the value as far as it is certain,
 * "@" if it is about the uri. */
void subject_take_event (Subject *self);
void subject_take_events (Subject *self, guint n);
/* All up to MONITOR_STOPPED. */
void subject_end (Subject *self);

/* An address to bind to; and one that the peer has bound to. */
char *subject_wildcard (Subject *self, gboolean ipc);
char *subject_bind_peer (Subject *self, gboolean ipc);
/* One of tcp at which nobody listens, as long as we hold it. */
char *subject_nobody (Subject *self);

G_END_DECLS
