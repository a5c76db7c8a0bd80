/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "option-times.h"

#include <string.h>

/*
 * Options of connections and of how they are made, which an endpoint keeps:
 * there is one that was made with the first value, and one that was made with
 * the second.
 */

/* --- Handshakes --------------------------------------------------------- */

static void
check_ready (RawPeer *raw,
             const OptionCheck *check,
             guint which)
{
  g_autofree char *ready = subject_greet (raw, check->what, NULL);

  g_assert_nonnull (strstr (ready, check->seen[which]));
  /* The second may have what the first has. */
  if (which == 0)
    g_assert_null (strstr (ready, check->seen[1]));
}

static void
ready_of_next (Subject *subject,
               const OptionCheck *check)
{
  char *bound[2];
  char *uris[2];
  RawPeer *listeners[2];

  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, check->member, check->values[i]);
      bound[i] = subject_bind (subject);
      listeners[i] = subject_listen (subject, &uris[i]);
      subject_connect (subject, uris[i]);
    }

  for (guint i = 0; i < 4; i++)
    {
      check_ready (subject_meet (subject, bound[i % 2]), check, i % 2);
      raw_peer_accept (listeners[i % 2]);
      check_ready (listeners[i % 2], check, i % 2);
      raw_peer_hang_up (listeners[i % 2]);
    }

  for (guint i = 0; i < 2; i++)
    {
      g_free (bound[i]);
      g_free (uris[i]);
    }
}

/* The second has no patience with who says nothing. */
static void
handshake_of_next (Subject *subject,
                   const OptionCheck *check)
{
  RawPeer *raws[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;

      subject_set (subject, check->member, check->values[i]);
      uri = subject_bind (subject);
      raws[i] = subject_meet (subject, uri);
    }
  raw_skip (raws[1], 10);
  ZMQG_TEST_AWAIT (raw_is_at_end (raws[1]), OPTION_DEADLINE_MS);
  g_free (subject_greet (raws[0], "PUSH", NULL));
  subject_raw_send (raws[0], 0, "\"x\"");
  subject_expect (subject, "=x");
}

/* --- Heartbeats --------------------------------------------------------- */

static gboolean
is_ping (RawPeer *raw,
         const char *ttl)
{
  g_autofree char *payload = NULL;
  g_autofree char *expected = NULL;
  guint flags;

  raw_await (raw, 9);
  expected = g_strdup_printf ("%02x%02x", raw->unread->data[7],
                              raw->unread->data[8]);
  payload = subject_raw_read (raw, &flags);
  g_assert_cmpuint (flags, ==, 4);
  return g_str_has_prefix (payload, ".PING") &&
         (ttl == NULL || g_str_equal (ttl, expected));
}

/* The second asks for signs of life, the first does not. */
static void
heartbeat_of_next (Subject *subject,
                   const OptionCheck *check)
{
  RawPeer *raws[2];

  subject_set (subject, "Socket:heartbeat-timeout", "60000");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;

      subject_set (subject, check->member, check->values[i]);
      uri = subject_bind (subject);
      raws[i] = subject_meet_as (subject, uri, "DEALER");
    }
  for (guint i = 0; i < 3; i++)
    g_assert_true (is_ping (raws[1], NULL));
  raw_expect_nothing (raws[0]);
}

static void
ttl_of_next (Subject *subject,
             const OptionCheck *check)
{
  RawPeer *raws[2];

  subject_set (subject, "Socket:heartbeat-interval", "50");
  subject_set (subject, "Socket:heartbeat-timeout", "60000");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;

      subject_set (subject, check->member, check->values[i]);
      uri = subject_bind (subject);
      raws[i] = subject_meet_as (subject, uri, "DEALER");
    }
  g_assert_true (is_ping (raws[0], check->seen[0]));
  g_assert_true (is_ping (raws[1], check->seen[1]));
}

/* The second gives a peer up that does not answer. */
static void
heartbeat_timeout_of_next (Subject *subject,
                           const OptionCheck *check)
{
  RawPeer *raws[2];

  subject_set (subject, "Socket:heartbeat-interval", "50");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *uri = NULL;

      subject_set (subject, check->member, check->values[i]);
      uri = subject_bind (subject);
      raws[i] = subject_meet_as (subject, uri, "DEALER");
    }
  g_assert_true (is_ping (raws[1], NULL));
  ZMQG_TEST_AWAIT (raw_is_at_end (raws[1]), OPTION_DEADLINE_MS);
  subject_raw_send (raws[0], 0, "\"x\"");
  subject_expect (subject, "=x");
}

/* --- Connecting again --------------------------------------------------- */

/* The first does not, the second does. */
static void
reconnects_of_next (Subject *subject,
                    const OptionCheck *check)
{
  RawPeer *raws[2];
  char *uris[2];

  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, check->member, check->values[i]);
      raws[i] = subject_listen (subject, &uris[i]);
      subject_connect (subject, uris[i]);
      raw_peer_accept (raws[i]);
    }
  subject_set (subject, check->member, check->values[0]);
  raw_peer_hang_up (raws[0]);
  for (guint i = 0; i < 10; i++)
    {
      raw_peer_hang_up (raws[1]);
      raw_peer_accept (raws[1]);
    }
  g_assert_false (raw_peer_is_called (raws[0]));
  g_free (uris[0]);
  g_free (uris[1]);
}

/* libzmq's number of the event. */
#define RETRIED 4

/* Only the second waits longer each time. */
static void
back_off_of_next (Subject *subject,
                  const OptionCheck *check)
{
  char *uris[2];
  int largest[2];

  subject_monitor (subject);
  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, check->member, check->values[i]);
      subject_hold (subject, &uris[i]);
      subject_connect (subject, uris[i]);
    }
  ZMQG_TEST_AWAIT (subject_count_events (subject, RETRIED, uris[0],
                                         &largest[0]) > 8 &&
                     subject_count_events (subject, RETRIED, uris[1],
                                           &largest[1]) > 4,
                   OPTION_DEADLINE_MS);
  g_assert_cmpint (largest[0], <=, 20);
  g_assert_cmpint (largest[1], >=, 40);
  g_free (uris[0]);
  g_free (uris[1]);
}

/* It is refused: the first stops, the second tries on. */
static void
stop_of_next (Subject *subject,
              const OptionCheck *check)
{
  RawPeer *raws[2];
  char *uris[2];
  int ignored;

  subject_monitor (subject);
  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, check->member, check->values[1 - i]);
      raws[i] = subject_hold (subject, &uris[i]);
      subject_connect (subject, uris[i]);
    }
  subject_set (subject, check->member, check->values[1]);
  ZMQG_TEST_AWAIT (subject_count_events (subject, RETRIED, uris[1],
                                         &ignored) > 5,
                   OPTION_DEADLINE_MS);
  g_assert_cmpuint (subject_count_events (subject, RETRIED, uris[0],
                                          &ignored), <=, 1);
  raw_peer_open (raws[0]);
  raw_peer_open (raws[1]);
  raw_peer_accept (raws[1]);
  g_assert_false (raw_peer_is_called (raws[0]));
  g_free (uris[0]);
  g_free (uris[1]);
}

/* Who is not taken in that time will not be. */
#define FULL_AFTER_USEC (200 * 1000)

/* One that listens, and takes nobody any more: who connects waits. %FALSE
 * where there is no such thing. */
static gboolean
fill_up (Subject *subject,
         char **uri,
         GPtrArray *fillers)
{
  RawPeer *raw = subject_hold (subject, uri);
  g_autoptr (GSocketAddress) address = NULL;
  GError *error = NULL;

  g_socket_set_listen_backlog (raw->listener, 0);
  raw_peer_open (raw);
  address = g_socket_get_local_address (raw->listener, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 5; i++)
    {
      GSocket *filler;

      filler = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                             G_SOCKET_PROTOCOL_TCP, &error);
      g_assert_no_error (error);
      g_ptr_array_add (fillers, filler);
      g_socket_set_blocking (filler, FALSE);
      g_socket_connect (filler, address, NULL, NULL);
      if (!g_socket_condition_timed_wait (filler, G_IO_OUT, FULL_AFTER_USEC,
                                          NULL, NULL))
        return TRUE;
    }
  g_test_skip ("the backlog has no end here");
  return FALSE;
}

/* The second gives it up and tries again. */
static void
connect_timeout_of_next (Subject *subject,
                         const OptionCheck *check)
{
  g_autoptr (GPtrArray) fillers = NULL;
  char *uris[2] = { NULL, NULL };
  int ignored;

  fillers = g_ptr_array_new_with_free_func (g_object_unref);
  subject_monitor (subject);
  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, check->member, check->values[i]);
      if (!fill_up (subject, &uris[i], fillers))
        break;
      subject_connect (subject, uris[i]);
    }
  if (uris[1] != NULL)
    {
      ZMQG_TEST_AWAIT (subject_count_events (subject, RETRIED, uris[1],
                                             &ignored) > 2,
                       OPTION_DEADLINE_MS);
      g_assert_cmpuint (subject_count_events (subject, RETRIED, uris[0],
                                              &ignored), ==, 0);
    }
  g_free (uris[0]);
  g_free (uris[1]);
}

/* ------------------------------------------------------------------------ */

const OptionCheck option_checks_of_connections[] = {
  { "Socket:routing-id", "next", "DEALER", ready_of_next, NULL,
    { "the-first", "the-second" }, { "the-first", "the-second" }, "ROUTER" },
  { "zmqg_socket_add_metadata ()", "next", "DEALER", ready_of_next, NULL,
    { "X-first:one", "X-second:two" }, { "X-first", "X-second" }, "ROUTER" },
  { "Socket:handshake-interval", "next", "PULL", handshake_of_next, NULL,
    { "0", "50" } },
  { "Socket:heartbeat-interval", "next", "DEALER", heartbeat_of_next, NULL,
    { "0", "50" } },
  { "Socket:heartbeat-ttl", "next", "DEALER", ttl_of_next, NULL,
    { "1000", "2000" }, { "000a", "0014" } },
  { "Socket:heartbeat-timeout", "next", "DEALER", heartbeat_timeout_of_next,
    NULL, { "60000", "50" } },
  { "Socket:reconnect-interval", "next", "DEALER", reconnects_of_next, NULL,
    { "-1", "10" } },
  { "Socket:reconnect-interval-max", "next", "DEALER", back_off_of_next, NULL,
    { "0", "80" } },
  { "Socket:reconnect-stop", "next", "DEALER", stop_of_next, NULL,
    { "0", "1" } },
  { "Socket:connect-timeout", "next", "DEALER", connect_timeout_of_next, NULL,
    { "0", "50" } },
  { NULL },
};
