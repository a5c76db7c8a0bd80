/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat-test.h"
#include "zmqg-test.h"

#include <string.h>
#include <unistd.h>
#include <zmq.h>

/* What the installed libzmq lacks: drafts, and what came after it. By the
 * reference. */

typedef struct
{
  void *context;
  void *pull;
  void *push;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data G_GNUC_UNUSED)
{
  char address[64];
  gsize size = sizeof address;

  self->context = zmq_ctx_new ();
  self->pull = zmq_socket (self->context, ZMQ_PULL);
  self->push = zmq_socket (self->context, ZMQ_PUSH);
  g_assert_cmpint (zmq_bind (self->pull, "tcp://127.0.0.1:*"), ==, 0);
  zmq_getsockopt (self->pull, ZMQ_LAST_ENDPOINT, address, &size);
  g_assert_cmpint (zmq_connect (self->push, address), ==, 0);
}

static void
tear_down (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  zmq_close (self->pull);
  zmq_close (self->push);
  g_assert_cmpint (zmq_ctx_term (self->context), ==, 0);
}

/* --- Pollers ---------------------------------------------------------------- */

static void
test_poller_errors (Fixture *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  zmq_poller_event_t event;
  void *poller = zmq_poller_new ();
  void *none = NULL;
  int fd;

  g_assert_cmpint (zmq_poller_size (poller), ==, 0);
  assert_fails (zmq_poller_size (NULL), EFAULT);
  assert_fails (zmq_poller_add (NULL, self->pull, NULL, 0), EFAULT);
  assert_fails (zmq_poller_add (poller, NULL, NULL, 0), ENOTSOCK);
  assert_fails (zmq_poller_add (poller, self->pull, NULL, 16), EINVAL);
  assert_fails (zmq_poller_modify (poller, self->pull, 0), EINVAL);
  assert_fails (zmq_poller_remove (poller, self->pull), EINVAL);
  assert_fails (zmq_poller_add_fd (poller, -1, NULL, 0), EBADF);
  assert_fails (zmq_poller_modify_fd (poller, -1, 0), EBADF);
  assert_fails (zmq_poller_remove_fd (poller, -1), EBADF);
  assert_fails (zmq_poller_remove_fd (poller, 0), EINVAL);
  assert_fails (zmq_poller_wait (poller, NULL, 0), EFAULT);
  assert_fails (zmq_poller_wait (NULL, &event, 0), EFAULT);
  assert_fails (zmq_poller_wait (poller, &event, -1), EFAULT);
  assert_fails (zmq_poller_wait (poller, &event, 0), EAGAIN);
  g_assert_cmpint (event.fd, ==, -1);
  g_assert_null (event.socket);
  assert_fails (zmq_poller_wait_all (poller, &event, -1, 0), EINVAL);
  assert_fails (zmq_poller_fd (NULL, &fd), EFAULT);

  g_assert_cmpint (zmq_poller_add (poller, self->pull, NULL, 0), ==, 0);
  assert_fails (zmq_poller_add (poller, self->pull, NULL, 0), EINVAL);
  assert_fails (zmq_poller_wait (poller, &event, -1), EFAULT);
  g_assert_cmpint (zmq_poller_size (poller), ==, 1);
  g_assert_cmpint (zmq_poller_remove (poller, self->pull), ==, 0);

  g_assert_cmpint (zmq_poller_destroy (&poller), ==, 0);
  g_assert_null (poller);
  assert_fails (zmq_poller_destroy (&poller), EFAULT);
  assert_fails (zmq_poller_destroy (&none), EFAULT);
}

static void
test_poller_events (Fixture *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  zmq_poller_event_t events[4];
  void *poller = zmq_poller_new ();
  int first, second;
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_cmpint (zmq_poller_add (poller, self->pull, &first, ZMQ_POLLIN),
                   ==, 0);
  g_assert_cmpint (zmq_poller_add_fd (poller, ends[0], &second, ZMQ_POLLIN),
                   ==, 0);
  assert_fails (zmq_poller_add_fd (poller, ends[0], NULL, 0), EINVAL);
  g_assert_cmpint (zmq_poller_size (poller), ==, 2);
  assert_fails (zmq_poller_wait_all (poller, events, 4, 1), EAGAIN);

  g_assert_cmpint (zmq_send (self->push, "a", 1, 0), ==, 1);
  g_assert_cmpint (zmq_poller_wait (poller, events, -1), ==, 0);
  g_assert_true (events[0].socket == self->pull);
  g_assert_true (events[0].user_data == &first);
  g_assert_cmpint (events[0].fd, ==, -1);
  g_assert_cmpint (events[0].events, ==, ZMQ_POLLIN);
  /* It is still there. */
  g_assert_cmpint (zmq_poller_wait (poller, events, 0), ==, 0);

  g_assert_cmpint (write (ends[1], "x", 1), ==, 1);
  ZMQG_TEST_AWAIT (zmq_poller_wait_all (poller, events, 4, -1) == 2, 30000);
  g_assert_true (events[1].user_data == &second);
  g_assert_null (events[1].socket);
  g_assert_cmpint (events[1].fd, ==, ends[0]);
  g_assert_cmpint (events[1].events, ==, ZMQ_POLLIN);
  g_assert_null (events[2].socket);
  g_assert_cmpint (events[2].fd, ==, -1);
  g_assert_cmpint (zmq_poller_wait_all (poller, events, 1, -1), ==, 1);

  g_assert_cmpint (zmq_recv (self->pull, NULL, 0, 0), ==, 1);
  g_assert_cmpint (zmq_poller_wait_all (poller, events, 4, -1), ==, 1);
  g_assert_cmpint (events[0].fd, ==, ends[0]);
  g_assert_cmpint (zmq_poller_modify_fd (poller, ends[0], 0), ==, 0);
  assert_fails (zmq_poller_wait_all (poller, events, 4, 1), EAGAIN);
  g_assert_cmpint (zmq_poller_add (poller, self->push, NULL, ZMQ_POLLOUT),
                   ==, 0);
  g_assert_cmpint (zmq_poller_wait_all (poller, events, 4, -1), ==, 1);
  g_assert_true (events[0].socket == self->push);
  g_assert_cmpint (zmq_poller_modify (poller, self->push, 0), ==, 0);
  assert_fails (zmq_poller_wait_all (poller, events, 4, 1), EAGAIN);
  g_assert_cmpint (zmq_poller_remove_fd (poller, ends[0]), ==, 0);
  g_assert_cmpint (zmq_poller_size (poller), ==, 2);

  close (ends[0]);
  close (ends[1]);
  g_assert_cmpint (zmq_poller_destroy (&poller), ==, 0);
}

static gpointer
send_many (gpointer data)
{
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (zmq_send (data, "x", 1, 0), ==, 1);

  return NULL;
}

static void
test_poller_waits (Fixture *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  zmq_poller_event_t event;
  void *poller = zmq_poller_new ();
  GThread *thread;
  guint n = 0;

  g_assert_cmpint (zmq_poller_add (poller, self->pull, NULL, ZMQ_POLLIN), ==,
                   0);
  thread = g_thread_new ("sender", send_many, self->push);
  while (n < 1000)
    {
      g_assert_cmpint (zmq_poller_wait (poller, &event, -1), ==, 0);
      g_assert_cmpint (zmq_recv (self->pull, NULL, 0, ZMQ_DONTWAIT), ==, 1);
      n++;
    }
  g_thread_join (thread);
  assert_fails (zmq_poller_wait (poller, &event, 0), EAGAIN);
  g_assert_cmpint (zmq_poller_destroy (&poller), ==, 0);
}

static void
test_poller_ends (Fixture *self,
                  gconstpointer data G_GNUC_UNUSED)
{
  zmq_poller_event_t event;
  void *poller = zmq_poller_new ();
  void *other = zmq_socket (self->context, ZMQ_PULL);

  g_assert_cmpint (zmq_poller_add (poller, other, NULL, ZMQ_POLLIN), ==, 0);
  zmq_close (other);
  assert_fails (zmq_poller_wait (poller, &event, -1), ENOTSOCK);
  g_assert_cmpint (zmq_poller_destroy (&poller), ==, 0);

  poller = zmq_poller_new ();
  g_assert_cmpint (zmq_poller_add (poller, self->pull, NULL, ZMQ_POLLIN), ==,
                   0);
  g_assert_cmpint (zmq_ctx_shutdown (self->context), ==, 0);
  assert_fails (zmq_poller_wait (poller, &event, -1), ETERM);
  g_assert_cmpint (zmq_poller_destroy (&poller), ==, 0);
}

static void
test_ppoll (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  zmq_pollitem_t item = { self->pull, 0, ZMQ_POLLIN, 0 };
  sigset_t mask;

  sigfillset (&mask);
  g_assert_cmpint (zmq_ppoll (&item, 1, 1, &mask), ==, 0);
  g_assert_cmpint (zmq_send (self->push, "a", 1, 0), ==, 1);
  g_assert_cmpint (zmq_ppoll (&item, 1, -1, &mask), ==, 1);
  g_assert_cmpint (item.revents, ==, ZMQ_POLLIN);
  g_assert_cmpint (zmq_ppoll (&item, 1, -1, NULL), ==, 1);
  assert_fails (zmq_ppoll (NULL, 1, 0, NULL), EFAULT);
  assert_fails (zmq_ppoll (&item, -1, 0, NULL), EINVAL);
}

/* --- Monitors --------------------------------------------------------------- */

typedef struct
{
  guint64 event;
  guint64 values[2];
  guint64 n;
  char local[128];
  char remote[128];
} Event;

static void
receive_event (void *monitor,
               Event *event)
{
  int size;

  memset (event, 0, sizeof *event);
  g_assert_cmpint (zmq_recv (monitor, &event->event, 8, 0), ==, 8);
  g_assert_cmpint (zmq_recv (monitor, &event->n, 8, 0), ==, 8);
  g_assert_cmpuint (event->n, <=, 2);
  for (guint i = 0; i < event->n; i++)
    g_assert_cmpint (zmq_recv (monitor, &event->values[i], 8, 0), ==, 8);
  size = zmq_recv (monitor, event->local, 127, 0);
  g_assert_cmpint (size, >=, 0);
  size = zmq_recv (monitor, event->remote, 127, 0);
  g_assert_cmpint (size, >=, 0);
}

static void
test_monitor_version_2 (Fixture *self,
                        gconstpointer data G_GNUC_UNUSED)
{
  static const int types[] = { ZMQ_PAIR, ZMQ_PUSH, ZMQ_PUB };
  static const int readers[] = { ZMQ_PAIR, ZMQ_PULL, ZMQ_SUB };

  assert_fails (zmq_socket_monitor_versioned (self->pull, "inproc://m",
                                              ZMQ_EVENT_ALL_V2, 1, ZMQ_PAIR),
                EINVAL);
  assert_fails (zmq_socket_monitor_versioned (self->pull, "inproc://m",
                                              ZMQ_EVENT_ALL_V2, 2, ZMQ_REQ),
                EINVAL);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      void *socket = zmq_socket (self->context, ZMQ_PULL);
      void *monitor = zmq_socket (self->context, readers[i]);
      Event event;

      g_assert_cmpint (zmq_socket_monitor_versioned (
                         socket, "inproc://monitor", ZMQ_EVENT_ALL_V2, 2,
                         types[i]), ==, 0);
      if (readers[i] == ZMQ_SUB)
        zmq_setsockopt (monitor, ZMQ_SUBSCRIBE, "", 0);
      g_assert_cmpint (zmq_connect (monitor, "inproc://monitor"), ==, 0);
      assert_fails (zmq_socket_monitor_pipes_stats (socket), EAGAIN);
      g_assert_cmpint (zmq_bind (socket, "tcp://127.0.0.1:*"), ==, 0);
      receive_event (monitor, &event);
      g_assert_cmpuint (event.event, ==, ZMQ_EVENT_LISTENING);
      g_assert_cmpuint (event.n, ==, 1);
      g_assert_true (g_str_has_prefix (event.local, "tcp://127.0.0.1:"));
      g_assert_cmpstr (event.remote, ==, "");
      zmq_close (socket);
      receive_event (monitor, &event);
      g_assert_cmpuint (event.event, ==, ZMQ_EVENT_CLOSED);
      receive_event (monitor, &event);
      g_assert_cmpuint (event.event, ==, ZMQ_EVENT_MONITOR_STOPPED);
      zmq_close (monitor);
    }
}

static void
test_pipes_stats (Fixture *self,
                  gconstpointer data G_GNUC_UNUSED)
{
  void *monitor = zmq_socket (self->context, ZMQ_PAIR);
  Event event;

  assert_fails (zmq_socket_monitor_pipes_stats (NULL), ENOTSOCK);
  assert_fails (zmq_socket_monitor_pipes_stats (self->pull), EINVAL);
  g_assert_cmpint (zmq_socket_monitor_versioned (
                     self->pull, "inproc://stats", ZMQ_EVENT_PIPES_STATS, 2,
                     ZMQ_PAIR), ==, 0);
  g_assert_cmpint (zmq_connect (monitor, "inproc://stats"), ==, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (zmq_send (self->push, "a", 1, 0), ==, 1);

  do
    {
      ZMQG_TEST_AWAIT (zmq_socket_monitor_pipes_stats (self->pull) == 0, 30000);
      receive_event (monitor, &event);
      g_assert_cmpuint (event.event, ==, ZMQ_EVENT_PIPES_STATS);
      g_assert_cmpuint (event.n, ==, 2);
      g_assert_cmpuint (event.values[0], ==, 0);
      g_assert_cmpuint (event.values[1], <=, 3);
    }
  while (event.values[1] < 3);

  zmq_close (monitor);
}

/* A monitor that nobody reads holds nobody up: libzmq would wait here. */
static void
test_unread_monitor (Fixture *self,
                     gconstpointer data G_GNUC_UNUSED)
{
  void *socket = zmq_socket (self->context, ZMQ_PULL);
  void *monitor = zmq_socket (self->context, ZMQ_PAIR);
  guint16 event;
  guint8 bytes[6];

  g_assert_cmpint (zmq_socket_monitor (socket, "inproc://unread",
                                       ZMQ_EVENT_ALL), ==, 0);
  g_assert_cmpint (zmq_bind (socket, "tcp://127.0.0.1:*"), ==, 0);
  g_assert_cmpint (zmq_bind (socket, "tcp://127.0.0.1:*"), ==, 0);

  /* And loses nothing. */
  g_assert_cmpint (zmq_connect (monitor, "inproc://unread"), ==, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (zmq_recv (monitor, bytes, sizeof bytes, 0), ==, 6);
      memcpy (&event, bytes, sizeof event);
      g_assert_cmpuint (event, ==, ZMQ_EVENT_LISTENING);
      g_assert_cmpint (zmq_recv (monitor, NULL, 0, 0), >, 0);
    }
  zmq_close (socket);
  zmq_close (monitor);
}

/* --- Others ----------------------------------------------------------------- */

static void
test_peer_state (Fixture *self,
                 gconstpointer data G_GNUC_UNUSED)
{
  void *router = zmq_socket (self->context, ZMQ_ROUTER);
  void *dealer = zmq_socket (self->context, ZMQ_DEALER);
  int one = 1;

  zmq_setsockopt (router, ZMQ_SNDHWM, &one, sizeof one);
  zmq_setsockopt (dealer, ZMQ_RCVHWM, &one, sizeof one);
  zmq_setsockopt (dealer, ZMQ_ROUTING_ID, "peer", 4);
  assert_fails (zmq_socket_get_peer_state (NULL, "peer", 4), ENOTSOCK);
  assert_fails (zmq_socket_get_peer_state (dealer, "peer", 4), ENOTSUP);
  assert_fails (zmq_socket_get_peer_state (router, "peer", 4), EHOSTUNREACH);
  g_assert_cmpint (zmq_bind (router, "inproc://state"), ==, 0);
  g_assert_cmpint (zmq_connect (dealer, "inproc://state"), ==, 0);
  g_assert_cmpint (zmq_socket_get_peer_state (router, "peer", 4), ==,
                   ZMQ_POLLOUT);
  for (guint i = 0; i < 3; i++)
    {
      zmq_send (router, "peer", 4, ZMQ_SNDMORE);
      zmq_send (router, "x", 1, 0);
    }
  g_assert_cmpint (zmq_socket_get_peer_state (router, "peer", 4), ==, 0);
  zmq_close (router);
  zmq_close (dealer);
}

static void
test_messages (void)
{
  char name[300];
  zmq_msg_t msg, copy;

  zmq_msg_init (&msg);
  g_assert_cmpuint (zmq_msg_routing_id (&msg), ==, 0);
  assert_fails (zmq_msg_set_routing_id (&msg, 0), EINVAL);
  g_assert_cmpint (zmq_msg_set_routing_id (&msg, 4711), ==, 0);
  g_assert_cmpuint (zmq_msg_routing_id (&msg), ==, 4711);
  g_assert_cmpstr (zmq_msg_group (&msg), ==, "");
  g_assert_cmpint (zmq_msg_set_group (&msg, "group"), ==, 0);
  g_assert_cmpstr (zmq_msg_group (&msg), ==, "group");
  zmq_msg_init (&copy);
  zmq_msg_copy (&copy, &msg);
  g_assert_cmpint (zmq_msg_set_group (&msg, ""), ==, 0);
  g_assert_cmpstr (zmq_msg_group (&msg), ==, "");
  g_assert_cmpstr (zmq_msg_group (&copy), ==, "group");
  memset (name, 'x', sizeof name);
  name[sizeof name - 1] = '\0';
  g_assert_cmpint (zmq_msg_set_group (&msg, name), ==, 0);
  g_assert_cmpuint (strlen (zmq_msg_group (&msg)), ==, ZMQ_GROUP_MAX_LENGTH);
  zmq_msg_close (&msg);
  zmq_msg_close (&copy);
}

static void
test_contexts (void)
{
  void *context = zmq_ctx_new ();
  int value = 0;
  gsize size = sizeof value;
  char text[16];

  g_assert_cmpint (zmq_ctx_get (context, ZMQ_ZERO_COPY_RECV), ==, 1);
  g_assert_cmpint (zmq_ctx_set (context, ZMQ_ZERO_COPY_RECV, 0), ==, 0);
  g_assert_cmpint (zmq_ctx_get_ext (context, ZMQ_ZERO_COPY_RECV, &value,
                                    &size), ==, 0);
  g_assert_cmpint (value, ==, 0);
  assert_fails (zmq_ctx_set_ext (context, ZMQ_IO_THREADS, text, 5), EINVAL);
  assert_fails (zmq_ctx_set_ext (context, ZMQ_THREAD_NAME_PREFIX, text, 0),
                EINVAL);
  assert_fails (zmq_ctx_set_ext (context, ZMQ_THREAD_NAME_PREFIX, text, 17),
                EINVAL);
  g_assert_cmpint (zmq_ctx_set_ext (context, ZMQ_THREAD_NAME_PREFIX, "abcde",
                                    5), ==, 0);
  size = 4;
  g_assert_cmpint (zmq_ctx_get (context, ZMQ_THREAD_NAME_PREFIX), ==, 0);
  size = sizeof text;
  memset (text, '#', sizeof text);
  g_assert_cmpint (zmq_ctx_get_ext (context, ZMQ_THREAD_NAME_PREFIX, text,
                                    &size), ==, 0);
  g_assert_cmpmem (text, 6, "abcde#", 6);
  assert_fails (zmq_ctx_set_ext (NULL, ZMQ_IO_THREADS, &value, 4), EFAULT);
  assert_fails (zmq_ctx_get_ext (NULL, ZMQ_IO_THREADS, &value, &size),
                EFAULT);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

typedef struct
{
  int option;
  int type;
  int fallback; /* what it is at first; or: */
  gboolean unreadable;
  int good[3];
  int n_good;
  int bad[2];
  int n_bad;
} DraftOption;

static void
test_options (void)
{
  static const DraftOption options[] = {
    { ZMQ_ROUTER_NOTIFY, ZMQ_ROUTER, 0, FALSE, { 1, 3, 0 }, 3, { -1, 4 }, 2 },
    { ZMQ_XPUB_MANUAL_LAST_VALUE, ZMQ_XPUB, 0, TRUE, { 1, 0, 5 }, 3, { -1 },
      1 },
    { ZMQ_IN_BATCH_SIZE, ZMQ_PULL, 8192, FALSE, { 1, 65536 }, 2, { 0, -1 },
      2 },
    { ZMQ_OUT_BATCH_SIZE, ZMQ_PULL, 8192, FALSE, { 1, 65536 }, 2, { 0, -1 },
      2 },
    { ZMQ_ONLY_FIRST_SUBSCRIBE, ZMQ_XSUB, 0, TRUE, { 0, 1, 7 }, 3, { -1 },
      1 },
    { ZMQ_RECONNECT_STOP, ZMQ_PUSH, 0, FALSE, { 1, 7, 0 }, 3, { 0 }, 0 },
    { ZMQ_PRIORITY, ZMQ_PUSH, 0, FALSE, { 0, 6 }, 2, { -1 }, 1 },
    { ZMQ_BUSY_POLL, ZMQ_PUSH, 0, TRUE, { 0, 50, -1 }, 3, { 0 }, 0 },
    { ZMQ_XSUB_VERBOSE_UNSUBSCRIBE, ZMQ_XSUB, 0, TRUE, { 0, 1, -1 }, 3, { 0 },
      0 },
    { ZMQ_MULTICAST_LOOP, ZMQ_PUSH, 1, FALSE, { 0, 1 }, 2, { 0 }, 0 },
    { ZMQ_LOOPBACK_FASTPATH, ZMQ_PUSH, 0, FALSE, { 0, 1 }, 2, { 0 }, 0 },
  };
  void *context = zmq_ctx_new ();

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      const DraftOption *option = &options[i];
      void *socket = zmq_socket (context, option->type);
      int value = 4711;
      gsize size = sizeof value;

      g_test_message ("option %d", option->option);
      if (option->unreadable)
        {
          assert_fails (zmq_getsockopt (socket, option->option, &value,
                                        &size), EINVAL);
        }
      else
        {
          g_assert_cmpint (zmq_getsockopt (socket, option->option, &value,
                                           &size), ==, 0);
          g_assert_cmpint (value, ==, option->fallback);
        }
      for (int j = 0; j < option->n_good; j++)
        {
          g_assert_cmpint (zmq_setsockopt (socket, option->option,
                                           &option->good[j], sizeof (int)),
                           ==, 0);
          if (option->unreadable)
            continue;
          size = sizeof value;
          g_assert_cmpint (zmq_getsockopt (socket, option->option, &value,
                                           &size), ==, 0);
          g_assert_cmpint (value, ==, option->good[j]);
        }
      for (int j = 0; j < option->n_bad; j++)
        assert_fails (zmq_setsockopt (socket, option->option,
                                      &option->bad[j], sizeof (int)),
                      EINVAL);
      assert_fails (zmq_setsockopt (socket, option->option, "abc", 3),
                    EINVAL);
      zmq_close (socket);
    }
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static void
test_strings (void)
{
  void *context = zmq_ctx_new ();
  void *socket = zmq_socket (context, ZMQ_DEALER);
  char text[300];
  gsize size = sizeof text;

  g_assert_cmpint (zmq_getsockopt (socket, ZMQ_SOCKS_USERNAME, text, &size),
                   ==, 0);
  g_assert_cmpuint (size, ==, 1);
  g_assert_cmpint (zmq_setsockopt (socket, ZMQ_SOCKS_USERNAME, "user", 4), ==,
                   0);
  size = sizeof text;
  g_assert_cmpint (zmq_getsockopt (socket, ZMQ_SOCKS_USERNAME, text, &size),
                   ==, 0);
  g_assert_cmpstr (text, ==, "user");
  memset (text, 'x', sizeof text);
  assert_fails (zmq_setsockopt (socket, ZMQ_SOCKS_USERNAME, text, 256),
                EINVAL);
  g_assert_cmpint (zmq_setsockopt (socket, ZMQ_SOCKS_USERNAME, NULL, 0), ==,
                   0);

  /* Application properties. */
  g_assert_cmpint (zmq_setsockopt (socket, ZMQ_METADATA, "X-key:value", 11),
                   ==, 0);
  assert_fails (zmq_setsockopt (socket, ZMQ_METADATA, "X:yz", 4), EINVAL);
  assert_fails (zmq_setsockopt (socket, ZMQ_METADATA, "key:value", 9),
                EINVAL);
  assert_fails (zmq_setsockopt (socket, ZMQ_METADATA, "X-key:", 6), EINVAL);
  assert_fails (zmq_setsockopt (socket, ZMQ_METADATA, ":value", 6), EINVAL);
  assert_fails (zmq_setsockopt (socket, ZMQ_METADATA, "X-nothing", 9),
                EINVAL);
  assert_fails (zmq_setsockopt (socket, ZMQ_METADATA, "", 0), EINVAL);

  for (guint i = 0; i < 3; i++)
    {
      static const int messages[] = { ZMQ_HELLO_MSG, ZMQ_DISCONNECT_MSG,
                                      ZMQ_HICCUP_MSG };

      g_assert_cmpint (zmq_setsockopt (socket, messages[i], text,
                                       sizeof text), ==, 0);
      g_assert_cmpint (zmq_setsockopt (socket, messages[i], NULL, 0), ==, 0);
      g_assert_cmpint (zmq_setsockopt (socket, messages[i], "", 0), ==, 0);
      size = sizeof text;
      assert_fails (zmq_getsockopt (socket, messages[i], text, &size),
                    EINVAL);
    }
  zmq_close (socket);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static void
test_greetings (void)
{
  void *context = zmq_ctx_new ();
  void *router = zmq_socket (context, ZMQ_ROUTER);
  void *dealer = zmq_socket (context, ZMQ_DEALER);
  char address[64], text[16];
  gsize size = sizeof address;

  zmq_setsockopt (dealer, ZMQ_HELLO_MSG, "hello", 5);
  zmq_setsockopt (dealer, ZMQ_ROUTING_ID, "me", 2);
  zmq_setsockopt (router, ZMQ_DISCONNECT_MSG, "bye", 3);
  g_assert_cmpint (zmq_bind (router, "tcp://127.0.0.1:*"), ==, 0);
  zmq_getsockopt (router, ZMQ_LAST_ENDPOINT, address, &size);
  g_assert_cmpint (zmq_connect (dealer, address), ==, 0);
  g_assert_cmpint (zmq_recv (router, text, sizeof text, 0), ==, 2);
  g_assert_cmpint (zmq_recv (router, text, sizeof text, 0), ==, 5);
  g_assert_cmpmem (text, 5, "hello", 5);
  zmq_close (dealer);
  g_assert_cmpint (zmq_recv (router, text, sizeof text, 0), ==, 2);
  g_assert_cmpint (zmq_recv (router, text, sizeof text, 0), ==, 3);
  g_assert_cmpmem (text, 3, "bye", 3);
  zmq_close (router);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static void
test_topics_count (void)
{
  void *context = zmq_ctx_new ();
  void *xpub = zmq_socket (context, ZMQ_XPUB);
  void *sub = zmq_socket (context, ZMQ_SUB);
  void *pull = zmq_socket (context, ZMQ_PULL);
  int value = -1;
  gsize size = sizeof value;

  assert_fails (zmq_getsockopt (pull, ZMQ_TOPICS_COUNT, &value, &size),
                EINVAL);
  g_assert_cmpint (zmq_bind (xpub, "inproc://topics"), ==, 0);
  g_assert_cmpint (zmq_connect (sub, "inproc://topics"), ==, 0);
  zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "a", 1);
  zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "b", 1);
  for (guint i = 0; i < 2; i++)
    {
      void *socket = i == 0 ? xpub : sub;

      size = sizeof value;
      g_assert_cmpint (zmq_getsockopt (socket, ZMQ_TOPICS_COUNT, &value,
                                       &size), ==, 0);
      g_assert_cmpint (value, ==, 2);
    }
  zmq_close (xpub);
  zmq_close (sub);
  zmq_close (pull);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static void
test_types_to_come (void)
{
  void *context = zmq_ctx_new ();
  void *socket = zmq_socket (context, ZMQ_PULL);

  /* As a libzmq without drafts. */
  for (int type = ZMQ_STREAM; type <= ZMQ_CHANNEL; type++)
    {
      g_assert_null (zmq_socket (context, type));
      g_assert_cmpint (errno, ==, EINVAL);
    }
  assert_fails (zmq_join (socket, "group"), ENOTSUP);
  assert_fails (zmq_leave (socket, "group"), ENOTSUP);
  assert_fails (zmq_join (NULL, "group"), ENOTSOCK);
  g_assert_cmpuint (zmq_connect_peer (socket, "inproc://a"), ==, 0);
  g_assert_cmpint (errno, ==, ENOTSUP);
  assert_fails (zmq_disconnect_peer (socket, 1), ENOTSUP);
  zmq_close (socket);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

static void
test_mechanisms_to_come (void)
{
  char public_key[41], secret_key[41];
  void *context = zmq_ctx_new ();
  void *socket = zmq_socket (context, ZMQ_PULL);
  int one = 1;

  assert_fails (zmq_curve_keypair (public_key, secret_key), ENOTSUP);
  assert_fails (zmq_curve_public (public_key, "too short"), EINVAL);
  g_assert_cmpint (zmq_has ("curve"), ==, 0);
  assert_fails (zmq_setsockopt (socket, ZMQ_CURVE_SERVER, &one, sizeof one),
                EINVAL);
  assert_fails (zmq_setsockopt (socket, ZMQ_PLAIN_SERVER, &one, sizeof one),
                EINVAL);
  zmq_close (socket);
  g_assert_cmpint (zmq_ctx_term (context), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add ("/zmqg/compat/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("poller/errors", test_poller_errors);
  ADD ("poller/events", test_poller_events);
  ADD ("poller/waits", test_poller_waits);
  ADD ("poller/ends", test_poller_ends);
  ADD ("ppoll", test_ppoll);
  ADD ("monitor/version-2", test_monitor_version_2);
  ADD ("monitor/pipes-stats", test_pipes_stats);
  ADD ("monitor/unread", test_unread_monitor);
  ADD ("peer-state", test_peer_state);
#undef ADD
  g_test_add_func ("/zmqg/compat/messages", test_messages);
  g_test_add_func ("/zmqg/compat/contexts", test_contexts);
  g_test_add_func ("/zmqg/compat/options", test_options);
  g_test_add_func ("/zmqg/compat/strings", test_strings);
  g_test_add_func ("/zmqg/compat/greetings", test_greetings);
  g_test_add_func ("/zmqg/compat/topics-count", test_topics_count);
  g_test_add_func ("/zmqg/compat/types-to-come", test_types_to_come);
  g_test_add_func ("/zmqg/compat/mechanisms-to-come",
                   test_mechanisms_to_come);

  return g_test_run ();
}
