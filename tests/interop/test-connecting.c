/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"
#include "raw-peer.h"

#include <stdlib.h>
#include <string.h>

/*
 * Who connects: how often, and when again. The same is done with libzmq and
 * with us.
 */

static RawPeer *
make_raw (Interop *test)
{
  return g_str_equal (test->transport, "ipc") ? raw_peer_new_in (test->folder)
                                              : raw_peer_new ();
}

/* --- Connecting twice --------------------------------------------------- */

/* How many connections wait to be accepted. */
static guint
count_waiting (RawPeer *raw)
{
  guint n = 0;

  while (g_socket_condition_check (raw->listener, G_IO_IN))
    {
      raw_peer_accept (raw);
      n++;
    }
  return n;
}

static void
connect_to (ZmqgSocket *socket,
            InteropPeer *peer,
            const char *uri)
{
  GError *error = NULL;

  if (socket != NULL)
    zmqg_socket_connect_to (socket, uri, &error);
  else
    interop_do (peer, "connect %s", uri);
  g_assert_no_error (error);
}

/* Connects twice to one place and then to another: when somebody has come
 * there, all who will come to the first one have. */
static guint
count_of_two (Interop *test,
              ZmqgSocket *socket,
              InteropPeer *peer)
{
  RawPeer *raw = make_raw (test);
  RawPeer *last = make_raw (test);
  g_autofree char *uri = raw_peer_listen (raw);
  g_autofree char *last_uri = raw_peer_listen (last);
  guint n;

  connect_to (socket, peer, uri);
  connect_to (socket, peer, uri);
  connect_to (socket, peer, last_uri);
  raw_peer_accept (last);
  n = count_waiting (raw);
  raw_peer_free (raw);
  raw_peer_free (last);
  return n;
}

static void
connecting_twice (Interop *test)
{
  const char *type = test->data;
  g_autoptr (GEnumClass) types = g_type_class_ref (ZMQG_TYPE_SOCKET_TYPE);
  g_autofree char *nick = g_ascii_strdown (type, -1);
  GEnumValue *value = g_enum_get_value_by_nick (types, nick);
  guint theirs;
  guint ours;

  g_assert_nonnull (value);
  theirs = count_of_two (test, NULL, interop_peer (test, type));
  ours = count_of_two (test, interop_socket (test, value->value), NULL);
  g_test_message ("%s: %u", type, theirs);
  g_assert_cmpuint (ours, ==, theirs);
}

/* --- Connecting again --------------------------------------------------- */

#define INTERVALS 10

typedef struct
{
  const char *name;
  int interval; /* ms */
  int max;      /* ms; 0: none, but jitter */
  gboolean is_lost; /* else nobody is there */
} Again;

typedef struct
{
  int values[INTERVALS];
  guint n;
} Intervals;

static void
note_event (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgEvent *event,
            gpointer user_data)
{
  Intervals *self = user_data;

  if (zmqg_event_get_event_type (event) == ZMQG_EVENT_TYPE_CONNECT_RETRIED &&
      self->n < INTERVALS)
    self->values[self->n++] = zmqg_event_get_interval (event);
}

static void
note_answer (Intervals *self,
             const char *answer)
{
  g_auto (GStrv) words = g_strsplit (answer, " ", -1);

  g_assert_cmpstr (words[0], ==, "event");
  if (atoi (words[1]) == ZMQG_EVENT_TYPE_CONNECT_RETRIED)
    self->values[self->n++] = atoi (words[2]);
}

/* Those who come are sent away. */
static void
turn_away (RawPeer *raw)
{
  if (raw->listener != NULL &&
      g_socket_condition_check (raw->listener, G_IO_IN))
    {
      raw_peer_accept (raw);
      g_clear_object (&raw->connection);
    }
}

static void
take_ours (Interop *test,
           const char *uri,
           RawPeer *raw,
           Intervals *intervals)
{
  const Again *again = test->data;
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  gulong handler;

  g_object_set (socket, "reconnect-interval", again->interval,
                "reconnect-interval-max", again->max, NULL);
  handler = g_signal_connect (socket, "event", G_CALLBACK (note_event),
                              intervals);
  connect_to (socket, NULL, uri);
  while (intervals->n < INTERVALS)
    {
      turn_away (raw);
      zmqg_test_turn (NULL);
    }
  g_signal_handler_disconnect (socket, handler);
}

static void
take_theirs (Interop *test,
             const char *uri,
             RawPeer *raw,
             Intervals *intervals)
{
  const Again *again = test->data;
  InteropPeer *peer = interop_peer (test, "PUSH");

  interop_do (peer, "set reconnect-ivl %d", again->interval);
  interop_do (peer, "set reconnect-ivl-max %d", again->max);
  interop_do (peer, "monitor");
  connect_to (NULL, peer, uri);
  while (intervals->n < INTERVALS)
    {
      g_autofree char *answer = NULL;

      turn_away (raw);
      answer = interop_ask (peer, "try-event");
      if (g_str_equal (answer, "nothing"))
        zmqg_test_turn (NULL);
      else
        note_answer (intervals, answer);
    }
}

/* Without a maximum: the interval and up to as much again. With one: doubled up
 * to it, by us exactly. What libzmq 4.3.4 adds is jitter all the same, and it
 * has no use for a maximum below the interval; nor does it count what came of
 * the connections before, where we go on until a handshake succeeds. */
static void
check_intervals (const Again *again,
                 const Intervals *ours,
                 const Intervals *theirs)
{
  int next = again->interval;

  for (guint i = 0; i < INTERVALS; i++)
    {
      int least = again->max == 0 ? again->interval : MIN (next, again->max);
      int their_least = again->is_lost ? again->interval
                                       : MAX (least, again->interval);

      g_assert_cmpint (ours->values[i], >=, least);
      if (again->max > 0)
        g_assert_cmpint (ours->values[i], ==, least);
      else
        g_assert_cmpint (ours->values[i], <, least + again->interval);
      g_assert_cmpint (theirs->values[i], >=, their_least);
      g_assert_cmpint (theirs->values[i], <, their_least + again->interval);
      next *= 2;
    }
}

static void
connecting_again (Interop *test)
{
  const Again *again = test->data;
  RawPeer *raw = make_raw (test);
  g_autofree char *uri = raw_peer_listen (raw);
  Intervals ours = { .n = 0 };
  Intervals theirs = { .n = 0 };
  gint64 begin = g_get_monotonic_time ();
  gint64 sum = 0;

  if (!again->is_lost)
    g_clear_object (&raw->listener);

  /* It never comes before its time. */
  take_ours (test, uri, raw, &ours);
  for (guint i = 0; i + 1 < INTERVALS; i++)
    sum += ours.values[i];
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, sum * 1000);

  take_theirs (test, uri, raw, &theirs);
  check_intervals (again, &ours, &theirs);
  raw_peer_free (raw);
}

int
main (int argc,
      char **argv)
{
  /* A PAIR of libzmq does not go to a second place. */
  static const char *const types[] = {
    "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB",
    "XSUB",
  };
  static const Again agains[] = {
    { "refused/jitter", 8, 0, FALSE },
    { "refused/least-jitter", 1, 0, FALSE },
    { "refused/back-off", 1, 20, FALSE },
    { "refused/back-off-to-no-power", 3, 10, FALSE },
    { "refused/maximum-below-the-interval", 20, 5, FALSE },
    { "refused/maximum-is-the-interval", 5, 5, FALSE },
    { "lost/jitter", 8, 0, TRUE },
    { "lost/back-off", 1, 20, TRUE },
    { "lost/maximum-below-the-interval", 20, 5, TRUE },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *path = g_strconcat (
        "/zmqg/interop/connecting/twice/", types[i], NULL);

      interop_add_connecting (path, connecting_twice, types[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (agains); i++)
    {
      g_autofree char *path = g_strconcat (
        "/zmqg/interop/connecting/again/", agains[i].name, NULL);

      interop_add_connecting (path, connecting_again, &agains[i]);
    }

  return g_test_run ();
}
