/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include <zmqg.h>

int
main (void)
{
  g_autoptr (ZmqgSocket) pull = zmqg_pull_socket_new (NULL);
  g_autoptr (ZmqgSocket) push = zmqg_push_socket_new (NULL);
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *text = NULL;

  if (!zmqg_socket_bind (pull, "inproc://hello", NULL) ||
      !zmqg_socket_connect_to (push, "inproc://hello", NULL) ||
      !zmqg_socket_send_string (push, "hello", NULL, NULL))
    return 1;

  message = zmqg_socket_receive (pull, NULL, NULL);
  text = zmqg_message_get_string (message, 0);
  g_print ("%s\n", text);
  return 0;
}
