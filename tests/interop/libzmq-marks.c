/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

/*
 * What libzmq takes before it would block, and what it drops, with all in one
 * process. Each argument is a step, of the socket that it begins with;
 * test-marks.c has the list of them and does the same.
 */

#define AT_MOST 3000

typedef struct
{
  void *context;
  void *sockets[3];
  int number; /* of the next message */
} Play;

static void
set_number (void *socket,
            int option,
            int value)
{
  if (zmq_setsockopt (socket, option, &value, sizeof value) < 0)
    printf ("refused ");
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

/* To a peer by its name, if there is one. */
static int
send_next (Play *self,
           void *socket,
           const char *name)
{
  char text[16];

  snprintf (text, sizeof text, "%d", self->number);
  if (*name != '\0' && zmq_send (socket, name, strlen (name),
                                 ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
    return 0;
  if (zmq_send (socket, text, strlen (text), ZMQ_DONTWAIT) < 0)
    return 0;

  self->number++;
  return 1;
}

static const char *
describe_error (void)
{
  return errno == EAGAIN         ? ""
         : errno == EHOSTUNREACH ? "-unroutable"
         : errno == EFSM         ? "-state"
                                 : "-error";
}

static void
fill (Play *self,
      void *socket,
      const char *name,
      int at_most)
{
  int n = 0;

  look (socket);
  while (n < at_most && send_next (self, socket, name))
    n++;
  printf ("%d%s ", n, n < at_most ? describe_error () : "");
}

static int
can_send (Play *self,
          void *socket,
          const char *name)
{
  look (socket);
  return send_next (self, socket, name);
}

static void
drain (void *socket,
       int at_most)
{
  char text[64] = "";
  int n = 0;

  look (socket);
  while (n < at_most)
    {
      int more = 1;
      size_t size = sizeof more;

      while (more)
        {
          char frame[64] = "";

          if (zmq_recv (socket, frame, sizeof frame - 1, ZMQ_DONTWAIT) < 0)
            break;
          memcpy (text, frame, sizeof text);
          zmq_getsockopt (socket, ZMQ_RCVMORE, &more, &size);
        }
      if (more)
        break;
      n++;
    }
  printf ("%d:%s ", n, text);
}

static void *
make (Play *self,
      const char *type)
{
  /* In the order of the numbers of the wire. */
  static const char *const names[] = {
    "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH",
    "XPUB", "XSUB",
  };
  void *socket = NULL;

  for (int i = 0; i < (int) (sizeof names / sizeof *names); i++)
    if (strcmp (names[i], type) == 0)
      socket = zmq_socket (self->context, i);
  if (socket == NULL)
    exit (EXIT_FAILURE);
  set_number (socket, ZMQ_LINGER, 0);
  return socket;
}

static void
step (Play *self,
      const char *text)
{
  static const struct
  {
    const char *name;
    int option;
  } options[] = {
    { "sndhwm", ZMQ_SNDHWM },
    { "rcvhwm", ZMQ_RCVHWM },
    { "conflate", ZMQ_CONFLATE },
    { "immediate", ZMQ_IMMEDIATE },
    { "mandatory", ZMQ_ROUTER_MANDATORY },
    { "nodrop", ZMQ_XPUB_NODROP },
  };
  void **socket = &self->sockets[text[0] - 'a'];
  char verb[32] = "";
  char value[32] = "";

  sscanf (text + 2, "%31[^=]=%31s", verb, value);
  for (int i = 0; i < (int) (sizeof options / sizeof *options); i++)
    if (strcmp (verb, options[i].name) == 0)
      {
        set_number (*socket, options[i].option, atoi (value));
        return;
      }

  if (strcmp (verb, "is") == 0)
    *socket = make (self, value);
  else if (strcmp (verb, "name") == 0)
    zmq_setsockopt (*socket, ZMQ_ROUTING_ID, value, strlen (value));
  else if (strcmp (verb, "subscribe") == 0)
    zmq_setsockopt (*socket, ZMQ_SUBSCRIBE, "", 0);
  else if (strcmp (verb, "bind") == 0)
    zmq_bind (*socket, "inproc://marks");
  else if (strcmp (verb, "connect") == 0)
    zmq_connect (*socket, *value == '\0' ? "inproc://marks" : value);
  else if (strcmp (verb, "look") == 0)
    look (*socket);
  else if (strcmp (verb, "send") == 0)
    fill (self, *socket, "", atoi (value));
  else if (strcmp (verb, "fill") == 0)
    fill (self, *socket, value, AT_MOST);
  else if (strcmp (verb, "can") == 0)
    printf ("%s ", can_send (self, *socket, value) ? "yes" : "no");
  else if (strcmp (verb, "receive") == 0)
    drain (*socket, atoi (value));
  else if (strcmp (verb, "drain") == 0)
    drain (*socket, AT_MOST);
  else
    exit (EXIT_FAILURE);
}

int
main (int argc,
      char **argv)
{
  Play self = { zmq_ctx_new (), { NULL }, 0 };

  for (int i = 1; i < argc; i++)
    step (&self, argv[i]);
  for (int i = 0; i < 3; i++)
    if (self.sockets[i] != NULL)
      zmq_close (self.sockets[i]);
  zmq_ctx_term (self.context);
  printf ("\n");
  return EXIT_SUCCESS;
}
