/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "option-subject.h"

#include <stdlib.h>
#include <string.h>

#include "interop-descriptor.h"
#include "interop-test.h"

static const char *const types[] = {
  "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH",
  "XPUB", "XSUB",
};

static guint
find_type (const char *name)
{
  guint number = 0;

  while (!g_str_equal (types[number], name))
    number++;
  return number;
}

void
subject_init (Subject *self,
              OptionsTable *table,
              gboolean is_ours,
              ZmqgEngineMode mode)
{
  *self = (Subject){ .table = table, .is_ours = is_ours, .mode = mode };
  self->folder = zmqg_test_tmpdir ();
  self->peers = g_ptr_array_new_with_free_func (
    (GDestroyNotify) interop_peer_free);
  self->raws = g_ptr_array_new_with_free_func (
    (GDestroyNotify) raw_peer_free);
  self->events = g_ptr_array_new_with_free_func (g_free);
  if (is_ours)
    self->context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", mode,
                                  NULL);
}

void
subject_clear (Subject *self)
{
  GError *error = NULL;

  if (self->socket != NULL)
    {
      g_object_set (self->socket, "linger", 0, NULL);
      zmqg_socket_close (self->socket);
      g_object_unref (self->socket);
    }
  if (self->context != NULL)
    {
      zmqg_context_terminate (self->context, NULL, &error);
      g_assert_no_error (error);
      g_object_unref (self->context);
    }
  g_ptr_array_unref (self->peers);
  g_ptr_array_unref (self->raws);
  g_ptr_array_unref (self->events);
  zmqg_test_rmdir (self->folder);
  g_free (self->folder);
}

void
subject_open (Subject *self,
              const char *type)
{
  guint number = find_type (type);

  self->type = type;
  g_assert_null (self->socket);
  if (self->is_ours)
    {
      self->socket = zmqg_context_create_socket (self->context,
                                                 (ZmqgSocketType) number);
      g_object_set (self->socket, "send-timeout", INTEROP_DEADLINE_MS,
                    "receive-timeout", INTEROP_DEADLINE_MS,
                    "reconnect-interval", 10, NULL);
    }
  else
    {
      self->peer = interop_peer_new (type);
      g_ptr_array_add (self->peers, self->peer);
    }
}

void
subject_close (Subject *self)
{
  GError *error = NULL;

  if (!self->is_ours)
    {
      interop_do (self->peer, "close");
      return;
    }

  zmqg_socket_close (self->socket);
  g_clear_object (&self->socket);
  zmqg_context_terminate (self->context, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&self->context);
}

/* --- Options ------------------------------------------------------------ */

static void
add_metadata (ZmqgSocket *socket,
              const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);
  GError *error = NULL;

  zmqg_socket_add_metadata (socket, parts[0], parts[1], &error);
  g_assert_no_error (error);
}

static void
add_accept_filter (ZmqgSocket *socket,
                   const char *text)
{
  GError *error = NULL;

  zmqg_socket_add_accept_filter (socket, text, &error);
  g_assert_no_error (error);
}

static void
clear_accept_filters (ZmqgSocket *socket,
                      const char *text)
{
  zmqg_socket_clear_accept_filters (socket);
}

static void
clear_ipc_filters (ZmqgSocket *socket,
                   const char *text)
{
  zmqg_socket_clear_ipc_filters (socket);
}

static void
add_ipc_filter_pid (ZmqgSocket *socket,
                    const char *text)
{
  zmqg_socket_add_ipc_filter_pid (socket, (guint) atoi (text));
}

static void
add_ipc_filter_uid (ZmqgSocket *socket,
                    const char *text)
{
  zmqg_socket_add_ipc_filter_uid (socket, (guint) atoi (text));
}

static void
add_ipc_filter_gid (ZmqgSocket *socket,
                    const char *text)
{
  zmqg_socket_add_ipc_filter_gid (socket, (guint) atoi (text));
}

static void
sub_subscribe (ZmqgSocket *socket,
               const char *text)
{
  GError *error = NULL;

  zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (socket), text, &error);
  g_assert_no_error (error);
}

static void
sub_unsubscribe (ZmqgSocket *socket,
                 const char *text)
{
  GError *error = NULL;

  zmqg_sub_socket_unsubscribe (ZMQG_SUB_SOCKET (socket), text, &error);
  g_assert_no_error (error);
}

static void
xpub_subscribe (ZmqgSocket *socket,
                const char *text)
{
  GError *error = NULL;

  zmqg_xpub_socket_subscribe (ZMQG_XPUB_SOCKET (socket), text, &error);
  g_assert_no_error (error);
}

static void
xpub_unsubscribe (ZmqgSocket *socket,
                  const char *text)
{
  GError *error = NULL;

  zmqg_xpub_socket_unsubscribe (ZMQG_XPUB_SOCKET (socket), text, &error);
  g_assert_no_error (error);
}

/* What is no property; and how libzmq wants it. */
static const struct
{
  const char *member;
  const char *kind;
  void (*set) (ZmqgSocket *socket, const char *text);
} functions[] = {
  { "zmqg_socket_add_metadata ()", "bytes", add_metadata },
  { "zmqg_socket_add_accept_filter ()", "bytes", add_accept_filter },
  { "zmqg_socket_clear_accept_filters ()", "bytes", clear_accept_filters },
  { "zmqg_socket_clear_ipc_filters ()", "bytes", clear_ipc_filters },
  { "zmqg_socket_add_ipc_filter_pid ()", "int", add_ipc_filter_pid },
  { "zmqg_socket_add_ipc_filter_uid ()", "int", add_ipc_filter_uid },
  { "zmqg_socket_add_ipc_filter_gid ()", "int", add_ipc_filter_gid },
  { "zmqg_sub_socket_subscribe ()", "bytes", sub_subscribe },
  { "zmqg_sub_socket_unsubscribe ()", "bytes", sub_unsubscribe },
  { "zmqg_xpub_socket_subscribe ()", "bytes", xpub_subscribe },
  { "zmqg_xpub_socket_unsubscribe ()", "bytes", xpub_unsubscribe },
};

static void
set_property (ZmqgSocket *socket,
              const char *name,
              const char *text)
{
  GParamSpec *pspec = g_object_class_find_property (
    G_OBJECT_GET_CLASS (socket), name);
  g_auto (GValue) value = G_VALUE_INIT;
  GType type;

  g_assert_nonnull (pspec);
  type = pspec->value_type;
  g_value_init (&value, type);
  if (type == G_TYPE_STRING)
    g_value_set_string (&value, text);
  else if (type == G_TYPE_BYTES)
    g_value_take_boxed (&value, g_bytes_new (text, strlen (text)));
  else if (type == G_TYPE_BOOLEAN)
    g_value_set_boolean (&value, g_str_equal (text, "true"));
  else if (type == G_TYPE_UINT64)
    g_value_set_uint64 (&value, g_ascii_strtoull (text, NULL, 10));
  else if (type == G_TYPE_INT64)
    g_value_set_int64 (&value, g_ascii_strtoll (text, NULL, 10));
  else if (G_TYPE_IS_FLAGS (type))
    g_value_set_flags (&value, (guint) atoi (text));
  else
    g_value_set_int (&value, atoi (text));
  g_object_set_property (G_OBJECT (socket), name, &value);
}

void
subject_set (Subject *self,
             const char *member,
             const char *value)
{
  const OptionRow *row = options_table_find (self->table, member);
  const char *kind;

  if (row == NULL)
    g_error ("No row has %s", member);
  kind = option_row_kind (row);

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (g_str_equal (functions[i].member, member))
      {
        kind = functions[i].kind;
        if (self->is_ours)
          {
            functions[i].set (self->socket, value);
            return;
          }
      }

  if (self->is_ours)
    set_property (self->socket, strchr (member, ':') + 1, value);
  else if (g_str_equal (kind, "bytes"))
    interop_do (self->peer, "option %d bytes =%s", row->number, value);
  else
    interop_do (self->peer, "option %d %s %s", row->number, kind,
                g_str_equal (value, "true") ? "1"
                : g_str_equal (value, "false") ? "0" : value);
}

/* --- Endpoints ---------------------------------------------------------- */

char *
subject_bind_to (Subject *self,
                 const char *uri)
{
  GError *error = NULL;

  if (self->is_ours)
    {
      zmqg_socket_bind (self->socket, uri, &error);
      g_assert_no_error (error);
      return zmqg_socket_get_last_endpoint (self->socket);
    }
  else
    {
      g_autofree char *answer = interop_ask (self->peer, "bind %s", uri);

      g_assert_true (g_str_has_prefix (answer, "ok "));
      return g_strdup (answer + strlen ("ok "));
    }
}

char *
subject_bind (Subject *self)
{
  g_autofree char *uri = g_strdup_printf ("tcp://%s:*",
                                          zmqg_test_loopback ());

  return subject_bind_to (self, uri);
}

gboolean
subject_try_bind (Subject *self,
                  const char *uri)
{
  if (self->is_ours)
    {
      return zmqg_socket_bind (self->socket, uri, NULL);
    }
  else
    {
      g_autofree char *answer = interop_ask (self->peer, "bind %s", uri);

      return g_str_has_prefix (answer, "ok ");
    }
}

void
subject_connect (Subject *self,
                 const char *uri)
{
  GError *error = NULL;

  if (!self->is_ours)
    interop_do (self->peer, "connect %s", uri);
  else
    zmqg_socket_connect_to (self->socket, uri, &error);
  g_assert_no_error (error);
}

void
subject_disconnect (Subject *self,
                    const char *uri)
{
  GError *error = NULL;

  if (!self->is_ours)
    interop_do (self->peer, "disconnect %s", uri);
  else
    zmqg_socket_disconnect_from (self->socket, uri, &error);
  g_assert_no_error (error);
}

/* --- Messages ----------------------------------------------------------- */

void
subject_look (Subject *self)
{
  g_autofree char *answer = NULL;

  if (self->is_ours)
    return;

  answer = interop_ask (self->peer, "events");
  g_assert_true (g_str_has_prefix (answer, "ok "));
}

void
subject_send (Subject *self,
              const char *frames)
{
  if (self->is_ours)
    interop_send (self->socket, frames);
  else
    interop_do (self->peer, "send %s", frames);
}

guint
subject_push (Subject *self,
              guint most,
              const char *frames)
{
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *answer = NULL;
  guint n = 0;

  if (!self->is_ours)
    {
      answer = interop_ask (self->peer, "push %u %s", most, frames);
      g_assert_true (g_str_has_prefix (answer, "ok "));
      return (guint) atoi (answer + strlen ("ok "));
    }

  message = interop_make (frames);
  while (n < most && zmqg_socket_try_send (self->socket, message, NULL))
    n++;
  return n;
}

gboolean
subject_refuses (Subject *self,
                 const char *frames)
{
  if (self->is_ours)
    {
      g_autoptr (ZmqgMessage) message = interop_make (frames);

      return !zmqg_socket_send (self->socket, message, NULL, NULL);
    }
  else
    {
      g_autofree char *answer = interop_ask (self->peer, "send %s", frames);

      return g_str_has_prefix (answer, "error ");
    }
}

char *
subject_receive (Subject *self)
{
  GError *error = NULL;

  if (self->is_ours)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      message = zmqg_socket_receive (self->socket, NULL, &error);
      g_assert_no_error (error);
      return interop_describe (message);
    }
  else
    {
      g_autofree char *answer = interop_ask (self->peer, "recv");

      g_assert_true (g_str_has_prefix (answer, "message "));
      return g_strdup (answer + strlen ("message "));
    }
}

void
subject_expect (Subject *self,
                const char *frames)
{
  g_autofree char *expected = interop_seen (frames);
  g_autofree char *received = subject_receive (self);

  g_assert_cmpstr (received, ==, expected);
}

gboolean
subject_is_silent (Subject *self)
{
  if (self->is_ours)
    {
      g_autoptr (ZmqgMessage) message = NULL;

      message = zmqg_socket_receive (self->socket, NULL, NULL);
      return message == NULL;
    }
  else
    {
      g_autofree char *answer = interop_ask (self->peer, "recv");

      return g_str_has_prefix (answer, "error ");
    }
}

void
subject_expect_nothing (Subject *self)
{
  if (self->is_ours)
    {
      interop_nothing (self->socket);
    }
  else
    {
      interop_tell (self->peer, "try");
      interop_expect (self->peer, "nothing");
    }
}

/* --- Events ------------------------------------------------------------- */

static void
note_event (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgEvent *event,
            gpointer user_data)
{
  Subject *self = user_data;
  g_autoptr (ZmqgEndpoint) endpoint = zmqg_event_get_endpoint (event);

  if (endpoint != NULL)
    g_ptr_array_add (self->events,
                     g_strdup_printf ("%d %d %s",
                                      (int) zmqg_event_get_event_type (event),
                                      zmqg_event_get_value (event),
                                      zmqg_endpoint_get_uri (endpoint)));
}

void
subject_monitor (Subject *self)
{
  if (self->is_ours)
    g_signal_connect (self->socket, "event", G_CALLBACK (note_event), self);
  else
    interop_do (self->peer, "monitor");
}

/* Takes what has happened so far. */
static void
fetch_events (Subject *self)
{
  if (self->is_ours)
    {
      zmqg_test_turn (NULL);
      return;
    }

  for (;;)
    {
      g_autofree char *answer = interop_ask (self->peer, "try-event");

      if (!g_str_has_prefix (answer, "event "))
        return;
      g_ptr_array_add (self->events, g_strdup (answer + strlen ("event ")));
    }
}

guint
subject_count_events (Subject *self,
                      int type,
                      const char *uri,
                      int *largest)
{
  guint n = 0;

  fetch_events (self);
  *largest = 0;
  for (guint i = 0; i < self->events->len; i++)
    {
      g_auto (GStrv) words = g_strsplit (g_ptr_array_index (self->events, i),
                                         " ", 3);

      if (atoi (words[0]) != type || !g_str_equal (words[2], uri))
        continue;
      *largest = MAX (*largest, atoi (words[1]));
      n++;
    }
  return n;
}

/* --- Descriptors -------------------------------------------------------- */

char *
subject_descriptor (Subject *self,
                    guint local,
                    guint remote,
                    const char *what)
{
  g_autofree char *answer = NULL;

  if (self->is_ours)
    return interop_descriptor_tell (local, remote, what);

  answer = interop_ask (self->peer, "descriptor %u %u %s", local, remote,
                        what);
  return g_str_has_prefix (answer, "ok ") ? g_strdup (answer + 3) : NULL;
}

void
subject_await_descriptor (Subject *self,
                          guint local,
                          guint remote,
                          const char *what,
                          const char *expected)
{
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  for (;;)
    {
      g_autofree char *value = subject_descriptor (self, local, remote, what);

      if (g_strcmp0 (value, expected) == 0)
        return;
      if (g_get_monotonic_time () > until)
        g_error ("The %s is %s, not %s", what, value, expected);
      zmqg_test_turn (NULL);
    }
}

/* --- Raw peers ---------------------------------------------------------- */

static RawPeer *
new_raw (Subject *self)
{
  RawPeer *raw = raw_peer_new ();

  g_ptr_array_add (self->raws, raw);
  return raw;
}

RawPeer *
subject_meet (Subject *self,
              const char *uri)
{
  RawPeer *raw = new_raw (self);

  raw_peer_connect (raw, uri);
  return raw;
}

RawPeer *
subject_listen (Subject *self,
                char **uri)
{
  RawPeer *raw = new_raw (self);

  *uri = raw_peer_listen (raw);
  return raw;
}

RawPeer *
subject_hold (Subject *self,
              char **uri)
{
  RawPeer *raw = new_raw (self);

  *uri = raw_peer_hold (raw);
  return raw;
}

RawPeer *
subject_meet_as (Subject *self,
                 const char *uri,
                 const char *type)
{
  RawPeer *raw = subject_meet (self, uri);

  g_free (subject_greet (raw, type, NULL));
  return raw;
}

static void
append_property (GByteArray *bytes,
                 const char *name,
                 const char *value)
{
  guint8 size = (guint8) strlen (name);
  guint8 four[4] = { 0, 0, 0, (guint8) strlen (value) };

  g_byte_array_append (bytes, &size, 1);
  g_byte_array_append (bytes, (const guint8 *) name, size);
  g_byte_array_append (bytes, four, sizeof four);
  g_byte_array_append (bytes, (const guint8 *) value, four[3]);
}

static char *
greet_by_ready (RawPeer *raw,
                guint minor,
                const char *type,
                const char *identity)
{
  g_autoptr (GByteArray) ready = raw_bytes ("04 00 05 \"READY\"");
  char *theirs;
  guint flags;

  append_property (ready, "Socket-Type", type);
  if (identity != NULL)
    append_property (ready, "Identity", identity);
  ready->data[1] = (guint8) (ready->len - 2);

  raw_send (raw, "ff 00*8 7f 03 %02x \"NULL\" 00*48", minor);
  raw_send_bytes (raw, ready->data, ready->len);
  raw_skip (raw, 64);
  theirs = subject_raw_read (raw, &flags);
  g_assert_cmpuint (flags, ==, 4);
  return theirs;
}

char *
subject_greet (RawPeer *raw,
               const char *type,
               const char *identity)
{
  return greet_by_ready (raw, 1, type, identity);
}

void
subject_greet_as (RawPeer *raw,
                  SubjectVersion version,
                  const char *type)
{
  if (version != SUBJECT_ZMTP_2_0)
    {
      g_free (greet_by_ready (raw, version == SUBJECT_ZMTP_3_1, type, NULL));
      return;
    }

  /* Signature, revision, type, and an empty identity; from both. */
  raw_send (raw, "ff 00*7 01 7f 01 %02x 00 00", find_type (type));
  raw_skip (raw, 14);
}

void
subject_raw_send (RawPeer *raw,
                  guint flags,
                  const char *text)
{
  g_autoptr (GByteArray) bytes = raw_bytes (text);

  g_assert_cmpuint (bytes->len, <, 256);
  raw_send (raw, "%02x %02x", flags, bytes->len);
  raw_send_bytes (raw, bytes->data, bytes->len);
}

void
subject_raw_expect (RawPeer *raw,
                    guint flags,
                    const char *text)
{
  g_autoptr (GByteArray) bytes = raw_bytes (text);
  g_autoptr (GByteArray) frame = raw_format ("%02x %02x", flags, bytes->len);

  g_byte_array_append (frame, bytes->data, bytes->len);
  raw_expect_bytes (raw, frame->data, frame->len);
}

char *
subject_raw_read (RawPeer *raw,
                  guint *flags)
{
  guint8 header[2];
  char *text;

  header[0] = raw_next (raw);
  raw_skip (raw, 1);
  header[1] = raw_next (raw);
  raw_skip (raw, 1);
  *flags = header[0];
  g_assert_cmpuint (*flags & 2, ==, 0);

  raw_await (raw, header[1]);
  text = g_strndup ((const char *) raw->unread->data, header[1]);
  for (guint i = 0; i < header[1]; i++)
    text[i] = g_ascii_isprint (raw->unread->data[i])
                ? (char) raw->unread->data[i] : '.';
  raw_skip (raw, header[1]);
  return text;
}

guint
subject_port (const char *uri)
{
  return (guint) g_ascii_strtoull (strrchr (uri, ':') + 1, NULL, 10);
}

guint
subject_raw_port (RawPeer *raw)
{
  g_autoptr (GSocketAddress) local = NULL;
  GError *error = NULL;

  local = g_socket_get_local_address (raw->connection, &error);
  g_assert_no_error (error);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
}
