/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>
#include <zmqg-zmq.h>

/* zmq_poll () and zmq_poller where libzmq has nothing to compare with: threads
 * that poll the same sockets, and engines that whoever polls has to drive. */

#define DEADLINE 60000 /* ms */

/* By zmq_poll (), or by a zmq_poller that is made once. */
typedef struct
{
  void *sockets[8];
  short events[8];
  guint n;
  void *poller; /* nullable */
} Polled;

static void
polled_init (Polled *self,
             gboolean poller)
{
  memset (self, 0, sizeof *self);
  if (poller)
    self->poller = zmq_poller_new ();
}

static void
polled_add (Polled *self,
            void *socket,
            short events)
{
  self->sockets[self->n] = socket;
  self->events[self->n] = events;
  if (self->poller != NULL)
    g_assert_cmpint (zmq_poller_add (self->poller, socket,
                                     GUINT_TO_POINTER (self->n), events), ==,
                     0);
  self->n++;
}

/* The number of sockets that have events, which are in @found; -1 with errno. */
static int
polled_wait (Polled *self,
             short *found,
             long timeout)
{
  zmq_pollitem_t items[8];
  zmq_poller_event_t events[8];
  int n;

  memset (found, 0, self->n * sizeof *found);
  if (self->poller != NULL)
    {
      n = zmq_poller_wait_all (self->poller, events, (int) self->n, timeout);
      for (int i = 0; i < n; i++)
        found[GPOINTER_TO_UINT (events[i].user_data)] = events[i].events;
      return n < 0 && errno == EAGAIN ? 0 : n;
    }

  for (guint i = 0; i < self->n; i++)
    items[i] = (zmq_pollitem_t) { self->sockets[i], 0, self->events[i], -1 };
  n = zmq_poll (items, (int) self->n, timeout);
  for (guint i = 0; i < self->n && n >= 0; i++)
    found[i] = items[i].revents;
  return n;
}

static void
polled_clear (Polled *self)
{
  if (self->poller != NULL)
    g_assert_cmpint (zmq_poller_destroy (&self->poller), ==, 0);
}

static void *
driven_context_new (void)
{
  return zmqg_context_to_zmq (
    g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode",
                  ZMQG_ENGINE_MODE_MAIN_CONTEXT, NULL));
}

static void
driven_context_free (void *handle)
{
  ZmqgContext *context = zmqg_context_from_zmq (handle);

  g_assert_true (zmqg_context_terminate (context, NULL, NULL));
  g_object_unref (context);
}

static void *
new_bound (void *context,
           int type,
           const char *uri,
           char address[64])
{
  void *socket = zmq_socket (context, type);
  gsize size = 64;

  g_assert_nonnull (socket);
  g_assert_cmpint (zmq_bind (socket, uri), ==, 0);
  g_assert_cmpint (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, address, &size),
                   ==, 0);
  return socket;
}

static void *
new_connected (void *context,
               int type,
               const char *address)
{
  void *socket = zmq_socket (context, type);

  g_assert_nonnull (socket);
  g_assert_cmpint (zmq_connect (socket, address), ==, 0);
  return socket;
}

/* As ZMQG_TEST_AWAIT, but turns no main loop, which would drive the engines. */
#define await(condition) \
  G_STMT_START { \
    gint64 deadline_ = g_get_monotonic_time () + DEADLINE * 1000; \
    while (!(condition)) \
      { \
        g_assert_cmpint (g_get_monotonic_time (), <, deadline_); \
        g_thread_yield (); \
      } \
  } G_STMT_END

/* --- Threads that poll the same sockets --------------------------------------- */

#define N_SOCKETS 5
#define N_THREADS 3
#define N_ROUNDS 300

typedef struct
{
  const char *scheme; /* tcp, ipc or inproc */
  gboolean poller;
  gboolean driven;    /* no thread but those that wait runs the engine */
} Way;

typedef struct
{
  const Way *way;
  void *pulls[N_SOCKETS];
  atomic_uint n_received;
} Crowd;

static void
take_all (Crowd *self,
          void *socket)
{
  while (zmq_recv (socket, NULL, 0, ZMQ_DONTWAIT) == 0)
    atomic_fetch_add (&self->n_received, 1);
  g_assert_true (errno == EAGAIN || errno == ETERM);
}

static gpointer
poll_shared (gpointer data)
{
  Crowd *self = data;
  short found[N_SOCKETS];
  Polled polled;
  int n;

  polled_init (&polled, self->way->poller);
  for (guint i = 0; i < N_SOCKETS; i++)
    polled_add (&polled, self->pulls[i], ZMQ_POLLIN);
  while ((n = polled_wait (&polled, found, -1)) >= 0)
    {
      g_assert_cmpint (n, >, 0);
      for (guint i = 0; i < N_SOCKETS; i++)
        if (found[i] != 0)
          take_all (self, self->pulls[i]);
    }
  g_assert_cmpint (errno, ==, ETERM);
  polled_clear (&polled);
  return NULL;
}

static gpointer
receive_shared (gpointer data)
{
  Crowd *self = data;

  while (zmq_recv (self->pulls[0], NULL, 0, 0) == 0)
    atomic_fetch_add (&self->n_received, 1);
  g_assert_cmpint (errno, ==, ETERM);
  return NULL;
}

/* Each message wakes somebody: nobody sends another one before it was taken. One
 * more thread receives, and so reads the connection itself where it may. */
static void
test_shared (gconstpointer data)
{
  const Way *way = data;
  void *context = way->driven ? driven_context_new () : zmq_ctx_new ();
  g_autofree char *uri = NULL;
  Crowd crowd = { .way = way };
  GThread *threads[N_THREADS + 1];
  void *pushes[N_SOCKETS];
  guint n_sent = 0;

  for (guint i = 0; i < N_SOCKETS; i++)
    {
      char address[64];

      g_clear_pointer (&uri, g_free);
      uri = g_str_equal (way->scheme, "inproc")
              ? g_strdup_printf ("inproc://%u", i)
              : g_strdup_printf ("%s://127.0.0.1:*", way->scheme);
      crowd.pulls[i] = new_bound (context, ZMQ_PULL, uri, address);
      pushes[i] = new_connected (context, ZMQ_PUSH, address);
    }
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("poll", poll_shared, &crowd);
  threads[N_THREADS] = g_thread_new ("receive", receive_shared, &crowd);

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      /* Now and then many at a time. */
      for (guint j = 0; j < (i % 16 == 0 ? 40 : 1); j++)
        {
          g_assert_cmpint (zmq_send (pushes[(i * 3 + j) % N_SOCKETS], "", 0,
                                     0), ==, 0);
          n_sent++;
        }
      await (atomic_load (&crowd.n_received) == n_sent);
    }

  g_assert_cmpint (zmq_ctx_shutdown (context), ==, 0);
  for (guint i = 0; i <= N_THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_SOCKETS; i++)
    {
      zmq_close (crowd.pulls[i]);
      zmq_close (pushes[i]);
    }
  if (way->driven)
    driven_context_free (context);
  else
    g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

#define N_MANY 300
#define N_MANY_ROUNDS 3000

typedef struct
{
  zmq_pollitem_t items[N_MANY];
  atomic_uint n_received;
} Many;

static gpointer
poll_many (gpointer data)
{
  Many *self = data;

  while (zmq_poll (self->items, N_MANY, -1) > 0)
    for (guint i = 0; i < N_MANY; i++)
      if (self->items[i].revents != 0)
        {
          g_assert_cmpint (zmq_recv (self->items[i].socket, NULL, 0,
                                     ZMQ_DONTWAIT), ==, 0);
          atomic_fetch_add (&self->n_received, 1);
        }
  g_assert_cmpint (errno, ==, ETERM);
  return NULL;
}

/* What comes while a call goes from one socket to the next, and long before it
 * sleeps, ends it, too. */
static void
test_between_looks (void)
{
  void *context = zmq_ctx_new ();
  void *pushes[N_MANY];
  Many many = { .n_received = 0 };
  GThread *thread;

  for (guint i = 0; i < N_MANY; i++)
    {
      g_autofree char *uri = g_strdup_printf ("inproc://%u", i);
      char address[64];

      many.items[i].socket = new_bound (context, ZMQ_PULL, uri, address);
      many.items[i].events = ZMQ_POLLIN;
      pushes[i] = new_connected (context, ZMQ_PUSH, address);
    }
  thread = g_thread_new ("poll", poll_many, &many);
  for (guint i = 0; i < N_MANY_ROUNDS; i++)
    {
      gint64 moment = g_get_monotonic_time () + i % 50;

      /* Each time the call has got a little farther. */
      while (g_get_monotonic_time () < moment)
        continue;
      g_assert_cmpint (zmq_send (pushes[i * 7 % N_MANY], "", 0, 0), ==, 0);
      await (atomic_load (&many.n_received) == i + 1);
    }

  g_assert_cmpint (zmq_ctx_shutdown (context), ==, 0);
  g_thread_join (thread);
  for (guint i = 0; i < N_MANY; i++)
    {
      zmq_close (many.items[i].socket);
      zmq_close (pushes[i]);
    }
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

typedef struct
{
  void *socket;
  gboolean poller;
  atomic_uint n_woken;
} Room;

static gpointer
poll_for_room (gpointer data)
{
  Room *self = data;
  Polled polled;
  short found;

  polled_init (&polled, self->poller);
  polled_add (&polled, self->socket, ZMQ_POLLOUT);
  while (polled_wait (&polled, &found, -1) > 0)
    {
      while (zmq_send (self->socket, "", 0, ZMQ_DONTWAIT) == 0)
        continue;
      g_assert_true (errno == EAGAIN || errno == ETERM);
      atomic_fetch_add (&self->n_woken, 1);
    }
  g_assert_cmpint (errno, ==, ETERM);
  polled_clear (&polled);
  return NULL;
}

/* The same of room: whoever takes messages out wakes somebody. */
static void
test_room (gconstpointer data)
{
  void *context = zmq_ctx_new ();
  Room room = { .poller = GPOINTER_TO_INT (data) };
  GThread *threads[N_THREADS];
  void *pull = zmq_socket (context, ZMQ_PULL);
  int one = 1;

  room.socket = zmq_socket (context, ZMQ_PUSH);
  zmq_setsockopt (pull, ZMQ_RCVHWM, &one, sizeof one);
  zmq_setsockopt (room.socket, ZMQ_SNDHWM, &one, sizeof one);
  g_assert_cmpint (zmq_bind (pull, "inproc://room"), ==, 0);
  g_assert_cmpint (zmq_connect (room.socket, "inproc://room"), ==, 0);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("poll", poll_for_room, &room);
  for (guint i = 0; i < 2000; i++)
    g_assert_cmpint (zmq_recv (pull, NULL, 0, 0), ==, 0);
  g_assert_cmpuint (atomic_load (&room.n_woken), >, 0);

  g_assert_cmpint (zmq_ctx_shutdown (context), ==, 0);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  zmq_close (pull);
  zmq_close (room.socket);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

/* --- Engines without threads --------------------------------------------------- */

/* Nobody runs a main loop here. */

/* Takes an engine many turns. */
#define LARGE (4 * 1024 * 1024)

static void
test_driven (gconstpointer data)
{
  g_autofree char *large = g_malloc0 (LARGE);
  void *context = driven_context_new ();
  char address[64];
  void *rep = new_bound (context, ZMQ_REP, "tcp://127.0.0.1:*", address);
  void *req = new_connected (context, ZMQ_REQ, address);
  Polled polled;
  short found[2];

  polled_init (&polled, GPOINTER_TO_INT (data));
  polled_add (&polled, rep, ZMQ_POLLIN);
  polled_add (&polled, req, ZMQ_POLLIN);
  for (guint i = 0; i < 6; i++)
    {
      g_assert_cmpint (polled_wait (&polled, found, 0), ==, 0);
      g_assert_cmpint (zmq_send (req, large, LARGE, ZMQ_DONTWAIT), ==, LARGE);
      g_assert_cmpint (polled_wait (&polled, found, i % 2 ? -1 : DEADLINE),
                       ==, 1);
      g_assert_cmpint (found[0], ==, ZMQ_POLLIN);
      g_assert_cmpint (zmq_recv (rep, NULL, 0, ZMQ_DONTWAIT), ==, LARGE);
      g_assert_cmpint (zmq_send (rep, "r", 1, ZMQ_DONTWAIT), ==, 1);
      g_assert_cmpint (polled_wait (&polled, found, i % 2 ? -1 : DEADLINE),
                       ==, 1);
      g_assert_cmpint (found[1], ==, ZMQ_POLLIN);
      g_assert_cmpint (zmq_recv (req, NULL, 0, ZMQ_DONTWAIT), ==, 1);
    }
  polled_clear (&polled);
  zmq_close (rep);
  zmq_close (req);
  driven_context_free (context);
}

/* Polls that do not wait get on, too; also while something else holds, as that
 * there is room does. */
static void
test_driven_without_waiting (gconstpointer data)
{
  void *context = driven_context_new ();
  char address[64];
  void *one = new_bound (context, ZMQ_DEALER, "tcp://127.0.0.1:*", address);
  void *other = new_connected (context, ZMQ_DEALER, address);
  Polled polled;
  short found = 0;

  g_assert_cmpint (zmq_send (other, "a", 1, ZMQ_DONTWAIT), ==, 1);
  polled_init (&polled, GPOINTER_TO_INT (data));
  polled_add (&polled, one, ZMQ_POLLIN | ZMQ_POLLOUT);
  await (polled_wait (&polled, &found, 0) >= 0 && (found & ZMQ_POLLOUT) != 0);
  if ((found & ZMQ_POLLIN) == 0)
    await (polled_wait (&polled, &found, 0) >= 0 &&
           (found & ZMQ_POLLIN) != 0);
  g_assert_cmpint (zmq_recv (one, NULL, 0, ZMQ_DONTWAIT), ==, 1);

  /* What waits does, too. */
  g_assert_cmpint (zmq_send (other, "b", 1, ZMQ_DONTWAIT), ==, 1);
  await (polled_wait (&polled, &found, -1) >= 0 && (found & ZMQ_POLLIN) != 0);
  polled_clear (&polled);
  zmq_close (one);
  zmq_close (other);
  driven_context_free (context);
}

static gboolean
has_events (void *socket,
            int wanted)
{
  int events;
  size_t size = sizeof events;

  g_assert_cmpint (zmq_getsockopt (socket, ZMQ_EVENTS, &events, &size), ==, 0);
  return (events & wanted) == wanted;
}

/* Nor does who asks for the events, again and again, while there is room. */
static void
test_driven_events (void)
{
  void *context = driven_context_new ();
  char address[64];
  void *one = new_bound (context, ZMQ_DEALER, "tcp://127.0.0.1:*", address);
  void *other = new_connected (context, ZMQ_DEALER, address);

  await (has_events (other, ZMQ_POLLOUT));
  await (has_events (one, ZMQ_POLLOUT));
  g_assert_cmpint (zmq_send (other, "a", 1, ZMQ_DONTWAIT), ==, 1);
  await (has_events (one, ZMQ_POLLIN | ZMQ_POLLOUT));
  g_assert_cmpint (zmq_recv (one, NULL, 0, ZMQ_DONTWAIT), ==, 1);
  zmq_close (one);
  zmq_close (other);
  driven_context_free (context);
}

/* Sockets of several contexts, one of which has threads. */
static void
test_engines (gconstpointer data)
{
  void *contexts[] = { driven_context_new (), driven_context_new (),
                       zmq_ctx_new () };
  char address[64];
  void *router = new_bound (contexts[0], ZMQ_ROUTER, "tcp://127.0.0.1:*",
                            address);
  void *dealers[] = { new_connected (contexts[1], ZMQ_DEALER, address),
                      new_connected (contexts[2], ZMQ_DEALER, address) };
  Polled polled;
  short found[3];

  polled_init (&polled, GPOINTER_TO_INT (data));
  polled_add (&polled, dealers[0], ZMQ_POLLIN);
  polled_add (&polled, router, ZMQ_POLLIN);
  polled_add (&polled, dealers[1], ZMQ_POLLIN);
  for (guint i = 0; i < 20; i++)
    {
      char id[16];
      int size;

      g_assert_cmpint (zmq_send (dealers[i % 2], "q", 1, ZMQ_DONTWAIT), ==,
                       1);
      g_assert_cmpint (polled_wait (&polled, found, -1), ==, 1);
      g_assert_cmpint (found[1], ==, ZMQ_POLLIN);
      size = zmq_recv (router, id, sizeof id, ZMQ_DONTWAIT);
      g_assert_cmpint (size, >, 0);
      g_assert_cmpint (zmq_recv (router, NULL, 0, ZMQ_DONTWAIT), ==, 1);
      g_assert_cmpint (zmq_send (router, id, (gsize) size, ZMQ_SNDMORE), ==,
                       size);
      g_assert_cmpint (zmq_send (router, "r", 1, ZMQ_DONTWAIT), ==, 1);
      g_assert_cmpint (polled_wait (&polled, found, -1), ==, 1);
      g_assert_cmpint (found[i % 2 == 0 ? 0 : 2], ==, ZMQ_POLLIN);
      g_assert_cmpint (zmq_recv (dealers[i % 2], NULL, 0, ZMQ_DONTWAIT), ==,
                       1);
    }
  polled_clear (&polled);
  zmq_close (router);
  zmq_close (dealers[0]);
  zmq_close (dealers[1]);
  driven_context_free (contexts[0]);
  driven_context_free (contexts[1]);
  g_assert_cmpint (zmq_ctx_term (contexts[2]), ==, 0);
}

/* A socket that left the set takes its engine along; those that stay keep
 * theirs. */
static void
test_poller_changes (void)
{
  void *contexts[] = { driven_context_new (), driven_context_new () };
  char addresses[2][64];
  void *pulls[] = {
    new_bound (contexts[0], ZMQ_PULL, "tcp://127.0.0.1:*", addresses[0]),
    new_bound (contexts[1], ZMQ_PULL, "tcp://127.0.0.1:*", addresses[1]),
  };
  void *others = zmq_ctx_new ();
  void *push = new_connected (others, ZMQ_PUSH, addresses[1]);
  void *poller = zmq_poller_new ();
  zmq_poller_event_t event;

  g_assert_cmpint (zmq_poller_add (poller, pulls[0], NULL, ZMQ_POLLIN), ==,
                   0);
  g_assert_cmpint (zmq_poller_add (poller, pulls[1], NULL, ZMQ_POLLIN), ==,
                   0);
  g_assert_cmpint (zmq_poller_remove (poller, pulls[0]), ==, 0);
  zmq_close (pulls[0]);
  driven_context_free (contexts[0]);
  g_assert_cmpint (zmq_send (push, "", 0, 0), ==, 0);
  g_assert_cmpint (zmq_poller_wait (poller, &event, -1), ==, 0);
  g_assert_true (event.socket == pulls[1]);
  g_assert_cmpint (zmq_poller_destroy (&poller), ==, 0);
  zmq_close (pulls[1]);
  zmq_close (push);
  driven_context_free (contexts[1]);
  g_assert_cmpint (zmq_ctx_term (others), ==, 0);
}

static gint64
get_cpu_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* It sleeps as long as it was told to. */
static void
test_driven_timeout (gconstpointer data)
{
  void *context = driven_context_new ();
  char address[64];
  void *pull = new_bound (context, ZMQ_PULL, "tcp://127.0.0.1:*", address);
  void *push = new_connected (context, ZMQ_PUSH, address);
  Polled polled;
  short found;
  gint64 start;
  gint64 cpu;

  polled_init (&polled, GPOINTER_TO_INT (data));
  polled_add (&polled, pull, ZMQ_POLLIN);
  /* The connection is made. */
  g_assert_cmpint (zmq_send (push, "", 0, 0), ==, 0);
  g_assert_cmpint (polled_wait (&polled, &found, -1), ==, 1);
  g_assert_cmpint (zmq_recv (pull, NULL, 0, 0), ==, 0);

  start = g_get_monotonic_time ();
  cpu = get_cpu_time ();
  g_assert_cmpint (polled_wait (&polled, &found, 300), ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 300000);
  g_assert_cmpint (get_cpu_time () - cpu, <, 150000);
  polled_clear (&polled);
  zmq_close (pull);
  zmq_close (push);
  driven_context_free (context);
}

static void
test_driven_descriptor (void)
{
  void *context = driven_context_new ();
  char address[64];
  void *pull = new_bound (context, ZMQ_PULL, "tcp://127.0.0.1:*", address);
  int ends[2];
  zmq_pollitem_t items[] = { { pull, 0, ZMQ_POLLIN, 0 },
                             { NULL, 0, ZMQ_POLLIN, 0 } };

  g_assert_cmpint (pipe (ends), ==, 0);
  items[1].fd = ends[0];
  g_assert_cmpint (zmq_poll (items, 2, 1), ==, 0);
  g_assert_cmpint (write (ends[1], "x", 1), ==, 1);
  g_assert_cmpint (zmq_poll (items, 2, -1), ==, 1);
  g_assert_cmpint (items[0].revents, ==, 0);
  g_assert_cmpint (items[1].revents, ==, ZMQ_POLLIN);
  g_assert_cmpint (read (ends[0], address, 1), ==, 1);
  close (ends[1]);
  g_assert_cmpint (zmq_poll (items, 2, -1), ==, 1);
  g_assert_cmpint (items[1].revents, ==, ZMQ_POLLERR);
  close (ends[0]);
  zmq_close (pull);
  driven_context_free (context);
}

static void
ignore (int number G_GNUC_UNUSED)
{
}

typedef struct
{
  pthread_t target;
  atomic_bool stop;
} Interrupter;

static gpointer
interrupt (gpointer data)
{
  Interrupter *self = data;

  while (!atomic_load (&self->stop))
    {
      pthread_kill (self->target, SIGUSR1);
      g_thread_yield ();
    }
  return NULL;
}

static void
test_driven_signal (gconstpointer data)
{
  void *context = driven_context_new ();
  char address[64];
  void *pull = new_bound (context, ZMQ_PULL, "tcp://127.0.0.1:*", address);
  Interrupter interrupter = { .target = pthread_self () };
  struct sigaction action = { .sa_handler = ignore };
  GThread *thread;
  Polled polled;
  short found;

  sigaction (SIGUSR1, &action, NULL);
  polled_init (&polled, GPOINTER_TO_INT (data));
  polled_add (&polled, pull, ZMQ_POLLIN);
  thread = g_thread_new ("interrupt", interrupt, &interrupter);
  for (guint i = 0; i < 20; i++)
    {
      g_assert_cmpint (polled_wait (&polled, &found, i % 2 ? -1 : DEADLINE),
                       ==, -1);
      g_assert_cmpint (errno, ==, EINTR);
    }
  atomic_store (&interrupter.stop, TRUE);
  g_thread_join (thread);
  polled_clear (&polled);
  zmq_close (pull);
  driven_context_free (context);
}

typedef struct
{
  void *sockets[2]; /* whose engines are driven */
  gboolean poller;
  gboolean keeps; /* the ball, the last time */
} Player;

#define N_THROWS 200

/* Throws the ball back as often as it comes. */
static gpointer
play (gpointer data)
{
  Player *self = data;
  short found[2];
  Polled polled;

  polled_init (&polled, self->poller);
  polled_add (&polled, self->sockets[0], ZMQ_POLLIN);
  polled_add (&polled, self->sockets[1], ZMQ_POLLIN);
  for (guint i = 1; i <= N_THROWS; i++)
    {
      g_assert_cmpint (polled_wait (&polled, found, DEADLINE), ==, 1);
      g_assert_cmpint (found[0], ==, ZMQ_POLLIN);
      g_assert_cmpint (zmq_recv (self->sockets[0], NULL, 0, ZMQ_DONTWAIT), ==,
                       0);
      if (i < N_THROWS || !self->keeps)
        g_assert_cmpint (zmq_send (self->sockets[0], "", 0, ZMQ_DONTWAIT), ==,
                         0);
    }
  polled_clear (&polled);
  return NULL;
}

/* Two threads that need both of two engines, in different order: each of the
 * two is driven by one of them, and handed over when that leaves. */
static void
test_two_drivers (gconstpointer data)
{
  void *contexts[] = { driven_context_new (), driven_context_new () };
  char address[64];
  void *one = new_bound (contexts[0], ZMQ_PAIR, "tcp://127.0.0.1:*", address);
  void *other = new_connected (contexts[1], ZMQ_PAIR, address);
  /* Nothing comes there, but it needs the other engine. */
  char ignored[64];
  void *quiet[] = {
    new_bound (contexts[1], ZMQ_PULL, "tcp://127.0.0.1:*", ignored),
    new_bound (contexts[0], ZMQ_PULL, "tcp://127.0.0.1:*", ignored),
  };
  Player players[] = {
    { { one, quiet[0] }, GPOINTER_TO_INT (data), FALSE },
    { { other, quiet[1] }, GPOINTER_TO_INT (data), TRUE },
  };
  GThread *thread;

  g_assert_cmpint (zmq_send (other, "", 0, ZMQ_DONTWAIT), ==, 0);
  thread = g_thread_new ("other", play, &players[1]);
  play (&players[0]);
  g_thread_join (thread);

  zmq_close (one);
  zmq_close (other);
  zmq_close (quiet[0]);
  zmq_close (quiet[1]);
  driven_context_free (contexts[0]);
  driven_context_free (contexts[1]);
}

static gpointer
run_loop (gpointer data)
{
  g_main_loop_run (data);
  return NULL;
}

/* A main loop in another thread drives, too. */
static void
test_beside_a_loop (gconstpointer data)
{
  void *context = driven_context_new ();
  void *others = zmq_ctx_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  char address[64];
  void *pull = new_bound (context, ZMQ_PULL, "tcp://127.0.0.1:*", address);
  void *push = new_connected (others, ZMQ_PUSH, address);
  GThread *thread = g_thread_new ("loop", run_loop, loop);
  Polled polled;
  short found;

  polled_init (&polled, GPOINTER_TO_INT (data));
  polled_add (&polled, pull, ZMQ_POLLIN);
  for (guint i = 0; i < 200; i++)
    {
      g_assert_cmpint (zmq_send (push, "", 0, 0), ==, 0);
      g_assert_cmpint (polled_wait (&polled, &found, DEADLINE), ==, 1);
      g_assert_cmpint (zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT), ==, 0);
    }
  await (g_main_loop_is_running (loop));
  g_main_loop_quit (loop);
  g_thread_join (thread);
  polled_clear (&polled);
  zmq_close (pull);
  zmq_close (push);
  driven_context_free (context);
  g_assert_cmpint (zmq_ctx_term (others), ==, 0);
}

typedef struct
{
  void *socket;
  gboolean poller;
  int result;
  int code;
  atomic_bool waits; /* or is about to */
} Waiter;

static gpointer
wait_for_message (gpointer data)
{
  Waiter *self = data;
  Polled polled;
  short found;

  polled_init (&polled, self->poller);
  polled_add (&polled, self->socket, ZMQ_POLLIN);
  atomic_store (&self->waits, TRUE);
  self->result = polled_wait (&polled, &found, -1);
  self->code = errno;
  polled_clear (&polled);
  return NULL;
}

/* A socket that has no endpoint when the wait begins, and so no engine. */
static void
test_late_engine (gconstpointer data)
{
  void *context = driven_context_new ();
  void *others = zmq_ctx_new ();
  Waiter waiter = { zmq_socket (context, ZMQ_PULL), GPOINTER_TO_INT (data) };
  GThread *thread = g_thread_new ("wait", wait_for_message, &waiter);
  char address[64];
  gsize size = sizeof address;
  void *push;

  await (atomic_load (&waiter.waits));
  g_assert_cmpint (zmq_bind (waiter.socket, "tcp://127.0.0.1:*"), ==, 0);
  zmq_getsockopt (waiter.socket, ZMQ_LAST_ENDPOINT, address, &size);
  push = new_connected (others, ZMQ_PUSH, address);
  g_assert_cmpint (zmq_send (push, "", 0, 0), ==, 0);
  g_thread_join (thread);
  g_assert_cmpint (waiter.result, ==, 1);
  zmq_close (waiter.socket);
  zmq_close (push);
  driven_context_free (context);
  g_assert_cmpint (zmq_ctx_term (others), ==, 0);
}

static void
test_driven_shutdown (gconstpointer data)
{
  void *context = driven_context_new ();
  char address[64];
  Waiter waiter = { new_bound (context, ZMQ_PULL, "tcp://127.0.0.1:*",
                               address), GPOINTER_TO_INT (data) };
  GThread *thread = g_thread_new ("wait", wait_for_message, &waiter);

  await (atomic_load (&waiter.waits));
  g_assert_cmpint (zmq_ctx_shutdown (context), ==, 0);
  g_thread_join (thread);
  g_assert_cmpint (waiter.result, ==, -1);
  g_assert_cmpint (waiter.code, ==, ETERM);
  zmq_close (waiter.socket);
  driven_context_free (context);
}

static void
add_both (const char *name,
          void (*test) (gconstpointer data))
{
  const char *ways[] = { "poll", "poller" };

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *path = g_strdup_printf ("/zmqg/compat/polls/%s/%s",
                                               name, ways[i]);

      g_test_add_data_func (path, GINT_TO_POINTER (i), test);
    }
}

int
main (int argc, char **argv)
{
  static const Way ways[] = {
    { "inproc", FALSE, FALSE }, { "inproc", TRUE, FALSE },
    { "tcp", FALSE, FALSE },    { "tcp", TRUE, FALSE },
    { "tcp", FALSE, TRUE },     { "tcp", TRUE, TRUE },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path =
        g_strdup_printf ("/zmqg/compat/polls/shared/%s%s/%s", ways[i].scheme,
                         ways[i].driven ? "-driven" : "",
                         ways[i].poller ? "poller" : "poll");

      g_test_add_data_func (path, &ways[i], test_shared);
    }
  g_test_add_func ("/zmqg/compat/polls/between-looks", test_between_looks);
  add_both ("room", test_room);
  add_both ("driven", test_driven);
  add_both ("driven-without-waiting", test_driven_without_waiting);
  g_test_add_func ("/zmqg/compat/polls/driven-events", test_driven_events);
  add_both ("engines", test_engines);
  add_both ("driven-timeout", test_driven_timeout);
  add_both ("driven-signal", test_driven_signal);
  add_both ("two-drivers", test_two_drivers);
  add_both ("beside-a-loop", test_beside_a_loop);
  add_both ("late-engine", test_late_engine);
  add_both ("driven-shutdown", test_driven_shutdown);
  g_test_add_func ("/zmqg/compat/polls/poller-changes", test_poller_changes);
  g_test_add_func ("/zmqg/compat/polls/driven-descriptor",
                   test_driven_descriptor);
  return g_test_run ();
}
