/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-peer.h"

#include <gio/gio.h>
#include <string.h>

struct _InteropPeer
{
  char *socket_type;
  GSubprocess *process;
  GString *unread; /* what it answered and nobody took yet */
};

InteropPeer *
interop_peer_new (const char *socket_type)
{
  InteropPeer *self = g_new0 (InteropPeer, 1);

  self->socket_type = g_strdup (socket_type);
  self->unread = g_string_new (NULL);
  interop_peer_start (self);
  return self;
}

void
interop_peer_free (InteropPeer *self)
{
  if (self->process != NULL)
    interop_peer_kill (self);
  g_string_free (self->unread, TRUE);
  g_free (self->socket_type);
  g_free (self);
}

void
interop_peer_start (InteropPeer *self)
{
  GError *error = NULL;

  self->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                      G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                    &error, LIBZMQ_PEER, self->socket_type,
                                    NULL);
  g_assert_no_error (error);
}

void
interop_peer_kill (InteropPeer *self)
{
  GError *error = NULL;

  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&self->process);
  g_string_truncate (self->unread, 0);
}

guint
interop_peer_get_pid (InteropPeer *self)
{
  return (guint) g_ascii_strtoull (
    g_subprocess_get_identifier (self->process), NULL, 10);
}

void
interop_peer_signal (InteropPeer *self,
                     int number)
{
  g_subprocess_send_signal (self->process, number);
}

/* --- Talk --------------------------------------------------------------- */

static void
tell (InteropPeer *self,
      const char *format,
      va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  GOutputStream *stream = g_subprocess_get_stdin_pipe (self->process);
  GError *error = NULL;

  g_output_stream_write_all (stream, line, strlen (line), NULL, NULL, &error);
  g_assert_no_error (error);
}

void
interop_tell (InteropPeer *self,
              const char *format,
              ...)
{
  va_list args;

  va_start (args, format);
  tell (self, format, args);
  va_end (args);
}

static gboolean
on_readable (GObject *stream,
             gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
on_deadline (gpointer user_data)
{
  gboolean *expired = user_data;

  *expired = TRUE;
  return G_SOURCE_REMOVE;
}

static void
read_some (InteropPeer *self,
           GPollableInputStream *stream)
{
  char buffer[4096];
  gssize n;
  g_autoptr (GError) error = NULL;

  n = g_pollable_input_stream_read_nonblocking (stream, buffer, sizeof buffer,
                                                NULL, &error);
  if (n > 0)
    {
      g_string_append_len (self->unread, buffer, n);
      return;
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static void
await_line (InteropPeer *self)
{
  GPollableInputStream *stream
    = G_POLLABLE_INPUT_STREAM (g_subprocess_get_stdout_pipe (self->process));
  g_autoptr (GSource) readable = NULL;
  g_autoptr (GSource) deadline = NULL;
  GMainContext *context = g_main_context_get_thread_default ();
  gboolean expired = FALSE;

  readable = g_pollable_input_stream_create_source (stream, NULL);
  g_source_set_callback (readable, G_SOURCE_FUNC (on_readable), NULL, NULL);
  g_source_attach (readable, context);
  deadline = g_timeout_source_new (INTEROP_DEADLINE_MS);
  g_source_set_callback (deadline, on_deadline, &expired, NULL);
  g_source_attach (deadline, context);

  while (strchr (self->unread->str, '\n') == NULL)
    {
      if (expired)
        g_error ("the %s of libzmq gives no answer", self->socket_type);
      if (g_pollable_input_stream_is_readable (stream))
        read_some (self, stream);
      else
        g_main_context_iteration (context, TRUE);
    }

  g_source_destroy (readable);
  g_source_destroy (deadline);
}

char *
interop_answer (InteropPeer *self)
{
  gsize length;
  char *line;

  /* An engine that lives there goes on even when the answer is there. */
  g_main_context_iteration (g_main_context_get_thread_default (), FALSE);

  if (strchr (self->unread->str, '\n') == NULL)
    await_line (self);

  length = (gsize) (strchr (self->unread->str, '\n') - self->unread->str);
  line = g_strndup (self->unread->str, length);
  g_string_erase (self->unread, 0, (gssize) length + 1);
  return line;
}

void
interop_expect (InteropPeer *self,
                const char *format,
                ...)
{
  g_autofree char *expected = NULL;
  g_autofree char *line = interop_answer (self);
  va_list args;

  va_start (args, format);
  expected = g_strdup_vprintf (format, args);
  va_end (args);
  g_assert_cmpstr (line, ==, expected);
}

char *
interop_ask (InteropPeer *self,
             const char *format,
             ...)
{
  va_list args;

  va_start (args, format);
  tell (self, format, args);
  va_end (args);
  return interop_answer (self);
}

void
interop_do (InteropPeer *self,
            const char *format,
            ...)
{
  va_list args;

  va_start (args, format);
  tell (self, format, args);
  va_end (args);
  interop_expect (self, "ok");
}
