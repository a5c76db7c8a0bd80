/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"

#include "socket/zmqg-socket-private.h"

#include "interop-frame.h"

typedef struct
{
  const char *transport;
  gboolean we_bind;
  ZmqgEngineMode mode;
  InteropFunc func;
  gconstpointer data;
} Case;

/* --- Cases -------------------------------------------------------------- */

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  Interop test = { 0, };
  GError *error = NULL;

  test.context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode,
                               NULL);
  test.mode = self->mode;
  test.transport = self->transport;
  test.we_bind = self->we_bind;
  test.data = self->data;
  test.folder = zmqg_test_tmpdir ();
  test.sockets = g_ptr_array_new_with_free_func (g_object_unref);
  test.peers = g_ptr_array_new_with_free_func (
      (GDestroyNotify) interop_peer_free);

  self->func (&test);

  g_ptr_array_unref (test.peers);
  for (guint i = 0; i < test.sockets->len; i++)
    zmqg_socket_close (g_ptr_array_index (test.sockets, i));
  g_ptr_array_unref (test.sockets);
  zmqg_context_terminate (test.context, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (test.context);
  zmqg_test_rmdir (test.folder);
  g_free (test.folder);
  g_free (test.uri);
}

/* Each case is a bit: of the three of its number the first is ipc, the second
 * that they bind, and the third the main-context mode. */
#define ALL 0xffu
#define TCP 0x55u
#define IPC_A_LITTLE 0x82u
#define THREADS 0x0fu
#define MAIN_CONTEXT_A_LITTLE 0x60u
#define THEY_BIND 0xccu

static void
add_cases (const char *path,
           InteropFunc func,
           gconstpointer data,
           guint cases)
{
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *full = NULL;
      Case *self;

      if ((cases & 1u << i) == 0)
        continue;

      self = g_new (Case, 1);
      self->transport = i & 1 ? "ipc" : "tcp";
      self->we_bind = (i & 2) == 0;
      self->mode = i & 4 ? ZMQG_ENGINE_MODE_MAIN_CONTEXT
                         : ZMQG_ENGINE_MODE_THREADS;
      self->func = func;
      self->data = data;
      full = g_strdup_printf ("%s/%s/%s/%s", path, self->transport,
                              self->we_bind ? "we-bind" : "they-bind",
                              i & 4 ? "main-context" : "threads");
      g_test_add_data_func_full (full, self, run_case, g_free);
    }
}

void
interop_add (const char *path,
             InteropFunc func,
             gconstpointer data)
{
  add_cases (path, func, data, ALL);
}

void
interop_add_tcp (const char *path,
                 InteropFunc func,
                 gconstpointer data)
{
  add_cases (path, func, data, TCP);
}

void
interop_add_long (const char *path,
                  InteropFunc func,
                  gconstpointer data)
{
  add_cases (path, func, data, TCP | IPC_A_LITTLE);
}

void
interop_add_threads (const char *path,
                     InteropFunc func,
                     gconstpointer data)
{
  add_cases (path, func, data, THREADS);
}

void
interop_add_main_context (const char *path,
                          InteropFunc func,
                          gconstpointer data)
{
  add_cases (path, func, data, MAIN_CONTEXT_A_LITTLE);
}

void
interop_add_connecting (const char *path,
                        InteropFunc func,
                        gconstpointer data)
{
  add_cases (path, func, data, THEY_BIND);
}

/* --- Sockets and peers -------------------------------------------------- */

ZmqgSocket *
interop_socket (Interop *test,
                ZmqgSocketType type)
{
  ZmqgSocket *socket = zmqg_context_create_socket (test->context, type);

  g_object_set (socket,
                "send-timeout", INTEROP_DEADLINE_MS,
                "receive-timeout", INTEROP_DEADLINE_MS,
                "linger", 0,
                "reconnect-interval", 10,
                NULL);
  g_ptr_array_add (test->sockets, socket);
  return socket;
}

InteropPeer *
interop_peer (Interop *test,
              const char *socket_type)
{
  InteropPeer *peer = interop_peer_new (socket_type);

  g_ptr_array_add (test->peers, peer);
  return peer;
}

static char *
any_uri (Interop *test)
{
  if (g_str_equal (test->transport, "tcp"))
    return g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ());
  return g_strdup_printf ("ipc://%s/%u", test->folder, test->n_names++);
}

void
interop_bind (ZmqgSocket *socket,
              const char *uri)
{
  GError *error = NULL;

  zmqg_socket_bind (socket, uri, &error);
  g_assert_no_error (error);
}

void
interop_connect (ZmqgSocket *socket,
                 const char *uri)
{
  GError *error = NULL;

  zmqg_socket_connect_to (socket, uri, &error);
  g_assert_no_error (error);
}

void
interop_meet (Interop *test,
              ZmqgSocket *socket,
              InteropPeer *peer)
{
  g_autofree char *wildcard = any_uri (test);

  g_clear_pointer (&test->uri, g_free);
  if (test->we_bind)
    {
      interop_bind (socket, wildcard);
      test->uri = zmqg_socket_get_last_endpoint (socket);
      interop_do (peer, "connect %s", test->uri);
    }
  else
    {
      g_autofree char *answer = interop_ask (peer, "bind %s", wildcard);

      g_assert_true (g_str_has_prefix (answer, "ok "));
      test->uri = g_strdup (answer + 3);
      interop_connect (socket, test->uri);
    }
}

void
interop_meet_again (Interop *test,
                    InteropPeer *peer)
{
  if (test->we_bind)
    {
      interop_do (peer, "connect %s", test->uri);
    }
  else
    {
      interop_tell (peer, "bind %s", test->uri);
      interop_expect (peer, "ok %s", test->uri);
    }
}

void
interop_meet_another (Interop *test,
                      ZmqgSocket *socket,
                      InteropPeer *peer)
{
  if (test->we_bind && test->uri != NULL)
    interop_do (peer, "connect %s", test->uri);
  else
    interop_meet (test, socket, peer);
}

void
interop_meet_as_well (Interop *test,
                      ZmqgSocket *socket,
                      InteropPeer *peer)
{
  if (test->we_bind || test->uri == NULL)
    interop_meet (test, socket, peer);
  else
    interop_connect (socket, test->uri);
}

gboolean
interop_skip_unless_we_bind (Interop *test)
{
  if (!test->we_bind)
    g_test_skip ("needs them to connect");
  return !test->we_bind;
}

gboolean
interop_skip_unless_they_bind (Interop *test)
{
  if (test->we_bind)
    g_test_skip ("needs us to connect");
  return test->we_bind;
}

gboolean
interop_skip_without_ipv6 (void)
{
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;
  gboolean works;

  address = g_inet_socket_address_new_from_string ("::1", 0);
  socket = g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, NULL);
  works = socket != NULL && g_socket_bind (socket, address, TRUE, NULL);
  if (!works)
    g_test_skip ("there is no IPv6 here");
  return !works;
}

void
interop_await_peers (ZmqgSocket *socket,
                     guint n)
{
  GError *error = NULL;

  zmqg_socket_wait_for_peers (socket, n, NULL, &error);
  g_assert_no_error (error);
}

static gboolean
has_peer (ZmqgSocket *socket)
{
  gboolean has;

  zmqg_socket_core_lock (socket->core);
  has = zmqg_socket_core_has_peers (socket->core, 1, NULL);
  zmqg_socket_core_unlock (socket->core);

  return has;
}

void
interop_await_no_peer (ZmqgSocket *socket)
{
  ZMQG_TEST_AWAIT (!has_peer (socket), INTEROP_DEADLINE_MS);
}

/* --- Counts ------------------------------------------------------------- */

guint64
interop_count (ZmqgSocket *socket,
               InteropCounter counter)
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);

  return counter (statistics);
}

void
interop_await_count (ZmqgSocket *socket,
                     InteropCounter counter,
                     guint64 n)
{
  ZMQG_TEST_AWAIT (interop_count (socket, counter) == n, INTEROP_DEADLINE_MS);
}

guint
interop_count_topics (ZmqgSocket *socket)
{
  guint n;

  g_object_get (socket, "topics-count", &n, NULL);
  return n;
}

static void
call (InteropPeer *peer,
      gint64 until)
{
  g_assert_cmpint (g_get_monotonic_time (), <, until);
  interop_tell (peer, "try");
  interop_expect (peer, "nothing");
  zmqg_test_turn (NULL);
}

void
interop_await_topics (ZmqgSocket *socket,
                      InteropPeer *peer,
                      guint n)
{
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  while (interop_count_topics (socket) != n)
    call (peer, until);
}

void
interop_await_readable (ZmqgSocket *socket,
                        InteropPeer *peer)
{
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  while ((zmqg_socket_get_events (socket) & G_IO_IN) == 0)
    call (peer, until);
}

/* --- Messages ----------------------------------------------------------- */

ZmqgMessage *
interop_make (const char *frames)
{
  g_auto (GStrv) specs = g_strsplit (frames, " ", -1);
  ZmqgMessage *message = zmqg_message_new ();

  for (guint i = 0; specs[i] != NULL; i++)
    {
      gsize size;
      guint8 *data = interop_frame_make (specs[i], &size);
      g_autoptr (GBytes) bytes = g_bytes_new_take (data, size);

      zmqg_message_append_bytes (message, bytes);
    }
  return message;
}

char *
interop_describe (ZmqgMessage *message)
{
  g_autoptr (GString) string = g_string_new (NULL);

  for (guint i = 0; i < zmqg_message_get_n_frames (message); i++)
    {
      gsize size;
      const guint8 *data = zmqg_message_get_data (message, i, &size);

      if (i > 0)
        g_string_append_c (string, ' ');
      interop_frame_describe (string, data, size);
    }
  return g_string_free (g_steal_pointer (&string), FALSE);
}

char *
interop_seen (const char *frames)
{
  g_autoptr (ZmqgMessage) message = interop_make (frames);

  return interop_describe (message);
}

void
interop_send (ZmqgSocket *socket,
              const char *frames)
{
  g_autoptr (ZmqgMessage) message = interop_make (frames);
  GError *error = NULL;

  zmqg_socket_send (socket, message, NULL, &error);
  g_assert_no_error (error);
}

void
interop_receive (ZmqgSocket *socket,
                 const char *frames)
{
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *expected = interop_seen (frames);
  g_autofree char *received = NULL;
  GError *error = NULL;

  message = zmqg_socket_receive (socket, NULL, &error);
  g_assert_no_error (error);
  received = interop_describe (message);
  g_assert_cmpstr (received, ==, expected);
}

void
interop_nothing (ZmqgSocket *socket)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (zmqg_socket_try_receive (socket, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
}

void
interop_peer_sends (InteropPeer *peer,
                    const char *frames)
{
  interop_do (peer, "send %s", frames);
}

void
interop_peer_receives (InteropPeer *peer,
                       const char *frames)
{
  interop_tell (peer, "recv");
  interop_expect_message (peer, frames);
}

void
interop_expect_message (InteropPeer *peer,
                        const char *frames)
{
  g_autofree char *expected = interop_seen (frames);

  interop_expect (peer, "message %s", expected);
}
