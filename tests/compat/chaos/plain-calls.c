/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "plain-chaos.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/uio.h>

/* Memory that is kept until the end, since it was sent as a constant. */
#define CONSTANTS_MAX 500

/* With a free function. */
typedef struct
{
  PlainChaos *chaos;
  guint8 data[];
} Buffer;

/* --- Life --------------------------------------------------------------- */

void
plain_chaos_init (PlainChaos *self,
                  guint32 seed)
{
  memset (self, 0, sizeof *self);
  self->seed = seed;
  self->folder = zmqg_test_tmpdir ();
  self->constants = g_ptr_array_new_with_free_func (g_free);
  chaos_frames_init (&self->frames);
  pthread_mutex_init (&self->lock, NULL);
}

void
plain_chaos_clear (PlainChaos *self)
{
  ZMQG_TEST_AWAIT (atomic_load (&self->freed) == atomic_load (&self->made),
                   CHAOS_DEADLINE_MS);
  pthread_mutex_destroy (&self->lock);
  chaos_frames_clear (&self->frames);
  g_ptr_array_unref (self->constants);
  zmqg_test_rmdir (self->folder);
  g_free (self->folder);
}

/* --- Signals ------------------------------------------------------------ */

void
plain_hear_signals (PlainChaos *self)
{
  pthread_mutex_lock (&self->lock);
  g_assert_cmpuint (self->n_signalled, <, PLAIN_THREADS_MAX);
  self->signalled[self->n_signalled++] = pthread_self ();
  pthread_mutex_unlock (&self->lock);
}

gpointer
plain_send_signals (gpointer chaos)
{
  PlainChaos *self = chaos;

  chaos_random_begin (self->seed + 200);
  while (!atomic_load (&self->silent))
    {
      pthread_mutex_lock (&self->lock);
      if (self->n_signalled > 0)
        pthread_kill (self->signalled[chaos_random (self->n_signalled)],
                      SIGUSR1);
      pthread_mutex_unlock (&self->lock);
      poll (NULL, 0, chaos_one_in (2));
    }
  chaos_random_end ();
  return NULL;
}

void
plain_thread_ends (PlainChaos *self)
{
  atomic_fetch_sub (&self->working, 1);
}

/* --- Errors ------------------------------------------------------------- */

void
plain_check_errno (PlainChaos *self,
                   const char *call,
                   const int *codes)
{
  int code = errno;

  if (code == EINTR)
    atomic_fetch_add (&self->interrupted, 1);
  for (guint i = 0; codes[i] != 0; i++)
    if (codes[i] == code)
      return;

  g_error ("%s: %s (%d)", call, zmq_strerror (code), code);
}

/* --- Sending ------------------------------------------------------------ */

static void
buffer_free (void *data,
             void *hint)
{
  Buffer *self = hint;

  g_assert_true (data == self->data);
  /* Whoever looked at it has counted that. */
  atomic_load (&self->chaos->received);
  atomic_fetch_add (&self->chaos->freed, 1);
  g_free (self);
}

static void
init_data (PlainChaos *self,
           zmq_msg_t *msg,
           const ChaosHeader *what,
           gsize size)
{
  Buffer *buffer = g_malloc (sizeof *buffer + size);

  buffer->chaos = self;
  chaos_frames_fill (&self->frames, buffer->data, size, what);
  atomic_fetch_add (&self->made, 1);
  g_assert_cmpint (zmq_msg_init_data (msg, buffer->data, size, buffer_free,
                                      buffer), ==, 0);
}

/* A message of any kind. */
static void
init_message (PlainChaos *self,
              zmq_msg_t *msg,
              const ChaosHeader *what,
              gsize size)
{
  zmq_msg_t other;

  switch (chaos_random (4))
    {
    case 0:
      g_assert_cmpint (zmq_msg_init_size (msg, size), ==, 0);
      chaos_frames_fill (&self->frames, zmq_msg_data (msg), size, what);
      break;
    case 1:
      init_data (self, &other, what, size);
      zmq_msg_init (msg);
      g_assert_cmpint (zmq_msg_copy (msg, &other), ==, 0);
      zmq_msg_close (&other);
      break;
    case 2:
      init_data (self, &other, what, size);
      zmq_msg_init (msg);
      g_assert_cmpint (zmq_msg_move (msg, &other), ==, 0);
      zmq_msg_close (&other);
      break;
    default:
      init_data (self, msg, what, size);
      break;
    }
}

static int
send_message (PlainChaos *self,
              void *socket,
              const ChaosHeader *what,
              gsize size,
              int flags)
{
  gboolean keep = chaos_one_in (4);
  zmq_msg_t msg;
  zmq_msg_t copy;
  int result;
  int code;

  init_message (self, &msg, what, size);
  zmq_msg_init (&copy);
  if (keep)
    zmq_msg_copy (&copy, &msg);
  if (chaos_one_in (2))
    result = zmq_msg_send (&msg, socket, flags);
  else
    result = zmq_sendmsg (socket, &msg, flags);
  code = errno;
  /* Taken, or as it was. */
  g_assert_cmpuint (zmq_msg_size (&msg), ==, result < 0 ? size : 0);
  if (keep)
    g_assert_cmpuint (zmq_msg_size (&copy), ==, size);
  zmq_msg_close (&copy);
  zmq_msg_close (&msg);
  errno = code;
  return result;
}

/* Memory that stays as it is. */
static int
send_constant (PlainChaos *self,
               void *socket,
               const ChaosHeader *what,
               gsize size,
               int flags)
{
  guint8 *data = g_malloc (size);
  gboolean keep;

  chaos_frames_fill (&self->frames, data, size, what);
  pthread_mutex_lock (&self->lock);
  keep = self->constants->len < CONSTANTS_MAX;
  if (keep)
    g_ptr_array_add (self->constants, data);
  pthread_mutex_unlock (&self->lock);

  if (keep)
    return zmq_send_const (socket, data, size, flags);

  int result = zmq_send (socket, data, size, flags);
  int code = errno;

  g_free (data);
  errno = code;
  return result;
}

int
plain_send_frame (PlainChaos *self,
                  void *socket,
                  const ChaosHeader *what,
                  gsize size,
                  int flags)
{
  g_autofree guint8 *data = NULL;
  struct iovec iov;
  int result;

  switch (chaos_random (8))
    {
    case 0:
    case 1:
    case 2:
      result = send_message (self, socket, what, size, flags);
      break;
    case 3:
      result = send_constant (self, socket, what, size, flags);
      break;
    case 4:
      if ((flags & ZMQ_SNDMORE) == 0)
        {
          data = g_malloc (size);
          chaos_frames_fill (&self->frames, data, size, what);
          iov = (struct iovec) { data, size };
          result = zmq_sendiov (socket, &iov, 1, flags);
          break;
        }
      G_GNUC_FALLTHROUGH;
    default:
      data = g_malloc (size);
      chaos_frames_fill (&self->frames, data, size, what);
      result = zmq_send (socket, data, size, flags);
      break;
    }

  if (result >= 0)
    g_assert_cmpint (result, ==, (int) size);
  return result;
}

/* --- Receiving ---------------------------------------------------------- */

static void
look_at (PlainChaos *self,
         PlainFrame *frame,
         const void *data,
         gsize available)
{
  frame->ours = chaos_frames_check (&self->frames, data, available,
                                    frame->size, &frame->header);
  if (frame->ours)
    atomic_fetch_add (&self->received, 1);
}

static int
receive_memory (PlainChaos *self,
                void *socket,
                int flags,
                PlainFrame *frame)
{
  /* Often there is not room for all of it. */
  gsize room = sizeof (ChaosHeader) + (chaos_one_in (4) ? 400000 : 100);
  g_autofree guint8 *data = g_malloc (room);
  int result = zmq_recv (socket, data, room, flags);

  if (result < 0)
    return -1;

  frame->size = (gsize) result;
  look_at (self, frame, data, MIN (frame->size, room));
  return 0;
}

static int
receive_vector (PlainChaos *self,
                void *socket,
                int flags,
                PlainFrame *frame)
{
  struct iovec iov;
  size_t count = 1;
  int result = zmq_recviov (socket, &iov, &count, flags);

  if (result < 0)
    return -1;

  g_assert_cmpint (result, ==, 1);
  g_assert_cmpuint (count, ==, 1);
  frame->size = iov.iov_len;
  look_at (self, frame, iov.iov_base, frame->size);
  free (iov.iov_base);
  return 0;
}

static int
receive_message (PlainChaos *self,
                 void *socket,
                 int flags,
                 PlainFrame *frame)
{
  zmq_msg_t msg;
  zmq_msg_t other;
  int result;
  int code;

  /* What was in it goes. */
  if (chaos_one_in (8))
    init_data (self, &msg, &(ChaosHeader) { .parts = 1 }, 1000);
  else
    zmq_msg_init (&msg);
  if (chaos_one_in (2))
    result = zmq_msg_recv (&msg, socket, flags);
  else
    result = zmq_recvmsg (socket, &msg, flags);
  code = errno;
  if (result < 0)
    {
      zmq_msg_close (&msg);
      errno = code;
      return -1;
    }

  zmq_msg_init (&other);
  if (chaos_one_in (2))
    zmq_msg_copy (&other, &msg);
  else
    zmq_msg_move (&other, &msg);
  zmq_msg_close (&msg);
  frame->size = zmq_msg_size (&other);
  g_assert_cmpuint (frame->size, ==, result);
  look_at (self, frame, zmq_msg_data (&other), frame->size);
  frame->more = zmq_msg_more (&other);
  zmq_msg_close (&other);
  return 0;
}

int
plain_receive_frame (PlainChaos *self,
                     void *socket,
                     int flags,
                     PlainFrame *frame)
{
  int more = 0;
  size_t size = sizeof more;

  *frame = (PlainFrame) { 0 };
  switch (chaos_random (4))
    {
    case 0:
    case 1:
      return receive_message (self, socket, flags, frame);
    case 2:
      if (receive_vector (self, socket, flags, frame) < 0)
        return -1;
      break;
    default:
      if (receive_memory (self, socket, flags, frame) < 0)
        return -1;
      break;
    }

  /* Of the frame that any thread received last. */
  if (zmq_getsockopt (socket, ZMQ_RCVMORE, &more, &size) == 0)
    frame->more = more;
  return 0;
}

/* --- Options ------------------------------------------------------------ */

void
plain_set (void *socket,
           int option,
           int value)
{
  g_assert_cmpint (zmq_setsockopt (socket, option, &value, sizeof value), ==,
                   0);
}

int
plain_get (void *socket,
           int option)
{
  int value = 0;
  size_t size = sizeof value;

  g_assert_cmpint (zmq_getsockopt (socket, option, &value, &size), ==, 0);
  return value;
}

int
plain_bind_new (PlainChaos *self,
                void *socket,
                guint transport,
                char *uri)
{
  guint number = atomic_fetch_add (&self->n_names, 1);
  size_t size = 256;

  if (transport == 0)
    g_snprintf (uri, 256, "tcp://%s:*", zmqg_test_loopback ());
  else if (transport == 1)
    g_snprintf (uri, 256, "ipc://%s/%u", self->folder, number);
  else
    g_snprintf (uri, 256, "inproc://%u", number);

  if (zmq_bind (socket, uri) < 0)
    return -1;
  if (transport == 0)
    return zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, uri, &size);
  return 0;
}
