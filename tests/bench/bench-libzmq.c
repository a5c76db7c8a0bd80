/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */
#include "config.h"

#include "bench-poll-private.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

/* As many as zmqg emits in a turn of the main loop. */
#define MESSAGES_PER_TURN 64
#define MESSAGES_PER_VISIT 64

typedef struct
{
  void *handle;
  void *monitor; /* (nullable): receives the handshakes, see wait_for_peers */
} LibzmqSocket;

typedef struct
{
  GSource parent;
  void *handle;
  gpointer fd_tag;
} LibzmqSource;

typedef struct
{
  GMainLoop *loop;
  BenchTicker *ticker;
  BenchSpan *span;
  gsize size;
  guint64 received;
  guint64 count;
} LoopState;

typedef gboolean (*MessageFunc) (zmq_msg_t *message, gpointer user_data);

static void
check (int result, const char *what)
{
  if (G_UNLIKELY (result < 0))
    bench_fail ("%s: %s", what, zmq_strerror (zmq_errno ()));
}

static inline void
check_size (gsize size, gsize expected)
{
  if (G_UNLIKELY (size != expected))
    bench_fail ("A message of %zu bytes, not %zu", size, expected);
}

static char *
libzmq_describe (void)
{
  int major, minor, patch;

  zmq_version (&major, &minor, &patch);

  return g_strdup_printf ("%d.%d.%d", major, minor, patch);
}

static gpointer
libzmq_context_new (const BenchOptions *options)
{
  return zmq_ctx_new ();
}

static void
libzmq_context_free (gpointer context)
{
  check (zmq_ctx_term (context), "zmq_ctx_term");
}

static void
set_option (void *handle, int option, int value)
{
  check (zmq_setsockopt (handle, option, &value, sizeof value),
         "zmq_setsockopt");
}

static void *
open_monitor (void *context, void *handle)
{
  g_autofree char *uri = g_strdup_printf ("inproc://monitor-%p", handle);
  void *monitor = zmq_socket (context, ZMQ_PAIR);

  check (zmq_socket_monitor (handle, uri, ZMQ_EVENT_HANDSHAKE_SUCCEEDED),
         "zmq_socket_monitor");
  set_option (monitor, ZMQ_RCVHWM, 0);
  check (zmq_connect (monitor, uri), "zmq_connect");

  return monitor;
}

static gpointer
libzmq_socket_new (gpointer context,
                   BenchSocketType type,
                   const BenchOptions *options)
{
  static const int types[] = {
    [BENCH_SOCKET_PUSH] = ZMQ_PUSH, [BENCH_SOCKET_PULL] = ZMQ_PULL,
    [BENCH_SOCKET_REQ] = ZMQ_REQ,   [BENCH_SOCKET_REP] = ZMQ_REP,
    [BENCH_SOCKET_XPUB] = ZMQ_XPUB, [BENCH_SOCKET_SUB] = ZMQ_SUB,
  };
  LibzmqSocket *self = g_new0 (LibzmqSocket, 1);

  self->handle = zmq_socket (context, types[type]);
  if (self->handle == NULL)
    bench_fail ("zmq_socket: %s", zmq_strerror (zmq_errno ()));

  if (options->hwm >= 0)
    {
      set_option (self->handle, ZMQ_SNDHWM, options->hwm);
      set_option (self->handle, ZMQ_RCVHWM, options->hwm);
    }
  if (options->peers > 0)
    set_option (self->handle, ZMQ_BACKLOG, 1024);

  if (type == BENCH_SOCKET_XPUB)
    {
      set_option (self->handle, ZMQ_XPUB_VERBOSE, 1);
      set_option (self->handle, ZMQ_XPUB_NODROP, 1);
    }
  else if (type == BENCH_SOCKET_SUB)
    {
      check (zmq_setsockopt (self->handle, ZMQ_SUBSCRIBE, "", 0), "subscribe");
    }

  if (options->watch_peers)
    self->monitor = open_monitor (context, self->handle);

  return self;
}

static void
libzmq_socket_free (gpointer socket)
{
  LibzmqSocket *self = socket;

  if (self->monitor != NULL)
    zmq_close (self->monitor);
  zmq_close (self->handle);
  g_free (self);
}

static char *
libzmq_bind (gpointer socket, const char *uri)
{
  LibzmqSocket *self = socket;
  char text[1024];
  size_t size = sizeof text;

  check (zmq_bind (self->handle, uri), uri);
  check (zmq_getsockopt (self->handle, ZMQ_LAST_ENDPOINT, text, &size),
         "ZMQ_LAST_ENDPOINT");

  return g_strdup (text);
}

static void
libzmq_connect (gpointer socket, const char *uri)
{
  LibzmqSocket *self = socket;

  check (zmq_connect (self->handle, uri), uri);
}

static void
keep_payload (void *data, void *hint)
{
}

static inline void
send_copy (void *handle, const guint8 *data, gsize size)
{
  zmq_msg_t message;

  check (zmq_msg_init_size (&message, size), "zmq_msg_init_size");
  memcpy (zmq_msg_data (&message), data, size);
  check (zmq_msg_send (&message, handle, 0), "zmq_msg_send");
}

static void
send_copies (void *handle, const guint8 *data, gsize size, guint64 count)
{
  for (guint64 i = 0; i < count; i++)
    send_copy (handle, data, size);
}

static void
send_references (void *handle, guint8 *data, gsize size, guint64 count)
{
  for (guint64 i = 0; i < count; i++)
    {
      zmq_msg_t message;

      check (zmq_msg_init_data (&message, data, size, keep_payload, NULL),
             "zmq_msg_init_data");
      check (zmq_msg_send (&message, handle, 0), "zmq_msg_send");
    }
}

static void
libzmq_send_many (gpointer socket, const BenchOptions *options)
{
  LibzmqSocket *self = socket;
  /* Not freed: libzmq may still write it when a call by reference returned. */
  static guint8 *data;

  if (data == NULL)
    {
      data = g_malloc (options->size);
      memset (data, 'z', options->size);
    }

  if (options->by_reference)
    send_references (self->handle, data, options->size, options->count);
  else
    send_copies (self->handle, data, options->size, options->count);
}

static void
libzmq_receive_many (gpointer socket,
                     const BenchOptions *options,
                     BenchSpan *span)
{
  LibzmqSocket *self = socket;
  zmq_msg_t message;

  zmq_msg_init (&message);
  check (zmq_msg_recv (&message, self->handle, 0), "zmq_msg_recv");
  bench_span_begin (span);

  for (guint64 i = 1; i < options->count; i++)
    {
      check (zmq_msg_recv (&message, self->handle, 0), "zmq_msg_recv");
      check_size (zmq_msg_size (&message), options->size);
    }

  bench_span_end (span, options->count - 1);
  zmq_msg_close (&message);
}

static void
request_once (void *handle, zmq_msg_t *reply, const guint8 *data, gsize size)
{
  send_copy (handle, data, size);
  check (zmq_msg_recv (reply, handle, 0), "zmq_msg_recv");
  check_size (zmq_msg_size (reply), size);
}

static void
libzmq_request_many (gpointer socket,
                     const BenchOptions *options,
                     GArray *samples,
                     BenchSpan *span)
{
  LibzmqSocket *self = socket;
  g_autofree guint8 *data = g_malloc0 (options->size);
  zmq_msg_t reply;

  zmq_msg_init (&reply);
  for (guint64 i = 0; i < options->warm_up; i++)
    request_once (self->handle, &reply, data, options->size);

  bench_span_begin (span);
  for (guint64 i = 0; i < options->count; i++)
    {
      gint64 start = bench_now_ns ();
      gint64 duration;

      request_once (self->handle, &reply, data, options->size);
      duration = bench_now_ns () - start;
      g_array_append_val (samples, duration);
    }
  bench_span_end (span, options->count);
  zmq_msg_close (&reply);
}

static void
libzmq_reply_many (gpointer socket, const BenchOptions *options)
{
  LibzmqSocket *self = socket;
  g_autofree guint8 *data = g_malloc0 (options->size);
  zmq_msg_t request;

  zmq_msg_init (&request);
  for (guint64 i = 0; i < options->warm_up + options->count; i++)
    {
      check (zmq_msg_recv (&request, self->handle, 0), "zmq_msg_recv");
      check_size (zmq_msg_size (&request), options->size);
      send_copy (self->handle, data, options->size);
    }
  zmq_msg_close (&request);
}

static void
libzmq_await_subscriptions (gpointer socket, const BenchOptions *options)
{
  LibzmqSocket *self = socket;
  guint8 data[8];

  for (guint i = 0; i < options->peers; i++)
    check (zmq_recv (self->handle, data, sizeof data, 0), "zmq_recv");
}

/* Takes what is there, but not more than a socket's share of a sweep. */
static guint
visit (void *handle, zmq_msg_t *message, gsize size, guint64 wanted)
{
  guint limit = MIN (wanted, MESSAGES_PER_VISIT);

  for (guint i = 0; i < limit; i++)
    {
      if (zmq_msg_recv (message, handle, ZMQ_DONTWAIT) < 0)
        {
          if (zmq_errno () != EAGAIN)
            check (-1, "zmq_msg_recv");
          return i;
        }
      check_size (zmq_msg_size (message), size);
    }

  return limit;
}

static void
libzmq_receive_from_all (gpointer *sockets,
                         guint n_sockets,
                         const BenchOptions *options,
                         BenchSpan *span)
{
  g_autofree guint64 *received = g_new0 (guint64, n_sockets);
  guint64 total = 0;
  zmq_msg_t message;

  zmq_msg_init (&message);
  check (zmq_msg_recv (&message, ((LibzmqSocket *) sockets[0])->handle, 0),
         "zmq_msg_recv");
  bench_span_begin (span);
  received[0] = 1;
  total = 1;

  while (total < options->count * n_sockets)
    {
      guint taken = 0;
      guint last = 0;

      for (guint i = 0; i < n_sockets; i++)
        {
          LibzmqSocket *self = sockets[i];
          guint n = visit (self->handle, &message, options->size,
                           options->count - received[i]);

          received[i] += n;
          taken += n;
          if (received[i] < received[last])
            last = i;
        }
      total += taken;

      /* Nothing anywhere: sleep until the one that is furthest behind gets
       * its next message, which no other socket can hold up. */
      if (taken == 0)
        {
          LibzmqSocket *self = sockets[last];

          check (zmq_msg_recv (&message, self->handle, 0), "zmq_msg_recv");
          check_size (zmq_msg_size (&message), options->size);
          received[last]++;
          total++;
        }
    }

  bench_span_end (span, total - 1);
  zmq_msg_close (&message);
}

static gboolean
has_message (LibzmqSource *self)
{
  int events = 0;
  size_t size = sizeof events;

  check (zmq_getsockopt (self->handle, ZMQ_EVENTS, &events, &size),
         "ZMQ_EVENTS");

  return (events & ZMQ_POLLIN) != 0;
}

static gboolean
source_prepare (GSource *source, int *timeout)
{
  *timeout = -1;

  return has_message ((LibzmqSource *) source);
}

static gboolean
source_check (GSource *source)
{
  LibzmqSource *self = (LibzmqSource *) source;

  return g_source_query_unix_fd (source, self->fd_tag) != 0 &&
         has_message (self);
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  LibzmqSource *self = (LibzmqSource *) source;
  zmq_msg_t message;

  zmq_msg_init (&message);
  for (guint i = 0; i < MESSAGES_PER_TURN; i++)
    {
      if (zmq_msg_recv (&message, self->handle, ZMQ_DONTWAIT) < 0)
        break;
      if (!((MessageFunc) (void (*) (void)) callback) (&message, user_data))
        break;
    }
  zmq_msg_close (&message);

  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
  .prepare = source_prepare,
  .check = source_check,
  .dispatch = source_dispatch,
};

static gboolean
on_message (zmq_msg_t *message, gpointer user_data)
{
  LoopState *state = user_data;

  check_size (zmq_msg_size (message), state->size);
  if (state->received++ == 0)
    {
      bench_ticker_start (state->ticker);
      bench_span_begin (state->span);
    }
  if (state->received < state->count)
    return TRUE;

  bench_span_end (state->span, state->count - 1);
  bench_ticker_stop (state->ticker);
  g_main_loop_quit (state->loop);

  return FALSE;
}

/* libzmq knows no main loop: this is the source that its users write. */
static void
libzmq_receive_in_loop (gpointer socket,
                        const BenchOptions *options,
                        BenchTicker *ticker,
                        BenchSpan *span)
{
  LibzmqSocket *self = socket;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GSource) source = NULL;
  LoopState state = {
    .loop = loop,
    .ticker = ticker,
    .span = span,
    .size = options->size,
    .count = options->count,
  };
  int fd = -1;
  size_t size = sizeof fd;

  check (zmq_getsockopt (self->handle, ZMQ_FD, &fd, &size), "ZMQ_FD");
  source = g_source_new (&source_funcs, sizeof (LibzmqSource));
  g_source_set_static_name (source, "bench libzmq");
  ((LibzmqSource *) source)->handle = self->handle;
  ((LibzmqSource *) source)->fd_tag =
      g_source_add_unix_fd (source, fd, G_IO_IN);
  g_source_set_callback (source, G_SOURCE_FUNC (on_message), &state, NULL);
  g_source_attach (source, NULL);

  g_main_loop_run (loop);
  g_source_destroy (source);
}

static void
libzmq_wait_for_peers (gpointer socket, const BenchOptions *options)
{
  LibzmqSocket *self = socket;

  for (guint i = 0; i < options->peers; i++)
    {
      char frame[256];

      /* The event, and the address. */
      check (zmq_recv (self->monitor, frame, sizeof frame, 0), "zmq_recv");
      check (zmq_recv (self->monitor, frame, sizeof frame, 0), "zmq_recv");
    }
}

const BenchLibrary bench_library = {
  .name = "libzmq",
  .describe = libzmq_describe,
  .symbol = (const void *) zmq_version,
  .context_new = libzmq_context_new,
  .context_free = libzmq_context_free,
  .socket_new = libzmq_socket_new,
  .socket_free = libzmq_socket_free,
  .bind = libzmq_bind,
  .connect = libzmq_connect,
  .send_many = libzmq_send_many,
  .receive_many = libzmq_receive_many,
  .request_many = libzmq_request_many,
  .reply_many = libzmq_reply_many,
  .await_subscriptions = libzmq_await_subscriptions,
  .receive_from_all = libzmq_receive_from_all,
  .receive_in_loop = libzmq_receive_in_loop,
  .wait_for_peers = libzmq_wait_for_peers,
  .poll_many = bench_poll_many,
};
