/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-outbound-private.h"

#include "base/zmqg-error.h"
#include "zmtp/zmqg-convert-private.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#define RANGES_MAX 64

/* One writev covers at most this, so that heartbeats stay timely. */
#define WRITE_MAX (256u * 1024u)

/* Control frames wait in at most so many bytes: a peer that does not read
 * them gets no more. */
#define CONTROL_MAX (16u * 1024u)

/* So often at a time, so that a producer that never pauses leaves the engine
 * something for others. Counts as blocked: there is more to write. */
#define WRITES_PER_TURN 128

/* A sender writes at most this itself; from so much on it does so even in a
 * burst, where small messages are left to the engine. */
#define PUSH_MAX (4u * 1024u * 1024u)
#define PUSH_LARGE (16u * 1024u)

/* Where something was written so recently, by a sender or the engine, the
 * next is left to the engine: bursts batch. */
#define PUSH_PAUSE_USEC 40

/* While a sender fills the queue and writes it out whenever there is no room,
 * the engine keeps out of its way: so long after the last time. */
#define DRAIN_PAUSE_USEC 500

/* A sender of a large message waits for the kernel so long in all, and so long
 * for a sign of life. */
#define FINISH_USEC 5000
#define FINISH_IDLE_MSEC 1

/* How often the engine looks at a drained queue before it sleeps, and how
 * often whether a queue still grows before it writes. */
#define LOOKS 4
#define GROWTH_LOOKS 100

/* So much is written at once without waiting for more. */
#define BATCH_BYTES (48u * 1024u)

void
zmqg_outbound_init (ZmqgOutbound *self,
                    ZmqgPipe *pipe)
{
  memset (self, 0, sizeof *self);
  zmqg_lock_init (&self->lock);
  self->pipe = pipe;
  self->fd = -1;
}

void
zmqg_outbound_clear (ZmqgOutbound *self)
{
  g_clear_pointer (&self->control, g_byte_array_unref);
  g_clear_object (&self->stream);
  zmqg_lock_clear (&self->lock);
}

void
zmqg_outbound_open (ZmqgOutbound *self,
                    int fd,
                    GPollableOutputStream *stream,
                    ZmqgZmtpVersion version,
                    gboolean has_commands)
{
  zmqg_lock (&self->lock);
  self->open = TRUE;
  self->fd = fd;
  g_set_object (&self->stream, stream);
  self->version = version;
  /* The form of messages is the same from ZMTP 2.0 on. */
  self->convert = version < ZMQG_ZMTP_2_0 ||
                  (version < ZMQG_ZMTP_3_1 && has_commands);
  self->last_write = 0;
  self->last_drain = 0;
  self->blocked = FALSE;
  self->stalled = FALSE;
  zmqg_unlock (&self->lock);
}

void
zmqg_outbound_begin_with (ZmqgOutbound *self,
                          const guint8 *header,
                          gsize header_size,
                          GBytes *payload)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (payload, &size);

  zmqg_lock (&self->lock);
  if (self->control == NULL)
    self->control = g_byte_array_new ();
  g_byte_array_append (self->control, header, header_size);
  g_byte_array_append (self->control, data, size);
  self->greeting = TRUE;
  zmqg_unlock (&self->lock);
}

void
zmqg_outbound_close (ZmqgOutbound *self,
                     gboolean hiccup,
                     guint epoch)
{
  ZmqgFrameQueue *queue = self->pipe->in;

  zmqg_lock (&self->lock);
  self->open = FALSE;
  self->fd = -1;
  g_clear_object (&self->stream);
  if (self->control != NULL)
    g_byte_array_set_size (self->control, 0);
  self->control_done = 0;
  self->greeting = FALSE;
  self->message_done = 0;
  zmqg_frame_queue_rewind (queue);
  atomic_store (&self->pipe->peer->taken, queue->read);
  /* Nobody needs to wake us: traffic starts with a look. */
  atomic_store (&queue->reader_asleep, 0);
  if (hiccup)
    {
      self->wait_epoch = TRUE;
      self->epoch = epoch;
    }
  zmqg_unlock (&self->lock);
}

void
zmqg_outbound_add_control (ZmqgOutbound *self,
                           const guint8 *frame,
                           gsize size)
{
  zmqg_lock (&self->lock);
  if (self->open &&
      (self->control == NULL || self->control->len + size <= CONTROL_MAX))
    {
      if (self->control == NULL)
        self->control = g_byte_array_new ();
      g_byte_array_append (self->control, frame, size);
      atomic_store (&self->pipe->in->reader_asleep, 0);
    }
  zmqg_unlock (&self->lock);
}

/* --- Writing ------------------------------------------------------------ */

static gssize
note_written (ZmqgOutbound *self,
              gssize bytes)
{
  ZmqgAccount *account = self->pipe->peer->account;

  if (account != NULL)
    zmqg_account_add (&account->wire_out, bytes);
  return bytes;
}

/* Bytes written; 0 when that would block, -1 on errors. */
static gssize
write_ranges (ZmqgOutbound *self,
              struct iovec *ranges,
              guint n,
              GError **error)
{
  struct msghdr message = { .msg_iov = ranges, .msg_iovlen = n };
  gssize written;

  if (self->fd < 0)
    {
      gsize bytes = 0;
      GPollableReturn result;

      G_STATIC_ASSERT (sizeof (GOutputVector) == sizeof (struct iovec));
      result = g_pollable_output_stream_writev_nonblocking (
        self->stream, (const GOutputVector *) ranges, n, &bytes, NULL, error);
      if (result == G_POLLABLE_RETURN_FAILED)
        return -1;
      return result == G_POLLABLE_RETURN_OK ? note_written (self, bytes) : 0;
    }

  do
    written = sendmsg (self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (written < 0 && errno == EINTR);

  if (written >= 0)
    {
      self->stalled = FALSE;
      return note_written (self, written);
    }

  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
    return 0;

  if (error != NULL)
    {
      int code = errno;
      gboolean lost = code == EPIPE || code == ECONNRESET;

      g_set_error_literal (error, lost ? ZMQG_ERROR : G_IO_ERROR,
                           lost ? (int) ZMQG_ERROR_PEER_LOST
                                : (int) g_io_error_from_errno (code),
                           g_strerror (code));
    }
  return -1;
}

/* Consumes up to and with the epoch mark; %FALSE when it is not there yet. */
static gboolean
discard_to_epoch (ZmqgOutbound *self)
{
  ZmqgFrameArray frames;
  gboolean found = FALSE;
  ZmqgAccount *account = self->pipe->peer->account;
  guint64 n = 0;

  zmqg_frame_array_init (&frames);
  zmqg_account_begin_drop (account);
  while (!found && zmqg_frame_queue_peek (self->pipe->in, &frames))
    {
      const ZmqgFrameView *view = &frames.views[0];

      if (view->flags & ZMQG_FRAME_EPOCH)
        {
          guint epoch;

          memcpy (&epoch, view->data, sizeof epoch);
          found = epoch == self->epoch;
        }
      else if ((view->flags & ZMQG_FRAME_COMMAND) == 0)
        {
          n++;
        }

      zmqg_pipe_consume (self->pipe);
    }
  zmqg_account_end_drop (account, ZMQG_DROP_REASON_LOST, n);
  zmqg_frame_array_clear (&frames);

  if (found)
    self->wait_epoch = FALSE;
  return found;
}

/* One write of the control frames. */
static ZmqgOutboundResult
write_control (ZmqgOutbound *self,
               GError **error)
{
  struct iovec range = {
    .iov_base = self->control->data + self->control_done,
    .iov_len = self->control->len - self->control_done,
  };
  gssize written = write_ranges (self, &range, 1, error);

  if (written < 0)
    return ZMQG_OUTBOUND_FAILED;

  self->control_done += written;
  if (self->control_done < self->control->len)
    return ZMQG_OUTBOUND_BLOCKED;

  g_byte_array_set_size (self->control, 0);
  self->control_done = 0;
  self->greeting = FALSE;
  return ZMQG_OUTBOUND_DRAINED;
}

/* How much may be written of the queue before control frames have to go: 0
 * when it is their turn. */
static gsize
bytes_before_control (ZmqgOutbound *self)
{
  gsize left;

  if (self->control_done > 0)
    return 0;

  left = zmqg_frame_queue_partial_left (self->pipe->in, FALSE);
  if (left > ZMQG_CHUNK_SIZE)
    left = zmqg_frame_queue_partial_left (self->pipe->in, TRUE);
  return left;
}

/* Between two looks: a few hundred cycles. */
static inline void
relax (void)
{
  for (guint i = 0; i < 4; i++)
    zmqg_relax ();
}

/* The engine owns it, and a sender wants to write itself. */
static inline gboolean
is_in_the_way (ZmqgOutbound *self)
{
  return self->patient &&
         atomic_load_explicit (&self->drainers, memory_order_relaxed) > 0;
}

/* Gathers what there is; in the engine, while a producer adds to it, a while
 * longer: a system call costs as much as a hundred small messages. */
static guint
gather (ZmqgOutbound *self,
        struct iovec *ranges,
        gsize max,
        gsize *total)
{
  ZmqgFrameQueue *queue = self->pipe->in;
  gboolean whole = max == WRITE_MAX; /* no control frame waits */
  guint n;

  n = zmqg_frame_queue_gather (queue, ranges, RANGES_MAX, max, whole, total);

  for (guint i = 0; self->patient && n > 0 && i < GROWTH_LOOKS &&
                    *total < BATCH_BYTES && !is_in_the_way (self); i++)
    {
      gsize before = *total;

      /* Where there are more threads than processors the producer may be
       * waiting for this one. */
      sched_yield ();
      n = zmqg_frame_queue_gather (queue, ranges, RANGES_MAX, max, whole, total);
      if (*total == before)
        break;
    }

  return n;
}

static ZmqgOutboundResult
write_raw (ZmqgOutbound *self,
           gsize max,
           GError **error)
{
  struct iovec ranges[RANGES_MAX];
  gsize total;
  gssize written;
  guint n;

  n = gather (self, ranges, max, &total);
  if (n == 0)
    return ZMQG_OUTBOUND_DRAINED;

  written = write_ranges (self, ranges, n, error);
  if (written < 0)
    return ZMQG_OUTBOUND_FAILED;

  if (written > 0 && zmqg_frame_queue_advance (self->pipe->in, written))
    zmqg_pipe_post_peer (self->pipe, ZMQG_PIPE_WRITABLE);

  return (gsize) written < total ? ZMQG_OUTBOUND_BLOCKED
                                 : ZMQG_OUTBOUND_DRAINED;
}

/* The wire form of a message for an older peer, as ranges. */
static GArray *
convert_message (ZmqgOutbound *self,
                 const ZmqgFrameArray *frames,
                 ZmqgConverted *converted)
{
  GArray *ranges = g_array_sized_new (FALSE, FALSE, sizeof (struct iovec),
                                      frames->n * 2);

  for (guint i = 0; i < frames->n; i++)
    {
      const ZmqgFrameView *view = &frames->views[i];
      ZmqgConverted *to = &converted[i];
      struct iovec range;

      if (!zmqg_zmtp_convert_header (self->version, view->flags, view->data,
                                     view->size, to))
        continue;

      range.iov_base = to->header;
      range.iov_len = to->header_size;
      g_array_append_val (ranges, range);
      if (view->size > to->skip)
        {
          range.iov_base = (guint8 *) view->data + to->skip;
          range.iov_len = view->size - to->skip;
          g_array_append_val (ranges, range);
        }
    }

  return ranges;
}

/* Writes the rest of the ranges behind the first message_done bytes. */
static ZmqgOutboundResult
write_converted_ranges (ZmqgOutbound *self,
                        GArray *ranges,
                        GError **error)
{
  gsize done = self->message_done;
  guint i = 0;

  while (i < ranges->len)
    {
      struct iovec *range = &g_array_index (ranges, struct iovec, i);
      struct iovec saved = *range;
      guint n = MIN (ranges->len - i, RANGES_MAX);
      gssize written;

      if (done >= range->iov_len)
        {
          done -= range->iov_len;
          i++;
          continue;
        }

      range->iov_base = (guint8 *) range->iov_base + done;
      range->iov_len -= done;
      written = write_ranges (self, range, n, error);
      *range = saved;
      if (written < 0)
        return ZMQG_OUTBOUND_FAILED;
      if (written == 0)
        return ZMQG_OUTBOUND_BLOCKED;

      self->message_done += written;
      done += written;
    }

  return ZMQG_OUTBOUND_DRAINED;
}

/* One message (or command) at a time: peers of old versions are few. */
static ZmqgOutboundResult
write_converted (ZmqgOutbound *self,
                 GError **error)
{
  ZmqgOutboundResult result = ZMQG_OUTBOUND_DRAINED;
  ZmqgFrameArray frames;

  zmqg_frame_array_init (&frames);
  if (zmqg_frame_queue_peek (self->pipe->in, &frames) &&
      self->version == ZMQG_ZMTP_RAW && frames.n == 1 &&
      frames.views[0].size == 0)
    {
      /* It stays at the head; the engine finds it, too. */
      zmqg_frame_queue_rewind (self->pipe->in);
      result = ZMQG_OUTBOUND_HUNG_UP;
    }
  else if (frames.n > 0)
    {
      g_autofree ZmqgConverted *converted = g_new (ZmqgConverted, frames.n);
      g_autoptr (GArray) ranges = convert_message (self, &frames, converted);

      result = write_converted_ranges (self, ranges, error);
      if (result == ZMQG_OUTBOUND_DRAINED)
        {
          self->message_done = 0;
          zmqg_pipe_consume (self->pipe);
        }
      else
        {
          /* It stays at the head; peeking again finds it. */
          zmqg_frame_queue_rewind (self->pipe->in);
        }
    }
  zmqg_frame_array_clear (&frames);

  return result;
}

/* Writes until nothing is left or nothing can be written. */
static ZmqgOutboundResult
write_all (ZmqgOutbound *self,
           GError **error)
{
  ZmqgOutboundResult result;

  for (;;)
    {
      gsize max = WRITE_MAX;

      if (self->control != NULL && self->control->len > 0)
        {
          max = self->convert ? self->message_done : bytes_before_control (self);
          if (max == 0)
            {
              result = write_control (self, error);
              if (result != ZMQG_OUTBOUND_DRAINED)
                return result;
              continue;
            }
        }

      if (is_in_the_way (self))
        return ZMQG_OUTBOUND_LEFT;
      if (self->wait_epoch && !discard_to_epoch (self))
        return ZMQG_OUTBOUND_DRAINED;
      if (!zmqg_frame_queue_has_data (self->pipe->in))
        return ZMQG_OUTBOUND_DRAINED;
      if (self->writes++ >= WRITES_PER_TURN)
        return ZMQG_OUTBOUND_BLOCKED;

      result = self->convert ? write_converted (self, error)
                             : write_raw (self, max, error);
      if (result != ZMQG_OUTBOUND_DRAINED)
        return result;
    }
}

/* A producer in full swing has more in a moment: waiting for it is cheaper
 * than sleeping and being woken. */
static gboolean
wait_for_more (ZmqgOutbound *self)
{
  for (guint i = 0; i < LOOKS; i++)
    {
      if (zmqg_frame_queue_has_data (self->pipe->in))
        return TRUE;
      relax ();
    }
  if (is_in_the_way (self))
    return TRUE;

  /* On a busy machine the producer may be waiting for this very processor;
   * it is cheaper to let it go on than to be woken by it. */
  sched_yield ();
  return zmqg_frame_queue_has_data (self->pipe->in);
}

/* Owned, drained: the next one who publishes has to act. %FALSE when
 * something came meanwhile. */
static gboolean
go_to_sleep (ZmqgOutbound *self)
{
  if (!zmqg_frame_queue_reader_sleep (self->pipe->in))
    return FALSE;

  if (zmqg_frame_queue_claim_writer (self->pipe->in))
    zmqg_pipe_post_peer (self->pipe, ZMQG_PIPE_WRITABLE);
  return TRUE;
}

/* Owned. */
static gboolean
is_drained_by_senders (ZmqgOutbound *self)
{
  return self->last_drain != 0 &&
         (self->control == NULL || self->control->len == 0) &&
         g_get_monotonic_time () - self->last_drain < DRAIN_PAUSE_USEC;
}

ZmqgOutboundResult
zmqg_outbound_run (ZmqgOutbound *self,
                   gboolean spin,
                   GError **error)
{
  ZmqgOutboundResult result;

  /* Waiting for a sender would hold up both. */
  if (atomic_load_explicit (&self->drainers, memory_order_relaxed) > 0)
    return ZMQG_OUTBOUND_LEFT;

  do
    {
      zmqg_lock (&self->lock);
      result = ZMQG_OUTBOUND_DRAINED;
      if (self->open && is_drained_by_senders (self))
        {
          result = ZMQG_OUTBOUND_LEFT;
        }
      else if (self->open)
        {
          atomic_store (&self->pipe->in->reader_asleep, 0);
          self->patient = spin;
          self->writes = 0;
          do
            {
              do
                result = write_all (self, error);
              while (result == ZMQG_OUTBOUND_DRAINED && spin &&
                     wait_for_more (self));
            }
          while (result == ZMQG_OUTBOUND_DRAINED && !go_to_sleep (self));
          self->last_write = g_get_monotonic_time ();
          self->blocked = result == ZMQG_OUTBOUND_BLOCKED;
        }
      if (zmqg_frame_queue_has_released (self->pipe->in))
        zmqg_pipe_post_peer (self->pipe, ZMQG_PIPE_STATE);
      self->patient = FALSE;
      zmqg_unlock (&self->lock);

      /* A sender that found the lock taken relies on this look. */
      atomic_thread_fence (memory_order_seq_cst);
    }
  while (atomic_load_explicit (&self->wanted, memory_order_relaxed) &&
         atomic_exchange (&self->wanted, FALSE) &&
         result == ZMQG_OUTBOUND_DRAINED && self->open);

  return result;
}

/* --- Writing through ---------------------------------------------------- */

/* Owned by a sender, drained: the socket may go on. */
static void
settle (ZmqgOutbound *self)
{
  ZmqgFrameQueue *queue = self->pipe->in;

  if (zmqg_frame_queue_settle (queue))
    zmqg_pipe_post_peer (self->pipe, ZMQG_PIPE_WRITABLE);
  if (zmqg_frame_queue_has_released (queue))
    zmqg_pipe_post_peer (self->pipe, ZMQG_PIPE_STATE);
}

/* Owned: whether a sender's own write is wise here. */
static gboolean
may_push (ZmqgOutbound *self,
          gint64 now)
{
  struct iovec ranges[4];
  gsize total;

  if (!self->open || self->fd < 0 || self->wait_epoch ||
      !zmqg_frame_queue_reader_sleeps (self->pipe->in))
    return FALSE;

  zmqg_frame_queue_gather (self->pipe->in, ranges, G_N_ELEMENTS (ranges),
                           PUSH_MAX + 1, FALSE, &total);
  return total <= PUSH_MAX && (total >= PUSH_LARGE ||
                               now - self->last_write > PUSH_PAUSE_USEC);
}

/* Owned: writes what there is; %FALSE when the kernel does not take it. */
static gboolean
push_all (ZmqgOutbound *self)
{
  self->writes = 0;
  /* The flag stays set all the while: whoever publishes meanwhile comes here
   * too, finds the lock taken, and says so. */
  if (write_all (self, NULL) != ZMQG_OUTBOUND_DRAINED)
    return FALSE;

  settle (self);
  return TRUE;
}

ZmqgOutboundPush
zmqg_outbound_push (ZmqgOutbound *self)
{
  for (;;)
    {
      ZmqgOutboundPush result;
      gint64 now;

      if (!zmqg_trylock (&self->lock))
        {
          /* The owner looks at the flag after it unlocks; if that was
           * before we set it, the second try succeeds. */
          atomic_store (&self->wanted, TRUE);
          atomic_thread_fence (memory_order_seq_cst);
          if (!zmqg_trylock (&self->lock))
            return ZMQG_OUTBOUND_PUSHED;
        }

      atomic_store (&self->wanted, FALSE);
      now = g_get_monotonic_time ();
      if (may_push (self, now))
        {
          result = push_all (self) ? ZMQG_OUTBOUND_PUSHED
                                   : ZMQG_OUTBOUND_PUSH_NOW;
          self->last_write = now;
        }
      else
        {
          result = self->open && is_drained_by_senders (self)
                     ? ZMQG_OUTBOUND_PUSH_LATER
                     : ZMQG_OUTBOUND_PUSH_NOW;
        }
      zmqg_unlock (&self->lock);

      atomic_thread_fence (memory_order_seq_cst);
      if (!atomic_load_explicit (&self->wanted, memory_order_relaxed))
        return result;
    }
}

/* Not owned: %FALSE when the kernel takes nothing for a while. */
static gboolean
await_kernel (int fd)
{
  struct pollfd pfd = { .fd = fd, .events = POLLOUT };

  return poll (&pfd, 1, FINISH_IDLE_MSEC) > 0;
}

gboolean
zmqg_outbound_finish (ZmqgOutbound *self)
{
  gint64 deadline = g_get_monotonic_time () + FINISH_USEC;
  ZmqgOutboundResult result;
  gboolean goes_on = FALSE;

  atomic_fetch_add_explicit (&self->drainers, 1, memory_order_relaxed);
  zmqg_lock (&self->lock);
  do
    {
      int fd = self->fd;

      result = ZMQG_OUTBOUND_BLOCKED;
      if (!self->open || fd < 0 || self->wait_epoch)
        break;

      self->writes = 0;
      result = write_all (self, NULL);
      self->last_write = g_get_monotonic_time ();
      goes_on = result == ZMQG_OUTBOUND_BLOCKED && !self->stalled &&
                self->last_write < deadline;
      if (goes_on)
        {
          /* It may be closed meanwhile, and the number be another's: then
           * this waits in vain, for a moment. */
          zmqg_unlock (&self->lock);
          goes_on = await_kernel (fd);
          zmqg_lock (&self->lock);
          self->stalled = !goes_on;
        }
    }
  while (goes_on);

  zmqg_frame_queue_keep_borrowed (self->pipe->in);
  if (result == ZMQG_OUTBOUND_DRAINED)
    settle (self);
  zmqg_unlock (&self->lock);
  atomic_fetch_sub_explicit (&self->drainers, 1, memory_order_relaxed);

  /* A sender that found the lock taken relies on this look. */
  atomic_thread_fence (memory_order_seq_cst);
  if (atomic_load_explicit (&self->wanted, memory_order_relaxed) &&
      atomic_exchange (&self->wanted, FALSE))
    return FALSE;
  return result == ZMQG_OUTBOUND_DRAINED;
}

gboolean
zmqg_outbound_drain (ZmqgOutbound *self)
{
  gboolean done = TRUE;

  /* The engine may be at it: it lets go then. */
  atomic_fetch_add_explicit (&self->drainers, 1, memory_order_relaxed);
  zmqg_lock (&self->lock);

  if (self->open && self->fd >= 0 && !self->wait_epoch && !self->blocked)
    {
      self->writes = 0;
      done = write_all (self, NULL) == ZMQG_OUTBOUND_DRAINED;
      self->last_write = g_get_monotonic_time ();
      self->last_drain = done ? self->last_write : 0;
      if (done)
        settle (self);
    }
  zmqg_unlock (&self->lock);
  atomic_fetch_sub_explicit (&self->drainers, 1, memory_order_relaxed);

  /* A sender that found the lock taken relies on this look. */
  atomic_thread_fence (memory_order_seq_cst);
  if (atomic_load_explicit (&self->wanted, memory_order_relaxed) &&
      atomic_exchange (&self->wanted, FALSE))
    done = FALSE;
  return done;
}

gboolean
zmqg_outbound_is_drained (ZmqgOutbound *self)
{
  gboolean drained;

  zmqg_lock (&self->lock);
  drained = !self->greeting && !zmqg_frame_queue_has_data (self->pipe->in) &&
            zmqg_frame_queue_at_boundary (self->pipe->in);
  zmqg_unlock (&self->lock);

  return drained;
}

guint64
zmqg_outbound_discard (ZmqgOutbound *self,
                       ZmqgDropReason reason)
{
  ZmqgAccount *account = self->pipe->peer->account;
  ZmqgFrameArray frames;
  guint64 n = 0;

  zmqg_frame_array_init (&frames);
  zmqg_lock (&self->lock);
  zmqg_account_begin_drop (account);
  while (zmqg_frame_queue_peek (self->pipe->in, &frames))
    {
      if ((frames.views[0].flags & ZMQG_FRAME_COMMAND) == 0)
        n++;
      zmqg_frame_queue_consume (self->pipe->in);
    }
  zmqg_account_end_drop (account, reason, n);
  zmqg_unlock (&self->lock);
  zmqg_frame_array_clear (&frames);

  return n;
}
