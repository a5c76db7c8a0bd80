/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include <zmqg.h>

int
main (int argc, char **argv)
{
  const char *uri = argc > 1 ? argv[1] : "tcp://127.0.0.1:5555";
  g_autoptr (ZmqgSocket) req = zmqg_req_socket_new (NULL);
  g_autoptr (ZmqgMessage) reply = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!zmqg_socket_connect_to (req, uri, &error)
      || !zmqg_socket_send_string (req, "hello", NULL, &error)
      || (reply = zmqg_socket_receive (req, NULL, &error)) == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  text = zmqg_message_get_string (reply, 0);
  g_print ("%s\n", text);
  return 0;
}
