/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */
#include "config.h"

#include "bench-worker-private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * No library: two blocking sockets that pass messages of a known size. What the
 * kernel takes for a round trip, to which the others add.
 */

typedef struct
{
  int listener; /* or -1 */
  int stream;   /* or -1, before the peer was accepted */
} BareSocket;

typedef union
{
  struct sockaddr any;
  struct sockaddr_in tcp;
  struct sockaddr_un ipc;
} Address;

static void
check (gssize result, const char *what)
{
  if (G_UNLIKELY (result < 0))
    bench_fail ("%s: %s", what, g_strerror (errno));
}

static char *
bare_describe (void)
{
  return g_strdup ("blocking sockets");
}

/* tcp://127.0.0.1:PORT or ipc://PATH, which is all that the driver gives. */
static socklen_t
parse_uri (const char *uri, Address *address)
{
  memset (address, 0, sizeof *address);

  if (g_str_has_prefix (uri, "ipc://"))
    {
      address->ipc.sun_family = AF_UNIX;
      g_strlcpy (address->ipc.sun_path, uri + strlen ("ipc://"),
                 sizeof address->ipc.sun_path);

      return sizeof address->ipc;
    }

  if (g_str_has_prefix (uri, "tcp://127.0.0.1:"))
    {
      const char *port = uri + strlen ("tcp://127.0.0.1:");

      address->tcp.sin_family = AF_INET;
      address->tcp.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
      address->tcp.sin_port = htons (g_ascii_strtoull (port, NULL, 10));

      return sizeof address->tcp;
    }

  bench_fail ("No bare socket for %s", uri);
}

static gpointer
bare_context_new (const BenchOptions *options)
{
  return NULL;
}

static void
bare_context_free (gpointer context)
{
}

static gpointer
bare_socket_new (gpointer context,
                 BenchSocketType type,
                 const BenchOptions *options)
{
  BareSocket *self = g_new0 (BareSocket, 1);

  self->listener = -1;
  self->stream = -1;

  return self;
}

static void
bare_socket_free (gpointer socket)
{
  BareSocket *self = socket;

  if (self->listener >= 0)
    close (self->listener);
  if (self->stream >= 0)
    close (self->stream);
  g_free (self);
}

static char *
bare_bind (gpointer data, const char *uri)
{
  BareSocket *self = data;
  Address address;
  socklen_t size = parse_uri (uri, &address);

  self->listener = socket (address.any.sa_family, SOCK_STREAM, 0);
  check (self->listener, "socket");
  check (bind (self->listener, &address.any, size), uri);
  check (listen (self->listener, 1), "listen");
  if (address.any.sa_family == AF_UNIX)
    return g_strdup (uri);

  check (getsockname (self->listener, &address.any, &size), "getsockname");

  return g_strdup_printf ("tcp://127.0.0.1:%u", ntohs (address.tcp.sin_port));
}

static void
set_no_delay (int fd)
{
  int on = 1;

  /* Fails on a local socket, where there is nothing to delay. */
  (void) setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void
bare_connect (gpointer data, const char *uri)
{
  BareSocket *self = data;
  Address address;
  socklen_t size = parse_uri (uri, &address);

  self->stream = socket (address.any.sa_family, SOCK_STREAM, 0);
  check (self->stream, "socket");
  check (connect (self->stream, &address.any, size), uri);
  set_no_delay (self->stream);
}

static void
write_all (int fd, const guint8 *data, gsize size)
{
  while (size > 0)
    {
      gssize n = write (fd, data, size);

      check (n, "write");
      data += n;
      size -= n;
    }
}

static void
read_all (int fd, guint8 *data, gsize size)
{
  while (size > 0)
    {
      gssize n = read (fd, data, size);

      check (n, "read");
      if (n == 0)
        bench_fail ("The peer is gone");
      data += n;
      size -= n;
    }
}

static void
bare_request_many (gpointer socket,
                   const BenchOptions *options,
                   GArray *samples,
                   BenchSpan *span)
{
  BareSocket *self = socket;
  g_autofree guint8 *data = g_malloc0 (options->size);

  for (guint64 i = 0; i < options->warm_up; i++)
    {
      write_all (self->stream, data, options->size);
      read_all (self->stream, data, options->size);
    }

  bench_span_begin (span);
  for (guint64 i = 0; i < options->count; i++)
    {
      gint64 start = bench_now_ns ();
      gint64 duration;

      write_all (self->stream, data, options->size);
      read_all (self->stream, data, options->size);
      duration = bench_now_ns () - start;
      g_array_append_val (samples, duration);
    }
  bench_span_end (span, options->count);
}

static void
bare_reply_many (gpointer socket, const BenchOptions *options)
{
  BareSocket *self = socket;
  g_autofree guint8 *data = g_malloc0 (options->size);

  self->stream = accept (self->listener, NULL, NULL);
  check (self->stream, "accept");
  set_no_delay (self->stream);

  for (guint64 i = 0; i < options->warm_up + options->count; i++)
    {
      read_all (self->stream, data, options->size);
      write_all (self->stream, data, options->size);
    }
}

const BenchLibrary bench_library = {
  .name = "bare",
  .describe = bare_describe,
  .context_new = bare_context_new,
  .context_free = bare_context_free,
  .socket_new = bare_socket_new,
  .socket_free = bare_socket_free,
  .bind = bare_bind,
  .connect = bare_connect,
  .request_many = bare_request_many,
  .reply_many = bare_reply_many,
};
