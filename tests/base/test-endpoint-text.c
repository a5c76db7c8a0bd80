/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-endpoint-text-private.h"

#include "base/zmqg-error.h"

#include <string.h>

static void
test_split (void)
{
  static const struct
  {
    const char *uri;
    const char *scheme;
    const char *rest;
  } cases[] = {
    { "tcp://127.0.0.1:5555", "tcp", "127.0.0.1:5555" },
    { "tcp://[::1]:*", "tcp", "[::1]:*" },
    { "ipc:///tmp/a b", "ipc", "/tmp/a b" },
    { "ipc://@x", "ipc", "@x" },
    { "inproc://name", "inproc", "name" },
    /* What the scheme is called and what is behind it is not judged. */
    { "TCP://x", "TCP", "x" },
    { "a b://x", "a b", "x" },
    { "x://y", "x", "y" },
    { "x:///", "x", "/" },
    { "é://ü", "é", "ü" },
    /* The first separator counts. */
    { "a://b://c", "a", "b://c" },
    { "a:://b", "a:", "b" },
    { "a:/b://c", "a:/b", "c" },
    { "a://://", "a", "://" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *scheme = NULL;
      g_autoptr (GError) error = NULL;
      const char *rest = NULL;

      g_assert_true (zmqg_endpoint_text_split (cases[i].uri, &scheme, &rest,
                                               &error));
      g_assert_no_error (error);
      g_assert_cmpstr (scheme, ==, cases[i].scheme);
      g_assert_cmpstr (rest, ==, cases[i].rest);

      /* A view, not a copy. */
      g_assert_true (rest == cases[i].uri + strlen (cases[i].uri) -
                             strlen (cases[i].rest));
    }
}

static void
test_malformed (void)
{
  static const char *const cases[] = {
    "", ":", ":/", "://", "://x", "tcp", "tcp:", "tcp:/", "tcp:/x", "tcp://",
    "tcp:x", "tcp//x", "/tmp/socket", "://://", " : / / x", "tcp: //x",
    "tcp:/ /x",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      /* A block of just its size: checkers of memory see reads behind it. */
      g_autofree char *uri = g_strdup (cases[i]);
      g_autoptr (GError) error = NULL;
      char *scheme = NULL;
      const char *rest = NULL;

      g_assert_false (zmqg_endpoint_text_split (uri, &scheme, &rest, &error));
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT);
      g_assert_null (scheme);
      g_assert_null (rest);
      /* Whoever reads it learns what was wrong. */
      g_assert_nonnull (strstr (error->message, uri));

      /* Nobody has to ask why. */
      g_assert_false (zmqg_endpoint_text_split (uri, &scheme, &rest, NULL));
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/base/endpoint-text/split", test_split);
  g_test_add_func ("/zmqg/base/endpoint-text/malformed", test_malformed);

  return g_test_run ();
}
