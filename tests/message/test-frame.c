/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "message/zmqg-frame-private.h"

/* ZMTP 3.1, section framing: "A short frame has a body of 0 to 255 octets. A
 * long frame has a body of 0 to 2^63-1 octets." */
static void
test_round_trip (void)
{
  static const guint64 sizes[] = {
    0, 1, 254, 255, 256, 65535, 65536, G_MAXUINT32, G_MAXINT64,
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint flags = 0; flags < 8; flags++)
      {
        guint8 header[ZMQG_FRAME_HEADER_MAX];
        gsize length = zmqg_frame_encode_header (header, flags, sizes[i]);
        guint read_flags = 0;
        guint64 size = 1234;

        g_assert_cmpuint (length, ==, zmqg_frame_header_size (sizes[i]));
        g_assert_cmpuint (length, ==, sizes[i] > 255 ? 9 : 2);
        for (gsize avail = 0; avail < length; avail++)
          g_assert_cmpuint (zmqg_frame_decode_header (header, avail,
                                                      &read_flags, &size),
                            ==, 0);
        g_assert_cmpuint (zmqg_frame_decode_header (header, length,
                                                    &read_flags, &size),
                          ==, length);
        g_assert_cmpuint (size, ==, sizes[i]);
        g_assert_cmpuint (read_flags & ~ZMQG_FRAME_LONG, ==,
                          flags & ~ZMQG_FRAME_LONG);
        g_assert_cmpint ((read_flags & ZMQG_FRAME_LONG) != 0, ==,
                         sizes[i] > 255);
      }
}

static void
test_wire_form (void)
{
  static const guint8 small[] = { 0x01, 0x05 };
  static const guint8 large[] = { 0x02, 0, 0, 0, 0, 0, 0x01, 0x02, 0x03 };
  guint8 header[ZMQG_FRAME_HEADER_MAX];
  gsize n;

  n = zmqg_frame_encode_header (header, ZMQG_FRAME_MORE, 5);
  g_assert_cmpmem (header, n, small, sizeof small);
  n = zmqg_frame_encode_header (header, 0, 0x010203);
  g_assert_cmpmem (header, n, large, sizeof large);
}

/* A peer may use the long form for a short frame. */
static void
test_long_form_of_short (void)
{
  static const guint8 header[] = { 0x03, 0, 0, 0, 0, 0, 0, 0, 7 };
  guint flags;
  guint64 size;

  g_assert_cmpuint (zmqg_frame_decode_header (header, sizeof header, &flags,
                                              &size),
                    ==, 9);
  g_assert_cmpuint (size, ==, 7);
  g_assert_cmpuint (flags, ==, ZMQG_FRAME_MORE | ZMQG_FRAME_LONG);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/frame/round-trip", test_round_trip);
  g_test_add_func ("/zmqg/frame/wire-form", test_wire_form);
  g_test_add_func ("/zmqg/frame/long-form-of-short", test_long_form_of_short);

  return g_test_run ();
}
