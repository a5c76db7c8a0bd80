/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* A service with many requests at a time: each order is ready after a while of
 * its own, and is then replied to, whatever came first. */

#include <zmqg.h>

static gboolean
on_ready (gpointer user_data)
{
  ZmqgRequest *request = user_data;
  ZmqgMessage *order = zmqg_request_get_message (request);
  g_autofree char *dish = zmqg_message_get_string (order, 0);
  g_autofree char *reply = g_strdup_printf ("%s, hot",
                                            dish != NULL ? dish : "?");
  g_autoptr (GError) error = NULL;

  /* Who ordered may have gone. */
  if (!zmqg_request_reply_string (request, reply, &error))
    g_printerr ("%s: %s\n", reply, error->message);
  return G_SOURCE_REMOVE;
}

static void
on_request (ZmqgSocket *rep,
            ZmqgRequest *request,
            gpointer user_data)
{
  g_timeout_add_full (G_PRIORITY_DEFAULT,
                      (guint) g_random_int_range (10, 200), on_ready,
                      g_object_ref (request), g_object_unref);
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
  g_signal_connect (rep, "request", G_CALLBACK (on_request), NULL);
  g_main_loop_run (loop);
  return 0;
}
