/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-sub-socket.h"
#include "socket/zmqg-xpub-socket.h"
#include "socket/zmqg-xsub-socket.h"

typedef struct
{
  const char *transport;
  ZmqgEngineMode mode;
  SocketTestFunc func;
} Case;

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  SocketTest test = { 0, };
  GError *error = NULL;

  test.context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode,
                               NULL);
  test.transport = self->transport;
  test.in_process = g_str_equal (self->transport, "inproc");
  test.folder = zmqg_test_tmpdir ();
  test.sockets = g_ptr_array_new_with_free_func (g_object_unref);

  self->func (&test);

  for (guint i = 0; i < test.sockets->len; i++)
    zmqg_socket_close (g_ptr_array_index (test.sockets, i));
  g_ptr_array_unref (test.sockets);
  zmqg_context_terminate (test.context, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (test.context);
  zmqg_test_rmdir (test.folder);
  g_free (test.folder);
}

static void
add_case (const char *path,
          const char *transport,
          ZmqgEngineMode mode,
          SocketTestFunc func)
{
  g_autofree char *full = NULL;
  Case *self = g_new (Case, 1);

  full = g_strdup_printf ("%s/%s/%s", path, transport,
                          mode == ZMQG_ENGINE_MODE_THREADS ? "threads"
                                                           : "main-context");
  self->transport = transport;
  self->mode = mode;
  self->func = func;
  g_test_add_data_func_full (full, self, run_case, g_free);
}

void
socket_test_add (const char *path,
                 SocketTestScope scope,
                 SocketTestFunc func)
{
  static const char *const transports[] = { "inproc", "tcp", "ipc" };

  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    {
      gboolean in_process = i == 0;

      if ((scope == SOCKET_TEST_INPROC && !in_process) ||
          (scope == SOCKET_TEST_NETWORK && in_process) ||
          (scope == SOCKET_TEST_TCP && i != 1))
        continue;

      add_case (path, transports[i], ZMQG_ENGINE_MODE_THREADS, func);
      add_case (path, transports[i], ZMQG_ENGINE_MODE_MAIN_CONTEXT, func);
    }
}

ZmqgSocket *
socket_test_new (SocketTest *test,
                 GType type)
{
  ZmqgSocket *socket;

  socket = g_object_new (type,
                         "context", test->context,
                         "send-timeout", SOCKET_TEST_DEADLINE_MS,
                         "receive-timeout", SOCKET_TEST_DEADLINE_MS,
                         "linger", 0,
                         "reconnect-interval", 10,
                         NULL);
  g_ptr_array_add (test->sockets, socket);
  if (test->made != NULL)
    test->made (socket, test->user_data);
  return socket;
}

void
socket_test_close (SocketTest *test,
                   ZmqgSocket *socket)
{
  zmqg_socket_close (socket);
  g_ptr_array_remove (test->sockets, socket);
}

char *
socket_test_bind (SocketTest *test,
                  ZmqgSocket *socket)
{
  g_autofree char *uri = NULL;

  if (g_str_equal (test->transport, "tcp"))
    uri = g_strdup ("tcp://127.0.0.1:0");
  else if (g_str_equal (test->transport, "ipc"))
    uri = g_strdup_printf ("ipc://%s/%u", test->folder, test->n_names++);
  else
    uri = g_strdup_printf ("inproc://%u", test->n_names++);

  socket_test_rebind (socket, uri);
  return zmqg_socket_get_last_endpoint (socket);
}

void
socket_test_rebind (ZmqgSocket *socket,
                    const char *uri)
{
  GError *error = NULL;

  zmqg_socket_bind (socket, uri, &error);
  g_assert_no_error (error);
}

void
socket_test_connect (ZmqgSocket *socket,
                     const char *uri)
{
  GError *error = NULL;

  zmqg_socket_connect_to (socket, uri, &error);
  g_assert_no_error (error);
}

ZmqgSocket *
socket_test_connected (SocketTest *test,
                       GType type,
                       const char *uri)
{
  ZmqgSocket *socket = socket_test_new (test, type);

  socket_test_connect (socket, uri);
  return socket;
}

/* --- Topics ------------------------------------------------------------- */

void
socket_test_subscribe (ZmqgSocket *socket,
                       const char *topic)
{
  GError *error = NULL;

  if (ZMQG_IS_SUB_SOCKET (socket))
    zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), topic, &error);
  else if (ZMQG_IS_XSUB_SOCKET (socket))
    zmqg_xsub_socket_subscribe (ZMQG_XSUB_SOCKET (socket), topic, &error);
  else
    zmqg_xpub_socket_subscribe (ZMQG_XPUB_SOCKET (socket), topic, &error);
  g_assert_no_error (error);
}

void
socket_test_unsubscribe (ZmqgSocket *socket,
                         const char *topic)
{
  GError *error = NULL;

  if (ZMQG_IS_SUB_SOCKET (socket))
    zmqg_sub_socket_unsubscribe (ZMQG_SUB_SOCKET (socket), topic, &error);
  else if (ZMQG_IS_XSUB_SOCKET (socket))
    zmqg_xsub_socket_unsubscribe (ZMQG_XSUB_SOCKET (socket), topic, &error);
  else
    zmqg_xpub_socket_unsubscribe (ZMQG_XPUB_SOCKET (socket), topic, &error);
  g_assert_no_error (error);
}

guint
socket_test_count_topics (ZmqgSocket *socket)
{
  guint n;

  g_object_get (socket, "topics-count", &n, NULL);
  return n;
}

void
socket_test_await_topics (ZmqgSocket *socket,
                          guint n)
{
  ZMQG_TEST_AWAIT (socket_test_count_topics (socket) == n,
                   SOCKET_TEST_DEADLINE_MS);
}

static GStrv
collect (const char *first,
         va_list args)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (const char *next = first; next != NULL; next = va_arg (args, char *))
    g_strv_builder_add (builder, next);
  return g_strv_builder_end (builder);
}

void
socket_test_send (ZmqgSocket *socket,
                  ...)
{
  g_auto (GStrv) strings = NULL;
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;
  va_list args;

  va_start (args, socket);
  strings = collect (va_arg (args, char *), args);
  va_end (args);

  message = zmqg_message_new_strv ((const char *const *) strings);
  zmqg_socket_send (socket, message, NULL, &error);
  g_assert_no_error (error);
}

ZmqgMessage *
socket_test_receive (ZmqgSocket *socket)
{
  ZmqgMessage *message;
  GError *error = NULL;

  message = zmqg_socket_receive (socket, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (message);
  return message;
}

void
socket_test_expect (ZmqgSocket *socket,
                    ...)
{
  g_auto (GStrv) strings = NULL;
  g_auto (GStrv) received = NULL;
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *wanted = NULL;
  g_autofree char *got = NULL;
  va_list args;

  va_start (args, socket);
  strings = collect (va_arg (args, char *), args);
  va_end (args);

  message = socket_test_receive (socket);
  received = zmqg_message_to_strv (message);
  g_assert_nonnull (received);
  wanted = g_strjoinv ("|", strings);
  got = g_strjoinv ("|", received);
  g_assert_cmpstr (got, ==, wanted);
  g_assert_cmpuint (g_strv_length (received), ==, g_strv_length (strings));
}

gboolean
socket_test_try_send (ZmqgSocket *socket,
                      const char *text)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (text);
  g_autoptr (GError) error = NULL;

  if (zmqg_socket_try_send (socket, message, &error))
    return TRUE;

  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
  return FALSE;
}

void
socket_test_refuses_send (ZmqgSocket *socket,
                          ZmqgError code)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_try_send (socket, message, &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
}

void
socket_test_refuses_receive (ZmqgSocket *socket,
                             ZmqgError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (zmqg_socket_try_receive (socket, &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
}

void
socket_test_await_events (ZmqgSocket *socket,
                          GIOCondition events)
{
  ZMQG_TEST_AWAIT (zmqg_socket_get_events (socket) == events,
                   SOCKET_TEST_DEADLINE_MS);
}

void
socket_test_await_peers (ZmqgSocket *socket,
                         guint n)
{
  GError *error = NULL;

  zmqg_socket_wait_for_peers (socket, n, NULL, &error);
  g_assert_no_error (error);
}
