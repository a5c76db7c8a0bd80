/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

/* The types of sockets, frame by frame: states, envelopes, and what may be
 * done next. */

static void
print_events (const char *name,
              void *socket)
{
  printf ("%s: events %d\n", name, get_int (socket, ZMQ_EVENTS));
}

static void
await_events (void *socket,
              int events)
{
  AWAIT ((get_int (socket, ZMQ_EVENTS) & events) == events);
}

static void
test_alone (void *context)
{
  section ("sockets without a peer");
  for (int type = ZMQ_PAIR; type <= ZMQ_XSUB; type++)
    {
      void *socket = zmq_socket (context, type);

      printf ("%d: ", type);
      print_events ("", socket);
      CALL (zmq_send (socket, "a", 1, ZMQ_DONTWAIT));
      CALL (zmq_send (socket, "a", 1, ZMQ_DONTWAIT | ZMQ_SNDMORE));
      CALL (zmq_send (socket, "a", 1, ZMQ_DONTWAIT));
      CALL (zmq_recv (socket, NULL, 0, ZMQ_DONTWAIT));
      print_events ("", socket);
      zmq_close (socket);
    }
}

static void
test_req_rep (void *context)
{
  char address[64];
  void *rep = new_bound (context, ZMQ_REP, address);
  void *req = new_connected (context, ZMQ_REQ, address);

  section ("request and reply in lock-step");
  await_events (req, ZMQ_POLLOUT);
  CALL (zmq_recv (req, NULL, 0, ZMQ_DONTWAIT));
  CALL (zmq_send (rep, "no", 2, ZMQ_DONTWAIT));
  CALL (zmq_send (req, "a", 1, ZMQ_SNDMORE));
  CALL (zmq_recv (req, NULL, 0, ZMQ_DONTWAIT));
  print_events ("req within its request", req);
  CALL (zmq_send (req, "b", 1, 0));
  CALL (zmq_send (req, "b", 1, 0));
  print_events ("req", req);
  await_events (rep, ZMQ_POLLIN);
  print_events ("rep", rep);
  CALL (zmq_send (rep, "no", 2, 0));
  CALL (zmq_recv (rep, NULL, 0, 0));
  CALL (zmq_send (rep, "no", 2, 0));
  print_events ("rep within the request", rep);
  CALL (zmq_recv (rep, NULL, 0, 0));
  CALL (zmq_recv (rep, NULL, 0, ZMQ_DONTWAIT));
  print_events ("rep", rep);
  CALL (zmq_send (rep, "c", 1, ZMQ_SNDMORE));
  CALL (zmq_recv (rep, NULL, 0, ZMQ_DONTWAIT));
  print_events ("rep within its reply", rep);
  CALL (zmq_send (rep, "d", 1, ZMQ_SNDMORE));
  CALL (zmq_send (rep, "e", 1, 0));
  CALL (zmq_send (rep, "f", 1, 0));
  await_events (req, ZMQ_POLLIN);
  CALL (zmq_recv (req, NULL, 0, 0));
  CALL (zmq_send (req, "no", 2, ZMQ_DONTWAIT));
  print_events ("req within the reply", req);
  CALL (zmq_recv (req, NULL, 0, 0));
  CALL (zmq_recv (req, NULL, 0, 0));
  CALL (get_int (req, ZMQ_RCVMORE));
  CALL (zmq_recv (req, NULL, 0, 0));
  print_events ("req", req);
  zmq_close (req);
  zmq_close (rep);

  section ("a relaxed request");
  rep = new_bound (context, ZMQ_REP, address);
  req = zmq_socket (context, ZMQ_REQ);
  CALL (set_int (req, ZMQ_REQ_RELAXED, 1));
  CALL (set_int (req, ZMQ_REQ_CORRELATE, 1));
  MUST (zmq_connect (req, address) == 0);
  CALL (zmq_send (req, "1", 1, 0));
  CALL (zmq_send (req, "2", 1, 0));
  for (int i = 0; i < 2; i++)
    {
      CALL (print_message (rep, 0));
      CALL (zmq_send (rep, i == 0 ? "one" : "two", 3, 0));
    }
  CALL (print_message (req, 0));
  zmq_close (req);
  zmq_close (rep);
}

static void
test_envelopes (void *context)
{
  char address[64];
  void *router = new_bound (context, ZMQ_ROUTER, address);
  void *req = zmq_socket (context, ZMQ_REQ);
  void *dealer = zmq_socket (context, ZMQ_DEALER);
  zmq_msg_t id;

  section ("what a router sees of a request");
  zmq_setsockopt (req, ZMQ_ROUTING_ID, "client", 6);
  MUST (zmq_connect (req, address) == 0);
  CALL (zmq_send (req, "q", 1, 0));
  CALL (print_message (router, 0));
  CALL (zmq_send (router, "client", 6, ZMQ_SNDMORE));
  CALL (zmq_send (router, "", 0, ZMQ_SNDMORE));
  CALL (zmq_send (router, "r", 1, 0));
  CALL (print_message (req, 0));

  section ("replies that are none");
  CALL (zmq_send (req, "q", 1, 0));
  CALL (print_message (router, 0));
  CALL (zmq_send (router, "nobody", 6, ZMQ_SNDMORE));
  CALL (zmq_send (router, "r", 1, 0));
  CALL (zmq_send (router, "client", 6, 0));
  CALL (zmq_send (router, "client", 6, ZMQ_SNDMORE));
  CALL (zmq_send (router, "", 0, ZMQ_SNDMORE));
  CALL (zmq_send (router, "r2", 2, 0));
  CALL (print_message (req, 0));

  section ("ids that are made up");
  MUST (zmq_connect (dealer, address) == 0);
  CALL (zmq_send (dealer, "hi", 2, 0));
  zmq_msg_init (&id);
  CALL (zmq_msg_recv (&id, router, 0));
  CALL (((char *) zmq_msg_data (&id))[0]);
  CALL (print_message (router, 0));
  CALL (zmq_msg_send (&id, router, ZMQ_SNDMORE));
  CALL (zmq_send (router, "ho", 2, 0));
  CALL (print_message (dealer, 0));
  zmq_msg_close (&id);

  section ("with mandatory what cannot be sent is refused");
  CALL (set_int (router, ZMQ_ROUTER_MANDATORY, 1));
  CALL (zmq_send (router, "nobody", 6, ZMQ_SNDMORE));
  CALL (zmq_send (router, "nobody", 6, ZMQ_SNDMORE | ZMQ_DONTWAIT));
  CALL (zmq_send (router, "client", 6, ZMQ_SNDMORE));
  CALL (zmq_send (router, "", 0, ZMQ_SNDMORE));
  CALL (zmq_send (router, "late", 4, 0));
  zmq_close (req);
  zmq_close (dealer);
  zmq_close (router);

  section ("what is no request");
  router = new_bound (context, ZMQ_REP, address);
  dealer = new_connected (context, ZMQ_DEALER, address);
  CALL (zmq_send (dealer, "no delimiter", 12, 0));
  CALL (zmq_send (dealer, "", 0, 0));
  CALL (zmq_send (dealer, "a", 1, ZMQ_SNDMORE));
  CALL (zmq_send (dealer, "b", 1, ZMQ_SNDMORE));
  CALL (zmq_send (dealer, "", 0, ZMQ_SNDMORE));
  CALL (zmq_send (dealer, "body", 4, 0));
  CALL (print_message (router, 0));
  CALL (zmq_send (router, "reply", 5, 0));
  CALL (print_message (dealer, 0));
  zmq_close (dealer);
  zmq_close (router);
}

static int n_freed;

static void
count_free (void *data,
            void *hint)
{
  (void) data;
  (void) hint;
  __atomic_add_fetch (&n_freed, 1, __ATOMIC_SEQ_CST);
}

static void
test_address_in_memory (void *context)
{
  char address[64];
  void *router = new_bound (context, ZMQ_ROUTER, address);
  void *dealer = zmq_socket (context, ZMQ_DEALER);
  static char name[] = "dealer";
  static char text[] = "body";
  zmq_msg_t id, body;

  section ("an address in the program's own memory");
  zmq_setsockopt (dealer, ZMQ_ROUTING_ID, "dealer", 6);
  MUST (zmq_connect (dealer, address) == 0);
  CALL (zmq_send (dealer, "hi", 2, 0));
  CALL (print_message (router, 0));
  zmq_msg_init_data (&id, name, 6, count_free, NULL);
  zmq_msg_init_data (&body, text, 4, count_free, NULL);
  CALL (zmq_msg_send (&id, router, ZMQ_SNDMORE));
  CALL (zmq_msg_send (&body, router, 0));
  CALL (print_message (dealer, 0));
  AWAIT (__atomic_load_n (&n_freed, __ATOMIC_SEQ_CST) == 2);
  zmq_close (router);
  zmq_close (dealer);
}

static void
test_publishing (void *context)
{
  char address[64];
  void *xpub = new_bound (context, ZMQ_XPUB, address);
  void *sub = new_connected (context, ZMQ_SUB, address);
  void *xsub;

  section ("subscriptions that a publisher sees");
  CALL (zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "a", 1));
  CALL (print_message (xpub, 0));
  CALL (zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "a", 1));
  CALL (zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "", 0));
  CALL (print_message (xpub, 0));
  CALL (zmq_setsockopt (sub, ZMQ_UNSUBSCRIBE, "", 0));
  CALL (print_message (xpub, 0));
  CALL (zmq_setsockopt (sub, ZMQ_UNSUBSCRIBE, "a", 1));
  CALL (zmq_setsockopt (sub, ZMQ_UNSUBSCRIBE, "none", 4));
  CALL (zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "ab", 2));
  CALL (print_message (xpub, 0));
  CALL (zmq_recv (xpub, NULL, 0, ZMQ_DONTWAIT));

  section ("what passes the filter");
  CALL (zmq_send (xpub, "b", 1, 0));
  CALL (zmq_send (xpub, "a", 1, ZMQ_SNDMORE));
  CALL (zmq_send (xpub, "second", 6, 0));
  CALL (zmq_send (xpub, "", 0, 0));
  CALL (zmq_send (xpub, "xab", 3, 0));
  CALL (zmq_send (xpub, "abc", 3, ZMQ_SNDMORE));
  CALL (zmq_send (xpub, "x", 1, 0));
  CALL (print_message (sub, 0));
  CALL (print_message (sub, 0));
  CALL (zmq_recv (sub, NULL, 0, ZMQ_DONTWAIT));
  zmq_close (sub);
  CALL (print_message (xpub, 0));
  CALL (print_message (xpub, 0));
  zmq_close (xpub);

  section ("verbose, and manual");
  xpub = new_bound (context, ZMQ_XPUB, address);
  CALL (set_int (xpub, ZMQ_XPUB_VERBOSE, 1));
  xsub = new_connected (context, ZMQ_XSUB, address);
  CALL (zmq_send (xsub, "\1t", 2, 0));
  CALL (zmq_send (xsub, "\1t", 2, 0));
  CALL (print_message (xpub, 0));
  CALL (print_message (xpub, 0));
  CALL (zmq_send (xsub, "user", 4, 0));
  CALL (print_message (xpub, 0));
  CALL (zmq_send (xsub, "\0t", 2, 0));
  CALL (zmq_send (xsub, "\0t", 2, 0));
  CALL (print_message (xpub, 0));
  CALL (set_int (xpub, ZMQ_XPUB_MANUAL, 1));
  CALL (zmq_send (xsub, "\1m", 2, 0));
  CALL (print_message (xpub, 0));
  CALL (zmq_setsockopt (xpub, ZMQ_SUBSCRIBE, "other", 5));
  CALL (zmq_send (xpub, "m", 1, 0));
  CALL (zmq_send (xpub, "other one", 9, 0));
  CALL (print_message (xsub, 0));
  zmq_close (xsub);
  zmq_close (xpub);

  section ("a message for those who come");
  xpub = new_bound (context, ZMQ_XPUB, address);
  CALL (zmq_setsockopt (xpub, ZMQ_XPUB_WELCOME_MSG, "hello", 5));
  xsub = new_connected (context, ZMQ_XSUB, address);
  CALL (zmq_send (xsub, "\1", 1, 0));
  CALL (print_message (xpub, 0));
  CALL (print_message (xsub, 0));
  zmq_close (xsub);
  zmq_close (xpub);
}

static void
test_marks (void *context)
{
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push = zmq_socket (context, ZMQ_PUSH);
  int n = 0;

  section ("marks within the process add up");
  CALL (set_int (pull, ZMQ_RCVHWM, 2));
  CALL (set_int (push, ZMQ_SNDHWM, 3));
  MUST (zmq_bind (pull, "inproc://marks") == 0);
  MUST (zmq_connect (push, "inproc://marks") == 0);
  while (zmq_send (push, "x", 1, ZMQ_DONTWAIT) == 1)
    n++;
  CALL (n);
  CALL (zmq_send (push, "x", 1, ZMQ_DONTWAIT | ZMQ_SNDMORE));
  CALL (zmq_recv (pull, NULL, 0, 0));
  for (n = 0; zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT) == 1; n++)
    continue;
  CALL (n);
  CALL (zmq_send (push, "y", 1, 0));
  zmq_close (push);
  zmq_close (pull);

  section ("a mark without a peer");
  push = zmq_socket (context, ZMQ_PUSH);
  CALL (set_int (push, ZMQ_SNDHWM, 3));
  CALL (set_int (push, ZMQ_LINGER, 0));
  MUST (zmq_connect (push, "tcp://127.0.0.1:1") == 0);
  for (n = 0; n < 5; n++)
    CALL (zmq_send (push, "x", 1, ZMQ_DONTWAIT));
  zmq_close (push);

  push = zmq_socket (context, ZMQ_PUSH);
  CALL (set_int (push, ZMQ_IMMEDIATE, 1));
  CALL (set_int (push, ZMQ_LINGER, 0));
  MUST (zmq_connect (push, "tcp://127.0.0.1:1") == 0);
  CALL (zmq_send (push, "x", 1, ZMQ_DONTWAIT));
  zmq_close (push);
}

static void
test_pairs (void *context)
{
  void *one = zmq_socket (context, ZMQ_PAIR);
  void *other = zmq_socket (context, ZMQ_PAIR);
  void *third = zmq_socket (context, ZMQ_PAIR);

  section ("a pair is for two");
  MUST (zmq_bind (one, "inproc://pair") == 0);
  MUST (zmq_connect (other, "inproc://pair") == 0);
  CALL (zmq_send (other, "a", 1, ZMQ_SNDMORE));
  CALL (zmq_send (other, "b", 1, 0));
  CALL (print_message (one, 0));
  CALL (zmq_send (one, "c", 1, 0));
  CALL (print_message (other, 0));
  MUST (zmq_connect (third, "inproc://pair") == 0);
  print_events ("one", one);
  CALL (zmq_recv (third, NULL, 0, ZMQ_DONTWAIT));
  CALL (zmq_send (one, "d", 1, 0));
  CALL (print_message (other, 0));
  zmq_close (other);
  zmq_close (third);
  zmq_close (one);

  section ("connecting first");
  one = zmq_socket (context, ZMQ_PAIR);
  other = zmq_socket (context, ZMQ_PAIR);
  MUST (zmq_connect (other, "inproc://late") == 0);
  CALL (zmq_send (other, "early", 5, 0));
  MUST (zmq_bind (one, "inproc://late") == 0);
  CALL (print_message (one, 0));
  zmq_close (one);
  zmq_close (other);
}

static void
test_unfinished (void *context)
{
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push = zmq_socket (context, ZMQ_PUSH);

  section ("a message that is never finished is never sent");
  MUST (zmq_bind (pull, "inproc://unfinished") == 0);
  MUST (zmq_connect (push, "inproc://unfinished") == 0);
  CALL (zmq_send (push, "a", 1, ZMQ_SNDMORE));
  zmq_close (push);
  CALL (set_int (pull, ZMQ_RCVTIMEO, 50));
  CALL (print_message (pull, 0));
  zmq_close (pull);
}

static void
test_balance (void *context)
{
  void *push = zmq_socket (context, ZMQ_PUSH);
  void *pulls[3];

  section ("messages in turn, frames together");
  MUST (zmq_bind (push, "inproc://balance") == 0);
  for (int i = 0; i < 3; i++)
    pulls[i] = new_connected (context, ZMQ_PULL, "inproc://balance");
  for (int i = 0; i < 6; i++)
    {
      char text[2] = { (char) ('0' + i), 0 };

      MUST (zmq_send (push, text, 1, ZMQ_SNDMORE) == 1);
      MUST (zmq_send (push, text, 1, 0) == 1);
    }
  for (int i = 0; i < 3; i++)
    {
      CALL (print_message (pulls[i], 0));
      CALL (print_message (pulls[i], 0));
      CALL (zmq_recv (pulls[i], NULL, 0, ZMQ_DONTWAIT));
      zmq_close (pulls[i]);
    }
  zmq_close (push);
}

static void
test_large_frames (void *context)
{
  static char data[200];
  char address[64];
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *one, *other;
  size_t size = sizeof address;
  int64_t limit = 100;

  section ("the largest frame that is taken");
  CALL (zmq_setsockopt (pull, ZMQ_MAXMSGSIZE, &limit, sizeof limit));
  MUST (zmq_bind (pull, "tcp://127.0.0.1:*") == 0);
  MUST (zmq_getsockopt (pull, ZMQ_LAST_ENDPOINT, address, &size) == 0);
  one = new_connected (context, ZMQ_PUSH, address);
  other = new_connected (context, ZMQ_PUSH, address);
  for (int i = 0; i < 3; i++)
    CALL (zmq_send (one, data, 100, i < 2 ? ZMQ_SNDMORE : 0));
  for (int i = 0; i < 3; i++)
    CALL (zmq_recv (pull, NULL, 0, 0));
  CALL (zmq_send (one, data, 101, 0));
  CALL (zmq_send (other, "still here", 10, 0));
  print_message (pull, 0);
  CALL (set_int (pull, ZMQ_RCVTIMEO, 50));
  CALL (zmq_recv (pull, NULL, 0, 0));
  zmq_close (one);
  zmq_close (other);
  zmq_close (pull);
}

int
main (void)
{
  void *context = zmq_ctx_new ();

  test_alone (context);
  test_req_rep (context);
  test_envelopes (context);
  test_address_in_memory (context);
  test_publishing (context);
  test_marks (context);
  test_pairs (context);
  test_unfinished (context);
  test_balance (context);
  test_large_frames (context);
  MUST (zmq_ctx_term (context) == 0);
  return 0;
}
