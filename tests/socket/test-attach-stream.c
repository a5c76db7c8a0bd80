/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "socket/zmqg-endpoint.h"
#include "socket/zmqg-event.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <sys/socket.h>

/* Streams of the program's own as connections of sockets. */

static GIOStream *
stream_of (int fd)
{
  g_autoptr (GSocket) socket = NULL;
  GError *error = NULL;

  socket = g_socket_new_from_fd (fd, &error);
  g_assert_no_error (error);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static void
make_streams (GIOStream *streams[2])
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds),
                   ==, 0);
  streams[0] = stream_of (fds[0]);
  streams[1] = stream_of (fds[1]);
}

static char *
attach (ZmqgSocket *socket,
        GIOStream *stream,
        gboolean as_server)
{
  GError *error = NULL;

  zmqg_socket_attach_stream (socket, stream, as_server, &error);
  g_assert_no_error (error);
  return zmqg_socket_get_last_endpoint (socket);
}

/* Joins the sockets by a pair of streams, which they own from then on. */
static void
join (ZmqgSocket *one,
      ZmqgSocket *two)
{
  g_autofree char *uri_one = NULL;
  g_autofree char *uri_two = NULL;
  GIOStream *streams[2];

  make_streams (streams);
  uri_one = attach (one, streams[0], TRUE);
  uri_two = attach (two, streams[1], FALSE);
  g_assert_true (g_str_has_prefix (uri_one, "stream://"));
  g_assert_cmpstr (uri_one, !=, uri_two);
  g_object_unref (streams[0]);
  g_object_unref (streams[1]);
}

static guint
count_endpoints (ZmqgSocket *socket)
{
  return g_list_model_get_n_items (zmqg_socket_get_endpoints (socket));
}

static void
test_pipeline (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *large = g_strnfill (1000000, 'x');

  join (push, pull);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      socket_test_send (push, text, "", NULL);
      socket_test_expect (pull, text, "", NULL);
    }

  socket_test_send (push, "a", large, "b", NULL);
  socket_test_expect (pull, "a", large, "b", NULL);
}

static void
expect_claimed (ZmqgSocket *socket,
                GIOStream *stream)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_attach_stream (socket, stream, TRUE, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_STATE);
}

/* No other socket gets it, nor the same one again, nor a part of it; one that
 * was refused can still be attached. */
static void
test_twice (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *other = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *closed = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GIOStream) crossed = NULL;
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  GIOStream *streams[2];
  GIOStream *spare[2];

  make_streams (streams);
  make_streams (spare);
  zmqg_socket_close (closed);
  g_assert_false (zmqg_socket_attach_stream (closed, streams[0], TRUE, NULL));

  one = attach (push, streams[0], TRUE);
  expect_claimed (push, streams[0]);
  expect_claimed (other, streams[0]);
  crossed = g_simple_io_stream_new (
    g_io_stream_get_input_stream (spare[0]),
    g_io_stream_get_output_stream (streams[0]));
  expect_claimed (other, crossed);
  two = attach (pull, streams[1], FALSE);
  g_assert_cmpuint (count_endpoints (push), ==, 1);

  socket_test_send (push, "hello", NULL);
  socket_test_expect (pull, "hello", NULL);

  /* The part that was not in use still is not. */
  {
    g_autofree char *uri = attach (other, spare[0], TRUE);

    g_assert_nonnull (uri);
  }
  for (guint i = 0; i < 2; i++)
    {
      g_object_unref (streams[i]);
      g_object_unref (spare[i]);
    }
}

static void
test_request_reply (SocketTest *test)
{
  ZmqgSocket *req = socket_test_new (test, ZMQG_TYPE_REQ_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);

  join (req, rep);
  for (guint i = 0; i < 10; i++)
    {
      socket_test_send (req, "question", NULL);
      socket_test_expect (rep, "question", NULL);
      socket_test_send (rep, "answer", NULL);
      socket_test_expect (req, "answer", NULL);
    }
}

static GIOStream *
stream_of_pipes (int in,
                 int out)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (in, TRUE);
  g_autoptr (GOutputStream) output = g_unix_output_stream_new (out, TRUE);

  return g_simple_io_stream_new (input, output);
}

/* Any pollable stream will do. */
static void
test_pipes (SocketTest *test)
{
  ZmqgSocket *one = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  ZmqgSocket *two = socket_test_new (test, ZMQG_TYPE_PAIR_SOCKET);
  g_autofree char *large = g_strnfill (1000000, 'x');
  g_autofree char *uri_one = NULL;
  g_autofree char *uri_two = NULL;
  GIOStream *streams[2];
  GError *error = NULL;
  int there[2];
  int back[2];

  g_unix_open_pipe (there, FD_CLOEXEC, &error);
  g_assert_no_error (error);
  g_unix_open_pipe (back, FD_CLOEXEC, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      g_unix_set_fd_nonblocking (there[i], TRUE, &error);
      g_assert_no_error (error);
      g_unix_set_fd_nonblocking (back[i], TRUE, &error);
      g_assert_no_error (error);
    }

  streams[0] = stream_of_pipes (back[0], there[1]);
  streams[1] = stream_of_pipes (there[0], back[1]);
  uri_one = attach (one, streams[0], FALSE);
  uri_two = attach (two, streams[1], TRUE);
  g_object_unref (streams[0]);
  g_object_unref (streams[1]);

  socket_test_send (one, "there", large, NULL);
  socket_test_expect (two, "there", large, NULL);
  socket_test_send (two, "and", "back", NULL);
  socket_test_expect (one, "and", "back", NULL);
}

/* There is nobody to send to before the handshake is done. */
static void
test_no_pipe_before_the_handshake (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = NULL;
  GIOStream *streams[2];

  make_streams (streams);
  uri = attach (push, streams[0], FALSE);
  socket_test_refuses_send (push, ZMQG_ERROR_WOULD_BLOCK);
  g_object_unref (streams[0]);
  g_object_unref (streams[1]);

  /* The other side went without a word. */
  ZMQG_TEST_AWAIT (count_endpoints (push) == 0, SOCKET_TEST_DEADLINE_MS);
}

static void
test_not_pollable (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GInputStream) input = g_memory_input_stream_new ();
  g_autoptr (GInputStream) filter = g_buffered_input_stream_new (input);
  g_autoptr (GIOStream) stream = g_simple_io_stream_new (filter, output);
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_attach_stream (push, stream, FALSE, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_SUPPORTED);
  g_assert_false (g_io_stream_is_closed (stream));
  g_assert_null (zmqg_socket_get_last_endpoint (push));
}

/* The name is no address. */
static void
test_no_address (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_bind (push, "stream://1", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (zmqg_socket_connect_to (push, "stream://1", &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL_NOT_SUPPORTED);
}

/* What was received before can still be read. */
static void
test_closed_peer (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);

  g_object_set (push, "linger", -1, NULL);
  join (push, pull);
  socket_test_await_peers (pull, 1);
  g_assert_cmpuint (count_endpoints (pull), ==, 1);
  socket_test_send (push, "one", NULL);
  socket_test_send (push, "two", NULL);
  socket_test_close (test, push);

  ZMQG_TEST_AWAIT (count_endpoints (pull) == 0, SOCKET_TEST_DEADLINE_MS);
  socket_test_expect (pull, "one", NULL);
  socket_test_expect (pull, "two", NULL);
  socket_test_refuses_receive (pull, ZMQG_ERROR_WOULD_BLOCK);
}

/* As on a connection that was accepted: hello to each other, and at the end
 * the word for a peer that went, behind what it had sent. */
static void
test_greetings (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);

  zmqg_socket_set_routing_id_string (dealer, "d");
  zmqg_socket_set_hello_message_string (router, "welcome");
  zmqg_socket_set_disconnect_message_string (router, "gone");
  zmqg_socket_set_hello_message_string (dealer, "hello");
  zmqg_socket_set_hiccup_message_string (dealer, "lost");
  g_object_set (dealer, "linger", -1, NULL);
  join (router, dealer);
  socket_test_expect (router, "d", "hello", NULL);
  socket_test_expect (dealer, "welcome", NULL);
  socket_test_send (dealer, "last", NULL);
  socket_test_close (test, dealer);
  socket_test_expect (router, "d", "last", NULL);
  socket_test_expect (router, "d", "gone", NULL);
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

/* A stream is not made again: no hiccup; and who ends it says nothing of that
 * to itself. */
static void
test_no_last_word (SocketTest *test)
{
  ZmqgSocket *router = socket_test_new (test, ZMQG_TYPE_ROUTER_SOCKET);
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = NULL;
  GError *error = NULL;

  zmqg_socket_set_routing_id_string (dealer, "d");
  zmqg_socket_set_disconnect_message_string (router, "gone");
  zmqg_socket_set_hiccup_message_string (dealer, "lost");
  join (router, dealer);
  socket_test_send (dealer, "here", NULL);
  socket_test_expect (router, "d", "here", NULL);
  uri = zmqg_socket_get_last_endpoint (router);
  zmqg_socket_unbind (router, uri, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (count_endpoints (dealer) == 0, SOCKET_TEST_DEADLINE_MS);
  socket_test_refuses_receive (dealer, ZMQG_ERROR_WOULD_BLOCK);
  socket_test_refuses_receive (router, ZMQG_ERROR_WOULD_BLOCK);
}

static void
log_event (ZmqgSocket *socket,
           ZmqgEvent *event,
           gpointer user_data)
{
  GEnumClass *klass = g_type_class_ref (ZMQG_TYPE_EVENT_TYPE);
  ZmqgEventType type = zmqg_event_get_event_type (event);
  g_autoptr (ZmqgEndpoint) endpoint = zmqg_event_get_endpoint (event);

  g_string_append_printf (user_data, "%s ",
                          g_enum_get_value (klass, type)->value_nick);
  if (type != ZMQG_EVENT_TYPE_MONITOR_STOPPED)
    g_assert_true (g_str_has_prefix (zmqg_endpoint_get_uri (endpoint),
                                     "stream://"));
  g_type_class_unref (klass);
}

/* Both ends are accepted; there is no descriptor of ours that would be closed
 * with an endpoint. */
static void
test_events (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GString) pushed = g_string_new (NULL);
  g_autoptr (GString) pulled = g_string_new (NULL);
  const char *through = "accepted handshake-succeeded ";
  GError *error = NULL;

  g_signal_connect (push, "event", G_CALLBACK (log_event), pushed);
  g_signal_connect (pull, "event", G_CALLBACK (log_event), pulled);
  join (push, pull);
  ZMQG_TEST_AWAIT (g_str_equal (pushed->str, through) &&
                   g_str_equal (pulled->str, through),
                   SOCKET_TEST_DEADLINE_MS);
  zmqg_socket_report_pipes_stats (pull, &error);
  g_assert_no_error (error);
  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (g_str_has_suffix (pulled->str, "disconnected "),
                   SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpstr (pulled->str, ==, "accepted handshake-succeeded pipes-stats "
                                    "disconnected ");
  ZMQG_TEST_AWAIT (g_str_has_suffix (pushed->str, "monitor-stopped "),
                   SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpstr (pushed->str, ==, "accepted handshake-succeeded "
                                    "monitor-stopped ");
  g_signal_handlers_disconnect_by_data (pull, pulled);
  g_signal_handlers_disconnect_by_data (push, pushed);
}

static void
test_unbind (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = NULL;
  GError *error = NULL;

  join (push, pull);
  socket_test_await_peers (pull, 1);
  socket_test_await_peers (push, 1);
  g_assert_cmpuint (count_endpoints (push), ==, 1);
  uri = zmqg_socket_get_last_endpoint (push);
  zmqg_socket_unbind (push, uri, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (count_endpoints (push) == 0, SOCKET_TEST_DEADLINE_MS);
  ZMQG_TEST_AWAIT (count_endpoints (pull) == 0, SOCKET_TEST_DEADLINE_MS);
  socket_test_refuses_send (push, ZMQG_ERROR_WOULD_BLOCK);

  g_assert_false (zmqg_socket_unbind (push, uri, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* Another one takes its place. */
  join (push, pull);
  socket_test_send (push, "again", NULL);
  socket_test_expect (pull, "again", NULL);
}

static void
note_result (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  gboolean *done = user_data;
  GError *error = NULL;

  zmqg_socket_close_finish (ZMQG_SOCKET (source), result, NULL, &error);
  g_assert_no_error (error);
  *done = TRUE;
}

/* The stream is closed although the program keeps it. */
static void
test_close_in_handshake (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = NULL;
  GIOStream *streams[2];
  gboolean done = FALSE;

  make_streams (streams);
  uri = attach (push, streams[0], FALSE);
  zmqg_socket_close_async (push, -1, NULL, note_result, &done);
  ZMQG_TEST_AWAIT (done, SOCKET_TEST_DEADLINE_MS);
  g_assert_true (g_io_stream_is_closed (streams[0]));
  g_object_unref (streams[0]);
  g_object_unref (streams[1]);
}

static void
test_closed_socket (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autoptr (GError) error = NULL;
  GIOStream *streams[2];

  make_streams (streams);
  zmqg_socket_close (push);
  g_assert_false (zmqg_socket_attach_stream (push, streams[0], FALSE,
                                             &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
  g_assert_false (g_io_stream_is_closed (streams[0]));
  g_object_unref (streams[0]);
  g_object_unref (streams[1]);
}

static void
note_failure (ZmqgSocket *socket,
              ZmqgEndpoint *endpoint,
              GSocketAddress *address,
              const GError *error,
              gpointer user_data)
{
  char **uri = user_data;

  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, zmqg_endpoint_get_uri (endpoint)));
  *uri = g_strdup (zmqg_endpoint_get_uri (endpoint));
}

/* No type of socket that fits: both are told, the stream ends. */
static void
test_wrong_type (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *rep = socket_test_new (test, ZMQG_TYPE_REP_SOCKET);
  g_autofree char *failed = NULL;
  g_autofree char *uri = NULL;

  g_signal_connect (push, "handshake-failed", G_CALLBACK (note_failure),
                    &failed);
  join (push, rep);
  uri = zmqg_socket_get_last_endpoint (push);
  ZMQG_TEST_AWAIT (failed != NULL, SOCKET_TEST_DEADLINE_MS);
  g_assert_cmpstr (failed, ==, uri);
  ZMQG_TEST_AWAIT (count_endpoints (push) == 0, SOCKET_TEST_DEADLINE_MS);
}

/* The transport of the test does not matter: once in each engine mode. */
static void
add (const char *path,
     SocketTestFunc func)
{
  socket_test_add (path, SOCKET_TEST_INPROC, func);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/zmqg/socket/attach-stream/pipeline", test_pipeline);
  add ("/zmqg/socket/attach-stream/twice", test_twice);
  add ("/zmqg/socket/attach-stream/request-reply", test_request_reply);
  add ("/zmqg/socket/attach-stream/pipes", test_pipes);
  add ("/zmqg/socket/attach-stream/no-pipe-before-the-handshake",
       test_no_pipe_before_the_handshake);
  add ("/zmqg/socket/attach-stream/not-pollable", test_not_pollable);
  add ("/zmqg/socket/attach-stream/no-address", test_no_address);
  add ("/zmqg/socket/attach-stream/closed-peer", test_closed_peer);
  add ("/zmqg/socket/attach-stream/greetings", test_greetings);
  add ("/zmqg/socket/attach-stream/no-last-word", test_no_last_word);
  add ("/zmqg/socket/attach-stream/events", test_events);
  add ("/zmqg/socket/attach-stream/unbind", test_unbind);
  add ("/zmqg/socket/attach-stream/close-in-handshake",
       test_close_in_handshake);
  add ("/zmqg/socket/attach-stream/closed-socket", test_closed_socket);
  add ("/zmqg/socket/attach-stream/wrong-type", test_wrong_type);

  return g_test_run ();
}
