/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "option-times.h"

#include <string.h>

#include "interop-test.h"

/*
 * Options that take effect at once, for peers that are there: and those for
 * the peers that come after.
 */

/* Sends one topic until the peer gets it, which has asked for it. More of them
 * may still come, and of what was sent before some may come first. */
static void
publish_until_heard (Subject *subject,
                     RawPeer *raw,
                     const char *topic)
{
  g_autofree char *frames = g_strdup_printf ("=%s", topic);
  g_autofree char *heard = NULL;
  gint64 until = g_get_monotonic_time () + OPTION_DEADLINE_MS * 1000;
  guint flags;

  while (g_strcmp0 (heard, topic) != 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      if (raw_has_some (raw))
        {
          g_free (heard);
          heard = subject_raw_read (raw, &flags);
        }
      else
        {
          subject_send (subject, frames);
          zmqg_test_turn (NULL);
        }
    }
}

/* Of a message that came twice or more: the first other one. */
static void
expect_behind (RawPeer *raw,
               const char *old,
               const char *expected)
{
  g_autofree char *heard = NULL;
  guint flags;

  do
    {
      g_clear_pointer (&heard, g_free);
      heard = subject_raw_read (raw, &flags);
    }
  while (g_strcmp0 (heard, old) == 0);
  g_assert_cmpstr (heard, ==, expected);
}

/* A peer that subscribes, in the form that all take. */
static RawPeer *
meet_subscriber (Subject *subject,
                 const char *uri,
                 const char *topic)
{
  RawPeer *raw = subject_meet_as (subject, uri, "SUB");
  g_autofree char *bytes = g_strdup_printf ("01 \"%s\"", topic);

  subject_raw_send (raw, 0, bytes);
  return raw;
}

/* --- Times and marks ---------------------------------------------------- */

static void
send_timeout (Subject *subject,
              const OptionCheck *check)
{
  subject_set (subject, check->member, "1");
  g_assert_true (subject_refuses (subject, "=x"));
}

static void
receive_timeout (Subject *subject,
                 const OptionCheck *check)
{
  subject_set (subject, check->member, "1");
  g_assert_true (subject_is_silent (subject));
}

static void
send_mark (Subject *subject,
           const OptionCheck *check)
{
  g_autofree char *uri = NULL;

  subject_hold (subject, &uri);
  subject_set (subject, check->member, "10");
  subject_connect (subject, uri);
  subject_send (subject, "=x");
  subject_set (subject, check->member, "3");
  g_assert_cmpuint (subject_push (subject, 10, "=x"), ==, 2);
}

/* So many bytes come in, and are not read, when there is no mark any more. */
static void
receive_mark (Subject *subject,
              const OptionCheck *check)
{
  g_autofree char *uri = NULL;
  g_autoptr (GByteArray) message = raw_bytes ("02 00*6 ff ff \"x\"*65535");
  RawPeer *raw;

  subject_set (subject, "Socket:receive-buffer", "20000");
  subject_set (subject, check->member, "1");
  uri = subject_bind (subject);
  raw = subject_meet_as (subject, uri, "PUSH");
  subject_raw_send (raw, 0, "\"first\"");
  subject_expect (subject, "=first");
  subject_set (subject, check->member, "0");
  subject_look (subject);
  for (guint i = 0; i < 200; i++)
    raw_send_bytes (raw, message->data, message->len);
}

/* What nobody takes is dropped, or waited for. */
static void
linger (Subject *subject,
        const OptionCheck *check)
{
  g_autofree char *uri = NULL;

  subject_hold (subject, &uri);
  subject_set (subject, check->member, "-1");
  subject_connect (subject, uri);
  if (check->what != NULL)
    subject_send (subject, check->what);
  subject_set (subject, check->member, "0");
  subject_close (subject);
}

static void
begin_to_close (Subject *subject)
{
  if (subject->is_ours)
    zmqg_socket_close (subject->socket);
  else
    interop_tell (subject->peer, "close");
}

static void
linger_for_ever (Subject *subject,
                 const OptionCheck *check)
{
  g_autofree char *uri = NULL;
  RawPeer *raw = subject_hold (subject, &uri);

  subject_set (subject, check->member, "0");
  subject_connect (subject, uri);
  subject_send (subject, "=x");
  subject_set (subject, check->member, "-1");
  begin_to_close (subject);
  raw_peer_open (raw);
  raw_peer_accept (raw);
  g_free (subject_greet (raw, "PULL", NULL));
  subject_raw_expect (raw, 0, "\"x\"");
}

static void
linger_both (Subject *subject,
             const OptionCheck *check)
{
  Subject other;

  linger (subject, check);
  subject_init (&other, subject->table, subject->is_ours, subject->mode);
  subject_open (&other, check->type);
  linger_for_ever (&other, check);
  subject_clear (&other);
}

/* --- ROUTER ------------------------------------------------------------- */

static void
mandatory (Subject *subject,
           const OptionCheck *check)
{
  subject_send (subject, "=nobody =x");
  subject_set (subject, check->member, "true");
  g_assert_true (subject_refuses (subject, "=nobody =x"));
  subject_set (subject, check->member, "false");
  subject_send (subject, "=nobody =x");
}

static RawPeer *
meet_dealer (Subject *subject,
             const char *uri,
             const char *identity)
{
  RawPeer *raw = subject_meet (subject, uri);

  g_free (subject_greet (raw, "DEALER", identity));
  return raw;
}

/* The second of that name is not heard, the third is. */
static void
handover (Subject *subject,
          const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raws[3];

  raws[0] = meet_dealer (subject, uri, "same");
  subject_raw_send (raws[0], 0, "\"1\"");
  subject_expect (subject, "=same =1");
  raws[1] = meet_dealer (subject, uri, "same");
  subject_raw_send (raws[1], 0, "\"2\"");
  subject_look (subject);
  for (guint i = 0; i < 10; i++)
    {
      subject_raw_send (raws[0], 0, "\"3\"");
      subject_expect (subject, "=same =3");
    }
  subject_set (subject, check->member, "true");
  raws[2] = meet_dealer (subject, uri, "same");
  subject_raw_send (raws[2], 0, "\"4\"");
  subject_expect (subject, "=same =4");
}

/* The first has gone unnoticed. */
static void
notify_peers (Subject *subject,
              const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raws[2];

  raws[0] = meet_dealer (subject, uri, "first");
  subject_raw_send (raws[0], 0, "\"hi\"");
  subject_expect (subject, "=first =hi");
  subject_set (subject, check->member, "3");
  raws[1] = meet_dealer (subject, uri, "second");
  subject_expect (subject, "=second =");
  raw_peer_hang_up (raws[0]);
  subject_expect (subject, "=first =");
}

/* --- REQ ---------------------------------------------------------------- */

static void
correlate (Subject *subject,
           const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = subject_meet_as (subject, uri, "REP");
  g_autofree char *id = NULL;
  guint flags;

  subject_send (subject, "=1");
  subject_raw_expect (raw, 1, "");
  subject_raw_expect (raw, 0, "\"1\"");
  subject_raw_send (raw, 1, "");
  subject_raw_send (raw, 0, "\"a\"");
  subject_expect (subject, "=a");
  subject_set (subject, check->member, "true");
  subject_send (subject, "=2");
  id = subject_raw_read (raw, &flags);
  g_assert_cmpuint (flags, ==, 1);
  g_assert_cmpuint (strlen (id), ==, 4);
  subject_raw_expect (raw, 1, "");
  subject_raw_expect (raw, 0, "\"2\"");
}

static void
relaxed (Subject *subject,
         const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = subject_meet_as (subject, uri, "REP");

  subject_send (subject, "=1");
  g_assert_true (subject_refuses (subject, "=2"));
  subject_set (subject, check->member, "true");
  subject_send (subject, "=3");
  subject_raw_expect (raw, 1, "");
  subject_raw_expect (raw, 0, "\"1\"");
  subject_raw_expect (raw, 1, "");
  subject_raw_expect (raw, 0, "\"3\"");
}

/* --- Subscribers -------------------------------------------------------- */

static char *
read_topic (RawPeer *raw,
            gboolean *cancels)
{
  g_autofree char *payload = NULL;
  char *topic;
  guint flags;

  raw_await (raw, 3);
  *cancels = raw->unread->data[2] == 0;
  payload = subject_raw_read (raw, &flags);
  if (flags == 0)
    return g_strdup (payload + 1);

  /* The commands of ZMTP 3.1. */
  *cancels = g_str_has_prefix (payload, ".CANCEL");
  topic = payload + (*cancels ? strlen (".CANCEL") : strlen (".SUBSCRIBE"));
  return g_strdup (topic);
}

static void
expect_topic (RawPeer *raw,
              gboolean cancels,
              const char *topic)
{
  gboolean does_cancel;
  g_autofree char *got = read_topic (raw, &does_cancel);

  g_assert_cmpstr (got, ==, topic);
  g_assert_cmpint (cancels, ==, does_cancel);
}

static void
sub_subscribes (Subject *subject,
                const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = subject_meet_as (subject, uri, "PUB");

  subject_set (subject, "zmqg_sub_socket_subscribe ()", "a");
  option_await (subject, raw);
  expect_topic (raw, FALSE, "a");
  subject_raw_send (raw, 0, "\"a1\"");
  subject_expect (subject, "=a1");
  if (g_str_equal (check->member, "zmqg_sub_socket_subscribe ()"))
    return;

  subject_set (subject, "zmqg_sub_socket_subscribe ()", "b");
  expect_topic (raw, FALSE, "b");
  subject_set (subject, check->member, "a");
  expect_topic (raw, TRUE, "a");
  subject_raw_send (raw, 0, "\"a2\"");
  subject_raw_send (raw, 0, "\"b1\"");
  subject_expect (subject, "=b1");
}

static void
sub_inverts (Subject *subject,
             const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = subject_meet_as (subject, uri, "PUB");

  subject_set (subject, "zmqg_sub_socket_subscribe ()", "a");
  option_await (subject, raw);
  subject_raw_send (raw, 0, "\"b1\"");
  subject_raw_send (raw, 0, "\"a1\"");
  subject_expect (subject, "=a1");
  subject_set (subject, check->member, "true");
  subject_raw_send (raw, 0, "\"a2\"");
  subject_raw_send (raw, 0, "\"b2\"");
  subject_expect (subject, "=b2");
}

/* A topic in a second frame is one only without it: who comes later is told
 * what is subscribed to. */
static void
xsub_looks_at_the_first (Subject *subject,
                         const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw;

  subject_send (subject, "=x =%01a");
  subject_set (subject, check->member, "true");
  subject_send (subject, "=x =%01b");
  raw = subject_meet_as (subject, uri, "XPUB");
  option_await (subject, raw);
  expect_topic (raw, FALSE, "a");
  subject_send (subject, "=%01c");
  expect_topic (raw, FALSE, "c");
}

/* The first of two cancellations is told. */
static void
xsub_cancels (Subject *subject,
              const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = subject_meet_as (subject, uri, "XPUB");

  subject_send (subject, "=%01a");
  option_await (subject, raw);
  expect_topic (raw, FALSE, "a");
  subject_send (subject, "=%01a");
  expect_topic (raw, FALSE, "a");
  subject_send (subject, "=%01a");
  expect_topic (raw, FALSE, "a");
  subject_send (subject, "=%00a");
  subject_set (subject, check->member, "true");
  subject_send (subject, "=%01b");
  expect_topic (raw, FALSE, "b");
  subject_send (subject, "=%00a");
  expect_topic (raw, TRUE, "a");
}

/* --- Publishers --------------------------------------------------------- */

/* Of two who ask for the same, the second is told of. */
static void
verbose (Subject *subject,
         const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raws[2];

  raws[0] = meet_subscriber (subject, uri, "t");
  subject_expect (subject, "=%01t");
  raws[1] = meet_subscriber (subject, uri, "t");
  subject_raw_send (raws[1], 0, "01 \"u\"");
  subject_expect (subject, "=%01u");
  subject_set (subject, check->member, "true");
  subject_raw_send (raws[1], 0, "01 \"t\"");
  subject_expect (subject, "=%01t");
  subject_set (subject, check->member, "false");
  subject_raw_send (raws[0], 0, "01 \"t\"");
  subject_raw_send (raws[0], 0, "01 \"v\"");
  subject_expect (subject, "=%01v");
}

static void
verboser (Subject *subject,
          const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raws[3];

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *own = g_strdup_printf ("01 \"%u\"", i);
      g_autofree char *seen = g_strdup_printf ("=%%01%u", i);

      raws[i] = meet_subscriber (subject, uri, "t");
      if (i == 0)
        subject_expect (subject, "=%01t");
      subject_raw_send (raws[i], 0, own);
      subject_expect (subject, seen);
    }
  subject_raw_send (raws[0], 0, "00 \"t\"");
  subject_raw_send (raws[0], 0, "01 \"next\"");
  subject_expect (subject, "=%01next");
  subject_set (subject, check->member, "true");
  subject_raw_send (raws[1], 0, "00 \"t\"");
  subject_expect (subject, "=%00t");
}

/* What is asked for is not sent any more. */
static void
manual (Subject *subject,
        const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = meet_subscriber (subject, uri, "a");

  subject_expect (subject, "=%01a");
  subject_set (subject, check->member, "true");
  subject_raw_send (raw, 0, "01 \"b\"");
  subject_expect (subject, "=%01b");
  subject_send (subject, "=b");
  subject_send (subject, "=a");
  subject_raw_expect (raw, 0, "\"a\"");
}

static void
last_value (Subject *subject,
            const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raws[2];

  raws[0] = meet_subscriber (subject, uri, "t");
  subject_expect (subject, "=%01t");
  subject_set (subject, check->member, "true");
  raws[1] = meet_subscriber (subject, uri, "t");
  subject_expect (subject, "=%01t");
  subject_set (subject, "zmqg_xpub_socket_subscribe ()", "t");
  subject_send (subject, "=t1");
  subject_send (subject, "=t2");
  subject_raw_expect (raws[1], 0, "\"t1\"");
  subject_raw_expect (raws[1], 0, "\"t2\"");
  subject_raw_expect (raws[0], 0, "\"t2\"");
}

static void
manual_grant (Subject *subject,
              const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw;

  subject_set (subject, "XpubSocket:manual", "true");
  raw = meet_subscriber (subject, uri, "a");
  subject_expect (subject, "=%01a");
  subject_send (subject, "=b0");
  subject_set (subject, "zmqg_xpub_socket_subscribe ()", "b");
  subject_set (subject, "zmqg_xpub_socket_subscribe ()", "c");
  subject_send (subject, "=b1");
  subject_raw_expect (raw, 0, "\"b1\"");
  subject_set (subject, "zmqg_xpub_socket_unsubscribe ()", "b");
  subject_send (subject, "=b2");
  subject_send (subject, "=c1");
  subject_raw_expect (raw, 0, "\"c1\"");
}

static void
pub_inverts (Subject *subject,
             const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = meet_subscriber (subject, uri, "a");

  publish_until_heard (subject, raw, "a");
  subject_set (subject, check->member, "true");
  subject_send (subject, "=a1");
  subject_send (subject, "=b");
  expect_behind (raw, "a", "b");
}

static void
welcome (Subject *subject,
         const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raws[2];

  raws[0] = meet_subscriber (subject, uri, "a");
  publish_until_heard (subject, raws[0], "a");
  subject_set (subject, check->member, "welcome");
  raws[1] = subject_meet_as (subject, uri, "SUB");
  option_await (subject, raws[1]);
  subject_raw_expect (raws[1], 0, "\"welcome\"");
  subject_send (subject, "=a1");
  expect_behind (raws[0], "a", "a1");
}

/* One that does not read fills up what there is room for. (Of one that is full
 * and has lost something libzmq takes no notice any more.) */
static void
no_drop (Subject *subject,
         const OptionCheck *check)
{
  g_autofree char *uri = NULL;
  RawPeer *raw;

  subject_set (subject, "Socket:send-hwm", "10");
  subject_set (subject, "Socket:send-buffer", "10000");
  uri = subject_bind (subject);
  raw = meet_subscriber (subject, uri, "");
  publish_until_heard (subject, raw, "a");
  subject_set (subject, check->member, "true");
  g_assert_cmpuint (subject_push (subject, 1000, "*100000.1"), <, 1000);
  subject_set (subject, check->member, "false");
  g_assert_cmpuint (subject_push (subject, 1000, "*100000.1"), ==, 1000);
}

/* A subscription in a second frame. */
static void
send_second (RawPeer *raw,
             const char *topic)
{
  g_autofree char *bytes = g_strdup_printf ("01 \"%s\"", topic);

  subject_raw_send (raw, 1, "\"x\"");
  subject_raw_send (raw, 0, bytes);
}

static void
pub_looks_at_the_first (Subject *subject,
                        const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raw = subject_meet_as (subject, uri, "XSUB");

  send_second (raw, "a");
  publish_until_heard (subject, raw, "a");
  subject_set (subject, check->member, "true");
  send_second (raw, "b");
  subject_raw_send (raw, 0, "01 \"c\"");
  publish_until_heard (subject, raw, "c");
  subject_send (subject, "=b");
  subject_send (subject, "=a1");
  expect_behind (raw, "c", "a1");
}

/* --- Probes ------------------------------------------------------------- */

/* Something by which the peer is there for both. */
static void
talk (Subject *subject,
      RawPeer *raw)
{
  if (g_str_equal (subject->type, "REQ"))
    {
      subject_send (subject, "=request");
      subject_raw_expect (raw, 1, "");
      subject_raw_expect (raw, 0, "\"request\"");
      subject_raw_send (raw, 1, "");
      subject_raw_send (raw, 0, "\"reply\"");
      subject_expect (subject, "=reply");
    }
  else if (g_str_equal (subject->type, "REP"))
    {
      subject_raw_send (raw, 1, "");
      subject_raw_send (raw, 0, "\"request\"");
      subject_expect (subject, "=request");
      subject_send (subject, "=reply");
      subject_raw_expect (raw, 1, "");
      subject_raw_expect (raw, 0, "\"reply\"");
    }
  else
    {
      g_autofree char *came = NULL;

      subject_raw_send (raw, 0, "\"hi\"");
      came = subject_receive (subject);
      g_assert_true (g_str_has_suffix (came, "=hi"));
    }
}

static void
probe (Subject *subject,
       const OptionCheck *check)
{
  g_autofree char *uri = subject_bind (subject);
  RawPeer *raws[2];

  raws[0] = subject_meet_as (subject, uri, check->what);
  talk (subject, raws[0]);
  subject_set (subject, check->member, "true");
  raws[1] = subject_meet_as (subject, uri, check->what);
  option_await (subject, raws[1]);
  subject_raw_expect (raws[1], 0, "");
  raw_expect_nothing (raws[0]);
}

/* ------------------------------------------------------------------------ */

#define TELLS NULL, NULL, "it tells, and cannot be set"
#define LATER "peers that come later"

const OptionCheck option_checks_of_sockets[] = {
  { "zmqg_message_get_n_frames ()", "", TELLS },
  { "zmqg_socket_create_source ()", "", TELLS },
  { "zmqg_socket_get_events ()", "", TELLS },
  { "Socket:socket-type", "", TELLS },
  { "Socket:last-endpoint", "", TELLS },
  { "PubSocket:topics-count", "", TELLS },
  { "SubSocket:topics-count", "", TELLS },
  { "XpubSocket:topics-count", "", TELLS },
  { "XsubSocket:topics-count", "", TELLS },

  { "Socket:send-timeout", "now", "PUSH", send_timeout },
  { "Socket:receive-timeout", "now", "PULL", receive_timeout },
  { "Socket:send-hwm", "now", "PUSH", send_mark },
  { "Socket:receive-hwm", "now", "PULL", receive_mark },
  { "Socket:linger", "now", "PUSH", linger_both, .what = "=x" },
  { "SubSocket:linger", "now", "SUB", linger },
  { "XsubSocket:linger", "now", "XSUB", linger, .what = "=x" },

  { "RouterSocket:mandatory", "now", "ROUTER", mandatory },
  { "RouterSocket:handover", "now", "ROUTER", handover },
  { "RouterSocket:notify-peers", "now", "ROUTER", notify_peers },
  { "ReqSocket:correlate", "now", "REQ", correlate },
  { "ReqSocket:relaxed", "now", "REQ", relaxed },

  { "zmqg_sub_socket_subscribe ()", "now", "SUB", sub_subscribes },
  { "zmqg_sub_socket_unsubscribe ()", "now", "SUB", sub_subscribes },
  { "SubSocket:invert-matching", "now", "SUB", sub_inverts },
  { "XsubSocket:only-first-subscribe", "now", "XSUB",
    xsub_looks_at_the_first },
  { "XsubSocket:verbose-unsubscribe", "now", "XSUB", xsub_cancels },

  { "XpubSocket:verbose", "now", "XPUB", verbose },
  { "XpubSocket:verboser", "now", "XPUB", verboser },
  { "XpubSocket:manual", "now", "XPUB", manual },
  { "XpubSocket:manual-last-value", "now", "XPUB", last_value },
  { "zmqg_xpub_socket_subscribe ()", "now", "XPUB", manual_grant },
  { "zmqg_xpub_socket_unsubscribe ()", "now", "XPUB", manual_grant },
  { "PubSocket:invert-matching", "now", "PUB", pub_inverts },
  { "XpubSocket:invert-matching", "now", "XPUB", pub_inverts },
  { "PubSocket:no-drop", "now", "PUB", no_drop },
  { "XpubSocket:no-drop", "now", "XPUB", no_drop },
  { "PubSocket:only-first-subscribe", "now", "PUB", pub_looks_at_the_first },
  { "XpubSocket:only-first-subscribe", "now", "XPUB",
    pub_looks_at_the_first },
  { "PubSocket:welcome-message", LATER, "PUB", welcome },
  { "XpubSocket:welcome-message", LATER, "XPUB", welcome },

  { "DealerSocket:probe-router", LATER, "DEALER", probe, .what = "ROUTER" },
  { "RepSocket:probe-router", LATER, "REP", probe, .what = "DEALER" },
  { "ReqSocket:probe-router", LATER, "REQ", probe, .what = "ROUTER" },
  { "RouterSocket:probe-router", LATER, "ROUTER", probe, .what = "DEALER" },
  { NULL },
};
