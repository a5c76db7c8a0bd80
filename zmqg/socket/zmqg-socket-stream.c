/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-endpoint-private.h"
#include "socket/zmqg-socket-private.h"

#include "base/zmqg-error.h"

/* attach_stream of ZmqgSocket. */

/* Names of endpoints: "stream://1" is the first of the process. */
static atomic_uint last_number;

static gboolean
check_pollable (GIOStream *stream,
                GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  GOutputStream *output = g_io_stream_get_output_stream (stream);

  if (G_IS_POLLABLE_INPUT_STREAM (input) &&
      G_IS_POLLABLE_OUTPUT_STREAM (output) &&
      g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (input)) &&
      g_pollable_output_stream_can_poll (G_POLLABLE_OUTPUT_STREAM (output)))
    return TRUE;

  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED,
               "A %s cannot be attached: it is not pollable",
               G_OBJECT_TYPE_NAME (stream));
  return FALSE;
}

static
G_DEFINE_QUARK (zmqg-attached, attached)

static gboolean
claim_one (gpointer stream)
{
  return g_object_replace_qdata (stream, attached_quark (), NULL,
                                 GUINT_TO_POINTER (TRUE), NULL, NULL);
}

static void
disclaim_one (gpointer stream)
{
  g_object_set_qdata (stream, attached_quark (), NULL);
}

static void
disclaim (GIOStream *stream)
{
  disclaim_one (g_io_stream_get_input_stream (stream));
  disclaim_one (g_io_stream_get_output_stream (stream));
}

/* Two connections cannot read one stream, or write to it. Its parts are marked:
 * another one may share them. For good, as the connection closes them. */
static gboolean
claim (GIOStream *stream,
       GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);

  if (claim_one (input))
    {
      if (claim_one (g_io_stream_get_output_stream (stream)))
        return TRUE;
      disclaim_one (input);
    }

  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_STATE,
               "The %s belongs to a socket already",
               G_OBJECT_TYPE_NAME (stream));
  return FALSE;
}

static ZmqgEndpointCore *
make_endpoint (ZmqgSocketCore *core,
               ZmqgEngine *engine,
               GIOStream *stream)
{
  guint number = atomic_fetch_add (&last_number, 1) + 1;
  ZmqgEndpointCore *endpoint;

  endpoint = zmqg_endpoint_core_new (ZMQG_ENDPOINT_KIND_BIND,
                                     &zmqg_stream_transport,
                                     g_strdup_printf ("stream://%u", number),
                                     g_strdup_printf ("%u", number),
                                     core->options);
  endpoint->state = ZMQG_ENDPOINT_STATE_CONNECTING;
  endpoint->attached = zmqg_attached_stream_new (engine, &core->client,
                                                 core->options,
                                                 &endpoint->tag, stream,
                                                 endpoint->uri);
  return endpoint;
}

/**
 * zmqg_socket_attach_stream:
 * @self: a socket
 * @stream: a stream whose input and output are pollable, for example a
 *   #GSocketConnection or a #GTlsConnection
 * @as_server: whether this side is the server in the handshake of a security
 *   mechanism that has one; of the two ends of a stream one should be
 * @error: return location for an error
 *
 * Exchanges messages with one peer at the other end of a stream that the
 * program made itself. The socket treats the stream as a connection that it
 * accepted: messages can be sent to the peer once the handshake is done,
 * [property@Socket:hello-message] and [property@Socket:disconnect-message] are
 * said, and the end of the stream is the end of the connection. The stream
 * becomes an endpoint whose uri, of the form `stream://1`, is in
 * [property@Socket:last-endpoint] after the call and in
 * [property@Socket:endpoints] until it has ended;
 * [method@Socket.unbind] with that uri ends it.
 *
 * The stream belongs to the socket from a successful call on: it is used in
 * the engine of the socket's context, perhaps a thread of its own, and is
 * closed there at the end. The program must not use it any more. Descriptors
 * behind a #GUnixInputStream or #GUnixOutputStream have to be non-blocking.
 *
 * Fails with %ZMQG_ERROR_NOT_SUPPORTED when the stream is not pollable, with
 * %ZMQG_ERROR_STATE when it, its input or its output was attached before, with
 * %ZMQG_ERROR_NO_RESOURCES, %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED or
 * %ZMQG_ERROR_FORKED; the stream stays the program's then.
 *
 * Returns: %TRUE if the stream was taken
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_attach_stream (ZmqgSocket *self,
                           GIOStream *stream,
                           gboolean as_server G_GNUC_UNUSED,
                           GError **error)
{
  ZmqgEndpointCore *endpoint = NULL;
  ZmqgSocketCore *core;
  ZmqgEngine *engine;
  guint64 affinity;
  gboolean ok;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (G_IS_IO_STREAM (stream), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  core = self->core;
  if (!zmqg_socket_core_check_fork (core, error))
    return FALSE;
  if (!zmqg_socket_ensure_dispatcher (self, error))
    return FALSE;
  zmqg_socket_look_for_handlers (self);
  if (core->ops->attach == NULL)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED,
                           "Not a type of socket");
      return FALSE;
    }
  if (!check_pollable (stream, error) || !claim (stream, error))
    return FALSE;

  zmqg_socket_core_lock (core);
  ok = zmqg_socket_core_join (core, error);
  /* The engine goes on although others may close the socket, and terminate
   * the context. */
  if (ok)
    zmqg_context_core_hold (core->context);
  affinity = core->options->affinity;
  zmqg_socket_core_unlock (core);
  if (!ok)
    {
      disclaim (stream);
      return FALSE;
    }

  engine = zmqg_context_core_get_engine (core->context, affinity,
                                         core->main_context, error);

  /* Under the lock: neither may the socket be closed nor the stream end
   * before the endpoint is in the list. */
  zmqg_socket_core_lock (core);
  ok = engine != NULL && zmqg_socket_core_check (core, error);
  if (ok)
    {
      endpoint = make_endpoint (core, engine, stream);
      g_ptr_array_add (core->endpoints, zmqg_tag_ref (&endpoint->tag));
      g_free (core->last_endpoint);
      core->last_endpoint = g_strdup (endpoint->uri);
      zmqg_attached_stream_start (endpoint->attached);
    }
  zmqg_socket_core_unlock (core);
  zmqg_context_core_drop (core->context);
  if (!ok)
    {
      disclaim (stream);
      return FALSE;
    }

  zmqg_socket_core_add_news (core, ZMQG_NEWS_ENDPOINT, &endpoint->tag, NULL,
                             NULL);
  zmqg_tag_unref (&endpoint->tag);
  /* Who waits on the socket may have an engine to drive now. */
  zmqg_inbox_wake_all (&core->inbox);
  g_object_notify (G_OBJECT (self), "last-endpoint");
  return TRUE;
}
