/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport/zmqg-transport-private.h"

static void
test_find (void)
{
  static const char *const schemes[] = { "tcp", "ipc" };
  const ZmqgTransport *inproc = zmqg_transport_find ("inproc");

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      const ZmqgTransport *transport = zmqg_transport_find (schemes[i]);

      g_assert_nonnull (transport);
      g_assert_cmpstr (transport->scheme, ==, schemes[i]);
      g_assert_false (transport->in_process);
      g_assert_nonnull (transport->listen);
      g_assert_nonnull (transport->unlisten);
      g_assert_nonnull (transport->accept);
      g_assert_nonnull (transport->check);
      g_assert_nonnull (transport->dial);
    }

  g_assert_nonnull (inproc);
  g_assert_true (inproc->in_process);
}

static void
test_unknown (void)
{
  g_assert_null (zmqg_transport_find ("TCP"));
  g_assert_null (zmqg_transport_find ("tcp4"));
  g_assert_null (zmqg_transport_find ("nosuch"));
  g_assert_null (zmqg_transport_find (""));
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/zmqg/transport/find", test_find);
  g_test_add_func ("/zmqg/transport/unknown", test_unknown);

  return g_test_run ();
}
