/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "transport-test.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* Has GLib make the descriptors that it keeps for good: the eventfds of the
 * main context and of the thread that looks after its pool. */
static void
do_nothing (GTask *task,
            gpointer source,
            gpointer data,
            GCancellable *cancellable)
{
  g_task_return_boolean (task, TRUE);
}

static void
warm_up (void)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);

  zmqg_test_turn (NULL);
  g_task_run_in_thread_sync (task, do_nothing);
}

void
transport_test_set_up (TransportTest *self,
                       gconstpointer data)
{
  static gboolean warm;

  if (!warm)
    warm_up ();
  warm = TRUE;

  self->options = zmqg_options_new ();
  self->n_fds = zmqg_test_fd_count ();
}

void
transport_test_tear_down (TransportTest *self,
                          gconstpointer data)
{
  /* Threads of a look-up that was given up may take a moment. */
  ZMQG_TEST_AWAIT (zmqg_test_fd_count () <= self->n_fds,
                   TRANSPORT_TEST_DEADLINE);
  g_assert_cmpuint (self->options->refs, ==, 1);
  zmqg_options_unref (self->options);
}

void
transport_test_listen (TransportTest *self,
                       const ZmqgTransport *transport,
                       const char *address,
                       ZmqgListening *listening)
{
  g_autoptr (GError) error = NULL;
  gboolean ok;

  ok = transport->listen (address, self->options, listening, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpint (listening->fd, >=, 0);
  g_assert_nonnull (listening->uri);
  transport_test_check_fd (listening->fd);
}

void
transport_test_unlisten (const ZmqgTransport *transport,
                         ZmqgListening *listening)
{
  transport->unlisten (listening);
  g_assert_cmpint (listening->fd, ==, -1);

  /* Once more does no harm. */
  transport->unlisten (listening);
  g_clear_pointer (&listening->uri, g_free);
}

void
transport_test_listen_fails (TransportTest *self,
                             const ZmqgTransport *transport,
                             const char *address,
                             GQuark domain,
                             int code)
{
  g_autoptr (GError) error = NULL;
  ZmqgListening listening = { .fd = -2 };

  g_test_message ("%s://%s", transport->scheme, address);
  g_assert_false (transport->listen (address, self->options, &listening,
                                     &error));
  if (domain == 0)
    domain = G_IO_ERROR;
  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, address));
  g_assert_cmpint (listening.fd, ==, -2);
}

ZmqgLink *
transport_test_accept (TransportTest *self,
                       const ZmqgTransport *transport,
                       const ZmqgListening *listening)
{
  g_autoptr (GError) error = NULL;
  struct pollfd poll_fd = { .fd = listening->fd, .events = POLLIN };
  ZmqgLink *link;

  g_assert_cmpint (poll (&poll_fd, 1, TRANSPORT_TEST_DEADLINE), ==, 1);
  link = transport->accept (listening, self->options, &error);
  g_assert_no_error (error);
  g_assert_nonnull (link);
  transport_test_check_fd (link->fd);
  return link;
}

static void
on_dial_done (ZmqgLink *link,
              const GError *error,
              gpointer user_data)
{
  DialTest *dial = user_data;

  g_assert_true ((link == NULL) != (error == NULL));
  dial->n_calls++;
  dial->link = link;
  dial->error = error != NULL ? g_error_copy (error) : NULL;
  dial->thread = g_thread_self ();
}

void
dial_test_start (DialTest *dial,
                 TransportTest *test,
                 const ZmqgTransport *transport,
                 const char *address,
                 GCancellable *cancellable)
{
  *dial = (DialTest){ 0 };
  transport->dial (address, test->options, cancellable, NULL, on_dial_done,
                   dial);
  g_assert_cmpuint (dial->n_calls, ==, 0);
}

void
dial_test_await (DialTest *dial)
{
  ZMQG_TEST_AWAIT (dial->n_calls > 0, TRANSPORT_TEST_DEADLINE);

  /* Not once more. */
  for (guint i = 0; i < 3; i++)
    zmqg_test_turn (NULL);
  g_assert_cmpuint (dial->n_calls, ==, 1);
  g_assert_true (dial->thread == g_thread_self ());
}

void
dial_test_clear (DialTest *dial)
{
  g_clear_pointer (&dial->link, zmqg_link_free);
  g_clear_error (&dial->error);
}

void
transport_test_dial_fails (TransportTest *self,
                           const ZmqgTransport *transport,
                           const char *address,
                           GQuark domain,
                           int code)
{
  DialTest dial;

  g_test_message ("%s://%s", transport->scheme, address);
  dial_test_start (&dial, self, transport, address, NULL);
  dial_test_await (&dial);
  if (domain == 0)
    domain = G_IO_ERROR;
  g_assert_error (dial.error, domain, code);
  g_assert_nonnull (strstr (dial.error->message, address));
  dial_test_clear (&dial);
}

void
transport_test_check_fd (int fd)
{
  g_assert_true (fcntl (fd, F_GETFD) & FD_CLOEXEC);
  g_assert_true (fcntl (fd, F_GETFL) & O_NONBLOCK);
}

int
transport_test_get_option (int fd,
                           int level,
                           int name)
{
  int value = -1;
  socklen_t size = sizeof value;

  g_assert_no_errno (getsockopt (fd, level, name, &value, &size));
  return value;
}

void
transport_test_check_pair (ZmqgLink *a,
                           ZmqgLink *b)
{
  struct pollfd poll_fd = { .fd = b->fd, .events = POLLIN };
  char byte = 0;

  g_assert_cmpint (write (a->fd, "x", 1), ==, 1);
  g_assert_cmpint (poll (&poll_fd, 1, TRANSPORT_TEST_DEADLINE), ==, 1);
  g_assert_cmpint (read (b->fd, &byte, 1), ==, 1);
  g_assert_cmpint (byte, ==, 'x');
}
