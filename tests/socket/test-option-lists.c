/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-endpoint.h"
#include "socket/zmqg-peer.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

/* Options that are added to: metadata and filters. */

/* --- Metadata ----------------------------------------------------------- */

static void
add (ZmqgSocket *socket,
     const char *name,
     const char *value)
{
  GError *error = NULL;

  zmqg_socket_add_metadata (socket, name, value, &error);
  g_assert_no_error (error);
}

/* Both sides tell, and the first value of a name wins. */
static void
test_metadata (SocketTest *test)
{
  ZmqgSocket *one = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *other = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autoptr (ZmqgMessage) first = NULL;
  g_autoptr (ZmqgMessage) second = NULL;
  g_autofree char *uri = NULL;

  add (one, "X-zone", "north");
  add (one, "X-zone", "south");
  add (one, "X-a", "1:2 ü");
  add (other, "X-zone", "east");
  uri = socket_test_bind (test, one);
  add (one, "X-late", "too late");
  socket_test_connect (other, uri);

  socket_test_send (one, "from one", NULL);
  first = socket_test_receive (other);
  g_assert_cmpstr (zmqg_message_get_property (first, "X-zone"), ==, "north");
  g_assert_cmpstr (zmqg_message_get_property (first, "X-a"), ==, "1:2 ü");
  g_assert_null (zmqg_message_get_property (first, "X-late"));
  g_assert_null (zmqg_message_get_property (first, "X-none"));

  socket_test_send (other, "from the other", NULL);
  second = socket_test_receive (one);
  g_assert_cmpstr (zmqg_message_get_property (second, "X-zone"), ==, "east");
  g_assert_null (zmqg_message_get_property (second, "X-a"));
}

static void
test_metadata_refused (SocketTest *test)
{
  static const char *const names[] = { "", "zone", "x-zone", "Xzone",
                                       "X-zo ne", "X-a:b", "X-ü" };
  ZmqgSocket *socket = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *fill = g_strnfill (254, 'a');
  g_autofree char *too_long = g_strconcat ("X-", fill, NULL);
  g_autofree char *large = g_strnfill (32 * 1024, 'v');
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_assert_false (zmqg_socket_add_metadata (socket, names[i], "v",
                                                &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }
  g_assert_false (zmqg_socket_add_metadata (socket, too_long, "v", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  too_long[255] = '\0';
  add (socket, too_long, "v");
  g_assert_false (zmqg_socket_add_metadata (socket, "X-a", "", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_add_metadata (socket, "X-a", large, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

/* As much as there may be still makes a handshake. */
static void
test_metadata_much (SocketTest *test)
{
  ZmqgSocket *one = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *other = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *uri = socket_test_bind (test, one);
  g_autofree char *value = g_strnfill (1000, 'v');
  g_autoptr (ZmqgMessage) message = NULL;

  for (guint i = 0; i < 32; i++)
    {
      g_autofree char *name = g_strdup_printf ("X-%u", i);

      add (other, name, value);
    }
  socket_test_connect (other, uri);
  socket_test_send (other, "hello", NULL);
  message = socket_test_receive (one);
  g_assert_cmpstr (zmqg_message_get_property (message, "X-31"), ==, value);
}

/* --- Filters ------------------------------------------------------------ */

typedef struct
{
  ZmqgEndpoint *endpoint;
  GSocketAddress *address;
  GError *error;
  guint n;
} Refusal;

static void
note_refusal (ZmqgSocket *socket,
              ZmqgEndpoint *endpoint,
              GSocketAddress *address,
              GError *error,
              gpointer user_data)
{
  Refusal *refusal = user_data;

  g_set_object (&refusal->endpoint, endpoint);
  g_set_object (&refusal->address, address);
  g_clear_error (&refusal->error);
  refusal->error = g_error_copy (error);
  refusal->n++;
}

static void
count (guint *n)
{
  (*n)++;
}

/* Whether a peer gets in; @socket has its filters. */
static void
check_peer (SocketTest *test,
            ZmqgSocket *socket,
            gboolean gets_in)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  Refusal refusal = { NULL };
  g_autofree char *uri = NULL;
  gboolean ipv6;
  gulong id;

  g_object_get (socket, "ipv6", &ipv6, NULL);
  g_object_set (push, "ipv6", ipv6, NULL);
  id = g_signal_connect (socket, "handshake-failed",
                         G_CALLBACK (note_refusal), &refusal);
  uri = socket_test_bind (test, socket);
  socket_test_connect (push, uri);
  socket_test_send (push, "in", NULL);
  if (gets_in)
    {
      socket_test_expect (socket, "in", NULL);
      g_assert_cmpuint (refusal.n, ==, 0);
    }
  else
    {
      /* It is refused each time that it comes. */
      ZMQG_TEST_AWAIT (refusal.n >= 2, SOCKET_TEST_DEADLINE_MS);
      g_assert_error (refusal.error, G_IO_ERROR,
                      G_IO_ERROR_PERMISSION_DENIED);
      g_assert_nonnull (strstr (refusal.error->message, uri));
      g_assert_cmpstr (zmqg_endpoint_get_uri (refusal.endpoint), ==, uri);
      g_assert_cmpint (zmqg_endpoint_get_state (refusal.endpoint), ==,
                       ZMQG_ENDPOINT_STATE_LISTENING);
      g_assert_true (G_IS_SOCKET_ADDRESS (refusal.address));
      socket_test_refuses_receive (socket, ZMQG_ERROR_WOULD_BLOCK);
    }
  g_signal_handler_disconnect (socket, id);
  g_clear_object (&refusal.endpoint);
  g_clear_object (&refusal.address);
  g_clear_error (&refusal.error);
  socket_test_close (test, push);
}

/* The peer is 127.0.0.1. */
static void
check_filters (SocketTest *test,
               const char *first,
               const char *second,
               gboolean gets_in)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  GError *error = NULL;

  g_test_message ("%s %s", first, second);
  zmqg_socket_add_accept_filter (pull, first, &error);
  g_assert_no_error (error);
  if (second != NULL)
    zmqg_socket_add_accept_filter (pull, second, &error);
  g_assert_no_error (error);
  check_peer (test, pull, gets_in);
  zmqg_socket_clear_accept_filters (pull);
  check_peer (test, pull, TRUE);
  socket_test_close (test, pull);
}

static void
test_accept_filters (SocketTest *test)
{
  gboolean is_tcp = g_str_equal (test->transport, "tcp");

  check_filters (test, "127.0.0.1", NULL, TRUE);
  check_filters (test, "127.0.0.1/32", NULL, TRUE);
  check_filters (test, "127.0.0.77/24", NULL, TRUE);
  check_filters (test, "1.2.3.4/0", NULL, TRUE);
  check_filters (test, "10.0.0.0/8", "127.0.0.0/31", TRUE);
  /* Those are none of ipc's. */
  check_filters (test, "127.0.0.2", NULL, !is_tcp);
  check_filters (test, "127.0.0.2/31", NULL, !is_tcp);
  check_filters (test, "10.0.0.0/8", "::1", !is_tcp);
  check_filters (test, "::/0", NULL, !is_tcp);
}

/* Over IPv6 the address is a mapped one. */
static void
test_accept_filters_mapped (SocketTest *test)
{
  static const char *const good[] = { "127.0.0.0/8", "::ffff:127.0.0.1",
                                      "::ffff:0:0/96", "::/0" };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good) + 1; i++)
    {
      ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
      gboolean gets_in = i < G_N_ELEMENTS (good);

      g_object_set (pull, "ipv6", TRUE, NULL);
      if (!zmqg_socket_bind (pull, "tcp://[::1]:0", &error))
        {
          g_test_skip (error->message);
          return;
        }
      zmqg_socket_add_accept_filter (pull, gets_in ? good[i] : "::1", &error);
      g_assert_no_error (error);
      check_peer (test, pull, gets_in);
    }
}

/* As libzmq takes them, too, with IPV6. */
static void
test_accept_filter_forms (SocketTest *test)
{
  static const struct
  {
    const char *filter;
    gboolean gets_in;
  } rows[] = {
    { "::1", TRUE },     { "[::1]", TRUE },     { "[::1]/64", TRUE },
    { "[::2]", FALSE },  { "[::2]/64", TRUE },  { "::1%lo", TRUE },
    { "::1%1/128", TRUE }, { "[::1%lo]", TRUE }, { "fe80::1%lo", FALSE },
    { "[127.0.0.1]", FALSE },
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
      ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
      g_autofree char *uri = NULL;
      guint refused = 0;

      g_test_message ("%s", rows[i].filter);
      g_object_set (pull, "ipv6", TRUE, NULL);
      g_object_set (push, "ipv6", TRUE, NULL);
      g_signal_connect_swapped (pull, "handshake-failed",
                                G_CALLBACK (count), &refused);
      zmqg_socket_add_accept_filter (pull, rows[i].filter, &error);
      g_assert_no_error (error);
      if (!zmqg_socket_bind (pull, "tcp://[::1]:0", &error))
        {
          g_test_skip (error->message);
          return;
        }
      uri = zmqg_socket_get_last_endpoint (pull);
      socket_test_connect (push, uri);
      if (rows[i].gets_in)
        socket_test_await_peers (pull, 1);
      else
        ZMQG_TEST_AWAIT (refused > 0, SOCKET_TEST_DEADLINE_MS);
      socket_test_close (test, push);
      socket_test_close (test, pull);
    }
}

static void
test_accept_filters_refused (SocketTest *test)
{
  static const char *const bad[] = {
    "", "localhost", "lo", "127.0.0.1/", "127.0.0.1/33", "127.0.0.1/-1",
    "127.0.0.1/a", "127.0.0.1/8 ", "::1/129", "/8", "127.0.0.1/8/8", "*",
    "[]", "[", "[::1", "::1]", "[::1]%lo", "[[::1]]", "::1%", "::1%0", "%lo",
    "::1%no-such-device", "::1%lo%lo", "127.0.0.1%lo", "127", "[::1]:5",
  };
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("“%s”", bad[i]);
      g_assert_false (zmqg_socket_add_accept_filter (pull, bad[i], &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, bad[i]));
      g_clear_error (&error);
    }
  /* None of them is one. */
  check_peer (test, pull, TRUE);
}

/* A group that this process has beside its own; our own if there is none. */
static guint
other_group (void)
{
  gid_t groups[64];
  int n = getgroups (G_N_ELEMENTS (groups), groups);

  for (int i = 0; i < n; i++)
    if (groups[i] != getegid ())
      return groups[i];
  return getegid ();
}

static void
test_ipc_filters (SocketTest *test)
{
  gboolean is_ipc = g_str_equal (test->transport, "ipc");
  const struct
  {
    void (*add) (ZmqgSocket *socket, guint id);
    guint id;
    gboolean gets_in;
  } rows[] = {
    { zmqg_socket_add_ipc_filter_uid, geteuid (), TRUE },
    { zmqg_socket_add_ipc_filter_gid, getegid (), TRUE },
    { zmqg_socket_add_ipc_filter_gid, other_group (), TRUE },
    { zmqg_socket_add_ipc_filter_pid, getpid (), TRUE },
    { zmqg_socket_add_ipc_filter_uid, 54321, FALSE },
    { zmqg_socket_add_ipc_filter_gid, 54321, FALSE },
    { zmqg_socket_add_ipc_filter_pid, 1, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);

      zmqg_socket_add_ipc_filter_uid (pull, 65533);
      rows[i].add (pull, rows[i].id);
      check_peer (test, pull, rows[i].gets_in || !is_ipc);
      zmqg_socket_clear_ipc_filters (pull);
      check_peer (test, pull, TRUE);
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/options/metadata", SOCKET_TEST_ALL, test_metadata);
  socket_test_add ("/zmqg/options/metadata/refused", SOCKET_TEST_INPROC,
                   test_metadata_refused);
  socket_test_add ("/zmqg/options/metadata/much", SOCKET_TEST_ALL,
                   test_metadata_much);
  socket_test_add ("/zmqg/options/accept-filters", SOCKET_TEST_NETWORK,
                   test_accept_filters);
  socket_test_add ("/zmqg/options/accept-filters/mapped", SOCKET_TEST_TCP,
                   test_accept_filters_mapped);
  socket_test_add ("/zmqg/options/accept-filters/forms", SOCKET_TEST_TCP,
                   test_accept_filter_forms);
  socket_test_add ("/zmqg/options/accept-filters/refused", SOCKET_TEST_TCP,
                   test_accept_filters_refused);
  socket_test_add ("/zmqg/options/ipc-filters", SOCKET_TEST_NETWORK,
                   test_ipc_filters);

  return g_test_run ();
}
