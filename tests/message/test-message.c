/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-message-private.h"

#define SENT_MESSAGE "*the message was sent and is immutable*"

static int n_freed; /* atomic */

static void
count_free (gpointer data)
{
  g_atomic_int_inc (&n_freed);
  g_free (data);
}

static GBytes *
counted_bytes (gsize size)
{
  gpointer data = g_malloc (MAX (size, 1));

  memset (data, 'c', size);
  return g_bytes_new_with_free_func (data, size, count_free, data);
}

static void
mark_sent (ZmqgMessage *message)
{
  ZmqgFrameView view;

  zmqg_message_get_views (message, &view, 1);
}

#define assert_frame(message, index, expected, expected_size)                 \
  G_STMT_START                                                                \
  {                                                                           \
    gsize size_;                                                              \
    const guint8 *data_ = zmqg_message_get_data ((message), (index), &size_); \
    g_autoptr (GBytes) bytes_ = zmqg_message_get_frame ((message), (index));  \
    gsize bytes_size_;                                                        \
    gconstpointer bytes_data_ = g_bytes_get_data (bytes_, &bytes_size_);      \
                                                                              \
    g_assert_nonnull (data_);                                                 \
    g_assert_cmpmem (data_, size_, (expected), (expected_size));              \
    g_assert_cmpmem (bytes_data_, bytes_size_, (expected), (expected_size));  \
    if (size_ > 0)                                                            \
      g_assert_true (bytes_data_ == (gconstpointer) data_);                   \
  }                                                                           \
  G_STMT_END

static void
test_type (void)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("boxed");
  g_autoptr (ZmqgMessage) dup = NULL;

  g_assert_true (G_TYPE_IS_BOXED (ZMQG_TYPE_MESSAGE));
  g_assert_cmpstr (g_type_name (ZMQG_TYPE_MESSAGE), ==, "ZmqgMessage");

  g_value_init (&value, ZMQG_TYPE_MESSAGE);
  g_value_set_boxed (&value, message);
  dup = g_value_dup_boxed (&value);
  g_assert_true (dup == message);
}

static void
test_empty (void)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autoptr (ZmqgMessage) copy = zmqg_message_copy (message);
  g_auto (GStrv) strv = zmqg_message_to_strv (message);

  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 0);
  g_assert_cmpuint (zmqg_message_get_size (message), ==, 0);
  g_assert_cmpuint (g_strv_length (strv), ==, 0);
  g_assert_null (zmqg_message_get_peer (message));
  g_assert_null (zmqg_message_get_property (message, "Socket-Type"));
  g_assert_null (zmqg_message_get_group (message));
  g_assert_cmpuint (zmqg_message_get_routing_id (message), ==, 0);
  g_assert_true (zmqg_message_equal (message, copy));
}

static void
test_data (void)
{
  static const gsize sizes[] = {
    0, 1, 111, 112, 113, 255, 256, 511, 512, 513, 4096,
    ZMQG_FRAME_LARGE - 1, ZMQG_FRAME_LARGE, ZMQG_FRAME_LARGE + 1,
    ZMQG_CHUNK_SIZE - 1, ZMQG_CHUNK_SIZE, ZMQG_CHUNK_SIZE + 1, 1000000,
  };
  g_autofree guint8 *data = g_malloc (1000000);
  g_autoptr (ZmqgMessage) all = zmqg_message_new ();
  gsize total = 0;

  for (gsize i = 0; i < 1000000; i++)
    data[i] = (guint8) (i * 7 + i / 256);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (ZmqgMessage) message
        = zmqg_message_new_data (sizes[i] > 0 ? data : NULL, sizes[i]);

      g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 1);
      g_assert_cmpuint (zmqg_message_get_size (message), ==, sizes[i]);
      assert_frame (message, 0, data, sizes[i]);

      zmqg_message_append_data (message, data + 1, 5);
      zmqg_message_append_data (message, NULL, 0);
      assert_frame (message, 0, data, sizes[i]);
      assert_frame (message, 1, data + 1, 5);
      assert_frame (message, 2, "", 0);
      g_assert_cmpuint (zmqg_message_get_size (message), ==, sizes[i] + 5);

      zmqg_message_append_data (all, data, sizes[i]);
      total += sizes[i];
    }

  g_assert_cmpuint (zmqg_message_get_size (all), ==, total);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    assert_frame (all, i, data, sizes[i]);
}

static void
test_data_without_size (void)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("x");

  g_assert_cmpint (zmqg_message_get_data (message, 0, NULL)[0], ==, 'x');
}

/* Pointers into a message stay valid while frames are appended, even those
 * that are its own. */
static void
test_payloads_stay (void)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  const guint8 *first;

  zmqg_message_append_string (message, "first");
  first = zmqg_message_get_data (message, 0, NULL);
  for (guint i = 0; i < 3000; i++)
    zmqg_message_append_data (message, first, 5);

  g_assert_true (zmqg_message_get_data (message, 0, NULL) == first);
  for (guint i = 0; i <= 3000; i++)
    assert_frame (message, i, "first", 5);
}

static void
test_bytes (void)
{
  static const gsize sizes[] = { 0, 10, ZMQG_FRAME_LARGE, 100000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      GBytes *bytes = counted_bytes (sizes[i]);
      ZmqgMessage *message = zmqg_message_new_bytes (bytes);
      GBytes *frame;

      n_freed = 0;
      zmqg_message_append_bytes (message, bytes);
      zmqg_message_append_bytes (message, bytes);
      g_assert_cmpuint (zmqg_message_get_size (message), ==, 3 * sizes[i]);

      frame = zmqg_message_get_frame (message, 2);
      g_assert_true (frame == bytes);
      g_bytes_unref (bytes);
      zmqg_message_unref (message);
      g_assert_cmpint (n_freed, ==, 0);
      g_bytes_unref (frame);
      g_assert_cmpint (n_freed, ==, 1);
    }
}

/* A frame outlives its message. */
static void
test_frame_outlives (void)
{
  static const gsize sizes[] = { 1, 100, 5000, ZMQG_FRAME_LARGE, 70000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree guint8 *data = g_malloc0 (sizes[i]);
      g_autoptr (ZmqgMessage) message
        = zmqg_message_new_data (data, sizes[i]);
      g_autoptr (GBytes) frame = NULL;
      g_autoptr (GBytes) second = NULL;

      zmqg_message_append_data (message, data, sizes[i]);
      frame = zmqg_message_get_frame (message, 0);
      second = zmqg_message_get_frame (message, 1);
      g_clear_pointer (&message, zmqg_message_unref);

      g_assert_cmpmem (g_bytes_get_data (frame, NULL),
                       g_bytes_get_size (frame), data, sizes[i]);
      g_assert_cmpmem (g_bytes_get_data (second, NULL),
                       g_bytes_get_size (second), data, sizes[i]);
    }
}

static void
test_string (void)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("grüße");
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  zmqg_message_append_string (message, "");
  first = zmqg_message_get_string (message, 0);
  second = zmqg_message_get_string (message, 1);

  g_assert_cmpstr (first, ==, "grüße");
  g_assert_cmpstr (second, ==, "");
  assert_frame (message, 0, "grüße", strlen ("grüße"));
  assert_frame (message, 1, "", 0);
}

static void
test_no_string (void)
{
  static const struct
  {
    const char *data;
    gsize size;
  } frames[] = {
    { "\xff\xfe", 2 },           /* no UTF-8 at all */
    { "ab\xc3", 3 },             /* cut off */
    { "\xc0\x80", 2 },           /* overlong NUL */
    { "\xed\xa0\x80", 3 },       /* a surrogate */
    { "\xf4\x90\x80\x80", 4 },   /* past the last character */
    { "a\0b", 3 },               /* NUL inside */
    { "ab\0", 3 },               /* NUL at the end */
    { "\0", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("text");

      zmqg_message_append_data (message, (const guint8 *) frames[i].data,
                                frames[i].size);
      g_assert_null (zmqg_message_get_string (message, 1));
      g_assert_null (zmqg_message_to_strv (message));
      assert_frame (message, 1, frames[i].data, frames[i].size);
    }
}

static void
test_strv (void)
{
  g_autofree char *large = g_strnfill (20000, 'l');
  const char *const none[] = { NULL };
  const char *const some[] = { "a", "", large, "ö", "last", NULL };
  g_autoptr (ZmqgMessage) empty = zmqg_message_new_strv (none);
  g_autoptr (ZmqgMessage) message = zmqg_message_new_strv (some);
  g_auto (GStrv) strv = zmqg_message_to_strv (message);

  g_assert_cmpuint (zmqg_message_get_n_frames (empty), ==, 0);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 5);
  g_assert_cmpstrv (strv, some);
}

static void
test_variant (void)
{
  static const char *const texts[] = {
    "true", "byte 0x2a", "int64 -7", "'text'", "(1, 'two', [3.0, 4.0])",
    "{'key': <'value'>}", "<(uint16 1, int32 2)>", "@as []", "@(ii) (1, 2)",
    "()", "@mx nothing", "[(byte 1, 'a'), (2, 'bb')]",
  };
  g_autoptr (ZmqgMessage) all = zmqg_message_new_string ("odd");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GVariant) value = g_variant_new_parsed (texts[i]);
      g_autoptr (GVariant) read = NULL;
      g_autoptr (ZmqgMessage) message = NULL;

      g_variant_ref_sink (value);
      message = zmqg_message_new_variant (value);
      zmqg_message_append_variant (all, value);

      g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 1);
      g_assert_cmpuint (zmqg_message_get_size (message), ==,
                        g_variant_get_size (value));
      read = zmqg_message_get_variant (message, 0,
                                       g_variant_get_type (value));
      g_assert_false (g_variant_is_floating (read));
      g_assert_cmpvariant (read, value);
    }

  /* As a receiver sees them: packed, not aligned. */
  {
    ZmqgFrameView views[G_N_ELEMENTS (texts) + 1];
    g_autoptr (ZmqgMessage) received = NULL;

    zmqg_message_get_views (all, views, G_N_ELEMENTS (views));
    received = zmqg_message_new_from_views (views, G_N_ELEMENTS (views), NULL);
    for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
      {
        g_autoptr (GVariant) value
          = g_variant_ref_sink (g_variant_new_parsed (texts[i]));
        g_autoptr (GVariant) read
          = zmqg_message_get_variant (received, i + 1,
                                      g_variant_get_type (value));

        g_assert_cmpvariant (read, value);
      }
  }
}

static void
test_variant_floating (void)
{
  GVariant *floating = g_variant_new_int32 (1);
  GVariant *owned = g_variant_ref_sink (g_variant_new_int32 (2));
  g_autoptr (ZmqgMessage) message = NULL;

  /* The leak checker sees if it is not consumed. */
  message = zmqg_message_new_variant (floating);
  zmqg_message_append_variant (message, g_variant_new_string ("floating"));

  zmqg_message_append_variant (message, owned);
  g_assert_cmpint (g_variant_get_int32 (owned), ==, 2);
  g_variant_unref (owned);

  assert_frame (message, 0, "\1\0\0\0", 4);
  assert_frame (message, 1, "floating", 9);
  assert_frame (message, 2, "\2\0\0\0", 4);
}

static void
test_variant_refused (void)
{
  static const struct
  {
    const char *type;
    const char *data;
    gsize size;
  } frames[] = {
    { "i", "\1\0\0", 3 },        /* too short */
    { "i", "\1\0\0\0\0", 5 },    /* too long */
    { "i", "", 0 },
    { "b", "\2", 1 },            /* neither true nor false */
    { "s", "text", 4 },          /* no NUL */
    { "s", "", 0 },
    { "as", "a\0b\0\2\77", 6 },  /* an offset past the end */
    { "ai", "\0\0\0\0\0", 5 },
    { "(is)", "\1\0\0\0a", 5 },
    { "v", "\1\0z!", 4 },        /* no type */
    { "o", "no path\0", 8 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      g_autoptr (ZmqgMessage) message
        = zmqg_message_new_data ((const guint8 *) frames[i].data,
                                 frames[i].size);

      g_assert_null (zmqg_message_get_variant (message, 0,
                                               G_VARIANT_TYPE (frames[i].type)));
    }
}

static void
test_many_frames (void)
{
  const guint n = 100000;
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autoptr (ZmqgMessage) copy = NULL;
  g_autoptr (ZmqgMessage) received = NULL;
  g_autofree ZmqgFrameView *views = g_new (ZmqgFrameView, n);
  gsize total = 0;

  for (guint i = 0; i < n; i++)
    {
      char text[16];
      int length = g_snprintf (text, sizeof text, "%u", i);

      if (i % 3 == 0)
        {
          zmqg_message_append_data (message, NULL, 0);
          continue;
        }
      zmqg_message_append_string (message, text);
      total += (gsize) length;
    }
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, n);
  g_assert_cmpuint (zmqg_message_get_size (message), ==, total);

  g_assert_cmpuint (zmqg_message_get_views (message, views, n), ==, n);
  received = zmqg_message_new_from_views (views, n, NULL);
  g_assert_true (zmqg_message_equal (message, received));

  copy = zmqg_message_copy (received);
  g_clear_pointer (&message, zmqg_message_unref);
  g_assert_true (zmqg_message_equal (copy, received));
  g_clear_pointer (&received, zmqg_message_unref);

  for (guint i = 0; i < n; i++)
    {
      char text[16];
      gsize length = (gsize) g_snprintf (text, sizeof text, "%u", i);

      assert_frame (copy, i, text, i % 3 == 0 ? 0 : length);
    }
}

static void
test_equal (void)
{
  const char *const ab_c[] = { "ab", "c", NULL };
  const char *const a_bc[] = { "a", "bc", NULL };
  const char *const ab_d[] = { "ab", "d", NULL };
  const char *const abc[] = { "abc", NULL };
  g_autoptr (ZmqgMessage) message = zmqg_message_new_strv (ab_c);
  g_autoptr (ZmqgMessage) same = zmqg_message_new ();
  g_autoptr (ZmqgMessage) other1 = zmqg_message_new_strv (a_bc);
  g_autoptr (ZmqgMessage) other2 = zmqg_message_new_strv (ab_d);
  g_autoptr (ZmqgMessage) other3 = zmqg_message_new_strv (abc);

  zmqg_message_append_string (same, "ab");
  zmqg_message_append_string (same, "c");
  zmqg_message_set_group (same, "group");

  g_assert_true (zmqg_message_equal (message, message));
  g_assert_true (zmqg_message_equal (message, same));
  g_assert_false (zmqg_message_equal (message, other1));
  g_assert_false (zmqg_message_equal (message, other2));
  g_assert_false (zmqg_message_equal (message, other3));
}

static void
test_copy (void)
{
  g_autofree guint8 *large = g_malloc0 (20000);
  GBytes *bytes = counted_bytes (10);
  ZmqgMessage *message = zmqg_message_new_string ("small");
  ZmqgMessage *copy;
  ZmqgMessage *copy_of_copy;

  n_freed = 0;
  zmqg_message_append_bytes (message, bytes);
  g_bytes_unref (bytes);
  zmqg_message_append_data (message, large, 20000);
  zmqg_message_set_group (message, "group");
  zmqg_message_set_routing_id (message, 77);
  mark_sent (message);

  copy = zmqg_message_copy (message);
  g_assert_true (copy != message);
  g_assert_true (zmqg_message_equal (copy, message));
  g_assert_cmpstr (zmqg_message_get_group (copy), ==, "group");
  g_assert_cmpuint (zmqg_message_get_routing_id (copy), ==, 77);
  g_assert_true (zmqg_message_get_data (copy, 1, NULL) ==
                 zmqg_message_get_data (message, 1, NULL));
  g_assert_true (zmqg_message_get_data (copy, 2, NULL) ==
                 zmqg_message_get_data (message, 2, NULL));

  zmqg_message_append_string (copy, "more");
  zmqg_message_set_group (copy, "other");
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 3);
  g_assert_cmpstr (zmqg_message_get_group (message), ==, "group");

  copy_of_copy = zmqg_message_copy (copy);
  zmqg_message_unref (copy);
  zmqg_message_unref (message);
  g_assert_cmpint (n_freed, ==, 0);
  g_assert_cmpuint (zmqg_message_get_size (copy_of_copy), ==,
                    5 + 10 + 20000 + 4);
  assert_frame (copy_of_copy, 2, large, 20000);
  assert_frame (copy_of_copy, 3, "more", 4);
  zmqg_message_unref (copy_of_copy);
  g_assert_cmpint (n_freed, ==, 1);
}

static void
test_group (void)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("");
  g_autofree char *longest = g_strnfill (255, 'g');
  g_autofree char *too_long = g_strnfill (256, 'g');

  zmqg_message_set_group (message, "one");
  g_assert_cmpstr (zmqg_message_get_group (message), ==, "one");
  zmqg_message_set_group (message, zmqg_message_get_group (message) + 1);
  g_assert_cmpstr (zmqg_message_get_group (message), ==, "ne");
  zmqg_message_set_group (message, "");
  g_assert_cmpstr (zmqg_message_get_group (message), ==, "");
  zmqg_message_set_group (message, longest);
  g_assert_cmpstr (zmqg_message_get_group (message), ==, longest);

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*GROUP_MAX*");
  zmqg_message_set_group (message, too_long);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (zmqg_message_get_group (message), ==, longest);

  zmqg_message_set_group (message, NULL);
  g_assert_null (zmqg_message_get_group (message));
}

static void
test_routing_id (void)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("");

  zmqg_message_set_routing_id (message, G_MAXUINT32);
  g_assert_cmpuint (zmqg_message_get_routing_id (message), ==, G_MAXUINT32);
  zmqg_message_set_routing_id (message, 0);
  g_assert_cmpuint (zmqg_message_get_routing_id (message), ==, 0);
}

static void
test_immutable_once_sent (void)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("sent");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  zmqg_message_append_string (message, "before");
  mark_sent (message);

#define assert_refused(call)                                                  \
  G_STMT_START                                                                \
  {                                                                           \
    g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, SENT_MESSAGE); \
    call;                                                                     \
    g_test_assert_expected_messages ();                                       \
  }                                                                           \
  G_STMT_END

  assert_refused (zmqg_message_append_data (message, NULL, 0));
  assert_refused (zmqg_message_append_bytes (message, bytes));
  assert_refused (zmqg_message_append_string (message, "x"));
  assert_refused (zmqg_message_append_variant (message,
                                               g_variant_new_int32 (1)));
  assert_refused (zmqg_message_set_group (message, "x"));
  assert_refused (zmqg_message_set_routing_id (message, 1));

  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 2);
  g_assert_cmpuint (zmqg_message_get_size (message), ==, 10);
}

static void
test_index_out_of_range (void)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new_string ("one");
  gsize size = 5;

#define assert_out_of_range(call)                                             \
  G_STMT_START                                                                \
  {                                                                           \
    g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL,                \
                           "*index < self->n_frames*");                       \
    g_assert_null (call);                                                     \
    g_test_assert_expected_messages ();                                       \
  }                                                                           \
  G_STMT_END

  assert_out_of_range (zmqg_message_get_data (message, 1, &size));
  g_assert_cmpuint (size, ==, 0);
  assert_out_of_range (zmqg_message_get_frame (message, G_MAXUINT));
  assert_out_of_range (zmqg_message_get_string (message, 1));
  assert_out_of_range (zmqg_message_get_variant (message, 1,
                                                 G_VARIANT_TYPE_INT32));
}

static gpointer
use_message (gpointer data)
{
  g_autoptr (ZmqgMessage) message = data;

  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (ZmqgMessage) again = zmqg_message_ref (message);
      g_autoptr (ZmqgMessage) copy = zmqg_message_copy (again);
      g_autoptr (GBytes) inline_frame = zmqg_message_get_frame (again, 0);
      g_autoptr (GBytes) chunk_frame = zmqg_message_get_frame (copy, 2);
      ZmqgFrameView views[3];

      g_assert_cmpuint (zmqg_message_get_views (again, views, 3), ==, 3);
      g_assert_cmpuint (g_bytes_get_size (inline_frame), ==, 4);
      g_assert_cmpuint (g_bytes_get_size (chunk_frame), ==, 9000);
      zmqg_message_append_string (copy, "mine");
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autofree guint8 *data = g_malloc0 (9000);
  GBytes *bytes = counted_bytes (10000);
  ZmqgMessage *message = zmqg_message_new_string ("text");
  GThread *threads[4];

  n_freed = 0;
  zmqg_message_append_bytes (message, bytes);
  g_bytes_unref (bytes);
  zmqg_message_append_data (message, data, 9000);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("messages", use_message,
                               zmqg_message_ref (message));
  zmqg_message_unref (message);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 1);
}

/* --- The blocks that a thread keeps ------------------------------------- */

static const guint small_sizes[] = { 0, 1, 95, 96, 97, 255, 256, 257, 1023,
                                     1024, 1025, ZMQG_FRAME_LARGE - 1 };

static ZmqgMessage *
new_small (guint size,
           guint seed)
{
  guint8 bytes[ZMQG_FRAME_LARGE];
  ZmqgMessage *message;

  memset (bytes, (int) seed, size);
  message = zmqg_message_new_small (bytes, size);
  g_assert_nonnull (message);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 1);
  g_assert_cmpuint (zmqg_message_get_size (message), ==, size);
  return message;
}

static void
assert_small (ZmqgMessage *message,
              guint size,
              guint seed)
{
  gsize found;
  const guint8 *bytes = zmqg_message_get_data (message, 0, &found);

  g_assert_cmpuint (found, ==, size);
  for (guint i = 0; i < size; i++)
    g_assert_cmphex (bytes[i], ==, seed);
}

/* At the borders of the blocks' sizes; used again by one another. */
static void
test_small (void)
{
  for (guint round = 0; round < 4; round++)
    {
      ZmqgMessage *messages[G_N_ELEMENTS (small_sizes)];

      for (guint i = 0; i < G_N_ELEMENTS (small_sizes); i++)
        messages[i] = new_small (small_sizes[i], i + round);
      for (guint i = 0; i < G_N_ELEMENTS (small_sizes); i++)
        assert_small (messages[i], small_sizes[i], i + round);
      for (guint i = 0; i < G_N_ELEMENTS (small_sizes); i++)
        zmqg_message_unref (messages[(i + round) % G_N_ELEMENTS (messages)]);
    }
}

/* What was made of one does not follow its block. */
static void
test_small_changed (void)
{
  for (guint i = 0; i < 3; i++)
    {
      ZmqgMessage *message = new_small (96, 1);
      g_autoptr (GBytes) bytes = counted_bytes (9000);

      n_freed = 0;
      for (guint j = 0; j < 10; j++)
        zmqg_message_append_string (message, "more of it");
      zmqg_message_append_bytes (message, bytes);
      zmqg_message_set_routing_id (message, 7);
      assert_small (message, 96, 1);
      g_clear_pointer (&bytes, g_bytes_unref);
      zmqg_message_unref (message);
      g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 1);

      message = new_small (90, 2);
      assert_small (message, 90, 2);
      g_assert_cmpuint (zmqg_message_get_routing_id (message), ==, 0);
      zmqg_message_unref (message);
    }
}

#define MANY 500

/* More than a thread keeps. */
static void
test_small_many (void)
{
  for (guint round = 0; round < 3; round++)
    {
      ZmqgMessage *messages[MANY];

      for (guint i = 0; i < MANY; i++)
        messages[i] = new_small (i % 1200, i % 251);
      for (guint i = 0; i < MANY; i++)
        {
          assert_small (messages[i], i % 1200, i % 251);
          zmqg_message_unref (messages[i]);
        }
    }
}

typedef struct
{
  ZmqgTag tag;
  gint released; /* atomic */
} CountedTag;

static void
counted_tag_release (ZmqgTag *tag)
{
  g_atomic_int_inc (&((CountedTag *) tag)->released);
}

static const ZmqgTagOps counted_tag_ops = { .release = counted_tag_release };

static gpointer
free_messages (gpointer data)
{
  ZmqgMessage **messages = data;

  for (guint i = 0; i < MANY; i++)
    {
      assert_small (messages[i], i % 1200, i % 251);
      zmqg_message_unref (messages[i]);
    }
  return NULL;
}

/* Freed where they were not made; what the thread keeps goes with it, the
 * references to peers, too. */
static void
test_small_other_thread (void)
{
  for (guint round = 0; round < 3; round++)
    {
      CountedTag tags[2] = { { .released = 0 }, };
      ZmqgMessage *messages[MANY];

      for (guint i = 0; i < 2; i++)
        zmqg_tag_init (&tags[i].tag, &counted_tag_ops);
      for (guint i = 0; i < MANY; i++)
        {
          messages[i] = new_small (i % 1200, i % 251);
          zmqg_message_take_tag (messages[i],
                                 zmqg_tag_ref (&tags[i / 300].tag));
        }
      g_thread_join (g_thread_new ("frees", free_messages, messages));
      for (guint i = 0; i < 2; i++)
        {
          g_assert_cmpint (g_atomic_int_get (&tags[i].released), ==, 0);
          zmqg_tag_unref (&tags[i].tag);
          g_assert_cmpint (g_atomic_int_get (&tags[i].released), ==, 1);
        }
    }
}

static ZmqgTag *also_freed;

static void
nested_release (ZmqgTag *tag)
{
  ZmqgMessage *message = new_small (1, 1);

  g_atomic_int_inc (&((CountedTag *) tag)->released);
  zmqg_message_take_tag (message, zmqg_tag_ref (also_freed));
  zmqg_message_unref (message);
}

static const ZmqgTagOps nested_ops = { .release = nested_release };

static gpointer
free_nested (gpointer data)
{
  CountedTag *tags = data;

  for (guint i = 0; i < 2; i++)
    {
      ZmqgMessage *message = new_small (1, i);

      /* The only reference. */
      zmqg_message_take_tag (message, &tags[i].tag);
      zmqg_message_unref (message);
    }
  return NULL;
}

/* The end of a peer frees messages, which again have one. */
static void
test_small_nested (void)
{
  CountedTag tags[3] = { { .released = 0 }, };

  for (guint i = 0; i < 3; i++)
    zmqg_tag_init (&tags[i].tag, i < 2 ? &nested_ops : &counted_tag_ops);
  also_freed = &tags[2].tag;
  g_thread_join (g_thread_new ("frees", free_nested, tags));
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (g_atomic_int_get (&tags[i].released), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&tags[2].released), ==, 0);
  zmqg_tag_unref (&tags[2].tag);
  g_assert_cmpint (g_atomic_int_get (&tags[2].released), ==, 1);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/message/type", test_type);
  g_test_add_func ("/zmqg/message/empty", test_empty);
  g_test_add_func ("/zmqg/message/data", test_data);
  g_test_add_func ("/zmqg/message/data-without-size", test_data_without_size);
  g_test_add_func ("/zmqg/message/payloads-stay", test_payloads_stay);
  g_test_add_func ("/zmqg/message/bytes", test_bytes);
  g_test_add_func ("/zmqg/message/frame-outlives", test_frame_outlives);
  g_test_add_func ("/zmqg/message/string", test_string);
  g_test_add_func ("/zmqg/message/no-string", test_no_string);
  g_test_add_func ("/zmqg/message/strv", test_strv);
  g_test_add_func ("/zmqg/message/variant", test_variant);
  g_test_add_func ("/zmqg/message/variant-floating", test_variant_floating);
  g_test_add_func ("/zmqg/message/variant-refused", test_variant_refused);
  g_test_add_func ("/zmqg/message/many-frames", test_many_frames);
  g_test_add_func ("/zmqg/message/equal", test_equal);
  g_test_add_func ("/zmqg/message/copy", test_copy);
  g_test_add_func ("/zmqg/message/group", test_group);
  g_test_add_func ("/zmqg/message/routing-id", test_routing_id);
  g_test_add_func ("/zmqg/message/immutable-once-sent",
                   test_immutable_once_sent);
  g_test_add_func ("/zmqg/message/index-out-of-range",
                   test_index_out_of_range);
  g_test_add_func ("/zmqg/message/threads", test_threads);
  g_test_add_func ("/zmqg/message/small", test_small);
  g_test_add_func ("/zmqg/message/small-changed", test_small_changed);
  g_test_add_func ("/zmqg/message/small-many", test_small_many);
  g_test_add_func ("/zmqg/message/small-other-thread",
                   test_small_other_thread);
  g_test_add_func ("/zmqg/message/small-nested", test_small_nested);

  return g_test_run ();
}
