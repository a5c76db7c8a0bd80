/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include "zmqg.h"

#include "raw-peer.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/*
 * The life of endpoints and connections, seen from their other end: what is
 * ended in which state, what is sent again, and what never is.
 */

#define DEADLINE_MS 20000
#define LARGE (32u * 1024u * 1024u)
#define LARGE_SIZE "00*4 02 00*3" /* as in a frame */

typedef struct
{
  ZmqgContext *context;
  ZmqgSocket *socket;
  ZmqgEndpoint *endpoint; /* nullable */
  RawPeer *raw;
  char *folder; /* NULL: over tcp */
  char *uri;
  guint added;
  guint removed;
  guint failed;
} Play;

typedef void (*PlayFunc) (Play *play);

static void
count (guint *n)
{
  (*n)++;
}

static ZmqgSocket *
make (Play *play,
      ZmqgSocketType type)
{
  play->socket = zmqg_context_create_socket (play->context, type);
  g_object_set (play->socket, "send-timeout", DEADLINE_MS, "receive-timeout",
                DEADLINE_MS, "reconnect-interval", 10, "linger", 0, NULL);
  g_signal_connect_swapped (play->socket, "peer-added", G_CALLBACK (count),
                            &play->added);
  g_signal_connect_swapped (play->socket, "peer-removed", G_CALLBACK (count),
                            &play->removed);
  g_signal_connect_swapped (play->socket, "handshake-failed",
                            G_CALLBACK (count), &play->failed);
  return play->socket;
}

/* The raw peer listens, and we connect. */
static void
make_connecting (Play *play,
                 ZmqgSocketType type)
{
  GError *error = NULL;

  make (play, type);
  play->uri = raw_peer_listen (play->raw);
  play->endpoint = zmqg_socket_connect_endpoint (play->socket, play->uri,
                                                 &error);
  g_assert_no_error (error);
}

static void
bind_play (Play *play,
           ZmqgSocketType type)
{
  g_autofree char *any = NULL;
  GError *error = NULL;

  any = play->folder == NULL
          ? g_strdup_printf ("tcp://%s:0", zmqg_test_loopback ())
          : g_strdup_printf ("ipc://%s/bound", play->folder);
  make (play, type);
  zmqg_socket_bind (play->socket, any, &error);
  g_assert_no_error (error);
  play->uri = zmqg_socket_get_last_endpoint (play->socket);
}

/* The raw peer connects to us. */
static void
make_bound (Play *play,
            ZmqgSocketType type)
{
  bind_play (play, type);
  raw_peer_connect (play->raw, play->uri);
}

static void
shake_hands (Play *play,
             const char *ours,
             const char *theirs)
{
  guint before = play->added;

  g_byte_array_set_size (play->raw->unread, 0);
  raw_send (play->raw, "ff 00*8 7f 03 01 \"NULL\" 00*48");
  raw_send (play->raw, "04 %02zx 05 \"READY\" 0b \"Socket-Type\" 00*3 %02zx "
                       "\"%s\"",
            (gsize) 22 + strlen (theirs), strlen (theirs), theirs);
  raw_expect (play->raw, "ff 00*7 01 7f 03 01 \"NULL\" 00*48");
  if (g_str_equal (ours, "PUSH") || g_str_equal (ours, "PULL"))
    raw_expect (play->raw, "04 %02zx 05 \"READY\" 0b \"Socket-Type\" 00*3 "
                           "%02zx \"%s\"",
                (gsize) 22 + strlen (ours), strlen (ours), ours);
  ZMQG_TEST_AWAIT (play->added == before + 1, DEADLINE_MS);
}

static void
reset (Play *play)
{
  struct linger now = { .l_onoff = 1, .l_linger = 0 };

  /* A unix socket that is closed with something unread says the same. */
  g_assert_no_errno (setsockopt (g_socket_get_fd (play->raw->connection),
                                 SOL_SOCKET, SO_LINGER, &now, sizeof now));
  g_clear_object (&play->raw->connection);
}

static void
send_large (Play *play)
{
  g_autofree guint8 *data = g_malloc (LARGE);
  GError *error = NULL;

  memset (data, 7, LARGE);
  zmqg_socket_send_data (play->socket, data, LARGE, NULL, &error);
  g_assert_no_error (error);
}

/* The beginning of it arrived, the rest does not fit into the kernel. */
static void
expect_large_begins (Play *play)
{
  raw_expect (play->raw, "02 " LARGE_SIZE " 07*1000");
}

static void
expect_large_ends (Play *play)
{
  g_autofree guint8 *data = g_malloc (LARGE - 1000);

  memset (data, 7, LARGE - 1000);
  raw_expect_bytes (play->raw, data, LARGE - 1000);
}

static void
send_text (Play *play,
           const char *text)
{
  GError *error = NULL;

  zmqg_socket_send_string (play->socket, text, NULL, &error);
  g_assert_no_error (error);
}

static void
note_terminated (GObject *source,
                 GAsyncResult *result,
                 gpointer user_data)
{
  gboolean *terminated = user_data;
  GError *error = NULL;

  zmqg_context_terminate_finish (ZMQG_CONTEXT (source), result, &error);
  g_assert_no_error (error);
  *terminated = TRUE;
}

static void
terminate (Play *play)
{
  gboolean terminated = FALSE;

  zmqg_context_terminate_async (play->context, NULL, note_terminated,
                                &terminated);
  ZMQG_TEST_AWAIT (terminated, DEADLINE_MS);
}

static void
expect_text (Play *play,
             const char *text)
{
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *received = NULL;
  GError *error = NULL;

  message = zmqg_socket_receive (play->socket, NULL, &error);
  g_assert_no_error (error);
  received = zmqg_message_get_string (message, 0);
  g_assert_cmpstr (received, ==, text);
}

/* --- Ending in every state ---------------------------------------------- */

/* A resolver that never finds anything. */
typedef struct
{
  GResolver parent_instance;
} SlowResolver;
typedef GResolverClass SlowResolverClass;

static GType slow_resolver_get_type (void);
G_DEFINE_TYPE (SlowResolver, slow_resolver, G_TYPE_RESOLVER)

static guint n_look_ups;

static GList *
slow_lookup (GResolver *resolver,
             const char *name,
             GCancellable *cancellable,
             GError **error)
{
  GPollFD fd;

  g_atomic_int_inc (&n_look_ups);
  if (g_cancellable_make_pollfd (cancellable, &fd))
    {
      g_poll (&fd, 1, DEADLINE_MS);
      g_cancellable_release_fd (cancellable);
    }
  g_cancellable_set_error_if_cancelled (cancellable, error);
  return NULL;
}

static void
slow_resolver_class_init (SlowResolverClass *class)
{
  class->lookup_by_name = slow_lookup;
}

static void
slow_resolver_init (SlowResolver *self)
{
}

typedef enum
{
  RESOLVING,
  CONNECTING,
  GREETING,
  SHAKING_HANDS,
  IN_TRAFFIC,
  HALF_WRITTEN,
  HALF_READ,
  WAITING,
  LISTENING,
  BOUND_GREETING,
  BOUND_SHAKING_HANDS,
  BOUND_IN_TRAFFIC,
  BOUND_HALF_WRITTEN,
  BOUND_HALF_READ,
  N_STATES,
} State;

static const char *const state_names[N_STATES] = {
  "resolving",
  "connecting",
  "greeting",
  "shaking-hands",
  "in-traffic",
  "half-written",
  "half-read",
  "waiting",
  "listening",
  "bound-greeting",
  "bound-shaking-hands",
  "bound-in-traffic",
  "bound-half-written",
  "bound-half-read",
};

static gboolean
is_bound (State state)
{
  return state >= LISTENING;
}

/* These depend on tcp. */
static gboolean
is_of_tcp (State state)
{
  return state == RESOLVING || state == CONNECTING;
}

/* A listener that accepts nobody and has no room for more. */
static void
fill_backlog (Play *play,
              GPtrArray *fillers)
{
  g_autoptr (GSocketAddress) address = NULL;
  gboolean full = FALSE;
  GError *error = NULL;

  play->uri = raw_peer_listen (play->raw);
  g_assert_no_errno (listen (g_socket_get_fd (play->raw->listener), 0));
  address = g_socket_get_local_address (play->raw->listener, &error);
  g_assert_no_error (error);
  while (!full)
    {
      GSocket *filler = g_socket_new (G_SOCKET_FAMILY_IPV4,
                                      G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL);

      g_socket_set_blocking (filler, FALSE);
      g_socket_connect (filler, address, NULL, NULL);
      g_ptr_array_add (fillers, filler);
      full = g_socket_condition_timed_wait (filler, G_IO_OUT, 100 * 1000,
                                            NULL, NULL) == FALSE;
    }
}

/* Both have met, and nothing was said yet. */
static void
meet (Play *play,
      State state)
{
  ZmqgSocketType type = state == HALF_READ || state == BOUND_HALF_READ
                          ? ZMQG_SOCKET_TYPE_PULL
                          : ZMQG_SOCKET_TYPE_PUSH;

  if (is_bound (state))
    {
      make_bound (play, type);
    }
  else
    {
      make_connecting (play, type);
      raw_peer_accept (play->raw);
    }
}

static void
connect_somewhere (Play *play)
{
  GError *error = NULL;

  play->endpoint = zmqg_socket_connect_endpoint (play->socket, play->uri,
                                                 &error);
  g_assert_no_error (error);
}

static void
reach_state (Play *play,
             State state,
             GPtrArray *fillers)
{
  switch (state)
    {
    case RESOLVING:
      make (play, ZMQG_SOCKET_TYPE_PUSH);
      play->uri = g_strdup ("tcp://nowhere.invalid:5555");
      g_atomic_int_set (&n_look_ups, 0);
      connect_somewhere (play);
      ZMQG_TEST_AWAIT (g_atomic_int_get (&n_look_ups) > 0, DEADLINE_MS);
      break;

    case CONNECTING:
      make (play, ZMQG_SOCKET_TYPE_PUSH);
      fill_backlog (play, fillers);
      connect_somewhere (play);
      for (guint i = 0; i < 10; i++)
        zmqg_test_turn (NULL);
      break;

    case WAITING:
      make (play, ZMQG_SOCKET_TYPE_PUSH);
      g_object_set (play->socket, "reconnect-interval", 1000000, NULL);
      play->uri = raw_peer_listen (play->raw);
      g_clear_object (&play->raw->listener);
      connect_somewhere (play);
      ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (play->endpoint) ==
                         ZMQG_ENDPOINT_STATE_WAITING, DEADLINE_MS);
      break;

    case LISTENING:
      bind_play (play, ZMQG_SOCKET_TYPE_PUSH);
      break;

    case GREETING:
    case BOUND_GREETING:
      /* Half of it; and our version is the answer to the first ten bytes. */
      meet (play, state);
      raw_send (play->raw, "ff 00*8 7f 03 01 \"NULL\"");
      raw_expect (play->raw, "ff 00*7 01 7f 03 01");
      break;

    case SHAKING_HANDS:
    case BOUND_SHAKING_HANDS:
      /* Our READY came, theirs is half there. */
      meet (play, state);
      raw_send (play->raw, "ff 00*8 7f 03 01 \"NULL\" 00*48 04 1a 05");
      raw_expect (play->raw, "ff 00*7 01 7f 03 01 \"NULL\" 00*48 04");
      break;

    case HALF_READ:
    case BOUND_HALF_READ:
      meet (play, state);
      shake_hands (play, "PULL", "PUSH");
      raw_send (play->raw, "00 02 \"ok\" 00 04 \"hal\"");
      expect_text (play, "ok");
      break;

    case IN_TRAFFIC:
    case BOUND_IN_TRAFFIC:
    case HALF_WRITTEN:
    case BOUND_HALF_WRITTEN:
    case N_STATES:
    default:
      meet (play, state);
      shake_hands (play, "PUSH", "PULL");
      if (state == HALF_WRITTEN || state == BOUND_HALF_WRITTEN)
        {
          send_large (play);
          expect_large_begins (play);
        }
      break;
    }
}

/* What its other end sees. */
static void
check_end (Play *play)
{
  if (play->raw->connection != NULL)
    raw_count_to_end (play->raw);
  if (play->endpoint != NULL)
    g_assert_cmpint (zmqg_endpoint_get_state (play->endpoint), ==,
                     ZMQG_ENDPOINT_STATE_CLOSED);
}

/* The socket can be used after an endpoint has ended. */
static void
check_socket (Play *play,
              gboolean receives)
{
  GError *error = NULL;

  play->uri = raw_peer_listen (play->raw);
  zmqg_socket_connect_to (play->socket, play->uri, &error);
  g_assert_no_error (error);
  if (!receives)
    send_text (play, "on");
  raw_peer_accept (play->raw);
  if (receives)
    {
      shake_hands (play, "PULL", "PUSH");
      raw_send (play->raw, "00 02 \"on\"");
      expect_text (play, "on");
    }
  else
    {
      shake_hands (play, "PUSH", "PULL");
      raw_expect (play->raw, "00 02 \"on\"");
    }
}

static void
clear_round (Play *play)
{
  g_clear_object (&play->raw->connection);
  g_clear_object (&play->raw->listener);
  g_clear_object (&play->endpoint);
  g_free (g_steal_pointer (&play->uri));
}

static void
end_in_state (Play *play,
              State state,
              gboolean by_closing)
{
  g_autoptr (GPtrArray) fillers = g_ptr_array_new_with_free_func (
    g_object_unref);
  GError *error = NULL;

  reach_state (play, state, fillers);
  if (by_closing)
    zmqg_socket_close (play->socket);
  else if (is_bound (state))
    zmqg_socket_unbind (play->socket, play->uri, &error);
  else
    zmqg_socket_disconnect_from (play->socket, play->uri, &error);
  g_assert_no_error (error);
  check_end (play);
  clear_round (play);
  if (!by_closing)
    check_socket (play, state == HALF_READ || state == BOUND_HALF_READ);

  zmqg_socket_close (play->socket);
  clear_round (play);
  g_clear_object (&play->socket);
}

/* Nothing is left of it: no descriptor either. */
static void
end_in_state_again (Play *play,
                    State state,
                    gboolean by_closing)
{
  guint n_fds = 0;

  for (guint i = 0; i < 3; i++)
    {
      end_in_state (play, state, by_closing);
      if (i == 0)
        n_fds = zmqg_test_fd_count ();
      else
        ZMQG_TEST_AWAIT (zmqg_test_fd_count () <= n_fds, DEADLINE_MS);
    }
}

/* --- Linger ------------------------------------------------------------- */

/* For ever: what is being written, and what is behind it, arrives. */
static void
linger_for_ever_finishes_what_is_being_written (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (play->socket, "linger", -1, NULL);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  send_large (play);
  send_text (play, "last");
  expect_large_begins (play);
  zmqg_socket_close (play->socket);
  expect_large_ends (play);
  raw_expect (play->raw, "00 04 \"last\"");
  raw_expect_end (play->raw);
}

/* For none: it is cut off. */
static void
no_linger_cuts_off_what_is_being_written (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  send_large (play);
  expect_large_begins (play);
  zmqg_socket_close (play->socket);
  terminate (play);
  g_assert_cmpuint (raw_count_to_end (play->raw), <, LARGE - 1000);
}

/* For some time: not before it is over, and then at once. */
static void
some_linger_is_waited_for (Play *play)
{
  gint64 begin;

  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (play->socket, "linger", 300, NULL);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  send_large (play);
  expect_large_begins (play);
  begin = g_get_monotonic_time ();
  zmqg_socket_close (play->socket);
  terminate (play);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 300 * 1000);
  g_assert_cmpuint (raw_count_to_end (play->raw), <, LARGE - 1000);
}

/* In time: whole. */
static void
some_linger_is_enough_for_who_reads (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (play->socket, "linger", DEADLINE_MS, NULL);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  send_large (play);
  expect_large_begins (play);
  zmqg_socket_close (play->socket);
  expect_large_ends (play);
  raw_expect_end (play->raw);
  terminate (play);
}

/* The connection is lost while the socket lingers: it dials again, and sends
 * the whole once more. */
static void
a_lingering_socket_reconnects (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (play->socket, "linger", -1, NULL);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  send_large (play);
  expect_large_begins (play);
  zmqg_socket_close (play->socket);
  reset (play);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  expect_large_begins (play);
  expect_large_ends (play);
  raw_expect_end (play->raw);
}

/* --- Losing a peer ------------------------------------------------------ */

static void
exchange (Play *play,
          guint n)
{
  g_autofree char *text = g_strdup_printf ("message %u", n);

  send_text (play, text);
  raw_expect (play->raw, "00 %02zx \"message\" 20 %02x", strlen (text),
              '0' + n);
}

static void
reconnects_after_fin (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  for (guint i = 0; i < 5; i++)
    {
      raw_peer_accept (play->raw);
      shake_hands (play, "PUSH", "PULL");
      exchange (play, i);
      g_clear_object (&play->raw->connection);
      ZMQG_TEST_AWAIT (play->removed == i + 1, DEADLINE_MS);
    }
}

static void
reconnects_after_reset (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  for (guint i = 0; i < 5; i++)
    {
      raw_peer_accept (play->raw);
      shake_hands (play, "PUSH", "PULL");
      exchange (play, i);
      reset (play);
      ZMQG_TEST_AWAIT (play->removed == i + 1, DEADLINE_MS);
    }
}

/* The peer ends its own direction only: it will say nothing any more. */
static void
reconnects_after_half_a_close (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  for (guint i = 0; i < 3; i++)
    {
      raw_peer_accept (play->raw);
      shake_hands (play, "PUSH", "PULL");
      exchange (play, i);
      g_assert_true (g_socket_shutdown (play->raw->connection, FALSE, TRUE,
                                        NULL));
      raw_expect_end (play->raw);
    }
}

static void
reconnects_when_the_listener_is_back (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  exchange (play, 0);

  for (guint i = 1; i < 4; i++)
    {
      guint before = zmqg_endpoint_get_reconnects (play->endpoint);

      g_clear_object (&play->raw->listener);
      reset (play);
      ZMQG_TEST_AWAIT (zmqg_endpoint_get_reconnects (play->endpoint) >
                         before + 2, DEADLINE_MS);

      raw_peer_listen_again (play->raw, play->uri);
      raw_peer_accept (play->raw);
      shake_hands (play, "PUSH", "PULL");
      exchange (play, i);
    }
}

static void
reconnects_after_a_handshake_timeout (Play *play)
{
  make (play, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (play->socket, "handshake-interval", 50, NULL);
  play->uri = raw_peer_listen (play->raw);
  zmqg_socket_connect_to (play->socket, play->uri, NULL);
  for (guint i = 0; i < 3; i++)
    {
      raw_peer_accept (play->raw);
      ZMQG_TEST_AWAIT (play->failed > i, DEADLINE_MS);
    }
  raw_peer_accept (play->raw);
}

/* Trying again would not help, as in libzmq. */
static void
stops_after_a_protocol_error (Play *play)
{
  g_autoptr (GError) error = NULL;

  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  raw_peer_accept (play->raw);
  raw_send (play->raw, "ff 00*8 7f 03 01 \"NULL\" 00*48 00 05 \"READY\"");
  ZMQG_TEST_AWAIT (zmqg_endpoint_get_state (play->endpoint) ==
                     ZMQG_ENDPOINT_STATE_STOPPED, DEADLINE_MS);
  error = zmqg_endpoint_get_last_error (play->endpoint);
  g_assert_error (error, ZMQG_ERROR, ZMQG_ERROR_PROTOCOL);
}

/* --- What is sent again ------------------------------------------------- */

static void
a_half_written_message_is_sent_again_whole (Play *play)
{
  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  send_text (play, "delivered");
  raw_expect (play->raw, "00 09 \"delivered\"");
  send_large (play);
  for (guint i = 0; i < 3; i++)
    {
      expect_large_begins (play);
      reset (play);
      raw_peer_accept (play->raw);
      shake_hands (play, "PUSH", "PULL");
    }
  expect_large_begins (play);
  expect_large_ends (play);
  send_text (play, "next");
  raw_expect (play->raw, "00 04 \"next\"");
}

/* The frames before the one that was cut belong to it. */
static void
a_half_written_multipart_is_sent_again_whole (Play *play)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  g_autofree guint8 *data = g_malloc (LARGE);
  GError *error = NULL;

  memset (data, 7, LARGE);
  zmqg_message_append_string (message, "head");
  zmqg_message_append_data (message, data, LARGE);
  zmqg_message_append_string (message, "tail");

  make_connecting (play, ZMQG_SOCKET_TYPE_PUSH);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  zmqg_socket_send (play->socket, message, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      raw_expect (play->raw, "01 04 \"head\" 03 " LARGE_SIZE " 07*1000");
      if (i == 0)
        {
          reset (play);
          raw_peer_accept (play->raw);
          shake_hands (play, "PUSH", "PULL");
        }
    }
  expect_large_ends (play);
  raw_expect (play->raw, "00 04 \"tail\"");
}

#define MESSAGE 1000u
#define MESSAGES 20000u

/* Small ones, of which one is in the middle when the connection ends: it is
 * the first of the next, and those before it do not come again. */
static void
what_was_delivered_is_not_sent_again (Play *play)
{
  guint8 frame[2 + 8 + MESSAGE] = { 2, 0, 0, 0, 0, 0, 0, MESSAGE >> 8,
                                    MESSAGE & 0xff };
  const gsize header = 9;
  gsize size = header + MESSAGE;
  guint whole = 0;
  guint first;

  make (play, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (play->socket, "send-hwm", 0, NULL);
  play->uri = raw_peer_listen (play->raw);
  g_assert_true (zmqg_socket_connect_to (play->socket, play->uri, NULL));
  for (guint i = 0; i < MESSAGES; i++)
    {
      memcpy (frame + header, &i, sizeof i);
      g_assert_true (zmqg_socket_send_data (play->socket, frame + header,
                                            MESSAGE, NULL, NULL));
    }
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");
  for (; whole < 500; whole++)
    {
      memcpy (frame + header, &whole, sizeof whole);
      raw_expect_bytes (play->raw, frame, size);
    }
  raw_expect_bytes (play->raw, frame, header); /* and a part */
  reset (play);
  raw_peer_accept (play->raw);
  shake_hands (play, "PUSH", "PULL");

  raw_expect_bytes (play->raw, frame, header);
  raw_next (play->raw);
  g_assert_cmpuint (play->raw->unread->len, >=, sizeof first);
  memcpy (&first, play->raw->unread->data, sizeof first);
  g_assert_cmpuint (first, >=, whole);
  g_assert_cmpuint (first, <, MESSAGES);
  memcpy (frame + header, &first, sizeof first);
  raw_expect_bytes (play->raw, frame + header, MESSAGE);
  for (guint i = first + 1; i < MESSAGES; i++)
    {
      memcpy (frame + header, &i, sizeof i);
      raw_expect_bytes (play->raw, frame, size);
    }
}

/* --- Main --------------------------------------------------------------- */

typedef struct
{
  PlayFunc func;
  State state;
  gboolean by_closing;
  ZmqgEngineMode mode;
  gboolean is_ipc;
} Case;

static void
run_case (gconstpointer data)
{
  const Case *one = data;
  Play play = { NULL };

  play.context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", one->mode,
                               NULL);
  if (one->is_ipc)
    play.folder = zmqg_test_tmpdir ();
  play.raw = play.folder != NULL ? raw_peer_new_in (play.folder)
                                 : raw_peer_new ();
  if (one->func != NULL)
    one->func (&play);
  else
    end_in_state_again (&play, one->state, one->by_closing);

  if (play.socket != NULL)
    zmqg_socket_close (play.socket);
  terminate (&play);
  g_clear_object (&play.endpoint);
  g_clear_object (&play.socket);
  g_object_unref (play.context);
  raw_peer_free (play.raw);
  g_free (play.uri);
  if (play.folder != NULL)
    zmqg_test_rmdir (play.folder);
  g_free (play.folder);
}

static void
add (const char *path,
     Case one)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *full = NULL;

      one.mode = i & 1 ? ZMQG_ENGINE_MODE_MAIN_CONTEXT
                       : ZMQG_ENGINE_MODE_THREADS;
      one.is_ipc = (i & 2) != 0;
      if (one.is_ipc && one.func == NULL && is_of_tcp (one.state))
        continue;

      full = g_strdup_printf ("/zmqg/life-cycle/%s/%s/%s", path,
                              one.is_ipc ? "ipc" : "tcp",
                              i & 1 ? "main-context" : "threads");
      g_test_add_data_func_full (full, g_memdup2 (&one, sizeof one), run_case,
                                 g_free);
    }
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    PlayFunc func;
  } tests[] = {
    { "linger/for-ever-finishes-what-is-being-written",
      linger_for_ever_finishes_what_is_being_written },
    { "linger/none-cuts-off-what-is-being-written",
      no_linger_cuts_off_what_is_being_written },
    { "linger/some-is-waited-for", some_linger_is_waited_for },
    { "linger/some-is-enough-for-who-reads",
      some_linger_is_enough_for_who_reads },
    { "linger/reconnects", a_lingering_socket_reconnects },
    { "reconnects/after-fin", reconnects_after_fin },
    { "reconnects/after-reset", reconnects_after_reset },
    { "reconnects/after-half-a-close", reconnects_after_half_a_close },
    { "reconnects/when-the-listener-is-back",
      reconnects_when_the_listener_is_back },
    { "reconnects/after-a-handshake-timeout",
      reconnects_after_a_handshake_timeout },
    { "reconnects/not-after-a-protocol-error", stops_after_a_protocol_error },
    { "sent-again/a-half-written-message",
      a_half_written_message_is_sent_again_whole },
    { "sent-again/a-half-written-multipart",
      a_half_written_multipart_is_sent_again_whole },
    { "sent-again/not-what-was-delivered",
      what_was_delivered_is_not_sent_again },
  };
  g_autoptr (GResolver) resolver = NULL;

  g_test_init (&argc, &argv, NULL);
  resolver = g_object_new (slow_resolver_get_type (), NULL);
  g_resolver_set_default (resolver);

  for (State state = 0; state < N_STATES; state++)
    for (guint by_closing = 0; by_closing < 2; by_closing++)
      {
        g_autofree char *path = NULL;

        path = g_strdup_printf ("ends/%s/%s", state_names[state],
                                by_closing ? "close"
                                : is_bound (state) ? "unbind"
                                                   : "disconnect");
        add (path, (Case) { NULL, state, by_closing, 0, FALSE });
      }
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    add (tests[i].path, (Case) { tests[i].func, 0, FALSE, 0, FALSE });

  return g_test_run ();
}
