/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */
#include "config.h"

/* zmq_poller is a draft, which a libzmq may lack: it is looked up. */
#define ZMQ_BUILD_DRAFT_API

#include "bench-poll-private.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

/*
 * One thread polls many DEALERs, to one of which, the next one in turn each
 * time, a ROUTER has sent a message, or sends it when the thread has long been
 * waiting.
 */

/* So that the one who polls sleeps by then. */
#define DELAY_USEC 5000

#define ROUNDS_BEFORE 20

/* From one socket to the next one that has something. */
#define STRIDE 37

#define POLLER_FUNCTIONS(with) \
  with (poller_new) \
  with (poller_add) \
  with (poller_wait) \
  with (poller_destroy)

typedef struct
{
  const BenchOptions *options;
  void *router;
  void **dealers;
  zmq_pollitem_t *items;
  void *poller;         /* NULL: zmq_poll () */
#define FUNCTION(name) __typeof__ (zmq_##name) *name;
  POLLER_FUNCTIONS (FUNCTION)
#undef FUNCTION
  GAsyncQueue *orders;  /* who gets a message: number plus 1 */
  gint64 sent_ns;       /* when; of the thread that sends, until it has */
  gint64 cpu_ns;        /* of the thread, in the calls */
} Polling;

static void
check (int result, const char *what)
{
  if (G_UNLIKELY (result < 0))
    bench_fail ("%s: %s", what, zmq_strerror (zmq_errno ()));
}

static gint64
thread_cpu_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

static void
make_sockets (Polling *self, void *context, const char *uri)
{
  guint n = self->options->peers;
  char address[256];
  size_t size = sizeof address;
  char id[16];

  check (zmq_ctx_set (context, ZMQ_MAX_SOCKETS, (int) n + 1), "max sockets");
  self->router = zmq_socket (context, ZMQ_ROUTER);
  check (zmq_bind (self->router, uri), uri);
  check (zmq_getsockopt (self->router, ZMQ_LAST_ENDPOINT, address, &size),
         "ZMQ_LAST_ENDPOINT");
  self->dealers = g_new0 (void *, n);
  self->items = g_new0 (zmq_pollitem_t, n);
  for (guint i = 0; i < n; i++)
    {
      void *dealer = zmq_socket (context, ZMQ_DEALER);

      if (dealer == NULL)
        bench_fail ("zmq_socket: %s", zmq_strerror (zmq_errno ()));
      g_snprintf (id, sizeof id, "%u", i);
      check (zmq_setsockopt (dealer, ZMQ_ROUTING_ID, id, strlen (id)),
             "ZMQ_ROUTING_ID");
      check (zmq_connect (dealer, address), address);
      check (zmq_send (dealer, "", 0, 0), "zmq_send");
      check (zmq_recv (self->router, id, sizeof id, 0), "zmq_recv");
      check (zmq_recv (self->router, NULL, 0, 0), "zmq_recv");
      self->dealers[i] = dealer;
      self->items[i].socket = dealer;
      self->items[i].events = ZMQ_POLLIN;
    }
}

static void
make_poller (Polling *self)
{
#define FUNCTION(name) \
  self->name = (__typeof__ (zmq_##name) *) dlsym (RTLD_DEFAULT, \
                                                  "zmq_" #name); \
  if (self->name == NULL) \
    bench_fail ("It has no zmq_poller: it was built without drafts");
  POLLER_FUNCTIONS (FUNCTION)
#undef FUNCTION

  self->poller = self->poller_new ();
  for (guint i = 0; i < self->options->peers; i++)
    check (self->poller_add (self->poller, self->dealers[i], NULL,
                             ZMQ_POLLIN), "zmq_poller_add");
}

static void
send_to (Polling *self, guint number)
{
  char id[16];

  g_snprintf (id, sizeof id, "%u", number);
  check (zmq_send (self->router, id, strlen (id), ZMQ_SNDMORE), "zmq_send");
  check (zmq_send (self->router, "", 0, 0), "zmq_send");
}

static gpointer
send_late (gpointer data)
{
  Polling *self = data;
  guint order;

  while ((order = GPOINTER_TO_UINT (g_async_queue_pop (self->orders))) <=
         self->options->peers)
    {
      g_usleep (DELAY_USEC);
      self->sent_ns = bench_now_ns ();
      send_to (self, order - 1);
    }

  return NULL;
}

/* Whether the socket, and no other, has something. */
static gboolean
poll_once (Polling *self, guint number, long timeout)
{
  zmq_poller_event_t event = { 0 };

  if (self->poller == NULL)
    return zmq_poll (self->items, (int) self->options->peers, timeout) == 1 &&
           self->items[number].revents == ZMQ_POLLIN;

  return self->poller_wait (self->poller, &event, timeout) == 0 &&
         event.socket == self->dealers[number];
}

/* The time in ns that it took. */
static gint64
take_turn (Polling *self, guint number)
{
  BenchPolling way = self->options->polling;
  gint64 start;
  gint64 end;
  gint64 cpu;
  gboolean found;

  if (way == BENCH_POLLING_READY)
    {
      send_to (self, number);
      check (zmq_poll (&self->items[number], 1, -1), "zmq_poll");
    }
  else if (way == BENCH_POLLING_WAITING)
    g_async_queue_push (self->orders, GUINT_TO_POINTER (number + 1));

  cpu = thread_cpu_ns ();
  start = bench_now_ns ();
  found = poll_once (self, number, way == BENCH_POLLING_NOTHING ? 0 : -1);
  end = bench_now_ns ();
  self->cpu_ns += thread_cpu_ns () - cpu;

  if (found != (way != BENCH_POLLING_NOTHING))
    bench_fail ("Socket %u was %sfound", number, found ? "" : "not ");
  if (found)
    check (zmq_recv (self->dealers[number], NULL, 0, 0), "zmq_recv");

  return end - (way == BENCH_POLLING_WAITING ? self->sent_ns : start);
}

gint64
bench_poll_many (gpointer context,
                 const char *uri,
                 const BenchOptions *options,
                 GArray *samples,
                 BenchSpan *span)
{
  Polling self = { .options = options };
  guint number = 0;
  GThread *sender;

  make_sockets (&self, context, uri);
  if (options->poller)
    make_poller (&self);
  self.orders = g_async_queue_new ();
  sender = g_thread_new ("sender", send_late, &self);

  for (guint64 i = 0; i < ROUNDS_BEFORE + options->count; i++)
    {
      gint64 duration = take_turn (&self, number);

      number = (number + STRIDE) % options->peers;
      if (i >= ROUNDS_BEFORE)
        {
          g_array_append_val (samples, duration);
        }
      else if (i == ROUNDS_BEFORE - 1)
        {
          self.cpu_ns = 0;
          bench_span_begin (span);
        }
    }
  bench_span_end (span, options->count);

  g_async_queue_push (self.orders, GUINT_TO_POINTER (options->peers + 1));
  g_thread_join (sender);
  g_async_queue_unref (self.orders);
  if (self.poller != NULL)
    self.poller_destroy (&self.poller);
  for (guint i = 0; i < options->peers; i++)
    zmq_close (self.dealers[i]);
  zmq_close (self.router);
  g_free (self.dealers);
  g_free (self.items);
  return self.cpu_ns;
}
