/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmtp/zmqg-zmtp1-private.h"

#include "message/zmqg-frame-private.h"
#include "zmtp-test.h"

static void
test_golden (void)
{
  static const struct
  {
    guint flags;
    guint64 size;
    const char *header;
    gsize header_size;
  } cases[] = {
    { 0, 0, "\1\0", 2 },
    { ZMQG_FRAME_MORE, 0, "\1\1", 2 },
    { ZMQG_FRAME_MORE, 5, "\6\1", 2 },
    { 0, 252, "\375\0", 2 },
    { 0, 253, "\376\0", 2 },
    /* payload + 1 is 255, which is the mark of the long form */
    { 0, 254, "\377\0\0\0\0\0\0\0\377\0", 10 },
    { ZMQG_FRAME_MORE, 255, "\377\0\0\0\0\0\0\1\0\1", 10 },
    { 0, 256, "\377\0\0\0\0\0\0\1\1\0", 10 },
    { 0, G_GUINT64_CONSTANT (0x7fffffffffffffff),
      "\377\200\0\0\0\0\0\0\0\0", 10 },
    { 0, G_MAXUINT64 - 1, "\377\377\377\377\377\377\377\377\377\0", 10 },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 header[ZMQG_ZMTP1_HEADER_MAX];
      gsize header_size, n;
      guint flags = 0;
      guint64 size = 0;

      header_size
          = zmqg_zmtp1_encode_header (header, cases[i].flags, cases[i].size);
      g_assert_cmpmem (header, header_size, cases[i].header,
                       cases[i].header_size);

      for (n = 0; n < header_size; n++)
        {
          g_autofree guint8 *copy = g_memdup2 (header, n);

          g_assert_cmpint (zmqg_zmtp1_decode_header (copy, n, &flags, &size),
                           ==, 0);
        }
      g_assert_cmpint (
          zmqg_zmtp1_decode_header (header, header_size, &flags, &size), ==,
          header_size);
      g_assert_cmpuint (flags, ==, cases[i].flags);
      g_assert_cmpuint (size, ==, cases[i].size);
    }
}

static void
test_encode_ignores_other_flags (void)
{
  guint8 header[ZMQG_ZMTP1_HEADER_MAX];

  g_assert_cmpuint (zmqg_zmtp1_encode_header (header, 0xff, 1), ==, 2);
  g_assert_cmpmem (header, 2, "\2\1", 2);
}

static void
test_decode_ignores_other_flags (void)
{
  guint flags = 0;
  guint64 size = 0;

  g_assert_cmpint (zmqg_zmtp1_decode_header (BYTES ("\2\376"), &flags, &size),
                   ==, 2);
  g_assert_cmpuint (flags, ==, 0);
  g_assert_cmpint (zmqg_zmtp1_decode_header (BYTES ("\2\177"), &flags, &size),
                   ==, 2);
  g_assert_cmpuint (flags, ==, ZMQG_FRAME_MORE);
}

static void
test_decode_long_form_of_small_size (void)
{
  guint flags = 0;
  guint64 size = 0;

  g_assert_cmpint (zmqg_zmtp1_decode_header (
                       BYTES ("\377\0\0\0\0\0\0\0\3\0ab"), &flags, &size),
                   ==, 10);
  g_assert_cmpuint (size, ==, 2);
}

static void
test_size_zero_is_malformed (void)
{
  guint flags = 77;
  guint64 size = 77;

  g_assert_cmpint (zmqg_zmtp1_decode_header (BYTES ("\0"), &flags, &size), ==,
                   -1);
  g_assert_cmpint (zmqg_zmtp1_decode_header (BYTES ("\0\0\0"), &flags, &size),
                   ==, -1);
  g_assert_cmpint (zmqg_zmtp1_decode_header (BYTES ("\377\0\0\0\0\0\0\0\0"),
                                             &flags, &size),
                   ==, -1);
  g_assert_cmpuint (flags, ==, 77);
  g_assert_cmpuint (size, ==, 77);
}

static void
check_random (const guint8 *data,
              gsize avail,
              gpointer user_data)
{
  guint flags = 0;
  guint64 size = 0;
  gssize n = zmqg_zmtp1_decode_header (data, avail, &flags, &size);

  g_assert_cmpint (n, <=, (gssize) avail);
  g_assert_true (n == -1 || n == 0 || n == 2 || n == 10);
  g_assert_cmpuint (flags, <=, 1);
}

static void
test_random (void)
{
  for_random_bytes (check_random, NULL);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/zmtp/zmtp1/golden", test_golden);
  g_test_add_func ("/zmqg/zmtp/zmtp1/encode-ignores-other-flags",
                   test_encode_ignores_other_flags);
  g_test_add_func ("/zmqg/zmtp/zmtp1/decode-ignores-other-flags",
                   test_decode_ignores_other_flags);
  g_test_add_func ("/zmqg/zmtp/zmtp1/decode-long-form-of-small-size",
                   test_decode_long_form_of_small_size);
  g_test_add_func ("/zmqg/zmtp/zmtp1/size-zero-is-malformed",
                   test_size_zero_is_malformed);
  g_test_add_func ("/zmqg/zmtp/zmtp1/random", test_random);

  return g_test_run ();
}
