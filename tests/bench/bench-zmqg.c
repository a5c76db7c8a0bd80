/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */
#include "config.h"

#include "bench-worker-private.h"

#include <string.h>
#include <zmqg.h>

#define MESSAGES_PER_BATCH 256
#define MESSAGES_PER_VISIT 64

typedef struct
{
  GMainLoop *loop;
  BenchTicker *ticker;
  BenchSpan *span;
  gsize size;
  guint64 received;
  guint64 count;
} LoopState;

static void
check (gboolean succeeded, const char *what, GError *error)
{
  if (G_UNLIKELY (!succeeded))
    bench_fail ("%s: %s", what, error != NULL ? error->message : "no error");
}

/* Takes the message. */
static inline void
consume (ZmqgMessage *message, gsize expected, GError *error)
{
  gsize size;

  if (G_UNLIKELY (message == NULL))
    check (FALSE, "receive", error);

  size = zmqg_message_get_size (message);
  if (G_UNLIKELY (size != expected))
    bench_fail ("A message of %zu bytes, not %zu", size, expected);
  zmqg_message_unref (message);
}

static char *
bench_zmqg_describe (void)
{
  return g_strdup (PACKAGE_VERSION);
}

static gpointer
bench_zmqg_context_new (const BenchOptions *options)
{
  return g_object_new (ZMQG_TYPE_CONTEXT,
                       "engine-mode", options->main_context
                                          ? ZMQG_ENGINE_MODE_MAIN_CONTEXT
                                          : ZMQG_ENGINE_MODE_THREADS,
                       NULL);
}

static void
bench_zmqg_context_free (gpointer context)
{
  g_autoptr (GError) error = NULL;

  check (zmqg_context_terminate (context, NULL, &error), "terminate", error);
  g_object_unref (context);
}

static ZmqgSocket *
create_socket (ZmqgContext *context, BenchSocketType type)
{
  switch (type)
    {
    case BENCH_SOCKET_PUSH:
      return zmqg_push_socket_new (context);
    case BENCH_SOCKET_PULL:
      return zmqg_pull_socket_new (context);
    case BENCH_SOCKET_REQ:
      return zmqg_req_socket_new (context);
    case BENCH_SOCKET_REP:
      return zmqg_rep_socket_new (context);
    case BENCH_SOCKET_XPUB:
      return zmqg_xpub_socket_new (context);
    case BENCH_SOCKET_SUB:
      return zmqg_sub_socket_new (context);
    default:
      g_assert_not_reached ();
    }
}

static gpointer
bench_zmqg_socket_new (gpointer context,
                       BenchSocketType type,
                       const BenchOptions *options)
{
  ZmqgSocket *socket = create_socket (context, type);

  if (options->hwm >= 0)
    g_object_set (socket,
                  "send-hwm", options->hwm,
                  "receive-hwm", options->hwm,
                  NULL);
  if (options->peers > 0)
    g_object_set (socket, "backlog", 1024, NULL);

  if (type == BENCH_SOCKET_XPUB)
    {
      g_object_set (socket, "verbose", TRUE, "no-drop", TRUE, NULL);
    }
  else if (type == BENCH_SOCKET_SUB)
    {
      g_autoptr (GError) error = NULL;

      check (zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), "", &error),
             "subscribe", error);
    }

  return socket;
}

static void
bench_zmqg_socket_free (gpointer socket)
{
  zmqg_socket_close (socket);
  g_object_unref (socket);
}

static char *
bench_zmqg_bind (gpointer socket, const char *uri)
{
  g_autoptr (GError) error = NULL;
  char *resolved = NULL;

  check (zmqg_socket_bind (socket, uri, &error), uri, error);
  g_object_get (socket, "last-endpoint", &resolved, NULL);

  return resolved;
}

static void
bench_zmqg_connect (gpointer socket, const char *uri)
{
  g_autoptr (GError) error = NULL;

  check (zmqg_socket_connect_to (socket, uri, &error), uri, error);
}

static void
keep_payload (gpointer data)
{
}

static void
send_copies (ZmqgSocket *socket,
             const guint8 *data,
             gsize size,
             guint64 count)
{
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < count; i++)
    if (!zmqg_socket_send_data (socket, data, size, NULL, &error))
      check (FALSE, "send_data", error);
}

static void
send_references (ZmqgSocket *socket,
                 guint8 *data,
                 gsize size,
                 guint64 count)
{
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < count; i++)
    {
      g_autoptr (GBytes) bytes = NULL;

      bytes = g_bytes_new_with_free_func (data, size, keep_payload, NULL);
      if (!zmqg_socket_send_bytes (socket, bytes, NULL, &error))
        check (FALSE, "send_bytes", error);
    }
}

static void
bench_zmqg_send_many (gpointer socket, const BenchOptions *options)
{
  /* Not freed: it may still be written when a call by reference returned. */
  static guint8 *data;

  if (data == NULL)
    {
      data = g_malloc (options->size);
      memset (data, 'z', options->size);
    }

  if (options->by_reference)
    send_references (socket, data, options->size, options->count);
  else
    send_copies (socket, data, options->size, options->count);
}

static void
receive_singly (ZmqgSocket *socket,
                const BenchOptions *options,
                BenchSpan *span)
{
  g_autoptr (GError) error = NULL;

  consume (zmqg_socket_receive (socket, NULL, &error), options->size, error);
  bench_span_begin (span);

  for (guint64 i = 1; i < options->count; i++)
    consume (zmqg_socket_receive (socket, NULL, &error), options->size, error);

  bench_span_end (span, options->count - 1);
}

static guint
receive_one_batch (ZmqgSocket *socket, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) batch = NULL;

  batch = zmqg_socket_receive_batch (socket, MESSAGES_PER_BATCH, NULL, &error);
  check (batch != NULL && batch->len > 0, "receive_batch", error);

  for (guint i = 0; i < batch->len; i++)
    if (zmqg_message_get_size (g_ptr_array_index (batch, i)) != size)
      bench_fail ("A message is not of %zu bytes", size);

  return batch->len;
}

static void
receive_batches (ZmqgSocket *socket,
                 const BenchOptions *options,
                 BenchSpan *span)
{
  guint64 first = receive_one_batch (socket, options->size);
  guint64 received = first;

  bench_span_begin (span);
  while (received < options->count)
    received += receive_one_batch (socket, options->size);
  bench_span_end (span, received - first);
}

static void
bench_zmqg_receive_many (gpointer socket,
                         const BenchOptions *options,
                         BenchSpan *span)
{
  if (options->batch)
    receive_batches (socket, options, span);
  else
    receive_singly (socket, options, span);
}

static void
request_once (ZmqgSocket *socket, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;

  if (!zmqg_socket_send_data (socket, data, size, NULL, &error))
    check (FALSE, "send_data", error);
  consume (zmqg_socket_receive (socket, NULL, &error), size, error);
}

static void
bench_zmqg_request_many (gpointer socket,
                         const BenchOptions *options,
                         GArray *samples,
                         BenchSpan *span)
{
  g_autofree guint8 *data = g_malloc0 (options->size);

  for (guint64 i = 0; i < options->warm_up; i++)
    request_once (socket, data, options->size);

  bench_span_begin (span);
  for (guint64 i = 0; i < options->count; i++)
    {
      gint64 start = bench_now_ns ();
      gint64 duration;

      request_once (socket, data, options->size);
      duration = bench_now_ns () - start;
      g_array_append_val (samples, duration);
    }
  bench_span_end (span, options->count);
}

static void
bench_zmqg_reply_many (gpointer socket, const BenchOptions *options)
{
  g_autofree guint8 *data = g_malloc0 (options->size);
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < options->warm_up + options->count; i++)
    {
      consume (zmqg_socket_receive (socket, NULL, &error), options->size,
               error);
      if (!zmqg_socket_send_data (socket, data, options->size, NULL, &error))
        check (FALSE, "send_data", error);
    }
}

static void
bench_zmqg_await_subscriptions (gpointer socket, const BenchOptions *options)
{
  for (guint i = 0; i < options->peers; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ZmqgMessage) message = NULL;

      message = zmqg_socket_receive (socket, NULL, &error);
      check (message != NULL, "receive", error);
    }
}

/* Takes what is there, but not more than a socket's share of a sweep. */
static guint
visit (ZmqgSocket *socket, gsize size, guint64 wanted)
{
  guint limit = MIN (wanted, MESSAGES_PER_VISIT);

  for (guint i = 0; i < limit; i++)
    {
      ZmqgMessage *message = zmqg_socket_try_receive (socket, NULL);

      if (message == NULL)
        return i;
      consume (message, size, NULL);
    }

  return limit;
}

static void
bench_zmqg_receive_from_all (gpointer *sockets,
                             guint n_sockets,
                             const BenchOptions *options,
                             BenchSpan *span)
{
  g_autofree guint64 *received = g_new0 (guint64, n_sockets);
  g_autoptr (GError) error = NULL;
  guint64 total;

  consume (zmqg_socket_receive (sockets[0], NULL, &error), options->size,
           error);
  bench_span_begin (span);
  received[0] = 1;
  total = 1;

  while (total < options->count * n_sockets)
    {
      guint taken = 0;
      guint last = 0;

      for (guint i = 0; i < n_sockets; i++)
        {
          guint n = visit (sockets[i], options->size,
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
          consume (zmqg_socket_receive (sockets[last], NULL, &error),
                   options->size, error);
          received[last]++;
          total++;
        }
    }

  bench_span_end (span, total - 1);
}

static void
on_message (ZmqgSocket *socket, ZmqgMessage *message, gpointer user_data)
{
  LoopState *state = user_data;

  if (G_UNLIKELY (zmqg_message_get_size (message) != state->size))
    bench_fail ("A message is not of %zu bytes", state->size);
  if (state->received++ == 0)
    {
      bench_ticker_start (state->ticker);
      bench_span_begin (state->span);
    }
  if (state->received < state->count)
    return;

  bench_span_end (state->span, state->count - 1);
  bench_ticker_stop (state->ticker);
  g_main_loop_quit (state->loop);
}

static void
bench_zmqg_receive_in_loop (gpointer socket,
                            const BenchOptions *options,
                            BenchTicker *ticker,
                            BenchSpan *span)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  LoopState state = {
    .loop = loop,
    .ticker = ticker,
    .span = span,
    .size = options->size,
    .count = options->count,
  };
  gulong handler =
      g_signal_connect (socket, "message", G_CALLBACK (on_message), &state);

  g_main_loop_run (loop);
  g_signal_handler_disconnect (socket, handler);
}

static void
bench_zmqg_wait_for_peers (gpointer socket, const BenchOptions *options)
{
  g_autoptr (GError) error = NULL;

  check (zmqg_socket_wait_for_peers (socket, options->peers, NULL, &error),
         "wait_for_peers", error);
}

const BenchLibrary bench_library = {
  .name = "zmqg",
  .describe = bench_zmqg_describe,
  .symbol = (const void *) zmqg_context_new,
  .context_new = bench_zmqg_context_new,
  .context_free = bench_zmqg_context_free,
  .socket_new = bench_zmqg_socket_new,
  .socket_free = bench_zmqg_socket_free,
  .bind = bench_zmqg_bind,
  .connect = bench_zmqg_connect,
  .send_many = bench_zmqg_send_many,
  .receive_many = bench_zmqg_receive_many,
  .request_many = bench_zmqg_request_many,
  .reply_many = bench_zmqg_reply_many,
  .await_subscriptions = bench_zmqg_await_subscriptions,
  .receive_from_all = bench_zmqg_receive_from_all,
  .receive_in_loop = bench_zmqg_receive_in_loop,
  .wait_for_peers = bench_zmqg_wait_for_peers,
};
