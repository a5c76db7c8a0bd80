/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-test.h"
#include "option-subject.h"

#include <string.h>

/*
 * What options do at a raw peer, with our socket in both engine modes, and
 * with libzmq's, which has to do the same.
 */

/* How an XSUB says its subscriptions. */
typedef enum
{
  AS_IT_IS,
  ONLY_FIRST,
  VERBOSE,
} SayingMode;

typedef struct _Trial Trial;

struct _Trial
{
  const char *name;
  const char *type;
  void (*func) (Subject *subject, const Trial *trial);
  SubjectVersion version;
  SayingMode mode;
  gboolean is_only_ours; /* libzmq does not have the option */
};

typedef struct
{
  const Trial *trial;
  gboolean is_ours;
  ZmqgEngineMode mode;
} Case;

static OptionsTable *table;

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  Subject subject;

  subject_init (&subject, table, self->is_ours, self->mode);
  subject_open (&subject, self->trial->type);
  self->trial->func (&subject, self->trial);
  subject_clear (&subject);
}

static void
add_case (const Trial *trial,
          const char *name,
          gboolean is_ours,
          ZmqgEngineMode mode)
{
  Case *self = g_new (Case, 1);
  g_autofree char *path = NULL;

  *self = (Case){ trial, is_ours, mode };
  path = g_strdup_printf ("/zmqg/interop/option-effects/%s/%s", trial->name,
                          name);
  g_test_add_data_func_full (path, self, run_case, g_free);
}

/* --- IPv6 --------------------------------------------------------------- */

/* Who connects is told nothing, and goes nowhere. */
static void
without_it_none_is_bound (Subject *subject,
                          const Trial *trial)
{
  if (interop_skip_without_ipv6 ())
    return;

  g_assert_false (subject_try_bind (subject, "tcp://[::1]:*"));
  g_assert_false (subject_try_bind (subject, "tcp://[::]:*"));
  subject_set (subject, "Socket:ipv6", "true");
  g_assert_true (subject_try_bind (subject, "tcp://[::1]:*"));
}

static RawPeer *
listen_at_v6 (Subject *subject,
              char **uri)
{
  RawPeer *raw = raw_peer_new ();

  g_ptr_array_add (subject->raws, raw);
  *uri = raw_peer_hold_at (raw, "::1");
  raw_peer_open (raw);
  return raw;
}

/* It is tried again and again, and what is sent waits. */
static void
without_it_none_is_connected_to (Subject *subject,
                                 const Trial *trial)
{
  const int retried = 4; /* libzmq's number of the event */
  g_autofree char *uri = NULL;
  g_autofree char *other = NULL;
  RawPeer *raw;
  RawPeer *second;
  int ignored;

  if (interop_skip_without_ipv6 ())
    return;

  raw = listen_at_v6 (subject, &uri);
  second = listen_at_v6 (subject, &other);
  subject_monitor (subject);
  subject_connect (subject, uri);
  ZMQG_TEST_AWAIT (subject_count_events (subject, retried, uri, &ignored) > 3,
                   INTEROP_DEADLINE_MS);
  g_assert_false (raw_peer_is_called (raw));
  subject_set (subject, "Socket:ipv6", "true");
  subject_connect (subject, other);
  raw_peer_accept (second);
}

/* Also on the socket that an IPv4 peer came to. */
static void
tos_is_the_traffic_class (Subject *subject,
                          const Trial *trial)
{
  g_autofree char *bound = NULL;
  g_autofree char *mapped = NULL;
  g_autofree char *uri = NULL;
  RawPeer *raws[2];
  RawPeer *listener;

  if (interop_skip_without_ipv6 ())
    return;

  subject_set (subject, "Socket:ipv6", "true");
  subject_set (subject, "Socket:tos", "16");
  bound = subject_bind_to (subject, "tcp://[::1]:*");
  mapped = subject_bind_to (subject, "tcp://127.0.0.1:*");
  g_assert_true (g_str_has_prefix (mapped, "tcp://[::ffff:127.0.0.1]:"));
  listener = listen_at_v6 (subject, &uri);
  subject_connect (subject, uri);
  raw_peer_accept (listener);
  raws[0] = subject_meet (subject, bound);
  raws[1] = subject_meet (subject, mapped);

  subject_await_descriptor (subject, subject_port (bound),
                            subject_raw_port (raws[0]), "traffic-class", "16");
  subject_await_descriptor (subject, subject_port (mapped),
                            subject_raw_port (raws[1]), "tos", "16");
  subject_await_descriptor (subject, 0, subject_port (uri), "traffic-class",
                            "16");
}

/* --- Connecting again --------------------------------------------------- */

/* Lost during the handshake, it is not made again; after it, it is. */
static void
a_lost_handshake_stops (Subject *subject,
                        const Trial *trial)
{
  RawPeer *raws[2];
  char *uris[2];

  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, "Socket:reconnect-stop", i == 0 ? "2" : "0");
      raws[i] = subject_listen (subject, &uris[i]);
      subject_connect (subject, uris[i]);
      raw_peer_accept (raws[i]);
    }

  g_free (subject_greet (raws[0], "DEALER", NULL));
  raw_peer_hang_up (raws[0]);
  raw_peer_accept (raws[0]);
  raw_skip (raws[0], 10);
  raw_peer_hang_up (raws[0]);
  for (guint i = 0; i < 10; i++)
    {
      raw_skip (raws[1], 10);
      raw_peer_hang_up (raws[1]);
      raw_peer_accept (raws[1]);
    }
  g_assert_false (raw_peer_is_called (raws[0]));
  g_free (uris[0]);
  g_free (uris[1]);
}

/* The same of one that takes too long. */
static void
a_silent_handshake_stops (Subject *subject,
                          const Trial *trial)
{
  RawPeer *raws[2];
  char *uris[2];

  subject_set (subject, "Socket:handshake-interval", "30");
  for (guint i = 0; i < 2; i++)
    {
      subject_set (subject, "Socket:reconnect-stop", i == 0 ? "2" : "0");
      raws[i] = subject_listen (subject, &uris[i]);
      subject_connect (subject, uris[i]);
      raw_peer_accept (raws[i]);
    }

  ZMQG_TEST_AWAIT (raw_is_at_end (raws[0]), INTEROP_DEADLINE_MS);
  for (guint i = 0; i < 5; i++)
    {
      ZMQG_TEST_AWAIT (raw_is_at_end (raws[1]), INTEROP_DEADLINE_MS);
      raw_peer_accept (raws[1]);
    }
  g_assert_false (raw_peer_is_called (raws[0]));
  g_free (uris[0]);
  g_free (uris[1]);
}

/* --- Subscriptions ------------------------------------------------------ */

/* Has the subject send, and tells the bytes that came behind the handshake,
 * up to those of the last frames. */
static char *
record (Subject *subject,
        RawPeer *raw,
        const char *const *messages)
{
  static const guint8 end[] = { 'e', 'n', 'd' };
  GString *text = g_string_new (NULL);
  GByteArray *bytes = raw->unread;

  for (guint i = 0; messages[i] != NULL; i++)
    subject_send (subject, messages[i]);
  subject_send (subject, "=%01end");
  do
    raw_await (raw, bytes->len + 1);
  while (bytes->len < sizeof end ||
         memcmp (bytes->data + bytes->len - sizeof end, end, sizeof end) != 0);

  for (guint i = 0; i < bytes->len; i++)
    if (g_ascii_isalpha (bytes->data[i]))
      g_string_append_c (text, (char) bytes->data[i]);
    else
      g_string_append_printf (text, " %02x ", bytes->data[i]);
  raw_skip (raw, bytes->len);
  return g_string_free (text, FALSE);
}

static const char *const forms[] = {
  "=%01a", "=%01a", "=%00a", "=%00a", "=%00never", "=%01", "=%00", "=text",
  "=%02other", "=", "=two =frames", "=x =%01b", "=x =%00b", "=%01c =%01d",
  "=%01e =text", "=%01f =%00f =%01g", NULL,
};

/* Who subscribes by sending says it by messages in every version, and also
 * what is no subscription. What is cancelled once too often it does not say. */
#define SAID \
  " 00  02  01 a 00  02  01 a 00  02  00 a 00  01  01  00 " \
  " 01  00  00  04 text 00  06  02 other 00  00  01  03 two 00  06 frames" \
  " 01  01 x 00  02  01 b 01  01 x 00  02  00 b 01  02  01 c 00  02  01 d" \
  " 01  02  01 e 00  04 text 01  02  01 f 01  02  00 f 00  02  01 g" \
  " 00  04  01 end"

#define SAID_VERBOSELY \
  " 00  02  01 a 00  02  01 a 00  02  00 a 00  02  00 a" \
  " 00  06  00 never 00  01  01  00  01  00  00  04 text 00  06  02 other" \
  " 00  00  01  03 two 00  06 frames 01  01 x 00  02  01 b 01  01 x" \
  " 00  02  00 b 01  02  01 c 00  02  01 d 01  02  01 e 00  04 text" \
  " 01  02  01 f 01  02  00 f 00  02  01 g 00  04  01 end"

/* libzmq sees who has come when it is called. */
static void
await_subscription (Subject *subject,
                    RawPeer *raw)
{
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  while (!raw_has_some (raw))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      subject_look (subject);
      zmqg_test_turn (NULL);
    }
}

/* To one that comes later it says what it has subscribed to itself: by the
 * commands of ZMTP 3.1, where the peer has them. */
static void
xsub_says (Subject *subject,
           const Trial *trial)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = subject_meet (subject, uri);
  RawPeer *next;
  g_autofree char *said = NULL;
  g_autofree char *first = NULL;
  guint flags;

  subject_greet_as (raw, trial->version, "XPUB");
  subject_send (subject, "=%01start");
  await_subscription (subject, raw);
  first = subject_raw_read (raw, &flags);
  if (trial->mode == ONLY_FIRST)
    subject_set (subject, "XsubSocket:only-first-subscribe", "true");
  else if (trial->mode == VERBOSE)
    subject_set (subject, "XsubSocket:verbose-unsubscribe", "true");
  said = record (subject, raw, forms);
  g_assert_cmpstr (said, ==,
                   trial->mode == VERBOSE ? SAID_VERBOSELY : SAID);

  next = subject_meet (subject, uri);
  subject_greet_as (next, trial->version, "XPUB");
  await_subscription (subject, next);
  g_assert_cmpuint (raw_next (next), ==,
                    trial->version == SUBJECT_ZMTP_3_1 ? 4 : 0);
}

/* Our subscriptions count for no mark. libzmq's do: it is silent about those
 * that are too many, for good. */
static void
sub_beyond_its_mark (Subject *subject,
                     const Trial *trial)
{
  const guint n_said = subject->is_ours ? 6 : 2;
  g_autofree char *uri = NULL;
  RawPeer *raw = subject_hold (subject, &uri);
  gint64 until = g_get_monotonic_time () + INTEROP_DEADLINE_MS * 1000;

  subject_set (subject, "Socket:send-hwm", "2");
  subject_connect (subject, uri);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *topic = g_strdup_printf ("%u", i);

      subject_set (subject, "zmqg_sub_socket_subscribe ()", topic);
    }
  raw_peer_open (raw);
  raw_peer_accept (raw);
  g_free (subject_greet (raw, "PUB", NULL));
  for (guint i = 0; i < n_said; i++)
    {
      g_autofree char *bytes = g_strdup_printf ("09 \"SUBSCRIBE%u\"", i);

      subject_raw_expect (raw, 4, bytes);
    }
  while (!raw_has_some (raw))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      subject_look (subject);
      subject_set (subject, "zmqg_sub_socket_subscribe ()", "end");
      zmqg_test_turn (NULL);
    }
  subject_raw_expect (raw, 4, "09 \"SUBSCRIBEend\"");
}

int
main (int argc,
      char **argv)
{
  static const Trial trials[] = {
    { "ipv6/without-it-none-is-bound", "PULL", without_it_none_is_bound },
    { "ipv6/without-it-none-is-connected-to", "DEALER",
      without_it_none_is_connected_to },
    { "ipv6/tos-is-the-traffic-class", "DEALER", tos_is_the_traffic_class },
    { "reconnect-stop/a-lost-handshake", "DEALER", a_lost_handshake_stops },
    { "reconnect-stop/a-silent-handshake", "DEALER",
      a_silent_handshake_stops },
    { "xsub/to-zmtp-2.0", "XSUB", xsub_says,
      SUBJECT_ZMTP_2_0, AS_IT_IS },
    { "xsub/to-zmtp-3.0", "XSUB", xsub_says,
      SUBJECT_ZMTP_3_0, AS_IT_IS },
    { "xsub/to-zmtp-3.1", "XSUB", xsub_says,
      SUBJECT_ZMTP_3_1, AS_IT_IS },
    { "xsub/only-first/to-zmtp-2.0", "XSUB", xsub_says,
      SUBJECT_ZMTP_2_0, ONLY_FIRST },
    { "xsub/only-first/to-zmtp-3.0", "XSUB", xsub_says,
      SUBJECT_ZMTP_3_0, ONLY_FIRST },
    { "xsub/only-first/to-zmtp-3.1", "XSUB", xsub_says,
      SUBJECT_ZMTP_3_1, ONLY_FIRST },
    { "xsub/verbose/to-zmtp-2.0", "XSUB", xsub_says,
      SUBJECT_ZMTP_2_0, VERBOSE, TRUE },
    { "xsub/verbose/to-zmtp-3.0", "XSUB", xsub_says,
      SUBJECT_ZMTP_3_0, VERBOSE, TRUE },
    { "xsub/verbose/to-zmtp-3.1", "XSUB", xsub_says,
      SUBJECT_ZMTP_3_1, VERBOSE, TRUE },
    { "sub-beyond-its-mark", "SUB", sub_beyond_its_mark },
  };
  int result;

  g_test_init (&argc, &argv, NULL);

  table = options_table_new ();
  for (guint i = 0; i < G_N_ELEMENTS (trials); i++)
    {
      add_case (&trials[i], "ours/threads", TRUE, ZMQG_ENGINE_MODE_THREADS);
      add_case (&trials[i], "ours/main-context", TRUE,
                ZMQG_ENGINE_MODE_MAIN_CONTEXT);
      if (!trials[i].is_only_ours)
        add_case (&trials[i], "theirs", FALSE,
                  ZMQG_ENGINE_MODE_THREADS);
    }

  result = g_test_run ();
  options_table_free (table);
  return result;
}
