/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

/*
 * Publishes what this machine does: load, memory and network, read afresh
 * each time, over tcp and ipc; and answers questions about the same.
 *
 * usage: publisher SECONDS SUBSCRIBERS IPC-URI
 *
 * Prints its endpoints, one a line: tcp and ipc of the publications, tcp of
 * the service. Publishes for SECONDS once so many SUBSCRIBERS are there, and
 * at last a message "end".
 */

#include <stdlib.h>
#include <string.h>
#include <zmqg.h>

#define INTERVAL_MSEC 250
/* Who has not come in this time never will. */
#define PATIENCE_SECONDS 30

typedef struct
{
  GMainLoop *loop;
  ZmqgSocket *pub;
  ZmqgSocket *rep;
  int seconds;
  int awaited; /* subscribers that have not come yet */
  guint published;
  guint answered;
  gboolean failed;
} Demo;

/* --- Readings ----------------------------------------------------------- */

static char *
read_load (void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/loadavg", &text, NULL, NULL))
    return NULL;
  return g_strndup (text, strcspn (text, " \n"));
}

static char *
read_memory (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/meminfo", &text, NULL, NULL))
    return NULL;

  line = strstr (text, "MemAvailable:");
  if (line == NULL)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT " MiB available",
                          g_ascii_strtoull (line + strlen ("MemAvailable:"),
                                            NULL, 10) / 1024);
}

/* The bytes of all interfaces. */
static char *
read_network (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint64 received = 0;
  guint64 sent = 0;

  if (!g_file_get_contents ("/proc/net/dev", &text, NULL, NULL))
    return NULL;

  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *colon = strchr (lines[i], ':');
      char *rest;

      if (colon == NULL)
        continue;
      received += g_ascii_strtoull (colon + 1, &rest, 10);
      /* Seven more counters of what was received come first. */
      for (guint field = 0; field < 7; field++)
        g_ascii_strtoull (rest, &rest, 10);
      sent += g_ascii_strtoull (rest, NULL, 10);
    }

  return g_strdup_printf ("%" G_GUINT64_FORMAT " bytes in, "
                          "%" G_GUINT64_FORMAT " bytes out", received, sent);
}

static const struct
{
  const char *topic;
  char *(*read) (void);
} readings[] = {
  { "load", read_load },
  { "memory", read_memory },
  { "network", read_network },
};

/* --- Publishing --------------------------------------------------------- */

static void
publish (Demo *self,
         const char *topic,
         const char *text)
{
  const char *frames[] = { topic, text, NULL };
  g_autoptr (ZmqgMessage) message = zmqg_message_new_strv (frames);
  g_autoptr (GError) error = NULL;

  if (zmqg_socket_send (self->pub, message, NULL, &error))
    {
      self->published++;
      return;
    }

  g_printerr ("%s\n", error->message);
  self->failed = TRUE;
}

static gboolean
on_end (gpointer user_data)
{
  Demo *self = user_data;

  publish (self, "end", "");
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_tick (gpointer user_data)
{
  Demo *self = user_data;

  for (guint i = 0; i < G_N_ELEMENTS (readings); i++)
    {
      g_autofree char *text = readings[i].read ();

      if (text != NULL)
        publish (self, readings[i].topic, text);
    }

  return G_SOURCE_CONTINUE;
}

static void
on_peer_added (ZmqgSocket *pub,
               ZmqgPeer *peer,
               gpointer user_data)
{
  Demo *self = user_data;

  if (--self->awaited == 0)
    g_timeout_add_seconds ((guint) self->seconds, on_end, self);
}

static gboolean
on_impatience (gpointer user_data)
{
  Demo *self = user_data;

  if (self->awaited <= 0)
    return G_SOURCE_REMOVE;

  g_printerr ("%d subscribers have not come\n", self->awaited);
  self->failed = TRUE;
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

/* --- Answering ---------------------------------------------------------- */

static void
on_request (ZmqgSocket *rep,
            ZmqgMessage *request,
            gpointer user_data)
{
  Demo *self = user_data;
  g_autofree char *topic = zmqg_message_get_string (request, 0);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (readings) && text == NULL; i++)
    {
      if (g_strcmp0 (topic, readings[i].topic) == 0)
        text = readings[i].read ();
    }

  if (zmqg_socket_send_string (rep, text != NULL ? text : "unknown", NULL,
                               &error))
    self->answered++;
  else
    g_printerr ("%s\n", error->message);
}

/* --- The program -------------------------------------------------------- */

static gboolean
bind_and_print (ZmqgSocket *socket,
                const char *uri)
{
  g_autofree char *endpoint = NULL;
  g_autoptr (GError) error = NULL;

  if (!zmqg_socket_bind (socket, uri, &error))
    {
      g_printerr ("%s\n", error->message);
      return FALSE;
    }

  endpoint = zmqg_socket_get_last_endpoint (socket);
  g_print ("%s\n", endpoint);
  return TRUE;
}

int
main (int argc,
      char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (ZmqgSocket) pub = zmqg_pub_socket_new (NULL);
  g_autoptr (ZmqgSocket) rep = zmqg_rep_socket_new (NULL);
  g_autoptr (GError) error = NULL;
  Demo self = { .loop = loop, .pub = pub, .rep = rep };

  if (argc != 4 || (self.seconds = atoi (argv[1])) <= 0 ||
      (self.awaited = atoi (argv[2])) <= 0)
    {
      g_printerr ("usage: publisher SECONDS SUBSCRIBERS IPC-URI\n");
      return 2;
    }

  g_signal_connect (pub, "peer-added", G_CALLBACK (on_peer_added), &self);
  if (!bind_and_print (pub, "tcp://127.0.0.1:*") ||
      !bind_and_print (pub, argv[3]) ||
      !bind_and_print (rep, "tcp://127.0.0.1:*"))
    return 1;

  g_signal_connect (rep, "message", G_CALLBACK (on_request), &self);
  g_timeout_add (INTERVAL_MSEC, on_tick, &self);
  g_timeout_add_seconds (PATIENCE_SECONDS, on_impatience, &self);
  g_main_loop_run (loop);

  if (!zmqg_socket_flush (pub, NULL, &error))
    g_printerr ("%s\n", error->message);
  g_print ("%u published, %u questions answered\n", self.published,
           self.answered);
  return self.failed ? 1 : 0;
}
