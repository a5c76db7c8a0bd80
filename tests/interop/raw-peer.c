/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "raw-peer.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "zmqg-test.h"

RawPeer *
raw_peer_new (void)
{
  RawPeer *self = g_new0 (RawPeer, 1);

  self->unread = g_byte_array_new ();
  return self;
}

RawPeer *
raw_peer_new_in (const char *folder)
{
  RawPeer *self = raw_peer_new ();

  self->folder = g_strdup (folder);
  return self;
}

void
raw_peer_free (RawPeer *self)
{
  g_clear_object (&self->connection);
  g_clear_object (&self->listener);
  g_byte_array_unref (self->unread);
  g_free (self->folder);
  g_free (self);
}

/* --- Connections -------------------------------------------------------- */

static GSocket *
new_socket (GSocketAddress *address)
{
  GError *error = NULL;
  GSocket *socket;

  socket = g_socket_new (g_socket_address_get_family (address),
                         G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                         &error);
  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

static GSocketAddress *
address_of (const char *uri)
{
  const char *host = strstr (uri, "://") + 3;
  const char *port = strrchr (uri, ':') + 1;
  gboolean is_bracketed = host[0] == '[';
  g_autofree char *name = NULL;

  if (g_str_has_prefix (uri, "ipc:"))
    return g_unix_socket_address_new (host);

  name = g_strndup (host + is_bracketed, port - 1 - host - 2 * is_bracketed);
  return g_inet_socket_address_new_from_string (
    name, (guint) g_ascii_strtoull (port, NULL, 10));
}

static void
begin (RawPeer *self)
{
  GError *error = NULL;

  g_socket_set_blocking (self->connection, FALSE);
  if (g_socket_get_family (self->connection) == G_SOCKET_FAMILY_UNIX)
    return;

  g_socket_set_option (self->connection, IPPROTO_TCP, TCP_NODELAY, TRUE,
                       &error);
  g_assert_no_error (error);
}

void
raw_peer_connect (RawPeer *self,
                  const char *uri)
{
  g_autoptr (GSocketAddress) address = address_of (uri);
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->connection);
  self->connection = new_socket (address);
  if (!g_socket_connect (self->connection, address, NULL, &error))
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_clear_error (&error);
  ZMQG_TEST_AWAIT (g_socket_condition_check (self->connection, G_IO_OUT),
                   RAW_DEADLINE_MS);
  g_socket_check_connect_result (self->connection, &error);
  g_assert_no_error (error);
  begin (self);
}

static void
bind_to (RawPeer *self,
         GSocketAddress *address)
{
  GError *error = NULL;

  g_clear_object (&self->listener);
  self->listener = new_socket (address);
  g_socket_bind (self->listener, address, TRUE, &error);
  g_assert_no_error (error);
}

static char *
hold_in_folder (RawPeer *self)
{
  static guint n_names;
  char *uri = g_strdup_printf ("ipc://%s/raw-%u", self->folder, n_names++);
  g_autoptr (GSocketAddress) address = address_of (uri);

  bind_to (self, address);
  return uri;
}

char *
raw_peer_hold_at (RawPeer *self,
                  const char *host)
{
  gboolean is_v6 = strchr (host, ':') != NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketAddress) local = NULL;
  GError *error = NULL;

  address = g_inet_socket_address_new_from_string (host, 0);
  bind_to (self, address);
  local = g_socket_get_local_address (self->listener, &error);
  g_assert_no_error (error);
  return g_strdup_printf (
      is_v6 ? "tcp://[%s]:%u" : "tcp://%s:%u", host,
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local)));
}

char *
raw_peer_hold (RawPeer *self)
{
  return self->folder != NULL
           ? hold_in_folder (self)
           : raw_peer_hold_at (self, zmqg_test_loopback ());
}

void
raw_peer_open (RawPeer *self)
{
  GError *error = NULL;

  g_socket_listen (self->listener, &error);
  g_assert_no_error (error);
}

char *
raw_peer_listen (RawPeer *self)
{
  char *uri = raw_peer_hold (self);

  raw_peer_open (self);
  return uri;
}

void
raw_peer_listen_again (RawPeer *self,
                       const char *uri)
{
  g_autoptr (GSocketAddress) address = address_of (uri);

  /* The file of the first time is still there. */
  if (self->folder != NULL)
    g_unlink (g_unix_socket_address_get_path (
      G_UNIX_SOCKET_ADDRESS (address)));
  bind_to (self, address);
  raw_peer_open (self);
}

void
raw_peer_accept (RawPeer *self)
{
  GError *error = NULL;

  ZMQG_TEST_AWAIT (g_socket_condition_check (self->listener, G_IO_IN),
                   RAW_DEADLINE_MS);
  g_clear_object (&self->connection);
  self->connection = g_socket_accept (self->listener, NULL, &error);
  g_assert_no_error (error);
  begin (self);
}

gboolean
raw_peer_is_called (RawPeer *self)
{
  return (g_socket_condition_check (self->listener, G_IO_IN) & G_IO_IN) != 0;
}

void
raw_peer_hang_up (RawPeer *self)
{
  g_clear_object (&self->connection);
  g_byte_array_set_size (self->unread, 0);
}

/* --- Bytes -------------------------------------------------------------- */

static void
append_word (GByteArray *bytes,
             const char *word)
{
  const char *end;

  if (*word == '"')
    {
      end = strchr (word + 1, '"');
      g_assert_nonnull (end);
      g_byte_array_append (bytes, (const guint8 *) word + 1,
                           (guint) (end - word) - 1);
    }
  else
    {
      guint8 byte;

      g_assert (g_ascii_isxdigit (word[0]) && g_ascii_isxdigit (word[1]));
      byte = (guint8) (g_ascii_xdigit_value (word[0]) << 4 |
                       g_ascii_xdigit_value (word[1]));
      g_byte_array_append (bytes, &byte, 1);
    }
}

GByteArray *
raw_bytes (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *times = strrchr (words[i], '*');
      guint64 n = times == NULL ? 1 : g_ascii_strtoull (times + 1, NULL, 10);

      for (guint64 j = 0; *words[i] != '\0' && j < n; j++)
        append_word (bytes, words[i]);
    }
  return bytes;
}

static GByteArray *
format_bytes (const char *format,
              va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);

  return raw_bytes (text);
}

GByteArray *
raw_format (const char *format,
            ...)
{
  GByteArray *bytes;
  va_list args;

  va_start (args, format);
  bytes = format_bytes (format, args);
  va_end (args);
  return bytes;
}

void
raw_send_bytes (RawPeer *self,
                const guint8 *data,
                gsize size)
{
  while (size > 0)
    {
      gssize n;
      GError *error = NULL;

      ZMQG_TEST_AWAIT (g_socket_condition_check (self->connection, G_IO_OUT),
                       RAW_DEADLINE_MS);
      n = g_socket_send (self->connection, (const char *) data, size, NULL,
                         &error);
      g_assert_no_error (error);
      data += n;
      size -= (gsize) n;
    }
}

void
raw_trickle (RawPeer *self,
             const guint8 *data,
             gsize size)
{
  for (gsize i = 0; i < size; i++)
    {
      raw_send_bytes (self, data + i, 1);
      /* Gives the engine the time to see it, where it runs here. */
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_thread_yield ();
    }
}

void
raw_send (RawPeer *self,
          const char *format,
          ...)
{
  g_autoptr (GByteArray) bytes = NULL;
  va_list args;

  va_start (args, format);
  bytes = format_bytes (format, args);
  va_end (args);
  raw_send_bytes (self, bytes->data, bytes->len);
}

/* Whether there was something, or the end, to read. */
static gboolean
read_some (RawPeer *self,
           gboolean *end)
{
  char buffer[65536];
  gssize n;
  g_autoptr (GError) error = NULL;

  n = g_socket_receive (self->connection, buffer, sizeof buffer, NULL, &error);
  if (n > 0)
    {
      g_byte_array_append (self->unread, (const guint8 *) buffer, (guint) n);
      return TRUE;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;

  *end = TRUE;
  return TRUE;
}

static char *
hex_dump (const guint8 *data,
          gsize size)
{
  GString *string = g_string_new (NULL);

  for (gsize i = 0; i < MIN (size, 200); i++)
    g_string_append_printf (string, "%02x ", data[i]);
  return g_string_free (string, FALSE);
}

void
raw_expect_bytes (RawPeer *self,
                  const guint8 *data,
                  gsize size)
{
  gint64 until = g_get_monotonic_time () + RAW_DEADLINE_MS * 1000;
  gboolean end = FALSE;

  while (self->unread->len < size && !end &&
         g_get_monotonic_time () < until)
    {
      if (!read_some (self, &end))
        zmqg_test_turn (NULL);
    }

  if (self->unread->len < size ||
      (size > 0 && memcmp (self->unread->data, data, size) != 0))
    {
      g_autofree char *expected = hex_dump (data, size);
      g_autofree char *got = hex_dump (self->unread->data,
                                       MIN (self->unread->len, size));

      g_assert_cmpstr (got, ==, expected);
    }
  if (size > 0)
    g_byte_array_remove_range (self->unread, 0, (guint) size);
}

void
raw_expect (RawPeer *self,
            const char *format,
            ...)
{
  g_autoptr (GByteArray) bytes = NULL;
  va_list args;

  va_start (args, format);
  bytes = format_bytes (format, args);
  va_end (args);
  raw_expect_bytes (self, bytes->data, bytes->len);
}

guint8
raw_next (RawPeer *self)
{
  gboolean end = FALSE;

  if (self->unread->len == 0)
    ZMQG_TEST_AWAIT (read_some (self, &end), RAW_DEADLINE_MS);
  g_assert_false (end);
  return self->unread->data[0];
}

gsize
raw_count_to_end (RawPeer *self)
{
  gsize n = 0;
  gboolean end = FALSE;

  while (!end)
    {
      n += self->unread->len;
      g_byte_array_set_size (self->unread, 0);
      ZMQG_TEST_AWAIT (read_some (self, &end), RAW_DEADLINE_MS);
    }

  return n;
}

void
raw_await (RawPeer *self,
           gsize size)
{
  gboolean end = FALSE;

  while (self->unread->len < size)
    {
      ZMQG_TEST_AWAIT (read_some (self, &end), RAW_DEADLINE_MS);
      g_assert_false (end);
    }
}

void
raw_skip (RawPeer *self,
          gsize size)
{
  raw_await (self, size);
  if (size > 0)
    g_byte_array_remove_range (self->unread, 0, (guint) size);
}

gboolean
raw_is_at_end (RawPeer *self)
{
  gboolean end = FALSE;

  while (!end && read_some (self, &end))
    ;
  g_byte_array_set_size (self->unread, 0);
  return end;
}

gboolean
raw_has_some (RawPeer *self)
{
  gboolean end = FALSE;

  while (read_some (self, &end) && !end)
    ;
  g_assert_false (end);
  return self->unread->len > 0;
}

void
raw_expect_nothing (RawPeer *self)
{
  g_assert_false (raw_has_some (self));
}

void
raw_expect_end (RawPeer *self)
{
  gboolean end = FALSE;

  ZMQG_TEST_AWAIT (read_some (self, &end), RAW_DEADLINE_MS);
  g_assert_true (end);
  g_assert_cmpuint (self->unread->len, ==, 0);
}

void
raw_expect_end_behind (RawPeer *self,
                       const char *text)
{
  g_autoptr (GByteArray) expected = raw_bytes (text);
  gboolean end = FALSE;

  while (!end)
    {
      ZMQG_TEST_AWAIT (read_some (self, &end), RAW_DEADLINE_MS);
      while (self->unread->len >= expected->len)
        {
          g_assert_cmpmem (self->unread->data, expected->len, expected->data,
                           expected->len);
          g_byte_array_remove_range (self->unread, 0, expected->len);
        }
    }
  g_assert_cmpuint (self->unread->len, ==, 0);
}
