/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport-test.h"

#include "base/zmqg-error.h"

#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TCP (&zmqg_tcp_transport)

static gboolean
skip_without_ipv6 (void)
{
  g_autoptr (GInetAddress) loopback
      = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6);
  g_autoptr (GSocketAddress) address
      = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocket) socket
      = g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM,
                      G_SOCKET_PROTOCOL_DEFAULT, NULL);

  if (socket != NULL && g_socket_bind (socket, address, FALSE, NULL))
    return FALSE;

  g_test_skip ("no ::1 on this machine");
  return TRUE;
}

static const char *
get_port (const ZmqgListening *listening)
{
  return strrchr (listening->uri, ':') + 1;
}

/* That @address binds, and shows as @prefix and a port. */
static void
check_bind (TransportTest *self,
            const char *address,
            const char *prefix)
{
  ZmqgListening listening;
  char *end;

  g_test_message ("tcp://%s", address);
  transport_test_listen (self, TCP, address, &listening);
  g_assert_true (g_str_has_prefix (listening.uri, prefix));
  g_assert_cmpuint (g_ascii_strtoull (listening.uri + strlen (prefix), &end,
                                      10), >, 0);
  g_assert_cmpstr (end, ==, "");
  g_assert_null (listening.path);
  g_assert_null (listening.folder);
  transport_test_unlisten (TCP, &listening);
}

static void
check_bind_fails (TransportTest *self,
                  const char *address,
                  ZmqgError code)
{
  transport_test_listen_fails (self, TCP, address, ZMQG_ERROR, code);
}

static void
test_bind_ipv4 (TransportTest *self,
                gconstpointer data)
{
  static const char *const any[] = { "*:*", "*:0", "[*]:*", "0:*",
                                     "0.0.0.0:*", "*%lo:*" };
  static const char *const loopback[]
      = { "localhost:*", "lo:*", "[127.0.0.1]:*", "127.0.0.1%lo:*",
          "127.0.0.1:0", "127.1:*", "[lo]:*", "lo%lo:*", "127.0.0.1%1:*",
          "127.0.0.1:0;127.0.0.1:*", "lo:*;127.0.0.1:*" };

  for (guint i = 0; i < G_N_ELEMENTS (any); i++)
    check_bind (self, any[i], "tcp://0.0.0.0:");
  for (guint i = 0; i < G_N_ELEMENTS (loopback); i++)
    check_bind (self, loopback[i], "tcp://127.0.0.1:");
}

static void
test_bind_ipv6 (TransportTest *self,
                gconstpointer data)
{
  static const char *const any[] = { "*:*", "[::]:*", ":::*" };
  static const char *const mapped[]
      = { "127.0.0.1:*", "[::ffff:127.0.0.1]:*", "127.0.0.1%lo:*" };
  static const char *const loopback[]
      = { "::1:*", "lo:*", "[::1]:*", "[::1%1]:*", "[::1%lo]:*", "[lo]:*" };
  ZmqgListening listening;

  if (skip_without_ipv6 ())
    return;

  self->options->ipv6 = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (any); i++)
    check_bind (self, any[i], "tcp://[::]:");
  for (guint i = 0; i < G_N_ELEMENTS (mapped); i++)
    check_bind (self, mapped[i], "tcp://[::ffff:127.0.0.1]:");
  for (guint i = 0; i < G_N_ELEMENTS (loopback); i++)
    check_bind (self, loopback[i], "tcp://[::1]:");
  check_bind (self, "0.0.0.0:*", "tcp://[::ffff:0.0.0.0]:");

  /* As /etc/hosts has it. */
  transport_test_listen (self, TCP, "localhost:*", &listening);
  g_assert_true (g_str_has_prefix (listening.uri,
                                   "tcp://[::ffff:127.0.0.1]:")
                 || g_str_has_prefix (listening.uri, "tcp://[::1]:"));
  transport_test_unlisten (TCP, &listening);

  check_bind_fails (self, "[fe80::1%lo]:*",
                    ZMQG_ERROR_ADDRESS_NOT_AVAILABLE);
  check_bind_fails (self, "1.2.3.4:*", ZMQG_ERROR_ADDRESS_NOT_AVAILABLE);
  check_bind_fails (self, "[::1%0]:*", ZMQG_ERROR_INVALID_ENDPOINT);
  check_bind_fails (self, "[::1]%lo:*", ZMQG_ERROR_NO_DEVICE);
}

static void
test_bind_refused (TransportTest *self,
                   gconstpointer data)
{
  static const char *const invalid[]
      = { "*", "*:", "*:!", "127.0.0.1:65536", "*:00", "*:0x", "*: 0", "*:**",
          "*:-1", "*:+5555", "*:99999999999999999999", "127.0.0.1%nosuch:*",
          "127.0.0.1%0:*", "127.0.0.1%:*", "127.0.0.1%1x:*",
          "x;127.0.0.1:*", ";127.0.0.1:*", "127.0.0.1;*:*" };
  static const char *const no_device[]
      = { "nosuchif.invalid:*", "[::1]:*", "::1:*", ":*", "[]:*",
          "[127.0.0.1:*", " 127.0.0.1:*" };

  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++)
    check_bind_fails (self, invalid[i], ZMQG_ERROR_INVALID_ENDPOINT);
  for (guint i = 0; i < G_N_ELEMENTS (no_device); i++)
    check_bind_fails (self, no_device[i], ZMQG_ERROR_NO_DEVICE);
  check_bind_fails (self, "1.2.3.4:*", ZMQG_ERROR_ADDRESS_NOT_AVAILABLE);
}

static void
test_bind_in_use (TransportTest *self,
                  gconstpointer data)
{
  ZmqgListening listening;
  ZmqgListening again;
  g_autofree char *address = NULL;
  g_autofree char *with_junk = NULL;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  address = g_strdup (listening.uri + strlen ("tcp://"));
  check_bind_fails (self, address, ZMQG_ERROR_ADDRESS_IN_USE);
  transport_test_unlisten (TCP, &listening);

  /* Free at once; what follows the digits is ignored. */
  with_junk = g_strconcat (address, "/x", NULL);
  transport_test_listen (self, TCP, with_junk, &again);
  g_assert_cmpstr (again.uri + strlen ("tcp://"), ==, address);
  transport_test_unlisten (TCP, &again);
}

static void
test_check (TransportTest *self,
            gconstpointer data)
{
  static const char *const fine[]
      = { "LOCALHOST:5555", "localhost:5555", "localhost:5555foo",
          "localhost:70000", "a*b:5555", ":5555", "::1:5555", "[::1]:5555",
          "127.0.0.1:0", "lo;127.0.0.1:5555", "lo:0;127.0.0.1:5555",
          "lo:0;127.0.0.1", "a:5:6", "a:5;", "a:5;6", "[:5", "[]:5",
          "127.0.0.1:*;127.0.0.1:5555", "a:5555-6", "a:5555*", "a:5[]",
          "a:5_", "[fe80::1%eth0]:5" };
  static const char *const invalid[]
      = { "localhost", "localhost:", "localhost:*", "localhost:a",
          "localhost:5555/foo", "local host:5555", "localhost:5 ", "-a:5555",
          ".a:5555", "_a:5555", "*:5555", ";a:5555", "%lo:5555", "]:5",
          "a@b:5", "a\xc3\xa9:5", "*:0;127.0.0.1:5555", "" };

  for (guint i = 0; i < G_N_ELEMENTS (fine); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (TCP->check (fine[i], &error));
      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (TCP->check (invalid[i], &error));
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT);
      g_assert_nonnull (strstr (error->message, invalid[i]));
    }
}

/* Connects to the listening, and compares the two ends. */
static void
check_connects (TransportTest *self,
                const ZmqgListening *listening,
                const char *before_port,
                const char *after_port,
                const char *remote_host,
                ZmqgLink **accepted)
{
  g_autoptr (ZmqgLink) other = NULL;
  g_autofree char *address = NULL;
  g_autofree char *remote_text = NULL;
  DialTest dial;

  address = g_strconcat (before_port, get_port (listening), after_port, NULL);
  g_test_message ("tcp://%s", address);
  dial_test_start (&dial, self, TCP, address, NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  other = transport_test_accept (self, TCP, listening);

  transport_test_check_fd (dial.link->fd);
  g_assert_null (dial.link->stream);
  g_assert_null (dial.link->credentials);
  remote_text = g_strdup_printf (
      strchr (remote_host, ':') ? "tcp://[%s]:%s" : "tcp://%s:%s",
      remote_host, get_port (listening));
  g_assert_cmpstr (dial.link->remote_text, ==, remote_text);
  g_assert_cmpstr (dial.link->peer_address, ==, remote_host);
  g_assert_cmpuint (g_inet_socket_address_get_port (
                        G_INET_SOCKET_ADDRESS (dial.link->remote)), ==,
                    g_ascii_strtoull (get_port (listening), NULL, 10));

  /* Not with a listening of IPv6, which sees IPv4 mapped. */
  if (!self->options->ipv6)
    g_assert_cmpstr (dial.link->local_text, ==, other->remote_text);
  g_assert_cmpstr (strrchr (dial.link->local_text, ':'), ==,
                   strrchr (other->remote_text, ':'));
  g_assert_nonnull (other->remote);
  transport_test_check_pair (dial.link, other);
  transport_test_check_pair (other, dial.link);

  dial_test_clear (&dial);
  if (accepted != NULL)
    *accepted = g_steal_pointer (&other);
}

static void
test_connect (TransportTest *self,
              gconstpointer data)
{
  ZmqgListening listening;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  check_connects (self, &listening, "127.0.0.1:", "", "127.0.0.1", NULL);
  check_connects (self, &listening, "[127.0.0.1]:", "", "127.0.0.1", NULL);
  check_connects (self, &listening, "127.0.0.1%lo:", "", "127.0.0.1", NULL);
  check_connects (self, &listening, "127.1:", "foo", "127.0.0.1", NULL);
  check_connects (self, &listening, "localhost:", "", "127.0.0.1", NULL);
  check_connects (self, &listening, "LOCALHOST:", "", "127.0.0.1", NULL);
  transport_test_unlisten (TCP, &listening);
}

static void
test_connect_ipv6 (TransportTest *self,
                   gconstpointer data)
{
  g_autoptr (ZmqgLink) accepted = NULL;
  ZmqgListening listening;

  if (skip_without_ipv6 ())
    return;

  self->options->ipv6 = TRUE;
  transport_test_listen (self, TCP, "[::1]:*", &listening);
  check_connects (self, &listening, "[::1]:", "", "::1", NULL);
  check_connects (self, &listening, "::1:", "", "::1", NULL);
  check_connects (self, &listening, "[::1%lo]:", "", "::1", NULL);
  check_connects (self, &listening, "localhost:", "", "::1", NULL);
  transport_test_unlisten (TCP, &listening);

  /* Both families reach a wildcard. */
  transport_test_listen (self, TCP, "*:*", &listening);
  check_connects (self, &listening, "127.0.0.1:", "", "127.0.0.1",
                  &accepted);
  g_assert_cmpstr (accepted->peer_address, ==, "::ffff:127.0.0.1");
  check_connects (self, &listening, "[::1]:", "", "::1", NULL);
  transport_test_unlisten (TCP, &listening);

  /* One address of the name refuses, the other answers. */
  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  check_connects (self, &listening, "localhost:", "", "127.0.0.1", NULL);
  transport_test_unlisten (TCP, &listening);
}

static void
test_connect_refused (TransportTest *self,
                      gconstpointer data)
{
  static const char *const invalid[]
      = { "localhost:70000", "127.0.0.1:70000", ":5555", "a:5;6",
          "127.0.0.1%nosuch:5555", "lo;127.0.0.1:5555" };
  static const char *const not_found[]
      = { "[::1]:5555", "::1:5555", "nosuch.invalid:5555", "a*b:5555" };
  g_autofree char *address = NULL;
  ZmqgListening listening;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  address = g_strdup (listening.uri + strlen ("tcp://"));
  transport_test_unlisten (TCP, &listening);
  transport_test_dial_fails (self, TCP, address, 0,
                             G_IO_ERROR_CONNECTION_REFUSED);

  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++)
    transport_test_dial_fails (self, TCP, invalid[i], ZMQG_ERROR,
                               ZMQG_ERROR_INVALID_ENDPOINT);
  for (guint i = 0; i < G_N_ELEMENTS (not_found); i++)
    transport_test_dial_fails (self, TCP, not_found[i], 0,
                               G_IO_ERROR_HOST_NOT_FOUND);
}

static void
test_source_address (TransportTest *self,
                     gconstpointer data)
{
  static const char *const sources[]
      = { "127.0.0.2:0;127.0.0.1:", "127.0.0.2:*;127.0.0.1:",
          "[127.0.0.2]:0;localhost:" };
  g_autoptr (ZmqgLink) from_lo = NULL;
  g_autofree char *nowhere = NULL;
  g_autofree char *foreign = NULL;
  ZmqgListening listening;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      g_autoptr (ZmqgLink) accepted = NULL;

      check_connects (self, &listening, sources[i], "", "127.0.0.1",
                      &accepted);
      g_assert_cmpstr (accepted->peer_address, ==, "127.0.0.2");
    }
  check_connects (self, &listening, "lo:0;127.0.0.1:", "", "127.0.0.1",
                  &from_lo);
  g_assert_cmpstr (from_lo->peer_address, ==, "127.0.0.1");
  check_connects (self, &listening, "[*]:0;127.0.0.1:", "", "127.0.0.1",
                  NULL);

  nowhere = g_strconcat ("nosuchif:0;127.0.0.1:", get_port (&listening),
                         NULL);
  transport_test_dial_fails (self, TCP, nowhere, ZMQG_ERROR,
                             ZMQG_ERROR_NO_DEVICE);
  foreign = g_strconcat ("1.2.3.4:0;127.0.0.1:", get_port (&listening), NULL);
  transport_test_dial_fails (self, TCP, foreign, ZMQG_ERROR,
                             ZMQG_ERROR_ADDRESS_NOT_AVAILABLE);
  transport_test_unlisten (TCP, &listening);
}

static void
test_self_connection (TransportTest *self,
                      gconstpointer data)
{
  g_autofree char *address = NULL;
  const char *port;
  ZmqgListening listening;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  port = get_port (&listening);
  address = g_strdup_printf ("127.0.0.1:%s;127.0.0.1:%s", port, port);
  transport_test_unlisten (TCP, &listening);

  transport_test_dial_fails (self, TCP, address, 0,
                             G_IO_ERROR_CONNECTION_REFUSED);
}

static void
check_tuning (int fd)
{
  g_assert_cmpint (transport_test_get_option (fd, IPPROTO_TCP, TCP_NODELAY),
                   !=, 0);
  g_assert_cmpint (transport_test_get_option (fd, SOL_SOCKET, SO_KEEPALIVE),
                   !=, 0);
  g_assert_cmpint (transport_test_get_option (fd, IPPROTO_TCP, TCP_KEEPCNT),
                   ==, 3);
  g_assert_cmpint (transport_test_get_option (fd, IPPROTO_TCP, TCP_KEEPIDLE),
                   ==, 50);
  g_assert_cmpint (transport_test_get_option (fd, IPPROTO_TCP, TCP_KEEPINTVL),
                   ==, 7);
  g_assert_cmpint (transport_test_get_option (fd, IPPROTO_IP, IP_TOS), ==,
                   0x28);
  /* The kernel doubles what it is asked for. */
  g_assert_cmpint (transport_test_get_option (fd, SOL_SOCKET, SO_SNDBUF), ==,
                   2 * 20000);
  g_assert_cmpint (transport_test_get_option (fd, SOL_SOCKET, SO_RCVBUF), ==,
                   2 * 30000);
}

static void
test_options (TransportTest *self,
              gconstpointer data)
{
  g_autoptr (ZmqgLink) accepted = NULL;
  ZmqgListening listening;
  DialTest dial;

  self->options->tcp_keepalive = 1;
  self->options->tcp_keepalive_count = 3;
  self->options->tcp_keepalive_idle = 50;
  self->options->tcp_keepalive_interval = 7;
  self->options->tos = 0x28;
  self->options->send_buffer = 20000;
  self->options->receive_buffer = 30000;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  g_assert_cmpint (transport_test_get_option (listening.fd, SOL_SOCKET,
                                              SO_REUSEADDR), !=, 0);
  dial_test_start (&dial, self, TCP, listening.uri + strlen ("tcp://"), NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  accepted = transport_test_accept (self, TCP, &listening);
  check_tuning (dial.link->fd);
  check_tuning (accepted->fd);
  dial_test_clear (&dial);
  transport_test_unlisten (TCP, &listening);
}

/* Whether this process may set an option that the kernel may refuse. */
static gboolean
may_set (int name,
         int value)
{
  int fd = socket (AF_INET, SOCK_STREAM, 0);
  gboolean may = setsockopt (fd, SOL_SOCKET, name, &value, sizeof value) == 0;

  close (fd);
  return may;
}

static void
check_priority (int fd,
                gboolean is_connection)
{
  g_assert_cmpint (transport_test_get_option (fd, SOL_SOCKET, SO_PRIORITY), ==,
                   5);
  if (may_set (SO_BUSY_POLL, 40))
    g_assert_cmpint (transport_test_get_option (fd, SOL_SOCKET, SO_BUSY_POLL),
                     ==, 40);
  if (is_connection)
    g_assert_cmpint (transport_test_get_option (fd, IPPROTO_TCP,
                                                TCP_USER_TIMEOUT), ==, 4321);
}

static void
test_priority (TransportTest *self,
               gconstpointer data)
{
  g_autoptr (ZmqgLink) accepted = NULL;
  ZmqgListening listening;
  DialTest dial;

  self->options->priority = 5;
  self->options->busy_poll = 40;
  self->options->tcp_max_retransmit = 4321;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  check_priority (listening.fd, FALSE);
  dial_test_start (&dial, self, TCP, listening.uri + strlen ("tcp://"), NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  accepted = transport_test_accept (self, TCP, &listening);
  check_priority (dial.link->fd, TRUE);
  check_priority (accepted->fd, TRUE);
  dial_test_clear (&dial);
  transport_test_unlisten (TCP, &listening);
}

static void
check_device (int fd,
              const char *expected)
{
  char name[16] = "";
  socklen_t size = sizeof name;

  g_assert_no_errno (getsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, name,
                                 &size));
  g_assert_cmpstr (name, ==, expected);
}

static void
test_device (TransportTest *self,
             gconstpointer data)
{
  g_autoptr (ZmqgLink) accepted = NULL;
  ZmqgListening listening;
  ZmqgListening other;
  DialTest dial;

  transport_test_listen (self, TCP, "127.0.0.1:*", &other);
  self->options->bind_to_device = g_strdup ("lo");
  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  check_device (listening.fd, "lo");
  dial_test_start (&dial, self, TCP, listening.uri + strlen ("tcp://"), NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  accepted = transport_test_accept (self, TCP, &listening);
  check_device (dial.link->fd, "lo");
  check_device (accepted->fd, "lo");
  dial_test_clear (&dial);

  /* Both fail, and say why. */
  g_free (self->options->bind_to_device);
  self->options->bind_to_device = g_strdup ("nosuchif");
  transport_test_listen_fails (self, TCP, "127.0.0.1:*", ZMQG_ERROR,
                               ZMQG_ERROR_NO_DEVICE);
  transport_test_dial_fails (self, TCP, other.uri + strlen ("tcp://"),
                             ZMQG_ERROR, ZMQG_ERROR_NO_DEVICE);
  transport_test_unlisten (TCP, &listening);
  transport_test_unlisten (TCP, &other);
}

/* Another process that listens there, too, goes on. */
static void
test_adopt (TransportTest *self,
            gconstpointer data)
{
  g_autoptr (ZmqgLink) accepted = NULL;
  g_autoptr (ZmqgLink) later = NULL;
  g_autoptr (GError) error = NULL;
  ZmqgListening original;
  ZmqgListening listening;
  DialTest dial;
  int fd;

  transport_test_listen (self, TCP, "127.0.0.1:*", &original);
  fd = dup (original.fd);
  g_assert_no_errno (fcntl (fd, F_SETFL, 0));
  g_assert_true (TCP->adopt (fd, &listening, &error));
  g_assert_no_error (error);
  g_assert_cmpint (listening.fd, ==, fd);
  g_assert_cmpstr (listening.uri, ==, original.uri);
  transport_test_check_fd (fd);

  dial_test_start (&dial, self, TCP, listening.uri + strlen ("tcp://"), NULL);
  dial_test_await (&dial);
  accepted = transport_test_accept (self, TCP, &listening);
  transport_test_check_pair (dial.link, accepted);
  dial_test_clear (&dial);
  transport_test_unlisten (TCP, &listening);

  dial_test_start (&dial, self, TCP, original.uri + strlen ("tcp://"), NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  later = transport_test_accept (self, TCP, &original);
  dial_test_clear (&dial);
  transport_test_unlisten (TCP, &original);
}

static void
check_adopt_refused (int fd)
{
  g_autoptr (GError) error = NULL;
  ZmqgListening listening = { .fd = -2 };

  g_assert_false (TCP->adopt (fd, &listening, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (listening.fd, ==, -2);
  g_assert_cmpint (fcntl (fd, F_GETFD), >=, 0);
  close (fd);
}

static void
test_adopt_refused (TransportTest *self,
                    gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  ZmqgListening listening;
  int unix_fd = socket (AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr autobind = { .sa_family = AF_UNIX };

  check_adopt_refused (socket (AF_INET, SOCK_STREAM, 0));
  check_adopt_refused (socket (AF_INET, SOCK_DGRAM, 0));
  g_assert_no_errno (bind (unix_fd, &autobind, sizeof autobind.sa_family));
  g_assert_no_errno (listen (unix_fd, 1));
  check_adopt_refused (unix_fd);
  g_assert_false (TCP->adopt (1 << 20, &listening, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static char *
get_congestion_control (int fd)
{
  char name[16] = "";
  socklen_t size = sizeof name;

  g_assert_no_errno (getsockopt (fd, IPPROTO_TCP, TCP_CONGESTION, name,
                                 &size));
  return g_strndup (name, sizeof name);
}

static void
check_congestion_control (TransportTest *self,
                          const ZmqgListening *listening,
                          const char *source,
                          const char *expected)
{
  g_autofree char *address = g_strconcat (source, listening->uri
                                                    + strlen ("tcp://"), NULL);
  g_autoptr (ZmqgLink) accepted = NULL;
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;
  DialTest dial;

  dial_test_start (&dial, self, TCP, address, NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);
  accepted = transport_test_accept (self, TCP, listening);
  ours = get_congestion_control (dial.link->fd);
  theirs = get_congestion_control (accepted->fd);
  g_assert_cmpstr (ours, ==, expected);
  g_assert_cmpstr (theirs, ==, expected);
  dial_test_clear (&dial);
}

/* Nothing paces what stays in this machine, whichever of the loopback's
 * addresses it has. (Elsewhere the administrator's choice holds: network.) */
static void
test_congestion_control (TransportTest *self,
                         gconstpointer data)
{
  ZmqgListening listening;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  check_congestion_control (self, &listening, "", "reno");
  check_congestion_control (self, &listening, "127.0.0.2:0;", "reno");
  transport_test_unlisten (TCP, &listening);
}

static void
test_accept_nothing (TransportTest *self,
                     gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  ZmqgListening listening;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  g_assert_null (TCP->accept (&listening, self->options, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
  transport_test_unlisten (TCP, &listening);
}

/* Lets the process have no more descriptors than it has; or again. */
static void
limit_descriptors (gboolean limited)
{
  static rlim_t before;
  struct rlimit limit;

  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &limit));
  if (limited)
    {
      int lowest = dup (0);

      g_assert_no_errno (lowest);
      close (lowest);
      before = limit.rlim_cur;
      limit.rlim_cur = lowest;
    }
  else
    {
      limit.rlim_cur = before;
    }
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
}

static void
test_no_descriptors_subprocess (TransportTest *self,
                                gconstpointer data)
{
  g_autoptr (ZmqgLink) accepted = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) listen_error = NULL;
  g_autofree char *address = NULL;
  ZmqgListening listening;
  ZmqgListening other;
  DialTest dial;

  transport_test_listen (self, TCP, "127.0.0.1:*", &listening);
  address = g_strdup (listening.uri + strlen ("tcp://"));
  dial_test_start (&dial, self, TCP, address, NULL);
  dial_test_await (&dial);
  g_assert_no_error (dial.error);

  limit_descriptors (TRUE);
  g_assert_null (TCP->accept (&listening, self->options, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  g_assert_false (TCP->listen ("127.0.0.1:*", self->options, &other,
                               &listen_error));
  g_assert_error (listen_error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES);
  transport_test_dial_fails (self, TCP, address, ZMQG_ERROR,
                             ZMQG_ERROR_NO_RESOURCES);
  limit_descriptors (FALSE);

  /* The connection waited. */
  accepted = transport_test_accept (self, TCP, &listening);
  transport_test_check_pair (dial.link, accepted);
  dial_test_clear (&dial);
  transport_test_unlisten (TCP, &listening);
}

static void
test_no_descriptors (void)
{
  g_test_trap_subprocess ("/zmqg/tcp/no-descriptors/subprocess", 0,
                          G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
test_matches (TransportTest *self,
              gconstpointer data)
{
  static const struct
  {
    const char *asked;
    const char *stored;
    gboolean ipv6;
    gboolean matches;
  } rows[] = {
    { "localhost:5555", "127.0.0.1:5555", FALSE, TRUE },
    { "127.1:5555", "127.0.0.1:5555", FALSE, TRUE },
    { "[127.0.0.1]:5555", "127.0.0.1:5555", FALSE, TRUE },
    { "127.0.0.1%lo:5555", "127.0.0.1:5555", FALSE, TRUE },
    { "127.0.0.1:5555x", "127.0.0.1:5555", FALSE, TRUE },
    { "127.0.0.1:0;127.0.0.1:5555", "127.0.0.1:5555", FALSE, TRUE },
    { "0:5555", "0.0.0.0:5555", FALSE, TRUE },
    { "*:5555", "0.0.0.0:5555", FALSE, FALSE },
    { "*:*", "0.0.0.0:5555", FALSE, FALSE },
    { "127.0.0.1:5555", "localhost:5555", FALSE, FALSE },
    { "localhost:5556", "127.0.0.1:5555", FALSE, FALSE },
    { "127.0.0.1", "127.0.0.1:5555", FALSE, FALSE },
    { "nosuch.invalid:5555", "127.0.0.1:5555", FALSE, FALSE },
    { "[::1]:5555", "[::1]:5555", FALSE, FALSE },
    { "::1:5555", "[::1]:5555", TRUE, TRUE },
    { ":::5555", "[::]:5555", TRUE, TRUE },
    { "*:5555", "[::]:5555", TRUE, FALSE },
    { "127.0.0.1:5555", "[::ffff:127.0.0.1]:5555", TRUE, TRUE },
    { "localhost:5555", "[::ffff:127.0.0.1]:5555", TRUE, TRUE },
    { "localhost:5555", "127.0.0.1:5555", TRUE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s %s", rows[i].asked, rows[i].stored);
      self->options->ipv6 = rows[i].ipv6;
      g_assert_cmpint (TCP->matches (rows[i].asked, rows[i].stored,
                                     self->options), ==, rows[i].matches);
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add ("/zmqg/tcp/" path, TransportTest, NULL, transport_test_set_up, \
              function, transport_test_tear_down)

  ADD ("bind/ipv4", test_bind_ipv4);
  ADD ("bind/ipv6", test_bind_ipv6);
  ADD ("bind/refused", test_bind_refused);
  ADD ("bind/in-use", test_bind_in_use);
  ADD ("check", test_check);
  ADD ("connect/ipv4", test_connect);
  ADD ("connect/ipv6", test_connect_ipv6);
  ADD ("connect/refused", test_connect_refused);
  ADD ("connect/source-address", test_source_address);
  ADD ("connect/self", test_self_connection);
  ADD ("options", test_options);
  ADD ("options/priority", test_priority);
  ADD ("options/device", test_device);
  ADD ("adopt", test_adopt);
  ADD ("adopt/refused", test_adopt_refused);
  ADD ("congestion-control", test_congestion_control);
  ADD ("accept-nothing", test_accept_nothing);
  ADD ("matches", test_matches);
  ADD ("no-descriptors/subprocess", test_no_descriptors_subprocess);
  g_test_add_func ("/zmqg/tcp/no-descriptors", test_no_descriptors);

  return g_test_run ();
}
