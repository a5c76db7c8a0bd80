/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-message-private.h"

typedef struct
{
  ZmqgTag tag;
  int n_released; /* atomic */
  int n_peers;
} TestTag;

static void
test_tag_release (ZmqgTag *tag)
{
  g_atomic_int_inc (&((TestTag *) tag)->n_released);
}

static ZmqgPeer *
test_tag_dup_peer (ZmqgTag *tag)
{
  ((TestTag *) tag)->n_peers++;
  return (ZmqgPeer *) tag;
}

static const char *
test_tag_get_property (ZmqgTag *tag,
                       const char *name)
{
  if (g_ascii_strcasecmp (name, "Socket-Type") == 0)
    return "PUSH";
  if (g_ascii_strcasecmp (name, "X-Broken") == 0)
    return "\xff";
  return NULL;
}

static const ZmqgTagOps test_tag_ops = {
  .release = test_tag_release,
  .dup_peer = test_tag_dup_peer,
  .get_property = test_tag_get_property,
};

static int n_freed;

static void
count_free (gpointer data)
{
  n_freed++;
  g_free (data);
}

static void
test_inline (void)
{
  static const char text[] = "first" "second";
  const ZmqgFrameView views[] = {
    { .data = (const guint8 *) text, .size = 5, .flags = ZMQG_FRAME_MORE },
    { .data = NULL, .size = 0, .flags = ZMQG_FRAME_MORE },
    { .data = (const guint8 *) text + 5, .size = 6 },
  };
  g_autoptr (ZmqgMessage) message
    = zmqg_message_new_from_views (views, G_N_ELEMENTS (views), NULL);
  ZmqgFrameView out[5];

  g_assert_null (zmqg_message_get_tag (message));
  g_assert_cmpuint (zmqg_message_get_size (message), ==, 11);
  g_assert_cmpuint (zmqg_message_get_views (message, out, 5), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpmem (out[i].data, out[i].size, views[i].data,
                       views[i].size);
      g_assert_true (out[i].size == 0 || out[i].data != views[i].data);
      g_assert_cmpuint (out[i].flags, ==, i < 2 ? ZMQG_FRAME_MORE : 0);
      g_assert_null (out[i].bytes);
      g_assert_null (out[i].chunk);
    }
}

static void
test_get_part (void)
{
  const char *const strv[] = { "a", "b", "c", NULL };
  g_autoptr (ZmqgMessage) message = zmqg_message_new_strv (strv);
  g_autoptr (ZmqgMessage) empty = zmqg_message_new ();
  ZmqgFrameView out[3];

  g_assert_cmpuint (zmqg_message_get_views (message, out, 0), ==, 0);
  g_assert_cmpuint (zmqg_message_get_views (message, out, 2), ==, 2);
  g_assert_cmpuint (out[0].flags, ==, ZMQG_FRAME_MORE);
  g_assert_cmpuint (out[1].flags, ==, ZMQG_FRAME_MORE);
  g_assert_cmpuint (zmqg_message_get_views (empty, out, 3), ==, 0);
}

/* The parts of a chunk or of bytes that are large are referred to. */
static void
test_referred (void)
{
  const gsize large = ZMQG_FRAME_LARGE;
  guint8 *data = g_malloc0 (3 * large);
  GBytes *bytes
    = g_bytes_new_with_free_func (data, 3 * large, count_free, data);
  ZmqgChunk *chunk = zmqg_chunk_new (2 * large);
  const ZmqgFrameView views[] = {
    { .data = data, .size = 3 * large, .bytes = bytes },
    { .data = data + 5, .size = large, .bytes = bytes },
    { .data = data + 6, .size = large - 1, .bytes = bytes },
    { .data = chunk->data + 7, .size = large, .chunk = chunk },
    { .data = chunk->data + 8, .size = large - 1, .chunk = chunk },
    { .data = data + 9, .size = 2 * large },
  };
  const guint n = G_N_ELEMENTS (views);
  ZmqgFrameView out[G_N_ELEMENTS (views)];
  ZmqgMessage *message;
  ZmqgMessage *copy;
  GBytes *frames[G_N_ELEMENTS (views)];

  for (gsize i = 0; i < 3 * large; i++)
    data[i] = (guint8) (i * 31);
  memcpy (chunk->data, data, 2 * large);

  n_freed = 0;
  message = zmqg_message_new_from_views (views, n, NULL);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 2);

  zmqg_message_get_views (message, out, n);
  for (guint i = 0; i < n; i++)
    {
      gboolean referred = i == 0 || i == 1 || i == 3;

      g_assert_cmpmem (out[i].data, out[i].size, views[i].data,
                       views[i].size);
      g_assert_true ((out[i].data == views[i].data) == referred);
      g_assert_true (out[i].bytes == (referred ? views[i].bytes : NULL));
      g_assert_true (out[i].chunk == (referred ? views[i].chunk : NULL));

      frames[i] = zmqg_message_get_frame (message, i);
      g_assert_true (g_bytes_get_data (frames[i], NULL) == out[i].data);
      g_assert_cmpuint (g_bytes_get_size (frames[i]), ==, out[i].size);
    }

  /* The last one is inline and large: the copy refers to the message. */
  copy = zmqg_message_copy (message);
  for (guint i = 0; i < n; i++)
    g_assert_true ((zmqg_message_get_data (copy, i, NULL) == out[i].data) ==
                   (i != 2 && i != 4));
  zmqg_message_unref (message);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) frame = zmqg_message_get_frame (copy, i);

      g_assert_true (g_bytes_equal (frame, frames[i]));
      g_bytes_unref (frames[i]);
    }

  /* Ours, the message's and the copy's. */
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 3);
  g_bytes_unref (bytes);
  g_assert_cmpint (n_freed, ==, 0);
  zmqg_message_unref (copy);
  g_assert_cmpint (n_freed, ==, 1);
  g_assert_cmpuint (atomic_load (&chunk->refs), ==, 1);
  zmqg_chunk_unref (chunk);
}

/* What the program gave as a large payload is there to refer to; so is what
 * it appended. */
static void
test_own_large (void)
{
  g_autofree guint8 *data = g_malloc0 (ZMQG_FRAME_LARGE);
  g_autoptr (ZmqgMessage) message
    = zmqg_message_new_data (data, ZMQG_FRAME_LARGE);
  ZmqgFrameView out[3];

  zmqg_message_append_data (message, data, ZMQG_FRAME_LARGE);
  zmqg_message_append_data (message, data, ZMQG_FRAME_LARGE - 1);
  g_assert_cmpuint (zmqg_message_get_views (message, out, 3), ==, 3);
  g_assert_nonnull (out[0].chunk);
  g_assert_nonnull (out[1].chunk);
}

/* Sizes that no memory can hold are refused before the data is looked at. */
static void
test_no_memory (void)
{
  const ZmqgFrameView views[] = {
    { .data = NULL, .size = G_MAXSIZE / 2 + 1 },
    { .data = NULL, .size = G_MAXSIZE / 2 + 1 },
  };
  TestTag tag = { 0 };

  zmqg_tag_init (&tag.tag, &test_tag_ops);
  g_assert_null (zmqg_message_new_from_views (views, 1, &tag.tag));
  g_assert_null (zmqg_message_new_from_views (views, 2, &tag.tag));
  g_assert_cmpuint (atomic_load (&tag.tag.refs), ==, 1);
}

static void
test_tag (void)
{
  static const guint8 data[] = { 'x' };
  const ZmqgFrameView view = { .data = data, .size = 1 };
  TestTag tag = { 0 };
  ZmqgMessage *message;
  ZmqgMessage *copy;
  GBytes *frame;

  zmqg_tag_init (&tag.tag, &test_tag_ops);
  message = zmqg_message_new_from_views (&view, 1, &tag.tag);
  zmqg_tag_unref (&tag.tag);

  g_assert_true (zmqg_message_get_tag (message) == &tag.tag);
  g_assert_true (zmqg_message_get_peer (message) == (ZmqgPeer *) &tag);
  g_assert_cmpint (tag.n_peers, ==, 1);
  g_assert_cmpstr (zmqg_message_get_property (message, "Socket-Type"), ==,
                   "PUSH");
  g_assert_null (zmqg_message_get_property (message, "X-Unknown"));
  g_assert_null (zmqg_message_get_property (message, "X-Broken"));

  /* What was received may be changed and sent on. */
  zmqg_message_append_string (message, "more");
  zmqg_message_set_routing_id (message, 5);

  copy = zmqg_message_copy (message);
  g_assert_null (zmqg_message_get_tag (copy));
  g_assert_null (zmqg_message_get_peer (copy));
  g_assert_null (zmqg_message_get_property (copy, "Socket-Type"));
  zmqg_message_unref (copy);

  frame = zmqg_message_get_frame (message, 0);
  zmqg_message_unref (message);
  g_assert_cmpint (tag.n_released, ==, 0);
  g_bytes_unref (frame);
  g_assert_cmpint (tag.n_released, ==, 1);
}

static gpointer
unref_message (gpointer data)
{
  zmqg_message_unref (data);
  return NULL;
}

/* Whoever of several threads is last releases, once. */
static void
test_unref_race (void)
{
  static const guint8 data[] = { 'x' };
  const ZmqgFrameView view = { .data = data, .size = 1 };

  for (guint round = 0; round < 200; round++)
    {
      TestTag tag = { 0 };
      ZmqgMessage *message;
      GThread *thread;

      zmqg_tag_init (&tag.tag, &test_tag_ops);
      message = zmqg_message_new_from_views (&view, 1, &tag.tag);
      zmqg_tag_unref (&tag.tag);

      thread = g_thread_new ("unref", unref_message,
                             zmqg_message_ref (message));
      zmqg_message_unref (message);
      g_thread_join (thread);
      g_assert_cmpint (g_atomic_int_get (&tag.n_released), ==, 1);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/message/views/inline", test_inline);
  g_test_add_func ("/zmqg/message/views/get-part", test_get_part);
  g_test_add_func ("/zmqg/message/views/referred", test_referred);
  g_test_add_func ("/zmqg/message/views/own-large", test_own_large);
  g_test_add_func ("/zmqg/message/views/no-memory", test_no_memory);
  g_test_add_func ("/zmqg/message/views/tag", test_tag);
  g_test_add_func ("/zmqg/message/views/unref-race", test_unref_race);

  return g_test_run ();
}
