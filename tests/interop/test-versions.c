/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "zmqg-test.h"

#include "zmqg.h"

#include "raw-peer.h"

/*
 * Peers of all versions of ZMTP, played byte for byte: what ZMTP 1.0, 2.0,
 * 3.0 and 3.1 implementations send, and what they must get.
 */

typedef enum
{
  FRAMING_1,
  FRAMING_2, /* without commands */
  FRAMING_3,
} Framing;

typedef struct
{
  const char *name;
  int revision; /* -1: it does not know of greetings */
  int minor;
  Framing framing;
  gboolean subscribes_by_command;
} Version;

static const Version versions[] = {
  { "1.0", -1, 0, FRAMING_1, FALSE },
  { "1.0-with-greeting", 0, 0, FRAMING_1, FALSE },
  { "2.0", 1, 0, FRAMING_2, FALSE },
  { "3.0", 3, 0, FRAMING_3, FALSE },
  { "3.1", 3, 1, FRAMING_3, TRUE },
  /* What is newer talks as we do. */
  { "3.9", 3, 9, FRAMING_3, TRUE },
  { "revision-2", 2, 0, FRAMING_3, TRUE },
  { "revision-4", 4, 0, FRAMING_3, TRUE },
};

typedef struct
{
  const Version *version;
  ZmqgContext *context;
  ZmqgSocket *socket;
  gboolean we_bind;
  RawPeer *raw;
} Play;

typedef void (*PlayFunc) (Play *play);

static const char *const type_names[] = {
  "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH",
  "XPUB", "XSUB",
};

/* --- Frames ------------------------------------------------------------- */

static void
append_number (GByteArray *bytes,
               guint64 number,
               guint size)
{
  while (size-- > 0)
    {
      guint8 byte = (guint8) (number >> (8 * size));

      g_byte_array_append (bytes, &byte, 1);
    }
}

/* What a frame looks like in a version, by the book. */
static void
append_frame (GByteArray *bytes,
              Framing framing,
              gboolean more,
              const guint8 *data,
              gsize size)
{
  if (framing == FRAMING_1)
    {
      if (size + 1 < 255)
        {
          append_number (bytes, size + 1, 1);
        }
      else
        {
          append_number (bytes, 0xff, 1);
          append_number (bytes, size + 1, 8);
        }
      append_number (bytes, more ? 1 : 0, 1);
    }
  else
    {
      append_number (bytes, (more ? 1 : 0) | (size > 255 ? 2 : 0), 1);
      append_number (bytes, size, size > 255 ? 8 : 1);
    }
  g_byte_array_append (bytes, data, (guint) size);
}

static void
send_frame (Play *play,
            gboolean more,
            const char *format,
            ...) G_GNUC_PRINTF (3, 4);

static void
send_frame (Play *play,
            gboolean more,
            const char *format,
            ...)
{
  g_autoptr (GByteArray) content = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  content = raw_bytes (text);
  append_frame (bytes, play->version->framing, more, content->data,
                content->len);
  raw_send_bytes (play->raw, bytes->data, bytes->len);
}

static void
expect_frame (Play *play,
              gboolean more,
              const char *format,
              ...) G_GNUC_PRINTF (3, 4);

static void
expect_frame (Play *play,
              gboolean more,
              const char *format,
              ...)
{
  g_autoptr (GByteArray) content = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  content = raw_bytes (text);
  append_frame (bytes, play->version->framing, more, content->data,
                content->len);
  raw_expect_bytes (play->raw, bytes->data, bytes->len);
}

/* --- Greetings ---------------------------------------------------------- */

/* The body of READY, and its frame. */
static GByteArray *
make_ready (ZmqgSocketType type,
            const char *identity)
{
  const char *name = type_names[type];
  g_autoptr (GByteArray) body = NULL;
  GByteArray *frame = g_byte_array_new ();

  body = raw_format ("05 \"READY\" 0b \"Socket-Type\" 00*3 %02x \"%s\"",
                     (guint) strlen (name), name);
  if (identity != NULL)
    {
      g_autoptr (GByteArray) more = NULL;

      more = raw_format ("08 \"Identity\" 00*3 %02x \"%s\"",
                         (guint) strlen (identity), identity);
      g_byte_array_append (body, more->data, more->len);
    }
  append_number (frame, 4, 1);
  append_number (frame, body->len, 1);
  g_byte_array_append (frame, body->data, body->len);
  return frame;
}

static gboolean
has_identity (ZmqgSocketType type)
{
  return type == ZMQG_SOCKET_TYPE_REQ || type == ZMQG_SOCKET_TYPE_DEALER ||
         type == ZMQG_SOCKET_TYPE_ROUTER;
}

/* Both sides up to the first message: the peer is of @type and called
 * @identity, we are called @ours. */
static void
greet (Play *play,
       ZmqgSocketType type,
       const char *identity,
       const char *ours)
{
  ZmqgSocketType our_type = zmqg_socket_get_socket_type (play->socket);
  RawPeer *raw = play->raw;
  const Version *version = play->version;
  g_autoptr (GByteArray) ready = NULL;
  g_autoptr (GByteArray) our_ready = NULL;

  /* We do not wait for the peer. */
  raw_expect (raw, "ff 00*7 %02x 7f", (guint) strlen (ours) + 1);

  if (version->revision < 0)
    {
      /* To it the ten bytes are the header of our identity. */
      send_frame (play, FALSE, "\"%s\"", identity);
      raw_expect (raw, "\"%s\"", ours);
      return;
    }

  raw_send (raw, "ff 00*7 %02x 7f", (guint) strlen (identity) + 1);
  raw_expect (raw, "03");

  if (version->framing != FRAMING_3)
    {
      raw_send (raw, "%02x %02x", (guint) version->revision, (guint) type);
      raw_expect (raw, "%02x", (guint) our_type);
      send_frame (play, FALSE, "\"%s\"", identity);
      expect_frame (play, FALSE, "\"%s\"", ours);
      return;
    }

  raw_send (raw, "%02x %02x \"NULL\" 00*48", (guint) version->revision,
            (guint) version->minor);
  raw_expect (raw, "01 \"NULL\" 00*48");
  ready = make_ready (type, has_identity (type) ? identity : NULL);
  our_ready = make_ready (our_type, has_identity (our_type) ? ours : NULL);
  raw_send_bytes (raw, ready->data, ready->len);
  raw_expect_bytes (raw, our_ready->data, our_ready->len);
}

/* Lets our socket and the peer meet. */
static void
meet (Play *play)
{
  GError *error = NULL;

  if (play->we_bind)
    {
      g_autofree char *any = g_strdup_printf ("tcp://%s:*",
                                              zmqg_test_loopback ());
      g_autofree char *uri = NULL;

      zmqg_socket_bind (play->socket, any, &error);
      g_assert_no_error (error);
      uri = zmqg_socket_get_last_endpoint (play->socket);
      raw_peer_connect (play->raw, uri);
    }
  else
    {
      g_autofree char *uri = raw_peer_listen (play->raw);

      zmqg_socket_connect_to (play->socket, uri, &error);
      g_assert_no_error (error);
      raw_peer_accept (play->raw);
    }
}

static void
use (Play *play,
     ZmqgSocketType type)
{
  play->socket = zmqg_context_create_socket (play->context, type);
  g_object_set (play->socket,
                "send-timeout", RAW_DEADLINE_MS,
                "receive-timeout", RAW_DEADLINE_MS,
                "linger", 0,
                "reconnect-interval", 10,
                NULL);
}

/* --- Our messages ------------------------------------------------------- */

static void
we_send (Play *play,
         const char *first,
         ...) G_GNUC_NULL_TERMINATED;

static void
we_send (Play *play,
         const char *first,
         ...)
{
  g_autoptr (ZmqgMessage) message = zmqg_message_new ();
  GError *error = NULL;
  va_list args;

  va_start (args, first);
  for (const char *next = first; next != NULL; next = va_arg (args, char *))
    {
      g_autoptr (GByteArray) bytes = raw_bytes (next);

      zmqg_message_append_data (message, bytes->data, bytes->len);
    }
  va_end (args);

  zmqg_socket_send (play->socket, message, NULL, &error);
  g_assert_no_error (error);
}

static void
we_receive (Play *play,
            const char *first,
            ...) G_GNUC_NULL_TERMINATED;

static void
we_receive (Play *play,
            const char *first,
            ...)
{
  g_autoptr (ZmqgMessage) message = NULL;
  guint n = 0;
  GError *error = NULL;
  va_list args;

  message = zmqg_socket_receive (play->socket, NULL, &error);
  g_assert_no_error (error);

  va_start (args, first);
  for (const char *next = first; next != NULL; next = va_arg (args, char *))
    {
      g_autoptr (GByteArray) bytes = raw_bytes (next);
      const guint8 *data;
      gsize size;

      g_assert_cmpuint (n, <, zmqg_message_get_n_frames (message));
      data = zmqg_message_get_data (message, n++, &size);
      g_assert_cmpmem (data, size, bytes->data, bytes->len);
    }
  va_end (args);
  g_assert_cmpuint (n, ==, zmqg_message_get_n_frames (message));
}

/* --- All versions ------------------------------------------------------- */

static const guint sizes[] = {
  0, 1, 252, 253, 254, 255, 256, 257, 8192, 65535, 65536, 300000,
};

static void
messages_both_ways (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_DEALER);
  zmqg_socket_set_routing_id_string (play->socket, "abc");
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_DEALER, "", "abc");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *content = g_strdup_printf ("5a*%u", sizes[i]);

      we_send (play, content, NULL);
      expect_frame (play, FALSE, "%s", content);
      send_frame (play, FALSE, "%s", content);
      we_receive (play, content, NULL);
      we_send (play, "\"head\"", content, "", "\"tail\"", NULL);
      expect_frame (play, TRUE, "\"head\"");
      expect_frame (play, TRUE, "%s", content);
      expect_frame (play, TRUE, "%s", "");
      expect_frame (play, FALSE, "\"tail\"");
      send_frame (play, TRUE, "%s", "");
      send_frame (play, TRUE, "%s", content);
      send_frame (play, FALSE, "%s", "");
      we_receive (play, "", content, "", NULL);
    }
}

static void
identity_of_the_peer (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_ROUTER);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_DEALER, "xyz", "");
  send_frame (play, FALSE, "\"hello\"");
  we_receive (play, "\"xyz\"", "\"hello\"", NULL);
  we_send (play, "\"xyz\"", "\"back\"", "", NULL);
  expect_frame (play, TRUE, "\"back\"");
  expect_frame (play, FALSE, "%s", "");
}

static void
peer_without_identity (Play *play)
{
  g_autoptr (ZmqgMessage) message = NULL;
  gsize size;
  GError *error = NULL;

  use (play, ZMQG_SOCKET_TYPE_ROUTER);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_DEALER, "", "");
  send_frame (play, FALSE, "\"hello\"");
  message = zmqg_socket_receive (play->socket, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (zmqg_message_get_n_frames (message), ==, 2);
  zmqg_message_get_data (message, 0, &size);
  g_assert_cmpuint (size, ==, 5);
  zmqg_socket_send (play->socket, message, NULL, &error);
  g_assert_no_error (error);
  expect_frame (play, FALSE, "\"hello\"");
}

static void
requests_of_the_peer (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_REP);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_REQ, "", "");
  for (guint i = 0; i < 3; i++)
    {
      send_frame (play, TRUE, "%s", "");
      send_frame (play, FALSE, "\"question\"");
      we_receive (play, "\"question\"", NULL);
      we_send (play, "\"answer\"", NULL);
      expect_frame (play, TRUE, "%s", "");
      expect_frame (play, FALSE, "\"answer\"");
    }
}

static void
our_requests (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_REQ);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_REP, "", "");
  for (guint i = 0; i < 3; i++)
    {
      we_send (play, "\"question\"", NULL);
      expect_frame (play, TRUE, "%s", "");
      expect_frame (play, FALSE, "\"question\"");
      send_frame (play, TRUE, "%s", "");
      send_frame (play, FALSE, "\"answer\"");
      we_receive (play, "\"answer\"", NULL);
    }
}

/* A command since ZMTP 3.1; before that, a message. */
static void
expect_subscription (Play *play,
                     gboolean subscribe,
                     guint size)
{
  g_autoptr (GByteArray) body = NULL;
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  if (play->version->subscribes_by_command)
    body = raw_format ("%s 74*%u", subscribe ? "09 \"SUBSCRIBE\""
                                             : "06 \"CANCEL\"", size);
  else
    body = raw_format ("%s 74*%u", subscribe ? "01" : "00", size);

  append_frame (frame, play->version->framing, FALSE, body->data, body->len);
  if (play->version->subscribes_by_command)
    frame->data[0] |= 4;
  raw_expect_bytes (play->raw, frame->data, frame->len);
}

static void
our_subscriptions (Play *play)
{
  static const guint topics[] = { 3, 245, 246, 254, 255, 256, 9000 };
  ZmqgSubSocket *sub;
  GError *error = NULL;

  use (play, ZMQG_SOCKET_TYPE_SUB);
  sub = ZMQG_SUB_SOCKET (play->socket);
  zmqg_sub_socket_subscribe (sub, "tt", &error);
  g_assert_no_error (error);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_PUB, "", "");
  expect_subscription (play, TRUE, 2);

  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    {
      g_autofree char *topic = g_strnfill (topics[i], 't');

      zmqg_sub_socket_subscribe (sub, topic, &error);
      g_assert_no_error (error);
      expect_subscription (play, TRUE, topics[i]);
      zmqg_sub_socket_unsubscribe (sub, topic, &error);
      g_assert_no_error (error);
      expect_subscription (play, FALSE, topics[i]);
    }

  send_frame (play, FALSE, "\"other\"");
  send_frame (play, TRUE, "\"tt\"");
  send_frame (play, FALSE, "\"content\"");
  we_receive (play, "\"tt\"", "\"content\"", NULL);
}

static guint
count_topics (Play *play)
{
  return zmqg_pub_socket_get_topics_count (ZMQG_PUB_SOCKET (play->socket));
}

static void
subscriptions_of_the_peer (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_PUB);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_SUB, "", "");

  if (play->version->revision < 0)
    {
      /* ZMTP 1.0 filters at the subscriber. */
      ZMQG_TEST_AWAIT (count_topics (play) == 1, RAW_DEADLINE_MS);
      we_send (play, "\"anything\"", "\"else\"", NULL);
      expect_frame (play, TRUE, "\"anything\"");
      expect_frame (play, FALSE, "\"else\"");
      return;
    }

  send_frame (play, FALSE, "01 \"red\"");
  ZMQG_TEST_AWAIT (count_topics (play) == 1, RAW_DEADLINE_MS);
  we_send (play, "\"blue\"", NULL);
  we_send (play, "\"reddish\"", NULL);
  expect_frame (play, FALSE, "\"reddish\"");
  send_frame (play, FALSE, "01 \"blue\"");
  ZMQG_TEST_AWAIT (count_topics (play) == 2, RAW_DEADLINE_MS);
  send_frame (play, FALSE, "00 \"red\"");
  ZMQG_TEST_AWAIT (count_topics (play) == 1, RAW_DEADLINE_MS);

  /* Whatever the version, both forms are taken from a peer of ZMTP 3. */
  if (play->version->framing == FRAMING_3)
    {
      raw_send (play->raw, "04 0f 09 \"SUBSCRIBE\" \"green\"");
      ZMQG_TEST_AWAIT (count_topics (play) == 2, RAW_DEADLINE_MS);
      we_send (play, "\"green\"", NULL);
      expect_frame (play, FALSE, "\"green\"");
      raw_send (play->raw, "04 0c 06 \"CANCEL\" \"green\"");
      ZMQG_TEST_AWAIT (count_topics (play) == 1, RAW_DEADLINE_MS);
    }
}

/* A greeting may come in pieces of any size. */
static void
greeting_in_pieces (Play *play)
{
  const Version *version = play->version;
  g_autoptr (GByteArray) all = NULL;

  use (play, ZMQG_SOCKET_TYPE_PULL);
  meet (play);

  if (version->revision < 0)
    all = raw_bytes ("04 00 \"abc\" 06 00 \"hello\"");
  else if (version->revision == 0)
    all = raw_bytes ("ff 00*7 01 7f 00 08 01 00 06 00 \"hello\"");
  else if (version->revision == 1)
    all = raw_bytes ("ff 00*7 01 7f 01 08 00 00 00 05 \"hello\"");
  else
    all = raw_format ("ff 00*7 01 7f %02x %02x \"NULL\" 00*48 "
                      "04 1a 05 \"READY\" 0b \"Socket-Type\" 00*3 04 \"PUSH\" "
                      "00 05 \"hello\"",
                      (guint) version->revision, (guint) version->minor);

  raw_trickle (play->raw, all->data, all->len);
  we_receive (play, "\"hello\"", NULL);
}

/* Everything at once, the first message too. */
static void
greeting_in_one_piece (Play *play)
{
  const Version *version = play->version;
  g_autoptr (GByteArray) all = NULL;

  use (play, ZMQG_SOCKET_TYPE_PULL);
  meet (play);

  if (version->revision < 0)
    all = raw_bytes ("01 00 06 01 \"hello\" 06 00 \"world\"");
  else if (version->revision == 0)
    all = raw_bytes ("ff 00*7 01 7f 00 08 01 00 06 01 \"hello\" "
                     "06 00 \"world\"");
  else if (version->revision == 1)
    all = raw_bytes ("ff 00*7 01 7f 01 08 00 00 01 05 \"hello\" "
                     "00 05 \"world\"");
  else
    all = raw_format ("ff 00*7 01 7f %02x %02x \"NULL\" 00*48 "
                      "04 1a 05 \"READY\" 0b \"Socket-Type\" 00*3 04 \"PUSH\" "
                      "01 05 \"hello\" 00 05 \"world\"",
                      (guint) version->revision, (guint) version->minor);

  raw_send_bytes (play->raw, all->data, all->len);
  we_receive (play, "\"hello\"", "\"world\"", NULL);
}

static gboolean
send_and_look (Play *play)
{
  we_send (play, "\"2\"", NULL);
  return g_socket_condition_check (play->raw->connection, G_IO_IN) != 0;
}

/* What was lost is connected again, and greets anew. */
static void
another_peer_takes_its_place (Play *play)
{
  g_autofree char *uri = NULL;

  use (play, ZMQG_SOCKET_TYPE_PUSH);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_PULL, "", "");
  we_send (play, "\"1\"", NULL);
  expect_frame (play, FALSE, "\"1\"");

  if (play->we_bind)
    {
      uri = zmqg_socket_get_last_endpoint (play->socket);
      raw_peer_connect (play->raw, uri);
    }
  else
    {
      g_clear_object (&play->raw->connection);
      raw_peer_accept (play->raw);
    }
  greet (play, ZMQG_SOCKET_TYPE_PULL, "", "");
  /* Our end of the old connection may still be there to send to. */
  ZMQG_TEST_AWAIT (send_and_look (play), RAW_DEADLINE_MS);
  expect_frame (play, FALSE, "\"2\"");
}

/* --- ZMTP 1 ------------------------------------------------------------- */

/* The length of a frame counts its flags: it is never 0. */
static void
no_length_closes (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_PULL);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_PUSH, "", "");
  send_frame (play, FALSE, "\"good\"");
  raw_send (play->raw, "00 00");
  we_receive (play, "\"good\"", NULL);
  raw_expect_end (play->raw);
}

/* --- ZMTP 3 ------------------------------------------------------------- */

static void
start_dealer (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_DEALER);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_DEALER, "", "");
}

/* The answer has the context of the PING; the socket need not be called for
 * that. */
static void
ping_is_answered (Play *play)
{
  start_dealer (play);
  raw_send (play->raw, "04 07 04 \"PING\" 00 00");
  raw_expect (play->raw, "04 05 04 \"PONG\"");
  raw_send (play->raw, "04 0a 04 \"PING\" 00 00 \"ctx\"");
  raw_expect (play->raw, "04 08 04 \"PONG\" \"ctx\"");
  raw_send (play->raw, "04 17 04 \"PING\" 00 00 \"0123456789abcdef\"");
  raw_expect (play->raw, "04 15 04 \"PONG\" \"0123456789abcdef\"");
  /* Longer contexts are none; no more than 16 bytes come back. */
  raw_send (play->raw, "04 1b 04 \"PING\" 00 00 \"0123456789abcdefghij\"");
  raw_expect (play->raw, "04 15 04 \"PONG\" \"0123456789abcdef\"");
}

static void
ping_with_large_frame_header (Play *play)
{
  start_dealer (play);
  raw_send (play->raw, "06 00*7 0a 04 \"PING\" 00 00 \"ctx\"");
  raw_expect (play->raw, "04 08 04 \"PONG\" \"ctx\"");
}

static void
ping_between_the_parts_of_a_message (Play *play)
{
  start_dealer (play);
  raw_send (play->raw, "01 04 \"head\"");
  raw_send (play->raw, "04 0a 04 \"PING\" 00 00 \"ctx\"");
  raw_expect (play->raw, "04 08 04 \"PONG\" \"ctx\"");
  raw_send (play->raw, "00 04 \"tail\"");
  we_receive (play, "\"head\"", "\"tail\"", NULL);

  raw_send (play->raw, "01 01 \"a\" 04 07 04 \"PING\" 00 00 01 01 \"b\" "
                       "04 05 04 \"PONG\" 00 01 \"c\"");
  raw_expect (play->raw, "04 05 04 \"PONG\"");
  we_receive (play, "\"a\"", "\"b\"", "\"c\"", NULL);
}

/* The answer stands between messages of ours, or between frames. */
static void
pong_does_not_tear_messages (Play *play)
{
  guint pongs = 0;

  start_dealer (play);
  for (guint i = 0; i < 200; i++)
    {
      we_send (play, "\"head\"", "\"tail\"", NULL);
      if (i % 10 == 0)
        raw_send (play->raw, "04 07 04 \"PING\" 00 00");
    }

  for (guint i = 0; i < 200;)
    {
      if (raw_next (play->raw) == 4)
        {
          raw_expect (play->raw, "04 05 04 \"PONG\"");
          pongs++;
          continue;
        }
      raw_expect (play->raw, "01 04 \"head\" 00 04 \"tail\"");
      i++;
    }
  while (pongs < 20)
    {
      raw_expect (play->raw, "04 05 04 \"PONG\"");
      pongs++;
    }
}

static void
strange_commands_are_ignored (Play *play)
{
  start_dealer (play);
  raw_send (play->raw, "04 06 05 \"HELLO\"");
  raw_send (play->raw, "04 08 04 \"WHAT\" 01 02 03");
  raw_send (play->raw, "04 00");
  raw_send (play->raw, "04 01 00");
  raw_send (play->raw, "04 03 ff \"ab\"");
  raw_send (play->raw, "06 00*6 02 00 04 \"LONG\" 78*507");
  raw_send (play->raw, "04 05 04 \"PONG\"");
  raw_send (play->raw, "04 0f 04 \"PONG\" \"unexpected\"");
  raw_send (play->raw, "04 0c 09 \"SUBSCRIBE\" \"ab\"");
  raw_send (play->raw, "04 07 04 \"JOIN\" \"g1\"");
  /* Too short to be answered. */
  raw_send (play->raw, "04 05 04 \"PING\"");
  raw_send (play->raw, "04 06 04 \"PING\" 00");
  raw_send (play->raw, "05 06 05 \"OTHER\"");
  raw_send (play->raw, "00 05 \"hello\"");
  we_receive (play, "\"hello\"", NULL);
  raw_send (play->raw, "04 07 04 \"PING\" 00 00");
  raw_expect (play->raw, "04 05 04 \"PONG\"");
}

/* Bits 7 to 3 are reserved; and the long form may tell of a short frame. */
static void
unusual_flags_are_taken (Play *play)
{
  start_dealer (play);
  raw_send (play->raw, "f9 04 \"head\" 02 00*7 04 \"tail\"");
  we_receive (play, "\"head\"", "\"tail\"", NULL);
  raw_send (play->raw, "03 00*8 f8 00");
  we_receive (play, "", "", NULL);
}

/* The peer promised to talk within a tenth of a second, and does not. */
static void
silence_after_its_ttl_closes (Play *play)
{
  start_dealer (play);
  raw_send (play->raw, "04 07 04 \"PING\" 00 01");
  raw_expect (play->raw, "04 05 04 \"PONG\"");
  raw_expect_end (play->raw);
}

/* --- Heartbeats of ours ------------------------------------------------- */

static void
start_dealer_that_asks (Play *play,
                        int interval,
                        int timeout,
                        int ttl)
{
  use (play, ZMQG_SOCKET_TYPE_DEALER);
  g_object_set (play->socket, "heartbeat-interval", interval,
                "heartbeat-timeout", timeout, "heartbeat-ttl", ttl,
                "reconnect-interval", 60000, NULL);
  meet (play);
  greet (play, ZMQG_SOCKET_TYPE_DEALER, "", "");
}

/* One PING every interval; a peer that answers stays, however often. */
static void
heartbeats_are_sent (Play *play)
{
  gint64 start = g_get_monotonic_time ();

  start_dealer_that_asks (play, 30, 5000, 0);
  for (guint i = 0; i < 5; i++)
    {
      raw_expect (play->raw, "04 07 04 \"PING\" 00 00");
      raw_send (play->raw, "04 05 04 \"PONG\"");
    }
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 5 * 29 * 1000);

  raw_send (play->raw, "00 02 \"ok\"");
  we_receive (play, "\"ok\"", NULL);
}

/* HEARTBEAT_TTL is in tenths of a second, rounded down. */
static void
heartbeats_tell_the_ttl (Play *play)
{
  int ttl;

  start_dealer_that_asks (play, 30, -1, 51299);
  raw_expect (play->raw, "04 07 04 \"PING\" 02 00");
  g_object_get (play->socket, "heartbeat-ttl", &ttl, NULL);
  g_assert_cmpint (ttl, ==, 51200);
}

static void
no_answer_to_a_heartbeat_closes (Play *play)
{
  start_dealer_that_asks (play, 40, -1, 0);
  raw_expect (play->raw, "04 07 04 \"PING\" 00 00");
  /* The next one may come before the time for the first is over. */
  raw_expect_end_behind (play->raw, "04 07 04 \"PING\" 00 00");
}

/* "Any received frame cancels it." */
static void
any_frame_is_an_answer (Play *play)
{
  start_dealer_that_asks (play, 150, 500, 0);
  for (guint i = 0; i < 5; i++)
    {
      raw_expect (play->raw, "04 07 04 \"PING\" 00 00");
      raw_send (play->raw, "00 02 \"ok\"");
      we_receive (play, "\"ok\"", NULL);
    }
}

/* With a timeout of 0 an answer may come at any time. */
static void
heartbeats_without_timeout (Play *play)
{
  start_dealer_that_asks (play, 20, 0, 0);
  for (guint i = 0; i < 5; i++)
    raw_expect (play->raw, "04 07 04 \"PING\" 00 00");
  raw_send (play->raw, "00 02 \"ok\"");
  we_receive (play, "\"ok\"", NULL);
}

/* An older peer would not know what a PING is. */
static void
no_heartbeats_to_old_peers (Play *play)
{
  start_dealer_that_asks (play, 20, 20, 0);
  g_object_set (play->socket, "receive-timeout", 150, NULL);
  g_assert_null (zmqg_socket_receive (play->socket, NULL, NULL));
  g_object_set (play->socket, "receive-timeout", RAW_DEADLINE_MS, NULL);
  we_send (play, "\"hello\"", NULL);
  raw_expect (play->raw, "00 05 \"hello\"");
}

static void
expect_our_greeting (Play *play)
{
  raw_expect (play->raw, "ff 00*7 01 7f 03 01 \"NULL\" 00*48");
}

static void
greet_with (Play *play,
            const char *ready)
{
  use (play, ZMQG_SOCKET_TYPE_PULL);
  meet (play);
  raw_send (play->raw, "ff 00*7 01 7f %02x %02x \"NULL\" 00*48",
            (guint) play->version->revision, (guint) play->version->minor);
  expect_our_greeting (play);
  raw_expect (play->raw, "04 1a 05 \"READY\" 0b \"Socket-Type\" 00*3 04 "
                         "\"PULL\"");
  raw_send (play->raw, "%s", ready);
}

static void
ready_without_the_command_flag (Play *play)
{
  greet_with (play, "00 1a 05 \"READY\" 0b \"Socket-Type\" 00*3 04 \"PUSH\" "
                    "00 02 \"ok\"");
  we_receive (play, "\"ok\"", NULL);
}

static void
ready_without_a_type (Play *play)
{
  greet_with (play, "04 06 05 \"READY\" 00 02 \"ok\"");
  we_receive (play, "\"ok\"", NULL);
}

static void
ready_with_other_properties (Play *play)
{
  greet_with (play, "04 2b 05 \"READY\" 03 \"X-k\" 00*3 02 \"v1\" "
                    "0b \"Socket-Type\" 00*3 04 \"PUSH\" "
                    "01 \"y\" 00*3 01 \"z\" 00 02 \"ok\"");
  we_receive (play, "\"ok\"", NULL);
}

static void
ready_of_a_wrong_type (Play *play)
{
  greet_with (play, "04 19 05 \"READY\" 0b \"Socket-Type\" 00*3 03 \"REP\"");
  raw_expect_end (play->raw);
}

static void
another_mechanism (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_PULL);
  meet (play);
  raw_send (play->raw, "ff 00*7 01 7f %02x %02x \"PLAIN\" 00*47",
            (guint) play->version->revision, (guint) play->version->minor);
  expect_our_greeting (play);
  raw_expect_end (play->raw);
}

/* Filler and as-server mean nothing to NULL. */
static void
filler_is_ignored (Play *play)
{
  use (play, ZMQG_SOCKET_TYPE_PULL);
  meet (play);
  raw_send (play->raw, "ff a5*8 7f %02x %02x \"NULL\" 00*16 01 a5*31",
            (guint) play->version->revision, (guint) play->version->minor);
  expect_our_greeting (play);
  raw_send (play->raw, "04 1a 05 \"READY\" 0b \"Socket-Type\" 00*3 04 "
                       "\"PUSH\" 00 02 \"ok\"");
  we_receive (play, "\"ok\"", NULL);
}

/* --- Main --------------------------------------------------------------- */

typedef struct
{
  const Version *version;
  gboolean we_bind;
  ZmqgEngineMode mode;
  PlayFunc func;
} Case;

static void
run_case (gconstpointer data)
{
  const Case *self = data;
  Play play = { .version = self->version, .we_bind = self->we_bind };
  GError *error = NULL;

  play.context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode", self->mode,
                               NULL);
  play.raw = raw_peer_new ();
  self->func (&play);

  raw_peer_free (play.raw);
  zmqg_socket_close (play.socket);
  g_object_unref (play.socket);
  zmqg_context_terminate (play.context, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (play.context);
}

static void
add (const Version *version,
     const char *name,
     PlayFunc func)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *path = NULL;
      Case *self = g_new (Case, 1);

      self->version = version;
      self->we_bind = (i & 1) == 0;
      self->mode = i & 2 ? ZMQG_ENGINE_MODE_MAIN_CONTEXT
                         : ZMQG_ENGINE_MODE_THREADS;
      self->func = func;
      path = g_strdup_printf ("/zmqg/versions/%s/%s/%s/%s", version->name, name,
                              self->we_bind ? "we-bind" : "they-bind",
                              i & 2 ? "main-context" : "threads");
      g_test_add_data_func_full (path, self, run_case, g_free);
    }
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *name;
    PlayFunc func;
    int least; /* the revision it is for */
    int most;
  } tests[] = {
    { "messages-both-ways", messages_both_ways, -1, 9 },
    { "router-knows-the-peers-identity", identity_of_the_peer, -1, 9 },
    { "router-names-a-peer-without-identity", peer_without_identity, -1, 9 },
    { "our-rep-answers", requests_of_the_peer, -1, 9 },
    { "our-req-asks", our_requests, -1, 9 },
    { "our-sub-subscribes-in-its-form", our_subscriptions, -1, 9 },
    { "our-pub-takes-its-subscriptions", subscriptions_of_the_peer, -1, 9 },
    { "greeting-comes-byte-by-byte", greeting_in_pieces, -1, 9 },
    { "greeting-comes-at-once-with-messages", greeting_in_one_piece, -1, 9 },
    { "another-peer-takes-its-place", another_peer_takes_its_place, -1, 9 },
    { "frame-without-length-closes", no_length_closes, -1, 0 },
    { "ping-is-answered-with-its-context", ping_is_answered, 3, 3 },
    { "ping-in-a-long-frame-is-answered", ping_with_large_frame_header, 3, 3 },
    { "ping-between-parts-is-answered", ping_between_the_parts_of_a_message,
      3, 3 },
    { "pong-does-not-tear-messages", pong_does_not_tear_messages, 3, 3 },
    { "strange-commands-are-ignored", strange_commands_are_ignored, 3, 3 },
    { "unusual-flags-are-taken", unusual_flags_are_taken, 3, 3 },
    { "silence-after-its-ttl-closes", silence_after_its_ttl_closes, 3, 3 },
    { "heartbeats-are-sent", heartbeats_are_sent, 3, 3 },
    { "heartbeats-tell-the-ttl", heartbeats_tell_the_ttl, 3, 3 },
    { "no-answer-to-a-heartbeat-closes", no_answer_to_a_heartbeat_closes, 3,
      3 },
    { "any-frame-is-an-answer", any_frame_is_an_answer, 3, 3 },
    { "heartbeats-without-timeout", heartbeats_without_timeout, 3, 3 },
    { "no-heartbeats-to-old-peers", no_heartbeats_to_old_peers, 1, 1 },
    { "ready-without-the-command-flag-is-taken",
      ready_without_the_command_flag, 3, 3 },
    { "ready-without-a-type-is-taken", ready_without_a_type, 3, 3 },
    { "ready-with-other-properties-is-taken", ready_with_other_properties,
      3, 3 },
    { "ready-of-a-wrong-type-closes", ready_of_a_wrong_type, 3, 3 },
    { "another-mechanism-closes", another_mechanism, 3, 3 },
    { "filler-is-ignored", filler_is_ignored, 3, 3 },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (tests); j++)
        {
          if (versions[i].revision >= tests[j].least &&
              versions[i].revision <= tests[j].most)
            add (&versions[i], tests[j].name, tests[j].func);
        }
    }

  return g_test_run ();
}
