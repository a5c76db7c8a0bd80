/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* zmq_poll (), and ZMQ_FD with ZMQ_EVENTS. */

static void
test_errors (void *context)
{
  void *pull = zmq_socket (context, ZMQ_PULL);
  zmq_pollitem_t items[2] = { { pull, 0, ZMQ_POLLIN, 0 }, { NULL, 0, 0, 0 } };

  section ("polling what cannot be polled");
  CALL (zmq_poll (NULL, 0, 0));
  CALL (zmq_poll (NULL, 0, 5));
  CALL (zmq_poll (items, 0, 0));
  CALL (zmq_poll (items, -1, 0));
  CALL (zmq_poll (NULL, 1, 0));
  items[1].socket = items;
  CALL (zmq_poll (items, 1, 0));
  zmq_close (pull);
}

static void
test_sockets (void *context)
{
  char address[64];
  void *pull = new_bound (context, ZMQ_PULL, address);
  void *push = zmq_socket (context, ZMQ_PUSH);
  zmq_pollitem_t items[3] = {
    { pull, 0, ZMQ_POLLIN, 0 },
    { push, 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0 },
    { pull, 0, ZMQ_POLLOUT, 0 },
  };

  section ("polling sockets");
  CALL (zmq_poll (items, 3, 0));
  CALL (zmq_poll (items, 3, 10));
  MUST (zmq_connect (push, address) == 0);
  CALL (zmq_poll (items, 3, -1));
  printf ("%d %d %d\n", items[0].revents, items[1].revents,
          items[2].revents);
  CALL (zmq_send (push, "a", 1, 0));
  items[1].events = 0;
  CALL (zmq_poll (items, 3, -1));
  printf ("%d %d %d\n", items[0].revents, items[1].revents,
          items[2].revents);
  CALL (zmq_poll (items, 3, 0));
  print_message (pull, 0);
  CALL (zmq_poll (items, 3, 0));

  section ("polling in the middle of a message");
  CALL (zmq_send (push, "a", 1, ZMQ_SNDMORE));
  CALL (zmq_send (push, "b", 1, 0));
  CALL (zmq_poll (items, 1, -1));
  CALL (zmq_recv (pull, NULL, 0, 0));
  CALL (zmq_poll (items, 1, 0));
  printf ("%d\n", items[0].revents);
  CALL (zmq_recv (pull, NULL, 0, 0));
  CALL (zmq_poll (items, 1, 0));
  zmq_close (pull);
  zmq_close (push);
}

static void
test_descriptors (void *context)
{
  void *pull = zmq_socket (context, ZMQ_PULL);
  int ends[2];
  zmq_pollitem_t items[2] = { { pull, 0, ZMQ_POLLIN, 0 },
                              { NULL, 0, ZMQ_POLLIN, 0 } };

  section ("polling descriptors");
  MUST (pipe (ends) == 0);
  items[1].fd = ends[0];
  CALL (zmq_poll (items, 2, 0));
  MUST (write (ends[1], "x", 1) == 1);
  CALL (zmq_poll (items, 2, -1));
  printf ("%d %d\n", items[0].revents, items[1].revents);
  items[1].fd = ends[1];
  items[1].events = ZMQ_POLLOUT;
  CALL (zmq_poll (items, 2, -1));
  printf ("%d\n", items[1].revents);
  close (ends[0]);
  items[1].events = 0;
  CALL (zmq_poll (items, 2, 0));
  printf ("%d\n", items[1].revents);
  close (ends[1]);
  zmq_close (pull);
}

static void *
send_later (void *data)
{
  pause_a_moment ();
  zmq_send (data, "late", 4, 0);
  return NULL;
}

static void
test_waking (void *context)
{
  char address[64];
  void *pull = new_bound (context, ZMQ_PULL, address);
  void *push = new_connected (context, ZMQ_PUSH, address);
  zmq_pollitem_t item = { pull, 0, ZMQ_POLLIN, 0 };
  pthread_t thread;

  section ("a message ends polling");
  for (int i = 0; i < 50; i++)
    {
      MUST (pthread_create (&thread, NULL, send_later, push) == 0);
      MUST (zmq_poll (&item, 1, -1) == 1);
      pthread_join (thread, NULL);
      MUST (zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT) == 4);
    }
  CALL (zmq_poll (&item, 1, 0));
  zmq_close (pull);
  zmq_close (push);
}

#define N_MANY 40

static void
print_ready (const zmq_pollitem_t *items,
             int n)
{
  printf ("ready:");
  for (int i = 0; i < n; i++)
    if (items[i].revents != 0)
      printf (" %d: %d", i, items[i].revents);
  putchar ('\n');
}

static void
test_many (void *context)
{
  zmq_pollitem_t items[N_MANY + 2];
  void *pushes[N_MANY];
  pthread_t thread;
  int ends[2];

  section ("polling many sockets");
  for (int i = 0; i < N_MANY; i++)
    {
      char address[32];

      snprintf (address, sizeof address, "inproc://many-%d", i);
      items[i] =
        (zmq_pollitem_t) { zmq_socket (context, ZMQ_PULL), 0, ZMQ_POLLIN, 0 };
      MUST (zmq_bind (items[i].socket, address) == 0);
      pushes[i] = new_connected (context, ZMQ_PUSH, address);
    }
  CALL (zmq_poll (items, N_MANY, 0));
  CALL (zmq_poll (items, N_MANY, 5));
  for (int i = 0; i < N_MANY; i += 13)
    {
      MUST (zmq_send (pushes[i], "x", 1, 0) == 1);
      CALL (zmq_poll (items, N_MANY, i % 2 == 0 ? -1 : 20000));
      print_ready (items, N_MANY);
    }
  for (int i = 0; i < N_MANY; i += 13)
    MUST (zmq_recv (items[i].socket, NULL, 0, ZMQ_DONTWAIT) == 1);
  CALL (zmq_poll (items, N_MANY, 0));

  section ("waiting for one of many sockets");
  for (int i = 0; i < N_MANY; i++)
    {
      MUST (pthread_create (&thread, NULL, send_later, pushes[i]) == 0);
      MUST (zmq_poll (items, N_MANY, -1) == 1);
      print_ready (items, N_MANY);
      pthread_join (thread, NULL);
      MUST (zmq_recv (items[i].socket, NULL, 0, ZMQ_DONTWAIT) == 4);
    }

  section ("a socket and a descriptor that are there twice");
  MUST (pipe (ends) == 0);
  items[N_MANY] = (zmq_pollitem_t) { items[3].socket, 0, ZMQ_POLLIN, 0 };
  zmq_close (items[4].socket);
  items[4] = (zmq_pollitem_t) { NULL, ends[0], ZMQ_POLLIN, 0 };
  items[N_MANY + 1] = items[4];
  CALL (zmq_poll (items, N_MANY + 2, 5));
  MUST (pthread_create (&thread, NULL, send_later, pushes[3]) == 0);
  CALL (zmq_poll (items, N_MANY + 2, -1));
  print_ready (items, N_MANY + 2);
  pthread_join (thread, NULL);
  MUST (write (ends[1], "x", 1) == 1);
  CALL (zmq_poll (items, N_MANY + 2, -1));
  print_ready (items, N_MANY + 2);
  items[3].events = 0;
  CALL (zmq_poll (items, N_MANY + 2, 0));
  print_ready (items, N_MANY + 2);

  section ("what is no socket behind many that are");
  items[N_MANY].socket = items;
  CALL (zmq_poll (items, N_MANY + 2, 0));
  CALL (zmq_poll (items, N_MANY + 2, 5));

  for (int i = 0; i < N_MANY; i++)
    {
      if (i != 4)
        zmq_close (items[i].socket);
      zmq_close (pushes[i]);
    }
  close (ends[0]);
  close (ends[1]);
}

static void *
shut_down_later (void *context)
{
  pause_a_moment ();
  zmq_ctx_shutdown (context);
  return NULL;
}

static void
test_shutdown (void)
{
  void *contexts[] = { zmq_ctx_new (), zmq_ctx_new () };
  zmq_pollitem_t items[] = {
    { zmq_socket (contexts[0], ZMQ_PULL), 0, ZMQ_POLLIN, 0 },
    { zmq_socket (contexts[1], ZMQ_DEALER), 0, ZMQ_POLLIN, 0 },
  };
  pthread_t thread;

  section ("the end of one of two contexts ends polling");
  MUST (pthread_create (&thread, NULL, shut_down_later, contexts[1]) == 0);
  CALL (zmq_poll (items, 2, -1));
  pthread_join (thread, NULL);
  CALL (zmq_poll (items, 2, 0));
  CALL (zmq_poll (items, 2, -1));
  CALL (zmq_poll (items, 1, 5));
  items[1].events = 0;
  CALL (zmq_poll (items, 2, 5));
  for (int i = 0; i < 2; i++)
    {
      zmq_close (items[i].socket);
      MUST (zmq_ctx_term (contexts[i]) == 0);
    }
}

static void
ignore (int number)
{
  (void) number;
}

static pthread_t main_thread;
static int done;

static void *
interrupt (void *data)
{
  (void) data;
  while (!__atomic_load_n (&done, __ATOMIC_SEQ_CST))
    {
      pause_a_moment ();
      pthread_kill (main_thread, SIGUSR1);
    }
  return NULL;
}

static void
test_signals (void *context)
{
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push = zmq_socket (context, ZMQ_PUSH);
  zmq_pollitem_t item = { pull, 0, ZMQ_POLLIN, 0 };
  struct sigaction action;
  pthread_t thread;
  zmq_msg_t msg;

  section ("signals end what waits");
  memset (&action, 0, sizeof action);
  action.sa_handler = ignore;
  action.sa_flags = SA_RESTART;
  sigaction (SIGUSR1, &action, NULL);
  main_thread = pthread_self ();
  MUST (pthread_create (&thread, NULL, interrupt, NULL) == 0);
  CALL (zmq_recv (pull, NULL, 0, 0));
  CALL (zmq_send (push, "", 0, 0));
  CALL (zmq_send (push, "", 0, ZMQ_SNDMORE));
  zmq_msg_init (&msg);
  CALL (zmq_msg_recv (&msg, pull, 0));
  CALL (zmq_msg_send (&msg, push, 0));
  CALL (zmq_poll (&item, 1, -1));
  CALL (zmq_poll (&item, 1, 100000));
  __atomic_store_n (&done, 1, __ATOMIC_SEQ_CST);
  pthread_join (thread, NULL);
  zmq_close (pull);
  zmq_close (push);
}

static void *
end_context (void *context)
{
  while (!__atomic_load_n (&done, __ATOMIC_SEQ_CST))
    {
      pause_a_moment ();
      pthread_kill (main_thread, SIGUSR1);
    }
  (void) context;
  return NULL;
}

static void
test_signal_at_the_end (void)
{
  void *context = zmq_ctx_new ();
  void *socket = zmq_socket (context, ZMQ_PULL);
  pthread_t thread;

  section ("a signal ends the wait for a context's end, which goes on then");
  done = 0;
  MUST (pthread_create (&thread, NULL, end_context, context) == 0);
  CALL (zmq_ctx_term (context));
  CALL (zmq_recv (socket, NULL, 0, 0));
  __atomic_store_n (&done, 1, __ATOMIC_SEQ_CST);
  pthread_join (thread, NULL);
  zmq_close (socket);
  CALL (zmq_ctx_term (context));
}

/* The way in which programs use the descriptor: it is readable before there is
 * something, and then EVENTS says what. */
static int
wait_by_fd (void *socket,
            int events)
{
  struct pollfd item = { get_int (socket, ZMQ_FD), POLLIN, 0 };
  int found;

  while (((found = get_int (socket, ZMQ_EVENTS)) & events) == 0)
    MUST (poll (&item, 1, 20000) > 0);

  return found;
}

static void
test_fd (void *context)
{
  char address[64];
  void *pull = new_bound (context, ZMQ_PULL, address);
  void *push = zmq_socket (context, ZMQ_PUSH);
  int fd = get_int (pull, ZMQ_FD);
  struct pollfd item = { fd, POLLIN, 0 };
  int n = 0;

  section ("the descriptor of a socket");
  MUST (fd >= 0);
  MUST (fd == get_int (pull, ZMQ_FD));
  CALL (get_int (pull, ZMQ_EVENTS));
  CALL (get_int (push, ZMQ_EVENTS));
  MUST (zmq_connect (push, address) == 0);
  CALL (wait_by_fd (push, ZMQ_POLLOUT));
  for (int i = 0; i < 100; i++)
    MUST (zmq_send (push, "x", 1, 0) == 1);
  while (n < 100)
    {
      MUST ((wait_by_fd (pull, ZMQ_POLLIN) & ZMQ_POLLIN) != 0);
      while (zmq_recv (pull, NULL, 0, ZMQ_DONTWAIT) == 1)
        n++;
      MUST (errno == EAGAIN);
    }
  CALL (get_int (pull, ZMQ_EVENTS));

  section ("a descriptor that says nothing once nothing is left");
  AWAIT ((get_int (pull, ZMQ_EVENTS), poll (&item, 1, 0)) == 0);
  CALL (poll (&item, 1, 0));
  MUST (zmq_send (push, "x", 1, 0) == 1);
  CALL (poll (&item, 1, 20000));
  CALL (wait_by_fd (pull, ZMQ_POLLIN));
  print_message (pull, ZMQ_DONTWAIT);
  zmq_close (pull);
  zmq_close (push);
}

static void
test_ping_pong (void *context)
{
  char address[64];
  void *rep = new_bound (context, ZMQ_REP, address);
  void *req = new_connected (context, ZMQ_REQ, address);

  section ("requests and replies by descriptors");
  for (int i = 0; i < 200; i++)
    {
      wait_by_fd (req, ZMQ_POLLOUT);
      MUST (zmq_send (req, "q", 1, ZMQ_DONTWAIT) == 1);
      wait_by_fd (rep, ZMQ_POLLIN);
      MUST (zmq_recv (rep, NULL, 0, ZMQ_DONTWAIT) == 1);
      wait_by_fd (rep, ZMQ_POLLOUT);
      MUST (zmq_send (rep, "r", 1, ZMQ_DONTWAIT) == 1);
      wait_by_fd (req, ZMQ_POLLIN);
      MUST (zmq_recv (req, NULL, 0, ZMQ_DONTWAIT) == 1);
    }
  CALL (get_int (req, ZMQ_EVENTS));
  CALL (get_int (rep, ZMQ_EVENTS));
  zmq_close (req);
  zmq_close (rep);
}

int
main (void)
{
  void *context = zmq_ctx_new ();

  test_errors (context);
  test_sockets (context);
  test_descriptors (context);
  test_waking (context);
  test_many (context);
  test_shutdown ();
  test_signals (context);
  test_signal_at_the_end ();
  test_fd (context);
  test_ping_pong (context);
  MUST (zmq_ctx_term (context) == 0);
  return 0;
}
