/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "pipe/zmqg-pipe-private.h"
#include "queue-fixture-private.h"

#include <sched.h>
#include <sys/eventfd.h>

typedef struct
{
  guint readable;
  guint writable;
} Heard;

static void
hear (ZmqgPipe *pipe,
      guint events)
{
  Heard *heard = pipe->owner;

  if (events & ZMQG_PIPE_READABLE)
    heard->readable++;
  if (events & ZMQG_PIPE_WRITABLE)
    heard->writable++;
}

static const ZmqgPipeOwner listener = { hear };

static ZmqgPipe *
pipe_new (guint  first_out,
          guint  second_out,
          Heard  heard[2])
{
  ZmqgPipe *pipe = zmqg_pipe_new (first_out, second_out, FALSE, FALSE);

  memset (heard, 0, 2 * sizeof *heard);
  pipe->ops = pipe->peer->ops = &listener;
  pipe->owner = &heard[0];
  pipe->peer->owner = &heard[1];
  return pipe;
}

static ZmqgPipeResult
write_text (ZmqgPipe *pipe,
            const char *text)
{
  ZmqgFrameView views[2] = {
    { .flags = ZMQG_FRAME_MORE },
    { .data = (const guint8 *) text, .size = strlen (text) },
  };
  ZmqgPipeResult result = zmqg_pipe_write (pipe, views, 2);

  if (result == ZMQG_PIPE_WRITTEN)
    zmqg_pipe_flush (pipe);
  return result;
}

static void
read_text (ZmqgPipe *pipe,
           const char *text)
{
  ZmqgFrameArray frames;

  zmqg_frame_array_init (&frames);
  if (text == NULL)
    {
      g_assert_false (zmqg_pipe_peek (pipe, &frames));
      g_assert_cmpuint (frames.n, ==, 0);
    }
  else
    {
      g_assert_true (zmqg_pipe_peek (pipe, &frames));
      g_assert_cmpuint (frames.n, ==, 2);
      g_assert_cmpmem (frames.views[1].data, frames.views[1].size, text,
                       strlen (text));
      zmqg_pipe_consume (pipe);
    }
  zmqg_frame_array_clear (&frames);
}

static void
test_two_ways (void)
{
  Heard heard[2];
  ZmqgPipe *pipe = pipe_new (2, 3, heard);

  g_assert_true (pipe->peer->peer == pipe);
  g_assert_true (pipe->in == pipe->peer->out);
  g_assert_true (pipe->out == pipe->peer->in);

  write_text (pipe, "there");
  write_text (pipe->peer, "back");
  read_text (pipe, "back");
  read_text (pipe->peer, "there");
  read_text (pipe, NULL);
  read_text (pipe->peer, NULL);
  zmqg_pipe_unref (pipe);
}

/* Only who went to sleep is woken, once. */
static void
test_wakes_on_transitions (void)
{
  Heard heard[2];
  ZmqgPipe *pipe = pipe_new (2, 0, heard);

  g_assert_cmpint (write_text (pipe, "a"), ==, ZMQG_PIPE_WRITTEN);
  g_assert_cmpuint (heard[1].readable, ==, 0);
  read_text (pipe->peer, "a");
  read_text (pipe->peer, NULL);

  for (guint round = 1; round <= 5; round++)
    {
      g_assert_cmpint (write_text (pipe, "b"), ==, ZMQG_PIPE_WRITTEN);
      g_assert_cmpuint (heard[1].readable, ==, round);
      g_assert_cmpint (write_text (pipe, "c"), ==, ZMQG_PIPE_WRITTEN);
      g_assert_cmpint (write_text (pipe, "d"), ==, ZMQG_PIPE_FULL);
      g_assert_cmpint (write_text (pipe, "d"), ==, ZMQG_PIPE_FULL);
      g_assert_false (zmqg_pipe_has_room (pipe));
      g_assert_cmpuint (heard[1].readable, ==, round);

      g_assert_cmpuint (heard[0].writable, ==, round - 1);
      read_text (pipe->peer, "b");
      g_assert_cmpuint (heard[0].writable, ==, round);
      read_text (pipe->peer, "c");
      g_assert_cmpuint (heard[0].writable, ==, round);
      g_assert_true (zmqg_pipe_has_room (pipe));
      read_text (pipe->peer, NULL);
      read_text (pipe->peer, NULL);
    }

  g_assert_cmpuint (heard[0].readable + heard[1].writable, ==, 0);
  zmqg_pipe_unref (pipe);
}

/* A writer that waits is woken although the mark was raised: the reader
 * counts by the new one. */
static void
test_mark_raised (void)
{
  Heard heard[2];
  ZmqgPipe *pipe = pipe_new (3, 0, heard);

  for (guint i = 0; i < 3; i++)
    write_text (pipe, "x");
  g_assert_cmpint (write_text (pipe, "x"), ==, ZMQG_PIPE_FULL);

  /* As when a connected inproc socket is bound: both marks add up. */
  atomic_store (&pipe->out->hwm, 1003);
  for (guint i = 0; i < 3; i++)
    read_text (pipe->peer, "x");
  read_text (pipe->peer, NULL);
  g_assert_cmpuint (heard[0].writable, ==, 1);
  read_text (pipe->peer, NULL);
  g_assert_cmpuint (heard[0].writable, ==, 1);
  zmqg_pipe_unref (pipe);
}

/* Commands are written when the mark is reached, and are no messages. */
static void
test_write_always (void)
{
  Heard heard[2];
  ZmqgPipe *pipe = pipe_new (1, 0, heard);
  ZmqgFrameView command = { .data = pattern (), .size = 5,
                            .flags = ZMQG_FRAME_COMMAND };
  ZmqgFrameArray frames;

  write_text (pipe, "x");
  g_assert_cmpint (zmqg_pipe_write (pipe, &command, 1), ==, ZMQG_PIPE_FULL);
  g_assert_cmpint (zmqg_pipe_write_always (pipe, &command, 1), ==,
                   ZMQG_PIPE_WRITTEN);
  read_text (pipe->peer, "x");
  g_assert_true (zmqg_pipe_has_room (pipe));

  zmqg_frame_array_init (&frames);
  g_assert_true (zmqg_pipe_peek (pipe->peer, &frames));
  assert_view (&frames.views[0], 0, 5, ZMQG_FRAME_COMMAND);
  zmqg_pipe_consume (pipe->peer);
  zmqg_frame_array_clear (&frames);
  zmqg_pipe_unref (pipe);
}

/* A pipe with nothing but frames to skip is empty: its reader sleeps. */
static void
test_skip_only (void)
{
  Heard heard[2];
  ZmqgPipe *pipe = pipe_new (0, 0, heard);

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GByteArray) encoded = g_byte_array_new ();

      encode_frame (encoded, ZMQG_FRAME_SKIP | ZMQG_FRAME_COMMAND, 0, 200);
      g_assert_true (zmqg_frame_queue_append_encoded (
        pipe->out, encoded->data, encoded->len, 0, FALSE));
      zmqg_frame_queue_publish (pipe->out);
      zmqg_pipe_flush (pipe);
      read_text (pipe->peer, NULL);
    }
  g_assert_cmpuint (heard[1].readable, ==, 49);
  zmqg_pipe_unref (pipe);
}

/* Both ends live as long as one of them is held. */
static void
test_counted (void)
{
  Heard heard[2];
  ZmqgPipe *pipe = pipe_new (0, 0, heard);
  ZmqgPipe *peer = zmqg_pipe_ref (pipe->peer);
  guint freed = 0;
  GBytes *bytes = counted_bytes (0, 9000, &freed);
  ZmqgFrameView view = { .data = pattern (), .size = 9000, .bytes = bytes };

  g_assert_cmpint (zmqg_pipe_write (pipe, &view, 1), ==, ZMQG_PIPE_WRITTEN);
  g_assert_cmpint (zmqg_pipe_write (peer, &view, 1), ==, ZMQG_PIPE_WRITTEN);
  g_bytes_unref (bytes);
  zmqg_pipe_unref (pipe);
  g_assert_cmpuint (freed, ==, 0);
  g_assert_false (nothing_to_peek (peer->in));
  zmqg_pipe_unref (peer);
  g_assert_cmpuint (freed, ==, 1);
}

/* --- Looks of others ------------------------------------------------------ */

#define N_TURNS 300000

static void
wake_writer (ZmqgPipe *pipe,
             guint events)
{
  if (events & ZMQG_PIPE_WRITABLE)
    signal_fd (GPOINTER_TO_INT (pipe->owner));
}

static void
wake_nobody (ZmqgPipe *pipe,
             guint events)
{
}

static const ZmqgPipeOwner writer = { wake_writer };
static const ZmqgPipeOwner reader = { wake_nobody };

static gpointer
read_turns (gpointer data)
{
  ZmqgPipe *pipe = data;

  for (guint i = 0; i < N_TURNS; i++)
    {
      ZmqgFrameArray frames;

      /* The writer itself has a deadline. */
      while (!zmqg_frame_queue_has_data (pipe->in))
        sched_yield ();
      zmqg_frame_array_init (&frames);
      g_assert_true (zmqg_frame_queue_peek (pipe->in, &frames));
      zmqg_frame_array_clear (&frames);
      zmqg_pipe_consume (pipe);
    }

  return NULL;
}

/* @waits says whether the writer has to wait behind a message. Others ask the
 * same meanwhile, and do nothing about what they hear. */
static void
take_turns (guint mark,
            gboolean (*waits) (ZmqgPipe *pipe))
{
  ZmqgPipe *pipe = zmqg_pipe_new (mark, 0, FALSE, FALSE);
  int fd = eventfd (0, EFD_CLOEXEC);
  GThread *thread;

  g_assert_cmpint (fd, >=, 0);
  pipe->ops = &writer;
  pipe->owner = GINT_TO_POINTER (fd);
  pipe->peer->ops = &reader;
  thread = g_thread_new ("reader", read_turns, pipe->peer);

  for (guint i = 0; i < N_TURNS; i++)
    {
      ZmqgFrameView view = { .data = pattern (), .size = i % 10 };

      g_assert_cmpint (zmqg_pipe_write (pipe, &view, 1), ==,
                       ZMQG_PIPE_WRITTEN);
      while (waits (pipe))
        {
          waits (pipe);
          wait_fd (fd);
        }
    }

  g_thread_join (thread);
  zmqg_pipe_unref (pipe);
  close (fd);
}

static gboolean
is_full (ZmqgPipe *pipe)
{
  return !zmqg_pipe_has_room (pipe);
}

static void
test_room_is_told (void)
{
  take_turns (1, is_full);
}

static gboolean
is_unread (ZmqgPipe *pipe)
{
  return !zmqg_frame_queue_is_consumed (pipe->out);
}

static void
test_end_is_told (void)
{
  take_turns (0, is_unread);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add_func ("/zmqg/pipe/pipe/" path, function)
  ADD ("two-ways", test_two_ways);
  ADD ("wakes-on-transitions", test_wakes_on_transitions);
  ADD ("mark-raised", test_mark_raised);
  ADD ("write-always", test_write_always);
  ADD ("skip-only", test_skip_only);
  ADD ("counted", test_counted);
  ADD ("room-is-told", test_room_is_told);
  ADD ("end-is-told", test_end_is_told);
#undef ADD

  return g_test_run ();
}
