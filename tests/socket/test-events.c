/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "socket-test.h"

#include "zmqg.h"

#include "socket/zmqg-socket-private.h"

#include <errno.h>
#include <glib/gstdio.h>

/*
 * Who hears of events, and what is kept for whom: the sequences themselves are
 * compared with libzmq's in tests/interop.
 */

#define DEADLINE SOCKET_TEST_DEADLINE_MS

static void
on_event (ZmqgSocket *socket G_GNUC_UNUSED,
          ZmqgEvent *event,
          gpointer user_data)
{
  g_ptr_array_add (user_data, zmqg_event_ref (event));
}

/* What the socket tells from now on. */
static GPtrArray *
listen_to (ZmqgSocket *socket)
{
  GPtrArray *events =
    g_ptr_array_new_with_free_func ((GDestroyNotify) zmqg_event_unref);

  g_signal_connect (socket, "event", G_CALLBACK (on_event), events);
  return events;
}

static ZmqgEventType
type_of (GPtrArray *events,
         guint i)
{
  return zmqg_event_get_event_type (g_ptr_array_index (events, i));
}

static guint
n_kept (ZmqgSocket *socket,
        ZmqgNewsLine line)
{
  ZmqgNewsQueue *queue = &socket->core->news;
  guint n;

  zmqg_lock (&queue->lock);
  n = queue->lines[line].length;
  zmqg_unlock (&queue->lock);

  return n;
}

/* --- The signal ---------------------------------------------------------- */

static void
test_nothing_is_kept_without_a_handler (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);

  zmqg_socket_wait_for_peers (pull, 1, NULL, NULL);
  g_assert_cmpuint (n_kept (pull, ZMQG_NEWS_LINE_EVENTS), ==, 0);
  g_assert_cmpuint (n_kept (push, ZMQG_NEWS_LINE_EVENTS), ==, 0);
  g_assert_cmpuint (atomic_load (&pull->core->client.events), ==, 0);
}

/* What ipc made for a wildcard cannot be removed: somebody put a file there. */
static void
test_what_is_left_of_a_wildcard (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GPtrArray) events = listen_to (pull);
  g_autofree char *folder = NULL;
  g_autofree char *file = NULL;
  g_autofree char *uri = NULL;
  g_autoptr (GError) error = NULL;
  ZmqgEvent *event;

  socket_test_rebind (pull, "ipc://*");
  uri = zmqg_socket_get_last_endpoint (pull);
  folder = g_path_get_dirname (uri + strlen ("ipc://"));
  file = g_build_filename (folder, "in-the-way", NULL);
  g_file_set_contents (file, "x", 1, &error);
  g_assert_no_error (error);

  zmqg_socket_unbind (pull, uri, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (events->len == 2, DEADLINE);
  event = g_ptr_array_index (events, 1);
  g_assert_cmpint (type_of (events, 1), ==, ZMQG_EVENT_TYPE_CLOSE_FAILED);
  g_assert_cmpint (zmqg_event_get_system_error (event), ==, ENOTEMPTY);
  g_assert_cmpstr (zmqg_event_get_local_address (event), ==, uri);

  g_assert_no_errno (g_unlink (file));
  g_assert_no_errno (g_rmdir (folder));
}

static void
test_a_handler_hears_from_the_next_call_on (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GPtrArray) events = listen_to (pull);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autofree char *text = NULL;

  zmqg_socket_close (pull);
  ZMQG_TEST_AWAIT (events->len == 3, DEADLINE);
  g_assert_cmpint (type_of (events, 0), ==, ZMQG_EVENT_TYPE_LISTENING);
  g_assert_cmpint (type_of (events, 1), ==, ZMQG_EVENT_TYPE_CLOSED);
  g_assert_cmpint (type_of (events, 2), ==, ZMQG_EVENT_TYPE_MONITOR_STOPPED);

  endpoint = zmqg_event_get_endpoint (g_ptr_array_index (events, 0));
  g_assert_cmpstr (zmqg_endpoint_get_uri (endpoint), ==, uri);
  g_assert_cmpstr (
    zmqg_event_get_local_address (g_ptr_array_index (events, 0)), ==, uri);
  g_assert_null (
    zmqg_event_get_remote_address (g_ptr_array_index (events, 0)));
  g_assert_null (zmqg_event_get_endpoint (g_ptr_array_index (events, 2)));
  text = zmqg_event_to_string (g_ptr_array_index (events, 0));
  g_assert_nonnull (strstr (text, "listening"));
  g_assert_nonnull (strstr (text, uri));
}

static void
test_a_late_handler_hears_from_the_next_turn_on (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);
  g_autoptr (GPtrArray) events = NULL;

  socket_test_await_peers (pull, 1);
  events = listen_to (pull);
  ZMQG_TEST_AWAIT (atomic_load (&pull->core->client.events) != 0, DEADLINE);
  zmqg_socket_close (push);
  ZMQG_TEST_AWAIT (events->len == 1, DEADLINE);
  g_assert_cmpint (type_of (events, 0), ==, ZMQG_EVENT_TYPE_DISCONNECTED);

  /* Nobody any more. */
  g_signal_handlers_disconnect_by_func (pull, on_event, events);
  ZMQG_TEST_AWAIT (atomic_load (&pull->core->client.events) == 0, DEADLINE);
  zmqg_socket_close (pull);
  g_assert_cmpuint (n_kept (pull, ZMQG_NEWS_LINE_EVENTS), ==, 0);
}

static void
test_both_sides_name_the_peer (SocketTest *test)
{
  ZmqgSocket *sockets[2] = { socket_test_new (test, ZMQG_TYPE_PULL_SOCKET),
                             socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET) };
  g_autofree char *uri = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GPtrArray) events = listen_to (sockets[i]);
      ZmqgEvent *event;
      g_autoptr (ZmqgPeer) peer = NULL;

      if (i == 0)
        uri = socket_test_bind (test, sockets[0]);
      socket_test_connect (i == 0 ? socket_test_new (test,
                                                     ZMQG_TYPE_PUSH_SOCKET)
                                  : sockets[1], uri);
      ZMQG_TEST_AWAIT (events->len > 0 &&
                         type_of (events, events->len - 1) ==
                           ZMQG_EVENT_TYPE_HANDSHAKE_SUCCEEDED, DEADLINE);
      event = g_ptr_array_index (events, events->len - 1);
      peer = zmqg_event_get_peer (event);
      g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==,
                       i == 0 ? "PUSH" : "PULL");
      if (g_str_equal (test->transport, "tcp"))
        {
          g_assert_nonnull (zmqg_event_get_local_address (event));
          g_assert_cmpstr (zmqg_event_get_remote_address (event), ==,
                           zmqg_peer_get_remote_uri (peer));
        }
      g_signal_handlers_disconnect_by_data (sockets[i], events);
    }
}

/* --- What nobody fetches -------------------------------------------------- */

static void
test_the_newest_events_are_kept (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GPtrArray) events = listen_to (pull);
  g_autofree char *uri = socket_test_bind (test, pull);

  for (guint i = 1; i <= 5000; i++)
    {
      ZmqgEventReport report = { .type = ZMQG_EVENT_TYPE_CONNECT_RETRIED,
                                 .value = (int) i };

      zmqg_socket_core_report (pull->core, &report);
    }
  g_assert_cmpuint (n_kept (pull, ZMQG_NEWS_LINE_EVENTS), ==, ZMQG_NEWS_MAX);
  ZMQG_TEST_AWAIT (events->len == ZMQG_NEWS_MAX, DEADLINE);
  g_assert_cmpint (zmqg_event_get_interval (g_ptr_array_index (events, 0)),
                   ==, 5000 - ZMQG_NEWS_MAX + 1);
  g_assert_cmpint (
    zmqg_event_get_interval (g_ptr_array_index (events, events->len - 1)), ==,
    5000);
}

/* More peers come and go than news are kept of: the model is right again when
 * somebody looks. */
static void
test_the_model_of_peers_survives_lost_news (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  GListModel *peers = zmqg_socket_get_peers (pull);
  g_autoptr (ZmqgPeer) peer = NULL;

  socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);
  for (guint i = 0; i < 700; i++)
    {
      ZmqgSocket *push = zmqg_push_socket_new (test->context);

      socket_test_connect (push, uri);
      g_object_unref (push);
    }
  zmqg_socket_get_events (pull);
  g_assert_cmpuint (n_kept (pull, ZMQG_NEWS_LINE_PEERS), ==, ZMQG_NEWS_MAX);

  ZMQG_TEST_AWAIT (n_kept (pull, ZMQG_NEWS_LINE_PEERS) == 0, DEADLINE);
  g_assert_cmpuint (g_list_model_get_n_items (peers), ==, 1);
  peer = g_list_model_get_item (peers, 0);
  g_assert_true (zmqg_peer_is_connected (peer));
}

/* An endpoint that tries again and again is news once. */
static void
test_an_endpoint_is_kept_once (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *nobody = g_str_equal (test->transport, "tcp")
                              ? g_strdup ("tcp://127.0.0.1:1")
                              : g_strdup_printf ("ipc://%s/nobody",
                                                 test->folder);
  gint64 late = g_get_monotonic_time () + DEADLINE * 1000;
  g_autoptr (ZmqgEndpoint) endpoint = NULL;

  g_object_set (push, "reconnect-interval", 1, "send-hwm", 1,
                "send-timeout", 5, NULL);
  endpoint = zmqg_socket_connect_endpoint (push, nobody, NULL);
  while (zmqg_endpoint_get_reconnects (endpoint) < 20)
    {
      g_autoptr (GError) error = NULL;

      /* A call that waits lets an engine work that has no thread, but not the
       * socket's own main context. */
      g_assert_cmpint (g_get_monotonic_time (), <, late);
      while (error == NULL)
        zmqg_socket_send_string (push, "", NULL, &error);
      g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
    }
  g_assert_cmpuint (n_kept (push, ZMQG_NEWS_LINE_ENDPOINTS), ==, 1);
}

static void
count_notify (GObject *object G_GNUC_UNUSED,
              GParamSpec *pspec G_GNUC_UNUSED,
              gpointer user_data)
{
  ++*(guint *) user_data;
}

/* Endpoints come and go, and nobody looks: of those that are over only what
 * somebody has is news. */
static void
test_endpoints_that_are_over_are_not_kept (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (GError) error = NULL;
  guint n_notified = 0;

  endpoint = zmqg_socket_bind_endpoint (pull, "inproc://held", &error);
  g_assert_no_error (error);
  g_signal_connect (endpoint, "notify::state", G_CALLBACK (count_notify),
                    &n_notified);
  g_assert_true (zmqg_socket_unbind (pull, "inproc://held", &error));
  for (guint i = 0; i < 5 * ZMQG_NEWS_MAX; i++)
    {
      g_assert_true (zmqg_socket_bind (pull, "inproc://lost", &error));
      g_assert_true (zmqg_socket_unbind (pull, "inproc://lost", &error));
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n_kept (pull, ZMQG_NEWS_LINE_ENDPOINTS), <=,
                    ZMQG_NEWS_MAX);
  ZMQG_TEST_AWAIT (n_notified > 0, DEADLINE);
  g_assert_cmpint (zmqg_endpoint_get_state (endpoint), ==,
                   ZMQG_ENDPOINT_STATE_CLOSED);
}

/* --- Monitors ------------------------------------------------------------ */

typedef struct
{
  ZmqgMonitor monitor;
  atomic_uint refs;
  atomic_uint seen; /* mask of types */
  atomic_uint n;
  ZmqgEventType last;
} Monitor;

static void
monitor_event (ZmqgMonitor *monitor,
               const ZmqgEventReport *report)
{
  Monitor *self = (Monitor *) monitor;

  atomic_fetch_or (&self->seen, report->type);
  atomic_fetch_add (&self->n, 1);
  if (report->type == ZMQG_EVENT_TYPE_MONITOR_STOPPED)
    self->last = report->type;
}

static void
monitor_ref (ZmqgMonitor *monitor)
{
  atomic_fetch_add (&((Monitor *) monitor)->refs, 1);
}

static void
monitor_unref (ZmqgMonitor *monitor)
{
  atomic_fetch_sub (&((Monitor *) monitor)->refs, 1);
}

#define MONITOR(mask) \
  { { mask, monitor_event, monitor_ref, monitor_unref }, 0, 0, 0, 0 }

static void
test_a_monitor_hears_at_once (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  Monitor all = MONITOR (0x7fff);
  Monitor some = MONITOR (ZMQG_EVENT_TYPE_ACCEPTED);
  Monitor late = MONITOR (0x7fff);
  g_autofree char *uri = NULL;

  /* No signal, no main context: in the call itself. */
  g_assert_true (zmqg_socket_core_set_monitor (pull->core, &all.monitor));
  uri = socket_test_bind (test, pull);
  g_assert_cmpuint (atomic_load (&all.seen), ==, ZMQG_EVENT_TYPE_LISTENING);
  g_assert_cmpuint (n_kept (pull, ZMQG_NEWS_LINE_EVENTS), ==, 0);

  /* Another one takes its place. */
  g_assert_true (zmqg_socket_core_set_monitor (pull->core, &some.monitor));
  g_assert_cmpint (all.last, ==, ZMQG_EVENT_TYPE_MONITOR_STOPPED);
  g_assert_cmpuint (atomic_load (&all.refs), ==, 0);

  socket_test_connect (push, uri);
  zmqg_socket_wait_for_peers (pull, 1, NULL, NULL);
  g_assert_cmpuint (atomic_load (&some.n), ==, 1);
  g_assert_cmpuint (atomic_load (&all.n), ==, 2);

  /* It did not ask for the last one. */
  zmqg_socket_close (pull);
  g_assert_cmpuint (atomic_load (&some.n), ==, 1);
  ZMQG_TEST_AWAIT (atomic_load (&some.refs) == 0, DEADLINE);
  g_assert_false (zmqg_socket_core_set_monitor (pull->core, &late.monitor));
  g_assert_cmpuint (atomic_load (&late.refs), ==, 0);

  g_assert_true (zmqg_socket_core_set_monitor (push->core, &late.monitor));
  zmqg_socket_close (push);
  g_assert_cmpint (late.last, ==, ZMQG_EVENT_TYPE_MONITOR_STOPPED);
  ZMQG_TEST_AWAIT (atomic_load (&late.refs) == 0, DEADLINE);
}

/* --- What is queued ------------------------------------------------------- */

static ZmqgEvent *
take_event (GPtrArray *events)
{
  ZMQG_TEST_AWAIT (events->len > 0, DEADLINE);
  return g_ptr_array_steal_index (events, 0);
}

static void
refuses_pipes_stats (ZmqgSocket *socket,
                     ZmqgError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (zmqg_socket_report_pipes_stats (socket, &error));
  g_assert_error (error, ZMQG_ERROR, (int) code);
}

/* What is told of the socket's only pipe. */
static ZmqgEvent *
pipes_stats (ZmqgSocket *socket,
             GPtrArray *events,
             guint64 outbound,
             guint64 inbound)
{
  g_autoptr (ZmqgEvent) event = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_set_size (events, 0);
  zmqg_socket_report_pipes_stats (socket, &error);
  g_assert_no_error (error);
  event = take_event (events);
  g_assert_cmpint (zmqg_event_get_event_type (event), ==,
                   ZMQG_EVENT_TYPE_PIPES_STATS);
  g_assert_cmpuint (zmqg_event_get_outbound_queued (event), ==, outbound);
  g_assert_cmpuint (zmqg_event_get_inbound_queued (event), ==, inbound);
  g_assert_cmpint (zmqg_event_get_value (event), ==, 0);
  g_assert_cmpint (zmqg_event_get_descriptor (event), ==, -1);
  g_assert_cmpuint (events->len, ==, 0);
  return g_steal_pointer (&event);
}

static guint64
count_handed_on (ZmqgSocket *socket)
{
  g_autoptr (ZmqgStatistics) statistics = zmqg_socket_get_statistics (socket);

  return zmqg_statistics_get_handed_on (statistics);
}

static void
test_pipes_stats (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  ZmqgSocket *push = socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);
  g_autoptr (GPtrArray) pulled = listen_to (pull);
  g_autoptr (GPtrArray) pushed = listen_to (push);
  g_autoptr (ZmqgEvent) event = NULL;
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (ZmqgPeer) peer = NULL;
  g_autofree char *text = NULL;

  socket_test_await_peers (pull, 1);
  for (guint i = 0; i < 5; i++)
    socket_test_send (push, "a", NULL);
  for (guint i = 0; i < 2; i++)
    socket_test_expect (pull, "a", NULL);
  if (test->in_process)
    {
      event = pipes_stats (push, pushed, 3, 0);
    }
  else
    {
      for (guint i = 0; i < 2; i++)
        socket_test_expect (pull, "a", NULL);
      socket_test_await_events (pull, G_IO_IN);
      /* It may be there before its sender knows. */
      ZMQG_TEST_AWAIT (count_handed_on (push) == 5, DEADLINE);
      event = pipes_stats (push, pushed, 0, 0);
    }
  g_clear_pointer (&event, zmqg_event_unref);

  event = pipes_stats (pull, pulled, 0, test->in_process ? 3 : 1);
  endpoint = zmqg_event_get_endpoint (event);
  g_assert_cmpstr (zmqg_endpoint_get_uri (endpoint), ==, uri);
  g_assert_cmpstr (zmqg_event_get_local_address (event), ==, uri);
  peer = zmqg_event_get_peer (event);
  g_assert_cmpstr (zmqg_peer_get_socket_type (peer), ==, "PUSH");
  g_assert_cmpstr (zmqg_event_get_remote_address (event), ==,
                   zmqg_peer_get_remote_uri (peer));
  text = zmqg_event_to_string (event);
  g_assert_true (g_str_has_prefix (text, test->in_process
                                           ? "pipes-stats outbound 0 inbound 3"
                                           : "pipes-stats outbound 0 inbound 1"));
}

#define N_PIPES 3

/* One for each pipe, connected or not. */
static void
test_pipes_stats_of_each (SocketTest *test)
{
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GPtrArray) events = listen_to (push);
  g_auto (GStrv) uris = g_new0 (char *, N_PIPES + 1);

  uris[0] = socket_test_bind (test, push);
  refuses_pipes_stats (push, ZMQG_ERROR_WOULD_BLOCK);
  for (guint i = 1; i < N_PIPES; i++)
    {
      uris[i] = socket_test_bind (test, pull);
      zmqg_socket_unbind (pull, uris[i], NULL);
      socket_test_connect (push, uris[i]);
    }
  for (guint i = 0; i < 4; i++)
    socket_test_send (push, "a", NULL);
  /* Nobody is there yet, so that nobody else gets any. */
  socket_test_connected (test, ZMQG_TYPE_PULL_SOCKET, uris[0]);
  socket_test_await_peers (push, 1);

  g_ptr_array_set_size (events, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *seen = g_strdup ("");
      g_autoptr (GError) error = NULL;
      guint n = 0;

      zmqg_socket_report_pipes_stats (push, &error);
      g_assert_no_error (error);
      while (n < N_PIPES)
        {
          g_autoptr (ZmqgEvent) event = take_event (events);
          g_autoptr (ZmqgPeer) peer = zmqg_event_get_peer (event);
          g_autoptr (ZmqgEndpoint) endpoint = zmqg_event_get_endpoint (event);
          gboolean is_peer;

          if (zmqg_event_get_event_type (event) != ZMQG_EVENT_TYPE_PIPES_STATS)
            continue;
          is_peer = g_str_equal (zmqg_endpoint_get_uri (endpoint), uris[0]);
          g_assert_true (is_peer == (peer != NULL));
          g_assert_cmpuint (zmqg_event_get_outbound_queued (event), ==,
                            is_peer ? 0 : 2);
          if (!is_peer)
            {
              g_assert_cmpstr (zmqg_event_get_remote_address (event), ==,
                               zmqg_endpoint_get_uri (endpoint));
              g_assert_null (zmqg_event_get_local_address (event));
              g_assert_cmpstr (zmqg_endpoint_get_uri (endpoint), !=, seen);
              g_free (seen);
              seen = g_strdup (zmqg_endpoint_get_uri (endpoint));
            }
          n++;
        }
    }
}

static void
test_pipes_stats_are_refused (SocketTest *test)
{
  ZmqgSocket *alone = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  g_autoptr (GPtrArray) events = listen_to (alone);
  g_autofree char *other = socket_test_bind (test, alone);
  g_autofree char *uri = socket_test_bind (test, pull);

  /* Nobody listens; nobody is there. */
  socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);
  socket_test_await_peers (pull, 1);
  refuses_pipes_stats (pull, ZMQG_ERROR_STATE);
  refuses_pipes_stats (alone, ZMQG_ERROR_WOULD_BLOCK);
  zmqg_context_shutdown (test->context);
  refuses_pipes_stats (pull, ZMQG_ERROR_TERMINATED);
  zmqg_socket_close (pull);
  refuses_pipes_stats (pull, ZMQG_ERROR_CLOSED);
  g_signal_handlers_disconnect_by_data (alone, events);
}

/* As a monitor that asked for them, and for them alone. */
static void
test_a_monitor_hears_pipes_stats (SocketTest *test)
{
  ZmqgSocket *pull = socket_test_new (test, ZMQG_TYPE_PULL_SOCKET);
  Monitor others = MONITOR (0xffff);
  Monitor stats = MONITOR (ZMQG_EVENT_TYPE_PIPES_STATS);
  g_autofree char *uri = socket_test_bind (test, pull);
  GError *error = NULL;

  for (guint i = 0; i < 2; i++)
    socket_test_connected (test, ZMQG_TYPE_PUSH_SOCKET, uri);
  socket_test_await_peers (pull, 2);
  g_assert_true (zmqg_socket_core_set_monitor (pull->core, &others.monitor));
  refuses_pipes_stats (pull, ZMQG_ERROR_STATE);

  g_assert_true (zmqg_socket_core_set_monitor (pull->core, &stats.monitor));
  zmqg_socket_core_report_pipes (pull->core, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (atomic_load (&stats.n), ==, 2);
  g_assert_cmpuint (atomic_load (&stats.seen), ==,
                    ZMQG_EVENT_TYPE_PIPES_STATS);
  g_assert_cmpuint (atomic_load (&others.n), ==, 1);
  zmqg_socket_close (pull);
  ZMQG_TEST_AWAIT (atomic_load (&stats.refs) == 0, DEADLINE);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  socket_test_add ("/zmqg/events/nothing-is-kept-without-a-handler",
                   SOCKET_TEST_NETWORK,
                   test_nothing_is_kept_without_a_handler);
  socket_test_add ("/zmqg/events/a-handler-hears-from-the-next-call-on",
                   SOCKET_TEST_NETWORK,
                   test_a_handler_hears_from_the_next_call_on);
  socket_test_add ("/zmqg/events/a-late-handler-hears-from-the-next-turn-on",
                   SOCKET_TEST_NETWORK,
                   test_a_late_handler_hears_from_the_next_turn_on);
  socket_test_add ("/zmqg/events/both-sides-name-the-peer",
                   SOCKET_TEST_NETWORK, test_both_sides_name_the_peer);
  socket_test_add ("/zmqg/events/the-newest-are-kept", SOCKET_TEST_NETWORK,
                   test_the_newest_events_are_kept);
  socket_test_add ("/zmqg/events/the-model-of-peers-survives-lost-news",
                   SOCKET_TEST_INPROC,
                   test_the_model_of_peers_survives_lost_news);
  socket_test_add ("/zmqg/events/an-endpoint-is-kept-once",
                   SOCKET_TEST_NETWORK, test_an_endpoint_is_kept_once);
  socket_test_add ("/zmqg/events/endpoints-that-are-over",
                   SOCKET_TEST_INPROC,
                   test_endpoints_that_are_over_are_not_kept);
  socket_test_add ("/zmqg/events/what-is-left-of-a-wildcard",
                   SOCKET_TEST_INPROC, test_what_is_left_of_a_wildcard);
  socket_test_add ("/zmqg/events/a-monitor-hears-at-once",
                   SOCKET_TEST_NETWORK, test_a_monitor_hears_at_once);
  socket_test_add ("/zmqg/events/pipes-stats", SOCKET_TEST_ALL,
                   test_pipes_stats);
  socket_test_add ("/zmqg/events/pipes-stats/of-each", SOCKET_TEST_ALL,
                   test_pipes_stats_of_each);
  socket_test_add ("/zmqg/events/pipes-stats/refused", SOCKET_TEST_ALL,
                   test_pipes_stats_are_refused);
  socket_test_add ("/zmqg/events/pipes-stats/of-a-monitor", SOCKET_TEST_ALL,
                   test_a_monitor_hears_pipes_stats);

  return g_test_run ();
}
