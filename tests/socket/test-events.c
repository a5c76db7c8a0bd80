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

static GPtrArray *
new_events (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) zmqg_event_unref);
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
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);

  socket_test_connect (push, uri);
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
  g_autoptr (GPtrArray) events = new_events ();
  g_autofree char *folder = NULL;
  g_autofree char *file = NULL;
  g_autofree char *uri = NULL;
  g_autoptr (GError) error = NULL;
  ZmqgEvent *event;

  g_signal_connect (pull, "event", G_CALLBACK (on_event), events);
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
  g_autoptr (GPtrArray) events = new_events ();
  g_autofree char *uri = NULL;
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autofree char *text = NULL;

  g_signal_connect (pull, "event", G_CALLBACK (on_event), events);
  uri = socket_test_bind (test, pull);
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
  ZmqgSocket *push = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  g_autoptr (GPtrArray) events = new_events ();

  socket_test_connect (push, uri);
  socket_test_await_peers (pull, 1);
  g_signal_connect (pull, "event", G_CALLBACK (on_event), events);
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
      g_autoptr (GPtrArray) events = new_events ();
      ZmqgEvent *event;
      g_autoptr (ZmqgPeer) peer = NULL;

      g_signal_connect (sockets[i], "event", G_CALLBACK (on_event), events);
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
  g_autofree char *uri = NULL;
  g_autoptr (GPtrArray) events = new_events ();

  g_signal_connect (pull, "event", G_CALLBACK (on_event), events);
  uri = socket_test_bind (test, pull);
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
  ZmqgSocket *stays = socket_test_new (test, ZMQG_TYPE_PUSH_SOCKET);
  g_autofree char *uri = socket_test_bind (test, pull);
  GListModel *peers = zmqg_socket_get_peers (pull);
  g_autoptr (ZmqgPeer) peer = NULL;

  socket_test_connect (stays, uri);
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
  socket_test_add ("/zmqg/events/what-is-left-of-a-wildcard",
                   SOCKET_TEST_INPROC, test_what_is_left_of_a_wildcard);
  socket_test_add ("/zmqg/events/a-monitor-hears-at-once",
                   SOCKET_TEST_NETWORK, test_a_monitor_hears_at_once);

  return g_test_run ();
}
