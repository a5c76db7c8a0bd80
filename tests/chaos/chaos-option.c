/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"

/* Of a number or a flag: one of four values. */
typedef struct
{
  const char *name;
  int values[4];
} Option;

static const char *const topics[] = { "", "Z", "ZM", "ZMQG", "none" };

static void
set_random (ZmqgSocket *socket,
            const Option *options,
            guint n)
{
  const Option *option = &options[chaos_random (n)];

  g_object_set (socket, option->name, option->values[chaos_random (4)], NULL);
}

/* --- Options of all sockets --------------------------------------------- */

/* Each may also be nothing, again. */
static void
set_text (ZmqgSocket *socket)
{
  const char *text = chaos_one_in (2) ? "word" : NULL;

  switch (chaos_random (5))
    {
    case 0:
      zmqg_socket_set_hello_message_string (socket, text);
      break;
    case 1:
      zmqg_socket_set_disconnect_message_string (socket, text);
      break;
    case 2:
      zmqg_socket_set_hiccup_message_string (socket, text);
      break;
    case 3:
      zmqg_socket_add_metadata (socket, "X-Chaos", "word", NULL);
      break;
    default:
      if (text != NULL)
        zmqg_socket_add_accept_filter (socket, "127.0.0.0/8", NULL);
      else
        zmqg_socket_clear_accept_filters (socket);
      break;
    }
}

void
chaos_socket_set_up (ZmqgSocket *socket)
{
  g_object_set (socket, "send-timeout", 4, "receive-timeout", 4, "linger",
                10 * (int) chaos_random (3), "reconnect-interval",
                1 + (int) chaos_random (5), "send-hwm", 50, "receive-hwm", 50,
                "immediate", chaos_one_in (2), NULL);
  if (chaos_one_in (2))
    {
      g_autofree char *identity = NULL;

      identity = g_strdup_printf ("id%u", chaos_random (8));
      zmqg_socket_set_routing_id_string (socket, identity);
    }
  set_text (socket);
  set_text (socket);

  if (ZMQG_IS_SUB_SOCKET (socket))
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), "Z", NULL);
  else if (ZMQG_IS_XSUB_SOCKET (socket))
    zmqg_xsub_socket_subscribe (ZMQG_XSUB_SOCKET (socket), "Z", NULL);
  else if (ZMQG_IS_REQ_SOCKET (socket))
    g_object_set (socket, "request-retries", chaos_random (3),
                  "request-retry-interval", 20 * chaos_random (3), NULL);
  else if (ZMQG_IS_ROUTER_SOCKET (socket))
    g_object_set (socket, "raw", chaos_one_in (8), NULL);
}

void
chaos_socket_set_option (ZmqgSocket *socket)
{
  static const Option options[] = {
    { "send-hwm", { 0, 1, 5, 100 } },
    { "receive-hwm", { 0, 1, 5, 100 } },
    { "linger", { 0, 5, 20, 50 } },
    { "send-timeout", { 0, 1, 4, 10 } },
    { "receive-timeout", { 0, 1, 4, 10 } },
    { "heartbeat-interval", { 0, 5, 20, 100 } },
    { "heartbeat-timeout", { -1, 0, 10, 100 } },
    { "heartbeat-ttl", { 0, 100, 200, 300 } },
    { "reconnect-interval", { -1, 1, 5, 20 } },
    { "reconnect-interval-max", { 0, 0, 5, 20 } },
    { "reconnect-stop", { 0, 0, 1, 7 } },
    { "handshake-interval", { 0, 5, 50, 1000 } },
    { "connect-timeout", { 0, 5, 50, 1000 } },
    { "send-buffer", { -1, -1, 4096, 65536 } },
    { "receive-buffer", { -1, -1, 4096, 65536 } },
    { "tcp-keepalive", { -1, 0, 1, 1 } },
    { "backlog", { 0, 1, 10, 100 } },
    { "max-frames", { 0, 2, 10, 100 } },
    { "in-batch-size", { 1, 100, 8192, 65536 } },
    { "immediate", { FALSE, TRUE, FALSE, TRUE } },
    { "conflate", { FALSE, FALSE, FALSE, TRUE } },
  };

  if (chaos_one_in (6))
    set_text (socket);
  else
    set_random (socket, options, G_N_ELEMENTS (options));
}

/* --- Options of one type ------------------------------------------------ */

static void
set_router_option (ZmqgSocket *socket)
{
  static const Option options[] = {
    { "mandatory", { FALSE, TRUE, FALSE, TRUE } },
    { "handover", { FALSE, TRUE, FALSE, TRUE } },
    { "probe-router", { FALSE, TRUE, FALSE, TRUE } },
    { "notify-peers", { 0, 1, 2, 3 } },
  };
  g_autofree char *identity = NULL;

  if (!chaos_one_in (6))
    {
      set_random (socket, options, G_N_ELEMENTS (options));
      return;
    }

  identity = g_strdup_printf ("id%u", chaos_random (8));
  zmqg_router_socket_set_connect_routing_id_string (
    ZMQG_ROUTER_SOCKET (socket), identity);
}

static void
set_xpub_option (ZmqgSocket *socket)
{
  static const Option options[] = {
    { "manual", { FALSE, TRUE, FALSE, TRUE } },
    { "manual-last-value", { FALSE, FALSE, FALSE, TRUE } },
    { "verbose", { FALSE, TRUE, FALSE, TRUE } },
    { "verboser", { FALSE, TRUE, FALSE, TRUE } },
    { "no-drop", { FALSE, TRUE, FALSE, TRUE } },
    { "invert-matching", { FALSE, FALSE, FALSE, TRUE } },
    { "only-first-subscribe", { FALSE, FALSE, FALSE, TRUE } },
  };
  const char *topic = topics[chaos_random (G_N_ELEMENTS (topics))];
  ZmqgXpubSocket *xpub = ZMQG_XPUB_SOCKET (socket);

  switch (chaos_random (6))
    {
    case 0:
      zmqg_xpub_socket_set_welcome_message_string (
        xpub, chaos_one_in (2) ? "Z" : NULL);
      break;
    case 1:
    case 2:
      zmqg_xpub_socket_subscribe (xpub, topic, NULL);
      break;
    case 3:
      zmqg_xpub_socket_unsubscribe (xpub, topic, NULL);
      break;
    default:
      set_random (socket, options, G_N_ELEMENTS (options));
      break;
    }
}

static void
set_pub_option (ZmqgSocket *socket)
{
  static const Option options[] = {
    { "no-drop", { FALSE, TRUE, FALSE, TRUE } },
    { "invert-matching", { FALSE, FALSE, FALSE, TRUE } },
    { "only-first-subscribe", { FALSE, FALSE, FALSE, TRUE } },
  };

  if (chaos_one_in (4))
    zmqg_pub_socket_set_welcome_message_string (
      ZMQG_PUB_SOCKET (socket), chaos_one_in (2) ? "Z" : NULL);
  else
    set_random (socket, options, G_N_ELEMENTS (options));
}

void
chaos_socket_subscribe (ZmqgSocket *socket)
{
  const char *topic = topics[chaos_random (G_N_ELEMENTS (topics))];
  gboolean more = chaos_one_in (2);

  if (ZMQG_IS_SUB_SOCKET (socket) && more)
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), topic, NULL);
  else if (ZMQG_IS_SUB_SOCKET (socket))
    zmqg_sub_socket_unsubscribe (ZMQG_SUB_SOCKET (socket), topic, NULL);
  else if (ZMQG_IS_XSUB_SOCKET (socket) && more)
    zmqg_xsub_socket_subscribe (ZMQG_XSUB_SOCKET (socket), topic, NULL);
  else if (ZMQG_IS_XSUB_SOCKET (socket))
    zmqg_xsub_socket_unsubscribe (ZMQG_XSUB_SOCKET (socket), topic, NULL);
  else if (ZMQG_IS_REQ_SOCKET (socket))
    g_object_set (socket, "relaxed", more, "correlate", more, NULL);
  else if (ZMQG_IS_DEALER_SOCKET (socket))
    g_object_set (socket, "probe-router", more, NULL);
  else if (ZMQG_IS_ROUTER_SOCKET (socket))
    set_router_option (socket);
  else if (ZMQG_IS_XPUB_SOCKET (socket))
    set_xpub_option (socket);
  else if (ZMQG_IS_PUB_SOCKET (socket))
    set_pub_option (socket);
}
