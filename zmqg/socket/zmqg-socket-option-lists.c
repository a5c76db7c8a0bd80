/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-socket-private.h"

/* The options of ZmqgSocket that are added to: metadata and filters. */

/* Locks; the record is the socket's own from here on. %NULL in the child of a
 * fork. */
static ZmqgOptions *
begin (ZmqgSocket *self)
{
  ZmqgSocketCore *core = self->core;

  if (zmqg_context_core_is_forked (core->context))
    return NULL;

  zmqg_socket_core_lock (core);
  core->options = zmqg_options_make_writable (core->options);
  return core->options;
}

static void
end (ZmqgSocket *self)
{
  zmqg_socket_core_unlock (self->core);
}

/**
 * zmqg_socket_add_metadata:
 * @self: a socket
 * @name: the name of a property: `X-`, and up to 253 letters, digits and
 *   `-_.+`
 * @value: its value, not empty
 * @error: return location for an error
 *
 * Adds a property that peers are told in the handshake. They read it with
 * [method@Message.get_property] and [method@Peer.lookup_metadata], a program
 * of libzmq with `zmq_msg_gets ()`. The first value of a name is the one that
 * counts: a second one is ignored. All properties together may have 32 KiB.
 * Peers of ZMTP 1 and 2 are told nothing. Applies to the binds and connects
 * after it.
 *
 * Fails with %G_IO_ERROR_INVALID_ARGUMENT, %G_IO_ERROR_NO_SPACE or
 * %ZMQG_ERROR_FORKED.
 *
 * Returns: %TRUE if the name has a value
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_add_metadata (ZmqgSocket *self,
                          const char *name,
                          const char *value,
                          GError **error)
{
  ZmqgOptions *options;
  gboolean ok;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  options = begin (self);
  if (options == NULL)
    return zmqg_socket_core_explain_fork (error);

  ok = zmqg_options_add_metadata (options, name, value, error);
  end (self);
  return ok;
}

/**
 * zmqg_socket_add_accept_filter:
 * @self: a socket
 * @filter: a numeric address, and perhaps how many bits of it count:
 *   `192.168.1.0/24`, `::1`, `[fe80::%eth0]/10`
 * @error: return location for an error
 *
 * Lets peers in over tcp whose address matches. The zone of an IPv6 address
 * (the name or number of an interface) has to match, too, where the peer's
 * address has one, as link-local ones do. As soon as there is one
 * filter, only addresses that match at least one get in; what is refused is
 * told by [signal@Socket::handshake-failed]. Applies to the binds after it.
 *
 * Fails with %G_IO_ERROR_INVALID_ARGUMENT or %ZMQG_ERROR_FORKED.
 *
 * Returns: %TRUE if the filter was added
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_add_accept_filter (ZmqgSocket *self,
                               const char *filter,
                               GError **error)
{
  ZmqgOptions *options;
  gboolean ok;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (filter != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  options = begin (self);
  if (options == NULL)
    return zmqg_socket_core_explain_fork (error);

  ok = zmqg_options_add_accept_filter (options, filter, error);
  end (self);
  return ok;
}

/**
 * zmqg_socket_clear_accept_filters:
 * @self: a socket
 *
 * Removes all filters of [method@Socket.add_accept_filter], for the binds
 * after it.
 *
 * Since: 1.0
 */
void
zmqg_socket_clear_accept_filters (ZmqgSocket *self)
{
  ZmqgOptions *options;

  g_return_if_fail (ZMQG_IS_SOCKET (self));

  options = begin (self);
  if (options == NULL)
    return;

  g_clear_pointer (&options->accept_filters, g_array_unref);
  end (self);
}

static void
add_ipc_filter (ZmqgSocket *self,
                ZmqgIpcFilterKind kind,
                guint id)
{
  ZmqgOptions *options = begin (self);

  if (options == NULL)
    return;

  zmqg_options_add_ipc_filter (options, kind, id);
  end (self);
}

/**
 * zmqg_socket_add_ipc_filter_uid:
 * @self: a socket
 * @uid: the number of a user
 *
 * Lets peers in over ipc whose process has that user. As soon as there is one
 * filter of ipc, only processes that match at least one get in; what is
 * refused is told by [signal@Socket::handshake-failed]. Applies to the binds
 * after it.
 *
 * Since: 1.0
 */
void
zmqg_socket_add_ipc_filter_uid (ZmqgSocket *self,
                                guint uid)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));

  add_ipc_filter (self, ZMQG_IPC_FILTER_UID, uid);
}

/**
 * zmqg_socket_add_ipc_filter_gid:
 * @self: a socket
 * @gid: the number of a group
 *
 * Lets peers in over ipc whose process has that group, or has it
 * beside its own. As soon as there is one
 * filter of ipc, only processes that match at least one get in; what is
 * refused is told by [signal@Socket::handshake-failed]. Applies to the binds
 * after it.
 *
 * Since: 1.0
 */
void
zmqg_socket_add_ipc_filter_gid (ZmqgSocket *self,
                                guint gid)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));

  add_ipc_filter (self, ZMQG_IPC_FILTER_GID, gid);
}

/**
 * zmqg_socket_add_ipc_filter_pid:
 * @self: a socket
 * @pid: the number of a process
 *
 * Lets peers in over ipc whose process has that number. As soon as there is one
 * filter of ipc, only processes that match at least one get in; what is
 * refused is told by [signal@Socket::handshake-failed]. Applies to the binds
 * after it.
 *
 * Since: 1.0
 */
void
zmqg_socket_add_ipc_filter_pid (ZmqgSocket *self,
                                guint pid)
{
  g_return_if_fail (ZMQG_IS_SOCKET (self));

  add_ipc_filter (self, ZMQG_IPC_FILTER_PID, pid);
}

/**
 * zmqg_socket_clear_ipc_filters:
 * @self: a socket
 *
 * Removes all filters of ipc, for the binds after it.
 *
 * Since: 1.0
 */
void
zmqg_socket_clear_ipc_filters (ZmqgSocket *self)
{
  ZmqgOptions *options;

  g_return_if_fail (ZMQG_IS_SOCKET (self));

  options = begin (self);
  if (options == NULL)
    return;

  g_clear_pointer (&options->ipc_filters, g_array_unref);
  end (self);
}
