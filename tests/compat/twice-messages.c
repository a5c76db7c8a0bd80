/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

#include <sys/uio.h>

/* zmq_msg_t, and how frames are sent and received. */

static int n_freed;

static void
count_free (void *data,
            void *hint)
{
  (void) data;
  __atomic_add_fetch ((int *) hint, 1, __ATOMIC_SEQ_CST);
}

static int
get_freed (void)
{
  return __atomic_load_n (&n_freed, __ATOMIC_SEQ_CST);
}

static void
print_frame (zmq_msg_t *msg)
{
  print_bytes (zmq_msg_data (msg), zmq_msg_size (msg));
  printf (" more %d shared %d\n", zmq_msg_more (msg),
          zmq_msg_get (msg, ZMQ_SHARED));
}

static void
print_frame_data (zmq_msg_t *msg)
{
  print_bytes (zmq_msg_data (msg), zmq_msg_size (msg));
  printf ("\n");
}

static void
test_life (void)
{
  static char large[100];
  zmq_msg_t one, other;

  section ("messages come and go");
  printf ("%zu\n", sizeof one);
  CALL (zmq_msg_init (&one));
  print_frame (&one);
  CALL (zmq_msg_close (&one));
  CALL (zmq_msg_close (&one));
  CALL (zmq_msg_init_size (&one, 5));
  memcpy (zmq_msg_data (&one), "12345", 5);
  print_frame (&one);
  CALL (zmq_msg_init (&other));
  CALL (zmq_msg_move (&other, &one));
  print_frame (&one);
  print_frame (&other);
  CALL (zmq_msg_copy (&one, &other));
  print_frame (&one);
  print_frame (&other);
  CALL (zmq_msg_close (&one));
  CALL (zmq_msg_close (&other));
  CALL (zmq_msg_init_size (&one, (size_t) -1));

  section ("moving and copying what is closed");
  zmq_msg_init (&one);
  memset (&other, 0, sizeof other);
  CALL (zmq_msg_move (&one, &other));
  CALL (zmq_msg_move (&other, &one));
  CALL (zmq_msg_copy (&one, &other));
  CALL (zmq_msg_copy (&other, &one));
  CALL (zmq_msg_close (&one));

  section ("from which size on messages share");
  for (size_t size = 28; size < 40; size++)
    {
      zmq_msg_init_size (&one, size);
      zmq_msg_init (&other);
      zmq_msg_copy (&other, &one);
      printf ("%zu: %d %d %d\n", size, zmq_msg_get (&one, ZMQ_SHARED),
              zmq_msg_get (&other, ZMQ_SHARED),
              zmq_msg_data (&one) == zmq_msg_data (&other));
      zmq_msg_close (&one);
      zmq_msg_close (&other);
    }

  section ("memory of the program's");
  n_freed = 0;
  CALL (zmq_msg_init_data (&one, large, 100, count_free, &n_freed));
  printf ("%d\n", zmq_msg_data (&one) == large);
  zmq_msg_init (&other);
  zmq_msg_copy (&other, &one);
  zmq_msg_close (&one);
  printf ("%d\n", get_freed ());
  zmq_msg_close (&other);
  printf ("%d\n", get_freed ());
  CALL (zmq_msg_init_data (&one, large, 3, count_free, &n_freed));
  printf ("%d\n", zmq_msg_data (&one) == large);
  zmq_msg_close (&one);
  printf ("%d\n", get_freed ());
  CALL (zmq_msg_init_data (&one, large, 100, NULL, NULL));
  printf ("%d %d\n", zmq_msg_data (&one) == large,
          zmq_msg_get (&one, ZMQ_SHARED));
  zmq_msg_close (&one);
  CALL (zmq_msg_init_data (&one, NULL, 0, NULL, NULL));
  CALL ((int) zmq_msg_size (&one));
  zmq_msg_close (&one);

  section ("properties");
  zmq_msg_init_size (&one, 1);
  CALL (zmq_msg_get (&one, ZMQ_MORE));
  CALL (zmq_msg_get (&one, ZMQ_SRCFD));
  CALL (zmq_msg_get (&one, 0));
  CALL (zmq_msg_get (&one, 4711));
  CALL (zmq_msg_set (&one, ZMQ_MORE, 1));
  CALL (zmq_msg_set (&one, 4711, 1));
  CALL_POINTER ((void *) zmq_msg_gets (&one, "Identity"));
  zmq_msg_close (&one);
}

static void
test_sending (void *context,
              const char *transport)
{
  char name[100];
  char address[64] = "inproc://messages";
  void *pull;
  void *push;
  static char data[20000];
  zmq_msg_t msg;

  for (size_t i = 0; i < sizeof data; i++)
    data[i] = 'a' + i % 26;

  if (strcmp (transport, "tcp") == 0)
    {
      pull = new_bound (context, ZMQ_PULL, address);
    }
  else
    {
      pull = zmq_socket (context, ZMQ_PULL);
      MUST (zmq_bind (pull, address) == 0);
    }
  push = new_connected (context, ZMQ_PUSH, address);

  snprintf (name, sizeof name, "a message that was sent is empty, over %s",
            transport);
  section (name);
  zmq_msg_init_size (&msg, 3);
  memcpy (zmq_msg_data (&msg), "abc", 3);
  CALL (zmq_msg_send (&msg, push, 0));
  print_frame (&msg);
  CALL (zmq_msg_recv (&msg, pull, 0));
  print_frame (&msg);
  zmq_msg_close (&msg);

  snprintf (name, sizeof name, "what is too long is cut off, over %s",
            transport);
  section (name);
  CALL (zmq_send (push, data, 20, 0));
  memset (data + 100, 0, 30);
  CALL (zmq_recv (pull, data + 100, 5, 0));
  print_bytes (data + 100, 10);
  putchar ('\n');
  CALL (zmq_send (push, NULL, 0, 0));
  CALL (zmq_recv (pull, NULL, 0, 0));

  snprintf (name, sizeof name, "frames of a message, over %s", transport);
  section (name);
  CALL (zmq_send (push, "a", 1, ZMQ_SNDMORE));
  CALL (zmq_send (push, "", 0, ZMQ_SNDMORE));
  CALL (zmq_send (push, data, 50, ZMQ_SNDMORE));
  CALL (zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT));
  CALL (zmq_send (push, "end", 3, 0));
  CALL (print_message (pull, 0));
  CALL (zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT));

  snprintf (name, sizeof name, "frames one by one, over %s", transport);
  section (name);
  for (int i = 0; i < 3; i++)
    zmq_send (push, data + i, 3, i < 2 ? ZMQ_SNDMORE : 0);
  for (int i = 0; i < 3; i++)
    {
      zmq_msg_init (&msg);
      CALL (zmq_msg_recv (&msg, pull, 0));
      print_frame (&msg);
      CALL (get_int (pull, ZMQ_RCVMORE));
      zmq_msg_close (&msg);
    }

  snprintf (name, sizeof name, "constant memory, over %s", transport);
  section (name);
  CALL (zmq_send_const (push, "constant", 8, ZMQ_SNDMORE));
  CALL (zmq_send_const (push, data, sizeof data, 0));
  zmq_msg_init (&msg);
  CALL (zmq_msg_recv (&msg, pull, 0));
  print_bytes (zmq_msg_data (&msg), zmq_msg_size (&msg));
  printf (" more %d\n", zmq_msg_more (&msg));
  CALL (zmq_msg_recv (&msg, pull, 0));
  CALL (memcmp (zmq_msg_data (&msg), data, sizeof data));
  zmq_msg_close (&msg);

  snprintf (name, sizeof name, "memory is given back once it was received, "
            "over %s", transport);
  section (name);
  n_freed = 0;
  for (size_t size = 1; size <= sizeof data; size = size * 10)
    {
      zmq_msg_init_data (&msg, data, size, count_free, &n_freed);
      CALL (zmq_msg_send (&msg, push, 0));
      CALL (zmq_msg_recv (&msg, pull, 0));
      CALL (memcmp (zmq_msg_data (&msg), data, size));
      zmq_msg_close (&msg);
    }
  AWAIT (get_freed () == 5);

  snprintf (name, sizeof name, "lists of memory, over %s", transport);
  section (name);
  {
    struct iovec iov[3] = {
      { data, 3 }, { data + 3, 4 }, { data + 7, 5 },
    };
    struct iovec got[5];
    size_t count = 0;

    CALL (zmq_sendiov (push, iov, 0, 0));
    CALL (zmq_sendiov (push, NULL, 1, 0));
    CALL (zmq_sendiov (push, iov, 3, ZMQ_SNDMORE));
    CALL (zmq_recviov (pull, got, &count, 0));
    count = 2;
    CALL (zmq_recviov (pull, NULL, &count, 0));
    CALL (zmq_recviov (pull, got, &count, 0));
    for (size_t i = 0; i < count; i++)
      {
        print_bytes (got[i].iov_base, got[i].iov_len);
        putchar ('\n');
        free (got[i].iov_base);
      }
    CALL (get_int (pull, ZMQ_RCVMORE));
    count = 5;
    CALL (zmq_recviov (pull, got, &count, 0));
    printf ("%zu\n", count);
    print_bytes (got[0].iov_base, got[0].iov_len);
    putchar ('\n');
    free (got[0].iov_base);
    CALL (zmq_sendiov (push, iov, 2, 0));
    CALL (print_message (pull, 0));
    CALL (print_message (pull, 0));
    count = 5;
    CALL (zmq_recviov (pull, got, &count, ZMQ_DONTWAIT));
    printf ("%zu\n", count);
  }

  snprintf (name, sizeof name, "the old names, over %s", transport);
  section (name);
  zmq_msg_init_size (&msg, 2);
  memcpy (zmq_msg_data (&msg), "ok", 2);
  CALL (zmq_sendmsg (push, &msg, 0));
  CALL (zmq_recvmsg (pull, &msg, 0));
  print_frame (&msg);
  zmq_msg_close (&msg);

  zmq_close (pull);
  zmq_close (push);
}

static void
test_properties (void *context,
                 int is_inproc)
{
  char address[64] = "inproc://properties";
  void *router;
  void *dealer = zmq_socket (context, ZMQ_DEALER);
  zmq_msg_t msg;

  section (is_inproc ? "what is known of who sent a message within the process"
                     : "what is known of who sent a message");
  if (is_inproc)
    {
      router = zmq_socket (context, ZMQ_ROUTER);
      MUST (zmq_bind (router, address) == 0);
    }
  else
    {
      router = new_bound (context, ZMQ_ROUTER, address);
    }
  zmq_setsockopt (dealer, ZMQ_ROUTING_ID, "me", 2);
  MUST (zmq_connect (dealer, address) == 0);
  zmq_send (dealer, "a", 1, ZMQ_SNDMORE);
  zmq_send (dealer, "b", 1, 0);
  for (int i = 0; i < 3; i++)
    {
      static const char *const names[] = {
        "Socket-Type", "Identity", "Peer-Address", "User-Id", "Routing-Id",
        "socket-type", "X-none", "",
      };

      zmq_msg_init (&msg);
      CALL (zmq_msg_recv (&msg, router, 0));
      for (size_t j = 0; j < sizeof names / sizeof *names; j++)
        {
          const char *value;

          errno = 0;
          value = zmq_msg_gets (&msg, names[j]);
          printf ("%s: %s\n", names[j],
                  value != NULL ? value : error_name (errno));
        }
      CALL (zmq_msg_get (&msg, ZMQ_SRCFD) >= 0);
      zmq_msg_close (&msg);
    }

  zmq_close (dealer);
  zmq_close (router);
}

/* Memory that one socket received as it is, and another sends on. */
static void
test_passed_on (void *context)
{
  static char data[100000];
  void *first = zmq_socket (context, ZMQ_PUSH);
  void *middle = zmq_socket (context, ZMQ_PULL);
  void *push;
  void *last;
  char address[64];
  zmq_msg_t msg;

  MUST (zmq_bind (middle, "inproc://middle") == 0);
  MUST (zmq_connect (first, "inproc://middle") == 0);
  last = new_bound (context, ZMQ_PULL, address);
  push = new_connected (context, ZMQ_PUSH, address);

  section ("memory is given back once it was passed on, with no other call");
  n_freed = 0;
  for (int i = 0; i < 2; i++)
    {
      zmq_msg_init_data (&msg, data, sizeof data, count_free, &n_freed);
      CALL (zmq_msg_send (&msg, first, 0));
      CALL (zmq_msg_recv (&msg, middle, 0));
      CALL (zmq_msg_send (&msg, push, 0));
      zmq_msg_close (&msg);
      if (i == 1)
        zmq_close (push);
      CALL (zmq_recv (last, NULL, 0, 0));
      AWAIT (get_freed () == i + 1);
    }

  zmq_close (last);
  zmq_close (middle);
  zmq_close (first);
}

static void
test_address (void *context)
{
  static char id[] = "me";
  static char unknown[] = "you";
  void *router = zmq_socket (context, ZMQ_ROUTER);
  void *dealer = zmq_socket (context, ZMQ_DEALER);
  zmq_msg_t msg;

  section ("a routing id that is memory of the program's");
  n_freed = 0;
  MUST (zmq_setsockopt (dealer, ZMQ_ROUTING_ID, "me", 2) == 0);
  MUST (zmq_bind (router, "inproc://router") == 0);
  MUST (zmq_connect (dealer, "inproc://router") == 0);
  zmq_send (dealer, "", 0, 0);
  print_message (router, 0);
  zmq_msg_init_data (&msg, unknown, 3, count_free, &n_freed);
  CALL (zmq_msg_send (&msg, router, ZMQ_SNDMORE));
  CALL (zmq_send (router, "lost", 4, 0));
  zmq_msg_init_data (&msg, id, 2, count_free, &n_freed);
  CALL (zmq_msg_send (&msg, router, ZMQ_SNDMORE));
  CALL (zmq_send (router, "hello", 5, 0));
  print_message (dealer, 0);
  AWAIT (get_freed () == 2);
  zmq_close (dealer);
  zmq_close (router);
}

/* What was in a message goes, whatever comes. */
static void
test_emptied (void *context)
{
  static char old[] = "abc";
  void *pull = zmq_socket (context, ZMQ_PULL);
  zmq_msg_t msg;

  section ("a message that nothing came for");
  n_freed = 0;
  MUST (zmq_bind (pull, "inproc://emptied") == 0);
  zmq_msg_init_data (&msg, old, 3, count_free, &n_freed);
  CALL (zmq_msg_recv (&msg, pull, ZMQ_DONTWAIT));
  printf ("%zu freed %d\n", zmq_msg_size (&msg), get_freed ());
  zmq_msg_close (&msg);
  zmq_msg_init_data (&msg, old, 3, count_free, &n_freed);
  set_int (pull, ZMQ_RCVTIMEO, 10);
  CALL (zmq_msg_recv (&msg, pull, 0));
  printf ("%zu freed %d\n", zmq_msg_size (&msg), get_freed ());
  zmq_msg_close (&msg);
  zmq_close (pull);
}

/* A message received in the place of one before, larger or smaller. */
static void
test_in_place (void *context)
{
  static const size_t sizes[] = { 100, 20, 33, 34, 0, 1000, 5, 300, 5000, 7 };
  static char data[5000];
  static char old[] = "old";
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push = zmq_socket (context, ZMQ_PUSH);
  zmq_msg_t copies[sizeof sizes / sizeof *sizes];
  zmq_msg_t msg;

  section ("a message in the place of another");
  MUST (zmq_bind (pull, "inproc://in-place") == 0);
  MUST (zmq_connect (push, "inproc://in-place") == 0);
  zmq_msg_init (&msg);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    {
      zmq_msg_init (&copies[i]);
      memset (data, 'a' + (int) i, sizes[i]);
      CALL (zmq_send (push, data, sizes[i], 0));
      CALL (zmq_msg_recv (&msg, pull, 0));
      CALL (zmq_msg_copy (&copies[i], &msg));
      if (sizes[i] > 0 && sizes[i] <= 33)
        {
          printf ("shared %d %d\n", zmq_msg_get (&msg, ZMQ_SHARED),
                  zmq_msg_get (&copies[i], ZMQ_SHARED));
          /* Is its own. */
          *(char *) zmq_msg_data (&msg) = '!';
        }
    }
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    {
      print_frame_data (&copies[i]);
      zmq_msg_close (&copies[i]);
    }
  zmq_msg_close (&msg);

  n_freed = 0;
  zmq_msg_init_data (&msg, old, 3, count_free, &n_freed);
  zmq_send (push, "new", 3, 0);
  CALL (zmq_msg_recv (&msg, pull, 0));
  print_frame (&msg);
  printf ("freed %d, %s\n", get_freed (), old);
  zmq_msg_close (&msg);
  printf ("freed %d\n", get_freed ());

  section ("into less memory than there is to receive");
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    {
      char buffer[22] = { 0 };

      memset (data, 'a' + (int) i, sizes[i]);
      zmq_send (push, data, sizes[i], 0);
      CALL (zmq_recv (pull, buffer, 21, 0));
      printf ("%s\n", buffer);
    }
  zmq_send (push, "", 0, 0);
  CALL (zmq_recv (pull, NULL, 0, 0));

  zmq_close (push);
  zmq_close (pull);
}

static void
test_errors (void *context)
{
  void *push = zmq_socket (context, ZMQ_PUSH);
  void *pull = zmq_socket (context, ZMQ_PULL);
  zmq_msg_t msg;

  section ("sending and receiving that cannot be");
  zmq_msg_init (&msg);
  CALL (zmq_send (NULL, "", 0, 0));
  CALL (zmq_recv (NULL, NULL, 0, 0));
  CALL (zmq_msg_send (&msg, NULL, 0));
  CALL (zmq_msg_recv (&msg, NULL, 0));
  CALL (zmq_send (pull, "", 0, 0));
  CALL (zmq_recv (push, NULL, 0, 0));
  CALL (zmq_send (push, "", 0, ZMQ_DONTWAIT));
  CALL (zmq_send (push, "", 0, ZMQ_DONTWAIT | ZMQ_SNDMORE));
  CALL (zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT));
  zmq_msg_close (&msg);
  CALL (zmq_msg_recv (&msg, pull, ZMQ_DONTWAIT));

  section ("time that is over");
  set_int (push, ZMQ_SNDTIMEO, 10);
  set_int (pull, ZMQ_RCVTIMEO, 10);
  CALL (zmq_send (push, "", 0, 0));
  CALL (zmq_send (push, "", 0, ZMQ_SNDMORE));
  CALL (zmq_recv (pull, NULL, 0, 0));
  set_int (push, ZMQ_SNDTIMEO, 0);
  set_int (pull, ZMQ_RCVTIMEO, 0);
  CALL (zmq_send (push, "", 0, 0));
  CALL (zmq_recv (pull, NULL, 0, 0));
  zmq_close (push);
  zmq_close (pull);
}

int
main (void)
{
  void *context = zmq_ctx_new ();

  test_life ();
  test_sending (context, "inproc");
  test_sending (context, "tcp");
  test_properties (context, 0);
  test_properties (context, 1);
  test_passed_on (context);
  test_address (context);
  test_emptied (context);
  test_in_place (context);
  test_errors (context);
  MUST (zmq_ctx_term (context) == 0);
  return 0;
}
