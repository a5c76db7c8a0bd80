/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-read-through-private.h"

#include "base/zmqg-error.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* Reads of one pull that end no message, so that a receiver looks at its
 * deadline meanwhile. */
#define READS_PER_PULL 16

/* For so long a receiver looks for the rest of a large body. */
#define REST_USEC 100

void
zmqg_read_through_init (ZmqgReadThrough *self,
                        ZmqgInbound *inbound)
{
  memset (self, 0, sizeof *self);
  zmqg_lock_init (&self->lock);
  self->inbound = inbound;
  self->fd = -1;
  self->low_water = 1;
}

void
zmqg_read_through_clear (ZmqgReadThrough *self)
{
  g_clear_error (&self->error);
  zmqg_lock_clear (&self->lock);
}

gssize
zmqg_read_descriptor (int fd,
                      struct iovec *ranges,
                      guint n,
                      GError **error)
{
  struct msghdr message = { .msg_iov = ranges, .msg_iovlen = n };
  gssize size;
  int code;

  do
    size = recvmsg (fd, &message, MSG_DONTWAIT);
  while (size < 0 && errno == EINTR);

  if (size >= 0)
    return size;

  code = errno;
  if (code == EAGAIN || code == EWOULDBLOCK)
    return ZMQG_READ_WOULD_BLOCK;
  if (code == ECONNRESET || code == EPIPE)
    g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_PEER_LOST, "%s",
                 g_strerror (code));
  else
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code),
                         g_strerror (code));
  return -1;
}

/* A body of which so much is missing is waited for in pieces: halves, but of no
 * more than that. */
#define BODY_LARGE (64 * 1024)
#define BODY_PIECE_MAX (256 * 1024)

void
zmqg_read_through_await_body (ZmqgReadThrough *self,
                              int fd)
{
  const ZmqgInbound *inbound = self->inbound;
  guint64 left = inbound->body != NULL
                   ? inbound->body_size - inbound->body_have
                   : 0;
  int low_water = 1;

  if (left > BODY_LARGE)
    low_water = (int) MIN (left, MIN (inbound->body_size / 2, BODY_PIECE_MAX));

  if (G_LIKELY (low_water == self->low_water))
    return;

  /* TCP only; elsewhere it has no effect. */
  self->low_water = low_water;
  setsockopt (fd, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof low_water);
}

/* --- Receivers ---------------------------------------------------------- */

static gssize
read_lent (gpointer source,
           struct iovec *ranges,
           guint n,
           GError **error)
{
  ZmqgReadThrough *self = source;
  gssize size = zmqg_read_descriptor (self->fd, ranges, n, error);

  if (size > 0)
    self->heard = TRUE;
  return size;
}

/* The rest of a large body is on its way, most likely: a look now and then for
 * a moment is cheaper, for both sides, than to sleep and be woken. */
static gboolean
await_rest (ZmqgReadThrough *self)
{
  struct pollfd pfd = { .fd = self->fd, .events = POLLIN };
  gint64 deadline = g_get_monotonic_time () + REST_USEC;

  if (self->low_water == 1)
    return FALSE;

  do
    {
      if (poll (&pfd, 1, 0) != 0)
        return TRUE;
      for (guint i = 0; i < 20; i++)
        zmqg_relax ();
    }
  while (g_get_monotonic_time () < deadline);

  return FALSE;
}

/* Reads until a message is there, or nothing is left to read. */
static ZmqgInboundResult
read_message (ZmqgReadThrough *self,
              guint64 before)
{
  ZmqgInbound *inbound = self->inbound;
  ZmqgInboundResult result = ZMQG_INBOUND_MORE;

  for (guint i = 0; i < READS_PER_PULL && result == ZMQG_INBOUND_MORE &&
                    zmqg_frame_queue_get_written (inbound->pipe->out) ==
                      before;
       i++)
    {
      ZmqgChunk *chunk = zmqg_chunk_new (ZMQG_CHUNK_SIZE);

      result = zmqg_inbound_read (inbound, chunk, read_lent, self,
                                  &self->error);
      if (chunk != NULL)
        zmqg_chunk_unref (chunk);
      if (result == ZMQG_INBOUND_EMPTY)
        {
          zmqg_read_through_await_body (self, self->fd);
          if (await_rest (self))
            result = ZMQG_INBOUND_MORE;
        }
    }

  zmqg_read_through_await_body (self, self->fd);
  return result;
}

/* Locked. */
static ZmqgPull
pull (ZmqgReadThrough *self,
      gboolean *tell)
{
  ZmqgInbound *inbound = self->inbound;
  ZmqgFrameQueue *queue = inbound->pipe->out;
  guint64 before = zmqg_frame_queue_get_written (queue);
  ZmqgInboundResult result = ZMQG_INBOUND_MORE;

  self->wanted = TRUE;
  self->awaited = FALSE;
  self->reads++;
  atomic_store (&self->lent, TRUE);
  *tell = !self->beating;
  self->beating = TRUE;

  if (inbound->paused && !zmqg_inbound_resume (inbound, &self->error))
    result = ZMQG_INBOUND_FAILED;
  if (result == ZMQG_INBOUND_MORE && !inbound->paused)
    result = read_message (self, before);

  /* Room is no news for the engine: the receiver comes again. */
  if (inbound->paused)
    atomic_store (&queue->writer_asleep, 0);
  if (inbound->answered)
    *tell = TRUE;

  if (result == ZMQG_INBOUND_END || result == ZMQG_INBOUND_FAILED)
    {
      self->ended = result == ZMQG_INBOUND_END;
      self->fd = -1;
      *tell = TRUE;
    }

  if (zmqg_frame_queue_get_written (queue) != before)
    return ZMQG_PULL_NEWS;
  if (self->fd < 0)
    return ZMQG_PULL_NOTHING;
  if (result == ZMQG_INBOUND_MORE || inbound->paused)
    return ZMQG_PULL_NEWS;

  self->awaited = TRUE;
  return ZMQG_PULL_WAIT;
}

ZmqgPull
zmqg_read_through_pull (ZmqgReadThrough *self,
                        int *fd,
                        gboolean *tell)
{
  ZmqgPull result = ZMQG_PULL_NOTHING;

  *tell = FALSE;
  zmqg_lock (&self->lock);
  if (self->fd >= 0)
    result = pull (self, tell);
  *fd = self->fd;
  zmqg_unlock (&self->lock);

  return result;
}

gboolean
zmqg_read_through_leave (ZmqgReadThrough *self)
{
  gboolean tell;

  zmqg_lock (&self->lock);
  self->awaited = FALSE;
  tell = self->fd >= 0 && !self->beating && atomic_load (&self->lent);
  if (tell)
    self->beating = TRUE;
  zmqg_unlock (&self->lock);

  return tell;
}

/* --- The engine --------------------------------------------------------- */

void
zmqg_read_through_open (ZmqgReadThrough *self,
                        int fd)
{
  zmqg_lock (&self->lock);
  self->fd = fd;
  zmqg_unlock (&self->lock);
}

void
zmqg_read_through_close (ZmqgReadThrough *self)
{
  zmqg_lock (&self->lock);
  self->fd = -1;
  self->awaited = FALSE;
  self->beating = FALSE;
  zmqg_read_through_take_back (self);
  zmqg_unlock (&self->lock);
}

void
zmqg_read_through_reset (ZmqgReadThrough *self)
{
  self->low_water = 1;
  self->heard = FALSE;
  self->ended = FALSE;
  g_clear_error (&self->error);
}

gboolean
zmqg_read_through_lend (ZmqgReadThrough *self)
{
  if (self->fd < 0 || !self->wanted)
    return FALSE;

  atomic_store (&self->lent, TRUE);
  self->beating = TRUE;
  self->reads = 0;
  return TRUE;
}

ZmqgBeat
zmqg_read_through_beat (ZmqgReadThrough *self)
{
  ZmqgBeat beat = ZMQG_BEAT_STOP;

  zmqg_lock (&self->lock);
  if (atomic_load (&self->lent) && !self->awaited)
    {
      beat = self->reads > 0 ? ZMQG_BEAT_AGAIN : ZMQG_BEAT_BACK;
      if (beat == ZMQG_BEAT_BACK)
        zmqg_read_through_take_back (self);
    }
  self->reads = 0;
  self->beating = beat == ZMQG_BEAT_AGAIN;
  zmqg_unlock (&self->lock);

  return beat;
}
