/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "../engine/engine-test.h"
#include "socket/zmqg-socket-private.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Receivers that read their connection themselves, beside others that want
 * something of the same socket. */

/* --- A call in a thread of its own -------------------------------------- */

typedef struct
{
  ZmqgSocket *socket;
  GCancellable *cancellable;
  guint n; /* messages to receive, G_MAXUINT = until it fails */
  GThread *thread;
  atomic_uint received;
  atomic_bool done;
  ZmqgMessage *message; /* the last one */
  GError *error;
} Receiver;

static gpointer
receive_in_thread (gpointer data)
{
  Receiver *self = data;

  for (guint i = 0; i < self->n && self->error == NULL; i++)
    {
      ZmqgMessage *message = zmqg_socket_receive (
        self->socket, self->cancellable, &self->error);

      if (message == NULL)
        break;
      g_clear_pointer (&self->message, zmqg_message_unref);
      self->message = message;
      atomic_fetch_add (&self->received, 1);
    }
  atomic_store (&self->done, TRUE);
  return NULL;
}

static Receiver *
receiver_new (ZmqgSocket *socket,
              guint n)
{
  Receiver *self = g_new0 (Receiver, 1);

  self->socket = socket;
  self->n = n;
  self->cancellable = g_cancellable_new ();
  self->thread = g_thread_new ("receiver", receive_in_thread, self);
  return self;
}

static void
receiver_await (Receiver *self)
{
  ZMQG_TEST_AWAIT (atomic_load (&self->done), SOCKET_TEST_DEADLINE_MS);
  g_clear_pointer (&self->thread, g_thread_join);
}

static void
receiver_free (Receiver *self)
{
  receiver_await (self);
  g_clear_pointer (&self->message, zmqg_message_unref);
  g_clear_error (&self->error);
  g_object_unref (self->cancellable);
  g_free (self);
}

static void
assert_text (ZmqgMessage *message,
             const char *text)
{
  g_auto (GStrv) strings = zmqg_message_to_strv (message);

  g_assert_nonnull (strings);
  g_assert_cmpstr (strings[0], ==, text);
}

static void
receiver_expect (Receiver *self,
                 const char *text)
{
  receiver_await (self);
  g_assert_no_error (self->error);
  g_assert_nonnull (self->message);
  assert_text (self->message, text);
  receiver_free (self);
}

static void
receiver_expect_error (Receiver *self,
                       GQuark domain,
                       int code)
{
  receiver_await (self);
  g_assert_null (self->message);
  g_assert_error (self->error, domain, code);
  receiver_free (self);
}

static gboolean
is_threaded (SocketTest *test)
{
  return zmqg_context_get_engine_mode (test->context) ==
         ZMQG_ENGINE_MODE_THREADS;
}

/* Whether a receiver sleeps on the descriptor of its connection (or is about
 * to), and is listed; and whether the engine has seen so. */
static gboolean
is_asleep (ZmqgSocket *socket,
           gboolean seen)
{
  ZmqgSocketCore *core = socket->core;
  ZmqgPipe *pipe;
  ZmqgSession *session;
  gboolean asleep;

  zmqg_socket_core_lock (core);
  pipe = core->lent != NULL ? zmqg_pipe_ref (core->lent) : NULL;
  zmqg_socket_core_unlock (core);
  if (pipe == NULL)
    return FALSE;

  session = pipe->peer->owner;
  zmqg_lock (&session->reading.lock);
  asleep = session->reading.awaited &&
           zmqg_inbox_has_consumers (&core->inbox) &&
           !(seen && session->reading.beating);
  zmqg_unlock (&session->reading.lock);
  zmqg_pipe_unref (pipe);
  return asleep;
}

static void
await_asleep (SocketTest *test,
              ZmqgSocket *socket)
{
  if (is_threaded (test))
    ZMQG_TEST_AWAIT (is_asleep (socket, FALSE), SOCKET_TEST_DEADLINE_MS);
}

/* One that waits for others beside it: it is only listed. */
static void
await_listed (ZmqgSocket *socket,
              guint n)
{
  ZMQG_TEST_AWAIT (atomic_load (&socket->core->inbox.n_consumers) >= n,
                   SOCKET_TEST_DEADLINE_MS);
}

/* Nobody else waits for messages. */
static void
await_alone (ZmqgSocket *socket)
{
  ZMQG_TEST_AWAIT (
    !zmqg_inbox_has_others (&socket->core->inbox, NULL, ZMQG_WAIT_IN),
    SOCKET_TEST_DEADLINE_MS);
}

static ZmqgSocket *
new_pull (SocketTest *test,
          char **uri)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);

  *uri = socket_test_bind (test, pull);
  return pull;
}

/* Two messages have come, one after the other: from the second on, at the
 * latest, the connection can be lent. */
static ZmqgSocket *
new_push (SocketTest *test,
          ZmqgSocket *pull,
          const char *uri)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);

  socket_test_connect (push, uri);
  for (guint i = 0; i < 2; i++)
    {
      socket_test_send (push, "hello", NULL);
      socket_test_expect (pull, "hello", NULL);
    }
  return push;
}

/* --- Peers that are no sockets of ours ----------------------------------- */

static int
raw_socket (int family)
{
  int fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

/* The same: two messages have come. */
static int
raw_connect (ZmqgSocket *socket,
             const char *uri,
             const char *type)
{
  int fd;

  if (g_str_has_prefix (uri, "tcp://"))
    {
      struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
        .sin_port = htons (atoi (strrchr (uri, ':') + 1)),
      };

      fd = raw_socket (AF_INET);
      g_assert_cmpint (connect (fd, (struct sockaddr *) &address,
                                sizeof address), ==, 0);
    }
  else
    {
      struct sockaddr_un address = { .sun_family = AF_UNIX };

      g_strlcpy (address.sun_path, uri + strlen ("ipc://"),
                 sizeof address.sun_path);
      fd = raw_socket (AF_UNIX);
      g_assert_cmpint (connect (fd, (struct sockaddr *) &address,
                                sizeof address), ==, 0);
    }

  g_assert_cmpint (fcntl (fd, F_SETFL, O_NONBLOCK), ==, 0);
  engine_test_peer_greet (fd);
  engine_test_peer_ready (fd, type);
  engine_test_peer_expect_handshake (fd);
  for (guint i = 0; i < 2; i++)
    {
      engine_test_peer_write (fd, "\0\5hello", 7);
      socket_test_expect (socket, "hello", NULL);
    }
  return fd;
}

/* Whether the other side has closed, with nothing before that. */
static gboolean
raw_has_ended (int fd)
{
  guint8 byte;

  return recv (fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* --- Beside others -------------------------------------------------------- */

/* Both get what comes, each message once. */
static void
second_receiver (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push = new_push (test, pull, uri);
  Receiver *first = receiver_new (pull, G_MAXUINT);
  Receiver *second;

  await_asleep (test, pull);
  second = receiver_new (pull, G_MAXUINT);
  await_listed (pull, 2);

  for (guint i = 1; i <= 300; i++)
    {
      socket_test_send (push, "x", NULL);
      ZMQG_TEST_AWAIT (atomic_load (&first->received) +
                         atomic_load (&second->received) == i,
                       SOCKET_TEST_DEADLINE_MS);
    }
  g_cancellable_cancel (first->cancellable);
  receiver_await (first);
  socket_test_send (push, "y", NULL);
  ZMQG_TEST_AWAIT (atomic_load (&first->received) +
                     atomic_load (&second->received) == 301,
                   SOCKET_TEST_DEADLINE_MS);
  g_cancellable_cancel (second->cancellable);
  receiver_await (second);
  g_assert_error (first->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_error (second->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  receiver_free (first);
  receiver_free (second);
}

static void
note_result (GObject *source G_GNUC_UNUSED,
             GAsyncResult *result,
             gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Who came first is served first; the other gets the next. */
static void
async_receive (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push = new_push (test, pull, uri);

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (ZmqgMessage) message = NULL;
      GError *error = NULL;
      Receiver *receiver;

      await_alone (pull);
      receiver = receiver_new (pull, 1);
      if (is_threaded (test))
        await_asleep (test, pull);
      else
        await_listed (pull, 1);
      zmqg_socket_receive_async (pull, NULL, note_result, &result);
      socket_test_send (push, "first", NULL);
      receiver_await (receiver);
      socket_test_send (push, "second", NULL);
      ZMQG_TEST_AWAIT (result != NULL, SOCKET_TEST_DEADLINE_MS);
      message = zmqg_socket_receive_finish (pull, result, &error);
      g_assert_no_error (error);
      assert_text (message, "second");
      receiver_expect (receiver, "first");
    }
}

static gboolean
take_one (ZmqgSocket *socket,
          GIOCondition condition G_GNUC_UNUSED,
          gpointer user_data)
{
  g_autoptr (ZmqgMessage) message = zmqg_socket_try_receive (socket, NULL);

  if (message != NULL)
    ++*(guint *) user_data;
  return G_SOURCE_CONTINUE;
}

/* A source takes what no thread waits for, also right after one did. */
static void
source (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push = new_push (test, pull, uri);

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GSource) source = NULL;
      Receiver *receiver;
      guint taken = 0;

      await_alone (pull);
      receiver = receiver_new (pull, 1);
      await_asleep (test, pull);
      source = zmqg_socket_create_source (pull, G_IO_IN, NULL);
      g_source_set_callback (source, G_SOURCE_FUNC (take_one), &taken, NULL);
      g_source_attach (source, NULL);
      for (guint j = 1; j <= 3; j++)
        {
          socket_test_send (push, "x", NULL);
          ZMQG_TEST_AWAIT (taken + atomic_load (&receiver->received) == j,
                           SOCKET_TEST_DEADLINE_MS);
        }
      g_source_destroy (source);

      /* In case the source was quicker each time. */
      if (atomic_load (&receiver->received) == 0)
        socket_test_send (push, "x", NULL);
      receiver_expect (receiver, "x");
    }
}

static void
count_message (ZmqgSocket *socket G_GNUC_UNUSED,
               ZmqgMessage *message G_GNUC_UNUSED,
               gpointer user_data)
{
  ++*(guint *) user_data;
}

/* ::message is for what nobody waits for: the thread comes first. */
static void
message_handler (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push = new_push (test, pull, uri);

  for (guint i = 0; i < 20; i++)
    {
      Receiver *receiver;
      guint taken = 0;
      gulong id;

      await_alone (pull);
      receiver = receiver_new (pull, 1);
      if (is_threaded (test))
        await_asleep (test, pull);
      else
        await_listed (pull, 1);
      id = g_signal_connect (pull, "message", G_CALLBACK (count_message),
                             &taken);
      zmqg_test_turn (NULL);
      socket_test_send (push, "first", NULL);
      ZMQG_TEST_AWAIT (atomic_load (&receiver->done),
                       SOCKET_TEST_DEADLINE_MS);
      g_assert_cmpuint (taken, ==, 0);
      socket_test_send (push, "second", NULL);
      ZMQG_TEST_AWAIT (taken == 1, SOCKET_TEST_DEADLINE_MS);
      g_signal_handler_disconnect (pull, id);
      receiver_expect (receiver, "first");
    }
}

/* --- What ends the sleep -------------------------------------------------- */

static void
cancelled (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push = new_push (test, pull, uri);
  Receiver *receiver = receiver_new (pull, 1);

  await_asleep (test, pull);
  g_cancellable_cancel (receiver->cancellable);
  receiver_expect_error (receiver, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  /* It took nothing, and the engine reads again. */
  socket_test_send (push, "x", NULL);
  socket_test_await_events (pull, G_IO_IN);
  socket_test_expect (pull, "x", NULL);
}

static void
timed_out (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push = new_push (test, pull, uri);
  gint64 start = g_get_monotonic_time ();

  g_object_set (pull, "receive-timeout", 50, NULL);
  receiver_expect_error (receiver_new (pull, 1), ZMQG_ERROR,
                         ZMQG_ERROR_TIMED_OUT);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 50000);

  socket_test_send (push, "x", NULL);
  socket_test_await_events (pull, G_IO_IN);
  socket_test_expect (pull, "x", NULL);
}

/* The next peer is heard, wherever it comes from. */
static void
peer_lost (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  int fd = raw_connect (pull, uri, "PUSH");
  ZmqgSocket *other;
  Receiver *receiver;

  receiver = receiver_new (pull, 1);
  await_asleep (test, pull);
  close (fd);
  ZMQG_TEST_AWAIT (atomic_load (&pull->core->n_peers) == 0,
                   SOCKET_TEST_DEADLINE_MS);

  other = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  socket_test_connect (other, uri);
  socket_test_send (other, "new", NULL);
  receiver_expect (receiver, "new");
}

static void
socket_closed (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  Receiver *receiver;

  new_push (test, pull, uri);
  receiver = receiver_new (pull, 1);
  await_asleep (test, pull);
  zmqg_socket_close (pull);
  receiver_expect_error (receiver, ZMQG_ERROR, ZMQG_ERROR_CLOSED);
}

static void
context_shut_down (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  Receiver *receiver;

  new_push (test, pull, uri);
  receiver = receiver_new (pull, 1);
  await_asleep (test, pull);
  zmqg_context_shutdown (test->context);
  receiver_expect_error (receiver, ZMQG_ERROR, ZMQG_ERROR_TERMINATED);
}

/* The peer learns of it at once, though a thread sleeps on the descriptor. */
static void
endpoint_gone (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  int fd = raw_connect (pull, uri, "PUSH");
  Receiver *receiver;
  GError *error = NULL;

  receiver = receiver_new (pull, 1);
  await_asleep (test, pull);
  zmqg_socket_unbind (pull, uri, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (raw_has_ended (fd), SOCKET_TEST_DEADLINE_MS);

  g_assert_false (atomic_load (&receiver->done));
  g_cancellable_cancel (receiver->cancellable);
  receiver_expect_error (receiver, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  close (fd);
}

/* --- Commands of the peer ------------------------------------------------- */

static void
ping (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  int fd = raw_connect (pull, uri, "PUSH");
  Receiver *receiver;

  receiver = receiver_new (pull, 1);
  await_asleep (test, pull);
  for (guint i = 0; i < 20; i++)
    {
      engine_test_peer_write (fd, "\4\11\4PING\0\0hi", 11);
      engine_test_peer_expect (fd, "\4\7\4PONGhi", 9);
    }
  engine_test_peer_write (fd, "\0\1x", 3);
  receiver_expect (receiver, "x");

  /* Nobody reads, then the engine does. */
  engine_test_peer_write (fd, "\4\11\4PING\0\0ho", 11);
  engine_test_peer_expect (fd, "\4\7\4PONGho", 9);
  close (fd);
}

/* Silence is noticed while a receiver sleeps, and while one comes and goes. */
static void
silence (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);

  for (guint i = 0; i < 2; i++)
    {
      int fd = raw_connect (pull, uri, "PUSH");
      Receiver *receiver;

      receiver = receiver_new (pull, G_MAXUINT);
      await_asleep (test, pull);
      engine_test_peer_write (fd, "\4\7\4PING\0\2", 9);
      engine_test_peer_expect (fd, "\4\5\4PONG", 7);
      if (i > 0)
        {
          if (is_threaded (test))
            ZMQG_TEST_AWAIT (is_asleep (pull, TRUE), SOCKET_TEST_DEADLINE_MS);
          g_cancellable_cancel (receiver->cancellable);
          receiver_free (receiver);
          receiver = receiver_new (pull, G_MAXUINT);
        }
      ZMQG_TEST_AWAIT (raw_has_ended (fd), SOCKET_TEST_DEADLINE_MS);
      g_cancellable_cancel (receiver->cancellable);
      receiver_free (receiver);
      close (fd);
      ZMQG_TEST_AWAIT (atomic_load (&pull->core->n_peers) == 0,
                       SOCKET_TEST_DEADLINE_MS);
    }
}

/* A message behind the PING is a sign of life: the time begins anew. */
static void
no_silence (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  int fd = raw_connect (pull, uri, "PUSH");
  Receiver *receiver;
  gint64 begin;

  receiver = receiver_new (pull, G_MAXUINT);
  await_asleep (test, pull);
  begin = g_get_monotonic_time ();
  engine_test_peer_write (fd, "\4\7\4PING\0\24", 9); /* 2 s */
  engine_test_peer_expect (fd, "\4\5\4PONG", 7);
  ZMQG_TEST_AWAIT (g_get_monotonic_time () > begin + 1000 * 1000,
                   SOCKET_TEST_DEADLINE_MS);
  engine_test_peer_write (fd, "\0\1x", 3);
  ZMQG_TEST_AWAIT (g_get_monotonic_time () > begin + 2300 * 1000,
                   SOCKET_TEST_DEADLINE_MS);
  g_assert_false (raw_has_ended (fd));
  g_cancellable_cancel (receiver->cancellable);
  receiver_await (receiver);
  g_assert_cmpuint (atomic_load (&receiver->received), ==, 1);
  receiver_free (receiver);
  close (fd);
}

/* --- Much ------------------------------------------------------------------ */

#define N_PEERS 8

/* Only one connection is lent; the others are heard all the same. */
static void
many_connections (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push[N_PEERS];
  guint n = 0;

  for (guint i = 0; i < N_PEERS; i++)
    push[i] = new_push (test, pull, uri);
  for (guint round = 0; round < 50; round++)
    {
      Receiver *receiver = receiver_new (pull, N_PEERS + round % 3);

      for (guint i = 0; i < N_PEERS + round % 3; i++)
        socket_test_send (push[(i + round) % N_PEERS], "x", NULL);
      receiver_await (receiver);
      g_assert_no_error (receiver->error);
      n += atomic_load (&receiver->received);
      receiver_free (receiver);
    }
  g_assert_cmpuint (n, ==, 50 * N_PEERS + 49);
}

/* Calls that wait and calls that do not, in turn. */
static void
alternating (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push = new_push (test, pull, uri);
  GError *error = NULL;

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      g_autoptr (ZmqgMessage) message = NULL;

      socket_test_send (push, text, NULL);
      if (i % 3 == 0)
        {
          message = socket_test_receive (pull);
        }
      else if (i % 3 == 1)
        {
          ZMQG_TEST_AWAIT (
            (message = zmqg_socket_try_receive (pull, NULL)) != NULL,
            SOCKET_TEST_DEADLINE_MS);
        }
      else
        {
          socket_test_await_events (pull, G_IO_IN);
          message = zmqg_socket_try_receive (pull, &error);
          g_assert_no_error (error);
        }
      assert_text (message, text);
      socket_test_refuses_receive (pull, ZMQG_ERROR_WOULD_BLOCK);
    }
}

/* Large messages come in pieces, also when the peer pauses between them. */
static void
large_in_pieces (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  int fd = raw_connect (pull, uri, "PUSH");
  g_autofree guint8 *piece = g_malloc0 (100000);
  guint8 header[ZMQG_FRAME_HEADER_MAX];
  Receiver *receiver;
  gsize size;

  receiver = receiver_new (pull, 2);
  await_asleep (test, pull);
  size = zmqg_frame_encode_header (header, 0, 1000000);
  engine_test_peer_write (fd, header, size);
  for (guint i = 0; i < 10; i++)
    {
      gsize done = 0;

      while (done < 100000)
        {
          ssize_t n = send (fd, piece + done, 100000 - done,
                            MSG_NOSIGNAL | MSG_DONTWAIT);

          if (n > 0)
            done += n;
          zmqg_test_turn (NULL);
        }
    }
  ZMQG_TEST_AWAIT (atomic_load (&receiver->received) == 1,
                   SOCKET_TEST_DEADLINE_MS);
  /* Waiting for much has ended with it. */
  engine_test_peer_write (fd, "\0\5small", 7);
  receiver_expect (receiver, "small");
  close (fd);
}

/* --- Ends ------------------------------------------------------------------ */

/* What a receiver has read, and had no room for, is still received when the
 * connection turns out to be lost. */
static void
lost_while_paused (SocketTest *test)
{
  ZmqgSocket *dealer = socket_test_new (test, ZMQG_TYPE_DEALER_SOCKET);
  g_autofree char *uri = NULL;
  guint n = 0;
  int fd;

  g_object_set (dealer, "receive-hwm", 10, NULL);
  uri = socket_test_bind (test, dealer);
  fd = raw_connect (dealer, uri, "DEALER");
  for (guint i = 0; i < 200; i++)
    engine_test_peer_write (fd, "\0\1x", 3);
  /* Some of them by way of this thread. */
  for (; n < 25; n++)
    socket_test_expect (dealer, "x", NULL);
  close (fd);

  /* Finds out. */
  socket_test_send (dealer, "nobody", NULL);
  socket_test_send (dealer, "hears", NULL);
  for (; n < 200; n++)
    socket_test_expect (dealer, "x", NULL);
  ZMQG_TEST_AWAIT (atomic_load (&dealer->core->n_peers) == 0,
                   SOCKET_TEST_DEADLINE_MS);
}

typedef struct
{
  ZmqgSocket *socket;
  atomic_bool done;
} Sender;

#define LARGE (1024 * 1024)

static gpointer
send_in_thread (gpointer data)
{
  Sender *self = data;
  g_autofree guint8 *bytes = g_malloc (LARGE);

  memset (bytes, 'x', LARGE);
  while (zmqg_socket_send_data (self->socket, bytes, LARGE, NULL, NULL))
    ;
  /* The memory was only lent. */
  memset (bytes, 'y', LARGE);
  atomic_store (&self->done, TRUE);
  return NULL;
}

static void
assert_all_x (ZmqgMessage *message)
{
  g_autoptr (GBytes) frame = zmqg_message_get_frame (message, 0);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (frame, &size);

  g_assert_cmpuint (size, ==, LARGE);
  for (gsize i = 0; i < size; i++)
    if (bytes[i] != 'x')
      g_error ("byte %" G_GSIZE_FORMAT " was overwritten", i);
}

/* A sender that is writing its message itself does not keep a closed socket
 * from ending once all is sent. */
static void
closed_while_sending (SocketTest *test)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *uri = NULL;
      ZmqgSocket *pull = new_pull (test, &uri);
      ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
      Sender sender = { push, FALSE };
      Receiver *receiver;
      GThread *thread;

      g_object_set (push, "linger", -1, "send-timeout", -1, NULL);
      socket_test_connect (push, uri);
      socket_test_await_peers (push, 1);
      socket_test_await_peers (pull, 1);
      receiver = receiver_new (pull, G_MAXUINT);
      thread = g_thread_new ("sender", send_in_thread, &sender);
      ZMQG_TEST_AWAIT (atomic_load (&receiver->received) > i % 7,
                       SOCKET_TEST_DEADLINE_MS);
      g_object_ref (push);
      zmqg_socket_close (push);
      ZMQG_TEST_AWAIT (atomic_load (&push->core->n_sessions) == 0,
                       SOCKET_TEST_DEADLINE_MS);
      ZMQG_TEST_AWAIT (atomic_load (&sender.done), SOCKET_TEST_DEADLINE_MS);
      g_thread_join (thread);
      g_object_unref (push);

      g_cancellable_cancel (receiver->cancellable);
      receiver_await (receiver);
      assert_all_x (receiver->message);
      receiver_free (receiver);
      socket_test_close (test, pull);
    }
}

#define N_SENDERS 3
#define N_LARGE 60

static gpointer
send_large (gpointer data)
{
  ZmqgSocket *push = data;
  g_autofree guint8 *bytes = g_malloc (LARGE);
  GError *error = NULL;

  for (guint i = 0; i < N_LARGE; i++)
    {
      /* Over what was lent to the call before. */
      memset (bytes, 'a' + i % 26, LARGE);
      zmqg_socket_send_data (push, bytes, 30000 + i * 10000, NULL, &error);
      g_assert_no_error (error);
    }
  memset (bytes, '-', LARGE);
  return NULL;
}

/* Several threads lend their memory to one socket. */
static void
large_from_many_threads (SocketTest *test)
{
  g_autofree char *uri = NULL;
  ZmqgSocket *pull = new_pull (test, &uri);
  ZmqgSocket *push = new_push (test, pull, uri);
  GThread *threads[N_SENDERS];

  for (guint i = 0; i < N_SENDERS; i++)
    threads[i] = g_thread_new ("sender", send_large, push);
  for (guint i = 0; i < N_SENDERS * N_LARGE; i++)
    {
      g_autoptr (ZmqgMessage) message = socket_test_receive (pull);
      gsize size;
      const guint8 *bytes = zmqg_message_get_data (message, 0, &size);
      guint8 expected = 'a' + (size - 30000) / 10000 % 26;

      for (gsize j = 0; j < size; j++)
        if (bytes[j] != expected)
          g_error ("byte %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
                   " was overwritten", j, size);
    }
  for (guint i = 0; i < N_SENDERS; i++)
    g_thread_join (threads[i]);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function)                                                   \
  socket_test_add ("/zmqg/read-through/" path, SOCKET_TEST_NETWORK, function)
  ADD ("second-receiver", second_receiver);
  ADD ("async-receive", async_receive);
  ADD ("source", source);
  ADD ("message-handler", message_handler);
  ADD ("cancelled", cancelled);
  ADD ("timed-out", timed_out);
  ADD ("peer-lost", peer_lost);
  ADD ("socket-closed", socket_closed);
  ADD ("context-shut-down", context_shut_down);
  ADD ("endpoint-gone", endpoint_gone);
  ADD ("ping", ping);
  ADD ("silence", silence);
  ADD ("no-silence", no_silence);
  ADD ("many-connections", many_connections);
  ADD ("alternating", alternating);
  ADD ("large-in-pieces", large_in_pieces);
  ADD ("lost-while-paused", lost_while_paused);
  ADD ("closed-while-sending", closed_while_sending);
  ADD ("large-from-many-threads", large_from_many_threads);
#undef ADD

  return g_test_run ();
}
