/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket/zmqg-endpoint-private.h"
#include "socket/zmqg-socket-private.h"

#include "base/zmqg-endpoint-text-private.h"
#include "base/zmqg-errno-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* bind, connect_to, unbind and disconnect_from of ZmqgSocket. */

static const ZmqgTransport *
parse (const char *uri,
       const char **address,
       GError **error)
{
  const ZmqgTransport *transport;
  g_autofree char *scheme = NULL;

  if (!zmqg_endpoint_text_split (uri, &scheme, address, error))
    return NULL;

  transport = zmqg_transport_find (scheme);
  if (transport == NULL)
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED,
                 "No such transport: %s", uri);
  return transport;
}

/* Takes what a call needs, once it is clear that the socket is usable. The
 * engines go on until its end although others may close the socket, and
 * terminate the context. */
static gboolean
begin (ZmqgSocket *self,
       ZmqgOptions **options,
       GError **error)
{
  ZmqgSocketCore *core = self->core;
  gboolean ok;

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

  zmqg_socket_core_lock (core);
  ok = zmqg_socket_core_join (core, error);
  if (ok)
    {
      *options = zmqg_options_ref (core->options);
      zmqg_context_core_hold (core->context);
    }
  zmqg_socket_core_unlock (core);

  return ok;
}

static void
finish (ZmqgSocket *self,
        ZmqgOptions *options)
{
  zmqg_options_unref (options);
  zmqg_context_core_drop (self->core->context);
}

/* The endpoint is in the list from now on (or the socket was closed
 * meanwhile: then %FALSE). Locks. */
static gboolean
add_endpoint (ZmqgSocket *self,
              ZmqgEndpointCore *endpoint,
              GError **error)
{
  ZmqgSocketCore *core = self->core;
  gboolean ok;

  zmqg_socket_core_lock (core);
  ok = zmqg_socket_core_check (core, error);
  if (ok)
    g_ptr_array_add (core->endpoints, zmqg_tag_ref (&endpoint->tag));
  zmqg_socket_core_unlock (core);

  return ok;
}

static void
remove_endpoint (ZmqgSocket *self,
                 ZmqgEndpointCore *endpoint)
{
  zmqg_socket_core_lock (self->core);
  g_ptr_array_remove (self->core->endpoints, endpoint);
  zmqg_socket_core_unlock (self->core);
}

/* The endpoint works: gives it what drives it. %FALSE when the socket was
 * closed meanwhile. The endpoint may have ended already, by another thread or by
 * itself, when there was nothing to stop: so that is done here. Locks. */
static gboolean
complete (ZmqgSocket *self,
          ZmqgEndpointCore *endpoint,
          ZmqgListener *listener,
          ZmqgDialer *dialer,
          ZmqgPipe *pipe,
          GError **error)
{
  ZmqgSocketCore *core = self->core;
  gboolean listed;
  gboolean ok;

  zmqg_socket_core_lock (core);
  ok = zmqg_socket_core_check (core, error);
  listed = ok && g_ptr_array_find (core->endpoints, endpoint, NULL);
  if (!ok)
    g_ptr_array_remove (core->endpoints, endpoint);
  if (ok)
    {
      g_free (core->last_endpoint);
      core->last_endpoint = g_strdup (endpoint->uri);
    }
  if (listed)
    {
      endpoint->listener = listener;
      endpoint->dialer = dialer;
      if (pipe != NULL)
        zmqg_socket_core_attach (core, pipe);
    }
  zmqg_socket_core_unlock (core);

  if (listed)
    {
      zmqg_socket_core_add_news (core, ZMQG_NEWS_ENDPOINT, &endpoint->tag,
                                 NULL, NULL);
      /* Who waits on the socket may have an engine to drive now. */
      zmqg_inbox_wake_all (&core->inbox);
    }
  if (ok)
    g_object_notify (G_OBJECT (self), "last-endpoint");
  if (listed)
    return TRUE;

  if (pipe != NULL)
    {
      zmqg_pipe_close (pipe, 0);
      zmqg_pipe_unref (pipe);
    }
  zmqg_endpoint_core_end (endpoint, core->context, listener, dialer,
                          FALSE);
  return ok;
}

/* --- Binding ------------------------------------------------------------ */

static ZmqgEndpointCore *
bind_in_process (ZmqgSocket *self,
                 const ZmqgTransport *transport,
                 const char *uri,
                 const char *address,
                 ZmqgOptions *options,
                 GError **error)
{
  ZmqgSocketCore *core = self->core;
  ZmqgEndpointCore *endpoint;

  endpoint = zmqg_endpoint_core_new (ZMQG_ENDPOINT_KIND_BIND, transport,
                                     g_strdup (uri), g_strdup (address),
                                     options);
  if (!add_endpoint (self, endpoint, error))
    {
      zmqg_tag_unref (&endpoint->tag);
      return NULL;
    }

  if (!zmqg_inproc_bind (core->context->inproc, address, &core->client,
                         options, &endpoint->tag, error))
    {
      remove_endpoint (self, endpoint);
      zmqg_tag_unref (&endpoint->tag);
      return NULL;
    }

  if (!complete (self, endpoint, NULL, NULL, NULL, error))
    {
      zmqg_tag_unref (&endpoint->tag);
      return NULL;
    }
  return endpoint;
}

/* A descriptor was opened, and closed again, unless it is about the text. */
static void
report_failure (ZmqgSocketCore *core,
                const char *uri,
                const GError *error)
{
  ZmqgEventReport report = {
    .type = ZMQG_EVENT_TYPE_CLOSED,
    .value = -1,
    .error = error,
  };

  if (zmqg_client_listens (&core->client, report.type) &&
      !g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT) &&
      !g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_NO_DEVICE) &&
      !g_error_matches (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES))
    zmqg_socket_core_report (core, &report);

  report.type = ZMQG_EVENT_TYPE_BIND_FAILED;
  report.value = zmqg_error_to_errno (error);
  report.local = uri;
  if (zmqg_client_listens (&core->client, report.type))
    zmqg_socket_core_report (core, &report);
}

/* Listens with a descriptor, or where the options or the address say. */
static gboolean
listen_somewhere (const ZmqgTransport *transport,
                  const char *address,
                  int fd,
                  ZmqgOptions *options,
                  ZmqgListening *listening,
                  GError **error)
{
  int copy;

  if (fd >= 0)
    return transport->adopt (fd, listening, error);
  if (options->use_fd < 0 || transport->adopt == NULL)
    return transport->listen (address, options, listening, error);

  copy = fcntl (options->use_fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "Cannot listen with descriptor %d: %s", options->use_fd,
                   g_strerror (errno));
      return FALSE;
    }
  if (transport->adopt (copy, listening, error))
    return TRUE;

  close (copy);
  return FALSE;
}

/* With @fd, if it is none of -1: which is the listener's once this has
 * succeeded. */
static ZmqgEndpointCore *
bind_listening (ZmqgSocket *self,
                const ZmqgTransport *transport,
                const char *uri,
                const char *address,
                int fd,
                ZmqgOptions *options,
                GError **error)
{
  ZmqgSocketCore *core = self->core;
  ZmqgListening listening = { .fd = -1 };
  ZmqgEndpointCore *endpoint;
  ZmqgListener *listener;
  ZmqgEngine *engine;
  const char *resolved;
  GError *failure = NULL;

  engine = zmqg_context_core_get_engine (core->context, options->affinity,
                                         core->main_context, error);
  if (engine == NULL)
    return NULL;

  if (!listen_somewhere (transport, address, fd, options, &listening,
                         &failure))
    {
      report_failure (core, uri, failure);
      g_propagate_error (error, failure);
      return NULL;
    }

  resolved = strstr (listening.uri, "://") + 3;
  endpoint = zmqg_endpoint_core_new (ZMQG_ENDPOINT_KIND_BIND, transport,
                                     g_strdup (listening.uri),
                                     g_strdup (resolved), options);
  if (!add_endpoint (self, endpoint, error))
    {
      transport->unlisten (&listening);
      g_free (listening.uri);
      zmqg_tag_unref (&endpoint->tag);
      return NULL;
    }

  listener = zmqg_listener_new (engine, &core->client, options,
                                &endpoint->tag, transport, &listening);
  if (!complete (self, endpoint, listener, NULL, NULL, error))
    {
      zmqg_tag_unref (&endpoint->tag);
      return NULL;
    }
  return endpoint;
}

static ZmqgEndpointCore *
bind_to (ZmqgSocket *self,
         const char *uri,
         GError **error)
{
  const ZmqgTransport *transport;
  ZmqgOptions *options = NULL;
  ZmqgEndpointCore *endpoint;
  const char *address;

  transport = parse (uri, &address, error);
  if (transport == NULL || !begin (self, &options, error))
    return NULL;

  if (transport->in_process)
    endpoint = bind_in_process (self, transport, uri, address, options,
                                error);
  else
    endpoint = bind_listening (self, transport, uri, address, -1, options,
                               error);

  finish (self, options);
  return endpoint;
}

static ZmqgEndpointCore *
bind_fd (ZmqgSocket *self,
         int fd,
         GError **error)
{
  const ZmqgTransport *transport;
  g_autofree char *uri = NULL;
  ZmqgOptions *options = NULL;
  ZmqgEndpointCore *endpoint;

  transport = zmqg_transport_find_for_fd (fd, error);
  if (transport == NULL || !begin (self, &options, error))
    return NULL;

  uri = g_strdup_printf ("%s://", transport->scheme);
  endpoint = bind_listening (self, transport, uri, NULL, fd, options, error);
  finish (self, options);
  return endpoint;
}

/* --- Connecting --------------------------------------------------------- */

/* One connection per text on these types. */
static ZmqgEndpointCore *
find_same_connect (ZmqgSocket *self,
                   const char *uri)
{
  ZmqgSocketCore *core = self->core;
  ZmqgEndpointCore *found = NULL;

  if (!core->ops->connects_once)
    return NULL;

  zmqg_socket_core_lock (core);
  for (guint i = 0; i < core->endpoints->len && found == NULL; i++)
    {
      ZmqgEndpointCore *one = g_ptr_array_index (core->endpoints, i);

      if (one->kind == ZMQG_ENDPOINT_KIND_CONNECT &&
          !one->transport->in_process && g_str_equal (one->uri, uri))
        found = (ZmqgEndpointCore *) zmqg_tag_ref (&one->tag);
    }
  zmqg_socket_core_unlock (core);

  return found;
}

static ZmqgEndpointCore *
connect_address (ZmqgSocket *self,
                 const ZmqgTransport *transport,
                 const char *uri,
                 const char *address,
                 ZmqgOptions *options,
                 GError **error)
{
  ZmqgSocketCore *core = self->core;
  ZmqgEndpointCore *endpoint;
  ZmqgEngine *engine = NULL;
  ZmqgDialer *dialer = NULL;
  ZmqgPipe *pipe;

  if (!transport->in_process)
    {
      if (!transport->check (address, error))
        return NULL;
      engine = zmqg_context_core_get_engine (core->context,
                                             options->affinity,
                                             core->main_context, error);
      if (engine == NULL)
        return NULL;
    }

  endpoint = zmqg_endpoint_core_new (ZMQG_ENDPOINT_KIND_CONNECT, transport,
                                     g_strdup (uri), g_strdup (address),
                                     options);
  if (!add_endpoint (self, endpoint, error))
    {
      zmqg_tag_unref (&endpoint->tag);
      return NULL;
    }

  if (transport->in_process)
    pipe = zmqg_inproc_connect (core->context->inproc, address, &core->client,
                                options, &endpoint->tag);
  else
    dialer = zmqg_dialer_new (engine, &core->client, options, &endpoint->tag,
                              transport, address, &pipe);

  if (!complete (self, endpoint, NULL, dialer, pipe, error))
    {
      zmqg_tag_unref (&endpoint->tag);
      return NULL;
    }
  return endpoint;
}

static ZmqgEndpointCore *
connect_to (ZmqgSocket *self,
            const char *uri,
            GError **error)
{
  const ZmqgTransport *transport;
  ZmqgOptions *options = NULL;
  ZmqgEndpointCore *endpoint;
  const char *address;

  transport = parse (uri, &address, error);
  if (transport == NULL || !begin (self, &options, error))
    return NULL;

  endpoint = find_same_connect (self, uri);
  if (endpoint == NULL)
    endpoint = connect_address (self, transport, uri, address, options,
                                error);

  finish (self, options);
  return endpoint;
}

/* --- Ending ------------------------------------------------------------- */

/* Takes an endpoint out of the list, and closes its pipes. Locked. */
static void
take_endpoint (ZmqgSocketCore *core,
               guint i,
               GPtrArray *taken)
{
  ZmqgEndpointCore *endpoint = g_ptr_array_index (core->endpoints, i);

  g_ptr_array_add (taken, zmqg_tag_ref (&endpoint->tag));
  g_ptr_array_remove_index (core->endpoints, i);

  /* Inproc: unbinding frees the name, pipes live on. */
  if (endpoint->kind == ZMQG_ENDPOINT_KIND_BIND &&
      endpoint->transport->in_process)
    return;

  for (guint j = core->pipes->len; j > 0; j--)
    {
      ZmqgPipe *pipe = g_ptr_array_index (core->pipes, j - 1);

      if (pipe->endpoint == endpoint)
        zmqg_socket_core_leave_pipe (core, pipe, core->options->linger);
    }
}

/* Takes the endpoints of that text, however they came to be. Only inproc, as
 * libzmq has it, a name that is bound goes first, and what is connected to it
 * with the next call. */
static GPtrArray *
take_endpoints (ZmqgSocket *self,
                const char *uri)
{
  ZmqgSocketCore *core = self->core;
  GPtrArray *taken = g_ptr_array_new ();
  gboolean bound_name = FALSE;

  zmqg_socket_core_lock (core);
  for (guint i = 0; i < core->endpoints->len && !bound_name; i++)
    {
      ZmqgEndpointCore *endpoint = g_ptr_array_index (core->endpoints, i);

      bound_name = endpoint->kind == ZMQG_ENDPOINT_KIND_BIND &&
                   endpoint->transport->in_process &&
                   g_str_equal (endpoint->uri, uri);
    }
  for (guint i = 0; i < core->endpoints->len;)
    {
      ZmqgEndpointCore *endpoint = g_ptr_array_index (core->endpoints, i);

      if (g_str_equal (endpoint->uri, uri) &&
          (!bound_name || endpoint->kind == ZMQG_ENDPOINT_KIND_BIND))
        take_endpoint (core, i, taken);
      else
        i++;
    }
  zmqg_socket_core_unlock (core);

  for (guint i = 0; i < taken->len; i++)
    zmqg_socket_core_add_news (core, ZMQG_NEWS_ENDPOINT,
                               g_ptr_array_index (taken, i), NULL, NULL);
  return taken;
}

/* The stored address that @address means although its text is another, if
 * the transport knows such. No lock held: may look up names. */
static char *
find_match (ZmqgSocket *self,
            const ZmqgTransport *transport,
            const char *address,
            ZmqgOptions *options)
{
  g_autoptr (GPtrArray) stored = g_ptr_array_new_with_free_func (g_free);
  ZmqgSocketCore *core = self->core;

  if (transport->matches == NULL)
    return NULL;

  zmqg_socket_core_lock (core);
  for (guint i = 0; i < core->endpoints->len; i++)
    {
      ZmqgEndpointCore *endpoint = g_ptr_array_index (core->endpoints, i);

      if (endpoint->transport == transport)
        g_ptr_array_add (stored, g_strdup (endpoint->address));
    }
  zmqg_socket_core_unlock (core);

  for (guint i = 0; i < stored->len; i++)
    {
      const char *one = g_ptr_array_index (stored, i);

      if (transport->matches (address, one, options))
        return g_strconcat (transport->scheme, "://", one, NULL);
    }

  return NULL;
}

static gboolean
end_endpoints (ZmqgSocket *self,
               const char *uri,
               GError **error)
{
  const ZmqgTransport *transport;
  ZmqgOptions *options = NULL;
  g_autoptr (GPtrArray) taken = NULL;
  const char *address;
  gboolean found;

  transport = parse (uri, &address, error);
  if (transport == NULL || !begin (self, &options, error))
    return FALSE;

  taken = take_endpoints (self, uri);
  if (taken->len == 0)
    {
      g_autofree char *match = find_match (self, transport, address, options);

      if (match != NULL)
        {
          g_ptr_array_unref (taken);
          taken = take_endpoints (self, match);
        }
    }
  found = taken->len > 0;
  for (guint i = 0; i < taken->len; i++)
    {
      ZmqgEndpointCore *endpoint = g_ptr_array_index (taken, i);

      zmqg_endpoint_core_stop (endpoint, self->core->context, TRUE);
      zmqg_endpoint_core_notify (endpoint);
      zmqg_tag_unref (&endpoint->tag);
    }
  finish (self, options);

  if (!found)
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_FOUND,
                 "The socket is neither bound nor connected to %s", uri);
  return found;
}

/* --- Public ------------------------------------------------------------- */

static ZmqgEndpoint *
endpoint_object (ZmqgEndpointCore *core)
{
  ZmqgEndpoint *endpoint;

  if (core == NULL)
    return NULL;

  endpoint = zmqg_endpoint_for_core (core);
  zmqg_tag_unref (&core->tag);
  return endpoint;
}

/**
 * zmqg_socket_bind:
 * @self: a socket
 * @uri: where to, for example `tcp://127.0.0.1:5555`, `tcp://127.0.0.1:0`,
 *   `ipc:///run/user/1000/jobs`, `ipc://@name` or `inproc://name`
 * @error: return location for an error
 *
 * Listens for peers. The address that a wildcard or the port 0 became is in
 * [property@Socket:last-endpoint]. Names and interfaces are resolved before
 * the call returns, which may take time.
 *
 * Fails with %ZMQG_ERROR_INVALID_ENDPOINT,
 * %ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED, %ZMQG_ERROR_ADDRESS_IN_USE,
 * %ZMQG_ERROR_ADDRESS_NOT_AVAILABLE, %ZMQG_ERROR_NO_DEVICE,
 * %ZMQG_ERROR_NO_RESOURCES, %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED,
 * %ZMQG_ERROR_FORKED or a %G_IO_ERROR.
 *
 * Returns: %TRUE if the socket is bound
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_bind (ZmqgSocket *self,
                  const char *uri,
                  GError **error)
{
  ZmqgEndpointCore *endpoint;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (uri != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  endpoint = bind_to (self, uri, error);
  if (endpoint == NULL)
    return FALSE;

  zmqg_tag_unref (&endpoint->tag);
  return TRUE;
}

/**
 * zmqg_socket_bind_fd:
 * @self: a socket
 * @fd: a descriptor that is bound and listens, of TCP or a unix socket
 * @error: return location for an error
 *
 * Listens for peers with a descriptor that somebody else made: a service
 * manager that starts a program when the first peer comes (socket
 * activation), or a process before this one. The socket takes the descriptor
 * over and closes it with the endpoint; when the call fails it stays the
 * caller's. Whoever else has it may go on listening; the file of a unix
 * socket is never removed. Where it is bound to is in
 * [property@Socket:last-endpoint].
 *
 * Fails with %G_IO_ERROR_INVALID_ARGUMENT when the descriptor does not
 * listen, %ZMQG_ERROR_NO_RESOURCES, %ZMQG_ERROR_CLOSED,
 * %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or another %G_IO_ERROR.
 *
 * Returns: %TRUE if the socket is bound
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_bind_fd (ZmqgSocket *self,
                     int fd,
                     GError **error)
{
  ZmqgEndpointCore *endpoint;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (fd >= 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  endpoint = bind_fd (self, fd, error);
  if (endpoint == NULL)
    return FALSE;

  zmqg_tag_unref (&endpoint->tag);
  return TRUE;
}

/**
 * zmqg_socket_connect_to:
 * @self: a socket
 * @uri: where to, for example `tcp://localhost:5555`,
 *   `tcp://192.168.1.5:0;server:5555` (with a source address),
 *   `ipc:///run/user/1000/jobs` or `inproc://name`
 * @error: return location for an error
 *
 * Connects to a peer, now or once it is there, and again whenever the
 * connection is lost. Returns at once; names are resolved anew at each
 * attempt. Repeating it with the same text on a REQ, SUB, PUB or DEALER
 * socket keeps the one connection.
 *
 * Fails with %ZMQG_ERROR_INVALID_ENDPOINT,
 * %ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED, %ZMQG_ERROR_NO_RESOURCES,
 * %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED, %ZMQG_ERROR_FORKED or a
 * %G_IO_ERROR.
 *
 * Returns: %TRUE if the endpoint is valid
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_connect_to (ZmqgSocket *self,
                        const char *uri,
                        GError **error)
{
  ZmqgEndpointCore *endpoint;

  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (uri != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  endpoint = connect_to (self, uri, error);
  if (endpoint == NULL)
    return FALSE;

  zmqg_tag_unref (&endpoint->tag);
  return TRUE;
}

/**
 * zmqg_socket_bind_endpoint:
 * @self: a socket
 * @uri: where to, as for [method@Socket.bind]
 * @error: return location for an error
 *
 * Listens for peers as [method@Socket.bind] does.
 *
 * Returns: (transfer full): the endpoint, or %NULL with @error set
 *
 * Since: 1.0
 */
ZmqgEndpoint *
zmqg_socket_bind_endpoint (ZmqgSocket *self,
                           const char *uri,
                           GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);
  g_return_val_if_fail (uri != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return endpoint_object (bind_to (self, uri, error));
}

/**
 * zmqg_socket_connect_endpoint:
 * @self: a socket
 * @uri: where to, as for [method@Socket.connect_to]
 * @error: return location for an error
 *
 * Connects to a peer as [method@Socket.connect_to] does.
 *
 * Returns: (transfer full): the endpoint, or %NULL with @error set
 *
 * Since: 1.0
 */
ZmqgEndpoint *
zmqg_socket_connect_endpoint (ZmqgSocket *self,
                              const char *uri,
                              GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), NULL);
  g_return_val_if_fail (uri != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return endpoint_object (connect_to (self, uri, error));
}

/**
 * zmqg_socket_unbind:
 * @self: a socket
 * @uri: an endpoint that the socket is bound to, as
 *   [property@Socket:last-endpoint] showed it
 * @error: return location for an error
 *
 * Stops listening; the address is free when the call returns. Connections
 * that were accepted there end, what was queued for them as the property
 * linger says. Messages that came from them can still be received. Over
 * inproc only the name becomes free.
 *
 * This and [method@Socket.disconnect_from] are one operation with two names,
 * as in libzmq: each ends all binds and connects of that text. Over inproc a
 * name that the socket is bound to goes first, and its connections to the
 * same name with the next call.
 *
 * Fails with %ZMQG_ERROR_NOT_FOUND, %ZMQG_ERROR_INVALID_ENDPOINT,
 * %ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED, %ZMQG_ERROR_NO_RESOURCES,
 * %ZMQG_ERROR_CLOSED, %ZMQG_ERROR_TERMINATED or %ZMQG_ERROR_FORKED.
 *
 * Returns: %TRUE if there was such an endpoint
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_unbind (ZmqgSocket *self,
                    const char *uri,
                    GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (uri != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return end_endpoints (self, uri, error);
}

/**
 * zmqg_socket_disconnect_from:
 * @self: a socket
 * @uri: an endpoint that the socket is connected to
 * @error: return location for an error
 *
 * Ends all connections to that endpoint. What was queued for them is sent as
 * the property linger says. Messages that came from there can still be
 * received. Ends what is bound there, too: see [method@Socket.unbind].
 *
 * Fails as [method@Socket.unbind] does.
 *
 * Returns: %TRUE if there was such an endpoint
 *
 * Since: 1.0
 */
gboolean
zmqg_socket_disconnect_from (ZmqgSocket *self,
                             const char *uri,
                             GError **error)
{
  g_return_val_if_fail (ZMQG_IS_SOCKET (self), FALSE);
  g_return_val_if_fail (uri != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return end_endpoints (self, uri, error);
}
