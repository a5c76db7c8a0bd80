/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-inbound-private.h"

#include "base/zmqg-error.h"
#include "zmtp/zmqg-zmtp1-private.h"

/* A buffer for a frame's body starts with at most this, whatever the peer
 * announces, and doubles as bytes arrive. */
#define BODY_FIRST (1024u * 1024u)

/* Ranges of so many bytes are referred to in the chunk they were read into;
 * shorter ones are copied, so that they do not pin it. */
#define RANGE_BY_REFERENCE (16u * 1024u)

/* Behind a large body only so much of what follows is read with it: more
 * would be copied once more when that is a large body too. */
#define READ_BEHIND_BODY 4096u
#define LARGE_BODY (32u * 1024u)

/* The bytes that are being looked at: in a chunk, or (@chunk is NULL) in
 * memory that has to be copied. */
typedef struct
{
  ZmqgChunk *chunk;
  guint8 *start;    /* not yet appended */
  guint8 *boundary; /* behind the last whole message */
  guint8 *p;        /* behind the last whole frame */
  guint8 *end;
  guint messages;   /* whole ones from start to boundary */
} Walk;

void
zmqg_inbound_init (ZmqgInbound *self,
                   ZmqgPipe *pipe,
                   const ZmqgSessionTable *table,
                   const ZmqgOptions *options)
{
  memset (self, 0, sizeof *self);
  self->pipe = pipe;
  self->table = table;
  self->options = options;
  pipe->out->counts_commands = TRUE;
  pipe->out->batched = TRUE;
}

void
zmqg_inbound_clear (ZmqgInbound *self)
{
  g_clear_pointer (&self->held, zmqg_chunk_unref);
  g_clear_pointer (&self->body, zmqg_chunk_unref);
  self->held_size = 0;
}

void
zmqg_inbound_reset (ZmqgInbound *self,
                    ZmqgZmtpVersion version,
                    ZmqgTag *tag)
{
  zmqg_inbound_clear (self);
  zmqg_frame_queue_roll_back (self->pipe->out);
  zmqg_frame_queue_set_tag (self->pipe->out, tag);
  self->zmtp1 = version < ZMQG_ZMTP_2_0;
  self->raw = version == ZMQG_ZMTP_RAW;
  self->paused = FALSE;
  self->in_message = FALSE;
  self->check_state = 0;
  self->message_bytes = 0;
  self->message_frames = 0;
  self->answered = FALSE;
  self->ttl = 0;
}

static gboolean
fail_no_memory (GError **error)
{
  g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_NO_RESOURCES,
                       "No memory for a message");
  return FALSE;
}

/* --- Limits and state --------------------------------------------------- */

/* Before memory is taken for a frame. */
static gboolean
check_limits (ZmqgInbound *self,
              guint flags,
              guint64 size,
              GError **error)
{
  gint64 max = self->options->max_message_size;
  gint64 before = flags & ZMQG_FRAME_COMMAND ? 0 : self->message_bytes;

  if (max >= 0 && (before > max || size > (guint64) (max - before)))
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE,
                   "The peer's message is larger than %" G_GINT64_FORMAT
                   " bytes", max);
      return FALSE;
    }

  if (self->options->max_frame_size >= 0 &&
      size > (guint64) self->options->max_frame_size)
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE,
                   "The peer announced a frame larger than %" G_GINT64_FORMAT
                   " bytes", self->options->max_frame_size);
      return FALSE;
    }

  if (size > G_MAXSIZE / 4)
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE,
                   "The peer announced a frame of %" G_GUINT64_FORMAT
                   " bytes", size);
      return FALSE;
    }

  if (self->options->max_frames > 0 &&
      self->message_frames >= self->options->max_frames)
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE,
                   "The peer's message has more than %d frames",
                   self->options->max_frames);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_shape (ZmqgInbound *self,
             guint flags,
             const guint8 *payload,
             guint64 size,
             GError **error)
{
  if (self->table->check_frame == NULL ||
      self->table->check_frame (&self->check_state, flags, payload, size))
    return TRUE;

  g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL,
               "The peer's message is not of the shape that a %s takes",
               zmqg_zmtp_type_get (self->table->number)->name);
  return FALSE;
}

/* Counts a frame of a message. */
static inline void
note_frame (ZmqgInbound *self,
            guint flags,
            guint64 size)
{
  self->in_message = (flags & ZMQG_FRAME_MORE) != 0;
  if (G_LIKELY (!self->in_message))
    {
      self->message_bytes = 0;
      self->message_frames = 0;
      return;
    }

  self->message_bytes += size;
  self->message_frames++;
}

/* Whether the command is for the socket; the engine has answered others. */
static gboolean
handle_command (ZmqgInbound *self,
                const guint8 *payload,
                guint64 size)
{
  ZmqgCommand command;
  ZmqgCommandId id = zmqg_command_parse (&command, payload, size);

  if (id == ZMQG_COMMAND_SUBSCRIBE || id == ZMQG_COMMAND_CANCEL)
    return self->table->takes_subscriptions && !self->in_message;

  if (id != ZMQG_COMMAND_UNKNOWN && id != ZMQG_COMMAND_MALFORMED)
    self->command (self, &command);
  return FALSE;
}

/* --- Handing over ------------------------------------------------------- */

static void
publish (ZmqgInbound *self)
{
  if (self->discard)
    {
      ZmqgAccount *account = self->pipe->peer->account;

      if (account != NULL)
        zmqg_account_add (&account->refused, self->pipe->out->unpublished);
      zmqg_frame_queue_roll_back (self->pipe->out);
      return;
    }

  zmqg_frame_queue_publish (self->pipe->out);
  zmqg_pipe_flush (self->pipe);
}

static gboolean
append_range (ZmqgInbound *self,
              const Walk *walk,
              guint8 *from,
              guint8 *to,
              guint messages,
              gboolean in_message)
{
  ZmqgFrameQueue *queue = self->pipe->out;
  gsize size = to - from;

  if (walk->chunk != NULL &&
      (size >= RANGE_BY_REFERENCE || size > ZMQG_CHUNK_SIZE))
    return zmqg_frame_queue_append_range (queue, walk->chunk, from, size,
                                          messages, in_message);

  return zmqg_frame_queue_append_encoded (queue, from, size, messages,
                                          in_message);
}

/* Appends the frames walked over, and publishes those of whole messages. */
static gboolean
hand_over (ZmqgInbound *self,
           Walk *walk,
           GError **error)
{
  if (walk->messages > 0)
    {
      if (!append_range (self, walk, walk->start, walk->boundary,
                         walk->messages, FALSE))
        return fail_no_memory (error);
      publish (self);
      walk->start = walk->boundary;
    }

  /* Frames of an unfinished message; else commands that are done with. */
  if (self->in_message && walk->p > walk->start)
    {
      if (!append_range (self, walk, walk->start, walk->p, 0, TRUE))
        return fail_no_memory (error);
    }

  walk->start = walk->boundary = walk->p;
  walk->messages = 0;
  return TRUE;
}

/* Appends one frame by itself; publishes at the end of its message. */
static gboolean
hand_over_frame (ZmqgInbound *self,
                 const ZmqgFrameView *view,
                 GError **error)
{
  if (!zmqg_frame_queue_append (self->pipe->out, view))
    return fail_no_memory (error);

  if ((view->flags & ZMQG_FRAME_MORE) == 0)
    publish (self);
  return TRUE;
}

/* --- Large frames ------------------------------------------------------- */

static gboolean
grow_body (ZmqgInbound *self,
           GError **error)
{
  guint64 capacity = MIN (self->body_size, self->body->capacity * 2);
  ZmqgChunk *grown = zmqg_chunk_resize (self->body, capacity);

  if (grown == NULL)
    return fail_no_memory (error);

  self->body = grown;
  return TRUE;
}

static gboolean
finish_body (ZmqgInbound *self,
             GError **error)
{
  ZmqgFrameView view = {
    .data = self->body->data,
    .size = self->body_size,
    .flags = self->body_flags & (ZMQG_FRAME_MORE | ZMQG_FRAME_COMMAND),
    .chunk = self->body,
  };
  gboolean ok = TRUE;

  if (view.flags & ZMQG_FRAME_COMMAND)
    {
      view.flags = ZMQG_FRAME_COMMAND;
      if (handle_command (self, view.data, view.size))
        ok = hand_over_frame (self, &view, error);
    }
  else
    {
      note_frame (self, view.flags, view.size);
      ok = hand_over_frame (self, &view, error);
    }

  g_clear_pointer (&self->body, zmqg_chunk_unref);
  return ok;
}

/* A frame that is not there whole gets a buffer of its own. */
static gboolean
start_body (ZmqgInbound *self,
            guint flags,
            guint64 size,
            const guint8 *payload,
            gsize have,
            GError **error)
{
  if ((flags & ZMQG_FRAME_COMMAND) == 0 &&
      !check_shape (self, flags, NULL, size, error))
    return FALSE;

  self->body = zmqg_chunk_new (MIN (size, BODY_FIRST));
  if (self->body == NULL)
    return fail_no_memory (error);

  self->body_flags = flags;
  self->body_size = size;
  self->body_have = have;
  memcpy (self->body->data, payload, have);
  return TRUE;
}

/* --- Walking ------------------------------------------------------------ */

typedef enum
{
  WALK_ON,
  WALK_INCOMPLETE, /* the frame at p is not there whole */
  WALK_FAILED,
} WalkResult;

/* The next whole frame of ZMTP 2.0 or 3.x, left where it is. */
static WalkResult
walk_frame (ZmqgInbound *self,
            Walk *walk,
            guint *room,
            GError **error)
{
  gsize avail = walk->end - walk->p;
  gsize header;
  guint64 size;
  guint flags;

  header = zmqg_frame_decode_header (walk->p, avail, &flags, &size);
  if (header == 0)
    return WALK_INCOMPLETE;

  if (G_UNLIKELY (!check_limits (self, flags, size, error)))
    return WALK_FAILED;

  if (size > avail - header)
    {
      if (size < ZMQG_FRAME_LARGE)
        return WALK_INCOMPLETE;

      if (!hand_over (self, walk, error) ||
          !start_body (self, flags, size, walk->p + header, avail - header,
                       error))
        return WALK_FAILED;
      walk->start = walk->boundary = walk->p = walk->end;
      return WALK_INCOMPLETE;
    }

  if (G_UNLIKELY (flags & ZMQG_FRAME_COMMAND))
    {
      if (handle_command (self, walk->p + header, size))
        {
          walk->p[0] = flags & (ZMQG_FRAME_LONG | ZMQG_FRAME_COMMAND);
          walk->messages++;
          walk->boundary = walk->p + header + size;
          (*room)--;
        }
      else if (self->in_message)
        {
          /* Not kept: nothing bounds how many a message contains. */
          if (!hand_over (self, walk, error))
            return WALK_FAILED;
          walk->start = walk->boundary = walk->p + header + size;
        }
      else
        {
          walk->p[0] = (flags & ZMQG_FRAME_LONG) | ZMQG_FRAME_SKIP;
        }
    }
  else
    {
      if (!check_shape (self, flags, walk->p + header, size, error))
        return WALK_FAILED;

      walk->p[0] = flags & (ZMQG_FRAME_LONG | ZMQG_FRAME_MORE);
      note_frame (self, flags, size);
      if (G_LIKELY (!self->in_message))
        {
          walk->messages++;
          walk->boundary = walk->p + header + size;
          (*room)--;
        }
    }

  walk->p += header + size;
  return WALK_ON;
}

/* The many: whole small messages of one frame, of types whose messages have
 * no shape to check. What it stops at is for walk_frame (). */
static inline void
walk_small_messages (Walk *walk,
                     guint *room)
{
  guint8 *p = walk->p;
  guint8 *end = walk->end;
  guint left = *room;

  while (end - p >= 2 && left > 0 && p[0] == 0 && end - p - 2 >= p[1])
    {
      p += 2 + p[1];
      left--;
    }

  walk->messages += *room - left;
  *room = left;
  if (p != walk->p)
    walk->p = walk->boundary = p;
}

/* The next whole frame of ZMTP 1.0, appended in the queue's form. */
static WalkResult
walk_frame_zmtp1 (ZmqgInbound *self,
                  Walk *walk,
                  guint *room,
                  GError **error)
{
  ZmqgFrameView view = { NULL };
  gsize avail = walk->end - walk->p;
  gssize header;
  guint64 size;

  header = zmqg_zmtp1_decode_header (walk->p, avail, &view.flags, &size);
  if (header == 0)
    return WALK_INCOMPLETE;
  if (header < 0)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL,
                           "The peer sent a frame of no length");
      return WALK_FAILED;
    }

  view.flags &= ZMQG_FRAME_MORE;
  if (!check_limits (self, view.flags, size, error))
    return WALK_FAILED;

  if (size > avail - header)
    {
      if (size < ZMQG_FRAME_LARGE)
        return WALK_INCOMPLETE;
      if (!start_body (self, view.flags, size, walk->p + header,
                       avail - header, error))
        return WALK_FAILED;
      walk->start = walk->boundary = walk->p = walk->end;
      return WALK_INCOMPLETE;
    }

  view.data = walk->p + header;
  view.size = size;
  if (!check_shape (self, view.flags, view.data, size, error))
    return WALK_FAILED;
  note_frame (self, view.flags, size);
  if (!hand_over_frame (self, &view, error))
    return WALK_FAILED;
  if (!self->in_message)
    (*room)--;

  walk->p += header + size;
  walk->start = walk->boundary = walk->p;
  return WALK_ON;
}

/* What is there, as a message; at most so much that both ends can bear it. */
static WalkResult
walk_raw (ZmqgInbound *self,
          Walk *walk,
          guint *room,
          GError **error)
{
  ZmqgFrameView view = { .data = walk->p };

  view.size = MIN (walk->end - walk->p, self->options->in_batch_size);
  if (!hand_over_frame (self, &view, error))
    return WALK_FAILED;

  (*room)--;
  walk->p += view.size;
  walk->start = walk->boundary = walk->p;
  return WALK_ON;
}

/* Whether small messages need not be held against a limit. */
static gboolean
is_no_limit (gint64 max)
{
  return max < 0 || max >= G_MAXUINT8;
}

/* Takes the bytes as far as there is room; @taken says how many. */
static gboolean
take (ZmqgInbound *self,
      ZmqgChunk *chunk,
      guint8 *data,
      gsize size,
      gsize *taken,
      GError **error)
{
  gboolean plain = !self->zmtp1 && self->table->check_frame == NULL &&
                   is_no_limit (self->options->max_message_size) &&
                   is_no_limit (self->options->max_frame_size);
  Walk walk = { chunk, data, data, data, data + size, 0 };
  WalkResult result = WALK_ON;
  guint room = self->discard ? G_MAXUINT
                             : zmqg_frame_queue_room (self->pipe->out);

  self->paused = FALSE;
  while (result == WALK_ON && walk.p < walk.end)
    {
      if (G_UNLIKELY (room == 0) && !self->in_message)
        {
          /* Asking again with all handed over arms the wake-up. */
          if (!hand_over (self, &walk, error))
            return FALSE;
          room = zmqg_frame_queue_room (self->pipe->out);
          if (room == 0)
            {
              self->paused = TRUE;
              break;
            }
        }

      if (plain && !self->in_message)
        {
          walk_small_messages (&walk, &room);
          if (walk.p == walk.end || room == 0)
            continue;
        }

      if (G_UNLIKELY (self->raw))
        result = walk_raw (self, &walk, &room, error);
      else
        result = self->zmtp1 ? walk_frame_zmtp1 (self, &walk, &room, error)
                             : walk_frame (self, &walk, &room, error);
    }

  /* Whole messages before a broken one are still delivered. */
  if (!hand_over (self, &walk, result == WALK_FAILED ? NULL : error) ||
      result == WALK_FAILED)
    return FALSE;

  *taken = walk.p - data;
  return TRUE;
}

/* Keeps bytes for later: by reference while paused (there may be many), else
 * the beginning of a frame, copied. */
static gboolean
hold (ZmqgInbound *self,
      ZmqgChunk *chunk,
      const guint8 *data,
      gsize size,
      GError **error)
{
  ZmqgChunk *held = NULL;

  if (size > 0 && self->paused && chunk != NULL)
    {
      held = zmqg_chunk_ref (chunk);
      self->held_offset = data - chunk->data;
    }
  else if (size > 0)
    {
      held = zmqg_chunk_new (size);
      if (held == NULL)
        return fail_no_memory (error);
      memcpy (held->data, data, size);
      self->held_offset = 0;
    }

  g_clear_pointer (&self->held, zmqg_chunk_unref);
  self->held = held;
  self->held_size = size;
  return TRUE;
}

static inline void
note_read (ZmqgInbound *self,
           gsize bytes)
{
  ZmqgAccount *account = self->pipe->peer->account;

  if (account != NULL)
    zmqg_account_add (&account->wire_in, bytes);
}

gboolean
zmqg_inbound_feed (ZmqgInbound *self,
                   const guint8 *data,
                   gsize size,
                   GError **error)
{
  ZmqgChunk *chunk;
  gboolean ok;
  gsize taken = 0;

  if (size == 0)
    return TRUE;

  g_assert (self->held == NULL && self->body == NULL);
  note_read (self, size);

  /* The walk writes flags into what it walks over. */
  chunk = zmqg_chunk_new (size);
  if (chunk == NULL)
    return fail_no_memory (error);
  memcpy (chunk->data, data, size);

  ok = take (self, chunk, chunk->data, size, &taken, error) &&
       hold (self, chunk, chunk->data + taken, size - taken, error);
  zmqg_chunk_unref (chunk);
  return ok;
}

gboolean
zmqg_inbound_resume (ZmqgInbound *self,
                     GError **error)
{
  ZmqgChunk *chunk = self->held;
  guint8 *data;
  gsize size = self->held_size;
  gsize taken = 0;

  if (chunk == NULL || !self->paused)
    {
      self->paused = FALSE;
      return TRUE;
    }

  data = chunk->data + self->held_offset;
  if (!take (self, chunk, data, size, &taken, error))
    return FALSE;

  if (taken == 0 && self->paused)
    return TRUE;
  return hold (self, chunk, data + taken, size - taken, error);
}

/* --- Reading ------------------------------------------------------------ */

/* What is read lands in the rest of a body and behind what is held. */
static guint
prepare_ranges (ZmqgInbound *self,
                ZmqgChunk *chunk,
                struct iovec ranges[2],
                gsize *asked)
{
  gsize room = chunk->capacity;
  guint n = 0;

  if (self->body != NULL)
    {
      ranges[n].iov_base = self->body->data + self->body_have;
      ranges[n].iov_len = self->body->capacity - self->body_have;
      n++;
      if (self->body->capacity < self->body_size)
        room = 0;
      else if (self->body_size >= LARGE_BODY)
        room = READ_BEHIND_BODY;
    }
  else if (self->held_size > 0)
    {
      memcpy (chunk->data, self->held->data + self->held_offset,
              self->held_size);
    }

  if (room > 0)
    {
      ranges[n].iov_base = chunk->data + self->held_size;
      ranges[n].iov_len = room - self->held_size;
      n++;
    }

  *asked = 0;
  for (guint i = 0; i < n; i++)
    *asked += ranges[i].iov_len;
  return n;
}

/* Gives the body its share of what was read; the rest is in the chunk. */
static gboolean
fill_body (ZmqgInbound *self,
           gsize *size,
           GError **error)
{
  gsize share = MIN (*size, self->body->capacity - self->body_have);

  self->body_have += share;
  *size -= share;

  if (self->body_have == self->body_size)
    return finish_body (self, error);
  if (self->body_have == self->body->capacity)
    return grow_body (self, error);
  return TRUE;
}

ZmqgInboundResult
zmqg_inbound_read (ZmqgInbound *self,
                   ZmqgChunk *chunk,
                   ZmqgReadFunc function,
                   gpointer source,
                   GError **error)
{
  GError *local = NULL;
  struct iovec ranges[2];
  gsize asked;
  gsize size;
  gsize taken = 0;
  gssize got;
  guint n;

  if (chunk == NULL)
    {
      fail_no_memory (error);
      return ZMQG_INBOUND_FAILED;
    }

  n = prepare_ranges (self, chunk, ranges, &asked);
  got = function (source, ranges, n, &local);
  if (got == 0)
    return ZMQG_INBOUND_END;
  if (got == ZMQG_READ_WOULD_BLOCK)
    return ZMQG_INBOUND_EMPTY;
  if (got < 0)
    {
      g_propagate_error (error, local);
      return ZMQG_INBOUND_FAILED;
    }

  self->n_reads++;
  note_read (self, got);
  size = got;
  if (self->body != NULL && !fill_body (self, &size, error))
    return ZMQG_INBOUND_FAILED;

  size += self->held_size;
  if (size > 0)
    {
      if (!take (self, chunk, chunk->data, size, &taken, error) ||
          !hold (self, chunk, chunk->data + taken, size - taken, error))
        return ZMQG_INBOUND_FAILED;
    }

  if (self->paused)
    return ZMQG_INBOUND_PAUSED;
  return (gsize) got < asked ? ZMQG_INBOUND_EMPTY : ZMQG_INBOUND_MORE;
}
