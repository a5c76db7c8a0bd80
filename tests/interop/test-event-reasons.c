/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "event-subject.h"

#include "../socket/socks-server.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * The same comparison as in test-events.c, of what has other reasons than a
 * peer's handshake: proxies, filters, timeouts, a lack of descriptors, older
 * versions of the protocol, files in the way.
 */

#define ACCEPTED "listening=fd@ accepted=fd@ "
#define CONNECTED "connect-delayed=115@ connected=fd@ "
#define STOPPED " disconnected=fd@ closed@ monitor-stopped"

/* An option of either that is text. */
static void
set_text (Subject *self,
          const char *property,
          const char *option,
          const char *text)
{
  if (self->is_ours)
    g_object_set (self->ours, property, text, NULL);
  else
    interop_do (self->theirs, "set %s =%s", option, text);
}

/* However often the last thing happened: once in the log. */
static void
take_event_once (Subject *self)
{
  gsize before = self->log->len;
  const char *last;

  subject_take_event (self);
  last = self->log->str + before;
  if (*last != '\0' &&
      g_str_has_suffix (self->log->str, last) &&
      before >= strlen (last) &&
      strncmp (self->log->str + before - strlen (last), last,
               strlen (last)) == 0)
    g_string_truncate (self->log, before);
}

static void
take_events_up_to (Subject *self,
                   const char *event)
{
  do
    take_event_once (self);
  while (!g_str_has_suffix (self->log->str, event));
}

/* --- Proxies ------------------------------------------------------------- */

typedef struct
{
  SocksServerMode mode;
  gboolean is_dead; /* nobody listens there */
} Proxy;

static void
play_proxy (Subject *self,
            gconstpointer data)
{
  const Proxy *proxy = data;
  SocksServer *server = socks_server_new (proxy->mode);
  g_autofree char *address = g_strdup (socks_server_get_address (server));
  g_autofree char *bound = NULL;

  self->peer = interop_peer_new ("PULL");
  /* The proxy knows no other address of this machine. */
  bound = interop_ask (self->peer, "bind tcp://127.0.0.1:*");
  g_assert_true (g_str_has_prefix (bound, "ok "));
  if (proxy->is_dead)
    g_clear_pointer (&server, socks_server_free);
  subject_begin (self, "PUSH");
  set_text (self, "socks-proxy", "socks-proxy", address);
  subject_connect (self, bound + strlen ("ok "));
  if (proxy->mode == SOCKS_SERVER_OPEN && !proxy->is_dead)
    {
      subject_take_events (self, 3);
      socks_server_cut (server);
      subject_take_events (self, 2);
    }
  else
    {
      subject_take_events (self, 6);
    }
  subject_close (self);
  g_clear_pointer (&server, socks_server_free);
}

static const Proxy open_proxy = { SOCKS_SERVER_OPEN, FALSE };
static const Proxy refusing_proxy = { SOCKS_SERVER_REFUSES, FALSE };
static const Proxy closing_proxy = { SOCKS_SERVER_CLOSES, FALSE };
static const Proxy garbage_proxy = { SOCKS_SERVER_GARBAGE, FALSE };
static const Proxy dead_proxy = { SOCKS_SERVER_OPEN, TRUE };

/* --- Accepting ----------------------------------------------------------- */

static void
play_filter (Subject *self,
             gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = subject_wildcard (self, FALSE);
  GError *error = NULL;

  self->peer = interop_peer_new ("PUSH");
  subject_begin (self, "PULL");
  if (self->is_ours)
    zmqg_socket_add_accept_filter (self->ours, "10.0.0.0/8", &error);
  else
    interop_do (self->theirs, "set tcp-accept-filter =10.0.0.0/8");
  g_assert_no_error (error);
  subject_bind (self, uri);
  interop_do (self->peer, "connect %s", self->uri);
  subject_take_events (self, 1);
  for (guint i = 0; i < 3; i++)
    take_event_once (self);
  subject_close (self);
  take_events_up_to (self, "monitor-stopped");
}

/* There is no descriptor for the connection until there is one. Ours looks
 * every 100 ms, and does nothing in between. */
static void
play_no_descriptors (Subject *self,
                     gconstpointer data)
{
  g_autofree char *uri = subject_wildcard (self, data != NULL);
  struct rlimit before;
  struct rlimit none;
  gint64 start;
  int fd;

  self->peer = interop_peer_new ("PUSH");
  subject_begin (self, "PULL");
  subject_bind (self, uri);
  subject_take_event (self);
  if (self->is_ours)
    {
      g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &before));
      none = before;
      fd = dup (STDIN_FILENO); /* the lowest that is free */
      close (fd);
      none.rlim_cur = (rlim_t) fd;
      g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &none));
    }
  else
    {
      interop_do (self->theirs, "limit");
    }

  start = g_get_monotonic_time ();
  interop_do (self->peer, "connect %s", self->uri);
  for (guint i = 0; i < 4; i++)
    take_event_once (self);
  if (self->is_ours)
    {
      g_assert_cmpint (g_get_monotonic_time () - start, >=, 290000);
      g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &before));
    }
  else
    {
      interop_do (self->theirs, "unlimit");
    }
  take_events_up_to (self, "handshake-succeeded@");
}

/* --- Connecting ---------------------------------------------------------- */

static void
play_stale_file (Subject *self,
                 gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *path = g_build_filename (self->folder, "stale", NULL);
  g_autofree char *uri = g_strconcat ("ipc://", path, NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  GError *error = NULL;

  self->held = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0,
                             &error);
  g_assert_no_error (error);
  g_socket_bind (self->held, address, FALSE, &error);
  g_assert_no_error (error);
  subject_begin (self, "PUSH");
  subject_connect (self, uri);
  subject_take_events (self, 4);
}

/* The queue of who listens is full, so that nothing answers. */
static void
play_no_answer (Subject *self,
                gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = subject_nobody (self);
  GError *error = NULL;

  g_socket_set_listen_backlog (self->held, 0);
  g_socket_listen (self->held, &error);
  g_assert_no_error (error);
  self->raw = raw_peer_new ();
  raw_peer_connect (self->raw, uri);

  subject_begin (self, "PUSH");
  subject_set (self, "connect-timeout", "connect-timeout", 100);
  subject_connect (self, uri);
  subject_take_events (self, 6);
}

static void
play_disconnects_in_between (Subject *self,
                             gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = g_strdup_printf ("ipc://%s/nobody", self->folder);

  subject_begin (self, "PUSH");
  subject_connect (self, uri);
  subject_take_events (self, 2);
  subject_end_endpoint (self, "disconnect");
  subject_close (self);
  subject_end (self);
}

/* In its handshake, which the peer does not go on with. */
static void
play_disconnects_in_handshake (Subject *self,
                               gconstpointer data)
{
  g_autofree char *uri = NULL;

  self->raw = raw_peer_new ();
  subject_begin (self, "PUSH");
  uri = raw_peer_listen (self->raw);
  subject_connect (self, uri);
  raw_peer_accept (self->raw);
  subject_take_events (self, 2);
  if (data != NULL)
    subject_end_endpoint (self, "disconnect");
  subject_close (self);
  subject_end (self);
}

static void
play_unbinds_in_handshake (Subject *self,
                           gconstpointer data)
{
  g_autofree char *uri = subject_wildcard (self, FALSE);

  self->raw = raw_peer_new ();
  subject_begin (self, "PULL");
  subject_bind (self, uri);
  raw_peer_connect (self->raw, self->uri);
  subject_take_events (self, 2);
  if (data != NULL)
    subject_end_endpoint (self, "unbind");
  subject_close (self);
  subject_end (self);
}

static void
play_inproc (Subject *self,
             gconstpointer data G_GNUC_UNUSED)
{
  subject_begin (self, "PAIR");
  subject_bind (self, "inproc://subject");
  subject_connect (self, "inproc://subject");
  subject_close (self);
  subject_end (self);
}

/* --- Binding ------------------------------------------------------------- */

static void
play_unbinds (Subject *self,
              gconstpointer data)
{
  g_autofree char *uri = subject_wildcard (self, data != NULL);

  self->peer = interop_peer_new ("PUSH");
  subject_begin (self, "PULL");
  subject_bind (self, uri);
  interop_do (self->peer, "connect %s", self->uri);
  subject_take_events (self, 3);
  subject_end_endpoint (self, "unbind");
  subject_close (self);
  subject_end (self);
}

static void
play_no_folder (Subject *self,
                gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = g_strdup_printf ("ipc://%s/none/x", self->folder);

  subject_begin (self, "PULL");
  subject_bind_fails (self, uri);
  subject_close (self);
  subject_end (self);
}

/* What a wildcard had made cannot be removed: a file was put there. */
static void
play_leftover (Subject *self,
               gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *folder = NULL;
  g_autofree char *file = NULL;
  GError *error = NULL;

  subject_begin (self, "PULL");
  subject_bind (self, "ipc://*");
  folder = g_path_get_dirname (self->uri + strlen ("ipc://"));
  file = g_build_filename (folder, "in-the-way", NULL);
  g_file_set_contents (file, "x", 1, &error);
  g_assert_no_error (error);
  subject_end_endpoint (self, "unbind");
  subject_take_events (self, 2);
  subject_close (self);
  subject_end (self);
  g_assert_no_errno (unlink (file));
  g_assert_no_errno (rmdir (folder));
}

/* --- Traffic ------------------------------------------------------------- */

#define GREETING "ff 00*8 7f 03 00 \"NULL\" 00*16 00*32 "

#define READY "04 1a 05 \"READY\" 0b \"Socket-Type\" 00*3 04 \"PUSH\""

typedef struct
{
  const char *greeting;
  const char *rest;     /* what is sent once the handshake is done */
  gboolean is_received; /* that is a message */
  gboolean beats;       /* and nobody answers */
} Traffic;

static void
limit_messages (Subject *self)
{
  if (self->is_ours)
    g_object_set (self->ours, "max-message-size", (gint64) 100, NULL);
  else
    interop_do (self->theirs, "set max-message-size =d%%00%%00%%00%%00%%00"
                              "%%00%%00");
}

static void
receive (Subject *self)
{
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  if (!self->is_ours)
    {
      interop_tell (self->theirs, "recv");
      interop_expect (self->theirs, "message =a");
      return;
    }

  message = zmqg_socket_receive (self->ours, NULL, &error);
  g_assert_no_error (error);
}

static void
play_traffic (Subject *self,
              gconstpointer data)
{
  const Traffic *traffic = data;
  g_autofree char *uri = subject_wildcard (self, FALSE);

  self->raw = raw_peer_new ();
  subject_begin (self, "PULL");
  limit_messages (self);
  if (traffic->beats)
    {
      subject_set (self, "heartbeat-interval", "heartbeat-ivl", 40);
      subject_set (self, "heartbeat-timeout", "heartbeat-timeout", 100);
    }
  subject_bind (self, uri);
  raw_peer_connect (self->raw, self->uri);
  subject_take_events (self, 2);
  raw_send (self->raw, "%s", traffic->greeting);
  if (g_str_has_suffix (traffic->greeting, READY))
    subject_take_event (self);
  raw_send (self->raw, "%s", traffic->rest);
  if (traffic->is_received)
    {
      receive (self);
      g_clear_object (&self->raw->connection);
    }
  take_events_up_to (self, "disconnected=fd@");
  subject_close (self);
  subject_end (self);
}

/* --- Without ZMTP --------------------------------------------------------- */

static void
begin_raw (Subject *self)
{
  subject_begin (self, self->is_ours ? "ROUTER" : "STREAM");
  if (self->is_ours)
    g_object_set (self->ours, "raw", TRUE, NULL);
  self->raw = raw_peer_new ();
}

/* The first message tells of the connection; its id, and nothing, is said
 * back. */
static void
hang_up (Subject *self)
{
  GError *error = NULL;

  if (self->is_ours)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      message = zmqg_socket_receive (self->ours, NULL, &error);
      g_assert_no_error (error);
      zmqg_socket_send (self->ours, message, NULL, &error);
      g_assert_no_error (error);
    }
  else
    {
      g_autofree char *answer = interop_ask (self->theirs, "recv");

      g_assert_true (g_str_has_prefix (answer, "message "));
      interop_do (self->theirs, "send %s", answer + strlen ("message "));
      /* It does so at its next call. */
      interop_tell (self->theirs, "try");
      interop_expect (self->theirs, "nothing");
    }
}

static void
play_raw_binds (Subject *self,
                gconstpointer data)
{
  g_autofree char *uri = subject_wildcard (self, FALSE);

  begin_raw (self);
  subject_bind (self, uri);
  raw_peer_connect (self->raw, self->uri);
  subject_take_events (self, 2);
  if (data == NULL)
    {
      g_clear_object (&self->raw->connection);
      take_events_up_to (self, "disconnected=fd@");
    }
  else
    {
      hang_up (self);
    }
  subject_close (self);
  subject_end (self);
}

static void
play_raw_connects (Subject *self,
                   gconstpointer data)
{
  g_autofree char *uri = NULL;

  begin_raw (self);
  uri = raw_peer_listen (self->raw);
  subject_connect (self, uri);
  raw_peer_accept (self->raw);
  subject_take_events (self, 2);
  if (data == NULL)
    {
      g_clear_object (&self->raw->connection);
      take_events_up_to (self, "connect-retried@");
    }
  else
    {
      hang_up (self);
      subject_close (self);
      subject_end (self);
    }
}

static const Traffic closes = { GREETING READY, "00 01 61", TRUE, FALSE };
static const Traffic too_large = { GREETING READY, "00 65 61*101", FALSE,
                                   FALSE };
static const Traffic silent = { GREETING READY, "", FALSE, TRUE };
static const Traffic zmtp_2 = { "ff 00*8 7f 01 08 00 00", "00 01 61", TRUE,
                                FALSE };
static const Traffic zmtp_1 = { "01 00", "02 00 61", TRUE, FALSE };

#define TRIED "connect-delayed=115@ closed@ connect-retried@"
#define PROXY_FAILS TRIED " " TRIED
#define SHAKEN "listening=fd@ accepted=fd@ handshake-succeeded@"
#define NO_DESCRIPTORS \
  "listening=fd@ accept-failed=24@ accepted=fd@ handshake-succeeded@"

/* The process of libzmq aborts, now and then or always, when a proxy refuses
 * it, and in an accept of ipc that fails: then ours plays alone. */
static const EventCase cases[] = {
  /* libzmq names the proxy, ours where it leads to. */
  { "proxy/open", play_proxy, &open_proxy,
    "connect-delayed=115@ connected=fd@ handshake-succeeded@ "
    "disconnected=fd@ connect-retried@",
    .theirs = "connect-delayed=115 connected=fd handshake-succeeded "
              "disconnected=fd connect-retried" },
  { "proxy/refuses", play_proxy, &refusing_proxy, PROXY_FAILS,
    .is_ours_alone = TRUE },
  { "proxy/closes", play_proxy, &closing_proxy, PROXY_FAILS,
    .is_ours_alone = TRUE },
  { "proxy/garbage", play_proxy, &garbage_proxy, PROXY_FAILS,
    .is_ours_alone = TRUE },
  { "proxy/dead", play_proxy, &dead_proxy, PROXY_FAILS,
    .is_ours_alone = TRUE },

  /* The number of libzmq is of something that failed before. */
  { "filter", play_filter, NULL,
    "listening=fd@ accept-failed=13@ closed@ monitor-stopped",
    .theirs = "listening=fd@ accept-failed=11@ closed@ monitor-stopped" },
  { "no-descriptors/tcp", play_no_descriptors, NULL, NO_DESCRIPTORS },
  { "no-descriptors/ipc", play_no_descriptors, "ipc", NO_DESCRIPTORS,
    .is_ours_alone = TRUE },

  { "stale-file", play_stale_file, NULL,
    "closed@ connect-retried@ closed@ connect-retried@" },
  { "no-answer", play_no_answer, NULL, TRIED " " TRIED },
  { "disconnects-in-between", play_disconnects_in_between, NULL,
    "closed@ connect-retried@ monitor-stopped" },
  { "disconnects-in-handshake", play_disconnects_in_handshake, "disconnect",
    CONNECTED "monitor-stopped" },
  { "closes-in-handshake", play_disconnects_in_handshake, NULL,
    CONNECTED "monitor-stopped" },
  { "unbinds-in-handshake", play_unbinds_in_handshake, "unbind",
    ACCEPTED "closed@ monitor-stopped" },
  { "closes-bound-in-handshake", play_unbinds_in_handshake, NULL,
    ACCEPTED "closed@ monitor-stopped" },
  { "inproc", play_inproc, NULL, "monitor-stopped" },
  { "unbinds/tcp", play_unbinds, NULL, SHAKEN " closed@ monitor-stopped" },
  { "unbinds/ipc", play_unbinds, "ipc", SHAKEN " closed@ monitor-stopped" },
  { "no-folder", play_no_folder, NULL, "closed bind-failed=2 monitor-stopped",
    .theirs = "closed@ bind-failed=2 monitor-stopped" },
  { "leftover", play_leftover, NULL,
    "listening=fd@ close-failed=39@ monitor-stopped" },

  { "traffic/closes", play_traffic, &closes, SHAKEN STOPPED },
  { "traffic/too-large", play_traffic, &too_large, SHAKEN STOPPED },
  { "traffic/silent", play_traffic, &silent, SHAKEN STOPPED },
  /* For libzmq these are in their handshake for ever. */
  { "traffic/zmtp-2", play_traffic, &zmtp_2, "listening=fd@ accepted=fd@"
    STOPPED,
    .theirs = ACCEPTED "handshake-failed-no-detail=lost@" STOPPED },
  { "traffic/zmtp-1", play_traffic, &zmtp_1, "listening=fd@ accepted=fd@"
    STOPPED,
    .theirs = ACCEPTED "handshake-failed-no-detail=lost@" STOPPED },
  { "raw/binds", play_raw_binds, NULL, "listening=fd@ accepted=fd@" STOPPED,
    .theirs = ACCEPTED "handshake-failed-no-detail=lost@" STOPPED },
  { "raw/connects", play_raw_connects, NULL,
    CONNECTED "disconnected=fd@ connect-retried@",
    .theirs = CONNECTED "handshake-failed-no-detail=lost@ disconnected=fd@ "
              "connect-retried@" },
  { "raw/binds/hangs-up", play_raw_binds, "hangs-up",
    ACCEPTED "closed@ monitor-stopped" },
  { "raw/connects/hangs-up", play_raw_connects, "hangs-up",
    CONNECTED "monitor-stopped" },
};

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  event_cases_add (cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
