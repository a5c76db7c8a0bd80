/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-endpoint.h"
#include "socket/zmqg-sub-socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* --- Properties --------------------------------------------------------- */

static void
test_strings (SocketTest *test)
{
  ZmqgSocket *socket = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *device = NULL;

  g_object_get (socket, "bind-to-device", &device, NULL);
  g_assert_null (device);
  g_object_set (socket, "bind-to-device", "sixteen-bytes---", NULL);
  g_object_get (socket, "bind-to-device", &device, NULL);
  g_assert_cmpstr (device, ==, "sixteen-bytes---");
  g_clear_pointer (&device, g_free);

  g_test_expect_message ("Zmqg", G_LOG_LEVEL_CRITICAL,
                         "*seventeen-bytes--*bind-to-device: 1 to 16");
  g_object_set (socket, "bind-to-device", "seventeen-bytes--", NULL);
  g_test_assert_expected_messages ();
  g_object_get (socket, "bind-to-device", &device, NULL);
  g_assert_cmpstr (device, ==, "sixteen-bytes---");

  g_object_set (socket, "bind-to-device", "", NULL);
  g_clear_pointer (&device, g_free);
  g_object_get (socket, "bind-to-device", &device, NULL);
  g_assert_null (device);
}

static void
count (guint *n)
{
  (*n)++;
}

/* What a user interface would show as a property's default is what a new
 * socket of that type has, and setting it tells of it. */
static void
test_defaults (SocketTest *test)
{
  for (ZmqgSocketType type = ZMQG_SOCKET_TYPE_PAIR;
       type <= ZMQG_SOCKET_TYPE_XSUB; type++)
    {
      g_autoptr (ZmqgSocket) socket = NULL;
      g_autofree GParamSpec **pspecs = NULL;
      guint notified = 0;
      guint n;

      socket = zmqg_context_create_socket (test->context, type);
      pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (socket),
                                               &n);
      for (guint i = 0; i < n; i++)
        {
          g_auto (GValue) value = G_VALUE_INIT;

          if (!(pspecs[i]->flags & G_PARAM_WRITABLE) ||
              (pspecs[i]->flags & G_PARAM_CONSTRUCT_ONLY))
            continue;

          g_test_message ("%s:%s", G_OBJECT_TYPE_NAME (socket),
                          pspecs[i]->name);
          g_value_init (&value, pspecs[i]->value_type);
          g_object_get_property (G_OBJECT (socket), pspecs[i]->name, &value);
          g_assert_true (g_param_value_defaults (pspecs[i], &value));
        }

      g_signal_connect_swapped (socket, "notify::linger", G_CALLBACK (count),
                                &notified);
      g_object_set (socket, "linger", 7, NULL);
      g_object_set (socket, "linger", 7, NULL);
      g_assert_cmpuint (notified, ==, 1);
    }
}

/* Each endpoint keeps what was set when it was made; strings, too. */
static void
test_snapshot (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = NULL;
  g_autofree char *first = NULL;

  g_object_set (pull, "bind-to-device", "lo", "reconnect-stop",
                ZMQG_RECONNECT_STOP_CONN_REFUSED, NULL);
  first = socket_test_bind (test, pull);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("nosuch%u", i);

      g_object_set (pull, "bind-to-device", name, NULL);
    }
  g_object_set (pull, "bind-to-device", NULL, NULL);
  uri = socket_test_bind (test, pull);

  socket_test_connect (push, first);
  socket_test_send (push, "first", NULL);
  socket_test_expect (pull, "first", NULL);
}

static void
test_flags (SocketTest *test)
{
  ZmqgSocket *socket = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgReconnectStop stop;
  guint64 affinity;

  g_object_get (socket, "reconnect-stop", &stop, "affinity", &affinity, NULL);
  g_assert_cmpuint (stop, ==, ZMQG_RECONNECT_STOP_NONE);
  g_assert_cmpuint (affinity, ==, 0);
  g_object_set (socket, "reconnect-stop", 7, "affinity", G_MAXUINT64, NULL);
  g_object_get (socket, "reconnect-stop", &stop, "affinity", &affinity, NULL);
  g_assert_cmpuint (stop, ==, 7);
  g_assert_cmpuint (affinity, ==, G_MAXUINT64);
}

/* Nothing that a peer chooses is without a limit, unless the program says so. */
static void
test_limits (SocketTest *test)
{
  static const char *const names[] = { "max-frames", "max-subscriptions",
                                       "max-subscription-bytes" };
  ZmqgSocket *socket = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      int value;

      g_object_get (socket, names[i], &value, NULL);
      g_assert_cmpint (value, >, 0);
      g_object_set (socket, names[i], 0, NULL);
      g_object_get (socket, names[i], &value, NULL);
      g_assert_cmpint (value, ==, 0);
    }
}

/* --- Reconnecting ------------------------------------------------------- */

/* The endpoint ends, and says why. */
static void
test_reconnect_stop (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (GError) reason = NULL;
  GError *error = NULL;

  g_object_set (push, "reconnect-stop", ZMQG_RECONNECT_STOP_CONN_REFUSED,
                NULL);
  endpoint = zmqg_socket_connect_endpoint (push, uri, &error);
  g_assert_no_error (error);
  socket_test_await_peers (push, 1);
  socket_test_close (test, pull);

  /* What ipc removed it cannot refuse. */
  if (g_str_equal (test->transport, "ipc"))
    {
      ZMQG_TEST_AWAIT (zmqg_endpoint_get_reconnects (endpoint) >= 3,
                       SOCKET_TEST_DEADLINE_MS);
      return;
    }
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_CLOSED,
                   SOCKET_TEST_DEADLINE_MS);
  reason = zmqg_endpoint_get_last_error (endpoint);
  g_assert_error (reason, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_nonnull (strstr (reason->message, uri));
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (
                     zmqg_socket_get_endpoints (push)) == 0,
                   SOCKET_TEST_DEADLINE_MS);
}

/* --- Affinity ----------------------------------------------------------- */

static void
bind_with_affinity (SocketTest *test,
                    guint64 affinity,
                    gboolean works)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (GError) error = NULL;

  g_object_set (push, "affinity", affinity, NULL);
  g_assert_cmpint (zmqg_socket_connect_to (push, uri, &error), ==, works);
  if (works)
    {
      g_assert_no_error (error);
      socket_test_send (push, "there", NULL);
      socket_test_expect (pull, "there", NULL);
    }
  else
    {
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
    }
}

/* Whether a thread of that name exists in this process. */
static gboolean
has_thread (const char *name)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;

  while (dir != NULL && (task = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", task,
                                                "comm", NULL);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (path, &comm, NULL, NULL) &&
          g_str_equal (g_strchomp (comm), name))
        return TRUE;
    }
  return FALSE;
}

static void
test_affinity (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = NULL;

  if (zmqg_context_get_engine_mode (test->context) ==
      ZMQG_ENGINE_MODE_MAIN_CONTEXT)
    {
      bind_with_affinity (test, 1, TRUE);
      bind_with_affinity (test, 2, FALSE);
      return;
    }

  /* Only the third thread is started. */
  zmqg_context_set_io_threads (test->context, 3);
  g_object_set (pull, "affinity", G_GUINT64_CONSTANT (4), NULL);
  uri = socket_test_bind (test, pull);
  ZMQG_TEST_AWAIT (has_thread ("zmqg-io/2"), SOCKET_TEST_DEADLINE_MS);
  g_assert_false (has_thread ("zmqg-io/0"));
  g_assert_false (has_thread ("zmqg-io/1"));

  bind_with_affinity (test, 4, TRUE);
  bind_with_affinity (test, 3, TRUE);
  bind_with_affinity (test, G_MAXUINT64, TRUE);
  bind_with_affinity (test, 8, FALSE);
  bind_with_affinity (test, G_GUINT64_CONSTANT (1) << 63, FALSE);
}

/* --- Descriptors -------------------------------------------------------- */

/* One that listens, and where. */
static int
listen_at (SocketTest *test,
           char **uri)
{
  struct sockaddr_in in = { .sin_family = AF_INET };
  struct sockaddr_un un = { .sun_family = AF_UNIX };
  int fd;

  in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (g_str_equal (test->transport, "tcp"))
    {
      socklen_t size = sizeof in;

      fd = socket (AF_INET, SOCK_STREAM, 0);
      g_assert_no_errno (bind (fd, (struct sockaddr *) &in, size));
      g_assert_no_errno (getsockname (fd, (struct sockaddr *) &in, &size));
      *uri = g_strdup_printf ("tcp://127.0.0.1:%u", ntohs (in.sin_port));
    }
  else
    {
      fd = socket (AF_UNIX, SOCK_STREAM, 0);
      g_snprintf (un.sun_path, sizeof un.sun_path, "%s/handed-over",
                  test->folder);
      g_assert_no_errno (bind (fd, (struct sockaddr *) &un, sizeof un));
      *uri = g_strconcat ("ipc://", un.sun_path, NULL);
    }
  g_assert_no_errno (listen (fd, 10));
  return fd;
}

static void
check_path_is_there (SocketTest *test,
                     const char *uri)
{
  struct stat status;

  if (g_str_equal (test->transport, "ipc"))
    g_assert_no_errno (lstat (uri + strlen ("ipc://"), &status));
}

/* A peer that came before the program did is served. */
static void
test_bind_fd (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = NULL;
  g_autofree char *last = NULL;
  GError *error = NULL;
  int fd = listen_at (test, &uri);

  socket_test_connect (push, uri);
  socket_test_send (push, "early", NULL);
  g_assert_true (zmqg_socket_bind_fd (pull, fd, &error));
  g_assert_no_error (error);
  last = zmqg_socket_get_last_endpoint (pull);
  g_assert_cmpstr (last, ==, uri);
  socket_test_expect (pull, "early", NULL);

  /* It is closed with the endpoint. */
  g_assert_true (zmqg_socket_unbind (pull, uri, &error));
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (fcntl (fd, F_GETFD) < 0, SOCKET_TEST_DEADLINE_MS);
  check_path_is_there (test, uri);
}

static void
test_bind_fd_refused (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  int pair[2];
  int fd;

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM, 0, pair));
  g_assert_false (zmqg_socket_bind_fd (pull, pair[0], &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_no_errno (fcntl (pair[0], F_GETFD));
  close (pair[0]);
  close (pair[1]);

  fd = open ("/dev/null", O_RDONLY);
  g_assert_false (zmqg_socket_bind_fd (pull, fd, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_no_errno (fcntl (fd, F_GETFD));
  close (fd);

  fd = listen_at (test, &uri);
  zmqg_socket_close (pull);
  g_assert_false (zmqg_socket_bind_fd (pull, fd, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
  g_assert_no_errno (fcntl (fd, F_GETFD));
  close (fd);
}

/* It serves each bind, and stays the caller's: who may go on listening when
 * both endpoints have ended. */
static void
test_use_fd (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *other = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  const char *anywhere = g_str_equal (test->transport, "tcp")
                           ? "tcp://127.0.0.1:0" : "ipc:///nowhere/at/all";
  g_autoptr (GError) refused = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *last = NULL;
  GError *error = NULL;
  int fd = listen_at (test, &uri);

  g_object_set (pull, "use-fd", fd, NULL);
  socket_test_rebind (pull, anywhere);
  last = zmqg_socket_get_last_endpoint (pull);
  g_assert_cmpstr (last, ==, uri);
  socket_test_connect (push, uri);
  socket_test_send (push, "one", NULL);
  socket_test_expect (pull, "one", NULL);
  socket_test_close (test, push);
  socket_test_close (test, pull);
  check_path_is_there (test, uri);

  g_object_set (other, "use-fd", fd, NULL);
  socket_test_rebind (other, anywhere);
  push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  socket_test_connect (push, uri);
  socket_test_send (push, "two", NULL);
  socket_test_expect (other, "two", NULL);
  g_assert_true (zmqg_socket_unbind (other, uri, &error));
  g_assert_no_error (error);

  close (fd);
  g_assert_false (zmqg_socket_bind (other, anywhere, &refused));
  g_assert_nonnull (refused);

  /* Not of inproc. */
  socket_test_rebind (other, "inproc://name");
  g_object_set (other, "use-fd", -1, NULL);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/options/strings", SOCKET_TEST_INPROC, test_strings);
  socket_test_add ("/zmqg/options/defaults", SOCKET_TEST_INPROC,
                   test_defaults);
  socket_test_add ("/zmqg/options/flags", SOCKET_TEST_INPROC, test_flags);
  socket_test_add ("/zmqg/options/snapshot", SOCKET_TEST_NETWORK,
                   test_snapshot);
  socket_test_add ("/zmqg/options/limits", SOCKET_TEST_INPROC, test_limits);
  socket_test_add ("/zmqg/options/reconnect-stop", SOCKET_TEST_NETWORK,
                   test_reconnect_stop);
  socket_test_add ("/zmqg/options/affinity", SOCKET_TEST_NETWORK,
                   test_affinity);
  socket_test_add ("/zmqg/options/bind-fd", SOCKET_TEST_NETWORK,
                   test_bind_fd);
  socket_test_add ("/zmqg/options/bind-fd/refused", SOCKET_TEST_NETWORK,
                   test_bind_fd_refused);
  socket_test_add ("/zmqg/options/use-fd", SOCKET_TEST_NETWORK, test_use_fd);

  return g_test_run ();
}
