/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-wild.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ITEMS_MAX 20

static gboolean
is_lock_step (guint type)
{
  return type == ZMQ_REQ || type == ZMQ_REP;
}

static int
random_timeout (void)
{
  static const int timeouts[] = { -1, 0, 0, 1, 5 };

  return timeouts[chaos_random (G_N_ELEMENTS (timeouts))];
}

/* --- Sending ------------------------------------------------------------ */

static void
expect_sent (Wild *self,
             guint type,
             int flags)
{
  WILD_EXPECT (self, "send", type == ZMQ_PUB || type == ZMQ_XPUB ? ETERM
                                                                 : EAGAIN,
               (flags & ZMQ_DONTWAIT) == 0 ? EINTR : ETERM,
               is_lock_step (type) ? EFSM : ETERM,
               type == ZMQ_SUB || type == ZMQ_PULL ? ENOTSUP : ETERM,
               type == ZMQ_ROUTER ? EHOSTUNREACH : ETERM);
}

/* What stands before the frames that are known again. */
static int
send_envelope (Wild *self,
               WildSocket *socket,
               int flags)
{
  char identity[8];
  int result = 0;

  if (socket->type == ZMQ_ROUTER)
    {
      g_snprintf (identity, sizeof identity, "id%u", chaos_random (8));
      result = zmq_send (socket->handle, identity, strlen (identity),
                         flags | ZMQ_SNDMORE);
    }
  if (result >= 0 && (socket->type == ZMQ_ROUTER ||
                      socket->type == ZMQ_DEALER) && chaos_one_in (2))
    result = zmq_send (socket->handle, "", 0, flags | ZMQ_SNDMORE);
  if (result < 0)
    expect_sent (self, socket->type, flags);
  return result;
}

static void
send_parts (Wild *self,
            WildSocket *socket,
            guint parts,
            int flags)
{
  ChaosHeader what = { .type = (guint8) socket->type, .parts = (guint8) parts };
  guint id = chaos_frames_take (&self->base.frames, parts);

  what.single = socket->type != ZMQ_PUB && socket->type != ZMQ_XPUB &&
                socket->type != ZMQ_XSUB;
  for (guint i = 0; i < parts; i++)
    {
      gsize size = chaos_frame_size ();
      int more = i + 1 < parts ? ZMQ_SNDMORE : 0;
      guint tries = 0;
      int result;

      what.id = id + i;
      what.part = (guint8) i;
      do
        {
          result = plain_send_frame (&self->base, socket->handle, &what, size,
                                     flags | more);
          if (result < 0)
            expect_sent (self, socket->type, flags);
        }
      while (result < 0 && i > 0 && (errno == EAGAIN || errno == EINTR) &&
             tries++ < 10);
      if (result < 0)
        return;
    }
  atomic_fetch_add (&self->base.sent, 1);
}

void
wild_send (WildWorker *self,
           WildSocket *socket)
{
  pthread_mutex_t *lock = &self->wild->sending[socket->slot];
  int flags = chaos_one_in (2) ? ZMQ_DONTWAIT : 0;
  gboolean alone = !chaos_one_in (8);
  guint n = 1 + chaos_random (8);

  /* Frames of two threads would be those of one message; which is no reason to
   * crash. */
  if (alone && pthread_mutex_trylock (lock) != 0)
    return;

  for (guint i = 0; i < n; i++)
    if (send_envelope (self->wild, socket, flags) >= 0)
      send_parts (self->wild, socket, chaos_one_in (4) ? 3 : 1, flags);
  if (alone)
    pthread_mutex_unlock (lock);
}

/* --- Receiving ---------------------------------------------------------- */

void
wild_receive (WildWorker *self,
              WildSocket *socket)
{
  int flags = chaos_one_in (2) ? ZMQ_DONTWAIT : 0;
  guint n = 1 + chaos_random (16);
  PlainFrame frame;

  for (guint i = 0; i < n; i++)
    if (plain_receive_frame (&self->wild->base, socket->handle, flags,
                             &frame) < 0)
      {
        WILD_EXPECT (self->wild, "receive", EAGAIN,
                     flags == 0 ? EINTR : ETERM,
                     is_lock_step (socket->type) ? EFSM : ETERM,
                     socket->type == ZMQ_PUB || socket->type == ZMQ_PUSH
                       ? ENOTSUP
                       : ETERM);
        return;
      }
}

/* --- Polling ------------------------------------------------------------ */

void
wild_poll (WildWorker *self)
{
  zmq_pollitem_t items[ITEMS_MAX];
  guint n = 1 + chaos_random (chaos_one_in (4) ? ITEMS_MAX : 4);
  int n_ready = 0;
  int fds[2];
  int result;

  /* Where there is no socket, a descriptor takes its place. */
  g_assert_no_errno (pipe2 (fds, O_CLOEXEC));
  for (guint i = 0; i < n; i++)
    {
      WildSocket socket = wild_pick (self->wild);

      if (chaos_one_in (8))
        socket.handle = NULL;
      items[i] = (zmq_pollitem_t) { socket.handle, fds[i % 2],
                                    (short) chaos_random (4), -1 };
    }

  result = zmq_poll (items, (int) n, random_timeout ());
  if (result < 0)
    {
      WILD_EXPECT (self->wild, "poll", EINTR);
    }
  else
    {
      for (guint i = 0; i < n; i++)
        {
          g_assert_cmpint (items[i].revents & ~items[i].events, ==, 0);
          n_ready += items[i].revents != 0;
        }
      g_assert_cmpint (result, ==, n_ready);
      atomic_fetch_add (&self->wild->ready, (guint) n_ready);
    }
  close (fds[0]);
  close (fds[1]);
}

/* One call with a poller that nobody else uses now. */
static void
use_poller (Wild *self,
            void *poller)
{
  zmq_poller_event_t events[4];
  WildSocket socket = wild_pick (self);
  short interest = (short) chaos_random (4);
  int timeout = random_timeout ();
  int fd;
  int n;

  switch (socket.handle != NULL ? chaos_random (6) : 5)
    {
    case 0:
    case 1:
      if (zmq_poller_add (poller, socket.handle, self, interest) < 0)
        WILD_EXPECT (self, "poller add", EINVAL);
      break;
    case 2:
      if (zmq_poller_modify (poller, socket.handle, interest) < 0)
        WILD_EXPECT (self, "poller modify", EINVAL);
      break;
    case 3:
      if (zmq_poller_remove (poller, socket.handle) < 0)
        WILD_EXPECT (self, "poller remove", EINVAL);
      break;
    case 4:
      g_assert_cmpint (zmq_poller_fd (poller, &fd), ==, 0);
      g_assert_cmpint (fd, >=, 0);
      break;
    default:
      n = zmq_poller_wait_all (poller, events, G_N_ELEMENTS (events),
                               timeout);
      if (n < 0)
        WILD_EXPECT (self, "poller wait", EAGAIN, EINTR, EFAULT);
      for (int i = 0; i < n; i++)
        g_assert_true (events[i].user_data == self);
      atomic_fetch_add (&self->ready, (guint) MAX (n, 0));
      break;
    }
}

/* A poller is a handle, too. */
static void
destroy_poller (Wild *self,
                void **poller)
{
  atomic_fetch_add (&self->n_closed, 1);
  g_assert_cmpint (zmq_poller_destroy (poller), ==, 0);
}

static void
use_own_poller (Wild *self)
{
  guint n = 1 + chaos_random (10);
  void *poller;

  if (!wild_may_close (self))
    return;

  poller = zmq_poller_new ();
  g_assert_nonnull (poller);
  for (guint i = 0; i < n; i++)
    use_poller (self, poller);
  destroy_poller (self, &poller);
}

void
wild_use_poller (WildWorker *self)
{
  Wild *wild = self->wild;

  if (chaos_one_in (4))
    {
      use_own_poller (wild);
      return;
    }

  /* One thread at a time, but any. */
  if (pthread_mutex_trylock (&wild->poller_lock) != 0)
    return;
  if (wild->poller == NULL)
    wild->poller = zmq_poller_new ();
  use_poller (wild, wild->poller);
  /* What is in it stays for a while, also when its context has ended. */
  if (chaos_one_in (40) && wild_may_close (wild))
    destroy_poller (wild, &wild->poller);
  pthread_mutex_unlock (&wild->poller_lock);
}

/* Whose descriptor it is, is not known: the handle may be closed. */
static void
poll_fd (int fd,
         int timeout)
{
  struct pollfd item = { fd, POLLIN, 0 };

  syscall (SYS_poll, &item, 1, timeout);
}

void
wild_use_fd (WildWorker *self,
             WildSocket *socket)
{
  guint n = chaos_random (4);
  int fd = -1;
  int events = 0;
  size_t size = sizeof fd;

  if (zmq_getsockopt (socket->handle, ZMQ_FD, &fd, &size) < 0)
    {
      WILD_EXPECT (self->wild, "fd", 0);
      return;
    }

  for (guint i = 0; i < n; i++)
    {
      if (zmq_getsockopt (socket->handle, ZMQ_EVENTS, &events, &size) < 0)
        {
          WILD_EXPECT (self->wild, "events", 0);
          return;
        }
      if ((events & ZMQ_POLLIN) != 0)
        wild_receive (self, socket);
      else if ((events & ZMQ_POLLOUT) != 0)
        wild_send (self, socket);
      else
        poll_fd (fd, (int) chaos_random (5));
    }
}

/* --- Monitors ----------------------------------------------------------- */

static void
read_monitor (Wild *self,
              void *pair)
{
  char text[256];

  for (guint i = 0; i < 20; i++)
    {
      zmq_pollitem_t item = { pair, 0, ZMQ_POLLIN, 0 };
      int size;

      if (zmq_poll (&item, 1, 1) < 0)
        {
          PLAIN_EXPECT (&self->base, "poll monitor", ETERM, EINTR);
          continue;
        }
      if (item.revents == 0)
        continue;

      size = zmq_recv (pair, text, sizeof text, ZMQ_DONTWAIT);
      if (size < 0)
        {
          PLAIN_EXPECT (&self->base, "receive monitor", ETERM);
          return;
        }
      g_assert_cmpint (size, ==, 6);
      /* The rest of it is there. */
      size = zmq_recv (pair, text, sizeof text, ZMQ_DONTWAIT);
      if (size < 0)
        PLAIN_EXPECT (&self->base, "receive monitor", ETERM);
      atomic_fetch_add (&self->events, 1);
    }
}

/* From a thread, any socket, while others use, close and monitor it. */
void
wild_monitor (WildWorker *self,
              WildSocket *socket)
{
  Wild *wild = self->wild;
  WildContext *context;
  char address[64];
  void *pair;

  if (!wild_may_close (wild))
    return;
  context = wild_context_enter (wild, socket->context);
  if (context == NULL)
    return;

  g_snprintf (address, sizeof address, "inproc://monitor-%u",
              chaos_random (8));
  pair = wild_open (wild, context, ZMQ_PAIR);
  if (zmq_socket_monitor (socket->handle, address, ZMQ_EVENT_ALL) < 0)
    WILD_EXPECT (wild, "monitor", EADDRINUSE);
  wild_context_leave (context);

  if (pair != NULL)
    {
      if (zmq_connect (pair, address) < 0)
        PLAIN_EXPECT (&wild->base, "connect monitor", ETERM);
      else
        read_monitor (wild, pair);
    }
  if (chaos_one_in (2) &&
      zmq_socket_monitor (socket->handle, NULL, ZMQ_EVENT_ALL) < 0)
    WILD_EXPECT (wild, "monitor", 0);
  if (pair != NULL)
    wild_close (wild, pair);
}

/* --- Proxies ------------------------------------------------------------ */

/* Two ends that the thread has for itself. */
static gboolean
open_pair (Wild *self,
           WildContext *context,
           void **ends)
{
  char uri[256];

  ends[0] = wild_open (self, context, ZMQ_PAIR);
  /* As long as that is open the context does not end, whatever others do. */
  ends[1] = ends[0] != NULL ? wild_open (self, context, ZMQ_PAIR) : NULL;
  if (ends[1] == NULL)
    return FALSE;

  if (plain_bind_new (&self->base, ends[0], 2, uri) < 0 ||
      zmq_connect (ends[1], uri) < 0)
    {
      PLAIN_EXPECT (&self->base, "pair", ETERM);
      return FALSE;
    }

  return TRUE;
}

static void
close_pair (Wild *self,
            void **ends)
{
  for (guint i = 0; i < 2; i++)
    if (ends[i] != NULL)
      wild_close (self, ends[i]);
}

typedef struct
{
  Wild *wild;
  void *control;
} Steering;

/* Among sockets that are joined anyhow what a proxy passes on may come back to
 * it for ever: so somebody ends it. */
static gpointer
steer (gpointer data)
{
  static const char *const commands[] = { "STATISTICS", "PAUSE", "RESUME",
                                          "TERMINATE" };
  Steering *self = data;

  chaos_random_begin (g_random_int ());
  for (guint i = chaos_random (3); i <= 3; i++)
    {
      const char *command = commands[i < 3 ? chaos_random (3) : 3];

      if (zmq_send (self->control, command, strlen (command), 0) < 0)
        PLAIN_EXPECT (&self->wild->base, "command", ETERM);
      poll (NULL, 0, (int) chaos_random (3));
    }
  chaos_random_end ();
  return NULL;
}

void
wild_run_proxy (WildWorker *self)
{
  static const guint types[][2] = {
    { ZMQ_ROUTER, ZMQ_DEALER }, { ZMQ_PULL, ZMQ_PUSH },
    { ZMQ_XSUB, ZMQ_XPUB },     { ZMQ_PAIR, ZMQ_DEALER },
  };
  Wild *wild = self->wild;
  guint i = chaos_random (G_N_ELEMENTS (types));
  WildSocket front = wild_pick_type (wild, types[i][0]);
  WildSocket back = wild_pick_type (wild, types[i][1]);
  WildContext *context;
  void *control[2] = { NULL, NULL };
  void *capture[2] = { NULL, NULL };
  gboolean ready;

  if (!wild_may_close (wild) || front.handle == NULL || back.handle == NULL)
    return;

  context = wild_context_enter (wild, NULL);
  ready = open_pair (wild, context, control) &&
          open_pair (wild, context, capture);
  wild_context_leave (context);

  if (ready)
    {
      Steering steering = { wild, control[1] };
      GThread *thread = g_thread_new ("steer", steer, &steering);

      if (zmq_proxy_steerable (front.handle, back.handle,
                               chaos_one_in (2) ? capture[0] : NULL,
                               control[0]) < 0)
        WILD_EXPECT (wild, "proxy", EINTR, EHOSTUNREACH);
      g_thread_join (thread);
      atomic_fetch_add (&wild->proxied, 1);
    }
  close_pair (wild, control);
  close_pair (wild, capture);
}

/* --- Timers ------------------------------------------------------------- */

static void
on_timer (int id G_GNUC_UNUSED,
          void *arg)
{
  ++*(guint *) arg;
}

void
wild_use_timers (WildWorker *self)
{
  guint before = self->told;
  int id;

  if (self->timers == NULL)
    self->timers = zmq_timers_new ();
  id = zmq_timers_add (self->timers, 0, on_timer, &self->told);
  g_assert_cmpint (id, >, 0);
  g_assert_cmpint (zmq_timers_timeout (self->timers), ==, 0);
  g_assert_cmpint (zmq_timers_execute (self->timers), ==, 0);
  g_assert_cmpuint (self->told, ==, before + 1);
  g_assert_cmpint (zmq_timers_cancel (self->timers, id), ==, 0);
  if (chaos_one_in (4))
    zmq_timers_destroy (&self->timers);

  /* Of all threads. */
  if (chaos_one_in (2))
    {
      zmq_atomic_counter_inc (self->wild->counter);
      atomic_fetch_add (&self->wild->counted, 1);
    }
  else
    {
      zmq_atomic_counter_dec (self->wild->counter);
      atomic_fetch_sub (&self->wild->counted, 1);
    }
}
