/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

#include <unistd.h>

/* Endpoints: what can be bound, connected, unbound and disconnected. */

static const char *const bad[] = {
  "", ":", "://", "a", "tcp", "tcp:", "tcp:/", "tcp://", "tcp://*", "tcp://:",
  "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://:5555", "tcp://1.2.3.4.5:1",
  "tcp://[::1]", "tcp://[::1:5", "tcp://127.0.0.1:x", "tcp:// :5",
  "nonsense://a", "TCP://127.0.0.1:*", "ipc", "ipc:/", "inproc", "inproc:/",
  "inproc://", "pgm", "ws", "://127.0.0.1:1", " tcp://127.0.0.1:1",
};

static void
test_bad (void *context)
{
  section ("endpoints that are none");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    {
      void *socket = zmq_socket (context, ZMQ_PULL);
      int bound, bound_code, unbound, unbound_code;
      int disconnected, disconnected_code;

      bound = zmq_bind (socket, bad[i]);
      bound_code = errno;
      unbound = zmq_unbind (socket, bad[i]);
      unbound_code = errno;
      disconnected = zmq_disconnect (socket, bad[i]);
      disconnected_code = errno;
      printf ("“%s”: %d %s, %d %s, %d %s\n", bad[i], bound,
              bound < 0 ? error_name (bound_code) : "", unbound,
              unbound < 0 ? error_name (unbound_code) : "", disconnected,
              disconnected < 0 ? error_name (disconnected_code) : "");
      zmq_close (socket);
    }

  section ("endpoints that cannot be connected to");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    {
      void *socket = zmq_socket (context, ZMQ_PULL);
      int connected;

      errno = 0;
      connected = zmq_connect (socket, bad[i]);
      printf ("“%s”: %d %s\n", bad[i], connected,
              connected < 0 ? error_name (errno) : "");
      set_int (socket, ZMQ_LINGER, 0);
      zmq_close (socket);
    }
}

static void
print_last (void *socket)
{
  char text[256];
  size_t size = sizeof text;
  size_t length;

  MUST (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, text, &size) == 0);
  length = strlen (text);
  /* Ports are this run's. */
  while (length > 0 && text[length - 1] >= '0' && text[length - 1] <= '9' &&
         strncmp (text, "tcp", 3) == 0)
    text[--length] = '\0';
  printf ("last endpoint: “%s”, %s\n", text,
          size == strlen (text) + 1 ? "whole" : "more");
}

static void
test_last (void *context)
{
  static const char *const endpoints[] = {
    "tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://*:*", "tcp://lo:*",
    "inproc://last", "inproc://a/b c", "tcp://0.0.0.0:*",
  };

  section ("the last endpoint");
  for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++)
    {
      void *socket = zmq_socket (context, ZMQ_PULL);

      print_last (socket);
      printf ("%s: %d\n", endpoints[i], zmq_bind (socket, endpoints[i]));
      print_last (socket);
      printf ("a bad one: %d\n", zmq_bind (socket, "nonsense"));
      print_last (socket);
      zmq_close (socket);
    }

  section ("the last endpoint that was connected to");
  for (size_t i = 0; i < 2; i++)
    {
      static const char *const names[] = {
        "tcp://127.0.0.1:1", "inproc://later",
      };
      void *socket = zmq_socket (context, ZMQ_PUSH);

      set_int (socket, ZMQ_LINGER, 0);
      printf ("%s: %d\n", names[i], zmq_connect (socket, names[i]));
      print_last (socket);
      zmq_close (socket);
    }
}

static void
test_names (void *context)
{
  void *one = zmq_socket (context, ZMQ_PAIR);
  void *other = zmq_socket (context, ZMQ_PAIR);
  char address[64];
  size_t size = sizeof address;

  section ("names in use");
  CALL (zmq_bind (one, "inproc://name"));
  CALL (zmq_bind (one, "inproc://name"));
  CALL (zmq_bind (other, "inproc://name"));
  CALL (zmq_unbind (one, "inproc://name"));
  CALL (zmq_unbind (one, "inproc://name"));
  CALL (zmq_bind (other, "inproc://name"));
  CALL (zmq_unbind (other, "inproc://other"));

  section ("ports in use");
  CALL (zmq_bind (one, "tcp://127.0.0.1:*"));
  zmq_getsockopt (one, ZMQ_LAST_ENDPOINT, address, &size);
  CALL (zmq_bind (one, address));
  CALL (zmq_bind (other, address));
  CALL (zmq_unbind (one, address));
  CALL (zmq_unbind (one, address));
  AWAIT (zmq_bind (other, address) == 0);
  CALL (zmq_disconnect (other, address));
  CALL (zmq_disconnect (other, address));
  zmq_close (one);
  zmq_close (other);

  section ("addresses that this machine has not");
  one = zmq_socket (context, ZMQ_PAIR);
  CALL (zmq_bind (one, "tcp://192.0.2.1:*"));
  CALL (zmq_bind (one, "tcp://nosuchdevice0:*"));
  zmq_close (one);
}

static void
test_disconnect (void *context)
{
  char address[64];
  void *pull = new_bound (context, ZMQ_PULL, address);
  void *push = zmq_socket (context, ZMQ_PUSH);

  section ("disconnecting");
  set_int (push, ZMQ_LINGER, 0);
  CALL (zmq_disconnect (push, address));
  CALL (zmq_connect (push, address));
  CALL (zmq_connect (push, address));
  CALL (zmq_disconnect (push, address));
  CALL (zmq_disconnect (push, address));
  CALL (zmq_disconnect (push, address));
  CALL (zmq_connect (push, address));
  CALL (zmq_unbind (push, address));
  CALL (zmq_unbind (push, address));
  zmq_close (push);
  zmq_close (pull);

  section ("connecting twice to the same");
  for (int type = ZMQ_PAIR; type <= ZMQ_XSUB; type++)
    {
      void *socket = zmq_socket (context, type);

      set_int (socket, ZMQ_LINGER, 0);
      MUST (zmq_connect (socket, "tcp://127.0.0.1:1") == 0);
      MUST (zmq_connect (socket, "tcp://127.0.0.1:1") == 0);
      printf ("%d: ", type);
      CALL (zmq_disconnect (socket, "tcp://127.0.0.1:1"));
      CALL (zmq_disconnect (socket, "tcp://127.0.0.1:1"));
      zmq_close (socket);
    }
}

/* Who connects to a name that nobody has bound, and goes again. */
static void
test_unbound (void *context)
{
  void *pull = zmq_socket (context, ZMQ_PULL);
  void *push[6];
  const char *name = "inproc://later";
  int seen[6] = { 0 };
  char digit;

  section ("messages for a name that is bound later");
  for (int i = 0; i < 6; i++)
    {
      push[i] = zmq_socket (context, ZMQ_PUSH);
      set_int (push[i], ZMQ_LINGER, i % 2 == 0 ? 0 : -1);
      CALL (zmq_connect (push[i], name));
      if (i < 4)
        CALL (zmq_send (push[i], "012345" + i, 1, 0));
      if (i / 2 == 0)
        CALL (zmq_disconnect (push[i], name));
      else
        zmq_close (push[i]);
    }
  CALL (zmq_disconnect (push[0], name));
  CALL (zmq_send (push[0], "x", 1, ZMQ_DONTWAIT));

  CALL (zmq_bind (pull, name));
  /* In which order the fair queue has them is its own affair. */
  for (int i = 0; i < 4; i++)
    {
      MUST (zmq_recv (pull, &digit, 1, 0) == 1);
      seen[digit - '0']++;
    }
  printf ("%d %d %d %d\n", seen[0], seen[1], seen[2], seen[3]);
  print_message (pull, ZMQ_DONTWAIT);
  CALL (zmq_connect (push[1], name));
  CALL (zmq_send (push[1], "y", 1, 0));
  print_message (pull, 0);
  zmq_close (push[0]);
  zmq_close (push[1]);
  zmq_close (pull);
}

static void
test_ipc (void *context)
{
  char folder[] = "/tmp/zmqg-twice-XXXXXX";
  char address[128];
  void *one = zmq_socket (context, ZMQ_PAIR);
  void *other = zmq_socket (context, ZMQ_PAIR);
  char too_long[200];

  section ("ipc");
  MUST (mkdtemp (folder) != NULL);
  snprintf (address, sizeof address, "ipc://%s/socket", folder);
  CALL (zmq_bind (one, address));
  CALL (zmq_connect (other, address));
  CALL (zmq_send (other, "hi", 2, 0));
  print_message (one, 0);
  CALL (access (address + 6, F_OK));
  CALL (zmq_unbind (one, address));
  CALL (zmq_unbind (one, address));
  zmq_close (one);
  zmq_close (other);
  unlink (address + 6);
  rmdir (folder);

  one = zmq_socket (context, ZMQ_PAIR);
  memset (too_long, 'x', sizeof too_long);
  memcpy (too_long, "ipc://", 6);
  too_long[sizeof too_long - 1] = '\0';
  printf ("%d\n", zmq_bind (one, too_long));
  CALL (zmq_bind (one, "ipc:///no/such/folder/at/all"));
  zmq_close (one);
}

static void
test_wrong_handles (void)
{
  section ("endpoints of what is no socket");
  CALL (zmq_bind (NULL, "inproc://a"));
  CALL (zmq_connect (NULL, "inproc://a"));
  CALL (zmq_unbind (NULL, "inproc://a"));
  CALL (zmq_disconnect (NULL, "inproc://a"));
  CALL (zmq_close (NULL));
  CALL (zmq_socket_monitor (NULL, "inproc://a", 0));
}

int
main (void)
{
  void *context = zmq_ctx_new ();

  test_bad (context);
  test_last (context);
  test_names (context);
  test_disconnect (context);
  test_unbound (context);
  test_ipc (context);
  test_wrong_handles ();
  MUST (zmq_ctx_term (context) == 0);
  return 0;
}
