/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* A weather station: publishes its readings from a main loop. */

#include <zmqg.h>

static gboolean
publish (gpointer user_data)
{
  ZmqgSocket *pub = user_data;
  g_autofree char *degrees = g_strdup_printf ("%d", g_random_int_range (-5, 30));
  const char *frames[] = { "weather.berlin", degrees, NULL };
  g_autoptr (ZmqgMessage) message = zmqg_message_new_strv (frames);
  g_autoptr (GError) error = NULL;

  if (!zmqg_socket_send (pub, message, NULL, &error))
    g_printerr ("%s\n", error->message);
  return G_SOURCE_CONTINUE;
}

int
main (int argc,
      char **argv)
{
  const char *uri = argc > 1 ? argv[1] : "tcp://127.0.0.1:5556";
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (ZmqgSocket) pub = zmqg_pub_socket_new (NULL);
  g_autofree char *endpoint = NULL;
  g_autoptr (GError) error = NULL;

  if (!zmqg_socket_bind (pub, uri, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  endpoint = zmqg_socket_get_last_endpoint (pub);
  g_print ("%s\n", endpoint);
  g_timeout_add (100, publish, pub);
  g_main_loop_run (loop);
  return 0;
}
