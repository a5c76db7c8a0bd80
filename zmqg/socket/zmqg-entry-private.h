/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#pragma once

#include "base/zmqg-error.h"
#include "socket/zmqg-socket-private.h"

#include <string.h>

/*
 * How public calls of socket types get at their state.
 */

/* Takes the core's lock and returns %TRUE, or fails. */
static inline gboolean
zmqg_socket_core_enter (ZmqgSocketCore *core,
                        GError **error)
{
  /* Before the lock: in the child of a fork it may be held for ever. */
  if (!zmqg_socket_core_check_fork (core, error))
    return FALSE;

  zmqg_socket_core_lock (core);
  if (zmqg_socket_core_check (core, error))
    return TRUE;

  zmqg_socket_core_unlock (core);
  return FALSE;
}

/* The value of a property that is a field of the type's state. */
static inline gboolean
zmqg_socket_get_flag (ZmqgSocket *socket,
                      const gboolean *field)
{
  gboolean value;

  if (zmqg_context_core_is_forked (socket->core->context))
    return *field;

  zmqg_socket_core_lock (socket->core);
  value = *field;
  zmqg_socket_core_unlock (socket->core);

  return value;
}

/* Sets it, and notifies of @property if that changed it. */
static inline void
zmqg_socket_change_flag (ZmqgSocket *socket,
                         gboolean *field,
                         gboolean value,
                         GParamSpec *property)
{
  if (zmqg_socket_set_flag (socket, field, !!value))
    g_object_notify_by_pspec (G_OBJECT (socket), property);
}

/* How a type subscribes to a topic, or cancels it. */
typedef gboolean (*ZmqgTopicChangeFunc) (ZmqgSocketCore *core,
                                         gboolean subscribe,
                                         const guint8 *topic, gsize size,
                                         GError **error);

/* The forms in which callers name a topic; a third one is @change itself. */
static inline gboolean
zmqg_topic_change_string (ZmqgSocketCore *core,
                          ZmqgTopicChangeFunc change,
                          gboolean subscribe,
                          const char *prefix,
                          GError **error)
{
  return change (core, subscribe, (const guint8 *) prefix, strlen (prefix),
                 error);
}

static inline gboolean
zmqg_topic_change_bytes (ZmqgSocketCore *core,
                         ZmqgTopicChangeFunc change,
                         gboolean subscribe,
                         GBytes *prefix,
                         GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (prefix, &size);

  return change (core, subscribe, data, size, error);
}
