/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

#include <signal.h>
#include <string.h>

/* ZmqgRouterSocket:raw, with libzmq's STREAM at the other end: bytes without
 * ZMTP, and ids of their own on each side. */

static ZmqgSocket *
new_raw (Interop *test)
{
  ZmqgSocket *router = interop_socket (test, ZMQG_SOCKET_TYPE_ROUTER);

  g_object_set (router, "raw", TRUE, "mandatory", TRUE, NULL);
  return router;
}

/* --- Our side ------------------------------------------------------------ */

/* The next message, which has an id in front; owned by the caller. */
static GBytes *
receive_from (ZmqgSocket *router,
              GBytes **id)
{
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  message = zmqg_socket_receive (router, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 2);
  *id = zmqg_message_get_frame (message, 0);
  return zmqg_message_get_frame (message, 1);
}

/* A connection, or its end, which is an empty message. */
static GBytes *
expect_notice (ZmqgSocket *router)
{
  GBytes *id;
  g_autoptr (GBytes) content = receive_from (router, &id);

  g_assert_cmpuint (g_bytes_get_size (content), ==, 0);
  return id;
}

static void
expect_notice_of (ZmqgSocket *router,
                  GBytes *id)
{
  g_autoptr (GBytes) other = expect_notice (router);

  g_assert_true (g_bytes_equal (id, other));
}

static void
expect_text (ZmqgSocket *router,
             GBytes *id,
             const char *text)
{
  g_autoptr (GBytes) other = NULL;
  g_autoptr (GBytes) content = receive_from (router, &other);

  g_assert_true (g_bytes_equal (id, other));
  g_assert_cmpmem (g_bytes_get_data (content, NULL),
                   g_bytes_get_size (content), text, strlen (text));
}

static void
send_to (ZmqgSocket *router,
         GBytes *id,
         const char *text)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  GError *error = NULL;

  zmqg_message_append_bytes (message, id);
  zmqg_message_append_string (message, text);
  zmqg_socket_send (router, message, NULL, &error);
  g_assert_no_error (error);
}

/* --- Theirs -------------------------------------------------------------- */

/* The id in front of the peer's next message, in the form of its lines; the
 * rest must be @frame. */
static char *
peer_receives (InteropPeer *peer,
               const char *frame)
{
  g_autofree char *answer = interop_ask (peer, "recv");
  g_auto (GStrv) words = g_strsplit (answer, " ", -1);

  g_assert_cmpuint (g_strv_length (words), ==, 3);
  g_assert_cmpstr (words[0], ==, "message");
  g_assert_cmpstr (words[2], ==, frame);
  return g_strdup (words[1]);
}

static void
peer_receives_from (InteropPeer *peer,
                    const char *id,
                    const char *frame)
{
  g_autofree char *other = peer_receives (peer, frame);

  g_assert_cmpstr (other, ==, id);
}

/* --- Tests --------------------------------------------------------------- */

static void
talks (Interop *test)
{
  ZmqgSocket *router = new_raw (test);
  InteropPeer *stream = interop_peer (test, "STREAM");
  g_autoptr (GBytes) id = NULL;
  g_autofree char *their_id = NULL;

  interop_meet (test, router, stream);
  id = expect_notice (router);
  their_id = peer_receives (stream, "=");
  for (guint i = 0; i < 3; i++)
    {
      send_to (router, id, "there");
      peer_receives_from (stream, their_id, "=there");
      interop_do (stream, "send %s =back", their_id);
      expect_text (router, id, "back");
    }
}

/* Who sends an empty message ends the connection, which both are told. If we
 * connect we do not do so again then; libzmq, when it lost the connection,
 * does, and so do we. */
static void
we_hang_up (Interop *test)
{
  ZmqgSocket *router = new_raw (test);
  InteropPeer *stream = interop_peer (test, "STREAM");
  g_autoptr (GBytes) id = NULL;
  g_autofree char *their_id = NULL;

  interop_meet (test, router, stream);
  id = expect_notice (router);
  their_id = peer_receives (stream, "=");
  send_to (router, id, "bye");
  send_to (router, id, "");
  peer_receives_from (stream, their_id, "=bye");
  peer_receives_from (stream, their_id, "=");
  expect_notice_of (router, id);

  if (test->we_bind)
    {
      g_autoptr (GBytes) again = expect_notice (router);

      g_assert_false (g_bytes_equal (id, again));
      peer_receives_from (stream, their_id, "=");
      send_to (router, again, "welcome");
      peer_receives_from (stream, their_id, "=welcome");
    }
  else
    {
      GListModel *endpoints = zmqg_socket_get_endpoints (router);
      g_autoptr (ZmqgEndpoint) endpoint = g_list_model_get_item (endpoints, 0);

      ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (endpoint) ==
                         ZMQG_ENDPOINT_STATE_STOPPED, INTEROP_DEADLINE_MS);
      interop_tell (stream, "try");
      interop_expect (stream, "nothing");
    }
}

static void
they_hang_up (Interop *test)
{
  ZmqgSocket *router = new_raw (test);
  InteropPeer *stream = interop_peer (test, "STREAM");
  g_autoptr (GBytes) id = NULL;
  g_autofree char *their_id = NULL;
  g_autofree char *told = g_strdup ("nothing");

  interop_meet (test, router, stream);
  id = expect_notice (router);
  their_id = peer_receives (stream, "=");
  interop_do (stream, "send %s =here", their_id);
  expect_text (router, id, "here");
  interop_do (stream, "send %s =", their_id);
  /* libzmq does so at one of its next calls. */
  while ((zmqg_socket_get_events (router) & G_IO_IN) == 0)
    {
      g_free (told);
      told = interop_ask (stream, "try");
    }
  expect_notice_of (router, id);

  if (!test->we_bind)
    {
      g_autofree char *again = NULL;

      /* The same end of ours, another of theirs. */
      expect_notice_of (router, id);
      if (g_str_has_prefix (told, "message "))
        again = g_strndup (told + 8, strlen (told) - 8 - strlen (" ="));
      else
        again = peer_receives (stream, "=");
      g_assert_cmpstr (again, !=, their_id);
      send_to (router, id, "again");
      peer_receives_from (stream, again, "=again");
    }
}

/* More than is read or written at once: bytes come in order, in pieces. */
#define LARGE 300000

static void
large (Interop *test)
{
  ZmqgSocket *router = new_raw (test);
  InteropPeer *stream = interop_peer (test, "STREAM");
  g_autofree char *text = g_malloc (LARGE + 1);
  g_autofree char *their_id = NULL;
  g_autoptr (GBytes) id = NULL;
  g_autoptr (GString) received = g_string_new (NULL);
  g_autoptr (ZmqgMessage) sent = interop_make ("*300000.7");
  gsize size;
  const guint8 *data = zmqg_message_get_data (sent, 0, &size);

  interop_meet (test, router, stream);
  id = expect_notice (router);
  their_id = peer_receives (stream, "=");

  interop_do (stream, "send %s *%u.7", their_id, LARGE);
  while (received->len < LARGE)
    {
      g_autoptr (GBytes) other = NULL;
      g_autoptr (GBytes) content = receive_from (router, &other);
      gsize n;
      const char *piece = g_bytes_get_data (content, &n);

      g_assert_true (g_bytes_equal (id, other));
      g_assert_cmpuint (n, >, 0);
      g_string_append_len (received, piece, (gssize) n);
    }
  g_assert_cmpmem (received->str, received->len, data, size);

  memset (text, 'z', LARGE);
  text[LARGE] = '\0';
  send_to (router, id, text);
  for (gsize n = 0; n < LARGE;)
    {
      g_autofree char *answer = interop_ask (stream, "recv");
      g_auto (GStrv) words = g_strsplit (answer, " ", -1);

      /* Short pieces are told in full, others by their size. */
      g_assert_cmpstr (words[1], ==, their_id);
      n += words[2][0] == '=' ? strlen (words[2]) - 1
                              : g_ascii_strtoull (words[2] + 1, NULL, 10);
      g_assert_cmpuint (n, <=, LARGE);
    }
}

static void
killed (Interop *test)
{
  ZmqgSocket *router = new_raw (test);
  InteropPeer *stream = interop_peer (test, "STREAM");
  g_autoptr (GBytes) id = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autofree char *their_id = NULL;

  interop_meet (test, router, stream);
  id = expect_notice (router);
  their_id = peer_receives (stream, "=");
  interop_do (stream, "send %s =last", their_id);
  expect_text (router, id, "last");
  interop_peer_kill (stream);
  expect_notice_of (router, id);
  interop_await_no_peer (router);

  interop_peer_start (stream);
  interop_meet_again (test, stream);
  again = expect_notice (router);
  g_assert_true (g_bytes_equal (id, again) == !test->we_bind);
  g_free (their_id);
  their_id = peer_receives (stream, "=");
  send_to (router, again, "new");
  peer_receives_from (stream, their_id, "=new");
}

/* A plain client of ours is dropped like any other peer. */
static void
dropped (Interop *test)
{
  ZmqgSocket *router = new_raw (test);
  InteropPeer *stream = interop_peer (test, "STREAM");
  GListModel *peers = zmqg_socket_get_peers (router);
  g_autoptr (GBytes) id = NULL;
  g_autofree char *their_id = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;

  interop_meet (test, router, stream);
  id = expect_notice (router);
  their_id = peer_receives (stream, "=");
  ZMQG_TEST_AWAIT (g_list_model_get_n_items (peers) == 1,
                   INTEROP_DEADLINE_MS);
  peer = g_list_model_get_item (peers, 0);
  g_assert_null (zmqg_peer_get_socket_type (peer));
  zmqg_peer_drop (peer);
  expect_notice_of (router, id);
  g_assert_false (zmqg_peer_is_connected (peer));
  peer_receives_from (stream, their_id, "=");
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  interop_add ("/zmqg/interop/raw/talks", talks, NULL);
  interop_add ("/zmqg/interop/raw/we-hang-up", we_hang_up, NULL);
  interop_add ("/zmqg/interop/raw/they-hang-up", they_hang_up, NULL);
  interop_add ("/zmqg/interop/raw/large", large, NULL);
  interop_add ("/zmqg/interop/raw/killed", killed, NULL);
  interop_add ("/zmqg/interop/raw/dropped", dropped, NULL);

  return g_test_run ();
}
