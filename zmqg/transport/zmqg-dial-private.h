/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "transport/zmqg-lookup-private.h"
#include "transport/zmqg-socket-address-private.h"

/*
 * ZmqgDial: one attempt to connect a stream socket: looks a name up, tries
 * the addresses with a head start for the earlier ones (RFC 8305, "happy
 * eyeballs"), and gives the first that answers. It frees itself once it has
 * called its end.
 */
typedef struct _ZmqgDial ZmqgDial;

/*
 * ZmqgDialKind: what differs between schemes. Everything is called in the
 * engine's context.
 */
typedef struct
{
  const char *scheme;

  /* First of all: adds targets, or looks a name up, or fails. */
  gboolean (*begin) (ZmqgDial *self, GError **error);

  /* Adds targets from the addresses (GInetAddress) that a name has. Nullable
   * when there are no names. */
  void (*resolved) (ZmqgDial *self, GList *addresses);

  /* Sets a new socket up before it connects to @target. Nullable. */
  gboolean (*prepare) (ZmqgDial *self, int fd,
                       const ZmqgSocketAddress *target, GError **error);

  /* Describes the connected link. */
  gboolean (*connected) (ZmqgDial *self, ZmqgLink *link, GError **error);

  /* The connected link (transfer full) leads to somebody who has to be told
   * where it goes on to. Calls zmqg_dial_negotiated () once, then or later,
   * also when it was cancelled. Nullable. */
  void (*negotiate) (ZmqgDial *self, ZmqgLink *link,
                     GCancellable *cancellable);

  /* Frees the state. Nullable. */
  void (*free_state) (gpointer state);
} ZmqgDialKind;

/* As ZmqgTransport.dial. */
void zmqg_dial_start (const ZmqgDialKind *kind, const char *address,
                      const ZmqgOptions *options, GCancellable *cancellable,
                      ZmqgDialNote note, ZmqgDialDone done,
                      gpointer user_data);

const char *zmqg_dial_get_address (ZmqgDial *self);
const ZmqgOptions *zmqg_dial_get_options (ZmqgDial *self);

/* What the kind made of the address. */
gpointer zmqg_dial_get_state (ZmqgDial *self);
void zmqg_dial_set_state (ZmqgDial *self, gpointer state);

void zmqg_dial_add_target (ZmqgDial *self, const ZmqgSocketAddress *target);
void zmqg_dial_look_up (ZmqgDial *self, const char *host);

/* A link (transfer full) or an error (transfer none). */
void zmqg_dial_negotiated (ZmqgDial *self, ZmqgLink *link,
                           const GError *error);
