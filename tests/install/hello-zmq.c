/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#ifdef BOTH_FACES
#include <zmqg-zmq.h>
#endif

#include <stdio.h>
#include <zmq.h>
#include <zmq_utils.h>

/* A greeting that went through TCP, and the version of the library. */
int
main (void)
{
  void *context = zmq_ctx_new ();
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push = zmq_socket (context, ZMQ_PUSH);
  char endpoint[64];
  size_t size = sizeof endpoint;
  char text[16] = "";
  int major, minor, patch;

  if (zmq_bind (pull, "tcp://127.0.0.1:*") != 0 ||
      zmq_getsockopt (pull, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0 ||
      zmq_connect (push, endpoint) != 0 || zmq_send (push, "hello", 5, 0) != 5)
    return 1;

#ifdef BOTH_FACES
  {
    g_autoptr (ZmqgMessage) message =
      zmqg_socket_receive (zmqg_socket_from_zmq (pull), NULL, NULL);
    g_autofree char *received = zmqg_message_get_string (message, 0);

    g_strlcpy (text, received, sizeof text);
  }
#else
  if (zmq_recv (pull, text, sizeof text - 1, 0) != 5)
    return 1;
#endif

  zmq_version (&major, &minor, &patch);
  printf ("%s %d.%d.%d\n", text, major, minor, patch);
  zmq_close (push);
  zmq_close (pull);
  return zmq_ctx_term (context) != 0;
}
