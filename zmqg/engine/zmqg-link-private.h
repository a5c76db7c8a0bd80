/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "engine/zmqg-options-private.h"

/*
 * ZmqgLink: what a transport yields: a stream to a peer, and what is known
 * of it so far. Either a plain descriptor (non-blocking, close-on-exec), or
 * a pollable GIOStream.
 */
typedef struct
{
  int fd;                      /* owned, -1 when there is a stream */
  GIOStream *stream;           /* owned, nullable */
  GSocketAddress *remote;      /* owned, nullable */
  char *local_text;            /* owned, nullable: "tcp://127.0.0.1:4711" */
  char *remote_text;           /* owned, nullable */
  char *peer_address;          /* owned, nullable: "127.0.0.1", or for ipc
                                * "localhost:<uid>:<gid>:<pid>" */
  GCredentials *credentials;   /* owned, nullable: ipc */
  GError *refusal;             /* owned, nullable: why not to speak to it */
} ZmqgLink;

/* Takes the descriptor. */
ZmqgLink *zmqg_link_new_fd (int fd);
ZmqgLink *zmqg_link_new_stream (GIOStream *stream);

/* Closes what is still owned. */
void zmqg_link_free (ZmqgLink *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZmqgLink, zmqg_link_free)

/*
 * ZmqgListening: a bound, listening descriptor of a transport.
 */
typedef struct
{
  int fd;       /* -1 once closed */
  char *uri;    /* owned: resolved, as last-endpoint shows it */
  char *path;   /* owned, nullable: what to unlink at the end */
  char *folder; /* owned, nullable: what to remove after that */
  gboolean is_adopted; /* another process may listen there too */
} ZmqgListening;

/* Closes the descriptor. */
void zmqg_listening_close (ZmqgListening *self);

/* On the way of a dial to its end, any number of times: a descriptor is being
 * connected (@error is %NULL), or was closed again. */
typedef void (*ZmqgDialNote) (int fd, const GError *error, gpointer user_data);

/* The end of a dial: a link (transfer full) or an error (transfer none). */
typedef void (*ZmqgDialDone) (ZmqgLink *link, const GError *error,
                              gpointer user_data);

/*
 * ZmqgTransport: one scheme. The address is what stands behind "://".
 */
typedef struct
{
  const char *scheme;

  /* Connections stay within the context: there are no links, the members
   * below are not used (transport/zmqg-inproc-private.h). */
  gboolean in_process;

  /* Binds and listens. In the caller's thread, no lock held; may block to
   * resolve names. Errors as the reference has them: INVALID_ENDPOINT,
   * NO_DEVICE, ADDRESS_IN_USE, ADDRESS_NOT_AVAILABLE, NO_RESOURCES, else
   * G_IO_ERROR. */
  gboolean (*listen) (const char *address, const ZmqgOptions *options,
                      ZmqgListening *listening, GError **error);

  /* Listens with a descriptor that is bound and listens already, which it
   * takes over; %FALSE when it is none of this transport: then it stays the
   * caller's. As listen () else. */
  gboolean (*adopt) (int fd, ZmqgListening *listening, GError **error);

  /* Closes the descriptor and removes what listen () created, and only
   * that. 0, or the errno of what could not be removed. Any thread, no lock
   * held but the listener's. */
  int (*unlisten) (ZmqgListening *listening);

  /* Accepts one connection without blocking and sets it up, or refuses it,
   * if the options have filters that it does not match. In the engine.
   * %NULL with @error: WOULD_BLOCK when there is none, NO_RESOURCES when the
   * process has no descriptor for it (the connection stays in the backlog),
   * else the connection was aborted and the next may be fine. */
  ZmqgLink *(*accept) (const ZmqgListening *listening,
                       const ZmqgOptions *options, GError **error);

  /* Whether the text could be an address to connect to; no look-ups. */
  gboolean (*check) (const char *address, GError **error);

  /* Starts one attempt to connect. In the engine's context (which is
   * thread-default); @done is called once, later, in the same context, also
   * after a cancellation; @note (nullable) before that. Blocks never. The
   * address is resolved anew at each attempt. Errors:
   * G_IO_ERROR_CONNECTION_REFUSED, _TIMED_OUT, … */
  void (*dial) (const char *address, const ZmqgOptions *options,
                GCancellable *cancellable, ZmqgDialNote note,
                ZmqgDialDone done, gpointer user_data);

  /* Whether @asked, given to unbind or disconnect, names the endpoint whose
   * stored address is @stored although the texts differ (tcp: the name
   * resolves to it). May block to resolve. Nullable. */
  gboolean (*matches) (const char *asked, const char *stored,
                       const ZmqgOptions *options);
} ZmqgTransport;
