/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "compat-test.h"
#include "zmqg-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

/*
 * A process without descriptors: calls that need one say EMFILE, what needs none
 * works, and once there are descriptors again everything does, with the same
 * sockets. libzmq ends the process in some of these cases (bind, and the first
 * endpoint of a context), and else says the same.
 *
 * Each case is a process of its own, in which nothing was used before.
 */

#define DEADLINE_MS 60000

#define LIMIT 200

static int fds[LIMIT];
static guint n_fds;

/* Takes all descriptors but so many. */
static void
take_descriptors (guint left)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = LIMIT;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  while (n_fds < LIMIT)
    {
      fds[n_fds] = open ("/dev/null", O_RDONLY | O_CLOEXEC);
      if (fds[n_fds] < 0)
        break;
      n_fds++;
    }
  g_assert_cmpint (errno, ==, EMFILE);
  while (left-- > 0)
    close (fds[--n_fds]);
}

static void
give_descriptors (void)
{
  while (n_fds > 0)
    close (fds[--n_fds]);
}

#define assert_works(call) \
  G_STMT_START { \
    if ((call) < 0) \
      g_error ("%s: %s", #call, zmq_strerror (errno)); \
  } G_STMT_END

static void *context;
static void *client;
static void *server; /* bound to: */
static char address[64];

/* Nobody else's peers come to it. */
static void
bind_somewhere (void *socket)
{
  g_autofree char *uri = g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ());
  size_t size = sizeof address;

  assert_works (zmq_bind (socket, uri));
  assert_works (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, address, &size));
}

static void *
make_socket (void)
{
  void *socket = zmq_socket (context, ZMQ_DEALER);
  const int timeout = DEADLINE_MS;
  const int linger = 0;

  g_assert_nonnull (socket);
  assert_works (zmq_setsockopt (socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout));
  assert_works (zmq_setsockopt (socket, ZMQ_SNDTIMEO, &timeout, sizeof timeout));
  assert_works (zmq_setsockopt (socket, ZMQ_LINGER, &linger, sizeof linger));
  return socket;
}

static void
make_pair (void)
{
  context = zmq_ctx_new ();
  client = make_socket ();
  server = make_socket ();
  bind_somewhere (server);
}

static void
exchange (void *from,
          void *to)
{
  char byte;

  assert_works (zmq_send (from, "x", 1, 0));
  assert_works (zmq_recv (to, &byte, 1, 0));
}

static void
end_pair (void)
{
  assert_works (zmq_close (client));
  assert_works (zmq_close (server));
  assert_works (zmq_ctx_term (context));
}

/* Everything does, with the sockets that there were. */
static void
use_pair (void)
{
  void *other = make_socket ();

  assert_works (zmq_connect (client, address));
  exchange (client, server);
  exchange (server, client);
  assert_works (zmq_connect (other, address));
  exchange (other, server);
  assert_works (zmq_close (other));
  end_pair ();
}

/* --- Cases ------------------------------------------------------------------- */

static void
try_context (void)
{
  take_descriptors (0);
  errno = 0;
  g_assert_null (zmq_ctx_new ());
  g_assert_cmpint (errno, ==, EMFILE);
  errno = 0;
  g_assert_null (zmq_init (1));
  g_assert_cmpint (errno, ==, EMFILE);
  give_descriptors ();
  make_pair ();
  use_pair ();
}

/* A context, and sockets, of which no thread has waited yet can be ended. */
static void
try_term (void)
{
  context = zmq_ctx_new ();
  take_descriptors (0);
  client = zmq_socket (context, ZMQ_PUSH);
  g_assert_nonnull (client);
  assert_works (zmq_close (client));
  assert_works (zmq_ctx_term (context));
}

static gpointer
open_socket (gpointer data G_GNUC_UNUSED)
{
  errno = 0;
  g_assert_null (zmq_socket (context, ZMQ_PUSH));
  g_assert_cmpint (errno, ==, EMFILE);
  /* The one of another thread: it says when it has to wait. */
  assert_fails (zmq_recv (server, NULL, 0, 0), EMFILE);
  assert_fails (zmq_recv (server, NULL, 0, ZMQ_DONTWAIT), EAGAIN);
  return NULL;
}

static void
try_socket (void)
{
  make_pair ();
  take_descriptors (0);
  g_thread_join (g_thread_new ("no-descriptors", open_socket, NULL));
  give_descriptors ();
  use_pair ();
}

static void
try_bind (void)
{
  g_autofree char *folder = zmqg_test_tmpdir ();
  g_autofree char *path = g_strdup_printf ("ipc://%s/socket", folder);

  /* Whatever the first endpoint of a context, and of the process, needs. */
  for (guint left = 0; left < 16; left++)
    {
      gboolean bound;

      context = zmq_ctx_new ();
      client = make_socket ();
      take_descriptors (left);
      errno = 0;
      bound = zmq_bind (client, "tcp://127.0.0.1:*") == 0;
      g_assert_true (bound || errno == EMFILE);
      bound = zmq_bind (client, path) == 0;
      g_assert_true (bound || errno == EMFILE);
      if (left == 0)
        g_assert_false (bound);
      assert_works (zmq_bind (client, "inproc://name"));
      give_descriptors ();
      if (!bound)
        assert_works (zmq_bind (client, path));
      assert_works (zmq_close (client));
      make_pair ();
      use_pair ();
    }

  zmqg_test_rmdir (folder);
}

/* Connecting is done later, and tried again. */
static void
try_connect (void)
{
  char byte;

  make_pair ();
  take_descriptors (0);
  assert_works (zmq_connect (client, address));
  assert_works (zmq_send (client, "x", 1, 0));
  assert_fails (zmq_recv (server, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
  give_descriptors ();
  assert_works (zmq_recv (server, &byte, 1, 0));
  exchange (server, client);
  end_pair ();
}

static void
try_first_connect (void)
{
  for (guint left = 0; left < 10; left++)
    {
      gboolean connected;

      context = zmq_ctx_new ();
      client = make_socket ();
      take_descriptors (left);
      errno = 0;
      connected = zmq_connect (client, "tcp://127.0.0.1:1") == 0;
      g_assert_true (connected || errno == EMFILE);
      give_descriptors ();
      assert_works (zmq_close (client));
      make_pair ();
      use_pair ();
    }
}

/* Peers wait in the kernel until there is a descriptor for them. */
static void
try_accept (void)
{
  struct sockaddr_in to = { .sin_family = AF_INET };
  guint8 byte = 0;
  int fd;

  make_pair ();
  fd = socket (AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint (fd, >=, 0);
  take_descriptors (0);
  to.sin_port = htons ((guint16) atoi (strrchr (address, ':') + 1));
  to.sin_addr.s_addr = inet_addr (zmqg_test_loopback ());
  g_assert_cmpint (connect (fd, (struct sockaddr *) &to, sizeof to), ==, 0);
  /* The I/O thread has seen it when it is through with this. */
  assert_works (zmq_connect (client, address));
  give_descriptors ();
  g_assert_cmpint (recv (fd, &byte, 1, MSG_WAITALL), ==, 1);
  g_assert_cmpint (byte, ==, 0xff);
  close (fd);
  use_pair ();
}

static void
try_monitor (void)
{
  void *monitor;
  zmq_msg_t frame;

  make_pair ();
  monitor = zmq_socket (context, ZMQ_PAIR);
  take_descriptors (0);
  /* libzmq, whose monitor is a socket, says EMFILE; ours needs none. */
  assert_works (zmq_socket_monitor (client, "inproc://m", ZMQ_EVENT_ALL));
  assert_works (zmq_connect (monitor, "inproc://m"));
  assert_works (zmq_socket_monitor (client, NULL, 0));
  give_descriptors ();
  zmq_msg_init (&frame);
  assert_works (zmq_msg_recv (&frame, monitor, 0));
  zmq_msg_close (&frame);
  assert_works (zmq_close (monitor));
  use_pair ();
}

static void
try_poll (void)
{
  zmq_pollitem_t items[2] = { { 0 } };
  zmq_poller_event_t event;
  void *poller;

  make_pair ();
  assert_works (zmq_connect (client, address));
  poller = zmq_poller_new ();
  take_descriptors (0);
  items[0].socket = client;
  items[1].socket = server;
  items[0].events = items[1].events = ZMQ_POLLIN;
  g_assert_cmpint (zmq_poll (items, 2, 1), ==, 0);
  assert_works (zmq_send (client, "x", 1, 0));

  errno = 0;
  g_assert_null (zmq_poller_new ());
  g_assert_cmpint (errno, ==, EMFILE);
  assert_works (zmq_poller_add (poller, client, NULL, ZMQ_POLLIN));
  assert_works (zmq_poller_add_fd (poller, fds[0], NULL, ZMQ_POLLIN));
  assert_works (zmq_poller_remove_fd (poller, fds[0]));
  assert_fails (zmq_poller_wait (poller, &event, 1), EAGAIN);
  give_descriptors ();

  assert_works (zmq_poller_add (poller, server, NULL, ZMQ_POLLIN));
  assert_works (zmq_poller_wait (poller, &event, DEADLINE_MS));
  g_assert_true (event.socket == server);
  g_assert_cmpint (zmq_poll (items, 2, DEADLINE_MS), ==, 1);
  assert_works (zmq_recv (server, NULL, 0, 0));
  assert_works (zmq_poller_destroy (&poller));
  exchange (client, server);
  exchange (server, client);
  end_pair ();
}

static void
try_fd (void)
{
  size_t size = sizeof (int);
  int fd;

  make_pair ();
  take_descriptors (0);
  assert_fails (zmq_getsockopt (client, ZMQ_FD, &fd, &size), EMFILE);
  give_descriptors ();
  assert_works (zmq_getsockopt (client, ZMQ_FD, &fd, &size));
  g_assert_cmpint (fcntl (fd, F_GETFD), >=, 0);
  use_pair ();
}

static gpointer
run_proxy (gpointer data)
{
  void **ends = data;

  /* From then on the thread can wait. */
  assert_works (zmq_close (make_socket ()));
  assert_fails (zmq_proxy (ends[0], ends[1], NULL), ETERM);
  assert_works (zmq_close (ends[0]));
  assert_works (zmq_close (ends[1]));
  return NULL;
}

/* One that runs, and one that could not wait. */
static gpointer
start_proxy (gpointer data)
{
  void **ends = data;

  assert_fails (zmq_proxy (ends[0], ends[1], NULL), EMFILE);
  return NULL;
}

static void
try_proxy (void)
{
  void *ends[2];
  GThread *thread;

  make_pair ();
  ends[0] = make_socket ();
  ends[1] = make_socket ();
  assert_works (zmq_bind (ends[0], "inproc://front"));
  assert_works (zmq_bind (ends[1], "inproc://back"));
  assert_works (zmq_connect (client, "inproc://front"));
  assert_works (zmq_connect (server, "inproc://back"));

  take_descriptors (0);
  g_thread_join (g_thread_new ("proxy", start_proxy, ends));
  give_descriptors ();
  thread = g_thread_new ("proxy", run_proxy, ends);
  exchange (client, server);
  take_descriptors (0);
  exchange (client, server);
  exchange (server, client);
  give_descriptors ();
  assert_works (zmq_ctx_shutdown (context));
  g_thread_join (thread);
  end_pair ();
}

/* What there is goes on, and comes to its end. */
static void
try_traffic (void)
{
  char byte;

  make_pair ();
  assert_works (zmq_connect (client, address));
  exchange (client, server);
  take_descriptors (0);
  for (guint i = 0; i < 1000; i++)
    {
      exchange (client, server);
      exchange (server, client);
    }
  assert_fails (zmq_recv (server, &byte, 1, ZMQ_DONTWAIT), EAGAIN);
  end_pair ();
}

/* --- Main --------------------------------------------------------------------- */

static void
test_case (gconstpointer data)
{
  void (*const *function) (void) = data;
  int status;
  pid_t pid = fork ();

  if (pid == 0)
    {
      alarm (2 * DEADLINE_MS / 1000);
      (*function) ();
      _exit (0);
    }

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static const struct
{
  void (*function) (void);
  const char *path;
} cases[] = {
  { try_context, "/zmqg/compat/descriptors/context" },
  { try_term, "/zmqg/compat/descriptors/term" },
  { try_socket, "/zmqg/compat/descriptors/socket" },
  { try_bind, "/zmqg/compat/descriptors/bind" },
  { try_connect, "/zmqg/compat/descriptors/connect" },
  { try_first_connect, "/zmqg/compat/descriptors/first-connect" },
  { try_accept, "/zmqg/compat/descriptors/accept" },
  { try_monitor, "/zmqg/compat/descriptors/monitor" },
  { try_poll, "/zmqg/compat/descriptors/poll" },
  { try_fd, "/zmqg/compat/descriptors/fd" },
  { try_proxy, "/zmqg/compat/descriptors/proxy" },
  { try_traffic, "/zmqg/compat/descriptors/traffic" },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, &cases[i].function, test_case);

  return g_test_run ();
}
