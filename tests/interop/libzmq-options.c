/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <zmq.h>

/*
 * Tells one thing of libzmq's options, with a socket of its own:
 *
 *   socket TYPE NUMBER KIND           ok VALUE: what it is at first
 *   socket TYPE NUMBER KIND VALUE     ok VALUE: what it is once it was set, or
 *                                     ok - when it cannot be got
 *   context NUMBER [VALUE]            the same
 *   later NUMBER VALUE OPTION         ok A B: what an option of sockets is, of
 *                                     one made before the context's is set,
 *                                     and one made after it; none
 *   types NUMBER KIND VALUE           the types of socket that take it, a line
 *   list                              the numbers that it knows, a line each:
 *                                     socket NUMBER, or context NUMBER
 *
 * KIND is int, int64 or bytes; the value of bytes is their number. What is
 * refused is answered with: error REASON.
 */

#define NUMBERS 200
#define TYPES 11

typedef struct
{
  int number;
  const char *kind;
} Option;

static int
set_option (void *socket,
            const Option *option,
            const char *text)
{
  gint64 wide = g_ascii_strtoll (text, NULL, 10);
  int narrow = (int) wide;

  if (g_str_equal (option->kind, "int"))
    return zmq_setsockopt (socket, option->number, &narrow, sizeof narrow);
  if (g_str_equal (option->kind, "int64"))
    return zmq_setsockopt (socket, option->number, &wide, sizeof wide);

  {
    g_autofree char *bytes = g_strnfill (wide, 'a');

    return zmq_setsockopt (socket, option->number, wide > 0 ? bytes : NULL,
                           wide);
  }
}

/* The value as text; NULL when it cannot be got. */
static char *
get_option (void *socket,
            const Option *option)
{
  char bytes[512] = "";
  gint64 wide = 0;
  int narrow = 0;
  size_t size;

  if (g_str_equal (option->kind, "int"))
    {
      size = sizeof narrow;
      return zmq_getsockopt (socket, option->number, &narrow, &size) == 0
               ? g_strdup_printf ("%d", narrow) : NULL;
    }
  if (g_str_equal (option->kind, "int64"))
    {
      size = sizeof wide;
      return zmq_getsockopt (socket, option->number, &wide, &size) == 0
               ? g_strdup_printf ("%" G_GINT64_FORMAT, wide) : NULL;
    }

  size = sizeof bytes;
  if (zmq_getsockopt (socket, option->number, bytes, &size) < 0)
    return NULL;
  /* Strings are with their zero, bytes are not. */
  return g_strdup_printf ("%zu", strnlen (bytes, size));
}

static void
tell_error (void)
{
  printf ("error %s\n", zmq_strerror (errno));
}

static void
tell_socket (void *context,
             char **arguments,
             int n)
{
  Option option = { atoi (arguments[1]), arguments[2] };
  void *socket = zmq_socket (context, atoi (arguments[0]));
  g_autofree char *value = NULL;

  if (n > 3 && set_option (socket, &option, arguments[3]) < 0)
    {
      tell_error ();
    }
  else
    {
      value = get_option (socket, &option);
      if (value != NULL || n > 3)
        printf ("ok %s\n", value != NULL ? value : "-");
      else
        tell_error ();
    }
  zmq_close (socket);
}

static void
tell_types (void *context,
            char **arguments)
{
  Option option = { atoi (arguments[0]), arguments[1] };

  for (int type = 0; type < TYPES; type++)
    {
      void *socket = zmq_socket (context, type);

      if (set_option (socket, &option, arguments[2]) == 0)
        printf ("%d ", type);
      zmq_close (socket);
    }
  printf ("\n");
}

static void
tell_context (void *context,
              char **arguments,
              int n)
{
  int number = atoi (arguments[0]);
  int value;

  if (n > 1 && zmq_ctx_set (context, number, atoi (arguments[1])) < 0)
    {
      tell_error ();
      return;
    }

  /* What is set is not what can be got: THREAD_PRIORITY and SOCKET_LIMIT. */
  if (n > 1 && number == ZMQ_THREAD_PRIORITY)
    {
      printf ("ok -\n");
      return;
    }

  errno = 0;
  value = zmq_ctx_get (context, number);
  if (value != -1 || errno == 0)
    printf ("ok %d\n", value);
  else if (n > 1)
    printf ("ok -\n");
  else
    tell_error ();
}

static void
tell_later (void *context,
            char **arguments)
{
  Option option = { atoi (arguments[2]), "int" };
  char *values[2];
  void *sockets[2];

  sockets[0] = zmq_socket (context, ZMQ_PUSH);
  if (zmq_ctx_set (context, atoi (arguments[0]), atoi (arguments[1])) < 0)
    tell_error ();
  sockets[1] = zmq_socket (context, ZMQ_PUSH);
  for (guint i = 0; i < 2; i++)
    values[i] = sockets[i] != NULL ? get_option (sockets[i], &option)
                                   : g_strdup ("none");
  printf ("ok %s %s\n", values[0], values[1]);
  for (guint i = 0; i < 2; i++)
    {
      g_free (values[i]);
      if (sockets[i] != NULL)
        zmq_close (sockets[i]);
    }
}

static gboolean
is_known (void *socket,
          int number)
{
  static const size_t sizes[] = { sizeof (int), sizeof (gint64), 255 };
  int one = 1;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      char value[256];
      size_t size = sizes[i];

      if (zmq_getsockopt (socket, number, value, &size) == 0)
        return TRUE;
    }
  return zmq_setsockopt (socket, number, &one, sizeof one) == 0 ||
         zmq_setsockopt (socket, number, "127.0.0.1", 9) == 0 ||
         zmq_setsockopt (socket, number, "X-a:value", 9) == 0;
}

static void
list_options (void *context)
{
  for (int number = 0; number < NUMBERS; number++)
    {
      gboolean known = FALSE;

      for (int type = 0; type < TYPES && !known; type++)
        {
          void *socket = zmq_socket (context, type);

          known = is_known (socket, number);
          zmq_close (socket);
        }
      if (known)
        printf ("socket %d\n", number);
    }

  for (int number = 0; number < NUMBERS; number++)
    {
      void *other = zmq_ctx_new ();

      errno = 0;
      if (zmq_ctx_get (other, number) != -1 || errno == 0 ||
          zmq_ctx_set (other, number, 1) == 0)
        printf ("context %d\n", number);
      zmq_ctx_term (other);
    }
}

int
main (int argc,
      char **argv)
{
  void *context = zmq_ctx_new ();

  if (argc >= 5 && g_str_equal (argv[1], "socket"))
    tell_socket (context, argv + 2, argc - 2);
  else if (argc >= 3 && g_str_equal (argv[1], "context"))
    tell_context (context, argv + 2, argc - 2);
  else if (argc == 5 && g_str_equal (argv[1], "later"))
    tell_later (context, argv + 2);
  else if (argc == 5 && g_str_equal (argv[1], "types"))
    tell_types (context, argv + 2);
  else if (argc == 2 && g_str_equal (argv[1], "list"))
    list_options (context);
  else
    printf ("error usage\n");

  zmq_ctx_term (context);
  return 0;
}
