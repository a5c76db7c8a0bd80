/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "queue-fixture-private.h"

#include <sys/eventfd.h>
#include <unistd.h>

/*
 * Random operations against a model. The model of the queue is a number: the
 * frames of the n-th message follow from n and the seed, so that both sides
 * know without a word what has to come next.
 *
 * By default some 300,000 operations a run; ZMQG_TEST_OPERATIONS sets the
 * number, and -m slow makes it ten million. --seed repeats a run's choices.
 */
#define MAX_FRAMES 11
#define CHANGING 17u /* the mark to begin with */

typedef struct
{
  guint n;
  gboolean counted;
  struct
  {
    guint offset;
    guint size;
    guint flags;
  } frames[MAX_FRAMES];
} Plan;

typedef struct
{
  ZmqgFrameQueue *queue;
  guint64 seed;
  gboolean threads;
  GBytes *shared; /* the pattern, by reference */
  guint freed;
  ZmqgChunk *chunk;

  /* The producer's. */
  guint64 choices;
  guint64 put;         /* messages published */
  guint64 put_counted; /* of those that count */
  guint64 producer_ops;
  guint64 wanted_ops;
  gboolean changes_mark;
  int producer_fd;

  /* The consumer's. */
  _Alignas (64) guint64 consumer_choices;
  guint64 taken; /* the message that the boundary lies before */
  guint64 taken_counted;
  guint64 checksum;
  gsize offset; /* raw: bytes of it that are out */
  gboolean raw;
  guint64 consumer_ops;
  guint64 sleeps;
  int consumer_fd;
  Plan plan; /* of message planned - 1 */
  guint64 planned;
  GByteArray *encoded; /* the same, when not empty */

  _Alignas (64) _Atomic guint64 total; /* messages there will be */
} Model;

static inline guint64
choose (guint64 *choices)
{
  return mix ((*choices)++);
}

static void
plan_message (Model *model,
              guint64 index,
              Plan *plan)
{
  static const guint edges[] = { 254, 255, 256, 257, 8191, 8192, 8193, 20000 };
  guint64 h = mix (model->seed ^ (index * 0x10001));
  gboolean command = (h & 0x1f) == 0;

  plan->n = (h & 0x700) == 0 && !command ? 1 + (h >> 11) % MAX_FRAMES : 1;
  plan->counted = !command || model->queue->counts_commands;

  for (guint i = 0; i < plan->n; i++)
    {
      guint kind;

      h = mix (h);
      kind = h & 0xff;
      plan->frames[i].offset = (h >> 8) % 100000;
      plan->frames[i].flags = i + 1 < plan->n ? ZMQG_FRAME_MORE
                              : command       ? ZMQG_FRAME_COMMAND
                                              : 0;
      if (kind < 3)
        plan->frames[i].size = edges[(h >> 30) % G_N_ELEMENTS (edges)];
      else if (kind < 30)
        plan->frames[i].size = (h >> 30) % 700;
      else
        plan->frames[i].size = (h >> 30) % 64;
    }
}

static void
plan_encode (const Plan *plan,
             GByteArray *to)
{
  for (guint i = 0; i < plan->n; i++)
    encode_frame (to, plan->frames[i].flags, plan->frames[i].offset,
                  plan->frames[i].size);
}

/* --- The producer -------------------------------------------------------- */

static void
append_plan (Model *model,
             const Plan *plan,
             guint n_frames,
             guint64 way)
{
  ZmqgFrameQueue *queue = model->queue;
  guint total = 0;

  for (guint i = 0; i < plan->n; i++)
    total += plan->frames[i].size + ZMQG_FRAME_HEADER_MAX;

  if ((way & 3) == 0 && n_frames == plan->n && total < 4096)
    {
      GByteArray *bytes = g_byte_array_sized_new (total);

      plan_encode (plan, bytes);
      if (way & 4)
        {
          ZmqgChunk *chunk = zmqg_chunk_new (bytes->len);

          memcpy (chunk->data, bytes->data, bytes->len);
          g_assert_true (zmqg_frame_queue_append_range (
            queue, chunk, chunk->data, bytes->len, plan->counted, FALSE));
          zmqg_chunk_unref (chunk);
        }
      else
        {
          g_assert_true (zmqg_frame_queue_append_encoded (
            queue, bytes->data, bytes->len, plan->counted, FALSE));
        }
      g_byte_array_unref (bytes);
      return;
    }

  for (guint i = 0; i < n_frames; i++)
    {
      ZmqgFrameView view = {
        .data = pattern () + plan->frames[i].offset,
        .size = plan->frames[i].size,
        .flags = plan->frames[i].flags,
      };

      if (way & 8)
        view.bytes = model->shared;
      g_assert_true (zmqg_frame_queue_append (queue, &view));
    }
}

/* Appends some messages, and publishes them or takes them back. %FALSE when
 * there is no room. */
static gboolean
producer_step (Model *model)
{
  ZmqgFrameQueue *queue = model->queue;
  guint64 choice = choose (&model->choices);
  guint room = zmqg_frame_queue_room (queue);
  guint n = (choice & 0xf) == 0 ? 1 + (choice >> 4) % 20
                                : 1 + (choice >> 4) % 3;
  guint counted = 0;
  gboolean roll_back = (choice & 0xf0000) == 0;
  guint hwm = atomic_load (&queue->hwm);
  guint i;
  Plan plan;

  if (model->changes_mark && (choice >> 58) == 0)
    {
      static const guint marks[] = { 0, 1, 3, 10, 100, 1000 };

      hwm = marks[(choice >> 50) % G_N_ELEMENTS (marks)];
      atomic_store (&queue->hwm, hwm);
      room = zmqg_frame_queue_room (queue);
    }

  if (hwm > 0)
    g_assert_cmpuint (room, <=, hwm);
  if (room == 0)
    return FALSE;

  for (i = 0; i < n && counted < room; i++)
    {
      plan_message (model, model->put + i, &plan);
      append_plan (model, &plan, plan.n, choice >> (20 + i));
      counted += plan.counted;
      if (room != G_MAXUINT)
        g_assert_cmpuint (zmqg_frame_queue_room (queue), >=, room - counted);
    }
  model->producer_ops += i + 1;

  if (roll_back)
    {
      /* In the middle of the next one, when that has several frames. */
      plan_message (model, model->put + i, &plan);
      if (plan.n > 1)
        append_plan (model, &plan, plan.n - 1, choice >> 20);
      zmqg_frame_queue_roll_back (queue);
      return TRUE;
    }

  zmqg_frame_queue_publish (queue);
  model->put += i;
  model->put_counted += counted;
  g_assert_cmpuint (zmqg_frame_queue_get_written (queue), ==, model->put_counted);

  atomic_thread_fence (memory_order_seq_cst);
  if (zmqg_frame_queue_reader_sleeps (queue) &&
      zmqg_frame_queue_claim_reader (queue) && model->threads)
    signal_fd (model->consumer_fd);
  return TRUE;
}

/* --- The consumer -------------------------------------------------------- */

static void
take_out (Model *model)
{
  model->taken++;
  model->taken_counted += model->plan.counted;
  model->checksum = mix (model->checksum ^ model->taken);
  model->offset = 0;
}

static const Plan *
current_plan (Model *model)
{
  if (model->planned != model->taken + 1)
    {
      plan_message (model, model->taken, &model->plan);
      model->planned = model->taken + 1;
      g_byte_array_set_size (model->encoded, 0);
    }

  return &model->plan;
}

static GByteArray *
current_encoded (Model *model)
{
  const Plan *plan = current_plan (model);

  if (model->encoded->len == 0)
    plan_encode (plan, model->encoded);
  return model->encoded;
}

static void
wake_producer (Model *model,
               gboolean due)
{
  if (due && model->threads)
    signal_fd (model->producer_fd);
}

static gboolean
decode_step (Model *model)
{
  ZmqgFrameArray frames;
  gboolean found;

  zmqg_frame_array_init (&frames);
  found = zmqg_frame_queue_peek (model->queue, &frames);
  if (found)
    {
      const Plan *plan = current_plan (model);

      g_assert_cmpuint (frames.n, ==, plan->n);
      for (guint i = 0; i < plan->n; i++)
        {
          g_assert_cmphex (frames.views[i].flags & ~ZMQG_FRAME_LONG, ==,
                           plan->frames[i].flags);
          g_assert_cmpuint (frames.views[i].size, ==, plan->frames[i].size);
          g_assert_true (memcmp (frames.views[i].data,
                                 pattern () + plan->frames[i].offset,
                                 plan->frames[i].size) == 0);
        }
      take_out (model);
      wake_producer (model, zmqg_frame_queue_consume (model->queue));
    }
  zmqg_frame_array_clear (&frames);
  return found;
}

/* Compares @size bytes at @data with what comes next, and moves on. */
static void
raw_compare (Model *model,
             const guint8 *data,
             gsize size)
{
  while (size > 0)
    {
      GByteArray *encoded = current_encoded (model);
      gsize part = MIN (size, encoded->len - model->offset);

      g_assert_true (memcmp (data, encoded->data + model->offset, part) == 0);
      data += part;
      size -= part;
      model->offset += part;
      if (model->offset == encoded->len)
        take_out (model);
    }
}

static gboolean
raw_step (Model *model,
          guint64 choice)
{
  ZmqgFrameQueue *queue = model->queue;
  struct iovec ranges[32];
  gsize max_bytes = 1 + (choice >> 8) % (1u << ((choice >> 4) & 0xf));
  gsize n_bytes;
  gsize left;
  guint n;

  if ((choice & 0x1f) == 0 || (choice & 0xe0) == 0)
    max_bytes = 256 * 1024;
  n = zmqg_frame_queue_gather (queue, ranges, 1 + (choice >> 40) % 32,
                               max_bytes, FALSE, &n_bytes);
  g_assert_cmpuint (n_bytes, <=, max_bytes);
  if (n == 0)
    return FALSE;

  if ((choice >> 50) % 3 == 0)
    n_bytes = (choice >> 24) % (n_bytes + 1);
  left = n_bytes;
  for (guint i = 0; i < n && left > 0; i++)
    {
      gsize part = MIN (left, ranges[i].iov_len);

      raw_compare (model, ranges[i].iov_base, part);
      left -= part;
    }
  wake_producer (model, zmqg_frame_queue_advance (queue, n_bytes));

  g_assert_cmpint (zmqg_frame_queue_at_boundary (queue), ==,
                   model->offset == 0);
  if ((choice >> 44) % 16 == 0)
    g_assert_cmpuint (zmqg_frame_queue_partial_left (queue, FALSE), ==,
                      model->offset == 0
                        ? 0
                        : current_encoded (model)->len - model->offset);
  if ((choice >> 52) % 64 == 0)
    {
      zmqg_frame_queue_rewind (queue);
      model->offset = 0;
      g_assert_true (zmqg_frame_queue_at_boundary (queue));
    }
  return TRUE;
}

/* %FALSE when nothing lies ahead. */
static gboolean
consumer_step (Model *model)
{
  guint64 choice = choose (&model->consumer_choices);
  gboolean found;

  model->consumer_ops++;

  /* The way of reading changes with connections: at a boundary. */
  if ((choice >> 56) % 64 == 0)
    {
      if (model->raw)
        {
          zmqg_frame_queue_rewind (model->queue);
          model->offset = 0;
        }
      model->raw = !model->raw;
    }

  found = model->raw ? raw_step (model, choice) : decode_step (model);
  g_assert_cmpuint (model->queue->read, ==, model->taken_counted);
  if ((choice >> 20) % 256 == 0)
    zmqg_segment_list_free (zmqg_frame_queue_take_released (model->queue));
  return found;
}

/* --- Runs ---------------------------------------------------------------- */

static Model *
model_new (guint hwm,
           gboolean threads)
{
  Model *model = g_aligned_alloc0 (1, sizeof *model, 64);

  model->queue = queue_new (hwm, FALSE);
  model->queue->counts_commands = g_test_rand_int_range (0, 2);
  model->seed = (guint32) g_test_rand_int ();
  model->choices = (guint64) (guint32) g_test_rand_int () << 32;
  model->consumer_choices = (guint64) (guint32) g_test_rand_int () << 32;
  model->shared = counted_bytes (0, PATTERN_SIZE, &model->freed);
  model->encoded = g_byte_array_new ();
  model->threads = threads;
  model->producer_fd = eventfd (0, EFD_CLOEXEC);
  model->consumer_fd = eventfd (0, EFD_CLOEXEC);
  g_assert_cmpint (model->producer_fd, >=, 0);
  g_assert_cmpint (model->consumer_fd, >=, 0);
  atomic_init (&model->total, G_MAXUINT64);
  return model;
}

static void
model_finish (Model *model)
{
  guint64 checksum = 0;

  for (guint64 i = 1; i <= model->put; i++)
    checksum = mix (checksum ^ i);

  g_assert_cmpuint (model->taken, ==, model->put);
  g_assert_cmpuint (model->taken_counted, ==, model->put_counted);
  g_assert_cmphex (model->checksum, ==, checksum);
  g_test_message ("%" G_GUINT64_FORMAT " messages, operations: %"
                  G_GUINT64_FORMAT " to put, %" G_GUINT64_FORMAT " to take, "
                  "%" G_GUINT64_FORMAT " sleeps",
                  model->put, model->producer_ops, model->consumer_ops,
                  model->sleeps);

  queue_free (model->queue);
  g_assert_cmpuint (model->freed, ==, 0);
  g_bytes_unref (model->shared);
  g_assert_cmpuint (model->freed, ==, 1);
  g_byte_array_unref (model->encoded);
  close (model->producer_fd);
  close (model->consumer_fd);
  g_aligned_free (model);
}

static guint64
operations (void)
{
  const char *text = g_getenv ("ZMQG_TEST_OPERATIONS");

  if (text != NULL)
    return g_ascii_strtoull (text, NULL, 10);
  return g_test_slow () ? 10000000 : 300000;
}

/* One thread: what one side did the other sees at once, and exactly that. */
static void
test_one_thread (gconstpointer data)
{
  guint hwm = GPOINTER_TO_UINT (data);
  Model *model = model_new (hwm, FALSE);
  guint64 want = operations () / 20;
  guint64 lean = 0; /* so that the queue is at times long, at times empty */

  while (model->producer_ops + model->consumer_ops < want ||
         model->taken < model->put)
    {
      gboolean more = model->producer_ops + model->consumer_ops < want;

      if (model->consumer_ops % 1000 == 0)
        lean = 1 + g_test_rand_int_range (0, 3);

      if (more && (guint) g_test_rand_int_range (0, 4) < lean)
        {
          if (producer_step (model))
            {
              /* Nothing is put back on the way to the reader. */
              if (hwm > 0)
                g_assert_cmpuint (model->put_counted - model->taken_counted,
                                  <=, hwm);
            }
          else if (model->put == model->taken)
            {
              /* All is read: who sleeps lets the writer go on. */
              zmqg_frame_queue_rewind (model->queue);
              g_assert_true (zmqg_frame_queue_reader_sleep (model->queue));
              g_assert_cmpuint (zmqg_frame_queue_room (model->queue), >, 0);
            }
        }
      else
        {
          gboolean ahead = model->put > model->taken;

          g_assert_cmpint (zmqg_frame_queue_has_data (model->queue), ==,
                           ahead);
          g_assert_cmpint (consumer_step (model), ==, ahead);
        }
    }

  model_finish (model);
}

static gpointer
produce (gpointer data)
{
  Model *model = data;

  while (model->producer_ops < model->wanted_ops)
    if (!producer_step (model))
      wait_fd (model->producer_fd);

  atomic_store (&model->total, model->put);
  signal_fd (model->consumer_fd);
  return NULL;
}

static void
consume_all (Model *model)
{
  while (model->taken < atomic_load (&model->total))
    {
      if (consumer_step (model))
        continue;
      if (!zmqg_frame_queue_reader_sleep (model->queue))
        continue;

      wake_producer (model, zmqg_frame_queue_claim_writer (model->queue));
      if (model->taken == atomic_load (&model->total))
        break;
      model->sleeps++;
      wait_fd (model->consumer_fd);
    }
}

static void
test_two_threads (gconstpointer data)
{
  guint hwm = GPOINTER_TO_UINT (data);
  Model *model = model_new (hwm == G_MAXUINT ? CHANGING : hwm, TRUE);
  guint64 want = operations () / 2;
  GThread *thread;

  /* Small marks make the threads take turns, which takes long. */
  if (hwm > 0 && hwm < 10)
    want /= 50;
  else if (hwm == G_MAXUINT || (hwm > 0 && hwm < 100))
    want /= 10;
  else
    want = want * 3 / 5;

  model->wanted_ops = want;
  model->changes_mark = hwm == G_MAXUINT;
  pattern ();
  thread = g_thread_new ("producer", produce, model);
  consume_all (model);
  g_thread_join (thread);
  model_finish (model);
}

int
main (int argc,
      char **argv)
{
  static const guint marks[] = { 0, 1, 2, 3, 17, 1000 };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      g_autofree char *one = NULL;
      g_autofree char *two = NULL;

      one = g_strdup_printf ("/zmqg/pipe/frame-queue-model/one-thread/%u",
                             marks[i]);
      two = g_strdup_printf ("/zmqg/pipe/frame-queue-model/two-threads/%u",
                             marks[i]);
      g_test_add_data_func (one, GUINT_TO_POINTER (marks[i]),
                            test_one_thread);
      g_test_add_data_func (two, GUINT_TO_POINTER (marks[i]),
                            test_two_threads);
    }
  g_test_add_data_func ("/zmqg/pipe/frame-queue-model/two-threads/changing",
                        GUINT_TO_POINTER (G_MAXUINT), test_two_threads);

  return g_test_run ();
}
