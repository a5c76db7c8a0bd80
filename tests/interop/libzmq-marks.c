/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

/*
 * How many messages libzmq takes before it would block, with all in one
 * process: test-marks.c does the same and expects the same.
 *
 * usage: libzmq-marks CASE SEND-HWM RECEIVE-HWM
 */

#define AT_MOST 3000

static void *
make (void *context,
      int type,
      int option,
      int mark)
{
  void *socket = zmq_socket (context, type);
  const int linger = 0;

  zmq_setsockopt (socket, option, &mark, sizeof mark);
  zmq_setsockopt (socket, ZMQ_LINGER, &linger, sizeof linger);
  return socket;
}

/* libzmq looks only now and then what the other side has told; asked for its
 * events it looks at once. */
static void
look (void *socket)
{
  int events;
  size_t size = sizeof events;

  zmq_getsockopt (socket, ZMQ_EVENTS, &events, &size);
}

static int
fill_up (void *socket)
{
  int n = 0;

  look (socket);
  while (n < AT_MOST && zmq_send (socket, "x", 1, ZMQ_DONTWAIT) == 1)
    n++;
  return n;
}

static int
drain (void *socket)
{
  char byte;
  int n = 0;

  look (socket);
  while (zmq_recv (socket, &byte, 1, ZMQ_DONTWAIT) == 1)
    n++;
  return n;
}

int
main (int argc,
      char **argv)
{
  void *context = zmq_ctx_new ();
  const char *name = argc == 4 ? argv[1] : "";
  void *push;
  void *pull;
  const int yes = 1;

  if (argc != 4)
    return EXIT_FAILURE;

  push = make (context, ZMQ_PUSH, ZMQ_SNDHWM, atoi (argv[2]));
  pull = make (context, ZMQ_PULL, ZMQ_RCVHWM, atoi (argv[3]));

  if (strcmp (name, "receiver-binds") == 0)
    {
      zmq_bind (pull, "inproc://marks");
      zmq_connect (push, "inproc://marks");
    }
  else if (strcmp (name, "sender-binds") == 0)
    {
      zmq_bind (push, "inproc://marks");
      zmq_connect (pull, "inproc://marks");
    }
  else if (strcmp (name, "connect-first") == 0)
    {
      zmq_connect (push, "inproc://marks");
      printf ("%d ", fill_up (push));
      zmq_bind (pull, "inproc://marks");
    }
  else if (strcmp (name, "nobody") == 0)
    {
      zmq_connect (push, "tcp://127.0.0.1:9");
    }
  else if (strcmp (name, "immediate") == 0)
    {
      zmq_setsockopt (push, ZMQ_IMMEDIATE, &yes, sizeof yes);
      zmq_connect (push, "tcp://127.0.0.1:9");
    }
  else
    {
      return EXIT_FAILURE;
    }

  printf ("%d ", fill_up (push));
  printf ("%d ", drain (pull));
  printf ("%d\n", fill_up (push) > 0);
  zmq_close (push);
  zmq_close (pull);
  zmq_ctx_term (context);
  return EXIT_SUCCESS;
}
