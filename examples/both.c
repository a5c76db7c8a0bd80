/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/*
 * A program that was written for libzmq, on its way to GLib: the socket is made
 * and bound as it always was, requests come as a signal in a main loop, and each
 * is replied to as it always was.
 */

#include <zmq.h>
#include <zmqg-zmq.h>

static void
got_request (ZmqgSocket *socket,
             ZmqgMessage *message,
             gpointer handle)
{
  g_autofree char *text = zmqg_message_get_string (message, 0);

  g_print ("%s\n", text);
  if (zmq_send (handle, "world", 5, 0) < 0)
    g_printerr ("%s\n", zmq_strerror (zmq_errno ()));
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  void *context = zmq_ctx_new ();
  void *handle = zmq_socket (context, ZMQ_REP);
  char endpoint[256];
  size_t size = sizeof endpoint;
  ZmqgSocket *socket;

  if (zmq_bind (handle, argc > 1 ? argv[1] : "tcp://127.0.0.1:5555") < 0 ||
      zmq_getsockopt (handle, ZMQ_LAST_ENDPOINT, endpoint, &size) < 0)
    {
      g_printerr ("%s\n", zmq_strerror (zmq_errno ()));
      return 1;
    }
  g_print ("%s\n", endpoint);

  /* The same socket, and the handle stays in use. */
  socket = zmqg_socket_from_zmq (handle);
  g_signal_connect (socket, "message", G_CALLBACK (got_request), handle);
  g_main_loop_run (loop);

  zmq_close (handle);
  zmq_ctx_term (context);
  return 0;
}
