/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "hostile-test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* --- News --------------------------------------------------------------- */

static void
peer_added (ZmqgSocket *socket G_GNUC_UNUSED,
            ZmqgPeer *peer,
            gpointer user_data)
{
  HostileNews *news = user_data;

  g_assert_true (ZMQG_IS_PEER (peer));
  news->added++;
}

static void
peer_removed (ZmqgSocket *socket G_GNUC_UNUSED,
              ZmqgPeer *peer,
              GError *reason,
              gpointer user_data)
{
  HostileNews *news = user_data;

  g_assert_true (ZMQG_IS_PEER (peer));
  g_assert_false (zmqg_peer_is_connected (peer));
  g_assert_nonnull (reason);
  g_ptr_array_add (news->removed, g_error_copy (reason));
}

static void
handshake_failed (ZmqgSocket *socket G_GNUC_UNUSED,
                  ZmqgEndpoint *endpoint,
                  GSocketAddress *address G_GNUC_UNUSED,
                  GError *error,
                  gpointer user_data)
{
  HostileNews *news = user_data;

  g_assert_true (ZMQG_IS_ENDPOINT (endpoint));
  g_assert_nonnull (error);
  g_ptr_array_add (news->failed, g_error_copy (error));
}

static void
news_init (HostileNews *news)
{
  news->failed = g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
  news->removed =
    g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
}

static void
news_clear (HostileNews *news)
{
  g_ptr_array_unref (news->failed);
  g_ptr_array_unref (news->removed);
}

/* --- Cases -------------------------------------------------------------- */

typedef struct
{
  const char *transport;
  ZmqgEngineMode mode;
  HostileTestFunc func;
} Case;

/* The first call of a thread that has to wait opens a descriptor that the
 * thread keeps: it shall not be taken for one of the attack's. */
static void
wait_once (ZmqgContext *context)
{
  g_autoptr (ZmqgSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  socket = g_object_new (ZMQG_TYPE_PAIR_SOCKET, "context", context,
                         "receive-timeout", 0, NULL);
  g_assert_null (zmqg_socket_receive (socket, NULL, &error));
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  zmqg_socket_close (socket);
}

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  HostileTest test = { 0, };
  GError *error = NULL;

  test.context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode,
                               NULL);
  test.transport = self->transport;
  test.mode = self->mode;
  test.folder = zmqg_test_tmpdir ();
  news_init (&test.news);
  news_init (&test.ally_news);
  wait_once (test.context);

  self->func (&test);

  if (test.socket != NULL)
    zmqg_socket_close (test.socket);
  if (test.ally != NULL)
    zmqg_socket_close (test.ally);
  g_clear_object (&test.socket);
  g_clear_object (&test.ally);
  zmqg_context_terminate (test.context, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (test.context);
  zmqg_test_rmdir (test.folder);
  g_free (test.folder);
  g_free (test.uri);
  news_clear (&test.news);
  news_clear (&test.ally_news);
}

void
hostile_test_add (const char *path,
                  HostileTestFunc func)
{
  static const char *const transports[] = { "tcp", "ipc" };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (transports); i++)
    {
      g_autofree char *full = NULL;
      Case *self = g_new (Case, 1);

      self->transport = transports[i / 2];
      self->mode = i % 2 == 0 ? ZMQG_ENGINE_MODE_THREADS
                              : ZMQG_ENGINE_MODE_MAIN_CONTEXT;
      self->func = func;
      full = g_strdup_printf ("%s/%s/%s", path, self->transport,
                              i % 2 == 0 ? "threads" : "main-context");
      g_test_add_data_func_full (full, self, run_case, g_free);
    }
}

ZmqgSocket *
hostile_test_new_socket (HostileTest *test,
                         GType type,
                         HostileNews *news)
{
  ZmqgSocket *socket;

  socket = g_object_new (type,
                         "context", test->context,
                         "send-timeout", HOSTILE_DEADLINE_MS,
                         "receive-timeout", HOSTILE_DEADLINE_MS,
                         "linger", 0,
                         "reconnect-interval", 10,
                         NULL);
  if (news != NULL)
    {
      g_signal_connect (socket, "peer-added", G_CALLBACK (peer_added), news);
      g_signal_connect (socket, "peer-removed", G_CALLBACK (peer_removed),
                        news);
      g_signal_connect (socket, "handshake-failed",
                        G_CALLBACK (handshake_failed), news);
    }
  return socket;
}

void
hostile_test_make (HostileTest *test,
                   GType type)
{
  test->socket = hostile_test_new_socket (test, type, &test->news);
}

static gboolean
ally_sends (HostileTest *test)
{
  return ZMQG_IS_PULL_SOCKET (test->socket) ||
         ZMQG_IS_ROUTER_SOCKET (test->socket) ||
         ZMQG_IS_REP_SOCKET (test->socket);
}

static void
reply (HostileTest *test)
{
  g_autoptr (ZmqgMessage) message = NULL;
  GError *error = NULL;

  zmqg_socket_send_string (test->socket, "reply", NULL, &error);
  g_assert_no_error (error);
  message = zmqg_socket_receive (test->ally, NULL, &error);
  g_assert_no_error (error);
}

void
hostile_test_exchange (HostileTest *test)
{
  ZmqgSocket *from = ally_sends (test) ? test->ally : test->socket;
  ZmqgSocket *to = ally_sends (test) ? test->socket : test->ally;
  g_autofree char *text = g_strdup_printf ("exchange %u",
                                           test->n_exchanged++);
  GError *error = NULL;

  zmqg_socket_send_string (from, text, NULL, &error);
  g_assert_no_error (error);

  /* Behind what attackers said while they were let. */
  for (gboolean found = FALSE; !found;)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      g_autofree char *got = NULL;

      message = zmqg_socket_receive (to, NULL, &error);
      g_assert_no_error (error);
      got = zmqg_message_get_string (
        message, zmqg_message_get_n_frames (message) - 1);
      found = g_strcmp0 (got, text) == 0;
    }

  if (ZMQG_IS_REP_SOCKET (test->socket))
    reply (test);
}

void
hostile_test_listen (HostileTest *test,
                     GType ally)
{
  g_autofree char *uri = NULL;
  GError *error = NULL;

  if (g_str_equal (test->transport, "tcp"))
    uri = g_strdup_printf ("tcp://%s:0", zmqg_test_loopback ());
  else
    uri = g_strdup_printf ("ipc://%s/%u", test->folder, test->n_names++);
  zmqg_socket_bind (test->socket, uri, &error);
  g_assert_no_error (error);
  test->uri = zmqg_socket_get_last_endpoint (test->socket);

  test->ally = hostile_test_new_socket (test, ally, &test->ally_news);
  if (ZMQG_IS_SUB_SOCKET (test->ally))
    {
      zmqg_sub_socket_subscribe (ZMQG_SUB_SOCKET (test->ally), "exchange",
                                 &error);
      g_assert_no_error (error);
    }
  zmqg_socket_connect_to (test->ally, test->uri, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (test->news.added == 1 && test->ally_news.added == 1,
                   HOSTILE_DEADLINE_MS);
  test->n_added = 1;
  if (ZMQG_IS_PUB_SOCKET (test->socket))
    ZMQG_TEST_AWAIT (zmqg_pub_socket_get_topics_count (
                       ZMQG_PUB_SOCKET (test->socket)) == 1,
                     HOSTILE_DEADLINE_MS);
  hostile_test_exchange (test);
  test->n_fds = zmqg_test_fd_count ();
}

void
hostile_test_check (HostileTest *test)
{
  hostile_test_exchange (test);
  ZMQG_TEST_AWAIT (zmqg_test_fd_count () == test->n_fds,
                   HOSTILE_DEADLINE_MS);
  g_assert_cmpuint (test->news.failed->len, ==, test->n_failed);
  g_assert_cmpuint (test->news.removed->len, ==, test->n_removed);
  g_assert_cmpuint (test->ally_news.added, ==, 1);
  g_assert_cmpuint (test->ally_news.failed->len, ==, 0);
  g_assert_cmpuint (test->ally_news.removed->len, ==, 0);
}

void
hostile_test_failed (HostileTest *test,
                     GQuark domain,
                     int code)
{
  ZMQG_TEST_AWAIT (test->news.failed->len > test->n_failed ||
                     test->news.removed->len > test->n_removed,
                   HOSTILE_DEADLINE_MS);
  g_assert_cmpuint (test->news.failed->len, >=, ++test->n_failed);
  g_assert_error ((GError *) g_ptr_array_index (test->news.failed,
                                                test->n_failed - 1),
                  domain, code);
}

void
hostile_test_removed (HostileTest *test,
                      GQuark domain,
                      int code)
{
  ZMQG_TEST_AWAIT (test->news.failed->len > test->n_failed ||
                     test->news.removed->len > test->n_removed,
                   HOSTILE_DEADLINE_MS);
  g_assert_cmpuint (test->news.removed->len, >=, ++test->n_removed);
  g_assert_error ((GError *) g_ptr_array_index (test->news.removed,
                                                test->n_removed - 1),
                  domain, code);
}

void
hostile_test_gone (HostileTest *test)
{
  ZMQG_TEST_AWAIT (test->news.failed->len + test->news.removed->len ==
                     test->n_failed + test->n_removed + 1,
                   HOSTILE_DEADLINE_MS);
  test->n_failed = test->news.failed->len;
  test->n_removed = test->news.removed->len;
  test->n_added = test->news.added;
}

/* --- Raw peers ---------------------------------------------------------- */

static void
raw_address (const char *uri,
             struct sockaddr_storage *storage,
             socklen_t *size)
{
  memset (storage, 0, sizeof *storage);

  if (g_str_has_prefix (uri, "tcp://"))
    {
      struct sockaddr_in *in = (struct sockaddr_in *) storage;

      in->sin_family = AF_INET;
      in->sin_addr.s_addr = inet_addr (zmqg_test_loopback ());
      in->sin_port = htons ((guint16) atoi (strrchr (uri, ':') + 1));
      *size = sizeof *in;
    }
  else
    {
      struct sockaddr_un *un = (struct sockaddr_un *) storage;

      un->sun_family = AF_UNIX;
      g_strlcpy (un->sun_path, uri + strlen ("ipc://"), sizeof un->sun_path);
      *size = sizeof *un;
    }
}

static int
raw_socket (const char *uri)
{
  int family = g_str_has_prefix (uri, "tcp://") ? AF_INET : AF_UNIX;
  int fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static gboolean
raw_is_connected (int fd,
                  struct sockaddr_storage *address,
                  socklen_t size)
{
  if (connect (fd, (struct sockaddr *) address, size) == 0 ||
      errno == EISCONN)
    return TRUE;

  g_assert_true (errno == EINPROGRESS || errno == EALREADY ||
                 errno == EAGAIN || errno == EINTR);
  return FALSE;
}

int
hostile_raw_begin (const char *uri)
{
  struct sockaddr_storage address;
  socklen_t size;
  int fd = raw_socket (uri);

  raw_address (uri, &address, &size);
  raw_is_connected (fd, &address, size);
  return fd;
}

int
hostile_raw_connect (HostileTest *test)
{
  struct sockaddr_storage address;
  socklen_t size;
  int fd = raw_socket (test->uri);

  raw_address (test->uri, &address, &size);
  ZMQG_TEST_AWAIT (raw_is_connected (fd, &address, size),
                   HOSTILE_DEADLINE_MS);
  return fd;
}

int
hostile_raw_listen (HostileTest *test,
                    char **uri)
{
  struct sockaddr_storage address;
  socklen_t size;
  int fd;

  if (g_str_equal (test->transport, "tcp"))
    *uri = g_strdup_printf ("tcp://%s:0", zmqg_test_loopback ());
  else
    *uri = g_strdup_printf ("ipc://%s/%u", test->folder, test->n_names++);

  fd = raw_socket (*uri);
  raw_address (*uri, &address, &size);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (listen (fd, 100), ==, 0);

  if (g_str_equal (test->transport, "tcp"))
    {
      struct sockaddr_in *in = (struct sockaddr_in *) &address;

      size = sizeof address;
      g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size),
                       ==, 0);
      g_free (*uri);
      *uri = g_strdup_printf ("tcp://%s:%u", zmqg_test_loopback (),
                              ntohs (in->sin_port));
    }
  return fd;
}

int
hostile_raw_accept (int fd)
{
  int accepted;

  ZMQG_TEST_AWAIT ((accepted = accept4 (fd, NULL, NULL,
                                        SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0,
                   HOSTILE_DEADLINE_MS);
  return accepted;
}

gboolean
hostile_raw_send (int fd,
                  const void *data,
                  gsize size)
{
  const guint8 *p = data;
  gint64 until = g_get_monotonic_time () + HOSTILE_DEADLINE_MS * 1000;

  while (size > 0)
    {
      gssize sent = send (fd, p, size, MSG_NOSIGNAL);

      g_assert_cmpint (g_get_monotonic_time (), <, until);
      if (sent > 0)
        {
          p += sent;
          size -= sent;
        }
      else if (errno == EAGAIN || errno == EINTR)
        {
          zmqg_test_turn (NULL);
        }
      else
        {
          g_assert_true (errno == EPIPE || errno == ECONNRESET);
          return FALSE;
        }
    }

  return TRUE;
}

void
hostile_raw_send_bytes (int fd,
                        GByteArray *bytes)
{
  hostile_raw_send (fd, bytes->data, bytes->len);
  g_byte_array_unref (bytes);
}

void
hostile_raw_read (int fd,
                  void *data,
                  gsize size)
{
  guint8 *p = data;
  gint64 until = g_get_monotonic_time () + HOSTILE_DEADLINE_MS * 1000;

  while (size > 0)
    {
      gssize got = recv (fd, p, size, 0);

      g_assert_cmpint (g_get_monotonic_time (), <, until);
      g_assert_cmpint (got, !=, 0);
      if (got > 0)
        {
          p += got;
          size -= got;
        }
      else
        {
          g_assert_true (errno == EAGAIN || errno == EINTR);
          zmqg_test_turn (NULL);
        }
    }
}

static gboolean
raw_is_closed (int fd)
{
  guint8 buffer[4096];
  gssize got;

  do
    got = recv (fd, buffer, sizeof buffer, 0);
  while (got > 0);

  return got == 0 || errno == ECONNRESET || errno == EPIPE;
}

void
hostile_raw_await_closed (int fd)
{
  ZMQG_TEST_AWAIT (raw_is_closed (fd), HOSTILE_DEADLINE_MS);
  close (fd);
}

void
hostile_raw_close (int fd,
                   gboolean reset)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  if (reset)
    setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (fd);
}

/* --- Bytes -------------------------------------------------------------- */

void
hostile_bytes_greeting (GByteArray *bytes,
                        const char *mechanism)
{
  guint8 greeting[HOSTILE_GREETING_SIZE] = { 0xff, [9] = 0x7f, [10] = 3,
                                             [11] = 1 };

  memcpy (greeting + 12, mechanism, strlen (mechanism));
  g_byte_array_append (bytes, greeting, sizeof greeting);
}

void
hostile_bytes_header (GByteArray *bytes,
                      guint flags,
                      guint64 size)
{
  guint8 header[9] = { (guint8) flags, (guint8) size };
  guint64 be = GUINT64_TO_BE (size);

  if (size <= 255 && (flags & HOSTILE_LONG) == 0)
    {
      g_byte_array_append (bytes, header, 2);
      return;
    }

  header[0] |= HOSTILE_LONG;
  memcpy (header + 1, &be, sizeof be);
  g_byte_array_append (bytes, header, 9);
}

void
hostile_bytes_frame (GByteArray *bytes,
                     guint flags,
                     const void *data,
                     gsize size)
{
  hostile_bytes_header (bytes, flags, size);
  if (size > 0)
    g_byte_array_append (bytes, data, size);
}

void
hostile_bytes_command (GByteArray *bytes,
                       const char *name,
                       const void *data,
                       gsize size)
{
  guint8 length = (guint8) strlen (name);

  hostile_bytes_header (bytes, HOSTILE_COMMAND, 1 + length + size);
  g_byte_array_append (bytes, &length, 1);
  g_byte_array_append (bytes, (const guint8 *) name, length);
  if (size > 0)
    g_byte_array_append (bytes, data, size);
}

void
hostile_bytes_property (GByteArray *bytes,
                        const char *name,
                        const char *value,
                        gssize size)
{
  guint8 length = (guint8) strlen (name);
  gsize value_size = size >= 0 ? (gsize) size : strlen (value);
  guint32 be = GUINT32_TO_BE ((guint32) value_size);

  g_byte_array_append (bytes, &length, 1);
  g_byte_array_append (bytes, (const guint8 *) name, length);
  g_byte_array_append (bytes, (const guint8 *) &be, sizeof be);
  if (value_size > 0)
    g_byte_array_append (bytes, (const guint8 *) value, value_size);
}

GByteArray *
hostile_bytes_handshake (const char *type)
{
  g_autoptr (GByteArray) metadata = g_byte_array_new ();
  GByteArray *bytes = g_byte_array_new ();

  hostile_bytes_greeting (bytes, "NULL");
  hostile_bytes_property (metadata, "Socket-Type", type, -1);
  hostile_bytes_command (bytes, "READY", metadata->data, metadata->len);
  return bytes;
}

int
hostile_raw_enter (HostileTest *test,
                   const char *type)
{
  int fd = hostile_raw_connect (test);

  hostile_raw_send_bytes (fd, hostile_bytes_handshake (type));
  ZMQG_TEST_AWAIT (test->news.added == test->n_added + 1,
                   HOSTILE_DEADLINE_MS);
  test->n_added++;
  return fd;
}

gsize
hostile_memory (void)
{
  g_autofree char *text = NULL;
  unsigned long size, resident;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%lu %lu", &size, &resident), ==, 2);
  return (gsize) resident * (gsize) sysconf (_SC_PAGESIZE);
}
