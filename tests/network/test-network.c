/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "network.h"
#include "zmqg-test.h"
#include "zmqg.h"

#include "../interop/interop-peer.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What becomes of connections when the network between two machines is slow,
 * loses packets, is cut, or is cut one way. */

#define DEADLINE_MS 60000

/* How much later than promised something may be seen: the machine may be
 * busy. */
#define SLACK_MS 6000

/* Of a congestion control algorithm; the kernel knows none longer. */
#define NAME_SIZE 16

typedef struct
{
  Network *network;
  ZmqgContext *near_context;
  ZmqgContext *far_context;
  ZmqgSocket *near;
  ZmqgSocket *far;
  char *uri; /* where the far one is bound */
  InteropPeer *peer; /* of libzmq, instead of one of them */

  guint near_added;
  guint near_removed;
  gint64 near_removed_at; /* the last time, monotonic µs */
  GError *near_reason;
  guint last; /* number that was received, and how many were */
  guint n;
  guint far_added;
  guint far_removed;
  gint64 far_removed_at;
} Test;

typedef void (*TestFunc) (Test *self);

/* --- Sockets ------------------------------------------------------------ */

static void
count_up (guint *n)
{
  (*n)++;
}

static void
on_near_added (Test *self)
{
  self->near_added++;
}

static void
on_near_removed (ZmqgSocket *socket G_GNUC_UNUSED,
                 ZmqgPeer *peer G_GNUC_UNUSED,
                 GError *reason,
                 Test *self)
{
  self->near_removed++;
  self->near_removed_at = g_get_monotonic_time ();
  g_clear_error (&self->near_reason);
  if (reason != NULL)
    self->near_reason = g_error_copy (reason);
}

static void
on_far_added (Test *self)
{
  self->far_added++;
}

static void
on_far_removed (Test *self)
{
  self->far_removed++;
  self->far_removed_at = g_get_monotonic_time ();
}

static void
bind_far (gpointer data)
{
  Test *self = data;
  GError *error = NULL;

  zmqg_socket_bind (self->far, "tcp://" NETWORK_FAR ":0", &error);
  g_assert_no_error (error);
}

static void
bind_again (gpointer data)
{
  Test *self = data;
  GError *error = NULL;

  zmqg_socket_bind (self->far, self->uri, &error);
  g_assert_no_error (error);
}

static void
make_far (Test *self,
          ZmqgSocketType type)
{
  self->far = zmqg_context_create_socket (self->far_context, type);
  g_object_set (self->far, "linger", 0, "receive-timeout", DEADLINE_MS, NULL);
  g_signal_connect_swapped (self->far, "peer-added",
                            G_CALLBACK (on_far_added), self);
  g_signal_connect_swapped (self->far, "peer-removed",
                            G_CALLBACK (on_far_removed), self);
  network_far (self->network, bind_far, self);
  self->uri = zmqg_socket_get_last_endpoint (self->far);
}

static void
make_near (Test *self,
           ZmqgSocketType type)
{
  self->near = zmqg_context_create_socket (self->near_context, type);
  g_object_set (self->near, "linger", 0, "reconnect-interval", 20,
                "send-timeout", DEADLINE_MS, NULL);
  g_signal_connect_swapped (self->near, "peer-added",
                            G_CALLBACK (on_near_added), self);
  g_signal_connect (self->near, "peer-removed", G_CALLBACK (on_near_removed),
                    self);
}

static void
connect_near (Test *self)
{
  GError *error = NULL;

  zmqg_socket_connect_to (self->near, self->uri, &error);
  g_assert_no_error (error);
}

static void
await_connection (Test *self)
{
  guint near = self->near_added;
  guint far = self->far_added;

  connect_near (self);
  ZMQG_TEST_AWAIT (self->near_added == near + 1 &&
                     self->far_added == far + 1, DEADLINE_MS);
}

static void
start_far_peer (gpointer data)
{
  Test *self = data;

  self->peer = interop_peer_new ("PULL");
}

static void
cut_both (Test *self,
          gboolean cut)
{
  network_cut (self->network, NETWORK_TO_FAR, cut);
  network_cut (self->network, NETWORK_TO_NEAR, cut);
}

static void
send_number (Test *self,
             guint number)
{
  GError *error = NULL;

  zmqg_socket_send_data (self->near, (const guint8 *) &number, sizeof number,
                         NULL, &error);
  g_assert_no_error (error);
}

/* As libzmq's peer expects it. */
static void
send_text (Test *self,
           guint number)
{
  g_autofree char *text = g_strdup_printf ("%u", number);
  GError *error = NULL;

  zmqg_socket_send_string (self->near, text, NULL, &error);
  g_assert_no_error (error);
}

/* The next message that has come; %FALSE when there is none. */
static gboolean
try_number (Test *self,
            guint *number)
{
  g_autoptr (ZmqgMessage) message = NULL;
  const guint8 *data;
  gsize size;

  message = zmqg_socket_try_receive (self->far, NULL);
  if (message == NULL)
    return FALSE;

  data = zmqg_message_get_data (message, 0, &size);
  if (zmqg_message_get_n_frames (message) == 1)
    {
      g_assert_cmpuint (size, ==, sizeof *number);
      memcpy (number, data, size);
    }
  else
    {
      g_autofree char *text = zmqg_message_get_string (message, 1);

      *number = (guint) g_ascii_strtoull (text, NULL, 10);
    }
  return TRUE;
}

/* Receives what is there. Numbers only grow: none comes twice, or too late. */
static void
take_numbers (Test *self)
{
  guint number;

  while (try_number (self, &number))
    {
      g_assert_cmpuint (number, >, self->last);
      self->last = number;
      self->n++;
    }
}

static void
receive_to (Test *self,
            guint last)
{
  while (self->last < last)
    {
      guint before = self->n;

      ZMQG_TEST_AWAIT ((take_numbers (self), self->n > before), DEADLINE_MS);
    }
}

static gint64
now_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

/* Beats may be late, too. */
#define BEAT_SLACK_MS 100

/* It was in the promised time, by the clock of the test. */
static void
check_time (gint64 begin,
            gint64 end,
            gint64 least,
            gint64 most)
{
  g_assert_cmpint (end - begin, >=, least - BEAT_SLACK_MS);
  g_assert_cmpint (end - begin, <=, most + SLACK_MS);
}

/* --- Heartbeats --------------------------------------------------------- */

/* ms; the machine may be busy for a part of them. */
#define INTERVAL 200
#define TIMEOUT 600
#define TTL 1000

/* Who is asked knows how long it may be silent from the first time on. */
static void
await_first_beat (void)
{
  gint64 end = now_ms () + 2 * INTERVAL;

  ZMQG_TEST_AWAIT (now_ms () >= end, DEADLINE_MS);
}

static void
make_beating_pair_with (Test *self,
                        int timeout,
                        int ttl)
{
  make_far (self, ZMQG_SOCKET_TYPE_PULL);
  make_near (self, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (self->near, "heartbeat-interval", INTERVAL,
                "heartbeat-timeout", timeout, "heartbeat-ttl", ttl, NULL);
  await_connection (self);
  await_first_beat ();
}

static void
make_beating_pair (Test *self)
{
  make_beating_pair_with (self, TIMEOUT, TTL);
}

/* Both lose a peer of which nothing is heard: the one who asks within the
 * interval and the timeout, the one who was asked within the TTL. */
static void
check_loss (Test *self,
            gint64 begin)
{
  ZMQG_TEST_AWAIT (self->near_removed == 1 && self->far_removed == 1,
                   DEADLINE_MS);
  g_assert_error (self->near_reason, ZMQG_ERROR, ZMQG_ERROR_TIMED_OUT);
  /* What was asked before the cut may still be unanswered. */
  check_time (begin, self->near_removed_at / 1000, TIMEOUT - INTERVAL,
              INTERVAL + TIMEOUT);
  check_time (begin, self->far_removed_at / 1000, TTL - INTERVAL, TTL);
}

/* Both are alive, and the connection is idle for long. */
static void
test_an_idle_connection_lives (Test *self)
{
  gint64 end;

  network_delay (self->network, NETWORK_TO_FAR, 50);
  network_delay (self->network, NETWORK_TO_NEAR, 50);
  make_beating_pair_with (self, 3 * TTL, 3 * TTL);
  end = now_ms () + 4 * TTL;
  ZMQG_TEST_AWAIT (now_ms () >= end, DEADLINE_MS);
  g_assert_cmpuint (self->near_removed, ==, 0);
  g_assert_cmpuint (self->far_removed, ==, 0);
  send_number (self, 1);
  receive_to (self, 1);
}

static void
test_a_partition_is_found (Test *self)
{
  gint64 begin;

  make_beating_pair (self);
  begin = now_ms ();
  cut_both (self, TRUE);
  check_loss (self, begin);
}

/* What we say does not arrive. */
static void
test_a_cut_of_what_we_say_is_found (Test *self)
{
  gint64 begin;

  make_beating_pair (self);
  begin = now_ms ();
  network_cut (self->network, NETWORK_TO_FAR, TRUE);
  check_loss (self, begin);
}

/* What they say does not arrive: they hear us, until we have found out and
 * say that this is the end. */
static void
test_a_cut_of_what_they_say_is_found (Test *self)
{
  gint64 begin;

  make_beating_pair (self);
  begin = now_ms ();
  network_cut (self->network, NETWORK_TO_NEAR, TRUE);
  ZMQG_TEST_AWAIT (self->near_removed == 1 && self->far_removed == 1,
                   DEADLINE_MS);
  check_time (begin, self->near_removed_at / 1000, TIMEOUT - INTERVAL,
              INTERVAL + TIMEOUT);
  check_time (begin, self->far_removed_at / 1000, TIMEOUT - INTERVAL,
              INTERVAL + TIMEOUT + TTL);
}

/* Without heartbeats nobody finds out, and nothing is lost. */
static void
test_without_heartbeats_all_arrives (Test *self)
{
  gint64 end;

  make_far (self, ZMQG_SOCKET_TYPE_PULL);
  make_near (self, ZMQG_SOCKET_TYPE_PUSH);
  await_connection (self);
  for (guint i = 1; i <= 100; i++)
    send_number (self, i);
  cut_both (self, TRUE);
  for (guint i = 101; i <= 200; i++)
    send_number (self, i);
  end = now_ms () + 2 * TTL;
  ZMQG_TEST_AWAIT (now_ms () >= end, DEADLINE_MS);
  g_assert_cmpuint (self->near_removed, ==, 0);
  cut_both (self, FALSE);
  for (guint i = 201; i <= 300; i++)
    send_number (self, i);
  receive_to (self, 300);
  g_assert_cmpuint (self->n, ==, 300);
  g_assert_cmpuint (self->near_added, ==, 1);
}

/* --- Traffic ------------------------------------------------------------ */

/* The partition is found, and heals: what was on its way is lost, all that
 * was queued comes, in order, nothing twice. */
static void
test_traffic_resumes (Test *self)
{
  guint number = 0;

  make_beating_pair (self);
  for (guint round = 1; round <= 3; round++)
    {
      for (guint i = 0; i < 100; i++)
        send_number (self, ++number);
      cut_both (self, TRUE);
      for (guint i = 0; i < 100; i++)
        send_number (self, ++number);
      ZMQG_TEST_AWAIT (self->near_removed == round &&
                         self->far_removed == round, DEADLINE_MS);
      /* Two connections are read in turn, so that they would mix. */
      take_numbers (self);
      for (guint i = 0; i < 100; i++)
        send_number (self, ++number);
      cut_both (self, FALSE);
      ZMQG_TEST_AWAIT (self->near_added == round + 1, DEADLINE_MS);
      await_first_beat ();
    }
  send_number (self, ++number);
  /* The queued ones of each round at least. */
  receive_to (self, number);
  g_assert_cmpuint (self->n, >=, 300);
}

/* The device goes, and with it the way to the peer: attempts fail at once,
 * until it is there again. */
static void
test_traffic_resumes_when_plugged_in_again (Test *self)
{
  gint64 end;

  make_beating_pair (self);
  send_number (self, 1);
  network_plug (self->network, FALSE);
  ZMQG_TEST_AWAIT (self->near_removed == 1 && self->far_removed == 1,
                   DEADLINE_MS);
  take_numbers (self);
  end = now_ms () + 500;
  ZMQG_TEST_AWAIT (now_ms () >= end, DEADLINE_MS);
  send_number (self, 2);
  network_plug (self->network, TRUE);
  ZMQG_TEST_AWAIT (self->near_added == 2, DEADLINE_MS);
  send_number (self, 3);
  receive_to (self, 3);
  g_assert_cmpuint (self->n, >=, 2);
}

static void
test_a_bad_network_loses_nothing (Test *self)
{
  const guint n = 20000;
  guint sent = 0;

  make_far (self, ZMQG_SOCKET_TYPE_PULL);
  make_near (self, ZMQG_SOCKET_TYPE_PUSH);
  for (NetworkDirection i = NETWORK_TO_FAR; i <= NETWORK_TO_NEAR; i++)
    {
      network_delay (self->network, i, 10);
      network_lose (self->network, i, 2);
    }
  await_connection (self);

  while (self->last < n)
    {
      g_autoptr (ZmqgMessage) message = NULL;
      guint number = sent + 1;

      message = zmqg_message_new_data ((const guint8 *) &number,
                                       sizeof number);
      if (sent < n && zmqg_socket_try_send (self->near, message, NULL))
        sent++;
      else
        zmqg_test_turn (NULL);
      take_numbers (self);
    }
  g_assert_cmpuint (self->n, ==, n);
  g_assert_cmpuint (self->near_added, ==, 1);
}

/* --- With libzmq -------------------------------------------------------- */

/* libzmq asks us: we lose it within the TTL that it told; it comes back, and
 * what it says comes in order, nothing twice. */
static void
test_libzmq_is_lost_and_comes_back (Test *self)
{
  guint first = 1;
  guint before;

  make_far (self, ZMQG_SOCKET_TYPE_PULL);
  self->peer = interop_peer_new ("PUSH");
  interop_do (self->peer, "set heartbeat-ivl %d", INTERVAL);
  interop_do (self->peer, "set heartbeat-timeout %d", TIMEOUT);
  interop_do (self->peer, "set heartbeat-ttl %d", TTL);
  interop_do (self->peer, "connect %s", self->uri);
  ZMQG_TEST_AWAIT (self->far_added == 1, DEADLINE_MS);

  for (guint round = 1; round <= 2; round++)
    {
      gint64 begin;

      interop_do (self->peer, "burst %u 100 =theirs", first);
      await_first_beat ();
      before = self->far_removed;
      begin = now_ms ();
      cut_both (self, TRUE);
      ZMQG_TEST_AWAIT (self->far_removed > before, DEADLINE_MS);
      check_time (begin, self->far_removed_at / 1000, TTL - INTERVAL, TTL);
      take_numbers (self);
      interop_do (self->peer, "burst %u 100 =theirs", first + 100);
      before = self->far_added;
      cut_both (self, FALSE);
      ZMQG_TEST_AWAIT (self->far_added > before, DEADLINE_MS);
      first += 200;
    }
  interop_do (self->peer, "burst %u 1 =theirs", first);
  receive_to (self, first);
  g_assert_cmpuint (self->n, >=, 200);
}

/* And we ask libzmq. */
static void
test_we_lose_libzmq_and_come_back (Test *self)
{
  g_autofree char *uri = NULL;

  network_far (self->network, start_far_peer, self);
  uri = interop_ask (self->peer, "bind tcp://" NETWORK_FAR ":*");
  g_assert_true (g_str_has_prefix (uri, "ok "));
  self->uri = g_strdup (uri + strlen ("ok "));
  make_near (self, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (self->near, "heartbeat-interval", INTERVAL,
                "heartbeat-timeout", TIMEOUT, "heartbeat-ttl", TTL, NULL);
  connect_near (self);
  ZMQG_TEST_AWAIT (self->near_added == 1, DEADLINE_MS);

  for (guint round = 0; round < 2; round++)
    {
      gint64 begin;

      for (guint i = 0; i < 100; i++)
        send_text (self, i);
      interop_tell (self->peer, "collect 0 100");
      interop_expect (self->peer, "ok");
      begin = now_ms ();
      cut_both (self, TRUE);
      ZMQG_TEST_AWAIT (self->near_removed == round + 1, DEADLINE_MS);
      check_time (begin, self->near_removed_at / 1000, TIMEOUT - INTERVAL,
                  INTERVAL + TIMEOUT);
      for (guint i = 0; i < 100; i++)
        send_text (self, i);
      cut_both (self, FALSE);
      interop_tell (self->peer, "collect 0 100");
      ZMQG_TEST_AWAIT (self->near_added == round + 2, DEADLINE_MS);
      interop_expect (self->peer, "ok");
    }
}

/* --- Attempts ----------------------------------------------------------- */

/* Later than that is another interval of the back-off. */
#define ATTEMPT_SLACK_MS 1500

/* Attempts as they are seen on the wire: each begins so long after the one
 * before, in ms. */
static void
check_attempts (Test *self,
                guint n,
                const guint *least,
                const guint *most)
{
  ZMQG_TEST_AWAIT (network_count_attempts (self->network) > n, DEADLINE_MS);
  for (guint i = 0; i < n; i++)
    {
      guint32 wait = network_get_attempt (self->network, i + 1) -
                     network_get_attempt (self->network, i);

      /* It is rounded. */
      g_assert_cmpuint (wait, >=, least[i] - 2);
      g_assert_cmpuint (wait, <=, most[i] + ATTEMPT_SLACK_MS);
    }
}

/* Nobody answers: after the time for an attempt, twice as long each time, up
 * to the maximum. */
static void
test_back_off_when_nobody_answers (Test *self)
{
  const guint waits[] = { 150, 200, 300, 300, 300 };

  make_near (self, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (self->near, "connect-timeout", 100, "reconnect-interval", 50,
                "reconnect-interval-max", 200, NULL);
  self->uri = g_strdup ("tcp://" NETWORK_FAR ":5555");
  cut_both (self, TRUE);
  connect_near (self);
  check_attempts (self, G_N_ELEMENTS (waits), waits, waits);
}

/* Refused: the interval, and up to as much again. */
static void
test_jitter_when_refused (Test *self)
{
  const guint least[] = { 60, 60, 60, 60, 60, 60, 60, 60 };
  const guint most[] = { 120, 120, 120, 120, 120, 120, 120, 120 };

  make_near (self, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (self->near, "reconnect-interval", 60, NULL);
  self->uri = g_strdup ("tcp://" NETWORK_FAR ":5555");
  connect_near (self);
  check_attempts (self, G_N_ELEMENTS (least), least, most);
}

/* A connection begins the back-off anew. */
static void
test_back_off_begins_anew (Test *self)
{
  const guint waits[] = { 100, 200, 400, 800, 1600 };

  make_far (self, ZMQG_SOCKET_TYPE_PULL);
  make_near (self, ZMQG_SOCKET_TYPE_PUSH);
  g_object_set (self->near, "reconnect-interval", 50,
                "reconnect-interval-max", 10000, NULL);
  await_connection (self);

  for (guint round = 0; round < 2; round++)
    {
      network_forget_attempts (self->network);
      zmqg_socket_unbind (self->far, self->uri, NULL);
      check_attempts (self, G_N_ELEMENTS (waits), waits, waits);
      network_far (self->network, bind_again, self);
      ZMQG_TEST_AWAIT (self->near_added == round + 2, DEADLINE_MS);
    }
}

/* --- Meeting oneself ---------------------------------------------------- */

/* Of an endpoint to which a socket connected. */
static gboolean
has_met_itself (ZmqgEndpoint *endpoint)
{
  g_autoptr (GError) error = zmqg_endpoint_get_last_error (endpoint);

  return error != NULL && strstr (error->message, "met itself") != NULL;
}

/* As a program does that shares the port with nobody, not even with what is
 * left of a connection. */
static void
expect_free_port (guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons (port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (fd);
  ZMQG_TEST_AWAIT (bind (fd, (struct sockaddr *) &address,
                         sizeof address) == 0, DEADLINE_MS / 6);
  close (fd);
}

/* Connects to a port of those that connections are begun from, where nobody
 * listens: that a connection meets itself must not keep it, nor the port, from
 * who listens there later. */
static void
test_a_connection_that_meets_itself (Test *self)
{
  static const char uri[] = "tcp://" NETWORK_NEAR ":40002";
  g_autoptr (ZmqgEndpoint) endpoint = NULL;
  g_autoptr (ZmqgSocket) late = NULL;
  g_autoptr (ZmqgMessage) message = NULL;
  g_autofree char *text = NULL;
  GError *error = NULL;

  if (!network_let_ports (self->network, 40000, 40003))
    {
      g_test_skip ("the range of ports may not be set");
      return;
    }

  make_near (self, ZMQG_SOCKET_TYPE_DEALER);
  g_object_set (self->near, "reconnect-interval", 1, NULL);
  endpoint = zmqg_socket_connect_endpoint (self->near, uri, &error);
  g_assert_no_error (error);
  zmqg_socket_send_string (self->near, "at last", NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    {
      guint before = zmqg_endpoint_get_reconnects (endpoint);

      ZMQG_TEST_AWAIT (zmqg_endpoint_get_reconnects (endpoint) > before &&
                         has_met_itself (endpoint),
                       DEADLINE_MS / 6);
    }
  g_assert_cmpuint (self->near_added, ==, 0);
  expect_free_port (40002);

  late = zmqg_context_create_socket (self->near_context,
                                     ZMQG_SOCKET_TYPE_DEALER);
  g_object_set (late, "linger", 0, "receive-timeout", DEADLINE_MS, NULL);
  zmqg_socket_bind (late, uri, &error);
  g_assert_no_error (error);
  message = zmqg_socket_receive (late, NULL, &error);
  g_assert_no_error (error);
  text = zmqg_message_get_string (message, 0);
  g_assert_cmpstr (text, ==, "at last");
  zmqg_socket_close (late);
}

/* --- Congestion control ------------------------------------------------- */

static void
get_algorithm (int fd,
               char *name)
{
  socklen_t size = NAME_SIZE;

  g_assert_no_errno (getsockopt (fd, IPPROTO_TCP, TCP_CONGESTION, name,
                                 &size));
}

/* Those of all connections to a port. */
static void
check_algorithms (guint port,
                  const char *expected)
{
  guint n = 0;

  for (int fd = 3; fd < 256; fd++)
    {
      struct sockaddr_in address;
      socklen_t size = sizeof address;
      char name[NAME_SIZE];

      if (getpeername (fd, (struct sockaddr *) &address, &size) != 0 ||
          address.sin_family != AF_INET || ntohs (address.sin_port) != port)
        continue;

      get_algorithm (fd, name);
      g_assert_cmpstr (name, ==, expected);
      n++;
    }
  g_assert_cmpuint (n, >, 0);
}

static guint
port_of (const char *uri)
{
  return (guint) g_ascii_strtoull (strrchr (uri, ':') + 1, NULL, 10);
}

/* Between machines the administrator's choice; within one that which does
 * not pace. */
static void
test_congestion_control_is_the_systems (Test *self)
{
  g_autoptr (ZmqgSocket) pull = NULL;
  g_autofree char *local = NULL;
  char name[NAME_SIZE];
  GError *error = NULL;
  int fd;

  fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (fd);
  get_algorithm (fd, name);
  close (fd);

  make_far (self, ZMQG_SOCKET_TYPE_PULL);
  make_near (self, ZMQG_SOCKET_TYPE_PUSH);
  await_connection (self);
  check_algorithms (port_of (self->uri), name);

  pull = zmqg_context_create_socket (self->near_context,
                                     ZMQG_SOCKET_TYPE_PULL);
  zmqg_socket_bind (pull, "tcp://" NETWORK_NEAR ":0", &error);
  g_assert_no_error (error);
  local = zmqg_socket_get_last_endpoint (pull);
  zmqg_socket_connect_to (self->near, local, &error);
  g_assert_no_error (error);
  ZMQG_TEST_AWAIT (self->near_added == 2, DEADLINE_MS);
  check_algorithms (port_of (local), "reno");
  zmqg_socket_close (pull);
}

/* --- Zones -------------------------------------------------------------- */

#define LINK_LOCAL "fe80::77"

/* As linux/ipv6.h has it, which cannot be included beside netinet/in.h. */
typedef struct
{
  struct in6_addr address;
  guint32 prefix;
  int index;
} Ipv6Request;

/* Gives the near loopback device an address that has a zone. */
static gboolean
add_link_local (void)
{
  int fd = socket (AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Ipv6Request request = { .prefix = 64 };
  int result;

  if (fd < 0)
    return FALSE;

  inet_pton (AF_INET6, LINK_LOCAL, &request.address);
  request.index = (int) if_nametoindex ("lo");
  result = ioctl (fd, SIOCSIFADDR, &request);
  close (fd);
  return result == 0;
}

/* The kernel takes a moment to find out that nobody else has it. */
static gboolean
has_link_local (void)
{
  int fd = socket (AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
  int result;

  inet_pton (AF_INET6, LINK_LOCAL, &address.sin6_addr);
  address.sin6_scope_id = if_nametoindex ("lo");
  result = bind (fd, (struct sockaddr *) &address, sizeof address);
  close (fd);
  return result == 0;
}

/* The device of the network is another zone. */
static void
test_an_accept_filter_has_a_zone (Test *self)
{
  static const struct
  {
    const char *filter;
    gboolean gets_in;
  } rows[] = {
    { LINK_LOCAL, TRUE },
    { LINK_LOCAL "%lo", TRUE },
    { "[" LINK_LOCAL "%1]", TRUE },
    { "[fe80::%lo]/10", TRUE },
    { LINK_LOCAL "%" NETWORK_DEVICE, FALSE },
    { "[fe80::%" NETWORK_DEVICE "]/10", FALSE },
  };

  if (!add_link_local ())
    {
      g_test_skip ("no IPv6");
      return;
    }
  ZMQG_TEST_AWAIT (has_link_local (), DEADLINE_MS);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (ZmqgSocket) pull = zmqg_pull_socket_new (self->near_context);
      g_autoptr (ZmqgSocket) push = zmqg_push_socket_new (self->near_context);
      g_autofree char *uri = NULL;
      guint added = 0;
      guint refused = 0;
      GError *error = NULL;

      g_test_message ("%s", rows[i].filter);
      g_object_set (pull, "ipv6", TRUE, "linger", 0, NULL);
      g_object_set (push, "ipv6", TRUE, "linger", 0, NULL);
      g_signal_connect_swapped (pull, "peer-added", G_CALLBACK (count_up),
                                &added);
      g_signal_connect_swapped (pull, "handshake-failed",
                                G_CALLBACK (count_up), &refused);
      zmqg_socket_add_accept_filter (pull, rows[i].filter, &error);
      g_assert_no_error (error);
      zmqg_socket_bind (pull, "tcp://[" LINK_LOCAL "%lo]:0", &error);
      g_assert_no_error (error);
      uri = zmqg_socket_get_last_endpoint (pull);
      zmqg_socket_connect_to (push, uri, &error);
      g_assert_no_error (error);
      ZMQG_TEST_AWAIT (added + refused > 0, DEADLINE_MS);
      g_assert_cmpint (added > 0, ==, rows[i].gets_in);
      zmqg_socket_close (push);
      zmqg_socket_close (pull);
    }
}

/* --- All ---------------------------------------------------------------- */

static void
terminate (ZmqgContext *context)
{
  GError *error = NULL;

  zmqg_context_terminate (context, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (context);
}

typedef struct
{
  TestFunc run;
  ZmqgEngineMode mode;
} Case;

static void
run_case (gconstpointer data)
{
  const Case *one = data;
  Test self = { NULL };

  self.network = network_new ();
  if (self.network == NULL)
    return;

  self.near_context = g_object_new (ZMQG_TYPE_CONTEXT, "engine-mode",
                                    one->mode, NULL);
  /* Its engine lives in the far namespace: a thread. */
  self.far_context = zmqg_context_new ();
  one->run (&self);

  if (self.near != NULL)
    zmqg_socket_close (self.near);
  if (self.far != NULL)
    zmqg_socket_close (self.far);
  g_clear_object (&self.near);
  g_clear_object (&self.far);
  terminate (self.near_context);
  terminate (self.far_context);
  g_clear_pointer (&self.peer, interop_peer_free);
  g_clear_error (&self.near_reason);
  g_free (self.uri);
  network_free (self.network);
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    TestFunc run;
  } tests[] = {
    { "an-idle-connection-lives", test_an_idle_connection_lives },
    { "a-partition-is-found", test_a_partition_is_found },
    { "a-cut-of-what-we-say-is-found", test_a_cut_of_what_we_say_is_found },
    { "a-cut-of-what-they-say-is-found",
      test_a_cut_of_what_they_say_is_found },
    { "without-heartbeats-all-arrives", test_without_heartbeats_all_arrives },
    { "traffic-resumes", test_traffic_resumes },
    { "traffic-resumes-when-plugged-in-again",
      test_traffic_resumes_when_plugged_in_again },
    { "a-bad-network-loses-nothing", test_a_bad_network_loses_nothing },
    { "libzmq-is-lost-and-comes-back", test_libzmq_is_lost_and_comes_back },
    { "we-lose-libzmq-and-come-back", test_we_lose_libzmq_and_come_back },
    { "back-off-when-nobody-answers", test_back_off_when_nobody_answers },
    { "jitter-when-refused", test_jitter_when_refused },
    { "back-off-begins-anew", test_back_off_begins_anew },
    { "a-connection-that-meets-itself", test_a_connection_that_meets_itself },
    { "congestion-control-is-the-systems",
      test_congestion_control_is_the_systems },
    { "an-accept-filter-has-a-zone", test_an_accept_filter_has_a_zone },
  };

  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (ZmqgEngineMode mode = ZMQG_ENGINE_MODE_THREADS;
         mode <= ZMQG_ENGINE_MODE_MAIN_CONTEXT; mode++)
      {
        g_autofree char *path = NULL;
        Case *one = g_new (Case, 1);

        *one = (Case) { tests[i].run, mode };
        path = g_strdup_printf ("/zmqg/network/%s/%s", tests[i].path,
                                mode == ZMQG_ENGINE_MODE_THREADS
                                  ? "threads" : "main-context");
        g_test_add_data_func_full (path, one, run_case, g_free);
      }

  return g_test_run ();
}
