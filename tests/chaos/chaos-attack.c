/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "chaos.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Peers that are held for a while, and descriptors that are looked at. */
#define N_HELD 8
#define FDS_MAX 512

typedef struct
{
  Chaos *chaos;
  int held[N_HELD]; /* -1 = none */
  int listener;     /* -1 = none */
  guint8 spared[FDS_MAX]; /* open before all began */
} Attack;

/* --- Bytes -------------------------------------------------------------- */

/* Greeting and READY of a peer of some type. */
static gsize
write_handshake (guint8 *bytes,
                 ZmqgSocketType type)
{
  static const char *const names[CHAOS_N_TYPES] = {
    "PAIR", "PUB",  "SUB",  "REQ",  "REP",  "DEALER",
    "ROUTER", "PULL", "PUSH", "XPUB", "XSUB",
  };
  gsize length = strlen (names[type]);
  guint8 *at = bytes + 64;

  memset (bytes, 0, 64);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes[11] = 1;
  memcpy (bytes + 12, "NULL", 4);

  *at++ = 4;
  *at++ = 6 + 1 + 11 + 4 + length;
  memcpy (at, "\5READY\13Socket-Type\0\0\0", 6 + 1 + 11 + 3);
  at += 6 + 1 + 11 + 3;
  *at++ = length;
  memcpy (at, names[type], length);

  return at + length - bytes;
}

static void
send_something (Attack *self,
                int fd)
{
  guint8 bytes[256];
  gsize size;

  size = write_handshake (bytes, chaos_random (CHAOS_N_TYPES));
  switch (chaos_random (6))
    {
    case 0: /* nothing */
      return;
    case 1: /* a part of it */
      size = 1 + chaos_random (size - 1);
      break;
    case 2: /* and the beginning of a message */
      memcpy (bytes + size, "\2\0\0\0\0\0\1\0\0abc", 12);
      size += 12;
      break;
    case 3: /* and what is no frame */
      memcpy (bytes + size, "\377\377\377", 3);
      size += 3;
      break;
    case 4: /* noise, but none that could be a message of ZMTP 1.0 or 2.0 */
      for (guint i = 12; i < size; i++)
        bytes[i] = chaos_random (256);
      break;
    default: /* and a PING that wants to hear of us */
      memcpy (bytes + size, "\4\7\4PING\0\1", 9);
      size += 9;
      break;
    }
  if (send (fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    return; /* it is gone already: just as well */
}

/* --- Descriptors -------------------------------------------------------- */

static void
end (Attack *self,
     int *fd)
{
  struct linger reset = { .l_onoff = 1, .l_linger = 0 };

  if (*fd < 0)
    return;

  if (chaos_one_in (2))
    setsockopt (*fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close (*fd);
  *fd = -1;
}

static void
hold (Attack *self,
      int fd)
{
  int *place = &self->held[chaos_random (N_HELD)];

  end (self, place);
  *place = fd;
}

static int
reach (const char *uri)
{
  struct sockaddr_in inet = { .sin_family = AF_INET };
  struct sockaddr_un local = { .sun_family = AF_UNIX };
  gboolean tcp = g_str_has_prefix (uri, "tcp://127.");
  int fd;

  if (!tcp && !g_str_has_prefix (uri, "ipc:///"))
    return -1;

  fd = socket (tcp ? AF_INET : AF_UNIX,
               SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -1;

  if (tcp)
    {
      inet.sin_addr.s_addr = inet_addr (zmqg_test_loopback ());
      inet.sin_port = htons (atoi (strrchr (uri, ':') + 1));
      if (connect (fd, (struct sockaddr *) &inet, sizeof inet) == 0 ||
          errno == EINPROGRESS)
        return fd;
    }
  else
    {
      g_strlcpy (local.sun_path, uri + strlen ("ipc://"),
                 sizeof local.sun_path);
      if (connect (fd, (struct sockaddr *) &local, sizeof local) == 0)
        return fd;
    }

  close (fd);
  return -1;
}

static void
connect_somewhere (Attack *self)
{
  g_autofree char *uri = chaos_pick_address (self->chaos, NULL);
  int fd = uri != NULL ? reach (uri) : -1;

  if (fd < 0)
    return;

  send_something (self, fd);
  if (chaos_one_in (2))
    hold (self, fd);
  else
    end (self, &fd);
}

/* A server that others connect to, and that is gone at times. */
static void
serve (Attack *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof address;
  g_autofree char *uri = NULL;
  int fd;

  if (self->listener >= 0)
    {
      fd = accept4 (self->listener, NULL, NULL,
                    SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0)
        {
          end (self, &self->listener);
          return;
        }
      send_something (self, fd);
      hold (self, fd);
      return;
    }

  self->listener = socket (AF_INET,
                           SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->listener < 0)
    return;

  address.sin_addr.s_addr = inet_addr (zmqg_test_loopback ());
  /* All ports may be waiting for the end of a connection. */
  if (bind (self->listener, (struct sockaddr *) &address,
            sizeof address) != 0 ||
      listen (self->listener, 5) != 0)
    {
      end (self, &self->listener);
      return;
    }
  g_assert_no_errno (getsockname (self->listener,
                                  (struct sockaddr *) &address, &size));
  uri = g_strdup_printf ("tcp://%s:%u", zmqg_test_loopback (),
                         ntohs (address.sin_port));
  chaos_add_address (self->chaos, uri, chaos_random (CHAOS_N_TYPES));
}

/* Ends a connection of the library's below it. Whose descriptor it is, is
 * not known: system calls of our own, that ThreadSanitizer does not take for
 * uses of it. */
static void
cut (Attack *self)
{
  const struct sockaddr none = { .sa_family = AF_UNSPEC };
  int fd = 3 + chaos_random (FDS_MAX - 3);

  for (guint i = 0; i < FDS_MAX; i++, fd++)
    {
      int n = 3 + fd % (FDS_MAX - 3);
      socklen_t size = sizeof (int);
      int listening;
      int domain;

      if (self->spared[n] ||
          getsockopt (n, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
          listening ||
          getsockopt (n, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0)
        continue;

      if (domain == AF_INET && chaos_one_in (2))
        syscall (SYS_connect, n, &none, sizeof none); /* a reset */
      else
        syscall (SYS_shutdown, n, chaos_random (3));
      atomic_fetch_add (&self->chaos->killed, 1);
      return;
    }
}

gpointer
chaos_attack (gpointer chaos)
{
  Attack self = { .chaos = chaos, .listener = -1 };

  chaos_random_begin (self.chaos->seed + 100);
  for (guint i = 0; i < N_HELD; i++)
    self.held[i] = -1;
  for (guint i = 0; i < FDS_MAX; i++)
    self.spared[i] = fcntl (i, F_GETFD) >= 0;

  while (!atomic_load (&self.chaos->over))
    {
      switch (chaos_random (4))
        {
        case 0:
          serve (&self);
          break;
        case 1:
          cut (&self);
          break;
        default:
          connect_somewhere (&self);
          break;
        }
      /* No faster than connections come. */
      poll (NULL, 0, chaos_random (4));
    }

  for (guint i = 0; i < N_HELD; i++)
    end (&self, &self.held[i]);
  end (&self, &self.listener);
  chaos_random_end ();
  return NULL;
}
