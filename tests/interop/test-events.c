/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "event-subject.h"

#include <string.h>

/*
 * Everything that libzmq's monitor tells, ::event tells, in the same order:
 * each case is played twice, once with a socket of libzmq and its monitor, and
 * once with one of ours, against the same peers; and what was told is compared.
 */

/* For a handshake that is not to get through. */
#define HANDSHAKE_MS 400

/* --- Peers of libzmq ----------------------------------------------------- */

static void
play_connects (Subject *self,
               gconstpointer data)
{
  gboolean ipc = data != NULL;
  g_autofree char *uri = NULL;

  self->peer = interop_peer_new ("PULL");
  uri = subject_bind_peer (self, ipc);
  subject_begin (self, "PUSH");
  subject_connect (self, uri);
  subject_take_events (self, ipc ? 2 : 3);
  interop_peer_kill (self->peer);
  subject_take_events (self, ipc ? 4 : 5);
}

static void
play_binds (Subject *self,
            gconstpointer data)
{
  g_autofree char *uri = subject_wildcard (self, data != NULL);

  self->peer = interop_peer_new ("PUSH");
  subject_begin (self, "PULL");
  subject_bind (self, uri);
  interop_do (self->peer, "connect %s", self->uri);
  subject_take_events (self, 3);
  interop_peer_kill (self->peer);
  subject_take_events (self, 1);
  subject_end_endpoint (self, "unbind");
  subject_take_events (self, 1);
  subject_close (self);
  subject_end (self);
}

/* Ending a connection oneself is no event. */
static void
play_disconnects (Subject *self,
                  gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = NULL;

  self->peer = interop_peer_new ("PULL");
  uri = subject_bind_peer (self, FALSE);
  subject_begin (self, "PUSH");
  subject_connect (self, uri);
  subject_take_events (self, 3);
  subject_end_endpoint (self, "disconnect");
  subject_close (self);
  subject_end (self);
}

static void
play_closes (Subject *self,
             gconstpointer data)
{
  g_autofree char *uri = subject_wildcard (self, data != NULL);

  self->peer = interop_peer_new ("PUSH");
  subject_begin (self, "PULL");
  subject_bind (self, uri);
  interop_do (self->peer, "connect %s", self->uri);
  subject_take_events (self, 3);
  subject_close (self);
  subject_end (self);
}

/* Once more, after it was lost and nobody listened for a while. */
static void
play_comes_again (Subject *self,
                  gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = NULL;
  gsize start;

  self->peer = interop_peer_new ("PULL");
  uri = subject_bind_peer (self, FALSE);
  subject_begin (self, "PUSH");
  subject_connect (self, uri);
  subject_take_events (self, 3);
  interop_peer_kill (self->peer);
  subject_take_events (self, 2);
  start = self->log->len;
  interop_peer_start (self->peer);
  interop_tell (self->peer, "bind %s", uri);
  interop_expect (self->peer, "ok %s", uri);
  do
    {
      /* However often it was refused. */
      if (g_str_has_suffix (self->log->str, "connect-retried@"))
        g_string_truncate (self->log, start);
      subject_take_event (self);
    }
  while (!g_str_has_suffix (self->log->str, "handshake-succeeded@"));
}

/* --- Nobody -------------------------------------------------------------- */

static void
play_refused (Subject *self,
              gconstpointer data)
{
  g_autofree char *uri = data != NULL
                           ? g_strdup_printf ("ipc://%s/nobody", self->folder)
                           : subject_nobody (self);

  subject_begin (self, "PUSH");
  subject_connect (self, uri);
  subject_take_events (self, data != NULL ? 4 : 6);
}

static void
play_refused_once (Subject *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = subject_nobody (self);

  subject_begin (self, "PUSH");
  subject_set (self, "reconnect-interval", "reconnect-ivl", -1);
  subject_connect (self, uri);
  subject_take_events (self, 2);
  subject_close (self);
  subject_end (self);
}

static void
play_lost_for_good (Subject *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = NULL;

  self->peer = interop_peer_new ("PULL");
  uri = subject_bind_peer (self, FALSE);
  subject_begin (self, "PUSH");
  subject_set (self, "reconnect-interval", "reconnect-ivl", -1);
  subject_connect (self, uri);
  subject_take_events (self, 3);
  interop_peer_kill (self->peer);
  subject_take_events (self, 1);
  subject_close (self);
  subject_end (self);
}

static void
play_unresolvable (Subject *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  subject_begin (self, "PUSH");
  subject_connect (self, "tcp://no-such-host.invalid:5555");
  subject_take_events (self, 2);
}

static void
play_bind_fails (Subject *self,
                 gconstpointer data)
{
  g_autofree char *taken = NULL;

  self->raw = raw_peer_new ();
  taken = raw_peer_listen (self->raw);
  subject_begin (self, "PULL");
  subject_bind_fails (self, data != NULL ? data : taken);
  subject_close (self);
  subject_end (self);
}

/* --- Peers that break the handshake --------------------------------------- */

typedef struct
{
  const char *mechanism;
  const char *rest; /* behind the greeting */
  gboolean closes;
  gboolean silent;  /* not even a greeting */
  gboolean stops;   /* until the time is over */
  gboolean is_worth_another; /* try of who connects */
  gboolean is_for_libzmq;    /* the same, for libzmq alone */
} Play;

static void
play_bytes (RawPeer *raw,
            const Play *play)
{
  if (!play->silent)
    raw_send (raw, "ff 00*8 7f 03 00 \"%s\" 00*%u 00*32 %s", play->mechanism,
              (guint) (20 - strlen (play->mechanism)), play->rest);
  if (play->closes)
    g_clear_object (&raw->connection);
}

static void
play_raw_connects (Subject *self,
                   gconstpointer data)
{
  const Play *play = data;
  g_autofree char *uri = subject_wildcard (self, FALSE);

  self->raw = raw_peer_new ();
  subject_begin (self, "PULL");
  if (play->stops)
    subject_set (self, "handshake-interval", "handshake-ivl", HANDSHAKE_MS);
  subject_bind (self, uri);
  raw_peer_connect (self->raw, self->uri);
  subject_take_events (self, 2);
  play_bytes (self->raw, play);
  do
    subject_take_event (self);
  while (!g_str_has_suffix (self->log->str, "disconnected=fd@"));
  subject_close (self);
  subject_end (self);
}

static void
play_raw_binds (Subject *self,
                gconstpointer data)
{
  const Play *play = data;
  g_autofree char *uri = NULL;

  self->raw = raw_peer_new ();
  subject_begin (self, "PUSH");
  if (play->stops)
    subject_set (self, "handshake-interval", "handshake-ivl", HANDSHAKE_MS);
  uri = raw_peer_listen (self->raw);
  subject_connect (self, uri);
  raw_peer_accept (self->raw);
  subject_take_events (self, 2);
  play_bytes (self->raw, play);
  do
    subject_take_event (self);
  while (!g_str_has_suffix (self->log->str, "disconnected=fd@"));

  if (play->is_worth_another || (play->is_for_libzmq && !self->is_ours))
    {
      subject_take_event (self);
      return;
    }
  subject_close (self);
  subject_end (self);
}

static const Play says_nothing = {
  .silent = TRUE, .stops = TRUE, .is_worth_another = TRUE,
};
static const Play goes_at_once = {
  .silent = TRUE, .closes = TRUE, .is_worth_another = TRUE,
};
static const Play goes_in_handshake = {
  "NULL", "", .closes = TRUE, .is_worth_another = TRUE,
};
static const Play stops_in_handshake = {
  "NULL", "", .stops = TRUE, .is_worth_another = TRUE,
};
static const Play other_mechanism = { "PLAIN", "" };
static const Play wrong_type = {
  "NULL", "04 19 05 \"READY\" 0b \"Socket-Type\" 00*3 03 \"REP\"",
};
static const Play no_ready = { "NULL", "04 05 04 \"HELO\"" };
static const Play message = { "NULL", "00 05 04 \"HELO\"" };
static const Play malformed_ready = { "NULL", "04 08 05 \"READY\" 0b \"S\"" };
static const Play malformed_error = { "NULL",
                                      "04 0a 05 \"ERROR\" 09 \"abc\"" };
/* libzmq, when it speaks NULL, keeps such a connection until the time is over,
 * and then comes again. */
static const Play error_400 = {
  "NULL", "04 0a 05 \"ERROR\" 03 \"400\"", .stops = TRUE,
  .is_for_libzmq = TRUE,
};
static const Play error_text = {
  "NULL", "04 0a 05 \"ERROR\" 03 \"abc\"", .stops = TRUE,
  .is_for_libzmq = TRUE,
};

#define ACCEPTED "listening=fd@ accepted=fd@ "
#define CONNECTED "connect-delayed=115@ connected=fd@ "
#define STOPPED " disconnected=fd@ closed@ monitor-stopped"
#define AGAIN " disconnected=fd@ connect-retried@"
#define NO_MORE " disconnected=fd@ monitor-stopped"

static const EventCase cases[] = {
  { "tcp-connects", play_connects, NULL,
    CONNECTED "handshake-succeeded@ disconnected=fd@ connect-retried@ "
    "connect-delayed=115@ closed@ connect-retried@" },
  { "ipc-connects", play_connects, "ipc",
    "connected=fd@ handshake-succeeded@ disconnected=fd@ connect-retried@ "
    "closed@ connect-retried@" },
  { "tcp-binds", play_binds, NULL,
    ACCEPTED "handshake-succeeded@ disconnected=fd@ closed@ monitor-stopped" },
  { "ipc-binds", play_binds, "ipc",
    ACCEPTED "handshake-succeeded@ disconnected=fd@ closed@ monitor-stopped" },
  { "disconnects", play_disconnects, NULL,
    CONNECTED "handshake-succeeded@ monitor-stopped" },
  { "tcp-closes", play_closes, NULL,
    ACCEPTED "handshake-succeeded@ closed@ monitor-stopped" },
  { "ipc-closes", play_closes, "ipc",
    ACCEPTED "handshake-succeeded@ closed@ monitor-stopped" },
  { "comes-again", play_comes_again, NULL,
    CONNECTED "handshake-succeeded@ disconnected=fd@ connect-retried@ "
    CONNECTED "handshake-succeeded@" },

  { "tcp-refused", play_refused, NULL,
    "connect-delayed=115@ closed@ connect-retried@ "
    "connect-delayed=115@ closed@ connect-retried@" },
  { "ipc-missing", play_refused, "ipc",
    "closed@ connect-retried@ closed@ connect-retried@" },
  { "refused-once", play_refused_once, NULL,
    "connect-delayed=115@ closed@ monitor-stopped" },
  { "lost-for-good", play_lost_for_good, NULL,
    CONNECTED "handshake-succeeded@ disconnected=fd@ monitor-stopped" },
  { "unresolvable", play_unresolvable, NULL,
    "connect-retried@ connect-retried@" },

  { "bind-in-use", play_bind_fails, NULL,
    "closed bind-failed=98 monitor-stopped" },
  { "bind-not-here", play_bind_fails, "tcp://192.0.2.1:*",
    "closed bind-failed=99 monitor-stopped" },
  { "bind-no-device", play_bind_fails, "tcp://nosuchif:*",
    "bind-failed=19 monitor-stopped" },
  { "bind-malformed", play_bind_fails, "tcp://127.0.0.1",
    "bind-failed=22 monitor-stopped" },

  { "accepts/silent", play_raw_connects, &says_nothing,
    ACCEPTED "handshake-failed-no-detail@" STOPPED },
  { "accepts/goes-at-once", play_raw_connects, &goes_at_once,
    ACCEPTED "handshake-failed-no-detail=lost@" STOPPED },
  { "accepts/goes-in-handshake", play_raw_connects, &goes_in_handshake,
    ACCEPTED "handshake-failed-no-detail=lost@" STOPPED },
  { "accepts/stops-in-handshake", play_raw_connects, &stops_in_handshake,
    ACCEPTED "handshake-failed-no-detail@" STOPPED },
  { "accepts/other-mechanism", play_raw_connects, &other_mechanism,
    ACCEPTED "handshake-failed-protocol=11000002@" STOPPED },
  { "accepts/wrong-type", play_raw_connects, &wrong_type,
    "listening=fd@ accepted=fd@" STOPPED },
  { "accepts/no-ready", play_raw_connects, &no_ready,
    ACCEPTED "handshake-failed-protocol=10000001@" STOPPED },
  { "accepts/message", play_raw_connects, &message,
    ACCEPTED "handshake-failed-protocol=10000001@" STOPPED },
  { "accepts/malformed-ready", play_raw_connects, &malformed_ready,
    "listening=fd@ accepted=fd@" STOPPED },
  { "accepts/malformed-error", play_raw_connects, &malformed_error,
    ACCEPTED "handshake-failed-protocol=10000015@" STOPPED },
  { "accepts/error-400", play_raw_connects, &error_400,
    ACCEPTED "handshake-failed-auth=400@" STOPPED },
  { "accepts/error-text", play_raw_connects, &error_text,
    "listening=fd@ accepted=fd@" STOPPED },

  { "connects/silent", play_raw_binds, &says_nothing,
    CONNECTED "handshake-failed-no-detail@" AGAIN },
  { "connects/goes-at-once", play_raw_binds, &goes_at_once,
    CONNECTED "handshake-failed-no-detail=lost@" AGAIN },
  { "connects/goes-in-handshake", play_raw_binds, &goes_in_handshake,
    CONNECTED "handshake-failed-no-detail=lost@" AGAIN },
  { "connects/stops-in-handshake", play_raw_binds, &stops_in_handshake,
    CONNECTED "handshake-failed-no-detail@" AGAIN },
  { "connects/other-mechanism", play_raw_binds, &other_mechanism,
    CONNECTED "handshake-failed-protocol=11000002@" NO_MORE },
  { "connects/wrong-type", play_raw_binds, &wrong_type,
    "connect-delayed=115@ connected=fd@" NO_MORE },
  { "connects/no-ready", play_raw_binds, &no_ready,
    CONNECTED "handshake-failed-protocol=10000001@" NO_MORE },
  { "connects/message", play_raw_binds, &message,
    CONNECTED "handshake-failed-protocol=10000001@" NO_MORE },
  { "connects/malformed-ready", play_raw_binds, &malformed_ready,
    "connect-delayed=115@ connected=fd@" NO_MORE },
  { "connects/malformed-error", play_raw_binds, &malformed_error,
    CONNECTED "handshake-failed-protocol=10000015@" NO_MORE },
  { "connects/error-400", play_raw_binds, &error_400,
    CONNECTED "handshake-failed-auth=400@" NO_MORE,
    .theirs = CONNECTED "handshake-failed-auth=400@" AGAIN },
  { "connects/error-text", play_raw_binds, &error_text,
    "connect-delayed=115@ connected=fd@" NO_MORE,
    .theirs = "connect-delayed=115@ connected=fd@" AGAIN },
};

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  event_cases_add (cases, G_N_ELEMENTS (cases));
  return g_test_run ();
}
