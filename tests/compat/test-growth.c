/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include <malloc.h>
#include <string.h>
#include <zmq.h>

/*
 * What a program does again and again takes no memory for good, be it that it
 * never runs a main loop, or makes no call with the socket that others come to
 * and go from.
 *
 * Each round here is done some times first, so that pools, tables and lines that
 * have a bound are filled; then many times, after which the heap may have grown
 * by as many bytes a round as a tenth of what anything of a connection takes.
 */

#define WARM_UP 200
#define ROUNDS 1000
#define BYTES_PER_ROUND 150

#define DEADLINE 60 /* seconds */

/* The sanitizers' allocators count themselves. */
extern size_t __sanitizer_get_current_allocated_bytes (void)
  __attribute__ ((weak));

static gint64
get_heap (void)
{
  struct mallinfo2 info;

  if (__sanitizer_get_current_allocated_bytes != NULL)
    return (gint64) __sanitizer_get_current_allocated_bytes ();

  info = mallinfo2 ();
  return (gint64) (info.uordblks + info.hblkhd);
}

typedef struct
{
  void *context;
  void *server;       /* bound; makes no call of its own */
  void *client;
  char address[256];  /* of the server */
} Case;

#define check(call) \
  g_assert_cmpint ((call), >=, 0)

static void *
make_socket (Case *self,
             int type)
{
  void *socket = zmq_socket (self->context, type);
  int linger = 0;
  int yes = 1;

  g_assert_nonnull (socket);
  check (zmq_setsockopt (socket, ZMQ_LINGER, &linger, sizeof linger));
  /* Can send only once it is connected. */
  check (zmq_setsockopt (socket, ZMQ_IMMEDIATE, &yes, sizeof yes));
  return socket;
}

static void
await_events (void *socket,
              short events)
{
  zmq_pollitem_t item = { socket, 0, events, 0 };

  check (zmq_poll (&item, 1, DEADLINE * 1000));
  g_assert_cmpint (item.revents, ==, events);
}

/* --- Rounds ------------------------------------------------------------------ */

static void
come_and_go (Case *self)
{
  void *socket = make_socket (self, ZMQ_DEALER);

  check (zmq_connect (socket, self->address));
  await_events (socket, ZMQ_POLLOUT);
  check (zmq_close (socket));
}

static void
connect_and_disconnect (Case *self)
{
  check (zmq_connect (self->client, self->address));
  await_events (self->client, ZMQ_POLLOUT);
  check (zmq_disconnect (self->client, self->address));
}

static void
connect_and_disconnect_at_once (Case *self)
{
  check (zmq_connect (self->client, self->address));
  check (zmq_disconnect (self->client, self->address));
}

static void
bind_and_unbind (Case *self)
{
  char address[256];
  size_t size = sizeof address;

  check (zmq_bind (self->client, self->address));
  check (zmq_getsockopt (self->client, ZMQ_LAST_ENDPOINT, address, &size));
  check (zmq_unbind (self->client, address));
}

static void
close_unconnected (Case *self)
{
  void *socket = zmq_socket (self->context, ZMQ_DEALER);

  check (zmq_connect (socket, self->address));
  check (zmq_close (socket));
}

static void
open_and_close (Case *self)
{
  void *socket = zmq_socket (self->context, ZMQ_ROUTER);
  zmq_pollitem_t item = { socket, 0, ZMQ_POLLIN, 0 };
  size_t size = sizeof (int);
  int fd;

  check (zmq_getsockopt (socket, ZMQ_FD, &fd, &size));
  check (zmq_poll (&item, 1, 0));
  check (zmq_close (socket));
}

static void
make_and_end_context (Case *self)
{
  void *context = zmq_ctx_new ();
  void *socket = zmq_socket (context, ZMQ_PUB);

  check (zmq_bind (socket, self->address));
  check (zmq_close (socket));
  check (zmq_ctx_term (context));
}

static void
monitor_and_stop (Case *self)
{
  void *pair = make_socket (self, ZMQ_PAIR);

  check (zmq_socket_monitor (self->client, "inproc://monitor",
                             ZMQ_EVENT_ALL));
  check (zmq_connect (pair, "inproc://monitor"));
  check (zmq_socket_monitor (self->client, NULL, 0));
  check (zmq_close (pair));
}

/* The subscription is there when it is heard of at the other end. */
static void
subscribe_and_unsubscribe (Case *self)
{
  char text[8];

  for (guint i = 0; i < 2; i++)
    {
      check (zmq_setsockopt (self->client,
                             i == 0 ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE,
                             "topic", 5));
      await_events (self->server, ZMQ_POLLIN);
      check (zmq_recv (self->server, text, sizeof text, 0));
    }
}

/* --- The measure --------------------------------------------------------------- */

#define TCP "tcp"
#define IPC "ipc://*"
#define INPROC "inproc://name"

typedef struct
{
  const char *name;
  void (*round) (Case *self);
  const char *address;
  int server; /* its type; -1: nobody is bound there */
  int client;
  gboolean connects;
} Work;

static void
begin (Case *self,
       const Work *work)
{
  size_t size = sizeof self->address;

  self->context = zmq_ctx_new ();
  self->client = make_socket (self, work->client);
  /* Nobody else's peers come there. */
  if (g_str_equal (work->address, TCP))
    g_snprintf (self->address, sizeof self->address, "tcp://%s:*",
                zmqg_test_loopback ());
  else
    g_strlcpy (self->address, work->address, sizeof self->address);
  if (work->server < 0)
    return;

  self->server = make_socket (self, work->server);
  check (zmq_bind (self->server, self->address));
  check (zmq_getsockopt (self->server, ZMQ_LAST_ENDPOINT, self->address,
                         &size));
  if (work->connects)
    check (zmq_connect (self->client, self->address));
}

static void
end (Case *self)
{
  check (zmq_close (self->client));
  if (self->server != NULL)
    check (zmq_close (self->server));
  check (zmq_ctx_term (self->context));
}

/* The I/O thread may be behind, so that what it has yet to do takes memory for
 * a while. The default main context is not run. */
static void
test_growth (gconstpointer data)
{
  const Work *work = data;
  const gint64 until = g_get_monotonic_time () + DEADLINE * G_USEC_PER_SEC;
  Case self = { 0 };
  gint64 before;
  gint64 grown;

  begin (&self, work);
  for (guint i = 0; i < WARM_UP; i++)
    work->round (&self);
  before = get_heap ();

  for (guint i = 0; i < ROUNDS; i++)
    work->round (&self);
  grown = get_heap () - before;
  while (grown > ROUNDS * BYTES_PER_ROUND && g_get_monotonic_time () < until)
    {
      check (zmq_poll (NULL, 0, 20));
      grown = get_heap () - before;
    }
  g_test_message ("%s: %" G_GINT64_FORMAT " bytes a round", work->name,
                  grown / ROUNDS);
  g_assert_cmpint (grown, <=, ROUNDS * BYTES_PER_ROUND);

  end (&self);
}

static const Work works[] = {
  { "tcp/come-and-go", come_and_go, TCP, ZMQ_DEALER, ZMQ_DEALER, FALSE },
  { "tcp/connect-and-disconnect", connect_and_disconnect, TCP, ZMQ_DEALER,
    ZMQ_DEALER, FALSE },
  { "tcp/at-once", connect_and_disconnect_at_once, TCP, ZMQ_DEALER, ZMQ_DEALER,
    FALSE },
  { "tcp/bind-and-unbind", bind_and_unbind, TCP, -1, ZMQ_DEALER, FALSE },
  { "tcp/subscribe", subscribe_and_unsubscribe, TCP, ZMQ_XPUB, ZMQ_SUB, TRUE },
  { "ipc/come-and-go", come_and_go, IPC, ZMQ_DEALER, ZMQ_DEALER, FALSE },
  { "ipc/connect-and-disconnect", connect_and_disconnect, IPC, ZMQ_DEALER,
    ZMQ_DEALER, FALSE },
  { "ipc/bind-and-unbind", bind_and_unbind, IPC, -1, ZMQ_DEALER, FALSE },
  { "inproc/come-and-go", come_and_go, INPROC, ZMQ_DEALER, ZMQ_DEALER, FALSE },
  { "inproc/connect-and-disconnect", connect_and_disconnect, INPROC,
    ZMQ_DEALER, ZMQ_DEALER, FALSE },
  { "inproc/bind-and-unbind", bind_and_unbind, INPROC, -1, ZMQ_DEALER, FALSE },
  { "inproc/subscribe", subscribe_and_unsubscribe, INPROC, ZMQ_XPUB, ZMQ_SUB,
    TRUE },
  { "inproc/nobody/disconnect", connect_and_disconnect_at_once, INPROC, -1,
    ZMQ_DEALER, FALSE },
  { "inproc/nobody/close", close_unconnected, INPROC, -1, ZMQ_DEALER, FALSE },
  { "socket", open_and_close, "", -1, ZMQ_DEALER, FALSE },
  { "context", make_and_end_context, TCP, -1, ZMQ_DEALER, FALSE },
  { "monitor", monitor_and_stop, "", -1, ZMQ_DEALER, FALSE },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (works); i++)
    {
      g_autofree char *path = g_strconcat ("/zmqg/compat/growth/",
                                           works[i].name, NULL);

      g_test_add_data_func (path, &works[i], test_growth);
    }

  return g_test_run ();
}
