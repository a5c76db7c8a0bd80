/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "zmqg-test.h"

#include "zmqg.h"

G_BEGIN_DECLS

/* For how long something that must happen may take. */
#define HOSTILE_DEADLINE_MS 20000

/* What a socket tells of its peers. */
typedef struct
{
  guint added;
  GPtrArray *failed;  /* of GError, from ::handshake-failed */
  GPtrArray *removed; /* of GError, from ::peer-removed */
} HostileNews;

/*
 * HostileTest: a socket of ours that is attacked, and a friend of it that
 * must not notice.
 */
typedef struct
{
  ZmqgContext *context;
  const char *transport;
  ZmqgEngineMode mode;
  char *folder;
  guint n_names;

  ZmqgSocket *socket;
  HostileNews news;
  char *uri;

  ZmqgSocket *ally;
  HostileNews ally_news;
  guint n_exchanged;

  /* What the attacks so far must have led to. */
  guint n_added;
  guint n_failed;
  guint n_removed;
  guint n_fds;
} HostileTest;

typedef void (*HostileTestFunc) (HostileTest *test);

/* Adds a test for tcp and ipc and each engine mode. */
void hostile_test_add (const char *path, HostileTestFunc func);

ZmqgSocket *hostile_test_new_socket (HostileTest *test, GType type,
                                     HostileNews *news);

/* A socket to attack; set options before it listens. */
void hostile_test_make (HostileTest *test, GType type);

/* Binds it, and connects an ally of that type. */
void hostile_test_listen (HostileTest *test, GType ally);

/* One message between the two. */
void hostile_test_exchange (HostileTest *test);

/* The last attack ended: the ally is served as ever, and nothing of the
 * attack is left. */
void hostile_test_check (HostileTest *test);

/* The next connection of an attacker ended in its handshake, or afterwards,
 * with this reason; and no other connection did. */
void hostile_test_failed (HostileTest *test, GQuark domain, int code);
void hostile_test_removed (HostileTest *test, GQuark domain, int code);

/* It ended, somehow. */
void hostile_test_gone (HostileTest *test);

/* --- Raw peers ---------------------------------------------------------- */

int hostile_raw_connect (HostileTest *test);

/* Only begins to connect. */
int hostile_raw_begin (const char *uri);

/* A listening socket, to be connected to; its text is in @uri. */
int hostile_raw_listen (HostileTest *test, char **uri);
int hostile_raw_accept (int fd);

/* %FALSE when the other side has closed. */
gboolean hostile_raw_send (int fd, const void *data, gsize size);

/* Reads exactly so much. */
void hostile_raw_read (int fd, void *data, gsize size);

/* Reads until the other side has closed, and closes. */
void hostile_raw_await_closed (int fd);

/* Closes; by a reset when @reset (tcp). */
void hostile_raw_close (int fd, gboolean reset);

/* --- Bytes -------------------------------------------------------------- */

#define HOSTILE_GREETING_SIZE 64

/* Greeting and READY of a ZMTP 3.1 peer. */
GByteArray *hostile_bytes_handshake (const char *type);
void hostile_bytes_greeting (GByteArray *bytes, const char *mechanism);
void hostile_bytes_property (GByteArray *bytes, const char *name,
                             const char *value, gssize size);
void hostile_bytes_frame (GByteArray *bytes, guint flags, const void *data,
                          gsize size);
void hostile_bytes_header (GByteArray *bytes, guint flags, guint64 size);
void hostile_bytes_command (GByteArray *bytes, const char *name,
                            const void *data, gsize size);

#define HOSTILE_MORE 1u
#define HOSTILE_LONG 2u
#define HOSTILE_COMMAND 4u

/* Connects and does the handshake; in traffic. */
int hostile_raw_enter (HostileTest *test, const char *type);

void hostile_raw_send_bytes (int fd, GByteArray *bytes);

/* Resident memory of the process. */
gsize hostile_memory (void);

G_END_DECLS
