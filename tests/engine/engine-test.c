/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "engine-test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

const guint8 engine_test_greeting[ENGINE_TEST_GREETING_SIZE] = {
  0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1, 'N', 'U', 'L', 'L',
};

/* --- The client --------------------------------------------------------- */

static EngineTest *
test_of (ZmqgClient *client)
{
  return (EngineTest *) client;
}

static void
client_ref (ZmqgClient *client)
{
  atomic_fetch_add (&test_of (client)->refs, 1);
}

static void
client_unref (ZmqgClient *client)
{
  atomic_fetch_sub (&test_of (client)->refs, 1);
}

static void
client_attend (ZmqgClient *client)
{
  test_of (client)->n_attend++;
}

static void
note_error (EngineTest *self,
            const GError *error)
{
  if (error == NULL)
    return;
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
}

static void
client_endpoint_changed (ZmqgClient *client,
                         ZmqgTag *endpoint,
                         ZmqgEndpointState state,
                         const GError *error)
{
  EngineTest *self = test_of (client);

  g_assert_true (endpoint == &self->endpoint);
  g_array_append_val (self->states, state);
  note_error (self, error);
}

static void
client_peer_added (ZmqgClient *client,
                   ZmqgPeerRecord *record G_GNUC_UNUSED)
{
  test_of (client)->n_added++;
}

static void
client_peer_removed (ZmqgClient *client,
                     ZmqgPeerRecord *record,
                     const GError *reason)
{
  test_of (client)->n_removed++;
  g_assert_true (atomic_load (&record->gone));
  note_error (test_of (client), reason);
}

static void
client_handshake_failed (ZmqgClient *client,
                         ZmqgTag *endpoint G_GNUC_UNUSED,
                         GSocketAddress *address,
                         const GError *error)
{
  test_of (client)->n_failed++;
  g_clear_object (&address);
  note_error (test_of (client), error);
}

static void
client_session_started (ZmqgClient *client)
{
  test_of (client)->n_started++;
}

static void
client_session_ended (ZmqgClient *client,
                      guint64 unsent)
{
  test_of (client)->n_ended++;
  test_of (client)->unsent += unsent;
}

static void
client_release_later (ZmqgClient *client G_GNUC_UNUSED,
                      ZmqgSegment *segments)
{
  zmqg_segment_list_free (segments);
}

static void
record_release (ZmqgTag *tag)
{
  zmqg_peer_record_free ((ZmqgPeerRecord *) tag);
}

static const ZmqgTagOps record_ops = { .release = record_release };

static const ZmqgClientOps client_ops = {
  .ref = client_ref,
  .unref = client_unref,
  .attend = client_attend,
  .endpoint_changed = client_endpoint_changed,
  .peer_added = client_peer_added,
  .peer_removed = client_peer_removed,
  .handshake_failed = client_handshake_failed,
  .session_started = client_session_started,
  .session_ended = client_session_ended,
  .release_later = client_release_later,
  .peer_ops = &record_ops,
};

static void
endpoint_release (ZmqgTag *tag G_GNUC_UNUSED)
{
  g_assert_not_reached ();
}

static const ZmqgTagOps endpoint_ops = { .release = endpoint_release };

static EngineTest *current; /* for the transport, which has no data */

void
engine_test_set_up (EngineTest *self,
                    gconstpointer data G_GNUC_UNUSED)
{
  int fds[2];

  memset (self, 0, sizeof *self);
  current = self;
  self->client.ops = &client_ops;
  self->client.table = &self->table;
  self->client.inbox = &self->inbox;
  zmqg_inbox_init (&self->inbox);
  self->engine = zmqg_engine_new (ZMQG_ENGINE_MODE_MAIN_CONTEXT, "e", NULL);
  zmqg_engine_attach (self->engine, g_main_context_default ());
  self->options = zmqg_options_new ();
  self->states = g_array_new (FALSE, FALSE, sizeof (ZmqgEndpointState));
  self->dials = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->dial_domain = G_IO_ERROR;
  self->dial_error = G_IO_ERROR_CONNECTION_REFUSED;
  zmqg_tag_init (&self->endpoint, &endpoint_ops);
  zmqg_frame_array_init (&self->frames);

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
                   ==, 0);
  self->listening = fds[0];
  self->listening_far = fds[1];
}

void
engine_test_tear_down (EngineTest *self,
                       gconstpointer data G_GNUC_UNUSED)
{
  engine_test_process (self);
  if (self->pipe != NULL)
    engine_test_close_pipe (self, 0);

  /* All that was begun has ended, and refers to nothing any more. */
  ZMQG_TEST_AWAIT ((engine_test_process (self), self->n_started) ==
                     self->n_ended, ENGINE_TEST_DEADLINE);
  ZMQG_TEST_AWAIT (atomic_load (&self->refs) == 0, ENGINE_TEST_DEADLINE);
  g_assert_cmpuint (self->n_added, ==, self->n_removed);
  engine_test_process (self);
  g_clear_pointer (&self->pipe, zmqg_pipe_unref);
  zmqg_inbox_clear (&self->inbox);
  zmqg_engine_stop (self->engine, TRUE);
  zmqg_engine_unref (self->engine);
  g_assert_cmpuint (atomic_load (&self->endpoint.refs), ==, 1);
  zmqg_options_unref (self->options);
  g_array_unref (self->states);
  g_array_unref (self->dials);
  g_clear_error (&self->error);
  zmqg_frame_array_clear (&self->frames);
  g_assert_cmpuint (self->links.length, ==, 0);
  g_queue_clear (&self->accepts);
  if (self->listening >= 0)
    close (self->listening);
  close (self->listening_far);
}

void
engine_test_process (EngineTest *self)
{
  ZmqgPipe *pipe;
  guint events;

  while ((pipe = zmqg_inbox_take (&self->inbox, &events)) != NULL)
    {
      self->pipe_events |= events;
      if (events & ZMQG_PIPE_ATTACHED)
        {
          if (self->pipe != NULL)
            engine_test_close_pipe (self, 0);
          self->pipe = zmqg_pipe_ref (pipe);
        }
      zmqg_pipe_unref (pipe);
    }
}

gboolean
engine_test_received (EngineTest *self,
                      const char *text)
{
  gboolean same;

  engine_test_process (self);
  if (self->pipe == NULL || !zmqg_pipe_peek (self->pipe, &self->frames))
    return FALSE;

  same = self->frames.n == 1 &&
         self->frames.views[0].size == strlen (text) &&
         memcmp (self->frames.views[0].data, text, strlen (text)) == 0;
  g_assert_true (same);
  zmqg_pipe_consume (self->pipe);
  return TRUE;
}

void
engine_test_send (EngineTest *self,
                  const char *text)
{
  ZmqgFrameView view = { (const guint8 *) text, strlen (text), 0, NULL,
                         NULL };

  g_assert_cmpint (zmqg_pipe_write (self->pipe, &view, 1), ==,
                   ZMQG_PIPE_WRITTEN);
  zmqg_pipe_flush (self->pipe);
}

void
engine_test_close_pipe (EngineTest *self,
                        int linger)
{
  zmqg_pipe_close (self->pipe, linger);
  g_clear_pointer (&self->pipe, zmqg_pipe_unref);
}

guint
engine_test_count_state (EngineTest *self,
                         ZmqgEndpointState state)
{
  guint n = 0;

  for (guint i = 0; i < self->states->len; i++)
    n += g_array_index (self->states, ZmqgEndpointState, i) == state;
  return n;
}

/* --- The transport ------------------------------------------------------ */

typedef struct
{
  ZmqgDialDone done;
  gpointer user_data;
  GCancellable *cancellable;
} Dial;

static gboolean
end_dial (gpointer data)
{
  Dial *dial = data;
  EngineTest *self = current;
  g_autoptr (GError) error = NULL;
  ZmqgLink *link = NULL;

  if (self->dial_hangs && !g_cancellable_is_cancelled (dial->cancellable))
    return G_SOURCE_CONTINUE;

  if (self->links.length > 0)
    link = g_queue_pop_head (&self->links);
  if (link == NULL)
    error = g_error_new_literal (self->dial_domain, self->dial_error, "No");
  dial->done (link, error, dial->user_data);
  g_object_unref (dial->cancellable);
  g_free (dial);
  return G_SOURCE_REMOVE;
}

static void
transport_dial (const char *address,
                const ZmqgOptions *options G_GNUC_UNUSED,
                GCancellable *cancellable,
                ZmqgDialNote note G_GNUC_UNUSED,
                ZmqgDialDone done,
                gpointer user_data)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GSource) source = NULL;
  Dial *dial = g_new0 (Dial, 1);

  g_assert_cmpstr (address, ==, "address");
  g_array_append_val (current->dials, now);
  *dial = (Dial) { done, user_data, g_object_ref (cancellable) };
  source = current->dial_hangs ? g_timeout_source_new (1)
                               : g_idle_source_new ();
  g_source_set_callback (source, end_dial, dial, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static ZmqgLink *
transport_accept (const ZmqgListening *listening G_GNUC_UNUSED,
                  const ZmqgOptions *options G_GNUC_UNUSED,
                  GError **error)
{
  EngineTest *self = current;
  char byte;
  int what;

  self->n_accepts++;
  if (self->accepts.length == 0)
    {
      g_set_error_literal (error, ZMQG_ERROR, ZMQG_ERROR_WOULD_BLOCK, "None");
      return NULL;
    }

  what = GPOINTER_TO_INT (g_queue_pop_head (&self->accepts));
  g_assert_cmpint (read (self->listening, &byte, 1), ==, 1);
  if (what > 0)
    return zmqg_link_new_fd (what);

  g_set_error_literal (error, ZMQG_ERROR, -what, "Not this one");
  return NULL;
}

static int
transport_unlisten (ZmqgListening *listening)
{
  close (listening->fd);
  listening->fd = -1;
  current->listening = -1;
  return 0;
}

const ZmqgTransport engine_test_transport = {
  .scheme = "test",
  .unlisten = transport_unlisten,
  .accept = transport_accept,
  .dial = transport_dial,
};

void
engine_test_listening (EngineTest *self,
                       ZmqgListening *listening)
{
  *listening = (ZmqgListening) { .fd = self->listening };
}

void
engine_test_offer (EngineTest *self,
                   int what)
{
  g_queue_push_tail (&self->accepts, GINT_TO_POINTER (what));
  g_assert_cmpint (write (self->listening_far, "", 1), ==, 1);
}

/* --- Peers -------------------------------------------------------------- */

int
engine_test_peer_new (int *far)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX,
                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                               fds), ==, 0);
  *far = fds[1];
  return fds[0];
}

void
engine_test_peer_write (int fd,
                        gconstpointer data,
                        gsize size)
{
  g_assert_cmpint (send (fd, data, size, MSG_NOSIGNAL), ==, (gssize) size);
}

void
engine_test_peer_greet (int fd)
{
  engine_test_peer_write (fd, engine_test_greeting,
                          ENGINE_TEST_GREETING_SIZE);
}

void
engine_test_peer_ready (int fd,
                        const char *type)
{
  gsize length = strlen (type);
  guint8 frame[64] = "\4\0\5READY\13Socket-Type\0\0\0";
  gsize size = 2 + 6 + 12 + 4 + length;

  frame[1] = (guint8) (size - 2);
  frame[23] = (guint8) length;
  memcpy (frame + 24, type, length);
  engine_test_peer_write (fd, frame, size);
}

static void
read_exactly (int fd,
              guint8 *data,
              gsize size)
{
  gsize have = 0;
  gint64 until = g_get_monotonic_time () + ENGINE_TEST_DEADLINE * 1000;

  while (have < size)
    {
      ssize_t n = read (fd, data + have, size - have);

      g_assert_cmpint (g_get_monotonic_time (), <, until);
      if (n > 0)
        have += n;
      else if (n < 0 && errno == EAGAIN)
        zmqg_test_turn (NULL);
      else
        g_assert_not_reached ();
    }
}

void
engine_test_peer_expect_handshake (int fd)
{
  guint8 data[256];

  read_exactly (fd, data, ENGINE_TEST_GREETING_SIZE);
  g_assert_cmpuint (data[10], ==, 3);
  read_exactly (fd, data, 2);
  g_assert_cmphex (data[0], ==, ZMQG_FRAME_COMMAND);
  read_exactly (fd, data + 2, data[1]);
  g_assert_cmpmem (data + 2, 6, "\5READY", 6);
}

void
engine_test_peer_expect (int fd,
                         gconstpointer data,
                         gsize size)
{
  guint8 buffer[256];

  g_assert_cmpuint (size, <=, sizeof buffer);
  read_exactly (fd, buffer, size);
  g_assert_cmpmem (buffer, size, data, size);
}
