/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-endpoint.h"
#include "socket/zmqg-peer.h"

#include "socks-server.h"

#include <string.h>

/* Connections through a SOCKS 5 proxy. */

/* A socket that connects through the proxy to the port of @uri on @host. */
static ZmqgSocket *
connect_through (SocketTest *test,
                 SocksServer *server,
                 const char *host,
                 const char *uri,
                 ZmqgEndpoint **endpoint)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *through = NULL;
  GError *error = NULL;

  through = g_strconcat ("tcp://", host, strrchr (uri, ':'), NULL);
  g_object_set (push, "socks-proxy", socks_server_get_address (server), NULL);
  if (g_str_has_prefix (host, "with-password"))
    g_object_set (push, "socks-username", "me", "socks-password", "secret",
                  NULL);
  *endpoint = zmqg_socket_connect_endpoint (push, through, &error);
  g_assert_no_error (error);
  return push;
}

static void
check_request (SocksServer *server,
               const char *expected)
{
  g_autofree char *request = socks_server_dup_request (server);

  g_assert_cmpstr (request, ==, expected);
}

/* --- What works --------------------------------------------------------- */

static void
check_passes (SocketTest *test,
              SocksServerMode mode,
              const char *host,
              const char *request)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  SocksServer *server = socks_server_new (mode);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  ZmqgSocket *push;

  push = connect_through (test, server, host, uri, &endpoint);
  socket_test_send (push, "through", NULL);
  socket_test_expect (pull, "through", NULL);
  check_request (server, request);
  g_assert_cmpuint (socks_server_get_n_connected (server), ==, 1);

  /* It connects again the same way. */
  for (guint i = 0; i < 2; i++)
    {
      socks_server_cut (server);
      ZMQG_TEST_AWAIT (socks_server_get_n_connected (server) == i + 2,
                       SOCKET_TEST_DEADLINE_MS);
    }
  socket_test_await_peers (push, 1);
  socket_test_close (test, push);
  socket_test_close (test, pull);
  socks_server_free (server);
}

static void
test_addresses (SocketTest *test)
{
  check_passes (test, SOCKS_SERVER_OPEN, "127.0.0.1", "1:127.0.0.1");
  check_passes (test, SOCKS_SERVER_OPEN, "[::1]", "4:::1");
}

/* Nobody but the proxy knows it. */
static void
test_names (SocketTest *test)
{
  check_passes (test, SOCKS_SERVER_OPEN, "only-there.invalid",
                "3:only-there.invalid");
}

static void
test_password (SocketTest *test)
{
  check_passes (test, SOCKS_SERVER_PASSWORD, "with-password.invalid",
                "3:with-password.invalid");
  /* It need not be asked for. */
  check_passes (test, SOCKS_SERVER_OPEN, "with-password.invalid",
                "3:with-password.invalid");
}

/* The peer is who was asked for, not the proxy. */
static void
test_peer (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  SocksServer *server = socks_server_new (SOCKS_SERVER_OPEN);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;
  GListModel *peers;
  ZmqgSocket *push;

  push = connect_through (test, server, "there.invalid", uri, &endpoint);
  peers = zmqg_socket_get_peers (push);
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (peers) == 1,
                   SOCKET_TEST_DEADLINE_MS);
  peer = g_list_model_get_item (peers, 0);
  g_assert_cmpstr (zmqg_peer_get_remote_uri (peer), ==,
                   zmqg_endpoint_get_uri (endpoint));
  socket_test_close (test, push);
  socks_server_free (server);
}

/* --- What does not ------------------------------------------------------ */

static void
check_fails (SocketTest *test,
             SocksServerMode mode,
             int code,
             const char *option)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  SocksServer *server = socks_server_new (mode);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autofree char *through = NULL;
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (GError) reason = NULL;
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  GError *error = NULL;

  through = g_strconcat ("tcp://there.invalid", strrchr (uri, ':'), NULL);
  g_object_set (push, "socks-proxy", socks_server_get_address (server),
                "socks-username", "me", "socks-password", "wrong", NULL);
  if (option != NULL)
    g_object_set (push, option, 50, NULL);
  endpoint = zmqg_socket_connect_endpoint (push, through, &error);
  g_assert_no_error (error);
  socket_test_send (push, "later", NULL);

  /* It goes on trying, and says why. */
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_reconnects (endpoint) >= 2,
                   SOCKET_TEST_DEADLINE_MS);
  reason = zmqg_endpoint_get_last_error (endpoint);
  g_assert_error (reason, G_IO_ERROR, code);
  g_assert_nonnull (strstr (reason->message, through));
  g_assert_cmpuint (socks_server_get_n_connected (server), ==, 0);

  socks_server_set_mode (server, SOCKS_SERVER_OPEN);
  socket_test_expect (pull, "later", NULL);
  socket_test_close (test, push);
  socket_test_close (test, pull);
  socks_server_free (server);
}

static void
test_failures (SocketTest *test)
{
  check_fails (test, SOCKS_SERVER_PASSWORD, G_IO_ERROR_PROXY_AUTH_FAILED,
               NULL);
  check_fails (test, SOCKS_SERVER_REFUSES, G_IO_ERROR_PROXY_NOT_ALLOWED,
               NULL);
  check_fails (test, SOCKS_SERVER_GARBAGE, G_IO_ERROR_PROXY_FAILED, NULL);
  check_fails (test, SOCKS_SERVER_CLOSES, G_IO_ERROR_CONNECTION_CLOSED,
               NULL);
  check_fails (test, SOCKS_SERVER_SILENT, G_IO_ERROR_TIMED_OUT,
               "connect-timeout");
  check_fails (test, SOCKS_SERVER_SILENT, G_IO_ERROR_TIMED_OUT,
               "handshake-interval");
  check_fails (test, SOCKS_SERVER_HALF, G_IO_ERROR_TIMED_OUT,
               "handshake-interval");
}

/* Nobody listens behind the proxy, or there is no proxy. */
static void
test_refused (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  SocksServer *server = socks_server_new (SOCKS_SERVER_OPEN);
  g_autofree char *uri = socket_test_bind (test, pull);

  zmqg_socket_unbind (pull, uri, NULL);
  for (guint i = 0; i < 2; i++)
    {
      ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
      g_autoptr (ZmqgEndpoint) endpoint = NULL;
      g_autoptr (GError) reason = NULL;
      GError *error = NULL;

      g_object_set (push, "socks-proxy",
                    i == 0 ? socks_server_get_address (server)
                           : uri + strlen ("tcp://"),
                    "reconnect-stop", ZMQG_RECONNECT_STOP_CONN_REFUSED, NULL);
      endpoint = zmqg_socket_connect_endpoint (push, uri, &error);
      g_assert_no_error (error);
      ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                         ZMQG_ENDPOINT_STATE_CLOSED,
                       SOCKET_TEST_DEADLINE_MS);
      reason = zmqg_endpoint_get_last_error (endpoint);
      g_assert_error (reason, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
    }
  socks_server_free (server);
}

/* A proxy's address that is none fails each attempt. */
static void
test_bad_proxy (SocketTest *test)
{
  static const char *const proxies[] = { "127.0.0.1", "nonsense", ":",
                                         "127.0.0.1:port" };

  for (guint i = 0; i < G_N_ELEMENTS (proxies); i++)
    {
      ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
      g_autoptr (ZmqgEndpoint) endpoint = NULL;
      g_autoptr (GError) reason = NULL;
      GError *error = NULL;

      g_object_set (push, "socks-proxy", proxies[i], NULL);
      endpoint = zmqg_socket_connect_endpoint (push, "tcp://127.0.0.1:9",
                                               &error);
      g_assert_no_error (error);
      ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                           ZMQG_ENDPOINT_STATE_WAITING ||
                         zmqg_endpoint_get_state (endpoint) ==
                           ZMQG_ENDPOINT_STATE_STOPPED,
                       SOCKET_TEST_DEADLINE_MS);
      reason = zmqg_endpoint_get_last_error (endpoint);
      g_assert_nonnull (reason);
    }
}

/* Closing a socket does not wait for the proxy. */
static void
test_cancel (SocketTest *test)
{
  static const SocksServerMode modes[] = { SOCKS_SERVER_SILENT,
                                           SOCKS_SERVER_HALF };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      SocksServer *server = socks_server_new (modes[i]);
      g_autoptr (ZmqgEndpoint) endpoint = NULL;
      ZmqgSocket *push;

      push = connect_through (test, server, "there.invalid", ":9", &endpoint);
      ZMQG_TEST_AWAIT (socks_server_get_n_accepted (server) == 1,
                       SOCKET_TEST_DEADLINE_MS);
      if (i == 0)
        socket_test_close (test, push);
      else
        g_assert_true (zmqg_socket_disconnect_from (
          push, zmqg_endpoint_get_uri (endpoint), NULL));
      g_assert_cmpuint (socks_server_get_n_accepted (server), ==, 1);
      socks_server_free (server);
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/socks/addresses", SOCKET_TEST_TCP, test_addresses);
  socket_test_add ("/zmqg/socks/names", SOCKET_TEST_TCP, test_names);
  socket_test_add ("/zmqg/socks/password", SOCKET_TEST_TCP, test_password);
  socket_test_add ("/zmqg/socks/peer", SOCKET_TEST_TCP, test_peer);
  socket_test_add ("/zmqg/socks/failures", SOCKET_TEST_TCP, test_failures);
  socket_test_add ("/zmqg/socks/refused", SOCKET_TEST_TCP, test_refused);
  socket_test_add ("/zmqg/socks/bad-proxy", SOCKET_TEST_TCP, test_bad_proxy);
  socket_test_add ("/zmqg/socks/cancel", SOCKET_TEST_TCP, test_cancel);

  return g_test_run ();
}
