/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "twice.h"

/* Every option of every type of socket with every size and many values. */

/* Of security mechanisms, which come later, and which a library may lack; and
 * those that name what is this run's alone. */
static int
is_left_out (int option)
{
  switch (option)
    {
    case ZMQ_FD:
    case ZMQ_PLAIN_SERVER:
    case ZMQ_PLAIN_USERNAME:
    case ZMQ_PLAIN_PASSWORD:
    case ZMQ_CURVE_SERVER:
    case ZMQ_CURVE_PUBLICKEY:
    case ZMQ_CURVE_SECRETKEY:
    case ZMQ_CURVE_SERVERKEY:
    case ZMQ_ZAP_DOMAIN:
    case ZMQ_GSSAPI_SERVER:
    case ZMQ_GSSAPI_PRINCIPAL:
    case ZMQ_GSSAPI_SERVICE_PRINCIPAL:
    case ZMQ_GSSAPI_PLAINTEXT:
    case ZMQ_GSSAPI_PRINCIPAL_NAMETYPE:
    case ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE:
      return 1;
    default:
      /* Drafts, and what was made later than the installed library. */
      return option > ZMQ_BINDTODEVICE;
    }
}

static const char *
type_name (int type)
{
  static const char *const names[] = {
    "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER",
    "ROUTER", "PULL", "PUSH", "XPUB", "XSUB",
  };

  return names[type];
}

/* What it is, in whatever form it is given. */
static void
print_value (void *socket,
             int option)
{
  char buffer[300];

  for (size_t room = 0; room <= 280; room = room < 10 ? room + 1 : room * 2)
    {
      size_t size = room;

      memset (buffer, '#', sizeof buffer);
      if (zmq_getsockopt (socket, option, buffer, &size) < 0)
        {
          MUST (errno == EINVAL || errno == EFAULT);
          continue;
        }
      printf (" %zu:", room);
      if (size == sizeof (int))
        {
          int value;

          memcpy (&value, buffer, sizeof value);
          printf ("%d", value);
        }
      else
        {
          print_bytes (buffer, size);
        }
      printf ("/%zu", size);
    }
  putchar ('\n');
}

static void
print_set (void *socket,
           int option,
           const void *value,
           size_t size)
{
  errno = 0;
  if (zmq_setsockopt (socket, option, value, size) == 0)
    putchar ('+');
  else if (errno == EINVAL)
    putchar ('-');
  else
    printf ("(%s)", error_name (errno));
}

static void
test_option (void *context,
             int type,
             int option)
{
  static const int values[] = {
    -2147483647 - 1, -100, -99, -3, -2, -1, 0, 1, 2, 3, 4, 99, 100, 255, 256,
    65535, 6553599, 6553600, 2147483647,
  };
  static const size_t sizes[] = {
    0, 1, 2, 3, 5, 7, 9, 15, 16, 17, 31, 33, 39, 42, 254, 255, 256, 257,
  };
  static char text[300];
  void *socket = zmq_socket (context, type);
  long long wide;

  printf ("%d is", option);
  print_value (socket, option);

  memset (text, 'x', sizeof text);
  printf ("%d takes ", option);
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    print_set (socket, option, &values[i], sizeof values[i]);
  putchar (' ');
  for (wide = -2; wide < 3; wide++)
    print_set (socket, option, &wide, sizeof wide);
  putchar (' ');
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    {
      /* A name that no resolver is to be asked for. */
      if (option == ZMQ_TCP_ACCEPT_FILTER)
        break;
      print_set (socket, option, text, sizes[i]);
    }
  putchar (' ');
  print_set (socket, option, NULL, 0);
  putchar ('\n');

  printf ("%d is now", option);
  print_value (socket, option);
  zmq_close (socket);
}

static void
test_filters (void *context)
{
  static const char *const filters[] = {
    "127.0.0.1", "127.0.0.1/8", "127.0.0.1/0", "127.0.0.1/32",
    "127.0.0.1/33", "127.0.0.1/", "127.0.0.1/x", "/8", "10.0.0.0/-1",
  };
  void *socket = zmq_socket (context, ZMQ_PULL);

  section ("filters of those who may connect");
  for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
    {
      printf ("%s: ", filters[i]);
      print_set (socket, ZMQ_TCP_ACCEPT_FILTER, filters[i],
                 strlen (filters[i]));
      putchar ('\n');
    }
  CALL (zmq_setsockopt (socket, ZMQ_TCP_ACCEPT_FILTER, NULL, 0));
  zmq_close (socket);
}

static void
test_wrong_handles (void)
{
  int value = 0;
  size_t size = sizeof value;

  section ("options of what is no socket");
  CALL (zmq_setsockopt (NULL, ZMQ_LINGER, &value, sizeof value));
  CALL (zmq_getsockopt (NULL, ZMQ_LINGER, &value, &size));
}

static void
test_pairs_of_options (void *context)
{
  void *socket = zmq_socket (context, ZMQ_XPUB);

  section ("options that change each other");
  CALL (zmq_setsockopt (socket, ZMQ_SUBSCRIBE, "a", 1));
  CALL (set_int (socket, ZMQ_XPUB_MANUAL, 1));
  CALL (zmq_setsockopt (socket, ZMQ_SUBSCRIBE, "a", 1));
  CALL (zmq_setsockopt (socket, ZMQ_UNSUBSCRIBE, "a", 1));
  CALL (zmq_setsockopt (socket, ZMQ_UNSUBSCRIBE, "b", 1));
  zmq_close (socket);

  socket = zmq_socket (context, ZMQ_PUB);
  CALL (set_int (socket, ZMQ_IPV6, 1));
  CALL (get_int (socket, ZMQ_IPV4ONLY));
  CALL (set_int (socket, ZMQ_IPV4ONLY, 1));
  CALL (get_int (socket, ZMQ_IPV6));
  CALL (set_int (socket, ZMQ_HEARTBEAT_TTL, 1250));
  CALL (get_int (socket, ZMQ_HEARTBEAT_TTL));
  zmq_close (socket);

  socket = zmq_socket (context, ZMQ_SUB);
  CALL (get_int (socket, ZMQ_LINGER));
  CALL (zmq_setsockopt (socket, ZMQ_SUBSCRIBE, NULL, 0));
  CALL (zmq_setsockopt (socket, ZMQ_UNSUBSCRIBE, "not", 3));
  CALL (zmq_setsockopt (socket, ZMQ_UNSUBSCRIBE, "", 0));
  zmq_close (socket);
}

static void
test_contexts_defaults (void)
{
  void *context = zmq_ctx_new ();
  void *socket;

  section ("what sockets have from their context");
  zmq_ctx_set (context, ZMQ_IPV6, 1);
  zmq_ctx_set (context, ZMQ_BLOCKY, 0);
  for (int type = ZMQ_PAIR; type <= ZMQ_XSUB; type++)
    {
      socket = zmq_socket (context, type);
      printf ("%s: %d %d\n", type_name (type), get_int (socket, ZMQ_IPV6),
              get_int (socket, ZMQ_LINGER));
      zmq_close (socket);
    }
  zmq_ctx_term (context);
}

int
main (void)
{
  void *context = zmq_ctx_new ();

  for (int type = ZMQ_PAIR; type <= ZMQ_XSUB; type++)
    {
      char name[64];

      snprintf (name, sizeof name, "the options of %s", type_name (type));
      section (name);
      for (int option = -1; option < 130; option++)
        if (!is_left_out (option))
          test_option (context, type, option);
    }

  test_filters (context);
  test_wrong_handles ();
  test_pairs_of_options (context);
  test_contexts_defaults ();
  MUST (zmq_ctx_term (context) == 0);
  return 0;
}
