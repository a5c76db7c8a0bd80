/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* A service in a main loop: it answers each request in a signal handler. */

#include <zmqg.h>

static void
on_message (ZmqgSocket *rep,
            ZmqgMessage *request,
            gpointer user_data)
{
  g_autofree char *text = zmqg_message_get_string (request, 0);
  g_autofree char *answer = g_strdup_printf ("%s, world",
                                             text != NULL ? text : "?");
  g_autoptr (GError) error = NULL;

  if (!zmqg_socket_send_string (rep, answer, NULL, &error))
    g_printerr ("%s\n", error->message);
}

int
main (int argc,
      char **argv)
{
  const char *uri = argc > 1 ? argv[1] : "tcp://127.0.0.1:5555";
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (ZmqgSocket) rep = zmqg_rep_socket_new (NULL);
  g_autofree char *endpoint = NULL;
  g_autoptr (GError) error = NULL;

  if (!zmqg_socket_bind (rep, uri, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  endpoint = zmqg_socket_get_last_endpoint (rep);
  g_print ("%s\n", endpoint);
  g_signal_connect (rep, "message", G_CALLBACK (on_message), NULL);
  g_main_loop_run (loop);
  return 0;
}
