/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "option-times.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "interop-test.h"

/*
 * Options that an endpoint keeps: there is one that was made with the first
 * value, and one that was made with the second.
 */

/* --- What the kernel knows ---------------------------------------------- */

/* What this process may not do libzmq may not either. */
static gboolean
skip_unless_allowed (const char *what)
{
  int fd = socket (AF_INET, SOCK_STREAM, 0);
  int number = 10;
  int result = 0;

  if (g_str_equal (what, "busy-poll"))
    result = setsockopt (fd, SOL_SOCKET, SO_BUSY_POLL, &number,
                         sizeof number);
  else if (g_str_equal (what, "device"))
    result = setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
  close (fd);

  if (result < 0)
    g_test_skip ("this process may not set that");
  return result < 0;
}

/* On the connections of both kinds of endpoints, and on the ones after. */
static void
descriptor_of_next (Subject *subject,
                    const OptionCheck *check)
{
  char *bound[2];
  char *uris[2];
  RawPeer *listeners[2];

  if (skip_unless_allowed (check->what))
    return;

  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, check->member, check->values[i]);
      bound[i] = subject_bind (subject);
      listeners[i] = subject_listen (subject, &uris[i]);
      subject_connect (subject, uris[i]);
    }

  for (guint i = 0; i < 4; i++)
    {
      guint which = i % 2;
      RawPeer *raw = subject_meet (subject, bound[which]);

      subject_await_descriptor (subject, subject_port (bound[which]),
                                subject_raw_port (raw), check->what,
                                check->seen[which]);
      raw_peer_accept (listeners[which]);
      subject_await_descriptor (subject, 0, subject_port (uris[which]),
                                check->what, check->seen[which]);
      raw_peer_hang_up (listeners[which]);
    }

  for (guint i = 0; i < 2; i++)
    {
      g_free (bound[i]);
      g_free (uris[i]);
    }
}

static void
listener_of_next (Subject *subject,
                  const OptionCheck *check)
{
  char *bound[2];

  if (g_str_equal (check->what, "family") && interop_skip_without_ipv6 ())
    return;

  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, check->member, check->values[i]);
      bound[i] = subject_bind (subject);
    }
  for (guint i = 0; i < 2; i++)
    {
      subject_await_descriptor (subject, subject_port (bound[i]), 0,
                                check->what, check->seen[i]);
      g_free (bound[i]);
    }
}

/* --- Messages ----------------------------------------------------------- */

/* 40 bytes are too much for the second. */
static void
size_of_next (Subject *subject,
              const OptionCheck *check)
{
  RawPeer *raws[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;

      subject_set (subject, check->member, check->values[i]);
      uri = subject_bind (subject);
      raws[i] = subject_meet_as (subject, uri, "PUSH");
    }
  subject_raw_send (raws[1], 0, "\"x\"*40");
  ZMQG_TEST_AWAIT (raw_is_at_end (raws[1]), OPTION_DEADLINE_MS);
  for (guint i = 0; i < 3; i++)
    {
      subject_raw_send (raws[0], 0, "\"x\"*40");
      subject_expect (subject, "=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    }
}

/* Only what is read at once is told by that: 40 bytes. */
static void
batch_of_next (Subject *subject,
               const OptionCheck *check)
{
  RawPeer *raws[2];

  subject_set (subject, "RouterSocket:raw", "true");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;
      g_autofree char *came = NULL;
      gsize largest = 0;
      gsize sum = 0;

      subject_set (subject, check->member, check->values[i]);
      uri = subject_bind (subject);
      raws[i] = subject_meet (subject, uri);
      came = subject_receive (subject);
      g_assert_true (g_str_has_suffix (came, " ="));
      subject_set (subject, check->member, check->values[1 - i]);
      raw_send (raws[i], "\"x\"*40");
      while (sum < 40)
        {
          g_autofree char *text = subject_receive (subject);
          gsize size = strlen (strrchr (text, '=') + 1);

          largest = MAX (largest, size);
          sum += size;
        }
      if (i == 1)
        g_assert_cmpuint (largest, ==, 10);
      else
        g_assert_cmpuint (largest, >, 10);
    }
}

/* Three messages that were sent with nobody there: all, or the newest. */
static void
conflated_of_next (Subject *subject,
                   const OptionCheck *check)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;
      RawPeer *raw = subject_hold (subject, &uri);

      subject_set (subject, check->member, check->values[i]);
      subject_connect (subject, uri);
      subject_set (subject, check->member, check->values[1 - i]);
      subject_send (subject, "=1");
      subject_send (subject, "=2");
      subject_send (subject, "=3");
      raw_peer_open (raw);
      raw_peer_accept (raw);
      g_free (subject_greet (raw, "PULL", NULL));
      if (i == 0)
        {
          subject_raw_expect (raw, 0, "\"1\"");
          subject_raw_expect (raw, 0, "\"2\"");
        }
      subject_raw_expect (raw, 0, "\"3\"");
      subject_disconnect (subject, uri);
    }
}

/* An endpoint that is not connected takes one message, or none. */
static void
immediate_of_next (Subject *subject,
                   const OptionCheck *check)
{
  static const char *const values[] = { "false", "true", "false" };

  subject_set (subject, "Socket:send-hwm", "1");
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *uri = NULL;

      subject_hold (subject, &uri);
      subject_set (subject, check->member, values[i]);
      subject_connect (subject, uri);
      if (i == 1)
        g_assert_cmpuint (subject_push (subject, 10, "=x"), ==, 1);
    }
  subject_set (subject, check->member, "true");
  g_assert_cmpuint (subject_push (subject, 10, "=x"), ==, 1);
}

/* --- Greetings ---------------------------------------------------------- */

static void
hello_of_next (Subject *subject,
               const OptionCheck *check)
{
  char *bound[2];

  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, check->member, check->values[i]);
      bound[i] = subject_bind (subject);
    }
  for (guint i = 0; i < 2; i++)
    {
      RawPeer *raw = subject_meet_as (subject, bound[i], "DEALER");

      subject_raw_expect (raw, 0, check->seen[i]);
      g_free (bound[i]);
    }
}

/* What is told when a connection is lost, that was accepted or made. */
static void
loss_of_next (Subject *subject,
              const OptionCheck *check)
{
  gboolean binds = g_str_equal (check->type, "ROUTER");
  RawPeer *raws[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;

      subject_set (subject, check->member, check->values[i]);
      if (binds)
        {
          uri = subject_bind (subject);
          raws[i] = subject_meet (subject, uri);
        }
      else
        {
          raws[i] = subject_listen (subject, &uri);
          subject_connect (subject, uri);
          raw_peer_accept (raws[i]);
        }
      g_free (subject_greet (raws[i], "DEALER", "raw"));
      subject_raw_send (raws[i], 0, "\"hi\"");
      subject_expect (subject, binds ? "=raw =hi" : "=hi");
      if (i == 1)
        break;
      subject_set (subject, check->member, check->values[1]);
      raw_peer_hang_up (raws[0]);
      subject_expect (subject, check->seen[0]);
    }
  raw_peer_hang_up (raws[1]);
  subject_expect (subject, check->seen[1]);
}

/* --- Who may connect ---------------------------------------------------- */

static char *
bind_one (Subject *subject,
          gboolean is_ipc,
          guint number)
{
  g_autofree char *uri = NULL;

  uri = is_ipc ? g_strdup_printf ("ipc://%s/%u", subject->folder, number)
               : g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ());
  return subject_bind_to (subject, uri);
}

/* Twice, since who is sent away changes nothing. */
static void
check_who_gets_in (Subject *subject,
                   const char *open,
                   const char *closed)
{
  for (guint i = 0; i < 2; i++)
    {
      raw_skip (subject_meet (subject, open), 10);
      raw_expect_end (subject_meet (subject, closed));
    }
}

/* Everybody at the first. */
static void
filter_of_next_bind (Subject *subject,
                     const OptionCheck *check)
{
  gboolean is_ipc = strstr (check->member, "_ipc_") != NULL;
  g_autofree char *first = bind_one (subject, is_ipc, 0);
  g_autofree char *second = NULL;

  subject_set (subject, check->member, check->values[1]);
  second = bind_one (subject, is_ipc, 1);
  check_who_gets_in (subject, first, second);
}

/* Everybody at the second. */
static void
no_filter_of_next_bind (Subject *subject,
                        const OptionCheck *check)
{
  gboolean is_ipc = strstr (check->member, "_ipc_") != NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  subject_set (subject, check->what, check->values[0]);
  first = bind_one (subject, is_ipc, 0);
  subject_set (subject, check->member, "");
  second = bind_one (subject, is_ipc, 1);
  check_who_gets_in (subject, second, first);
}

/* --- Raw peers ---------------------------------------------------------- */

static void
raw_of_next (Subject *subject,
             const OptionCheck *check)
{
  g_autofree char *first = subject_bind (subject);
  g_autofree char *second = NULL;
  g_autofree char *came = NULL;
  g_autofree char *said = NULL;
  RawPeer *raw;

  subject_set (subject, check->member, check->values[1]);
  second = subject_bind (subject);
  raw = subject_meet (subject, second);
  came = subject_receive (subject);
  g_assert_true (g_str_has_suffix (came, " ="));
  raw_send (raw, "\"abc\"");
  said = subject_receive (subject);
  g_assert_true (g_str_has_suffix (said, " =abc"));
  raw_expect_nothing (raw);

  raw_expect (subject_meet (subject, first), "ff 00*7");
}

/* --- Threads and descriptors -------------------------------------------- */

/* There is one thread: none at all for the second. */
static void
affinity_of_next (Subject *subject,
                  const OptionCheck *check)
{
  g_autofree char *any = g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ());
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw;

  subject_set (subject, check->member, check->values[1]);
  g_assert_false (subject_try_bind (subject, any));
  raw = subject_meet_as (subject, uri, "PUSH");
  subject_raw_send (raw, 0, "\"x\"");
  subject_expect (subject, "=x");
  subject_set (subject, check->member, check->values[0]);
  g_assert_true (subject_try_bind (subject, any));
}

static void
descriptor_to_bind_to (Subject *subject,
                       const OptionCheck *check)
{
  g_autofree char *any = g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ());
  g_autofree char *first = subject_bind (subject);
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;
  g_autofree char *number = NULL;
  guint port;

  if (subject->is_ours)
    {
      g_autofree char *uri = NULL;
      RawPeer *raw = subject_listen (subject, &uri);

      number = g_strdup_printf ("%d", g_socket_get_fd (raw->listener));
      port = subject_port (uri);
    }
  else
    {
      g_autofree char *answer = interop_ask (subject->peer, "listen");
      g_auto (GStrv) words = g_strsplit (answer, " ", 3);

      g_assert_cmpstr (words[0], ==, "ok");
      number = g_strdup (words[1]);
      port = (guint) g_ascii_strtoull (words[2], NULL, 10);
    }

  subject_set (subject, check->member, number);
  second = subject_bind_to (subject, any);
  g_assert_cmpuint (subject_port (second), ==, port);
  raw_skip (subject_meet (subject, second), 10);
  raw_skip (subject_meet (subject, first), 10);
  subject_set (subject, check->member, "-1");
  third = subject_bind_to (subject, any);
  g_assert_cmpuint (subject_port (third), !=, port);
}

/* --- Proxies ------------------------------------------------------------ */

/* The first connects there itself, the second has the proxy do it. */
static void
proxy_of_next_connect (Subject *subject,
                       const OptionCheck *check)
{
  g_autofree char *proxy_uri = NULL;
  g_autofree char *first_uri = NULL;
  g_autofree char *second_uri = NULL;
  RawPeer *proxy = subject_listen (subject, &proxy_uri);
  RawPeer *first = subject_listen (subject, &first_uri);
  RawPeer *second = subject_listen (subject, &second_uri);

  subject_connect (subject, first_uri);
  subject_set (subject, check->member, proxy_uri + strlen ("tcp://"));
  subject_connect (subject, second_uri);
  for (guint i = 0; i < 3; i++)
    {
      raw_peer_accept (first);
      raw_peer_hang_up (first);
    }
  raw_peer_accept (proxy);
  raw_expect (proxy, "05");
  g_assert_false (raw_peer_is_called (second));
}

/* Plays a proxy that wants to know who it is; tells what it heard. */
static char *
ask_who_it_is (RawPeer *proxy)
{
  guint8 n;
  g_autofree char *user = NULL;
  char *who;

  raw_expect (proxy, "05");
  n = raw_next (proxy);
  raw_skip (proxy, 1u + n);
  raw_send (proxy, "05 02");
  raw_expect (proxy, "01");
  n = raw_next (proxy);
  raw_skip (proxy, 1);
  raw_await (proxy, n);
  user = g_strndup ((const char *) proxy->unread->data, n);
  raw_skip (proxy, n);
  n = raw_next (proxy);
  raw_skip (proxy, 1);
  raw_await (proxy, n);
  who = g_strdup_printf ("%s:%.*s", user, n,
                         (const char *) proxy->unread->data);
  raw_skip (proxy, n);
  return who;
}

/* Also when they connect again. */
static void
who_is_at_the_proxy (Subject *subject,
                     const OptionCheck *check)
{
  g_autofree char *proxy_uri = NULL;
  RawPeer *proxy = subject_listen (subject, &proxy_uri);
  guint seen[2] = { 0, 0 };

  subject_set (subject, "Socket:socks-username", "user");
  subject_set (subject, "Socket:socks-password", "pass");
  subject_set (subject, "Socket:socks-proxy", proxy_uri + strlen ("tcp://"));
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = g_strdup_printf ("tcp://10.0.0.%u:1", i + 1);

      subject_set (subject, check->member, check->values[i]);
      subject_connect (subject, uri);
    }
  while (seen[0] < 2 || seen[1] < 2)
    {
      g_autofree char *who = NULL;

      raw_peer_accept (proxy);
      who = ask_who_it_is (proxy);
      g_assert_true (g_strcmp0 (who, check->seen[0]) == 0 ||
                     g_strcmp0 (who, check->seen[1]) == 0);
      seen[g_str_equal (who, check->seen[1])]++;
      raw_peer_hang_up (proxy);
    }
}

/* --- Names -------------------------------------------------------------- */

static void
name_of_the_next_connect (Subject *subject,
                          const OptionCheck *check)
{
  g_autofree char *first_uri = NULL;
  g_autofree char *second_uri = NULL;
  RawPeer *first = subject_listen (subject, &first_uri);
  RawPeer *second = subject_listen (subject, &second_uri);

  subject_set (subject, check->member, "chosen");
  subject_connect (subject, first_uri);
  subject_connect (subject, second_uri);
  raw_peer_accept (first);
  g_free (subject_greet (first, "DEALER", "first"));
  raw_peer_accept (second);
  g_free (subject_greet (second, "DEALER", "second"));
  subject_raw_send (first, 0, "\"a\"");
  subject_expect (subject, "=chosen =a");
  subject_raw_send (second, 0, "\"b\"");
  subject_expect (subject, "=second =b");
}

/* ------------------------------------------------------------------------ */

#define BOTH_BUFFERS descriptor_of_next, NULL, { "20000", "30000" }, \
  { "40000", "60000" }

const OptionCheck option_checks_of_endpoints[] = {
  { "Socket:send-buffer", "next", "DEALER", BOTH_BUFFERS, "send-buffer" },
  { "Socket:receive-buffer", "next", "DEALER", BOTH_BUFFERS,
    "receive-buffer" },
  { "Socket:tcp-keepalive", "next", "DEALER", descriptor_of_next, NULL,
    { "1", "0" }, { "1", "0" }, "keepalive" },
  { "Socket:tcp-keepalive-count", "next", "DEALER", descriptor_of_next, NULL,
    { "3", "5" }, { "3", "5" }, "keepalive-count",
    "Socket:tcp-keepalive=1" },
  { "Socket:tcp-keepalive-idle", "next", "DEALER", descriptor_of_next, NULL,
    { "30", "50" }, { "30", "50" }, "keepalive-idle",
    "Socket:tcp-keepalive=1" },
  { "Socket:tcp-keepalive-interval", "next", "DEALER", descriptor_of_next,
    NULL, { "7", "9" }, { "7", "9" }, "keepalive-interval",
    "Socket:tcp-keepalive=1" },
  { "Socket:tcp-max-retransmit", "next", "DEALER", descriptor_of_next, NULL,
    { "3000", "5000" }, { "3000", "5000" }, "user-timeout" },
  { "Socket:tos", "next", "DEALER", descriptor_of_next, NULL,
    { "8", "16" }, { "8", "16" }, "tos" },
  { "Socket:priority", "next", "DEALER", descriptor_of_next, NULL,
    { "3", "5" }, { "3", "5" }, "priority" },
  { "Socket:busy-poll", "next", "DEALER", descriptor_of_next, NULL,
    { "10", "20" }, { "10", "20" }, "busy-poll" },
  { "Socket:bind-to-device", "next", "DEALER", descriptor_of_next, NULL,
    { "lo", "" }, { "lo", "" }, "device" },
  { "Socket:backlog", "next", "DEALER", listener_of_next, NULL,
    { "7", "9" }, { "7", "9" }, "backlog" },
  /* AF_INET, AF_INET6. */
  { "Socket:ipv6", "next", "DEALER", listener_of_next, NULL,
    { "false", "true" }, { "2", "10" }, "family" },

  { "Socket:max-message-size", "next", "PULL", size_of_next, NULL,
    { "40", "39" } },
  { "Socket:in-batch-size", "next", "ROUTER", batch_of_next, NULL,
    { "8192", "10" } },
  { "Socket:out-batch-size", "", NULL, NULL, "a hint without effect" },
  { "Socket:conflate", "next", "PUSH", conflated_of_next, NULL,
    { "false", "true" } },
  { "Socket:immediate", "next", "PUSH", immediate_of_next },

  { "Socket:hello-message", "next", "DEALER", hello_of_next, NULL,
    { "one", "two" }, { "\"one\"", "\"two\"" } },
  { "Socket:disconnect-message", "next", "ROUTER", loss_of_next, NULL,
    { "one", "two" }, { "=raw =one", "=raw =two" } },
  { "Socket:hiccup-message", "next", "DEALER", loss_of_next, NULL,
    { "one", "two" }, { "=one", "=two" } },

  { "zmqg_socket_add_accept_filter ()", "next bind", "PULL",
    filter_of_next_bind, NULL, { NULL, "10.0.0.0/8" } },
  { "zmqg_socket_clear_accept_filters ()", "next bind", "PULL",
    no_filter_of_next_bind, NULL, { "10.0.0.0/8" }, { NULL },
    "zmqg_socket_add_accept_filter ()" },
  { "zmqg_socket_add_ipc_filter_pid ()", "next bind", "PULL",
    filter_of_next_bind, NULL, { NULL, "1" } },
  { "zmqg_socket_add_ipc_filter_uid ()", "next bind", "PULL",
    filter_of_next_bind, NULL, { NULL, "54321" } },
  { "zmqg_socket_add_ipc_filter_gid ()", "next bind", "PULL",
    filter_of_next_bind, NULL, { NULL, "54321" } },
  { "zmqg_socket_clear_ipc_filters ()", "next bind", "PULL",
    no_filter_of_next_bind, NULL, { "1" }, { NULL },
    "zmqg_socket_add_ipc_filter_pid ()" },

  { "RouterSocket:raw", "next", "ROUTER", raw_of_next, NULL,
    { "false", "true" } },
  { "Socket:affinity", "next", "PULL", affinity_of_next, NULL,
    { "1", "2" } },
  { "Socket:use-fd", "next", "PULL", descriptor_to_bind_to },
  { "Socket:socks-proxy", "next connect", "DEALER", proxy_of_next_connect },
  { "Socket:socks-username", "next connect", "DEALER", who_is_at_the_proxy,
    NULL, { "a", "b" }, { "a:pass", "b:pass" } },
  { "Socket:socks-password", "next connect", "DEALER", who_is_at_the_proxy,
    NULL, { "a", "b" }, { "user:a", "user:b" } },
  { "RouterSocket:connect-routing-id", "the next connect, once", "ROUTER",
    name_of_the_next_connect },
  { NULL },
};
