/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-read-through-private.h"

#include "base/zmqg-error.h"
#include "zmqg-test.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* An inbound side whose bytes receivers read themselves from a descriptor. */
typedef struct
{
  ZmqgPipe *pipe; /* the socket's end */
  ZmqgInbound in;
  ZmqgReadThrough reading;
  ZmqgOptions *options;
  ZmqgFrameArray frames;
  atomic_uint posts;
  int fd;
  int far;
} Fixture;

static void
note_post (ZmqgPipe *pipe,
           guint events)
{
  atomic_fetch_or ((atomic_uint *) pipe->owner, events);
}

static const ZmqgPipeOwner owner_ops = { .post = note_post };
static const ZmqgSessionTable plain = { .number = 0 };

static void
answer (ZmqgInbound *inbound,
        const ZmqgCommand *command G_GNUC_UNUSED)
{
  inbound->answered = TRUE;
}

/* Of TCP, where the low-water mark has an effect. */
static void
connect_pair (Fixture *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (listen (listener, 1), ==, 0);
  getsockname (listener, (struct sockaddr *) &address, &size);
  self->far = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (connect (self->far, (struct sockaddr *) &address, size),
                   ==, 0);
  self->fd = accept (listener, NULL, NULL);
  g_assert_cmpint (self->fd, >=, 0);
  close (listener);
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->options = zmqg_options_new ();
  self->pipe = zmqg_pipe_new (0, GPOINTER_TO_UINT (data), FALSE, FALSE);
  self->pipe->ops = self->pipe->peer->ops = &owner_ops;
  self->pipe->owner = self->pipe->peer->owner = &self->posts;
  zmqg_inbound_init (&self->in, self->pipe->peer, &plain, self->options);
  self->in.command = answer;
  zmqg_inbound_reset (&self->in, ZMQG_ZMTP_3_1, NULL);
  zmqg_read_through_init (&self->reading, &self->in);
  zmqg_frame_array_init (&self->frames);
  connect_pair (self);
  zmqg_read_through_open (&self->reading, self->fd);
}

static void
tear_down (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  zmqg_frame_array_clear (&self->frames);
  zmqg_read_through_clear (&self->reading);
  zmqg_inbound_clear (&self->in);
  zmqg_pipe_unref (self->pipe);
  zmqg_options_unref (self->options);
  close (self->fd);
  if (self->far >= 0)
    close (self->far);
}

static void
say (Fixture *self,
     gconstpointer data,
     gsize size)
{
  g_assert_cmpint (send (self->far, data, size, MSG_NOSIGNAL), ==,
                   (gssize) size);
}

static ZmqgPull
pull (Fixture *self,
      gboolean *tell)
{
  gboolean ignored;
  int fd;
  ZmqgPull result = zmqg_read_through_pull (&self->reading, &fd,
                                            tell != NULL ? tell : &ignored);

  if (result == ZMQG_PULL_WAIT)
    g_assert_cmpint (fd, ==, self->fd);
  return result;
}

/* Until what was said has come. */
static void
pull_news (Fixture *self)
{
  ZMQG_TEST_AWAIT (pull (self, NULL) == ZMQG_PULL_NEWS, 10000);
}

static gboolean
take (Fixture *self)
{
  if (!zmqg_pipe_peek (self->pipe, &self->frames))
    return FALSE;

  zmqg_pipe_consume (self->pipe);
  return TRUE;
}

static gboolean
is_lent (Fixture *self)
{
  return atomic_load (&self->reading.lent);
}

/* --- Receivers ------------------------------------------------------------ */

static void
test_pull (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  gboolean tell;

  /* Lent by the first read; only that one is told. */
  g_assert_false (is_lent (self));
  g_assert_cmpint (pull (self, &tell), ==, ZMQG_PULL_WAIT);
  g_assert_true (tell);
  g_assert_true (is_lent (self));
  g_assert_cmpint (pull (self, &tell), ==, ZMQG_PULL_WAIT);
  g_assert_false (tell);

  say (self, "\0\1a\0\1b", 6);
  pull_news (self);
  g_assert_true (take (self));
  g_assert_true (take (self));
  g_assert_false (take (self));
  g_assert_cmpint (pull (self, NULL), ==, ZMQG_PULL_WAIT);
}

/* A command has the engine answer. */
static void
test_pull_command (Fixture *self,
                   gconstpointer data G_GNUC_UNUSED)
{
  gboolean tell;

  pull (self, NULL);
  say (self, "\4\7\4PING\0\1", 9);
  ZMQG_TEST_AWAIT ((pull (self, &tell), tell), 10000);
  g_assert_true (self->in.answered);
  g_assert_false (take (self));
}

/* Without room there is nothing to wait for but the receiver itself. */
static void
test_pull_paused (Fixture *self,
                  gconstpointer data G_GNUC_UNUSED)
{
  for (guint i = 0; i < 10; i++)
    say (self, "\0\1x", 3);
  ZMQG_TEST_AWAIT ((pull (self, NULL), self->in.paused), 10000);
  g_assert_cmpint (pull (self, NULL), ==, ZMQG_PULL_NEWS);
  g_assert_false (self->reading.awaited);
  /* The engine is not woken for room. */
  atomic_store (&self->posts, 0);
  for (guint i = 0; i < 10; i++)
    {
      g_assert_true (take (self));
      if (i % 2 == 1 && i < 9)
        g_assert_cmpint (pull (self, NULL), ==, ZMQG_PULL_NEWS);
    }
  g_assert_cmphex (atomic_load (&self->posts) & ZMQG_PIPE_WRITABLE, ==, 0);
  g_assert_false (take (self));
}

static void
test_end (Fixture *self,
          gconstpointer data G_GNUC_UNUSED)
{
  gboolean tell;

  pull (self, NULL);
  say (self, "\0\1x", 3);
  close (self->far);
  self->far = -1;
  pull_news (self);
  g_assert_true (take (self));
  ZMQG_TEST_AWAIT (pull (self, &tell) == ZMQG_PULL_NOTHING, 10000);
  g_assert_true (tell);
  g_assert_true (self->reading.ended);
  g_assert_no_error (self->reading.error);

  /* Nobody reads on; there is nothing to tell any more. */
  g_assert_cmpint (pull (self, &tell), ==, ZMQG_PULL_NOTHING);
  g_assert_false (tell);
  g_assert_false (zmqg_read_through_leave (&self->reading));

  /* That the engine closes does not make it forget. */
  zmqg_read_through_close (&self->reading);
  g_assert_true (self->reading.ended);
  zmqg_read_through_reset (&self->reading);
  g_assert_false (self->reading.ended);
}

static void
test_protocol_error (Fixture *self,
                     gconstpointer data G_GNUC_UNUSED)
{
  gboolean tell;

  self->options->max_message_size = 10;
  pull (self, NULL);
  say (self, "\0\1x\0\13", 5);
  ZMQG_TEST_AWAIT ((pull (self, &tell), self->reading.error != NULL), 10000);
  g_assert_true (tell);
  g_assert_error (self->reading.error, ZMQG_ERROR,
                  ZMQG_ERROR_MESSAGE_TOO_LARGE);
  g_assert_false (self->reading.ended);
  /* What came before it counts. */
  g_assert_true (take (self));
  g_assert_cmpint (pull (self, &tell), ==, ZMQG_PULL_NOTHING);
  g_assert_false (tell);
}

/* Only bytes are a sign of life. */
static void
test_heard (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  pull (self, NULL);
  g_assert_false (zmqg_read_through_take_heard (&self->reading));
  say (self, "\0\1x", 3);
  pull_news (self);
  g_assert_true (zmqg_read_through_take_heard (&self->reading));
  g_assert_false (zmqg_read_through_take_heard (&self->reading));
}

static guint
kernel_low_water (Fixture *self)
{
  int value = 0;
  socklen_t size = sizeof value;

  getsockopt (self->fd, SOL_SOCKET, SO_RCVLOWAT, &value, &size);
  return value;
}

/* While much of a body is missing the kernel waits for much of it. */
static void
test_low_water (Fixture *self,
                gconstpointer data G_GNUC_UNUSED)
{
  g_autofree guint8 *body = g_malloc0 (1000000);
  guint8 header[ZMQG_FRAME_HEADER_MAX];
  gsize size = zmqg_frame_encode_header (header, 0, 1000000);
  guint largest = 0;

  pull (self, NULL);
  g_assert_cmpuint (kernel_low_water (self), ==, 1);
  say (self, header, size);
  for (gsize done = 0; done < 1000000; done += 20000)
    {
      say (self, body, 20000);
      ZMQG_TEST_AWAIT (
        (pull (self, NULL), self->in.body == NULL ||
                              self->in.body_have == done + 20000), 10000);
      if (self->in.body != NULL)
        {
          gsize left = self->in.body_size - self->in.body_have;

          /* Never for more than there will be. */
          g_assert_cmpuint (kernel_low_water (self), <=, left);
          largest = MAX (largest, kernel_low_water (self));
        }
    }
  g_assert_cmpuint (largest, >, 64 * 1024);
  g_assert_cmpuint (kernel_low_water (self), ==, 1);
  g_assert_true (take (self));
}

/* --- The engine ------------------------------------------------------------ */

static void
test_beat (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  gboolean tell;

  g_assert_cmpint (zmqg_read_through_beat (&self->reading), ==,
                   ZMQG_BEAT_STOP);

  /* It read, and looks at what there was. */
  say (self, "\0\1x", 3);
  pull_news (self);
  g_assert_cmpint (zmqg_read_through_beat (&self->reading), ==,
                   ZMQG_BEAT_AGAIN);
  pull (self, &tell);
  g_assert_false (tell); /* there is a beat */

  /* It sleeps: nothing has to be looked at. */
  g_assert_true (self->reading.awaited);
  g_assert_cmpint (zmqg_read_through_beat (&self->reading), ==,
                   ZMQG_BEAT_STOP);
  g_assert_true (is_lent (self));

  /* It does not any more: a beat without a read takes reading back. */
  g_assert_true (zmqg_read_through_leave (&self->reading));
  g_assert_false (zmqg_read_through_leave (&self->reading));
  g_assert_cmpint (zmqg_read_through_beat (&self->reading), ==,
                   ZMQG_BEAT_BACK);
  g_assert_false (is_lent (self));
  g_assert_cmpint (zmqg_read_through_beat (&self->reading), ==,
                   ZMQG_BEAT_STOP);

  /* The next one is told of again. */
  pull (self, &tell);
  g_assert_true (tell);
}

static void
test_lend (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  zmqg_lock (&self->reading.lock);
  g_assert_false (zmqg_read_through_lend (&self->reading));
  zmqg_unlock (&self->reading.lock);
  g_assert_false (is_lent (self));

  /* Somebody has read before. */
  pull (self, NULL);
  zmqg_read_through_leave (&self->reading);
  zmqg_lock (&self->reading.lock);
  zmqg_read_through_take_back (&self->reading);
  g_assert_true (zmqg_read_through_lend (&self->reading));
  zmqg_unlock (&self->reading.lock);
  g_assert_true (is_lent (self));

  /* But does not come again. */
  g_assert_cmpint (zmqg_read_through_beat (&self->reading), ==,
                   ZMQG_BEAT_BACK);

  zmqg_read_through_close (&self->reading);
  zmqg_lock (&self->reading.lock);
  g_assert_false (zmqg_read_through_lend (&self->reading));
  zmqg_unlock (&self->reading.lock);
}

static void
test_close (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  gboolean tell;

  pull (self, NULL);
  g_assert_true (self->reading.awaited);
  zmqg_read_through_close (&self->reading);
  g_assert_false (is_lent (self));
  g_assert_false (self->reading.awaited);
  g_assert_false (self->reading.beating);
  say (self, "\0\1x", 3);
  g_assert_cmpint (pull (self, &tell), ==, ZMQG_PULL_NOTHING);
  g_assert_false (tell);
  g_assert_false (is_lent (self));
  g_assert_false (zmqg_read_through_leave (&self->reading));

  /* Another connection, or the same. */
  zmqg_read_through_open (&self->reading, self->fd);
  pull_news (self);
  g_assert_true (take (self));
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD_MARK(path, function, mark)                                        \
  g_test_add ("/zmqg/engine/read-through/" path, Fixture,                     \
              GUINT_TO_POINTER (mark), set_up, function, tear_down)
#define ADD(path, function) ADD_MARK (path, function, 0)
  ADD ("pull", test_pull);
  ADD ("pull-command", test_pull_command);
  ADD_MARK ("pull-paused", test_pull_paused, 2);
  ADD ("end", test_end);
  ADD ("protocol-error", test_protocol_error);
  ADD ("heard", test_heard);
  ADD ("low-water", test_low_water);
  ADD ("beat", test_beat);
  ADD ("lend", test_lend);
  ADD ("close", test_close);
#undef ADD
#undef ADD_MARK

  return g_test_run ();
}
