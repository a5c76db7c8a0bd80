/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"
#include "raw-peer.h"

/*
 * What becomes of a message that is being written, and of one behind it, when
 * the socket is closed or the endpoint ended: the same is done with libzmq and
 * with us, and what the other end of the connection sees is compared.
 */

#define LARGE "*16777216.1"
#define ALL ((gsize) 16777216u + 9u + 2u + 4u) /* with =last, and headers */

/* How often libzmq is called, which goes on ending only then. */
#define CALL_MS 10

typedef enum
{
  BY_CLOSING,
  BY_ENDING, /* disconnecting, unbinding */
} End;

typedef struct
{
  const char *name;
  int linger;          /* ms */
  gboolean until_over; /* the peer reads when the time is over */
} Linger;

static const Linger lingers[] = {
  { "for-ever", -1, FALSE },
  { "none", 0, FALSE },
  { "some-and-over", 50, TRUE },
  { "some-and-enough", INTEROP_DEADLINE_MS, FALSE },
};

#define N_CASES (2 * G_N_ELEMENTS (lingers))

typedef struct
{
  guint number;
  const Linger *linger;
  End end;
} Case;

/* One of both. */
typedef struct
{
  Interop *test;
  const Case *one;
  ZmqgSocket *socket; /* ours, or */
  InteropPeer *peer;  /* libzmq's */
  RawPeer *raw;
  char *uri;
  guint calls; /* a source */
} Player;

static void
do_it (Player *self,
       const char *verb,
       const char *argument)
{
  interop_do (self->peer, "%s %s", verb, argument);
}

static void
set_linger (Player *self)
{
  g_autofree char *value = g_strdup_printf ("linger %d",
                                            self->one->linger->linger);

  if (self->socket != NULL)
    g_object_set (self->socket, "linger", self->one->linger->linger, NULL);
  else
    do_it (self, "set", value);
}

static void
meet (Player *self)
{
  g_autofree char *wildcard = NULL;
  GError *error = NULL;

  if (!self->test->we_bind)
    {
      self->uri = raw_peer_listen (self->raw);
      if (self->socket != NULL)
        zmqg_socket_connect_to (self->socket, self->uri, &error);
      else
        do_it (self, "connect", self->uri);
      g_assert_no_error (error);
      raw_peer_accept (self->raw);
      return;
    }

  wildcard = self->raw->folder == NULL
               ? g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ())
               : g_strdup_printf ("ipc://%s/bound-%d", self->raw->folder,
                                  self->socket != NULL);
  if (self->socket != NULL)
    {
      zmqg_socket_bind (self->socket, wildcard, &error);
      g_assert_no_error (error);
      self->uri = zmqg_socket_get_last_endpoint (self->socket);
    }
  else
    {
      g_autofree char *answer = interop_ask (self->peer, "bind %s", wildcard);

      g_assert_true (g_str_has_prefix (answer, "ok "));
      self->uri = g_strdup (answer + 3);
    }
  raw_peer_connect (self->raw, self->uri);
}

static void
shake_hands (Player *self)
{
  raw_send (self->raw, "ff 00*8 7f 03 00 \"NULL\" 00*48");
  raw_send (self->raw, "04 1a 05 \"READY\" 0b \"Socket-Type\" 00*3 04 "
                       "\"PULL\"");
  raw_expect (self->raw, "ff 00*7 01 7f 03");
  raw_next (self->raw); /* the minor version is not the same */
  g_byte_array_remove_range (self->raw->unread, 0, 1);
  raw_expect (self->raw, "\"NULL\" 00*48 04");
  if (raw_next (self->raw) == 0x1a)
    raw_expect (self->raw, "1a 05 \"READY\" 0b \"Socket-Type\" 00*3 04 "
                           "\"PUSH\"");
  else
    raw_expect (self->raw, "26 05 \"READY\" 0b \"Socket-Type\" 00*3 04 "
                           "\"PUSH\" 08 \"Identity\" 00*4");
}

static void
send_both (Player *self)
{
  static const char *const frames[] = { LARGE, "=last" };

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    if (self->socket != NULL)
      interop_send (self->socket, frames[i]);
    else
      interop_peer_sends (self->peer, frames[i]);
}

static gboolean
call_libzmq (gpointer user_data)
{
  interop_tell (user_data, "events");
  return G_SOURCE_CONTINUE;
}

static void
end (Player *self)
{
  gboolean by_closing = self->one->end == BY_CLOSING;
  GError *error = NULL;

  if (self->socket == NULL && by_closing)
    {
      interop_tell (self->peer, "close"); /* waits for the linger */
    }
  else if (self->socket == NULL)
    {
      do_it (self, self->test->we_bind ? "unbind" : "disconnect", self->uri);
      self->calls = g_timeout_add (CALL_MS, call_libzmq, self->peer);
    }
  else if (by_closing)
    {
      zmqg_socket_close (self->socket);
    }
  else if (self->test->we_bind)
    {
      zmqg_socket_unbind (self->socket, self->uri, &error);
    }
  else
    {
      zmqg_socket_disconnect_from (self->socket, self->uri, &error);
    }
  g_assert_no_error (error);
}

/* What the other end sees. */
static const char *
play (Player *self)
{
  gint64 over = 0;
  gsize n;

  set_linger (self);
  meet (self);
  shake_hands (self);
  send_both (self);
  raw_expect (self->raw, "02 00*4 01 00*3"); /* the large one has begun */
  end (self);
  if (self->one->linger->until_over)
    over = g_get_monotonic_time () + 3000 * self->one->linger->linger;
  while (g_get_monotonic_time () < over)
    zmqg_test_turn (NULL);

  n = 9 + raw_count_to_end (self->raw);
  g_assert_cmpuint (n, <=, ALL);
  if (self->calls != 0)
    g_source_remove (self->calls);
  return n == ALL ? "all" : "a part";
}

static const char *
play_one (Interop *test,
          ZmqgSocket *socket,
          InteropPeer *peer)
{
  gboolean is_ipc = g_str_equal (test->transport, "ipc");
  Player player = {
    .test = test,
    .one = test->data,
    .socket = socket,
    .peer = peer,
  };
  const char *seen;

  player.raw = is_ipc ? raw_peer_new_in (test->folder) : raw_peer_new ();
  seen = play (&player);
  raw_peer_free (player.raw);
  g_free (player.uri);
  return seen;
}

/* It has no engine modes: asked once for both. */
static const char *
ask_libzmq (Interop *test)
{
  const Case *one = test->data;
  static const char *answers[N_CASES][2][2];
  guint is_ipc = g_str_equal (test->transport, "ipc");
  const char **answer = &answers[one->number][is_ipc][test->we_bind];

  if (*answer == NULL)
    *answer = play_one (test, NULL, interop_peer (test, "PUSH"));
  return *answer;
}

static void
lingers_as_libzmq (Interop *test)
{
  const Case *one = test->data;
  ZmqgSocket *socket = interop_socket (test, ZMQG_SOCKET_TYPE_PUSH);
  const char *theirs = ask_libzmq (test);
  const char *ours = play_one (test, socket, NULL);

  /* When it is unbound libzmq drops everything, whatever its linger is: with
   * us that is as when it is disconnected. */
  if (one->end == BY_ENDING && test->we_bind)
    {
      g_assert_cmpstr (theirs, ==, "a part");
      theirs = one->linger->linger == 0 || one->linger->until_over ? "a part"
                                                                   : "all";
    }
  g_assert_cmpstr (ours, ==, theirs);
}

int
main (int argc,
      char **argv)
{
  static Case cases[N_CASES];

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = NULL;

      cases[i].number = i;
      cases[i].linger = &lingers[i / 2];
      cases[i].end = i % 2 == 0 ? BY_CLOSING : BY_ENDING;
      path = g_strdup_printf ("/zmqg/interop/linger/%s/%s",
                              cases[i].linger->name,
                              cases[i].end == BY_CLOSING ? "close" : "end");
      interop_add (path, lingers_as_libzmq, &cases[i]);
    }

  return g_test_run ();
}
