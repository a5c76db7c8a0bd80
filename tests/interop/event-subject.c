/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "event-subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- The subject --------------------------------------------------------- */

static void
on_event (ZmqgSocket *socket,
          ZmqgEvent *event,
          gpointer user_data)
{
  Subject *self = user_data;

  g_queue_push_tail (&self->events, zmqg_event_ref (event));
}

void
subject_set (Subject *self,
             const char *property,
             const char *option,
             int value)
{
  if (self->is_ours)
    g_object_set (self->ours, property, value, NULL);
  else
    interop_do (self->theirs, "set %s %d", option, value);
}

void
subject_begin (Subject *self,
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
      interop_do (self->theirs, "set linger 0");
      interop_do (self->theirs, "monitor");
    }
  subject_set (self, "reconnect-interval", "reconnect-ivl",
               SUBJECT_INTERVAL_MS);
}

void
subject_set_uri (Subject *self,
                 const char *uri)
{
  g_free (self->uri);
  self->uri = g_strdup (uri);
}

void
subject_bind (Subject *self,
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
      subject_set_uri (self, answer + 3);
    }
}

void
subject_bind_fails (Subject *self,
                    const char *uri)
{
  subject_set_uri (self, uri);
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

void
subject_connect (Subject *self,
                 const char *uri)
{
  GError *error = NULL;

  subject_set_uri (self, uri);
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

void
subject_end_endpoint (Subject *self,
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

void
subject_close (Subject *self)
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
      g_assert_cmpint (value, >=, SUBJECT_INTERVAL_MS);
      g_assert_cmpint (value, <, 2 * SUBJECT_INTERVAL_MS);
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

void
subject_take_event (Subject *self)
{
  if (self->is_ours)
    {
      g_autoptr (ZmqgEvent) event = NULL;
      g_autofree char *address = NULL;

      ZMQG_TEST_AWAIT (self->events.length > 0, INTEROP_DEADLINE_MS);
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

void
subject_take_events (Subject *self,
                     guint n)
{
  for (guint i = 0; i < n; i++)
    subject_take_event (self);
}

/* The end: nothing else was told before it. */
void
subject_end (Subject *self)
{
  do
    subject_take_event (self);
  while (!g_str_has_suffix (self->log->str, "monitor-stopped"));
}

char *
subject_wildcard (Subject *self,
                  gboolean ipc)
{
  return ipc ? g_strdup_printf ("ipc://%s/subject", self->folder)
             : g_strdup_printf ("tcp://%s:*", zmqg_test_loopback ());
}

char *
subject_bind_peer (Subject *self,
                   gboolean ipc)
{
  g_autofree char *uri = subject_wildcard (self, ipc);
  g_autofree char *answer = interop_ask (self->peer, "bind %s", uri);

  g_assert_true (g_str_has_prefix (answer, "ok "));
  return g_strdup (answer + 3);
}

char *
subject_nobody (Subject *self)
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

/* --- Both ---------------------------------------------------------------- */

static char *
play (const EventCase *one,
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
  const EventCase *one = data;
  g_autofree char *log = play (one, TRUE, ZMQG_ENGINE_MODE_THREADS);

  g_assert_cmpstr (log, ==, one->log);
}

static void
test_main_context (gconstpointer data)
{
  const EventCase *one = data;
  g_autofree char *log = play (one, TRUE, ZMQG_ENGINE_MODE_MAIN_CONTEXT);

  g_assert_cmpstr (log, ==, one->log);
}

static void
test_libzmq (gconstpointer data)
{
  const EventCase *one = data;
  g_autofree char *log = play (one, FALSE, ZMQG_ENGINE_MODE_THREADS);

  g_assert_cmpstr (log, ==, one->theirs != NULL ? one->theirs : one->log);
}

static void
add (const EventCase *one,
     const char *who,
     GTestDataFunc func)
{
  g_autofree char *path = g_strdup_printf ("/zmqg/interop/events/%s/%s",
                                           one->name, who);

  g_test_add_data_func (path, one, func);
}

void
event_cases_add (const EventCase *cases,
                 guint n)
{
  for (guint i = 0; i < n; i++)
    {
      if (!cases[i].is_ours_alone)
        add (&cases[i], "libzmq", test_libzmq);
      add (&cases[i], "threads", test_threads);
      add (&cases[i], "main-context", test_main_context);
    }
}
