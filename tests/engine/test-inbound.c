/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine/zmqg-engine-private.h"
#include "engine/zmqg-inbound-private.h"

#include "base/zmqg-error.h"
#include "zmqg-test.h"
#include "zmtp/zmqg-zmtp1-private.h"

/* A pipe that is filled by bytes in the place of a connection's. */
typedef struct
{
  ZmqgEngine *engine;
  ZmqgPipe *pipe; /* the socket's end */
  ZmqgInbound in;
  ZmqgOptions *options;
  ZmqgFrameArray frames;
  GByteArray *source; /* what read () has still to give */
  gsize source_done;
  gsize read_max;     /* bytes per read () */
  gboolean ended;
  atomic_uint posts;  /* to the engine's end */
  GString *commands;
} Fixture;

typedef struct
{
  ZmqgTag tag;
  guint released;
} Tag;

static void
tag_release (ZmqgTag *tag)
{
  ((Tag *) tag)->released++;
}

static const ZmqgTagOps tag_ops = { .release = tag_release };

static void
note_post (ZmqgPipe *pipe,
           guint events)
{
  atomic_fetch_or ((atomic_uint *) pipe->owner, events);
}

static const ZmqgPipeOwner owner_ops = { .post = note_post };

static const ZmqgSessionTable plain = { .number = 0 };
static const ZmqgSessionTable publisher = { .number = 1,
                                            .takes_subscriptions = TRUE };

static atomic_uint nobody;
static GString *commands;

static void
note_command (ZmqgInbound *inbound G_GNUC_UNUSED,
              const ZmqgCommand *command)
{
  g_string_append_len (commands, (const char *) command->name,
                       (gssize) command->name_size);
  g_string_append_c (commands, ' ');
}

static void
start (Fixture *self,
       const ZmqgSessionTable *table,
       guint mark)
{
  self->pipe = zmqg_pipe_new (0, mark, FALSE, FALSE);
  self->pipe->ops = self->pipe->peer->ops = &owner_ops;
  self->pipe->owner = &nobody;
  self->pipe->peer->owner = &self->posts;
  zmqg_inbound_init (&self->in, self->pipe->peer, table, self->options);
  self->in.command = note_command;
  zmqg_inbound_reset (&self->in, ZMQG_ZMTP_3_1, NULL);
}

static void
set_up (Fixture *self,
        gconstpointer data G_GNUC_UNUSED)
{
  self->engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e", NULL);
  self->options = zmqg_options_new ();
  self->source = g_byte_array_new ();
  self->read_max = G_MAXSIZE;
  commands = g_string_new (NULL);
  zmqg_frame_array_init (&self->frames);
}

static void
finish (Fixture *self)
{
  zmqg_inbound_clear (&self->in);
  zmqg_pipe_unref (self->pipe);
  self->pipe = NULL;
}

static void
tear_down (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  if (self->pipe != NULL)
    finish (self);
  zmqg_frame_array_clear (&self->frames);
  zmqg_options_unref (self->options);
  zmqg_engine_stop (self->engine, TRUE);
  zmqg_engine_unref (self->engine);
  g_byte_array_unref (self->source);
  g_string_free (commands, TRUE);
}

/* --- Bytes -------------------------------------------------------------- */

static guint8
byte_of (gsize seed,
         gsize i)
{
  return (guint8) (i * 11 + seed * 37 + (i >> 8));
}

/* A frame as the wire has it. */
static void
add_frame (GByteArray *bytes,
           guint flags,
           gsize seed,
           gsize size)
{
  guint8 header[ZMQG_FRAME_HEADER_MAX];
  gsize start;

  g_byte_array_append (bytes, header,
                       zmqg_frame_encode_header (header, flags, size));
  start = bytes->len;
  g_byte_array_set_size (bytes, start + size);
  for (gsize i = 0; i < size; i++)
    bytes->data[start + i] = byte_of (seed, i);
}

static void
add_command (GByteArray *bytes,
             const char *body,
             gsize size)
{
  guint8 header[2] = { ZMQG_FRAME_COMMAND, (guint8) size };

  g_byte_array_append (bytes, header, 2);
  g_byte_array_append (bytes, (const guint8 *) body, size);
}

static gssize
read_source (gpointer source,
             struct iovec *ranges,
             guint n,
             GError **error)
{
  Fixture *self = source;
  gsize left = MIN (self->source->len - self->source_done, self->read_max);
  gsize total = 0;

  if (left == 0 && self->ended)
    return 0;
  if (left == 0)
    return ZMQG_READ_WOULD_BLOCK;

  for (guint i = 0; i < n && left > 0; i++)
    {
      gsize size = MIN (left, ranges[i].iov_len);

      memcpy (ranges[i].iov_base, self->source->data + self->source_done,
              size);
      self->source_done += size;
      total += size;
      left -= size;
    }
  return total;
}

static ZmqgInboundResult
read_some (Fixture *self,
           GError **error)
{
  return zmqg_inbound_read (&self->in,
                            zmqg_engine_get_read_chunk (self->engine),
                            read_source, self,
                            error);
}

/* Until the source is empty; must not pause or fail. */
static void
read_all (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  while (self->source_done < self->source->len)
    {
      ZmqgInboundResult result = read_some (self, &error);

      g_assert_no_error (error);
      g_assert_true (result == ZMQG_INBOUND_MORE ||
                     result == ZMQG_INBOUND_EMPTY);
    }
  g_byte_array_set_size (self->source, 0);
  self->source_done = 0;
}

static gboolean
peek (Fixture *self)
{
  return zmqg_pipe_peek (self->pipe, &self->frames);
}

static void
expect_sizes (Fixture *self,
              gsize seed,
              const int *sizes)
{
  guint n = 0;

  g_assert_true (peek (self));
  for (; sizes[n] != 0; n++)
    {
      gsize size = MAX (sizes[n], 0);

      g_assert_cmpuint (n, <, self->frames.n);
      g_assert_cmpuint (self->frames.views[n].size, ==, size);
      g_assert_cmphex (self->frames.views[n].flags & ~ZMQG_FRAME_LONG, ==,
                       sizes[n + 1] != 0 ? ZMQG_FRAME_MORE : 0);
      for (gsize i = 0; i < size; i++)
        if (self->frames.views[n].data[i] != byte_of (seed + n, i))
          g_assert_not_reached ();
    }
  g_assert_cmpuint (self->frames.n, ==, n);
  zmqg_pipe_consume (self->pipe);
}

/* A message of frames with these sizes; -1 is an empty one. */
#define EXPECT(self, seed, ...)                                               \
  expect_sizes (self, seed, (const int[]) { __VA_ARGS__, 0 })

static void
add_sizes (GByteArray *bytes,
           gsize seed,
           const int *sizes)
{
  for (guint n = 0; sizes[n] != 0; n++)
    add_frame (bytes, sizes[n + 1] != 0 ? ZMQG_FRAME_MORE : 0, seed + n,
               MAX (sizes[n], 0));
}

#define ADD_TO(bytes, seed, ...)                                              \
  add_sizes (bytes, seed, (const int[]) { __VA_ARGS__, 0 })

/* --- Splits ------------------------------------------------------------- */

static void
add_mixed (GByteArray *bytes)
{
  ADD_TO (bytes, 1, 5);
  add_command (bytes, "\4PING\0\1x", 8);
  ADD_TO (bytes, 2, -1, 300, -1);
  add_command (bytes, "\7UNKNOWN", 8);
  ADD_TO (bytes, 5, 255, 256);
}

static void
expect_mixed (Fixture *self)
{
  EXPECT (self, 1, 5);
  EXPECT (self, 2, -1, 300, -1);
  EXPECT (self, 5, 255, 256);
  g_assert_false (peek (self));
  g_assert_true (g_str_has_prefix (commands->str, "PING "));
  g_string_truncate (commands, 0);
}

/* Fed up to any byte, and read from there on. */
static void
test_all_splits (Fixture *self,
                 gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  add_mixed (bytes);
  for (gsize split = 0; split <= bytes->len; split++)
    {
      start (self, &plain, 0);
      g_assert_true (zmqg_inbound_feed (&self->in, bytes->data, split, NULL));
      g_byte_array_append (self->source, bytes->data + split,
                           bytes->len - split);
      read_all (self);
      expect_mixed (self);
      finish (self);
    }
}

static void
test_small_reads (Fixture *self,
                  gconstpointer data G_GNUC_UNUSED)
{
  for (gsize max = 1; max < 40; max++)
    {
      start (self, &plain, 0);
      add_mixed (self->source);
      self->read_max = max;
      read_all (self);
      expect_mixed (self);
      finish (self);
    }
}

/* Large bodies, at the limits at which something changes. */
static void
test_large (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  static const int sizes[] = { 8191, 8192, 8193, 16384, 32767, 32768, 65520,
                               65527, 65536, 100000, 1048576, 1048577,
                               3000000 };
  static const gsize reads[] = { 4000, 65536, G_MAXSIZE };

  for (guint r = 0; r < G_N_ELEMENTS (reads); r++)
    {
      start (self, &plain, 0);
      self->read_max = reads[r];
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          ADD_TO (self->source, i, 10);
          ADD_TO (self->source, i, 3, sizes[i], 3, sizes[i]);
        }
      read_all (self);
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          EXPECT (self, i, 10);
          EXPECT (self, i, 3, sizes[i], 3, sizes[i]);
        }
      g_assert_false (peek (self));
      finish (self);
    }
}

/* What a peer announces is not what is allocated. */
static void
test_announced (Fixture *self,
                gconstpointer data G_GNUC_UNUSED)
{
  start (self, &plain, 0);
  self->options->max_message_size = -1;
  add_frame (self->source, 0, 1, 100000);
  self->source->data[0] = ZMQG_FRAME_LONG;
  memset (self->source->data + 1, 0, 8);
  self->source->data[3] = 1; /* 2^40 bytes */
  read_all (self);
  g_assert_nonnull (self->in.body);
  g_assert_cmpuint (self->in.body->capacity, <=, 1024 * 1024);
  g_assert_false (peek (self));
}

/* --- Adopted or copied -------------------------------------------------- */

/* Long ranges are referred to in the chunk they were read into, the engine
 * takes another; short ones do not pin it. */
static void
test_adopted (Fixture *self,
              gconstpointer data G_GNUC_UNUSED)
{
  ZmqgChunk *chunk = zmqg_engine_get_read_chunk (self->engine);
  const guint8 *end = chunk->data + chunk->capacity;

  start (self, &plain, 0);
  ADD_TO (self->source, 1, 100);
  read_all (self);
  g_assert_true (peek (self));
  g_assert_true (self->frames.views[0].data < chunk->data ||
                 self->frames.views[0].data >= end);
  EXPECT (self, 1, 100);
  g_assert_true (zmqg_engine_get_read_chunk (self->engine) == chunk);

  for (guint i = 0; i < 100; i++)
    ADD_TO (self->source, i, 500);
  read_all (self);
  g_assert_true (peek (self));
  g_assert_true (self->frames.views[0].data >= chunk->data &&
                 self->frames.views[0].data < end);
  g_assert_true (zmqg_engine_get_read_chunk (self->engine) != chunk);

  /* Later reads do not touch it. */
  ADD_TO (self->source, 200, 30000);
  read_all (self);
  for (guint i = 0; i < 100; i++)
    EXPECT (self, i, 500);
  EXPECT (self, 200, 30000);
}

/* --- Marks -------------------------------------------------------------- */

static void
test_pause (Fixture *self,
            gconstpointer data)
{
  gsize size = GPOINTER_TO_SIZE (data);
  g_autoptr (GError) error = NULL;
  const guint n = 40;
  guint received = 0;

  start (self, &plain, 4);
  for (guint i = 0; i < n; i++)
    ADD_TO (self->source, i, 3, (int) size);

  while (received < n)
    {
      guint before = received;
      ZmqgInboundResult result = ZMQG_INBOUND_MORE;

      while (!self->in.paused && result != ZMQG_INBOUND_PAUSED &&
             self->source_done < self->source->len)
        result = read_some (self, &error);
      g_assert_no_error (error);

      /* No more than the mark. */
      while (peek (self))
        {
          EXPECT (self, received, 3, (int) size);
          received++;
        }
      g_assert_cmpuint (received - before, <=, 4);
      g_assert_cmpuint (received, >, before);

      if (self->in.paused)
        {
          /* It was told that there is room. */
          g_assert_cmphex (atomic_exchange (&self->posts, 0) &
                             ZMQG_PIPE_WRITABLE, ==, ZMQG_PIPE_WRITABLE);
          g_assert_true (zmqg_inbound_resume (&self->in, &error));
        }
    }
  g_assert_false (self->in.paused);
  g_assert_null (self->in.held);
}

/* A resume without room changes nothing. */
static void
test_resume_in_vain (Fixture *self,
                     gconstpointer data G_GNUC_UNUSED)
{
  start (self, &plain, 1);
  for (guint i = 0; i < 3; i++)
    ADD_TO (self->source, i, 10);
  g_assert_cmpint (read_some (self, NULL), ==, ZMQG_INBOUND_PAUSED);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (zmqg_inbound_resume (&self->in, NULL));
      g_assert_true (self->in.paused);
    }
  for (guint i = 0; i < 3; i++)
    {
      EXPECT (self, i, 10);
      g_assert_false (peek (self));
      g_assert_true (zmqg_inbound_resume (&self->in, NULL));
      g_assert_cmpint (self->in.paused, ==, i < 1);
    }
  g_assert_false (peek (self));
}

/* A socket that is closed reads nothing: all is thrown away, no mark. */
static void
test_discard (Fixture *self,
              gconstpointer data G_GNUC_UNUSED)
{
  start (self, &plain, 1);
  for (guint i = 0; i < 10; i++)
    ADD_TO (self->source, i, 10, 20000);
  g_assert_cmpint (read_some (self, NULL), ==, ZMQG_INBOUND_PAUSED);
  self->in.discard = TRUE;
  g_assert_true (zmqg_inbound_resume (&self->in, NULL));
  g_assert_false (self->in.paused);
  read_all (self);
  /* PING is still answered. */
  add_command (self->source, "\4PING\0\1x", 8);
  read_all (self);
  g_assert_cmpstr (commands->str, ==, "PING ");
  EXPECT (self, 0, 10, 20000);
  g_assert_false (peek (self));
}

/* --- Commands ----------------------------------------------------------- */

static void
test_commands (Fixture *self,
               gconstpointer data G_GNUC_UNUSED)
{
  start (self, &publisher, 0);
  add_command (self->source, "\11SUBSCRIBEab", 12);
  add_command (self->source, "\4PING\0\1x", 8);
  ADD_TO (self->source, 1, 10);
  add_command (self->source, "\6CANCELab", 9);
  read_all (self);

  /* Those of subscriptions go to the socket, in their place. */
  g_assert_true (peek (self));
  g_assert_cmpuint (self->frames.n, ==, 1);
  g_assert_cmphex (self->frames.views[0].flags, ==, ZMQG_FRAME_COMMAND);
  g_assert_cmpmem (self->frames.views[0].data, self->frames.views[0].size,
                   "\11SUBSCRIBEab", 12);
  zmqg_pipe_consume (self->pipe);
  EXPECT (self, 1, 10);
  g_assert_true (peek (self));
  g_assert_cmpmem (self->frames.views[0].data, self->frames.views[0].size,
                   "\6CANCELab", 9);
  zmqg_pipe_consume (self->pipe);
  g_assert_false (peek (self));
  g_assert_cmpstr (commands->str, ==, "PING ");
}

/* A PING between the frames of a message leaves the message whole, also when
 * the reading ends right there. */
static void
test_command_inside_message (Fixture *self,
                             gconstpointer data G_GNUC_UNUSED)
{
  for (gsize max = 1; max < 60; max++)
    {
      start (self, &plain, 0);
      self->read_max = max;
      add_frame (self->source, ZMQG_FRAME_MORE, 1, 10);
      add_command (self->source, "\4PING\0\1x", 8);
      add_command (self->source, "\4PING\0\1x", 8);
      add_frame (self->source, ZMQG_FRAME_MORE, 2, 12);
      add_command (self->source, "\4PING\0\1x", 8);
      add_frame (self->source, 0, 3, 14);
      read_all (self);
      EXPECT (self, 1, 10, 12, 14);
      g_assert_cmpstr (commands->str, ==, "PING PING PING ");
      g_string_truncate (commands, 0);
      finish (self);
    }
}

/* Bits of ours on the wire mean nothing. */
static void
test_foreign_flags (Fixture *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  start (self, &plain, 0);
  add_frame (self->source, 0, 1, 10);
  self->source->data[0] = ZMQG_FRAME_SKIP | ZMQG_FRAME_EPOCH;
  add_frame (self->source, 0, 2, 10);
  read_all (self);
  EXPECT (self, 1, 10);
  EXPECT (self, 2, 10);
  g_assert_false (peek (self));
}

/* --- ZMTP 1.0 ----------------------------------------------------------- */

static void
test_zmtp1 (Fixture *self,
            gconstpointer data G_GNUC_UNUSED)
{
  static const int sizes[] = { 5, -1, 300, 9000, 100000 };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 header[ZMQG_ZMTP1_HEADER_MAX];

  for (guint i = 0; i < 5; i++)
    {
      gsize size = MAX (sizes[i], 0);
      gsize before;

      g_byte_array_append (
        bytes, header,
        zmqg_zmtp1_encode_header (header, i < 4 ? ZMQG_FRAME_MORE : 0, size));
      before = bytes->len;
      g_byte_array_set_size (bytes, before + size);
      for (gsize j = 0; j < size; j++)
        bytes->data[before + j] = byte_of (1 + i, j);
    }

  for (gsize max = 1; max < 200000; max = max * 3 + 1)
    {
      start (self, &plain, 0);
      zmqg_inbound_reset (&self->in, ZMQG_ZMTP_1_0, NULL);
      self->read_max = max;
      g_byte_array_append (self->source, bytes->data, bytes->len);
      read_all (self);
      EXPECT (self, 1, 5, -1, 300, 9000, 100000);
      g_assert_false (peek (self));
      finish (self);
    }

  /* A length of 0 leaves no room for the flags. */
  start (self, &plain, 0);
  zmqg_inbound_reset (&self->in, ZMQG_ZMTP_1_0, NULL);
  g_assert_false (zmqg_inbound_feed (&self->in, (guint8 *) "\0", 2, NULL));
}

/* --- The end of a connection -------------------------------------------- */

static void
test_roll_back (Fixture *self,
                gconstpointer data G_GNUC_UNUSED)
{
  static const gsize cuts[] = { 1, 5, 20, 9050, 20000 };

  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autoptr (GByteArray) lost = g_byte_array_new ();

      start (self, &plain, 0);
      ADD_TO (self->source, 1, 10);
      ADD_TO (lost, 2, 10, 9000, 30000, 5);
      g_byte_array_append (self->source, lost->data, cuts[i]);
      read_all (self);

      /* Half of a message goes with its connection. */
      zmqg_inbound_reset (&self->in, ZMQG_ZMTP_3_1, NULL);
      g_assert_null (self->in.body);
      g_assert_null (self->in.held);
      ADD_TO (self->source, 3, 20, 30);
      read_all (self);
      EXPECT (self, 1, 10);
      EXPECT (self, 3, 20, 30);
      g_assert_false (peek (self));
      finish (self);
    }
}

/* A message knows the connection that it came from, though others followed. */
static void
test_tags (Fixture *self,
           gconstpointer data G_GNUC_UNUSED)
{
  Tag first = { 0 }, second = { 0 };

  zmqg_tag_init (&first.tag, &tag_ops);
  zmqg_tag_init (&second.tag, &tag_ops);
  start (self, &plain, 0);
  zmqg_inbound_reset (&self->in, ZMQG_ZMTP_3_1, &first.tag);
  for (guint i = 0; i < 5; i++)
    ADD_TO (self->source, i, 100, 9000);
  read_all (self);
  zmqg_inbound_reset (&self->in, ZMQG_ZMTP_3_1, &second.tag);
  for (guint i = 5; i < 10; i++)
    ADD_TO (self->source, i, 100, 9000);
  read_all (self);
  zmqg_inbound_reset (&self->in, ZMQG_ZMTP_UNKNOWN, NULL);

  for (guint i = 0; i < 10; i++)
    {
      g_assert_true (peek (self));
      g_assert_true (zmqg_frame_queue_peek_tag (self->pipe->in) ==
                     (i < 5 ? &first.tag : &second.tag));
      EXPECT (self, i, 100, 9000);
    }
  finish (self);
  g_assert_cmpuint (atomic_load (&first.tag.refs), ==, 1);
  g_assert_cmpuint (atomic_load (&second.tag.refs), ==, 1);
}

static void
test_end (Fixture *self,
          gconstpointer data G_GNUC_UNUSED)
{
  start (self, &plain, 0);
  g_assert_cmpint (read_some (self, NULL), ==, ZMQG_INBOUND_EMPTY);
  self->ended = TRUE;
  g_assert_cmpint (read_some (self, NULL), ==, ZMQG_INBOUND_END);
}

/* --- Limits ------------------------------------------------------------- */

static void
test_limits (Fixture *self,
             gconstpointer data G_GNUC_UNUSED)
{
  static const struct
  {
    int frames[4];
    gboolean fits;
  } cases[] = {
    { { 100 }, TRUE },
    { { 101 }, FALSE },
    { { 50, 50 }, TRUE },
    { { 50, 51 }, FALSE },
    { { 1, 1, 1 }, TRUE },
    { { 1, 1, 1, 1 }, FALSE },
    { { 20000 }, FALSE },
  };

  self->options->max_message_size = 100;
  self->options->max_frames = 3;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      int sizes[5] = { 0 };

      memcpy (sizes, cases[i].frames, sizeof cases[i].frames);
      start (self, &plain, 0);
      ADD_TO (self->source, 50, 99);
      add_sizes (self->source, i, sizes);
      read_some (self, &error);
      g_assert_cmpint (error == NULL, ==, cases[i].fits);
      if (!cases[i].fits)
        g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_MESSAGE_TOO_LARGE);
      /* What came before is there. */
      EXPECT (self, 50, 99);
      if (cases[i].fits)
        expect_sizes (self, i, sizes);
      g_assert_false (peek (self));
      finish (self);
      g_byte_array_set_size (self->source, 0);
      self->source_done = 0;
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD_WITH(path, function, data)                                        \
  g_test_add ("/zmqg/engine/inbound/" path, Fixture,                          \
              GSIZE_TO_POINTER (data), set_up, function, tear_down)
#define ADD(path, function) ADD_WITH (path, function, 0)
  ADD ("all-splits", test_all_splits);
  ADD ("small-reads", test_small_reads);
  ADD ("large", test_large);
  ADD ("announced", test_announced);
  ADD ("adopted", test_adopted);
  ADD_WITH ("pause/small", test_pause, 10);
  ADD_WITH ("pause/medium", test_pause, 5000);
  ADD_WITH ("pause/large", test_pause, 50000);
  ADD ("resume-in-vain", test_resume_in_vain);
  ADD ("discard", test_discard);
  ADD ("commands", test_commands);
  ADD ("command-inside-message", test_command_inside_message);
  ADD ("foreign-flags", test_foreign_flags);
  ADD ("zmtp1", test_zmtp1);
  ADD ("roll-back", test_roll_back);
  ADD ("tags", test_tags);
  ADD ("end", test_end);
  ADD ("limits", test_limits);
#undef ADD
#undef ADD_WITH

  return g_test_run ();
}
