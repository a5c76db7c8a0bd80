/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "interop-descriptor.h"
#include "interop-frame.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

/* For the numbers of options; which of them work, is asked at run time. */
#define ZMQ_BUILD_DRAFT_API
#include <zmq.h>

/*
 * One socket of libzmq that does what it reads: a command a line on stdin, a
 * line of answer on stdout. It ends with its stdin.
 *
 *   set OPTION VALUE         ok
 *   option NUMBER KIND VALUE ok; KIND is int, int64 or bytes: a frame then
 *   descriptor LOCAL REMOTE WHAT
 *                            ok VALUE, of its socket between those ports, as
 *                            in interop-descriptor.h; nothing while there is
 *                            none
 *   listen                   ok DESCRIPTOR PORT, of a socket that listens
 *   bind URI                 ok URI, resolved
 *   unbind URI               ok
 *   connect URI              ok
 *   disconnect URI           ok
 *   subscribe FRAME          ok
 *   unsubscribe FRAME        ok
 *   send FRAME…              ok
 *   recv                     message FRAME…
 *   try                      message FRAME…, or nothing
 *   gets PROPERTY            property VALUE, of the next message
 *   echo                     message FRAME…; sends it back
 *   burst FIRST N FRAME…     ok; N messages FRAME… and a number
 *   collect FIRST N          ok; N messages that end with those numbers
 *   flood FRAME…             ok N: how many until it would block
 *   push MOST FRAME…         the same, but not more than MOST
 *   events                   ok N: what zmq_getsockopt (ZMQ_EVENTS) says
 *   close                    ok, when everything was sent
 *   monitor                  ok; from here on events are kept
 *   event                    event TYPE VALUE ADDRESS, the next one; nothing
 *                            when none comes in a while
 *   try-event                the same, without waiting
 *   close-socket             ok; events can still be asked for
 *   limit                    ok; no descriptor is to be had from here on
 *   unlimit                  ok; there are again
 *
 * What fails is answered with: error REASON.
 */

typedef struct
{
  void *context;
  void *socket;
  void *monitor; /* reads the events */
} Peer;

typedef void (*Command) (Peer *self, char **arguments, guint n);

static void
answer (const char *format,
        ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static void
answer_result (int result)
{
  if (result < 0)
    answer ("error %s", zmq_strerror (errno));
  else
    answer ("ok");
}

/* --- Options ------------------------------------------------------------ */

typedef struct
{
  const char *name;
  int option;
  gboolean is_text;
} Option;

static const Option options[] = {
  { "linger", ZMQ_LINGER, FALSE },
  { "sndhwm", ZMQ_SNDHWM, FALSE },
  { "rcvhwm", ZMQ_RCVHWM, FALSE },
  { "sndtimeo", ZMQ_SNDTIMEO, FALSE },
  { "sndbuf", ZMQ_SNDBUF, FALSE },
  { "rcvbuf", ZMQ_RCVBUF, FALSE },
  { "routing-id", ZMQ_ROUTING_ID, TRUE },
  { "connect-routing-id", ZMQ_CONNECT_ROUTING_ID, TRUE },
  { "probe-router", ZMQ_PROBE_ROUTER, FALSE },
  { "router-mandatory", ZMQ_ROUTER_MANDATORY, FALSE },
  { "router-handover", ZMQ_ROUTER_HANDOVER, FALSE },
  { "req-correlate", ZMQ_REQ_CORRELATE, FALSE },
  { "req-relaxed", ZMQ_REQ_RELAXED, FALSE },
  { "xpub-verbose", ZMQ_XPUB_VERBOSE, FALSE },
  { "xpub-verboser", ZMQ_XPUB_VERBOSER, FALSE },
  { "xpub-manual", ZMQ_XPUB_MANUAL, FALSE },
  { "xpub-manual-last-value", ZMQ_XPUB_MANUAL_LAST_VALUE, FALSE },
  { "xpub-nodrop", ZMQ_XPUB_NODROP, FALSE },
  { "invert-matching", ZMQ_INVERT_MATCHING, FALSE },
  { "only-first-subscribe", ZMQ_ONLY_FIRST_SUBSCRIBE, FALSE },
  { "welcome", ZMQ_XPUB_WELCOME_MSG, TRUE },
  { "immediate", ZMQ_IMMEDIATE, FALSE },
  { "conflate", ZMQ_CONFLATE, FALSE },
  { "reconnect-ivl", ZMQ_RECONNECT_IVL, FALSE },
  { "reconnect-ivl-max", ZMQ_RECONNECT_IVL_MAX, FALSE },
  { "handshake-ivl", ZMQ_HANDSHAKE_IVL, FALSE },
  { "metadata", 95, TRUE }, /* a draft */
  { "ipv6", ZMQ_IPV6, FALSE },
  { "tcp-accept-filter", ZMQ_TCP_ACCEPT_FILTER, TRUE },
  { "ipc-filter-pid", ZMQ_IPC_FILTER_PID, FALSE },
  { "socks-proxy", ZMQ_SOCKS_PROXY, TRUE },
  { "socks-username", ZMQ_SOCKS_USERNAME, TRUE },
  { "socks-password", ZMQ_SOCKS_PASSWORD, TRUE },
  { "max-message-size", ZMQ_MAXMSGSIZE, TRUE }, /* eight bytes */
  { "connect-timeout", ZMQ_CONNECT_TIMEOUT, FALSE },
  { "heartbeat-ivl", ZMQ_HEARTBEAT_IVL, FALSE },
  { "heartbeat-timeout", ZMQ_HEARTBEAT_TIMEOUT, FALSE },
  { "heartbeat-ttl", ZMQ_HEARTBEAT_TTL, FALSE },
};

static void
set (Peer *self,
     char **arguments,
     guint n)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      g_autofree guint8 *text = NULL;
      gsize size;
      int number;

      if (n != 2 || !g_str_equal (arguments[0], options[i].name))
        continue;

      if (options[i].is_text)
        {
          text = interop_frame_make (arguments[1], &size);
          answer_result (zmq_setsockopt (self->socket, options[i].option,
                                         text, size));
          return;
        }
      number = atoi (arguments[1]);
      answer_result (zmq_setsockopt (self->socket, options[i].option,
                                     &number, sizeof number));
      return;
    }

  answer ("error no such option");
}

static void
set_number (Peer *self,
            char **arguments,
            guint n)
{
  int option = atoi (arguments[0]);
  gint64 wide = (gint64) g_ascii_strtoull (arguments[2], NULL, 10);
  int narrow = atoi (arguments[2]);
  g_autofree guint8 *bytes = NULL;
  gsize size;

  if (g_str_equal (arguments[1], "int"))
    {
      answer_result (zmq_setsockopt (self->socket, option, &narrow,
                                     sizeof narrow));
    }
  else if (g_str_equal (arguments[1], "int64"))
    {
      if (arguments[2][0] == '-')
        wide = g_ascii_strtoll (arguments[2], NULL, 10);
      answer_result (zmq_setsockopt (self->socket, option, &wide,
                                     sizeof wide));
    }
  else
    {
      bytes = interop_frame_make (arguments[2], &size);
      answer_result (zmq_setsockopt (self->socket, option,
                                     size > 0 ? bytes : NULL, size));
    }
}

static void
tell_descriptor (Peer *self,
                 char **arguments,
                 guint n)
{
  g_autofree char *value = NULL;

  value = interop_descriptor_tell ((guint) atoi (arguments[0]),
                                   (guint) atoi (arguments[1]), arguments[2]);
  if (value != NULL)
    answer ("ok %s", value);
  else
    answer ("nothing");
}

static void
make_listener (Peer *self,
               char **arguments,
               guint n)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (bind (fd, (struct sockaddr *) &address, size) < 0 ||
      listen (fd, 10) < 0 ||
      getsockname (fd, (struct sockaddr *) &address, &size) < 0)
    answer_result (-1);
  else
    answer ("ok %d %u", fd, ntohs (address.sin_port));
}

static void
set_topic (Peer *self,
           int option,
           const char *topic)
{
  g_autofree guint8 *data = NULL;
  gsize size;

  data = interop_frame_make (topic, &size);
  answer_result (zmq_setsockopt (self->socket, option, data, size));
}

static void
subscribe (Peer *self,
           char **arguments,
           guint n)
{
  set_topic (self, ZMQ_SUBSCRIBE, arguments[0]);
}

static void
unsubscribe (Peer *self,
             char **arguments,
             guint n)
{
  set_topic (self, ZMQ_UNSUBSCRIBE, arguments[0]);
}

/* --- Endpoints ---------------------------------------------------------- */

static void
bind_to (Peer *self,
         char **arguments,
         guint n)
{
  char uri[1024];
  size_t size = sizeof uri;

  if (zmq_bind (self->socket, arguments[0]) < 0 ||
      zmq_getsockopt (self->socket, ZMQ_LAST_ENDPOINT, uri, &size) < 0)
    answer_result (-1);
  else
    answer ("ok %s", uri);
}

static void
unbind (Peer *self,
        char **arguments,
        guint n)
{
  answer_result (zmq_unbind (self->socket, arguments[0]));
}

static void
connect_to (Peer *self,
            char **arguments,
            guint n)
{
  answer_result (zmq_connect (self->socket, arguments[0]));
}

static void
disconnect (Peer *self,
            char **arguments,
            guint n)
{
  answer_result (zmq_disconnect (self->socket, arguments[0]));
}

static void
get_events (Peer *self,
            char **arguments,
            guint n)
{
  int events;
  size_t size = sizeof events;

  if (zmq_getsockopt (self->socket, ZMQ_EVENTS, &events, &size) < 0)
    answer_result (-1);
  else
    answer ("ok %d", events);
}

static void
close_all (Peer *self,
           char **arguments,
           guint n)
{
  int result = zmq_close (self->socket);

  self->socket = NULL;
  if (result == 0)
    result = zmq_ctx_term (self->context);
  self->context = NULL;
  answer_result (result);
}

/* --- Messages ----------------------------------------------------------- */

static int
send_message (Peer *self,
              char **frames,
              guint n,
              int flags)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree guint8 *data = NULL;
      gsize size;

      data = interop_frame_make (frames[i], &size);
      if (zmq_send (self->socket, data, size,
                    flags | (i + 1 < n ? ZMQ_SNDMORE : 0)) < 0)
        return -1;
    }
  return 0;
}

static void
free_frame (gpointer data)
{
  zmq_msg_close (data);
  g_free (data);
}

/* Describes a message; keeps its frames when @frames is set. */
static int
receive_message (Peer *self,
                 GString *description,
                 GPtrArray *frames,
                 int flags)
{
  gboolean more = TRUE;

  while (more)
    {
      zmq_msg_t *frame = g_new (zmq_msg_t, 1);

      zmq_msg_init (frame);
      if (zmq_msg_recv (frame, self->socket, flags) < 0)
        {
          free_frame (frame);
          return -1;
        }

      more = zmq_msg_more (frame);
      g_string_append_c (description, ' ');
      interop_frame_describe (description, zmq_msg_data (frame),
                              zmq_msg_size (frame));
      if (frames != NULL)
        g_ptr_array_add (frames, frame);
      else
        free_frame (frame);
    }
  return 0;
}

static void
answer_message (Peer *self,
                int flags)
{
  g_autoptr (GString) description = g_string_new (NULL);

  if (receive_message (self, description, NULL, flags) == 0)
    answer ("message%s", description->str);
  else if (errno == EAGAIN && (flags & ZMQ_DONTWAIT))
    answer ("nothing");
  else
    answer_result (-1);
}

static void
send_one (Peer *self,
          char **arguments,
          guint n)
{
  answer_result (send_message (self, arguments, n, 0));
}

static void
receive_one (Peer *self,
             char **arguments,
             guint n)
{
  answer_message (self, 0);
}

static void
try_receive (Peer *self,
             char **arguments,
             guint n)
{
  answer_message (self, ZMQ_DONTWAIT);
}

static void
get_property (Peer *self,
              char **arguments,
              guint n)
{
  const char *value;
  zmq_msg_t frame;

  zmq_msg_init (&frame);
  do
    if (zmq_msg_recv (&frame, self->socket, 0) < 0)
      {
        answer_result (-1);
        zmq_msg_close (&frame);
        return;
      }
  while (zmq_msg_more (&frame));

  value = zmq_msg_gets (&frame, arguments[0]);
  if (value != NULL)
    answer ("property %s", value);
  else
    answer ("no property");
  zmq_msg_close (&frame);
}

static void
echo_one (Peer *self,
          char **arguments,
          guint n)
{
  g_autoptr (GPtrArray) frames = g_ptr_array_new_with_free_func (free_frame);
  g_autoptr (GString) description = g_string_new (NULL);
  int result = receive_message (self, description, frames, 0);

  for (guint i = 0; result >= 0 && i < frames->len; i++)
    result = zmq_msg_send (g_ptr_array_index (frames, i), self->socket,
                           i + 1 < frames->len ? ZMQ_SNDMORE : 0);

  if (result < 0)
    answer_result (result);
  else
    answer ("message%s", description->str);
}

static void
burst (Peer *self,
       char **arguments,
       guint n)
{
  guint first = (guint) atoi (arguments[0]);
  guint end = first + (guint) atoi (arguments[1]);
  g_autofree char **frames = g_new (char *, n);

  for (guint i = 2; i < n; i++)
    frames[i - 2] = arguments[i];

  for (guint i = first; i < end; i++)
    {
      char number[16];

      g_snprintf (number, sizeof number, "=%u", i);
      frames[n - 2] = number;
      if (send_message (self, frames, n - 1, 0) < 0)
        {
          answer ("error message %u: %s", i, zmq_strerror (errno));
          return;
        }
    }
  answer ("ok");
}

static void
collect (Peer *self,
         char **arguments,
         guint n)
{
  guint first = (guint) atoi (arguments[0]);
  guint end = first + (guint) atoi (arguments[1]);
  g_autoptr (GString) description = g_string_new (NULL);

  for (guint i = first; i < end; i++)
    {
      char number[16];

      g_snprintf (number, sizeof number, " =%u", i);
      g_string_truncate (description, 0);
      if (receive_message (self, description, NULL, 0) < 0)
        {
          answer ("error message %u: %s", i, zmq_strerror (errno));
          return;
        }
      if (!g_str_has_suffix (description->str, number))
        {
          answer ("error message %u is%s", i, description->str);
          return;
        }
    }
  answer ("ok");
}

static void
flood (Peer *self,
       char **arguments,
       guint n)
{
  guint sent = 0;

  while (send_message (self, arguments, n, ZMQ_DONTWAIT) == 0)
    sent++;

  if (errno == EAGAIN)
    answer ("ok %u", sent);
  else
    answer_result (-1);
}

static void
push (Peer *self,
      char **arguments,
      guint n)
{
  guint most = (guint) atoi (arguments[0]);
  guint sent = 0;

  while (sent < most &&
         send_message (self, arguments + 1, n - 1, ZMQ_DONTWAIT) == 0)
    sent++;

  if (sent == most || errno == EAGAIN)
    answer ("ok %u", sent);
  else
    answer_result (-1);
}

/* --- Events ------------------------------------------------------------- */

static void
monitor (Peer *self,
         char **arguments,
         guint n)
{
  const int patience = 20000;

  if (zmq_socket_monitor (self->socket, "inproc://monitor", ZMQ_EVENT_ALL) < 0)
    {
      answer_result (-1);
      return;
    }

  self->monitor = zmq_socket (self->context, ZMQ_PAIR);
  zmq_setsockopt (self->monitor, ZMQ_RCVTIMEO, &patience, sizeof patience);
  answer_result (zmq_connect (self->monitor, "inproc://monitor"));
}

static void
answer_event (Peer *self,
              int flags)
{
  guint8 body[6];
  char address[1024];
  guint16 type;
  guint32 value;
  int size;

  if (zmq_recv (self->monitor, body, sizeof body, flags) != (int) sizeof body ||
      (size = zmq_recv (self->monitor, address, sizeof address - 1, 0)) < 0)
    {
      answer ("nothing");
      return;
    }

  memcpy (&type, body, sizeof type);
  memcpy (&value, body + sizeof type, sizeof value);
  address[size] = '\0';
  answer ("event %u %d %s", type, (int) value, address);
}

static void
next_event (Peer *self,
            char **arguments,
            guint n)
{
  answer_event (self, 0);
}

static void
try_event (Peer *self,
           char **arguments,
           guint n)
{
  answer_event (self, ZMQ_DONTWAIT);
}

static void
close_socket (Peer *self,
              char **arguments,
              guint n)
{
  const int linger = 0;

  zmq_setsockopt (self->socket, ZMQ_LINGER, &linger, sizeof linger);
  answer_result (zmq_close (self->socket));
  self->socket = NULL;
}

/* --- Descriptors -------------------------------------------------------- */

static void
set_limit (rlim_t n)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = MIN (n, limit.rlim_max);
  answer_result (setrlimit (RLIMIT_NOFILE, &limit));
}

static void
limit (Peer *self,
       char **arguments,
       guint n)
{
  /* The lowest that is free. */
  int fd = dup (STDIN_FILENO);

  close (fd);
  set_limit ((rlim_t) fd);
}

static void
unlimit (Peer *self,
         char **arguments,
         guint n)
{
  set_limit (RLIM_INFINITY);
}

/* --- Main --------------------------------------------------------------- */

static const struct
{
  const char *name;
  guint least;
  Command run;
} commands[] = {
  { "set", 2, set },
  { "option", 3, set_number },
  { "descriptor", 3, tell_descriptor },
  { "listen", 0, make_listener },
  { "bind", 1, bind_to },
  { "unbind", 1, unbind },
  { "connect", 1, connect_to },
  { "disconnect", 1, disconnect },
  { "subscribe", 1, subscribe },
  { "unsubscribe", 1, unsubscribe },
  { "send", 1, send_one },
  { "recv", 0, receive_one },
  { "try", 0, try_receive },
  { "gets", 1, get_property },
  { "echo", 0, echo_one },
  { "burst", 2, burst },
  { "collect", 2, collect },
  { "flood", 1, flood },
  { "push", 2, push },
  { "events", 0, get_events },
  { "close", 0, close_all },
  { "monitor", 0, monitor },
  { "event", 0, next_event },
  { "try-event", 0, try_event },
  { "close-socket", 0, close_socket },
  { "limit", 0, limit },
  { "unlimit", 0, unlimit },
};

static void
run_line (Peer *self,
          char *line)
{
  g_auto (GStrv) words = g_strsplit (g_strstrip (line), " ", -1);
  guint n = g_strv_length (words);

  for (guint i = 0; n > 0 && i < G_N_ELEMENTS (commands); i++)
    {
      if (g_str_equal (words[0], commands[i].name) && n > commands[i].least)
        {
          commands[i].run (self, words + 1, n - 1);
          return;
        }
    }
  answer ("error no such command");
}

static int
socket_type (const char *name)
{
  /* In the order of the numbers of the wire. */
  static const char *const names[] = {
    "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH",
    "XPUB", "XSUB", "STREAM",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_str_equal (names[i], name))
        return (int) i;
    }
  return -1;
}

int
main (int argc,
      char **argv)
{
  Peer self = { NULL, NULL, NULL };
  g_autofree char *line = NULL;
  size_t size = 0;
  const int patience = 20000;
  const int reconnect = 10;

#ifdef __linux__
  prctl (PR_SET_PDEATHSIG, SIGKILL);
#endif

  self.context = zmq_ctx_new ();
  if (argc == 2)
    self.socket = zmq_socket (self.context, socket_type (argv[1]));
  if (self.socket == NULL)
    {
      fprintf (stderr, "usage: %s SOCKET-TYPE\n", argv[0]);
      return EXIT_FAILURE;
    }
  zmq_setsockopt (self.socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
  zmq_setsockopt (self.socket, ZMQ_SNDTIMEO, &patience, sizeof patience);
  zmq_setsockopt (self.socket, ZMQ_RECONNECT_IVL, &reconnect,
                  sizeof reconnect);

  while (getline (&line, &size, stdin) >= 0)
    run_line (&self, line);

  /* Nobody waits for what is unsent. */
  _Exit (EXIT_SUCCESS);
}
