/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

#include <pthread.h>

/* Proxies and their control. */

typedef struct
{
  void *front;
  void *back;
  void *capture;
  void *control;
  int result;
  int code;
} Proxy;

static void *
run_proxy (void *data)
{
  Proxy *self = data;

  self->result = self->control != NULL
                   ? zmq_proxy_steerable (self->front, self->back,
                                          self->capture, self->control)
                   : zmq_proxy (self->front, self->back, self->capture);
  self->code = errno;
  return NULL;
}

static void
test_errors (void *context)
{
  void *socket = zmq_socket (context, ZMQ_PULL);

  section ("proxies between what is no socket");
  CALL (zmq_proxy (NULL, socket, NULL));
  CALL (zmq_proxy (socket, NULL, NULL));
  CALL (zmq_proxy_steerable (NULL, NULL, NULL, NULL));
  zmq_close (socket);
}

static void
test_queue (void)
{
  void *context = zmq_ctx_new ();
  void *others = zmq_ctx_new ();
  char front[64], back[64];
  Proxy proxy = { new_bound (context, ZMQ_ROUTER, front),
                  new_bound (context, ZMQ_DEALER, back) };
  void *req, *rep;
  pthread_t thread;

  section ("a queue of requests");
  MUST (pthread_create (&thread, NULL, run_proxy, &proxy) == 0);
  req = new_connected (others, ZMQ_REQ, front);
  rep = new_connected (others, ZMQ_REP, back);
  for (int i = 0; i < 3; i++)
    {
      CALL (zmq_send (req, "a", 1, ZMQ_SNDMORE));
      CALL (zmq_send (req, "b", 1, 0));
      CALL (print_message (rep, 0));
      CALL (zmq_send (rep, "c", 1, ZMQ_SNDMORE));
      CALL (zmq_send (rep, "d", 1, 0));
      CALL (print_message (req, 0));
    }
  CALL (zmq_ctx_shutdown (context));
  pthread_join (thread, NULL);
  printf ("%d %s\n", proxy.result, error_name (proxy.code));
  zmq_close (req);
  zmq_close (rep);
  zmq_close (proxy.front);
  zmq_close (proxy.back);
  CALL (zmq_ctx_term (context));
  CALL (zmq_ctx_term (others));
}

static void
print_statistics (void *control)
{
  CALL (zmq_send (control, "STATISTICS", 10, 0));
  for (int i = 0; i < 8; i++)
    {
      uint64_t value = 0;

      MUST (zmq_recv (control, &value, sizeof value, 0) == sizeof value);
      printf ("%llu%s", (unsigned long long) value,
              get_int (control, ZMQ_RCVMORE) ? " " : "\n");
    }
}

static void
test_control (int type)
{
  void *context = zmq_ctx_new ();
  char front[64], back[64];
  Proxy proxy = { new_bound (context, ZMQ_PULL, front),
                  new_bound (context, ZMQ_PUSH, back),
                  zmq_socket (context, ZMQ_PUSH),
                  zmq_socket (context, type) };
  void *push, *pull, *capture, *control;
  pthread_t thread;
  char name[64];

  snprintf (name, sizeof name, "a proxy that is controlled by %d", type);
  section (name);
  MUST (zmq_bind (proxy.capture, "inproc://capture") == 0);
  MUST (zmq_bind (proxy.control, "inproc://control") == 0);
  capture = new_connected (context, ZMQ_PULL, "inproc://capture");
  control = new_connected (context, type, "inproc://control");
  push = new_connected (context, ZMQ_PUSH, front);
  pull = new_connected (context, ZMQ_PULL, back);
  MUST (pthread_create (&thread, NULL, run_proxy, &proxy) == 0);

  CALL (zmq_send (push, "one", 3, 0));
  CALL (print_message (pull, 0));
  CALL (print_message (capture, 0));
  print_statistics (control);
  CALL (zmq_send (control, "PAUSE", 5, 0));
  print_statistics (control);
  CALL (zmq_send (push, "two", 3, 0));
  CALL (set_int (pull, ZMQ_RCVTIMEO, 50));
  CALL (print_message (pull, 0));
  CALL (set_int (pull, ZMQ_RCVTIMEO, -1));
  CALL (zmq_send (control, "RESUME", 6, 0));
  CALL (print_message (pull, 0));
  /* 4.3.4 tells it of a command, too. */
  CALL (zmq_recv (capture, NULL, 0, 0) > 0);
  print_statistics (control);
  CALL (zmq_send (control, "TERMINATE", 9, 0));
  pthread_join (thread, NULL);
  CALL (proxy.result);

  zmq_close (push);
  zmq_close (pull);
  zmq_close (capture);
  zmq_close (control);
  zmq_close (proxy.front);
  zmq_close (proxy.back);
  zmq_close (proxy.capture);
  zmq_close (proxy.control);
  CALL (zmq_ctx_term (context));
}

static void *
forward (void *data)
{
  Proxy *self = data;

  self->result = zmq_device (ZMQ_FORWARDER, self->front, self->back);
  self->code = errno;
  return NULL;
}

static void
test_device (void)
{
  void *context = zmq_ctx_new ();
  char front[64], back[64];
  Proxy proxy = { new_bound (context, ZMQ_XSUB, front),
                  new_bound (context, ZMQ_XPUB, back) };
  void *pub = zmq_socket (context, ZMQ_XPUB);
  void *sub;
  pthread_t thread;

  section ("a forwarder");
  MUST (zmq_connect (pub, front) == 0);
  MUST (pthread_create (&thread, NULL, forward, &proxy) == 0);
  sub = new_connected (context, ZMQ_SUB, back);
  CALL (zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "a", 1));
  CALL (print_message (pub, 0));
  CALL (zmq_send (pub, "b", 1, 0));
  CALL (zmq_send (pub, "a", 1, 0));
  CALL (print_message (sub, 0));
  CALL (zmq_ctx_shutdown (context));
  pthread_join (thread, NULL);
  printf ("%d %s\n", proxy.result, error_name (proxy.code));
  zmq_close (pub);
  zmq_close (sub);
  zmq_close (proxy.front);
  zmq_close (proxy.back);
  CALL (zmq_ctx_term (context));
}

int
main (void)
{
  void *context = zmq_ctx_new ();

  test_errors (context);
  test_queue ();
  test_control (ZMQ_PAIR);
  test_device ();
  MUST (zmq_ctx_term (context) == 0);
  return 0;
}
