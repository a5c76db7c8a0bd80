/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

#include <pthread.h>

/* Contexts and their options, and what wrong handles are answered with. */

static void
test_options (void)
{
  void *context = zmq_ctx_new ();
  static const int options[] = {
    ZMQ_IO_THREADS, ZMQ_MAX_SOCKETS, ZMQ_SOCKET_LIMIT,
    ZMQ_THREAD_SCHED_POLICY, ZMQ_MAX_MSGSZ, ZMQ_MSG_T_SIZE,
    ZMQ_THREAD_AFFINITY_CPU_ADD, ZMQ_THREAD_AFFINITY_CPU_REMOVE,
    ZMQ_THREAD_NAME_PREFIX, ZMQ_IPV6, ZMQ_BLOCKY, 0, -1, 11, 4711,
  };
  static const int values[] = { -2, -1, 0, 1, 2, 100, 65535, 2147483647 };

  section ("the defaults of a context's options");
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    {
      errno = 0;
      printf ("%d: %d ", options[i], zmq_ctx_get (context, options[i]));
      printf ("%s\n", error_name (errno));
    }

  section ("what a context's options take");
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    for (size_t j = 0; j < sizeof values / sizeof *values; j++)
      {
        void *other = zmq_ctx_new ();
        int result;

        /* Which processors there are is this machine's. */
        if (options[i] == ZMQ_THREAD_AFFINITY_CPU_ADD && values[j] > 2)
          {
            zmq_ctx_term (other);
            continue;
          }
        errno = 0;
        result = zmq_ctx_set (other, options[i], values[j]);
        printf ("%d to %d: %d %s", options[i], values[j], result,
                error_name (errno));
        if (result == 0)
          printf (", is %d", zmq_ctx_get (other, options[i]));
        printf ("\n");
        zmq_ctx_term (other);
      }

  section ("options of a context that is none");
  CALL (zmq_ctx_set (NULL, ZMQ_IO_THREADS, 1));
  CALL (zmq_ctx_get (NULL, ZMQ_IO_THREADS));
  zmq_ctx_term (context);
}

static void
test_ends (void)
{
  void *context = zmq_ctx_new ();
  void *socket;

  section ("a context without a socket ends at once");
  CALL (zmq_ctx_term (context));

  section ("ending what is no context");
  CALL (zmq_ctx_term (NULL));
  CALL (zmq_ctx_shutdown (NULL));
  CALL (zmq_ctx_destroy (NULL));
  CALL (zmq_term (NULL));
  CALL_POINTER (zmq_socket (NULL, ZMQ_PAIR));

  section ("the old way to make one");
  CALL_POINTER (zmq_init (-1));
  context = CALL_POINTER (zmq_init (3));
  CALL (zmq_ctx_get (context, ZMQ_IO_THREADS));
  CALL (zmq_term (context));

  section ("after a shutdown only closing works");
  context = zmq_ctx_new ();
  socket = zmq_socket (context, ZMQ_DEALER);
  CALL (zmq_ctx_shutdown (context));
  CALL (zmq_ctx_shutdown (context));
  CALL_POINTER (zmq_socket (context, ZMQ_PAIR));
  CALL (zmq_bind (socket, "inproc://a"));
  CALL (zmq_bind (socket, "nonsense"));
  CALL (zmq_connect (socket, "inproc://a"));
  CALL (zmq_unbind (socket, "inproc://a"));
  CALL (zmq_disconnect (socket, "inproc://a"));
  CALL (zmq_send (socket, "x", 1, 0));
  CALL (zmq_send (socket, "x", 1, ZMQ_DONTWAIT | ZMQ_SNDMORE));
  CALL (zmq_recv (socket, NULL, 0, 0));
  CALL (set_int (socket, ZMQ_LINGER, 0));
  CALL (zmq_setsockopt (socket, 4711, "", 0));
  {
    int value;
    size_t size = sizeof value;

    CALL (zmq_getsockopt (socket, ZMQ_EVENTS, &value, &size));
    CALL (zmq_getsockopt (socket, ZMQ_TYPE, &value, &size));
  }
  {
    zmq_pollitem_t item = { socket, 0, ZMQ_POLLIN, 0 };

    CALL (zmq_poll (&item, 1, 0));
    CALL (zmq_poll (&item, 1, -1));
  }
  CALL (zmq_socket_monitor (socket, "inproc://m", ZMQ_EVENT_ALL));
  CALL (zmq_close (socket));
  CALL (zmq_close (socket));
  CALL (zmq_ctx_term (context));
}

static void
test_limits (void)
{
  void *context = zmq_ctx_new ();
  void *sockets[4];

  section ("no more sockets than the limit");
  CALL (zmq_ctx_set (context, ZMQ_MAX_SOCKETS, 3));
  for (int i = 0; i < 4; i++)
    sockets[i] = CALL_POINTER (zmq_socket (context, ZMQ_PUSH));
  CALL (zmq_ctx_set (context, ZMQ_MAX_SOCKETS, 10));
  CALL (zmq_ctx_get (context, ZMQ_MAX_SOCKETS));
  CALL_POINTER (zmq_socket (context, ZMQ_PUSH));
  CALL (zmq_close (sockets[0]));
  AWAIT ((sockets[0] = zmq_socket (context, ZMQ_PULL)) != NULL);
  for (int i = 0; i < 3; i++)
    zmq_close (sockets[i]);
  CALL (zmq_ctx_term (context));

  section ("types that there are");
  context = zmq_ctx_new ();
  for (int type = -2; type < 30; type++)
    {
      void *socket;

      /* STREAM, and drafts. */
      if (type >= 11 && type <= 20)
        continue;
      errno = 0;
      socket = zmq_socket (context, type);
      printf ("%d: %s\n", type, socket != NULL ? "yes" : error_name (errno));
      if (socket != NULL)
        {
          CALL (get_int (socket, ZMQ_TYPE));
          zmq_close (socket);
        }
    }
  CALL (zmq_ctx_term (context));

  section ("without an I/O thread only inproc works");
  context = zmq_ctx_new ();
  CALL (zmq_ctx_set (context, ZMQ_IO_THREADS, 0));
  sockets[0] = zmq_socket (context, ZMQ_PULL);
  sockets[1] = zmq_socket (context, ZMQ_PUSH);
  CALL (zmq_bind (sockets[0], "tcp://127.0.0.1:*"));
  CALL (zmq_connect (sockets[1], "tcp://127.0.0.1:5555"));
  CALL (zmq_bind (sockets[0], "inproc://a"));
  CALL (zmq_connect (sockets[1], "inproc://a"));
  CALL (zmq_send (sockets[1], "a", 1, 0));
  print_message (sockets[0], 0);
  zmq_close (sockets[0]);
  zmq_close (sockets[1]);
  CALL (zmq_ctx_term (context));
}

typedef struct
{
  void *context;
  void *socket;
  int what;
  int result;
  int code;
} Waiting;

static void *
wait_in_thread (void *data)
{
  Waiting *self = data;
  zmq_pollitem_t item = { self->socket, 0, ZMQ_POLLIN, 0 };

  switch (self->what)
    {
    case 0:
      self->result = zmq_recv (self->socket, NULL, 0, 0);
      break;
    case 1:
      self->result = zmq_send (self->socket, "", 0, 0);
      break;
    default:
      self->result = zmq_poll (&item, 1, -1);
      break;
    }
  self->code = errno;
  zmq_close (self->socket);
  return NULL;
}

static void
test_waiting (void)
{
  static const char *const names[] = { "zmq_recv", "zmq_send", "zmq_poll" };

  for (int what = 0; what < 3; what++)
    {
      Waiting self = { zmq_ctx_new (), NULL, what, 0, 0 };
      pthread_t thread;
      char name[64];

      snprintf (name, sizeof name, "ending a context ends %s", names[what]);
      section (name);
      self.socket = zmq_socket (self.context, ZMQ_PAIR);
      MUST (pthread_create (&thread, NULL, wait_in_thread, &self) == 0);
      CALL (zmq_ctx_term (self.context));
      pthread_join (thread, NULL);
      printf ("%d %s\n", self.result, error_name (self.code));
    }
}

int
main (void)
{
  int major, minor, patch;

  zmq_version (&major, &minor, &patch);
  MUST (major == 4 && minor == 3);

  test_options ();
  test_ends ();
  test_limits ();
  test_waiting ();
  return 0;
}
