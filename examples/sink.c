/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/* Adds up the numbers that others push, many at a time; an empty message is
 * the end. */

#include <zmqg.h>

int
main (int argc,
      char **argv)
{
  const char *uri = argc > 1 ? argv[1] : "tcp://127.0.0.1:5557";
  g_autoptr (ZmqgSocket) pull = zmqg_pull_socket_new (NULL);
  g_autofree char *endpoint = NULL;
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;
  gint64 sum = 0;

  if (!zmqg_socket_bind (pull, uri, &error))
    goto failed;
  endpoint = zmqg_socket_get_last_endpoint (pull);
  g_print ("%s\n", endpoint);

  while (!done)
    {
      g_autoptr (GPtrArray) batch = NULL;

      batch = zmqg_socket_receive_batch (pull, 1000, NULL, &error);
      if (batch == NULL)
        goto failed;

      for (guint i = 0; i < batch->len; i++)
        {
          ZmqgMessage *message = g_ptr_array_index (batch, i);
          g_autofree char *text = zmqg_message_get_string (message, 0);

          done |= zmqg_message_get_size (message) == 0;
          sum += text != NULL ? g_ascii_strtoll (text, NULL, 10) : 0;
        }
    }

  g_print ("%" G_GINT64_FORMAT "\n", sum);
  return 0;

failed:
  g_printerr ("%s\n", error->message);
  return 1;
}
