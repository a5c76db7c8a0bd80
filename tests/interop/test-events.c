/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include "zmqg.h"

#include "interop-peer.h"
#include "raw-peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Everything that libzmq's monitor tells, ::event tells, in the same order:
 * each case is played twice, once with a socket of libzmq and its monitor, and
 * once with one of ours, against the same peers; and what was told is compared.
 */

#define DEADLINE_MS INTEROP_DEADLINE_MS

/* Of retries, and for a handshake that is not to get through. */
#define INTERVAL_MS 40
#define HANDSHAKE_MS 400

/*
 * Subject: the socket that is watched, of either library.
 */
typedef struct
{
  gboolean is_ours;
  InteropPeer *theirs;
  ZmqgContext *context;
  ZmqgSocket *ours;
  GQueue events; /* of ours, of ZmqgEvent */
  GString *log;  /* what happened, a word for each event */
  char *uri;     /* that it binds or connects to */

  /* Who plays with it. */
  InteropPeer *peer;
  RawPeer *raw;
  GSocket *held; /* bound, and nobody listens */
  char *folder;
} Subject;

typedef struct
{
  const char *name;
  void (*play) (Subject *self, gconstpointer data);
  gconstpointer data;
  const char *log; /* that both must have */
} Case;

/* --- The subject --------------------------------------------------------- */

static void
on_event (ZmqgSocket *socket,
          ZmqgEvent *event,
          gpointer user_data)
{
  Subject *self = user_data;

  g_queue_push_tail (&self->events, zmqg_event_ref (event));
}

static void
set_interval (Subject *self,
              int interval)
{
  if (self->is_ours)
    g_object_set (self->ours, "reconnect-interval", interval, NULL);
  else
    interop_do (self->theirs, "set reconnect-ivl %d", interval);
}

static void
hurry_handshakes (Subject *self)
{
  if (self->is_ours)
    g_object_set (self->ours, "handshake-interval", HANDSHAKE_MS, NULL);
  else
    interop_do (self->theirs, "set handshake-ivl %d", HANDSHAKE_MS);
}

static void
begin (Subject *self,
       const char *type)
{
  if (self->is_ours)
    {
      GEnumClass *klass = g_type_class_ref (ZMQG_TYPE_SOCKET_TYPE);
      g_autofree char *nick = g_ascii_strdown (type, -1);

      self->ours = zmqg_context_create_socket (
        self->context, g_enum_get_value_by_nick (klass, nick)->value);
      g_type_class_unref (klass);
      g_object_set (self->ours, "linger", 0, NULL);
      g_signal_connect (self->ours, "event", G_CALLBACK (on_event), self);
    }
  else
    {
      self->theirs = interop_peer_new (type);
      interop_do (self->theirs, "monitor");
    }
  set_interval (self, INTERVAL_MS);
}

static void
set_uri (Subject *self,
         const char *uri)
{
  g_free (self->uri);
  self->uri = g_strdup (uri);
}

static void
bind_subject (Subject *self,
              const char *uri)
{
  GError *error = NULL;

  if (self->is_ours)
    {
      zmqg_socket_bind (self->ours, uri, &error);
      g_assert_no_error (error);
      g_free (self->uri);
      self->uri = zmqg_socket_get_last_endpoint (self->ours);
    }
  else
    {
      g_autofree char *answer = interop_ask (self->theirs, "bind %s", uri);

      g_assert_true (g_str_has_prefix (answer, "ok "));
      set_uri (self, answer + 3);
    }
}

static void
bind_fails (Subject *self,
            const char *uri)
{
  set_uri (self, uri);
  if (self->is_ours)
    {
      g_assert_false (zmqg_socket_bind (self->ours, uri, NULL));
    }
  else
    {
      g_autofree char *answer = interop_ask (self->theirs, "bind %s", uri);

      g_assert_true (g_str_has_prefix (answer, "error "));
    }
}

static void
connect_subject (Subject *self,
                 const char *uri)
{
  GError *error = NULL;

  set_uri (self, uri);
  if (self->is_ours)
    {
      zmqg_socket_connect_to (self->ours, uri, &error);
      g_assert_no_error (error);
    }
  else
    {
      interop_do (self->theirs, "connect %s", uri);
    }
}

static void
end_endpoint (Subject *self,
              const char *what)
{
  GError *error = NULL;

  if (!self->is_ours)
    interop_do (self->theirs, "%s %s", what, self->uri);
  else if (g_str_equal (what, "unbind"))
    zmqg_socket_unbind (self->ours, self->uri, &error);
  else
    zmqg_socket_disconnect_from (self->ours, self->uri, &error);
  g_assert_no_error (error);
}

static void
close_subject (Subject *self)
{
  if (self->is_ours)
    zmqg_socket_close (self->ours);
  else
    interop_do (self->theirs, "close-socket");
}

/* --- What it tells ------------------------------------------------------- */

/* A value as far as it is certain. */
static void
log_value (GString *log,
           ZmqgEventType type,
           int value)
{
  switch (type)
    {
    case ZMQG_EVENT_TYPE_CONNECTED:
    case ZMQG_EVENT_TYPE_LISTENING:
    case ZMQG_EVENT_TYPE_ACCEPTED:
    case ZMQG_EVENT_TYPE_DISCONNECTED:
      g_string_append (log, value >= 0 ? "=fd" : "=none");
      break;

    case ZMQG_EVENT_TYPE_CLOSED:
      /* Of a bind that failed we do not tell which. */
      break;

    case ZMQG_EVENT_TYPE_CONNECT_RETRIED:
      g_assert_cmpint (value, >=, INTERVAL_MS);
      g_assert_cmpint (value, <, 2 * INTERVAL_MS);
      break;

    case ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL:
      /* Unread bytes make the kernel send a reset. When the time is over
       * libzmq tells whatever errno it met last. */
      if (value == EPIPE || value == ECONNRESET)
        g_string_append (log, "=lost");
      break;

    case ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_PROTOCOL:
      g_string_append_printf (log, "=%x", (guint) value);
      break;

    default:
      if (value != 0)
        g_string_append_printf (log, "=%d", value);
      break;
    }
}

/* The typed getters say the same. */
static void
check_typed (ZmqgEvent *event)
{
  ZmqgEventType type = zmqg_event_get_event_type (event);
  int value = zmqg_event_get_value (event);
  const GError *error = zmqg_event_get_error (event);
  g_autoptr (ZmqgPeer) peer = zmqg_event_get_peer (event);

  switch (type)
    {
    case ZMQG_EVENT_TYPE_CONNECT_RETRIED:
      g_assert_cmpint (zmqg_event_get_interval (event), ==, value);
      g_assert_nonnull (error);
      break;
    case ZMQG_EVENT_TYPE_BIND_FAILED:
    case ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_NO_DETAIL:
      g_assert_cmpint (zmqg_event_get_system_error (event), ==, value);
      g_assert_cmpint (value, >, 0);
      g_assert_nonnull (error);
      break;
    case ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_PROTOCOL:
      g_assert_cmpint ((int) zmqg_event_get_protocol_error (event), ==, value);
      g_assert_nonnull (error);
      break;
    case ZMQG_EVENT_TYPE_HANDSHAKE_FAILED_AUTH:
      g_assert_cmpint ((int) zmqg_event_get_status_code (event), ==, value);
      g_assert_nonnull (error);
      break;
    case ZMQG_EVENT_TYPE_DISCONNECTED:
      g_assert_cmpint (zmqg_event_get_descriptor (event), ==, value);
      g_assert_nonnull (error);
      break;
    case ZMQG_EVENT_TYPE_HANDSHAKE_SUCCEEDED:
      g_assert_true (ZMQG_IS_PEER (peer));
      break;
    case ZMQG_EVENT_TYPE_CONNECTED:
    case ZMQG_EVENT_TYPE_LISTENING:
    case ZMQG_EVENT_TYPE_ACCEPTED:
      g_assert_cmpint (zmqg_event_get_descriptor (event), ==, value);
      g_assert_null (error);
      g_assert_null (peer);
      break;
    default:
      break;
    }
}

/* Where it happened, as libzmq's monitor names it. */
static char *
address_of (ZmqgEvent *event)
{
  g_autoptr (ZmqgEndpoint) endpoint = zmqg_event_get_endpoint (event);

  if (endpoint == NULL)
    return g_strdup ("");
  if (zmqg_endpoint_get_kind (endpoint) == ZMQG_ENDPOINT_KIND_BIND)
    return g_strdup (zmqg_event_get_local_address (event));
  return g_strdup (zmqg_endpoint_get_uri (endpoint));
}

static void
log_event (Subject *self,
           ZmqgEventType type,
           int value,
           const char *address)
{
  GEnumClass *klass = g_type_class_ref (ZMQG_TYPE_EVENT_TYPE);
  GEnumValue *name = g_enum_get_value (klass, (int) type);

  g_assert_nonnull (name);
  if (self->log->len > 0)
    g_string_append_c (self->log, ' ');
  g_string_append (self->log, name->value_nick);
  log_value (self->log, type, value);
  if (g_str_equal (address, self->uri))
    g_string_append_c (self->log, '@');
  g_type_class_unref (klass);
}

static void
take_event (Subject *self)
{
  if (self->is_ours)
    {
      g_autoptr (ZmqgEvent) event = NULL;
      g_autofree char *address = NULL;

      ZMQG_TEST_AWAIT (self->events.length > 0, DEADLINE_MS);
      event = g_queue_pop_head (&self->events);
      address = address_of (event);
      check_typed (event);
      log_event (self, zmqg_event_get_event_type (event),
                 zmqg_event_get_value (event), address);
    }
  else
    {
      g_autofree char *answer = interop_ask (self->theirs, "event");
      g_auto (GStrv) words = g_strsplit (answer, " ", 4);

      g_assert_cmpstr (words[0], ==, "event");
      log_event (self, atoi (words[1]), atoi (words[2]), words[3]);
    }
}

static void
take_events (Subject *self,
             guint n)
{
  for (guint i = 0; i < n; i++)
    take_event (self);
}

/* The end: nothing else was told before it. */
static void
end (Subject *self)
{
  do
    take_event (self);
  while (!g_str_has_suffix (self->log->str, "monitor-stopped"));
}

/* --- Peers of libzmq ----------------------------------------------------- */

static char *
wildcard (Subject *self,
          gboolean ipc)
{
  return ipc ? g_strdup_printf ("ipc://%s/subject", self->folder)
             : g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ());
}

static char *
bind_peer (Subject *self,
           gboolean ipc)
{
  g_autofree char *uri = wildcard (self, ipc);
  g_autofree char *answer = interop_ask (self->peer, "bind %s", uri);

  g_assert_true (g_str_has_prefix (answer, "ok "));
  return g_strdup (answer + 3);
}

static void
play_connects (Subject *self,
               gconstpointer data)
{
  gboolean ipc = data != NULL;
  g_autofree char *uri = NULL;

  self->peer = interop_peer_new ("PULL");
  uri = bind_peer (self, ipc);
  begin (self, "PUSH");
  connect_subject (self, uri);
  take_events (self, ipc ? 2 : 3);
  interop_peer_kill (self->peer);
  take_events (self, ipc ? 4 : 5);
}

static void
play_binds (Subject *self,
            gconstpointer data)
{
  g_autofree char *uri = wildcard (self, data != NULL);

  self->peer = interop_peer_new ("PUSH");
  begin (self, "PULL");
  bind_subject (self, uri);
  interop_do (self->peer, "connect %s", self->uri);
  take_events (self, 3);
  interop_peer_kill (self->peer);
  take_events (self, 1);
  end_endpoint (self, "unbind");
  take_events (self, 1);
  close_subject (self);
  end (self);
}

/* Ending a connection oneself is no event. */
static void
play_disconnects (Subject *self,
                  gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = NULL;

  self->peer = interop_peer_new ("PULL");
  uri = bind_peer (self, FALSE);
  begin (self, "PUSH");
  connect_subject (self, uri);
  take_events (self, 3);
  end_endpoint (self, "disconnect");
  close_subject (self);
  end (self);
}

static void
play_closes (Subject *self,
             gconstpointer data)
{
  g_autofree char *uri = wildcard (self, data != NULL);

  self->peer = interop_peer_new ("PUSH");
  begin (self, "PULL");
  bind_subject (self, uri);
  interop_do (self->peer, "connect %s", self->uri);
  take_events (self, 3);
  close_subject (self);
  end (self);
}

/* Once more, after it was lost and nobody listened for a while. */
static void
play_comes_again (Subject *self,
                  gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = NULL;
  gsize start;

  self->peer = interop_peer_new ("PULL");
  uri = bind_peer (self, FALSE);
  begin (self, "PUSH");
  connect_subject (self, uri);
  take_events (self, 3);
  interop_peer_kill (self->peer);
  take_events (self, 2);
  start = self->log->len;
  interop_peer_start (self->peer);
  interop_tell (self->peer, "bind %s", uri);
  interop_expect (self->peer, "ok %s", uri);
  do
    {
      /* However often it was refused. */
      if (g_str_has_suffix (self->log->str, "connect-retried@"))
        g_string_truncate (self->log, start);
      take_event (self);
    }
  while (!g_str_has_suffix (self->log->str, "handshake-succeeded@"));
}

/* --- Nobody -------------------------------------------------------------- */

/* An address at which nobody listens, as long as we hold it. */
static char *
nobody (Subject *self)
{
  g_autoptr (GSocketAddress) any = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  GError *error = NULL;

  self->held = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                             G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_socket_bind (self->held, any, FALSE, &error);
  g_assert_no_error (error);
  address = g_socket_get_local_address (self->held, &error);
  g_assert_no_error (error);
  return g_strdup_printf (
    "tcp://127.0.0.1:%u",
    g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
}

static void
play_refused (Subject *self,
              gconstpointer data)
{
  g_autofree char *uri = data != NULL
                           ? g_strdup_printf ("ipc://%s/nobody", self->folder)
                           : nobody (self);

  begin (self, "PUSH");
  connect_subject (self, uri);
  take_events (self, data != NULL ? 4 : 6);
}

static void
play_refused_once (Subject *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = nobody (self);

  begin (self, "PUSH");
  set_interval (self, -1);
  connect_subject (self, uri);
  take_events (self, 2);
  close_subject (self);
  end (self);
}

static void
play_lost_for_good (Subject *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  g_autofree char *uri = NULL;

  self->peer = interop_peer_new ("PULL");
  uri = bind_peer (self, FALSE);
  begin (self, "PUSH");
  set_interval (self, -1);
  connect_subject (self, uri);
  take_events (self, 3);
  interop_peer_kill (self->peer);
  take_events (self, 1);
  close_subject (self);
  end (self);
}

static void
play_unresolvable (Subject *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  begin (self, "PUSH");
  connect_subject (self, "tcp://no-such-host.invalid:5555");
  take_events (self, 2);
}

static void
play_bind_fails (Subject *self,
                 gconstpointer data)
{
  g_autofree char *taken = NULL;

  self->raw = raw_peer_new ();
  taken = raw_peer_listen (self->raw);
  begin (self, "PULL");
  bind_fails (self, data != NULL ? data : taken);
  close_subject (self);
  end (self);
}

/* --- Peers that break the handshake --------------------------------------- */

typedef struct
{
  const char *mechanism;
  const char *rest; /* behind the greeting */
  gboolean closes;
  gboolean silent;  /* not even a greeting */
  gboolean stops;   /* until the time is over */
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
  g_autofree char *uri = wildcard (self, FALSE);

  self->raw = raw_peer_new ();
  begin (self, "PULL");
  if (play->stops)
    hurry_handshakes (self);
  bind_subject (self, uri);
  raw_peer_connect (self->raw, self->uri);
  take_events (self, 2);
  play_bytes (self->raw, play);
  do
    take_event (self);
  while (!g_str_has_suffix (self->log->str, "disconnected=fd@"));
  close_subject (self);
  end (self);
}

static void
play_raw_binds (Subject *self,
                gconstpointer data)
{
  const Play *play = data;
  g_autofree char *uri = NULL;

  self->raw = raw_peer_new ();
  begin (self, "PUSH");
  if (play->stops)
    hurry_handshakes (self);
  uri = raw_peer_listen (self->raw);
  connect_subject (self, uri);
  raw_peer_accept (self->raw);
  take_events (self, 2);
  play_bytes (self->raw, play);
  do
    take_event (self);
  while (!g_str_has_suffix (self->log->str, "disconnected=fd@"));
}

static const Play says_nothing = { .silent = TRUE, .stops = TRUE };
static const Play goes_at_once = { .silent = TRUE, .closes = TRUE };
static const Play goes_in_handshake = { "NULL", "", TRUE };
static const Play stops_in_handshake = { "NULL", "", .stops = TRUE };
static const Play other_mechanism = { "PLAIN", "" };
static const Play wrong_type = {
  "NULL", "04 19 05 \"READY\" 0b \"Socket-Type\" 00*3 03 \"REP\"",
};
static const Play no_ready = { "NULL", "04 05 04 \"HELO\"" };
static const Play message = { "NULL", "00 05 04 \"HELO\"" };
static const Play malformed_ready = { "NULL", "04 08 05 \"READY\" 0b \"S\"" };
static const Play malformed_error = { "NULL",
                                      "04 0a 05 \"ERROR\" 09 \"abc\"" };
/* libzmq keeps such a connection until the time is over. */
static const Play error_400 = {
  "NULL", "04 0a 05 \"ERROR\" 03 \"400\"", .stops = TRUE,
};
static const Play error_text = {
  "NULL", "04 0a 05 \"ERROR\" 03 \"abc\"", .stops = TRUE,
};

#define ACCEPTED "listening=fd@ accepted=fd@ "
#define CONNECTED "connect-delayed=115@ connected=fd@ "
#define STOPPED " disconnected=fd@ closed@ monitor-stopped"

static const Case cases[] = {
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
    CONNECTED "handshake-failed-no-detail@ disconnected=fd@" },
  { "connects/goes-at-once", play_raw_binds, &goes_at_once,
    CONNECTED "handshake-failed-no-detail=lost@ disconnected=fd@" },
  { "connects/stops-in-handshake", play_raw_binds, &stops_in_handshake,
    CONNECTED "handshake-failed-no-detail@ disconnected=fd@" },
  { "connects/other-mechanism", play_raw_binds, &other_mechanism,
    CONNECTED "handshake-failed-protocol=11000002@ disconnected=fd@" },
  { "connects/wrong-type", play_raw_binds, &wrong_type,
    CONNECTED "disconnected=fd@" },
  { "connects/no-ready", play_raw_binds, &no_ready,
    CONNECTED "handshake-failed-protocol=10000001@ disconnected=fd@" },
  { "connects/error-400", play_raw_binds, &error_400,
    CONNECTED "handshake-failed-auth=400@ disconnected=fd@" },
};

/* --- Both ---------------------------------------------------------------- */

static char *
play (const Case *one,
      gboolean is_ours,
      ZmqgEngineMode mode)
{
  Subject self = { .is_ours = is_ours };
  GError *error = NULL;

  self.folder = zmqg_test_tmpdir ();
  self.log = g_string_new (NULL);
  if (is_ours)
    self.context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode, NULL);

  one->play (&self, one->data);

  g_clear_pointer (&self.peer, interop_peer_free);
  g_clear_pointer (&self.raw, raw_peer_free);
  g_clear_object (&self.held);
  g_clear_pointer (&self.theirs, interop_peer_free);
  if (is_ours)
    {
      zmqg_socket_close (self.ours);
      g_clear_object (&self.ours);
      zmqg_context_terminate (self.context, NULL, &error);
      g_assert_no_error (error);
      g_clear_object (&self.context);
    }
  g_queue_clear_full (&self.events, (GDestroyNotify) zmqg_event_unref);
  zmqg_test_rmdir (self.folder);
  g_free (self.folder);
  g_free (self.uri);
  return g_string_free (self.log, FALSE);
}

static void
test_threads (gconstpointer data)
{
  const Case *one = data;
  g_autofree char *log = play (one, TRUE, ZMQG_ENGINE_MODE_THREADS);

  g_assert_cmpstr (log, ==, one->log);
}

static void
test_main_context (gconstpointer data)
{
  const Case *one = data;
  g_autofree char *log = play (one, TRUE, ZMQG_ENGINE_MODE_MAIN_CONTEXT);

  g_assert_cmpstr (log, ==, one->log);
}

static void
test_libzmq (gconstpointer data)
{
  const Case *one = data;
  g_autofree char *log = play (one, FALSE, ZMQG_ENGINE_MODE_THREADS);

  g_assert_cmpstr (log, ==, one->log);
}

static void
add (const Case *one,
     const char *who,
     GTestDataFunc func)
{
  g_autofree char *path = g_strdup_printf ("/zmqg/interop/events/%s/%s",
                                           one->name, who);

  g_test_add_data_func (path, one, func);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      add (&cases[i], "libzmq", test_libzmq);
      add (&cases[i], "threads", test_threads);
      add (&cases[i], "main-context", test_main_context);
    }

  return g_test_run ();
}
