/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "conformance.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- Sockets ------------------------------------------------------------ */

ZmqgSocket *
new_socket (Fixture *self,
            GType type)
{
  ZmqgSocket *socket;

  socket = g_object_new (type,
                         "context", self->context,
                         "send-timeout", DEADLINE_MS,
                         "receive-timeout", DEADLINE_MS,
                         "linger", 0,
                         "reconnect-interval", 5,
                         NULL);
  g_ptr_array_add (self->sockets, socket);
  return socket;
}

void
drop_socket (Fixture *self,
             ZmqgSocket *socket)
{
  g_assert_true (g_ptr_array_remove (self->sockets, socket));
}

char *
new_address (Fixture *self)
{
  g_autoptr (GString) uri = g_string_new (self->transport->wildcard);
  g_autofree char *n = g_strdup_printf ("%u", self->n_names++);

  /* Of this process alone, so that what is nowhere does not become another
   * test's. */
  g_string_replace (uri, "@loopback@", zmqg_test_loopback (), 0);
  g_string_replace (uri, "@folder@", self->folder, 0);
  g_string_replace (uri, "@n@", n, 0);
  return g_strdup (uri->str);
}

void
bind_to (ZmqgSocket *socket,
         const char *uri)
{
  GError *error = NULL;

  zmqg_socket_bind (socket, uri, &error);
  g_assert_no_error (error);
}

char *
bind_socket (Fixture *self,
             ZmqgSocket *socket)
{
  g_autofree char *uri = new_address (self);

  bind_to (socket, uri);
  return zmqg_socket_get_last_endpoint (socket);
}

void
connect_to (ZmqgSocket *socket,
            const char *uri)
{
  GError *error = NULL;

  zmqg_socket_connect_to (socket, uri, &error);
  g_assert_no_error (error);
}

void
await_peers (ZmqgSocket *socket,
             guint n)
{
  GError *error = NULL;

  zmqg_socket_wait_for_peers (socket, n, NULL, &error);
  g_assert_no_error (error);
}

void
join_sockets (Fixture *self,
              ZmqgSocket *bound,
              ZmqgSocket *connecting)
{
  g_autofree char *uri = bind_socket (self, bound);

  connect_to (connecting, uri);
  await_peers (connecting, 1);
  await_peers (bound, 1);
}

/* --- Messages ----------------------------------------------------------- */

void
send_text (ZmqgSocket *socket,
           const char *text)
{
  GError *error = NULL;

  zmqg_socket_send_string (socket, text, NULL, &error);
  g_assert_no_error (error);
}

void
send_number (ZmqgSocket *socket,
             guint number)
{
  GError *error = NULL;

  zmqg_socket_send_data (socket, (const guint8 *) &number, sizeof number,
                         NULL, &error);
  g_assert_no_error (error);
}

gboolean
try_send_text (ZmqgSocket *socket,
               const char *text)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string (text);
  g_autoptr (GError) error = NULL;

  if (zmqg_socket_try_send (socket, message, &error))
    return TRUE;

  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
  return FALSE;
}

ZmqgMessage *
receive (ZmqgSocket *socket)
{
  ZmqgMessage *message;
  GError *error = NULL;

  message = zmqg_socket_receive (socket, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (message);
  return message;
}

void
expect_text (ZmqgSocket *socket,
             const char *text)
{
  g_autoptr (ZmqgMessage) message = receive (socket);
  g_autofree char *got = zmqg_message_get_string (message, 0);

  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 1);
  g_assert_cmpstr (got, ==, text);
}

guint
number_of (ZmqgMessage *message)
{
  const guint8 *data;
  guint number;
  gsize size;

  data = zmqg_message_get_data (message, 0, &size);
  g_assert_cmpuint (size, ==, sizeof number);
  memcpy (&number, data, sizeof number);
  return number;
}

void
expect_number (ZmqgSocket *socket,
               guint number)
{
  g_autoptr (ZmqgMessage) message = receive (socket);

  g_assert_cmpuint (number_of (message), ==, number);
}

void
expect_nothing (ZmqgSocket *socket)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (zmqg_socket_try_receive (socket, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK);
}

/* --- Calls in threads --------------------------------------------------- */

static gpointer
run_call (gpointer data)
{
  Call *self = data;
  gpointer result;

  g_atomic_int_set (&self->tid, (int) syscall (SYS_gettid));
  result = self->function (self->data);
  g_atomic_int_set (&self->done, TRUE);
  return result;
}

void
call_start (Call *self,
            gpointer (*function) (gpointer data),
            gpointer data)
{
  self->function = function;
  self->data = data;
  self->tid = 0;
  self->done = FALSE;
  self->thread = g_thread_new ("call", run_call, self);
}

/* The state in /proc is right at that moment: S for a thread that sleeps in
 * poll () or in a lock. A test that is fooled by a lock tests less, but does
 * not fail. */
static gboolean
is_asleep (Call *self)
{
  int tid = g_atomic_int_get (&self->tid);
  g_autofree char *path = NULL;
  g_autofree char *stat = NULL;
  const char *state;

  if (g_atomic_int_get (&self->done))
    return TRUE;
  if (tid == 0)
    return FALSE;

  path = g_strdup_printf ("/proc/self/task/%d/stat", tid);
  if (!g_file_get_contents (path, &stat, NULL, NULL))
    return FALSE;

  state = strrchr (stat, ')');
  return state != NULL && state[1] == ' ' && state[2] == 'S';
}

void
call_await_sleep (Call *self)
{
  ZMQG_TEST_AWAIT (is_asleep (self), DEADLINE_MS);
}

gpointer
call_end (Call *self)
{
  return g_thread_join (g_steal_pointer (&self->thread));
}
