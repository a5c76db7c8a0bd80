/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* zmq_socket_monitor (). */

static const char *
event_name (unsigned int event)
{
  static const char *const names[] = {
    "CONNECTED", "CONNECT_DELAYED", "CONNECT_RETRIED", "LISTENING",
    "BIND_FAILED", "ACCEPTED", "ACCEPT_FAILED", "CLOSED", "CLOSE_FAILED",
    "DISCONNECTED", "MONITOR_STOPPED", "HANDSHAKE_FAILED_NO_DETAIL",
    "HANDSHAKE_SUCCEEDED", "HANDSHAKE_FAILED_PROTOCOL",
    "HANDSHAKE_FAILED_AUTH",
  };

  for (unsigned int i = 0; i < 15; i++)
    if (event == 1u << i)
      return names[i];
  return "another one";
}

/* The next event, of two frames. What is this run's alone is left out. */
static unsigned int
print_event (void *monitor)
{
  unsigned char bytes[16];
  uint16_t event;
  uint32_t value;
  char address[256];
  int size;

  size = zmq_recv (monitor, bytes, sizeof bytes, 0);
  MUST (size == 6 && get_int (monitor, ZMQ_RCVMORE));
  memcpy (&event, bytes, sizeof event);
  memcpy (&value, bytes + sizeof event, sizeof value);
  size = zmq_recv (monitor, address, sizeof address - 1, 0);
  MUST (size >= 0 && !get_int (monitor, ZMQ_RCVMORE));
  address[size] = '\0';
  while (size > 0 && address[size - 1] >= '0' && address[size - 1] <= '9')
    address[--size] = '\0';

  printf ("%s ", event_name (event));
  switch (event)
    {
    case ZMQ_EVENT_CONNECT_DELAYED:
    case ZMQ_EVENT_BIND_FAILED:
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
    case ZMQ_EVENT_MONITOR_STOPPED:
      printf ("%u", value);
      break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      printf ("%#x", value);
      break;
    default:
      printf ("…");
      break;
    }
  printf (" “%s”\n", address);
  return event;
}

static void *
new_monitor (void *context,
             void *socket,
             const char *name,
             int events)
{
  MUST (zmq_socket_monitor (socket, name, events) == 0);
  return new_connected (context, ZMQ_PAIR, name);
}

static void
test_errors (void *context)
{
  void *socket = zmq_socket (context, ZMQ_PULL);
  void *other = zmq_socket (context, ZMQ_PULL);

  section ("monitors that cannot be");
  CALL (zmq_socket_monitor (socket, "nonsense", ZMQ_EVENT_ALL));
  CALL (zmq_socket_monitor (socket, "tcp://127.0.0.1:1", ZMQ_EVENT_ALL));
  CALL (zmq_socket_monitor (socket, "nonsense://a", ZMQ_EVENT_ALL));
  CALL (zmq_socket_monitor (socket, "", ZMQ_EVENT_ALL));
  CALL (zmq_socket_monitor (socket, NULL, 0));
  CALL (zmq_socket_monitor (other, "inproc://taken", 0));
  CALL (zmq_socket_monitor (socket, "inproc://taken", ZMQ_EVENT_ALL));
  CALL (zmq_socket_monitor (socket, "inproc://free", 0));
  CALL (zmq_socket_monitor (other, NULL, 0));
  zmq_close (socket);
  zmq_close (other);
}

static void
test_connection (void *context)
{
  void *bound = zmq_socket (context, ZMQ_PULL);
  void *connected = zmq_socket (context, ZMQ_PUSH);
  void *of_bound = new_monitor (context, bound, "inproc://bound",
                                ZMQ_EVENT_ALL);
  void *of_connected = new_monitor (context, connected, "inproc://connected",
                                    ZMQ_EVENT_ALL);
  char address[64];
  size_t size = sizeof address;

  section ("a connection, seen by who bound");
  MUST (zmq_bind (bound, "tcp://127.0.0.1:*") == 0);
  MUST (zmq_getsockopt (bound, ZMQ_LAST_ENDPOINT, address, &size) == 0);
  print_event (of_bound);
  MUST (zmq_connect (connected, address) == 0);
  print_event (of_bound);
  print_event (of_bound);

  section ("a connection, seen by who connected");
  print_event (of_connected);
  print_event (of_connected);
  print_event (of_connected);

  section ("the end of a peer, and of a monitor");
  zmq_close (connected);
  print_event (of_connected);
  print_event (of_bound);
  MUST (zmq_unbind (bound, address) == 0);
  print_event (of_bound);
  CALL (zmq_socket_monitor (bound, NULL, 0));
  print_event (of_bound);
  zmq_close (bound);
  zmq_close (of_bound);
  zmq_close (of_connected);
}

static void
test_refused (void *context)
{
  void *zsocket = zmq_socket (context, ZMQ_PUSH);
  void *monitor = new_monitor (context, zsocket, "inproc://refused",
                               ZMQ_EVENT_ALL);
  struct sockaddr_in in = { .sin_family = AF_INET };
  socklen_t length = sizeof in;
  char address[64];
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  section ("a peer that is not there");
  /* A port that nobody listens at, nor anybody else gets. */
  in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  MUST (bind (fd, (struct sockaddr *) &in, sizeof in) == 0);
  MUST (getsockname (fd, (struct sockaddr *) &in, &length) == 0);
  snprintf (address, sizeof address, "tcp://127.0.0.1:%u",
            (unsigned int) ntohs (in.sin_port));

  CALL (set_int (zsocket, ZMQ_LINGER, 0));
  CALL (set_int (zsocket, ZMQ_RECONNECT_IVL, 10));
  MUST (zmq_connect (zsocket, address) == 0);
  for (int i = 0; i < 6; i++)
    print_event (monitor);
  zmq_close (zsocket);
  zmq_close (monitor);
  close (fd);
}

static void
test_failed_bind (void *context)
{
  char address[64];
  void *taken = new_bound (context, ZMQ_PULL, address);
  void *socket = zmq_socket (context, ZMQ_PULL);
  void *monitor = new_monitor (context, socket, "inproc://failed",
                               ZMQ_EVENT_ALL);
  unsigned int event;

  section ("an address that is taken");
  CALL (zmq_bind (socket, address));
  do
    event = print_event (monitor);
  while (event != ZMQ_EVENT_BIND_FAILED);
  zmq_close (socket);
  zmq_close (taken);
  zmq_close (monitor);
}

/* A connection that is no ZeroMQ. */
static int
connect_raw (const char *address)
{
  struct sockaddr_in in = { .sin_family = AF_INET };
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  in.sin_port = htons ((uint16_t) atoi (strrchr (address, ':') + 1));
  in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  MUST (connect (fd, (struct sockaddr *) &in, sizeof in) == 0);
  return fd;
}

static void
test_handshakes (void *context)
{
  void *socket = zmq_socket (context, ZMQ_PULL);
  void *monitor = new_monitor (context, socket, "inproc://handshakes",
                               ZMQ_EVENT_ALL);
  char address[64];
  size_t size = sizeof address;
  void *other;
  int fd;

  section ("handshakes that fail");
  MUST (zmq_bind (socket, "tcp://127.0.0.1:*") == 0);
  MUST (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, address, &size) == 0);
  print_event (monitor);

  /* Gone before it said anything. */
  fd = connect_raw (address);
  print_event (monitor);
  close (fd);
  print_event (monitor);
  print_event (monitor);

  /* Another mechanism. */
  fd = connect_raw (address);
  print_event (monitor);
  {
    unsigned char greeting[64] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0,
                                   'X' };

    MUST (write (fd, greeting, sizeof greeting) == sizeof greeting);
  }
  print_event (monitor);
  print_event (monitor);
  close (fd);

  /* The wrong type. */
  other = zmq_socket (context, ZMQ_PULL);
  MUST (zmq_connect (other, address) == 0);
  print_event (monitor);
  print_event (monitor);
  zmq_close (other);
  zmq_close (socket);
  zmq_close (monitor);
}

static void
test_mask (void *context)
{
  void *bound = zmq_socket (context, ZMQ_PULL);
  void *monitor = new_monitor (context, bound, "inproc://mask",
                               ZMQ_EVENT_ACCEPTED |
                                 ZMQ_EVENT_MONITOR_STOPPED);
  char address[64];
  size_t size = sizeof address;
  void *push;

  section ("only what was asked for");
  MUST (zmq_bind (bound, "tcp://127.0.0.1:*") == 0);
  MUST (zmq_getsockopt (bound, ZMQ_LAST_ENDPOINT, address, &size) == 0);
  push = new_connected (context, ZMQ_PUSH, address);
  MUST (zmq_send (push, "a", 1, 0) == 1);
  MUST (zmq_recv (bound, NULL, 0, 0) == 1);
  print_event (monitor);
  CALL (zmq_socket_monitor (bound, NULL, 0));
  print_event (monitor);
  zmq_close (bound);
  zmq_close (push);
  zmq_close (monitor);
}

/* The one that a socket had ends, whatever comes of the next. */
static void
test_replaced (void *context)
{
  void *socket = zmq_socket (context, ZMQ_PAIR);
  void *first = new_monitor (context, socket, "inproc://first",
                             ZMQ_EVENT_ALL);
  void *other;

  section ("a monitor in the place of another");
  CALL (zmq_socket_monitor (socket, "inproc://second", ZMQ_EVENT_ALL));
  print_event (first);
  zmq_close (first);
  first = new_connected (context, ZMQ_PAIR, "inproc://second");

  section ("a monitor that cannot be, in the place of another");
  other = zmq_socket (context, ZMQ_PAIR);
  MUST (zmq_bind (other, "inproc://taken") == 0);
  CALL (zmq_socket_monitor (socket, "inproc://taken", ZMQ_EVENT_ALL));
  print_event (first);
  zmq_close (first);
  zmq_close (other);
  zmq_close (socket);
}

int
main (void)
{
  void *context = zmq_ctx_new ();

  test_errors (context);
  test_connection (context);
  test_refused (context);
  test_failed_bind (context);
  test_handshakes (context);
  test_mask (context);
  test_replaced (context);
  MUST (zmq_ctx_term (context) == 0);
  return 0;
}
