/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* bind, connect_to, unbind, disconnect_from, and what endpoints show. */

static void
test_bind_and_connect (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  join_sockets (self, pull, push);
  send_text (push, "hello");
  expect_text (pull, "hello");
}

static void
test_sender_binds (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);

  join_sockets (self, push, pull);
  send_text (push, "hello");
  expect_text (pull, "hello");
}

static void
expect_bind_error (ZmqgSocket *socket,
                   const char *uri,
                   ZmqgError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;

  g_assert_false (zmqg_socket_bind (socket, uri, &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
  g_assert_null (zmqg_socket_bind_endpoint (socket, uri, &again));
  g_assert_error (again, ZMQG_ERROR, (int) code);
}

static void
expect_connect_error (ZmqgSocket *socket,
                      const char *uri,
                      ZmqgError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;

  g_assert_false (zmqg_socket_connect_to (socket, uri, &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
  g_assert_null (zmqg_socket_connect_endpoint (socket, uri, &again));
  g_assert_error (again, ZMQG_ERROR, (int) code);
}

static void
expect_end_errors (ZmqgSocket *socket,
                   const char *uri,
                   ZmqgError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;

  g_assert_false (zmqg_socket_unbind (socket, uri, &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
  g_assert_false (zmqg_socket_disconnect_from (socket, uri, &again));
  g_assert_error (again, ZMQG_ERROR, (int) code);
}

static void
test_malformed (Fixture *self)
{
  static const char *const nowhere[] = { "", "://", "tcp", "tcp:", "tcp:/x",
                                         "://x" };
  ZmqgSocket *socket = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);

  for (guint i = 0; i < G_N_ELEMENTS (nowhere); i++)
    {
      expect_bind_error (socket, nowhere[i], ZMQG_ERROR_INVALID_ENDPOINT);
      expect_connect_error (socket, nowhere[i], ZMQG_ERROR_INVALID_ENDPOINT);
      expect_end_errors (socket, nowhere[i], ZMQG_ERROR_INVALID_ENDPOINT);
    }

  for (guint i = 0; i < G_N_ELEMENTS (self->transport->malformed); i++)
    {
      const char *uri = self->transport->malformed[i];

      if (uri == NULL)
        break;
      expect_bind_error (socket, uri, ZMQG_ERROR_INVALID_ENDPOINT);
      expect_connect_error (socket, uri, ZMQG_ERROR_INVALID_ENDPOINT);
    }

  g_assert_null (zmqg_socket_get_last_endpoint (socket));
}

static void
test_unknown_scheme (Fixture *self)
{
  g_autofree char *upper = g_ascii_strup (self->transport->name, -1);
  g_autofree char *uri = g_strconcat (upper, "://127.0.0.1:1", NULL);
  ZmqgSocket *socket = new_socket (self, ZMQG_TYPE_PAIR_SOCKET);

  /* Schemes are case-sensitive. */
  expect_bind_error (socket, uri, ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED);
  expect_connect_error (socket, uri, ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED);
  expect_end_errors (socket, uri, ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED);
  expect_bind_error (socket, "nonsense://x",
                     ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED);
}

static void
test_in_use (Fixture *self)
{
  ZmqgSocket *first = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *second = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, first);

  if (self->transport->exclusive)
    {
      expect_bind_error (second, uri, ZMQG_ERROR_ADDRESS_IN_USE);
      expect_bind_error (first, uri, ZMQG_ERROR_ADDRESS_IN_USE);
      connect_to (push, uri);
      send_text (push, "first");
      expect_text (first, "first");
    }
  else
    {
      /* The name is taken over. */
      bind_to (second, uri);
      connect_to (push, uri);
      send_text (push, "second");
      expect_text (second, "second");
    }
}

static void
test_not_found (Fixture *self)
{
  ZmqgSocket *socket = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *other = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, socket);

  /* Bound by another socket. */
  expect_end_errors (other, uri, ZMQG_ERROR_NOT_FOUND);

  g_assert_true (zmqg_socket_unbind (socket, uri, NULL));
  expect_end_errors (socket, uri, ZMQG_ERROR_NOT_FOUND);
}

/* As in libzmq, unbinding and disconnecting are one operation. */
static void
test_either_call_ends_either_kind (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;

  endpoint = zmqg_socket_connect_endpoint (push, uri, NULL);
  await_peers (push, 1);
  g_assert_true (zmqg_socket_unbind (push, uri, NULL));
  g_assert_cmpint (zmqg_endpoint_get_state (endpoint), ==,
                   ZMQG_ENDPOINT_STATE_CLOSED);
  expect_end_errors (push, uri, ZMQG_ERROR_NOT_FOUND);
  g_assert_false (try_send_text (push, "nobody"));

  g_assert_true (zmqg_socket_disconnect_from (pull, uri, NULL));
  expect_end_errors (pull, uri, ZMQG_ERROR_NOT_FOUND);
  /* The address is free. */
  bind_to (pull, uri);
}

/* One call ends all that has the text; within the process a name that is
 * bound goes first. */
static void
test_a_socket_that_met_itself (Fixture *self)
{
  for (guint i = 0; i < 2; i++)
    {
      gboolean (*end) (ZmqgSocket *, const char *, GError **) =
        i == 0 ? zmqg_socket_unbind : zmqg_socket_disconnect_from;
      ZmqgSocket *dealer = new_socket (self, ZMQG_TYPE_DEALER_SOCKET);
      g_autofree char *uri = bind_socket (self, dealer);

      connect_to (dealer, uri);
      await_peers (dealer, 2);
      g_assert_true (end (dealer, uri, NULL));
      if (self->transport->in_process)
        {
          send_text (dealer, "to itself");
          expect_text (dealer, "to itself");
          g_assert_true (end (dealer, uri, NULL));
        }
      expect_end_errors (dealer, uri, ZMQG_ERROR_NOT_FOUND);
      g_assert_false (try_send_text (dealer, "nobody"));
    }
}

static void
count_notify (GObject *object,
              GParamSpec *pspec,
              gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
}

static void
test_last_endpoint (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *prefix = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *connected = NULL;
  guint n = 0;

  g_signal_connect (pull, "notify::last-endpoint", G_CALLBACK (count_notify),
                    &n);
  prefix = g_strconcat (self->transport->name, "://", NULL);
  first = bind_socket (self, pull);
  second = bind_socket (self, pull);
  g_assert_true (g_str_has_prefix (first, prefix));
  g_assert_cmpstr (first, !=, second);
  g_assert_false (g_str_has_suffix (first, ":0"));
  g_assert_cmpuint (n, ==, 2);

  connect_to (push, first);
  connected = zmqg_socket_get_last_endpoint (push);
  g_assert_cmpstr (connected, ==, first);
}

static void
test_several_endpoints (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *first = bind_socket (self, pull);
  g_autofree char *second = bind_socket (self, pull);
  guint sum = 0;

  connect_to (push, first);
  connect_to (push, second);
  await_peers (push, 2);
  await_peers (pull, 2);
  for (guint i = 0; i < 10; i++)
    send_number (push, i);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (ZmqgMessage) message = receive (pull);

      sum += number_of (message);
    }
  g_assert_cmpuint (sum, ==, 45);
}

static void
test_connect_before_bind (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);

  /* Now it is an address where nobody is. */
  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));

  connect_to (push, uri);
  for (guint i = 0; i < 10; i++)
    send_number (push, i);

  bind_to (pull, uri);
  for (guint i = 0; i < 10; i++)
    expect_number (pull, i);
}

static void
test_unbind (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *other = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);

  connect_to (push, uri);
  await_peers (pull, 1);
  send_text (push, "before");
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (pull) == G_IO_IN, DEADLINE_MS);

  /* The address is free at once; what was received can be read. */
  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  bind_to (other, uri);
  expect_text (pull, "before");

  if (self->transport->in_process)
    {
      /* Only the name went. */
      send_text (push, "after");
      expect_text (pull, "after");
    }
  else
    {
      /* The connection did too, and a new one goes to the new place. */
      ZMQG_TEST_AWAIT (try_send_text (push, "again") &&
                         zmqg_socket_get_events (other) == G_IO_IN,
                       DEADLINE_MS);
      expect_text (other, "again");
    }
}

/* Binds the port as a program does that shares it with nobody, not even with
 * a socket that is about to go. */
static void
expect_free_port (const char *uri)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = htons ((guint16) atoi (strrchr (uri, ':') + 1)),
    .sin_addr.s_addr = inet_addr (zmqg_test_loopback ()),
  };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  close (fd);
}

/* The address is free when unbind returns, also while the engine sleeps in a
 * poll () that has the listening socket. Fails without await_polled (), where
 * there is no epoll. */
static void
test_rebind (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  gboolean is_tcp = g_str_equal (self->transport->name, "tcp");
  g_autofree char *uri = NULL;

  if (g_str_equal (self->transport->name, "ipc"))
    {
      /* A name without a file: it goes with the last who has the socket. */
      uri = g_strdup_printf ("ipc://@%s", self->folder);
      bind_to (pull, uri);
    }
  else
    {
      uri = bind_socket (self, pull);
    }

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GError) error = NULL;

      if (i % 4 == 0)
        zmqg_test_turn (NULL);
      zmqg_socket_unbind (pull, uri, &error);
      g_assert_no_error (error);
      if (is_tcp)
        expect_free_port (uri);
      bind_to (pull, uri);
    }
}

static void
test_disconnect (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);

  g_object_set (push, "linger", -1, NULL);
  connect_to (push, uri);
  await_peers (push, 1);
  for (guint i = 0; i < 100; i++)
    send_number (push, i);

  /* What was accepted arrives, and nothing else can be sent. */
  g_assert_true (zmqg_socket_disconnect_from (push, uri, NULL));
  g_assert_false (try_send_text (push, "nobody"));
  for (guint i = 0; i < 100; i++)
    expect_number (pull, i);

  connect_to (push, uri);
  send_text (push, "again");
  expect_text (pull, "again");
}

static void
test_disconnect_receiver (Fixture *self)
{
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = bind_socket (self, push);

  connect_to (pull, uri);
  await_peers (pull, 1);
  send_text (push, "before");
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (pull) == G_IO_IN, DEADLINE_MS);

  g_assert_true (zmqg_socket_disconnect_from (pull, uri, NULL));
  expect_text (pull, "before");
  expect_nothing (pull);
}

static void
test_reconnect (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autofree char *uri = bind_socket (self, pull);

  endpoint = zmqg_socket_connect_endpoint (push, uri, NULL);
  g_assert_nonnull (endpoint);
  send_text (push, "one");
  expect_text (pull, "one");

  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
      ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) !=
                         ZMQG_ENDPOINT_STATE_CONNECTED, DEADLINE_MS);
      /* Queued while nobody is there. */
      send_number (push, i);
      bind_to (pull, uri);
      expect_number (pull, i);
    }

  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_CONNECTED, DEADLINE_MS);
  g_assert_cmpuint (zmqg_endpoint_get_reconnects (endpoint), >=, 3);
}

/* What an endpoint was seen to be. */
typedef struct
{
  ZmqgEndpointState state;
  char *error; /* nullable */
  guint reconnects;
  guint n;
} Seen;

static void
see (ZmqgEndpoint *endpoint,
     GParamSpec *pspec,
     gpointer user_data)
{
  g_autoptr (GError) error = zmqg_endpoint_get_last_error (endpoint);
  ZmqgEndpointState state = zmqg_endpoint_get_state (endpoint);
  guint reconnects = zmqg_endpoint_get_reconnects (endpoint);
  Seen *self = user_data;

  self->n++;
  if (g_str_equal (pspec->name, "reconnects"))
    {
      g_assert_cmpuint (reconnects, >, self->reconnects);
      self->reconnects = reconnects;
    }
  else if (g_str_equal (pspec->name, "last-error"))
    {
      g_assert_cmpstr (error->message, !=, self->error);
      g_free (self->error);
      self->error = g_strdup (error->message);
    }
  else
    {
      g_assert_cmpstr (pspec->name, ==, "state");
      g_assert_cmpint (state, !=, self->state);
      self->state = state;
    }
}

/* The engine does not run beside the handler: what it sees was the reason. */
static void
test_notify_of_changes (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autofree char *uri = bind_socket (self, pull);
  Seen seen = { .state = ZMQG_ENDPOINT_STATE_CONNECTING };

  if (self->mode == ZMQG_ENGINE_MODE_THREADS)
    {
      g_test_skip ("the endpoint may change again before the handler looks");
      return;
    }

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  endpoint = zmqg_socket_connect_endpoint (push, uri, NULL);
  g_signal_connect (endpoint, "notify", G_CALLBACK (see), &seen);
  ZMQG_TEST_AWAIT (seen.reconnects >= 3, DEADLINE_MS);
  g_assert_nonnull (seen.error);
  bind_to (pull, uri);
  ZMQG_TEST_AWAIT (seen.state == ZMQG_ENDPOINT_STATE_CONNECTED, DEADLINE_MS);
  g_assert_cmpuint (seen.n, >, 4);
  g_free (seen.error);
}

static void
test_reconnect_never (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (GError) last = NULL;
  g_autofree char *uri = bind_socket (self, pull);

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  g_object_set (push, "reconnect-interval", -1, NULL);
  endpoint = zmqg_socket_connect_endpoint (push, uri, NULL);
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_STOPPED, DEADLINE_MS);
  last = zmqg_endpoint_get_last_error (endpoint);
  g_assert_nonnull (last);
}

static void
expect_ended (ZmqgSocket *socket,
              ZmqgEndpoint *endpoint,
              const char *uri)
{
  GListModel *endpoints = zmqg_socket_get_endpoints (socket);
  g_autoptr (GError) last = NULL;
  g_autoptr (GError) error = NULL;

  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_CLOSED, DEADLINE_MS);
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (endpoints) == 0, DEADLINE_MS);
  last = zmqg_endpoint_get_last_error (endpoint);
  g_assert_error (last, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST);
  g_assert_false (zmqg_socket_disconnect_from (socket, uri, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_FOUND);
}

/* What was received before can still be read. */
static void
test_lost_for_good (Fixture *self)
{
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autofree char *uri = bind_socket (self, push);

  g_object_set (pull, "reconnect-interval", -1, NULL);
  g_object_set (push, "linger", -1, NULL);
  endpoint = zmqg_socket_connect_endpoint (pull, uri, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (
                      zmqg_socket_get_endpoints (pull)), ==, 1);
  send_text (push, "one");
  send_text (push, "two");
  expect_text (pull, "one");
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                     ZMQG_ENDPOINT_STATE_CONNECTED, DEADLINE_MS);

  zmqg_socket_close (push);
  expect_ended (pull, endpoint, uri);
  expect_text (pull, "two");
}

/* Within the process nobody connects again. */
static void
test_dropped_for_good (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  GListModel *peers = zmqg_socket_get_peers (push);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;
  g_autofree char *uri = bind_socket (self, pull);

  g_object_set (push, "reconnect-interval", -1, NULL);
  endpoint = zmqg_socket_connect_endpoint (push, uri, NULL);
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (peers) == 1, DEADLINE_MS);
  peer = g_list_model_get_item (peers, 0);
  g_assert_cmpuint (g_list_model_get_n_items (
                      zmqg_socket_get_endpoints (push)), ==, 1);
  zmqg_peer_drop (peer);
  expect_ended (push, endpoint, uri);
}

static void
test_endpoint_objects (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *address = new_address (self);
  g_autofree char *uri = NULL;
  g_autoptr (ZmqgEndpoint) bound = NULL;
  g_autoptr (ZmqgEndpoint) connected = NULL;
  GError *error = NULL;
  guint changes = 0;

  bound = zmqg_socket_bind_endpoint (pull, address, &error);
  g_assert_no_error (error);
  uri = zmqg_socket_get_last_endpoint (pull);
  g_assert_cmpstr (zmqg_endpoint_get_uri (bound), ==, uri);
  g_assert_cmpint (zmqg_endpoint_get_kind (bound), ==,
                   ZMQG_ENDPOINT_KIND_BIND);
  g_assert_cmpint (zmqg_endpoint_get_state (bound), ==,
                   ZMQG_ENDPOINT_STATE_LISTENING);
  g_assert_null (zmqg_endpoint_get_last_error (bound));

  connected = zmqg_socket_connect_endpoint (push, uri, &error);
  g_assert_no_error (error);
  g_signal_connect (connected, "notify::state", G_CALLBACK (count_notify),
                    &changes);
  g_assert_cmpstr (zmqg_endpoint_get_uri (connected), ==, uri);
  g_assert_cmpint (zmqg_endpoint_get_kind (connected), ==,
                   ZMQG_ENDPOINT_KIND_CONNECT);
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (connected) ==
                     ZMQG_ENDPOINT_STATE_CONNECTED, DEADLINE_MS);
  g_assert_cmpuint (zmqg_endpoint_get_reconnects (connected), ==, 0);

  g_assert_true (zmqg_socket_disconnect_from (push, uri, NULL));
  g_assert_cmpint (zmqg_endpoint_get_state (connected), ==,
                   ZMQG_ENDPOINT_STATE_CLOSED);
  ZMQG_TEST_AWAIT (changes > 0, DEADLINE_MS);
  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  g_assert_cmpint (zmqg_endpoint_get_state (bound), ==,
                   ZMQG_ENDPOINT_STATE_CLOSED);
}

/* Repeating it with the same text on DEALER keeps the one endpoint; on PUSH it
 * makes another. */
static void
test_connect_twice (Fixture *self)
{
  ZmqgSocket *router = new_socket (self, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = new_socket (self, ZMQG_TYPE_DEALER_SOCKET);
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *one = bind_socket (self, router);
  g_autofree char *two = bind_socket (self, pull);
  g_autoptr (ZmqgEndpoint) first = NULL;
  g_autoptr (ZmqgEndpoint) second = NULL;
  g_autoptr (GError) error = NULL;

  first = zmqg_socket_connect_endpoint (dealer, one, NULL);
  second = zmqg_socket_connect_endpoint (dealer, one, NULL);
  g_assert_true (first == second);
  g_assert_true (zmqg_socket_disconnect_from (dealer, one, NULL));
  g_assert_false (zmqg_socket_disconnect_from (dealer, one, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_FOUND);

  connect_to (push, two);
  connect_to (push, two);
  await_peers (push, 2);
  /* One call ends both. */
  g_assert_true (zmqg_socket_disconnect_from (push, two, NULL));
  g_assert_false (try_send_text (push, "nobody"));
}

static void
test_immediate (Fixture *self)
{
  ZmqgSocket *pull = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = new_socket (self, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = bind_socket (self, pull);

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  g_object_set (push, "immediate", TRUE, NULL);
  connect_to (push, uri);
  g_assert_false (try_send_text (push, "nobody"));
  g_assert_cmpint (zmqg_socket_get_events (push), ==, 0);

  bind_to (pull, uri);
  send_text (push, "hello");
  expect_text (pull, "hello");

  g_assert_true (zmqg_socket_unbind (pull, uri, NULL));
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (push) == 0, DEADLINE_MS);
  g_assert_false (try_send_text (push, "nobody"));
}

static void
test_no_io_threads (Fixture *self)
{
  g_autoptr (ZmqgContext) context = NULL;
  g_autoptr (ZmqgSocket) pull = NULL;
  g_autoptr (ZmqgSocket) push = NULL;
  g_autofree char *address = new_address (self);
  GError *error = NULL;

  context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode,
                          "io-threads", 0, NULL);
  pull = zmqg_pull_socket_new (context);
  push = zmqg_push_socket_new (context);

  if (self->transport->in_process ||
      self->mode == ZMQG_ENGINE_MODE_MAIN_CONTEXT)
    {
      g_autofree char *uri = NULL;

      bind_to (pull, address);
      uri = zmqg_socket_get_last_endpoint (pull);
      connect_to (push, uri);
      send_text (push, "hello");
      expect_text (pull, "hello");
      return;
    }

  g_assert_false (zmqg_socket_bind (pull, address, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_connect_to (push, "tcp://127.0.0.1:1", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_clear_error (&error);
}

static void
test_max_sockets (Fixture *self)
{
  g_autofree char *uri = NULL;
  g_autofree char *other = new_address (self);
  ZmqgSocket *first = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *second = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *third = new_socket (self, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GError) error = NULL;

  g_object_set (self->context, "max-sockets", 2, NULL);
  uri = bind_socket (self, first);
  connect_to (second, uri);
  g_assert_false (zmqg_socket_bind (third, other, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);

  zmqg_socket_close (second);
  bind_to (third, other);
}

const ConformanceTest endpoint_tests[] = {
  { "endpoints/bind-and-connect", FOR_ALL, test_bind_and_connect },
  { "endpoints/sender-binds", FOR_ALL, test_sender_binds },
  { "endpoints/malformed", FOR_ALL, test_malformed },
  { "endpoints/unknown-scheme", FOR_ALL, test_unknown_scheme },
  { "endpoints/in-use", FOR_ALL, test_in_use },
  { "endpoints/not-found", FOR_ALL, test_not_found },
  { "endpoints/either-call-ends-either-kind", FOR_ALL,
    test_either_call_ends_either_kind },
  { "endpoints/a-socket-that-met-itself", FOR_ALL,
    test_a_socket_that_met_itself },
  { "endpoints/last-endpoint", FOR_ALL, test_last_endpoint },
  { "endpoints/several", FOR_ALL, test_several_endpoints },
  { "endpoints/connect-before-bind", FOR_ALL, test_connect_before_bind },
  { "endpoints/unbind", FOR_ALL, test_unbind },
  { "endpoints/rebind", FOR_ALL, test_rebind },
  { "endpoints/disconnect", FOR_ALL, test_disconnect },
  { "endpoints/disconnect-receiver", FOR_ALL, test_disconnect_receiver },
  { "endpoints/reconnect", FOR_NETWORK, test_reconnect },
  { "endpoints/notify-of-changes", FOR_NETWORK, test_notify_of_changes },
  { "endpoints/reconnect-never", FOR_NETWORK, test_reconnect_never },
  { "endpoints/lost-for-good", FOR_ALL, test_lost_for_good },
  { "endpoints/dropped-for-good", FOR_ALL, test_dropped_for_good },
  { "endpoints/objects", FOR_ALL, test_endpoint_objects },
  { "endpoints/connect-twice", FOR_NETWORK, test_connect_twice },
  { "endpoints/immediate", FOR_NETWORK, test_immediate },
  { "endpoints/no-io-threads", FOR_ALL, test_no_io_threads },
  { "endpoints/max-sockets", FOR_ALL, test_max_sockets },
  { 0, },
};
